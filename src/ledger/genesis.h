/* genesis: reading, checking and signing the .genesis file (SPEC section 8). */
#ifndef ENT_LEDGER_GENESIS_H
#define ENT_LEDGER_GENESIS_H

#include "codec/codec.h"

struct genesis_info {
    struct genesis genesis;       /* decoded; spans point into the file's bytes */
    struct hash alliance;         /* GEN-3 */
    uint64_t founded_ms;
    struct span name, origin;     /* from section 1 */
    struct hash sigs_hash;        /* SHA-256 of the bytes of genesis_sigs: last_commit of block 1 */
    struct section *sections;     /* decoded, as in genesis.sections */
    struct signed_card *signed_cards;
    struct card *cards;           /* decoded, as in genesis.cards */
    struct charter_parties parties;
};

/* Decodes and checks GEN-1, GEN-2, GEN-3. Signatures of seats only with signed_too (GEN-4): without it the file
 * may be a draft. Everything in ret_info lives in the arena or in bytes. ST_FORMAT, ST_BADSIG, ST_MISMATCH,
 * ST_NOTFOUND (a signature is missing: the message names every missing seat) with words. */
MUST_USE enum status genesis_read(struct span bytes, bool signed_too, struct arena *a, struct genesis_info *ret_info,
                                  struct err *err);

/* Alliance id of section leaves (GEN-3). */
void genesis_alliance_id(const struct span *sections, size_t n, struct hash *ret_id);

/* What founding seats sign: bytes of genesis_statement, appended to b. */
MUST_USE enum status genesis_statement_bytes(const struct hash *alliance, struct buf *b);

/* Must this seat of this card sign (GEN-4)? */
bool genesis_seat_signs(const struct genesis_info *g, const struct card *card, const struct card_seat *seat);

/* The card of an organisation, or NULL. */
const struct card *genesis_card(const struct genesis_info *g, struct span org);

/* Checks a .card file by itself: form, four signatures, TLS template (GEN-1, GEN-2). */
MUST_USE enum status genesis_check_card(struct span bytes, struct arena *a, struct signed_card *ret_signed,
                                        struct card *ret_card, struct hash *ret_digest, struct err *err);

#endif
