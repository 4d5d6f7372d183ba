/* ledger: many entries written into the store of a node that does not run, as if the alliance had decided them: made,
 * executed and committed by the same code, each block certified by the vote keys of the nodes named. --node DIR... (the first
 * gets the entries), --seat ..., --count N, --per-block N, --span-ms N: ledger time over which the blocks spread, from the
 * founding on; --mode notes; decisions: that many open decisions; record: of every family (mix.h). JSON on standard output. */
#include "bench/common.h"
#include "bench/mix.h"
#include "cert/certificate.h"
#include "crypto/hash.h"
#include "crypto/nodekeys.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "replica/replica.h"
#include "store/store_lmdb.h"

static const uint64_t DAY_MS = 86400000, MAP_BYTES = UINT64_C(1) << 36;

struct maker {
    struct bench_options o;
    struct store *store;
    struct genesis_info g;
    struct arena fixed, block;
    struct nodekeys keys[BENCH_NODES_MAX];
    struct span orgs[BENCH_NODES_MAX];
    struct validator_set set;
    struct ids *ids;
    struct tip tip;
    struct span last; /* certificate of the newest block */
    struct err err;
    uint64_t made;
    struct mix mix;
    bool record;
};

static void open_keys(struct maker *m)
{
    for (size_t i = 0; i < m->o.n_nodes; i++) {
        const char *path = file_join(&m->fixed, m->o.nodes[i], "keys");
        BENCH_MUST(nodekeys_open(path, &m->keys[i], &m->err), m->err);
        for (size_t k = 0; k < m->g.genesis.cards.n; k++)
            if (hash_eq(&m->g.cards[k].node.vote, &m->keys[i].vote->pub))
                m->orgs[i] = m->g.cards[k].org;
        if (m->orgs[i].n == 0)
            bench_die("%s is no node of this alliance", m->o.nodes[i]);
    }
}

static void open_all(struct maker *m)
{
    struct span file;
    struct view v;
    struct buf sigs CLEANUP(buf_deinit);
    arena_init(&m->fixed, 0);
    arena_init(&m->block, 0);
    buf_init(&sigs, LIMIT_GENESIS_BYTES);
    if (m->o.n_nodes == 0 || m->o.n_seats == 0)
        bench_die("usage: ledger --node DIR... --seat ORG/SEAT=KEY... [--count N] [--per-block N] [--span-ms N] [--mode notes|decisions|record]");
    const char *store = file_join(&m->fixed, m->o.nodes[0], "store");
    enum status made = file_make_dir(store, 0700, &m->err);
    if (made != ST_OK && made != ST_EXISTS)
        bench_die("%s", m->err.text);
    BENCH_MUST(file_read(file_join(&m->fixed, m->o.nodes[0], "alliance.genesis"), LIMIT_GENESIS_BYTES, &m->fixed, &file, &m->err), m->err);
    BENCH_MUST(genesis_read(file, true, &m->fixed, &m->g, &m->err), m->err);
    BENCH_MUST(store_lmdb_open(store, MAP_BYTES, 0, &m->store, &m->err), m->err);
    enum status st = replica_found(m->store, &m->g, &m->err);
    if (st != ST_OK && st != ST_EXISTS)
        bench_die("%s", m->err.text);
    open_keys(m);
    BENCH_MUST(store_read_begin(m->store, &v, &m->err), m->err);
    BENCH_MUST(tip_load(&v, &m->tip, &m->err), m->err);
    BENCH_MUST(gov_validators(&v, &m->fixed, &m->set, &m->err), m->err);
    BENCH_MUST(block_certificate(&v, m->tip.height, &m->last, &m->err), m->err);
    m->last = arena_dup(&m->fixed, m->last);
    m->ids = ids_new();
    BENCH_MUST(ids_load(m->ids, &v, m->tip.time_ms, &m->err), m->err);
    store_read_end(m->store, &v);
}

static struct span certify(struct maker *m, const struct block *b)
{
    struct commit_sig sigs[BENCH_NODES_MAX];
    struct certificate c = {.epoch = b->record.epoch, .height = b->record.height, .value = b->id, .sigs = {0, sigs}};
    struct vote v = certificate_vote(&c, &m->tip.alliance);
    struct buf out CLEANUP(buf_deinit);
    uint32_t q = quorum_of((uint32_t)m->set.members.n);
    for (size_t i = 0; i < m->set.members.n && c.sigs.n < q; i++)
        for (size_t k = 0; k < m->o.n_nodes; k++)
            if (span_eq(m->set.members.v[i].org, m->orgs[k])) {
                sigs[c.sigs.n].org = m->orgs[k];
                vote_sign(&v, m->keys[k].vote, &sigs[c.sigs.n++].sig);
            }
    if (c.sigs.n < q)
        bench_die("%zu vote keys are given, a certificate needs %u", c.sigs.n, q);
    buf_init(&out, 1 << 16);
    if (codec_encode(&certificate_desc, &c, &out) != ST_OK)
        bench_die("a certificate cannot be encoded");
    return arena_dup(&m->block, buf_span(&out));
}

static void make_leaf(struct maker *m, uint64_t time_ms, struct basis basis, struct leaf *ret_leaf)
{
    struct span entry, signature;
    struct prose prose;
    struct hash id;
    struct submission s = {.version = 1};
    struct bench_entry e = {.alliance = &m->tip.alliance,
                            .seat = &m->o.seats[m->made % m->o.n_seats],
                            .basis = basis,
                            .at_ms = time_ms,
                            .expires_ms = time_ms + 20 * DAY_MS};
    bool has_prose = true;
    if (m->record) {
        mix_next(&m->mix, &e, &m->block, &entry, &signature, &prose, &has_prose);
    } else if (span_eqs(span_str(m->o.mode), "decisions")) {
        struct propose body = {.type = span_str("commercial-terms"), .proposal = {.effect = {.type = EFFECT_NONE}}};
        store_u64(body.proposal.title.b, m->made);
        e.kind = KIND_PROPOSE;
        e.body = &body;
        bench_sign(&e, &m->block, &entry, &signature, &id);
        has_prose = false;
    } else {
        bench_note(&e, m->made, &m->block, &entry, &signature, &prose, &id);
    }
    if (has_prose)
        s.prose = (struct prose_list){1, &prose};
    m->made++;
    s.entry = entry;
    s.signature = signature;
    BENCH_MUST(leaf_of_submission(&s, &m->block, ret_leaf, &m->err), m->err);
}

/* False when there was no room for the candidates, only for timers. */
static bool commit_block(struct maker *m, uint64_t time_ms, struct block_candidate *c, size_t n)
{
    struct view v;
    struct block b;
    struct hash last;
    struct store_txn *t;
    sha256(m->last, &last);
    BENCH_MUST(store_read_begin(m->store, &v, &m->err), m->err);
    struct ledger l = {.tip = &m->tip, .view = &v, .ids = m->ids};
    BENCH_MUST(block_make(&l, time_ms, m->set.members.v[0].org, &last, c, n, &m->block, &b, &m->err), m->err);
    for (size_t i = 0; i < n && b.n_leaves != n + 1 && b.n_leaves != 1; i++)
        if (c[i].why[0] != 0)
            bench_die("block %" PRIu64 " took %zu of %zu entries; not number %zu: %s", b.record.height, b.n_leaves - 1, n, i, c[i].why);
    struct span certificate = certify(m, &b);
    BENCH_MUST(store_begin(m->store, &t, &m->err), m->err);
    BENCH_MUST(block_flush(&b, certificate, &v, m->store, t, &m->err), m->err);
    BENCH_MUST(store_commit(m->store, t, &m->err), m->err);
    store_read_end(m->store, &v);
    for (size_t i = 0; i + 1 < b.n_leaves; i++)
        ids_add(m->ids, &b.entries[i].id, b.first_leaf + 1 + i, b.record.time_ms);
    ids_expire(m->ids, b.record.time_ms);
    m->tip = b.after;
    m->last = certificate;
    return b.n_leaves == n + 1;
}

static void one_block(struct maker *m, uint64_t time_ms, size_t n)
{
    struct view v;
    struct hash root;
    struct block_candidate *c = arena_array(&m->block, n, sizeof *c);
    ASSERT(c != NULL);
    memset(c, 0, n * sizeof *c);
    frontier_root(&m->tip.tree, &root);
    struct basis basis = {.size = m->tip.tree.size, .root = root};
    BENCH_MUST(store_read_begin(m->store, &v, &m->err), m->err);
    if (m->record)
        mix_block(&m->mix, &v, &m->block);
    for (size_t i = 0; i < n; i++)
        make_leaf(m, time_ms, basis, &c[i].leaf);
    store_read_end(m->store, &v);
    while (!commit_block(m, time_ms, c, n)) /* its timers alone filled it */
        time_ms++;
}

int main(int argc, char **argv)
{
    static struct maker m;
    bench_options(argc, argv, &m.o);
    open_all(&m);
    m.record = span_eqs(span_str(m.o.mode), "record");
    if (m.record)
        mix_init(&m.mix, &m.o, m.tip.time_ms);
    struct buf last CLEANUP(buf_deinit);
    buf_init(&last, 1 << 16);
    uint64_t blocks = (m.o.count + m.o.per_block - 1) / m.o.per_block, from = m.tip.time_ms, start = bench_us();
    uint64_t step = blocks == 0 ? 1 : m.o.years_ms / blocks;
    for (uint64_t i = 0, left = m.o.count; i < blocks; i++) {
        uint64_t n = left < m.o.per_block ? left : m.o.per_block;
        one_block(&m, from + (i + 1) * (step == 0 ? 1 : step), (size_t)n);
        left -= n;
        buf_reset(&last); /* the next block's arena is this one's */
        buf_put_span(&last, m.last);
        arena_reset(&m.block);
        m.last = buf_span(&last);
    }
    uint64_t us = bench_us() - start;
    store_close(m.store);
    (void)printf("{\"what\": \"ledger\", \"entries\": %" PRIu64 ", \"blocks\": %" PRIu64 ", \"seconds\": %.3f, \"height\": %" PRIu64 "}\n", m.o.count,
                 blocks, (double)us / 1e6, m.tip.height);
    return 0;
}
