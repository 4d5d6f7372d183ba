/* Who fills a seat, and which keys are dead (GOV-5, GOV-6). */
#include "gov/act.h"
#include "gov/keys.h"
#include "gov/party.h"
#include "gov/recovery.h"
#include "gov/stand_in.h"
#include "gov/upgrade.h"

static enum status registrar_only(struct act *c, struct span org)
{
    struct span seat = c->e->entry->seat;
    if (span_eqs(state_seat_name(seat), "registrar") && span_eq(state_seat_org(seat), org))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED, "only %.*s/registrar does this, not %.*s", SPAN_FMT(org),
                      SPAN_FMT(seat));
}

enum status holders_apply_holder(struct act *c, const struct holder *r, struct err *err)
{
    struct span org = state_seat_org(r->seat);
    TRY(registrar_only(c, org));
    if (span_eqs(state_seat_name(r->seat), "registrar"))
        return act_refuse(
            c, V_NOT_PERMITTED,
            "a registrar does not replace itself: two other seats of %.*s do, or its recovery key",
            SPAN_FMT(org));
    struct tkey sk = tkey_text(r->seat);
    struct state_seat seat;
    enum status st = state_get(&c->v, c->g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "the charter has no seat %.*s", SPAN_FMT(r->seat));
    if (st != ST_OK)
        return st;
    TRY(act_seen(c, seat.changed_leaf, "the seat"));
    struct public_key_list keys;
    struct denial no;
    TRY(act_checked(c, keys_sorted(c->g->arena, "holder.keys", &r->keys, &keys, &no, err), &no));
    TRY(act_checked(c, keys_usable(&c->v, c->g->arena, &keys, org, &no, err), &no));
    if (!HAS(r, holder_key_alternates)) {
        TRY(keys_name(c->g, &keys, org, err));
        return keys_put_seat(c->g, &sk, &keys, err);
    }
    TRY(stand_in_alternates(c, r->seat, &r->alternates, err));
    TRY(keys_name(c->g, &keys, org, err));
    seat = (struct state_seat){.keys = keys, .changed_leaf = c->g->leaf};
    if (r->alternates.n > 0) {
        seat.alternates = r->alternates;
        SET_HAS(&seat, state_seat_key_alternates);
    }
    return state_put(c->g, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
}

/* GOV-6: a registrar key may only revoke itself, and only while another is left: else whoever stole one could
 * lock the other holder out. */
static enum status registrar_key(struct act *c, const struct public_key *key, struct span org,
                                 struct err *err)
{
    struct tkey k = keys_registrar(org);
    struct state_seat seat;
    enum status st = state_get(&c->v, c->g->arena, TABLE_SEAT, &k, &state_seat_desc, &seat, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    if (!keys_have(&seat.keys, &key->key))
        return ST_OK;
    if (!hash_eq(&key->key, &c->e->key.key))
        return act_refuse(
            c, V_NOT_PERMITTED,
            "a registrar key is revoked by itself alone; otherwise two other seats of %.*s replace "
            "the registrar's keys, or its recovery key does",
            SPAN_FMT(org));
    if (seat.keys.n == 1)
        return act_refuse(
            c, V_NOT_PERMITTED,
            "it is the last key of %.*s/registrar; nobody could fill seats after it: two other seats "
            "replace it instead",
            SPAN_FMT(org));
    return ST_OK;
}

/* GOV-6: who holds the registrar's key now could else stop a recovery by killing the keys that it brings. */
static enum status awaited_key(struct act *c, const struct hash *key, struct span org, struct err *err)
{
    struct state_recovery r;
    uint64_t leaf;
    enum status st = recovery_of(&c->v, c->g->arena, org, &leaf, &r, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    if (!keys_have(&r.keys, key))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED,
                      "a recovery announced at leaf %" PRIu64
                      " makes it the registrar's; to stop that, two seats cancel it",
                      leaf);
}

/* The node no longer votes once one of its four keys is dead. */
static enum status suspends(struct act *c, const struct state_key *k, const struct hash *key, bool *ret,
                            struct state_party *ret_party, struct err *err)
{
    bool others;
    *ret = false;
    if (k->use != KEY_NODE)
        return ST_OK;
    TRY(party_get(&c->v, c->g->arena, k->org, ret_party, err));
    if (!party_node_key(ret_party, key))
        return ST_OK; /* of an earlier node */
    TRY(party_others_vote(&c->v, c->g->arena, k->org, &others, err));
    if (!others)
        return act_refuse(
            c, V_NOT_NOW,
            "without the node of %.*s none would be left to vote; replace the node first, then revoke",
            SPAN_FMT(k->org));
    *ret = true;
    return ST_OK;
}

enum status holders_apply_key(struct act *c, const struct key *r, struct err *err)
{
    struct state_key k;
    struct state_party p;
    bool suspend;
    enum status st = keys_get(&c->v, c->g->arena, &r->key.key, &k, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "the key is not on the record");
    if (st != ST_OK)
        return st;
    TRY(registrar_only(c, k.org));
    if (k.use == KEY_RECOVERY)
        return act_refuse(c, V_NOT_PERMITTED,
                          "it is the recovery key of %.*s; its registrar does not revoke it",
                          SPAN_FMT(k.org));
    TRY(act_seen(c, k.changed_leaf, "the key"));
    if (HAS(&k, state_key_key_revoked_ms))
        return act_refuse(c, V_REVOKED_KEY, "it was revoked already, at %s", time_utc(k.revoked_ms).s);
    TRY(registrar_key(c, &r->key, k.org, err));
    TRY(awaited_key(c, &r->key.key, k.org, err));
    TRY(suspends(c, &k, &r->key.key, &suspend, &p, err));
    if (HAS(r, key_key_compromised_since_ms)) {
        k.compromised_since_ms = r->compromised_since_ms;
        SET_HAS(&k, state_key_key_compromised_since_ms);
    }
    if (HAS(r, key_key_reason)) {
        k.reason = r->reason;
        SET_HAS(&k, state_key_key_reason);
    }
    TRY(keys_revoke(c->g, &r->key.key, &k, err));
    if (!suspend)
        return ST_OK;
    party_set_standing(&p, STANDING_SUSPENDED);
    p.changed_leaf = c->g->leaf;
    TRY(party_put(c->g, k.org, &p, err));
    return upgrade_settle(c->g, err);
}
