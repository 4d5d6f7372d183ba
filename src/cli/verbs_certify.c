/* certify: the certificate of one decision, from the node's record or from a pack. */
#include <errno.h>
#include <unistd.h>
#include <fcntl.h>
#include "api/client.h"
#include "audit/certificate.h"
#include "certify/certify.h"
#include "cli/cli.h"
#include "merkle/checkpoint.h"

enum { CHECKPOINT_TRIES = 100, CHECKPOINT_PAUSE_MS = 100 };

/* Newest checkpoint that the node has, with its size. */
static enum status newest(struct cli *c, struct pack_checkpoint *ret, struct checkpoint *ret_checkpoint)
{
    struct signed_note note;
    enum status st = cli_ask(c, METHOD_checkpoint, NULL, ret);
    if (st == ST_OK)
        st = note_parse(ret->note, &c->a, &note, &c->err);
    return st == ST_OK ? checkpoint_parse(note.text, ret_checkpoint, &c->err) : st;
}

enum status cli_whole_checkpoint(struct cli *c, struct pack_checkpoint *ret)
{
    struct rpc_boundary_reply at;
    struct rpc_status_reply s;
    struct checkpoint cp;
    enum status st = cli_ask(c, METHOD_boundary, NULL, &at);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_status, NULL, &s);
    if (st != ST_OK)
        return st;
    for (int i = 0; i < CHECKPOINT_TRIES; i++) {
        st = newest(c, ret, &cp);
        bool whole = st == ST_OK && cli_cosignatures(c, ret->note) >= s.quorum;
        if (whole && (cp.size >= at.size || i + 1 == CHECKPOINT_TRIES))
            return ST_OK;
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        (void)usleep(CHECKPOINT_PAUSE_MS * 1000);
    }
    return err_set(&c->err, ST_NOTFOUND, "the node has no checkpoint that a quorum cosigned, which what is to be made rests on: see entente node "
                                         "status, and try again when the others are within reach");
}

enum status cli_each_block(struct cli *c, enum status (*take)(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err),
                           void *ctx)
{
    enum status st = ST_OK;
    bool done = false;
    for (uint64_t h = 0; st == ST_OK && !done; h++) {
        struct arena a CLEANUP(arena_deinit); /* one block at a time */
        struct pack_block b;
        struct rpc_number q = {.number = h};
        arena_init(&a, 0);
        st = client_ask(c->client, METHOD_block, &q, &a, &b, &c->err);
        if (st == ST_OK)
            st = take(ctx, &b, &done, &c->err);
    }
    return st;
}

enum status cli_open_pack(struct cli *c, FILE **ret)
{
    char why[128];
    *ret = fopen(c->pack, "rbe");
    return *ret != NULL ? ST_OK : err_set(&c->err, ST_IO, "%s: cannot be opened: %s", c->pack, strerror_r(errno, why, sizeof why));
}

enum status cli_write_checked(struct cli *c, const char *to, enum status (*fill)(struct cli *c, void *ctx, FILE *f),
                              void *ctx)
{
    struct file_draft draft;
    enum status st = file_begin(to, 0666, &draft, &c->err);
    if (st != ST_OK)
        return st;
    int fd = fcntl(draft.fd, F_DUPFD_CLOEXEC, 0);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb+");
    st = f != NULL ? fill(c, ctx, f) : err_set(&c->err, ST_IO, "%s: cannot be written", to);
    if (f != NULL && fclose(f) != 0 && st == ST_OK)
        st = err_set(&c->err, ST_NOSPACE, "%s: cannot be written to its end", to);
    if (st == ST_OK)
        return file_finish(&draft, true, &c->err);
    file_drop(&draft);
    return st;
}

static enum status take_block(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err)
{
    return certify_block(ctx, b, ret_done, err);
}

static enum status from_node(struct cli *c, uint64_t number, FILE *out)
{
    struct rpc_genesis_reply g;
    struct pack_checkpoint note;
    struct certify *made = certify_new(number);
    enum status st = cli_ask(c, METHOD_genesis, NULL, &g);
    if (st == ST_OK)
        st = cli_whole_checkpoint(c, &note);
    if (st == ST_OK)
        st = certify_begin(made, g.file, note.note, &c->err);
    if (st == ST_OK)
        st = cli_each_block(c, take_block, made);
    if (st == ST_OK)
        st = certify_write(made, out, &c->err);
    certify_free(made);
    return st;
}

static enum status from_pack(struct cli *c, uint64_t number, FILE *out)
{
    FILE *f;
    enum status st = cli_open_pack(c, &f);
    if (st != ST_OK)
        return st;
    st = certify_pack(f, number, out, &c->err);
    (void)fclose(f);
    return st;
}

/* Nothing is handed on that would not verify. */
static enum status verified(struct cli *c, FILE *f, struct certificate_report *ret)
{
    struct verify_failure failure;
    if (fseek(f, 0, SEEK_SET) != 0)
        return err_set(&c->err, ST_IO, "the certificate cannot be read again");
    enum status st = certificate_check(f, NULL, &c->a, ret, &failure, &c->err);
    if (st == ST_BADSIG && failure.region[0] != 0)
        return err_set(&c->err, ST_BADSIG, "the record gives a certificate that does not verify: %s: %s", failure.region, failure.why);
    return st;
}

struct certifying {
    uint64_t number;
    struct certificate_report report;
};

static enum status fill(struct cli *c, void *ctx, FILE *f)
{
    struct certifying *x = ctx;
    enum status st = c->pack == NULL ? from_node(c, x->number, f) : from_pack(c, x->number, f);
    return st == ST_OK ? verified(c, f, &x->report) : st;
}

int verb_certify(struct cli *c)
{
    struct certifying x;
    char path[64];
    const char *to = c->out;
    uint64_t number;
    if (c->n != 1 || !cli_decision(c->words[0], &number))
        return cli_usage(c, "certify needs a decision, for instance D-12");
    if (to == NULL) {
        (void)snprintf(path, sizeof path, "D-%" PRIu64 ".certificate", number);
        to = path;
    }
    x.number = number;
    if (cli_write_checked(c, to, fill, &x) != ST_OK)
        return cli_fail(c);
    struct certificate_report r = x.report;
    if (c->json) {
        (void)printf("{\"decision\":%" PRIu64 ",\"phase\":\"%s\",\"height\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"alliance\":\"%s\"}\n", number,
                     enum_text(&phase_enum, r.decision.phase), r.chain.anchor_height, r.chain.bytes, hex_of(&r.chain.alliance).s);
        return EXIT_DONE;
    }
    (void)printf("%s: D-%" PRIu64 ", %s, as of block %" PRIu64 "; %" PRIu64 " bytes. Check it: entente-audit verify %s --expect-alliance %s\n", to, number,
                 enum_text(&phase_enum, r.decision.phase), r.chain.anchor_height, r.chain.bytes, to, hex_of(&r.chain.alliance).s);
    return EXIT_DONE;
}
