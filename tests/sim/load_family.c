/* The other record families of the workload: items, readings, sessions, grants, erasures and what has a last day, in an alliance whose charter has them. What
 * comes next of one is read from some node's record, as a person would; much of it is refused, as of people it is too. */
#include "charter/scalar.h"
#include "crypto/hash.h"
#include "gov/item.h"
#include "run.h"

enum { DAY_MS = 86400000, NEWEST = 4 };

static uint64_t today(const struct run *r)
{
    return (load_start_ms() + sim_now(r->sim)) / DAY_MS;
}

/* One of the few newest records of a table whose keys are numbers, with `first` before them. */
static bool find_one(struct run *r, size_t node, enum table t, uint64_t first, const struct record_desc *d, struct arena *a, void *ret)
{
    struct view v;
    struct err err;
    struct span key, value;
    bool items = t == TABLE_ITEM, found = false;
    uint64_t upto = UINT64_MAX, back = sim_random(r->sim, NEWEST);
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK)
        return false;
    for (uint64_t i = 0; i <= back; i++) {
        struct tkey k = items ? tkey_item(first, upto) : tkey_u64(upto);
        struct span from = tkey_span(&k);
        if (view_prev(&v, t, from, &key, &value) != ST_OK || key.n != from.n || memcmp(key.p, from.p, key.n - 8) != 0)
            break;
        found = codec_decode(d, arena_dup(a, value), a, ret, &err) == ST_OK;
        upto = load_u64(key.p + key.n - 8) - 1;
    }
    store_read_end(sim_store(r->sim, node), &v);
    return found;
}

/* A seat of some partner. */
static struct span some_seat(struct run *r, struct arena *a)
{
    char seat[80];
    size_t org = sim_random(r->sim, r->n);
    while (!r->f->orgs[org].partner)
        org = (org + 1) % r->n;
    (void)snprintf(seat, sizeof seat, "%s/%s", r->f->orgs[org].id, fixture_seat_names[sim_random(r->sim, 4)]);
    return arena_dup(a, span_str(seat));
}

/* Who signs an entry about something that this seat has to do with: mostly that seat. */
static void by(struct run *r, struct span seat, struct fixture_entry *e)
{
    char name[80];
    if (sim_random(r->sim, 4) == 0)
        return;
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < FIXTURE_SEATS; k++) {
            (void)snprintf(name, sizeof name, "%s/%s", r->f->orgs[i].id, fixture_seat_names[k]);
            if (r->f->orgs[i].seats[k] == NULL || !span_eq(span_str(name), seat))
                continue;
            e->org = i;
            e->seat = k;
        }
}

static void item_new(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    static const enum item_type types[] = {ITEM_RISK, ITEM_ISSUE, ITEM_CONFLICT, ITEM_ACTION, ITEM_REQUEST, ITEM_LESSON};
    struct prose prose;
    struct item body = {.type = types[sim_random(r->sim, ARRAY_LEN(types))],
                        .likelihood = 1 + sim_random(r->sim, 5),
                        .impact = 1 + sim_random(r->sim, 5),
                        .due = today(r) + sim_random(r->sim, 2),
                        .category = span_str("operational"),
                        .owner = some_seat(r, a),
                        .against = some_seat(r, a)};
    prose = load_text(r, "as it is", &body.title);
    body.has = item_type_row(body.type)->must;
    /* Half of the risks warn by a daily metric; drawn from what is drawn above, so that plans stay as they are. */
    struct item_indicator warning = {.metric = span_str(body.likelihood == 5 ? "uptime" : "volume"),
                                     .op = body.likelihood % 2 == 0 ? CMP_LT : CMP_GT,
                                     .number = {.mantissa = 500, .scale = 0},
                                     .periods = 2};
    if (body.likelihood == 5)
        SET_HAS(&warning, item_indicator_key_periods);
    body.indicators = (struct item_indicator_list){1, &warning};
    if (body.type == ITEM_RISK && body.impact > 2)
        SET_HAS(&body, item_key_indicators);
    if (sim_random(r->sim, 2) == 0 && item_key_allowed(item_type_row(body.type), item_key_owner)) {
        SET_HAS(&body, item_key_owner);
        SET_HAS(&body, item_key_due);
    }
    e->kind = KIND_ITEM;
    e->body = &body;
    e->prose = &prose;
    e->n_prose = 1;
    load_submit(r, node, e);
}

/* What an item of this standing waits for, most of the time. */
static enum item_step next_step(struct run *r, const struct state_item *it)
{
    if (sim_random(r->sim, 4) == 0)
        return 1 + sim_random(r->sim, ITEM_STEP_DECLINE);
    if (HAS(it, state_item_key_offered) && sim_random(r->sim, 2) == 0)
        return ITEM_STEP_TAKE;
    return it->phase == ITEM_CLAIMED ? ITEM_STEP_VERIFY : it->phase == ITEM_MEDIATION ? ITEM_STEP_ACCEPT : ITEM_STEP_CLAIM;
}

static void item_step(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    static const enum item_type types[] = {ITEM_RISK, ITEM_ISSUE, ITEM_CONFLICT, ITEM_ACTION, ITEM_REQUEST, ITEM_LESSON};
    struct state_item it;
    struct prose prose;
    if (!find_one(r, node, TABLE_ITEM, types[sim_random(r->sim, ARRAY_LEN(types))], &state_item_desc, a, &it)) {
        item_new(r, node, e, a);
        return;
    }
    struct item_move body = {.item = {.type = it.item.type, .number = it.number},
                             .step = next_step(r, &it),
                             .to = some_seat(r, a),
                             .due = today(r) + sim_random(r->sim, 3),
                             .likelihood = 1 + sim_random(r->sim, 5),
                             .impact = 1 + sim_random(r->sim, 5)};
    body.link.item = (struct item_ref){.type = it.item.type, .number = 1};
    SET_HAS(&body.link, item_link_key_item);
    prose = load_text(r, "for a reason", &body.text);
    SET_HAS(&body, item_move_key_text);
    if (body.step == ITEM_STEP_GIVE)
        SET_HAS(&body, item_move_key_to);
    if (body.step == ITEM_STEP_LINK)
        SET_HAS(&body, item_move_key_link);
    if (body.step == ITEM_STEP_REBASE)
        SET_HAS(&body, item_move_key_due);
    if (body.step == ITEM_STEP_REVIEW) {
        SET_HAS(&body, item_move_key_likelihood);
        SET_HAS(&body, item_move_key_impact);
    }
    e->kind = KIND_ITEM_MOVE;
    e->body = &body;
    e->prose = &prose;
    e->n_prose = 1;
    if (body.step == ITEM_STEP_TAKE)
        by(r, it.offered, e);
    else if (body.step != ITEM_STEP_VERIFY)
        by(r, it.owner, e);
    load_submit(r, node, e);
}

/* Periods of one day: the last one is over. */
static void reading_new(struct run *r, size_t node, struct fixture_entry *e)
{
    static const char *const metrics[] = {"volume", "hands", "uptime", "uptime"};
    struct reading body = {.metric = span_str(metrics[sim_random(r->sim, 4)]),
                           .purpose = sim_random(r->sim, 4) == 0 ? PURPOSE_FORECAST : PURPOSE_ACTUAL,
                           .period = today(r) - 1 + sim_random(r->sim, 2),
                           .value = {.mantissa = (int64_t)sim_random(r->sim, 1000), .scale = 0}};
    for (size_t i = 0; span_eqs(body.metric, "volume") && i < r->n; i++) /* as the charter's line says who reports */
        if (strcmp(r->f->orgs[i].id, "p02") == 0)
            e->org = i;
    e->kind = KIND_READING;
    e->body = &body;
    e->seat = 3;
    if (span_eqs(body.metric, "hands"))
        by(r, span_str("p01/alliance-manager"), e);
    load_submit(r, node, e);
}

static void reading_mark(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    struct state_reading row;
    struct prose prose;
    bool found = false;
    for (int i = 0; i < 2 * NEWEST && !found; i++) /* one that somebody has reported */
        found = find_one(r, node, TABLE_READING, 0, &state_reading_desc, a, &row) && HAS(&row, state_reading_key_now);
    if (!found) {
        reading_new(r, node, e);
        return;
    }
    struct mark_reading body = {.reading = {.number = row.number, .digest = row.now.digest},
                                .act = 1 + sim_random(r->sim, MARK_RESTATE),
                                .value = {.mantissa = (int64_t)sim_random(r->sim, 1000), .scale = 0}};
    if (body.act != MARK_COUNTERSIGN) {
        prose = load_text(r, "not so", &body.reason);
        SET_HAS(&body, mark_reading_key_reason);
        e->prose = &prose;
        e->n_prose = 1;
    }
    if (body.act == MARK_RESTATE)
        SET_HAS(&body, mark_reading_key_value);
    e->kind = KIND_MARK;
    e->body = &body;
    if (body.act == MARK_RESTATE)
        by(r, row.now.seat, e);
    else /* as the charter's line says who checks */
        by(r, span_str(span_eqs(row.metric, "hands") ? "p02/alliance-manager" : "p01/alliance-manager"), e);
    load_submit(r, node, e);
}

static void session_call(struct run *r, size_t node, struct fixture_entry *e)
{
    struct prose prose;
    struct session body = {.type = SESSION_STEERING, .body = span_str("steering"), .on = today(r) + sim_random(r->sim, 2)};
    prose = load_text(r, "where we stand", &body.title);
    SET_HAS(&body, session_key_title);
    e->kind = KIND_SESSION;
    e->body = &body;
    e->seat = 0;
    e->prose = &prose;
    e->n_prose = 1;
    load_submit(r, node, e);
}

static void session_minutes(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    struct state_session s;
    struct prose prose;
    struct span present[FIXTURE_ORGS_MAX];
    char name[80];
    if (!find_one(r, node, TABLE_SESSION, 0, &state_session_desc, a, &s)) {
        session_call(r, node, e);
        return;
    }
    struct minutes body = {.session = s.number, .act = SESSION_ACT_RECORD, .held = s.from, .present = {0, present}};
    if (HAS(&s, state_session_key_now) && sim_random(r->sim, 4) != 0) {
        body.act = sim_random(r->sim, 3) == 0 ? SESSION_ACT_CONTEST : SESSION_ACT_CONFIRM;
        prose = load_text(r, "it was otherwise", &body.text);
        SET_HAS(&body, minutes_key_text);
        e->prose = &prose;
        e->n_prose = 1;
    } else {
        for (size_t i = 0; i < r->n && body.present.n < 8; i++) {
            if (!r->f->orgs[i].partner || (body.present.n > 0 && sim_random(r->sim, 8) == 0))
                continue;
            (void)snprintf(name, sizeof name, "%s/sponsor", r->f->orgs[i].id);
            present[body.present.n++] = arena_dup(a, span_str(name));
        }
        SET_HAS(&body, minutes_key_held);
        SET_HAS(&body, minutes_key_present);
        SET_HAS(&body, minutes_key_document);
    }
    if (HAS(&s, state_session_key_now)) {
        body.version = s.now.digest;
        SET_HAS(&body, minutes_key_version);
    }
    e->kind = KIND_MINUTES;
    e->body = &body;
    e->seat = 0;
    load_submit(r, node, e);
}

static void grant_new(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    struct prose prose[2];
    struct state_grant from;
    struct ref derived;
    struct span audience = span_str(r->f->orgs[(e->org + 1) % r->n].id);
    struct grant body = {.info_class = span_str("plans"), .audience = {1, &audience}, .until = today(r) + sim_random(r->sim, 2)};
    prose[0] = load_text(r, "the plan", &body.title);
    prose[1] = load_text(r, "to plan", &body.purpose);
    if (sim_random(r->sim, 2) == 0 && find_one(r, node, TABLE_GRANT, 0, &state_grant_desc, a, &from)) {
        derived = (struct ref){.number = from.number, .digest = from.id};
        body.derived_from = (struct ref_list){1, &derived};
        SET_HAS(&body, grant_key_derived_from);
    }
    if (sim_random(r->sim, 2) == 0)
        SET_HAS(&body, grant_key_content);
    e->kind = KIND_GRANT;
    e->body = &body;
    e->prose = prose;
    e->n_prose = 2;
    load_submit(r, node, e);
}

static void grant_step(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    struct state_grant s;
    struct prose prose;
    if (!find_one(r, node, TABLE_GRANT, 0, &state_grant_desc, a, &s)) {
        grant_new(r, node, e, a);
        return;
    }
    struct grant_move body = {.grant = {.number = s.number, .digest = s.id}, .act = 1 + sim_random(r->sim, GRANT_ACT_DESTROY)};
    if (body.act == GRANT_ACT_RECEIVE && HAS(&s, state_grant_key_content)) {
        body.content = s.content;
        SET_HAS(&body, grant_move_key_content);
    }
    if (body.act == GRANT_ACT_REVOKE) {
        prose = load_text(r, "no more", &body.text);
        SET_HAS(&body, grant_move_key_text);
        e->prose = &prose;
        e->n_prose = 1;
        by(r, s.granted.seat, e);
    }
    for (size_t i = 0; body.act != GRANT_ACT_REVOKE && i < r->n; i++)
        if (span_eq(s.audience.v[0].org, span_str(r->f->orgs[i].id)) && r->f->orgs[i].partner)
            e->org = i;
    e->kind = KIND_GRANT_MOVE;
    e->body = &body;
    load_submit(r, node, e);
}

/* Texts of up to three leaves that this node has; now and then of one that it does not have yet. */
static void erasure(struct run *r, size_t node, struct fixture_entry *e)
{
    struct prose prose;
    struct replica_status st;
    uint64_t leaves[3];
    if (!sim_awake(r->sim, node))
        return;
    replica_status(sim_replica(r->sim, node), &st);
    uint64_t size = st.tip->tree.size, at = size < 40 ? 0 : size - 40;
    struct effect what = {.type = EFFECT_ERASE, .leaves = {0, leaves}};
    for (size_t n = 1 + sim_random(r->sim, ARRAY_LEN(leaves)); what.leaves.n < n;) {
        at += 1 + sim_random(r->sim, 16);
        leaves[what.leaves.n++] = at;
    }
    SET_HAS(&what, effect_key_leaves);
    struct propose body = {.type = span_str("erasure"), .proposal.effect = what};
    prose = load_text(r, "what should not be here", &body.proposal.title);
    e->kind = KIND_PROPOSE;
    e->seat = 2;
    e->body = &body;
    e->prose = &prose;
    e->n_prose = 1;
    load_submit(r, node, e);
}

/* An exception until a day, or a pivot; it may take the place of another; it rests on a clause, and on a reading that may be restated. */
static void resting(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    struct prose prose;
    struct state_reading row;
    struct state_decision old;
    struct reliance rests[2] = {{.clause = span_str(sim_random(r->sim, 2) == 0 ? "glossary.case" : "glossary")}, {0}};
    struct propose body = {.type = span_str(sim_random(r->sim, 3) == 0 ? "pivot" : "exception"),
                           .proposal = {.effect = {.type = EFFECT_NONE},
                                        .until = today(r) + sim_random(r->sim, 3),
                                        .relies = {1, rests}}};
    SET_HAS(&rests[0], reliance_key_clause);
    if (find_one(r, node, TABLE_READING, 0, &state_reading_desc, a, &row) && HAS(&row, state_reading_key_now)) {
        rests[body.proposal.relies.n++].reading = (struct ref){.number = row.number, .digest = row.now.digest};
        SET_HAS(&rests[1], reliance_key_reading);
    }
    if (sim_random(r->sim, 4) != 0)
        SET_HAS(&body.proposal, proposal_key_relies);
    if (span_eqs(body.type, "exception") || sim_random(r->sim, 2) == 0)
        SET_HAS(&body.proposal, proposal_key_until);
    for (int i = 0; i < 2 * NEWEST && !HAS(&body.proposal, proposal_key_supersedes); i++)
        if (find_one(r, node, TABLE_DECISION, 0, &state_decision_desc, a, &old) && span_eq(old.type, body.type) && old.phase == PHASE_EFFECTIVE) {
            body.proposal.supersedes = old.number;
            SET_HAS(&body.proposal, proposal_key_supersedes);
        }
    prose = load_text(r, "for a while", &body.proposal.title);
    e->kind = KIND_PROPOSE;
    e->seat = 2;
    e->body = &body;
    e->prose = &prose;
    e->n_prose = 1;
    load_submit(r, node, e);
}

/* What one partner decides alone: its ballot, or a new one. */
static void own_step(struct run *r, size_t node, struct fixture_entry *e, struct arena *a)
{
    struct state_decision d;
    bool found = false;
    for (int i = 0; i < 2 * NEWEST && !found; i++)
        found = find_one(r, node, TABLE_DECISION, 0, &state_decision_desc, a, &d) && !span_eqs(d.type, "commercial-terms") &&
                d.phase == PHASE_OPEN;
    if (!found) {
        sim_random(r->sim, 2) == 0 ? erasure(r, node, e) : resting(r, node, e, a);
        return;
    }
    struct ballot body = {.decision = {.number = d.number, .digest = d.digest}, .rung = d.rung, .choice = CHOICE_APPROVE};
    e->kind = KIND_BALLOT;
    e->body = &body;
    by(r, d.mover, e);
    load_submit(r, node, e);
}

void load_family(struct run *r, size_t node, size_t org)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct fixture_entry e = {.org = org, .seat = sim_random(r->sim, 4)};
    bool first = sim_random(r->sim, 3) == 0;
    switch (sim_random(r->sim, 7)) {
    case 0:
        first ? reading_new(r, node, &e) : reading_mark(r, node, &e, &a);
        break;
    case 1:
        first ? session_call(r, node, &e) : session_minutes(r, node, &e, &a);
        break;
    case 2:
        first ? grant_new(r, node, &e, &a) : grant_step(r, node, &e, &a);
        break;
    case 3:
        first ? erasure(r, node, &e) : own_step(r, node, &e, &a);
        break;
    case 4:
        first ? resting(r, node, &e, &a) : own_step(r, node, &e, &a);
        break;
    default:
        first ? item_new(r, node, &e, &a) : item_step(r, node, &e, &a);
    }
}
