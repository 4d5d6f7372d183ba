/* The blocks of a range, and the rows behind each (RNG-5, RNG-6). */
#include <stdlib.h>
#include "audit/fault.h"
#include "audit/range_parts.h"
#include "audit/texts.h"
#include "crypto/hash.h"
#include "gov/refound.h"
#include "merkle/rfc6962.h"
#include "store/view.h"

static const uint64_t DAY_MS = UINT64_C(24) * 3600 * 1000;

/* -- boundaries -- */

enum status range_compare_kept(struct range *g, uint64_t size, const struct hash *root)
{
    for (size_t i = 0; g->kept != NULL && i < g->kept->n; i++) {
        struct verify_kept *k = &g->kept->v[i];
        if (k->seen || k->size != size)
            continue;
        if (!span_eq(k->origin, g->chain.origin))
            return chain_refuse(&g->chain, "checkpoint", "PAK-7: the checkpoint in %s is of %.*s; this is %.*s", k->path, SPAN_FMT(k->origin),
                                SPAN_FMT(g->chain.origin));
        if (!hash_eq(&k->root, root))
            return chain_refuse(&g->chain, "checkpoint",
                                "PAK-7: the first %" PRIu64 " leaves have root %s here, and %s in the checkpoint in %s: two histories. "
                                "Keep both files: one of them was made by keys that should not have signed",
                                size, hex_of(root).s, hex_of(&k->root).s, k->path);
        k->seen = true;
        if (size > g->r->kept_size)
            g->r->kept_size = size;
    }
    return ST_OK;
}

enum status range_boundary_add(struct range *g, uint64_t size, const struct hash *root, uint64_t time_ms)
{
    /* One whose next is older than that is stale whatever names it (ENT-5). */
    while (g->n - g->from > 1 && g->boundaries[g->from + 1].time_ms + 31 * DAY_MS < time_ms)
        g->from++;
    if (g->from > 0 && 2 * g->from >= g->n) {
        g->n -= g->from;
        memmove(g->boundaries, g->boundaries + g->from, g->n * sizeof *g->boundaries);
        g->from = 0;
    }
    if (g->n == g->cap) {
        g->cap = g->cap == 0 ? 256 : 2 * g->cap;
        g->boundaries = realloc(g->boundaries, g->cap * sizeof *g->boundaries);
        ASSERT(g->boundaries != NULL);
    }
    g->boundaries[g->n++] = (struct range_boundary){.size = size, .time_ms = time_ms, .root = *root};
    return range_compare_kept(g, size, root);
}

/* ENT-5, as far as the range goes back. */
static enum status basis_of(struct range *g, const struct basis *b, uint64_t time_ms, struct err *why)
{
    size_t low = g->from, high = g->n;
    if (b->size < g->r->size_before) {
        g->r->basis_before++;
        return ST_OK;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (g->boundaries[mid].size < b->size)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == g->n || g->boundaries[low].size != b->size || !hash_eq(&g->boundaries[low].root, &b->root))
        return err_set(why, ST_BADSIG, "ENT-5: its basis, of %" PRIu64 " leaves, is no block boundary of this history", b->size);
    if (low + 1 < g->n && g->boundaries[low + 1].time_ms + LIMIT_BASIS_AGE_DAYS * DAY_MS < time_ms)
        return err_set(why, ST_BADSIG, "ENT-5: its basis, of %" PRIu64 " leaves, is stale", b->size);
    return ST_OK;
}

/* -- blocks -- */

/* What a header says of its place, before its certificate. */
static enum status place_of(struct range *g, const struct block_record *rec)
{
    struct chain *c = &g->chain;
    if (rec->leaf != LEAF_BLOCK)
        return chain_refuse(c, "header", "BLK-1: it is no block record");
    if (rec->height != g->next)
        return chain_refuse(c, "header", "RNG-1: height %" PRIu64 " where %" PRIu64 " was expected", rec->height, g->next);
    if (rec->epoch != c->epoch)
        return chain_refuse(c, "header", "BLK-2: block %" PRIu64 " is of epoch %" PRIu64 "; %" PRIu64 " was expected", rec->height,
                            rec->epoch, c->epoch);
    if (!hash_eq(&rec->validators, &c->set_hash))
        return chain_refuse(c, "header",
                            "BLK-6: block %" PRIu64 " is decided by set %s; what was shown leads to %s: a change of set is missing",
                            rec->height, hex_of(&rec->validators).s, hex_of(&c->set_hash).s);
    bool differ = !hash_eq(&rec->validators, &rec->next_validators);
    if (HAS(rec, block_record_key_next_set) != differ)
        return chain_refuse(c, "header", "BLK-6: block %" PRIu64 ": the next set is %s", rec->height,
                            differ ? "missing" : "given, though it does not differ");
    return ST_OK;
}

/* Its nodes signed for it; this program may not know what for. */
static enum status known_rules(struct chain *c, const struct block_record *rec)
{
    if (rec->rules > GOV_RULES_MAX)
        return err_set(c->err, ST_UNSUPPORTED,
                       "block %" PRIu64 " is under rules version %" PRIu64 ", and this program has versions up to %d. A newer entente-audit "
                       "verifies it",
                       rec->height, rec->rules, GOV_RULES_MAX);
    return ST_OK;
}

/* CRT-1, or REF-2. */
static enum status proof_of(struct range *g, const struct pack_block *f, const struct block_record *rec, const struct hash *id)
{
    struct chain *c = &g->chain;
    struct certificate cert;
    struct err why;
    enum status st;
    if (!HAS(f, pack_block_key_certificate))
        return chain_refuse(c, "certificate", "CRT-1: block %" PRIu64 " has no certificate", rec->height);
    g->ends = refounding_is(f->certificate);
    if (g->ends) {
        struct span own = arena_dup(&g->block_arena, f->certificate);
        st = chain_refounding(c, "certificate", own, rec, id, &g->block_arena, &g->ended_by);
        return st == ST_OK ? known_rules(c, rec) : st;
    }
    const char *region = fault_in_certificate(f->certificate, &c->genesis.alliance, rec, id, &c->set, &c->frame, &cert, &why);
    if (region != NULL)
        return chain_refuse(c, region, "%s", why.text);
    c->r->signatures += cert.sigs.n;
    return known_rules(c, rec);
}

/* TRE-1, from the tree before on. */
static enum status tree_of(struct range *g, const struct pack_block *f, const struct header *h, const struct block_record *rec)
{
    struct hash leaf, root;
    rfc6962_leaf(h->record, &leaf);
    frontier_append(&g->tree, &leaf);
    for (size_t i = 0; i < f->leaves.n; i++) {
        rfc6962_leaf(f->leaves.v[i], &leaf);
        frontier_append(&g->tree, &leaf);
    }
    frontier_root(&g->tree, &root);
    if (g->tree.size == h->size && hash_eq(&root, &h->root))
        return ST_OK;
    return chain_refuse(&g->chain, "leaf", "TRE-1: the %zu leaves of block %" PRIu64 " give root %s; its certified header says %s",
                        f->leaves.n + 1, rec->height, hex_of(&root).s, hex_of(&h->root).s);
}

/* The rest of what a header says of the block before it. */
static enum status follows(struct range *g, const struct pack_block *f, const struct block_record *rec, const struct validator_set *set)
{
    struct chain *c = &g->chain;
    bool later = g->r->blocks > 0;
    if (g->fixed && !hash_eq(&rec->last_commit, &g->last_commit))
        return chain_refuse(c, "header", "%s: block %" PRIu64 " fixes another %s than is shown", later && c->certified ? "PAK-3" : "BLK-7",
                            rec->height,
                            !later && rec->height == 1 ? "set of founding signatures"
                            : later && c->certified    ? "certificate of its predecessor"
                                                       : "refounding");
    if (!hash_eq(&rec->alliance, &c->genesis.alliance))
        return chain_refuse(c, "header", "BLK-2: block %" PRIu64 " is of another alliance", rec->height);
    if (rec->time_ms <= c->time_ms)
        return chain_refuse(c, "header", "BLK-3: ledger time does not advance at block %" PRIu64, rec->height);
    if (!hash_eq(&rec->prev, &g->block))
        return chain_refuse(c, "header", "BLK-2: block %" PRIu64 " follows block %s; the one before it here is %s", rec->height,
                            hex_of(&rec->prev).s, hex_of(&g->block).s);
    if (rec->entries != f->leaves.n)
        return chain_refuse(c, "header", "BLK-1: block %" PRIu64 " says that it has %" PRIu64 " entries; %zu are there", rec->height,
                            rec->entries, f->leaves.n);
    if (!HAS(rec, block_record_key_proposer) || validators_find(set, rec->proposer) < 0)
        return chain_refuse(c, "header", "BLK-10: the proposer of block %" PRIu64 " is not in the set that decides it", rec->height);
    return ST_OK;
}

/* One entry by itself: form, ENT-2, ENT-3, signature, ENT-5, ENT-6. */
static enum status entry_of(struct range *g, struct span bytes, const struct block_record *rec, uint64_t at, struct leaf *ret_leaf,
                            struct err *why)
{
    struct err err;
    size_t texts;
    uint64_t before;
    if (leaf_parse(bytes, &g->block_arena, ret_leaf, &err) != ST_OK)
        return err_set(why, ST_BADSIG, "%s: %s", verify_rule_of(&err, "ENT-2"), verify_words_of(&err));
    const struct entry *e = &ret_leaf->entry;
    if (!hash_eq(&e->alliance, &g->chain.genesis.alliance))
        return err_set(why, ST_BADSIG, "ENT-3: it is made for alliance %s", hex_of(&e->alliance).s);
    if (kind_desc((uint32_t)e->kind) == NULL)
        return err_set(why, ST_BADSIG, "ENT-3: no kind of entry has the number %u", (unsigned)e->kind);
    if (leaf_count_prose(ret_leaf, &texts, &err) != ST_OK)
        return err_set(why, ST_BADSIG, "%s: %s", verify_rule_of(&err, "ENT-3"), verify_words_of(&err));
    if (ids_find(g->ids, &ret_leaf->id, &before))
        return err_set(why, ST_BADSIG, "ENT-2: it is on the record already, at leaf %" PRIu64, before);
    if (leaf_verify(ret_leaf) != ST_OK)
        return err_set(why, ST_BADSIG, "%s: its signature does not verify", fault_of_signature(&ret_leaf->signature));
    if (basis_of(g, &e->basis, rec->time_ms, why) != ST_OK)
        return ST_BADSIG;
    if (e->expires_ms <= rec->time_ms || e->expires_ms > rec->time_ms + LIMIT_EXPIRY_MAX_DAYS * DAY_MS)
        return err_set(why, ST_BADSIG, "ENT-6: it expires at %s; the block is of %s", time_utc(e->expires_ms).s, time_utc(rec->time_ms).s);
    ids_add(g->ids, &ret_leaf->id, at, rec->time_ms);
    return ST_OK;
}

/* Which entry is at fault, in words. */
static void name_entry(struct verify_failure *fail, size_t nth, uint64_t height, uint64_t at, const struct leaf *leaf)
{
    const char *kind = enum_text(&kind_enum, (uint32_t)leaf->entry.kind);
    int n = snprintf(fail->record, sizeof fail->record, "entry %zu of block %" PRIu64 ", leaf %" PRIu64, nth, height, at);
    if (leaf->entry.seat.n > 0 && n > 0 && (size_t)n < sizeof fail->record)
        (void)snprintf(fail->record + n, sizeof fail->record - (size_t)n, ": %s by %.*s", kind == NULL ? "entry" : kind,
                       SPAN_FMT(leaf->entry.seat));
}

static enum status entries_of(struct range *g, const struct pack_block *f, const struct block_record *rec, struct leaf *leaves)
{
    uint64_t first = g->tree.size - f->leaves.n;
    g->signers = arena_array(&g->block_arena, f->leaves.n + 1, sizeof *g->signers);
    ASSERT(g->signers != NULL);
    for (size_t i = 0; i < f->leaves.n; i++) {
        struct err why;
        leaves[i] = (struct leaf){.bytes = {NULL, 0}};
        if (entry_of(g, arena_dup(&g->block_arena, f->leaves.v[i]), rec, first + i, &leaves[i], &why) != ST_OK) {
            size_t rule = verify_rule_length(why.text);
            enum status st = chain_refuse(&g->chain, "leaf", "%.*s: entry %zu%s", (int)rule, why.text, i + 1, why.text + rule);
            name_entry(g->chain.fail, i + 1, rec->height, first + i, &leaves[i]);
            return st;
        }
        g->signers[i] = (struct range_signer){first + i, leaves[i].entry.seat, {.alg = leaves[i].signature.alg, .key = leaves[i].signature.key}};
        g->chain.r->signatures++;
    }
    g->n_signers = f->leaves.n;
    ids_expire(g->ids, rec->time_ms);
    return ST_OK;
}

/* The block is taken: what comes next starts from it. */
static enum status took(struct range *g, const struct pack_block *f, const struct header *h, const struct hash *id)
{
    struct chain *c = &g->chain;
    const struct block_record *rec = &g->record;
    if (g->r->blocks == 0)
        g->r->first_ms = rec->time_ms;
    g->r->blocks++;
    g->r->entries += f->leaves.n;
    g->r->last_ms = rec->time_ms;
    g->r->size_last = h->size;
    c->height = rec->height;
    c->size = h->size;
    c->time_ms = rec->time_ms;
    c->root = h->root;
    c->state_root = rec->state_root;
    g->block = *id;
    g->next++;
    g->fixed = true;
    sha256(f->certificate, &g->last_commit);
    return range_boundary_add(g, h->size, &h->root, rec->time_ms);
}

enum status range_block(struct range *g, struct span body)
{
    struct chain *c = &g->chain;
    struct pack_block f;
    struct header h;
    struct hash id;
    struct err err;
    uint64_t absent;
    size_t nth;
    arena_reset(&g->block_arena);
    if (codec_decode(&pack_block_desc, body, &c->frame, &f, &err) != ST_OK)
        return chain_refuse_err(c, "frame", "ENC-4", &err);
    if (codec_decode(&header_desc, f.header, &c->frame, &h, &err) != ST_OK ||
        codec_decode(&block_record_desc, h.record, &c->frame, &g->record, &err) != ST_OK)
        return chain_refuse_err(c, "header", "BLK-2", &err);
    sha256(f.header, &id);
    struct leaf *leaves = arena_array(&c->frame, f.leaves.n + 1, sizeof *leaves);
    ASSERT(leaves != NULL);
    enum status st = place_of(g, &g->record);
    if (st == ST_OK)
        st = proof_of(g, &f, &g->record, &id);
    if (st == ST_OK)
        st = tree_of(g, &f, &h, &g->record);
    if (st == ST_OK)
        st = follows(g, &f, &g->record, &c->set);
    if (st == ST_OK)
        st = entries_of(g, &f, &g->record, leaves);
    if (st == ST_OK && HAS(&g->record, block_record_key_next_set))
        st = chain_take_set(c, "header", &g->record.next_set, &g->record.next_validators);
    if (st != ST_OK)
        return st;
    if (texts_check(&f.prose, leaves, f.leaves.n, &c->frame, &absent, &nth, &err) != ST_OK) {
        st = chain_refuse(c, "prose", "%s", err.text);
        (void)snprintf(c->fail->record, sizeof c->fail->record, "text %zu of block %" PRIu64, nth, g->record.height);
        return st;
    }
    g->r->texts += f.prose.n;
    g->r->texts_absent += absent;
    c->certified = !g->ends;
    return took(g, &f, &h, &id);
}

/* -- rows -- */

/* RNG-6: who may sign as this seat, after the block. */
static enum status holder_of(struct range *g, const struct range_signer *s, struct chain_rows *rows)
{
    struct chain *c = &g->chain;
    bool node = chain_is_node(s->seat), holds = false;
    uint64_t changed;
    const struct state_proof *p = chain_row(rows, node ? TABLE_PARTY : TABLE_SEAT, node ? chain_org_of(s->seat) : s->seat);
    if (p == NULL)
        return chain_refuse(c, "rows", "RNG-6: leaf %" PRIu64 ": the row of %.*s is missing", s->leaf, SPAN_FMT(s->seat));
    if (node) {
        struct state_party row;
        enum status st = chain_decode_row(c, "rows", "RNG-6", &state_party_desc, p, &c->frame, &row);
        if (st != ST_OK)
            return st;
        holds = s->key.alg == SIG_ED25519 && hash_eq(&row.node.node, &s->key.key);
        changed = row.changed_leaf;
    } else {
        struct state_seat row;
        enum status st = chain_decode_row(c, "rows", "RNG-6", &state_seat_desc, p, &c->frame, &row);
        if (st != ST_OK)
            return st;
        for (size_t i = 0; i < row.keys.n; i++)
            holds = holds || (row.keys.v[i].alg == s->key.alg && hash_eq(&row.keys.v[i].key, &s->key.key));
        changed = row.changed_leaf;
    }
    if (changed < s->leaf && !holds)
        return chain_refuse(c, "rows", "RNG-6: leaf %" PRIu64 ": the key that signed as %.*s does not hold that seat", s->leaf,
                            SPAN_FMT(s->seat));
    if (changed >= s->leaf)
        chain_note(c, "Who held %.*s was changed by leaf %" PRIu64 " or later in its block, so that the key which signed held it is not proven here.",
                   SPAN_FMT(s->seat), s->leaf);
    return ST_OK;
}

/* RNG-6: the key was not revoked before. */
static enum status key_of(struct range *g, const struct range_signer *s, struct chain_rows *rows)
{
    struct chain *c = &g->chain;
    struct state_key row;
    const struct state_proof *p = chain_row(rows, TABLE_KEY, span_hash(&s->key.key));
    if (p == NULL)
        return chain_refuse(c, "rows", "RNG-6: leaf %" PRIu64 ": the row of the key that signed it, %s, is missing", s->leaf,
                            hex_of(&s->key.key).s);
    enum status st = chain_decode_row(c, "rows", "RNG-6", &state_key_desc, p, &c->frame, &row);
    if (st != ST_OK)
        return st;
    if (!span_eq(row.org, chain_org_of(s->seat)) || row.use != (chain_is_node(s->seat) ? KEY_NODE : KEY_PERSON))
        return chain_refuse(c, "rows", "RNG-6: leaf %" PRIu64 ": the key that signed it is not of %.*s for that use", s->leaf,
                            SPAN_FMT(chain_org_of(s->seat)));
    if (!HAS(&row, state_key_key_revoked_ms))
        return ST_OK;
    if (row.changed_leaf < s->leaf)
        return chain_refuse(c, "rows", "RNG-6: leaf %" PRIu64 ": the key that signed it was revoked before, by leaf %" PRIu64, s->leaf,
                            row.changed_leaf);
    bool suspect = HAS(&row, state_key_key_compromised_since_ms) && row.compromised_since_ms <= g->record.time_ms;
    chain_note(c, "The key that signed leaf %" PRIu64 " as %.*s was revoked in the same block%s.", s->leaf, SPAN_FMT(s->seat),
               suspect ? "; its acts from then on are suspect, this one among them" : "");
    return ST_OK;
}

enum status range_rows(struct range *g, struct span body)
{
    struct chain *c = &g->chain;
    struct range_rows f;
    struct chain_rows rows;
    struct err err;
    if (codec_decode(&range_rows_desc, body, &c->frame, &f, &err) != ST_OK)
        return chain_refuse_err(c, "rows", "ENC-4", &err);
    enum status st = chain_prove_rows(c, "rows", "RNG-6", &c->state_root, &f.rows, &rows);
    for (size_t i = 0; st == ST_OK && i < g->n_signers; i++) {
        st = holder_of(g, &g->signers[i], &rows);
        if (st == ST_OK)
            st = key_of(g, &g->signers[i], &rows);
    }
    if (st == ST_OK && g->ends)
        st = chain_seats(c, "rows", &g->ended_by, &rows);
    if (st == ST_OK)
        st = chain_all_used(c, "rows", "RNG-6", &rows);
    if (st == ST_OK && g->ends) {
        g->r->refounded++;
        st = chain_new_epoch(c, "rows", &g->ended_by);
    }
    return st;
}
