/* The types of items, and an item as the tables keep it (ITM-1 to ITM-4). */
#include "gov/item.h"
#include "charter/calendar.h"
#include "gov/party.h"
#include "gov/warning.h"

#define BIT(name) (UINT64_C(1) << item_key_##name)
static const struct item_type_row rows[] = {
    {ITEM_RISK, "R", BIT(category) | BIT(likelihood) | BIT(impact), BIT(sharing) | BIT(review) | BIT(indicators), true, 0},
    {ITEM_ISSUE, "I", 0, 0, true, 0},
    {ITEM_CONFLICT, "C", BIT(against), 0, true, 0},
    {ITEM_MILESTONE, "M", BIT(due), BIT(name), true, SECTION_LAUNCH},
    {ITEM_ACTION, "A", BIT(due), 0, true, 0},
    {ITEM_ASSUMPTION, "AS", 0, BIT(name), true, SECTION_THESIS},
    {ITEM_FINDING, "F", 0, 0, true, 0},
    {ITEM_CHECK, "K", BIT(due) | BIT(name), 0, true, SECTION_COMPLIANCE},
    {ITEM_LESSON, "L", 0, 0, false, 0},
    {ITEM_REQUEST, "Q", BIT(owner) | BIT(due), 0, true, 0},
    {ITEM_OPPORTUNITY, "O", 0, 0, false, 0},
    {ITEM_PILOT, "P", BIT(due), 0, true, 0},
    {ITEM_TRAINING, "T", BIT(due), BIT(name), true, SECTION_PROCEDURES},
    {ITEM_FEEDBACK, "FB", 0, 0, false, 0},
};
static_assert(ARRAY_LEN(rows) == ITEM_FEEDBACK, "a row for every type, in the order of their numbers");

/* What any item may have; a conflict has sides and a ladder instead. */
static const uint64_t of_all = BIT(text) | BIT(owner) | BIT(due) | BIT(links) | BIT(documents) | BIT(scope) |
                               BIT(tags) | BIT(type) | BIT(title);

const struct item_type_row *item_type_row(enum item_type type)
{
    ASSERT(type >= ITEM_RISK && (size_t)type <= ARRAY_LEN(rows));
    const struct item_type_row *row = &rows[type - 1];
    ASSERT(row->type == type);
    return row;
}

bool item_key_allowed(const struct item_type_row *row, unsigned key)
{
    uint64_t may = row->must | row->may | of_all;
    if (row->type == ITEM_CONFLICT)
        may &= ~(BIT(owner) | BIT(due));
    return (may >> key & 1) != 0;
}
#undef BIT

struct item_id item_id(enum item_type type, uint64_t number)
{
    struct item_id id;
    (void)snprintf(id.s, sizeof id.s, "%s-%" PRIu64, item_type_row(type)->prefix, number);
    return id;
}

bool item_id_parse(const char *text, struct item_ref *ret_ref)
{
    const char *dash = strchr(text, '-');
    size_t n = dash == NULL ? 0 : (size_t)(dash - text);
    uint64_t number = 0;
    for (const char *p = dash == NULL ? "" : dash + 1; *p != 0; p++) {
        if (*p < '0' || *p > '9' || number >= UINT64_C(1) << 52)
            return false;
        number = number * 10 + (uint64_t)(*p - '0');
    }
    for (size_t i = 0; i < ARRAY_LEN(rows) && number != 0; i++) {
        const char *prefix = rows[i].prefix;
        bool same = strlen(prefix) == n;
        for (size_t k = 0; same && k < n; k++)
            same = text[k] == prefix[k] || text[k] == prefix[k] + ('a' - 'A');
        if (same) {
            *ret_ref = (struct item_ref){.type = rows[i].type, .number = number};
            return true;
        }
    }
    return false;
}

enum { TYPE_SHIFT = 56 };

uint64_t item_timer_number(enum item_type type, uint64_t number)
{
    return (uint64_t)type << TYPE_SHIFT | number;
}

struct item_ref item_of_timer(uint64_t timer_number)
{
    return (struct item_ref){.type = (enum item_type)(timer_number >> TYPE_SHIFT),
                             .number = timer_number & ((UINT64_C(1) << TYPE_SHIFT) - 1)};
}

bool item_is_timer(uint64_t kind)
{
    return kind >= TIMER_ITEM_DUE && kind <= TIMER_ITEM_REVIEW;
}

enum status item_get(const struct view *v, struct arena *a, const struct item_ref *ref,
                     struct state_item *ret, struct err *err)
{
    struct tkey k = tkey_item(ref->type, ref->number);
    return state_get(v, a, TABLE_ITEM, &k, &state_item_desc, ret, err);
}

bool item_is_overdue(const struct state_item *it)
{
    return HAS(it, state_item_key_overdue_ms) && HAS(it, state_item_key_due_ms) &&
           it->overdue_ms >= it->due_ms;
}

uint64_t item_score(const struct state_item *it)
{
    return HAS(it, state_item_key_likelihood) ? it->likelihood * it->impact : 0;
}

bool item_is_side(const struct state_item *it, struct span seat)
{
    return it->item.type == ITEM_CONFLICT && (span_eq(seat, it->owner) || span_eq(seat, it->item.against));
}

/* ITM-4 */
size_t item_timers(const struct state_item *it, struct item_timer ret[ITEM_TIMERS_MAX])
{
    size_t n = 0;
    bool open = it->phase == ITEM_OPEN;
    if (open && it->item.type != ITEM_CONFLICT && HAS(it, state_item_key_due_ms) && !item_is_overdue(it))
        ret[n++] = (struct item_timer){TIMER_ITEM_DUE, it->due_ms};
    if (HAS(it, state_item_key_offered))
        ret[n++] = (struct item_timer){TIMER_ITEM_OFFER, it->offer_ms};
    if (HAS(it, state_item_key_rung_ms))
        ret[n++] = (struct item_timer){TIMER_ITEM_RUNG, it->rung_ms};
    if (it->phase == ITEM_ACCEPTED)
        ret[n++] = (struct item_timer){TIMER_ITEM_ACCEPTED, it->accepted_until_ms};
    if ((open || it->phase == ITEM_ACCEPTED) && HAS(it, state_item_key_review_ms) &&
        !HAS(it, state_item_key_review_due_ms))
        ret[n++] = (struct item_timer){TIMER_ITEM_REVIEW, it->review_ms};
    return n;
}

void item_begin(struct gov *g, const struct state_item *it)
{
    struct item_timer t[ITEM_TIMERS_MAX];
    size_t n = item_timers(it, t);
    for (size_t i = 0; i < n; i++)
        state_clear_timer(g, t[i].at_ms, item_timer_number(it->item.type, it->number), t[i].kind);
    warning_watch(g, it, false);
}

/* ITM-3: does what happened leave what others have signed meanwhile as it was? */
static bool commutes(const struct state_item *it, enum item_event type)
{
    return type == ITEM_EVENT_LINKED || type == ITEM_EVENT_OVERDUE || type == ITEM_EVENT_DEFERRED ||
           type == ITEM_EVENT_REVIEW_DUE || type == ITEM_EVENT_ACCEPTED || type == ITEM_EVENT_LEFT ||
           type == ITEM_EVENT_WARNED || type == ITEM_EVENT_WARNING_OVER ||
           (type == ITEM_EVENT_ESCALATED && it->item.type != ITEM_CONFLICT);
}

enum status item_put(struct gov *g, struct state_item *it, struct err *err)
{
    struct item_timer t[ITEM_TIMERS_MAX];
    struct tkey k = tkey_item(it->item.type, it->number);
    size_t n = item_timers(it, t);
    if (it->rung == 0) /* IND-7 */
        it->has &= ~(UINT64_C(1) << state_item_key_by_warning);
    for (size_t i = 0; i < n; i++)
        state_set_timer(g, t[i].at_ms, item_timer_number(it->item.type, it->number), t[i].kind);
    if (it->phase == ITEM_CLOSED)
        overlay_del(g->state, TABLE_ITEM_LIVE, tkey_span(&k));
    else
        overlay_put(g->state, TABLE_ITEM_LIVE, tkey_span(&k), span_of("", 0));
    warning_watch(g, it, true);
    return state_put(g, TABLE_ITEM, &k, &state_item_desc, it, err);
}

enum status item_commit(struct gov *g, struct state_item *it, const struct item_cause *by,
                        struct state_item_event *ev, struct err *err)
{
    if (by != NULL) {
        ev->seat = by->seat;
        SET_HAS(ev, state_item_event_key_seat);
        ev->id = by->id;
        SET_HAS(ev, state_item_event_key_id);
    }
    if (by != NULL && by->text != NULL) {
        ev->text = *by->text;
        SET_HAS(ev, state_item_event_key_text);
    }
    ev->leaf = g->leaf;
    ev->at_ms = g->time_ms;
    ev->phase = it->phase;
    ev->rung = it->rung;
    it->events++;
    if (!commutes(it, ev->type))
        it->changed_leaf = g->leaf;
    struct tkey e = tkey_item_event(it->item.type, it->number, it->events);
    TRY(state_put(g, TABLE_ITEM_EVENT, &e, &state_item_event_desc, ev, err));
    return item_put(g, it, err);
}

void item_close(struct gov *g, struct state_item *it)
{
    it->phase = ITEM_CLOSED;
    it->closed_ms = g->time_ms;
    SET_HAS(it, state_item_key_closed_ms);
    it->has &= ~(UINT64_C(1) << state_item_key_rung_ms | UINT64_C(1) << state_item_key_review_ms |
                 UINT64_C(1) << state_item_key_offered | UINT64_C(1) << state_item_key_offer_ms);
    warning_close(it);
}

enum status item_section(const struct view *v, struct arena *a, enum section_id id, const void **ret,
                         struct err *err)
{
    const struct record_desc *d = charter_section_desc(id);
    struct state_section s;
    struct tkey k = tkey_section(id);
    enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err);
    if (st == ST_NOTFOUND) {
        *ret = NULL;
        return ST_OK;
    }
    TRY(st);
    void *rec = arena_alloc(a, d->size);
    if (rec == NULL)
        return err_set(err, ST_LIMIT, "out of room for the charter");
    TRY(codec_decode(d, s.body, a, rec, err));
    *ret = rec;
    return ST_OK;
}

/* Calendars, and the one of whatever names none. */
static enum status calendar(const struct view *v, struct arena *a, const struct charter_calendars **ret,
                            struct span *ret_name, struct err *err)
{
    const void *decisions, *calendars;
    TRY(item_section(v, a, SECTION_DECISIONS, &decisions, err));
    TRY(item_section(v, a, SECTION_CALENDARS, &calendars, err));
    if (decisions == NULL || calendars == NULL)
        return err_set(err, ST_CORRUPT, "the charter has no decisions or no calendars");
    *ret = calendars;
    *ret_name = ((const struct charter_decisions *)decisions)->calendar;
    return ST_OK;
}

enum status item_span_end(const struct view *v, struct arena *a, uint64_t from_ms,
                          const struct charter_span *span, uint64_t *ret_ms, struct err *err)
{
    const struct charter_calendars *c = NULL;
    struct span name = {0};
    bool beyond;
    TRY(calendar(v, a, &c, &name, err));
    if (span->n > 100000)
        return ST_RANGE;
    enum status st = calendar_deadline(c, name, from_ms, span, ret_ms, &beyond);
    return st == ST_OK || st == ST_RANGE
               ? st
               : err_set(err, ST_CORRUPT, "no deadline on calendar %.*s", SPAN_FMT(name));
}

enum status item_date_end(const struct view *v, struct arena *a, uint64_t day, uint64_t *ret_ms,
                          struct err *err)
{
    const struct charter_calendars *c = NULL;
    struct span name = {0};
    TRY(calendar(v, a, &c, &name, err));
    if (calendar_end_of(c, name, day, ret_ms) != ST_OK)
        return err_set(err, ST_CORRUPT, "day %" PRIu64 " has no end on calendar %.*s", day, SPAN_FMT(name));
    return ST_OK;
}

struct charter_span item_period(const struct charter_period *p)
{
    switch (p->unit) {
    case PERIOD_DAY:
        return (struct charter_span){.n = p->n, .unit = UNIT_D};
    case PERIOD_WEEK:
        return (struct charter_span){.n = p->n * 7, .unit = UNIT_D};
    case PERIOD_MONTH:
        return (struct charter_span){.n = p->n, .unit = UNIT_MONTHS};
    case PERIOD_QUARTER:
        return (struct charter_span){.n = p->n * 3, .unit = UNIT_MONTHS};
    case PERIOD_YEAR:
        return (struct charter_span){.n = p->n * 12, .unit = UNIT_MONTHS};
    }
    return (struct charter_span){.unit = UNIT_D};
}

enum status item_partner_org(const struct view *v, struct arena *a, struct span org, bool *ret_is,
                             struct err *err)
{
    struct state_party p;
    enum status st = party_get(v, a, org, &p, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    *ret_is = st == ST_OK && p.role == ROLE_PARTNER && party_standing(&p) != STANDING_LEFT;
    return ST_OK;
}

enum status item_partner_seat(const struct view *v, struct arena *a, struct span seat, bool *ret_is,
                              struct err *err)
{
    struct span value;
    struct tkey k = tkey_text(seat);
    TRY(item_partner_org(v, a, state_seat_org(seat), ret_is, err));
    *ret_is = *ret_is && view_get(v, TABLE_SEAT, tkey_span(&k), &value) == ST_OK;
    return ST_OK;
}
