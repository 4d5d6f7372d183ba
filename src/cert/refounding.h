/* refounding: the signed end of an epoch and the set that begins the next one (SPEC section 15, REF-1 to REF-8). Here is
 * all that needs no state: form, digests, and the proof that the last block is the last (REF-2). Whether the seats that
 * signed held authority (REF-3), and what changes (REF-4), is governance's: gov_refound. */
#ifndef ENT_CERT_REFOUNDING_H
#define ENT_CERT_REFOUNDING_H

#include "cert/validators.h"

enum { REFOUNDING_BYTES_MAX = LIMIT_REFOUNDING_BYTES };

struct refounding_info {
    struct span bytes; /* the file */
    struct hash hash;  /* SHA-256 of it: last_commit of the first block of the new epoch */
    struct refounding file;
    struct refound_statement statement;
    struct refound_proof proof;
    struct card *cards; /* decoded, as in file.cards; their own signatures are GOV-31's */
};

/* The block that an epoch ends with. */
struct refounding_last {
    struct hash alliance;
    uint64_t epoch, height;
    struct hash block;
    struct hash genesis_sigs; /* height 0: SHA-256 of the bytes of genesis_sigs */
    const struct validator_set *decided_by;
};

/* Are these bytes a refounding, and not a certificate? By form alone. */
bool refounding_is(struct span bytes);
/* Form, digests and order. Everything in ret_info is in the arena or borrowed from bytes. ST_FORMAT and ST_RANGE with
 * words; ST_LIMIT. */
MUST_USE enum status refounding_read(struct span bytes, struct arena *a, struct refounding_info *ret_info, struct err *err);
/* REF-2 for this last block. ST_MISMATCH, ST_RANGE (too few signatures), ST_BADSIG, ST_BADKEY; words name the rule. */
MUST_USE enum status refounding_check(const struct refounding_info *r, const struct refounding_last *last, struct err *err);
/* Was the last block final by a certificate, or is it so by a POL and this refounding? */
bool refounding_had_certificate(const struct refounding_info *r);

#endif
