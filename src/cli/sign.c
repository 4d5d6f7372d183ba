/* Keys, seats, and entries on their way. */
#include <errno.h>
#include <unistd.h>
#include "charter/charter.h"
#include "charter/nearest.h"
#include "cli/cli.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/sshkeygen.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"

enum { PASSPHRASE_MAX = 1024, LIVES_DAYS = 29, TITLE_MAX = 200 }; /* TITLE_MAX: as all titles of proto/records.def */

void cli_signer_close(struct cli_signer *s)
{
    ed25519_free(s->own);
    s->own = NULL;
}

enum status cli_passphrase_file(struct cli *c, struct span *ret)
{
    enum status st = file_read(c->passphrase_file, PASSPHRASE_MAX, &c->a, ret, &c->err);
    while (st == ST_OK && ret->n > 0 && (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r'))
        ret->n--;
    return st;
}

static enum status passphrase(struct cli *c, struct span *ret)
{
    if (c->passphrase_file != NULL) {
        return cli_passphrase_file(c, ret);
    }
    char *line = arena_alloc(&c->a, PASSPHRASE_MAX);
    char question[600];
    (void)snprintf(question, sizeof question, "Passphrase of %s: ", c->key);
    if (!cli_prompt(question, line, PASSPHRASE_MAX, true))
        return err_set(&c->err, ST_PASSPHRASE,
                       "%s is sealed, and there is no terminal to ask at; give --passphrase-file FILE",
                       c->key);
    *ret = span_str(line);
    return ST_OK;
}

static enum status open_own(struct cli *c, struct cli_signer *s)
{
    bool sealed;
    struct span phrase = {NULL, 0};
    enum status st = keyfile_public(c->key, &s->pub.key, &sealed, &c->err);
    if (st == ST_OK && sealed)
        st = passphrase(c, &phrase);
    if (st == ST_OK)
        st = keyfile_open(c->key, phrase, &s->own, &c->err);
    s->pub.alg = SIG_ED25519;
    return st;
}

static enum status public_of_ssh(struct cli *c, const char *path, struct span text, struct public_key *ret)
{
    struct span comment;
    if (text.n > 4 && memcmp(text.p, "ssh-", 4) == 0)
        return sshpub_parse(text, ret, &comment, &c->err);
    if (text.n > 3 && memcmp(text.p, "sk-", 3) == 0)
        return sshpub_parse(text, ret, &comment, &c->err);
    char pub[4096];
    (void)snprintf(pub, sizeof pub, "%s.pub", path);
    enum status st = file_read(pub, SSHPUB_LINE_MAX, &c->a, &text, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, ST_BADKEY, "the public key beside %s is needed: ", path);
    return sshpub_parse(text, ret, &comment, &c->err);
}

enum status cli_signer_open(struct cli *c, struct cli_signer *ret)
{
    struct cli_signer s = {.path = c->key};
    struct span text;
    if (c->key == NULL)
        return err_set(
            &c->err, ST_BADKEY,
            "a key is needed to sign: --key FILE (or ENTENTE_KEY); make one with: entente key new FILE");
    enum status st = file_read(c->key, 65536, &c->a, &text, &c->err);
    if (st != ST_OK)
        return err_set(&c->err, ST_BADKEY, "%s", arena_dup(&c->a, span_str(c->err.text)).p);
    bool own = text.n > 12 && memcmp(text.p, "entente-key ", 12) == 0;
    st = own ? open_own(c, &s) : public_of_ssh(c, c->key, text, &s.pub);
    if (st == ST_OK)
        *ret = s;
    return st;
}

static void said(void *ctx, struct span text)
{
    (void)ctx;
    (void)fwrite(text.p, 1, text.n, stderr);
}

enum status cli_sign(struct cli *c, const struct cli_signer *s, const char *ns, struct span message,
                     struct signature *ret)
{
    if (s->own != NULL) {
        sshsig_sign_record(s->own, ns, message, ret);
        return ST_OK;
    }
    struct sshkeygen how = {.said = said};
    return sshkeygen_sign(&how, s->path, ns, message, ret, &c->err);
}

static bool holds(const struct query_seat *seat, const struct public_key *key)
{
    for (size_t i = 0; i < seat->keys.n; i++)
        if (seat->keys.v[i].alg == key->alg && hash_eq(&seat->keys.v[i].key, &key->key))
            return true;
    return false;
}

enum status cli_seat(struct cli *c, const struct cli_signer *s, const struct span_list *wanted,
                     struct span *ret_seat)
{
    struct query_seats seats;
    struct buf names CLEANUP(buf_deinit);
    size_t n = 0;
    buf_init(&names, 800);
    if (c->seat != NULL) {
        if (!text_is_seat(span_str(c->seat)))
            return err_set(&c->err, ST_USAGE, "%s %s: expected ORG/SEAT, for instance brand/finance",
                           c->seat_from == NULL ? "--as" : c->seat_from, c->seat);
        *ret_seat = span_str(c->seat);
        return ST_OK;
    }
    enum status st = cli_ask(c, METHOD_seats, NULL, &seats);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < seats.list.n; i++) {
        bool asked = wanted == NULL;
        for (size_t k = 0; !asked && k < wanted->n; k++)
            asked = span_eq(wanted->v[k], seats.list.v[i].seat);
        if (!asked || !holds(&seats.list.v[i], &s->pub))
            continue;
        buf_printf(&names, "%s%.*s", n++ == 0 ? "" : ", ", SPAN_FMT(seats.list.v[i].seat));
        *ret_seat = seats.list.v[i].seat;
    }
    if (n == 1)
        return ST_OK;
    if (n == 0)
        return err_set(&c->err, ST_BADKEY,
                       "the key %s holds no seat that could do this; its registrar sets holders, and --as "
                       "ORG/SEAT names one",
                       sshpub_fingerprint(&s->pub).s);
    return err_set(&c->err, ST_USAGE, "the key holds several seats: %s. Say for which you act: --as ORG/SEAT",
                   buf_cstr(&names));
}

bool cli_is_personal(struct span s)
{
    size_t digits = 0;
    bool plus = false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t ch = s.p[i];
        if (ch == '@' && i > 0 && s.p[i - 1] > ' ')
            for (size_t k = i + 1; k + 1 < s.n && s.p[k] > ' '; k++)
                if (s.p[k] == '.' && k > i + 1 && s.p[k + 1] > ' ')
                    return true;
        plus = ch == '+' || (plus && (ch == ' ' || ch == '-' || ch == '(' || ch == ')' || ch == '/' ||
                                      (ch >= '0' && ch <= '9')));
        digits = !plus ? 0 : digits + (ch >= '0' && ch <= '9');
        if (digits >= 8) /* an international number */
            return true;
    }
    return false;
}

/* The option that a text came by, for people. */
static const char *given_by(const struct cli *c, const char *text)
{
    return text == c->title     ? "--title"
           : text == c->purpose ? "--purpose"
           : text == c->reason  ? (c->reason_file != NULL ? c->reason_file : "--reason")
           : text == c->text    ? (c->text_file != NULL ? c->text_file : "--text")
                                : "a text";
}

enum status cli_detach(struct cli *c, struct cli_prose_list *l, const char *text, struct hash *ret_digest)
{
    ASSERT(l->n < LIMIT_PROSE_PER_ENTRY);
    if (text[0] == 0)
        return err_set(&c->err, ST_USAGE, "%s is empty; write what there is to say, or leave it out", given_by(c, text));
    if (text == c->title && strlen(text) > TITLE_MAX)
        return err_set(&c->err, ST_USAGE, "--title has %zu bytes; at most %d are taken. What is longer belongs into --text", strlen(text),
                       TITLE_MAX);
    struct prose *p = &l->v[l->n++];
    *p = (struct prose){.text = span_str(text)};
    enum status st = text_check(p->text, true, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, ST_USAGE, "%s cannot be taken: ", given_by(c, text));
    if (cli_is_personal(p->text))
        (void)fprintf(stderr, "Note: the text seems to hold a mail address or telephone number. Every "
                              "partner will keep it; seats are enough "
                              "to name people.\n");
    rng_fill(&rng_system, p->salt.b, sizeof p->salt.b);
    leaf_prose_digest(p, ret_digest);
    return ST_OK;
}

static int refused(struct cli *c, uint64_t verdict, struct span why)
{
    enum verdict v = (enum verdict)verdict;
    (void)c;
    (void)fprintf(stderr, "Refused: %s%s%.*s\n", verdict_text(v), why.n > 0 ? ": " : "", SPAN_FMT(why));
    return verdict_exit_code(v);
}

void cli_print_outcome(struct cli *c, uint64_t number, const char *phase)
{
    const struct cli_outcome *o = &c->outcome;
    if (!o->known)
        return;
    (void)printf("{\"entry\": \"%s\", \"state\": \"%s\"", hex_of(&o->id).s,
                 c->save != NULL ? "saved" : enum_text(&rpc_state_enum, o->entry.state));
    if (o->entry.state == RPC_FINAL)
        (void)printf(", \"leaf\": %" PRIu64 ", \"height\": %" PRIu64 ", \"signatures\": %" PRIu64
                     ", \"nodes\": %" PRIu64,
                     o->entry.leaf, o->entry.height, o->entry.signatures, o->nodes);
    if (number != 0)
        (void)printf(", \"decision\": %" PRIu64 ", \"phase\": \"%s\"", number, phase);
    (void)printf("}\n");
}

/* That others are absent may be this node's own doing: they may refuse its certificate, and go on without it. */
static void say_cut_off(struct cli *c)
{
    struct rpc_status_reply s;
    struct rpc_peers_reply r;
    if (cli_ask(c, METHOD_status, NULL, &s) != ST_OK || s.connected >= s.quorum || cli_ask(c, METHOD_peers, NULL, &r) != ST_OK)
        return;
    for (size_t i = 0; i < r.list.n; i++)
        if (!r.list.v[i].connected && HAS(&r.list.v[i], rpc_peer_key_error))
            (void)fprintf(stderr, "  %-14.*s %.*s\n", SPAN_FMT(r.list.v[i].org), SPAN_FMT(r.list.v[i].error));
    if (s.connected <= 1)
        (void)fprintf(stderr, "This node reaches nobody: the others may go on without it. A partner's node takes the same command, with --node; it is then signed a second time.\n");
}

static int still_pending(struct cli *c, const struct hash *id)
{
    struct rpc_why_reply why;
    if (c->no_wait)
        (void)fprintf(stderr, "Kept at this node, not final yet. Look later: entente wait %s\n",
                      hex_of(id).s);
    else
        (void)fprintf(stderr,
                      "Not final after %" PRIu64
                      " s; it is kept and goes on by itself. Later: entente wait %s\n",
                      c->timeout_s, hex_of(id).s);
    if (!c->no_wait && cli_ask(c, METHOD_why, NULL, &why) == ST_OK) {
        (void)fprintf(stderr, "%.*s\n", SPAN_FMT(why.words));
        say_cut_off(c);
    }
    if (c->json)
        cli_print_outcome(c, 0, NULL);
    else if (c->no_wait)
        (void)printf("%s\n", hex_of(id).s);
    return EXIT_PENDING;
}

int cli_wait(struct cli *c, const struct hash *id, uint64_t *ret_leaf)
{
    struct rpc_entry q = {.id = *id, .timeout_ms = c->no_wait ? 0 : c->timeout_s * 1000};
    struct rpc_entry_reply r;
    struct rpc_status_reply s;
    if (cli_ask(c, METHOD_entry, &q, &r) != ST_OK)
        return cli_fail(c);
    c->outcome = (struct cli_outcome){.id = *id, .entry = r, .known = true};
    if (r.state == RPC_REFUSED)
        return refused(c, r.verdict, r.why);
    if (r.state == RPC_UNKNOWN) {
        (void)fprintf(stderr, "entente: entry %s is not known at this node\n", hex_of(id).s);
        return EXIT_FAILED;
    }
    if (r.state == RPC_WAITING)
        return still_pending(c, id);
    if (cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    c->outcome.nodes = s.validators;
    if (!c->json)
        (void)printf("Signed, final, %" PRIu64 " of %" PRIu64 " nodes (leaf %" PRIu64 ", block %" PRIu64
                     ").\n",
                     r.signatures, s.validators, r.leaf, r.height);
    if (ret_leaf != NULL)
        *ret_leaf = r.leaf;
    return EXIT_DONE;
}

int cli_submit(struct cli *c, struct span submission, uint64_t *ret_leaf)
{
    struct rpc_submit q = {.submission = submission};
    struct rpc_submit_reply r;
    if (cli_ask(c, METHOD_submit, &q, &r) != ST_OK)
        return cli_fail(c);
    if (r.verdict != V_OK && r.verdict != V_DUPLICATE)
        return refused(c, r.verdict, r.why);
    return cli_wait(c, &r.id, ret_leaf);
}

static bool may_propose(const struct charter *charter, const struct charter_row *r, struct span seat)
{
    return charter_selects_any(charter, &r->owner, seat);
}

/* A row that the charter does not have: those that the seat may propose, and the one that was probably meant. What cannot be looked
 * at here, the node looks at. */
static enum status check_row(struct cli *c, struct span type, struct span seat)
{
    struct query_section of[64] = {0};
    struct section_list sections;
    struct charter charter;
    struct nearest near = {.wanted = type, .distance = NEAREST_NONE};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 700);
    if (cli_charter_in_force(c, of, &sections) != ST_OK ||
        charter_decode(sections.v, sections.n, &c->a, &charter, &c->err) != ST_OK || charter_row(&charter, type) != NULL)
        return ST_OK;
    for (size_t i = 0, n = 0; i < charter.decisions->rows.n; i++) {
        const struct charter_row *r = &charter.decisions->rows.v[i];
        nearest_consider(&near, (const char *)arena_dup(&c->a, r->name).p);
        if (may_propose(&charter, r, seat))
            buf_printf(&b, "%s%.*s", n++ == 0 ? "" : ", ", SPAN_FMT(r->name));
    }
    bool close = nearest_is_close(&near);
    return err_set(&c->err, ST_USAGE, "the charter has no decision row %.*s.%s%s%s %.*s may propose: %s", SPAN_FMT(type),
                   close ? " Did you mean " : "", close ? near.name : "", close ? "?" : "", SPAN_FMT(seat),
                   b.n == 0 ? "nothing" : buf_cstr(&b));
}

static enum status make(struct cli *c, const struct cli_signer *s, struct span seat, enum kind kind,
                        const void *body, const struct cli_prose_list *prose, struct hash *ret_id,
                        struct buf *out)
{
    struct rpc_boundary_reply at;
    struct buf b CLEANUP(buf_deinit), entry CLEANUP(buf_deinit), sig CLEANUP(buf_deinit);
    struct signature record;
    buf_init(&b, LIMIT_ENTRY_BYTES);
    buf_init(&entry, LIMIT_ENTRY_BYTES);
    buf_init(&sig, 512);
    enum status st = codec_check(kind_desc(kind), body, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, ST_USAGE, "it cannot be signed like this: ");
    if (kind == KIND_PROPOSE)
        st = check_row(c, ((const struct propose *)body)->type, seat);
    if (st == ST_OK)
        st = cli_hand_in(c); /* DOC-4: what it names is at the node before it is signed */
    if (st == ST_OK)
        st = cli_ask(c, METHOD_boundary, NULL, &at);
    if (st == ST_OK)
        st = codec_encode(kind_desc(kind), body, &b);
    uint64_t now = clock_wall_ms(&clock_system);
    struct entry e = {.leaf = LEAF_ENTRY,
                      .version = 1,
                      .alliance = c->info.alliance,
                      .kind = kind,
                      .body = buf_span(&b),
                      .seat = seat,
                      .at_ms = now,
                      .basis = {.size = at.size, .root = at.root},
                      .expires_ms = (now > at.time_ms ? now : at.time_ms) + (uint64_t)LIVES_DAYS * 86400000};
    if (st == ST_OK)
        st = codec_encode(&entry_desc, &e, &entry);
    if (st == ST_OK)
        st = cli_sign(c, s, SSHSIG_ENTRY, buf_span(&entry), &record);
    if (st == ST_OK)
        st = codec_encode(&signature_desc, &record, &sig);
    if (st == ST_OK)
        sha256(buf_span(&entry), ret_id);
    struct submission sub = {.version = 1, .entry = buf_span(&entry), .signature = buf_span(&sig)};
    if (prose != NULL)
        sub.prose = (struct prose_list){prose->n, (struct prose *)(uintptr_t)prose->v};
    return st == ST_OK ? codec_encode(&submission_desc, &sub, out) : st;
}

int cli_enter(struct cli *c, const struct cli_signer *s, struct span seat, enum kind kind, const void *body,
              const struct cli_prose_list *prose, uint64_t *ret_leaf)
{
    struct buf out CLEANUP(buf_deinit);
    buf_init(&out, 1 << 20);
    if (make(c, s, seat, kind, body, prose, &c->outcome.id, &out) != ST_OK)
        return cli_fail(c);
    c->outcome.known = true;
    if (c->save == NULL)
        return cli_submit(c, buf_span(&out), ret_leaf);
    if (file_write(c->save, buf_span(&out), 0600, false, &c->err) != ST_OK)
        return cli_fail(c);
    (void)fprintf(stderr,
                  "Signed as %.*s and saved to %s. Not sent: hand it in at any partner's node with: entente "
                  "submit %s\n",
                  SPAN_FMT(seat), c->save, c->save);
    return EXIT_DONE;
}

int cli_enter_as(struct cli *c, const struct span_list *wanted, enum kind kind, const void *body,
                 const struct cli_prose_list *prose, uint64_t *ret_leaf)
{
    struct cli_signer s;
    struct span seat;
    if (cli_signer_open(c, &s) != ST_OK)
        return cli_fail(c);
    int code = cli_seat(c, &s, wanted, &seat) == ST_OK ? cli_enter(c, &s, seat, kind, body, prose, ret_leaf)
                                                       : cli_fail(c);
    cli_signer_close(&s);
    return code;
}

int cli_enter_only(struct cli *c, const struct span_list *wanted, enum kind kind, const void *body,
                   const struct cli_prose_list *prose)
{
    int code = cli_enter_as(c, wanted, kind, body, prose, NULL);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}
