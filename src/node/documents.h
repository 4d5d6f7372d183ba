/* documents: a node's documents, on a thread of their own (SPEC section 22; src/document has the parts). Everything below but
 * the first five functions is of that thread alone. */
#ifndef ENT_NODE_DOCUMENTS_H
#define ENT_NODE_DOCUMENTS_H

#include "document/fetch.h"
#include "document/keep.h"
#include "document/named.h"
#include "document/serve.h"
#include "document/share.h"
#include "node/internal.h"

/* Opens DIR/documents. A fault there is no fault of the node: it is logged, and told to whoever asks for documents. */
void documents_open(struct node *n);
/* Starts and ends the thread; documents_stop before the links stop. documents_close frees. Both accept none. */
void documents_run(struct node *n);
void documents_stop(struct node *n);
void documents_close(struct node *n);
/* From other threads: takes the job over (true) when it is a question or a message about documents; notes that a link came or
 * went. */
bool documents_take(struct node *n, struct job *j);

struct member {
    uint8_t org[64];
    size_t org_n;
    bool up, entitled;
};

struct documents {
    struct node *n;
    struct queue queue;
    pthread_t thread;
    bool running;
    struct keep *keep; /* NULL: it could not be opened; problem says why */
    struct named *named;
    struct fetch *fetch;
    struct serve serve;
    struct member members[256];
    size_t n_members, n_entitled;
    uint64_t members_size; /* of the tree, when they were read */
    uint64_t tip_ms;       /* ledger time of the newest block; 0: none was seen yet */
    bool keeps;            /* the own organisation is entitled to documents */
    bool behind;           /* the record was not looked through to its end yet */
    uint64_t sweep_at_ms, check_at_ms;
    size_t check_next;
    char problem[ERR_TEXT_MAX]; /* what keeps it from keeping documents; "" for nothing */
};

/* Whole here. */
bool documents_has(const struct documents *d, const struct hash *digest);
/* Fetches it, if the record names it and it is not here. */
void documents_want(struct documents *d, const struct hash *digest);

/* Has it room for a document that is begun? As share_check. */
MUST_USE enum status documents_room(const struct documents *d, const struct hash *digest, uint64_t size, struct err *err);

/* ask_documents.c: answers a question. */
void ask_documents(struct documents *d, struct job *j);

#endif
