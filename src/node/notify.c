/* Reminders: when a seat of this organisation owes something, the operator's command is run (the setting notify). A thread
 * of its own looks at a snapshot of the store and runs the command; agreement never waits for it. */
#include "gov/query.h"
#include "ledger/rows.h"
#include "node/child.h"
#include "node/internal.h"
#include "node/nudges.h"
#include "node/regular.h"
#include "node/told.h"

/* It looks a moment after it started, so that the node has heard whether it is behind; once a second at most; and after a
 * failure not for ten seconds. */
enum { FIRST_MS = 5000, LOOK_MS = 1000, FAILED_MS = 10000, LIMIT_MS = 30000, TITLE_MAX = 200, ARENA_MAX = 256 << 20 };

struct notify {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    atomic_bool stopping;
    atomic_bool behind;  /* others have blocks that this node has not: what it sees is old */
    atomic_ullong height; /* of the newest block, by the replica's thread */
    atomic_bool poked;   /* there is a nudge */
    uint64_t nudge_at_ms, nudge_wait_ms; /* wall clock: after a failure, not before; and how long the next pause is */
    const char *path;    /* of the file that says what was told */
    struct buf told;     /* its bytes, whether or not they could be written */
    bool loaded;
};

struct pass {
    struct node *n;
    struct arena a, scratch; /* scratch is emptied at will */
    struct told_row_list rows;
    struct told_due_list due;
    struct span *input; /* of the command, for each due */
    bool nudged;        /* one nudge is due besides: */
    struct hash nudge;
    struct told_due nudge_due;
    struct span nudge_input;
    uint64_t next_ms;   /* wall clock */
    struct err err;
};

/* A regular report is told once, and is nothing that is owed. */
static enum occasion occasion(const struct told_due *d)
{
    return regular_is(d->owed) ? OCCASION_REPORT : d->occasion;
}

/* Its title, when it is here and can be shown: one line. */
static void put_title(struct pass *p, const struct view *v, const struct query_owed *o, struct reminder *r)
{
    struct pack_prose_list l = {0};
    struct span text = {NULL, 0};
    if (HAS(o, query_owed_key_about))
        text = o->about;
    else if (HAS(o, query_owed_key_title) && rows_prose(v, o->leaf, 1, &p->a, &l, &p->err) == ST_OK)
        for (size_t i = 0; i < l.n; i++) {
            struct hash h;
            leaf_prose_digest(&l.v[i].prose, &h);
            if (hash_eq(&h, &o->title))
                text = l.v[i].prose.text;
        }
    if (text.n == 0 || text.n > TITLE_MAX || text_check(text, false, NULL) != ST_OK)
        return;
    r->title = text;
    SET_HAS(r, reminder_key_title);
}

/* The report itself, as text and as JSON. The text is in *b. */
static enum status put_report(struct pass *p, const struct view *v, const struct query_owed *o, struct buf *b, struct reminder *r)
{
    if (!regular_is(o))
        return ST_OK;
    enum status st = regular_make(v, o->id, o->edition, 0, clock_wall_ms(&clock_system), &p->a, &p->scratch, &r->report, &p->err);
    if (st != ST_OK)
        return st;
    query_report_text(&r->report, p->n->name, b);
    r->text = buf_span(b);
    SET_HAS(r, reminder_key_text);
    SET_HAS(r, reminder_key_report);
    return b->failed != ST_OK ? err_set(&p->err, b->failed, "a report is too large") : ST_OK;
}

/* by: of a nudge; or NULL. */
static enum status put_input(struct pass *p, const struct view *v, const struct told_due *d, const struct nudge *by, struct span *ret)
{
    const struct node *n = p->n;
    const struct query_owed *o = d->owed;
    struct buf b CLEANUP(buf_deinit), text CLEANUP(buf_deinit);
    struct reminder r = {.occasion = occasion(d),
                         .alliance = n->name,
                         .alliance_id = n->alliance,
                         .org = n->cfg.partner,
                         .seats = d->seats,
                         .id = o->id,
                         .type = o->type,
                         .task = o->task,
                         .words = o->words,
                         .deadline_ms = o->deadline_ms,
                         .next = o->next};
    if (HAS(o, query_owed_key_deadline_ms))
        SET_HAS(&r, reminder_key_deadline_ms);
    if (by != NULL) {
        r.by = by->seat;
        r.nudged_ms = by->at_ms;
        SET_HAS(&r, reminder_key_by);
        SET_HAS(&r, reminder_key_nudged_ms);
    }
    put_title(p, v, o, &r);
    buf_init(&b, 8 << 20);
    buf_init(&text, 1 << 20);
    enum status st = put_report(p, v, o, &text, &r);
    if (st == ST_OK)
        st = codec_check(&reminder_desc, &r, &p->err);
    if (st == ST_OK)
        st = codec_json(&reminder_desc, &r, NULL, NULL, &b);
    buf_u8(&b, '\n');
    if (st == ST_OK && b.failed != ST_OK)
        st = err_set(&p->err, b.failed, "a reminder is too large");
    if (st == ST_OK)
        *ret = arena_dup(&p->a, buf_span(&b));
    return st;
}

enum status notify_owed(const struct view *v, struct span org, struct arena *a, struct query_owed_list *ret, struct err *err)
{
    struct arena scratch CLEANUP(arena_deinit);
    struct boundary tip;
    struct query_inbox in;
    arena_init(&scratch, ARENA_MAX);
    enum status st = rows_newest_boundary(v, &tip, err);
    if (st == ST_OK)
        st = query_inbox(v, org, NULL, a, &in, err);
    if (st == ST_OK)
        st = query_reading_tasks(v, org, NULL, tip.time_ms, a, &scratch, &in.readings, err);
    if (st == ST_OK)
        st = query_again(v, org, NULL, tip.time_ms, a, &scratch, &in.again, err);
    if (st == ST_OK)
        query_again_unasked(&in.again);
    return st == ST_OK ? query_owed(&in, a, ret, err) : st;
}

/* What is owed, and the regular reports that are due. */
static enum status inbox(struct pass *p, const struct view *v, const struct told_row_list *before, struct query_owed_list *ret,
                         uint64_t *ret_next_ms)
{
    struct boundary tip;
    enum status st = notify_owed(v, p->n->cfg.partner, &p->a, ret, &p->err);
    if (st == ST_OK)
        st = rows_newest_boundary(v, &tip, &p->err);
    return st == ST_OK ? regular_owed(p->n, v, before, tip.time_ms, clock_wall_ms(&clock_system), &p->a, &p->scratch, ret, ret_next_ms,
                                      &p->err)
                       : st;
}

/* The file, once; then memory says what it says, so that a full disk reminds nobody over and over. */
static enum status load(struct pass *p)
{
    struct notify *y = p->n->notify;
    struct span bytes;
    if (y->loaded)
        return ST_OK;
    enum status st = file_read(y->path, TOLD_FILE_MAX, &p->a, &bytes, &p->err);
    if (st == ST_OK)
        st = told_decode(bytes, &p->a, &p->rows, &p->err);
    if (st == ST_FORMAT)
        log_put(LOG_WARN, "%s: %s. It is made anew: people may be reminded once more", y->path, p->err.text);
    if (st != ST_OK && st != ST_NOTFOUND && st != ST_FORMAT)
        return st;
    if (st != ST_OK)
        p->rows.n = 0;
    y->loaded = true;
    return told_encode(&p->rows, &y->told);
}

/* To the file, when it says something else by now. */
static enum status save(struct pass *p)
{
    struct notify *y = p->n->notify;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, TOLD_FILE_MAX);
    enum status st = told_encode(&p->rows, &b);
    if (st != ST_OK)
        return err_set(&p->err, st, "%s is too large", y->path);
    if (span_eq(buf_span(&b), buf_span(&y->told)))
        return ST_OK;
    buf_reset(&y->told);
    buf_put_span(&y->told, buf_span(&b));
    return file_write(y->path, buf_span(&b), 0600, true, &p->err);
}

/* It fails for what the one thing says; another may go well. */
static bool is_about_content(enum status st)
{
    return st == ST_RANGE || st == ST_FORMAT || st == ST_LIMIT;
}

/* What a person asks seats to look at, one at a time. */
static enum status look_for_nudge(struct pass *p, const struct view *v, const struct query_owed_list *owed, uint64_t now)
{
    struct notify *y = p->n->notify;
    struct nudge by;
    atomic_store(&y->poked, false);
    if (now < y->nudge_at_ms && y->nudge_at_ms - now <= TOLD_AGAIN_MAX_MS) { /* else a clock was set back */
        if (p->next_ms > y->nudge_at_ms)
            p->next_ms = y->nudge_at_ms;
        return ST_OK;
    }
    p->nudge_due = (struct told_due){.occasion = OCCASION_NUDGED};
    p->nudged = nudges_untold(p->n, owed, &p->a, &by, &p->nudge, &p->nudge_due.seats, &p->nudge_due.owed);
    enum status st = p->nudged ? put_input(p, v, &p->nudge_due, &by, &p->nudge_input) : ST_OK;
    if (!is_about_content(st))
        return st;
    log_put(LOG_WARN, "the nudge about %.*s cannot be told to the command of notify: %s. The inbox shows it", SPAN_FMT(p->nudge_due.owed->id),
            p->err.text);
    nudges_told(p->n, &p->nudge);
    p->nudged = false;
    notify_poke(p->n); /* there may be another */
    return ST_OK;
}

/* The input of each command. What cannot be made, by what is in it, keeps nobody from being reminded of the rest. */
static enum status put_inputs(struct pass *p, const struct view *v, uint64_t now)
{
    size_t n = 0;
    for (size_t i = 0; i < p->due.n; i++) {
        struct told_due d = p->due.v[i];
        enum status st = put_input(p, v, &d, NULL, &p->input[n]);
        if (st == ST_OK) {
            p->due.v[n++] = d;
        } else if (regular_is(d.owed) || is_about_content(st)) {
            log_put(LOG_WARN, "the %s %.*s was not made: %s. It is tried again", regular_is(d.owed) ? "report" : "reminder about",
                    SPAN_FMT(d.owed->id), p->err.text);
            told_failed(&p->rows, &d, now);
        } else {
            return st;
        }
    }
    p->due.n = n;
    return ST_OK;
}

/* What is due now, with the input of each command. After it no snapshot is held. */
static enum status look(struct pass *p, uint64_t now)
{
    struct view v;
    struct told_row_list before = {0};
    struct query_owed_list owed;
    uint64_t next = UINT64_MAX;
    enum status st = load(p);
    if (st == ST_OK)
        st = told_decode(buf_span(&p->n->notify->told), &p->a, &before, &p->err);
    if (st != ST_OK)
        return st;
    st = store_read_begin(p->n->store, &v, &p->err);
    if (st != ST_OK)
        return st;
    st = inbox(p, &v, &before, &owed, &next);
    if (st == ST_OK && told_compare(&before, &owed, now, &p->a, &p->rows, &p->due, &p->next_ms) != ST_OK)
        st = err_set(&p->err, ST_LIMIT, "more is owed than fits into memory set aside for it");
    p->next_ms = next < p->next_ms ? next : p->next_ms;
    p->input = st == ST_OK ? arena_array(&p->a, p->due.n + 1, sizeof *p->input) : NULL;
    if (st == ST_OK)
        st = p->input == NULL ? ST_LIMIT : put_inputs(p, &v, now);
    if (st == ST_OK)
        st = look_for_nudge(p, &v, &owed, now);
    store_read_end(p->n->store, &v);
    return st;
}

static bool run(const struct pass *p, const struct told_due *d, struct span input)
{
    struct node *n = p->n;
    struct child_result r;
    const char *why_now = enum_text(&occasion_enum, (uint32_t)occasion(d));
    enum status st = child_run(n->cfg.notify, n->dir, input, LIMIT_MS, &n->notify->stopping, &r);
    if (st == ST_OK)
        log_put(LOG_INFO, "reminded of %.*s %.*s (%s): %zu seats", SPAN_FMT(d->owed->id), SPAN_FMT(d->owed->task), why_now, d->seats.n);
    else
        log_put(LOG_WARN, "no reminder of %.*s %.*s (%s): the command of notify: in node.yaml failed, %s%s%s. It is tried again",
                SPAN_FMT(d->owed->id), SPAN_FMT(d->owed->task), why_now, r.why, r.output[0] == 0 ? "" : ": ", r.output);
    return st == ST_OK;
}

/* False: it failed, and the next one waits. */
static bool tell(struct pass *p, size_t i)
{
    const struct told_due *d = &p->due.v[i];
    bool good = run(p, d, p->input[i]);
    uint64_t now = clock_wall_ms(&clock_system);
    if (good)
        told_done(&p->rows, d, now);
    else if (!atomic_load(&p->n->notify->stopping))
        told_failed(&p->rows, d, now);
    return good;
}

static bool tell_nudge(struct pass *p)
{
    struct notify *y = p->n->notify;
    bool good = run(p, &p->nudge_due, p->nudge_input);
    notify_poke(p->n); /* there may be another, or this one is tried again */
    if (good) {
        nudges_told(p->n, &p->nudge);
        y->nudge_at_ms = y->nudge_wait_ms = 0;
        return true;
    }
    y->nudge_wait_ms = y->nudge_wait_ms == 0 ? TOLD_AGAIN_MS : 2 * y->nudge_wait_ms;
    if (y->nudge_wait_ms > TOLD_AGAIN_MAX_MS)
        y->nudge_wait_ms = TOLD_AGAIN_MAX_MS;
    y->nudge_at_ms = clock_wall_ms(&clock_system) + y->nudge_wait_ms;
    return false;
}

/* One look, and the commands that are due by it. A new block ends it, so that nobody is told who has acted meanwhile.
 * ret_wait_ms: the least time to the next look; ret_next_ms: by the wall clock, when one is due without a new block. */
static void one_pass(struct node *n, uint64_t *ret_wait_ms, uint64_t *ret_next_ms)
{
    struct pass p = {.n = n};
    struct notify *y = n->notify;
    unsigned long long height = atomic_load(&y->height);
    bool good = true;
    arena_init(&p.a, ARENA_MAX);
    arena_init(&p.scratch, ARENA_MAX);
    *ret_wait_ms = LOOK_MS;
    *ret_next_ms = 0;
    enum status st = look(&p, clock_wall_ms(&clock_system));
    for (size_t i = 0; st == ST_OK && good && i < p.due.n && !atomic_load(&y->stopping) && atomic_load(&y->height) == height; i++) {
        good = tell(&p, i);
        st = save(&p);
    }
    if (st == ST_OK && good && p.nudged && !atomic_load(&y->stopping))
        good = tell_nudge(&p);
    if (st == ST_OK && p.due.n == 0) {
        st = save(&p); /* new deadlines, what is no longer owed */
        *ret_next_ms = p.next_ms;
    }
    if (st != ST_OK)
        log_put(LOG_WARN, "no reminders: %s. It is tried again", p.err.text);
    if (st != ST_OK || !good)
        *ret_wait_ms = FAILED_MS;
    arena_deinit(&p.a);
    arena_deinit(&p.scratch);
}

static void pause_ms(struct notify *y, uint64_t ms)
{
    (void)pthread_mutex_lock(&y->lock);
    if (!atomic_load(&y->stopping))
        wait_ms(&y->cond, &y->lock, ms);
    (void)pthread_mutex_unlock(&y->lock);
}

static void *notify_main(void *arg)
{
    struct node *n = arg;
    struct notify *y = n->notify;
    uint64_t wait = FIRST_MS, next = 0;
    unsigned long long seen = 0;
    while (!atomic_load(&y->stopping)) {
        pause_ms(y, wait);
        wait = LOOK_MS;
        unsigned long long height = atomic_load(&y->height);
        bool due = next <= clock_wall_ms(&clock_system);
        if (atomic_load(&y->stopping) || atomic_load(&y->behind) || (height == seen && !due && !atomic_load(&y->poked)))
            continue;
        seen = height;
        one_pass(n, &wait, &next);
    }
    return NULL;
}

void notify_seen(struct node *n)
{
    struct replica_status s;
    if (n->notify == NULL)
        return;
    replica_status(n->replica, &s);
    atomic_store(&n->notify->behind, s.syncing);
    atomic_store(&n->notify->height, s.tip->height);
}

void notify_poke(struct node *n)
{
    if (n->notify != NULL)
        atomic_store(&n->notify->poked, true);
}

void notify_start(struct node *n)
{
    if (n->cfg.notify == NULL)
        return;
    struct notify *y = calloc(1, sizeof *y);
    ASSERT(y != NULL);
    buf_init(&y->told, TOLD_FILE_MAX);
    y->path = file_join(&n->a, n->dir, "reminders");
    ASSERT(pthread_mutex_init(&y->lock, NULL) == 0);
    ASSERT(pthread_cond_init(&y->cond, NULL) == 0);
    n->notify = y;
    ASSERT(pthread_create(&y->thread, NULL, notify_main, n) == 0);
}

void notify_stop(struct node *n)
{
    struct notify *y = n->notify;
    if (y == NULL)
        return;
    (void)pthread_mutex_lock(&y->lock);
    atomic_store(&y->stopping, true);
    (void)pthread_cond_broadcast(&y->cond);
    (void)pthread_mutex_unlock(&y->lock);
    (void)pthread_join(y->thread, NULL);
    (void)pthread_cond_destroy(&y->cond);
    (void)pthread_mutex_destroy(&y->lock);
    buf_deinit(&y->told);
    n->notify = NULL;
    free(y);
}
