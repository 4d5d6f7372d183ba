#include "charter/predicate.h"

/* "recall >= 2 in 365 d" after "count". */
static bool parse_count(const struct words *w, struct charter_term_of *t)
{
    uint32_t op;
    uint64_t n;
    if (w->n != 7 || !text_is_id(w->v[1]) || !scalar_word_is(w, 4, "in"))
        return false;
    if (enum_parse(&comparison_enum, w->v[2], &op) != ST_OK || !scalar_uint(w->v[3], &n))
        return false;
    if (!scalar_span(scalar_join(w, 5, 7), &t->within))
        return false;
    t->type = COND_COUNT;
    t->name = w->v[1];
    t->op = (enum comparison)op;
    t->number = (struct decimal){.mantissa = (int64_t)n};
    SET_HAS(t, charter_term_of_key_name);
    SET_HAS(t, charter_term_of_key_op);
    SET_HAS(t, charter_term_of_key_number);
    SET_HAS(t, charter_term_of_key_within);
    return true;
}

static bool parse_amount(const struct words *w, struct arena *a, struct charter_term_of *t)
{
    uint32_t op;
    if (w->n != 4 || enum_parse(&comparison_enum, w->v[1], &op) != ST_OK)
        return false;
    if (!scalar_money(scalar_join(w, 2, 4), a, &t->amount))
        return false;
    t->type = COND_AMOUNT;
    t->op = (enum comparison)op;
    SET_HAS(t, charter_term_of_key_op);
    SET_HAS(t, charter_term_of_key_amount);
    return true;
}

static bool parse_score(const struct words *w, struct charter_term_of *t)
{
    uint64_t n;
    if (w->n != 2 || !scalar_uint(w->v[1], &n) || n < 1 || n > 25)
        return false;
    t->type = COND_SCORE;
    t->number = (struct decimal){.mantissa = (int64_t)n};
    SET_HAS(t, charter_term_of_key_number);
    return true;
}

/* "on-shelf < 85.0 for 2" */
static bool parse_metric_term(const struct words *w, struct charter_term_of *t)
{
    uint32_t op;
    bool periods = w->n == 5 && scalar_word_is(w, 3, "for");
    if ((w->n != 3 && !periods) || !text_is_id(w->v[0]) ||
        enum_parse(&comparison_enum, w->v[1], &op) != ST_OK)
        return false;
    if (!scalar_decimal(w->v[2], &t->number))
        return false;
    if (periods) {
        if (!scalar_uint(w->v[4], &t->periods) || t->periods < 1 || t->periods > 100)
            return false;
        if (t->periods > 1)
            SET_HAS(t, charter_term_of_key_periods);
        else
            t->periods = 0;
    }
    t->type = COND_METRIC;
    t->name = w->v[0];
    t->op = (enum comparison)op;
    SET_HAS(t, charter_term_of_key_name);
    SET_HAS(t, charter_term_of_key_op);
    SET_HAS(t, charter_term_of_key_number);
    return true;
}

static bool parse_term(struct span text, struct arena *a, struct charter_term_of *ret_t)
{
    struct words w = scalar_words(text);
    struct charter_term_of t = {0};
    bool ok;
    if (scalar_word_is(&w, 0, "count"))
        ok = parse_count(&w, &t);
    else if (scalar_word_is(&w, 0, "amount"))
        ok = parse_amount(&w, a, &t);
    else if (scalar_word_is(&w, 0, "score"))
        ok = parse_score(&w, &t);
    else if (w.n == 2 && span_eqs(w.v[0], "affects") && span_eqs(w.v[1], "others"))
        ok = (t.type = COND_AFFECTS_OTHERS, true);
    else if (w.n == 2 && span_eqs(w.v[0], "term") && span_eqs(w.v[1], "over"))
        ok = (t.type = COND_TERM_OVER, true);
    else
        ok = parse_metric_term(&w, &t);
    if (ok)
        *ret_t = t;
    return ok;
}

bool predicate_parse(struct span text, struct arena *a, void *rec)
{
    struct words w = scalar_words(text);
    if (w.n == 0 || w.n > SCALAR_WORDS_MAX)
        return false;
    struct charter_predicate p = {0};
    size_t joint = 0;
    for (size_t i = 0; i < w.n; i++) {
        bool and = span_eqs(w.v[i], "and");
        if (!and&&!span_eqs(w.v[i], "or"))
            continue;
        if (joint != 0)
            return false; /* no nesting, no third term */
        joint = i;
        p.join = and? JOIN_AND : JOIN_OR;
        SET_HAS(&p, charter_predicate_key_join);
    }
    p.terms.n = joint != 0 ? 2 : 1;
    p.terms.v = arena_array(a, p.terms.n, sizeof *p.terms.v);
    if (p.terms.v == NULL || !parse_term(scalar_join(&w, 0, joint != 0 ? joint : w.n), a, &p.terms.v[0]))
        return false;
    if (joint != 0 && !parse_term(scalar_join(&w, joint + 1, w.n), a, &p.terms.v[1]))
        return false;
    *(struct charter_predicate *)rec = p;
    return true;
}

static void print_term(const struct charter_term_of *t, struct buf *b)
{
    const char *op = HAS(t, charter_term_of_key_op) ? enum_text(&comparison_enum, t->op) : "";
    switch (t->type) {
    case COND_METRIC:
        buf_printf(b, "%.*s %s ", SPAN_FMT(t->name), op);
        scalar_print_decimal(&t->number, b);
        if (HAS(t, charter_term_of_key_periods))
            buf_printf(b, " for %" PRIu64, t->periods);
        break;
    case COND_AMOUNT:
        buf_printf(b, "amount %s ", op);
        scalar_print_money(&t->amount, b);
        break;
    case COND_SCORE:
        buf_printf(b, "score ");
        scalar_print_decimal(&t->number, b);
        break;
    case COND_COUNT:
        buf_printf(b, "count %.*s %s ", SPAN_FMT(t->name), op);
        scalar_print_decimal(&t->number, b);
        buf_printf(b, " in ");
        scalar_print_span(&t->within, b);
        break;
    case COND_AFFECTS_OTHERS:
    case COND_TERM_OVER:
        buf_printf(b, "%s", enum_text(&condition_enum, t->type));
        break;
    }
}

void predicate_print(const void *rec, struct buf *b)
{
    const struct charter_predicate *p = rec;
    for (size_t i = 0; i < p->terms.n; i++) {
        if (i > 0)
            buf_printf(b, " %s ", enum_text(&connective_enum, p->join));
        print_term(&p->terms.v[i], b);
    }
}

bool predicate_parse_threshold(struct span text, struct arena *a, void *rec)
{
    struct charter_predicate p = {.terms = {.n = 1, .v = arena_array(a, 1, sizeof *p.terms.v)}};
    if (p.terms.v == NULL)
        return false;
    struct charter_term_of *t = &p.terms.v[0];
    struct words w = scalar_words(text);
    if (scalar_word_is(&w, 0, "score")) {
        if (!parse_score(&w, t))
            return false;
    } else {
        if (!scalar_money(text, a, &t->amount))
            return false;
        t->type = COND_AMOUNT;
        t->op = CMP_GT;
        SET_HAS(t, charter_term_of_key_op);
        SET_HAS(t, charter_term_of_key_amount);
    }
    *(struct charter_predicate *)rec = p;
    return true;
}

void predicate_print_threshold(const void *rec, struct buf *b)
{
    const struct charter_predicate *p = rec;
    if (p->terms.v[0].type == COND_AMOUNT)
        scalar_print_money(&p->terms.v[0].amount, b);
    else
        print_term(&p->terms.v[0], b);
}
