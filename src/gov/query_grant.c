/* Grants in lists, and the map of who may have what and has it. */
#include "gov/grant.h"
#include "gov/query_part.h"

enum { LIST_MAX = 1000, NUMBERS_MAX = 4096, ROWS_MAX = 1024, TASKS_MAX = 4096 };

/* --- Lists --- */

static enum status granters(const struct grant_terms *t, struct span org, struct arena *a, struct span_list *ret,
                            struct err *err)
{
    const struct charter *c = &t->rights.charter;
    struct span_list all;
    *ret = (struct span_list){0};
    if (!charter_is_partner(c, org))
        return ST_OK; /* it has left */
    if (charter_seats_of(c, org, a, &all) != ST_OK)
        return query_full(err);
    ret->v = arena_array(a, all.n + 1, sizeof *ret->v);
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < all.n; i++)
        if (grant_may_grant(t, all.v[i]))
            ret->v[ret->n++] = all.v[i];
    return ST_OK;
}

static enum status show(const struct grant_terms *t, const struct state_grant *s, struct arena *a,
                        struct query_grant *ret, struct err *err)
{
    const struct charter_sharing_class *k = grant_class(t, s->info_class);
    *ret = (struct query_grant){.grant = *s};
    ret->contrary.v = arena_array(a, s->audience.n + 1, sizeof *ret->contrary.v);
    if (ret->contrary.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < s->audience.n; i++) {
        const struct grant_holder *m = &s->audience.v[i];
        bool has = s->standing == GRANT_IN_FORCE ? grant_has(m) : m->holding == HOLDING_RECEIVED;
        if (has && (k == NULL || grant_may(k, m->org) == MAY_CANNOT))
            ret->contrary.v[ret->contrary.n++] = m->org;
    }
    return granters(t, grant_org(s), a, &ret->granters, err);
}

enum status query_grants(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                         struct query_grants *ret, struct err *err)
{
    struct query_grants q = {0};
    struct query_grow g = {.size = sizeof(struct query_grant)};
    uint64_t most = count < LIST_MAX ? count : LIST_MAX;
    struct grant_terms t;
    TRY(grant_terms_load(v, a, &t, err));
    for (;;) {
        struct state_grant s;
        enum status st = grant_next(v, a, false, &from, &s, err);
        if (st == ST_END)
            break;
        TRY(st);
        q.more = g.n == most;
        if (q.more)
            break;
        struct query_grant *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        TRY(show(&t, &s, a, line, err));
    }
    q.list = (struct query_grant_list){g.n, g.v};
    *ret = q;
    return ST_OK;
}

/* --- Map --- */

static enum status add_number(struct uint_list *l, uint64_t number, struct arena *a, struct err *err)
{
    if (l->n == NUMBERS_MAX)
        return ST_OK;
    if ((l->n & (l->n - 1)) == 0) { /* full at each power of two */
        uint64_t *v = arena_array(a, l->n == 0 ? 1 : 2 * l->n, sizeof *v);
        if (v == NULL)
            return query_full(err);
        if (l->n > 0)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
    }
    l->v[l->n++] = number;
    return ST_OK;
}

/* The row of a class, in its place; NULL when the arena is full, or there are too many. */
static struct query_share_row *row_of(struct query_grow *rows, const struct grant_terms *t, struct span name,
                                      struct arena *a)
{
    struct query_share_row *v = rows->v;
    size_t at = rows->n;
    while (at > 0 && span_cmp(v[at - 1].info_class, name) >= 0)
        at--;
    if (at < rows->n && span_eq(v[at].info_class, name))
        return &v[at];
    if (rows->n == ROWS_MAX || query_grow_one(rows, a) == NULL)
        return NULL;
    v = rows->v;
    memmove(v + at + 1, v + at, (rows->n - 1 - at) * sizeof *v);
    const struct charter_sharing_class *k = grant_class(t, name);
    v[at] = (struct query_share_row){.info_class = name, .in_charter = k != NULL};
    struct span_list partners;
    if (charter_partners(&t->rights.charter, a, &partners) != ST_OK)
        return NULL;
    v[at].cells.v = arena_array(a, partners.n + 1, sizeof *v[at].cells.v);
    if (v[at].cells.v == NULL)
        return NULL;
    for (size_t i = 0; i < partners.n; i++)
        v[at].cells.v[v[at].cells.n++] = (struct query_share_cell){
            .org = partners.v[i], .may = k == NULL ? MAY_CANNOT : grant_may(k, partners.v[i])};
    return &v[at];
}

static enum status count_grant(struct query_share_row *row, const struct state_grant *s, struct arena *a,
                               struct err *err)
{
    bool force = s->standing == GRANT_IN_FORCE;
    for (size_t i = 0; i < row->cells.n; i++) {
        struct query_share_cell *cell = &row->cells.v[i];
        const struct grant_holder *m = grant_member(s, cell->org);
        if (force && span_eq(grant_org(s), cell->org))
            TRY(add_number(&cell->granted, s->number, a, err));
        if (force && m != NULL && grant_has(m))
            TRY(add_number(&cell->in_force, s->number, a, err));
        if (!force && m != NULL && m->holding == HOLDING_RECEIVED)
            TRY(add_number(&cell->holds, s->number, a, err));
    }
    return ST_OK;
}

enum status query_share_map(const struct view *v, struct arena *a, struct query_share_map *ret, struct err *err)
{
    struct query_share_map q = {0};
    struct query_grow rows = {.size = sizeof(struct query_share_row)};
    struct grant_terms t;
    TRY(grant_terms_load(v, a, &t, err));
    for (size_t i = 0; t.sharing != NULL && i < t.sharing->classes.n; i++)
        if (row_of(&rows, &t, t.sharing->classes.v[i].name, a) == NULL)
            return query_full(err);
    for (uint64_t from = 0;;) {
        struct state_grant s;
        enum status st = grant_next(v, a, true, &from, &s, err);
        if (st == ST_END)
            break;
        TRY(st);
        struct query_share_row *row = row_of(&rows, &t, s.info_class, a);
        if (row == NULL)
            return query_full(err);
        TRY(count_grant(row, &s, a, err));
    }
    if (t.sharing != NULL && HAS(t.sharing, charter_sharing_key_audit_right)) {
        q.audit_right = t.sharing->audit_right;
        SET_HAS(&q, query_share_map_key_audit_right);
    }
    q.rows = (struct query_share_row_list){rows.n, rows.v};
    *ret = q;
    return ST_OK;
}

/* --- Tasks --- */

/* What the grant asks of this member, in words; NULL: nothing. */
static const char *asked(const struct state_grant *s, const struct grant_holder *m, struct arena *a, enum grant_act *ret)
{
    *ret = s->standing == GRANT_IN_FORCE ? GRANT_ACT_RECEIVE : GRANT_ACT_RETURN;
    if (s->standing == GRANT_IN_FORCE && m->holding == HOLDING_OFFERED)
        return charter_text(a, "%.*s, shared by %.*s: say that it arrived", SPAN_FMT(s->info_class),
                            SPAN_FMT(s->granted.seat));
    if (s->standing != GRANT_IN_FORCE && m->holding == HOLDING_RECEIVED)
        return charter_text(a, "%.*s, shared by %.*s, is %s: return or destroy it", SPAN_FMT(s->info_class),
                            SPAN_FMT(s->granted.seat), enum_text(&grant_standing_enum, s->standing));
    return NULL;
}

enum status query_grant_tasks(const struct view *v, struct span org, const struct span_list *only, struct arena *a,
                              struct query_grant_task_list *ret, struct err *err)
{
    struct query_grow g = {.size = sizeof(struct query_grant_task)};
    struct grant_terms t;
    struct span_list all, seats = {0, arena_array(a, only == NULL ? 1 : only->n + 1, sizeof(struct span))};
    TRY(grant_terms_load(v, a, &t, err));
    TRY(granters(&t, org, a, &all, err));
    if (seats.v == NULL)
        return query_full(err);
    for (size_t i = 0; only != NULL && i < all.n; i++)
        if (state_list_has(only, all.v[i]))
            seats.v[seats.n++] = all.v[i];
    if (only == NULL)
        seats = all;
    for (uint64_t from = 0; seats.n > 0 && g.n < TASKS_MAX;) {
        struct state_grant s;
        enum status st = grant_next(v, a, true, &from, &s, err);
        if (st == ST_END)
            break;
        TRY(st);
        const struct grant_holder *m = grant_member(&s, org);
        struct query_grant_task task = {.grant = s.number, .seats = seats};
        const char *words = m == NULL ? NULL : asked(&s, m, a, &task.act);
        if (words == NULL)
            continue;
        task.words = span_str(words);
        if (task.act == GRANT_ACT_RECEIVE) {
            task.deadline_ms = s.until_ms;
            SET_HAS(&task, query_grant_task_key_deadline_ms);
        }
        struct query_grant_task *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        *line = task;
    }
    *ret = (struct query_grant_task_list){g.n, g.v};
    return ST_OK;
}
