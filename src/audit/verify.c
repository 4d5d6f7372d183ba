#include "audit/archive.h"
#include "audit/fault.h"
#include "audit/texts.h"
#include "audit/verify_parts.h"
#include "cert/certificate.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "merkle/rfc6962.h"

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
        return verify_refuse_err(v, "frame", "PAK-1", &x->err);
    if (x->read == ST_END)
        return verify_refuse(v, "end", "PAK-2: the file ends without its last frame");
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

/* PAK-1: a kind that no pack has; else PAK-2. */
static enum status not_here(struct verify *v, uint32_t kind, const char *why)
{
    bool known = kind >= pack_head_desc.number && kind <= pack_end_desc.number;
    return verify_refuse(v, "frame", "%s: a frame of kind %u: %s", known ? "PAK-2" : "PAK-1", kind, known ? why : "no frame of a pack has it");
}

static enum status head(struct verify *v)
{
    const struct hash *expect = v->how->expect;
    struct ahead *x;
    struct pack_head h;
    struct err err;
    enum status st = next_frame(v, &x);
    if (st != ST_OK)
        return st;
    if (x->kind != pack_head_desc.number)
        return not_here(v, x->kind, "the first frame is no head");
    struct span body = arena_dup(v->a, x->body);
    drop_frame(v);
    st = codec_decode(&pack_head_desc, body, v->a, &h, &err);
    if (st != ST_OK)
        return verify_refuse_err(v, "head", "ENC-4", &err);
    st = genesis_read(h.genesis, true, v->a, &v->genesis, &err);
    if (st != ST_OK)
        return verify_refuse_err(v, "genesis", "GEN-3", &err);
    if (!hash_eq(&h.alliance, &v->genesis.alliance))
        return verify_refuse(v, "head", "GEN-3: it names alliance %s; the genesis is that of %s", hex_of(&h.alliance).s,
                      hex_of(&v->genesis.alliance).s);
    if (expect != NULL && !hash_eq(expect, &v->genesis.alliance))
        return verify_refuse(v, "head", "GEN-3: this is alliance %s; %s was expected", hex_of(&v->genesis.alliance).s, hex_of(expect).s);
    v->r->alliance = v->genesis.alliance;
    v->r->name = v->genesis.name;
    v->r->founded_ms = v->genesis.founded_ms;
    v->r->signatures += v->genesis.genesis.sigs.list.n + 4 * v->genesis.genesis.cards.n;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(v->genesis.origin), hex_of(&v->genesis.alliance).s);
    v->origin = arena_dup(v->a, buf_span(&b));
    v->r->origin = v->origin;
    return ST_OK;
}

/* REF-6: a refounding in place of the certificate. Its seats are checked with the first block that it begins (REF-3). */
static enum status end_of_epoch(struct verify *v, const struct pack_block *f, const struct refounding_last *last)
{
    struct err err;
    if (refounding_read(arena_dup(v->a, f->certificate), v->a, &v->next, &err) != ST_OK || refounding_check(&v->next, last, &err) != ST_OK)
        return verify_refuse(v, "certificate", "REF-2: %s", verify_words_of(&err));
    if (!fault_ascends(&v->next))
        return verify_refuse(v, "certificate", "REF-2: the signatures do not ascend by seat and key");
    v->epoch_ends = true;
    v->r->refoundings++;
    v->r->by_refounding += !refounding_had_certificate(&v->next);
    v->r->signatures += v->next.proof.pol.n + v->next.proof.others.n + !refounding_had_certificate(&v->next);
    return ST_OK;
}

static enum status watched(struct verify *v, const struct view *before, const struct block *b, const struct pack_prose_list *prose,
                           const struct refounding_info *begun)
{
    const struct verify_watch *watch = v->how->watch;
    if (watch == NULL || watch->block == NULL)
        return ST_OK;
    struct verify_block seen = {.before = before, .block = b, .prose = prose, .begun = begun};
    return watch->block(watch->ctx, &seen, v->err);
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
    struct header h;
    struct block_record rec;
    if (codec_decode(&header_desc, f->header, &a, &h, &err) == ST_OK && codec_decode(&block_record_desc, h.record, &a, &rec, &err) == ST_OK &&
        rec.height != 0)
        return verify_refuse(v, "header", "PAK-2: height %" PRIu64 " where 0 was expected", rec.height);
    if (f->leaves.n != 0 || (HAS(f, pack_block_key_certificate) && !ends) || f->prose.n != 0)
        return verify_refuse(v, "frame", "PAK-2: the frame of block 0 holds a header, and a refounding if one ends the epoch there, and nothing else");
    if (block_genesis(&v->genesis, &a, &b, &err) != ST_OK)
        return verify_refuse_err(v, "genesis", "GOV-2", &err);
    if (!span_eq(b.header_bytes, f->header))
        return verify_refuse(v, "header", "GEN-5: header 0 is not the one that the genesis gives");
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

/* From 1; 0: each by itself is well-formed and signed. */
static size_t first_bad_entry(const struct pack_block *f)
{
    for (size_t i = 0; i < f->leaves.n; i++) {
        struct arena a CLEANUP(arena_deinit);
        struct leaf leaf;
        struct err err;
        arena_init(&a, 0);
        if (leaf_parse(f->leaves.v[i], &a, &leaf, &err) != ST_OK || leaf_verify(&leaf) != ST_OK)
            return i + 1;
    }
    return 0;
}

/* Header, certificate and leaves: which of them is wrong, if one is. The certificate decides between the others. */
static enum status bindings(struct verify *v, const struct pack_block *f, const struct header *h, const struct block_record *rec,
                            const struct validator_set *set, struct arena *a)
{
    struct hash id, leaf;
    struct certificate c = {.sigs = {0, NULL}};
    sha256(f->header, &id);
    if (rec->height != v->tip.height + 1)
        return verify_refuse(v, "header", "PAK-2: height %" PRIu64 " where %" PRIu64 " was expected", rec->height, v->tip.height + 1);
    if (rec->epoch != v->tip.epoch + v->epoch_begins)
        return verify_refuse(v, "header", "BLK-2: height %" PRIu64 ": epoch %" PRIu64 ", expected %" PRIu64, rec->height, rec->epoch,
                      v->tip.epoch + v->epoch_begins);
    if (!HAS(f, pack_block_key_certificate))
        return verify_refuse(v, "certificate", "CRT-1: block %" PRIu64 " has no certificate", rec->height);
    struct span certificate = f->certificate;
    if (refounding_is(certificate)) {
        struct refounding_last last = {.alliance = v->tip.alliance, .epoch = rec->epoch, .height = rec->height, .block = id, .decided_by = set};
        enum status st = end_of_epoch(v, f, &last);
        if (st != ST_OK)
            return st;
        certificate = v->next.proof.certificate; /* or none: final by a POL and the refounding */
    }
    if (certificate.n > 0) {
        struct err why;
        const char *region = fault_in_certificate(certificate, &v->tip.alliance, rec, &id, set, a, &c, &why);
        if (region != NULL)
            return verify_refuse(v, region, "%s", why.text);
    }
    struct frontier tree = v->tip.tree;
    struct hash root;
    rfc6962_leaf(h->record, &leaf);
    frontier_append(&tree, &leaf);
    for (size_t i = 0; i < f->leaves.n; i++) {
        if (v->found == NULL || !v->found[i].good) /* else it was hashed with its signature */
            rfc6962_leaf(f->leaves.v[i], &leaf);
        else
            leaf = v->found[i].leaf_hash;
        frontier_append(&tree, &leaf);
    }
    frontier_root(&tree, &root);
    if (tree.size != h->size || !hash_eq(&root, &h->root)) {
        v->entry = first_bad_entry(f);
        return verify_refuse(v, "leaf", "TRE-1: the %zu leaves of block %" PRIu64 " give root %s; its certified header says %s", f->leaves.n + 1,
                      rec->height, hex_of(&root).s, hex_of(&h->root).s);
    }
    if (!hash_eq(&rec->last_commit, &v->last_commit)) { /* the header is certified, so the frame before has another one */
        const char *what = v->epoch_begins ? "refounding" : rec->height > 1 ? "certificate of its predecessor" : "set of founding signatures";
        bool frame = rec->height > 1 && !v->epoch_begins;
        return verify_refuse(v, "header", "%s: block %" PRIu64 " fixes another %s than the pack holds", frame ? "PAK-3" : "BLK-7", rec->height, what);
    }
    if (!hash_eq(&rec->alliance, &v->tip.alliance))
        return verify_refuse(v, "header", "BLK-2: block %" PRIu64 " is of another alliance", rec->height);
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

static enum status proses(struct verify *v, const struct pack_block *f, const struct block *b, struct arena *a)
{
    struct err why;
    uint64_t absent;
    for (size_t i = 0; i + 1 < b->n_leaves; i++) {
        struct verify_org *o = org_of(v, org_part(b->entries[i].entry.seat));
        if (o != NULL)
            o->entries++;
    }
    if (texts_check(&f->prose, b->entries, b->n_leaves - 1, a, &absent, &v->text, &why) != ST_OK)
        return verify_refuse(v, "prose", "%s", why.text);
    v->r->prose += f->prose.n;
    v->r->prose_absent += absent;
    return ST_OK;
}

/* REF-3, REF-4, of the refounding that ends the epoch with the block just taken. */
static enum status signed_by_all(struct verify *v, struct arena *a)
{
    struct view view;
    bool sound;
    char why[256];
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    struct ledger l = {.tip = &v->tip, .view = &view, .ids = v->ids, .refounding = &v->next};
    st = block_refounding_sound(&l, a, &sound, why, v->err);
    store_read_end(v->store, &view);
    return st == ST_OK && !sound ? verify_refuse(v, "certificate", "%s", why) : st;
}

static enum status later_block(struct verify *v, struct ahead *x)
{
    const struct pack_block *f = &x->f;
    struct arena *a = &x->a;
    v->entry = 0;
    v->text = 0;
    struct header h;
    struct block_record rec;
    struct validator_set set;
    struct view view;
    struct err err;
    struct block b;
    bool valid;
    char why[256];
    if (codec_decode(&header_desc, f->header, a, &h, &err) != ST_OK || codec_decode(&block_record_desc, h.record, a, &rec, &err) != ST_OK)
        return verify_refuse_err(v, "header", "BLK-2", &err);
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
    v->found = x->bundle == NULL ? NULL : signatures_wait(v->signatures, x->bundle);
    v->nth = 0;
    if (st == ST_OK)
        st = bindings(v, f, &h, &rec, &set, a);
    struct ledger l = {.tip = &v->tip, .view = &view, .ids = v->ids, .refounding = v->epoch_begins ? &begun : NULL};
    v->r->signatures += v->epoch_begins ? begun.file.sigs.n + 4 * begun.file.cards.n : 0;
    struct block_verifier verifier = {v, verify_leaf};
    if (st == ST_OK)
        st = block_execute(&l, f->header, f->leaves.v, f->leaves.n, &verifier, a, &valid, &b, why, v->err);
    if (st == ST_OK && !valid)
        st = verify_not_executed(v, f, why);
    if (st == ST_OK)
        st = members_note(&v->r->members, &view, &b, v->a, v->err);
    if (st == ST_OK)
        st = proses(v, f, &b, a);
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
        return verify_refuse_err(v, "frame", "ENC-4", &x->err);
    enum status st = v->r->blocks == 0 ? genesis_block(v, &x->f) : later_block(v, x);
    if (st == ST_OK && v->epoch_ends)
        st = signed_by_all(v, &x->a);
    if (st == ST_OK)
        st = verify_kept_at(v);
    v->r->blocks += st == ST_OK;
    v->r->height = v->tip.height;
    v->r->size = v->tip.tree.size;
    v->r->last_ms = v->tip.time_ms;
    v->r->state_root = v->tip.state.root;
    return st;
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
        return verify_refuse_err(v, "end", "ENC-4", &err);
    if (f.blocks != v->r->blocks || f.leaves != v->tip.tree.size || !hash_eq(&f.root, &v->r->root))
        return verify_refuse(v, "end", "PAK-4: it speaks of %" PRIu64 " blocks and %" PRIu64 " leaves; %" PRIu64 " and %" PRIu64 " were read, root %s",
                      f.blocks, f.leaves, v->r->blocks, v->tip.tree.size, hex_of(&v->r->root).s);
    enum status st = verify_kept_all(v);
    if (st != ST_OK)
        return st;
    st = pack_read(&v->in, &kind, &more, &err); /* nothing was read ahead of the end */
    v->place = v->in.place;
    v->end = v->in.next_offset;
    if (st != ST_END)
        return verify_refuse(v, "end", "PAK-2: something follows the last frame");
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
        if (v->how->progress != NULL)
            v->how->progress(v->how->progress_ctx, v->end, v->r->blocks);
        if (x->kind == pack_block_desc.number && !checkpoints) {
            st = one_block(v, x);
        } else if (x->kind == pack_checkpoint_desc.number && v->r->blocks > 0) {
            checkpoints = true;
            st = verify_checkpoint(v, x->body);
        } else if (x->kind == pack_end_desc.number && v->r->blocks > 0) {
            return the_end(v, x->body);
        } else {
            st = not_here(v, x->kind, "it does not belong here");
        }
        drop_frame(v);
        if (st != ST_OK)
            return st;
    }
}

static enum status tell(struct verify *v)
{
    struct view view;
    const struct verify_watch *watch = v->how->watch;
    if (watch == NULL || watch->end == NULL)
        return ST_OK;
    enum status st = store_read_begin(v->store, &view, v->err);
    if (st != ST_OK)
        return st;
    st = watch->end(watch->ctx, &view, v->r, v->err);
    store_read_end(v->store, &view);
    return st;
}

enum status verify_pack(FILE *f, const struct verify_how *how, struct arena *a, struct verify_report *ret_report,
                        struct verify_failure *ret_failure, struct err *err)
{
    struct err own;
    struct verify_report r = {0};
    struct verify v = {.a = a, .how = how, .r = &r, .fail = ret_failure, .err = err}; /* about 100 KiB */
    *ret_failure = (struct verify_failure){.region = ""};
    *ret_report = r;
    enum status st = archive_new(how->has_file ? how->file : -1, &v.store, err);
    if (st != ST_OK)
        return st;
    pack_reader_init(&v.in, f);
    v.place.bytes = strlen(PACK_MAGIC);
    v.ids = ids_new();
    v.signatures = signatures_new(how->threads);
    st = pack_read_magic(&v.in, PACK_MAGIC, &own);
    if (st != ST_OK)
        st = verify_refuse_err(&v, "magic", "PAK-1", &own);
    if (st == ST_OK)
        st = head(&v);
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
