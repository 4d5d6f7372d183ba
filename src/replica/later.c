/* Prevotes that agreement has no need of (REP-8): the quorum that they agree with is there already. Their signatures are looked
 * at within a second, if the height is open still; mostly it is not. To agreement that is a message that came late. */
#include "replica/internal.h"

void later_forget(struct replica *r)
{
    memset(r->later, 0, sizeof r->later);
}

static bool is_needless(const struct replica *r, const struct vote *v)
{
    const struct consensus_vote *one = v->type == VOTE_PREVOTE ? consensus_agreed(r->core, (int32_t)v->round, VOTE_PREVOTE) : NULL;
    int32_t valid_round = HAS(v, vote_key_valid_round) ? (int32_t)v->valid_round : CONSENSUS_NONE;
    return one != NULL && HAS(v, vote_key_value) == !one->nil && valid_round == one->valid_round &&
           (one->nil || hash_eq(&v->value, &one->value));
}

bool later_keep(struct replica *r, struct span org, uint32_t validator, const struct vote *v, struct span body)
{
    struct later *l = &r->later[validator];
    if (r->now_is_later || body.n > sizeof l->body || org.n > sizeof l->org || (int32_t)validator == agree_self(r) || !is_needless(r, v))
        return false;
    if (l->n != 0) /* once more, or another one: that is looked at now */
        return span_eq(span_of(l->body, l->n), body);
    memcpy(l->org, org.p, org.n);
    memcpy(l->body, body.p, body.n);
    l->org_n = org.n;
    l->n = body.n;
    return true;
}

void later_take(struct replica *r)
{
    if (r->now_is_later || r->stepping || r->halted[0] != 0)
        return;
    r->now_is_later = true;
    for (size_t i = 0; i < ARRAY_LEN(r->later); i++) {
        struct later l = r->later[i];
        struct err err;
        r->later[i].n = 0;
        struct peer *p = l.n == 0 ? NULL : replica_find_peer(r, span_of(l.org, l.org_n), true);
        if (p != NULL)
            replica_note_fault(p, agree_on_vote(r, p->org, span_of(l.body, l.n), &err), &err);
    }
    r->now_is_later = false;
}
