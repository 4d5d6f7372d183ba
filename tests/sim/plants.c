/* Goal: each planted protocol bug (src/base/plant.h) is caught by a check of the simulator, within a bounded
 * number of seeds. plants [--seeds N] [PLANT...]: without numbers, those of the table. A bug that only
 * crashes a node's program, or hangs it, does not count as caught. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <getopt.h>
#include "run.h"

int entente_plant;

enum { SECONDS_MAX = 300 };

static const struct plant {
    int number;
    const char *what;
} plants[] = {
    {3, "precommits on f + 1 prevotes"},
    {4, "counts votes, not validators"},
    {7, "ignores the snapshot at a restart"},
    {8, "a quorum is one vote short"},
    {13, "sends a vote before its journal record is synced"},
    {14, "does not write the journal"},
    {15, "does not read the journal at a restart"},
    {16, "acknowledges without an outbox row"},
    {17, "accepts a certificate that is a signature short"},
    {18, "applies an entry twice"},
    {19, "takes expired entries"},
    {20, "takes entries whose basis is not on the record"},
    {21, "accepts blocks from the future"},
    {22, "precommits a block whose body it has not kept"},
    {23, "does not look at the last commit"},
    {24, "fires no timers"},
    {25, "does not check the signature of an entry"},
    {26, "does not check the signature of a vote"},
};

/* In a process of its own. Exit 0: caught; 1: not in these seeds. */
static int hunt(const struct plant *p, uint64_t seeds)
{
    (void)alarm(SECONDS_MAX);
    entente_plant = p->number;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct plan plan;
        struct run_options o = {.story = NULL};
        static struct run_result res;
        plan_draw(&plan, seed);
        if (run_plan(&plan, &o, &res))
            continue;
        (void)printf("| %d | %s | %" PRIu64 " | %.120s |\n", p->number, p->what, seed, res.wrong);
        return 0;
    }
    (void)printf("| %d | %s | NOT caught in %" PRIu64 " | |\n", p->number, p->what, seeds);
    return 1;
}

static bool caught(const struct plant *p, uint64_t seeds)
{
    int state = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int code = hunt(p, seeds);
        (void)fflush(stdout);
        _exit(code);
    }
    if (child < 0 || waitpid(child, &state, 0) != child)
        return false;
    if (WIFSIGNALED(state))
        (void)printf("plant %d (%s): the program died of signal %d; no check caught it\n", p->number, p->what,
                     WTERMSIG(state));
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

int main(int argc, char **argv)
{
    uint64_t seeds = 60;
    int found = 0, tried = 0, first = 1;
    if (argc > 2 && span_eq(span_str(argv[1]), span_str("--seeds"))) {
        seeds = strtoull(argv[2], NULL, 10);
        first = 3;
    }
    for (int k = first; k < argc; k++) {
        struct plant one = {(int)strtol(argv[k], NULL, 10), "asked for"};
        tried++;
        found += caught(&one, seeds);
    }
    for (size_t i = 0; first >= argc && i < ARRAY_LEN(plants); i++) {
        tried++;
        found += caught(&plants[i], seeds);
    }
    (void)printf("%d of %d planted bugs caught, within %" PRIu64 " seeds each\n", found, tried, seeds);
    return found == tried ? 0 : 1;
}
