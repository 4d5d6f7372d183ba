/* The dossier before the alliance: forms, check, page, signatures; and what an alliance takes over from it. No node is
 * asked, since there is none yet. */
#include "cert/card.h"
#include "charter/charter.h"
#include "cli/cli.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "dossier/dossier.h"
#include "dossier/form.h"

enum { PAGE_MAX = 4 << 20, GLOSSARY_MAX = 256 };

enum status cli_dossier_load(struct cli *c, const char *path, struct dossier *ret, struct span *ret_bytes)
{
    enum status st = file_read(path, DOSSIER_FILE_MAX, &c->a, ret_bytes, &c->err);
    return st == ST_OK ? dossier_load(*ret_bytes, path, &c->a, ret, &c->err) : st;
}

static enum status load_checked(struct cli *c, const char *path, struct dossier *ret, struct span *ret_bytes,
                                struct dossier_findings *ret_findings)
{
    enum status st = cli_dossier_load(c, path, ret, ret_bytes);
    if (st == ST_OK && dossier_check(ret, &c->a, ret_findings) != ST_OK)
        st = err_set(&c->err, ST_LIMIT, "%s: the dossier is too large", path);
    return st;
}

static int print_json(struct cli *c, const struct dossier *d, const struct dossier_findings *f)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, PAGE_MAX);
    if (dossier_json(d, f, &b) != ST_OK) {
        (void)err_set(&c->err, ST_LIMIT, "%s: the dossier is too large to be shown", d->name);
        return cli_fail(c);
    }
    (void)fputs(buf_cstr(&b), stdout);
    return EXIT_DONE;
}

int verb_dossier_template(struct cli *c)
{
    if (c->n > 1)
        return cli_usage(c, "dossier template needs one name, or none to list them");
    for (size_t i = 0; i < DOSSIER_TEMPLATES; i++) {
        const struct dossier_template *t = &dossier_templates[i];
        if (c->n == 0 && c->json)
            (void)printf("%s{\"name\":\"%s\",\"what\":\"%s\"}%s", i == 0 ? "[" : ",", t->name, t->what,
                         i + 1 == DOSSIER_TEMPLATES ? "]\n" : "");
        else if (c->n == 0)
            (void)printf("%-10s %s\n", t->name, t->what);
        if (c->n == 0 || strcmp(t->name, c->words[0]) != 0)
            continue;
        if (c->out == NULL) {
            (void)fwrite(t->yaml.p, 1, t->yaml.n, stdout);
            return EXIT_DONE;
        }
        if (file_write(c->out, t->yaml, 0600, false, &c->err) != ST_OK)
            return cli_fail(c);
        (void)fprintf(stderr, "Wrote %s, which only you can read. Fill it in, then: entente dossier check %s\n", c->out, c->out);
        return EXIT_DONE;
    }
    return c->n == 0 ? EXIT_DONE
                     : cli_usage(c, "there is no template %s; expected one of: blank, example", c->words[0]);
}

int verb_dossier_check(struct cli *c)
{
    struct dossier d;
    struct dossier_findings f;
    struct span bytes;
    size_t contradictions = 0;
    if (c->n != 1)
        return cli_usage(c, "dossier check needs one dossier file; to begin one: entente dossier template blank -o FILE");
    if (load_checked(c, c->words[0], &d, &bytes, &f) != ST_OK)
        return cli_fail(c);
    for (size_t i = 0; i < f.n; i++) {
        const struct dossier_finding *x = &f.v[i];
        (void)fprintf(stderr, "%s:%d:%d: %s: %s: %s\n", c->words[0], x->line, x->column, dossier_grade_text[x->grade], x->where,
                      x->text);
        contradictions += x->grade == DOSSIER_CONTRADICTS;
    }
    if (f.n == DOSSIER_FINDINGS_MAX)
        (void)fprintf(stderr, "%s: there may be more\n", c->words[0]);
    if (c->json) {
        int code = print_json(c, &d, &f);
        return code != EXIT_DONE ? code : f.n == f.warnings ? EXIT_DONE : EXIT_FAILED;
    }
    (void)printf("%s: %zu missing, %zu refused, %zu warnings\n", c->words[0], f.n - f.warnings - contradictions, contradictions,
                 f.warnings);
    return f.n == f.warnings ? EXIT_DONE : EXIT_FAILED;
}

int verb_dossier_show(struct cli *c)
{
    struct dossier d;
    struct dossier_findings f;
    struct span bytes;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, PAGE_MAX);
    if (c->n != 1)
        return cli_usage(c, "dossier show needs one dossier file");
    if (load_checked(c, c->words[0], &d, &bytes, &f) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return print_json(c, &d, &f);
    if (dossier_show(&d, &b) != ST_OK) {
        (void)err_set(&c->err, ST_LIMIT, "%s: the dossier is too large to be shown", d.name);
        return cli_fail(c);
    }
    (void)fputs(buf_cstr(&b), stdout);
    if (f.n > f.warnings)
        (void)printf("\nNot ready to be signed: entente dossier check %s\n", c->words[0]);
    return EXIT_DONE;
}

/* --- Signatures --- */

static const char *signature_path(struct cli *c, const char *file, struct span org)
{
    return charter_text(&c->a, "%s.%.*s.sig", file, SPAN_FMT(org));
}

static enum status not_ready(struct cli *c, const char *file, const struct dossier_findings *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].grade != DOSSIER_WARNS)
            return err_set(&c->err, ST_FORMAT, "%s:%d:%d: %s: %s (the first of %zu; all: entente dossier check %s)", file,
                           f->v[i].line, f->v[i].column, f->v[i].where, f->v[i].text, f->n - f->warnings, file);
    return ST_OK;
}

static bool is_partner(const struct dossier *d, struct span org)
{
    for (size_t i = 0; i < d->partners.n; i++)
        if (span_eq(d->partners.v[i], org))
            return true;
    return false;
}

/* Signs the bytes that were checked, and writes the signature. */
static enum status sign(struct cli *c, struct span bytes, const char *path, struct public_key *ret_key)
{
    struct cli_signer s;
    struct signature sig;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, SSHSIG_FILE_MAX);
    enum status st = cli_signer_open(c, &s);
    if (st != ST_OK)
        return st;
    st = cli_sign(c, &s, SSHSIG_DOSSIER, bytes, &sig);
    *ret_key = s.pub;
    cli_signer_close(&s);
    if (st != ST_OK)
        return st;
    sshsig_write(&sig, SSHSIG_DOSSIER, &b);
    return file_write(path, buf_span(&b), 0644, true, &c->err);
}

int verb_dossier_sign(struct cli *c)
{
    struct dossier d;
    struct dossier_findings f;
    struct span bytes;
    struct hash digest;
    struct public_key key;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (c->n != 1 || c->seat == NULL || !text_is_seat(span_str(c->seat)))
        return cli_usage(c, "dossier sign needs the dossier file, --as ORG/SEAT and --key KEY");
    struct span org = span_of(c->seat, strcspn(c->seat, "/"));
    enum status st = load_checked(c, c->words[0], &d, &bytes, &f);
    if (st == ST_OK)
        st = not_ready(c, c->words[0], &f);
    if (st == ST_OK && !is_partner(&d, org))
        st = err_set(&c->err, ST_USAGE, "--as %s: %.*s is not among the partners of %s", c->seat, SPAN_FMT(org), c->words[0]);
    if (st != ST_OK)
        return cli_fail(c);
    sha256(bytes, &digest);
    buf_printf(&b, "You sign, as %s, the dossier %s\n  verdict: %.*s\n  sha256:%s\n", c->seat, c->words[0],
               SPAN_FMT(form_text(form_get(d.root, "test"), "verdict")), hex_of(&digest).s);
    int code = cli_agree(c, &b, "Sign? [y/N] ");
    if (code != EXIT_DONE)
        return code;
    const char *path = signature_path(c, c->words[0], org);
    if (sign(c, bytes, path, &key) != ST_OK)
        return cli_fail(c);
    if (c->json)
        (void)printf("{\"sha256\":\"%s\",\"seat\":\"%s\",\"key\":\"%s\"}\n", hex_of(&digest).s, c->seat,
                     sshpub_fingerprint(&key).s);
    else
        (void)printf("Signed as %s: %s\n", c->seat, path);
    (void)fprintf(stderr, "Anybody with your public key in allowed_signers can check it:\n"
                          "  ssh-keygen -Y verify -f allowed_signers -I %s -n " SSHSIG_DOSSIER " -s %s < %s\n",
                  c->seat, path, c->words[0]);
    return EXIT_DONE;
}

/* The signature of one of its partners over these very bytes. ST_NOTFOUND: there is none. */
static enum status check_signature(struct cli *c, const char *file, struct span bytes, struct span org,
                                   struct public_key *ret_key)
{
    struct signature sig;
    struct span armored;
    const char *path = signature_path(c, file, org);
    enum status st = file_read(path, SSHSIG_FILE_MAX, &c->a, &armored, &c->err);
    if (st == ST_NOTFOUND)
        return err_set(&c->err, st, "%.*s has not signed %s: there is no %s; sign it with: entente dossier sign %s --as %.*s/SEAT "
                       "--key KEY", SPAN_FMT(org), file, path, file, SPAN_FMT(org));
    if (st == ST_OK)
        st = sshsig_read(armored, SSHSIG_DOSSIER, &sig, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, st, "%s: ", path);
    if (sshsig_verify(&sig, SSHSIG_DOSSIER, bytes) != ST_OK)
        return err_set(&c->err, ST_BADSIG, "%s does not sign %s as it is: the file was changed after, or the signature was",
                       path, file);
    *ret_key = (struct public_key){.alg = sig.alg, .key = sig.key};
    return ST_OK;
}

static bool card_has_key(const struct card *card, const struct public_key *key, struct span *ret_seat)
{
    for (size_t i = 0; i < card->seats.n; i++)
        for (size_t k = 0; k < card->seats.v[i].keys.n; k++)
            if (card->seats.v[i].keys.v[k].alg == key->alg && hash_eq(&card->seats.v[i].keys.v[k].key, &key->key)) {
                *ret_seat = card->seats.v[i].seat;
                return true;
            }
    return false;
}

/* Which seat of its organisation's card the key holds. */
static enum status on_card(struct cli *c, const struct cli_annexed_by *by, const struct span_list *cards, struct span *ret_seat)
{
    for (size_t i = 0; i < cards->n; i++) {
        struct signed_card sc;
        struct card card;
        struct hash digest;
        enum status st = card_check(cards->v[i], &c->a, &sc, &card, &digest, &c->err);
        if (st != ST_OK)
            return st;
        if (!span_eq(card.org, by->org))
            continue;
        if (card_has_key(&card, &by->key, ret_seat))
            return ST_OK;
        return err_set(&c->err, ST_BADKEY, "%s is signed for %.*s with %s, which holds no seat on the card of %.*s", by->file,
                       SPAN_FMT(by->org), sshpub_fingerprint(&by->key).s, SPAN_FMT(by->org));
    }
    return err_set(&c->err, ST_NOTFOUND, "%s is a dossier of %.*s, whose card is not there", by->file, SPAN_FMT(by->org));
}

enum status cli_dossier_on_cards(struct cli *c, const struct cli_annexed *by, const struct span_list *cards)
{
    struct span seat;
    for (size_t i = 0; i < by->n; i++) {
        enum status st = on_card(c, &by->v[i], cards, &seat);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status read_cards(struct cli *c, struct span_list *ret)
{
    struct span_list paths = {0};
    if (c->card != NULL)
        cli_split(c, c->card, &paths);
    ret->v = arena_array(&c->a, paths.n + 1, sizeof *ret->v);
    for (ret->n = 0; ret->n < paths.n; ret->n++) {
        enum status st = file_read((const char *)arena_dup(&c->a, paths.v[ret->n]).p, LIMIT_CARD_BYTES, &c->a, &ret->v[ret->n],
                                   &c->err);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

int verb_dossier_verify(struct cli *c)
{
    struct dossier d;
    struct span bytes;
    struct span_list cards;
    struct hash digest;
    if (c->n != 1)
        return cli_usage(c, "dossier verify needs one dossier file");
    enum status st = cli_dossier_load(c, c->words[0], &d, &bytes);
    if (st == ST_OK)
        st = read_cards(c, &cards);
    if (st == ST_OK && d.partners.n == 0)
        st = err_set(&c->err, ST_FORMAT, "%s names no partners, so nobody can have signed it", c->words[0]);
    for (size_t i = 0; st == ST_OK && i < d.partners.n; i++) {
        struct cli_annexed_by by = {.file = c->words[0], .org = d.partners.v[i]};
        struct span seat = {NULL, 0};
        st = check_signature(c, c->words[0], bytes, by.org, &by.key);
        if (st == ST_OK && c->card != NULL)
            st = on_card(c, &by, &cards, &seat);
        if (st != ST_OK)
            break;
        if (c->json)
            (void)printf("%s{\"org\":\"%.*s\",\"key\":\"%s\",\"seat\":\"%.*s\"}%s", i == 0 ? "[" : ",", SPAN_FMT(by.org),
                         sshpub_fingerprint(&by.key).s, SPAN_FMT(seat), i + 1 == d.partners.n ? "]\n" : "");
        else
            (void)printf("%.*s signed it with %s%s%.*s\n", SPAN_FMT(by.org), sshpub_fingerprint(&by.key).s,
                         seat.n > 0 ? ", which its card gives to " : "; compare it with them", SPAN_FMT(seat));
    }
    if (st != ST_OK)
        return cli_fail(c);
    sha256(bytes, &digest);
    if (!c->json)
        (void)printf("sha256:%s\n", hex_of(&digest).s);
    return EXIT_DONE;
}

/* --- What a founding takes over --- */

enum part { PART_THESIS, PART_COMMITMENTS, PART_FILE, PARTS };
static const char *const part_names[PARTS] = {"thesis", "commitments", "file"};

static enum status parts_wanted(struct cli *c, bool ret_wanted[PARTS])
{
    struct span_list words = {0};
    if (c->annex != NULL)
        cli_split(c, c->annex, &words);
    for (size_t i = 0; i < PARTS; i++)
        ret_wanted[i] = c->annex == NULL;
    for (size_t i = 0; i < words.n; i++) {
        size_t p = 0;
        while (p < PARTS && !span_eqs(words.v[i], part_names[p]))
            p++;
        if (p == PARTS)
            return err_set(&c->err, ST_USAGE, "--annex %.*s: expected thesis, commitments or file", SPAN_FMT(words.v[i]));
        ret_wanted[p] = true;
    }
    return ST_OK;
}

/* Puts a section into the draft, in its place by number; one of that number is replaced. */
static void put_section(struct cli *c, struct charter_source *draft, const struct section *s)
{
    struct section *v = arena_array(&c->a, draft->sections.n + 1, sizeof *v);
    size_t n = 0;
    bool put = false;
    for (size_t i = 0; i < draft->sections.n; i++) {
        const struct section *x = &draft->sections.v[i];
        if (!put && x->number >= s->number) {
            v[n++] = *s;
            put = true;
        }
        if (x->number != s->number)
            v[n++] = *x;
    }
    if (!put)
        v[n++] = *s;
    draft->sections = (struct section_list){n, v};
}

static const struct section *section_of(const struct charter_source *draft, uint64_t number)
{
    for (size_t i = 0; i < draft->sections.n; i++)
        if (draft->sections.v[i].number == number)
            return &draft->sections.v[i];
    return NULL;
}

/* In clear, when the charter does not say it itself. */
static enum status annex_section(struct cli *c, struct charter_source *draft, const char *file, const struct section *s)
{
    const char *name = enum_text(&section_id_enum, (uint32_t)s->number);
    bool has = section_of(draft, s->number) != NULL;
    if (has && c->annex != NULL)
        return err_set(&c->err, ST_USAGE,
                       "--annex %s: there is a section %s already; take it out of the charter, or leave it out of --annex", name,
                       name);
    if (has) {
        (void)fprintf(stderr, "%s: its section %s is left out: there is one already\n", file, name);
        return ST_OK;
    }
    put_section(c, draft, s);
    (void)fprintf(stderr, "%s: section %s is annexed in clear\n", file, name);
    return ST_OK;
}

/* By hash, under a name of the glossary: an agreement would prevail over the charter, and a dossier must not. */
static enum status annex_file(struct cli *c, struct charter_source *draft, const struct dossier *d, struct span bytes)
{
    struct charter_glossary g = {0};
    const struct section *now = section_of(draft, SECTION_GLOSSARY);
    struct buf b CLEANUP(buf_deinit), name CLEANUP(buf_deinit);
    struct hash digest;
    buf_init(&b, LIMIT_SECTION_BYTES);
    buf_init(&name, 1024);
    const char *slash = strrchr(d->name, '/');
    sha256(bytes, &digest);
    enum status st = now == NULL ? ST_OK : charter_decode_section(SECTION_GLOSSARY, now->body, &c->a, &g, &c->err);
    if (st != ST_OK)
        return st;
    buf_printf(&name, "dossier");
    for (size_t i = 0; i < d->partners.n; i++)
        buf_printf(&name, "-%.*s", SPAN_FMT(d->partners.v[i]));
    struct charter_text_of term = {.name = arena_dup(&c->a, buf_span(&name))};
    term.text = span_str(charter_text(&c->a, "What was written before the alliance, as of %.*s: the file %s with SHA-256 %s",
                                      SPAN_FMT(form_text(d->root, "as-of")), slash == NULL ? d->name : slash + 1,
                                      hex_of(&digest).s));
    if (!text_is_id(term.name) || g.list.n == GLOSSARY_MAX)
        return err_set(&c->err, ST_LIMIT, "%s: it cannot be named in the glossary as %.*s", d->name, SPAN_FMT(term.name));
    struct charter_text_of *v = arena_array(&c->a, g.list.n + 1, sizeof *v);
    size_t at = 0;
    while (at < g.list.n && span_cmp(g.list.v[at].name, term.name) < 0)
        at++;
    if (at < g.list.n && span_eq(g.list.v[at].name, term.name))
        return err_set(&c->err, ST_EXISTS, "%s: the glossary has %.*s already; one dossier for each of its partners", d->name,
                       SPAN_FMT(term.name));
    for (size_t i = 0; i < g.list.n; i++)
        v[i + (i >= at)] = g.list.v[i];
    v[at] = term;
    g.list = (struct charter_text_of_list){g.list.n + 1, v};
    st = codec_check(&charter_glossary_desc, &g, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, st, "%s: it cannot be named in the glossary: ", d->name);
    st = codec_encode(&charter_glossary_desc, &g, &b);
    if (st != ST_OK)
        return err_set(&c->err, st, "%s: with it the glossary is over %d bytes", d->name, LIMIT_SECTION_BYTES);
    struct section s = {.leaf = LEAF_SECTION, .version = 1, .number = SECTION_GLOSSARY, .body = arena_dup(&c->a, buf_span(&b))};
    put_section(c, draft, &s);
    (void)fprintf(stderr, "%s: annexed by its SHA-256, as %.*s of the glossary\n", d->name, SPAN_FMT(term.name));
    return ST_OK;
}

static enum status annex_one(struct cli *c, struct charter_source *draft, const char *file, const bool wanted[PARTS],
                             struct cli_annexed *by)
{
    struct dossier d;
    struct dossier_findings f;
    struct span bytes;
    enum status st = load_checked(c, file, &d, &bytes, &f);
    if (st == ST_OK)
        st = not_ready(c, file, &f);
    if (st == ST_OK && !form_is(form_get(d.root, "test"), "verdict", "alliance"))
        return err_set(&c->err, ST_FORMAT, "%s: its verdict is '%.*s'; an alliance is founded on one that says alliance", file,
                       SPAN_FMT(form_text(form_get(d.root, "test"), "verdict")));
    struct cli_annexed_by *v = arena_array(&c->a, by->n + d.partners.n + 1, sizeof *v);
    if (by->n > 0)
        memcpy(v, by->v, by->n * sizeof *v);
    by->v = v;
    for (size_t i = 0; st == ST_OK && i < d.partners.n; i++) {
        v[by->n] = (struct cli_annexed_by){.file = file, .org = d.partners.v[i]};
        st = check_signature(c, file, bytes, d.partners.v[i], &v[by->n].key);
        by->n++;
    }
    if (st == ST_OK && wanted[PART_THESIS] && d.thesis != NULL)
        st = annex_section(c, draft, file, &d.thesis_section);
    if (st == ST_OK && wanted[PART_COMMITMENTS] && d.commitments != NULL)
        st = annex_section(c, draft, file, &d.commitments_section);
    return st == ST_OK && wanted[PART_FILE] ? annex_file(c, draft, &d, bytes) : st;
}

enum status cli_dossier_annex(struct cli *c, struct charter_source *draft, struct cli_annexed *ret)
{
    bool wanted[PARTS];
    struct span_list files;
    *ret = (struct cli_annexed){0};
    if (c->dossier == NULL)
        return c->annex == NULL ? ST_OK : err_set(&c->err, ST_USAGE, "--annex goes with --dossier FILE");
    enum status st = parts_wanted(c, wanted);
    cli_split(c, c->dossier, &files);
    for (size_t i = 0; st == ST_OK && i < files.n; i++)
        st = annex_one(c, draft, (const char *)arena_dup(&c->a, files.v[i]).p, wanted, ret);
    return st;
}
