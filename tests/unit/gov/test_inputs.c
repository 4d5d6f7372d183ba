/* What a decision needs besides ballots: GOV-28, and needs in GOV-7, GOV-13, GOV-16, GOV-24. */
#include <criterion/criterion.h>
#include "world_members.h"

TestSuite(inputs, .timeout = 20);

static const char *const finance[] = {"brand/finance", "maker/finance", "distributor/finance", NULL};

static void open_one(struct world *w, const char *type)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", type, NULL), V_OK);
}

static bool missing(struct world *w, uint64_t n, const char *words)
{
    struct query_readiness q;
    char text[1024];
    cr_assert_eq(query_readiness(&w->v, n, &w->a, &q, &w->err), ST_OK);
    for (size_t i = 0; i < q.missing.n; i++) {
        (void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(q.missing.v[i]));
        if (strstr(text, words) != NULL)
            return true;
    }
    return false;
}

Test(inputs, GOV_28_passes_when_all_is_in)
{
    struct world w;
    open_one(&w, "needing");
    cr_assert(
        missing(&w, 1, "needs an impact assessment, from an owner: brand/alliance-manager, brand/finance"));
    cr_assert(missing(&w, 1, "needs to hear trustee/mediator"));
    world_approve(&w, 1, finance);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_input(&w, "maker/quality", 1, INPUT_IMPACT, NULL), V_OK);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_INPUT);
    struct state_event given = world_event(&w, 1, 0);
    cr_assert(HAS(&given, state_event_key_reason));
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert(!missing(&w, 1, "impact"));
    EXPECT_VERDICT(&w, world_input(&w, "trustee/mediator", 1, INPUT_CONSULT, "trustee/mediator"), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_event passed = world_event(&w, 1, 1);
    cr_assert_eq(passed.type, EVENT_PASSED);
    cr_assert(span_eqs(passed.seat, "trustee/mediator"));
    struct query_decision q;
    cr_assert_eq(query_decision(&w.v, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.inputs.n, 2);
    cr_assert(q.inputs.v[0].counts &&
              span_eqs(q.inputs.v[0].input.seat, "trustee/mediator")); /* first of the needs */
    world_free(&w);
}

Test(inputs, GOV_28_refusals)
{
    struct world w;
    open_one(&w, "needing");
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 7, INPUT_IMPACT, NULL), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "no decision D-7");
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 1, INPUT_DILIGENCE, NULL), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "does not need that");
    EXPECT_VERDICT(&w, world_input(&w, "brand/quality", 1, INPUT_CONSULT, "brand/quality"), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_input(&w, "brand/quality", 1, INPUT_CONSULT, "trustee/mediator"),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "trustee/mediator is consulted here, not brand/quality");
    EXPECT_VERDICT(&w, world_input(&w, "brand/business-lead", 1, INPUT_IMPACT, NULL), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "an owner of needing gives its impact");
    struct decision_input none = {.decision = {.number = 1, .digest = world_decision(&w, 1).digest},
                                  .need = {.type = INPUT_IMPACT}};
    SET_HAS(&none, decision_input_key_need);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_INPUT, &decision_input_desc, &none),
                   V_INCOMPLETE);
    SET_HAS(&none, decision_input_key_text);
    none.decision.digest.b[0] ^= 1;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_INPUT, &decision_input_desc, &none),
                   V_WRONG_REVISION);
    w.basis = 3;
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 1, INPUT_IMPACT, NULL), V_CHANGED_SINCE);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/finance", 1), V_OK);
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 1, INPUT_IMPACT, NULL), V_CLOSED);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    world_approve(&w, 2, finance); /* passed: notice runs */
    EXPECT_VERDICT(&w, world_input(&w, "brand/quality", 2, INPUT_IMPACT, NULL), V_NOT_NOW);
    world_free(&w);
}

Test(inputs, GOV_28_a_revision_asks_again)
{
    struct world w;
    open_one(&w, "needing");
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 1, INPUT_IMPACT, NULL), V_OK);
    EXPECT_VERDICT(&w, world_input(&w, "maker/finance", 1, INPUT_IMPACT, NULL), V_OK); /* the latest stands */
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    cr_assert(missing(&w, 1, "impact"));
    struct query_decision q;
    cr_assert_eq(query_decision(&w.v, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.inputs.n, 1);
    cr_assert(!q.inputs.v[0].counts && span_eqs(q.inputs.v[0].input.seat, "maker/finance"));
    world_free(&w);
}

Test(inputs, GOV_13_a_missing_input_climbs)
{
    struct world w;
    open_one(&w, "needing");
    world_approve(&w, 1, finance);
    AT(&w, "2026-03-05T00:00:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    static const char *const sponsors[] = {"brand/sponsor", "maker/sponsor", "distributor/sponsor", NULL};
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 1, INPUT_IMPACT, NULL), V_OK);
    world_approve(&w, 1, sponsors);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_DEFAULT); /* the ladder ended: nobody heard the mediator */
    world_free(&w);
}

/* A partner that rejects is not asked again because an input lacks too; nor do all that stand aside pass on.
 */
Test(inputs, GOV_13_what_is_rejected_is_rejected)
{
    struct world w;
    open_one(&w, "needing");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 1, CHOICE_REJECT), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "needing", NULL), V_OK);
    for (size_t i = 0; finance[i] != NULL; i++)
        EXPECT_VERDICT(&w, world_ballot(&w, finance[i], 2, CHOICE_ABSTAIN), V_OK);
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_REJECTED);
    EXPECT_PHASE(&w, 2, PHASE_REJECTED);
    world_free(&w);
}

Test(inputs, GOV_16_final_say_does_not_skip_an_input)
{
    struct world w;
    open_one(&w, "final");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "final", NULL), V_OK);
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 2, INPUT_IMPACT, NULL), V_OK);
    AT(&w, "2026-03-05T00:00:00Z"); /* to steering, both */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 2, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_DEFAULT);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(inputs, inbox_asks_whom_it_concerns)
{
    struct world w;
    struct query_inbox q;
    open_one(&w, "needing");
    cr_assert_eq(query_inbox(&w.v, span_str("trustee"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 1);
    cr_assert_eq(q.list.v[0].task, TASK_INPUT);
    cr_assert(span_eqs(q.list.v[0].seats.v[0], "trustee/mediator"));
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 2); /* a ballot; the impact, from its owners */
    cr_assert_eq(q.list.v[1].task, TASK_INPUT);
    cr_assert_eq(q.list.v[1].seats.n, 3);
    EXPECT_VERDICT(&w, world_input(&w, "trustee/mediator", 1, INPUT_CONSULT, "trustee/mediator"), V_OK);
    cr_assert_eq(query_inbox(&w.v, span_str("trustee"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 0);
    world_free(&w);
}
