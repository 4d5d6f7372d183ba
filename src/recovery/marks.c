#include "recovery/marks.h"
#include "codec/codec.h"
#include "ledger/block.h"
#include "ledger/rows.h"

enum { RESTORED_BYTES = 16 };

#define NEXT "Next: ententd rekey DIR -o FILE.card, then your registrar: entente node replace FILE.card"

struct dead_key {
    char s[80];
};

static struct dead_key dead_key(const struct hash *vote)
{
    struct dead_key k;
    (void)snprintf(k.s, sizeof k.s, "dead-vote/%s", hex_of(vote).s);
    return k;
}

enum status marks_put_dead(struct store *s, struct store_txn *t, const struct hash *vote, const char *why, struct err *err)
{
    return store_put(s, t, TABLE_NODE, span_str(dead_key(vote).s), span_str(why), err);
}

enum status marks_put_all_dead(struct store *s, struct store_txn *t, const struct view *v, struct span org, const char *why,
                               struct err *err)
{
    struct hash pub;
    uint8_t from[33] = {0};
    struct span key, value, at = {from, 0};
    for (;;) {
        enum status st = view_next(v, TABLE_KEY, at, &key, &value);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK || key.n != sizeof pub.b)
            return err_set(err, st == ST_OK ? ST_CORRUPT : st, "table KEY cannot be read");
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 1 << 16);
        struct state_key row;
        memcpy(pub.b, key.p, sizeof pub.b);
        st = codec_decode(&state_key_desc, value, &a, &row, err);
        if (st == ST_OK && row.use == KEY_NODE && span_eq(row.org, org))
            st = marks_put_dead(s, t, &pub, why, err);
        if (st != ST_OK)
            return st;
        memcpy(from, pub.b, sizeof pub.b); /* the key after this one: a zero byte more */
        at = span_of(from, sizeof from);
    }
}

enum status marks_restored(struct store *s, struct span org, const struct hash *also, uint64_t now_ms, const char *what, struct err *err)
{
    struct view v;
    struct tip tip;
    struct store_txn *t;
    char why[200];
    uint8_t row[RESTORED_BYTES];
    enum status st = store_read_begin(s, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    if (st == ST_NOTFOUND)
        st = err_set(err, ST_CORRUPT, "the store holds no alliance");
    if (st == ST_OK)
        st = store_begin(s, &t, err);
    if (st != ST_OK) {
        store_read_end(s, &v);
        return st;
    }
    store_u64(row, now_ms);
    store_u64(row + 8, tip.height);
    (void)snprintf(why, sizeof why, "this directory was %.90s at block %" PRIu64 " on %s", what, tip.height, time_utc(now_ms).s);
    st = marks_put_all_dead(s, t, &v, org, why, err);
    if (st == ST_OK && also != NULL)
        st = marks_put_dead(s, t, also, why, err);
    if (st == ST_OK)
        st = store_put(s, t, TABLE_NODE, span_str("restored"), span_of(row, sizeof row), err);
    if (st == ST_OK)
        st = store_del(s, t, TABLE_NODE, span_str("incarnation"), err);
    store_read_end(s, &v);
    if (st == ST_OK)
        return store_commit(s, t, err);
    store_abort(s, t);
    return st;
}

/* Ledger time of the block that named the key; ST_NOTFOUND: org's node does not have it now. */
static enum status named_at(const struct view *v, struct span org, const struct hash *vote, uint64_t *ret_ms, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 16);
    struct span value;
    struct state_party party;
    struct state_key key;
    struct boundary b;
    enum status st = view_get(v, TABLE_PARTY, org, &value);
    if (st == ST_OK)
        st = codec_decode(&state_party_desc, value, &a, &party, err);
    if (st == ST_OK && !hash_eq(&party.node.vote, vote))
        return ST_NOTFOUND;
    if (st == ST_OK)
        st = view_get(v, TABLE_KEY, span_hash(vote), &value);
    if (st == ST_OK)
        st = codec_decode(&state_key_desc, value, &a, &key, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? st : err_set(err, ST_CORRUPT, "what the record says of this node's keys cannot be read");
    st = rows_boundary(v, key.changed_leaf + 1, true, &b, err);
    if (st == ST_OK)
        *ret_ms = b.time_ms;
    return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "the block that named this node's vote key is not in the store") : st;
}

enum status marks_of(const struct view *v, struct span org, const struct hash *vote, enum marks_verdict *ret_verdict, char why[480],
                     struct err *err)
{
    struct span value;
    uint64_t named = 0;
    why[0] = 0;
    enum status st = view_get(v, TABLE_NODE, span_str(dead_key(vote).s), &value);
    if (st == ST_OK) {
        (void)snprintf(why, 480, "vote key %.16s... is dead: %.*s. It follows and does not vote. " NEXT, hex_of(vote).s,
                       value.n > 200 ? 200 : (int)value.n, (const char *)value.p);
        *ret_verdict = MARKS_DEAD;
        return ST_OK;
    }
    if (st == ST_NOTFOUND)
        st = view_get(v, TABLE_NODE, span_str("restored"), &value);
    if (st == ST_NOTFOUND) {
        *ret_verdict = MARKS_NONE;
        return ST_OK;
    }
    if (st != ST_OK || value.n != RESTORED_BYTES)
        return err_set(err, st == ST_OK ? ST_CORRUPT : st, "what the store remembers of its vote keys cannot be read");
    uint64_t restored = load_u64(value.p), height = load_u64(value.p + 8);
    st = named_at(v, org, vote, &named, err);
    if (st == ST_NOTFOUND) {
        (void)snprintf(why, 480,
                       "this directory was restored or rebuilt at block %" PRIu64
                       " on %s, and the record does not name its vote key %.16s.... It follows and does not vote. " NEXT
                       ". When that is final, start this node again",
                       height, time_utc(restored).s, hex_of(vote).s);
        *ret_verdict = MARKS_UNNAMED;
        return ST_OK;
    }
    if (st != ST_OK)
        return st;
    *ret_verdict = named > restored ? MARKS_FRESH : MARKS_DEAD;
    if (*ret_verdict == MARKS_DEAD)
        (void)snprintf(why, 480,
                       "vote key %.16s... is dead: the record named it before this directory was restored or rebuilt (%s). It follows "
                       "and does not vote. " NEXT,
                       hex_of(vote).s, time_utc(restored).s);
    return ST_OK;
}
