#include "cert/card.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "crypto/tlsid.h"

static enum status check_sig(const struct hash *key, const struct sig64 *sig, const struct card *card,
                             struct span bytes, const char *what, struct err *err)
{
    enum status st = sshsig_verify_raw(key, SSHSIG_CARD, bytes, sig);
    if (st == ST_OK)
        return ST_OK;
    return err_rule(
        err, "GEN-1",
        err_set(err, st,
                "card of %.*s: the signature by its %s key does not verify (GEN-1); make the card again with "
                "ententd card",
                SPAN_FMT(card->org), what));
}

bool card_refused(enum status st)
{
    return st == ST_FORMAT || st == ST_RANGE || st == ST_MISMATCH || st == ST_BADKEY || st == ST_BADSIG;
}

enum status card_check(struct span bytes, struct arena *a, struct signed_card *ret_signed,
                       struct card *ret_card, struct hash *ret_digest, struct err *err)
{
    struct signed_card sc;
    struct card card;
    enum status st = codec_decode(&signed_card_desc, bytes, a, &sc, err);
    if (st == ST_OK)
        st = codec_decode(&card_desc, sc.card, a, &card, err);
    if (st == ST_OK)
        st = check_sig(&card.node.vote, &sc.vote, &card, sc.card, "vote", err);
    if (st == ST_OK)
        st = check_sig(&card.node.cosign, &sc.cosign, &card, sc.card, "cosignature", err);
    if (st == ST_OK)
        st = check_sig(&card.node.log, &sc.log, &card, sc.card, "log", err);
    if (st == ST_OK)
        st = check_sig(&card.node.node, &sc.node, &card, sc.card, "node", err);
    if (st == ST_OK)
        st = err_rule(err, "GEN-2", tlsid_check(card.node.tls, card.org, err));
    if (st != ST_OK)
        return st;
    for (size_t i = 1; i < card.seats.n; i++)
        if (span_cmp(card.seats.v[i - 1].seat, card.seats.v[i].seat) >= 0)
            return err_rule(err, "ENC-13",
                            err_set(err, ST_FORMAT, "card of %.*s: seats are not ascending (ENC-13)",
                                    SPAN_FMT(card.org)));
    sha256(sc.card, ret_digest);
    *ret_signed = sc;
    *ret_card = card;
    return ST_OK;
}

static bool same_key(const struct public_key *x, const struct public_key *y)
{
    return x->alg == y->alg && hash_eq(&x->key, &y->key);
}

static size_t seats_held(const struct card *card, const struct public_key *key)
{
    size_t n = 0;
    for (size_t i = 0; i < card->seats.n; i++) {
        bool holds = false;
        for (size_t k = 0; k < card->seats.v[i].keys.n; k++)
            holds = holds || same_key(&card->seats.v[i].keys.v[k], key);
        n += holds;
    }
    return n;
}

const struct public_key *card_widest_key(const struct card *card, size_t *ret_seats)
{
    for (size_t i = 0; i < card->seats.n; i++)
        for (size_t k = 0; k < card->seats.v[i].keys.n; k++) {
            const struct public_key *key = &card->seats.v[i].keys.v[k];
            size_t n = seats_held(card, key);
            if (2 * n > card->seats.n) {
                *ret_seats = n;
                return key;
            }
        }
    return NULL;
}
