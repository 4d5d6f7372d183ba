/* shelf: a store in memory that fails as stores on disks do: the machine dies around a commit, the disk is full, a record
 * cannot be read. A commit is atomic, as LMDB's is. */
#ifndef ENT_SIM_SHELF_H
#define ENT_SIM_SHELF_H

#include "store/store_mem.h"

struct shelf_hook {
    void *ctx;
    /* before: ST_OK, or why the commit fails, and nothing of it happens. After: ST_OK, or the machine died. */
    enum status (*commit)(void *ctx, bool after);
    void (*damage_read)(void *ctx);
};

struct shelf;

/* Takes the store in memory over. */
struct shelf *shelf_new(struct store *mem, const struct shelf_hook *hook);
void shelf_free(struct shelf *f);
/* What a replica is given. */
struct store *shelf_store(struct shelf *f);
/* The store in memory below. */
struct store *shelf_mem(struct shelf *f);
/* What a crash leaves takes the place of what is there; nobody reads it now. */
void shelf_replace(struct shelf *f, struct store *mem);

/* The record can be read no more: ST_CORRUPT, as LMDB's records with their hashes give. One at a time. */
void shelf_damage(struct shelf *f, uint8_t table, struct span key);
void shelf_repair(struct shelf *f);

#endif
