/* Entries that wait: those accepted here (each with a durable outbox row) and those that peers relayed. */
#include "base/plant.h"
#include "crypto/sshsig.h"
#include "replica/internal.h"

enum { POOL_CAP = 1 << 15, POOL_AUTHORS = 1 << 12, SUBMISSION_ARENA = 4 << 20, ENTRY_OVERHEAD = 4096 };

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);
    ASSERT(p != NULL);
    return p;
}

void pool_init(struct pool *p)
{
    *p = (struct pool){.cap = POOL_CAP, .next_outbox = 1};
    p->buckets = take(p->cap, sizeof(struct pool_entry *));
    p->authors = take(POOL_AUTHORS, sizeof(struct pool_tally *));
}

static void entry_free(struct pool_entry *e)
{
    arena_deinit(&e->arena);
    free(e);
}

static void free_tallies(struct pool_tally *t)
{
    for (struct pool_tally *next; t != NULL; t = next) {
        next = t->next;
        free(t);
    }
}

void pool_deinit(struct pool *p)
{
    for (struct pool_entry *e = p->first, *next; e != NULL; e = next) {
        next = e->next;
        entry_free(e);
    }
    for (size_t i = 0; i < POOL_AUTHORS; i++)
        free_tallies(p->authors[i]);
    free_tallies(p->partners);
    free(p->authors);
    free(p->buckets);
}

static struct pool_entry **bucket_of(const struct pool *p, const struct hash *id)
{
    return &p->buckets[load_u64(id->b) & (p->cap - 1)];
}

struct pool_entry *pool_find(const struct pool *p, const struct hash *id)
{
    struct pool_entry *e = *bucket_of(p, id);
    while (e != NULL && !hash_eq(&e->leaf.id, id))
        e = e->bucket;
    return e;
}

static struct span partner_of(const struct leaf *leaf)
{
    struct span seat = leaf->entry.seat;
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    return slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
}

static struct pool_tally **author_list(const struct pool *p, const struct leaf *leaf)
{
    return &p->authors[load_u64(leaf->signature.key.b) & (POOL_AUTHORS - 1)];
}

/* Of what waits under that name; NULL when nothing does. */
static struct pool_tally *find_tally(struct pool_tally *t, struct span name)
{
    while (t != NULL && !span_eq(span_of(t->name, t->name_n), name))
        t = t->next;
    return t;
}

static struct pool_tally *add_tally(struct pool_tally **list, struct span name)
{
    struct pool_tally *t = find_tally(*list, name);
    if (t != NULL)
        return t;
    t = take(1, sizeof *t);
    ASSERT(name.n <= sizeof t->name);
    memcpy(t->name, name.p, name.n);
    t->name_n = name.n;
    while (*list != NULL) /* at the end: those whose turn it is keep their order */
        list = &(*list)->next;
    *list = t;
    return t;
}

static void drop_tally(struct pool_tally **list, const struct pool_tally *t)
{
    while (*list != t)
        list = &(*list)->next;
    *list = t->next;
}

static void count_in(struct pool *p, struct pool_entry *e)
{
    struct pool_tally *t = add_tally(&p->partners, partner_of(&e->leaf));
    e->author = add_tally(author_list(p, &e->leaf), span_hash(&e->leaf.signature.key));
    e->partner = t;
    e->mate = NULL;
    if (t->last != NULL)
        t->last->mate = e;
    else
        t->first = e;
    t->last = e;
    e->author->n++;
    t->n++;
    t->bytes += e->bytes;
    p->bytes += e->bytes;
}

static void count_out(struct pool *p, struct pool_entry *e)
{
    struct pool_tally *t = e->partner;
    struct pool_entry *before = NULL;
    for (struct pool_entry *x = t->first; x != e; x = x->mate)
        before = x;
    *(before == NULL ? &t->first : &before->mate) = e->mate;
    if (t->last == e)
        t->last = before;
    t->bytes -= e->bytes;
    p->bytes -= e->bytes;
    if (--t->n == 0) {
        if (p->turn == t)
            p->turn = t->next;
        drop_tally(&p->partners, t);
        free(t);
    }
    if (--e->author->n == 0) {
        drop_tally(author_list(p, &e->leaf), e->author);
        free(e->author);
    }
}

static void link_entry(struct pool *p, struct pool_entry *e)
{
    struct pool_entry **b = bucket_of(p, &e->leaf.id);
    e->bucket = *b;
    *b = e;
    e->prev = p->last;
    e->next = NULL;
    if (p->last != NULL)
        p->last->next = e;
    else
        p->first = e;
    p->last = e;
    p->n++;
    p->own += e->own;
    p->staged += e->staged;
    count_in(p, e);
}

static void unlink_entry(struct pool *p, struct pool_entry *e)
{
    struct pool_entry **b = bucket_of(p, &e->leaf.id);
    while (*b != e)
        b = &(*b)->bucket;
    *b = e->bucket;
    if (p->relay == e)
        p->relay = e->next;
    if (e->prev != NULL)
        e->prev->next = e->next;
    else
        p->first = e->next;
    if (e->next != NULL)
        e->next->prev = e->prev;
    else
        p->last = e->prev;
    p->n--;
    p->own -= e->own;
    p->staged -= e->staged;
    count_out(p, e);
}

static enum status parse(struct span bytes, struct pool_entry **ret_entry, struct err *err)
{
    struct pool_entry *e = calloc(1, sizeof *e);
    ASSERT(e != NULL);
    arena_init(&e->arena, SUBMISSION_ARENA);
    e->submission = arena_dup(&e->arena, bytes);
    enum status st = codec_decode(&submission_desc, e->submission, &e->arena, &e->parsed, err);
    if (st == ST_OK)
        st = leaf_of_submission(&e->parsed, &e->arena, &e->leaf, err);
    if (st != ST_OK) {
        entry_free(e);
        return st;
    }
    e->bytes = ENTRY_OVERHEAD + e->arena.used;
    *ret_entry = e;
    return ST_OK;
}

/* Judges one entry by itself against the newest state, as if it came into a block at time_ms. */
static enum status judge(struct replica *r, const struct leaf *leaf, uint64_t time_ms, enum verdict *ret_verdict, char why[256],
                         struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct ledger l = replica_ledger(r);
    struct block_candidate c = {.leaf = *leaf};
    l.clock = &r->clock;
    l.calm_until_ms = r->calm_until_ms;
    enum status st = block_judge(&l, time_ms, &c, 1, &a, err);
    if (st != ST_OK)
        return st;
    *ret_verdict = c.left_out ? V_OK : c.verdict;
    memcpy(why, c.why, sizeof c.why);
    return ST_OK;
}

/* The part of a whole that one partner may fill: when f of them do, as much is left for the others. */
static size_t share(const struct replica *r, size_t whole)
{
    uint32_t n = (uint32_t)r->set.members.n;
    return whole / (1 + (n > 0 ? (n - 1) / 3 : 0));
}

static bool room(const struct replica *r, const struct pool_entry *e, struct err *err)
{
    struct span partner = partner_of(&e->leaf);
    const struct pool_tally *author = find_tally(*author_list(&r->pool, &e->leaf), span_hash(&e->leaf.signature.key));
    const struct pool_tally *org = find_tally(r->pool.partners, partner);
    if (r->pool.n >= LIMIT_MEMPOOL_ENTRIES || r->pool.bytes + e->bytes > LIMIT_MEMPOOL_BYTES)
        (void)err_set(err, ST_LIMIT, "%zu entries wait at this node already, %zu MiB; try again when some are final", r->pool.n,
                      r->pool.bytes >> 20);
    else if (author != NULL && author->n >= LIMIT_MEMPOOL_PER_AUTHOR)
        (void)err_set(err, ST_LIMIT, "%d entries signed by this key wait already; try again when some are final",
                      LIMIT_MEMPOOL_PER_AUTHOR);
    else if (org != NULL &&
             (org->n >= share(r, LIMIT_MEMPOOL_ENTRIES) || org->bytes + e->bytes > share(r, LIMIT_MEMPOOL_BYTES)))
        (void)err_set(err, ST_LIMIT, "%zu entries of seats of %.*s wait already, %zu MiB: its share; try again when some are final",
                      org->n, SPAN_FMT(partner), org->bytes >> 20);
    else
        return true;
    return false;
}

/* Form, signature and verdict of what somebody hands in. On V_OK *ret_entry is owned by the caller. */
static enum status examine(struct replica *r, struct span bytes, bool own, struct pool_entry **ret_entry,
                           enum verdict *ret_verdict, char why[256], struct err *err)
{
    struct pool_entry *e;
    uint64_t leaf;
    enum status st = parse(bytes, &e, err);
    if (st != ST_OK)
        return st;
    if (pool_find(&r->pool, &e->leaf.id) != NULL) {
        *ret_verdict = V_DUPLICATE;
        (void)snprintf(why, 256, "waiting at this node already");
    } else if (!own && ids_find(r->ids, &e->leaf.id, &leaf)) { /* peers get no particulars: nothing is executed for it */
        *ret_verdict = V_DUPLICATE;
    } else if (!room(r, e, err)) {
        st = ST_LIMIT;
    } else if (replica_verify_leaf(r, &e->leaf) != ST_OK) { /* before it is executed for its word alone */
        st = err_set(err, ST_BADSIG, "the signature over entry %s does not verify (SIG-4)", hex_of(&e->leaf.id).s);
    } else {
        st = judge(r, &e->leaf, replica_block_time(r), ret_verdict, why, err);
    }
    *ret_entry = e;
    if (st != ST_OK) {
        entry_free(e);
        *ret_entry = NULL;
    }
    return st;
}

enum status replica_submit(struct replica *r, struct span submission, struct hash *ret_id, enum verdict *ret_verdict,
                           char why[256], struct err *err)
{
    enum status st = store_read_begin(r->cfg.store, &r->view, err);
    if (st != ST_OK)
        return st;
    st = pool_submit(r, submission, ret_id, ret_verdict, why, err);
    store_read_end(r->cfg.store, &r->view);
    return st;
}

enum status pool_submit(struct replica *r, struct span submission, struct hash *ret_id, enum verdict *ret_verdict, char why[256],
                        struct err *err)
{
    struct pool_entry *e;
    why[0] = 0;
    enum status st = examine(r, submission, true, &e, ret_verdict, why, err);
    if (st != ST_OK)
        return st;
    *ret_id = e->leaf.id;
    struct pool_entry *there = *ret_verdict == V_DUPLICATE ? pool_find(&r->pool, &e->leaf.id) : NULL;
    if (there != NULL && !there->own) { /* relayed to us before: now it is ours to keep */
        there->own = there->staged = true;
        r->pool.own++;
        r->pool.staged++;
        *ret_verdict = V_OK;
    } else if (there != NULL && there->staged) { /* not durable yet: the answer hangs on the acknowledgement as the first's */
        *ret_verdict = V_OK;
    }
    if (*ret_verdict != V_OK || there != NULL) {
        entry_free(e);
        return ST_OK;
    }
    e->own = e->staged = true;
    link_entry(&r->pool, e);
    return ST_OK;
}

/* The first that is staged, NULL for none: most came last. */
static struct pool_entry *first_staged(const struct pool *p)
{
    struct pool_entry *first = NULL;
    size_t left = p->staged;
    for (struct pool_entry *e = p->last; left > 0; e = e->prev) {
        if (!e->staged)
            continue;
        first = e;
        left--;
    }
    return first;
}

static enum status put_outbox(struct replica *r, struct store_txn *t, struct err *err)
{
    enum status st = ST_OK;
    uint8_t key[8];
    uint64_t next = r->pool.next_outbox;
    for (struct pool_entry *e = first_staged(&r->pool); st == ST_OK && e != NULL; e = e->next) {
        if (!e->staged)
            continue;
        e->outbox = next++;
        if (PLANTED(16))
            continue;
        store_u64(key, e->outbox);
        st = store_put(r->cfg.store, t, TABLE_OUTBOX, span_of(key, 8), e->submission, err);
    }
    return st;
}

/* What is staged leaves for the peers. It need not be durable for that: its author signed it, and whoever gets it may keep it. */
static void send_staged(struct replica *r)
{
    struct wire_batch w = {.n = 0};
    for (struct pool_entry *e = first_staged(&r->pool); e != NULL; e = e->next) {
        if (!e->staged)
            continue;
        e->relayed_ms = replica_mono(r);
        struct msg_entry m = {.submission = e->submission};
        wire_add(r, &w, &msg_entry_desc, &m);
    }
    wire_flush(r, &w);
}

/* The order that the promise rests on: rows durable, then acknowledged. The peers work on what they were sent while the disk
 * is waited for. */
enum status replica_acknowledge(struct replica *r, struct err *err)
{
    if (r->pool.staged == 0)
        return ST_OK;
    send_staged(r);
    struct store_txn *t;
    enum status st = store_begin(r->cfg.store, &t, err);
    if (st == ST_OK) {
        st = put_outbox(r, t, err);
        if (st == ST_OK)
            st = store_commit(r->cfg.store, t, err);
        else
            store_abort(r->cfg.store, t);
    }
    bool kept = st == ST_OK || PLANTED(38);
    for (struct pool_entry *e = first_staged(&r->pool); e != NULL; e = e->next) {
        if (!e->staged)
            continue;
        e->staged = false;
        r->pool.staged--;
        e->valid = true;
        if (kept) {
            r->pool.next_outbox = e->outbox + 1;
        } else { /* from now on like one that a peer relayed */
            e->own = false;
            r->pool.own--;
        }
    }
    return kept ? ST_OK
                : err_wrap(err, st, "this node could not keep the entry, and its partners have it all the same: see whether it is on the "
                                    "record before you enter it again: ");
}

enum status pool_on_entry(struct replica *r, struct span submission, struct err *err)
{
    struct pool_entry *e;
    enum verdict verdict;
    char why[256];
    enum status st = examine(r, submission, false, &e, &verdict, why, err);
    if (st == ST_LIMIT)
        return ST_OK; /* no fault of the peer's: it is sent again */
    if (st != ST_OK)
        return st;
    if (verdict != V_OK) { /* states differ for a moment; nothing to hold against the peer */
        entry_free(e);
        return ST_OK;
    }
    e->valid = true;
    e->relayed_ms = replica_mono(r);
    link_entry(&r->pool, e);
    struct peer *author = replica_find_peer(r, partner_of(&e->leaf), false);
    if (author != NULL)
        author->entries++;
    return ST_OK;
}

enum status pool_load(struct replica *r, struct err *err)
{
    uint8_t from[8];
    struct span key, value;
    uint64_t at = 0;
    for (;;) {
        store_u64(from, at);
        enum status st = view_next(&r->view, TABLE_OUTBOX, span_of(from, 8), &key, &value);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK || key.n != 8)
            return err_set(err, st == ST_OK ? ST_CORRUPT : st, "the outbox cannot be read: the store is damaged");
        at = load_u64(key.p) + 1;
        struct pool_entry *e;
        st = parse(value, &e, err);
        if (st != ST_OK)
            return err_wrap(err, ST_CORRUPT, "outbox row %" PRIu64 ": ", at - 1);
        e->own = true;
        e->outbox = at - 1;
        r->pool.next_outbox = at;
        uint64_t leaf;
        if (pool_find(&r->pool, &e->leaf.id) != NULL || ids_find(r->ids, &e->leaf.id, &leaf))
            entry_free(e);
        else
            link_entry(&r->pool, e);
    }
}

bool pool_has_valid(const struct replica *r)
{
    for (const struct pool_entry *e = r->pool.first; e != NULL; e = e->next)
        if (e->valid && !e->staged)
            return true;
    return false;
}

/* What a partner has given to the block that is made. */
struct portion {
    struct pool_tally *partner;
    struct pool_entry *next;
    size_t n, bytes;
};

static size_t portions(struct pool *p, struct portion v[PARTNERS_MAX])
{
    size_t n = 0;
    struct pool_tally *from = p->turn != NULL ? p->turn : p->partners;
    for (struct pool_tally *t = from; t != NULL && n < PARTNERS_MAX; t = t->next)
        v[n++] = (struct portion){t, t->first, 0, 0};
    for (struct pool_tally *t = p->partners; t != from && n < PARTNERS_MAX; t = t->next)
        v[n++] = (struct portion){t, t->first, 0, 0};
    if (from != NULL)
        p->turn = from->next;
    return n;
}

/* The partner's next entry, if it may still give one. */
static struct pool_entry *next_of(struct portion *x, bool also_invalid)
{
    while (x->next != NULL && (x->next->staged || (!x->next->valid && !also_invalid)))
        x->next = x->next->mate;
    struct pool_entry *e = x->next;
    if (e == NULL || x->n >= SHARE_ENTRIES || (x->n > 0 && x->bytes + e->submission.n > SHARE_BYTES))
        return NULL;
    x->n++;
    x->bytes += e->submission.n;
    x->next = e->mate;
    return e;
}

size_t pool_candidates(struct replica *r, bool also_invalid, struct block_candidate *v, size_t max)
{
    struct portion parts[PARTNERS_MAX];
    size_t n = 0, bytes = 0, texts = 0, n_parts = portions(&r->pool, parts);
    for (bool any = true; any && n < max;) {
        any = false;
        for (size_t i = 0; i < n_parts && n < max; i++) {
            struct pool_entry *e = next_of(&parts[i], also_invalid);
            if (e == NULL)
                continue;
            bytes += e->submission.n;
            texts += e->parsed.prose.n;
            if (bytes > BODY_BYTES || texts > BODY_TEXTS)
                return n;
            memset(&v[n], 0, sizeof v[n]);
            v[n++].leaf = e->leaf;
            any = true;
        }
    }
    return n;
}

/* An own submission that the ledger will never take: its row goes, and the refusal is kept for its author. */
static enum status record_refusal(struct replica *r, const struct pool_entry *e, enum verdict verdict, const char *why)
{
    struct err err;
    struct store_txn *t;
    uint8_t key[8];
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    struct refusal row = {.verdict = verdict, .why = span_str(why)};
    if (text_check(row.why, false, NULL) != ST_OK) /* words cut within a letter, say: the verdict alone will do */
        row.why = span_str("");
    enum status st = codec_encode(&refusal_desc, &row, &b);
    if (st == ST_OK)
        st = store_begin(r->cfg.store, &t, &err);
    if (st != ST_OK)
        return st;
    store_u64(key, e->outbox);
    st = store_del(r->cfg.store, t, TABLE_OUTBOX, span_of(key, 8), &err);
    if (st == ST_OK)
        st = store_put(r->cfg.store, t, TABLE_REFUSED, span_hash(&e->leaf.id), buf_span(&b), &err);
    if (st != ST_OK) {
        store_abort(r->cfg.store, t);
        return st;
    }
    return store_commit(r->cfg.store, t, &err);
}

/* May the verdict change without a new signature? When this node lags behind the author; and when it was right at the
 * clock's time once, as all that wait were, and is now found to come too early. */
static bool may_pass_later(const struct replica *r, const struct leaf *leaf, enum verdict v)
{
    return v == V_EXPIRY_TOO_FAR || (v == V_UNKNOWN_BASIS && leaf->entry.basis.size > r->tip.tree.size);
}

/* Is an own entry refused for good? Ledger time only ascends, so what is refused at the clock's time but not at the
 * earliest one rests on a clock that may be wrong, or on a block of ours that may never be decided. */
static bool refused_for_good(struct replica *r, const struct pool_entry *e)
{
    enum verdict verdict = V_OK;
    char why[256];
    struct err err;
    if (judge(r, &e->leaf, r->tip.time_ms + 1, &verdict, why, &err) != ST_OK)
        return false; /* a fault of this machine; tried again after the next block */
    return verdict != V_OK && !may_pass_later(r, &e->leaf, verdict);
}

void pool_judged(struct replica *r, const struct block_candidate *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pool_entry *e = pool_find(&r->pool, &v[i].leaf.id);
        if (e == NULL || v[i].left_out)
            continue;
        e->valid = v[i].verdict == V_OK;
        if (e->valid || may_pass_later(r, &v[i].leaf, v[i].verdict))
            continue;
        if (e->own && !refused_for_good(r, e))
            continue;
        if (e->own && v[i].verdict != V_DUPLICATE) {
            if (record_refusal(r, e, v[i].verdict, v[i].why) != ST_OK) {
                replica_halt(r, "a refusal could not be stored");
                return;
            }
            if (r->cfg.events.refused != NULL)
                r->cfg.events.refused(r->cfg.events.ctx, &e->leaf.id, v[i].verdict, v[i].why);
        }
        unlink_entry(&r->pool, e);
        entry_free(e);
    }
}

/* Judges the next to come anew, at most so many. Were all of them valid, and are they still? */
static bool judge_waiting(struct replica *r, size_t most)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct block_candidate *v = arena_array(&a, most, sizeof *v);
    ASSERT(v != NULL);
    struct pool_tally *turn = r->pool.turn;
    size_t n = pool_candidates(r, true, v, most);
    r->pool.turn = turn;
    struct ledger l = replica_ledger(r);
    struct err err;
    enum status st = block_judge(&l, replica_block_time(r), v, n, &a, &err);
    if (st != ST_OK) {
        replica_halt(r, "waiting entries could not be judged: %s", err.text);
        return true;
    }
    bool valid = true;
    for (size_t i = 0; i < n; i++)
        valid = valid && !v[i].left_out && v[i].verdict == V_OK && pool_find(&r->pool, &v[i].leaf.id)->valid;
    pool_judged(r, v, n);
    return valid;
}

/* The outbox rows of included entries went with the block's own transaction. Each entry was judged when it came, and is again
 * when it goes into a block; in between a block may have spoilt many: then more are looked at than the few that come next. */
void pool_after_block(struct replica *r, const struct block *b)
{
    for (size_t i = 0; i + 1 < b->n_leaves; i++) {
        struct pool_entry *e = pool_find(&r->pool, &b->entries[i].id);
        if (e != NULL && !PLANTED(36)) {
            unlink_entry(&r->pool, e);
            entry_free(e);
        }
    }
    if (r->pool.n > 0 && !judge_waiting(r, r->pool.n < JUDGE_FIRST ? r->pool.n : JUDGE_FIRST) && r->pool.n > JUDGE_FIRST)
        (void)judge_waiting(r, r->pool.n < JUDGE_AT_ONCE ? r->pool.n : JUDGE_AT_ONCE);
}

/* An entry that waits for the clock to be put right wakes agreement again. */
static void revive(struct replica *r, struct pool_entry *e)
{
    enum verdict verdict;
    char why[256];
    struct err err;
    if (judge(r, &e->leaf, replica_block_time(r), &verdict, why, &err) == ST_OK)
        e->valid = verdict == V_OK;
}

/* Goes on where it stopped the last time, so that each has its turn however many wait. */
void pool_relay(struct replica *r, uint64_t now_ms)
{
    struct pool *p = &r->pool;
    struct pool_entry *e = p->relay != NULL ? p->relay : p->first;
    struct wire_batch w = {.n = 0};
    size_t sent = 0;
    for (size_t looked = 0; looked < p->n && sent < RELAY_AT_ONCE; looked++) {
        struct pool_entry *next = e->next != NULL ? e->next : p->first;
        if (!e->staged && now_ms >= e->relayed_ms + RELAY_AFTER_MS) {
            e->relayed_ms = now_ms;
            if (!e->valid)
                revive(r, e);
            struct msg_entry m = {.submission = e->submission};
            wire_add(r, &w, &msg_entry_desc, &m);
            sent++;
        }
        e = next;
    }
    wire_flush(r, &w);
    p->relay = p->n > 0 ? e : NULL;
}

void pool_prose(struct replica *r, const struct block *b, struct arena *a, struct pack_prose_list *ret_list)
{
    size_t n = 0, most = 0;
    for (size_t i = 0; i + 1 < b->n_leaves; i++) {
        const struct pool_entry *e = pool_find(&r->pool, &b->entries[i].id);
        most += e == NULL ? 0 : e->parsed.prose.n;
    }
    struct pack_prose *v = arena_array(a, most + 1, sizeof *v);
    ASSERT(v != NULL);
    for (size_t i = 0; i + 1 < b->n_leaves; i++) {
        const struct pool_entry *e = pool_find(&r->pool, &b->entries[i].id);
        for (size_t k = 0; e != NULL && k < e->parsed.prose.n; k++) {
            const struct prose *p = &e->parsed.prose.v[k];
            v[n++] = (struct pack_prose){.leaf = i + 1, .prose = {.salt = p->salt, .text = arena_dup(a, p->text)}};
        }
    }
    *ret_list = (struct pack_prose_list){n, v};
}
