/* Money: envelopes and sums (rule 21). */
#include "gov/budget.h"
#include "gov/due.h"

enum { DAY_MS = 24 * 3600 * 1000 };

/* Largest amount of a proposal, in minor units. */
static const int64_t AMOUNT_MOST = INT64_C(1000000000000000);

static const struct money *charge_of(const struct proposal *pr)
{
    return HAS(pr, proposal_key_charge) ? &pr->charge : &pr->amount;
}

static bool too_large(const struct money *m)
{
    return m->minor > AMOUNT_MOST || m->minor < -AMOUNT_MOST;
}

static enum status shape(struct act *c, bool required, const struct proposal *was, const struct proposal *pr)
{
    bool named = HAS(pr, proposal_key_budget);
    if ((HAS(pr, proposal_key_amount) && too_large(&pr->amount)) ||
        (HAS(pr, proposal_key_charge) && too_large(&pr->charge)))
        return act_refuse(c, V_MALFORMED, "proposal: an amount is over %" PRId64 " minor units", AMOUNT_MOST);
    if (!named && (HAS(pr, proposal_key_charge) || HAS(pr, proposal_key_rate)))
        return act_refuse(c, V_MALFORMED,
                          "proposal: a charge and its rate go with a budget, and none is named");
    if (required && !named)
        return act_refuse(c, V_INCOMPLETE, "the row asks for the budget that the amount comes from");
    if (was != NULL &&
        (named != HAS(was, proposal_key_budget) || (named && !span_eq(pr->budget, was->budget))))
        return act_refuse(c, V_NOT_PERMITTED, "a revision keeps its budget; propose anew to take another");
    return ST_OK;
}

static enum status in_currency(struct act *c, const struct charter_budget *b, const struct proposal *pr)
{
    struct span own = b->amount.currency;
    bool charge = HAS(pr, proposal_key_charge), rate = HAS(pr, proposal_key_rate);
    if (!HAS(pr, proposal_key_amount))
        return act_refuse(c, V_INCOMPLETE, "what comes from the budget %.*s needs an amount",
                          SPAN_FMT(b->name));
    if (span_eq(pr->amount.currency, own)) {
        if (charge || rate)
            return act_refuse(c, V_MALFORMED,
                              "proposal.charge: the amount is in %.*s, as the budget %.*s is; nothing is "
                              "converted",
                              SPAN_FMT(own), SPAN_FMT(b->name));
    } else if (!charge || !rate) {
        return act_refuse(
            c, V_INCOMPLETE,
            "the amount is in %.*s, the budget %.*s in %.*s: give the charge in %.*s, and the rate",
            SPAN_FMT(pr->amount.currency), SPAN_FMT(b->name), SPAN_FMT(own), SPAN_FMT(own));
    } else if (!span_eq(pr->charge.currency, own)) {
        return act_refuse(c, V_MALFORMED, "proposal.charge: expected in %.*s, as the budget %.*s is",
                          SPAN_FMT(own), SPAN_FMT(b->name));
    }
    if (charge_of(pr)->minor <= 0)
        return act_refuse(c, V_MALFORMED, "what comes from the budget %.*s must be above zero",
                          SPAN_FMT(b->name));
    return ST_OK;
}

enum status budget_sound(struct act *c, const struct rights *r, const struct state_pinned *p, bool required,
                         const struct proposal *was, const struct proposal *pr, struct err *err)
{
    uint64_t end;
    TRY(shape(c, required, was, pr));
    if (!HAS(pr, proposal_key_budget))
        return ST_OK;
    const struct charter_budget *b = charter_budget(&r->charter, pr->budget);
    if (b == NULL)
        return act_refuse(c, V_NO_SUCH_OBJECT, "the charter has no budget %.*s", SPAN_FMT(pr->budget));
    TRY(in_currency(c, b, pr));
    TRY(due_day_ends(&c->v, c->g->arena, p, b->to, &end, err));
    if (c->g->time_ms >= end)
        return act_refuse(c, V_NOT_NOW, "the budget %.*s ended at %s", SPAN_FMT(b->name), time_utc(end).s);
    return ST_OK;
}

void budget_describe(struct state_decision *d, const struct proposal *pr)
{
    if (!HAS(pr, proposal_key_budget))
        return;
    d->budget = pr->budget;
    d->charge = *charge_of(pr);
    SET_HAS(d, state_decision_key_budget);
    SET_HAS(d, state_decision_key_charge);
}

enum status budget_pin(const struct rights *r, struct arena *a, struct span name, struct state_pinned *p,
                       struct err *err)
{
    const struct charter_budget *b = charter_budget(&r->charter, name);
    if (b == NULL)
        return ST_OK;
    p->beyond = b->beyond;
    SET_HAS(p, state_pinned_key_beyond);
    for (size_t i = 0; i < p->rungs.n; i++) {
        if (HAS(&p->rungs.v[i], pinned_rung_key_body) && span_eq(p->rungs.v[i].body, b->beyond))
            return ST_OK;
    }
    struct pinned_rung *v = arena_array(a, p->rungs.n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for a ladder");
    if (p->rungs.n != 0)
        memcpy(v, p->rungs.v, p->rungs.n * sizeof *v);
    struct pinned_rung *last = &v[p->rungs.n];
    *last = (struct pinned_rung){.to = b->beyond, .body = b->beyond, .within = p->sla, .outside = true};
    SET_HAS(last, pinned_rung_key_body);
    SET_HAS(last, pinned_rung_key_outside);
    TRY(rights_body_partners(r, a, b->beyond, &last->partners, err));
    p->rungs = (struct pinned_rung_list){p->rungs.n + 1, v};
    return ST_OK;
}

/* --- Sums --- */

static struct tkey sum_key(struct span type, const struct proposal *pr, uint64_t day)
{
    struct span scope = HAS(pr, proposal_key_scope) ? pr->scope : span_str("");
    return tkey_sum(type, scope, pr->amount.currency, day);
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > (uint64_t)INT64_MAX - b ? (uint64_t)INT64_MAX : a + b;
}

static enum status sum_get(const struct view *v, struct arena *a, const struct tkey *k, struct state_sum *ret,
                           struct err *err)
{
    *ret = (struct state_sum){0};
    enum status st = state_get(v, a, TABLE_SUM, k, &state_sum_desc, ret, err);
    return st == ST_NOTFOUND ? ST_OK : st;
}

enum status budget_summed(const struct view *v, struct arena *a, struct span type, uint64_t now_ms,
                          const struct proposal *pr, struct proposal *ret, struct err *err)
{
    *ret = *pr;
    if (!HAS(pr, proposal_key_amount) || pr->amount.minor < 0)
        return ST_OK;
    uint64_t today = now_ms / DAY_MS, total = (uint64_t)pr->amount.minor;
    struct tkey from = sum_key(type, pr, today < LIMIT_SUM_DAYS ? 0 : today - LIMIT_SUM_DAYS + 1);
    struct tkey last = sum_key(type, pr, today);
    for (;;) {
        struct span key, value;
        struct state_sum s;
        enum status st = view_next(v, TABLE_SUM, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && span_cmp(key, tkey_span(&last)) > 0))
            break;
        if (st != ST_OK)
            return st;
        TRY(codec_decode(&state_sum_desc, value, a, &s, err));
        total = add(total, s.minor);
        from = tkey_after(key);
    }
    ret->amount.minor = (int64_t)total;
    return ST_OK;
}

/* The amount of the current revision on the day that it passed. */
static enum status sum_move(struct gov *g, const struct state_decision *d, bool back, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_revision rev;
    struct state_sum s;
    struct tkey k = tkey_revision(d->number, d->revision);
    TRY(state_need(&v, g->arena, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    const struct proposal *pr = &rev.proposal;
    if (!HAS(pr, proposal_key_amount) || pr->amount.minor <= 0)
        return ST_OK;
    uint64_t minor = (uint64_t)pr->amount.minor;
    k = sum_key(d->type, pr, d->passed_ms / DAY_MS);
    TRY(sum_get(&v, g->arena, &k, &s, err));
    if (back)
        s.minor = s.minor > minor ? s.minor - minor : 0;
    else
        s.minor = add(s.minor, minor);
    return state_put(g, TABLE_SUM, &k, &state_sum_desc, &s, err);
}

/* --- Envelopes --- */

enum status budget_get(const struct view *v, struct arena *a, uint64_t first_day, struct span name,
                       struct state_budget *ret, struct err *err)
{
    struct tkey k = tkey_budget(first_day, name);
    *ret = (struct state_budget){0};
    enum status st = state_get(v, a, TABLE_BUDGET, &k, &state_budget_desc, ret, err);
    return st == ST_NOTFOUND ? ST_OK : st;
}

static enum status budget_put(struct gov *g, uint64_t first_day, struct span name, struct state_budget *b,
                              struct err *err)
{
    struct tkey k = tkey_budget(first_day, name);
    b->changed_leaf = g->leaf;
    return state_put(g, TABLE_BUDGET, &k, &state_budget_desc, b, err);
}

/* The envelope as the charter has it now; ret_there false when there is none of that name and currency. */
static enum status envelope(const struct view *v, struct arena *a, const struct state_decision *d,
                            struct charter_budget *ret, bool *ret_there, struct err *err)
{
    struct charter_budgets list;
    *ret_there = false;
    enum status st = rights_budgets(v, a, &list, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    struct charter c = {.budgets = &list};
    const struct charter_budget *b = charter_budget(&c, d->budget);
    if (b == NULL || !span_eq(b->amount.currency, d->charge.currency))
        return ST_OK;
    *ret = *b;
    *ret_there = true;
    return ST_OK;
}

enum status budget_fits(const struct view *v, struct arena *a, const struct matter *m, uint64_t now_ms,
                        enum budget_fit *ret, struct err *err)
{
    struct charter_budget b;
    struct state_budget given;
    bool there;
    uint64_t end;
    *ret = BUDGET_FITS;
    if (!HAS(&m->d, state_decision_key_budget))
        return ST_OK;
    TRY(envelope(v, a, &m->d, &b, &there, err));
    if (!there) {
        *ret = BUDGET_GONE;
        return ST_OK;
    }
    TRY(due_day_ends(v, a, &m->p, b.to, &end, err));
    if (now_ms >= end) {
        *ret = BUDGET_ENDED;
        return ST_OK;
    }
    TRY(budget_get(v, a, b.from, b.name, &given, err));
    uint64_t used = given.reserved + given.spent, size = b.amount.minor > 0 ? (uint64_t)b.amount.minor : 0;
    if (used > size || (uint64_t)m->d.charge.minor > size - used)
        *ret = BUDGET_OVER;
    return ST_OK;
}

enum status budget_reserve(struct gov *g, struct state_decision *d, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct charter_budget b;
    struct state_budget given;
    bool there;
    TRY(sum_move(g, d, false, err));
    if (!HAS(d, state_decision_key_budget))
        return ST_OK;
    TRY(envelope(&v, g->arena, d, &b, &there, err));
    if (!there)
        return err_set(err, ST_CORRUPT, "D-%" PRIu64 " passes without its budget", d->number);
    TRY(budget_get(&v, g->arena, b.from, d->budget, &given, err));
    given.reserved += (uint64_t)d->charge.minor;
    d->reserved_from = b.from;
    SET_HAS(d, state_decision_key_reserved_from);
    return budget_put(g, b.from, d->budget, &given, err);
}

enum status budget_spend(struct gov *g, const struct state_decision *d, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_budget given;
    if (!HAS(d, state_decision_key_reserved_from))
        return ST_OK;
    TRY(budget_get(&v, g->arena, d->reserved_from, d->budget, &given, err));
    given.reserved -= (uint64_t)d->charge.minor;
    given.spent += (uint64_t)d->charge.minor;
    return budget_put(g, d->reserved_from, d->budget, &given, err);
}

enum status budget_release(struct gov *g, struct state_decision *d, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_budget given;
    if (d->phase != PHASE_PASSED && d->phase != PHASE_EFFECTIVE)
        return ST_OK;
    TRY(sum_move(g, d, true, err));
    if (!HAS(d, state_decision_key_reserved_from))
        return ST_OK;
    TRY(budget_get(&v, g->arena, d->reserved_from, d->budget, &given, err));
    *(d->phase == PHASE_PASSED ? &given.reserved : &given.spent) -= (uint64_t)d->charge.minor;
    d->has &= ~(UINT64_C(1) << state_decision_key_reserved_from);
    return budget_put(g, d->reserved_from, d->budget, &given, err);
}
