/* What follows from items, and from decisions and leavings for them (ITM-16, ITM-18 to ITM-20). */
#include "gov/item.h"
#include "gov/party.h"
#include "gov/warning.h"

enum { FOLLOW_UP_DAYS = 30, WORDS = 128 };

/* --- Rule 26: what rested on an assumption that was falsified --- */

static enum status open_action(struct gov *g, const struct state_item *of, uint64_t decision,
                               const char *words, struct span offered, struct err *err)
{
    static const struct charter_span time = {.n = FOLLOW_UP_DAYS, .unit = UNIT_D};
    struct view v = overlay_view(g->state);
    struct item_link *links = arena_array(g->arena, 2, sizeof *links);
    struct item_opening o = {
        .item = {.type = ITEM_ACTION}, .words = words, .owner = of->owner, .offered = offered};
    struct item_ref opened;
    if (links == NULL)
        return err_set(err, ST_LIMIT, "out of room for links");
    links[0] = (struct item_link){.item = {.type = of->item.type, .number = of->number}};
    SET_HAS(&links[0], item_link_key_item);
    links[1] = (struct item_link){.decision = decision};
    SET_HAS(&links[1], item_link_key_decision);
    o.item.links = (struct item_link_list){decision == 0 ? 1 : 2, links};
    SET_HAS(&o.item, item_key_links);
    if (item_span_end(&v, g->arena, g->time_ms, &time, &o.due_ms, err) != ST_OK)
        return err_set(err, ST_CORRUPT, "30 days from now have no end");
    return item_open_by_record(g, &o, &opened, err);
}

static struct span unless(struct span seat, struct span owner)
{
    return span_eq(seat, owner) ? (struct span){0} : seat;
}

/* A decision that relied on it: its history says so, and somebody is to see to it. */
enum status item_doubt(struct gov *g, const struct state_item *it, uint64_t decision, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_decision d;
    struct tkey k = tkey_u64(decision);
    char why[WORDS], words[WORDS];
    bool there = false;
    struct item_id id = item_id(it->item.type, it->number);
    TRY(state_need(&v, g->arena, TABLE_DECISION, &k, &state_decision_desc, &d, err));
    (void)snprintf(why, sizeof why, "%s was falsified", id.s);
    struct state_event ev = {.type = EVENT_DOUBTED, .words = span_str(why)};
    SET_HAS(&ev, state_event_key_words);
    TRY(state_add_event(g, &d, &ev, err));
    TRY(state_put_decision(g, &d, err));
    TRY(item_partner_seat(&v, g->arena, d.mover, &there, err));
    (void)snprintf(words, sizeof words, "reaffirm, amend or supersede D-%" PRIu64 ": %s was falsified",
                   decision, id.s);
    return open_action(g, it, decision, words, there ? unless(d.mover, it->owner) : (struct span){0}, err);
}

static enum status ask_sponsors(struct gov *g, const struct state_item *it, struct err *err)
{
    char words[WORDS];
    (void)snprintf(words, sizeof words, "review the thesis: %s was falsified",
                   item_id(it->item.type, it->number).s);
    for (struct tkey from = party_first();;) {
        struct view v = overlay_view(g->state);
        struct span org;
        struct state_party p;
        enum status st = party_next(&v, g->arena, &from, &org, &p, err);
        if (st == ST_END)
            return ST_OK;
        TRY(st);
        if (p.role != ROLE_PARTNER || party_standing(&p) == STANDING_LEFT)
            continue;
        uint8_t *seat = arena_alloc(g->arena, org.n + 8);
        if (seat == NULL)
            return err_set(err, ST_LIMIT, "out of room for a seat");
        memcpy(seat, org.p, org.n);
        memcpy(seat + org.n, "/sponsor", 8);
        TRY(open_action(g, it, 0, words, unless(span_of(seat, org.n + 8), it->owner), err));
    }
}

enum status item_falsified(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_FALSIFIED};
    item_begin(g, it);
    TRY(item_commit(g, it, NULL, &ev, err));
    TRY(ask_sponsors(g, it, err));
    for (size_t i = 0; i < it->links.n; i++)
        if (HAS(&it->links.v[i], item_link_key_decision))
            TRY(item_doubt(g, it, it->links.v[i].decision, err));
    return ST_OK;
}

/* --- ITM-16: a control is attested again --- */

enum status item_recur(struct gov *g, const struct state_item *it, struct err *err)
{
    struct view v = overlay_view(g->state);
    const void *section;
    TRY(item_section(&v, g->arena, SECTION_COMPLIANCE, &section, err));
    const struct charter_compliance *compliance = section;
    for (size_t i = 0; compliance != NULL && i < compliance->list.n; i++) {
        const struct charter_control *k = &compliance->list.v[i];
        struct item_ref opened;
        char words[WORDS];
        if (!span_eq(k->name, it->item.name))
            continue;
        struct charter_span every = item_period(&k->every);
        struct item_link *link = arena_array(g->arena, 1, sizeof *link);
        struct item_opening o = {.item = {.type = ITEM_CHECK, .name = it->item.name, .links = {1, link}},
                                 .words = words,
                                 .owner = it->owner};
        SET_HAS(&o.item, item_key_name);
        SET_HAS(&o.item, item_key_links);
        if (link == NULL)
            return err_set(err, ST_LIMIT, "out of room for a link");
        *link = (struct item_link){.item = {.type = ITEM_CHECK, .number = it->number}};
        SET_HAS(link, item_link_key_item);
        (void)snprintf(words, sizeof words, "%.*s is due again", SPAN_FMT(k->name));
        uint64_t from = it->due_ms > g->time_ms ? it->due_ms - 1 : g->time_ms;
        enum status st = item_span_end(&v, g->arena, from, &every, &o.due_ms, err);
        if (st == ST_RANGE)
            return ST_OK;
        TRY(st);
        return item_open_by_record(g, &o, &opened, err);
    }
    return ST_OK;
}

/* --- ITM-19: a risk is accepted by decision --- */

static enum status longest(const struct view *v, struct arena *a, uint64_t now_ms, uint64_t *ret_ms,
                           struct err *err)
{
    const void *section;
    TRY(item_section(v, a, SECTION_DECISIONS, &section, err));
    const struct charter_decisions *d = section;
    *ret_ms = UINT64_MAX;
    for (size_t i = 0; d != NULL && i < d->rows.n; i++) {
        const struct charter_row *row = &d->rows.v[i];
        if (!span_eqs(row->name, "risk-acceptance") || !HAS(row, charter_row_key_longest))
            continue;
        enum status st = item_span_end(v, a, now_ms, &row->longest, ret_ms, err);
        return st == ST_RANGE ? ST_OK : st;
    }
    return ST_OK;
}

enum status item_check_accept(const struct view *v, struct arena *a, uint64_t now_ms, const struct effect *e,
                              struct denial *no, struct err *err)
{
    struct item_ref ref = {.type = ITEM_RISK, .number = e->risk};
    struct state_item it;
    uint64_t end, last;
    enum status st = item_get(v, a, &ref, &it, err);
    if (st == ST_NOTFOUND)
        return denial_set(no, V_NO_SUCH_OBJECT, "there is no risk R-%" PRIu64, e->risk);
    TRY(st);
    if (it.phase != ITEM_OPEN)
        return denial_set(no, V_NOT_NOW, "R-%" PRIu64 " is %s; an open risk is accepted", e->risk,
                          enum_text(&item_phase_enum, it.phase));
    if (e->score != item_score(&it))
        return denial_set(no, V_BAD_EFFECT, "R-%" PRIu64 " has score %" PRIu64 ", not %" PRIu64, e->risk,
                          item_score(&it), e->score);
    TRY(item_date_end(v, a, e->until, &end, err));
    if (end <= now_ms)
        return denial_set(no, V_BAD_EFFECT, "the acceptance would have ended at %s", time_utc(end).s);
    TRY(longest(v, a, now_ms, &last, err));
    if (end > last)
        return denial_set(no, V_BAD_EFFECT, "the row lets an acceptance last until %s at the longest",
                          time_utc(last).s);
    return ST_OK;
}

enum status item_accept(struct gov *g, uint64_t decision, const struct effect *e, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct item_ref ref = {.type = ITEM_RISK, .number = e->risk};
    struct state_item_event ev = {.type = ITEM_EVENT_RISK_ACCEPTED, .decision = decision};
    struct state_item it;
    TRY(item_get(&v, g->arena, &ref, &it, err));
    item_begin(g, &it);
    TRY(item_date_end(&v, g->arena, e->until, &it.accepted_until_ms, err));
    SET_HAS(&it, state_item_key_accepted_until_ms);
    it.accepted_by = decision;
    SET_HAS(&it, state_item_key_accepted_by);
    it.phase = ITEM_ACCEPTED;
    it.rung = 0;
    it.has &= ~(UINT64_C(1) << state_item_key_rung_ms);
    ev.until_ms = it.accepted_until_ms;
    SET_HAS(&ev, state_item_event_key_decision);
    SET_HAS(&ev, state_item_event_key_until_ms);
    return item_commit(g, &it, NULL, &ev, err);
}

/* --- ITM-20: an organisation leaves --- */

/* Who is asked to take what it owned; none when nobody is there. */
static enum status successor(struct gov *g, struct span *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct rights r;
    const void *section;
    struct span_list seats;
    bool there = false;
    *ret = (struct span){0};
    TRY(rights_load(&v, g->arena, &r, err));
    TRY(item_section(&v, g->arena, SECTION_CONFLICTS, &section, err));
    const struct charter_conflicts *k = section;
    const struct charter_body *body =
        k == NULL ? r.charter.bodies->list.v : charter_body(&r.charter, k->first);
    if (body == NULL)
        return ST_OK;
    if (HAS(&body->chair, charter_chair_key_seat)) {
        TRY(item_partner_seat(&v, g->arena, body->chair.seat, &there, err));
        if (there) {
            *ret = body->chair.seat;
            return ST_OK;
        }
    }
    struct charter_selector of = {.body = body->name};
    SET_HAS(&of, charter_selector_key_body);
    if (charter_select(&r.charter, &of, (struct span){0}, g->arena, &seats) != ST_OK)
        return err_set(err, ST_LIMIT, "out of room for the seats of a body");
    for (size_t i = 0; i < seats.n && ret->n == 0; i++) {
        TRY(item_partner_seat(&v, g->arena, seats.v[i], &there, err));
        if (there)
            *ret = seats.v[i];
    }
    return ST_OK;
}

static bool of_org(struct span seat, struct span org)
{
    return span_eq(state_seat_org(seat), org);
}

static enum status lapse(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_LAPSED};
    item_begin(g, it);
    item_close(g, it);
    return item_commit(g, it, NULL, &ev, err);
}

static enum status without(struct gov *g, struct state_item *it, struct span org, struct span to,
                           struct err *err)
{
    bool owned = of_org(it->owner, org), conflict = it->item.type == ITEM_CONFLICT;
    bool offered = HAS(it, state_item_key_offered) && of_org(it->offered, org);
    bool again = owned && it->phase == ITEM_CLAIMED && !conflict;
    bool side = conflict && (owned || of_org(it->item.against, org));
    struct state_item_event ev = {.type = ITEM_EVENT_LEFT, .name = org};
    SET_HAS(&ev, state_item_event_key_name);
    if (!owned && !offered && !side)
        return ST_OK;
    item_begin(g, it);
    if (offered)
        it->has &= ~(UINT64_C(1) << state_item_key_offered | UINT64_C(1) << state_item_key_offer_ms);
    if (again) {
        it->phase = ITEM_OPEN;
        it->has &= ~(UINT64_C(1) << state_item_key_claimed_by | UINT64_C(1) << state_item_key_claimed_ms |
                     UINT64_C(1) << state_item_key_finding);
    }
    if (offered || !side)
        TRY(item_commit(g, it, NULL, &ev, err));
    if (side)
        return lapse(g, it, err);
    if (again)
        TRY(warning_resume(g, it, err));
    if (owned && to.n != 0 && !HAS(it, state_item_key_offered))
        return item_offer(g, it, to, NULL, err);
    return ST_OK;
}

enum status item_left(struct gov *g, struct span org, struct err *err)
{
    struct span to;
    TRY(successor(g, &to, err));
    for (struct tkey from = {.n = 1};;) {
        struct view v = overlay_view(g->state);
        struct span key, value;
        struct state_item it;
        enum status st = view_next(&v, TABLE_ITEM_LIVE, tkey_span(&from), &key, &value);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK)
            return st;
        from = tkey_after(key);
        struct item_ref ref = {.type = (enum item_type)key.p[0], .number = load_u64(key.p + 1)};
        TRY(item_get(&v, g->arena, &ref, &it, err));
        TRY(without(g, &it, org, to, err));
    }
}
