#include "audit/members.h"

const char *const member_change_text[MEMBER_CHANGES] = {"joined",          "ready to vote", "left",     "node suspended",
                                                        "node keys changed", "recovery key used", "node at fault"};

enum { FAULT_ORG_AT = 13 }; /* GOV-35: u64 height, u32 round, u8 type, organisation */

void members_deinit(struct members *m)
{
    free(m->keys);
    m->keys = NULL;
}

static void note(struct members *m, const struct block *b, enum member_change change, struct span org, struct arena *a)
{
    m->counts[change]++;
    if (m->n_lines == MEMBERS_LINES)
        return;
    m->lines[m->n_lines++] =
        (struct member_line){.change = change, .height = b->record.height, .time_ms = b->record.time_ms, .org = arena_dup(a, org)};
}

static enum standing standing_of(const struct state_party *p)
{
    return HAS(p, state_party_key_standing) ? p->standing : STANDING_ACTIVE;
}

static bool same_node(const struct node_keys *x, const struct node_keys *y)
{
    return hash_eq(&x->vote, &y->vote) && hash_eq(&x->cosign, &y->cosign) && hash_eq(&x->log, &y->log) && hash_eq(&x->node, &y->node) &&
           span_eq(x->tls, y->tls);
}

/* The log key of an organisation changes with the tree that the block ends. */
static void put_key(struct members *m, const struct block *b, struct span org, const struct hash *log, bool ends, struct arena *a)
{
    uint64_t size = b->after.tree.size;
    for (size_t i = 0; i < m->n_keys; i++)
        if (m->keys[i].to_size == UINT64_MAX && span_eq(m->keys[i].org, org))
            m->keys[i].to_size = size;
    if (ends)
        return;
    if (m->n_keys == m->cap_keys) {
        m->cap_keys = m->cap_keys == 0 ? 64 : 2 * m->cap_keys;
        m->keys = realloc(m->keys, m->cap_keys * sizeof *m->keys);
        ASSERT(m->keys != NULL);
    }
    m->keys[m->n_keys++] = (struct member_key){.org = arena_dup(a, org), .log = *log, .from_size = size, .to_size = UINT64_MAX};
}

/* What became of an organisation that was on the record. */
static void compare(struct members *m, const struct block *b, struct span org, const struct state_party *was, const struct state_party *is,
                    struct arena *a)
{
    uint64_t used = HAS(was, state_party_key_recoveries) ? was->recoveries : 0, uses = HAS(is, state_party_key_recoveries) ? is->recoveries : 0;
    if (uses != used)
        note(m, b, MEMBER_RECOVERED, org, a);
    if (!same_node(&was->node, &is->node))
        note(m, b, MEMBER_REKEYED, org, a);
    if (standing_of(was) != standing_of(is)) {
        enum standing s = standing_of(is);
        if (s == STANDING_LEFT)
            note(m, b, MEMBER_LEFT, org, a);
        else if (s == STANDING_SUSPENDED)
            note(m, b, MEMBER_SUSPENDED, org, a);
        else if (s == STANDING_ACTIVE)
            note(m, b, MEMBER_READY, org, a);
    }
    if (!hash_eq(&was->node.log, &is->node.log) || standing_of(is) == STANDING_LEFT)
        put_key(m, b, org, &is->node.log, standing_of(is) == STANDING_LEFT, a);
}

static enum status one_party(struct members *m, const struct view *before, const struct block *b, const struct overlay_write *w,
                             struct arena *a, struct err *err)
{
    struct arena scratch CLEANUP(arena_deinit);
    arena_init(&scratch, 1 << 20);
    struct state_party was, is;
    struct span value;
    enum status st = codec_decode(&state_party_desc, w->value, &scratch, &is, err);
    if (st != ST_OK)
        return st;
    st = before == NULL ? ST_NOTFOUND : view_get(before, TABLE_PARTY, w->key, &value);
    if (st == ST_NOTFOUND) {
        if (before != NULL)
            note(m, b, MEMBER_ADMITTED, w->key, a);
        put_key(m, b, w->key, &is.node.log, false, a);
        return ST_OK;
    }
    if (st == ST_OK)
        st = codec_decode(&state_party_desc, value, &scratch, &was, err);
    if (st == ST_OK)
        compare(m, b, w->key, &was, &is, a);
    return st;
}

enum status members_note(struct members *m, const struct view *before, const struct block *b, struct arena *a, struct err *err)
{
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < b->n_writes; i++) {
        const struct overlay_write *w = &b->writes[i];
        if (w->value.p == NULL)
            continue;
        if (w->table == TABLE_PARTY)
            st = one_party(m, before, b, w, a, err);
        else if (w->table == TABLE_FAULT && w->key.n > FAULT_ORG_AT)
            note(m, b, MEMBER_FAULT, span_of(w->key.p + FAULT_ORG_AT, w->key.n - FAULT_ORG_AT), a);
    }
    return st;
}

size_t members_log_keys(const struct members *m, uint64_t size, struct hash *ret_keys, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_keys && n < cap; i++)
        if (m->keys[i].from_size <= size && size < m->keys[i].to_size)
            ret_keys[n++] = m->keys[i].log;
    return n;
}
