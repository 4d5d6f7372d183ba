#include "cert/refounding.h"
#include "cert/certificate.h"
#include "codec/codec.h"
#include "crypto/hash.h"

bool refounding_is(struct span bytes)
{
    struct arena a CLEANUP(arena_deinit);
    struct refounding r;
    struct err err;
    arena_init(&a, 4 * REFOUNDING_BYTES_MAX);
    return codec_decode(&refounding_desc, bytes, &a, &r, &err) == ST_OK;
}

bool refounding_had_certificate(const struct refounding_info *r)
{
    return HAS(&r->proof, refound_proof_key_certificate);
}

static enum status differs(struct err *err, const char *what, const struct hash *found, const struct hash *expected)
{
    return err_set(err, ST_MISMATCH, "REF-2: %s is %s, expected %s", what, hex_of(found).s, hex_of(expected).s);
}

static enum status read_cards(struct refounding_info *r, struct arena *a, struct err *err)
{
    const struct span_list *cards = &r->file.cards;
    const struct hash_list *digests = &r->statement.cards;
    if (cards->n != digests->n)
        return err_set(err, ST_MISMATCH, "REF-2: %zu cards, the statement names %zu", cards->n, digests->n);
    r->cards = arena_array(a, cards->n, sizeof *r->cards);
    if (r->cards == NULL)
        return err_set(err, ST_LIMIT, "no room for the cards of a refounding");
    for (size_t i = 0; i < cards->n; i++) {
        struct signed_card sc;
        struct hash digest;
        sha256(cards->v[i], &digest);
        if (!hash_eq(&digest, &digests->v[i]))
            return differs(err, "digest of a card", &digest, &digests->v[i]);
        enum status st = codec_decode(&signed_card_desc, cards->v[i], a, &sc, err);
        if (st == ST_OK)
            st = codec_decode(&card_desc, sc.card, a, &r->cards[i], err);
        if (st != ST_OK)
            return err_wrap(err, st, "REF-2: card %zu: ", i + 1);
        if (i > 0 && span_cmp(r->cards[i - 1].org, r->cards[i].org) >= 0)
            return err_set(err, ST_FORMAT, "REF-2: the card of %.*s is there twice or out of order", SPAN_FMT(r->cards[i].org));
    }
    return ST_OK;
}

enum status refounding_read(struct span bytes, struct arena *a, struct refounding_info *ret_info, struct err *err)
{
    struct refounding_info r = {.bytes = bytes};
    struct hash proof;
    if (bytes.n > REFOUNDING_BYTES_MAX)
        return err_set(err, ST_RANGE, "a refounding of %zu bytes, at most %d", bytes.n, REFOUNDING_BYTES_MAX);
    enum status st = codec_decode(&refounding_desc, bytes, a, &r.file, err);
    if (st == ST_OK)
        st = codec_decode(&refound_statement_desc, r.file.statement, a, &r.statement, err);
    if (st == ST_OK)
        st = codec_decode(&refound_proof_desc, r.file.proof, a, &r.proof, err);
    if (st != ST_OK)
        return err_wrap(err, st, "REF-2: ");
    sha256(bytes, &r.hash);
    sha256(r.file.proof, &proof);
    if (!hash_eq(&proof, &r.statement.proof))
        return differs(err, "digest of the proof", &proof, &r.statement.proof);
    const struct span_list *off = &r.statement.suspended;
    for (size_t i = 1; i < off->n; i++)
        if (span_cmp(off->v[i - 1], off->v[i]) >= 0)
            return err_set(err, ST_FORMAT, "REF-2: %.*s is suspended twice, or out of order", SPAN_FMT(off->v[i]));
    st = read_cards(&r, a, err);
    if (st == ST_OK)
        *ret_info = r;
    return st;
}

/* A vote of the old epoch at the last block's height, for a value. */
static enum status check_vote(const struct refounding_last *last, const struct signed_vote *v, enum vote_type type, struct err *err)
{
    uint32_t i;
    if (v->vote.type != type || v->vote.height != last->height || !HAS(&v->vote, vote_key_value))
        return err_set(err, ST_MISMATCH, "REF-2: the vote of %.*s is no %s for a value at height %" PRIu64, SPAN_FMT(v->org),
                       enum_text(&vote_type_enum, type), last->height);
    enum status st = vote_verify_signed(v, &last->alliance, last->epoch, last->decided_by, &i, err);
    return st == ST_OK ? ST_OK : err_wrap(err, st, "REF-2: ");
}

static enum status check_ascends(const struct signed_vote_list *l, struct err *err)
{
    for (size_t i = 1; i < l->n; i++)
        if (span_cmp(l->v[i - 1].org, l->v[i].org) >= 0)
            return err_set(err, ST_MISMATCH, "REF-2: the vote of %.*s is there twice or out of order", SPAN_FMT(l->v[i].org));
    return ST_OK;
}

static bool same_valid_round(const struct vote *a, const struct vote *b)
{
    bool has = HAS(a, vote_key_valid_round);
    return has == HAS(b, vote_key_valid_round) && (!has || a->valid_round == b->valid_round);
}

/* q alike prevotes for the block (BFT-A2). */
static enum status check_pol(const struct refounding_info *r, const struct refounding_last *last, struct err *err)
{
    const struct signed_vote_list *pol = &r->proof.pol;
    uint32_t q = quorum_of((uint32_t)last->decided_by->members.n);
    enum status st = check_ascends(pol, err);
    if (st != ST_OK)
        return st;
    if (pol->n < q)
        return err_set(err, ST_RANGE, "REF-2: %zu prevotes for the last block, expected at least %" PRIu32 " of %zu", pol->n, q,
                       last->decided_by->members.n);
    const struct vote *first = &pol->v[0].vote;
    for (size_t i = 0; i < pol->n; i++) {
        const struct vote *v = &pol->v[i].vote;
        st = check_vote(last, &pol->v[i], VOTE_PREVOTE, err);
        if (st != ST_OK)
            return st;
        if (!hash_eq(&v->value, &last->block) || v->round != first->round || !same_valid_round(v, first))
            return err_set(err, ST_MISMATCH, "REF-2: the prevote of %.*s is not alike the first", SPAN_FMT(pol->v[i].org));
    }
    return ST_OK;
}

static enum status check_without_certificate(const struct refounding_info *r, const struct refounding_last *last, struct err *err)
{
    const struct refound_proof *p = &r->proof;
    if (last->height == 0 || !HAS(p, refound_proof_key_pol) || !HAS(p, refound_proof_key_precommit))
        return err_set(err, ST_MISMATCH, "REF-2: neither a certificate of block %" PRIu64 " nor a POL and a precommit for it", last->height);
    enum status st = check_pol(r, last, err);
    if (st == ST_OK)
        st = check_vote(last, &p->precommit, VOTE_PRECOMMIT, err);
    if (st == ST_OK)
        st = check_ascends(&p->others, err);
    if (st != ST_OK)
        return st;
    uint64_t round = p->pol.v[0].vote.round;
    if (p->precommit.vote.round != round || !hash_eq(&p->precommit.vote.value, &last->block))
        return err_set(err, ST_MISMATCH, "REF-2: the precommit of %.*s is not for the block and the round of the POL",
                       SPAN_FMT(p->precommit.org));
    for (size_t i = 0; i < p->others.n; i++) {
        st = check_vote(last, &p->others.v[i], VOTE_PRECOMMIT, err);
        if (st != ST_OK)
            return st;
        if (p->others.v[i].vote.round > round)
            return err_set(err, ST_MISMATCH,
                           "REF-1: %.*s precommitted in round %" PRIu64 ", after round %" PRIu64
                           " of the POL: its value is the last block",
                           SPAN_FMT(p->others.v[i].org), p->others.v[i].vote.round, round);
    }
    return ST_OK;
}

enum status refounding_check(const struct refounding_info *r, const struct refounding_last *last, struct err *err)
{
    const struct refound_statement *s = &r->statement;
    struct validator_set set = {.members = s->set};
    if (!hash_eq(&s->alliance, &last->alliance))
        return differs(err, "alliance", &s->alliance, &last->alliance);
    if (s->epoch != last->epoch + 1 || s->height != last->height)
        return err_set(err, ST_MISMATCH, "REF-2: it begins epoch %" PRIu64 " after block %" PRIu64 ", expected %" PRIu64 " after %" PRIu64,
                       s->epoch, s->height, last->epoch + 1, last->height);
    if (!hash_eq(&s->block, &last->block))
        return differs(err, "last block", &s->block, &last->block);
    enum status st = validators_check(&set, err);
    if (st != ST_OK)
        return err_wrap(err, st, "REF-2: the new set: ");
    if (!refounding_had_certificate(r))
        return check_without_certificate(r, last, err);
    if (HAS(&r->proof, refound_proof_key_pol) || HAS(&r->proof, refound_proof_key_precommit) || r->proof.others.n > 0)
        return err_set(err, ST_MISMATCH, "REF-2: a certificate and votes; one of them is enough");
    if (last->height == 0) {
        struct hash h;
        sha256(r->proof.certificate, &h);
        return hash_eq(&h, &last->genesis_sigs) ? ST_OK : differs(err, "hash of the founding signatures", &h, &last->genesis_sigs);
    }
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    st = certificate_verify_bytes(r->proof.certificate, &last->alliance, last->epoch, last->height, &last->block, last->decided_by, &a,
                                  NULL, err);
    return st == ST_OK ? ST_OK : err_wrap(err, st, "REF-2: ");
}
