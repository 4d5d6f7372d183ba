/* overlay: pending writes over a base view. Execution writes here; nothing reaches the store until the block
 * is decided, and dropping the overlay undoes all. Allocates only from its arena. */
#ifndef ENT_STORE_OVERLAY_H
#define ENT_STORE_OVERLAY_H

#include "store/view.h"

struct overlay_node;

struct overlay {
    const struct view *base;
    struct arena *arena;
    struct overlay_node *root;
    size_t n; /* keys written, deletions included */
    enum status
        failed; /* sticky: ST_LIMIT when the arena is full or a key has 0 or over VIEW_KEY_MAX bytes */
};

/* base and arena must outlive the overlay. base NULL: nothing beneath. An overlay's view may be the base of
 * another. */
void overlay_init(struct overlay *o, const struct view *base, struct arena *arena);
/* Copies key and value into the arena. A write that cannot be kept sets failed; from then on every read
 * through the view and overlay_writes give that status, so a half-written overlay is never taken for a whole
 * one. */
void overlay_put(struct overlay *o, uint8_t table, struct span key, struct span value);
/* Deleting what is not there is no error. */
void overlay_del(struct overlay *o, uint8_t table, struct span key);
/* Reads through the overlay to the base. Values from the overlay stay valid as long as its arena, those from
 * the base as long as the base says. */
struct view overlay_view(struct overlay *o);

struct overlay_write {
    uint8_t table;
    struct span key;
    struct span value; /* p == NULL: deleted */
};
/* The net writes (BLK-4) ascending by (table, key): differences from the base, none where a key ends as it
 * began. The list is in a; keys and values are those of the overlay's arena. A fault of the base's store is
 * passed on. ST_LIMIT when a is full. */
MUST_USE enum status overlay_writes(struct overlay *o, struct arena *a, struct overlay_write **ret_writes,
                                    size_t *ret_n);

#endif
