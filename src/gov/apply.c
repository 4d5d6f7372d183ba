/* Applies one entry: authority first, then the function of its kind. */
#include <stdarg.h>
#include "base/plant.h"
#include "gov/act.h"
#include "gov/party.h"

enum status act_refuse(struct act *c, enum verdict v, const char *fmt, ...)
{
    ASSERT(v != V_OK);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(c->g->why, sizeof c->g->why, fmt, ap);
    va_end(ap);
    c->verdict = v;
    return ST_REFUSED;
}

enum status denial_set(struct denial *r, enum verdict v, const char *fmt, ...)
{
    ASSERT(v != V_OK);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->why, sizeof r->why, fmt, ap);
    va_end(ap);
    r->verdict = v;
    return ST_REFUSED;
}

enum status act_checked(struct act *c, enum status st, const struct denial *no)
{
    return st == ST_REFUSED ? act_refuse(c, no->verdict, "%s", no->why) : st;
}

/* GOV-4 */
enum status act_seen(struct act *c, uint64_t changed_leaf, const char *what)
{
    uint64_t basis = c->e->entry->basis.size;
    if (changed_leaf < basis || PLANTED(48))
        return ST_OK;
    return act_refuse(c, V_CHANGED_SINCE,
                      "%s changed at leaf %" PRIu64 ", after your basis of %" PRIu64
                      "; look again, then sign again",
                      what, changed_leaf, basis);
}

static enum status node_authority(struct act *c, struct span org, struct err *err)
{
    struct state_party p;
    enum status st = party_get(&c->v, c->g->arena, org, &p, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_UNKNOWN_SEAT, "%.*s is no organisation of this alliance", SPAN_FMT(org));
    if (st != ST_OK)
        return st;
    if (c->e->key.alg != SIG_ED25519 || !hash_eq(&p.node.node, &c->e->key.key))
        return act_refuse(c, V_NOT_HOLDER, "the key is not the node key of %.*s", SPAN_FMT(org));
    if (party_standing(&p) == STANDING_LEFT)
        return act_refuse(c, V_NOT_HOLDER, "%.*s left at %s; its node does nothing here any more",
                          SPAN_FMT(org), time_utc(p.left_ms).s);
    return ST_OK;
}

static enum status empty_seat(struct act *c, struct span org, struct err *err)
{
    struct span seat = c->e->entry->seat;
    bool left;
    TRY(party_has_left(&c->v, c->g->arena, org, &left, err));
    if (left)
        return act_refuse(c, V_NOT_HOLDER, "%.*s left the alliance; its seats act no more", SPAN_FMT(org));
    return act_refuse(c, V_NOT_HOLDER, "the seat %.*s is empty; %.*s/registrar can fill it", SPAN_FMT(seat),
                      SPAN_FMT(org));
}

/* GOV-3 */
static enum status authority(struct act *c, struct err *err)
{
    const struct entry *e = c->e->entry;
    struct tkey k = tkey_text(span_hash(&c->e->key.key));
    struct state_key key;
    enum status st = state_get(&c->v, c->g->arena, TABLE_KEY, &k, &state_key_desc, &key, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_OK && HAS(&key, state_key_key_revoked_ms))
        return act_refuse(c, V_REVOKED_KEY, "the key was revoked at %s", time_utc(key.revoked_ms).s);
    struct span org = state_seat_org(e->seat);
    if (span_eqs(state_seat_name(e->seat), "node"))
        return node_authority(c, org, err);
    struct state_seat seat;
    struct tkey sk = tkey_text(e->seat);
    st = state_get(&c->v, c->g->arena, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_UNKNOWN_SEAT, "the charter has no seat %.*s", SPAN_FMT(e->seat));
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < seat.keys.n; i++) {
        if (seat.keys.v[i].alg == c->e->key.alg && hash_eq(&seat.keys.v[i].key, &c->e->key.key))
            return ST_OK;
    }
    if (seat.keys.n == 0)
        return empty_seat(c, org, err);
    return act_refuse(c, V_NOT_HOLDER, "the key does not hold %.*s; %.*s/registrar sets who does",
                      SPAN_FMT(e->seat), SPAN_FMT(org));
}

/* Kinds that a node signs by itself; all others are a person's. */
static bool of_node(enum kind kind)
{
    return kind == KIND_READY || kind == KIND_SUPPORT || kind == KIND_FAULT;
}

/* Body of each kind, decoded. */
union body {
    struct holder holder;
    struct key key;
    struct propose propose;
    struct revise revise;
    struct ballot ballot;
    struct withdraw withdraw;
    struct move_decision move;
    struct note note;
    struct ready ready;
    struct support support;
    struct fault fault;
    struct replace_node node;
    struct recover recover;
    struct registrar registrar;
    struct decision_input input;
    struct receipt receipt;
    struct item item;
    struct item_move item_move;
    struct reading reading;
    struct mark_reading mark;
    struct commit_reading commit;
    struct reveal_reading reveal;
    struct session session;
    struct minutes minutes;
    struct grant grant;
    struct grant_move grant_move;
};

static enum status dispatch(struct act *c, enum kind kind, const union body *b, struct err *err)
{
    switch (kind) {
    case KIND_HOLDER:
        return holders_apply_holder(c, &b->holder, err);
    case KIND_KEY:
        return holders_apply_key(c, &b->key, err);
    case KIND_PROPOSE:
        return propose_apply_propose(c, &b->propose, err);
    case KIND_REVISE:
        return propose_apply_revise(c, &b->revise, err);
    case KIND_BALLOT:
        return ballot_apply(c, &b->ballot, err);
    case KIND_WITHDRAW:
        return moves_apply_withdraw(c, &b->withdraw, err);
    case KIND_MOVE:
        return moves_apply_move(c, &b->move, err);
    case KIND_NOTE:
        return moves_apply_note(c, &b->note, err);
    case KIND_READY:
        return node_apply_ready(c, &b->ready, err);
    case KIND_SUPPORT:
        return upgrade_apply_support(c, &b->support, err);
    case KIND_FAULT:
        return fault_apply(c, &b->fault, err);
    case KIND_NODE:
        return node_apply_replace(c, &b->node, err);
    case KIND_RECOVER:
        return recovery_apply_recover(c, &b->recover, err);
    case KIND_REGISTRAR:
        return recovery_apply_registrar(c, &b->registrar, err);
    case KIND_INPUT:
        return input_apply(c, &b->input, err);
    case KIND_RECEIPT:
        return receipt_apply(c, &b->receipt, err);
    case KIND_ITEM:
        return item_apply_item(c, &b->item, err);
    case KIND_ITEM_MOVE:
        return item_apply_move(c, &b->item_move, err);
    case KIND_READING:
        return reading_apply_report(c, &b->reading, err);
    case KIND_MARK:
        return reading_apply_mark(c, &b->mark, err);
    case KIND_COMMIT:
        return reading_apply_commit(c, &b->commit, err);
    case KIND_REVEAL:
        return reading_apply_reveal(c, &b->reveal, err);
    case KIND_SESSION:
        return session_apply_call(c, &b->session, err);
    case KIND_MINUTES:
        return session_apply_minutes(c, &b->minutes, err);
    case KIND_GRANT:
        return grant_apply_grant(c, &b->grant, err);
    case KIND_GRANT_MOVE:
        return grant_apply_move(c, &b->grant_move, err);
    }
    return act_refuse(c, V_NOT_SUPPORTED, "%s entries are not part of these rules yet",
                      enum_text(&kind_enum, kind));
}

static enum status apply(struct act *c, struct err *err)
{
    const struct entry *e = c->e->entry;
    c->g->rule = "ENT-3";
    if (e->kind > UINT32_MAX || enum_text(&kind_enum, (uint32_t)e->kind) == NULL)
        return act_refuse(c, V_UNKNOWN_KIND, "kind %" PRIu64 " is unknown to rules version %" PRIu32, e->kind,
                          c->g->rules);
    enum kind kind = (enum kind)e->kind;
    const struct record_desc *d = kind_desc(kind);
    if (d == NULL)
        return act_refuse(c, V_NOT_SUPPORTED, "%s entries are not part of these rules yet",
                          enum_text(&kind_enum, kind));
    union body body;
    struct err bad = {0};
    ASSERT(d->size <= sizeof body);
    enum status st = codec_decode(d, e->body, c->g->arena, &body, &bad);
    if (st == ST_FORMAT || st == ST_RANGE) {
        c->g->rule = bad.rule != NULL ? bad.rule : "ENT-3";
        return act_refuse(c, V_MALFORMED, "%.200s", bad.text);
    }
    if (st != ST_OK) {
        if (err != NULL)
            *err = bad;
        return st;
    }
    c->g->rule = "ENT-4";
    TRY(authority(c, err));
    c->g->rule = "ENT-7";
    bool node = span_eqs(state_seat_name(e->seat), "node");
    if (node && !of_node(kind) && kind != KIND_RECEIPT)
        return act_refuse(c, V_NOT_PERMITTED, "a node's own seat cannot do this; use a person's seat");
    if (!node && of_node(kind))
        return act_refuse(c, V_NOT_PERMITTED, "only a node says this, for itself: %.*s/node",
                          SPAN_FMT(state_seat_org(e->seat)));
    return dispatch(c, kind, &body, err);
}

enum status gov_apply(struct gov *g, const struct gov_entry *e, enum verdict *ret_verdict, struct err *err)
{
    struct act c = {.g = g, .e = e, .v = overlay_view(g->state), .verdict = V_OK};
    g->why[0] = 0;
    enum status st = apply(&c, err);
    if (st != ST_OK && st != ST_REFUSED)
        return st;
    ASSERT((st == ST_REFUSED) == (c.verdict != V_OK));
    *ret_verdict = c.verdict;
    return ST_OK;
}
