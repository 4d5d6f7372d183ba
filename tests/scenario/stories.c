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
    size_t nil_prevotes, nil_precommits;
    size_t finals;
    struct fixture_org fresh; /* p02 with the keys that wait */
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
    s->nil_prevotes += has(line, "signs its prevote") && has(line, "for nil");
    s->finals += has(line, " final: ");
    s->nil_precommits += has(line, "signs its precommit") && has(line, "for nil");
}

static void begin(struct story *s, uint64_t seed, size_t partners, size_t witnesses)
{
    struct sim_keys keys[FIXTURE_ORGS_MAX];
    memset(s, 0, sizeof *s);
    fixture_found(&s->f, 1, partners, witnesses, START_MS - 1000, 3600);
    for (size_t i = 0; i < s->f.n; i++) {
        const struct fixture_org *o = &s->f.orgs[i];
        keys[i] = (struct sim_keys){span_str(o->id), o->vote, o->cosign, o->log, o->node, .later = false};
    }
    struct sim_options o = {.seed = seed, .start_ms = START_MS, .delay_ms = 6};
    struct sim_events ev = {.ctx = s, .tell = on_tell};
    s->sim = sim_new(&o, &s->f.genesis, NULL, keys, s->f.n, &ev);
}

static void end(struct story *s)
{
    sim_free(s->sim);
    fixture_free(&s->f);
}

static void hand_in(struct story *s, size_t node, struct fixture_entry *e)
{
    struct replica_status st;
    struct hash id;
    struct buf b CLEANUP(buf_deinit);
    enum verdict verdict;
    char why[256];
    replica_status(sim_replica(s->sim, node), &st);
    e->basis.size = st.tip->tree.size;
    frontier_root(&st.tip->tree, &e->basis.root);
    e->at_ms = START_MS + sim_now(s->sim);
    e->expires_ms = e->at_ms + 86400000;
    buf_init(&b, 1 << 17);
    fixture_submit(&s->f, e, &b, &id);
    if (sim_submit(s->sim, node, buf_span(&b), &verdict, why) != ST_OK || verdict != V_OK)
        (void)printf("the entry was not taken: %s\n", why);
}

/* A decision is proposed by p01's business lead, at a node. */
static void propose(struct story *s, size_t node)
{
    struct prose prose;
    struct propose body = {.type = span_str("commercial-terms"), .proposal.effect = {.type = EFFECT_NONE}};
    struct fixture_entry e = {.kind = KIND_PROPOSE, .body = &body, .seat = 2, .prose = &prose, .n_prose = 1};
    prose = fixture_prose(&s->f, "display fee", &body.proposal.title);
    hand_in(s, node, &e);
}

/* p02's registrar announces fresh keys, which wait at its node. */
static void announce_keys(struct story *s, size_t node)
{
    struct hash digest;
    s->fresh = s->f.orgs[1];
    fixture_rekey(&s->f, &s->fresh);
    struct sim_keys keys = {.vote = s->fresh.vote, .cosign = s->fresh.cosign, .log = s->fresh.log, .node = s->fresh.node};
    struct replace_node body = {.card = fixture_card(&s->f, &s->fresh, false, &digest)};
    struct fixture_entry e = {.kind = KIND_NODE, .body = &body, .org = 1, .seat = FIXTURE_SEATS - 1};
    sim_rekey(s->sim, 1, &keys);
    hand_in(s, node, &e);
}

static void run_on(struct story *s, uint64_t ms)
{
    (void)sim_run(s->sim, sim_now(s->sim) + ms);
}

static void run_until(struct story *s, const size_t *count, size_t n)
{
    for (int i = 0; i < 20000 && *count < n; i += STEP_MS)
        run_on(s, STEP_MS);
}

static void agreed(struct story *s)
{
    run_on(s, 100);
    propose(s, 0);
    run_on(s, 2000);
}

static void crash(struct story *s)
{
    run_on(s, 100);
    propose(s, 0);
    run_until(s, &s->prevotes, 2);
    sim_crash_at_write(s->sim, 2, 1500); /* at its next vote */
    run_on(s, 8000);
}

/* p01 alone sees the prevotes of round 0, locks, and goes down; the others, to whom w01 said nil, go on to
 * later rounds without a quorum. p01 comes back with its lock, and its block is proposed again with the
 * prevotes behind it. */
static void partition(struct story *s)
{
    run_on(s, 100);
    sim_partition(s->sim, 0x8);
    propose(s, 3); /* it knows that there is something to decide, and hears of no proposal */
    propose(s, 0);
    run_until(s, &s->precommits, 1);
    sim_crash(s->sim, 0, 6000);
    sim_partition(s->sim, 0x9);
    run_until(s, &s->nil_prevotes, 1);
    sim_partition(s->sim, 0);
    run_until(s, &s->nil_precommits, 3);
    sim_crash(s->sim, 1, 30000);
    run_on(s, 40000);
}

static void free_fresh(struct story *s)
{
    ed25519_free(s->fresh.vote);
    ed25519_free(s->fresh.cosign);
    ed25519_free(s->fresh.log);
    ed25519_free(s->fresh.node);
}

/* Of two partners, p02 has the block that names its fresh keys, and takes them over; p01 does not hear of its last
 * vote, and knows it by the old ones alone. p02 calls as the node that it was, until p01 has the block too (NET-7). */
static void rekey(struct story *s)
{
    run_on(s, 100);
    announce_keys(s, 0);
    sim_withhold(s->sim, SIM_PRECOMMIT, 0x1);
    run_until(s, &s->finals, 1);
    sim_partition(s->sim, 0x1);
    run_on(s, 100);
    sim_partition(s->sim, 0);
    sim_withhold(s->sim, SIM_PRECOMMIT, 0);
    run_until(s, &s->finals, 2);
    run_on(s, 30000);
    propose(s, 0);
    run_on(s, 40000);
    free_fresh(s);
}

/* Of four, p03 has the block too, and says nothing any more, while its link with p02 stays up: one link tells nothing. */
static void mute(struct story *s)
{
    run_on(s, 100);
    announce_keys(s, 0);
    sim_withhold(s->sim, SIM_PRECOMMIT, 0x9);
    run_until(s, &s->finals, 2);
    sim_isolate(s->sim, 2, true);
    sim_partition(s->sim, 0x9);
    run_on(s, 100);
    sim_partition(s->sim, 0);
    sim_withhold(s->sim, SIM_PRECOMMIT, 0);
    run_until(s, &s->finals, 4);
    free_fresh(s);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*play)(struct story *s);
        uint64_t seed; /* chosen so that messages arrive in the order that the story is about */
        size_t partners, witnesses;
    } stories[] = {{"agreed", agreed, 1, 3, 1}, {"crash", crash, 1, 3, 1}, {"partition", partition, 1, 3, 1}, {"rekey", rekey, 1, 2, 0}, {"mute", mute, 1, 3, 1}};
    static struct story s;
    for (size_t i = 0; argc == 2 && i < ARRAY_LEN(stories); i++) {
        if (!span_eq(span_str(argv[1]), span_str(stories[i].name)))
            continue;
        begin(&s, stories[i].seed, stories[i].partners, stories[i].witnesses);
        stories[i].play(&s);
        bool good = sim_failed(s.sim) == NULL;
        end(&s);
        return good ? 0 : 1;
    }
    (void)fputs("usage: stories agreed|crash|partition|rekey|mute\n", stderr);
    return 2;
}
