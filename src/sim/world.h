/* world: a deterministic simulator. It runs the replica's own archive on virtual time, network, disks and clocks, from a
 * seed: the same seed gives the same trace, byte for byte.
 *
 * What can go wrong is done to it by the caller through the functions below; what must hold of honest nodes is checked
 * after each step (enum sim_check). Nodes in `bad` are held to nothing: they may lie (sim_events.lie), and the
 * node that has the organisation of an earlier one is its twin: a second machine with the same keys. */
#ifndef ENT_SIM_WORLD_H
#define ENT_SIM_WORLD_H

#include "replica/replica.h"

enum { SIM_NODES_MAX = 64 };

struct sim_keys {
    struct span org;
    const struct ed25519_key *vote, *cosign, *log, *node;
    bool later; /* its node is started by sim_join */
};

struct sim_options {
    uint64_t seed;
    uint64_t start_ms; /* wall clock at the beginning */
    unsigned loss_percent, duplicate_percent;
    unsigned delay_ms;     /* most, one way; a tenth of messages take up to ten times as long */
    unsigned clock_off_ms; /* most, either way */
    unsigned drift_ppm;    /* most, either way */
    bool trace;            /* print what happens */
    uint64_t bad;          /* bit i: node i may do anything */
    bool forked;           /* more than f nodes are bad: a fork ends the run, but is no failure of its own */
};

/* What happened, counted. COUNT(name, words). */
#define SIM_COUNTS(COUNT)                                                                                    \
    COUNT(blocks, "blocks")                                                                                  \
    COUNT(sent, "messages")                                                                                  \
    COUNT(delivered, "messages delivered")                                                                   \
    COUNT(rounds, "rounds above 0")                                                                          \
    COUNT(locks, "locks")                                                                                    \
    COUNT(unlocks, "locks moved to another block")                                                           \
    COUNT(reproposals, "re-proposals")                                                                       \
    COUNT(timers, "deadlines that fired")                                                                    \
    COUNT(heard, "deadlines of silence checked for a hearing")                                               \
    COUNT(late_news, "of these, the decision was final only after its own deadline")                         \
    COUNT(items, "entries on the record about items")                                                        \
    COUNT(readings, "about readings")                                                                        \
    COUNT(sessions, "about sessions")                                                                        \
    COUNT(grants, "about grants")                                                                            \
    COUNT(erased, "entries whose texts a decision erased")                                                   \
    COUNT(expired, "decisions whose last day came")                                                          \
    COUNT(superseded, "decisions whose place another took")                                                  \
    COUNT(doubted, "times that a decision was put in doubt")                                                 \
    COUNT(triggers, "conditions of the charter that held at the end")                                       \
    COUNT(refreshes, "refresh sessions")                                                                     \
    COUNT(computed, "numbers computed and kept")                                                             \
    COUNT(sets, "changes of the set of validators")                                                          \
    COUNT(admitted, "organisations admitted, whose nodes came to vote")                                      \
    COUNT(imported, "of these, nodes that were given another's record")                                      \
    COUNT(removed, "organisations removed")                                                                  \
    COUNT(rekeyed, "nodes with fresh keys")                                                                  \
    COUNT(reborn, "of these, restored or copied ones")                                                       \
    COUNT(revoked, "keys of nodes revoked, and replaced")                                                    \
    COUNT(holders, "seats that another key holds")                                                           \
    COUNT(halts, "nodes that stopped themselves, with words")                                                \
    COUNT(replayed_blocks, "blocks executed again by the auditor")

/* Faults injected, by kind. */
#define SIM_FAULTS(COUNT)                                                                                    \
    COUNT(lost, "message lost")                                                                              \
    COUNT(delayed, "message delayed beyond the usual")                                                       \
    COUNT(reordered, "message overtaken by a later one")                                                     \
    COUNT(duplicated, "message duplicated")                                                                  \
    COUNT(replayed, "old message replayed")                                                                  \
    COUNT(partitions, "partition")                                                                           \
    COUNT(one_way, "one-way cut")                                                                            \
    COUNT(isolated, "node cut off right after it locked")                                                    \
    COUNT(withheld, "proposal or vote kept from a node by the network")                                      \
    COUNT(crashes, "crash")                                                                                  \
    COUNT(crashes_unsynced, "crash between a journal write and its sync")                                    \
    COUNT(crashes_before_write, "crash before a journal write")                                              \
    COUNT(crashes_synced, "crash after a journal sync, before the message")                                  \
    COUNT(crashes_before_commit, "crash before a store commit")                                              \
    COUNT(crashes_after_commit, "crash after a store commit")                                                \
    COUNT(torn, "unsynced write lost or torn")                                                               \
    COUNT(swapped, "unsynced write lost, a later one kept")                                                  \
    COUNT(full, "disk full")                                                                                 \
    COUNT(refused_writes, "write refused by a full disk")                                                    \
    COUNT(damaged, "stored record made unreadable")                                                          \
    COUNT(damage_read, "read of an unreadable record")                                                       \
    COUNT(sleeps, "long sleep")                                                                              \
    COUNT(suspends, "long sleep in which the monotonic clock stood")                                         \
    COUNT(clock_jumps, "clock jump")                                                                         \
    COUNT(clocks_drifting, "clock that drifts")                                                              \
    COUNT(restored, "backup restored")                                                                       \
    COUNT(journals_lost, "vote journal lost")                                                                \
    COUNT(clones, "cloned node")                                                                             \
    COUNT(twins, "twin")                                                                                     \
    COUNT(lies, "message of a bad node changed or withheld")                                                 \
    COUNT(injected, "message made up by a bad node")                                                         \
    COUNT(floods, "mempool flood")

struct sim_stats {
#define COUNT(name, words) uint64_t name;
    SIM_COUNTS(COUNT)
    SIM_FAULTS(COUNT)
#undef COUNT
};
void sim_stats_add(struct sim_stats *sum, const struct sim_stats *more);

/* What must hold of honest nodes. CHECK(name, words). */
#define SIM_CHECKS(CHECK)                                                                                    \
    CHECK(AGREEMENT, "agreement")                                                                            \
    CHECK(STATE_ROOT, "one state root per height")                                                           \
    CHECK(SET, "one set of validators per height")                                                           \
    CHECK(CERTIFICATE, "a quorum of good signatures behind each block")                                      \
    CHECK(FUTURE, "no block from the future")                                                                \
    CHECK(SIGNS_TWICE, "one message per slot")                                                               \
    CHECK(LOCK, "no prevote against the own lock")                                                           \
    CHECK(JOURNAL, "vote only what is durable")                                                              \
    CHECK(BODY, "a precommitted block outlives a crash")                                                     \
    CHECK(HALTED, "an honest node goes on")                                                                  \
    CHECK(START, "an honest node starts again")                                                              \
    CHECK(INVARIANT, "the replica's invariants")                                                             \
    CHECK(BLAME, "nothing is held against an honest node")                                                   \
    CHECK(DEAD_KEY, "a restored or cloned node does not vote")                                               \
    CHECK(GUILTY, "evidence names only the guilty")                                                          \
    CHECK(HEARD, "silence counts only of those who could be heard")                                          \
    CHECK(PROGRESS, "progress after healing")                                                                \
    CHECK(LOST, "nothing acknowledged is lost")                                                              \
    CHECK(TWICE, "nothing is applied twice")                                                                 \
    CHECK(VALID, "nothing without its author's signature and authority")                                     \
    CHECK(EXPIRED, "nothing expired is taken")                                                               \
    CHECK(BASIS, "every basis is on the record")                                                             \
    CHECK(DEADLINE, "deadlines fire")                                                                        \
    CHECK(ERASED, "what is erased is kept by nobody")                                                        \
    CHECK(AUDIT, "an auditor's replay gives the same roots")                                                 \
    CHECK(TABLES, "the tables agree with each other")

enum sim_check {
    SIM_FINE,
#define CHECK(name, words) SIM_##name,
    SIM_CHECKS(CHECK)
#undef CHECK
};
const char *sim_check_words(enum sim_check c);

struct sim;

enum sim_lie { SIM_AS_IT_IS, SIM_CHANGED, SIM_WITHHELD };

/* What the caller is told. */
struct sim_events {
    void *ctx;
    void (*final)(void *ctx, size_t node, uint64_t height);
    void (*refused)(void *ctx, size_t node, const struct hash *id, enum verdict verdict, const char *why);
    /* What a bad node sends in place of a frame. */
    enum sim_lie (*lie)(void *ctx, size_t from, size_t to, struct span frame, struct buf *ret_frame);
    /* A line of the story: who signs what, what is final, who is down. Without the deliveries. */
    void (*tell)(void *ctx, const char *line);
    /* A vote that an honest node signs for the first time. */
    void (*voted)(void *ctx, size_t node, const struct vote *v);
};

/* keys[i] is node i's. Every node holds the genesis and is up, but for those that come later. base: a store that holds block 0 of g, which is then
 * not made anew for each node; or NULL. Aborts when a node cannot be started. */
struct sim *sim_new(const struct sim_options *o, const struct genesis_info *g, const struct store *base,
                    const struct sim_keys *keys, size_t n, const struct sim_events *events);
void sim_free(struct sim *s);

/* Runs until virtual time (ms since the start), or until a check fails: false. */
bool sim_run(struct sim *s, uint64_t until_ms);
/* NULL, or what failed, in words. */
const char *sim_failed(const struct sim *s);
enum sim_check sim_failed_check(const struct sim *s);
/* For checks made outside. The first failure stays. */
__attribute__((format(printf, 3, 4))) void sim_fail(struct sim *s, enum sim_check check, const char *fmt, ...);
/* A line of the story. */
__attribute__((format(printf, 2, 3))) void sim_tell(struct sim *s, const char *fmt, ...);
uint64_t sim_now(const struct sim *s);
uint64_t sim_random(struct sim *s, uint64_t below);

/* Node i: NULL while it is down. */
struct replica *sim_replica(struct sim *s, size_t i);
struct store *sim_store(struct sim *s, size_t i); /* what it has committed; undamaged */
bool sim_awake(const struct sim *s, size_t i);     /* up, not asleep, and not stopped for good */
/* Was it so at any moment from from_ms to to_ms? */
bool sim_awake_between(const struct sim *s, size_t i, uint64_t from_ms, uint64_t to_ms);
/* When an honest node had the block of this height; UINT64_MAX: not. */
uint64_t sim_applied_ms(const struct sim *s, size_t i, uint64_t height);
size_t sim_nodes(const struct sim *s); /* machines: twins and clones too */
/* Hands a submission to a node. ST_OK with V_OK: acknowledged. ST_UNREACHABLE: it is down, or went down meanwhile. */
enum status sim_submit(struct sim *s, size_t i, struct span submission, enum verdict *ret_verdict, char why[256]);

/* -- Members -- */
/* The first start of a node that was to come later: it holds the genesis alone. */
void sim_join(struct sim *s, size_t i);
/* Fresh keys wait at node i: it takes them over when its record names them, on a fresh journal when the vote key is another
 * (NET-7). fresh->org is not looked at. */
void sim_rekey(struct sim *s, size_t i, const struct sim_keys *fresh);
bool sim_rekeyed(const struct sim *s, size_t i); /* nothing waits there */
/* The newest set: bit i: the organisation of node i. */
uint64_t sim_validators(const struct sim *s);

/* -- Faults: machines -- */
void sim_crash(struct sim *s, size_t i, uint64_t down_ms);
/* The node crashes between its next write to the journal and the sync. */
void sim_crash_at_write(struct sim *s, size_t i, uint64_t down_ms);
/* The node crashes at the k-th moment from now (from 0) of those that matter to durability: before a journal write,
 * between it and its sync, after that, before a store commit, after it. */
void sim_crash_at_moment(struct sim *s, size_t i, uint64_t k, uint64_t down_ms);
/* Nothing can be written for so long; a node that stopped is started again afterwards. */
void sim_disk_full(struct sim *s, size_t i, uint64_t ms);
/* One stored record cannot be read for so long; likewise. False: there is none to damage. */
bool sim_damage(struct sim *s, size_t i, uint64_t ms);
/* SIGSTOP, or a laptop's lid (suspend: the monotonic clock stands too): the node does nothing, and then goes on. */
void sim_sleep(struct sim *s, size_t i, uint64_t ms, bool suspend);
void sim_clock_jump(struct sim *s, size_t i, int64_t ms);
void sim_clock_drift(struct sim *s, size_t i, int64_t ppm);
void sim_clock_right(struct sim *s, size_t i);
/* All clocks are right again, within clock_off_ms, and drift no more. */
void sim_clocks_right(struct sim *s);
/* Of a bad node: a copy of its store is kept; it comes back from the copy, with its journal, without one, or with an
 * empty one of the same identity (amnesia: the one way that product code cannot see by itself). */
void sim_backup(struct sim *s, size_t i);
enum sim_journal { SIM_JOURNAL_KEPT, SIM_JOURNAL_LOST, SIM_JOURNAL_EMPTY };
void sim_restore(struct sim *s, size_t i, enum sim_journal journal);
/* Of a bad node, to which no twin was given: its disk is copied to another machine, which is started too.
 * aware: the machine knows that it is another (the vote journal says so). Returns the copy. */
size_t sim_clone(struct sim *s, size_t i, bool aware);

/* -- Faults: network -- */
/* Bit i: node i is on the one side; the others on the other. 0 heals, one-way cuts too. */
void sim_partition(struct sim *s, uint64_t side);
/* What node `from` sends to the nodes in `to` is lost, while the link stays up. */
void sim_cut(struct sim *s, size_t from, uint64_t to);
/* All that it sends and is sent is lost, while its links stay up. */
void sim_isolate(struct sim *s, size_t i, bool on);
/* Messages of this kind reach none of the nodes in `to`; 0: they reach all again. */
enum sim_message { SIM_OTHER, SIM_PROPOSAL, SIM_PREVOTE, SIM_PRECOMMIT, SIM_MESSAGES };
void sim_withhold(struct sim *s, enum sim_message kind, uint64_t to);
/* Messages of this kind from the nodes in `from` reach nobody; 0: they do again. */
void sim_silence(struct sim *s, enum sim_message kind, uint64_t from);
/* Sends n frames of the past once more, from their senders. */
void sim_replay(struct sim *s, size_t n);
/* A frame of a bad node's making. */
void sim_inject(struct sim *s, size_t from, size_t to, struct span frame);
/* Which of the twins each other node has its link with: bit i set: the later one. */
void sim_audience(struct sim *s, size_t twin, uint64_t mask);

void sim_quiet(struct sim *s); /* no more losses and duplicates; nothing armed */

uint64_t sim_height(const struct sim *s, size_t i); /* newest final block; of a node that is down, when it went down */
struct sim_stats *sim_stats(struct sim *s);
/* With more than f bad nodes: two honest nodes have different blocks at one height. */
bool sim_forked(const struct sim *s);
/* The organisations (by their nodes' numbers) that evidence seen on the network convicts (docs: BFT-A1, A2, A8). */
uint64_t sim_guilty(struct sim *s, uint64_t height);
/* Digest of everything that happened. */
struct hash sim_trace(const struct sim *s);

#endif
