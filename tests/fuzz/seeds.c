/* seeds: writes the inputs that the corpora began with, under DIR/TARGET: real values of everything that is parsed, and for
 * targets that read decisions off their bytes, some bytes. usage: fuzz_seeds DIR */
#include <sys/stat.h>
#include <unistd.h>
#include "charter/charter.h"
#include "crypto/keyfile.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "crypto/tlsid.h"
#include "fixture/alliance.h"
#include "dossier/dossier.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"
#include "fuzz/make.h"
#include "ledger/leaf.h"
#include "merkle/checkpoint.h"
#include "node/config.h"

static const char *root;
static struct fixture f;

/* The bytes before it choose among the forms of a target. */
static void put(const char *target, const char *name, const char *before, size_t n, struct span s)
{
    char path[512];
    struct buf b;
    struct err err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", root, target);
    (void)mkdir(path, 0755);
    (void)snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    buf_init(&b, 1 << 20);
    buf_put(&b, before, n);
    buf_put_span(&b, s);
    REQUIRE(file_write(path, buf_span(&b), 0644, true, &err) == ST_OK, "%s", err.text);
    buf_deinit(&b);
}

static void some_bytes(const char *target, size_t files, size_t size)
{
    uint64_t state = 99;
    uint8_t p[4096];
    for (size_t i = 0; i < files; i++) {
        char name[32];
        for (size_t k = 0; k < size; k++)
            p[k] = (uint8_t)draw(&state);
        (void)snprintf(name, sizeof name, "some-%02zu", i);
        put(target, name, "", 0, span_of(p, size >> (i % 3)));
    }
}

static void records(void)
{
    for (size_t i = 0; i < make_records_n; i++)
        for (unsigned k = 0; k < 2; k++) {
            const struct record_desc *d = make_records[i];
            char name[128];
            struct buf b;
            buf_init(&b, 1 << 16);
            make_record(d, 7 * i + k, 8 * k, &b);
            const char tag[2] = {(char)(make_tag(d) >> 8), (char)make_tag(d)};
            (void)snprintf(name, sizeof name, "%s-%s", d->name, k == 0 ? "least" : "most");
            if (b.n < 3000)
                put("records", name, tag, 2, buf_span(&b));
            if (k == 1 && i % 9 == 0 && b.n < 1000)
                put("reader", name, "", 0, buf_span(&b));
            buf_deinit(&b);
        }
}

static void notes(void)
{
    struct note_key keys[KNOWN_KEYS];
    struct buf b;
    known_note_keys(keys);
    struct span text = known_checkpoint_text();
    buf_init(&b, 8192);
    note_put_text(text, &b);
    checkpoint_sign(text, &keys[0], known_key(0), &b);
    checkpoint_cosign(text, &keys[1], known_key(1), 1767225600, &b);
    put("note", "signed-note", "\0", 1, buf_span(&b));
    put("note", "signed-note-by-known-keys", "\3", 1, buf_span(&b));
    put("note", "checkpoint", "\1", 1, text);
    for (size_t i = 0; i < KNOWN_KEYS; i++) {
        buf_reset(&b);
        note_key_put(&keys[i], &b);
        put("note", i == 0 ? "log-key" : "cosignature-key", "\2", 1, buf_span(&b));
    }
    buf_deinit(&b);
}

static void key_file(const char *name, enum keyfile_seal seal, const char *passphrase)
{
    char path[512];
    struct arena a;
    struct span s;
    struct err err = {0};
    arena_init(&a, 0);
    (void)snprintf(path, sizeof path, "%s/key", root);
    REQUIRE(keyfile_create(path, known_key(0), seal, span_str(passphrase), &f.random, &err) == ST_OK, "%s", err.text);
    REQUIRE(file_read(path, 4096, &a, &s, &err) == ST_OK && unlink(path) == 0, "%s", err.text);
    put("ssh", name, "\4", 1, s);
    arena_deinit(&a);
}

static void ssh(void)
{
    struct signature sig;
    struct buf b;
    struct public_key plain = {.alg = SIG_ED25519, .key = known_key(0)->pub}, sk = {.alg = SIG_SK_ED25519, .key = known_key(1)->pub};
    buf_init(&b, 8192);
    sshsig_sign_record(known_key(0), SSHSIG_ENTRY, span_str(KNOWN_MESSAGE), &sig);
    sshsig_write(&sig, SSHSIG_ENTRY, &b);
    put("ssh", "signature", "\0", 1, buf_span(&b));
    buf_reset(&b);
    sig.alg = SIG_SK_ED25519;
    sig.flags = 1;
    sig.counter = 9;
    SET_HAS(&sig, signature_key_flags);
    SET_HAS(&sig, signature_key_counter);
    sshsig_write(&sig, SSHSIG_ENTRY, &b);
    put("ssh", "signature-sk", "\0", 1, buf_span(&b));
    for (int i = 0; i < 2; i++) {
        buf_reset(&b);
        sshpub_print(i == 0 ? &plain : &sk, span_str("somebody@here"), &b);
        put("ssh", i == 0 ? "public-key" : "public-key-sk", "\1", 1, buf_span(&b));
        buf_reset(&b);
        sshpub_put_blob(&b, i == 0 ? &plain : &sk);
        put("ssh", i == 0 ? "blob" : "blob-sk", "\2", 1, buf_span(&b));
    }
    put("ssh", "allowed-signer", "\3\013p01/finance\015entry@entente\0\0\0\1\0\0\0\2", 35, span_of(NULL, 0));
    key_file("key-file-unsealed", KEYFILE_UNSEALED, "");
    key_file("key-file-sealed", KEYFILE_INTERACTIVE, "a passphrase");
    buf_deinit(&b);
}

static void founding(void)
{
    struct genesis g = f.genesis.genesis;
    struct buf b;
    struct tlsid *id = NULL;
    struct err err = {0};
    buf_init(&b, 1 << 20);
    put("genesis", "founded", "\1", 1, f.genesis_bytes);
    g.has &= ~((uint64_t)1 << genesis_key_sigs);
    REQUIRE(codec_encode(&genesis_desc, &g, &b) == ST_OK, "a draft");
    put("genesis", "draft", "\0", 1, buf_span(&b));
    put("genesis", "card", "\2", 1, g.cards.v[0]);
    REQUIRE(tlsid_new(span_str("p01"), &f.random, &id, &err) == ST_OK, "%s", err.text);
    put("certificate", "p01", "", 0, span_of(id->cert, id->cert_n));
    tlsid_free(id);
    REQUIRE(tlsid_new(span_str("p02"), &f.random, &id, &err) == ST_OK, "%s", err.text);
    put("certificate", "p02", "", 0, span_of(id->cert, id->cert_n));
    tlsid_free(id);
    buf_deinit(&b);
}

static void entries(void)
{
    struct note body = {.type = NOTE_COMMENT};
    struct submission s;
    struct leaf l;
    struct arena a;
    struct buf b;
    struct hash id;
    struct err err = {0};
    arena_init(&a, 0);
    buf_init(&b, 1 << 17);
    struct prose prose = fixture_prose(&f, "bring the samples", &body.text);
    SET_HAS(&body, note_key_text);
    struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = 0, .seat = 1, .at_ms = 1767261600000,
                              .expires_ms = 1767361600000, .prose = &prose, .n_prose = 1, .basis = {.size = 1}};
    fixture_submit(&f, &e, &b, &id);
    put("entry", "submission", "\0", 1, buf_span(&b));
    REQUIRE(codec_decode(&submission_desc, buf_span(&b), &a, &s, &err) == ST_OK, "%s", err.text);
    REQUIRE(leaf_of_submission(&s, &a, &l, &err) == ST_OK, "%s", err.text);
    put("entry", "leaf", "\1", 1, l.bytes);
    for (uint32_t kind = 0; kind < 64; kind++) {
        struct buf any, whole;
        char name[64];
        if (kind_desc(kind) == NULL)
            continue;
        buf_init(&any, 1 << 14);
        buf_init(&whole, 1 << 15);
        make_record(kind_desc(kind), kind, 8, &any);
        l.entry.kind = kind;
        l.entry.body = buf_span(&any);
        REQUIRE(codec_encode(&entry_desc, &l.entry, &whole) == ST_OK, "an entry");
        sshsig_sign_record(f.orgs[0].seats[1], SSHSIG_ENTRY, buf_span(&whole), &l.signature);
        REQUIRE(codec_encode(&signature_desc, &l.signature, &whole) == ST_OK, "a leaf");
        (void)snprintf(name, sizeof name, "leaf-%s", kind_desc(kind)->name);
        put("entry", name, "\1", 1, buf_span(&whole));
        buf_deinit(&any);
        buf_deinit(&whole);
    }
    buf_deinit(&b);
    arena_deinit(&a);
}

static void yaml(void)
{
    static const char *const files[] = {"docs/examples/heart-monitoring.charter.yaml", "tests/unit/gov/world.charter.yaml"};
    struct arena a;
    struct err err = {0};
    struct span s;
    struct buf b;
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", ENTENTE_SOURCE_DIR, files[i]);
        REQUIRE(file_read(path, 1 << 20, &a, &s, &err) == ST_OK, "%s", err.text);
        put("yaml", i == 0 ? "example" : "world", "\0", 1, s);
        /* each section of it alone */
        for (size_t at = 0, n = 0; at < s.n; at++) {
            bool begins = (at == 0 || s.p[at - 1] == '\n') && s.p[at] >= 'a' && s.p[at] <= 'z';
            if (!begins)
                continue;
            size_t end = at + 1;
            while (end < s.n && !(s.p[end - 1] == '\n' && s.p[end] >= 'a' && s.p[end] <= 'z'))
                end++;
            char name[32];
            (void)snprintf(name, sizeof name, "section-%zu-%02zu", i, n++);
            const char before[2] = {2, (char)n};
            put("yaml", name, before, 2, span_of(s.p + at, end - at));
        }
    }
    for (uint64_t n = SECTION_ALLIANCE; n <= SECTION_EXIT; n++)
        for (size_t i = 0; i < f.genesis.genesis.sections.n; i++)
            if (f.genesis.sections[i].number == n) {
                const struct record_desc *d = charter_section_desc(n);
                void *value = arena_alloc(&a, d->size);
                REQUIRE(charter_decode_section(n, f.genesis.sections[i].body, &a, value, &err) == ST_OK, "%s", err.text);
                REQUIRE(charter_print(d, value, &a, &b) == ST_OK, "a section prints");
            }
    put("yaml", "printed", "\1", 1, buf_span(&b));
    buf_reset(&b);
    config_write(span_str("p01"), "127.0.0.1:7000", &b);
    put("yaml", "node", "\3", 1, buf_span(&b));
    for (size_t i = 0; i < DOSSIER_TEMPLATES; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "dossier-%s", dossier_templates[i].name);
        put("yaml", name, "d", 1, dossier_templates[i].yaml);
    }
    put("yaml", "node-all", "\3", 1,
        span_str("partner: p01\nlisten: 127.0.0.1:7000\nsocket: /run/x.sock\nsocket-group: yes\nmap-size: 4 GiB\nlow-water: 16 MiB\n"
                 "log: debug\npeers: {p02: \"10.0.0.2:7000\", p03: \"[::1]:7001\"}\n"));
    buf_deinit(&b);
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: fuzz_seeds DIR\n");
        return 2;
    }
    root = argv[1];
    (void)mkdir(root, 0755);
    known_init();
    fixture_found(&f, 3, 3, 1, 1767261600000, 3600);
    records();
    notes();
    ssh();
    founding();
    entries();
    yaml();
    some_bytes("consensus", 12, 600);
    some_bytes("agreement", 6, 3000);
    some_bytes("document", 8, 900);
    some_bytes("proof", 16, 120);
    some_bytes("frame", 8, 400);
    some_bytes("rpc", 8, 300);
    some_bytes("hello", 8, 200);
    some_bytes("replica", 12, 300);
    put("hello", "honest", "\1\1\0\2\0\4\0\7\0", 9, span_of(NULL, 0));
    some_bytes("pack", 6, 24);
    for (char i = 0; i < 4; i++) {
        const char name[] = {'p', 'a', 'c', 'k', '-', (char)('0' + i), 0};
        put("pack", name, &i, 1, span_of(NULL, 0));
    }
    some_bytes("audit", 6, 24);
    for (char m = 0; m < 7; m++) { /* each command, of each kind of pack */
        const char name[] = {'c', 'o', 'm', 'm', 'a', 'n', 'd', '-', (char)('0' + m), 0};
        const char bytes[] = {(char)(m % 3), '@', 0, 0, 0, m, m, 2, 1, 6, 2, 1};
        put("audit", name, bytes, sizeof bytes, span_of(NULL, 0));
    }
    for (char m = 0; m < 21; m++) {
        char name[16];
        const char bytes[] = {1, 1, m, m, m, 4, 0, 1, 0, 0, 0, m};
        (void)snprintf(name, sizeof name, "method-%02d", m + 1);
        put("rpc", name, bytes, sizeof bytes, span_of(NULL, 0));
    }
    fixture_free(&f);
    return 0;
}
