/* client: asks one's own node over its local socket. Blocking; one question at a time. */
#ifndef ENT_API_CLIENT_H
#define ENT_API_CLIENT_H

#include "codec/codec.h"

enum method {
#define METHOD(name, number, request, reply, where, who, doc) METHOD_##name = number,
#include "api/methods.def"
#undef METHOD
};

enum answered_by { BY_READER, BY_RECORD, BY_REPLICA, BY_DOCUMENTS, BY_NUDGES };
/* Which of the words in methods.def. */
enum answered_by method_answered_by(enum method method);
enum asked_by { MAY_READ, MAY_GIVE, MAY_OPERATE };
/* Likewise: who may ask. */
enum asked_by method_asked_by(enum method method);

struct client;

/* path: the socket (DIR/node.sock), or the node's directory. ST_UNREACHABLE: no node answers there; the message says how to
 * start one. timeout_ms bounds each call, besides the time that a question itself asks to wait. */
MUST_USE enum status client_open(const char *path, uint64_t timeout_ms, struct client **ret_client, struct err *err);
void client_close(struct client *c); /* accepts NULL */
void client_closep(struct client **c); /* for CLEANUP */
/* From now on questions of the record (BY_RECORD) are about this ledger time, others as ever; 0: about now. The node may have
 * to execute its whole record again before it answers, so such a question waits for up to an hour. */
void client_at(struct client *c, uint64_t at_ms);

/* Asks. request is the struct of the method's request block (NULL for rpc_nothing), ret_reply that of its reply block;
 * what it points to is in the arena. The node's own refusals come back as their status and words. ST_CLOSED,
 * ST_TIMEOUT, ST_FORMAT: the node went away, is too slow, or answered nonsense. */
MUST_USE enum status client_ask(struct client *c, enum method method, const void *request, struct arena *a, void *ret_reply,
                                struct err *err);

/* Blocks of a method, for printing. */
const struct record_desc *client_request_desc(enum method method);
const struct record_desc *client_reply_desc(enum method method);

#endif
