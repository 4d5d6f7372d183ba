/* Questions about documents, on their thread. */
#include "node/documents.h"

static void refuse(struct job *j, enum status st, const struct err *err)
{
    server_refuse(j->call, st, err->text);
}

static void state_of(const struct documents *d, const struct hash *digest, struct rpc_document_state *ret)
{
    const struct keep_doc *doc = keep_find(d->keep, digest);
    const struct named_doc *named = named_find(d->named, digest);
    struct rpc_document_state r = {.digest = *digest, .state = DOCUMENT_ABSENT};
    uint64_t size = 0;
    (void)fetch_look(d->fetch, digest, &size, &r.state);
    if (doc != NULL && doc->form == KEEP_WHOLE) {
        r.state = DOCUMENT_HERE;
        size = r.have = doc->size;
    } else if (doc != NULL) {
        r.have = doc->size;
        if (doc->damaged)
            r.state = DOCUMENT_DAMAGED;
        else if (r.state == DOCUMENT_ABSENT)
            r.state = DOCUMENT_PARTIAL;
    }
    if (size > 0) {
        r.size = size;
        SET_HAS(&r, rpc_document_state_key_size);
    }
    if (named != NULL) {
        r.leaf = named->leaf;
        r.org = named->org;
        SET_HAS(&r, rpc_document_state_key_leaf);
        SET_HAS(&r, rpc_document_state_key_org);
    }
    *ret = r;
}

static void ask_state(struct documents *d, struct job *j)
{
    struct rpc_document_state r;
    state_of(d, &((const struct rpc_document *)j->request)->digest, &r);
    server_answer(j->call, &r);
}

/* DOC-4, DOC-5. */
static enum status put(struct documents *d, const struct rpc_document_put *q, struct err *err)
{
    if (!d->keeps)
        return err_set(err, ST_UNSUPPORTED,
                       "the node of %.*s keeps no documents: only those of partners do. Attach it at a partner's node, or name it "
                       "with --document",
                       SPAN_FMT(d->n->cfg.partner));
    if (documents_has(d, &q->digest))
        return ST_OK;
    bool named = named_find(d->named, &q->digest) != NULL; /* then whoever hands it in here decides about the room here */
    enum status st = named || q->offset > 0 ? ST_OK : documents_room(d, &q->digest, q->size, err);
    if (st == ST_OK)
        st = keep_add(d->keep, &q->digest, q->size, q->offset, q->bytes, err);
    if (st != ST_OK || q->offset + q->bytes.n < q->size)
        return st;
    st = keep_finish(d->keep, &q->digest, clock_wall_ms(&clock_system), err);
    if (st == ST_OK)
        fetch_drop(d->fetch, &q->digest);
    return st;
}

static void ask_put(struct documents *d, struct job *j)
{
    const struct rpc_document_put *q = j->request;
    struct rpc_document_state r;
    struct err err;
    enum status st = put(d, q, &err);
    if (st != ST_OK) {
        refuse(j, st, &err);
        return;
    }
    state_of(d, &q->digest, &r);
    server_answer(j->call, &r);
}

/* Why it cannot be read here. */
static enum status not_here(const struct documents *d, const struct hash *digest, struct err *err)
{
    struct rpc_document_state r;
    struct span own = d->n->cfg.partner;
    state_of(d, digest, &r);
    char text[17];
    (void)snprintf(text, sizeof text, "%.16s", hex_of(digest).s);
    if (!d->keeps)
        return err_set(err, ST_NOTFOUND, "document %s... is not here: the node of %.*s keeps none. Ask a partner's node", text,
                       SPAN_FMT(own));
    if (!HAS(&r, rpc_document_state_key_leaf))
        return err_set(err, ST_NOTFOUND, "document %s... is not here, and no entry on the record names it", text);
    if (r.state == DOCUMENT_PARTIAL && HAS(&r, rpc_document_state_key_size))
        return err_set(err, ST_NOTFOUND, "document %s... is not here yet: %" PRIu64 " of %" PRIu64 " bytes came so far", text, r.have,
                       r.size);
    if (r.state == DOCUMENT_TOO_LARGE || r.state == DOCUMENT_NO_ROOM)
        return err_set(err, ST_NOTFOUND, "document %s... is not here: %.500s", text,
                       d->problem[0] != 0 ? d->problem : enum_text(&document_state_enum, r.state));
    return err_set(err, ST_NOTFOUND,
                   "document %s... is not here: an entry of %.*s names it (leaf %" PRIu64 "), and no node within reach has given it. "
                   "Whoever has the file can hand it in: entente document add FILE",
                   text, SPAN_FMT(r.org), r.leaf);
}

static enum status read_chunk(struct documents *d, const struct rpc_document_read *q, uint8_t *p, size_t *ret_n, struct err *err)
{
    struct err why;
    if (!documents_has(d, &q->digest))
        return not_here(d, &q->digest, err);
    enum status st = q->offset > 0 ? ST_OK : keep_check(d->keep, &q->digest, clock_wall_ms(&clock_system), &why);
    if (st == ST_CORRUPT) {
        log_put(LOG_ERROR, "%s", why.text);
        documents_want(d, &q->digest);
        bool named = named_find(d->named, &q->digest) != NULL;
        return err_set(err, st, "%.700s. %s", why.text,
                       named ? "It is fetched again from the partners that have it: ask again soon"
                             : "No entry names it yet: attach it again");
    }
    return st == ST_OK ? keep_read(d->keep, &q->digest, q->offset, p, LIMIT_DOCUMENT_PUT_BYTES, ret_n, err) : st;
}

static void ask_read(struct documents *d, struct job *j)
{
    const struct rpc_document_read *q = j->request;
    struct err err;
    size_t n = 0;
    uint8_t *bytes = malloc(LIMIT_DOCUMENT_PUT_BYTES);
    ASSERT(bytes != NULL);
    enum status st = read_chunk(d, q, bytes, &n, &err);
    if (st != ST_OK) {
        refuse(j, st, &err);
    } else {
        struct rpc_document_chunk r = {.size = keep_find(d->keep, &q->digest)->size, .bytes = span_of(bytes, n)};
        server_answer(j->call, &r);
    }
    free(bytes);
}

static void ask_list(struct documents *d, struct job *j)
{
    const struct rpc_range *q = j->request;
    struct arena a CLEANUP(arena_deinit);
    struct rpc_documents_reply r = {.named = named_count(d->named)};
    arena_init(&a, 0);
    r.list.v = arena_array(&a, q->count, sizeof *r.list.v);
    ASSERT(r.list.v != NULL);
    for (uint64_t i = q->from; i < r.named && r.list.n < q->count; i++)
        state_of(d, &named_at(d->named, i)->digest, &r.list.v[r.list.n++]);
    server_answer(j->call, &r);
}

static void count(const struct documents *d, struct rpc_document_status *r)
{
    const struct keep_doc *doc;
    for (size_t i = 0; (doc = keep_at(d->keep, i)) != NULL; i++) {
        bool named = named_find(d->named, &doc->digest) != NULL;
        r->here += doc->form == KEEP_WHOLE && named;
        r->unnamed += doc->form == KEEP_WHOLE && !named;
        r->parts += doc->form == KEEP_PART;
        r->damaged += doc->damaged;
    }
}

static int compare_peers(const void *x, const void *y)
{
    return span_cmp(((const struct rpc_document_peer *)x)->org, ((const struct rpc_document_peer *)y)->org);
}

static void ask_status(struct documents *d, struct job *j)
{
    struct fetch_peer_status p[FETCH_PEERS];
    struct rpc_document_peer peers[FETCH_PEERS];
    struct rpc_document_status r = {.keeps = d->keeps,
                                    .leaves = named_leaves(d->named),
                                    .named = named_count(d->named),
                                    .bytes = keep_bytes(d->keep),
                                    .most = d->n->cfg.documents_bytes,
                                    .largest = d->n->cfg.document_bytes,
                                    .peers = {0, peers}};
    count(d, &r);
    for (size_t i = 0; i < FETCH_PEERS && fetch_peer_status(d->fetch, i, &p[i]); i++) {
        struct rpc_document_peer *o = &peers[r.peers.n++];
        *o = (struct rpc_document_peer){.org = p[i].org,
                                        .asked = p[i].asked,
                                        .came = p[i].came,
                                        .served = serve_count(&d->serve, p[i].org),
                                        .faults = p[i].faults};
        if (p[i].fault[0] != 0) {
            o->fault = span_str(p[i].fault);
            SET_HAS(o, rpc_document_peer_key_fault);
        }
    }
    qsort(peers, r.peers.n, sizeof *peers, compare_peers);
    if (d->problem[0] != 0) {
        r.problem = span_str(d->problem);
        SET_HAS(&r, rpc_document_status_key_problem);
    }
    server_answer(j->call, &r);
}

void ask_documents(struct documents *d, struct job *j)
{
    if (d->keep == NULL)
        server_refuse(j->call, ST_IO, d->problem);
    else if (j->method == METHOD_document)
        ask_state(d, j);
    else if (j->method == METHOD_document_put)
        ask_put(d, j);
    else if (j->method == METHOD_document_read)
        ask_read(d, j);
    else if (j->method == METHOD_documents)
        ask_list(d, j);
    else
        ask_status(d, j);
}
