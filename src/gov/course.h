/* course: the life of a decision: open, ladder, mediation, passed, notice, effective, and its other ends.
 * Each function moves a decision, writes it with its history and timers, and sets its changed_leaf. Internal
 * to gov. */
#ifndef ENT_GOV_COURSE_H
#define ENT_GOV_COURSE_H

#include "gov/tally.h"

/* Who or what moved it, for the history. NULL when a deadline did. */
struct cause {
    struct span seat;
    struct hash id;
    const struct hash *reason; /* or NULL */
    const struct span *clause; /* or NULL */
};

/* Not closed: ballots, vetoes or a rebase are still possible. */
bool course_is_live(const struct state_decision *d);
/* Open, paused or in mediation: not passed, not closed. */
bool course_is_undecided(const struct state_decision *d);
/* The rung that escalation would lead to (GOV-14); 0 when the ladder ends. */
uint64_t course_next_rung(const struct matter *m);
/* Name of a rung: "each partner 1 of steering" has no short name, so rung 0 gives the approvals' seats. */
struct span course_rung_name(const struct matter *m, uint64_t rung);
/* The timer that a decision in its phase has; false for none. */
bool course_timer(const struct state_decision *d, uint64_t *ret_deadline_ms, enum timer_kind *ret_kind);

/* Passes it if its tally does; else only writes it. */
MUST_USE enum status course_settle(struct gov *g, struct matter *m, const struct cause *by, struct err *err);
/* The same after a partner left; what passes takes effect by its timer, not at once (GOV-38). */
MUST_USE enum status course_recount(struct gov *g, struct matter *m, struct err *err);
/* To the next rung, or the default at the ladder's end (rules 12, 13). */
MUST_USE enum status course_climb(struct gov *g, struct matter *m, const struct cause *by, struct err *err);
/* It stands still until until_ms at most; goes on, with the deadline it has then (GOV-50, GOV-51). by: NULL
 * for the timer. */
MUST_USE enum status course_pause(struct gov *g, struct matter *m, const struct cause *by, uint64_t until_ms,
                                  struct err *err);
MUST_USE enum status course_resume(struct gov *g, struct matter *m, const struct cause *by,
                                   uint64_t deadline_ms, struct err *err);
/* The time paused so far is kept, and it is paused no more (GOV-52). */
void course_unpause(struct state_decision *d, uint64_t now_ms);
/* The deadline of its rung has come. */
MUST_USE enum status course_deadline(struct gov *g, struct matter *m, struct err *err);
/* Notice is over, or there was none (rules 16, 20). */
MUST_USE enum status course_effect(struct gov *g, struct matter *m, struct err *err);
/* Its last day is over (GOV-67). */
MUST_USE enum status course_expire(struct gov *g, struct matter *m, struct err *err);
/* Closes it as vetoed, withdrawn, rejected, lapsed or countered (by decision other). */
MUST_USE enum status course_close(struct gov *g, struct matter *m, enum phase phase, const struct cause *by,
                                  uint64_t other, struct err *err);
/* Closes it as lapsed, with words. */
MUST_USE enum status course_lapse(struct gov *g, struct matter *m, const char *words, struct err *err);
/* What it rests on has changed: five business days to rebase (GOV-21). */
MUST_USE enum status course_stale(struct gov *g, struct matter *m, const char *words, struct err *err);
/* Replaces timer and deadline by a later one: the ledger stood still (rule 14). */
MUST_USE enum status course_defer(struct gov *g, struct matter *m, uint64_t until_ms, struct err *err);
/* Index of undecided amendments, and the timer of its phase: taken out before a change, put back after it. */
void course_unlist(struct gov *g, const struct state_decision *d);
void course_list(struct gov *g, const struct state_decision *d);

#endif
