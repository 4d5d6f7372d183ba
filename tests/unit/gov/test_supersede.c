/* A decision takes the place of one in effect: GOV-69, and what it changes of GOV-18, GOV-25, GOV-63, REL-2, REL-3 (rule 17). */
#include <criterion/criterion.h>
#include "rests.h"

TestSuite(supersede, .timeout = 60);

static void found(struct world *w)
{
    rests_begin();
    rests_found(w);
}

static struct proposal in_place_of(uint64_t n)
{
    struct proposal p = rests_proposal();
    p.supersedes = n;
    SET_HAS(&p, proposal_key_supersedes);
    return p;
}

static enum verdict supersede(struct world *w, const char *type, uint64_t n)
{
    struct proposal p = in_place_of(n);
    return rests_propose(w, "brand/finance", type, &p);
}

/* In effect since now: its number. */
static uint64_t plan(struct world *w)
{
    struct proposal p = rests_proposal();
    EXPECT_VERDICT(w, rests_propose(w, "brand/finance", "plan", &p), V_OK);
    rests_approve(w, w->last, "finance");
    EXPECT_PHASE(w, w->last, PHASE_EFFECTIVE);
    return w->last;
}

static struct state_budget given(struct world *w)
{
    struct state_budget b = {0};
    struct tkey k = tkey_budget(20454, span_str("all")); /* 2026-01-01 */
    enum status st = state_get(&w->v, &w->a, TABLE_BUDGET, &k, &state_budget_desc, &b, &w->err);
    cr_assert(st == ST_OK || st == ST_NOTFOUND);
    return b;
}

static void costs(struct proposal *p, int64_t minor)
{
    p->amount = (struct money){.minor = minor, .currency = span_str("USD")};
    SET_HAS(p, proposal_key_amount);
}

Test(supersede, GOV_69_it_takes_its_place)
{
    struct world w;
    found(&w);
    uint64_t old = plan(&w);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", old), V_CLOSED);
    EXPECT_WHY(&w, "another decision of its row can take its place (--supersedes)");
    uint64_t since = world_decision(&w, old).effective_ms, read = w.size;
    EXPECT_VERDICT(&w, supersede(&w, "plan", old), V_OK);
    uint64_t n = w.last;
    EXPECT_PHASE(&w, old, PHASE_EFFECTIVE); /* until then it stands */
    cr_assert_eq(world_decision(&w, n).supersedes, old);
    rests_approve(&w, n, "finance");
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    struct state_decision d = world_decision(&w, old);
    cr_assert(d.phase == PHASE_SUPERSEDED && d.closed_ms == w.g.time_ms && d.effective_ms == since);
    cr_assert_eq(d.changed_leaf, w.g.leaf, "GOV-4");
    struct state_event ev = world_event(&w, old, 0);
    cr_assert(ev.type == EVENT_SUPERSEDED && ev.other == n && !HAS(&ev, state_event_key_seat) && !HAS(&ev, state_event_key_id));
    w.basis = read;
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", old), V_CHANGED_SINCE);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", old), V_CLOSED);
    EXPECT_WHY(&w, "superseded since");
    EXPECT_VERDICT(&w, world_note(&w, "brand/finance", old), V_OK);
    EXPECT_VERDICT(&w, supersede(&w, "plan", n), V_OK); /* and so on */
    world_free(&w);
}

Test(supersede, GOV_69_refusals)
{
    struct world w;
    found(&w);
    struct proposal p = in_place_of(1);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "no decision D-1 to supersede");
    struct proposal open = rests_proposal();
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &open), V_OK);
    EXPECT_VERDICT(&w, supersede(&w, "plan", 1), V_NOT_NOW);
    EXPECT_WHY(&w, "D-1 is open; only what is in effect is superseded");
    rests_approve(&w, 1, "finance");
    EXPECT_VERDICT(&w, supersede(&w, "spend", 1), V_INCOMPLETE); /* GOV-59 comes first */
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/sponsor", "both", &p), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "D-1 is of the row plan");
    p.effect = world_exit;
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/sponsor", "exit", &p), V_MALFORMED);
    EXPECT_WHY(&w, "proposal.supersedes");
    EXPECT_VERDICT(&w, supersede(&w, "plan", 1), V_OK);
    rests_approve(&w, w.last, "finance");
    EXPECT_VERDICT(&w, supersede(&w, "plan", 1), V_NOT_NOW);
    EXPECT_WHY(&w, "D-1 is superseded");
    world_free(&w);
}

/* What had an effect of its own is not taken back by a decision that has none. */
Test(supersede, GOV_69_not_what_had_an_effect)
{
    struct world w;
    found(&w);
    rests_edit("case: 24 bottles", "case: 12 bottles");
    uint64_t n = rests_amend(&w, SECTION_GLOSSARY);
    struct proposal p = in_place_of(n);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "charter-policy", &p), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "an effect of its own (amend), so nothing takes its place");
    world_free(&w);
}

Test(supersede, GOV_69_a_revision_keeps_it)
{
    struct world w;
    found(&w);
    uint64_t one = plan(&w), two = plan(&w);
    EXPECT_VERDICT(&w, supersede(&w, "plan", one), V_OK);
    struct proposal p = in_place_of(two), none = rests_proposal(), same = in_place_of(one);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", w.last, &p), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "does not change which decision");
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", w.last, &none), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", w.last, &same), V_OK);
    cr_assert_eq(world_decision(&w, w.last).supersedes, one);
    world_free(&w);
}

Test(supersede, GOV_69_the_second_of_two_is_stale)
{
    struct world w;
    found(&w);
    uint64_t old = plan(&w);
    EXPECT_VERDICT(&w, supersede(&w, "plan", old), V_OK);
    uint64_t first = w.last;
    EXPECT_VERDICT(&w, supersede(&w, "plan", old), V_OK);
    uint64_t second = w.last;
    rests_approve(&w, first, "finance");
    rests_approve(&w, second, "finance");
    EXPECT_PHASE(&w, second, PHASE_STALE);
    cr_assert(span_eqs(world_event(&w, second, 0).words, "D-1 is not in effect any more"));
    struct proposal p = in_place_of(old);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", second, &p), V_NOT_NOW);
    cr_assert_eq(world_event(&w, old, 0).other, first);
    world_free(&w);
}

/* An act first in force needs no place to take when it is ratified. */
Test(supersede, GOV_69_acted_first)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    for (int i = 0; i < 2; i++) {
        EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "recall", &p), V_OK);
        if (i == 0)
            rests_approve(&w, w.last, "finance");
        p = in_place_of(1);
    }
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE); /* acting first ends nothing */
    EXPECT_VERDICT(&w, rests_propose(&w, "maker/finance", "recall", &p), V_OK);
    rests_approve(&w, 2, "finance");
    EXPECT_PHASE(&w, 1, PHASE_SUPERSEDED);
    cr_assert_neq(world_event(&w, 1, 0).type, EVENT_ENDED, "it was ratified");
    rests_approve(&w, 3, "finance");
    EXPECT_PHASE(&w, 3, PHASE_EFFECTIVE);
    cr_assert_eq(world_event(&w, 1, 0).other, 2);
    world_free(&w);
}

Test(supersede, GOV_69_its_last_day_ends_nothing_any_more)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    rests_until(&p, "2026-03-10");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_VERDICT(&w, supersede(&w, "plan", 1), V_OK);
    rests_approve(&w, 2, "finance");
    uint64_t until = world_decision(&w, 1).until_ms;
    struct tkey k = tkey_timer(until, 1, TIMER_EXPIRY);
    struct span none;
    cr_assert_eq(view_get(&w.v, TABLE_TIMER, tkey_span(&k), &none), ST_NOTFOUND);
    AT(&w, "2026-03-11T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_SUPERSEDED);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    world_free(&w);
}

/* Its last day comes before the other takes effect: there is nothing whose place it could take. */
Test(supersede, GOV_69_what_expires_first)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    rests_until(&p, "2026-03-03");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_VERDICT(&w, supersede(&w, "plan", 1), V_OK);
    AT(&w, "2026-03-04T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    rests_approve(&w, 2, "finance");
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    world_free(&w);
}

/* GOV-63: what it spent goes back when, and not before, the other takes effect; what that one spends is its own. */
Test(supersede, GOV_63_money)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    costs(&p, 70000);
    p.budget = span_str("all");
    SET_HAS(&p, proposal_key_budget);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "spend", &p), V_OK);
    rests_approve(&w, 1, "finance");
    cr_assert_eq(given(&w).spent, 70000);
    p.supersedes = 1;
    SET_HAS(&p, proposal_key_supersedes);
    costs(&p, 50000);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "spend", &p), V_OK);
    cr_assert_eq(given(&w).spent, 70000);
    rests_approve(&w, 2, "finance");
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    cr_assert(given(&w).spent == 50000 && given(&w).reserved == 0);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_reserved_from));
    /* GOV-60: nor does it count with what passed in 90 days. */
    struct state_sum s;
    struct tkey k = tkey_sum(span_str("spend"), span_str(""), span_str("USD"), d.passed_ms / 86400000);
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_SUM, &k, &state_sum_desc, &s, &w.err), ST_OK);
    cr_assert_eq(s.minor, 50000);
    world_free(&w);
}

/* No fewer decide than decided what it replaces, whatever its own amount is. */
Test(supersede, GOV_69_level_and_joint)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal(), q;
    costs(&p, 200000); /* above 1000.00: finance decides */
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/business-lead", "terms", &p), V_OK);
    cr_assert_eq(world_decision(&w, 1).level, 1);
    rests_approve(&w, 1, "finance");
    AT(&w, "2026-03-20T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    q = in_place_of(1);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/business-lead", "terms", &q), V_OK);
    cr_assert_eq(world_decision(&w, 2).level, 1);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/business-lead", 2, &q), V_OK);
    cr_assert_eq(world_decision(&w, 2).level, 1);
    rests_approve(&w, 2, "finance");
    EXPECT_PHASE(&w, 2, PHASE_PASSED);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE); /* while notice runs */
    AT(&w, "2026-04-20T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_SUPERSEDED);
    struct span affected[] = {span_str("maker")};
    p = rests_proposal();
    costs(&p, 100);
    p.affected = (struct span_list){1, affected};
    SET_HAS(&p, proposal_key_affected);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/business-lead", "tradeoff", &p), V_OK);
    cr_assert(world_decision(&w, 3).joint);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 3, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 3, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 3, PHASE_EFFECTIVE);
    q = in_place_of(3);
    costs(&q, 100);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/business-lead", "tradeoff", &q), V_INCOMPLETE); /* those affected are to be named */
    q.affected = p.affected;
    SET_HAS(&q, proposal_key_affected);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/business-lead", "tradeoff", &q), V_OK);
    cr_assert(world_decision(&w, 4).joint);
    world_free(&w);
}

/* REL-2, REL-3: what is superseded is not put in doubt any more. */
Test(supersede, REL_3_it_is_not_put_in_doubt)
{
    struct world w;
    found(&w);
    uint64_t as = rests_assume(&w);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_VERDICT(&w, supersede(&w, "plan", 1), V_OK);
    rests_approve(&w, 2, "finance");
    EXPECT_PHASE(&w, 1, PHASE_SUPERSEDED);
    rests_falsify(&w, as);
    cr_assert_eq(rests_events(&w, 1, EVENT_DOUBTED), 0);
    world_free(&w);
}
