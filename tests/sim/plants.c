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
    {1, "prevotes against its lock"},
    {2, "gives up its lock for a valid round that is older than the lock"},
    {3, "precommits on f + 1 prevotes"},
    {4, "counts arriving votes, not the validators that they are from"},
    {5, "accepts a POL whose prevotes differ in their valid round"},
    {6, "forgets the lock at a restart"},
    {7, "ignores the journalled snapshot at a restart"},
    {8, "a quorum is one vote short"},
    {9, "counts prevotes without regard to their valid round"},
    {10, "decides on q precommits for anything"},
    {11, "prevotes a re-proposal without looking at its POL"},
    {12, "keeps its lock, but does not raise the lock's round with a newer quorum"},
    {13, "leaves a round without a word"},
    {14, "does not write the journal"},
    {15, "does not read the journal at a restart"},
    {16, "acknowledges an entry without its outbox row"},
    {17, "accepts a certificate that is one signature short"},
    {18, "applies an entry twice"},
    {19, "takes expired entries"},
    {20, "takes entries whose basis is not on the record"},
    {21, "accepts blocks from the future"},
    {22, "precommits a block whose body it has not kept"},
    {23, "does not look at the last commit of a proposed block"},
    {24, "fires no timers"},
    {25, "does not check the signature of an entry"},
    {26, "does not check the signature of a vote"},
    {27, "sends a vote before its journal record is synced"},
    {28, "prevotes blocks that are invalid or of another time"},
    {29, "precommits and does not lock"},
    {30, "gives up its lock on a quorum of nil prevotes"},
    {31, "follows a single validator into later rounds"},
    {32, "never leaves a round by its timer"},
    {33, "does not start the prevote timer"},
    {34, "takes final blocks without a good certificate"},
    {35, "takes blocks whose leaves are not those of the header"},
    {36, "keeps entries waiting that are on the record"},
    {37, "deletes another outbox row than that of the entry which is final"},
    {38, "acknowledges although the outbox row could not be written"},
    {39, "does not compare roots after execution"},
    {40, "counts a signature in a certificate twice"},
    {41, "forgets at a restart that it has proposed"},
    {42, "sends no votes that a peer lacks"},
    {43, "does not ask for blocks that it lacks"},
    {44, "lets silence count after a halt"},
    {45, "takes ballots of seats that are not asked"},
    {46, "takes ballots on what is closed"},
    {47, "takes ballots for another rung"},
    {48, "takes entries about what has changed since their basis"},
    {49, "does not sync the vote journal"},
    {50, "writes over journal records of the open height"},
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
