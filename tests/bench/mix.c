#include "bench/mix.h"
#include "crypto/hash.h"
#include "gov/reading.h"

static const uint64_t DAY_MS = 86400000;

static const struct bench_seat *seat(const struct bench_options *o, const char *name)
{
    for (size_t i = 0; i < o->n_seats; i++)
        if (span_eq(span_str(o->seats[i].name), span_str(name)))
            return &o->seats[i];
    bench_die("--mode record needs the seat %s", name);
}

void mix_init(struct mix *m, const struct bench_options *o, uint64_t from_ms)
{
    *m = (struct mix){.owner = seat(o, "maker/delivery-lead"),
                      .looks = seat(o, "clinics/delivery-lead"),
                      .leads = {seat(o, "clinics/business-lead"), seat(o, "distributor/business-lead"), seat(o, "maker/business-lead")},
                      .finance = {seat(o, "clinics/finance"), seat(o, "distributor/finance"), seat(o, "maker/finance")},
                      .day = from_ms / DAY_MS + 1};
}

static struct span org_of(const struct bench_seat *s)
{
    return span_of(s->name, (size_t)(strchr(s->name, '/') - s->name));
}

static void plan(struct mix *m, enum mix_what what, size_t i, size_t partner)
{
    ASSERT(m->steps < ARRAY_LEN(m->plan));
    m->plan[m->steps++] = (struct mix_step){what, i, partner};
}

/* A reading has its number since its period ended. */
static void number_readings(struct mix *m, const struct view *v, struct arena *a)
{
    struct err err;
    for (size_t i = 0; i < m->n_reported; i++) {
        struct mix_reading *r = &m->reported[i];
        uint64_t metric;
        char name[16];
        (void)snprintf(name, sizeof name, "bench-%02zu", r->metric);
        BENCH_MUST(metric_number(v, a, span_str(name), &metric, &err), err);
        BENCH_MUST(reading_find(v, a, metric, PURPOSE_ACTUAL, r->day, org_of(m->finance[r->metric % MIX_PARTNERS]), &r->number, &err), err);
    }
}

/* Those of a block are the last that it opens. */
static void number_actions(struct mix *m, const struct view *v, struct arena *a)
{
    struct err err;
    struct state_counter n = {0};
    struct tkey k = tkey_text(span_str("action"));
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &n, &err);
    if (st != ST_NOTFOUND)
        BENCH_MUST(st, err);
    m->actions[1] = m->actions[0];
    m->actions[0] = n.value;
}

void mix_block(struct mix *m, const struct view *v, struct arena *a)
{
    bool first = m->decisions == 0;
    m->step = m->steps = 0;
    number_readings(m, v, a);
    number_actions(m, v, a);
    for (size_t i = 0; i < m->n_reported; i++)
        plan(m, MIX_MARK, i, (m->reported[i].metric + 1) % MIX_PARTNERS);
    for (size_t i = 0; !first && i < MIX_DECISIONS - 1; i++)
        for (size_t p = 0; p < MIX_PARTNERS; p++)
            plan(m, MIX_BALLOT, i, p);
    for (size_t i = 0; !first && i < MIX_ITEMS * 9 / 10; i++)
        plan(m, MIX_CLAIM, i, 0);
    for (size_t i = 0; m->items > MIX_ITEMS && i < MIX_ITEMS * 9 / 10; i++)
        plan(m, MIX_VERIFY, i, 0);
    for (size_t i = 0; i < MIX_DECISIONS; i++)
        plan(m, MIX_PROPOSE, i, 0);
    for (size_t i = 0; i < MIX_ITEMS; i++)
        plan(m, MIX_ITEM, i, 0);
    memcpy(m->proposed[1], m->proposed[0], sizeof m->proposed[1]);
}

/* Is a reading of a day that is over to be had? They follow the marks of those before, which stay in their places. */
static bool reading_due(const struct mix *m, uint64_t now_ms)
{
    return (m->day + 2) * DAY_MS <= now_ms && m->n_reported < ARRAY_LEN(m->reported);
}

static void text_of(const char *text, struct arena *a, struct prose *ret_prose, struct hash *ret_digest)
{
    ret_prose->has = 0;
    ret_prose->text = arena_dup(a, span_str(text));
    sha256(ret_prose->text, &ret_prose->salt);
    sha256_2(span_hash(&ret_prose->salt), ret_prose->text, ret_digest);
}

static void make_item(struct mix *m, struct bench_entry *e, struct arena *a, struct item *body, struct prose *ret_prose)
{
    char text[80];
    (void)snprintf(text, sizeof text, "Action %" PRIu64 " of the operational review", ++m->items);
    *body = (struct item){.type = ITEM_ACTION, .due = (e->at_ms + 20 * DAY_MS) / DAY_MS};
    SET_HAS(body, item_key_due);
    text_of(text, a, ret_prose, &body->title);
    e->kind = KIND_ITEM;
    e->seat = m->owner;
    e->body = body;
}

static void make_step(struct mix *m, struct bench_entry *e, enum item_step step, size_t i, struct item_move *body)
{
    uint64_t of = m->actions[step == ITEM_STEP_CLAIM ? 0 : 1]; /* opened in the block before, or in the one before that */
    *body = (struct item_move){.item = {.type = ITEM_ACTION, .number = of - MIX_ITEMS + i + 1}, .step = step};
    e->kind = KIND_ITEM_MOVE;
    e->seat = step == ITEM_STEP_CLAIM ? m->owner : m->looks;
    e->body = body;
}

static void make_reading(struct mix *m, struct bench_entry *e, struct arena *a, struct reading *body)
{
    char name[16];
    (void)snprintf(name, sizeof name, "bench-%02zu", m->metric);
    *body = (struct reading){.metric = arena_dup(a, span_str(name)),
                             .purpose = PURPOSE_ACTUAL,
                             .period = m->day,
                             .value = {.mantissa = (int64_t)(10 * (m->made % 999) + 1), .scale = 1}};
    e->kind = KIND_READING;
    e->seat = m->finance[m->metric % MIX_PARTNERS];
    e->body = body;
}

static void reading_made(struct mix *m, const struct hash *id)
{
    m->reported[m->n_reported++] = (struct mix_reading){.digest = *id, .metric = m->metric, .day = m->day};
    if (++m->metric < MIX_METRICS)
        return;
    m->metric = 0;
    m->day++;
}

void mix_next(struct mix *m, const struct bench_entry *base, struct arena *a, struct span *ret_entry, struct span *ret_signature,
              struct prose *ret_prose, bool *ret_has_prose)
{
    struct propose proposal = {.type = span_str("commercial-terms"), .proposal = {.effect = {.type = EFFECT_NONE}}};
    struct ballot ballot = {.choice = CHOICE_APPROVE};
    struct mark_reading mark = {.act = MARK_COUNTERSIGN};
    struct item item;
    struct item_move move;
    struct reading reading;
    struct hash id;
    struct bench_entry e = *base;
    struct mix_step s = {reading_due(m, e.at_ms) ? MIX_READING : MIX_NOTE, 0, 0};
    if (m->step < m->steps)
        s = m->plan[m->step++];
    if (s.what != MIX_MARK && m->n_reported != 0 && m->reported[0].number != 0)
        m->n_reported = 0; /* all of the block before are marked */
    m->made++;
    *ret_has_prose = s.what == MIX_ITEM || s.what == MIX_NOTE;
    switch (s.what) {
    case MIX_PROPOSE:
        store_u64(proposal.proposal.title.b, m->made);
        e.kind = KIND_PROPOSE;
        e.seat = m->leads[0];
        e.body = &proposal;
        break;
    case MIX_BALLOT:
        ballot.decision = (struct ref){.number = m->decisions - MIX_DECISIONS + s.i + 1, .digest = m->proposed[1][s.i]};
        e.kind = KIND_BALLOT;
        e.seat = m->leads[s.partner];
        e.body = &ballot;
        break;
    case MIX_ITEM:
        make_item(m, &e, a, &item, ret_prose);
        break;
    case MIX_CLAIM:
        make_step(m, &e, ITEM_STEP_CLAIM, s.i, &move);
        break;
    case MIX_VERIFY:
        make_step(m, &e, ITEM_STEP_VERIFY, s.i, &move);
        break;
    case MIX_MARK:
        mark.reading = (struct ref){.number = m->reported[s.i].number, .digest = m->reported[s.i].digest};
        e.kind = KIND_MARK;
        e.seat = m->finance[s.partner];
        e.body = &mark;
        break;
    case MIX_READING:
        make_reading(m, &e, a, &reading);
        break;
    case MIX_NOTE:
        e.seat = m->finance[m->made % MIX_PARTNERS];
        bench_note(&e, m->made, a, ret_entry, ret_signature, ret_prose, &id);
        return;
    }
    bench_sign(&e, a, ret_entry, ret_signature, &id);
    if (s.what == MIX_READING)
        reading_made(m, &id);
    if (s.what == MIX_PROPOSE) {
        m->proposed[0][s.i] = id;
        m->decisions++;
    }
}
