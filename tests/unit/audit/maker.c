#include <criterion/criterion.h>
#include "cert/certificate.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "merkle/checkpoint.h"
#include "store/store_mem.h"
#include "maker.h"

static void put(struct maker *m, const struct record_desc *d, const void *rec)
{
    struct err err;
    cr_assert_lt(m->n_frames, MAKER_FRAMES_MAX - 1);
    cr_assert_eq(fflush(m->out), 0);
    m->frames[m->n_frames++] = (size_t)ftell(m->out);
    cr_assert_eq(pack_put(m->out, d, rec, &err), ST_OK, "%s", err.text);
}

static void flush(struct maker *m, const struct block *b, struct span certificate)
{
    struct store_txn *t;
    struct view before;
    struct err err;
    cr_assert_eq(store_read_begin(m->store, &before, &err), ST_OK);
    cr_assert_eq(store_begin(m->store, &t, &err), ST_OK);
    cr_assert_eq(block_flush(b, certificate, &before, m->store, t, &err), ST_OK);
    cr_assert_eq(store_commit(m->store, t, &err), ST_OK);
    store_read_end(m->store, &before);
    store_read_end(m->store, &m->v);
    cr_assert_eq(store_read_begin(m->store, &m->v, &err), ST_OK);
    m->tip = b->after;
    m->blocks++;
}

void maker_begin(struct maker *m, struct fixture *f)
{
    struct block b;
    struct err err;
    struct buf sigs;
    *m = (struct maker){.f = f, .last = f->genesis.sigs_hash, .store = store_mem_new(), .ids = ids_new()};
    arena_init(&m->a, 0);
    m->out = open_memstream(&m->p, &m->n);
    cr_assert_eq(pack_begin(m->out, PACK_MAGIC, &err), ST_OK);
    struct pack_head head = {.version = 1, .alliance = f->genesis.alliance, .genesis = f->genesis_bytes};
    put(m, &pack_head_desc, &head);
    cr_assert_eq(block_genesis(&f->genesis, &m->a, &b, &err), ST_OK);
    buf_init(&sigs, 1 << 20);
    cr_assert_eq(codec_encode(&genesis_sigs_desc, &f->genesis.genesis.sigs, &sigs), ST_OK);
    struct pack_block zero = {.header = b.header_bytes};
    put(m, &pack_block_desc, &zero);
    cr_assert_eq(store_read_begin(m->store, &m->v, &err), ST_OK);
    flush(m, &b, buf_span(&sigs));
    buf_deinit(&sigs);
}

/* One node is always missing. */
static struct span certify(struct maker *m, const struct validator_set *set, const struct hash *block)
{
    struct vote v = {.alliance = m->tip.alliance, .type = VOTE_PRECOMMIT, .height = m->tip.height + 1, .value = *block};
    struct sig64 sigs[8];
    bool have[8] = {0};
    struct certificate c;
    struct buf b;
    struct err err;
    SET_HAS(&v, vote_key_value);
    for (size_t i = 0; i < m->f->n; i++) {
        have[i] = i != (m->tip.height + 1) % m->f->n;
        vote_sign(&v, m->f->orgs[i].vote, &sigs[i]);
    }
    cr_assert_eq(certificate_make(&v, set, sigs, have, &m->a, &c, &err), ST_OK, "%s", err.text);
    buf_init(&b, 1 << 16);
    cr_assert_eq(codec_encode(&certificate_desc, &c, &b), ST_OK);
    struct span s = arena_dup(&m->a, buf_span(&b));
    buf_deinit(&b);
    return s;
}

static struct leaf sign(struct maker *m, uint64_t at_ms, const struct maker_entry *e)
{
    struct buf b;
    struct hash id;
    struct submission sub;
    struct leaf leaf;
    struct err err;
    struct fixture_entry x = {.kind = e->kind, .body = e->body, .org = e->org, .seat = e->seat, .at_ms = at_ms,
                              .expires_ms = at_ms + 86400000, .prose = e->prose, .n_prose = e->n_prose,
                              .basis = {.size = m->tip.tree.size}};
    buf_init(&b, 1 << 17);
    frontier_root(&m->tip.tree, &x.basis.root);
    fixture_submit(m->f, &x, &b, &id);
    cr_assert_eq(codec_decode(&submission_desc, arena_dup(&m->a, buf_span(&b)), &m->a, &sub, &err), ST_OK);
    cr_assert_eq(leaf_of_submission(&sub, &m->a, &leaf, &err), ST_OK, "%s", err.text);
    buf_deinit(&b);
    return leaf;
}

uint64_t maker_block(struct maker *m, uint64_t at_ms, const struct maker_entry *entries, size_t n)
{
    struct block_candidate c[MAKER_ENTRIES_MAX];
    struct pack_prose prose[2 * MAKER_ENTRIES_MAX];
    struct pack_prose_list texts = {0, prose};
    struct ledger l = {.tip = &m->tip, .view = &m->v, .ids = m->ids};
    struct validator_set set;
    struct block b;
    struct err err;
    cr_assert_leq(n, MAKER_ENTRIES_MAX);
    for (size_t i = 0; i < n; i++) {
        c[i] = (struct block_candidate){.leaf = sign(m, at_ms, &entries[i])};
        for (size_t k = 0; k < entries[i].n_prose && !entries[i].withheld; k++)
            prose[texts.n++] = (struct pack_prose){.leaf = i + 1, .prose = entries[i].prose[k]};
    }
    cr_assert_eq(block_make(&l, at_ms, span_str("p01"), &m->last, c, n, &m->a, &b, &err), ST_OK);
    for (size_t i = 0; i < n; i++)
        cr_assert(c[i].verdict == V_OK && !c[i].left_out, "entry %zu: %s: %s", i, verdict_name(c[i].verdict), c[i].why);
    cr_assert_eq(gov_validators(&m->v, &m->a, &set, &err), ST_OK);
    struct span cert = certify(m, &set, &b.id);
    struct pack_block frame = {.header = b.header_bytes, .leaves = {b.n_leaves - 1, b.leaves + 1}, .certificate = cert, .prose = texts};
    SET_HAS(&frame, pack_block_key_certificate);
    put(m, &pack_block_desc, &frame);
    flush(m, &b, cert);
    sha256(cert, &m->last);
    return b.first_leaf + 1;
}

static void put_checkpoint(struct maker *m)
{
    struct buf text, note, origin;
    buf_init(&text, NOTE_BYTES_MAX);
    buf_init(&note, NOTE_BYTES_MAX);
    buf_init(&origin, 1024);
    buf_printf(&origin, "%.*s/%s", SPAN_FMT(m->f->genesis.origin), hex_of(&m->tip.alliance).s);
    struct checkpoint c = {.origin = buf_span(&origin), .size = m->tip.tree.size};
    frontier_root(&m->tip.tree, &c.root);
    checkpoint_put(&c, &text);
    note_put_text(buf_span(&text), &note);
    for (size_t i = 0; i < 3; i++) {
        struct buf name;
        buf_init(&name, 1024);
        buf_printf(&name, "%s/%s", buf_cstr(&origin), m->f->orgs[i].id);
        struct note_key k = note_key_make(arena_dup(&m->a, buf_span(&name)), NOTE_COSIGNATURE, &m->f->orgs[i].cosign->pub);
        checkpoint_cosign(buf_span(&text), &k, m->f->orgs[i].cosign, 1767261700, &note);
        buf_deinit(&name);
    }
    struct pack_checkpoint r = {.note = buf_span(&note)};
    put(m, &pack_checkpoint_desc, &r);
    buf_deinit(&text);
    buf_deinit(&note);
    buf_deinit(&origin);
}

void maker_end(struct maker *m)
{
    struct pack_end end = {.blocks = m->blocks, .leaves = m->tip.tree.size};
    frontier_root(&m->tip.tree, &end.root);
    put_checkpoint(m);
    put(m, &pack_end_desc, &end);
    cr_assert_eq(fclose(m->out), 0);
    m->frames[m->n_frames] = m->n;
    store_read_end(m->store, &m->v);
    store_close(m->store);
    ids_free(m->ids);
}

void maker_free(struct maker *m)
{
    free(m->p);
    arena_deinit(&m->a);
}

enum status maker_verify(const void *p, size_t n, const struct verify_watch *watch, struct arena *a, struct verify_report *r,
                         struct verify_failure *fail, struct err *err)
{
    FILE *in = fmemopen((void *)(uintptr_t)p, n, "rb");
    cr_assert_not_null(in);
    enum status st = verify_pack(in, &(struct verify_how){.threads = 2, .watch = watch}, a, r, fail, err);
    cr_assert_eq(fclose(in), 0);
    return st;
}
