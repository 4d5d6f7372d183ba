#include <stdlib.h>
#include "cli/matrix.h"
#include "gov/course.h"
#include "gov/query_part.h"
#include "ledger/rows.h"

enum { SECTIONS = 2, CLIMBS_MAX = 64, RUN_MAX = 256 << 20 };

static const uint64_t replaced[SECTIONS] = {SECTION_DECISIONS, SECTION_LADDERS};

/* Tables whose keys begin with a decision's number: all that is kept of one, but for its timer. */
static const uint8_t tables[] = {TABLE_DECISION, TABLE_REVISION, TABLE_BALLOT,  TABLE_PINNED,
                                 TABLE_EVENT,    TABLE_INPUT,    TABLE_RECUSED, TABLE_RECEIPT};

struct row {
    uint8_t table;
    struct span key, value;
};

/* A decision as it would be. */
struct alternative {
    struct replay_case found; /* became 0: not judged yet */
    struct arena a;           /* of rows */
    struct row *rows;
    size_t n;
    bool decided; /* its own way */
};

struct matrix {
    struct arena a; /* of what is told */
    struct span bodies[SECTIONS];
    struct alternative **v;
    size_t n, cap;
    uint64_t prev_ms; /* ledger time of the block before */
    struct replay_report report;
};

struct matrix *matrix_new(const struct section_list *sections)
{
    struct matrix *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    arena_init(&m->a, 0);
    for (size_t i = 0; i < sections->n; i++)
        for (size_t k = 0; k < SECTIONS; k++)
            if (sections->v[i].number == replaced[k])
                m->bodies[k] = sections->v[i].body;
    return m;
}

void matrix_free(struct matrix *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++) {
        arena_deinit(&m->v[i]->a);
        free(m->v[i]);
    }
    free(m->v);
    arena_deinit(&m->a);
    free(m);
}

/* --- The rows of one decision --- */

/* All rows of the decision, into the arena. */
static enum status take(const struct view *v, uint64_t number, struct arena *a, struct row **ret_rows, size_t *ret_n)
{
    struct query_grow g = {.size = sizeof(struct row)};
    struct tkey prefix = tkey_u64(number);
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (struct tkey from = prefix;;) {
            struct span key, value;
            enum status st = view_next(v, tables[t], tkey_span(&from), &key, &value);
            if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, tkey_span(&prefix))))
                break;
            if (st != ST_OK)
                return st;
            struct row *r = query_grow_one(&g, a);
            if (r == NULL)
                return ST_LIMIT;
            *r = (struct row){.table = tables[t], .key = arena_dup(a, key), .value = arena_dup(a, value)};
            from = tkey_after(key);
        }
    }
    *ret_rows = g.v;
    *ret_n = g.n;
    return ST_OK;
}

/* ST_NOTFOUND: there is none of that number. */
static enum status decision_of(const struct view *v, uint64_t number, struct arena *a, struct state_decision *ret, struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_get(v, a, TABLE_DECISION, &k, &state_decision_desc, ret, err);
}

static void put_timer(struct overlay *o, const struct state_decision *d, bool there)
{
    uint64_t at;
    enum timer_kind kind;
    if (!course_timer(d, &at, &kind))
        return;
    struct tkey k = tkey_timer(at, d->number, (uint8_t)kind);
    if (there)
        overlay_put(o, TABLE_TIMER, tkey_span(&k), span_of("", 0));
    else
        overlay_del(o, TABLE_TIMER, tkey_span(&k));
}

/* An overlay in which the decision is as it would be, all else as in the record. */
static enum status overlay_of(const struct alternative *x, const struct view *base, struct arena *a, struct overlay *ret,
                              struct err *err)
{
    struct state_decision d;
    struct row *was;
    size_t n;
    overlay_init(ret, base, a);
    enum status st = take(base, x->found.decision, a, &was, &n);
    if (st == ST_OK && n > 0)
        st = decision_of(base, x->found.decision, a, &d, err);
    if (st != ST_OK)
        return st;
    if (n > 0)
        put_timer(ret, &d, false);
    for (size_t i = 0; i < n; i++)
        overlay_del(ret, was[i].table, was[i].key);
    for (size_t i = 0; i < x->n; i++)
        overlay_put(ret, x->rows[i].table, x->rows[i].key, x->rows[i].value);
    if (x->n == 0)
        return ST_OK;
    struct view v = overlay_view(ret);
    st = decision_of(&v, x->found.decision, a, &d, err);
    if (st == ST_OK)
        put_timer(ret, &d, true);
    return st;
}

/* Keeps what has become of it. */
static enum status keep(struct alternative *x, const struct view *v, struct err *err)
{
    struct arena next;
    struct state_decision d;
    arena_init(&next, 0);
    enum status st = take(v, x->found.decision, &next, &x->rows, &x->n);
    arena_deinit(&x->a);
    x->a = next;
    if (st == ST_OK)
        st = decision_of(v, x->found.decision, &x->a, &d, err);
    x->decided = st == ST_OK && !course_is_undecided(&d);
    return st;
}

/* --- Execution --- */

struct run {
    struct matrix *m;
    const struct verify_block *b;
    struct arena *a;
    struct overlay o;
    struct gov g;
    struct err *err;
};

static enum status size_at(void *ctx, uint64_t at_ms, uint64_t *ret_size, struct err *err)
{
    const struct run *r = ctx;
    struct boundary at;
    enum status st = rows_boundary(r->b->before, 0, true, &at, err);
    uint64_t lo = st == ST_OK ? at.size : 0, hi = r->b->block->first_leaf;
    while (st == ST_OK && lo < hi) {
        uint64_t mid = lo + (hi - lo + 1) / 2;
        st = rows_boundary(r->b->before, mid, true, &at, err);
        if (st == ST_OK && at.time_ms <= at_ms)
            lo = at.size;
        else
            hi = mid - 1;
        st = st == ST_NOTFOUND ? ST_OK : st;
    }
    if (st == ST_OK)
        *ret_size = lo;
    return st;
}

static void at_time(struct run *r, uint64_t time_ms)
{
    const struct block_record *b = &r->b->block->record;
    r->g = (struct gov){.state = &r->o,
                        .arena = r->a,
                        .time_ms = time_ms,
                        .prev_time_ms = r->m->prev_ms,
                        .height = b->height,
                        .epoch = b->epoch,
                        .leaf = r->b->block->first_leaf,
                        .rules = (uint32_t)b->rules,
                        .history = {r, size_at}};
}

static enum status fire(struct run *r)
{
    size_t fired;
    bool more = true;
    enum status st = ST_OK;
    while (st == ST_OK && more)
        st = gov_timers(&r->g, &fired, &more, r->err);
    return st;
}

/* Did this block find that the ledger had stood still? */
static bool stood_still(const struct block *b)
{
    for (size_t i = 0; i < b->n_writes; i++)
        if (b->writes[i].table == TABLE_HALT && b->writes[i].value.p != NULL)
            return true;
    return false;
}

/* Deadlines that fall before the block: a running ledger would have made one of its own. */
static enum status before_block(struct run *r, uint64_t number)
{
    for (int i = 0; i < CLIMBS_MAX && !stood_still(r->b->block); i++) {
        struct view v = overlay_view(&r->o);
        struct state_decision d;
        uint64_t at;
        enum timer_kind kind;
        enum status st = decision_of(&v, number, r->a, &d, r->err);
        if (st != ST_OK)
            return st;
        if (!course_is_undecided(&d) || !course_timer(&d, &at, &kind) || at >= r->b->block->record.time_ms || at <= r->m->prev_ms)
            return ST_OK;
        at_time(r, at);
        st = fire(r);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status apply(struct run *r, size_t i, enum verdict *ret_verdict)
{
    const struct leaf *l = &r->b->block->entries[i];
    struct gov_entry e = {.entry = &l->entry, .id = l->id, .key = {.alg = l->signature.alg, .key = l->signature.key}};
    r->g.leaf = r->b->block->first_leaf + 1 + i;
    return gov_apply(&r->g, &e, ret_verdict, r->err);
}

/* Timers, and the entries from..until of the block; what is refused now is left out. */
static enum status run_entries(struct run *r, size_t from, size_t until)
{
    enum status st = ST_OK;
    for (size_t i = from; st == ST_OK && i < until; i++) {
        enum verdict verdict;
        st = apply(r, i, &verdict);
    }
    return st;
}

static enum status begin_block(struct run *r)
{
    bool sound = true;
    at_time(r, r->b->block->record.time_ms);
    enum status st = r->b->begun == NULL ? ST_OK : gov_refound(&r->g, r->b->begun, &sound, r->err);
    return st == ST_OK ? fire(r) : st;
}

/* --- Opening --- */

static enum status encode_section(const struct state_section *s, struct arena *a, struct span *ret_bytes)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 22);
    enum status st = codec_encode(&state_section_desc, s, &b);
    if (st == ST_OK)
        *ret_bytes = arena_dup(a, buf_span(&b));
    return st;
}

/* The proposed sections in place of those in force; ret_was: what they were. */
static enum status put_sections(struct run *r, struct span ret_was[SECTIONS])
{
    struct view v = overlay_view(&r->o);
    for (size_t k = 0; k < SECTIONS; k++) {
        struct tkey key = tkey_section(replaced[k]);
        struct state_section s;
        struct span bytes;
        ret_was[k] = (struct span){NULL, 0};
        enum status st = state_get(&v, r->a, TABLE_SECTION, &key, &state_section_desc, &s, r->err);
        if (st == ST_NOTFOUND || r->m->bodies[k].n == 0)
            continue;
        if (st == ST_OK)
            st = view_get(&v, TABLE_SECTION, tkey_span(&key), &bytes);
        if (st != ST_OK)
            return st;
        ret_was[k] = arena_dup(r->a, bytes);
        s.body = r->m->bodies[k];
        st = encode_section(&s, r->a, &bytes);
        if (st != ST_OK)
            return st;
        overlay_put(&r->o, TABLE_SECTION, tkey_span(&key), bytes);
    }
    return ST_OK;
}

static void put_back(struct run *r, const struct span was[SECTIONS])
{
    for (size_t k = 0; k < SECTIONS; k++) {
        struct tkey key = tkey_section(replaced[k]);
        if (was[k].n > 0)
            overlay_put(&r->o, TABLE_SECTION, tkey_span(&key), was[k]);
    }
}

static void judged(struct matrix *m, struct alternative *x, enum replayed became, const char *words)
{
    x->found.became = became;
    if (words == NULL)
        words = "there is no room for the words";
    x->found.words = arena_dup(&m->a, span_of(words, strlen(words) < 1000 ? strlen(words) : 1000));
}

/* The propose entry i of the block opened decision number. */
static enum status open_one(struct run *r, struct alternative *x, size_t i)
{
    struct span was[SECTIONS];
    enum verdict verdict = V_OK;
    overlay_init(&r->o, r->b->before, r->a);
    enum status st = begin_block(r);
    if (st == ST_OK)
        st = run_entries(r, 0, i);
    if (st == ST_OK)
        st = put_sections(r, was);
    if (st != ST_OK)
        return st;
    st = apply(r, i, &verdict);
    if (st == ST_LIMIT)
        return st;
    if (st != ST_OK) {
        judged(r->m, x, REPLAYED_UNKNOWN, charter_text(r->a, "these rows do not go with the charter of that time: %s", r->err->text));
        return ST_OK;
    }
    if (verdict != V_OK) {
        judged(r->m, x, REPLAYED_REFUSED, charter_text(r->a, "it would have been refused: %s", r->g.why));
        return ST_OK;
    }
    put_back(r, was);
    st = run_entries(r, i + 1, r->b->block->n_leaves - 1);
    struct view v = overlay_view(&r->o);
    return st == ST_OK ? keep(x, &v, r->err) : st;
}

/* Number and row of the decision that an entry opened, by the first revision that the block wrote. */
static enum status opened_by(const struct block *b, const struct hash *id, struct arena *a, uint64_t *ret_number, struct err *err)
{
    for (size_t i = 0; i < b->n_writes; i++) {
        const struct overlay_write *w = &b->writes[i];
        struct state_revision rev;
        if (w->table != TABLE_REVISION || w->value.p == NULL || w->key.n != 10 || load_u64(w->key.p) == 0 ||
            w->key.p[8] != 0 || w->key.p[9] != 1)
            continue;
        enum status st = codec_decode(&state_revision_desc, w->value, a, &rev, err);
        if (st != ST_OK)
            return st;
        if (hash_eq(&rev.digest, id)) {
            *ret_number = load_u64(w->key.p);
            return ST_OK;
        }
    }
    return ST_NOTFOUND;
}

static struct alternative *another(struct matrix *m, uint64_t number, struct span type)
{
    if (m->n == m->cap) {
        m->cap = m->cap == 0 ? 64 : 2 * m->cap;
        m->v = realloc(m->v, m->cap * sizeof(*m->v));
        ASSERT(m->v != NULL);
    }
    struct alternative *x = calloc(1, sizeof *x);
    ASSERT(x != NULL);
    arena_init(&x->a, 0);
    x->found = (struct replay_case){.decision = number, .type = arena_dup(&m->a, type)};
    m->v[m->n++] = x;
    return x;
}

static enum status open_all(struct run *r)
{
    const struct block *b = r->b->block;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i + 1 < b->n_leaves; i++) {
        struct propose p;
        uint64_t number = 0;
        if (b->entries[i].entry.kind != KIND_PROPOSE)
            continue;
        st = codec_decode(&propose_desc, b->entries[i].entry.body, r->a, &p, r->err);
        if (st == ST_OK)
            st = opened_by(b, &b->entries[i].id, r->a, &number, r->err);
        if (st == ST_OK)
            st = open_one(r, another(r->m, number, p.type), i);
    }
    return st;
}

/* --- What became of it --- */

struct way { /* up to its end, or as far as it went */
    bool decided;
    enum phase phase;
    uint64_t end_ms, climbs;
    const struct state_event *last_climb;
};

static enum status way_of(const struct view *v, uint64_t number, struct arena *a, struct way *ret, struct err *err)
{
    struct query_grow g = {0};
    struct tkey k = tkey_u64(number);
    struct way w = {.decided = false};
    enum status st = query_scan(v, TABLE_EVENT, &k, 8, &state_event_desc, a, &g, NULL, err);
    const struct state_event *e = g.v;
    static const struct {
        enum event_type event;
        enum phase phase;
    } ends[] = {{EVENT_PASSED, PHASE_PASSED},     {EVENT_REJECTED, PHASE_REJECTED}, {EVENT_VETOED, PHASE_VETOED},
                {EVENT_WITHDRAWN, PHASE_WITHDRAWN}, {EVENT_DEFAULT, PHASE_DEFAULT},   {EVENT_LAPSED, PHASE_LAPSED},
                {EVENT_COUNTERED, PHASE_COUNTERED}};
    for (size_t i = 0; st == ST_OK && i < g.n && !w.decided; i++) {
        if (e[i].type == EVENT_ESCALATED) {
            w.climbs++;
            w.last_climb = &e[i];
        }
        for (size_t k2 = 0; k2 < ARRAY_LEN(ends); k2++)
            if (e[i].type == ends[k2].event) {
                w.decided = true;
                w.phase = ends[k2].phase;
                w.end_ms = e[i].at_ms;
            }
    }
    *ret = w;
    return st;
}

static const char *day(struct arena *a, uint64_t ms)
{
    return charter_text(a, "%.10s", time_utc(ms).s);
}

static const char *end_text(const struct way *w, struct arena *a)
{
    return w->decided ? charter_text(a, "%s on %s", enum_text(&phase_enum, w->phase), day(a, w->end_ms)) : "undecided";
}

static const char *still_needed(const struct view *v, uint64_t number, struct arena *a)
{
    struct query_readiness q;
    struct err err;
    if (query_readiness(v, number, a, &q, &err) != ST_OK || q.missing.n == 0)
        return "";
    return charter_text(a, ": %.*s%s", SPAN_FMT(q.missing.v[0]), q.missing.n > 1 ? ", and more" : "");
}

/* was: in the record; is: under the proposed rows; v: the state with the latter. */
static void compare(struct matrix *m, struct alternative *x, const struct way *was, const struct way *is, const struct view *v,
                    struct arena *a)
{
    bool same_end = was->decided == is->decided && (!was->decided || was->phase == is->phase);
    if (is->climbs > was->climbs)
        judged(m, x, REPLAYED_CLIMBS,
               charter_text(a, "%s; would have escalated to %.*s on %s", end_text(was, a), SPAN_FMT(is->last_climb->to),
                            day(a, is->last_climb->at_ms)));
    else if (same_end && is->climbs < was->climbs)
        judged(m, x, REPLAYED_STAYS,
               charter_text(a, "%s, after it escalated to %.*s; would not have: %s", end_text(was, a), SPAN_FMT(was->last_climb->to),
                            end_text(is, a)));
    else if (same_end)
        judged(m, x, REPLAYED_SAME, "");
    else if (is->decided)
        judged(m, x, REPLAYED_OTHERWISE, charter_text(a, "%s; would have been: %s", end_text(was, a), end_text(is, a)));
    else
        judged(m, x, REPLAYED_OTHERWISE,
               charter_text(a, "%s; would still have needed more%s", end_text(was, a), still_needed(v, x->found.decision, a)));
}

/* record: the state in which the record is asked; base: the one that the alternative lies over. */
static enum status judge(struct matrix *m, struct alternative *x, const struct view *record, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct overlay o;
    struct way was, is;
    arena_init(&a, RUN_MAX);
    enum status st = overlay_of(x, record, &a, &o, err);
    struct view v = overlay_view(&o);
    if (st == ST_OK)
        st = way_of(record, x->found.decision, &a, &was, err);
    if (st == ST_OK)
        st = way_of(&v, x->found.decision, &a, &is, err);
    if (st == ST_OK)
        compare(m, x, &was, &is, &v, &a);
    return st;
}

/* --- Along the record --- */

static enum status follow(struct run *r, struct alternative *x)
{
    struct arena a CLEANUP(arena_deinit);
    struct state_decision d;
    arena_init(&a, RUN_MAX);
    r->a = &a;
    enum status st = decision_of(r->b->before, x->found.decision, &a, &d, r->err);
    if (st != ST_OK)
        return st;
    if (!course_is_undecided(&d) && !x->decided) /* it was decided in fact: nobody votes any more */
        return judge(r->m, x, r->b->before, r->err);
    if (x->decided)
        return ST_OK;
    st = overlay_of(x, r->b->before, &a, &r->o, r->err);
    if (st == ST_OK)
        st = before_block(r, x->found.decision);
    if (st == ST_OK)
        st = begin_block(r);
    if (st == ST_OK)
        st = run_entries(r, 0, r->b->block->n_leaves - 1);
    struct view v = overlay_view(&r->o);
    return st == ST_OK ? keep(x, &v, r->err) : st;
}

static enum status on_block(void *ctx, const struct verify_block *b, struct err *err)
{
    struct matrix *m = ctx;
    struct arena a CLEANUP(arena_deinit);
    struct run r = {.m = m, .b = b, .err = err};
    enum status st = ST_OK;
    size_t open = b->before == NULL ? 0 : m->n;
    for (size_t i = 0; st == ST_OK && i < open; i++)
        if (m->v[i]->found.became == 0)
            st = follow(&r, m->v[i]);
    arena_init(&a, RUN_MAX);
    r.a = &a;
    if (st == ST_OK && b->before != NULL)
        st = open_all(&r);
    m->prev_ms = b->block->record.time_ms;
    return st;
}

static enum status on_end(void *ctx, const struct view *v, const struct verify_report *report, struct err *err)
{
    struct matrix *m = ctx;
    enum status st = ST_OK;
    m->report = (struct replay_report){.size = report->size, .list = {0, arena_array(&m->a, m->n + 1, sizeof(struct replay_case))}};
    for (size_t i = 0; st == ST_OK && i < m->n; i++) {
        if (m->v[i]->found.became == 0)
            st = judge(m, m->v[i], v, err);
        m->report.list.v[m->report.list.n++] = m->v[i]->found;
        m->report.same += m->v[i]->found.became == REPLAYED_SAME;
    }
    return st;
}

struct verify_watch matrix_watch(struct matrix *m)
{
    return (struct verify_watch){.ctx = m, .block = on_block, .end = on_end};
}

const struct replay_report *matrix_report(const struct matrix *m)
{
    return &m->report;
}
