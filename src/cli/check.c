/* What a person signs was checked here first: bytes, digest, place in the tree. And what they saw last. */
#include <sys/stat.h>
#include "charter/scalar.h"
#include "cli/cli.h"
#include "crypto/hash.h"
#include "ledger/leaf.h"
#include "merkle/rfc6962.h"

static enum status read_proposal(struct cli *c, const struct leaf *leaf, struct proposal *ret)
{
    struct propose propose;
    struct revise revise;
    enum status st;
    if (leaf->entry.kind == KIND_PROPOSE) {
        st = codec_decode(&propose_desc, leaf->entry.body, &c->a, &propose, &c->err);
        *ret = propose.proposal;
    } else {
        st = codec_decode(&revise_desc, leaf->entry.body, &c->a, &revise, &c->err);
        *ret = revise.proposal;
    }
    return st;
}

enum status cli_fetch(struct cli *c, uint64_t number, struct cli_seen *ret)
{
    struct rpc_number q = {.number = number};
    struct rpc_boundary_reply at;
    struct rpc_leaf_reply leaf;
    struct leaf parsed;
    struct hash h;
    enum status st = cli_ask(c, METHOD_decision, &q, &ret->q);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_boundary, NULL, &at);
    if (st != ST_OK)
        return st;
    if (ret->q.revisions.n == 0)
        return err_set(&c->err, ST_BADSIG, "D-%" PRIu64 ": the node gives no revision of it", number);
    struct rpc_leaf lq = {.index = ret->q.revisions.v[ret->q.revisions.n - 1].leaf, .size = at.size};
    st = cli_ask(c, METHOD_leaf, &lq, &leaf);
    if (st == ST_OK)
        st = leaf_parse(leaf.leaf, &c->a, &parsed, &c->err);
    if (st != ST_OK)
        return st;
    if (!hash_eq(&parsed.id, &ret->q.decision.digest))
        return err_set(&c->err, ST_BADSIG, "D-%" PRIu64 ": the bytes of its revision have digest %s; the node says %s. Nothing was signed", number,
                       hex_of(&parsed.id).s, hex_of(&ret->q.decision.digest).s);
    if (leaf_verify(&parsed) != ST_OK)
        return err_set(&c->err, ST_BADSIG, "D-%" PRIu64 ": the mover's signature does not verify. Nothing was signed", number);
    rfc6962_leaf(leaf.leaf, &h);
    if (rfc6962_verify_inclusion(&h, lq.index, at.size, leaf.proof.v, leaf.proof.n, &at.root, &c->err) != ST_OK)
        return err_wrap(&c->err, ST_BADSIG, "D-%" PRIu64 " is not in the tree that the node shows. Nothing was signed: ", number);
    ret->leaf.entry = parsed.entry;
    ret->leaf.prose = leaf.prose;
    ret->leaf.bytes = leaf.leaf;
    return read_proposal(c, &parsed, &ret->leaf.proposal);
}

void cli_show_proposal(const struct cli_seen *s)
{
    const struct proposal *p = &s->leaf.proposal;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    (void)printf("D-%" PRIu64 " %.*s: ", s->q.decision.number, SPAN_FMT(s->q.decision.type));
    cli_prose(stdout, "  ", cli_find_prose(&s->leaf.prose, &p->title));
    if (HAS(p, proposal_key_amount)) {
        scalar_print_money(&p->amount, &b);
        (void)printf("  amount    %s\n", buf_cstr(&b));
    }
    for (size_t i = 0; i < p->affected.n; i++)
        (void)printf("  affects   %.*s\n", SPAN_FMT(p->affected.v[i]));
    if (p->effect.type == EFFECT_AMEND)
        (void)printf("  effect    amends charter section %" PRIu64 " (version %" PRIu64 ")\n", p->effect.section, p->effect.base_version);
    if (HAS(p, proposal_key_text)) {
        (void)printf("  ");
        cli_prose(stdout, "  ", cli_find_prose(&s->leaf.prose, &p->text));
    }
    (void)printf("  by %.*s, revision %" PRIu64 ", sha256:%s\n", SPAN_FMT(s->q.decision.mover), s->q.decision.revision, hex_of(&s->q.decision.digest).s);
}

static const char *seen_path(struct cli *c, uint64_t number)
{
    const char *state = getenv("XDG_STATE_HOME"); /* NOLINT(concurrency-mt-unsafe): one thread */
    const char *home = getenv("HOME");            /* NOLINT(concurrency-mt-unsafe): one thread */
    char path[1024];
    if (state == NULL && home == NULL)
        return NULL;
    (void)snprintf(path, sizeof path, "%s%s/entente", state != NULL ? state : home, state != NULL ? "" : "/.local/state");
    for (char *p = path + 1; *p != 0; p++)
        if (*p == '/') {
            *p = 0;
            (void)mkdir(path, 0700);
            *p = '/';
        }
    (void)mkdir(path, 0700);
    size_t n = strlen(path);
    (void)snprintf(path + n, sizeof path - n, "/seen-%.16s-D-%" PRIu64, hex_of(&c->info.alliance).s, number);
    return (const char *)arena_dup(&c->a, span_str(path)).p;
}

uint64_t cli_last_seen(struct cli *c, uint64_t number)
{
    const char *path = seen_path(c, number);
    struct span s;
    if (path == NULL || file_read(path, 32, &c->a, &s, NULL) != ST_OK)
        return 0;
    return strtoull((const char *)s.p, NULL, 10);
}

/* A convenience: when it cannot be written, the next look counts as the first. */
void cli_note_seen(struct cli *c, uint64_t number, uint64_t revision)
{
    const char *path = seen_path(c, number);
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRIu64 "\n", revision);
    if (path != NULL)
        (void)!file_write(path, span_str(text), 0600, true, NULL);
}
