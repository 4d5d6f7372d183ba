#include "charter/part.h"
#include "base/time.h"

/* Each returns what is wrong, or NULL. */
static const char *selector(const void *rec)
{
    const struct charter_selector *s = rec;
    bool body = HAS(s, charter_selector_key_body), org = HAS(s, charter_selector_key_org),
         seat = HAS(s, charter_selector_key_seat);
    return body != seat && !(body && org) ? NULL : "names a body, or a seat with or without its organisation";
}

static const char *term(const void *rec)
{
    const struct charter_term_of *t = rec;
    const uint64_t name = 1u << charter_term_of_key_name, op = 1u << charter_term_of_key_op;
    const uint64_t number = 1u << charter_term_of_key_number, amount = 1u << charter_term_of_key_amount;
    const uint64_t periods = 1u << charter_term_of_key_periods, within = 1u << charter_term_of_key_within;
    uint64_t has = t->has & (name | op | number | amount | periods | within), want = 0;
    switch (t->type) {
    case COND_METRIC:
        has &= ~periods;
        want = name | op | number;
        break;
    case COND_AMOUNT:
        want = op | amount;
        break;
    case COND_SCORE:
        want = number;
        if (t->number.scale != 0 || t->number.mantissa < 1 || t->number.mantissa > 25)
            return "a score is a whole number from 1 to 25";
        break;
    case COND_COUNT:
        want = name | op | number | within;
        if (t->number.scale != 0 || t->number.mantissa < 0)
            return "a count is a whole number";
        break;
    case COND_AFFECTS_OTHERS:
    case COND_TERM_OVER:
        break;
    }
    return has == want ? NULL : "has other members than its type takes";
}

static const char *predicate(const void *rec)
{
    const struct charter_predicate *p = rec;
    return HAS(p, charter_predicate_key_join) == (p->terms.n == 2)
               ? NULL
               : "two terms are joined by and or or, one by nothing";
}

static const char *joint(const void *rec)
{
    const struct charter_joint *j = rec;
    return HAS(j, charter_joint_key_when) == (j->mode == JOINT_WHEN)
               ? NULL
               : "has a predicate when it is `when`, else none";
}

static const char *need(const void *rec)
{
    const struct charter_need *n = rec;
    return HAS(n, charter_need_key_seat) == (n->type == INPUT_CONSULT)
               ? NULL
               : "has a seat when it is a consultation, else none";
}

static const char *above(const void *rec)
{
    const struct charter_above *x = rec;
    if (x->when.terms.n != 1)
        return "has one term";
    const struct charter_term_of *t = &x->when.terms.v[0];
    if (t->type == COND_SCORE || (t->type == COND_AMOUNT && t->op == CMP_GT))
        return NULL;
    return "raises on amount > MONEY or on score N";
}

static const char *otherwise(const void *rec)
{
    const struct charter_else *e = rec;
    return HAS(e, charter_else_key_name) == (e->type != ELSE_STATUS_QUO)
               ? NULL
               : "has a name unless it is status quo";
}

static const char *chair(const void *rec)
{
    const struct charter_chair *c = rec;
    return HAS(c, charter_chair_key_seat) != HAS(c, charter_chair_key_rotates) ? NULL
                                                                               : "is a seat, or rotates";
}

static const char *reporter(const void *rec)
{
    const struct charter_reporter *r = rec;
    bool org = HAS(r, charter_reporter_key_org), seat = HAS(r, charter_reporter_key_seat);
    return r->each ? (org ? "is each partner, or one seat" : NULL)
                   : (org && seat ? NULL : "is each partner, or one seat");
}

static const char *computed(const void *rec)
{
    const struct charter_computed *c = rec;
    return HAS(c, charter_computed_key_tag) == (c->measure == MEASURE_ITEMS_TAGGED)
               ? NULL
               : "has a tag when it counts tagged items";
}

static const char *payment(const void *rec)
{
    const struct charter_payment *p = rec;
    bool percent = HAS(p, charter_payment_key_percent), metric = HAS(p, charter_payment_key_metric);
    return percent == metric && percent != HAS(p, charter_payment_key_amount)
               ? NULL
               : "is a percentage of a metric, or an amount";
}

static const char *outcome(const void *rec)
{
    const struct charter_outcome *o = rec;
    return HAS(o, charter_outcome_key_amount) != HAS(o, charter_outcome_key_number)
               ? NULL
               : "is an amount or a number";
}

static const char *calendar(const void *rec)
{
    const struct charter_calendar *c = rec;
    bool all[4] = {HAS(c, charter_calendar_key_utc), HAS(c, charter_calendar_key_weekend),
                   HAS(c, charter_calendar_key_holidays), HAS(c, charter_calendar_key_listed_to)};
    bool joined = HAS(c, charter_calendar_key_all_of);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i] == joined)
            return "has utc, weekend, holidays and listed-to, or joins others by all-of";
    for (size_t i = 0; i < c->weekend.n; i++)
        if (c->weekend.v[i] < DAY_MON || c->weekend.v[i] > DAY_SUN)
            return "weekdays go from 1 to 7";
    for (size_t i = 0; i < c->holidays.n; i++)
        if (c->holidays.v[i] > TIME_DAY_MAX)
            return "a holiday is later than any calendar goes";
    return NULL;
}

static const char *core(const void *rec)
{
    const struct charter_core *c = rec;
    for (size_t i = 0; i < c->sections.n; i++)
        if (c->sections.v[i] < SECTION_ALLIANCE || c->sections.v[i] > SECTION_EXIT)
            return "names a section that no charter has";
    return NULL;
}

static const struct {
    const struct record_desc *rec;
    const char *(*wrong)(const void *rec);
} rules[] = {
    {&charter_selector_desc, selector},   {&charter_term_of_desc, term},
    {&charter_predicate_desc, predicate}, {&charter_joint_desc, joint},
    {&charter_need_desc, need},           {&charter_above_desc, above},
    {&charter_else_desc, otherwise},      {&charter_chair_desc, chair},
    {&charter_reporter_desc, reporter},   {&charter_computed_desc, computed},
    {&charter_payment_desc, payment},     {&charter_outcome_desc, outcome},
    {&charter_calendar_desc, calendar},   {&charter_core_desc, core},
};

static const char *wrong_with(const struct record_desc *rec, const void *value)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].rec == rec)
            return rules[i].wrong(value);
    return NULL;
}

enum status part_check(const struct record_desc *rec, const void *value, struct arena *a, struct err *err)
{
    struct shape_walk w;
    enum status st = shape_walk_init(&w, a, rec, value);
    const struct record_desc *r;
    const void *v;
    while (st == ST_OK && (st = shape_walk_next(&w, &r, &v)) == ST_OK) {
        const char *wrong = wrong_with(r, v);
        if (wrong != NULL)
            return err_set(err, ST_FORMAT, "%s: a %s %s", rec->name, r->name, wrong);
    }
    return st == ST_END ? ST_OK : err_set(err, st, "%s: too large to check", rec->name);
}
