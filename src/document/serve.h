/* serve: chunks of documents that peers asked for and that wait for their turn (DOC-8). Bounds what each peer's questions may
 * draw by time, so that no link is filled with documents while votes wait. No disk, no network, no clock. */
#ifndef ENT_DOCUMENT_SERVE_H
#define ENT_DOCUMENT_SERVE_H

#include "codec/records.h"

enum { SERVE_PEERS = 128 };

struct serve_ask {
    struct hash digest;
    uint64_t offset;
};

struct serve_peer {
    uint8_t org[64];
    size_t org_n;
    struct serve_ask asks[LIMIT_DOCUMENT_ASKS];
    size_t first, n;
    int64_t credit; /* bytes that may go to it now */
    uint64_t credit_at_ms;
    uint64_t served, dropped;
};

struct serve {
    struct serve_peer peers[SERVE_PEERS];
    size_t n, turn;
};

void serve_init(struct serve *s);
/* False: so many of its questions wait already; this one is dropped. The same question twice is one. */
bool serve_ask(struct serve *s, struct span org, const struct hash *digest, uint64_t offset, uint64_t now_ms);
/* Its link is gone: what it asked for is forgotten. */
void serve_gone(struct serve *s, struct span org);
/* The next question that may be answered now, peers in turn, and whose it is (borrowed). False: none. */
bool serve_next(struct serve *s, uint64_t now_ms, struct span *ret_org, struct serve_ask *ret_ask);
/* It was answered with so many bytes of a document; 0: with none. */
void serve_done(struct serve *s, struct span org, size_t bytes);
/* When serve_next may give something: now, later, or UINT64_MAX. */
uint64_t serve_due(const struct serve *s, uint64_t now_ms);
/* Chunks given to a peer. */
uint64_t serve_count(const struct serve *s, struct span org);

#endif
