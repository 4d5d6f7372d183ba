#include "cli/pack_kept.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "merkle/rfc6962.h"
#include "pack/pack.h"

struct prefix {
    struct frontier tree;
    struct hash block; /* id of the newest */
};

/* Does it hang together with what came before? */
static bool follows(struct prefix *p, uint64_t height, const struct pack_block *b, struct arena *a)
{
    struct header h;
    struct block_record rec;
    struct hash leaf, root;
    struct err err;
    struct frontier tree = p->tree;
    if (codec_decode(&header_desc, b->header, a, &h, &err) != ST_OK || codec_decode(&block_record_desc, h.record, a, &rec, &err) != ST_OK ||
        rec.height != height)
        return false;
    if (height > 0) {
        if (!hash_eq(&rec.prev, &p->block))
            return false;
        rfc6962_leaf(h.record, &leaf);
        frontier_append(&tree, &leaf);
        for (size_t i = 0; i < b->leaves.n; i++) {
            rfc6962_leaf(b->leaves.v[i], &leaf);
            frontier_append(&tree, &leaf);
        }
    }
    frontier_root(&tree, &root);
    if (tree.size != h.size || !hash_eq(&root, &h.root))
        return false;
    p->tree = tree;
    sha256(b->header, &p->block);
    return true;
}

/* The head, and the tree after block 0, whose leaves it holds. False: it is none. */
static bool head_of(struct cli *c, struct span body, struct prefix *p, struct hash *ret_alliance)
{
    struct pack_head head;
    struct genesis_info g;
    struct block b;
    struct err err;
    struct span own = arena_dup(&c->a, body);
    if (codec_decode(&pack_head_desc, own, &c->a, &head, &err) != ST_OK || genesis_read(head.genesis, true, &c->a, &g, &err) != ST_OK ||
        block_genesis(&g, &c->a, &b, &err) != ST_OK)
        return false;
    p->tree = b.after.tree;
    *ret_alliance = g.alliance;
    return true;
}

enum status pack_kept_read(struct cli *c, FILE *f, struct pack_kept *ret, struct err *err)
{
    struct pack_reader in;
    struct prefix p = {0};
    struct hash alliance;
    struct span body;
    struct err own;
    uint32_t kind;
    enum status st = ST_OK;
    *ret = (struct pack_kept){0};
    pack_reader_init(&in, f);
    char magic[sizeof PACK_MAGIC - 1];
    size_t begun = fread(magic, 1, sizeof magic, f);
    rewind(f);
    if (memcmp(magic, PACK_MAGIC, begun) != 0) /* somebody's, and not to be written over */
        return err_set(err, ST_MISMATCH, "it is no beginning of a pack");
    bool good = pack_read_magic(&in, PACK_MAGIC, &own) == ST_OK && pack_read(&in, &kind, &body, &own) == ST_OK && kind == pack_head_desc.number &&
                head_of(c, body, &p, &alliance);
    if (good && !hash_eq(&alliance, &c->info.alliance)) {
        good = false;
        st = err_set(err, ST_MISMATCH, "it is the beginning of a pack of alliance %s; this node keeps %s", hex_of(&alliance).s,
                     hex_of(&c->info.alliance).s);
    }
    for (uint64_t height = 0; good; height++) {
        struct arena a CLEANUP(arena_deinit);
        struct pack_block b;
        arena_init(&a, 0);
        long at = (long)in.next_offset;
        struct hash last = p.block;
        if (pack_read(&in, &kind, &body, &own) != ST_OK || kind != pack_block_desc.number ||
            codec_decode(&pack_block_desc, body, &a, &b, &own) != ST_OK || !follows(&p, height, &b, &a))
            break;
        if (height > 0)
            *ret = (struct pack_kept){.next = height, .end = at, .last = last}; /* all but this one */
    }
    pack_reader_deinit(&in);
    return st;
}
