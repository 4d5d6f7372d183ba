/* Checkpoints: those of the pack, and those that the reader kept. */
#include "audit/verify_parts.h"
#include "cert/quorum.h"
#include "ledger/rows.h"
#include "merkle/checkpoint.h"

static struct span cosigner_name(struct verify *v, struct arena *a, struct span org)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%.*s", SPAN_FMT(v->origin), SPAN_FMT(org));
    return arena_dup(a, buf_span(&b));
}

/* REP-3 */
enum status verify_set_at(const struct view *view, uint64_t size, struct arena *a, struct boundary *ret_at,
                          struct validator_set *ret_set, struct err *err)
{
    struct span bytes;
    struct header header;
    struct block_record rec;
    enum status st = rows_boundary(view, size, false, ret_at, err);
    if (st == ST_OK)
        st = block_header(view, ret_at->height, &bytes, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, arena_dup(a, bytes), a, &header, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, header.record, a, &rec, err);
    return st == ST_OK ? rows_set(view, &rec.next_validators, a, ret_set, err) : st;
}

/* The keys whose lines count: cosignature keys of the set, then the log keys in force at that size. */
static size_t keys_of(struct verify *v, struct arena *a, const struct validator_set *set, uint64_t size, struct note_key *keys, size_t cap)
{
    struct hash log[VERIFY_ORGS_MAX];
    size_t n = 0, k = members_log_keys(&v->r->members, size, log, ARRAY_LEN(log));
    for (size_t i = 0; i < set->members.n; i++)
        keys[n++] = note_key_make(cosigner_name(v, a, set->members.v[i].org), NOTE_COSIGNATURE, &set->members.v[i].cosign);
    for (size_t i = 0; i < k && n < cap; i++)
        keys[n++] = note_key_make(v->origin, NOTE_ED25519, &log[i]);
    return n;
}

/* CKP-1 to CKP-3: every line of a known key verifies, and the tree is ours at that size. */
enum status verify_checkpoint(struct verify *v, struct span body)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_checkpoint f;
    struct err err;
    struct view view;
    struct validator_set set;
    struct note_key keys[LIMIT_VALIDATORS + VERIFY_ORGS_MAX];
    struct checkpoint_seen seen[LIMIT_VALIDATORS + VERIFY_ORGS_MAX];
    struct checkpoint c;
    struct boundary at;
    size_t n = 0;
    arena_init(&a, 0);
    if (codec_decode(&pack_checkpoint_desc, body, &a, &f, &err) != ST_OK)
        return verify_refuse_err(v, "checkpoint", "ENC-4", &err);
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    struct signed_note note;
    size_t known = 0;
    if (note_parse(f.note, &a, &note, &err) != ST_OK || checkpoint_parse(note.text, &c, &err) != ST_OK)
        st = verify_refuse_err(v, "checkpoint", "CKP-4", &err);
    else if (!span_eq(c.origin, v->origin))
        st = verify_refuse(v, "checkpoint", "CKP-1: its origin is %.*s; %.*s was expected", SPAN_FMT(c.origin), SPAN_FMT(v->origin));
    else if (c.extension.n > 0)
        st = verify_refuse(v, "checkpoint", "CKP-4: it has extension lines, and ours have none");
    else if (verify_set_at(&view, c.size, &a, &at, &set, &err) != ST_OK || !hash_eq(&at.root, &c.root))
        st = verify_refuse(v, "checkpoint", "PAK-6: a tree of %" PRIu64 " leaves with root %s is not on this record", c.size, hex_of(&c.root).s);
    if (st == ST_OK) {
        n = keys_of(v, &a, &set, c.size, keys, ARRAY_LEN(keys));
        enum status signed_well = checkpoint_verify(f.note, keys, n, &a, &c, seen, &err);
        if (signed_well != ST_OK)
            st = verify_refuse_err(v, "checkpoint", signed_well == ST_NOTFOUND ? "PAK-6" : "CKP-4", &err);
    }
    store_read_end(v->store, &view);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        known += seen[i].signed_it;
    if (note.n != known) /* else a garbled line would pass as somebody's */
        return verify_refuse(v, "checkpoint", "PAK-6: %zu signature lines, %zu of them by keys on this record", note.n, known);
    uint32_t cosigned = 0;
    for (size_t i = 0; i < n; i++) {
        v->r->signatures += seen[i].signed_it;
        cosigned += i < set.members.n && seen[i].signed_it;
    }
    v->r->checkpoints++;
    v->r->cosignatures += cosigned;
    if (cosigned < quorum_of((uint32_t)set.members.n))
        return verify_refuse(v, "checkpoint", "CKP-3: %u members cosigned it; %u are needed", cosigned, quorum_of((uint32_t)set.members.n));
    if (c.size >= v->r->checkpoint_size) {
        v->r->whole_checkpoint = true;
        v->r->checkpoint_size = c.size;
        v->r->note = arena_dup(v->a, f.note);
    }
    return ST_OK;
}

enum status verify_kept_at(struct verify *v)
{
    const struct verify_kept_list *l = v->how->kept;
    struct hash root;
    frontier_root(&v->tip.tree, &root);
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        struct verify_kept *k = &l->v[i];
        if (k->seen || k->size > v->tip.tree.size)
            continue;
        if (!span_eq(k->origin, v->origin))
            return verify_refuse(v, "checkpoint", "PAK-7: the checkpoint in %s is of %.*s; this is %.*s", k->path, SPAN_FMT(k->origin),
                                 SPAN_FMT(v->origin));
        if (k->size != v->tip.tree.size)
            return verify_refuse(v, "checkpoint",
                                 "PAK-7: the checkpoint in %s is of %" PRIu64 " leaves, and no block of this record ends there: it is "
                                 "of another history. Keep both files: one of them was made by keys that should not have signed",
                                 k->path, k->size);
        if (!hash_eq(&k->root, &root))
            return verify_refuse(v, "checkpoint",
                                 "PAK-7: the first %" PRIu64 " leaves have root %s here, and %s in the checkpoint in %s: two histories. "
                                 "Keep both files: one of them was made by keys that should not have signed",
                                 k->size, hex_of(&root).s, hex_of(&k->root).s, k->path);
        k->seen = true;
        if (k->size > v->r->kept_size)
            v->r->kept_size = k->size;
    }
    return ST_OK;
}

enum status verify_kept_all(struct verify *v)
{
    const struct verify_kept_list *l = v->how->kept;
    for (size_t i = 0; l != NULL && i < l->n; i++)
        if (!l->v[i].seen)
            return verify_refuse(v, "checkpoint",
                                 "PAK-7: the checkpoint in %s is of %" PRIu64 " leaves, and this record ends after %" PRIu64
                                 ": it is older, or cut off, or of another history. Get a newer pack",
                                 l->v[i].path, l->v[i].size, v->tip.tree.size);
    return ST_OK;
}
