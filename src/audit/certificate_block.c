/* The blocks of a certificate: their writes, the events among them, and the entries that caused these (CER-7
 * to CER-11). */
#include "audit/certificate_parts.h"
#include "audit/fault.h"
#include "crypto/hash.h"
#include "gov/tkey.h"
#include "merkle/rfc6962.h"
#include "store/view.h"

/* A block frame at hand. */
struct at_hand {
    struct certificate_block f;
    struct block_record rec;
    size_t next_entry;   /* of f.entries */
    struct leaf *leaves; /* parsed, as f.entries */
};

static int write_cmp(uint64_t table, struct span key, const struct write *w)
{
    return table != w->table ? (table < w->table ? -1 : 1) : span_cmp(key, w->key);
}

/* CER-7: the leaf is where it says in the anchor's tree. */
static enum status included(struct check *c, struct span bytes, uint64_t leaf, const struct hash_list *path)
{
    struct hash h;
    struct err err;
    rfc6962_leaf(bytes, &h);
    if (rfc6962_verify_inclusion(&h, leaf, c->chain.size, path->v, path->n, &c->chain.root, &err) != ST_OK)
        return chain_refuse(&c->chain, "block", "CER-7: leaf %" PRIu64 ": %s", leaf, err.text);
    return ST_OK;
}

/* CER-7: the writes shown, in their places among the hashes of the others, give the record's writes_root. */
static enum status writes_root(struct check *c, const struct at_hand *b)
{
    size_t n = b->f.writes.n + b->f.hashes.n, other = 0, shown = 0;
    struct hash *leaves = arena_array(&c->chain.frame, n, sizeof *leaves), root;
    struct buf bytes CLEANUP(buf_deinit);
    ASSERT(leaves != NULL);
    buf_init(&bytes, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        bool is_shown = shown < b->f.writes.n && b->f.writes.v[shown].at == i;
        if (!is_shown && other == b->f.hashes.n)
            break;
        if (!is_shown) {
            leaves[i] = b->f.hashes.v[other++];
            continue;
        }
        const struct write *w = &b->f.writes.v[shown].write;
        if (shown > 0 &&
            write_cmp(b->f.writes.v[shown - 1].write.table, b->f.writes.v[shown - 1].write.key, w) >= 0)
            return chain_refuse(&c->chain, "block", "CER-7: its writes do not ascend");
        shown++;
        buf_reset(&bytes);
        if (codec_encode(&write_desc, w, &bytes) != ST_OK)
            return err_set(c->chain.err, ST_LIMIT, "a write is too large");
        rfc6962_leaf(buf_span(&bytes), &leaves[i]);
    }
    if (shown != b->f.writes.n)
        return chain_refuse(&c->chain, "block", "CER-7: a write is shown at place %" PRIu64 " of %zu",
                            b->f.writes.v[shown].at, n);
    rfc6962_root(leaves, n, &root);
    if (!hash_eq(&root, &b->rec.writes_root))
        return chain_refuse(&c->chain, "block",
                            "BLK-4: the writes of block %" PRIu64 " give root %s; its record says %s",
                            b->rec.height, hex_of(&root).s, hex_of(&b->rec.writes_root).s);
    c->r->writes += shown;
    return ST_OK;
}

/* CER-8: is the row of PINNED among the writes, or shown to be none of them by its neighbours? ret_row: -1
 * when it is none. ret_low, ret_high: the neighbours among the shown ones, or -1. */
static enum status pinned_place(struct check *c, const struct at_hand *b, struct span key, long *ret_row,
                                long *ret_low, long *ret_high)
{
    const struct shown_write_list *w = &b->f.writes;
    long low = -1, high = -1;
    *ret_row = -1;
    for (size_t i = 0; i < w->n; i++) {
        int k = write_cmp(TABLE_PINNED, key, &w->v[i].write);
        if (k == 0)
            *ret_row = (long)i;
        else if (k > 0)
            low = (long)i;
        else if (high < 0)
            high = (long)i;
    }
    *ret_low = low;
    *ret_high = high;
    if (*ret_row >= 0)
        return ST_OK;
    uint64_t n = w->n + b->f.hashes.n;
    uint64_t before = low < 0 ? 0 : w->v[low].at + 1,
             after = high < 0 ? n : w->v[high].at; /* places between which it would be */
    if (before != after)
        return chain_refuse(&c->chain, "block",
                            "CER-8: block %" PRIu64 " hides %" PRIu64
                            " writes where a change of what was pinned would be",
                            b->rec.height, after - before);
    return ST_OK;
}

static enum status take_pinned(struct check *c, const struct write *w)
{
    struct err err;
    if (!HAS(w, write_key_value))
        return chain_refuse(&c->chain, "block", "CER-8: what was pinned is deleted");
    if (codec_decode(&state_pinned_desc, arena_dup(c->chain.a, w->value), c->chain.a, &c->r->pinned, &err) !=
        ST_OK)
        return chain_refuse(&c->chain, "block", "%s: the row in force when it opened: %s",
                            verify_rule_of(&err, "CER-8"), err.text);
    c->r->pinned_times++;
    return ST_OK;
}

/* CER-11: the row after the block of who may sign as this seat; ret_changed: its last change came after the
 * entry. */
static enum status holder_row(struct check *c, const struct at_hand *b, const struct state_proof *p,
                              struct span seat, const struct leaf *leaf, uint64_t at, bool signs,
                              bool *ret_changed)
{
    struct err err;
    bool node = chain_is_node(seat), holds = false;
    struct span key = node ? chain_org_of(seat) : seat;
    uint8_t table = node ? TABLE_PARTY : TABLE_SEAT;
    uint64_t changed;
    if (p->table != table || !span_eq(p->key, key))
        return chain_refuse(&c->chain, "block",
                            "CER-11: leaf %" PRIu64 ": the row of %.*s is expected; another one is shown", at,
                            SPAN_FMT(seat));
    enum status st = chain_prove_row(&c->chain, "block", "CER-5", &b->rec.state_root, p);
    if (st != ST_OK)
        return st;
    if (node) {
        struct state_party row;
        if (codec_decode(&state_party_desc, p->value, &c->chain.frame, &row, &err) != ST_OK)
            return chain_refuse_err(&c->chain, "block", "CER-11", &err);
        holds = hash_eq(&row.node.node, &leaf->signature.key);
        changed = row.changed_leaf;
    } else {
        struct state_seat row;
        if (codec_decode(&state_seat_desc, p->value, &c->chain.frame, &row, &err) != ST_OK)
            return chain_refuse_err(&c->chain, "block", "CER-11", &err);
        for (size_t i = 0; i < row.keys.n; i++)
            holds = holds || (row.keys.v[i].alg == leaf->signature.alg &&
                              hash_eq(&row.keys.v[i].key, &leaf->signature.key));
        changed = row.changed_leaf;
    }
    *ret_changed = changed > at;
    if (signs && changed < at && !holds)
        return chain_refuse(&c->chain, "block",
                            "CER-11: leaf %" PRIu64 ": the key that signed as %.*s does not hold that seat",
                            at, SPAN_FMT(seat));
    return ST_OK;
}

/* CER-11: the key was not revoked then. */
static enum status key_then(struct check *c, const struct at_hand *b, const struct leaf *leaf, uint64_t at)
{
    struct check_key *k = NULL;
    for (size_t i = 0; i < c->n_keys; i++)
        if (hash_eq(&c->keys[i].key, &leaf->signature.key))
            k = &c->keys[i];
    if (k == NULL)
        return chain_refuse(&c->chain, "block",
                            "CER-5: leaf %" PRIu64 ": the row of the key that signed it, %s, is missing", at,
                            hex_of(&leaf->signature.key).s);
    bool first = !k->used;
    k->used = true;
    if (!span_eq(k->row.org, chain_org_of(leaf->entry.seat)) ||
        k->row.use != (chain_is_node(leaf->entry.seat) ? KEY_NODE : KEY_PERSON))
        return chain_refuse(&c->chain, "block",
                            "CER-11: leaf %" PRIu64 ": the key that signed it is not of %.*s for that use",
                            at, SPAN_FMT(chain_org_of(leaf->entry.seat)));
    if (!HAS(&k->row, state_key_key_revoked_ms))
        return ST_OK;
    if (k->row.changed_leaf <= at)
        return chain_refuse(&c->chain, "block",
                            "CER-11: leaf %" PRIu64
                            ": the key that signed it was revoked before, by leaf %" PRIu64,
                            at, k->row.changed_leaf);
    if (HAS(&k->row, state_key_key_compromised_since_ms) && k->row.compromised_since_ms <= b->rec.time_ms)
        chain_note(&c->chain,
                   "The key that signed leaf %" PRIu64
                   " as %.*s was revoked at %s; its acts since %s are suspect, this one among them.",
                   at, SPAN_FMT(leaf->entry.seat), time_utc(k->row.revoked_ms).s,
                   time_utc(k->row.compromised_since_ms).s);
    else if (first)
        chain_note(&c->chain, "A key that signed as %.*s was revoked later, at %s.",
                   SPAN_FMT(leaf->entry.seat), time_utc(k->row.revoked_ms).s);
    return ST_OK;
}

/* The seat that a ballot is for, when it is another than the one that signs. */
static bool principal_of(struct check *c, const struct leaf *leaf, struct span *ret_seat)
{
    struct ballot b;
    struct err err;
    if (leaf->entry.kind != KIND_BALLOT ||
        codec_decode(&ballot_desc, leaf->entry.body, &c->chain.frame, &b, &err) != ST_OK ||
        !HAS(&b, ballot_key_principal))
        return false;
    *ret_seat = b.principal;
    return true;
}

static enum status authority(struct check *c, const struct at_hand *b, const struct shown_entry *e,
                             const struct leaf *leaf)
{
    struct span principal;
    bool changed = false, principal_changed = false, other = principal_of(c, leaf, &principal);
    if (e->rows.n != 1 + (size_t)other)
        return chain_refuse(&c->chain, "block",
                            "CER-11: leaf %" PRIu64 " comes with %zu rows; %d were expected", e->leaf,
                            e->rows.n, 1 + other);
    enum status st = holder_row(c, b, &e->rows.v[0], leaf->entry.seat, leaf, e->leaf, true, &changed);
    if (st == ST_OK && other)
        st = holder_row(c, b, &e->rows.v[1], principal, leaf, e->leaf, false, &principal_changed);
    if (st != ST_OK)
        return st;
    if (changed || principal_changed)
        chain_note(&c->chain,
                   "Who held %.*s changed later in the same block, so that the key of leaf %" PRIu64
                   " held it is not proven here.",
                   SPAN_FMT(changed ? leaf->entry.seat : principal), e->leaf);
    return key_then(c, b, leaf, e->leaf);
}

static enum status keep_text(struct check *c, const struct leaf *leaf, const struct prose *prose)
{
    if (leaf->entry.kind != KIND_PROPOSE && leaf->entry.kind != KIND_REVISE && leaf->entry.kind != KIND_INPUT)
        return ST_OK;
    struct check_text *t = arena_alloc(c->chain.a, sizeof *t);
    if (t == NULL)
        return err_set(c->chain.err, ST_LIMIT, "no room for the texts");
    *t = (struct check_text){.next = c->texts, .text = arena_dup(c->chain.a, prose->text)};
    leaf_prose_digest(prose, &t->digest);
    c->texts = t;
    return ST_OK;
}

static enum status one_entry(struct check *c, const struct at_hand *b, size_t i)
{
    const struct shown_entry *e = &b->f.entries.v[i];
    struct leaf *leaf = &b->leaves[i];
    struct err err;
    size_t named;
    if (e->leaf <= b->f.leaf || e->leaf > b->f.leaf + b->rec.entries ||
        (i > 0 && e->leaf <= b->f.entries.v[i - 1].leaf))
        return chain_refuse(&c->chain, "block",
                            "CER-10: leaf %" PRIu64 " is out of order, or none of block %" PRIu64, e->leaf,
                            b->rec.height);
    if (leaf_parse(e->bytes, &c->chain.frame, leaf, &err) != ST_OK)
        return chain_refuse(&c->chain, "block", "%s: leaf %" PRIu64 ": %s", verify_rule_of(&err, "CER-10"),
                            e->leaf, err.text);
    if (!hash_eq(&leaf->entry.alliance, &c->chain.genesis.alliance))
        return chain_refuse(&c->chain, "block", "ENT-3: leaf %" PRIu64 " is of another alliance", e->leaf);
    if (kind_desc((uint32_t)leaf->entry.kind) == NULL) /* before its place in the tree: PAK-8 */
        return chain_refuse(&c->chain, "block", "ENT-3: leaf %" PRIu64 " has no kind that there is: %u",
                            e->leaf, (unsigned)leaf->entry.kind);
    enum status st = included(c, e->bytes, e->leaf, &e->path);
    if (st != ST_OK)
        return st;
    if (leaf_verify(leaf) != ST_OK)
        return chain_refuse(&c->chain, "block",
                            "%s: the signature of leaf %" PRIu64 ", as %.*s, does not verify",
                            fault_of_signature(&leaf->signature), e->leaf, SPAN_FMT(leaf->entry.seat));
    for (size_t k = 0; k < e->prose.n; k++) {
        struct hash mine, other;
        leaf_prose_digest(&e->prose.v[k], &mine);
        for (size_t j = 0; j < k; j++) {
            leaf_prose_digest(&e->prose.v[j], &other);
            if (hash_eq(&mine, &other))
                return chain_refuse(&c->chain, "block", "CER-10: leaf %" PRIu64 " comes with one text twice",
                                    e->leaf);
        }
        if (leaf_accepts_prose(leaf, &e->prose.v[k], &err) != ST_OK)
            return chain_refuse(&c->chain, "block", "%s: leaf %" PRIu64 ": %s", verify_rule_of(&err, "ENT-8"),
                                e->leaf, err.text);
        st = keep_text(c, leaf, &e->prose.v[k]);
        if (st != ST_OK)
            return st;
    }
    if (leaf_count_prose(leaf, &named, &err) != ST_OK)
        return chain_refuse(&c->chain, "block", "%s: leaf %" PRIu64 ": %s", verify_rule_of(&err, "ENT-3"),
                            e->leaf, err.text);
    c->r->texts += e->prose.n;
    c->r->texts_absent += named > e->prose.n ? named - e->prose.n : 0;
    c->r->entries++;
    c->chain.r->signatures++;
    return authority(c, b, e, leaf);
}

/* CER-9, CER-10: the next event of the decision, and what caused it. */
static enum status one_event(struct check *c, struct at_hand *b, const struct write *w)
{
    struct state_event ev;
    struct err err;
    uint64_t number = c->r->n_events + 1;
    if (w->key.n != 12 || load_u32(w->key.p + 8) != number)
        return chain_refuse(&c->chain, "block",
                            "CER-9: event %u of D-%" PRIu64 " where event %" PRIu64
                            " was expected: one is missing or out of order",
                            w->key.n == 12 ? load_u32(w->key.p + 8) : 0, c->decision, number);
    if (number > c->r->decision.events)
        return chain_refuse(&c->chain, "block",
                            "CER-9: the decision has %" PRIu64 " events, and more are shown",
                            c->r->decision.events);
    if (!HAS(w, write_key_value) ||
        codec_decode(&state_event_desc, arena_dup(c->chain.a, w->value), c->chain.a, &ev, &err) != ST_OK)
        return chain_refuse(&c->chain, "block", "CER-9: event %" PRIu64 " does not decode", number);
    if (ev.at_ms != b->rec.time_ms || ev.leaf < b->f.leaf || ev.leaf > b->f.leaf + b->rec.entries)
        return chain_refuse(&c->chain, "block", "CER-9: event %" PRIu64 " is not of block %" PRIu64, number,
                            b->rec.height);
    struct certificate_event *out = &c->r->events[c->r->n_events++];
    *out = (struct certificate_event){.event = ev};
    if (HAS(&ev, state_event_key_id) != HAS(&ev, state_event_key_seat))
        return chain_refuse(&c->chain, "block",
                            "GOV-26: event %" PRIu64 " has a seat or an entry's id, but not both", number);
    if (!HAS(&ev, state_event_key_id))
        return certificate_take_event(c, &ev, NULL);
    /* Events come in the order of their entries: the entry is the one before's, or the next one shown. */
    bool same = b->next_entry > 0 && b->f.entries.v[b->next_entry - 1].leaf == ev.leaf;
    size_t i = same ? b->next_entry - 1 : b->next_entry;
    if (i >= b->f.entries.n || b->f.entries.v[i].leaf != ev.leaf)
        return chain_refuse(&c->chain, "block",
                            "CER-10: the entry behind event %" PRIu64 " (%s), leaf %" PRIu64 ", is missing",
                            number, enum_text(&event_type_enum, ev.type), ev.leaf);
    b->next_entry = i + 1;
    const struct leaf *leaf = &b->leaves[i];
    out->signed_here = true;
    out->same_entry = same;
    out->key = (struct public_key){.alg = leaf->signature.alg, .key = leaf->signature.key};
    if (!hash_eq(&ev.id, &leaf->id) || !span_eq(ev.seat, leaf->entry.seat))
        return chain_refuse(&c->chain, "block",
                            "CER-10: event %" PRIu64 " is by another entry than leaf %" PRIu64, number,
                            ev.leaf);
    return certificate_take_event(c, &ev, leaf);
}

static enum status events(struct check *c, struct at_hand *b)
{
    struct tkey prefix = tkey_u64(c->decision);
    uint64_t before = c->r->n_events;
    long row, low, high;
    enum status st = pinned_place(c, b, tkey_span(&prefix), &row, &low, &high);
    if (st == ST_OK && row >= 0)
        st = take_pinned(c, &b->f.writes.v[row].write);
    for (size_t i = 0; st == ST_OK && i < b->f.writes.n; i++) {
        const struct write *w = &b->f.writes.v[i].write;
        if (w->table == TABLE_EVENT && tkey_has_prefix(w->key, tkey_span(&prefix)))
            st = one_event(c, b, w);
        else if ((long)i != row && !(row < 0 && ((long)i == low || (long)i == high)))
            st = chain_refuse(&c->chain, "block", "CER-8: it shows a write of %s, which has no place here",
                              table_name((uint8_t)w->table) == NULL ? "no table"
                                                                    : table_name((uint8_t)w->table));
    }
    if (st != ST_OK)
        return st;
    if (c->r->n_events == before)
        return chain_refuse(&c->chain, "block", "CER-8: nothing happened to D-%" PRIu64 " in block %" PRIu64,
                            c->decision, b->rec.height);
    if (c->r->pinned_times == 0)
        return chain_refuse(&c->chain, "block", "CER-8: the row in force when it opened is missing");
    if (b->next_entry != b->f.entries.n)
        return chain_refuse(&c->chain, "block", "CER-10: leaf %" PRIu64 " is shown, and no event is by it",
                            b->f.entries.v[b->next_entry].leaf);
    return ST_OK;
}

enum status certificate_take_block(struct check *c, struct span body)
{
    struct at_hand b = {.next_entry = 0};
    struct err err;
    if (codec_decode(&certificate_block_desc, body, &c->chain.frame, &b.f, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "block", "ENC-4", &err);
    if (codec_decode(&block_record_desc, b.f.record, &c->chain.frame, &b.rec, &err) != ST_OK)
        return chain_refuse_err(&c->chain, "block", "CER-7", &err);
    if (b.rec.leaf != LEAF_BLOCK)
        return chain_refuse(&c->chain, "block", "CER-7: it is no block record");
    if (b.f.leaf <= c->last_block)
        return chain_refuse(&c->chain, "block", "CER-7: block %" PRIu64 " is out of order", b.rec.height);
    c->last_block = b.f.leaf + b.rec.entries;
    c->chain.height = b.rec.height;
    enum status st = included(c, b.f.record, b.f.leaf, &b.f.path);
    if (st == ST_OK)
        st = writes_root(c, &b);
    b.leaves = arena_array(&c->chain.frame, b.f.entries.n + 1, sizeof *b.leaves);
    ASSERT(b.leaves != NULL);
    for (size_t i = 0; st == ST_OK && i < b.f.entries.n; i++)
        st = one_entry(c, &b, i);
    if (st == ST_OK)
        st = events(c, &b);
    c->r->blocks += st == ST_OK;
    return st;
}
