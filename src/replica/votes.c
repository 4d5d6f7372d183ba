/* Between the core's votes (validator index) and signed ones (organisation, bytes). */
#include "cert/validators.h"
#include "cert/votes.h"
#include "replica/internal.h"

static void to_vote(const struct replica *r, uint64_t height, const struct consensus_vote *v, struct vote *ret_vote)
{
    *ret_vote = (struct vote){.alliance = r->tip.alliance,
                              .epoch = r->tip.epoch,
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
    votes_sign_vote(r->cfg.vote, &vote, &v->sig);
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
    int i = validators_find(&r->set, s->org);
    if (i < 0)
        return err_set(err, ST_NOTFOUND, "a vote signed for %.*s, which has no vote here", SPAN_FMT(s->org));
    if (!hash_eq(&s->vote.alliance, &r->tip.alliance) || s->vote.epoch != r->tip.epoch)
        return err_set(err, ST_MISMATCH, "a vote of another alliance or epoch");
    struct consensus_vote v = {.type = s->vote.type,
                               .validator = (uint32_t)i,
                               .round = (int32_t)s->vote.round,
                               .nil = !HAS(&s->vote, vote_key_value),
                               .valid_round = HAS(&s->vote, vote_key_valid_round) ? (int32_t)s->vote.valid_round : -1,
                               .sig = s->sig};
    if (!v.nil)
        v.value = s->vote.value;
    if (v.valid_round >= v.round || (v.type == VOTE_PRECOMMIT && v.valid_round >= 0) || (v.nil && v.valid_round >= 0) ||
        (v.type == VOTE_PROPOSAL && v.nil))
        return err_set(err, ST_FORMAT, "a vote whose fields do not fit together (BFT-A1)");
    if (votes_verify_vote(&r->set.members.v[i], &s->vote, &s->sig) != ST_OK)
        return err_set(err, ST_BADSIG, "a vote of %.*s whose signature does not verify", SPAN_FMT(s->org));
    *ret_height = s->vote.height;
    *ret_vote = v;
    return ST_OK;
}

void votes_snapshot_row(const struct replica *r, const struct consensus_snapshot *s, const struct consensus_vote *v,
                        const struct consensus_pol *pol, struct arena *a, struct journal_row *ret_row)
{
    *ret_row = (struct journal_row){.height = s->height,
                                    .round = s->round,
                                    .step = s->step,
                                    .locked_round = s->locked_round,
                                    .locked_value = s->locked_value,
                                    .valid_round = s->valid_round,
                                    .valid_value = s->valid_value,
                                    .proposed_round = s->proposed_round};
    votes_to_signed(r, v, &ret_row->vote);
    if (pol == NULL || pol->n == 0)
        return;
    struct signed_vote *list = arena_array(a, pol->n, sizeof *list);
    ASSERT(list != NULL);
    for (uint32_t i = 0; i < pol->n; i++)
        votes_to_signed(r, &pol->votes[i], &list[i]);
    ret_row->pol = (struct signed_vote_list){pol->n, list};
}
