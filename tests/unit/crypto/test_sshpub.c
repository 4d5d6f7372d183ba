#include <criterion/criterion.h>
#include "base/base.h"
#include "crypto/ed25519.h"
#include "crypto/sshpub.h"
#include "tools.h"

TestSuite(sshpub, .init = suite_init, .fini = suite_fini);

/* A line as ssh-keygen 9.2 wrote it, and what its -l says. */
static const char line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4Lsix me\n";
static const char key_hex[] = "d614ab53f6c8efa036f6edf211c8c0eb392801bf1f004242b830dfdbb82ec8b1";
static const char fingerprint[] = "SHA256:3sfHe3jBsUcjcUZW3O8hTCQ60gozyf9DJqDNhFvYW8s";

Test(sshpub, known_line)
{
    struct public_key key = {0};
    struct span comment;
    struct err err;
    struct buf b;
    buf_init(&b, 1024);
    cr_assert_eq(sshpub_parse(span_str(line), &key, &comment, &err), ST_OK);
    cr_assert_eq(key.alg, SIG_ED25519);
    cr_assert_str_eq(hex_of(&key.key).s, key_hex);
    cr_assert(span_eqs(comment, "me"));
    cr_assert_str_eq(sshpub_fingerprint(&key).s, fingerprint);
    sshpub_print(&key, comment, &b);
    cr_assert_str_eq(buf_cstr(&b), line);
    buf_deinit(&b);
}

/* A hardware key put together from its parts: ssh-keygen reads it and prints the same fingerprint. */
Test(sshpub, hardware_key)
{
    struct place p = place_make();
    struct arena a;
    struct buf b;
    arena_init(&a, 0);
    buf_init(&b, 1024);
    struct ed25519_key *key = NULL;
    cr_assert_eq(ed25519_new(&rng_system, &key), ST_OK);
    struct public_key sk = {.alg = SIG_SK_ED25519, .key = key->pub}, back = {0};
    struct span comment;
    sshpub_print(&sk, span_str("yubi key"), &b);
    place_write(&p, "sk.pub", buf_span(&b));
    cr_assert_eq(place_run(&p, "ssh-keygen -l -f sk.pub"), 0);
    const char *out = place_read(&p, "out", &a, NULL);
    cr_assert_not_null(strstr(out, sshpub_fingerprint(&sk).s), "%s", out);
    cr_assert_not_null(strstr(out, "(ED25519-SK)"));
    cr_assert_eq(sshpub_parse(buf_span(&b), &back, &comment, NULL), ST_OK);
    cr_assert_eq(back.alg, SIG_SK_ED25519);
    cr_assert(hash_eq(&back.key, &sk.key));
    cr_assert(span_eqs(comment, "yubi key"));
    ed25519_free(key);
    buf_deinit(&b);
    arena_deinit(&a);
    place_remove(&p);
}

Test(sshpub, refuses_with_words)
{
    static const char rsa[] =
        "key of type ssh-rsa: only ssh-ed25519 and sk-ssh-ed25519@openssh.com are accepted; "
        "make a key with: ssh-keygen -t ed25519";
    static const struct {
        const char *line;
        enum status st;
        const char *text;
    } cases[] = {
        {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ me", ST_UNSUPPORTED, rsa},
        {"", ST_FORMAT, "not an OpenSSH public key line: expected \"ssh-ed25519 AAAA... comment\""},
        {"ssh-ed25519", ST_FORMAT,
         "not an OpenSSH public key line: expected \"ssh-ed25519 AAAA... comment\""},
        {"ssh-ed25519 ####", ST_FORMAT, "the word after ssh-ed25519 is not base64"},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4Lg==", ST_FORMAT,
         "ssh-ed25519 key without a 32-byte point"},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4LsixAA==", ST_FORMAT,
         "1 bytes too many after the public key"},
        {"sk-ssh-ed25519@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4Lsix",
         ST_FORMAT, "the line says sk-ssh-ed25519@openssh.com, the key inside ssh-ed25519"},
        /* the neutral element */
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ST_BADKEY,
         "not a usable Ed25519 public key: not a canonical point of the main subgroup"},
        {"ssh-ed25519 AAAA\nssh-ed25519 AAAA\n", ST_FORMAT,
         "more than one line; one public key was expected"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----", ST_FORMAT,
         "this is a private key or a signature; give the file that ends in .pub"},
        {"\x1b[31mred AAAA", ST_UNSUPPORTED,
         "key of type (unreadable name): only ssh-ed25519 and sk-ssh-ed25519@openssh.com are accepted; make "
         "a key "
         "with: ssh-keygen -t ed25519"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct public_key key = {.has = 77};
        struct span comment = {0};
        struct err err;
        cr_assert_eq(sshpub_parse(span_str(cases[i].line), &key, &comment, &err), cases[i].st, "%s",
                     cases[i].line);
        cr_assert_str_eq(err.text, cases[i].text);
        cr_assert_eq(key.has, 77);
    }
    static uint8_t big[SSHPUB_LINE_MAX + 1];
    struct public_key key;
    struct span comment;
    memset(big, 'A', sizeof big);
    cr_assert_eq(sshpub_parse(span_of(big, sizeof big), &key, &comment, NULL), ST_LIMIT);
}

Test(sshpub, application_must_be_ssh)
{
    struct buf b;
    struct public_key key = {.alg = SIG_SK_ED25519}, back;
    struct err err;
    struct arena a;
    arena_init(&a, 0);
    memcpy(key.key.b, unhex(key_hex, &a).p, 32);
    buf_init(&b, 256);
    sshpub_put_blob(&b, &key);
    cr_assert_eq(sshpub_parse_blob(buf_span(&b), &back, &err), ST_OK);
    b.p[b.n - 1] = '!';
    cr_assert_eq(sshpub_parse_blob(buf_span(&b), &back, &err), ST_UNSUPPORTED);
    cr_assert_str_eq(
        err.text, "hardware key made for application ssh!; expected ssh: (ssh-keygen -t ed25519-sk without "
                  "-O application)");
    for (size_t n = 0; n < b.n; n++)
        cr_assert_neq(sshpub_parse_blob(span_of(b.p, n), &back, &err), ST_OK);
    buf_deinit(&b);
    arena_deinit(&a);
}

Test(sshpub, allowed_signer_line)
{
    struct sshpub_signer s = {.principal = "brand/alliance-manager",
                              .namespaces = "entry@entente,genesis@entente"};
    struct span comment;
    struct buf b;
    struct err err;
    buf_init(&b, 4096);
    cr_assert_eq(sshpub_parse(span_str(line), &s.key, &comment, &err), ST_OK);
    s.valid_after_ms = UINT64_C(1795425306999);
    s.valid_before_ms = UINT64_C(1798017306000);
    cr_assert_eq(sshpub_allowed_signer(&s, &b, &err), ST_OK);
    cr_assert_str_eq(buf_cstr(&b),
                     "brand/alliance-manager namespaces=\"entry@entente,genesis@entente\","
                     "valid-after=\"20261123091506Z\",valid-before=\"20261223091506Z\" "
                     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4Lsix\n");
    buf_reset(&b);
    s.namespaces = "";
    s.valid_after_ms = s.valid_before_ms = 0;
    cr_assert_eq(sshpub_allowed_signer(&s, &b, &err), ST_OK);
    cr_assert_str_eq(buf_cstr(&b), "brand/alliance-manager ssh-ed25519 "
                                   "AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4Lsix\n");
    buf_reset(&b);
    static const char *const bad[] = {"", "a b", "*", "a,b", "\"a\"", "!a", "a\nb"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        s.principal = bad[i];
        cr_assert_eq(sshpub_allowed_signer(&s, &b, &err), ST_FORMAT, "%s", bad[i]);
    }
    s.principal = "a";
    s.namespaces = "x\" y";
    cr_assert_eq(sshpub_allowed_signer(&s, &b, &err), ST_FORMAT);
    s.namespaces = "";
    s.valid_before_ms = UINT64_C(253402300800000);
    cr_assert_eq(sshpub_allowed_signer(&s, &b, &err), ST_RANGE);
    cr_assert_eq(b.n, 0);
    buf_deinit(&b);
}

/* The bounds are as ssh-keygen -O verify-time takes them. */
Test(sshpub, ssh_keygen_keeps_the_times)
{
    struct place p = place_make();
    struct arena a;
    struct buf b;
    struct err err;
    arena_init(&a, 0);
    buf_init(&b, 4096);
    cr_assert_eq(place_run(&p, "ssh-keygen -q -t ed25519 -N '' -f k && echo hi > m && ssh-keygen -Y sign -n "
                               "entry@entente -f k m"),
                 0);
    size_t n = 0;
    const char *pub = place_read(&p, "k.pub", &a, &n);
    struct sshpub_signer s = {.principal = "a/b", .namespaces = "entry@entente"};
    struct span comment;
    cr_assert_eq(sshpub_parse(span_of(pub, n), &s.key, &comment, &err), ST_OK);
    s.valid_after_ms = UINT64_C(1795425306000);  /* 2026-11-23T09:15:06Z */
    s.valid_before_ms = UINT64_C(1798017306000); /* 2026-12-23T09:15:06Z */
    cr_assert_eq(sshpub_allowed_signer(&s, &b, &err), ST_OK);
    place_write(&p, "allowed", buf_span(&b));
    static const struct {
        const char *at;
        bool good;
    } times[] = {{"20261123091505Z", false},
                 {"20261123091506Z", true},
                 {"20261223091506Z", true},
                 {"20261223091507Z", false}};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int rc = place_run(
            &p, "ssh-keygen -Y verify -O verify-time=%s -f allowed -I a/b -n entry@entente -s m.sig < m",
            times[i].at);
        cr_assert_eq(rc == 0, times[i].good, "%s", times[i].at);
    }
    buf_deinit(&b);
    arena_deinit(&a);
    place_remove(&p);
}
