/* A decision is opened, and what is proposed is revised (GOV-7 to GOV-10, GOV-18). */
#include "gov/act.h"
#include "gov/budget.h"
#include "gov/course.h"
#include "gov/due.h"
#include "gov/effect.h"
#include "gov/lasting.h"
#include "gov/propose.h"
#include "gov/receipt.h"
#include "gov/reliance.h"
#include "gov/reseat.h"
#include "gov/rights.h"
#include "gov/supersede.h"
#include "gov/trigger.h"

enum { REVISIONS_PER_RUNG = 3, COUNTERS_MAX = 8, AMENDING_MAX = 32 };

/* Parts of a proposal that any row looks at. */
static enum status proposal_sound(struct act *c, const struct rights *r, const struct charter_row *row,
                                  struct span type, const struct proposal *p)
{
    if (HAS(row, charter_row_key_scope) && (!HAS(p, proposal_key_scope) || !span_eq(p->scope, row->scope)))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is limited to the scope %.*s", SPAN_FMT(row->name),
                          SPAN_FMT(row->scope));
    if (HAS(p, proposal_key_affected)) {
        if (!state_list_ascends(&p->affected))
            return act_refuse(c, V_MALFORMED, "proposal.affected: partners must ascend, none twice");
        for (size_t i = 0; i < p->affected.n; i++) {
            if (!charter_is_partner(&r->charter, p->affected.v[i]))
                return act_refuse(c, V_NO_SUCH_OBJECT, "proposal.affected: %.*s is no partner",
                                  SPAN_FMT(p->affected.v[i]));
        }
    }
    if (!HAS(p, proposal_key_partner) || charter_is_partner(&r->charter, p->partner))
        return ST_OK;
    /* Witnesses and observers can be removed too. */
    if (span_eqs(type, "removal") && charter_party(&r->charter, p->partner) != NULL)
        return ST_OK;
    return act_refuse(c, V_NO_SUCH_OBJECT, "proposal.partner: %.*s is no partner", SPAN_FMT(p->partner));
}

/* What the approvals in force need to know of the proposal, and whether anyone can meet them. */
static enum status approvals_sound(struct act *c, const struct matter *m, struct err *err)
{
    struct pinned_term_list terms;
    TRY(tally_terms(m, 0, c->g->arena, &terms, err));
    for (size_t i = 0; i < terms.n; i++) {
        if (terms.v[i].who == WHO_OTHER && !HAS(&m->d, state_decision_key_partner))
            return act_refuse(c, V_INCOMPLETE,
                              "the row asks each other partner: name the partner that the proposal is about");
        if (terms.v[i].who == WHO_AFFECTED && m->d.joint && m->d.affected.n == 0)
            return act_refuse(c, V_INCOMPLETE, "the row asks each affected partner: name those affected");
    }
    struct tally t;
    TRY(tally_take(&c->v, c->g->arena, m, 0, &t, err));
    for (size_t i = 0; i < terms.n; i++) {
        size_t asked = 0;
        for (size_t j = 0; j < t.n; j++)
            asked += t.v[j].term == &terms.v[i];
        if (asked == 0)
            return act_refuse(c, V_NOT_PERMITTED, "no partner could approve this under its row");
    }
    return ST_OK;
}

static enum status effect_sound(struct act *c, const struct state_decision *d, const struct effect *effect,
                                struct err *err)
{
    struct denial no;
    return act_checked(c, effect_check(&c->v, c->g->arena, c->g->time_ms, d, effect, &no, err), &no);
}

/* The engine goes through all undecided amendments of a section when one takes effect: so few may be open. */
static enum status room_to_amend(struct act *c, uint64_t section)
{
    struct tkey from = tkey_amending(section, 0);
    for (size_t n = 0;; n++) {
        struct span key, value;
        enum status st = view_next(&c->v, TABLE_AMENDING, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && key.p[0] != section))
            return ST_OK;
        if (st != ST_OK)
            return st;
        if (n + 1 >= AMENDING_MAX)
            return act_refuse(c, V_TOO_MANY, "%d undecided amendments of this section are open already",
                              AMENDING_MAX);
        from = tkey_amending(section, load_u64(key.p + 1) + 1);
    }
}

/* What the state keeps of the proposal beside the decision. */
static void describe(struct state_decision *d, const struct proposal *p)
{
    d->title = p->title;
    d->affected = HAS(p, proposal_key_affected) ? p->affected : (struct span_list){0};
    if (HAS(p, proposal_key_partner)) {
        d->partner = p->partner;
        SET_HAS(d, state_decision_key_partner);
    }
    if (p->effect.type == EFFECT_AMEND) {
        d->section = p->effect.section;
        SET_HAS(d, state_decision_key_section);
        d->base_version = p->effect.base_version; /* 0: the section is new */
        if (HAS(&p->effect, effect_key_base_version))
            SET_HAS(d, state_decision_key_base_version);
    }
    budget_describe(d, p);
    supersede_describe(d, p);
}

static enum status judge(struct act *c, struct matter *m, const struct proposal *p, struct err *err)
{
    char why[200];
    struct proposal summed;
    TRY(budget_summed(&c->v, c->g->arena, m->d.type, c->g->time_ms, p, &summed, err));
    if (rights_judge(&m->p, state_seat_org(m->d.mover), &summed, &m->d.joint, &m->d.level, why, sizeof why))
        return supersede_widen(&c->v, c->g->arena, m, err);
    return act_refuse(c, V_INCOMPLETE, "%s", why);
}

/* GOV-19. The counters of one decision form a group with it; a counter to a counter joins that group. */
static enum status counter_sound(struct act *c, const struct propose *r, struct matter *ret_head,
                                 struct err *err)
{
    struct matter m;
    enum status st = matter_load(&c->v, c->g->arena, r->counters.number, &m, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64 " to counter",
                          r->counters.number);
    if (st != ST_OK)
        return st;
    TRY(act_seen(c, m.d.changed_leaf, "the decision to be countered"));
    if (!course_is_undecided(&m.d))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s; only what is undecided can be countered",
                          m.d.number, enum_text(&phase_enum, m.d.phase));
    if (!hash_eq(&m.d.digest, &r->counters.digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m.d.number,
                          m.d.revision);
    if (!span_eq(m.d.type, r->type))
        return act_refuse(c, V_NOT_PERMITTED, "a counter to D-%" PRIu64 " has its type, %.*s", m.d.number,
                          SPAN_FMT(m.d.type));
    if (span_eq(m.d.mover, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED, "D-%" PRIu64 " is this seat's own proposal: revise it instead",
                          m.d.number);
    if (HAS(&m.d, state_decision_key_counters)) {
        TRY(matter_load(&c->v, c->g->arena, m.d.counters, &m, err));
    }
    if (m.d.countered_by.n >= COUNTERS_MAX)
        return act_refuse(c, V_TOO_MANY, "D-%" PRIu64 " has %d counters already", m.d.number, COUNTERS_MAX);
    *ret_head = m;
    return ST_OK;
}

static enum status write_counter(struct act *c, struct matter *head, uint64_t number, struct err *err)
{
    uint64_t *v = arena_array(c->g->arena, head->d.countered_by.n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for counters");
    if (head->d.countered_by.n != 0)
        memcpy(v, head->d.countered_by.v, head->d.countered_by.n * sizeof *v);
    v[head->d.countered_by.n] = number;
    head->d.countered_by = (struct uint_list){head->d.countered_by.n + 1, v};
    struct state_event ev = {
        .type = EVENT_COUNTER, .seat = c->e->entry->seat, .id = c->e->id, .other = number};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_other);
    TRY(state_add_event(c->g, &head->d, &ev, err));
    return state_put_decision(c->g, &head->d, err);
}

static enum status write_revision(struct act *c, const struct state_decision *d, const struct proposal *p,
                                  const struct hash *reason, struct err *err)
{
    struct state_revision rev = {
        .digest = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms, .rung = d->rung, .proposal = *p};
    if (reason != NULL) {
        rev.reason = *reason;
        SET_HAS(&rev, state_revision_key_reason);
    }
    struct tkey k = tkey_revision(d->number, d->revision);
    return state_put(c->g, TABLE_REVISION, &k, &state_revision_desc, &rev, err);
}

static enum status write_new(struct act *c, struct matter *m, const struct propose *r, struct matter *head,
                             struct err *err)
{
    struct state_event ev = {
        .type = EVENT_OPENED, .seat = c->e->entry->seat, .id = c->e->id, .until_ms = m->d.deadline_ms};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_until_ms);
    TRY(state_count(c->g, "decision", &m->d.number, err));
    if (head != NULL) {
        m->d.counters = head->d.number;
        SET_HAS(&m->d, state_decision_key_counters);
        TRY(write_counter(c, head, m->d.number, err));
    }
    struct tkey k = tkey_u64(m->d.number);
    TRY(state_put(c->g, TABLE_PINNED, &k, &state_pinned_desc, &m->p, err));
    TRY(write_revision(c, &m->d, &r->proposal, NULL, err));
    if (HAS(&r->proposal, proposal_key_relies))
        TRY(reliance_list(c->g, &m->d, err));
    course_list(c->g, &m->d);
    TRY(state_add_event(c->g, &m->d, &ev, err));
    if (HAS(&m->d, state_decision_key_acted_ms)) {
        ev.type = EVENT_ACTED; /* GOV-64 */
        ev.has &= ~(UINT64_C(1) << state_event_key_until_ms);
        TRY(state_add_event(c->g, &m->d, &ev, err));
    }
    return state_put_decision(c->g, &m->d, err);
}

enum status propose_apply_propose(struct act *c, const struct propose *r, struct err *err)
{
    const struct entry *e = c->e->entry;
    struct rights rights;
    TRY(rights_load(&c->v, c->g->arena, &rights, err));
    const struct charter_row *row = charter_row(&rights.charter, r->type);
    if (row == NULL)
        return act_refuse(c, V_NO_SUCH_OBJECT, "the charter has no decision row %.*s", SPAN_FMT(r->type));
    const char *not_yet = rights_unsupported(row);
    if (not_yet != NULL)
        return act_refuse(c, V_NOT_SUPPORTED, "%.*s: these rules do not enforce %s yet", SPAN_FMT(row->name),
                          not_yet);
    struct matter m = {.d = {.number = 1,
                             .type = r->type,
                             .phase = PHASE_OPEN,
                             .revision = 1,
                             .digest = c->e->id,
                             .mover = e->seat,
                             .opened_ms = c->g->time_ms,
                             .opened_leaf = c->g->leaf,
                             .changed_leaf = c->g->leaf}};
    TRY(rights_pin(&rights, c->g->arena, row, &m.p, err));
    if (!state_list_has(&m.p.owners, e->seat))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is no owner of %.*s, so it may not propose one",
                          SPAN_FMT(e->seat), SPAN_FMT(row->name));
    TRY(budget_sound(c, &rights, &m.p, row->budget == REQ_REQUIRED, NULL, &r->proposal, err));
    if (HAS(&r->proposal, proposal_key_budget))
        TRY(budget_pin(&rights, c->g->arena, r->proposal.budget, &m.p, err));
    TRY(proposal_sound(c, &rights, row, r->type, &r->proposal));
    TRY(lasting_sound(c, &m.p, &r->proposal, err));
    TRY(supersede_sound(c, r->type, &r->proposal, err));
    TRY(reliance_sound(c, 0, &r->proposal, err));
    describe(&m.d, &r->proposal);
    TRY(lasting_describe(&c->v, c->g->arena, &m.p, &r->proposal, &m.d, err));
    if (reseat_is(r->type, &r->proposal))
        TRY(reseat_pin(&c->v, c->g, r->proposal.partner, &m.p, err));
    if (row->act_first) {
        m.d.acted_ms = c->g->time_ms;
        SET_HAS(&m.d, state_decision_key_acted_ms);
    }
    TRY(judge(c, &m, &r->proposal, err));
    TRY(approvals_sound(c, &m, err));
    TRY(effect_sound(c, &m.d, &r->proposal.effect, err));
    if (HAS(&m.d, state_decision_key_section))
        TRY(room_to_amend(c, m.d.section));
    if (!state_fits(c->g, &state_pinned_desc, &m.p))
        return act_refuse(c, V_TOO_MANY, "the row names more seats than a decision can hold");
    struct matter head;
    bool counter = HAS(r, propose_key_counters);
    if (counter)
        TRY(counter_sound(c, r, &head, err));
    TRY(due_at(&c->v, c->g->arena, &m.p, c->g->time_ms, &m.p.sla, &m.d.deadline_ms, err));
    receipt_describe(&m.p, &m.d);
    TRY(write_new(c, &m, r, counter ? &head : NULL, err));
    return trigger_decided(c->g, &m.d, err);
}

/* GOV-10: a partner that balloted stays affected, whatever the revision names. */
static enum status keep_affected(struct act *c, struct matter *m, const struct span_list *before,
                                 const struct proposal *was, struct err *err)
{
    struct span *v = arena_array(c->g->arena, m->d.affected.n + before->n, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the partners affected");
    size_t n = m->d.affected.n;
    if (n != 0)
        memcpy(v, m->d.affected.v, n * sizeof *v);
    for (size_t i = 0; i < before->n; i++) {
        struct span org = before->v[i];
        if ((HAS(was, proposal_key_affected) && state_list_has(&was->affected, org)) ||
            state_list_has(&m->d.affected, org))
            continue;
        size_t j = n++;
        for (; j > 0 && span_cmp(v[j - 1], org) > 0; j--)
            v[j] = v[j - 1];
        v[j] = org;
    }
    m->d.affected = (struct span_list){n, v};
    return ST_OK;
}

static enum status may_revise(struct act *c, const struct revise *r, const struct matter *m)
{
    TRY(act_seen(c, m->d.changed_leaf, "the decision"));
    if (!span_eq(m->d.mover, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED,
                          "only its mover, %.*s, revises D-%" PRIu64 "; others propose a counter",
                          SPAN_FMT(m->d.mover), m->d.number);
    if (m->d.phase == PHASE_PASSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " passed at %s; it is revised no more", m->d.number,
                          time_utc(m->d.passed_ms).s);
    if (m->d.phase == PHASE_PAUSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is paused; it must be resumed before it is revised",
                          m->d.number);
    if (!course_is_live(&m->d))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s%s", m->d.number,
                          enum_text(&phase_enum, m->d.phase), time_utc(m->d.closed_ms).s, supersede_hint(&m->d));
    if (!hash_eq(&m->d.digest, &r->decision.digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m->d.number,
                          m->d.revision);
    if (m->d.phase != PHASE_STALE && m->d.rung_revisions >= REVISIONS_PER_RUNG)
        return act_refuse(c, V_TOO_MANY, "D-%" PRIu64 " was revised %d times on this rung already",
                          m->d.number, REVISIONS_PER_RUNG);
    if (m->d.revision >= UINT16_MAX)
        return act_refuse(c, V_TOO_MANY, "D-%" PRIu64 " has no revision numbers left", m->d.number);
    return ST_OK;
}

/* The same partner, decision to be superseded, kind of effect and section as before. */
static enum status same_matter(struct act *c, const struct proposal *was, const struct proposal *p)
{
    bool partner = HAS(was, proposal_key_partner);
    if (partner != HAS(p, proposal_key_partner) || (partner && !span_eq(was->partner, p->partner)))
        return act_refuse(c, V_NOT_PERMITTED,
                          "a revision does not change the partner that a proposal is about");
    bool supersedes = HAS(was, proposal_key_supersedes);
    if (supersedes != HAS(p, proposal_key_supersedes) || (supersedes && p->supersedes != was->supersedes))
        return act_refuse(c, V_NOT_PERMITTED, "a revision does not change which decision a proposal supersedes; propose anew");
    if (p->effect.type != was->effect.type || p->effect.section != was->effect.section)
        return act_refuse(c, V_NOT_PERMITTED,
                          "a revision keeps the kind of effect and the section; propose anew");
    return ST_OK;
}

/* Parts of the proposal, and its effect, as at an opening; scope and the rest of the row were checked then.
 */
static enum status successor(struct act *c, const struct matter *m, const struct proposal *was,
                             const struct proposal *p, struct err *err)
{
    struct rights rights;
    struct charter_row any = {0};
    TRY(rights_load(&c->v, c->g->arena, &rights, err));
    TRY(budget_sound(c, &rights, &m->p, false, was, p, err));
    TRY(proposal_sound(c, &rights, &any, m->d.type, p));
    TRY(lasting_sound(c, &m->p, p, err));
    TRY(supersede_sound(c, m->d.type, p, err));
    TRY(reliance_sound(c, m->d.number, p, err));
    struct state_decision as = m->d; /* with the partner that it names */
    as.has &= ~(UINT64_C(1) << state_decision_key_partner);
    describe(&as, p);
    TRY(effect_sound(c, &as, &p->effect, err));
    return same_matter(c, was, p);
}

enum status propose_check_successor(struct act *c, const struct matter *m, const struct proposal *p,
                                    struct err *err)
{
    struct state_revision was;
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    TRY(state_need(&c->v, c->g->arena, TABLE_REVISION, &k, &state_revision_desc, &was, err));
    TRY(successor(c, m, &was.proposal, p, err));
    if (m->d.revision >= UINT16_MAX)
        return act_refuse(c, V_TOO_MANY, "D-%" PRIu64 " has no revision numbers left", m->d.number);
    return ST_OK;
}

/* The decision as the revision makes it; nothing is written. */
static enum status revised(struct act *c, const struct revise *r, struct matter *m,
                           const struct state_revision *was, struct err *err)
{
    struct span_list before = m->d.affected;
    describe(&m->d, &r->proposal);
    TRY(lasting_describe(&c->v, c->g->arena, &m->p, &r->proposal, &m->d, err));
    TRY(keep_affected(c, m, &before, &was->proposal, err));
    TRY(judge(c, m, &r->proposal, err));
    m->recommended = NULL;
    m->d.revision++;
    m->d.digest = c->e->id;
    m->d.changed_leaf = c->g->leaf;
    if (m->d.phase != PHASE_STALE)
        m->d.rung_revisions++;
    bool mediator = m->d.rung > 0 && HAS(&m->p.rungs.v[m->d.rung - 1], pinned_rung_key_mediator);
    m->d.phase = mediator ? PHASE_MEDIATION : PHASE_OPEN;
    uint64_t read;
    TRY(due_at(&c->v, c->g->arena, &m->p, c->g->time_ms, &m->p.min_read, &read, err));
    if (m->d.deadline_ms < read)
        m->d.deadline_ms = read;
    m->d.has &=
        ~(UINT64_C(1) << state_decision_key_passed_ms | UINT64_C(1) << state_decision_key_effective_ms |
          UINT64_C(1) << state_decision_key_rebase_ms | UINT64_C(1) << state_decision_key_outcome |
          UINT64_C(1) << state_decision_key_outcome_name | UINT64_C(1) << state_decision_key_deemed |
          UINT64_C(1) << state_decision_key_pause_asked);
    return approvals_sound(c, m, err);
}

enum status propose_apply_revise(struct act *c, const struct revise *r, struct err *err)
{
    struct matter m;
    enum status st = matter_load(&c->v, c->g->arena, r->decision.number, &m, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, r->decision.number);
    if (st != ST_OK)
        return st;
    TRY(may_revise(c, r, &m));
    struct tkey k = tkey_revision(m.d.number, m.d.revision);
    struct state_revision was;
    TRY(state_need(&c->v, c->g->arena, TABLE_REVISION, &k, &state_revision_desc, &was, err));
    TRY(successor(c, &m, &was.proposal, &r->proposal, err));
    struct state_decision old = m.d;
    TRY(revised(c, r, &m, &was, err));

    course_unlist(c->g, &old);
    TRY(reliance_unlist(c->g, &old, err));
    TRY(write_revision(c, &m.d, &r->proposal, HAS(r, revise_key_reason) ? &r->reason : NULL, err));
    TRY(reliance_list(c->g, &m.d, err));
    struct state_event ev = {
        .type = EVENT_REVISED, .seat = c->e->entry->seat, .id = c->e->id, .until_ms = m.d.deadline_ms};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_until_ms);
    if (HAS(r, revise_key_reason)) {
        ev.reason = r->reason;
        SET_HAS(&ev, state_event_key_reason);
    }
    course_list(c->g, &m.d);
    TRY(state_add_event(c->g, &m.d, &ev, err));
    return state_put_decision(c->g, &m.d, err);
}
