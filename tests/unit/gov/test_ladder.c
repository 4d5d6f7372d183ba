/* Deadlines, ladders, mediation, defaults and halts: rules 3, 4, 12, 13, 14. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(ladder, .timeout = 20);

static void open_one(struct world *w, const char *seat, const char *type)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, seat, type, NULL), V_OK);
}

Test(ladder, GOV_R04_the_instant)
{
    struct world w;
    open_one(&w, "brand/finance", "strict"); /* Monday; 2 bd */
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-05T00:00:00.000Z");
    AT(&w, "2026-03-04T23:59:58.998Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK); /* 23:59:59.998 */
    cr_assert_eq(world_decision(&w, 1).rung, 0);
    AT(&w, "2026-03-04T23:59:59.999Z");
    cr_assert_eq(w.fired, 0);
    /* The timer fires before the entries of the block that reaches it. */
    struct ballot b = {.decision = {.number = 1, .digest = world_decision(&w, 1).digest},
                       .choice = CHOICE_APPROVE};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_BALLOT, &ballot_desc, &b), V_CHANGED_SINCE);
    cr_assert_eq(w.fired, 1);
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    world_free(&w);
}

Test(ladder, GOV_R12_silence_climbs_to_the_default)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert_eq(ev.type, EVENT_ESCALATED);
    cr_assert(!HAS(&ev, state_event_key_seat), "by itself");
    cr_assert(span_eqs(ev.to, "steering"));
    /* A fresh clock: 10 bd after Thursday 5 March. */
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-20T00:00:00.000Z");
    AT(&w, "2026-03-20T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    cr_assert_eq(world_decision(&w, 1).rung, 2);
    EXPECT_TIME(world_deadline(&w, 1), "2026-04-04T00:00:00.000Z");
    AT(&w, "2026-04-04T00:00:00.001Z");
    EXPECT_PHASE(&w, 1, PHASE_DEFAULT);
    struct state_decision d = world_decision(&w, 1);
    cr_assert_eq(d.outcome, ELSE_STATUS_QUO);
    cr_assert(world_is_idle(&w));
    world_free(&w);
}

Test(ladder, GOV_R12_rejected_at_the_deadline)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    static const char *const against[] = {"distributor/finance", "distributor/quality",
                                          "distributor/alliance-manager"};
    for (size_t i = 0; i < 3; i++)
        EXPECT_VERDICT(&w, world_ballot(&w, against[i], 1, CHOICE_REJECT), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN); /* until the deadline it may change its mind, or be escalated */
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_REJECTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 1, CHOICE_APPROVE), V_CLOSED);
    EXPECT_WHY(&w, "rejected since 2026-03-05T00:00:00");
    world_free(&w);
}

Test(ladder, GOV_R13_by_hand)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/sponsor", 1, MOVE_ESCALATE), V_NOT_PERMITTED);
    /* The rung to the row's own body, the council, is skipped. */
    EXPECT_VERDICT(&w, world_move(&w, "maker/quality", 1, MOVE_ESCALATE), V_OK);
    struct state_decision d = world_decision(&w, 1);
    cr_assert_eq(d.rung, 2);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-10T00:00:00.000Z");
    cr_assert(span_eqs(world_event(&w, 1, 0).seat, "maker/quality"));
    /* Ballots are asked again, one seat of steering per partner. */
    cr_assert_eq(world_position(&w, 1, "brand"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    /* The ladder has no further rung. */
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_ESCALATE), V_NOT_NOW);
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor", NULL};
    world_approve(&w, 1, sponsors);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

struct happened {
    enum event_type type;
    uint64_t rung, revision;
    bool person;
    uint64_t at_ms, leaf;
};

static struct happened now(const struct world *w, struct happened h)
{
    h.at_ms = w->g.time_ms;
    h.leaf = w->g.leaf;
    return h;
}

/* Numbered from 1, each with its block's time and where the decision stood after it; a seat and an entry where somebody did it. */
Test(ladder, GOV_26_events_say_where_they_stand)
{
    struct world w;
    struct happened want[5];
    open_one(&w, "brand/finance", "plan");
    want[0] = now(&w, (struct happened){EVENT_OPENED, 0, 1, true, 0, 0});
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    want[1] = now(&w, (struct happened){EVENT_REVISED, 0, 2, true, 0, 0});
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    want[2] = now(&w, (struct happened){EVENT_BALLOT, 0, 2, true, 0, 0});
    AT(&w, "2026-03-06T00:00:00Z"); /* three days to read the revision */
    want[3] = now(&w, (struct happened){EVENT_ESCALATED, 2, 2, false, 0, 0});
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", 1), V_OK);
    want[4] = now(&w, (struct happened){EVENT_WITHDRAWN, 2, 2, true, 0, 0});
    cr_assert_eq(world_decision(&w, 1).events, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        struct state_event e = world_event(&w, 1, ARRAY_LEN(want) - 1 - i);
        cr_expect(e.type == want[i].type && e.rung == want[i].rung && e.revision == want[i].revision, "event %zu: %s", i + 1,
                  enum_text(&event_type_enum, e.type));
        cr_expect(e.at_ms == want[i].at_ms && e.leaf == want[i].leaf, "event %zu", i + 1);
        cr_expect(HAS(&e, state_event_key_seat) == want[i].person && HAS(&e, state_event_key_id) == want[i].person, "event %zu", i + 1);
    }
    world_free(&w);
}

Test(ladder, GOV_R12_by_hand_once_rejected)
{
    struct world w;
    open_one(&w, "brand/quality", "mark"); /* one seat per partner; owners are the quality seats */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/alliance-manager", "strict", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 2, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 2, CHOICE_REJECT), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "trustee/mediator", 2, MOVE_ESCALATE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 2, CHOICE_ABSTAIN),
                   V_OK); /* blocks: rejects */
    EXPECT_VERDICT(&w, world_move(&w, "brand/sponsor", 2, MOVE_ESCALATE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 2, MOVE_ESCALATE), V_OK); /* it approved */
    cr_assert_eq(world_decision(&w, 2).rung, 1);
    world_free(&w);
}

Test(ladder, GOV_R12_final_say)
{
    struct world w;
    open_one(&w, "brand/quality", "mark");
    EXPECT_VERDICT(&w, world_propose(&w, "maker/quality", "mark", NULL), V_OK);
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(w.fired, 2);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-10T00:00:00Z"); /* 2 bd after Thursday */
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(world_decision(&w, 1).outcome, ELSE_FINAL_SAY);
    cr_assert(span_eqs(world_decision(&w, 1).outcome_name, "brand"));
    EXPECT_PHASE(&w, 2, PHASE_DEFAULT); /* the brand did not approve: nothing changes */
    world_free(&w);
}

Test(ladder, GOV_R34_exit_trigger_is_recorded)
{
    struct world w;
    open_one(&w, "brand/sponsor", "renewal");
    AT(&w, "2026-03-05T00:00:00Z"); /* its ladder has only its own body: skipped */
    EXPECT_PHASE(&w, 1, PHASE_DEFAULT);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert_eq(ev.outcome, ELSE_EXIT_TRIGGER);
    cr_assert(span_eqs(ev.name, "term-ends"));
    world_free(&w);
}

Test(ladder, GOV_R13_raised_by_amount)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = {.currency = "USD", .minor = 100000}; /* > 1000.00: not yet */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", &p), V_OK);
    cr_assert_eq(world_decision(&w, 1).level, 0);
    p.minor = 100001;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", &p), V_OK);
    cr_assert_eq(world_decision(&w, 2).level, 1);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 2, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 2, CHOICE_APPROVE), V_OK);
    p.minor = 25000001;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", &p), V_OK);
    cr_assert_eq(world_decision(&w, 3).level, 2);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 3, CHOICE_APPROVE), V_OK);
    /* Raised to steering, its rung to steering is skipped: mediation next. */
    AT(&w, "2026-03-24T00:00:00Z");
    EXPECT_PHASE(&w, 3, PHASE_MEDIATION);
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    p.currency = "EUR";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", &p), V_INCOMPLETE);
    world_free(&w);
}

Test(ladder, GOV_R03_live_holders_pinned_row)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "someone new", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_NOT_HOLDER);
    w.key = "someone new";
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    struct query_decision q;
    cr_assert_eq(query_decision(&w.v, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert(span_eqs(q.pinned.ladder, "standard"));
    cr_assert_eq(q.pinned.rungs.n, 2);
    world_free(&w);
}

Test(ladder, GOV_R14_a_halt_is_no_silence)
{
    struct world w;
    open_one(&w, "brand/finance", "strict"); /* Monday 2 March, due Wed 24:00 */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK); /* likewise */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    static const char *const finance[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    world_approve(&w, 3, finance); /* effective Wed 24:00 */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK); /* 15 bd: far off */
    /* One hour and one millisecond late: the ledger stood still. */
    AT(&w, "2026-03-05T01:00:00.001Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_decision(&w, 1).rung, 0);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-07T00:00:00.000Z"); /* 1 bd after Thursday */
    EXPECT_TIME(world_deadline(&w, 2), "2026-03-07T00:00:00.000Z");
    EXPECT_PHASE(&w, 3, PHASE_EFFECTIVE); /* the end of notice is no silence */
    EXPECT_TIME(world_deadline(&w, 4), "2026-03-24T00:00:00.000Z");
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_DEFERRED);
    struct query_halts h;
    cr_assert_eq(query_halts(&w.v, 0, 10, &w.a, &h, &w.err), ST_OK);
    cr_assert_eq(h.list.n, 1);
    cr_assert_eq(h.list.v[0].halt.moved, 2);
    EXPECT_TIME(time_utc(h.list.v[0].halt.missed_ms), "2026-03-05T00:00:00.000Z");
    /* Entries made before it still count; then silence proves again. */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-07T00:00:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    world_free(&w);
}

static size_t halts(struct world *w)
{
    struct query_halts h;
    cr_assert_eq(query_halts(&w->v, 0, 10, &w->a, &h, &w->err), ST_OK);
    return h.list.n;
}

Test(ladder, GOV_R14_late_by_no_more_is_no_halt)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    AT(&w, "2026-03-04T23:59:59Z"); /* a block within the silence: whoever wanted could be heard */
    AT(&w, "2026-03-05T01:00:00.000Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    cr_assert_eq(halts(&w), 0);
    world_free(&w);
}

/* No block within the silence: nothing shows that anybody could be heard. A minute late is late then. */
Test(ladder, GOV_T2_a_silence_in_which_nothing_was_seen)
{
    struct world w;
    open_one(&w, "brand/finance", "fast");
    world_at_ms(&w, world_decision(&w, 1).deadline_ms + 60000);
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    cr_assert_eq(halts(&w), 0);
    world_free(&w);
    open_one(&w, "brand/finance", "fast");
    world_at_ms(&w, world_decision(&w, 1).deadline_ms + 60001);
    cr_assert_eq(world_decision(&w, 1).rung, 0);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-04T00:00:00.000Z");
    cr_assert_eq(halts(&w), 1);
    world_free(&w);
}

/* What the block before did with the decision but left its deadline alone (a ballot) is something seen. */
Test(ladder, GOV_T2_a_ballot_shows_that_the_ledger_lived)
{
    struct world w;
    open_one(&w, "brand/finance", "fast");
    AT(&w, "2026-03-02T09:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-02T10:30:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    cr_assert_eq(halts(&w), 0);
    world_free(&w);
}

/* A silence that a deadline began, on the next rung, is as long unseen as one that an entry began. */
Test(ladder, GOV_T2_a_rung_in_which_nothing_was_seen)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    AT(&w, "2026-03-05T00:00:00.000Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    world_at_ms(&w, world_decision(&w, 1).deadline_ms + 60001);
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_DEFERRED);
    cr_assert_eq(halts(&w), 1);
    world_free(&w);
}

Test(ladder, GOV_R14_what_falls_due_soon_is_moved_too)
{
    struct world w;
    open_one(&w, "brand/finance", "fast"); /* 2 h: due 10:00 */
    AT(&w, "2026-03-02T09:30:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "fast", NULL), V_OK); /* due 11:30:01 */
    AT(&w, "2026-03-02T11:10:00Z");
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-04T00:00:00.000Z");
    EXPECT_TIME(world_deadline(&w, 2), "2026-03-04T00:00:00.000Z");
    /* What opens after the halt keeps its own time. */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "fast", NULL), V_OK);
    EXPECT_TIME(world_deadline(&w, 3), "2026-03-02T13:10:01.000Z");
    AT(&w, "2026-03-02T13:10:01Z");
    cr_assert_eq(world_decision(&w, 3).rung, 1);
    cr_assert_eq(world_decision(&w, 1).rung, 0);
    world_free(&w);
}

/* 300 decisions fall due at once: 256 in one block, the rest in the next. */
static void open_many(struct world *w)
{
    world_found(w);
    for (int i = 0; i < 300; i++) {
        w->next_id.b[0] = 1;
        EXPECT_VERDICT(w, world_propose(w, "brand/finance", "strict", NULL), V_OK);
    }
}

Test(ladder, GOV_T1_no_more_than_a_limit_per_block)
{
    struct world w;
    open_many(&w);
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(w.fired, 256);
    cr_assert(w.more);
    cr_assert_eq(world_decision(&w, 256).rung, 1); /* in order of number */
    cr_assert_eq(world_decision(&w, 257).rung, 0);
    AT(&w, "2026-03-05T00:00:00.001Z");
    cr_assert_eq(w.fired, 44);
    cr_assert(!w.more);
    world_free(&w);
}

Test(ladder, GOV_T2_a_halt_may_take_several_blocks)
{
    struct world w;
    open_many(&w);
    AT(&w, "2026-03-05T02:00:00Z");
    cr_assert_eq(w.fired, 256);
    cr_assert(w.more);
    uint64_t next;
    cr_assert_eq(gov_next_deadline(&w.v, &next), ST_OK);
    EXPECT_TIME(time_utc(next), "2026-03-05T00:00:00.000Z"); /* the rest is due: no node rests */
    cr_assert_eq(gov_calm_until(&w.v, &w.a, &next, &w.err), ST_OK);
    cr_assert_eq(next, 0);
    AT(&w, "2026-03-05T02:00:00.500Z");
    cr_assert_eq(w.fired, 44);
    cr_assert(!w.more);
    for (uint64_t n = 1; n <= 300; n++)
        EXPECT_TIME(world_deadline(&w, n), "2026-03-07T00:00:00.000Z");
    cr_assert_eq(gov_calm_until(&w.v, &w.a, &next, &w.err), ST_OK);
    EXPECT_TIME(time_utc(next), "2026-03-07T00:00:00.000Z");
    struct query_halts h;
    cr_assert_eq(query_halts(&w.v, 0, 10, &w.a, &h, &w.err), ST_OK);
    cr_assert_eq(h.list.n, 1);
    cr_assert_eq(h.list.v[0].halt.moved, 300);
    world_free(&w);
}
