#include "gov/course.h"
#include "gov/budget.h"
#include "gov/due.h"
#include "gov/effect.h"
#include "gov/item.h"
#include "gov/joining.h"
#include "gov/lasting.h"
#include "gov/members.h"
#include "gov/receipt.h"
#include "gov/reliance.h"
#include "gov/supersede.h"
#include "gov/rights.h"
#include "gov/trigger.h"

enum { WORDS = 256 };

bool course_is_undecided(const struct state_decision *d)
{
    return d->phase == PHASE_OPEN || d->phase == PHASE_MEDIATION || d->phase == PHASE_PAUSED;
}

bool course_is_live(const struct state_decision *d)
{
    return course_is_undecided(d) || d->phase == PHASE_PASSED || d->phase == PHASE_STALE;
}

static bool names_body(const struct pinned_term_list *t, struct span body)
{
    for (size_t i = 0; i < t->n; i++) {
        if (HAS(&t->v[i], pinned_term_key_body) && span_eq(t->v[i].body, body))
            return true;
    }
    return false;
}

/* GOV-14: rungs to a body that the approvals in force name already are skipped. */
static bool own_body(const struct matter *m, const struct pinned_rung *rung)
{
    const struct pinned_term_list *t = m->d.level == 0 ? &m->p.terms : &m->p.raises.v[m->d.level - 1].terms;
    return HAS(rung, pinned_rung_key_body) && names_body(t, rung->body);
}

uint64_t course_next_rung(const struct matter *m)
{
    for (uint64_t r = m->d.rung + 1; r <= m->p.rungs.n; r++) {
        const struct pinned_rung *rung = &m->p.rungs.v[r - 1];
        bool asks = HAS(rung, pinned_rung_key_mediator) || rung->partners.n > 0; /* all may have left */
        if (asks && !HAS(rung, pinned_rung_key_outside) && !own_body(m, rung))
            return r;
    }
    return 0;
}

struct span course_rung_name(const struct matter *m, uint64_t rung)
{
    if (rung > 0)
        return m->p.rungs.v[rung - 1].to;
    return m->d.level == 0 ? m->p.terms.v[0].of : m->p.raises.v[m->d.level - 1].terms.v[0].of;
}

bool course_timer(const struct state_decision *d, uint64_t *ret_deadline_ms, enum timer_kind *ret_kind)
{
    if (d->phase == PHASE_PAUSED) {
        *ret_deadline_ms = d->resume_ms;
        *ret_kind = TIMER_PAUSE;
        return true;
    }
    if (course_is_undecided(d)) {
        *ret_deadline_ms = d->deadline_ms;
        *ret_kind = TIMER_DEADLINE;
        return true;
    }
    if (d->phase == PHASE_PASSED) {
        *ret_deadline_ms = d->effective_ms;
        *ret_kind = TIMER_EFFECT;
        return true;
    }
    if (d->phase == PHASE_STALE) {
        *ret_deadline_ms = d->rebase_ms;
        *ret_kind = TIMER_REBASE;
        return true;
    }
    if (d->phase == PHASE_EFFECTIVE && HAS(d, state_decision_key_until_ms)) {
        *ret_deadline_ms = d->until_ms;
        *ret_kind = TIMER_EXPIRY;
        return true;
    }
    return false;
}

static bool amending(const struct state_decision *d)
{
    return HAS(d, state_decision_key_section) && course_is_live(d) && d->phase != PHASE_STALE;
}

void course_unlist(struct gov *g, const struct state_decision *d)
{
    uint64_t at;
    enum timer_kind kind;
    if (course_timer(d, &at, &kind))
        state_clear_timer(g, at, d->number, kind);
    struct tkey k = tkey_amending(d->section, d->number);
    if (amending(d))
        overlay_del(g->state, TABLE_AMENDING, tkey_span(&k));
}

void course_list(struct gov *g, const struct state_decision *d)
{
    uint64_t at;
    enum timer_kind kind;
    if (course_timer(d, &at, &kind))
        state_set_timer(g, at, d->number, kind);
    struct tkey k = tkey_amending(d->section, d->number);
    if (amending(d))
        overlay_put(g->state, TABLE_AMENDING, tkey_span(&k), span_of("", 0));
}

static struct state_event event_by(enum event_type type, const struct cause *by)
{
    struct state_event ev = {.type = type};
    if (by == NULL)
        return ev;
    ev.seat = by->seat;
    SET_HAS(&ev, state_event_key_seat);
    ev.id = by->id;
    SET_HAS(&ev, state_event_key_id);
    if (by->reason != NULL) {
        ev.reason = *by->reason;
        SET_HAS(&ev, state_event_key_reason);
    }
    if (by->clause != NULL) {
        ev.clause = *by->clause;
        SET_HAS(&ev, state_event_key_clause);
    }
    return ev;
}

static void event_until(struct state_event *ev, uint64_t until_ms)
{
    ev->until_ms = until_ms;
    SET_HAS(ev, state_event_key_until_ms);
}

/* Kept in the history as a TEXT: plain characters only. */
static void event_words(struct state_event *ev, const char *words, char plain[WORDS])
{
    (void)snprintf(plain, WORDS, "%s", words);
    for (char *p = plain; *p != 0; p++) {
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    }
    ev->words = span_str(plain);
    SET_HAS(ev, state_event_key_words);
}

static enum status current_proposal(struct gov *g, const struct matter *m, struct proposal *ret,
                                    struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    struct state_revision rev;
    TRY(state_need(&v, g->arena, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    *ret = rev.proposal;
    return ST_OK;
}

/* Writes the moved decision: its event, timer, index and record. */
static enum status commit(struct gov *g, struct matter *m, struct state_event *ev, struct err *err)
{
    m->d.changed_leaf = g->leaf;
    if (reliance_is_over(&m->d) || m->d.rung > 0 || m->recommended != NULL) /* over, or in mediation before or now (REL-2) */
        TRY(reliance_list(g, &m->d, err));
    course_list(g, &m->d);
    TRY(state_add_event(g, &m->d, ev, err));
    if (HAS(&m->d, state_decision_key_acted_ms) && !course_is_live(&m->d) && m->d.phase != PHASE_EFFECTIVE &&
        m->d.phase != PHASE_EXPIRED && m->d.phase != PHASE_SUPERSEDED) {
        struct state_event ended = {.type = EVENT_ENDED}; /* GOV-65 */
        TRY(state_add_event(g, &m->d, &ended, err));
    }
    return state_put_decision(g, &m->d, err);
}

void course_unpause(struct state_decision *d, uint64_t now_ms)
{
    if (d->phase != PHASE_PAUSED)
        return;
    uint64_t before = HAS(d, state_decision_key_rung_paused_ms) ? d->rung_paused_ms : 0;
    d->rung_paused_ms = before + (now_ms - d->paused_at_ms);
    SET_HAS(d, state_decision_key_rung_paused_ms);
    d->has &= ~(UINT64_C(1) << state_decision_key_paused_at_ms | UINT64_C(1) << state_decision_key_resume_ms);
}

/* Out of its phase, whichever it is: its timer, its pause, what it had reserved. */
static enum status leave_phase(struct gov *g, struct matter *m, struct err *err)
{
    course_unlist(g, &m->d);
    course_unpause(&m->d, g->time_ms);
    return budget_release(g, &m->d, err);
}

static void set_closed(struct gov *g, struct state_decision *d)
{
    d->closed_ms = g->time_ms;
    SET_HAS(d, state_decision_key_closed_ms);
}

enum status course_close(struct gov *g, struct matter *m, enum phase phase, const struct cause *by,
                         uint64_t other, struct err *err)
{
    static const enum event_type types[] = {
        [PHASE_REJECTED] = EVENT_REJECTED,   [PHASE_VETOED] = EVENT_VETOED,
        [PHASE_WITHDRAWN] = EVENT_WITHDRAWN, [PHASE_LAPSED] = EVENT_LAPSED,
        [PHASE_COUNTERED] = EVENT_COUNTERED, [PHASE_SUPERSEDED] = EVENT_SUPERSEDED,
    };
    TRY(leave_phase(g, m, err));
    m->d.phase = phase;
    set_closed(g, &m->d);
    struct state_event ev = event_by(types[phase], by);
    if (other != 0) {
        ev.other = other;
        SET_HAS(&ev, state_event_key_other);
    }
    return commit(g, m, &ev, err);
}

/* GOV-19: one passing closes the others of its group: the decision countered and its counters. */
static enum status close_counters(struct gov *g, const struct matter *m, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t head = HAS(&m->d, state_decision_key_counters) ? m->d.counters : m->d.number;
    struct tkey k = tkey_u64(head);
    struct state_decision h;
    TRY(state_need(&v, g->arena, TABLE_DECISION, &k, &state_decision_desc, &h, err));
    for (size_t i = 0; i <= h.countered_by.n; i++) {
        uint64_t number = i == 0 ? head : h.countered_by.v[i - 1];
        struct matter other;
        if (number == m->d.number)
            continue;
        TRY(matter_load(&v, g->arena, number, &other, err));
        if (!course_is_undecided(&other.d) && other.d.phase != PHASE_STALE)
            continue;
        TRY(course_close(g, &other, PHASE_COUNTERED, NULL, m->d.number, err));
    }
    return ST_OK;
}

/* A new deadline on the same rung. */
static enum status ask_again(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t deadline;
    TRY(due_at(&v, g->arena, &m->p, g->time_ms, &m->p.sla, &deadline, err));
    course_unlist(g, &m->d);
    m->d.deadline_ms = deadline;
    struct state_event ev = event_by(EVENT_RAISED, by);
    event_until(&ev, deadline);
    return commit(g, m, &ev, err);
}

/* GOV-61: with what passed since it was opened, does its amount need more approvals? */
static enum status raise(struct gov *g, struct matter *m, const struct cause *by, bool *ret_stays,
                         struct err *err)
{
    struct view v = overlay_view(g->state);
    struct proposal pr, summed;
    struct tally t;
    uint64_t level;
    bool joint;
    char why[200];
    *ret_stays = false;
    if (m->d.rung != 0)
        return ST_OK;
    TRY(current_proposal(g, m, &pr, err));
    TRY(budget_summed(&v, g->arena, m->d.type, g->time_ms, &pr, &summed, err));
    if (!rights_judge(&m->p, state_seat_org(m->d.mover), &summed, &joint, &level, why, sizeof why))
        return err_set(err, ST_CORRUPT, "D-%" PRIu64 " passes, but %s", m->d.number, why);
    if (level <= m->d.level && joint <= m->d.joint)
        return ST_OK;
    m->d.level = level > m->d.level ? level : m->d.level;
    m->d.joint |= joint;
    TRY(tally_take(&v, g->arena, m, 0, &t, err));
    *ret_stays = !t.passes;
    return t.passes ? ST_OK : ask_again(g, m, by, err);
}

/* To a rung: a fresh clock there. */
static enum status go_to(struct gov *g, struct matter *m, uint64_t to, enum event_type type,
                         const struct cause *by, struct err *err)
{
    struct view v = overlay_view(g->state);
    const struct pinned_rung *rung = &m->p.rungs.v[to - 1];
    uint64_t deadline;
    TRY(due_at(&v, g->arena, &m->p, g->time_ms, &rung->within, &deadline, err));
    course_unlist(g, &m->d);
    m->d.rung = to;
    m->d.phase = HAS(rung, pinned_rung_key_mediator) ? PHASE_MEDIATION : PHASE_OPEN;
    m->d.deadline_ms = deadline;
    m->d.rung_revisions = 0;
    m->d.has &=
        ~(UINT64_C(1) << state_decision_key_rung_paused_ms | UINT64_C(1) << state_decision_key_pause_asked);
    m->recommended = NULL;
    struct state_event ev = event_by(type, by);
    ev.to = rung->to;
    SET_HAS(&ev, state_event_key_to);
    event_until(&ev, deadline);
    return commit(g, m, &ev, err);
}

/* The rung of the body that decides what does not fit; 0 when that body, or one above it, has spoken. */
static enum status beyond_rung(struct gov *g, const struct matter *m, uint64_t *ret, struct err *err)
{
    struct pinned_term_list terms;
    *ret = 0;
    if (!HAS(&m->p, state_pinned_key_beyond))
        return ST_OK;
    TRY(tally_terms(m, m->d.rung, g->arena, &terms, err));
    if (names_body(&terms, m->p.beyond))
        return ST_OK;
    for (uint64_t r = 1; r <= m->p.rungs.n; r++) {
        const struct pinned_rung *rung = &m->p.rungs.v[r - 1];
        if (!HAS(rung, pinned_rung_key_body) || !span_eq(rung->body, m->p.beyond))
            continue;
        *ret = r > m->d.rung ? r : 0;
        return ST_OK;
    }
    return ST_OK;
}

/* GOV-62 */
static enum status afford(struct gov *g, struct matter *m, const struct cause *by, bool *ret_stays,
                          struct err *err)
{
    struct view v = overlay_view(g->state);
    enum budget_fit fit;
    char words[WORDS];
    uint64_t rung;
    TRY(budget_fits(&v, g->arena, m, g->time_ms, &fit, err));
    *ret_stays = true;
    if (fit == BUDGET_GONE || fit == BUDGET_ENDED) {
        (void)snprintf(words, sizeof words, "the budget %.*s %s", SPAN_FMT(m->d.budget),
                       fit == BUDGET_GONE ? "is gone" : "has ended");
        return course_stale(g, m, words, err);
    }
    if (fit == BUDGET_OVER) {
        TRY(beyond_rung(g, m, &rung, err));
        if (rung != 0)
            return go_to(g, m, rung, EVENT_BEYOND, by, err);
    }
    *ret_stays = false;
    return ST_OK;
}

/* Notice begins; it may be over at once. Or it is asked further: then it does not pass. */
static enum status pass(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t effective;
    bool stays;
    TRY(raise(g, m, by, &stays, err));
    if (!stays && lasting_is_over(&m->d, g->time_ms))
        return course_stale(g, m, lasting_words, err);
    if (!stays)
        TRY(afford(g, m, by, &stays, err));
    if (stays)
        return ST_OK;
    if (m->p.notice.n == 0)
        effective = g->time_ms;
    else
        TRY(due_at(&v, g->arena, &m->p, g->time_ms, &m->p.notice, &effective, err));
    course_unlist(g, &m->d);
    m->d.phase = PHASE_PASSED;
    m->d.passed_ms = g->time_ms;
    SET_HAS(&m->d, state_decision_key_passed_ms);
    m->d.effective_ms = effective;
    SET_HAS(&m->d, state_decision_key_effective_ms);
    struct state_event ev = event_by(EVENT_PASSED, by);
    event_until(&ev, effective);
    TRY(commit(g, m, &ev, err));
    TRY(budget_reserve(g, &m->d, err));
    TRY(state_put_decision(g, &m->d, err));
    return close_counters(g, m, err);
}

static enum status pass_and_effect(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    TRY(pass(g, m, by, err));
    return m->d.phase == PHASE_PASSED && m->p.notice.n == 0 ? course_effect(g, m, err) : ST_OK;
}

/* GOV-55: all accept what the mediator recommends: it is the revision now. */
static enum status adopt(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    const struct state_input *in = m->recommended;
    if (m->d.phase != PHASE_MEDIATION || in == NULL)
        return ST_OK;
    const struct proposal *pr = &in->input.settled;
    struct state_revision rev = {
        .digest = in->id, .leaf = in->leaf, .at_ms = in->at_ms, .rung = m->d.rung, .proposal = *pr};
    struct view v = overlay_view(g->state);
    TRY(reliance_unlist(g, &m->d, err));
    TRY(lasting_describe(&v, g->arena, &m->p, pr, &m->d, err));
    m->d.revision++;
    m->d.digest = in->id;
    m->d.title = pr->title;
    if (HAS(&m->d, state_decision_key_section)) {
        m->d.base_version = pr->effect.base_version;
        m->d.has &= ~(UINT64_C(1) << state_decision_key_base_version);
        if (HAS(&pr->effect, effect_key_base_version))
            SET_HAS(&m->d, state_decision_key_base_version);
    }
    budget_describe(&m->d, pr);
    m->recommended = NULL;
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    TRY(state_put(g, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    TRY(reliance_list(g, &m->d, err));
    struct state_event ev = event_by(EVENT_SETTLED, by);
    return state_add_event(g, &m->d, &ev, err);
}

enum status course_settle(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tally t;
    TRY(tally_take(&v, g->arena, m, m->d.rung, &t, err));
    if (!t.passes)
        return state_put_decision(g, &m->d, err);
    TRY(adopt(g, m, by, err));
    return pass_and_effect(g, m, by, err);
}

enum status course_recount(struct gov *g, struct matter *m, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tally t;
    TRY(tally_take(&v, g->arena, m, m->d.rung, &t, err));
    if (!t.passes)
        return state_put_decision(g, &m->d, err);
    TRY(adopt(g, m, NULL, err));
    return pass(g, m, NULL, err);
}

/* GOV-16: the ladder has ended. Final say: that partner's own vote where ballots were last asked decides. */
static enum status apply_default(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    const struct charter_else *e = &m->p.otherwise;
    struct view v = overlay_view(g->state);
    struct state_event ev = event_by(EVENT_DEFAULT, by);
    m->d.outcome = e->type;
    SET_HAS(&m->d, state_decision_key_outcome);
    ev.outcome = e->type;
    SET_HAS(&ev, state_event_key_outcome);
    if (HAS(e, charter_else_key_name)) {
        m->d.outcome_name = ev.name = e->name;
        SET_HAS(&m->d, state_decision_key_outcome_name);
        SET_HAS(&ev, state_event_key_name);
    }
    if (e->type == ELSE_FINAL_SAY) {
        struct tally t;
        TRY(tally_take(&v, g->arena, m, tally_last_ballots(m, m->d.rung), &t, err));
        if (tally_of_partner(&t, e->name) == POSITION_APPROVES && t.inputs) {
            TRY(state_add_event(g, &m->d, &ev, err));
            return pass_and_effect(g, m, by, err);
        }
    }
    course_unlist(g, &m->d);
    m->d.phase = PHASE_DEFAULT;
    set_closed(g, &m->d);
    return commit(g, m, &ev, err);
}

enum status course_climb(struct gov *g, struct matter *m, const struct cause *by, struct err *err)
{
    uint64_t next = course_next_rung(m);
    if (next == 0)
        return apply_default(g, m, by, err);
    return go_to(g, m, next, EVENT_ESCALATED, by, err);
}

enum status course_pause(struct gov *g, struct matter *m, const struct cause *by, uint64_t until_ms,
                         struct err *err)
{
    course_unlist(g, &m->d);
    m->d.phase = PHASE_PAUSED;
    m->d.paused_at_ms = g->time_ms;
    m->d.resume_ms = until_ms;
    SET_HAS(&m->d, state_decision_key_paused_at_ms);
    SET_HAS(&m->d, state_decision_key_resume_ms);
    m->d.has &= ~(UINT64_C(1) << state_decision_key_pause_asked);
    struct state_event ev = event_by(EVENT_PAUSED, by);
    event_until(&ev, until_ms);
    return commit(g, m, &ev, err);
}

enum status course_resume(struct gov *g, struct matter *m, const struct cause *by, uint64_t deadline_ms,
                          struct err *err)
{
    course_unlist(g, &m->d);
    course_unpause(&m->d, g->time_ms);
    m->d.phase = PHASE_OPEN;
    m->d.deadline_ms = deadline_ms;
    struct state_event ev = event_by(EVENT_RESUMED, by);
    event_until(&ev, deadline_ms);
    TRY(commit(g, m, &ev, err));
    return course_settle(g, m, by, err);
}

/* GOV-58: the silence of those that owe counts as approval. */
static enum status deem(struct gov *g, struct matter *m, const struct tally *t, bool *ret_passes,
                        struct err *err)
{
    struct view v = overlay_view(g->state);
    struct span_list deemed;
    TRY(receipt_deems(&v, g->arena, m, t, ret_passes, &deemed, err));
    if (!*ret_passes)
        return ST_OK;
    m->d.deemed = deemed;
    SET_HAS(&m->d, state_decision_key_deemed);
    for (size_t i = 0; i < deemed.n; i++) {
        struct state_event ev = {.type = EVENT_DEEMED, .name = deemed.v[i]};
        SET_HAS(&ev, state_event_key_name);
        TRY(state_add_event(g, &m->d, &ev, err));
    }
    return pass_and_effect(g, m, NULL, err);
}

/* GOV-13 (rule 12): who still owes is asked one rung up, and so is what lacks an input alone; else it is
 * rejected. */
enum status course_deadline(struct gov *g, struct matter *m, struct err *err)
{
    if (m->d.phase == PHASE_MEDIATION)
        return course_climb(g, m, NULL, err);
    struct view v = overlay_view(g->state);
    struct tally t;
    bool passes;
    TRY(tally_take(&v, g->arena, m, m->d.rung, &t, err));
    TRY(deem(g, m, &t, &passes, err));
    if (passes)
        return ST_OK;
    if (t.owes || (t.met && !t.inputs))
        return course_climb(g, m, NULL, err);
    return course_close(g, m, PHASE_REJECTED, NULL, 0, err);
}

/* GOV-21 (rules 19, 20): five business days to rebase. */
enum status course_stale(struct gov *g, struct matter *m, const char *words, struct err *err)
{
    static const struct charter_span five = {.n = 5, .unit = UNIT_BD};
    struct view v = overlay_view(g->state);
    char plain[WORDS];
    uint64_t until;
    TRY(due_at(&v, g->arena, &m->p, g->time_ms, &five, &until, err));
    TRY(leave_phase(g, m, err));
    m->d.phase = PHASE_STALE;
    m->d.rebase_ms = until;
    SET_HAS(&m->d, state_decision_key_rebase_ms);
    struct state_event ev = event_by(EVENT_STALE, NULL);
    event_until(&ev, until);
    event_words(&ev, words, plain);
    return commit(g, m, &ev, err);
}

enum status course_lapse(struct gov *g, struct matter *m, const char *words, struct err *err)
{
    char plain[WORDS];
    TRY(leave_phase(g, m, err));
    m->d.phase = PHASE_LAPSED;
    set_closed(g, &m->d);
    struct state_event ev = event_by(EVENT_LAPSED, NULL);
    event_words(&ev, words, plain);
    return commit(g, m, &ev, err);
}

/* The first to become effective wins; undecided amendments of an older version are stale. */
static enum status stale_others(struct gov *g, uint64_t section, uint64_t version, uint64_t winner,
                                struct err *err)
{
    struct tkey from = tkey_amending(section, 0);
    for (;;) {
        struct view v = overlay_view(g->state);
        struct span key, value;
        enum status st = view_next(&v, TABLE_AMENDING, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && key.p[0] != section))
            return ST_OK;
        if (st != ST_OK)
            return st;
        uint64_t number = load_u64(key.p + 1);
        struct matter m;
        TRY(matter_load(&v, g->arena, number, &m, err));
        if (m.d.base_version != version) {
            char words[128];
            (void)snprintf(words, sizeof words,
                           "D-%" PRIu64 " took effect first; the section is at version %" PRIu64, winner,
                           version);
            TRY(course_stale(g, &m, words, err));
        }
        from = tkey_amending(section, number + 1);
    }
}

/* GOV-25: why its effect could not be had. An amendment's words are its check's own. */
static enum status no_effect(struct gov *g, struct matter *m, const struct effect *e, const struct denial *no,
                             struct err *err)
{
    return course_stale(g, m, e->type == EFFECT_AMEND ? no->why : verdict_text(no->verdict), err);
}

/* What follows from the decision having taken effect, after its own event. */
static enum status consequences(struct gov *g, const struct matter *m, const struct effect *e,
                                uint64_t version, struct err *err)
{
    struct span leaver;
    if (version != 0)
        TRY(stale_others(g, effect_section(e), version, m->d.number, err));
    if (e->type == EFFECT_AMEND) {
        TRY(reliance_amended(g, &m->d, e->section, version, err));
        return trigger_follow(g, err);
    }
    if (e->type == EFFECT_ADMIT)
        return joining_joined(g, e->party.org, err);
    if (!effect_leaver(&m->d, e, &leaver))
        return ST_OK;
    TRY(members_leave(g, leaver, err));
    TRY(joining_left(g, leaver, err));
    return item_left(g, leaver, err);
}

enum status course_effect(struct gov *g, struct matter *m, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_event ev = event_by(EVENT_EFFECTIVE, NULL);
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    struct state_revision rev;
    struct denial no;
    const char *gone;
    uint64_t version;
    TRY(state_need(&v, g->arena, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    const struct effect *e = &rev.proposal.effect;
    if (lasting_is_over(&m->d, g->time_ms))
        return course_stale(g, m, lasting_words, err);
    TRY(supersede_gone(&v, g->arena, &m->d, &gone, err));
    if (gone != NULL)
        return course_stale(g, m, gone, err);
    enum status st = effect_check(&v, g->arena, g->time_ms, &m->d, e, &no, err);
    if (st == ST_REFUSED)
        return no_effect(g, m, e, &no, err);
    TRY(st);
    TRY(effect_apply(g, &m->d, e, &version, err));
    TRY(budget_spend(g, &m->d, err));
    if (version != 0) {
        ev.section = effect_section(e);
        SET_HAS(&ev, state_event_key_section);
        ev.version = version;
        SET_HAS(&ev, state_event_key_version);
    }
    course_unlist(g, &m->d);
    m->d.phase = PHASE_EFFECTIVE;
    m->d.effective_ms = g->time_ms;
    set_closed(g, &m->d);
    TRY(commit(g, m, &ev, err));
    TRY(consequences(g, m, e, version, err));
    TRY(supersede_apply(g, &m->d, err));
    return lasting_reaffirm(g, m, err);
}

enum status course_expire(struct gov *g, struct matter *m, struct err *err)
{
    struct state_event ev = event_by(EVENT_EXPIRED, NULL);
    course_unlist(g, &m->d);
    m->d.phase = PHASE_EXPIRED;
    set_closed(g, &m->d);
    return commit(g, m, &ev, err);
}

enum status course_defer(struct gov *g, struct matter *m, uint64_t until_ms, struct err *err)
{
    course_unlist(g, &m->d);
    if (m->d.phase == PHASE_STALE)
        m->d.rebase_ms = until_ms;
    else
        m->d.deadline_ms = until_ms;
    struct state_event ev = event_by(EVENT_DEFERRED, NULL);
    event_until(&ev, until_ms);
    course_list(g, &m->d);
    /* Nothing that a person decided upon has changed: entries made before still count. */
    TRY(state_add_event(g, &m->d, &ev, err));
    return state_put_decision(g, &m->d, err);
}
