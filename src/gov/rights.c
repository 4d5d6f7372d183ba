#include "gov/rights.h"
#include "gov/effect.h"
#include "gov/lasting.h"
#include "gov/party.h"

static enum status load(const struct view *v, struct arena *a, enum section_id id, const void **ret,
                        uint64_t *ret_version, struct err *err)
{
    const struct record_desc *d = charter_section_desc(id);
    struct state_section s;
    struct tkey k = tkey_section(id);
    void *rec = arena_alloc(a, d->size);
    if (rec == NULL)
        return err_set(err, ST_LIMIT, "out of room for the charter");
    TRY(state_need(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err));
    TRY(codec_decode(d, s.body, a, rec, err));
    *ret = rec;
    *ret_version = s.version;
    return ST_OK;
}

/* Who has left has no part any more, though the section still names it. */
static enum status without_leavers(const struct view *v, struct arena *a, const struct charter_parties *all,
                                   const struct charter_parties **ret, struct err *err)
{
    struct charter_parties *some = arena_alloc(a, sizeof *some);
    struct charter_party *list = arena_array(a, all->list.n, sizeof *list);
    if (some == NULL || list == NULL)
        return err_set(err, ST_LIMIT, "out of room for the parties");
    some->list.v = list;
    for (size_t i = 0; i < all->list.n; i++) {
        bool left;
        TRY(party_has_left(v, a, all->list.v[i].org, &left, err));
        if (!left)
            list[some->list.n++] = all->list.v[i];
    }
    *ret = some;
    return ST_OK;
}

enum status rights_load(const struct view *v, struct arena *a, struct rights *ret_rights, struct err *err)
{
    struct rights r = {0};
    const void *seats, *parties, *bodies, *ladders, *decisions, *calendars;
    uint64_t version;
    TRY(load(v, a, SECTION_PARTNER_SEATS, &seats, &version, err));
    TRY(load(v, a, SECTION_PARTIES, &parties, &version, err));
    TRY(load(v, a, SECTION_BODIES, &bodies, &version, err));
    TRY(load(v, a, SECTION_LADDERS, &ladders, &version, err));
    TRY(load(v, a, SECTION_DECISIONS, &decisions, &r.decisions_version, err));
    TRY(load(v, a, SECTION_CALENDARS, &calendars, &r.calendars_version, err));
    const struct charter_parties *present = NULL;
    TRY(without_leavers(v, a, parties, &present, err));
    r.charter = (struct charter){.partner_seats = seats,
                                 .parties = present,
                                 .bodies = bodies,
                                 .ladders = ladders,
                                 .decisions = decisions,
                                 .calendars = calendars};
    struct charter_budgets *budgets = arena_alloc(a, sizeof *budgets);
    if (budgets == NULL)
        return err_set(err, ST_LIMIT, "out of room for the budgets");
    enum status st = rights_budgets(v, a, budgets, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    r.charter.budgets = st == ST_OK ? budgets : NULL;
    *ret_rights = r;
    return ST_OK;
}

/* A score is that of the risk which the effect accepts (ITM-19). */
static bool accepts_risk(const struct charter_row *row)
{
    return span_eqs(row->name, "risk-acceptance");
}

static bool predicate_judged(const struct charter_predicate *p, bool score)
{
    for (size_t i = 0; i < p->terms.n; i++) {
        enum condition t = p->terms.v[i].type;
        if (t != COND_AMOUNT && t != COND_AFFECTS_OTHERS && !(score && t == COND_SCORE))
            return false;
    }
    return true;
}

const char *rights_unsupported(const struct charter_row *row)
{
    if (row->act_first && effect_has(row->name))
        return "act-first: on a row with an effect of its own";
    if (HAS(row, charter_row_key_longest) && !accepts_risk(row) && effect_names(row->name))
        return "longest: on a row with an effect of its own";
    if (HAS(&row->joint, charter_joint_key_when) && !predicate_judged(&row->joint.when, false))
        return "joint: by a reading, score or count";
    for (size_t i = 0; HAS(row, charter_row_key_above) && i < row->above.n; i++) {
        if (!predicate_judged(&row->above.v[i].when, accepts_risk(row)))
            return "above: by score";
    }
    return NULL;
}

/* The selector as the charter writes it: council, brand/quality, or that of every partner. */
static struct span selector_text(struct arena *a, const struct charter_selector *sel)
{
    if (HAS(sel, charter_selector_key_body))
        return sel->body;
    struct span org = HAS(sel, charter_selector_key_org) ? sel->org : span_str("*");
    uint8_t *p = arena_alloc(a, org.n + 1 + sel->seat.n);
    if (p == NULL)
        return span_str("?");
    memcpy(p, org.p, org.n);
    p[org.n] = '/';
    memcpy(p + org.n + 1, sel->seat.p, sel->seat.n);
    return span_of(p, org.n + 1 + sel->seat.n);
}

/* Seats of partners, grouped by partner. */
static enum status partners(const struct rights *r, struct arena *a, const struct charter_selector *sel,
                            struct pinned_partner_list *ret, struct err *err)
{
    struct span_list seats;
    struct pinned_partner *v = arena_array(a, r->charter.parties->list.n, sizeof *v);
    if (v == NULL || charter_select(&r->charter, sel, (struct span){0}, a, &seats) != ST_OK)
        return err_set(err, ST_LIMIT, "out of room for the seats of a decision");
    size_t n = 0;
    for (size_t i = 0; i < seats.n; i++) {
        struct span org = state_seat_org(seats.v[i]);
        if (!charter_is_partner(&r->charter, org))
            continue;
        if (n == 0 || !span_eq(v[n - 1].org, org))
            v[n++] = (struct pinned_partner){.org = org, .seats = {.v = &seats.v[i]}};
        v[n - 1].seats.n++;
    }
    *ret = (struct pinned_partner_list){n, v};
    return ST_OK;
}

enum status rights_body_partners(const struct rights *r, struct arena *a, struct span body,
                                 struct pinned_partner_list *ret, struct err *err)
{
    struct charter_selector sel = {.body = body};
    SET_HAS(&sel, charter_selector_key_body);
    return partners(r, a, &sel, ret, err);
}

enum status rights_budgets(const struct view *v, struct arena *a, struct charter_budgets *ret,
                           struct err *err)
{
    struct state_section s;
    struct tkey k = tkey_section(SECTION_BUDGETS);
    TRY(state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err));
    return codec_decode(&charter_budgets_desc, s.body, a, ret, err);
}

static enum status pin_terms(const struct rights *r, struct arena *a,
                             const struct charter_approval_list *approve, struct pinned_term_list *ret,
                             struct err *err)
{
    struct pinned_term *v = arena_array(a, approve->n, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the approvals of a decision");
    for (size_t i = 0; i < approve->n; i++) {
        const struct charter_approval *ap = &approve->v[i];
        v[i] = (struct pinned_term){.who = ap->who, .count = ap->count, .of = selector_text(a, &ap->of)};
        if (HAS(&ap->of, charter_selector_key_body)) {
            v[i].body = ap->of.body;
            SET_HAS(&v[i], pinned_term_key_body);
        }
        TRY(partners(r, a, &ap->of, &v[i].partners, err));
    }
    *ret = (struct pinned_term_list){approve->n, v};
    return ST_OK;
}

enum status rights_pin_rung(const struct rights *r, struct arena *a, const struct charter_rung *rung,
                            struct pinned_rung *ret_rung, struct err *err)
{
    struct pinned_rung p = {.to = selector_text(a, &rung->to), .within = rung->within};
    if (charter_rung_mediates(&r->charter, rung)) {
        p.mediator = p.to;
        SET_HAS(&p, pinned_rung_key_mediator);
        if (HAS(rung, charter_rung_key_answer)) {
            p.answer = rung->answer;
            SET_HAS(&p, pinned_rung_key_answer);
        }
        *ret_rung = p;
        return ST_OK;
    }
    TRY(partners(r, a, &rung->to, &p.partners, err));
    if (HAS(&rung->to, charter_selector_key_body)) {
        p.body = rung->to.body;
        SET_HAS(&p, pinned_rung_key_body);
    }
    *ret_rung = p;
    return ST_OK;
}

static enum status pin_rungs(const struct rights *r, struct arena *a, struct span name,
                             struct pinned_rung_list *ret, struct err *err)
{
    const struct charter_ladder *l = charter_ladder(&r->charter, name);
    if (l == NULL)
        return err_set(err, ST_CORRUPT, "the charter has no ladder %.*s", SPAN_FMT(name));
    struct pinned_rung *v = arena_array(a, l->rungs.n, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for a ladder");
    for (size_t i = 0; i < l->rungs.n; i++)
        TRY(rights_pin_rung(r, a, &l->rungs.v[i], &v[i], err));
    *ret = (struct pinned_rung_list){l->rungs.n, v};
    return ST_OK;
}

enum status rights_pin(const struct rights *r, struct arena *a, const struct charter_row *row,
                       struct state_pinned *ret_pinned, struct err *err)
{
    struct state_pinned p = {
        .decisions_version = r->decisions_version,
        .calendars_version = r->calendars_version,
        .calendar = row->calendar,
        .when_joint = row->joint,
        .sla = row->sla,
        .min_read = row->min_read,
        .notice = row->notice,
        .ladder = row->ladder,
        .otherwise = row->otherwise,
        .abstain = row->abstain,
    };
    if (charter_select_any(&r->charter, &row->owner, (struct span){0}, a, &p.owners) != ST_OK)
        return err_set(err, ST_LIMIT, "out of room for the owners of a row");
    lasting_pin(row, &p);
    if (row->silence == SILENCE_DEEMED) {
        p.silence = row->silence;
        SET_HAS(&p, state_pinned_key_silence);
    }
    if (HAS(row, charter_row_key_veto))
        p.veto = row->veto;
    if (HAS(row, charter_row_key_needs)) {
        p.needs = row->needs;
        SET_HAS(&p, state_pinned_key_needs);
    }
    TRY(pin_terms(r, a, &row->approve, &p.terms, err));
    TRY(pin_rungs(r, a, row->ladder, &p.rungs, err));
    if (HAS(row, charter_row_key_above)) {
        p.raises.v = arena_array(a, row->above.n, sizeof *p.raises.v);
        if (p.raises.v == NULL)
            return err_set(err, ST_LIMIT, "out of room for the raises of a row");
        p.raises.n = row->above.n;
        SET_HAS(&p, state_pinned_key_raises);
        for (size_t i = 0; i < row->above.n; i++) {
            p.raises.v[i].when = row->above.v[i].when;
            TRY(pin_terms(r, a, &row->above.v[i].approve, &p.raises.v[i].terms, err));
        }
    }
    *ret_pinned = p;
    return ST_OK;
}

static bool compare(int64_t a, enum comparison op, int64_t b)
{
    switch (op) {
    case CMP_LT:
        return a < b;
    case CMP_LE:
        return a <= b;
    case CMP_EQ:
        return a == b;
    case CMP_GE:
        return a >= b;
    case CMP_GT:
        return a > b;
    }
    return false;
}

static bool affects_others(struct span mover_org, const struct proposal *pr)
{
    for (size_t i = 0; HAS(pr, proposal_key_affected) && i < pr->affected.n; i++) {
        if (!span_eq(pr->affected.v[i], mover_org))
            return true;
    }
    return false;
}

static bool term_holds(const struct charter_term_of *t, struct span mover_org, const struct proposal *pr)
{
    if (t->type == COND_AFFECTS_OTHERS)
        return affects_others(mover_org, pr);
    if (t->type == COND_SCORE)
        return HAS(&pr->effect, effect_key_score) && t->number.scale == 0 &&
               (int64_t)pr->effect.score >= t->number.mantissa;
    ASSERT(t->type == COND_AMOUNT);
    return HAS(pr, proposal_key_amount) && span_eq(pr->amount.currency, t->amount.currency) &&
           compare(pr->amount.minor, t->op, t->amount.minor);
}

static bool holds(const struct charter_predicate *p, struct span mover_org, const struct proposal *pr)
{
    bool a = term_holds(&p->terms.v[0], mover_org, pr);
    if (p->terms.n == 1)
        return a;
    bool b = term_holds(&p->terms.v[1], mover_org, pr);
    return p->join == JOIN_OR ? a || b : a && b;
}

/* Currencies that a predicate looks at: does it look at any, and at this one? */
static void currencies(const struct charter_predicate *p, struct span currency, struct span *ret_any,
                       bool *ret_this)
{
    for (size_t i = 0; i < p->terms.n; i++) {
        if (p->terms.v[i].type != COND_AMOUNT)
            continue;
        *ret_any = p->terms.v[i].amount.currency;
        *ret_this |= span_eq(*ret_any, currency);
    }
}

static bool comparable(struct span any, bool same, const struct proposal *pr, bool need, char *why,
                       size_t why_n)
{
    if (any.n == 0)
        return true;
    bool given = HAS(pr, proposal_key_amount);
    if (!given && need)
        (void)snprintf(why, why_n, "the row asks for the amount at stake, in %.*s", SPAN_FMT(any));
    if (given && !same)
        (void)snprintf(why, why_n,
                       "the amount is in %.*s, but the row's threshold is in %.*s; nothing is converted",
                       SPAN_FMT(pr->amount.currency), SPAN_FMT(any));
    return given ? same : !need;
}

bool rights_judge(const struct state_pinned *p, struct span mover_org, const struct proposal *pr,
                  bool *ret_joint, uint64_t *ret_level, char *why, size_t why_n)
{
    struct span currency = HAS(pr, proposal_key_amount) ? pr->amount.currency : span_str("");
    struct span any = {0};
    bool same = false;
    bool joint = p->when_joint.mode == JOINT_YES;
    if (p->when_joint.mode == JOINT_WHEN) {
        currencies(&p->when_joint.when, currency, &any, &same);
        /* An amount left out must not make a decision one partner's own. */
        if (!comparable(any, same, pr, true, why, why_n))
            return false;
        joint = holds(&p->when_joint.when, mover_org, pr);
    }
    size_t n = HAS(p, state_pinned_key_raises) ? p->raises.n : 0;
    any = (struct span){0};
    same = false;
    for (size_t i = 0; i < n; i++)
        currencies(&p->raises.v[i].when, currency, &any, &same);
    if (!comparable(any, same, pr, false, why, why_n))
        return false;
    uint64_t level = 0;
    for (size_t i = 0; i < n; i++) {
        if (holds(&p->raises.v[i].when, mover_org, pr))
            level = i + 1;
    }
    *ret_joint = joint;
    *ret_level = level;
    return true;
}
