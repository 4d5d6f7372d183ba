/* A node signed twice in one slot (GOV-35). */
#include "cert/vote.h"
#include "crypto/sshsig.h"
#include "gov/act.h"
#include "gov/keys.h"

static enum status one_slot(struct act *c, const struct fault *r)
{
    const struct vote *x = &r->first, *y = &r->second;
    const struct hash *alliance = &c->e->entry->alliance;
    struct err bad = {0};
    struct vote_bytes first, second;
    if (!hash_eq(&x->alliance, alliance) || !hash_eq(&y->alliance, alliance))
        return act_refuse(c, V_MALFORMED, "fault: the votes are of another alliance");
    if (x->epoch != y->epoch || x->height != y->height || x->round != y->round || x->type != y->type)
        return act_refuse(c, V_MALFORMED, "fault: the votes are of two slots; two in one slot are a fault");
    vote_encode(x, &first);
    vote_encode(y, &second);
    int order = span_cmp(span_of(first.b, first.n), span_of(second.b, second.n));
    if (order == 0)
        return act_refuse(c, V_MALFORMED, "fault: the votes are the same; two different ones are a fault");
    if (order > 0)
        return act_refuse(c, V_MALFORMED,
                          "fault: the second vote's bytes are below the first's; exchange them");
    if (vote_check(x, &bad) != ST_OK || vote_check(y, &bad) != ST_OK)
        return act_refuse(c, V_MALFORMED, "fault: %.200s", bad.text);
    return ST_OK;
}

static enum status signed_by(struct act *c, const struct hash *key, const struct vote *vote,
                             const struct sig64 *sig, const char *which)
{
    struct vote_bytes b;
    vote_encode(vote, &b);
    if (sshsig_verify_raw(key, SSHSIG_VOTE, span_of(b.b, b.n), sig) == ST_OK)
        return ST_OK;
    return act_refuse(c, V_BAD_SIGNATURE, "fault: the key did not sign the %s vote", which);
}

enum status fault_apply(struct act *c, const struct fault *r, struct err *err)
{
    struct state_key k;
    struct state_fault f = {.leaf = c->g->leaf,
                            .at_ms = c->g->time_ms,
                            .key = r->key,
                            .shown_by = state_seat_org(c->e->entry->seat)};
    enum status st = keys_get(&c->v, c->g->arena, &r->key, &k, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_NOTFOUND || k.use != KEY_NODE || !span_eq(k.org, r->org))
        return act_refuse(c, V_NO_SUCH_OBJECT, "the key was never one of the node of %.*s", SPAN_FMT(r->org));
    TRY(one_slot(c, r));
    TRY(signed_by(c, &r->key, &r->first, &r->first_sig, "first"));
    TRY(signed_by(c, &r->key, &r->second, &r->second_sig, "second"));
    struct tkey at = tkey_fault(r->first.height, r->first.round, (uint8_t)r->first.type, r->org);
    struct state_fault old;
    st = state_get(&c->v, c->g->arena, TABLE_FAULT, &at, &state_fault_desc, &old, err);
    if (st == ST_OK)
        return act_refuse(c, V_DUPLICATE, "this fault of %.*s is on the record already, at leaf %" PRIu64,
                          SPAN_FMT(r->org), old.leaf);
    if (st != ST_NOTFOUND)
        return st;
    return state_put(c->g, TABLE_FAULT, &at, &state_fault_desc, &f, err);
}
