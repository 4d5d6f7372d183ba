/* view: ordered, read-only access to the tables (tables.def). What governance and queries read; a store's
 * read transaction, an overlay and a test double all give one. */
#ifndef ENT_STORE_VIEW_H
#define ENT_STORE_VIEW_H

#include "base/base.h"

enum table {
#define TABLE(name, number, in_state_root, doc) TABLE_##name = number,
#include "tables.def"
#undef TABLE
};
enum { TABLE_GOV_MAX = 63, TABLE_MAX = 80 };
/* A key has 1 to VIEW_KEY_MAX bytes (what LMDB can hold). Bounds of a search may be empty: before every key.
 */
enum { VIEW_KEY_MAX = 511 };

/* Is the table one of those that state_root covers? */
bool table_in_state_root(uint8_t table);
/* "DECISION", or NULL. */
const char *table_name(uint8_t table);

struct view {
    void *ctx;
    /* ST_NOTFOUND when absent; other statuses are faults of this machine (store_explain says more). The value
     * is borrowed: valid until the owner of the view writes or ends. An empty value has a p that is not NULL.
     */
    enum status (*get)(void *ctx, uint8_t table, struct span key, struct span *ret_value);
    /* The first key >= from in the table; ST_END when none. Borrowed likewise. */
    enum status (*next)(void *ctx, uint8_t table, struct span from, struct span *ret_key,
                        struct span *ret_value);
    /* The last key <= upto in the table; ST_END when none. */
    enum status (*prev)(void *ctx, uint8_t table, struct span upto, struct span *ret_key,
                        struct span *ret_value);
};

MUST_USE static inline enum status view_get(const struct view *v, uint8_t table, struct span key,
                                            struct span *ret_value)
{
    return v->get(v->ctx, table, key, ret_value);
}

MUST_USE static inline enum status view_next(const struct view *v, uint8_t table, struct span from,
                                             struct span *ret_key, struct span *ret_value)
{
    return v->next(v->ctx, table, from, ret_key, ret_value);
}

MUST_USE static inline enum status view_prev(const struct view *v, uint8_t table, struct span upto,
                                             struct span *ret_key, struct span *ret_value)
{
    return v->prev(v->ctx, table, upto, ret_key, ret_value);
}

#endif
