/* What people are told of it: may a seat do this, what is owed by whom, where the time went. */
#include <criterion/criterion.h>
#include "world.h"
#include "world_members.h"

TestSuite(can, .timeout = 20);

static bool can(struct world *w, const char *seat, enum can_action action, uint64_t n, const char *type,
                struct query_can *ret)
{
    struct query_can_what what = {.seat = span_str(seat),
                                  .action = action,
                                  .decision = n,
                                  .size = w->size,
                                  .height = w->g.height,
                                  .rules = 1};
    if (type != NULL)
        what.type = span_str(type);
    struct hash before = world_digest(w);
    cr_assert_eq(query_can(&w->v, &what, w->g.time_ms, &w->a, ret, &w->err), ST_OK, "%s", w->err.text);
    struct hash after = world_digest(w);
    cr_assert(hash_eq(&before, &after), "a question writes nothing");
    return ret->permitted;
}

static bool text_has(struct span text, const char *part)
{
    char t[1100];
    (void)snprintf(t, sizeof t, "%.*s", SPAN_FMT(text));
    return strstr(t, part) != NULL;
}

Test(can, the_rules_themselves_answer)
{
    struct world w;
    struct query_can q;
    world_found(&w);
    cr_assert(can(&w, "brand/quality", CAN_PROPOSE, 0, "guarded", &q));
    cr_assert(span_eqs(q.clause, "decisions.guarded.owner"));
    cr_assert(can(&w, "brand/finance", CAN_PROPOSE, 0, "spend", &q), "what it lacks is no matter of rights");
    cr_assert(can(&w, "brand/business-lead", CAN_PROPOSE, 0, "scoped", &q));
    cr_assert(!can(&w, "brand/finance", CAN_PROPOSE, 0, "guarded", &q));
    cr_assert(text_has(q.words, "brand/finance is no owner of guarded"));
    cr_assert(!can(&w, "brand/finance", CAN_PROPOSE, 0, "nothing", &q));
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    cr_assert(can(&w, "maker/finance", CAN_APPROVE, 1, NULL, &q));
    cr_assert(span_eqs(q.clause, "decisions.guarded.approve (*/finance)"));
    cr_assert(!can(&w, "maker/sponsor", CAN_REJECT, 1, NULL, &q));
    cr_assert_eq(q.verdict, V_NOT_PERMITTED);
    cr_assert(can(&w, "maker/quality", CAN_VETO, 1, NULL, &q));
    cr_assert(!can(&w, "brand/quality", CAN_VETO, 1, NULL, &q));
    cr_assert(can(&w, "brand/quality", CAN_WITHDRAW, 1, NULL, &q));
    cr_assert(can(&w, "brand/quality", CAN_REVISE, 1, NULL, &q));
    cr_assert(!can(&w, "maker/quality", CAN_REVISE, 1, NULL, &q));
    cr_assert(can(&w, "maker/finance", CAN_RECUSE, 1, NULL, &q));
    cr_assert(can(&w, "maker/finance", CAN_ESCALATE, 1, NULL, &q));
    cr_assert(can(&w, "maker/finance", CAN_PAUSE, 1, NULL, &q));
    cr_assert(!can(&w, "maker/finance", CAN_RESUME, 1, NULL, &q));
    cr_assert(!can(&w, "trustee/mediator", CAN_MEDIATE, 1, NULL, &q));
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", NULL, NULL), V_OK);
    cr_assert(!can(&w, "maker/finance", CAN_APPROVE, 1, NULL, &q));
    cr_assert(text_has(q.words, "the seat maker/finance is empty"));
    world_free(&w);
}

static struct query_readiness ready(struct world *w, uint64_t n)
{
    struct query_readiness q;
    cr_assert_eq(query_readiness(&w->v, n, &w->a, &q, &w->err), ST_OK);
    return q;
}

static const struct query_partner *of(const struct query_readiness *q, const char *org)
{
    for (size_t i = 0; i < q->partners.n; i++)
        if (span_eqs(q->partners.v[i].org, org))
            return &q->partners.v[i];
    cr_assert_fail("%s is not asked", org);
    return NULL;
}

Test(can, readiness_names_alternates_and_recusals)
{
    struct world w;
    world_found(&w);
    struct alternate alt = world_alternate("maker/quality", "2026-03-02T00:00:00Z", "2026-04-02T00:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    EXPECT_VERDICT(&w, world_alternates(&w, "maker/finance", &alt, 1), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_RECUSE), V_OK);
    struct query_readiness q = ready(&w, 1);
    cr_assert_eq(q.asked, 3);
    cr_assert_eq(q.approving, 0);
    cr_assert(text_has(of(&q, "maker")->words,
                       "could act: maker/finance; for maker/finance its alternate maker/quality"));
    cr_assert(text_has(of(&q, "brand")->words, "brand/finance recused itself: in its stead brand/sponsor"));
    struct query_inbox in;
    cr_assert_eq(query_inbox(&w.v, span_str("brand"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 1);
    cr_assert(in.list.v[0].seats.n == 1 && span_eqs(in.list.v[0].seats.v[0], "brand/sponsor"));
    EXPECT_VERDICT(&w, world_ballot_for(&w, "brand/sponsor", "brand/finance", 1, CHOICE_APPROVE), V_OK);
    q = ready(&w, 1);
    cr_assert_eq(q.approving, 1);
    cr_assert_eq(query_inbox(&w.v, span_str("brand"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 0);
    world_free(&w);
}

Test(can, readiness_of_silence_and_mediation)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "deemed", NULL), V_OK);
    struct query_readiness q = ready(&w, 1);
    cr_assert(text_has(q.silence, "escalates by itself to steering"));
    cr_assert_str_eq(time_utc(q.receipts_until_ms).s, "2026-03-09T16:00:00.500Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_receipt(&w, "maker/finance", 1), V_OK);
    EXPECT_VERDICT(&w, world_receipt(&w, "distributor/finance", 1), V_OK);
    q = ready(&w, 1);
    cr_assert_eq(q.receipts.n, 3);
    cr_assert(text_has(q.silence, "counts as approval of distributor, maker: it passes"));
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    AT(&w, "2026-03-05T00:00:00Z");
    AT(&w, "2026-03-17T00:00:00Z");
    AT(&w, "2026-03-20T00:00:00Z");
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 2, NULL), V_OK);
    q = ready(&w, 2);
    cr_assert(HAS(&q, query_readiness_key_recommended));
    cr_assert(text_has(of(&q, "maker")->words, "could act: maker/sponsor"));
    struct query_inbox in;
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.v[0].task, TASK_ANSWER);
    world_free(&w);
}

/* What a node gives a receipt for by itself. */
Test(can, unreceipted)
{
    struct world w;
    struct ref_list l;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "deemed", NULL), V_OK);
    cr_assert_eq(query_unreceipted(&w.v, span_str("maker"), w.g.time_ms, 8, &w.a, &l, &w.err), ST_OK);
    cr_assert_eq(l.n, 1);
    cr_assert_eq(l.v[0].number, 2);
    cr_assert_eq(query_unreceipted(&w.v, span_str("trustee"), w.g.time_ms, 8, &w.a, &l, &w.err), ST_OK);
    cr_assert_eq(l.n, 0);
    EXPECT_VERDICT(&w, world_receipt(&w, "maker/quality", 2), V_OK);
    cr_assert_eq(query_unreceipted(&w.v, span_str("maker"), w.g.time_ms, 8, &w.a, &l, &w.err), ST_OK);
    cr_assert_eq(l.n, 0);
    cr_assert_eq(query_unreceipted(&w.v, span_str("brand"), UINT64_C(1773072002000), 8, &w.a, &l, &w.err),
                 ST_OK);
    cr_assert_eq(l.n, 0, "too late to count");
    world_free(&w);
}

static uint64_t owed(const struct query_waiting *q, const char *org)
{
    for (size_t i = 0; i < q->partners.n; i++)
        if (span_eqs(q->partners.v[i].org, org))
            return q->partners.v[i].owed_ms;
    cr_assert_fail("%s waited for nobody", org);
    return 0;
}

Test(can, GOV_66_waiting_time_by_partner)
{
    const uint64_t h = 3600000;
    struct world w;
    struct query_waiting q;
    world_found(&w);
    AT(&w, "2026-03-05T23:59:59Z"); /* proposed on Friday at 0:00 */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "deemed", NULL), V_OK);
    AT(&w, "2026-03-06T05:59:59Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK); /* 6:00 */
    AT(&w, "2026-03-09T09:59:58Z"); /* Monday: the weekend is nobody's */
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_PAUSE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_PAUSE), V_OK); /* 10:00 */
    AT(&w, "2026-03-10T09:59:59Z");
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_RESUME), V_OK);
    AT(&w, "2026-03-10T11:59:59Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    cr_assert_eq(query_waiting(&w.v, 1, w.g.time_ms + 3 * h, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(owed(&q, "brand"), 6 * h);
    cr_assert_eq(q.pause_ms, 24 * h);
    cr_assert_eq(owed(&q, "maker"), (24 + 10 + 2) * h);
    cr_assert_eq(owed(&q, "distributor"), (24 + 10 + 2 + 3) * h);
    cr_assert_eq(q.halt_ms + q.notice_ms + q.mediation_ms, 0);
    world_free(&w);
}
