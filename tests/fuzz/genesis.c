/* .genesis files and cards: what is read is canonical; with signatures of all founders only if it is the one that they
 * signed. The first byte chooses: a draft, a founded one, a card. */
#include "crypto/ed25519.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"
#include "ledger/genesis.h"

enum { INPUT_MAX = 32768 };

static void a_genesis(struct span in, bool signed_too, struct arena *a)
{
    struct genesis_info g;
    struct err err = {0};
    struct buf b;
    if (genesis_read(in, signed_too, a, &g, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    buf_init(&b, in.n + 64);
    REQUIRE(codec_encode(&genesis_desc, &g.genesis, &b) == ST_OK && span_eq(buf_span(&b), in), "reading is identity");
    struct hash id;
    genesis_alliance_id(g.genesis.sections.v, g.genesis.sections.n, &id);
    REQUIRE(hash_eq(&id, &g.alliance), "the alliance id is that of the sections");
    REQUIRE(g.name.n > 0 && g.origin.n > 0, "it has a name and an origin");
    buf_deinit(&b);
}

static void a_card(struct span in, struct arena *a)
{
    struct signed_card s;
    struct card c;
    struct hash digest;
    struct err err = {0};
    struct buf b;
    if (genesis_check_card(in, a, &s, &c, &digest, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    buf_init(&b, in.n + 64);
    REQUIRE(codec_encode(&signed_card_desc, &s, &b) == ST_OK && span_eq(buf_span(&b), in), "reading is identity");
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    known_init();
    arena_init(&a, 1 << 25);
    uint8_t what = take_u8(&in);
    if (what % 3 == 2)
        a_card(in, &a);
    else
        a_genesis(in, what % 3 == 1, &a);
    arena_deinit(&a);
    return 0;
}
