/* Mediation: rule 32, GOV-53 to GOV-55. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(mediate, .timeout = 20);

/* D-1, with the mediator since Friday 2026-03-20 0:00, until 2026-04-04. */
static void mediated(struct world *w, const struct world_proposal *p)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "strict", p), V_OK);
    AT(w, "2026-03-05T00:00:00Z");
    AT(w, "2026-03-20T00:00:00Z");
    EXPECT_PHASE(w, 1, PHASE_MEDIATION);
}

Test(mediate, GOV_53_the_mediator_recommends_once)
{
    struct world w;
    struct world_proposal p = {.currency = "USD", .minor = 700};
    mediated(&w, NULL);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_NOT_NOW);
    EXPECT_WHY(&w, "D-1 is with trustee/mediator, which has recommended nothing yet");
    EXPECT_VERDICT(&w, world_recommend(&w, "brand/finance", 1, &p), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "trustee/mediator mediates D-1, not brand/finance");
    struct world_proposal other = {.partner = "maker"};
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, &other), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, &p), V_OK);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-28T00:00:00.000Z"); /* 5 bd to answer */
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_RECOMMENDED);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, &p), V_NOT_NOW);
    EXPECT_WHY(&w, "a text was recommended already");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 2, &p), V_NOT_NOW);
    world_free(&w);
}

Test(mediate, GOV_55_all_accept_the_settled_text)
{
    struct world w;
    struct world_proposal p = {.currency = "USD", .minor = 700};
    mediated(&w, NULL);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, &p), V_OK);
    /* What binds is the recommendation: a ballot for the proposal as it stands is another text. */
    struct ballot b = {.decision = {.number = 1, .digest = world_decision(&w, 1).digest},
                       .rung = 2,
                       .choice = CHOICE_APPROVE};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/sponsor", KIND_BALLOT, &ballot_desc, &b), V_WRONG_REVISION);
    EXPECT_WHY(&w, "the mediator has recommended a text on D-1");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_ABSTAIN), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "accepted or declined");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_REJECT), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK); /* changes its mind */
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_decision d = world_decision(&w, 1);
    cr_assert_eq(d.revision, 2);
    struct tkey k = tkey_revision(1, 2);
    struct state_revision rev;
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_REVISION, &k, &state_revision_desc, &rev, &w.err), ST_OK);
    cr_assert_eq(rev.proposal.amount.minor, 700);
    cr_assert(hash_eq(&rev.digest, &d.digest));
    cr_assert_eq(world_event(&w, 1, 2).type, EVENT_SETTLED);
    cr_assert(span_eqs(world_event(&w, 1, 2).seat, "maker/sponsor"));
    world_free(&w);
}

Test(mediate, GOV_54_silence_declines)
{
    struct world w;
    mediated(&w, NULL);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-28T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_DEFAULT);
    struct state_decision d = world_decision(&w, 1);
    cr_assert_eq(d.revision, 1);
    cr_assert_eq(d.outcome, ELSE_STATUS_QUO);
    world_free(&w);
}

Test(mediate, GOV_53_a_revision_ends_the_recommendation)
{
    struct world w;
    mediated(&w, NULL);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, NULL), V_OK);
    cr_assert_eq(world_position(&w, 1, "brand"), POSITION_OWES); /* asked again */
    world_free(&w);
}

Test(mediate, GOV_54_recusals_and_the_leaver)
{
    struct world w;
    mediated(&w, NULL);
    EXPECT_VERDICT(&w, world_recommend(&w, "trustee/mediator", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_RECUSE), V_OK);
    /* strict: abstain: blocks, so who stands aside does not accept. */
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_REJECTS);
    world_free(&w);
}
