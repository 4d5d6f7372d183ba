/* store_lmdb_internal: what store_lmdb.c and store_lmdb_check.c share. */
#ifndef ENT_STORE_STORE_LMDB_INTERNAL_H
#define ENT_STORE_STORE_LMDB_INTERNAL_H

#include <lmdb.h>
#include <stdatomic.h>
#include "store/store_lmdb.h"

struct lmdb {
    struct store store; /* first: a struct store * points here */
    MDB_env *env;
    MDB_dbi dbi[TABLE_MAX + 1];
    char *dir;
    int lock_fd;
    uint64_t map_wanted, map_bytes;
    atomic_bool writing;
    atomic_bool
        broken; /* a write failed for a reason other than space: nothing more is written until reopened */
};

struct lmdb_view {
    struct lmdb *store;
    MDB_txn *txn;
    MDB_cursor *cursors[TABLE_MAX + 1]; /* opened when first needed */
    struct err fault;                   /* the last one, for store_explain */
};

struct lmdb_key_text {
    char s[56]; /* hex, cut after 24 bytes */
};
struct lmdb_key_text lmdb_key_text(struct span key);

/* What to do about a damaged store; a sentence for messages. */
extern const char lmdb_recovery[];
extern const struct store_ops lmdb_ops;

/* The store's own status for an error of LMDB or errno. */
enum status lmdb_status(int rc);
/* The value without its checksum, if that matches. */
MUST_USE enum status lmdb_unseal(const struct lmdb *m, uint8_t table, struct span key, const MDB_val *stored,
                                 struct span *ret_value, struct err *err);
/* Sets v->fault. */
MUST_USE enum status lmdb_fail_read(struct lmdb_view *v, uint8_t table, struct span key, int rc);
/* The view's cursor of a table, opened when first needed. */
MUST_USE int lmdb_cursor(struct lmdb_view *v, uint8_t table, MDB_cursor **ret_cursor);

#endif
