/* session: bodies meet, by the charter's cadence or because a seat called them, and leave a record that
 * another partner confirms (SPEC section 19). Internal to gov. */
#ifndef ENT_GOV_SESSION_H
#define ENT_GOV_SESSION_H

#include "gov/rights.h"

/* A line of the table of types. */
struct session_type_row {
    enum session_type type;
    enum layer layer; /* of the bodies that hold it; 0: any */
    bool minutes;     /* one that was called needs minutes */
};
const struct session_type_row *session_type_row(enum session_type type);

/* ST_NOTFOUND when there is none. */
MUST_USE enum status session_get(const struct view *v, struct arena *a, uint64_t number,
                                 struct state_session *ret, struct err *err);
/* First session of SESSION (or of SESSION_LIVE) with a number not below *from, which moves on behind it;
 * ST_END. */
MUST_USE enum status session_next(const struct view *v, struct arena *a, bool live, uint64_t *from,
                                  struct state_session *ret, struct err *err);
/* Is something still expected of it? Then SESSION_LIVE has it (SES-3). */
bool session_expects(enum session_standing s);
/* Of its timer, when it has due_ms. */
enum timer_kind session_timer(const struct state_session *s);

/* A change: first session_begin (not of a new one), then the members, then session_commit. */
void session_begin(struct gov *g, struct state_session *s);
MUST_USE enum status session_commit(struct gov *g, const struct state_session *s, struct err *err);
/* Gives it a number, and opens it until due_ms; the caller has filled the rest. */
MUST_USE enum status session_open(struct gov *g, struct state_session *s, uint64_t due_ms, struct err *err);
/* Five business days after an instant: for minutes, and for called sessions (SES-1). */
MUST_USE enum status session_grace(const struct view *v, struct arena *a, uint64_t from_ms, uint64_t *ret_ms,
                                   struct err *err);

/* The charter's lines; none without section sessions. */
MUST_USE enum status session_lines(const struct view *v, struct arena *a, struct charter_session_list *ret,
                                   struct err *err);
const struct charter_session *session_line(const struct charter_session_list *l, struct span name);
/* The selector of a body. */
struct charter_selector session_of_body(struct span body);
/* Are enough of these seats of each partner there (SES-7)? */
bool session_quorate(const struct charter *c, const struct charter_body *b, const struct span_list *present);

/* Section sessions was written: CADENCE and timers follow it (SES-2). */
MUST_USE enum status session_follow(struct gov *g, struct err *err);
/* What its timers do; the number is a cadence's for TIMER_CADENCE. */
MUST_USE enum status session_fire(struct gov *g, enum timer_kind kind, uint64_t number, struct err *err);
/* GOV-T2 */
MUST_USE enum status session_defer(struct gov *g, uint64_t number, uint64_t until_ms, struct err *err);

/* For gov_check: do the tables agree? ret_timers: how many they have. */
MUST_USE enum status session_check(const struct view *v, struct arena *a, size_t *ret_timers,
                                   struct err *err);

#endif
