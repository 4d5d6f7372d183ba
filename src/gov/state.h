/* state: reads and writes the governance tables as the records of state.def. For gov; the auditor's program reads by it. */
#ifndef ENT_GOV_STATE_H
#define ENT_GOV_STATE_H

#include "gov/gov.h"
#include "gov/tkey.h"

/* Passes a status other than ST_OK on. */
#define TRY(expr)                                                                                            \
    do {                                                                                                     \
        enum status try_st_ = (expr);                                                                        \
        if (try_st_ != ST_OK)                                                                                \
            return try_st_;                                                                                  \
    } while (0)

/* Decodes the value at a key. ST_NOTFOUND when there is none; ST_CORRUPT when it does not decode. */
MUST_USE enum status state_get(const struct view *v, struct arena *a, uint8_t table, const struct tkey *key,
                               const struct record_desc *d, void *ret_rec, struct err *err);
/* As state_get; a missing value is ST_CORRUPT, for what has to be there. */
MUST_USE enum status state_need(const struct view *v, struct arena *a, uint8_t table, const struct tkey *key,
                                const struct record_desc *d, void *ret_rec, struct err *err);
/* Encodes and writes. ST_LIMIT when the record is too large to be a value. */
MUST_USE enum status state_put(struct gov *g, uint8_t table, const struct tkey *key,
                               const struct record_desc *d, const void *rec, struct err *err);

/* Is the record within its bounds, and small enough to be a value? */
bool state_fits(struct gov *g, const struct record_desc *d, const void *rec);

/* Next number of a counter ("decision", "note"), and writes it back. */
MUST_USE enum status state_count(struct gov *g, const char *name, uint64_t *ret_number, struct err *err);

MUST_USE enum status state_put_decision(struct gov *g, const struct state_decision *d, struct err *err);
/* Appends to the decision's history: fills in leaf, time, rung and revision. The caller writes *d afterwards.
 */
MUST_USE enum status state_add_event(struct gov *g, struct state_decision *d, struct state_event *ev,
                                     struct err *err);

void state_set_timer(struct gov *g, uint64_t deadline_ms, uint64_t decision, enum timer_kind kind);
void state_clear_timer(struct gov *g, uint64_t deadline_ms, uint64_t decision, enum timer_kind kind);

/* A time in META; 0: none. */
MUST_USE enum status state_get_moment(const struct view *v, struct arena *a, const char *name, uint64_t *ret_ms, struct err *err);
/* Puts one, or takes it away (0), and moves the timer that is at it; kind 0: it has none. */
MUST_USE enum status state_move_moment(struct gov *g, const char *name, enum timer_kind kind, uint64_t number, uint64_t to_ms,
                                       struct err *err);

/* Is the number in a timer of this kind a decision's? */
bool state_timer_of_decision(enum timer_kind kind);

/* The organisation and the seat's own name in ORG/SEAT. */
struct span state_seat_org(struct span seat);
struct span state_seat_name(struct span seat);

/* Place in INPUT of a mediator's recommendation (GOV-53); those of needs are lower. */
enum { INPUT_RECOMMENDATION = 255 };

bool state_list_has(const struct span_list *list, struct span s);
/* Strictly ascending. */
bool state_list_ascends(const struct span_list *list);

#endif
