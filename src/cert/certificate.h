/* certificate: commit certificates, the final proof of a block (CRT-1): at least q members of the set in
 * force signed the same precommit. Each signature is verified by itself; batch verification is forbidden
 * (SIG-4). */
#ifndef ENT_CERT_CERTIFICATE_H
#define ENT_CERT_CERTIFICATE_H

#include "cert/quorum.h"
#include "cert/vote.h"

enum { CERTIFICATE_BYTES_MAX = 16384 }; /* 64 signatures of at most 140 bytes */

/* From precommits: sigs[i] is member i's, if have[i]; `precommit` is what they signed. Signatures are taken
 * as verified. ST_RANGE: fewer than q. ST_LIMIT: the arena. Organisations are borrowed from the set. */
MUST_USE enum status certificate_make(const struct vote *precommit, const struct validator_set *set,
                                      const struct sig64 *sigs, const bool *have, struct arena *a,
                                      struct certificate *ret_certificate, struct err *err);

/* The precommit that its members signed. */
struct vote certificate_vote(const struct certificate *c, const struct hash *alliance);

/* Is it proof, under this set (which passed validators_check)? ST_MISMATCH: an organisation that is no
 * member, or out of order, or twice; ST_RANGE: fewer than q; ST_BADSIG. The message names height and
 * organisation. About 50 us a signature. */
MUST_USE enum status certificate_verify(const struct certificate *c, const struct hash *alliance,
                                        const struct validator_set *set, struct err *err);

/* The same from bytes, and that it is about this block. ST_FORMAT besides, and ST_MISMATCH for another
 * height, epoch or block. ret_certificate may be NULL; its spans point into bytes, its list is in the arena.
 */
MUST_USE enum status certificate_verify_bytes(struct span bytes, const struct hash *alliance, uint64_t epoch,
                                              uint64_t height, const struct hash *block,
                                              const struct validator_set *set, struct arena *a,
                                              struct certificate *ret_certificate, struct err *err);
/* The same, beside one that was checked under this set before: of the same votes, only what that one has not is checked. */
MUST_USE enum status certificate_verify_beside(struct span bytes, const struct certificate *known, const struct hash *alliance,
                                               uint64_t epoch, uint64_t height, const struct hash *block,
                                               const struct validator_set *set, struct arena *a,
                                               struct certificate *ret_certificate, struct err *err);

#endif
