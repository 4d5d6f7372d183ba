/* Answers about members: recoveries, faults, rules versions. Read from the tables of the newest state. */
#include "node/internal.h"

enum { LINES_MAX = 1000, SUPPORT_MAX = 128 };

/* The row at or after *from; *from becomes the least key after it. ST_END. */
static enum status next_row(const struct view *v, uint8_t table, struct buf *from, struct span *ret_key, struct span *ret_value,
                            struct err *err)
{
    enum status st = view_next(v, table, buf_span(from), ret_key, ret_value);
    if (st != ST_OK)
        return st == ST_END ? st : err_set(err, st, "table %s cannot be read", table_name(table));
    buf_reset(from);
    buf_put_span(from, *ret_key);
    buf_u8(from, 0);
    return ST_OK;
}

enum status ask_recoveries(const struct view *v, struct arena *a, struct rpc_recoveries_reply *ret, struct err *err)
{
    struct buf from CLEANUP(buf_deinit);
    struct span key, value;
    enum status st = ST_OK;
    buf_init(&from, 600);
    ret->list.v = arena_array(a, LINES_MAX, sizeof *ret->list.v);
    ASSERT(ret->list.v != NULL);
    while (ret->list.n < LINES_MAX && (st = next_row(v, TABLE_RECOVERY, &from, &key, &value, err)) == ST_OK) {
        struct rpc_recovery *x = &ret->list.v[ret->list.n];
        if (key.n != 8)
            return err_set(err, ST_CORRUPT, "a key of table RECOVERY has %zu bytes", key.n);
        x->leaf = load_u64(key.p);
        st = codec_decode(&state_recovery_desc, arena_dup(a, value), a, &x->recovery, err);
        if (st != ST_OK)
            return st;
        ret->list.n++;
    }
    return st == ST_END ? ST_OK : st;
}

enum { FAULT_KEY = 13 }; /* u64 height, u32 round, u8 type; then the organisation */

static enum status read_fault(struct span key, struct span value, struct arena *a, struct rpc_fault *ret, struct err *err)
{
    if (key.n <= FAULT_KEY)
        return err_set(err, ST_CORRUPT, "a key of table FAULT has %zu bytes", key.n);
    *ret = (struct rpc_fault){.height = load_u64(key.p),
                              .round = load_u32(key.p + 8),
                              .type = (enum vote_type)key.p[12],
                              .org = arena_dup(a, span_of(key.p + FAULT_KEY, key.n - FAULT_KEY))};
    return codec_decode(&state_fault_desc, arena_dup(a, value), a, &ret->fault, err);
}

enum status ask_faults(const struct view *v, struct arena *a, struct rpc_faults_reply *ret, struct err *err)
{
    struct span key, value;
    uint8_t upto[VIEW_KEY_MAX];
    size_t n = 0;
    enum status st = ST_OK;
    struct rpc_fault *list = arena_array(a, LINES_MAX, sizeof *list);
    ASSERT(list != NULL);
    memset(upto, 0xff, sizeof upto);
    struct span at = span_of(upto, sizeof upto);
    while (n < LINES_MAX && (st = view_prev(v, TABLE_FAULT, at, &key, &value)) == ST_OK) {
        n++;
        st = read_fault(key, value, a, &list[LINES_MAX - n], err);
        if (st != ST_OK)
            return st;
        /* The greatest key below it: the last letter of the organisation one less, and anything after. */
        memcpy(upto, key.p, key.n);
        upto[key.n - 1]--;
        memset(upto + key.n, 0xff, sizeof upto - key.n);
        at = span_of(upto, sizeof upto);
    }
    ret->list = (struct rpc_fault_list){n, list + LINES_MAX - n};
    return st == ST_END || st == ST_OK ? ST_OK : err_set(err, st, "table FAULT cannot be read");
}

enum status ask_rules(const struct view *v, struct arena *a, struct rpc_rules_reply *ret, struct err *err)
{
    struct buf from CLEANUP(buf_deinit);
    struct tip tip;
    struct span key, value;
    struct state_counter next;
    struct state_support s;
    buf_init(&from, 600);
    enum status st = tip_load(v, &tip, err);
    ret->rules = st == ST_OK ? tip.rules : 1;
    ret->known = BLOCK_RULES_KNOWN;
    if (st == ST_OK && view_get(v, TABLE_META, span_str("rules-next"), &value) == ST_OK) {
        st = codec_decode(&state_counter_desc, value, a, &next, err);
        ret->next = next.value;
        SET_HAS(ret, rpc_rules_reply_key_next);
    }
    ret->support.v = arena_array(a, SUPPORT_MAX, sizeof *ret->support.v);
    ASSERT(ret->support.v != NULL);
    while (st == ST_OK && ret->support.n < SUPPORT_MAX && (st = next_row(v, TABLE_SUPPORT, &from, &key, &value, err)) == ST_OK) {
        st = codec_decode(&state_support_desc, value, a, &s, err);
        ret->support.v[ret->support.n++] = (struct rpc_support){.org = arena_dup(a, key), .rules = s.rules};
    }
    return st == ST_END ? ST_OK : st;
}
