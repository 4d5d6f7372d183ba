#include "gov/party.h"

enum standing party_standing(const struct state_party *p)
{
    return HAS(p, state_party_key_standing) ? p->standing : STANDING_ACTIVE;
}

void party_set_standing(struct state_party *p, enum standing s)
{
    p->standing = s;
    if (s == STANDING_ACTIVE)
        p->has &= ~(UINT64_C(1) << state_party_key_standing);
    else
        SET_HAS(p, state_party_key_standing);
}

bool party_votes(const struct state_party *p)
{
    return (p->role == ROLE_PARTNER || p->role == ROLE_WITNESS) && party_standing(p) == STANDING_ACTIVE;
}

enum status party_get(const struct view *v, struct arena *a, struct span org, struct state_party *ret,
                      struct err *err)
{
    struct tkey k = tkey_text(org);
    return state_get(v, a, TABLE_PARTY, &k, &state_party_desc, ret, err);
}

enum status party_put(struct gov *g, struct span org, const struct state_party *p, struct err *err)
{
    struct tkey k = tkey_text(org);
    return state_put(g, TABLE_PARTY, &k, &state_party_desc, p, err);
}

struct tkey party_first(void)
{
    return (struct tkey){.n = 1};
}

enum status party_next(const struct view *v, struct arena *a, struct tkey *from, struct span *ret_org,
                       struct state_party *ret, struct err *err)
{
    struct span key, value;
    TRY(view_next(v, TABLE_PARTY, tkey_span(from), &key, &value));
    *from = tkey_after(key);
    struct span org = arena_dup(a, key);
    if (org.p == NULL)
        return err_set(err, ST_LIMIT, "out of room for the organisations");
    *ret_org = org;
    return codec_decode(&state_party_desc, value, a, ret, err);
}

enum status party_has_left(const struct view *v, struct arena *a, struct span org, bool *ret_left,
                           struct err *err)
{
    struct state_party p;
    enum status st = party_get(v, a, org, &p, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    *ret_left = st == ST_OK && party_standing(&p) == STANDING_LEFT;
    return ST_OK;
}

enum status party_others_vote(const struct view *v, struct arena *a, struct span org, bool *ret_others,
                              struct err *err)
{
    struct tkey from = party_first();
    for (;;) {
        struct span name;
        struct state_party p;
        enum status st = party_next(v, a, &from, &name, &p, err);
        if (st != ST_OK && st != ST_END)
            return st;
        *ret_others = st == ST_OK && party_votes(&p) && !span_eq(name, org);
        if (*ret_others || st == ST_END)
            return ST_OK;
    }
}

enum status party_recovery_key(const struct view *v, struct arena *a, const struct hash *key, bool *ret_is,
                               struct err *err)
{
    struct tkey from = party_first();
    for (;;) {
        struct span name;
        struct state_party p;
        enum status st = party_next(v, a, &from, &name, &p, err);
        if (st != ST_OK && st != ST_END)
            return st;
        *ret_is = st == ST_OK && HAS(&p, state_party_key_recovery) && hash_eq(&p.recovery.key, key);
        if (*ret_is || st == ST_END)
            return ST_OK;
    }
}

bool party_node_key(const struct state_party *p, const struct hash *key)
{
    return hash_eq(&p->node.vote, key) || hash_eq(&p->node.cosign, key) || hash_eq(&p->node.log, key) ||
           hash_eq(&p->node.node, key);
}
