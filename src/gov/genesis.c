/* The state after the founding, from the leaves of block 0 (GEN-1, GEN-3, GOV-2). */
#include "charter/charter_model.h"
#include "charter/check.h"
#include "crypto/hash.h"
#include "gov/metric.h"
#include "gov/refresh.h"
#include "gov/session.h"
#include "gov/trigger.h"

struct founding {
    struct gov *g;
    struct view v;
    struct charter charter;
    uint64_t leaf; /* of the section or card at hand */
};

static enum status sections(struct founding *f, const struct span *leaves, size_t n, struct err *err)
{
    struct section *s = arena_array(f->g->arena, n, sizeof *s);
    if (s == NULL)
        return err_set(err, ST_LIMIT, "out of room for the charter");
    for (size_t i = 0; i < n; i++) {
        enum status st = codec_decode(&section_desc, leaves[i], f->g->arena, &s[i], err);
        if (st != ST_OK)
            return err_wrap(err, st, "section leaf %zu: ", i);
        if (i > 0 && s[i].number <= s[i - 1].number)
            return err_rule(err, "GEN-3",
                            err_set(err, ST_FORMAT,
                                    "section leaf %zu: number %" PRIu64 " does not ascend (GEN-3)", i,
                                    s[i].number));
    }
    TRY(charter_decode(s, n, f->g->arena, &f->charter, err));
    TRY(check_refuse(&f->charter, f->g->arena, err));
    for (size_t i = 0; i < n; i++) {
        struct state_section sec = {.version = 1, .body = s[i].body, .changed_leaf = 1 + i};
        struct tkey k = tkey_section(s[i].number);
        TRY(state_put(f->g, TABLE_SECTION, &k, &state_section_desc, &sec, err));
    }
    f->leaf = 1 + n;
    return ST_OK;
}

/* A person's key may hold several seats of its own organisation; anything else twice is refused (GEN-1). */
static enum status name_key(struct founding *f, const struct card *card, const struct hash *key,
                            enum key_use use, struct err *err)
{
    struct tkey k = tkey_text(span_hash(key));
    struct state_key old;
    enum status st = state_get(&f->v, f->g->arena, TABLE_KEY, &k, &state_key_desc, &old, err);
    if (st == ST_OK && use == KEY_PERSON && old.use == KEY_PERSON && span_eq(old.org, card->org))
        return ST_OK;
    if (st == ST_OK)
        return err_rule(
            err, "GEN-1",
            err_set(err, ST_FORMAT,
                    "card of %.*s: key %.16s... is on the card of %.*s too, or twice on this one (GEN-1)",
                    SPAN_FMT(card->org), hex_of(key).s, SPAN_FMT(old.org)));
    if (st != ST_NOTFOUND)
        return st;
    struct state_key rec = {.org = card->org, .use = use, .changed_leaf = f->leaf};
    return state_put(f->g, TABLE_KEY, &k, &state_key_desc, &rec, err);
}

static const struct card_seat *on_card(const struct card *card, struct span name)
{
    for (size_t i = 0; i < card->seats.n; i++) {
        if (span_eq(card->seats.v[i].seat, name))
            return &card->seats.v[i];
    }
    return NULL;
}

static enum status fill_seat(struct founding *f, const struct card *card, struct span seat, struct err *err)
{
    struct state_seat rec = {.changed_leaf = f->leaf};
    const struct card_seat *cs = on_card(card, state_seat_name(seat));
    size_t n = cs == NULL ? 0 : cs->keys.n;
    rec.keys.v = arena_array(f->g->arena, n, sizeof *rec.keys.v);
    if (rec.keys.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for keys");
    for (size_t i = 0; i < n; i++) {
        const struct public_key *key = &cs->keys.v[i];
        TRY(name_key(f, card, &key->key, KEY_PERSON, err));
        size_t j = rec.keys.n;
        for (; j > 0 && memcmp(rec.keys.v[j - 1].key.b, key->key.b, sizeof key->key.b) > 0; j--)
            rec.keys.v[j] = rec.keys.v[j - 1];
        if (j > 0 && hash_eq(&rec.keys.v[j - 1].key, &key->key))
            return err_set(err, ST_FORMAT, "card of %.*s: seat %.*s names a key twice", SPAN_FMT(card->org),
                           SPAN_FMT(seat));
        rec.keys.v[j] = *key;
        rec.keys.n++;
    }
    struct tkey k = tkey_text(seat);
    return state_put(f->g, TABLE_SEAT, &k, &state_seat_desc, &rec, err);
}

/* Every seat of the charter is on the record, empty when the card does not fill it. */
static enum status seats(struct founding *f, const struct card *card, struct err *err)
{
    for (size_t i = 0; i < card->seats.n; i++) {
        struct span name = card->seats.v[i].seat;
        if (i > 0 && span_cmp(card->seats.v[i - 1].seat, name) >= 0)
            return err_set(err, ST_FORMAT, "card of %.*s: seats do not ascend at %.*s", SPAN_FMT(card->org),
                           SPAN_FMT(name));
        if (span_eqs(name, "node"))
            return err_set(err, ST_FORMAT,
                           "card of %.*s: the seat node is held by the node key alone (ENT-4)",
                           SPAN_FMT(card->org));
        if (!charter_has_seat(&f->charter, card->org, name))
            return err_set(err, ST_FORMAT, "card of %.*s: the charter gives it no seat %.*s",
                           SPAN_FMT(card->org), SPAN_FMT(name));
    }
    struct span_list all;
    if (charter_seats_of(&f->charter, card->org, f->g->arena, &all) != ST_OK)
        return err_set(err, ST_LIMIT, "out of room for seats");
    for (size_t i = 0; i < all.n; i++)
        TRY(fill_seat(f, card, all.v[i], err));
    return ST_OK;
}

static enum status party(struct founding *f, struct span leaf, size_t i, struct span *last_org,
                         struct err *err)
{
    struct signed_card sc;
    struct card card;
    struct hash digest;
    enum status st = codec_decode(&signed_card_desc, leaf, f->g->arena, &sc, err);
    if (st == ST_OK)
        st = codec_decode(&card_desc, sc.card, f->g->arena, &card, err);
    if (st != ST_OK)
        return err_wrap(err, st, "card leaf %zu: ", i);
    if (last_org->p != NULL && span_cmp(*last_org, card.org) >= 0)
        return err_rule(
            err, "GEN-5",
            err_set(err, ST_FORMAT, "card leaf %zu: %.*s does not ascend (GEN-5)", i, SPAN_FMT(card.org)));
    *last_org = card.org;
    const struct charter_party *p = charter_party(&f->charter, card.org);
    if (p == NULL)
        return err_set(err, ST_FORMAT, "card of %.*s: the charter's parties do not name it",
                       SPAN_FMT(card.org));
    sha256(sc.card, &digest);
    if (!hash_eq(&digest, &p->card))
        return err_rule(err, "GEN-3",
                        err_set(err, ST_FORMAT,
                                "card of %.*s: its digest is %.16s..., the charter names %.16s... (GEN-3)",
                                SPAN_FMT(card.org), hex_of(&digest).s, hex_of(&p->card).s));
    const struct hash *node_keys[] = {&card.node.vote, &card.node.cosign, &card.node.log, &card.node.node};
    for (size_t k = 0; k < ARRAY_LEN(node_keys); k++)
        TRY(name_key(f, &card, node_keys[k], KEY_NODE, err));
    struct state_party rec = {.role = p->role, .card = digest, .node = card.node, .changed_leaf = f->leaf};
    if (HAS(&card, card_key_recovery)) {
        rec.recovery = card.recovery;
        SET_HAS(&rec, state_party_key_recovery);
    }
    struct tkey k = tkey_text(card.org);
    TRY(state_put(f->g, TABLE_PARTY, &k, &state_party_desc, &rec, err));
    TRY(seats(f, &card, err));
    f->leaf++;
    return ST_OK;
}

enum status gov_genesis(struct gov *g, const struct span *section_leaves, size_t n_sections,
                        const struct span *cards, size_t n_cards, struct err *err)
{
    struct founding f = {.g = g, .v = overlay_view(g->state)};
    struct span last_org = {0};
    struct validator_set set;
    TRY(sections(&f, section_leaves, n_sections, err));
    if (n_cards != f.charter.parties->list.n)
        return err_set(err, ST_FORMAT, "%zu cards for %zu parties of the charter", n_cards,
                       f.charter.parties->list.n);
    for (size_t i = 0; i < n_cards; i++)
        TRY(party(&f, cards[i], i, &last_org, err));
    TRY(metric_follow(g, err));
    TRY(session_follow(g, err));
    TRY(refresh_follow(g, err));
    TRY(trigger_follow(g, err));
    return gov_validators(&f.v, g->arena, &set, err);
}
