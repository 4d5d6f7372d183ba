#include "audit/history.h"
#include "audit/sheet.h"
#include "codec/walk.h"
#include "crypto/sshpub.h"
#include "gov/party.h"
#include "gov/state.h"

void history_init(struct history *h, struct arena *a)
{
    *h = (struct history){.a = a};
}

void history_deinit(struct history *h)
{
    free(h->holds);
    free(h->stands);
    free(h->events);
    free(h->gaps);
    *h = (struct history){0};
}

/* Room for one more; they are many, and would leave an arena full of copies. */
static void *grow(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap == 0 ? 256 : 2 * *cap;
    v = reallocarray(v, *cap, size);
    ASSERT(v != NULL);
    return v;
}

/* What is looked at of one block. */
struct look {
    struct history *h;
    const struct verify_block *b;
    struct arena scratch;
    struct act {
        const struct leaf *leaf;
        uint64_t index;
        const void *body; /* struct holder or struct key */
    } * acts;             /* entries that set or revoke keys */
    size_t n_acts;
    struct err *err;
};

static uint64_t now_of(const struct look *l)
{
    return l->b->block->record.time_ms;
}

static struct history_event *event(struct look *l, enum history_what what, uint64_t leaf, struct span org,
                                   const char *words)
{
    struct history *h = l->h;
    h->events = grow(h->events, h->n_events, &h->cap_events, sizeof *h->events);
    struct history_event *e = &h->events[h->n_events++];
    *e = (struct history_event){
        .what = what, .leaf = leaf, .at_ms = now_of(l), .org = arena_dup(h->a, org), .words = words};
    uint64_t first = l->b->block->first_leaf;
    if (l->b->block->entries != NULL && leaf > first && leaf < first + l->b->block->n_leaves)
        e->seat = arena_dup(h->a, l->b->block->entries[leaf - first - 1].entry.seat);
    return e;
}

/* --- Holders --- */

static void open_hold(struct look *l, struct span seat, const struct public_key *key, uint64_t leaf)
{
    struct history *h = l->h;
    h->holds = grow(h->holds, h->n_holds, &h->cap_holds, sizeof *h->holds);
    h->holds[h->n_holds++] = (struct hold){.seat = arena_dup(h->a, seat),
                                           .key = {.alg = key->alg, .key = key->key},
                                           .from_leaf = leaf,
                                           .from_ms = now_of(l),
                                           .to_leaf = UINT64_MAX,
                                           .to_ms = UINT64_MAX};
}

static bool same_key(const struct public_key *x, const struct public_key *y)
{
    return x->alg == y->alg && hash_eq(&x->key, &y->key);
}

static void close_hold(struct look *l, struct span seat, const struct public_key *key, uint64_t leaf)
{
    for (size_t i = l->h->n_holds; i > 0; i--) {
        struct hold *o = &l->h->holds[i - 1];
        if (o->to_leaf == UINT64_MAX && same_key(&o->key, key) && span_eq(o->seat, seat)) {
            o->to_leaf = leaf;
            o->to_ms = now_of(l);
            return;
        }
    }
}

static bool has_key(const struct public_key_list *list, const struct public_key *key)
{
    for (size_t i = 0; i < list->n; i++)
        if (same_key(&list->v[i], key))
            return true;
    return false;
}

static void set_keys(struct look *l, struct span seat, const struct public_key_list *was,
                     const struct public_key_list *is, uint64_t leaf)
{
    for (size_t i = 0; i < was->n; i++)
        if (!has_key(is, &was->v[i]))
            close_hold(l, seat, &was->v[i], leaf);
    for (size_t i = 0; i < is->n; i++)
        if (!has_key(was, &is->v[i]))
            open_hold(l, seat, &is->v[i], leaf);
}

static struct public_key_list without(struct look *l, const struct public_key_list *list,
                                      const struct public_key *key)
{
    struct public_key_list r = {0, arena_array(&l->scratch, list->n + 1, sizeof *list->v)};
    for (size_t i = 0; i < list->n; i++)
        if (!hash_eq(&list->v[i].key, &key->key))
            r.v[r.n++] = list->v[i];
    return r;
}

static struct span bytes_of(struct look *l, const struct alternate *alt)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    return codec_encode(&alternate_desc, alt, &b) == ST_OK ? arena_dup(&l->scratch, buf_span(&b))
                                                           : (struct span){NULL, 0};
}

static bool has_stand(struct look *l, const struct alternate_list *list, struct span bytes)
{
    for (size_t i = 0; i < list->n; i++)
        if (span_eq(bytes_of(l, &list->v[i]), bytes))
            return true;
    return false;
}

static enum status set_alternates(struct look *l, struct span seat, const struct alternate_list *is,
                                  uint64_t leaf)
{
    struct history *h = l->h;
    for (size_t i = 0; i < h->n_stands; i++) {
        struct stand *s = &h->stands[i];
        if (s->to_leaf == UINT64_MAX && span_eq(s->seat, seat) && !has_stand(l, is, s->bytes)) {
            s->to_leaf = leaf;
            s->to_ms = now_of(l);
        }
    }
    for (size_t i = 0; i < is->n; i++) {
        struct span bytes = bytes_of(l, &is->v[i]);
        bool there = false;
        for (size_t k = 0; k < h->n_stands; k++)
            there = there || (h->stands[k].to_leaf == UINT64_MAX && span_eq(h->stands[k].seat, seat) &&
                              span_eq(h->stands[k].bytes, bytes));
        if (there)
            continue;
        struct stand s = {.seat = arena_dup(h->a, seat),
                          .bytes = arena_dup(h->a, bytes),
                          .from_leaf = leaf,
                          .from_ms = now_of(l),
                          .to_leaf = UINT64_MAX,
                          .to_ms = UINT64_MAX};
        TRY(codec_decode(&alternate_desc, s.bytes, h->a, &s.alternate, l->err));
        h->stands = grow(h->stands, h->n_stands, &h->cap_stands, sizeof *h->stands);
        h->stands[h->n_stands++] = s;
    }
    return ST_OK;
}

/* Entries that set keys directly, in their order: between two of one block another key may have held the
 * seat. */
static enum status find_acts(struct look *l)
{
    const struct block *b = l->b->block;
    l->acts = arena_array(&l->scratch, b->n_leaves + 1, sizeof *l->acts);
    for (size_t i = 0; b->entries != NULL && i + 1 < b->n_leaves; i++) {
        const struct leaf *leaf = &b->entries[i];
        if (leaf->entry.kind != KIND_HOLDER && leaf->entry.kind != KIND_KEY &&
            leaf->entry.kind != KIND_REGISTRAR)
            continue;
        const struct record_desc *d = kind_desc((uint32_t)leaf->entry.kind);
        void *body = arena_alloc(&l->scratch, d->size);
        TRY(codec_decode(d, leaf->entry.body, &l->scratch, body, l->err));
        l->acts[l->n_acts++] = (struct act){leaf, b->first_leaf + 1 + i, body};
    }
    return ST_OK;
}

static bool is_registrar(struct span seat)
{
    return span_eqs(state_seat_name(seat), "registrar");
}

/* By which kind of entry; 0: by none. */
static uint64_t kind_at(const struct look *l, uint64_t leaf)
{
    const struct block *b = l->b->block;
    bool entry = b->entries != NULL && leaf > b->first_leaf && leaf < b->first_leaf + b->n_leaves;
    return entry ? b->entries[leaf - b->first_leaf - 1].entry.kind : 0;
}

static enum status one_seat(struct look *l, const struct overlay_write *w)
{
    struct state_seat was = {0}, is;
    struct tkey k = tkey_text(w->key);
    enum status st = l->b->before == NULL ? ST_NOTFOUND
                                          : state_get(l->b->before, &l->scratch, TABLE_SEAT, &k,
                                                      &state_seat_desc, &was, l->err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    TRY(codec_decode(&state_seat_desc, w->value, &l->scratch, &is, l->err));
    struct public_key_list keys = was.keys;
    for (size_t i = 0; i < l->n_acts; i++) {
        const struct act *act = &l->acts[i];
        struct public_key_list next = keys;
        const struct holder *o = act->body;
        const struct key *r = act->body;
        if (act->leaf->entry.kind == KIND_HOLDER && span_eq(o->seat, w->key)) {
            next = o->keys;
            if (HAS(o, holder_key_alternates))
                TRY(set_alternates(l, w->key, &o->alternates, act->index));
        } else if (act->leaf->entry.kind == KIND_KEY) {
            next = without(l, &keys, &r->key);
        }
        set_keys(l, w->key, &keys, &next, act->index);
        keys = next;
    }
    bool changed = keys.n != is.keys.n;
    for (size_t i = 0; i < is.keys.n; i++)
        changed = changed || !has_key(&keys, &is.keys.v[i]);
    set_keys(l, w->key, &keys, &is.keys, is.changed_leaf);
    TRY(set_alternates(l, w->key, &is.alternates, is.changed_leaf));
    if (changed && st == ST_OK && is_registrar(w->key) && is.keys.n > 0)
        event(l, HISTORY_REGISTRAR, is.changed_leaf, state_seat_org(w->key),
              kind_at(l, is.changed_leaf) == KIND_REGISTRAR ? "by two of its own seats"
              : l->b->begun != NULL                         ? "by the re-founding"
                                                            : "not by its own seats");
    return ST_OK;
}

/* --- Organisations and keys --- */

static const char *node_words(struct look *l, const struct node_keys *was, const struct node_keys *is,
                              uint64_t leaf)
{
    bool only_address = hash_eq(&was->vote, &is->vote) && hash_eq(&was->cosign, &is->cosign) &&
                        hash_eq(&was->log, &is->log) && hash_eq(&was->node, &is->node);
    const char *how = kind_at(l, leaf) == KIND_NODE ? "by its registrar"
                      : l->b->begun != NULL         ? "by the re-founding"
                                                    : "by a recovery";
    return text_of(l->h->a, "%s replaced %s", only_address ? "certificate or addresses" : "node keys", how);
}

static enum status one_party(struct look *l, const struct overlay_write *w)
{
    struct state_party was = {0}, is;
    struct tkey k = tkey_text(w->key);
    struct span seat = span_str(text_of(&l->scratch, "%.*s/node", SPAN_FMT(w->key)));
    enum status st = l->b->before == NULL ? ST_NOTFOUND
                                          : state_get(l->b->before, &l->scratch, TABLE_PARTY, &k,
                                                      &state_party_desc, &was, l->err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    TRY(codec_decode(&state_party_desc, w->value, &l->scratch, &is, l->err));
    struct public_key old = {.alg = SIG_ED25519, .key = was.node.node},
                      new = {.alg = SIG_ED25519, .key = is.node.node};
    enum standing before = party_standing(&was), after = party_standing(&is);
    if (st == ST_NOTFOUND) {
        open_hold(l, seat, &new, is.changed_leaf);
        if (l->b->before != NULL)
            event(l, HISTORY_JOINED, is.changed_leaf, w->key,
                  "on the record; its seats act, its node follows");
        return ST_OK;
    }
    if (!hash_eq(&old.key, &new.key) ||
        (before == STANDING_SUSPENDED && after != STANDING_SUSPENDED && after != STANDING_LEFT)) {
        close_hold(l, seat, &old, is.changed_leaf);
        open_hold(l, seat, &new, is.changed_leaf);
    }
    if (!hash_eq(&was.node.vote, &is.node.vote) || !hash_eq(&was.node.cosign, &is.node.cosign) ||
        !hash_eq(&was.node.log, &is.node.log) || !hash_eq(&old.key, &new.key) ||
        !span_eq(was.node.tls, is.node.tls))
        event(l, HISTORY_NODE, is.changed_leaf, w->key, node_words(l, &was.node, &is.node, is.changed_leaf));
    if (before == after)
        return ST_OK;
    if (after == STANDING_LEFT) {
        close_hold(l, seat, &new, is.changed_leaf);
        event(l, HISTORY_LEFT, is.changed_leaf, w->key, "left the alliance");
    } else if (after == STANDING_SUSPENDED) {
        event(l, HISTORY_SUSPENDED, is.changed_leaf, w->key,
              l->b->begun != NULL ? "left out by the re-founding: its node does not vote until it is replaced"
                                  : "a key of its node was revoked: it does not vote until it is replaced");
    } else if (after == STANDING_ACTIVE) {
        event(l, HISTORY_READY, is.changed_leaf, w->key, "its node votes from the next block on");
    }
    return ST_OK;
}

static enum status one_key(struct look *l, const struct overlay_write *w)
{
    struct state_key was = {0}, is;
    struct tkey k = tkey_text(w->key);
    if (l->b->before == NULL)
        return ST_OK;
    enum status st = state_get(l->b->before, &l->scratch, TABLE_KEY, &k, &state_key_desc, &was, l->err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    TRY(codec_decode(&state_key_desc, w->value, &l->scratch, &is, l->err));
    if (!HAS(&is, state_key_key_revoked_ms) || (st == ST_OK && HAS(&was, state_key_key_revoked_ms)))
        return ST_OK;
    struct public_key key = {.alg = SIG_ED25519};
    memcpy(key.key.b, w->key.p, 32);
    for (size_t i = 0; i < l->h->n_holds; i++) /* a hardware key's algorithm is where it held a seat */
        if (hash_eq(&l->h->holds[i].key.key, &key.key))
            key.alg = l->h->holds[i].key.alg;
    close_hold(l, span_str(text_of(&l->scratch, "%.*s/node", SPAN_FMT(is.org))), &key, is.changed_leaf);
    const char *since = HAS(&is, state_key_key_compromised_since_ms)
                            ? text_of(l->h->a, ", suspect since %s", time_utc(is.compromised_since_ms).s)
                            : "";
    struct history_event *e = event(l, HISTORY_REVOKED, is.changed_leaf, is.org,
                                    text_of(l->h->a, "%s key %s revoked%s", enum_text(&key_use_enum, is.use),
                                            sshpub_fingerprint(&key).s, since));
    e->key = key;
    e->since_ms = is.compromised_since_ms;
    return ST_OK;
}

static enum status one_recovery(struct look *l, const struct overlay_write *w)
{
    struct state_recovery r;
    uint64_t leaf = load_u64(w->key.p);
    struct tkey k = tkey_u64(leaf);
    if (w->value.p != NULL) {
        TRY(codec_decode(&state_recovery_desc, w->value, &l->scratch, &r, l->err));
        if (kind_at(l, leaf) == KIND_RECOVER) /* else it was moved by a halt */
            event(l, HISTORY_ANNOUNCED, leaf, r.org,
                  text_of(l->h->a, "recovery announced, due %s%s", time_utc(r.due_ms).s,
                          HAS(&r, state_recovery_key_card) ? ", with a new node" : ""));
        return ST_OK;
    }
    TRY(state_need(l->b->before, &l->scratch, TABLE_RECOVERY, &k, &state_recovery_desc, &r, l->err));
    if (r.due_ms <= now_of(l)) {
        event(l, HISTORY_CARRIED_OUT, l->b->block->first_leaf, r.org,
              text_of(l->h->a, "recovery of leaf %" PRIu64 " carried out", leaf));
        return ST_OK;
    }
    uint64_t by = l->b->block->first_leaf;
    for (size_t i = 0; i < l->n_acts; i++)
        if (l->acts[i].leaf->entry.kind == KIND_REGISTRAR &&
            span_eq(state_seat_org(l->acts[i].leaf->entry.seat), r.org))
            by = l->acts[i].index;
    event(l, HISTORY_CANCELLED, by, r.org,
          text_of(l->h->a, "recovery of leaf %" PRIu64 " %s", leaf,
                  by == l->b->block->first_leaf ? "void: its registrar was replaced, or it left"
                                                : "cancelled by two of its seats"));
    return ST_OK;
}

static enum status one_fault(struct look *l, const struct overlay_write *w)
{
    enum { ORG_AT = 13 }; /* GOV-35: u64 height, u32 round, u8 type, organisation */
    struct state_fault f;
    if (w->key.n <= ORG_AT)
        return ST_OK;
    TRY(codec_decode(&state_fault_desc, w->value, &l->scratch, &f, l->err));
    struct history_event *e =
        event(l, HISTORY_FAULT, f.leaf, span_of(w->key.p + ORG_AT, w->key.n - ORG_AT),
              text_of(l->h->a, "its node signed two %ss at height %" PRIu64 ", round %u; shown by %.*s",
                      enum_text(&vote_type_enum, w->key.p[12]), load_u64(w->key.p), load_u32(w->key.p + 8),
                      SPAN_FMT(f.shown_by)));
    e->key = (struct public_key){.alg = SIG_ED25519, .key = f.key};
    return ST_OK;
}

static const char *orgs_text(struct look *l, const char *before, const struct span *orgs, size_t n,
                             size_t stride)
{
    const char *s = "";
    for (size_t i = 0; i < n; i++) {
        struct span org;
        memcpy(&org, (const uint8_t *)orgs + i * stride, sizeof org);
        s = text_of(&l->scratch, "%s%s%.*s", s, i == 0 ? before : ", ", SPAN_FMT(org));
    }
    return s;
}

static void refounded(struct look *l)
{
    const struct refounding_info *r = l->b->begun;
    const char *replaced = r->file.cards.n == 0 ? ""
                                                : orgs_text(l, "; nodes replaced: ", &r->cards[0].org,
                                                            r->file.cards.n, sizeof *r->cards);
    const char *silent = orgs_text(l, "; do not vote: ", r->statement.suspended.v, r->statement.suspended.n,
                                   sizeof(struct span));
    const char *signers = "";
    for (size_t i = 0; i < r->file.sigs.n; i++)
        if (i == 0 || !span_eq(r->file.sigs.v[i].seat, r->file.sigs.v[i - 1].seat))
            signers = text_of(&l->scratch, "%s%s%.*s", signers, signers[0] == 0 ? "; signed by " : ", ",
                              SPAN_FMT(r->file.sigs.v[i].seat));
    event(l, HISTORY_REFOUNDING, l->b->block->first_leaf, (struct span){NULL, 0},
          text_of(l->h->a, "epoch %" PRIu64 " begins after block %" PRIu64 "%s%s%s%s", r->statement.epoch,
                  r->statement.height,
                  refounding_had_certificate(r)
                      ? ""
                      : ", which has no certificate, only prevotes and these signatures",
                  replaced, silent, signers));
}

/* --- Texts and documents --- */

static enum status count_documents(struct look *l, const struct leaf *leaf, uint64_t *ret_n)
{
    const struct record_desc *d = kind_desc((uint32_t)leaf->entry.kind);
    void *body = arena_alloc(&l->scratch, d->size);
    struct walk w;
    TRY(codec_decode(d, leaf->entry.body, &l->scratch, body, l->err));
    walk_init(&w, d, body);
    *ret_n = 0;
    for (enum walk_event e; (e = walk_next(&w)) != WALK_DONE;) {
        if (e != WALK_FIELD)
            continue;
        if (strcmp(w.field->name, "documents") == 0)
            *ret_n += ((const struct hash_list *)(const void *)w.member)->n;
        else if (strcmp(w.field->name, "document") == 0)
            *ret_n += 1;
    }
    return ST_OK;
}

static enum status absent(struct look *l)
{
    const struct block *b = l->b->block;
    uint32_t given[LIMIT_BLOCK_ENTRIES + 1] = {0};
    for (size_t i = 0; i < l->b->prose->n; i++)
        given[l->b->prose->v[i].leaf]++;
    for (size_t i = 0; b->entries != NULL && i + 1 < b->n_leaves; i++) {
        size_t named;
        uint64_t documents, leaf = b->first_leaf + 1 + i;
        TRY(leaf_count_prose(&b->entries[i], &named, l->err));
        TRY(count_documents(l, &b->entries[i], &documents));
        size_t missing = named > given[i + 1] ? named - given[i + 1] : 0;
        if (missing == 0 && documents == 0)
            continue;
        struct history *h = l->h;
        h->gaps = grow(h->gaps, h->n_gaps, &h->cap_gaps, sizeof *h->gaps);
        h->gaps[h->n_gaps++] = (struct history_gap){
            .leaf = leaf, .absent = (uint16_t)missing, .texts = (uint16_t)named, .documents = (uint32_t)documents};
        h->absent += missing;
        h->documents += documents;
    }
    return ST_OK;
}

enum status history_block(void *ctx, const struct verify_block *b, struct err *err)
{
    struct look l = {.h = ctx, .b = b, .err = err};
    enum status st;
    arena_init(&l.scratch, 0);
    if (b->before == NULL)
        l.h->founding_leaves = b->block->after.tree.size;
    if (b->begun != NULL)
        refounded(&l);
    st = find_acts(&l);
    for (size_t i = 0; st == ST_OK && i < b->block->n_writes; i++) {
        const struct overlay_write *w = &b->block->writes[i];
        if (w->table == TABLE_RECOVERY)
            st = one_recovery(&l, w);
        else if (w->value.p == NULL)
            continue;
        else if (w->table == TABLE_SEAT)
            st = one_seat(&l, w);
        else if (w->table == TABLE_PARTY)
            st = one_party(&l, w);
        else if (w->table == TABLE_KEY)
            st = one_key(&l, w);
        else if (w->table == TABLE_FAULT)
            st = one_fault(&l, w);
    }
    if (st == ST_OK)
        st = absent(&l);
    arena_deinit(&l.scratch);
    return st;
}
