/* Organisations and their nodes: who joins and leaves, fresh keys, registrars, recoveries, faults. */
#include <sys/stat.h>
#include "charter/charter.h"
#include "cert/quorum.h"
#include "cli/cli.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "ledger/genesis.h"

/* --- What is proposed --- */

static enum status read_card(struct cli *c, const char *path, struct span *ret_bytes, struct card *ret_card, struct hash *ret_digest)
{
    struct signed_card sc;
    enum status st = file_read(path, LIMIT_CARD_BYTES, &c->a, ret_bytes, &c->err);
    if (st == ST_OK)
        st = genesis_check_card(*ret_bytes, &c->a, &sc, ret_card, ret_digest, &c->err);
    return st == ST_OK ? ST_OK : err_wrap(&c->err, st, "%s: ", path);
}

enum status cli_member_title(struct cli *c, const char *type)
{
    char title[200] = "";
    struct span bytes;
    struct card card;
    struct hash digest;
    if (c->title != NULL)
        return ST_OK;
    if (strcmp(type, "admission") == 0 && c->keys != NULL) {
        (void)snprintf(title, sizeof title, "Replace the registrar of %.64s", c->partner == NULL ? "a partner" : c->partner);
    } else if (strcmp(type, "admission") == 0 && c->card != NULL) {
        enum status st = read_card(c, c->card, &bytes, &card, &digest);
        if (st != ST_OK)
            return st;
        (void)snprintf(title, sizeof title, "Admit %.*s", SPAN_FMT(card.org));
    } else if (strcmp(type, "removal") == 0 && c->partner != NULL) {
        (void)snprintf(title, sizeof title, "Remove %.64s", c->partner);
    } else if (strcmp(type, "exit") == 0) {
        (void)snprintf(title, sizeof title, "Leave the alliance");
    } else if (strcmp(type, "upgrade") == 0 && c->rules != NULL) {
        (void)snprintf(title, sizeof title, "Rules version %.20s", c->rules);
    }
    if (title[0] != 0)
        c->title = (const char *)arena_dup(&c->a, span_str(title)).p;
    return ST_OK;
}

static bool parse_role(const char *text, enum role *ret)
{
    static const enum role roles[] = {ROLE_PARTNER, ROLE_WITNESS, ROLE_OBSERVER};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (strcmp(text, enum_text(&role_enum, roles[i])) == 0) {
            *ret = roles[i];
            return true;
        }
    return false;
}

static bool has(const struct span_list *l, struct span s)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i], s))
            return true;
    return false;
}

/* Seats of the card that a partner does not have anyway; of another organisation, all. */
static enum status other_seats(struct cli *c, const struct card *card, struct charter_party *p)
{
    struct charter_partner_seats every = {0};
    bool is;
    p->seats.v = arena_array(&c->a, card->seats.n + 1, sizeof *p->seats.v);
    if (p->role == ROLE_PARTNER) {
        enum status st = cli_in_force(c, SECTION_PARTNER_SEATS, &every, &is);
        if (st != ST_OK)
            return st;
    }
    for (size_t i = 0; i < card->seats.n; i++)
        if (!has(&every.seats, card->seats.v[i].seat))
            p->seats.v[p->seats.n++] = card->seats.v[i].seat;
    if (p->seats.n > 0)
        SET_HAS(p, charter_party_key_seats);
    return ST_OK;
}

static enum status admission(struct cli *c, struct effect *e)
{
    struct card card;
    struct charter_party *p = &e->party;
    if (c->card == NULL)
        return err_set(&c->err, ST_USAGE, "admission needs the card of who is to join: --card FILE.card");
    enum status st = read_card(c, c->card, &e->card, &card, &p->card);
    if (st != ST_OK)
        return st;
    e->type = EFFECT_ADMIT;
    SET_HAS(e, effect_key_party);
    SET_HAS(e, effect_key_card);
    p->org = card.org;
    p->display = c->name == NULL ? card.org : span_str(c->name);
    p->role = ROLE_PARTNER;
    if (c->role != NULL && !parse_role(c->role, &p->role))
        return err_set(&c->err, ST_USAGE, "--role %s: expected partner, witness or observer", c->role);
    if (c->seats == NULL)
        return other_seats(c, &card, p);
    cli_split(c, c->seats, &p->seats);
    SET_HAS(p, charter_party_key_seats);
    return ST_OK;
}

static int compare_keys(const void *x, const void *y)
{
    const struct public_key *l = x, *r = y;
    int k = memcmp(l->key.b, r->key.b, sizeof l->key.b);
    return k != 0 ? k : (int)l->alg - (int)r->alg;
}

/* The words from `first` on, and those of --keys. */
static enum status read_keys(struct cli *c, size_t first, struct public_key_list *ret)
{
    struct span_list more = {0, NULL};
    if (c->keys != NULL)
        cli_split(c, c->keys, &more);
    ret->v = arena_array(&c->a, c->n + more.n + 1, sizeof *ret->v);
    enum status st = ST_OK;
    for (size_t i = first; st == ST_OK && i < c->n; i++)
        st = cli_public_key(c, c->words[i], &ret->v[ret->n++]);
    for (size_t i = 0; st == ST_OK && i < more.n; i++)
        st = cli_public_key(c, (const char *)arena_dup(&c->a, more.v[i]).p, &ret->v[ret->n++]);
    if (st == ST_OK && ret->n == 0)
        return err_set(&c->err, ST_USAGE, "the public keys that shall hold the registrar seat are needed, as files");
    if (st == ST_OK && ret->n > 1)
        qsort(ret->v, ret->n, sizeof *ret->v, compare_keys);
    return st;
}

/* Who would hold the registrar seat of --partner, and who does now. */
static enum status reseat(struct cli *c, struct effect *e)
{
    struct query_seats now;
    char seat[160];
    if (c->card != NULL || c->role != NULL || c->seats != NULL || c->name != NULL)
        return err_set(&c->err, ST_USAGE, "--keys replaces who holds a registrar seat, --card admits an organisation: one of them");
    if (c->partner == NULL)
        return err_set(&c->err, ST_USAGE, "--keys needs the partner whose registrar is replaced: --partner ORG");
    e->type = EFFECT_REGISTRAR;
    SET_HAS(e, effect_key_keys);
    SET_HAS(e, effect_key_instead_of);
    enum status st = read_keys(c, c->n, &e->keys);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_seats, NULL, &now);
    if (st != ST_OK)
        return st;
    (void)snprintf(seat, sizeof seat, "%.64s/registrar", c->partner);
    for (size_t i = 0; i < now.list.n; i++)
        if (span_eqs(now.list.v[i].seat, seat)) {
            e->instead_of = now.list.v[i].keys;
            return ST_OK;
        }
    return err_set(&c->err, ST_NOTFOUND, "there is no seat %s on the record; see: entente seats", seat);
}

enum status cli_member_effect(struct cli *c, const char *type, struct proposal *p, bool *ret_is)
{
    struct effect *e = &p->effect;
    *ret_is = true;
    if (strcmp(type, "admission") == 0)
        return c->keys != NULL ? reseat(c, e) : admission(c, e);
    if (c->card != NULL || c->role != NULL || c->keys != NULL)
        return err_set(&c->err, ST_USAGE, "--card, --role and --keys go with the type admission");
    if (strcmp(type, "removal") == 0) {
        e->type = EFFECT_REMOVE;
        return c->partner != NULL ? ST_OK : err_set(&c->err, ST_USAGE, "removal needs who is to leave: --partner ORG");
    }
    if (strcmp(type, "exit") == 0) {
        e->type = EFFECT_EXIT;
        return c->partner == NULL ? ST_OK : err_set(&c->err, ST_USAGE, "exit is your own organisation's: it takes no --partner");
    }
    if (strcmp(type, "upgrade") == 0) {
        e->type = EFFECT_UPGRADE;
        SET_HAS(e, effect_key_rules);
        return c->rules == NULL ? err_set(&c->err, ST_USAGE, "upgrade needs the version: --rules N")
                                : cli_number(c, "--rules", c->rules, 2, UINT32_MAX, &e->rules);
    }
    *ret_is = false;
    return c->rules == NULL ? ST_OK : err_set(&c->err, ST_USAGE, "--rules goes with the type upgrade");
}

/* --- Organisations --- */

static const char *standing_text(const struct state_party *p)
{
    return HAS(p, state_party_key_standing) ? enum_text(&standing_enum, p->standing) : "active";
}

int verb_partner_list(struct cli *c)
{
    struct query_parties r;
    struct rpc_status_reply s;
    uint32_t voting = 0;
    if (cli_ask(c, METHOD_parties, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_parties_desc, &r);
    for (size_t i = 0; i < r.list.n; i++) {
        const struct query_party *p = &r.list.v[i];
        (void)printf("%-14.*s %-9s %-10s %.*s", SPAN_FMT(p->org), enum_text(&role_enum, p->party.role), standing_text(&p->party),
                     SPAN_FMT(p->display));
        if (HAS(&p->party, state_party_key_left_ms))
            (void)printf("  left %s", cli_time(p->party.left_ms).s);
        (void)printf("\n");
    }
    for (size_t i = 0; c->at != NULL && i < r.list.n; i++)
        voting += r.list.v[i].votes;
    if (c->at == NULL && cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    if (c->at != NULL)
        s = (struct rpc_status_reply){.validators = voting, .quorum = quorum_of(voting)};
    (void)printf("%" PRIu64 " nodes vote, %" PRIu64 " must sign.\n", s.validators, s.quorum);
    return EXIT_DONE;
}

static void print_keys(const struct node_keys *k)
{
    struct hash tls;
    sha256(k->tls, &tls);
    (void)printf("vote key    %s\ncosign key  %s\nlog key     %s\nnode key    %s\nTLS         sha256:%s\n", hex_of(&k->vote).s,
                 hex_of(&k->cosign).s, hex_of(&k->log).s, hex_of(&k->node).s, hex_of(&tls).s);
    for (size_t i = 0; i < k->addresses.n; i++)
        (void)printf("address     %.*s\n", SPAN_FMT(k->addresses.v[i]));
}

static void print_seats_of(struct cli *c, struct span org)
{
    struct query_seats s;
    if (cli_ask(c, METHOD_seats, NULL, &s) != ST_OK)
        return;
    for (size_t i = 0; i < s.list.n; i++) {
        const struct query_seat *x = &s.list.v[i];
        if (x->seat.n <= org.n || x->seat.p[org.n] != '/' || memcmp(x->seat.p, org.p, org.n) != 0)
            continue;
        (void)printf("seat        %-20.*s", (int)(x->seat.n - org.n - 1), (const char *)x->seat.p + org.n + 1);
        for (size_t k = 0; k < x->keys.n; k++)
            (void)printf(" %s", sshpub_fingerprint(&x->keys.v[k]).s);
        (void)printf("%s\n", x->keys.n == 0 ? " empty" : "");
    }
}

static enum status find_party(struct cli *c, struct span org, struct query_party *ret)
{
    struct query_parties r;
    enum status st = cli_ask(c, METHOD_parties, NULL, &r);
    for (size_t i = 0; st == ST_OK && i < r.list.n; i++)
        if (span_eq(r.list.v[i].org, org)) {
            *ret = r.list.v[i];
            return ST_OK;
        }
    return st != ST_OK ? st
                       : err_set(&c->err, ST_NOTFOUND, "%.*s is not on the record; see: entente partner list", SPAN_FMT(org));
}

int verb_partner_show(struct cli *c)
{
    struct query_party p;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (c->n != 1)
        return cli_usage(c, "partner show needs an organisation, for instance: entente partner show clinics");
    if (find_party(c, span_str(c->words[0]), &p) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_party_desc, &p);
    (void)printf("%.*s, %.*s\nrole        %s\nstanding    %s\ncard        sha256:%s\n", SPAN_FMT(p.org), SPAN_FMT(p.display),
                 enum_text(&role_enum, p.party.role), standing_text(&p.party), hex_of(&p.party.card).s);
    print_keys(&p.party.node);
    if (HAS(&p.party, state_party_key_recovery))
        (void)printf("recovery    %s, used %" PRIu64 " times\n", sshpub_fingerprint(&p.party.recovery).s,
                     HAS(&p.party, state_party_key_recoveries) ? p.party.recoveries : 0);
    else
        (void)printf("recovery    none: if its registrar's keys are lost, two of its seats replace them\n");
    print_seats_of(c, p.org);
    if (HAS(&p.party, state_party_key_left_ms)) {
        (void)printf("left        %s\n", cli_time(p.party.left_ms).s);
        return EXIT_DONE;
    }
    struct proposal leave = {.partner = p.org, .effect = {.type = EFFECT_REMOVE}};
    cli_preview(c, &leave, p.org, &b);
    (void)printf("If it left:\n");
    struct buf in CLEANUP(buf_deinit);
    buf_init(&in, 1 << 20);
    cli_indented(&in, buf_span(&b), "  ");
    (void)fputs(buf_cstr(&in), stdout);
    return EXIT_DONE;
}

/* --- Entries of one seat --- */

static struct span seat_of(struct cli *c, struct span org, const char *name)
{
    char s[160];
    (void)snprintf(s, sizeof s, "%.*s/%s", SPAN_FMT(org), name);
    return arena_dup(&c->a, span_str(s));
}

static void put_key_change(struct buf *b, const char *what, const struct hash *before, const struct hash *after)
{
    if (hash_eq(before, after))
        buf_printf(b, "%-9s stays\n", what);
    else
        buf_printf(b, "%-9s %.16s... becomes %.16s...\n", what, hex_of(before).s, hex_of(after).s);
}

int verb_node_replace(struct cli *c)
{
    struct card card;
    struct hash digest;
    struct query_party p;
    struct replace_node body = {0};
    struct rpc_status_reply now_is;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (c->n != 1)
        return cli_usage(c, "node replace needs the card that ententd rekey, or ententd card, has made");
    if (read_card(c, c->words[0], &body.card, &card, &digest) != ST_OK || find_party(c, card.org, &p) != ST_OK)
        return cli_fail(c);
    const struct node_keys *old = &p.party.node, *now = &card.node;
    if (hash_eq(&p.party.card, &digest))
        return cli_usage(c, "%s: this card is the one on the record already", c->words[0]);
    if (card.seats.n > 0 || HAS(&card, card_key_recovery))
        return cli_usage(c, "%s: the card of a node that is replaced names no seat and no recovery key", c->words[0]);
    buf_printf(&b, "node of   %.*s, from the next block on\ncard      sha256:%s\n", SPAN_FMT(card.org), hex_of(&digest).s);
    put_key_change(&b, "vote", &old->vote, &now->vote);
    put_key_change(&b, "cosign", &old->cosign, &now->cosign);
    put_key_change(&b, "log", &old->log, &now->log);
    put_key_change(&b, "node key", &old->node, &now->node);
    buf_printf(&b, "TLS       %s\n", span_eq(old->tls, now->tls) ? "stays" : "a fresh certificate");
    for (size_t i = 0; i < now->addresses.n; i++)
        buf_printf(&b, "address   %.*s\n", SPAN_FMT(now->addresses.v[i]));
    buf_printf(&b, "The others go on; whoever holds the keys of this card is the node from then on.\n");
    if (span_eq(c->info.org, card.org) && cli_ask(c, METHOD_status, NULL, &now_is) == ST_OK && now_is.connected < now_is.quorum)
        buf_printf(&b, "WARNING   the node asked is this very one, and out of its partners' reach: handed in there, it waits. Hand it in at a "
                       "partner's node: --node, or with --save FILE.entry here and entente submit FILE.entry there\n");
    int code = cli_agree(c, &b, "Put it on the record? [y/N] ");
    struct span seat = seat_of(c, card.org, "registrar");
    struct span_list wanted = {1, &seat};
    return code == EXIT_DONE ? cli_enter_only(c, &wanted, KIND_NODE, &body, NULL) : code;
}

static void say_two_seats(const struct cli *c, int code)
{
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)fprintf(stderr, "It takes two seats of the organisation, held by different keys, neither its registrar: the second signs the "
                              "same command within %d days, and then it is done.\n",
                      LIMIT_ASK_DAYS);
}

int verb_registrar_replace(struct cli *c)
{
    struct registrar body = {.act = REGISTRAR_REPLACE};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (read_keys(c, 0, &body.keys) != ST_OK)
        return cli_fail(c);
    SET_HAS(&body, registrar_key_keys);
    for (size_t i = 0; i < body.keys.n; i++)
        buf_printf(&b, "registrar %s\n", sshpub_fingerprint(&body.keys.v[i]).s);
    int code = cli_agree(c, &b, "Shall these, and no others, hold the registrar seat? [y/N] ");
    if (code == EXIT_DONE)
        code = cli_enter_only(c, NULL, KIND_REGISTRAR, &body, NULL);
    say_two_seats(c, code);
    return code;
}

int verb_registrar_cancel(struct cli *c)
{
    struct registrar body = {.act = REGISTRAR_CANCEL};
    if (c->n != 1)
        return cli_usage(c, "registrar cancel needs the recovery's number; see: entente recovery list");
    if (cli_number(c, "recovery", c->words[0], 1, INT64_MAX, &body.recovery) != ST_OK)
        return cli_fail(c);
    SET_HAS(&body, registrar_key_recovery);
    int code = cli_enter_only(c, NULL, KIND_REGISTRAR, &body, NULL);
    say_two_seats(c, code);
    return code;
}

/* --- Recovery --- */

/* With --alliance no node is asked: the recovery key may be on a machine without a network. */
static enum status fill_statement(struct cli *c, struct recovery_statement *s)
{
    struct query_party p;
    struct rpc_status_reply at;
    if (c->alliance != NULL) {
        if (hex_to_hash(span_str(c->alliance), &s->alliance) != ST_OK)
            return err_set(&c->err, ST_USAGE, "--alliance %s: expected 64 hex digits", c->alliance);
        enum status st = c->epoch == NULL ? ST_OK : cli_number(c, "--epoch", c->epoch, 0, INT64_MAX, &s->epoch);
        return st == ST_OK && c->after != NULL ? cli_number(c, "--after", c->after, 0, INT64_MAX, &s->after) : st;
    }
    enum status st = find_party(c, s->org, &p);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_status, NULL, &at);
    if (st != ST_OK)
        return st;
    s->alliance = c->info.alliance;
    s->epoch = at.epoch;
    s->after = HAS(&p.party, state_party_key_recoveries) ? p.party.recoveries : 0;
    return ST_OK;
}

int verb_recovery_sign(struct cli *c)
{
    struct recover body = {0};
    struct recovery_statement s = {0};
    struct cli_signer key;
    struct buf bytes CLEANUP(buf_deinit), out CLEANUP(buf_deinit);
    buf_init(&bytes, 1 << 16);
    buf_init(&out, 1 << 16);
    if (c->n < 2 || c->out == NULL || !text_is_id(span_str(c->words[0])))
        return cli_usage(c, "recovery sign needs the organisation, the public keys that shall hold its registrar seat, and -o FILE");
    s.org = body.org = span_str(c->words[0]);
    enum status st = read_keys(c, 1, &body.keys);
    s.keys = body.keys;
    if (st == ST_OK && c->card != NULL) {
        struct card card;
        struct hash digest;
        st = read_card(c, c->card, &body.card, &card, &digest);
        sha256(body.card, &s.card);
        SET_HAS(&body, recover_key_card);
        SET_HAS(&s, recovery_statement_key_card);
    }
    if (st == ST_OK)
        st = fill_statement(c, &s);
    if (st == ST_OK)
        st = codec_encode(&recovery_statement_desc, &s, &bytes);
    if (st == ST_OK)
        st = cli_signer_open(c, &key);
    if (st != ST_OK)
        return cli_fail(c);
    st = cli_sign(c, &key, SSHSIG_RECOVERY, buf_span(&bytes), &body.signature);
    cli_signer_close(&key);
    if (st == ST_OK)
        st = codec_encode(&recover_desc, &body, &out);
    if (st == ST_OK)
        st = file_write(c->out, buf_span(&out), 0644, false, &c->err);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &recovery_statement_desc, &s);
    (void)printf("Signed %s: the registrar of %.*s, recovery %" PRIu64 ".\nAny seat of any partner announces it: entente recovery submit "
                 "%s\nIt is carried out after %d days, unless two seats of %.*s cancel it.\n",
                 c->out, SPAN_FMT(s.org), s.after + 1, c->out, LIMIT_RECOVERY_DAYS, SPAN_FMT(s.org));
    return EXIT_DONE;
}

int verb_recovery_submit(struct cli *c)
{
    struct recover body;
    struct span bytes;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (c->n != 1)
        return cli_usage(c, "recovery submit needs the file that entente recovery sign has made");
    enum status st = file_read(c->words[0], 1 << 16, &c->a, &bytes, &c->err);
    if (st == ST_OK)
        st = codec_decode(&recover_desc, bytes, &c->a, &body, &c->err);
    if (st != ST_OK) {
        (void)err_wrap(&c->err, st, "%s: ", c->words[0]);
        return cli_fail(c);
    }
    buf_printf(&b, "recovers  %.*s: in %d days all keys of its registrar are revoked but these:\n", SPAN_FMT(body.org), LIMIT_RECOVERY_DAYS);
    for (size_t i = 0; i < body.keys.n; i++)
        buf_printf(&b, "registrar %s\n", sshpub_fingerprint(&body.keys.v[i]).s);
    if (HAS(&body, recover_key_card))
        buf_printf(&b, "node      and its node is replaced\n");
    buf_printf(&b, "Two seats of %.*s may cancel it until then; every partner sees it at once.\n", SPAN_FMT(body.org));
    int code = cli_agree(c, &b, "Announce it? [y/N] ");
    return code == EXIT_DONE ? cli_enter_only(c, NULL, KIND_RECOVER, &body, NULL) : code;
}

int verb_recovery_list(struct cli *c)
{
    struct query_recoveries r;
    uint64_t now = cli_now(c);
    if (cli_ask(c, METHOD_recoveries, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_recoveries_desc, &r);
    if (r.list.n == 0)
        (void)printf("No recovery is announced.\n");
    for (size_t i = 0; i < r.list.n; i++) {
        const struct state_recovery *x = &r.list.v[i].recovery;
        (void)printf("%-6" PRIu64 " %.*s: new registrar keys%s on %s (%s), carried in by %.*s\n       to stop it: entente registrar cancel "
                     "%" PRIu64 "\n",
                     r.list.v[i].leaf, SPAN_FMT(x->org), HAS(x, state_recovery_key_card) ? " and a new node" : "", cli_time(x->due_ms).s,
                     cli_span(now, x->due_ms).s, SPAN_FMT(x->by), r.list.v[i].leaf);
    }
    return EXIT_DONE;
}

/* --- Faults, rules --- */

static void print_vote(const struct vote *v)
{
    if (HAS(v, vote_key_value))
        (void)printf("block %.16s...", hex_of(&v->value).s);
    else
        (void)printf("no block");
    if (HAS(v, vote_key_valid_round))
        (void)printf(" (valid round %" PRIu64 ")", v->valid_round);
}

/* The two votes, from the entry that holds the proof. */
static bool read_proof(struct cli *c, uint64_t index, struct fault *ret)
{
    struct rpc_leaf q = {.index = index};
    struct rpc_leaf_reply r;
    struct leaf leaf;
    return cli_ask(c, METHOD_leaf, &q, &r) == ST_OK && leaf_parse(r.leaf, &c->a, &leaf, NULL) == ST_OK && leaf.entry.kind == KIND_FAULT &&
           codec_decode(&fault_desc, leaf.entry.body, &c->a, ret, &c->err) == ST_OK;
}

static int print_faults(struct cli *c, const struct query_faults *r)
{
    if (c->json)
        return cli_json(c, &query_faults_desc, r);
    if (r->list.n == 0)
        (void)printf("No node was shown to have signed twice.\n");
    for (size_t i = 0; i < r->list.n; i++) {
        const struct query_fault *x = &r->list.v[i];
        struct fault proof;
        (void)printf("Block %" PRIu64 ", round %" PRIu64 ": the node of %.*s signed two different %ss", x->height, x->round, SPAN_FMT(x->org),
                     enum_text(&vote_type_enum, x->type));
        if (read_proof(c, x->fault.leaf, &proof)) {
            (void)printf(", for ");
            print_vote(&proof.first);
            (void)printf(" and for ");
            print_vote(&proof.second);
        }
        (void)printf(".\n  Both signatures verify under its vote key of then, %.16s...; shown by %.*s on %s (leaf %" PRIu64 ")\n",
                     hex_of(&x->fault.key).s, SPAN_FMT(x->fault.shown_by), cli_time(x->fault.at_ms).s, x->fault.leaf);
    }
    if (r->more)
        (void)printf("There are more: --from %" PRIu64 "\n", r->list.v[r->list.n - 1].height + 1);
    return EXIT_DONE;
}

int verb_faults(struct cli *c)
{
    struct query_faults r;
    struct rpc_range q = {.from = c->from == NULL ? 0 : c->from_number, .count = 1000};
    return cli_ask(c, METHOD_faults, &q, &r) == ST_OK ? print_faults(c, &r) : cli_fail(c);
}

static void print_orgs(const char *what, const struct span_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        (void)printf("%s%.*s", i == 0 ? what : ", ", SPAN_FMT(l->v[i]));
    (void)printf("%s", l->n == 0 ? "" : "\n");
}

int verb_rules(struct cli *c)
{
    struct query_rules r;
    if (cli_ask(c, METHOD_rules, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_rules_desc, &r);
    (void)printf("in force    version %" PRIu64 "; this node has versions up to %" PRIu64 "\n", r.rules, c->info.rules);
    if (!HAS(&r, query_rules_key_next))
        return EXIT_DONE;
    (void)printf("decided     version %" PRIu64 ", in force once %" PRIu64 " of %zu nodes have it\n", r.next, r.need,
                 r.ready.n + r.missing.n);
    print_orgs("have it     ", &r.ready);
    print_orgs("do not      ", &r.missing);
    return EXIT_DONE;
}
