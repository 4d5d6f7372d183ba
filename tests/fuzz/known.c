#include "fuzz/known.h"
#include "fuzz/fuzz.h"

static struct ed25519_key *keys[KNOWN_KEYS];

void known_init(void)
{
    struct err err = {0};
    if (keys[0] != NULL)
        return;
    REQUIRE(ed25519_init(&err) == ST_OK, "%s", err.text);
    for (size_t i = 0; i < KNOWN_KEYS; i++) {
        uint8_t seed[32];
        memset(seed, (int)(i + 1), sizeof seed);
        REQUIRE(ed25519_from_seed(seed, &keys[i]) == ST_OK, "a key");
    }
}

const struct ed25519_key *known_key(size_t i)
{
    return keys[i];
}

void known_note_keys(struct note_key ret_keys[KNOWN_KEYS])
{
    ret_keys[0] = note_key_make(span_str("test.example/ledger/log"), NOTE_ED25519, &keys[0]->pub);
    ret_keys[1] = note_key_make(span_str("test.example/ledger/p01"), NOTE_COSIGNATURE, &keys[1]->pub);
}

struct span known_checkpoint_text(void)
{
    return span_str("test.example/ledger\n41\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
}
