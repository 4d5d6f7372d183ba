/* The failure-mode check: the six ways in which alliances fail, each answered from the record (docs/metrics.md). */
#include "gov/query_part.h"
#include "gov/decimal.h"
#include "gov/item.h"
#include "gov/item_id.h"
#include "gov/measure.h"

enum { LINES_MAX = 256, IDS_MAX = 64 };

struct checking {
    struct figures f;
    uint64_t from_ms, until_ms;
    struct query_scorecard card;
    struct query_record record;
    struct uint_list breached;
    struct query_grow lines; /* of the question at hand */
    struct query_health_answer *at;
    struct err *err;
};

/* --- Lines --- */

/* Adds a line; one that speaks against it makes the answer no. ids is taken over. words NULL: the arena is full. */
static enum status line(struct checking *x, bool against, const char *words, struct span_list ids)
{
    if (words == NULL)
        return query_full(x->err);
    if (against)
        x->at->answer = HEALTH_NO;
    if (x->lines.n == LINES_MAX)
        return ST_OK;
    struct query_health_line *l = query_grow_one(&x->lines, x->f.a);
    if (l == NULL)
        return query_full(x->err);
    *l = (struct query_health_line){.against = against, .words = span_str(words), .ids = ids};
    return ST_OK;
}

static enum status line_of(struct checking *x, bool against, const char *words, const char *id)
{
    struct span_list ids = {id != NULL && id[0] != 0, arena_array(x->f.a, 1, sizeof(struct span))};
    if (ids.v == NULL)
        return query_full(x->err);
    if (ids.n > 0)
        ids.v[0] = span_str(id);
    return line(x, against, words, ids);
}

/* "S-3", "D-12", for the first of them. */
static enum status id_list(struct checking *x, char letter, const struct uint_list *numbers, struct span_list *ret)
{
    struct span_list l = {0, arena_array(x->f.a, IDS_MAX, sizeof(struct span))};
    for (size_t i = 0; l.v != NULL && i < numbers->n && l.n < IDS_MAX; i++) {
        const char *id = charter_text(x->f.a, "%c-%" PRIu64, letter, numbers->v[i]);
        if (id == NULL)
            return query_full(x->err);
        l.v[l.n++] = span_str(id);
    }
    *ret = l;
    return l.v == NULL ? query_full(x->err) : ST_OK;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static enum status say(struct checking *x, const char *words, const char *next)
{
    if (words == NULL || next == NULL)
        return query_full(x->err);
    x->at->words = span_str(words);
    x->at->next = span_str(next);
    x->at->lines = (struct query_health_line_list){x->lines.n, x->lines.v};
    return ST_OK;
}

/* --- 1: value --- */

/* The newest item that tests it; number 0: none was opened. */
static enum status assumption_item(struct checking *x, struct span name, struct state_item *ret)
{
    struct tkey prefix = tkey_item(ITEM_ASSUMPTION, 0);
    struct query_grow g = {0};
    TRY(query_scan(x->f.v, TABLE_ITEM, &prefix, 1, &state_item_desc, x->f.a, &g, NULL, x->err));
    const struct state_item *v = g.v;
    *ret = (struct state_item){0};
    for (size_t i = 0; i < g.n; i++)
        if (HAS(&v[i].item, item_key_name) && span_eq(v[i].item.name, name))
            *ret = v[i];
    return ST_OK;
}

static enum status one_assumption(struct checking *x, const struct charter_assumption *s, uint64_t *tested)
{
    struct state_item it;
    TRY(assumption_item(x, s->name, &it));
    const char *id = it.number == 0 ? NULL : charter_text(x->f.a, "%s", item_id(ITEM_ASSUMPTION, it.number).s);
    if (it.number == 0)
        return line_of(x, true, charter_text(x->f.a, "assumption %.*s: no item tests it", SPAN_FMT(s->name)), NULL);
    if (it.phase == ITEM_CLOSED && HAS(&it, state_item_key_finding)) {
        ++*tested;
        return line_of(x, it.finding == ASSUMED_FALSIFIED,
                       charter_text(x->f.a, "assumption %.*s: %s", SPAN_FMT(s->name), enum_text(&assumed_enum, it.finding)), id);
    }
    bool late = item_is_overdue(&it);
    return line_of(x, late, charter_text(x->f.a, "assumption %.*s: in test%s", SPAN_FMT(s->name), late ? ", overdue" : ""), id);
}

static enum status value(struct checking *x)
{
    struct state_section s;
    struct charter_thesis thesis;
    struct tkey k = tkey_section(SECTION_THESIS);
    uint64_t tested = 0;
    enum status st = state_get(x->f.v, x->f.a, TABLE_SECTION, &k, &state_section_desc, &s, x->err);
    if (st == ST_NOTFOUND) {
        TRY(line_of(x, true, "the charter has no thesis", NULL));
        return say(x, "No thesis is signed", "entente charter template");
    }
    TRY(st);
    TRY(codec_decode(&charter_thesis_desc, s.body, x->f.a, &thesis, x->err));
    x->at->answer = HEALTH_YES;
    if (HAS(&s, state_section_key_decision))
        TRY(line_of(x, false, charter_text(x->f.a, "thesis, version %" PRIu64 ": by decision", s.version),
                    charter_text(x->f.a, "D-%" PRIu64, s.decision)));
    else
        TRY(line_of(x, false, "thesis: signed by every founding seat", NULL));
    for (size_t i = 0; i < thesis.assumptions.n; i++)
        TRY(one_assumption(x, &thesis.assumptions.v[i], &tested));
    return say(x,
               charter_text(x->f.a, "The thesis is signed; of %zu assumption%s %" PRIu64 " tested", thesis.assumptions.n,
                            plural(thesis.assumptions.n), tested),
               "entente assume list --all");
}

/* --- 2: governance --- */

static enum status governance(struct checking *x)
{
    const struct query_record *r = &x->record;
    const struct uint_list *breached = &x->breached;
    struct span_list ids;
    x->at->answer = r->all.opened == 0 ? HEALTH_UNKNOWN : HEALTH_YES;
    for (size_t i = 0; i < r->rows.n; i++) {
        const struct query_pace *p = &r->rows.v[i];
        if (p->breaches + p->defaulted == 0)
            continue;
        TRY(line_of(x, true,
                    charter_text(x->f.a,
                                 "row %.*s: of %" PRIu64 " opened, %" PRIu64 " deadline%s passed with a ballot owed, %" PRIu64
                                 " ended by default",
                                 SPAN_FMT(p->name), p->opened, p->breaches, plural(p->breaches), p->defaulted),
                    NULL));
    }
    TRY(id_list(x, 'D', breached, &ids));
    if (breached->n > 0)
        TRY(line(x, true, charter_text(x->f.a, "%zu decision%s of these rows", breached->n, plural(breached->n)), ids));
    if (r->all.opened == 0)
        return say(x, "No decision was opened", "entente decisions");
    return say(x,
               charter_text(x->f.a,
                            "Of %" PRIu64 " decision%s opened %" PRIu64 " passed, %" PRIu64 " escalated; %" PRIu64
                            " deadline%s passed with a ballot owed, %" PRIu64 " ended by default",
                            r->all.opened, plural(r->all.opened), r->all.passed, r->all.escalated, r->all.breaches,
                            plural(r->all.breaches), r->all.defaulted),
               "entente pace");
}

/* --- 3: incentives; 6: measurement --- */

static const struct query_metric *on_card(const struct checking *x, struct span name)
{
    for (size_t i = 0; i < x->card.metrics.n; i++)
        if (span_eq(x->card.metrics.v[i].name, name))
            return &x->card.metrics.v[i];
    return NULL;
}

/* Could anybody but its reporter stand behind it? */
static bool is_checked(const struct charter_metric *m)
{
    return HAS(m, charter_metric_key_computed) || HAS(m, charter_metric_key_check) || m->sealed;
}

/* Both sides stand behind the newest value, or nothing has come yet: neither is against it. */
static bool is_against(const struct charter_metric *m, enum figure f)
{
    return !is_checked(m) || f == FIGURE_REPORTED || f == FIGURE_DISPUTED || f == FIGURE_LATE;
}

static bool stands(enum figure f)
{
    return f == FIGURE_COMPUTED || f == FIGURE_COUNTERSIGNED || f == FIGURE_REVEALED;
}

/* A line for a metric, its readings behind it. */
static enum status metric_line(struct checking *x, const char *before, const struct charter_metric *m, bool *ret_stands)
{
    const struct query_metric *q = on_card(x, m->name);
    struct span_list ids = {0, arena_array(x->f.a, IDS_MAX, sizeof(struct span))};
    if (q == NULL || ids.v == NULL)
        return q == NULL ? err_set(x->err, ST_CORRUPT, "the scorecard lacks a metric") : query_full(x->err);
    for (size_t i = 0; i < q->by.n && ids.n < IDS_MAX; i++) {
        const char *id = HAS(&q->by.v[i], query_figure_key_reading) ? charter_text(x->f.a, "K-%" PRIu64, q->by.v[i].reading) : NULL;
        if (id != NULL)
            ids.v[ids.n++] = span_str(id);
    }
    const char *when = HAS(q, query_metric_key_period) ? charter_text(x->f.a, " for %.*s", SPAN_FMT(q->period)) : "";
    const char *words = charter_text(x->f.a, "%s%.*s%s: %s%s", before, SPAN_FMT(m->name), when == NULL ? "" : when,
                                     enum_text(&figure_enum, q->figure),
                                     is_checked(m) ? "" : ", and the charter names nobody who checks it");
    *ret_stands = stands(q->figure);
    return line(x, is_against(m, q->figure), words, ids);
}

static bool named_before(const struct charter_incentive *n, size_t i, struct span name)
{
    for (size_t k = 0; k < i; k++)
        if (n->when.terms.v[k].type == COND_METRIC && span_eq(n->when.terms.v[k].name, name))
            return true;
    return false;
}

static enum status of_incentive(struct checking *x, const struct charter_incentive *n, uint64_t *ret_metrics, uint64_t *ret_stand)
{
    const char *before = charter_text(x->f.a, "%.*s, by ", SPAN_FMT(n->name));
    const struct charter_metric *m = NULL;
    bool any = false, stand;
    if (before == NULL)
        return query_full(x->err);
    for (size_t i = 0; i <= n->when.terms.n; i++) {
        const struct charter_term_of *t = i < n->when.terms.n ? &n->when.terms.v[i] : NULL;
        if (t != NULL && t->type == COND_METRIC)
            m = metrics_find(&x->f.metrics, t->name);
        else if (t == NULL && HAS(&n->pays, charter_payment_key_metric))
            m = metrics_find(&x->f.metrics, n->pays.metric);
        else
            continue;
        if (m == NULL || named_before(n, i, m->name))
            continue;
        any = true;
        TRY(metric_line(x, before, m, &stand));
        ++*ret_metrics;
        *ret_stand += stand;
    }
    return any ? ST_OK : line_of(x, true, charter_text(x->f.a, "%.*s: rests on no metric", SPAN_FMT(n->name)), NULL);
}

static enum status incentives(struct checking *x)
{
    const void *section;
    uint64_t metrics = 0, stand = 0;
    TRY(item_section(x->f.v, x->f.a, SECTION_INCENTIVES, &section, x->err));
    const struct charter_incentives *l = section;
    if (l == NULL || l->list.n == 0)
        return say(x, "The charter has no incentives", "entente charter show");
    x->at->answer = HEALTH_YES;
    for (size_t i = 0; i < l->list.n; i++)
        TRY(of_incentive(x, &l->list.v[i], &metrics, &stand));
    if (x->at->answer == HEALTH_YES && stand == 0)
        x->at->answer = HEALTH_UNKNOWN;
    return say(x,
               charter_text(x->f.a, "%zu incentive%s; of %" PRIu64 " number%s that they rest on both sides stand behind %" PRIu64,
                            l->list.n, plural(l->list.n), metrics, plural(metrics), stand),
               "entente charter show incentives");
}

static enum status measurement(struct checking *x)
{
    const struct charter_metric_list *l = &x->f.metrics.section.list;
    uint64_t n = 0;
    bool stand;
    if (l->n == 0) {
        TRY(line_of(x, true, "the charter has no metrics", NULL));
        return say(x, "Nothing is measured", "entente charter template");
    }
    x->at->answer = HEALTH_YES;
    for (size_t i = 0; i < l->n; i++) {
        TRY(metric_line(x, "", &l->v[i], &stand));
        n += stand;
    }
    if (x->at->answer == HEALTH_YES && n == 0)
        x->at->answer = HEALTH_UNKNOWN;
    return say(x,
               charter_text(x->f.a, "Of %zu metric%s, %" PRIu64 " computed, countersigned or revealed in the newest period", l->n,
                            plural(l->n), n),
               "entente scorecard");
}

/* --- 4: cadence --- */

static enum status cadence(struct checking *x)
{
    struct uint_list lost;
    struct span_list ids;
    uint64_t due;
    TRY(measure_cadence(&x->f, x->from_ms, x->until_ms, &due, &lost, x->err));
    x->at->answer = due == 0 ? HEALTH_UNKNOWN : HEALTH_YES;
    TRY(id_list(x, 'S', &lost, &ids));
    if (lost.n > 0)
        TRY(line(x, true, charter_text(x->f.a, "%zu not held in time, not quorate, or contested", lost.n), ids));
    if (due == 0)
        return say(x, "No regular session was due", "entente meet");
    return say(x, charter_text(x->f.a, "Of %" PRIu64 " regular session%s due, %" PRIu64 " kept", due, plural(due), due - lost.n),
               "entente meet");
}

/* --- 5: friction --- */

static enum status conflicts(struct checking *x, uint64_t *ret_n)
{
    for (struct tkey from = {.n = 1, .b = {ITEM_CONFLICT}};;) {
        struct span key, none;
        struct state_item it;
        enum status st = view_next(x->f.v, TABLE_ITEM_LIVE, tkey_span(&from), &key, &none);
        if (st == ST_END || (st == ST_OK && key.p[0] != ITEM_CONFLICT))
            return ST_OK;
        if (st != ST_OK)
            return err_set(x->err, st, "items cannot be read");
        from = tkey_after(key);
        struct item_ref ref = {.type = ITEM_CONFLICT, .number = load_u64(key.p + 1)};
        TRY(item_get(x->f.v, x->f.a, &ref, &it, x->err));
        ++*ret_n;
        TRY(line_of(x, true,
                    charter_text(x->f.a, "conflict of %.*s and %.*s: %s since %.10s", SPAN_FMT(it.owner), SPAN_FMT(it.item.against),
                                 enum_text(&item_phase_enum, it.phase), time_utc(it.opened_ms).s),
                    charter_text(x->f.a, "%s", item_id(ITEM_CONFLICT, it.number).s)));
    }
}

/* The widest gap of a pulse on the card. It is shown; how much is too much is not for us to say. */
static enum status gaps(struct checking *x)
{
    for (size_t i = 0; i < x->card.metrics.n; i++) {
        const struct query_metric *q = &x->card.metrics.v[i];
        if (HAS(q, query_metric_key_gap))
            TRY(line_of(x, false,
                        charter_text(x->f.a, "gap between partners in %.*s: %s", SPAN_FMT(q->name), decimal_text(&q->gap).s), NULL));
    }
    return ST_OK;
}

static enum status friction(struct checking *x)
{
    const struct query_wait_list *w = &x->record.waits;
    uint64_t open = 0, slow = 0;
    x->at->answer = x->record.all.opened == 0 && w->n == 0 ? HEALTH_UNKNOWN : HEALTH_YES;
    for (size_t i = 0; i < w->n; i++) {
        const struct query_wait *p = &w->v[i];
        bool against = p->breaches + p->late_readings + p->unmarked > 0;
        struct decimal days = decimal_ratio(p->waited_ms, 86400000, 1);
        slow += against;
        TRY(line_of(x, against,
                    charter_text(x->f.a,
                                 "%.*s: waited for %s business d; %" PRIu64 " deadline%s passed with its ballot owed, %" PRIu64
                                 " late reading%s, %" PRIu64 " unchecked",
                                 SPAN_FMT(p->org), decimal_text(&days).s, p->breaches, plural(p->breaches), p->late_readings,
                                 plural(p->late_readings), p->unmarked),
                    NULL));
    }
    TRY(conflicts(x, &open));
    TRY(gaps(x));
    return say(x,
               charter_text(x->f.a, "%" PRIu64 " partner%s late with something; %" PRIu64 " conflict%s open", slow, plural(slow), open,
                            plural(open)),
               open > 0 ? "entente conflict list" : "entente pace");
}

/* --- All --- */

enum status query_health(const struct view *v, uint64_t from_ms, uint64_t to_ms, uint64_t now_ms, struct arena *a,
                         struct arena *scratch, struct query_health *ret, struct err *err)
{
    static enum status (*const questions[])(struct checking *) = {value, governance, incentives, cadence, friction, measurement};
    struct checking x = {.from_ms = from_ms, .until_ms = to_ms <= now_ms ? to_ms : now_ms + 1, .err = err};
    struct query_health q = {.from_ms = from_ms,
                             .to_ms = x.until_ms,
                             .answers = {0, arena_array(a, ARRAY_LEN(questions), sizeof(struct query_health_answer))}};
    if (q.answers.v == NULL)
        return query_full(err);
    TRY(query_scorecard(v, UINT64_MAX, now_ms, a, scratch, &x.card, err));
    TRY(figures_load(v, a, scratch, now_ms, &x.f, err));
    TRY(measure_record(&x.f, from_ms, x.until_ms, &x.record, &x.breached, err));
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        x.at = &q.answers.v[q.answers.n++];
        *x.at = (struct query_health_answer){.question = (enum health_question)(HEALTH_VALUE + i), .answer = HEALTH_UNKNOWN};
        x.lines = (struct query_grow){.size = sizeof(struct query_health_line)};
        TRY(questions[i](&x));
    }
    *ret = q;
    return ST_OK;
}
