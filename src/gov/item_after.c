/* What follows from items, and from decisions and leavings for them (ITM-16, ITM-18 to ITM-20). */
#include "gov/item.h"
#include "gov/party.h"
#include "gov/reliance.h"
#include "gov/warning.h"

enum { FOLLOW_UP_DAYS = 30, WORDS = 128 };

enum status item_follow_up(struct gov *g, struct item_opening *o, struct item_ref *ret_ref, struct err *err)
{
    static const struct charter_span time = {.n = FOLLOW_UP_DAYS, .unit = UNIT_D};
    struct view v = overlay_view(g->state);
    o->item.type = ITEM_ACTION;
    if (o->item.links.n != 0)
        SET_HAS(&o->item, item_key_links);
    if (o->offered.n != 0 && span_eq(o->offered, o->owner))
        o->offered = (struct span){0};
    if (o->due_ms == 0 && item_span_end(&v, g->arena, g->time_ms, &time, &o->due_ms, err) != ST_OK)
        return err_set(err, ST_CORRUPT, "30 days from now have no end");
    return item_open_by_record(g, o, ret_ref, err);
}

static enum status sponsor_of(struct gov *g, struct span org, struct span *ret, struct err *err)
{
    uint8_t *seat = arena_alloc(g->arena, org.n + 8);
    if (seat == NULL)
        return err_set(err, ST_LIMIT, "out of room for a seat");
    memcpy(seat, org.p, org.n);
    memcpy(seat + org.n, "/sponsor", 8);
    *ret = span_of(seat, org.n + 8);
    return ST_OK;
}

/* ORG/sponsor of the first partner from there on, which moves on; ST_END. */
static enum status next_sponsor(struct gov *g, struct tkey *from, struct span *ret, struct err *err)
{
    for (;;) {
        struct view v = overlay_view(g->state);
        struct span org;
        struct state_party p;
        TRY(party_next(&v, g->arena, from, &org, &p, err));
        if (p.role == ROLE_PARTNER && party_standing(&p) != STANDING_LEFT)
            return sponsor_of(g, org, ret, err);
    }
}

enum status item_ask_sponsors(struct gov *g, const struct item_opening *o, struct err *err)
{
    for (struct tkey from = party_first();;) {
        struct item_opening one = *o;
        struct span sponsor;
        enum status st = next_sponsor(g, &from, &sponsor, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (o->owner.n == 0)
            one.owner = sponsor;
        one.offered = sponsor;
        TRY(item_follow_up(g, &one, &(struct item_ref){0}, err));
    }
}

/* --- Rule 26: what rested on an assumption that was falsified --- */

static enum status link_to(struct gov *g, const struct state_item *it, struct item_link **ret, struct err *err)
{
    struct item_link *l = arena_array(g->arena, 1, sizeof *l);
    if (l == NULL)
        return err_set(err, ST_LIMIT, "out of room for a link");
    *l = (struct item_link){.item = {.type = it->item.type, .number = it->number}};
    SET_HAS(l, item_link_key_item);
    *ret = l;
    return ST_OK;
}

/* A decision that relied on it: its history says so, and somebody is to see to it. */
enum status item_doubt(struct gov *g, const struct state_item *it, uint64_t decision, struct err *err)
{
    struct item_link *because = NULL;
    char words[WORDS];
    TRY(link_to(g, it, &because, err));
    (void)snprintf(words, sizeof words, "%s was falsified", item_id(it->item.type, it->number).s);
    return reliance_doubt(g, decision, words, it->owner, because, err);
}

static enum status review_thesis(struct gov *g, const struct state_item *it, struct err *err)
{
    struct item_opening o = {.owner = it->owner};
    char words[WORDS];
    (void)snprintf(words, sizeof words, "review the thesis: %s was falsified", item_id(it->item.type, it->number).s);
    o.words = words;
    o.item.links.n = 1;
    TRY(link_to(g, it, &o.item.links.v, err));
    return item_ask_sponsors(g, &o, err);
}

enum status item_falsified(struct gov *g, struct state_item *it, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_FALSIFIED};
    item_begin(g, it);
    TRY(item_commit(g, it, NULL, &ev, err));
    TRY(review_thesis(g, it, err));
    for (size_t i = 0; i < it->links.n; i++)
        if (HAS(&it->links.v[i], item_link_key_decision))
            TRY(item_doubt(g, it, it->links.v[i].decision, err));
    return reliance_falsified(g, it, err);
}

/* --- ITM-16: a control is attested again, and who was trained is trained again --- */

static enum status again(struct gov *g, const struct state_item *it, const char *words, uint64_t from_ms,
                         const struct charter_span *every, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct item_opening o = {.item = {.type = it->item.type, .name = it->item.name}, .words = words, .owner = it->owner};
    struct item_ref opened;
    enum status st = item_span_end(&v, g->arena, from_ms, every, &o.due_ms, err);
    if (st == ST_RANGE)
        return ST_OK; /* past the year 9999 */
    TRY(st);
    o.item.links.n = 1;
    TRY(link_to(g, it, &o.item.links.v, err));
    SET_HAS(&o.item, item_key_name);
    SET_HAS(&o.item, item_key_links);
    return item_open_by_record(g, &o, &opened, err);
}

static enum status attested(struct gov *g, const struct state_item *it, const struct charter_compliance *l, struct err *err)
{
    char words[WORDS];
    for (size_t i = 0; i < l->list.n; i++) {
        if (!span_eq(l->list.v[i].name, it->item.name))
            continue;
        struct charter_span every = item_period(&l->list.v[i].every);
        (void)snprintf(words, sizeof words, "%.*s is due again", SPAN_FMT(it->item.name));
        return again(g, it, words, it->due_ms > g->time_ms ? it->due_ms - 1 : g->time_ms, &every, err);
    }
    return ST_OK;
}

static enum status trained(struct gov *g, const struct state_item *it, const struct charter_procedures *l, struct err *err)
{
    char words[WORDS];
    for (size_t i = 0; HAS(&it->item, item_key_name) && i < l->list.n; i++) {
        if (!span_eq(l->list.v[i].name, it->item.name) || l->list.v[i].again.n == 0)
            continue;
        (void)snprintf(words, sizeof words, "%.*s is to be trained again", SPAN_FMT(it->item.name));
        return again(g, it, words, it->claimed_ms, &l->list.v[i].again, err);
    }
    return ST_OK;
}

enum status item_recur(struct gov *g, const struct state_item *it, struct err *err)
{
    struct view v = overlay_view(g->state);
    bool check = it->item.type == ITEM_CHECK;
    const void *section;
    TRY(item_section(&v, g->arena, check ? SECTION_COMPLIANCE : SECTION_PROCEDURES, &section, err));
    if (section == NULL)
        return ST_OK;
    return check ? attested(g, it, section, err) : trained(g, it, section, err);
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
