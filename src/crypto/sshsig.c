#include <sodium.h>
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "crypto/sshwire.h"

#define MAGIC     "SSHSIG"
#define HASH_NAME "sha512"
#define ARMOR_TOP "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOR_END "-----END SSH SIGNATURE-----\n"

enum {
    VERSION = 1,
    ARMOR_COLUMNS = 70, /* as ssh-keygen breaks its lines */
    PRESENCE = 1,       /* flag bit of FIDO authenticators: the user was there */
    BLOB_MAX = 512,     /* of ours; the longest is below 400 */
};

static void append(struct sshsig_preimage *p, const void *bytes, size_t n)
{
    ASSERT(n <= sizeof p->b - p->n);
    memcpy(p->b + p->n, bytes, n);
    p->n += n;
}

static void append_string(struct sshsig_preimage *p, const void *bytes, size_t n)
{
    uint8_t length[4];
    store_u32(length, (uint32_t)n);
    append(p, length, sizeof length);
    append(p, bytes, n);
}

void sshsig_preimage(const char *ns, struct span message, struct sshsig_preimage *ret_preimage)
{
    size_t n = strlen(ns);
    ASSERT(n >= 1);
    ASSERT(n <= SSHSIG_NAMESPACE_MAX);
    struct hash512 h;
    sha512(message, &h);
    ret_preimage->n = 0;
    append(ret_preimage, MAGIC, strlen(MAGIC));
    append_string(ret_preimage, ns, n);
    append_string(ret_preimage, "", 0);
    append_string(ret_preimage, HASH_NAME, strlen(HASH_NAME));
    append_string(ret_preimage, h.b, sizeof h.b);
}

void sshsig_sk_message(const struct sshsig_preimage *preimage, uint8_t flags, uint32_t counter,
                       struct sshsig_sk_message *ret_message)
{
    struct hash application, digest;
    sha256(span_str(SSHPUB_APPLICATION), &application);
    sha256(span_of(preimage->b, preimage->n), &digest);
    memcpy(ret_message->b, application.b, 32);
    ret_message->b[32] = flags;
    store_u32(ret_message->b + 33, counter);
    memcpy(ret_message->b + 37, digest.b, 32);
}

void sshsig_sign(const struct ed25519_key *key, const char *ns, struct span message, struct sig64 *ret_sig)
{
    struct sshsig_preimage p;
    sshsig_preimage(ns, message, &p);
    ed25519_sign(key, span_of(p.b, p.n), ret_sig);
}

/* All required fields count as present, as after decoding. */
static void set_required(struct signature *s)
{
    SET_HAS(s, signature_key_alg);
    SET_HAS(s, signature_key_key);
    SET_HAS(s, signature_key_sig);
}

void sshsig_sign_record(const struct ed25519_key *key, const char *ns, struct span message,
                        struct signature *ret_signature)
{
    struct signature s = {.alg = SIG_ED25519, .key = key->pub};
    set_required(&s);
    sshsig_sign(key, ns, message, &s.sig);
    *ret_signature = s;
}

enum status sshsig_verify_raw(const struct hash *pub, const char *ns, struct span message,
                              const struct sig64 *sig)
{
    struct sshsig_preimage p;
    sshsig_preimage(ns, message, &p);
    return ed25519_verify(pub, span_of(p.b, p.n), sig);
}

enum status sshsig_verify_known(const struct hash *pub, const char *ns, struct span message,
                                const struct sig64 *sig)
{
    struct sshsig_preimage p;
    sshsig_preimage(ns, message, &p);
    return ed25519_verify_known(pub, span_of(p.b, p.n), sig);
}

static enum status verify(struct ed25519_checked *c, const struct hash *pub, struct span message, const struct sig64 *sig)
{
    enum status st = ed25519_check_key_once(c, pub);
    return st == ST_OK ? ed25519_verify_known(pub, message, sig) : st;
}

enum status sshsig_verify(const struct signature *signature, const char *ns, struct span message)
{
    return sshsig_verify_once(NULL, signature, ns, message);
}

enum status sshsig_verify_once(struct ed25519_checked *c, const struct signature *signature, const char *ns, struct span message)
{
    bool flags = HAS(signature, signature_key_flags);
    bool counter = HAS(signature, signature_key_counter);
    struct sshsig_preimage p;
    sshsig_preimage(ns, message, &p);
    if (signature->alg == SIG_ED25519) {
        if (flags || counter) /* SIG-5 */
            return ST_BADSIG;
        return verify(c, &signature->key, span_of(p.b, p.n), &signature->sig);
    }
    if (signature->alg != SIG_SK_ED25519)
        return ST_BADSIG;
    if (!flags || !counter || signature->flags > UINT8_MAX || signature->counter > UINT32_MAX)
        return ST_BADSIG;
    if ((signature->flags & PRESENCE) == 0) /* SIG-5 */
        return ST_BADSIG;
    struct sshsig_sk_message m;
    sshsig_sk_message(&p, (uint8_t)signature->flags, (uint32_t)signature->counter, &m);
    return verify(c, &signature->key, span_of(m.b, sizeof m.b), &signature->sig);
}

/* string type, string signature, and for hardware keys flags and counter. Fills sig, flags, counter. */
static enum status parse_signature(struct span blob, struct signature *s, struct err *err)
{
    struct span type, sig;
    if (!sshwire_string(&blob, &type) || !span_eqs(type, sshpub_type(s->alg)))
        return err_set(err, ST_FORMAT, "the signature's type is not the key's type, %s", sshpub_type(s->alg));
    if (!sshwire_string(&blob, &sig) || sig.n != sizeof s->sig.b)
        return err_set(err, ST_FORMAT, "the signature is not 64 bytes long");
    memcpy(s->sig.b, sig.p, sizeof s->sig.b);
    if (s->alg == SIG_SK_ED25519) {
        uint8_t flags = 0;
        uint32_t counter = 0;
        if (!sshwire_u8(&blob, &flags) || !sshwire_u32(&blob, &counter))
            return err_set(err, ST_FORMAT, "a hardware key's signature without flags and counter");
        if ((flags & PRESENCE) == 0)
            return err_set(
                err, ST_UNSUPPORTED,
                "the hardware key signed without a touch; use a key made without -O no-touch-required");
        s->flags = flags;
        s->counter = counter;
        SET_HAS(s, signature_key_flags);
        SET_HAS(s, signature_key_counter);
    }
    if (blob.n != 0)
        return err_set(err, ST_FORMAT, "%zu bytes too many after the signature", blob.n);
    return ST_OK;
}

/* Everything but the armor. */
static enum status parse_blob(struct span blob, const char *ns, struct signature *ret, struct err *err)
{
    struct span magic, key, name, reserved, hash, sig;
    uint32_t version = 0;
    if (!sshwire_take(&blob, strlen(MAGIC), &magic) || !span_eqs(magic, MAGIC))
        return err_set(err, ST_FORMAT, "not an SSH signature: it does not begin with " MAGIC);
    if (!sshwire_u32(&blob, &version) || version != VERSION)
        return err_set(err, ST_UNSUPPORTED, "SSH signature format version %" PRIu32 "; expected 1", version);
    if (!sshwire_string(&blob, &key) || !sshwire_string(&blob, &name) || !sshwire_string(&blob, &reserved) ||
        !sshwire_string(&blob, &hash) || !sshwire_string(&blob, &sig))
        return err_set(err, ST_FORMAT, "the SSH signature is cut off");
    if (blob.n != 0)
        return err_set(err, ST_FORMAT, "%zu bytes too many after the SSH signature", blob.n);
    struct public_key pub;
    enum status st = sshpub_parse_blob(key, &pub, err);
    if (st != ST_OK)
        return st;
    if (!span_eqs(name, ns))
        return err_set(err, ST_MISMATCH, "signed for %s; expected %s (ssh-keygen -Y sign -n %s)",
                       sshwire_name(name).s, ns, ns);
    if (reserved.n != 0)
        return err_set(err, ST_FORMAT, "the reserved field of the SSH signature is not empty");
    if (!span_eqs(hash, HASH_NAME))
        return err_set(err, ST_UNSUPPORTED,
                       "hash algorithm %s; sign with -Y sign, hashalg sha512 (the default of ssh-keygen)",
                       sshwire_name(hash).s);
    struct signature s = {.alg = pub.alg, .key = pub.key};
    set_required(&s);
    st = parse_signature(sig, &s, err);
    if (st == ST_OK)
        *ret = s;
    return st;
}

static bool skip_prefix(struct span *s, const char *prefix)
{
    struct span want = span_str(prefix), got;
    struct span rest = *s;
    if (!sshwire_take(&rest, want.n, &got) || !span_eq(got, want))
        return false;
    *s = rest;
    return true;
}

/* Files from mail programs may end their lines with \r\n. */
static size_t drop_returns(struct span file, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < file.n; i++)
        if (!(file.p[i] == '\r' && i + 1 < file.n && file.p[i + 1] == '\n'))
            out[n++] = (char)file.p[i];
    return n;
}

enum status sshsig_read(struct span file, const char *ns, struct signature *ret_signature, struct err *err)
{
    if (file.n > SSHSIG_FILE_MAX)
        return err_set(err, ST_LIMIT, "an SSH signature file has at most %d bytes; this has %zu",
                       SSHSIG_FILE_MAX, file.n);
    char text[SSHSIG_FILE_MAX + 1];
    size_t n = drop_returns(file, text);
    if (n != 0 && text[n - 1] != '\n')
        text[n++] = '\n';
    struct span left = span_of(text, n);
    if (!skip_prefix(&left, ARMOR_TOP))
        return err_set(err, ST_FORMAT,
                       "not an SSH signature file: its first line is not "
                       "-----BEGIN SSH SIGNATURE-----");
    size_t end_n = strlen(ARMOR_END);
    if (left.n < end_n || memcmp(left.p + left.n - end_n, ARMOR_END, end_n) != 0)
        return err_set(err, ST_FORMAT,
                       "the SSH signature file is cut off: its last line is not "
                       "-----END SSH SIGNATURE-----");
    uint8_t blob[SSHSIG_FILE_MAX];
    size_t blob_n = 0;
    if (base64_into(span_of(left.p, left.n - end_n), "\n", blob, sizeof blob, &blob_n) != ST_OK)
        return err_set(err, ST_FORMAT,
                       "the SSH signature file is not base64 between its first and last line");
    return parse_blob(span_of(blob, blob_n), ns, ret_signature, err);
}

static void put_blob(struct buf *b, const struct signature *signature, const char *ns)
{
    struct public_key pub = {.alg = signature->alg, .key = signature->key};
    struct buf part;
    buf_init(&part, BLOB_MAX);
    buf_put(b, MAGIC, strlen(MAGIC));
    buf_u32(b, VERSION);
    sshpub_put_blob(&part, &pub);
    sshwire_put_string(b, buf_span(&part));
    sshwire_put_string(b, span_str(ns));
    sshwire_put_string(b, span_str(""));
    sshwire_put_string(b, span_str(HASH_NAME));
    buf_reset(&part);
    sshwire_put_string(&part, span_str(sshpub_type(signature->alg)));
    sshwire_put_string(&part, span_of(signature->sig.b, sizeof signature->sig.b));
    if (signature->alg == SIG_SK_ED25519) {
        buf_u8(&part, (uint8_t)signature->flags);
        buf_u32(&part, (uint32_t)signature->counter);
    }
    sshwire_put_string(b, buf_span(&part));
    ASSERT(part.failed == ST_OK);
    buf_deinit(&part);
}

void sshsig_write(const struct signature *signature, const char *ns, struct buf *b)
{
    struct buf blob, text;
    buf_init(&blob, BLOB_MAX);
    buf_init(&text, (size_t)2 * BLOB_MAX);
    put_blob(&blob, signature, ns);
    ASSERT(blob.failed == ST_OK);
    base64_put(&text, buf_span(&blob));
    ASSERT(text.failed == ST_OK);
    buf_printf(b, ARMOR_TOP);
    for (size_t at = 0; at < text.n; at += ARMOR_COLUMNS) {
        size_t n = text.n - at < ARMOR_COLUMNS ? text.n - at : ARMOR_COLUMNS;
        buf_put(b, text.p + at, n);
        buf_u8(b, '\n');
    }
    buf_printf(b, ARMOR_END);
    buf_deinit(&blob);
    buf_deinit(&text);
}
