/* Submissions (.entry files) and leaves: what parses is the concatenation of its two parts, and prints back; its signature
 * verifies only for what was signed. The first byte chooses. */
#include "fuzz/fuzz.h"
#include "fuzz/known.h"
#include "crypto/hash.h"
#include "ledger/leaf.h"

enum { INPUT_MAX = 16384 };

static void check_leaf(const struct leaf *l, struct arena *a)
{
    struct hash id;
    struct err err = {0};
    struct buf b;
    size_t n = 0;
    buf_init(&b, l->bytes.n + 64);
    REQUIRE(codec_encode(&entry_desc, &l->entry, &b) == ST_OK && span_eq(buf_span(&b), l->entry_bytes), "the entry is identity");
    REQUIRE(codec_encode(&signature_desc, &l->signature, &b) == ST_OK && span_eq(buf_span(&b), l->bytes), "and the leaf");
    sha256(l->entry_bytes, &id);
    REQUIRE(hash_eq(&id, &l->id), "its id is its digest");
    (void)!leaf_verify(l);
    const struct record_desc *d = kind_desc((uint32_t)l->entry.kind);
    if (d != NULL && leaf_count_prose(l, &n, &err) == ST_OK)
        REQUIRE(n <= LIMIT_PROSE_PER_ENTRY + 64, "texts are counted: %zu", n);
    (void)a;
    buf_deinit(&b);
}

static void a_submission(struct span in, struct arena *a)
{
    struct submission s;
    struct leaf l;
    struct err err = {0};
    if (codec_decode(&submission_desc, in, a, &s, &err) != ST_OK)
        return;
    if (leaf_of_submission(&s, a, &l, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    check_leaf(&l, a);
    for (size_t i = 0; i < s.prose.n; i++)
        REQUIRE(leaf_accepts_prose(&l, &s.prose.v[i], &err) == ST_OK, "its texts were looked at");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct leaf l;
    struct err err = {0};
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    known_init();
    arena_init(&a, 1 << 24);
    if (take_u8(&in) % 2 == 0)
        a_submission(in, &a);
    else if (leaf_parse(in, &a, &l, &err) == ST_OK)
        check_leaf(&l, &a);
    arena_deinit(&a);
    return 0;
}
