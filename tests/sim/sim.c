/* Goal: agreement, validity, nothing acknowledged lost or applied twice, one state root per height, silence counted only of
 * those who could be heard, progress after healing, evidence against the guilty alone: under every fault of plan.h and the
 * lies of bad.h. Many seeds, in several processes. sim --help says how. Prints the seed of a failure. */
#include <getopt.h>
#include <poll.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shrink.h"

enum { JOBS_MAX = 64, WRONG_MAX = 5, SHRINK_RUNS = 300 };

struct settings {
    uint64_t seeds, from, minutes, jobs;
    bool trace, same, over_f, plan, story;
};

/* What a worker says of one seed. */
struct said {
    uint64_t seed;
    bool ok, same;
    uint64_t cpu_ms;
    struct run_result r;
};

struct total {
    struct sim_stats stats;
    uint64_t seeds, ms, asleep_ms, forks, guilty;
    uint64_t slowest, slowest_ms, cpu_ms;
    uint64_t first_wrong; /* seed */
    enum sim_check first_check;
    size_t wrong;
};

static void print_counts(const struct sim_stats *t)
{
#define COUNT(name, words) (void)printf("  %10" PRIu64 "  %s\n", t->name, words);
    SIM_COUNTS(COUNT)
    (void)printf("faults injected:\n");
    SIM_FAULTS(COUNT)
#undef COUNT
}

static uint64_t fault_total(const struct sim_stats *t)
{
    uint64_t n = 0;
#define COUNT(name, words) n += t->name;
    SIM_FAULTS(COUNT)
#undef COUNT
    return n;
}

static void report(const struct total *t)
{
    (void)printf("seeds %" PRIu64 "  simulated hours %.2f (of them everybody slept %.2f)  blocks %" PRIu64 "  faults injected %" PRIu64 "\n",
                 t->seeds, (double)t->ms / 3600000, (double)t->asleep_ms / 3600000, t->stats.blocks, fault_total(&t->stats));
    (void)printf("CPU time %.1f s; the slowest seed, %" PRIu64 ", %.1f s\n", (double)t->cpu_ms / 1000, t->slowest, (double)t->slowest_ms / 1000);
    print_counts(&t->stats);
    if (t->forks > 0)
        (void)printf("forks with more than f bad nodes %" PRIu64 ", each with evidence against more than f nodes, all of them bad\n", t->forks);
}

static void draw(const struct settings *o, uint64_t seed, struct plan *p)
{
    if (o->over_f)
        plan_draw_over_f(p, seed);
    else
        plan_draw(p, seed);
}

/* More than f bad: a fork is no failure, but then evidence names more than f, and none but the bad. */
static bool judge(const struct plan *p, struct run_result *r)
{
    size_t n = p->partners + p->witnesses, f = (n - 1) / 3;
    if (!p->over_f || r->check != SIM_AGREEMENT)
        return r->check == SIM_FINE;
    uint64_t bad = plan_bad_mask(p);
    if ((r->guilty & ~bad) == 0 && (size_t)__builtin_popcountll(r->guilty) > f)
        return true;
    (void)snprintf(r->wrong, sizeof r->wrong, "a fork, and evidence names %" PRIx64 " of the bad %" PRIx64, r->guilty, bad);
    return false;
}

static void run_one(const struct settings *o, uint64_t seed, struct said *ret)
{
    struct plan p;
    struct run_options ro = {.trace = o->trace, .story = o->story ? stdout : NULL};
    *ret = (struct said){.seed = seed, .same = true};
    draw(o, seed, &p);
    if (o->plan)
        plan_print(&p, stdout);
    clock_t from = clock();
    (void)run_plan(&p, &ro, &ret->r);
    ret->cpu_ms = (uint64_t)(clock() - from) / (CLOCKS_PER_SEC / 1000);
    ret->ok = judge(&p, &ret->r);
    if (ret->ok && o->same) { /* the same seed gives the same trace */
        struct run_result again;
        (void)run_plan(&p, &ro, &again);
        ret->same = hash_eq(&ret->r.trace, &again.trace);
    }
}

static bool put_all(int fd, const void *p, size_t n)
{
    const uint8_t *b = p;
    while (n > 0) {
        ssize_t k = write(fd, b, n);
        if (k <= 0)
            return false;
        b += k;
        n -= (size_t)k;
    }
    return true;
}

static bool get_all(int fd, void *p, size_t n)
{
    uint8_t *b = p;
    while (n > 0) {
        ssize_t k = read(fd, b, n);
        if (k <= 0)
            return false;
        b += k;
        n -= (size_t)k;
    }
    return true;
}

static void work(const struct settings *o, uint64_t job, uint64_t end_ms, int fd)
{
    static struct said s;
    for (uint64_t k = job; k < o->seeds && clock_mono_ms(&clock_system) < end_ms; k += o->jobs) {
        run_one(o, o->from + k, &s);
        if (!put_all(fd, &s, sizeof s))
            break;
    }
    run_deinit();
}

static void take(struct total *t, const struct said *s)
{
    t->seeds++;
    t->ms += s->r.ms;
    t->asleep_ms += s->r.asleep_ms;
    t->forks += s->r.forked;
    t->cpu_ms += s->cpu_ms;
    if (s->cpu_ms > t->slowest_ms) {
        t->slowest_ms = s->cpu_ms;
        t->slowest = s->seed;
    }
    sim_stats_add(&t->stats, &s->r.stats);
    if (!s->ok && t->wrong++ < WRONG_MAX)
        (void)printf("seed %" PRIu64 ": %s\n", s->seed, s->r.wrong);
    if (!s->ok && t->first_check == SIM_FINE) {
        t->first_wrong = s->seed;
        t->first_check = s->r.check;
    }
    if (!s->same) {
        t->wrong++;
        (void)printf("seed %" PRIu64 ": two runs differ\n", s->seed);
    }
    (void)fflush(stdout);
}

/* One process a job; what they say comes through pipes. False: one of them died. */
static bool run_jobs(const struct settings *o, uint64_t end_ms, struct total *t)
{
    struct pollfd fds[JOBS_MAX];
    pid_t pids[JOBS_MAX];
    static struct said s;
    bool fine = true;
    size_t open = 0;
    for (uint64_t j = 0; j < o->jobs; j++) {
        int ends[2];
        if (pipe(ends) != 0 || (pids[j] = fork()) < 0)
            return false;
        if (pids[j] == 0) {
            (void)close(ends[0]);
            work(o, j, end_ms, ends[1]);
            (void)fflush(stdout);
            _exit(0);
        }
        (void)close(ends[1]);
        fds[j] = (struct pollfd){.fd = ends[0], .events = POLLIN};
        open++;
    }
    while (open > 0 && poll(fds, (nfds_t)o->jobs, -1) > 0)
        for (uint64_t j = 0; j < o->jobs; j++) {
            if (fds[j].fd < 0 || fds[j].revents == 0)
                continue;
            if (get_all(fds[j].fd, &s, sizeof s)) {
                take(t, &s);
                continue;
            }
            (void)close(fds[j].fd);
            fds[j].fd = -1;
            open--;
        }
    for (uint64_t j = 0; j < o->jobs; j++) {
        int state = 0;
        if (waitpid(pids[j], &state, 0) != pids[j] || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
            (void)printf("a process died; its seeds are from %" PRIu64 " on, each %" PRIu64 "th\n", o->from + j, o->jobs);
            fine = false;
        }
    }
    return fine;
}

/* The first failure, made short. */
static void tell_first(const struct settings *o, const struct total *t)
{
    struct plan p;
    draw(o, t->first_wrong, &p);
    size_t runs = shrink_plan(&p, t->first_check, SHRINK_RUNS);
    (void)printf("seed %" PRIu64 " after %zu runs to make it short:\n", t->first_wrong, runs);
    (void)shrink_tell(&p, stdout);
}

static int usage(void)
{
    (void)puts("usage: sim_seeds [--seeds N] [--from S] [--minutes M] [--jobs J] [--same] [--trace] [--story] [--plan] [--over-f]\n"
               "  --same     each seed twice: the traces are equal\n"
               "  --trace    everything that happens; --story: without the deliveries; --plan: what was planned\n"
               "  --over-f   more than f nodes are bad: forks, and whom evidence names");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'}, {"from", required_argument, NULL, 'f'}, {"minutes", required_argument, NULL, 'm'},
        {"jobs", required_argument, NULL, 'j'},  {"trace", no_argument, NULL, 't'},      {"same", no_argument, NULL, 's'},
        {"over-f", no_argument, NULL, 'o'},      {"plan", no_argument, NULL, 'p'},       {"story", no_argument, NULL, 'y'},
        {NULL, 0, NULL, 0}};
    struct settings o = {.seeds = 10, .from = 1, .minutes = 60, .jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)};
    struct total t = {0};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'n')
            o.seeds = strtoull(optarg, NULL, 10);
        else if (c == 'f')
            o.from = strtoull(optarg, NULL, 10);
        else if (c == 'm')
            o.minutes = strtoull(optarg, NULL, 10);
        else if (c == 'j')
            o.jobs = strtoull(optarg, NULL, 10);
        else if (c == 't')
            o.trace = true;
        else if (c == 's')
            o.same = true;
        else if (c == 'o')
            o.over_f = true;
        else if (c == 'p')
            o.plan = true;
        else if (c == 'y')
            o.story = true;
        else
            return usage();
    }
    o.jobs = o.trace || o.jobs == 0 ? 1 : o.jobs > JOBS_MAX ? JOBS_MAX : o.jobs;
    bool ok = run_jobs(&o, clock_mono_ms(&clock_system) + o.minutes * 60000, &t) && t.wrong == 0 && t.seeds > 0;
    report(&t);
    if (t.first_check != SIM_FINE)
        tell_first(&o, &t);
    const struct sim_stats *c = &t.stats;
    if (ok && !o.over_f && t.seeds >= 30 && (c->rounds == 0 || c->locks == 0 || c->unlocks == 0 || c->reproposals == 0 || c->heard == 0)) {
        (void)printf("the seeds did not exercise what they should\n");
        ok = false;
    }
    if (ok && o.over_f && t.forks == 0) {
        (void)printf("no fork came about\n");
        ok = false;
    }
    (void)printf("%s\n", ok ? "ok" : "FAILED");
    return ok ? 0 : 1;
}
