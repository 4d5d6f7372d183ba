/* Questions about organisations: parties, seats, recoveries, faults of nodes, rules versions. */
#include "cert/quorum.h"
#include "charter/charter_model.h"
#include "gov/keys.h"
#include "gov/party.h"
#include "gov/query_part.h"
#include "gov/recovery.h"

enum { LIST_MAX = 1000 };

static const uint64_t DAY_MS = 86400000;

static enum status supports_of(const struct view *v, struct query_party *q, struct arena *a, struct err *err)
{
    struct state_support s;
    struct tkey k = tkey_text(q->org);
    enum status st = state_get(v, a, TABLE_SUPPORT, &k, &state_support_desc, &s, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    q->supports = s.rules;
    SET_HAS(q, query_party_key_supports);
    return ST_OK;
}

enum status query_parties(const struct view *v, struct arena *a, struct query_parties *ret, struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey all = {0};
    struct state_section sec;
    struct charter_parties names;
    struct tkey k = tkey_section(charter_parties_desc.number);
    TRY(query_scan(v, TABLE_PARTY, &all, 0, &state_party_desc, a, &g, &keys, err));
    TRY(state_need(v, a, TABLE_SECTION, &k, &state_section_desc, &sec, err));
    TRY(codec_decode(&charter_parties_desc, sec.body, a, &names, err));
    struct query_party *list = arena_array(a, g.n + 1, sizeof *list);
    if (list == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++) {
        const struct state_party *p = &((const struct state_party *)g.v)[i];
        list[i] = (struct query_party){.org = keys[i],
                                       .display = keys[i],
                                       .party = *p,
                                       .standing = party_standing(p),
                                       .votes = party_votes(p)};
        TRY(supports_of(v, &list[i], a, err));
        for (size_t n = 0; n < names.list.n; n++)
            if (span_eq(names.list.v[n].org, keys[i]))
                list[i].display = names.list.v[n].display;
    }
    *ret = (struct query_parties){.list = {g.n, list}};
    return ST_OK;
}

enum status query_seats(const struct view *v, struct arena *a, struct query_seats *ret, struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey all = {0};
    TRY(query_scan(v, TABLE_SEAT, &all, 0, &state_seat_desc, a, &g, &keys, err));
    struct query_seat *list = arena_array(a, g.n + 1, sizeof *list);
    if (list == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++) {
        const struct state_seat *s = &((const struct state_seat *)g.v)[i];
        list[i] = (struct query_seat){.seat = keys[i], .keys = s->keys, .changed_leaf = s->changed_leaf};
    }
    *ret = (struct query_seats){.list = {g.n, list}};
    return ST_OK;
}

/* --- Recoveries --- */

static enum status ask_of(const struct view *v, struct span org, struct arena *a, struct state_ask *ret,
                          struct err *err)
{
    struct tkey k = tkey_text(org);
    return state_get(v, a, TABLE_ASK, &k, &state_ask_desc, ret, err);
}

enum status query_recoveries(const struct view *v, struct arena *a, struct query_recoveries *ret,
                             struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey all = {0};
    TRY(query_scan(v, TABLE_RECOVERY, &all, 0, &state_recovery_desc, a, &g, &keys, err));
    struct query_recovery *list = arena_array(a, g.n + 1, sizeof *list);
    if (list == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++) {
        list[i] = (struct query_recovery){.leaf = load_u64(keys[i].p),
                                          .recovery = ((const struct state_recovery *)g.v)[i]};
        enum status st = ask_of(v, list[i].recovery.org, a, &list[i].asked, err);
        if (st == ST_OK)
            SET_HAS(&list[i], query_recovery_key_asked);
        else if (st != ST_NOTFOUND)
            return st;
    }
    *ret = (struct query_recoveries){.list = {g.n, list}};
    return ST_OK;
}

static bool wanted(const struct span_list *only, struct span seat)
{
    return only == NULL || state_list_has(only, seat);
}

/* Seats of the organisation that are filled, but its registrar and another one (may be empty). */
static enum status other_seats(const struct view *v, struct span org, const struct span_list *only,
                               struct span but, uint64_t before_leaf, struct arena *a, struct span_list *ret,
                               struct err *err)
{
    enum { MOST = 64 };
    *ret = (struct span_list){0, arena_array(a, MOST, sizeof *ret->v)};
    if (ret->v == NULL)
        return query_full(err);
    for (struct tkey from = keys_first_seat(org), at;;) {
        struct state_seat seat;
        enum status st = keys_next_seat(v, a, org, &from, &at, &seat, err);
        if (st == ST_END || ret->n == MOST)
            return ST_OK;
        TRY(st);
        struct span name = arena_dup(a, tkey_span(&at));
        if (name.p == NULL)
            return query_full(err);
        if (seat.keys.n == 0 || span_eqs(state_seat_name(name), "registrar") || span_eq(name, but) ||
            seat.changed_leaf >= before_leaf || !wanted(only, name))
            continue;
        ret->v[ret->n++] = name;
    }
}

static enum status recovery_task(const struct view *v, struct span org, const struct span_list *only,
                                 struct arena *a, struct query_own_task_list *ret, struct err *err)
{
    struct state_recovery r;
    struct span_list seats;
    uint64_t leaf;
    enum status st = recovery_of(v, a, org, &leaf, &r, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    TRY(other_seats(v, org, only, (struct span){0}, r.settled, a, &seats, err));
    if (seats.n == 0)
        return ST_OK;
    const char *words = charter_text(a,
                                     "a recovery of %.*s was announced by its recovery key, carried in by "
                                     "%.*s: at %s the registrar's %zu keys are "
                                     "replaced%s. If that is not yours, two seats cancel it before",
                                     SPAN_FMT(org), SPAN_FMT(r.by), time_utc(r.due_ms).s, r.keys.n,
                                     HAS(&r, state_recovery_key_card) ? ", and the node" : "");
    if (words == NULL)
        return query_full(err);
    struct query_own_task *t = &ret->v[ret->n++];
    *t = (struct query_own_task){.task = TASK_RECOVERY,
                                 .leaf = leaf,
                                 .seats = seats,
                                 .deadline_ms = r.due_ms,
                                 .words = span_str(words)};
    SET_HAS(t, query_own_task_key_deadline_ms);
    return ST_OK;
}

static enum status second_task(const struct view *v, struct span org, const struct span_list *only,
                               struct arena *a, struct query_own_task_list *ret, struct err *err)
{
    struct state_ask ask;
    struct span_list seats;
    enum status st = ask_of(v, org, a, &ask, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    struct tkey k = tkey_text(ask.seat);
    struct state_seat asker;
    TRY(state_need(v, a, TABLE_SEAT, &k, &state_seat_desc, &asker, err));
    if (asker.changed_leaf >= ask.leaf) /* it has changed hands: its ask is worth nothing */
        return ST_OK;
    TRY(other_seats(v, org, only, ask.seat, UINT64_MAX, a, &seats, err));
    if (seats.n == 0)
        return ST_OK;
    const char *words =
        charter_text(a,
                     "%.*s asked at leaf %" PRIu64
                     " to replace the registrar or to cancel a recovery: look, and second it by the same act "
                     "if it is right",
                     SPAN_FMT(ask.seat), ask.leaf);
    if (words == NULL)
        return query_full(err);
    struct query_own_task *t = &ret->v[ret->n++];
    *t = (struct query_own_task){.task = TASK_SECOND,
                                 .leaf = ask.leaf,
                                 .seats = seats,
                                 .deadline_ms = ask.at_ms + LIMIT_ASK_DAYS * DAY_MS,
                                 .words = span_str(words)};
    SET_HAS(t, query_own_task_key_deadline_ms);
    return ST_OK;
}

enum status query_own_tasks(const struct view *v, struct span org, const struct span_list *only,
                            struct arena *a, struct query_own_task_list *ret, struct err *err)
{
    *ret = (struct query_own_task_list){0, arena_array(a, OWN_TASKS_MAX, sizeof *ret->v)};
    if (ret->v == NULL)
        return query_full(err);
    TRY(recovery_task(v, org, only, a, ret, err));
    return second_task(v, org, only, a, ret, err);
}

enum status query_reseat_task(const struct view *v, const struct matter *m, struct span org,
                              const struct span_list *only, struct arena *a, struct query_own_task_list *ret,
                              struct err *err)
{
    struct state_revision rev;
    struct span_list seats;
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    if (!HAS(&m->d, state_decision_key_partner) || !span_eq(m->d.partner, org) || ret->n == OWN_TASKS_MAX)
        return ST_OK;
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    if (rev.proposal.effect.type != EFFECT_REGISTRAR)
        return ST_OK;
    TRY(other_seats(v, org, only, (struct span){0}, UINT64_MAX, a, &seats, err));
    if (seats.n == 0)
        return ST_OK;
    const char *words = charter_text(
        a,
        "D-%" PRIu64 ", which is %s, lets the other partners replace the registrar of %.*s. If its "
        "registrar must be replaced, two of these seats can do it first; then D-%" PRIu64 " is stale",
        m->d.number, enum_text(&phase_enum, m->d.phase), SPAN_FMT(org), m->d.number);
    if (words == NULL)
        return query_full(err);
    struct query_own_task *t = &ret->v[ret->n++];
    *t = (struct query_own_task){.task = TASK_RESEAT,
                                 .leaf = m->d.opened_leaf,
                                 .seats = seats,
                                 .words = span_str(words),
                                 .decision = m->d.number};
    SET_HAS(t, query_own_task_key_decision);
    enum timer_kind kind;
    if (course_timer(&m->d, &t->deadline_ms, &kind))
        SET_HAS(t, query_own_task_key_deadline_ms);
    return ST_OK;
}

/* --- Faults and rules --- */

/* Keys of FAULT: u64 height, u32 round, u8 vote type, organisation. */
enum { FAULT_ORG = 13 };

static enum status fault_of(struct span key, struct span value, struct arena *a, struct query_fault *q,
                            struct err *err)
{
    if (key.n <= FAULT_ORG)
        return err_set(err, ST_CORRUPT, "faults cannot be read");
    *q = (struct query_fault){.height = load_u64(key.p),
                              .round = load_u32(key.p + 8),
                              .type = (enum vote_type)key.p[12],
                              .org = arena_dup(a, span_of(key.p + FAULT_ORG, key.n - FAULT_ORG))};
    TRY(codec_decode(&state_fault_desc, arena_dup(a, value), a, &q->fault, err));
    const char *words = charter_text(
        a,
        "the node of %.*s signed two different %ss at height %" PRIu64 ", round %" PRIu64
        ": it is faulty or copied, or its key is stolen. %.*s showed both signatures. It changes no right; "
        "the partners decide what follows",
        SPAN_FMT(q->org), enum_text(&vote_type_enum, q->type), q->height, q->round,
        SPAN_FMT(q->fault.shown_by));
    if (words == NULL)
        return query_full(err);
    q->words = span_str(words);
    return ST_OK;
}

enum status query_faults(const struct view *v, uint64_t from_height, uint64_t count, struct arena *a,
                         struct query_faults *ret, struct err *err)
{
    struct query_grow g = {.size = sizeof(struct query_fault)};
    struct query_faults q = {0};
    struct span key, value;
    uint64_t most = count < LIST_MAX ? count : LIST_MAX;
    for (struct tkey from = tkey_u64(from_height);; from = tkey_after(key)) {
        enum status st = view_next(v, TABLE_FAULT, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return err_set(err, st, "faults cannot be read");
        if (g.n == most) {
            q.more = true;
            break;
        }
        struct query_fault *f = query_grow_one(&g, a);
        if (f == NULL)
            return query_full(err);
        TRY(fault_of(key, value, a, f, err));
    }
    q.list = (struct query_fault_list){g.n, g.v};
    *ret = q;
    return ST_OK;
}

enum status query_rules(const struct view *v, struct arena *a, struct query_rules *ret, struct err *err)
{
    struct query_parties parties;
    struct query_rules q = {0};
    struct state_counter next;
    uint32_t rules;
    struct tkey k = tkey_text(span_str("rules-next"));
    TRY(gov_rules(v, &rules, err));
    q.rules = rules;
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &next, err);
    if (st == ST_OK) {
        q.next = next.value;
        SET_HAS(&q, query_rules_key_next);
    } else if (st != ST_NOTFOUND) {
        return st;
    }
    TRY(query_parties(v, a, &parties, err));
    q.ready.v = arena_array(a, parties.list.n + 1, sizeof *q.ready.v);
    q.missing.v = arena_array(a, parties.list.n + 1, sizeof *q.missing.v);
    if (q.ready.v == NULL || q.missing.v == NULL)
        return query_full(err);
    uint64_t want = HAS(&q, query_rules_key_next) ? q.next : q.rules + 1;
    for (size_t i = 0; i < parties.list.n; i++) {
        const struct query_party *p = &parties.list.v[i];
        if (!p->votes)
            continue;
        struct span_list *l = HAS(p, query_party_key_supports) && p->supports >= want ? &q.ready : &q.missing;
        l->v[l->n++] = p->org;
    }
    q.need = quorum_of((uint32_t)(q.ready.n + q.missing.n));
    *ret = q;
    return ST_OK;
}
