/* internal: what the replica's files share. Not for others. */
#ifndef ENT_REPLICA_INTERNAL_H
#define ENT_REPLICA_INTERNAL_H

#include "replica/replica.h"

enum {
    PEERS_MAX = 128,
    PARTNERS_MAX = 128,
    BODIES_MAX = 2 * CONSENSUS_ROUNDS + 8, /* blocks proposed at one height that are kept: more than the core can need */
    BODY_BYTES = LIMIT_FRAME_BYTES - (768 << 10), /* leaves and texts of one block: header, last commit, POL and votes fit beside */
    AHEAD_FRAMES_MAX = 512,   /* frames of the next height that are kept */
    AHEAD_FRAMES_PEER = 32,   /* of them from one peer */
    AHEAD_BYTES_MAX = 16 << 20,
    TIMERS_MAX = 128,         /* consensus timers that are pending */
    EVENTS_MAX = 256,         /* own messages and judged ones, to be fed to the core */
    BODY_TEXTS = 4096, /* of one block, as msg_proposal has room for */
    GOSSIP_MS = 1000,
    FUTURE_MS = 86400000,     /* a proposal's ledger time so far ahead of the clock is not looked at */
    RELAY_AFTER_MS = 3000,    /* an entry that is not final by then is sent again */
    RELAY_AT_ONCE = 64,
    SHARE_ENTRIES = 128,      /* of one partner in a block of ours: what others hand in waits for no flood */
    SHARE_BYTES = 256 << 10,
    JUDGE_FIRST = 64,         /* waiting entries judged anew after each block */
    JUDGE_AT_ONCE = 512,      /* when one of these is found to be valid no more */
    WANT_BLOCKS = 32,
    WANT_AGAIN_MS = 2000,
    WANT_BYTES = LIMIT_BLOCK_BYTES, /* an answer ends with the block that reaches it */
    FORESEEN_MAX = 16,        /* final blocks whose signatures are begun with */
    CHECKED_TOGETHER = 32,    /* fewer signatures are not worth another thread */
    VERIFIED_SLOTS = 1 << 15,
    JUSTIFY_HEARD = 64,       /* POLs of the open height that are known */
    JUSTIFY_USED = 64,        /* of these, behind own votes */
    CHECKPOINT_MS = 1000, COSIGN_AGAIN_MS = 10000, COSIGN_AGAIN_MAX_MS = 300000, COSIGN_ANSWER_MS = 5000,
    CHECKPOINTS_KEPT = 16,
    WIRE_TOGETHER = 64,       /* frames that leave as one send */
    WIRE_TOGETHER_BYTES = 64 << 10,
    SAID_MAX = 4,             /* own messages that become durable together */
};

/* A block proposed at this height, executed once. What it points to is in its arena; heap. */
struct body {
    struct arena arena;
    struct hash id;
    struct span header;
    struct span_list leaves;
    struct span last_commit;
    struct pack_prose_list prose;
    bool valid;
    bool durable; /* in the store or in the vote journal */
    bool stored;  /* in the store */
    char why[256];
    struct block *block; /* when valid */
};

/* A final block that waits for its turn; heap. */
struct foreseen {
    struct foreseen *next;
    struct arena arena;
    struct hash id;
    uint64_t height;
    struct span_list leaves;
    struct signature_bundle *bundle;
};

struct pool_entry {
    struct pool_entry *next, *prev; /* in order of arrival */
    struct pool_entry *bucket;
    struct arena arena;
    struct span submission;
    struct submission parsed;
    struct leaf leaf;
    bool own;      /* accepted here: has an outbox row */
    bool staged;   /* own, and not durable yet */
    bool valid;    /* against the newest state */
    uint64_t outbox; /* row number */
    uint64_t relayed_ms; /* monotonic */
    size_t bytes;        /* of memory, about */
    struct pool_tally *author, *partner;
    struct pool_entry *mate; /* next of the same partner */
};

/* How much of one author (a key), or of one partner (an organisation), waits. */
struct pool_tally {
    struct pool_tally *next;
    uint8_t name[64];
    size_t name_n;
    size_t n, bytes;
    struct pool_entry *first, *last; /* of a partner: its entries, in order of arrival */
};

struct pool {
    struct pool_entry *first, *last;
    struct pool_entry **buckets;
    struct pool_tally **authors; /* POOL_AUTHORS lists */
    struct pool_tally *partners, *turn; /* turn: whose entry came first in the last block made */
    struct pool_entry *relay; /* next to be relayed again; NULL: the first */
    size_t cap, n, own, staged, bytes;
    uint64_t next_outbox;
};

struct peer {
    uint8_t org_bytes[64];
    struct span org;
    bool connected, heard;
    bool told; /* it said which vote of this node it holds, since the start */
    uint64_t since_ms;
    uint64_t height; /* it works on */
    bool asked;            /* an answer to msg_want is under way */
    uint64_t wanted_at_ms; /* monotonic: last msg_want to it, or block from it */
    uint64_t wanted_to, wanted_seen; /* last height asked for; highest that came, all before it too */
    size_t wanted_bytes;             /* of blocks that came in answer */
    int64_t credit;        /* bytes that its questions may draw now */
    uint64_t credit_at_ms; /* monotonic: when it was reckoned */
    uint64_t cosign_answered_ms; /* monotonic: it was sent our cosignature once more */
    uint64_t faults;
    uint64_t entries; /* signed by its seats, taken from whoever sent them */
    uint64_t unanswered; /* questions, for want of credit */
    char last_fault[160];
};

struct ahead {
    uint8_t org[64];
    size_t org_n;
    uint8_t *p;
    size_t n;
};

struct timer {
    uint64_t at_ms; /* monotonic */
    int32_t round;
    enum consensus_timeout timeout;
};

/* An organisation that left, and the block that removed it. */
struct exit_row {
    uint8_t org[64];
    size_t org_n;
    uint64_t height;
};

/* What PARTY says of the own organisation, and whether the keys here are the ones it names. */
struct own {
    bool known, observer;
    enum standing standing;
    uint64_t changed_leaf;
    bool vote_key, node_key, cosign_key, log_key;
};

/* Prevotes for a value in a round. */
struct justified {
    int32_t round;
    const struct consensus_pol *pol; /* in the height's arena */
};

/* Frames on their way out. Zeros: none. */
struct wire_batch {
    struct buf frames[WIRE_TOGETHER];
    size_t n, bytes;
};

/* A message with a prevote that waits (REP-8). n == 0: none. */
struct later {
    uint8_t org[64], body[640]; /* who sent it; the message */
    size_t org_n, n;
};

/* An own message that is signed, and not durable yet. */
struct said {
    struct consensus_vote vote;
    const struct consensus_pol *rests_on; /* justify_use */
    const struct consensus_pol *pol;      /* that a proposal travels with, or NULL */
};

struct replica {
    struct replica_config cfg;
    uint8_t org_bytes[64];
    char halted[512]; /* "": it is not */
    bool stopped;     /* halted by replica_stop: replica_resume may lift it */

    struct view view; /* of the newest state; open while a public call runs */
    int depth;
    struct tip tip;
    struct ids *ids;
    struct span origin;       /* checkpoints */
    struct arena fixed;       /* alliance-long: origin */
    struct arena set_arena;
    struct validator_set set; /* decides the open height */
    uint64_t epoch;           /* of the open height */
    const struct refounding_info *refounding; /* the open height is the first of an epoch; in set_arena */
    struct gov_clock clock;
    uint64_t calm_until_ms; /* gov_calm_until */
    bool has_deadline;
    uint64_t deadline_ms;

    struct arena height; /* of the open height */
    struct body *bodies[BODIES_MAX];
    size_t n_bodies;
    struct consensus *core;
    void *core_memory;
    struct consensus_event *events; /* ring of EVENTS_MAX */
    size_t events_head, n_events;
    struct consensus_actions *actions;
    bool stepping;
    struct timer timers[TIMERS_MAX];
    size_t n_timers;
    bool decided;
    struct hash decided_value;
    struct justified heard[JUSTIFY_HEARD], used[JUSTIFY_USED]; /* known; behind own votes */
    size_t n_heard, n_used;
    struct consensus_pol *kept_pol;  /* newest, for the journal; n == 0: none */
    struct said said[SAID_MAX];
    size_t n_said;
    struct consensus_snapshot said_snapshot; /* after the newest of them */
    const struct consensus_pol *said_valid;  /* behind its valid value; NULL: none */
    struct body *said_body;                  /* to be durable with them; NULL: none */
    uint64_t step_since_ms;
    uint64_t height_since_ms;
    int32_t seen_round;
    enum consensus_step seen_step;

    struct pool pool;
    struct peer peers[PEERS_MAX];
    size_t n_peers;
    struct later later[LIMIT_VALIDATORS]; /* by who signed it */
    bool now_is_later;
    struct ahead ahead[AHEAD_FRAMES_MAX];
    size_t n_ahead, ahead_bytes;
    uint64_t gossip_at_ms;
    struct ed25519_checked keys; /* of authors */
    struct foreseen *foreseen; /* ascending by height */
    size_t n_foreseen;
    struct hash *verified; /* leaf hashes whose signature was checked; direct-mapped */

    struct own own;
    struct exit_row exits[PEERS_MAX];
    size_t n_exits;
    char dead[512];    /* why its vote key never signs again, or "" */
    char no_vote[512]; /* the answer given last */
    uint64_t rules_next; /* decided, not in force yet; 0: none */
    uint64_t duties_at_ms, fault_since_ms;
    uint64_t receipts_at_ms, receipts_height; /* looked for again then, and at another height than this */

    uint64_t cosigned_size, cosigned_at_ms, checkpoint_size;
    uint64_t cosign_of, cosign_again_ms, cosign_wait_ms; /* of which size it says its cosignature again, when, how much later once more */
};

/* replica.c */
/* Stops voting for good. The first such reason stays. */
__attribute__((format(printf, 2, 3))) void replica_halt(struct replica *r, const char *fmt, ...);
struct peer *replica_find_peer(struct replica *r, struct span org, bool add);
uint64_t replica_mono(const struct replica *r);
uint64_t replica_wall(const struct replica *r);
/* Ledger time for a block made now: the wall clock, but after the tip. */
uint64_t replica_block_time(const struct replica *r);
/* The set that decided a final block; the one that decides after it. Into the arena. */
MUST_USE enum status replica_set_at(struct replica *r, uint64_t height, struct arena *a, struct validator_set *ret_set, struct err *err);
MUST_USE enum status replica_set_after(struct replica *r, uint64_t height, struct arena *a, struct validator_set *ret_set,
                                       struct err *err);
struct ledger replica_ledger(const struct replica *r);
enum status replica_verify_leaf(void *ctx, const struct leaf *leaf);
/* Was the signature of this leaf found good before? */
bool replica_verified(const struct replica *r, const struct hash *leaf_hash);
/* Notes of a peer that a message of its was no honest node's, if st says so. */
void replica_note_fault(struct peer *p, enum status st, const struct err *err);
/* Loads everything that depends on the tip; starts the open height. */
enum status replica_load_tip(struct replica *r, struct err *err);

/* wire.c */
MUST_USE enum status wire_encode(const struct record_desc *d, const void *rec, struct buf *b);
void wire_broadcast(struct replica *r, const struct record_desc *d, const void *rec);
/* To all, with others that are due at the same time: with wire_flush, or before when they are many. */
void wire_add(struct replica *r, struct wire_batch *w, const struct record_desc *d, const void *rec);
void wire_flush(struct replica *r, struct wire_batch *w);
/* Returns how many bytes that was. */
size_t wire_send(struct replica *r, struct span org, const struct record_desc *d, const void *rec);
/* The message in a frame: its kind, and the body's bytes. */
MUST_USE enum status wire_open(struct span frame, uint32_t *ret_kind, struct span *ret_body, struct err *err);

/* votes.c: between the core's votes and signed ones. */
void votes_sign(struct replica *r, struct consensus_vote *v);
void votes_to_signed(const struct replica *r, const struct consensus_vote *v, struct signed_vote *ret_signed);
/* Checks membership, alliance, epoch and signature. ST_OK, ST_NOTFOUND, ST_MISMATCH, ST_BADSIG. */
MUST_USE enum status votes_from_signed(const struct replica *r, const struct signed_vote *s, uint64_t *ret_height,
                                       struct consensus_vote *ret_vote, struct err *err);
/* The certificate of the precommits that decided the open height. */
MUST_USE enum status votes_certificate(struct replica *r, struct buf *b, struct err *err);
/* All of it but its messages and POLs. */
void votes_snapshot_row(const struct consensus_snapshot *s, struct journal_row *ret_row);
/* Its messages, in the order in which they were signed; NULL after the last. */
const struct signed_vote *votes_of_row(const struct journal_row *row, size_t i);

/* later.c */
/* Is it a vote that may wait? Then it does (or one with the same bytes does already). Its height is the open one. */
bool later_keep(struct replica *r, struct span org, uint32_t validator, const struct vote *v, struct span body);
/* Looks at those that wait. */
void later_take(struct replica *r);
void later_forget(struct replica *r);

/* say.c: own messages, from the core's wish to the wire. */
/* Signs the message of a PROPOSE or VOTE; say_all does the rest. needs: a body that is to be durable with it, or NULL. What is
 * returned is signed, and lives until say_all; NULL: it cannot be said, and the node has stopped. */
const struct consensus_vote *say_message(struct replica *r, const struct consensus_action *act, struct body *needs);
/* Makes all that was signed durable in one record, all or nothing (BFT-A3); then it leaves, and votes are fed back. False:
 * the journal failed, and the node has stopped. */
MUST_USE bool say_all(struct replica *r);
/* Is it a proposal alone, whose prevote the events that are pushed may bring? */
bool say_waits(const struct replica *r);
/* Forgets what was not said. */
void say_nothing(struct replica *r);

/* justify.c */
void justify_clear(struct replica *r);
/* A POL that was found or came with a proposal; what is returned lives as long as the height. */
const struct consensus_pol *justify_heard(struct replica *r, const struct consensus_pol *pol);
/* The POL that an own vote rests on: its round's for a precommit, its valid round's for a prevote. It is kept from then on.
 * NULL: it rests on none, or none is known (after a crash, of a vote made before it). */
const struct consensus_pol *justify_use(struct replica *r, const struct consensus_vote *v);
/* Writes those in use, with the block that ends the height. */
MUST_USE enum status justify_store(struct replica *r, struct store_txn *t, struct err *err);

/* bodies.c */
struct body *bodies_find(struct replica *r, const struct hash *id);
/* Frees all: the height is over. */
void bodies_clear(struct replica *r);
/* Executes and keeps what a proposal or block message carried. ST_MISMATCH, ST_FORMAT, ST_RANGE: the message's content
 * does not belong to its header; nothing is kept. ST_LIMIT: too many are kept. Others: faults of this machine. */
MUST_USE enum status bodies_take(struct replica *r, struct span header, const struct span_list *leaves, struct span last_commit,
                                 const struct pack_prose_list *prose, struct body **ret_body, struct err *err);
/* Makes a block of what waits. ST_END: nothing to decide. */
MUST_USE enum status bodies_make(struct replica *r, struct body **ret_body, struct err *err);
enum status bodies_encode(const struct replica *r, const struct body *b, struct buf *buf);
/* Keeps it in the store, so that it survives a crash. */
MUST_USE enum status bodies_keep(struct replica *r, struct body *b, struct err *err);
/* Reads back those kept for the open height. */
MUST_USE enum status bodies_load(struct replica *r, struct err *err);

/* agree.c */
/* Own index in the set in force, or CONSENSUS_FOLLOWER: no vote key, or another one than the set names. */
int32_t agree_self(const struct replica *r);
void agree_push(struct replica *r, const struct consensus_event *ev);
void agree_push_vote(struct replica *r, const struct consensus_vote *v);
/* Feeds all pushed events, carries out the actions, commits decided blocks. */
void agree_run(struct replica *r);
void agree_start_height(struct replica *r);
void agree_restore(struct replica *r);
void agree_wake(struct replica *r);
void agree_timers(struct replica *r, uint64_t now_ms);
uint64_t agree_next_timer(const struct replica *r);
MUST_USE enum status agree_on_proposal(struct replica *r, struct span body, struct err *err);
MUST_USE enum status agree_on_vote(struct replica *r, struct span org, struct span body, struct err *err);
/* The proposal message of a round that is held, for a peer; how many bytes that was. */
size_t agree_send_proposal(struct replica *r, struct span org, int32_t round);
/* A final block with its certificate, executed. */
MUST_USE enum status agree_commit(struct replica *r, struct body *b, struct span certificate, struct err *err);

/* Forgets what was heard of the open height and starts it anew: whether this node votes has changed. Gossip fills in. */
void agree_again(struct replica *r);
/* For a node that stopped before it began: it answers questions, and takes no part. */
void agree_look_on(struct replica *r);

/* members.c */
/* Of the newest state. */
MUST_USE enum status members_load(struct replica *r, struct err *err);
void members_load_dead(struct replica *r);
/* Stops the node when the rules in force are not known here. */
void members_check_rules(struct replica *r);
/* Did it leave, and with which block? */
bool members_exit(const struct replica *r, struct span org, uint64_t *ret_height);
void members_on_departed(struct replica *r, const struct peer *p, uint64_t exit);
/* Has it a vote key whose signatures its journal knows of? Whether it is a validator is another question. */
bool members_may_vote(const struct replica *r);
/* Does it wait for others to say which of its votes they hold (REP-1)? */
bool members_untold(const struct replica *r);
/* Its key signed this, and its journal does not know: the key is dead. */
void members_kill_key(struct replica *r, const struct vote *v);
MUST_USE enum status members_on_last_vote(struct replica *r, struct peer *p, struct span body, struct err *err);
/* The newest vote of a peer's that is held, to that peer. */
void members_return_vote(struct replica *r, struct span org);

/* duties.c */
/* Keeps two votes of one slot until they are on the record (REP-7). */
void duties_keep_fault(struct replica *r, const struct consensus_vote *first, const struct consensus_vote *second);
void duties_tick(struct replica *r, uint64_t now_ms);

/* gossip.c */
void gossip_tick(struct replica *r, uint64_t now_ms);
void gossip_status_to(struct replica *r, struct span org);
MUST_USE enum status gossip_on_status(struct replica *r, struct peer *p, struct span body, struct err *err);
MUST_USE enum status gossip_on_want(struct replica *r, struct peer *p, struct span body, struct err *err);
MUST_USE enum status gossip_on_block(struct replica *r, struct peer *p, struct span body, struct err *err);
/* Of blocks at or below the tip, or all; what was foreseen of others stays. */
void gossip_forget_foreseen(struct replica *r, uint64_t upto);
/* The signatures of this block, if they were begun with; NULL: not. */
struct foreseen *gossip_foreseen(struct replica *r, const struct hash *id);
MUST_USE enum status gossip_on_fetch(struct replica *r, struct peer *p, struct span body, struct err *err);

/* pool.c */
void pool_init(struct pool *p);
void pool_deinit(struct pool *p);
struct pool_entry *pool_find(const struct pool *p, const struct hash *id);
MUST_USE enum status pool_load(struct replica *r, struct err *err);
/* replica_submit within a call. */
MUST_USE enum status pool_submit(struct replica *r, struct span submission, struct hash *ret_id, enum verdict *ret_verdict,
                                 char why[256], struct err *err);
MUST_USE enum status pool_on_entry(struct replica *r, struct span submission, struct err *err);
/* After a block: what is in it leaves the pool, the rest is judged anew. */
void pool_after_block(struct replica *r, const struct block *b);
bool pool_has_valid(const struct replica *r);
void pool_relay(struct replica *r, uint64_t now_ms);
/* Candidates, partners in turn, each partner's in order; at most max, no more than a block can carry with their texts, and
 * of one partner no more than its share. Borrowed entries. also_invalid: those too that were found to come too early. */
size_t pool_candidates(struct replica *r, bool also_invalid, struct block_candidate *v, size_t max);
/* Takes the verdicts that block_make gave. An own entry goes only when it is refused at the earliest ledger time too: the
 * wall clock may be wrong, and the block that it was judged in may never be decided. */
void pool_judged(struct replica *r, const struct block_candidate *v, size_t n);
/* Detached texts of pool entries that are in the block. */
void pool_prose(struct replica *r, const struct block *b, struct arena *a, struct pack_prose_list *ret_list);

/* checkpoints.c */
MUST_USE enum status checkpoints_load(struct replica *r, struct err *err);
void checkpoints_tick(struct replica *r, uint64_t now_ms);
MUST_USE enum status checkpoints_on_cosign(struct replica *r, struct peer *p, struct span body, struct err *err);

#endif
