#include <criterion/criterion.h>
#include "world_members.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "gov/party.h"

static const char *const seat_names[] = {"alliance-manager", "business-lead", "finance",
                                         "quality",          "registrar",     "sponsor"};
enum { SEATS = 6 };

const struct effect world_remove = {.has = UINT64_C(1) << effect_key_type, .type = EFFECT_REMOVE};
const struct effect world_exit = {.has = UINT64_C(1) << effect_key_type, .type = EFFECT_EXIT};

static struct ed25519_key *recovery_secret(const char *org)
{
    struct hash seed;
    struct ed25519_key *key;
    struct err err;
    char text[80];
    (void)snprintf(text, sizeof text, "%s recovery", org);
    sha256(span_str(text), &seed);
    cr_assert_eq(ed25519_init(&err), ST_OK);
    cr_assert_eq(ed25519_from_seed(seed.b, &key), ST_OK);
    return key;
}

struct public_key world_recovery_key(const char *org)
{
    struct ed25519_key *key = recovery_secret(org);
    struct public_key pub = {.alg = SIG_ED25519, .key = key->pub};
    ed25519_free(key);
    return pub;
}

static uint64_t seed_of(const char *org)
{
    struct hash h;
    sha256(span_str(org), &h);
    return load_u64(h.b);
}

void world_newcomer(struct world *w, const char *org, struct fixture_card *ret)
{
    struct card_seat_list seats = {SEATS, arena_array(&w->a, SEATS, sizeof *seats.v)};
    struct public_key recovery = world_recovery_key(org);
    for (size_t i = 0; i < SEATS; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s/%s", org, seat_names[i]);
        struct public_key *key = arena_alloc(&w->a, sizeof *key);
        *key = world_key(name);
        seats.v[i] = (struct card_seat){.seat = span_str(seat_names[i]), .keys = {1, key}};
    }
    fixture_card_make(&w->a, seed_of(org), org, &seats, &recovery, ret);
}

struct effect world_admit(struct world *w, const struct fixture_card *c, enum role role)
{
    struct effect e = {.type = EFFECT_ADMIT, .card = c->bytes};
    e.party = (struct charter_party){
        .org = c->card.org, .display = span_str("A newcomer"), .role = role, .card = c->digest};
    if (role != ROLE_PARTNER) {
        e.party.seats = (struct span_list){1, arena_alloc(&w->a, sizeof(struct span))};
        e.party.seats.v[0] = span_str("registrar");
        SET_HAS(&e.party, charter_party_key_seats);
    }
    SET_HAS(&e, effect_key_party);
    SET_HAS(&e, effect_key_card);
    return e;
}

uint64_t world_decided(struct world *w, const char *type, const struct world_proposal *p)
{
    EXPECT_VERDICT(w, world_propose(w, "brand/sponsor", type, p), V_OK);
    uint64_t n = w->last;
    for (;;) {
        struct query_readiness q;
        cr_assert_eq(query_readiness(&w->v, n, &w->a, &q, &w->err), ST_OK);
        size_t i = 0;
        while (i < q.partners.n && q.partners.v[i].position != POSITION_OWES)
            i++;
        if (q.phase != PHASE_OPEN || i == q.partners.n)
            break;
        const char *seat = (const char *)arena_dup(&w->a, q.partners.v[i].could.v[0]).p;
        EXPECT_VERDICT(w, world_ballot(w, seat, n, CHOICE_APPROVE), V_OK);
    }
    struct state_decision d = world_decision(w, n);
    if (d.phase == PHASE_PASSED)
        world_at_ms(w, d.effective_ms);
    return n;
}

uint64_t world_effective(struct world *w, const char *type, const struct world_proposal *p)
{
    uint64_t n = world_decided(w, type, p);
    EXPECT_PHASE(w, n, PHASE_EFFECTIVE);
    return n;
}

void world_joined(struct world *w, const char *org, struct fixture_card *card, bool ready)
{
    world_newcomer(w, org, card);
    struct effect e = world_admit(w, card, ROLE_PARTNER);
    struct world_proposal p = {.effect = &e};
    uint64_t n = world_decided(w, "admission", &p);
    EXPECT_PHASE(w, n, PHASE_EFFECTIVE);
    if (ready)
        EXPECT_VERDICT(w, world_ready(w, org, w->g.height), V_OK);
}

static struct ref ref_of(struct world *w, uint64_t n)
{
    struct ref r = {.number = n};
    struct matter m;
    if (matter_load(&w->v, &w->a, n, &m, &w->err) == ST_OK)
        r.digest = m.d.digest;
    return r;
}

enum verdict world_input(struct world *w, const char *seat, uint64_t n, enum input_type type,
                         const char *consulted)
{
    struct decision_input r = {.decision = ref_of(w, n), .need = {.type = type}};
    if (consulted != NULL) {
        r.need.seat = span_str(consulted);
        SET_HAS(&r.need, charter_need_key_seat);
    }
    SET_HAS(&r, decision_input_key_need);
    SET_HAS(&r, decision_input_key_text);
    return world_entry(w, seat, KIND_INPUT, &decision_input_desc, &r);
}

enum verdict world_node(struct world *w, const char *registrar, struct span card)
{
    struct replace_node r = {.card = card};
    return world_entry(w, registrar, KIND_NODE, &replace_node_desc, &r);
}

enum verdict world_node_entry(struct world *w, const char *org, uint64_t kind, const struct record_desc *d,
                              const void *body)
{
    struct state_party p = world_party(w, org);
    char seat[80];
    (void)snprintf(seat, sizeof seat, "%s/node", org);
    w->raw_key = &p.node.node;
    enum verdict v = world_entry(w, seat, kind, d, body);
    w->raw_key = NULL;
    return v;
}

enum verdict world_ready(struct world *w, const char *org, uint64_t height)
{
    struct ready r = {.height = height};
    return world_node_entry(w, org, KIND_READY, &ready_desc, &r);
}

enum verdict world_support(struct world *w, const char *org, uint64_t rules)
{
    struct support r = {.rules = rules};
    return world_node_entry(w, org, KIND_SUPPORT, &support_desc, &r);
}

struct signature world_recovery_signature(struct world *w, const struct recover *r, uint64_t after,
                                          const char *signer)
{
    struct signature sig;
    struct recovery_statement s = {.org = r->org, .epoch = w->g.epoch, .after = after, .keys = r->keys};
    if (HAS(r, recover_key_card)) {
        sha256(r->card, &s.card);
        SET_HAS(&s, recovery_statement_key_card);
    }
    struct ed25519_key *secret = recovery_secret(signer);
    sshsig_sign_record(secret, SSHSIG_RECOVERY, world_encoded(w, &recovery_statement_desc, &s), &sig);
    ed25519_free(secret);
    return sig;
}

enum verdict world_recover(struct world *w, const char *seat, const char *org, const char *key1,
                           const char *key2, uint64_t after, struct span card, const char *signer)
{
    struct public_key keys[2];
    struct recover r = {.org = span_str(org), .keys = {0, keys}};
    keys[r.keys.n++] = world_key(key1);
    if (key2 != NULL)
        keys[r.keys.n++] = world_key(key2);
    if (card.n != 0) {
        r.card = card;
        SET_HAS(&r, recover_key_card);
    }
    r.signature = world_recovery_signature(w, &r, after, signer);
    return world_entry(w, seat, KIND_RECOVER, &recover_desc, &r);
}

enum verdict world_replace_registrar(struct world *w, const char *seat, const char *key1, const char *key2)
{
    struct public_key keys[2];
    struct registrar r = {.act = REGISTRAR_REPLACE, .keys = {0, keys}};
    keys[r.keys.n++] = world_key(key1);
    if (key2 != NULL)
        keys[r.keys.n++] = world_key(key2);
    SET_HAS(&r, registrar_key_keys);
    return world_entry(w, seat, KIND_REGISTRAR, &registrar_desc, &r);
}

enum verdict world_cancel(struct world *w, const char *seat, uint64_t leaf)
{
    struct registrar r = {.act = REGISTRAR_CANCEL, .recovery = leaf};
    SET_HAS(&r, registrar_key_recovery);
    return world_entry(w, seat, KIND_REGISTRAR, &registrar_desc, &r);
}

enum verdict world_revoke_key(struct world *w, const char *registrar, const struct hash *key)
{
    struct key r = {.key = {.alg = SIG_ED25519, .key = *key}};
    return world_entry(w, registrar, KIND_KEY, &key_desc, &r);
}

struct state_party world_party(struct world *w, const char *org)
{
    struct state_party p;
    cr_assert_eq(party_get(&w->v, &w->a, span_str(org), &p, &w->err), ST_OK, "no party %s", org);
    return p;
}

struct state_key world_key_state(struct world *w, const struct hash *key)
{
    struct state_key k;
    struct tkey tk = tkey_text(span_hash(key));
    cr_assert_eq(state_get(&w->v, &w->a, TABLE_KEY, &tk, &state_key_desc, &k, &w->err), ST_OK);
    return k;
}

struct state_seat world_seat(struct world *w, const char *seat)
{
    struct state_seat s;
    struct tkey k = tkey_text(span_str(seat));
    cr_assert_eq(state_get(&w->v, &w->a, TABLE_SEAT, &k, &state_seat_desc, &s, &w->err), ST_OK, "no seat %s",
                 seat);
    return s;
}

bool world_holds(struct world *w, const char *seat, const char *key)
{
    struct state_seat s = world_seat(w, seat);
    struct public_key k = world_key(key);
    for (size_t i = 0; i < s.keys.n; i++) {
        if (hash_eq(&s.keys.v[i].key, &k.key))
            return true;
    }
    return false;
}

size_t world_validators(struct world *w)
{
    struct validator_set set;
    cr_assert_eq(gov_validators(&w->v, &w->a, &set, &w->err), ST_OK);
    return set.members.n;
}
