/* The prevotes that this node's votes rest on (BFT-A2): it must be able to show them when it is accused. */
#include "replica/internal.h"

static const struct consensus_pol *find(const struct justified *v, size_t n, int32_t round, const struct hash *value)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].round == round && hash_eq(&v[i].pol->votes[0].value, value))
            return v[i].pol;
    return NULL;
}

static void add(struct justified *v, size_t *n, size_t max, const struct consensus_pol *pol)
{
    int32_t round = pol->votes[0].round;
    if (find(v, *n, round, &pol->votes[0].value) != NULL)
        return;
    if (*n == max) /* a height of very many rounds: the oldest goes */
        memmove(&v[0], &v[1], --*n * sizeof *v);
    v[(*n)++] = (struct justified){.round = round, .pol = pol};
}

static struct consensus_pol *dup(struct replica *r, const struct consensus_pol *pol)
{
    struct consensus_pol *p = arena_alloc(&r->height, sizeof *p);
    ASSERT(p != NULL);
    *p = *pol;
    return p;
}

void justify_clear(struct replica *r)
{
    r->n_heard = r->n_used = 0;
}

const struct consensus_pol *justify_heard(struct replica *r, const struct consensus_pol *pol)
{
    const struct consensus_pol *have = find(r->heard, r->n_heard, pol->votes[0].round, &pol->votes[0].value);
    if (have != NULL)
        return have;
    struct consensus_pol *p = dup(r, pol);
    add(r->heard, &r->n_heard, JUSTIFY_HEARD, p);
    return p;
}

const struct consensus_pol *justify_use(struct replica *r, const struct consensus_vote *v)
{
    int32_t round = v->type == VOTE_PRECOMMIT ? v->round : v->valid_round;
    if (v->nil || round < 0)
        return NULL;
    const struct consensus_pol *pol = find(r->heard, r->n_heard, round, &v->value);
    if (pol != NULL)
        add(r->used, &r->n_used, JUSTIFY_USED, pol);
    return pol;
}

enum status justify_store(struct replica *r, struct store_txn *t, struct err *err)
{
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < r->n_used; i++) {
        const struct consensus_pol *pol = r->used[i].pol;
        struct signed_vote list[LIMIT_VALIDATORS];
        struct buf b CLEANUP(buf_deinit);
        uint8_t key[44];
        for (uint32_t k = 0; k < pol->n; k++)
            votes_to_signed(r, &pol->votes[k], &list[k]);
        struct pol_row row = {.votes = {pol->n, list}};
        buf_init(&b, 1 << 16);
        st = codec_encode(&pol_row_desc, &row, &b);
        if (st != ST_OK)
            return err_set(err, st, "prevotes cannot be encoded");
        store_u64(key, r->tip.height + 1);
        store_u32(key + 8, (uint32_t)r->used[i].round);
        memcpy(key + 12, pol->votes[0].value.b, 32);
        st = store_put(r->cfg.store, t, TABLE_POL, span_of(key, sizeof key), buf_span(&b), err);
    }
    return st;
}
