/* Sessions in lists, the agenda of one, and what they ask of seats. */
#include "charter/period.h"
#include "gov/item.h"
#include "gov/query_part.h"
#include "gov/reading.h"
#include "gov/session.h"

enum { TASKS_MAX = 4096, LIST_MAX = 1000 };

/* --- Lists --- */

struct asking {
    const struct view *v;
    struct arena *a;
    struct rights rights;
    struct charter_session_list lines;
};

static enum status asking_load(const struct view *v, struct arena *a, struct asking *ret, struct err *err)
{
    ret->v = v;
    ret->a = a;
    TRY(rights_load(v, a, &ret->rights, err));
    return session_lines(v, a, &ret->lines, err);
}

/* "2026-04", or its first day when the charter's period has changed since. */
static const char *when_text(const struct asking *x, const struct state_session *s)
{
    static const struct charter_period day = {.n = 1, .unit = PERIOD_DAY};
    const struct charter_session *line =
        HAS(s, state_session_key_cadence) ? session_line(&x->lines, s->cadence) : NULL;
    struct period p;
    bool same = line != NULL && period_of(&line->every, s->from, &p) == ST_OK && p.from == s->from &&
                p.until == s->until;
    return charter_text(x->a, "%s", period_name(same ? &line->every : &day, s->from).s);
}

/* Seats on the body, of one organisation when org.n != 0; none when the charter no longer has it. */
static enum status seats_of(const struct asking *x, struct span body, struct span org, struct span_list *ret,
                            struct err *err)
{
    struct charter_selector of_body = session_of_body(body);
    *ret = (struct span_list){0};
    if (charter_body(&x->rights.charter, body) == NULL)
        return ST_OK;
    enum status st = charter_select(&x->rights.charter, &of_body, org, x->a, ret);
    return st == ST_OK ? st : query_full(err);
}

static enum status show(const struct asking *x, const struct state_session *s, struct query_session *ret,
                        struct err *err)
{
    const char *when = when_text(x, s);
    if (when == NULL)
        return query_full(err);
    *ret = (struct query_session){.session = *s, .when = span_str(when)};
    return seats_of(x, s->body, (struct span){NULL, 0}, &ret->recorders, err);
}

enum status query_sessions(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                           struct query_sessions *ret, struct err *err)
{
    struct query_sessions q = {0};
    struct query_grow g = {.size = sizeof(struct query_session)};
    uint64_t most = count < LIST_MAX ? count : LIST_MAX;
    struct asking x;
    TRY(asking_load(v, a, &x, err));
    for (;;) {
        struct state_session s;
        enum status st = session_next(v, a, false, &from, &s, err);
        if (st == ST_END)
            break;
        TRY(st);
        q.more = g.n == most;
        if (q.more)
            break;
        struct query_session *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        TRY(show(&x, &s, line, err));
    }
    q.list = (struct query_session_list){g.n, g.v};
    *ret = q;
    return ST_OK;
}

/* --- Agenda --- */

struct agenda {
    struct asking x;
    struct state_session s;
    struct query_grow lines;
};

static enum status add(struct agenda *g, enum agenda_part part, const char *id, const char *words,
                       uint64_t deadline_ms, struct query_agenda_line **ret, struct err *err)
{
    static struct query_agenda_line beyond;
    *ret = &beyond;
    if (g->lines.n == TASKS_MAX)
        return ST_OK;
    struct query_agenda_line *l = query_grow_one(&g->lines, g->x.a);
    if (l == NULL || words == NULL)
        return query_full(err);
    *l = (struct query_agenda_line){.part = part, .words = span_str(words), .deadline_ms = deadline_ms};
    if (id != NULL) {
        l->id = span_str(id);
        SET_HAS(l, query_agenda_line_key_id);
    }
    if (deadline_ms != 0)
        SET_HAS(l, query_agenda_line_key_deadline_ms);
    *ret = l;
    return ST_OK;
}

static void titled(struct query_agenda_line *l, const struct hash *title, uint64_t leaf)
{
    l->title = *title;
    l->leaf = leaf;
    SET_HAS(l, query_agenda_line_key_title);
    SET_HAS(l, query_agenda_line_key_leaf);
}

static enum status standing(struct agenda *g, struct err *err)
{
    const struct charter_session *line =
        HAS(&g->s, state_session_key_cadence) ? session_line(&g->x.lines, g->s.cadence) : NULL;
    struct query_agenda_line *l;
    for (size_t i = 0; line != NULL && HAS(line, charter_session_key_agenda) && i < line->agenda.n; i++)
        TRY(add(g, AGENDA_STANDING, NULL, charter_text(g->x.a, "%.*s", SPAN_FMT(line->agenda.v[i])), 0, &l,
                err));
    return ST_OK;
}

/* Is it before this body: by its row's agenda, or because seats of it are asked now? */
static enum status before(const struct agenda *g, const struct matter *m, const char **ret_why,
                          struct err *err)
{
    const struct charter_row *row = charter_row(&g->x.rights.charter, m->d.type);
    struct pinned_term_list terms;
    struct span body = g->s.body;
    *ret_why = NULL;
    if (m->d.rung > 0) {
        const struct pinned_rung *r = &m->p.rungs.v[m->d.rung - 1];
        if (HAS(r, pinned_rung_key_body) && span_eq(r->body, body))
            *ret_why = "it was escalated to this body";
    } else {
        TRY(tally_terms(m, 0, g->x.a, &terms, err));
        for (size_t i = 0; i < terms.n; i++)
            if (HAS(&terms.v[i], pinned_term_key_body) && span_eq(terms.v[i].body, body))
                *ret_why = "this body decides";
    }
    if (*ret_why == NULL && row != NULL && HAS(row, charter_row_key_agenda) && span_eq(row->agenda, body))
        *ret_why = "its row is taken up here";
    return ST_OK;
}

static enum status decision(struct agenda *g, uint64_t number, uint64_t deadline_ms, struct err *err)
{
    struct matter m;
    struct state_revision rev;
    struct query_agenda_line *l;
    const char *why;
    TRY(matter_load(g->x.v, g->x.a, number, &m, err));
    if (m.d.phase != PHASE_OPEN && m.d.phase != PHASE_PAUSED && m.d.phase != PHASE_STALE)
        return ST_OK;
    TRY(before(g, &m, &why, err));
    if (why == NULL)
        return ST_OK;
    struct tkey k = tkey_revision(number, m.d.revision);
    TRY(state_need(g->x.v, g->x.a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    TRY(add(g, AGENDA_DECISION, charter_text(g->x.a, "D-%" PRIu64, number),
            charter_text(g->x.a, "%.*s, %s: %s", SPAN_FMT(m.d.type), enum_text(&phase_enum, m.d.phase), why),
            deadline_ms, &l, err));
    titled(l, &m.d.title, rev.leaf);
    return ST_OK;
}

/* Each live decision has one timer; soonest first. */
static enum status decisions(struct agenda *g, struct err *err)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        uint64_t at_ms, number;
        uint8_t kind;
        enum status st = view_next(g->x.v, TABLE_TIMER, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(err, st, "deadlines cannot be read");
        from = tkey_after(key);
        tkey_timer_parts(key, &at_ms, &number, &kind);
        if (state_timer_of_decision((enum timer_kind)kind))
            TRY(decision(g, number, at_ms, err));
    }
}

/* By the charter this body looks at a risk of such a score, also when nothing has escalated it. */
static enum status by_score(struct agenda *g, const struct state_item *it, const struct charter_risks *risks, struct err *err)
{
    struct query_agenda_line *l;
    uint64_t score = item_score(it);
    if (it->item.type != ITEM_RISK || it->phase != ITEM_OPEN || !span_eq(query_must_look(risks, score), g->s.body))
        return ST_OK;
    TRY(add(g, AGENDA_ITEM, charter_text(g->x.a, "%s", item_id(ITEM_RISK, it->number).s),
            charter_text(g->x.a, "risk of %.*s, open, score %" PRIu64 ": by the charter this body looks at it", SPAN_FMT(it->owner), score),
            0, &l, err));
    titled(l, &it->item.title, it->opened_leaf);
    return ST_OK;
}

static enum status items(struct agenda *g, struct err *err)
{
    const void *risks;
    TRY(item_section(g->x.v, g->x.a, SECTION_RISKS, &risks, err));
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        struct state_item it;
        struct state_item_ladder ladder;
        struct query_agenda_line *l;
        enum status st = view_next(g->x.v, TABLE_ITEM_LIVE, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(err, st, "items cannot be read");
        from = tkey_after(key);
        struct item_ref ref = {.type = (enum item_type)key.p[0], .number = load_u64(key.p + 1)};
        TRY(item_get(g->x.v, g->x.a, &ref, &it, err));
        if (it.rung == 0) {
            TRY(by_score(g, &it, risks, err));
            continue;
        }
        TRY(item_ladder_get(g->x.v, g->x.a, &it, &ladder, err));
        const struct item_rung *r = &ladder.rungs.v[it.rung - 1];
        if (!HAS(r, item_rung_key_body) || !span_eq(r->body, g->s.body))
            continue;
        TRY(add(g, AGENDA_ITEM, charter_text(g->x.a, "%s", item_id(ref.type, ref.number).s),
                charter_text(g->x.a, "%s of %.*s, %s%s: it climbed to this body",
                             enum_text(&item_type_enum, ref.type), SPAN_FMT(it.owner),
                             enum_text(&item_phase_enum, it.phase), item_is_overdue(&it) ? ", overdue" : ""),
                HAS(&it, state_item_key_rung_ms) ? it.rung_ms : 0, &l, err));
        if (HAS(&it, state_item_key_id))
            titled(l, &it.item.title, it.opened_leaf);
    }
}

static enum status readings(struct agenda *g, struct err *err)
{
    for (uint64_t from = 0;;) {
        struct state_reading r;
        struct query_agenda_line *l;
        enum status st = reading_next_owing(g->x.v, g->x.a, &from, &r, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (HAS(&r, state_reading_key_due_ms))
            continue;
        TRY(add(g, AGENDA_READING, charter_text(g->x.a, "K-%" PRIu64, r.number),
                charter_text(g->x.a, "%.*s of %.*s for the period from %.10s is %s, and late",
                             SPAN_FMT(r.metric), SPAN_FMT(r.org), time_utc(r.period * 86400000).s,
                             enum_text(&reading_standing_enum, r.standing)),
                0, &l, err));
    }
}

static enum status contested(struct agenda *g, struct err *err)
{
    for (uint64_t from = 0;;) {
        struct state_session s;
        struct query_agenda_line *l;
        enum status st = session_next(g->x.v, g->x.a, true, &from, &s, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (s.standing != SESSION_CONTESTED || s.number == g->s.number || !span_eq(s.body, g->s.body))
            continue;
        TRY(add(g, AGENDA_SESSION, charter_text(g->x.a, "S-%" PRIu64, s.number),
                charter_text(g->x.a, "%.*s contests its record: record it anew", SPAN_FMT(s.now.mark.seat)),
                0, &l, err));
    }
}

enum status query_agenda(const struct view *v, uint64_t number, struct arena *a, struct query_agenda *ret,
                         struct err *err)
{
    struct agenda g = {.lines = {.size = sizeof(struct query_agenda_line)}};
    struct query_agenda q = {0};
    TRY(asking_load(v, a, &g.x, err));
    enum status st = session_get(v, a, number, &g.s, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "there is no session S-%" PRIu64 "; see: entente meet list", number);
    TRY(st);
    TRY(show(&g.x, &g.s, &q.session, err));
    TRY(standing(&g, err));
    TRY(decisions(&g, err));
    TRY(items(&g, err));
    TRY(readings(&g, err));
    TRY(contested(&g, err));
    q.list = (struct query_agenda_line_list){g.lines.n, g.lines.v};
    *ret = q;
    return ST_OK;
}

/* --- Tasks --- */

/* Neither regular nor called: the charter's own review (SES-11). */
static bool session_opened_itself(const struct state_session *s)
{
    return !HAS(s, state_session_key_cadence) && !HAS(s, state_session_key_called_by);
}

/* What the session asks of the seats of its body, in words; NULL: nothing of this organisation. */
static const char *asked(const struct asking *x, const struct state_session *s, struct span org,
                         enum task_type *ret_task)
{
    const char *type = enum_text(&session_type_enum, s->type), *when = when_text(x, s);
    switch (s->standing) {
    case SESSION_OPEN:
        *ret_task = TASK_MEET;
        if (session_opened_itself(s))
            return charter_text(x->a, "%s of %.*s: the charter has fallen due for review; meet, then record it", type, SPAN_FMT(s->body));
        return charter_text(x->a, "%s of %.*s for %s is due: meet, then record it", type, SPAN_FMT(s->body),
                            when == NULL ? "" : when);
    case SESSION_RECORDED:
        *ret_task = TASK_CONFIRM;
        if (span_eq(state_seat_org(s->now.seat), org))
            return NULL;
        return charter_text(x->a,
                            "%s of %.*s, recorded by %.*s: confirm or contest it; with silence it stands",
                            type, SPAN_FMT(s->body), SPAN_FMT(s->now.seat));
    case SESSION_CONTESTED:
        *ret_task = TASK_RECORD;
        return charter_text(x->a, "%s of %.*s: %.*s contests its record; record it anew", type,
                            SPAN_FMT(s->body), SPAN_FMT(s->now.mark.seat));
    case SESSION_MISSED:
    case SESSION_CONFIRMED:
    case SESSION_UNCONTESTED:
    case SESSION_DROPPED:
        break;
    }
    return NULL;
}

static enum status ask(const struct asking *x, const struct state_session *s, struct span org,
                       const struct span_list *only, struct query_grow *g, struct err *err)
{
    struct query_session_task t = {.session = s->number};
    struct span_list seats;
    const char *words = asked(x, s, org, &t.task);
    TRY(seats_of(x, s->body, org, &seats, err));
    t.seats.v = arena_array(x->a, seats.n + 1, sizeof(struct span));
    if (t.seats.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < seats.n; i++)
        if (only == NULL || state_list_has(only, seats.v[i]))
            t.seats.v[t.seats.n++] = seats.v[i];
    if (words == NULL || t.seats.n == 0 || g->n == TASKS_MAX)
        return ST_OK;
    t.words = span_str(words);
    if (HAS(s, state_session_key_due_ms)) {
        t.deadline_ms = s->due_ms;
        SET_HAS(&t, query_session_task_key_deadline_ms);
    }
    struct query_session_task *line = query_grow_one(g, x->a);
    if (line == NULL)
        return query_full(err);
    *line = t;
    return ST_OK;
}

enum status query_session_tasks(const struct view *v, struct span org, const struct span_list *only,
                                struct arena *a, struct query_session_task_list *ret, struct err *err)
{
    struct query_grow g = {.size = sizeof(struct query_session_task)};
    struct asking x;
    TRY(asking_load(v, a, &x, err));
    for (uint64_t from = 0;;) {
        struct state_session s;
        enum status st = session_next(v, a, true, &from, &s, err);
        if (st == ST_END)
            break;
        TRY(st);
        TRY(ask(&x, &s, org, only, &g, err));
    }
    *ret = (struct query_session_task_list){g.n, g.v};
    return ST_OK;
}
