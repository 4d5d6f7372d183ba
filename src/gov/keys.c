#include "gov/keys.h"
#include "gov/party.h"

enum status keys_get(const struct view *v, struct arena *a, const struct hash *key, struct state_key *ret,
                     struct err *err)
{
    struct tkey k = tkey_text(span_hash(key));
    return state_get(v, a, TABLE_KEY, &k, &state_key_desc, ret, err);
}

enum status keys_put(struct gov *g, const struct hash *key, const struct state_key *k, struct err *err)
{
    struct tkey tk = tkey_text(span_hash(key));
    return state_put(g, TABLE_KEY, &tk, &state_key_desc, k, err);
}

enum status keys_are_new(const struct view *v, struct arena *a, const struct hash *key, bool *ret_new,
                         struct err *err)
{
    struct state_key k;
    bool recovery;
    enum status st = keys_get(v, a, key, &k, err);
    if (st != ST_NOTFOUND) {
        *ret_new = false;
        return st;
    }
    TRY(party_recovery_key(v, a, key, &recovery, err));
    *ret_new = !recovery;
    return ST_OK;
}

static int key_cmp(const struct public_key *a, const struct public_key *b)
{
    return memcmp(a->key.b, b->key.b, sizeof a->key.b);
}

enum status keys_sorted(struct arena *a, const char *what, const struct public_key_list *in,
                        struct public_key_list *ret, struct denial *no, struct err *err)
{
    struct public_key *v = arena_array(a, in->n, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for keys");
    for (size_t i = 0; i < in->n; i++) {
        size_t j = i;
        for (; j > 0 && key_cmp(&v[j - 1], &in->v[i]) > 0; j--)
            v[j] = v[j - 1];
        if (j > 0 && key_cmp(&v[j - 1], &in->v[i]) == 0)
            return denial_set(no, V_MALFORMED, "%s: a key is on the list twice", what);
        v[j] = in->v[i];
    }
    *ret = (struct public_key_list){in->n, v};
    return ST_OK;
}

static enum status usable(const struct view *v, struct arena *a, const struct hash *key, struct span org,
                          struct denial *no, struct err *err)
{
    struct state_key k;
    enum status st = keys_get(v, a, key, &k, err);
    bool recovery = st == ST_OK && k.use == KEY_RECOVERY;
    if (st == ST_NOTFOUND)
        TRY(party_recovery_key(v, a, key, &recovery, err));
    else if (st != ST_OK)
        return st;
    if (st == ST_OK && HAS(&k, state_key_key_revoked_ms))
        return denial_set(no, V_REVOKED_KEY, "a key on the list was revoked at %s; make a new one",
                          time_utc(k.revoked_ms).s);
    if (recovery)
        return denial_set(
            no, V_NOT_PERMITTED,
            "a key on the list is a recovery key, which stays offline; people have keys of their own");
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (k.use != KEY_PERSON)
        return denial_set(no, V_NOT_PERMITTED,
                          "a key on the list is a node's key; people have keys of their own");
    if (!span_eq(k.org, org))
        return denial_set(no, V_NOT_PERMITTED, "a key on the list belongs to %.*s", SPAN_FMT(k.org));
    return ST_OK;
}

enum status keys_usable(const struct view *v, struct arena *a, const struct public_key_list *keys,
                        struct span org, struct denial *no, struct err *err)
{
    for (size_t i = 0; i < keys->n; i++)
        TRY(usable(v, a, &keys->v[i].key, org, no, err));
    return ST_OK;
}

enum status keys_name(struct gov *g, const struct public_key_list *keys, struct span org, struct err *err)
{
    struct view v = overlay_view(g->state);
    for (size_t i = 0; i < keys->n; i++) {
        struct state_key k;
        enum status st = keys_get(&v, g->arena, &keys->v[i].key, &k, err);
        if (st == ST_OK)
            continue;
        if (st != ST_NOTFOUND)
            return st;
        k = (struct state_key){.org = org, .use = KEY_PERSON, .changed_leaf = g->leaf};
        TRY(keys_put(g, &keys->v[i].key, &k, err));
    }
    return ST_OK;
}

bool keys_have(const struct public_key_list *keys, const struct hash *key)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (hash_eq(&keys->v[i].key, key))
            return true;
    }
    return false;
}

struct tkey keys_registrar(struct span org)
{
    static const char name[] = "/registrar";
    struct tkey k = tkey_text(org);
    ASSERT(k.n + sizeof name <= sizeof k.b);
    memcpy(k.b + k.n, name, sizeof name - 1);
    k.n += sizeof name - 1;
    return k;
}

enum status keys_put_seat(struct gov *g, const struct tkey *seat, const struct public_key_list *keys,
                          struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_seat s = {0}; /* its alternates stay */
    enum status st = state_get(&v, g->arena, TABLE_SEAT, seat, &state_seat_desc, &s, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    s.keys = *keys;
    s.changed_leaf = g->leaf;
    return state_put(g, TABLE_SEAT, seat, &state_seat_desc, &s, err);
}

struct tkey keys_first_seat(struct span org)
{
    struct tkey k = tkey_text(org);
    k.b[k.n++] = '/';
    return k;
}

enum status keys_next_seat(const struct view *v, struct arena *a, struct span org, struct tkey *from,
                           struct tkey *ret_key, struct state_seat *ret_seat, struct err *err)
{
    struct span key, value;
    TRY(view_next(v, TABLE_SEAT, tkey_span(from), &key, &value));
    if (!span_eq(state_seat_org(key), org))
        return ST_END;
    *ret_key = tkey_text(key);
    *from = tkey_after(key);
    return codec_decode(&state_seat_desc, value, a, ret_seat, err);
}

/* Takes the key off a seat's list. */
static bool drop(struct state_seat *seat, const struct hash *key)
{
    size_t n = 0;
    for (size_t i = 0; i < seat->keys.n; i++) {
        if (!hash_eq(&seat->keys.v[i].key, key))
            seat->keys.v[n++] = seat->keys.v[i];
    }
    bool found = n != seat->keys.n;
    seat->keys.n = n;
    return found;
}

enum status keys_revoke(struct gov *g, const struct hash *key, struct state_key *k, struct err *err)
{
    k->revoked_ms = g->time_ms;
    SET_HAS(k, state_key_key_revoked_ms);
    k->changed_leaf = g->leaf;
    TRY(keys_put(g, key, k, err));
    struct tkey from = keys_first_seat(k->org), at;
    for (;;) {
        struct view v = overlay_view(g->state);
        struct state_seat seat;
        enum status st = keys_next_seat(&v, g->arena, k->org, &from, &at, &seat, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (drop(&seat, key))
            TRY(keys_put_seat(g, &at, &seat.keys, err));
    }
}
