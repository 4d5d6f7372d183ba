#include "base/base.h"
#include "unit/consensus/notary.h"

void notary_reset(struct notary *y, uint32_t n)
{
    memset(y, 0, sizeof *y);
    y->n = n;
    y->quorum = n - (n - 1) / 3;
}

static bool same(const struct consensus_vote *a, const struct consensus_vote *b)
{
    return a->nil == b->nil && a->valid_round == b->valid_round && hash_eq(&a->value, &b->value);
}

bool notary_note(struct notary *y, uint64_t height, const struct consensus_vote *v)
{
    if (v->round < 0 || v->round >= NOTARY_ROUNDS)
        return false;
    struct notary_slot *slot = &y->slots[height][v->round][v->type - 1][v->validator];
    for (uint32_t i = 0; i < slot->n; i++)
        if (same(&slot->said[i], v))
            return true;
    if (slot->n == NOTARY_VARIANTS)
        return false;
    slot->said[slot->n++] = *v;
    return true;
}

/* How many validators said exactly this in that round. */
static uint32_t count(const struct notary *y, uint64_t height, int32_t round, enum vote_type type,
                      const struct consensus_vote *like)
{
    uint32_t validators = 0;
    for (uint32_t i = 0; i < y->n; i++) {
        bool said = false;
        const struct notary_slot *slot = &y->slots[height][round][type - 1][i];
        for (uint32_t k = 0; k < slot->n; k++)
            said = said || same(&slot->said[k], like);
        validators += said;
    }
    return validators;
}

/* Is there a valid round for which q validators prevoted the value in that round? */
static bool pol_exists(const struct notary *y, uint64_t height, int32_t round, const struct hash *value)
{
    for (int32_t valid_round = -1; valid_round < round; valid_round++) {
        struct consensus_vote like = {.valid_round = valid_round, .value = *value};
        if (count(y, height, round, VOTE_PREVOTE, &like) >= y->quorum)
            return true;
    }
    return false;
}

int32_t notary_lock(const struct notary *y, uint64_t height, uint32_t validator, int32_t below,
                    struct hash *ret_value)
{
    for (int32_t r = below - 1; r >= 0; r--) {
        const struct notary_slot *slot = &y->slots[height][r][VOTE_PRECOMMIT - 1][validator];
        if (slot->n > 0 && !slot->said[0].nil) {
            *ret_value = slot->said[0].value;
            return r;
        }
    }
    return -1;
}

static const char *check_prevote(const struct notary *y, uint64_t height, const struct consensus_vote *v)
{
    uint32_t proposer = (uint32_t)((height + (uint64_t)v->round) % y->n);
    bool proposed = false;
    const struct notary_slot *slot = &y->slots[height][v->round][VOTE_PROPOSAL - 1][proposer];
    for (uint32_t i = 0; i < slot->n; i++)
        proposed = proposed || same(&slot->said[i], v);
    if (!proposed)
        return "prevoted what was not proposed";
    struct hash value;
    int32_t locked = notary_lock(y, height, v->validator, v->round, &value);
    if (locked >= 0 && !hash_eq(&value, &v->value) && v->valid_round < locked)
        return "prevoted against its lock";
    return NULL;
}

const char *notary_sign(struct notary *y, uint64_t height, const struct consensus_vote *v)
{
    if (v->round >= NOTARY_ROUNDS)
        return "too many rounds";
    struct notary_slot *slot = &y->slots[height][v->round][v->type - 1][v->validator];
    if (slot->n > 0 && !same(&slot->said[0], v))
        return "signed twice for one slot";
    slot->n = 1;
    slot->said[0] = *v;
    if (v->nil)
        return v->type == VOTE_PROPOSAL || v->valid_round != -1 ? "malformed" : NULL;
    if (v->valid_round >= v->round || (v->type == VOTE_PRECOMMIT && v->valid_round != -1))
        return "malformed";
    if (v->valid_round >= 0 && !pol_exists(y, height, v->valid_round, &v->value))
        return "named a valid round without a POL";
    if (v->type == VOTE_PRECOMMIT && !pol_exists(y, height, v->round, &v->value))
        return "precommitted without a quorum of prevotes";
    return v->type == VOTE_PREVOTE ? check_prevote(y, height, v) : NULL;
}

const char *notary_decide(struct notary *y, uint64_t height, int32_t round, const struct hash *value)
{
    struct consensus_vote like = {.valid_round = -1, .value = *value};
    if (round < 0 || count(y, height, round, VOTE_PRECOMMIT, &like) < y->quorum)
        return "decided without a quorum of precommits";
    if (y->decided[height] && !hash_eq(&y->decision[height], value))
        return "two decisions";
    y->decided[height] = true;
    y->decision[height] = *value;
    return NULL;
}

uint32_t notary_prevotes(const struct notary *y, uint64_t height, int32_t round, const struct hash *value,
                         bool any_valid_round, struct consensus_pol *ret_pol)
{
    uint32_t best = 0;
    for (int32_t vr = -1; vr < round; vr++) {
        struct consensus_pol pol = {0};
        for (uint32_t i = 0; i < y->n; i++) {
            const struct notary_slot *slot = &y->slots[height][round][VOTE_PREVOTE - 1][i];
            for (uint32_t k = 0; k < slot->n; k++)
                if (!slot->said[k].nil && hash_eq(&slot->said[k].value, value) &&
                    (any_valid_round || slot->said[k].valid_round == vr)) {
                    pol.votes[pol.n++] = slot->said[k];
                    break;
                }
        }
        if (pol.n > best) {
            best = pol.n;
            *ret_pol = pol;
        }
    }
    return best;
}
