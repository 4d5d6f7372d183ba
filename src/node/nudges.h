/* nudges: the reminders from persons at a running node (SPEC section 23), on a thread of their own: it takes them from its own
 * people and from peers, carries them to peers, keeps them in DIR/nudges and drops what is done. nudge.h has the parts. */
#ifndef ENT_NODE_NUDGES_H
#define ENT_NODE_NUDGES_H

#include "node/internal.h"

/* Reads DIR/nudges; a damaged file is said in the log and begun anew. */
void nudges_open(struct node *n);
/* Starts and ends the thread; nudges_stop before the links stop. nudges_close frees. Both accept none. */
void nudges_run(struct node *n);
void nudges_stop(struct node *n);
void nudges_close(struct node *n);
/* From other threads: takes the job over (true) when it is a question or a message about nudges; notes that a link came. */
bool nudges_take(struct node *n, struct job *j);
/* From other threads: a connection to the local socket is gone. */
void nudges_gone(struct node *n);

/* From other threads: is any kept here? */
bool nudges_any(struct node *n);
/* From other threads: those for seats of our own organisation that owe what they are about, only if they are for one of `seats`
 * (NULL: any). Copied into the arena. */
MUST_USE enum status nudges_shown(struct node *n, const struct query_owed_list *owed, const struct span_list *seats, struct arena *a,
                                  struct query_nudge_list *ret, struct err *err);

/* For the command of notify: one that it has not had yet. False: there is none. It is copied into the arena. */
bool nudges_untold(struct node *n, const struct query_owed_list *owed, struct arena *a, struct nudge *ret, struct hash *ret_id,
                   struct span_list *ret_seats, const struct query_owed **ret_owed);
void nudges_told(struct node *n, const struct hash *id);

#endif
