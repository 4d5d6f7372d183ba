/* internal: what the node's files share. */
#ifndef ENT_NODE_INTERNAL_H
#define ENT_NODE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "api/server.h"
#include "crypto/nodekeys.h"
#include "crypto/tlsid.h"
#include "net/net.h"
#include "node/node.h"
#include "node/rekey.h"
#include "recovery/marks.h"
#include "replica/replica.h"
#include "store/store_disk.h"
#include "store/store_lmdb.h"

enum { READERS = 2, BATCH_MAX = 2048, WAITERS_MAX = 4096, LANES_MAX = 129,
       /* Of one peer's lane: what is read while the first frame beyond the limit stops the reading. */
       LANE_BYTES_MAX = LIMIT_PEER_INBOX_BYTES + 2 * LIMIT_FRAME_BYTES };

enum job_type { JOB_FRAME, JOB_UP, JOB_DOWN, JOB_CALL };

struct job {
    struct job *next;
    enum job_type type;
    uint8_t org[64];
    size_t org_n;
    struct server_call *call;
    enum method method;
    const void *request;
    size_t n;
    uint8_t bytes[];
};

/* Jobs of one peer, or of the local socket (no org). */
struct lane {
    uint8_t org[64];
    size_t org_n;
    struct job *first, *last;
    size_t bytes;
    bool paused;            /* the peer is not read from */
    uint64_t not_before_ms; /* monotonic: its next turn */
    uint64_t penalty_ms, held_at_ms;
    uint64_t idle_from_ms, idle_us, owed_us; /* a second of queue_idle, what was spent in it, and what it waits for yet */
    uint64_t slowed;        /* how often it was paused */
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct lane lanes[LANES_MAX];
    size_t n_lanes, turn;
    bool stopping;
};

/* A question about an entry that waits for the outcome. */
struct waiter {
    struct server_call *call;
    struct hash id;
    uint64_t until_ms; /* monotonic */
};

/* A submission that is answered after the acknowledgement. */
struct pending {
    struct server_call *call;
    struct rpc_submit_reply reply;
    char why[256];
};

struct node {
    struct arena a;
    struct config cfg;
    const char *dir;
    struct nodekeys keys;
    struct tlsid *tls;
    struct store *store;
    struct disk_file disk;
    struct journal *journal;
    enum marks_verdict marks; /* on the vote key, by the store */
    char no_votes[512]; /* why it does not vote, or "" */
    struct signatures *signatures;
    struct replica *replica;
    struct server *server;
    struct documents *documents;
    struct nudges *nudges;
    struct node_hooks hooks;
    /* links.c. Changed by its thread alone, once that runs. */
    pthread_rwlock_t net_lock;
    struct net *net; /* under net_lock; NULL for a moment while the identity changes */
    enum rekey_identity calls_as;
    struct ed25519_key *other_node; /* the identity in use, unless it is that in place */
    struct tlsid *other_tls;
    bool update_failed, restart_asked, keeps_previous, net_failed, net_closed; /* closed: for good */
    uint64_t left_ms; /* monotonic: when it was seen that its organisation has left; 0: it has not */
    pthread_t links_thread;
    bool links_running;
    pthread_mutex_t links_lock;
    pthread_cond_t links_cond;
    bool links_stopping, members_changed; /* under links_lock */
    struct hash alliance;
    struct span name, origin; /* in a */
    struct queue replica_queue, reader_queue, past_queue;
    pthread_t replica_thread, past_thread, readers[READERS];
    size_t n_threads;
    struct waiter waiters[WAITERS_MAX];
    size_t n_waiters;
    struct pending *pending; /* BATCH_MAX */
    size_t n_pending;
    bool blocks; /* some became final in this batch */
    uint64_t room_at_ms;
    bool said_halted, no_room;
    atomic_bool backing_up;
    pthread_mutex_t pulse_lock; /* one at a time of those who read, change and write a pulse's file */
    struct notify *notify; /* notify.c; NULL when there is no such setting */
};

/* queue.c */
/* Waits at most ms for a signal; the lock is held. By CLOCK_MONOTONIC, whatever the condition variable's own clock is. */
void wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t ms);

void queue_init(struct queue *q);
void queue_deinit(struct queue *q);
/* Takes the job over. False (and the job is freed) when its lane is full or the queue is stopping. *ret_enough: the peer
 * whose frame it is should not be read from until queue_resumed names it. */
bool queue_put(struct queue *q, struct job *j, bool *ret_enough);
/* Up to max jobs, lanes in turn; waits until until_ms (monotonic) for the first. NULL when none came, or when stopping. */
struct job *queue_take(struct queue *q, size_t max, uint64_t until_ms);
/* Takes out the local socket's questions that nobody waits for any more (server_gone). */
void queue_drop_gone(struct queue *q);
/* A peer's lane has its next turn so much later, for a fault; and later still when faults follow each other. */
void queue_hold(struct queue *q, struct span org, uint64_t ms);
/* us were spent on a frame of a peer that brought nothing. A twentieth of each second is free; for what is beyond it, its lane
 * waits three times as long. */
void queue_idle(struct queue *q, struct span org, uint64_t us);
/* A peer that may be read from again; each is named once. */
bool queue_resumed(struct queue *q, uint8_t ret_org[64], size_t *ret_n);
uint64_t queue_slowed(struct queue *q, struct span org);
bool queue_stopping(struct queue *q);
void queue_stop(struct queue *q);
/* Those that will not be done; whoever asked is told. */
void jobs_free(struct job *j);
struct job *job_new(enum job_type type, struct span org, struct span bytes);

/* links.c */
void links_init(struct node *n);
void links_deinit(struct node *n);
MUST_USE enum status links_start(struct node *n, struct err *err);
void links_stop(struct node *n);
/* Its thread: started when all else runs, joined before all else stops. */
void links_run(struct node *n);
void links_join(struct node *n);
/* From the replica: members changed; sending. */
void links_members(void *ctx);
enum status links_send(void *ctx, struct span org, struct span frame);
void links_broadcast(void *ctx, const struct span *frames, size_t n);
/* A peer is read from again (net_resume). */
void links_resume(struct node *n, struct span org);
MUST_USE enum status links_status(struct node *n, struct span org, struct net_peer_status *ret_status);

/* ask_replica.c: on the replica's thread. */
void ask_replica(struct node *n, struct job *j);
void ask_replica_pending(struct node *n, enum status st, const char *text);
void ask_replica_waiters(struct node *n, uint64_t now_ms);

/* ask_reader.c: on reader threads; and on the thread of questions about an earlier time, one after the other. */
struct past;
void ask_reader(struct node *n, struct job *j);
void ask_past(struct node *n, struct past *p, struct job *j);

/* ask_backup.c: on a reader's thread; takes as long as it takes. */
void ask_backup(struct node *n, struct job *j);

/* ask_pulse.c: on a reader's thread. A voice of a pulse, or its end. */
MUST_USE enum status ask_pulse(struct node *n, const struct view *v, const struct rpc_pulse *asked, struct arena *a,
                               struct rpc_pulse_reply *ret, struct err *err);

/* notify.c: reminders, on a thread of its own. start: does nothing without the setting. seen: on the replica's thread, after
 * each batch. */
void notify_start(struct node *n);
void notify_seen(struct node *n);
/* From any thread: there is a nudge to be told. */
void notify_poke(struct node *n);
void notify_stop(struct node *n);

/* All that is asked of an organisation as of the newest block, as one list. */
MUST_USE enum status notify_owed(const struct view *v, struct span org, struct arena *a, struct query_owed_list *ret, struct err *err);

/* found.c */
/* Takes over fresh keys that the record names. Before the keys are opened. */
MUST_USE enum status found_take_keys(struct node *n, struct err *err);
MUST_USE enum status found_if_new(struct node *n, struct err *err);
/* Takes the refounding that entente refound install put into DIR, if there is one and the store holds an alliance. */
MUST_USE enum status found_epoch(struct node *n, struct err *err);
MUST_USE enum status found_open_journal(struct node *n, struct err *err);
MUST_USE enum status found_genesis(struct node *n, struct arena *a, struct genesis_info *ret_info, struct err *err);

#endif
