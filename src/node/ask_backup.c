/* A backup of this node while it runs. One at a time, so that the other readers go on answering. */
#include "node/backup.h"
#include "node/internal.h"

static bool stopping(void *ctx)
{
    struct node *n = ctx;
    return queue_stopping(&n->reader_queue);
}

/* out is the asker's word: a path of this machine, made by this node's user. */
static enum status may_make(const struct node *n, const char *out, bool with_keys, struct err *err)
{
    if (out[0] != '/')
        return err_set(err, ST_USAGE, "%s: expected a whole path, from /", out);
    if (with_keys && n->cfg.socket_group) /* whoever may ask is not who may have the keys */
        return err_set(err, ST_REFUSED,
                       "keys are not given out over a socket that a group may use (socket-group: yes). Stop "
                       "the node and run: ententd backup "
                       "%s OUT --with-keys",
                       n->dir);
    return ST_OK;
}

void ask_backup(struct node *n, struct job *j)
{
    const struct rpc_backup *q = j->request;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct err err;
    struct backup_info i;
    const char *out = (const char *)arena_dup(&a, q->directory).p;
    if (atomic_exchange(&n->backing_up, true)) {
        server_refuse(j->call, ST_BUSY, "a backup is being made already; wait for its end");
        return;
    }
    enum status st = may_make(n, out, q->with_keys, &err);
    if (st == ST_OK)
        st = backup_make(n->store, n->dir, n->cfg.partner, out, q->with_keys, stopping, n, &a, &i, &err);
    atomic_store(&n->backing_up, false);
    if (st != ST_OK) {
        log_put(LOG_WARN, "no backup: %s", err.text);
        server_refuse(j->call, st, err.text);
        return;
    }
    log_put(LOG_INFO, "backup of block %" PRIu64 " in %s%s", i.height, out, i.keys ? ", with keys" : "");
    struct rpc_backup_reply r = {.height = i.height,
                                 .size = i.size,
                                 .root = i.root,
                                 .state_root = i.state_root,
                                 .bytes = i.bytes,
                                 .records = i.records,
                                 .time_ms = i.time_ms};
    server_answer(j->call, &r);
}
