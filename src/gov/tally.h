/* tally: who was asked, who said what, and does it pass (rules 6, 7, 10). Internal to gov. Reads only. */
#ifndef ENT_GOV_TALLY_H
#define ENT_GOV_TALLY_H

#include "gov/state.h"

/* A decision with what was pinned at its opening. */
struct matter {
    struct state_decision d;
    struct state_pinned p;
    const struct state_input *recommended; /* by the mediator, in force; else NULL (GOV-53) */
};
/* ST_NOTFOUND when there is no such decision. */
MUST_USE enum status matter_load(const struct view *v, struct arena *a, uint64_t number,
                                 struct matter *ret_matter, struct err *err);

struct tally_ballot {
    struct span seat;
    struct state_ballot ballot;
};

struct tally_recused {
    struct span seat;
    struct state_recused recused;
};

/* One partner under one approval. */
struct tally_partner {
    const struct pinned_term *term;
    const struct pinned_partner *partner;
    enum position position;
    size_t approved, rejected, abstained, could, empty; /* seats */
};

struct tally {
    size_t n_ballots;
    struct tally_ballot *ballots; /* of the current revision and rung, ascending by seat */
    size_t n_recused;
    struct tally_recused *recused; /* from the decision, ascending by seat */
    size_t n;
    struct tally_partner *v; /* those asked, by approval, then organisation */
    bool owes, rejects;      /* at least one of them does */
    bool met;                /* every approval */
    bool terms_asked;        /* each asks somebody */
    bool inputs;             /* what it needs is in (GOV-28) */
    bool passes;             /* both */
};

/* Approvals in force on the decision's rung: the row's (or its raise's), or one seat of the rung's body for
 * each of the same partners (rule 13). On a mediator's rung those of the rung below, once there is a
 * recommendation (GOV-54); before that none. */
MUST_USE enum status tally_terms(const struct matter *m, uint64_t rung, struct arena *a,
                                 struct pinned_term_list *ret_terms, struct err *err);
/* The tally on a rung, for the current revision. */
MUST_USE enum status tally_take(const struct view *v, struct arena *a, const struct matter *m, uint64_t rung,
                                struct tally *ret_tally, struct err *err);

/* Is the partner asked under the approval (GOV-10)? */
bool tally_asks(const struct pinned_term *t, const struct state_decision *d, struct span org);
/* Is a need pinned, the i-th, still to be given for the current revision? */
MUST_USE enum status tally_needs(const struct view *v, struct arena *a, const struct matter *m, size_t i,
                                 bool *ret_missing, struct err *err);

/* May the seat cast a ballot that counts? */
bool tally_seat_asked(const struct pinned_term_list *terms, const struct state_decision *d, struct span seat);
/* Partners that must approve for the approval to be met (rule 7). */
size_t tally_least(const struct pinned_term *t, const struct state_decision *d, size_t asked);
/* Would every approval be met if those that owe approved (GOV-58)? */
bool tally_met_if_owing_approve(const struct tally *t, const struct state_decision *d);
/* Is the seat one that still owes a ballot; did it approve? */
bool tally_seat_owes(const struct tally *t, struct span seat);
bool tally_seat_approved(const struct tally *t, struct span seat);
/* A partner's position over all approvals: the worst. POSITION_ASIDE when it is not asked. */
enum position tally_of_partner(const struct tally *t, struct span org);
/* The last rung up to this one that asks for ballots. */
uint64_t tally_last_ballots(const struct matter *m, uint64_t rung);
/* NULL when the seat has not recused itself. */
const struct state_recused *tally_recused(const struct tally *t, struct span seat);
/* NULL when the seat has no ballot in this tally. */
const struct state_ballot *tally_ballot_of(const struct tally *t, struct span seat);

#endif
