#include "charter/phrase.h"
#include "charter/predicate.h"

static bool parse_span(struct span text, struct arena *a, void *rec)
{
    (void)a;
    return scalar_span(text, rec);
}

static void print_span(const void *rec, struct buf *b)
{
    scalar_print_span(rec, b);
}

static bool parse_period(struct span text, struct arena *a, void *rec)
{
    (void)a;
    return scalar_period(text, rec);
}

static void print_period(const void *rec, struct buf *b)
{
    scalar_print_period(rec, b);
}

static bool parse_money(struct span text, struct arena *a, void *rec)
{
    return scalar_money(text, a, rec);
}

static void print_money(const void *rec, struct buf *b)
{
    scalar_print_money(rec, b);
}

/* Cuts ORG/SEAT; both parts are ids, or ORG is "*". */
static bool split_seat(struct span text, struct span *ret_org, struct span *ret_seat)
{
    const uint8_t *slash = text.n == 0 ? NULL : memchr(text.p, '/', text.n);
    if (slash == NULL)
        return false;
    struct span org = span_of(text.p, (size_t)(slash - text.p));
    struct span seat = span_of(slash + 1, text.n - org.n - 1);
    if (!text_is_id(seat) || (!span_eqs(org, "*") && !text_is_id(org)))
        return false;
    *ret_org = org;
    *ret_seat = seat;
    return true;
}

static bool parse_selector(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct charter_selector s = {0};
    struct span org;
    if (text_is_id(text)) {
        s.body = text;
        SET_HAS(&s, charter_selector_key_body);
    } else if (split_seat(text, &org, &s.seat)) {
        SET_HAS(&s, charter_selector_key_seat);
        if (!span_eqs(org, "*")) {
            s.org = org;
            SET_HAS(&s, charter_selector_key_org);
        }
    } else {
        return false;
    }
    *(struct charter_selector *)rec = s;
    return true;
}

static void print_selector(const void *rec, struct buf *b)
{
    const struct charter_selector *s = rec;
    if (HAS(s, charter_selector_key_body))
        buf_put_span(b, s->body);
    else if (HAS(s, charter_selector_key_org))
        buf_printf(b, "%.*s/%.*s", SPAN_FMT(s->org), SPAN_FMT(s->seat));
    else
        buf_printf(b, "*/%.*s", SPAN_FMT(s->seat));
}

/* "each other partner 2": from word 0; ret_used words. */
static bool parse_who(const struct words *w, enum who *ret_who, uint64_t *ret_count, size_t *ret_used)
{
    for (size_t i = 2; i <= 3 && i < w->n; i++) {
        uint32_t who;
        if (enum_parse(&who_enum, scalar_join(w, 0, i), &who) != ST_OK)
            continue;
        if (!scalar_uint(w->v[i], ret_count) || *ret_count < 1 || *ret_count > 64)
            return false;
        *ret_who = (enum who)who;
        *ret_used = i + 1;
        return true;
    }
    return false;
}

static bool parse_approval(struct span text, struct arena *a, void *rec)
{
    struct words w = scalar_words(text);
    struct charter_approval r = {0};
    size_t used;
    if (!parse_who(&w, &r.who, &r.count, &used) || w.n != used + 2 || !scalar_word_is(&w, used, "of"))
        return false;
    if (!parse_selector(w.v[used + 1], a, &r.of))
        return false;
    *(struct charter_approval *)rec = r;
    return true;
}

static void print_approval(const void *rec, struct buf *b)
{
    const struct charter_approval *r = rec;
    buf_printf(b, "%s %" PRIu64 " of ", enum_text(&who_enum, r->who), r->count);
    print_selector(&r->of, b);
}

static bool parse_attendance(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    struct charter_attendance r = {0};
    size_t used;
    if (!parse_who(&w, &r.who, &r.count, &used) || w.n != used || r.who != WHO_PARTNER)
        return false;
    *(struct charter_attendance *)rec = r;
    return true;
}

static void print_attendance(const void *rec, struct buf *b)
{
    const struct charter_attendance *r = rec;
    buf_printf(b, "%s %" PRIu64, enum_text(&who_enum, r->who), r->count);
}

const struct phrase phrase_threshold = {
    &charter_predicate_desc, "a threshold",
    "an amount such as USD 250000.00 (with the currency's decimals), or score N", predicate_parse_threshold,
    predicate_print_threshold};

static bool parse_joint(struct span text, struct arena *a, void *rec)
{
    struct charter_joint j = {.mode = JOINT_WHEN};
    if (span_eqs(text, "yes")) {
        j.mode = JOINT_YES;
    } else if (span_eqs(text, "no")) {
        j.mode = JOINT_NO;
    } else {
        if (!predicate_parse(text, a, &j.when))
            return false;
        SET_HAS(&j, charter_joint_key_when);
    }
    *(struct charter_joint *)rec = j;
    return true;
}

static void print_joint(const void *rec, struct buf *b)
{
    const struct charter_joint *j = rec;
    if (j->mode == JOINT_WHEN)
        predicate_print(&j->when, b);
    else
        buf_printf(b, "%s", enum_text(&joint_enum, j->mode));
}

static bool parse_need(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct charter_need n = {.type = INPUT_CONSULT};
    uint32_t type;
    if (text_is_seat(text)) {
        n.seat = text;
        SET_HAS(&n, charter_need_key_seat);
    } else {
        if (enum_parse(&input_type_enum, text, &type) != ST_OK || type == INPUT_CONSULT)
            return false;
        n.type = (enum input_type)type;
    }
    *(struct charter_need *)rec = n;
    return true;
}

static void print_need(const void *rec, struct buf *b)
{
    const struct charter_need *n = rec;
    if (n->type == INPUT_CONSULT)
        buf_put_span(b, n->seat);
    else
        buf_printf(b, "%s", enum_text(&input_type_enum, n->type));
}

static bool parse_else(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    struct charter_else e = {0};
    uint32_t type;
    if ((w.n != 2 && w.n != 3) || enum_parse(&last_resort_enum, scalar_join(&w, 0, 2), &type) != ST_OK)
        return false;
    e.type = (enum last_resort)type;
    if ((e.type == ELSE_STATUS_QUO) != (w.n == 2))
        return false;
    if (w.n == 3) {
        if (!text_is_id(w.v[2]))
            return false;
        e.name = w.v[2];
        SET_HAS(&e, charter_else_key_name);
    }
    *(struct charter_else *)rec = e;
    return true;
}

static void print_else(const void *rec, struct buf *b)
{
    const struct charter_else *e = rec;
    buf_printf(b, "%s", enum_text(&last_resort_enum, e->type));
    if (HAS(e, charter_else_key_name))
        buf_printf(b, " %.*s", SPAN_FMT(e->name));
}

static bool parse_chair(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    struct charter_chair c = {0};
    if (text_is_seat(text)) {
        c.seat = text;
        SET_HAS(&c, charter_chair_key_seat);
    } else if (w.n >= 3 && w.n <= 4 && span_eqs(w.v[0], "rotates") &&
               (span_eqs(w.v[1], "each") || span_eqs(w.v[1], "every"))) {
        if (!scalar_period(scalar_join(&w, 2, w.n), &c.rotates))
            return false;
        SET_HAS(&c, charter_chair_key_rotates);
    } else {
        return false;
    }
    *(struct charter_chair *)rec = c;
    return true;
}

static void print_chair(const void *rec, struct buf *b)
{
    const struct charter_chair *c = rec;
    if (HAS(c, charter_chair_key_seat)) {
        buf_put_span(b, c->seat);
    } else {
        buf_printf(b, "rotates each ");
        scalar_print_period(&c->rotates, b);
    }
}

static bool parse_reporter(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct charter_reporter r = {0};
    struct span org;
    if (span_eqs(text, "each partner")) {
        r.each = true;
    } else {
        if (!split_seat(text, &org, &r.seat))
            return false;
        SET_HAS(&r, charter_reporter_key_seat);
        r.each = span_eqs(org, "*");
        if (!r.each) {
            r.org = org;
            SET_HAS(&r, charter_reporter_key_org);
        }
    }
    *(struct charter_reporter *)rec = r;
    return true;
}

static void print_reporter(const void *rec, struct buf *b)
{
    const struct charter_reporter *r = rec;
    if (!HAS(r, charter_reporter_key_seat))
        buf_printf(b, "each partner");
    else if (r->each)
        buf_printf(b, "*/%.*s", SPAN_FMT(r->seat));
    else
        buf_printf(b, "%.*s/%.*s", SPAN_FMT(r->org), SPAN_FMT(r->seat));
}

static bool parse_computed(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    struct charter_computed c = {0};
    uint32_t m;
    bool tagged = w.n == 3;
    if ((w.n != 1 && !tagged) || enum_parse(&measure_enum, scalar_join(&w, 0, tagged ? 2 : 1), &m) != ST_OK)
        return false;
    c.measure = (enum measure)m;
    if (tagged != (c.measure == MEASURE_ITEMS_TAGGED))
        return false;
    if (tagged) {
        if (!text_is_id(w.v[2]))
            return false;
        c.tag = w.v[2];
        SET_HAS(&c, charter_computed_key_tag);
    }
    *(struct charter_computed *)rec = c;
    return true;
}

static void print_computed(const void *rec, struct buf *b)
{
    const struct charter_computed *c = rec;
    buf_printf(b, "%s", enum_text(&measure_enum, c->measure));
    if (HAS(c, charter_computed_key_tag))
        buf_printf(b, " %.*s", SPAN_FMT(c->tag));
}

static bool parse_payment(struct span text, struct arena *a, void *rec)
{
    struct words w = scalar_words(text);
    struct charter_payment p = {0};
    if (w.n == 4 && span_eqs(w.v[1], "percent") && span_eqs(w.v[2], "of") && text_is_id(w.v[3])) {
        if (!scalar_decimal(w.v[0], &p.percent))
            return false;
        p.metric = w.v[3];
        SET_HAS(&p, charter_payment_key_percent);
        SET_HAS(&p, charter_payment_key_metric);
    } else {
        if (!scalar_money(text, a, &p.amount))
            return false;
        SET_HAS(&p, charter_payment_key_amount);
    }
    *(struct charter_payment *)rec = p;
    return true;
}

static void print_payment(const void *rec, struct buf *b)
{
    const struct charter_payment *p = rec;
    if (HAS(p, charter_payment_key_amount)) {
        scalar_print_money(&p->amount, b);
        return;
    }
    scalar_print_decimal(&p->percent, b);
    buf_printf(b, " percent of %.*s", SPAN_FMT(p->metric));
}

static bool parse_partners(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct charter_partners p = {0};
    if (!span_eqs(text, "each partner")) {
        if (!text_is_id(text))
            return false;
        p.org = text;
        SET_HAS(&p, charter_partners_key_org);
    }
    *(struct charter_partners *)rec = p;
    return true;
}

static void print_partners(const void *rec, struct buf *b)
{
    const struct charter_partners *p = rec;
    if (HAS(p, charter_partners_key_org))
        buf_put_span(b, p->org);
    else
        buf_printf(b, "each partner");
}

static bool parse_rate(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    struct charter_rate r = {0};
    uint32_t per;
    if (w.n != 3 || !scalar_uint(w.v[0], &r.n) || r.n < 1 || r.n > 1000 || !span_eqs(w.v[1], "a"))
        return false;
    if (enum_parse(&period_unit_enum, w.v[2], &per) != ST_OK || per == PERIOD_DAY)
        return false;
    r.per = (enum period_unit)per;
    *(struct charter_rate *)rec = r;
    return true;
}

static void print_rate(const void *rec, struct buf *b)
{
    const struct charter_rate *r = rec;
    buf_printf(b, "%" PRIu64 " a %s", r->n, enum_text(&period_unit_enum, r->per));
}

static bool parse_gate_need(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    uint32_t state;
    if (w.n != 2 || !text_is_id(w.v[0]) || enum_parse(&gate_state_enum, w.v[1], &state) != ST_OK)
        return false;
    *(struct charter_gate_need *)rec =
        (struct charter_gate_need){.name = w.v[0], .state = (enum gate_state)state};
    return true;
}

static void print_gate_need(const void *rec, struct buf *b)
{
    const struct charter_gate_need *g = rec;
    buf_printf(b, "%.*s %s", SPAN_FMT(g->name), enum_text(&gate_state_enum, g->state));
}

static bool parse_survival(struct span text, struct arena *a, void *rec)
{
    (void)a;
    struct words w = scalar_words(text);
    struct charter_survival s = {.what = text};
    if (w.n > 3 && w.n <= SCALAR_WORDS_MAX && scalar_word_is(&w, w.n - 3, "for") &&
        scalar_span(scalar_join(&w, w.n - 2, w.n), &s.lasts)) {
        s.what = scalar_join(&w, 0, w.n - 3);
        SET_HAS(&s, charter_survival_key_lasts);
    }
    if (s.what.n < 1 || s.what.n > 200 || text_check(s.what, false, NULL) != ST_OK)
        return false;
    *(struct charter_survival *)rec = s;
    return true;
}

static void print_survival(const void *rec, struct buf *b)
{
    const struct charter_survival *s = rec;
    buf_put_span(b, s->what);
    if (HAS(s, charter_survival_key_lasts)) {
        buf_printf(b, " for ");
        scalar_print_span(&s->lasts, b);
    }
}

static bool parse_outcome(struct span text, struct arena *a, void *rec)
{
    struct words w = scalar_words(text);
    struct charter_outcome o = {.name = ((struct charter_outcome *)rec)->name};
    if ((w.n != 3 && w.n != 4) || !scalar_word_is(&w, w.n - 2, "by") || !scalar_date(w.v[w.n - 1], &o.by))
        return false;
    if (w.n == 4) {
        if (!scalar_money(scalar_join(&w, 0, 2), a, &o.amount))
            return false;
        SET_HAS(&o, charter_outcome_key_amount);
    } else {
        if (!scalar_decimal(w.v[0], &o.number))
            return false;
        SET_HAS(&o, charter_outcome_key_number);
    }
    *(struct charter_outcome *)rec = o;
    return true;
}

static void print_outcome(const void *rec, struct buf *b)
{
    const struct charter_outcome *o = rec;
    if (HAS(o, charter_outcome_key_amount))
        scalar_print_money(&o->amount, b);
    else
        scalar_print_decimal(&o->number, b);
    buf_printf(b, " by ");
    scalar_print_date(o->by, b);
}

static const struct phrase phrases[] = {
    {&charter_span_desc, "a span of time", "a number and one of bd, d, h, min, s, months, such as 10 bd",
     parse_span, print_span},
    {&charter_period_desc, "a period",
     "week, month, quarter, year, or a number of them or of d, such as 2 weeks or 365 d", parse_period,
     print_period},
    {&money_desc, "an amount", "a currency and an amount with its decimals, such as USD 1200.00", parse_money,
     print_money},
    {&charter_selector_desc, "a body or seat", "a body, ORG/SEAT, or */SEAT for that seat of every partner",
     parse_selector, print_selector},
    {&charter_approval_desc, "an approval",
     "each partner, each other partner, each affected partner or own partner, then N of a body or */SEAT, "
     "such as "
     "each partner 1 of steering",
     parse_approval, print_approval},
    {&charter_attendance_desc, "an attendance", "each partner N", parse_attendance, print_attendance},
    {&charter_predicate_desc, "a predicate",
     "METRIC op NUMBER [for K], amount op MONEY, score N, count TYPE op N in SPAN, affects others or term "
     "over; two of "
     "them may be joined by one and, or one or; op is one of < <= = >= >",
     predicate_parse, predicate_print},
    {&charter_joint_desc, "a joint rule",
     "yes, no, or a predicate such as amount > USD 25000.00 or affects others", parse_joint, print_joint},
    {&charter_need_desc, "a needed input", "impact, diligence, or ORG/SEAT to be consulted", parse_need,
     print_need},
    {&charter_else_desc, "a last resort", "status quo, final say ORG, or exit trigger NAME", parse_else,
     print_else},
    {&charter_chair_desc, "a chair", "ORG/SEAT, or rotates each PERIOD", parse_chair, print_chair},
    {&charter_reporter_desc, "a reporter", "each partner, ORG/SEAT or */SEAT", parse_reporter,
     print_reporter},
    {&charter_computed_desc, "a computed measure",
     "milestones-hit, issue-cycle-time, resourcing-gap, conflict-count-and-time, items tagged TAG, "
     "decision-velocity, "
     "waiting-time, sla-breaches, escalation-rate, veto-rate, default-rate, cadence-kept, overdue-readings "
     "or trust-gap",
     parse_computed, print_computed},
    {&charter_payment_desc, "a payment", "N percent of METRIC, or an amount such as USD 1200.00",
     parse_payment, print_payment},
    {&charter_partners_desc, "a choice of partners", "each partner, or one partner", parse_partners,
     print_partners},
    {&charter_rate_desc, "a rate", "N a week, month, quarter or year, such as 2 a year", parse_rate,
     print_rate},
    {&charter_gate_need_desc, "a condition of a gate",
     "ASSUMPTION validated, CONTROL attested, or DECISION decided", parse_gate_need, print_gate_need},
    {&charter_survival_desc, "what survives", "a text of at most 200 bytes, and perhaps: for N d",
     parse_survival, print_survival},
    {&charter_outcome_desc, "an outcome",
     "an amount or a number, then by DATE, such as USD 1200.00 by 2027-06-30", parse_outcome, print_outcome},
};

const struct phrase *phrase_of(const struct record_desc *rec)
{
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
        if (phrases[i].rec == rec)
            return &phrases[i];
    return NULL;
}
