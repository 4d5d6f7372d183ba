/* server: the node's side of its local socket. Decodes questions and encodes answers; what is asked is answered by the
 * handler, on whatever thread it likes. */
#ifndef ENT_API_SERVER_H
#define ENT_API_SERVER_H

#include "api/client.h"

struct server;
struct server_call; /* one question; answered exactly once */

struct server_events {
    void *ctx;
    /* On a thread of nng: must only enqueue. request is the decoded struct of the method's request block, owned by the
     * call until it is answered. */
    void (*ask)(void *ctx, struct server_call *call, enum method method, const void *request);
    /* On a thread of nng, may be NULL: a connection is gone that had open questions (server_gone). None of them needs to be
     * looked at any more. */
    void (*gone)(void *ctx);
};

/* Nobody waits for its answer any more. It is answered all the same, into the void: that frees it. */
bool server_gone(const struct server_call *call);

/* The ledger time that a question of the record (BY_RECORD) is about; 0: now. Others have none. */
uint64_t server_at(const struct server_call *call);

/* At most SERVER_CONNECTIONS at a time. One more takes the place of the one that has been silent the longest, of those without
 * an open question: whoever connects and says nothing keeps nobody out. When all have one, the operator (the user of this
 * process, or root) takes the place of somebody else's, or of the operator's that waits the longest. All are closed that say
 * nothing for longer than a question may wait, or do not take what they asked for.
 *
 * One connection is not read from while LIMIT_LOCAL_CALLS of its questions, or LIMIT_LOCAL_CALL_BYTES of them, are open; what
 * had arrived by then is refused (ST_BUSY) beyond twice as many. So is what others than the operator ask while
 * LIMIT_LOCAL_BYTES are open in all. Questions of MAY_OPERATE are the operator's alone. */
enum { SERVER_CONNECTIONS = 64 };

/* Listens at path (at most 100 bytes; a stale socket file is replaced), mode 0600 or, with group, 0660. ST_LOCKED: another
 * process listens there. */
MUST_USE enum status server_start(const char *path, bool group, const struct server_events *events, struct server **ret_server,
                                  struct err *err);
/* Closes all connections; calls that are still open may be answered later, into the void. Accepts NULL. */
void server_stop(struct server *s);

/* Text that may have come from anywhere (a path, say), so that it can be sent: at most size - 1 bytes of it, with `?` for what a
 * text may not hold. Ends with 0. */
void server_showable(const char *text, char *ret, size_t size);

/* Answers with the struct of the method's reply block, or with a status and words. Either ends the call. Thread-safe. */
void server_answer(struct server_call *call, const void *reply);
void server_refuse(struct server_call *call, enum status st, const char *text);

#endif
