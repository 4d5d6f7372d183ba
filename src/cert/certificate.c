#include "cert/certificate.h"
#include "base/plant.h"
#include "codec/codec.h"

enum status certificate_make(const struct vote *precommit, const struct validator_set *set,
                             const struct sig64 *sigs, const bool *have, struct arena *a,
                             struct certificate *ret_certificate, struct err *err)
{
    ASSERT(precommit->type == VOTE_PRECOMMIT);
    ASSERT(HAS(precommit, vote_key_value));
    size_t n = set->members.n;
    uint32_t q = quorum_of((uint32_t)n);
    struct certificate c = {.epoch = precommit->epoch,
                            .height = precommit->height,
                            .round = precommit->round,
                            .value = precommit->value};
    c.sigs.v = arena_array(a, n, sizeof *c.sigs.v);
    if (c.sigs.v == NULL)
        return err_set(err, ST_LIMIT, "no room for a certificate of %zu signatures", n);
    for (size_t i = 0; i < n; i++)
        if (have[i])
            c.sigs.v[c.sigs.n++] = (struct commit_sig){.org = set->members.v[i].org, .sig = sigs[i]};
    if (c.sigs.n < q)
        return err_set(err, ST_RANGE, "height %" PRIu64 ": %zu precommits, a certificate needs %" PRIu32,
                       c.height, c.sigs.n, q);
    *ret_certificate = c;
    return ST_OK;
}

struct vote certificate_vote(const struct certificate *c, const struct hash *alliance)
{
    struct vote v = {.alliance = *alliance,
                     .epoch = c->epoch,
                     .type = VOTE_PRECOMMIT,
                     .height = c->height,
                     .round = c->round,
                     .value = c->value};
    SET_HAS(&v, vote_key_value);
    return v;
}

/* Is this very signature, over the same bytes, in one that was checked under the same set? */
static bool is_known(const struct certificate *known, const struct certificate *c, const struct commit_sig *s)
{
    if (known == NULL || known->epoch != c->epoch || known->height != c->height || known->round != c->round ||
        !hash_eq(&known->value, &c->value))
        return false;
    for (size_t i = 0; i < known->sigs.n; i++)
        if (span_eq(known->sigs.v[i].org, s->org))
            return memcmp(known->sigs.v[i].sig.b, s->sig.b, sizeof s->sig.b) == 0;
    return false;
}

static enum status verify(const struct certificate *c, const struct hash *alliance, const struct validator_set *set,
                          const struct certificate *known, struct err *err)
{
    struct vote v = certificate_vote(c, alliance);
    uint32_t q = quorum_of((uint32_t)set->members.n);
    int last = -1;
    for (size_t i = 0; i < c->sigs.n; i++) { /* order and membership first: they are cheap */
        const struct commit_sig *s = &c->sigs.v[i];
        int at = validators_find(set, s->org);
        if (at < 0)
            return err_set(err, ST_MISMATCH,
                           "CRT-1: certificate of height %" PRIu64 ": %.*s has no voting node at that height",
                           c->height, SPAN_FMT(s->org));
        if (at <= last && !PLANTED(40))
            return err_set(err, ST_MISMATCH,
                           "CRT-1: certificate of height %" PRIu64 ": %.*s is there twice or out of order",
                           c->height, SPAN_FMT(s->org));
        last = at;
    }
    if (c->sigs.n < (PLANTED(17) ? q - 1 : q))
        return err_set(err, ST_RANGE,
                       "CRT-1: certificate of height %" PRIu64 ": %zu signatures, expected at least %" PRIu32
                       " of %zu",
                       c->height, c->sigs.n, q, set->members.n);
    for (size_t i = 0; i < c->sigs.n; i++) {
        const struct commit_sig *s = &c->sigs.v[i];
        int at = validators_find(set, s->org);
        if (!is_known(known, c, s) && vote_verify(&v, &set->members.v[at].vote, &s->sig) != ST_OK)
            return err_set(err, ST_BADSIG,
                           "CRT-1: certificate of height %" PRIu64 ": the signature of %.*s does not verify",
                           c->height, SPAN_FMT(s->org));
    }
    return ST_OK;
}

enum status certificate_verify(const struct certificate *c, const struct hash *alliance,
                               const struct validator_set *set, struct err *err)
{
    return verify(c, alliance, set, NULL, err);
}

enum status certificate_verify_bytes(struct span bytes, const struct hash *alliance, uint64_t epoch,
                                     uint64_t height, const struct hash *block,
                                     const struct validator_set *set, struct arena *a,
                                     struct certificate *ret_certificate, struct err *err)
{
    return certificate_verify_beside(bytes, NULL, alliance, epoch, height, block, set, a, ret_certificate, err);
}

enum status certificate_verify_beside(struct span bytes, const struct certificate *known, const struct hash *alliance,
                                      uint64_t epoch, uint64_t height, const struct hash *block,
                                      const struct validator_set *set, struct arena *a,
                                      struct certificate *ret_certificate, struct err *err)
{
    struct certificate c;
    enum status st = codec_decode(&certificate_desc, bytes, a, &c, err);
    if (st != ST_OK)
        return st;
    if (c.height != height || c.epoch != epoch)
        return err_set(err, ST_MISMATCH,
                       "CRT-1: certificate of height %" PRIu64 " epoch %" PRIu64 ", expected %" PRIu64
                       " and %" PRIu64,
                       c.height, c.epoch, height, epoch);
    if (!hash_eq(&c.value, block))
        return err_set(err, ST_MISMATCH,
                       "CRT-1: certificate of height %" PRIu64 " is for block %s, expected %s", height,
                       hex_of(&c.value).s, hex_of(block).s);
    st = verify(&c, alliance, set, known, err);
    if (st == ST_OK && ret_certificate != NULL)
        *ret_certificate = c;
    return st;
}
