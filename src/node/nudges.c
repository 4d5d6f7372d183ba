#include "node/nudges.h"
#include <stdlib.h>
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "document/message.h"
#include "gov/query.h"
#include "ledger/rows.h"
#include "node/nudge.h"

enum {
    JOBS_MAX = 16,        /* in one turn */
    LOOK_MS = 500,        /* a new block is noticed within */
    HOLD_MS = 50,         /* a peer's next message waits so long, or longer, after one that nothing came of (queue_hold) */
    ANSWER_MS = 4000,     /* who nudges waits so long for the other node's word */
    AGAIN_MS = 1000,      /* it is sent again after, and twice as long each time, up to */
    AGAIN_MAX_MS = 60000,
    ASKING_MAX = 64,
    ARENA_MAX = 256 << 20
};

/* A person who waits to hear whether it was delivered. */
struct asking {
    struct server_call *call;
    struct hash id;
    uint64_t until_ms; /* monotonic */
};

struct nudges {
    struct node *n;
    struct queue queue;
    pthread_t thread;
    bool running;
    const char *path;
    uint64_t seen_size; /* of the tree, when it was looked at last what is still asked */
    uint64_t look_at_ms;
    struct asking asking[ASKING_MAX];
    size_t n_asking;
    uint64_t faults;
    pthread_mutex_t file_lock; /* before the next: the file is written without that one */
    pthread_mutex_t lock;      /* of the box; this thread alone adds and removes */
    struct nudge_box box;
};

static uint64_t mono_ms(void)
{
    return clock_mono_ms(&clock_system);
}

static uint64_t wall_ms(void)
{
    return clock_wall_ms(&clock_system);
}

static void lock(struct nudges *x)
{
    (void)pthread_mutex_lock(&x->lock);
}

static void unlock(struct nudges *x)
{
    (void)pthread_mutex_unlock(&x->lock);
}

/* Without the lock: a disk may be slow, and who reads the inbox wants it. */
static enum status save(struct nudges *x, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, NUDGE_FILE_MAX);
    (void)pthread_mutex_lock(&x->file_lock);
    lock(x);
    enum status st = nudge_save(&x->box, &b);
    unlock(x);
    if (st != ST_OK)
        st = err_set(err, st, "%s would be too large", x->path);
    else
        st = file_write(x->path, buf_span(&b), 0600, true, err);
    (void)pthread_mutex_unlock(&x->file_lock);
    return st;
}

static void save_or_say(struct nudges *x)
{
    struct err err;
    if (save(x, &err) != ST_OK)
        log_put(LOG_WARN, "nudges: %s", err.text);
}

/* -- By the record -- */

static enum status is_held(const struct view *v, struct span seat, const struct signature *s, struct arena *a, bool *ret_held, struct err *err)
{
    struct query_seats all;
    enum status st = query_seats(v, a, &all, err);
    *ret_held = false;
    for (size_t i = 0; st == ST_OK && i < all.list.n; i++)
        for (size_t k = 0; span_eq(all.list.v[i].seat, seat) && k < all.list.v[i].keys.n; k++) {
            const struct public_key *key = &all.list.v[i].keys.v[k];
            *ret_held = *ret_held || (key->alg == s->alg && hash_eq(&key->key, &s->key));
        }
    return st;
}

/* What both ends check: who signed holds the seat, and something is asked. ST_NOTFOUND: nothing is. */
static enum status check_by_record(struct nudges *x, const struct nudge *n, const struct signature *s, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct view v;
    struct query_owed_list owed;
    bool held;
    arena_init(&a, ARENA_MAX);
    enum status st = store_read_begin(x->n->store, &v, err);
    if (st != ST_OK)
        return st;
    st = is_held(&v, n->seat, s, &a, &held, err);
    if (st == ST_OK && !held)
        st = err_set(err, ST_REFUSED, "the key that signed does not hold the seat %.*s", SPAN_FMT(n->seat));
    if (st == ST_OK)
        st = notify_owed(&v, n->org, &a, &owed, err);
    if (st == ST_OK && nudge_asked(n, &owed, &a, NULL).n == 0)
        st = err_set(err, ST_NOTFOUND, "%.*s asks nothing of %.*s now", SPAN_FMT(n->subject), SPAN_FMT(HAS(n, nudge_key_asked) ? n->asked : n->org));
    store_read_end(x->n->store, &v);
    return st;
}

static enum status check_time(const struct nudge *n, struct err *err)
{
    uint64_t now = wall_ms();
    if (n->at_ms > now + NUDGE_AHEAD_MS)
        return err_set(err, ST_REFUSED, "it is signed for %s, which is to come; is the clock there right?", time_utc(n->at_ms).s);
    if (n->at_ms + NUDGE_CARRY_MS < now)
        return err_set(err, ST_REFUSED, "it was signed at %s, and was not delivered within 7 days", time_utc(n->at_ms).s);
    return ST_OK;
}

/* -- To others -- */

static void send(struct nudges *x, struct span org, const struct record_desc *desc, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    if (message_encode(desc, rec, &b) == ST_OK)
        (void)!links_send(x->n, org, buf_span(&b)); /* what is lost is sent again */
}

static void send_nudge(struct nudges *x, struct nudge_kept *k)
{
    struct msg_nudge m = {.nudge = span_of(k->bytes, k->n), .signature = k->signature};
    send(x, k->is.org, &msg_nudge_desc, &m);
    k->next_ms = mono_ms() + k->wait_ms;
    k->wait_ms = 2 * k->wait_ms < AGAIN_MAX_MS ? 2 * k->wait_ms : AGAIN_MAX_MS;
}

static void send_due(struct nudges *x)
{
    struct err err;
    bool changed = false;
    lock(x);
    for (size_t i = 0; i < x->box.n; i++) {
        struct nudge_kept *k = x->box.v[i];
        if (k->got || k->state != NUDGE_WAITS || mono_ms() < k->next_ms)
            continue;
        if (check_time(&k->is, &err) == ST_OK) {
            send_nudge(x, k);
        } else {
            k->state = NUDGE_FAILED;
            (void)snprintf(k->words, sizeof k->words, "%.250s", err.text);
            changed = true;
        }
    }
    unlock(x);
    if (changed)
        save_or_say(x);
}

static void link_up(struct nudges *x, struct span org)
{
    lock(x);
    for (size_t i = 0; i < x->box.n; i++) {
        struct nudge_kept *k = x->box.v[i];
        if (!k->got && span_eq(k->is.org, org)) {
            k->next_ms = 0;
            k->wait_ms = AGAIN_MS;
        }
    }
    unlock(x);
}

/* -- From the own people -- */

static void fill_state(const struct nudge_kept *k, struct rpc_nudge_state *r)
{
    *r = (struct rpc_nudge_state){.subject = k->is.subject,
                                  .org = k->is.org,
                                  .asked = k->is.asked,
                                  .by = k->is.seat,
                                  .at_ms = k->is.at_ms,
                                  .state = k->state,
                                  .until_ms = k->is.at_ms + NUDGE_CARRY_MS,
                                  .words = span_str(k->words)};
    if (HAS(&k->is, nudge_key_asked))
        SET_HAS(r, rpc_nudge_state_key_asked);
    if (k->words[0] != 0)
        SET_HAS(r, rpc_nudge_state_key_words);
}

static enum status check_own(struct nudges *x, const struct rpc_nudge *q, struct nudge *n, struct err *err)
{
    enum status st = nudge_parse(q->nudge, n, err);
    if (st != ST_OK)
        return st;
    if (!hash_eq(&n->alliance, &x->n->alliance))
        return err_set(err, ST_MISMATCH, "it is signed for another alliance");
    if (!span_eq(nudge_org_of(n->seat), x->n->cfg.partner))
        return err_set(err, ST_REFUSED, "this is the node of %.*s: %.*s nudges from its own partner's node", SPAN_FMT(x->n->cfg.partner),
                       SPAN_FMT(n->seat));
    if (sshsig_verify(&q->signature, SSHSIG_NUDGE, q->nudge) != ST_OK)
        return err_set(err, ST_BADSIG, "the signature of the nudge does not verify");
    st = check_time(n, err);
    return st == ST_OK ? check_by_record(x, n, &q->signature, err) : st;
}

/* After it was added, and without the lock: it stays if it can be saved. got: NULL, or what was added with it. */
static enum status keep_if_saved(struct nudges *x, struct nudge_kept *k, struct nudge_kept *got, struct err *err)
{
    enum status st = save(x, err);
    lock(x);
    struct nudge_kept *both[] = {k, got};
    for (size_t i = 0; i < ARRAY_LEN(both) && both[i] != NULL; i++)
        if (st == ST_OK)
            nudge_settle(both[i]);
        else
            nudge_undo(&x->box, both[i]);
    unlock(x);
    return st;
}

/* To a seat of our own it goes no further. */
static enum status add_own(struct nudges *x, const struct rpc_nudge *q, const struct nudge *n, const struct hash *id, struct err *err)
{
    bool here = span_eq(n->org, x->n->cfg.partner);
    struct nudge_kept *k = NULL, *got = NULL;
    lock(x);
    enum status st = nudge_may_own(&x->box, n, id, here, wall_ms(), err);
    if (st == ST_OK) {
        k = nudge_add(&x->box, q->nudge, &q->signature, false, wall_ms());
        k->wait_ms = AGAIN_MS;
        k->state = here ? NUDGE_DELIVERED : k->state;
        got = here ? nudge_add(&x->box, q->nudge, &q->signature, true, wall_ms()) : NULL;
    }
    unlock(x);
    if (st == ST_OK)
        st = keep_if_saved(x, k, got, err);
    if (st == ST_OK && !here)
        send_nudge(x, k);
    return st;
}

static void answer_asking(struct nudges *x, uint64_t now)
{
    struct rpc_nudge_state r;
    for (size_t i = 0; i < x->n_asking;) {
        struct asking *q = &x->asking[i];
        lock(x);
        const struct nudge_kept *k = nudge_find(&x->box, &q->id, false);
        bool done = k == NULL || k->state != NUDGE_WAITS || now >= q->until_ms;
        if (done && k != NULL) {
            fill_state(k, &r);
            server_answer(q->call, &r);
        } else if (done) {
            server_refuse(q->call, ST_REFUSED, "it was done in the meantime");
        }
        unlock(x);
        if (done)
            *q = x->asking[--x->n_asking];
        else
            i++;
    }
}

static void nudge(struct nudges *x, struct server_call *call, const struct rpc_nudge *q)
{
    struct nudge n;
    struct hash id;
    struct err err;
    sha256(q->nudge, &id);
    enum status st = check_own(x, q, &n, &err);
    if (st == ST_OK)
        st = add_own(x, q, &n, &id, &err);
    if (st != ST_OK && st != ST_EXISTS) { /* asked again, after a break */
        server_refuse(call, st, err.text);
        return;
    }
    if (span_eq(n.org, x->n->cfg.partner))
        notify_poke(x->n);
    x->asking[x->n_asking++] = (struct asking){call, id, mono_ms() + ANSWER_MS};
    if (x->n_asking == ASKING_MAX)
        x->asking[0].until_ms = 0;
    answer_asking(x, mono_ms());
}

static void list(struct nudges *x, struct server_call *call)
{
    struct rpc_nudge_state v[NUDGES_MAX];
    struct rpc_nudges_reply r = {.list = {0, v}};
    lock(x);
    for (size_t i = 0; i < x->box.n; i++)
        if (!x->box.v[i]->got)
            fill_state(x->box.v[i], &v[r.list.n++]);
    server_answer(call, &r);
    unlock(x);
}

/* -- From peers -- */

/* The log has the first, the second, the fourth and so on: a flood does not fill the disk. */
static void fault(struct nudges *x, struct span org, const char *text)
{
    x->faults++;
    if ((x->faults & (x->faults - 1)) == 0)
        log_put(LOG_WARN, "nudges: %.*s sent what no honest node sends (%" PRIu64 " so far, of all): %s", SPAN_FMT(org), x->faults, text);
}

/* NUD-2, NUD-3. What is no fault of the sender has an answer; *ret_fault: it is one, and has none. */
static enum nudge_answer judge(struct nudges *x, struct span org, const struct msg_nudge *m, const struct hash *id, struct err *err,
                               bool *ret_fault)
{
    struct nudge n;
    *ret_fault = true;
    if (nudge_parse(m->nudge, &n, err) != ST_OK)
        return NUDGE_REFUSED;
    if (!hash_eq(&n.alliance, &x->n->alliance) || !span_eq(n.org, x->n->cfg.partner) || !span_eq(nudge_org_of(n.seat), org)) {
        (void)err_set(err, ST_MISMATCH, "a nudge that is not for here, or not of its sender's seats");
        return NUDGE_REFUSED;
    }
    if (sshsig_verify(&m->signature, SSHSIG_NUDGE, m->nudge) != ST_OK) {
        (void)err_set(err, ST_BADSIG, "a nudge whose signature does not verify");
        return NUDGE_REFUSED;
    }
    *ret_fault = false;
    enum status st = check_time(&n, err);
    if (st != ST_OK)
        return NUDGE_REFUSED;
    st = check_by_record(x, &n, &m->signature, err);
    if (st != ST_OK) /* the record there may be ahead of this one */
        return NUDGE_LATER;
    struct nudge_kept *k = NULL;
    lock(x);
    st = nudge_may(&x->box, &n, id, true, wall_ms(), err); /* NUD-4 */
    if (st == ST_OK)
        k = nudge_add(&x->box, m->nudge, &m->signature, true, wall_ms());
    unlock(x);
    if (st == ST_OK)
        st = keep_if_saved(x, k, NULL, err);
    if (st == ST_OK)
        notify_poke(x->n);
    return st == ST_OK ? NUDGE_TAKEN : st == ST_REFUSED ? NUDGE_REFUSED : NUDGE_LATER;
}

/* True: it is new, and kept now. */
static bool take_nudge(struct nudges *x, struct span org, const struct msg_nudge *m, struct err *err)
{
    struct msg_nudge_answer r;
    char words[256];
    bool is_fault = false, here;
    memset(&r, 0, sizeof r);
    sha256(m->nudge, &r.id);
    lock(x);
    here = nudge_find(&x->box, &r.id, true) != NULL;
    unlock(x);
    r.answer = here ? NUDGE_TAKEN : judge(x, org, m, &r.id, err, &is_fault);
    if (is_fault) {
        fault(x, org, err->text);
        return false;
    }
    if (r.answer != NUDGE_TAKEN) {
        (void)snprintf(words, sizeof words, "%.250s", err->text);
        r.words = span_str(words);
        SET_HAS(&r, msg_nudge_answer_key_words);
    }
    send(x, org, &msg_nudge_answer_desc, &r);
    return r.answer == NUDGE_TAKEN && !here;
}

/* True: that was asked. */
static bool take_answer(struct nudges *x, struct span org, const struct msg_nudge_answer *m)
{
    bool changed = false;
    lock(x);
    struct nudge_kept *k = nudge_find(&x->box, &m->id, false);
    bool waits = k != NULL && span_eq(k->is.org, org) && k->state == NUDGE_WAITS;
    if (waits) {
        k->words[0] = 0;
        if (m->answer != NUDGE_TAKEN && HAS(m, msg_nudge_answer_key_words))
            (void)snprintf(k->words, sizeof k->words, "%.*s", SPAN_FMT(m->words));
        if (m->answer != NUDGE_LATER) {
            k->state = m->answer == NUDGE_TAKEN ? NUDGE_DELIVERED : NUDGE_FAILED;
            changed = true;
        }
    }
    unlock(x);
    if (changed)
        save_or_say(x);
    return waits;
}

static void one_frame(struct nudges *x, struct span org, struct span frame)
{
    struct nudge_message m;
    struct err err = {0};
    bool new = false;
    if (nudge_message_decode(frame, &m, &err) != ST_OK)
        fault(x, org, err.text);
    else
        new = m.answer ? take_answer(x, org, &m.reply) : take_nudge(x, org, &m.nudge, &err);
    if (!new)
        queue_hold(&x->queue, org, HOLD_MS);
}

/* -- What is done -- */

static bool is_done(const struct nudge_kept *k, const struct query_owed_list *owed, struct arena *a)
{
    return wall_ms() > k->is.at_ms + nudge_keep_ms || nudge_asked(&k->is, owed, a, NULL).n == 0;
}

/* Of each organisation that one is for: is it asked still? Without the lock: this thread alone adds and removes. */
static void drop_done(struct nudges *x, const struct view *v)
{
    struct nudge_kept *done[NUDGES_MAX];
    size_t n = 0;
    struct err err;
    for (size_t i = 0, end; i < x->box.n; i = end) {
        struct arena a CLEANUP(arena_deinit);
        struct query_owed_list owed;
        struct span org = x->box.v[i]->is.org;
        arena_init(&a, ARENA_MAX);
        if (notify_owed(v, org, &a, &owed, &err) != ST_OK)
            break;
        for (end = i; end < x->box.n && span_eq(x->box.v[end]->is.org, org); end++)
            if (is_done(x->box.v[end], &owed, &a))
                done[n++] = x->box.v[end];
    }
    lock(x);
    for (size_t i = 0; i < n; i++)
        nudge_remove(&x->box, done[i]);
    unlock(x);
    if (n > 0)
        save_or_say(x);
}

static void look(struct nudges *x, uint64_t now)
{
    struct view v;
    struct boundary tip;
    struct err err;
    if (x->box.n == 0 || store_read_begin(x->n->store, &v, &err) != ST_OK)
        return;
    if (rows_newest_boundary(&v, &tip, &err) == ST_OK && (tip.size != x->seen_size || now >= x->look_at_ms)) {
        x->seen_size = tip.size;
        x->look_at_ms = now + 3600000;
        drop_done(x, &v);
    }
    store_read_end(x->n->store, &v);
}

/* -- The thread -- */

static void one_job(struct nudges *x, struct job *j)
{
    struct span org = span_of(j->org, j->org_n);
    if (j->type == JOB_CALL && j->method == METHOD_nudge)
        nudge(x, j->call, j->request);
    else if (j->type == JOB_CALL)
        list(x, j->call);
    else if (j->type == JOB_FRAME)
        one_frame(x, org, span_of(j->bytes, j->n));
    else
        link_up(x, org);
}

static void *nudges_main(void *arg)
{
    struct nudges *x = arg;
    while (!queue_stopping(&x->queue)) {
        struct job *j = queue_take(&x->queue, JOBS_MAX, mono_ms() + LOOK_MS);
        for (struct job *after; j != NULL; j = after) {
            after = j->next;
            one_job(x, j);
            free(j);
        }
        look(x, mono_ms());
        send_due(x);
        answer_asking(x, mono_ms());
    }
    for (size_t i = 0; i < x->n_asking; i++)
        server_refuse(x->asking[i].call, ST_CLOSED, "the node stops; the nudge is kept");
    return NULL;
}

void nudges_open(struct node *n)
{
    struct nudges *x = calloc(1, sizeof *x);
    struct arena a CLEANUP(arena_deinit);
    struct span bytes;
    struct err err;
    ASSERT(x != NULL);
    arena_init(&a, 2 * NUDGE_FILE_MAX);
    x->n = n;
    x->path = file_join(&n->a, n->dir, "nudges");
    n->nudges = x;
    queue_init(&x->queue);
    ASSERT(pthread_mutex_init(&x->lock, NULL) == 0);
    ASSERT(pthread_mutex_init(&x->file_lock, NULL) == 0);
    enum status st = file_read(x->path, NUDGE_FILE_MAX, &a, &bytes, &err);
    if (st == ST_OK)
        st = nudge_load(&x->box, bytes, &n->alliance, &err);
    if (st != ST_OK && st != ST_NOTFOUND)
        log_put(LOG_WARN, "%s: %s. It is begun anew: reminders from persons are lost, and nothing else", x->path, err.text);
    for (size_t i = 0; i < x->box.n; i++)
        x->box.v[i]->wait_ms = AGAIN_MS;
}

void nudges_run(struct node *n)
{
    ASSERT(pthread_create(&n->nudges->thread, NULL, nudges_main, n->nudges) == 0);
    n->nudges->running = true;
}

void nudges_stop(struct node *n)
{
    struct nudges *x = n->nudges;
    if (x == NULL)
        return;
    queue_stop(&x->queue);
    if (x->running)
        (void)pthread_join(x->thread, NULL);
    x->running = false;
}

void nudges_close(struct node *n)
{
    struct nudges *x = n->nudges;
    if (x == NULL)
        return;
    queue_deinit(&x->queue);
    nudge_box_deinit(&x->box);
    (void)pthread_mutex_destroy(&x->file_lock);
    (void)pthread_mutex_destroy(&x->lock);
    free(x);
    n->nudges = NULL;
}

bool nudges_take(struct node *n, struct job *j)
{
    bool enough;
    if (j->type == JOB_UP)
        (void)queue_put(&n->nudges->queue, job_new(JOB_UP, span_of(j->org, j->org_n), (struct span){NULL, 0}), &enough);
    if (j->type != JOB_CALL && !(j->type == JOB_FRAME && nudge_is_message(span_of(j->bytes, j->n))))
        return false;
    j->next = NULL; /* it was in a batch */
    (void)queue_put(&n->nudges->queue, j, &enough);
    return true;
}

void nudges_gone(struct node *n)
{
    queue_drop_gone(&n->nudges->queue);
}

/* -- For other threads -- */

static struct span_list among(struct span_list l, const struct span_list *seats)
{
    size_t n = 0;
    for (size_t i = 0; i < l.n; i++) {
        bool in = seats == NULL;
        for (size_t k = 0; !in && k < seats->n; k++)
            in = span_eq(seats->v[k], l.v[i]);
        if (in)
            l.v[n++] = l.v[i];
    }
    l.n = n;
    return l;
}

bool nudges_any(struct node *n)
{
    lock(n->nudges);
    bool any = n->nudges->box.n > 0;
    unlock(n->nudges);
    return any;
}

enum status nudges_shown(struct node *n, const struct query_owed_list *owed, const struct span_list *seats, struct arena *a,
                         struct query_nudge_list *ret, struct err *err)
{
    struct nudges *x = n->nudges;
    struct query_nudge_list l = {0, arena_array(a, NUDGES_MAX, sizeof *l.v)};
    if (l.v == NULL)
        return err_set(err, ST_LIMIT, "the answer is too large");
    lock(x);
    for (size_t i = 0; i < x->box.n; i++) {
        const struct nudge_kept *k = x->box.v[i];
        const struct query_owed *o = NULL;
        struct span_list asked = k->got ? among(nudge_asked(&k->is, owed, a, &o), seats) : (struct span_list){0, NULL};
        if (asked.n > 0)
            l.v[l.n++] = (struct query_nudge){.id = o->id, .seats = asked, .by = arena_dup(a, k->is.seat), .at_ms = k->is.at_ms, .next = o->next};
    }
    unlock(x);
    *ret = l;
    return ST_OK;
}

bool nudges_untold(struct node *n, const struct query_owed_list *owed, struct arena *a, struct nudge *ret, struct hash *ret_id,
                   struct span_list *ret_seats, const struct query_owed **ret_owed)
{
    struct nudges *x = n->nudges;
    struct err err;
    bool found = false;
    lock(x);
    for (size_t i = 0; !found && i < x->box.n; i++) {
        const struct nudge_kept *k = x->box.v[i];
        if (!k->got || k->told)
            continue;
        *ret_seats = nudge_asked(&k->is, owed, a, ret_owed);
        *ret_id = k->id;
        found = ret_seats->n > 0 && nudge_parse(arena_dup(a, span_of(k->bytes, k->n)), ret, &err) == ST_OK;
    }
    unlock(x);
    return found;
}

void nudges_told(struct node *n, const struct hash *id)
{
    struct nudges *x = n->nudges;
    lock(x);
    struct nudge_kept *k = nudge_find(&x->box, id, true);
    if (k != NULL)
        k->told = true;
    unlock(x);
    if (k != NULL)
        save_or_say(x);
}
