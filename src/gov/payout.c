#include "gov/payout.h"
#include "gov/decimal.h"

/* The newest value of a metric that is computed, countersigned or revealed. ST_NOTFOUND: none. */
static enum status newest_value(const struct figures *f, struct span metric, const struct charter_metric **ret_metric,
                                struct decimal *ret, struct err *err)
{
    struct figure_metric m;
    struct period p;
    *ret_metric = metrics_find(&f->metrics, metric);
    if (*ret_metric == NULL)
        return ST_NOTFOUND;
    TRY(figure_metric(f, *ret_metric, &m, err));
    enum status st = figure_newest(&m, m.open.from, &p);
    for (int i = 0; st == ST_OK && i < FIGURE_PERIODS_BACK; i++, st = figure_before(&m, &p)) {
        struct figure_value v;
        TRY(figure_of(f, &m, &p, &v, err));
        if (v.has_value && (v.figure == FIGURE_COMPUTED || v.figure == FIGURE_COUNTERSIGNED || v.figure == FIGURE_REVEALED)) {
            *ret = v.value;
            return ST_OK;
        }
    }
    return st == ST_OK || st == ST_END ? ST_NOTFOUND : st;
}

/* In all, in minor units of the budget's currency. */
static enum status amount_of(const struct figures *f, const struct charter_incentive *k, struct money *ret, struct err *err)
{
    const struct charter_metric *d;
    struct decimal value;
    if (HAS(&k->pays, charter_payment_key_amount)) {
        *ret = k->pays.amount;
    } else {
        const struct charter_budget *b = charter_budget(&f->metrics.rights.charter, k->from);
        TRY(newest_value(f, k->pays.metric, &d, &value, err));
        if (b == NULL || !HAS(d, charter_metric_key_unit) || !span_eq(d->unit, b->amount.currency))
            return ST_NOTFOUND;
        ret->currency = b->amount.currency;
        if (!decimal_percent(&value, &k->pays.percent, charter_currency_decimals(ret->currency), &ret->minor))
            return ST_NOTFOUND;
    }
    if (ret->minor < 0)
        ret->minor = 0;
    if (HAS(k, charter_incentive_key_most) && ret->minor > k->most.minor)
        ret->minor = k->most.minor;
    return ST_OK;
}

enum status payout_of(const struct figures *f, const struct charter_incentive *k, struct query_trigger *t, struct err *err)
{
    struct money whole;
    enum status st = amount_of(f, k, &whole, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    struct query_payout_list to = {0, arena_array(f->a, k->to.n, sizeof *to.v)};
    if (to.v == NULL)
        return query_full(err);
    int64_t left = whole.minor;
    for (size_t i = 0; i < k->to.n; i++) {
        int64_t part = whole.minor / 100 * (int64_t)k->to.v[i].percent + whole.minor % 100 * (int64_t)k->to.v[i].percent / 100;
        to.v[to.n++] = (struct query_payout){.org = k->to.v[i].org, .amount = {.minor = part, .currency = whole.currency}};
        left -= part;
    }
    to.v[0].amount.minor += left; /* what rounding down leaves over */
    t->pays = whole;
    SET_HAS(t, query_trigger_key_pays);
    t->to = to;
    SET_HAS(t, query_trigger_key_to);
    return ST_OK;
}
