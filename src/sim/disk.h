/* disk: a virtual file for the vote journal. What was written and not synced may be kept, lost or torn by a crash. */
#ifndef ENT_SIM_DISK_H
#define ENT_SIM_DISK_H

#include "store/journal.h"

struct sim_disk;

struct sim_disk_hook {
    void *ctx;
    /* After a write, before its sync. True: the machine dies now; nothing more reaches the disk. */
    bool (*dies)(void *ctx);
};

struct sim_disk *sim_disk_new(const struct sim_disk_hook *hook);
void sim_disk_free(struct sim_disk *d);
struct disk_file sim_disk_file(struct sim_disk *d);
/* The crash: each unsynced write is kept, lost or torn, by the random numbers. Returns how many were torn or lost. */
size_t sim_disk_crash(struct sim_disk *d, uint64_t (*random)(void *ctx, uint64_t below), void *ctx);

#endif
