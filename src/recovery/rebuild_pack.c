#include "recovery/rebuild.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "pack/pack.h"

/* A pack's frames in their order: what is behind the tip of the store is passed over. */
struct of_pack {
    struct pack_reader reader;
    struct arena held; /* the certificate of the block read last */
    struct span certificate;
    uint64_t next; /* height of the next block frame */
};

/* The next block frame; ST_END: there is none. */
static enum status next_block(struct of_pack *p, struct arena *a, struct pack_block *ret, struct err *err)
{
    uint32_t kind;
    struct span body;
    enum status st = pack_read(&p->reader, &kind, &body, err);
    if (st != ST_OK)
        return st;
    if (kind != pack_block_desc.number)
        return ST_END;
    return codec_decode(&pack_block_desc, arena_dup(a, body), a, ret, err);
}

/* Keeps what stands for its certificate: the next block names it. */
static void hold(struct of_pack *p, const struct pack_block *b)
{
    arena_deinit(&p->held);
    arena_init(&p->held, 0);
    p->certificate = HAS(b, pack_block_key_certificate) ? arena_dup(&p->held, b->certificate) : (struct span){NULL, 0};
    p->next++;
}

static enum status of_pack(void *ctx, uint64_t height, struct arena *a, struct rebuild_block *ret, const char **ret_what, struct err *err)
{
    struct of_pack *p = ctx;
    struct pack_block b = {0};
    *ret_what = "its frame in the pack";
    while (p->next < height) {
        struct arena passed CLEANUP(arena_deinit);
        arena_init(&passed, 0);
        enum status st = next_block(p, &passed, &b, err);
        if (st != ST_OK)
            return st;
        hold(p, &b);
    }
    /* Of block 0 only a refounding has a place in a pack; else its certificate is the founding's signatures. */
    struct span last = p->certificate;
    enum status st = next_block(p, a, &b, err);
    if (st != ST_OK)
        return st;
    *ret = (struct rebuild_block){.header = b.header,
                                  .certificate = b.certificate,
                                  .last_commit = last.p == NULL ? last : arena_dup(a, last),
                                  .leaves = b.leaves.v,
                                  .n_leaves = b.leaves.n,
                                  .prose = b.prose};
    hold(p, &b);
    return ST_OK;
}

static enum status begin(struct of_pack *p, struct store *to, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_head head;
    struct view v;
    struct tip tip;
    uint32_t kind;
    struct span body;
    arena_init(&a, 0);
    enum status st = pack_read_magic(&p->reader, PACK_MAGIC, err);
    if (st == ST_OK)
        st = pack_read(&p->reader, &kind, &body, err);
    if (st == ST_OK && kind != pack_head_desc.number)
        st = err_set(err, ST_FORMAT, "it does not begin as a pack does");
    if (st == ST_OK)
        st = codec_decode(&pack_head_desc, body, &a, &head, err);
    if (st == ST_OK)
        st = store_read_begin(to, &v, err);
    if (st != ST_OK)
        return st == ST_END ? err_set(err, ST_FORMAT, "it is cut off") : st;
    st = tip_load(&v, &tip, err);
    store_read_end(to, &v);
    if (st == ST_OK && !hash_eq(&head.alliance, &tip.alliance))
        st = err_set(err, ST_MISMATCH, "it is of alliance %s, and the node is of %s", hex_of(&head.alliance).s, hex_of(&tip.alliance).s);
    return st;
}

enum status rebuild_from_pack(FILE *pack, struct store *to, void (*at)(void *ctx, const char *where), void *ctx,
                              struct rebuild_result *ret_result, struct err *err)
{
    struct of_pack p = {0};
    pack_reader_init(&p.reader, pack);
    arena_init(&p.held, 0);
    enum status st = begin(&p, to, err);
    struct rebuild_source source = {&p, of_pack};
    if (st == ST_OK)
        st = rebuild_blocks(&source, to, at, ctx, ret_result, err);
    arena_deinit(&p.held);
    pack_reader_deinit(&p.reader);
    return st;
}
