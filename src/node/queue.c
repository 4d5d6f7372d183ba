/* Jobs for a thread, in one lane for each peer and one for the local socket. Within a lane they keep their order; the lanes
 * take turns, so that whoever sends much waits behind himself. */
#include "node/internal.h"

enum { LANE_JOBS = 4, LANE_BYTES = 64 << 10 }; /* of one peer's lane, in one batch; but for the first job */

/* A wait in one piece: its clock stands while the machine sleeps (wait_ms), and the deadlines do not. */
enum { WAIT_MAX_MS = 1000 };

/* A fault costs its sender's lane twice as much as the one before, up to a second, until ten seconds pass without. */
enum { PENALTY_MAX_MS = 1000, PENALTY_ENDS_MS = 10000, IDLE_FREE_US = 50000, IDLE_TIMES = 3 };

static const struct span no_org = {NULL, 0};

void queue_init(struct queue *q)
{
    *q = (struct queue){.n_lanes = 1};
    ASSERT(pthread_mutex_init(&q->lock, NULL) == 0);
    ASSERT(pthread_cond_init(&q->cond, NULL) == 0);
}

void queue_deinit(struct queue *q)
{
    for (size_t i = 0; i < q->n_lanes; i++)
        jobs_free(q->lanes[i].first);
    (void)pthread_cond_destroy(&q->cond);
    (void)pthread_mutex_destroy(&q->lock);
}

void jobs_free(struct job *j)
{
    for (struct job *next; j != NULL; j = next) {
        next = j->next;
        if (j->call != NULL)
            server_refuse(j->call, ST_CLOSED, "the node stops");
        free(j);
    }
}

struct job *job_new(enum job_type type, struct span org, struct span bytes)
{
    struct job *j = calloc(1, sizeof *j + bytes.n);
    ASSERT(j != NULL);
    j->type = type;
    j->org_n = org.n < sizeof j->org ? org.n : sizeof j->org;
    if (j->org_n != 0)
        memcpy(j->org, org.p, j->org_n);
    j->n = bytes.n;
    if (bytes.n != 0)
        memcpy(j->bytes, bytes.p, bytes.n);
    return j;
}

static size_t size_of(const struct job *j)
{
    return sizeof *j + j->n;
}

/* Lane 0 is the local socket's. NULL: there are more peers than an alliance has. */
static struct lane *lane_of(struct queue *q, struct span org, bool add)
{
    if (org.n == 0)
        return &q->lanes[0];
    for (size_t i = 1; i < q->n_lanes; i++)
        if (span_eq(span_of(q->lanes[i].org, q->lanes[i].org_n), org))
            return &q->lanes[i];
    if (!add || q->n_lanes == LANES_MAX || org.n > sizeof q->lanes[0].org)
        return NULL;
    struct lane *l = &q->lanes[q->n_lanes++];
    memcpy(l->org, org.p, org.n);
    l->org_n = org.n;
    return l;
}

static void append(struct lane *l, struct job *j)
{
    l->bytes += size_of(j);
    if (l->last != NULL)
        l->last->next = j;
    else
        l->first = j;
    l->last = j;
}

/* The link is gone: frames of it that wait because of its faults, or are too many, are not worth the wait of the next link's.
 * Nothing is lost by it that is not asked for again. */
static struct job *drop_frames(struct lane *l, uint64_t now)
{
    struct job *dropped = NULL, *list = l->first;
    if (!l->paused && now >= l->not_before_ms)
        return NULL;
    l->first = l->last = NULL;
    l->bytes = 0;
    for (struct job *next; list != NULL; list = next) {
        next = list->next;
        list->next = NULL;
        if (list->type != JOB_FRAME) {
            append(l, list);
            continue;
        }
        list->next = dropped;
        dropped = list;
    }
    return dropped;
}

void queue_drop_gone(struct queue *q)
{
    struct job *dropped = NULL;
    (void)pthread_mutex_lock(&q->lock);
    struct lane *l = &q->lanes[0];
    struct job *list = l->first;
    l->first = l->last = NULL;
    l->bytes = 0;
    for (struct job *next; list != NULL; list = next) {
        next = list->next;
        list->next = NULL;
        if (list->call == NULL || !server_gone(list->call)) {
            append(l, list);
            continue;
        }
        list->next = dropped;
        dropped = list;
    }
    (void)pthread_mutex_unlock(&q->lock);
    jobs_free(dropped); /* answers into the void, which frees them */
}

bool queue_put(struct queue *q, struct job *j, bool *ret_enough)
{
    struct job *dropped = NULL;
    *ret_enough = false;
    (void)pthread_mutex_lock(&q->lock);
    struct lane *l = q->stopping ? NULL : lane_of(q, span_of(j->org, j->org_n), true);
    bool taken = l != NULL && (j->type != JOB_FRAME || l->bytes + size_of(j) <= LANE_BYTES_MAX);
    if (taken) {
        if (j->type == JOB_DOWN)
            dropped = drop_frames(l, clock_mono_ms(&clock_system));
        append(l, j);
        if (j->type == JOB_FRAME && l->bytes > LIMIT_PEER_INBOX_BYTES) {
            l->slowed += !l->paused;
            l->paused = *ret_enough = true;
        }
    }
    (void)pthread_mutex_unlock(&q->lock);
    if (taken) /* not under the lock, for who wakes wants it */
        (void)pthread_cond_signal(&q->cond);
    jobs_free(dropped);
    if (!taken) /* a lost frame is asked for again; a question is told */
        jobs_free(j);
    return taken;
}

static bool ready(const struct lane *l, uint64_t now)
{
    return l->first != NULL && now >= l->not_before_ms;
}

/* Is a job to be had? If not, *ret_until is when one may be. */
static bool any_ready(const struct queue *q, uint64_t now, uint64_t *ret_until)
{
    for (size_t i = 0; i < q->n_lanes; i++) {
        if (ready(&q->lanes[i], now))
            return true;
        if (q->lanes[i].first != NULL && q->lanes[i].not_before_ms < *ret_until)
            *ret_until = q->lanes[i].not_before_ms;
    }
    return false;
}

static struct job *shift(struct lane *l)
{
    struct job *j = l->first;
    l->first = j->next;
    if (l->first == NULL)
        l->last = NULL;
    l->bytes -= size_of(j);
    j->next = NULL;
    return j;
}

/* One job from each lane that has its turn, and again, until all have had theirs. */
static struct job *collect(struct queue *q, size_t max, uint64_t now)
{
    struct job *first = NULL, **end = &first;
    size_t jobs[LANES_MAX] = {0}, bytes[LANES_MAX] = {0}, n = 0;
    for (bool any = true; any && n < max;) {
        any = false;
        for (size_t k = 0; k < q->n_lanes && n < max; k++) {
            size_t i = (q->turn + k) % q->n_lanes;
            struct lane *l = &q->lanes[i];
            bool spent = i != 0 && (jobs[i] >= LANE_JOBS || bytes[i] >= LANE_BYTES);
            if (spent || !ready(l, now))
                continue;
            bytes[i] += size_of(l->first);
            jobs[i]++;
            *end = shift(l);
            end = &(*end)->next;
            n++;
            any = true;
        }
    }
    q->turn = (q->turn + 1) % q->n_lanes;
    return first;
}

struct job *queue_take(struct queue *q, size_t max, uint64_t until_ms)
{
    (void)pthread_mutex_lock(&q->lock);
    struct job *list = NULL;
    while (!q->stopping && list == NULL) {
        uint64_t now = clock_mono_ms(&clock_system), until = until_ms;
        if (any_ready(q, now, &until))
            list = collect(q, max, now);
        else if (now >= until_ms)
            break;
        else
            wait_ms(&q->cond, &q->lock, until <= now ? 0 : until - now < WAIT_MAX_MS ? until - now : WAIT_MAX_MS);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return list;
}

void queue_hold(struct queue *q, struct span org, uint64_t ms)
{
    uint64_t now = clock_mono_ms(&clock_system);
    (void)pthread_mutex_lock(&q->lock);
    struct lane *l = lane_of(q, org, false);
    if (l != NULL && !span_eq(org, no_org)) {
        l->penalty_ms = now > l->held_at_ms + PENALTY_ENDS_MS ? 1 : 2 * l->penalty_ms + 1;
        if (l->penalty_ms > PENALTY_MAX_MS)
            l->penalty_ms = PENALTY_MAX_MS;
        l->held_at_ms = now;
        l->not_before_ms = (l->not_before_ms > now ? l->not_before_ms : now) + ms;
        if (l->not_before_ms < now + l->penalty_ms)
            l->not_before_ms = now + l->penalty_ms;
    }
    (void)pthread_mutex_unlock(&q->lock);
}

void queue_idle(struct queue *q, struct span org, uint64_t us)
{
    uint64_t now = clock_mono_ms(&clock_system);
    (void)pthread_mutex_lock(&q->lock);
    struct lane *l = lane_of(q, org, false);
    if (l != NULL && !span_eq(org, no_org)) {
        if (now >= l->idle_from_ms + 1000) {
            l->idle_from_ms = now;
            l->idle_us = 0;
        }
        l->idle_us += us;
        if (l->idle_us > IDLE_FREE_US)
            l->owed_us += IDLE_TIMES * us;
        l->not_before_ms = (l->not_before_ms > now ? l->not_before_ms : now) + l->owed_us / 1000;
        l->owed_us %= 1000;
    }
    (void)pthread_mutex_unlock(&q->lock);
}

bool queue_resumed(struct queue *q, uint8_t ret_org[64], size_t *ret_n)
{
    bool found = false;
    (void)pthread_mutex_lock(&q->lock);
    for (size_t i = 1; i < q->n_lanes && !found; i++) {
        struct lane *l = &q->lanes[i];
        if (!l->paused || l->bytes > LIMIT_PEER_INBOX_BYTES / 2)
            continue;
        found = true;
        l->paused = false;
        memcpy(ret_org, l->org, l->org_n);
        *ret_n = l->org_n;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return found;
}

uint64_t queue_slowed(struct queue *q, struct span org)
{
    (void)pthread_mutex_lock(&q->lock);
    const struct lane *l = lane_of(q, org, false);
    uint64_t n = l == NULL ? 0 : l->slowed;
    (void)pthread_mutex_unlock(&q->lock);
    return n;
}

bool queue_stopping(struct queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    bool stopping = q->stopping;
    (void)pthread_mutex_unlock(&q->lock);
    return stopping;
}

void queue_stop(struct queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->stopping = true;
    (void)pthread_cond_broadcast(&q->cond);
    (void)pthread_mutex_unlock(&q->lock);
}
