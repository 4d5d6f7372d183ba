/* What time did by itself, and what it will do: what nobody signed, so that people would not look for it. */
#include <stdlib.h>
#include "charter/charter_model.h"
#include "gov/grant.h"
#include "gov/item.h"
#include "gov/metric.h"
#include "gov/query_part.h"
#include "gov/session.h"

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

/* Every row of a table, one by one. */
static enum status next_row(struct news *n, uint8_t table, struct tkey *from, const struct record_desc *d, void *rec)
{
    struct span key, value;
    enum status st = view_next(n->v, table, tkey_span(from), &key, &value);
    if (st != ST_OK)
        return st == ST_END ? st : err_set(n->err, st, "table %s cannot be read", table_name(table));
    *from = tkey_after(key);
    return codec_decode(d, arena_dup(n->a, value), n->a, rec, n->err);
}

/* --- What happened --- */

/* Not what an entry did, nor what followed from one at the same leaf: passing may take effect at once. */
static bool by_itself(const struct state_event *e, size_t i)
{
    if (HAS(&e[i], state_event_key_seat) || e[i].type == EVENT_RECEIPT || e[i].type == EVENT_NOTE || e[i].type == EVENT_COUNTER)
        return false;
    for (size_t k = i; k-- > 0 && e[k].leaf == e[i].leaf;)
        if (HAS(&e[k], state_event_key_seat))
            return false;
    return true;
}

static enum status events_of(struct news *n, const struct state_decision *d)
{
    struct query_grow g = {0};
    struct tkey k = tkey_u64(d->number);
    TRY(query_scan(n->v, TABLE_EVENT, &k, 8, &state_event_desc, n->a, &g, NULL, n->err));
    const struct state_event *e = g.v;
    for (size_t i = 0; i < g.n; i++)
        if (by_itself(e, i) && e[i].at_ms >= n->from_ms)
            TRY(add(n, e[i].at_ms, charter_text(n->a, "D-%" PRIu64, d->number),
                    HAS(&e[i], state_event_key_to)
                        ? charter_text(n->a, "%s to %.*s", enum_text(&event_type_enum, e[i].type), SPAN_FMT(e[i].to))
                        : charter_text(n->a, "%s", enum_text(&event_type_enum, e[i].type))));
    return ST_OK;
}

static enum status decisions(struct news *n)
{
    for (struct tkey from = {.n = 1};;) {
        struct state_decision d;
        enum status st = next_row(n, TABLE_DECISION, &from, &state_decision_desc, &d);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (!HAS(&d, state_decision_key_closed_ms) || d.closed_ms >= n->from_ms)
            TRY(events_of(n, &d));
    }
}

static const char *item_event_words(struct news *n, const struct state_item_event *e)
{
    const char *type = enum_text(&item_event_enum, e->type);
    if (HAS(e, state_item_event_key_indicator)) {
        const char *on = item_indicator_text(n->a, &e->indicator);
        return on == NULL ? NULL : charter_text(n->a, "%s: %s, by K-%" PRIu64, type, on, e->reading);
    }
    return HAS(e, state_item_event_key_to) ? charter_text(n->a, "%s to %.*s", type, SPAN_FMT(e->to)) : charter_text(n->a, "%s", type);
}

static enum status item_events(struct news *n, const struct state_item *it)
{
    struct query_grow g = {0};
    struct tkey k = tkey_item(it->item.type, it->number);
    TRY(query_scan(n->v, TABLE_ITEM_EVENT, &k, k.n, &state_item_event_desc, n->a, &g, NULL, n->err));
    const struct state_item_event *e = g.v;
    for (size_t i = 0; i < g.n; i++)
        if (!HAS(&e[i], state_item_event_key_seat) && (i == 0 || e[i - 1].leaf != e[i].leaf || !HAS(&e[i - 1], state_item_event_key_seat)) &&
            e[i].at_ms >= n->from_ms)
            TRY(add(n, e[i].at_ms, charter_text(n->a, "%s", item_id(it->item.type, it->number).s),
                    item_event_words(n, &e[i])));
    return ST_OK;
}

static enum status items(struct news *n)
{
    for (struct tkey from = {.n = 1};;) {
        struct state_item it;
        enum status st = next_row(n, TABLE_ITEM, &from, &state_item_desc, &it);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (!HAS(&it, state_item_key_closed_ms) || it.closed_ms >= n->from_ms)
            TRY(item_events(n, &it));
    }
}

static enum status readings(struct news *n)
{
    for (struct tkey from = {.n = 1};;) {
        struct state_reading r;
        enum status st = next_row(n, TABLE_READING, &from, &state_reading_desc, &r);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        const char *id = charter_text(n->a, "K-%" PRIu64, r.number);
        if (HAS(&r, state_reading_key_late_ms) && r.late_ms >= n->from_ms)
            TRY(add(n, r.late_ms, id, charter_text(n->a, "%.*s of %.*s is late", SPAN_FMT(r.metric), SPAN_FMT(r.org))));
        if (HAS(&r, state_reading_key_unmarked_ms) && r.unmarked_ms >= n->from_ms)
            TRY(add(n, r.unmarked_ms, id,
                    charter_text(n->a, "%.*s of %.*s was not checked in time", SPAN_FMT(r.metric), SPAN_FMT(r.org))));
    }
}

static enum status sessions(struct news *n)
{
    for (uint64_t from = 0;;) {
        struct state_session s;
        enum status st = session_next(n->v, n->a, false, &from, &s, n->err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (HAS(&s, state_session_key_missed_ms) && s.missed_ms >= n->from_ms)
            TRY(add(n, s.missed_ms, charter_text(n->a, "S-%" PRIu64, s.number),
                    charter_text(n->a, "%s of %.*s was missed", enum_text(&session_type_enum, s.type), SPAN_FMT(s.body))));
    }
}

static enum status grants(struct news *n)
{
    for (uint64_t from = 0;;) {
        struct state_grant s;
        enum status st = grant_next(n->v, n->a, false, &from, &s, n->err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (s.standing == GRANT_EXPIRED && s.ended_ms >= n->from_ms)
            TRY(add(n, s.ended_ms, charter_text(n->a, "G-%" PRIu64, s.number), "expired: copies are to be returned or destroyed"));
    }
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
        return add(n, at_ms, charter_text(n->a, "%.*s", SPAN_FMT(m.name)), "its period ends: a reading is owed");
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
    TRY(decisions(&n));
    TRY(items(&n));
    TRY(readings(&n));
    TRY(sessions(&n));
    TRY(grants(&n));
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
