/* chain: headers in order, each certified by the set in force, from the genesis block on (BLK-2, BLK-3,
 * BLK-6, BLK-7, CRT-1 to CRT-3). What a follower, a node that catches up and an auditor do before they look
 * at leaves; the leaves are then checked against the header's size and root. */
#ifndef ENT_CERT_CHAIN_H
#define ENT_CERT_CHAIN_H

#include "cert/certificate.h"

struct chain {
    /* Of the newest header. */
    struct hash alliance;
    uint64_t height, epoch, time_ms;
    uint64_t next_epoch; /* of the next header: epoch, or one more after a refounding */
    struct hash block; /* its id */
    uint64_t size;     /* leaves in the tree after it */
    struct hash root;  /* and their root */
    struct hash
        last_commit; /* what the next header must say: SHA-256 of the certificate given for this one */
    struct validator_set decided_by; /* the set that certified it */
    struct validator_set set;        /* in force for the next */
    struct hash set_hash;
    struct arena sets, scratch;
};

/* Starts at block 0 (BLK-6, BLK-7): the alliance must be the one expected; commit is SHA-256 of the bytes of
 * `genesis_sigs`, which block 1 names. ST_FORMAT (with the field), ST_MISMATCH, ST_BADKEY. On failure there
 * is nothing to deinit. The header's own signatures are those of the genesis: see genesis.h. */
MUST_USE enum status chain_begin(struct chain *c, struct span header, const struct hash *alliance,
                                 const struct hash *commit, struct err *err);
void chain_deinit(struct chain *c);

/* The next header with its certificate. ret_record may be NULL; its spans point into header and into memory
 * that the next call uses again. On failure the chain is as before. ST_FORMAT; ST_MISMATCH with the rule,
 * what was found and what was expected; ST_RANGE, ST_BADSIG, ST_BADKEY as certificate_verify and
 * validators_check. */
MUST_USE enum status chain_next(struct chain *c, struct span header, struct span certificate,
                                struct block_record *ret_record, struct err *err);

/* Where an epoch ends, the bytes of the refounding are given as the certificate (REF-6): here, or with chain_recommit.
 * REF-2 is checked; the authority of those who signed it is not (REF-3).
 *
 * Another valid certificate for the newest header takes the place of the first: for one who held his own,
 * while the next block fixes another (BLK-7). Statuses as above. */
MUST_USE enum status chain_recommit(struct chain *c, struct span certificate, struct err *err);

#endif
