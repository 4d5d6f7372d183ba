#include "recovery/marks.h"
#include "codec/codec.h"
#include "ledger/block.h"

enum { RESTORED_BYTES = 16 };

#define NEXT "Next: ententd rekey DIR -o FILE.card, then your registrar, at a partner's node: entente node replace FILE.card"

struct row_name {
    char s[96];
};

static struct row_name row_of(const char *what, const struct hash *vote)
{
    struct row_name r;
    (void)snprintf(r.s, sizeof r.s, "%s/%s", what, hex_of(vote).s);
    return r;
}

enum status marks_put_dead(struct store *s, struct store_txn *t, const struct hash *vote, const char *why,
                           struct err *err)
{
    return store_put(s, t, TABLE_NODE, span_str(row_of("dead-vote", vote).s), span_str(why), err);
}

enum status marks_put_all_dead(struct store *s, struct store_txn *t, const struct view *v, struct span org,
                               const char *why, struct err *err)
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

/* All rows of table NODE whose names begin so. */
static enum status forget(struct store *s, struct store_txn *t, const struct view *v, const char *prefix,
                          struct err *err)
{
    uint8_t from[VIEW_KEY_MAX + 1];
    size_t n = strlen(prefix);
    struct span key, value, at = span_str(prefix);
    for (;;) {
        enum status st = view_next(v, TABLE_NODE, at, &key, &value);
        if (st == ST_END || (st == ST_OK && (key.n < n || memcmp(key.p, prefix, n) != 0)))
            return ST_OK;
        if (st == ST_OK)
            st = store_del(s, t, TABLE_NODE, key, err);
        if (st != ST_OK)
            return st == ST_CORRUPT ? err_set(err, st, "table NODE cannot be read") : st;
        memcpy(from, key.p, key.n);
        from[key.n] = 0;
        at = span_of(from, key.n + 1);
    }
}

enum status marks_restored(struct store *s, struct span org, const struct hash *also, uint64_t now_ms,
                           const char *what, struct err *err)
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
    (void)snprintf(why, sizeof why, "this directory was %.90s at block %" PRIu64 " on %s", what, tip.height,
                   time_utc(now_ms).s);
    st = marks_put_all_dead(s, t, &v, org, why, err);
    if (st == ST_OK && also != NULL)
        st = marks_put_dead(s, t, also, why, err);
    if (st == ST_OK)
        st = store_put(s, t, TABLE_NODE, span_str("restored"), span_of(row, sizeof row), err);
    if (st == ST_OK)
        st = forget(s, t, &v, "incarnation", err);
    if (st == ST_OK)
        st = forget(s, t, &v, "fresh/", err);
    store_read_end(s, &v);
    if (st == ST_OK)
        return store_commit(s, t, err);
    store_abort(s, t);
    return st;
}

static bool has_row(const struct view *v, const char *what, const struct hash *vote)
{
    struct span value;
    return view_get(v, TABLE_NODE, span_str(row_of(what, vote).s), &value) == ST_OK;
}

enum status marks_of(const struct view *v, const struct hash *vote, enum marks_verdict *ret_verdict,
                     char why[480], struct err *err)
{
    struct span value;
    why[0] = 0;
    *ret_verdict = MARKS_NONE;
    enum status st = view_get(v, TABLE_NODE, span_str(row_of("dead-vote", vote).s), &value);
    if (st == ST_OK) {
        (void)snprintf(why, 480, "vote key %.16s... is dead: %.*s. It follows and does not vote. " NEXT,
                       hex_of(vote).s, value.n > 200 ? 200 : (int)value.n, (const char *)value.p);
        *ret_verdict = MARKS_DEAD;
        return ST_OK;
    }
    if (st == ST_NOTFOUND)
        st = view_get(v, TABLE_NODE, span_str("restored"), &value);
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (st != ST_OK || value.n != RESTORED_BYTES)
        return err_set(err, st == ST_OK ? ST_CORRUPT : st,
                       "what the store remembers of its vote keys cannot be read");
    if (has_row(v, "fresh", vote) || has_row(v, "incarnation", vote))
        return ST_OK;
    (void)snprintf(
        why, 480,
        "this directory was restored or rebuilt at block %" PRIu64
        " on %s, and vote key %.16s... was not made for it since. It follows and does not vote. " NEXT,
        load_u64(value.p + 8), time_utc(load_u64(value.p)).s, hex_of(vote).s);
    *ret_verdict = MARKS_NOT_FRESH;
    return ST_OK;
}

enum status marks_journal(const struct view *v, const struct hash *vote, struct hash *ret_incarnation)
{
    struct span value;
    enum status st = view_get(v, TABLE_NODE, span_str(row_of("incarnation", vote).s), &value);
    if (st == ST_OK && value.n != sizeof ret_incarnation->b)
        st = ST_CORRUPT;
    if (st == ST_OK)
        memcpy(ret_incarnation->b, value.p, value.n);
    return st;
}
