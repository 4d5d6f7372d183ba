/* Goal: whatever nodes do, one honest node that is there is enough, and no honest node is blamed (DOC-9). */
#include <criterion/criterion.h>
#include "fetch_world.h"

enum { CHUNK = LIMIT_DOCUMENT_CHUNK_BYTES, RUNS = 300, STEPS = 1500 };

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static const char *const orgs[NODES] = {"brand", "clinics", "liar", "liar-2", "maker"};

static bool lies(const char *org)
{
    return strncmp(org, "liar", 4) == 0;
}

/* A liar's answer: honest bytes, other bytes, another size, nothing, none, or a chunk out of turn. */
static void lie(struct world *w, const struct asked *q)
{
    static uint8_t wrong[CHUNK];
    uint64_t size = 1 + draw(DOC_MAX), at = draw(2) == 0 ? q->offset : draw(DOC_MAX);
    size_t n = draw(2) == 0 && at < size && size - at < CHUNK ? (size_t)(size - at) : (size_t)(1 + draw(CHUNK));
    wrong[draw(CHUNK)]++;
    switch (draw(5)) {
    case 0:
        world_answer(w, q);
        return;
    case 1:
        fetch_none(w->f, span_str(q->org), &q->digest, w->now);
        return;
    case 2:
        return;
    default:
        world_give(w, q->org, &q->digest, size, at, span_of(wrong, draw(2) == 0 ? CHUNK : n));
    }
}

static void want(struct world *w, size_t doc, const char *first)
{
    if (!w->docs[doc].whole)
        world_want(w, doc, first);
}

static void step(struct world *w)
{
    struct asked q;
    const char *org = orgs[draw(NODES)];
    switch (draw(7)) {
    case 0:
        world_peer(w, org, draw(3) != 0);
        break;
    case 1:
        world_tick(w, draw(20000));
        break;
    case 2:
        want(w, draw(DOCS), orgs[draw(NODES)]);
        break;
    default:
        world_tick(w, 1);
        if (!world_asked(w, &q))
            break;
        if (lies(q.org))
            lie(w, &q);
        else if (draw(12) != 0)
            world_answer(w, &q);
    }
}

static void check(const struct world *w, uint64_t run)
{
    struct fetch_peer_status p;
    for (size_t i = 0; fetch_peer_status(w->f, i, &p); i++)
        cr_assert(p.faults == 0 || span_eqs(p.org, "liar") || span_eqs(p.org, "liar-2"), "run %" PRIu64 ": %.*s is blamed: %s", run,
                  SPAN_FMT(p.org), p.fault);
}

static void one(uint64_t run)
{
    struct world *w = calloc(1, sizeof *w);
    struct asked q;
    cr_assert_not_null(w);
    state = 0x9e3779b97f4a7c15u * (run + 1);
    world_init(w, 1 + draw(4));
    for (int i = 0; i < STEPS; i++)
        step(w);
    check(w, run);
    for (size_t i = 0; i < DOCS; i++)
        want(w, i, "liar");
    for (size_t i = 0; i < NODES; i++)
        world_peer(w, orgs[i], true);
    for (int i = 0; i < 40000 && fetch_wanted(w->f) > 0; i++) { /* liars go on lying, an honest one is there */
        world_tick(w, 1 + draw(2000));
        while (world_asked(w, &q)) {
            if (lies(q.org))
                lie(w, &q);
            else
                world_answer(w, &q);
        }
    }
    for (size_t i = 0; i < DOCS; i++)
        cr_assert(w->docs[i].whole, "run %" PRIu64 ": document %zu never came", run, i);
    check(w, run);
    world_deinit(w);
    free(w);
}

Test(fetch_random, doc9_one_honest_node_is_enough)
{
    for (uint64_t run = 0; run < RUNS; run++)
        one(run);
}
