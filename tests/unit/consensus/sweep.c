/* sweep: many worlds, from seeds; built once against the core as it is, and once against each planted bug.
 * usage: sweep FIRST COUNT. Prints "clean" and the counts, or "caught" with seed and reason. */
#include "base/base.h"
#include "unit/consensus/world.h"

int main(int argc, char **argv)
{
    static const struct {
        uint32_t n;
        bool liar;
    } shapes[] = {{1, false}, {2, false}, {3, false}, {4, false}, {4, true}, {7, false}, {7, true}};
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    struct world_counts c = {0};
    for (uint64_t seed = first; seed < first + count; seed++)
        for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
            const char *wrong = world_run(seed, shapes[i].n, shapes[i].liar, &c);
            if (wrong != NULL) {
                printf("caught: seed %" PRIu64 ", %u validators%s: %s\n", seed, shapes[i].n,
                       shapes[i].liar ? " with a liar" : "", wrong);
                return 3;
            }
        }
    printf("clean: decisions %" PRIu64 " (in later rounds %" PRIu64 ", by certificate %" PRIu64
           ") locks %" PRIu64 " unlocks %" PRIu64 " re-proposals %" PRIu64 " skips %" PRIu64
           " crashes %" PRIu64 " restores %" PRIu64 " faults %" PRIu64 " refused %" PRIu64
           " untimely %" PRIu64 " lost %" PRIu64 "\n",
           c.decisions, c.later_rounds, c.certificates, c.locks, c.unlocks, c.reproposals, c.skips, c.crashes,
           c.restores, c.faults, c.refused, c.untimely, c.lost);
    return 0;
}
