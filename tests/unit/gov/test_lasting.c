/* Last days, and sections to be reaffirmed: GOV-67, GOV-68, and what they change of GOV-18, GOV-25, GOV-27, GOV-65. */
#include <criterion/criterion.h>
#include "rests.h"

TestSuite(lasting, .timeout = 60);

static void found(struct world *w)
{
    rests_begin();
    rests_found(w);
}

static void found_with_row(struct world *w, const char *row)
{
    rests_begin();
    rests_add_row(row);
    rests_found(w);
}

static struct proposal until(const char *date)
{
    struct proposal p = rests_proposal();
    rests_until(&p, date);
    return p;
}

static enum verdict propose(struct world *w, const char *type, const char *date)
{
    struct proposal p = until(date);
    return rests_propose(w, "brand/finance", type, &p);
}

/* A plan until that day, in effect since now: its number. */
static uint64_t lasting(struct world *w, const char *date)
{
    EXPECT_VERDICT(w, propose(w, "plan", date), V_OK);
    uint64_t n = w->last;
    rests_approve(w, n, "finance");
    EXPECT_PHASE(w, n, PHASE_EFFECTIVE);
    return n;
}

static bool timer_at(struct world *w, uint64_t at_ms, uint64_t n, enum timer_kind kind)
{
    struct tkey k = tkey_timer(at_ms, n, kind);
    struct span none;
    return view_get(&w->v, TABLE_TIMER, tkey_span(&k), &none) == ST_OK;
}

/* --- What is refused --- */

Test(lasting, GOV_67_only_a_decision_without_an_effect_has_a_last_day)
{
    struct world w;
    found(&w);
    struct proposal p = until("2026-06-30");
    p.effect = world_exit;
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/sponsor", "exit", &p), V_MALFORMED);
    EXPECT_WHY(&w, "proposal.until");
    EXPECT_VERDICT(&w, propose(&w, "plan", "2026-06-30"), V_OK);
    world_free(&w);
}

Test(lasting, GOV_67_the_row_wants_one)
{
    struct world w;
    found(&w);
    struct proposal p = rests_proposal();
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "lasting", &p), V_INCOMPLETE);
    EXPECT_VERDICT(&w, propose(&w, "lasting", "2026-05-31"), V_OK); /* 90 d from 2 March */
    EXPECT_VERDICT(&w, propose(&w, "lasting", "2026-06-01"), V_NOT_PERMITTED);
    struct proposal q = until("2026-06-01");
    AT(&w, "2026-03-02T23:59:50Z");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "lasting", &q), V_NOT_PERMITTED);
    AT(&w, "2026-03-03T00:00:00Z"); /* the next day it counts from there */
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "lasting", &q), V_OK);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &q), V_OK);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_INCOMPLETE);
    world_free(&w);
}

Test(lasting, GOV_67_the_day_is_not_over)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, propose(&w, "plan", "2026-03-01"), V_MALFORMED);
    EXPECT_VERDICT(&w, propose(&w, "plan", "2026-03-02"), V_OK); /* today has not ended */
    EXPECT_TIME(time_utc(world_decision(&w, 1).until_ms), "2026-03-03T00:00:00.000Z");
    AT(&w, "2026-03-03T00:00:00Z");
    EXPECT_VERDICT(&w, propose(&w, "plan", "2026-03-02"), V_MALFORMED);
    world_free(&w);
}

Test(lasting, GOV_67_the_furthest_day_there_is)
{
    struct world w;
    found(&w);
    struct proposal p = until("2026-05-31");
    p.until = 100000;
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "lasting", &p), V_NOT_PERMITTED);
    world_free(&w);
}

Test(lasting, GOV_67_a_longest_that_has_no_end)
{
    struct world w;
    found_with_row(&w, "  age: {owner: council, approve: each partner 1 of council, sla: 10 bd, longest: 100000 months}\n");
    EXPECT_VERDICT(&w, propose(&w, "age", "2026-05-31"), V_OK); /* past the year 9999: any day is before that */
    world_free(&w);
}

Test(lasting, GOV_07_longest_on_a_row_with_an_effect_of_its_own)
{
    static const char *const rows[] = {"upgrade", "removal"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        char find[32], put[64];
        rests_begin();
        (void)snprintf(find, sizeof find, "  %s: {", rows[i]);
        (void)snprintf(put, sizeof put, "  %s: {longest: 90 d, ", rows[i]);
        rests_edit(find, put);
        rests_found(&w);
        struct effect e = {.type = EFFECT_REMOVE};
        struct world_proposal p = {.effect = &e, .partner = "maker"};
        EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", rows[i], &p), V_NOT_SUPPORTED);
        world_free(&w);
    }
    struct world w;
    found_with_row(&w, "  data-sharing: {owner: council, approve: each partner 1 of council, sla: 10 bd, longest: 90 d}\n");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", "2026-05-31"), V_NOT_SUPPORTED);
    world_free(&w);
}

Test(lasting, GOV_07_longest_with_act_first)
{
    struct world w;
    found_with_row(&w, "  stopgap: {owner: council, act-first: true, approve: each partner 1 of */finance, sla: 2 bd, longest: 30 d}\n");
    EXPECT_VERDICT(&w, propose(&w, "stopgap", "2026-03-20"), V_OK);
    world_free(&w);
}

/* --- Expiring --- */

Test(lasting, GOV_67_it_expires)
{
    struct world w;
    found(&w);
    uint64_t n = lasting(&w, "2026-03-10");
    struct state_decision d = world_decision(&w, n);
    uint64_t since = d.effective_ms;
    EXPECT_TIME(time_utc(d.until_ms), "2026-03-11T00:00:00.000Z");
    cr_assert(timer_at(&w, d.until_ms, n, TIMER_EXPIRY));
    uint64_t read = w.size;
    AT(&w, "2026-03-10T23:59:59Z");
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    AT(&w, "2026-03-11T00:00:00Z");
    d = world_decision(&w, n);
    cr_assert(d.phase == PHASE_EXPIRED && d.closed_ms == w.g.time_ms && d.effective_ms == since);
    struct state_event ev = world_event(&w, n, 0);
    cr_assert(ev.type == EVENT_EXPIRED && !HAS(&ev, state_event_key_seat) && ev.leaf == w.g.leaf);
    cr_assert_eq(d.changed_leaf, w.g.leaf, "GOV-4");
    cr_assert(!timer_at(&w, d.until_ms, n, TIMER_EXPIRY));
    w.basis = read;
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", n), V_CHANGED_SINCE);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", n), V_CLOSED);
    struct proposal p = until("2026-04-30");
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", n, &p), V_CLOSED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", n, CHOICE_APPROVE), V_CLOSED);
    EXPECT_VERDICT(&w, world_note(&w, "brand/finance", n), V_OK);
    world_free(&w);
}

Test(lasting, GOV_67_a_decision_without_a_last_day_stays)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    rests_approve(&w, 1, "finance");
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_until_ms));
    AT(&w, "2027-03-11T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(lasting, GOV_67_what_it_spent_stays_spent)
{
    struct world w;
    found(&w);
    struct proposal p = until("2026-03-10");
    p.amount = (struct money){.minor = 70000, .currency = span_str("USD")};
    p.budget = span_str("all");
    SET_HAS(&p, proposal_key_amount);
    SET_HAS(&p, proposal_key_budget);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "spend", &p), V_OK);
    rests_approve(&w, 1, "finance");
    AT(&w, "2026-03-11T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(HAS(&d, state_decision_key_reserved_from)); /* and gov_check adds it up */
    world_free(&w);
}

Test(lasting, GOV_67_a_halt_does_not_prolong_it)
{
    struct world w;
    found(&w);
    uint64_t n = lasting(&w, "2026-03-10");
    struct world_proposal p = {.currency = "USD", .minor = 5, .budget = "all"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "spend", &p), V_OK);
    AT(&w, "2026-03-20T12:00:00Z"); /* the ledger stood still */
    EXPECT_PHASE(&w, n, PHASE_EXPIRED);
    cr_assert_eq(world_event(&w, w.last, 0).type, EVENT_DEFERRED, "what waits for people is moved");
    cr_assert_eq(rests_events(&w, n, EVENT_DEFERRED), 0);
    world_free(&w);
}

Test(lasting, GOV_67_many_at_once)
{
    struct world w;
    found(&w);
    w.unwatched = true;
    for (int i = 0; i < 260; i++)
        (void)lasting(&w, "2026-03-10");
    AT(&w, "2026-03-11T00:00:00Z");
    cr_assert(w.more && w.fired == 256);
    AT(&w, "2026-03-11T00:00:01Z");
    cr_assert(!w.more);
    EXPECT_PHASE(&w, 260, PHASE_EXPIRED);
    world_free(&w);
}

/* --- Over before it took effect --- */

Test(lasting, GOV_25_the_last_day_passes_during_notice)
{
    struct world w;
    found_with_row(&w, "  slow: {owner: council, approve: each partner 1 of council, sla: 10 bd, notice: 5 bd}\n");
    EXPECT_VERDICT(&w, propose(&w, "slow", "2026-03-05"), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_PASSED);
    AT(&w, "2026-03-06T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_PASSED);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    cr_assert_str_eq(rests_words(&w, 1, EVENT_STALE), "its last day has passed");
    struct proposal p = until("2026-03-06");
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_MALFORMED);
    p = until("2026-03-31");
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_OK);
    EXPECT_TIME(time_utc(world_decision(&w, 1).until_ms), "2026-04-01T00:00:00.000Z");
    rests_approve(&w, 1, "finance");
    world_at_ms(&w, world_decision(&w, 1).effective_ms);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    AT(&w, "2026-04-01T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    world_free(&w);
}

Test(lasting, GOV_25_notice_that_ends_with_the_last_day_is_too_late)
{
    struct world w;
    found_with_row(&w, "  slow: {owner: council, approve: each partner 1 of council, sla: 10 bd, notice: 2 bd}\n");
    EXPECT_VERDICT(&w, propose(&w, "slow", "2026-03-04"), V_OK);
    rests_approve(&w, 1, "finance");
    cr_assert_eq(world_decision(&w, 1).effective_ms, world_decision(&w, 1).until_ms);
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    AT(&w, "2026-03-13T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_LAPSED);
    world_free(&w);
}

Test(lasting, GOV_67_it_would_pass_after_its_last_day)
{
    struct world w;
    found(&w);
    struct proposal p = until("2026-03-03");
    p.amount = (struct money){.minor = 70000, .currency = span_str("USD")};
    p.budget = span_str("all");
    SET_HAS(&p, proposal_key_amount);
    SET_HAS(&p, proposal_key_budget);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "spend", &p), V_OK);
    AT(&w, "2026-03-04T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(rests_events(&w, 1, EVENT_PASSED) == 0 && !HAS(&d, state_decision_key_passed_ms) && !HAS(&d, state_decision_key_reserved_from),
              "it does not pass, and closes no counter");
    world_free(&w);
}

Test(lasting, GOV_18_a_revision_may_drop_or_move_the_last_day)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, propose(&w, "plan", "2026-03-10"), V_OK);
    struct proposal p = rests_proposal();
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_OK);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_until_ms));
    p = until("2026-03-12");
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_OK);
    EXPECT_TIME(time_utc(world_decision(&w, 1).until_ms), "2026-03-13T00:00:00.000Z");
    rests_approve(&w, 1, "finance");
    AT(&w, "2026-03-13T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    world_free(&w);
}

Test(lasting, GOV_55_the_last_day_that_a_mediator_recommends)
{
    struct world w;
    found(&w);
    struct proposal p = until("2026-04-30");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "lasting", &p), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_ESCALATE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_ESCALATE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    struct proposal none = rests_proposal(), far = until("2026-06-02"), q = until("2026-03-31");
    EXPECT_VERDICT(&w, rests_recommend(&w, "trustee/mediator", 1, &none), V_INCOMPLETE);
    EXPECT_VERDICT(&w, rests_recommend(&w, "trustee/mediator", 1, &far), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, rests_recommend(&w, "trustee/mediator", 1, &q), V_OK);
    EXPECT_TIME(time_utc(world_decision(&w, 1).until_ms), "2026-05-01T00:00:00.000Z");
    rests_approve(&w, 1, "sponsor");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_TIME(time_utc(world_decision(&w, 1).until_ms), "2026-04-01T00:00:00.000Z");
    world_free(&w);
}

/* --- Acting first --- */

Test(lasting, GOV_65_one_that_expires_was_ratified)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, propose(&w, "recall", "2026-03-10"), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    AT(&w, "2026-03-11T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(HAS(&d, state_decision_key_acted_ms) && rests_events(&w, 1, EVENT_ENDED) == 0);
    world_free(&w);
}

Test(lasting, GOV_67_acted_first_it_is_ratified_after_its_last_day)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, propose(&w, "recall", "2026-03-02"), V_OK);
    AT(&w, "2026-03-03T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_at_ms(&w, w.g.time_ms + 1000); /* in the next block */
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    cr_assert_eq(rests_events(&w, 1, EVENT_ENDED), 0, "it was ratified");
    world_free(&w);
}

/* --- Pinned --- */

Test(lasting, GOV_67_the_row_is_pinned)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, propose(&w, "lasting", "2026-05-31"), V_OK);
    rests_edit("longest: 90 d", "longest: 10 d");
    (void)rests_amend(&w, SECTION_DECISIONS);
    struct proposal p = until("2026-05-31");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "lasting", &p), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, rests_revise(&w, "brand/finance", 1, &p), V_OK);
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

/* --- GOV-68 --- */

static void found_pivot(struct world *w)
{
    found_with_row(w, "  pivot: {owner: [council, steering], approve: each partner 1 of steering, sla: 10 bd, reaffirms: thesis}\n");
}

Test(lasting, GOV_68_each_sponsor_is_asked_to_reaffirm)
{
    struct world w;
    found_pivot(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "pivot", NULL), V_OK);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 0);
    rests_approve(&w, 1, "sponsor");
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 3);
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor"};
    for (uint64_t i = 0; i < 3; i++) {
        struct state_item it = world_item_of(&w, ITEM_ACTION, 1 + i);
        EXPECT_WORDS(it, "reaffirm or amend the thesis: D-1 took effect");
        cr_assert(span_eqs(it.owner, "brand/finance") && span_eqs(it.offered, sponsors[i]) && it.links.n == 2);
        cr_assert(rests_links_decision(&it, 1) && rests_links_clause(&it, "thesis"));
        EXPECT_TIME(time_utc(it.due_ms), "2026-04-02T00:00:00.000Z");
        struct state_item_event ev = world_item_event(&w, ITEM_ACTION, 1 + i, 1);
        cr_assert(ev.type == ITEM_EVENT_OPENED && !HAS(&ev, state_item_event_key_seat) && ev.leaf == w.g.leaf);
    }
    world_free(&w);
}

Test(lasting, GOV_68_no_offer_to_the_mover_itself)
{
    struct world w;
    found_pivot(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "pivot", NULL), V_OK);
    rests_approve(&w, 1, "sponsor");
    struct state_item it = rests_action(&w, 0), other = rests_action(&w, 1);
    cr_assert(span_eqs(it.owner, "maker/sponsor") && !HAS(&it, state_item_key_offered));
    cr_assert(span_eqs(other.owner, "maker/sponsor") && span_eqs(other.offered, "distributor/sponsor"));
    world_free(&w);
}

Test(lasting, GOV_68_the_movers_partner_has_left)
{
    struct world w;
    found_with_row(&w, "  pivot: {owner: council, approve: each partner 1 of steering, sla: 10 bd, notice: 80 bd, reaffirms: thesis}\n");
    EXPECT_VERDICT(&w, world_propose(&w, "distributor/finance", "pivot", NULL), V_OK);
    rests_approve(&w, 1, "sponsor");
    rests_leave(&w, "distributor");
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 0);
    world_at_ms(&w, world_decision(&w, 1).effective_ms);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 2);
    struct state_item first = rests_action(&w, 1), last = rests_action(&w, 0);
    cr_assert(span_eqs(first.owner, "brand/sponsor") && !HAS(&first, state_item_key_offered));
    cr_assert(span_eqs(last.owner, "maker/sponsor") && !HAS(&last, state_item_key_offered));
    world_free(&w);
}

Test(lasting, GOV_68_not_when_it_becomes_stale_nor_when_it_expires)
{
    struct world w;
    found_pivot(&w);
    EXPECT_VERDICT(&w, propose(&w, "pivot", "2026-03-02"), V_OK);
    AT(&w, "2026-03-03T00:00:00Z");
    rests_approve(&w, 1, "sponsor");
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 0);
    EXPECT_VERDICT(&w, propose(&w, "pivot", "2026-03-04"), V_OK);
    rests_approve(&w, 2, "sponsor");
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 3);
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 2, PHASE_EXPIRED);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 3);
    world_free(&w);
}

Test(lasting, GOV_68_after_what_follows_from_an_admission)
{
    struct world w;
    rests_begin();
    rests_edit("  admission: {", "  admission: {reaffirms: thesis, ");
    rests_found(&w);
    struct fixture_card card;
    world_joined(&w, "newco", &card, false);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 4, "the new partner is asked too");
    struct state_item it = rests_action(&w, 0);
    cr_assert(span_eqs(it.offered, "newco/sponsor"));
    world_free(&w);
}

Test(lasting, GOV_68_after_what_follows_from_a_leaving)
{
    struct world w;
    rests_begin();
    rests_edit("  exit: {owner", "  exit: {reaffirms: thesis, owner");
    rests_found(&w);
    rests_leave(&w, "distributor");
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 2);
    struct state_item first = rests_action(&w, 1), last = rests_action(&w, 0);
    cr_assert(span_eqs(first.owner, "brand/sponsor") && span_eqs(last.owner, "maker/sponsor"));
    world_free(&w);
}

Test(lasting, GOV_68_pinned_anew_when_a_partner_joins)
{
    struct world w;
    rests_begin();
    rests_edit("  charter-core: {", "  charter-core: {reaffirms: thesis, ");
    rests_found(&w);
    rests_edit("to: 2030-12-31", "to: 2031-12-31");
    struct span body = rests_body(&w, SECTION_TERM);
    uint64_t n = rests_propose_amendment(&w, SECTION_TERM, body);
    struct fixture_card card;
    world_newcomer(&w, "newco", &card);
    struct effect e = world_admit(&w, &card, ROLE_PARTNER);
    struct world_proposal p = {.effect = &e};
    (void)world_effective(&w, "admission", &p);
    EXPECT_PHASE(&w, n, PHASE_STALE);
    struct world_proposal again = {.section = SECTION_TERM, .body = body, .base = 1};
    EXPECT_VERDICT(&w, world_revise(&w, "brand/sponsor", n, &again), V_OK);
    rests_approve(&w, n, "sponsor");
    EXPECT_VERDICT(&w, world_ballot(&w, "newco/sponsor", n, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 4, "the row still says so");
    world_free(&w);
}
