/* Questions that the replica's thread answers. */
#include "cert/quorum.h"
#include "node/internal.h"

static const char *const step_text[] = {"idle", "propose", "prevote", "precommit", "decided"};

static bool is_connected(struct node *n, struct span org, uint64_t *ret_since_ms)
{
    struct replica_peer_status p;
    *ret_since_ms = 0;
    for (size_t i = 0; replica_peer(n->replica, i, &p); i++)
        if (span_eq(p.org, org)) {
            *ret_since_ms = p.since_ms;
            return p.connected;
        }
    return false;
}

static void status(struct node *n, struct server_call *call)
{
    struct replica_status s;
    uint64_t since;
    replica_status(n->replica, &s);
    struct rpc_status_reply r = {.height = s.tip->height,
                                 .block = s.tip->block,
                                 .time_ms = s.tip->time_ms,
                                 .size = s.tip->tree.size,
                                 .state_root = s.tip->state.root,
                                 .epoch = s.tip->epoch,
                                 .validators = s.validators->members.n,
                                 .quorum = quorum_of((uint32_t)s.validators->members.n),
                                 .outbox = s.outbox,
                                 .mempool = s.mempool,
                                 .syncing = s.syncing,
                                 .checkpoint = s.checkpoint_size,
                                 .wall_ms = clock_wall_ms(&clock_system)};
    frontier_root(&s.tip->tree, &r.root);
    for (size_t i = 0; i < s.validators->members.n; i++) {
        struct span org = s.validators->members.v[i].org;
        r.connected += span_eq(org, n->cfg.partner) || is_connected(n, org, &since);
    }
    char words[512];
    const char *halted = replica_halted(n->replica);
    if (halted == NULL && n->no_votes[0] != 0)
        halted = n->no_votes;
    if (halted != NULL) {
        server_showable(halted, words, sizeof words);
        r.halted = span_str(words);
        SET_HAS(&r, rpc_status_reply_key_halted);
    }
    const char *no_vote = halted == NULL ? replica_no_vote(n->replica) : NULL;
    if (no_vote != NULL) {
        server_showable(no_vote, words, sizeof words);
        r.no_vote = span_str(words);
        SET_HAS(&r, rpc_status_reply_key_no_vote);
    }
    server_answer(call, &r);
}

enum { PEERS_MAX = 128 };

/* What the texts of an answer point into. */
struct peer_words {
    struct net_peer_status net;
    char error[ERR_TEXT_MAX], fault[160];
};

static void add_peer(struct node *n, const struct replica_peer_status *p, struct peer_words *words, struct rpc_peer_list *list)
{
    struct rpc_peer *o = &list->v[list->n];
    if (list->n == PEERS_MAX || links_status(n, p->org, &words[list->n].net) != ST_OK)
        return;
    words += list->n++;
    const struct net_peer_status *net = &words->net;
    *o = (struct rpc_peer){.org = p->org,
                           .connected = net->connected,
                           .since_ms = net->since_ms,
                           .height = p->heard ? p->height : 0,
                           .address = span_str(net->address),
                           .bytes_in = net->bytes_in,
                           .bytes_out = net->bytes_out,
                           .queued = net->queued_bytes,
                           .dropped = net->dropped,
                           .faults = p->faults};
    if (net->error[0] != 0) {
        server_showable(net->error, words->error, sizeof words->error);
        o->error = span_str(words->error);
        SET_HAS(o, rpc_peer_key_error);
    }
    o->contested = net->contested;
    if (o->contested > 0)
        SET_HAS(o, rpc_peer_key_contested);
    o->entries = p->entries;
    if (o->entries > 0)
        SET_HAS(o, rpc_peer_key_entries);
    o->unanswered = p->unanswered;
    if (o->unanswered > 0)
        SET_HAS(o, rpc_peer_key_unanswered);
    o->slowed = queue_slowed(&n->replica_queue, p->org);
    if (o->slowed > 0)
        SET_HAS(o, rpc_peer_key_slowed);
    server_showable(p->last_fault, words->fault, sizeof words->fault);
    o->fault = span_str(words->fault);
    if (p->faults > 0 && o->fault.n > 0)
        SET_HAS(o, rpc_peer_key_fault);
}

static bool lists(const struct rpc_peer_list *list, struct span org)
{
    for (size_t i = 0; i < list->n; i++)
        if (span_eq(list->v[i].org, org))
            return true;
    return false;
}

/* Those heard of since the start, then the validators that never were: it is about them that one asks. */
static void peers(struct node *n, struct server_call *call)
{
    struct rpc_peer list[PEERS_MAX];
    struct peer_words *words = calloc(PEERS_MAX, sizeof *words);
    ASSERT(words != NULL);
    struct rpc_peers_reply r = {.list = {0, list}};
    struct replica_peer_status p;
    struct replica_status s;
    replica_status(n->replica, &s);
    for (size_t i = 0; replica_peer(n->replica, i, &p); i++)
        add_peer(n, &p, words, &r.list);
    for (size_t i = 0; i < s.validators->members.n; i++) {
        p = (struct replica_peer_status){.org = s.validators->members.v[i].org};
        if (!lists(&r.list, p.org))
            add_peer(n, &p, words, &r.list);
    }
    server_answer(call, &r);
    free(words);
}

/* One that is not of the founding, and has reached nobody yet. */
static bool knows_the_founding_alone(struct node *n, const struct replica_status *s)
{
    uint64_t since;
    for (size_t i = 0; i < s->validators->members.n; i++)
        if (span_eq(s->validators->members.v[i].org, n->cfg.partner) || is_connected(n, s->validators->members.v[i].org, &since))
            return false;
    return s->tip->height == 0;
}

/* In words: what agreement waits for, and what would unblock it. */
static void say_why(struct node *n, const struct replica_status *s, const struct rpc_why_reply *r, struct buf *b)
{
    const char *halted = replica_halted(n->replica);
    if (halted != NULL) {
        buf_printf(b, "This node stopped: %s", halted);
        return;
    }
    if (n->no_votes[0] != 0)
        buf_printf(b, "This node does not vote: %s ", n->no_votes);
    const char *no_vote = n->no_votes[0] == 0 ? replica_no_vote(n->replica) : NULL;
    if (no_vote != NULL)
        buf_printf(b, "This node does not vote: %s. ", no_vote);
    if (s->syncing) {
        buf_printf(b, "Others are ahead; this node fetches what it missed.");
        return;
    }
    if (knows_the_founding_alone(n, s)) {
        buf_printf(b,
                   "This node has reached nobody, and knows the others by the founding alone. If they have other keys since: stop it, give "
                   "it the record with ententd import %s PACK (entente pack makes one, at any partner), and start it.",
                   n->dir);
        return;
    }
    if (r->round < 0) {
        buf_printf(b, "Nothing waits for a decision. The ledger is idle.");
        return;
    }
    size_t away = 0;
    for (size_t i = 0; i < r->missing.n; i++)
        away += !r->missing.v[i].connected;
    size_t in_reach = s->validators->members.n - away;
    if (in_reach < r->needed)
        buf_printf(b, "%" PRIu64 " of %zu nodes must sign; only %zu are within reach. Absent:", r->needed, s->validators->members.n, in_reach);
    else
        buf_printf(b, "A quorum is within reach; it has not agreed yet (round %" PRId64 "). Not signed:", r->round);
    for (size_t i = 0; i < r->missing.n; i++)
        if (!r->missing.v[i].connected || in_reach >= r->needed)
            buf_printf(b, " %.*s", SPAN_FMT(r->missing.v[i].org));
    if (in_reach < r->needed)
        buf_printf(b, ". It goes on when %" PRIu64 " of them %s back.", r->needed - in_reach, r->needed - in_reach == 1 ? "is" : "are");
    else
        buf_printf(b, ".");
}

static void unfreeze(struct node *n, struct server_call *call)
{
    static const struct rpc_nothing nothing;
    struct err err;
    enum status st = replica_unfreeze(n->replica, &err);
    if (st == ST_OK)
        server_answer(call, &nothing);
    else
        server_refuse(call, st, err.text);
}

static void survivor(struct node *n, struct server_call *call)
{
    struct arena a CLEANUP(arena_deinit);
    struct epoch_survivor r;
    struct err err;
    arena_init(&a, 16 << 20);
    enum status st = replica_survivor(n->replica, &a, &r, &err);
    if (st == ST_OK)
        server_answer(call, &r);
    else
        server_refuse(call, st, err.text);
}

static void why(struct node *n, struct server_call *call)
{
    struct replica_status s;
    struct consensus_round_status rs = {0};
    struct rpc_absent missing[LIMIT_VALIDATORS];
    replica_status(n->replica, &s);
    const struct validator_list *set = &s.validators->members;
    struct rpc_why_reply r = {.height = s.consensus.height,
                              .round = s.consensus.round,
                              .step = span_str(step_text[s.consensus.step]),
                              .step_ms = clock_mono_ms(&clock_system) - s.step_since_mono_ms,
                              .needed = s.consensus.quorum,
                              .missing = {0, missing}};
    int32_t round = s.consensus.round < 0 ? 0 : s.consensus.round;
    r.proposer = set->v[consensus_proposer(s.consensus.height, round, (uint32_t)set->n)].org;
    if (s.consensus.round >= 0 && replica_round(n->replica, s.consensus.round, &rs)) {
        r.prevotes = rs.prevotes_alike;
        r.precommits = rs.precommits_alike;
    }
    for (uint32_t i = 0; s.consensus.round >= 0 && i < set->n; i++) {
        struct rpc_absent *x = &missing[r.missing.n];
        if (!((s.consensus.missing >> i) & 1) || span_eq(set->v[i].org, n->cfg.partner))
            continue;
        *x = (struct rpc_absent){.org = set->v[i].org};
        x->connected = is_connected(n, x->org, &x->since_ms);
        r.missing.n++;
    }
    struct buf b CLEANUP(buf_deinit);
    char words[1024];
    buf_init(&b, 4096);
    say_why(n, &s, &r, &b);
    server_showable(buf_cstr(&b), words, sizeof words);
    r.words = span_str(words);
    server_answer(call, &r);
}

static void submit(struct node *n, struct server_call *call, const struct rpc_submit *q)
{
    struct err err;
    enum verdict verdict;
    ASSERT(n->n_pending < BATCH_MAX);
    struct pending *p = &n->pending[n->n_pending];
    memset(p, 0, sizeof *p);
    const char *halted = replica_halted(n->replica);
    if (halted != NULL) {
        server_refuse(call, ST_BUSY, halted);
        return;
    }
    enum status st = replica_submit(n->replica, q->submission, &p->reply.id, &verdict, p->why, &err);
    if (st != ST_OK) {
        server_refuse(call, st, err.text);
        return;
    }
    p->call = call;
    p->reply.verdict = verdict;
    p->reply.why = span_str(p->why);
    if (text_check(p->reply.why, false, NULL) != ST_OK)
        p->reply.why = span_str("");
    n->n_pending++;
}

/* After the acknowledgement: st says whether what was staged is durable. */
void ask_replica_pending(struct node *n, enum status st, const char *text)
{
    for (size_t i = 0; i < n->n_pending; i++) {
        if (st != ST_OK && n->pending[i].reply.verdict == V_OK)
            server_refuse(n->pending[i].call, st, text);
        else
            server_answer(n->pending[i].call, &n->pending[i].reply);
    }
    n->n_pending = 0;
}

static bool answer_entry(struct node *n, struct server_call *call, const struct hash *id, bool last)
{
    struct entry_status s;
    struct err err;
    enum status st = replica_entry(n->replica, id, &s, &err);
    if (st != ST_OK) {
        server_refuse(call, st, err.text);
        return true;
    }
    if (s.state == ENTRY_WAITING && !last)
        return false;
    struct rpc_entry_reply r = {.state = (enum rpc_state)s.state,
                                .leaf = s.leaf,
                                .height = s.height,
                                .signatures = s.signatures,
                                .verdict = s.verdict,
                                .why = span_str(s.why)};
    server_answer(call, &r);
    return true;
}

static void entry(struct node *n, struct server_call *call, const struct rpc_entry *q)
{
    bool last = q->timeout_ms == 0 || n->n_waiters == WAITERS_MAX;
    if (!answer_entry(n, call, &q->id, last))
        n->waiters[n->n_waiters++] =
            (struct waiter){.call = call, .id = q->id, .until_ms = clock_mono_ms(&clock_system) + q->timeout_ms};
}

void ask_replica_waiters(struct node *n, uint64_t now_ms)
{
    for (size_t i = 0; i < n->n_waiters;) {
        struct waiter *w = &n->waiters[i];
        bool late = now_ms >= w->until_ms || server_gone(w->call);
        if ((n->blocks || late) && answer_entry(n, w->call, &w->id, late))
            *w = n->waiters[--n->n_waiters];
        else
            i++;
    }
    n->blocks = false;
}

void ask_replica(struct node *n, struct job *j)
{
    if (j->method == METHOD_status)
        status(n, j->call);
    else if (j->method == METHOD_peers)
        peers(n, j->call);
    else if (j->method == METHOD_why)
        why(n, j->call);
    else if (j->method == METHOD_survivor)
        survivor(n, j->call);
    else if (j->method == METHOD_unfreeze)
        unfreeze(n, j->call);
    else if (j->method == METHOD_submit)
        submit(n, j->call, j->request);
    else if (j->method == METHOD_entry)
        entry(n, j->call, j->request);
    else
        server_refuse(j->call, ST_UNSUPPORTED, "no such question");
}
