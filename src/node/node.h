/* node: one running node: store, journal, replica, links, local socket, and the threads that join them.
 *
 * Threads: nng's only enqueue. The replica's thread makes all calls to the replica, in batches: what came in, one
 * acknowledgement of all submissions in it, their answers, then what is due. Reader threads answer questions from
 * snapshots of the store and never block the replica. */
#ifndef ENT_NODE_NODE_H
#define ENT_NODE_NODE_H

#include "node/config.h"

struct node;

/* Called on one of the node's threads, at most once; the callee only takes note. */
struct node_hooks {
    void *ctx;
    /* Fresh keys of this node are on the record: stop it and start it again, and it has them. NULL allowed. */
    void (*restart)(void *ctx);
};

/* Starts everything in dir. If dir holds alliance.genesis and the store is empty, the alliance is founded from it first.
 * ST_NOTFOUND: no alliance yet; ST_LOCKED: another process runs here, or the port or socket is taken. */
MUST_USE enum status node_start(const char *dir, const struct config *cfg, const struct node_hooks *hooks, struct node **ret_node,
                                struct err *err);
/* Clean stop; accepts NULL. */
void node_stop(struct node *n);

#endif
