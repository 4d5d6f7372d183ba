/* Organisations join and leave: GOV-36, GOV-37, GOV-38. */
#include <criterion/criterion.h>
#include "world_members.h"
#include "crypto/hash.h"

TestSuite(members, .timeout = 60);

static const char *const sponsors[] = {"brand/sponsor", "maker/sponsor", "distributor/sponsor", NULL};

static enum verdict admit(struct world *w, const struct effect *e)
{
    struct world_proposal p = {.effect = e};
    return world_propose(w, "brand/sponsor", "admission", &p);
}

Test(members, GOV_36_a_partner_joins)
{
    struct world w;
    struct fixture_card c;
    world_found(&w);
    uint64_t version = world_section(&w, SECTION_PARTIES).version;
    world_joined(&w, "carrier", &c, false);
    struct state_event ev = world_event(&w, w.last, 0);
    cr_assert_eq(ev.type, EVENT_EFFECTIVE);
    cr_assert_eq(ev.section, SECTION_PARTIES);
    cr_assert_eq(ev.version, version + 1);
    EXPECT_STANDING(&w, "carrier", STANDING_JOINING);
    cr_assert_eq(world_validators(&w), 4);
    struct state_party p = world_party(&w, "carrier");
    cr_assert(hash_eq(&p.card, &c.digest));
    cr_assert_eq(world_key_state(&w, &p.recovery.key).use, KEY_RECOVERY);
    cr_assert_eq(world_key_state(&w, &c.vote->pub).use, KEY_NODE);
    cr_assert(world_holds(&w, "carrier/finance", "carrier/finance"));
    struct query_parties q;
    cr_assert_eq(query_parties(&w.v, &w.a, &q, &w.err), ST_OK);
    cr_assert(span_eqs(q.list.v[1].org, "carrier") && !q.list.v[1].votes);
    cr_assert_eq(q.list.v[1].standing, STANDING_JOINING);
    cr_assert(span_eqs(q.list.v[1].display, "A newcomer"));
    /* Its seats act, and it is asked from now on. */
    EXPECT_VERDICT(&w, world_propose(&w, "carrier/finance", "strict", NULL), V_OK);
    cr_assert_eq(world_position(&w, w.last, "carrier"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ready(&w, "carrier", w.g.height), V_OK);
    cr_assert_eq(world_validators(&w), 5);
    /* A recovery key is nobody's own key. */
    struct holder h = {.seat = span_str("carrier/quality"), .keys = {1, &p.recovery}};
    EXPECT_VERDICT(&w, world_entry(&w, "carrier/registrar", KIND_HOLDER, &holder_desc, &h), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "recovery key, which stays offline");
    struct public_key maker = world_recovery_key("maker"); /* of the founding: not in KEY */
    h.keys.v = &maker;
    EXPECT_VERDICT(&w, world_entry(&w, "carrier/registrar", KIND_HOLDER, &holder_desc, &h), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_revoke_key(&w, "carrier/registrar", &p.recovery.key), V_NOT_PERMITTED);
    fixture_card_free(&c);
    world_free(&w);
}

Test(members, GOV_36_refusals)
{
    struct world w;
    struct fixture_card c;
    world_found(&w);
    world_newcomer(&w, "carrier", &c);
    struct effect good = world_admit(&w, &c, ROLE_PARTNER), e = good;
    e.has &= ~(UINT64_C(1) << effect_key_card);
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "its signed card");
    e = good;
    SET_HAS(&e, effect_key_rules);
    e.rules = 2;
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "admission", NULL), V_BAD_EFFECT);
    EXPECT_VERDICT(&w,
                   world_propose(&w, "brand/sponsor", "removal",
                                 &(struct world_proposal){.effect = &good, .partner = "maker"}),
                   V_BAD_EFFECT);
    e = good;
    e.party.org = span_str("maker");
    EXPECT_VERDICT(&w, admit(&w, &e), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "there is an organisation maker");
    e = good;
    e.party.org = span_str("other");
    EXPECT_VERDICT(&w, admit(&w, &e), V_MALFORMED);
    e = good;
    e.party.card.b[0] ^= 1;
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "the card's digest is");
    e = good;
    e.party.role = ROLE_WITNESS; /* without the seat registrar */
    EXPECT_VERDICT(&w, admit(&w, &e), V_CHARTER_INVALID);
    /* Keys that are not new, or not its own. */
    struct card card = c.card;
    struct public_key key = world_key("maker/finance");
    struct card_seat seats[6];
    memcpy(seats, card.seats.v, sizeof seats);
    c.card.seats.v = seats;
    seats[2].keys = (struct public_key_list){1, &key};
    fixture_card_sign(&w.a, &c);
    e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "a key of finance on the card is on the record already");
    key.key = c.log->pub;
    fixture_card_sign(&w.a, &c);
    e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "the node's or the recovery key too");
    key = world_key("carrier/finance");
    seats[2].seat = span_str("mediator");
    fixture_card_sign(&w.a, &c);
    e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e),
                   V_BAD_EFFECT); /* alliance-manager, business-lead, mediator: ascending */
    EXPECT_WHY(&w, "a seat mediator, which the charter would not give it");
    memcpy(seats, card.seats.v, sizeof seats);
    seats[4] = seats[5];
    c.card.seats.n = 5;
    fixture_card_sign(&w.a, &c);
    e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "does not fill the seat registrar");
    c.card = card;
    c.card.recovery = world_recovery_key("maker");
    fixture_card_sign(&w.a, &c);
    e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "the recovery key on the card is on the record already");
    EXPECT_VERDICT(&w, admit(&w, &good), V_OK);
    fixture_card_free(&c);
    world_free(&w);
}

Test(members, GOV_36_rechecked_when_effective)
{
    struct world w;
    struct fixture_card c;
    world_found(&w);
    world_newcomer(&w, "carrier", &c);
    struct effect e = world_admit(&w, &c, ROLE_PARTNER);
    struct world_proposal p = {.effect = &e};
    EXPECT_VERDICT(&w, admit(&w, &e), V_OK); /* twice: the second finds it there */
    world_approve(&w, 1, sponsors);
    EXPECT_PHASE(&w, world_decision(&w, 1).number, PHASE_PASSED);
    uint64_t n = world_decided(&w, "admission", &p);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, n, PHASE_STALE);
    cr_assert(span_eqs(world_event(&w, n, 0).words, verdict_text(V_NOT_PERMITTED)));
    fixture_card_free(&c);
    world_free(&w);
}

Test(members, GOV_36_an_observer)
{
    struct world w;
    struct fixture_card c;
    world_found(&w);
    struct public_key registrar = world_key("auditor/registrar");
    struct card_seat seat = {.seat = span_str("registrar"), .keys = {1, &registrar}};
    struct card_seat_list seats = {1, &seat};
    fixture_card_make(&w.a, 9, "auditor", &seats, NULL, &c);
    struct effect e = world_admit(&w, &c, ROLE_OBSERVER);
    struct world_proposal p = {.effect = &e};
    (void)world_decided(&w, "admission", &p);
    EXPECT_STANDING(&w, "auditor", STANDING_ACTIVE);
    cr_assert_eq(world_validators(&w), 4);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    cr_assert_eq(world_position(&w, w.last, "auditor"), POSITION_ASIDE); /* asked nothing */
    fixture_card_free(&c);
    world_free(&w);
}

/* Rule 28: bound by what is open, asked anew about the core. */
Test(members, GOV_36_open_core_amendments_are_asked_anew)
{
    struct world w;
    struct fixture_card c;
    struct charter_term term;
    world_found(&w);
    struct state_section s = world_section(&w, SECTION_TERM);
    cr_assert_eq(codec_decode(&charter_term_desc, s.body, &w.a, &term, &w.err), ST_OK);
    term.to++;
    struct world_proposal p = {
        .section = SECTION_TERM, .body = world_encoded(&w, &charter_term_desc, &term), .base = s.version};
    world_newcomer(&w, "carrier", &c);
    struct effect e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_OK);
    world_approve(&w, 1, sponsors);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 2, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(
        &w, world_propose(&w, "brand/sponsor", "about", &(struct world_proposal){.partner = "maker"}), V_OK);
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    struct state_event ev = world_event(&w, 2, 0);
    cr_assert(span_eqs(ev.words, "carrier joined: it is asked anew"));
    EXPECT_PHASE(&w, 3, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/sponsor", 2, &p), V_OK);
    EXPECT_PHASE(&w, 2, PHASE_OPEN);
    cr_assert_eq(world_position(&w, 2, "carrier"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "carrier/sponsor", 2, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "carrier/sponsor", 3, CHOICE_APPROVE), V_NOT_PERMITTED);
    fixture_card_free(&c);
    world_free(&w);
}

Test(members, GOV_36_asked_anew_starts_below)
{
    struct world w;
    struct fixture_card c;
    struct charter_term term;
    world_found(&w);
    struct state_section s = world_section(&w, SECTION_TERM);
    cr_assert_eq(codec_decode(&charter_term_desc, s.body, &w.a, &term, &w.err), ST_OK);
    term.to++;
    struct world_proposal p = {
        .section = SECTION_TERM, .body = world_encoded(&w, &charter_term_desc, &term), .base = s.version};
    world_newcomer(&w, "carrier", &c);
    struct effect e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_OK);
    world_approve(&w, 1, sponsors);
    AT(&w, "2026-03-16T12:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/sponsor", 2, &p), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/sponsor", 2, MOVE_ESCALATE), V_OK); /* with the mediator */
    EXPECT_PHASE(&w, 2, PHASE_MEDIATION);
    cr_assert_eq(world_decision(&w, 2).rung, 2);
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    cr_assert_eq(world_decision(&w, 2).rung, 0);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/sponsor", 2, &p), V_OK);
    EXPECT_PHASE(&w, 2, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_ballot(&w, "carrier/sponsor", 2, CHOICE_APPROVE), V_OK);
    fixture_card_free(&c);
    world_free(&w);
}

static struct world_proposal removal(const char *org)
{
    return (struct world_proposal){.effect = &world_remove, .partner = org};
}

Test(members, GOV_37_refusals)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = removal("nobody");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_NO_SUCH_OBJECT);
    p.partner = NULL;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_INCOMPLETE);
    p = (struct world_proposal){.partner = "maker"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_BAD_EFFECT);
    p = (struct world_proposal){.effect = &world_exit, .partner = "maker"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "exit", &p), V_BAD_EFFECT);
    EXPECT_WHY(&w, "it names no partner");
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand vote"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "distributor/registrar", "distributor vote"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "trustee/registrar", "trustee vote"), V_OK);
    p = removal("maker");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_NOT_NOW);
    EXPECT_WHY(&w, "no node would be left to vote");
    p = removal("trustee"); /* a witness; not a validator now */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_OK);
    p = (struct world_proposal){.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "exit", &p), V_OK);
    world_free(&w);
}

Test(members, GOV_38_who_has_left_acts_no_more)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k", NULL, 0, (struct span){0}, "maker"),
                   V_OK);
    struct world_proposal p = removal("maker");
    uint64_t n = world_decided(&w, "removal", &p);
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    cr_assert_eq(world_event(&w, n, 0).type, EVENT_EFFECTIVE);
    EXPECT_STANDING(&w, "maker", STANDING_LEFT);
    cr_assert_eq(world_party(&w, "maker").left_ms, w.g.time_ms);
    cr_assert_eq(world_validators(&w), 3);
    cr_assert_eq(world_seat(&w, "maker/finance").keys.n, 0);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", n, CHOICE_APPROVE), V_NOT_HOLDER);
    EXPECT_WHY(&w, "maker left the alliance");
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "x", NULL), V_NOT_HOLDER);
    EXPECT_VERDICT(&w, world_support(&w, "maker", 2), V_NOT_HOLDER);
    EXPECT_WHY(&w, "maker left at");
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k2", NULL, 1, (struct span){0}, "maker"),
                   V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_NO_SUCH_OBJECT);
    p = (struct world_proposal){.affected = {"maker"}};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", &p), V_NO_SUCH_OBJECT);
    /* Nor is it asked. */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", w.last, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", w.last, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, w.last, PHASE_EFFECTIVE);
    /* Its name stays its own: nobody joins under it, and its faults can still be shown. */
    struct fixture_card c;
    world_newcomer(&w, "maker", &c);
    struct effect e = world_admit(&w, &c, ROLE_PARTNER);
    EXPECT_VERDICT(&w, admit(&w, &e), V_NOT_PERMITTED);
    fixture_card_free(&c);
    world_free(&w);
}

Test(members, GOV_37_exit)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/sponsor", 1, CHOICE_APPROVE),
                   V_NOT_PERMITTED); /* its own matter */
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_PASSED);
    /* Removed before its notice is over: its own exit finds nobody. */
    struct world_proposal r = removal("maker");
    (void)world_effective(&w, "removal", &r);
    EXPECT_STANDING(&w, "maker", STANDING_LEFT);
    AT(&w, time_utc(world_decision(&w, 1).effective_ms).s);
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    cr_assert(span_eqs(world_event(&w, 1, 0).words, verdict_text(V_NO_SUCH_OBJECT)));
    world_free(&w);
}

/* The removal is decided, its notice ends at the time returned. */
static uint64_t leaving(struct world *w, const char *org)
{
    struct world_proposal p = removal(org);
    EXPECT_VERDICT(w, world_propose(w, "brand/sponsor", "removal", &p), V_OK);
    uint64_t n = w->last;
    for (size_t i = 0; sponsors[i] != NULL; i++) {
        if (strncmp(sponsors[i], org, strlen(org)) != 0)
            EXPECT_VERDICT(w, world_ballot(w, sponsors[i], n, CHOICE_APPROVE), V_OK);
    }
    EXPECT_PHASE(w, n, PHASE_PASSED);
    uint64_t at = world_decision(w, n).effective_ms;
    world_at_ms(w, at - 3600000);
    return at;
}

Test(members, GOV_38_open_decisions_go_on_without_it)
{
    struct world w;
    world_found(&w);
    uint64_t at = leaving(&w, "maker");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL),
                   V_OK); /* 2: waits for maker alone */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 2, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 2, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL),
                   V_OK); /* 3: waits for another too */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 3, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 3, CHOICE_REJECT), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/business-lead", "solo", NULL), V_OK); /* 4: maker's own */
    struct world_proposal only = {.affected = {"maker"}, .currency = "USD", .minor = 100};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "tradeoff", &only),
                   V_OK); /* 5: joint with it alone */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL),
                   V_OK); /* 6: passed, notice runs */
    static const char *const finance[] = {"brand/finance", "maker/finance", "distributor/finance", NULL};
    world_approve(&w, 6, finance);
    uint64_t basis = w.size; /* a ballot signed before it left is good still */
    world_at_ms(&w, at);
    EXPECT_STANDING(&w, "maker", STANDING_LEFT);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE); /* by its own timer, in the same block */
    cr_assert_eq(world_event(&w, 2, 2).type, EVENT_LEFT);
    cr_assert(span_eqs(world_event(&w, 2, 2).name, "maker"));
    cr_assert_eq(world_event(&w, 2, 1).type, EVENT_PASSED);
    struct state_event passed = world_event(&w, 2, 1);
    cr_assert(!HAS(&passed, state_event_key_seat));
    EXPECT_PHASE(&w, 3, PHASE_OPEN); /* its rejection left with it */
    w.basis = basis;
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 3, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 3, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, 4, PHASE_LAPSED);
    cr_assert(span_eqs(world_event(&w, 4, 0).words, "too few partners are left"));
    EXPECT_PHASE(&w, 5, PHASE_LAPSED);
    EXPECT_PHASE(&w, 6, PHASE_PASSED);
    cr_assert_eq(world_event(&w, 6, 0).type, EVENT_LEFT);
    world_free(&w);
}

Test(members, GOV_38_nobody_waits_for_its_consultation)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = removal("trustee");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "removal", &p), V_OK);
    world_approve(&w, 1, sponsors);
    uint64_t at = world_decision(&w, 1).effective_ms;
    world_at_ms(&w, at - 3600000);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "needing", NULL), V_OK);
    static const char *const finance[] = {"brand/finance", "maker/finance", "distributor/finance", NULL};
    world_approve(&w, 2, finance);
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 2, INPUT_IMPACT, NULL), V_OK);
    EXPECT_PHASE(&w, 2, PHASE_OPEN);
    world_at_ms(&w, at);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    /* And a new one does not need it. */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "needing", NULL), V_OK);
    EXPECT_VERDICT(&w, world_input(&w, "brand/finance", 3, INPUT_IMPACT, NULL), V_OK);
    world_approve(&w, 3, finance);
    EXPECT_PHASE(&w, 3, PHASE_EFFECTIVE);
    world_free(&w);
}

Test(members, GOV_38_two_partners_become_one)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = removal("maker");
    (void)world_effective(&w, "removal", &p);
    struct world_proposal x = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "distributor/sponsor", "exit", &x), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", w.last, CHOICE_APPROVE), V_OK);
    uint64_t at = world_decision(&w, w.last).effective_ms;
    world_at_ms(&w, at - 3000);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "both", NULL), V_OK);
    world_at_ms(&w, at);
    EXPECT_STANDING(&w, "distributor", STANDING_LEFT);
    EXPECT_PHASE(&w, w.last, PHASE_LAPSED); /* joint, and one partner is left */
    world_free(&w);
}

/* No selector names a seat of who has left, and no ladder leads to one. */
Test(members, GOV_7_who_has_left_is_not_named)
{
    struct world w;
    struct matter m;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "named", NULL), V_OK);
    cr_assert_eq(matter_load(&w.v, &w.a, 1, &m, &w.err), ST_OK);
    cr_assert_eq(m.p.owners.n, 2);
    cr_assert(HAS(&m.p.rungs.v[1], pinned_rung_key_mediator));
    struct world_proposal p = removal("maker");
    (void)world_effective(&w, "removal", &p);
    p = removal("trustee");
    (void)world_effective(&w, "removal", &p);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "named", NULL), V_OK);
    uint64_t n = w.last;
    cr_assert_eq(matter_load(&w.v, &w.a, n, &m, &w.err), ST_OK);
    cr_assert_eq(m.p.owners.n, 1);
    cr_assert(span_eqs(m.p.owners.v[0], "brand/quality"));
    cr_assert_eq(m.p.rungs.n, 2);
    cr_assert(!HAS(&m.p.rungs.v[1], pinned_rung_key_mediator));
    cr_assert_eq(m.p.rungs.v[1].partners.n, 0);
    EXPECT_VERDICT(&w, world_move(&w, "brand/quality", n, MOVE_ESCALATE), V_OK); /* to steering */
    EXPECT_VERDICT(&w, world_move(&w, "brand/quality", n, MOVE_ESCALATE), V_NOT_NOW);
    EXPECT_WHY(&w, "no further rung");
    world_free(&w);
}
