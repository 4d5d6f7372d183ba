#include "audit/texts.h"
#include "audit/verify.h"

/* PAK-4: a text given twice would hide that another is absent. */
static enum status given_once(const struct pack_prose_list *prose, const struct leaf *entries, const struct hash *digests, size_t i,
                              struct err *why)
{
    struct err err;
    uint64_t leaf = prose->v[i].leaf;
    size_t fields, before = 0;
    for (size_t k = 0; k < i; k++)
        before += prose->v[k].leaf == leaf && hash_eq(&digests[k], &digests[i]);
    if (before == 0 || (leaf_count_digest(&entries[leaf - 1], &digests[i], &fields, &err) == ST_OK && before < fields))
        return ST_OK;
    return err_set(why, ST_BADSIG, "PAK-4: of entry %" PRIu64 ": a text that it names once is there %zu times", leaf, before + 1);
}

enum status texts_check(const struct pack_prose_list *prose, const struct leaf *entries, size_t n, struct arena *a, uint64_t *ret_absent,
                        size_t *ret_nth, struct err *why)
{
    struct hash *digests = arena_array(a, prose->n + 1, sizeof *digests);
    struct err err;
    uint64_t named = 0;
    ASSERT(digests != NULL);
    for (size_t i = 0; i < n; i++) {
        size_t k;
        if (leaf_count_prose(&entries[i], &k, &err) == ST_OK)
            named += k;
    }
    for (size_t i = 0; i < prose->n; i++) {
        const struct pack_prose *p = &prose->v[i];
        *ret_nth = i + 1;
        if (p->leaf < 1 || p->leaf > n)
            return err_set(why, ST_BADSIG, "PAK-4: a text for leaf %" PRIu64 " of a block with %zu", p->leaf, n + 1);
        if (leaf_accepts_prose(&entries[p->leaf - 1], &p->prose, &err) != ST_OK)
            return err_set(why, ST_BADSIG, "%s: of entry %" PRIu64 ": %s", verify_rule_of(&err, "PAK-4"), p->leaf, err.text);
        leaf_prose_digest(&p->prose, &digests[i]);
        enum status st = given_once(prose, entries, digests, i, why);
        if (st != ST_OK)
            return st;
    }
    *ret_nth = 0;
    *ret_absent = named > prose->n ? named - prose->n : 0;
    return ST_OK;
}
