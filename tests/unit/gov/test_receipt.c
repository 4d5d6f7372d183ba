/* Receipts and deemed consent: rule 15, GOV-56 to GOV-58. */
#include <criterion/criterion.h>
#include "world.h"
#include "world_members.h"

TestSuite(receipt, .timeout = 20);

/* D-1, sla 10 bd: from Monday 2026-03-02 8:00 to 2026-03-17 0:00; half of it is Monday 2026-03-09 16:00. */
static void open_one(struct world *w, const char *type)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", type, NULL), V_OK);
}

static enum verdict node_receipt(struct world *w, const char *org, uint64_t n)
{
    struct receipt r = {.decision = {.number = n, .digest = world_decision(w, n).digest}};
    return world_node_entry(w, org, KIND_RECEIPT, &receipt_desc, &r);
}

Test(receipt, GOV_56_who_gives_one)
{
    struct world w;
    open_one(&w, "deemed");
    EXPECT_VERDICT(&w, world_receipt(&w, "trustee/mediator", 1), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "trustee is no partner");
    EXPECT_VERDICT(&w, world_receipt(&w, "maker/finance", 7), V_NO_SUCH_OBJECT);
    w.basis = world_decision(&w, 1).opened_leaf; /* before the proposal */
    EXPECT_VERDICT(&w, world_receipt(&w, "maker/finance", 1), V_CHANGED_SINCE);
    EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert_eq(ev.type, EVENT_RECEIPT);
    cr_assert(span_eqs(ev.name, "maker") && span_eqs(ev.seat, "maker/node"));
    EXPECT_VERDICT(&w, world_receipt(&w, "maker/finance", 1), V_DUPLICATE);
    EXPECT_VERDICT(&w, world_receipt(&w, "brand/quality", 1), V_OK); /* any seat of the partner */
    struct receipt r = {.decision = {.number = 1}};
    EXPECT_VERDICT(&w, world_entry(&w, "distributor/finance", KIND_RECEIPT, &receipt_desc, &r),
                   V_WRONG_REVISION);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", 1), V_OK);
    EXPECT_VERDICT(&w, world_receipt(&w, "distributor/finance", 1), V_CLOSED);
    world_free(&w);
}

Test(receipt, GOV_58_silence_consents)
{
    struct world w;
    open_one(&w, "deemed");
    EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
    EXPECT_VERDICT(&w, world_note(&w, "distributor/quality", 1),
                   V_OK); /* GOV-57: an entry about it will do */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_decision d = world_decision(&w, 1);
    cr_assert_eq(d.deemed.n, 2);
    cr_assert(span_eqs(d.deemed.v[0], "distributor") && span_eqs(d.deemed.v[1], "maker"));
    cr_assert_eq(world_event(&w, 1, 3).type, EVENT_DEEMED);
    cr_assert(span_eqs(world_event(&w, 1, 3).name, "distributor"));
    cr_assert_eq(world_event(&w, 1, 1).type, EVENT_PASSED);
    world_free(&w);
}

/* Each lacks one thing, and escalates instead. */
Test(receipt, GOV_58_what_keeps_silence_from_consenting)
{
    for (int lacks = 0; lacks < 6; lacks++) {
        struct world w;
        open_one(&w, "deemed");
        EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
        if (lacks == 0)
            AT(&w, "2026-03-09T16:00:00Z"); /* the receipt comes a second later: in the second half */
        if (lacks != 1)
            EXPECT_VERDICT(&w, node_receipt(&w, "distributor", 1), V_OK);
        if (lacks == 3)
            EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_REJECT), V_OK);
        if (lacks != 2)
            EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
        if (lacks == 4) { /* seen was another revision */
            EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
            EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
        }
        AT(&w, "2026-03-16T23:59:58Z");
        bool passes = lacks == 5;
        AT(&w, "2026-03-17T00:00:00Z");
        cr_assert_eq(world_phase(&w, 1), passes ? PHASE_EFFECTIVE : PHASE_OPEN, "lacks %d", lacks);
        cr_assert_eq(world_decision(&w, 1).rung, passes ? 0 : 1, "lacks %d", lacks);
        struct state_decision d = world_decision(&w, 1);
        cr_assert_eq((bool)HAS(&d, state_decision_key_deemed), passes);
        world_free(&w);
    }
}

/* A colleague's rejection leaves its partner approving (rule 6); silence still does not pass it (rule 15). */
Test(receipt, GOV_58_one_rejection_is_enough)
{
    for (int rejects = 0; rejects < 2; rejects++) {
        struct world w;
        open_one(&w, "hushed");
        EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
        EXPECT_VERDICT(&w, node_receipt(&w, "distributor", 1), V_OK);
        EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
        if (rejects)
            EXPECT_VERDICT(&w, world_ballot(&w, "brand/quality", 1, CHOICE_REJECT), V_OK);
        cr_assert_eq(world_position(&w, 1, "brand"), POSITION_APPROVES);
        AT(&w, "2026-03-17T00:00:00Z");
        cr_assert_eq(world_phase(&w, 1), rejects ? PHASE_OPEN : PHASE_EFFECTIVE);
        world_free(&w);
    }
}

/* A note about it by somebody whose basis is older than the proposal shows nothing. */
Test(receipt, GOV_57_only_what_was_seen)
{
    struct world w;
    open_one(&w, "deemed");
    EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    w.basis = world_decision(&w, 1).opened_leaf;
    EXPECT_VERDICT(&w, world_note(&w, "distributor/quality", 1), V_OK);
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    world_free(&w);
}

Test(receipt, GOV_58_never_when_raised_by_its_amount)
{
    static const int64_t amounts[] = {100000, 100001};
    for (size_t i = 0; i < ARRAY_LEN(amounts); i++) {
        struct world w;
        struct world_proposal p = {.currency = "USD", .minor = amounts[i]};
        world_found(&w);
        EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "pooled", &p), V_OK);
        EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
        EXPECT_VERDICT(&w, node_receipt(&w, "distributor", 1), V_OK);
        EXPECT_VERDICT(&w, world_ballot(&w, i == 0 ? "brand/finance" : "brand/sponsor", 1, CHOICE_APPROVE),
                       V_OK);
        AT(&w, "2026-03-17T00:00:00Z");
        EXPECT_PHASE(&w, 1, i == 0 ? PHASE_EFFECTIVE : PHASE_MEDIATION); /* its ladder has its own body */
        world_free(&w);
    }
}

Test(receipt, GOV_58_not_on_a_row_that_escalates)
{
    struct world w;
    open_one(&w, "strict");
    EXPECT_VERDICT(&w, node_receipt(&w, "maker", 1), V_OK);
    EXPECT_VERDICT(&w, node_receipt(&w, "distributor", 1), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    world_free(&w);
}
