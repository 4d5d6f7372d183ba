/* Between the core's votes (validator index) and signed ones (organisation, bytes). */
#include "cert/validators.h"
#include "cert/vote.h"
#include "replica/internal.h"

static void to_vote(const struct replica *r, uint64_t height, const struct consensus_vote *v, struct vote *ret_vote)
{
    *ret_vote = (struct vote){.alliance = r->tip.alliance,
                              .epoch = r->epoch,
                              .type = v->type,
                              .height = height,
                              .round = (uint64_t)v->round};
    if (!v->nil) {
        ret_vote->value = v->value;
        SET_HAS(ret_vote, vote_key_value);
    }
    if (v->valid_round >= 0) {
        ret_vote->valid_round = (uint64_t)v->valid_round;
        SET_HAS(ret_vote, vote_key_valid_round);
    }
}

void votes_sign(struct replica *r, struct consensus_vote *v)
{
    struct vote vote;
    to_vote(r, r->tip.height + 1, v, &vote);
    vote_sign(&vote, r->cfg.vote, &v->sig);
}

void votes_to_signed(const struct replica *r, const struct consensus_vote *v, struct signed_vote *ret_signed)
{
    ASSERT(v->validator < r->set.members.n);
    to_vote(r, r->tip.height + 1, v, &ret_signed->vote);
    ret_signed->has = 0;
    ret_signed->org = r->set.members.v[v->validator].org;
    ret_signed->sig = v->sig;
}

enum status votes_from_signed(const struct replica *r, const struct signed_vote *s, uint64_t *ret_height,
                              struct consensus_vote *ret_vote, struct err *err)
{
    uint32_t i;
    enum status st = vote_verify_signed(s, &r->tip.alliance, r->epoch, &r->set, &i, err);
    if (st != ST_OK)
        return st;
    struct consensus_vote v = {.type = s->vote.type,
                               .validator = i,
                               .round = (int32_t)s->vote.round,
                               .nil = !HAS(&s->vote, vote_key_value),
                               .valid_round = HAS(&s->vote, vote_key_valid_round) ? (int32_t)s->vote.valid_round : -1,
                               .sig = s->sig};
    if (!v.nil)
        v.value = s->vote.value;
    *ret_height = s->vote.height;
    *ret_vote = v;
    return ST_OK;
}

void votes_snapshot_row(const struct consensus_snapshot *s, struct journal_row *ret_row)
{
    *ret_row = (struct journal_row){.height = s->height,
                                    .round = s->round,
                                    .step = s->step,
                                    .locked_round = s->locked_round,
                                    .locked_value = s->locked_value,
                                    .valid_round = s->valid_round,
                                    .valid_value = s->valid_value,
                                    .proposed_round = s->proposed_round};
}

const struct signed_vote *votes_of_row(const struct journal_row *row, size_t i)
{
    size_t n = HAS(row, journal_row_key_before) ? row->before.n : 0;
    return i < n ? &row->before.v[i] : i == n ? &row->vote : NULL;
}

enum status votes_certificate(struct replica *r, struct buf *b, struct err *err)
{
    struct consensus_vote votes[LIMIT_VALIDATORS];
    struct commit_sig sigs[LIMIT_VALIDATORS];
    uint32_t n = consensus_certificate(r->core, votes);
    ASSERT(n > 0);
    struct certificate c = {.epoch = r->epoch,
                            .height = r->tip.height + 1,
                            .round = (uint64_t)votes[0].round,
                            .value = votes[0].value,
                            .sigs = {n, sigs}};
    for (uint32_t i = 0; i < n; i++)
        sigs[i] = (struct commit_sig){.org = r->set.members.v[votes[i].validator].org, .sig = votes[i].sig};
    enum status st = codec_encode(&certificate_desc, &c, b);
    return st == ST_OK ? ST_OK : err_set(err, st, "a certificate cannot be encoded");
}
