#include "node/past.h"
#include <stdlib.h>
#include "ledger/block.h"
#include "ledger/rows.h"
#include "node/past_store.h"
#include "recovery/rebuild.h"

struct past {
    struct store *record;
    uint64_t most;
    bool (*stop)(void *ctx);
    void *ctx;
    struct store *store; /* NULL: none is kept */
    uint64_t height;     /* of it */
    uint64_t target;     /* of the question at hand */
    uint64_t executed;
};

struct past *past_new(struct store *record, uint64_t most_bytes, bool (*stop)(void *ctx), void *ctx)
{
    struct past *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    *p = (struct past){.record = record, .most = most_bytes, .stop = stop, .ctx = ctx};
    return p;
}

void past_drop(struct past *p)
{
    store_close(p->store);
    p->store = NULL;
}

void past_free(struct past *p)
{
    if (p == NULL)
        return;
    past_drop(p);
    free(p);
}

uint64_t past_executed(const struct past *p)
{
    return p->executed;
}

/* -- Which block -- */

static enum status time_of(const struct view *v, uint64_t height, uint64_t *ret_ms, struct err *err)
{
    struct boundary b;
    uint64_t first;
    size_t n;
    enum status st = block_range(v, height, &first, &n, err);
    if (st == ST_OK)
        st = rows_boundary(v, first + n, false, &b, err);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_CORRUPT, "the boundary of block %" PRIu64 " is not in the store: it is damaged", height);
    if (st == ST_OK)
        *ret_ms = b.time_ms;
    return st;
}

/* The last one whose time is not after at_ms: times do not go back. */
static enum status find(const struct view *v, uint64_t at_ms, uint64_t now_ms, uint64_t *ret_height, struct err *err)
{
    struct boundary newest;
    uint64_t founded = 0, ms = 0;
    enum status st = rows_newest_boundary(v, &newest, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "this node has no block yet");
    if (st == ST_OK)
        st = time_of(v, 0, &founded, err);
    if (st != ST_OK)
        return st;
    if (at_ms < founded)
        return err_set(err, ST_USAGE, "%s is before the founding: this alliance was founded at %s, and nothing can be asked about an earlier time",
                       time_utc(at_ms).s, time_utc(founded).s);
    if (at_ms > now_ms && at_ms > newest.time_ms)
        return err_set(err, ST_USAGE, "%s is to come: it is %s by this node's clock. Without --at you get what stands now", time_utc(at_ms).s,
                       time_utc(now_ms).s);
    uint64_t last = 0, after = newest.height; /* one that is not after it; one that is */
    if (at_ms >= newest.time_ms)
        last = newest.height;
    while (st == ST_OK && last + 1 < after) {
        uint64_t mid = last + (after - last) / 2;
        st = time_of(v, mid, &ms, err);
        if (ms <= at_ms)
            last = mid;
        else
            after = mid;
    }
    *ret_height = last;
    return st;
}

/* -- Execution -- */

/* A block as the node keeps it. Its texts are read there later: nothing rests on them. */
static enum status kept_block(void *ctx, uint64_t height, struct arena *a, struct rebuild_block *ret, const char **ret_what, struct err *err)
{
    struct past *p = ctx;
    struct view v;
    if (height > p->target || p->stop(p->ctx))
        return ST_END;
    *ret_what = "its row";
    *ret = (struct rebuild_block){.header = {NULL, 0}};
    enum status st = store_read_begin(p->record, &v, err);
    if (st != ST_OK)
        return st;
    st = block_header(&v, height, &ret->header, err);
    if (st == ST_OK)
        st = block_certificate(&v, height, &ret->certificate, err);
    if (st == ST_OK)
        st = block_certificate(&v, height - 1, &ret->last_commit, err);
    if (st == ST_OK)
        st = block_leaves(&v, height, a, &ret->leaves, &ret->n_leaves, err);
    if (st == ST_OK) {
        ret->header = arena_dup(a, ret->header);
        ret->certificate = arena_dup(a, ret->certificate);
        ret->last_commit = arena_dup(a, ret->last_commit);
        p->executed++;
    }
    store_read_end(p->record, &v);
    return st;
}

static void nothing(void *ctx, const char *where)
{
    (void)ctx, (void)where;
}

static enum status execute(struct past *p, struct err *err)
{
    struct rebuild_result r = {.founded = false};
    struct rebuild_source source = {p, kept_block};
    enum status st = ST_OK;
    if (p->store == NULL) {
        p->store = past_store_new(p->record, p->most);
        st = rebuild_found(p->record, p->store, (struct span){NULL, 0}, &r, err);
    }
    if (st == ST_OK)
        st = rebuild_blocks(&source, p->store, nothing, NULL, &r, err);
    if (st == ST_OK && r.stopped[0] != 0)
        return err_set(err, ST_CORRUPT, "%s. Stop the node and let ententd doctor look", r.stopped);
    if (st == ST_OK && r.height < p->target)
        return err_set(err, ST_CLOSED, "the node stops");
    if (st == ST_OK)
        p->height = r.height;
    if (st == ST_LIMIT) {
        char was[256];
        (void)snprintf(was, sizeof was, "%.255s", err->text);
        return err_set(err, st, "block %" PRIu64 ": %s. On a larger machine: entente pack, then entente-audit replay --at", r.height + 1, was);
    }
    return st;
}

enum status past_at(struct past *p, uint64_t at_ms, uint64_t now_ms, struct store **ret_store, struct err *err)
{
    struct view v;
    enum status st = store_read_begin(p->record, &v, err);
    if (st != ST_OK)
        return st;
    st = find(&v, at_ms, now_ms, &p->target, err);
    store_read_end(p->record, &v);
    if (st != ST_OK)
        return st;
    if (p->store != NULL && p->height > p->target)
        past_drop(p);
    if (p->store == NULL || p->height < p->target)
        st = execute(p, err);
    if (st != ST_OK) {
        past_drop(p);
        return st;
    }
    *ret_store = p->store;
    return ST_OK;
}
