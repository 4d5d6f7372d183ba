/* Do the tables of items agree with each other? Part of gov_check. */
#include "gov/item.h"

static enum status bad(struct err *err, const struct state_item *it, const char *what)
{
    return err_set(err, ST_CORRUPT, "%s: %s", item_id(it->item.type, it->number).s, what);
}

static bool there(const struct view *v, uint8_t table, const struct tkey *k)
{
    struct span value;
    return view_get(v, table, tkey_span(k), &value) == ST_OK;
}

static enum status check_times(const struct view *v, const struct state_item *it, size_t *timers,
                               struct err *err)
{
    struct item_timer t[ITEM_TIMERS_MAX];
    size_t n = item_timers(it, t);
    for (size_t i = 0; i < n; i++) {
        struct tkey k =
            tkey_timer(t[i].at_ms, item_timer_number(it->item.type, it->number), (uint8_t)t[i].kind);
        if (!there(v, TABLE_TIMER, &k))
            return bad(err, it, "a timer is missing");
    }
    *timers += n;
    return ST_OK;
}

static enum status check_phase(const struct view *v, const struct state_item *it, struct err *err)
{
    struct tkey k = tkey_item(it->item.type, it->number);
    bool closed = it->phase == ITEM_CLOSED;
    if (there(v, TABLE_ITEM_LIVE, &k) == closed)
        return bad(err, it, "closed and listed as live, or neither");
    if (HAS(it, state_item_key_closed_ms) != closed)
        return bad(err, it, "closed at no time, or open and closed");
    if (it->phase == ITEM_CLAIMED && !HAS(it, state_item_key_claimed_by))
        return bad(err, it, "claimed by nobody");
    if ((it->phase == ITEM_ACCEPTED) != (bool)HAS(it, state_item_key_accepted_until_ms))
        return bad(err, it, "accepted, and until no time; or the reverse");
    if (it->phase == ITEM_MEDIATION && it->item.type != ITEM_CONFLICT)
        return bad(err, it, "in mediation, and no conflict");
    if (it->rung > 0 && !there(v, TABLE_ITEM_LADDER, &k))
        return bad(err, it, "climbs no ladder that is known");
    if (HAS(it, state_item_key_offered) != HAS(it, state_item_key_offer_ms))
        return bad(err, it, "offered without end, or to nobody");
    return ST_OK;
}

/* Does an indicator before this one look at the same metric? */
static bool watched_before(const struct state_item *it, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (span_eq(it->indicators.v[k].indicator.metric, it->indicators.v[i].indicator.metric))
            return true;
    return false;
}

/* IND-2, IND-6, IND-7 */
static enum status check_warnings(const struct view *v, const struct state_item *it, size_t *watches,
                                  struct err *err)
{
    bool closed = it->phase == ITEM_CLOSED;
    if (HAS(it, state_item_key_by_warning) && it->rung == 0)
        return bad(err, it, "climbs because of an early warning, and does not climb");
    for (size_t i = 0; HAS(it, state_item_key_indicators) && i < it->indicators.n; i++) {
        const struct state_indicator *s = &it->indicators.v[i];
        struct tkey k = tkey_watch(s->indicator.metric, it->number);
        bool on = HAS(s, state_indicator_key_since_ms);
        if (there(v, TABLE_ITEM_WATCH, &k) == closed)
            return bad(err, it, "closed and watching a metric, or neither");
        if (on && (closed || !HAS(it, state_item_key_warned_ms)))
            return bad(err, it, "warns, and is closed or was never warned");
        if (on != HAS(s, state_indicator_key_from) || on != HAS(s, state_indicator_key_period) ||
            (!on && HAS(s, state_indicator_key_reading)))
            return bad(err, it, "half of an early warning is on");
        *watches += !closed && !watched_before(it, i);
    }
    return ST_OK;
}

/* What is counted over all items. */
struct sums {
    size_t items, timers, linked, watches;
};

static enum status check_one(const struct view *v, const struct state_item *it, struct sums *sums,
                             struct err *err)
{
    struct tkey last = tkey_item_event(it->item.type, it->number, it->events);
    struct tkey beyond = tkey_item_event(it->item.type, it->number, it->events + 1);
    TRY(check_phase(v, it, err));
    TRY(check_times(v, it, &sums->timers, err));
    TRY(check_warnings(v, it, &sums->watches, err));
    if (!there(v, TABLE_ITEM_EVENT, &last) || there(v, TABLE_ITEM_EVENT, &beyond))
        return bad(err, it, "its events are not those it counts");
    for (size_t i = 0; i < it->links.n; i++) {
        struct tkey k = tkey_item_linked(it->links.v[i].decision, it->item.type, it->number);
        if (!HAS(&it->links.v[i], item_link_key_decision))
            continue;
        if (!there(v, TABLE_ITEM_LINKED, &k))
            return bad(err, it, "a link to a decision is not listed");
        sums->linked++;
    }
    return ST_OK;
}

static enum status count(const struct view *v, uint8_t table, size_t *ret_n, struct err *err)
{
    struct tkey from = {.n = 1};
    for (*ret_n = 0;; (*ret_n)++) {
        struct span key, value;
        enum status st = view_next(v, table, tkey_span(&from), &key, &value);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK)
            return err_set(err, st, "table %s cannot be read", table_name(table));
        from = tkey_after(key);
    }
}

/* Numbers of a type are given without a gap. */
static enum status check_type(const struct view *v, struct arena *a, enum item_type type, struct sums *sums,
                              struct err *err)
{
    struct state_counter c = {0};
    struct tkey k = tkey_text(span_str(enum_text(&item_type_enum, type)));
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &c, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    for (uint64_t n = 1; n <= c.value; n++) {
        struct item_ref ref = {.type = type, .number = n};
        struct state_item it;
        st = item_get(v, a, &ref, &it, err);
        if (st == ST_NOTFOUND || (st == ST_OK && (it.number != n || it.item.type != type)))
            return err_set(err, ST_CORRUPT, "%s: its record is missing or another's", item_id(type, n).s);
        TRY(st);
        TRY(check_one(v, &it, sums, err));
    }
    sums->items += c.value;
    return ST_OK;
}

enum status item_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err)
{
    struct sums sums = {0};
    size_t n;
    for (enum item_type type = ITEM_RISK; type <= ITEM_FEEDBACK; type++)
        TRY(check_type(v, a, type, &sums, err));
    TRY(count(v, TABLE_ITEM, &n, err));
    if (n != sums.items)
        return err_set(err, ST_CORRUPT, "%zu items on record, %zu counted", n, sums.items);
    TRY(count(v, TABLE_ITEM_LINKED, &n, err));
    if (n != sums.linked)
        return err_set(err, ST_CORRUPT, "%zu links to decisions listed, %zu made", n, sums.linked);
    TRY(count(v, TABLE_ITEM_WATCH, &n, err));
    if (n != sums.watches)
        return err_set(err, ST_CORRUPT, "%zu watches of metrics listed, %zu kept", n, sums.watches);
    *ret_timers = sums.timers;
    return ST_OK;
}
