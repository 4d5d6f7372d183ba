/* SIG-2 and SSHSIG: signatures by namespace, against vectors and by the bytes. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <sodium.h>
#include "base/base.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "crypto/sshwire.h"
#include "tools.h"

TestSuite(sshsig, .init = suite_init, .fini = suite_fini);

static const struct span message = {(const uint8_t *)"approved: D-12\n", 15};

/* proto/vectors/signatures.json: made in Python from SPEC. */
static void check_vector(json_t *v, struct arena *a)
{
    struct signature s = {0};
    const char *why = json_string_value(json_object_get(v, "why"));
    const char *ns = json_string_value(json_object_get(v, "namespace"));
    json_t *flags = json_object_get(v, "flags"), *counter = json_object_get(v, "counter");
    struct span m = unhex(json_string_value(json_object_get(v, "message")), a);
    uint32_t alg = 0;
    for (size_t i = 0; i < sig_alg_enum.n; i++)
        if (strcmp(sig_alg_enum.values[i].text, json_string_value(json_object_get(v, "alg"))) == 0)
            alg = sig_alg_enum.values[i].number;
    s.alg = (enum sig_alg)alg;
    memcpy(s.key.b, unhex(json_string_value(json_object_get(v, "key")), a).p, 32);
    memcpy(s.sig.b, unhex(json_string_value(json_object_get(v, "sig")), a).p, 64);
    if (flags != NULL) {
        s.flags = (uint64_t)json_integer_value(flags);
        SET_HAS(&s, signature_key_flags);
    }
    if (counter != NULL) {
        s.counter = (uint64_t)json_integer_value(counter);
        SET_HAS(&s, signature_key_counter);
    }
    enum status st = sshsig_verify(&s, ns, m);
    bool accept = json_is_true(json_object_get(v, "accept"));
    cr_assert_eq(st == ST_OK, accept, "%s: %s", why, status_name(st));
    cr_assert(st == ST_OK || st == ST_BADSIG || st == ST_BADKEY, "%s", why);
    if (strstr(why, "key with") != NULL || strstr(why, "small-order key") != NULL)
        cr_assert_eq(st, ST_BADKEY, "%s", why);
}

Test(sshsig, vectors)
{
    struct arena a;
    arena_init(&a, 0);
    struct span text = vectors_read("signatures.json", &a);
    json_t *list = json_loadb((const char *)text.p, text.n, 0, NULL);
    cr_assert_geq(json_array_size(list), 40);
    for (size_t i = 0; i < json_array_size(list); i++)
        check_vector(json_array_get(list, i), &a);
    json_decref(list);
    arena_deinit(&a);
}

/* OpenSSH PROTOCOL.sshsig, section "Signed Data", put together by hand. */
Test(sshsig, preimage)
{
    struct sshsig_preimage p;
    struct hash512 h;
    struct buf b;
    buf_init(&b, 1024);
    sshsig_preimage(SSHSIG_ENTRY, message, &p);
    sha512(message, &h);
    buf_put(&b, "SSHSIG\0\0\0\x0d" SSHSIG_ENTRY "\0\0\0\0\0\0\0\x06sha512\0\0\0\x40",
            6 + 4 + 13 + 4 + 4 + 6 + 4);
    buf_put(&b, h.b, sizeof h.b);
    cr_assert(span_eq(span_of(p.b, p.n), buf_span(&b)));
    buf_deinit(&b);
}

static struct ed25519_key *a_key(void)
{
    struct ed25519_key *key = NULL;
    cr_assert_eq(ed25519_new(&rng_system, &key), ST_OK);
    return key;
}

/* A key of ours: allowed_signers and the armored signature, for ssh-keygen. */
static void write_for_keygen(const struct place *p, const struct signature *s, const char *ns)
{
    struct buf b;
    struct err err;
    struct sshpub_signer signer = {.principal = "brand/alliance-manager", .namespaces = "entry@entente"};
    signer.key = (struct public_key){.alg = s->alg, .key = s->key};
    buf_init(&b, 8192);
    cr_assert_eq(sshpub_allowed_signer(&signer, &b, &err), ST_OK);
    place_write(p, "allowed", buf_span(&b));
    buf_reset(&b);
    sshsig_write(s, ns, &b);
    place_write(p, "m.sig", buf_span(&b));
    place_write(p, "m", message);
    buf_deinit(&b);
}

static const char verify[] = "ssh-keygen -Y verify -f allowed -I brand/alliance-manager -n %s -s m.sig < m";

Test(sshsig, ssh_keygen_verifies_ours)
{
    struct place p = place_make();
    struct ed25519_key *key = a_key();
    struct signature s, other;
    sshsig_sign_record(key, SSHSIG_ENTRY, message, &s);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, message), ST_OK);
    cr_assert_eq(sshsig_verify_raw(&key->pub, SSHSIG_ENTRY, message, &s.sig), ST_OK);
    cr_assert_eq(sshsig_verify_known(&key->pub, SSHSIG_ENTRY, message, &s.sig), ST_OK);
    cr_assert_eq(sshsig_verify_known(&key->pub, SSHSIG_VOTE, message, &s.sig), ST_BADSIG);
    write_for_keygen(&p, &s, SSHSIG_ENTRY);
    cr_assert_eq(place_run(&p, verify, "entry@entente"), 0);
    place_write(&p, "m", span_str("approved: D-13\n"));
    cr_assert_neq(place_run(&p, verify, "entry@entente"), 0);
    sshsig_sign_record(key, SSHSIG_VOTE, message, &other);
    write_for_keygen(&p, &other, SSHSIG_VOTE); /* the signer is allowed for entry@entente alone */
    cr_assert_neq(place_run(&p, verify, "vote@entente"), 0);
    ed25519_free(key);
    place_remove(&p);
}

/* A hardware key's signature made in software: ssh-keygen believes it too. No device was at hand. */
Test(sshsig, ssh_keygen_verifies_hardware_form)
{
    struct place p = place_make();
    struct arena a;
    arena_init(&a, 0);
    struct ed25519_key *key = a_key();
    struct sshsig_preimage pre;
    struct sshsig_sk_message m;
    struct signature s = {.alg = SIG_SK_ED25519, .key = key->pub, .flags = 1, .counter = 4242}, back = {0};
    SET_HAS(&s, signature_key_flags);
    SET_HAS(&s, signature_key_counter);
    sshsig_preimage(SSHSIG_ENTRY, message, &pre);
    sshsig_sk_message(&pre, 1, 4242, &m);
    ed25519_sign(key, span_of(m.b, sizeof m.b), &s.sig);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, message), ST_OK);
    write_for_keygen(&p, &s, SSHSIG_ENTRY);
    cr_assert_eq(place_run(&p, verify, "entry@entente"), 0);
    size_t n = 0;
    const char *file = place_read(&p, "m.sig", &a, &n);
    struct err err;
    cr_assert_eq(sshsig_read(span_of(file, n), SSHSIG_ENTRY, &back, &err), ST_OK);
    cr_assert_eq(back.alg, SIG_SK_ED25519);
    cr_assert_eq(back.flags, 1);
    cr_assert_eq(back.counter, 4242);
    cr_assert_eq(sshsig_verify(&back, SSHSIG_ENTRY, message), ST_OK);
    s.counter++;
    write_for_keygen(&p, &s, SSHSIG_ENTRY);
    cr_assert_neq(place_run(&p, verify, "entry@entente"), 0);
    s.flags = 4; /* without presence the file is refused before any verification */
    write_for_keygen(&p, &s, SSHSIG_ENTRY);
    file = place_read(&p, "m.sig", &a, &n);
    cr_assert_eq(sshsig_read(span_of(file, n), SSHSIG_ENTRY, &back, &err), ST_UNSUPPORTED);
    cr_assert_str_eq(err.text,
                     "the hardware key signed without a touch; use a key made without -O no-touch-required");
    ed25519_free(key);
    arena_deinit(&a);
    place_remove(&p);
}

/* What ssh-keygen signs becomes a record, and writing the record gives ssh-keygen's bytes again. */
Test(sshsig, reads_what_ssh_keygen_signs)
{
    struct place p = place_make();
    struct arena a;
    struct buf b;
    struct err err;
    arena_init(&a, 0);
    buf_init(&b, 8192);
    cr_assert_eq(place_run(&p, "ssh-keygen -q -t ed25519 -N '' -f k"), 0);
    place_write(&p, "m", message);
    cr_assert_eq(place_run(&p, "ssh-keygen -Y sign -n entry@entente -f k m"), 0);
    size_t n = 0;
    const char *file = place_read(&p, "m.sig", &a, &n);
    struct signature s = {0};
    cr_assert_eq(sshsig_read(span_of(file, n), SSHSIG_ENTRY, &s, &err), ST_OK, "%s", err.text);
    cr_assert_eq(s.alg, SIG_ED25519);
    cr_assert_eq(HAS(&s, signature_key_flags), 0);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, message), ST_OK);
    sshsig_write(&s, SSHSIG_ENTRY, &b);
    cr_assert(span_eq(buf_span(&b), span_of(file, n)));
    struct public_key key = {0};
    struct span comment;
    const char *line = place_read(&p, "k.pub", &a, &n);
    cr_assert_eq(sshpub_parse(span_of(line, n), &key, &comment, &err), ST_OK);
    cr_assert(hash_eq(&key.key, &s.key));
    buf_deinit(&b);
    arena_deinit(&a);
    place_remove(&p);
}

Test(sshsig, refuses_other_files_with_words)
{
    static const struct {
        const char *cmd;
        enum status st;
        const char *text;
    } cases[] = {
        {"ssh-keygen -Y sign -n file -f k m", ST_MISMATCH,
         "signed for file; expected entry@entente (ssh-keygen -Y sign -n entry@entente)"},
        {"ssh-keygen -Y sign -O hashalg=sha256 -n entry@entente -f k m", ST_UNSUPPORTED,
         "hash algorithm sha256; sign with -Y sign, hashalg sha512 (the default of ssh-keygen)"},
        {"ssh-keygen -Y sign -n entry@entente -f r m", ST_UNSUPPORTED,
         "key of type ssh-rsa: only ssh-ed25519 and sk-ssh-ed25519@openssh.com are accepted; make a key "
         "with: "
         "ssh-keygen -t ed25519"},
        {"cp k.pub m.sig", ST_FORMAT,
         "not an SSH signature file: its first line is not -----BEGIN SSH SIGNATURE-----"},
        {"ssh-keygen -Y sign -n entry@entente -f k < m | head -n 3 > m.sig", ST_FORMAT,
         "the SSH signature file is cut off: its last line is not -----END SSH SIGNATURE-----"},
        {"ssh-keygen -Y sign -n entry@entente -f k < m | sed 2s/A/:/ > m.sig", ST_FORMAT,
         "the SSH signature file is not base64 between its first and last line"},
        {"ssh-keygen -Y sign -n entry@entente -f k < m | sed 2s/U1NI/U1NJ/ > m.sig", ST_FORMAT,
         "not an SSH signature: it does not begin with SSHSIG"},
        {"head -c 8193 /dev/zero > m.sig", ST_LIMIT,
         "an SSH signature file has at most 8192 bytes; this has 8193"},
        {": > m.sig", ST_FORMAT,
         "not an SSH signature file: its first line is not -----BEGIN SSH SIGNATURE-----"},
    };
    struct place p = place_make();
    struct arena a;
    arena_init(&a, 0);
    cr_assert_eq(
        place_run(&p, "ssh-keygen -q -t ed25519 -N '' -f k && ssh-keygen -q -t rsa -b 2048 -N '' -f r"), 0);
    place_write(&p, "m", message);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        (void)place_run(&p, "rm -f m.sig");
        cr_assert_eq(place_run(&p, "%s", cases[i].cmd), 0, "%s", cases[i].cmd);
        size_t n = 0;
        const char *file = place_read(&p, "m.sig", &a, &n);
        struct signature s = {.counter = 99};
        struct err err;
        cr_assert_eq(sshsig_read(span_of(file, n), SSHSIG_ENTRY, &s, &err), cases[i].st, "%s", cases[i].cmd);
        cr_assert_str_eq(err.text, cases[i].text);
        cr_assert_eq(s.counter, 99);
    }
    arena_deinit(&a);
    place_remove(&p);
}

/* Cut anywhere, or with any one byte changed, a file is refused or its signature does not verify. */
Test(sshsig, survives_mutation)
{
    struct ed25519_key *key = a_key();
    struct signature s, back;
    struct buf b;
    buf_init(&b, 4096);
    sshsig_sign_record(key, SSHSIG_ENTRY, message, &s);
    sshsig_write(&s, SSHSIG_ENTRY, &b);
    for (size_t n = 0; n + 1 < b.n; n++)
        cr_assert_neq(sshsig_read(span_of(b.p, n), SSHSIG_ENTRY, &back, NULL), ST_OK, "cut to %zu", n);
    for (size_t i = 0; i < b.n; i++) {
        uint8_t was = b.p[i];
        if (was == '\n' || (i + 1 < b.n && b.p[i + 1] == '\n'))
            continue; /* line breaks may move; a last character may hold unused bits, refused as such */
        b.p[i] = was == 'x' ? 'y' : 'x';
        if (sshsig_read(buf_span(&b), SSHSIG_ENTRY, &back, NULL) == ST_OK)
            cr_assert_neq(sshsig_verify(&back, SSHSIG_ENTRY, message), ST_OK, "byte %zu", i);
        b.p[i] = was;
    }
    cr_assert_eq(sshsig_read(span_of(b.p, b.n - 1), SSHSIG_ENTRY, &back, NULL), ST_OK); /* no final newline */
    buf_deinit(&b);
    ed25519_free(key);
}

Test(sshsig, reads_windows_line_ends)
{
    struct ed25519_key *key = a_key();
    struct signature s, back;
    struct buf b, crlf;
    buf_init(&b, 4096);
    buf_init(&crlf, 4096);
    sshsig_sign_record(key, SSHSIG_ENTRY, message, &s);
    sshsig_write(&s, SSHSIG_ENTRY, &b);
    for (size_t i = 0; i < b.n; i++)
        buf_printf(&crlf, b.p[i] == '\n' ? "\r\n" : "%c", b.p[i]);
    cr_assert_eq(sshsig_read(buf_span(&crlf), SSHSIG_ENTRY, &back, NULL), ST_OK);
    cr_assert_arr_eq(back.sig.b, s.sig.b, 64);
    buf_deinit(&b);
    buf_deinit(&crlf);
    ed25519_free(key);
}

/* openssl knows nothing of SSHSIG: it gets the preimage and the raw signature. */
Test(sshsig, openssl_verifies_the_preimage)
{
    static const uint8_t spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                   0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}; /* RFC 8410 */
    struct place p = place_make();
    struct ed25519_key *key = a_key();
    struct sshsig_preimage pre;
    struct sig64 sig;
    struct buf b;
    buf_init(&b, 64);
    buf_put(&b, spki, sizeof spki);
    buf_put(&b, key->pub.b, 32);
    place_write(&p, "pub.der", buf_span(&b));
    sshsig_preimage(SSHSIG_ENTRY, message, &pre);
    sshsig_sign(key, SSHSIG_ENTRY, message, &sig);
    place_write(&p, "pre", span_of(pre.b, pre.n));
    place_write(&p, "sig", span_of(sig.b, sizeof sig.b));
    static const char cmd[] =
        "openssl pkeyutl -verify -pubin -keyform DER -inkey pub.der -rawin -in pre -sigfile sig";
    cr_assert_eq(place_run(&p, "%s", cmd), 0);
    pre.b[30] ^= 1;
    place_write(&p, "pre", span_of(pre.b, pre.n));
    cr_assert_neq(place_run(&p, "%s", cmd), 0);
    buf_deinit(&b);
    ed25519_free(key);
    place_remove(&p);
}

Test(sshsig, wire_reader_is_bounded)
{
    struct span out = {0};
    const uint8_t bytes[] = {0, 0, 0, 2, 'a', 'b', 0, 0, 0, 3, 'c', 'd'};
    struct span left = span_of(bytes, sizeof bytes);
    cr_assert(sshwire_string(&left, &out));
    cr_assert(span_eqs(out, "ab"));
    cr_assert(!sshwire_string(&left, &out));
    cr_assert_eq(left.n, 6);
    const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 1};
    left = span_of(huge, sizeof huge);
    cr_assert(!sshwire_string(&left, &out));
    cr_assert_eq(left.n, 5);
    uint32_t v = 0;
    left = span_of(huge, 3);
    cr_assert(!sshwire_u32(&left, &v));
    cr_assert_str_eq(sshwire_name(span_str("a\x1b[31m")).s, "(unreadable name)");
    cr_assert_str_eq(sshwire_name(span_str("ssh-rsa")).s, "ssh-rsa");
}
