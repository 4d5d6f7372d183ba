/* party: organisations on the record, and whose nodes vote (GOV-30). Internal to gov. */
#ifndef ENT_GOV_PARTY_H
#define ENT_GOV_PARTY_H

#include "gov/state.h"

enum standing party_standing(const struct state_party *p);
void party_set_standing(struct state_party *p, enum standing s);
/* A partner or witness that is active: its node is a validator. */
bool party_votes(const struct state_party *p);

/* ST_NOTFOUND when the organisation was never on the record. */
MUST_USE enum status party_get(const struct view *v, struct arena *a, struct span org,
                               struct state_party *ret, struct err *err);
MUST_USE enum status party_put(struct gov *g, struct span org, const struct state_party *p, struct err *err);
/* First organisation with a key not before *from, which moves on behind it. ST_END when there is none. Start
 * with party_first. org is copied into the arena. */
struct tkey party_first(void);
MUST_USE enum status party_next(const struct view *v, struct arena *a, struct tkey *from,
                                struct span *ret_org, struct state_party *ret, struct err *err);
/* Has it left? Not when it was never there. */
MUST_USE enum status party_has_left(const struct view *v, struct arena *a, struct span org, bool *ret_left,
                                    struct err *err);
/* Is there a validator other than this organisation's node? */
MUST_USE enum status party_others_vote(const struct view *v, struct arena *a, struct span org,
                                       bool *ret_others, struct err *err);
/* Is it the recovery key of some organisation? */
MUST_USE enum status party_recovery_key(const struct view *v, struct arena *a, const struct hash *key,
                                        bool *ret_is, struct err *err);
/* Does PARTY name it as one of the node's four keys? */
bool party_node_key(const struct state_party *p, const struct hash *key);

#endif
