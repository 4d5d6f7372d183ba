#include <sodium.h>
#include "base/plant.h"
#include "store/journal.h"

/* The file, in blocks of JOURNAL_BLOCK bytes: two copies of the header, then records, each on whole blocks.
 *
 * Header: "ENTJRNL1" ‖ u32 block size ‖ alliance ‖ incarnation ‖ machine ‖ BLAKE2b-256 of what is before.
 * Record: "ENTV" ‖ u32 its block ‖ u64 sequence ‖ u64 sequence of the first record of its height ‖ u64 height
 *         ‖ u32 length ‖ BLAKE2b-256 of these 36 bytes ‖ payload, keyed with the incarnation ‖ payload ‖
 * zeros.
 *
 * A record goes to the next free blocks, around and around; free is whatever holds no record of the newest
 * height. Where it lies means nothing: the sequence orders. The record with the greatest sequence names the
 * first of its height, and all between must be there. The key keeps records of an earlier journal, and bytes
 * inside a payload that look like a record, from counting. */
enum {
    HEADER_COPIES = 2,
    HEADER_BYTES = 8 + 4 + 3 * 32,
    HEAD_BYTES = 36,
    SUM_BYTES = 32,
    RECORD_BLOCKS_MAX = (HEAD_BYTES + SUM_BYTES + JOURNAL_RECORD_MAX + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK,
    BLOCKS_MAX = JOURNAL_BYTES_MAX / JOURNAL_BLOCK,
};

static const uint8_t header_magic[8] = {'E', 'N', 'T', 'J', 'R', 'N', 'L', '1'};
static const uint8_t record_magic[4] = {'E', 'N', 'T', 'V'};

struct record {
    uint64_t sequence, first, height;
    uint32_t block, length;
};

struct journal {
    struct disk_file f;
    struct hash key; /* the incarnation */
    uint32_t blocks; /* of the file */
    uint32_t cursor; /* where the search for free blocks starts */
    uint64_t next_sequence;
    uint64_t height;      /* the newest */
    uint64_t first;       /* sequence of its first record */
    size_t n;             /* its records */
    struct span *payload; /* of each, in the arena; BLOCKS_MAX places */
    struct arena arena;
    bool used[BLOCKS_MAX]; /* by records of the newest height */
    bool broken, torn;
};

static uint32_t blocks_of(size_t length)
{
    return (uint32_t)((HEAD_BYTES + SUM_BYTES + length + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK);
}

/* -- Header -- */

static void header_encode(const struct journal_identity *id, uint8_t b[JOURNAL_BLOCK])
{
    memset(b, 0, JOURNAL_BLOCK);
    memcpy(b, header_magic, sizeof header_magic);
    store_u32(b + 8, JOURNAL_BLOCK);
    memcpy(b + 12, id->alliance.b, 32);
    memcpy(b + 44, id->incarnation.b, 32);
    memcpy(b + 76, id->machine.b, 32);
    (void)crypto_generichash(b + HEADER_BYTES, SUM_BYTES, b, HEADER_BYTES, NULL, 0);
}

static bool header_decode(const uint8_t b[JOURNAL_BLOCK], struct journal_identity *ret_id)
{
    uint8_t sum[SUM_BYTES];
    (void)crypto_generichash(sum, sizeof sum, b, HEADER_BYTES, NULL, 0);
    if (memcmp(b, header_magic, sizeof header_magic) != 0 || load_u32(b + 8) != JOURNAL_BLOCK)
        return false;
    if (memcmp(sum, b + HEADER_BYTES, SUM_BYTES) != 0)
        return false;
    memcpy(ret_id->alliance.b, b + 12, 32);
    memcpy(ret_id->incarnation.b, b + 44, 32);
    memcpy(ret_id->machine.b, b + 76, 32);
    return true;
}

struct headers {
    uint8_t b[HEADER_COPIES][JOURNAL_BLOCK];
    bool valid[HEADER_COPIES];
    struct journal_identity id; /* of a valid one */
};

/* ST_NOTFOUND: never finished: the second copy is written after the first is durable, and that after all
 * else. ST_CORRUPT: there was a journal, and neither copy can be read. */
static enum status headers_read(const struct disk_file *f, struct headers *ret_h, struct err *err)
{
    static const uint8_t zeros[JOURNAL_BLOCK];
    struct headers *h = ret_h;
    if (f->size(f->ctx) < (uint64_t)HEADER_COPIES * JOURNAL_BLOCK)
        return err_set(err, ST_NOTFOUND, "vote journal: none was created here");
    enum status st = f->read(f->ctx, 0, h->b[0], sizeof h->b, err);
    if (st != ST_OK)
        return st;
    h->valid[0] = header_decode(h->b[0], &h->id);
    struct journal_identity other;
    h->valid[1] = header_decode(h->b[1], &other);
    bool differ = h->valid[0] && h->valid[1] && memcmp(h->b[0], h->b[1], sizeof h->b[0]) != 0;
    if (h->valid[1])
        h->id = other;
    if (differ || (!h->valid[0] && !h->valid[1] && memcmp(h->b[1], zeros, sizeof zeros) != 0))
        return err_set(
            err, ST_CORRUPT,
            "vote journal: both copies of its header are damaged, so it cannot be known what this node "
            "has signed. Do not vote with this key again: check the disk, make a fresh vote key and have "
            "your registrar admit it");
    if (!h->valid[0] && !h->valid[1])
        return err_set(err, ST_NOTFOUND, "vote journal: none was created here");
    return ST_OK;
}

static enum status check_identity(const struct journal_identity *seen,
                                  const struct journal_identity *expected, struct err *err)
{
    static const char dead[] =
        "This directory was copied or restored: its vote key is dead, for another copy may "
        "have signed since. Do not vote with it; make a fresh vote key and have your "
        "registrar admit it";
    if (!hash_eq(&seen->alliance, &expected->alliance))
        return err_set(
            err, ST_MISMATCH,
            "vote journal: it belongs to alliance %s; this node's is %s. Give each alliance a directory "
            "of its own",
            hex_of(&seen->alliance).s, hex_of(&expected->alliance).s);
    if (!hash_eq(&seen->incarnation, &expected->incarnation))
        return err_set(
            err, ST_MISMATCH,
            "vote journal: it was not made together with this store (journal %.16s, store %.16s). %s",
            hex_of(&seen->incarnation).s, hex_of(&expected->incarnation).s, dead);
    if (!hash_eq(&seen->machine, &expected->machine))
        return err_set(err, ST_MISMATCH, "vote journal: it was made on another machine, disk or file. %s",
                       dead);
    return ST_OK;
}

static enum status write_zeros(const struct disk_file *f, uint64_t at, uint64_t n, struct err *err)
{
    static const uint8_t zeros[1 << 16];
    enum status st = ST_OK;
    for (uint64_t done = 0; done < n && st == ST_OK;) {
        size_t part = n - done < sizeof zeros ? (size_t)(n - done) : sizeof zeros;
        st = f->write(f->ctx, at + done, span_of(zeros, part), err);
        done += part;
    }
    return st == ST_OK ? f->sync(f->ctx, err) : st;
}

enum status journal_create(const struct disk_file *f, const struct journal_identity *id, struct err *err)
{
    struct headers h;
    enum status st = headers_read(f, &h, err);
    if (st == ST_OK)
        return err_set(err, ST_EXISTS, "vote journal: one is here already; it was left as it is");
    if (st != ST_NOTFOUND)
        return st;
    header_encode(id, h.b[0]);
    st = write_zeros(f, 0, JOURNAL_BYTES, err);
    for (uint64_t i = 0; i < HEADER_COPIES && st == ST_OK; i++) {
        st = f->write(f->ctx, i * JOURNAL_BLOCK, span_of(h.b[0], JOURNAL_BLOCK), err);
        if (st == ST_OK)
            st = f->sync(f->ctx, err);
    }
    return st;
}

/* -- Records -- */

static void record_sum(const struct journal *j, const uint8_t *head, struct span payload,
                       uint8_t ret_sum[SUM_BYTES])
{
    crypto_generichash_state h;
    (void)crypto_generichash_init(&h, j->key.b, sizeof j->key.b, SUM_BYTES);
    (void)crypto_generichash_update(&h, head, HEAD_BYTES);
    (void)crypto_generichash_update(&h, payload.p, payload.n);
    (void)crypto_generichash_final(&h, ret_sum, SUM_BYTES);
}

static void record_encode(const struct journal *j, const struct record *r, struct span payload, uint8_t *b)
{
    memset(b, 0, (size_t)blocks_of(payload.n) * JOURNAL_BLOCK);
    memcpy(b, record_magic, sizeof record_magic);
    store_u32(b + 4, r->block);
    store_u64(b + 8, r->sequence);
    store_u64(b + 16, r->first);
    store_u64(b + 24, r->height);
    store_u32(b + 32, r->length);
    if (payload.n != 0)
        memcpy(b + HEAD_BYTES + SUM_BYTES, payload.p, payload.n);
    record_sum(j, b, payload, b + HEAD_BYTES);
}

static struct span payload_at(const uint8_t *file, const struct record *r)
{
    return span_of(file + (size_t)r->block * JOURNAL_BLOCK + HEAD_BYTES + SUM_BYTES, r->length);
}

/* The head of what stands at a block, checked for sense only. */
static bool head_decode(const struct journal *j, const uint8_t *file, uint32_t block, struct record *ret_r)
{
    const uint8_t *b = file + (size_t)block * JOURNAL_BLOCK;
    struct record r = {load_u64(b + 8), load_u64(b + 16), load_u64(b + 24), load_u32(b + 4),
                       load_u32(b + 32)};
    bool sane = memcmp(b, record_magic, sizeof record_magic) == 0 && r.block == block &&
                r.length <= JOURNAL_RECORD_MAX && r.sequence != 0 && r.first != 0 && r.first <= r.sequence &&
                blocks_of(r.length) <= j->blocks - block;
    if (sane)
        *ret_r = r;
    return sane;
}

static bool record_valid(const struct journal *j, const uint8_t *file, const struct record *r)
{
    const uint8_t *b = file + (size_t)r->block * JOURNAL_BLOCK;
    uint8_t sum[SUM_BYTES];
    record_sum(j, b, payload_at(file, r), sum);
    return memcmp(sum, b + HEAD_BYTES, SUM_BYTES) == 0;
}

/* -- Opening -- */

struct found {
    struct record v[BLOCKS_MAX];
    size_t n;
    struct record newest;   /* sequence 0: none */
    uint64_t torn_sequence; /* greatest of a damaged one; 0: none */
};

static void scan(const struct journal *j, const uint8_t *file, struct found *ret_found)
{
    ret_found->n = 0;
    ret_found->newest = (struct record){0};
    ret_found->torn_sequence = 0;
    for (uint32_t block = HEADER_COPIES; block < j->blocks;) {
        struct record r;
        bool head = head_decode(j, file, block, &r);
        if (head && record_valid(j, file, &r)) {
            ret_found->v[ret_found->n++] = r;
            if (r.sequence > ret_found->newest.sequence)
                ret_found->newest = r;
            block += blocks_of(r.length);
            continue;
        }
        if (head && r.sequence > ret_found->torn_sequence)
            ret_found->torn_sequence = r.sequence;
        block++;
    }
}

static enum status fail_gap(uint64_t height, struct err *err)
{
    return err_set(
        err, ST_CORRUPT,
        "vote journal: a record of height %" PRIu64
        " that was synced is damaged, so it cannot be known what this node has signed. Do not vote with "
        "this key again: check the disk, make a fresh vote key and have your registrar admit it",
        height);
}

/* Takes the records of the newest height over, in the order of their sequence, and misses none of them. */
static enum status load(struct journal *j, const uint8_t *file, const struct found *found, struct err *err)
{
    const struct record *newest = &found->newest;
    j->next_sequence = newest->sequence + 1;
    j->torn = found->torn_sequence > newest->sequence;
    if (newest->sequence == 0)
        return ST_OK;
    uint64_t n = newest->sequence - newest->first + 1;
    if (n > BLOCKS_MAX)
        return fail_gap(newest->height, err);
    for (size_t i = 0; i < found->n; i++) {
        const struct record *r = &found->v[i];
        if (r->sequence < newest->first)
            continue;
        struct span *place = &j->payload[r->sequence - newest->first];
        if (r->height != newest->height || r->first != newest->first || place->p != NULL)
            return fail_gap(newest->height, err);
        *place = arena_dup(&j->arena, payload_at(file, r));
        for (uint32_t b = 0; b < blocks_of(r->length); b++)
            j->used[r->block + b] = true;
        j->n++;
    }
    if (j->n != n)
        return fail_gap(newest->height, err);
    j->height = newest->height;
    j->first = newest->first;
    j->cursor = newest->block + blocks_of(newest->length);
    return ST_OK;
}

static enum status read_all(struct journal *j, struct err *err)
{
    size_t size = (size_t)j->blocks * JOURNAL_BLOCK;
    ASSERT(size != 0);
    uint8_t *file = malloc(size);
    struct found *found = malloc(sizeof *found);
    enum status st = ST_NOMEM;
    if (file != NULL && found != NULL)
        st = j->f.read(j->f.ctx, 0, file, size, err);
    else
        (void)err_set(err, st, "vote journal: out of memory");
    if (st == ST_OK) {
        scan(j, file, found);
        st = load(j, file, found, err);
    }
    free(file);
    free(found);
    return st;
}

static enum status check_size(const struct disk_file *f, uint32_t *ret_blocks, struct err *err)
{
    uint64_t size = f->size(f->ctx);
    if (size < JOURNAL_BYTES || size > JOURNAL_BYTES_MAX)
        return err_set(
            err, ST_CORRUPT,
            "vote journal: %" PRIu64 " bytes long; %d to %d were expected: it was cut short or is not "
            "ours. Do not vote with this key again: make a fresh vote key and have your registrar admit it",
            size, JOURNAL_BYTES, JOURNAL_BYTES_MAX);
    *ret_blocks = (uint32_t)(size / JOURNAL_BLOCK);
    return ST_OK;
}

enum status journal_open(const struct disk_file *f, const struct journal_identity *id, struct journal **ret_j,
                         struct err *err)
{
    struct headers h = {0};
    uint32_t blocks = 0;
    enum status st = headers_read(f, &h, err);
    if (st == ST_OK)
        st = check_identity(&h.id, id, err);
    if (st == ST_OK)
        st = check_size(f, &blocks, err);
    if (st != ST_OK)
        return st;
    struct journal *j = calloc(1, sizeof *j);
    if (j != NULL)
        j->payload = calloc(BLOCKS_MAX, sizeof *j->payload);
    if (j == NULL || j->payload == NULL) {
        journal_close(j);
        return err_set(err, ST_NOMEM, "vote journal: out of memory");
    }
    j->f = *f;
    j->key = id->incarnation;
    j->blocks = blocks;
    j->cursor = HEADER_COPIES;
    st = read_all(j, err);
    for (unsigned i = 0; i < HEADER_COPIES && st == ST_OK; i++)
        if (!h.valid[i]) /* the other copy makes it whole */
            st = f->write(f->ctx, (uint64_t)i * JOURNAL_BLOCK, span_of(h.b[1 - i], JOURNAL_BLOCK), err);
    /* What was read may still be on its way to the disk, if a process was killed and not the machine. */
    if (st == ST_OK)
        st = f->sync(f->ctx, err);
    if (st != ST_OK) {
        journal_close(j);
        return st;
    }
    *ret_j = j;
    return ST_OK;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    arena_deinit(&j->arena);
    free(j->payload);
    free(j);
}

bool journal_was_torn(const struct journal *j)
{
    return j->torn;
}

/* -- Appending -- */

static bool place_free(const struct journal *j, uint32_t block, uint32_t n)
{
    if (block + n > j->blocks)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (j->used[block + i] && !PLANTED(50))
            return false;
    return true;
}

/* n free blocks in a row, at or after the cursor, around; or in new space at the end. */
static enum status find_place(struct journal *j, uint32_t n, uint32_t *ret_block, struct err *err)
{
    uint32_t ring = j->blocks - HEADER_COPIES;
    for (uint32_t i = 0; i < ring; i++) {
        uint32_t block = HEADER_COPIES + (j->cursor - HEADER_COPIES + i) % ring;
        if (place_free(j, block, n)) {
            *ret_block = block;
            return ST_OK;
        }
    }
    uint32_t more = JOURNAL_BYTES / JOURNAL_BLOCK;
    if (j->blocks + more > BLOCKS_MAX)
        return err_set(err, ST_LIMIT,
                       "vote journal: full: height %" PRIu64
                       " has %zu records. This node cannot vote at this height "
                       "any more; it goes on when its partners decide it",
                       j->height, j->n);
    uint64_t end = (uint64_t)j->blocks * JOURNAL_BLOCK;
    enum status st = write_zeros(&j->f, end, JOURNAL_BYTES, err);
    if (st != ST_OK)
        return st;
    *ret_block = j->blocks;
    j->blocks += more;
    return ST_OK;
}

static void take_over(struct journal *j, const struct record *r, struct span payload)
{
    if (r->first == r->sequence) { /* the first of its height is durable: the older ones may go */
        memset(j->used, 0, sizeof j->used);
        arena_reset(&j->arena);
        j->n = 0;
        j->height = r->height;
        j->first = r->first;
    }
    for (uint32_t b = 0; b < blocks_of(r->length); b++)
        j->used[r->block + b] = true;
    j->payload[j->n++] = arena_dup(&j->arena, payload);
    j->next_sequence = r->sequence + 1;
    j->cursor = r->block + blocks_of(r->length);
    if (j->cursor >= j->blocks)
        j->cursor = HEADER_COPIES;
}

enum status journal_append(struct journal *j, uint64_t height, struct span record, struct err *err)
{
    if (j->broken)
        return err_set(err, ST_IO,
                       "vote journal: an earlier write failed, so nothing more is signed; check the "
                       "disk, then start the node again");
    if (record.n > JOURNAL_RECORD_MAX)
        return err_set(err, ST_LIMIT, "vote journal: record of %zu bytes; at most %d were expected", record.n,
                       JOURNAL_RECORD_MAX);
    if (j->n != 0 && height < j->height)
        return err_set(err, ST_RANGE, "vote journal: record for height %" PRIu64 " after height %" PRIu64,
                       height, j->height);
    struct record r = {.sequence = j->next_sequence, .height = height, .length = (uint32_t)record.n};
    r.first = j->n != 0 && height == j->height ? j->first : r.sequence;
    uint32_t n = blocks_of(record.n);
    enum status st = find_place(j, n, &r.block, err);
    if (st != ST_OK)
        return st;
    uint8_t b[RECORD_BLOCKS_MAX * JOURNAL_BLOCK];
    record_encode(j, &r, record, b);
    st = j->f.write(j->f.ctx, (uint64_t)r.block * JOURNAL_BLOCK, span_of(b, (size_t)n * JOURNAL_BLOCK), err);
    if (st == ST_OK && !PLANTED(49))
        st = j->f.sync(j->f.ctx, err);
    if (st != ST_OK) {
        j->broken = true;
        return st;
    }
    take_over(j, &r, span_of(b + HEAD_BYTES + SUM_BYTES, record.n)); /* record may be one of get's */
    return ST_OK;
}

enum status journal_get(struct journal *j, size_t i, uint64_t *ret_height, struct span *ret_record)
{
    if (i >= j->n)
        return ST_END;
    *ret_height = j->height;
    *ret_record = j->payload[i];
    return ST_OK;
}
