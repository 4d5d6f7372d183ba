/* Goal: planted protocol bugs (src/base/plant.h) are caught by checks of the simulator, each within a bounded number of
 * seeds. plants [--seeds N] [--jobs J] [BUG...]: those of which a seed is known that shows them, from near that seed.
 * plants --table: all, from seed 1 on; prints how many seeds each took. plants --tell BUG: a plan that it makes fail is made
 * short, and told. A bug that only crashes a node's program, or hangs it, does not count as caught. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <getopt.h>
#include "shrink.h"

int entente_plant;

enum { SECONDS_MAX = 300, TELL_RUNS = 300, TELL_FAULTS = 4, TELL_LINES = 90, TRIES = 3 };

static const struct plant {
    int number;
    const char *what;
    uint64_t near; /* a seed that shows it, when this was written; 0: none is known */
} plants[] = {
    {1, "prevotes against its lock", 14},
    {2, "gives up its lock for a valid round that is older than the lock", 0},
    {3, "precommits on f + 1 prevotes", 1},
    {4, "counts arriving votes, not the validators that they are from", 1},
    {5, "accepts a POL whose prevotes differ in their valid round", 0},
    {6, "forgets the lock at a restart", 0},
    {7, "ignores the journalled snapshot at a restart", 2},
    {8, "a quorum is one vote short", 1},
    {9, "counts prevotes without regard to their valid round", 2},
    {10, "decides on q precommits for anything", 0},
    {11, "prevotes a re-proposal without looking at its POL", 0},
    {12, "keeps its lock, but does not raise the lock's round with a newer quorum", 0},
    {13, "leaves a round without a word", 0},
    {14, "does not write the journal", 2},
    {15, "does not read the journal at a restart", 2},
    {16, "acknowledges an entry without its outbox row", 2},
    {17, "accepts a certificate that is one signature short", 8},
    {18, "applies an entry twice", 9},
    {19, "takes expired entries", 2},
    {20, "takes entries whose basis is not on the record", 1},
    {21, "accepts blocks from the future", 2},
    {22, "precommits a block whose body it has not kept", 1},
    {23, "does not look at the last commit of a proposed block", 8},
    {24, "fires no timers", 0},
    {25, "does not check the signature of an entry", 2},
    {26, "does not check the signature of a vote", 0},
    {27, "sends a vote before its journal record is synced", 2},
    {28, "prevotes blocks that are invalid or of another time", 2},
    {29, "precommits and does not lock", 14},
    {30, "gives up its lock on a quorum of nil prevotes", 0},
    {31, "follows a single validator into later rounds", 0},
    {32, "never leaves a round by its timer", 2},
    {33, "does not start the prevote timer", 2},
    {34, "takes final blocks without a good certificate", 3},
    {35, "takes blocks whose leaves are not those of the header", 0},
    {36, "keeps entries waiting that are on the record", 0},
    {37, "deletes another outbox row than that of the entry which is final", 10},
    {38, "acknowledges although the outbox row could not be written", 55},
    {39, "does not compare roots after execution", 9},
    {40, "counts a signature in a certificate twice", 3},
    {41, "forgets at a restart that it has proposed", 0},
    {42, "sends no votes that a peer lacks", 2},
    {43, "does not ask for blocks that it lacks", 2},
    {44, "lets silence count after a halt", 2},
    {45, "takes ballots of seats that are not asked", 5},
    {46, "takes ballots on what is closed", 0},
    {47, "takes ballots for another rung", 13},
    {48, "takes entries about what has changed since their basis", 5},
    {49, "does not sync the vote journal", 2},
    {50, "writes over journal records of the open height", 0},
};

/* In a process of its own. Exit 0: caught; 1: not in these seeds. */
static int hunt(const struct plant *p, uint64_t from, uint64_t seeds)
{
    (void)alarm(SECONDS_MAX);
    entente_plant = p->number;
    for (uint64_t k = 0; k < seeds + TRIES; k++) {
        uint64_t seed = k < TRIES ? from + k : k - TRIES + 1;
        if (k < TRIES && from == 0)
            continue;
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

static pid_t begin(const struct plant *p, uint64_t from, uint64_t seeds)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int code = hunt(p, from, seeds);
        (void)fflush(stdout);
        _exit(code);
    }
    return child;
}

/* Waits for one of them. True: it was caught. */
static bool end_one(void)
{
    int state = 0;
    if (wait(&state) < 0)
        return false;
    if (WIFSIGNALED(state))
        (void)printf("a program died of signal %d; no check caught its bug\n", WTERMSIG(state));
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

/* Finds a plan that the bug makes fail, and makes it short: what is left is a story that one can read. */
static int tell(int number, uint64_t seeds)
{
    static struct run_result res;
    struct run_options o = {.story = NULL};
    struct plan p;
    entente_plant = number;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        plan_draw(&p, seed);
        if (run_plan(&p, &o, &res))
            continue;
        size_t faults = p.n_faults, runs = shrink_plan(&p, res.check, TELL_RUNS);
        (void)printf("bug %d, seed %" PRIu64 ": of %zu faults %zu are left after %zu runs\n", number, seed, faults, p.n_faults, runs);
        size_t lines = shrink_tell(&p, stdout);
        bool is_short = p.n_faults <= TELL_FAULTS && lines <= TELL_LINES;
        (void)printf("%zu lines of story: %s\n", lines, is_short ? "ok" : "too long");
        return is_short ? 0 : 1;
    }
    (void)printf("bug %d: not caught in %" PRIu64 " seeds\n", number, seeds);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seeds", required_argument, NULL, 'n'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"tell", required_argument, NULL, 't'},
                                            {"table", no_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    uint64_t seeds = 40, jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    size_t found = 0, tried = 0, running = 0;
    bool all = false;
    int told = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'n')
            seeds = strtoull(optarg, NULL, 10);
        else if (c == 'j')
            jobs = strtoull(optarg, NULL, 10);
        else if (c == 'a')
            all = true;
        else if (c == 't')
            told = (int)strtol(optarg, NULL, 10);
        else
            return 2;
    }
    if (told != 0)
        return tell(told, seeds);
    (void)printf("| bug | what | seeds needed | caught by |\n|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(plants); i++) {
        bool asked = optind == argc;
        for (int k = optind; k < argc; k++)
            asked = asked || strtol(argv[k], NULL, 10) == plants[i].number;
        if (!asked)
            continue;
        if (!all && optind == argc && plants[i].near == 0)
            continue;
        tried++;
        if (running == jobs) {
            found += end_one();
            running--;
        }
        running += begin(&plants[i], all ? 0 : plants[i].near, seeds) > 0;
    }
    for (; running > 0; running--)
        found += end_one();
    (void)printf("%zu of %zu planted bugs caught, within %" PRIu64 " seeds each\n", found, tried, seeds);
    return tried > 0 && (found == tried || all) ? 0 : 1;
}
