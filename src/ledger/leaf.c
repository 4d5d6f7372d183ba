#include "codec/walk.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "ledger/leaf.h"
#include "merkle/rfc6962.h"

enum status leaf_read(struct span bytes, struct arena *a, struct leaf *ret_leaf, struct err *err)
{
    struct leaf leaf = {.bytes = bytes};
    size_t used;
    if (bytes.n > LIMIT_ENTRY_BYTES) /* ENT-2 */
        return err_set(err, ST_LIMIT, "entry: %zu bytes with its signature; at most %d", bytes.n, LIMIT_ENTRY_BYTES);
    enum status st = codec_decode_prefix(&entry_desc, bytes, a, &leaf.entry, &used, err);
    if (st != ST_OK)
        return st;
    leaf.entry_bytes = span_of(bytes.p, used);
    st = codec_decode(&signature_desc, span_of(bytes.p + used, bytes.n - used), a, &leaf.signature, err);
    if (st != ST_OK)
        return err_wrap(err, st, "after the entry's %zu bytes: ", used);
    bool sk = leaf.signature.alg == SIG_SK_ED25519;
    if (HAS(&leaf.signature, 4) != sk || HAS(&leaf.signature, 5) != sk) /* SIG-5 */
        return err_set(err, ST_FORMAT, "signature: flags and counter belong to hardware keys, and to them alone");
    *ret_leaf = leaf;
    return ST_OK;
}

enum status leaf_parse(struct span bytes, struct arena *a, struct leaf *ret_leaf, struct err *err)
{
    enum status st = leaf_read(bytes, a, ret_leaf, err);
    if (st != ST_OK)
        return st;
    sha256(ret_leaf->entry_bytes, &ret_leaf->id);
    rfc6962_leaf(bytes, &ret_leaf->leaf_hash);
    return ST_OK;
}

enum status leaf_verify(const struct leaf *leaf)
{
    return leaf_verify_once(NULL, leaf);
}

enum status leaf_verify_once(struct ed25519_checked *c, const struct leaf *leaf)
{
    return sshsig_verify_once(c, &leaf->signature, SSHSIG_ENTRY, leaf->entry_bytes);
}

void leaf_prose_digest(const struct prose *prose, struct hash *ret_digest)
{
    sha256_2(span_hash(&prose->salt), prose->text, ret_digest);
}

/* One level of the walk over a decoded body. */
struct frame {
    const struct record_desc *d;
    const uint8_t *rec;
    size_t field, item;
};

static const struct frame *descend(struct frame *top, const struct field_desc *f, struct frame *next)
{
    const uint8_t *at = top->rec + f->offset;
    if (f->type == FT_REC && top->item == 0) {
        top->item = 1;
        *next = (struct frame){f->rec, at, 0, 0};
        return next;
    }
    if (f->type == FT_LIST) {
        struct { size_t n; const uint8_t *v; } list;
        memcpy(&list, at, sizeof list);
        if (top->item < list.n) {
            *next = (struct frame){f->rec, list.v + top->item * f->rec->size, 0, 0};
            top->item++;
            return next;
        }
    }
    return NULL;
}

/* Walks the PROSE fields that are present. Counts those that hold the digest, and returns the first of them or NULL; with no
 * digest counts all. */
static const struct field_desc *walk_prose(const struct record_desc *d, const void *body, const struct hash *digest, size_t *count)
{
    struct frame stack[LIMIT_NEST_DEPTH + 1];
    const struct field_desc *found = NULL;
    size_t depth = 1;
    stack[0] = (struct frame){d, body, 0, 0};
    while (depth > 0) {
        struct frame *top = &stack[depth - 1];
        if (top->field == top->d->n) {
            depth--;
            continue;
        }
        const struct field_desc *f = &top->d->fields[top->field];
        uint64_t has;
        memcpy(&has, top->rec, sizeof has); /* `has` is each record's first member */
        bool present = !f->optional || ((has >> f->key) & 1) != 0;
        if (present && f->type == FT_PROSE) {
            bool holds = digest == NULL || memcmp(top->rec + f->offset, digest->b, 32) == 0;
            if (digest != NULL && holds && found == NULL)
                found = f;
            *count += holds;
        }
        if (present && depth < ARRAY_LEN(stack) && descend(top, f, &stack[depth]) != NULL) {
            depth++;
            continue;
        }
        top->field++;
        top->item = 0;
    }
    return found;
}

static enum status accept_prose(const struct record_desc *d, const void *body, const struct prose *prose, struct err *err)
{
    struct hash digest;
    leaf_prose_digest(prose, &digest);
    size_t n = 0;
    const struct field_desc *f = walk_prose(d, body, &digest, &n);
    if (f == NULL)
        return err_set(err, ST_NOTFOUND, "detached text: no field of the entry has its digest %s", hex_of(&digest).s);
    if (prose->text.n < (size_t)f->min || prose->text.n > (size_t)f->max)
        return err_set(err, ST_RANGE, "%s.%s: a text of %zu bytes; %lld to %lld are allowed", d->name, f->name, prose->text.n,
                       (long long)f->min, (long long)f->max);
    bool multiline = strcmp(f->name, "title") != 0; /* ENT-8 */
    enum status st = text_check(prose->text, multiline, err);
    return st == ST_OK ? ST_OK : err_wrap(err, st, "%s.%s: ", d->name, f->name);
}

/* Decodes the body by its kind into the arena. */
static enum status decode_body(const struct leaf *leaf, struct arena *a, const struct record_desc **ret_d, void **ret_body,
                               struct err *err)
{
    const struct record_desc *d = kind_desc((uint32_t)leaf->entry.kind);
    if (d == NULL)
        return err_set(err, ST_UNSUPPORTED, "entry.kind: %llu is no record kind of this version",
                       (unsigned long long)leaf->entry.kind);
    void *body = arena_alloc(a, d->size);
    if (body == NULL)
        return err_set(err, ST_LIMIT, "entry.body: larger than the memory set aside for it");
    enum status st = codec_decode(d, leaf->entry.body, a, body, err);
    if (st != ST_OK)
        return err_wrap(err, st, "entry.body: ");
    *ret_d = d;
    *ret_body = body;
    return ST_OK;
}

enum status leaf_count_digest(const struct leaf *leaf, const struct hash *digest, size_t *ret_n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 22);
    const struct record_desc *d;
    void *body;
    size_t n = 0;
    enum status st = decode_body(leaf, &a, &d, &body, err);
    if (st != ST_OK)
        return st;
    (void)walk_prose(d, body, digest, &n);
    *ret_n = n;
    return ST_OK;
}

enum status leaf_count_prose(const struct leaf *leaf, size_t *ret_n, struct err *err)
{
    return leaf_count_digest(leaf, NULL, ret_n, err);
}

/* The next field that names documents; false when there are no more. */
static bool next_documents(struct walk *w, struct hash_list *ret)
{
    for (enum walk_event e; (e = walk_next(w)) != WALK_DONE;) {
        if (e != WALK_FIELD)
            continue;
        const void *member = w->member;
        if (w->field->type == FT_HASHES && strcmp(w->field->name, "documents") == 0) {
            *ret = *(const struct hash_list *)member;
            return true;
        }
        if (w->field->type == FT_HASH && strcmp(w->field->name, "document") == 0) {
            memcpy(&ret->v, &member, sizeof ret->v); /* read only */
            ret->n = 1;
            return true;
        }
    }
    return false;
}

enum status leaf_documents(const struct leaf *leaf, struct arena *a, struct hash_list *ret_list, struct err *err)
{
    const struct record_desc *d;
    void *body;
    struct walk w;
    struct hash_list some, all = {0, NULL};
    enum status st = decode_body(leaf, a, &d, &body, err);
    if (st != ST_OK)
        return st;
    size_t n = 0;
    walk_init(&w, d, body);
    while (next_documents(&w, &some))
        n += some.n;
    all.v = arena_array(a, n + 1, sizeof *all.v);
    if (all.v == NULL)
        return err_set(err, ST_LIMIT, "entry.body: larger than the memory set aside for it");
    walk_init(&w, d, body);
    while (next_documents(&w, &some))
        for (size_t i = 0; i < some.n; i++)
            all.v[all.n++] = some.v[i];
    *ret_list = all;
    return ST_OK;
}

enum status leaf_accepts_prose(const struct leaf *leaf, const struct prose *prose, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 22);
    const struct record_desc *d;
    void *body;
    enum status st = decode_body(leaf, &a, &d, &body, err);
    return st == ST_OK ? accept_prose(d, body, prose, err) : st;
}

enum status leaf_of_submission(const struct submission *s, struct arena *a, struct leaf *ret_leaf, struct err *err)
{
    uint8_t *p = arena_alloc(a, s->entry.n + s->signature.n);
    if (p == NULL)
        return err_set(err, ST_LIMIT, "submission: larger than the memory set aside for it");
    memcpy(p, s->entry.p, s->entry.n);
    memcpy(p + s->entry.n, s->signature.p, s->signature.n);
    struct leaf leaf;
    enum status st = leaf_parse(span_of(p, s->entry.n + s->signature.n), a, &leaf, err);
    if (st != ST_OK)
        return st;
    if (leaf.entry_bytes.n != s->entry.n)
        return err_set(err, ST_FORMAT, "submission.entry: %zu bytes follow the entry", s->entry.n - leaf.entry_bytes.n);
    const struct record_desc *d;
    void *body;
    if (s->prose.n > 0) {
        st = decode_body(&leaf, a, &d, &body, err);
        for (size_t i = 0; st == ST_OK && i < s->prose.n; i++)
            st = accept_prose(d, body, &s->prose.v[i], err);
    }
    if (st == ST_OK)
        *ret_leaf = leaf;
    return st;
}
