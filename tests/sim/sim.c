/* Goal: agreement, nothing acknowledged lost or applied twice, one state root per height, progress after
 * healing, under loss, duplication, reordering, partitions, crashes and a node that lies. One seed after the
 * other: sim [--seeds N]
 * [--from S] [--minutes M] [--trace] [--same]. Prints the seed of a failure. */
#include <getopt.h>
#include "run.h"
#include "crypto/hash.h"

static void report(const struct sim_stats *t, uint64_t seeds, uint64_t ms)
{
    (void)printf("seeds %" PRIu64 "  simulated hours %.2f  blocks %" PRIu64 "\n", seeds, (double)ms / 3600000,
                 t->blocks);
    (void)printf("messages %" PRIu64 "  lost %" PRIu64 "  duplicated %" PRIu64 "  crashes %" PRIu64
                 " (between write and sync %" PRIu64 ", writes lost or torn %" PRIu64 ")  partitions %" PRIu64
                 "\n",
                 t->sent, t->lost, t->duplicated, t->crashes, t->crashes_unsynced, t->torn, t->partitions);
    (void)printf("rounds above 0 %" PRIu64 "  locks %" PRIu64 "  locks moved %" PRIu64
                 "  re-proposals %" PRIu64 "\n",
                 t->rounds, t->locks, t->unlocks, t->reproposals);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'},   {"from", required_argument, NULL, 'f'},
        {"minutes", required_argument, NULL, 'm'}, {"trace", no_argument, NULL, 't'},
        {"same", no_argument, NULL, 's'},          {NULL, 0, NULL, 0}};
    uint64_t seeds = 10, from = 1, minutes = 60, ms = 0, done = 0;
    bool trace = false, same = false, ok = true;
    struct sim_stats total = {0};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 'n')
            seeds = strtoull(optarg, NULL, 10);
        else if (o == 'f')
            from = strtoull(optarg, NULL, 10);
        else if (o == 'm')
            minutes = strtoull(optarg, NULL, 10);
        else if (o == 't')
            trace = true;
        else if (o == 's')
            same = true;
        else
            return 2;
    }
    uint64_t end = clock_mono_ms(&clock_system) + minutes * 60000;
    for (uint64_t seed = from; ok && seed < from + seeds && clock_mono_ms(&clock_system) < end;
         seed++, done++) {
        struct hash first, second;
        char wrong[512];
        ok = run_seed(seed, trace, &total, &ms, &first, wrong);
        if (!ok)
            (void)printf("seed %" PRIu64 ": %s\n", seed, wrong);
        if (ok && same) { /* the same seed gives the same trace */
            struct sim_stats ignored = {0};
            uint64_t ignored_ms = 0;
            ok = run_seed(seed, false, &ignored, &ignored_ms, &second, wrong);
            if (!hash_eq(&first, &second)) {
                (void)printf("seed %" PRIu64 ": two runs differ\n", seed);
                ok = false;
            }
        }
    }
    report(&total, done, ms);
    if (ok && done >= 10 &&
        (total.rounds == 0 || total.locks == 0 || total.unlocks == 0 || total.reproposals == 0)) {
        (void)printf("the seeds did not exercise what they should\n");
        ok = false;
    }
    (void)puts(ok ? "ok" : "FAILED");
    return ok ? 0 : 1;
}
