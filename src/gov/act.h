/* act: one entry on its way through the engine. Internal to gov. */
#ifndef ENT_GOV_ACT_H
#define ENT_GOV_ACT_H

#include "gov/denial.h"
#include "gov/tally.h"

struct act {
    struct gov *g;
    const struct gov_entry *e;
    struct view v;        /* of g->state */
    enum verdict verdict; /* V_OK until refused */
};

/* Refuses the entry: sets the verdict and g->why, and returns ST_REFUSED, which gov_apply turns into the
 * verdict. Must come before the first write. */
MUST_USE __attribute__((format(printf, 3, 4))) enum status act_refuse(struct act *c, enum verdict v,
                                                                      const char *fmt, ...);

/* Passes st on; ST_REFUSED becomes the entry's refusal. */
MUST_USE enum status act_checked(struct act *c, enum status st, const struct denial *no);

/* Rule 1 (GOV-4): refuses unless the author had seen the object's last change that does not commute. what
 * names the object for people. */
MUST_USE enum status act_seen(struct act *c, uint64_t changed_leaf, const char *what);

/* One function per kind: checks the body against the state, and writes. */
MUST_USE enum status holders_apply_holder(struct act *c, const struct holder *r, struct err *err);
MUST_USE enum status holders_apply_key(struct act *c, const struct key *r, struct err *err);
MUST_USE enum status propose_apply_propose(struct act *c, const struct propose *r, struct err *err);
MUST_USE enum status propose_apply_revise(struct act *c, const struct revise *r, struct err *err);
MUST_USE enum status ballot_apply(struct act *c, const struct ballot *r, struct err *err);
MUST_USE enum status moves_apply_withdraw(struct act *c, const struct withdraw *r, struct err *err);
MUST_USE enum status moves_apply_move(struct act *c, const struct move_decision *r, struct err *err);
MUST_USE enum status moves_apply_note(struct act *c, const struct note *r, struct err *err);
MUST_USE enum status input_apply(struct act *c, const struct decision_input *r, struct err *err);
/* A recommendation: an input with `settled`. */
MUST_USE enum status mediate_apply(struct act *c, const struct decision_input *r, struct matter *m,
                                   struct err *err);
MUST_USE enum status receipt_apply(struct act *c, const struct receipt *r, struct err *err);
MUST_USE enum status item_apply_item(struct act *c, const struct item *r, struct err *err);
MUST_USE enum status item_apply_move(struct act *c, const struct item_move *r, struct err *err);
MUST_USE enum status reading_apply_report(struct act *c, const struct reading *r, struct err *err);
MUST_USE enum status reading_apply_mark(struct act *c, const struct mark_reading *r, struct err *err);
MUST_USE enum status reading_apply_commit(struct act *c, const struct commit_reading *r, struct err *err);
MUST_USE enum status reading_apply_reveal(struct act *c, const struct reveal_reading *r, struct err *err);
MUST_USE enum status session_apply_call(struct act *c, const struct session *r, struct err *err);
MUST_USE enum status session_apply_minutes(struct act *c, const struct minutes *r, struct err *err);
MUST_USE enum status grant_apply_grant(struct act *c, const struct grant *r, struct err *err);
MUST_USE enum status grant_apply_move(struct act *c, const struct grant_move *r, struct err *err);
MUST_USE enum status node_apply_replace(struct act *c, const struct replace_node *r, struct err *err);
MUST_USE enum status node_apply_ready(struct act *c, const struct ready *r, struct err *err);
MUST_USE enum status upgrade_apply_support(struct act *c, const struct support *r, struct err *err);
MUST_USE enum status fault_apply(struct act *c, const struct fault *r, struct err *err);
MUST_USE enum status recovery_apply_recover(struct act *c, const struct recover *r, struct err *err);
MUST_USE enum status recovery_apply_registrar(struct act *c, const struct registrar *r, struct err *err);

#endif
