/* Keys, seats, and the founding: draft, sign, merge, show, found. */
#include <sys/stat.h>
#include "charter/charter.h"
#include "charter/check.h"
#include "charter/template.h"
#include "cli/cli.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "ledger/genesis.h"

enum { PASS_CAP = 1024 };

int verb_key_new(struct cli *c)
{
    struct ed25519_key *key = NULL;
    struct span phrase = {NULL, 0};
    struct buf pub CLEANUP(buf_deinit);
    buf_init(&pub, 4096);
    if (c->n != 1)
        return cli_usage(c, "key new needs the file to write");
    enum status st = ST_OK;
    if (!c->unsealed && c->passphrase_file != NULL) {
        st = cli_passphrase_file(c, &phrase);
    } else if (!c->unsealed) {
        char *line = arena_alloc(&c->a, PASS_CAP), *again = arena_alloc(&c->a, PASS_CAP);
        if (!cli_prompt("Passphrase for the new key: ", line, PASS_CAP, true) ||
            !cli_prompt("Again: ", again, PASS_CAP, true))
            st = err_set(&c->err, ST_PASSPHRASE,
                         "there is no terminal to ask at; give --passphrase-file FILE, or --unsealed");
        else if (strcmp(line, again) != 0)
            st = err_set(&c->err, ST_PASSPHRASE, "the two passphrases differ; nothing was made");
        phrase = span_str(line);
    }
    if (st == ST_OK && !c->unsealed && phrase.n == 0)
        st = err_set(&c->err, ST_PASSPHRASE,
                     "an empty passphrase seals nothing; use --unsealed if that is meant");
    if (st == ST_OK)
        st = ed25519_new(&rng_system, &key);
    if (st == ST_OK)
        st = keyfile_create(c->words[0], key, c->unsealed ? KEYFILE_UNSEALED : KEYFILE_INTERACTIVE, phrase,
                            &rng_system, &c->err);
    if (st != ST_OK) {
        ed25519_free(key);
        return cli_fail(c);
    }
    struct public_key p = {.alg = SIG_ED25519, .key = key->pub};
    ed25519_free(key);
    sshpub_print(&p, span_str(""), &pub);
    if (c->json)
        (void)cli_json(c, &public_key_desc, &p);
    else
        (void)printf("%s", buf_cstr(&pub));
    (void)fprintf(stderr, "Made %s (%s). Fingerprint %s\n", c->words[0],
                  c->unsealed ? "not sealed" : "sealed with your passphrase", sshpub_fingerprint(&p).s);
    return EXIT_DONE;
}

enum status cli_public_key(struct cli *c, const char *path, struct public_key *ret)
{
    struct span text, comment;
    bool sealed;
    enum status st = file_read(path, 65536, &c->a, &text, &c->err);
    if (st != ST_OK)
        return st;
    if (text.n > 12 && memcmp(text.p, "entente-key ", 12) == 0) {
        *ret = (struct public_key){.alg = SIG_ED25519};
        return keyfile_public(path, &ret->key, &sealed, &c->err);
    }
    return sshpub_parse(text, ret, &comment, &c->err);
}

int verb_key_show(struct cli *c)
{
    struct public_key p;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    if (c->n > 1 || (c->n == 0 && c->key == NULL))
        return cli_usage(c, "key show needs a key file, or an OpenSSH public key");
    if (cli_public_key(c, c->n == 1 ? c->words[0] : c->key, &p) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &public_key_desc, &p);
    sshpub_print(&p, span_str(""), &b);
    (void)fputs(buf_cstr(&b), stdout); /* alone, so that it can go into a file that is a public key */
    (void)fflush(stdout);
    (void)fprintf(stderr, "Fingerprint %s\n", sshpub_fingerprint(&p).s);
    return EXIT_DONE;
}

static void say_empty(const char *when, struct span seat)
{
    (void)fprintf(stderr, "%s nobody holds %.*s, and nobody can act for it but an alternate that ballots, until a registrar gives it a key again.\n",
                  when, SPAN_FMT(seat));
}

/* No key: meant, or a word that was forgotten? ST_USAGE. */
static enum status agree_to_empty(struct cli *c, struct span seat)
{
    char line[160] = "", question[240];
    say_empty("Without a key", seat);
    (void)snprintf(question, sizeof question, "Type %.*s to leave it empty: ", SPAN_FMT(seat));
    if (c->confirm == NULL && cli_prompt(question, line, sizeof line, false))
        c->confirm = (const char *)arena_dup(&c->a, span_str(line)).p;
    if (c->confirm != NULL && span_eqs(seat, c->confirm))
        return ST_OK;
    return err_set(&c->err, ST_USAGE,
                   "not signed: no public key is given. To set one: entente seat set %.*s PUBKEY. To leave the seat empty, repeat its name with "
                   "--confirm %.*s",
                   SPAN_FMT(seat), SPAN_FMT(seat));
}

int verb_seat_set(struct cli *c)
{
    struct holder body = {0};
    struct cli_signer s;
    struct span seat;
    if (c->n < 1 || !text_is_seat(span_str(c->words[0])))
        return cli_usage(
            c, "seat set needs ORG/SEAT and the public keys that shall hold it");
    body.seat = span_str(c->words[0]);
    body.keys.v = arena_array(&c->a, c->n, sizeof *body.keys.v);
    for (size_t i = 1; i < c->n; i++)
        if (cli_public_key(c, c->words[i], &body.keys.v[body.keys.n++]) != ST_OK)
            return cli_fail(c);
    if (body.keys.n > 0 && c->confirm != NULL)
        return cli_usage(c, "--confirm goes with no public key, when a seat is left empty");
    if ((body.keys.n == 0 && agree_to_empty(c, body.seat) != ST_OK) || cli_signer_open(c, &s) != ST_OK)
        return cli_fail(c);
    int code = cli_seat(c, &s, NULL, &seat) == ST_OK ? cli_enter(c, &s, seat, KIND_HOLDER, &body, NULL, NULL)
                                                     : cli_fail(c);
    cli_signer_close(&s);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

/* "node:vote" and the like: the key of that use that the record names for our own node. */
static enum status key_to_revoke(struct cli *c, const char *word, struct public_key *ret, struct span *ret_node_of)
{
    static const char *const uses[] = {"node:vote", "node:cosign", "node:log", "node:node"};
    struct query_parties l;
    if (strncmp(word, "node:", 5) != 0)
        return cli_public_key(c, word, ret);
    enum status st = cli_ask(c, METHOD_parties, NULL, &l);
    if (st != ST_OK)
        return st;
    struct span own = c->seat == NULL ? c->info.org : span_of(c->seat, strcspn(c->seat, "/"));
    for (size_t i = 0; i < l.list.n; i++) {
        const struct node_keys *k = &l.list.v[i].party.node;
        const struct hash *keys[] = {&k->vote, &k->cosign, &k->log, &k->node};
        for (size_t u = 0; span_eq(l.list.v[i].org, own) && u < ARRAY_LEN(uses); u++)
            if (strcmp(word, uses[u]) == 0) {
                *ret = (struct public_key){.alg = SIG_ED25519, .key = *keys[u]};
                *ret_node_of = l.list.v[i].org;
                return ST_OK;
            }
    }
    return err_set(&c->err, ST_USAGE, "%s: expected node:vote, node:cosign, node:log or node:node", word);
}

/* Seats that only this key holds. */
static void say_left_empty(struct cli *c, const struct public_key *key)
{
    struct query_seats l;
    if (cli_ask(c, METHOD_seats, NULL, &l) != ST_OK)
        return; /* what is asked next says so */
    for (size_t i = 0; i < l.list.n; i++) {
        const struct public_key_list *k = &l.list.v[i].keys;
        if (k->n == 1 && k->v[0].alg == key->alg && hash_eq(&k->v[0].key, &key->key))
            say_empty("Without this key", l.list.v[i].seat);
    }
}

int verb_key_revoke(struct cli *c)
{
    struct key body = {0};
    struct span node_of = {NULL, 0};
    struct buf preview CLEANUP(buf_deinit);
    buf_init(&preview, 1 << 16);
    struct cli_prose_list prose = {0};
    struct cli_signer s;
    struct span seat;
    char line[80] = "", question[200];
    if (c->n != 1)
        return cli_usage(c, "key revoke needs the public key to revoke, as a file");
    if (key_to_revoke(c, c->words[0], &body.key, &node_of) != ST_OK)
        return cli_fail(c);
    if (node_of.n > 0) {
        cli_preview_suspended(c, node_of, &preview);
        (void)fputs(buf_cstr(&preview), stderr);
    } else {
        say_left_empty(c, &body.key);
    }
    if (c->since != NULL) {
        SET_HAS(&body, key_key_compromised_since_ms);
        if (time_parse(span_str(c->since), &body.compromised_since_ms) != ST_OK)
            return cli_usage(c, "--since %s: expected a time, for instance 2026-11-23T09:00:00Z", c->since);
    }
    struct sshpub_fingerprint name = sshpub_fingerprint(&body.key);
    (void)snprintf(question, sizeof question, "A revoked key never comes back. Type %s to go on: ", name.s);
    if (c->confirm == NULL && cli_prompt(question, line, sizeof line, false))
        c->confirm = line;
    if (c->confirm == NULL || strcmp(c->confirm, name.s) != 0)
        return cli_usage(c, "a revoked key never comes back: repeat its fingerprint with --confirm %s",
                         name.s);
    enum status st = cli_reason(c);
    if (st == ST_OK && c->reason != NULL) {
        st = cli_detach(c, &prose, c->reason, &body.reason);
        SET_HAS(&body, key_key_reason);
    }
    if (st == ST_OK)
        st = cli_signer_open(c, &s);
    if (st != ST_OK)
        return cli_fail(c);
    int code = cli_seat(c, &s, NULL, &seat) == ST_OK ? cli_enter(c, &s, seat, KIND_KEY, &body, &prose, NULL)
                                                     : cli_fail(c);
    cli_signer_close(&s);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

static const char *directory_of(struct cli *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? "." : (const char *)arena_dup(&c->a, span_of(path, (size_t)(slash - path))).p;
}

/* The card files that the charter names, read and checked. */
static enum status read_cards(struct cli *c, const char *dir, const struct yaml_node *root, struct genesis *g)
{
    const struct yaml_node *parties = yaml_get(root, span_str("parties"));
    if (parties == NULL)
        return err_set(&c->err, ST_FORMAT, "the charter has no parties");
    g->cards.v = arena_array(&c->a, parties->n + 1, sizeof *g->cards.v);
    struct span *orgs = arena_array(&c->a, parties->n + 1, sizeof *orgs);
    for (const struct yaml_node *p = parties->first; p != NULL; p = p->next) {
        const struct yaml_node *file = yaml_get(p, span_str("card"));
        struct signed_card sc;
        struct card card;
        struct hash digest;
        struct span bytes;
        if (file == NULL)
            return err_set(&c->err, ST_FORMAT, "party %.*s has no card", SPAN_FMT(p->key->text));
        const char *path = file_join(&c->a, dir, (const char *)arena_dup(&c->a, file->text).p);
        enum status st = file_read(path, LIMIT_CARD_BYTES, &c->a, &bytes, &c->err);
        if (st == ST_OK)
            st = genesis_check_card(bytes, &c->a, &sc, &card, &digest, &c->err);
        if (st != ST_OK)
            return err_wrap(&c->err, st, "card of %.*s: ", SPAN_FMT(p->key->text));
        (void)fprintf(stderr, "%-14.*s card sha256:%s\n", SPAN_FMT(card.org), hex_of(&digest).s);
        const struct yaml_node *role = yaml_get(p, span_str("role"));
        if (role != NULL && span_eqs(role->text, "partner"))
            (void)cli_warn_key(c, path, &card);
        size_t j = g->cards.n++;
        for (; j > 0 && span_cmp(orgs[j - 1], card.org) > 0; j--) {
            orgs[j] = orgs[j - 1];
            g->cards.v[j] = g->cards.v[j - 1];
        }
        orgs[j] = card.org;
        g->cards.v[j] = bytes;
    }
    return ST_OK;
}

static enum status encode_sections(struct cli *c, const struct charter_source *s, struct genesis *g)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    g->sections.v = arena_array(&c->a, s->sections.n + 1, sizeof *g->sections.v);
    for (size_t i = 0; i < s->sections.n; i++) {
        buf_reset(&b);
        enum status st = codec_encode(&section_desc, &s->sections.v[i], &b);
        if (st != ST_OK)
            return err_set(&c->err, st, "section %" PRIu64 " is too large", s->sections.v[i].number);
        g->sections.v[g->sections.n++] = arena_dup(&c->a, buf_span(&b));
    }
    return ST_OK;
}

static enum status write_genesis(struct cli *c, const struct genesis *g, const char *path, bool replace)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_GENESIS_BYTES);
    enum status st = codec_encode(&genesis_desc, g, &b);
    if (st != ST_OK)
        return err_set(&c->err, st, "the genesis is larger than %d bytes", LIMIT_GENESIS_BYTES);
    return file_write(path, buf_span(&b), 0644, replace, &c->err);
}

static enum status load(struct cli *c, const char *path, bool signed_too, struct genesis_info *ret)
{
    struct span bytes;
    enum status st = file_read(path, LIMIT_GENESIS_BYTES, &c->a, &bytes, &c->err);
    if (st == ST_OK)
        st = genesis_read(bytes, signed_too, &c->a, ret, &c->err);
    return st == ST_OK ? ST_OK : err_wrap(&c->err, st, "%s: ", path);
}

/* Whether a seat has signed. */
static bool has_signed(const struct genesis_info *g, struct span org, struct span name)
{
    char seat[160];
    (void)snprintf(seat, sizeof seat, "%.*s/%.*s", SPAN_FMT(org), SPAN_FMT(name));
    for (size_t i = 0; i < g->genesis.sigs.list.n; i++)
        if (span_eqs(g->genesis.sigs.list.v[i].seat, seat))
            return true;
    return false;
}

/* Id, parties, and every seat that signs or has signed. */
static int put_json(struct cli *c, const struct genesis_info *g)
{
    size_t n = 0;
    (void)c;
    (void)printf("{\"alliance\":\"%s\",\"name\":\"%.*s\",\"founded\":\"%s\",\"parties\":[",
                 hex_of(&g->alliance).s, SPAN_FMT(g->name), time_utc(g->founded_ms).s);
    for (size_t i = 0; i < g->parties.list.n; i++)
        (void)printf("%s{\"org\":\"%.*s\",\"role\":\"%s\",\"card\":\"%s\"}", i == 0 ? "" : ",",
                     SPAN_FMT(g->parties.list.v[i].org), enum_text(&role_enum, g->parties.list.v[i].role),
                     hex_of(&g->parties.list.v[i].card).s);
    (void)printf("],\"seats\":[");
    for (size_t i = 0; i < g->genesis.cards.n; i++)
        for (size_t k = 0; k < g->cards[i].seats.n; k++) {
            const struct card_seat *s = &g->cards[i].seats.v[k];
            if (genesis_seat_signs(g, &g->cards[i], s))
                (void)printf("%s{\"seat\":\"%.*s/%.*s\",\"signed\":%s}", n++ == 0 ? "" : ",",
                             SPAN_FMT(g->cards[i].org), SPAN_FMT(s->seat),
                             has_signed(g, g->cards[i].org, s->seat) ? "true" : "false");
        }
    (void)printf("]}\n");
    return EXIT_DONE;
}

/* The charter file that is named, or the template, as if it lay here. */
static enum status draft_source(struct cli *c, struct span *ret_yaml, const char **ret_name, const char **ret_dir)
{
    const struct charter_template *t;
    if (c->template == NULL) {
        *ret_name = c->words[0];
        *ret_dir = directory_of(c, c->words[0]);
        return file_read(c->words[0], CHARTER_FILE_MAX, &c->a, ret_yaml, &c->err);
    }
    t = cli_template(c, c->template);
    if (t == NULL)
        return ST_USAGE;
    *ret_yaml = t->yaml;
    *ret_name = t->name;
    *ret_dir = ".";
    return ST_OK;
}

int verb_alliance_draft(struct cli *c)
{
    struct span yaml;
    const char *name, *dir;
    struct charter_source source;
    struct charter charter;
    struct genesis g = {.version = 1};
    struct cli_annexed annexed;
    struct hash id;
    if (c->template != NULL && strcmp(c->template, "list") == 0)
        return cli_list_templates(c);
    if ((c->template == NULL ? c->n != 1 : c->n != 0) || c->out == NULL)
        return cli_usage(c, "alliance draft needs the charter file or --template NAME, and -o FILE.genesis");
    struct charter_founding founding = {.founded_ms = clock_wall_ms(&clock_system)};
    rng_fill(&rng_system, founding.nonce.b, sizeof founding.nonce.b);
    enum status st = draft_source(c, &yaml, &name, &dir);
    if (st != ST_OK)
        return cli_fail(c);
    struct charter_files files = charter_files_in(dir);
    st = charter_load(yaml, name, &founding, &files, &c->a, &source, &c->err);
    if (st == ST_OK)
        st = cli_dossier_annex(c, &source, &annexed);
    if (st == ST_OK)
        st = charter_decode(source.sections.v, source.sections.n, &c->a, &charter, &c->err);
    if (st == ST_OK)
        st = check_refuse(&charter, &c->a, &c->err);
    if (st == ST_OK)
        st = read_cards(c, dir, source.root, &g);
    if (st == ST_OK)
        st = cli_dossier_on_cards(c, &annexed, &g.cards);
    if (st == ST_OK)
        st = encode_sections(c, &source, &g);
    if (st == ST_OK)
        st = write_genesis(c, &g, c->out, false);
    if (st != ST_OK)
        return cli_fail(c);
    genesis_alliance_id(g.sections.v, g.sections.n, &id);
    struct genesis_info info;
    if (c->json)
        return load(c, c->out, false, &info) == ST_OK ? put_json(c, &info) : cli_fail(c);
    (void)printf("alliance id %s\n", hex_of(&id).s);
    (void)fprintf(stderr,
                  "Drafted %s. Compare each card's fingerprint with its owner out of band. Then every "
                  "founding seat signs:\n"
                  "  entente alliance sign %s --as ORG/SEAT --key KEY\n",
                  c->out, c->out);
    return EXIT_DONE;
}

/* Keeps the list ascending by (seat, key), none twice. */
static void add_sig(struct genesis_sig_list *l, const struct genesis_sig *s)
{
    size_t j = l->n;
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i].seat, s->seat) && hash_eq(&l->v[i].signature.key, &s->signature.key))
            return;
    l->n++;
    for (; j > 0; j--) {
        int k = span_cmp(l->v[j - 1].seat, s->seat);
        if (k < 0 || (k == 0 && memcmp(l->v[j - 1].signature.key.b, s->signature.key.b, 32) < 0))
            break;
        l->v[j] = l->v[j - 1];
    }
    l->v[j] = *s;
}

static void grow_sigs(struct cli *c, struct genesis *g, size_t more)
{
    struct genesis_sig *v = arena_array(&c->a, g->sigs.list.n + more, sizeof *v);
    if (g->sigs.list.n > 0)
        memcpy(v, g->sigs.list.v, g->sigs.list.n * sizeof *v);
    g->sigs.list.v = v;
    SET_HAS(g, genesis_key_sigs);
}

/* The seat is on a card, and the card names this key: before anything is signed. */
static enum status on_card(struct cli *c, const struct genesis_info *g, const struct cli_signer *s)
{
    struct span seat = span_str(c->seat), org = span_of(seat.p, strcspn(c->seat, "/"));
    if (!text_is_seat(seat))
        return err_set(&c->err, ST_USAGE, "--as %s: expected ORG/SEAT, for instance brand/finance", c->seat);
    const struct card *card = genesis_card(g, org);
    for (size_t i = 0; card != NULL && i < card->seats.n; i++) {
        const struct card_seat *cs = &card->seats.v[i];
        if (!span_eqs(cs->seat, c->seat + org.n + 1))
            continue;
        for (size_t k = 0; k < cs->keys.n; k++)
            if (cs->keys.v[k].alg == s->pub.alg && hash_eq(&cs->keys.v[k].key, &s->pub.key))
                return ST_OK;
        return err_set(&c->err, ST_BADKEY, "the card of %.*s gives %s to the key %s%s, not to %s (%s)",
                       SPAN_FMT(org), c->seat, sshpub_fingerprint(&cs->keys.v[0]).s,
                       cs->keys.n > 1 ? " and others" : "", sshpub_fingerprint(&s->pub).s, s->path);
    }
    return err_set(&c->err, ST_NOTFOUND,
                   "no card of this alliance has a seat %s; see: entente alliance show %s", c->seat,
                   c->words[0]);
}

int verb_alliance_sign(struct cli *c)
{
    struct genesis_info g;
    struct cli_signer s;
    struct genesis_sig sig = {0};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 256);
    if (c->n != 1 || c->seat == NULL)
        return cli_usage(c, "alliance sign needs the .genesis file, --as ORG/SEAT and --key KEY");
    if (load(c, c->words[0], false, &g) != ST_OK)
        return cli_fail(c);
    (void)fprintf(stderr, "You sign, as %s, the founding of %.*s\n  alliance id %s\n  founded     %s\n",
                  c->seat, SPAN_FMT(g.name), hex_of(&g.alliance).s, cli_time(g.founded_ms).s);
    for (size_t i = 0; i < g.parties.list.n; i++)
        (void)fprintf(stderr, "  %-11.*s card sha256:%s\n", SPAN_FMT(g.parties.list.v[i].org),
                      hex_of(&g.parties.list.v[i].card).s);
    char answer[16];
    if (!c->yes && !cli_prompt("Sign? [y/N] ", answer, sizeof answer, false))
        return cli_usage(c, "not signed: nobody can be asked here. To answer beforehand: --yes");
    if (!c->yes && answer[0] != 'y' && answer[0] != 'Y') {
        (void)fprintf(stderr, "Not signed.\n");
        return EXIT_FAILED;
    }
    enum status st = cli_signer_open(c, &s);
    if (st != ST_OK)
        return cli_fail(c);
    st = on_card(c, &g, &s);
    if (st == ST_OK)
        st = genesis_statement_bytes(&g.alliance, &b);
    if (st == ST_OK)
        st = cli_sign(c, &s, SSHSIG_GENESIS, buf_span(&b), &sig.signature);
    cli_signer_close(&s);
    sig.seat = span_str(c->seat);
    grow_sigs(c, &g.genesis, 1);
    add_sig(&g.genesis.sigs.list, &sig);
    if (st == ST_OK)
        st = write_genesis(c, &g.genesis, c->words[0], true);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        return put_json(c, &g);
    (void)printf("Signed as %s: %zu founding signatures so far.\n", c->seat, g.genesis.sigs.list.n);
    return EXIT_DONE;
}

int verb_alliance_merge(struct cli *c)
{
    struct genesis_info first, other;
    if (c->n < 2 || c->out == NULL)
        return cli_usage(c, "alliance merge needs two or more .genesis files, and -o FILE");
    if (load(c, c->words[0], false, &first) != ST_OK)
        return cli_fail(c);
    for (size_t i = 1; i < c->n; i++) {
        if (load(c, c->words[i], false, &other) != ST_OK)
            return cli_fail(c);
        if (!hash_eq(&first.alliance, &other.alliance)) {
            (void)err_set(&c->err, ST_MISMATCH, "%s is of another draft: alliance %s, not %s", c->words[i],
                          hex_of(&other.alliance).s, hex_of(&first.alliance).s);
            return cli_fail(c);
        }
        grow_sigs(c, &first.genesis, other.genesis.sigs.list.n);
        for (size_t k = 0; k < other.genesis.sigs.list.n; k++)
            add_sig(&first.genesis.sigs.list, &other.genesis.sigs.list.v[k]);
    }
    if (write_genesis(c, &first.genesis, c->out, true) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return load(c, c->out, false, &other) == ST_OK ? put_json(c, &other) : cli_fail(c);
    (void)printf("%s: %zu founding signatures.\n", c->out, first.genesis.sigs.list.n);
    return EXIT_DONE;
}

int verb_alliance_show(struct cli *c)
{
    struct genesis_info g;
    if (c->n != 1)
        return cli_usage(c, "alliance show needs a .genesis file");
    if (load(c, c->words[0], false, &g) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return put_json(c, &g);
    (void)printf("alliance    %.*s\nid          %s\nfounded     %s\n", SPAN_FMT(g.name),
                 hex_of(&g.alliance).s, cli_time(g.founded_ms).s);
    for (size_t i = 0; i < g.parties.list.n; i++) {
        const struct charter_party *p = &g.parties.list.v[i];
        (void)printf("%-11.*s %-9s %.*s  card sha256:%s\n", SPAN_FMT(p->org), enum_text(&role_enum, p->role),
                     SPAN_FMT(p->display), hex_of(&p->card).s);
    }
    size_t missing = 0;
    for (size_t i = 0; i < g.genesis.cards.n; i++)
        for (size_t k = 0; k < g.cards[i].seats.n; k++) {
            bool done = has_signed(&g, g.cards[i].org, g.cards[i].seats.v[k].seat);
            if (!genesis_seat_signs(&g, &g.cards[i], &g.cards[i].seats.v[k]) && !done)
                continue;
            (void)printf("%-11s %.*s/%.*s\n", done ? "signed" : "MISSING", SPAN_FMT(g.cards[i].org),
                         SPAN_FMT(g.cards[i].seats.v[k].seat));
            missing += !done;
        }
    (void)printf(missing == 0 ? "All founding signatures are there.\n"
                              : "%zu founding signatures are missing.\n",
                 missing);
    return EXIT_DONE;
}

/* What a node's directory is given must be signed by all: how each that has not signs. ST_NOTFOUND. */
static enum status all_signed(struct cli *c, const struct genesis_info *g)
{
    struct buf b CLEANUP(buf_deinit);
    size_t n = 0;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < g->genesis.cards.n; i++)
        for (size_t k = 0; k < g->cards[i].seats.n; k++) {
            const struct card_seat *s = &g->cards[i].seats.v[k];
            if (!genesis_seat_signs(g, &g->cards[i], s) || has_signed(g, g->cards[i].org, s->seat))
                continue;
            if (n++ < 6)
                buf_printf(&b, "%s%.*s/%.*s", n == 1 ? "" : ", ", SPAN_FMT(g->cards[i].org), SPAN_FMT(s->seat));
        }
    if (n > 6)
        buf_printf(&b, " and %zu more", n - 6);
    return n == 0 ? ST_OK
                  : err_set(&c->err, ST_NOTFOUND,
                            "%s: genesis: %zu founding %s missing (GEN-4): %s. Each signs with: entente alliance sign %s --as ORG/SEAT --key KEY",
                            c->words[0], n, n == 1 ? "signature is" : "signatures are", buf_cstr(&b), c->words[0]);
}

/* The founding, checked and signed by all. */
static enum status load_signed(struct cli *c, struct genesis_info *ret)
{
    enum status st = load(c, c->words[0], false, ret);
    if (st == ST_OK)
        st = all_signed(c, ret);
    return st == ST_OK ? load(c, c->words[0], true, ret) : st;
}

/* The .genesis file into a node's directory. */
static enum status give(struct cli *c, struct genesis_info *ret_g)
{
    struct span bytes, there;
    struct stat sb;
    enum status st = load_signed(c, ret_g);
    if (st != ST_OK)
        return st;
    if (stat(file_join(&c->a, c->node, "node.yaml"), &sb) != 0)
        return err_set(&c->err, ST_NOTFOUND,
                       "%s is no node's directory: it has no node.yaml. Make one with: ententd init %s "
                       "--partner ID --listen ADDR",
                       c->node, c->node);
    const char *target = file_join(&c->a, c->node, "alliance.genesis");
    st = file_read(c->words[0], LIMIT_GENESIS_BYTES, &c->a, &bytes, &c->err);
    if (st == ST_OK)
        st = file_write(target, bytes, 0644, false, &c->err);
    if (st == ST_EXISTS && file_read(target, LIMIT_GENESIS_BYTES, &c->a, &there, &c->err) == ST_OK)
        st = span_eq(there, bytes)
                 ? ST_OK
                 : err_set(&c->err, ST_EXISTS,
                           "%s is there already and differs: this node was given another founding", target);
    return st;
}

int verb_alliance_found(struct cli *c)
{
    struct genesis_info g;
    if (c->n != 1 || c->node == NULL)
        return cli_usage(c, "alliance found needs the .genesis file, and --node DIR");
    if (give(c, &g) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return put_json(c, &g);
    (void)printf("%.*s, %s: all %zu founding signatures are there.\nStart the node: ententd run %s\n",
                 SPAN_FMT(g.name), hex_of(&g.alliance).s, g.genesis.sigs.list.n, c->node);
    return EXIT_DONE;
}

int verb_alliance_join(struct cli *c)
{
    struct genesis_info g;
    if (c->n != 1 || c->node == NULL)
        return cli_usage(c, "alliance join needs the .genesis file, and --node DIR");
    struct stat sb;
    enum status st = load_signed(c, &g);
    if (st != ST_OK)
        return cli_fail(c);
    /* Before the genesis is there: a directory with that alone would be taken for a founder's. */
    if (stat(file_join(&c->a, c->node, "node.yaml"), &sb) == 0)
        st = file_write(file_join(&c->a, c->node, "keys.later"),
                        span_str("The keys here came on the record after the founding.\n"), 0600, true, &c->err);
    if (st == ST_OK)
        st = give(c, &g);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        return put_json(c, &g);
    (void)printf("%.*s, %s: all %zu founding signatures are there.\nStart the node: ententd run %s\nIt fetches the whole record "
                 "once the others know its card, checks all of it, and then says by itself that it is ready.\n",
                 SPAN_FMT(g.name), hex_of(&g.alliance).s, g.genesis.sigs.list.n, c->node);
    return EXIT_DONE;
}
