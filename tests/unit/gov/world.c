#include <criterion/criterion.h>
#include "world.h"
#include "world_members.h"
#include "charter/charter.h"
#include "crypto/hash.h"
#include "gov/happened.h"

static const char *const partner_seats[] = {"alliance-manager", "business-lead", "finance",
                                            "quality",          "registrar",     "sponsor"};
static const char *const trustee_seats[] = {"mediator", "registrar"};
static const char *const orgs[] = {"brand", "distributor", "maker", "trustee"};

struct public_key world_key(const char *name)
{
    struct public_key k = {.alg = SIG_ED25519};
    sha256(span_str(name), &k.key);
    return k;
}

static struct span text(struct world *w, const char *fmt, const char *a, const char *b)
{
    char t[200];
    int n = snprintf(t, sizeof t, fmt, a, b);
    return arena_dup(&w->a, span_of(t, (size_t)n));
}

struct span world_encoded(struct world *w, const struct record_desc *d, const void *rec)
{
    struct buf b;
    buf_init(&b, 65535);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK);
    struct span s = arena_dup(&w->a, buf_span(&b));
    buf_deinit(&b);
    return s;
}

static struct span card_of(struct world *w, const char *org)
{
    bool trustee = strcmp(org, "trustee") == 0;
    const char *const *names = trustee ? trustee_seats : partner_seats;
    size_t n = trustee ? ARRAY_LEN(trustee_seats) : ARRAY_LEN(partner_seats);
    struct card_seat *seats = arena_array(&w->a, n, sizeof *seats);
    for (size_t i = 0; i < n; i++) {
        bool two = strcmp(names[i], "registrar") == 0;
        struct public_key *keys = arena_array(&w->a, 2, sizeof *keys);
        keys[0] = world_key((const char *)text(w, "%s/%s", org, names[i]).p);
        keys[1] = world_key((const char *)text(w, "%s/%s 2", org, names[i]).p);
        seats[i] = (struct card_seat){.seat = span_str(names[i]), .keys = {two ? 2 : 1, keys}};
    }
    struct card c = {.version = 1, .org = span_str(org), .seats = {n, seats}};
    c.node.vote = world_key((const char *)text(w, "%s %s", org, "vote").p).key;
    c.node.cosign = world_key((const char *)text(w, "%s %s", org, "cosign").p).key;
    c.node.log = world_key((const char *)text(w, "%s %s", org, "log").p).key;
    c.node.node = world_key((const char *)text(w, "%s/%s", org, "node").p).key;
    c.node.tls = span_str("certificate");
    if (strcmp(org, "maker") == 0) {
        c.recovery = world_recovery_key(org);
        SET_HAS(&c, card_key_recovery);
    }
    return world_encoded(w, &card_desc, &c);
}

static enum status card_digest(void *ctx, struct span path, struct hash *ret, struct err *err)
{
    struct world *w = ctx;
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        if (span_eq(path, text(w, "cards/%s.card%s", orgs[i], ""))) {
            sha256(card_of(w, orgs[i]), ret);
            return ST_OK;
        }
    }
    return err_set(err, ST_NOTFOUND, "no such card");
}

static enum status no_document(void *ctx, struct span path, struct hash *ret, struct err *err)
{
    (void)ctx;
    (void)path;
    (void)ret;
    return err_set(err, ST_NOTFOUND, "no such document");
}

static void keep_block(struct world *w)
{
    if (w->n_blocks == w->cap_blocks) {
        w->cap_blocks = w->cap_blocks == 0 ? 64 : w->cap_blocks * 2;
        struct world_block *more = arena_array(&w->a, w->cap_blocks, sizeof *more);
        if (w->n_blocks != 0)
            memcpy(more, w->blocks, w->n_blocks * sizeof *more);
        w->blocks = more;
    }
    w->blocks[w->n_blocks++] = (struct world_block){w->g.time_ms, w->size};
}

static enum status size_at(void *ctx, uint64_t at_ms, uint64_t *ret_size, struct err *err)
{
    const struct world *w = ctx;
    (void)err;
    *ret_size = w->blocks[0].size;
    for (size_t i = 0; i < w->n_blocks; i++) {
        if (w->blocks[i].time_ms <= at_ms)
            *ret_size = w->blocks[i].size;
    }
    return ST_OK;
}

/* --- The view: HAPPENED is made when it is asked for, as the state stands --- */

static enum status put_happened(void *ctx, const struct tkey *row)
{
    struct world *w = ctx;
    overlay_put(&w->happened, TABLE_HAPPENED, tkey_span(row), span_str(""));
    return ST_OK;
}

static struct view view_for(struct world *w, uint8_t table)
{
    struct view state = overlay_view(&w->state);
    if (table != TABLE_HAPPENED)
        return state;
    if (w->acted) {
        arena_deinit(&w->happened_arena);
        arena_init(&w->happened_arena, 0);
        overlay_init(&w->happened, NULL, &w->happened_arena);
        cr_assert_eq(happened_each(&state, put_happened, w, &w->err), ST_OK, "%s", w->err.text);
        w->acted = false;
    }
    return overlay_view(&w->happened);
}

static enum status view_get_of(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    struct view v = view_for(ctx, table);
    return view_get(&v, table, key, ret_value);
}

static enum status view_next_of(void *ctx, uint8_t table, struct span from, struct span *ret_key, struct span *ret_value)
{
    struct view v = view_for(ctx, table);
    return view_next(&v, table, from, ret_key, ret_value);
}

static enum status view_prev_of(void *ctx, uint8_t table, struct span upto, struct span *ret_key, struct span *ret_value)
{
    struct view v = view_for(ctx, table);
    return view_prev(&v, table, upto, ret_key, ret_value);
}

enum status world_try(struct world *w, const char *charter,
                      void (*spoil)(struct span_list *, struct span_list *))
{
    *w = (struct world){0};
    arena_init(&w->a, 0);
    overlay_init(&w->state, NULL, &w->a);
    w->v = (struct view){w, view_get_of, view_next_of, view_prev_of};
    w->acted = true;
    uint64_t founded;
    cr_assert_eq(time_parse(span_str("2026-03-02T08:00:00Z"), &founded), ST_OK);
    w->g = (struct gov){
        .state = &w->state, .arena = &w->a, .time_ms = founded, .rules = 1, .history = {w, size_at}};
    struct charter_founding f = {.founded_ms = founded};
    struct charter_files files = {w, card_digest, no_document};
    struct charter_source src;
    enum status st =
        charter_load(arena_dup(&w->a, span_str(charter)), "test.yaml", &f, &files, &w->a, &src, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    struct span_list sections = {src.sections.n, arena_array(&w->a, src.sections.n, sizeof(struct span))};
    for (size_t i = 0; i < src.sections.n; i++)
        sections.v[i] = world_encoded(w, &section_desc, &src.sections.v[i]);
    struct span_list cards = {ARRAY_LEN(orgs), arena_array(&w->a, ARRAY_LEN(orgs), sizeof(struct span))};
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        struct signed_card sc = {.leaf = LEAF_CARD, .card = card_of(w, orgs[i])};
        cards.v[i] = world_encoded(w, &signed_card_desc, &sc);
    }
    if (spoil != NULL)
        spoil(&sections, &cards);
    w->size = 1 + sections.n + cards.n;
    return gov_genesis(&w->g, sections.v, sections.n, cards.v, cards.n, &w->err);
}

void world_found_with(struct world *w, const char *charter)
{
    enum status st = world_try(w, charter, NULL);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
}

char *world_charter(struct arena *a)
{
    struct span text;
    struct err err;
    enum status st =
        file_read(ENTENTE_SOURCE_DIR "/tests/unit/gov/world.charter.yaml", 65536, a, &text, &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    char *copy = arena_alloc(a, text.n + 1);
    memcpy(copy, text.p, text.n + 1);
    return copy;
}

void world_found(struct world *w)
{
    struct arena a;
    arena_init(&a, 0);
    world_found_with(w, world_charter(&a));
    arena_deinit(&a);
}

void world_free(struct world *w)
{
    arena_deinit(&w->happened_arena);
    arena_deinit(&w->a);
}

static void world_check(struct world *w)
{
    struct arena a;
    if (w->unchecked)
        return;
    arena_init(&a, 0);
    enum status st = gov_check(&w->v, &a, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&a);
}

struct hash world_digest(struct world *w)
{
    struct arena a;
    struct overlay_write *writes;
    size_t n;
    struct sha256 h;
    struct hash ret;
    arena_init(&a, 0);
    cr_assert_eq(overlay_writes(&w->state, &a, &writes, &n), ST_OK);
    sha256_init(&h);
    for (size_t i = 0; i < n; i++) {
        uint8_t len[16];
        store_u64(len, writes[i].key.n << 8 | writes[i].table);
        store_u64(len + 8, writes[i].value.n);
        sha256_update(&h, span_of(len, sizeof len));
        sha256_update(&h, writes[i].key);
        sha256_update(&h, writes[i].value);
    }
    sha256_final(&h, &ret);
    arena_deinit(&a);
    return ret;
}

void world_at_ms(struct world *w, uint64_t ms)
{
    cr_assert(ms > w->g.time_ms, "time runs forward: %s", time_utc(ms).s);
    keep_block(w);
    w->acted = true;
    w->g.prev_time_ms = w->g.time_ms;
    w->g.time_ms = ms;
    w->g.height++;
    w->g.leaf = w->size++;
    enum status st = gov_timers(&w->g, &w->fired, &w->more, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    if (!w->more)
        world_check(w);
}

void world_at(struct world *w, const char *time)
{
    uint64_t ms;
    cr_assert_eq(time_parse(span_str(time), &ms), ST_OK);
    world_at_ms(w, ms);
}

enum verdict world_entry(struct world *w, const char *seat, uint64_t kind, const struct record_desc *d,
                         const void *body)
{
    uint64_t boundary = w->size;
    if (w->same_block)
        boundary = w->basis; /* the caller says; 0 would be refused by the caller of gov */
    else
        world_at_ms(w, w->g.time_ms + 1000);
    w->g.leaf = w->size;
    for (size_t i = 32; i-- > 0 && ++w->next_id.b[i] == 0;)
        ;
    struct entry e = {.leaf = LEAF_ENTRY,
                      .version = 1,
                      .kind = kind,
                      .body = world_encoded(w, d, body),
                      .seat = span_str(seat)};
    e.basis.size = w->basis != 0 ? w->basis : boundary;
    struct gov_entry ge = {.entry = &e, .id = w->next_id, .key = world_key(w->key != NULL ? w->key : seat)};
    if (w->raw_key != NULL)
        ge.key.key = *w->raw_key;
    enum verdict v = V_MALFORMED;
    struct hash before = w->unwatched ? (struct hash){{0}} : world_digest(w);
    w->acted = true;
    enum status st = gov_apply(&w->g, &ge, &v, &w->err);
    cr_assert_eq(st, ST_OK, "%s: %s", status_name(st), w->err.text);
    if (!w->unwatched && v != V_OK) {
        struct hash after = world_digest(w);
        cr_assert(hash_eq(&before, &after), "refused (%s), but something was written", verdict_name(v));
    }
    cr_assert((v == V_OK) == (w->g.why[0] == 0), "a refusal has words, and only a refusal");
    if (v == V_OK)
        w->size++;
    world_check(w);
    w->key = NULL;
    if (!w->same_block)
        w->basis = 0;
    return v;
}

static struct proposal proposal_of(struct world *w, const struct world_proposal *o)
{
    struct proposal p = {.effect = {.type = EFFECT_NONE}};
    memset(p.title.b, 7, sizeof p.title.b);
    if (o == NULL)
        return p;
    if (o->currency != NULL) {
        p.amount = (struct money){.minor = o->minor, .currency = span_str(o->currency)};
        SET_HAS(&p, proposal_key_amount);
    }
    if (o->affected[0] != NULL) {
        p.affected.v = arena_array(&w->a, 4, sizeof(struct span));
        while (p.affected.n < 4 && o->affected[p.affected.n] != NULL) {
            p.affected.v[p.affected.n] = span_str(o->affected[p.affected.n]);
            p.affected.n++;
        }
        SET_HAS(&p, proposal_key_affected);
    }
    if (o->supersedes != 0) {
        p.supersedes = o->supersedes;
        SET_HAS(&p, proposal_key_supersedes);
    }
    if (o->partner != NULL) {
        p.partner = span_str(o->partner);
        SET_HAS(&p, proposal_key_partner);
    }
    if (o->budget != NULL) {
        p.budget = span_str(o->budget);
        SET_HAS(&p, proposal_key_budget);
    }
    if (o->charge_currency != NULL) {
        p.charge = (struct money){.minor = o->charge, .currency = span_str(o->charge_currency)};
        SET_HAS(&p, proposal_key_charge);
    }
    if (o->rate != NULL) {
        p.rate = span_str(o->rate);
        SET_HAS(&p, proposal_key_rate);
    }
    if (o->scope != NULL) {
        p.scope = span_str(o->scope);
        SET_HAS(&p, proposal_key_scope);
    }
    if (o->body.p != NULL) {
        p.effect = (struct effect){
            .type = EFFECT_AMEND, .section = o->section, .body = o->body, .base_version = o->base};
        SET_HAS(&p.effect, effect_key_section);
        SET_HAS(&p.effect, effect_key_body);
        if (o->base != 0)
            SET_HAS(&p.effect, effect_key_base_version);
    }
    if (o->effect != NULL)
        p.effect = *o->effect;
    return p;
}

static struct ref ref_of(struct world *w, uint64_t n)
{
    struct ref r = {.number = n};
    struct matter m;
    if (matter_load(&w->v, &w->a, n, &m, &w->err) == ST_OK)
        r.digest = m.d.digest;
    return r;
}

enum verdict world_propose(struct world *w, const char *seat, const char *type,
                           const struct world_proposal *p)
{
    struct propose r = {.type = span_str(type), .proposal = proposal_of(w, p)};
    if (p != NULL && p->counters != 0) {
        r.counters = ref_of(w, p->counters);
        SET_HAS(&r, propose_key_counters);
    }
    enum verdict v = world_entry(w, seat, KIND_PROPOSE, &propose_desc, &r);
    if (v == V_OK)
        w->last++;
    return v;
}

enum verdict world_revise(struct world *w, const char *seat, uint64_t n, const struct world_proposal *p)
{
    struct revise r = {.decision = ref_of(w, n), .proposal = proposal_of(w, p)};
    return world_entry(w, seat, KIND_REVISE, &revise_desc, &r);
}

enum verdict world_ballot_for(struct world *w, const char *seat, const char *principal, uint64_t n,
                              enum choice choice)
{
    struct ballot r = {.decision = ref_of(w, n), .choice = choice};
    struct matter m;
    if (matter_load(&w->v, &w->a, n, &m, &w->err) == ST_OK) {
        r.rung = m.d.rung;
        if (m.recommended != NULL)
            r.decision.digest = m.recommended->id;
    }
    if (principal != NULL) {
        r.principal = span_str(principal);
        SET_HAS(&r, ballot_key_principal);
    }
    if (choice == CHOICE_REJECT || choice == CHOICE_VETO)
        SET_HAS(&r, ballot_key_reason);
    if (choice == CHOICE_VETO) {
        r.clause = span_str("thesis.principles");
        SET_HAS(&r, ballot_key_clause);
    }
    return world_entry(w, seat, KIND_BALLOT, &ballot_desc, &r);
}

enum verdict world_ballot(struct world *w, const char *seat, uint64_t n, enum choice choice)
{
    return world_ballot_for(w, seat, NULL, n, choice);
}

enum verdict world_recommend(struct world *w, const char *seat, uint64_t n, const struct world_proposal *p)
{
    struct decision_input r = {.decision = ref_of(w, n), .settled = proposal_of(w, p)};
    SET_HAS(&r, decision_input_key_settled);
    return world_entry(w, seat, KIND_INPUT, &decision_input_desc, &r);
}

enum verdict world_receipt(struct world *w, const char *seat, uint64_t n)
{
    struct receipt r = {.decision = ref_of(w, n)};
    return world_entry(w, seat, KIND_RECEIPT, &receipt_desc, &r);
}

struct alternate world_alternate(const char *seat, const char *from, const char *until)
{
    struct alternate alt = {.seat = span_str(seat)};
    cr_assert_eq(time_parse(span_str(from), &alt.from_ms), ST_OK);
    cr_assert_eq(time_parse(span_str(until), &alt.until_ms), ST_OK);
    return alt;
}

enum verdict world_alternates(struct world *w, const char *seat, struct alternate *v, size_t n)
{
    struct public_key key = world_key(seat);
    struct holder r = {.seat = span_str(seat), .keys = {1, &key}, .alternates = {n, v}};
    char registrar[80];
    (void)snprintf(registrar, sizeof registrar, "%.*s/registrar", SPAN_FMT(state_seat_org(r.seat)));
    SET_HAS(&r, holder_key_alternates);
    return world_entry(w, registrar, KIND_HOLDER, &holder_desc, &r);
}

enum verdict world_withdraw(struct world *w, const char *seat, uint64_t n)
{
    struct withdraw r = {.decision = ref_of(w, n)};
    return world_entry(w, seat, KIND_WITHDRAW, &withdraw_desc, &r);
}

enum verdict world_move(struct world *w, const char *seat, uint64_t n, enum move move)
{
    struct move_decision r = {.decision = ref_of(w, n), .move = move};
    struct matter m;
    if (matter_load(&w->v, &w->a, n, &m, &w->err) == ST_OK)
        r.rung = m.d.rung;
    return world_entry(w, seat, KIND_MOVE, &move_decision_desc, &r);
}

enum verdict world_note(struct world *w, const char *seat, uint64_t n)
{
    struct note r = {.type = NOTE_COMMENT, .decision = ref_of(w, n)};
    SET_HAS(&r, note_key_text);
    if (n != 0)
        SET_HAS(&r, note_key_decision);
    return world_entry(w, seat, KIND_NOTE, &note_desc, &r);
}

enum verdict world_holder(struct world *w, const char *registrar, const char *seat, const char *key1,
                          const char *key2)
{
    struct public_key keys[2];
    struct holder r = {.seat = span_str(seat), .keys = {0, keys}};
    if (key1 != NULL)
        keys[r.keys.n++] = world_key(key1);
    if (key2 != NULL)
        keys[r.keys.n++] = world_key(key2);
    return world_entry(w, registrar, KIND_HOLDER, &holder_desc, &r);
}

enum verdict world_revoke(struct world *w, const char *registrar, const char *key)
{
    struct key r = {.key = world_key(key)};
    return world_entry(w, registrar, KIND_KEY, &key_desc, &r);
}

struct state_decision world_decision(struct world *w, uint64_t n)
{
    struct matter m;
    enum status st = matter_load(&w->v, &w->a, n, &m, &w->err);
    cr_assert_eq(st, ST_OK, "D-%d: %s", (int)n, status_name(st));
    return m.d;
}

enum phase world_phase(struct world *w, uint64_t n)
{
    return world_decision(w, n).phase;
}

struct time_text world_deadline(struct world *w, uint64_t n)
{
    struct state_decision d = world_decision(w, n);
    uint64_t at;
    enum timer_kind kind;
    cr_assert(course_timer(&d, &at, &kind));
    return time_utc(at);
}

struct state_event world_event(struct world *w, uint64_t decision, uint64_t back)
{
    struct state_decision d = world_decision(w, decision);
    struct state_event ev;
    struct tkey k = tkey_event(decision, d.events - back);
    cr_assert_eq(state_get(&w->v, &w->a, TABLE_EVENT, &k, &state_event_desc, &ev, &w->err), ST_OK);
    return ev;
}

enum position world_position(struct world *w, uint64_t n, const char *org)
{
    struct matter m;
    struct tally t;
    cr_assert_eq(matter_load(&w->v, &w->a, n, &m, &w->err), ST_OK);
    cr_assert_eq(tally_take(&w->v, &w->a, &m, m.d.rung, &t, &w->err), ST_OK);
    return tally_of_partner(&t, span_str(org));
}

struct state_section world_section(struct world *w, enum section_id id)
{
    struct state_section s;
    struct tkey k = tkey_section(id);
    cr_assert_eq(state_get(&w->v, &w->a, TABLE_SECTION, &k, &state_section_desc, &s, &w->err), ST_OK);
    return s;
}

struct span world_glossary(struct world *w, const char *word, const char *meaning)
{
    struct charter_text_of t = {.name = span_str(word), .text = span_str(meaning)};
    struct charter_glossary g = {.list = {1, &t}};
    return world_encoded(w, &charter_glossary_desc, &g);
}

void world_approve(struct world *w, uint64_t n, const char *const *seats)
{
    for (; *seats != NULL; seats++)
        EXPECT_VERDICT(w, world_ballot(w, *seats, n, CHOICE_APPROVE), V_OK);
}

bool world_is_idle(const struct world *w)
{
    uint64_t next;
    return gov_next_deadline(&w->v, &next) == ST_OK && next == WORLD_RENEWAL_OPENS_MS;
}
