#include "cert/card.h"
#include "cert/quorum.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "ledger/genesis.h"

void genesis_alliance_id(const struct span *sections, size_t n, struct hash *ret_id)
{
    struct sha256 h;
    sha256_init(&h);
    for (size_t i = 0; i < n; i++)
        sha256_update(&h, sections[i]);
    sha256_final(&h, ret_id);
}

enum status genesis_statement_bytes(const struct hash *alliance, struct buf *b)
{
    struct genesis_statement s = {.version = 1, .alliance = *alliance};
    return codec_encode(&genesis_statement_desc, &s, b);
}

enum status genesis_check_card(struct span bytes, struct arena *a, struct signed_card *ret_signed, struct card *ret_card,
                               struct hash *ret_digest, struct err *err)
{
    return card_check(bytes, a, ret_signed, ret_card, ret_digest, err);
}

const struct card *genesis_card(const struct genesis_info *g, struct span org)
{
    for (size_t i = 0; i < g->genesis.cards.n; i++)
        if (span_eq(g->cards[i].org, org))
            return &g->cards[i];
    return NULL;
}

static const struct charter_party *party_of(const struct genesis_info *g, struct span org)
{
    for (size_t i = 0; i < g->parties.list.n; i++)
        if (span_eq(g->parties.list.v[i].org, org))
            return &g->parties.list.v[i];
    return NULL;
}

bool genesis_seat_signs(const struct genesis_info *g, const struct card *card, const struct card_seat *seat)
{
    const struct charter_party *p = party_of(g, card->org);
    return p != NULL && (p->role == ROLE_PARTNER || span_eqs(seat->seat, "registrar"));
}

/* Sections ascend, none twice; finds the two that the ledger itself reads. */
static enum status read_sections(struct genesis_info *g, struct arena *a, struct err *err)
{
    const struct span_list *l = &g->genesis.sections;
    struct charter_alliance alliance;
    bool have_alliance = false, have_parties = false;
    g->sections = arena_array(a, l->n, sizeof *g->sections);
    if (g->sections == NULL)
        return err_set(err, ST_LIMIT, "genesis: larger than the memory set aside for it");
    for (size_t i = 0; i < l->n; i++) {
        struct section *s = &g->sections[i];
        enum status st = codec_decode(&section_desc, l->v[i], a, s, err);
        if (st == ST_OK && i > 0 && s->number <= g->sections[i - 1].number)
            st = err_rule(err, "GEN-3", err_set(err, ST_FORMAT, "genesis: section %llu follows %llu; they ascend, none twice (GEN-3)",
                         (unsigned long long)s->number, (unsigned long long)g->sections[i - 1].number));
        if (st == ST_OK && s->number == charter_alliance_desc.number) {
            st = codec_decode(&charter_alliance_desc, s->body, a, &alliance, err);
            have_alliance = true;
        }
        if (st == ST_OK && s->number == charter_parties_desc.number) {
            st = codec_decode(&charter_parties_desc, s->body, a, &g->parties, err);
            have_parties = true;
        }
        if (st != ST_OK)
            return st;
    }
    if (!have_alliance || !have_parties)
        return err_rule(err, "GEN-3", err_set(err, ST_FORMAT, "genesis: section `%s` is missing (GEN-3)", have_alliance ? "parties" : "alliance"));
    g->name = alliance.name;
    g->origin = alliance.origin;
    g->founded_ms = alliance.founded_ms;
    genesis_alliance_id(l->v, l->n, &g->alliance);
    return ST_OK;
}

static enum status read_cards(struct genesis_info *g, struct arena *a, struct err *err)
{
    const struct span_list *l = &g->genesis.cards;
    g->cards = arena_array(a, l->n, sizeof *g->cards);
    g->signed_cards = arena_array(a, l->n, sizeof *g->signed_cards);
    if (g->cards == NULL || g->signed_cards == NULL)
        return err_set(err, ST_LIMIT, "genesis: larger than the memory set aside for it");
    for (size_t i = 0; i < l->n; i++) {
        struct hash digest;
        enum status st = genesis_check_card(l->v[i], a, &g->signed_cards[i], &g->cards[i], &digest, err);
        if (st != ST_OK)
            return err_wrap(err, st, "genesis: ");
        struct span org = g->cards[i].org;
        if (i > 0 && span_cmp(g->cards[i - 1].org, org) >= 0)
            return err_rule(err, "GEN-5", err_set(err, ST_FORMAT, "genesis: cards are not ascending at %.*s (GEN-5)", SPAN_FMT(org)));
        const struct charter_party *p = party_of(g, org);
        if (p == NULL)
            return err_rule(err, "GOV-2", err_set(err, ST_MISMATCH, "genesis: a card of %.*s, which the charter does not name", SPAN_FMT(org)));
        if (!hash_eq(&p->card, &digest))
            return err_rule(err, "GEN-3", err_set(err, ST_MISMATCH, "genesis: the card of %.*s has digest %s; the charter names %s (GEN-3)",
                           SPAN_FMT(org), hex_of(&digest).s, hex_of(&p->card).s));
    }
    for (size_t i = 0; i < g->parties.list.n; i++)
        if (genesis_card(g, g->parties.list.v[i].org) == NULL)
            return err_rule(err, "GOV-2", err_set(err, ST_NOTFOUND, "genesis: the card of %.*s is missing", SPAN_FMT(g->parties.list.v[i].org)));
    return ST_OK;
}

/* GEN-1: no key serves twice, but a person's key in several seats of one organisation. */
struct owned_key {
    struct hash key;
    size_t card;
    bool node;
};

static int compare_keys(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct hash));
}

static enum status check_keys(const struct genesis_info *g, struct arena *a, struct err *err)
{
    size_t n = 0, most = 0;
    for (size_t i = 0; i < g->genesis.cards.n; i++) {
        most += 5;
        for (size_t k = 0; k < g->cards[i].seats.n; k++)
            most += g->cards[i].seats.v[k].keys.n;
    }
    struct owned_key *v = arena_array(a, most, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "genesis: larger than the memory set aside for it");
    for (size_t i = 0; i < g->genesis.cards.n; i++) {
        const struct card *c = &g->cards[i];
        v[n++] = (struct owned_key){c->node.vote, i, true};
        v[n++] = (struct owned_key){c->node.cosign, i, true};
        v[n++] = (struct owned_key){c->node.log, i, true};
        v[n++] = (struct owned_key){c->node.node, i, true};
        if (HAS(c, card_key_recovery))
            v[n++] = (struct owned_key){c->recovery.key, i, true};
        for (size_t k = 0; k < c->seats.n; k++)
            for (size_t m = 0; m < c->seats.v[k].keys.n; m++)
                v[n++] = (struct owned_key){c->seats.v[k].keys.v[m].key, i, false};
    }
    qsort(v, n, sizeof *v, compare_keys);
    for (size_t i = 1; i < n; i++)
        if (hash_eq(&v[i - 1].key, &v[i].key) && (v[i].card != v[i - 1].card || v[i].node || v[i - 1].node))
            return err_rule(err, "GEN-1", err_set(err, ST_FORMAT, "genesis: key %.16s... serves twice, on the card of %.*s and on that of %.*s (GEN-1)",
                           hex_of(&v[i].key).s, SPAN_FMT(g->cards[v[i - 1].card].org), SPAN_FMT(g->cards[v[i].card].org)));
    return ST_OK;
}

static bool holds(const struct card_seat *seat, const struct signature *sig)
{
    for (size_t i = 0; i < seat->keys.n; i++)
        if (seat->keys.v[i].alg == sig->alg && hash_eq(&seat->keys.v[i].key, &sig->key))
            return true;
    return false;
}

/* The seat of a card that "org/name" names, or NULL. */
static const struct card_seat *find_seat(const struct genesis_info *g, struct span seat)
{
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    if (slash == NULL)
        return NULL;
    size_t n = (size_t)(slash - seat.p);
    const struct card *c = genesis_card(g, span_of(seat.p, n));
    for (size_t i = 0; c != NULL && i < c->seats.n; i++)
        if (span_eq(c->seats.v[i].seat, span_of(seat.p + n + 1, seat.n - n - 1)))
            return &c->seats.v[i];
    return NULL;
}

static int compare_sigs(const struct genesis_sig *x, const struct genesis_sig *y)
{
    int c = span_cmp(x->seat, y->seat);
    return c != 0 ? c : memcmp(x->signature.key.b, y->signature.key.b, sizeof x->signature.key.b);
}

static enum status check_sigs(const struct genesis_info *g, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 256);
    enum status st = genesis_statement_bytes(&g->alliance, &b);
    for (size_t i = 0; st == ST_OK && i < g->genesis.sigs.list.n; i++) {
        const struct genesis_sig *s = &g->genesis.sigs.list.v[i];
        if (i > 0 && compare_sigs(s - 1, s) >= 0)
            return err_rule(err, "ENC-13", err_set(err, ST_FORMAT, "genesis: signatures are not ascending at %.*s (ENC-13)", SPAN_FMT(s->seat)));
        const struct card_seat *seat = find_seat(g, s->seat);
        if (seat == NULL || !holds(seat, &s->signature))
            return err_rule(err, "GEN-4", err_set(err, ST_MISMATCH, "genesis: signed for %.*s by key %.16s..., which is not on its card (GEN-4)",
                           SPAN_FMT(s->seat), hex_of(&s->signature.key).s));
        st = sshsig_verify(&s->signature, SSHSIG_GENESIS, buf_span(&b));
        if (st != ST_OK)
            return err_rule(err, "GEN-4", err_set(err, st,
                           "genesis: the signature for %.*s does not verify (GEN-4): the file was damaged or changed after it was signed; get it again, and "
                           "compare the alliance id",
                           SPAN_FMT(s->seat)));
    }
    return st;
}

static bool has_signed(const struct genesis_info *g, struct span org, struct span seat)
{
    for (size_t i = 0; i < g->genesis.sigs.list.n; i++) {
        struct span s = g->genesis.sigs.list.v[i].seat;
        if (s.n == org.n + 1 + seat.n && memcmp(s.p, org.p, org.n) == 0 && s.p[org.n] == '/' &&
            memcmp(s.p + org.n + 1, seat.p, seat.n) == 0)
            return true;
    }
    return false;
}

/* GEN-4: names every seat that has not signed. */
static enum status check_complete(const struct genesis_info *g, struct err *err)
{
    struct buf missing CLEANUP(buf_deinit);
    buf_init(&missing, 4096);
    size_t n = 0;
    for (size_t i = 0; i < g->genesis.cards.n; i++)
        for (size_t k = 0; k < g->cards[i].seats.n; k++) {
            const struct card_seat *seat = &g->cards[i].seats.v[k];
            if (!genesis_seat_signs(g, &g->cards[i], seat) || has_signed(g, g->cards[i].org, seat->seat))
                continue;
            buf_printf(&missing, "%s%.*s/%.*s", n++ == 0 ? "" : ", ", SPAN_FMT(g->cards[i].org), SPAN_FMT(seat->seat));
        }
    if (n == 0)
        return ST_OK;
    return err_rule(err, "GEN-4", err_set(err, ST_NOTFOUND, "genesis: %zu founding %s missing (GEN-4): %s. Each signs with: entente alliance sign FILE --as ORG/SEAT --key KEY",
                   n, n == 1 ? "signature is" : "signatures are", buf_cstr(&missing)));
}

enum status genesis_read(struct span bytes, bool signed_too, struct arena *a, struct genesis_info *ret_info, struct err *err)
{
    struct genesis_info g = {0};
    enum status st = codec_decode(&genesis_desc, bytes, a, &g.genesis, err);
    if (st == ST_OK)
        st = read_sections(&g, a, err);
    if (st == ST_OK)
        st = read_cards(&g, a, err);
    if (st == ST_OK)
        st = check_keys(&g, a, err);
    if (st == ST_OK)
        st = check_sigs(&g, err);
    if (st == ST_OK && signed_too)
        st = check_complete(&g, err);
    if (st != ST_OK)
        return st;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_GENESIS_BYTES);
    if (HAS(&g.genesis, genesis_key_sigs)) {
        st = codec_encode(&genesis_sigs_desc, &g.genesis.sigs, &b);
        if (st != ST_OK)
            return err_set(err, st, "genesis: signatures cannot be encoded");
        sha256(buf_span(&b), &g.sigs_hash);
    }
    *ret_info = g;
    return ST_OK;
}
