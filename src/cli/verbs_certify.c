/* certify: the certificate of one decision, from the node's record or from a pack. */
#include <errno.h>
#include <unistd.h>
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

static enum status from_node(struct cli *c, uint64_t number, FILE *out)
{
    struct rpc_genesis_reply g;
    struct pack_checkpoint note;
    struct certify *made = certify_new(number);
    bool done = false;
    enum status st = cli_ask(c, METHOD_genesis, NULL, &g);
    if (st == ST_OK)
        st = cli_whole_checkpoint(c, &note);
    if (st == ST_OK)
        st = certify_begin(made, g.file, note.note, &c->err);
    for (uint64_t h = 0; st == ST_OK && !done; h++) {
        struct arena a CLEANUP(arena_deinit); /* one block at a time */
        struct pack_block b;
        struct rpc_number q = {.number = h};
        arena_init(&a, 0);
        st = client_ask(c->client, METHOD_block, &q, &a, &b, &c->err);
        if (st == ST_OK)
            st = certify_block(made, &b, &done, &c->err);
    }
    if (st == ST_OK)
        st = certify_write(made, out, &c->err);
    certify_free(made);
    return st;
}

static enum status from_pack(struct cli *c, uint64_t number, FILE *out)
{
    FILE *f = fopen(c->pack, "rbe");
    char why[128];
    if (f == NULL)
        return err_set(&c->err, ST_IO, "%s: cannot be opened: %s", c->pack, strerror_r(errno, why, sizeof why));
    enum status st = certify_pack(f, number, out, &c->err);
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

int verb_certify(struct cli *c)
{
    struct certificate_report r;
    char path[64], tmp[4096];
    const char *to = c->out;
    uint64_t number;
    if (c->n != 1 || !cli_decision(c->words[0], &number))
        return cli_usage(c, "certify needs a decision, for instance D-12");
    if (to == NULL) {
        (void)snprintf(path, sizeof path, "D-%" PRIu64 ".certificate", number);
        to = path;
    }
    (void)snprintf(tmp, sizeof tmp, "%s.part", to);
    FILE *f = fopen(tmp, "wb+e");
    char why[128];
    if (f == NULL) {
        (void)err_set(&c->err, ST_IO, "%s: cannot write: %s", tmp, strerror_r(errno, why, sizeof why));
        return cli_fail(c);
    }
    enum status st = c->pack == NULL ? from_node(c, number, f) : from_pack(c, number, f);
    if (st == ST_OK)
        st = verified(c, f, &r);
    if (fclose(f) != 0 && st == ST_OK)
        st = err_set(&c->err, ST_NOSPACE, "%s: cannot be written to its end", tmp);
    if (st == ST_OK && rename(tmp, to) != 0)
        st = err_set(&c->err, ST_IO, "%s: cannot be renamed to %s", tmp, to);
    if (st != ST_OK) {
        (void)remove(tmp);
        return cli_fail(c);
    }
    if (c->json) {
        (void)printf("{\"decision\":%" PRIu64 ",\"phase\":\"%s\",\"height\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"alliance\":\"%s\"}\n", number,
                     enum_text(&phase_enum, r.decision.phase), r.chain.anchor_height, r.chain.bytes, hex_of(&r.chain.alliance).s);
        return EXIT_DONE;
    }
    (void)printf("%s: D-%" PRIu64 ", %s, as of block %" PRIu64 "; %" PRIu64 " bytes. Check it: entente-audit verify %s --expect-alliance %s\n", to, number,
                 enum_text(&phase_enum, r.decision.phase), r.chain.anchor_height, r.chain.bytes, to, hex_of(&r.chain.alliance).s);
    return EXIT_DONE;
}
