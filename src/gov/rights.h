/* rights: the charter's rows as the engine uses them: seats written out, predicates judged. Internal to gov.
 */
#ifndef ENT_GOV_RIGHTS_H
#define ENT_GOV_RIGHTS_H

#include "charter/charter_model.h"
#include "gov/state.h"

/* The sections of the charter in force that say who decides what; the others are NULL. Of its parties those
 * that have not left. */
struct rights {
    struct charter charter;
    uint64_t decisions_version, calendars_version;
};
MUST_USE enum status rights_load(const struct view *v, struct arena *a, struct rights *ret_rights,
                                 struct err *err);

/* What of the row these rules cannot honour yet, in words; NULL when all of it can be. */
const char *rights_unsupported(const struct charter_row *row);

/* Row, ladder and calendar with their seats written out (GOV-7). ST_LIMIT when the arena is full. */
MUST_USE enum status rights_pin(const struct rights *r, struct arena *a, const struct charter_row *row,
                                struct state_pinned *ret_pinned, struct err *err);

/* Partners with seats on a body, for a pinned rung. */
MUST_USE enum status rights_body_partners(const struct rights *r, struct arena *a, struct span body,
                                          struct pinned_partner_list *ret, struct err *err);
/* The budget envelopes in force; ST_NOTFOUND when the charter has none. */
MUST_USE enum status rights_budgets(const struct view *v, struct arena *a, struct charter_budgets *ret,
                                    struct err *err);

/* One rung, its seats written out. */
MUST_USE enum status rights_pin_rung(const struct rights *r, struct arena *a, const struct charter_rung *rung,
                                     struct pinned_rung *ret_rung, struct err *err);

/* Judges amounts, scores and who is affected (GOV-8). ret_level: 0 for the row's own approvals, n for its n-th raise.
 * False with words in why (at least 200 bytes) when the proposal lacks what a predicate looks at. */
bool rights_judge(const struct state_pinned *p, struct span mover_org, const struct proposal *pr,
                  bool *ret_joint, uint64_t *ret_level, char *why, size_t why_n);

#endif
