#include <criterion/criterion.h>
#include <stdlib.h>
#include "scan.h"
#include "charter/charter_model.h"
#include "gov/decimal.h"
#include "gov/happened.h"
#include "gov/item.h"
#include "gov/metric.h"
#include "gov/query_part.h"

enum { LINES_MAX = 4096, MOMENTS = 4 };

struct scan {
    struct world *w;
    struct scan_counts *c;
    uint64_t from_ms;
    struct query_news_line lines[LINES_MAX];
    size_t n;
};

static void add(struct scan *s, uint64_t at_ms, const char *id, const char *words, size_t *count)
{
    cr_assert_lt(s->n, LINES_MAX);
    s->lines[s->n++] = (struct query_news_line){.at_ms = at_ms, .id = span_str(id), .words = span_str(words)};
    ++*count;
}

static void rows(struct scan *s, uint8_t table, const struct tkey *prefix, const struct record_desc *d, struct query_grow *g)
{
    *g = (struct query_grow){0};
    cr_assert_eq(query_scan(&s->w->v, table, prefix, prefix->n, d, &s->w->a, g, NULL, &s->w->err), ST_OK, "%s", s->w->err.text);
}

static bool by_itself(const struct state_event *e, size_t i)
{
    if (HAS(&e[i], state_event_key_seat) || e[i].type == EVENT_RECEIPT || e[i].type == EVENT_NOTE || e[i].type == EVENT_COUNTER)
        return false;
    for (size_t k = i; k-- > 0 && e[k].leaf == e[i].leaf;)
        if (HAS(&e[k], state_event_key_seat))
            return false;
    return true;
}

static void decisions(struct scan *s)
{
    struct arena *a = &s->w->a;
    struct query_grow g, events;
    rows(s, TABLE_DECISION, &(struct tkey){0}, &state_decision_desc, &g);
    const struct state_decision *d = g.v;
    for (size_t n = 0; n < g.n; n++) {
        struct tkey k = tkey_u64(d[n].number);
        if (HAS(&d[n], state_decision_key_closed_ms) && d[n].closed_ms < s->from_ms)
            continue;
        rows(s, TABLE_EVENT, &k, &state_event_desc, &events);
        const struct state_event *e = events.v;
        for (size_t i = 0; i < events.n; i++)
            if (by_itself(e, i) && e[i].at_ms >= s->from_ms)
                add(s, e[i].at_ms, charter_text(a, "D-%" PRIu64, d[n].number),
                    HAS(&e[i], state_event_key_to) ? charter_text(a, "%s to %.*s", enum_text(&event_type_enum, e[i].type), SPAN_FMT(e[i].to))
                    : e[i].type == EVENT_DOUBTED
                        ? charter_text(a, "%s: %.*s", enum_text(&event_type_enum, e[i].type), SPAN_FMT(e[i].words))
                        : enum_text(&event_type_enum, e[i].type),
                    &s->c->events);
    }
}

static void items(struct scan *s)
{
    struct arena *a = &s->w->a;
    struct query_grow g, events;
    rows(s, TABLE_ITEM, &(struct tkey){0}, &state_item_desc, &g);
    const struct state_item *it = g.v;
    for (size_t n = 0; n < g.n; n++) {
        struct tkey k = tkey_item(it[n].item.type, it[n].number);
        if (HAS(&it[n], state_item_key_closed_ms) && it[n].closed_ms < s->from_ms)
            continue;
        rows(s, TABLE_ITEM_EVENT, &k, &state_item_event_desc, &events);
        const struct state_item_event *e = events.v;
        for (size_t i = 0; i < events.n; i++) {
            bool follows = i > 0 && e[i - 1].leaf == e[i].leaf && HAS(&e[i - 1], state_item_event_key_seat);
            if (HAS(&e[i], state_item_event_key_seat) || follows || e[i].at_ms < s->from_ms)
                continue;
            add(s, e[i].at_ms, charter_text(a, "%s", item_id(it[n].item.type, it[n].number).s),
                HAS(&e[i], state_item_event_key_indicator) && !HAS(&e[i], state_item_event_key_reading)
                    ? charter_text(a, "%s: %s, as computed", enum_text(&item_event_enum, e[i].type), item_indicator_text(a, &e[i].indicator))
                : HAS(&e[i], state_item_event_key_indicator)
                    ? charter_text(a, "%s: %s, by K-%" PRIu64, enum_text(&item_event_enum, e[i].type),
                                   item_indicator_text(a, &e[i].indicator), e[i].reading)
                : e[i].type == ITEM_EVENT_ANSWERED
                    ? charter_text(a, "%s by D-%" PRIu64, enum_text(&item_event_enum, e[i].type), e[i].decision)
                : e[i].type == ITEM_EVENT_OPENED && HAS(&it[n], state_item_key_words)
                    ? charter_text(a, "%s: %.*s", enum_text(&item_event_enum, e[i].type), SPAN_FMT(it[n].words))
                : HAS(&e[i], state_item_event_key_to) ? charter_text(a, "%s to %.*s", enum_text(&item_event_enum, e[i].type), SPAN_FMT(e[i].to))
                                                    : enum_text(&item_event_enum, e[i].type),
                &s->c->item_events);
        }
    }
}

static void readings(struct scan *s)
{
    struct arena *a = &s->w->a;
    struct query_grow g;
    rows(s, TABLE_READING, &(struct tkey){0}, &state_reading_desc, &g);
    const struct state_reading *r = g.v;
    for (size_t i = 0; i < g.n; i++) {
        const char *id = charter_text(a, "K-%" PRIu64, r[i].number);
        if (HAS(&r[i], state_reading_key_late_ms) && r[i].late_ms >= s->from_ms)
            add(s, r[i].late_ms, id, charter_text(a, "%.*s of %.*s is late", SPAN_FMT(r[i].metric), SPAN_FMT(r[i].org)), &s->c->late);
        if (HAS(&r[i], state_reading_key_unmarked_ms) && r[i].unmarked_ms >= s->from_ms)
            add(s, r[i].unmarked_ms, id,
                charter_text(a, "%.*s of %.*s was not checked in time", SPAN_FMT(r[i].metric), SPAN_FMT(r[i].org)), &s->c->unmarked);
    }
}

static void sessions_and_grants(struct scan *s)
{
    struct arena *a = &s->w->a;
    struct query_grow g;
    rows(s, TABLE_SESSION, &(struct tkey){0}, &state_session_desc, &g);
    const struct state_session *v = g.v;
    for (size_t i = 0; i < g.n; i++)
        if (HAS(&v[i], state_session_key_missed_ms) && v[i].missed_ms >= s->from_ms)
            add(s, v[i].missed_ms, charter_text(a, "S-%" PRIu64, v[i].number),
                charter_text(a, "%s of %.*s was missed", enum_text(&session_type_enum, v[i].type), SPAN_FMT(v[i].body)), &s->c->missed);
    rows(s, TABLE_GRANT, &(struct tkey){0}, &state_grant_desc, &g);
    const struct state_grant *k = g.v;
    for (size_t i = 0; i < g.n; i++)
        if (k[i].standing == GRANT_EXPIRED && k[i].ended_ms >= s->from_ms)
            add(s, k[i].ended_ms, charter_text(a, "G-%" PRIu64, k[i].number), "expired: copies are to be returned or destroyed", &s->c->expired);
}

static void computed(struct scan *s)
{
    struct arena *a = &s->w->a;
    struct query_grow g = {0};
    struct span *keys;
    struct tkey any = {0};
    cr_assert_eq(query_scan(&s->w->v, TABLE_COMPUTED, &any, 0, &state_computed_desc, a, &g, &keys, &s->w->err), ST_OK);
    const struct state_computed *c = g.v;
    for (size_t i = 0; i < g.n; i++) {
        struct state_metric m;
        cr_assert_eq(metric_get(&s->w->v, a, load_u64(keys[i].p), &m, &s->w->err), ST_OK);
        if (c[i].at_ms >= s->from_ms)
            add(s, c[i].at_ms, charter_text(a, "%.*s", SPAN_FMT(m.name)),
                charter_text(a, "%s is computed: %s", period_name(&m.every, load_u32(keys[i].p + 8)).s, decimal_text(&c[i].value).s),
                &s->c->computed);
    }
}

static int compare(const void *x, const void *y)
{
    const struct query_news_line *a = x, *b = y;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return span_cmp(a->id, b->id);
}

static void news_since(struct scan *s, uint64_t from_ms)
{
    struct world *w = s->w;
    struct query_news q;
    s->from_ms = from_ms;
    s->n = 0;
    decisions(s);
    items(s);
    readings(s);
    sessions_and_grants(s);
    computed(s);
    qsort(s->lines, s->n, sizeof s->lines[0], compare);
    cr_assert_eq(query_news(&w->v, from_ms, w->g.time_ms, &w->a, &q, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(q.happened.n, s->n, "since %s: %zu lines, %zu expected", time_utc(from_ms).s, q.happened.n, s->n);
    for (size_t i = 0; i < s->n; i++) {
        const struct query_news_line *x = &q.happened.v[i], *y = &s->lines[i];
        cr_assert(x->at_ms == y->at_ms && span_eq(x->id, y->id) && span_eq(x->words, y->words), "line %zu: %.*s %.*s, expected %.*s %.*s", i,
                  SPAN_FMT(x->id), SPAN_FMT(x->words), SPAN_FMT(y->id), SPAN_FMT(y->words));
    }
}

struct late {
    uint64_t late, unmarked;
};

static struct late late_of(struct scan *s, const struct metrics *m, struct span org, uint64_t from_ms, uint64_t until_ms)
{
    struct late sum = {0};
    struct query_grow g;
    rows(s, TABLE_READING, &(struct tkey){0}, &state_reading_desc, &g);
    const struct state_reading *r = g.v;
    for (size_t i = 0; i < g.n; i++) {
        const struct charter_metric *d = metrics_find(m, r[i].metric);
        struct span_list seats;
        sum.late += HAS(&r[i], state_reading_key_late_ms) && r[i].late_ms >= from_ms && r[i].late_ms < until_ms && span_eq(r[i].org, org);
        if (!HAS(&r[i], state_reading_key_unmarked_ms) || r[i].unmarked_ms < from_ms || r[i].unmarked_ms >= until_ms || d == NULL)
            continue;
        cr_assert_eq(metric_countersigners(m, d, r[i].org, &s->w->a, &seats, &s->w->err), ST_OK);
        for (size_t k = 0; k < seats.n; k++)
            sum.unmarked += span_eq(state_seat_org(seats.v[k]), org);
    }
    return sum;
}

static void late_within(struct scan *s, uint64_t from_ms, uint64_t until_ms)
{
    static const char *const orgs[] = {"brand", "carrier", "distributor", "maker", "trustee"};
    struct world *w = s->w;
    struct query_record r;
    struct metrics m;
    struct arena scratch CLEANUP(arena_deinit);
    arena_init(&scratch, 0);
    cr_assert_eq(metrics_load(&w->v, &w->a, &m, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(query_record(&w->v, from_ms, until_ms, w->g.time_ms, &w->a, &scratch, &r, &w->err), ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        struct late want = late_of(s, &m, span_str(orgs[i]), from_ms, until_ms), got = {0};
        for (size_t k = 0; k < r.waits.n; k++)
            if (span_eqs(r.waits.v[k].org, orgs[i]))
                got = (struct late){r.waits.v[k].late_readings, r.waits.v[k].unmarked};
        cr_assert(got.late == want.late && got.unmarked == want.unmarked, "%s: %d late, %d unchecked; expected %d and %d", orgs[i],
                  (int)got.late, (int)got.unmarked, (int)want.late, (int)want.unmarked);
        s->c->waits += want.late + want.unmarked > 0;
    }
}

void scan_agrees(struct world *w, struct scan_counts *c)
{
    static struct scan s;
    s.w = w;
    s.c = c;
    cr_assert_eq(happened_check(&w->v, &w->err), ST_OK, "%s", w->err.text);
    for (size_t i = 0; i <= MOMENTS; i++) {
        uint64_t at_ms = i == 0 ? 0 : w->blocks[(w->n_blocks - 1) * i / MOMENTS].time_ms;
        news_since(&s, at_ms);
        news_since(&s, at_ms + 1);
        late_within(&s, at_ms, w->g.time_ms + 1);
        late_within(&s, at_ms, at_ms + UINT64_C(30) * 86400000);
    }
}
