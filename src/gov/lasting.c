#include "gov/lasting.h"
#include "charter/calendar.h"
#include "gov/due.h"
#include "gov/effect.h"
#include "gov/item.h"

enum { WORDS = 128 };

const char lasting_words[] = "its last day has passed";

void lasting_pin(const struct charter_row *row, struct state_pinned *p)
{
    if (HAS(row, charter_row_key_longest) && !effect_names(row->name)) {
        p->longest = row->longest;
        SET_HAS(p, state_pinned_key_longest);
    }
    if (HAS(row, charter_row_key_reaffirms)) {
        p->reaffirms = row->reaffirms;
        SET_HAS(p, state_pinned_key_reaffirms);
    }
}

/* The end of the longest time counted from now; UINT64_MAX when that is past the year 9999. */
static enum status longest_end(struct act *c, const struct state_pinned *p, uint64_t *ret_ms, struct err *err)
{
    struct charter_calendars calendars;
    bool beyond;
    TRY(due_calendars(&c->v, c->g->arena, p, &calendars, err));
    enum status st = calendar_deadline(&calendars, p->calendar, c->g->time_ms, &p->longest, ret_ms, &beyond);
    if (st == ST_RANGE)
        *ret_ms = UINT64_MAX;
    return st == ST_OK || st == ST_RANGE ? ST_OK : err_set(err, ST_CORRUPT, "no end of the longest time: %s", status_text(st));
}

enum status lasting_sound(struct act *c, const struct state_pinned *pinned, const struct proposal *p, struct err *err)
{
    bool given = HAS(p, proposal_key_until), bounded = HAS(pinned, state_pinned_key_longest);
    uint64_t end, last;
    if (given && p->effect.type != EFFECT_NONE)
        return act_refuse(c, V_MALFORMED, "proposal.until: it has an effect of the kind %s; only a decision without one has a last day",
                          enum_text(&effect_type_enum, p->effect.type));
    if (bounded && !given)
        return act_refuse(c, V_INCOMPLETE, "the row lets such a decision last %" PRIu64 " %s at the longest: name its last day (--until)",
                          pinned->longest.n, enum_text(&span_unit_enum, pinned->longest.unit));
    if (!given)
        return ST_OK;
    TRY(due_day_ends(&c->v, c->g->arena, pinned, p->until, &end, err));
    if (end <= c->g->time_ms)
        return act_refuse(c, V_MALFORMED, "proposal.until: that day ended at %s; expected a day to come", time_utc(end).s);
    if (!bounded)
        return ST_OK;
    TRY(longest_end(c, pinned, &last, err));
    if (end > last)
        return act_refuse(c, V_NOT_PERMITTED, "proposal.until: the row lets such a decision last until %s at the longest",
                          time_utc(last).s);
    return ST_OK;
}

enum status lasting_describe(const struct view *v, struct arena *a, const struct state_pinned *pinned, const struct proposal *p,
                             struct state_decision *d, struct err *err)
{
    d->has &= ~(UINT64_C(1) << state_decision_key_until_ms);
    if (!HAS(p, proposal_key_until))
        return ST_OK;
    SET_HAS(d, state_decision_key_until_ms);
    return due_day_ends(v, a, pinned, p->until, &d->until_ms, err);
}

bool lasting_is_over(const struct state_decision *d, uint64_t now_ms)
{
    return HAS(d, state_decision_key_until_ms) && d->until_ms <= now_ms && !HAS(d, state_decision_key_acted_ms);
}

enum status lasting_reaffirm(struct gov *g, const struct matter *m, struct err *err)
{
    struct view v = overlay_view(g->state);
    bool there = false;
    char words[WORDS];
    if (!HAS(&m->p, state_pinned_key_reaffirms))
        return ST_OK;
    const char *section = enum_text(&section_id_enum, m->p.reaffirms);
    struct item_opening o = {.words = words};
    struct item_link *links = arena_array(g->arena, 2, sizeof *links);
    if (links == NULL)
        return err_set(err, ST_LIMIT, "out of room for links");
    (void)snprintf(words, sizeof words, "reaffirm or amend the %s: D-%" PRIu64 " took effect", section, m->d.number);
    links[0] = (struct item_link){.decision = m->d.number};
    SET_HAS(&links[0], item_link_key_decision);
    links[1] = (struct item_link){.clause = span_str(section)};
    SET_HAS(&links[1], item_link_key_clause);
    o.item.links = (struct item_link_list){2, links};
    TRY(item_partner_seat(&v, g->arena, m->d.mover, &there, err));
    if (there)
        o.owner = m->d.mover;
    return item_ask_sponsors(g, &o, err);
}
