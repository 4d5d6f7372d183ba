/* grant: what a partner shares with others, for a purpose and until a day (SPEC section 20). What is shared never
 * comes here, its digest does. Internal to gov. Files: grant.c the state, time and leaving; grant_terms.c what the
 * charter says, and consents; grant_apply.c granting; grant_move.c what becomes of it; grant_check.c for gov_check. */
#ifndef ENT_GOV_GRANT_H
#define ENT_GOV_GRANT_H

#include "gov/act.h"
#include "gov/rights.h"

enum { GRANT_DERIVED_MAX = 64, GRANT_REQUESTS_MAX = 16 };

/* ST_NOTFOUND when there is none. */
MUST_USE enum status grant_get(const struct view *v, struct arena *a, uint64_t number, struct state_grant *ret,
                               struct err *err);
/* First grant of GRANT (or of GRANT_LIVE) with a number not below *from, which moves on behind it; ST_END. */
MUST_USE enum status grant_next(const struct view *v, struct arena *a, bool live, uint64_t *from,
                                struct state_grant *ret, struct err *err);
/* A grant's own organisation. */
struct span grant_org(const struct state_grant *s);
/* Its member of this organisation; NULL: none. */
struct grant_holder *grant_member(const struct state_grant *s, struct span org);
/* Offered or received: it may use what is shared. */
bool grant_has(const struct grant_holder *m);
/* Of a grant that is over: somebody holds what it received. Such grants, and those in force, are in GRANT_LIVE. */
bool grant_expects(const struct state_grant *s);

/* A change: first grant_begin (not of a new one), then the members, then grant_commit. */
void grant_begin(struct gov *g, const struct state_grant *s);
MUST_USE enum status grant_commit(struct gov *g, const struct state_grant *s, struct err *err);
/* Within a change: it is over. */
void grant_over(struct gov *g, struct state_grant *s, enum grant_standing standing);
/* Within a change: over, when nobody is left in its audience (GRT-11). */
void grant_settle(struct gov *g, struct state_grant *s);

/* What its timer does (GRT-11). */
MUST_USE enum status grant_fire(struct gov *g, uint64_t number, struct err *err);
/* GRT-12 */
MUST_USE enum status grant_left(struct gov *g, struct span org, struct err *err);

/* grant_terms.c: the charter in force, as far as it says who may share what with whom. */
struct grant_terms {
    struct rights rights;
    const struct charter_sharing *sharing; /* NULL: it says nothing */
};
MUST_USE enum status grant_terms_load(const struct view *v, struct arena *a, struct grant_terms *ret, struct err *err);
/* NULL: no such class. */
const struct charter_sharing_class *grant_class(const struct grant_terms *t, struct span name);
/* GRT-2. Of a partner that the class does not name: cannot. */
enum permission grant_may(const struct charter_sharing_class *k, struct span org);
bool grant_may_grant(const struct grant_terms *t, struct span seat);
/* "security-legal": whom to ask, in words, when grant_may_grant says no; in the arena. */
const char *grant_granters(const struct grant_terms *t, struct arena *a, struct span org);
/* GRT-3 */
MUST_USE enum status grant_check_share(const struct view *v, struct arena *a, uint64_t now_ms, const struct effect *e,
                                       struct denial *no, struct err *err);
/* GRT-4: the consent's effect, for a grant of a class until a day. */
MUST_USE enum status grant_consent(const struct view *v, struct arena *a, const struct ref *consent,
                                   struct span info_class, uint64_t until, struct effect *ret, struct denial *no,
                                   struct err *err);

/* grant_check.c: for gov_check: do the tables agree? ret_timers: how many they have. */
MUST_USE enum status grant_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err);

#endif
