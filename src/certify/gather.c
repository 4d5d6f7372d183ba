#include <stdlib.h>
#include "certify/gather.h"
#include "cert/refounding.h"
#include "gov/tkey.h"
#include "ledger/rows.h"
#include "merkle/rfc6962.h"

enum status gather_encode(const struct record_desc *d, const void *rec, struct arena *a,
                          struct span *ret_bytes)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    enum status st = codec_encode(d, rec, &b);
    if (st == ST_OK)
        *ret_bytes = arena_dup(a, buf_span(&b));
    return st;
}

static enum status get_node(void *ctx, uint64_t id, uint8_t *node, size_t *ret_n)
{
    return rows_sparse_node(ctx, id, node, ret_n);
}

enum status gather_row(const struct view *v, const struct sparse_tree *tree, uint8_t table, struct span key,
                       struct arena *a, struct state_proof *ret_row, struct err *err)
{
    struct sparse_proof proof;
    struct hash keyhash;
    struct span value;
    union { /* the store's context is not const; get_node does not write through it */
        const struct view *in;
        void *out;
    } ctx = {.in = v};
    struct sparse_store store = {.ctx = ctx.out, .get = get_node};
    enum status st = view_get(v, table, key, &value);
    if (st != ST_OK)
        return st;
    sparse_key(table, key, &keyhash);
    st = sparse_prove(tree, &keyhash, &store, &proof, err);
    if (st != ST_OK)
        return st;
    struct hash *siblings = arena_array(a, proof.n + 1, sizeof *siblings);
    ASSERT(siblings != NULL);
    memcpy(siblings, proof.siblings, proof.n * sizeof *siblings);
    *ret_row = (struct state_proof){.table = table,
                                    .key = arena_dup(a, key),
                                    .value = arena_dup(a, value),
                                    .siblings = {proof.n, siblings}};
    return ST_OK;
}

static bool is_event(const struct overlay_write *w, uint64_t decision)
{
    struct tkey k = tkey_u64(decision);
    return w->table == TABLE_EVENT && w->value.p != NULL && tkey_has_prefix(w->key, tkey_span(&k));
}

bool gather_touches(const struct block *b, uint64_t decision)
{
    for (size_t i = 0; i < b->n_writes; i++)
        if (is_event(&b->writes[i], decision))
            return true;
    return false;
}

static struct write write_of(const struct overlay_write *w, struct arena *a)
{
    struct write out = {.table = w->table, .key = arena_dup(a, w->key)};
    if (w->value.p != NULL) {
        out.value = arena_dup(a, w->value);
        SET_HAS(&out, write_key_value);
    }
    return out;
}

/* CER-8: events of the decision; its row of PINNED, or that row's neighbours. */
static enum status show_writes(const struct block *b, uint64_t decision, struct arena *a,
                               struct certificate_block *f)
{
    struct tkey key = tkey_u64(decision);
    bool *show = arena_array(a, b->n_writes, sizeof *show), there = false;
    struct shown_write *shown = arena_array(a, b->n_writes, sizeof *shown);
    struct hash *hashes = arena_array(a, b->n_writes, sizeof *hashes);
    size_t below = 0; /* writes before where the row is, or would be */
    ASSERT(show != NULL);
    ASSERT(shown != NULL);
    ASSERT(hashes != NULL);
    for (size_t i = 0; i < b->n_writes; i++) {
        const struct overlay_write *w = &b->writes[i];
        int k =
            w->table != TABLE_PINNED ? (w->table < TABLE_PINNED ? -1 : 1) : span_cmp(w->key, tkey_span(&key));
        show[i] = k == 0 || is_event(w, decision);
        there = there || k == 0;
        below += k < 0;
    }
    if (!there && below > 0)
        show[below - 1] = true;
    if (!there && below < b->n_writes)
        show[below] = true;
    f->writes.v = shown;
    f->hashes.v = hashes;
    for (size_t i = 0; i < b->n_writes; i++) {
        struct write w = write_of(&b->writes[i], a);
        struct span bytes;
        if (show[i]) {
            shown[f->writes.n++] = (struct shown_write){.at = i, .write = w};
            continue;
        }
        enum status st = gather_encode(&write_desc, &w, a, &bytes);
        if (st != ST_OK)
            return st;
        rfc6962_leaf(bytes, &hashes[f->hashes.n++]);
    }
    return ST_OK;
}

static struct span org_of_seat(struct span seat)
{
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    return slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
}

struct span gather_holder(struct span seat, bool *ret_node)
{
    struct span org = org_of_seat(seat);
    *ret_node = seat.n == org.n + 5 && memcmp(seat.p + org.n, "/node", 5) == 0;
    return *ret_node ? org : seat;
}

/* CER-11: the row of who holds a seat. */
static enum status holder(const struct block *b, struct span seat, const struct view *v, struct arena *a,
                          struct state_proof *ret_row, struct err *err)
{
    bool node;
    struct span key = gather_holder(seat, &node);
    return gather_row(v, &b->after.state, node ? TABLE_PARTY : TABLE_SEAT, key, a, ret_row, err);
}

static enum status show_entry(const struct block *b, size_t at, const struct pack_prose_list *prose,
                              const struct view *v, struct arena *a, struct shown_entry *ret, struct err *err)
{
    const struct leaf *leaf = &b->entries[at - 1];
    struct ballot ballot;
    struct shown_entry e = {.leaf = b->first_leaf + at, .bytes = arena_dup(a, leaf->bytes)};
    e.rows.v = arena_array(a, 2, sizeof *e.rows.v);
    e.prose.v = arena_array(a, LIMIT_PROSE_PER_ENTRY, sizeof *e.prose.v);
    ASSERT(e.rows.v != NULL);
    ASSERT(e.prose.v != NULL);
    enum status st = holder(b, leaf->entry.seat, v, a, &e.rows.v[0], err);
    e.rows.n = 1;
    if (st == ST_OK && leaf->entry.kind == KIND_BALLOT) {
        st = codec_decode(&ballot_desc, leaf->entry.body, a, &ballot, err);
        if (st == ST_OK && HAS(&ballot, ballot_key_principal)) {
            st = holder(b, ballot.principal, v, a, &e.rows.v[1], err);
            e.rows.n = 2;
        }
    }
    for (size_t i = 0; st == ST_OK && i < prose->n && e.prose.n < LIMIT_PROSE_PER_ENTRY; i++)
        if (prose->v[i].leaf == at)
            e.prose.v[e.prose.n++] =
                (struct prose){.salt = prose->v[i].prose.salt, .text = arena_dup(a, prose->v[i].prose.text)};
    *ret = e;
    return st;
}

enum status gather_block(const struct block *b, uint64_t decision, const struct pack_prose_list *prose,
                         const struct view *v, struct arena *a, struct certificate_block *ret_frame,
                         struct err *err)
{
    struct certificate_block f = {.record = arena_dup(a, b->leaves[0]), .leaf = b->first_leaf};
    f.entries.v = arena_array(a, b->n_leaves, sizeof *f.entries.v);
    ASSERT(f.entries.v != NULL);
    enum status st = show_writes(b, decision, a, &f);
    for (size_t i = 0; st == ST_OK && i < b->n_writes; i++) {
        struct state_event ev;
        if (!is_event(&b->writes[i], decision))
            continue;
        st = codec_decode(&state_event_desc, b->writes[i].value, a, &ev, err);
        if (st != ST_OK || !HAS(&ev, state_event_key_id))
            continue;
        if (f.entries.n > 0 && f.entries.v[f.entries.n - 1].leaf == ev.leaf)
            continue;
        st = show_entry(b, (size_t)(ev.leaf - b->first_leaf), prose, v, a, &f.entries.v[f.entries.n], err);
        f.entries.n += st == ST_OK;
    }
    if (st == ST_OK)
        *ret_frame = f;
    return st;
}

static int by_key(const void *x, const void *y)
{
    const struct state_proof *a = x, *b = y;
    return a->table != b->table ? (a->table < b->table ? -1 : 1) : span_cmp(a->key, b->key);
}

void gather_sort(struct state_proof_list *rows)
{
    qsort(rows->v, rows->n, sizeof *rows->v, by_key);
}

enum status gather_refounding(const struct block *b, struct span refounding, const struct view *v,
                              struct arena *a, struct state_proof_list *ret_rows, struct err *err)
{
    struct refounding_info info;
    struct charter_parties parties;
    struct state_section section;
    struct state_proof_list rows = {0};
    uint8_t number = SECTION_PARTIES;
    enum status st = refounding_read(refounding, a, &info, err);
    if (st != ST_OK)
        return st;
    struct state_proof first;
    st = gather_row(v, &b->after.state, TABLE_SECTION, span_of(&number, 1), a, &first, err);
    if (st == ST_OK)
        st = codec_decode(&state_section_desc, first.value, a, &section, err);
    if (st == ST_OK)
        st = codec_decode(&charter_parties_desc, section.body, a, &parties, err);
    if (st != ST_OK)
        return st;
    rows.v = arena_array(a, 1 + parties.list.n + info.file.sigs.n, sizeof *rows.v);
    ASSERT(rows.v != NULL);
    rows.v[rows.n++] = first;
    for (size_t i = 0; st == ST_OK && i < parties.list.n; i++)
        st = gather_row(v, &b->after.state, TABLE_PARTY, parties.list.v[i].org, a, &rows.v[rows.n++], err);
    for (size_t i = 0; st == ST_OK && i < info.file.sigs.n; i++)
        if (i == 0 || !span_eq(info.file.sigs.v[i - 1].seat, info.file.sigs.v[i].seat))
            st = gather_row(v, &b->after.state, TABLE_SEAT, info.file.sigs.v[i].seat, a, &rows.v[rows.n++],
                            err);
    gather_sort(&rows);
    *ret_rows = rows;
    return st;
}
