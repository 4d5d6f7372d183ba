#include "charter/check_list.h"

enum { METRICS_MAX = 128 };

static void check_term(struct check_list *l)
{
    const struct charter_term *t = l->c->term;
    if (t->from > t->to)
        check_list_refuse(l, "term", "it ends before it begins");
    if (t->renewal_opens.unit != UNIT_D)
        check_list_refuse(l, "term", "renewal-opens counts in days; expected one such as 180 d before");
}

/* Partners fill these (RULES, "who fills a seat"). */
static void check_partner_seats(struct check_list *l)
{
    static const char *const needed[] = {"sponsor", "alliance-manager", "registrar"};
    for (size_t i = 0; i < l->partners.n; i++)
        for (size_t k = 0; k < ARRAY_LEN(needed); k++)
            if (!charter_has_seat(l->c, l->partners.v[i], span_str(needed[k])))
                check_list_refuse(l, "partner-seats", "%.*s has no %s; every partner needs one",
                                  SPAN_FMT(l->partners.v[i]), needed[k]);
}

static void check_party(struct check_list *l, const struct charter_party *p)
{
    const char *where = check_list_where(l, "parties.%.*s", SPAN_FMT(p->org));
    if (p->role != ROLE_PARTNER && !charter_has_seat(l->c, p->org, span_str("registrar")))
        check_list_refuse(l, where, "a %s needs the seat registrar; add it to its seats",
                          enum_text(&role_enum, p->role));
    for (size_t i = 0; HAS(p, charter_party_key_seats) && i < p->seats.n; i++) {
        if (span_eqs(p->seats.v[i], "node"))
            check_list_refuse(l, where,
                              "the seat name node is the organisation's node's own; choose another");
        for (size_t k = 0; p->role == ROLE_PARTNER && k < l->c->partner_seats->seats.n; k++)
            if (span_eq(p->seats.v[i], l->c->partner_seats->seats.v[k]))
                check_list_refuse(l, where, "every partner has %.*s already; leave it out here",
                                  SPAN_FMT(p->seats.v[i]));
    }
}

static void check_parties(struct check_list *l)
{
    size_t voting = 0;
    const struct charter_party_list *list = &l->c->parties->list;
    for (size_t i = 0; i < list->n; i++) {
        check_party(l, &list->v[i]);
        voting += list->v[i].role != ROLE_OBSERVER;
        for (size_t k = 0; k < i; k++)
            if (hash_eq(&list->v[i].card, &list->v[k].card))
                check_list_refuse(l, check_list_where(l, "parties.%.*s.card", SPAN_FMT(list->v[i].org)),
                                  "is the card of %.*s", SPAN_FMT(list->v[k].org));
    }
    for (size_t k = 0; k < l->c->partner_seats->seats.n; k++)
        if (span_eqs(l->c->partner_seats->seats.v[k], "node"))
            check_list_refuse(l, "partner-seats",
                              "the seat name node is the organisation's node's own; choose another");
    if (l->partners.n < 2)
        check_list_refuse(l, "parties", "%zu partner%s; an alliance has at least 2", l->partners.n,
                          l->partners.n == 1 ? "" : "s");
    if (voting > LIMIT_VALIDATORS)
        check_list_refuse(l, "parties", "%zu partners and witnesses; at most %d nodes vote", voting,
                          LIMIT_VALIDATORS);
    if (voting < 4)
        check_list_warn(
            l, "parties",
            "%zu voting nodes: any absence halts finality; %zu neutral witness%s would let one be away",
            voting, 4 - voting, 4 - voting == 1 ? "" : "es");
}

static void check_joined(struct check_list *l, const char *where, const struct charter_calendar *k)
{
    const struct charter_calendar *first = NULL;
    bool works[8] = {false, true, true, true, true, true, true, true};
    for (size_t i = 0; i < k->all_of.n; i++) {
        const struct charter_calendar *m = charter_calendar(l->c, k->all_of.v[i]);
        if (m == NULL || HAS(m, charter_calendar_key_all_of)) {
            check_list_refuse(l, where, "%.*s %s; all-of names calendars with holidays of their own",
                              SPAN_FMT(k->all_of.v[i]),
                              m == NULL ? "is not a calendar" : "is itself joined of others");
            continue;
        }
        first = first == NULL ? m : first;
        if (m->utc != first->utc) /* RULES 4 */
            check_list_refuse(l, where, "%.*s and %.*s differ in utc; joined calendars share one offset",
                              SPAN_FMT(first->name), SPAN_FMT(m->name));
        for (size_t d = 0; d < m->weekend.n; d++)
            works[m->weekend.v[d]] = false;
    }
    size_t days = 0;
    for (size_t d = 1; d <= 7; d++)
        days += works[d];
    if (days == 0)
        check_list_refuse(l, where, "no day of the week is a business day in all of them");
}

static void check_calendars(struct check_list *l)
{
    for (size_t i = 0; i < l->c->calendars->list.n; i++) {
        const struct charter_calendar *k = &l->c->calendars->list.v[i];
        const char *where = check_list_where(l, "calendars.%.*s", SPAN_FMT(k->name));
        if (HAS(k, charter_calendar_key_all_of)) {
            check_joined(l, where, k);
            continue;
        }
        if (k->weekend.n == 7)
            check_list_refuse(l, where, "every day is weekend: no business day would ever come");
        if (k->holidays.n > 0 && k->holidays.v[k->holidays.n - 1] > k->listed_to)
            check_list_refuse(l, where,
                              "a holiday lies beyond listed-to, where only weekends count; move listed-to");
        if (k->listed_to < l->c->term->to)
            check_list_warn(
                l, where,
                "holidays are listed for a part of the term only; amend the calendar before listed-to");
    }
}

static void check_thesis(struct check_list *l)
{
    const struct charter_thesis *t = l->c->thesis;
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->outcomes.n; i++)
        if (!check_list_metric(l, t->outcomes.v[i].name))
            check_list_refuse(l, check_list_where(l, "thesis.outcomes.%.*s", SPAN_FMT(t->outcomes.v[i].name)),
                              "no metric of that name measures it; expected one of section metrics");
    for (size_t i = 0; i < t->contributions.n; i++)
        (void)check_list_partner(
            l, check_list_where(l, "thesis.contributions.%.*s", SPAN_FMT(t->contributions.v[i].name)),
            t->contributions.v[i].name);
    for (size_t i = 0; i < t->assumptions.n; i++) {
        const char *where =
            check_list_where(l, "thesis.assumptions.%.*s", SPAN_FMT(t->assumptions.v[i].name));
        (void)check_list_seat(l, where, t->assumptions.v[i].owner);
        check_list_deadline(l, where, &t->assumptions.v[i].due);
    }
}

static void check_contributions(struct check_list *l)
{
    for (size_t i = 0; l->c->boundaries != NULL && i < l->c->boundaries->list.n; i++)
        (void)check_list_partner(l, "boundaries", l->c->boundaries->list.v[i].name);
    for (size_t i = 0; l->c->commitments != NULL && i < l->c->commitments->list.n; i++) {
        const struct charter_commitment *k = &l->c->commitments->list.v[i];
        (void)check_list_partner(l, check_list_where(l, "commitments.%.*s.by", SPAN_FMT(k->name)), k->by);
    }
}

static void check_body(struct check_list *l, const struct charter_body *b)
{
    const char *where = check_list_where(l, "bodies.%.*s", SPAN_FMT(b->name));
    struct charter_selector self = {.body = b->name};
    SET_HAS(&self, charter_selector_key_body);
    for (size_t i = 0; i < b->seats.n; i++) {
        if (HAS(&b->seats.v[i], charter_selector_key_body)) {
            check_list_refuse(l, where, "its seats name the body %.*s; expected ORG/SEAT or */SEAT",
                              SPAN_FMT(b->seats.v[i].body));
            return;
        }
        (void)check_list_selector(l, where, &b->seats.v[i]);
    }
    if (HAS(&b->chair, charter_chair_key_seat)) {
        if (check_list_seat(l, where, b->chair.seat) && !charter_selects(l->c, &self, b->chair.seat))
            check_list_refuse(l, where, "its chair %.*s has no seat on it", SPAN_FMT(b->chair.seat));
    }
    (void)check_list_each_partner(l, check_list_where(l, "bodies.%.*s.quorum", SPAN_FMT(b->name)), &self,
                                  b->quorum.count);
}

static void check_conflicts(struct check_list *l)
{
    const struct charter_conflicts *k = l->c->conflicts;
    if (k == NULL)
        return;
    (void)check_list_body(l, "conflicts.first", k->first);
    check_list_deadline(l, "conflicts.within", &k->within);
    if (charter_ladder(l->c, k->ladder) == NULL)
        check_list_refuse(l, "conflicts.ladder", "no ladder is called %.*s; expected one of section ladders",
                          SPAN_FMT(k->ladder));
    check_rows_else(l, "conflicts.else", &k->otherwise);
}

static void check_sessions(struct check_list *l)
{
    for (size_t i = 0; l->c->sessions != NULL && i < l->c->sessions->list.n; i++) {
        const struct charter_session *s = &l->c->sessions->list.v[i];
        (void)check_list_body(l, check_list_where(l, "sessions.%.*s.body", SPAN_FMT(s->name)), s->body);
    }
}

/* A metric is computed, or sealed, or reported by one and countersigned by another partner. */
static void check_metric(struct check_list *l, const struct charter_metric *m)
{
    const char *where = check_list_where(l, "metrics.%.*s", SPAN_FMT(m->name));
    bool from = HAS(m, charter_metric_key_from), check = HAS(m, charter_metric_key_check);
    struct span reporter = {0}, checker = {0}, name;
    check_list_deadline(l, where, &m->due);
    if (HAS(m, charter_metric_key_computed)) {
        if (from || check || m->sealed)
            check_list_refuse(l, where, "is computed; then nobody reports, checks or seals it");
        return;
    }
    if (!from) {
        check_list_refuse(l, where,
                          "nobody reports it; expected from: ORG/SEAT or each partner, or computed");
        return;
    }
    if (HAS(&m->from, charter_reporter_key_seat)) {
        struct charter_selector s = {
            .has = m->from.has & ~(uint64_t)2, .org = m->from.org, .seat = m->from.seat};
        (void)check_list_selector(l, where, &s);
        reporter = m->from.org;
    }
    if (check && check_list_seat(l, where, m->check) && charter_split_seat(m->check, &checker, &name) &&
        span_eq(checker, reporter))
        check_list_refuse(l, where, "%.*s both reports and checks it; expected another partner's seat",
                          SPAN_FMT(checker));
    if (!check && !m->sealed)
        check_list_refuse(l, where, "nobody countersigns it; expected check: a seat of another partner");
    if (HAS(m, charter_metric_key_least_voices) && !m->sealed)
        check_list_refuse(l, where, "least-voices is for sealed metrics");
}
static_assert((int)charter_reporter_key_org == (int)charter_selector_key_org,
              "a reporter's seat is read as a selector");
static_assert((int)charter_reporter_key_seat == (int)charter_selector_key_seat,
              "a reporter's seat is read as a selector");

/* Commitments that no metric has the name of are metrics, too (MET-12). */
static void check_number_of_metrics(struct check_list *l)
{
    size_t n = l->c->metrics == NULL ? 0 : l->c->metrics->list.n;
    for (size_t i = 0; l->c->commitments != NULL && i < l->c->commitments->list.n; i++)
        n += charter_metric(l->c, l->c->commitments->list.v[i].name) == NULL;
    if (n > METRICS_MAX)
        check_list_refuse(l, "commitments", "with them there are %zu metrics; expected %d at most", n, METRICS_MAX);
}

static void check_metrics(struct check_list *l)
{
    bool seen[VIEW_LEARNING + 1] = {false};
    check_number_of_metrics(l);
    if (l->c->metrics == NULL)
        return;
    for (size_t i = 0; i < l->c->metrics->list.n; i++) {
        check_metric(l, &l->c->metrics->list.v[i]);
        seen[l->c->metrics->list.v[i].view] = true;
    }
    for (uint32_t v = VIEW_FINANCIAL; v <= VIEW_LEARNING; v++)
        if (!seen[v])
            check_list_warn(l, "metrics", "no metric has the view %s; a balanced scorecard has one in each",
                            enum_text(&metric_view_enum, v));
}

static void check_budgets(struct check_list *l)
{
    for (size_t i = 0; l->c->budgets != NULL && i < l->c->budgets->list.n; i++) {
        const struct charter_budget *b = &l->c->budgets->list.v[i];
        const char *where = check_list_where(l, "budgets.%.*s", SPAN_FMT(b->name));
        struct charter_selector beyond = {.body = b->beyond};
        SET_HAS(&beyond, charter_selector_key_body);
        if (b->amount.minor <= 0)
            check_list_refuse(l, where, "the amount must be more than nothing");
        if (b->from > b->to)
            check_list_refuse(l, where, "it ends before it begins");
        check_list_shares(l, where, &b->borne);
        if (check_list_body(l, where, b->beyond))
            (void)check_list_each_partner(l, where, &beyond, 1);
    }
}

/* Why the record itself does not judge a term (TRG-1), or NULL: it does. */
static const char *unjudged(struct check_list *l, const struct charter_term_of *t)
{
    switch (t->type) {
    case COND_METRIC:
    case COND_COUNT:
    case COND_TERM_OVER:
        return NULL;
    case COND_AMOUNT:
    case COND_AFFECTS_OTHERS:
    case COND_SCORE:
        return check_list_where(l, "it looks at %s, which is of one proposal or risk alone", enum_text(&condition_enum, t->type));
    }
    return NULL;
}

/* A condition that opens something. What the record does not judge opens nothing. place: in a list without names, from 1; else 0. */
static void check_watched(struct check_list *l, const char *where, size_t place, const struct charter_predicate *p)
{
    check_list_predicate(l, where, p);
    for (size_t i = 0; i < p->terms.n; i++) {
        const char *why = unjudged(l, &p->terms.v[i]);
        if (why == NULL)
            continue;
        check_list_warn(l, where, "%s%s: nothing opens by itself; those who look at the scorecard see it",
                        place == 0 ? "" : check_list_where(l, "number %zu: ", place), why);
        return;
    }
}

static void check_incentive(struct check_list *l, const struct charter_incentive *k)
{
    const char *where = check_list_where(l, "incentives.%.*s", SPAN_FMT(k->name));
    const struct charter_budget *b = charter_budget(l->c, k->from);
    check_list_predicate(l, where, &k->when);
    check_list_shares(l, where, &k->to);
    if (b == NULL) {
        check_list_refuse(l, where, "no budget is called %.*s; expected one of section budgets",
                          SPAN_FMT(k->from));
        return;
    }
    if (HAS(k, charter_incentive_key_most) && !span_eq(k->most.currency, b->amount.currency))
        check_list_refuse(l, where, "most is in %.*s, the budget in %.*s; nothing is converted",
                          SPAN_FMT(k->most.currency), SPAN_FMT(b->amount.currency));
    if (HAS(&k->pays, charter_payment_key_amount) && !span_eq(k->pays.amount.currency, b->amount.currency))
        check_list_refuse(l, where, "pays in %.*s, the budget is in %.*s; nothing is converted",
                          SPAN_FMT(k->pays.amount.currency), SPAN_FMT(b->amount.currency));
    if (HAS(&k->pays, charter_payment_key_metric) && !check_list_metric(l, k->pays.metric))
        check_list_refuse(l, where, "no metric is called %.*s; expected one of section metrics",
                          SPAN_FMT(k->pays.metric));
}

static void check_consequences(struct check_list *l)
{
    for (size_t i = 0; l->c->incentives != NULL && i < l->c->incentives->list.n; i++)
        check_incentive(l, &l->c->incentives->list.v[i]);
    for (size_t i = 0; l->c->consequences != NULL && i < l->c->consequences->list.n; i++) {
        const struct charter_consequence *k = &l->c->consequences->list.v[i];
        check_watched(l, "consequences", i + 1, &k->when);
        check_list_opens(l, "consequences", k->opens);
        if (HAS(k, charter_consequence_key_owner))
            (void)check_list_selector(l, "consequences", &k->owner);
        else if (charter_row(l->c, k->opens) == NULL)
            check_list_refuse(l, "consequences", "%.*s needs an owner, since no row names one",
                              SPAN_FMT(k->opens));
    }
}

static void check_reports(struct check_list *l)
{
    for (size_t i = 0; l->c->reports != NULL && i < l->c->reports->list.n; i++) {
        const struct charter_report *r = &l->c->reports->list.v[i];
        for (size_t k = 0; k < r->to.n; k++)
            if (!span_eqs(r->to.v[k], "readers"))
                (void)check_list_body(l, check_list_where(l, "reports.%.*s", SPAN_FMT(r->name)), r->to.v[k]);
    }
}

static void check_risks(struct check_list *l)
{
    const struct charter_risks *r = l->c->risks;
    if (r == NULL)
        return;
    check_list_shares(l, "risks.sharing", &r->sharing);
    for (size_t i = 0; i < r->escalate.n; i++)
        (void)check_list_body(l, "risks.escalate", r->escalate.v[i].to);
    for (size_t i = 0; i < r->indicators.n; i++)
        check_watched(l, check_list_where(l, "risks.indicators.%.*s", SPAN_FMT(r->indicators.v[i].name)), 0, &r->indicators.v[i].when);
}

static void check_sharing(struct check_list *l)
{
    const struct charter_sharing *s = l->c->sharing;
    for (size_t i = 0; s != NULL && i < s->classes.n; i++)
        for (size_t k = 0; k < s->classes.v[i].with.n; k++)
            (void)check_list_partner(l, check_list_where(l, "sharing.%.*s", SPAN_FMT(s->classes.v[i].name)),
                                     s->classes.v[i].with.v[k].org);
    if (s == NULL || !HAS(s, charter_sharing_key_audit_right))
        return;
    check_list_deadline(l, "sharing.audit-right", &s->audit_right.answer);
    if (HAS(&s->audit_right.by, charter_partners_key_org))
        (void)check_list_partner(l, "sharing.audit-right", s->audit_right.by.org);
    if (HAS(&s->audit_right.of, charter_partners_key_org))
        (void)check_list_partner(l, "sharing.audit-right", s->audit_right.of.org);
}

static bool has_control(const struct charter *c, struct span name)
{
    for (size_t i = 0; c->compliance != NULL && i < c->compliance->list.n; i++)
        if (span_eq(c->compliance->list.v[i].name, name))
            return true;
    return false;
}

static bool has_assumption(const struct charter *c, struct span name)
{
    for (size_t i = 0; c->thesis != NULL && i < c->thesis->assumptions.n; i++)
        if (span_eq(c->thesis->assumptions.v[i].name, name))
            return true;
    return false;
}

static void check_gate(struct check_list *l, const struct charter_gate *g)
{
    const char *where = check_list_where(l, "launch.%.*s", SPAN_FMT(g->name));
    for (size_t i = 0; i < g->opens_with.n; i++) {
        struct span name = g->opens_with.v[i].name;
        switch (g->opens_with.v[i].state) {
        case GATE_VALIDATED:
            if (!has_assumption(l->c, name))
                check_list_refuse(l, where, "no assumption of the thesis is called %.*s", SPAN_FMT(name));
            break;
        case GATE_ATTESTED:
            if (!has_control(l->c, name))
                check_list_refuse(l, where, "no compliance control is called %.*s", SPAN_FMT(name));
            break;
        case GATE_DECIDED:
            if (charter_row(l->c, name) == NULL)
                check_list_refuse(l, where, "no row of section decisions is called %.*s", SPAN_FMT(name));
            break;
        }
    }
}

static void check_operations(struct check_list *l)
{
    const struct charter *c = l->c;
    for (size_t i = 0; c->compliance != NULL && i < c->compliance->list.n; i++)
        (void)check_list_selector(
            l, check_list_where(l, "compliance.%.*s", SPAN_FMT(c->compliance->list.v[i].name)),
            &c->compliance->list.v[i].attest);
    for (size_t i = 0; c->launch != NULL && i < c->launch->gates.n; i++)
        check_gate(l, &c->launch->gates.v[i]);
    for (size_t i = 0; c->procedures != NULL && i < c->procedures->list.n; i++)
        (void)check_list_selectors(
            l, check_list_where(l, "procedures.%.*s", SPAN_FMT(c->procedures->list.v[i].name)),
            &c->procedures->list.v[i].train);
    if (c->refresh != NULL) {
        (void)check_list_body(l, "refresh.body", c->refresh->body);
        (void)check_list_selectors(l, "refresh.asks", &c->refresh->asks);
    }
}

static void check_exit(struct check_list *l)
{
    const struct charter_exit *x = l->c->exit;
    if (x == NULL)
        return;
    for (size_t i = 0; i < x->triggers.n; i++)
        check_watched(l, check_list_where(l, "exit.triggers.%.*s", SPAN_FMT(x->triggers.v[i].name)), 0, &x->triggers.v[i].when);
    if (charter_row(l->c, x->on_trigger.opens) == NULL) /* RULES 34: a trigger opens a decision */
        check_list_refuse(l, "exit.on-trigger",
                          "no row of section decisions is called %.*s; a trigger opens a decision",
                          SPAN_FMT(x->on_trigger.opens));
    (void)check_list_selector(l, "exit.on-trigger", &x->on_trigger.owner);
    for (size_t i = 0; i < x->unwind.n; i++) {
        (void)check_list_seat(l, "exit.unwind", x->unwind.v[i].owner);
        check_list_deadline(l, "exit.unwind", &x->unwind.v[i].within);
    }
}

/* Names the log in checkpoints: C2SP wants no space and no plus, and it is joined with the alliance id by a
 * slash. */
static void check_origin(struct check_list *l)
{
    struct span o = l->c->alliance->origin;
    for (size_t i = 0; i < o.n; i++)
        if (o.p[i] <= ' ' || o.p[i] > '~' || o.p[i] == '+') {
            check_list_refuse(
                l, "origin",
                "has a character other than printable ASCII, or a space or plus sign; expected such as "
                "alliance.example/ledger");
            return;
        }
    if (o.p[o.n - 1] == '/' || memmem(o.p, o.n, "://", 3) != NULL)
        check_list_refuse(
            l, "origin",
            "expected a name without scheme and without a slash at its end, such as alliance.example/ledger");
}

static void check_core(struct check_list *l)
{
    for (size_t i = 0; i < l->c->core->sections.n; i++)
        if (charter_section_of(l->c, l->c->core->sections.v[i]) == NULL)
            check_list_refuse(l, "core", "this charter has no section %s",
                              enum_text(&section_id_enum, (uint32_t)l->c->core->sections.v[i]));
}

enum status check_charter(const struct charter *c, struct arena *a, struct check_findings *ret_findings)
{
    struct check_list l = {
        .c = c, .a = a, .f.v = arena_array(a, CHECK_FINDINGS_MAX, sizeof(struct check_finding))};
    if (l.f.v == NULL || charter_partners(c, a, &l.partners) != ST_OK)
        return ST_LIMIT;
    check_origin(&l);
    check_core(&l);
    check_term(&l);
    check_partner_seats(&l);
    check_parties(&l);
    check_calendars(&l);
    check_thesis(&l);
    check_contributions(&l);
    for (size_t i = 0; i < c->bodies->list.n; i++)
        check_body(&l, &c->bodies->list.v[i]);
    check_rows_ladders(&l);
    check_rows(&l);
    check_conflicts(&l);
    check_sessions(&l);
    check_metrics(&l);
    check_budgets(&l);
    check_consequences(&l);
    check_reports(&l);
    check_risks(&l);
    check_sharing(&l);
    check_operations(&l);
    check_exit(&l);
    if (l.full)
        return ST_LIMIT;
    *ret_findings = l.f;
    return ST_OK;
}

enum status check_refuse(const struct charter *c, struct arena *a, struct err *err)
{
    struct check_findings f;
    enum status st = check_charter(c, a, &f);
    if (st != ST_OK)
        return err_set(err, st, "charter: too large to check");
    for (size_t i = 0; i < f.n; i++)
        if (f.v[i].refuses)
            return err_set(err, ST_FORMAT, "%s: %s%s", f.v[i].where, f.v[i].text,
                           f.refusals > 1 ? " (and more)" : "");
    return f.refusals == 0 ? ST_OK
                           : err_set(err, ST_FORMAT, "charter: refused for more reasons than are listed");
}
