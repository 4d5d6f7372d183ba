#include "cert/chain.h"
#include "cert/refounding.h"
#include "codec/codec.h"
#include "crypto/hash.h"

/* "BLK-n: height h: what: found, expected". */
static enum status differs(struct err *err, const char *rule, uint64_t height, const char *what,
                           const struct hash *found, const struct hash *expected)
{
    return err_set(err, ST_MISMATCH, "%s: height %" PRIu64 ": %s is %s, expected %s", rule, height, what,
                   hex_of(found).s, hex_of(expected).s);
}

static enum status decode(struct span bytes, struct arena *a, struct header *ret_header,
                          struct block_record *ret_record, struct err *err)
{
    struct header h = {0};
    struct block_record r = {0};
    enum status st = codec_decode(&header_desc, bytes, a, &h, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, h.record, a, &r, err);
    if (st != ST_OK)
        return st;
    if (r.leaf != LEAF_BLOCK)
        return err_set(err, ST_FORMAT, "block_record.leaf: %s, expected block",
                       enum_text(&leaf_type_enum, r.leaf));
    *ret_header = h;
    *ret_record = r;
    return ST_OK;
}

/* BLK-6: next_set is there exactly when it must be, and is the set that next_validators names. */
static enum status check_next_set(const struct block_record *r, struct err *err)
{
    bool differ = r->height == 0 || !hash_eq(&r->validators, &r->next_validators);
    if (HAS(r, block_record_key_next_set) != differ)
        return err_set(err, ST_MISMATCH, "BLK-6: height %" PRIu64 ": the next set is %s", r->height,
                       differ ? "missing" : "given, though it does not differ");
    if (!differ)
        return ST_OK;
    struct validator_set set = {.members = r->next_set};
    struct hash h;
    enum status st = validators_check(&set, err);
    if (st != ST_OK)
        return err_wrap(err, st, "BLK-6: height %" PRIu64 ": ", r->height);
    validators_hash(&set, &h);
    return hash_eq(&h, &r->next_validators)
               ? ST_OK
               : differs(err, "BLK-6", r->height, "hash of the next set", &h, &r->next_validators);
}

/* What block 0 says besides. */
static enum status check_genesis(const struct header *h, const struct block_record *r,
                                 const struct hash *alliance, struct err *err)
{
    static const struct hash zero;
    if (r->height != 0)
        return err_set(err, ST_MISMATCH,
                       "BLK-2: height %" PRIu64 ", expected 0: the chain starts at the genesis block",
                       r->height);
    if (!hash_eq(&r->alliance, alliance))
        return differs(err, "GEN-3", 0, "alliance", &r->alliance, alliance);
    if (!hash_is_zero(&r->prev))
        return differs(err, "BLK-2", 0, "previous block", &r->prev, &zero);
    if (!hash_is_zero(&r->last_commit))
        return differs(err, "BLK-7", 0, "last commit", &r->last_commit, &zero);
    if (HAS(r, block_record_key_proposer))
        return err_set(err, ST_MISMATCH, "BLK-10: height 0: has a proposer");
    if (h->size != r->entries + 1)
        return err_set(err, ST_MISMATCH, "BLK-2: height 0: tree size %" PRIu64 ", expected %" PRIu64, h->size,
                       r->entries + 1);
    if (!hash_eq(&r->validators, &r->next_validators))
        return differs(err, "BLK-6", 0, "set in force", &r->validators, &r->next_validators);
    return check_next_set(r, err);
}

/* What a header says of its place in the chain. */
static enum status check_place(const struct chain *c, const struct header *h, const struct block_record *r,
                               struct err *err)
{
    if (r->height != c->height + 1)
        return err_set(err, ST_MISMATCH, "BLK-2: height %" PRIu64 ", expected %" PRIu64, r->height,
                       c->height + 1);
    if (!hash_eq(&r->alliance, &c->alliance))
        return differs(err, "GEN-3", r->height, "alliance", &r->alliance, &c->alliance);
    if (r->epoch != c->next_epoch)
        return err_set(err, ST_MISMATCH, "BLK-2: height %" PRIu64 ": epoch %" PRIu64 ", expected %" PRIu64,
                       r->height, r->epoch, c->next_epoch);
    if (!hash_eq(&r->prev, &c->block))
        return differs(err, "BLK-2", r->height, "previous block", &r->prev, &c->block);
    if (r->time_ms <= c->time_ms)
        return err_set(err, ST_MISMATCH, "BLK-3: height %" PRIu64 ": time %s, expected after %s", r->height,
                       time_utc(r->time_ms).s, time_utc(c->time_ms).s);
    if (!hash_eq(&r->last_commit, &c->last_commit))
        return differs(err, "BLK-7", r->height, "last commit", &r->last_commit, &c->last_commit);
    if (!hash_eq(&r->validators, &c->set_hash))
        return differs(err, "BLK-6", r->height, "set in force", &r->validators, &c->set_hash);
    if (!HAS(r, block_record_key_proposer))
        return err_set(err, ST_MISMATCH, "BLK-10: height %" PRIu64 ": the proposer is missing", r->height);
    if (validators_find(&c->set, r->proposer) < 0)
        return err_set(err, ST_MISMATCH, "BLK-10: height %" PRIu64 ": proposer %.*s has no voting node",
                       r->height, SPAN_FMT(r->proposer));
    if (h->size != c->size + 1 + r->entries)
        return err_set(err, ST_MISMATCH,
                       "BLK-2: height %" PRIu64 ": tree size %" PRIu64 ", expected %" PRIu64, r->height,
                       h->size, c->size + 1 + r->entries);
    return check_next_set(r, err);
}

/* Takes over what a checked header says. Touches nothing on failure. */
static enum status take(struct chain *c, struct span bytes, const struct header *h,
                        const struct block_record *r, const struct hash *commit, struct err *err)
{
    struct validator_set next = c->set;
    if (HAS(r, block_record_key_next_set)) {
        struct validator_set given = {.members = r->next_set};
        enum status st = validators_copy(&given, &c->sets, &next);
        if (st != ST_OK)
            return err_set(err, st, "height %" PRIu64 ": no room for the next set", r->height);
    }
    c->alliance = r->alliance;
    c->height = r->height;
    c->epoch = c->next_epoch = r->epoch;
    c->time_ms = r->time_ms;
    sha256(bytes, &c->block);
    c->size = h->size;
    c->root = h->root;
    c->last_commit = *commit;
    c->decided_by = c->set;
    c->set = next;
    c->set_hash = r->next_validators;
    return ST_OK;
}

enum status chain_begin(struct chain *c, struct span header, const struct hash *alliance,
                        const struct hash *commit, struct err *err)
{
    struct chain x = {0};
    struct header h = {0};
    struct block_record r = {0};
    arena_init(&x.sets, 0);
    arena_init(&x.scratch, 0);
    enum status st = decode(header, &x.scratch, &h, &r, err);
    if (st == ST_OK)
        st = check_genesis(&h, &r, alliance, err);
    if (st == ST_OK)
        st = take(&x, header, &h, &r, commit, err);
    if (st != ST_OK) {
        chain_deinit(&x);
        return st;
    }
    x.decided_by = x.set;
    *c = x;
    return ST_OK;
}

void chain_deinit(struct chain *c)
{
    if (c == NULL)
        return;
    arena_deinit(&c->sets);
    arena_deinit(&c->scratch);
}

/* REF-6: a refounding in place of the certificate. ret_set lives in the chain's arena. */
static enum status end_of_epoch(struct chain *c, struct span bytes, const struct refounding_last *last, struct validator_set *ret_set,
                                struct err *err)
{
    struct refounding_info r;
    enum status st = refounding_read(bytes, &c->scratch, &r, err);
    if (st == ST_OK)
        st = refounding_check(&r, last, err);
    if (st != ST_OK)
        return st;
    struct validator_set set = {.members = r.statement.set};
    st = validators_copy(&set, &c->sets, ret_set);
    return st == ST_OK ? ST_OK : err_set(err, st, "height %" PRIu64 ": no room for the set of the new epoch", last->height);
}

static void begin_epoch(struct chain *c, const struct validator_set *set)
{
    c->next_epoch = c->epoch + 1;
    c->set = *set;
    validators_hash(set, &c->set_hash);
}

enum status chain_next(struct chain *c, struct span header, struct span certificate,
                       struct block_record *ret_record, struct err *err)
{
    struct header h = {0};
    struct block_record r = {0};
    struct hash block, commit;
    arena_reset(&c->scratch);
    enum status st = decode(header, &c->scratch, &h, &r, err);
    if (st == ST_OK)
        st = check_place(c, &h, &r, err);
    if (st != ST_OK)
        return st;
    sha256(header, &block);
    struct refounding_last last = {.alliance = c->alliance, .epoch = r.epoch, .height = r.height, .block = block, .decided_by = &c->set};
    struct validator_set begins = {0};
    bool ends = refounding_is(certificate);
    if (ends)
        st = end_of_epoch(c, certificate, &last, &begins, err);
    else
        st = certificate_verify_bytes(certificate, &c->alliance, r.epoch, r.height, &block, &c->set, &c->scratch, NULL, err);
    if (st != ST_OK)
        return st;
    sha256(certificate, &commit);
    st = take(c, header, &h, &r, &commit, err);
    if (st == ST_OK && ends)
        begin_epoch(c, &begins);
    if (st == ST_OK && ret_record != NULL)
        *ret_record = r;
    return st;
}

enum status chain_recommit(struct chain *c, struct span certificate, struct err *err)
{
    arena_reset(&c->scratch);
    if (refounding_is(certificate)) {
        struct refounding_last last = {.alliance = c->alliance,
                                       .epoch = c->epoch,
                                       .height = c->height,
                                       .block = c->block,
                                       .genesis_sigs = c->last_commit,
                                       .decided_by = &c->decided_by};
        struct validator_set begins;
        if (c->next_epoch != c->epoch)
            return err_set(err, ST_MISMATCH, "REF-7: epoch %" PRIu64 " has its refounding already", c->next_epoch);
        enum status ended = end_of_epoch(c, certificate, &last, &begins, err);
        if (ended != ST_OK)
            return ended;
        begin_epoch(c, &begins);
        sha256(certificate, &c->last_commit);
        return ST_OK;
    }
    if (c->height == 0)
        return err_set(err, ST_MISMATCH, "CRT-1: the genesis block has no certificate");
    if (c->next_epoch != c->epoch)
        return err_set(err, ST_MISMATCH, "REF-6: block %" PRIu64 " ends its epoch; a refounding stands in its certificate's place", c->height);
    enum status st = certificate_verify_bytes(certificate, &c->alliance, c->epoch, c->height, &c->block,
                                              &c->decided_by, &c->scratch, NULL, err);
    if (st == ST_OK)
        sha256(certificate, &c->last_commit);
    return st;
}
