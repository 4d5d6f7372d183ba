#include "cert/validators.h"
#include "codec/codec.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"

enum { SET_BYTES_MAX = 16384 }; /* 64 members of at most 140 bytes */

void validators_hash(const struct validator_set *set, struct hash *ret_hash)
{
    struct buf b;
    buf_init(&b, SET_BYTES_MAX);
    enum status st = codec_encode(&validator_set_desc, set, &b);
    ASSERT(st == ST_OK);
    sha256(buf_span(&b), ret_hash);
    buf_deinit(&b);
}

/* Is one of member i's keys used before, by itself or another? */
static bool key_again(const struct validator_set *set, size_t i)
{
    const struct validator *m = &set->members.v[i];
    if (hash_eq(&m->vote, &m->cosign))
        return true;
    for (size_t k = 0; k < i; k++) {
        const struct validator *o = &set->members.v[k];
        if (hash_eq(&m->vote, &o->vote) || hash_eq(&m->vote, &o->cosign) || hash_eq(&m->cosign, &o->vote) ||
            hash_eq(&m->cosign, &o->cosign))
            return true;
    }
    return false;
}

enum status validators_check(const struct validator_set *set, struct err *err)
{
    size_t n = set->members.n;
    if (n < 1 || n > LIMIT_VALIDATORS)
        return err_set(err, ST_RANGE, "validator set of %zu members, expected 1 to %d", n, LIMIT_VALIDATORS);
    for (size_t i = 0; i < n; i++) {
        const struct validator *m = &set->members.v[i];
        if (i > 0 && span_cmp(m[-1].org, m->org) >= 0)
            return err_set(err, ST_MISMATCH,
                           "validator set: %.*s comes after %.*s, expected ascending organisations",
                           SPAN_FMT(m->org), SPAN_FMT(m[-1].org));
        if (key_again(set, i))
            return err_set(err, ST_MISMATCH, "validator set: a key of %.*s is used twice", SPAN_FMT(m->org));
        if (ed25519_check_key(&m->vote) != ST_OK || ed25519_check_key(&m->cosign) != ST_OK)
            return err_set(err, ST_BADKEY, "validator set: a key of %.*s is not a valid Ed25519 key",
                           SPAN_FMT(m->org));
    }
    return ST_OK;
}

int validators_find(const struct validator_set *set, struct span org)
{
    size_t lo = 0, hi = set->members.n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = span_cmp(set->members.v[mid].org, org);
        if (c == 0)
            return (int)mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

enum status validators_copy(const struct validator_set *set, struct arena *a, struct validator_set *ret_set)
{
    struct validator_set copy = *set;
    copy.members.v = arena_array(a, set->members.n, sizeof *copy.members.v);
    if (copy.members.v == NULL)
        return ST_LIMIT;
    for (size_t i = 0; i < set->members.n; i++) {
        copy.members.v[i] = set->members.v[i];
        copy.members.v[i].org = arena_dup(a, set->members.v[i].org);
        if (copy.members.v[i].org.p == NULL)
            return ST_LIMIT;
    }
    *ret_set = copy;
    return ST_OK;
}
