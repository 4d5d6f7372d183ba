#include <stdlib.h>
#include "audit/range_parts.h"
#include "crypto/hash.h"
#include "merkle/rfc6962.h"
#include "store/view.h"

const char *const range_not_checked[] = {
    "that what was accepted had to be accepted: whether a decision passed by the rules, whether a deadline fired when it should, "
    "whether sums, limits and rights were kept; a quorum of nodes signed for it, and verifying a pack executes it again",
    "what was before the range and after it: a step before it may be what one in it rests on, and a later one may undo it",
    "that no second history exists: compare the tree's root at that size with another partner's", NULL};

static enum status not_here(struct chain *c, uint32_t kind, const char *why)
{
    bool known = (kind >= range_head_desc.number && kind <= range_end_desc.number) || kind == pack_block_desc.number ||
                 kind == certificate_link_desc.number;
    return chain_misplaced(c, known, kind, why);
}

/* -- head, links -- */

static enum status head(struct range *g, const struct hash *expect)
{
    struct chain *c = &g->chain;
    struct range_head h;
    struct span body;
    struct err err;
    uint32_t kind;
    enum status st = chain_next(c, &kind, &body);
    if (st != ST_OK)
        return st;
    if (kind != range_head_desc.number)
        return not_here(c, kind, "the first frame is no head");
    if (codec_decode(&range_head_desc, arena_dup(c->a, body), c->a, &h, &err) != ST_OK)
        return chain_refuse_err(c, "head", "ENC-4", &err);
    st = chain_begin(c, h.genesis, &h.alliance, expect);
    if (st == ST_OK && h.first > h.last)
        st = chain_refuse(c, "head", "RNG-2: it is from block %" PRIu64 " to block %" PRIu64, h.first, h.last);
    g->r->first = g->next = h.first;
    g->r->last = h.last;
    g->fixed = h.first == 1;
    g->last_commit = c->genesis.sigs_hash;
    return st;
}

/* RNG-3. behind: behind the blocks. */
static enum status one_link(struct range *g, struct span body, bool behind, bool *ret_changes)
{
    struct chain *c = &g->chain;
    struct certificate_link f;
    struct err err;
    if (codec_decode(&certificate_link_desc, body, &c->frame, &f, &err) != ST_OK)
        return chain_refuse_err(c, "link", "ENC-4", &err);
    enum status st = chain_link(c, &f, ret_changes);
    if (st != ST_OK || behind)
        return st;
    if (c->height >= g->r->first)
        return chain_refuse(c, "link", "RNG-3: a link of block %" PRIu64 " before a range that begins with block %" PRIu64, c->height,
                            g->r->first);
    if (!*ret_changes)
        return chain_refuse(c, "link", "RNG-3: block %" PRIu64 " changes no set, and is no link before the range", c->height);
    if (c->height + 1 < g->r->first)
        return ST_OK;
    g->last_link = arena_dup(c->a, f.header);
    g->fixed = !c->certified;
    sha256(f.proof, &g->last_commit);
    return ST_OK;
}

/* -- where it begins -- */

/* GEN-5 of block 0, but for the state: its leaves are those of the genesis. */
static enum status is_block_zero(struct range *g, const struct header *h, const struct block_record *rec)
{
    const struct genesis *f = &g->chain.genesis.genesis;
    struct frontier tree = {.size = 0};
    struct hash leaf, root;
    rfc6962_leaf(h->record, &leaf);
    frontier_append(&tree, &leaf);
    for (size_t i = 0; i < f->sections.n + f->cards.n; i++) {
        rfc6962_leaf(i < f->sections.n ? f->sections.v[i] : f->cards.v[i - f->sections.n], &leaf);
        frontier_append(&tree, &leaf);
    }
    frontier_root(&tree, &root);
    if (tree.size != h->size || !hash_eq(&root, &h->root) || rec->time_ms != g->chain.genesis.founded_ms)
        return chain_refuse(&g->chain, "before", "RNG-4: block 0 is not the one that the genesis gives");
    return ST_OK;
}

/* The header is of the block before the range, and comes after the links. */
static enum status place_before(struct range *g, const struct range_before *f, const struct header *h, const struct block_record *rec)
{
    struct chain *c = &g->chain;
    if (rec->leaf != LEAF_BLOCK || rec->height != g->r->first - 1)
        return chain_refuse(c, "before", "RNG-4: the header of block %" PRIu64 ", where that of block %" PRIu64 " belongs", rec->height,
                            g->r->first - 1);
    if (!hash_eq(&rec->alliance, &c->genesis.alliance))
        return chain_refuse(c, "before", "RNG-4: it is no header of this alliance");
    if (g->last_link.n > 0)
        return span_eq(f->header, g->last_link)
                   ? ST_OK
                   : chain_refuse(c, "before", "RNG-4: the link of block %" PRIu64 " has another header", rec->height);
    if (rec->epoch != c->epoch || !hash_eq(&rec->validators, &c->set_hash) || !hash_eq(&rec->next_validators, &c->set_hash))
        return chain_refuse(c, "before",
                            "RNG-4: block %" PRIu64 " is of epoch %" PRIu64 " and set %s; the links lead to epoch %" PRIu64 " and set %s",
                            rec->height, rec->epoch, hex_of(&rec->validators).s, c->epoch, hex_of(&c->set_hash).s);
    if (rec->height == 0)
        return is_block_zero(g, h, rec);
    if (h->size <= c->size || rec->time_ms <= c->time_ms)
        return chain_refuse(c, "before", "RNG-4: block %" PRIu64 " does not come after block %" PRIu64, rec->height, c->height);
    return ST_OK;
}

/* RNG-4. */
static enum status before(struct range *g, struct span body)
{
    struct chain *c = &g->chain;
    struct range_before f;
    struct header h;
    struct block_record rec;
    struct hash root;
    struct err err;
    if (codec_decode(&range_before_desc, body, &c->frame, &f, &err) != ST_OK)
        return chain_refuse_err(c, "before", "ENC-4", &err);
    if (codec_decode(&header_desc, f.header, &c->frame, &h, &err) != ST_OK ||
        codec_decode(&block_record_desc, h.record, &c->frame, &rec, &err) != ST_OK)
        return chain_refuse_err(c, "before", "BLK-2", &err);
    enum status st = place_before(g, &f, &h, &rec);
    if (st != ST_OK)
        return st;
    size_t i = 0;
    g->tree.size = h.size;
    if (f.subtrees.n != (size_t)__builtin_popcountll(h.size))
        return chain_refuse(c, "before", "RNG-4: %zu roots of subtrees; a tree of %" PRIu64 " leaves has %d", f.subtrees.n, h.size,
                            __builtin_popcountll(h.size));
    for (unsigned level = 64; level-- > 0;)
        if ((h.size >> level & 1) != 0)
            g->tree.h[level] = f.subtrees.v[i++];
    frontier_root(&g->tree, &root);
    if (!hash_eq(&root, &h.root))
        return chain_refuse(c, "before", "RNG-4: the subtrees give root %s; the header says %s", hex_of(&root).s, hex_of(&h.root).s);
    sha256(f.header, &g->block);
    c->height = rec.height;
    c->size = g->r->size_before = h.size;
    c->time_ms = rec.time_ms;
    return range_boundary_add(g, h.size, &h.root, rec.time_ms);
}

/* -- the end -- */

/* RNG-7. */
static enum status checkpoint(struct range *g, struct span body)
{
    struct chain *c = &g->chain;
    struct range_checkpoint f;
    struct chain_rows rows;
    struct checkpoint cp;
    struct hash root;
    struct err err;
    if (!c->certified)
        return chain_refuse(c, "checkpoint",
                            "RNG-3: block %" PRIu64 ", whose tree the checkpoint is of, has a refounding in place of a certificate", c->height);
    if (codec_decode(&range_checkpoint_desc, body, &c->frame, &f, &err) != ST_OK)
        return chain_refuse_err(c, "checkpoint", "ENC-4", &err);
    struct span *orgs = arena_array(&c->frame, f.rows.n + 1, sizeof *orgs);
    struct hash *logs = arena_array(&c->frame, f.rows.n + 1, sizeof *logs);
    ASSERT(orgs != NULL);
    ASSERT(logs != NULL);
    enum status st = chain_prove_rows(c, "checkpoint", "RNG-7", &c->state_root, &f.rows, &rows);
    for (size_t i = 0; st == ST_OK && i < f.rows.n; i++) {
        struct state_party party;
        if (f.rows.v[i].table != TABLE_PARTY)
            return chain_refuse(c, "checkpoint", "RNG-7: it shows a row of %s, which has no place here",
                                table_name((uint8_t)f.rows.v[i].table));
        st = chain_decode_row(c, "checkpoint", "RNG-7", &state_party_desc, &f.rows.v[i], &c->frame, &party);
        orgs[i] = f.rows.v[i].key;
        logs[i] = party.node.log;
    }
    if (st == ST_OK)
        st = chain_checkpoint(c, f.note, "RNG-7", "RNG-7", orgs, logs, f.rows.n, &cp);
    if (st != ST_OK)
        return st;
    frontier_root(&g->tree, &root);
    if (rfc6962_verify_consistency(g->tree.size, &root, cp.size, &cp.root, f.proof.v, f.proof.n, &err) != ST_OK)
        return chain_refuse(c, "checkpoint", "TRE-1: from the %" PRIu64 " leaves after block %" PRIu64 " to the checkpoint's %" PRIu64 ": %s",
                            g->tree.size, g->r->last, cp.size, err.text);
    return range_compare_kept(g, cp.size, &cp.root);
}

static enum status the_end(struct range *g, struct span body)
{
    struct chain *c = &g->chain;
    struct range_end f;
    struct err err;
    if (codec_decode(&range_end_desc, body, &c->frame, &f, &err) != ST_OK)
        return chain_refuse_err(c, "end", "ENC-4", &err);
    if (f.frames != c->r->frames - 1)
        return chain_refuse(c, "end", "RNG-1: it speaks of %" PRIu64 " frames; %" PRIu64 " were read", f.frames, c->r->frames - 1);
    for (size_t i = 0; g->kept != NULL && i < g->kept->n; i++)
        if (!g->kept->v[i].seen)
            return chain_refuse(c, "checkpoint",
                                "RNG-7: the checkpoint in %s is of %" PRIu64 " leaves, and the range shows no tree of that size (it has %" PRIu64
                                " to %" PRIu64 ", and %" PRIu64 "): it cannot be compared here. Ask a partner for a range that reaches there, "
                                "or for the pack",
                                g->kept->v[i].path, g->kept->v[i].size, g->r->size_before, g->r->size_last, c->r->size);
    return chain_nothing_follows(c);
}

enum stage { LINKS, BEFORE, BLOCK, ROWS, BEHIND, CHECKPOINT };

/* One frame; *stage: what came last. ST_END: it was the last one. */
static enum status one_frame(struct range *g, uint32_t kind, struct span body, enum stage *stage, bool *may_link)
{
    bool all = *stage == ROWS && g->next > g->r->last, changes;
    enum stage was = *stage;
    if (kind == certificate_link_desc.number && (was == LINKS || was == BEHIND || all)) {
        if (!*may_link)
            return chain_refuse(&g->chain, "link", "RNG-3: block %" PRIu64 " changes no set, and is not the last link", g->chain.height);
        enum status st = one_link(g, body, was != LINKS, &changes);
        *stage = was == LINKS ? LINKS : BEHIND;
        *may_link = st == ST_OK && changes;
        return st;
    }
    if (kind == range_before_desc.number && was == LINKS) {
        *stage = BEFORE;
        return before(g, body);
    }
    if (kind == pack_block_desc.number && (was == BEFORE || (was == ROWS && !all))) {
        *stage = BLOCK;
        return range_block(g, body);
    }
    if (kind == range_rows_desc.number && was == BLOCK) {
        *stage = ROWS;
        return range_rows(g, body);
    }
    if (kind == range_checkpoint_desc.number && (was == BEHIND || all)) {
        *stage = CHECKPOINT;
        return checkpoint(g, body);
    }
    if (kind != range_end_desc.number || was != CHECKPOINT)
        return not_here(&g->chain, kind, "it does not belong here");
    enum status st = the_end(g, body);
    return st == ST_OK ? ST_END : st;
}

static enum status frames(struct range *g)
{
    enum stage stage = LINKS;
    bool may_link = true;
    for (;;) {
        struct span body;
        uint32_t kind;
        enum status st = chain_next(&g->chain, &kind, &body);
        if (st == ST_OK)
            st = one_frame(g, kind, body, &stage, &may_link);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
    }
}

bool range_is(FILE *f)
{
    int first = fgetc(f);
    return first != EOF && ungetc(first, f) == RANGE_MAGIC[0];
}

enum status range_check(FILE *f, const struct hash *expect, struct verify_kept_list *kept, struct arena *a,
                        struct range_report *ret_report, struct verify_failure *ret_failure, struct err *err)
{
    struct range_report r = {0};
    struct range g = {.r = &r, .kept = kept, .ids = ids_new()};
    struct err own;
    chain_init(&g.chain, f, a, &r.chain, "RNG-1", ret_failure, err);
    arena_init(&g.block_arena, 0);
    enum status st = pack_read_magic(&g.chain.in, RANGE_MAGIC, &own);
    if (st != ST_OK)
        st = chain_refuse(&g.chain, "magic", "%s", own.text);
    if (st == ST_OK)
        st = head(&g, expect);
    if (st == ST_OK)
        st = frames(&g);
    r.chain.bytes = g.chain.in.next_offset;
    arena_deinit(&g.block_arena);
    chain_deinit(&g.chain);
    ids_free(g.ids);
    free(g.boundaries);
    if (st == ST_OK)
        *ret_report = r;
    return st;
}
