/* Items: opening, owning, claiming, verifying, being overdue: ITM-1 to ITM-12; rules 1, 8, 14, 23. */
#include <criterion/criterion.h>
#include "world_items.h"

TestSuite(items, .timeout = 60);

static void open_action(struct world *w)
{
    world_found_items(w);
    EXPECT_VERDICT(w, world_item_new(w, "brand/finance", ITEM_ACTION, NULL), V_OK);
}

Test(items, ITM_01_ids_and_numbers_by_type)
{
    struct world w;
    open_action(&w);
    cr_assert_str_eq(item_id(ITEM_RISK, 7).s, "R-7");
    cr_assert_str_eq(item_id(ITEM_FEEDBACK, 12).s, "FB-12");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, NULL), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/finance", ITEM_ACTION, NULL), V_OK);
    cr_assert(span_eqs(world_item_of(&w, ITEM_ACTION, 2).owner, "maker/finance"));
    cr_assert(span_eqs(world_item_of(&w, ITEM_RISK, 1).owner, "brand/finance"));
    struct item_ref ref = item_of_timer(item_timer_number(ITEM_FEEDBACK, 12));
    cr_assert(ref.type == ITEM_FEEDBACK && ref.number == 12);
    cr_assert_eq(item_timer_number(ITEM_RISK, 7), (UINT64_C(1) << 56) + 7);
    world_free(&w);
}

Test(items, ITM_05_every_type_opens)
{
    struct world w;
    world_found_items(&w);
    for (enum item_type t = ITEM_RISK; t <= ITEM_FEEDBACK; t++) {
        EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", t, NULL), V_OK);
        EXPECT_ITEM(&w, t, 1, ITEM_OPEN);
        struct state_item it = world_item_of(&w, t, 1);
        cr_assert(span_eqs(it.owner, "brand/finance"), "who opens it owns it");
        cr_assert(span_eqs(it.opened_by, "brand/finance"));
    }
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_MILESTONE, 1).due_ms), "2026-04-01T00:00:00.000Z");
    /* An assumption without a date has 90 days. */
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_ASSUMPTION, 1).due_ms), "2026-06-01T00:00:00.000Z");
    world_free(&w);
}

Test(items, ITM_05_what_a_type_must_have_and_has_not)
{
    struct world w;
    world_found_items(&w);
    for (enum item_type t = ITEM_RISK; t <= ITEM_FEEDBACK; t++) {
        const struct item_type_row *row = item_type_row(t);
        for (unsigned key = 1; key < 17; key++) {
            if (key == item_key_type || key == item_key_title)
                continue;
            struct world_item o = {.without = UINT64_C(1) << key}, more = {.with = UINT64_C(1) << key};
            if ((row->must >> key & 1) != 0) {
                EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", t, &o), V_INCOMPLETE);
                EXPECT_WHY(&w, "needs its");
            }
            if (!item_key_allowed(row, key)) {
                EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", t, &more), V_MALFORMED);
                EXPECT_WHY(&w, "has none");
            }
        }
    }
    world_free(&w);
}

Test(items, ITM_05_refusals)
{
    static const struct charter_share wrong[] = {{.org = {(const uint8_t *)"brand", 5}, .percent = 40},
                                                 {.org = {(const uint8_t *)"maker", 5}, .percent = 50}};
    static const struct charter_share twice[] = {{.org = {(const uint8_t *)"maker", 5}, .percent = 50},
                                                 {.org = {(const uint8_t *)"brand", 5}, .percent = 50}};
    struct world w;
    world_found_items(&w);
    struct world_item o = {.due = world_day("2026-03-01")};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_MALFORMED);
    EXPECT_WHY(&w, "that day ended at 2026-03-02T00:00:00");
    o = (struct world_item){.due = world_day("2026-03-02")}; /* today: until its end */
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    o = (struct world_item){.owner = "maker/chef"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_NO_SUCH_OBJECT);
    o = (struct world_item){.owner = "trustee/mediator"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_NO_SUCH_OBJECT);
    o = (struct world_item){.owner = "brand/finance"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_NOT_PERMITTED);
    o = (struct world_item){.owner = "brand/quality"}; /* a request is owed by another partner */
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_REQUEST, &o), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    o = (struct world_item){.against = "brand/quality"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CONFLICT, &o), V_NOT_PERMITTED);
    o = (struct world_item){.category = "weather"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "no risk category weather");
    o = (struct world_item){.sharing = wrong, .n_sharing = 2};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_MALFORMED);
    EXPECT_WHY(&w, "adds up to 90 percent");
    o.sharing = twice;
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_MALFORMED);
    EXPECT_WHY(&w, "ascending");
    o = (struct world_item){.name = "privacy"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CHECK, &o), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "section compliance has no privacy");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_TRAINING, &o), V_NO_SUCH_OBJECT);
    o = (struct world_item){.link = world_link_decision(9)};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, &o), V_NO_SUCH_OBJECT);
    o.link.has = 0;
    o.with = UINT64_C(1) << item_key_links;
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, &o), V_MALFORMED);
    world_free(&w);
}

Test(items, ITM_05_who_is_no_partner_opens_findings_and_requests)
{
    struct world w;
    world_found_items(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "trustee/mediator", ITEM_RISK, NULL), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "open findings and requests");
    EXPECT_VERDICT(&w, world_item_new(&w, "trustee/mediator", ITEM_FINDING, NULL), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "trustee/mediator", ITEM_REQUEST, NULL), V_OK);
    world_free(&w);
}

Test(items, ITM_10_done_when_another_partner_has_looked)
{
    struct world w;
    open_action(&w);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "its owner brand/finance does this, not maker/quality");
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_CLAIMED);
    /* Rule 8: never both sides of claim and verify, nor a colleague. */
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "a seat of another partner than brand");
    EXPECT_VERDICT(&w, world_step(&w, "trustee/mediator", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert_eq(it.phase, ITEM_CLOSED);
    cr_assert(span_eqs(it.claimed_by, "brand/finance"));
    cr_assert(span_eqs(it.verified_by, "maker/quality"));
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_CLOSED);
    /* Not done after all: any partner reopens it, and says why. */
    EXPECT_VERDICT(&w, world_step(&w, "trustee/mediator", ITEM_ACTION, 1, ITEM_STEP_REOPEN, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert_eq(it.phase, ITEM_OPEN);
    cr_assert(!HAS(&it, state_item_key_verified_by) && !HAS(&it, state_item_key_claimed_by));
    world_free(&w);
}

Test(items, ITM_10_some_types_are_done_by_claim)
{
    static const enum item_type by_claim[] = {ITEM_LESSON, ITEM_OPPORTUNITY, ITEM_FEEDBACK};
    struct world w;
    world_found_items(&w);
    for (size_t i = 0; i < ARRAY_LEN(by_claim); i++) {
        EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", by_claim[i], NULL), V_OK);
        EXPECT_VERDICT(&w, world_step(&w, "brand/finance", by_claim[i], 1, ITEM_STEP_CLAIM, NULL), V_OK);
        EXPECT_ITEM(&w, by_claim[i], 1, ITEM_CLOSED);
    }
    world_free(&w);
}

Test(items, ITM_07_keys_of_a_step)
{
    struct world w;
    open_action(&w);
    struct world_step o = {.with = UINT64_C(1) << item_move_key_to};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, &o), V_MALFORMED);
    EXPECT_WHY(&w, "item_move.to: to claim A-1 has none");
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_GIVE, NULL), V_INCOMPLETE);
    struct item_move r = {.item = {.type = ITEM_ACTION, .number = 1}, .step = ITEM_STEP_REOPEN};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_ITEM_MOVE, &item_move_desc, &r),
                   V_REASON_NEEDED);
    o = (struct world_step){.finding = ASSUMED_VALIDATED};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, &o), V_MALFORMED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 2, ITEM_STEP_CLAIM, NULL),
                   V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no item A-2");
    world_free(&w);
}

Test(items, ITM_03_R01_steps_do_not_commute_links_do)
{
    struct world w;
    open_action(&w);
    uint64_t read = w.size;
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    w.basis = read;
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL),
                   V_CHANGED_SINCE);
    EXPECT_WHY(&w, "A-1 changed at leaf");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, NULL), V_OK);
    struct world_step o = {.link = world_link_item(ITEM_RISK, 1)};
    uint64_t again = w.size;
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_LINK, &o), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_LINK, &o), V_DUPLICATE);
    w.basis = again;
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    w.basis = read; /* a link needs no newer basis, and no open item */
    o.link = (struct item_link){.clause = span_str("thesis.scope")};
    SET_HAS(&o.link, item_link_key_clause);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_LINK, &o), V_OK);
    o.link = world_link_item(ITEM_ACTION, 1);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_LINK, &o), V_NOT_PERMITTED);
    cr_assert_eq(world_item_of(&w, ITEM_ACTION, 1).links.n, 2);
    world_free(&w);
}

Test(items, ITM_07_links_have_a_limit)
{
    struct world w;
    open_action(&w);
    for (uint64_t i = 1; i <= 33; i++) {
        EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_LESSON, NULL), V_OK);
        struct world_step o = {.link = world_link_item(ITEM_LESSON, i)};
        EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_LINK, &o),
                       i <= 32 ? V_OK : V_TOO_MANY);
    }
    world_free(&w);
}

Test(items, ITM_08_ownership_is_accepted)
{
    struct world w;
    open_action(&w);
    struct world_step o = {.to = "brand/finance"};
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_GIVE, &o), V_NOT_PERMITTED);
    o.to = "trustee/mediator";
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_GIVE, &o), V_NO_SUCH_OBJECT);
    o.to = "maker/finance";
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_GIVE, &o), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_GIVE, &o), V_OK);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(span_eqs(it.owner, "brand/finance"), "not before it is taken");
    EXPECT_TIME(time_utc(it.offer_ms), "2026-03-10T00:00:00.000Z"); /* 5 bd after Monday */
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL), V_OK);
    it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(span_eqs(it.owner, "maker/finance") && !HAS(&it, state_item_key_offered));
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL),
                   V_NOT_PERMITTED);
    AT(&w, "2026-03-10T00:00:00Z");
    cr_assert_eq(w.fired, 0);
    world_free(&w);
}

Test(items, ITM_08_R23_what_nobody_takes_climbs)
{
    struct world w;
    world_found_items(&w);
    struct world_item o = {.owner = "maker/finance"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    AT(&w, "2026-03-10T00:00:00Z");
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(span_eqs(it.owner, "brand/finance"), "the old owner keeps it");
    cr_assert(!HAS(&it, state_item_key_offered) && !HAS(&it, state_item_key_overdue_ms));
    EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 1, 1, ITEM_EVENT_NOT_TAKEN);
    EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 1, 0, ITEM_EVENT_ESCALATED);
    cr_assert_eq(it.rung, 1);
    cr_assert(span_eqs(world_item_event(&w, ITEM_ACTION, 1, 0).to, "council"),
              "first of the section conflicts");
    EXPECT_TIME(time_utc(it.rung_ms), "2026-03-13T00:00:00.000Z"); /* 2 bd after Tuesday */
    AT(&w, "2026-03-13T00:00:00Z");
    it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert_eq(it.rung, 2);
    cr_assert(span_eqs(world_item_event(&w, ITEM_ACTION, 1, 0).to, "steering"));
    /* Given and taken, it climbs no more. */
    struct world_step to = {.to = "maker/quality"};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_GIVE, &to), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL), V_OK);
    it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(it.rung == 0 && !HAS(&it, state_item_key_rung_ms));
    world_free(&w);
}

Test(items, ITM_12_R23_overdue_once_and_the_flag_stays)
{
    struct world w;
    struct world_item o = {.due = 0};
    world_found_items(&w);
    o.due = world_day("2026-03-04");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_MILESTONE, &o), V_OK);
    AT(&w, "2026-03-04T23:59:59.999Z");
    cr_assert_eq(w.fired, 0);
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(w.fired, 1);
    struct state_item it = world_item_of(&w, ITEM_MILESTONE, 1);
    cr_assert(item_is_overdue(&it) && it.phase == ITEM_OPEN && it.rung == 1);
    EXPECT_ITEM_EVENT(&w, ITEM_MILESTONE, 1, 1, ITEM_EVENT_OVERDUE);
    AT(&w, "2026-03-10T00:00:00Z"); /* council had 2 bd from Thursday */
    cr_assert_eq(world_item_of(&w, ITEM_MILESTONE, 1).rung, 2);
    AT(&w, "2026-03-25T00:00:00Z"); /* steering 10 bd; the mediator's rung is for conflicts */
    it = world_item_of(&w, ITEM_MILESTONE, 1);
    cr_assert(it.rung == 2 && !HAS(&it, state_item_key_rung_ms) && it.phase == ITEM_OPEN);
    cr_assert(world_is_idle(&w));
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_MILESTONE, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    it = world_item_of(&w, ITEM_MILESTONE, 1);
    cr_assert(item_is_overdue(&it), "the flag stays");
    world_free(&w);
}

Test(items, ITM_12_claimed_in_time_is_not_overdue)
{
    struct world w;
    open_action(&w);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    AT(&w, "2026-04-01T00:00:00Z");
    cr_assert_eq(w.fired, 0);
    /* Not done, says the other partner: now it is. */
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    AT(&w, "2026-04-01T01:00:00Z");
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(item_is_overdue(&it) && it.rung == 1);
    /* Claimed, the ladder stops; reopened, its rung has a fresh clock. */
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(!HAS(&it, state_item_key_rung_ms) && it.rung == 1);
    AT(&w, "2026-04-10T00:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_ACTION, 1).rung_ms), "2026-04-15T00:00:00.000Z");
    world_free(&w);
}

Test(items, ITM_07_escalated_by_hand)
{
    struct world w;
    open_action(&w);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_ESCALATE, NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_ESCALATE, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_ESCALATE, NULL), V_OK);
    cr_assert_eq(world_item_of(&w, ITEM_ACTION, 1).rung, 2);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ACTION, 1, ITEM_STEP_ESCALATE, NULL), V_NOT_NOW);
    EXPECT_WHY(&w, "no further rung");
    world_free(&w);
}

Test(items, ITM_10_the_first_baseline_stays)
{
    struct world w;
    world_found_items(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_MILESTONE, NULL), V_OK);
    struct world_step o = {.due = world_day("2026-03-01")};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_REBASE, &o), V_MALFORMED);
    o.due = world_day("2026-04-15");
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_MILESTONE, 1, ITEM_STEP_REBASE, &o),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_REBASE, &o), V_OK);
    o.due = world_day("2026-05-15");
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_REBASE, &o), V_OK);
    struct state_item it = world_item_of(&w, ITEM_MILESTONE, 1);
    EXPECT_TIME(time_utc(it.first_due_ms), "2026-04-01T00:00:00.000Z");
    EXPECT_TIME(time_utc(it.due_ms), "2026-05-16T00:00:00.000Z");
    cr_assert_eq(it.rebased, 2);
    AT(&w, "2026-05-16T00:00:00Z");
    it = world_item_of(&w, ITEM_MILESTONE, 1);
    cr_assert(item_is_overdue(&it) && it.rung == 1);
    /* A new date after that: the ladder ends, what was missed stays on record. */
    o.due = world_day("2026-06-15");
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_MILESTONE, 1, ITEM_STEP_REBASE, &o), V_OK);
    it = world_item_of(&w, ITEM_MILESTONE, 1);
    cr_assert(!item_is_overdue(&it) && it.rung == 0 && HAS(&it, state_item_key_overdue_ms));
    AT(&w, "2026-06-16T00:00:00Z");
    it = world_item_of(&w, ITEM_MILESTONE, 1);
    cr_assert(item_is_overdue(&it));
    world_free(&w);
}

Test(items, ITM_07_who_asked_sets_the_date_of_a_request)
{
    struct world w;
    world_found_items(&w);
    struct world_step o = {.due = world_day("2026-04-15")};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_REQUEST, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_REQUEST, 1, ITEM_STEP_TAKE, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_REQUEST, 1, ITEM_STEP_REBASE, &o),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_REQUEST, 1, ITEM_STEP_REBASE, &o), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_REQUEST, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_REQUEST, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    world_free(&w);
}

Test(items, ITM_10_ITM_16_a_control_is_attested_again_and_again)
{
    struct world w;
    world_found_items(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CHECK, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CHECK, 1, ITEM_STEP_CLAIM, NULL),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "does not attest the control food-safety");
    struct world_step to = {.to = "brand/quality"}, evidence = {.document = true};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_CHECK, 1, ITEM_STEP_GIVE, &to), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_CHECK, 1, ITEM_STEP_TAKE, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_CHECK, 1, ITEM_STEP_CLAIM, NULL), V_INCOMPLETE);
    EXPECT_WHY(&w, "needs evidence");
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_CHECK, 1, ITEM_STEP_CLAIM, &evidence), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_CHECK, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    struct state_item it = world_item_of(&w, ITEM_CHECK, 2);
    cr_assert(span_eqs(it.owner, "brand/quality") && span_eqs(it.words, "food-safety is due again"));
    cr_assert(!HAS(&it, state_item_key_opened_by) && !HAS(&it, state_item_key_id));
    EXPECT_TIME(time_utc(it.due_ms), "2026-05-01T00:00:00.000Z"); /* a month after 31 March */
    cr_assert(it.links.n == 1 && it.links.v[0].item.number == 1);
    world_free(&w);
}

/* 5 bd, and no block in them: a minute late is late; one that saw a block has late-after. */
Test(items, GOV_T2_an_offer_in_which_nothing_was_seen)
{
    for (int seen = 0; seen < 2; seen++) {
        struct world w;
        struct world_item o = {.owner = "maker/finance"};
        world_found_items(&w);
        EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
        uint64_t until = world_item_of(&w, ITEM_ACTION, 1).offer_ms;
        if (seen)
            world_at_ms(&w, until - 1);
        world_at_ms(&w, until + 60001);
        EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 1, 0, seen ? ITEM_EVENT_ESCALATED : ITEM_EVENT_DEFERRED);
        world_free(&w);
    }
}

Test(items, GOV_T2_a_halt_defers_offers_and_rungs_not_due_dates)
{
    struct world w;
    struct world_item o = {.owner = "maker/finance"};
    world_found_items(&w);
    o.due = world_day("2026-03-09");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    AT(&w, "2026-03-10T01:00:00.001Z"); /* Tuesday; both were due at 00:00 */
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    cr_assert(item_is_overdue(&it), "a due date is no silence");
    EXPECT_TIME(time_utc(it.offer_ms), "2026-03-12T00:00:00.000Z");
    cr_assert(HAS(&it, state_item_key_offered));
    struct query_halts h;
    cr_assert_eq(query_halts(&w.v, 0, 10, &w.a, &h, &w.err), ST_OK);
    cr_assert(h.list.n == 1 && h.list.v[0].halt.moved == 1);
    /* Its rung was set by that block: 2 bd from Tuesday. */
    EXPECT_TIME(time_utc(it.rung_ms), "2026-03-13T00:00:00.000Z");
    AT(&w, "2026-03-13T02:00:00Z"); /* another halt */
    it = world_item_of(&w, ITEM_ACTION, 1);
    EXPECT_TIME(time_utc(it.rung_ms), "2026-03-17T00:00:00.000Z");
    EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 1, 0, ITEM_EVENT_DEFERRED);
    /* Deferring changes nothing that people decided upon. */
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL), V_OK);
    world_free(&w);
}
