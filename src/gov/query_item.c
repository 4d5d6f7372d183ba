/* Questions about items. */
#include "gov/query_part.h"
#include "charter/charter_model.h"
#include "gov/item.h"
#include "gov/metric.h"
#include "gov/warning.h"

enum { LIST_MAX = 1000 };

static enum status id_text(struct arena *a, enum item_type type, uint64_t number, struct span *ret,
                           struct err *err)
{
    *ret = arena_dup(a, span_str(item_id(type, number).s));
    return ret->p == NULL ? query_full(err) : ST_OK;
}

static enum status line_of(const struct state_item *it, struct arena *a, struct query_item_line *q,
                           struct err *err)
{
    *q = (struct query_item_line){.item = {.type = it->item.type, .number = it->number},
                                  .phase = it->phase,
                                  .owner = it->owner,
                                  .due_ms = it->due_ms,
                                  .overdue = item_is_overdue(it),
                                  .title = it->item.title,
                                  .leaf = it->opened_leaf,
                                  .about = it->words,
                                  .score = item_score(it),
                                  .finding = it->finding,
                                  .links = it->links};
    if (HAS(&it->item, item_key_tags))
        q->tags = it->item.tags;
    if (HAS(it, state_item_key_due_ms))
        SET_HAS(q, query_item_line_key_due_ms);
    if (HAS(it, state_item_key_words))
        SET_HAS(q, query_item_line_key_about);
    if (q->score != 0)
        SET_HAS(q, query_item_line_key_score);
    if (HAS(it, state_item_key_finding))
        SET_HAS(q, query_item_line_key_finding);
    TRY(warning_text(a, it, &q->warning, err));
    if (q->warning.n > 0)
        SET_HAS(q, query_item_line_key_warning);
    return id_text(a, it->item.type, it->number, &q->id, err);
}

static enum status next_of_type(const struct view *v, enum item_type type, bool live, uint64_t from,
                                uint64_t *ret_number)
{
    struct span key, value;
    struct tkey k = tkey_item(type, from);
    TRY(view_next(v, live ? TABLE_ITEM_LIVE : TABLE_ITEM, tkey_span(&k), &key, &value));
    if (key.p[0] != type)
        return ST_END;
    *ret_number = load_u64(key.p + 1);
    return ST_OK;
}

enum status query_items(const struct view *v, const struct rpc_items *asked, struct arena *a,
                        struct query_items *ret, struct err *err)
{
    struct query_items q = {0};
    struct query_grow g = {.size = sizeof(struct query_item_line)};
    uint64_t most = asked->count < LIST_MAX ? asked->count : LIST_MAX;
    for (uint64_t from = asked->from;;) {
        struct item_ref ref = {.type = asked->type};
        struct state_item it;
        enum status st = next_of_type(v, asked->type, asked->live, from, &ref.number);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return err_set(err, st, "items cannot be read");
        q.more = g.n == most;
        if (q.more)
            break;
        TRY(item_get(v, a, &ref, &it, err));
        struct query_item_line *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        TRY(line_of(&it, a, line, err));
        from = ref.number + 1;
    }
    q.list = (struct query_item_line_list){g.n, g.v};
    *ret = q;
    return ST_OK;
}

enum status query_linked(const struct view *v, uint64_t decision, struct arena *a, struct query_linked *ret,
                         struct err *err)
{
    struct query_grow g = {.size = sizeof(struct query_item_line)};
    for (struct tkey from = tkey_u64(decision);;) {
        struct span key, value;
        struct state_item it;
        enum status st = view_next(v, TABLE_ITEM_LINKED, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && load_u64(key.p) != decision) || g.n == LIST_MAX)
            break;
        if (st != ST_OK)
            return err_set(err, st, "links cannot be read");
        from = tkey_after(key);
        struct item_ref ref = {.type = (enum item_type)key.p[8], .number = load_u64(key.p + 9)};
        TRY(item_get(v, a, &ref, &it, err));
        struct query_item_line *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        TRY(line_of(&it, a, line, err));
    }
    *ret = (struct query_linked){.list = {g.n, g.v}};
    return ST_OK;
}

struct span query_must_look(const struct charter_risks *risks, uint64_t score)
{
    struct span body = {NULL, 0};
    for (size_t i = 0; risks != NULL && i < risks->escalate.n; i++)
        if (risks->escalate.v[i].score <= score)
            body = risks->escalate.v[i].to;
    return body;
}

static enum status must_look(const struct view *v, struct arena *a, struct query_item *q, struct err *err)
{
    const void *section;
    TRY(item_section(v, a, SECTION_RISKS, &section, err));
    q->must_look = query_must_look(section, q->score);
    if (q->must_look.n != 0)
        SET_HAS(q, query_item_key_must_look);
    return ST_OK;
}

/* As people call the period: by how long those of the metric are now. */
static enum status period_text(const struct view *v, struct arena *a, struct span metric, uint64_t from,
                               struct span *ret, struct err *err)
{
    uint64_t number;
    struct state_metric row;
    TRY(metric_number(v, a, metric, &number, err));
    TRY(metric_get(v, a, number, &row, err));
    *ret = arena_dup(a, span_str(period_name(&row.every, from).s));
    return ret->p == NULL ? query_full(err) : ST_OK;
}

static enum status warnings(const struct view *v, struct arena *a, struct query_item *q, struct err *err)
{
    const struct state_item *it = &q->item;
    size_t n = HAS(it, state_item_key_indicators) ? it->indicators.n : 0;
    struct query_warning_list l = {0, arena_array(a, n + 1, sizeof *l.v)};
    if (l.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < n; i++) {
        const struct state_indicator *s = &it->indicators.v[i];
        struct query_warning *x = &l.v[l.n++];
        const char *words = item_indicator_text(a, &s->indicator);
        if (words == NULL)
            return query_full(err);
        *x = (struct query_warning){.words = span_str(words)};
        if (!HAS(s, state_indicator_key_since_ms))
            continue;
        x->since_ms = s->since_ms;
        TRY(period_text(v, a, s->indicator.metric, s->period, &x->period, err));
        SET_HAS(x, query_warning_key_since_ms);
        if (HAS(s, state_indicator_key_reading)) {
            x->reading = s->reading;
            SET_HAS(x, query_warning_key_reading);
        }
        SET_HAS(x, query_warning_key_period);
    }
    q->warnings = l;
    return ST_OK;
}

/* Who owes what, until when; all organisations together. */
static enum status owed(const struct state_item *it, struct arena *a, struct query_item *q, struct err *err)
{
    const char *s = "";
    struct span owner = it->owner;
    switch (it->phase) {
    case ITEM_OPEN:
        if (warning_is_on(it)) {
            struct span on;
            TRY(warning_text(a, it, &on, err));
            s = charter_text(a, "%.*s owes it, an early warning is on: %.*s", SPAN_FMT(owner), SPAN_FMT(on));
        } else if (it->item.type == ITEM_CONFLICT)
            s = charter_text(a, "%.*s and %.*s settle it: one claims how, the other verifies",
                             SPAN_FMT(owner), SPAN_FMT(it->item.against));
        else if (HAS(it, state_item_key_due_ms))
            s = charter_text(a, "%.*s owes it by %s%s", SPAN_FMT(owner), time_utc(it->due_ms).s,
                             q->overdue ? ", overdue" : "");
        else
            s = charter_text(a, "%.*s owes it; it has no due date", SPAN_FMT(owner));
        break;
    case ITEM_CLAIMED:
        s = it->item.type == ITEM_CONFLICT
                ? charter_text(a, "%.*s owes an answer: verify, or reopen",
                               SPAN_FMT(span_eq(it->claimed_by, owner) ? it->item.against : owner))
                : charter_text(a, "a seat of another partner than %.*s owes a look: verify, or reopen",
                               SPAN_FMT(state_seat_org(owner)));
        break;
    case ITEM_ACCEPTED:
        s = charter_text(a, "accepted by D-%" PRIu64 " until %s; then it is open again", it->accepted_by,
                         time_utc(it->accepted_until_ms).s);
        break;
    case ITEM_MEDIATION:
        s = HAS(it, state_item_key_recommended)
                ? charter_text(a, "both sides owe an answer to the mediator by %s; silence declines",
                               time_utc(it->rung_ms).s)
                : charter_text(a, "the mediator owes a recommendation by %s", time_utc(it->rung_ms).s);
        break;
    case ITEM_CLOSED:
        break;
    }
    if (s == NULL)
        return query_full(err);
    q->owed = span_str(s);
    return ST_OK;
}

enum status query_item(const struct view *v, const struct item_ref *ref, struct arena *a,
                       struct query_item *ret, struct err *err)
{
    struct query_item q = {0};
    struct query_grow events = {0};
    struct tkey k = tkey_item(ref->type, ref->number);
    enum status st = item_get(v, a, ref, &q.item, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "there is no item %s", item_id(ref->type, ref->number).s);
    TRY(st);
    TRY(id_text(a, ref->type, ref->number, &q.id, err));
    TRY(query_scan(v, TABLE_ITEM_EVENT, &k, k.n, &state_item_event_desc, a, &events, NULL, err));
    q.events = (struct state_item_event_list){events.n, events.v};
    if (q.item.rung > 0) {
        TRY(item_ladder_get(v, a, &q.item, &q.ladder, err));
        SET_HAS(&q, query_item_key_ladder);
    }
    q.overdue = item_is_overdue(&q.item);
    q.score = item_score(&q.item);
    if (q.score != 0) {
        SET_HAS(&q, query_item_key_score);
        TRY(must_look(v, a, &q, err));
    }
    TRY(warnings(v, a, &q, err));
    if (q.item.phase == ITEM_OPEN)
        TRY(item_gate_missing(v, a, &q.item, &q.missing, err));
    TRY(owed(&q.item, a, &q, err));
    *ret = q;
    return ST_OK;
}
