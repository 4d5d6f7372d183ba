/* overlay: pending writes over a base view. Execution writes here; nothing reaches the store until the block is
 * decided, and dropping the overlay undoes all. Allocates only from its arena. */
#ifndef ENT_STORE_OVERLAY_H
#define ENT_STORE_OVERLAY_H

#include "store/view.h"

struct overlay_node;

struct overlay {
    const struct view *base;
    struct arena *arena;
    struct overlay_node *root;
    size_t n;
};

/* base and arena must outlive the overlay. */
void overlay_init(struct overlay *o, const struct view *base, struct arena *arena);
/* Copies key and value into the arena. */
void overlay_put(struct overlay *o, uint8_t table, struct span key, struct span value);
void overlay_del(struct overlay *o, uint8_t table, struct span key);
/* Reads through the overlay to the base. Values from the overlay stay valid as long as its arena. */
struct view overlay_view(struct overlay *o);

struct overlay_write {
    uint8_t table;
    struct span key;
    struct span value; /* p == NULL: deleted */
};
/* The net writes (BLK-4) ascending by (table, key), in the arena: differences from the base, none where a key
 * ends as it began. A fault of the base's store is passed on. */
MUST_USE enum status overlay_writes(struct overlay *o, struct arena *a, struct overlay_write **ret_writes, size_t *ret_n);

#endif
