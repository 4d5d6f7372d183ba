/* Documents fetched from other nodes (the world of tests/unit/document): the bytes say which links come and go, how time
 * passes, what is wanted, what the honest nodes answer and what two liars say, in chunks made here or in frames taken as they
 * are. Invariants hold after every step, no honest node is blamed, and at the end, with an honest node there, all comes. */
#include "document/message.h"
#include "fuzz/fuzz.h"
#include "unit/document/fetch_world.h"

enum { INPUT_MAX = 4096, CHUNK = LIMIT_DOCUMENT_CHUNK_BYTES };

static const char *const orgs[NODES] = {"brand", "clinics", "liar", "liar-2", "maker"};

static void want(struct world *w, size_t doc, const char *first)
{
    if (!w->docs[doc].whole)
        world_want(w, doc, first);
}

/* As the node does with a frame of this peer. */
static void frame(struct world *w, const char *org, struct span bytes)
{
    struct message m;
    struct err err;
    if (!message_is(bytes) || message_decode(bytes, &m, &err) != ST_OK)
        return;
    if (m.kind == msg_document_chunk_number_)
        fetch_chunk(w->f, span_str(org), &m.u.chunk, w->now);
    else if (m.kind == msg_document_none_number_)
        fetch_none(w->f, span_str(org), &m.u.none.digest, w->now);
}

static void lie(struct world *w, const struct asked *q, struct span *in)
{
    static uint8_t wrong[CHUNK];
    uint8_t how = take_u8(in);
    uint64_t size = 1 + take_u32(in) % DOC_MAX, at = how % 2 == 0 ? q->offset : take_u32(in) % DOC_MAX;
    uint64_t left = size > at ? size - at : 1, n = left < CHUNK ? left : CHUNK;
    wrong[take_u32(in) % CHUNK]++;
    if (how % 5 == 0)
        world_answer(w, q);
    else if (how % 5 == 1)
        fetch_none(w->f, span_str(q->org), &q->digest, w->now);
    else if (how % 5 != 2)
        world_give(w, q->org, &q->digest, size, at, span_of(wrong, how > 127 ? 1 + take_u32(in) % CHUNK : (size_t)n));
}

static void answer(struct world *w, struct span *in)
{
    struct asked q;
    if (!world_asked(w, &q))
        return;
    if (strncmp(q.org, "liar", 4) == 0)
        lie(w, &q, in);
    else if (take_u8(in) % 8 != 0)
        world_answer(w, &q);
}

static void step(struct world *w, struct span *in)
{
    uint8_t what = take_u8(in), a = take_u8(in), b = take_u8(in);
    if (what % 8 == 0)
        world_peer(w, orgs[a % NODES], b % 3 != 0);
    else if (what % 8 == 1)
        world_tick(w, (uint64_t)a * b * 40);
    else if (what % 8 == 2)
        want(w, a % DOCS, orgs[b % NODES]);
    else if (what % 8 == 3)
        frame(w, orgs[2 + a % 2], take_bytes(in, b));
    else if (what == 4)
        fetch_drop(w->f, &w->docs[a % DOCS].digest);
    else if (what == 12)
        w->take = a % 4 == 0 ? ST_NOSPACE : a % 4 == 1 ? ST_LIMIT : ST_OK;
    else
        answer(w, in);
    world_tick(w, 1);
}

/* All links are up, the disk is whole, and the liars are out of words. */
static void heal(struct world *w)
{
    static const uint8_t silent[] = {2};
    struct asked q;
    w->take = ST_OK;
    for (size_t i = 0; i < NODES; i++)
        world_peer(w, orgs[i], true);
    for (size_t i = 0; i < DOCS; i++)
        want(w, i, "liar");
    for (int i = 0; i < 5000 && fetch_wanted(w->f) > 0; i++) {
        world_tick(w, 2000);
        while (world_asked(w, &q)) {
            struct span in = span_of(silent, 1);
            if (strncmp(q.org, "liar", 4) == 0)
                lie(w, &q, &in);
            else
                world_answer(w, &q);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct fetch_peer_status p;
    struct span in = span_of(data, size);
    if (size > INPUT_MAX)
        return 0;
    world_init(&w, 1 + take_u8(&in) % 3);
    while (in.n > 0)
        step(&w, &in);
    heal(&w);
    for (size_t i = 0; i < DOCS; i++)
        REQUIRE(w.docs[i].whole, "document %zu never came", i);
    for (size_t i = 0; fetch_peer_status(w.f, i, &p); i++)
        REQUIRE(p.faults == 0 || (p.org.n >= 4 && memcmp(p.org.p, "liar", 4) == 0), "%.*s is blamed: %s", SPAN_FMT(p.org), p.fault);
    world_deinit(&w);
    return 0;
}
