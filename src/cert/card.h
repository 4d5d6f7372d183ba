/* card: what an organisation brings: its node's keys, certificate and addresses, and its seats; signed by its
 * node (GEN-1, GEN-2). Of a founding, of an admission, of a node replaced. */
#ifndef ENT_CERT_CARD_H
#define ENT_CERT_CARD_H

#include "codec/codec.h"

/* Decodes a signed card and checks its four signatures, its certificate and the order of its seats.
 * Everything points into bytes and the arena. ret_digest is that of the card. ST_FORMAT, ST_RANGE,
 * ST_MISMATCH, ST_BADKEY, ST_BADSIG with words; ST_LIMIT: the arena is full. Depends on the arguments alone.
 */
MUST_USE enum status card_check(struct span bytes, struct arena *a, struct signed_card *ret_signed,
                                struct card *ret_card, struct hash *ret_digest, struct err *err);

/* The key that holds more than half of the card's seats, and how many; NULL: there is none. */
const struct public_key *card_widest_key(const struct card *card, size_t *ret_seats);

/* Is it what card_check says of the card, and not a fault of this machine? */
bool card_refused(enum status st);

#endif
