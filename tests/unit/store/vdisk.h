/* vdisk: a disk_file in memory that forgets. Writes reach the platter at sync; a crash keeps any part of
 * those that were not synced, by sectors of 512 bytes. */
#ifndef ENT_TEST_STORE_VDISK_H
#define ENT_TEST_STORE_VDISK_H

#include "store/journal.h"

enum { VDISK_BYTES = 4 << 20, VDISK_SECTOR = 512, VDISK_PENDING_MAX = 4096 };

struct vdisk {
    uint8_t *cache, *platter;            /* VDISK_BYTES each */
    uint64_t size;                       /* of the file */
    uint32_t pending[VDISK_PENDING_MAX]; /* sectors written since the last sync, in order */
    size_t n_pending;
    long ops;     /* writes and syncs so far */
    long stop_at; /* the op with this number, and all later ones, fail and do nothing; -1: never */
};

void vdisk_init(struct vdisk *d);
void vdisk_deinit(struct vdisk *d);
void vdisk_copy(struct vdisk *to, const struct vdisk *from);
struct disk_file vdisk_file(struct vdisk *d);
/* Power loss: of the pending sectors those survive for which keep is true; the file keeps its size. */
void vdisk_crash(struct vdisk *d, const bool *keep);

#endif
