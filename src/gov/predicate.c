#include "gov/predicate.h"
#include "charter/calendar.h"
#include "gov/decimal.h"
#include "gov/opened.h"

bool predicate_compares(enum comparison op, int order)
{
    switch (op) {
    case CMP_LT:
        return order < 0;
    case CMP_LE:
        return order <= 0;
    case CMP_EQ:
        return order == 0;
    case CMP_GE:
        return order >= 0;
    case CMP_GT:
        return order > 0;
    }
    return false;
}

static enum status say(struct predicate_finding *r, const char *words, struct err *err)
{
    if (words == NULL)
        return err_set(err, ST_LIMIT, "out of room for what a condition looked at");
    r->words = span_str(words);
    return ST_OK;
}

/* --- METRIC op NUMBER [for K] --- */

enum reach predicate_period(const struct figure_value *v, enum comparison op, const struct decimal *number,
                            enum missing missing)
{
    bool lacking = v->figure == FIGURE_LATE || v->figure == FIGURE_DISPUTED || v->figure == FIGURE_TOO_FEW ||
                   v->figure == FIGURE_REPORTED || v->figure == FIGURE_WAITING;
    if (v->figure == FIGURE_NOTHING)
        return REACH_SKIP;
    if (lacking)
        return missing == MISSING_BREACHES ? REACH_HOLDS : REACH_SKIP;
    return predicate_compares(op, decimal_compare(&v->value, number)) ? REACH_HOLDS : REACH_NOT;
}

static const char *metric_words(const struct predicate_facts *x, const struct charter_term_of *t,
                                const struct figure_value *newest, bool any, uint64_t held, uint64_t asked)
{
    struct arena *a = x->f->a;
    if (!any)
        return charter_text(a, "%.*s: no period is over", SPAN_FMT(t->name));
    if (!newest->has_value || newest->figure == FIGURE_REPORTED || newest->figure == FIGURE_DISPUTED)
        return charter_text(a, "%.*s %s, %" PRIu64 " of %" PRIu64, SPAN_FMT(t->name),
                            enum_text(&figure_enum, newest->figure), held, asked);
    return charter_text(a, "%.*s %s, %" PRIu64 " of %" PRIu64, SPAN_FMT(t->name),
                        decimal_text(&newest->value).s, held, asked);
}

/* The K newest periods that are judged, from the newest that is not pending; each must hold. */
static enum status judge_metric(const struct predicate_facts *x, const struct charter_term_of *t,
                                struct predicate_finding *r, struct err *err)
{
    uint64_t asked = HAS(t, charter_term_of_key_periods) ? t->periods : 1, held = 0;
    const struct charter_metric *d = metrics_find(&x->f->metrics, t->name);
    struct figure_metric m;
    struct figure_value newest = {0};
    struct period p;
    bool any = false;
    *r = (struct predicate_finding){.known = true};
    enum status st = d == NULL ? ST_NOTFOUND : figure_metric(x->f, d, &m, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_OK)
        st = figure_newest(&m, m.open.from, &p);
    for (int i = 0; st == ST_OK && held < asked && i < FIGURE_PERIODS_BACK; i++, st = figure_before(&m, &p)) {
        struct figure_value v;
        TRY(figure_of(x->f, &m, &p, &v, err));
        if (!any && !v.judged)
            continue; /* pending: the period before it is the newest that counts */
        enum reach reach = predicate_period(&v, t->op, &t->number, x->missing);
        if (!any)
            newest = v;
        any = true;
        if (reach == REACH_NOT)
            break;
        held += reach == REACH_HOLDS;
        if (reach == REACH_HOLDS && v.at_ms > r->since_ms)
            r->since_ms = v.at_ms;
    }
    r->holds = held == asked;
    return say(r, metric_words(x, t, &newest, any, held, asked), err);
}

/* --- The other terms --- */

/* Decisions of a row, or items of a type, that were opened within a span until now. */
static enum status judge_count(const struct predicate_facts *x, const struct charter_term_of *t,
                               struct predicate_finding *r, struct err *err)
{
    struct opened_walk w;
    struct opened one;
    uint64_t n = 0, since = opened_since(x->f, &t->within);
    *r = (struct predicate_finding){.known = opened_begin(x->f, t->name, &w) == ST_OK};
    if (!r->known)
        return say(r, charter_text(x->f->a, "%.*s is nothing that these rules count", SPAN_FMT(t->name)), err);
    for (;;) {
        enum status st = opened_next(&w, since, &one, err);
        if (st == ST_END)
            break;
        TRY(st);
        if (++n == 1)
            r->since_ms = one.opened_ms;
    }
    struct decimal count = {.mantissa = (int64_t)n};
    r->holds = predicate_compares(t->op, decimal_compare(&count, &t->number));
    return say(r, charter_text(x->f->a, "%" PRIu64 " %.*s", n, SPAN_FMT(t->name)), err);
}

static enum status judge_term_over(const struct predicate_facts *x, struct predicate_finding *r,
                                   struct err *err)
{
    const struct charter *c = &x->f->metrics.rights.charter;
    struct state_section s;
    struct charter_term term;
    struct tkey k = tkey_section(SECTION_TERM);
    uint64_t end;
    TRY(state_need(x->f->v, x->f->a, TABLE_SECTION, &k, &state_section_desc, &s, err));
    TRY(codec_decode(&charter_term_desc, s.body, x->f->a, &term, err));
    enum status st = calendar_end_of(c->calendars, c->decisions->calendar, term.to, &end);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "the last day of the term is on no calendar");
    *r = (struct predicate_finding){.known = true, .holds = end <= x->f->now_ms, .since_ms = end};
    return say(r, charter_text(x->f->a, "the term ends at %s", time_utc(end).s), err);
}

static enum status judge_amount(const struct predicate_facts *x, const struct charter_term_of *t,
                                struct predicate_finding *r, struct err *err)
{
    *r = (struct predicate_finding){.known = true};
    if (x->amount != NULL && span_eq(x->amount->currency, t->amount.currency)) {
        int64_t have = x->amount->minor, want = t->amount.minor;
        r->holds = predicate_compares(t->op, have < want ? -1 : have > want);
    }
    return say(r, x->amount == NULL ? "no amount" : "the amount", err);
}

static enum status judge_term(const struct predicate_facts *x, const struct charter_term_of *t,
                              struct predicate_finding *r, struct err *err)
{
    switch (t->type) {
    case COND_METRIC:
        return judge_metric(x, t, r, err);
    case COND_COUNT:
        return judge_count(x, t, r, err);
    case COND_TERM_OVER:
        return judge_term_over(x, r, err);
    case COND_AMOUNT:
        return judge_amount(x, t, r, err);
    case COND_AFFECTS_OTHERS:
        *r = (struct predicate_finding){.known = true, .holds = x->affects_others};
        return say(r, "who is affected", err);
    case COND_SCORE:
        *r = (struct predicate_finding){0};
        return say(r, "scores are of items; these rules do not look at them yet", err);
    }
    return err_set(err, ST_CORRUPT, "a condition of an unknown kind %d", (int)t->type);
}

/* What is unknown neither holds nor does not; a known term may still decide. */
static void join(enum connective how, struct predicate_finding *x, const struct predicate_finding *y)
{
    bool xt = x->known && x->holds, yt = y->known && y->holds;
    bool xf = x->known && !x->holds, yf = y->known && !y->holds;
    uint64_t later = x->since_ms > y->since_ms ? x->since_ms : y->since_ms;
    uint64_t earlier = x->since_ms < y->since_ms ? x->since_ms : y->since_ms;
    if (how == JOIN_AND) {
        x->holds = xt && yt;
        x->known = x->holds || xf || yf;
        x->since_ms = later;
        return;
    }
    x->since_ms = xt && yt ? earlier : xt ? x->since_ms : y->since_ms;
    x->holds = xt || yt;
    x->known = x->holds || (xf && yf);
}

enum status predicate_judge(const struct predicate_facts *x, const struct charter_predicate *p,
                            struct predicate_finding *ret, struct err *err)
{
    struct predicate_finding r, second;
    TRY(judge_term(x, &p->terms.v[0], &r, err));
    if (p->terms.n > 1) {
        TRY(judge_term(x, &p->terms.v[1], &second, err));
        const char *words =
            charter_text(x->f->a, "%.200s; %.200s", (const char *)r.words.p, (const char *)second.words.p);
        join(p->join, &r, &second);
        TRY(say(&r, words, err));
    }
    *ret = r;
    return ST_OK;
}
