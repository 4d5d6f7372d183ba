#include "merkle/checkpoint.h"

enum { COSIGNATURE_SIZE = 8 + 64 };

/* The next line without its newline; false at the end. A text ends in a newline (note_parse). */
static bool next_line(struct span *s, struct span *ret_line)
{
    const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, '\n', s->n);
    if (at == NULL)
        return false;
    size_t n = (size_t)(at - s->p);
    *ret_line = span_of(s->p, n);
    *s = span_of(at + 1, s->n - n - 1);
    return true;
}

/* Decimal without leading zeros, below 2^64. */
static bool parse_size(struct span s, uint64_t *ret_size)
{
    uint64_t v = 0;
    if (s.n == 0 || (s.n > 1 && s.p[0] == '0'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)s.p[i] - '0';
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *ret_size = v;
    return true;
}

static bool parse_root(struct span s, struct hash *ret_root)
{
    struct arena a;
    struct span bytes;
    arena_init(&a, 0);
    bool ok = s.n == 44 && base64_decode(s, &a, &bytes) == ST_OK && bytes.n == 32;
    if (ok)
        memcpy(ret_root->b, bytes.p, 32);
    arena_deinit(&a);
    return ok;
}

enum status checkpoint_parse(struct span text, struct checkpoint *ret_checkpoint, struct err *err)
{
    struct checkpoint c = {0};
    struct span rest = text, line = {0};
    if (text.n == 0 || text.p[text.n - 1] != '\n')
        return err_set(err, ST_FORMAT, "checkpoint: the text does not end in a newline");
    if (!next_line(&rest, &c.origin) || c.origin.n == 0)
        return err_set(err, ST_FORMAT, "checkpoint: line 1: expected the origin, found an empty line");
    if (!next_line(&rest, &line) || !parse_size(line, &c.size))
        return err_set(err, ST_FORMAT,
                       "checkpoint: line 2: expected the tree size in decimal, without leading zeros");
    if (!next_line(&rest, &line) || !parse_root(line, &c.root))
        return err_set(err, ST_FORMAT, "checkpoint: line 3: expected the root, base64 of 32 bytes");
    c.extension = rest;
    for (size_t n = 4; next_line(&rest, &line); n++)
        if (line.n == 0)
            return err_set(err, ST_FORMAT, "checkpoint: line %zu: an extension line may not be empty", n);
    *ret_checkpoint = c;
    return ST_OK;
}

void checkpoint_put(const struct checkpoint *c, struct buf *b)
{
    ASSERT(c->origin.n != 0);
    ASSERT(memchr(c->origin.p, '\n', c->origin.n) == NULL);
    buf_put_span(b, c->origin);
    buf_printf(b, "\n%" PRIu64 "\n", c->size);
    base64_put(b, span_hash(&c->root));
    buf_u8(b, '\n');
    buf_put_span(b, c->extension);
}

void checkpoint_sign(struct span text, const struct note_key *k, const struct ed25519_key *secret,
                     struct buf *b)
{
    ASSERT(k->type == NOTE_ED25519);
    ASSERT(hash_eq(&k->key, &secret->pub));
    struct sig64 sig;
    ed25519_sign(secret, text, &sig);
    note_put_sig(k, span_of(sig.b, sizeof sig.b), b);
}

/* tlog-cosignature, "Ed25519 signed message". */
static void cosigned_message(struct span text, uint64_t time_s, struct buf *ret_message)
{
    buf_init(ret_message, text.n + 64);
    buf_printf(ret_message, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    buf_put_span(ret_message, text);
}

void checkpoint_cosign(struct span text, const struct note_key *k, const struct ed25519_key *secret,
                       uint64_t time_s, struct buf *b)
{
    ASSERT(k->type == NOTE_COSIGNATURE);
    ASSERT(hash_eq(&k->key, &secret->pub));
    ASSERT(time_s <= INT64_MAX);
    struct buf message;
    cosigned_message(text, time_s, &message);
    ASSERT(message.failed == ST_OK);
    struct sig64 sig;
    ed25519_sign(secret, buf_span(&message), &sig);
    buf_deinit(&message);
    uint8_t blob[COSIGNATURE_SIZE];
    store_u64(blob, time_s);
    memcpy(blob + 8, sig.b, sizeof sig.b);
    note_put_sig(k, span_of(blob, sizeof blob), b);
}

static enum status verify_cosignature(struct span text, const struct note_key *k, struct span blob,
                                      uint64_t *ret_time_s)
{
    struct buf message;
    struct sig64 sig;
    uint64_t time_s = load_u64(blob.p);
    if (time_s > INT64_MAX)
        return ST_BADSIG;
    memcpy(sig.b, blob.p + 8, sizeof sig.b);
    cosigned_message(text, time_s, &message);
    enum status st =
        message.failed != ST_OK ? message.failed : ed25519_verify(&k->key, buf_span(&message), &sig);
    buf_deinit(&message);
    if (st == ST_OK)
        *ret_time_s = time_s;
    return st;
}

/* One line by the key it names. */
static enum status verify_line(struct span text, const struct note_key *k, const struct note_sig *line,
                               struct checkpoint_seen *seen)
{
    uint64_t time_s = 0;
    enum status st = ST_BADSIG;
    if (k->type == NOTE_COSIGNATURE && line->sig.n == COSIGNATURE_SIZE) {
        st = verify_cosignature(text, k, line->sig, &time_s);
    } else if (k->type == NOTE_ED25519 && line->sig.n == 64) {
        struct sig64 sig;
        memcpy(sig.b, line->sig.p, sizeof sig.b);
        st = ed25519_verify(&k->key, text, &sig);
    }
    if (st != ST_OK)
        return st;
    if (time_s > seen->time_s)
        seen->time_s = time_s;
    seen->signed_it = true;
    return ST_OK;
}

enum status checkpoint_verify(struct span note, const struct note_key *keys, size_t n, struct arena *a,
                              struct checkpoint *ret_checkpoint, struct checkpoint_seen *ret_seen,
                              struct err *err)
{
    struct signed_note parsed;
    struct checkpoint c;
    enum status st = note_parse(note, a, &parsed, err);
    if (st == ST_OK)
        st = checkpoint_parse(parsed.text, &c, err);
    if (st != ST_OK)
        return st;
    struct checkpoint_seen *seen = arena_array(a, n, sizeof *seen);
    if (seen == NULL)
        return err_set(err, ST_LIMIT, "no room for %zu keys", n);
    bool any = false;
    for (size_t i = 0; i < parsed.n; i++) {
        const struct note_sig *line = &parsed.sigs[i];
        for (size_t k = 0; k < n; k++) {
            if (keys[k].id != line->id || !span_eq(keys[k].name, line->name))
                continue;
            st = verify_line(parsed.text, &keys[k], line, &seen[k]);
            if (st != ST_OK)
                return err_set(err, st,
                               "line %zu: signature of %.*s (key id %08" PRIx32 ") does not verify: %s",
                               line->line, SPAN_FMT(line->name), line->id, status_text(st));
            any = true;
        }
    }
    if (!any)
        return err_set(err, ST_NOTFOUND, "none of the %zu signatures is by one of the %zu known keys",
                       parsed.n, n);
    *ret_checkpoint = c;
    for (size_t k = 0; k < n; k++)
        ret_seen[k] = seen[k];
    return ST_OK;
}
