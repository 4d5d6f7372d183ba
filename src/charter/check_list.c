#include <stdarg.h>

#include "charter/check_list.h"

const char *check_list_where(struct check_list *l, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *where = n < 0 ? NULL : charter_text(l->a, "%s", text);
    l->full = l->full || where == NULL;
    return where == NULL ? "charter" : where;
}

__attribute__((format(printf, 4, 0))) static void add(struct check_list *l, bool refuses, const char *where,
                                                      const char *fmt, va_list ap)
{
    char text[700];
    if (vsnprintf(text, sizeof text, fmt, ap) < 0 || l->f.n == CHECK_FINDINGS_MAX) {
        l->f.refusals += refuses; /* counted, though its words are not kept */
        return;
    }
    const char *kept = charter_text(l->a, "%s", text);
    l->full = l->full || kept == NULL;
    l->f.v[l->f.n++] = (struct check_finding){refuses, where, kept == NULL ? "" : kept};
    l->f.refusals += refuses;
}

void check_list_refuse(struct check_list *l, const char *where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(l, true, where, fmt, ap);
    va_end(ap);
}

void check_list_warn(struct check_list *l, const char *where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(l, false, where, fmt, ap);
    va_end(ap);
}

const char *check_list_selector_text(struct check_list *l, const struct charter_selector *s)
{
    if (HAS(s, charter_selector_key_body))
        return check_list_where(l, "%.*s", SPAN_FMT(s->body));
    if (HAS(s, charter_selector_key_org))
        return check_list_where(l, "%.*s/%.*s", SPAN_FMT(s->org), SPAN_FMT(s->seat));
    return check_list_where(l, "*/%.*s", SPAN_FMT(s->seat));
}

bool check_list_partner(struct check_list *l, const char *where, struct span org)
{
    const struct charter_party *p = charter_party(l->c, org);
    if (p == NULL)
        check_list_refuse(l, where, "no party is called %.*s; expected a partner of section parties",
                          SPAN_FMT(org));
    else if (p->role != ROLE_PARTNER)
        check_list_refuse(l, where, "%.*s is %s, not a partner", SPAN_FMT(org),
                          enum_text(&role_enum, p->role));
    return p != NULL && p->role == ROLE_PARTNER;
}

static bool is_registrar(struct span name)
{
    return span_eqs(name, "registrar");
}

static bool refuse_registrar(struct check_list *l, const char *where)
{
    check_list_refuse(
        l, where, "a registrar only sets holders of seats; it has no part in decisions. Name another seat");
    return false;
}

bool check_list_seat(struct check_list *l, const char *where, struct span seat)
{
    struct span org, name;
    if (!charter_split_seat(seat, &org, &name))
        return false;
    if (charter_party(l->c, org) == NULL) {
        check_list_refuse(l, where, "no party is called %.*s (seat %.*s); expected one of section parties",
                          SPAN_FMT(org), SPAN_FMT(seat));
        return false;
    }
    if (!charter_has_seat(l->c, org, name)) {
        check_list_refuse(l, where,
                          "%.*s has no seat %.*s; add it to partner-seats, or to seats of that party",
                          SPAN_FMT(org), SPAN_FMT(name));
        return false;
    }
    return is_registrar(name) ? refuse_registrar(l, where) : true;
}

bool check_list_body(struct check_list *l, const char *where, struct span name)
{
    if (charter_body(l->c, name) != NULL)
        return true;
    check_list_refuse(l, where, "no body is called %.*s; expected one of section bodies", SPAN_FMT(name));
    return false;
}

static bool any_partner_has(const struct check_list *l, struct span name)
{
    for (size_t i = 0; i < l->partners.n; i++)
        if (charter_has_seat(l->c, l->partners.v[i], name))
            return true;
    return false;
}

bool check_list_selector(struct check_list *l, const char *where, const struct charter_selector *s)
{
    if (HAS(s, charter_selector_key_body))
        return check_list_body(l, where, s->body);
    if (HAS(s, charter_selector_key_org))
        return check_list_seat(l, where, span_str(check_list_selector_text(l, s)));
    if (is_registrar(s->seat))
        return refuse_registrar(l, where);
    if (any_partner_has(l, s->seat))
        return true;
    check_list_refuse(l, where, "no partner has a seat %.*s; add it to partner-seats", SPAN_FMT(s->seat));
    return false;
}

bool check_list_selectors(struct check_list *l, const char *where, const struct charter_selector_list *list)
{
    bool all = true;
    for (size_t i = 0; i < list->n; i++)
        all = check_list_selector(l, where, &list->v[i]) && all;
    return all;
}

void check_list_opens(struct check_list *l, const char *where, struct span name)
{
    uint32_t item;
    if (charter_row(l->c, name) == NULL && enum_parse(&item_type_enum, name, &item) != ST_OK)
        check_list_refuse(
            l, where,
            "%.*s is neither a row of section decisions nor an item type (risk, issue, action, ...)",
            SPAN_FMT(name));
}

bool check_list_metric(const struct check_list *l, struct span name)
{
    if (charter_metric(l->c, name) != NULL)
        return true;
    for (size_t i = 0; l->c->commitments != NULL && i < l->c->commitments->list.n; i++)
        if (span_eq(l->c->commitments->list.v[i].name, name))
            return true;
    return false;
}

void check_list_predicate(struct check_list *l, const char *where, const struct charter_predicate *p)
{
    for (size_t i = 0; i < p->terms.n; i++) {
        const struct charter_term_of *t = &p->terms.v[i];
        if (t->type == COND_METRIC && !check_list_metric(l, t->name))
            check_list_refuse(l, where, "no metric is called %.*s; expected one of section metrics or commitments",
                              SPAN_FMT(t->name));
        if (t->type == COND_COUNT)
            check_list_opens(l, where, t->name);
        if (t->type == COND_COUNT && (t->within.unit == UNIT_MONTHS ? t->within.n > 120 : t->within.n > 3650))
            check_list_refuse(l, where, "counts in %" PRIu64 " %s; expected ten years at most: 3650 d", t->within.n,
                              enum_text(&span_unit_enum, t->within.unit));
    }
}

void check_list_shares(struct check_list *l, const char *where, const struct charter_share_list *shares)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < shares->n; i++) {
        (void)check_list_partner(l, where, shares->v[i].org);
        sum += shares->v[i].percent;
    }
    if (shares->n > 0 && sum != 100)
        check_list_refuse(l, where, "the shares add up to %" PRIu64 " percent; expected 100", sum);
}

static uint64_t exact_ms(const struct charter_span *s)
{
    return s->unit == UNIT_H     ? s->n * 3600000
           : s->unit == UNIT_MIN ? s->n * 60000
           : s->unit == UNIT_S   ? s->n * 1000
                                 : UINT64_MAX;
}

void check_list_deadline(struct check_list *l, const char *where, const struct charter_span *s)
{
    if (s->n == 0)
        check_list_refuse(l, where, "0 %s leaves no time; expected at least 1",
                          enum_text(&span_unit_enum, s->unit));
    else if (s->unit == UNIT_MONTHS)
        check_list_refuse(l, where, "months are too coarse for a deadline; expected bd, d, h, min or s");
    else if (exact_ms(s) < 3600000) /* GOV rule 4 */
        check_list_warn(l, where, "%" PRIu64 " %s is under an hour: people may not see it in time", s->n,
                        enum_text(&span_unit_enum, s->unit));
}

bool check_list_each_partner(struct check_list *l, const char *where, const struct charter_selector *s,
                             uint64_t count)
{
    bool all = true;
    for (size_t i = 0; i < l->partners.n; i++) {
        size_t n = charter_count_seats(l->c, s, l->partners.v[i]);
        if (n >= count)
            continue;
        all = false;
        check_list_refuse(l, where, "can never be met: %.*s has %zu seat%s of %s; %" PRIu64 " needed",
                          SPAN_FMT(l->partners.v[i]), n, n == 1 ? "" : "s", check_list_selector_text(l, s),
                          count);
    }
    return all;
}
