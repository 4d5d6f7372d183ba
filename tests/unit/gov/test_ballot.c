/* Ballots, tallies and passing: rules 1, 2, 5, 6, 7, 8, 10, 16. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(ballot, .timeout = 20);

static const char *const finance[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};

/* Opens D-1. */
static void open_one(struct world *w, const char *seat, const char *type)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, seat, type, NULL), V_OK);
}

Test(ballot, GOV_R07_passes_when_none_owes)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_position(&w, 1, "distributor"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/alliance-manager", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE); /* no notice */
    cr_assert_eq(world_event(&w, 1, 1).type, EVENT_PASSED);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_EFFECTIVE);
    world_free(&w);
}

Test(ballot, GOV_R07_proposing_implies_no_ballot)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    cr_assert_eq(world_position(&w, 1, "brand"), POSITION_OWES);
    world_free(&w);
}

Test(ballot, GOV_R07_two_partners_at_least)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    /* Two stand aside: all three seats of each abstain. */
    static const char *const aside[] = {"maker/alliance-manager", "maker/finance",
                                        "maker/quality",          "distributor/alliance-manager",
                                        "distributor/finance",    "distributor/quality"};
    for (size_t i = 0; i < ARRAY_LEN(aside); i++)
        EXPECT_VERDICT(&w, world_ballot(&w, aside[i], 1, CHOICE_ABSTAIN), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_ASIDE);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN); /* one partner is too few */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE); /* two, and the third stands aside */
    world_free(&w);
}

Test(ballot, GOV_R07_own_partner_alone)
{
    struct world w;
    open_one(&w, "brand/business-lead", "solo");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(ballot, GOV_R07_other_means_all_but_the_named)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "about", NULL), V_INCOMPLETE);
    struct world_proposal p = {.partner = "trustee"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "about", &p), V_NO_SUCH_OBJECT);
    p.partner = "maker";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "about", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_REJECT), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_ABSTAIN), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN); /* standing aside is not enough: all others approve */
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(ballot, GOV_R07_each_of_two_approvals)
{
    struct world w;
    open_one(&w, "brand/sponsor", "both");
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor", NULL};
    world_approve(&w, 1, sponsors);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    world_approve(&w, 1, finance);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(ballot, GOV_R07_joint_by_predicate)
{
    struct world w;
    world_found(&w);
    /* An amount left out could evade: refused. */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", NULL), V_INCOMPLETE);
    EXPECT_WHY(&w, "USD");
    struct world_proposal p = {.currency = "EUR", .minor = 100};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &p), V_INCOMPLETE);
    EXPECT_WHY(&w, "nothing is converted");
    p.currency = "USD";
    p.minor = 2500000; /* not over the threshold: the partner's own */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &p), V_OK);
    cr_assert(!world_decision(&w, 1).joint);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    p.minor = 2500001;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &p),
                   V_INCOMPLETE); /* names nobody */
    p.affected[0] = "maker";
    p.minor = 1;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &p), V_OK);
    cr_assert(world_decision(&w, 2).joint); /* affects others */
    world_free(&w);
}

Test(ballot, GOV_R06_who_ballots_becomes_affected)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = {.currency = "USD", .minor = 5000000, .affected = {"maker"}};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN); /* two partners at least */
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/business-lead", 1, CHOICE_REJECT), V_OK);
    cr_assert_eq(world_position(&w, 1, "distributor"), POSITION_REJECTS);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    /* A revision that does not name it: it stays affected. */
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, &p), V_OK);
    cr_assert_eq(world_position(&w, 1, "distributor"), POSITION_OWES);
    struct world_proposal bad = {.currency = "USD", .minor = 5000000, .affected = {"maker", "brand"}};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &bad), V_MALFORMED);
    bad.affected[0] = "assessor";
    bad.affected[1] = NULL;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &bad), V_NO_SUCH_OBJECT);
    world_free(&w);
}

Test(ballot, GOV_R06_k_of_b)
{
    struct world w;
    open_one(&w, "brand/finance", "pair"); /* two of a partner's three council seats */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_REJECT), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES); /* still reachable */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/alliance-manager", 1, CHOICE_APPROVE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"),
                 POSITION_APPROVES); /* a colleague's rejection cancels nothing */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_REJECT), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/quality", 1, CHOICE_ABSTAIN), V_OK);
    cr_assert_eq(world_position(&w, 1, "brand"), POSITION_REJECTS);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 1, CHOICE_ABSTAIN), V_OK);
    cr_assert_eq(world_position(&w, 1, "distributor"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/quality", 1, CHOICE_ABSTAIN), V_OK);
    cr_assert_eq(world_position(&w, 1, "distributor"), POSITION_ASIDE);
    world_free(&w);
}

Test(ballot, GOV_R06_abstain_blocks)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_ABSTAIN), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_REJECTS);
    world_free(&w);
}

Test(ballot, GOV_R10_an_empty_seat_lowers_nothing)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", NULL, NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_NOT_HOLDER);
    EXPECT_WHY(&w, "empty");
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "new finance", NULL), V_OK);
    w.key = "new finance";
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(ballot, GOV_R05_latest_stands_and_survives_a_change_of_holder)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_REJECT), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_REJECTS);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", NULL, NULL), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_APPROVES);
    world_free(&w);
}

Test(ballot, GOV_R01_changed_since)
{
    struct world w;
    open_one(&w, "brand/business-lead", "terms");
    uint64_t before = w.size;
    struct state_decision old = world_decision(&w, 1);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_APPROVE), V_OK);
    /* Another seat's ballot commutes. */
    w.basis = before;
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/business-lead", 1, CHOICE_APPROVE), V_OK);
    /* The own seat's does not. */
    w.basis = before;
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_REJECT), V_CHANGED_SINCE);
    EXPECT_WHY(&w, "your seat's ballot");
    /* A note commutes, and hinders nobody. */
    w.basis = before;
    EXPECT_VERDICT(&w, world_note(&w, "trustee/mediator", 1), V_OK);
    /* A revision does not. */
    uint64_t seen = w.size;
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, NULL), V_OK);
    w.basis = seen;
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 1, CHOICE_APPROVE), V_CHANGED_SINCE);
    /* Exactly at the boundary: the leaf of the change must be within the basis. */
    w.basis = world_decision(&w, 1).changed_leaf;
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 1, CHOICE_APPROVE), V_CHANGED_SINCE);
    w.basis = world_decision(&w, 1).changed_leaf + 1;
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 1, CHOICE_APPROVE), V_OK);
    cr_assert_neq(old.changed_leaf, world_decision(&w, 1).changed_leaf);
    world_free(&w);
}

Test(ballot, GOV_R02_binds_revision_and_rung)
{
    struct world w;
    open_one(&w, "brand/finance", "plan");
    struct ballot b = {.decision = {.number = 1, .digest = world_decision(&w, 1).digest},
                       .choice = CHOICE_APPROVE};
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_BALLOT, &ballot_desc, &b), V_WRONG_REVISION);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES); /* voided */
    b.decision.digest = world_decision(&w, 1).digest;
    b.rung = 1;
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_BALLOT, &ballot_desc, &b), V_WRONG_RUNG);
    b.rung = 0;
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_BALLOT, &ballot_desc, &b), V_OK);
    b.decision.number = 9;
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_BALLOT, &ballot_desc, &b), V_NO_SUCH_OBJECT);
    world_free(&w);
}

Test(ballot, GOV_R08_one_key_one_voice)
{
    struct world w;
    open_one(&w, "brand/sponsor", "both");
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "maker/sponsor", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    w.key = "maker/sponsor";
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_SELF_DEALING);
    EXPECT_WHY(&w, "maker/sponsor");
    /* Its own seat's ballot it may replace. */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_ABSTAIN), V_OK);
    world_free(&w);
}

Test(ballot, reasons_and_permission)
{
    struct world w;
    open_one(&w, "brand/finance", "strict");
    struct ballot b = {.decision = {.number = 1, .digest = world_decision(&w, 1).digest},
                       .choice = CHOICE_REJECT};
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_BALLOT, &ballot_desc, &b), V_REASON_NEEDED);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "trustee/mediator", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_VETO), V_NOT_PERMITTED);
    world_free(&w);
}

Test(ballot, GOV_R16_veto_until_effective)
{
    struct world w;
    open_one(&w, "brand/quality", "guarded");
    struct ballot b = {.decision = {.number = 1, .digest = world_decision(&w, 1).digest},
                       .choice = CHOICE_VETO};
    EXPECT_VERDICT(&w, world_entry(&w, "maker/quality", KIND_BALLOT, &ballot_desc, &b), V_REASON_NEEDED);
    SET_HAS(&b, ballot_key_reason);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/quality", KIND_BALLOT, &ballot_desc, &b), V_CLAUSE_NEEDED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/quality", 1, CHOICE_VETO), V_NOT_PERMITTED);
    world_approve(&w, 1, finance);
    EXPECT_PHASE(&w, 1, PHASE_PASSED);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-05T00:00:00.000Z"); /* 2 bd after Monday: end of Wednesday */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_REJECT), V_NOT_NOW);
    AT(&w, "2026-03-04T23:59:58Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_VETOED);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_CLOSED);
    EXPECT_WHY(&w, "vetoed since 2026-03-04T23:59:59");
    /* The next one is too late. */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    world_approve(&w, 2, finance);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 2, CHOICE_VETO), V_CLOSED);
    world_free(&w);
}

Test(ballot, GOV_R16_veto_at_any_rung)
{
    struct world w;
    open_one(&w, "brand/quality", "guarded");
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    AT(&w, "2026-03-20T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_VETOED);
    world_free(&w);
}
