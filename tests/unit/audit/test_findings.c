/* One story, told by a pack; what an auditor is told of it, to the leaf. The clock of the story is ledger time; the calendar has
 * Saturdays and Sundays off. */
#include <criterion/criterion.h>
#include "audit/filter.h"
#include "audit/verdict.h"
#include "crypto/sshpub.h"
#include "maker.h"

enum { SPONSOR, MANAGER, LEAD, FINANCE, REGISTRAR };
static const uint64_t FOUNDED = UINT64_C(1767261600000); /* Thu 2026-01-01T10:00:00Z */
static const uint64_t HOUR = 3600000, DAY = 86400000;

static struct fixture f;
static struct maker m;
static struct ed25519_key *fresh;
static struct public_key old_key, new_key;
/* Leaves of the story. */
static uint64_t d1, ballot1, escalated, set, revoked, ballot2, ballot3, halted, note_leaf, vetoed, climbed, ended;

static uint64_t propose(uint64_t at_ms, int64_t minor, bool documents)
{
    static struct hash document[1] = {{{1}}};
    struct propose body = {.type = span_str("commercial-terms"), .proposal = {.effect = {.type = EFFECT_NONE}}};
    struct maker_entry e = {.seat = LEAD, .kind = KIND_PROPOSE, .body = &body, .n_prose = 1};
    e.prose[0] = fixture_prose(&f, "=price", &body.proposal.title);
    body.proposal.amount = (struct money){.minor = minor, .currency = span_str("EUR")};
    SET_HAS(&body.proposal, proposal_key_amount);
    if (documents) {
        body.proposal.documents = (struct hash_list){1, document};
        SET_HAS(&body.proposal, proposal_key_documents);
    }
    return maker_block(&m, at_ms, &e, 1);
}

static uint64_t approve(uint64_t at_ms, size_t org, size_t seat, uint64_t number, const struct hash *digest, uint64_t rung)
{
    struct ballot body = {.decision = {.number = number, .digest = *digest}, .rung = rung, .choice = CHOICE_APPROVE};
    struct maker_entry e = {.org = org, .seat = seat, .kind = KIND_BALLOT, .body = &body};
    return maker_block(&m, at_ms, &e, 1);
}

static struct hash digest_of(uint64_t leaf)
{
    struct span bytes;
    struct leaf l;
    cr_assert_eq(block_leaf(&m.v, leaf, &bytes, NULL), ST_OK);
    cr_assert_eq(leaf_parse(bytes, &m.a, &l, NULL), ST_OK);
    return l.id;
}

/* p02/business-lead gets a second key, and loses its first one, in one block. */
static void change_keys(uint64_t at_ms)
{
    struct public_key keys[2] = {old_key, new_key};
    if (memcmp(keys[0].key.b, keys[1].key.b, 32) > 0) {
        keys[0] = new_key;
        keys[1] = old_key;
    }
    struct holder h = {.seat = span_str("p02/business-lead"), .keys = {2, keys}};
    struct key k = {.key = old_key, .compromised_since_ms = FOUNDED + HOUR};
    SET_HAS(&k, key_key_compromised_since_ms);
    struct maker_entry e[2] = {{.org = 1, .seat = REGISTRAR, .kind = KIND_HOLDER, .body = &h},
                               {.org = 1, .seat = REGISTRAR, .kind = KIND_KEY, .body = &k}};
    set = maker_block(&m, at_ms, e, 2);
    revoked = set + 1;
    ed25519_free(f.orgs[1].seats[LEAD]);
    f.orgs[1].seats[LEAD] = fresh;
}

static void veto(uint64_t at_ms)
{
    struct propose body = {.type = span_str("roadmap-change"), .proposal = {.effect = {.type = EFFECT_NONE}}};
    struct maker_entry e = {.seat = MANAGER, .kind = KIND_PROPOSE, .body = &body, .n_prose = 1};
    e.prose[0] = fixture_prose(&f, "later", &body.proposal.title);
    struct ballot no = {.decision = {.number = 4, .digest = digest_of(maker_block(&m, at_ms, &e, 1))}, .choice = CHOICE_VETO};
    struct maker_entry v = {.seat = FINANCE, .kind = KIND_BALLOT, .body = &no, .n_prose = 1};
    v.prose[0] = fixture_prose(&f, "too dear", &no.reason);
    no.clause = span_str("decisions.roadmap-change.veto");
    SET_HAS(&no, ballot_key_reason);
    SET_HAS(&no, ballot_key_clause);
    vetoed = maker_block(&m, at_ms + 1000, &v, 1);
}

static void tell(void)
{
    uint64_t t = FOUNDED + HOUR;
    struct note early = {.type = NOTE_COMMENT}; /* by the old key, before it is suspect */
    struct maker_entry n = {.org = 1, .seat = LEAD, .kind = KIND_NOTE, .body = &early, .n_prose = 1};
    n.prose[0] = fixture_prose(&f, "hello", &early.text);
    SET_HAS(&early, note_key_text);
    (void)maker_block(&m, t - 1000, &n, 1);
    d1 = propose(t, 120000, true); /* D-1: escalates by itself, and the sponsors pass it */
    struct hash d = digest_of(d1);
    ballot1 = approve(t + 1000, 1, LEAD, 1, &d, 0);
    escalated = maker_block(&m, t + 46000, NULL, 0) - 1;
    for (size_t i = 0; i < 3; i++)
        (void)approve(t + 47000 + i, i, SPONSOR, 1, &d, 1);
    change_keys(FOUNDED + DAY); /* Fri 2 Jan */
    t = FOUNDED + 6 * DAY;      /* Wed 7 Jan: the third business day after */
    d = digest_of(propose(t, 100000, false)); /* D-2 */
    ballot2 = approve(t + 1000, 1, LEAD, 2, &d, 0);
    (void)approve(t + 2000, 0, LEAD, 2, &d, 0);
    (void)approve(t + 3000, 2, LEAD, 2, &d, 0);
    t = FOUNDED + 11 * DAY; /* Mon 12 Jan: the sixth */
    d = digest_of(propose(t, 5000, false)); /* D-3 */
    ballot3 = approve(t + 1000, 1, LEAD, 3, &d, 0);
    halted = maker_block(&m, t + 3 * HOUR, NULL, 0) - 1; /* no block for three hours: its deadline is moved */
    struct note body = {.type = NOTE_COMMENT};
    struct maker_entry e = {.org = 2, .seat = FINANCE, .kind = KIND_NOTE, .body = &body, .n_prose = 1, .withheld = true};
    e.prose[0] = fixture_prose(&f, "gone", &body.text);
    SET_HAS(&body, note_key_text);
    note_leaf = maker_block(&m, t + 3 * HOUR + 1000, &e, 1);
    veto(t + 3 * HOUR + 2000);               /* D-4 */
    t = FOUNDED + 12 * DAY + 14 * HOUR;      /* Wed 14 Jan, 0:00: where the halt had moved the deadline of D-3 to */
    climbed = maker_block(&m, t, NULL, 0) - 1;
    ended = maker_block(&m, t + 46000, NULL, 0) - 1;
}

static void setup(void)
{
    fixture_found(&f, 12, 3, 1, FOUNDED, 45);
    cr_assert_eq(ed25519_new(&f.random, &fresh), ST_OK);
    old_key = (struct public_key){.alg = SIG_ED25519, .key = f.orgs[1].seats[LEAD]->pub};
    new_key = (struct public_key){.alg = SIG_ED25519, .key = fresh->pub};
    maker_begin(&m, &f);
    tell();
    maker_end(&m);
}

static void teardown(void)
{
    maker_free(&m);
    fixture_free(&f);
}

TestSuite(findings, .init = setup, .fini = teardown, .timeout = 120);

/* Runs look on the record of the first n bytes of the pack. */
struct telling {
    struct history h;
    struct arena a;
    void (*look)(const struct audit_record *r);
    bool told;
};

static enum status on_block(void *ctx, const struct verify_block *b, struct err *err)
{
    struct telling *t = ctx;
    return history_block(&t->h, b, err);
}

static enum status on_end(void *ctx, const struct view *v, const struct verify_report *report, struct err *err)
{
    struct telling *t = ctx;
    struct audit_record r;
    t->told = true;
    cr_assert_eq(record_load(&r, v, &t->h, report, &t->a, err), ST_OK, "%s", err->text);
    t->look(&r);
    return ST_OK;
}

static bool told(size_t n, void (*look)(const struct audit_record *r))
{
    struct telling t = {.look = look};
    struct verify_watch w = {&t, on_block, on_end};
    struct verify_report report;
    struct verify_failure fail;
    struct err err = {0};
    arena_init(&t.a, 0);
    history_init(&t.h, &t.a);
    enum status st = maker_verify(m.p, n, &w, &t.a, &report, &fail, &err);
    cr_assert_eq(st == ST_OK, t.told, "%s: %s %s", fail.region, fail.why, err.text);
    history_deinit(&t.h);
    arena_deinit(&t.a);
    return t.told;
}

static void holders(const struct audit_record *r)
{
    const struct hold *old = NULL, *new = NULL;
    for (size_t i = 0; i < r->h->n_holds; i++) {
        if (hash_eq(&r->h->holds[i].key.key, &old_key.key))
            old = &r->h->holds[i];
        if (hash_eq(&r->h->holds[i].key.key, &new_key.key))
            new = &r->h->holds[i];
    }
    cr_assert_not_null(old);
    cr_assert_not_null(new);
    cr_assert(span_eqs(old->seat, "p02/business-lead"));
    cr_assert_lt(old->from_leaf, r->h->founding_leaves);
    cr_assert_eq(old->to_leaf, revoked);
    cr_assert_eq(old->to_ms, FOUNDED + DAY);
    cr_assert_eq(new->from_leaf, set, "leaf %" PRIu64, new->from_leaf);
    cr_assert_eq(new->to_leaf, UINT64_MAX);
    cr_assert_str_eq(record_cause(r, set), "holder by p02/registrar");
    cr_assert_str_eq(record_cause(r, old->from_leaf), "founding");
    /* 3 partners with 5 seats and a node each, a witness with 1 and a node, and the new key */
    cr_assert_eq(r->h->n_holds, 3 * 6 + 2 + 1);
}

/* Within one block each leaf counts, not only what the block changed in all. */
Test(findings, who_held_a_seat_is_known_to_the_leaf)
{
    cr_assert(told(m.n, holders));
}

static void nothing(const struct audit_record *r)
{
    (void)r;
}

Test(findings, nothing_is_told_of_a_pack_that_fails_at_its_very_end)
{
    cr_assert(!told(m.n - 1, nothing));
    m.p[m.n - 40] ^= 1;
    cr_assert(!told(m.n, nothing));
}

static void exceptions(const struct audit_record *r)
{
    const char *old = text_of(r->a, "%s", sshpub_fingerprint(&old_key).s), *new = text_of(r->a, "%s", sshpub_fingerprint(&new_key).s);
    const struct {
        enum finding_kind kind;
        uint64_t leaf;
        const char *id, *seat, *words;
    } want[] = {
        {FINDING_DEFAULT, ended, "D-3", "", "commercial-terms: status quo"},
        {FINDING_ESCALATED, escalated, "D-1", "", "commercial-terms: to steering, by itself"},
        {FINDING_ESCALATED, climbed, "D-3", "", "commercial-terms: to steering, by itself"},
        {FINDING_NEW_KEY, ballot2, "D-2", "p02/business-lead",
         text_of(r->a, "commercial-terms: approve, by %s, set by leaf %" PRIu64 " at 2026-01-02T10:00:00.000Z (holder by p02/registrar)", new, set)},
        {FINDING_SUSPECT, ballot1, "D-1", "p02/business-lead", text_of(r->a, "ballot, by %s, suspect since 2026-01-01T11:00:00.000Z", old)},
        {FINDING_HALT, halted, "", "", "no block for 2 h 59 min, since 2026-01-12T10:00:01.000Z; 1 deadline of silence moved"},
        {FINDING_REVOKED, revoked, "p02", "p02/registrar", text_of(r->a, "person key %s revoked, suspect since 2026-01-01T11:00:00.000Z", old)},
        {FINDING_TEXT, note_leaf, "p03", "p03/finance", "1 of 1 texts of this note absent"},
        {FINDING_DOCUMENT, d1, "p01", "p01/business-lead", "1 document named by this propose"},
    };
    struct finding_list l;
    struct err err;
    cr_assert_eq(findings_of(r, true, &l, &err), ST_OK);
    for (size_t i = 0; i < l.n && i < ARRAY_LEN(want); i++) {
        cr_assert_eq(l.v[i].kind, want[i].kind, "line %zu: %s, %s", i, finding_text[l.v[i].kind], l.v[i].words);
        cr_assert_eq(l.v[i].leaf, want[i].leaf, "line %zu: leaf %" PRIu64, i, l.v[i].leaf);
        cr_assert_str_eq(l.v[i].id, want[i].id);
        cr_assert_str_eq(l.v[i].seat, want[i].seat);
        cr_assert_str_eq(l.v[i].words, want[i].words);
    }
    cr_assert_eq(l.n, ARRAY_LEN(want));
    cr_assert_str_eq(findings_summary(&l, r->a),
                     "default 1 · escalated 2 · key changed < 5 bd before a ballot 1 · signed by a suspect key 1 · halt 1 (2 h 59 min) · key revoked 1 · "
                     "text absent 1 · document not in the pack 1");
}

Test(findings, every_exception_of_the_story_and_no_other)
{
    cr_assert(told(m.n, exceptions));
}

static size_t count(const struct audit_record *r, struct filter_text t)
{
    struct filter filter;
    struct err err = {0};
    size_t n = 0;
    cr_assert_eq(filter_parse(&t, r->a, &filter, &err), ST_OK, "%s", err.text);
    cr_assert_eq(filter_check(&filter, r, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; filter.decisions && i < r->n_decisions; i++)
        n += filter_decision(&filter, &r->decisions[i]);
    struct audit_cursor c = {0};
    struct audit_entry e;
    while (!filter.decisions && record_next(r, &c, r->a, &e, &err) == ST_OK)
        n += filter_entry(&filter, r, &e);
    return n;
}

static void filters(const struct audit_record *r)
{
    cr_assert_eq(count(r, (struct filter_text){0}), 17);
    cr_assert_eq(count(r, (struct filter_text){.kind = "ballot"}), 9);
    cr_assert_eq(count(r, (struct filter_text){.seat = "p02/business-lead"}), 4);
    cr_assert_eq(count(r, (struct filter_text){.partner = "p02"}), 7);
    cr_assert_eq(count(r, (struct filter_text){.partner = "p02", .kind = "ballot"}), 4);
    cr_assert_eq(count(r, (struct filter_text){.type = "commercial-terms"}), 3);
    cr_assert_eq(count(r, (struct filter_text){.type = "commercial-terms", .seat = "p03/business-lead"}), 1);
    cr_assert_eq(count(r, (struct filter_text){.type = "commercial-terms", .kind = "propose"}), 3);
    cr_assert_eq(count(r, (struct filter_text){.outcome = "effective"}), 2);
    cr_assert_eq(count(r, (struct filter_text){.late = true}), 2);
    cr_assert_eq(count(r, (struct filter_text){.deemed = true}), 0);
    cr_assert_eq(count(r, (struct filter_text){.vetoed = true}), 1);
    cr_assert_eq(count(r, (struct filter_text){.defaulted = true}), 1);
    cr_assert_eq(count(r, (struct filter_text){.vetoed = true, .kind = "ballot"}), 1);
    cr_assert_eq(count(r, (struct filter_text){.outcome = "vetoed", .partner = "p02"}), 0);
    cr_assert_str_eq(record_marks(record_decision(r, 3), r->a), "defaulted late");
    cr_assert_str_eq(record_marks(record_decision(r, 4), r->a), "vetoed");
    cr_assert_str_eq(record_money(&record_decision(r, 1)->amount, r->a), "EUR 1200.00");
    cr_assert_eq(count(r, (struct filter_text){.over = "EUR 1000.00"}), 1);
    cr_assert_eq(count(r, (struct filter_text){.over = "EUR 999.99"}), 2);
    cr_assert_eq(count(r, (struct filter_text){.over = "USD 1.00"}), 0);
    cr_assert_eq(count(r, (struct filter_text){.from = "2026-01-07", .to = "2026-01-07", .kind = "ballot"}), 3);
    cr_assert_eq(count(r, (struct filter_text){.from = "2026-01-08", .type = "commercial-terms"}), 1);
}

Test(findings, filters_pick_what_they_say)
{
    cr_assert(told(m.n, filters));
}

static void unknown_to(const struct audit_record *r, struct filter_text t, const char *words)
{
    struct filter filter;
    struct err err = {0};
    cr_assert_eq(filter_parse(&t, r->a, &filter, &err), ST_OK);
    cr_assert_eq(filter_check(&filter, r, &err), ST_USAGE);
    cr_assert(strstr(err.text, words) != NULL, "%s", err.text);
}

static void misspelt(const struct audit_record *r)
{
    unknown_to(r, (struct filter_text){.type = "comercial-terms"},
               "--type comercial-terms: no decision of this record has that type; there are: commercial-terms, roadmap-change");
    unknown_to(r, (struct filter_text){.partner = "p04"}, "--partner p04: no such organisation is on the record");
    unknown_to(r, (struct filter_text){.seat = "p01/ceo"}, "--seat p01/ceo: no such seat is on the record; a seat is written brand/finance");
}

Test(findings, a_misspelt_filter_is_an_error_not_an_empty_answer)
{
    cr_assert(told(m.n, misspelt));
}

static void words(const struct audit_record *r)
{
    struct verdict_words w;
    struct err err;
    cr_assert_eq(verdict_of(r, true, &w, &err), ST_OK);
    /* one node in turn is missing from each certificate, and that of the newest block does not count */
    cr_assert_eq(w.signers.n, 4);
    cr_assert_str_eq(sheet_at(&w.signers, 0)[0], "p01");
    for (size_t i = 0; i < 4; i++) {
        const char **row = sheet_at(&w.signers, i);
        uint64_t could = strtoull(row[1], NULL, 10), did = strtoull(row[2], NULL, 10), not = strtoull(row[3], NULL, 10);
        cr_assert_eq(could, r->r->height - 1);
        cr_assert_eq(did + not, could);
        cr_assert(not >= could / 4 && not <= could / 4 + 1);
        cr_assert_str_eq(row[4], "1");
    }
    cr_assert_eq(w.changes.n, 3);
    cr_assert_str_eq(sheet_at(&w.changes, 0)[0], text_of(r->a, "%" PRIu64, set));
    cr_assert_str_eq(sheet_at(&w.changes, 0)[3], text_of(r->a, "held by %s from now on", sshpub_fingerprint(&new_key).s));
    cr_assert_str_eq(sheet_at(&w.changes, 2)[3], text_of(r->a, "no longer held by %s", sshpub_fingerprint(&old_key).s));
    cr_assert_eq(w.epochs.n, 0);
    bool texts = false, documents = false;
    for (size_t i = 0; i < w.n_unchecked; i++) {
        texts = texts || strcmp(w.unchecked[i], "What 1 absent texts said (entente-audit exceptions lists them).") == 0;
        documents = documents || strncmp(w.unchecked[i], "1 document: a pack holds none", 29) == 0;
    }
    cr_assert(texts);
    cr_assert(documents);
    cr_assert_str_eq(grouped_text(r->a, 0), "0");
    cr_assert_str_eq(grouped_text(r->a, 999), "999");
    cr_assert_str_eq(grouped_text(r->a, 41212), "41,212");
    cr_assert_str_eq(grouped_text(r->a, 1000007), "1,000,007");
}

Test(findings, the_verdict_says_who_did_not_sign_every_change_of_a_key_and_what_was_not_checked)
{
    cr_assert(told(m.n, words));
}
