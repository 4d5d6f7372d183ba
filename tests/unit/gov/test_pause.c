/* Pausing: rule 30, GOV-50 to GOV-52. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(pause, .timeout = 20);

static void open_one(struct world *w, const char *seat, const char *type)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, seat, type, NULL), V_OK);
}

static void pause_one(struct world *w, uint64_t n)
{
    EXPECT_VERDICT(w, world_move(w, "brand/finance", n, MOVE_PAUSE), V_OK);
    EXPECT_VERDICT(w, world_move(w, "maker/finance", n, MOVE_PAUSE), V_OK);
    EXPECT_PHASE(w, n, PHASE_PAUSED);
}

Test(pause, GOV_50_seats_of_two_partners)
{
    struct world w;
    open_one(&w, "brand/finance", "plan"); /* sla 2 bd: Thursday 0:00 */
    EXPECT_VERDICT(&w, world_move(&w, "trustee/mediator", 1, MOVE_PAUSE), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "an owner of plan or a seat of council pauses and resumes D-1, not trustee/mediator");
    EXPECT_VERDICT(&w, world_move(&w, "brand/sponsor", 1, MOVE_PAUSE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_RESUME), V_NOT_NOW);
    EXPECT_WHY(&w, "D-1 is open, not paused");
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_PAUSE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_PAUSE_ASKED);
    EXPECT_VERDICT(&w, world_move(&w, "brand/quality", 1, MOVE_PAUSE), V_OK); /* the same partner */
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_move(&w, "maker/quality", 1, MOVE_PAUSE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_PAUSED);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-05T00:00:00.000Z"); /* one SLA from here */
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_pause_asked));
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_PAUSED);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_PAUSE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_ESCALATE), V_NOT_NOW);
    world_free(&w);
}

Test(pause, GOV_51_the_clock_stands)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    AT(&w, "2026-03-03T12:00:00Z"); /* Tuesday; the deadline is Thursday 0:00, a day and a half away */
    pause_one(&w, 1);
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_PAUSED); /* no escalation */
    cr_assert_eq(w.fired, 0);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_NOT_NOW);
    EXPECT_WHY(&w, "D-1 is paused until 2026-03-06T00:00:00");
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_NOT_NOW);
    AT(&w, "2026-03-05T06:00:00Z");
    EXPECT_VERDICT(&w, world_move(&w, "distributor/finance", 1, MOVE_RESUME), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    /* Thursday 6:00 + 36 h is Friday evening: 24:00 of Friday. */
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-07T00:00:00.000Z");
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_paused_at_ms));
    /* In all one SLA per rung: of Thursday + 2 bd (Tuesday 0:00) what was not used. */
    pause_one(&w, 1);
    EXPECT_TIME(world_deadline(&w, 1), time_utc(UINT64_C(1772928006000) - d.rung_paused_ms +
                                                (UINT64_C(1773100800000) - UINT64_C(1772928006000)))
                                           .s);
    world_free(&w);
}

Test(pause, GOV_51_resumes_by_itself)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    pause_one(&w, 1); /* Monday, until Thursday 0:00 */
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert_eq(ev.type, EVENT_RESUMED);
    cr_assert(!HAS(&ev, state_event_key_seat), "by itself");
    /* Thursday 0:00 and the 64 hours that were left: Saturday 16:00, so Monday 24:00. */
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-10T00:00:00.000Z");
    /* Used up. */
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_PAUSE), V_OK);
    AT(&w, "2026-03-09T23:59:00Z");
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_PAUSE), V_TOO_MANY);
    EXPECT_WHY(&w, "was paused on this rung for as long as the rung itself has");
    /* A fresh rung has its own. */
    AT(&w, "2026-03-10T00:00:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 2);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_rung_paused_ms) && !HAS(&d, state_decision_key_pause_asked));
    world_free(&w);
}

Test(pause, GOV_51_exact_hours)
{
    struct world w;
    open_one(&w, "brand/finance", "fast"); /* 2 h */
    uint64_t before = world_decision(&w, 1).deadline_ms;
    pause_one(&w, 1);
    uint64_t at = world_decision(&w, 1).paused_at_ms;
    world_at_ms(&w, at + 3599000);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_RESUME), V_OK); /* a second later: an hour */
    cr_assert_eq(world_decision(&w, 1).deadline_ms, before + 3600000);
    world_free(&w);
}

Test(pause, GOV_52_veto_and_withdrawal_still_work)
{
    struct world w;
    open_one(&w, "brand/quality", "guarded");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    pause_one(&w, 1);
    pause_one(&w, 2);
    EXPECT_VERDICT(&w, world_note(&w, "brand/finance", 1), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_VETOED);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(HAS(&d, state_decision_key_rung_paused_ms) && !HAS(&d, state_decision_key_resume_ms));
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/quality", 2), V_OK);
    EXPECT_PHASE(&w, 2, PHASE_WITHDRAWN);
    cr_assert(world_is_idle(&w));
    world_free(&w);
}

Test(pause, GOV_T2_a_pause_is_no_silence)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    pause_one(&w, 1);               /* until Thursday 0:00 */
    AT(&w, "2026-03-05T09:00:00Z"); /* more than late-after past it: no halt is found */
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_RESUMED);
    struct query_halts h;
    cr_assert_eq(query_halts(&w.v, 0, 10, &w.a, &h, &w.err), ST_OK);
    cr_assert_eq(h.list.n, 0);
    world_free(&w);
}
