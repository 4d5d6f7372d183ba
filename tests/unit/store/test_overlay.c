#include <criterion/criterion.h>
#include "leaks.h"
#include "model.h"
#include "store/overlay.h"

TestSuite(overlay, .timeout = 60, .fini = leaks_check);

static struct span key8(uint8_t b[8], uint64_t v)
{
    store_u64(b, v);
    return span_of(b, 8);
}

Test(overlay, reads_through_and_hides)
{
    struct model *m = model_new();
    model_put(m, TABLE_SEAT, span_str("a"), span_str("1"));
    model_put(m, TABLE_SEAT, span_str("b"), span_str("2"));
    model_put(m, TABLE_SEAT, span_str("c"), span_str("3"));
    struct view base = model_view(m);
    struct arena a;
    arena_init(&a, 0);
    struct overlay o;
    overlay_init(&o, &base, &a);
    overlay_del(&o, TABLE_SEAT, span_str("b"));
    overlay_put(&o, TABLE_SEAT, span_str("c"), span_str("30"));
    overlay_put(&o, TABLE_PARTY, span_str("b"), span_str("other table"));
    struct view v = overlay_view(&o);
    struct span key, value = span_str("untouched");
    cr_assert_eq(view_get(&v, TABLE_SEAT, span_str("b"), &value), ST_NOTFOUND);
    cr_assert(span_eqs(value, "untouched"));
    cr_assert_eq(view_get(&v, TABLE_SEAT, span_str("a"), &value), ST_OK);
    cr_assert(span_eqs(value, "1"));
    cr_assert_eq(view_next(&v, TABLE_SEAT, span_str("b"), &key, &value), ST_OK);
    cr_assert(span_eqs(key, "c"));
    cr_assert(span_eqs(value, "30"));
    cr_assert_eq(view_prev(&v, TABLE_SEAT, span_str("b"), &key, &value), ST_OK);
    cr_assert(span_eqs(key, "a"));
    overlay_del(&o, TABLE_SEAT, span_str("a"));
    cr_assert_eq(view_prev(&v, TABLE_SEAT, span_str("b"), &key, &value), ST_END);
    cr_assert_eq(view_next(&v, TABLE_SEAT, span_str("d"), &key, &value), ST_END);
    arena_deinit(&a);
    model_free(m);
}

Test(overlay, lists_only_what_differs)
{
    struct model *m = model_new();
    model_put(m, TABLE_SEAT, span_str("kept"), span_str("1"));
    model_put(m, TABLE_SEAT, span_str("gone"), span_str("2"));
    model_put(m, TABLE_SEAT, span_str("new value"), span_str("3"));
    struct view base = model_view(m);
    struct arena a;
    arena_init(&a, 0);
    struct overlay o;
    overlay_init(&o, &base, &a);
    overlay_put(&o, TABLE_SEAT, span_str("kept"), span_str("other"));
    overlay_put(&o, TABLE_SEAT, span_str("kept"), span_str("1"));
    overlay_put(&o, TABLE_TIMER, span_str("brief"), span_str(""));
    overlay_del(&o, TABLE_TIMER, span_str("brief"));
    overlay_del(&o, TABLE_TIMER, span_str("never was"));
    overlay_put(&o, TABLE_TIMER, span_str("empty"), (struct span){NULL, 0});
    overlay_del(&o, TABLE_SEAT, span_str("gone"));
    overlay_put(&o, TABLE_SEAT, span_str("new value"), span_str("4"));
    struct overlay_write *w;
    size_t n;
    cr_assert_eq(overlay_writes(&o, &a, &w, &n), ST_OK);
    cr_assert_eq(n, 3);
    cr_assert_eq(w[0].table, TABLE_SEAT);
    cr_assert(span_eqs(w[0].key, "gone"));
    cr_assert_null(w[0].value.p);
    cr_assert(span_eqs(w[1].key, "new value"));
    cr_assert(span_eqs(w[1].value, "4"));
    cr_assert_eq(w[2].table, TABLE_TIMER);
    cr_assert(span_eqs(w[2].key, "empty"));
    cr_assert_not_null(w[2].value.p, "an empty value is not a deletion");
    cr_assert_eq(w[2].value.n, 0);
    arena_deinit(&a);
    model_free(m);
}

Test(overlay, a_write_that_does_not_fit_fails_everything_after)
{
    struct arena a;
    arena_init(&a, 4096);
    struct overlay o;
    overlay_init(&o, NULL, &a);
    uint8_t b[8], big[VIEW_KEY_MAX + 1] = {1};
    struct view v = overlay_view(&o);
    struct span value;
    overlay_put(&o, TABLE_META, span_of(big, VIEW_KEY_MAX), span_str("longest"));
    cr_assert_eq(o.failed, ST_OK);
    cr_assert_eq(view_get(&v, TABLE_META, span_of(big, VIEW_KEY_MAX), &value), ST_OK);
    for (uint64_t i = 0; i < 100; i++)
        overlay_put(&o, TABLE_META, key8(b, i), span_str("x"));
    cr_assert_eq(o.failed, ST_LIMIT);
    struct overlay_write *w;
    size_t n;
    cr_assert_eq(view_get(&v, TABLE_META, key8(b, 0), &value), ST_LIMIT);
    cr_assert_eq(view_next(&v, TABLE_META, key8(b, 0), &value, &value), ST_LIMIT);
    cr_assert_eq(view_prev(&v, TABLE_META, key8(b, 0), &value, &value), ST_LIMIT);
    cr_assert_eq(overlay_writes(&o, &a, &w, &n), ST_LIMIT);
    arena_deinit(&a);
    static const size_t bad[] = {0, VIEW_KEY_MAX + 1};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        arena_init(&a, 0);
        overlay_init(&o, NULL, &a);
        overlay_del(&o, TABLE_META, span_of(big, bad[i]));
        cr_assert_eq(o.failed, ST_LIMIT);
        arena_deinit(&a);
    }
}

static enum status broken_get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    (void)ctx, (void)table, (void)key, (void)ret_value;
    return ST_CORRUPT;
}

static enum status broken_step(void *ctx, uint8_t table, struct span bound, struct span *ret_key,
                               struct span *ret_value)
{
    (void)ctx, (void)table, (void)bound, (void)ret_key, (void)ret_value;
    return ST_CORRUPT;
}

Test(overlay, passes_faults_of_the_base_on)
{
    struct view base = {NULL, broken_get, broken_step, broken_step};
    struct arena a;
    arena_init(&a, 0);
    struct overlay o;
    overlay_init(&o, &base, &a);
    overlay_put(&o, TABLE_META, span_str("k"), span_str("v"));
    struct view v = overlay_view(&o);
    struct span key, value;
    cr_assert_eq(view_get(&v, TABLE_META, span_str("k"), &value), ST_OK);
    cr_assert_eq(view_get(&v, TABLE_META, span_str("l"), &value), ST_CORRUPT);
    cr_assert_eq(view_next(&v, TABLE_META, span_str("k"), &key, &value), ST_CORRUPT);
    cr_assert_eq(view_prev(&v, TABLE_META, span_str("k"), &key, &value), ST_CORRUPT);
    struct overlay_write *w;
    size_t n;
    cr_assert_eq(overlay_writes(&o, &a, &w, &n), ST_CORRUPT);
    arena_deinit(&a);
}

/* Net writes against the model: applying them to a copy of the base gives what the overlay shows, they
 * ascend, and each of them changes something. */
static void check_writes(struct overlay *o, struct model *base, struct model *copy, const struct view *shown)
{
    struct overlay_write *w;
    size_t n;
    struct arena list;
    arena_init(&list, 0);
    cr_assert_eq(overlay_writes(o, &list, &w, &n), ST_OK);
    struct view was = model_view(base), now = model_view(copy);
    model_copy(copy, base);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            bool ascending = w[i - 1].table < w[i].table ||
                             (w[i - 1].table == w[i].table && span_cmp(w[i - 1].key, w[i].key) < 0);
            cr_assert(ascending);
        }
        struct span value;
        enum status st = view_get(&was, w[i].table, w[i].key, &value);
        if (w[i].value.p == NULL) {
            cr_assert_eq(st, ST_OK);
            model_del(copy, w[i].table, w[i].key);
        } else {
            cr_assert(st == ST_NOTFOUND || !span_eq(value, w[i].value));
            model_put(copy, w[i].table, w[i].key, w[i].value);
        }
    }
    (void)model_same_content(&now, shown);
    arena_deinit(&list);
}

Test(overlay, agrees_with_the_model)
{
    struct model *base = model_new(), *now = model_new(), *copy = model_new();
    struct view base_view = model_view(base), now_view = model_view(now);
    struct dice d = {20261123};
    uint8_t kb[VIEW_KEY_MAX], vb[MODEL_BYTES_MAX];
    size_t records = 0;
    for (int run = 0; run < 30; run++) {
        struct arena a;
        arena_init(&a, 0);
        struct overlay lower, upper; /* two deep: an overlay's view is a base like any other */
        overlay_init(&lower, &base_view, &a);
        struct view lower_view = overlay_view(&lower);
        overlay_init(&upper, &lower_view, &a);
        struct view v = overlay_view(&upper);
        model_copy(now, base);
        struct overlay *o = &lower;
        for (int i = 0; i < 600; i++) {
            if (i == 300)
                o = &upper;
            uint8_t table = dice_table(&d);
            struct span key = dice_key(&d, kb), value = dice_value(&d, vb);
            if (dice_below(&d, 3) == 0) {
                overlay_del(o, table, key);
                model_del(now, table, key);
            } else {
                overlay_put(o, table, key, value);
                model_put(now, table, key, value);
            }
            model_same_answer(&d, &v, &now_view);
        }
        records += model_same_content(&v, &now_view);
        check_writes(&lower, base, copy, &lower_view);
        if (run % 3 == 0)
            model_copy(base, now);
        arena_deinit(&a);
    }
    cr_assert_gt(records, 3000, "%zu", records);
    model_free(base);
    model_free(now);
    model_free(copy);
}

/* Keys that ascend, as ledger numbers do, must not make the tree a list: 200,000 of them would take minutes.
 */
Test(overlay, ascending_keys_stay_quick, .timeout = 20)
{
    struct arena a;
    arena_init(&a, 0);
    struct overlay o;
    overlay_init(&o, NULL, &a);
    uint8_t b[8];
    for (uint64_t i = 0; i < 200000; i++)
        overlay_put(&o, TABLE_LEAF, key8(b, i), span_str("x"));
    struct overlay_write *w;
    size_t n;
    cr_assert_eq(overlay_writes(&o, &a, &w, &n), ST_OK);
    cr_assert_eq(n, 200000);
    cr_assert_eq(load_u64(w[199999].key.p), 199999);
    arena_deinit(&a);
}
