#include <stdarg.h>
#include "audit/verify.h"
#include "cert/certificate.h"
#include "cert/quorum.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "ledger/signatures.h"
#include "merkle/checkpoint.h"
#include "store/store_mem.h"

/* Frames are read ahead while blocks follow, so that other threads check their signatures while one is executed. */
enum { AHEAD_FRAMES = 32, AHEAD_LEAVES = 4096, AHEAD_BYTES = 4 << 20 };

struct ahead {
    enum status read; /* as pack_read gave it, and its words */
    struct err err;
    struct pack_place place;
    uint64_t end; /* offset behind it */
    uint32_t kind;
    struct arena a;
    struct span body;                 /* in a */
    enum status decoded;              /* of a block; f, or its words in err */
    struct pack_block f;
    struct signature_bundle *bundle;  /* of its leaves; NULL: it has none */
};

struct verify {
    struct pack_reader in;
    struct ahead ahead[AHEAD_FRAMES]; /* ring */
    size_t ahead_from, n_ahead, ahead_leaves, ahead_bytes;
    struct pack_place place;          /* of the frame at hand */
    uint64_t end;
    struct arena *a;        /* of the report */
    struct store *store;
    struct tip tip;
    struct ids *ids;
    struct genesis_info genesis; /* in a */
    struct span origin;
    struct hash last_commit;     /* SHA-256 of the newest certificate */
    struct refounding_info next; /* when epoch_ends: of the newest block; in a */
    struct signatures *signatures;
    const struct signature_found *found; /* of the block at hand; nth: the next to be asked for */
    size_t nth;
    bool epoch_ends, epoch_begins; /* with the newest block; with the one at hand */
    const struct verify_watch *watch;
    struct verify_report *r;
    struct verify_failure *fail;
    struct err *err;
};

/* Sets where and why; returns ST_BADSIG. */
static enum status refuse(struct verify *v, const char *region, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static enum status refuse(struct verify *v, const char *region, const char *fmt, ...)
{
    va_list ap;
    v->fail->region = region;
    v->fail->place = v->place;
    v->fail->height = v->r->height;
    va_start(ap, fmt);
    (void)vsnprintf(v->fail->why, sizeof v->fail->why, fmt, ap);
    va_end(ap);
    return ST_BADSIG;
}

static struct verify_org *org_of(struct verify *v, struct span org)
{
    for (size_t i = 0; i < v->r->n_orgs; i++)
        if (span_eq(v->r->orgs[i].org, org))
            return &v->r->orgs[i];
    if (v->r->n_orgs == VERIFY_ORGS_MAX)
        return NULL;
    v->r->orgs[v->r->n_orgs] = (struct verify_org){.org = arena_dup(v->a, org)};
    return &v->r->orgs[v->r->n_orgs++];
}

static void read_one(struct verify *v)
{
    struct ahead *x = &v->ahead[(v->ahead_from + v->n_ahead++) % AHEAD_FRAMES];
    struct span body = {NULL, 0};
    *x = (struct ahead){.decoded = ST_END};
    arena_init(&x->a, 0);
    x->read = pack_read(&v->in, &x->kind, &body, &x->err);
    x->place = v->in.place;
    x->end = v->in.next_offset;
    if (x->read != ST_OK)
        return;
    x->body = arena_dup(&x->a, body);
    v->ahead_bytes += body.n;
    if (x->kind != pack_block_desc.number)
        return;
    x->decoded = codec_decode(&pack_block_desc, x->body, &x->a, &x->f, &x->err);
    if (x->decoded != ST_OK || x->f.leaves.n == 0)
        return;
    v->ahead_leaves += x->f.leaves.n;
    x->bundle = signatures_begin(v->signatures, &x->f.leaves);
}

/* What follows another frame than a block depends on what is found there, so it is not read before. */
static bool wants_more(const struct verify *v)
{
    if (v->n_ahead == 0)
        return true;
    const struct ahead *last = &v->ahead[(v->ahead_from + v->n_ahead - 1) % AHEAD_FRAMES];
    return last->read == ST_OK && last->kind == pack_block_desc.number && v->n_ahead < AHEAD_FRAMES && v->ahead_leaves < AHEAD_LEAVES &&
           v->ahead_bytes < AHEAD_BYTES;
}

static void drop_frame(struct verify *v)
{
    struct ahead *x = &v->ahead[v->ahead_from];
    signatures_end(v->signatures, x->bundle);
    v->ahead_leaves -= x->bundle == NULL ? 0 : x->f.leaves.n;
    v->ahead_bytes -= x->body.n;
    arena_deinit(&x->a);
    v->ahead_from = (v->ahead_from + 1) % AHEAD_FRAMES;
    v->n_ahead--;
}

/* The next frame; it is the caller's until drop_frame. */
static enum status next_frame(struct verify *v, struct ahead **ret_frame)
{
    while (wants_more(v))
        read_one(v);
    struct ahead *x = &v->ahead[v->ahead_from];
    v->place = x->place;
    v->end = x->end;
    if (x->read == ST_FORMAT)
        return refuse(v, "frame", "%s", x->err.text);
    if (x->read == ST_END)
        return refuse(v, "end", "PAK-2: the file ends without its last frame");
    if (x->read != ST_OK)
        return err_set(v->err, x->read, "%s", x->err.text);
    v->r->frames++;
    *ret_frame = x;
    return ST_OK;
}

/* The texts that the pack has, as a node's store keeps them. */
static enum status put_prose(struct verify *v, const struct block *b, const struct pack_prose_list *prose, struct store_txn *t)
{
    enum status st = ST_OK;
    uint8_t key[9], nth[LIMIT_BLOCK_ENTRIES + 1] = {0}; /* texts so far, by leaf: in whatever order they come */
    for (size_t i = 0; st == ST_OK && i < prose->n; i++) {
        struct buf text CLEANUP(buf_deinit);
        buf_init(&text, LIMIT_PROSE_BYTES + 256);
        store_u64(key, b->first_leaf + prose->v[i].leaf);
        key[8] = nth[prose->v[i].leaf]++;
        st = codec_encode(&prose_desc, &prose->v[i].prose, &text);
        if (st == ST_OK)
            st = store_put(v->store, t, TABLE_PROSE, span_of(key, sizeof key), buf_span(&text), v->err);
    }
    return st;
}

static enum status flush(struct verify *v, const struct block *b, struct span certificate, const struct pack_prose_list *prose)
{
    struct view before;
    struct store_txn *t;
    enum status st = store_read_begin(v->store, &before, v->err);
    if (st != ST_OK)
        return st;
    st = store_begin(v->store, &t, v->err);
    if (st == ST_OK) {
        st = block_flush(b, certificate, &before, v->store, t, v->err);
        if (st == ST_OK)
            st = put_prose(v, b, prose, t);
        if (st == ST_OK)
            st = store_commit(v->store, t, v->err);
        else
            store_abort(v->store, t);
    }
    store_read_end(v->store, &before);
    v->tip = b->after;
    v->r->root = b->root;
    return st;
}

static enum status head(struct verify *v, const struct hash *expect)
{
    struct ahead *x;
    struct pack_head h;
    struct err err;
    enum status st = next_frame(v, &x);
    if (st != ST_OK)
        return st;
    if (x->kind != pack_head_desc.number)
        return refuse(v, "frame", "PAK-2: the first frame is no head");
    struct span body = arena_dup(v->a, x->body);
    drop_frame(v);
    st = codec_decode(&pack_head_desc, body, v->a, &h, &err);
    if (st != ST_OK)
        return refuse(v, "head", "ENC-4: %s", err.text);
    st = genesis_read(h.genesis, true, v->a, &v->genesis, &err);
    if (st != ST_OK)
        return refuse(v, "genesis", "%s", err.text);
    if (!hash_eq(&h.alliance, &v->genesis.alliance))
        return refuse(v, "head", "GEN-3: it names alliance %s; the genesis is that of %s", hex_of(&h.alliance).s,
                      hex_of(&v->genesis.alliance).s);
    if (expect != NULL && !hash_eq(expect, &v->genesis.alliance))
        return refuse(v, "genesis", "GEN-3: this is alliance %s; %s was expected", hex_of(&v->genesis.alliance).s, hex_of(expect).s);
    v->r->alliance = v->genesis.alliance;
    v->r->name = v->genesis.name;
    v->r->founded_ms = v->genesis.founded_ms;
    v->r->signatures += v->genesis.genesis.sigs.list.n + 4 * v->genesis.genesis.cards.n;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(v->genesis.origin), hex_of(&v->genesis.alliance).s);
    v->origin = arena_dup(v->a, buf_span(&b));
    return ST_OK;
}

/* REF-6: a refounding in place of the certificate. Its seats are checked with the first block that it begins (REF-3). */
static enum status end_of_epoch(struct verify *v, const struct pack_block *f, const struct refounding_last *last)
{
    struct err err;
    if (refounding_read(arena_dup(v->a, f->certificate), v->a, &v->next, &err) != ST_OK)
        return refuse(v, "certificate", "REF-2: %s", err.text);
    if (refounding_check(&v->next, last, &err) != ST_OK)
        return refuse(v, "certificate", "%s", err.text);
    v->epoch_ends = true;
    v->r->refoundings++;
    v->r->by_refounding += !refounding_had_certificate(&v->next);
    v->r->signatures += v->next.proof.pol.n + v->next.proof.others.n + !refounding_had_certificate(&v->next);
    return ST_OK;
}

static enum status watched(struct verify *v, const struct view *before, const struct block *b, const struct pack_prose_list *prose,
                           const struct refounding_info *begun)
{
    if (v->watch == NULL || v->watch->block == NULL)
        return ST_OK;
    struct verify_block seen = {.before = before, .block = b, .prose = prose, .begun = begun};
    return v->watch->block(v->watch->ctx, &seen, v->err);
}

static enum status genesis_block(struct verify *v, const struct pack_block *f)
{
    struct arena a CLEANUP(arena_deinit);
    struct block b;
    struct err err;
    struct buf sigs CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&sigs, LIMIT_GENESIS_BYTES);
    bool ends = HAS(f, pack_block_key_certificate) && refounding_is(f->certificate);
    if (f->leaves.n != 0 || (HAS(f, pack_block_key_certificate) && !ends) || f->prose.n != 0)
        return refuse(v, "frame", "PAK-2: the frame of block 0 holds a header, and a refounding if one ends the epoch there, and nothing else");
    if (block_genesis(&v->genesis, &a, &b, &err) != ST_OK)
        return refuse(v, "genesis", "%s", err.text);
    if (!span_eq(b.header_bytes, f->header))
        return refuse(v, "header", "GEN-5: header 0 is not the one that the genesis gives");
    if (codec_encode(&genesis_sigs_desc, &v->genesis.genesis.sigs, &sigs) != ST_OK)
        return err_set(v->err, ST_LIMIT, "the founding signatures are too many");
    v->last_commit = v->genesis.sigs_hash;
    if (ends) {
        struct validator_set set = {.members = b.record.next_set};
        struct refounding_last last = {
            .alliance = v->genesis.alliance, .block = b.id, .genesis_sigs = v->genesis.sigs_hash, .decided_by = &set};
        enum status st = end_of_epoch(v, f, &last);
        if (st != ST_OK)
            return st;
        sha256(f->certificate, &v->last_commit);
    }
    if (members_note(&v->r->members, NULL, &b, v->a, v->err) != ST_OK)
        return ST_CORRUPT;
    enum status st = watched(v, NULL, &b, &f->prose, NULL);
    return st == ST_OK ? flush(v, &b, buf_span(&sigs), &f->prose) : st;
}

static enum status one_certificate(struct verify *v, struct span bytes, const struct block_record *rec, const struct hash *id,
                                   const struct validator_set *set, struct arena *a, struct certificate *ret)
{
    struct certificate c;
    struct err err;
    if (codec_decode(&certificate_desc, bytes, a, &c, &err) != ST_OK)
        return refuse(v, "certificate", "CRT-1: %s", err.text);
    if (!hash_eq(&c.value, id) && c.height == rec->height && certificate_verify(&c, &v->tip.alliance, set, &err) == ST_OK)
        return refuse(v, "header", "CRT-1: the certificate of height %" PRIu64 " is for block %s, this header is %s", rec->height,
                      hex_of(&c.value).s, hex_of(id).s);
    if (certificate_verify_bytes(bytes, &v->tip.alliance, rec->epoch, rec->height, id, set, a, ret, &err) != ST_OK)
        return refuse(v, "certificate", "CRT-1: %s", err.text);
    return ST_OK;
}

/* Header, certificate and leaves: which of them is wrong, if one is. The certificate decides between the others. */
static enum status bindings(struct verify *v, const struct pack_block *f, const struct header *h, const struct block_record *rec,
                            const struct validator_set *set, struct arena *a)
{
    struct hash id, leaf;
    struct certificate c = {.sigs = {0, NULL}};
    sha256(f->header, &id);
    if (rec->epoch != v->tip.epoch + v->epoch_begins)
        return refuse(v, "header", "BLK-2: height %" PRIu64 ": epoch %" PRIu64 ", expected %" PRIu64, rec->height, rec->epoch,
                      v->tip.epoch + v->epoch_begins);
    if (rec->height != v->tip.height + 1)
        return refuse(v, "header", "PAK-2: height %" PRIu64 " where %" PRIu64 " was expected", rec->height, v->tip.height + 1);
    if (!HAS(f, pack_block_key_certificate))
        return refuse(v, "certificate", "CRT-1: block %" PRIu64 " has no certificate", rec->height);
    struct span certificate = f->certificate;
    if (refounding_is(certificate)) {
        struct refounding_last last = {.alliance = v->tip.alliance, .epoch = rec->epoch, .height = rec->height, .block = id, .decided_by = set};
        enum status st = end_of_epoch(v, f, &last);
        if (st != ST_OK)
            return st;
        certificate = v->next.proof.certificate; /* or none: final by a POL and the refounding */
    }
    if (certificate.n > 0) {
        enum status st = one_certificate(v, certificate, rec, &id, set, a, &c);
        if (st != ST_OK)
            return st;
    }
    struct frontier tree = v->tip.tree;
    struct hash root;
    rfc6962_leaf(h->record, &leaf);
    frontier_append(&tree, &leaf);
    for (size_t i = 0; i < f->leaves.n; i++) {
        rfc6962_leaf(f->leaves.v[i], &leaf);
        frontier_append(&tree, &leaf);
    }
    frontier_root(&tree, &root);
    if (tree.size != h->size || !hash_eq(&root, &h->root))
        return refuse(v, "leaf", "TRE-1: the %zu leaves of block %" PRIu64 " give root %s; its certified header says %s", f->leaves.n + 1,
                      rec->height, hex_of(&root).s, hex_of(&h->root).s);
    if (!hash_eq(&rec->last_commit, &v->last_commit))
        return refuse(v, "certificate", "BLK-7: block %" PRIu64 " fixes another certificate of its predecessor than the pack holds",
                      rec->height);
    sha256(f->certificate, &v->last_commit);
    for (size_t i = 0; i < set->members.n; i++) {
        struct verify_org *o = org_of(v, set->members.v[i].org);
        if (o != NULL)
            o->could++;
    }
    for (size_t i = 0; i < c.sigs.n; i++) {
        struct verify_org *o = org_of(v, c.sigs.v[i].org);
        if (o != NULL)
            o->blocks++;
    }
    v->r->certificates++;
    v->r->signatures += c.sigs.n;
    return ST_OK;
}

static enum status verify_leaf(void *ctx, const struct leaf *leaf)
{
    struct verify *v = ctx;
    (void)leaf; /* block_execute asks in order */
    v->r->signatures++;
    return v->found[v->nth++].good ? ST_OK : ST_BADSIG;
}

static struct span org_part(struct span seat)
{
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    return slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
}

static enum status proses(struct verify *v, const struct pack_block *f, const struct block *b)
{
    struct err err;
    uint64_t named = 0;
    for (size_t i = 0; i + 1 < b->n_leaves; i++) {
        size_t n;
        if (leaf_count_prose(&b->entries[i], &n, &err) == ST_OK)
            named += n;
        struct verify_org *o = org_of(v, org_part(b->entries[i].entry.seat));
        if (o != NULL)
            o->entries++;
    }
    for (size_t i = 0; i < f->prose.n; i++) {
        const struct pack_prose *p = &f->prose.v[i];
        if (p->leaf < 1 || p->leaf >= b->n_leaves)
            return refuse(v, "prose", "PAK-4: a text for leaf %" PRIu64 " of a block with %zu", p->leaf, b->n_leaves);
        if (leaf_accepts_prose(&b->entries[p->leaf - 1], &p->prose, &err) != ST_OK)
            return refuse(v, "prose", "ENT-8: leaf %" PRIu64 ": %s", p->leaf, err.text);
    }
    v->r->prose += f->prose.n;
    v->r->prose_absent += named > f->prose.n ? named - f->prose.n : 0;
    return ST_OK;
}

static enum status later_block(struct verify *v, struct ahead *x)
{
    const struct pack_block *f = &x->f;
    struct arena *a = &x->a;
    struct header h;
    struct block_record rec;
    struct validator_set set;
    struct view view;
    struct err err;
    struct block b;
    bool valid;
    char why[256];
    if (codec_decode(&header_desc, f->header, a, &h, &err) != ST_OK || codec_decode(&block_record_desc, h.record, a, &rec, &err) != ST_OK)
        return refuse(v, "header", "BLK-2: %s", err.text);
    v->r->height = rec.height;
    if (v->tip.rules > GOV_RULES_MAX) /* GOV-39: no fault of the record's */
        return err_set(v->err, ST_UNSUPPORTED,
                       "verified up to block %" PRIu64 "; from then on the record runs under rules version %" PRIu32
                       ", and this program has versions up to %d. A newer entente-audit verifies all of it",
                       v->tip.height, v->tip.rules, GOV_RULES_MAX);
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    /* A new epoch has the set that its refounding names; execution compares it with the state (REF-4). */
    struct refounding_info begun = v->next;
    v->epoch_begins = v->epoch_ends;
    v->epoch_ends = false;
    if (v->epoch_begins)
        set = (struct validator_set){.members = begun.statement.set};
    else
        st = gov_validators(&view, a, &set, v->err);
    if (st == ST_OK)
        st = bindings(v, f, &h, &rec, &set, a);
    struct ledger l = {.tip = &v->tip, .view = &view, .ids = v->ids, .refounding = v->epoch_begins ? &begun : NULL};
    v->r->signatures += v->epoch_begins ? begun.file.sigs.n + 4 * begun.file.cards.n : 0;
    struct block_verifier verifier = {v, verify_leaf};
    if (st == ST_OK) {
        v->found = x->bundle == NULL ? NULL : signatures_wait(v->signatures, x->bundle);
        v->nth = 0;
        st = block_execute(&l, f->header, f->leaves.v, f->leaves.n, &verifier, a, &valid, &b, why, v->err);
    }
    if (st == ST_OK && !valid)
        st = refuse(v, "leaf", "%s", why);
    if (st == ST_OK)
        st = members_note(&v->r->members, &view, &b, v->a, v->err);
    if (st == ST_OK)
        st = proses(v, f, &b);
    if (st == ST_OK)
        st = watched(v, &view, &b, &f->prose, v->epoch_begins ? &begun : NULL);
    store_read_end(v->store, &view);
    if (st != ST_OK)
        return st;
    st = flush(v, &b, f->certificate, &f->prose);
    for (size_t i = 0; st == ST_OK && i + 1 < b.n_leaves; i++)
        ids_add(v->ids, &b.entries[i].id, b.first_leaf + 1 + i, b.record.time_ms);
    ids_expire(v->ids, b.record.time_ms);
    v->r->entries += b.n_leaves - 1;
    v->r->timers += b.timers;
    return st;
}

static enum status one_block(struct verify *v, struct ahead *x)
{
    if (x->decoded != ST_OK)
        return refuse(v, "frame", "ENC-4: %s", x->err.text);
    enum status st = v->r->blocks == 0 ? genesis_block(v, &x->f) : later_block(v, x);
    v->r->blocks += st == ST_OK;
    v->r->height = v->tip.height;
    v->r->size = v->tip.tree.size;
    v->r->last_ms = v->tip.time_ms;
    v->r->state_root = v->tip.state.root;
    return st;
}

static struct span cosigner_name(struct verify *v, struct arena *a, struct span org)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%.*s", SPAN_FMT(v->origin), SPAN_FMT(org));
    return arena_dup(a, buf_span(&b));
}

/* REP-3: the set in force after the block that ends at this size. ST_NOTFOUND: no block does. */
static enum status set_of_size(const struct view *view, uint64_t size, struct arena *a, struct boundary *ret_at,
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
static enum status one_checkpoint(struct verify *v, struct span body)
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
        return refuse(v, "checkpoint", "ENC-4: %s", err.text);
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    struct signed_note note;
    size_t known = 0;
    if (note_parse(f.note, &a, &note, &err) != ST_OK || checkpoint_parse(note.text, &c, &err) != ST_OK)
        st = refuse(v, "checkpoint", "CKP-4: %s", err.text);
    enum status found = st == ST_OK ? set_of_size(&view, c.size, &a, &at, &set, &err) : ST_NOTFOUND;
    if (st == ST_OK && found != ST_OK)
        st = refuse(v, "checkpoint", "CKP-2: a tree of %" PRIu64 " leaves with root %s is not on this record", c.size, hex_of(&c.root).s);
    if (st == ST_OK)
        n = keys_of(v, &a, &set, c.size, keys, ARRAY_LEN(keys));
    if (st == ST_OK && checkpoint_verify(f.note, keys, n, &a, &c, seen, &err) != ST_OK)
        st = refuse(v, "checkpoint", "CKP-2: %s", err.text);
    store_read_end(v->store, &view);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        known += seen[i].signed_it;
    if (note.n != known) /* else a garbled line would pass as somebody's */
        return refuse(v, "checkpoint", "PAK-6: %zu signature lines, %zu of them by keys on this record", note.n, known);
    if (!span_eq(c.origin, v->origin))
        return refuse(v, "checkpoint", "CKP-1: its origin is %.*s; %.*s was expected", SPAN_FMT(c.origin), SPAN_FMT(v->origin));
    if (!hash_eq(&at.root, &c.root))
        return refuse(v, "checkpoint", "CKP-2: a tree of %" PRIu64 " leaves with root %s is not on this record", c.size, hex_of(&c.root).s);
    uint32_t cosigned = 0;
    for (size_t i = 0; i < n; i++) {
        v->r->signatures += seen[i].signed_it;
        cosigned += i < set.members.n && seen[i].signed_it;
    }
    v->r->checkpoints++;
    v->r->cosignatures += cosigned;
    if (cosigned < quorum_of((uint32_t)set.members.n))
        return refuse(v, "checkpoint", "CKP-3: %u members cosigned it; %u are needed", cosigned, quorum_of((uint32_t)set.members.n));
    if (c.size >= v->r->checkpoint_size) {
        v->r->whole_checkpoint = true;
        v->r->checkpoint_size = c.size;
    }
    return ST_OK;
}

static enum status the_end(struct verify *v, struct span body)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_end f;
    struct err err;
    uint32_t kind;
    struct span more;
    arena_init(&a, 1 << 16);
    if (codec_decode(&pack_end_desc, body, &a, &f, &err) != ST_OK)
        return refuse(v, "end", "ENC-4: %s", err.text);
    if (f.blocks != v->r->blocks || f.leaves != v->tip.tree.size || !hash_eq(&f.root, &v->r->root))
        return refuse(v, "end", "PAK-4: it speaks of %" PRIu64 " blocks and %" PRIu64 " leaves; %" PRIu64 " and %" PRIu64 " were read, root %s",
                      f.blocks, f.leaves, v->r->blocks, v->tip.tree.size, hex_of(&v->r->root).s);
    enum status st = pack_read(&v->in, &kind, &more, &err); /* nothing was read ahead of the end */
    v->place = v->in.place;
    v->end = v->in.next_offset;
    if (st != ST_END)
        return refuse(v, "end", "PAK-2: something follows the last frame");
    return ST_OK;
}

/* Decisions by where they stand at the end. */
static enum status count_decisions(struct verify *v)
{
    struct view view;
    struct span key, value;
    uint8_t from[8] = {0};
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    while ((st = view_next(&view, TABLE_DECISION, span_of(from, 8), &key, &value)) == ST_OK) {
        struct arena a CLEANUP(arena_deinit);
        struct state_decision d;
        arena_init(&a, 0);
        st = codec_decode(&state_decision_desc, value, &a, &d, v->err);
        if (st != ST_OK)
            break;
        v->r->decisions++;
        if ((size_t)d.phase < VERIFY_PHASES)
            v->r->phases[d.phase]++;
        store_u64(from, d.number + 1);
    }
    store_read_end(v->store, &view);
    return st == ST_END ? ST_OK : st;
}

static enum status body_of_pack(struct verify *v)
{
    bool checkpoints = false;
    for (;;) {
        struct ahead *x;
        enum status st = next_frame(v, &x);
        if (st != ST_OK)
            return st;
        if (x->kind == pack_block_desc.number && !checkpoints) {
            st = one_block(v, x);
        } else if (x->kind == pack_checkpoint_desc.number && v->r->blocks > 0) {
            checkpoints = true;
            st = one_checkpoint(v, x->body);
        } else if (x->kind == pack_end_desc.number && v->r->blocks > 0) {
            return the_end(v, x->body);
        } else {
            st = refuse(v, "frame", "PAK-2: a frame of kind %u does not belong here", x->kind);
        }
        drop_frame(v);
        if (st != ST_OK)
            return st;
    }
}

static enum status tell(struct verify *v)
{
    struct view view;
    if (v->watch == NULL || v->watch->end == NULL)
        return ST_OK;
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    st = v->watch->end(v->watch->ctx, &view, v->r, v->err);
    store_read_end(v->store, &view);
    return st;
}

enum status verify_pack(FILE *f, const struct hash *expect, size_t threads, struct arena *a, struct verify_report *ret_report,
                        struct verify_failure *ret_failure, struct err *err)
{
    return verify_pack_watched(f, expect, threads, NULL, a, ret_report, ret_failure, err);
}

enum status verify_pack_watched(FILE *f, const struct hash *expect, size_t threads, const struct verify_watch *watch, struct arena *a,
                                struct verify_report *ret_report, struct verify_failure *ret_failure, struct err *err)
{
    struct err own;
    struct verify_report r = {0};
    struct verify v = {.a = a, .watch = watch, .r = &r, .fail = ret_failure, .err = err}; /* about 100 KiB */
    *ret_failure = (struct verify_failure){.region = ""};
    pack_reader_init(&v.in, f);
    v.store = store_mem_new();
    v.ids = ids_new();
    v.signatures = signatures_new(threads);
    enum status st = pack_read_magic(&v.in, PACK_MAGIC, &own);
    if (st != ST_OK)
        st = refuse(&v, "magic", "%s", own.text);
    if (st == ST_OK)
        st = head(&v, expect);
    if (st == ST_OK)
        st = body_of_pack(&v);
    if (st == ST_OK)
        st = count_decisions(&v);
    r.bytes = v.end;
    if (st == ST_OK)
        st = tell(&v);
    while (v.n_ahead > 0)
        drop_frame(&v);
    pack_reader_deinit(&v.in);
    store_close(v.store);
    ids_free(v.ids);
    signatures_free(v.signatures);
    members_deinit(&r.members); /* what the report shows stays */
    *ret_report = r;
    return st;
}
