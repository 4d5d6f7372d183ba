/* internal: what the simulator's files share. Not for others. */
#ifndef ENT_SIM_INTERNAL_H
#define ENT_SIM_INTERNAL_H

#include <stdarg.h>
#include "crypto/hash.h"
#include "sim/disk.h"
#include "sim/shelf.h"
#include "sim/world.h"

enum {
    HEIGHTS_MAX = 4096,
    QUEUE_MAX = 1 << 18,
    SLOTS_MAX = 512,
    NAMES_MAX = 4096,
    OLD_MAX = 64,          /* frames kept to be replayed */
    LINK_GIVEN_UP_MS = 30000, /* NET-2 */
    BALLOTS_MAX = 1 << 14, /* votes remembered of one height */
    SETS_MAX = 128,        /* sets of validators, each with the height from which it decides */
};

enum what { WHAT_FRAME, WHAT_TICK, WHAT_RESTART, WHAT_WAKE, WHAT_GONE, WHAT_SPACE, WHAT_REPAIR, WHAT_ALONE };

struct happening {
    uint64_t at, order;
    enum what what;
    size_t from, to;
    uint64_t life;     /* of the receiver when it was scheduled */
    uint64_t sum;      /* of bytes */
    uint64_t sent;     /* how many frames this link had carried */
    struct span bytes; /* owned */
};

/* When a node went on or off. */
struct change {
    uint64_t at;
    bool awake;
};

/* By which node key it calls (NET-7). */
enum identity { AS_ITSELF, AS_FRESH, AS_BEFORE, IDENTITIES };

struct node {
    struct sim *sim;
    size_t i;
    size_t org; /* the first node with this organisation */
    struct sim_keys keys, fresh;  /* fresh: those that wait */
    bool later;                   /* it was not started yet, and nothing befalls it */
    bool has_fresh;               /* they wait */
    enum identity calls_as;       /* its links are by it */
    const struct ed25519_key *old_node; /* its node key before it took fresh ones over; NULL: it needs it no more */
    uint64_t old_height;                /* it has got so far when it took them */
    bool turned, members_changed;
    uint64_t alone_since;
    uint64_t peers;               /* bit k: its record lets it have a link with that organisation */
    struct hash known[SIM_NODES_MAX]; /* their node keys */
    struct shelf *shelf;
    struct sim_disk *disk;
    struct disk_file file;
    struct journal_identity id;
    struct journal *journal;
    struct replica *replica;
    struct clock clock;
    int64_t off_ms, drift_ppm, first_off_ms;
    uint64_t drift_since, mono_lost, max_wall;
    uint64_t life;    /* raised by each crash */
    uint64_t tick_at; /* scheduled; 0: none */
    uint64_t down_ms, height;
    uint64_t asleep_until, slept_since; /* 0: awake */
    bool suspended, armed, dying, starting;
    bool counting; /* dies at a moment of durability */
    uint64_t moments;
    bool isolated, full, damaged, mute, no_votes, stopped;
    uint64_t excused_until; /* it may stop itself until then */
    uint64_t linked, told_gone; /* bit k: node k */
    uint64_t cut;               /* what it sends there is lost */
    uint64_t audience;          /* of a twin: who has its link with it, not with the first */
    struct store *backup;
    uint64_t backup_height;
    struct vote sent[SLOTS_MAX]; /* what it signed at its newest height, once per slot */
    size_t n_sent;
    int32_t seen_round, locked_round;
    struct hash locked_value;
    struct change *changes;
    size_t n_changes, changes_cap;
    uint64_t *applied; /* by height, HEIGHTS_MAX: virtual time + 1 */
};

/* A vote that was signed, by whomever, and went out. */
struct ballot_seen {
    size_t org;
    enum vote_type type;
    int32_t round, valid_round;
    bool nil;
    struct hash value;
};

struct ballots {
    struct ballot_seen *v;
    size_t n, cap;
};

/* Who decides, from a height on: bit k: organisation k, with this vote key. */
struct set_seen {
    uint64_t from, who;
    struct hash vote[SIM_NODES_MAX];
};

struct old_frame {
    size_t from, to;
    uint8_t *p;
    size_t n;
};

struct sim {
    struct sim_options o;
    struct sim_events events;
    uint64_t random, now, order;
    size_t n; /* machines */
    struct set_seen sets[SETS_MAX];
    size_t n_sets;
    uint64_t set_height; /* the newest whose set is known */
    struct node nodes[SIM_NODES_MAX];
    struct happening *heap;
    size_t heap_n;
    uint64_t side;
    uint64_t withheld[SIM_MESSAGES], silenced[SIM_MESSAGES]; /* who gets none of these; whose get nowhere */
    struct hash block[HEIGHTS_MAX], state[HEIGHTS_MAX];
    uint64_t time_ms[HEIGHTS_MAX];
    uint64_t newest;
    bool forked;
    struct hash names[NAMES_MAX]; /* blocks in the order of their first vote */
    size_t n_names;
    struct ballots ballots[HEIGHTS_MAX];
    struct old_frame old[OLD_MAX];
    uint64_t frames;
    uint64_t link_sent[SIM_NODES_MAX][SIM_NODES_MAX], link_got[SIM_NODES_MAX][SIM_NODES_MAX];
    struct sha256 trace;
    struct sim_stats stats;
    struct rng rng;
    enum sim_check check;
    char failed[512];
};

static inline uint64_t bit(size_t i)
{
    return (uint64_t)1 << i;
}

/* May it do anything? */
static inline bool is_bad(const struct node *n)
{
    return ((n->sim->o.bad >> n->org) & 1) != 0;
}

/* world.c */
uint64_t world_draw(void *sim, uint64_t below);
void world_push(struct sim *s, struct happening h);
/* After every call into a replica. */
void world_settle(struct node *n);
/* A frame or a submission may have set nearer timers: look again soon. */
void world_soon(struct node *n);

/* alliance.c */
/* The set that decides a height: of one not reached yet, the newest that is known. */
const struct set_seen *alliance_set(const struct sim *s, uint64_t height);
uint32_t alliance_quorum(const struct sim *s, uint64_t height);
/* It has the block of this height. */
void alliance_note_set(struct node *n, uint64_t height);
/* May it have a link with the peer, by the keys that this one calls with? */
bool alliance_knows(const struct node *n, const struct node *peer);
/* Reads from its record whom it may have a link with. */
void alliance_read(struct node *n);
/* Its record changed: links, and its own keys. */
void alliance_look(struct node *n);
/* Before a start: fresh keys that its record names are its keys. */
MUST_USE enum status alliance_take_keys(struct node *n, struct err *err);
void alliance_alone(struct node *n);

/* story.c */
void story_init(struct sim *s);
void story_free(struct sim *s);
/* A line of the trace that is no part of the story. */
__attribute__((format(printf, 2, 3))) void story_note(struct sim *s, const char *fmt, ...);
/* Numbers of the trace, without words. */
void story_mark(struct sim *s, const uint64_t *v, size_t n);
/* "prevote of round 0 at height 3 for block 2", and where a valid round is given "(valid in round 0)". */
void story_vote(struct sim *s, const struct vote *v, char words[128]);
uint64_t story_sum(struct span bytes);

/* network.c */
bool network_reachable(const struct sim *s, size_t from, size_t to);
void network_relink(struct sim *s);
void network_unlink(struct node *n);
void network_deliver(struct sim *s, struct happening *h);
struct replica_net network_of(struct node *n);
void network_free(struct sim *s);

/* machine.c */
void machine_make(struct sim *s, size_t i, const struct genesis_info *g, const struct store *base,
                  const struct sim_keys *keys);
void machine_start(struct node *n);
void machine_down(struct node *n); /* a crash */
void machine_stop(struct node *n); /* in order; it is started again after down_ms */
void machine_happen(struct node *n, const struct happening *h);
void machine_free(struct node *n);
/* It may stop itself, with words, in this life and the next. */
bool machine_excused(const struct node *n);
void machine_note_change(struct node *n);

/* watch.c: what must hold of honest nodes */
enum sim_message watch_sent(struct node *n, struct span frame); /* which kind it is */
void watch_journal(struct node *n);
void watch_final(struct node *n, uint64_t height);
void watch_tip(struct node *n, const struct tip *tip); /* of a store that came back */
void watch_locks(struct node *n);

/* evidence.c */
void evidence_add(struct sim *s, size_t org, const struct vote *v);
bool evidence_has(const struct sim *s, size_t org, const struct vote *v);
/* Everything signed in a frame that a bad node sends. */
void evidence_frame(struct sim *s, struct node *from, struct span frame);
/* Were q alike prevotes for the value signed in this round? */
bool evidence_pol(const struct sim *s, uint64_t height, int32_t round, const struct hash *value);
/* Likewise, with this valid round. */
uint32_t evidence_alike(const struct sim *s, uint64_t height, int32_t round, const struct hash *value, int32_t valid_round);
void evidence_free(struct sim *s);

#endif
