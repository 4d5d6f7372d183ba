#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "charter/yaml.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/nodekeys.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "crypto/tlsid.h"
#include "ledger/genesis.h"
#include "net/net.h"
#include "node/config.h"
#include "node/setup.h"

static enum status make_all(const char *dir, struct span partner, const char *listen, struct arena *a, struct err *err)
{
    struct tlsid *tls = NULL;
    struct buf yaml CLEANUP(buf_deinit);
    buf_init(&yaml, 65536);
    config_write(partner, listen, &yaml);
    enum status st = nodekeys_create(file_join(a, dir, "keys"), &rng_system, err);
    if (st == ST_OK)
        st = tlsid_new(partner, &rng_system, &tls, err);
    if (st == ST_OK)
        st = tlsid_save(tls, dir, err);
    tlsid_free(tls);
    /* Last: its presence makes the directory a node's. */
    return st == ST_OK ? file_write(file_join(a, dir, "node.yaml"), buf_span(&yaml), 0600, false, err) : st;
}

static void remove_all(const char *dir, struct arena *a)
{
    static const char *const files[] = {"keys/vote.key", "keys/cosign.key", "keys/log.key", "keys/node.key",
                                        "tls.key",       "tls.crt",         "node.yaml"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        (void)unlink(file_join(a, dir, files[i]));
    (void)rmdir(file_join(a, dir, "keys"));
    (void)rmdir(dir);
}

enum status setup_init(const char *dir, struct span partner, const char *listen, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    if (!text_is_id(partner))
        return err_set(err, ST_USAGE, "--partner %.*s: an organisation's id has letters a-z, digits and -, at most 63",
                       SPAN_FMT(partner));
    if (listen != NULL && strchr(listen, ':') == NULL)
        return err_set(err, ST_USAGE, "--listen %s: expected host:port, for instance 0.0.0.0:7400", listen);
    enum status st = file_make_dir(dir, 0700, err);
    if (st != ST_OK)
        return st;
    if (chmod(dir, 0700) != 0)
        return err_set(err, ST_IO, "%s: its mode cannot be set to 0700", dir);
    st = make_all(dir, partner, listen, &a, err);
    if (st != ST_OK)
        remove_all(dir, &a);
    return st;
}

static enum status read_public(const char *path, struct arena *a, struct public_key *ret_key, struct err *err)
{
    struct span text, comment;
    enum status st = file_read(path, SSHPUB_LINE_MAX, a, &text, err);
    if (st != ST_OK)
        return st;
    if (text.n > 12 && memcmp(text.p, "entente-key ", 12) == 0) {
        bool sealed;
        ret_key->has = 0;
        ret_key->alg = SIG_ED25519;
        return keyfile_public(path, &ret_key->key, &sealed, err);
    }
    st = sshpub_parse(text, ret_key, &comment, err);
    return st == ST_OK ? ST_OK : err_wrap(err, st, "%s: ", path);
}

static int compare_seats(const void *x, const void *y)
{
    const struct card_seat *l = x, *r = y;
    return span_cmp(l->seat, r->seat);
}

static enum status add_seat(struct card *card, const struct setup_seat *s, struct arena *a, struct err *err)
{
    struct public_key key;
    if (!text_is_id(s->seat))
        return err_set(err, ST_USAGE, "--seat %.*s: a seat's name has letters a-z, digits and -", SPAN_FMT(s->seat));
    enum status st = read_public(s->pub_path, a, &key, err);
    if (st != ST_OK)
        return st;
    struct card_seat *seat = NULL;
    for (size_t i = 0; i < card->seats.n; i++)
        if (span_eq(card->seats.v[i].seat, s->seat))
            seat = &card->seats.v[i];
    if (seat == NULL) {
        seat = &card->seats.v[card->seats.n++];
        *seat = (struct card_seat){.seat = s->seat, .keys = {0, arena_array(a, 8, sizeof *seat->keys.v)}};
    }
    if (seat->keys.n == 8)
        return err_set(err, ST_LIMIT, "--seat %.*s: at most 8 keys", SPAN_FMT(s->seat));
    seat->keys.v[seat->keys.n++] = key;
    return ST_OK;
}

static enum status fill_card(const struct config *cfg, const struct nodekeys *keys, const struct tlsid *tls,
                             const struct setup_card *what, struct arena *a, struct card *card, struct err *err)
{
    enum status st = ST_OK;
    *card = (struct card){.version = 1, .org = cfg->partner};
    card->node = (struct node_keys){.vote = keys->vote->pub,
                                    .cosign = keys->cosign->pub,
                                    .log = keys->log->pub,
                                    .node = keys->node->pub,
                                    .tls = arena_dup(a, span_of(tls->cert, tls->cert_n)),
                                    .addresses = what->addresses};
    if (what->addresses.n == 0 && cfg->listen != NULL) {
        struct span *one = arena_alloc(a, sizeof *one);
        *one = span_str(cfg->listen);
        card->node.addresses = (struct span_list){1, one};
    }
    card->seats.v = arena_array(a, what->n_seats + 1, sizeof *card->seats.v);
    for (size_t i = 0; st == ST_OK && i < what->n_seats; i++)
        st = add_seat(card, &what->seats[i], a, err);
    if (st == ST_OK && what->recovery_path != NULL) {
        st = read_public(what->recovery_path, a, &card->recovery, err);
        SET_HAS(card, card_key_recovery);
    }
    if (card->seats.n > 1)
        qsort(card->seats.v, card->seats.n, sizeof *card->seats.v, compare_seats);
    return st == ST_OK ? codec_check(&card_desc, card, err) : st;
}

enum status setup_sign_card(const struct config *cfg, const struct nodekeys *keys, const struct tlsid *tls,
                            const struct setup_card *what, const char *path, struct arena *a, struct hash *ret_digest, struct err *err)
{
    struct card card;
    struct buf inner CLEANUP(buf_deinit), outer CLEANUP(buf_deinit);
    buf_init(&inner, LIMIT_CARD_BYTES);
    buf_init(&outer, LIMIT_CARD_BYTES);
    enum status st = fill_card(cfg, keys, tls, what, a, &card, err);
    if (st != ST_OK)
        return st;
    st = codec_encode(&card_desc, &card, &inner);
    struct signed_card sc = {.leaf = LEAF_CARD, .card = buf_span(&inner)};
    sshsig_sign(keys->vote, SSHSIG_CARD, sc.card, &sc.vote);
    sshsig_sign(keys->cosign, SSHSIG_CARD, sc.card, &sc.cosign);
    sshsig_sign(keys->log, SSHSIG_CARD, sc.card, &sc.log);
    sshsig_sign(keys->node, SSHSIG_CARD, sc.card, &sc.node);
    if (st == ST_OK)
        st = codec_encode(&signed_card_desc, &sc, &outer);
    if (st != ST_OK)
        return err_set(err, st, "the card is larger than %d bytes; give it fewer seats or keys", LIMIT_CARD_BYTES);
    st = file_write(path, buf_span(&outer), 0644, true, err);
    if (st == ST_OK)
        sha256(sc.card, ret_digest);
    return st;
}

enum status setup_make_card(const char *dir, const struct setup_card *what, struct arena *a, const char **ret_path,
                            struct hash *ret_digest, struct err *err)
{
    struct config cfg;
    struct nodekeys keys CLEANUP(nodekeys_close) = {0};
    struct tlsid *tls = NULL;
    enum status st = config_load(dir, a, &cfg, err);
    if (st == ST_OK)
        st = nodekeys_open(file_join(a, dir, "keys"), &keys, err);
    if (st == ST_OK)
        st = tlsid_open(dir, cfg.partner, &tls, err);
    const char *path = what->out;
    if (st == ST_OK && path == NULL) {
        char name[80];
        (void)snprintf(name, sizeof name, "%.*s.card", SPAN_FMT(cfg.partner));
        path = file_join(a, dir, name);
    }
    if (st == ST_OK)
        st = setup_sign_card(&cfg, &keys, tls, what, path, a, ret_digest, err);
    tlsid_free(tls);
    if (st == ST_OK)
        *ret_path = path;
    return st;
}

enum status setup_show_card(const char *path, struct buf *b, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct span bytes;
    struct signed_card sc;
    struct card c;
    struct hash digest;
    enum status st = file_read(path, LIMIT_CARD_BYTES, &a, &bytes, err);
    if (st == ST_OK)
        st = genesis_check_card(bytes, &a, &sc, &c, &digest, err);
    if (st != ST_OK)
        return err_wrap(err, st, "%s: ", path);
    buf_printf(b, "card of     %.*s\nfingerprint sha256:%s\n", SPAN_FMT(c.org), hex_of(&digest).s);
    buf_printf(b, "TLS         %s\n", net_fingerprint(c.node.tls).s);
    for (size_t i = 0; i < c.node.addresses.n; i++)
        buf_printf(b, "address     %.*s\n", SPAN_FMT(c.node.addresses.v[i]));
    if (c.node.addresses.n == 0)
        buf_printf(b, "address     none: it only dials out\n");
    for (size_t i = 0; i < c.seats.n; i++)
        for (size_t k = 0; k < c.seats.v[i].keys.n; k++)
            buf_printf(b, "seat        %-20.*s %s\n", SPAN_FMT(c.seats.v[i].seat), sshpub_fingerprint(&c.seats.v[i].keys.v[k]).s);
    if (HAS(&c, card_key_recovery))
        buf_printf(b, "recovery    %s\n", sshpub_fingerprint(&c.recovery).s);
    buf_printf(b, "signed by its four node keys; compare the fingerprint with its owner, not by the way the file came\n");
    return b->failed;
}
