/* marks: what a store remembers about vote keys (table NODE).
 *
 *   dead-vote/HEX   words: why the vote key with this public key may never sign from this store
 *   restored        u64 wall time of the restore, u64 height of the backup
 *   fresh/HEX       the vote key was made in this directory and taken over from keys.next; it has no journal
 * yet incarnation/HEX the vote journal of that key, made in this directory
 *
 * The last two are written when keys are taken over and journals made (src/node/found.c).
 *
 * A backup, or what could be saved of a damaged store, may be older than the votes that were signed after it,
 * and the journal may not be with it. So it signs nothing with any key that existed by then, wherever it
 * comes from; only with one that was made in this directory since. */
#ifndef ENT_RECOVERY_MARKS_H
#define ENT_RECOVERY_MARKS_H

#include "store/store.h"

/* In a transaction of the caller. */
MUST_USE enum status marks_put_dead(struct store *s, struct store_txn *t, const struct hash *vote,
                                    const char *why, struct err *err);
/* All node keys of the organisation that the record ever named (table KEY, state as of view). */
MUST_USE enum status marks_put_all_dead(struct store *s, struct store_txn *t, const struct view *v,
                                        struct span org, const char *why, struct err *err);
/* Makes an open store one that was restored: all node keys of org are dead, and `also` (or NULL); what it
 * knew of vote journals and fresh keys is forgotten. what ends the sentence "this directory was ...". One
 * transaction. */
MUST_USE enum status marks_restored(struct store *s, struct span org, const struct hash *also,
                                    uint64_t now_ms, const char *what, struct err *err);

enum marks_verdict {
    MARKS_NONE,      /* nothing is said against the key */
    MARKS_DEAD,      /* dead-vote/ */
    MARKS_NOT_FRESH, /* the store was restored, and the key was not made here since */
};
/* What the marks say of a vote key. why says it in words, or is "". The status is for damage. */
MUST_USE enum status marks_of(const struct view *v, const struct hash *vote, enum marks_verdict *ret_verdict,
                              char why[480], struct err *err);
/* Which vote journal is this key's. ST_NOTFOUND. */
MUST_USE enum status marks_journal(const struct view *v, const struct hash *vote,
                                   struct hash *ret_incarnation);

#endif
