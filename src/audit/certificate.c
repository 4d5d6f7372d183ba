#include <stdarg.h>
#include "audit/certificate_parts.h"
#include "audit/fault.h"
#include "cert/certificate.h"
#include "cert/quorum.h"
#include "cert/refounding.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "merkle/checkpoint.h"
#include "merkle/sparse.h"
#include "store/view.h"

enum { NOTES_MAX = 256 };

const char *const certificate_not_proven[] = {
    "that the nodes counted the ballots by the rules: a quorum of them signed for the outcome; verifying a "
    "pack executes it again",
    "anything after the block named above: a later revocation of a key, or a later step of a decision that "
    "is not closed",
    "that no second history exists: compare the tree's root at that size with another partner's", NULL};

enum status certificate_refuse(struct check *c, const char *region, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)verify_failed(c->fail, region, &c->place, fmt, ap);
    va_end(ap);
    c->fail->height = c->height;
    return ST_BADSIG;
}

enum status certificate_refuse_err(struct check *c, const char *region, const char *rule,
                                   const struct err *err)
{
    if (verify_rule_length(err->text) > 0)
        return certificate_refuse(c, region, "%s", err->text);
    return certificate_refuse(c, region, "%s: %s", verify_rule_of(err, rule), err->text);
}

void certificate_note(struct check *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    if (c->r->n_notes == NOTES_MAX)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    bool last = c->r->n_notes + 1 == NOTES_MAX;
    c->r->notes[c->r->n_notes++] = last ? span_str("There is more to say than fits here: verify the pack.")
                                        : arena_dup(c->a, span_str(text));
}

enum status certificate_prove_row(struct check *c, const char *region, const struct hash *root,
                                  const struct state_proof *p)
{
    struct hash key, value;
    struct err err;
    struct sparse_proof proof = {.n = p->siblings.n, .leaf = true};
    if (!table_in_state_root((uint8_t)p->table))
        return certificate_refuse(c, region, "CER-5: a row of table %" PRIu64 ", which no state root covers",
                                  p->table);
    sparse_key((uint8_t)p->table, p->key, &key);
    sparse_value(p->value, &value);
    proof.leaf_key = key;
    proof.leaf_value = value;
    if (p->siblings.n > 0)
        memcpy(proof.siblings, p->siblings.v, p->siblings.n * sizeof *p->siblings.v);
    if (sparse_verify(root, &key, &value, &proof, &err) != ST_OK)
        return certificate_refuse(c, region, "SMT-3: a row of %s: %s", table_name((uint8_t)p->table),
                                  err.text);
    c->r->rows++;
    return ST_OK;
}

/* The next frame; its body is the reader's. */
static enum status next_frame(struct check *c, uint32_t *ret_kind, struct span *ret_body)
{
    struct err err;
    enum status st = pack_read(&c->in, ret_kind, ret_body, &err);
    c->place = c->in.place;
    arena_reset(&c->frame);
    if (st == ST_FORMAT)
        return certificate_refuse_err(c, "frame", "PAK-1", &err);
    if (st == ST_END)
        return certificate_refuse(c, "end", "CER-1: the file ends without its last frame");
    if (st != ST_OK)
        return err_set(c->err, st, "%s", err.text);
    c->r->frames++;
    return ST_OK;
}

/* CER-2: the set that decides block 1. */
static enum status founding_set(struct check *c)
{
    const struct genesis_info *g = &c->genesis;
    struct validator *v = arena_array(c->a, g->parties.list.n, sizeof *v);
    size_t n = 0;
    struct err err;
    ASSERT(v != NULL);
    for (size_t i = 0; i < g->parties.list.n; i++) {
        const struct charter_party *p = &g->parties.list.v[i];
        const struct card *card = genesis_card(g, p->org);
        if (p->role == ROLE_OBSERVER)
            continue;
        ASSERT(card != NULL); /* GEN-3 */
        v[n++] = (struct validator){.org = p->org, .vote = card->node.vote, .cosign = card->node.cosign};
    }
    c->set = (struct validator_set){.members = {n, v}};
    if (validators_check(&c->set, &err) != ST_OK)
        return certificate_refuse_err(c, "genesis", "BLK-6", &err);
    validators_hash(&c->set, &c->set_hash);
    return ST_OK;
}

static enum status head(struct check *c, const struct hash *expect)
{
    struct certificate_head h;
    struct span body;
    struct err err;
    uint32_t kind;
    enum status st = next_frame(c, &kind, &body);
    if (st != ST_OK)
        return st;
    if (kind != certificate_head_desc.number)
        return certificate_refuse(c, "frame", "CER-1: the first frame is no head");
    if (codec_decode(&certificate_head_desc, arena_dup(c->a, body), c->a, &h, &err) != ST_OK)
        return certificate_refuse_err(c, "head", "ENC-4", &err);
    if (genesis_read(h.genesis, true, c->a, &c->genesis, &err) != ST_OK)
        return certificate_refuse_err(c, "genesis", "GEN-3", &err);
    const struct hash *id = &c->genesis.alliance;
    if (!hash_eq(&h.alliance, id))
        return certificate_refuse(c, "head", "GEN-3: it names alliance %s; the genesis is that of %s",
                                  hex_of(&h.alliance).s, hex_of(id).s);
    if (expect != NULL && !hash_eq(expect, id))
        return certificate_refuse(c, "head", "GEN-3: this is alliance %s; %s was expected", hex_of(id).s,
                                  hex_of(expect).s);
    c->r->alliance = *id;
    c->r->name = c->genesis.name;
    c->r->expected = expect != NULL;
    c->r->founded_ms = c->time_ms = c->genesis.founded_ms;
    c->r->signatures += c->genesis.genesis.sigs.list.n + 4 * c->genesis.genesis.cards.n;
    c->decision = h.decision;
    c->size = 1;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(c->genesis.origin), hex_of(id).s);
    c->origin = arena_dup(c->a, buf_span(&b));
    return founding_set(c);
}

/* The row with this key, or NULL. */
static const struct state_proof *row_of(const struct state_proof_list *rows, uint8_t table, struct span key)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].table == table && span_eq(rows->v[i].key, key))
            return &rows->v[i];
    return NULL;
}

static int row_cmp(const struct state_proof *x, const struct state_proof *y)
{
    return x->table != y->table ? (x->table < y->table ? -1 : 1) : span_cmp(x->key, y->key);
}

/* Every row proven, ascending, none twice. */
static enum status prove_rows(struct check *c, const char *region, const struct hash *root,
                              const struct state_proof_list *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0 && row_cmp(&rows->v[i - 1], &rows->v[i]) >= 0)
            return certificate_refuse(c, region, "CER-5: its rows do not ascend");
        enum status st = certificate_prove_row(c, region, root, &rows->v[i]);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status decode_row(struct check *c, const char *region, const struct record_desc *d,
                              const struct state_proof *p, void *ret)
{
    struct err err;
    if (codec_decode(d, arena_dup(c->a, p->value), c->a, ret, &err) != ST_OK)
        return certificate_refuse(c, region, "%s: a row of %s: %s", verify_rule_of(&err, "CER-5"),
                                  table_name((uint8_t)p->table), err.text);
    return ST_OK;
}

static struct span org_part(struct span seat)
{
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    return slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
}

/* Two signatures for the partner, by different keys, one for its registrar (REF-3). */
static bool partner_signed(const struct genesis_sig_list *l, struct span org)
{
    for (size_t i = 0; i < l->n; i++) {
        struct span seat = l->v[i].seat;
        if (!span_eq(org_part(seat), org) || seat.n != org.n + 10 ||
            memcmp(seat.p + org.n, "/registrar", 10) != 0)
            continue;
        for (size_t k = 0; k < l->n; k++)
            if (span_eq(org_part(l->v[k].seat), org) && !span_eq(l->v[k].seat, seat) &&
                !hash_eq(&l->v[k].signature.key, &l->v[i].signature.key))
                return true;
    }
    return false;
}

/* CER-4: who had to sign, by the charter's parties; SEAT rows of who did. The rows shown are these and no
 * others. */
static enum status refounding_seats(struct check *c, const struct refounding_info *info,
                                    const struct state_proof_list *rows)
{
    const struct genesis_sig_list *l = &info->file.sigs;
    struct charter_parties parties;
    struct state_section section;
    struct state_seat seat;
    struct err err;
    uint8_t number = SECTION_PARTIES;
    size_t used = 1;
    const struct state_proof *p = row_of(rows, TABLE_SECTION, span_of(&number, 1));
    if (p == NULL)
        return certificate_refuse(c, "link", "CER-4: the row of the charter's parties is missing");
    enum status st = decode_row(c, "link", &state_section_desc, p, &section);
    if (st == ST_OK && codec_decode(&charter_parties_desc, section.body, c->a, &parties, &err) != ST_OK)
        st = certificate_refuse_err(c, "link", "CER-4", &err);
    for (size_t i = 0; st == ST_OK && i < parties.list.n; i++) {
        struct state_party party;
        struct span org = parties.list.v[i].org;
        if ((p = row_of(rows, TABLE_PARTY, org)) == NULL)
            return certificate_refuse(c, "link", "CER-4: the row of %.*s is missing", SPAN_FMT(org));
        used++;
        st = decode_row(c, "link", &state_party_desc, p, &party);
        bool left = st == ST_OK && HAS(&party, state_party_key_standing) && party.standing == STANDING_LEFT;
        if (st == ST_OK && party.role == ROLE_PARTNER && !left && !partner_signed(l, org))
            st = certificate_refuse(
                c, "link", "REF-3: the registrar and another seat of %.*s have not signed by two keys",
                SPAN_FMT(org));
    }
    for (size_t i = 0; st == ST_OK && i < l->n; i++) {
        const struct genesis_sig *s = &l->v[i];
        bool holds = false;
        if ((p = row_of(rows, TABLE_SEAT, s->seat)) == NULL)
            return certificate_refuse(c, "link", "CER-4: the row of %.*s is missing", SPAN_FMT(s->seat));
        used += i == 0 || !span_eq(l->v[i - 1].seat, s->seat);
        st = decode_row(c, "link", &state_seat_desc, p, &seat);
        for (size_t k = 0; st == ST_OK && k < seat.keys.n; k++)
            holds = holds || (seat.keys.v[k].alg == s->signature.alg &&
                              hash_eq(&seat.keys.v[k].key, &s->signature.key));
        if (st == ST_OK && !holds)
            st = certificate_refuse(c, "link", "REF-3: a key that signed as %.*s does not hold that seat",
                                    SPAN_FMT(s->seat));
        if (st == ST_OK && sshsig_verify(&s->signature, SSHSIG_REFOUND, info->file.statement) != ST_OK)
            st = certificate_refuse(c, "link", "REF-3: the signature as %.*s does not verify",
                                    SPAN_FMT(s->seat));
        c->r->signatures++;
    }
    if (st == ST_OK && used != rows->n)
        st = certificate_refuse(c, "link", "CER-4: it holds rows that nothing asks for");
    return st;
}

/* What a header says of its place (CER-3). */
static enum status place_of(struct check *c, const struct header *h, const struct block_record *rec)
{
    if (rec->leaf != LEAF_BLOCK || !hash_eq(&rec->alliance, &c->genesis.alliance))
        return certificate_refuse(c, "link", "CER-3: it is no header of this alliance");
    if (rec->height <= c->height || h->size <= c->size || rec->time_ms <= c->time_ms)
        return certificate_refuse(c, "link", "CER-3: block %" PRIu64 " does not come after block %" PRIu64,
                                  rec->height, c->height);
    if (rec->epoch != c->epoch)
        return certificate_refuse(
            c, "link", "CER-3: block %" PRIu64 " is of epoch %" PRIu64 "; %" PRIu64 " was expected",
            rec->height, rec->epoch, c->epoch);
    if (!hash_eq(&rec->validators, &c->set_hash))
        return certificate_refuse(
            c, "link",
            "CER-3: block %" PRIu64
            " is decided by set %s; the sets shown lead to %s: a change of set is missing",
            rec->height, hex_of(&rec->validators).s, hex_of(&c->set_hash).s);
    bool differ = !hash_eq(&rec->validators, &rec->next_validators);
    if (HAS(rec, block_record_key_next_set) != differ)
        return certificate_refuse(c, "link", "BLK-6: block %" PRIu64 ": the next set is %s", rec->height,
                                  differ ? "missing" : "given, though it does not differ");
    return ST_OK;
}

static enum status take_set(struct check *c, const struct validator_list *members)
{
    struct validator_set set = {.members = *members};
    struct err err;
    if (validators_check(&set, &err) != ST_OK)
        return certificate_refuse_err(c, "link", "BLK-6", &err);
    if (validators_copy(&set, c->a, &c->set) != ST_OK)
        return err_set(c->err, ST_LIMIT, "no room for a set of validators");
    validators_hash(&c->set, &c->set_hash);
    return ST_OK;
}

/* The proof of a link, under the set in force: its certificate, or the refounding after which statement.set
 * decides. */
static enum status prove_link(struct check *c, const struct certificate_link *f,
                              const struct block_record *rec, struct arena *a)
{
    struct hash id;
    struct certificate cert;
    struct refounding_info info;
    struct err err;
    sha256(f->header, &id);
    if (!refounding_is(f->proof)) {
        if (fault_of_certificate(f->proof) != NULL)
            return certificate_refuse(c, "link", "%s: the signatures of the certificate do not ascend by organisation",
                                      fault_of_certificate(f->proof));
        if (certificate_verify_bytes(f->proof, &c->genesis.alliance, rec->epoch, rec->height, &id, &c->set, a,
                                     &cert, &err) != ST_OK)
            return certificate_refuse_err(c, "link", "CRT-1", &err);
        if (f->rows.n > 0)
            return certificate_refuse(c, "link", "CER-4: rows beside a certificate");
        c->r->signatures += cert.sigs.n;
        return ST_OK;
    }
    struct refounding_last last = {.alliance = c->genesis.alliance,
                                   .epoch = rec->epoch,
                                   .height = rec->height,
                                   .block = id,
                                   .decided_by = &c->set};
    if (refounding_read(f->proof, a, &info, &err) != ST_OK || refounding_check(&info, &last, &err) != ST_OK)
        return certificate_refuse(c, "link", "REF-2: %s", verify_words_of(&err));
    if (!fault_ascends(&info))
        return certificate_refuse(c, "link", "REF-2: the signatures do not ascend by seat and key");
    enum status st = prove_rows(c, "link", &rec->state_root, &f->rows);
    if (st == ST_OK)
        st = refounding_seats(c, &info, &f->rows);
    if (st == ST_OK)
        st = take_set(c, &info.statement.set);
    c->epoch++;
    c->r->refoundings++;
    return st;
}

static enum status one_link(struct check *c, struct span body)
{
    struct certificate_link f;
    struct header h;
    struct block_record rec;
    struct err err;
    if (c->anchored)
        return certificate_refuse(
            c, "link", "CER-3: block %" PRIu64 " changes no set, and is not the last link", c->height);
    if (codec_decode(&certificate_link_desc, arena_dup(c->a, body), &c->frame, &f, &err) != ST_OK)
        return certificate_refuse_err(c, "link", "ENC-4", &err);
    if (codec_decode(&header_desc, f.header, &c->frame, &h, &err) != ST_OK ||
        codec_decode(&block_record_desc, h.record, c->a, &rec, &err) != ST_OK)
        return certificate_refuse_err(c, "link", "BLK-2", &err);
    enum status st = place_of(c, &h, &rec);
    uint64_t epoch = c->epoch;
    bool changes = st == ST_OK && HAS(&rec, block_record_key_next_set);
    if (st == ST_OK)
        st = prove_link(c, &f, &rec, &c->frame);
    if (st != ST_OK)
        return st;
    if (changes && c->epoch == epoch) {
        st = take_set(c, &rec.next_set);
        if (st == ST_OK && !hash_eq(&c->set_hash, &rec.next_validators))
            st = certificate_refuse(
                c, "link", "BLK-6: block %" PRIu64 ": its next set is not the one that it names", rec.height);
    }
    c->r->links++;
    c->anchored = !changes && c->epoch == epoch;
    c->height = rec.height;
    c->time_ms = rec.time_ms;
    c->size = h.size;
    c->root = h.root;
    c->state_root = rec.state_root;
    c->r->anchor = rec;
    if (c->epoch != epoch)
        c->r->anchor.height = 0; /* no anchor: it has no certificate of its own */
    c->r->size = h.size;
    c->r->root = h.root;
    return st;
}

static enum status state_row(struct check *c, const struct state_proof *p)
{
    struct state_party party;
    uint8_t number[8];
    store_u64(number, c->decision);
    if (p->table == TABLE_DECISION) {
        if (!span_eq(p->key, span_of(number, 8)))
            return certificate_refuse(c, "state", "CER-5: the row of another decision than D-%" PRIu64,
                                      c->decision);
        return decode_row(c, "state", &state_decision_desc, p, &c->r->decision);
    }
    if (p->table == TABLE_KEY && p->key.n == 32) {
        struct check_key *k = &c->keys[c->n_keys++];
        memcpy(k->key.b, p->key.p, 32);
        return decode_row(c, "state", &state_key_desc, p, &k->row);
    }
    if (p->table != TABLE_PARTY)
        return certificate_refuse(c, "state", "CER-5: it shows a row of %s, which has no place here",
                                  table_name((uint8_t)p->table));
    enum status st = decode_row(c, "state", &state_party_desc, p, &party);
    if (st != ST_OK)
        return st;
    c->logs[c->n_logs] = arena_dup(c->a, p->key);
    c->log_keys[c->n_logs++] = party.node.log;
    return ST_OK;
}

static enum status state(struct check *c, struct span body)
{
    struct certificate_state f;
    struct err err;
    if (c->r->anchor.height == 0)
        return certificate_refuse(
            c, "link", "CER-3: the last link must have a certificate; a refounding stands in its place");
    if (codec_decode(&certificate_state_desc, body, &c->frame, &f, &err) != ST_OK)
        return certificate_refuse_err(c, "state", "ENC-4", &err);
    c->keys = arena_array(c->a, f.rows.n, sizeof *c->keys);
    c->logs = arena_array(c->a, f.rows.n, sizeof *c->logs);
    c->log_keys = arena_array(c->a, f.rows.n, sizeof *c->log_keys);
    ASSERT(c->keys != NULL);
    ASSERT(c->logs != NULL);
    ASSERT(c->log_keys != NULL);
    memset(c->keys, 0, f.rows.n * sizeof *c->keys);
    enum status st = prove_rows(c, "state", &c->state_root, &f.rows);
    for (size_t i = 0; st == ST_OK && i < f.rows.n; i++)
        st = state_row(c, &f.rows.v[i]);
    if (st == ST_OK && c->r->decision.number != c->decision)
        st = certificate_refuse(c, "state", "CER-5: the row of D-%" PRIu64 " is missing", c->decision);
    if (st != ST_OK)
        return st;
    c->r->events = arena_array(c->a, c->r->decision.events, sizeof *c->r->events);
    return c->r->events != NULL
               ? ST_OK
               : err_set(c->err, ST_LIMIT, "no room for %" PRIu64 " events", c->r->decision.events);
}

static struct note_key cosign_key(struct check *c, const struct validator *v)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%.*s", SPAN_FMT(c->origin), SPAN_FMT(v->org));
    return note_key_make(arena_dup(c->a, buf_span(&b)), NOTE_COSIGNATURE, &v->cosign);
}

/* CER-6. */
static enum status checkpoint(struct check *c, struct span body)
{
    struct certificate_checkpoint f;
    struct checkpoint cp;
    struct signed_note note;
    struct err err;
    size_t n = 0, total = c->set.members.n + c->n_logs, known = 0;
    struct note_key *keys = arena_array(c->a, total, sizeof *keys);
    struct checkpoint_seen *seen = arena_array(c->a, total, sizeof *seen);
    ASSERT(keys != NULL);
    ASSERT(seen != NULL);
    if (codec_decode(&certificate_checkpoint_desc, body, &c->frame, &f, &err) != ST_OK)
        return certificate_refuse_err(c, "checkpoint", "ENC-4", &err);
    for (size_t i = 0; i < c->set.members.n; i++)
        keys[n++] = cosign_key(c, &c->set.members.v[i]);
    for (size_t i = 0; i < c->n_logs; i++)
        keys[n++] = note_key_make(c->origin, NOTE_ED25519, &c->log_keys[i]);
    if (note_parse(f.note, &c->frame, &note, &err) != ST_OK || checkpoint_parse(note.text, &cp, &err) != ST_OK)
        return certificate_refuse_err(c, "checkpoint", "CKP-4", &err);
    if (!span_eq(cp.origin, c->origin) || cp.extension.n != 0)
        return certificate_refuse(c, "checkpoint", "CKP-1: its origin is %.*s; %.*s was expected",
                                  SPAN_FMT(cp.origin), SPAN_FMT(c->origin));
    if (cp.size != c->size || !hash_eq(&cp.root, &c->root))
        return certificate_refuse(c, "checkpoint",
                                  "CER-6: it is of a tree of %" PRIu64
                                  " leaves with root %s; the anchor, block %" PRIu64 ", has %" PRIu64
                                  " leaves and root %s",
                                  cp.size, hex_of(&cp.root).s, c->height, c->size, hex_of(&c->root).s);
    enum status signed_well = checkpoint_verify(f.note, keys, n, &c->frame, &cp, seen, &err);
    if (signed_well != ST_OK)
        return certificate_refuse_err(c, "checkpoint", signed_well == ST_NOTFOUND ? "CER-6" : "CKP-4", &err);
    for (size_t i = 0; i < n; i++)
        known += seen[i].signed_it;
    if (note.n != known)
        return certificate_refuse(
            c, "checkpoint", "CER-6: %zu signature lines, %zu of them by keys that are shown", note.n, known);
    for (size_t i = 0; i < n; i++) {
        c->r->cosigned += i < c->set.members.n && seen[i].signed_it;
        if (i >= c->set.members.n && !seen[i].signed_it)
            return certificate_refuse(c, "checkpoint",
                                      "CER-5: the row of %.*s is shown, and its log key signed nothing here",
                                      SPAN_FMT(c->logs[i - c->set.members.n]));
    }
    c->r->members = (uint32_t)c->set.members.n;
    c->r->signatures += known;
    if (c->r->cosigned < quorum_of(c->r->members))
        return certificate_refuse(c, "checkpoint", "CKP-3: %u members cosigned it; %u are needed",
                                  c->r->cosigned, quorum_of(c->r->members));
    return ST_OK;
}

static enum status the_end(struct check *c, struct span body)
{
    struct certificate_end f;
    struct err err;
    uint32_t kind;
    struct span more;
    if (codec_decode(&certificate_end_desc, body, &c->frame, &f, &err) != ST_OK)
        return certificate_refuse_err(c, "end", "ENC-4", &err);
    if (f.frames != c->r->frames - 1)
        return certificate_refuse(c, "end", "CER-12: it speaks of %" PRIu64 " frames; %" PRIu64 " were read",
                                  f.frames, c->r->frames - 1);
    enum status st = certificate_outcome(c);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < c->n_keys; i++)
        if (!c->keys[i].used)
            return certificate_refuse(c, "state", "CER-5: the row of key %s is shown, and no entry is by it",
                                      hex_of(&c->keys[i].key).s);
    st = pack_read(&c->in, &kind, &more, &err);
    c->place = c->in.place;
    c->r->bytes = c->in.next_offset;
    return st == ST_END ? ST_OK : certificate_refuse(c, "end", "CER-1: something follows the last frame");
}

static enum status frames(struct check *c)
{
    enum { LINKS, STATE, CHECKPOINT, BLOCKS } at = LINKS; /* what came last */
    for (;;) {
        struct span body;
        uint32_t kind;
        enum status st = next_frame(c, &kind, &body);
        if (st != ST_OK)
            return st;
        if (kind == certificate_link_desc.number && at == LINKS) {
            st = one_link(c, body);
        } else if (kind == certificate_state_desc.number && at == LINKS && c->r->links > 0) {
            at = STATE;
            st = state(c, body);
        } else if (kind == certificate_checkpoint_desc.number && at == STATE) {
            at = CHECKPOINT;
            st = checkpoint(c, body);
        } else if (kind == certificate_block_desc.number && at >= CHECKPOINT) {
            at = BLOCKS;
            st = certificate_take_block(c, body);
        } else if (kind == certificate_end_desc.number && at == BLOCKS) {
            return the_end(c, body);
        } else {
            st = certificate_refuse(c, "frame", "CER-1: a frame of kind %u does not belong here", kind);
        }
        if (st != ST_OK)
            return st;
    }
}

bool certificate_is(FILE *f)
{
    int first = fgetc(f);
    return first != EOF && ungetc(first, f) == CERTIFICATE_MAGIC[0];
}

enum status certificate_check(FILE *f, const struct hash *expect, struct arena *a,
                              struct certificate_report *ret_report, struct verify_failure *ret_failure,
                              struct err *err)
{
    struct certificate_report r = {0};
    struct check c = {.a = a, .r = &r, .fail = ret_failure, .err = err};
    struct err own;
    *ret_failure = (struct verify_failure){.region = ""};
    arena_init(&c.frame, 0);
    pack_reader_init(&c.in, f);
    r.notes = arena_array(a, NOTES_MAX, sizeof *r.notes);
    ASSERT(r.notes != NULL);
    enum status st = pack_read_magic(&c.in, CERTIFICATE_MAGIC, &own);
    if (st != ST_OK)
        st = certificate_refuse(&c, "magic", "%s", own.text);
    if (st == ST_OK)
        st = head(&c, expect);
    if (st == ST_OK)
        st = frames(&c);
    pack_reader_deinit(&c.in);
    arena_deinit(&c.frame);
    if (st == ST_OK)
        *ret_report = r;
    return st;
}
