#include "ledger/signatures.h"
#include <pthread.h>
#include <unistd.h>
#include "ledger/leaf.h"

enum { AT_ONCE = 8 }; /* leaves that a thread takes: about half a millisecond */

struct worker {
    struct signatures *all;
    pthread_t thread;
    struct ed25519_checked keys;
    struct arena a;
};

/* Leaves from next on are not taken yet; done of those that were are known. */
struct signature_bundle {
    struct signature_bundle *after;
    const struct span *leaves;
    size_t n, next, done;
    struct signature_found *found;
};

struct signatures {
    pthread_mutex_t lock; /* over bundles, their counts, and stopping */
    pthread_cond_t more, done;
    struct signature_bundle *first, **last; /* all that were begun and not ended */
    bool stopping;
    size_t n_threads;
    struct worker workers[1 + SIGNATURE_THREADS_MAX]; /* the first is the caller's */
};

size_t signatures_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores < 1 ? 0 : (size_t)cores - 1;
    return n < SIGNATURE_THREADS_MAX ? n : SIGNATURE_THREADS_MAX;
}

static void check(struct worker *w, struct span bytes, struct signature_found *ret_found)
{
    struct leaf leaf;
    struct err err;
    arena_reset(&w->a);
    if (leaf_parse(bytes, &w->a, &leaf, &err) != ST_OK)
        return;
    ret_found->leaf_hash = leaf.leaf_hash;
    ret_found->good = leaf_verify_once(&w->keys, &leaf) == ST_OK;
}

/* Under the lock, which it gives up meanwhile. b has leaves that were not taken. */
static void some_of(struct worker *w, struct signature_bundle *b)
{
    struct signatures *s = w->all;
    size_t from = b->next, to = b->n - from < AT_ONCE ? b->n : from + AT_ONCE;
    b->next = to;
    (void)pthread_mutex_unlock(&s->lock);
    for (size_t i = from; i < to; i++)
        check(w, b->leaves[i], &b->found[i]);
    (void)pthread_mutex_lock(&s->lock);
    b->done += to - from;
    if (b->done == b->next)
        (void)pthread_cond_signal(&s->done); /* only the caller waits for it */
}

static struct signature_bundle *with_work(const struct signatures *s)
{
    struct signature_bundle *b = s->first;
    while (b != NULL && b->next == b->n)
        b = b->after;
    return b;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct signatures *s = w->all;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        struct signature_bundle *b = with_work(s);
        if (b != NULL)
            some_of(w, b);
        else
            (void)pthread_cond_wait(&s->more, &s->lock);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct signatures *signatures_new(size_t threads)
{
    struct signatures *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    ASSERT(threads <= SIGNATURE_THREADS_MAX);
    s->last = &s->first;
    ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
    ASSERT(pthread_cond_init(&s->more, NULL) == 0);
    ASSERT(pthread_cond_init(&s->done, NULL) == 0);
    for (size_t i = 0; i <= threads; i++) {
        s->workers[i].all = s;
        arena_init(&s->workers[i].a, 0);
    }
    while (s->n_threads < threads && pthread_create(&s->workers[1 + s->n_threads].thread, NULL, work, &s->workers[1 + s->n_threads]) == 0)
        s->n_threads++;
    return s;
}

void signatures_free(struct signatures *s)
{
    if (s == NULL)
        return;
    ASSERT(s->first == NULL);
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_broadcast(&s->more);
    (void)pthread_mutex_unlock(&s->lock);
    for (size_t i = 1; i <= s->n_threads; i++)
        (void)pthread_join(s->workers[i].thread, NULL);
    for (size_t i = 0; i < ARRAY_LEN(s->workers); i++)
        arena_deinit(&s->workers[i].a);
    (void)pthread_cond_destroy(&s->done);
    (void)pthread_cond_destroy(&s->more);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

struct signature_bundle *signatures_begin(struct signatures *s, const struct span_list *leaves)
{
    struct signature_bundle *b = calloc(1, sizeof *b + leaves->n * sizeof *b->found);
    ASSERT(b != NULL);
    b->found = (struct signature_found *)(b + 1);
    b->leaves = leaves->v;
    b->n = leaves->n;
    (void)pthread_mutex_lock(&s->lock);
    *s->last = b;
    s->last = &b->after;
    (void)pthread_cond_broadcast(&s->more);
    (void)pthread_mutex_unlock(&s->lock);
    return b;
}

const struct signature_found *signatures_wait(struct signatures *s, struct signature_bundle *b)
{
    (void)pthread_mutex_lock(&s->lock);
    while (b->done < b->n)
        if (b->next < b->n)
            some_of(&s->workers[0], b);
        else
            (void)pthread_cond_wait(&s->done, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
    return b->found;
}

void signatures_end(struct signatures *s, struct signature_bundle *b)
{
    if (b == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    b->n = b->next;
    while (b->done < b->n)
        (void)pthread_cond_wait(&s->done, &s->lock);
    struct signature_bundle **at = &s->first;
    while (*at != b)
        at = &(*at)->after;
    *at = b->after;
    if (b->after == NULL)
        s->last = at;
    (void)pthread_mutex_unlock(&s->lock);
    free(b);
}
