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
    enum status (*explain)(struct store *s, const struct view *view, enum status st, struct err *err);
    enum status (*begin)(struct store *s, struct store_txn **ret_txn, struct err *err);
    enum status (*put)(struct store_txn *t, uint8_t table, struct span key, struct span value,
                       struct err *err);
    enum status (*del)(struct store_txn *t, uint8_t table, struct span key, struct err *err);
    enum status (*commit)(struct store_txn *t, struct err *err);
    void (*abort)(struct store_txn *t);
    void (*close)(struct store *s);
};

struct store {
    const struct store_ops *ops;
};

/* A snapshot; end it before any wait (LMDB grows while a reader idles). Values are borrowed until read_end.
 */
MUST_USE enum status store_read_begin(struct store *s, struct view *ret_view, struct err *err);
/* Accepts a zeroed view; zeroes it. */
void store_read_end(struct store *s, struct view *view);
/* A view's calls carry no message. After one of them gave a fault, this fills in which record of which table
 * it was and what to do. view must be the store's own (of store_read_begin), not an overlay's. Returns st. */
enum status store_explain(struct store *s, const struct view *view, enum status st, struct err *err);
/* ST_BUSY while another transaction is open. A transaction stays on the thread that began it. It has no view
 * of its own: reads see what was committed when they began. */
MUST_USE enum status store_begin(struct store *s, struct store_txn **ret_txn, struct err *err);
/* Key and value are copied. ST_LIMIT for a key of 0 or over VIEW_KEY_MAX bytes. After a fault only
 * store_abort is allowed. */
MUST_USE enum status store_put(struct store *s, struct store_txn *t, uint8_t table, struct span key,
                               struct span value, struct err *err);
/* Deleting what is not there is no error. */
MUST_USE enum status store_del(struct store *s, struct store_txn *t, uint8_t table, struct span key,
                               struct err *err);
/* Puts and deletes what overlay_writes listed. */
MUST_USE enum status store_write(struct store *s, struct store_txn *t, const struct overlay_write *writes,
                                 size_t n, struct err *err);
/* On ST_OK the transaction is durable (synced); else nothing of it happened. Ends t either way.
 * ST_NOSPACE says how much is free and what to do; nothing is lost. */
MUST_USE enum status store_commit(struct store *s, struct store_txn *t, struct err *err);
/* Accepts NULL. */
void store_abort(struct store *s, struct store_txn *t);
/* Accepts NULL. No read and no transaction may be open. */
void store_close(struct store *s);

#endif
