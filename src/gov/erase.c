#include "gov/erase.h"
#include "gov/act.h"
#include "gov/query.h"

enum status erase_check(const struct state_decision *d, const struct effect *e, struct denial *no)
{
    for (size_t i = 0; i < e->leaves.n; i++) {
        uint64_t leaf = e->leaves.v[i];
        if (i > 0 && leaf <= e->leaves.v[i - 1])
            return denial_set(no, V_BAD_EFFECT, "leaf %" PRIu64 " is named after leaf %" PRIu64 "; expected each once, ascending", leaf,
                              e->leaves.v[i - 1]);
        if (leaf >= d->opened_leaf)
            return denial_set(no, V_BAD_EFFECT,
                              "leaf %" PRIu64 " is not from before this decision, which was opened by leaf %" PRIu64
                              "; texts of later ones take another decision",
                              leaf, d->opened_leaf);
    }
    return ST_OK;
}

enum status erase_apply(struct gov *g, uint64_t decision, const struct effect *e, struct err *err)
{
    struct view v = overlay_view(g->state);
    for (size_t i = 0; i < e->leaves.n; i++) {
        struct state_erased was, r = {.decision = decision, .at_ms = g->time_ms};
        struct tkey k = tkey_u64(e->leaves.v[i]);
        enum status st = state_get(&v, g->arena, TABLE_ERASED, &k, &state_erased_desc, &was, err);
        if (st == ST_NOTFOUND)
            st = state_put(g, TABLE_ERASED, &k, &state_erased_desc, &r, err);
        TRY(st);
    }
    return ST_OK;
}

enum status query_erased(const struct view *v, struct arena *a, uint64_t leaf, struct state_erased *ret, struct err *err)
{
    struct tkey k = tkey_u64(leaf);
    return state_get(v, a, TABLE_ERASED, &k, &state_erased_desc, ret, err);
}
