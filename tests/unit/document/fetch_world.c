#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "fetch_world.h"

static struct doc *doc_of(struct world *w, const struct hash *digest)
{
    for (size_t i = 0; i < DOCS; i++)
        if (hash_eq(&w->docs[i].digest, digest))
            return &w->docs[i];
    cr_assert_fail("an unknown document");
    return NULL;
}

static uint64_t have(void *ctx, const struct hash *digest)
{
    return doc_of(ctx, digest)->have;
}

static void ask(void *ctx, struct span org, const struct hash *digest, uint64_t offset)
{
    struct world *w = ctx;
    if (w->n_asks == ASKS) /* lost */
        return;
    struct asked *q = &w->asks[w->n_asks++];
    *q = (struct asked){.digest = *digest, .offset = offset};
    (void)snprintf(q->org, sizeof q->org, "%.*s", SPAN_FMT(org));
}

static enum status take(void *ctx, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes)
{
    struct world *w = ctx;
    struct doc *d = doc_of(w, digest);
    if (w->take != ST_OK)
        return w->take;
    if (offset != d->have)
        return ST_RANGE;
    if (size > DOC_MAX)
        return ST_LIMIT;
    cr_assert_leq(offset + bytes.n, size);
    memcpy(d->here + offset, bytes.p, bytes.n);
    d->have += bytes.n;
    return ST_OK;
}

static enum status finish(void *ctx, const struct hash *digest)
{
    struct world *w = ctx;
    struct doc *d = doc_of(w, digest);
    struct hash found;
    if (w->finish != ST_OK)
        return w->finish;
    sha256(span_of(d->here, d->have), &found);
    d->whole = hash_eq(&found, digest);
    if (!d->whole)
        d->have = 0;
    return d->whole ? ST_OK : ST_MISMATCH;
}

static void restart(void *ctx, const struct hash *digest)
{
    struct world *w = ctx;
    doc_of(w, digest)->have = 0;
    w->restarts++;
}

static void fault(void *ctx, struct span org, const char *text)
{
    struct world *w = ctx;
    w->n_faults++;
    (void)snprintf(w->faulty, sizeof w->faulty, "%.*s", SPAN_FMT(org));
    (void)snprintf(w->fault, sizeof w->fault, "%s", text);
}

void world_init(struct world *w, size_t chunks)
{
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < DOCS; i++) {
        struct doc *d = &w->docs[i];
        d->n = chunks * LIMIT_DOCUMENT_CHUNK_BYTES + 1;
        for (size_t k = 0; k < d->n; k++)
            d->bytes[k] = (uint8_t)(k * 31 + k / 251 + i);
        sha256(span_of(d->bytes, d->n), &d->digest);
    }
    w->now = 1000;
    struct fetch_ops ops = {w, have, ask, take, finish, restart, fault};
    w->f = fetch_new(&ops);
}

void world_deinit(struct world *w)
{
    fetch_free(w->f);
}

void world_peer(struct world *w, const char *org, bool up)
{
    fetch_peer(w->f, span_str(org), up, true, w->now);
}

void world_want(struct world *w, size_t doc, const char *first)
{
    fetch_want(w->f, &w->docs[doc].digest, span_str(first), w->now);
}

void world_tick(struct world *w, uint64_t ms)
{
    w->now += ms;
    fetch_tick(w->f, w->now, &w->next);
    const char *wrong = fetch_check(w->f);
    cr_assert_null(wrong, "%s", wrong);
}

bool world_asked(struct world *w, struct asked *ret)
{
    if (w->n_asks == 0)
        return false;
    *ret = w->asks[0];
    w->n_asks--;
    memmove(&w->asks[0], &w->asks[1], w->n_asks * sizeof w->asks[0]);
    return true;
}

void world_expect(struct world *w, const char *org, size_t doc, uint64_t offset)
{
    struct asked q;
    cr_assert(world_asked(w, &q), "nobody is asked; %s was expected", org);
    cr_assert_str_eq(q.org, org);
    cr_assert(hash_eq(&q.digest, &w->docs[doc].digest), "another document is asked for");
    cr_assert_eq(q.offset, offset, "%" PRIu64 " is asked for, not %" PRIu64, q.offset, offset);
}

void world_give(struct world *w, const char *org, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes)
{
    struct msg_document_chunk m = {.digest = *digest, .size = size, .offset = offset, .bytes = bytes};
    fetch_chunk(w->f, span_str(org), &m, w->now);
    const char *wrong = fetch_check(w->f);
    cr_assert_null(wrong, "%s", wrong);
}

void world_answer(struct world *w, const struct asked *q)
{
    const struct doc *d = doc_of(w, &q->digest);
    uint64_t at = q->offset < d->n ? q->offset : 0, left = d->n - at; /* DOC-8 */
    size_t n = left < LIMIT_DOCUMENT_CHUNK_BYTES ? (size_t)left : LIMIT_DOCUMENT_CHUNK_BYTES;
    world_give(w, q->org, &q->digest, d->n, at, span_of(d->bytes + at, n));
}

void world_none(struct world *w, const char *org, size_t doc)
{
    fetch_none(w->f, span_str(org), &w->docs[doc].digest, w->now);
    const char *wrong = fetch_check(w->f);
    cr_assert_null(wrong, "%s", wrong);
}

void world_settle(struct world *w)
{
    struct asked q;
    for (int i = 0; i < 1000; i++) {
        world_tick(w, 1);
        if (!world_asked(w, &q))
            return;
        world_answer(w, &q);
    }
    cr_assert_fail("it does not come to an end");
}
