/* node: an organisation's node as a card brings it (GOV-31). Internal to gov. */
#ifndef ENT_GOV_NODE_H
#define ENT_GOV_NODE_H

#include "gov/party.h"
#include "gov/denial.h"

/* Signatures, certificate and organisation. bare: of a node alone, without seats or a recovery key. Refuses
 * as MALFORMED. ret_digest is the card's. */
MUST_USE enum status node_read(struct arena *a, struct span signed_card, struct span org, bool bare,
                               struct card *ret_card, struct hash *ret_digest, struct denial *no,
                               struct err *err);
/* Are its four keys free for it? was: the organisation's PARTY, whose own keys may stay; NULL for a new one.
 */
MUST_USE enum status node_keys_free(const struct view *v, struct arena *a, const struct card *card,
                                    const struct state_party *was, struct denial *no, struct err *err);
/* KEY for the node's keys that are not there yet. */
MUST_USE enum status node_name_keys(struct gov *g, const struct card *card, struct err *err);
/* Takes it into *p, and names its keys; the caller writes *p. */
MUST_USE enum status node_take(struct gov *g, const struct card *card, const struct hash *digest,
                               struct state_party *p, struct err *err);

#endif
