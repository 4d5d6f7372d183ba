/* What a person signs was checked here first: bytes, digest, place in the tree. And what they saw last. */
#include "cli/cli.h"
#include "cli/reliance.h"
#include "merkle/rfc6962.h"

/* What a mediator recommends on this decision. */
static enum status read_settled(struct cli *c, uint64_t number, const struct entry *e, struct proposal *ret)
{
    struct decision_input in;
    if (e->kind != KIND_INPUT)
        return err_set(&c->err, ST_BADSIG,
                       "D-%" PRIu64 ": the entry given for it is no recommendation. Nothing was signed",
                       number);
    enum status st = codec_decode(&decision_input_desc, e->body, &c->a, &in, &c->err);
    if (st != ST_OK)
        return st;
    if (in.decision.number != number || !HAS(&in, decision_input_key_settled))
        return err_set(&c->err, ST_BADSIG,
                       "D-%" PRIu64 ": the entry given for it recommends no text on it. Nothing was signed",
                       number);
    *ret = in.settled;
    return ST_OK;
}

/* The proposal in the entry's bytes, which must be of this decision. */
static enum status read_proposal(struct cli *c, const struct query_decision *q, uint64_t revision,
                                 const struct entry *e, struct proposal *ret)
{
    struct propose propose;
    struct revise revise;
    uint64_t number = q->decision.number;
    enum status st = ST_OK;
    if (revision == 1 && e->kind == KIND_PROPOSE) {
        st = codec_decode(&propose_desc, e->body, &c->a, &propose, &c->err);
        if (st == ST_OK && !span_eq(propose.type, q->decision.type))
            return err_set(&c->err, ST_BADSIG,
                           "D-%" PRIu64 ": the node calls it %.*s; the entry says %.*s. Nothing was signed",
                           number, SPAN_FMT(q->decision.type), SPAN_FMT(propose.type));
        *ret = propose.proposal;
    } else if (revision > 1 && e->kind == KIND_REVISE) {
        st = codec_decode(&revise_desc, e->body, &c->a, &revise, &c->err);
        if (st == ST_OK && revise.decision.number != number)
            return err_set(&c->err, ST_BADSIG,
                           "D-%" PRIu64 ": the entry given for it revises D-%" PRIu64 ". Nothing was signed",
                           number, revise.decision.number);
        *ret = revise.proposal;
    } else if (revision > 1 && e->kind == KIND_INPUT) {
        return read_settled(c, number, e, ret);
    } else {
        return err_set(&c->err, ST_BADSIG,
                       "D-%" PRIu64 ": the entry given for revision %" PRIu64
                       " proposes nothing. Nothing was signed",
                       number, revision);
    }
    return st;
}

enum status cli_prove(struct cli *c, const char *what, const struct hash *digest, uint64_t index,
                      struct cli_leaf *ret)
{
    struct rpc_boundary_reply at;
    struct rpc_leaf_reply r;
    enum status st = cli_ask(c, METHOD_boundary, NULL, &at);
    struct rpc_leaf q = {.index = index, .size = at.size};
    if (st == ST_OK)
        st = cli_ask(c, METHOD_leaf, &q, &r);
    if (st != ST_OK)
        return st;
    if (leaf_parse(r.leaf, &c->a, &ret->leaf, &c->err) != ST_OK)
        return err_wrap(
            &c->err, ST_BADSIG,
            "%s: what the node gives for it is no entry. Nothing was signed: ", what);
    if (!hash_eq(&ret->leaf.id, digest))
        return err_set(&c->err, ST_BADSIG,
                       "%s: the bytes of its revision have digest %s; the node says %s. Nothing was signed",
                       what, hex_of(&ret->leaf.id).s, hex_of(digest).s);
    if (!hash_eq(&ret->leaf.entry.alliance, &c->info.alliance))
        return err_set(&c->err, ST_BADSIG,
                       "%s: it was made for another alliance. Nothing was signed", what);
    if (leaf_verify(&ret->leaf) != ST_OK)
        return err_set(&c->err, ST_BADSIG,
                       "%s: its signature does not verify. Nothing was signed", what);
    if (rfc6962_verify_inclusion(&ret->leaf.leaf_hash, index, at.size, r.proof.v, r.proof.n, &at.root,
                                 &c->err) != ST_OK)
        return err_wrap(&c->err, ST_BADSIG,
                        "%s is not in the tree that the node shows. Nothing was signed: ", what);
    ret->prose = cli_texts_of(c, &ret->leaf, &r);
    return ST_OK;
}

enum status cli_fetch_revision(struct cli *c, const struct query_decision *q, uint64_t revision,
                               struct cli_leaf *ret)
{
    if (revision == 0 || revision > q->revisions.n)
        return err_set(&c->err, ST_NOTFOUND, "D-%" PRIu64 " has no revision %" PRIu64 "; it has %zu",
                       q->decision.number, revision, q->revisions.n);
    const struct state_revision *made = &q->revisions.v[revision - 1];
    char what[32];
    (void)snprintf(what, sizeof what, "D-%" PRIu64, q->decision.number);
    enum status st = cli_prove(c, what, &made->digest, made->leaf, ret);
    return st == ST_OK ? read_proposal(c, q, revision, &ret->leaf.entry, &ret->proposal) : st;
}

enum status cli_fetch_recommended(struct cli *c, const struct query_readiness *r, struct cli_leaf *ret)
{
    if (!HAS(r, query_readiness_key_recommended) || !HAS(r, query_readiness_key_recommended_leaf))
        return err_set(&c->err, ST_NOTFOUND, "D-%" PRIu64 " is %s; no mediator recommends a text on it now",
                       r->decision, enum_text(&phase_enum, r->phase));
    char what[32];
    (void)snprintf(what, sizeof what, "D-%" PRIu64, r->decision);
    enum status st = cli_prove(c, what, &r->recommended, r->recommended_leaf, ret);
    return st == ST_OK ? read_settled(c, r->decision, &ret->leaf.entry, &ret->proposal) : st;
}

enum status cli_fetch(struct cli *c, uint64_t number, struct cli_seen *ret)
{
    struct rpc_number q = {.number = number};
    enum status st = cli_ask(c, METHOD_decision, &q, &ret->q);
    if (st != ST_OK)
        return st;
    const struct state_decision *d = &ret->q.decision;
    if (d->number != number || ret->q.revisions.n != d->revision ||
        !hash_eq(&ret->q.revisions.v[d->revision - 1].digest, &d->digest))
        return err_set(&c->err, ST_BADSIG,
                       "D-%" PRIu64 ": the node's answer contradicts itself. Nothing was signed", number);
    return cli_fetch_revision(c, &ret->q, d->revision, &ret->leaf);
}

/* How the current revision differs from an older one, as lines. False: the older one is not to be had. */
static bool differs_from(struct cli *c, const struct cli_seen *s, uint64_t revision, struct buf *ret_diff)
{
    struct cli_leaf old;
    struct buf before CLEANUP(buf_deinit), after CLEANUP(buf_deinit);
    buf_init(&before, 1 << 21);
    buf_init(&after, 1 << 21);
    if (cli_fetch_revision(c, &s->q, revision, &old) != ST_OK)
        return false;
    cli_render_proposal(c, &old.proposal, &old.prose, &before);
    cli_render_proposal(c, &s->leaf.proposal, &s->leaf.prose, &after);
    cli_diff(buf_span(&before), buf_span(&after), ret_diff);
    return true;
}

void cli_print_revised(struct cli *c, const struct cli_seen *s)
{
    uint64_t revision = s->q.decision.revision;
    struct buf diff CLEANUP(buf_deinit), in CLEANUP(buf_deinit);
    buf_init(&diff, 1 << 22);
    buf_init(&in, 1 << 22);
    if (revision < 2 || !differs_from(c, s, revision - 1, &diff))
        return;
    cli_indented(&in, buf_span(&diff), "    ");
    (void)printf("  since revision %" PRIu64 ":\n%.*s", revision - 1,
                 SPAN_FMT(diff.n > 0 ? buf_span(&in) : span_str("    nothing that is shown differs\n")));
}

/* What a yes ends, in its own words. */
static void print_replaced(struct cli *c, uint64_t number)
{
    struct cli_seen old;
    if (cli_fetch(c, number, &old) != ST_OK) {
        (void)printf("  what it replaces could not be read: %s\n", c->err.text);
        return;
    }
    (void)printf("  D-%" PRIu64 ", %s now, is superseded when this one takes effect: ", number, cli_phase(old.q.decision.phase));
    cli_prose(stdout, "  ", cli_find_prose(&old.leaf.prose, &old.leaf.proposal.title));
}

/* What else belongs to it: the decision that it counters, those that counter it, what became of ballots before. */
static void print_around(struct cli *c, const struct cli_seen *s, bool live)
{
    const struct state_decision *d = &s->q.decision;
    if (HAS(d, state_decision_key_counters))
        (void)printf("  a counter to D-%" PRIu64 "%s\n", d->counters, live ? ", which is closed when this one passes" : "");
    if (live && HAS(d, state_decision_key_supersedes))
        print_replaced(c, d->supersedes);
    for (size_t i = 0; i < d->countered_by.n; i++)
        (void)printf("  countered by D-%" PRIu64 "%s\n", d->countered_by.v[i], live ? "; when that one passes, this one is closed" : "");
    if (live && s->leaf.proposal.effect.type == EFFECT_AMEND)
        (void)printf("  what it changes: entente charter diff D-%" PRIu64 "\n", d->number);
    if (d->revision > 1)
        (void)printf("  revised: ballots on revision%s %s%" PRIu64 " are void, kept on record; read it: entente show D-%" PRIu64
                     " --rev %" PRIu64 "\n",
                     d->revision > 2 ? "s" : "", d->revision > 2 ? "1 to " : "", d->revision - 1, d->number, d->revision - 1);
}

void cli_show_proposal(struct cli *c, const struct cli_seen *s)
{
    struct buf b CLEANUP(buf_deinit), in CLEANUP(buf_deinit);
    buf_init(&b, 1 << 21);
    buf_init(&in, 1 << 21);
    cli_render_proposal(c, &s->leaf.proposal, &s->leaf.prose, &b);
    const uint8_t *rest = memchr(b.p, '\n', b.n); /* the title is in the heading */
    size_t n = (size_t)(rest - b.p) + 1;
    cli_indented(&in, span_of(b.p + n, b.n - n), "  ");
    (void)printf("D-%" PRIu64 " %.*s: ", s->q.decision.number, SPAN_FMT(s->q.decision.type));
    cli_prose(stdout, "  ", cli_find_prose(&s->leaf.prose, &s->leaf.proposal.title));
    struct buf then CLEANUP(buf_deinit), then_in CLEANUP(buf_deinit);
    buf_init(&then, 1 << 20);
    buf_init(&then_in, 1 << 20);
    bool live = s->q.decision.phase == PHASE_OPEN || s->q.decision.phase == PHASE_PAUSED ||
                s->q.decision.phase == PHASE_MEDIATION || s->q.decision.phase == PHASE_STALE ||
                s->q.decision.phase == PHASE_PASSED;
    if (live)
        cli_preview(c, &s->leaf.proposal, s->q.decision.mover, &then);
    cli_indented(&then_in, buf_span(&then), "  ");
    (void)fputs(buf_cstr(&then_in), stdout);
    (void)printf("%.*s  by %.*s, revision %" PRIu64 ", sha256:%s\n", SPAN_FMT(buf_span(&in)),
                 SPAN_FMT(s->q.decision.mover), s->q.decision.revision, hex_of(&s->q.decision.digest).s);
    print_around(c, s, live);
    cli_print_reliance(&s->q.readiness);
}

int cli_say_changed(struct cli *c, const struct cli_seen *s, uint64_t seen)
{
    uint64_t rev = s->q.decision.revision, number = s->q.decision.number;
    struct buf diff CLEANUP(buf_deinit);
    buf_init(&diff, 1 << 22);
    (void)fprintf(stderr,
                  "Not signed: D-%" PRIu64 " was revised (%" PRIu64 ") after you read it (%" PRIu64 ").\n",
                  number, rev, seen);
    if (differs_from(c, s, seen, &diff))
        (void)fputs(buf_cstr(&diff), stderr);
    (void)fprintf(stderr,
                  "Ballots on revision %" PRIu64 " are void, kept on record. For revision %" PRIu64
                  ": entente show D-%" PRIu64 ", then the same command; or at once with --rev %" PRIu64 "\n",
                  seen, rev, number, rev);
    return EXIT_CHANGED;
}

const struct query_ballot *cli_said_already(struct cli *c, const struct query_decision *q, const struct cli_signer *signer,
                                            struct span seat, const struct ballot *b)
{
    bool other = HAS(b, ballot_key_principal);
    struct span voter = other ? b->principal : seat;
    for (size_t i = 0; i < q->ballots.n; i++) {
        const struct query_ballot *l = &q->ballots.v[i];
        const struct state_ballot *was = &l->ballot;
        bool reason = HAS(was, state_ballot_key_reason), clause = HAS(was, state_ballot_key_clause);
        if (!hash_eq(&was->key.key, &signer->pub.key)) /* by an earlier holder, or an earlier key */
            continue;
        if (!l->counts || was->choice != b->choice || !span_eq(l->seat, voter) || HAS(was, state_ballot_key_by) != other ||
            (other && !span_eq(was->by, seat)) || clause != (c->clause != NULL) || (clause && !span_eqs(was->clause, c->clause)))
            continue;
        if (c->reason == NULL || (reason && span_eqs(cli_title_at(c, was->leaf, &was->reason), c->reason)))
            return l;
    }
    return NULL;
}
