/* Key files (KEY-1 to KEY-5): written and read back, what they cost, and every way in which one can be damaged, open or wrong. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/nodekeys.h"
#include "tools.h"

TestSuite(keyfile, .init = suite_init, .fini = suite_fini);

static unsigned mode_of(const char *path)
{
    struct stat sb;
    cr_assert_eq(stat(path, &sb), 0);
    return sb.st_mode & 07777;
}

/* proto/vectors/keyfile.json: Argon2id by the argon2 program, secret box in Python. */
Test(keyfile, vectors)
{
    struct place p = place_make();
    struct arena a;
    arena_init(&a, 0);
    struct span text = vectors_read("keyfile.json", &a);
    json_t *list = json_loadb((const char *)text.p, text.n, 0, NULL);
    cr_assert_eq(json_array_size(list), 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *v = json_array_get(list, i);
        struct ed25519_key *key = NULL;
        struct err err = {0};
        struct hash pub;
        bool sealed = false;
        struct span pass = unhex(json_string_value(json_object_get(v, "passphrase")), &a);
        place_write(&p, "k", span_str(json_string_value(json_object_get(v, "file"))));
        cr_assert_eq(keyfile_open(place_path(&p, "k"), pass, &key, &err), ST_OK, "%zu: %s", i, err.text);
        cr_assert_arr_eq(key->secret, unhex(json_string_value(json_object_get(v, "seed")), &a).p, 32);
        cr_assert_eq(keyfile_public(place_path(&p, "k"), &pub, &sealed, &err), ST_OK);
        cr_assert(hash_eq(&pub, &key->pub));
        cr_assert_eq(sealed, pass.n != 0);
        ed25519_free(key);
    }
    json_decref(list);
    arena_deinit(&a);
    place_remove(&p);
}

static struct ed25519_key *a_key(void)
{
    struct ed25519_key *key = NULL;
    cr_assert_eq(ed25519_new(&rng_system, &key), ST_OK);
    return key;
}

Test(keyfile, sealed_round_trip)
{
    struct place p = place_make();
    struct arena a;
    struct err err = {0};
    arena_init(&a, 0);
    struct ed25519_key *key = a_key(), *back = NULL;
    const char *path = place_path(&p, "me.key");
    struct span pass = span_str("pass phrase");
    cr_assert_eq(keyfile_create(path, key, KEYFILE_INTERACTIVE, pass, &rng_system, &err), ST_OK, "%s",
                 err.text);
    cr_assert_eq(mode_of(path), 0600);
    const char *text = place_read(&p, "me.key", &a, NULL);
    cr_assert_not_null(strstr(text, "\ncost 2 67108864\nsalt "));
    cr_assert_null(strstr(text, "\nseed "));
    cr_assert_eq(keyfile_open(path, pass, &back, &err), ST_OK, "%s", err.text);
    cr_assert_arr_eq(back->secret, key->secret, 64);
    ed25519_freep(&back);

    char want[256];
    cr_assert_eq(keyfile_open(path, span_str("pass phrasf"), &back, &err), ST_PASSPHRASE);
    (void)snprintf(want, sizeof want, "%s: wrong passphrase", path);
    cr_assert_str_eq(err.text, want);
    cr_assert_eq(keyfile_open(path, span_str(""), &back, &err), ST_PASSPHRASE);
    (void)snprintf(want, sizeof want, "%s: the key is sealed; its passphrase is needed", path);
    cr_assert_str_eq(err.text, want);
    cr_assert_null(back);

    /* never replaced */
    cr_assert_eq(keyfile_create(path, key, KEYFILE_UNSEALED, span_str(""), &rng_system, &err), ST_EXISTS);
    cr_assert_str_eq(place_read(&p, "me.key", &a, NULL), text);
    ed25519_free(key);
    arena_deinit(&a);
    place_remove(&p);
}

Test(keyfile, moderate_costs_more)
{
    struct place p = place_make();
    struct arena a;
    struct err err = {0};
    arena_init(&a, 0);
    struct ed25519_key *key = a_key(), *back = NULL;
    const char *path = place_path(&p, "recovery.key");
    cr_assert_eq(keyfile_create(path, key, KEYFILE_MODERATE, span_str("x"), &rng_system, &err), ST_OK, "%s",
                 err.text);
    cr_assert_not_null(strstr(place_read(&p, "recovery.key", &a, NULL), "\ncost 3 268435456\n"));
    cr_assert_eq(keyfile_open(path, span_str("x"), &back, &err), ST_OK, "%s", err.text);
    cr_assert(hash_eq(&back->pub, &key->pub));
    ed25519_free(key);
    ed25519_free(back);
    arena_deinit(&a);
    place_remove(&p);
}

Test(keyfile, empty_passphrase_only_when_said)
{
    struct place p = place_make();
    struct err err = {0};
    struct ed25519_key *key = a_key(), *back = NULL;
    const char *path = place_path(&p, "k");
    cr_assert_eq(keyfile_create(path, key, KEYFILE_INTERACTIVE, span_str(""), &rng_system, &err), ST_USAGE);
    cr_assert_eq(keyfile_create(path, key, KEYFILE_UNSEALED, span_str("x"), &rng_system, &err), ST_USAGE);
    cr_assert_eq(access(path, F_OK), -1);
    cr_assert_eq(keyfile_create(path, key, KEYFILE_UNSEALED, span_str(""), &rng_system, &err), ST_OK);
    cr_assert_eq(mode_of(path), 0600);
    cr_assert_eq(keyfile_open(path, span_str("not looked at"), &back, &err), ST_OK);
    cr_assert_arr_eq(back->secret, key->secret, 64);
    ed25519_free(key);
    ed25519_free(back);
    place_remove(&p);
}

Test(keyfile, refuses_open_files)
{
    static const unsigned bad[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666};
    struct place p = place_make();
    struct err err = {0};
    struct ed25519_key *key = a_key(), *back = NULL;
    const char *path = place_path(&p, "k");
    char want[256];
    cr_assert_eq(keyfile_create(path, key, KEYFILE_UNSEALED, span_str(""), &rng_system, &err), ST_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        cr_assert_eq(chmod(path, bad[i]), 0);
        cr_assert_eq(keyfile_open(path, span_str(""), &back, &err), ST_BADKEY);
        (void)snprintf(
            want, sizeof want,
            "%s: mode %04o lets others at the key; make it yours alone with: chmod 600 %s, and think about "
            "whether somebody has copied it",
            path, bad[i], path);
        cr_assert_str_eq(err.text, want);
    }
    cr_assert_eq(chmod(path, 0400), 0);
    cr_assert_eq(keyfile_open(path, span_str(""), &back, &err), ST_OK);
    cr_assert_eq(keyfile_open(place_path(&p, "none"), span_str(""), &back, &err), ST_NOTFOUND);
    cr_assert_eq(keyfile_open(p.dir, span_str(""), &back, &err), ST_FORMAT);
    ed25519_free(key);
    ed25519_free(back);
    place_remove(&p);
}

/* Every byte changed, every cut: damage is told as such, never as a wrong passphrase. */
Test(keyfile, damage_is_found)
{
    struct place p = place_make();
    struct arena a;
    struct err err = {0};
    arena_init(&a, 0);
    struct ed25519_key *back = NULL;
    struct span text = vectors_read("keyfile.json", &a);
    json_t *list = json_loadb((const char *)text.p, text.n, 0, NULL);
    const char *good = json_string_value(json_object_get(json_array_get(list, 1), "file"));
    size_t n = strlen(good);
    uint8_t *copy = arena_alloc(&a, n);
    const char *path = place_path(&p, "k");
    FILE *f = NULL;
    for (size_t i = 0; i < 2 * n; i++) {
        memcpy(copy, good, n);
        copy[i % n] ^= 1;
        place_write(&p, "fresh", span_str(""));
        cr_assert_eq(rename(place_path(&p, "fresh"), path), 0);
        f = fopen(path, "wb");
        cr_assert_eq(fwrite(copy, 1, i < n ? n : i % n, f), i < n ? n : i % n);
        (void)fclose(f);
        enum status st = keyfile_open(path, span_str("x"), &back, &err);
        cr_assert(st == ST_CORRUPT || st == ST_FORMAT, "%zu: %s", i, status_name(st));
    }
    json_decref(list);
    arena_deinit(&a);
    place_remove(&p);
}

/* Writes a file whose check line holds. */
static void write_checked(const struct place *p, const char *body)
{
    struct hash h;
    struct buf b;
    buf_init(&b, 4096);
    sha256(span_str(body), &h);
    buf_printf(&b, "%scheck %s\n", body, hex_of(&h).s);
    place_write(p, "k", buf_span(&b));
    buf_deinit(&b);
}

#define PUB  "public ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINYUq1P2yO+gNvbt8hHIwOs5KAG/HwBCQrgw39u4Lsix\n"
#define SEED "seed AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define REST                                                                                                 \
    "salt AAAAAAAAAAAAAAAAAAAAAA==\nnonce AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"                                \
    "box AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

Test(keyfile, refuses_what_it_did_not_write)
{
    static const struct {
        const char *body;
        enum status st;
        const char *text; /* after "PATH: " */
    } cases[] = {
        {"entente-key 2\n" PUB SEED, ST_FORMAT,
         "not an Entente key file: its first line is not \"entente-key 1\""},
        {"entente-key 1\n" SEED, ST_FORMAT, "line 2: expected \"public ssh-ed25519 AAAA...\""},
        {"entente-key 1\npublic ssh-rsa AAAA\n" SEED, ST_UNSUPPORTED,
         "line 2: key of type ssh-rsa: only ssh-ed25519 and sk-ssh-ed25519@openssh.com are accepted; make a "
         "key with: "
         "ssh-keygen -t ed25519"},
        {"entente-key 1\n" PUB SEED, ST_CORRUPT,
         "the secret key inside is not that of the public key on line 2"},
        {"entente-key 1\n" PUB "seed AAAA\n", ST_FORMAT,
         "line 3: expected 32 bytes in base64, and the check line next"},
        {"entente-key 1\n" PUB SEED SEED, ST_FORMAT,
         "line 3: expected 32 bytes in base64, and the check line next"},
        {"entente-key 1\n" PUB, ST_FORMAT, "line 3: expected \"cost PASSES BYTES\" or \"seed BASE64\""},
        {"entente-key 1\n" PUB "cost 02 8192\n" REST, ST_FORMAT,
         "line 3: expected \"cost PASSES BYTES\" or \"seed BASE64\""},
        {"entente-key 1\n" PUB "cost 2 8192 \n" REST, ST_FORMAT, "line 3: expected \"cost PASSES BYTES\""},
        {"entente-key 1\n" PUB "cost 0 8192\n" REST, ST_RANGE,
         "line 3: cost 0 8192: expected 1-16 passes and 8192-1073741824 bytes"},
        {"entente-key 1\n" PUB "cost 17 8192\n" REST, ST_RANGE,
         "line 3: cost 17 8192: expected 1-16 passes and 8192-1073741824 bytes"},
        {"entente-key 1\n" PUB "cost 1 8191\n" REST, ST_RANGE,
         "line 3: cost 1 8191: expected 1-16 passes and 8192-1073741824 bytes"},
        {"entente-key 1\n" PUB "cost 1 1073741825\n" REST, ST_RANGE,
         "line 3: cost 1 1073741825: expected 1-16 passes and 8192-1073741824 bytes"},
        {"entente-key 1\n" PUB "cost 1 8192\n" REST "salt A\n", ST_FORMAT,
         "expected the lines salt, nonce, box and check after line 3"},
        {"entente-key 1\n" PUB "cost 1 8192\n" REST, ST_PASSPHRASE, "wrong passphrase"},
    };
    struct place p = place_make();
    const char *path = place_path(&p, "k");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ed25519_key *back = NULL;
        struct err err = {0};
        char want[400];
        write_checked(&p, cases[i].body);
        cr_assert_eq(keyfile_open(path, span_str("x"), &back, &err), cases[i].st, "%zu: %s", i, err.text);
        (void)snprintf(want, sizeof want, "%s: %s", path, cases[i].text);
        cr_assert_str_eq(err.text, want);
    }
    static char big[KEYFILE_MAX + 2];
    memset(big, 'a', sizeof big - 1);
    struct ed25519_key *back = NULL;
    struct err err = {0};
    place_write(&p, "k", span_str(big));
    cr_assert_eq(keyfile_open(path, span_str("x"), &back, &err), ST_FORMAT);
    place_remove(&p);
}

TestSuite(nodekeys, .init = suite_init, .fini = suite_fini);

Test(nodekeys, create_and_open)
{
    struct place p = place_make();
    struct err err = {0};
    const char *dir = place_path(&p, "keys");
    struct nodekeys keys = {0};
    cr_assert_eq(nodekeys_create(dir, &rng_system, &err), ST_OK, "%s", err.text);
    cr_assert_eq(mode_of(dir), 0700);
    static const char *const names[] = {"vote.key", "cosign.key", "log.key", "node.key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[200];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        cr_assert_eq(mode_of(path), 0600);
    }
    cr_assert_eq(nodekeys_open(dir, &keys, &err), ST_OK, "%s", err.text);
    const struct ed25519_key *all[] = {keys.vote, keys.cosign, keys.log, keys.node};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert(!hash_eq(&all[i]->pub, &all[j]->pub));
    struct hash pub;
    bool sealed = true;
    cr_assert_eq(keyfile_public(place_path(&p, "keys/log.key"), &pub, &sealed, &err), ST_OK);
    cr_assert(hash_eq(&pub, &keys.log->pub));
    cr_assert(!sealed);
    cr_assert_eq(nodekeys_create(dir, &rng_system, &err), ST_EXISTS);
    nodekeys_close(&keys);
    nodekeys_close(&keys);
    nodekeys_close(NULL);
    place_remove(&p);
}

Test(nodekeys, refuses)
{
    struct place p = place_make();
    struct err err = {0};
    const char *dir = place_path(&p, "keys");
    struct nodekeys keys = {0};
    cr_assert_eq(nodekeys_open(dir, &keys, &err), ST_NOTFOUND);
    cr_assert_eq(mkdir(dir, 0755), 0); /* an empty one is taken, and closed to others */
    cr_assert_eq(nodekeys_create(dir, &rng_system, &err), ST_OK);
    cr_assert_eq(mode_of(dir), 0700);
    cr_assert_eq(chmod(dir, 0750), 0);
    cr_assert_eq(nodekeys_open(dir, &keys, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "keys: mode 0750 lets others at the node's keys; run: chmod 700 "));
    cr_assert_eq(chmod(dir, 0700), 0);
    cr_assert_eq(place_run(&p, "cp keys/vote.key keys/log.key"), 0);
    cr_assert_eq(nodekeys_open(dir, &keys, &err), ST_MISMATCH);
    cr_assert_not_null(strstr(err.text, "keys: vote.key and log.key hold the same key; each needs its own"));
    cr_assert_eq(place_run(&p, "rm keys/log.key"), 0);
    cr_assert_eq(nodekeys_open(dir, &keys, &err), ST_NOTFOUND);
    cr_assert_null(keys.vote);
    place_remove(&p);
}
