/* Damage of a store is found wherever it is, and a store is made again from what is whole; which vote keys
 * are dead. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "cert/certificate.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "fixture/alliance.h"
#include "gov/happened.h"
#include "ledger/block.h"
#include "ledger/index.h"
#include "ledger/rows.h"
#include "pack/pack.h"
#include "recovery/examine.h"
#include "recovery/marks.h"
#include "recovery/rebuild.h"
#include "replica/replica.h"
#include "store/store_lmdb.h"
#include "unit/store/tmpdir.h"

enum { BLOCKS = 12, MAP = 64 << 20 };

static const uint64_t FOUNDED = UINT64_C(1767261600000);

static struct fixture f;
static struct tmpdir dir, other;
static struct arena a;
static struct err err;

static struct store *open_store(const struct tmpdir *where)
{
    struct store *s;
    cr_assert_eq(store_lmdb_open(where->path, MAP, 0, &s, &err), ST_OK, "%s", err.text);
    return s;
}

/* -- A log of some blocks, as the four nodes would have made it -- */

static struct leaf comment(const struct tip *tip, size_t org, const char *text, struct prose *ret_prose,
                           struct span *ret_submission)
{
    struct note body = {.type = NOTE_COMMENT};
    *ret_prose = fixture_prose(&f, text, &body.text);
    struct buf b;
    struct hash id;
    struct submission sub;
    struct leaf leaf;
    struct basis basis = {.size = tip->tree.size};
    frontier_root(&tip->tree, &basis.root);
    SET_HAS(&body, note_key_text);
    buf_init(&b, 1 << 17);
    struct fixture_entry e = {.kind = KIND_NOTE,
                              .body = &body,
                              .org = org,
                              .basis = basis,
                              .at_ms = FOUNDED,
                              .expires_ms = FOUNDED + 86400000,
                              .prose = ret_prose,
                              .n_prose = 1};
    fixture_submit(&f, &e, &b, &id);
    *ret_submission = arena_dup(&a, buf_span(&b));
    cr_assert_eq(codec_decode(&submission_desc, *ret_submission, &a, &sub, &err), ST_OK);
    cr_assert_eq(leaf_of_submission(&sub, &a, &leaf, &err), ST_OK, "%s", err.text);
    buf_deinit(&b);
    return leaf;
}

static struct span certificate_of(const struct tip *tip, const struct block *b,
                                  const struct validator_set *set)
{
    struct vote v = {.alliance = tip->alliance,
                     .epoch = tip->epoch,
                     .type = VOTE_PRECOMMIT,
                     .height = b->record.height,
                     .value = b->id};
    struct sig64 sigs[4];
    bool have[4] = {true, true, true, false};
    struct certificate c;
    struct buf buf;
    SET_HAS(&v, vote_key_value);
    for (size_t i = 0; i < 3; i++)
        vote_sign(&v, f.orgs[i].vote, &sigs[i]);
    cr_assert_eq(certificate_make(&v, set, sigs, have, &a, &c, &err), ST_OK, "%s", err.text);
    buf_init(&buf, 1 << 16);
    cr_assert_eq(codec_encode(&certificate_desc, &c, &buf), ST_OK);
    struct span bytes = arena_dup(&a, buf_span(&buf));
    buf_deinit(&buf);
    return bytes;
}

static void put(struct store *s, struct store_txn *t, uint8_t table, struct span key, struct span value)
{
    cr_assert_eq(store_put(s, t, table, key, value, &err), ST_OK, "%s", err.text);
}

static void add_block(struct store *s, struct ids *ids, uint64_t h)
{
    struct view v;
    struct tip tip;
    struct validator_set set;
    struct span last, unused;
    struct hash last_hash;
    struct prose prose;
    struct block b;
    struct store_txn *t;
    uint8_t key[9];
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(tip_load(&v, &tip, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rows_set(&v, &tip.validators, &a, &set, &err), ST_OK, "%s", err.text);
    cr_assert_eq(block_certificate(&v, h - 1, &last, &err), ST_OK);
    sha256(last, &last_hash);
    struct block_candidate c = {.leaf = comment(&tip, h % 3, "a word", &prose, &unused)};
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    cr_assert_eq(block_make(&l, FOUNDED + h * 1000, span_str("p01"), &last_hash, &c, 1, &a, &b, &err), ST_OK);
    cr_assert_eq(b.n_leaves, 2, "%s", c.why);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(block_flush(&b, certificate_of(&tip, &b, &set), &v, s, t, &err), ST_OK, "%s", err.text);
    struct buf text;
    buf_init(&text, 1 << 16);
    cr_assert_eq(codec_encode(&prose_desc, &prose, &text), ST_OK);
    store_u64(key, b.first_leaf + 1);
    key[8] = 0;
    put(s, t, TABLE_PROSE, span_of(key, sizeof key), buf_span(&text));
    buf_deinit(&text);
    store_read_end(s, &v);
    cr_assert_eq(store_commit(s, t, &err), ST_OK, "%s", err.text);
    ids_add(ids, &b.entries[0].id, b.first_leaf + 1, b.record.time_ms);
}

/* What a node has besides: an entry that waits, its journal's mark. */
static void add_own(struct store *s)
{
    struct view v;
    struct tip tip;
    struct store_txn *t;
    struct prose prose;
    struct span submission;
    uint8_t key[8] = {0}, mark[32] = {7}, size[8];
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(tip_load(&v, &tip, &err), ST_OK);
    store_read_end(s, &v);
    (void)comment(&tip, 0, "it waits", &prose, &submission);
    store_u64(size, tip.tree.size);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    put(s, t, TABLE_OUTBOX, span_of(key, sizeof key), submission);
    put(s, t, TABLE_NODE, span_str("incarnation/of-a-key"), span_of(mark, sizeof mark));
    put(s, t, TABLE_NODE, span_str("cosigned"), span_of(size, sizeof size));
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
}

static void setup(void)
{
    arena_init(&a, 0);
    fixture_found(&f, 3, 4, 0, FOUNDED, 45);
    dir = tmpdir_make();
    other = tmpdir_make();
    struct store *s = open_store(&dir);
    struct ids *ids = ids_new();
    cr_assert_eq(replica_found(s, &f.genesis, &err), ST_OK, "%s", err.text);
    for (uint64_t h = 1; h <= BLOCKS; h++)
        add_block(s, ids, h);
    add_own(s);
    ids_free(ids);
    store_close(s);
}

static void teardown(void)
{
    fixture_free(&f);
    tmpdir_remove(&dir);
    tmpdir_remove(&other);
    arena_deinit(&a);
}

TestSuite(recovery, .init = setup, .fini = teardown, .timeout = 240);

/* -- Examining -- */

static char first_text[512];

static void nothing_at(void *ctx, const char *where)
{
    (void)ctx, (void)where;
}

static void note_damage(void *ctx, const char *part, const char *text)
{
    (void)ctx;
    if (first_text[0] == 0)
        (void)snprintf(first_text, sizeof first_text, "%s: %s", part, text);
}

static struct examine_result examine(struct store *s)
{
    struct examine_result r = {.found = 0};
    struct examine e = {
        .store = s, .org = span_str("p01"), .result = &r, .at = nothing_at, .damage = note_damage};
    first_text[0] = 0;
    for (size_t i = 0; i < examine_steps(); i++)
        cr_assert_eq(examine_step(&e, i, &err), ST_OK, "%s", err.text);
    return r;
}

Test(recovery, a_whole_store_is_whole)
{
    struct store *s = open_store(&dir);
    struct examine_result r = examine(s);
    cr_assert_eq(r.found, 0, "%s", first_text);
    cr_assert_eq(r.height, BLOCKS);
    cr_assert_eq(r.blocks, BLOCKS + 1);
    cr_assert_eq(r.outbox, 1);
    cr_assert(hash_eq(&r.alliance, &f.genesis.alliance));
    cr_assert_gt(r.records, 100);
    store_close(s);
}

/* Deletes or replaces one record, with a right checksum: only what it means is wrong. */
static void spoil(struct store *s, uint8_t table, struct span key, struct span value)
{
    struct store_txn *t;
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    if (value.p == NULL)
        cr_assert_eq(store_del(s, t, table, key, &err), ST_OK);
    else
        put(s, t, table, key, value);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
}

static struct span value_of(struct store *s, uint8_t table, struct span key)
{
    struct view v;
    struct span value = {NULL, 0};
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(view_get(&v, table, key, &value), ST_OK, "table %s", table_name(table));
    value = arena_dup(&a, value);
    store_read_end(s, &v);
    return value;
}

static struct span first_key(struct store *s, uint8_t table)
{
    struct view v;
    struct span key = {NULL, 0}, value;
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(view_next(&v, table, key, &key, &value), ST_OK, "table %s", table_name(table));
    key = arena_dup(&a, key);
    store_read_end(s, &v);
    return key;
}

Test(recovery, a_missing_or_changed_record_is_found_in_each_table)
{
    static const struct {
        uint8_t table;
        uint64_t row; /* UINT64_MAX: the first */
        bool changed; /* else missing */
        const char *words;
    } cases[] = {
        {TABLE_BLOCK, 5, false, "chain: block 5: its header is missing"},
        {TABLE_CERT, 6, false, "chain: block 6: its certificate is missing"},
        {TABLE_CERT, 6, true, "chain: block 6: "},
        {TABLE_LEAF, 15, false, "tree: leaf 15 "},
        {TABLE_LEAF, 15, true, "tree: hash 15 of tile row 0 is not that of the leaves below it"},
        {TABLE_TILE, UINT64_MAX, false, "the stored tree does not give the root|chain: "},
        {TABLE_SPARSE, UINT64_MAX, false, "state: "},
        {TABLE_SPARSE, UINT64_MAX, true, "state: "},
        {TABLE_SEAT, UINT64_MAX, false, "state: the state root covers"},
        {TABLE_SEAT, UINT64_MAX, true,
         "state: a row of table SEAT is not the one that the state root covers"},
        {TABLE_BOUNDARY, UINT64_MAX, false, "rows: BOUNDARY/"},
        {TABLE_BLOCK_LEAVES, 7, false, "rows: BLOCK_LEAVES/7 is missing"},
        {TABLE_IDS, UINT64_MAX, false, "rows: IDS: the id of leaf "},
        {TABLE_PROSE, UINT64_MAX, true, "rows: PROSE: a text beside leaf "},
        {TABLE_OUTBOX, UINT64_MAX, true, "rows: OUTBOX/0: an entry that was accepted here cannot be read"},
    };
    struct store *s = open_store(&dir);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct key8 k = key_u64(cases[i].row);
        struct span key = cases[i].row == UINT64_MAX ? first_key(s, cases[i].table) : span_of(k.b, 8);
        struct span was = value_of(s, cases[i].table, key), now = {NULL, 0};
        if (cases[i].changed) {
            uint8_t *copy = arena_alloc(&a, was.n);
            memcpy(copy, was.p, was.n);
            copy[was.n - 1] ^= 1;
            now = span_of(copy, was.n);
        }
        spoil(s, cases[i].table, key, now);
        struct examine_result r = examine(s);
        cr_assert_gt(r.found, 0, "table %s, %s", table_name(cases[i].table),
                     cases[i].changed ? "changed" : "missing");
        const char *bar = strchr(cases[i].words, '|');
        size_t n = bar == NULL ? strlen(cases[i].words) : (size_t)(bar - cases[i].words);
        cr_assert(memmem(first_text, strlen(first_text), cases[i].words, n) != NULL ||
                      (bar != NULL && strstr(first_text, bar + 1) != NULL),
                  "expected '%s', found '%s'", cases[i].words, first_text);
        spoil(s, cases[i].table, key, was);
        cr_assert_eq(examine(s).found, 0, "%s", first_text);
    }
    store_close(s);
}

/* It has to be what the tables give (happened.h); one of another height is not looked at: a node makes it anew when it starts. */
Test(recovery, an_index_that_does_not_follow_from_the_tables_is_found)
{
    struct store *s = open_store(&dir);
    struct tkey stray = happened_from(TABLE_GRANT, 7), mark = happened_mark();
    uint8_t older[8] = {0};
    stray.b[stray.n++] = 1;
    cr_assert_eq(examine(s).found, 0, "%s", first_text);
    spoil(s, TABLE_HAPPENED, tkey_span(&stray), span_str(""));
    cr_assert_eq(examine(s).found, 1);
    cr_assert_str_eq(first_text, "state: the index of what happened has 1 rows; the tables give 0");
    spoil(s, TABLE_HAPPENED, tkey_span(&mark), span_of(older, sizeof older));
    cr_assert_eq(examine(s).found, 0, "%s", first_text);
    struct ids *ids = ids_new();
    add_block(s, ids, BLOCKS + 1); /* goes on from no index of another height */
    ids_free(ids);
    cr_assert(span_eq(value_of(s, TABLE_HAPPENED, tkey_span(&mark)), span_of(older, sizeof older)));
    cr_assert_eq(index_ensure(s, &err), ST_OK, "%s", err.text);
    cr_assert_eq(load_u64(value_of(s, TABLE_HAPPENED, tkey_span(&mark)).p), BLOCKS + 1);
    cr_assert_eq(examine(s).found, 0, "%s", first_text);
    store_close(s);
}

/* -- Flips anywhere in the file -- */

/* SHA-256 over all records of all tables, but for HAPPENED, which is made anew if it is lost: what the store says. ret_ok false when something cannot be read. */
static struct hash content(struct store *s, bool *ret_ok)
{
    struct view v;
    struct sha256 h;
    struct hash sum;
    uint8_t from[VIEW_KEY_MAX + 1];
    *ret_ok = store_read_begin(s, &v, &err) == ST_OK;
    sha256_init(&h);
    for (unsigned t = 0; t <= TABLE_MAX && *ret_ok; t++) {
        struct span key, value, at = {from, 0};
        enum status st = table_name((uint8_t)t) == NULL || t == TABLE_HAPPENED ? ST_END : ST_OK;
        while (st == ST_OK) {
            st = view_next(&v, (uint8_t)t, at, &key, &value);
            if (st != ST_OK)
                break;
            sha256_update(&h, key);
            sha256_update(&h, value);
            memcpy(from, key.p, key.n);
            from[key.n] = 0;
            at = span_of(from, key.n + 1);
        }
        *ret_ok = st == ST_END;
    }
    store_read_end(s, &v);
    sha256_final(&h, &sum);
    return sum;
}

/* In a child: 0 nothing found and the content is as it was, 1 found, 2 NOT found though the content differs;
 * 3 a crash. */
static int look(const struct hash *was)
{
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        struct store *s;
        bool ok;
        (void)freopen("/dev/null", "w", stderr);
        if (store_lmdb_open(dir.path, MAP, 0, &s, &err) != ST_OK)
            _exit(1);
        struct examine_result r = {.found = 0};
        struct examine e = {
            .store = s, .org = span_str("p01"), .result = &r, .at = nothing_at, .damage = note_damage};
        for (size_t i = 0; i < examine_steps(); i++)
            if (examine_step(&e, i, &err) != ST_OK)
                _exit(1);
        struct hash is = content(s, &ok);
        _exit(r.found > 0 ? 1 : ok && hash_eq(&is, was) ? 0 : 2);
    }
    int code = 0;
    cr_assert_eq(waitpid(pid, &code, 0), pid);
    return WIFEXITED(code) ? WEXITSTATUS(code) : 3;
}

static void flip(off_t at, unsigned bit)
{
    uint8_t b;
    int fd = open(tmpdir_file(&dir, "data.mdb"), O_RDWR);
    cr_assert_eq(pread(fd, &b, 1, at), 1);
    b ^= (uint8_t)(1u << bit);
    cr_assert_eq(pwrite(fd, &b, 1, at), 1);
    cr_assert_eq(close(fd), 0);
}

/* The file as it was. Taking a flip back is not enough: opening a store makes the tables that it lacks, and after
 * a flip it may seem to lack some. */
static void put_back(struct span was)
{
    int fd = open(tmpdir_file(&dir, "data.mdb"), O_RDWR);
    cr_assert_eq(pwrite(fd, was.p, was.n, 0), (ssize_t)was.n);
    cr_assert_eq(ftruncate(fd, (off_t)was.n), 0);
    cr_assert_eq(close(fd), 0);
}

Test(recovery, no_flip_passes_unseen)
{
    struct store *s = open_store(&dir);
    struct store_lmdb_info info;
    bool ok;
    struct hash was = content(s, &ok);
    size_t n[4] = {0};
    cr_assert(ok);
    cr_assert_eq(store_lmdb_info(s, &info, &err), ST_OK);
    store_close(s);
    struct arena whole;
    struct span file;
    arena_init(&whole, 0);
    cr_assert_eq(file_read(tmpdir_file(&dir, "data.mdb"), 1 << 30, &whole, &file, &err), ST_OK);
    for (int i = 0; i < 200; i++) {
        off_t at = (off_t)(fixture_next(&f.rng) % info.used_bytes);
        if (i % 2 == 0) /* headers of pages, where it hurts */
            at = at / 4096 * 4096 + (off_t)(fixture_next(&f.rng) % 64);
        unsigned bit = (unsigned)(fixture_next(&f.rng) % 8);
        flip(at, bit);
        int got = look(&was);
        n[got]++;
        cr_assert_neq(got, 2, "bit %u of byte %ld", bit, (long)at);
        put_back(file);
    }
    arena_deinit(&whole);
    fprintf(stderr, "200 flips: %zu touched nothing that is read, %zu found, %zu ended the child\n", n[0],
            n[1], n[3]);
    cr_assert_gt(n[1], 12);
    cr_assert_eq(look(&was), 0, "the flips were taken back");
}

/* -- Rebuilding -- */

static struct rebuild_result rebuild(struct store *from, struct store *to)
{
    struct rebuild_result r = {.founded = false};
    cr_assert_eq(rebuild_found(from, to, (struct span){NULL, 0}, &r, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rebuild_from_store(from, to, nothing_at, NULL, &r, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < rebuild_own_tables(); i++)
        cr_assert_eq(rebuild_own(from, to, i, &r, &err), ST_OK, "%s", err.text);
    return r;
}

Test(recovery, a_whole_store_is_made_again_record_for_record)
{
    struct store *from = open_store(&dir), *to = open_store(&other);
    struct rebuild_result r = rebuild(from, to);
    bool ok;
    cr_assert_eq(r.height, BLOCKS);
    cr_assert_str_eq(r.stopped, "");
    cr_assert_eq(r.outbox, 1);
    cr_assert_not(r.marks_lost);
    struct hash x = content(from, &ok), y = content(to, &ok);
    cr_assert(hash_eq(&x, &y));
    cr_assert_eq(examine(to).found, 0, "%s", first_text);
    store_close(from);
    store_close(to);
}

Test(recovery, a_rebuild_ends_at_the_first_block_that_is_not_whole)
{
    static const struct {
        uint8_t table;
        uint64_t row;
        uint64_t height; /* reached */
        const char *words;
    } cases[] = {{TABLE_BLOCK, 5, 4, "block 5: its header is missing"},
                 {TABLE_CERT, 5, 4, "block 5: its certificate is missing"},
                 {TABLE_BLOCK_LEAVES, 1, 0, "block 1: one of its leaves is damaged"},
                 {TABLE_BLOCK, BLOCKS, BLOCKS - 1, ""}};
    struct store *from = open_store(&dir);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct key8 k = key_u64(cases[i].row);
        struct span was = value_of(from, cases[i].table, span_of(k.b, 8));
        struct tmpdir d = tmpdir_make();
        struct store *to = open_store(&d);
        spoil(from, cases[i].table, span_of(k.b, 8), (struct span){NULL, 0});
        struct rebuild_result r = rebuild(from, to);
        cr_assert_eq(r.height, cases[i].height, "case %zu: %s", i, r.stopped);
        cr_assert(strncmp(r.stopped, cases[i].words, strlen(cases[i].words)) == 0, "%s", r.stopped);
        struct examine_result x = examine(to);
        cr_assert_eq(x.found, 0, "%s", first_text);
        cr_assert_eq(x.height, cases[i].height);
        spoil(from, cases[i].table, span_of(k.b, 8), was);
        store_close(to);
        tmpdir_remove(&d);
    }
    store_close(from);
}

/* A changed leaf with a right checksum, its tiles made to fit: the header and the certificate still give it
 * away. */
Test(recovery, a_block_that_says_something_else_is_not_taken)
{
    struct store *from = open_store(&dir), *to = open_store(&other);
    uint64_t first;
    size_t n;
    struct view v;
    cr_assert_eq(store_read_begin(from, &v, &err), ST_OK);
    cr_assert_eq(block_range(&v, 9, &first, &n, &err), ST_OK);
    store_read_end(from, &v);
    struct key8 a9 = key_u64(first + 1), a8 = key_u64(first - 1);
    spoil(from, TABLE_LEAF, span_of(a9.b, 8),
          value_of(from, TABLE_LEAF, span_of(a8.b, 8))); /* another's, signed and all */
    struct rebuild_result r = rebuild(from, to);
    cr_assert_eq(r.height, 8);
    cr_assert(strstr(r.stopped, "block 9: what it says does not hold: ") != NULL, "%s", r.stopped);
    store_close(from);
    store_close(to);
}

Test(recovery, the_founding_comes_from_the_file_when_the_store_has_lost_it)
{
    struct store *from = open_store(&dir), *to = open_store(&other);
    struct rebuild_result r = {.founded = false};
    spoil(from, TABLE_NODE, span_str("genesis"), (struct span){NULL, 0});
    cr_assert_eq(rebuild_found(from, to, (struct span){NULL, 0}, &r, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "Get the file from any partner"), "%s", err.text);
    cr_assert_eq(rebuild_found(from, to, f.genesis_bytes, &r, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rebuild_from_store(from, to, nothing_at, NULL, &r, &err), ST_OK, "%s", err.text);
    cr_assert_eq(r.height, BLOCKS);
    store_close(from);
    store_close(to);
}

/* -- From a pack -- */

/* The record of a store as a pack, but for its last frame. */
static FILE *pack_of(struct store *from, char **ret_bytes, size_t *ret_n)
{
    struct view v;
    FILE *out = open_memstream(ret_bytes, ret_n);
    struct pack_head head = {.version = 1, .alliance = f.genesis.alliance, .genesis = f.genesis_bytes};
    cr_assert_eq(store_read_begin(from, &v, &err), ST_OK);
    cr_assert_eq(pack_begin(out, PACK_MAGIC, &err), ST_OK);
    cr_assert_eq(pack_put(out, &pack_head_desc, &head, &err), ST_OK);
    for (uint64_t h = 0; h <= BLOCKS; h++) {
        struct pack_block b = {0};
        uint64_t first;
        size_t n;
        cr_assert_eq(block_header(&v, h, &b.header, &err), ST_OK);
        if (h > 0) {
            cr_assert_eq(block_leaves(&v, h, &a, &b.leaves.v, &b.leaves.n, &err), ST_OK);
            cr_assert_eq(block_certificate(&v, h, &b.certificate, &err), ST_OK);
            SET_HAS(&b, pack_block_key_certificate);
            cr_assert_eq(block_range(&v, h, &first, &n, &err), ST_OK);
            cr_assert_eq(rows_prose(&v, first, n, &a, &b.prose, &err), ST_OK);
        }
        cr_assert_eq(pack_put(out, &pack_block_desc, &b, &err), ST_OK);
    }
    store_read_end(from, &v);
    cr_assert_eq(fclose(out), 0);
    return fmemopen(*ret_bytes, *ret_n, "rb");
}

Test(recovery, a_pack_gives_the_same_record)
{
    struct store *from = open_store(&dir), *to = open_store(&other);
    struct rebuild_result r = {.founded = false};
    char *bytes = NULL;
    size_t n = 0;
    bool ok;
    FILE *pack = pack_of(from, &bytes, &n);
    cr_assert_eq(rebuild_found(NULL, to, f.genesis_bytes, &r, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rebuild_from_pack(pack, to, nothing_at, NULL, &r, &err), ST_OK, "%s", err.text);
    cr_assert_eq(r.height, BLOCKS, "%s", r.stopped);
    cr_assert_str_eq(r.stopped, "");
    for (size_t i = 0; i < rebuild_own_tables(); i++)
        cr_assert_eq(rebuild_own(from, to, i, &r, &err), ST_OK, "%s", err.text);
    struct hash x = content(from, &ok), y = content(to, &ok);
    cr_assert(hash_eq(&x, &y));
    rewind(pack);
    cr_assert_eq(rebuild_from_pack(pack, to, nothing_at, NULL, &r, &err), ST_OK, "once more: %s", err.text);
    cr_assert_eq(r.height, BLOCKS);
    (void)fclose(pack);
    free(bytes);
    store_close(from);
    store_close(to);
}

/* Whatever is done to a pack, what the store then holds is the beginning of the record, whole in itself. */
Test(recovery, a_pack_that_is_changed_gives_what_is_before_the_change)
{
    struct store *from = open_store(&dir);
    char *bytes = NULL;
    size_t n = 0;
    (void)fclose(pack_of(from, &bytes, &n));
    for (size_t i = 0; i < 12; i++) {
        struct tmpdir d = tmpdir_make();
        struct store *to = open_store(&d);
        struct rebuild_result r = {.founded = false};
        size_t at = n / 2 + (size_t)(fixture_next(&f.rng) % (n / 2));
        bytes[at] ^= 1;
        FILE *pack = fmemopen(bytes, n, "rb");
        cr_assert_eq(rebuild_found(NULL, to, f.genesis_bytes, &r, &err), ST_OK, "%s", err.text);
        cr_assert_eq(rebuild_from_pack(pack, to, nothing_at, NULL, &r, &err), ST_OK, "byte %zu: %s", at, err.text);
        bool text = r.stopped[0] == 0 && r.prose_lost == 1; /* a detached text: no block rests on it */
        cr_assert(text || (r.height < BLOCKS && strncmp(r.stopped, "block ", 6) == 0), "byte %zu: height %d, %s", at, (int)r.height,
                  r.stopped);
        cr_assert_eq(examine(to).found, 0, "byte %zu: %s", at, first_text);
        (void)fclose(pack);
        bytes[at] ^= 1;
        store_close(to);
        tmpdir_remove(&d);
    }
    free(bytes);
    store_close(from);
}

/* -- Marks -- */

static enum marks_verdict verdict(struct store *s, const struct hash *vote, char why[480])
{
    struct view v;
    enum marks_verdict got = MARKS_NONE;
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(marks_of(&v, vote, &got, why, &err), ST_OK, "%s", err.text);
    store_read_end(s, &v);
    return got;
}

static const char *row_of(const char *what, const struct hash *vote)
{
    static char name[96];
    (void)snprintf(name, sizeof name, "%s/%s", what, hex_of(vote).s);
    return name;
}

Test(recovery, keys_of_before_a_restore_are_dead_and_fresh_ones_are_not)
{
    struct store *s = open_store(&dir);
    char why[480];
    const struct hash old = f.orgs[0].vote->pub;
    struct hash fresh = {{42}}, copied = {{43}}, incarnation;
    struct view v;
    struct span value;
    spoil(s, TABLE_NODE, span_str(row_of("incarnation", &old)), span_hash(&fresh));
    spoil(s, TABLE_NODE, span_str(row_of("fresh", &copied)),
          span_str("1")); /* it was fresh before the backup */
    cr_assert_eq(verdict(s, &old, why), MARKS_NONE);
    cr_assert_eq(marks_restored(s, span_str("p01"), NULL, FOUNDED, "restored from a backup", &err), ST_OK,
                 "%s", err.text);
    cr_assert_eq(verdict(s, &old, why), MARKS_DEAD);
    cr_assert_not_null(strstr(why, "is dead: this directory was restored from a backup at block 12"), "%s",
                       why);
    cr_assert_not_null(
        strstr(why, "ententd rekey DIR -o FILE.card, then your registrar, at a partner's node: entente node replace FILE.card"),
        "%s", why);
    cr_assert_eq(verdict(s, &copied, why), MARKS_NOT_FRESH,
                 "one that the record named after the backup, say, put here by hand");
    cr_assert_not_null(strstr(why, "vote key 2b00000000000000... was not made for it since"), "%s", why);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(view_get(&v, TABLE_NODE, span_str(row_of("incarnation", &old)), &value), ST_NOTFOUND,
                 "the journal's mark is gone");
    cr_assert_eq(view_get(&v, TABLE_NODE, span_str("cosigned"), &value), ST_OK, "others stay");
    cr_assert_eq(marks_journal(&v, &old, &incarnation), ST_NOTFOUND);
    store_read_end(s, &v);
    spoil(s, TABLE_NODE, span_str(row_of("fresh", &fresh)), span_str("1")); /* as when keys are taken over */
    cr_assert_eq(verdict(s, &fresh, why), MARKS_NONE);
    spoil(s, TABLE_NODE, span_str(row_of("fresh", &fresh)), (struct span){NULL, 0});
    spoil(s, TABLE_NODE, span_str(row_of("incarnation", &fresh)), span_hash(&old)); /* and have a journal */
    cr_assert_eq(verdict(s, &fresh, why), MARKS_NONE);
    spoil(s, TABLE_NODE, span_str(row_of("fresh", &old)), span_str("1"));
    cr_assert_eq(verdict(s, &old, why), MARKS_DEAD, "for good");
    store_close(s);
}

Test(recovery, a_key_that_the_record_does_not_know_can_be_dead_too)
{
    struct store *s = open_store(&dir);
    struct hash key = {{44}};
    char why[480];
    cr_assert_eq(
        marks_restored(s, span_str("p01"), &key, FOUNDED, "rebuilt to below its vote journal,", &err), ST_OK,
        "%s", err.text);
    cr_assert_eq(verdict(s, &key, why), MARKS_DEAD);
    cr_assert_not_null(strstr(why, "this directory was rebuilt to below its vote journal, at block 12"), "%s",
                       why);
    store_close(s);
}
