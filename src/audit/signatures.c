#include "audit/signatures.h"
#include <pthread.h>
#include <unistd.h>
#include "ledger/leaf.h"

enum { THREADS_MAX = 16, LEAVES_EACH = 16 }; /* fewer leaves than that are not worth a thread */

/* Takes leaves from, from + step, ... */
struct worker {
    pthread_t thread;
    struct ed25519_checked keys;
    struct arena a;
    const struct span_list *leaves;
    bool *good;
    size_t from, step;
};

struct signatures {
    struct worker workers[THREADS_MAX];
    size_t cores, cap;
    bool *good;
};

struct signatures *signatures_new(void)
{
    struct signatures *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    s->cores = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
    for (size_t i = 0; i < s->cores; i++)
        arena_init(&s->workers[i].a, 0);
    return s;
}

void signatures_free(struct signatures *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->cores; i++)
        arena_deinit(&s->workers[i].a);
    free(s->good);
    free(s);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (size_t i = w->from; i < w->leaves->n; i += w->step) {
        struct leaf leaf;
        struct err err;
        arena_reset(&w->a);
        w->good[i] = leaf_parse(w->leaves->v[i], &w->a, &leaf, &err) == ST_OK &&
                     leaf_verify_once(&w->keys, &leaf) == ST_OK;
    }
    return NULL;
}

const bool *signatures_check(struct signatures *s, const struct span_list *leaves)
{
    if (leaves->n > s->cap) {
        s->cap = leaves->n;
        s->good = realloc(s->good, s->cap * sizeof *s->good);
        ASSERT(s->good != NULL);
    }
    size_t n = leaves->n / LEAVES_EACH, started = 1;
    n = n < 1 ? 1 : n > s->cores ? s->cores : n;
    for (size_t i = 0; i < n; i++) {
        struct worker *w = &s->workers[i];
        w->leaves = leaves;
        w->good = s->good;
        w->from = i;
        w->step = n;
    }
    while (started < n && pthread_create(&s->workers[started].thread, NULL, work, &s->workers[started]) == 0)
        started++;
    (void)work(&s->workers[0]);
    for (size_t i = 1; i < n; i++) {
        if (i < started)
            (void)pthread_join(s->workers[i].thread, NULL);
        else
            (void)work(&s->workers[i]);
    }
    return s->good;
}
