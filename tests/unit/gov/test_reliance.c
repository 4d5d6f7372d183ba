/* What decisions rest on: REL-1 to REL-4. */
#include <criterion/criterion.h>
#include "gov/query.h"
#include "rests.h"

TestSuite(reliance, .timeout = 60);

static void found(struct world *w)
{
    rests_begin();
    rests_found(w);
}

/* A plan of brand/finance with this; it relies on what the test adds. */
static uint64_t plan(struct world *w, const struct proposal *p)
{
    EXPECT_VERDICT(w, rests_propose(w, "brand/finance", "plan", p), V_OK);
    return w->last;
}

static uint64_t plan_on_assumption(struct world *w, uint64_t n)
{
    struct proposal p = rests_proposal();
    rests_on_assumption(w, &p, n);
    return plan(w, &p);
}

static uint64_t plan_on_clause(struct world *w, const char *clause)
{
    struct proposal p = rests_proposal();
    rests_on_clause(w, &p, clause);
    return plan(w, &p);
}

static enum verdict clause(struct world *w, const char *text)
{
    struct proposal p = rests_proposal();
    rests_on_clause(w, &p, text);
    return rests_propose(w, "brand/finance", "plan", &p);
}

/* --- REL-1 --- */

Test(reliance, REL_1_each_names_one_thing_and_none_twice)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    p.relies.v[0].has = 0;
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_MALFORMED);
    p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    p.relies.v[0].clause = span_str("metrics");
    SET_HAS(&p.relies.v[0], reliance_key_clause);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_MALFORMED);
    p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    rests_on_clause(&w, &p, "metrics.a");
    rests_on_assumption(&w, &p, as);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_MALFORMED);
    EXPECT_WHY(&w, "the same twice");
    p = rests_proposal();
    rests_on_clause(&w, &p, "metrics.a");
    rests_on_clause(&w, &p, "metrics.a");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_MALFORMED);
    p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    rests_on_clause(&w, &p, "metrics.a");
    rests_on_clause(&w, &p, "metrics");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    world_free(&w);
}

Test(reliance, REL_1_an_assumption_is_there_and_not_falsified)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, 1);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_NO_SUCH_OBJECT);
    rests_assume(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/quality", ITEM_RISK, NULL), V_OK); /* another R-1 is no AS-2 */
    struct world_step s = {.finding = ASSUMED_FALSIFIED};
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, &s), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK); /* only claimed */
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, &s), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    rests_assume(&w);
    s.finding = ASSUMED_VALIDATED;
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_ASSUMPTION, 2, ITEM_STEP_CLAIM, &s), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 2, ITEM_STEP_VERIFY, &s), V_OK);
    p = rests_proposal();
    rests_on_assumption(&w, &p, 2);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    world_free(&w);
}

Test(reliance, REL_1_a_reading_is_there_and_is_the_one_that_was_read)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal(), old;
    rests_on_reading(&w, &p, 999);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_NO_SUCH_OBJECT);
    AT(&w, "2026-04-01T09:00:00Z");
    uint64_t n = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor").number;
    p = rests_proposal();
    rests_on_reading(&w, &p, n);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_NO_SUCH_OBJECT); /* owed: nothing is reported */
    n = rests_month(&w, "2026-04-01T10:00:00Z", "2026-03-01", "50.0");
    old = rests_proposal();
    rests_on_reading(&w, &old, n);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &old), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "40.0"), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &old), V_WRONG_REVISION);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &old), V_WRONG_REVISION);
    p = rests_proposal();
    rests_on_reading(&w, &p, n);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_OK);
    world_free(&w);
}

Test(reliance, REL_1_a_clause_is_of_a_section_in_force)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, clause(&w, "sharing.plans"), V_NO_SUCH_OBJECT); /* this charter has none */
    EXPECT_VERDICT(&w, clause(&w, "metric.a"), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, clause(&w, "metrics.no-such"), V_OK); /* only the section is looked up */
    EXPECT_VERDICT(&w, clause(&w, "partner-seats"), V_NOT_PERMITTED); /* no amendment changes it */
    EXPECT_VERDICT(&w, clause(&w, "parties.brand"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, clause(&w, "exit.triggers.term-ends"), V_OK);
    world_free(&w);
}

Test(reliance, REL_1_the_first_that_fails_is_the_verdict)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    rests_on_clause(&w, &p, "sharing");
    rests_on_assumption(&w, &p, 9);
    p.relies.v[1].has = 0;
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_NO_SUCH_OBJECT);
    p.relies.v[0].clause = span_str("metrics");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_MALFORMED);
    /* GOV-67 comes before, the row's budget before that. */
    rests_until(&p, "2026-03-01");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_MALFORMED);
    EXPECT_WHY(&w, "proposal.until");
    world_free(&w);
}

Test(reliance, REL_1_256_decisions_rely_on_the_same_at_most)
{
    struct world w;
    found(&w);
    w.unwatched = true;
    uint64_t as = rests_assume(&w);
    for (int i = 0; i < 256; i++)
        (void)plan_on_assumption(&w, as);
    struct proposal p = rests_proposal();
    rests_on_clause(&w, &p, "metrics");
    rests_on_assumption(&w, &p, as);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_TOO_MANY);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 256, &p), V_OK); /* it is one of them */
    struct proposal none = rests_proposal();
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 256, &none), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 256, &p), V_TOO_MANY);
    rests_falsify(&w, as); /* all are put in doubt at once */
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 256 + 3);
    world_free(&w);
}

/* --- REL-2 --- */

Test(reliance, REL_2_rows_of_the_current_revision)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), other = rests_assume(&w), reading = rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "50.0");
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    rests_on_reading(&w, &p, reading);
    rests_on_clause(&w, &p, "metrics.a");
    rests_on_clause(&w, &p, "metrics.b");
    uint64_t n = plan(&w, &p);
    cr_assert(rests_relied(&w, RELIED_ASSUMPTION, as, n) && rests_relied(&w, RELIED_READING, reading, n));
    cr_assert(rests_relied(&w, RELIED_SECTION, SECTION_METRICS, n));
    cr_assert_eq(rests_relied_rows(&w), 3);
    struct proposal q = rests_proposal();
    rests_on_assumption(&w, &q, other);
    rests_on_clause(&w, &q, "metrics.b");
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", n, &q), V_OK);
    cr_assert(!rests_relied(&w, RELIED_ASSUMPTION, as, n) && rests_relied(&w, RELIED_ASSUMPTION, other, n));
    cr_assert(rests_relied(&w, RELIED_SECTION, SECTION_METRICS, n));
    cr_assert_eq(rests_relied_rows(&w), 2);
    rests_falsify(&w, as); /* dropped by the revision: nothing of it */
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 0);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", n), V_OK);
    cr_assert_eq(rests_relied_rows(&w), 0, "they go when it ends");
    world_free(&w);
}

/* To mediation, and a recommendation that relies on another assumption. */
static uint64_t mediated(struct world *w, uint64_t as, uint64_t other)
{
    struct proposal p = rests_proposal();
    rests_on_assumption(w, &p, as);
    EXPECT_VERDICT(w, rests_propose(w, "brand/sponsor", "both", &p), V_OK);
    uint64_t n = w->last;
    EXPECT_VERDICT(w, world_move(w, "brand/sponsor", n, MOVE_ESCALATE), V_OK);
    EXPECT_PHASE(w, n, PHASE_MEDIATION);
    struct proposal q = rests_proposal();
    rests_on_assumption(w, &q, other);
    EXPECT_VERDICT(w, rests_recommend(w, "trustee/mediator", n, &q), V_OK);
    return n;
}

static void accept(struct world *w, uint64_t n)
{
    rests_approve(w, n, "sponsor"); /* who had to decide below the mediator */
    EXPECT_PHASE(w, n, PHASE_EFFECTIVE);
}

Test(reliance, REL_2_what_is_recommended_counts_beside_the_current_revision)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), other = rests_assume(&w);
    uint64_t n = mediated(&w, as, other), leaf = world_decision(&w, n).changed_leaf;
    cr_assert(rests_relied(&w, RELIED_ASSUMPTION, as, n) && rests_relied(&w, RELIED_ASSUMPTION, other, n));
    cr_assert_eq(rests_relied_rows(&w), 2);
    rests_falsify(&w, other); /* before anybody accepts */
    EXPECT_DOUBTED(&w, n, "AS-2 was falsified");
    cr_assert_eq(world_decision(&w, n).changed_leaf, leaf);
    EXPECT_PHASE(&w, n, PHASE_MEDIATION);
    rests_falsify(&w, as);
    EXPECT_DOUBTED(&w, n, "AS-1 was falsified");
    accept(&w, n);
    cr_assert(rests_relied(&w, RELIED_ASSUMPTION, other, n) && rests_relied_rows(&w) == 1, "only the text that was settled");
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 2);
    world_free(&w);
}

/* Readiness names what either text rests on, once. */
Test(reliance, readiness_says_what_both_texts_rest_on)
{
    struct world w;
    struct query_readiness q;
    found(&w);
    uint64_t as = rests_assume(&w), other = rests_assume(&w);
    cr_assert_eq(query_readiness(&w.v, mediated(&w, as, as), &w.a, &q, &w.err), ST_OK, "%s", w.err.text);
    cr_assert(q.relies.n == 1 && span_eqs(q.relies.v[0].id, "AS-1") && q.relies.v[0].stands);
    uint64_t n = mediated(&w, as, other);
    rests_falsify(&w, other);
    cr_assert_eq(query_readiness(&w.v, n, &w.a, &q, &w.err), ST_OK, "%s", w.err.text);
    cr_assert(q.relies.n == 2 && q.relies.v[0].stands && span_eqs(q.relies.v[1].id, "AS-2") && !q.relies.v[1].stands);
    cr_assert(q.doubts.n == 1 && q.doubts.v[0].open);
    world_free(&w);
}

Test(reliance, REL_2_what_was_settled)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), other = rests_assume(&w);
    uint64_t n = mediated(&w, as, other);
    accept(&w, n);
    cr_assert(rests_relied(&w, RELIED_ASSUMPTION, other, n) && rests_relied_rows(&w) == 1);
    rests_falsify(&w, as);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 0);
    rests_falsify(&w, other);
    EXPECT_DOUBTED(&w, n, "AS-2 was falsified");
    world_free(&w);
}

Test(reliance, REL_2_a_recommendation_that_is_not_in_force_any_more)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), other = rests_assume(&w);
    uint64_t n = mediated(&w, as, other);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/sponsor", n, &p), V_OK);
    cr_assert(rests_relied(&w, RELIED_ASSUMPTION, as, n) && rests_relied_rows(&w) == 1, "a revision");
    n = mediated(&w, as, as);
    cr_assert_eq(rests_relied_rows(&w), 2, "both rest on the same: one row");
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/sponsor", n), V_OK);
    cr_assert_eq(rests_relied_rows(&w), 1, "withdrawn");
    n = mediated(&w, as, other);
    cr_assert_eq(rests_relied_rows(&w), 3);
    world_at_ms(&w, world_decision(&w, n).deadline_ms); /* silence declines, and the ladder ends */
    EXPECT_PHASE(&w, n, PHASE_DEFAULT);
    cr_assert(!rests_relied(&w, RELIED_ASSUMPTION, other, n), "its ladder ended");
    world_free(&w);
}

/* An amendment of the glossary, on the mediator's rung, with a recommendation that relies on an assumption. */
static uint64_t amendment_mediated(struct world *w, uint64_t as)
{
    struct state_revision rev;
    rests_edit("case: 24 bottles", "case: 12 bottles");
    uint64_t n = rests_propose_amendment(w, SECTION_GLOSSARY, rests_body(w, SECTION_GLOSSARY));
    EXPECT_VERDICT(w, world_move(w, "brand/finance", n, MOVE_ESCALATE), V_OK);
    EXPECT_VERDICT(w, world_move(w, "brand/sponsor", n, MOVE_ESCALATE), V_OK);
    EXPECT_PHASE(w, n, PHASE_MEDIATION);
    struct tkey k = tkey_revision(n, 1);
    cr_assert_eq(state_get(&w->v, &w->a, TABLE_REVISION, &k, &state_revision_desc, &rev, &w->err), ST_OK);
    rests_on_assumption(w, &rev.proposal, as);
    EXPECT_VERDICT(w, rests_recommend(w, "trustee/mediator", n, &rev.proposal), V_OK);
    cr_assert(rests_relied(w, RELIED_ASSUMPTION, as, n) && rests_relied_rows(w) == 1);
    return n;
}

Test(reliance, REL_2_a_recommendation_on_an_amendment_that_is_stale)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), n = amendment_mediated(&w, as);
    rests_edit("case: 12 bottles", "case: 6 bottles");
    (void)rests_amend(&w, SECTION_GLOSSARY);
    EXPECT_PHASE(&w, n, PHASE_STALE);
    cr_assert_eq(rests_relied_rows(&w), 0);
    rests_falsify(&w, as);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 0);
    world_free(&w);
}

/* On the record, an amendment of the core that is in mediation is asked anew when a member joins. */
Test(reliance, REL_2_a_recommendation_on_what_is_asked_anew)
{
    struct world w;
    rests_begin();
    rests_found(&w);
    uint64_t as = rests_assume(&w);
    rests_edit("survives: [confidentiality]", "survives: [confidentiality, brands]");
    uint64_t n = rests_propose_amendment(&w, SECTION_EXIT, rests_body(&w, SECTION_EXIT));
    while (world_decision(&w, n).phase == PHASE_OPEN)
        world_at_ms(&w, world_decision(&w, n).deadline_ms);
    EXPECT_PHASE(&w, n, PHASE_MEDIATION);
    struct fixture_card card;
    world_newcomer(&w, "newco", &card);
    struct effect e = world_admit(&w, &card, ROLE_PARTNER);
    struct world_proposal p = {.effect = &e};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "admission", &p), V_OK);
    uint64_t m = w.last;
    rests_approve(&w, m, "sponsor");
    world_at_ms(&w, world_decision(&w, m).effective_ms - 4 * UINT64_C(86400000));
    struct state_revision rev;
    struct tkey k = tkey_revision(n, 1);
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_REVISION, &k, &state_revision_desc, &rev, &w.err), ST_OK);
    rests_on_assumption(&w, &rev.proposal, as);
    EXPECT_VERDICT(&w, rests_recommend(&w, "trustee/mediator", n, &rev.proposal), V_OK);
    cr_assert_eq(rests_relied_rows(&w), 1);
    world_at_ms(&w, world_decision(&w, m).effective_ms);
    EXPECT_PHASE(&w, n, PHASE_STALE);
    cr_assert(world_decision(&w, n).rung == 0 && rests_relied_rows(&w) == 0);
    world_free(&w);
}

Test(reliance, REL_1_a_recommendation_is_looked_at_too)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), other = rests_assume(&w);
    struct proposal p = rests_proposal();
    rests_falsify(&w, other);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/sponsor", "both", &p), V_OK);
    uint64_t n = w.last;
    EXPECT_VERDICT(&w, world_move(&w, "brand/sponsor", n, MOVE_ESCALATE), V_OK);
    rests_on_assumption(&w, &p, as);
    rests_on_assumption(&w, &p, other);
    EXPECT_VERDICT(&w, rests_recommend(&w, "trustee/mediator", n, &p), V_NOT_PERMITTED);
    world_free(&w);
}

/* --- REL-3 --- */

Test(reliance, REL_3_falsified_the_mover_is_asked)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), n = plan_on_assumption(&w, as), leaf = world_decision(&w, n).changed_leaf;
    rests_falsify(&w, as);
    EXPECT_DOUBTED(&w, n, "AS-1 was falsified");
    struct state_event ev = world_event(&w, n, 0);
    cr_assert(!HAS(&ev, state_event_key_seat) && !HAS(&ev, state_event_key_id) && ev.leaf == w.g.leaf);
    cr_assert_eq(world_decision(&w, n).changed_leaf, leaf);
    EXPECT_PHASE(&w, n, PHASE_OPEN); /* nothing is undone */
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 4); /* the thesis is reviewed by three sponsors, then the decision */
    struct state_item it = rests_action(&w, 0);
    EXPECT_WORDS(it, "reaffirm, amend or supersede D-1: AS-1 was falsified");
    cr_assert(span_eqs(it.owner, "brand/quality") && span_eqs(it.offered, "brand/finance"));
    cr_assert(it.links.n == 1 && rests_links_decision(&it, n));
    EXPECT_TIME(time_utc(it.due_ms), "2026-04-02T00:00:00.000Z");
    world_free(&w);
}

Test(reliance, REL_3_no_offer_to_who_owns_it_already)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/quality", "plan", &p), V_OK);
    rests_falsify(&w, as);
    struct state_item it = rests_action(&w, 0);
    cr_assert(span_eqs(it.owner, "brand/quality") && !HAS(&it, state_item_key_offered));
    world_free(&w);
}

Test(reliance, REL_3_once_when_it_is_linked_too)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), n = plan_on_assumption(&w, as), second = plan_on_assumption(&w, as);
    struct world_step s = {.link = world_link_decision(n)};
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_ASSUMPTION, as, ITEM_STEP_LINK, &s), V_OK);
    rests_falsify(&w, as);
    cr_assert(rests_events(&w, n, EVENT_DOUBTED) == 1 && rests_events(&w, second, EVENT_DOUBTED) == 1);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 5);
    struct state_item first = rests_action(&w, 1), last = rests_action(&w, 0);
    cr_assert(rests_links_item(&first, ITEM_ASSUMPTION, as) && rests_links_decision(&first, n), "ITM-18 before REL-3");
    cr_assert(last.links.n == 1 && rests_links_decision(&last, second));
    world_free(&w);
}

Test(reliance, REL_3_falsified_again_after_it_was_reopened)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), n = plan_on_assumption(&w, as);
    rests_falsify(&w, as);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, as, ITEM_STEP_REOPEN, NULL), V_OK);
    rests_falsify(&w, as);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 2);
    world_free(&w);
}

Test(reliance, REL_3_nothing_of_what_is_over)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w), n[8];
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    for (size_t i = 0; i < 3; i++) {
        EXPECT_VERDICT(&w, rests_propose(&w, "brand/quality", i == 1 ? "guarded" : "plan", &p), V_OK);
        n[i] = w.last;
    }
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/quality", n[0]), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", n[1], CHOICE_VETO), V_OK);
    rests_approve(&w, n[2], "finance"); /* effective: it still stands */
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "recall", &p), V_OK);
    n[3] = w.last;
    rests_until(&p, "2026-03-05");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    n[4] = w.last;
    rests_approve(&w, n[4], "finance");
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        char seat[32];
        (void)snprintf(seat, sizeof seat, "%s/finance", orgs[i]);
        EXPECT_VERDICT(&w, world_ballot(&w, seat, n[3], CHOICE_REJECT), V_OK);
    }
    AT(&w, "2026-03-05T00:00:00Z");
    AT(&w, "2026-03-06T00:00:00Z");
    EXPECT_PHASE(&w, n[0], PHASE_WITHDRAWN);
    EXPECT_PHASE(&w, n[1], PHASE_VETOED);
    EXPECT_PHASE(&w, n[2], PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, n[3], PHASE_REJECTED);
    EXPECT_PHASE(&w, n[4], PHASE_EXPIRED);
    rests_falsify(&w, as);
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(rests_events(&w, n[i], EVENT_DOUBTED), i == 2);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 4);
    world_free(&w);
}

Test(reliance, REL_3_a_reading_restated)
{
    struct world w;
    found(&w);
    uint64_t k = rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "50.0");
    struct proposal p = rests_proposal();
    rests_on_reading(&w, &p, k);
    uint64_t n = plan(&w, &p);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_DISPUTE, NULL), V_OK);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 0, "a dispute alone says nothing yet");
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", k, MARK_RESTATE, "50.0"), V_OK);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 0, "it says the same as before");
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", k, MARK_RESTATE, "49.0"), V_OK);
    char words[64], asks[128];
    (void)snprintf(words, sizeof words, "K-%d was restated", (int)k);
    (void)snprintf(asks, sizeof asks, "reaffirm, amend or supersede D-%d: K-%d was restated", (int)n, (int)k);
    EXPECT_DOUBTED(&w, n, words);
    struct state_item it = rests_action(&w, 0);
    EXPECT_WORDS(it, asks);
    cr_assert(span_eqs(it.owner, "distributor/finance") && span_eqs(it.offered, "brand/finance") && it.links.n == 1);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", k, MARK_RESTATE, "48.0"), V_OK);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 2, "it relies on the reading, whatever version");
    world_free(&w);
}

Test(reliance, REL_3_the_movers_partner_has_left)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    EXPECT_VERDICT(&w, rests_propose(&w, "distributor/finance", "plan", &p), V_OK);
    uint64_t n = w.last;
    rests_approve(&w, n, "finance");
    rests_leave(&w, "distributor");
    rests_falsify(&w, as);
    EXPECT_DOUBTED(&w, n, "AS-1 was falsified");
    struct state_item it = rests_action(&w, 0);
    cr_assert(rests_links_decision(&it, n) && span_eqs(it.owner, "brand/quality") && !HAS(&it, state_item_key_offered));
    world_free(&w);
}

/* --- REL-4 --- */

static void amend_metrics(struct world *w, const char *find, const char *put)
{
    rests_edit(find, put);
    (void)rests_amend(w, SECTION_METRICS);
}

Test(reliance, REL_4_a_clause_of_a_list_member)
{
    struct world w;
    found(&w);
    uint64_t on_revenue = plan_on_clause(&w, "metrics.revenue"), on_uptime = plan_on_clause(&w, "metrics.uptime");
    uint64_t deep = plan_on_clause(&w, "metrics.uptime.target"), whole = plan_on_clause(&w, "metrics");
    uint64_t by = w.last + 1;
    amend_metrics(&w, "target: 94.0", "target: 95.0");
    cr_assert_eq(rests_events(&w, on_revenue, EVENT_DOUBTED), 0);
    EXPECT_DOUBTED(&w, on_uptime, "metrics.uptime was amended by D-5");
    EXPECT_DOUBTED(&w, deep, "metrics.uptime.target was amended by D-5");
    EXPECT_DOUBTED(&w, whole, "metrics was amended by D-5");
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 3);
    struct state_item it = rests_action(&w, 0);
    EXPECT_WORDS(it, "reaffirm, amend or supersede D-4: metrics was amended by D-5");
    cr_assert(span_eqs(it.owner, "brand/finance") && !HAS(&it, state_item_key_offered), "amended by the mover itself");
    cr_assert_eq(rests_events(&w, by, EVENT_DOUBTED), 0);
    world_free(&w);
}

Test(reliance, REL_4_the_parts_further_down_are_not_looked_at)
{
    struct world w;
    found(&w);
    uint64_t n = plan_on_clause(&w, "metrics.uptime.target");
    amend_metrics(&w, "due: 2 d", "due: 3 d");
    EXPECT_DOUBTED(&w, n, "metrics.uptime.target was amended by D-2");
    world_free(&w);
}

Test(reliance, REL_4_in_neither_or_in_one_alone)
{
    struct world w;
    found(&w);
    uint64_t neither = plan_on_clause(&w, "metrics.no-such"), gone = plan_on_clause(&w, "metrics.shortfall");
    uint64_t kept = plan_on_clause(&w, "metrics.velocity"), added = plan_on_clause(&w, "metrics.speed");
    amend_metrics(&w, "  shortfall:", "  speed:");
    EXPECT_DOUBTED(&w, neither, "metrics.no-such was amended by D-5");
    EXPECT_DOUBTED(&w, gone, "metrics.shortfall was amended by D-5");
    EXPECT_DOUBTED(&w, added, "metrics.speed was amended by D-5");
    cr_assert_eq(rests_events(&w, kept, EVENT_DOUBTED), 0);
    world_free(&w);
}

Test(reliance, REL_4_a_key_of_the_section)
{
    struct world w;
    found(&w);
    uint64_t same = plan_on_clause(&w, "exit.triggers"), opens = plan_on_clause(&w, "exit.on-trigger");
    uint64_t member = plan_on_clause(&w, "exit.term-ends"), lost = plan_on_clause(&w, "exit.confidentiality");
    rests_edit("on-trigger: {opens: exit, owner: \"*/sponsor\"}", "on-trigger: {opens: exit, owner: brand/sponsor}");
    (void)rests_amend(&w, SECTION_EXIT);
    cr_assert(rests_events(&w, same, EVENT_DOUBTED) == 0 && rests_events(&w, member, EVENT_DOUBTED) == 0);
    EXPECT_DOUBTED(&w, opens, "exit.on-trigger was amended by D-5");
    cr_assert_eq(rests_events(&w, lost, EVENT_DOUBTED), 0);
    world_free(&w);
}

Test(reliance, REL_4_the_first_of_its_clauses_that_has_changed)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    rests_on_clause(&w, &p, "glossary.case");
    rests_on_clause(&w, &p, "metrics.revenue");
    rests_on_clause(&w, &p, "metrics.uptime");
    rests_on_clause(&w, &p, "metrics");
    uint64_t n = plan(&w, &p);
    amend_metrics(&w, "target: 94.0", "target: 95.0");
    EXPECT_DOUBTED(&w, n, "metrics.uptime was amended by D-2");
    cr_assert(rests_events(&w, n, EVENT_DOUBTED) == 1 && rests_items(&w, ITEM_ACTION) == 1);
    rests_edit("case: 24 bottles", "case: 12 bottles");
    (void)rests_amend(&w, SECTION_GLOSSARY);
    EXPECT_DOUBTED(&w, n, "glossary.case was amended by D-3");
    world_free(&w);
}

Test(reliance, REL_4_a_clause_that_a_recommendation_rests_on)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal(), q = rests_proposal();
    rests_on_clause(&w, &p, "metrics.revenue");
    rests_on_clause(&w, &q, "metrics.no-such");
    rests_on_clause(&w, &q, "metrics.uptime");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/sponsor", "both", &p), V_OK);
    uint64_t n = w.last;
    EXPECT_VERDICT(&w, world_move(&w, "brand/sponsor", n, MOVE_ESCALATE), V_OK);
    amend_metrics(&w, "target: 94.0", "target: 95.0");
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 0);
    EXPECT_VERDICT(&w, rests_recommend(&w, "trustee/mediator", n, &q), V_OK);
    amend_metrics(&w, "target: 95.0", "target: 96.0");
    EXPECT_DOUBTED(&w, n, "metrics.no-such was amended by D-3");
    amend_metrics(&w, "revenue: {group: value, view: financial", "revenue: {group: value, view: customer");
    EXPECT_DOUBTED(&w, n, "metrics.revenue was amended by D-4"); /* those of the current revision come first */
    world_free(&w);
}

Test(reliance, REL_4_not_the_amendment_itself)
{
    struct world w;
    found(&w);
    rests_edit("target: 94.0", "target: 95.0");
    struct proposal p = rests_proposal();
    p.effect = (struct effect){
        .type = EFFECT_AMEND, .section = SECTION_METRICS, .body = rests_body(&w, SECTION_METRICS), .base_version = 1};
    SET_HAS(&p.effect, effect_key_section);
    SET_HAS(&p.effect, effect_key_body);
    SET_HAS(&p.effect, effect_key_base_version);
    rests_on_clause(&w, &p, "metrics.uptime");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "charter-policy", &p), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "maker/finance", "charter-policy", &p), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(rests_events(&w, 1, EVENT_DOUBTED), 0);
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    EXPECT_DOUBTED(&w, 2, "metrics.uptime was amended by D-1"); /* stale first, then in doubt */
    cr_assert_eq(world_event(&w, 2, 1).type, EVENT_STALE);
    struct state_item it = rests_action(&w, 0);
    cr_assert(span_eqs(it.owner, "brand/finance") && span_eqs(it.offered, "maker/finance"));
    world_free(&w);
}

Test(reliance, REL_4_an_amendment_that_adds_a_section)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, clause(&w, "norms"), V_NO_SUCH_OBJECT);
    rests_add("norms: [bad news first]\n");
    (void)rests_amend(&w, SECTION_NORMS);
    uint64_t n = plan_on_clause(&w, "norms");
    rests_edit("bad news first", "bad news at once");
    (void)rests_amend(&w, SECTION_NORMS);
    EXPECT_DOUBTED(&w, n, "norms was amended by D-3");
    world_free(&w);
}

/* An amendment of the glossary with a notice that ends after exits that are proposed now. */
static uint64_t amend_late(struct world *w, const char *seat)
{
    struct world_proposal p = {.section = SECTION_GLOSSARY, .body = world_glossary(w, "case", "12 bottles"), .base = 1};
    EXPECT_VERDICT(w, world_propose(w, seat, "charter-policy", &p), V_OK);
    uint64_t n = w->last;
    rests_approve(w, n, "finance");
    EXPECT_PHASE(w, n, PHASE_PASSED);
    return n;
}

static void found_slow(struct world *w)
{
    rests_begin();
    rests_edit("sla: 15 bd}\n  charter-core", "sla: 15 bd, notice: 80 bd}\n  charter-core");
    rests_found(w);
}

Test(reliance, REL_4_the_amendments_mover_has_left)
{
    struct world w;
    found_slow(&w);
    struct proposal p = rests_proposal();
    rests_on_clause(&w, &p, "glossary.case");
    EXPECT_VERDICT(&w, rests_propose(&w, "maker/finance", "plan", &p), V_OK);
    uint64_t n = w.last;
    rests_approve(&w, n, "finance");
    uint64_t by = amend_late(&w, "brand/finance");
    rests_leave(&w, "brand");
    world_at_ms(&w, world_decision(&w, by).effective_ms);
    EXPECT_PHASE(&w, by, PHASE_EFFECTIVE);
    EXPECT_DOUBTED(&w, n, "glossary.case was amended by D-2");
    struct state_item it = rests_action(&w, 0);
    cr_assert(span_eqs(it.owner, "maker/finance") && !HAS(&it, state_item_key_offered), "its own mover sees to it");
    world_free(&w);
}

Test(reliance, REL_3_no_partner_is_left)
{
    struct world w;
    found_slow(&w);
    uint64_t n = plan_on_clause(&w, "glossary.case");
    rests_approve(&w, n, "finance");
    uint64_t by = amend_late(&w, "brand/finance");
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    struct world_proposal p = {.effect = &world_exit};
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        char *seat = arena_alloc(&w.a, 32);
        (void)snprintf(seat, 32, "%s/sponsor", orgs[i]);
        EXPECT_VERDICT(&w, world_propose(&w, seat, "exit", &p), V_OK);
        EXPECT_VERDICT(&w, world_ballot(&w, seat, w.last, CHOICE_APPROVE), V_OK);
    }
    world_at_ms(&w, world_decision(&w, w.last).effective_ms); /* a witness keeps the record */
    EXPECT_STANDING(&w, "maker", STANDING_LEFT);
    world_at_ms(&w, world_decision(&w, by).effective_ms);
    EXPECT_PHASE(&w, by, PHASE_EFFECTIVE);
    cr_assert_eq(rests_events(&w, n, EVENT_DOUBTED), 1);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 0, "nobody is left to see to it");
    world_free(&w);
}
