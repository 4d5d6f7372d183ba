/* CKP-1, CKP-2, and the C2SP pages they rest on. The published example is the one of c2sp.org/signed-note;
 * the rest is proto/vectors/checkpoint.json. */
#include "vectors.h"
#include "merkle/checkpoint.h"

static enum status status_of(const char *name)
{
    static const enum status all[] = {ST_OK,     ST_BADSIG,   ST_NOTFOUND,    ST_FORMAT,
                                      ST_BADKEY, ST_MISMATCH, ST_UNSUPPORTED, ST_LIMIT};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(status_name(all[i]), name) == 0)
            return all[i];
    cr_assert(false, "status %s", name);
    return ST_OK;
}

static struct note_key key_of(const char *vkey)
{
    struct note_key k;
    struct err e;
    cr_assert_eq(note_key_parse(span_str(vkey), &k, &e), ST_OK, "%s: %s", vkey, e.text);
    return k;
}

static struct note_key *load_keys(json_t *j, struct arena *a, size_t *ret_n)
{
    json_t *keys = json_object_get(j, "keys"), *k;
    struct note_key *v = arena_array(a, json_array_size(keys), sizeof *v);
    size_t i;
    json_array_foreach(keys, i, k)
    {
        v[i] = key_of(vectors_text(k, "vkey"));
    }
    *ret_n = i;
    return v;
}

Test(checkpoint, published_verifier_key_and_note)
{
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    static const char text[] =
        "This is an example message.\n\n\xe2\x80\x94 example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72Ine"
        "yaQM=\n";
    struct note_key k = key_of(vkey);
    struct signed_note note;
    struct arena a;
    struct buf b;
    struct sig64 sig;
    struct err e;
    arena_init(&a, 0);
    buf_init(&b, 1000);
    cr_assert_eq(k.id, 0x530d903a);
    cr_assert_eq(k.type, NOTE_ED25519);
    note_key_put(&k, &b);
    cr_assert_str_eq(buf_cstr(&b), vkey);
    cr_assert_eq(note_parse(span_str(text), &a, &note, &e), ST_OK, "%s", e.text);
    cr_assert(span_eqs(note.text, "This is an example message.\n"));
    cr_assert_eq(note.n, 1);
    cr_assert_eq(note.sigs[0].id, k.id);
    cr_assert_eq(note.sigs[0].line, 3);
    cr_assert(span_eq(note.sigs[0].name, k.name));
    cr_assert_eq(note.sigs[0].sig.n, 64);
    memcpy(sig.b, note.sigs[0].sig.p, 64);
    cr_assert_eq(ed25519_verify(&k.key, note.text, &sig), ST_OK);
    buf_reset(&b);
    note_put_text(note.text, &b);
    note_put_sig(&k, note.sigs[0].sig, &b);
    cr_assert_str_eq(buf_cstr(&b), text);
    buf_deinit(&b);
    arena_deinit(&a);
}

Test(checkpoint, accepted)
{
    json_t *j = vectors_load("checkpoint.json"), *c, *t;
    size_t i, k, n;
    json_array_foreach(json_object_get(j, "accept"), i, c)
    {
        struct arena a;
        struct checkpoint_seen seen[3];
        struct checkpoint cp;
        struct err e;
        arena_init(&a, 1 << 20);
        struct note_key *keys = load_keys(j, &a, &n);
        cr_assert_eq(n, 3);
        cr_assert_eq(checkpoint_verify(span_str(vectors_text(c, "note")), keys, n, &a, &cp, seen, &e), ST_OK,
                     "%s: %s", vectors_text(c, "why"), e.text);
        cr_assert(span_eq(cp.origin, keys[0].name));
        json_array_foreach(json_object_get(c, "times"), k, t)
        {
            bool signed_it = !json_is_integer(t) || json_integer_value(t) >= 0;
            cr_assert_eq(seen[k].signed_it, signed_it, "%s: key %zu", vectors_text(c, "why"), k);
            if (json_is_integer(t) && signed_it)
                cr_assert_eq(seen[k].time_s, (uint64_t)json_integer_value(t));
        }
        arena_deinit(&a);
    }
    cr_assert_eq(i, 6);
    json_decref(j);
}

Test(checkpoint, refused)
{
    json_t *j = vectors_load("checkpoint.json"), *c;
    size_t i, n;
    json_array_foreach(json_object_get(j, "reject"), i, c)
    {
        struct arena a;
        struct checkpoint_seen seen[3] = {{.time_s = 77}};
        struct checkpoint cp = {.size = 99};
        struct err e = {.text = ""};
        arena_init(&a, 1 << 20);
        struct note_key *keys = load_keys(j, &a, &n);
        enum status st = checkpoint_verify(span_str(vectors_text(c, "note")), keys, n, &a, &cp, seen, &e);
        cr_assert_eq(st, status_of(vectors_text(c, "status")), "%s: %s %s", vectors_text(c, "why"),
                     status_name(st), e.text);
        cr_assert(strstr(e.text, vectors_text(c, "message")) != NULL, "%s: %s", vectors_text(c, "why"),
                  e.text);
        cr_assert_eq(cp.size, 99, "untouched on failure");
        cr_assert_eq(seen[0].time_s, 77, "untouched on failure");
        arena_deinit(&a);
    }
    cr_assert_gt(i, 25);
    json_array_foreach(json_object_get(j, "reject_vkeys"), i, c)
    {
        struct note_key k;
        struct err e;
        enum status st = note_key_parse(span_str(vectors_text(c, "vkey")), &k, &e);
        cr_assert_eq(st, status_of(vectors_text(c, "status")), "%s: %s %s", vectors_text(c, "vkey"),
                     status_name(st), e.text);
    }
    cr_assert_gt(i, 8);
    json_decref(j);
}

/* Ed25519 is deterministic: what we write is what the vectors hold, byte for byte. */
Test(checkpoint, written)
{
    json_t *j = vectors_load("checkpoint.json"), *keys = json_object_get(j, "keys");
    struct ed25519_key *secret[3];
    struct arena a;
    struct buf text, note;
    struct err e;
    size_t n;
    cr_assert_eq(ed25519_init(&e), ST_OK, "%s", e.text);
    arena_init(&a, 0);
    struct note_key *pub = load_keys(j, &a, &n);
    for (size_t i = 0; i < 3; i++) {
        struct hash seed = vectors_hash(vectors_text(json_array_get(keys, i), "seed"));
        cr_assert_eq(ed25519_from_seed(seed.b, &secret[i]), ST_OK);
        struct note_key made = note_key_make(pub[i].name, pub[i].type, &secret[i]->pub);
        cr_assert_eq(made.id, pub[i].id);
    }
    buf_init(&text, 1000);
    buf_init(&note, 10000);
    const char *want = vectors_text(json_array_get(json_object_get(j, "accept"), 0), "note");
    struct checkpoint cp = {pub[0].name,
                            20852163,
                            vectors_hash("4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2"),
                            {0}};
    checkpoint_put(&cp, &text);
    note_put_text(buf_span(&text), &note);
    checkpoint_sign(buf_span(&text), &pub[0], secret[0], &note);
    cr_assert_str_eq(buf_cstr(&note), want);
    checkpoint_cosign(buf_span(&text), &pub[1], secret[1], 1795425600, &note);
    checkpoint_cosign(buf_span(&text), &pub[2], secret[2], 1795425601, &note);
    want = vectors_text(json_array_get(json_object_get(j, "accept"), 1), "note");
    const char *line = strstr(buf_cstr(&note), "/brand ");
    cr_assert(line != NULL);
    char brand[400];
    (void)snprintf(brand, sizeof brand, "%.*s", (int)strcspn(line, "\n"), line);
    cr_assert(strstr(want, brand) != NULL);
    line = strstr(buf_cstr(&note), "/copacker ");
    cr_assert(line != NULL && strstr(want, line) != NULL);
    for (size_t i = 0; i < 3; i++)
        ed25519_free(secret[i]);
    buf_deinit(&text);
    buf_deinit(&note);
    arena_deinit(&a);
    json_decref(j);
}

Test(checkpoint, bounds)
{
    struct arena a;
    struct signed_note note;
    struct buf b;
    struct err e;
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    buf_printf(&b, "x\n\n");
    for (int i = 0; i < NOTE_SIGS_MAX; i++)
        buf_printf(&b, "\xe2\x80\x94 a%d AAAAAAA=\n", i);
    cr_assert_eq(note_parse(buf_span(&b), &a, &note, &e), ST_OK, "%s", e.text);
    cr_assert_eq(note.n, NOTE_SIGS_MAX);
    buf_printf(&b, "\xe2\x80\x94 a AAAAAAA=\n");
    cr_assert_eq(note_parse(buf_span(&b), &a, &note, &e), ST_LIMIT);
    cr_assert_str_eq(e.text, "257 signature lines, at most 256");
    buf_reset(&b);
    buf_printf(&b, "%070000d", 0);
    cr_assert_eq(note_parse(buf_span(&b), &a, &note, &e), ST_LIMIT);
    /* The text ends at the last empty line, so it may hold empty lines itself. */
    buf_reset(&b);
    buf_printf(&b, "a\n\nb\n\n\xe2\x80\x94 k AAAAAAA=\n");
    cr_assert_eq(note_parse(buf_span(&b), &a, &note, &e), ST_OK, "%s", e.text);
    cr_assert(span_eqs(note.text, "a\n\nb\n"));
    cr_assert_eq(note.sigs[0].line, 5);
    for (size_t i = 0; i < 40; i++) /* no prefix of a note, and no byte 0xff in it, does harm */
        (void)!note_parse(span_of(b.p, i < b.n ? i : b.n), &a, &note, NULL);
    b.p[1] = 0xff;
    cr_assert_eq(note_parse(buf_span(&b), &a, &note, &e), ST_FORMAT);
    cr_assert_eq(note_parse((struct span){0}, &a, &note, &e), ST_FORMAT);
    buf_deinit(&b);
    arena_deinit(&a);
}
