#include "audit/tlog.h"
#include "audit/sheet.h"
#include <errno.h>
#include "cert/quorum.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "merkle/checkpoint.h"

enum { TAR_BLOCK = 512, TAR_END = 2 * TAR_BLOCK };

static enum status need_checkpoint(const struct audit_record *r, struct err *err)
{
    if (r->r->whole_checkpoint)
        return ST_OK;
    return err_set(err, ST_NOTFOUND, "no checkpoint that a quorum cosigned is in the pack; ask for a pack with one (entente pack makes it)");
}

static enum status put(FILE *out, struct span s, struct err *err)
{
    char why[128];
    if (fwrite(s.p, 1, s.n, out) == s.n)
        return ST_OK;
    return err_set(err, ST_IO, "not all could be written: %s", strerror_r(errno, why, sizeof why));
}

static enum status put_text(FILE *out, const struct buf *b, struct err *err)
{
    return b->failed != ST_OK ? err_set(err, b->failed, "larger than the memory set aside for it") : put(out, buf_span(b), err);
}

/* --- Archive --- */

struct tar {
    FILE *out;
    uint64_t mtime_s;
};

/* A number in octal, in n - 1 digits and a NUL. */
static void tar_number(char *to, size_t n, uint64_t v)
{
    to[n - 1] = 0;
    for (size_t i = n - 1; i-- > 0; v >>= 3)
        to[i] = (char)('0' + (v & 7));
}

static enum status tar_file(struct tar *t, const char *path, struct span content, struct err *err)
{
    static const uint8_t zeros[TAR_BLOCK];
    char head[TAR_BLOCK] = {0};
    unsigned sum = 0;
    size_t n = strlen(path);
    ASSERT(n < 100); /* ustar's name; TILE_PATH_MAX is below */
    memcpy(head, path, n);
    tar_number(head + 100, 8, 0644);
    tar_number(head + 108, 8, 0);
    tar_number(head + 116, 8, 0);
    tar_number(head + 124, 12, content.n);
    tar_number(head + 136, 12, t->mtime_s);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, "ustar\0" "00", 8);
    for (size_t i = 0; i < sizeof head; i++)
        sum += (uint8_t)head[i];
    tar_number(head + 148, 7, sum);
    enum status st = put(t->out, span_of((const uint8_t *)head, sizeof head), err);
    if (st == ST_OK)
        st = put(t->out, content, err);
    if (st == ST_OK && content.n % TAR_BLOCK != 0)
        st = put(t->out, span_of(zeros, TAR_BLOCK - content.n % TAR_BLOCK), err);
    return st;
}

static enum status tar_end(struct tar *t, struct err *err)
{
    static const uint8_t zeros[TAR_END];
    return put(t->out, span_of(zeros, sizeof zeros), err);
}

/* --- tlog-tiles --- */

static enum status one_level(struct tar *t, const struct tile_reader *reader, uint64_t size, unsigned level, struct err *err)
{
    struct hash hashes[TILE_WIDTH];
    size_t n;
    for (uint64_t tile = 0; (n = tiles_width(size, level, tile)) > 0; tile++) {
        enum status st = reader->read(reader->ctx, level, tile, 0, n, hashes);
        if (st != ST_OK)
            return err_set(err, ST_CORRUPT, "tile %" PRIu64 " of level %u cannot be read", tile, level);
        st = tar_file(t, tiles_path(level, tile, n).s, span_of(hashes[0].b, n * sizeof *hashes), err);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status bundles(struct tar *t, const struct audit_record *r, uint64_t size, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, TILE_WIDTH * (LIMIT_ENTRY_BYTES + 2));
    size_t n;
    for (uint64_t tile = 0; (n = tiles_width(size, 0, tile)) > 0; tile++) {
        enum status st = ST_OK;
        buf_reset(&b);
        for (size_t i = 0; st == ST_OK && i < n; i++) {
            struct span leaf;
            st = block_leaf(r->v, tile * TILE_WIDTH + i, &leaf, err);
            if (st == ST_OK)
                st = tiles_entry(leaf, &b);
        }
        if (st == ST_OK)
            st = tar_file(t, tiles_entries_path(tile, n).s, buf_span(&b), err);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

enum status tlog_tiles(const struct audit_record *r, FILE *out, struct err *err)
{
    struct tar t = {.out = out, .mtime_s = r->r->last_ms / 1000};
    struct tile_reader reader = rows_tile_reader(r->v);
    uint64_t size = r->r->checkpoint_size;
    enum status st = need_checkpoint(r, err);
    if (st == ST_OK)
        st = tar_file(&t, "checkpoint", r->r->note, err);
    for (unsigned level = 0; st == ST_OK && tiles_row(size, level) > 0; level++)
        st = one_level(&t, &reader, size, level, err);
    if (st == ST_OK)
        st = bundles(&t, r, size, err);
    return st == ST_OK ? tar_end(&t, err) : st;
}

/* --- tlog-proof --- */

static enum status in_tree(const struct audit_record *r, uint64_t leaf, struct err *err)
{
    enum status st = need_checkpoint(r, err);
    if (st == ST_OK && leaf >= r->r->checkpoint_size)
        st = err_set(err, ST_NOTFOUND, "leaf %" PRIu64 " is not in the tree of the newest checkpoint, which has %" PRIu64 " leaves", leaf,
                     r->r->checkpoint_size);
    return st;
}

enum status tlog_proof(const struct audit_record *r, uint64_t leaf, FILE *out, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    struct rfc6962_proof proof;
    struct tile_reader reader = rows_tile_reader(r->v);
    buf_init(&b, (size_t)1 << 20);
    enum status st = in_tree(r, leaf, err);
    if (st != ST_OK)
        return st;
    if (tiles_inclusion(&reader, leaf, r->r->checkpoint_size, &proof) != ST_OK)
        return err_set(err, ST_CORRUPT, "the proof of leaf %" PRIu64 " cannot be made", leaf);
    buf_printf(&b, "c2sp.org/tlog-proof@v1\nindex %" PRIu64 "\n", leaf);
    for (size_t i = 0; i < proof.n; i++) {
        base64_put(&b, span_hash(&proof.v[i]));
        buf_printf(&b, "\n");
    }
    buf_printf(&b, "\n");
    buf_put_span(&b, r->r->note);
    return put_text(out, &b, err);
}

enum status tlog_leaf(const struct audit_record *r, uint64_t leaf, FILE *out, struct err *err)
{
    struct span bytes;
    if (leaf >= r->r->size || block_leaf(r->v, leaf, &bytes, err) != ST_OK)
        return err_set(err, ST_NOTFOUND, "leaf %" PRIu64 " is not on this record, which has %" PRIu64 " leaves", leaf, r->r->size);
    return put(out, bytes, err);
}

/* --- tlog-policy --- */

static void policy_key(struct buf *b, const char *before, struct span name, uint8_t type, const struct hash *key)
{
    struct note_key k = note_key_make(name, type, key);
    buf_printf(b, "%s", before);
    note_key_put(&k, b);
    buf_printf(b, "\n");
}

enum status tlog_policy(const struct audit_record *r, FILE *out, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    struct boundary at;
    struct validator_set set;
    struct hash logs[VERIFY_ORGS_MAX];
    struct span origin = r->r->origin;
    buf_init(&b, (size_t)1 << 20);
    enum status st = need_checkpoint(r, err);
    if (st == ST_OK)
        st = verify_set_at(r->v, r->r->checkpoint_size, r->a, &at, &set, err);
    if (st != ST_OK)
        return st;
    size_t n = set.members.n, n_logs = members_log_keys(&r->r->members, r->r->checkpoint_size, logs, ARRAY_LEN(logs));
    buf_printf(&b,
               "# tlog-policy (c2sp.org/tlog-policy) of %.*s\n"
               "# As of the checkpoint of %" PRIu64 " leaves, block %" PRIu64 ". It changes when a node joins, leaves or replaces its\n"
               "# keys: of a newer checkpoint, export it again. A node of each organisation, witnesses included; none is above another.\n",
               SPAN_FMT(origin), r->r->checkpoint_size, at.height);
    for (size_t i = 0; i < n_logs; i++)
        policy_key(&b, "log ", origin, NOTE_ED25519, &logs[i]);
    for (size_t i = 0; i < n; i++) {
        const struct validator *m = &set.members.v[i];
        policy_key(&b, text_of(r->a, "witness node:%.*s ", SPAN_FMT(m->org)),
                   span_str(text_of(r->a, "%.*s/%.*s", SPAN_FMT(origin), SPAN_FMT(m->org))), NOTE_COSIGNATURE, &m->cosign);
    }
    buf_printf(&b, "group nodes %" PRIu32, quorum_of((uint32_t)n));
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, " node:%.*s", SPAN_FMT(set.members.v[i].org));
    buf_printf(&b, "\nquorum nodes\n");
    return put_text(out, &b, err);
}
