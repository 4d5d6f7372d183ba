#include "replica/internal.h"

enum status wire_encode(const struct record_desc *d, const void *rec, struct buf *b)
{
    struct buf body CLEANUP(buf_deinit);
    buf_init(&body, LIMIT_FRAME_BYTES);
    enum status st = codec_encode(d, rec, &body);
    if (st != ST_OK)
        return st;
    struct envelope e = {.kind = d->number, .body = buf_span(&body)};
    return codec_encode(&envelope_desc, &e, b);
}

/* Somebody who left may be connected still: then each of the others gets its own copy (NET-8). */
static void broadcast_to_members(struct replica *r, const struct span *frames, size_t n)
{
    uint64_t exit;
    for (size_t i = 0; i < r->n_peers; i++)
        for (size_t k = 0; k < n && r->peers[i].connected && !members_exit(r, r->peers[i].org, &exit); k++)
            (void)!r->cfg.net.send(r->cfg.net.ctx, r->peers[i].org, frames[k]);
}

void wire_flush(struct replica *r, struct wire_batch *w)
{
    struct span v[WIRE_TOGETHER];
    for (size_t i = 0; i < w->n; i++)
        v[i] = buf_span(&w->frames[i]);
    if (w->n > 0 && r->n_exits > 0)
        broadcast_to_members(r, v, w->n);
    else if (w->n > 0)
        r->cfg.net.broadcast(r->cfg.net.ctx, v, w->n);
    for (size_t i = 0; i < w->n; i++)
        buf_deinit(&w->frames[i]);
    w->n = w->bytes = 0;
}

void wire_add(struct replica *r, struct wire_batch *w, const struct record_desc *d, const void *rec)
{
    struct buf *b = &w->frames[w->n];
    buf_init(b, LIMIT_FRAME_BYTES);
    if (wire_encode(d, rec, b) != ST_OK) {
        buf_deinit(b);
        return;
    }
    w->n++;
    w->bytes += b->n;
    if (w->n == WIRE_TOGETHER || w->bytes >= WIRE_TOGETHER_BYTES)
        wire_flush(r, w);
}

void wire_broadcast(struct replica *r, const struct record_desc *d, const void *rec)
{
    struct wire_batch w = {.n = 0};
    wire_add(r, &w, d, rec);
    wire_flush(r, &w);
}

/* What is lost here is filled in again by gossip. */
size_t wire_send(struct replica *r, struct span org, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    uint64_t exit;
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (members_exit(r, org, &exit) && d != &msg_status_desc)
        return 0;
    if (wire_encode(d, rec, &b) != ST_OK)
        return 0;
    (void)!r->cfg.net.send(r->cfg.net.ctx, org, buf_span(&b));
    return b.n;
}

enum status wire_open(struct span frame, uint32_t *ret_kind, struct span *ret_body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct envelope e;
    enum status st = codec_decode(&envelope_desc, frame, &a, &e, err);
    if (st != ST_OK)
        return st;
    *ret_kind = (uint32_t)e.kind;
    *ret_body = e.body;
    return ST_OK;
}
