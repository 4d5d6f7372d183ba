#include "document/serve.h"

/* A peer that was silent may have so much at once. */
enum { MOST_CREDIT = 8 * LIMIT_DOCUMENT_CHUNK_BYTES };

void serve_init(struct serve *s)
{
    memset(s, 0, sizeof *s);
}

static struct span org_of(const struct serve_peer *p)
{
    return span_of(p->org, p->org_n);
}

static struct serve_peer *find(struct serve *s, struct span org)
{
    for (size_t i = 0; i < s->n; i++)
        if (span_eq(org_of(&s->peers[i]), org))
            return &s->peers[i];
    return NULL;
}

bool serve_ask(struct serve *s, struct span org, const struct hash *digest, uint64_t offset, uint64_t now_ms)
{
    struct serve_peer *p = find(s, org);
    if (p == NULL) {
        if (s->n == SERVE_PEERS || org.n > sizeof p->org)
            return false;
        p = &s->peers[s->n++];
        *p = (struct serve_peer){.org_n = org.n, .credit = MOST_CREDIT, .credit_at_ms = now_ms};
        memcpy(p->org, org.p, org.n);
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct serve_ask *a = &p->asks[(p->first + i) % LIMIT_DOCUMENT_ASKS];
        if (a->offset == offset && hash_eq(&a->digest, digest))
            return true;
    }
    if (p->n == LIMIT_DOCUMENT_ASKS) {
        p->dropped++;
        return false;
    }
    p->asks[(p->first + p->n++) % LIMIT_DOCUMENT_ASKS] = (struct serve_ask){*digest, offset};
    return true;
}

void serve_gone(struct serve *s, struct span org)
{
    struct serve_peer *p = find(s, org);
    if (p != NULL)
        p->n = 0;
}

static void refill(struct serve_peer *p, uint64_t now_ms)
{
    uint64_t passed = now_ms - p->credit_at_ms < 10000 ? now_ms - p->credit_at_ms : 10000;
    p->credit += (int64_t)(passed * LIMIT_DOCUMENT_REPLY_BYTES / 1000);
    if (p->credit > MOST_CREDIT)
        p->credit = MOST_CREDIT;
    p->credit_at_ms = now_ms;
}

bool serve_next(struct serve *s, uint64_t now_ms, struct span *ret_org, struct serve_ask *ret_ask)
{
    for (size_t k = 0; k < s->n; k++) {
        size_t i = (s->turn + k) % s->n;
        struct serve_peer *p = &s->peers[i];
        refill(p, now_ms);
        if (p->n == 0 || p->credit <= 0)
            continue;
        *ret_ask = p->asks[p->first];
        *ret_org = org_of(p);
        p->first = (p->first + 1) % LIMIT_DOCUMENT_ASKS;
        p->n--;
        s->turn = (i + 1) % s->n;
        return true;
    }
    return false;
}

void serve_done(struct serve *s, struct span org, size_t bytes)
{
    struct serve_peer *p = find(s, org);
    if (p == NULL)
        return;
    p->credit -= (int64_t)bytes + 256; /* a question has its price, whatever the answer */
    p->served += bytes > 0;
}

uint64_t serve_due(const struct serve *s, uint64_t now_ms)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < s->n; i++) {
        const struct serve_peer *p = &s->peers[i];
        if (p->n == 0)
            continue;
        uint64_t lacks = p->credit > 0 ? 0 : (uint64_t)(1 - p->credit);
        uint64_t due = p->credit_at_ms + (lacks * 1000 + LIMIT_DOCUMENT_REPLY_BYTES - 1) / LIMIT_DOCUMENT_REPLY_BYTES;
        if (due < at)
            at = due;
    }
    return at == UINT64_MAX || at > now_ms ? at : now_ms;
}

uint64_t serve_count(const struct serve *s, struct span org)
{
    for (size_t i = 0; i < s->n; i++)
        if (span_eq(org_of(&s->peers[i]), org))
            return s->peers[i].served;
    return 0;
}
