/* Founding, and the vote journal: which directory may vote. */
#include <unistd.h>
#include "ledger/rows.h"
#include "node/internal.h"
#include "node/rekey.h"
#include "recovery/marks.h"

static const char refetch[] = "Check the disk; then move store/ aside and start again: the node fetches the ledger from its partners, and does not vote";

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
        st = store_explain(n->store, &v, st, err);
    store_read_end(n->store, &v);
    return st;
}

enum status found_genesis(struct node *n, struct arena *a, struct genesis_info *ret_info, struct err *err)
{
    struct span file;
    enum status st = read_row(n, "genesis", a, &file, err);
    return st == ST_OK ? genesis_read(file, true, a, ret_info, err) : st;
}

static enum status other_key(const struct node *n, const char *file, const char *expected, const char *seen, struct err *err)
{
    return err_set(err, ST_MISMATCH,
                   "%s/%s is not of the node that made the alliance's card of %.*s: the card names %s, here is %s. Put back the file that the "
                   "card was made with",
                   n->dir, file, SPAN_FMT(n->cfg.partner), expected, seen);
}

/* A file in DIR says that the keys here came on the record after the founding, or are still to come: with an admission, a
 * replacement or a recovery. A node that fetches the ledger anew does not know them for a while. */
static const char later[] = "keys.later";

static bool has_later_keys(const struct node *n, struct arena *a)
{
    return access(file_join(a, n->dir, later), F_OK) == 0;
}

static enum status own_keys(const struct node *n, const struct node_keys *named, struct err *err)
{
    const struct {
        const char *file;
        const struct hash *expected, *seen;
    } keys[] = {{"keys/vote.key", &named->vote, &n->keys.vote->pub},
                {"keys/node.key", &named->node, &n->keys.node->pub},
                {"keys/cosign.key", &named->cosign, &n->keys.cosign->pub},
                {"keys/log.key", &named->log, &n->keys.log->pub}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (!hash_eq(keys[i].expected, keys[i].seen))
            return other_key(n, keys[i].file, hex_of(keys[i].expected).s, hex_of(keys[i].seen).s, err);
    struct span tls = span_of(n->tls->cert, n->tls->cert_n);
    return span_eq(named->tls, tls) ? ST_OK : other_key(n, "tls.crt", net_fingerprint(named->tls).s, net_fingerprint(tls).s, err);
}

static enum status no_party(const struct node *n, struct err *err)
{
    return err_set(err, ST_MISMATCH,
                   "the alliance has no party %.*s, which node.yaml names as this node's organisation. If it is to be admitted: entente "
                   "alliance join FILE.genesis --node %s",
                   SPAN_FMT(n->cfg.partner), n->dir);
}

/* At the founding: the genesis holds this node's own card, with these very keys. */
static enum status own_card(const struct node *n, const struct genesis_info *g, struct arena *a, struct err *err)
{
    const struct card *c = genesis_card(g, n->cfg.partner);
    if (has_later_keys(n, a))
        return ST_OK;
    return c == NULL ? no_party(n, err) : own_keys(n, &c->node, err);
}

/* What the newest block here says of its organisation. */
static enum status read_party(struct node *n, struct arena *a, struct state_party *ret_party, uint64_t *ret_height, struct err *err)
{
    struct view v;
    struct tip tip;
    enum status st = store_read_begin(n->store, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    if (st == ST_OK)
        st = replica_party(&v, n->cfg.partner, a, ret_party, err);
    store_read_end(n->store, &v);
    if (st == ST_OK)
        *ret_height = tip.height;
    return st;
}

/* Later: the record names them. */
static enum status own_party(struct node *n, struct arena *a, struct err *err)
{
    struct state_party p;
    if (has_later_keys(n, a))
        return ST_OK;
    struct span tip;
    if (read_row(n, "tip", a, &tip, err) == ST_NOTFOUND)
        return err_set(err, ST_CORRUPT, "%s/store has lost its record of the newest block: it is damaged. %s", n->dir, refetch);
    uint64_t height;
    enum status st = read_party(n, a, &p, &height, err);
    if (st == ST_NOTFOUND)
        return no_party(n, err);
    return st == ST_OK ? own_keys(n, &p.node, err) : st;
}

static enum status put_row(struct node *n, const char *name, struct span value, const char *gone, struct err *err)
{
    struct store_txn *t;
    enum status st = store_begin(n->store, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(n->store, t, TABLE_NODE, span_str(name), value, err);
    if (st == ST_OK && gone != NULL)
        st = store_del(n->store, t, TABLE_NODE, span_str(gone), err);
    if (st != ST_OK) {
        store_abort(n->store, t);
        return st;
    }
    return store_commit(n->store, t, err);
}

/* Rows of a vote key: "incarnation" of its journal, for good; "fresh" from when it is taken over until it has one. */
struct row_name {
    char s[96];
};

static struct row_name row_of(const char *what, const struct hash *key)
{
    struct row_name r;
    (void)snprintf(r.s, sizeof r.s, "%s/%s", what, hex_of(key).s);
    return r;
}

enum status found_take_keys(struct node *n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct state_party p;
    struct hash key;
    struct span row;
    bool due = false, vote = false;
    uint64_t height = 0;
    enum status st = read_party(n, &a, &p, &height, err);
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (st == ST_OK)
        st = rekey_due(n->dir, n->cfg.partner, &p.node, &due, &vote, &key, err);
    if (st != ST_OK || !due)
        return st;
    st = file_write(file_join(&a, n->dir, later), span_str("The keys here came on the record after the founding.\n"), 0600, true, err);
    if (st == ST_OK && vote && read_row(n, row_of("incarnation", &key).s, &a, &row, err) == ST_NOTFOUND)
        st = put_row(n, row_of("fresh", &key).s, span_str("1"), NULL, err);
    if (st == ST_OK)
        st = rekey_take(n->dir, n->cfg.partner, &p.node, height, err);
    if (st == ST_OK)
        log_put(LOG_INFO, "took over fresh keys that are on the record");
    return st;
}

/* Has this store been restored, and what is then said of the vote key that is here? */
static enum status read_marks(struct node *n, struct err *err)
{
    struct view v;
    enum status st = store_read_begin(n->store, &v, err);
    if (st != ST_OK)
        return st;
    st = marks_of(&v, &n->keys.vote->pub, &n->marks, n->no_votes, err);
    store_read_end(n->store, &v);
    return st;
}

enum status found_epoch(struct node *n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct span bytes, tip;
    arena_init(&a, 0);
    const char *path = file_join(&a, n->dir, "next.refounding");
    enum status st = read_row(n, "tip", &a, &tip, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    st = file_read(path, LIMIT_REFOUNDING_BYTES, &a, &bytes, err);
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (st == ST_OK)
        st = replica_refound(n->store, bytes, err);
    return st == ST_OK ? ST_OK : err_wrap(err, st, "%s: ", path);
}

enum status found_if_new(struct node *n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct genesis_info g;
    struct span file;
    enum status st = read_marks(n, err);
    if (st == ST_OK)
        st = found_genesis(n, &a, &g, err);
    if (st == ST_NOTFOUND) {
        const char *path = file_join(&a, n->dir, "alliance.genesis");
        st = file_read(path, LIMIT_GENESIS_BYTES, &a, &file, err);
        if (st == ST_NOTFOUND)
            return err_set(err, st, "%s holds no alliance yet. Found one: entente alliance found FILE.genesis --node %s", n->dir, n->dir);
        if (st == ST_OK)
            st = genesis_read(file, true, &a, &g, err);
        if (st != ST_OK)
            return err_wrap(err, st, "%s: ", path);
        st = own_card(n, &g, &a, err);
        if (st == ST_OK)
            st = replica_found(n->store, &g, err);
        if (st == ST_EXISTS)
            return err_set(err, ST_CORRUPT, "%s/store has lost its record of the founding: it is damaged. %s", n->dir, refetch);
        if (st == ST_OK)
            log_put(LOG_INFO, "founded alliance %.*s, %s", SPAN_FMT(g.name), hex_of(&g.alliance).s);
    } else if (st == ST_OK) {
        st = own_party(n, &a, err);
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

static const char dead[] = "Another copy may have signed with this vote key, so it is dead: this node follows and does not vote. Make a fresh vote "
                           "key and have your registrar admit it";

/* Nothing after its header: no vote was ever signed with it. */
static enum status is_unused(const struct disk_file *f, bool *ret_unused, struct err *err)
{
    uint8_t block[JOURNAL_BLOCK];
    uint64_t size = f->size(f->ctx);
    bool unused = true;
    enum status st = ST_OK;
    for (uint64_t at = 2 * sizeof block; st == ST_OK && unused && at + sizeof block <= size; at += sizeof block) {
        st = f->read(f->ctx, at, block, sizeof block, err);
        for (size_t i = 0; st == ST_OK && i < sizeof block; i++)
            unused = unused && block[i] == 0;
    }
    if (st == ST_OK)
        *ret_unused = unused;
    return st;
}

/* A creation was cut short before the store knew of it: the file goes. One that was used stays, whatever the store says: a
 * store that was fetched anew, or lost its row, must not make this node forget what it signed. */
static enum status drop_unused(const char *path, struct err *err)
{
    struct disk_file f;
    bool unused = false;
    enum status st = store_disk_open(path, false, &f, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    st = is_unused(&f, &unused, err);
    store_disk_close(&f);
    if (st == ST_OK && !unused)
        return err_set(err, ST_MISMATCH, "%s: the store beside it does not know this vote journal: the store was replaced, or is damaged. %s",
                       path, dead);
    if (st == ST_OK)
        (void)unlink(path);
    return st;
}

/* The store holds no incarnation for this vote key. That is as it should be at the founding, and when the key was just taken
 * over: what journal is there then is of the key before. */
static enum status create_journal(struct node *n, const char *path, struct journal_identity *id, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct view v;
    struct tip tip;
    struct span row;
    struct row_name mark = row_of("fresh", &n->keys.vote->pub);
    enum status st = store_read_begin(n->store, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    store_read_end(n->store, &v);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_IO, "%s/store has lost its record of the newest block: it is damaged. %s", n->dir, refetch);
    bool fresh = st == ST_OK && read_row(n, mark.s, &a, &row, err) == ST_OK;
    if (st == ST_OK && tip.height > 0 && !fresh)
        return err_set(err, ST_MISMATCH, "%s/store has lost its record of the vote journal: it is damaged. %s", n->dir, dead);
    if (fresh)
        (void)unlink(path);
    else if (st == ST_OK)
        st = drop_unused(path, err);
    if (st == ST_OK)
        st = store_disk_open(path, true, &n->disk, err);
    if (st == ST_OK)
        st = store_disk_machine(&n->disk, "/etc/machine-id", &id->machine, err);
    rng_fill(&rng_system, id->incarnation.b, sizeof id->incarnation.b);
    if (st == ST_OK)
        st = journal_create(&n->disk, id, err);
    return st == ST_OK ? put_row(n, row_of("incarnation", &n->keys.vote->pub).s, span_hash(&id->incarnation), mark.s, err) : st;
}

/* A journal that is missing, or not this directory's, means no votes; the node then follows and says why. */
enum status found_open_journal(struct node *n, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 16);
    struct journal_identity id = {.alliance = n->alliance};
    const char *path = file_join(&a, n->dir, "votes.journal");
    struct span row;
    if (n->marks != MARKS_NONE) {
        log_put(LOG_ERROR, "this node does not vote: %s", n->no_votes);
        return ST_OK;
    }
    enum status st = read_row(n, row_of("incarnation", &n->keys.vote->pub).s, &a, &row, err);
    if (st == ST_NOTFOUND) {
        st = create_journal(n, path, &id, err);
    } else if (st == ST_OK) {
        ASSERT(row.n == sizeof id.incarnation.b);
        memcpy(id.incarnation.b, row.p, row.n);
        st = store_disk_open(path, false, &n->disk, err);
        if (st == ST_NOTFOUND)
            (void)err_set(err, st, "%s: the vote journal is missing, so it cannot be known what this node has signed. %s", path, dead);
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
