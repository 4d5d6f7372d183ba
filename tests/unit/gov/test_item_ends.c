/* Conflicts, accepted risks, assumptions, gates, leavers: ITM-10 to ITM-20; rules 8, 26, 29, 32. */
#include <criterion/criterion.h>
#include "world_items.h"
#include "world_members.h"

TestSuite(item_ends, .timeout = 60);

static void open_conflict(struct world *w)
{
    world_found_items(w);
    EXPECT_VERDICT(w, world_item_new(w, "brand/finance", ITEM_CONFLICT, NULL),
                   V_OK); /* against maker/finance */
}

Test(item_ends, ITM_13_a_conflict_climbs_from_the_start)
{
    struct world w;
    open_conflict(&w);
    struct state_item it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(it.phase == ITEM_OPEN && it.rung == 1);
    EXPECT_TIME(time_utc(it.rung_ms), "2026-03-05T00:00:00.000Z");
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(world_item_of(&w, ITEM_CONFLICT, 1).rung, 2);
    AT(&w, "2026-03-20T00:00:00Z");
    EXPECT_ITEM(&w, ITEM_CONFLICT, 1, ITEM_MEDIATION);
    AT(&w, "2026-04-04T00:00:00Z"); /* the mediator said nothing: the default */
    it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(it.phase == ITEM_CLOSED && it.outcome == ELSE_STATUS_QUO);
    EXPECT_ITEM_EVENT(&w, ITEM_CONFLICT, 1, 0, ITEM_EVENT_DEFAULT);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_REOPEN, NULL), V_NOT_NOW);
    EXPECT_WHY(&w, "open a new one and link it");
    world_free(&w);
}

Test(item_ends, ITM_15_both_sides_concur)
{
    struct world w;
    open_conflict(&w);
    struct world_step text = {.text = true};
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_CLAIM, NULL),
                   V_REASON_NEEDED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_CONFLICT, 1, ITEM_STEP_CLAIM, &text),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_CLAIM, &text), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_VERIFY, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "distributor/finance", ITEM_CONFLICT, 1, ITEM_STEP_VERIFY, NULL),
                   V_NOT_PERMITTED);
    /* The other side says no, then yes to the next proposal. */
    EXPECT_VERDICT(&w, world_step(&w, "distributor/finance", ITEM_CONFLICT, 1, ITEM_STEP_REOPEN, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_CLAIM, &text), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    EXPECT_ITEM(&w, ITEM_CONFLICT, 1, ITEM_CLOSED);
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(w.fired, 0);
    world_free(&w);
}

Test(item_ends, ITM_13_a_claim_does_not_stop_the_ladder)
{
    struct world w;
    open_conflict(&w);
    struct world_step text = {.text = true};
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_CLAIM, &text), V_OK);
    uint64_t read = w.size;
    AT(&w, "2026-03-05T00:00:00Z");
    struct state_item it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(it.phase == ITEM_OPEN && it.rung == 2 && !HAS(&it, state_item_key_claimed_by));
    w.basis = read;
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_ESCALATE, NULL),
                   V_CHANGED_SINCE);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_ESCALATE, NULL), V_OK);
    EXPECT_ITEM(&w, ITEM_CONFLICT, 1, ITEM_MEDIATION);
    world_free(&w);
}

static void mediate(struct world *w)
{
    open_conflict(w);
    EXPECT_VERDICT(w, world_step(w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_ESCALATE, NULL), V_OK);
    EXPECT_VERDICT(w, world_step(w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_ACCEPT, NULL), V_NOT_NOW);
    EXPECT_VERDICT(w, world_step(w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_ESCALATE, NULL), V_OK);
    EXPECT_ITEM(w, ITEM_CONFLICT, 1, ITEM_MEDIATION);
    EXPECT_VERDICT(w, world_step(w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_ACCEPT, NULL), V_NOT_NOW);
    EXPECT_WHY(w, "recommended nothing yet");
    EXPECT_VERDICT(w, world_step(w, "brand/sponsor", ITEM_CONFLICT, 1, ITEM_STEP_RECOMMEND, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(w, world_step(w, "trustee/mediator", ITEM_CONFLICT, 1, ITEM_STEP_RECOMMEND, NULL), V_OK);
    EXPECT_TIME(time_utc(world_item_of(w, ITEM_CONFLICT, 1).rung_ms), "2026-03-10T00:00:00.000Z");
}

Test(item_ends, ITM_15_R32_both_accept)
{
    struct world w;
    mediate(&w);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_CONFLICT, 1, ITEM_STEP_ACCEPT, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_ACCEPT, NULL), V_OK);
    EXPECT_ITEM(&w, ITEM_CONFLICT, 1, ITEM_MEDIATION);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_DECLINE, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_ACCEPT, NULL), V_OK);
    struct state_item it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(it.phase == ITEM_CLOSED && !HAS(&it, state_item_key_outcome) && it.accepts.n == 2);
    cr_assert(span_eqs(it.accepts.v[0], "brand/finance") && span_eqs(it.accepts.v[1], "maker/finance"));
    EXPECT_ITEM_EVENT(&w, ITEM_CONFLICT, 1, 0, ITEM_EVENT_SETTLED);
    world_free(&w);
}

Test(item_ends, ITM_15_R32_one_declines_or_is_silent)
{
    struct world w;
    mediate(&w);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_CONFLICT, 1, ITEM_STEP_DECLINE, NULL), V_OK);
    struct state_item it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(it.phase == ITEM_CLOSED && it.outcome == ELSE_STATUS_QUO);
    world_free(&w);
    mediate(&w);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_ACCEPT, NULL), V_OK);
    AT(&w, "2026-03-10T00:00:00Z");
    it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(it.phase == ITEM_CLOSED && it.outcome == ELSE_STATUS_QUO, "silence declines");
    world_free(&w);
}

Test(item_ends, ITM_08_a_side_stays_with_its_organisation)
{
    struct world w;
    open_conflict(&w);
    struct world_step to = {.to = "maker/quality"};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_GIVE, &to),
                   V_NOT_PERMITTED);
    to.to = "brand/quality";
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CONFLICT, 1, ITEM_STEP_GIVE, &to), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_CONFLICT, 1, ITEM_STEP_TAKE, NULL), V_OK);
    cr_assert_eq(world_item_of(&w, ITEM_CONFLICT, 1).rung, 1);
    world_free(&w);
}

Test(item_ends, ITM_12_without_a_section_on_conflicts)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CONFLICT, NULL), V_OK);
    struct state_item_event ev = world_item_event(&w, ITEM_CONFLICT, 1, 0);
    cr_assert(span_eqs(ev.to, "steering")); /* of `short`, the first ladder by name */
    EXPECT_TIME(time_utc(ev.until_ms), "2026-03-05T00:00:00.000Z");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, NULL), V_OK); /* any category */
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_ITEM(&w, ITEM_CONFLICT, 1, ITEM_CLOSED);
    world_free(&w);
}

/* --- Risks --- */

static struct effect accept_risk(uint64_t risk, const char *until, uint64_t score)
{
    struct effect e = {.type = EFFECT_ACCEPT_RISK, .risk = risk, .until = world_day(until), .score = score};
    SET_HAS(&e, effect_key_risk);
    SET_HAS(&e, effect_key_until);
    SET_HAS(&e, effect_key_score);
    return e;
}

static enum verdict propose_effect(struct world *w, struct effect *e)
{
    struct world_proposal p = {.effect = e};
    return world_propose(w, "brand/finance", "risk-acceptance", &p);
}

Test(item_ends, ITM_11_risks_are_reviewed)
{
    struct world w;
    world_found_items(&w);
    struct world_item low = {.likelihood = 1, .impact = 2}, own = {.with = UINT64_C(1) << item_key_review};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, NULL), V_OK); /* 12: each month */
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &low), V_OK); /* 2: each quarter */
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &own), V_OK); /* each week */
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_RISK, 1).review_ms), "2026-04-03T00:00:00.000Z");
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_RISK, 2).review_ms), "2026-06-03T00:00:00.000Z");
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_RISK, 3).review_ms), "2026-03-10T00:00:00.000Z");
    AT(&w, "2026-04-03T00:00:00Z");
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 0, ITEM_EVENT_REVIEW_DUE);
    struct world_step o = {.likelihood = 2, .impact = 2};
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_RISK, 1, ITEM_STEP_REVIEW, &o), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_REVIEW, &o), V_OK);
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(item_score(&it) == 4 && !HAS(&it, state_item_key_review_due_ms));
    EXPECT_TIME(time_utc(it.review_ms), "2026-07-04T00:00:00.000Z");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ISSUE, 1, ITEM_STEP_REVIEW, &o), V_NOT_NOW);
    world_free(&w);
}

Test(item_ends, ITM_19_what_an_acceptance_must_say)
{
    struct world w;
    world_found_items(&w);
    struct effect e = accept_risk(1, "2026-05-31", 12), none = {.type = EFFECT_NONE};
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_RISK, NULL), V_OK);
    EXPECT_VERDICT(&w, propose_effect(&w, &none), V_BAD_EFFECT);
    e.score = 9;
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "R-1 has score 12, not 9");
    e = accept_risk(1, "2026-08-31", 12); /* 180 d from Monday 2 March end on 29 August */
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "until 2026-08-30T00:00:00.000Z at the longest");
    e = accept_risk(1, "2026-03-01", 12);
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_BAD_EFFECT);
    e = accept_risk(1, "2026-08-29", 12);
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_OK);
    cr_assert_eq(world_decision(&w, 1).level, 0);
    world_free(&w);
}

static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};

Test(item_ends, ITM_19_accepted_then_open_again)
{
    struct world w;
    world_found_items(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_RISK, NULL), V_OK);
    struct effect e = accept_risk(1, "2026-05-31", 12);
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_OK);
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_OK);
    world_approve(&w, 1, council);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(it.phase == ITEM_ACCEPTED && it.accepted_by == 1);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_CLAIM, NULL), V_NOT_NOW);
    world_approve(&w, 2, council); /* accepted already: what it would do cannot be done */
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    AT(&w, "2026-06-01T00:00:00Z");
    it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(it.phase == ITEM_OPEN && !HAS(&it, state_item_key_accepted_by));
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    world_free(&w);
}

Test(item_ends, ITM_19_a_high_score_is_for_steering)
{
    struct world w;
    world_found_items(&w);
    struct world_item o = {.likelihood = 3, .impact = 5};
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_RISK, &o), V_OK);
    struct effect e = accept_risk(1, "2026-05-31", 15);
    EXPECT_VERDICT(&w, propose_effect(&w, &e), V_OK);
    cr_assert_eq(world_decision(&w, 1).level, 1);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    /* The score changes: the decision passes, and its effect cannot be had. */
    struct world_step r = {.likelihood = 1, .impact = 1};
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_REVIEW, &r), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    EXPECT_ITEM(&w, ITEM_RISK, 1, ITEM_OPEN);
    world_free(&w);
}

/* --- Assumptions --- */

static void open_assumption(struct world *w)
{
    struct world_item o = {.name = "shelf-life"};
    world_found_items(w);
    EXPECT_VERDICT(w, world_item_new(w, "maker/quality", ITEM_ASSUMPTION, &o), V_OK);
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "strict", NULL), V_OK);
    EXPECT_VERDICT(w, world_propose(w, "maker/quality", "mark", NULL), V_OK);
    struct world_step l = {.link = world_link_decision(1)};
    EXPECT_VERDICT(w, world_step(w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_LINK, &l), V_OK);
}

Test(item_ends, ITM_10_R26_a_verdict_is_confirmed)
{
    struct world w;
    open_assumption(&w);
    struct world_step yes = {.finding = ASSUMED_VALIDATED};
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, NULL),
                   V_INCOMPLETE);
    EXPECT_WHY(&w, "validated, falsified or inconclusive");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, &yes), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, NULL),
                   V_INCOMPLETE);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, &yes), V_OK);
    EXPECT_ITEM(&w, ITEM_ASSUMPTION, 1, ITEM_CLOSED);
    struct item_ref action = {.type = ITEM_ACTION, .number = 1};
    struct state_item it;
    cr_assert_eq(item_get(&w.v, &w.a, &action, &it, &w.err), ST_NOTFOUND);
    world_free(&w);
}

Test(item_ends, ITM_10_R26_disagreement_is_a_conflict)
{
    struct world w;
    open_assumption(&w);
    struct world_step yes = {.finding = ASSUMED_VALIDATED}, no = {.finding = ASSUMED_FALSIFIED};
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, &yes), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, &no), V_OK);
    EXPECT_ITEM(&w, ITEM_ASSUMPTION, 1, ITEM_OPEN);
    struct state_item_event ev = world_item_event(&w, ITEM_ASSUMPTION, 1, 0);
    cr_assert(ev.type == ITEM_EVENT_DISPUTED && ev.other.type == ITEM_CONFLICT && ev.other.number == 1);
    struct state_item it = world_item_of(&w, ITEM_CONFLICT, 1);
    cr_assert(span_eqs(it.owner, "maker/quality") && span_eqs(it.item.against, "brand/finance"));
    cr_assert(it.rung == 1 && span_eqs(it.words, "the verdict on AS-1 is disputed"));
    world_free(&w);
}

Test(item_ends, ITM_18_R26_falsified)
{
    struct world w;
    open_assumption(&w);
    struct world_step no = {.finding = ASSUMED_FALSIFIED};
    uint64_t changed = world_decision(&w, 1).changed_leaf;
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, &no), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, &no), V_OK);
    /* An action for each sponsor. */
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor"};
    for (uint64_t i = 0; i < 3; i++) {
        struct state_item it = world_item_of(&w, ITEM_ACTION, i + 1);
        cr_assert(span_eqs(it.words, "review the thesis: AS-1 was falsified"));
        cr_assert(span_eqs(it.offered, sponsors[i]) && span_eqs(it.owner, "maker/quality"));
        EXPECT_TIME(time_utc(it.due_ms), "2026-04-02T00:00:00.000Z");
    }
    /* The decision that relied on it; nothing is undone. */
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert(ev.type == EVENT_DOUBTED && span_eqs(ev.words, "AS-1 was falsified"));
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_decision(&w, 1).changed_leaf, changed);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 4);
    cr_assert(span_eqs(it.words, "reaffirm, amend or supersede D-1: AS-1 was falsified"));
    cr_assert(span_eqs(it.offered, "brand/finance"), "who proposed it");
    cr_assert(it.links.n == 2 && it.links.v[1].decision == 1);
    /* Linked later, it is seen to at once; its mover owns the assumption: nobody to offer it to. */
    struct world_step l = {.link = world_link_decision(2)};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_LINK, &l), V_OK);
    cr_assert_eq(world_event(&w, 2, 0).type, EVENT_DOUBTED);
    it = world_item_of(&w, ITEM_ACTION, 5);
    cr_assert(span_eqs(it.owner, "maker/quality") && !HAS(&it, state_item_key_offered));
    world_free(&w);
}

/* --- Gates --- */

Test(item_ends, ITM_10_a_gate_opens_with_what_the_charter_says)
{
    struct world w;
    struct world_item o = {.name = "gate-national"};
    struct world_step yes = {.finding = ASSUMED_VALIDATED}, evidence = {.document = true};
    open_assumption(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_MILESTONE, &o), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_CLAIM, NULL),
                   V_INCOMPLETE);
    EXPECT_WHY(&w, "gate-national opens with");
    struct world_step links[] = {{.link = world_link_item(ITEM_ASSUMPTION, 1)},
                                 {.link = world_link_item(ITEM_CHECK, 1)},
                                 {.link = world_link_decision(2)}};
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_CHECK, NULL), V_OK);
    for (size_t i = 0; i < 3; i++)
        EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_LINK, &links[i]),
                       V_OK);
    /* Links alone are not enough: each of the three has to be so. */
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, &yes), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, &yes), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_CLAIM, NULL),
                   V_INCOMPLETE);
    EXPECT_WHY(&w, "food-safety attested");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_CHECK, 1, ITEM_STEP_CLAIM, &evidence), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_CHECK, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_CLAIM, NULL),
                   V_INCOMPLETE);
    EXPECT_WHY(&w, "mark decided");
    static const char *const quality[] = {"brand/quality", "distributor/quality", "maker/quality", NULL};
    world_approve(&w, 2, quality);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    world_free(&w);
}

/* --- Leavers --- */

Test(item_ends, ITM_20_R29_a_leaver_hands_over)
{
    struct world w;
    struct world_item far = {.owner = "maker/finance"}, own = {.due = 0};
    far.due = own.due = world_day("2026-12-31");
    world_found_items(&w);
    struct world_proposal p = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_ACTION, &own), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_ACTION, &own), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 2, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/quality", ITEM_ACTION, &own), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    uint64_t effective = world_decision(&w, 1).effective_ms;
    world_at_ms(&w, effective - 3600000);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/quality", ITEM_ISSUE, &far), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "distributor/finance", ITEM_CONFLICT, NULL), V_OK);
    world_at_ms(&w, effective);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(span_eqs(it.offered, "brand/finance"), "the chair of the body that hears conflicts first");
    it = world_item_of(&w, ITEM_ACTION, 2);
    cr_assert(it.phase == ITEM_OPEN && span_eqs(it.offered, "brand/finance") &&
              !HAS(&it, state_item_key_claimed_by));
    it = world_item_of(&w, ITEM_ACTION, 3);
    cr_assert(!HAS(&it, state_item_key_offered), "not the leaver's");
    EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 3, 0, ITEM_EVENT_OPENED);
    it = world_item_of(&w, ITEM_ISSUE, 1);
    cr_assert(span_eqs(it.owner, "brand/quality") && !HAS(&it, state_item_key_offered));
    EXPECT_ITEM_EVENT(&w, ITEM_ISSUE, 1, 0, ITEM_EVENT_LEFT);
    EXPECT_ITEM(&w, ITEM_CONFLICT, 1, ITEM_CLOSED);
    EXPECT_ITEM_EVENT(&w, ITEM_CONFLICT, 1, 0, ITEM_EVENT_LAPSED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL), V_OK);
    world_free(&w);
}
