/* item: what somebody owns until it is done (SPEC section 17). Types are rows of one table; the rest is the
 * same for all. Internal to gov. Files: item.c the table and the state; item_new.c opening; item_move.c
 * steps; item_gate.c gates; item_ladder.c climbing and conflicts; item_after.c what follows from them. */
#ifndef ENT_GOV_ITEM_H
#define ENT_GOV_ITEM_H

#include "gov/act.h"
#include "gov/denial.h"
#include "gov/item_id.h"
#include "gov/rights.h"

/* A line of the table. */
struct item_type_row {
    enum item_type type;
    const char *prefix;      /* of its ids for people */
    uint64_t must, may;      /* keys of `item`, as bits, besides those that all may have */
    bool verified;           /* done when another partner has looked; else by claim alone */
    enum section_id section; /* that `name` is looked up in; 0: it has no name */
};
const struct item_type_row *item_type_row(enum item_type type);
bool item_key_allowed(const struct item_type_row *row, unsigned key);

/* The number in a TIMER key, and back. */
uint64_t item_timer_number(enum item_type type, uint64_t number);
struct item_ref item_of_timer(uint64_t timer_number);
bool item_is_timer(uint64_t kind);

/* ST_NOTFOUND when there is no such item. */
MUST_USE enum status item_get(const struct view *v, struct arena *a, const struct item_ref *ref,
                              struct state_item *ret, struct err *err);

/* The timers that it has, by kind (ITM-4). */
enum { ITEM_TIMERS_MAX = 5 };
struct item_timer {
    enum timer_kind kind;
    uint64_t at_ms;
};
size_t item_timers(const struct state_item *it, struct item_timer ret[ITEM_TIMERS_MAX]);
/* Did it miss the due date that it has now? */
bool item_is_overdue(const struct state_item *it);
uint64_t item_score(const struct state_item *it); /* 0 for what is no risk */
/* Is the seat one of the two sides of a conflict? */
bool item_is_side(const struct state_item *it, struct span seat);

/* Who or what moved it; NULL when time, a decision or another item did. */
struct item_cause {
    struct span seat;
    struct hash id;
    const struct hash *text; /* or NULL */
};
/* A change: first item_begin, then the members, then item_commit with what happened, or item_put when that is
 * not told. */
void item_begin(struct gov *g, const struct state_item *it);
MUST_USE enum status item_put(struct gov *g, struct state_item *it, struct err *err);
MUST_USE enum status item_commit(struct gov *g, struct state_item *it, const struct item_cause *by,
                                 struct state_item_event *ev, struct err *err);

/* ITM-3: within a change: it closes. */
void item_close(struct gov *g, struct state_item *it);

/* ITM-2. ST_RANGE when it ends past the year 9999. */
MUST_USE enum status item_span_end(const struct view *v, struct arena *a, uint64_t from_ms,
                                   const struct charter_span *span, uint64_t *ret_ms, struct err *err);
MUST_USE enum status item_date_end(const struct view *v, struct arena *a, uint64_t day, uint64_t *ret_ms,
                                   struct err *err);
struct charter_span item_period(const struct charter_period *p);
/* A charter section in force, decoded; NULL when the charter does not have it. */
MUST_USE enum status item_section(const struct view *v, struct arena *a, enum section_id id, const void **ret,
                                  struct err *err);

/* Is it a seat of a partner that has not left? */
MUST_USE enum status item_partner_seat(const struct view *v, struct arena *a, struct span seat, bool *ret_is,
                                       struct err *err);
MUST_USE enum status item_partner_org(const struct view *v, struct arena *a, struct span org, bool *ret_is,
                                      struct err *err);

/* item_new.c: ITM-6; and what the record opens by itself (ITM-17). Of it type, name, against and links are
 * looked at. */
MUST_USE enum status item_link_sound(const struct view *v, struct arena *a, const struct item_ref *self,
                                     const struct item_link *l, struct denial *no, struct err *err);
bool item_link_same(const struct item_link *x, const struct item_link *y);
struct item_opening {
    struct item item;
    const char *words;
    struct span owner;
    struct span offered; /* or none */
    uint64_t due_ms;     /* 0: none */
};
MUST_USE enum status item_open_by_record(struct gov *g, const struct item_opening *o,
                                         struct item_ref *ret_ref, struct err *err);
/* ITM-8: offers it; with its own event. */
MUST_USE enum status item_offer(struct gov *g, struct state_item *it, struct span to,
                                const struct item_cause *by, struct err *err);
/* Sets when the next review is due (ITM-11). */
MUST_USE enum status item_set_review(struct gov *g, struct state_item *it, struct err *err);

/* item_gate.c: what a milestone's gate still waits for ("shelf-life validated"), by ITM-10; none when it has
 * no gate. */
MUST_USE enum status item_gate_missing(const struct view *v, struct arena *a, const struct state_item *it,
                                       struct span_list *ret_missing, struct err *err);

/* item_ladder.c */
MUST_USE enum status item_ladder_get(const struct view *v, struct arena *a, const struct state_item *it,
                                     struct state_item_ladder *ret, struct err *err);
/* The next rung of a ladder above this one; 0: none. */
MUST_USE enum status item_next_rung(const struct view *v, struct arena *a, const struct state_item_ladder *l,
                                    uint64_t rung, uint64_t *ret_next, struct err *err);
/* The ladder as it would be pinned now. */
MUST_USE enum status item_ladder_now(const struct view *v, struct arena *a, bool conflict,
                                     struct state_item_ladder *ret, struct err *err);
MUST_USE enum status item_climb(struct gov *g, struct state_item *it, const struct item_cause *by,
                                struct err *err);
/* ITM-14 */
MUST_USE enum status item_default(struct gov *g, struct state_item *it, struct err *err);

/* What its timers do. */
MUST_USE enum status item_fire(struct gov *g, enum timer_kind kind, uint64_t timer_number, struct err *err);
/* GOV-T2 */
MUST_USE enum status item_defer(struct gov *g, enum timer_kind kind, uint64_t timer_number, uint64_t until_ms,
                                struct err *err);

/* item_after.c. An action that the record opens, due in 30 days unless due_ms says when; offered to nobody who owns it. Of it
 * owner, offered, words, links and due_ms are looked at. */
MUST_USE enum status item_follow_up(struct gov *g, struct item_opening *o, struct item_ref *ret_ref, struct err *err);
/* One such for ORG/sponsor of each partner, ascending: offered to it; owner n 0: it owns it. */
MUST_USE enum status item_ask_sponsors(struct gov *g, const struct item_opening *o, struct err *err);
MUST_USE enum status item_falsified(struct gov *g, struct state_item *it, struct err *err);
MUST_USE enum status item_doubt(struct gov *g, const struct state_item *it, uint64_t decision,
                                struct err *err);
MUST_USE enum status item_recur(struct gov *g, const struct state_item *it, struct err *err);
MUST_USE enum status item_check_accept(const struct view *v, struct arena *a, uint64_t now_ms,
                                       const struct effect *e, struct denial *no, struct err *err);
MUST_USE enum status item_accept(struct gov *g, uint64_t decision, const struct effect *e, struct err *err);
MUST_USE enum status item_left(struct gov *g, struct span org, struct err *err);

/* item_check.c: all tables of items, for gov_check; ret_timers: how many they have. */
MUST_USE enum status item_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err);

#endif
