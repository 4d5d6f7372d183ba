/* Founding, and the vote journal: which directory may vote. */
#include <unistd.h>
#include "node/internal.h"

static enum status read_row(struct node *n, const char *name, struct arena *a, struct span *ret, struct err *err)
{
    struct view v;
    struct span value;
    enum status st = store_read_begin(n->store, &v, err);
    if (st != ST_OK)
        return st;
    st = view_get(&v, TABLE_NODE, span_str(name), &value);
    if (st == ST_OK)
        *ret = arena_dup(a, value);
    else if (st != ST_NOTFOUND)
        st = err_set(err, st, "the store's row %s cannot be read; run ententd doctor", name);
    store_read_end(n->store, &v);
    return st;
}

enum status found_genesis(struct node *n, struct arena *a, struct genesis_info *ret_info, struct err *err)
{
    struct span file;
    enum status st = read_row(n, "genesis", a, &file, err);
    return st == ST_OK ? genesis_read(file, true, a, ret_info, err) : st;
}

/* The genesis must hold this node's own card, with these very keys. */
static enum status own_card(const struct node *n, const struct genesis_info *g, struct err *err)
{
    const struct card *c = genesis_card(g, n->cfg.partner);
    if (c == NULL)
        return err_set(err, ST_MISMATCH, "the alliance has no party %.*s, which node.yaml names as this node's organisation",
                       SPAN_FMT(n->cfg.partner));
    if (!hash_eq(&c->node.vote, &n->keys.vote->pub) || !hash_eq(&c->node.node, &n->keys.node->pub) ||
        !hash_eq(&c->node.cosign, &n->keys.cosign->pub) || !hash_eq(&c->node.log, &n->keys.log->pub) ||
        !span_eq(c->node.tls, span_of(n->tls->cert, n->tls->cert_n)))
        return err_set(err, ST_MISMATCH, "the alliance's card of %.*s was made by another node: its keys are not those in %s",
                       SPAN_FMT(n->cfg.partner), n->dir);
    return ST_OK;
}

enum status found_if_new(struct node *n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct genesis_info g;
    struct span file;
    enum status st = found_genesis(n, &a, &g, err);
    if (st == ST_NOTFOUND) {
        const char *path = file_join(&a, n->dir, "alliance.genesis");
        st = file_read(path, LIMIT_GENESIS_BYTES, &a, &file, err);
        if (st == ST_NOTFOUND)
            return err_set(err, st, "%s holds no alliance yet. Found one: entente alliance found FILE.genesis --node %s", n->dir, n->dir);
        if (st == ST_OK)
            st = genesis_read(file, true, &a, &g, err);
        if (st != ST_OK)
            return err_wrap(err, st, "%s: ", path);
        st = own_card(n, &g, err);
        if (st == ST_OK)
            st = replica_found(n->store, &g, err);
        if (st == ST_OK)
            log_put(LOG_INFO, "founded alliance %.*s, %s", SPAN_FMT(g.name), hex_of(&g.alliance).s);
    } else if (st == ST_OK) {
        st = own_card(n, &g, err);
    }
    if (st != ST_OK)
        return st;
    n->alliance = g.alliance;
    n->name = arena_dup(&n->a, g.name);
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(g.origin), hex_of(&g.alliance).s);
    n->origin = arena_dup(&n->a, buf_span(&b));
    return ST_OK;
}

static enum status put_incarnation(struct node *n, const struct hash *h, struct err *err)
{
    struct store_txn *t;
    enum status st = store_begin(n->store, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(n->store, t, TABLE_NODE, span_str("incarnation"), span_hash(h), err);
    if (st != ST_OK) {
        store_abort(n->store, t);
        return st;
    }
    return store_commit(n->store, t, err);
}

static enum status create_journal(struct node *n, const char *path, struct journal_identity *id, struct err *err)
{
    /* No incarnation in the store: no vote was ever signed with this journal. */
    (void)unlink(path);
    enum status st = store_disk_open(path, true, &n->disk, err);
    if (st == ST_OK)
        st = store_disk_machine(&n->disk, "/etc/machine-id", &id->machine, err);
    rng_fill(&rng_system, id->incarnation.b, sizeof id->incarnation.b);
    if (st == ST_OK)
        st = journal_create(&n->disk, id, err);
    return st == ST_OK ? put_incarnation(n, &id->incarnation, err) : st;
}

/* A journal that is missing, or not this directory's, means no votes; the node then follows and says why. */
enum status found_open_journal(struct node *n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 16);
    struct journal_identity id = {.alliance = n->alliance};
    const char *path = file_join(&a, n->dir, "votes.journal");
    struct span row;
    enum status st = read_row(n, "incarnation", &a, &row, err);
    if (st == ST_NOTFOUND) {
        st = create_journal(n, path, &id, err);
    } else if (st == ST_OK) {
        ASSERT(row.n == sizeof id.incarnation.b);
        memcpy(id.incarnation.b, row.p, row.n);
        st = store_disk_open(path, false, &n->disk, err);
        if (st == ST_OK)
            st = store_disk_machine(&n->disk, "/etc/machine-id", &id.machine, err);
    }
    if (st == ST_OK)
        st = journal_open(&n->disk, &id, &n->journal, err);
    if (st == ST_NOTFOUND || st == ST_MISMATCH || st == ST_CORRUPT) {
        (void)snprintf(n->no_votes, sizeof n->no_votes, "%.480s", err->text);
        log_put(LOG_ERROR, "this node does not vote: %s", err->text);
        n->journal = NULL;
        return ST_OK;
    }
    return st;
}
