/* An item is opened: by a seat, or by the record itself (ITM-5, ITM-6, ITM-8, ITM-11, ITM-17). */
#include "gov/item.h"
#include "gov/trigger.h"
#include "gov/warning.h"

enum { OFFER_BD = 5, ASSUMPTION_DAYS = 90, SHARES = 100 };

/* Names of keys of `item`, for words. */
static const char *key_name(unsigned key)
{
    for (size_t i = 0; i < item_desc.n; i++)
        if (item_desc.fields[i].key == key)
            return item_desc.fields[i].name;
    return "?";
}

static enum status shape(struct act *c, const struct item_type_row *row, const struct item *r)
{
    const char *type = enum_text(&item_type_enum, r->type);
    for (unsigned key = 0; key < 64; key++)
        if ((row->must >> key & 1) != 0 && !HAS(r, key))
            return act_refuse(c, V_INCOMPLETE, "a new %s needs its %s", type, key_name(key));
    for (unsigned key = 0; key < 64; key++)
        if (HAS(r, key) && !item_key_allowed(row, key))
            return act_refuse(c, V_MALFORMED, "item.%s: a %s has none", key_name(key), type);
    if (HAS(r, item_key_tags) && !state_list_ascends(&r->tags))
        return act_refuse(c, V_MALFORMED, "item.tags: tags must ascend, none twice");
    return ST_OK;
}

/* owner or against: a seat of a partner, and not the own one; of another partner when it has to be. */
static enum status other_seat(struct act *c, struct span seat, const char *what, bool elsewhere,
                              struct err *err)
{
    struct span own = c->e->entry->seat;
    bool is = false;
    TRY(item_partner_seat(&c->v, c->g->arena, seat, &is, err));
    if (!is)
        return act_refuse(c, V_NO_SUCH_OBJECT, "item.%s: %.*s is no seat of a partner", what, SPAN_FMT(seat));
    if (span_eq(seat, own))
        return act_refuse(c, V_NOT_PERMITTED, "item.%s: %.*s is the seat that opens it; name another", what,
                          SPAN_FMT(seat));
    if (elsewhere && span_eq(state_seat_org(seat), state_seat_org(own)))
        return act_refuse(c, V_NOT_PERMITTED,
                          "item.%s: %.*s is of your own organisation; name a seat of another", what,
                          SPAN_FMT(seat));
    return ST_OK;
}

static enum status risk_sound(struct act *c, const struct item *r, struct err *err)
{
    const void *section;
    TRY(item_section(&c->v, c->g->arena, SECTION_RISKS, &section, err));
    const struct charter_risks *risks = section;
    if (risks != NULL && !state_list_has(&risks->categories, r->category))
        return act_refuse(c, V_NO_SUCH_OBJECT, "item.category: the charter has no risk category %.*s",
                          SPAN_FMT(r->category));
    uint64_t sum = 0;
    for (size_t i = 0; HAS(r, item_key_sharing) && i < r->sharing.n; i++) {
        const struct charter_share *s = &r->sharing.v[i];
        bool is = false;
        TRY(item_partner_org(&c->v, c->g->arena, s->org, &is, err));
        if (!is || (i > 0 && span_cmp(r->sharing.v[i - 1].org, s->org) >= 0))
            return act_refuse(c, V_MALFORMED, "item.sharing: partners, ascending, none twice; not %.*s here",
                              SPAN_FMT(s->org));
        sum += s->percent;
    }
    if (HAS(r, item_key_sharing) && sum != SHARES)
        return act_refuse(c, V_MALFORMED, "item.sharing: adds up to %" PRIu64 " percent, expected 100", sum);
    return HAS(r, item_key_indicators) ? warning_sound(c, &r->indicators, NULL, err) : ST_OK;
}

static bool named_in(enum section_id id, const void *section, struct span name)
{
#define LOOK(T, member)                                                                                      \
    do {                                                                                                     \
        const struct T *s = section;                                                                         \
        for (size_t i = 0; i < s->member.n; i++)                                                             \
            if (span_eq(s->member.v[i].name, name))                                                          \
                return true;                                                                                 \
    } while (0)
    if (id == SECTION_THESIS)
        LOOK(charter_thesis, assumptions);
    else if (id == SECTION_COMPLIANCE)
        LOOK(charter_compliance, list);
    else if (id == SECTION_LAUNCH)
        LOOK(charter_launch, gates);
    else if (id == SECTION_PROCEDURES)
        LOOK(charter_procedures, list);
#undef LOOK
    return false;
}

static enum status name_sound(struct act *c, const struct item_type_row *row, const struct item *r,
                              struct err *err)
{
    const void *section;
    if (!HAS(r, item_key_name))
        return ST_OK;
    TRY(item_section(&c->v, c->g->arena, row->section, &section, err));
    if (section != NULL && named_in(row->section, section, r->name))
        return ST_OK;
    const char *name = enum_text(&section_id_enum, row->section);
    return act_refuse(c, V_NO_SUCH_OBJECT, "item.name: the charter's section %s has no %.*s; see: entente charter show %s", name,
                      SPAN_FMT(r->name), name);
}

/* --- Links --- */

bool item_link_same(const struct item_link *x, const struct item_link *y)
{
    if (x->has != y->has)
        return false;
    if (HAS(x, item_link_key_decision))
        return x->decision == y->decision;
    if (HAS(x, item_link_key_item))
        return x->item.type == y->item.type && x->item.number == y->item.number;
    return span_eq(x->clause, y->clause);
}

/* ITM-6 */
enum status item_link_sound(const struct view *v, struct arena *a, const struct item_ref *self,
                            const struct item_link *l, struct denial *no, struct err *err)
{
    struct span value;
    bool decision = HAS(l, item_link_key_decision), item = HAS(l, item_link_key_item);
    if (decision + item + (int)HAS(l, item_link_key_clause) != 1)
        return denial_set(no, V_MALFORMED, "a link is to a decision, an item or a clause: one of them");
    (void)a;
    if (decision) {
        struct tkey k = tkey_u64(l->decision);
        enum status st = view_get(v, TABLE_DECISION, tkey_span(&k), &value);
        if (st == ST_NOTFOUND)
            return denial_set(no, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, l->decision);
        return st == ST_OK ? ST_OK : err_set(err, st, "decisions cannot be read");
    }
    if (!item)
        return ST_OK;
    struct tkey k = tkey_item(l->item.type, l->item.number);
    enum status st = view_get(v, TABLE_ITEM, tkey_span(&k), &value);
    if (st == ST_NOTFOUND)
        return denial_set(no, V_NO_SUCH_OBJECT, "there is no item %s",
                          item_id(l->item.type, l->item.number).s);
    if (st != ST_OK)
        return err_set(err, st, "items cannot be read");
    if (self != NULL && self->type == l->item.type && self->number == l->item.number)
        return denial_set(no, V_NOT_PERMITTED, "an item is not linked to itself");
    return ST_OK;
}

static enum status links_sound(struct act *c, const struct item *r, struct err *err)
{
    for (size_t i = 0; HAS(r, item_key_links) && i < r->links.n; i++) {
        struct denial no;
        TRY(act_checked(c, item_link_sound(&c->v, c->g->arena, NULL, &r->links.v[i], &no, err), &no));
        for (size_t k = 0; k < i; k++)
            if (item_link_same(&r->links.v[k], &r->links.v[i]))
                return act_refuse(c, V_MALFORMED, "item.links: the same link twice");
    }
    return ST_OK;
}

/* --- Offers and reviews --- */

enum status item_offer(struct gov *g, struct state_item *it, struct span to, const struct item_cause *by,
                       struct err *err)
{
    static const struct charter_span time = {.n = OFFER_BD, .unit = UNIT_BD};
    struct view v = overlay_view(g->state);
    uint64_t until;
    if (item_span_end(&v, g->arena, g->time_ms, &time, &until, err) != ST_OK)
        return err_set(err, ST_CORRUPT, "five business days from now have no end");
    item_begin(g, it);
    it->offered = to;
    SET_HAS(it, state_item_key_offered);
    it->offer_ms = until;
    SET_HAS(it, state_item_key_offer_ms);
    struct state_item_event ev = {.type = ITEM_EVENT_OFFERED, .to = to, .until_ms = until};
    SET_HAS(&ev, state_item_event_key_to);
    SET_HAS(&ev, state_item_event_key_until_ms);
    return item_commit(g, it, by, &ev, err);
}

/* The charter's interval for such a score; NULL for none. */
static const struct charter_period *review_by_score(const struct charter_risks *risks, uint64_t score)
{
    const struct charter_period *p = NULL;
    for (size_t i = 0; risks != NULL && i < risks->review.n; i++)
        if (risks->review.v[i].score <= score)
            p = &risks->review.v[i].every;
    return p;
}

enum status item_set_review(struct gov *g, struct state_item *it, struct err *err)
{
    struct view v = overlay_view(g->state);
    const void *section;
    TRY(item_section(&v, g->arena, SECTION_RISKS, &section, err));
    const struct charter_period *p =
        HAS(&it->item, item_key_review) ? &it->item.review : review_by_score(section, item_score(it));
    it->has &= ~(UINT64_C(1) << state_item_key_review_ms | UINT64_C(1) << state_item_key_review_due_ms);
    if (p == NULL)
        return ST_OK;
    struct charter_span span = item_period(p);
    uint64_t end;
    enum status st = item_span_end(&v, g->arena, g->time_ms, &span, &end, err);
    if (st == ST_RANGE)
        return ST_OK;
    TRY(st);
    it->review_ms = end;
    SET_HAS(it, state_item_key_review_ms);
    return ST_OK;
}

/* --- Opening --- */

static enum status write_linked(struct gov *g, const struct state_item *it)
{
    for (size_t i = 0; i < it->links.n; i++) {
        struct tkey k = tkey_item_linked(it->links.v[i].decision, it->item.type, it->number);
        if (HAS(&it->links.v[i], item_link_key_decision))
            overlay_put(g->state, TABLE_ITEM_LINKED, tkey_span(&k), span_of("", 0));
    }
    return ST_OK;
}

/* Number and first event; then the offer, and a conflict's ladder. */
static enum status write_new(struct gov *g, struct state_item *it, struct span offered,
                             const struct item_cause *by, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_OPENED, .until_ms = it->due_ms};
    if (HAS(it, state_item_key_due_ms))
        SET_HAS(&ev, state_item_event_key_until_ms);
    TRY(state_count(g, enum_text(&item_type_enum, it->item.type), &it->number, err));
    it->opened_ms = g->time_ms;
    it->opened_leaf = g->leaf;
    it->phase = ITEM_OPEN;
    if (HAS(&it->item, item_key_links))
        it->links = it->item.links;
    TRY(write_linked(g, it));
    TRY(item_commit(g, it, by, &ev, err));
    if (offered.n != 0)
        TRY(item_offer(g, it, offered, by, err));
    if (it->item.type == ITEM_RISK)
        return warning_judge(g, it, err);
    return it->item.type == ITEM_CONFLICT ? item_climb(g, it, by, err) : ST_OK;
}

enum status item_open_by_record(struct gov *g, const struct item_opening *o, struct item_ref *ret_ref,
                                struct err *err)
{
    struct state_item it = {
        .number = 1, .item = o->item, .owner = o->owner, .words = arena_dup(g->arena, span_str(o->words))};
    if (it.words.p == NULL)
        return err_set(err, ST_LIMIT, "out of room for an item");
    SET_HAS(&it, state_item_key_words);
    if (o->due_ms != 0) {
        it.due_ms = o->due_ms;
        SET_HAS(&it, state_item_key_due_ms);
    }
    TRY(write_new(g, &it, o->offered, NULL, err));
    *ret_ref = (struct item_ref){.type = it.item.type, .number = it.number};
    return ST_OK;
}

/* The end of its due date, or of the time that an assumption has. */
static enum status set_due(struct act *c, struct state_item *it, struct err *err)
{
    static const struct charter_span ninety = {.n = ASSUMPTION_DAYS, .unit = UNIT_D};
    bool given = HAS(&it->item, item_key_due);
    if (!given && it->item.type != ITEM_ASSUMPTION)
        return ST_OK;
    enum status st = given ? item_date_end(&c->v, c->g->arena, it->item.due, &it->due_ms, err)
                           : item_span_end(&c->v, c->g->arena, c->g->time_ms, &ninety, &it->due_ms, err);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "a due date has no end on the calendar");
    SET_HAS(it, state_item_key_due_ms);
    if (it->due_ms <= c->g->time_ms)
        return act_refuse(c, V_MALFORMED, "item.due: that day ended at %s; expected a day to come",
                          time_utc(it->due_ms).s);
    return ST_OK;
}

static enum status may_open(struct act *c, const struct item *r, struct err *err)
{
    struct span org = state_seat_org(c->e->entry->seat);
    bool partner = false;
    TRY(item_partner_org(&c->v, c->g->arena, org, &partner, err));
    if (partner || r->type == ITEM_FINDING || r->type == ITEM_REQUEST)
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED, "%.*s is no partner: its seats open findings and requests, no %s",
                      SPAN_FMT(org), enum_text(&item_type_enum, r->type));
}

enum status item_apply_item(struct act *c, const struct item *r, struct err *err)
{
    const struct item_type_row *row = item_type_row(r->type);
    struct state_item it = {
        .number = 1, .item = *r, .owner = c->e->entry->seat, .opened_by = c->e->entry->seat, .id = c->e->id};
    SET_HAS(&it, state_item_key_opened_by);
    SET_HAS(&it, state_item_key_id);
    TRY(may_open(c, r, err));
    TRY(shape(c, row, r));
    if (HAS(r, item_key_owner))
        TRY(other_seat(c, r->owner, "owner", r->type == ITEM_REQUEST, err));
    if (HAS(r, item_key_against))
        TRY(other_seat(c, r->against, "against", true, err));
    TRY(set_due(c, &it, err));
    if (r->type == ITEM_RISK)
        TRY(risk_sound(c, r, err));
    TRY(name_sound(c, row, r, err));
    TRY(links_sound(c, r, err));
    if (r->type == ITEM_RISK) {
        it.likelihood = r->likelihood;
        SET_HAS(&it, state_item_key_likelihood);
        it.impact = r->impact;
        SET_HAS(&it, state_item_key_impact);
        TRY(item_set_review(c->g, &it, err));
    }
    if (HAS(r, item_key_indicators))
        TRY(warning_set(c->g, &it, &r->indicators, err));
    struct item_cause by = {
        .seat = c->e->entry->seat, .id = c->e->id, .text = HAS(r, item_key_text) ? &r->text : NULL};
    TRY(write_new(c->g, &it, HAS(r, item_key_owner) ? r->owner : (struct span){0}, &by, err));
    return trigger_opened(c->g, &it, err);
}
