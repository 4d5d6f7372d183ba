#include "charter/shape.h"

#define AT(r, f) .rec = &r##_desc, .key = r##_key_##f
#define DATE(r, f)                                                                                           \
    {                                                                                                        \
        AT(r, f), .form = FORM_DATE                                                                          \
    }
#define MS(r, f, name_, standard_)                                                                           \
    {                                                                                                        \
        AT(r, f), .form = FORM_MS, .name = name_, .standard = standard_                                      \
    }

static const struct shape_field fields[] = {
    {AT(charter_alliance, format), .name = "entente"},
    {AT(charter_alliance, name), .name = "alliance"},
    {AT(charter_alliance, founded_ms), .name = "founded"},
    {AT(charter_core, sections), .form = FORM_SECTIONS},
    MS(charter_clock, precision_ms, "precision", "500 ms"),
    MS(charter_clock, late_after_ms, "late-after", "1 h"),
    MS(charter_clock, propose_ms, "propose-timeout", "3 s"),
    MS(charter_clock, vote_ms, "vote-timeout", "1 s"),
    MS(charter_clock, step_ms, "timeout-step", "500 ms"),
    {AT(charter_clock, block_entries), .standard = "1000"},
    {AT(charter_clock, block_bytes), .standard = "1048576"},
    DATE(charter_term, from),
    DATE(charter_term, to),
    {AT(charter_term, renewal_opens), .form = FORM_BEFORE},
    {AT(charter_agreement, file), .form = FORM_FILE},
    {AT(charter_agreement, sha256), .form = FORM_DIGEST},
    DATE(charter_agreement, until),
    {AT(charter_party, display), .name = "name"},
    {AT(charter_party, card), .form = FORM_CARD},
    {AT(charter_calendar, utc), .form = FORM_OFFSET},
    {AT(charter_calendar, weekend), .form = FORM_WEEKDAYS},
    DATE(charter_calendar, holidays),
    DATE(charter_calendar, listed_to),
    {AT(charter_assumption, due), .standard = "90 d"},
    {AT(charter_commitment, every), .standard = "month"},
    {AT(charter_row, joint), .standard = "yes"},
    {AT(charter_row, notice), .standard = "0 bd"},
    {AT(charter_row, silence), .standard = "escalate"},
    {AT(charter_row, otherwise), .name = "else"},
    {AT(charter_row, abstain), .standard = "stands aside"},
    {AT(charter_row, budget), .standard = "none"},
    {AT(charter_row, act_first), .standard = "false"},
    {AT(charter_above, when), .form = FORM_THRESHOLD},
    {AT(charter_decisions, calendar), .form = FORM_DEFAULTS, .name = "defaults"},
    {AT(charter_decisions, rows), .form = FORM_SPREAD, .prefix = ""},
    {AT(charter_conflicts, otherwise), .name = "else"},
    {AT(charter_metrics, list), .form = FORM_SPREAD, .prefix = ""},
    {AT(charter_metric, better), .standard = "up"},
    {AT(charter_metric, sealed), .standard = "false"},
    DATE(charter_budget, from),
    DATE(charter_budget, to),
    {AT(charter_escalate_at, score), .form = FORM_SCORE},
    {AT(charter_review_at, score), .form = FORM_SCORE},
    {AT(charter_sharing, classes), .form = FORM_SPREAD, .prefix = ""},
    {AT(charter_control, evidence), .standard = "none"},
    {AT(charter_launch_day, day), .form = FORM_DAY},
    {AT(charter_launch, days), .form = FORM_SPREAD, .prefix = "day-"},
    {AT(charter_launch, gates), .form = FORM_SPREAD, .prefix = "gate-"},
    {AT(charter_procedure, file), .form = FORM_FILE},
    {AT(charter_procedure, sha256), .form = FORM_DIGEST},
};

static const struct record_desc *const keyed[] = {
    &charter_agreement_desc, &charter_party_desc,     &charter_calendar_desc,      &charter_outcome_desc,
    &charter_text_of_desc,   &charter_share_desc,     &charter_assumption_desc,    &charter_commitment_desc,
    &charter_body_desc,      &charter_ladder_desc,    &charter_row_desc,           &charter_above_desc,
    &charter_session_desc,   &charter_metric_desc,    &charter_budget_desc,        &charter_incentive_desc,
    &charter_report_desc,    &charter_indicator_desc, &charter_escalate_at_desc,   &charter_review_at_desc,
    &charter_may_desc,       &charter_control_desc,   &charter_sharing_class_desc, &charter_launch_day_desc,
    &charter_gate_desc,      &charter_procedure_desc,
};

/* Not keyed, and their order has no meaning. */
static const struct record_desc *const sorted[] = {
    &charter_selector_desc,
    &charter_approval_desc,
    &charter_need_desc,
    &charter_gate_need_desc,
};

static bool among(const struct record_desc *const *list, size_t n, const struct record_desc *rec)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == rec)
            return true;
    return false;
}

const struct shape_field *shape_of(const struct record_desc *rec, const struct field_desc *field)
{
    static const struct shape_field plain;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].rec == rec && fields[i].key == field->key)
            return &fields[i];
    return &plain;
}

struct shape_name shape_name(const struct record_desc *rec, const struct field_desc *field)
{
    const char *given =
        shape_is_bare(rec) ? enum_text(&section_id_enum, rec->number) : shape_of(rec, field)->name;
    struct shape_name name;
    (void)snprintf(name.s, sizeof name.s, "%s", given != NULL ? given : field->name);
    for (char *p = name.s; *p != 0; p++)
        if (*p == '_')
            *p = '-';
    return name;
}

bool shape_is_keyed(const struct record_desc *rec)
{
    return among(keyed, ARRAY_LEN(keyed), rec);
}

bool shape_is_bare(const struct record_desc *rec)
{
    return rec->number != 0 && rec->n == 1 && shape_of(rec, &rec->fields[0])->form != FORM_SPREAD;
}

bool shape_is_sorted(const struct record_desc *rec)
{
    return shape_is_keyed(rec) || among(sorted, ARRAY_LEN(sorted), rec);
}

bool shape_has(const void *value, const struct field_desc *f)
{
    uint64_t has = *(const uint64_t *)value; /* the first member of every record */
    return !f->optional || ((has >> f->key) & 1) != 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static uint64_t enum_at(const void *p)
{
    unsigned v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Thresholds: amounts before scores; by currency, then by value. */
static int compare_threshold(const struct charter_predicate *a, const struct charter_predicate *b)
{
    const struct charter_term_of *x = &a->terms.v[0], *y = &b->terms.v[0];
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    if (x->type == COND_AMOUNT) {
        int c = span_cmp(x->amount.currency, y->amount.currency);
        return c != 0 ? c : x->amount.minor < y->amount.minor ? -1 : x->amount.minor > y->amount.minor;
    }
    return x->number.mantissa < y->number.mantissa ? -1 : x->number.mantissa > y->number.mantissa;
}

/* Scalar fields only; nested ones compare as equal. */
static int compare_scalar(const struct field_desc *f, const void *x, const void *y)
{
    if (f->type == FT_ENUM)
        return compare_u64(enum_at(x), enum_at(y));
    if (f->type == FT_UINT)
        return compare_u64(*(const uint64_t *)x, *(const uint64_t *)y);
    if (f->type == FT_ID || f->type == FT_SEAT)
        return span_cmp(*(const struct span *)x, *(const struct span *)y);
    return 0;
}

static int compare_flat(const struct record_desc *rec, const void *a, const void *b)
{
    for (size_t i = 0; i < rec->n; i++) {
        const struct field_desc *f = &rec->fields[i];
        bool in_a = shape_has(a, f), in_b = shape_has(b, f);
        if (in_a != in_b)
            return in_a ? 1 : -1;
        int c = in_a ? compare_scalar(f, shape_at(a, f), shape_at(b, f)) : 0;
        if (c != 0)
            return c;
    }
    return 0;
}

int shape_compare(const struct record_desc *rec, const void *a, const void *b)
{
    if (rec == &charter_above_desc)
        return compare_threshold(&((const struct charter_above *)a)->when,
                                 &((const struct charter_above *)b)->when);
    if (shape_is_keyed(rec))
        return compare_scalar(&rec->fields[0], shape_at(a, &rec->fields[0]), shape_at(b, &rec->fields[0]));
    int c = compare_flat(rec, a, b);
    /* One nested level, for charter_approval.of, which comes last. */
    for (size_t i = 0; c == 0 && i < rec->n; i++) {
        const struct field_desc *f = &rec->fields[i];
        if (f->type == FT_REC && shape_has(a, f))
            c = compare_flat(f->rec, shape_at(a, f), shape_at(b, f));
    }
    return c;
}

/* Records still to be looked at; other is NULL when only one is walked. */
struct shape_job {
    struct shape_job *next;
    const struct record_desc *rec;
    const void *value, *other;
};

static enum status push(struct shape_job **jobs, struct arena *a, const struct record_desc *rec,
                        const void *value, const void *other)
{
    struct shape_job *j = arena_alloc(a, sizeof *j);
    if (j == NULL)
        return ST_LIMIT;
    *j = (struct shape_job){*jobs, rec, value, other};
    *jobs = j;
    return ST_OK;
}

static bool spans_ascend(const struct span_list *l)
{
    for (size_t i = 1; i < l->n; i++)
        if (span_cmp(l->v[i - 1], l->v[i]) >= 0)
            return false;
    return true;
}

static bool uints_ascend(const struct uint_list *l)
{
    for (size_t i = 1; i < l->n; i++)
        if (l->v[i - 1] >= l->v[i])
            return false;
    return true;
}

static bool members_ascend(const struct record_desc *rec, const struct shape_list *l)
{
    for (size_t i = 1; i < l->n; i++)
        if (shape_compare(rec, shape_member(l, rec, i - 1), shape_member(l, rec, i)) >= 0)
            return false;
    return true;
}

static bool field_ascends(const struct field_desc *f, const void *p)
{
    if (f->type == FT_IDS || f->type == FT_SEATS)
        return spans_ascend(p);
    if (f->type == FT_UINTS)
        return uints_ascend(p);
    if (f->type == FT_LIST && shape_is_sorted(f->rec))
        return members_ascend(f->rec, p);
    return true;
}

/* Queues what is nested in a field of both (or of the one). */
static enum status push_nested(struct shape_job **jobs, struct arena *a, const struct field_desc *f,
                               const void *x, const void *y)
{
    if (f->type == FT_REC)
        return push(jobs, a, f->rec, x, y);
    if (f->type != FT_LIST)
        return ST_OK;
    const struct shape_list *l = x, *m = y;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < l->n; i++)
        st = push(jobs, a, f->rec, shape_member(l, f->rec, i), m == NULL ? NULL : shape_member(m, f->rec, i));
    return st;
}

static enum status push_parts(struct shape_job **jobs, struct arena *a, const struct record_desc *rec,
                              const void *value)
{
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < rec->n; i++)
        if (shape_has(value, &rec->fields[i]))
            st = push_nested(jobs, a, &rec->fields[i], shape_at(value, &rec->fields[i]), NULL);
    return st;
}

enum status shape_walk_init(struct shape_walk *w, struct arena *a, const struct record_desc *rec,
                            const void *value)
{
    *w = (struct shape_walk){.arena = a};
    return push(&w->jobs, a, rec, value, NULL);
}

enum status shape_walk_next(struct shape_walk *w, const struct record_desc **ret_rec, const void **ret_value)
{
    if (w->jobs == NULL)
        return ST_END;
    struct shape_job j = *w->jobs;
    w->jobs = j.next;
    enum status st = push_parts(&w->jobs, w->arena, j.rec, j.value);
    if (st != ST_OK)
        return st;
    *ret_rec = j.rec;
    *ret_value = j.value;
    return ST_OK;
}

enum status shape_check_order(const struct record_desc *rec, const void *value, struct arena *a,
                              struct err *err)
{
    struct shape_walk w;
    const struct record_desc *r;
    const void *v;
    enum status st = shape_walk_init(&w, a, rec, value);
    while (st == ST_OK && (st = shape_walk_next(&w, &r, &v)) == ST_OK)
        for (size_t i = 0; i < r->n; i++)
            if (shape_has(v, &r->fields[i]) &&
                !field_ascends(&r->fields[i], shape_at(v, &r->fields[i]))) /* ENC-13 */
                return err_set(err, ST_FORMAT, "%s.%s: not in ascending order, or a member twice", r->name,
                               r->fields[i].name);
    return st == ST_END ? ST_OK : err_set(err, st, "%s: too large to check", rec->name);
}

static bool lists_equal(const struct span_list *x, const struct span_list *y)
{
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!span_eq(x->v[i], y->v[i]))
            return false;
    return true;
}

/* Of what is nested, only the number of members. */
static bool field_equal(const struct field_desc *f, const void *x, const void *y)
{
    switch (f->type) {
    case FT_UINT:
    case FT_INT:
    case FT_TIME:
        return memcmp(x, y, sizeof(uint64_t)) == 0;
    case FT_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case FT_HASH:
    case FT_PROSE:
        return hash_eq(x, y);
    case FT_SIG:
        return memcmp(x, y, sizeof(struct sig64)) == 0;
    case FT_BYTES:
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
    case FT_TEXT:
    case FT_MULTILINE:
    case FT_RAW:
        return span_eq(*(const struct span *)x, *(const struct span *)y);
    case FT_DECIMAL: {
        const struct decimal *d = x, *e = y;
        return d->mantissa == e->mantissa && d->scale == e->scale;
    }
    case FT_ENUM:
        return enum_at(x) == enum_at(y);
    case FT_REC:
        return true;
    case FT_LIST:
        return ((const struct shape_list *)x)->n == ((const struct shape_list *)y)->n;
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
        return lists_equal(x, y);
    case FT_HASHES: {
        const struct hash_list *h = x, *i = y;
        return h->n == i->n && (h->n == 0 || memcmp(h->v, i->v, h->n * sizeof *h->v) == 0);
    }
    case FT_UINTS: {
        const struct uint_list *u = x, *v = y;
        return u->n == v->n && (u->n == 0 || memcmp(u->v, v->v, u->n * sizeof *u->v) == 0);
    }
    }
    return false;
}

enum status shape_equal(const struct record_desc *rec, const void *x, const void *y, struct arena *a,
                        bool *ret_equal)
{
    struct shape_job *jobs = NULL;
    enum status st = push(&jobs, a, rec, x, y);
    bool equal = true;
    while (st == ST_OK && equal && jobs != NULL) {
        struct shape_job j = *jobs;
        jobs = jobs->next;
        for (size_t i = 0; st == ST_OK && equal && i < j.rec->n; i++) {
            const struct field_desc *f = &j.rec->fields[i];
            bool in_x = shape_has(j.value, f);
            equal = in_x == shape_has(j.other, f);
            if (!equal || !in_x)
                continue;
            equal = field_equal(f, shape_at(j.value, f), shape_at(j.other, f));
            if (equal)
                st = push_nested(&jobs, a, f, shape_at(j.value, f), shape_at(j.other, f));
        }
    }
    if (st == ST_OK)
        *ret_equal = equal;
    return st;
}
