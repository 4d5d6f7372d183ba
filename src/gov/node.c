/* Nodes: replaced, and ready to vote (GOV-31, GOV-32, GOV-40). */
#include "gov/node.h"
#include "cert/card.h"
#include "gov/act.h"
#include "gov/keys.h"
#include "gov/upgrade.h"

enum { NODE_KEYS = 4 };

static void four(const struct node_keys *n, const struct hash *ret[NODE_KEYS])
{
    ret[0] = &n->vote;
    ret[1] = &n->cosign;
    ret[2] = &n->log;
    ret[3] = &n->node;
}

enum status node_read(struct arena *a, struct span signed_card, struct span org, bool bare,
                      struct card *ret_card, struct hash *ret_digest, struct denial *no, struct err *err)
{
    struct signed_card sc;
    struct card card;
    struct err bad = {0};
    enum status st = card_check(signed_card, a, &sc, &card, ret_digest, &bad);
    if (card_refused(st))
        return denial_set(no, V_MALFORMED, "the card is not sound: %.200s", bad.text);
    if (st != ST_OK)
        return err_set(err, st, "%s", bad.text);
    if (!span_eq(card.org, org))
        return denial_set(no, V_MALFORMED, "the card is of %.*s; one of %.*s is needed", SPAN_FMT(card.org),
                          SPAN_FMT(org));
    if (bare && (card.seats.n != 0 || HAS(&card, card_key_recovery)))
        return denial_set(
            no, V_MALFORMED,
            "the card of a replaced node names no seat and no recovery key; make one for the node alone");
    *ret_card = card;
    return ST_OK;
}

enum status node_keys_free(const struct view *v, struct arena *a, const struct card *card,
                           const struct state_party *was, struct denial *no, struct err *err)
{
    static const char *const names[NODE_KEYS] = {"vote", "cosignature", "log", "node"};
    const struct hash *now[NODE_KEYS], *before[NODE_KEYS];
    four(&card->node, now);
    if (was != NULL)
        four(&was->node, before);
    for (size_t i = 0; i < NODE_KEYS; i++) {
        struct state_key k;
        bool fresh;
        for (size_t j = 0; j < i; j++) {
            if (hash_eq(now[j], now[i]))
                return denial_set(no, V_NOT_PERMITTED,
                                  "the node's %s and %s keys are one; each is for one use", names[j],
                                  names[i]);
        }
        TRY(keys_are_new(v, a, now[i], &fresh, err));
        if (fresh)
            continue;
        if (was == NULL || !hash_eq(now[i], before[i]))
            return denial_set(no, V_NOT_PERMITTED,
                              "the node's %s key is on the record already; make a new one", names[i]);
        TRY(keys_get(v, a, now[i], &k, err));
        if (HAS(&k, state_key_key_revoked_ms))
            return denial_set(no, V_NOT_PERMITTED, "the node's %s key was revoked at %s; make a new one",
                              names[i], time_utc(k.revoked_ms).s);
    }
    return ST_OK;
}

enum status node_name_keys(struct gov *g, const struct card *card, struct err *err)
{
    struct view v = overlay_view(g->state);
    const struct hash *keys[NODE_KEYS];
    four(&card->node, keys);
    for (size_t i = 0; i < NODE_KEYS; i++) {
        struct state_key k;
        enum status st = keys_get(&v, g->arena, keys[i], &k, err);
        if (st == ST_OK)
            continue;
        if (st != ST_NOTFOUND)
            return st;
        k = (struct state_key){.org = card->org, .use = KEY_NODE, .changed_leaf = g->leaf};
        TRY(keys_put(g, keys[i], &k, err));
    }
    return ST_OK;
}

enum status node_take(struct gov *g, const struct card *card, const struct hash *digest,
                      struct state_party *p, struct err *err)
{
    p->card = *digest;
    p->node = card->node;
    if (party_standing(p) == STANDING_SUSPENDED)
        party_set_standing(p, STANDING_JOINING);
    return node_name_keys(g, card, err);
}

enum status node_apply_replace(struct act *c, const struct replace_node *r, struct err *err)
{
    struct span seat = c->e->entry->seat, org = state_seat_org(seat);
    struct denial no;
    struct card card;
    struct hash digest;
    struct state_party p;
    if (!span_eqs(state_seat_name(seat), "registrar"))
        return act_refuse(c, V_NOT_PERMITTED, "only %.*s/registrar replaces its node, not %.*s",
                          SPAN_FMT(org), SPAN_FMT(seat));
    TRY(act_checked(c, node_read(c->g->arena, r->card, org, true, &card, &digest, &no, err), &no));
    TRY(party_get(&c->v, c->g->arena, org, &p, err));
    TRY(act_checked(c, node_keys_free(&c->v, c->g->arena, &card, &p, &no, err), &no));
    TRY(act_seen(c, p.changed_leaf, "the organisation"));
    TRY(node_take(c->g, &card, &digest, &p, err));
    p.changed_leaf = c->g->leaf;
    return party_put(c->g, org, &p, err);
}

enum status node_apply_ready(struct act *c, const struct ready *r, struct err *err)
{
    struct span org = state_seat_org(c->e->entry->seat);
    struct state_party p;
    TRY(party_get(&c->v, c->g->arena, org, &p, err));
    if (party_standing(&p) == STANDING_SUSPENDED)
        return act_refuse(c, V_NOT_NOW, "the node of %.*s is suspended: its registrar replaces it first",
                          SPAN_FMT(org));
    if (party_standing(&p) != STANDING_JOINING)
        return act_refuse(c, V_NOT_NOW, "the node of %.*s takes part already", SPAN_FMT(org));
    if (r->height >= c->g->height)
        return act_refuse(c, V_NOT_NOW, "height %" PRIu64 " is not final yet: this block is %" PRIu64,
                          r->height, c->g->height);
    if (c->g->height - r->height > LIMIT_READY_BEHIND)
        return act_refuse(c, V_NOT_NOW,
                          "the node was at height %" PRIu64 ", more than %d behind this block, %" PRIu64
                          "; it says so again when it has caught up",
                          r->height, LIMIT_READY_BEHIND, c->g->height);
    party_set_standing(&p, STANDING_ACTIVE);
    p.changed_leaf = c->g->leaf;
    TRY(party_put(c->g, org, &p, err));
    return upgrade_settle(c->g, err);
}
