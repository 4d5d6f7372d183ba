/* fetch_world: a fetch with a disk in memory and nodes that answer as a test says. */
#ifndef ENT_TEST_DOCUMENT_FETCH_WORLD_H
#define ENT_TEST_DOCUMENT_FETCH_WORLD_H

#include "document/fetch.h"

enum { DOCS = 4, NODES = 5, ASKS = 64, DOC_MAX = 6 * LIMIT_DOCUMENT_CHUNK_BYTES };

struct doc {
    struct hash digest;
    uint8_t bytes[DOC_MAX];
    size_t n;
    uint8_t here[DOC_MAX]; /* what was kept of it */
    size_t have;
    bool whole;
};

/* A question that a node was asked and has not answered. */
struct asked {
    char org[16];
    struct hash digest;
    uint64_t offset;
};

struct world {
    struct fetch *f;
    struct doc docs[DOCS];
    struct asked asks[ASKS];
    size_t n_asks, restarts, n_faults;
    char faulty[16], fault[256]; /* the last one */
    enum status take, finish;    /* what the disk says; ST_OK: it works */
    uint64_t now, next;
};

/* Documents have `chunks` chunks and a byte more each. */
void world_init(struct world *w, size_t chunks);
void world_deinit(struct world *w);
void world_peer(struct world *w, const char *org, bool up);
void world_want(struct world *w, size_t doc, const char *first);
/* Lets time pass, and what is due happen; the invariants hold. */
void world_tick(struct world *w, uint64_t ms);
/* Takes the oldest question off; false: there is none. */
bool world_asked(struct world *w, struct asked *ret);
/* The next question is of this node for this document and offset. */
void world_expect(struct world *w, const char *org, size_t doc, uint64_t offset);
/* The node answers as an honest one does. */
void world_answer(struct world *w, const struct asked *q);
/* The node answers with these bytes. */
void world_give(struct world *w, const char *org, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes);
void world_none(struct world *w, const char *org, size_t doc);
/* All questions are answered honestly until there are none. */
void world_settle(struct world *w);

#endif
