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
static void broadcast_to_members(struct replica *r, struct span frame)
{
    uint64_t exit;
    for (size_t i = 0; i < r->n_peers; i++)
        if (r->peers[i].connected && !members_exit(r, r->peers[i].org, &exit))
            (void)!r->cfg.net.send(r->cfg.net.ctx, r->peers[i].org, frame);
}

void wire_broadcast(struct replica *r, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (wire_encode(d, rec, &b) != ST_OK)
        return;
    if (r->n_exits > 0)
        broadcast_to_members(r, buf_span(&b));
    else
        r->cfg.net.broadcast(r->cfg.net.ctx, buf_span(&b));
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
