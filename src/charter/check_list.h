/* check_list: what check.c and check_rows.c share: a list of findings, and the questions that many sections
 * ask. */
#ifndef ENT_CHARTER_CHECK_LIST_H
#define ENT_CHARTER_CHECK_LIST_H

#include "charter/check.h"

struct check_list {
    const struct charter *c;
    struct arena *a;
    struct check_findings f;
    struct span_list partners;
    bool full; /* the arena is */
};

/* Path of a finding: "decisions.spend.approve". Never NULL. */
__attribute__((format(printf, 2, 3))) const char *check_list_where(struct check_list *l, const char *fmt,
                                                                   ...);
__attribute__((format(printf, 3, 4))) void check_list_refuse(struct check_list *l, const char *where,
                                                             const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void check_list_warn(struct check_list *l, const char *where,
                                                           const char *fmt, ...);

/* Each refuses at where when the answer is no. */
bool check_list_partner(struct check_list *l, const char *where, struct span org);
bool check_list_seat(struct check_list *l, const char *where, struct span seat);
bool check_list_body(struct check_list *l, const char *where, struct span name);
/* The selector names a body or seats that are there, and not a registrar, which acts for no one in
 * governance. */
bool check_list_selector(struct check_list *l, const char *where, const struct charter_selector *s);
bool check_list_selectors(struct check_list *l, const char *where, const struct charter_selector_list *list);
/* Is there a metric of that name, or a commitment, which is one too (MET-12)? */
bool check_list_metric(const struct check_list *l, struct span name);
/* Metrics, rows and item types of its terms are there. */
void check_list_predicate(struct check_list *l, const char *where, const struct charter_predicate *p);
/* Partners, and 100 percent together. */
void check_list_shares(struct check_list *l, const char *where, const struct charter_share_list *shares);
/* A deadline: more than nothing, no months; warns under an hour. */
void check_list_deadline(struct check_list *l, const char *where, const struct charter_span *s);
/* Every partner has at least count seats of it. */
bool check_list_each_partner(struct check_list *l, const char *where, const struct charter_selector *s,
                             uint64_t count);
/* Decision row or item type. */
void check_list_opens(struct check_list *l, const char *where, struct span name);
/* A name of what a selector says, in the arena. */
const char *check_list_selector_text(struct check_list *l, const struct charter_selector *s);

/* check_rows.c */
void check_rows(struct check_list *l);
void check_rows_ladders(struct check_list *l);
void check_rows_else(struct check_list *l, const char *where, const struct charter_else *e);

#endif
