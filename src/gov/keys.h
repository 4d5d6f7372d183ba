/* keys: who owns a key, who holds a seat (KEY, SEAT): the checks and writes that entries and recoveries
 * share. Internal to gov. */
#ifndef ENT_GOV_KEYS_H
#define ENT_GOV_KEYS_H

#include "gov/denial.h"
#include "gov/state.h"

enum { KEYS_MAX = 8 }; /* of one list */

MUST_USE enum status keys_get(const struct view *v, struct arena *a, const struct hash *key,
                              struct state_key *ret, struct err *err);
MUST_USE enum status keys_put(struct gov *g, const struct hash *key, const struct state_key *k,
                              struct err *err);
/* New to the record: not in KEY, and no organisation's recovery key. */
MUST_USE enum status keys_are_new(const struct view *v, struct arena *a, const struct hash *key,
                                  bool *ret_new, struct err *err);

/* Copies the list, ascending. Refused when a key is on it twice; what names the list for people. */
MUST_USE enum status keys_sorted(struct arena *a, const char *what, const struct public_key_list *in,
                                 struct public_key_list *ret, struct denial *no, struct err *err);
/* May people of the organisation hold these keys (GOV-5)? A key belongs to one organisation for good, and is
 * never taken back after its revocation. */
MUST_USE enum status keys_usable(const struct view *v, struct arena *a, const struct public_key_list *keys,
                                 struct span org, struct denial *no, struct err *err);
/* KEY (use person) for each that is not there yet. */
MUST_USE enum status keys_name(struct gov *g, const struct public_key_list *keys, struct span org,
                               struct err *err);
bool keys_have(const struct public_key_list *keys, const struct hash *key);

/* Key of the organisation's registrar seat in SEAT. */
struct tkey keys_registrar(struct span org);
MUST_USE enum status keys_put_seat(struct gov *g, const struct tkey *seat, const struct public_key_list *keys,
                                   struct err *err);
/* Seats of an organisation: the first with a key not before *from, which moves on behind it. ST_END. */
struct tkey keys_first_seat(struct span org);
MUST_USE enum status keys_next_seat(const struct view *v, struct arena *a, struct span org, struct tkey *from,
                                    struct tkey *ret_key, struct state_seat *ret_seat, struct err *err);

/* Writes the revocation, made in *k, and takes the key off every seat of its organisation. */
MUST_USE enum status keys_revoke(struct gov *g, const struct hash *key, struct state_key *k, struct err *err);

#endif
