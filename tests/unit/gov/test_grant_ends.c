/* Grants: audits, a partner that leaves, what is shown: GRT-2, GRT-10, GRT-12. */
#include <criterion/criterion.h>
#include "world_grants.h"

TestSuite(grant_ends, .timeout = 60);

static void amend(struct world *w, struct charter_sharing *body)
{
    struct world_proposal p = {.section = SECTION_SHARING,
                               .body = world_encoded(w, &charter_sharing_desc, body),
                               .base = world_section(w, SECTION_SHARING).version};
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "charter-policy", &p), V_OK);
    world_approve(w, w->last, (const char *[]){"brand/finance", "distributor/finance", "maker/finance", NULL});
    world_at_ms(w, world_decision(w, w->last).effective_ms);
    EXPECT_PHASE(w, w->last, PHASE_EFFECTIVE);
}

/* Nothing may be shared any more but plans, and those with the distributor alone. */
static void narrow(struct world *w)
{
    struct charter_may may[] = {{.org = span_str("distributor"), .may = MAY_CAN}};
    struct charter_sharing_class k = {.name = span_str("plans"), .with = {1, may}};
    struct charter_sharing body = {.classes = {1, &k}};
    amend(w, &body);
}

/* --- GRT-10: audits --- */

static enum verdict audit(struct world *w, const char *seat, uint64_t grant, uint64_t request)
{
    struct grant_move m = world_grant_move(w, grant, GRANT_ACT_AUDIT);
    m.request = request;
    SET_HAS(&m, grant_move_key_request);
    return world_entry(w, seat, KIND_GRANT_MOVE, &grant_move_desc, &m);
}

static void ask(struct world *w, const char *seat, const char *owner, const char *due)
{
    struct world_item o = {.owner = owner, .due = readings_day(due)};
    EXPECT_VERDICT(w, world_item_new(w, seat, ITEM_REQUEST, &o), V_OK);
}

Test(grant_ends, GRT_10_refusals)
{
    struct world w;
    world_found_grants(&w);
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_AUDIT), V_INCOMPLETE);
    EXPECT_WHY(&w, "an audit names the request that asks for it");
    EXPECT_VERDICT(&w, audit(&w, "distributor/quality", 1, 1), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "G-1 is shared by brand; nobody else audits it");
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 1), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no request Q-1");
    ask(&w, "distributor/quality", "maker/quality", "2026-03-31"); /* */
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 1), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "Q-1 was not made by brand; an audit is asked for by who shares");
    ask(&w, "brand/quality", "distributor/quality", "2026-03-31"); /* */
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 2), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "Q-2 asks distributor, which sharing.audit-right lets nobody ask about G-1");
    ask(&w, "brand/quality", "maker/quality", "2026-03-15"); /* 10 bd end with the 16th */
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 3), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "Q-3 is due before the time to answer that sharing.audit-right gives is over");
    ask(&w, "brand/quality", "maker/quality", "2026-03-16"); /* */
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 4), V_OK);
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 4), V_DUPLICATE);
    EXPECT_WHY(&w, "Q-4 is about G-1 already");
    struct state_grant s = world_grant_of(&w, 1);
    cr_assert_eq(s.requests.n, 1);
    cr_assert_eq(s.requests.v[0], 4);
    ask(&w, "brand/quality", "maker/quality", "2026-03-31"); /* */
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_REQUEST, 5, ITEM_STEP_TAKE, &(struct world_step){0}), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_REQUEST, 5, ITEM_STEP_CLAIM, &(struct world_step){0}), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_REQUEST, 5, ITEM_STEP_VERIFY, &(struct world_step){0}), V_OK);
    EXPECT_VERDICT(&w, audit(&w, "brand/finance", 1, 5), V_NOT_NOW);
    EXPECT_WHY(&w, "Q-5 is closed");
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    world_free(&w);
}

Test(grant_ends, GRT_10_at_most_2_a_year)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    for (int i = 0; i < 3; i++)
        ask(&w, "brand/quality", "maker/quality", "2027-12-31");
    ask(&w, "brand/quality", "distributor/quality", "2027-12-31");
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 1), V_OK);
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 2), V_OK);
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 3), V_TOO_MANY);
    EXPECT_WHY(&w, "sharing.audit-right: brand audited maker 2 times in this year already");
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 4), V_OK); /* another partner */
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 2, 2), V_OK); /* the same request about another grant: counted */
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 2, 3), V_TOO_MANY);
    AT(&w, "2026-12-31T23:00:00Z");
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 3), V_TOO_MANY);
    AT(&w, "2027-01-01T00:00:00Z");
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 3), V_OK); /* an expired grant too */
    cr_assert_eq(world_grant_of(&w, 1).requests.n, 4);
    EXPECT_GRANT(&w, 1, GRANT_EXPIRED);
    world_free(&w);
}

Test(grant_ends, GRT_10_the_charter_says_who_and_whom)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    ask(&w, "brand/quality", "maker/quality", "2027-12-31");
    struct charter_may may[] = {{.org = span_str("maker"), .may = MAY_CAN}};
    struct charter_sharing_class k = {.name = span_str("plans"), .with = {1, may}};
    struct charter_sharing body = {.audit_right = {.answer = {.n = 10, .unit = UNIT_BD}, .at_most = {.n = 1, .per = PERIOD_YEAR}},
                                   .classes = {1, &k}};
    SET_HAS(&body, charter_sharing_key_audit_right);
    body.audit_right.by.org = span_str("distributor");
    SET_HAS(&body.audit_right.by, charter_partners_key_org);
    amend(&w, &body);
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 1), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "the charter gives brand no right to audit (sharing.audit-right)");
    body.audit_right.by = (struct charter_partners){0};
    body.audit_right.of.org = span_str("distributor");
    SET_HAS(&body.audit_right.of, charter_partners_key_org);
    amend(&w, &body);
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 1), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "Q-1 asks maker, which sharing.audit-right lets nobody ask about G-1");
    body.has = 0;
    amend(&w, &body);
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 1), V_NOT_PERMITTED);
    world_free(&w);
}

/* --- GRT-12: a partner leaves --- */

Test(grant_ends, GRT_12_R29_grants_to_a_leaver_end)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);                                                                               /* G-1 to both */
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-12-31");                    /* G-2 to it alone */
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    g = world_grant(&w, "plans", TO("brand"), "2026-12-31");                                 /* G-3 by it */
    EXPECT_VERDICT(&w, world_share(&w, "maker/quality", &g), V_OK);
    g = world_grant(&w, "plans", TO("distributor", "maker"), "2026-03-31");                  /* G-4, over by then */
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 4, GRANT_ACT_RECEIVE), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 1, GRANT_ACT_RETURN), V_OK);
    ask(&w, "brand/quality", "maker/quality", "2027-12-31");
    struct world_proposal p = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", w.last, CHOICE_APPROVE), V_OK);
    world_at_ms(&w, world_decision(&w, w.last).effective_ms);
    EXPECT_PHASE(&w, w.last, PHASE_EFFECTIVE);
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    EXPECT_HOLDING(&w, 1, "maker", HOLDING_RETURNED); /* as it said */
    EXPECT_GRANT(&w, 2, GRANT_ENDED);
    EXPECT_HOLDING(&w, 2, "maker", HOLDING_LEFT);
    EXPECT_GRANT(&w, 3, GRANT_IN_FORCE); /* what it shared stands until its day */
    EXPECT_GRANT(&w, 4, GRANT_EXPIRED);
    EXPECT_HOLDING(&w, 4, "maker", HOLDING_LEFT);
    EXPECT_HOLDING(&w, 4, "distributor", HOLDING_OFFERED);
    cr_assert_eq(world_grant_of(&w, 2).audience.v[0].left_ms, w.g.time_ms);
    cr_assert(!world_grant_live(&w, 4));
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 2, 1), V_NOT_PERMITTED); /* who has left is asked no more */
    EXPECT_WHY(&w, "Q-1 asks maker, which sharing.audit-right lets nobody ask about G-2");
    EXPECT_VERDICT(&w, audit(&w, "brand/quality", 1, 1), V_OK); /* it gave that back before */
    g = world_grant(&w, "plans", TO("maker"), "2026-12-31");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no partner maker to share with");
    world_free(&w);
}

/* --- What is shown --- */

static const struct query_share_cell *cell(const struct query_share_map *m, const char *info_class, const char *org)
{
    for (size_t i = 0; i < m->rows.n; i++)
        for (size_t k = 0; span_eqs(m->rows.v[i].info_class, info_class) && k < m->rows.v[i].cells.n; k++)
            if (span_eqs(m->rows.v[i].cells.v[k].org, org))
                return &m->rows.v[i].cells.v[k];
    cr_assert(false, "no cell %s, %s", info_class, org);
    return NULL;
}

Test(grant_ends, GRT_2_an_amendment_ends_no_grant_and_is_shown)
{
    struct world w;
    struct query_grants q;
    struct query_share_map m;
    world_found_grants(&w);
    world_plans(&w);
    struct grant g = world_grant(&w, "prices", TO("distributor"), "2026-03-31");
    EXPECT_VERDICT(&w, world_share(&w, "maker/quality", &g), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "distributor/quality", 2, GRANT_ACT_RECEIVE), V_OK);
    cr_assert_eq(query_share_map(&w.v, &w.a, &m, &w.err), ST_OK);
    cr_assert_eq(m.rows.n, 3);
    cr_assert(HAS(&m, query_share_map_key_audit_right));
    cr_assert_eq(cell(&m, "prices", "brand")->may, MAY_CANNOT);
    cr_assert_eq(cell(&m, "prices", "maker")->granted.n, 1);
    cr_assert_eq(cell(&m, "prices", "distributor")->in_force.v[0], 2);
    narrow(&w);
    AT(&w, "2026-04-02T00:00:00Z");
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    cr_assert_eq(query_grants(&w.v, 1, 10, &w.a, &q, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(codec_check(&query_grants_desc, &q, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(q.list.n, 2);
    cr_assert(!q.more);
    cr_assert_eq(q.list.v[0].contrary.n, 1);
    cr_assert(span_eqs(q.list.v[0].contrary.v[0], "maker"));
    cr_assert_eq(q.list.v[0].granters.n, 1);
    cr_assert(span_eqs(q.list.v[0].granters.v[0], "brand/quality"));
    cr_assert_eq(q.list.v[1].contrary.n, 1); /* its class is gone */
    cr_assert_eq(query_share_map(&w.v, &w.a, &m, &w.err), ST_OK);
    cr_assert_eq(codec_check(&query_share_map_desc, &m, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(m.rows.n, 2);
    cr_assert(m.rows.v[0].in_charter);
    cr_assert(!m.rows.v[1].in_charter);
    cr_assert_eq(cell(&m, "prices", "distributor")->holds.v[0], 2);
    cr_assert_eq(cell(&m, "prices", "distributor")->in_force.n, 0);
    cr_assert_eq(query_grants(&w.v, 1, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert(q.more);
    world_free(&w);
}

Test(grant_ends, inbox_asks_for_receipt_and_return)
{
    struct world w;
    struct query_inbox in;
    world_found_grants(&w);
    world_plans(&w);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &in, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(codec_check(&query_inbox_desc, &in, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(in.grants.n, 1);
    cr_assert_eq(in.grants.v[0].act, GRANT_ACT_RECEIVE);
    cr_assert(span_eqs(in.grants.v[0].words, "plans, shared by brand/quality: say that it arrived"));
    cr_assert(span_eqs(in.grants.v[0].seats.v[0], "maker/quality"));
    cr_assert_eq(query_inbox(&w.v, span_str("brand"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.grants.n, 0);
    struct span finance = span_str("maker/finance"); /* a seat that does not answer for it is not asked */
    struct span_list only = {1, &finance};
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), &only, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.grants.n, 0);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_OK);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.grants.n, 0);
    AT(&w, "2026-07-01T00:00:00Z");
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.grants.n, 1);
    cr_assert_eq(in.grants.v[0].act, GRANT_ACT_RETURN);
    cr_assert(!HAS(&in.grants.v[0], query_grant_task_key_deadline_ms));
    cr_assert(span_eqs(in.grants.v[0].words, "plans, shared by brand/quality, is expired: return or destroy it"));
    cr_assert_eq(query_inbox(&w.v, span_str("distributor"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.grants.n, 0); /* it never said that it arrived */
    world_free(&w);
}

static bool can(struct world *w, const char *seat, const char *info_class, const char *partner, const char *words)
{
    struct query_can q;
    struct query_can_what what = {.seat = span_str(seat),
                                  .action = CAN_SHARE,
                                  .type = span_str(info_class),
                                  .partner = span_str(partner),
                                  .size = w->size,
                                  .height = w->g.height,
                                  .rules = 1};
    struct hash before = world_digest(w);
    cr_assert_eq(query_can(&w->v, &what, w->g.time_ms, &w->a, &q, &w->err), ST_OK, "%s", w->err.text);
    struct hash after = world_digest(w);
    cr_assert(hash_eq(&before, &after), "a question writes nothing");
    const char *said = charter_text(&w->a, "%.*s", SPAN_FMT(q.words));
    cr_assert(strstr(said, words) != NULL, "%s", said);
    cr_assert(strstr(charter_text(&w->a, "%.*s", SPAN_FMT(q.clause)), info_class) != NULL);
    return q.permitted;
}

Test(grant_ends, can_a_seat_share)
{
    struct world w;
    world_found_grants(&w);
    cr_assert(can(&w, "brand/quality", "plans", "maker", ""));
    cr_assert(!can(&w, "brand/finance", "plans", "maker", "brand/quality does"));
    cr_assert(!can(&w, "brand/quality", "prices", "maker", "by a data-sharing decision"));
    cr_assert(!can(&w, "maker/quality", "prices", "brand", "cannot be shared with brand"));
    cr_assert(!can(&w, "maker/quality", "secrets", "brand", "no class secrets"));
    cr_assert(!can(&w, "maker/quality", "plans", "trustee", "there is no partner trustee"));
    world_free(&w);
}

/* GRT-1: 64 partners, each with all that it may say, at the longest names: still a value of a table. */
Test(grant_ends, GRT_1_the_largest_grant_fits)
{
    struct world w;
    char org[64], seat[128];
    world_found_grants(&w);
    world_plans(&w);
    struct state_grant s = world_grant_of(&w, 1);
    memset(org, 'a', 63);
    org[63] = 0;
    (void)snprintf(seat, sizeof seat, "%s/%s", org, org);
    struct hash h = {{1}};
    struct hash_list documents = {4, (struct hash[]){h, h, h, h}};
    struct grant_mark mark = s.granted;
    mark.seat = span_str(seat);
    mark.leaf = mark.at_ms = (UINT64_C(1) << 53) - 1;
    SET_HAS(&mark, grant_mark_key_text);
    struct grant_holder m = {.org = span_str(org),
                             .holding = HOLDING_RETURNED,
                             .received = mark,
                             .settled = mark,
                             .documents = documents,
                             .left_ms = mark.at_ms,
                             .changed_leaf = mark.leaf};
    SET_HAS(&m, grant_holder_key_received);
    SET_HAS(&m, grant_holder_key_settled);
    SET_HAS(&m, grant_holder_key_documents);
    SET_HAS(&m, grant_holder_key_left_ms);
    s.audience = (struct grant_holder_list){64, arena_array(&w.a, 64, sizeof m)};
    for (size_t i = 0; i < 64; i++)
        s.audience.v[i] = m;
    cr_assert_gt(world_encoded(&w, &state_grant_desc, &s).n, 30000);
    cr_assert(state_fits(&w.g, &state_grant_desc, &s));
    world_free(&w);
}
