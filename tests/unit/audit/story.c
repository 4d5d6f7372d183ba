#include <criterion/criterion.h>
#include "story.h"
#include "cert/certificate.h"
#include "crypto/hash.h"
#include "gov/tkey.h"
#include "merkle/checkpoint.h"
#include "store/store_mem.h"

static const uint64_t FOUNDED = UINT64_C(1767261600000);

static void flush(struct story *s, const struct block *b, struct span certificate)
{
    struct store_txn *t;
    struct view before;
    struct err err;
    cr_assert_eq(store_read_begin(s->store, &before, &err), ST_OK);
    cr_assert_eq(store_begin(s->store, &t, &err), ST_OK);
    cr_assert_eq(block_flush(b, certificate, &before, s->store, t, &err), ST_OK);
    cr_assert_eq(store_commit(s->store, t, &err), ST_OK);
    store_read_end(s->store, &before);
    store_read_end(s->store, &s->v);
    cr_assert_eq(store_read_begin(s->store, &s->v, &err), ST_OK);
    s->roots[s->n_blocks] = b->root;
    s->sizes[s->n_blocks++] = b->after.tree.size;
    s->tip = b->after;
}

static struct span encoded(struct story *s, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 22);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK);
    return arena_dup(&s->a, buf_span(&b));
}

static void keys_in_force(struct story *s)
{
    for (size_t i = 0; i < s->f.n; i++) {
        s->votes[i] = s->f.orgs[i].vote;
        s->cosigns[s->n_blocks - 1][i] = s->f.orgs[i].cosign;
    }
}

void story_begin(struct story *s, uint64_t seed)
{
    struct block b;
    struct err err;
    *s = (struct story){.now_ms = FOUNDED};
    arena_init(&s->a, 0);
    fixture_found(&s->f, seed, 3, 1, FOUNDED, 45);
    s->store = store_mem_new();
    s->ids = ids_new();
    cr_assert_eq(block_genesis(&s->f.genesis, &s->a, &b, &err), ST_OK);
    cr_assert_eq(store_read_begin(s->store, &s->v, &err), ST_OK);
    s->blocks[0] = (struct pack_block){.header = b.header_bytes};
    s->last_commit = s->f.genesis.sigs_hash;
    flush(s, &b, encoded(s, &genesis_sigs_desc, &s->f.genesis.genesis.sigs));
    keys_in_force(s);
}

void story_end(struct story *s)
{
    store_read_end(s->store, &s->v);
    store_close(s->store);
    ids_free(s->ids);
    arena_deinit(&s->a);
    fixture_free(&s->f);
}

void story_text(struct story *s, const char *text, struct hash *ret_digest)
{
    s->prose[s->n_acts] = fixture_prose(&s->f, text, ret_digest);
}

void story_act(struct story *s, enum kind kind, const void *body, size_t org, size_t seat, bool text)
{
    struct buf b CLEANUP(buf_deinit);
    struct submission sub;
    struct err err;
    buf_init(&b, 1 << 18);
    struct fixture_entry e = {.kind = kind,
                              .body = body,
                              .org = org,
                              .seat = seat,
                              .at_ms = s->now_ms,
                              .expires_ms = s->now_ms + 86400000,
                              .prose = &s->prose[s->n_acts],
                              .n_prose = text,
                              .basis = {.size = s->tip.tree.size}};
    frontier_root(&s->tip.tree, &e.basis.root);
    fixture_submit(&s->f, &e, &b, &s->id);
    cr_assert_eq(codec_decode(&submission_desc, arena_dup(&s->a, buf_span(&b)), &s->a, &sub, &err), ST_OK);
    s->acts[s->n_acts] = (struct block_candidate){.verdict = V_OK};
    cr_assert_eq(leaf_of_submission(&sub, &s->a, &s->acts[s->n_acts].leaf, &err), ST_OK, "%s", err.text);
    if (!text)
        s->prose[s->n_acts].text = (struct span){NULL, 0};
    s->n_acts++;
}

static struct span certified(struct story *s, const struct validator_set *set, const struct hash *block)
{
    struct vote v = {
        .alliance = s->tip.alliance, .type = VOTE_PRECOMMIT, .height = s->tip.height + 1, .value = *block};
    struct sig64 sigs[8];
    bool have[8] = {0};
    struct certificate c;
    struct err err;
    SET_HAS(&v, vote_key_value);
    for (size_t i = 0; i < s->f.n; i++) {
        have[i] = i != (s->tip.height + 1) % s->f.n; /* one is always missing */
        vote_sign(&v, s->votes[i], &sigs[i]);
    }
    cr_assert_eq(certificate_make(&v, set, sigs, have, &s->a, &c, &err), ST_OK, "%s", err.text);
    return encoded(s, &certificate_desc, &c);
}

void story_block(struct story *s, uint64_t later_ms)
{
    struct block b;
    struct err err = {0};
    struct validator_set set;
    struct ledger l = {.tip = &s->tip, .view = &s->v, .ids = s->ids};
    struct pack_prose *prose = arena_array(&s->a, STORY_ACTS_MAX, sizeof *prose);
    size_t n_prose = 0;
    s->now_ms += later_ms;
    cr_assert_eq(
        block_make(&l, s->now_ms, span_str("p01"), &s->last_commit, s->acts, s->n_acts, &s->a, &b, &err),
        ST_OK, "%s", err.text);
    for (size_t i = 0; i < s->n_acts; i++) {
        cr_assert_eq(s->acts[i].verdict, V_OK, "block %zu, act %zu: %s", s->n_blocks, i, s->acts[i].why);
        ids_add(s->ids, &s->acts[i].leaf.id, b.first_leaf + 1 + i, s->now_ms);
        if (s->prose[i].text.n > 0)
            prose[n_prose++] = (struct pack_prose){.leaf = i + 1, .prose = s->prose[i]};
    }
    cr_assert_eq(gov_validators(&s->v, &s->a, &set, &err), ST_OK);
    struct span cert = certified(s, &set, &b.id);
    struct pack_block *f = &s->blocks[s->n_blocks];
    *f = (struct pack_block){.header = b.header_bytes,
                             .leaves = {b.n_leaves - 1, b.leaves + 1},
                             .certificate = cert,
                             .prose = {n_prose, prose}};
    SET_HAS(f, pack_block_key_certificate);
    sha256(cert, &s->last_commit);
    flush(s, &b, cert);
    keys_in_force(s);
    s->n_acts = 0;
}

struct span story_note(struct story *s, size_t block)
{
    struct buf text CLEANUP(buf_deinit), note CLEANUP(buf_deinit), origin CLEANUP(buf_deinit);
    buf_init(&text, NOTE_BYTES_MAX);
    buf_init(&note, NOTE_BYTES_MAX);
    buf_init(&origin, 1024);
    buf_printf(&origin, "%.*s/%s", SPAN_FMT(s->f.genesis.origin), hex_of(&s->tip.alliance).s);
    struct checkpoint c = {.origin = buf_span(&origin), .size = s->sizes[block], .root = s->roots[block]};
    checkpoint_put(&c, &text);
    note_put_text(buf_span(&text), &note);
    struct note_key log = note_key_make(buf_span(&origin), NOTE_ED25519, &s->f.orgs[0].log->pub);
    checkpoint_sign(buf_span(&text), &log, s->f.orgs[0].log, &note);
    for (size_t i = 0; i < 3; i++) {
        struct buf name CLEANUP(buf_deinit);
        buf_init(&name, 1024);
        buf_printf(&name, "%s/%s", buf_cstr(&origin), s->f.orgs[i].id);
        struct note_key k = note_key_make(buf_span(&name), NOTE_COSIGNATURE, &s->cosigns[block][i]->pub);
        checkpoint_cosign(buf_span(&text), &k, s->cosigns[block][i], s->now_ms / 1000, &note);
    }
    return arena_dup(&s->a, buf_span(&note));
}

struct state_decision story_decision(struct story *s, uint64_t number)
{
    struct tkey k = tkey_u64(number);
    struct state_decision d;
    struct span value;
    struct err err;
    cr_assert_eq(view_get(&s->v, TABLE_DECISION, tkey_span(&k), &value), ST_OK);
    cr_assert_eq(codec_decode(&state_decision_desc, arena_dup(&s->a, value), &s->a, &d, &err), ST_OK, "%s",
                 err.text);
    return d;
}
