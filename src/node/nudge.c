#include "node/nudge.h"
#include <stdlib.h>
#include "crypto/hash.h"

void nudge_settle(struct nudge_kept *k)
{
    for (struct nudge_kept *next; k->replaced != NULL; k->replaced = next) {
        next = k->replaced->replaced;
        free(k->replaced);
    }
}

static void free_kept(struct nudge_kept *k)
{
    nudge_settle(k);
    free(k);
}

void nudge_box_deinit(struct nudge_box *b)
{
    for (size_t i = 0; i < b->n; i++)
        free_kept(b->v[i]);
    b->n = 0;
}

struct span nudge_org_of(struct span seat)
{
    const uint8_t *slash = seat.n == 0 ? NULL : memchr(seat.p, '/', seat.n);
    return slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
}

enum status nudge_parse(struct span bytes, struct nudge *ret, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct nudge n;
    arena_init(&a, 4096);
    if (bytes.n > NUDGE_BYTES_MAX)
        return err_set(err, ST_RANGE, "a nudge of %zu bytes; at most %d are expected", bytes.n, NUDGE_BYTES_MAX);
    enum status st = codec_decode(&nudge_desc, bytes, &a, &n, err);
    if (st == ST_OK && HAS(&n, nudge_key_asked) && !span_eq(nudge_org_of(n.asked), n.org))
        st = err_set(err, ST_FORMAT, "%.*s is no seat of %.*s", SPAN_FMT(n.asked), SPAN_FMT(n.org));
    if (st == ST_OK)
        *ret = n;
    return st;
}

/* Do both reach one seat? */
static bool overlap(const struct nudge *x, const struct nudge *y)
{
    return !HAS(x, nudge_key_asked) || !HAS(y, nudge_key_asked) || span_eq(x->asked, y->asked);
}

static bool alike(const struct nudge *x, const struct nudge *y)
{
    return span_eq(x->seat, y->seat) && span_eq(x->subject, y->subject) && span_eq(x->org, y->org) && overlap(x, y);
}

/* A clock that was set back counts as no time. */
static bool within(uint64_t since_ms, uint64_t now_ms, uint64_t ms)
{
    return now_ms < since_ms || now_ms - since_ms < ms;
}

enum status nudge_may(const struct nudge_box *b, const struct nudge *n, const struct hash *id, bool got, uint64_t now_ms, struct err *err)
{
    size_t of_org = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct nudge_kept *k = b->v[i];
        if (k->got != got)
            continue;
        if (hash_eq(&k->id, id))
            return err_set(err, ST_EXISTS, "it is here already");
        if (alike(&k->is, n) && within(k->here_ms, now_ms, NUDGE_EVERY_MS))
            return err_set(err, ST_REFUSED, "%.*s was reminded of %.*s by %.*s at %s already; the next may go from %s on",
                           SPAN_FMT(HAS(&k->is, nudge_key_asked) ? k->is.asked : k->is.org), SPAN_FMT(n->subject), SPAN_FMT(n->seat),
                           time_utc(k->here_ms).s, time_utc(k->here_ms + NUDGE_EVERY_MS).s);
        of_org += got ? span_eq(nudge_org_of(k->is.seat), nudge_org_of(n->seat)) : span_eq(k->is.org, n->org);
    }
    if (of_org >= NUDGES_PER_ORG)
        return err_set(err, ST_REFUSED, "there are %d nudges %s %.*s already; no more until some of it is done", NUDGES_PER_ORG,
                       got ? "of" : "to", SPAN_FMT(got ? nudge_org_of(n->seat) : n->org));
    if (b->n + 1 > NUDGES_MAX)
        return err_set(err, ST_REFUSED, "the node keeps %d nudges already; no more until some of it is done", NUDGES_MAX);
    return ST_OK;
}

enum status nudge_may_own(const struct nudge_box *b, const struct nudge *n, const struct hash *id, bool here, uint64_t now_ms,
                          struct err *err)
{
    enum status st = nudge_may(b, n, id, false, now_ms, err);
    if (st == ST_OK && here)
        st = nudge_may(b, n, id, true, now_ms, err);
    if (st == ST_OK && here && b->n + 2 > NUDGES_MAX)
        st = err_set(err, ST_REFUSED, "the node keeps %zu nudges already, and has no room for two; no more until some of it is done", b->n);
    return st;
}

static void take_out(struct nudge_box *b, const struct nudge_kept *k)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i] == k) {
            memmove(&b->v[i], &b->v[i + 1], (b->n - i - 1) * sizeof *b->v);
            b->n--;
            return;
        }
}

void nudge_remove(struct nudge_box *b, struct nudge_kept *k)
{
    take_out(b, k);
    free_kept(k);
}

void nudge_undo(struct nudge_box *b, struct nudge_kept *k)
{
    struct nudge_kept *before = k->replaced;
    k->replaced = NULL;
    nudge_remove(b, k);
    for (struct nudge_kept *next; before != NULL; before = next) { /* there is room: they were here */
        next = before->replaced;
        before->replaced = NULL;
        ASSERT(b->n < NUDGES_MAX);
        b->v[b->n++] = before;
    }
}

static struct nudge_kept *keep(struct nudge_box *b, struct span bytes)
{
    struct nudge_kept *k = calloc(1, sizeof *k);
    struct err err;
    ASSERT(k != NULL && bytes.n <= sizeof k->bytes);
    k->n = bytes.n;
    memcpy(k->bytes, bytes.p, bytes.n);
    if (b->n == NUDGES_MAX || nudge_parse(span_of(k->bytes, k->n), &k->is, &err) != ST_OK) {
        free(k);
        return NULL;
    }
    sha256(bytes, &k->id);
    b->v[b->n++] = k;
    return k;
}

struct nudge_kept *nudge_add(struct nudge_box *b, struct span bytes, const struct signature *s, bool got, uint64_t now_ms)
{
    struct nudge n;
    struct err err;
    ASSERT(nudge_parse(bytes, &n, &err) == ST_OK);
    struct nudge_kept *replaced = NULL;
    for (size_t i = b->n; i-- > 0;) {
        struct nudge_kept *before = b->v[i];
        if (before->got != got || !alike(&before->is, &n))
            continue;
        take_out(b, before);
        nudge_settle(before);
        before->replaced = replaced;
        replaced = before;
    }
    struct nudge_kept *k = keep(b, bytes);
    ASSERT(k != NULL);
    k->replaced = replaced;
    k->signature = *s;
    k->got = got;
    k->here_ms = now_ms;
    k->state = NUDGE_WAITS;
    return k;
}

struct nudge_kept *nudge_find(const struct nudge_box *b, const struct hash *id, bool got)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i]->got == got && hash_eq(&b->v[i]->id, id))
            return b->v[i];
    return NULL;
}

static bool holds(const struct span_list *l, struct span s)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i], s))
            return true;
    return false;
}

struct span_list nudge_asked(const struct nudge *n, const struct query_owed_list *owed, struct arena *a, const struct query_owed **ret_owed)
{
    struct span_list l = {0, NULL};
    size_t most = 0;
    for (size_t i = 0; i < owed->n; i++)
        most += owed->v[i].seats.n;
    l.v = arena_array(a, most + 1, sizeof *l.v);
    if (l.v == NULL)
        return l;
    for (size_t i = 0; i < owed->n; i++) {
        const struct query_owed *o = &owed->v[i];
        for (size_t k = 0; span_eq(o->id, n->subject) && k < o->seats.n && l.n < 1024; k++) {
            struct span seat = o->seats.v[k];
            if (!span_eq(nudge_org_of(seat), n->org) || (HAS(n, nudge_key_asked) && !span_eq(seat, n->asked)) || holds(&l, seat))
                continue;
            if (l.n == 0 && ret_owed != NULL)
                *ret_owed = o;
            l.v[l.n++] = seat;
        }
    }
    return l;
}

/* --- The file --- */

static enum status take_row(struct nudge_box *b, const struct nudge_row *r, const struct hash *alliance, struct err *err)
{
    struct nudge_kept *k = keep(b, r->nudge);
    if (k == NULL || !hash_eq(&k->is.alliance, alliance))
        return err_set(err, ST_FORMAT, "row %zu is no nudge of this alliance", b->n);
    k->signature = r->signature;
    k->got = r->got;
    k->told = r->told;
    k->here_ms = r->here_ms;
    k->state = r->state;
    if (HAS(r, nudge_row_key_words))
        (void)snprintf(k->words, sizeof k->words, "%.*s", SPAN_FMT(r->words));
    return ST_OK;
}

enum status nudge_load(struct nudge_box *b, struct span bytes, const struct hash *alliance, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct nudge_file f;
    arena_init(&a, 4 << 20);
    enum status st = codec_decode(&nudge_file_desc, bytes, &a, &f, err);
    for (size_t i = 0; st == ST_OK && i < f.rows.n; i++)
        st = take_row(b, &f.rows.v[i], alliance, err);
    if (st != ST_OK)
        nudge_box_deinit(b);
    return st == ST_OK ? ST_OK : err_wrap(err, ST_FORMAT, "it cannot be read: ");
}

enum status nudge_save(const struct nudge_box *b, struct buf *out)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4 << 20);
    struct nudge_row *v = arena_array(&a, b->n + 1, sizeof *v);
    if (v == NULL)
        return ST_LIMIT;
    for (size_t i = 0; i < b->n; i++) {
        const struct nudge_kept *k = b->v[i];
        v[i] = (struct nudge_row){.nudge = span_of(k->bytes, k->n),
                                  .signature = k->signature,
                                  .got = k->got,
                                  .here_ms = k->here_ms,
                                  .state = k->state,
                                  .told = k->told,
                                  .words = span_str(k->words)};
        if (k->words[0] != 0)
            SET_HAS(&v[i], nudge_row_key_words);
    }
    struct nudge_file f = {.rows = {b->n, v}};
    return codec_encode(&nudge_file_desc, &f, out);
}

/* --- Messages --- */

bool nudge_is_message(struct span frame)
{
    /* {1: kind, 2: body}: a map of two, key 1, a kind below 128 */
    return frame.n > 3 && frame.p[0] == 0x82 && frame.p[1] == 0x01 &&
           (frame.p[2] == msg_nudge_number_ || frame.p[2] == msg_nudge_answer_number_);
}

enum status nudge_message_decode(struct span frame, struct nudge_message *ret, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct envelope e;
    struct nudge_message m = {.answer = false};
    arena_init(&a, 4096);
    enum status st = codec_decode(&envelope_desc, frame, &a, &e, err);
    if (st != ST_OK)
        return st;
    m.answer = e.kind == msg_nudge_answer_number_;
    if (m.answer)
        st = codec_decode(&msg_nudge_answer_desc, e.body, &a, &m.reply, err);
    else if (e.kind == msg_nudge_number_)
        st = codec_decode(&msg_nudge_desc, e.body, &a, &m.nudge, err);
    else
        st = err_set(err, ST_UNSUPPORTED, "a message of kind %" PRIu64 " is not about nudges", e.kind);
    if (st == ST_OK)
        *ret = m;
    return st;
}
