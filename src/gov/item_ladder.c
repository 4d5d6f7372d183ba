/* Items climb (rule 23), and conflicts end (rule 32): ITM-12 to ITM-15; what timers of items do. */
#include "gov/item.h"
#include "gov/party.h"
#include "gov/warning.h"

enum { RUNGS_MAX = 16 };

/* --- The ladder --- */

static bool is_body(const struct charter_selector *to, struct span body)
{
    return HAS(to, charter_selector_key_body) && span_eq(to->body, body);
}

static enum status add_rung(const struct rights *r, struct arena *a, const struct charter_rung *from,
                            bool conflict, struct item_rung_list *l, struct err *err)
{
    struct pinned_rung p;
    if (l->n == RUNGS_MAX)
        return ST_OK;
    TRY(rights_pin_rung(r, a, from, &p, err));
    bool mediates = HAS(&p, pinned_rung_key_mediator);
    if (mediates && !conflict)
        return ST_OK;
    struct item_rung *x = &l->v[l->n++];
    *x = (struct item_rung){.to = p.to, .within = p.within, .partners = p.partners};
    if (HAS(&p, pinned_rung_key_body)) {
        x->body = p.body;
        SET_HAS(x, item_rung_key_body);
    }
    if (mediates) {
        x->mediator = p.mediator;
        SET_HAS(x, item_rung_key_mediator);
    }
    if (mediates && HAS(from, charter_rung_key_answer)) {
        x->answer = from->answer;
        SET_HAS(x, item_rung_key_answer);
    }
    return ST_OK;
}

enum status item_ladder_now(const struct view *v, struct arena *a, bool conflict,
                            struct state_item_ladder *ret, struct err *err)
{
    struct rights r;
    const void *section;
    struct state_item_ladder l = {.otherwise = {.type = ELSE_STATUS_QUO}};
    struct charter_rung first = {0};
    TRY(rights_load(v, a, &r, err));
    TRY(item_section(v, a, SECTION_CONFLICTS, &section, err));
    const struct charter_conflicts *k = section;
    const struct charter_ladder *ladder =
        k == NULL ? r.charter.ladders->list.v : charter_ladder(&r.charter, k->ladder);
    l.rungs.v = arena_array(a, RUNGS_MAX, sizeof *l.rungs.v);
    if (l.rungs.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for a ladder");
    if (k != NULL) {
        l.otherwise = k->otherwise;
        first.within = k->within;
        first.to.body = k->first;
        SET_HAS(&first.to, charter_selector_key_body);
        TRY(add_rung(&r, a, &first, conflict, &l.rungs, err));
    }
    for (size_t i = 0; ladder != NULL && i < ladder->rungs.n; i++)
        if (k == NULL || !is_body(&ladder->rungs.v[i].to, k->first))
            TRY(add_rung(&r, a, &ladder->rungs.v[i], conflict, &l.rungs, err));
    *ret = l;
    return ST_OK;
}

enum status item_ladder_get(const struct view *v, struct arena *a, const struct state_item *it,
                            struct state_item_ladder *ret, struct err *err)
{
    struct tkey k = tkey_item(it->item.type, it->number);
    return state_need(v, a, TABLE_ITEM_LADDER, &k, &state_item_ladder_desc, ret, err);
}

enum status item_next_rung(const struct view *v, struct arena *a, const struct state_item_ladder *l,
                           uint64_t rung, uint64_t *ret_next, struct err *err)
{
    for (uint64_t n = rung + 1; n <= l->rungs.n; n++) {
        const struct item_rung *r = &l->rungs.v[n - 1];
        bool asks = HAS(r, item_rung_key_mediator);
        for (size_t i = 0; !asks && i < r->partners.n; i++) {
            bool left = false;
            TRY(party_has_left(v, a, r->partners.v[i].org, &left, err));
            asks = !left;
        }
        if (asks) {
            *ret_next = n;
            return ST_OK;
        }
    }
    *ret_next = 0;
    return ST_OK;
}

/* What it climbs: as pinned, or pinned now. */
static enum status ladder_of(struct gov *g, const struct state_item *it, struct state_item_ladder *ret,
                             bool *ret_new, struct err *err)
{
    struct view v = overlay_view(g->state);
    *ret_new = it->rung == 0;
    if (it->rung != 0)
        return item_ladder_get(&v, g->arena, it, ret, err);
    return item_ladder_now(&v, g->arena, it->item.type == ITEM_CONFLICT, ret, err);
}

static void drop_mediation(struct state_item *it)
{
    it->has &= ~(UINT64_C(1) << state_item_key_recommended | UINT64_C(1) << state_item_key_accepts);
}

static void drop_claim(struct state_item *it)
{
    it->has &= ~(UINT64_C(1) << state_item_key_claimed_by | UINT64_C(1) << state_item_key_claimed_ms);
}

static void drop_rung_time(struct state_item *it)
{
    it->has &= ~(UINT64_C(1) << state_item_key_rung_ms);
}

/* ITM-14 */
static enum status end_by(struct gov *g, struct state_item *it, const struct charter_else *o, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_DEFAULT, .outcome = o->type};
    SET_HAS(&ev, state_item_event_key_outcome);
    item_begin(g, it);
    item_close(g, it);
    it->outcome = o->type;
    SET_HAS(it, state_item_key_outcome);
    if (HAS(o, charter_else_key_name)) {
        it->outcome_name = ev.name = o->name;
        SET_HAS(it, state_item_key_outcome_name);
        SET_HAS(&ev, state_item_event_key_name);
    }
    return item_commit(g, it, NULL, &ev, err);
}

enum status item_default(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_ladder l;
    bool fresh;
    TRY(ladder_of(g, it, &l, &fresh, err));
    return end_by(g, it, &l.otherwise, err);
}

/* ITM-12: the ladder has no further rung. */
static enum status ends(struct gov *g, struct state_item *it, const struct state_item_ladder *l,
                        struct err *err)
{
    if (it->item.type == ITEM_CONFLICT)
        return end_by(g, it, &l->otherwise, err);
    item_begin(g, it);
    drop_rung_time(it);
    return item_put(g, it, err);
}

enum status item_climb(struct gov *g, struct state_item *it, const struct item_cause *by, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_item_ladder l;
    bool fresh;
    uint64_t next, until;
    TRY(ladder_of(g, it, &l, &fresh, err));
    TRY(item_next_rung(&v, g->arena, &l, it->rung, &next, err));
    if (next == 0)
        return ends(g, it, &l, err);
    const struct item_rung *r = &l.rungs.v[next - 1];
    if (item_span_end(&v, g->arena, g->time_ms, &r->within, &until, err) != ST_OK)
        return err_set(err, ST_CORRUPT, "a rung's time has no end");
    struct tkey k = tkey_item(it->item.type, it->number);
    if (fresh)
        TRY(state_put(g, TABLE_ITEM_LADDER, &k, &state_item_ladder_desc, &l, err));
    item_begin(g, it);
    it->rung = next;
    it->rung_ms = until;
    SET_HAS(it, state_item_key_rung_ms);
    if (it->item.type == ITEM_CONFLICT) {
        drop_claim(it);
        drop_mediation(it);
        it->phase = HAS(r, item_rung_key_mediator) ? ITEM_MEDIATION : ITEM_OPEN;
    }
    struct state_item_event ev = {.type = ITEM_EVENT_ESCALATED, .to = r->to, .until_ms = until};
    SET_HAS(&ev, state_item_event_key_to);
    SET_HAS(&ev, state_item_event_key_until_ms);
    return item_commit(g, it, by, &ev, err);
}

/* --- Time --- */

static enum status not_taken(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_NOT_TAKEN, .to = it->offered};
    SET_HAS(&ev, state_item_event_key_to);
    item_begin(g, it);
    it->has &= ~(UINT64_C(1) << state_item_key_offered | UINT64_C(1) << state_item_key_offer_ms);
    TRY(item_commit(g, it, NULL, &ev, err));
    return it->rung == 0 && it->item.type != ITEM_CONFLICT ? item_climb(g, it, NULL, err) : ST_OK;
}

static enum status overdue(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_OVERDUE};
    item_begin(g, it);
    it->overdue_ms = g->time_ms;
    SET_HAS(it, state_item_key_overdue_ms);
    TRY(item_commit(g, it, NULL, &ev, err));
    return it->rung == 0 ? item_climb(g, it, NULL, err) : ST_OK;
}

static enum status review_due(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_REVIEW_DUE};
    item_begin(g, it);
    it->review_due_ms = g->time_ms;
    SET_HAS(it, state_item_key_review_due_ms);
    return item_commit(g, it, NULL, &ev, err);
}

/* ITM-19: the acceptance is over. */
static enum status acceptance_over(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_RISK_BACK};
    item_begin(g, it);
    it->phase = ITEM_OPEN;
    it->has &= ~(UINT64_C(1) << state_item_key_accepted_by | UINT64_C(1) << state_item_key_accepted_until_ms);
    TRY(item_commit(g, it, NULL, &ev, err));
    return warning_resume(g, it, err);
}

static enum status timed(struct gov *g, uint64_t number, struct state_item *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct item_ref ref = item_of_timer(number);
    enum status st = item_get(&v, g->arena, &ref, ret, err);
    return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "a timer of an item that is not there") : st;
}

enum status item_fire(struct gov *g, enum timer_kind kind, uint64_t timer_number, struct err *err)
{
    struct state_item it;
    TRY(timed(g, timer_number, &it, err));
    if (kind == TIMER_ITEM_DUE)
        return overdue(g, &it, err);
    if (kind == TIMER_ITEM_OFFER)
        return not_taken(g, &it, err);
    if (kind == TIMER_ITEM_RUNG)
        return item_climb(g, &it, NULL, err);
    if (kind == TIMER_ITEM_ACCEPTED)
        return acceptance_over(g, &it, err);
    ASSERT(kind == TIMER_ITEM_REVIEW);
    return review_due(g, &it, err);
}

enum status item_defer(struct gov *g, enum timer_kind kind, uint64_t timer_number, uint64_t until_ms,
                       struct err *err)
{
    struct state_item it;
    struct state_item_event ev = {.type = ITEM_EVENT_DEFERRED, .until_ms = until_ms};
    SET_HAS(&ev, state_item_event_key_until_ms);
    TRY(timed(g, timer_number, &it, err));
    item_begin(g, &it);
    if (kind == TIMER_ITEM_OFFER)
        it.offer_ms = until_ms;
    else
        it.rung_ms = until_ms;
    return item_commit(g, &it, NULL, &ev, err);
}
