/* disk: a virtual file for the vote journal. What was written and not synced may be kept, lost or torn by a crash,
 * each write by itself: so later writes may outlive earlier ones. */
#ifndef ENT_SIM_DISK_H
#define ENT_SIM_DISK_H

#include "store/journal.h"

struct sim_disk;

enum sim_disk_moment { SIM_BEFORE_WRITE, SIM_WRITTEN, SIM_SYNCED };

struct sim_disk_hook {
    void *ctx;
    /* True: the machine dies now; nothing more reaches the disk. */
    bool (*dies)(void *ctx, enum sim_disk_moment moment);
    /* True: the disk is full. */
    bool (*full)(void *ctx);
};

struct sim_disk *sim_disk_new(const struct sim_disk_hook *hook);
void sim_disk_free(struct sim_disk *d);
struct disk_file sim_disk_file(struct sim_disk *d);
/* What is on it, synced or not, onto another disk. */
void sim_disk_copy(struct sim_disk *to, const struct sim_disk *from);
void sim_disk_erase(struct sim_disk *d);

struct sim_disk_harm {
    size_t torn;    /* writes torn or lost */
    size_t swapped; /* of them lost, while a later one was kept */
};
/* The crash: each unsynced write is kept, lost or torn, by the random numbers. */
struct sim_disk_harm sim_disk_crash(struct sim_disk *d, uint64_t (*random)(void *ctx, uint64_t below), void *ctx);

#endif
