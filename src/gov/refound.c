/* A new epoch begins (REF-3, REF-4). */
#include <stdarg.h>
#include "crypto/sshsig.h"
#include "gov/keys.h"
#include "gov/node.h"
#include "gov/refound.h"
#include "gov/upgrade.h"

/* All sound so far, or why not: g->why. */
__attribute__((format(printf, 2, 3))) static enum status unsound(struct gov *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(g->why, sizeof g->why, fmt, ap);
    va_end(ap);
    return ST_REFUSED;
}

static int sig_cmp(const struct genesis_sig *a, const struct genesis_sig *b)
{
    int c = span_cmp(a->seat, b->seat);
    return c != 0 ? c : memcmp(a->signature.key.b, b->signature.key.b, sizeof a->signature.key.b);
}

/* One signature: by a key that holds the seat now. */
static enum status check_sig(struct gov *g, const struct view *v, const struct refounding_info *r, size_t i, struct err *err)
{
    const struct genesis_sig *s = &r->file.sigs.v[i];
    struct tkey k = tkey_text(s->seat);
    struct state_seat seat;
    if (i > 0 && sig_cmp(&r->file.sigs.v[i - 1], s) >= 0)
        return unsound(g, "REF-3: the signature as %.*s is there twice or out of order", SPAN_FMT(s->seat));
    enum status st = state_get(v, g->arena, TABLE_SEAT, &k, &state_seat_desc, &seat, err);
    if (st == ST_NOTFOUND)
        return unsound(g, "REF-3: the charter has no seat %.*s", SPAN_FMT(s->seat));
    if (st != ST_OK)
        return st;
    bool holds = false;
    for (size_t n = 0; n < seat.keys.n; n++)
        holds = holds || (seat.keys.v[n].alg == s->signature.alg && hash_eq(&seat.keys.v[n].key, &s->signature.key));
    if (!holds)
        return unsound(g, "REF-3: a key that signed as %.*s does not hold that seat", SPAN_FMT(s->seat));
    if (sshsig_verify(&s->signature, SSHSIG_REFOUND, r->file.statement) != ST_OK)
        return unsound(g, "REF-3: the signature as %.*s does not verify", SPAN_FMT(s->seat));
    return ST_OK;
}

/* Is there a signature as its registrar, and one as another seat of it by another key? What is there besides changes nothing. */
static enum status check_partner(struct gov *g, const struct refounding_info *r, struct span org)
{
    const struct genesis_sig_list *l = &r->file.sigs;
    bool registrar = false, second = false;
    for (size_t i = 0; i < l->n; i++) {
        if (!span_eq(state_seat_org(l->v[i].seat), org) || !span_eqs(state_seat_name(l->v[i].seat), "registrar"))
            continue;
        registrar = true;
        for (size_t k = 0; k < l->n; k++)
            second = second || (span_eq(state_seat_org(l->v[k].seat), org) && !span_eq(l->v[k].seat, l->v[i].seat) &&
                                !hash_eq(&l->v[k].signature.key, &l->v[i].signature.key));
    }
    if (!registrar)
        return unsound(g, "REF-3: %.*s/registrar has not signed", SPAN_FMT(org));
    return second ? ST_OK : unsound(g, "REF-3: besides its registrar another seat of %.*s must sign, by another key", SPAN_FMT(org));
}

static enum status check_signers(struct gov *g, const struct refounding_info *r, struct err *err)
{
    struct view v = overlay_view(g->state);
    for (size_t i = 0; i < r->file.sigs.n; i++)
        TRY(check_sig(g, &v, r, i, err));
    struct tkey from = party_first();
    for (;;) {
        struct span org;
        struct state_party p;
        enum status st = party_next(&v, g->arena, &from, &org, &p, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (p.role == ROLE_PARTNER && party_standing(&p) != STANDING_LEFT)
            TRY(check_partner(g, r, org));
    }
}

/* A node that is replaced. */
static enum status take_card(struct gov *g, const struct refounding_info *r, size_t i, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct span org = r->cards[i].org;
    struct state_party p;
    struct card card;
    struct hash digest;
    struct denial no = {0};
    enum status st = party_get(&v, g->arena, org, &p, err);
    if (st == ST_NOTFOUND || (st == ST_OK && party_standing(&p) == STANDING_LEFT))
        return unsound(g, "REF-4: %.*s, whose node is replaced, takes no part", SPAN_FMT(org));
    if (st == ST_OK)
        st = node_read(g->arena, r->file.cards.v[i], org, true, &card, &digest, &no, err);
    if (st == ST_OK)
        st = node_keys_free(&v, g->arena, &card, &p, &no, err);
    if (st == ST_REFUSED)
        return unsound(g, "REF-4: the card of %.*s: %.180s", SPAN_FMT(org), no.why);
    if (st != ST_OK)
        return st;
    TRY(node_take(g, &card, &digest, &p, err));
    party_set_standing(&p, STANDING_ACTIVE);
    p.changed_leaf = g->leaf;
    return party_put(g, org, &p, err);
}

static enum status suspend(struct gov *g, const struct refounding_info *r, struct span org, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_party p;
    enum status st = party_get(&v, g->arena, org, &p, err);
    if (st == ST_NOTFOUND || (st == ST_OK && (p.role == ROLE_OBSERVER || party_standing(&p) == STANDING_LEFT)))
        return unsound(g, "REF-4: %.*s, which is suspended, has no voting node", SPAN_FMT(org));
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < r->file.cards.n; i++)
        if (span_eq(r->cards[i].org, org))
            return unsound(g, "REF-4: the node of %.*s is replaced and suspended", SPAN_FMT(org));
    party_set_standing(&p, STANDING_SUSPENDED);
    p.changed_leaf = g->leaf;
    return party_put(g, org, &p, err);
}

static bool same_set(const struct validator_set *set, const struct validator_list *said)
{
    bool same = set->members.n == said->n;
    for (size_t i = 0; same && i < said->n; i++) {
        const struct validator *a = &set->members.v[i], *b = &said->v[i];
        same = span_eq(a->org, b->org) && hash_eq(&a->vote, &b->vote) && hash_eq(&a->cosign, &b->cosign);
    }
    return same;
}

static enum status carry_out(struct gov *g, const struct refounding_info *r, struct err *err)
{
    TRY(check_signers(g, r, err));
    for (size_t i = 0; i < r->file.cards.n; i++)
        TRY(take_card(g, r, i, err));
    for (size_t i = 0; i < r->statement.suspended.n; i++)
        TRY(suspend(g, r, r->statement.suspended.v[i], err));
    struct view v = overlay_view(g->state);
    struct validator_set set;
    TRY(gov_validators(&v, g->arena, &set, err));
    if (!same_set(&set, &r->statement.set))
        return unsound(g, "REF-4: the set of the new epoch is not what the state gives: %zu nodes here, %zu said", set.members.n,
                       r->statement.set.n);
    return upgrade_settle(g, err);
}

enum status gov_refound(struct gov *g, const struct refounding_info *r, bool *ret_sound, struct err *err)
{
    g->why[0] = 0;
    enum status st = carry_out(g, r, err);
    if (st != ST_OK && st != ST_REFUSED)
        return st;
    *ret_sound = st == ST_OK;
    return ST_OK;
}
