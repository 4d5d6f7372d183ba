/* Alternates and recusal: rules 9 and 11, GOV-46 to GOV-49. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(stand_in, .timeout = 20);

static const char FROM[] = "2026-03-02T00:00:00Z", TO[] = "2026-03-04T12:00:00Z";

static void open_one(struct world *w, const char *seat, const char *type, const struct world_proposal *p)
{
    world_found(w);
    EXPECT_VERDICT(w, world_propose(w, seat, type, p), V_OK);
}

static enum verdict alternate_of(struct world *w, const char *seat, const char *by)
{
    struct alternate alt = world_alternate(by, FROM, TO);
    return world_alternates(w, seat, &alt, 1);
}

Test(stand_in, GOV_46_who_may_be_an_alternate)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, alternate_of(&w, "brand/finance", "maker/finance"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/finance is of another organisation than brand/finance");
    EXPECT_VERDICT(&w, alternate_of(&w, "brand/finance", "brand/finance"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, alternate_of(&w, "brand/finance", "brand/registrar"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "brand/registrar cannot be the alternate of brand/finance");
    EXPECT_VERDICT(&w, alternate_of(&w, "brand/finance", "brand/nobody"), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "the charter has no seat brand/nobody");
    struct alternate two[2] = {world_alternate("brand/sponsor", FROM, TO),
                               world_alternate("brand/quality", FROM, TO)};
    EXPECT_VERDICT(&w, world_alternates(&w, "brand/finance", two, 2), V_MALFORMED);
    EXPECT_WHY(&w, "seats must ascend");
    two[0] = world_alternate("brand/quality", TO, TO);
    EXPECT_VERDICT(&w, world_alternates(&w, "brand/finance", two, 1), V_MALFORMED);
    EXPECT_WHY(&w, "would begin at 2026-03-04T12:00:00");
    struct span types[] = {span_str("strict"), span_str("plan")};
    two[0] = world_alternate("brand/quality", FROM, TO);
    two[0].types = (struct span_list){2, types};
    SET_HAS(&two[0], alternate_key_types);
    EXPECT_VERDICT(&w, world_alternates(&w, "brand/finance", two, 1), V_MALFORMED);
    /* Kept by a change of holder that says nothing of them, and by a revocation; taken away by an empty list.
     */
    EXPECT_VERDICT(&w, alternate_of(&w, "brand/finance", "brand/quality"), V_OK);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "brand/finance", "new"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "new"), V_OK);
    struct tkey k = tkey_text(span_str("brand/finance"));
    struct state_seat s;
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_SEAT, &k, &state_seat_desc, &s, &w.err), ST_OK);
    cr_assert(HAS(&s, state_seat_key_alternates) && s.alternates.n == 1 && s.keys.n == 1);
    EXPECT_VERDICT(&w, world_alternates(&w, "brand/finance", NULL, 0), V_OK);
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_SEAT, &k, &state_seat_desc, &s, &w.err), ST_OK);
    cr_assert(!HAS(&s, state_seat_key_alternates));
    world_free(&w);
}

Test(stand_in, GOV_47_acts_within_its_dates)
{
    struct world w;
    open_one(&w, "brand/finance", "strict", NULL);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/quality is no alternate of maker/finance");
    EXPECT_VERDICT(&w, alternate_of(&w, "maker/finance", "maker/quality"), V_OK);
    /* One level: the alternate of an alternate stands for nobody. */
    EXPECT_VERDICT(&w, alternate_of(&w, "maker/quality", "maker/sponsor"), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/sponsor", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "brand/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "name another seat of brand");
    /* Its own seat is not asked. */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/quality", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_VETO), V_MALFORMED);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_RECUSE), V_MALFORMED);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_APPROVES);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert(span_eqs(ev.seat, "maker/quality") && span_eqs(ev.principal, "maker/finance"));
    AT(&w, "2026-03-04T11:59:59Z"); /* the ballot comes a second later: at its end */
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_REJECT),
                   V_NOT_PERMITTED);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_APPROVES); /* what it said in time stands */
    world_free(&w);
}

Test(stand_in, GOV_47_the_principal_replaces_its_alternate_never_the_reverse)
{
    struct world w;
    open_one(&w, "brand/finance", "strict", NULL);
    EXPECT_VERDICT(&w, alternate_of(&w, "maker/finance", "maker/quality"), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_REJECT), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_REJECTS);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/finance has cast its own ballot; an alternate does not replace it");
    world_free(&w);
}

Test(stand_in, GOV_47_types_and_amount)
{
    struct world w;
    struct world_proposal p = {.currency = "USD", .minor = 5001};
    open_one(&w, "brand/finance", "strict", &p);
    struct span types[] = {span_str("strict")};
    struct alternate alt = world_alternate("maker/quality", FROM, TO);
    alt.most = (struct money){.minor = 5000, .currency = span_str("USD")};
    SET_HAS(&alt, alternate_key_most);
    alt.types = (struct span_list){1, types};
    SET_HAS(&alt, alternate_key_types);
    EXPECT_VERDICT(&w, world_alternates(&w, "maker/finance", &alt, 1), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    p.minor = 5000;
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE), V_OK);
    p.currency = "EUR";
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/alliance-manager", "fast", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 2, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    world_free(&w);
}

Test(stand_in, GOV_12_one_key_one_voice)
{
    struct world w;
    open_one(&w, "brand/finance", "pair", NULL); /* 2 of council of each partner */
    EXPECT_VERDICT(&w, alternate_of(&w, "maker/finance", "maker/quality"), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_SELF_DEALING);
    EXPECT_WHY(&w, "this key spoke in this tally already, as maker/quality");
    world_free(&w);
}

Test(stand_in, GOV_48_recusal_asks_alternate_then_sponsor_then_stands_aside)
{
    struct world w;
    open_one(&w, "brand/finance", "strict", NULL);
    EXPECT_VERDICT(&w, alternate_of(&w, "maker/finance", "maker/quality"), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_RECUSE), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/sponsor is not asked on D-1, so it need not recuse itself");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_RECUSE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES); /* its ballot counts no more */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/finance recused itself from D-1; that holds to its end");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_RECUSE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/sponsor", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/finance has recused itself; asked in its stead is maker/quality");
    /* The alternate speaks, then recuses itself, too: its ballot goes, the sponsor is asked. */
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_APPROVES);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_RECUSE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/sponsor", "maker/finance", 1, CHOICE_REJECT), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_REJECTS);
    /* Then nobody is left: strict says abstain: blocks, so standing aside rejects. */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_RECUSE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_REJECTS);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/sponsor", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    world_free(&w);
}

Test(stand_in, GOV_49_a_recused_partner_stands_aside)
{
    struct world w;
    open_one(&w, "brand/quality", "guarded", NULL); /* each partner 1 of finance; notice 2 bd */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_RECUSE), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES); /* its sponsor is asked */
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/sponsor", NULL, NULL), V_OK);
    cr_assert_eq(world_position(&w, 1, "maker"), POSITION_OWES); /* an empty seat lowers nothing */
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/sponsor", "maker/sponsor", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    /* The sponsor recuses itself: the maker stands aside, and two approve. */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_RECUSE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_PASSED);
    world_free(&w);
}

Test(stand_in, GOV_47_not_when_it_has_recused_itself)
{
    struct world w;
    open_one(&w, "brand/finance", "plan", NULL); /* of the council: its finance and its quality are asked */
    EXPECT_VERDICT(&w, alternate_of(&w, "maker/finance", "maker/quality"), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_RECUSE), V_OK);
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker/quality has recused itself from D-1");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    world_free(&w);
}

Test(stand_in, GOV_48_a_recusal_carries_over)
{
    struct world w;
    open_one(&w, "brand/sponsor", "both", NULL); /* 1 of steering and 1 of finance; sla 5 bd */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_RECUSE), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/sponsor", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 2, CHOICE_RECUSE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 2, MOVE_ESCALATE), V_OK);
    cr_assert_eq(world_decision(&w, 2).rung, 2);
    /* On the new rung the sponsors are asked; of the maker it is one that had been asked in finance's stead.
     */
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/sponsor", "maker/finance", 2, CHOICE_APPROVE),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 2, CHOICE_APPROVE), V_OK);
    world_free(&w);
}
