/* The others replace a partner's registrar: GOV-41. */
#include <criterion/criterion.h>
#include "world_members.h"

TestSuite(reseat, .timeout = 60);

static const struct span no_card;

/* key: who holds the seat then; NULL: the key "fresh". old: who holds it now; NULL: its two founding keys. */
static struct effect reseat(struct world *w, const char *key, const char *old)
{
    struct public_key *k = arena_array(&w->a, 3, sizeof *k);
    struct effect e = {
        .type = EFFECT_REGISTRAR, .keys = {1, &k[0]}, .instead_of = {old == NULL ? 2 : 1, &k[1]}};
    k[0] = world_key(key == NULL ? "fresh" : key);
    k[1] = world_key(old == NULL ? "maker/registrar" : old);
    k[2] = world_key("maker/registrar 2");
    SET_HAS(&e, effect_key_keys);
    SET_HAS(&e, effect_key_instead_of);
    return e;
}

static enum verdict propose(struct world *w, const struct effect *e, const char *partner)
{
    struct world_proposal p = {.effect = e, .partner = partner};
    return world_propose(w, "brand/sponsor", "admission", &p);
}

/* The world, with another row for admissions. */
static void found_with_row(struct world *w, const char *row)
{
    struct arena a;
    arena_init(&a, 0);
    const char *text = world_charter(&a), *at = strstr(text, "  admission: "), *end = strchr(at, '\n');
    size_t room = strlen(text) + strlen(row) + 1;
    char *changed = arena_alloc(&a, room);
    (void)snprintf(changed, room, "%.*s  admission: %s%s", (int)(at - text), text, row, end);
    world_found_with(w, changed);
    arena_deinit(&a);
}

Test(reseat, GOV_41_all_others_decide)
{
    struct world w;
    world_found(&w);
    struct effect e = reseat(&w, NULL, NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    uint64_t n = w.last;
    /* The maker itself is asked nothing. */
    cr_assert_eq(world_position(&w, n, "maker"), POSITION_ASIDE);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", n, CHOICE_REJECT), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", n, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, n, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", n, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, n, PHASE_PASSED);
    EXPECT_TIME(time_utc(world_decision(&w, n).effective_ms),
                "2026-03-17T00:00:00.000Z"); /* 10 bd, the row's */
    cr_assert(world_holds(&w, "maker/registrar", "maker/registrar"));
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    cr_assert(world_holds(&w, "maker/registrar", "fresh"));
    cr_assert(!world_holds(&w, "maker/registrar", "maker/registrar"));
    struct public_key old = world_key("maker/registrar"), fresh = world_key("fresh");
    struct state_key k = world_key_state(&w, &old.key);
    cr_assert(HAS(&k, state_key_key_revoked_ms));
    k = world_key_state(&w, &fresh.key);
    cr_assert(k.use == KEY_PERSON && span_eqs(k.org, "maker"));
    cr_assert_eq(world_seat(&w, "maker/registrar").changed_leaf, w.g.leaf);
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "x", NULL), V_REVOKED_KEY);
    w.key = "fresh";
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "x", NULL), V_OK);
    world_free(&w);
}

/* A row with a short notice, a veto of the partner's, its consultation, and one partner's final say. */
Test(reseat, GOV_41_notice_veto_needs_and_last_say)
{
    struct world w;
    found_with_row(
        &w,
        "{owner: steering, approve: [each partner 1 of steering, each partner 1 of */finance], sla: 2 bd, "
        "ladder: short, notice: 3 bd, veto: [maker/quality, brand/quality], else: final say brand, needs: "
        "[diligence, maker/finance]}");
    struct effect e = reseat(&w, NULL, NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    uint64_t n = w.last;
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", n, CHOICE_VETO), V_NOT_PERMITTED);
    world_approve(&w, n,
                  (const char *const[]){"brand/sponsor", "distributor/sponsor", "brand/finance", NULL});
    EXPECT_PHASE(&w, n, PHASE_OPEN);
    world_approve(&w, n, (const char *const[]){"distributor/finance", NULL});
    EXPECT_PHASE(&w, n, PHASE_OPEN); /* what is needed is needed, but for the partner's own word */
    EXPECT_VERDICT(&w, world_input(&w, "brand/sponsor", n, INPUT_DILIGENCE, NULL), V_OK);
    EXPECT_PHASE(&w, n, PHASE_PASSED);
    EXPECT_TIME(time_utc(world_decision(&w, n).effective_ms), "2026-03-10T00:00:00.000Z"); /* 5 bd, not 3 */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/quality", n, CHOICE_VETO), V_OK); /* another's veto stands */
    EXPECT_PHASE(&w, n, PHASE_VETOED);
    /* Nobody has the last say over another's seats. */
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    n = w.last;
    EXPECT_VERDICT(&w, world_input(&w, "brand/sponsor", n, INPUT_DILIGENCE, NULL), V_OK);
    world_approve(&w, n, (const char *const[]){"brand/sponsor", "brand/finance", NULL});
    world_at_ms(&w, world_decision(&w, n).deadline_ms); /* the ladder's one rung is the row's own body */
    EXPECT_PHASE(&w, n, PHASE_DEFAULT);
    world_free(&w);
}

Test(reseat, GOV_41_refusals)
{
    struct world w;
    world_found(&w);
    struct effect good = reseat(&w, NULL, NULL), e = good;
    EXPECT_VERDICT(&w, propose(&w, &good, NULL), V_BAD_EFFECT);
    EXPECT_WHY(&w, "name it");
    EXPECT_VERDICT(&w, propose(&w, &good, "trustee"), V_NO_SUCH_OBJECT);
    e.has &= ~(UINT64_C(1) << effect_key_instead_of);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_BAD_EFFECT);
    EXPECT_WHY(&w, "the others replace a partner's registrar");
    e = good;
    SET_HAS(&e, effect_key_rules);
    e.rules = 2;
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_BAD_EFFECT);
    struct world_proposal other = {.effect = &good, .partner = "maker"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &other), V_BAD_EFFECT);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "about", &other), V_BAD_EFFECT);
    e = reseat(&w, NULL, "somebody");
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_CHANGED_SINCE);
    EXPECT_WHY(&w, "maker/registrar has a holder that the proposal does not know");
    e = reseat(&w, "brand/finance", NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "belongs to brand");
    struct public_key twice[] = {world_key("k"), world_key("k")};
    e = good;
    e.keys = (struct public_key_list){2, twice};
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_MALFORMED);
    EXPECT_VERDICT(&w, propose(&w, &good, "maker"), V_OK);
    world_free(&w);
}

/* The partner answers in the notice: two of its seats replace the registrar themselves. */
Test(reseat, GOV_41_the_partner_is_first)
{
    struct world w;
    struct query_inbox q;
    world_found(&w);
    AT(&w, "2026-05-01T12:00:00Z");
    struct effect e = reseat(&w, NULL, NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    uint64_t n = w.last;
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 1); /* it is told */
    cr_assert_eq(q.own.v[0].task, TASK_RESEAT);
    cr_assert_eq(q.own.v[0].decision, n);
    cr_assert_eq(q.own.v[0].seats.n, 5);
    world_approve(&w, n, (const char *const[]){"brand/sponsor", "distributor/sponsor", NULL});
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 1); /* in the notice too */
    cr_assert_eq(q.own.v[0].deadline_ms, world_decision(&w, n).effective_ms);
    cr_assert_eq(query_inbox(&w.v, span_str("brand"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 0);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "own", NULL), V_OK);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/quality", "own", NULL), V_OK);
    world_at_ms(&w, world_decision(&w, n).effective_ms);
    EXPECT_PHASE(&w, n, PHASE_STALE);
    cr_assert(world_holds(&w, "maker/registrar", "own"));
    /* With the new holder named it may be asked again. */
    e = reseat(&w, NULL, "own");
    struct world_proposal p = {.effect = &e, .partner = "maker"};
    EXPECT_VERDICT(&w, world_revise(&w, "brand/sponsor", n, &p), V_OK);
    world_free(&w);
}

/* A thief who revokes one of two keys of the seat does not make it stale. */
Test(reseat, GOV_41_fewer_keys_are_no_other_keys)
{
    struct world w;
    world_found(&w);
    struct effect e = reseat(&w, NULL, NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    uint64_t n = w.last;
    world_approve(&w, n, (const char *const[]){"brand/sponsor", "distributor/sponsor", NULL});
    w.key = "maker/registrar 2";
    EXPECT_VERDICT(&w, world_revoke(&w, "maker/registrar", "maker/registrar 2"), V_OK);
    world_at_ms(&w, world_decision(&w, n).effective_ms);
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    cr_assert(world_holds(&w, "maker/registrar", "fresh"));
    cr_assert_eq(world_seat(&w, "maker/registrar").keys.n, 1);
    world_free(&w);
}

/* What is announced for the partner, or asked by one of its seats, goes. */
Test(reseat, GOV_41_ends_a_recovery)
{
    struct world w;
    struct query_recoveries q;
    found_with_row(&w,
                   "{owner: steering, approve: each partner 1 of steering, sla: 5 bd}"); /* no notice: 5 bd */
    AT(&w, "2026-05-01T12:00:00Z");
    struct effect e = reseat(&w, NULL, NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    uint64_t n = w.last;
    world_approve(&w, n, (const char *const[]){"brand/sponsor", "distributor/sponsor", NULL});
    EXPECT_TIME(time_utc(world_decision(&w, n).effective_ms), "2026-05-09T00:00:00.000Z");
    AT(&w, "2026-05-04T12:00:00Z");
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "back", NULL, 0, no_card, "maker"), V_OK);
    AT(&w, "2026-05-09T00:00:00Z");
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    cr_assert_eq(query_recoveries(&w.v, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 0);
    cr_assert_eq(world_party(&w, "maker").recoveries, 1);
    AT(&w, "2026-05-20T12:00:00Z");
    cr_assert_eq(w.fired, 0);
    cr_assert(world_holds(&w, "maker/registrar", "fresh"));
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "back", NULL, 0, no_card, "maker"),
                   V_BAD_SIGNATURE);
    world_free(&w);
}

/* One partner alone never fills the seats of the other: not at the opening, nor when the third has left. */
Test(reseat, GOV_41_two_others_at_least)
{
    struct world w;
    world_found(&w);
    struct effect e = reseat(&w, NULL, NULL);
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK);
    uint64_t n = w.last;
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", n, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", n, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, n, PHASE_PASSED);
    struct world_proposal gone = {.effect = &world_remove, .partner = "distributor"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &gone), V_OK);
    world_approve(&w, w.last, (const char *const[]){"brand/sponsor", "maker/sponsor", NULL});
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_OK); /* a second one, opened while there were two */
    uint64_t second = w.last;
    world_at_ms(&w, world_decision(&w, w.last - 1).effective_ms); /* the removal's notice is longer */
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    EXPECT_STANDING(&w, "distributor", STANDING_LEFT);
    e = reseat(&w, "more", "fresh");
    EXPECT_VERDICT(&w, propose(&w, &e, "maker"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "one does not fill the seats of another");
    (void)second;
    world_free(&w);
}
