#include "gov/recovery.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "gov/act.h"
#include "gov/keys.h"
#include "gov/node.h"

static const uint64_t DAY_MS = 86400000;

/* --- RECOVERY and ASK --- */

enum status recovery_of(const struct view *v, struct arena *a, struct span org, uint64_t *ret_leaf,
                        struct state_recovery *ret, struct err *err)
{
    struct tkey from = tkey_u64(0);
    for (;;) {
        struct span key, value;
        struct state_recovery r;
        enum status st = view_next(v, TABLE_RECOVERY, tkey_span(&from), &key, &value);
        if (st == ST_END)
            return ST_NOTFOUND;
        if (st != ST_OK)
            return st;
        from = tkey_after(key);
        uint64_t leaf = load_u64(key.p);
        TRY(codec_decode(&state_recovery_desc, value, a, &r, err));
        if (span_eq(r.org, org)) {
            *ret_leaf = leaf;
            *ret = r;
            return ST_OK;
        }
    }
}

static enum status put_recovery(struct gov *g, uint64_t leaf, const struct state_recovery *r, struct err *err)
{
    struct tkey k = tkey_u64(leaf);
    state_set_timer(g, r->due_ms, leaf, TIMER_RECOVERY);
    return state_put(g, TABLE_RECOVERY, &k, &state_recovery_desc, r, err);
}

static void drop_recovery(struct gov *g, uint64_t leaf, uint64_t due_ms)
{
    struct tkey k = tkey_u64(leaf);
    state_clear_timer(g, due_ms, leaf, TIMER_RECOVERY);
    overlay_del(g->state, TABLE_RECOVERY, tkey_span(&k));
}

static void drop_ask(struct gov *g, struct span org)
{
    struct tkey k = tkey_text(org);
    overlay_del(g->state, TABLE_ASK, tkey_span(&k));
}

enum status recovery_forget(struct gov *g, struct span org, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_recovery r;
    uint64_t leaf;
    enum status st = recovery_of(&v, g->arena, org, &leaf, &r, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_OK)
        drop_recovery(g, leaf, r.due_ms);
    drop_ask(g, org);
    return ST_OK;
}

/* --- Announcing (GOV-33) --- */

static enum status signed_by_recovery_key(struct act *c, const struct recover *r, const struct state_party *p,
                                          struct err *err)
{
    enum { ROOM = 1024 };
    uint8_t room[ROOM];
    struct buf b = {.p = room, .cap = ROOM, .limit = ROOM - 1};
    struct recovery_statement s = {.alliance = c->e->entry->alliance,
                                   .epoch = c->g->epoch,
                                   .org = r->org,
                                   .after = HAS(p, state_party_key_recoveries) ? p->recoveries : 0,
                                   .keys = r->keys};
    if (HAS(r, recover_key_card)) {
        sha256(r->card, &s.card);
        SET_HAS(&s, recovery_statement_key_card);
    }
    enum status st = codec_encode(&recovery_statement_desc, &s, &b);
    if (st != ST_OK)
        return err_set(err, st, "a recovery statement cannot be encoded");
    bool key = r->signature.alg == p->recovery.alg && hash_eq(&r->signature.key, &p->recovery.key);
    if (key && sshsig_verify(&r->signature, SSHSIG_RECOVERY, buf_span(&b)) == ST_OK)
        return ST_OK;
    return act_refuse(c, V_BAD_SIGNATURE,
                      "the recovery key of %.*s did not sign this statement (epoch %" PRIu64
                      ", after %" PRIu64 " recoveries); sign it anew with %s",
                      SPAN_FMT(r->org), s.epoch, s.after, key ? "it" : "that key");
}

static enum status new_keys(struct act *c, const struct recover *r, const struct state_seat *seat,
                            struct public_key_list *ret, struct err *err)
{
    struct denial no;
    TRY(act_checked(c, keys_sorted(c->g->arena, "recover.keys", &r->keys, ret, &no, err), &no));
    TRY(act_checked(c, keys_usable(&c->v, c->g->arena, ret, r->org, &no, err), &no));
    for (size_t i = 0; i < ret->n; i++) {
        if (keys_have(&seat->keys, &ret->v[i].key))
            return act_refuse(c, V_NOT_PERMITTED,
                              "a key on the list holds the registrar seat now; a recovery sets others");
    }
    return ST_OK;
}

static enum status new_card(struct act *c, const struct recover *r, const struct state_party *p,
                            const struct public_key_list *keys, struct err *err)
{
    struct denial no;
    struct card card;
    struct hash digest;
    if (!HAS(r, recover_key_card))
        return ST_OK;
    TRY(act_checked(c, node_read(c->g->arena, r->card, r->org, true, &card, &digest, &no, err), &no));
    TRY(act_checked(c, node_keys_free(&c->v, c->g->arena, &card, p, &no, err), &no));
    const struct hash *four[] = {&card.node.vote, &card.node.cosign, &card.node.log, &card.node.node};
    for (size_t i = 0; i < ARRAY_LEN(four); i++) {
        if (keys_have(keys, four[i]))
            return act_refuse(c, V_NOT_PERMITTED,
                              "a key is both a registrar's and the node's; each is for one use");
    }
    return ST_OK;
}

/* Leaves below it are older than SETTLED_DAYS, or of the founding. */
static enum status settled(struct gov *g, uint64_t *ret, struct err *err)
{
    uint64_t days = LIMIT_SETTLED_DAYS * DAY_MS;
    return g->history.size_at(g->history.ctx, g->time_ms > days ? g->time_ms - days : 0, ret, err);
}

enum status recovery_apply_recover(struct act *c, const struct recover *r, struct err *err)
{
    struct state_party p;
    struct state_seat seat;
    struct state_recovery old;
    uint64_t leaf;
    struct tkey sk = keys_registrar(r->org);
    enum status st = party_get(&c->v, c->g->arena, r->org, &p, err);
    if (st == ST_NOTFOUND || (st == ST_OK && party_standing(&p) == STANDING_LEFT))
        return act_refuse(c, V_NO_SUCH_OBJECT, "%.*s is no organisation of this alliance", SPAN_FMT(r->org));
    if (st != ST_OK)
        return st;
    st = state_get(&c->v, c->g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "%.*s has no registrar seat", SPAN_FMT(r->org));
    if (st != ST_OK)
        return st;
    if (!HAS(&p, state_party_key_recovery))
        return act_refuse(
            c, V_NOT_PERMITTED,
            "the card of %.*s named no recovery key; two of its seats can replace the registrar",
            SPAN_FMT(r->org));
    TRY(signed_by_recovery_key(c, r, &p, err));
    st = recovery_of(&c->v, c->g->arena, r->org, &leaf, &old, err);
    if (st == ST_OK)
        return act_refuse(c, V_NOT_NOW,
                          "a recovery of %.*s is announced already, for %s; it is cancelled first",
                          SPAN_FMT(r->org), time_utc(old.due_ms).s);
    if (st != ST_NOTFOUND)
        return st;
    struct state_recovery rec = {
        .org = r->org, .due_ms = c->g->time_ms + LIMIT_RECOVERY_DAYS * DAY_MS, .by = c->e->entry->seat};
    TRY(new_keys(c, r, &seat, &rec.keys, err));
    TRY(new_card(c, r, &p, &rec.keys, err));
    TRY(settled(c->g, &rec.settled, err));
    if (HAS(r, recover_key_card)) {
        rec.card = r->card;
        SET_HAS(&rec, state_recovery_key_card);
    }
    TRY(keys_name(c->g, &rec.keys, r->org, err));
    return put_recovery(c->g, c->g->leaf, &rec, err);
}

/* --- Carried out, or moved --- */

enum status recovery_replace_registrar(struct gov *g, struct span org, const struct public_key_list *keys,
                                       struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey sk = keys_registrar(org);
    struct state_seat seat;
    TRY(state_need(&v, g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err));
    for (size_t i = 0; i < seat.keys.n; i++) {
        const struct hash *key = &seat.keys.v[i].key;
        struct state_key k;
        if (keys_have(keys, key))
            continue;
        TRY(keys_get(&v, g->arena, key, &k, err));
        TRY(keys_revoke(g, key, &k, err));
    }
    TRY(keys_name(g, keys, org, err));
    return keys_put_seat(g, &sk, keys, err);
}

static enum status take_card(struct gov *g, const struct state_recovery *r, struct state_party *p,
                             struct err *err)
{
    struct view v = overlay_view(g->state);
    struct denial no;
    struct card card;
    struct hash digest;
    if (!HAS(r, state_recovery_key_card))
        return ST_OK;
    enum status st = node_read(g->arena, r->card, r->org, true, &card, &digest, &no, err);
    if (st == ST_OK)
        st = node_keys_free(&v, g->arena, &card, p, &no, err);
    if (st == ST_REFUSED) /* the registrar, now in office, replaces the node */
        return ST_OK;
    return st == ST_OK ? node_take(g, &card, &digest, p, err) : st;
}

static enum status need_recovery(struct gov *g, uint64_t leaf, struct state_recovery *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = tkey_u64(leaf);
    return state_need(&v, g->arena, TABLE_RECOVERY, &k, &state_recovery_desc, ret, err);
}

static void count_recovery(struct state_party *p)
{
    p->recoveries = HAS(p, state_party_key_recoveries) ? p->recoveries + 1 : 1;
    SET_HAS(p, state_party_key_recoveries);
}

enum status recovery_fire(struct gov *g, uint64_t leaf, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_recovery r;
    struct state_party p;
    TRY(need_recovery(g, leaf, &r, err));
    TRY(party_get(&v, g->arena, r.org, &p, err));
    TRY(recovery_replace_registrar(g, r.org, &r.keys, err));
    TRY(take_card(g, &r, &p, err));
    count_recovery(&p);
    p.changed_leaf = g->leaf;
    TRY(party_put(g, r.org, &p, err));
    drop_recovery(g, leaf, r.due_ms);
    drop_ask(g, r.org);
    return ST_OK;
}

uint64_t recovery_due_after(uint64_t halt_ms)
{
    return halt_ms + LIMIT_RECOVERY_HALT_DAYS * DAY_MS;
}

enum status recovery_defer(struct gov *g, uint64_t leaf, uint64_t until_ms, struct err *err)
{
    struct state_recovery r;
    TRY(need_recovery(g, leaf, &r, err));
    state_clear_timer(g, r.due_ms, leaf, TIMER_RECOVERY);
    r.due_ms = until_ms;
    return put_recovery(g, leaf, &r, err);
}

/* --- Two seats (GOV-34) --- */

static enum status form(struct act *c, const struct registrar *r)
{
    bool keys = HAS(r, registrar_key_keys), recovery = HAS(r, registrar_key_recovery);
    if (r->act == REGISTRAR_REPLACE && (!keys || recovery))
        return act_refuse(c, V_MALFORMED, "registrar: to replace gives the new keys, and nothing else");
    if (r->act == REGISTRAR_CANCEL && (keys || !recovery))
        return act_refuse(c, V_MALFORMED, "registrar: to cancel gives the recovery's leaf, and nothing else");
    return ST_OK;
}

/* The first of two: the same words, another seat and key, and that seat unchanged since. */
static enum status seconds(struct act *c, struct span org, const struct hash *digest, bool *ret,
                           struct err *err)
{
    struct state_ask ask;
    struct state_seat seat;
    struct tkey k = tkey_text(org);
    enum status st = state_get(&c->v, c->g->arena, TABLE_ASK, &k, &state_ask_desc, &ask, err);
    *ret = false;
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    if (!hash_eq(&ask.digest, digest) || span_eq(ask.seat, c->e->entry->seat) ||
        hash_eq(&ask.key, &c->e->key.key) || c->g->time_ms - ask.at_ms > LIMIT_ASK_DAYS * DAY_MS)
        return ST_OK;
    struct tkey sk = tkey_text(ask.seat);
    TRY(state_need(&c->v, c->g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err));
    *ret = seat.changed_leaf < ask.leaf;
    return ST_OK;
}

static enum status ask_first(struct act *c, struct span org, const struct hash *digest, struct err *err)
{
    struct state_ask ask = {.seat = c->e->entry->seat,
                            .key = c->e->key.key,
                            .digest = *digest,
                            .leaf = c->g->leaf,
                            .at_ms = c->g->time_ms};
    struct tkey k = tkey_text(org);
    return state_put(c->g, TABLE_ASK, &k, &state_ask_desc, &ask, err);
}

static enum status still_new(struct act *c, uint64_t settled_leaf, struct err *err)
{
    struct tkey sk = tkey_text(c->e->entry->seat);
    struct state_seat seat;
    TRY(state_need(&c->v, c->g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err));
    if (seat.changed_leaf < settled_leaf)
        return ST_OK;
    return act_refuse(
        c, V_NOT_NOW,
        "the holders of %.*s were changed within %d days; whoever holds the registrar could have set "
        "them, so another seat must act",
        SPAN_FMT(c->e->entry->seat), LIMIT_SETTLED_DAYS);
}

static enum status cancel(struct gov *g, struct span org, uint64_t leaf, const struct state_recovery *r,
                          struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_party p;
    drop_recovery(g, leaf, r->due_ms);
    TRY(party_get(&v, g->arena, org, &p, err));
    count_recovery(&p);
    return party_put(g, org, &p, err);
}

enum status recovery_cancel_all(struct gov *g, struct span org, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_recovery r;
    uint64_t leaf;
    drop_ask(g, org);
    enum status st = recovery_of(&v, g->arena, org, &leaf, &r, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    return cancel(g, org, leaf, &r, err);
}

static enum status set_registrar(struct act *c, struct span org, const struct public_key_list *keys,
                                 struct err *err)
{
    struct tkey sk = keys_registrar(org);
    TRY(keys_name(c->g, keys, org, err));
    return keys_put_seat(c->g, &sk, keys, err);
}

enum status recovery_apply_registrar(struct act *c, const struct registrar *r, struct err *err)
{
    struct span seat = c->e->entry->seat, org = state_seat_org(seat);
    struct denial no;
    struct public_key_list keys = {0};
    struct state_recovery rec = {0};
    struct hash digest;
    uint64_t leaf = 0, settled_leaf;
    bool second;
    if (span_eqs(state_seat_name(seat), "registrar"))
        return act_refuse(c, V_NOT_PERMITTED,
                          "the registrar does not do this to itself: two other seats of %.*s do",
                          SPAN_FMT(org));
    TRY(form(c, r));
    if (r->act == REGISTRAR_REPLACE) {
        TRY(act_checked(c, keys_sorted(c->g->arena, "registrar.keys", &r->keys, &keys, &no, err), &no));
        TRY(act_checked(c, keys_usable(&c->v, c->g->arena, &keys, org, &no, err), &no));
        TRY(settled(c->g, &settled_leaf, err));
    } else {
        enum status st = recovery_of(&c->v, c->g->arena, org, &leaf, &rec, err);
        if (st == ST_NOTFOUND || (st == ST_OK && leaf != r->recovery))
            return act_refuse(c, V_NO_SUCH_OBJECT, "no recovery of %.*s is announced at leaf %" PRIu64,
                              SPAN_FMT(org), r->recovery);
        TRY(st);
        settled_leaf = rec.settled;
    }
    TRY(still_new(c, settled_leaf, err));
    sha256(c->e->entry->body, &digest);
    TRY(seconds(c, org, &digest, &second, err));
    if (!second)
        return ask_first(c, org, &digest, err);
    drop_ask(c->g, org);
    return r->act == REGISTRAR_REPLACE ? set_registrar(c, org, &keys, err)
                                       : cancel(c->g, org, leaf, &rec, err);
}
