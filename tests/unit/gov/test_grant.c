/* Grants: GRT-1 to GRT-12. */
#include <criterion/criterion.h>
#include "world_grants.h"

TestSuite(grant, .timeout = 60);

static enum verdict derived(struct world *w, const char *seat, uint64_t from, const char *const *to, const char *until)
{
    struct grant g = world_grant(w, "plans", to, until);
    world_derive(w, &g, (uint64_t[]){from, 0});
    return world_share(w, seat, &g);
}

/* --- GRT-5: granted --- */

Test(grant, GRT_5_granted)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    struct state_grant s = world_grant_of(&w, 1);
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    cr_assert(span_eqs(s.granted.seat, "brand/quality"));
    cr_assert_eq(s.granted.leaf, w.g.leaf);
    cr_assert_eq(s.changed_leaf, w.g.leaf);
    cr_assert(hash_eq(&s.id, &w.next_id));
    cr_assert_eq(s.audience.n, 2);
    cr_assert_eq(s.audience.v[0].changed_leaf, 0);
    EXPECT_TIME(time_utc(s.until_ms), "2026-07-01T00:00:00.000Z");
    EXPECT_HOLDING(&w, 1, "distributor", HOLDING_OFFERED);
    cr_assert(world_grant_live(&w, 1));
    world_free(&w);
}

Test(grant, GRT_2_who_may_grant)
{
    struct world w;
    world_found_grants(&w);
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/sponsor", &g), V_NOT_PERMITTED); /* the row has an owner of brand */
    EXPECT_WHY(&w, "brand/sponsor does not share for brand; brand/quality does");
    EXPECT_VERDICT(&w, world_share(&w, "trustee/mediator", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "what is shared is a partner's; trustee/mediator is no seat of one");
    world_free(&w);
    world_found_sharing(&w, false, true);
    g = world_grant(&w, "plans", TO("maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "brand/sponsor or brand/alliance-manager does");
    EXPECT_VERDICT(&w, world_share(&w, "brand/alliance-manager", &g), V_OK);
    EXPECT_VERDICT(&w, world_share(&w, "brand/sponsor", &g), V_OK);
    EXPECT_GRANT(&w, 2, GRANT_IN_FORCE);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/sponsor", 1, GRANT_ACT_REVOKE), V_OK);
    world_free(&w);
}

Test(grant, GRT_5_refusals)
{
    struct world w;
    world_found_grants(&w);
    struct grant g = world_grant(&w, "secrets", TO("maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "the charter has no class secrets of what may be shared; see: entente share map");
    g = world_grant(&w, "plans", TO("maker", "distributor"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_MALFORMED);
    EXPECT_WHY(&w, "do not ascend, or one is there twice");
    g = world_grant(&w, "plans", TO("trustee"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no partner trustee to share with");
    g = world_grant(&w, "plans", TO("brand", "maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_MALFORMED);
    EXPECT_WHY(&w, "brand is the partner that shares; it is in no audience of its own");
    g = world_grant(&w, "plans", TO("maker"), "2026-03-01");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_MALFORMED);
    EXPECT_WHY(&w, "2026-03-01 is over; a grant is until today or later");
    g = world_grant(&w, "prices", TO("brand"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "maker/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "sharing.prices: it cannot be shared with brand");
    g = world_grant(&w, "prices", TO("distributor", "maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_INCOMPLETE);
    EXPECT_WHY(&w, "sharing.prices: it could be shared with maker by a data-sharing decision; name the one it rests on");
    g = world_grant(&w, "plans", TO("maker"), "2026-03-02");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK); /* today */
    AT(&w, "2026-03-02T23:59:59.999Z");
    w.same_block = true; /* its end is not after the next millisecond */
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    AT(&w, "2026-03-03T00:00:00Z");
    w.same_block = true;
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_MALFORMED);
    EXPECT_GRANT(&w, 2, GRANT_EXPIRED);
    world_free(&w);
}

/* A charter without the section lets nothing be shared on the record. */
Test(grant, GRT_5_no_section)
{
    struct world w;
    world_found_sharing(&w, true, false);
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NO_SUCH_OBJECT);
    struct query_share_map m;
    cr_assert_eq(query_share_map(&w.v, &w.a, &m, &w.err), ST_OK);
    cr_assert_eq(m.rows.n, 0);
    world_free(&w);
}

/* --- GRT-3: a decision that lets a class be shared --- */

static enum verdict propose(struct world *w, const char *type, const struct effect *e)
{
    struct world_proposal p = {.effect = e};
    return world_propose(w, span_eqs(span_str(type), "data-sharing") ? "brand/quality" : "brand/finance", type, &p);
}

Test(grant, GRT_3_refusals)
{
    struct world w;
    world_found_grants(&w);
    struct effect e = world_consent(&w, "prices", TO("maker"), "2026-12-31");
    EXPECT_VERDICT(&w, propose(&w, "plan", &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "plan decisions have no effect of the kind share; expected none");
    e.has &= ~(UINT64_C(1) << effect_key_audience);
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "give the class, the partners and the last day, or no effect");
    e = world_consent(&w, "prices", TO("maker"), "2026-12-31");
    SET_HAS(&e, effect_key_score);
    e.score = 1;
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_BAD_EFFECT);
    e = (struct effect){.type = EFFECT_NONE, .info_class = span_str("prices")};
    SET_HAS(&e, effect_key_info_class);
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "an effect of none has no other parts");
    e = world_consent(&w, "secrets", TO("maker"), "2026-12-31");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "no class secrets");
    e = world_consent(&w, "prices", TO("maker", "distributor"), "2026-12-31");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_MALFORMED);
    e = world_consent(&w, "prices", TO("trustee"), "2026-12-31");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no partner trustee");
    e = world_consent(&w, "prices", TO("brand"), "2026-12-31");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "sharing.prices: cannot be shared with brand; the charter must be amended first");
    e = world_consent(&w, "prices", TO("maker"), "2026-03-01");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_BAD_EFFECT);
    EXPECT_WHY(&w, "2026-03-01 is over");
    e = (struct effect){.type = EFFECT_NONE};
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_OK); /* as before */
    world_free(&w);
}

/* What could be shared at the opening, and cannot when it would take effect, is stale. */
Test(grant, GRT_3_rechecked_when_it_takes_effect)
{
    struct world w;
    world_found_grants(&w);
    struct effect e = world_consent(&w, "prices", TO("maker"), "2026-03-09");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_OK);
    uint64_t n = w.last;
    AT(&w, "2026-03-06T12:00:00Z");
    world_approve(&w, n, (const char *[]){"brand/finance", "distributor/finance", "maker/finance", NULL});
    EXPECT_PHASE(&w, n, PHASE_PASSED);
    world_at_ms(&w, world_decision(&w, n).effective_ms); /* the 10th, 0:00 */
    EXPECT_PHASE(&w, n, PHASE_STALE);
    world_free(&w);
}

/* --- GRT-4: consents --- */

Test(grant, GRT_4_refusals)
{
    struct world w;
    world_found_grants(&w);
    struct grant g = world_grant(&w, "prices", TO("distributor", "maker"), "2026-06-30");
    g.consent.number = 9;
    SET_HAS(&g, grant_key_consent);
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no decision D-9 to rest on");
    struct effect none = {.type = EFFECT_NONE};
    EXPECT_VERDICT(&w, propose(&w, "plan", &none), V_OK);
    world_rest(&w, &g, w.last);
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "D-1 is no consent: one of the row data-sharing is, that names class, partners and day");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &none), V_OK);
    world_rest(&w, &g, w.last);
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "D-2 is no consent");
    struct effect e = world_consent(&w, "prices", TO("maker"), "2026-12-31");
    EXPECT_VERDICT(&w, propose(&w, "data-sharing", &e), V_OK);
    world_rest(&w, &g, w.last);
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NOT_NOW);
    EXPECT_WHY(&w, "D-3 is open; a grant rests on a decision in effect");
    world_rest(&w, &g, world_consented(&w, "prices", TO("maker"), "2026-12-31"));
    g.consent.digest.b[0] ^= 1;
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_WRONG_REVISION);
    EXPECT_WHY(&w, "D-4 has another revision than the one read");
    g.consent.digest.b[0] ^= 1;
    g.until = readings_day("2027-01-01");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "D-4 lets it be shared until 2026-12-31, not until 2027-01-01");
    g.until = readings_day("2026-12-31");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK); /* the distributor can; the maker by D-4 */
    world_rest(&w, &g, world_consented(&w, "formula", TO("brand"), "2026-12-31"));
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "D-5 is about formula, not about prices");
    g = world_grant(&w, "formula", TO("brand", "distributor"), "2026-06-30");
    world_rest(&w, &g, 5);
    EXPECT_VERDICT(&w, world_share(&w, "maker/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "D-5 does not let formula be shared with distributor");
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    world_free(&w);
}

/* --- GRT-5: lineage --- */

Test(grant, GRT_5_derived)
{
    struct world w;
    world_found_grants(&w);
    struct grant g = world_grant(&w, "plans", TO("distributor"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    EXPECT_VERDICT(&w, derived(&w, "distributor/quality", 1, TO("maker"), "2026-05-31"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "it is derived from G-1, which maker does not have; that needs a data-sharing decision");
    EXPECT_VERDICT(&w, derived(&w, "maker/quality", 1, TO("distributor"), "2026-05-31"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker does not have G-1; it derives nothing from it");
    EXPECT_VERDICT(&w, derived(&w, "distributor/quality", 1, TO("brand"), "2026-07-01"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "it is derived from G-1, which ends on 2026-06-30; a later day needs a data-sharing decision");
    g = world_grant(&w, "plans", TO("brand"), "2026-06-30");
    g.derived_from = (struct ref_list){1, &(struct ref){.number = 7}};
    SET_HAS(&g, grant_key_derived_from);
    EXPECT_VERDICT(&w, world_share(&w, "distributor/quality", &g), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no grant G-7; see: entente share list");
    g.derived_from.v[0].number = 1;
    EXPECT_VERDICT(&w, world_share(&w, "distributor/quality", &g), V_WRONG_REVISION);
    EXPECT_WHY(&w, "G-1 is another grant than the one read");
    EXPECT_VERDICT(&w, derived(&w, "distributor/quality", 1, TO("brand"), "2026-06-30"), V_OK); /* to its granter */
    struct state_grant s = world_grant_of(&w, 2);
    cr_assert_eq(s.derived_from.n, 1);
    cr_assert_eq(s.derived_from.v[0], 1);
    cr_assert_eq(world_grant_of(&w, 1).derived, 1);
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    g = world_grant(&w, "plans", TO("brand"), "2026-06-30");
    world_derive(&w, &g, (uint64_t[]){2, 1, 0});
    EXPECT_VERDICT(&w, world_share(&w, "distributor/quality", &g), V_MALFORMED);
    EXPECT_WHY(&w, "do not ascend at G-1");
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_OK);
    EXPECT_VERDICT(&w, derived(&w, "distributor/quality", 1, TO("brand"), "2026-06-30"), V_NOT_NOW);
    EXPECT_WHY(&w, "G-1 is revoked; nothing new is derived from it");
    world_free(&w);
}

Test(grant, GRT_5_derived_by_decision)
{
    struct world w;
    world_found_grants(&w);
    struct grant g = world_grant(&w, "plans", TO("distributor"), "2026-06-30");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    uint64_t n = world_consented(&w, "plans", TO("maker"), "2026-12-31");
    g = world_grant(&w, "plans", TO("maker"), "2026-12-31");
    world_derive(&w, &g, (uint64_t[]){1, 0});
    world_rest(&w, &g, n);
    EXPECT_VERDICT(&w, world_share(&w, "distributor/quality", &g), V_OK); /* wider, and longer */
    g = world_grant(&w, "plans", TO("brand", "maker"), "2026-12-31");
    world_derive(&w, &g, (uint64_t[]){2, 0});
    world_rest(&w, &g, n);
    EXPECT_VERDICT(&w, world_share(&w, "distributor/quality", &g), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "it is derived from G-2, which brand does not have");
    EXPECT_GRANT(&w, 2, GRANT_IN_FORCE);
    world_free(&w);
}

Test(grant, GRT_5_at_most_64_derived)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    for (int i = 0; i < GRANT_DERIVED_MAX; i++)
        EXPECT_VERDICT(&w, derived(&w, "maker/quality", 1, TO("brand"), "2026-06-30"), V_OK);
    EXPECT_VERDICT(&w, derived(&w, "maker/quality", 1, TO("brand"), "2026-06-30"), V_TOO_MANY);
    EXPECT_WHY(&w, "64 grants are derived from G-1 already");
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_OK);
    for (uint64_t n = 1; n <= GRANT_DERIVED_MAX + 1; n++)
        cr_assert_eq(world_grant_of(&w, n).standing, GRANT_REVOKED);
    EXPECT_GRANT(&w, 1, GRANT_REVOKED);
    world_free(&w);
}

/* --- GRT-6, GRT-7 --- */

Test(grant, GRT_6_refusals)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    struct grant_move m = {.grant = {.number = 4}, .act = GRANT_ACT_RECEIVE};
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no grant G-4; see: entente share list");
    m.grant.number = 1;
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_WRONG_REVISION);
    EXPECT_WHY(&w, "G-1 is another grant than the one read");
    m = world_grant_move(&w, 1, GRANT_ACT_RETURN);
    SET_HAS(&m, grant_move_key_content);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_MALFORMED);
    EXPECT_WHY(&w, "a content is for what is received; this is to return");
    m = world_grant_move(&w, 1, GRANT_ACT_RECEIVE);
    m.documents = (struct hash_list){1, &(struct hash){{1}}};
    SET_HAS(&m, grant_move_key_documents);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_MALFORMED);
    EXPECT_WHY(&w, "documents are for what is returned or destroyed; this is to receive");
    m = world_grant_move(&w, 1, GRANT_ACT_RECEIVE);
    m.request = 1;
    SET_HAS(&m, grant_move_key_request);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_MALFORMED);
    EXPECT_WHY(&w, "a request is for an audit; this is to receive");
    w.basis = world_grant_of(&w, 1).changed_leaf; /* signed before the grant was seen */
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_CHANGED_SINCE);
    world_free(&w);
}

Test(grant, GRT_7_received)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/finance", 1, GRANT_ACT_RECEIVE), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "G-1 is not shared with brand");
    EXPECT_VERDICT(&w, world_grant_act(&w, "trustee/mediator", 1, GRANT_ACT_RECEIVE), V_NOT_PERMITTED);
    struct grant_move m = world_grant_move(&w, 1, GRANT_ACT_RECEIVE);
    m.content.b[31] ^= 1;
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_NOT_COMMITTED);
    EXPECT_WHY(&w, "what arrived is not what G-1 shares; do not use it, ask brand");
    m.has &= ~(UINT64_C(1) << grant_move_key_content);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_INCOMPLETE);
    EXPECT_WHY(&w, "G-1 has a content: say which arrived, by its SHA-256");
    EXPECT_HOLDING(&w, 1, "maker", HOLDING_OFFERED);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_OK); /* any seat of it */
    EXPECT_HOLDING(&w, 1, "maker", HOLDING_RECEIVED);
    EXPECT_HOLDING(&w, 1, "distributor", HOLDING_OFFERED);
    struct state_grant s = world_grant_of(&w, 1);
    cr_assert(span_eqs(s.audience.v[1].received.seat, "maker/finance"));
    cr_assert_eq(s.audience.v[1].changed_leaf, w.g.leaf);
    cr_assert_lt(s.changed_leaf, w.g.leaf); /* others' receipts commute */
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 1, GRANT_ACT_RECEIVE), V_NOT_NOW);
    EXPECT_WHY(&w, "maker has said so already: received");
    w.basis = s.audience.v[1].changed_leaf;
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 1, GRANT_ACT_RETURN), V_CHANGED_SINCE);
    w.basis = s.audience.v[1].changed_leaf;
    EXPECT_VERDICT(&w, world_grant_act(&w, "distributor/quality", 1, GRANT_ACT_RECEIVE), V_OK);
    AT(&w, "2026-07-01T00:00:00Z");
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-07-01");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    m = world_grant_move(&w, 2, GRANT_ACT_RECEIVE);
    SET_HAS(&m, grant_move_key_content);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_GRANT_MOVE, &grant_move_desc, &m), V_MALFORMED);
    EXPECT_WHY(&w, "G-2 is a standing flow; it has no content to compare with");
    AT(&w, "2026-07-02T00:00:00Z");
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 2, GRANT_ACT_RECEIVE), V_NOT_NOW);
    EXPECT_WHY(&w, "G-2 is expired; there is nothing to receive");
    world_free(&w);
}

/* --- GRT-8: revoked --- */

Test(grant, GRT_8_revoked)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 1, GRANT_ACT_REVOKE), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "G-1 is shared by brand; brand/quality revokes it");
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/finance", 1, GRANT_ACT_REVOKE), V_NOT_PERMITTED);
    struct grant_move m = world_grant_move(&w, 1, GRANT_ACT_REVOKE);
    m.has &= ~(UINT64_C(1) << grant_move_key_text);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/quality", KIND_GRANT_MOVE, &grant_move_desc, &m), V_REASON_NEEDED);
    EXPECT_WHY(&w, "to revoke a grant, say why");
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_OK);
    EXPECT_GRANT(&w, 1, GRANT_REVOKED);
    struct state_grant s = world_grant_of(&w, 1);
    cr_assert(span_eqs(s.revoked.seat, "brand/quality"));
    cr_assert_eq(s.ended_ms, w.g.time_ms);
    cr_assert_eq(s.changed_leaf, w.g.leaf);
    cr_assert(world_grant_live(&w, 1)); /* the maker holds it */
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_NOT_NOW);
    EXPECT_WHY(&w, "G-1 is revoked; there is nothing to revoke");
    AT(&w, "2026-07-05T00:00:00Z");
    EXPECT_GRANT(&w, 1, GRANT_REVOKED); /* it does not expire besides */
    world_free(&w);
}

/* G-1 to all. G-2 by maker from G-1, G-3 by brand from G-2, G-4 from G-1 and G-3 without, G-5 from G-2 with a consent,
 * G-6 from G-5, G-7 of itself. */
Test(grant, GRT_8_what_was_derived_ends_with_it)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    EXPECT_VERDICT(&w, derived(&w, "maker/quality", 1, TO("brand", "distributor"), "2026-05-31"), V_OK);
    EXPECT_VERDICT(&w, derived(&w, "brand/quality", 2, TO("maker"), "2026-05-31"), V_OK);
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-05-31");
    world_derive(&w, &g, (uint64_t[]){1, 3, 0});
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    g = world_grant(&w, "plans", TO("brand", "distributor"), "2026-12-31");
    world_rest(&w, &g, world_consented(&w, "plans", TO("brand", "distributor"), "2026-12-31"));
    world_derive(&w, &g, (uint64_t[]){1, 2, 0});
    EXPECT_VERDICT(&w, world_share(&w, "maker/quality", &g), V_OK);
    EXPECT_VERDICT(&w, derived(&w, "distributor/quality", 5, TO("brand"), "2026-12-31"), V_OK);
    g = world_grant(&w, "plans", TO("maker"), "2026-12-31");
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 2, GRANT_ACT_REVOKE), V_OK);
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    EXPECT_GRANT(&w, 3, GRANT_REVOKED);
    EXPECT_GRANT(&w, 4, GRANT_REVOKED);
    cr_assert_eq(world_grant_of(&w, 3).because, 2);
    cr_assert_eq(world_grant_of(&w, 4).because, 3);
    cr_assert_eq(world_grant_of(&w, 4).changed_leaf, w.g.leaf);
    struct state_grant s = world_grant_of(&w, 3);
    cr_assert(!HAS(&s, state_grant_key_revoked));
    EXPECT_GRANT(&w, 5, GRANT_IN_FORCE);
    s = world_grant_of(&w, 5);
    cr_assert_eq(s.doubted_by, 2);
    cr_assert_eq(s.doubted_ms, w.g.time_ms);
    EXPECT_GRANT(&w, 6, GRANT_IN_FORCE); /* what it is derived from stands */
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_OK);
    cr_assert_eq(world_grant_of(&w, 5).doubted_by, 2); /* the first one */
    EXPECT_GRANT(&w, 7, GRANT_IN_FORCE);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 5, GRANT_ACT_REVOKE), V_OK);
    cr_assert_eq(world_grant_of(&w, 6).because, 5);
    EXPECT_GRANT(&w, 6, GRANT_REVOKED);
    world_free(&w);
}

/* Of two that are revoked together, the lower one is named. */
Test(grant, GRT_8_because_of_the_lowest)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    EXPECT_VERDICT(&w, derived(&w, "brand/quality", 1, TO("maker"), "2026-05-31"), V_OK);
    struct grant g = world_grant(&w, "plans", TO("maker"), "2026-05-31");
    world_derive(&w, &g, (uint64_t[]){1, 2, 0});
    EXPECT_VERDICT(&w, world_share(&w, "brand/quality", &g), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_OK);
    cr_assert_eq(world_grant_of(&w, 3).because, 1);
    EXPECT_GRANT(&w, 3, GRANT_REVOKED);
    world_free(&w);
}

/* --- GRT-9, GRT-11: given back, over --- */

Test(grant, GRT_9_returned_and_destroyed)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_OK);
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_RETURN), V_NOT_PERMITTED);
    struct grant_move m = world_grant_move(&w, 1, GRANT_ACT_DESTROY);
    m.documents = (struct hash_list){1, &(struct hash){{1}}};
    SET_HAS(&m, grant_move_key_documents);
    EXPECT_VERDICT(&w, world_entry(&w, "maker/quality", KIND_GRANT_MOVE, &grant_move_desc, &m), V_OK);
    EXPECT_HOLDING(&w, 1, "maker", HOLDING_DESTROYED);
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE); /* the distributor may have it still */
    struct state_grant s = world_grant_of(&w, 1);
    cr_assert_eq(s.audience.v[1].documents.n, 1);
    cr_assert(span_eqs(s.audience.v[1].settled.seat, "maker/quality"));
    cr_assert_eq(s.audience.v[1].changed_leaf, w.g.leaf);
    /* what it gave back, it has no more: nothing is derived from it, nor for it */
    EXPECT_VERDICT(&w, derived(&w, "maker/quality", 1, TO("brand"), "2026-05-31"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "maker does not have G-1");
    EXPECT_VERDICT(&w, derived(&w, "distributor/quality", 1, TO("maker"), "2026-05-31"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "which maker does not have");
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/quality", 1, GRANT_ACT_RETURN), V_NOT_NOW);
    EXPECT_WHY(&w, "maker has nothing of G-1 any more: destroyed");
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_grant_act(&w, "distributor/quality", 1, GRANT_ACT_RETURN), V_OK); /* it never arrived */
    EXPECT_HOLDING(&w, 1, "distributor", HOLDING_RETURNED);
    EXPECT_GRANT(&w, 1, GRANT_ENDED);
    cr_assert(!world_grant_live(&w, 1));
    AT(&w, "2026-07-05T00:00:00Z");
    EXPECT_GRANT(&w, 1, GRANT_ENDED);
    world_free(&w);
}

Test(grant, GRT_11_expired)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RECEIVE), V_OK);
    AT(&w, "2026-06-30T23:59:59Z");
    EXPECT_GRANT(&w, 1, GRANT_IN_FORCE);
    AT(&w, "2026-07-01T00:00:00Z");
    EXPECT_GRANT(&w, 1, GRANT_EXPIRED);
    cr_assert_eq(world_grant_of(&w, 1).ended_ms, w.g.time_ms);
    cr_assert(world_grant_live(&w, 1)); /* the maker holds it */
    EXPECT_VERDICT(&w, world_grant_act(&w, "brand/quality", 1, GRANT_ACT_REVOKE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_grant_act(&w, "maker/finance", 1, GRANT_ACT_RETURN), V_OK);
    EXPECT_GRANT(&w, 1, GRANT_EXPIRED);
    cr_assert(!world_grant_live(&w, 1));
    world_free(&w);
}

/* GRT-11, rule 14: a halt moves no expiry, though it was missed by days. */
Test(grant, GRT_11_R14_a_halt_moves_no_expiry)
{
    struct world w;
    world_found_grants(&w);
    world_plans(&w);
    struct effect none = {.type = EFFECT_NONE};
    EXPECT_VERDICT(&w, propose(&w, "plan", &none), V_OK);
    AT(&w, "2026-07-20T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_OPEN); /* silence was moved */
    EXPECT_GRANT(&w, 1, GRANT_EXPIRED);
    world_free(&w);
}
