#include <criterion/criterion.h>
#include "leaks.h"
#include "model.h"
#include "vdisk.h"

TestSuite(journal, .timeout = 120, .fini = leaks_check);

enum { ACKED_MAX = 1200, BLOCKS_PER_MIB = JOURNAL_BYTES / JOURNAL_BLOCK };

static const struct journal_identity us = {{{1}}, {{2}}, {{3}}};

/* What the journal must show: the records of the newest height. Their bytes follow from (height, number,
 * length). */
struct shown {
    uint64_t height;
    size_t n;
    uint16_t length[ACKED_MAX];
    uint32_t number[ACKED_MAX];
};

static struct span record_bytes(uint64_t height, uint32_t number, uint16_t length,
                                uint8_t b[JOURNAL_RECORD_MAX])
{
    struct dice d = {height * 1000003 + number + 1};
    for (size_t i = 0; i < length; i++)
        b[i] = (uint8_t)dice_below(&d, 256);
    return span_of(b, length);
}

static void shown_add(struct shown *s, uint64_t height, uint32_t number, uint16_t length)
{
    if (height != s->height)
        s->n = 0;
    s->height = height;
    cr_assert_lt(s->n, ACKED_MAX);
    s->length[s->n] = length;
    s->number[s->n++] = number;
}

static bool shows(struct journal *j, const struct shown *s)
{
    uint8_t b[JOURNAL_RECORD_MAX];
    uint64_t height;
    struct span record;
    for (size_t i = 0; i < s->n; i++) {
        if (journal_get(j, i, &height, &record) != ST_OK || height != s->height)
            return false;
        if (!span_eq(record, record_bytes(s->height, s->number[i], s->length[i], b)))
            return false;
    }
    return journal_get(j, s->n, &height, &record) == ST_END;
}

static struct journal *open_ok(const struct disk_file *f)
{
    struct journal *j;
    struct err err;
    enum status st = journal_open(f, &us, &j, &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    return j;
}

static void append_ok(struct journal *j, struct shown *s, uint64_t height, uint32_t number, uint16_t length)
{
    uint8_t b[JOURNAL_RECORD_MAX];
    struct err err;
    enum status st = journal_append(j, height, record_bytes(height, number, length, b), &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    shown_add(s, height, number, length);
}

static void fresh(struct vdisk *d, struct disk_file *ret_f)
{
    struct err err;
    vdisk_init(d);
    *ret_f = vdisk_file(d);
    cr_assert_eq(journal_create(ret_f, &us, &err), ST_OK);
}

Test(journal, keeps_the_newest_height_in_order)
{
    struct vdisk d;
    struct disk_file f;
    fresh(&d, &f);
    cr_assert_eq(d.size, JOURNAL_BYTES);
    struct journal *j = open_ok(&f);
    struct shown s = {0};
    struct err err;
    cr_assert(shows(j, &s));
    append_ok(j, &s, 5, 1, 100);
    append_ok(j, &s, 5, 2, 0);
    append_ok(j, &s, 5, 3, JOURNAL_RECORD_MAX);
    cr_assert(shows(j, &s));
    append_ok(j, &s, 6, 4, 10);
    append_ok(j, &s, 6, 5, 4028); /* the greatest that fits one block */
    append_ok(j, &s, 6, 6, 4029);
    cr_assert_eq(s.n, 3);
    cr_assert(shows(j, &s));
    static const uint8_t big[JOURNAL_RECORD_MAX + 1];
    cr_assert_eq(journal_append(j, 6, span_of(big, sizeof big), &err), ST_LIMIT);
    cr_assert_eq(journal_append(j, 5, span_str("older"), &err), ST_RANGE);
    cr_assert(shows(j, &s));
    journal_close(j);
    j = open_ok(&f);
    cr_assert(shows(j, &s));
    cr_assert_not(journal_was_torn(j));
    uint64_t height;
    struct span again;
    cr_assert_eq(journal_get(j, 1, &height, &again), ST_OK);
    cr_assert_eq(journal_append(j, 7, again, &err), ST_OK); /* its own memory, across a change of height */
    struct shown same = {.height = 6};
    cr_assert_eq(journal_get(j, 0, &height, &again), ST_OK);
    uint8_t b[JOURNAL_RECORD_MAX];
    cr_assert(span_eq(again, record_bytes(same.height, 5, 4028, b)));
    cr_assert_eq(height, 7);
    journal_close(j);
    journal_close(NULL);
    vdisk_deinit(&d);
}

Test(journal, goes_around_and_grows)
{
    struct vdisk d;
    struct disk_file f;
    fresh(&d, &f);
    struct journal *j = open_ok(&f);
    struct shown s = {0};
    uint32_t number = 0;
    for (uint64_t height = 1; height <= 60; height++) /* many times around: no growth */
        for (int i = 0; i < 20; i++, number++)
            append_ok(j, &s, height, number, (uint16_t)(number * 37 % 6000));
    cr_assert_eq(d.size, JOURNAL_BYTES);
    for (int i = 0; i < BLOCKS_PER_MIB * 2; i++, number++) /* one height that needs more than is there */
        append_ok(j, &s, 61, number, 1000);
    cr_assert_eq(d.size, 3 * JOURNAL_BYTES);
    cr_assert(shows(j, &s));
    journal_close(j);
    j = open_ok(&f);
    cr_assert(shows(j, &s));
    append_ok(j, &s, 62, number, 1000);
    cr_assert(shows(j, &s));
    journal_close(j);
    vdisk_deinit(&d);
}

Test(journal, passes_faults_of_the_disk_on)
{
    struct vdisk d;
    struct disk_file f;
    fresh(&d, &f);
    struct journal *j = open_ok(&f);
    struct shown s = {0};
    struct err err;
    append_ok(j, &s, 1, 1, 10);
    d.stop_at = d.ops + 1; /* the write works, the sync fails */
    cr_assert_eq(journal_append(j, 1, span_str("in doubt"), &err), ST_IO);
    d.stop_at = -1;
    cr_assert_eq(journal_append(j, 1, span_str("refused"), &err), ST_IO);
    cr_assert_not_null(strstr(err.text, "earlier write failed"), "%s", err.text);
    cr_assert(shows(j, &s));
    journal_close(j);
    vdisk_deinit(&d);
}

/* -- Identity and headers -- */

Test(journal, names_what_does_not_match)
{
    static const struct {
        struct journal_identity id;
        const char *words[2];
    } cases[] = {
        {{{{9}}, {{2}}, {{3}}}, {"belongs to alliance 01", "directory of its own"}},
        {{{{1}}, {{9}}, {{3}}},
         {"not made together with this store", "copied or restored: its vote key is dead"}},
        {{{{1}}, {{2}}, {{9}}},
         {"another machine, disk or file", "copied or restored: its vote key is dead"}},
    };
    struct vdisk d;
    struct disk_file f;
    fresh(&d, &f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct journal *j = NULL;
        struct err err;
        cr_assert_eq(journal_open(&f, &cases[i].id, &j, &err), ST_MISMATCH);
        cr_assert_null(j);
        for (size_t w = 0; w < ARRAY_LEN(cases[i].words); w++)
            cr_assert_not_null(strstr(err.text, cases[i].words[w]), "%s", err.text);
    }
    vdisk_deinit(&d);
}

Test(journal, needs_one_good_header)
{
    struct vdisk d;
    struct disk_file f;
    struct journal *j;
    struct err err;
    vdisk_init(&d);
    f = vdisk_file(&d);
    cr_assert_eq(journal_open(&f, &us, &j, &err), ST_NOTFOUND);
    vdisk_deinit(&d);
    fresh(&d, &f);
    cr_assert_eq(journal_create(&f, &us, &err), ST_EXISTS);
    for (size_t copy = 0; copy < 2; copy++) { /* any flipped bit of either copy is made good by the other */
        for (size_t at = 0; at < 8 + 4 + 96 + 32; at++) {
            d.cache[copy * JOURNAL_BLOCK + at] ^= 0x10;
            journal_close(open_ok(&f));
            cr_assert_eq(memcmp(d.cache, d.cache + JOURNAL_BLOCK, JOURNAL_BLOCK), 0);
        }
    }
    d.cache[20] ^= 1;
    d.cache[JOURNAL_BLOCK + 20] ^= 1;
    cr_assert_eq(journal_open(&f, &us, &j, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "Do not vote with this key again"), "%s", err.text);
    cr_assert_eq(journal_create(&f, &us, &err), ST_CORRUPT, "a damaged journal is never formatted over");
    d.cache[20] ^= 1;
    d.cache[JOURNAL_BLOCK + 20] ^= 1;
    d.size = JOURNAL_BYTES - 1;
    cr_assert_eq(journal_open(&f, &us, &j, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "cut short"), "%s", err.text);
    vdisk_deinit(&d);
}

/* -- Damage -- */

/* Every byte of every record of the newest height but the last: damage is found. In older heights it does not
 * matter; in the last record it looks torn, and is said to. */
Test(journal, finds_damage)
{
    struct vdisk d;
    struct disk_file f;
    struct journal *j;
    struct err err;
    fresh(&d, &f);
    j = open_ok(&f);
    struct shown s = {0}, without_last;
    append_ok(j, &s, 1, 1, 50);
    append_ok(j, &s, 2, 2, 300);
    append_ok(j, &s, 2, 3, 4100); /* two blocks */
    without_last = s;
    append_ok(j, &s, 2, 4, 60);
    journal_close(j);
    static const struct {
        size_t block, bytes;
        enum status expected;
    } where[] = {
        {2, 68 + 50, ST_OK}, {3, 68 + 300, ST_CORRUPT}, {4, 68 + 4100, ST_CORRUPT}, {6, 68 + 60, ST_OK}};
    for (size_t w = 0; w < ARRAY_LEN(where); w++) {
        for (size_t i = 0; i < where[w].bytes; i += w == 2 ? 13 : 1) {
            uint8_t *p = d.cache + where[w].block * JOURNAL_BLOCK + i;
            *p ^= (uint8_t)(1u << i % 8);
            enum status st = journal_open(&f, &us, &j, &err);
            cr_assert_eq(st, where[w].expected, "block %zu byte %zu: %s", where[w].block, i, status_name(st));
            if (st == ST_OK) {
                cr_assert(shows(j, w == 3 ? &without_last : &s));
                if (w == 3 && i >= 36)
                    cr_assert(journal_was_torn(j));
                journal_close(j);
            } else {
                cr_assert_not_null(strstr(err.text, "height 2"), "%s", err.text);
            }
            *p ^= (uint8_t)(1u << i % 8);
        }
    }
    vdisk_deinit(&d);
}

/* Records of an earlier journal in the same file, and a record inside a record's payload, do not count. */
Test(journal, believes_only_its_own_records)
{
    struct vdisk d, other;
    struct disk_file f, g;
    struct err err;
    struct journal *j;
    struct journal_identity them = us;
    them.incarnation.b[0] = 77;
    fresh(&d, &f);
    vdisk_init(&other);
    g = vdisk_file(&other);
    cr_assert_eq(journal_create(&g, &them, &err), ST_OK);
    cr_assert_eq(journal_open(&g, &them, &j, &err), ST_OK);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(journal_append(j, 99, span_str("theirs"), &err), ST_OK);
    journal_close(j);
    memcpy(d.cache + 4 * JOURNAL_BLOCK, other.cache + 4 * JOURNAL_BLOCK, 6 * JOURNAL_BLOCK);
    struct shown s = {0};
    j = open_ok(&f);
    cr_assert(shows(j, &s));
    append_ok(j, &s, 3, 1, 10);
    /* A payload whose second block is a copy of a true record. */
    uint8_t nested[JOURNAL_RECORD_MAX] = {0};
    memcpy(nested + JOURNAL_BLOCK - 68, d.cache + 2 * JOURNAL_BLOCK, JOURNAL_BLOCK);
    cr_assert_eq(journal_append(j, 4, span_of(nested, sizeof nested), &err), ST_OK);
    cr_assert_eq(journal_append(j, 5, span_str("newest"), &err), ST_OK);
    journal_close(j);
    d.cache[3 * JOURNAL_BLOCK + 40] ^= 1; /* the outer one is damaged: its inside must not surface */
    j = open_ok(&f);
    uint64_t height;
    struct span record;
    cr_assert_eq(journal_get(j, 0, &height, &record), ST_OK);
    cr_assert_eq(height, 5);
    cr_assert_eq(journal_get(j, 1, &height, &record), ST_END);
    journal_close(j);
    vdisk_deinit(&d);
    vdisk_deinit(&other);
}

/* -- Crashes -- */

struct crash_run {
    struct vdisk before; /* at the crash, pending writes still undecided */
    struct vdisk after;
    struct shown acked, or_else; /* or_else: with the record that was being written */
    struct dice dice;
    size_t crashes, kept_inflight, torn;
};

/* Reopens after one outcome: all that was acknowledged is there. Then goes on, and loses power again. */
static void survive(struct crash_run *r, const bool *keep)
{
    vdisk_copy(&r->after, &r->before);
    vdisk_crash(&r->after, keep);
    struct disk_file f = vdisk_file(&r->after);
    struct journal *j = open_ok(&f);
    bool old = shows(j, &r->acked), new = shows(j, &r->or_else);
    cr_assert(old || new, "crash %zu: neither what was acknowledged nor with the one in flight", r->crashes);
    r->kept_inflight += new && !old;
    r->torn += journal_was_torn(j);
    r->crashes++;
    if (r->crashes % 8 == 0) { /* what opening showed stays, and appending works */
        static struct shown s;
        s = old ? r->acked : r->or_else;
        cr_assert_eq(r->after.n_pending, 0);
        append_ok(j, &s, s.height == 0 ? 1 : s.height, 900000, (uint16_t)dice_below(&r->dice, 5000));
        append_ok(j, &s, s.height + 1, 900001, 20);
        journal_close(j);
        j = open_ok(&f);
        cr_assert(shows(j, &s));
    }
    journal_close(j);
}

/* All outcomes of a power loss now that matter: nothing kept, each prefix, each suffix, and some random
 * subsets. */
static void all_outcomes(struct crash_run *r)
{
    static bool keep[VDISK_PENDING_MAX];
    size_t n = r->before.n_pending;
    for (size_t cut = 0; cut <= n; cut++) {
        for (size_t i = 0; i < n; i++)
            keep[i] = i < cut;
        survive(r, keep);
        if (cut == 0 || cut == n)
            continue;
        for (size_t i = 0; i < n; i++)
            keep[i] = i >= cut;
        survive(r, keep);
    }
    for (int k = 0; k < 6 && n > 1; k++) {
        for (size_t i = 0; i < n; i++)
            keep[i] = dice_below(&r->dice, 2) == 0;
        survive(r, keep);
    }
}

static void append_with_crashes(struct crash_run *r, struct vdisk *d, uint64_t height, uint32_t number,
                                uint16_t length)
{
    uint8_t b[JOURNAL_RECORD_MAX];
    struct err err;
    r->or_else = r->acked;
    shown_add(&r->or_else, height, number, length);
    static struct vdisk start;
    if (start.cache == NULL)
        vdisk_init(&start);
    vdisk_copy(&start, d);
    for (long op = 0;;
         op++) { /* stop before the first operation, before the second, ... until it gets through */
        struct disk_file f = vdisk_file(d);
        vdisk_copy(d, &start);
        struct journal *j = open_ok(&f);
        d->stop_at = d->ops + op;
        enum status st = journal_append(j, height, record_bytes(height, number, length, b), &err);
        journal_close(j);
        d->stop_at = -1;
        if (st == ST_OK)
            break;
        cr_assert_eq(st, ST_IO);
        vdisk_copy(&r->before, d);
        all_outcomes(r);
        cr_assert_lt(op, 40);
    }
    r->acked = r->or_else;
    cr_assert_eq(d->n_pending, 0, "acknowledged, so synced");
}

Test(journal, loses_nothing_that_was_acknowledged)
{
    static struct crash_run r;
    static struct vdisk d;
    struct disk_file f;
    r.dice.state = 42;
    vdisk_init(&r.before);
    vdisk_init(&r.after);
    fresh(&d, &f);
    uint32_t number = 1;
    uint64_t height = 1;
    for (int i = 0; i < 20; i++, number++) {
        height += dice_below(&r.dice, 3) == 0;
        append_with_crashes(&r, &d, height, number, (uint16_t)dice_below(&r.dice, JOURNAL_RECORD_MAX + 1));
    }
    struct journal *j = open_ok(&f); /* up to just before the end of the file */
    for (height++; number < 215; number++)
        append_ok(j, &r.acked, height + number / 10, number, 100);
    journal_close(j);
    for (height += 50; number < 233; number++) { /* around the end, over older heights */
        height += dice_below(&r.dice, 4) == 0;
        append_with_crashes(&r, &d, height, number, (uint16_t)dice_below(&r.dice, JOURNAL_RECORD_MAX + 1));
    }
    cr_assert_gt(r.crashes, 1000, "%zu", r.crashes);
    cr_assert_gt(r.kept_inflight, 30, "%zu", r.kept_inflight);
    cr_assert_gt(r.torn, 100, "%zu", r.torn);
}

/* The process is killed between write and sync; the next one sees the record in the page cache and may send
 * it. Then power fails. */
Test(journal, what_opening_showed_survives_power_loss)
{
    static const bool none[VDISK_PENDING_MAX];
    struct vdisk d;
    struct disk_file f;
    struct err err;
    fresh(&d, &f);
    struct journal *j = open_ok(&f);
    struct shown s = {0};
    append_ok(j, &s, 1, 1, 100);
    uint8_t b[JOURNAL_RECORD_MAX];
    d.stop_at = d.ops + 1;
    cr_assert_eq(journal_append(j, 1, record_bytes(1, 2, 50, b), &err), ST_IO);
    d.stop_at = -1;
    journal_close(j);
    cr_assert_gt(d.n_pending, 0);
    j = open_ok(&f);
    shown_add(&s, 1, 2, 50);
    cr_assert(shows(j, &s));
    vdisk_crash(&d, none);
    journal_close(j);
    j = open_ok(&f);
    cr_assert(shows(j, &s));
    journal_close(j);
    vdisk_deinit(&d);
}

/* A full ring grows in the middle of a height; a crash there harms nothing. */
Test(journal, survives_a_crash_while_growing)
{
    static struct crash_run r;
    static struct vdisk d;
    struct disk_file f;
    r.dice.state = 43;
    vdisk_init(&r.before);
    vdisk_init(&r.after);
    fresh(&d, &f);
    struct journal *j = open_ok(&f);
    uint32_t number = 0;
    while (number < BLOCKS_PER_MIB - 2)
        append_ok(j, &r.acked, 1, number++, 10);
    journal_close(j);
    r.or_else = r.acked;
    shown_add(&r.or_else, 1, number, 10);
    for (long op = 0; op < 60; op++) {
        vdisk_copy(&r.before, &d);
        f = vdisk_file(&r.before);
        j = open_ok(&f);
        uint8_t b[JOURNAL_RECORD_MAX];
        struct err err;
        r.before.stop_at = r.before.ops + op;
        enum status st = journal_append(j, 1, record_bytes(1, number, 10, b), &err);
        journal_close(j);
        if (st == ST_OK) {
            cr_assert_eq(r.before.size, 2 * JOURNAL_BYTES);
            cr_assert_gt(op, 10);
            return;
        }
        static const bool none[VDISK_PENDING_MAX];
        static bool all[VDISK_PENDING_MAX];
        memset(all, 1, sizeof all);
        survive(&r, none);
        survive(&r, all);
    }
    cr_assert_fail("never got through");
}

/* Power may fail at any point of the creation: afterwards there is a journal, or it can be created. */
Test(journal, creation_can_be_repeated)
{
    static struct vdisk d, after;
    static bool keep[VDISK_PENDING_MAX];
    struct err err;
    struct dice dice = {44};
    vdisk_init(&d);
    vdisk_init(&after);
    for (long op = 0;; op++) {
        struct disk_file f = vdisk_file(&d);
        memset(d.cache, 0, JOURNAL_BYTES);
        memset(d.platter, 0, JOURNAL_BYTES);
        d.size = 0;
        d.n_pending = 0;
        d.stop_at = d.ops + op;
        enum status st = journal_create(&f, &us, &err);
        if (st == ST_OK) {
            cr_assert_gt(op, 4);
            return;
        }
        for (int k = 0; k < 12; k++) {
            for (size_t i = 0; i < d.n_pending; i++)
                keep[i] = k == 1 || (k > 1 && dice_below(&dice, 2) == 0);
            vdisk_copy(&after, &d);
            vdisk_crash(&after, keep);
            struct disk_file g = vdisk_file(&after);
            struct journal *j;
            st = journal_open(&g, &us, &j, &err);
            if (st == ST_NOTFOUND) {
                cr_assert_eq(journal_create(&g, &us, &err), ST_OK);
                j = open_ok(&g);
            } else {
                cr_assert_eq(st, ST_OK, "op %ld: %s", op, err.text);
            }
            journal_close(j);
        }
    }
}
