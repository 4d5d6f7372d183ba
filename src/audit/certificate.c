#include "audit/certificate_parts.h"
#include "store/view.h"

const char *const certificate_not_proven[] = {
    "that the nodes counted the ballots by the rules: a quorum of them signed for the outcome; verifying a "
    "pack executes it again",
    "anything after the block named above: a later revocation of a key, or a later step of a decision that "
    "is not closed",
    "that no second history exists: compare the tree's root at that size with another partner's", NULL};

static enum status not_here(struct check *c, uint32_t kind, const char *why)
{
    return chain_misplaced(
        &c->chain, kind >= certificate_head_desc.number && kind <= certificate_end_desc.number, kind, why);
}

static enum status head(struct check *c, const struct hash *expect)
{
    struct certificate_head h;
    struct span body;
    struct err err;
    uint32_t kind;
    enum status st = chain_next(&c->chain, &kind, &body);
    if (st != ST_OK)
        return st;
    if (kind != certificate_head_desc.number)
        return not_here(c, kind, "the first frame is no head");
    if (codec_decode(&certificate_head_desc, arena_dup(c->chain.a, body), c->chain.a, &h, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "head", "ENC-4", &err);
    c->decision = h.decision;
    return chain_begin(&c->chain, h.genesis, &h.alliance, expect);
}

static enum status one_link(struct check *c, struct span body)
{
    struct certificate_link f;
    struct err err;
    bool changes;
    if (c->anchored)
        return chain_refuse(&c->chain, "link",
                            "CER-3: block %" PRIu64 " changes no set, and is not the last link",
                            c->chain.height);
    if (codec_decode(&certificate_link_desc, body, &c->chain.frame, &f, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "link", "ENC-4", &err);
    enum status st = chain_link(&c->chain, &f, &changes);
    if (st == ST_OK)
        c->anchored = !changes;
    return st;
}

static enum status state_row(struct check *c, const struct state_proof *p)
{
    struct state_party party;
    uint8_t number[8];
    store_u64(number, c->decision);
    if (p->table == TABLE_DECISION) {
        if (!span_eq(p->key, span_of(number, 8)))
            return chain_refuse(&c->chain, "state", "CER-5: the row of another decision than D-%" PRIu64,
                                c->decision);
        return chain_decode_row(&c->chain, "state", "CER-5", &state_decision_desc, p, c->chain.a,
                                &c->r->decision);
    }
    if (p->table == TABLE_KEY && p->key.n == 32) {
        struct check_key *k = &c->keys[c->n_keys++];
        memcpy(k->key.b, p->key.p, 32);
        return chain_decode_row(&c->chain, "state", "CER-5", &state_key_desc, p, c->chain.a, &k->row);
    }
    if (p->table != TABLE_PARTY)
        return chain_refuse(&c->chain, "state", "CER-5: it shows a row of %s, which has no place here",
                            table_name((uint8_t)p->table));
    enum status st = chain_decode_row(&c->chain, "state", "CER-5", &state_party_desc, p, c->chain.a, &party);
    if (st != ST_OK)
        return st;
    c->logs[c->n_logs] = arena_dup(c->chain.a, p->key);
    c->log_keys[c->n_logs++] = party.node.log;
    return ST_OK;
}

static enum status state(struct check *c, struct span body)
{
    struct certificate_state f;
    struct chain_rows rows;
    struct err err;
    if (!c->chain.certified)
        return chain_refuse(&c->chain, "link",
                            "CER-3: the last link must have a certificate; a refounding stands in its place");
    if (codec_decode(&certificate_state_desc, body, &c->chain.frame, &f, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "state", "ENC-4", &err);
    c->keys = arena_array(c->chain.a, f.rows.n, sizeof *c->keys);
    c->logs = arena_array(c->chain.a, f.rows.n, sizeof *c->logs);
    c->log_keys = arena_array(c->chain.a, f.rows.n, sizeof *c->log_keys);
    ASSERT(c->keys != NULL);
    ASSERT(c->logs != NULL);
    ASSERT(c->log_keys != NULL);
    memset(c->keys, 0, f.rows.n * sizeof *c->keys);
    enum status st = chain_prove_rows(&c->chain, "state", "CER-5", &c->chain.state_root, &f.rows, &rows);
    for (size_t i = 0; st == ST_OK && i < f.rows.n; i++)
        st = state_row(c, &f.rows.v[i]);
    if (st == ST_OK && c->r->decision.number != c->decision)
        st = chain_refuse(&c->chain, "state", "CER-5: the row of D-%" PRIu64 " is missing", c->decision);
    if (st != ST_OK)
        return st;
    c->r->events = arena_array(c->chain.a, c->r->decision.events, sizeof *c->r->events);
    return c->r->events != NULL
               ? ST_OK
               : err_set(c->chain.err, ST_LIMIT, "no room for %" PRIu64 " events", c->r->decision.events);
}

/* CER-6. */
static enum status checkpoint(struct check *c, struct span body)
{
    struct certificate_checkpoint f;
    struct checkpoint cp;
    struct err err;
    if (codec_decode(&certificate_checkpoint_desc, body, &c->chain.frame, &f, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "checkpoint", "ENC-4", &err);
    return chain_checkpoint(&c->chain, f.note, "CER-6", "CER-5", c->logs, c->log_keys, c->n_logs, &cp);
}

static enum status the_end(struct check *c, struct span body)
{
    struct certificate_end f;
    struct err err;
    if (codec_decode(&certificate_end_desc, body, &c->chain.frame, &f, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "end", "ENC-4", &err);
    if (f.frames != c->chain.r->frames - 1)
        return chain_refuse(&c->chain, "end",
                            "CER-12: it speaks of %" PRIu64 " frames; %" PRIu64 " were read", f.frames,
                            c->chain.r->frames - 1);
    enum status st = certificate_outcome(c);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < c->n_keys; i++)
        if (!c->keys[i].used)
            return chain_refuse(&c->chain, "state",
                                "CER-5: the row of key %s is shown, and no entry is by it",
                                hex_of(&c->keys[i].key).s);
    return chain_nothing_follows(&c->chain);
}

static enum status frames(struct check *c)
{
    enum { LINKS, STATE, CHECKPOINT, BLOCKS } at = LINKS; /* what came last */
    for (;;) {
        struct span body;
        uint32_t kind;
        enum status st = chain_next(&c->chain, &kind, &body);
        if (st != ST_OK)
            return st;
        if (kind == certificate_link_desc.number && at == LINKS) {
            st = one_link(c, body);
        } else if (kind == certificate_state_desc.number && at == LINKS && c->chain.r->links > 0) {
            at = STATE;
            st = state(c, body);
        } else if (kind == certificate_checkpoint_desc.number && at == STATE) {
            at = CHECKPOINT;
            st = checkpoint(c, body);
        } else if (kind == certificate_block_desc.number && at >= CHECKPOINT) {
            at = BLOCKS;
            st = certificate_take_block(c, body);
        } else if (kind == certificate_end_desc.number && at == BLOCKS) {
            return the_end(c, body);
        } else {
            st = not_here(c, kind, "it does not belong here");
        }
        if (st != ST_OK)
            return st;
    }
}

bool certificate_is(FILE *f)
{
    int first = fgetc(f);
    return first != EOF && ungetc(first, f) == CERTIFICATE_MAGIC[0];
}

enum status certificate_check(FILE *f, const struct hash *expect, struct arena *a,
                              struct certificate_report *ret_report, struct verify_failure *ret_failure,
                              struct err *err)
{
    struct certificate_report r = {0};
    struct check c = {.r = &r};
    struct err own;
    chain_init(&c.chain, f, a, &r.chain, "CER-1", ret_failure, err);
    enum status st = pack_read_magic(&c.chain.in, CERTIFICATE_MAGIC, &own);
    if (st != ST_OK)
        st = chain_refuse(&c.chain, "magic", "%s", own.text);
    if (st == ST_OK)
        st = head(&c, expect);
    if (st == ST_OK)
        st = frames(&c);
    chain_deinit(&c.chain);
    if (st == ST_OK)
        *ret_report = r;
    return st;
}
