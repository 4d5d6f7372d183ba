#include "gov/members.h"
#include "charter/check.h"
#include "gov/amend.h"
#include "gov/grant.h"
#include "gov/keys.h"
#include "gov/node.h"
#include "gov/reading.h"
#include "gov/recovery.h"
#include "gov/upgrade.h"

/* An organisation that would join. */
struct joiner {
    const struct charter_party *party;
    struct card card;
    struct hash digest;
    struct charter charter; /* with it */
    struct span section;    /* parties with it, encoded */
};

/* --- Joining --- */

static enum status room(const struct view *v, struct arena *a, const struct charter_party *p,
                        struct denial *no, struct err *err)
{
    size_t n = 0;
    struct state_party other;
    struct span org;
    for (struct tkey from = party_first();;) {
        enum status st = party_next(v, a, &from, &org, &other, err);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        if (span_eq(org, p->org))
            return denial_set(
                no, V_NOT_PERMITTED,
                "there is an organisation %.*s on the record, or was; another joins under another name",
                SPAN_FMT(org));
        n += other.role != ROLE_OBSERVER && party_standing(&other) != STANDING_LEFT;
    }
    if (p->role != ROLE_OBSERVER && n >= LIMIT_VALIDATORS)
        return denial_set(no, V_TOO_MANY, "%zu partners and witnesses are there; an alliance has at most %d",
                          n, LIMIT_VALIDATORS);
    return ST_OK;
}

/* The section parties with this one in its place. */
static enum status section_with(const struct charter *c, struct arena *a, const struct charter_party *p,
                                struct span *ret, struct denial *no, struct err *err)
{
    enum { ROOM = LIMIT_SECTION_BYTES };
    const struct charter_party_list *old = &c->parties->list;
    struct charter_party *list = arena_array(a, old->n + 1, sizeof *list);
    uint8_t *bytes = arena_alloc(a, ROOM + 1);
    if (list == NULL || bytes == NULL)
        return err_set(err, ST_LIMIT, "out of room for the parties");
    size_t n = 0;
    for (; n < old->n && span_cmp(old->v[n].org, p->org) < 0; n++)
        list[n] = old->v[n];
    list[n] = *p;
    for (size_t i = n; i < old->n; i++)
        list[i + 1] = old->v[i];
    struct charter_parties next = {.list = {old->n + 1, list}};
    struct buf b = {.p = bytes, .cap = ROOM + 1, .limit = ROOM};
    struct err bad = {0};
    if (codec_check(&charter_parties_desc, &next, &bad) != ST_OK)
        return denial_set(no, V_CHARTER_INVALID, "section parties: %.200s", bad.text);
    if (codec_encode(&charter_parties_desc, &next, &b) != ST_OK)
        return denial_set(no, V_CHARTER_INVALID, "section parties would be over %d bytes", ROOM);
    *ret = buf_span(&b);
    return ST_OK;
}

static enum status with_party(const struct view *v, struct arena *a, struct joiner *j, struct denial *no,
                              struct err *err)
{
    struct charter now;
    struct err bad = {0};
    TRY(amend_charter(v, a, &now, err));
    TRY(section_with(&now, a, j->party, &j->section, no, err));
    enum status st = charter_with(&now, SECTION_PARTIES, j->section, a, &j->charter, &bad);
    if (st == ST_OK)
        st = check_refuse(&j->charter, a, &bad);
    if (st == ST_FORMAT || st == ST_RANGE)
        return denial_set(no, V_CHARTER_INVALID, "%.240s", bad.text);
    return st == ST_OK ? ST_OK : err_set(err, st, "%s", bad.text);
}

/* A person's key: new, not the node's, and once per seat. */
static enum status person_key(const struct view *v, struct arena *a, const struct card *card,
                              const struct card_seat *seat, size_t i, struct denial *no, struct err *err)
{
    const struct hash *key = &seat->keys.v[i].key;
    const struct state_party self = {.node = card->node};
    bool fresh;
    for (size_t k = 0; k < i; k++) {
        if (hash_eq(&seat->keys.v[k].key, key))
            return denial_set(no, V_BAD_EFFECT, "the card names a key of %.*s twice", SPAN_FMT(seat->seat));
    }
    if (party_node_key(&self, key) || (HAS(card, card_key_recovery) && hash_eq(&card->recovery.key, key)))
        return denial_set(no, V_BAD_EFFECT, "a key of %.*s on the card is the node's or the recovery key too",
                          SPAN_FMT(seat->seat));
    TRY(keys_are_new(v, a, key, &fresh, err));
    if (fresh)
        return ST_OK;
    return denial_set(no, V_BAD_EFFECT, "a key of %.*s on the card is on the record already; make a new one",
                      SPAN_FMT(seat->seat));
}

static enum status recovery_key(const struct view *v, struct arena *a, const struct card *card,
                                struct denial *no, struct err *err)
{
    const struct state_party self = {.node = card->node};
    bool fresh;
    if (!HAS(card, card_key_recovery))
        return ST_OK;
    TRY(keys_are_new(v, a, &card->recovery.key, &fresh, err));
    if (!fresh || party_node_key(&self, &card->recovery.key))
        return denial_set(no, V_BAD_EFFECT,
                          "the recovery key on the card is on the record already, or the node's too");
    return ST_OK;
}

static enum status seats(const struct view *v, struct arena *a, const struct joiner *j, struct denial *no,
                         struct err *err)
{
    bool registrar = false;
    for (size_t i = 0; i < j->card.seats.n; i++) { /* they ascend: card_check */
        const struct card_seat *s = &j->card.seats.v[i];
        registrar |= span_eqs(s->seat, "registrar");
        if (span_eqs(s->seat, "node") || !charter_has_seat(&j->charter, j->card.org, s->seat))
            return denial_set(no, V_BAD_EFFECT,
                              "the card fills a seat %.*s, which the charter would not give it",
                              SPAN_FMT(s->seat));
        for (size_t k = 0; k < s->keys.n; k++)
            TRY(person_key(v, a, &j->card, s, k, no, err));
    }
    if (!registrar)
        return denial_set(no, V_BAD_EFFECT,
                          "the card does not fill the seat registrar: nobody could fill the others");
    return recovery_key(v, a, &j->card, no, err);
}

static enum status read_joiner(const struct view *v, struct arena *a, const struct effect *e,
                               struct joiner *j, struct denial *no, struct err *err)
{
    *j = (struct joiner){.party = &e->party};
    TRY(room(v, a, &e->party, no, err));
    TRY(node_read(a, e->card, e->party.org, false, &j->card, &j->digest, no, err));
    TRY(node_keys_free(v, a, &j->card, NULL, no, err));
    if (!hash_eq(&j->digest, &e->party.card))
        return denial_set(no, V_BAD_EFFECT,
                          "the card's digest is %.16s..., the line of section parties names %.16s...",
                          hex_of(&j->digest).s, hex_of(&e->party.card).s);
    TRY(with_party(v, a, j, no, err));
    return seats(v, a, j, no, err);
}

enum status members_check_admit(const struct view *v, struct arena *a, const struct effect *e,
                                struct denial *no, struct err *err)
{
    struct joiner j;
    return read_joiner(v, a, e, &j, no, err);
}

/* Its seats as the charter gives them, with the card's keys or none. */
static enum status put_seats(struct gov *g, const struct joiner *j, struct err *err)
{
    struct span_list all;
    struct denial no;
    if (charter_seats_of(&j->charter, j->card.org, g->arena, &all) != ST_OK)
        return err_set(err, ST_LIMIT, "out of room for seats");
    for (size_t i = 0; i < all.n; i++) {
        struct public_key_list keys = {0};
        struct tkey k = tkey_text(all.v[i]);
        for (size_t s = 0; s < j->card.seats.n; s++) {
            if (span_eq(j->card.seats.v[s].seat, state_seat_name(all.v[i])))
                TRY(keys_sorted(g->arena, "card", &j->card.seats.v[s].keys, &keys, &no, err));
        }
        TRY(keys_name(g, &keys, j->card.org, err));
        TRY(keys_put_seat(g, &k, &keys, err));
    }
    return ST_OK;
}

enum status members_admit(struct gov *g, uint64_t decision, const struct effect *e, uint64_t *ret_version,
                          struct err *err)
{
    struct view v = overlay_view(g->state);
    struct joiner j;
    struct denial no;
    TRY(read_joiner(&v, g->arena, e, &j, &no, err));
    TRY(amend_apply(g, decision, SECTION_PARTIES, j.section, ret_version, err));
    struct state_party p = {
        .role = e->party.role, .card = j.digest, .node = j.card.node, .changed_leaf = g->leaf};
    if (p.role != ROLE_OBSERVER)
        party_set_standing(&p, STANDING_JOINING);
    if (HAS(&j.card, card_key_recovery)) {
        p.recovery = j.card.recovery;
        SET_HAS(&p, state_party_key_recovery);
        struct state_key k = {.org = j.card.org, .use = KEY_RECOVERY, .changed_leaf = g->leaf};
        TRY(keys_put(g, &p.recovery.key, &k, err));
    }
    TRY(node_name_keys(g, &j.card, err));
    TRY(put_seats(g, &j, err));
    return party_put(g, j.card.org, &p, err);
}

/* --- Leaving --- */

enum status members_check_leave(const struct view *v, struct arena *a, struct span org, struct denial *no,
                                struct err *err)
{
    struct state_party p;
    bool others;
    enum status st = party_get(v, a, org, &p, err);
    if (st == ST_NOTFOUND)
        return denial_set(no, V_NO_SUCH_OBJECT, "%.*s is no organisation of this alliance", SPAN_FMT(org));
    if (st != ST_OK)
        return st;
    if (party_standing(&p) == STANDING_LEFT)
        return denial_set(no, V_NO_SUCH_OBJECT, "%.*s left at %s", SPAN_FMT(org), time_utc(p.left_ms).s);
    TRY(party_others_vote(v, a, org, &others, err));
    if (!others)
        return denial_set(no, V_NOT_NOW,
                          "without %.*s no node would be left to vote; another must be ready first",
                          SPAN_FMT(org));
    return ST_OK;
}

enum status members_leave(struct gov *g, struct span org, struct err *err)
{
    static const struct public_key_list none;
    struct view v = overlay_view(g->state);
    struct state_party p;
    TRY(party_get(&v, g->arena, org, &p, err));
    party_set_standing(&p, STANDING_LEFT);
    p.left_ms = g->time_ms;
    SET_HAS(&p, state_party_key_left_ms);
    p.changed_leaf = g->leaf;
    TRY(party_put(g, org, &p, err));
    for (struct tkey from = keys_first_seat(org), at;;) {
        struct state_seat seat;
        enum status st = keys_next_seat(&v, g->arena, org, &from, &at, &seat, err);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        if (seat.keys.n > 0)
            TRY(keys_put_seat(g, &at, &none, err));
    }
    TRY(recovery_forget(g, org, err));
    TRY(reading_left(g, org, err));
    TRY(grant_left(g, org, err));
    return upgrade_settle(g, err);
}
