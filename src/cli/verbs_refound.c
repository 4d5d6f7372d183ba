/* A new epoch, by people: what the surviving nodes hold, who goes on, and the signatures of the partners' seats (SPEC section
 * 15). The files travel by hand, as those of the founding do. */
#include <sys/stat.h>
#include "cert/card.h"
#include "cert/quorum.h"
#include "cert/refounding.h"
#include "cli/cli.h"
#include "codec/text.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"

enum { SURVIVOR_MAX = 256 << 10, FILES_MAX = 64, SIGS_MAX = 512 };

/* What the report does for good, and whether it is needed; the organisation's name is to be repeated. ST_USAGE. */
static enum status agree_to_stop(struct cli *c, struct rpc_status_reply *ret_s)
{
    char line[80] = "", question[160];
    enum status st = cli_ask(c, METHOD_status, NULL, ret_s);
    if (st != ST_OK)
        return st;
    struct span org = c->info.org;
    (void)fprintf(stderr,
                  "Only when so many nodes are lost that nothing becomes final, and the partners begin a new epoch. The node of %.*s then signs "
                  "nothing more in epoch %" PRIu64 ", also after a restart, until a refounding is installed or the report is taken back: "
                  "entente refound abandon\n",
                  SPAN_FMT(org), ret_s->epoch);
    if (ret_s->connected >= ret_s->quorum && !HAS(ret_s, rpc_status_reply_key_halted))
        (void)fprintf(stderr,
                      "WARNING: %" PRIu64 " of %" PRIu64 " nodes are within reach, and %" PRIu64
                      " suffice: there is a quorum, and no new epoch is needed.%s\n",
                      ret_s->connected, ret_s->validators, ret_s->quorum,
                      ret_s->connected == ret_s->quorum ? " Without this node there is none, and nothing becomes final." : "");
    (void)snprintf(question, sizeof question, "Type %.*s to go on: ", SPAN_FMT(org));
    if (c->confirm == NULL && cli_prompt(question, line, sizeof line, false))
        c->confirm = (const char *)arena_dup(&c->a, span_str(line)).p;
    if (c->confirm != NULL && span_eqs(org, c->confirm))
        return ST_OK;
    return err_set(&c->err, ST_USAGE, "nothing was done: repeat whose node stops signing with --confirm %.*s", SPAN_FMT(org));
}

/* Room for the largest report beside FILE, before the node is asked: afterwards it is too late to find that there is none. */
static enum status can_write(struct cli *c, const char *part)
{
    struct stat sb;
    struct span room = {arena_alloc(&c->a, SURVIVOR_MAX), SURVIVOR_MAX};
    if (stat(c->out, &sb) == 0 && S_ISDIR(sb.st_mode))
        return err_set(&c->err, ST_IO, "%s is a directory", c->out);
    if (room.p == NULL)
        return err_set(&c->err, ST_NOMEM, "no memory");
    memset((void *)(uintptr_t)room.p, 0, room.n);
    return file_write(part, room, 0644, true, &c->err);
}

static int not_reported(struct cli *c, bool certain)
{
    int code = cli_fail(c);
    (void)fprintf(stderr, "This node %s signing, and there is no report in %s. The same command, or another -o FILE, gives the report again; to "
                          "sign on: entente refound abandon\n",
                  certain ? "has stopped" : "may have stopped", c->out);
    return code;
}

int verb_refound_survivor(struct cli *c)
{
    struct epoch_survivor s;
    struct rpc_status_reply now;
    struct buf b CLEANUP(buf_deinit);
    char part[4096];
    buf_init(&b, SURVIVOR_MAX);
    if (c->n != 0 || c->out == NULL)
        return cli_usage(c, "refound survivor needs -o FILE.survivor");
    (void)snprintf(part, sizeof part, "%s.part", c->out);
    if (agree_to_stop(c, &now) != ST_OK)
        return cli_fail(c);
    if (can_write(c, part) != ST_OK) {
        int code = cli_fail(c);
        (void)fprintf(stderr, "The node was not asked, and goes on as it was.\n");
        return code;
    }
    enum status st = cli_ask(c, METHOD_survivor, NULL, &s);
    bool asked = st == ST_OK;
    (void)remove(part);
    if (asked)
        st = codec_encode(&epoch_survivor_desc, &s, &b);
    if (asked && st == ST_OK)
        st = file_write(c->out, buf_span(&b), 0644, true, &c->err);
    else if (asked)
        (void)err_set(&c->err, st, "what this node holds cannot be written");
    if (st != ST_OK)
        return not_reported(c, asked);
    if (c->json)
        return cli_json(c, &epoch_survivor_desc, &s);
    (void)printf("%.*s: newest block with a certificate %" PRIu64 " %.16s..., epoch %" PRIu64 "\n", SPAN_FMT(s.org), s.height,
                 hex_of(&s.block).s, s.epoch);
    if (HAS(&s, epoch_survivor_key_precommit))
        (void)printf("It precommitted block %.16s... at height %" PRIu64 ", round %" PRIu64 ": that block may have been decided.\n",
                     hex_of(&s.precommit.vote.value).s, s.height + 1, s.precommit.vote.round);
    (void)printf("From now on this node signs nothing in epoch %" PRIu64 ". Give %s to whoever drafts the refounding; should none come of it: entente "
                 "refound abandon\n",
                 s.epoch, c->out);
    return EXIT_DONE;
}

int verb_refound_abandon(struct cli *c)
{
    struct rpc_nothing r;
    if (c->n != 0)
        return cli_usage(c, "refound abandon takes no file");
    char answer[16];
    (void)fprintf(stderr, "Only when no new epoch begins: whoever has this node's .survivor file must never use it then.\n");
    if (!c->yes && !cli_prompt("Abandon? [y/N] ", answer, sizeof answer, false))
        return cli_usage(c, "not abandoned: nobody can be asked here. To answer beforehand: --yes");
    if (!c->yes && answer[0] != 'y' && answer[0] != 'Y') {
        (void)fprintf(stderr, "Not abandoned.\n");
        return EXIT_FAILED;
    }
    if (cli_ask(c, METHOD_unfreeze, NULL, &r) != ST_OK)
        return cli_fail(c);
    (void)printf("The report is taken back. Start the node again: then it signs.\n");
    return EXIT_DONE;
}

/* -- Drafting -- */
struct draft {
    struct epoch_survivor s[FILES_MAX];
    size_t n;
    struct span cards[FILES_MAX];
    struct card card[FILES_MAX];
    size_t n_cards;
    struct span off[FILES_MAX];
    size_t n_off;
    struct refound_statement statement;
    struct refound_proof proof;
};

static enum status read_survivor(struct cli *c, const char *path, struct epoch_survivor *ret)
{
    struct span bytes;
    enum status st = file_read(path, SURVIVOR_MAX, &c->a, &bytes, &c->err);
    if (st == ST_OK)
        st = codec_decode(&epoch_survivor_desc, bytes, &c->a, ret, &c->err);
    return st == ST_OK ? ST_OK : err_wrap(&c->err, st, "%s: ", path);
}

static enum status read_survivors(struct cli *c, struct draft *d)
{
    for (size_t i = 0; i < c->n; i++) {
        enum status st = i == FILES_MAX ? err_set(&c->err, ST_LIMIT, "at most %d files", FILES_MAX) : read_survivor(c, c->words[i], &d->s[i]);
        if (st != ST_OK)
            return st;
        d->n++;
        if (!hash_eq(&d->s[i].alliance, &c->info.alliance))
            return err_set(&c->err, ST_MISMATCH, "%s is of alliance %.16s..., the node asked keeps %.16s...", c->words[i],
                           hex_of(&d->s[i].alliance).s, hex_of(&c->info.alliance).s);
        if (d->s[i].epoch != d->s[0].epoch)
            return err_set(&c->err, ST_MISMATCH, "%s is of epoch %" PRIu64 ", %s of epoch %" PRIu64, c->words[i], d->s[i].epoch, c->words[0],
                           d->s[0].epoch);
        for (size_t k = 0; k < i; k++)
            if (span_eq(d->s[k].org, d->s[i].org))
                return err_set(&c->err, ST_USAGE, "%s and %s are both of %.*s", c->words[k], c->words[i], SPAN_FMT(d->s[i].org));
    }
    return ST_OK;
}

/* Cuts "a,b,c". */
static size_t cut(const char *text, struct span ret[FILES_MAX])
{
    size_t n = 0;
    for (const char *p = text; p != NULL && *p != 0 && n < FILES_MAX;) {
        size_t k = strcspn(p, ",");
        if (k > 0)
            ret[n++] = span_of(p, k);
        p += k + (p[k] == ',');
    }
    return n;
}

/* Keeps both lists ascending by organisation. */
static enum status read_cards(struct cli *c, struct draft *d)
{
    struct span paths[FILES_MAX];
    size_t n = cut(c->card, paths);
    for (size_t i = 0; i < n; i++) {
        struct signed_card sc;
        struct card card;
        struct hash digest;
        struct span bytes;
        const char *path = (const char *)arena_dup(&c->a, paths[i]).p;
        enum status st = file_read(path, LIMIT_CARD_BYTES, &c->a, &bytes, &c->err);
        if (st == ST_OK)
            st = card_check(bytes, &c->a, &sc, &card, &digest, &c->err);
        if (st != ST_OK)
            return err_wrap(&c->err, st, "%s: ", path);
        if (card.seats.n > 0)
            return err_set(&c->err, ST_USAGE, "%s names seats: a node is replaced by a card that names none; make it with: ententd rekey DIR -o FILE.card",
                           path);
        size_t j = d->n_cards++;
        for (; j > 0 && span_cmp(d->card[j - 1].org, card.org) > 0; j--) {
            d->card[j] = d->card[j - 1];
            d->cards[j] = d->cards[j - 1];
        }
        d->card[j] = card;
        d->cards[j] = bytes;
    }
    d->n_off = cut(c->suspend, d->off);
    for (size_t i = 1; i < d->n_off; i++)
        for (size_t j = i; j > 0 && span_cmp(d->off[j - 1], d->off[j]) > 0; j--) {
            struct span x = d->off[j];
            d->off[j] = d->off[j - 1];
            d->off[j - 1] = x;
        }
    return ST_OK;
}

static int by_org(const void *a, const void *b)
{
    const struct signed_vote *x = a, *y = b;
    return span_cmp(x->org, y->org);
}

/* REF-1: the newest certified block; or the value precommitted after it, of the highest round. */
static void choose_last(struct cli *c, struct draft *d)
{
    const struct epoch_survivor *newest = &d->s[0], *held = NULL;
    for (size_t i = 1; i < d->n; i++)
        if (d->s[i].height > newest->height)
            newest = &d->s[i];
    for (size_t i = 0; i < d->n; i++) {
        const struct epoch_survivor *s = &d->s[i];
        if (s->height == newest->height && HAS(s, epoch_survivor_key_precommit) &&
            (held == NULL || s->precommit.vote.round > held->precommit.vote.round))
            held = s;
    }
    if (held == NULL) {
        d->statement.height = newest->height;
        d->statement.block = newest->block;
        d->proof.certificate = newest->certificate;
        SET_HAS(&d->proof, refound_proof_key_certificate);
        return;
    }
    d->statement.height = newest->height + 1;
    d->statement.block = held->precommit.vote.value;
    d->proof.pol = held->pol;
    d->proof.precommit = held->precommit;
    SET_HAS(&d->proof, refound_proof_key_pol);
    SET_HAS(&d->proof, refound_proof_key_precommit);
    struct signed_vote *others = arena_array(&c->a, d->n, sizeof *others);
    for (size_t i = 0; i < d->n; i++)
        if (&d->s[i] != held && d->s[i].height == newest->height && HAS(&d->s[i], epoch_survivor_key_precommit))
            others[d->proof.others.n++] = d->s[i].precommit;
    qsort(others, d->proof.others.n, sizeof *others, by_org);
    d->proof.others.v = others;
}

static bool is_off(const struct draft *d, struct span org)
{
    for (size_t i = 0; i < d->n_off; i++)
        if (span_eq(d->off[i], org))
            return true;
    return false;
}

static const struct card *new_card(const struct draft *d, struct span org)
{
    for (size_t i = 0; i < d->n_cards; i++)
        if (span_eq(d->card[i].org, org))
            return &d->card[i];
    return NULL;
}

/* REF-1: do the reports show every block that may have been decided? */
static enum status enough_reports(struct cli *c, const struct draft *d, const struct query_parties *all)
{
    uint32_t voters = 0, reports = 0;
    for (size_t i = 0; i < all->list.n; i++) {
        const struct query_party *p = &all->list.v[i];
        if (p->party.role == ROLE_OBSERVER || HAS(&p->party, state_party_key_standing))
            continue;
        voters++;
        for (size_t k = 0; k < d->n; k++)
            reports += span_eq(d->s[k].org, p->org);
    }
    uint32_t q = quorum_of(voters), silent = voters - reports;
    if (q <= silent) {
        if (c->confirm != NULL && span_eqs(span_str(c->confirm), "unknown"))
            return ST_OK;
        return err_set(&c->err, ST_REFUSED,
                       "%u of the %u nodes that vote report; %u that do not are a quorum, so they may have decided a block that nobody here can "
                       "see. If it is certain that they are lost with all they signed, all partners must know the risk: --confirm unknown",
                       reports, voters, silent);
    }
    (void)fprintf(stderr, "%u of the %u nodes that vote report. Every block that may have been decided shows in the reports, if at most %u of them %s false.\n",
                  reports, voters, q - silent - 1, q - silent - 1 == 1 ? "is" : "are");
    return ST_OK;
}

/* Who decides from then on: REF-4 on what the node knows of the organisations. */
static enum status make_set(struct cli *c, struct draft *d)
{
    struct query_parties all;
    enum status st = cli_ask(c, METHOD_parties, NULL, &all);
    if (st != ST_OK)
        return st;
    struct validator *v = arena_array(&c->a, all.list.n, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < all.list.n; i++) {
        const struct query_party *p = &all.list.v[i];
        const struct card *card = new_card(d, p->org);
        bool active = !HAS(&p->party, state_party_key_standing);
        if (p->party.role == ROLE_OBSERVER || is_off(d, p->org) || (!active && card == NULL))
            continue;
        const struct node_keys *k = card == NULL ? &p->party.node : &card->node;
        v[n++] = (struct validator){.org = p->org, .vote = k->vote, .cosign = k->cosign};
        bool survives = card != NULL;
        for (size_t s = 0; s < d->n; s++)
            survives = survives || span_eq(d->s[s].org, p->org);
        if (!survives)
            (void)fprintf(stderr, "There is neither a .survivor file nor a new card of %.*s, and it is not suspended: its node must go on with the keys it has.\n",
                          SPAN_FMT(p->org));
    }
    if (n == 0)
        return err_set(&c->err, ST_USAGE, "no node would be left");
    st = enough_reports(c, d, &all);
    if (st != ST_OK)
        return st;
    d->statement.set = (struct validator_list){n, v};
    return ST_OK;
}

static struct span encode(struct cli *c, const struct record_desc *desc, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, REFOUNDING_BYTES_MAX);
    enum status st = codec_encode(desc, rec, &b);
    return st == ST_OK ? arena_dup(&c->a, buf_span(&b)) : (struct span){NULL, 0};
}

static enum status write_file(struct cli *c, const struct refounding *r, const char *path)
{
    struct span bytes = encode(c, &refounding_desc, r);
    if (bytes.p == NULL)
        return err_set(&c->err, ST_LIMIT, "the refounding is larger than %d bytes", REFOUNDING_BYTES_MAX);
    return file_write(path, bytes, 0644, true, &c->err);
}

static void print_statement(FILE *f, const struct refounding_info *r)
{
    const struct refound_statement *s = &r->statement;
    (void)fprintf(f, "Epoch %" PRIu64 " of alliance %s\n  begins after block %" PRIu64 " %s\n", s->epoch, hex_of(&s->alliance).s, s->height,
                  hex_of(&s->block).s);
    if (refounding_had_certificate(r))
        (void)fprintf(f, "  which has its certificate\n");
    else
        (void)fprintf(f, "  which has no certificate: %zu prevotes of round %" PRIu64 " stand behind it, and %.*s precommitted it.\n"
                         "  It becomes final by your signatures.\n",
                      r->proof.pol.n, r->proof.pol.v[0].vote.round, SPAN_FMT(r->proof.precommit.org));
    for (size_t i = 0; i < s->set.n; i++) {
        const struct validator *v = &s->set.v[i];
        bool fresh = false;
        for (size_t k = 0; k < r->file.cards.n; k++)
            fresh = fresh || span_eq(r->cards[k].org, v->org);
        (void)fprintf(f, "  %-14.*s decides, vote key %s%s\n", SPAN_FMT(v->org), hex_of(&v->vote).s, fresh ? " (new)" : "");
    }
    for (size_t i = 0; i < s->suspended.n; i++)
        (void)fprintf(f, "  %-14.*s does not decide, until its node is replaced\n", SPAN_FMT(s->suspended.v[i]));
    uint32_t n = (uint32_t)s->set.n;
    (void)fprintf(f, "  %u nodes, %u must sign; %u may fail\n", n, quorum_of(n), n - quorum_of(n));
    struct hash digest;
    sha256(r->file.statement, &digest);
    (void)fprintf(f, "  statement sha256:%s\n", hex_of(&digest).s);
}

static enum status load(struct cli *c, const char *path, struct refounding_info *ret)
{
    struct span bytes;
    enum status st = file_read(path, REFOUNDING_BYTES_MAX, &c->a, &bytes, &c->err);
    if (st == ST_OK)
        st = refounding_read(bytes, &c->a, ret, &c->err);
    return st == ST_OK ? ST_OK : err_wrap(&c->err, st, "%s: ", path);
}

static int show(struct cli *c, const struct refounding_info *r)
{
    if (c->json)
        return cli_json(c, &refound_statement_desc, &r->statement);
    print_statement(stdout, r);
    for (size_t i = 0; i < r->file.sigs.n; i++)
        (void)printf("  signed as %.*s by %s\n", SPAN_FMT(r->file.sigs.v[i].seat),
                     sshpub_fingerprint(&(struct public_key){.alg = r->file.sigs.v[i].signature.alg, .key = r->file.sigs.v[i].signature.key}).s);
    return EXIT_DONE;
}

int verb_refound_draft(struct cli *c)
{
    struct draft *d = arena_alloc(&c->a, sizeof *d);
    struct refounding r = {.version = 1};
    struct refounding_info info;
    if (d == NULL || c->n == 0 || c->out == NULL)
        return cli_usage(c, "refound draft needs a .survivor file of each node that goes on, and -o FILE.refounding");
    *d = (struct draft){.n = 0};
    enum status st = cli_connect(c);
    if (st == ST_OK)
        st = read_survivors(c, d);
    if (st == ST_OK)
        st = read_cards(c, d);
    if (st != ST_OK)
        return cli_fail(c);
    choose_last(c, d);
    if (make_set(c, d) != ST_OK)
        return cli_fail(c);
    struct hash digests[FILES_MAX];
    for (size_t i = 0; i < d->n_cards; i++)
        sha256(d->cards[i], &digests[i]);
    r.proof = encode(c, &refound_proof_desc, &d->proof);
    d->statement.version = 1;
    d->statement.alliance = c->info.alliance;
    d->statement.epoch = d->s[0].epoch + 1;
    d->statement.cards = (struct hash_list){d->n_cards, digests};
    d->statement.suspended = (struct span_list){d->n_off, d->off};
    sha256(r.proof, &d->statement.proof);
    r.statement = encode(c, &refound_statement_desc, &d->statement);
    r.cards = (struct span_list){d->n_cards, d->cards};
    st = write_file(c, &r, c->out);
    if (st == ST_OK)
        st = load(c, c->out, &info);
    if (st != ST_OK)
        return cli_fail(c);
    (void)fprintf(stderr,
                  "Drafted %s. Of every partner the registrar and one other seat sign, each after comparing the statement's digest:\n"
                  "  entente refound sign %s --as ORG/SEAT --key KEY\n"
                  "Then every node that goes on gets it: entente refound install %s --node DIR\n",
                  c->out, c->out, c->out);
    return show(c, &info);
}

/* -- Signing -- */
static int sig_cmp(const struct genesis_sig *a, const struct genesis_sig *b)
{
    int k = span_cmp(a->seat, b->seat);
    return k != 0 ? k : memcmp(a->signature.key.b, b->signature.key.b, sizeof a->signature.key.b);
}

static enum status add_sig(struct cli *c, struct refounding *r, const struct genesis_sig *s)
{
    struct genesis_sig *v = arena_array(&c->a, r->sigs.n + 1, sizeof *v);
    size_t n = 0;
    if (r->sigs.n == SIGS_MAX)
        return err_set(&c->err, ST_LIMIT, "at most %d signatures", SIGS_MAX);
    for (size_t i = 0; i < r->sigs.n; i++)
        if (sig_cmp(&r->sigs.v[i], s) < 0)
            v[n++] = r->sigs.v[i];
    v[n++] = *s;
    for (size_t i = 0; i < r->sigs.n; i++)
        if (sig_cmp(&r->sigs.v[i], s) > 0)
            v[n++] = r->sigs.v[i];
    r->sigs = (struct genesis_sig_list){n, v};
    return ST_OK;
}

int verb_refound_sign(struct cli *c)
{
    struct refounding_info r;
    struct cli_signer s;
    struct genesis_sig sig = {.seat = span_str(c->seat == NULL ? "" : c->seat)};
    if (c->n != 1 || c->seat == NULL || !text_is_seat(sig.seat))
        return cli_usage(c, "refound sign needs the .refounding file, --as ORG/SEAT and --key KEY");
    if (load(c, c->words[0], &r) != ST_OK)
        return cli_fail(c);
    (void)fprintf(stderr, "You sign, as %s, the end of an epoch and who goes on. What the old nodes sign after it counts no more.\n", c->seat);
    print_statement(stderr, &r);
    char answer[16];
    if (!c->yes && !cli_prompt("Sign? [y/N] ", answer, sizeof answer, false))
        return cli_usage(c, "not signed: nobody can be asked here. To answer beforehand: --yes");
    if (!c->yes && answer[0] != 'y' && answer[0] != 'Y') {
        (void)fprintf(stderr, "Not signed.\n");
        return EXIT_FAILED;
    }
    if (cli_signer_open(c, &s) != ST_OK)
        return cli_fail(c);
    enum status st = cli_sign(c, &s, SSHSIG_REFOUND, r.file.statement, &sig.signature);
    cli_signer_close(&s);
    if (st == ST_OK)
        st = add_sig(c, &r.file, &sig);
    if (st == ST_OK)
        st = write_file(c, &r.file, c->words[0]);
    if (st != ST_OK)
        return cli_fail(c);
    (void)printf("Signed as %s: %zu signatures so far.\n", c->seat, r.file.sigs.n);
    return EXIT_DONE;
}

int verb_refound_merge(struct cli *c)
{
    struct refounding_info first, other;
    if (c->n < 2 || c->out == NULL)
        return cli_usage(c, "refound merge needs two or more .refounding files, and -o FILE");
    enum status st = load(c, c->words[0], &first);
    for (size_t i = 1; st == ST_OK && i < c->n; i++) {
        st = load(c, c->words[i], &other);
        if (st == ST_OK && !span_eq(first.file.statement, other.file.statement))
            st = err_set(&c->err, ST_MISMATCH, "%s has another statement than %s: two drafts. Agree on one", c->words[i], c->words[0]);
        for (size_t k = 0; st == ST_OK && k < other.file.sigs.n; k++)
            st = add_sig(c, &first.file, &other.file.sigs.v[k]);
    }
    if (st == ST_OK)
        st = write_file(c, &first.file, c->out);
    if (st != ST_OK)
        return cli_fail(c);
    (void)printf("%s: %zu signatures.\n", c->out, first.file.sigs.n);
    return EXIT_DONE;
}

int verb_refound_show(struct cli *c)
{
    struct refounding_info r;
    if (c->n != 1)
        return cli_usage(c, "refound show needs a .refounding file");
    return load(c, c->words[0], &r) == ST_OK ? show(c, &r) : cli_fail(c);
}

int verb_refound_install(struct cli *c)
{
    struct refounding_info r;
    struct stat sb;
    if (c->n != 1 || c->node == NULL)
        return cli_usage(c, "refound install needs the .refounding file, and --node DIR");
    enum status st = load(c, c->words[0], &r);
    if (st == ST_OK && stat(file_join(&c->a, c->node, "node.yaml"), &sb) != 0)
        st = err_set(&c->err, ST_NOTFOUND, "%s is no node's directory: it has no node.yaml", c->node);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->node, "next.refounding"), r.bytes, 0644, true, &c->err);
    if (st != ST_OK)
        return cli_fail(c);
    print_statement(stdout, &r);
    (void)printf("Start the node again: it checks all of it against its ledger, and says what is wrong if anything is.\n  ententd run %s\n", c->node);
    return EXIT_DONE;
}
