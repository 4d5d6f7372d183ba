/* TRE-1. Published vectors: the eight leaves of Google's certificate-transparency tests (today
 * transparency-dev/merkle, testonly/constants.go: LeafInputs, RootHashes; testonly/reference_test.go:
 * TestRefInclusionProof, TestRefConsistencyProof; rfc6962/rfc6962_test.go; compact/range_test.go:
 * TestGetRootHashGolden). The others are in proto/vectors/tree.json. */
#include "vectors.h"
#include "merkle/frontier.h"
#include "merkle/rfc6962.h"

static const char *const leaf_hex[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
};

static const char *const root_hex[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static const struct {
    uint64_t index, size; /* of a consistency proof: the two sizes */
    size_t n;
    const char *proof[3];
} inclusions[] =
    {
        {0, 1, 0, {0}},
        {0, 2, 1, {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"}},
        {1, 2, 1, {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"}},
        {2, 3, 1, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
        {1,
         5,
         3,
         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
        {0,
         8,
         3,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {5,
         8,
         3,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
},
  consistencies[] = {
      {1, 1, 0, {0}},
      {1,
       8,
       3,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {6,
       8,
       3,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2,
       5,
       2,
       {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static struct hash leaf_of(size_t i)
{
    struct arena a;
    struct span bytes;
    struct hash h;
    arena_init(&a, 0);
    cr_assert(hex_decode(span_str(leaf_hex[i]), &a, &bytes) == ST_OK);
    rfc6962_leaf(bytes, &h);
    arena_deinit(&a);
    return h;
}

Test(rfc6962, published_hashes)
{
    struct hash h, leaves[8];
    rfc6962_leaf(span_str("L123456"), &h);
    cr_assert_str_eq(hex_of(&h).s, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    for (size_t i = 0; i < 8; i++)
        leaves[i] = leaf_of(i);
    for (size_t n = 0; n <= 8; n++) {
        rfc6962_root(leaves, n, &h);
        cr_assert_str_eq(hex_of(&h).s, root_hex[n], "size %zu", n);
    }
}

Test(rfc6962, published_frontier_roots)
{
    static const struct {
        uint64_t size;
        const char *root;
    } want[] = {
        {10, "VjWMPSYNtCuCNlF/RLnQy6HcwSk6CIipfxm+hettA+4="},
        {15, "j4SulYmocFuxdeyp12xXCIgK6PekBcxzAIj4zbQzNEI="},
        {16, "c+4Uc6BCMOZf/v3NZK1kqTUJe+bBoFtOhP+P3SayKRE="},
        {100, "dUh9hYH88p0CMoHkdr1wC2szbhcLAXOejWpINIooKUY="},
        {255, "SmdsuKUqiod3RX2jyF2M6JnbdE4QuTwwipfAowI4/i0="},
    };
    struct frontier f = {0};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        while (f.size < want[i].size) {
            const uint8_t data[2] = {(uint8_t)f.size, (uint8_t)(f.size >> 8)};
            struct hash h;
            rfc6962_leaf(span_of(data, 2), &h);
            frontier_append(&f, &h);
        }
        struct hash got, root = vectors_hash64(want[i].root);
        frontier_root(&f, &got);
        cr_assert(hash_eq(&got, &root), "size %" PRIu64, want[i].size);
    }
}

Test(rfc6962, split)
{
    static const uint64_t t[][2] = {{2, 1},   {3, 2},         {4, 2},
                                    {5, 4},   {7, 4},         {8, 4},
                                    {63, 32}, {28937, 16384}, {UINT64_MAX, (uint64_t)1 << 63}};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        cr_assert_eq(rfc6962_split(t[i][0]), t[i][1], "n = %" PRIu64, t[i][0]);
}

static size_t load(const char *const *hex, size_t n, struct hash *v)
{
    for (size_t i = 0; i < n; i++)
        v[i] = vectors_hash(hex[i]);
    return n;
}

Test(rfc6962, published_inclusion_and_what_breaks_it)
{
    for (size_t t = 0; t < ARRAY_LEN(inclusions); t++) {
        struct hash p[4], root = vectors_hash(root_hex[inclusions[t].size]),
                          leaf = leaf_of(inclusions[t].index);
        uint64_t index = inclusions[t].index, size = inclusions[t].size;
        size_t n = load(inclusions[t].proof, inclusions[t].n, p);
        struct err e;
        cr_assert_eq(rfc6962_verify_inclusion(&leaf, index, size, p, n, &root, &e), ST_OK, "case %zu", t);
        /* Whatever differs by one is refused. */
        cr_assert_neq(rfc6962_verify_inclusion(&leaf, index + 1, size, p, n, &root, NULL), ST_OK, "case %zu",
                      t);
        cr_assert_neq(rfc6962_verify_inclusion(&leaf, index ^ 2, size, p, n, &root, NULL), ST_OK, "case %zu",
                      t);
        cr_assert_neq(rfc6962_verify_inclusion(&leaf, index, size * 2, p, n, &root, NULL), ST_OK, "case %zu",
                      t);
        cr_assert_neq(rfc6962_verify_inclusion(&leaf, index, size / 2, p, n, &root, NULL), ST_OK, "case %zu",
                      t);
        p[n] = root;
        cr_assert_eq(rfc6962_verify_inclusion(&leaf, index, size, p, n + 1, &root, &e), ST_MISMATCH);
        cr_assert(strstr(e.text, "too long") != NULL, "%s", e.text);
        for (size_t i = 0; i < n; i++) {
            p[i].b[31] ^= 1;
            cr_assert_eq(rfc6962_verify_inclusion(&leaf, index, size, p, n, &root, &e), ST_MISMATCH);
            cr_assert(strstr(e.text, hex_of(&root).s) != NULL, "%s", e.text);
            p[i].b[31] ^= 1;
        }
        if (n == 0)
            continue;
        cr_assert_eq(rfc6962_verify_inclusion(&leaf, index, size, p, n - 1, &root, &e), ST_MISMATCH);
        cr_assert(strstr(e.text, "too short") != NULL, "%s", e.text);
    }
    struct hash root = vectors_hash(root_hex[8]), leaf = leaf_of(0);
    struct err e;
    cr_assert_eq(rfc6962_verify_inclusion(&leaf, 8, 8, NULL, 0, &root, &e), ST_RANGE);
    cr_assert_str_eq(e.text, "leaf 8 is not in a tree of 8 leaves");
    cr_assert_eq(rfc6962_verify_inclusion(&leaf, 0, 0, NULL, 0, &root, NULL), ST_RANGE);
}

Test(rfc6962, published_consistency_and_what_breaks_it)
{
    for (size_t t = 0; t < ARRAY_LEN(consistencies); t++) {
        uint64_t a = consistencies[t].index, b = consistencies[t].size;
        struct hash p[4], r1 = vectors_hash(root_hex[a]), r2 = vectors_hash(root_hex[b]), other = r2;
        size_t n = load(consistencies[t].proof, consistencies[t].n, p);
        struct err e;
        other.b[0] ^= 1;
        cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &r2, p, n, &e), ST_OK, "case %zu", t);
        cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &other, p, n, &e), ST_MISMATCH);
        cr_assert(strstr(e.text, "second root") != NULL, "%s", e.text);
        cr_assert_neq(rfc6962_verify_consistency(a, &other, b, &r2, p, n, NULL), ST_OK);
        p[n] = r1;
        cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &r2, p, n + 1, NULL), ST_MISMATCH);
        for (size_t i = 0; i < n; i++) {
            p[i].b[7] ^= 4;
            cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &r2, p, n, NULL), ST_MISMATCH);
            p[i].b[7] ^= 4;
        }
        if (n == 0)
            continue;
        cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &r2, p, n - 1, &e), ST_MISMATCH);
        cr_assert(strstr(e.text, n > 1 ? "too short" : "empty") != NULL, "%s", e.text);
        cr_assert_eq(rfc6962_verify_consistency(a, &r1, b, &r2, NULL, 0, &e), ST_MISMATCH);
        cr_assert(strstr(e.text, "empty") != NULL, "%s", e.text);
        cr_assert_eq(rfc6962_verify_consistency(b, &r2, a, &r1, p, n, &e), ST_RANGE);
    }
}

Test(rfc6962, consistency_edges)
{
    struct hash none = vectors_hash(root_hex[0]), r3 = vectors_hash(root_hex[3]),
                r4 = vectors_hash(root_hex[4]);
    cr_assert_eq(rfc6962_verify_consistency(0, &none, 4, &r4, NULL, 0, NULL), ST_OK);
    cr_assert_eq(rfc6962_verify_consistency(0, &r3, 4, &r4, NULL, 0, NULL), ST_MISMATCH);
    cr_assert_eq(rfc6962_verify_consistency(0, &none, 4, &r4, &r4, 1, NULL), ST_MISMATCH);
    cr_assert_eq(rfc6962_verify_consistency(0, &none, 0, &none, NULL, 0, NULL), ST_OK);
    cr_assert_eq(rfc6962_verify_consistency(0, &none, 0, &r3, NULL, 0, NULL), ST_MISMATCH);
    cr_assert_eq(rfc6962_verify_consistency(4, &r4, 4, &r4, NULL, 0, NULL), ST_OK);
    cr_assert_eq(rfc6962_verify_consistency(4, &r4, 4, &r3, NULL, 0, NULL), ST_MISMATCH);
    cr_assert_eq(rfc6962_verify_consistency(4, &r4, 4, &r4, &r4, 1, NULL), ST_MISMATCH);
}
