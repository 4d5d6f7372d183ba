/* fetch: getting documents from other nodes (DOC-8, DOC-9): of whom to ask for which chunk, and when. No disk, no network, no
 * clock: what it wants done it says through fetch_ops, and time comes with each call.
 *
 * At most LIMIT_DOCUMENT_FETCHES documents are fetched at a time, and one chunk of each is asked for at a time, so that no more
 * than that ever stands before a vote on a link. A document comes from one node if it can: then a wrong SHA-256 shows who
 * gave wrong bytes. After bytes of several nodes made a wrong one, it is fetched anew from one alone. Organisations whose entries
 * named what waits take turns, a slice of time each, so that a slow one holds up nobody else's documents. */
#ifndef ENT_DOCUMENT_FETCH_H
#define ENT_DOCUMENT_FETCH_H

#include "codec/records.h"

struct fetch;

enum { FETCH_PEERS = 128, FETCH_WAIT_MS = 10000, FETCH_AGAIN_MS = 5000, FETCH_AGAIN_MAX_MS = 1800000, FETCH_SHUN_MS = 60000,
       FETCH_SLICE_MS = 20000 };

struct fetch_ops {
    void *ctx;
    /* How many bytes of it are here, from its beginning. */
    uint64_t (*have)(void *ctx, const struct hash *digest);
    /* Asks a node for the chunk at offset. */
    void (*ask)(void *ctx, struct span org, const struct hash *digest, uint64_t offset);
    /* Keeps a chunk. As keep_add: ST_OK, ST_LIMIT, ST_NOSPACE, ST_RANGE (another offset is next), ST_EXISTS (it is
     * whole here), others. */
    enum status (*take)(void *ctx, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes);
    /* All of it is here. As keep_finish: ST_OK; ST_MISMATCH: its bytes were dropped; others. */
    enum status (*finish)(void *ctx, const struct hash *digest);
    /* Drops what is here of it. */
    void (*restart)(void *ctx, const struct hash *digest);
    /* A node sent what no honest node with a whole disk sends. */
    void (*fault)(void *ctx, struct span org, const char *text);
};

struct fetch *fetch_new(const struct fetch_ops *ops);
void fetch_free(struct fetch *f); /* accepts NULL */

/* A link came or went; gives: the organisation may have documents for us. */
void fetch_peer(struct fetch *f, struct span org, bool up, bool gives, uint64_t now_ms);
/* A document is wanted; first: the organisation to ask first. Again for one that is wanted: it is asked for anew at once. */
void fetch_want(struct fetch *f, const struct hash *digest, struct span first, uint64_t now_ms);
/* It is wanted no more, or has come by another way. */
void fetch_drop(struct fetch *f, const struct hash *digest);
void fetch_chunk(struct fetch *f, struct span org, const struct msg_document_chunk *m, uint64_t now_ms);
/* It sent something else that no honest node sends: it is asked for nothing for a while. */
void fetch_blame(struct fetch *f, struct span org, const char *text, uint64_t now_ms);
void fetch_none(struct fetch *f, struct span org, const struct hash *digest, uint64_t now_ms);
/* What is due; call again at *ret_next_ms at the latest, and after the other calls. */
void fetch_tick(struct fetch *f, uint64_t now_ms, uint64_t *ret_next_ms);

size_t fetch_wanted(const struct fetch *f);
/* Of a document that is wanted: its size, 0 while no node said; and why it was not got last. False: it is not wanted. */
bool fetch_look(const struct fetch *f, const struct hash *digest, uint64_t *ret_size, enum document_state *ret_state);

struct fetch_peer_status {
    struct span org;
    uint64_t asked, came, faults;
    char fault[256]; /* the last one; "" for none */
};
bool fetch_peer_status(const struct fetch *f, size_t i, struct fetch_peer_status *ret);

/* NULL, or which invariant does not hold. */
const char *fetch_check(const struct fetch *f);

#endif
