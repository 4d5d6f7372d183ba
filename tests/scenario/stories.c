/* stories: short runs of the simulator whose trace reads as a story. stories NAME prints it;
 * tests/scenario/compare.sh compares it with NAME.txt, byte for byte. */
#include "fixture/alliance.h"
#include "sim/world.h"

enum { START_DAY = 20454, STEP_MS = 1 };
static const uint64_t START_MS = (uint64_t)START_DAY * 86400000 + 36000000;

struct story {
    struct fixture f;
    struct sim *sim;
    size_t prevotes, precommits; /* signed so far, for a block */
};

static bool has(const char *line, const char *word)
{
    return strstr(line, word) != NULL;
}

static void on_tell(void *ctx, const char *line)
{
    struct story *s = ctx;
    (void)puts(line);
    s->prevotes += has(line, "signs its prevote") && has(line, "for block");
    s->precommits += has(line, "signs its precommit") && has(line, "for block");
}

static void begin(struct story *s)
{
    struct sim_keys keys[FIXTURE_ORGS_MAX];
    memset(s, 0, sizeof *s);
    fixture_found(&s->f, 1, 3, 1, START_MS - 1000, 3600);
    for (size_t i = 0; i < s->f.n; i++) {
        const struct fixture_org *o = &s->f.orgs[i];
        keys[i] = (struct sim_keys){span_str(o->id), o->vote, o->cosign, o->log, o->node};
    }
    struct sim_options o = {.seed = 1, .start_ms = START_MS, .delay_ms = 6};
    struct sim_events ev = {.ctx = s, .tell = on_tell};
    s->sim = sim_new(&o, &s->f.genesis, keys, s->f.n, &ev);
}

static void end(struct story *s)
{
    sim_free(s->sim);
    fixture_free(&s->f);
}

/* A decision is proposed by p01's business lead, at p01's node. */
static void propose(struct story *s)
{
    struct prose prose;
    struct propose body = {.type = span_str("commercial-terms"), .proposal.effect = {.type = EFFECT_NONE}};
    struct fixture_entry e = {.kind = KIND_PROPOSE, .body = &body, .seat = 2, .prose = &prose, .n_prose = 1};
    struct replica_status st;
    struct hash id;
    struct buf b CLEANUP(buf_deinit);
    enum verdict verdict;
    char why[256];
    prose = fixture_prose(&s->f, "display fee", &body.proposal.title);
    replica_status(sim_replica(s->sim, 0), &st);
    e.basis.size = st.tip->tree.size;
    frontier_root(&st.tip->tree, &e.basis.root);
    e.at_ms = START_MS + sim_now(s->sim);
    e.expires_ms = e.at_ms + 86400000;
    buf_init(&b, 1 << 17);
    fixture_submit(&s->f, &e, &b, &id);
    if (sim_submit(s->sim, 0, buf_span(&b), &verdict, why) != ST_OK || verdict != V_OK)
        (void)printf("the entry was not taken: %s\n", why);
}

static void run_on(struct story *s, uint64_t ms)
{
    (void)sim_run(s->sim, sim_now(s->sim) + ms);
}

static void agreed(struct story *s)
{
    run_on(s, 100);
    propose(s);
    run_on(s, 2000);
}

static void crash(struct story *s)
{
    run_on(s, 100);
    propose(s);
    for (int i = 0; i < 5000 && s->prevotes < 2; i += STEP_MS)
        run_on(s, STEP_MS);
    sim_crash_at_write(s->sim, 2, 1500); /* at its next vote */
    run_on(s, 8000);
}

/* The network falls apart between the prevotes and the precommits: some are locked, and nobody can decide. */
static void partition(struct story *s)
{
    run_on(s, 100);
    propose(s);
    for (int i = 0; i < 5000 && s->precommits < 1; i += STEP_MS)
        run_on(s, STEP_MS);
    sim_partition(s->sim, 0xc);
    run_on(s, 6000);
    sim_partition(s->sim, 0);
    run_on(s, 30000);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*play)(struct story *s);
    } stories[] = {{"agreed", agreed}, {"crash", crash}, {"partition", partition}};
    static struct story s;
    for (size_t i = 0; argc == 2 && i < ARRAY_LEN(stories); i++) {
        if (!span_eq(span_str(argv[1]), span_str(stories[i].name)))
            continue;
        begin(&s);
        stories[i].play(&s);
        bool good = sim_failed(s.sim) == NULL;
        end(&s);
        return good ? 0 : 1;
    }
    (void)fputs("usage: stories agreed|crash|partition\n", stderr);
    return 2;
}
