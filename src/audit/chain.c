#include <stdarg.h>
#include "audit/chain.h"
#include "audit/fault.h"
#include "cert/certificate.h"
#include "cert/quorum.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "merkle/sparse.h"
#include "store/view.h"

enum { NOTES_MAX = 256 };

void chain_init(struct chain *c, FILE *f, struct arena *a, struct chain_report *r, const char *rule, struct verify_failure *fail,
                struct err *err)
{
    *c = (struct chain){.a = a, .r = r, .rule = rule, .fail = fail, .err = err};
    *fail = (struct verify_failure){.region = ""};
    arena_init(&c->frame, 0);
    pack_reader_init(&c->in, f);
    r->notes = arena_array(a, NOTES_MAX, sizeof *r->notes);
    ASSERT(r->notes != NULL);
}

void chain_deinit(struct chain *c)
{
    pack_reader_deinit(&c->in);
    arena_deinit(&c->frame);
}

enum status chain_refuse(struct chain *c, const char *region, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)verify_failed(c->fail, region, &c->place, fmt, ap);
    va_end(ap);
    c->fail->height = c->height;
    return ST_BADSIG;
}

enum status chain_refuse_err(struct chain *c, const char *region, const char *rule, const struct err *err)
{
    if (verify_rule_length(err->text) > 0)
        return chain_refuse(c, region, "%s", err->text);
    return chain_refuse(c, region, "%s: %s", verify_rule_of(err, rule), err->text);
}

void chain_note(struct chain *c, const char *fmt, ...)
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

/* -- frames, founding -- */

enum status chain_next(struct chain *c, uint32_t *ret_kind, struct span *ret_body)
{
    struct err err;
    enum status st = pack_read(&c->in, ret_kind, ret_body, &err);
    c->place = c->in.place;
    arena_reset(&c->frame);
    if (st == ST_FORMAT)
        return chain_refuse_err(c, "frame", "PAK-1", &err);
    if (st == ST_END)
        return chain_refuse(c, "end", "%s: the file ends without its last frame", c->rule);
    if (st != ST_OK)
        return err_set(c->err, st, "%s", err.text);
    c->r->frames++;
    return ST_OK;
}

enum status chain_misplaced(struct chain *c, bool known, uint32_t kind, const char *why)
{
    return chain_refuse(c, "frame", "%s: a frame of kind %u: %s", known ? c->rule : "PAK-1", kind, known ? why : "no frame of this kind of file has it");
}

enum status chain_nothing_follows(struct chain *c)
{
    struct err err;
    struct span more;
    uint32_t kind;
    enum status st = pack_read(&c->in, &kind, &more, &err);
    c->place = c->in.place;
    c->r->bytes = c->in.next_offset;
    return st == ST_END ? ST_OK : chain_refuse(c, "end", "%s: something follows the last frame", c->rule);
}

/* The set that decides block 1. */
static enum status founding_set(struct chain *c)
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
        return chain_refuse_err(c, "genesis", "BLK-6", &err);
    validators_hash(&c->set, &c->set_hash);
    return ST_OK;
}

enum status chain_begin(struct chain *c, struct span genesis, const struct hash *named, const struct hash *expect)
{
    struct err err;
    if (genesis_read(genesis, true, c->a, &c->genesis, &err) != ST_OK)
        return chain_refuse_err(c, "genesis", "GEN-3", &err);
    const struct hash *id = &c->genesis.alliance;
    if (!hash_eq(named, id))
        return chain_refuse(c, "head", "GEN-3: it names alliance %s; the genesis is that of %s", hex_of(named).s, hex_of(id).s);
    if (expect != NULL && !hash_eq(expect, id))
        return chain_refuse(c, "head", "GEN-3: this is alliance %s; %s was expected", hex_of(id).s, hex_of(expect).s);
    c->r->alliance = *id;
    c->r->name = c->genesis.name;
    c->r->expected = expect != NULL;
    c->r->founded_ms = c->time_ms = c->genesis.founded_ms;
    c->r->signatures += c->genesis.genesis.sigs.list.n + 4 * c->genesis.genesis.cards.n;
    c->size = 1;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(c->genesis.origin), hex_of(id).s);
    c->origin = arena_dup(c->a, buf_span(&b));
    return founding_set(c);
}

/* -- rows of the state -- */

enum status chain_prove_row(struct chain *c, const char *region, const char *rule, const struct hash *root, const struct state_proof *p)
{
    struct hash key, value;
    struct err err;
    struct sparse_proof proof = {.n = p->siblings.n, .leaf = true};
    if (!table_in_state_root((uint8_t)p->table))
        return chain_refuse(c, region, "%s: a row of table %" PRIu64 ", which no state root covers", rule, p->table);
    sparse_key((uint8_t)p->table, p->key, &key);
    sparse_value(p->value, &value);
    proof.leaf_key = key;
    proof.leaf_value = value;
    if (p->siblings.n > 0)
        memcpy(proof.siblings, p->siblings.v, p->siblings.n * sizeof *p->siblings.v);
    if (sparse_verify(root, &key, &value, &proof, &err) != ST_OK)
        return chain_refuse(c, region, "SMT-3: a row of %s: %s", table_name((uint8_t)p->table), err.text);
    c->r->rows++;
    return ST_OK;
}

static int row_cmp(uint64_t table, struct span key, const struct state_proof *p)
{
    return table != p->table ? (table < p->table ? -1 : 1) : span_cmp(key, p->key);
}

enum status chain_prove_rows(struct chain *c, const char *region, const char *rule, const struct hash *root,
                             const struct state_proof_list *rows, struct chain_rows *ret_rows)
{
    *ret_rows = (struct chain_rows){.list = rows, .used = arena_array(&c->frame, rows->n + 1, sizeof *ret_rows->used)};
    ASSERT(ret_rows->used != NULL);
    memset(ret_rows->used, 0, (rows->n + 1) * sizeof *ret_rows->used);
    for (size_t i = 1; i < rows->n; i++)
        if (row_cmp(rows->v[i - 1].table, rows->v[i - 1].key, &rows->v[i]) >= 0)
            return chain_refuse(c, region, "%s: its rows do not ascend", rule);
    for (size_t i = 0; i < rows->n; i++) {
        enum status st = chain_prove_row(c, region, rule, root, &rows->v[i]);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

const struct state_proof *chain_row(struct chain_rows *rows, uint8_t table, struct span key)
{
    size_t low = 0, high = rows->list->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int k = row_cmp(table, key, &rows->list->v[mid]);
        if (k == 0) {
            rows->used[mid] = true;
            return &rows->list->v[mid];
        }
        if (k < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

enum status chain_decode_row(struct chain *c, const char *region, const char *rule, const struct record_desc *d,
                             const struct state_proof *p, struct arena *a, void *ret)
{
    struct err err;
    if (codec_decode(d, arena_dup(a, p->value), a, ret, &err) != ST_OK)
        return chain_refuse(c, region, "%s: a row of %s: %s", verify_rule_of(&err, rule), table_name((uint8_t)p->table), err.text);
    return ST_OK;
}

enum status chain_all_used(struct chain *c, const char *region, const char *rule, const struct chain_rows *rows)
{
    for (size_t i = 0; i < rows->list->n; i++)
        if (!rows->used[i])
            return chain_refuse(c, region, "%s: it holds a row of %s that nothing asks for", rule, table_name((uint8_t)rows->list->v[i].table));
    return ST_OK;
}

/* -- refoundings -- */

struct span chain_org_of(struct span seat)
{
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    return slash == NULL ? seat : span_of(seat.p, (size_t)(slash - seat.p));
}

bool chain_is_node(struct span seat)
{
    struct span org = chain_org_of(seat);
    return seat.n == org.n + 5 && memcmp(seat.p + org.n, "/node", 5) == 0;
}

/* Two signatures for the partner, by different keys, one for its registrar (REF-3). */
static bool partner_signed(const struct genesis_sig_list *l, struct span org)
{
    for (size_t i = 0; i < l->n; i++) {
        struct span seat = l->v[i].seat;
        if (!span_eq(chain_org_of(seat), org) || seat.n != org.n + 10 || memcmp(seat.p + org.n, "/registrar", 10) != 0)
            continue;
        for (size_t k = 0; k < l->n; k++)
            if (span_eq(chain_org_of(l->v[k].seat), org) && !span_eq(l->v[k].seat, seat) &&
                !hash_eq(&l->v[k].signature.key, &l->v[i].signature.key))
                return true;
    }
    return false;
}

/* One signature of a refounding, by the row of its seat. */
static enum status one_seat(struct chain *c, const char *region, const struct refounding_info *info, const struct genesis_sig *s,
                            struct chain_rows *rows)
{
    struct state_seat seat;
    bool holds = false;
    const struct state_proof *p = chain_row(rows, TABLE_SEAT, s->seat);
    if (p == NULL)
        return chain_refuse(c, region, "CER-4: the row of %.*s is missing", SPAN_FMT(s->seat));
    enum status st = chain_decode_row(c, region, "CER-5", &state_seat_desc, p, &c->frame, &seat);
    for (size_t k = 0; st == ST_OK && k < seat.keys.n; k++)
        holds = holds || (seat.keys.v[k].alg == s->signature.alg && hash_eq(&seat.keys.v[k].key, &s->signature.key));
    if (st == ST_OK && !holds)
        st = chain_refuse(c, region, "REF-3: a key that signed as %.*s does not hold that seat", SPAN_FMT(s->seat));
    if (st == ST_OK && sshsig_verify(&s->signature, SSHSIG_REFOUND, info->file.statement) != ST_OK)
        st = chain_refuse(c, region, "REF-3: the signature as %.*s does not verify", SPAN_FMT(s->seat));
    c->r->signatures++;
    return st;
}

enum status chain_seats(struct chain *c, const char *region, const struct refounding_info *info, struct chain_rows *rows)
{
    const struct genesis_sig_list *l = &info->file.sigs;
    struct charter_parties parties;
    struct state_section section;
    struct err err;
    uint8_t number = SECTION_PARTIES;
    const struct state_proof *p = chain_row(rows, TABLE_SECTION, span_of(&number, 1));
    if (p == NULL)
        return chain_refuse(c, region, "CER-4: the row of the charter's parties is missing");
    enum status st = chain_decode_row(c, region, "CER-5", &state_section_desc, p, &c->frame, &section);
    if (st == ST_OK && codec_decode(&charter_parties_desc, section.body, &c->frame, &parties, &err) != ST_OK)
        st = chain_refuse_err(c, region, "CER-4", &err);
    for (size_t i = 0; st == ST_OK && i < parties.list.n; i++) {
        struct state_party party;
        struct span org = parties.list.v[i].org;
        if ((p = chain_row(rows, TABLE_PARTY, org)) == NULL)
            return chain_refuse(c, region, "CER-4: the row of %.*s is missing", SPAN_FMT(org));
        st = chain_decode_row(c, region, "CER-5", &state_party_desc, p, &c->frame, &party);
        bool left = st == ST_OK && HAS(&party, state_party_key_standing) && party.standing == STANDING_LEFT;
        if (st == ST_OK && party.role == ROLE_PARTNER && !left && !partner_signed(l, org))
            st = chain_refuse(c, region, "REF-3: the registrar and another seat of %.*s have not signed by two keys", SPAN_FMT(org));
    }
    for (size_t i = 0; st == ST_OK && i < l->n; i++)
        st = one_seat(c, region, info, &l->v[i], rows);
    return st;
}

enum status chain_refounding(struct chain *c, const char *region, struct span bytes, const struct block_record *rec,
                             const struct hash *block, struct arena *a, struct refounding_info *ret_info)
{
    struct err err;
    struct refounding_last last = {.alliance = c->genesis.alliance,
                                   .epoch = rec->epoch,
                                   .height = rec->height,
                                   .block = *block,
                                   .decided_by = &c->set};
    if (refounding_read(bytes, a, ret_info, &err) != ST_OK || refounding_check(ret_info, &last, &err) != ST_OK)
        return chain_refuse(c, region, "REF-2: %s", verify_words_of(&err));
    if (!fault_ascends(ret_info))
        return chain_refuse(c, region, "REF-2: the signatures do not ascend by seat and key");
    return ST_OK;
}

enum status chain_new_epoch(struct chain *c, const char *region, const struct refounding_info *info)
{
    enum status st = chain_take_set(c, region, &info->statement.set, NULL);
    c->epoch++;
    c->r->refoundings++;
    return st;
}

/* -- the sets that decide -- */

enum status chain_take_set(struct chain *c, const char *region, const struct validator_list *members, const struct hash *named)
{
    struct validator_set set = {.members = *members};
    struct err err;
    if (validators_check(&set, &err) != ST_OK)
        return chain_refuse_err(c, region, "BLK-6", &err);
    if (validators_copy(&set, c->a, &c->set) != ST_OK)
        return err_set(c->err, ST_LIMIT, "no room for a set of validators");
    validators_hash(&c->set, &c->set_hash);
    if (named != NULL && !hash_eq(&c->set_hash, named))
        return chain_refuse(c, region, "BLK-6: the next set is not the one that the block names");
    return ST_OK;
}

/* What a header says of its place (CER-3). */
static enum status place_of(struct chain *c, const struct header *h, const struct block_record *rec)
{
    if (rec->leaf != LEAF_BLOCK || !hash_eq(&rec->alliance, &c->genesis.alliance))
        return chain_refuse(c, "link", "CER-3: it is no header of this alliance");
    if (rec->height <= c->height || h->size <= c->size || rec->time_ms <= c->time_ms)
        return chain_refuse(c, "link", "CER-3: block %" PRIu64 " does not come after block %" PRIu64, rec->height, c->height);
    if (rec->epoch != c->epoch)
        return chain_refuse(c, "link", "CER-3: block %" PRIu64 " is of epoch %" PRIu64 "; %" PRIu64 " was expected", rec->height,
                            rec->epoch, c->epoch);
    if (!hash_eq(&rec->validators, &c->set_hash))
        return chain_refuse(c, "link",
                            "CER-3: block %" PRIu64 " is decided by set %s; the sets shown lead to %s: a change of set is missing",
                            rec->height, hex_of(&rec->validators).s, hex_of(&c->set_hash).s);
    bool differ = !hash_eq(&rec->validators, &rec->next_validators);
    if (HAS(rec, block_record_key_next_set) != differ)
        return chain_refuse(c, "link", "BLK-6: block %" PRIu64 ": the next set is %s", rec->height,
                            differ ? "missing" : "given, though it does not differ");
    return ST_OK;
}

/* The proof of a link, under the set in force: its certificate, or the refounding after which statement.set decides. */
static enum status prove_link(struct chain *c, const struct certificate_link *f, const struct block_record *rec)
{
    struct hash id;
    struct certificate cert;
    struct refounding_info info;
    struct chain_rows rows;
    struct err err;
    sha256(f->header, &id);
    c->certified = !refounding_is(f->proof);
    if (c->certified) {
        if (fault_of_certificate(f->proof) != NULL)
            return chain_refuse(c, "link", "%s: the signatures of the certificate do not ascend by organisation",
                                fault_of_certificate(f->proof));
        if (certificate_verify_bytes(f->proof, &c->genesis.alliance, rec->epoch, rec->height, &id, &c->set, &c->frame, &cert, &err) !=
            ST_OK)
            return chain_refuse_err(c, "link", "CRT-1", &err);
        if (f->rows.n > 0)
            return chain_refuse(c, "link", "CER-4: rows beside a certificate");
        c->r->signatures += cert.sigs.n;
        return HAS(rec, block_record_key_next_set) ? chain_take_set(c, "link", &rec->next_set, &rec->next_validators) : ST_OK;
    }
    enum status st = chain_refounding(c, "link", f->proof, rec, &id, &c->frame, &info);
    if (st == ST_OK)
        st = chain_prove_rows(c, "link", "CER-5", &rec->state_root, &f->rows, &rows);
    if (st == ST_OK)
        st = chain_seats(c, "link", &info, &rows);
    if (st == ST_OK)
        st = chain_all_used(c, "link", "CER-4", &rows);
    return st == ST_OK ? chain_new_epoch(c, "link", &info) : st;
}

enum status chain_link(struct chain *c, const struct certificate_link *f, bool *ret_changes)
{
    struct header h;
    struct block_record rec;
    struct err err;
    if (codec_decode(&header_desc, f->header, &c->frame, &h, &err) != ST_OK ||
        codec_decode(&block_record_desc, h.record, &c->frame, &rec, &err) != ST_OK)
        return chain_refuse_err(c, "link", "BLK-2", &err);
    enum status st = place_of(c, &h, &rec);
    if (st == ST_OK)
        st = prove_link(c, f, &rec);
    if (st != ST_OK)
        return st;
    c->r->links++;
    c->height = rec.height;
    c->time_ms = rec.time_ms;
    c->size = h.size;
    c->root = h.root;
    c->state_root = rec.state_root;
    *ret_changes = !c->certified || HAS(&rec, block_record_key_next_set);
    return ST_OK;
}

/* -- the checkpoint -- */

static struct note_key cosign_key(struct chain *c, const struct validator *v)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%.*s", SPAN_FMT(c->origin), SPAN_FMT(v->org));
    return note_key_make(arena_dup(&c->frame, buf_span(&b)), NOTE_COSIGNATURE, &v->cosign);
}

/* Its text: of this log, and of the newest block's tree. */
static enum status checkpoint_of(struct chain *c, struct span bytes, const char *rule, struct signed_note *ret_note,
                                 struct checkpoint *ret)
{
    struct err err;
    if (note_parse(bytes, &c->frame, ret_note, &err) != ST_OK || checkpoint_parse(ret_note->text, ret, &err) != ST_OK)
        return chain_refuse_err(c, "checkpoint", "CKP-4", &err);
    if (!span_eq(ret->origin, c->origin) || ret->extension.n != 0)
        return chain_refuse(c, "checkpoint", "CKP-1: its origin is %.*s; %.*s was expected", SPAN_FMT(ret->origin), SPAN_FMT(c->origin));
    if (ret->size != c->size || !hash_eq(&ret->root, &c->root))
        return chain_refuse(c, "checkpoint",
                            "%s: it is of a tree of %" PRIu64 " leaves with root %s; the anchor, block %" PRIu64 ", has %" PRIu64
                            " leaves and root %s",
                            rule, ret->size, hex_of(&ret->root).s, c->height, c->size, hex_of(&c->root).s);
    return ST_OK;
}

enum status chain_checkpoint(struct chain *c, struct span bytes, const char *rule, const char *rows_rule, const struct span *orgs,
                             const struct hash *log_keys, size_t n_logs, struct checkpoint *ret_checkpoint)
{
    struct signed_note note;
    struct err err;
    size_t members = c->set.members.n, total = members + n_logs, known = 0;
    struct note_key *keys = arena_array(&c->frame, total, sizeof *keys);
    struct checkpoint_seen *seen = arena_array(&c->frame, total, sizeof *seen);
    ASSERT(keys != NULL);
    ASSERT(seen != NULL);
    for (size_t i = 0; i < total; i++)
        keys[i] = i < members ? cosign_key(c, &c->set.members.v[i]) : note_key_make(c->origin, NOTE_ED25519, &log_keys[i - members]);
    enum status st = checkpoint_of(c, bytes, rule, &note, ret_checkpoint);
    if (st != ST_OK)
        return st;
    st = checkpoint_verify(bytes, keys, total, &c->frame, ret_checkpoint, seen, &err);
    if (st != ST_OK)
        return chain_refuse_err(c, "checkpoint", st == ST_NOTFOUND ? rule : "CKP-4", &err);
    for (size_t i = 0; i < total; i++)
        known += seen[i].signed_it;
    if (note.n != known)
        return chain_refuse(c, "checkpoint", "%s: %zu signature lines, %zu of them by keys that are shown", rule, note.n, known);
    for (size_t i = 0; i < total; i++) {
        c->r->cosigned += i < members && seen[i].signed_it;
        if (i >= members && !seen[i].signed_it)
            return chain_refuse(c, "checkpoint", "%s: the row of %.*s is shown, and its log key signed nothing here", rows_rule,
                                SPAN_FMT(orgs[i - members]));
    }
    c->r->members = (uint32_t)members;
    c->r->signatures += known;
    if (c->r->cosigned < quorum_of(c->r->members))
        return chain_refuse(c, "checkpoint", "CKP-3: %u members cosigned it; %u are needed", c->r->cosigned, quorum_of(c->r->members));
    c->r->anchor_height = c->height;
    c->r->anchor_ms = c->time_ms;
    c->r->size = c->size;
    c->r->root = c->root;
    return ST_OK;
}
