#include "ledger/availability.h"
#include "cert/refounding.h"
#include "ledger/block.h"

enum { ORGS_MAX = 128 };

struct count {
    struct query_present p;
    uint64_t run, run_from_ms; /* blocks missed in a row until now */
};

struct tally {
    const struct view *v;
    struct arena *a;
    struct count orgs[ORGS_MAX];
    size_t n;
    uint64_t blocks;
    struct hash set_hash;
    struct validator_set set;
};

static enum status header_of(const struct view *v, uint64_t height, struct arena *a, struct block_record *ret_rec, struct err *err)
{
    struct span bytes;
    struct header h;
    enum status st = block_header(v, height, &bytes, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, bytes, a, &h, err);
    return st == ST_OK ? codec_decode(&block_record_desc, h.record, a, ret_rec, err) : st;
}

/* The first height from 1 to top whose ledger time is not before at_ms; top + 1 for none. Times ascend (BLK-3). */
static enum status first_at(const struct view *v, uint64_t at_ms, uint64_t top, uint64_t *ret_height, struct err *err)
{
    uint64_t low = 1, high = top + 1;
    while (low < high) {
        struct arena a CLEANUP(arena_deinit);
        struct block_record r;
        uint64_t middle = low + (high - low) / 2;
        arena_init(&a, 1 << 20);
        enum status st = header_of(v, middle, &a, &r, err);
        if (st != ST_OK)
            return st;
        if (r.time_ms < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_height = low;
    return ST_OK;
}

static struct count *count_of(struct tally *t, struct span org)
{
    size_t i = 0;
    while (i < t->n && span_cmp(t->orgs[i].p.org, org) < 0)
        i++;
    if (i < t->n && span_eq(t->orgs[i].p.org, org))
        return &t->orgs[i];
    if (t->n == ORGS_MAX)
        return NULL;
    memmove(&t->orgs[i + 1], &t->orgs[i], (t->n - i) * sizeof t->orgs[0]);
    t->n++;
    t->orgs[i] = (struct count){.p = {.org = arena_dup(t->a, org)}};
    return &t->orgs[i];
}

static bool signed_by(const struct certificate *c, struct span org)
{
    for (size_t i = 0; i < c->sigs.n; i++)
        if (span_eq(c->sigs.v[i].org, org))
            return true;
    return false;
}

static void add(struct count *c, uint64_t time_ms, bool here)
{
    c->p.blocks++;
    if (here) {
        c->p.signed_blocks++;
        c->p.last_ms = time_ms;
        SET_HAS(&c->p, query_present_key_last_ms);
        c->run = 0;
        return;
    }
    if (c->run++ == 0)
        c->run_from_ms = time_ms;
    if (c->run > c->p.longest) {
        c->p.longest = c->run;
        c->p.longest_from_ms = c->run_from_ms;
        SET_HAS(&c->p, query_present_key_longest_from_ms);
    }
}

/* The certificate of a height. At the end of an epoch a re-founding is kept in its place (REF-6): with the certificate in it, or
 * with none (ST_NOTFOUND). */
static enum status certificate_of(const struct view *v, uint64_t height, struct arena *a, struct certificate *ret, struct err *err)
{
    struct span bytes;
    struct refounding_info r;
    enum status st = block_certificate(v, height, &bytes, err);
    if (st == ST_OK && refounding_is(bytes)) {
        st = refounding_read(arena_dup(a, bytes), a, &r, err);
        if (st == ST_OK && !refounding_had_certificate(&r))
            return ST_NOTFOUND;
        bytes = r.proof.certificate;
    }
    return st == ST_OK ? codec_decode(&certificate_desc, bytes, a, ret, err) : st;
}

static enum status one_block(struct tally *t, uint64_t height, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct block_record r;
    struct certificate c;
    arena_init(&a, 4 << 20);
    enum status st = header_of(t->v, height, &a, &r, err);
    if (st == ST_OK)
        st = certificate_of(t->v, height, &a, &c, err);
    if (st == ST_NOTFOUND) /* an epoch ended there, and no certificate says who was present */
        return ST_OK;
    t->blocks += st == ST_OK;
    if (st == ST_OK && !hash_eq(&r.validators, &t->set_hash)) {
        st = rows_set(t->v, &r.validators, t->a, &t->set, err);
        t->set_hash = r.validators;
    }
    for (size_t i = 0; st == ST_OK && i < t->set.members.n; i++) {
        struct span org = t->set.members.v[i].org;
        struct count *x = count_of(t, org);
        if (x == NULL)
            return err_set(err, ST_LIMIT, "more than %d organisations signed in this period", ORGS_MAX);
        add(x, r.time_ms, signed_by(&c, org));
    }
    return st;
}

enum status availability(const struct view *v, uint64_t from_ms, uint64_t to_ms, struct arena *a, struct query_availability *ret,
                         struct err *err)
{
    struct tally *t = arena_alloc(a, sizeof *t);
    struct tip tip;
    uint64_t first = 0, end = 0;
    if (t == NULL)
        return err_set(err, ST_LIMIT, "no room to count in");
    *t = (struct tally){.v = v, .a = a};
    enum status st = tip_load(v, &tip, err);
    uint64_t top = st == ST_OK && tip.height > 0 ? tip.height - 1 : 0;
    if (st == ST_OK)
        st = first_at(v, from_ms, top, &first, err);
    if (st == ST_OK)
        st = first_at(v, to_ms, top, &end, err);
    for (uint64_t h = first; st == ST_OK && h < end; h++)
        st = one_block(t, h, err);
    if (st != ST_OK)
        return st;
    struct query_availability r = {.blocks = t->blocks};
    r.list.v = arena_array(a, t->n, sizeof *r.list.v);
    for (size_t i = 0; i < t->n; i++)
        r.list.v[r.list.n++] = t->orgs[i].p;
    *ret = r;
    return ST_OK;
}
