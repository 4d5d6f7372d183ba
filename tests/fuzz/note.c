/* Signed notes, checkpoints and verifier keys: what parses prints to the same bytes; and only what was signed verifies. The
 * first byte chooses: a note, a checkpoint's text, a verifier key, or a note against known keys. */
#include "fuzz/fuzz.h"
#include "fuzz/known.h"
#include "merkle/checkpoint.h"

enum { INPUT_MAX = 8192, SIG_PRINTED_MAX = 72 };

static void a_note(struct span in, struct arena *a)
{
    struct signed_note note;
    struct err err = {0};
    struct buf b;
    if (note_parse(in, a, &note, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    buf_init(&b, in.n + 64);
    note_put_text(note.text, &b);
    bool printable = true;
    for (size_t i = 0; i < note.n && printable; i++) {
        const struct note_sig *s = &note.sigs[i];
        struct note_key k = {.name = s->name, .id = s->id};
        REQUIRE(note_name_ok(s->name), "names are checked");
        printable = s->sig.n <= SIG_PRINTED_MAX;
        if (printable)
            note_put_sig(&k, s->sig, &b);
    }
    if (printable)
        REQUIRE(span_eq(buf_span(&b), in), "a note prints as it was");
    buf_deinit(&b);
}

static void a_checkpoint(struct span in)
{
    struct checkpoint c;
    struct err err = {0};
    struct buf b;
    if (checkpoint_parse(in, &c, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    buf_init(&b, in.n + 64);
    checkpoint_put(&c, &b);
    REQUIRE(span_eq(buf_span(&b), in), "a checkpoint prints as it was");
    buf_deinit(&b);
}

static void a_key(struct span in)
{
    struct note_key k;
    struct err err = {0};
    struct buf b;
    if (note_key_parse(in, &k, &err) != ST_OK)
        return;
    buf_init(&b, in.n + 64);
    note_key_put(&k, &b);
    REQUIRE(span_eq(buf_span(&b), in), "a verifier key prints as it was");
    buf_deinit(&b);
}

/* Whatever verifies by the known keys has the text that they signed. */
static void a_signed_note(struct span in, struct arena *a)
{
    struct note_key keys[KNOWN_KEYS];
    struct checkpoint_seen seen[KNOWN_KEYS];
    struct checkpoint c;
    struct err err = {0};
    known_note_keys(keys);
    if (checkpoint_verify(in, keys, KNOWN_KEYS, a, &c, seen, &err) != ST_OK)
        return;
    struct buf b;
    buf_init(&b, 4096);
    checkpoint_put(&c, &b);
    REQUIRE(span_eq(buf_span(&b), known_checkpoint_text()), "only the signed text verifies");
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct span in = span_of(data, size);
    if (size > INPUT_MAX || size == 0)
        return 0;
    known_init();
    arena_init(&a, 1 << 22);
    uint8_t what = take_u8(&in);
    if (what % 4 == 0)
        a_note(in, &a);
    else if (what % 4 == 1)
        a_checkpoint(in);
    else if (what % 4 == 2)
        a_key(in);
    else
        a_signed_note(in, &a);
    arena_deinit(&a);
    return 0;
}
