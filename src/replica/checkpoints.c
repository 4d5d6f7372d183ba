/* Checkpoints: each node signs and cosigns the newest final tree, at most once a second, and gathers the others'
 * cosignatures of the same tree (CKP-1 to CKP-3). */
#include "cert/quorum.h"
#include "cert/validators.h"
#include "ledger/rows.h"
#include "merkle/checkpoint.h"
#include "replica/internal.h"

static struct span join(struct arena *a, struct span x, const char *sep, struct span y)
{
    size_t k = strlen(sep);
    uint8_t *p = arena_alloc(a, x.n + k + y.n);
    ASSERT(p != NULL);
    memcpy(p, x.p, x.n);
    memcpy(p + x.n, sep, k);
    memcpy(p + x.n + k, y.p, y.n);
    return span_of(p, x.n + k + y.n);
}

static enum status put_node(struct replica *r, const char *name, struct span value, uint8_t table, struct span key, struct span row,
                            struct err *err)
{
    struct store_txn *t;
    enum status st = store_begin(r->cfg.store, &t, err);
    if (st != ST_OK)
        return st;
    if (name != NULL)
        st = store_put(r->cfg.store, t, TABLE_NODE, span_str(name), value, err);
    if (st == ST_OK)
        st = store_put(r->cfg.store, t, table, key, row, err);
    if (st != ST_OK) {
        store_abort(r->cfg.store, t);
        return st;
    }
    return store_commit(r->cfg.store, t, err);
}

enum status checkpoints_load(struct replica *r, struct err *err)
{
    struct span value;
    enum status st = view_get(&r->view, TABLE_NODE, span_str("cosigned"), &value);
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (st != ST_OK || value.n != 8)
        return err_set(err, ST_CORRUPT, "the largest cosigned size cannot be read: the store is damaged");
    r->cosigned_size = load_u64(value.p);
    return ST_OK;
}

/* CKP-3: the set in force after the block that ends at this size. False: no block ends there. */
static bool set_of_size(struct replica *r, uint64_t size, struct arena *a, struct validator_set *ret_set)
{
    struct boundary b;
    struct err err;
    if (size == r->tip.tree.size && r->refounding == NULL) {
        *ret_set = r->set;
        return true;
    }
    return rows_boundary(&r->view, size, false, &b, &err) == ST_OK && replica_set_after(r, b.height, a, ret_set, &err) == ST_OK;
}

static bool quorum_cosigned(struct replica *r, const struct validator_set *set, struct span note, uint32_t *ret_n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct note_key keys[LIMIT_VALIDATORS];
    struct checkpoint_seen seen[LIMIT_VALIDATORS];
    struct checkpoint c;
    struct err err;
    size_t n = set->members.n;
    for (size_t i = 0; i < n; i++)
        keys[i] = note_key_make(join(&a, r->origin, "/", set->members.v[i].org), NOTE_COSIGNATURE, &set->members.v[i].cosign);
    if (checkpoint_verify(note, keys, n, &a, &c, seen, &err) != ST_OK)
        return false;
    *ret_n = 0;
    for (size_t i = 0; i < n; i++)
        *ret_n += seen[i].signed_it;
    return *ret_n >= quorum_of((uint32_t)n);
}

/* Rows older than the ones kept go. */
static void prune(struct replica *r)
{
    struct view v;
    struct err err;
    struct span key, value;
    uint8_t upto[8];
    uint64_t keys[CHECKPOINTS_KEPT + 8];
    size_t n = 0;
    if (store_read_begin(r->cfg.store, &v, &err) != ST_OK)
        return;
    store_u64(upto, UINT64_MAX);
    while (n < ARRAY_LEN(keys) && view_prev(&v, TABLE_CHECKPOINT, span_of(upto, 8), &key, &value) == ST_OK && key.n == 8) {
        keys[n++] = load_u64(key.p);
        if (keys[n - 1] == 0)
            break;
        store_u64(upto, keys[n - 1] - 1);
    }
    store_read_end(r->cfg.store, &v);
    struct store_txn *t;
    if (n <= CHECKPOINTS_KEPT || store_begin(r->cfg.store, &t, &err) != ST_OK)
        return;
    for (size_t i = CHECKPOINTS_KEPT; i < n; i++) {
        if (keys[i] == r->checkpoint_size)
            continue;
        store_u64(upto, keys[i]);
        if (store_del(r->cfg.store, t, TABLE_CHECKPOINT, span_of(upto, 8), &err) != ST_OK) {
            store_abort(r->cfg.store, t);
            return;
        }
    }
    (void)!store_commit(r->cfg.store, t, &err);
}

/* Has the note a line of this key? */
static bool has_line(const struct signed_note *note, const struct note_key *key)
{
    for (size_t i = 0; i < note->n; i++)
        if (note->sigs[i].id == key->id && span_eq(note->sigs[i].name, key->name))
            return true;
    return false;
}

/* To b: the note, and the lines of `more` by members that it has none of yet. One line a member: whoever cosigns a tree
 * again and again leaves room for the others. All of more's lines were verified, or only_org is whose were. */
static void merge(struct replica *r, const struct validator_set *set, struct span note, const struct signed_note *more, const struct span *only_org, struct buf *b)
{
    struct arena a CLEANUP(arena_deinit);
    struct signed_note held = {0};
    struct err err;
    arena_init(&a, 1 << 20);
    buf_put_span(b, note);
    if (note_parse(note, &a, &held, &err) != ST_OK)
        held.n = 0; /* the text alone: no line yet */
    for (size_t k = 0; k < set->members.n; k++) {
        const struct validator *v = &set->members.v[k];
        struct note_key key = note_key_make(join(&a, r->origin, "/", v->org), NOTE_COSIGNATURE, &v->cosign);
        if ((only_org != NULL && !span_eq(v->org, *only_org)) || has_line(&held, &key))
            continue;
        for (size_t i = 0; i < more->n; i++) {
            const struct note_sig *s = &more->sigs[i];
            if (key.id != s->id || !span_eq(key.name, s->name))
                continue;
            note_put_sig(&key, s->sig, b);
            break;
        }
    }
}

/* Those that cosigned this tree before we did are in the row already. */
static void put_held(struct replica *r, uint64_t size, struct buf *note)
{
    struct arena a CLEANUP(arena_deinit);
    struct signed_note more;
    struct err err;
    struct span held;
    uint8_t key[8];
    arena_init(&a, 1 << 20);
    store_u64(key, size);
    if (view_get(&r->view, TABLE_CHECKPOINT, span_of(key, 8), &held) != ST_OK || note_parse(held, &a, &more, &err) != ST_OK)
        return;
    struct span own = arena_dup(&a, buf_span(note));
    buf_reset(note);
    merge(r, &r->set, own, &more, NULL, note);
}

/* Its own lines of a checkpoint that it cosigned, into the buffer. */
static bool own_lines(struct replica *r, uint64_t size, struct buf *note)
{
    struct arena a CLEANUP(arena_deinit);
    struct signed_note held;
    struct span row;
    struct err err;
    uint8_t key[8];
    bool found = false;
    arena_init(&a, 1 << 20);
    store_u64(key, size);
    if (view_get(&r->view, TABLE_CHECKPOINT, span_of(key, 8), &row) != ST_OK || note_parse(row, &a, &held, &err) != ST_OK)
        return false;
    const struct note_key own[] = {
        note_key_make(r->origin, NOTE_ED25519, &r->cfg.log->pub),
        note_key_make(join(&a, r->origin, "/", r->cfg.org), NOTE_COSIGNATURE, &r->cfg.cosign->pub),
    };
    note_put_text(held.text, note);
    for (size_t i = 0; i < held.n; i++)
        for (size_t k = 0; k < ARRAY_LEN(own); k++)
            if (held.sigs[i].id == own[k].id && span_eq(held.sigs[i].name, own[k].name)) {
                note_put_sig(&own[k], held.sigs[i].sig, note);
                found = found || k == 1;
            }
    return found;
}

/* CKP-6: whoever was away when the others sent their cosignatures asks by saying its own once more. */
static void say_again(struct replica *r, uint64_t now_ms)
{
    if (r->cfg.cosign == NULL || r->cfg.log == NULL || r->cosigned_size == 0 || r->cosigned_size != r->tip.tree.size || r->checkpoint_size >= r->cosigned_size || r->halted[0] != 0)
        return;
    if (r->cosign_of != r->cosigned_size) {
        r->cosign_of = r->cosigned_size;
        r->cosign_wait_ms = COSIGN_AGAIN_MS;
        r->cosign_again_ms = now_ms + r->cosign_wait_ms;
    }
    struct buf note CLEANUP(buf_deinit);
    buf_init(&note, NOTE_BYTES_MAX);
    if (now_ms < r->cosign_again_ms || !own_lines(r, r->cosigned_size, &note))
        return;
    r->cosign_wait_ms = r->cosign_wait_ms * 2 < COSIGN_AGAIN_MAX_MS ? r->cosign_wait_ms * 2 : COSIGN_AGAIN_MAX_MS;
    r->cosign_again_ms = now_ms + r->cosign_wait_ms;
    struct msg_cosign m = {.size = r->cosigned_size, .note = buf_span(&note)};
    wire_broadcast(r, &msg_cosign_desc, &m);
}

/* A cosignature that is held already: its sender may lack ours. */
static void answer_again(struct replica *r, struct peer *p, uint64_t size)
{
    struct buf note CLEANUP(buf_deinit);
    buf_init(&note, NOTE_BYTES_MAX);
    uint64_t now_ms = replica_mono(r);
    bool lately = p->cosign_answered_ms != 0 && now_ms < p->cosign_answered_ms + COSIGN_ANSWER_MS;
    if (r->cfg.cosign == NULL || r->cfg.log == NULL || size != r->cosigned_size || lately || !own_lines(r, size, &note))
        return;
    p->cosign_answered_ms = now_ms;
    struct msg_cosign m = {.size = size, .note = buf_span(&note)};
    (void)wire_send(r, p->org, &msg_cosign_desc, &m);
}

void checkpoints_tick(struct replica *r, uint64_t now_ms)
{
    uint64_t size = r->tip.tree.size;
    if (r->refounding != NULL) /* CKP-1: the tree that is here is the old epoch's */
        return;
    say_again(r, now_ms);
    if (r->cfg.cosign == NULL || r->cfg.log == NULL || size <= r->cosigned_size || r->halted[0] != 0)
        return;
    /* Keys that are not the ones on the record say nothing to anybody: fresh ones, or old ones, wait for their turn. */
    if (!r->own.known || !r->own.cosign_key || !r->own.log_key || r->own.standing == STANDING_LEFT)
        return;
    if (r->cosigned_at_ms != 0 && now_ms < r->cosigned_at_ms + CHECKPOINT_MS)
        return;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct checkpoint c = {.origin = r->origin, .size = size};
    frontier_root(&r->tip.tree, &c.root);
    struct buf text CLEANUP(buf_deinit), note CLEANUP(buf_deinit);
    buf_init(&text, NOTE_BYTES_MAX);
    buf_init(&note, NOTE_BYTES_MAX);
    checkpoint_put(&c, &text);
    note_put_text(buf_span(&text), &note);
    struct note_key log = note_key_make(r->origin, NOTE_ED25519, &r->cfg.log->pub);
    struct note_key own = note_key_make(join(&a, r->origin, "/", r->cfg.org), NOTE_COSIGNATURE, &r->cfg.cosign->pub);
    checkpoint_sign(buf_span(&text), &log, r->cfg.log, &note);
    checkpoint_cosign(buf_span(&text), &own, r->cfg.cosign, replica_wall(r) / 1000, &note);
    struct buf all CLEANUP(buf_deinit);
    buf_init(&all, NOTE_BYTES_MAX);
    buf_put_span(&all, buf_span(&note));
    put_held(r, size, &all);
    uint8_t key[8];
    struct err err;
    store_u64(key, size);
    /* CKP-2: durable before it leaves. */
    if (put_node(r, "cosigned", span_of(key, 8), TABLE_CHECKPOINT, span_of(key, 8), buf_span(&all), &err) != ST_OK) {
        replica_halt(r, "a checkpoint cannot be stored: %s", err.text);
        return;
    }
    r->cosigned_size = size;
    r->cosigned_at_ms = now_ms;
    uint32_t n;
    if (quorum_cosigned(r, &r->set, buf_span(&all), &n))
        r->checkpoint_size = size;
    struct msg_cosign m = {.size = size, .note = buf_span(&note)};
    wire_broadcast(r, &msg_cosign_desc, &m);
    prune(r);
}

/* Our root of that size, if it is a boundary of ours. */
static bool own_root(const struct replica *r, uint64_t size, struct hash *ret_root)
{
    uint8_t key[8];
    struct span value;
    store_u64(key, size);
    if (view_get(&r->view, TABLE_BOUNDARY, span_of(key, 8), &value) != ST_OK || value.n != 48)
        return false;
    memcpy(ret_root->b, value.p + 16, 32);
    return true;
}

/* The note that shows it, one a member. It tells of its signer alone: were one member's word enough to stop this node, one
 * faulty member could stop the alliance. */
static void keep_split(struct replica *r, const struct peer *p, struct span note)
{
    char key[128];
    struct err err;
    struct span held;
    int n = snprintf(key, sizeof key, "split/%.*s", SPAN_FMT(p->org));
    ASSERT(n > 0);
    if (view_get(&r->view, TABLE_NODE, span_of(key, (size_t)n), &held) == ST_OK)
        return;
    if (put_node(r, NULL, span_str(""), TABLE_NODE, span_of(key, (size_t)n), note, &err) != ST_OK)
        replica_halt(r, "a cosignature cannot be stored: %s", err.text);
}

enum status checkpoints_on_cosign(struct replica *r, struct peer *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct msg_cosign m;
    struct signed_note note;
    struct checkpoint c;
    struct checkpoint_seen seen;
    struct hash root;
    struct validator_set set;
    enum status st = codec_decode(&msg_cosign_desc, body, &a, &m, err);
    if (st == ST_OK)
        st = note_parse(m.note, &a, &note, err);
    if (st != ST_OK)
        return st;
    if (m.size < r->checkpoint_size || !own_root(r, m.size, &root) || !set_of_size(r, m.size, &a, &set))
        return ST_OK; /* older than what a quorum cosigned; or ahead of us */
    int i = validators_find(&set, p->org);
    if (i < 0)
        return ST_OK; /* no member at that size */
    struct note_key key = note_key_make(join(&a, r->origin, "/", p->org), NOTE_COSIGNATURE, &set.members.v[i].cosign);
    st = checkpoint_verify(m.note, &key, 1, &a, &c, &seen, err);
    if (st != ST_OK)
        return st;
    if (c.size != m.size || !span_eq(c.origin, r->origin))
        return err_set(err, ST_MISMATCH, "a cosignature of another log or size than it says");
    if (!hash_eq(&c.root, &root)) {
        keep_split(r, p, m.note);
        return err_set(err, ST_MISMATCH, "SPLIT VIEW: %.*s cosigned another tree of size %" PRIu64 " (root %.16s..., ours %.16s...)",
                       SPAN_FMT(p->org), m.size, hex_of(&c.root).s, hex_of(&root).s);
    }
    uint8_t row[8];
    struct span held;
    store_u64(row, m.size);
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, NOTE_BYTES_MAX);
    if (view_get(&r->view, TABLE_CHECKPOINT, span_of(row, 8), &held) != ST_OK) {
        struct buf text CLEANUP(buf_deinit);
        buf_init(&text, NOTE_BYTES_MAX);
        checkpoint_put(&c, &text);
        struct buf empty CLEANUP(buf_deinit);
        buf_init(&empty, NOTE_BYTES_MAX);
        note_put_text(buf_span(&text), &empty);
        merge(r, &set, buf_span(&empty), &note, &p->org, &b);
    } else {
        merge(r, &set, held, &note, &p->org, &b);
        if (b.n == held.n) {
            answer_again(r, p, m.size);
            return ST_OK;
        }
    }
    st = put_node(r, NULL, span_str(""), TABLE_CHECKPOINT, span_of(row, 8), buf_span(&b), err);
    uint32_t n;
    if (st == ST_OK && m.size > r->checkpoint_size && quorum_cosigned(r, &set, buf_span(&b), &n))
        r->checkpoint_size = m.size;
    if (st != ST_OK)
        replica_halt(r, "a cosignature cannot be stored: %s", err->text);
    return ST_OK;
}
