/* TRE-2, and the generation half of TRE-1: every proof is the one of proto/vectors/tree.json, byte for byte.
 */
#include "vectors.h"
#include "merkle/tiles.h"

/* Tiles in memory: room for 70,000 leaves. */
enum { TILES = 280, LEAVES = 70000 };

struct memory {
    struct hash row[3][TILES][TILE_WIDTH];
    size_t width[3][TILES];
    unsigned reads, writes, fail_write; /* fail_write: writes left before one fails; 0 never */
};

static enum status mem_read(void *ctx, unsigned level, uint64_t tile, size_t first, size_t n,
                            struct hash *ret_hashes)
{
    struct memory *m = ctx;
    cr_assert_lt(level, 3);
    cr_assert_lt(tile, TILES);
    cr_assert_geq(n, 1);
    cr_assert_leq(first + n, TILE_WIDTH);
    m->reads++;
    if (first + n > m->width[level][tile])
        return ST_NOTFOUND;
    memcpy(ret_hashes, &m->row[level][tile][first], n * sizeof *ret_hashes);
    return ST_OK;
}

static enum status mem_write(void *ctx, unsigned level, uint64_t tile, const struct hash *hashes, size_t n)
{
    struct memory *m = ctx;
    cr_assert_lt(level, 3);
    cr_assert_lt(tile, TILES);
    cr_assert_leq(n, TILE_WIDTH);
    if (m->fail_write != 0 && --m->fail_write == 0)
        return ST_NOSPACE;
    /* What was there stays (append-only). */
    size_t was = m->width[level][tile] < n ? m->width[level][tile] : n;
    cr_assert(was == 0 || memcmp(m->row[level][tile], hashes, was * sizeof *hashes) == 0);
    m->writes++;
    m->width[level][tile] = n;
    memcpy(m->row[level][tile], hashes, n * sizeof *hashes);
    return ST_OK;
}

static void leaves_make(struct hash *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "leaf %zu", i);
        rfc6962_leaf(span_str(text), &v[i]);
    }
}

static struct memory *mem;
static struct hash *leaf;
static struct tile_reader reader;
static struct tile_writer writer;

static void begin(void)
{
    mem = calloc(1, sizeof *mem);
    leaf = calloc(LEAVES, sizeof *leaf);
    cr_assert(mem != NULL);
    cr_assert(leaf != NULL);
    leaves_make(leaf, LEAVES);
    reader = (struct tile_reader){mem, mem_read};
    writer = (struct tile_writer){mem, mem_write};
}

static void end(void)
{
    free(mem);
    free(leaf);
}

TestSuite(tiles, .init = begin, .fini = end);

/* Appends up to `size` in batches that grow, so that they meet tile edges in many ways. */
static void grow(uint64_t from, uint64_t size)
{
    for (uint64_t at = from, batch = 1; at < size; batch = batch % 700 + 37) {
        uint64_t n = batch < size - at ? batch : size - at;
        cr_assert_eq(tiles_append(at, leaf + at, (size_t)n, &reader, &writer), ST_OK);
        at += n;
    }
}

Test(tiles, roots_and_frontier_at_any_size)
{
    json_t *j = vectors_load("tree.json"), *root;
    const char *size_text;
    struct frontier f = {0};
    size_t seen = 0;
    grow(0, LEAVES);
    json_object_foreach(json_object_get(j, "roots"), size_text, root)
    {
        uint64_t size = strtoull(size_text, NULL, 10);
        struct hash want = vectors_hash64(json_string_value(root)), got;
        cr_assert_eq(tiles_root(&reader, size, &got), ST_OK);
        cr_assert(hash_eq(&got, &want), "tiles, size %s", size_text);
        for (; f.size < size;)
            frontier_append(&f, &leaf[f.size]);
        cr_assert_eq(f.size, size, "sizes ascend");
        frontier_root(&f, &got);
        cr_assert(hash_eq(&got, &want), "frontier, size %s", size_text);
        struct frontier loaded;
        cr_assert_eq(tiles_frontier(&reader, size, &loaded), ST_OK);
        for (unsigned k = 0; k < 64; k++)
            cr_assert((size >> k & 1) == 0 || hash_eq(&loaded.h[k], &f.h[k]), "size %s bit %u", size_text, k);
        seen++;
    }
    cr_assert_eq(seen, 30);
    json_decref(j);
}

Test(tiles, inclusion_proofs)
{
    json_t *j = vectors_load("tree.json"), *c, *h;
    size_t i, k;
    grow(0, LEAVES);
    json_array_foreach(json_object_get(j, "inclusion"), i, c)
    {
        uint64_t index = vectors_u64(c, "index"), size = vectors_u64(c, "size");
        struct rfc6962_proof p;
        struct hash root;
        cr_assert_eq(tiles_inclusion(&reader, index, size, &p), ST_OK);
        cr_assert_eq(p.n, json_array_size(json_object_get(c, "proof")), "%" PRIu64 " in %" PRIu64, index,
                     size);
        json_array_foreach(json_object_get(c, "proof"), k, h)
        {
            struct hash want = vectors_hash64(json_string_value(h));
            cr_assert(hash_eq(&want, &p.v[k]), "%" PRIu64 " in %" PRIu64 ", hash %zu", index, size, k);
        }
        cr_assert_eq(tiles_root(&reader, size, &root), ST_OK);
        cr_assert_eq(rfc6962_verify_inclusion(&leaf[index], index, size, p.v, p.n, &root, NULL), ST_OK);
    }
    cr_assert_gt(i, 200);
    json_decref(j);
}

Test(tiles, consistency_proofs)
{
    json_t *j = vectors_load("tree.json"), *c, *h;
    size_t i, k;
    grow(0, LEAVES);
    json_array_foreach(json_object_get(j, "consistency"), i, c)
    {
        uint64_t a = vectors_u64(c, "size1"), b = vectors_u64(c, "size2");
        struct rfc6962_proof p;
        struct hash r1, r2;
        cr_assert_eq(tiles_consistency(&reader, a, b, &p), ST_OK);
        cr_assert_eq(p.n, json_array_size(json_object_get(c, "proof")), "%" PRIu64 " to %" PRIu64, a, b);
        json_array_foreach(json_object_get(c, "proof"), k, h)
        {
            struct hash want = vectors_hash64(json_string_value(h));
            cr_assert(hash_eq(&want, &p.v[k]), "%" PRIu64 " to %" PRIu64 ", hash %zu", a, b, k);
        }
        cr_assert_eq(tiles_root(&reader, a, &r1), ST_OK);
        cr_assert_eq(tiles_root(&reader, b, &r2), ST_OK);
        cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &r2, p.v, p.n, NULL), ST_OK);
    }
    cr_assert_gt(i, 200);
    json_decref(j);
}

/* The example of tlog-tiles: a tree of 70,000 is 273 full tiles and one of 112; one full and one of 17; one
 * of 1. */
Test(tiles, layout_of_the_specification)
{
    grow(0, LEAVES);
    for (uint64_t t = 0; t < TILES; t++)
        for (unsigned level = 0; level < 3; level++)
            cr_assert_eq(mem->width[level][t], tiles_width(LEAVES, level, t), "level %u tile %" PRIu64, level,
                         t);
    cr_assert_eq(tiles_width(LEAVES, 0, 272), 256);
    cr_assert_eq(tiles_width(LEAVES, 0, 273), 112);
    cr_assert_eq(tiles_width(LEAVES, 0, 274), 0);
    cr_assert_eq(tiles_width(LEAVES, 1, 0), 256);
    cr_assert_eq(tiles_width(LEAVES, 1, 1), 17);
    cr_assert_eq(tiles_width(LEAVES, 2, 0), 1);
    cr_assert_eq(tiles_width(LEAVES, 3, 0), 0);
    cr_assert_eq(tiles_width(256, 0, 0), 256);
    cr_assert_eq(tiles_width(256, 1, 0), 1);
    cr_assert_eq(tiles_width(UINT64_MAX, 7, 0), 255);
    cr_assert_eq(tiles_width(UINT64_MAX, 8, 0), 0);
}

Test(tiles, paths)
{
    cr_assert_str_eq(tiles_path(0, 0, 256).s, "tile/0/000");
    cr_assert_str_eq(tiles_path(1, 1234067, 256).s, "tile/1/x001/x234/067");
    cr_assert_str_eq(tiles_path(0, 273, 112).s, "tile/0/273.p/112");
    cr_assert_str_eq(tiles_path(2, 1000, 1).s, "tile/2/x001/000.p/1");
    cr_assert_str_eq(tiles_entries_path(999, 255).s, "tile/entries/999.p/255");
    cr_assert_str_eq(tiles_path(0, UINT64_MAX, 17).s, "tile/0/x018/x446/x744/x073/x709/x551/615.p/17");
    struct buf b;
    static const uint8_t big[65536];
    buf_init(&b, 100000);
    cr_assert_eq(tiles_entry(span_str("abc"), &b), ST_OK);
    cr_assert(span_eq(buf_span(&b), span_of("\0\003abc", 5)));
    cr_assert_eq(tiles_entry(span_of(big, 65536), &b), ST_LIMIT);
    cr_assert_eq(tiles_entry(span_of(big, 65535), &b), ST_OK);
    cr_assert_eq(b.n, 5 + 2 + 65535);
    cr_assert(b.p[5] == 0xff && b.p[6] == 0xff);
    buf_deinit(&b);
}

/* A failed write leaves rows longer than the size; appending again from that size gives the right tree. */
Test(tiles, append_again_after_a_failure)
{
    grow(0, 65000);
    for (unsigned fail = 1; fail <= 4; fail++) {
        mem->fail_write = fail;
        cr_assert_eq(tiles_append(65000, leaf + 65000, 1000, &reader, &writer), ST_NOSPACE);
    }
    mem->fail_write = 0;
    cr_assert_eq(tiles_append(65000, leaf + 65000, 1000, &reader, &writer), ST_OK);
    struct hash got, want;
    rfc6962_root(leaf, 66000, &want);
    cr_assert_eq(tiles_root(&reader, 66000, &got), ST_OK);
    cr_assert(hash_eq(&got, &want));
}

Test(tiles, missing_rows_and_cost)
{
    struct rfc6962_proof p = {.n = 7};
    struct hash h = {{9}};
    grow(0, 1000);
    cr_assert_eq(tiles_root(&reader, 1001, &h), ST_NOTFOUND);
    cr_assert_eq(h.b[0], 9, "untouched on failure");
    cr_assert_eq(tiles_inclusion(&reader, 0, 1001, &p), ST_NOTFOUND);
    cr_assert_eq(tiles_consistency(&reader, 900, 1001, &p), ST_NOTFOUND);
    cr_assert_eq(p.n, 7, "untouched on failure");
    grow(1000, LEAVES);
    mem->reads = 0;
    cr_assert_eq(tiles_inclusion(&reader, 12345, LEAVES, &p), ST_OK);
    cr_assert_leq(mem->reads, 3 * 8 + 17);
}
