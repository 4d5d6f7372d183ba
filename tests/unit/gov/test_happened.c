/* The index of what time did by itself: the same answers as by looking at every row, over streams of readings and sessions; those
 * of decisions, items and grants are in test_random.c, test_item_random.c and test_grant_random.c. */
#include <criterion/criterion.h>
#include "gov/happened.h"
#include "readings.h"
#include "scan.h"

enum { SEEDS = 12, ACTS = 120 };

TestSuite(happened, .timeout = 300);

static const char more[] = "conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}\n"
                           "sessions:\n  daily: {body: steering, every: month, record: held}\n";

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15)); /* SplitMix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Something is done about one of the readings that wait, or it is left alone. */
static void act(struct world *w, uint64_t *rng)
{
    uint64_t from = next(rng) % 40;
    struct state_reading r;
    char seat[80];
    enum status st = reading_next_owing(&w->v, &w->a, &from, &r, &w->err);
    if (st != ST_OK || next(rng) % 3 == 0)
        return;
    (void)snprintf(seat, sizeof seat, "%.*s/finance", SPAN_FMT(r.org));
    const char *metric = (const char *)arena_dup(&w->a, r.metric).p, *period = (const char *)arena_dup(&w->a, span_of(time_utc(r.period * 86400000).s, 10)).p;
    if (r.standing == READING_OWED)
        (void)readings_report(w, seat, metric, PURPOSE_ACTUAL, period, "7");
    else
        (void)readings_mark(w, "brand/finance", r.number, next(rng) % 3 == 0 ? MARK_DISPUTE : MARK_COUNTERSIGN, NULL);
}

Test(happened, readings_and_sessions)
{
    struct scan_counts c = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        uint64_t rng = seed;
        readings_found(&w, more);
        w.unwatched = true;
        for (int i = 0; i < ACTS; i++) {
            if (next(&rng) % 3 == 0)
                world_at_ms(&w, w.g.time_ms + 1 + next(&rng) % (UINT64_C(9) * 86400000));
            act(&w, &rng);
        }
        scan_agrees(&w, &c);
        world_free(&w);
    }
    cr_assert(c.late > 0 && c.unmarked > 0 && c.missed > 0 && c.waits > 0, "late %zu, unmarked %zu, missed %zu, waits %zu", c.late, c.unmarked,
              c.missed, c.waits);
}

/* What is not as the tables give it is said. */
Test(happened, a_row_too_few_and_one_too_many)
{
    struct world w;
    struct overlay o;
    struct span key, none;
    struct tkey stray = happened_from(TABLE_EVENT, 1), first = happened_from(TABLE_EVENT, 0);
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    AT(&w, "2026-03-05T00:00:00Z"); /* it escalates by itself */
    cr_assert_eq(happened_check(&w.v, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(view_next(&w.v, TABLE_HAPPENED, tkey_span(&first), &key, &none), ST_OK);
    overlay_init(&o, &w.v, &w.a);
    overlay_del(&o, TABLE_HAPPENED, key);
    struct view less = overlay_view(&o);
    cr_assert_eq(happened_check(&less, &w.err), ST_CORRUPT);
    cr_assert_str_eq(w.err.text, "the index of what happened lacks a row of table EVENT, at 2026-03-05T00:00:00.000Z");
    overlay_init(&o, &w.v, &w.a);
    stray.b[stray.n++] = 1;
    overlay_put(&o, TABLE_HAPPENED, tkey_span(&stray), span_str(""));
    struct view more_rows = overlay_view(&o);
    cr_assert_eq(happened_check(&more_rows, &w.err), ST_CORRUPT);
    cr_assert_str_eq(w.err.text, "the index of what happened has 2 rows; the tables give 1");
    world_free(&w);
}
