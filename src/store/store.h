/* store: an ordered key-value store with tables and atomic, durable transactions. Two implementations: LMDB
 * (store_lmdb.h) and memory (store_mem.h). One writer at a time; readers never block it. */
#ifndef ENT_STORE_STORE_H
#define ENT_STORE_STORE_H

#include "store/overlay.h"

struct store; /* starts with a pointer to its operations */
struct store_txn;

struct store_ops {
    enum status (*read_begin)(struct store *s, struct view *ret_view, struct err *err);
    void (*read_end)(struct store *s, struct view *view);
    enum status (*begin)(struct store *s, struct store_txn **ret_txn, struct err *err);
    enum status (*put)(struct store_txn *t, uint8_t table, struct span key, struct span value, struct err *err);
    enum status (*del)(struct store_txn *t, uint8_t table, struct span key, struct err *err);
    enum status (*commit)(struct store_txn *t, struct err *err);
    void (*abort)(struct store_txn *t);
    void (*close)(struct store *s);
};

struct store {
    const struct store_ops *ops;
};

/* A snapshot; end it before any wait (LMDB grows while a reader idles). Values are borrowed until read_end. */
MUST_USE enum status store_read_begin(struct store *s, struct view *ret_view, struct err *err);
/* Accepts a zeroed view. */
void store_read_end(struct store *s, struct view *view);
MUST_USE enum status store_begin(struct store *s, struct store_txn **ret_txn, struct err *err);
MUST_USE enum status store_put(struct store *s, struct store_txn *t, uint8_t table, struct span key, struct span value, struct err *err);
/* Deleting what is not there is no error. */
MUST_USE enum status store_del(struct store *s, struct store_txn *t, uint8_t table, struct span key, struct err *err);
/* On ST_OK the transaction is durable (synced); else nothing of it happened. Ends t either way.
 * ST_NOSPACE says how much is free and what to do; nothing is lost. */
MUST_USE enum status store_commit(struct store *s, struct store_txn *t, struct err *err);
/* Accepts NULL. */
void store_abort(struct store *s, struct store_txn *t);
/* Accepts NULL. */
void store_close(struct store *s);

#endif
