/* Do the tables agree with each other? For tests, the simulator and fuzzers: looks at everything. */
#include "gov/course.h"
#include "gov/grant.h"
#include "gov/item.h"
#include "gov/keys.h"
#include "gov/party.h"
#include "gov/session.h"
#include "gov/reading.h"
#include "gov/recovery.h"
#include "gov/trigger.h"

static enum status bad(struct err *err, uint64_t decision, const char *what)
{
    return err_set(err, ST_CORRUPT, "D-%" PRIu64 ": %s", decision, what);
}

/* Is there a record at the key? */
static bool there(const struct view *v, uint8_t table, const struct tkey *k)
{
    struct span value;
    return view_get(v, table, tkey_span(k), &value) == ST_OK;
}

static enum status count(const struct view *v, uint8_t table, size_t *ret_n)
{
    struct tkey from = {.n = 1};
    size_t n = 0;
    for (;; n++) {
        struct span key, value;
        enum status st = view_next(v, table, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        from = tkey_text(key);
        from.b[from.n++] = 0;
    }
    *ret_n = n;
    return ST_OK;
}

static enum status check_history(const struct view *v, struct arena *a, const struct state_decision *d,
                                 struct err *err)
{
    struct tkey event = tkey_event(d->number, d->events), beyond = tkey_event(d->number, d->events + 1);
    struct tkey rev = tkey_revision(d->number, d->revision), next = tkey_revision(d->number, d->revision + 1);
    struct state_revision r;
    if (!there(v, TABLE_EVENT, &event) || there(v, TABLE_EVENT, &beyond))
        return bad(err, d->number, "its events are not those it counts");
    TRY(state_need(v, a, TABLE_REVISION, &rev, &state_revision_desc, &r, err));
    if (there(v, TABLE_REVISION, &next) || !hash_eq(&r.digest, &d->digest))
        return bad(err, d->number, "its newest revision is not its current one");
    return ST_OK;
}

static bool speaks(const struct state_ballot *b)
{
    return b->choice != CHOICE_VETO && b->choice != CHOICE_RECUSE;
}

static enum status check_tally(const struct view *v, struct arena *a, const struct matter *m, struct err *err)
{
    struct tally t;
    TRY(tally_take(v, a, m, m->d.rung, &t, err));
    if ((m->d.phase == PHASE_OPEN || m->d.phase == PHASE_MEDIATION) && t.passes)
        return bad(err, m->d.number, "it is undecided though it passes");
    for (size_t i = 0; i < t.n_recused; i++) {
        const struct span_list *asked = &t.recused[i].recused.asked;
        for (size_t k = 0; k < asked->n; k++) {
            if (tally_recused(&t, asked->v[k]) != NULL)
                return bad(err, m->d.number, "asked in the stead of a recused seat is another one");
        }
    }
    for (size_t i = 0; i < t.n_ballots; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct state_ballot *x = &t.ballots[i].ballot, *y = &t.ballots[j].ballot;
            if (speaks(x) && speaks(y) && hash_eq(&x->key.key, &y->key.key))
                return bad(err, m->d.number, "one key has two voices in its tally");
        }
    }
    return ST_OK;
}

static enum status check_decision(const struct view *v, struct arena *a, const struct matter *m,
                                  size_t *timers, size_t *amending, struct err *err)
{
    const struct state_decision *d = &m->d;
    uint64_t at;
    enum timer_kind kind;
    bool live = course_is_live(d);
    if (live == (bool)HAS(d, state_decision_key_closed_ms))
        return bad(err, d->number, "closed and live at once, or neither");
    if (d->rung > m->p.rungs.n)
        return bad(err, d->number, "it stands above its ladder");
    bool mediator = d->rung > 0 && HAS(&m->p.rungs.v[d->rung - 1], pinned_rung_key_mediator);
    if (course_is_undecided(d) && mediator != (d->phase == PHASE_MEDIATION)) /* what is paused was open */
        return bad(err, d->number, "its phase is not its rung's");
    if (course_timer(d, &at, &kind)) {
        struct tkey k = tkey_timer(at, d->number, (uint8_t)kind);
        if (!there(v, TABLE_TIMER, &k))
            return bad(err, d->number, "its timer is missing");
        (*timers)++;
    }
    if (live && d->phase != PHASE_STALE && HAS(d, state_decision_key_section)) {
        struct tkey k = tkey_amending(d->section, d->number);
        if (!there(v, TABLE_AMENDING, &k))
            return bad(err, d->number, "it is not listed with the amendments of its section");
        (*amending)++;
    }
    TRY(check_history(v, a, d, err));
    return check_tally(v, a, m, err);
}

/* What an envelope has given is what the decisions say they took of it. */
static enum status check_budget(const struct view *v, struct arena *a, struct span key, struct span value,
                                uint64_t decisions, struct err *err)
{
    struct state_budget b, sum = {0};
    struct span name = span_of(key.p + 4, key.n - 4);
    TRY(codec_decode(&state_budget_desc, value, a, &b, err));
    for (uint64_t n = 1; n <= decisions; n++) {
        struct state_decision d;
        struct tkey k = tkey_u64(n);
        TRY(state_need(v, a, TABLE_DECISION, &k, &state_decision_desc, &d, err));
        if (!HAS(&d, state_decision_key_reserved_from) || d.reserved_from != load_u32(key.p) ||
            !span_eq(d.budget, name))
            continue;
        if (d.phase == PHASE_PASSED)
            sum.reserved += (uint64_t)d.charge.minor;
        else if (d.phase == PHASE_EFFECTIVE || d.phase == PHASE_EXPIRED)
            sum.spent += (uint64_t)d.charge.minor;
        else
            return bad(err, n, "it holds money of a budget, and neither passed nor is in effect");
    }
    if (b.reserved != sum.reserved || b.spent != sum.spent)
        return err_set(err, ST_CORRUPT,
                       "budget %.*s: %" PRIu64 " reserved and %" PRIu64 " spent, decisions say %" PRIu64
                       " and %" PRIu64,
                       SPAN_FMT(name), b.reserved, b.spent, sum.reserved, sum.spent);
    return ST_OK;
}

static enum status check_budgets(const struct view *v, struct arena *a, uint64_t decisions, struct err *err)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        enum status st = view_next(v, TABLE_BUDGET, tkey_span(&from), &key, &value);
        if (st == ST_END)
            return ST_OK;
        TRY(st);
        from = tkey_after(key);
        TRY(check_budget(v, a, key, value, decisions, err));
    }
}

static enum status check_decisions(const struct view *v, struct arena *a, struct err *err)
{
    struct state_counter c = {0};
    struct tkey k = tkey_text(span_str("decision"));
    size_t timers = 0, amending = 0, n;
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &c, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    for (uint64_t i = 1; i <= c.value; i++) {
        struct matter m;
        st = matter_load(v, a, i, &m, err);
        if (st == ST_NOTFOUND || (st == ST_OK && m.d.number != i))
            return bad(err, i, "its record is missing or another's");
        TRY(st);
        TRY(check_decision(v, a, &m, &timers, &amending, err));
    }
    TRY(count(v, TABLE_DECISION, &n));
    if (n != c.value)
        return err_set(err, ST_CORRUPT, "%zu decisions on record, %" PRIu64 " counted", n, c.value);
    size_t recoveries, of_items, readings, sessions, grants, terms;
    TRY(count(v, TABLE_TIMER, &n));
    TRY(count(v, TABLE_RECOVERY, &recoveries));
    TRY(item_check(v, a, &of_items, err));
    TRY(reading_check(v, a, &readings, err));
    TRY(session_check(v, a, &sessions, err));
    TRY(grant_check(v, a, &grants, err));
    TRY(trigger_check(v, a, &terms, err));
    if (n != timers + recoveries + of_items + readings + sessions + grants + terms)
        return err_set(err, ST_CORRUPT,
                       "%zu timers for %zu of live decisions, %zu of recoveries, %zu of items, %zu of readings, %zu of sessions, %zu of grants, %zu of the term",
                       n, timers, recoveries, of_items, readings, sessions, grants, terms);
    TRY(count(v, TABLE_AMENDING, &n));
    if (n != amending)
        return err_set(err, ST_CORRUPT, "%zu amendments listed, %zu live", n, amending);
    return check_budgets(v, a, c.value, err);
}

static enum status check_seat(const struct view *v, struct arena *a, struct span name, struct span value,
                              struct err *err)
{
    struct state_seat s;
    TRY(codec_decode(&state_seat_desc, value, a, &s, err));
    for (size_t i = 0; i < s.keys.n; i++) {
        struct state_key key;
        struct tkey k = tkey_text(span_hash(&s.keys.v[i].key));
        TRY(state_need(v, a, TABLE_KEY, &k, &state_key_desc, &key, err));
        if (i > 0 && memcmp(s.keys.v[i - 1].key.b, s.keys.v[i].key.b, 32) >= 0)
            return err_set(err, ST_CORRUPT, "keys of %.*s do not ascend", SPAN_FMT(name));
        if (HAS(&key, state_key_key_revoked_ms) || key.use != KEY_PERSON ||
            !span_eq(key.org, state_seat_org(name)))
            return err_set(err, ST_CORRUPT, "%.*s is held by a key that is dead, a node's or another's",
                           SPAN_FMT(name));
    }
    return ST_OK;
}

static enum status check_seats(const struct view *v, struct arena *a, struct err *err)
{
    struct tkey from = {.n = 1};
    for (;;) {
        struct span key, value;
        enum status st = view_next(v, TABLE_SEAT, tkey_span(&from), &key, &value);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK)
            return st;
        TRY(check_seat(v, a, key, value, err));
        from = tkey_text(key);
        from.b[from.n++] = 0;
    }
}

static enum status check_sections(const struct view *v, struct arena *a, struct err *err)
{
    for (uint64_t n = 1; n <= 63; n++) {
        struct state_section s, old;
        struct tkey k = tkey_section(n);
        enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err);
        if (st == ST_NOTFOUND)
            continue;
        TRY(st);
        if (s.version == 1)
            continue;
        k = tkey_section_old(n, s.version - 1);
        TRY(state_need(v, a, TABLE_SECTION_OLD, &k, &state_section_desc, &old, err));
        if (old.version != s.version - 1)
            return err_set(err, ST_CORRUPT, "section %" PRIu64 ": version %" PRIu64 " is kept as another", n,
                           old.version);
    }
    return ST_OK;
}

static enum status check_node_key(const struct view *v, struct arena *a, const struct gov_party *p,
                                  const struct hash *key, size_t *dead, struct err *err)
{
    struct state_key k;
    struct tkey tk = tkey_text(span_hash(key));
    TRY(state_need(v, a, TABLE_KEY, &tk, &state_key_desc, &k, err));
    if (k.use != KEY_NODE || !span_eq(k.org, p->org))
        return err_set(err, ST_CORRUPT, "a key of the node of %.*s is another's", SPAN_FMT(p->org));
    *dead += HAS(&k, state_key_key_revoked_ms);
    return ST_OK;
}

/* The node's four keys are its own, and it votes with none that is dead; who has left holds no seat. */
static enum status check_party(const struct view *v, struct arena *a, const struct gov_party *p,
                               struct err *err)
{
    const struct node_keys *n = &p->party.node;
    const struct hash *four[] = {&n->vote, &n->cosign, &n->log, &n->node};
    enum standing standing = party_standing(&p->party);
    size_t dead = 0;
    for (size_t i = 0; i < ARRAY_LEN(four); i++)
        TRY(check_node_key(v, a, p, four[i], &dead, err));
    if (standing != STANDING_SUSPENDED && standing != STANDING_LEFT && dead != 0)
        return err_set(err, ST_CORRUPT, "%.*s is %s with %zu dead keys of its node", SPAN_FMT(p->org),
                       enum_text(&standing_enum, standing), dead);
    if (HAS(&p->party, state_party_key_left_ms) != (standing == STANDING_LEFT))
        return err_set(err, ST_CORRUPT, "%.*s has left, or not", SPAN_FMT(p->org));
    for (struct tkey from = keys_first_seat(p->org), at; standing == STANDING_LEFT;) {
        struct state_seat seat;
        enum status st = keys_next_seat(v, a, p->org, &from, &at, &seat, err);
        if (st == ST_END)
            break;
        TRY(st);
        if (seat.keys.n != 0)
            return err_set(err, ST_CORRUPT, "%.*s has left and holds a seat", SPAN_FMT(p->org));
    }
    return ST_OK;
}

/* Each recovery has its timer, is of somebody there, and is the only one of it; nobody who left asks. */
static enum status check_recoveries(const struct view *v, struct arena *a, const struct gov_party *p,
                                    struct err *err)
{
    struct state_recovery r;
    uint64_t leaf;
    struct tkey ask = tkey_text(p->org);
    bool left = party_standing(&p->party) == STANDING_LEFT;
    if (left && there(v, TABLE_ASK, &ask))
        return err_set(err, ST_CORRUPT, "%.*s has left and asks", SPAN_FMT(p->org));
    enum status st = recovery_of(v, a, p->org, &leaf, &r, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    struct tkey timer = tkey_timer(r.due_ms, leaf, TIMER_RECOVERY);
    if (left || !there(v, TABLE_TIMER, &timer))
        return err_set(err, ST_CORRUPT, "the recovery of %.*s has no timer, or %.*s has left",
                       SPAN_FMT(p->org), SPAN_FMT(p->org));
    return ST_OK;
}

static enum status check_parties(const struct view *v, struct arena *a, struct err *err)
{
    struct gov_party_list l;
    bool votes = false;
    TRY(gov_parties(v, a, &l, err));
    for (size_t i = 0; i < l.n; i++) {
        TRY(check_party(v, a, &l.v[i], err));
        TRY(check_recoveries(v, a, &l.v[i], err));
        votes |= party_votes(&l.v[i].party);
    }
    return votes ? ST_OK : err_set(err, ST_CORRUPT, "no node is left to vote");
}

/* A version decided is newer than the one in force. */
static enum status check_rules(const struct view *v, struct arena *a, struct err *err)
{
    struct state_counter next;
    uint32_t rules;
    struct tkey k = tkey_text(span_str("rules-next"));
    TRY(gov_rules(v, &rules, err));
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &next, err);
    if (st == ST_OK && next.value <= rules)
        return err_set(err, ST_CORRUPT, "rules version %" PRIu64 " is decided, %" PRIu32 " in force",
                       next.value, rules);
    return st == ST_NOTFOUND ? ST_OK : st;
}

enum status gov_check(const struct view *v, struct arena *a, struct err *err)
{
    TRY(check_sections(v, a, err));
    TRY(check_parties(v, a, err));
    TRY(check_rules(v, a, err));
    TRY(check_seats(v, a, err));
    return check_decisions(v, a, err);
}
