/* Documents at a node: those that the record names are fetched from partners and given to partners, and what people attach is
 * taken in. A thread of its own: it reads files as large as documents are, and nothing that agrees waits for it. */
#include "codec/codec.h"
#include "document/message.h"
#include "gov/query.h"
#include "ledger/leaf.h"
#include "ledger/rows.h"
#include "node/documents.h"

enum {
    JOBS_MAX = 64,          /* in one turn */
    LEAVES_MAX = 512,       /* looked through in one turn */
    ANSWERS_MAX = 16,       /* given in one turn */
    LOOK_MS = 500,          /* a new block is noticed within */
    SWEEP_MS = 3600 * 1000, /* what nobody names is dropped */
    CHECK_MS = 10 * 1000    /* one document that was not checked for a day is */
};
static const uint64_t check_after_ms = 24 * 3600 * 1000;

static uint64_t mono_ms(void)
{
    return clock_mono_ms(&clock_system);
}

static uint64_t wall_ms(void)
{
    return clock_wall_ms(&clock_system);
}

/* DOC-6: who is entitled to documents. An audience of each, when there is one, is asked for here. */
static bool is_entitled(const struct query_party *p)
{
    return p->party.role == ROLE_PARTNER && p->standing != STANDING_LEFT;
}

bool documents_has(const struct documents *d, const struct hash *digest)
{
    const struct keep_doc *doc = keep_find(d->keep, digest);
    return doc != NULL && doc->form == KEEP_WHOLE;
}

void documents_want(struct documents *d, const struct hash *digest)
{
    const struct named_doc *named = named_find(d->named, digest);
    if (d->keeps && named != NULL && !documents_has(d, digest))
        fetch_want(d->fetch, digest, named->org, mono_ms());
}

enum status documents_room(const struct documents *d, const struct hash *digest, uint64_t size, struct err *err)
{
    return share_check(d->keep, d->named, digest, size, d->n->cfg.documents_bytes, d->n_entitled, err);
}

/* -- For fetch_ops -- */

static uint64_t have(void *ctx, const struct hash *digest)
{
    const struct documents *d = ctx;
    const struct keep_doc *doc = keep_find(d->keep, digest);
    return doc != NULL && doc->form == KEEP_PART ? doc->size : 0;
}

static void send(struct documents *d, struct span org, const struct record_desc *desc, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (message_encode(desc, rec, &b) == ST_OK)
        (void)!links_send(d->n, org, buf_span(&b)); /* what is lost is asked for again */
}

static void ask(void *ctx, struct span org, const struct hash *digest, uint64_t offset)
{
    struct msg_document_ask m = {.digest = *digest, .offset = offset};
    send(ctx, org, &msg_document_ask_desc, &m);
}

static void note_problem(struct documents *d, enum status st, const char *text)
{
    if (strcmp(d->problem, text) == 0)
        return;
    (void)snprintf(d->problem, sizeof d->problem, "%s", text);
    log_put(st == ST_LIMIT ? LOG_WARN : LOG_ERROR, "documents: %s", text);
}

static enum status take(void *ctx, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes)
{
    struct documents *d = ctx;
    struct err err;
    enum status st = offset > 0 ? ST_OK : documents_room(d, digest, size, &err);
    if (st == ST_OK)
        st = keep_add(d->keep, digest, size, offset, bytes, &err);
    if (st == ST_OK)
        d->problem[0] = 0;
    else if (st != ST_RANGE)
        note_problem(d, st, err.text);
    return st;
}

static enum status finish(void *ctx, const struct hash *digest)
{
    struct documents *d = ctx;
    struct err err;
    enum status st = keep_finish(d->keep, digest, wall_ms(), &err);
    if (st == ST_OK)
        log_put(LOG_INFO, "document %.16s... is here, %" PRIu64 " bytes", hex_of(digest).s, keep_find(d->keep, digest)->size);
    else if (st == ST_MISMATCH)
        log_put(LOG_WARN, "document %.16s...: %s", hex_of(digest).s, err.text);
    else
        note_problem(d, st, err.text);
    return st;
}

static void restart(void *ctx, const struct hash *digest)
{
    struct documents *d = ctx;
    keep_forget(d->keep, digest);
}

/* As for the replica's frames: the sender's lane waits, and the log has the first, second, fourth and so on. */
static void fault(void *ctx, struct span org, const char *text)
{
    struct documents *d = ctx;
    struct fetch_peer_status p;
    queue_hold(&d->queue, org, 10);
    for (size_t i = 0; fetch_peer_status(d->fetch, i, &p); i++)
        if (span_eq(p.org, org) && (p.faults & (p.faults - 1)) == 0)
            log_put(LOG_WARN, "documents: %.*s is asked for nothing for a while (%" PRIu64 " faults so far): %s", SPAN_FMT(org),
                    p.faults, text);
}

/* -- The record -- */

static void read_leaf(struct documents *d, const struct view *v, uint64_t index, struct arena *a)
{
    struct span bytes;
    struct leaf leaf;
    struct hash_list named;
    struct err err;
    if (block_leaf(v, index, &bytes, &err) != ST_OK || leaf_read(bytes, a, &leaf, &err) != ST_OK ||
        leaf_documents(&leaf, a, &named, &err) != ST_OK)
        return; /* no entry; a leaf that cannot be read is the doctor's */
    struct span seat = leaf.entry.seat;
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    struct span org = slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
    for (size_t i = 0; i < named.n; i++) {
        (void)named_add(d->named, &named.v[i], index, org);
        if (d->keeps && !documents_has(d, &named.v[i])) /* named again: whoever names it now may have it */
            fetch_want(d->fetch, &named.v[i], org, mono_ms());
    }
}

/* What the record names of documents that are not here is wanted, from now on; or nothing any more. */
static void want_all(struct documents *d)
{
    for (size_t i = 0; i < named_count(d->named); i++) {
        const struct hash *digest = &named_at(d->named, i)->digest;
        if (d->keeps)
            documents_want(d, digest);
        else
            fetch_drop(d->fetch, digest);
    }
}

static struct member *member_of(struct documents *d, struct span org)
{
    for (size_t i = 0; i < d->n_members; i++)
        if (span_eq(span_of(d->members[i].org, d->members[i].org_n), org))
            return &d->members[i];
    if (d->n_members == ARRAY_LEN(d->members) || org.n > sizeof d->members[0].org)
        return NULL;
    struct member *m = &d->members[d->n_members++];
    *m = (struct member){.org_n = org.n};
    memcpy(m->org, org.p, org.n);
    return m;
}

static void read_members(struct documents *d, const struct view *v, struct arena *a)
{
    struct query_parties parties;
    struct err err;
    bool kept = d->keeps;
    if (query_parties(v, a, &parties, &err) != ST_OK)
        return;
    d->n_entitled = 0;
    for (size_t i = 0; i < parties.list.n; i++) {
        const struct query_party *p = &parties.list.v[i];
        struct member *m = member_of(d, p->org);
        if (m == NULL)
            continue;
        m->entitled = is_entitled(p);
        d->n_entitled += m->entitled;
        if (span_eq(p->org, d->n->cfg.partner))
            d->keeps = m->entitled;
        else
            fetch_peer(d->fetch, p->org, m->up, m->entitled, mono_ms());
    }
    if (d->keeps != kept)
        want_all(d);
}

/* Looks through leaves that are final by now. True: there are more. */
static bool look_through(struct documents *d)
{
    struct arena a CLEANUP(arena_deinit);
    struct view v;
    struct boundary tip;
    struct err err;
    arena_init(&a, 0);
    if (store_read_begin(d->n->store, &v, &err) != ST_OK)
        return false;
    if (rows_newest_boundary(&v, &tip, &err) != ST_OK) {
        store_read_end(d->n->store, &v);
        return false;
    }
    d->tip_ms = tip.time_ms;
    if (tip.size != d->members_size) {
        read_members(d, &v, &a);
        d->members_size = tip.size;
    }
    uint64_t leaf = named_leaves(d->named), end = leaf + LEAVES_MAX < tip.size ? leaf + LEAVES_MAX : tip.size;
    for (; leaf < end; leaf++) {
        arena_reset(&a);
        read_leaf(d, &v, leaf, &a);
    }
    store_read_end(d->n->store, &v);
    named_upto(d->named, leaf);
    if (named_flush(d->named, &err) != ST_OK)
        note_problem(d, err.st, err.text);
    return leaf < tip.size;
}

/* -- For other nodes -- */

/* Its bytes may go out. It is checked before its first chunk goes, unless it was a short while ago. */
static bool may_give(struct documents *d, const struct serve_ask *q)
{
    struct err err;
    const struct keep_doc *doc = keep_find(d->keep, &q->digest);
    if (doc == NULL || doc->form != KEEP_WHOLE || named_find(d->named, &q->digest) == NULL)
        return false;
    if (q->offset > 0 || wall_ms() - doc->checked_at_ms < check_after_ms)
        return true;
    if (keep_check(d->keep, &q->digest, wall_ms(), &err) == ST_OK)
        return true;
    log_put(LOG_ERROR, "%s; it is fetched again", err.text);
    documents_want(d, &q->digest);
    return false;
}

static void answer(struct documents *d, struct span org, const struct serve_ask *q)
{
    static uint8_t bytes[LIMIT_DOCUMENT_CHUNK_BYTES]; /* of this thread alone */
    struct msg_document_chunk m = {.digest = q->digest, .offset = q->offset};
    struct err err;
    size_t got = 0;
    bool given = may_give(d, q);
    const struct keep_doc *doc = keep_find(d->keep, &q->digest);
    if (given && m.offset >= doc->size) /* DOC-8: what it has goes beyond the end */
        m.offset = 0;
    if (given && keep_read(d->keep, &q->digest, m.offset, bytes, sizeof bytes, &got, &err) != ST_OK) {
        log_put(LOG_ERROR, "documents: %s", err.text);
        given = false;
    }
    if (given) {
        m.size = doc->size;
        m.bytes = span_of(bytes, got);
        send(d, org, &msg_document_chunk_desc, &m);
    } else {
        struct msg_document_none none = {.digest = q->digest};
        send(d, org, &msg_document_none_desc, &none);
    }
    serve_done(&d->serve, org, given ? got : 0);
}

static void one_frame(struct documents *d, struct span org, struct span frame)
{
    struct message m;
    struct err err;
    uint64_t now = mono_ms();
    const struct member *from = member_of(d, org);
    if (from == NULL || !from->entitled) /* DOC-8: it has nothing to ask, and nothing to give */
        return;
    if (message_decode(frame, &m, &err) != ST_OK)
        fetch_blame(d->fetch, org, err.text, now);
    else if (m.kind == msg_document_ask_number_)
        (void)serve_ask(&d->serve, org, &m.u.ask.digest, m.u.ask.offset, now);
    else if (m.kind == msg_document_chunk_number_)
        fetch_chunk(d->fetch, org, &m.u.chunk, now);
    else
        fetch_none(d->fetch, org, &m.u.none.digest, now);
}

static void one_link(struct documents *d, struct span org, bool up)
{
    struct member *m = member_of(d, org);
    if (m == NULL)
        return;
    m->up = up;
    fetch_peer(d->fetch, org, up, m->entitled, mono_ms());
    if (!up)
        serve_gone(&d->serve, org);
}

/* -- The thread -- */

static bool is_named(void *ctx, const struct hash *digest)
{
    const struct documents *d = ctx;
    return named_find(d->named, digest) != NULL;
}

/* One that was not checked for long, each time the next: what a disk lost shows before somebody needs it. */
static void check_one(struct documents *d)
{
    struct err err;
    uint64_t now = wall_ms();
    for (size_t k = 0; keep_at(d->keep, 0) != NULL && k < 4096; k++) {
        const struct keep_doc *doc = keep_at(d->keep, d->check_next);
        if (doc == NULL) {
            d->check_next = 0;
            return;
        }
        d->check_next++;
        struct hash digest = doc->digest;
        if (doc->form != KEEP_WHOLE || now - doc->checked_at_ms < check_after_ms)
            continue;
        if (keep_check(d->keep, &digest, now, &err) == ST_CORRUPT) {
            log_put(LOG_ERROR, "%s; it is fetched again", err.text);
            documents_want(d, &digest);
        }
        return;
    }
}

static void housekeeping(struct documents *d, uint64_t now)
{
    if (now >= d->check_at_ms) {
        d->check_at_ms = now + CHECK_MS;
        check_one(d);
    }
    /* Not before the record was looked through; and by the ledger's time: while it stands still, entries wait (DOC-5). */
    if (now >= d->sweep_at_ms && !d->behind && d->tip_ms > 0) {
        d->sweep_at_ms = now + SWEEP_MS;
        size_t dropped = keep_sweep(d->keep, d->tip_ms, is_named, d);
        if (dropped > 0)
            log_put(LOG_INFO, "documents: %zu files that no entry names, or that nothing was added to, are dropped", dropped);
    }
}

static uint64_t turn(struct documents *d)
{
    struct span org;
    struct serve_ask q;
    uint64_t now, next;
    d->behind = look_through(d);
    for (size_t i = 0; i < ANSWERS_MAX && serve_next(&d->serve, mono_ms(), &org, &q); i++)
        answer(d, org, &q);
    now = mono_ms();
    housekeeping(d, now);
    fetch_tick(d->fetch, now, &next);
    uint64_t due = serve_due(&d->serve, now);
    if (due < next)
        next = due;
    if (now + LOOK_MS < next)
        next = now + LOOK_MS;
    return d->behind ? now : next;
}

static void one_job(struct documents *d, struct job *j)
{
    struct span org = span_of(j->org, j->org_n);
    if (j->type == JOB_CALL)
        ask_documents(d, j);
    else if (d->keep == NULL)
        return;
    else if (j->type == JOB_FRAME)
        one_frame(d, org, span_of(j->bytes, j->n));
    else
        one_link(d, org, j->type == JOB_UP);
}

static void *documents_main(void *arg)
{
    struct documents *d = arg;
    uint64_t next = 0;
    while (!queue_stopping(&d->queue)) {
        struct job *j = queue_take(&d->queue, JOBS_MAX, next);
        for (struct job *after; j != NULL; j = after) {
            after = j->next;
            one_job(d, j);
            free(j);
        }
        next = d->keep == NULL ? mono_ms() + LOOK_MS : turn(d);
    }
    return NULL;
}

/* A node whose documents cannot be kept goes on without them, and says so. */
void documents_open(struct node *n)
{
    struct documents *d = calloc(1, sizeof *d);
    ASSERT(d != NULL);
    struct fetch_ops ops = {d, have, ask, take, finish, restart, fault};
    struct err err;
    struct keep_config cfg = {.dir = file_join(&n->a, n->dir, "documents"),
                              .largest = n->cfg.document_bytes,
                              .most = n->cfg.documents_bytes,
                              .reserve = 2 * n->cfg.low_water_bytes,
                              .disk = &keep_disk_system};
    d->n = n;
    n->documents = d;
    queue_init(&d->queue);
    d->fetch = fetch_new(&ops);
    serve_init(&d->serve);
    enum status st = keep_open(&cfg, &d->keep, &err);
    if (st == ST_OK)
        st = named_open(file_join(&n->a, cfg.dir, "named"), &n->alliance, &d->named, &err);
    if (st != ST_OK) {
        keep_close(d->keep);
        d->keep = NULL;
        note_problem(d, st, err.text);
    }
}

void documents_run(struct node *n)
{
    ASSERT(pthread_create(&n->documents->thread, NULL, documents_main, n->documents) == 0);
    n->documents->running = true;
}

void documents_stop(struct node *n)
{
    struct documents *d = n->documents;
    if (d == NULL)
        return;
    queue_stop(&d->queue);
    if (d->running)
        (void)pthread_join(d->thread, NULL);
    d->running = false;
}

void documents_close(struct node *n)
{
    struct documents *d = n->documents;
    if (d == NULL)
        return;
    queue_deinit(&d->queue);
    fetch_free(d->fetch);
    named_close(d->named);
    keep_close(d->keep);
    free(d);
    n->documents = NULL;
}

bool documents_take(struct node *n, struct job *j)
{
    bool enough;
    struct span org = span_of(j->org, j->org_n);
    if (j->type == JOB_UP || j->type == JOB_DOWN)
        (void)queue_put(&n->documents->queue, job_new(j->type, org, (struct span){NULL, 0}), &enough);
    if (j->type != JOB_CALL && !(j->type == JOB_FRAME && message_is(span_of(j->bytes, j->n))))
        return false;
    j->next = NULL; /* it was in a batch */
    (void)queue_put(&n->documents->queue, j, &enough);
    return true;
}
