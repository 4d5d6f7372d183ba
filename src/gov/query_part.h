/* query_part: what the files of query share: lists that grow, and tables read whole. For gov, and for the
 * auditor's program, which reads the same tables. */
#ifndef ENT_GOV_QUERY_PART_H
#define ENT_GOV_QUERY_PART_H

#include "gov/query.h"
#include "gov/course.h"

/* A list that grows in the arena by doubling. */
struct query_grow {
    void *v;
    size_t n, cap, size;
};

/* A new member, zeroed; NULL when the arena is full. */
void *query_grow_one(struct query_grow *g, struct arena *a);
enum status query_full(struct err *err);

/* All records of a table whose keys begin with prefix_n bytes of prefix, in key order, with their keys
 * (ret_keys may be NULL). g->size is set. */
MUST_USE enum status query_scan(const struct view *v, uint8_t table, const struct tkey *prefix,
                                size_t prefix_n, const struct record_desc *d, struct arena *a,
                                struct query_grow *g, struct span **ret_keys, struct err *err);

/* "brand/finance, brand/quality": as many as fit. */
struct span query_list_text(const struct span_list *l, struct arena *a);

/* Of an organisation the tasks about itself, for seats that are on the list, or all (query_members.c). ret
 * has room for OWN_TASKS_MAX. */
enum { OWN_TASKS_MAX = 16 };
MUST_USE enum status query_own_tasks(const struct view *v, struct span org, const struct span_list *only,
                                     struct arena *a, struct query_own_task_list *ret, struct err *err);
/* Adds one when the live decision would replace its registrar (GOV-41). */
MUST_USE enum status query_reseat_task(const struct view *v, const struct matter *m, struct span org,
                                       const struct span_list *only, struct arena *a,
                                       struct query_own_task_list *ret, struct err *err);

/* What items ask of an organisation, or of these seats of it (query_item.c). */
MUST_USE enum status query_item_tasks(const struct view *v, struct span org, const struct span_list *only,
                                      struct arena *a, struct query_item_task_list *ret, struct err *err);

/* What sessions ask of an organisation, or of these seats of it (query_session.c). */
MUST_USE enum status query_session_tasks(const struct view *v, struct span org, const struct span_list *only,
                                         struct arena *a, struct query_session_task_list *ret,
                                         struct err *err);

/* What grants ask of an organisation, or of these seats of it (query_grant.c). */
MUST_USE enum status query_grant_tasks(const struct view *v, struct span org, const struct span_list *only,
                                       struct arena *a, struct query_grant_task_list *ret, struct err *err);

/* The body that must look at a risk of such a score: the highest line of section risks that it reaches; n 0: none. risks may be
 * NULL. */
struct span query_must_look(const struct charter_risks *risks, uint64_t score);
/* What a decision rests on and how that stands now, by its current revision and what is recommended for that; what put it in
 * doubt, of its events (query_reliance.c). */
MUST_USE enum status query_reliances(const struct view *v, const struct matter *m, const struct state_revision *now, struct arena *a,
                                     struct query_reliance_list *ret, struct err *err);
MUST_USE enum status query_doubts(const struct view *v, const struct state_decision *d, const struct state_event_list *events,
                                  struct arena *a, struct query_doubt_list *ret, struct err *err);

#endif
