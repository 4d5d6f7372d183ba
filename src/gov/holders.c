/* Who fills a seat, and which keys are dead (GOV-5, GOV-6). */
#include "gov/act.h"

static enum status registrar_only(struct act *c, struct span org)
{
    struct span seat = c->e->entry->seat;
    if (span_eqs(state_seat_name(seat), "registrar") && span_eq(state_seat_org(seat), org))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED, "only %.*s/registrar does this, not %.*s", SPAN_FMT(org),
                      SPAN_FMT(seat));
}

static enum status put_key(struct gov *g, const struct hash *key, const struct state_key *k, struct err *err)
{
    struct tkey tk = tkey_text(span_hash(key));
    return state_put(g, TABLE_KEY, &tk, &state_key_desc, k, err);
}

static enum status get_key(struct act *c, const struct hash *key, struct state_key *ret, struct err *err)
{
    struct tkey tk = tkey_text(span_hash(key));
    return state_get(&c->v, c->g->arena, TABLE_KEY, &tk, &state_key_desc, ret, err);
}

/* A key belongs to one organisation for good, and is never taken back after its revocation. */
static enum status key_usable(struct act *c, const struct public_key *key, struct span org, bool *ret_new,
                              struct err *err)
{
    struct state_key k;
    enum status st = get_key(c, &key->key, &k, err);
    *ret_new = st == ST_NOTFOUND;
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    if (HAS(&k, state_key_key_revoked_ms))
        return act_refuse(c, V_REVOKED_KEY, "a key on the list was revoked at %s; make a new one",
                          time_utc(k.revoked_ms).s);
    if (k.use != KEY_PERSON)
        return act_refuse(c, V_NOT_PERMITTED,
                          "a key on the list is a node's key; people have keys of their own");
    if (!span_eq(k.org, org))
        return act_refuse(c, V_NOT_PERMITTED, "a key on the list belongs to %.*s", SPAN_FMT(k.org));
    return ST_OK;
}

static int key_cmp(const struct public_key *a, const struct public_key *b)
{
    return memcmp(a->key.b, b->key.b, sizeof a->key.b);
}

/* Copies the list, ascending. */
static enum status sorted(struct act *c, const struct public_key_list *in, struct public_key_list *ret,
                          struct err *err)
{
    struct public_key *v = arena_array(c->g->arena, in->n, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for keys");
    for (size_t i = 0; i < in->n; i++) {
        size_t j = i;
        for (; j > 0 && key_cmp(&v[j - 1], &in->v[i]) > 0; j--)
            v[j] = v[j - 1];
        if (j > 0 && key_cmp(&v[j - 1], &in->v[i]) == 0)
            return act_refuse(c, V_MALFORMED, "holder.keys: a key is on the list twice");
        v[j] = in->v[i];
    }
    *ret = (struct public_key_list){in->n, v};
    return ST_OK;
}

enum status holders_apply_holder(struct act *c, const struct holder *r, struct err *err)
{
    struct span org = state_seat_org(r->seat);
    TRY(registrar_only(c, org));
    if (span_eqs(state_seat_name(r->seat), "registrar"))
        return act_refuse(
            c, V_NOT_SUPPORTED,
            "a registrar does not replace itself: that takes two other seats of its partner, which these "
            "rules do not carry out yet");
    struct tkey sk = tkey_text(r->seat);
    struct state_seat seat;
    enum status st = state_get(&c->v, c->g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "the charter has no seat %.*s", SPAN_FMT(r->seat));
    if (st != ST_OK)
        return st;
    TRY(act_seen(c, seat.changed_leaf, "the seat"));
    struct public_key_list keys;
    TRY(sorted(c, &r->keys, &keys, err));
    bool fresh[8];
    ASSERT(keys.n <= ARRAY_LEN(fresh));
    for (size_t i = 0; i < keys.n; i++)
        TRY(key_usable(c, &keys.v[i], org, &fresh[i], err));
    for (size_t i = 0; i < keys.n; i++) {
        struct state_key k = {.org = org, .use = KEY_PERSON, .changed_leaf = c->g->leaf};
        if (fresh[i])
            TRY(put_key(c->g, &keys.v[i].key, &k, err));
    }
    seat = (struct state_seat){.keys = keys, .changed_leaf = c->g->leaf};
    return state_put(c->g, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
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

/* Next seat of an organisation at or after *from in key order; *ret_more false when there is none. */
static enum status next_seat(struct act *c, struct span org, struct tkey *from, struct tkey *ret_key,
                             struct state_seat *ret_seat, bool *ret_more, struct err *err)
{
    struct span key, value;
    enum status st = view_next(&c->v, TABLE_SEAT, tkey_span(from), &key, &value);
    *ret_more = st == ST_OK && span_eq(state_seat_org(key), org);
    if (!*ret_more)
        return st == ST_END ? ST_OK : st;
    *ret_key = tkey_text(key);
    *from = *ret_key;
    from->b[from->n++] = 0;
    return codec_decode(&state_seat_desc, value, c->g->arena, ret_seat, err);
}

static struct tkey first_seat(struct span org)
{
    struct tkey k = tkey_text(org);
    k.b[k.n++] = '/';
    return k;
}

/* GOV-6: a registrar key may only revoke itself, and only while another is left: else whoever stole one could
 * lock the other holder out. */
static enum status registrar_key(struct act *c, const struct public_key *key, struct span org,
                                 struct err *err)
{
    uint8_t name[80];
    ASSERT(org.n + 10 <= sizeof name);
    memcpy(name, org.p, org.n);
    memcpy(name + org.n, "/registrar", 10);
    struct tkey k = tkey_text(span_of(name, org.n + 10));
    struct state_seat seat;
    enum status st = state_get(&c->v, c->g->arena, TABLE_SEAT, &k, &state_seat_desc, &seat, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    if (!drop(&seat, &key->key))
        return ST_OK;
    if (!hash_eq(&key->key, &c->e->key.key))
        return act_refuse(
            c, V_NOT_SUPPORTED,
            "a registrar key can so far be revoked by itself alone; recovery comes with later rules");
    if (seat.keys.n == 0)
        return act_refuse(c, V_NOT_SUPPORTED,
                          "it is the last key of %.*s/registrar; nobody could fill seats after it",
                          SPAN_FMT(org));
    return ST_OK;
}

enum status holders_apply_key(struct act *c, const struct key *r, struct err *err)
{
    struct state_key k;
    enum status st = get_key(c, &r->key.key, &k, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "the key is not on the record");
    if (st != ST_OK)
        return st;
    TRY(registrar_only(c, k.org));
    if (k.use != KEY_PERSON)
        return act_refuse(c, V_NOT_SUPPORTED, "it is a node's key; replacing those comes with later rules");
    TRY(act_seen(c, k.changed_leaf, "the key"));
    if (HAS(&k, state_key_key_revoked_ms))
        return act_refuse(c, V_REVOKED_KEY, "it was revoked already, at %s", time_utc(k.revoked_ms).s);
    TRY(registrar_key(c, &r->key, k.org, err));
    k.revoked_ms = c->g->time_ms;
    SET_HAS(&k, state_key_key_revoked_ms);
    if (HAS(r, key_key_compromised_since_ms)) {
        k.compromised_since_ms = r->compromised_since_ms;
        SET_HAS(&k, state_key_key_compromised_since_ms);
    }
    if (HAS(r, key_key_reason)) {
        k.reason = r->reason;
        SET_HAS(&k, state_key_key_reason);
    }
    k.changed_leaf = c->g->leaf;
    TRY(put_key(c->g, &r->key.key, &k, err));
    struct tkey from = first_seat(k.org), at;
    for (;;) {
        struct state_seat seat;
        bool more;
        TRY(next_seat(c, k.org, &from, &at, &seat, &more, err));
        if (!more)
            return ST_OK;
        if (!drop(&seat, &r->key.key))
            continue;
        seat.changed_leaf = c->g->leaf;
        TRY(state_put(c->g, TABLE_SEAT, &at, &state_seat_desc, &seat, err));
    }
}
