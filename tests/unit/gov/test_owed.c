/* The inbox as one list: what is owed, by whom, until when, under a name that lasts as long as the same is owed. */
#include <criterion/criterion.h>
#include "world_grants.h"

TestSuite(owed, .timeout = 60);

static struct query_owed_list owed(struct world *w, const char *org)
{
    struct query_inbox in;
    struct query_owed_list l;
    struct arena scratch;
    arena_init(&scratch, 0);
    cr_assert_eq(query_inbox(&w->v, span_str(org), NULL, &w->a, &in, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(query_reading_tasks(&w->v, span_str(org), NULL, w->g.time_ms, &w->a, &scratch, &in.readings, &w->err), ST_OK);
    cr_assert_eq(query_owed(&in, &w->a, &l, &w->err), ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < l.n; i++)
        cr_assert_eq(codec_check(&query_owed_desc, &l.v[i], &w->err), ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return l;
}

static const struct query_owed *find(const struct query_owed_list *l, const char *key)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eqs(l->v[i].key, key))
            return &l->v[i];
    return NULL;
}

Test(owed, a_ballot_and_its_editions)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK);
    struct query_owed_list l = owed(&w, "maker");
    cr_assert_eq(l.n, 1);
    const struct query_owed *o = find(&l, "decision.D-1.ballot");
    cr_assert_not_null(o);
    cr_assert_eq(o->edition, 16);
    cr_assert(span_eqs(o->id, "D-1") && span_eqs(o->type, "terms") && span_eqs(o->task, "ballot"));
    cr_assert(span_eqs(o->next, "entente show D-1") && span_eqs(o->words, "a ballot is owed"));
    cr_assert_eq(o->seats.n, 1);
    cr_assert(span_eqs(o->seats.v[0], "maker/business-lead"));
    EXPECT_TIME(time_utc(o->deadline_ms), "2026-03-24T00:00:00.000Z");
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, NULL), V_OK);
    l = owed(&w, "maker");
    cr_assert_eq(find(&l, "decision.D-1.ballot")->edition, 32); /* anew */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_APPROVE), V_OK);
    l = owed(&w, "maker");
    cr_assert_eq(l.n, 0); /* it has acted */
    world_free(&w);
}

/* Two inputs of one decision have keys of their own, which stay when one is given. */
Test(owed, inputs_have_keys_of_their_own)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "needing", NULL), V_OK);
    struct query_owed_list of_owner = owed(&w, "brand"), of_consulted = owed(&w, "trustee");
    size_t inputs = 0;
    for (size_t i = 0; i < of_owner.n; i++)
        inputs += strncmp((const char *)of_owner.v[i].key.p, "decision.D-1.input.", 19) == 0;
    cr_assert_eq(inputs, 1);
    cr_assert_eq(of_consulted.n, 1);
    cr_assert(!span_eq(of_consulted.v[0].key, of_owner.v[0].key));
    cr_assert(span_eqs(of_consulted.v[0].seats.v[0], "trustee/mediator"));
    world_free(&w);
}

/* Soonest first, those without a deadline last; items, readings and decisions together. */
Test(owed, all_kinds_in_one_order)
{
    struct world w;
    readings_found(&w, "conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}\n"
                       "sessions:\n  daily: {body: council, every: month, record: held}\n");
    AT(&w, "2026-04-01T08:00:00Z");
    struct world_item c = {.against = "maker/finance"}, issue = {0};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CONFLICT, &c), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, &issue), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/finance", "plan", NULL), V_OK);
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-03-01", "43.5"), V_OK);
    struct query_owed_list l = owed(&w, "brand");
    uint64_t before = 0;
    for (size_t i = 0; i < l.n; i++) {
        uint64_t at = HAS(&l.v[i], query_owed_key_deadline_ms) ? l.v[i].deadline_ms : UINT64_MAX;
        cr_assert_leq(before, at);
        before = at;
        for (size_t k = 0; k < i; k++)
            cr_assert(!span_eq(l.v[k].key, l.v[i].key), "%.*s twice", SPAN_FMT(l.v[i].key));
    }
    cr_assert_not_null(find(&l, "decision.D-1.ballot"));
    cr_assert_not_null(find(&l, "session.S-1.meet"));
    const struct query_owed *o = find(&l, "item.C-1.do");
    cr_assert_not_null(o);
    cr_assert(span_eqs(o->next, "entente show C-1") && span_eqs(o->type, "conflict"));
    uint64_t n = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor").number;
    char key[64], next[128];
    (void)snprintf(key, sizeof key, "reading.K-%d.countersign", (int)n);
    (void)snprintf(next, sizeof next, "entente report countersign K-%d · entente report dispute K-%d", (int)n, (int)n);
    o = find(&l, key);
    cr_assert_not_null(o);
    cr_assert(span_eqs(o->next, next), "%.*s", SPAN_FMT(o->next));
    world_free(&w);
}

Test(owed, what_was_shared)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    struct query_owed_list l = owed(&w, "maker");
    const struct query_owed *o = find(&l, "grant.G-1.receive");
    cr_assert_not_null(o);
    cr_assert(span_eqs(o->id, "G-1") && span_eqs(o->type, "grant") && span_eqs(o->next, "entente share receive G-1"));
    EXPECT_TIME(time_utc(o->deadline_ms), "2026-07-01T00:00:00.000Z");
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 1, GRANT_ACT_RECEIVE), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_OK);
    l = owed(&w, "maker");
    cr_assert_null(find(&l, "grant.G-1.receive"));
    cr_assert_not_null(find(&l, "grant.G-1.return"));
    world_free(&w);
}
