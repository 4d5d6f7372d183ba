#include "node/internal.h"

void queue_init(struct queue *q)
{
    pthread_condattr_t attr;
    *q = (struct queue){0};
    ASSERT(pthread_mutex_init(&q->lock, NULL) == 0);
    ASSERT(pthread_condattr_init(&attr) == 0);
    ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&q->cond, &attr) == 0);
    (void)pthread_condattr_destroy(&attr);
}

void queue_deinit(struct queue *q)
{
    for (struct job *j = q->first, *next; j != NULL; j = next) {
        next = j->next;
        if (j->call != NULL)
            server_refuse(j->call, ST_CLOSED, "the node stops");
        free(j);
    }
    (void)pthread_cond_destroy(&q->cond);
    (void)pthread_mutex_destroy(&q->lock);
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

bool queue_put(struct queue *q, struct job *j)
{
    (void)pthread_mutex_lock(&q->lock);
    bool taken = !q->stopping && (j->type != JOB_FRAME || q->bytes + j->n <= QUEUE_BYTES_MAX);
    if (taken) {
        q->bytes += j->n;
        if (q->last != NULL)
            q->last->next = j;
        else
            q->first = j;
        q->last = j;
        (void)pthread_cond_signal(&q->cond);
    }
    (void)pthread_mutex_unlock(&q->lock);
    if (!taken) { /* a lost frame is asked for again; a question is told */
        if (j->call != NULL)
            server_refuse(j->call, ST_CLOSED, "the node stops");
        free(j);
    }
    return taken;
}

/* pthread_cond_timedwait wants CLOCK_MONOTONIC; ours counts sleep too (CLOCK_BOOTTIME): wait by the difference. */
static void wait_until(struct queue *q, uint64_t until_ms)
{
    uint64_t now = clock_mono_ms(&clock_system);
    uint64_t left = until_ms > now ? until_ms - now : 0;
    struct timespec ts;
    if (left > 1000)
        left = 1000;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += (time_t)(left / 1000);
    ts.tv_nsec += (long)(left % 1000) * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&q->cond, &q->lock, &ts);
}

struct job *queue_take(struct queue *q, size_t max, uint64_t until_ms)
{
    (void)pthread_mutex_lock(&q->lock);
    while (q->first == NULL && !q->stopping && clock_mono_ms(&clock_system) < until_ms)
        wait_until(q, until_ms);
    struct job *list = q->stopping ? NULL : q->first, *last = NULL;
    struct job *j = list;
    for (size_t i = 0; i < max && j != NULL; i++, j = j->next) {
        q->bytes -= j->n;
        last = j;
    }
    if (last != NULL) {
        q->first = last->next;
        last->next = NULL;
        if (q->first == NULL)
            q->last = NULL;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return list;
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
