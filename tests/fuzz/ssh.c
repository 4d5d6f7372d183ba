/* What OpenSSH writes: armored SSHSIG files, public key lines and their wire form, lines of allowed_signers; and our key
 * files, but for the passphrase's hash, which a fuzzer would wait for. The first byte chooses. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "codec/codec.h"
#include "crypto/keyfile.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"

enum { INPUT_MAX = 9000 };

static bool same_signature(const struct signature *x, const struct signature *y)
{
    struct buf a, b;
    buf_init(&a, 1024);
    buf_init(&b, 1024);
    REQUIRE(codec_check(&signature_desc, x, NULL) == ST_OK, "what was read is a signature record");
    REQUIRE(codec_encode(&signature_desc, x, &a) == ST_OK && codec_encode(&signature_desc, y, &b) == ST_OK, "encodes");
    bool same = span_eq(buf_span(&a), buf_span(&b));
    buf_deinit(&a);
    buf_deinit(&b);
    return same;
}

static void a_signature(struct span in)
{
    struct signature s = {0}, again = {0};
    struct err err = {0};
    struct buf b;
    if (sshsig_read(in, SSHSIG_ENTRY, &s, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    buf_init(&b, SSHSIG_FILE_MAX);
    sshsig_write(&s, SSHSIG_ENTRY, &b);
    REQUIRE(sshsig_read(buf_span(&b), SSHSIG_ENTRY, &again, &err) == ST_OK, "what we write we read: %s", err.text);
    REQUIRE(same_signature(&s, &again), "and it is the same signature");
    struct signature ours;
    sshsig_sign_record(known_key(0), SSHSIG_ENTRY, span_str(KNOWN_MESSAGE), &ours);
    if (sshsig_verify(&s, SSHSIG_ENTRY, span_str(KNOWN_MESSAGE)) == ST_OK && hash_eq(&s.key, &known_key(0)->pub))
        REQUIRE(same_signature(&s, &ours), "only the signature made verifies");
    buf_deinit(&b);
}

static void a_public_key(struct span in)
{
    struct public_key k = {0}, again = {0};
    struct span comment = {0}, comment2 = {0};
    struct err err = {0};
    struct buf b;
    if (sshpub_parse(in, &k, &comment, &err) != ST_OK) {
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return;
    }
    buf_init(&b, 2 * SSHPUB_LINE_MAX);
    sshpub_print(&k, comment, &b);
    REQUIRE(sshpub_parse(buf_span(&b), &again, &comment2, &err) == ST_OK, "what we print we read: %s", err.text);
    REQUIRE(k.alg == again.alg && hash_eq(&k.key, &again.key) && span_eq(comment, comment2), "and it is the same");
    (void)sshpub_fingerprint(&k);
    REQUIRE(ed25519_check_key(&k.key) == ST_OK, "keys read are valid points (SIG-4)");
    buf_deinit(&b);
}

static void a_blob(struct span in)
{
    struct public_key k = {0};
    struct err err = {0};
    struct buf b;
    if (sshpub_parse_blob(in, &k, &err) != ST_OK)
        return;
    buf_init(&b, 1024);
    sshpub_put_blob(&b, &k);
    REQUIRE(span_eq(buf_span(&b), in), "the wire form is identity");
    buf_deinit(&b);
}

static void an_allowed_signer(struct span in)
{
    char principal[64] = {0}, namespaces[64] = {0};
    struct span p = take_bytes(&in, take_u8(&in) % 63), n = take_bytes(&in, take_u8(&in) % 63);
    struct err err = {0};
    struct buf b;
    if (p.n != 0)
        memcpy(principal, p.p, p.n);
    if (n.n != 0)
        memcpy(namespaces, n.p, n.n);
    struct sshpub_signer s = {principal, namespaces, (uint64_t)take_u32(&in) * 2000000, (uint64_t)take_u32(&in) * 2000000,
                              {.alg = SIG_ED25519, .key = known_key(0)->pub}};
    buf_init(&b, 4096);
    if (sshpub_allowed_signer(&s, &b, &err) == ST_OK) {
        struct span line = buf_span(&b);
        REQUIRE(line.n > 0 && memchr(line.p, '\n', line.n) == line.p + line.n - 1, "one line");
        REQUIRE(line.n > strlen(principal) && memcmp(line.p, principal, strlen(principal)) == 0, "begins with the principal");
    }
    buf_deinit(&b);
}

/* Key files are read by path: the file is in memory. */
static void a_key_file(struct span in)
{
    static int fd = -1;
    char path[64];
    struct err err = {0};
    struct hash pub;
    bool sealed = false;
    struct ed25519_key *key = NULL;
    if (fd < 0) {
        fd = memfd_create("key", MFD_CLOEXEC);
        REQUIRE(fd >= 0 && fchmod(fd, 0600) == 0, "a file in memory");
    }
    REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, in.p, in.n, 0) == (ssize_t)in.n, "written");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum status public = keyfile_public(path, &pub, &sealed, &err);
    err.text[0] = 0;
    enum status opened = keyfile_open(path, span_of(NULL, 0), &key, &err);
    REQUIRE(opened == ST_OK || err.text[0] != 0, "a refusal has words");
    if (opened == ST_OK) {
        REQUIRE(public == ST_OK && !sealed, "an unsealed file says so");
        REQUIRE(hash_eq(&key->pub, &pub), "and has the key that it names");
        ed25519_free(key);
    }
    if (sealed && public == ST_OK)
        REQUIRE(opened == ST_PASSPHRASE, "a sealed file needs a passphrase");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    known_init();
    switch (take_u8(&in) % 5) {
    case 0:
        a_signature(in);
        break;
    case 1:
        a_public_key(in);
        break;
    case 2:
        a_blob(in);
        break;
    case 3:
        an_allowed_signer(in);
        break;
    default:
        a_key_file(in);
    }
    return 0;
}
