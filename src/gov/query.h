/* query: answers about the governance state (query.def), from a view alone. Pure, like the rest of gov.
 * Everything returned is in the arena or borrowed from the view. Times are ledger times: what is said of
 * silence and deadlines is as of the newest block. ST_NOTFOUND with words when there is no such thing;
 * ST_CORRUPT. */
#ifndef ENT_GOV_QUERY_H
#define ENT_GOV_QUERY_H

#include "gov/gov.h"

MUST_USE enum status query_decision(const struct view *v, uint64_t number, struct arena *a,
                                    struct query_decision *ret, struct err *err);
/* What a decision still needs, in numbers and in words. */
MUST_USE enum status query_readiness(const struct view *v, uint64_t number, struct arena *a,
                                     struct query_readiness *ret, struct err *err);
/* When the decision would take effect if it passed at at_ms: the end of its notice. */
MUST_USE enum status query_effective(const struct view *v, uint64_t number, uint64_t at_ms, struct arena *a,
                                     uint64_t *ret_ms, struct err *err);
/* From a number on, at most count (and 1000). */
MUST_USE enum status query_decisions(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                                     struct query_decisions *ret, struct err *err);
/* What is asked of an organisation, or only of these seats of it (NULL: all), soonest deadline first. */
MUST_USE enum status query_inbox(const struct view *v, struct span org, const struct span_list *seats,
                                 struct arena *a, struct query_inbox *ret, struct err *err);
/* The same as one list, whatever kind each line is of; soonest deadline first, those without one last.
 * Nothing of it is borrowed from the view. */
MUST_USE enum status query_owed(const struct query_inbox *in, struct arena *a, struct query_owed_list *ret,
                                struct err *err);
/* The command that does what a reading or exit trigger asks; NULL when the arena is full. */
const char *query_reading_next(const struct query_reading_task *t, struct arena *a);
MUST_USE enum status query_parties(const struct view *v, struct arena *a, struct query_parties *ret,
                                   struct err *err);
MUST_USE enum status query_seats(const struct view *v, struct arena *a, struct query_seats *ret,
                                 struct err *err);
/* Recoveries announced, and what was asked of two seats meanwhile. */
MUST_USE enum status query_recoveries(const struct view *v, struct arena *a, struct query_recoveries *ret,
                                      struct err *err);
/* Nodes that signed twice, from a height on, at most count (and 1000). */
MUST_USE enum status query_faults(const struct view *v, uint64_t from_height, uint64_t count, struct arena *a,
                                  struct query_faults *ret, struct err *err);
/* Rules in force and decided; which validators run them. */
MUST_USE enum status query_rules(const struct view *v, struct arena *a, struct query_rules *ret,
                                 struct err *err);
/* Items: one, those of a type from a number on (at most count, and 1000), those linked to a decision. */
MUST_USE enum status query_item(const struct view *v, const struct item_ref *ref, struct arena *a,
                                struct query_item *ret, struct err *err);
MUST_USE enum status query_items(const struct view *v, const struct rpc_items *asked, struct arena *a,
                                 struct query_items *ret, struct err *err);
MUST_USE enum status query_linked(const struct view *v, uint64_t decision, struct arena *a,
                                  struct query_linked *ret, struct err *err);
/* Would the rules accept this of the seat now? Tried on a copy of the state, after what is due by at_ms, with
 * a key that holds the seat: nothing is written. */
struct query_can_what {
    struct span seat, type, principal; /* type: of a proposal, or a class of what is shared; principal.n: 0 for none */
    struct span partner;               /* share: with whom */
    enum can_action action;
    uint64_t decision;
    uint64_t size, height; /* of the tree, and of the newest block */
    uint32_t rules;        /* in force */
};
MUST_USE enum status query_can(const struct view *v, const struct query_can_what *what, uint64_t at_ms,
                               struct arena *a, struct query_can *ret, struct err *err);
MUST_USE enum status query_budgets(const struct view *v, struct arena *a, struct query_budgets *ret,
                                   struct err *err);
/* To its end, or to now_ms (rule 33). */
MUST_USE enum status query_waiting(const struct view *v, uint64_t number, uint64_t now_ms, struct arena *a,
                                   struct query_waiting *ret, struct err *err);
/* Decisions on which silence may count as approval until after now_ms, and whose current revision a partner
 * has not shown to have seen; at most most of them. None when the organisation is no partner. */
MUST_USE enum status query_unreceipted(const struct view *v, struct span org, uint64_t now_ms, size_t most,
                                       struct arena *a, struct ref_list *ret, struct err *err);
MUST_USE enum status query_section(const struct view *v, uint64_t number, struct arena *a,
                                   struct query_section *ret, struct err *err);
/* A version of it, in force or older. ST_NOTFOUND. */
MUST_USE enum status query_section_version(const struct view *v, uint64_t number, uint64_t version, struct arena *a,
                                           struct query_section *ret, struct err *err);
/* Who erased the texts of the entry at this leaf (ERA-2), and when. ST_NOTFOUND: nobody did. */
MUST_USE enum status query_erased(const struct view *v, struct arena *a, uint64_t leaf, struct state_erased *ret,
                                  struct err *err);
MUST_USE enum status query_halts(const struct view *v, uint64_t from_ms, uint64_t count, struct arena *a,
                                 struct query_halts *ret, struct err *err);

/* Sessions from a number on, at most count (and 1000); one, with what is on its agenda now. */
MUST_USE enum status query_sessions(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                                    struct query_sessions *ret, struct err *err);
MUST_USE enum status query_agenda(const struct view *v, uint64_t number, struct arena *a,
                                  struct query_agenda *ret, struct err *err);

/* Grants from a number on, at most count (and 1000); and who may have what, and has it. */
MUST_USE enum status query_grants(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                                  struct query_grants *ret, struct err *err);
MUST_USE enum status query_share_map(const struct view *v, struct arena *a, struct query_share_map *ret,
                                     struct err *err);

/* Readings from a number on, at most count (and 1000). */
MUST_USE enum status query_readings(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                                    struct query_readings *ret, struct err *err);
/* What readings and exit triggers ask of an organisation, or only of these seats of it (NULL: all). In these
 * three, scratch is emptied at will, and now_ms is the time of the newest block. */
MUST_USE enum status query_reading_tasks(const struct view *v, struct span org, const struct span_list *seats,
                                         uint64_t now_ms, struct arena *a, struct arena *scratch,
                                         struct query_reading_task_list *ret, struct err *err);
/* Of each metric the newest period that was over by the beginning of a day (UINT64_MAX: by now). */
MUST_USE enum status query_scorecard(const struct view *v, uint64_t until_day, uint64_t now_ms,
                                     struct arena *a, struct arena *scratch, struct query_scorecard *ret,
                                     struct err *err);
/* How decisions opened in a span of time went, and who was waited for. */
MUST_USE enum status query_record(const struct view *v, uint64_t from_ms, uint64_t to_ms, uint64_t now_ms,
                                  struct arena *a, struct arena *scratch, struct query_record *ret,
                                  struct err *err);
/* The six ways in which alliances fail, each answered from the record (docs/metrics.md): of decisions opened,
 * sessions due and readings late in a span of time; the rest as it stands. */
MUST_USE enum status query_health(const struct view *v, uint64_t from_ms, uint64_t to_ms, uint64_t now_ms,
                                  struct arena *a, struct arena *scratch, struct query_health *ret,
                                  struct err *err);
/* What time did by itself from from_ms on, and what it will do up to to_ms if nobody acts. */
MUST_USE enum status query_news(const struct view *v, uint64_t from_ms, uint64_t to_ms, struct arena *a,
                                struct query_news *ret, struct err *err);

/* What falls due again by the charter's interval, the refresh and courses, as coming, due or late. Of all organisations
 * (org.n 0), or only of these seats of one (NULL: all of it). Soonest first. */
MUST_USE enum status query_again(const struct view *v, struct span org, const struct span_list *seats, uint64_t now_ms,
                                 struct arena *a, struct arena *scratch, struct query_again_list *ret, struct err *err);
/* For an inbox: drops those for which a session or course is open, which asks by itself. */
void query_again_unasked(struct query_again_list *l);

/* What was asked of seats (of one, or NULL: of all) in a span of time, how long that waited, and what is past due now; of one
 * seat also what it owes now. ST_NOTFOUND: the charter has no such seat. */
MUST_USE enum status query_account(const struct view *v, uint64_t from_ms, uint64_t to_ms, const struct span *seat, uint64_t now_ms,
                                   struct arena *a, struct arena *scratch, struct query_account *ret, struct err *err);
/* Outcomes of the thesis, commitments and targets: promised, reported, and the gap (docs/metrics.md). */
MUST_USE enum status query_promises(const struct view *v, uint64_t now_ms, struct arena *a, struct arena *scratch,
                                    struct query_promises *ret, struct err *err);

/* The charter's regular reports: of each the newest period that is over at now_ms, and the next one. */
MUST_USE enum status query_regulars(const struct view *v, uint64_t now_ms, struct arena *a, struct arena *scratch,
                                    struct query_regulars *ret, struct err *err);
/* Seats of an organisation that a report is for: on its bodies; of `readers` all. */
MUST_USE enum status query_regular_seats(const struct view *v, const struct charter_report *r, struct span org, struct arena *a,
                                         struct span_list *ret, struct err *err);
/* A regular report of the period that holds a day (UINT64_MAX: the newest that is over). now_ms is the time of the newest
 * block. Titles, and the size of the record, are left to the caller. ST_NOTFOUND: no such report, or no period of it is over;
 * ST_RANGE: that period is not over, or was over before the founding. */
MUST_USE enum status query_report(const struct view *v, struct span name, uint64_t day, uint64_t now_ms, struct arena *a,
                                  struct arena *scratch, struct query_report *ret, struct err *err);
/* The same to be read by people: plain text of lines, times in UTC. */
void query_report_text(const struct query_report *r, struct span alliance, struct buf *b);

#endif
