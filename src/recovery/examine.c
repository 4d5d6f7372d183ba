/* Tables, chain and rows. Tree and state are in examine_tree.c. */
#include <stdarg.h>
#include "recovery/examine.h"
#include "cert/chain.h"
#include "cert/refounding.h"
#include "codec/codec.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "store/store_lmdb.h"

enum { STEP_CHAIN, STEP_TREE, STEP_STATE, STEP_ROWS, STEPS_AFTER_TABLES };

void examine_say(struct examine *e, const char *part, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    e->result->found++;
    e->damage(e->ctx, part, text);
}

void examine_at(struct examine *e, const char *fmt, ...)
{
    char text[120];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    e->at(e->ctx, text);
}

static size_t tables(uint8_t *ret_tables)
{
    size_t n = 0;
    for (unsigned i = 0; i <= TABLE_MAX; i++)
        if (table_name((uint8_t)i) != NULL)
            ret_tables[n++] = (uint8_t)i;
    return n;
}

size_t examine_steps(void)
{
    uint8_t t[TABLE_MAX + 1];
    return tables(t) + STEPS_AFTER_TABLES;
}

const char *examine_step_name(size_t step)
{
    static const char *const after[] = {"chain", "tree", "state", "rows"};
    uint8_t t[TABLE_MAX + 1];
    size_t n = tables(t);
    ASSERT(step < n + STEPS_AFTER_TABLES);
    return step < n ? table_name(t[step]) : after[step - n];
}

/* -- Tables -- */

static void table_at(void *ctx, uint8_t table, struct span after)
{
    char hex[33] = {0};
    for (size_t i = 0; i < after.n && i < 16; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", after.p[i]);
    examine_at(ctx, "table %s after key %s", table_name(table), after.n == 0 ? "(none)" : hex);
}

static void table_damage(void *ctx, uint8_t table, struct span key, const char *text)
{
    (void)key;
    examine_say(ctx, table_name(table), "%s", text);
}

static void one_table(struct examine *e, uint8_t table)
{
    struct store_lmdb_watch w = {.ctx = e, .at = table_at, .damage = table_damage};
    struct err err = {0};
    uint64_t n = 0, before = e->result->found;
    enum status st = store_lmdb_check_table(e->store, table, &w, &n, &err);
    e->result->records += n;
    if (st != ST_OK && e->result->found == before)
        examine_say(e, table_name(table), "%s", err.text);
}

/* -- Chain -- */

/* The founding, and block 0 as it follows from it. */
static enum status chain_start(struct examine *e, const struct view *v, struct arena *a, struct chain *c)
{
    struct span file, header, sigs;
    struct genesis_info g;
    struct block b;
    struct err err = {0};
    struct hash h;
    enum status st = view_get(v, TABLE_NODE, span_str("genesis"), &file);
    if (st != ST_OK) {
        examine_say(e, "genesis", "the founding (NODE/genesis) %s",
                    st == ST_NOTFOUND ? "is missing" : "is damaged");
        return st;
    }
    st = genesis_read(file, true, a, &g, &err);
    if (st == ST_OK)
        st = block_genesis(&g, a, &b, &err);
    if (st != ST_OK) {
        examine_say(e, "genesis", "the founding does not hold: %.300s", err.text);
        return st;
    }
    e->result->alliance = g.alliance;
    st = block_header(v, 0, &header, &err);
    if (st != ST_OK || !span_eq(header, b.header_bytes)) {
        examine_say(e, "chain", "block 0 is not the one that follows from the founding");
        return ST_CORRUPT;
    }
    st = block_certificate(v, 0, &sigs, &err);
    bool ends = st == ST_OK && refounding_is(sigs); /* REF-6: the founding block ended its epoch */
    if (st != ST_OK || (sha256(sigs, &h), !ends && !hash_eq(&h, &g.sigs_hash)))
        examine_say(e, "chain", "the founding signatures (CERT/0) are not those of the founding");
    st = chain_begin(c, header, &g.alliance, &g.sigs_hash, &err);
    if (st == ST_OK && ends) {
        st = chain_recommit(c, sigs, &err);
        if (st != ST_OK)
            chain_deinit(c);
    }
    if (st != ST_OK)
        examine_say(e, "chain", "block 0: %.300s", err.text);
    return st;
}

/* Greatest height with a header, whatever NODE/tip says; 0 when none can be found. */
static uint64_t last_height(const struct view *v)
{
    struct key8 most = key_u64(UINT64_MAX);
    struct span key, value;
    return view_prev(v, TABLE_BLOCK, span_of(most.b, 8), &key, &value) == ST_OK && key.n == 8
               ? load_u64(key.p)
               : 0;
}

static bool one_header(struct examine *e, const struct view *v, struct chain *c, uint64_t h,
                       struct block_record *ret_record)
{
    struct span header, cert;
    struct err err = {0};
    examine_at(e, "block %" PRIu64, h);
    enum status st = block_header(v, h, &header, &err);
    if (st != ST_OK) {
        examine_say(e, "chain", "block %" PRIu64 ": its header is %s", h,
                    st == ST_NOTFOUND ? "missing" : "damaged");
        return false;
    }
    st = block_certificate(v, h, &cert, &err);
    if (st != ST_OK) {
        examine_say(e, "chain", "block %" PRIu64 ": its certificate is %s", h,
                    st == ST_NOTFOUND ? "missing" : "damaged");
        return false;
    }
    st = chain_next(c, header, cert, ret_record, &err);
    if (st != ST_OK)
        examine_say(e, "chain", "block %" PRIu64 ": %.300s", h, err.text);
    return st == ST_OK;
}

static void check_tip(struct examine *e, const struct view *v, const struct chain *c,
                      const struct block_record *rec)
{
    struct tip tip;
    struct err err = {0};
    enum status st = tip_load(v, &tip, &err);
    if (st != ST_OK) {
        examine_say(e, "chain", "%.300s",
                    st == ST_NOTFOUND ? "the record of the newest block (NODE/tip) is missing" : err.text);
        return;
    }
    if (tip.height != c->height || !hash_eq(&tip.block, &c->block) || tip.tree.size != c->size)
        examine_say(e, "chain",
                    "NODE/tip says block %" PRIu64 " with %" PRIu64
                    " leaves; the chain that is whole ends at block %" PRIu64 " with %" PRIu64,
                    tip.height, tip.tree.size, c->height, c->size);
    else if (!hash_eq(&tip.validators, &rec->next_validators))
        examine_say(e, "chain", "NODE/tip names other validators than block %" PRIu64, c->height);
    else if (!hash_eq(&tip.state.root, &rec->state_root))
        examine_say(e, "chain", "NODE/tip has another state root than block %" PRIu64, c->height);
}

static void chain_step(struct examine *e, const struct view *v)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct chain c;
    struct err err = {0};
    struct span header;
    struct header h0;
    struct block_record rec = {0};
    if (chain_start(e, v, &a, &c) != ST_OK)
        return;
    if (block_header(v, 0, &header, &err) == ST_OK &&
        codec_decode(&header_desc, header, &a, &h0, &err) == ST_OK)
        (void)!codec_decode(&block_record_desc, h0.record, &a, &rec, &err);
    e->result->blocks = 1;
    struct block_record newest = rec; /* of which only the hashes are looked at */
    uint64_t last = last_height(v);
    for (uint64_t h = 1; h <= last && one_header(e, v, &c, h, &rec); h++) {
        e->result->blocks++;
        newest = rec;
    }
    e->result->height = c.height;
    e->result->size = c.size;
    e->result->time_ms = c.time_ms;
    e->result->block = c.block;
    e->result->root = c.root;
    e->result->state_root = newest.state_root;
    check_tip(e, v, &c, &newest);
    chain_deinit(&c);
}

/* -- Rows that lead from one thing to another, and a node's own -- */

/* Is this the id that IDS has of entry i of a block? Its row has them all; in an older store each has one of its own. */
static bool has_id(const struct view *v, uint64_t first, size_t i, uint64_t time_ms, const struct hash *id)
{
    struct key8 all = key_u64(first + 1), own = key_u64(first + 1 + i);
    struct span row;
    size_t at = 8 + 32 * i;
    if (view_get(v, TABLE_IDS, span_of(all.b, 8), &row) != ST_OK)
        return false;
    if (row.n == 40) {
        at = 8;
        if (view_get(v, TABLE_IDS, span_of(own.b, 8), &row) != ST_OK)
            return false;
    }
    return row.n >= at + 32 && load_u64(row.p) == time_ms && memcmp(row.p + at, id->b, 32) == 0;
}

static void rows_of_entries(struct examine *e, const struct view *v, uint64_t first,
                            const struct span *leaves, size_t n, uint64_t time_ms)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 1 << 20);
        struct leaf leaf;
        struct err err;
        uint64_t index = first + 1 + i;
        struct span row;
        if (leaf_parse(leaves[i], &a, &leaf, &err) != ST_OK) {
            examine_say(e, "rows", "leaf %" PRIu64 " is no entry", index);
            continue;
        }
        if (!has_id(v, first, i, time_ms, &leaf.id))
            examine_say(e, "rows", "IDS: the id of leaf %" PRIu64 " is missing or another's", index);
        for (uint8_t nth = 0; nth < 16; nth++) {
            uint8_t pk[9];
            struct prose prose;
            store_u64(pk, index);
            pk[8] = nth;
            enum status st = view_get(v, TABLE_PROSE, span_of(pk, 9), &row);
            if (st == ST_NOTFOUND)
                break;
            if (st != ST_OK || codec_decode(&prose_desc, row, &a, &prose, &err) != ST_OK ||
                leaf_accepts_prose(&leaf, &prose, &err) != ST_OK)
                examine_say(e, "rows", "PROSE: a text beside leaf %" PRIu64 " is not the one that was signed",
                            index);
        }
    }
}

static void rows_of_block(struct examine *e, const struct view *v, uint64_t h, uint64_t first,
                          const struct header *header, const struct block_record *rec)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct err err;
    struct boundary b;
    struct span *leaves;
    uint64_t start;
    size_t n;
    examine_at(e, "rows of block %" PRIu64, h);
    if (rows_boundary(v, header->size, false, &b, &err) != ST_OK || b.height != h ||
        b.time_ms != rec->time_ms || !hash_eq(&b.root, &header->root))
        examine_say(e, "rows", "BOUNDARY/%" PRIu64 " is missing or does not say what block %" PRIu64 " does",
                    header->size, h);
    if (block_range(v, h, &start, &n, &err) != ST_OK || start != first || n != header->size - first) {
        examine_say(e, "rows", "BLOCK_LEAVES/%" PRIu64 " is missing or does not fit the blocks beside it", h);
        return;
    }
    if (h > 0 && n > 1 &&
        block_leaves(v, h, &a, &leaves, &n, &err) == ST_OK) /* else the tree's step has said so */
        rows_of_entries(e, v, first, leaves, n, rec->time_ms);
}

/* What waits here to become final. */
static void outbox(struct examine *e, const struct view *v)
{
    struct span key, value;
    uint64_t at = 0;
    for (;;) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 8 << 20);
        struct key8 k = key_u64(at);
        struct submission sub;
        struct leaf leaf;
        struct err err;
        examine_at(e, "OUTBOX from %" PRIu64, at);
        if (view_next(v, TABLE_OUTBOX, span_of(k.b, 8), &key, &value) != ST_OK || key.n != 8)
            return; /* the end, or damage that its table's step has told */
        at = load_u64(key.p) + 1;
        if (codec_decode(&submission_desc, value, &a, &sub, &err) != ST_OK ||
            leaf_of_submission(&sub, &a, &leaf, &err) != ST_OK || leaf_verify(&leaf) != ST_OK)
            examine_say(e, "rows", "OUTBOX/%" PRIu64 ": an entry that was accepted here cannot be read",
                        at - 1);
        else
            e->result->outbox++;
    }
}

static void own_marks(struct examine *e, const struct view *v)
{
    static const char journal[] = "incarnation/";
    struct span key, value, at = span_str(journal);
    uint8_t from[VIEW_KEY_MAX + 1];
    if (view_get(v, TABLE_NODE, span_str("cosigned"), &value) == ST_OK && value.n != 8)
        examine_say(e, "rows",
                    "NODE/cosigned has another form than expected: it is the largest tree that was cosigned");
    while (view_next(v, TABLE_NODE, at, &key, &value) == ST_OK && key.n >= strlen(journal) &&
           memcmp(key.p, journal, strlen(journal)) == 0) {
        if (value.n != sizeof(struct hash))
            examine_say(e, "rows",
                        "NODE/incarnation/... has another form than expected: it names the vote journal");
        memcpy(from, key.p, key.n);
        from[key.n] = 0;
        at = span_of(from, key.n + 1);
    }
}

static void rows_step(struct examine *e, const struct view *v)
{
    uint64_t last = last_height(v), first = 0;
    for (uint64_t h = 0; h <= last; h++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 1 << 20);
        struct span bytes;
        struct header header;
        struct block_record rec;
        struct err err;
        if (block_header(v, h, &bytes, &err) != ST_OK ||
            codec_decode(&header_desc, bytes, &a, &header, &err) != ST_OK ||
            codec_decode(&block_record_desc, header.record, &a, &rec, &err) != ST_OK)
            break; /* the chain's step has told */
        rows_of_block(e, v, h, first, &header, &rec);
        first = header.size;
    }
    outbox(e, v);
    own_marks(e, v);
}

enum status examine_step(struct examine *e, size_t step, struct err *err)
{
    uint8_t t[TABLE_MAX + 1];
    size_t n = tables(t);
    struct view v;
    ASSERT(step < n + STEPS_AFTER_TABLES);
    if (step < n) {
        one_table(e, t[step]);
        return ST_OK;
    }
    enum status st = store_read_begin(e->store, &v, err);
    if (st != ST_OK)
        return st;
    if (step - n == STEP_CHAIN)
        chain_step(e, &v);
    else if (step - n == STEP_TREE)
        examine_tree(e, &v);
    else if (step - n == STEP_STATE)
        examine_state(e, &v);
    else
        rows_step(e, &v);
    store_read_end(e->store, &v);
    return ST_OK;
}
