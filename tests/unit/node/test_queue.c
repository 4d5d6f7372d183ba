/* Goal: whoever sends much waits behind himself. */
#include <criterion/criterion.h>
#include "node/internal.h"

static bool put(struct queue *q, const char *org, enum job_type type, size_t n, bool *ret_enough)
{
    uint8_t *p = calloc(1, n + 1);
    cr_assert_not_null(p);
    bool taken = queue_put(q, job_new(type, span_str(org), span_of(p, n)), ret_enough);
    free(p);
    return taken;
}

/* How many of org's are in the batch, and at which place the first is. */
static size_t count(struct job *list, const char *org, size_t *ret_first)
{
    size_t n = 0, at = 0;
    for (struct job *j = list, *next; j != NULL; j = next, at++) {
        next = j->next;
        if (span_eqs(span_of(j->org, j->org_n), org) && n++ == 0)
            *ret_first = at;
        free(j);
    }
    return n;
}

Test(queue, lanes_take_turns)
{
    struct queue *q = calloc(1, sizeof *q);
    bool enough;
    size_t first = 99;
    queue_init(q);
    for (size_t i = 0; i < 5000; i++)
        cr_assert(put(q, "flooder", JOB_FRAME, 100, &enough));
    cr_assert(put(q, "honest", JOB_FRAME, 100, &enough));
    cr_expect_eq(count(queue_take(q, BATCH_MAX, 0), "honest", &first), 1);
    cr_expect_leq(first, 2);
    size_t n = count(queue_take(q, BATCH_MAX, 0), "flooder", &first);
    cr_expect(n > 0 && n < 100, "%zu at once", n);
    queue_deinit(q);
    free(q);
}

/* Beyond the limit a peer is not to be read from; below its half it is named once, to be read from again. */
Test(queue, too_much_is_said_and_taken_back)
{
    struct queue *q = calloc(1, sizeof *q);
    bool enough = false;
    size_t n = 0, k, first;
    uint8_t org[64];
    queue_init(q);
    for (; n < 100000 && !enough; n++)
        cr_assert(put(q, "flooder", JOB_FRAME, 1000, &enough));
    cr_assert(enough);
    cr_expect_leq(n * 1000, LIMIT_PEER_INBOX_BYTES);
    cr_expect_eq(queue_slowed(q, span_str("flooder")), 1);
    cr_expect_not(queue_resumed(q, org, &k));
    cr_assert(put(q, "honest", JOB_FRAME, 1000, &enough));
    cr_expect_not(enough);
    for (size_t i = 0; i < n && !queue_resumed(q, org, &k); i++)
        (void)count(queue_take(q, BATCH_MAX, 0), "flooder", &first);
    cr_expect(span_eqs(span_of(org, k), "flooder"));
    cr_expect_not(queue_resumed(q, org, &k));
    for (bool taken = true; taken; n++) /* even one who is read from all the same ends somewhere */
        cr_assert(!(taken = put(q, "flooder", JOB_FRAME, 1 << 20, &enough)) || n < 200000);
    cr_assert(put(q, "honest", JOB_FRAME, 1000, &enough));
    queue_deinit(q);
    free(q);
}

/* Who is held up has its turn later; the others have theirs now. When its link goes, what it was held up with goes too, and
 * what comes and goes itself stays in order. */
Test(queue, a_fault_holds_its_lane_up)
{
    struct queue *q = calloc(1, sizeof *q);
    bool enough;
    size_t first;
    queue_init(q);
    cr_assert(put(q, "flooder", JOB_UP, 0, &enough));
    for (size_t i = 0; i < 10; i++)
        cr_assert(put(q, "flooder", JOB_FRAME, 100, &enough));
    queue_hold(q, span_str("flooder"), 3600000);
    cr_assert(put(q, "honest", JOB_FRAME, 100, &enough));
    cr_expect_eq(count(queue_take(q, BATCH_MAX, 0), "flooder", &first), 0);
    cr_assert(put(q, "flooder", JOB_DOWN, 3, &enough));
    cr_expect_null(queue_take(q, BATCH_MAX, 0));
    const struct job *up = NULL, *down = NULL;
    for (size_t i = 0; i < q->n_lanes; i++)
        if (q->lanes[i].first != NULL)
            up = q->lanes[i].first;
    cr_assert_not_null(up);
    down = up->next;
    cr_expect_eq(up->type, JOB_UP);
    cr_assert_not_null(down);
    cr_expect_eq(down->type, JOB_DOWN);
    cr_expect_null(down->next);
    queue_deinit(q);
    free(q);
}

/* What brings nothing is free for a twentieth of a second; beyond it three times as long is waited. Others are not. */
Test(queue, what_brings_nothing_is_waited_for)
{
    struct queue *q = calloc(1, sizeof *q);
    bool enough;
    size_t first;
    queue_init(q);
    cr_assert(put(q, "flooder", JOB_FRAME, 100, &enough));
    queue_idle(q, span_str("flooder"), 49000);
    cr_expect_eq(count(queue_take(q, BATCH_MAX, 0), "flooder", &first), 1, "within what is free");
    cr_assert(put(q, "flooder", JOB_FRAME, 100, &enough));
    cr_assert(put(q, "honest", JOB_FRAME, 100, &enough));
    queue_idle(q, span_str("honest"), 49000);
    queue_idle(q, span_str("flooder"), 20000000);
    struct job *list = queue_take(q, BATCH_MAX, 0);
    cr_assert_not_null(list);
    cr_expect_eq(count(list, "honest", &first), 1);
    cr_expect_null(queue_take(q, BATCH_MAX, 0), "a minute");
    queue_deinit(q);
    free(q);
}
