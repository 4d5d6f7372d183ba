#include "charter/check_list.h"

/* Rows that every charter has: the charter can be changed, and partners can come and go. */
static const char *const needed_rows[] = {"admission", "charter-core", "charter-policy",
                                          "exit",      "removal",      "renewal"};
/* Rows in which silence never counts as consent (RULES 15). */
static const char *const never_deemed[] = {"admission", "charter-core", "erasure", "exit", "removal", "risk-acceptance"};

static bool among(const char *const *list, size_t n, struct span name)
{
    for (size_t i = 0; i < n; i++)
        if (span_eqs(name, list[i]))
            return true;
    return false;
}

/* Can each partner that may be asked ever give what is asked? */
static void check_approvals(struct check_list *l, const char *where, const struct charter_approval_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (check_list_selector(l, where, &list->v[i].of))
            (void)check_list_each_partner(l, where, &list->v[i].of, list->v[i].count);
}

/* Vetoes are seats of partners, and leave time to be spoken (RULES 16). */
static void check_veto(struct check_list *l, const struct charter_row *r)
{
    if (!HAS(r, charter_row_key_veto))
        return;
    const char *where = check_list_where(l, "decisions.%.*s.veto", SPAN_FMT(r->name));
    for (size_t i = 0; i < r->veto.n; i++) {
        struct span org, name;
        if (check_list_seat(l, where, r->veto.v[i]) && charter_split_seat(r->veto.v[i], &org, &name))
            (void)check_list_partner(l, where, org);
    }
    if (r->notice.unit != UNIT_BD || r->notice.n < 1)
        check_list_refuse(l, check_list_where(l, "decisions.%.*s.notice", SPAN_FMT(r->name)),
                          "%" PRIu64 " %s; a row with a veto needs a notice of at least 1 bd", r->notice.n,
                          enum_text(&span_unit_enum, r->notice.unit));
}

void check_rows_else(struct check_list *l, const char *where, const struct charter_else *e)
{
    if (e->type == ELSE_FINAL_SAY)
        (void)check_list_partner(l, where, e->name);
    if (e->type == ELSE_EXIT_TRIGGER && charter_trigger(l->c, e->name) == NULL)
        check_list_refuse(l, where, "no exit trigger is called %.*s; expected one of exit.triggers",
                          SPAN_FMT(e->name));
    /* A trigger opens a decision; if that one ends in a trigger, it opens itself for ever. */
    const struct charter_row *opened = e->type != ELSE_EXIT_TRIGGER || l->c->exit == NULL
                                           ? NULL
                                           : charter_row(l->c, l->c->exit->on_trigger.opens);
    if (opened != NULL && opened->otherwise.type == ELSE_EXIT_TRIGGER)
        check_list_refuse(
            l, where,
            "a cycle: the trigger opens %.*s, which again ends in a trigger; give that row another else",
            SPAN_FMT(opened->name));
}

static void check_spans(struct check_list *l, const struct charter_row *r)
{
    check_list_deadline(l, check_list_where(l, "decisions.%.*s.sla", SPAN_FMT(r->name)), &r->sla);
    if (r->notice.unit == UNIT_MONTHS || r->min_read.unit == UNIT_MONTHS)
        check_list_refuse(l, check_list_where(l, "decisions.%.*s", SPAN_FMT(r->name)),
                          "months are too coarse for notice and min-read; expected bd, d, h, min or s");
    if (r->min_read.unit == r->sla.unit && r->min_read.n > r->sla.n)
        check_list_warn(l, check_list_where(l, "decisions.%.*s.min-read", SPAN_FMT(r->name)),
                        "longer than the row's sla: every revision moves the deadline");
}

static void check_references(struct check_list *l, const struct charter_row *r)
{
    const struct span name = r->name;
    if (charter_calendar(l->c, r->calendar) == NULL)
        check_list_refuse(l, check_list_where(l, "decisions.%.*s.calendar", SPAN_FMT(name)),
                          "no calendar is called %.*s; expected one of section calendars",
                          SPAN_FMT(r->calendar));
    if (charter_ladder(l->c, r->ladder) == NULL)
        check_list_refuse(l, check_list_where(l, "decisions.%.*s.ladder", SPAN_FMT(name)),
                          "no ladder is called %.*s; expected one of section ladders", SPAN_FMT(r->ladder));
    if (HAS(r, charter_row_key_agenda))
        (void)check_list_body(l, check_list_where(l, "decisions.%.*s.agenda", SPAN_FMT(name)), r->agenda);
    const char *needs = check_list_where(l, "decisions.%.*s.needs", SPAN_FMT(name));
    for (size_t i = 0; HAS(r, charter_row_key_needs) && i < r->needs.n; i++)
        if (r->needs.v[i].type == INPUT_CONSULT)
            (void)check_list_seat(l, needs, r->needs.v[i].seat);
    if (HAS(r, charter_row_key_reaffirms) && charter_section_of(l->c, r->reaffirms) == NULL)
        check_list_refuse(l, check_list_where(l, "decisions.%.*s.reaffirms", SPAN_FMT(name)),
                          "this charter has no section %s", enum_text(&section_id_enum, r->reaffirms));
    if (r->joint.mode == JOINT_WHEN)
        check_list_predicate(l, check_list_where(l, "decisions.%.*s.joint", SPAN_FMT(name)), &r->joint.when);
    if (r->budget == REQ_REQUIRED && (l->c->budgets == NULL || l->c->budgets->list.n == 0))
        check_list_refuse(l, check_list_where(l, "decisions.%.*s.budget", SPAN_FMT(name)),
                          "a budget is required, and there is none; add one to section budgets");
}

/* Who owns must be able to propose: at least one seat is there. */
static void check_owner(struct check_list *l, const struct charter_row *r)
{
    const char *where = check_list_where(l, "decisions.%.*s.owner", SPAN_FMT(r->name));
    if (!check_list_selectors(l, where, &r->owner))
        return;
    for (size_t k = 0; k < l->partners.n; k++)
        for (size_t i = 0; i < r->owner.n; i++)
            if (charter_count_seats(l->c, &r->owner.v[i], l->partners.v[k]) > 0)
                return;
    check_list_refuse(l, where, "can never be proposed: no partner has a seat among its owners");
}

/* The core rows hold for the alliance as a whole; a row that may pass by one partner alone would let it
 * change them. */
static void check_joint(struct check_list *l, const struct charter_row *r)
{
    const char *where = check_list_where(l, "decisions.%.*s", SPAN_FMT(r->name));
    bool charter = span_eqs(r->name, "charter-core") || span_eqs(r->name, "charter-policy") ||
                   span_eqs(r->name, "admission");
    if (charter && r->joint.mode != JOINT_YES)
        check_list_refuse(l, where, "joint must be yes: one partner alone may not change what all signed");
    for (size_t i = 0; i < r->approve.n; i++)
        if (charter && r->approve.v[i].who != WHO_PARTNER)
            check_list_refuse(l, where, "asks '%s'; expected each partner, since all signed the charter",
                              enum_text(&who_enum, r->approve.v[i].who));
    if (span_eqs(r->name, "removal"))
        for (size_t i = 0; i < r->approve.n; i++)
            if (r->approve.v[i].who == WHO_PARTNER)
                check_list_refuse(l, where,
                                  "asks 'each partner', so the one to be removed could block it; expected "
                                  "each other partner");
}

static void check_row(struct check_list *l, const struct charter_row *r)
{
    check_owner(l, r);
    check_approvals(l, check_list_where(l, "decisions.%.*s.approve", SPAN_FMT(r->name)), &r->approve);
    for (size_t i = 0; HAS(r, charter_row_key_above) && i < r->above.n; i++)
        check_approvals(l, check_list_where(l, "decisions.%.*s.above", SPAN_FMT(r->name)),
                        &r->above.v[i].approve);
    check_spans(l, r);
    check_references(l, r);
    check_veto(l, r);
    check_joint(l, r);
    check_rows_else(l, check_list_where(l, "decisions.%.*s.else", SPAN_FMT(r->name)), &r->otherwise);
    if (r->silence == SILENCE_DEEMED && among(never_deemed, ARRAY_LEN(never_deemed), r->name))
        check_list_refuse(l, check_list_where(l, "decisions.%.*s.silence", SPAN_FMT(r->name)),
                          "silence never counts as consent here; expected escalate");
}

/* Seats of which a partner has no other: if it is empty, the row waits. One warning per seat name, not per
 * partner. */
static bool sole_approver(const struct check_list *l, const struct charter_row *r, struct span seat_name)
{
    for (size_t i = 0; i < r->approve.n; i++) {
        const struct charter_selector *of = &r->approve.v[i].of;
        for (size_t k = 0; k < l->partners.n; k++) {
            if (charter_count_seats(l->c, of, l->partners.v[k]) != r->approve.v[i].count)
                continue;
            char seat[160];
            (void)snprintf(seat, sizeof seat, "%.*s/%.*s", SPAN_FMT(l->partners.v[k]), SPAN_FMT(seat_name));
            if (charter_selects(l->c, of, span_str(seat)))
                return true;
        }
    }
    return false;
}

static void warn_single_points(struct check_list *l)
{
    for (size_t i = 0; i < l->c->partner_seats->seats.n; i++) {
        struct span name = l->c->partner_seats->seats.v[i];
        char rows[300] = "";
        size_t n = 0, count = 0;
        for (size_t k = 0; k < l->c->decisions->rows.n; k++) {
            const struct charter_row *r = &l->c->decisions->rows.v[k];
            if (!sole_approver(l, r, name))
                continue;
            count++;
            int w = n + 80 > sizeof rows ? 0
                                         : snprintf(rows + n, sizeof rows - n, "%s%.*s", n == 0 ? "" : ", ",
                                                    SPAN_FMT(r->name));
            n += w > 0 ? (size_t)w : 0;
        }
        if (count > 0)
            check_list_warn(l, "partner-seats",
                            "*/%.*s approves alone for its partner in %zu row%s (%s): name an alternate, or "
                            "give it two keys",
                            SPAN_FMT(name), count, count == 1 ? "" : "s", rows);
    }
}

void check_rows(struct check_list *l)
{
    if (charter_calendar(l->c, l->c->decisions->calendar) == NULL)
        check_list_refuse(l, "decisions.defaults",
                          "no calendar is called %.*s; expected one of section calendars",
                          SPAN_FMT(l->c->decisions->calendar));
    for (size_t i = 0; i < ARRAY_LEN(needed_rows); i++)
        if (charter_row(l->c, span_str(needed_rows[i])) == NULL)
            check_list_refuse(l, "decisions", "the row %s is missing: every charter says how that is decided",
                              needed_rows[i]);
    for (size_t i = 0; i < l->c->decisions->rows.n; i++)
        check_row(l, &l->c->decisions->rows.v[i]);
    warn_single_points(l);
}

static bool same_place(const struct charter_rung *x, const struct charter_rung *y)
{
    const struct charter_selector *s = &x->to, *t = &y->to;
    return s->has == t->has && span_eq(s->body, t->body) && span_eq(s->org, t->org) &&
           span_eq(s->seat, t->seat);
}

static void check_mediation(struct check_list *l, const char *where, const struct charter_ladder *ladder,
                            size_t i)
{
    const struct charter_rung *r = &ladder->rungs.v[i];
    (void)check_list_selector(l, where, &r->to);
    if (i + 1 != ladder->rungs.n)
        check_list_refuse(l, where,
                          "rung %zu is mediation; after it comes the row's else, so it must be the last rung",
                          i + 1);
    if (!HAS(r, charter_rung_key_answer))
        check_list_refuse(l, where,
                          "rung %zu is mediation and needs answer: the time that the partners have to accept",
                          i + 1);
    else
        check_list_deadline(l, where, &r->answer);
}

static void check_rung(struct check_list *l, const char *where, const struct charter_ladder *ladder, size_t i)
{
    const struct charter_rung *r = &ladder->rungs.v[i];
    check_list_deadline(l, where, &r->within);
    for (size_t k = 0; k < i; k++)
        if (same_place(r, &ladder->rungs.v[k]))
            check_list_refuse(l, where, "a cycle: rung %zu leads to %s again", i + 1,
                              check_list_selector_text(l, &r->to));
    if (charter_rung_mediates(l->c, r)) {
        check_mediation(l, where, ladder, i);
        return;
    }
    if (!HAS(&r->to, charter_selector_key_body)) {
        if (check_list_selector(l, where, &r->to))
            check_list_refuse(
                l, where,
                "rung %zu leads to %s; expected a body, or a seat of an organisation that is no partner",
                i + 1, check_list_selector_text(l, &r->to));
        return;
    }
    if (HAS(r, charter_rung_key_answer))
        check_list_refuse(l, where, "rung %zu has answer, which only mediation has", i + 1);
    if (check_list_body(l, where, r->to.body)) /* RULES 13: one seat of it each */
        (void)check_list_each_partner(l, where, &r->to, 1);
}

void check_rows_ladders(struct check_list *l)
{
    for (size_t i = 0; i < l->c->ladders->list.n; i++) {
        const struct charter_ladder *ladder = &l->c->ladders->list.v[i];
        const char *where = check_list_where(l, "ladders.%.*s", SPAN_FMT(ladder->name));
        for (size_t k = 0; k < ladder->rungs.n; k++)
            check_rung(l, where, ladder, k);
    }
}
