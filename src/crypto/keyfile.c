#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/sshpub.h"

#define FIRST_LINE "entente-key 1"

enum {
    OPS_MAX = 16, /* what a file may ask of this machine (KEY-3) */
    MEM_MIN = 8192,
    MEM_MAX = 1073741824,
    BOX_BYTES = 32 + crypto_secretbox_MACBYTES,
};

/* What a file says. */
struct contents {
    struct hash pub;
    bool sealed;
    unsigned long long ops;
    size_t mem;
    uint8_t salt[crypto_pwhash_SALTBYTES];
    uint8_t nonce[crypto_secretbox_NONCEBYTES];
    uint8_t box[BOX_BYTES];
    uint8_t seed[32]; /* unsealed */
};

/* --- reading --- */

static enum status read_fd(int fd, const char *path, size_t limit, char *out, size_t *ret_n, struct err *err)
{
    size_t n = 0;
    for (;;) {
        ssize_t k = read(fd, out + n, limit + 1 - n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_set(err, ST_IO, "%s: cannot read", path);
        if (k == 0)
            break;
        n += (size_t)k;
        if (n > limit)
            return err_set(err, ST_FORMAT, "%s: not a key file: larger than %zu bytes", path, limit);
    }
    out[n] = 0;
    *ret_n = n;
    return ST_OK;
}

static enum status open_private(const char *path, int *ret_fd, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* does not hang on a fifo */
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ST_NOTFOUND, "%s: no such key file", path);
    if (fd < 0) {
        char why[128];
        return err_set(err, ST_IO, "%s: cannot open: %s", path, strerror_r(errno, why, sizeof why));
    }
    struct stat sb;
    enum status st = ST_OK;
    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode))
        st = err_set(err, ST_FORMAT, "%s: not a regular file; a key file was expected", path);
    else if ((sb.st_mode & 077) != 0) /* KEY-4 */
        st =
            err_set(err, ST_BADKEY,
                    "%s: mode %04o lets others at the key; make it yours alone with: chmod 600 %s, and think "
                    "about whether somebody has copied it",
                    path, (unsigned)(sb.st_mode & 07777), path);
    if (st == ST_OK)
        *ret_fd = fd;
    else
        (void)close(fd);
    return st;
}

enum status keyfile_read_secret(const char *path, size_t limit, char **ret_text, size_t *ret_n,
                                struct err *err)
{
    int fd = -1;
    enum status st = open_private(path, &fd, err);
    if (st != ST_OK)
        return st;
    char *text = sodium_malloc(limit + 1);
    if (text == NULL)
        st = err_set(err, ST_NOMEM, "%s: no memory for the key", path);
    else
        st = read_fd(fd, path, limit, text, ret_n, err);
    (void)close(fd);
    if (st == ST_OK)
        *ret_text = text;
    else
        sodium_free(text);
    return st;
}

/* Takes "name value\n" off *left. */
static bool take_line(struct span *left, const char *name, struct span *ret_value)
{
    const uint8_t *end = left->n == 0 ? NULL : memchr(left->p, '\n', left->n);
    size_t name_n = strlen(name);
    if (end == NULL)
        return false;
    size_t n = (size_t)(end - left->p);
    if (n < name_n + 1 || memcmp(left->p, name, name_n) != 0 || left->p[name_n] != ' ')
        return false;
    *ret_value = span_of(left->p + name_n + 1, n - name_n - 1);
    *left = span_of(end + 1, left->n - n - 1);
    return true;
}

static bool take_base64(struct span *left, const char *name, uint8_t *out, size_t n)
{
    struct span value;
    size_t got = 0;
    return take_line(left, name, &value) && base64_into(value, NULL, out, n, &got) == ST_OK && got == n;
}

static bool take_number(struct span *s, uint64_t *ret_value)
{
    uint64_t v = 0;
    size_t n = 0;
    while (n < s->n && n < 12 && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (uint64_t)(s->p[n++] - '0');
    if (n == 0 || (n > 1 && s->p[0] == '0'))
        return false;
    *s = span_of(s->p + n, s->n - n);
    *ret_value = v;
    return true;
}

static enum status parse_cost(struct span *left, const char *path, struct contents *c, struct err *err)
{
    struct span value;
    uint64_t ops = 0, mem = 0;
    if (!take_line(left, "cost", &value) || !take_number(&value, &ops) || value.n == 0 || value.p[0] != ' ')
        return err_set(err, ST_FORMAT, "%s: line 3: expected \"cost PASSES BYTES\" or \"seed BASE64\"", path);
    value = span_of(value.p + 1, value.n - 1);
    if (!take_number(&value, &mem) || value.n != 0)
        return err_set(err, ST_FORMAT, "%s: line 3: expected \"cost PASSES BYTES\"", path);
    if (ops < 1 || ops > OPS_MAX || mem < MEM_MIN || mem > MEM_MAX)
        return err_set(err, ST_RANGE,
                       "%s: line 3: cost %" PRIu64 " %" PRIu64 ": expected 1-%d passes and %d-%d bytes", path,
                       ops, mem, OPS_MAX, MEM_MIN, MEM_MAX);
    c->ops = ops;
    c->mem = (size_t)mem;
    return ST_OK;
}

/* The last line holds, so the bytes are those that were written. */
static bool check_holds(struct span text, struct span *ret_body)
{
    const size_t line = sizeof "check " - 1 + 64 + 1;
    if (text.n < line)
        return false;
    struct span body = span_of(text.p, text.n - line), last = span_of(text.p + body.n, line), value;
    struct hash said, is;
    if (!take_line(&last, "check", &value) || last.n != 0 || hex_to_hash(value, &said) != ST_OK)
        return false;
    sha256(body, &is);
    *ret_body = body;
    return hash_eq(&said, &is);
}

static enum status parse(const char *path, struct span text, struct contents *c, struct err *err)
{
    struct span first = span_str(FIRST_LINE "\n"), value, comment;
    if (text.n < first.n || memcmp(text.p, first.p, first.n) != 0)
        return err_set(err, ST_FORMAT,
                       "%s: not an Entente key file: its first line is not \"" FIRST_LINE "\"", path);
    struct span left;
    if (!check_holds(text, &left)) /* KEY-5 */
        return err_set(err, ST_CORRUPT, "%s: damaged: its check line does not match; restore it from a copy",
                       path);
    left = span_of(left.p + first.n, left.n - first.n);
    struct public_key pub;
    if (!take_line(&left, "public", &value))
        return err_set(err, ST_FORMAT, "%s: line 2: expected \"public ssh-ed25519 AAAA...\"", path);
    enum status st = sshpub_parse(value, &pub, &comment, err);
    if (st != ST_OK)
        return err_wrap(err, st, "%s: line 2: ", path);
    if (pub.alg != SIG_ED25519 || comment.n != 0)
        return err_set(err, ST_FORMAT, "%s: line 2: expected an ssh-ed25519 key without a comment", path);
    c->pub = pub.key;
    c->sealed = left.n < 5 || memcmp(left.p, "seed ", 5) != 0;
    if (!c->sealed)
        return take_base64(&left, "seed", c->seed, sizeof c->seed) && left.n == 0
                   ? ST_OK
                   : err_set(err, ST_FORMAT,
                             "%s: line 3: expected 32 bytes in base64, and the check line next", path);
    st = parse_cost(&left, path, c, err);
    if (st != ST_OK)
        return st;
    if (!take_base64(&left, "salt", c->salt, sizeof c->salt) ||
        !take_base64(&left, "nonce", c->nonce, sizeof c->nonce) ||
        !take_base64(&left, "box", c->box, sizeof c->box) || left.n != 0)
        return err_set(err, ST_FORMAT, "%s: expected the lines salt, nonce, box and check after line 3",
                       path);
    return ST_OK;
}

/* Contents in locked memory; freed with sodium_free. */
static enum status load(const char *path, struct contents **ret, struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    enum status st = keyfile_read_secret(path, KEYFILE_MAX, &text, &n, err);
    if (st != ST_OK)
        return st;
    struct contents *c = sodium_malloc(sizeof *c);
    if (c == NULL)
        st = err_set(err, ST_NOMEM, "%s: no memory for the key", path);
    else
        st = parse(path, span_of(text, n), c, err);
    sodium_free(text);
    if (st == ST_OK)
        *ret = c;
    else
        sodium_free(c);
    return st;
}

/* Opens the box into c->seed. */
static enum status unseal(struct contents *c, struct span passphrase, const char *path, struct err *err)
{
    if (passphrase.n == 0)
        return err_set(err, ST_PASSPHRASE, "%s: the key is sealed; its passphrase is needed", path);
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (crypto_pwhash(key, sizeof key, (const char *)passphrase.p, passphrase.n, c->salt, c->ops, c->mem,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(err, ST_NOMEM,
                       "%s: opening it takes %zu MiB of memory, which this machine does not give", path,
                       c->mem >> 20);
    int bad = crypto_secretbox_open_easy(c->seed, c->box, sizeof c->box, c->nonce, key);
    sodium_memzero(key, sizeof key);
    if (bad != 0)
        return err_set(err, ST_PASSPHRASE, "%s: wrong passphrase", path);
    return ST_OK;
}

enum status keyfile_open(const char *path, struct span passphrase, struct ed25519_key **ret_key,
                         struct err *err)
{
    struct contents *c = NULL;
    enum status st = load(path, &c, err);
    if (st != ST_OK)
        return st;
    struct ed25519_key *key = NULL;
    if (c->sealed)
        st = unseal(c, passphrase, path, err);
    if (st == ST_OK) {
        st = ed25519_from_seed(c->seed, &key);
        if (st != ST_OK)
            (void)err_set(err, st, "%s: no memory for the key", path);
    }
    if (st == ST_OK && !hash_eq(&key->pub, &c->pub))
        st = err_set(err, ST_CORRUPT, "%s: the secret key inside is not that of the public key on line 2",
                     path);
    if (st == ST_OK)
        *ret_key = key;
    else
        ed25519_free(key);
    sodium_free(c);
    return st;
}

enum status keyfile_public(const char *path, struct hash *ret_pub, bool *ret_sealed, struct err *err)
{
    struct contents *c = NULL;
    enum status st = load(path, &c, err);
    if (st != ST_OK)
        return st;
    *ret_pub = c->pub;
    *ret_sealed = c->sealed;
    sodium_free(c);
    return ST_OK;
}

/* --- writing --- */

/* Text in locked memory; the longest file is far below its bound. */
struct draft {
    size_t n;
    char text[KEYFILE_MAX];
};

static void put(struct draft *d, const char *s, size_t n)
{
    ASSERT(n < sizeof d->text - d->n);
    memcpy(d->text + d->n, s, n);
    d->n += n;
}

static void put_base64(struct draft *d, const char *name, const uint8_t *bytes, size_t n)
{
    put(d, name, strlen(name));
    size_t need = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
    ASSERT(need < sizeof d->text - d->n);
    sodium_bin2base64(d->text + d->n, need, bytes, n, sodium_base64_VARIANT_ORIGINAL);
    d->n += need - 1; /* not its NUL */
    put(d, "\n", 1);
}

static enum status put_sealed(struct draft *d, const struct ed25519_key *key, enum keyfile_seal seal,
                              struct span passphrase, const struct rng *rng, struct err *err)
{
    bool moderate = seal == KEYFILE_MODERATE;
    unsigned long long ops = moderate ? crypto_pwhash_OPSLIMIT_MODERATE : crypto_pwhash_OPSLIMIT_INTERACTIVE;
    size_t mem = moderate ? crypto_pwhash_MEMLIMIT_MODERATE : crypto_pwhash_MEMLIMIT_INTERACTIVE;
    uint8_t salt[crypto_pwhash_SALTBYTES], nonce[crypto_secretbox_NONCEBYTES], box[BOX_BYTES];
    uint8_t secret[crypto_secretbox_KEYBYTES];
    rng_fill(rng, salt, sizeof salt);
    rng_fill(rng, nonce, sizeof nonce);
    if (crypto_pwhash(secret, sizeof secret, (const char *)passphrase.p, passphrase.n, salt, ops, mem,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(err, ST_NOMEM,
                       "sealing a key takes %zu MiB of memory, which this machine does not give", mem >> 20);
    (void)crypto_secretbox_easy(box, key->secret, 32, nonce, secret);
    sodium_memzero(secret, sizeof secret);
    char cost[64];
    int n = snprintf(cost, sizeof cost, "cost %llu %zu\n", ops, mem);
    ASSERT(n > 0);
    put(d, cost, (size_t)n);
    put_base64(d, "salt ", salt, sizeof salt);
    put_base64(d, "nonce ", nonce, sizeof nonce);
    put_base64(d, "box ", box, sizeof box);
    return ST_OK;
}

static enum status write_text(struct draft *d, const struct ed25519_key *key, enum keyfile_seal seal,
                              struct span passphrase, const struct rng *rng, struct err *err)
{
    struct public_key pub = {.alg = SIG_ED25519, .key = key->pub};
    struct buf line;
    buf_init(&line, 256);
    buf_printf(&line, FIRST_LINE "\npublic ");
    sshpub_print(&pub, span_str(""), &line);
    ASSERT(line.failed == ST_OK);
    put(d, buf_cstr(&line), line.n);
    buf_deinit(&line);
    if (seal == KEYFILE_UNSEALED) {
        put_base64(d, "seed ", key->secret, 32);
    } else {
        enum status st = put_sealed(d, key, seal, passphrase, rng, err);
        if (st != ST_OK)
            return st;
    }
    struct hash h;
    sha256(span_of(d->text, d->n), &h);
    put(d, "check ", 6);
    put(d, hex_of(&h).s, 64);
    put(d, "\n", 1);
    return ST_OK;
}

enum status keyfile_create(const char *path, const struct ed25519_key *key, enum keyfile_seal seal,
                           struct span passphrase, const struct rng *rng, struct err *err)
{
    if (seal == KEYFILE_UNSEALED && passphrase.n != 0)
        return err_set(err, ST_USAGE, "%s: a passphrase was given for a key that is not to be sealed", path);
    if (seal != KEYFILE_UNSEALED && passphrase.n == 0)
        return err_set(err, ST_USAGE,
                       "%s: an empty passphrase does not seal a key; ask for an unsealed one instead", path);
    struct draft *d = sodium_malloc(sizeof *d);
    if (d == NULL)
        return err_set(err, ST_NOMEM, "%s: no memory for the key", path);
    d->n = 0;
    enum status st = write_text(d, key, seal, passphrase, rng, err);
    if (st == ST_OK)
        st = file_write(path, span_of(d->text, d->n), 0600, false, err);
    sodium_free(d);
    return st;
}
