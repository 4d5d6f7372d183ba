/* net_soak SECONDS: four nodes that talk, restart and change their lists under each other. Without Criterion,
 * so that it runs under TSan. */
#include <stdatomic.h>
#include "tools.h"

static struct alliance a;
static atomic_bool stop;
static atomic_uint sent;

/* Nodes come and go under it: its own node's net is used under the lock that restarts it. */
static pthread_mutex_t net_lock[MEMBERS_MAX];

static void *talk(void *arg)
{
    size_t me = (size_t)(uintptr_t)arg;
    static uint8_t zeros[200000];
    while (!atomic_load(&stop)) {
        uint32_t r;
        rng_fill(&rng_system, &r, sizeof r);
        size_t n = r % 16 == 0 ? 1 + r % sizeof zeros : 1 + r % 500;
        (void)pthread_mutex_lock(&net_lock[me]);
        struct span frames[2] = {span_of(zeros, n), span_of(zeros, 1 + n / 2)};
        if (a.node[me].net != NULL && r % 3 == 0)
            atomic_fetch_add(&sent, (unsigned)net_broadcast(a.node[me].net, true, frames, 1 + r % 2));
        else if (a.node[me].net != NULL)
            atomic_fetch_add(&sent, net_send(a.node[me].net, span_str(a.m[(me + 1) % a.n].org),
                                             span_of(zeros, n)) == ST_OK);
        if (a.node[me].net != NULL)
            (void)status_of(&a, me, (me + 1) % a.n);
        (void)pthread_mutex_unlock(&net_lock[me]);
        sleep_ms(1);
    }
    return NULL;
}

static int fail(const char *what)
{
    (void)fprintf(stderr, "net_soak: %s\n", what);
    return 1;
}

static bool restart(size_t i)
{
    struct err err = {0};
    (void)pthread_mutex_lock(&net_lock[i]);
    node_stop(&a, i);
    enum status st = ST_LOCKED;
    for (int k = 0; k < 1500 && st == ST_LOCKED; k++, sleep_ms(20))
        st = node_start(&a, i, true, &err);
    (void)pthread_mutex_unlock(&net_lock[i]);
    if (st != ST_OK)
        (void)fprintf(stderr, "net_soak: %s\n", err.text);
    return st == ST_OK;
}

int main(int argc, char **argv)
{
    unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 3;
    pthread_t t[4];
    struct err err = {0};
    suite_init();
    alliance_make(&a, 4);
    alliance_start(&a);
    for (size_t i = 0; i < a.n; i++)
        (void)pthread_mutex_init(&net_lock[i], NULL);
    for (size_t i = 0; i < a.n; i++)
        if (pthread_create(&t[i], NULL, talk, (void *)(uintptr_t)i) != 0)
            return fail("no thread");
    uint64_t until = clock_mono_ms(&clock_system) + seconds * 1000;
    for (unsigned round = 0; clock_mono_ms(&clock_system) < until; round++) {
        if (round % 2 == 0 && !restart(round / 2 % a.n))
            return fail("a node did not start again");
        if (round % 2 == 1 && node_update(&a, round / 2 % a.n, &err) != ST_OK)
            return fail(err.text);
        sleep_ms(100);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < a.n; i++)
        (void)pthread_join(t[i], NULL);
    for (size_t i = 0; i < a.n; i++)
        for (size_t k = 0; k < a.n; k++)
            if (i != k && !wait_linked(&a, i, k))
                return fail("the mesh did not come back");
    alliance_free(&a);
    sleep_ms(500); /* nng frees what we reaped in a thread of its own, and nng_fini takes the queue of deadlines from under it */
    nng_fini();
    suite_fini();
    (void)printf("net_soak: %u frames sent\n", atomic_load(&sent));
    return atomic_load(&sent) > 0 ? 0 : fail("nothing was sent");
}
