#include "cert/vote.h"
#include "base/plant.h"
#include "codec/codec.h"
#include "crypto/sshsig.h"

void vote_encode(const struct vote *v, struct vote_bytes *ret_bytes)
{
    struct buf b;
    buf_init(&b, sizeof ret_bytes->b);
    enum status st = codec_encode(&vote_desc, v, &b);
    ASSERT(st == ST_OK);
    ret_bytes->n = b.n;
    memcpy(ret_bytes->b, b.p, b.n);
    buf_deinit(&b);
}

void vote_sign(const struct vote *v, const struct ed25519_key *key, struct sig64 *ret_sig)
{
    struct vote_bytes bytes;
    vote_encode(v, &bytes);
    sshsig_sign(key, SSHSIG_VOTE, span_of(bytes.b, bytes.n), ret_sig);
}

enum status vote_verify(const struct vote *v, const struct hash *key, const struct sig64 *sig)
{
    struct vote_bytes bytes;
    vote_encode(v, &bytes);
    return sshsig_verify_known(key, SSHSIG_VOTE, span_of(bytes.b, bytes.n), sig);
}

enum status vote_check(const struct vote *v, struct err *err)
{
    const char *type = enum_text(&vote_type_enum, v->type);
    bool value = HAS(v, vote_key_value), valid = HAS(v, vote_key_valid_round);
    ASSERT(type != NULL);
    if (v->type == VOTE_PROPOSAL && !value)
        return err_set(err, ST_FORMAT, "VOT-1: a proposal without a value");
    if (valid && (v->type == VOTE_PRECOMMIT || !value))
        return err_set(err, ST_FORMAT, "VOT-1: a %s%s with a valid round", value ? "" : "nil ", type);
    if (valid && v->valid_round >= v->round)
        return err_set(err, ST_FORMAT,
                       "VOT-1: %s of round %" PRIu64 " with valid round %" PRIu64 ", expected a lower one",
                       type, v->round, v->valid_round);
    return ST_OK;
}

enum status vote_verify_signed(const struct signed_vote *v, const struct hash *alliance, uint64_t epoch,
                               const struct validator_set *set, uint32_t *ret_index, struct err *err)
{
    enum status st = vote_check(&v->vote, err);
    if (st != ST_OK)
        return st;
    if (!hash_eq(&v->vote.alliance, alliance))
        return err_set(err, ST_MISMATCH, "vote of %.*s for alliance %s, expected %s", SPAN_FMT(v->org),
                       hex_of(&v->vote.alliance).s, hex_of(alliance).s);
    if (v->vote.epoch != epoch)
        return err_set(err, ST_MISMATCH, "vote of %.*s for epoch %" PRIu64 ", expected %" PRIu64,
                       SPAN_FMT(v->org), v->vote.epoch, epoch);
    int i = validators_find(set, v->org);
    if (i < 0)
        return err_set(err, ST_NOTFOUND, "vote of %.*s, which has no voting node at height %" PRIu64,
                       SPAN_FMT(v->org), v->vote.height);
    if (vote_verify(&v->vote, &set->members.v[i].vote, &v->sig) != ST_OK && !PLANTED(26))
        return err_set(err, ST_BADSIG,
                       "vote of %.*s at height %" PRIu64 " round %" PRIu64 ": its signature does not verify",
                       SPAN_FMT(v->org), v->vote.height, v->vote.round);
    *ret_index = (uint32_t)i;
    return ST_OK;
}
