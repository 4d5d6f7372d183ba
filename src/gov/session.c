/* Sessions as the tables keep them, and what time does with them (SES-1 to SES-4). */
#include "gov/session.h"
#include "charter/calendar.h"
#include "charter/period.h"
#include "gov/item.h"
#include "gov/refresh.h"

static const struct session_type_row rows[] = {
    {SESSION_STAND_UP, LAYER_WORKING, false},
    {SESSION_OPERATIONAL, LAYER_OPERATIONAL, true},
    {SESSION_STEERING, LAYER_EXECUTIVE, true},
    {SESSION_AFTER_ACTION, 0, true},
    {SESSION_REFRESH, 0, true},
    {SESSION_AUDIT_VISIT, 0, true},
};
static_assert(ARRAY_LEN(rows) == SESSION_AUDIT_VISIT, "a row for every type, in the order of their numbers");

const struct session_type_row *session_type_row(enum session_type type)
{
    ASSERT(type >= SESSION_STAND_UP);
    ASSERT((size_t)type <= ARRAY_LEN(rows));
    return &rows[type - 1];
}

/* The type of a body's regular sessions. */
static enum session_type type_of_layer(enum layer layer)
{
    size_t i = 0;
    while (rows[i].layer != layer)
        i++;
    return rows[i].type;
}

enum status session_get(const struct view *v, struct arena *a, uint64_t number, struct state_session *ret,
                        struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_get(v, a, TABLE_SESSION, &k, &state_session_desc, ret, err);
}

enum status session_next(const struct view *v, struct arena *a, bool live, uint64_t *from,
                         struct state_session *ret, struct err *err)
{
    struct tkey k = tkey_u64(*from);
    struct span key, value;
    TRY(view_next(v, live ? TABLE_SESSION_LIVE : TABLE_SESSION, tkey_span(&k), &key, &value));
    uint64_t number = load_u64(key.p);
    *from = number + 1;
    enum status st = session_get(v, a, number, ret, err);
    return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "S-%" PRIu64 " is listed and not there", number) : st;
}

bool session_expects(enum session_standing s)
{
    return s == SESSION_OPEN || s == SESSION_RECORDED || s == SESSION_CONTESTED;
}

enum timer_kind session_timer(const struct state_session *s)
{
    return s->standing == SESSION_OPEN ? TIMER_SESSION : TIMER_MINUTES;
}

void session_begin(struct gov *g, struct state_session *s)
{
    if (HAS(s, state_session_key_due_ms))
        state_clear_timer(g, s->due_ms, s->number, session_timer(s));
    s->has &= ~(UINT64_C(1) << state_session_key_due_ms);
}

enum status session_commit(struct gov *g, const struct state_session *s, struct err *err)
{
    struct tkey k = tkey_u64(s->number);
    if (HAS(s, state_session_key_due_ms))
        state_set_timer(g, s->due_ms, s->number, session_timer(s));
    if (session_expects(s->standing))
        overlay_put(g->state, TABLE_SESSION_LIVE, tkey_span(&k), span_of("", 0));
    else
        overlay_del(g->state, TABLE_SESSION_LIVE, tkey_span(&k));
    return state_put(g, TABLE_SESSION, &k, &state_session_desc, s, err);
}

enum status session_open(struct gov *g, struct state_session *s, uint64_t due_ms, struct err *err)
{
    TRY(state_count(g, "session", &s->number, err));
    s->standing = SESSION_OPEN;
    s->opened_ms = g->time_ms;
    s->opened_leaf = g->leaf;
    s->due_ms = due_ms;
    SET_HAS(s, state_session_key_due_ms);
    return session_commit(g, s, err);
}

enum status session_grace(const struct view *v, struct arena *a, uint64_t from_ms, uint64_t *ret_ms,
                          struct err *err)
{
    static const struct charter_span five = {.n = 5, .unit = UNIT_BD};
    return item_span_end(v, a, from_ms, &five, ret_ms, err);
}

/* --- The charter --- */

enum status session_lines(const struct view *v, struct arena *a, struct charter_session_list *ret,
                          struct err *err)
{
    const void *section;
    TRY(item_section(v, a, SECTION_SESSIONS, &section, err));
    *ret =
        section == NULL ? (struct charter_session_list){0} : ((const struct charter_sessions *)section)->list;
    return ST_OK;
}

const struct charter_session *session_line(const struct charter_session_list *l, struct span name)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i].name, name))
            return &l->v[i];
    return NULL;
}

struct charter_selector session_of_body(struct span body)
{
    struct charter_selector s = {.body = body};
    SET_HAS(&s, charter_selector_key_body);
    return s;
}

/* SES-7 */
bool session_quorate(const struct charter *c, const struct charter_body *b, const struct span_list *present)
{
    struct charter_selector of_body = session_of_body(b->name);
    for (size_t i = 0; i < c->parties->list.n; i++) {
        struct span org = c->parties->list.v[i].org;
        size_t seats = charter_count_seats(c, &of_body, org), there = 0;
        if (!charter_is_partner(c, org) || seats == 0)
            continue;
        for (size_t k = 0; k < present->n; k++)
            there +=
                span_eq(state_seat_org(present->v[k]), org) && charter_selects(c, &of_body, present->v[k]);
        if (there < (b->quorum.count < seats ? b->quorum.count : seats))
            return false;
    }
    return true;
}

/* --- Following the charter --- */

/* META: cadence/NAME */
static struct tkey name_key(struct span name)
{
    char text[80];
    int n = snprintf(text, sizeof text, "cadence/%.*s", SPAN_FMT(name));
    ASSERT(n > 0 && (size_t)n < sizeof text);
    return tkey_text(span_of(text, (size_t)n));
}

static enum status cadence_put(struct gov *g, uint64_t number, const struct state_cadence *row,
                               struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_put(g, TABLE_CADENCE, &k, &state_cadence_desc, row, err);
}

static void stop(struct gov *g, uint64_t number, struct state_cadence *row)
{
    if (HAS(row, state_cadence_key_opens_ms))
        state_clear_timer(g, row->opens_ms, number, TIMER_CADENCE);
    row->has &= ~(UINT64_C(1) << state_cadence_key_opens_ms);
}

/* Puts the row with the period whose session opens next; without a timer when no period is left. */
static enum status await(struct gov *g, uint64_t number, struct state_cadence *row, uint64_t from,
                         struct err *err)
{
    struct view v = overlay_view(g->state);
    struct period p;
    row->period = from;
    if (from > 0 && period_of(&row->every, from, &p) == ST_OK) {
        TRY(item_date_end(&v, g->arena, from - 1, &row->opens_ms, err));
        SET_HAS(row, state_cadence_key_opens_ms);
        state_set_timer(g, row->opens_ms, number, TIMER_CADENCE);
    }
    return cadence_put(g, number, row, err);
}

/* The period after the one of the block's time; the day itself when there is none. */
static enum status next_period(struct gov *g, const struct rights *r, const struct charter_period *every,
                               uint64_t *ret_from, struct err *err)
{
    const struct charter *c = &r->charter;
    struct period p;
    uint64_t day;
    enum status st = calendar_day(c->calendars, c->decisions->calendar, g->time_ms, &day);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "no day on calendar %.*s: %s", SPAN_FMT(c->decisions->calendar),
                       status_text(st));
    *ret_from = period_of(every, day, &p) == ST_OK ? p.until : day;
    return ST_OK;
}

static enum status drop_line(struct gov *g, struct span name, struct err *err)
{
    for (uint64_t from = 0;;) {
        struct view v = overlay_view(g->state);
        struct state_session s;
        enum status st = session_next(&v, g->arena, true, &from, &s, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (s.standing != SESSION_OPEN || !HAS(&s, state_session_key_cadence) || !span_eq(s.cadence, name))
            continue;
        session_begin(g, &s);
        s.standing = SESSION_DROPPED;
        TRY(session_commit(g, &s, err));
    }
}

static enum status end_missing(struct gov *g, const struct charter_session_list *lines, struct err *err)
{
    struct tkey from = tkey_u64(0);
    for (;;) {
        struct view v = overlay_view(g->state);
        struct span key, value;
        struct state_cadence row;
        enum status st = view_next(&v, TABLE_CADENCE, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        uint64_t number = load_u64(key.p);
        from = tkey_u64(number + 1);
        TRY(codec_decode(&state_cadence_desc, arena_dup(g->arena, value), g->arena, &row, err));
        if (session_line(lines, row.name) != NULL || !HAS(&row, state_cadence_key_opens_ms))
            continue;
        stop(g, number, &row);
        TRY(cadence_put(g, number, &row, err));
        TRY(drop_line(g, row.name, err));
    }
}

static enum status follow_line(struct gov *g, const struct rights *r, const struct charter_session *line,
                               struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = name_key(line->name);
    struct state_counter c;
    struct state_cadence row = {.name = line->name};
    uint64_t from = 0;
    enum status st = state_get(&v, g->arena, TABLE_META, &k, &state_counter_desc, &c, err);
    if (st == ST_NOTFOUND) {
        TRY(state_count(g, "cadence", &c.value, err));
        TRY(state_put(g, TABLE_META, &k, &state_counter_desc, &c, err));
    } else {
        TRY(st);
        struct tkey number = tkey_u64(c.value);
        TRY(state_need(&v, g->arena, TABLE_CADENCE, &number, &state_cadence_desc, &row, err));
        if (HAS(&row, state_cadence_key_opens_ms) && row.every.n == line->every.n &&
            row.every.unit == line->every.unit)
            return ST_OK;
    }
    stop(g, c.value, &row);
    row.every = line->every;
    TRY(next_period(g, r, &row.every, &from, err));
    return await(g, c.value, &row, from, err);
}

/* SES-2 */
enum status session_follow(struct gov *g, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct charter_session_list lines;
    struct rights r;
    TRY(rights_load(&v, g->arena, &r, err));
    TRY(session_lines(&v, g->arena, &lines, err));
    TRY(end_missing(g, &lines, err));
    for (size_t i = 0; i < lines.n; i++)
        TRY(follow_line(g, &r, &lines.v[i], err));
    return ST_OK;
}

/* --- What time does --- */

/* SES-4: the session of a period opens. */
static enum status open_regular(struct gov *g, uint64_t number, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = tkey_u64(number);
    struct charter_session_list lines;
    struct state_cadence row;
    struct rights r;
    struct period p;
    uint64_t due;
    TRY(rights_load(&v, g->arena, &r, err));
    TRY(session_lines(&v, g->arena, &lines, err));
    TRY(state_need(&v, g->arena, TABLE_CADENCE, &k, &state_cadence_desc, &row, err));
    const struct charter_session *line = session_line(&lines, row.name);
    const struct charter_body *b = line == NULL ? NULL : charter_body(&r.charter, line->body);
    if (b == NULL || period_of(&row.every, row.period, &p) != ST_OK)
        return err_set(err, ST_CORRUPT, "a session of %.*s opens that the charter does not have",
                       SPAN_FMT(row.name));
    struct state_session s = {.type = type_of_layer(b->layer),
                              .body = b->name,
                              .minutes = line->record == RECORD_MINUTES,
                              .from = p.from,
                              .until = p.until,
                              .cadence = row.name};
    SET_HAS(&s, state_session_key_cadence);
    TRY(item_date_end(&v, g->arena, p.until - 1, &due, err));
    TRY(session_open(g, &s, due, err));
    stop(g, number, &row);
    return await(g, number, &row, p.until, err);
}

enum status session_fire(struct gov *g, enum timer_kind kind, uint64_t number, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_session s;
    if (kind == TIMER_CADENCE)
        return open_regular(g, number, err);
    enum status st = session_get(&v, g->arena, number, &s, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "there is no S-%" PRIu64, number) : st;
    session_begin(g, &s);
    if (kind == TIMER_SESSION) {
        s.standing = SESSION_MISSED;
        s.missed_ms = g->time_ms;
        SET_HAS(&s, state_session_key_missed_ms);
    } else {
        s.standing = SESSION_UNCONTESTED;
    }
    TRY(session_commit(g, &s, err));
    return refresh_heard(g, &s, err);
}

enum status session_defer(struct gov *g, uint64_t number, uint64_t until_ms, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_session s;
    enum status st = session_get(&v, g->arena, number, &s, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "there is no S-%" PRIu64, number) : st;
    session_begin(g, &s);
    s.due_ms = until_ms;
    SET_HAS(&s, state_session_key_due_ms);
    return session_commit(g, &s, err);
}
