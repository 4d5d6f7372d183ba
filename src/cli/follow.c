#include "cli/follow.h"
#include "cert/certificate.h"
#include "cert/quorum.h"
#include "cert/refounding.h"
#include "cert/validators.h"
#include "codec/codec.h"
#include "crypto/hash.h"
#include "gov/state.h"
#include "merkle/rfc6962.h"

static bool consistent(const struct checkpoint *less, const struct checkpoint *more, const struct hash_list *proof)
{
    return proof != NULL && rfc6962_verify_consistency(less->size, &less->root, more->size, &more->root, proof->v, proof->n, NULL) == ST_OK;
}

enum follow_verdict follow_compare(const struct checkpoint *kept, const struct checkpoint *shown, const struct hash_list *proof)
{
    if (kept == NULL)
        return FOLLOW_FIRST;
    if (shown->size == kept->size)
        return hash_eq(&shown->root, &kept->root) ? FOLLOW_SAME : FOLLOW_SPLIT;
    if (shown->size > kept->size)
        return consistent(kept, shown, proof) ? FOLLOW_GREW : FOLLOW_REWRITTEN;
    return consistent(shown, kept, proof) ? FOLLOW_BEHIND : FOLLOW_SHORTER;
}

void follow_words(enum follow_verdict v, const struct checkpoint *kept, const struct checkpoint *shown, struct buf *out)
{
    if (v == FOLLOW_SPLIT)
        buf_printf(out, "shows a tree of %" PRIu64 " leaves with root %s; the one seen before has root %s: two histories were signed", shown->size,
                   hex_of(&shown->root).s, hex_of(&kept->root).s);
    else if (v == FOLLOW_REWRITTEN)
        buf_printf(out, "shows a tree of %" PRIu64 " leaves, and no proof that the %" PRIu64 " seen before are its beginning: it was rewritten",
                   shown->size, kept->size);
    else
        buf_printf(out, "shows a tree of %" PRIu64 " leaves, where %" PRIu64 " were seen before, and nobody proves that it is their beginning",
                   shown->size, kept->size);
}

enum status follow_verify(struct span note, struct span origin, const struct validator_set *set, struct arena *a, struct checkpoint *ret,
                          struct err *err)
{
    struct note_key keys[LIMIT_VALIDATORS];
    struct checkpoint_seen seen[LIMIT_VALIDATORS];
    uint32_t signed_it = 0, needed = quorum_of((uint32_t)set->members.n);
    ASSERT(set->members.n <= LIMIT_VALIDATORS);
    for (size_t i = 0; i < set->members.n; i++) {
        struct buf b CLEANUP(buf_deinit);
        buf_init(&b, 1024);
        buf_printf(&b, "%.*s/%.*s", SPAN_FMT(origin), SPAN_FMT(set->members.v[i].org));
        keys[i] = note_key_make(arena_dup(a, buf_span(&b)), NOTE_COSIGNATURE, &set->members.v[i].cosign);
    }
    enum status st = checkpoint_verify(note, keys, set->members.n, a, ret, seen, err);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_BADSIG, "none of the %zu nodes has cosigned it; %u are needed (CKP-3)", set->members.n, needed);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < set->members.n; i++)
        signed_it += seen[i].signed_it;
    if (!span_eq(ret->origin, origin))
        return err_set(err, ST_MISMATCH, "it is of another log, %.*s (CKP-1)", SPAN_FMT(ret->origin));
    if (signed_it < needed)
        return err_set(err, ST_RANGE, "%u nodes have cosigned it; %u are needed (CKP-3)", signed_it, needed);
    return ST_OK;
}

enum status follow_block(struct follow_set *s, const struct hash *alliance, const struct pack_block *b, struct arena *a, struct err *err)
{
    struct arena scratch CLEANUP(arena_deinit);
    struct header h;
    struct block_record rec;
    struct hash id, hash;
    arena_init(&scratch, 0);
    TRY(codec_decode(&header_desc, b->header, &scratch, &h, err));
    TRY(codec_decode(&block_record_desc, h.record, &scratch, &rec, err));
    /* The refounding stands in place of the last block's certificate, which may have been followed by that certificate before. */
    if (refounding_is(b->certificate) || rec.epoch == s->epoch + 1)
        return err_set(err, ST_UNSUPPORTED,
                       "epoch %" PRIu64 " ends with block %" PRIu64 ", by a re-founding. Who may sign one is in the record's state and in no "
                       "header: get a pack (entente pack FILE), and go on once with --pack FILE, which is verified from its beginning",
                       s->epoch, refounding_is(b->certificate) ? s->height + 1 : s->height);
    sha256(b->header, &id);
    TRY(certificate_verify_bytes(b->certificate, alliance, s->epoch, s->height + 1, &id, &s->set, &scratch, NULL, err));
    struct validator_set next = {.members = rec.next_set};
    if (HAS(&rec, block_record_key_next_set)) {
        validators_hash(&next, &hash);
        if (!hash_eq(&hash, &rec.next_validators))
            return err_set(err, ST_MISMATCH, "block %" PRIu64 ": next_set is not the set that it names (BLK-6)", s->height + 1);
        TRY(validators_check(&next, err));
        TRY(validators_copy(&next, a, &s->set));
    }
    s->height++;
    s->size = h.size;
    return ST_OK;
}
