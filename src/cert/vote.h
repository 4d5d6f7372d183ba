/* vote: what a vote key signs: the bytes of `vote`, namespace vote@entente (SIG-1, SIG-2, SIG-3). */
#ifndef ENT_CERT_VOTE_H
#define ENT_CERT_VOTE_H

#include "cert/validators.h"
#include "crypto/ed25519.h"

enum { VOTE_BYTES_MAX = 160 };

/* Canonical bytes; the vote is within its block's bounds (asserted). */
struct vote_bytes {
    size_t n;
    uint8_t b[VOTE_BYTES_MAX];
};
void vote_encode(const struct vote *v, struct vote_bytes *ret_bytes);

void vote_sign(const struct vote *v, const struct ed25519_key *key, struct sig64 *ret_sig);
/* key passed validators_check, as a member of a set. ST_BADSIG. */
MUST_USE enum status vote_verify(const struct vote *v, const struct hash *key, const struct sig64 *sig);

/* The form that its type asks for (VOT-1): a proposal has a value; a valid round is on proposals and on
 * prevotes for a value only, and is below the round. ST_FORMAT. */
MUST_USE enum status vote_check(const struct vote *v, struct err *err);

/* A vote that came from a peer: its form, alliance and epoch, that its organisation is a member, and its
 * signature. ret_index is the member. ST_FORMAT; ST_MISMATCH: another alliance or epoch; ST_NOTFOUND: not a
 * member; ST_BADSIG. */
MUST_USE enum status vote_verify_signed(const struct signed_vote *v, const struct hash *alliance,
                                        uint64_t epoch, const struct validator_set *set, uint32_t *ret_index,
                                        struct err *err);

#endif
