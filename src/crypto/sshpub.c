#include <sodium.h>
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshwire.h"

enum { BLOB_MAX = 4096 }; /* room for RSA keys, so that they are refused by name */

static const char accepted[] =
    "only ssh-ed25519 and sk-ssh-ed25519@openssh.com are accepted; make a key with: "
    "ssh-keygen -t ed25519";

const char *sshpub_type(enum sig_alg alg)
{
    return alg == SIG_SK_ED25519 ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519";
}

static bool type_is(struct span type, enum sig_alg alg)
{
    return span_eqs(type, sshpub_type(alg));
}

void sshpub_put_blob(struct buf *b, const struct public_key *key)
{
    sshwire_put_string(b, span_str(sshpub_type(key->alg)));
    sshwire_put_string(b, span_hash(&key->key));
    if (key->alg == SIG_SK_ED25519)
        sshwire_put_string(b, span_str(SSHPUB_APPLICATION));
}

enum status sshpub_parse_blob(struct span blob, struct public_key *ret_key, struct err *err)
{
    struct span type, point, application;
    if (!sshwire_string(&blob, &type))
        return err_set(err, ST_FORMAT, "not an SSH public key: it ends before its type");
    bool sk = type_is(type, SIG_SK_ED25519);
    if (!sk && !type_is(type, SIG_ED25519))
        return err_set(err, ST_UNSUPPORTED, "key of type %s: %s", sshwire_name(type).s, accepted);
    if (!sshwire_string(&blob, &point) || point.n != 32)
        return err_set(err, ST_FORMAT, "%s key without a 32-byte point", sshwire_name(type).s);
    if (sk && !sshwire_string(&blob, &application))
        return err_set(err, ST_FORMAT, "hardware key without its application");
    if (sk && !span_eqs(application, SSHPUB_APPLICATION))
        return err_set(err, ST_UNSUPPORTED,
                       "hardware key made for application %s; expected " SSHPUB_APPLICATION
                       " (ssh-keygen -t ed25519-sk without -O application)",
                       sshwire_name(application).s);
    if (blob.n != 0)
        return err_set(err, ST_FORMAT, "%zu bytes too many after the public key", blob.n);
    struct public_key key = {.alg = sk ? SIG_SK_ED25519 : SIG_ED25519};
    memcpy(key.key.b, point.p, sizeof key.key.b);
    SET_HAS(&key, public_key_key_alg);
    SET_HAS(&key, public_key_key_key);
    if (ed25519_check_key(&key.key) != ST_OK) /* SIG-4 */
        return err_set(err, ST_BADKEY,
                       "not a usable Ed25519 public key: not a canonical point of the main subgroup");
    *ret_key = key;
    return ST_OK;
}

/* Takes the bytes up to the next blank off *left, and the blanks after it. */
static struct span take_word(struct span *left)
{
    size_t n = 0;
    while (n < left->n && left->p[n] != ' ' && left->p[n] != '\t')
        n++;
    struct span word = span_of(left->p, n);
    while (n < left->n && (left->p[n] == ' ' || left->p[n] == '\t'))
        n++;
    *left = span_of(left->p + n, left->n - n);
    return word;
}

static struct span trim_line_end(struct span line)
{
    if (line.n != 0 && line.p[line.n - 1] == '\n')
        line.n--;
    while (line.n != 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

enum status sshpub_parse(struct span line, struct public_key *ret_key, struct span *ret_comment,
                         struct err *err)
{
    if (line.n > SSHPUB_LINE_MAX)
        return err_set(err, ST_LIMIT, "a public key line has at most %d bytes; this has %zu", SSHPUB_LINE_MAX,
                       line.n);
    line = trim_line_end(line);
    if (line.n != 0 && memchr(line.p, '\n', line.n) != NULL)
        return err_set(err, ST_FORMAT, "more than one line; one public key was expected");
    struct span begin = span_str("-----BEGIN");
    if (line.n >= begin.n && memcmp(line.p, begin.p, begin.n) == 0)
        return err_set(err, ST_FORMAT,
                       "this is a private key or a signature; give the file that ends in .pub");
    struct span type = take_word(&line);
    struct span text = take_word(&line);
    if (type.n == 0 || text.n == 0)
        return err_set(err, ST_FORMAT,
                       "not an OpenSSH public key line: expected \"ssh-ed25519 AAAA... comment\"");
    if (!type_is(type, SIG_ED25519) && !type_is(type, SIG_SK_ED25519))
        return err_set(err, ST_UNSUPPORTED, "key of type %s: %s", sshwire_name(type).s, accepted);
    uint8_t blob[BLOB_MAX];
    size_t n = 0;
    if (base64_into(text, NULL, blob, sizeof blob, &n) != ST_OK)
        return err_set(err, ST_FORMAT, "the word after %s is not base64", sshwire_name(type).s);
    struct public_key key;
    enum status st = sshpub_parse_blob(span_of(blob, n), &key, err);
    if (st != ST_OK)
        return st;
    if (!type_is(type, key.alg))
        return err_set(err, ST_FORMAT, "the line says %s, the key inside %s", sshwire_name(type).s,
                       sshpub_type(key.alg));
    *ret_key = key;
    *ret_comment = line;
    return ST_OK;
}

/* "ssh-ed25519 AAAA..." */
static void print_key(const struct public_key *key, struct buf *b)
{
    struct buf blob;
    buf_init(&blob, 256);
    sshpub_put_blob(&blob, key);
    ASSERT(blob.failed == ST_OK);
    buf_printf(b, "%s ", sshpub_type(key->alg));
    base64_put(b, buf_span(&blob));
    buf_deinit(&blob);
}

void sshpub_print(const struct public_key *key, struct span comment, struct buf *b)
{
    print_key(key, b);
    if (comment.n != 0) {
        buf_u8(b, ' ');
        buf_put_span(b, comment);
    }
    buf_u8(b, '\n');
}

struct sshpub_fingerprint sshpub_fingerprint(const struct public_key *key)
{
    struct buf blob;
    buf_init(&blob, 256);
    sshpub_put_blob(&blob, key);
    ASSERT(blob.failed == ST_OK);
    struct hash h;
    sha256(buf_span(&blob), &h);
    buf_deinit(&blob);
    struct sshpub_fingerprint f = {"SHA256:"};
    sodium_bin2base64(f.s + 7, sizeof f.s - 7, h.b, sizeof h.b, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    return f;
}

/* ssh-keygen reads time zone Z since OpenSSH 9.1. */
static void put_time(struct buf *b, const char *option, uint64_t ms)
{
    struct time_text t = time_utc(ms); /* 2026-11-23T09:15:06.123Z */
    buf_printf(b, "%s=\"%.4s%.2s%.2s%.2s%.2s%.2sZ\"", option, t.s, t.s + 5, t.s + 8, t.s + 11, t.s + 14,
               t.s + 17);
}

static bool plain(const char *text, const char *also)
{
    for (const char *c = text; *c != 0; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(also, *c) != NULL))
            return false;
    return true;
}

enum status sshpub_allowed_signer(const struct sshpub_signer *signer, struct buf *b, struct err *err)
{
    const uint64_t year_10000 = UINT64_C(253402300800000);
    if (signer->principal[0] == 0 || !plain(signer->principal, "/.-_@"))
        return err_set(err, ST_FORMAT,
                       "a principal of allowed_signers is a seat such as brand/alliance-manager");
    if (!plain(signer->namespaces, "/.-_@,"))
        return err_set(err, ST_FORMAT, "namespaces of allowed_signers are names parted by commas");
    if (signer->valid_after_ms >= year_10000 || signer->valid_before_ms >= year_10000)
        return err_set(err, ST_RANGE, "times of allowed_signers end with the year 9999");
    buf_printf(b, "%s", signer->principal);
    char before = ' ';
    if (signer->namespaces[0] != 0) {
        buf_printf(b, "%cnamespaces=\"%s\"", before, signer->namespaces);
        before = ',';
    }
    if (signer->valid_after_ms != 0) {
        buf_u8(b, (uint8_t)before);
        put_time(b, "valid-after", signer->valid_after_ms);
        before = ',';
    }
    if (signer->valid_before_ms != 0) {
        buf_u8(b, (uint8_t)before);
        put_time(b, "valid-before", signer->valid_before_ms);
    }
    buf_u8(b, ' ');
    print_key(&signer->key, b);
    buf_u8(b, '\n');
    return b->failed == ST_OK ? ST_OK : err_set(err, b->failed, "the allowed_signers file is over its limit");
}
