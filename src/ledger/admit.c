/* What an entry needs to be in the next block, before governance looks at it. */
#include "base/plant.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "ledger/say.h"

static const uint64_t DAY_MS = 86400000;

/* ENT-5. */
static enum status check_basis(const struct ledger *l, const struct basis *basis, uint64_t time_ms, enum verdict *ret_verdict,
                               char *why, struct err *err)
{
    struct boundary b, after;
    enum status st = rows_boundary(l->view, basis->size, false, &b, err);
    bool other = st == ST_OK && !hash_eq(&b.root, &basis->root);
    if (st == ST_NOTFOUND || other) {
        if (other)
            say(why, "its author saw another history: at tree size %" PRIu64 " root %.16s..., here %.16s...; compare checkpoints", basis->size,
                hex_of(&basis->root).s, hex_of(&b.root).s);
        else if (basis->size > l->tip->tree.size)
            say(why, "its basis is tree size %" PRIu64 ", this node is at %" PRIu64 "; hand it in again when the node has caught up", basis->size,
                l->tip->tree.size);
        else
            say(why, "its basis (tree size %" PRIu64 ") is not a block boundary of this node's history; sign it again on the newest",
                basis->size);
        *ret_verdict = V_UNKNOWN_BASIS;
        return ST_OK;
    }
    if (st != ST_OK)
        return st;
    st = rows_boundary(l->view, basis->size + 1, true, &after, err);
    if (st == ST_NOTFOUND) /* the newest boundary is always fresh */
        return ST_OK;
    if (st != ST_OK)
        return st;
    if (time_ms > after.time_ms && time_ms - after.time_ms > LIMIT_BASIS_AGE_DAYS * DAY_MS) {
        say(why, "the block after its basis is of %s: over %d days old; sign it again on the newest history",
            time_utc(after.time_ms).s, LIMIT_BASIS_AGE_DAYS);
        *ret_verdict = V_STALE_BASIS;
    }
    return ST_OK;
}

enum status block_admit(const struct ledger *l, const struct leaf *leaf, uint64_t time_ms, enum verdict *ret_verdict, char *why,
                        struct err *err)
{
    const struct entry *e = &leaf->entry;
    uint64_t at;
    *ret_verdict = V_OK;
    if (!hash_eq(&e->alliance, &l->tip->alliance)) {
        say(why, "made for alliance %.16s..., this is %.16s...", hex_of(&e->alliance).s, hex_of(&l->tip->alliance).s);
        *ret_verdict = V_WRONG_ALLIANCE;
    } else if (!PLANTED(18) && ids_find(l->ids, &leaf->id, &at)) {
        say(why, "on the record already, at leaf %" PRIu64, at);
        *ret_verdict = V_DUPLICATE;
    } else if (e->expires_ms <= time_ms && !PLANTED(19)) {
        say(why, "it expired at %s; ledger time is %s", time_utc(e->expires_ms).s, time_utc(time_ms).s);
        *ret_verdict = V_EXPIRED;
    } else if (e->expires_ms > time_ms && e->expires_ms - time_ms > LIMIT_EXPIRY_MAX_DAYS * DAY_MS) {
        say(why, "it expires at %s, more than %d days after ledger time %s", time_utc(e->expires_ms).s, LIMIT_EXPIRY_MAX_DAYS,
            time_utc(time_ms).s);
        *ret_verdict = V_EXPIRY_TOO_FAR;
    }
    if (*ret_verdict != V_OK || PLANTED(20))
        return ST_OK;
    return check_basis(l, &e->basis, time_ms, ret_verdict, why, err);
}
