/* What time did by itself, and what it will do: what nobody signed, so that people would not look for it. */
#include <stdlib.h>
#include "charter/charter_model.h"
#include "gov/decimal.h"
#include "gov/happened.h"
#include "gov/item.h"
#include "gov/query_part.h"
#include "gov/reading.h"

enum { HAPPENED_MAX = 4096, COMING_MAX = 1000 };

struct news {
    const struct view *v;
    struct arena *a;
    uint64_t from_ms, to_ms;
    struct query_grow lines;
    size_t most;
    struct err *err;
};

static enum status add(struct news *n, uint64_t at_ms, const char *id, const char *words)
{
    if (id == NULL || words == NULL)
        return query_full(n->err);
    if (n->lines.n == n->most)
        return ST_OK;
    struct query_news_line *l = query_grow_one(&n->lines, n->a);
    if (l == NULL)
        return query_full(n->err);
    *l = (struct query_news_line){.at_ms = at_ms, .id = span_str(id), .words = span_str(words)};
    return ST_OK;
}

/* --- What happened: found by the index, as it followed in each table --- */

struct happening {
    uint64_t at_ms;
    struct tkey key; /* of a row of the table at hand */
};

static int compare_keys(const void *x, const void *y)
{
    const struct happening *a = x, *b = y;
    int c = span_cmp(tkey_span(&a->key), tkey_span(&b->key));
    return c != 0 ? c : (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

/* All of a table, in the order of its keys. */
static enum status each_of(struct news *n, enum table table, enum status (*one)(struct news *n, const struct happening *h))
{
    struct query_grow g = {.size = sizeof(struct happening)};
    for (struct tkey from = happened_from(table, n->from_ms);;) {
        struct happening h;
        enum status st = happened_next(n->v, &from, UINT64_MAX, &h.at_ms, &h.key, n->err);
        if (st == ST_END)
            break;
        TRY(st);
        struct happening *kept = query_grow_one(&g, n->a);
        if (kept == NULL)
            return query_full(n->err);
        *kept = h;
    }
    if (g.n > 0)
        qsort(g.v, g.n, sizeof(struct happening), compare_keys);
    const struct happening *v = g.v;
    for (size_t i = 0; i < g.n && n->lines.n < n->most; i++)
        TRY(one(n, &v[i]));
    return ST_OK;
}

/* Did no act bring it about: has no event of the same leaf before it a seat? Passing may take effect at once. */
static enum status by_itself(struct news *n, uint64_t decision, uint64_t sequence, uint64_t leaf, bool *ret)
{
    *ret = true;
    while (*ret && --sequence > 0) {
        struct state_event e;
        struct tkey k = tkey_event(decision, sequence);
        TRY(state_need(n->v, n->a, TABLE_EVENT, &k, &state_event_desc, &e, n->err));
        if (e.leaf != leaf)
            break;
        *ret = !HAS(&e, state_event_key_seat);
    }
    return ST_OK;
}

static enum status one_event(struct news *n, const struct happening *h)
{
    struct state_event e;
    struct state_decision d;
    struct tkey k = tkey_u64(load_u64(h->key.b));
    bool is;
    TRY(state_need(n->v, n->a, TABLE_DECISION, &k, &state_decision_desc, &d, n->err));
    if (HAS(&d, state_decision_key_closed_ms) && d.closed_ms < n->from_ms)
        return ST_OK;
    TRY(state_need(n->v, n->a, TABLE_EVENT, &h->key, &state_event_desc, &e, n->err));
    TRY(by_itself(n, d.number, load_u32(h->key.b + 8), e.leaf, &is));
    if (!is)
        return ST_OK;
    const char *type = enum_text(&event_type_enum, e.type);
    return add(n, e.at_ms, charter_text(n->a, "D-%" PRIu64, d.number),
               HAS(&e, state_event_key_to)  ? charter_text(n->a, "%s to %.*s", type, SPAN_FMT(e.to))
               : e.type == EVENT_DOUBTED ? charter_text(n->a, "%s: %.*s", type, SPAN_FMT(e.words))
                                            : charter_text(n->a, "%s", type));
}

static const char *item_event_words(struct news *n, const struct state_item *it, const struct state_item_event *e)
{
    const char *type = enum_text(&item_event_enum, e->type);
    if (HAS(e, state_item_event_key_indicator)) {
        const char *on = item_indicator_text(n->a, &e->indicator);
        if (on == NULL || !HAS(e, state_item_event_key_reading))
            return on == NULL ? NULL : charter_text(n->a, "%s: %s, as computed", type, on);
        return charter_text(n->a, "%s: %s, by K-%" PRIu64, type, on, e->reading);
    }
    if (e->type == ITEM_EVENT_ANSWERED)
        return charter_text(n->a, "%s by D-%" PRIu64, type, e->decision);
    if (e->type == ITEM_EVENT_OPENED && HAS(it, state_item_key_words))
        return charter_text(n->a, "%s: %.*s", type, SPAN_FMT(it->words));
    return HAS(e, state_item_event_key_to) ? charter_text(n->a, "%s to %.*s", type, SPAN_FMT(e->to)) : charter_text(n->a, "%s", type);
}

/* Nor what followed from a step of a seat. */
static enum status one_item_event(struct news *n, const struct happening *h)
{
    struct state_item_event e, before;
    struct item_ref ref = {.type = (enum item_type)h->key.b[0], .number = load_u64(h->key.b + 1)};
    struct state_item it;
    uint64_t sequence = load_u32(h->key.b + 9);
    TRY(item_get(n->v, n->a, &ref, &it, n->err));
    if (HAS(&it, state_item_key_closed_ms) && it.closed_ms < n->from_ms)
        return ST_OK;
    TRY(state_need(n->v, n->a, TABLE_ITEM_EVENT, &h->key, &state_item_event_desc, &e, n->err));
    if (sequence > 1) {
        struct tkey k = tkey_item_event(ref.type, ref.number, sequence - 1);
        TRY(state_need(n->v, n->a, TABLE_ITEM_EVENT, &k, &state_item_event_desc, &before, n->err));
        if (before.leaf == e.leaf && HAS(&before, state_item_event_key_seat))
            return ST_OK;
    }
    return add(n, e.at_ms, charter_text(n->a, "%s", item_id(ref.type, ref.number).s), item_event_words(n, &it, &e));
}

static enum status one_reading(struct news *n, const struct happening *h)
{
    struct state_reading r;
    TRY(reading_get(n->v, n->a, load_u64(h->key.b), &r, n->err));
    const char *id = charter_text(n->a, "K-%" PRIu64, r.number);
    if (HAS(&r, state_reading_key_late_ms) && r.late_ms == h->at_ms)
        TRY(add(n, r.late_ms, id, charter_text(n->a, "%.*s of %.*s is late", SPAN_FMT(r.metric), SPAN_FMT(r.org))));
    if (HAS(&r, state_reading_key_unmarked_ms) && r.unmarked_ms == h->at_ms)
        TRY(add(n, r.unmarked_ms, id,
                charter_text(n->a, "%.*s of %.*s was not checked in time", SPAN_FMT(r.metric), SPAN_FMT(r.org))));
    return ST_OK;
}

static enum status one_session(struct news *n, const struct happening *h)
{
    struct state_session s;
    TRY(state_need(n->v, n->a, TABLE_SESSION, &h->key, &state_session_desc, &s, n->err));
    return add(n, s.missed_ms, charter_text(n->a, "S-%" PRIu64, s.number),
               charter_text(n->a, "%s of %.*s was missed", enum_text(&session_type_enum, s.type), SPAN_FMT(s.body)));
}

static enum status one_grant(struct news *n, const struct happening *h)
{
    return add(n, h->at_ms, charter_text(n->a, "G-%" PRIu64, load_u64(h->key.b)),
               "expired: copies are to be returned or destroyed");
}

static enum status one_computed(struct news *n, const struct happening *h)
{
    struct state_metric m;
    struct state_computed c;
    struct tkey k = tkey_u64(load_u64(h->key.b));
    TRY(state_need(n->v, n->a, TABLE_METRIC, &k, &state_metric_desc, &m, n->err));
    TRY(state_need(n->v, n->a, TABLE_COMPUTED, &h->key, &state_computed_desc, &c, n->err));
    return add(n, h->at_ms, charter_text(n->a, "%.*s", SPAN_FMT(m.name)),
               charter_text(n->a, "%s is computed: %s", period_name(&m.every, load_u32(h->key.b + 8)).s, decimal_text(&c.value).s));
}

static int compare(const void *x, const void *y)
{
    const struct query_news_line *a = x, *b = y;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return span_cmp(a->id, b->id);
}

/* --- What is coming --- */

static enum status decision_coming(struct news *n, uint64_t at_ms, uint64_t number, enum timer_kind kind)
{
    struct query_readiness q;
    const char *id = charter_text(n->a, "D-%" PRIu64, number);
    if (kind == TIMER_EFFECT)
        return add(n, at_ms, id, "takes effect");
    if (kind == TIMER_EXPIRY)
        return add(n, at_ms, id, "expires: its last day is over");
    if (kind == TIMER_REBASE)
        return add(n, at_ms, id, "lapses unless it is revised");
    TRY(query_readiness(n->v, number, n->a, &q, n->err));
    return add(n, at_ms, id, q.silence.n == 0 ? "its deadline ends" : charter_text(n->a, "%.*s", SPAN_FMT(q.silence)));
}

static enum status named_coming(struct news *n, uint64_t at_ms, uint64_t number, enum timer_kind kind)
{
    struct tkey k = tkey_u64(number);
    struct state_metric m;
    struct state_cadence c;
    if (kind == TIMER_PERIOD) {
        TRY(state_need(n->v, n->a, TABLE_METRIC, &k, &state_metric_desc, &m, n->err));
        return add(n, at_ms, charter_text(n->a, "%.*s", SPAN_FMT(m.name)), HAS(&m, state_metric_key_computed)
                       ? charter_text(n->a, "%s is computed", period_name(&m.every, m.period).s)
                       : "its period ends: a reading is owed");
    }
    TRY(state_need(n->v, n->a, TABLE_CADENCE, &k, &state_cadence_desc, &c, n->err));
    return add(n, at_ms, charter_text(n->a, "%.*s", SPAN_FMT(c.name)), "a regular session opens");
}

static const char *item_words(enum timer_kind kind)
{
    return kind == TIMER_ITEM_DUE        ? "is due"
           : kind == TIMER_ITEM_OFFER    ? "stays with its owner and climbs, unless it is taken"
           : kind == TIMER_ITEM_RUNG     ? "climbs, or its ladder ends"
           : kind == TIMER_ITEM_ACCEPTED ? "its acceptance ends"
                                         : "its review is due";
}

static enum status one_coming(struct news *n, uint64_t at_ms, uint64_t number, enum timer_kind kind)
{
    struct item_ref ref;
    switch (kind) {
    case TIMER_DEADLINE:
    case TIMER_EFFECT:
    case TIMER_REBASE:
    case TIMER_PAUSE:
    case TIMER_EXPIRY:
        return decision_coming(n, at_ms, number, kind);
    case TIMER_RECOVERY:
        return add(n, at_ms, charter_text(n->a, "leaf %" PRIu64, number), "a recovery is carried out unless it is cancelled");
    case TIMER_ITEM_DUE:
    case TIMER_ITEM_OFFER:
    case TIMER_ITEM_RUNG:
    case TIMER_ITEM_ACCEPTED:
    case TIMER_ITEM_REVIEW:
        ref = item_of_timer(number);
        return add(n, at_ms, charter_text(n->a, "%s", item_id(ref.type, ref.number).s), item_words(kind));
    case TIMER_PERIOD:
    case TIMER_CADENCE:
        return named_coming(n, at_ms, number, kind);
    case TIMER_READING:
        return add(n, at_ms, charter_text(n->a, "K-%" PRIu64, number), "is late unless it is reported or checked");
    case TIMER_SESSION:
        return add(n, at_ms, charter_text(n->a, "S-%" PRIu64, number), "is missed unless it is recorded");
    case TIMER_GRANT:
        return add(n, at_ms, charter_text(n->a, "G-%" PRIu64, number), "expires: what was received is then returned or destroyed");
    case TIMER_REFRESH:
        return add(n, at_ms, "charter", "falls due for review: a session opens");
    case TIMER_TERM:
        return add(n, at_ms, "term", number == 1 ? "renewal opens: who may propose it is asked" : "ends");
    case TIMER_MINUTES:
        return add(n, at_ms, charter_text(n->a, "S-%" PRIu64, number), "its record stands unless it is contested");
    }
    return err_set(n->err, ST_CORRUPT, "a timer of kind %d", (int)kind);
}

static enum status coming(struct news *n)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, none;
        uint64_t at, number;
        uint8_t kind;
        enum status st = view_next(n->v, TABLE_TIMER, tkey_span(&from), &key, &none);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK || key.n != TKEY_TIMER_LEN)
            return err_set(n->err, st == ST_OK ? ST_CORRUPT : st, "deadlines cannot be read");
        from = tkey_after(key);
        tkey_timer_parts(key, &at, &number, &kind);
        if (at > n->to_ms)
            return ST_OK;
        TRY(one_coming(n, at, number, (enum timer_kind)kind));
    }
}

enum status query_news(const struct view *v, uint64_t from_ms, uint64_t to_ms, struct arena *a, struct query_news *ret,
                       struct err *err)
{
    struct news n = {.v = v,
                     .a = a,
                     .from_ms = from_ms,
                     .to_ms = to_ms,
                     .lines = {.size = sizeof(struct query_news_line)},
                     .most = HAPPENED_MAX,
                     .err = err};
    TRY(each_of(&n, TABLE_EVENT, one_event));
    TRY(each_of(&n, TABLE_ITEM_EVENT, one_item_event));
    TRY(each_of(&n, TABLE_READING, one_reading));
    TRY(each_of(&n, TABLE_SESSION, one_session));
    TRY(each_of(&n, TABLE_GRANT, one_grant));
    TRY(each_of(&n, TABLE_COMPUTED, one_computed));
    if (n.lines.n > 0)
        qsort(n.lines.v, n.lines.n, sizeof(struct query_news_line), compare);
    struct query_news q = {.from_ms = from_ms, .to_ms = to_ms, .happened = {n.lines.n, n.lines.v}};
    n.lines = (struct query_grow){.size = sizeof(struct query_news_line)};
    n.most = COMING_MAX;
    TRY(coming(&n));
    q.coming = (struct query_news_line_list){n.lines.n, n.lines.v};
    *ret = q;
    return ST_OK;
}
