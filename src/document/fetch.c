#include "document/fetch.h"

enum { NO_PEER = -1 };

struct peer {
    uint8_t org[64];
    size_t org_n;
    bool up, gives;
    uint64_t shun_until_ms;
    uint64_t open; /* questions that it has not answered; one asked on an older link may be answered on a newer */
    uint64_t asked, came, faults;
    char fault[256];
};

struct wanted {
    struct hash digest;
    int first; /* peer, or NO_PEER */
    uint64_t due_ms, pause_ms;
    uint64_t size;             /* as a node said last; 0: none did */
    enum document_state state; /* why it is not here */
    bool alone;                /* bytes of several nodes made a wrong one: now of one only */
    bool active;
    /* Where it was when others had their turn; peer: NO_PEER, or whom it goes on with. */
    struct {
        int peer;
        uint64_t offset, size;
        bool sole;
    } left;
};

/* One that is being fetched. */
struct slot {
    bool used;
    struct hash digest;
    int peer;
    uint64_t offset, size; /* size: as this peer said; 0: it did not yet */
    uint64_t asked_at_ms, begun_at_ms;
    bool sole; /* every byte so far is of this peer */
    uint64_t tried[FETCH_PEERS / 64];
};

struct fetch {
    struct fetch_ops ops;
    struct peer peers[FETCH_PEERS];
    size_t n_peers, turn;
    struct wanted *wanted; /* in no order */
    size_t n, cap, cursor, group;
    uint64_t due_ms; /* none is due before */
    struct slot slots[LIMIT_DOCUMENT_FETCHES];
};

struct fetch *fetch_new(const struct fetch_ops *ops)
{
    struct fetch *f = calloc(1, sizeof *f);
    ASSERT(f != NULL);
    f->ops = *ops;
    return f;
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    free(f->wanted);
    free(f);
}

static struct span org_of(const struct peer *p)
{
    return span_of(p->org, p->org_n);
}

static int find_peer(const struct fetch *f, struct span org)
{
    for (size_t i = 0; i < f->n_peers; i++)
        if (span_eq(org_of(&f->peers[i]), org))
            return (int)i;
    return NO_PEER;
}

static struct wanted *find_wanted(const struct fetch *f, const struct hash *digest)
{
    for (size_t i = 0; i < f->n; i++)
        if (hash_eq(&f->wanted[i].digest, digest))
            return &f->wanted[i];
    return NULL;
}

static struct slot *find_slot(struct fetch *f, const struct hash *digest)
{
    for (size_t i = 0; i < LIMIT_DOCUMENT_FETCHES; i++)
        if (f->slots[i].used && hash_eq(&f->slots[i].digest, digest))
            return &f->slots[i];
    return NULL;
}

static void due(struct fetch *f, uint64_t at_ms)
{
    if (at_ms < f->due_ms)
        f->due_ms = at_ms;
}

/* -- Of whom -- */

static bool can_ask(const struct fetch *f, const struct slot *s, int i, uint64_t now_ms)
{
    const struct peer *p = &f->peers[i];
    return p->up && p->gives && now_ms >= p->shun_until_ms && (s->tried[i / 64] >> (i % 64) & 1) == 0;
}

static int choose(struct fetch *f, const struct slot *s, int first, uint64_t now_ms)
{
    if (first != NO_PEER && can_ask(f, s, first, now_ms))
        return first;
    for (size_t k = 0; k < f->n_peers; k++) {
        int i = (int)((f->turn + k) % f->n_peers);
        if (can_ask(f, s, i, now_ms)) {
            f->turn = ((size_t)i + 1) % f->n_peers;
            return i;
        }
    }
    return NO_PEER;
}

static void ask(struct fetch *f, struct slot *s, uint64_t now_ms)
{
    struct peer *p = &f->peers[s->peer];
    s->asked_at_ms = now_ms;
    p->asked++;
    p->open++;
    f->ops.ask(f->ops.ctx, org_of(p), &s->digest, s->offset);
}

/* Nobody within reach has it, or there is no room: later again, and ever later. */
static void give_up(struct fetch *f, struct slot *s, struct wanted *w, uint64_t now_ms)
{
    w->pause_ms = w->pause_ms == 0 ? FETCH_AGAIN_MS : 2 * w->pause_ms;
    if (w->pause_ms > FETCH_AGAIN_MAX_MS)
        w->pause_ms = FETCH_AGAIN_MAX_MS;
    w->due_ms = now_ms + w->pause_ms;
    w->active = false;
    s->used = false;
    due(f, w->due_ms);
}

static void next_peer(struct fetch *f, struct slot *s, struct wanted *w, uint64_t now_ms)
{
    if (s->peer != NO_PEER)
        s->tried[s->peer / 64] |= UINT64_C(1) << (s->peer % 64);
    s->peer = choose(f, s, w->first, now_ms);
    if (s->peer == NO_PEER) {
        give_up(f, s, w, now_ms);
        return;
    }
    if (w->alone && s->offset > 0) {
        f->ops.restart(f->ops.ctx, &s->digest);
        s->offset = 0;
    }
    s->size = 0;
    s->sole = s->offset == 0;
    ask(f, s, now_ms);
}

static void begin(struct fetch *f, struct slot *s, struct wanted *w, uint64_t now_ms)
{
    *s = (struct slot){.used = true,
                       .digest = w->digest,
                       .peer = NO_PEER,
                       .offset = f->ops.have(f->ops.ctx, &w->digest),
                       .begun_at_ms = now_ms};
    int peer = w->left.peer;
    w->active = true;
    w->state = DOCUMENT_ABSENT;
    w->left.peer = NO_PEER;
    if (peer != NO_PEER && w->left.offset == s->offset && can_ask(f, s, peer, now_ms)) {
        s->peer = peer;
        s->size = w->left.size;
        s->sole = w->left.sole;
        ask(f, s, now_ms);
    } else {
        next_peer(f, s, w, now_ms);
    }
}

static bool others_wait(const struct fetch *f, uint64_t now_ms)
{
    for (size_t i = 0; i < f->n; i++)
        if (!f->wanted[i].active && f->wanted[i].due_ms <= now_ms)
            return true;
    return false;
}

/* Its time is over, and others wait. */
static void leave(struct fetch *f, struct slot *s, struct wanted *w, uint64_t now_ms)
{
    w->left.peer = s->peer;
    w->left.offset = s->offset;
    w->left.size = s->size;
    w->left.sole = s->sole;
    w->active = false;
    w->due_ms = now_ms;
    s->used = false;
    due(f, now_ms);
}

static void blame(struct fetch *f, int peer, const char *text, uint64_t now_ms)
{
    struct peer *p = &f->peers[peer];
    uint64_t shift = p->faults < 6 ? p->faults : 6;
    p->faults++;
    p->shun_until_ms = now_ms + ((uint64_t)FETCH_SHUN_MS << shift);
    (void)snprintf(p->fault, sizeof p->fault, "%s", text);
    f->ops.fault(f->ops.ctx, org_of(p), text);
}

/* -- What comes in -- */

void fetch_peer(struct fetch *f, struct span org, bool up, bool gives, uint64_t now_ms)
{
    int i = find_peer(f, org);
    if (i == NO_PEER) {
        if (f->n_peers == FETCH_PEERS || org.n > sizeof f->peers[0].org)
            return;
        i = (int)f->n_peers++;
        memcpy(f->peers[i].org, org.p, org.n);
        f->peers[i].org_n = org.n;
    }
    struct peer *p = &f->peers[i];
    bool was = p->up && p->gives, is = up && gives;
    p->up = up;
    p->gives = gives;
    for (size_t k = 0; !was && is && k < LIMIT_DOCUMENT_FETCHES; k++)
        f->slots[k].tried[i / 64] &= ~(UINT64_C(1) << (i % 64));
    if (!was && is) { /* it may have what others had not */
        for (size_t k = 0; k < f->n; k++)
            if (!f->wanted[k].active)
                f->wanted[k].due_ms = now_ms;
        due(f, now_ms);
    }
    for (size_t k = 0; was && !is && k < LIMIT_DOCUMENT_FETCHES; k++) {
        struct slot *s = &f->slots[k];
        if (s->used && s->peer == i)
            next_peer(f, s, find_wanted(f, &s->digest), now_ms);
    }
}

void fetch_want(struct fetch *f, const struct hash *digest, struct span first, uint64_t now_ms)
{
    struct wanted *w = find_wanted(f, digest);
    if (w == NULL) {
        if (f->n == f->cap) {
            size_t cap = f->cap == 0 ? 16 : 2 * f->cap;
            struct wanted *more = reallocarray(f->wanted, cap, sizeof *more);
            ASSERT(more != NULL);
            f->wanted = more;
            f->cap = cap;
        }
        w = &f->wanted[f->n++];
        *w = (struct wanted){.digest = *digest, .first = NO_PEER, .state = DOCUMENT_ABSENT, .left.peer = NO_PEER};
    }
    int i = find_peer(f, first);
    if (i != NO_PEER)
        w->first = i;
    if (!w->active) {
        w->due_ms = now_ms;
        w->pause_ms = 0;
        due(f, now_ms);
    }
}

void fetch_drop(struct fetch *f, const struct hash *digest)
{
    struct wanted *w = find_wanted(f, digest);
    struct slot *s = find_slot(f, digest);
    if (s != NULL)
        s->used = false;
    if (w != NULL)
        *w = f->wanted[--f->n];
}

/* An answer may come late, however late: when this machine slept, say. More answers than questions are none. */
static bool is_asked(struct fetch *f, int peer, uint64_t now_ms)
{
    struct peer *p = &f->peers[peer];
    if (p->open > 0) {
        p->open--;
        return true;
    }
    blame(f, peer, "it sent a chunk of a document that it was not asked for", now_ms);
    return false;
}

/* Is it the answer to what was asked? Else words. */
static bool is_answer(const struct slot *s, const struct msg_document_chunk *m, char why[160])
{
    uint64_t left = m->size > m->offset ? m->size - m->offset : 0;
    uint64_t expected = left < LIMIT_DOCUMENT_CHUNK_BYTES ? left : LIMIT_DOCUMENT_CHUNK_BYTES;
    if (s->size != 0 && m->size != s->size)
        (void)snprintf(why, 160, "it said that a document has %" PRIu64 " bytes, and then %" PRIu64, s->size, m->size);
    else if (m->bytes.n != expected)
        (void)snprintf(why, 160, "a chunk at %" PRIu64 " of a document of %" PRIu64 " bytes has %zu bytes; %" PRIu64 " were expected",
                       m->offset, m->size, m->bytes.n, expected);
    else
        return true;
    return false;
}

/* What is here already is no beginning of the document: it goes beyond its end (DOC-8). */
static bool is_longer_here(const struct slot *s, const struct msg_document_chunk *m)
{
    return s->size == 0 && m->offset == 0 && s->offset >= m->size;
}

static void complete(struct fetch *f, struct slot *s, struct wanted *w, uint64_t now_ms)
{
    enum status st = f->ops.finish(f->ops.ctx, &s->digest);
    if (st == ST_OK) {
        struct hash digest = s->digest;
        fetch_drop(f, &digest);
        return;
    }
    if (st != ST_MISMATCH) {
        w->state = DOCUMENT_NO_ROOM;
        give_up(f, s, w, now_ms);
        return;
    }
    s->offset = 0;
    if (s->sole) { /* DOC-9 */
        blame(f, s->peer, "the document that it gave has another SHA-256; it lies, or its disk is damaged", now_ms);
    } else {
        w->alone = true;
        memset(s->tried, 0, sizeof s->tried);
        s->peer = NO_PEER;
    }
    next_peer(f, s, w, now_ms);
}

static void took(struct fetch *f, struct slot *s, struct wanted *w, const struct msg_document_chunk *m, uint64_t now_ms)
{
    enum status st = f->ops.take(f->ops.ctx, &s->digest, m->size, m->offset, m->bytes);
    if (st == ST_OK) {
        w->pause_ms = 0;
        s->offset += m->bytes.n;
        if (s->offset == m->size)
            complete(f, s, w, now_ms);
        else if (now_ms >= s->begun_at_ms + FETCH_SLICE_MS && others_wait(f, now_ms))
            leave(f, s, w, now_ms);
        else
            ask(f, s, now_ms);
    } else if (st == ST_RANGE) { /* somebody else added to it meanwhile */
        s->offset = f->ops.have(f->ops.ctx, &s->digest);
        s->sole = false;
        ask(f, s, now_ms);
    } else if (st == ST_EXISTS) { /* it is whole by another way */
        struct hash digest = s->digest;
        fetch_drop(f, &digest);
    } else if (st == ST_LIMIT) { /* by this node's word: others may say less */
        w->state = DOCUMENT_TOO_LARGE;
        next_peer(f, s, w, now_ms);
    } else {
        w->state = DOCUMENT_NO_ROOM;
        give_up(f, s, w, now_ms);
    }
}

void fetch_chunk(struct fetch *f, struct span org, const struct msg_document_chunk *m, uint64_t now_ms)
{
    char why[160];
    int peer = find_peer(f, org);
    struct slot *s = find_slot(f, &m->digest);
    if (peer == NO_PEER || !is_asked(f, peer, now_ms))
        return;
    f->peers[peer].came++;
    if (s != NULL && s->peer == peer && is_longer_here(s, m)) {
        f->ops.restart(f->ops.ctx, &m->digest);
        s->offset = 0;
        s->sole = true;
    }
    if (s == NULL || s->peer != peer || m->offset != s->offset)
        return; /* late */
    struct wanted *w = find_wanted(f, &m->digest);
    ASSERT(w != NULL);
    if (!is_answer(s, m, why)) {
        blame(f, peer, why, now_ms);
        next_peer(f, s, w, now_ms);
        return;
    }
    s->size = w->size = m->size;
    took(f, s, w, m, now_ms);
}

void fetch_none(struct fetch *f, struct span org, const struct hash *digest, uint64_t now_ms)
{
    int peer = find_peer(f, org);
    struct slot *s = find_slot(f, digest);
    if (peer != NO_PEER && f->peers[peer].open > 0)
        f->peers[peer].open--;
    if (peer == NO_PEER || s == NULL || s->peer != peer)
        return;
    struct wanted *w = find_wanted(f, digest);
    ASSERT(w != NULL);
    next_peer(f, s, w, now_ms);
}

void fetch_blame(struct fetch *f, struct span org, const char *text, uint64_t now_ms)
{
    int peer = find_peer(f, org);
    if (peer != NO_PEER)
        blame(f, peer, text, now_ms);
}

static struct slot *free_slot(struct fetch *f)
{
    for (size_t i = 0; i < LIMIT_DOCUMENT_FETCHES; i++)
        if (!f->slots[i].used)
            return &f->slots[i];
    return NULL;
}

/* Can anybody be asked for anything? Else *ret_at_ms is when somebody can, if no link comes up before. */
static bool anybody(const struct fetch *f, uint64_t now_ms, uint64_t *ret_at_ms)
{
    *ret_at_ms = UINT64_MAX;
    for (size_t i = 0; i < f->n_peers; i++) {
        const struct peer *p = &f->peers[i];
        if (p->up && p->gives && now_ms >= p->shun_until_ms)
            return true;
        if (p->up && p->gives && p->shun_until_ms < *ret_at_ms)
            *ret_at_ms = p->shun_until_ms;
    }
    return false;
}

/* One that is due: of the organisation whose turn it is, the next. NULL: none is, and f->due_ms says when one will be. */
static struct wanted *next_due(struct fetch *f, uint64_t now_ms)
{
    enum { GROUPS = FETCH_PEERS + 1 }; /* the last: of organisations without a link so far */
    size_t of[GROUPS] = {0};           /* 1 + place; 0: none */
    f->due_ms = UINT64_MAX;
    for (size_t k = 0; k < f->n; k++) {
        size_t i = (f->cursor + k) % f->n;
        const struct wanted *w = &f->wanted[i];
        size_t group = w->first == NO_PEER ? FETCH_PEERS : (size_t)w->first;
        if (!w->active && w->due_ms > now_ms)
            due(f, w->due_ms);
        else if (!w->active && of[group] == 0)
            of[group] = i + 1;
    }
    for (size_t k = 0; k < GROUPS; k++) {
        size_t group = (f->group + k) % GROUPS;
        if (of[group] == 0)
            continue;
        f->group = group + 1;
        f->cursor = of[group] % f->n;
        f->due_ms = 0; /* others may be due, too */
        return &f->wanted[of[group] - 1];
    }
    return NULL;
}

/* Starts what is due while there is a slot, and somebody to ask. When somebody can be asked again at the earliest, if now
 * nobody can. */
static uint64_t begin_due(struct fetch *f, uint64_t now_ms)
{
    uint64_t later;
    struct slot *s;
    struct wanted *w;
    if (now_ms < f->due_ms || f->n == 0)
        return UINT64_MAX;
    if (!anybody(f, now_ms, &later))
        return later;
    while ((s = free_slot(f)) != NULL && (w = next_due(f, now_ms)) != NULL)
        begin(f, s, w, now_ms);
    return UINT64_MAX;
}

void fetch_tick(struct fetch *f, uint64_t now_ms, uint64_t *ret_next_ms)
{
    for (size_t i = 0; i < LIMIT_DOCUMENT_FETCHES; i++) {
        struct slot *s = &f->slots[i];
        if (s->used && now_ms >= s->asked_at_ms + FETCH_WAIT_MS)
            next_peer(f, s, find_wanted(f, &s->digest), now_ms);
    }
    uint64_t later = begin_due(f, now_ms);
    uint64_t next = free_slot(f) == NULL || f->n == 0 ? UINT64_MAX : f->due_ms > now_ms ? f->due_ms : later;
    for (size_t i = 0; i < LIMIT_DOCUMENT_FETCHES; i++)
        if (f->slots[i].used && f->slots[i].asked_at_ms + FETCH_WAIT_MS < next)
            next = f->slots[i].asked_at_ms + FETCH_WAIT_MS;
    *ret_next_ms = next;
}

/* -- Looking -- */

size_t fetch_wanted(const struct fetch *f)
{
    return f->n;
}

bool fetch_look(const struct fetch *f, const struct hash *digest, uint64_t *ret_size, enum document_state *ret_state)
{
    const struct wanted *w = find_wanted(f, digest);
    if (w == NULL)
        return false;
    *ret_size = w->size;
    *ret_state = w->state;
    return true;
}

bool fetch_peer_status(const struct fetch *f, size_t i, struct fetch_peer_status *ret)
{
    if (i >= f->n_peers)
        return false;
    const struct peer *p = &f->peers[i];
    *ret = (struct fetch_peer_status){.org = org_of(p), .asked = p->asked, .came = p->came, .faults = p->faults};
    memcpy(ret->fault, p->fault, sizeof ret->fault);
    return true;
}

const char *fetch_check(const struct fetch *f)
{
    size_t active = 0, used = 0;
    for (size_t i = 0; i < f->n; i++) {
        active += f->wanted[i].active;
        if (!f->wanted[i].active && f->wanted[i].due_ms < f->due_ms)
            return "a document is due before the time that was noted";
    }
    for (size_t i = 0; i < LIMIT_DOCUMENT_FETCHES; i++) {
        const struct slot *s = &f->slots[i];
        if (!s->used)
            continue;
        used++;
        const struct wanted *w = find_wanted(f, &s->digest);
        if (w == NULL || !w->active)
            return "what is fetched is not wanted";
        if (s->peer < 0 || (size_t)s->peer >= f->n_peers || !f->peers[s->peer].up || !f->peers[s->peer].gives)
            return "a node is asked that cannot answer";
    }
    return active == used ? NULL : "what is said to be fetched is not";
}
