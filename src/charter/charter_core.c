#include "charter/charter_model.h"
#include "charter/shape.h"

static const char *const core_rows[] = {"admission", "charter-core", "charter-policy",
                                        "exit",      "removal",      "renewal"};

static bool has(const struct span_list *l, struct span v)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i], v))
            return true;
    return false;
}

/* Keeps the list ascending; room for it was made. */
static void add(struct span_list *l, struct span v)
{
    if (has(l, v))
        return;
    size_t i = l->n++;
    for (; i > 0 && span_cmp(l->v[i - 1], v) > 0; i--)
        l->v[i] = l->v[i - 1];
    l->v[i] = v;
}

static void add_section(struct charter_core_set *s, uint64_t number)
{
    s->sections |= (uint64_t)1 << number;
}

static void add_selector(const struct charter *c, struct charter_core_set *s,
                         const struct charter_selector *x)
{
    if (HAS(x, charter_selector_key_body)) {
        if (charter_body(c, x->body) != NULL)
            add(&s->bodies, x->body);
    } else {
        /* a seat is one of the parties' */
        add_section(s, SECTION_PARTIES);
        add_section(s, SECTION_PARTNER_SEATS);
    }
}

static void add_approvals(const struct charter *c, struct charter_core_set *s,
                          const struct charter_approval_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        add_selector(c, s, &l->v[i].of);
}

static void add_calendar(const struct charter *c, struct charter_core_set *s, struct span name)
{
    const struct charter_calendar *k = charter_calendar(c, name);
    if (k == NULL)
        return;
    add(&s->calendars, name);
    for (size_t i = 0; HAS(k, charter_calendar_key_all_of) && i < k->all_of.n; i++)
        if (charter_calendar(c, k->all_of.v[i]) != NULL)
            add(&s->calendars, k->all_of.v[i]);
}

static void add_ladder(const struct charter *c, struct charter_core_set *s, struct span name)
{
    const struct charter_ladder *l = charter_ladder(c, name);
    if (l == NULL)
        return;
    add(&s->ladders, name);
    for (size_t i = 0; i < l->rungs.n; i++)
        add_selector(c, s, &l->rungs.v[i].to);
}

static void add_row(const struct charter *c, struct charter_core_set *s, const struct charter_row *r)
{
    add(&s->rows, r->name);
    for (size_t i = 0; i < r->owner.n; i++)
        add_selector(c, s, &r->owner.v[i]);
    add_approvals(c, s, &r->approve);
    for (size_t i = 0; HAS(r, charter_row_key_above) && i < r->above.n; i++)
        add_approvals(c, s, &r->above.v[i].approve);
    add_calendar(c, s, r->calendar);
    add_ladder(c, s, r->ladder);
    if (HAS(r, charter_row_key_veto) || HAS(r, charter_row_key_needs)) {
        add_section(s, SECTION_PARTIES);
        add_section(s, SECTION_PARTNER_SEATS);
    }
    if (r->otherwise.type == ELSE_EXIT_TRIGGER)
        add_section(s, SECTION_EXIT);
}

/* The seats of a core body are the parties'. */
static void add_bodies_seats(const struct charter *c, struct charter_core_set *s)
{
    for (size_t i = 0; i < s->bodies.n; i++) {
        const struct charter_body *b = charter_body(c, s->bodies.v[i]);
        for (size_t k = 0; k < b->seats.n; k++)
            add_selector(c, s, &b->seats.v[k]);
    }
}

enum status charter_core_of(const struct charter *c, struct arena *a, struct charter_core_set *ret_set)
{
    struct charter_core_set s = {.rows.v = arena_array(a, ARRAY_LEN(core_rows), sizeof(struct span)),
                                 .bodies.v = arena_array(a, c->bodies->list.n, sizeof(struct span)),
                                 .ladders.v = arena_array(a, c->ladders->list.n, sizeof(struct span)),
                                 .calendars.v = arena_array(a, c->calendars->list.n, sizeof(struct span))};
    if (s.rows.v == NULL || s.bodies.v == NULL || s.ladders.v == NULL || s.calendars.v == NULL)
        return ST_LIMIT;
    /* What founds the alliance, and the list itself, else it could be shortened by the policy route. */
    add_section(&s, SECTION_ALLIANCE);
    add_section(&s, SECTION_CORE);
    for (size_t i = 0; i < c->core->sections.n; i++)
        add_section(&s, c->core->sections.v[i]);
    for (size_t i = 0; i < ARRAY_LEN(core_rows); i++) {
        const struct charter_row *r = charter_row(c, span_str(core_rows[i]));
        if (r != NULL)
            add_row(c, &s, r);
    }
    add_bodies_seats(c, &s);
    *ret_set = s;
    return ST_OK;
}

static const struct span_list *core_names(const struct charter_core_set *s, uint64_t section)
{
    return section == SECTION_DECISIONS   ? &s->rows
           : section == SECTION_BODIES    ? &s->bodies
           : section == SECTION_LADDERS   ? &s->ladders
           : section == SECTION_CALENDARS ? &s->calendars
                                          : NULL;
}

bool charter_is_core(const struct charter_core_set *s, uint64_t number, struct span name)
{
    const struct span_list *names = core_names(s, number);
    if (number < 64 && ((s->sections >> number) & 1) != 0)
        return true;
    for (size_t i = 0; names != NULL && i < names->n; i++)
        if (span_eq(names->v[i], name))
            return true;
    return false;
}

static const void *named(const struct charter *c, uint64_t section, struct span name,
                         const struct record_desc **ret_desc)
{
    switch (section) {
    case SECTION_DECISIONS:
        *ret_desc = &charter_row_desc;
        return charter_row(c, name);
    case SECTION_BODIES:
        *ret_desc = &charter_body_desc;
        return charter_body(c, name);
    case SECTION_LADDERS:
        *ret_desc = &charter_ladder_desc;
        return charter_ladder(c, name);
    default:
        *ret_desc = &charter_calendar_desc;
        return charter_calendar(c, name);
    }
}

/* Is one of these names' records other than it was? */
static enum status names_touched(const struct charter *before, const struct charter *after, uint64_t section,
                                 const struct span_list *l, struct arena *a, struct span *ret_name)
{
    struct span touched = {0};
    for (size_t i = 0; touched.p == NULL && i < l->n; i++) {
        const struct record_desc *d;
        const void *x = named(before, section, l->v[i], &d), *y = named(after, section, l->v[i], &d);
        bool equal = x == NULL && y == NULL;
        if (x != NULL && y != NULL) {
            enum status st = shape_equal(d, x, y, a, &equal);
            if (st != ST_OK)
                return st;
        }
        if (!equal)
            touched = l->v[i];
    }
    *ret_name = touched;
    return ST_OK;
}

enum status charter_touches_core(const struct charter *before, const struct charter *after, uint64_t number,
                                 struct arena *a, bool *ret_touches, const char **ret_what)
{
    static const char *const kinds[] = {[SECTION_CALENDARS] = "calendar",
                                        [SECTION_BODIES] = "body",
                                        [SECTION_LADDERS] = "ladder",
                                        [SECTION_DECISIONS] = "row"};
    const char *section =
        charter_section_desc(number) == NULL ? "?" : enum_text(&section_id_enum, (uint32_t)number);
    const struct charter *sides[2] = {before, after};
    const char *what = NULL;
    for (size_t i = 0; what == NULL && i < 2; i++) {
        struct charter_core_set s;
        enum status st = charter_core_of(sides[i], a, &s);
        if (st != ST_OK)
            return st;
        struct span name = {0};
        const struct span_list *names = core_names(&s, number);
        if (number < 64 && ((s.sections >> number) & 1) != 0)
            what = charter_text(a, "section %s", section);
        else if (names != NULL && (st = names_touched(before, after, number, names, a, &name)) != ST_OK)
            return st;
        else if (name.p != NULL)
            what = charter_text(a, "%s %.*s", kinds[number], SPAN_FMT(name));
        else
            continue;
        if (what == NULL)
            return ST_LIMIT;
    }
    *ret_touches = what != NULL;
    if (ret_what != NULL)
        *ret_what = what;
    return ST_OK;
}
