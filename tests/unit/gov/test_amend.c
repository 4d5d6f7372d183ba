/* Withdrawing, revising, counters, and the charter amended: rules 17 to 20. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(amend, .timeout = 20);

static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};

static struct world_proposal glossary(struct world *w, const char *meaning, uint64_t base)
{
    return (struct world_proposal){
        .section = SECTION_GLOSSARY, .body = world_glossary(w, "case", meaning), .base = base};
}

Test(amend, GOV_R17_withdraw)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    EXPECT_VERDICT(&w, world_withdraw(&w, "maker/quality", 1), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/quality", 1), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_WITHDRAWN);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/quality", 1), V_CLOSED);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    world_approve(&w, 2, council);
    EXPECT_VERDICT(&w, world_withdraw(&w, "brand/quality", 2), V_NOT_NOW); /* it passed */
    world_free(&w);
}

Test(amend, GOV_R18_revision)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-24T00:00:00.000Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "maker/business-lead", 1, NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, NULL), V_OK);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-24T00:00:00.000Z"); /* kept */
    struct query_decision q;
    cr_assert_eq(query_decision(&w.v, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.revisions.n, 2);
    cr_assert_eq(q.ballots.n, 1); /* void, kept on record */
    cr_assert(!q.ballots.v[0].counts);
    AT(&w, "2026-03-23T09:00:00Z"); /* Monday: 3 bd to read end Thursday 24:00 */
    struct world_proposal up = {.currency = "USD", .minor = 30000000};
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, &up), V_OK);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-27T00:00:00.000Z");
    cr_assert_eq(world_decision(&w, 1).level, 2); /* the amount raises it now */
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, &up), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/business-lead", 1, &up), V_TOO_MANY);
    world_free(&w);
}

Test(amend, GOV_R18_three_per_rung)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    for (int i = 0; i < 3; i++)
        EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_TOO_MANY);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_ESCALATE), V_OK);
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    cr_assert_eq(world_decision(&w, 1).revision, 5);
    cr_assert_eq(world_decision(&w, 1).rung, 1);
    world_free(&w);
}

Test(amend, GOV_R18_a_counter_passing_closes_the_others)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    struct world_proposal p = {.counters = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", &p), V_NOT_PERMITTED); /* its own */
    EXPECT_VERDICT(&w, world_propose(&w, "maker/finance", "plan", &p), V_NOT_PERMITTED);   /* another type */
    EXPECT_VERDICT(&w, world_propose(&w, "maker/finance", "strict", &p), V_OK);
    p.counters = 2; /* joins the group */
    EXPECT_VERDICT(&w, world_propose(&w, "distributor/finance", "strict", &p), V_OK);
    cr_assert_eq(world_decision(&w, 1).countered_by.n, 2);
    world_approve(&w, 2, council);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, 1, PHASE_COUNTERED);
    EXPECT_PHASE(&w, 3, PHASE_COUNTERED);
    cr_assert_eq(world_event(&w, 1, 0).other, 2);
    EXPECT_VERDICT(&w, world_propose(&w, "distributor/finance", "strict", &p), V_CLOSED);
    world_free(&w);
}

Test(amend, GOV_R19_policy_section_amended)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = glossary(&w, "12 bottles", 1);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_OK);
    world_approve(&w, 1, council);
    EXPECT_PHASE(&w, 1, PHASE_PASSED);
    cr_assert_eq(world_section(&w, SECTION_GLOSSARY).version, 1);
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-10T00:00:00.000Z"); /* 5 bd notice */
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_section s = world_section(&w, SECTION_GLOSSARY);
    cr_assert_eq(s.version, 2);
    cr_assert_eq(s.decision, 1);
    cr_assert(span_eq(s.body, p.body));
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert_eq(ev.section, SECTION_GLOSSARY);
    cr_assert_eq(ev.version, 2);
    struct state_section old;
    struct tkey k = tkey_section_old(SECTION_GLOSSARY, 1);
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_SECTION_OLD, &k, &state_section_desc, &old, &w.err), ST_OK);
    cr_assert_eq(old.version, 1);
    world_free(&w);
}

/* A section's struct encoded. */
static struct span encoded(struct world *w, const struct record_desc *d, const void *rec)
{
    struct buf b;
    buf_init(&b, 65535);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK);
    struct span s = arena_dup(&w->a, buf_span(&b));
    buf_deinit(&b);
    return s;
}

/* Term with another last day. */
static struct span term(struct world *w, uint64_t to)
{
    struct charter_term t;
    cr_assert_eq(codec_decode(&charter_term_desc, world_section(w, SECTION_TERM).body, &w->a, &t, &w->err),
                 ST_OK);
    t.to = to;
    return encoded(w, &charter_term_desc, &t);
}

Test(amend, GOV_R19_what_may_not_be_amended)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = glossary(&w, "12 bottles", 1);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", &p), V_BAD_EFFECT); /* no amending row */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_BAD_EFFECT); /* policy */
    EXPECT_WHY(&w, "charter-policy");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", NULL),
                   V_BAD_EFFECT); /* no amendment */
    p.base = 2;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_STALE_VERSION);
    p = glossary(&w, "24 bottles", 1);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p),
                   V_BAD_EFFECT); /* changes nothing */
    p = (struct world_proposal){.section = SECTION_TERM, .body = term(&w, 20000), .base = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p),
                   V_CHARTER_INVALID); /* ends before it begins */
    EXPECT_WHY(&w, "term");
    p.body = world_glossary(&w, "case", "a glossary is no term");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_CHARTER_INVALID);
    p.section = SECTION_ALLIANCE;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_BAD_EFFECT);
    p.section = SECTION_PARTIES;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "row admission");
    p.section = SECTION_PARTNER_SEATS;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_NOT_PERMITTED);
    world_free(&w);
}

Test(amend, GOV_R19_core_by_core_alone)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = {.section = SECTION_TERM, .body = term(&w, 23000), .base = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_BAD_EFFECT);
    EXPECT_WHY(&w, "core");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "charter-core", &p), V_OK);
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor", NULL};
    world_approve(&w, 1, sponsors);
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(world_section(&w, SECTION_TERM).version, 2);
    world_free(&w);
}

Test(amend, GOV_R19_same_section_twice)
{
    struct world w;
    world_found(&w);
    struct world_proposal p = glossary(&w, "12 bottles", 1), q = glossary(&w, "6 bottles", 1),
                          r = glossary(&w, "4 bottles", 1);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/finance", "charter-policy", &q), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/quality", "charter-policy", &r), V_OK);
    world_approve(&w, 2, council); /* passes too, later effective at the same instant: lower number first */
    world_approve(&w, 1, council);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    EXPECT_PHASE(&w, 3, PHASE_STALE);
    EXPECT_TIME(world_deadline(&w, 2), "2026-03-18T00:00:00.000Z"); /* 5 bd after Tuesday */
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 2, CHOICE_APPROVE), V_NOT_NOW);
    EXPECT_VERDICT(&w, world_revise(&w, "maker/finance", 2, &q), V_STALE_VERSION);
    q.base = 2;
    EXPECT_VERDICT(&w, world_revise(&w, "maker/finance", 2, &q), V_OK);
    EXPECT_PHASE(&w, 2, PHASE_OPEN);
    struct state_decision rebased = world_decision(&w, 2);
    cr_assert(!HAS(&rebased, state_decision_key_passed_ms));
    world_approve(&w, 2, council);
    AT(&w, "2026-03-18T00:00:00Z");
    EXPECT_PHASE(&w, 3, PHASE_LAPSED); /* not rebased */
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    cr_assert_eq(world_section(&w, SECTION_GLOSSARY).version, 3);
    world_free(&w);
}

Test(amend, GOV_R19_a_section_that_was_not_there)
{
    struct world w;
    world_found(&w);
    struct span text = span_str("bad news within a day");
    struct charter_norms norms = {.list = {1, &text}};
    struct world_proposal p = {
        .section = SECTION_NORMS, .body = encoded(&w, &charter_norms_desc, &norms), .base = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_STALE_VERSION);
    p.base = 0;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/finance", "charter-policy", &p), V_OK);
    world_approve(&w, 1, council);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(world_section(&w, SECTION_NORMS).version, 1);
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    text = span_str("worse news within an hour");
    p.body = encoded(&w, &charter_norms_desc, &norms);
    p.base = 1;
    EXPECT_VERDICT(&w, world_revise(&w, "maker/finance", 2, &p), V_OK);
    cr_assert_eq(world_decision(&w, 2).base_version, 1);
    world_free(&w);
}

/* One amendment drops a ladder that nothing uses; the other makes a row use it. Each is fine alone. */
Test(amend, GOV_R20_effects_recheck)
{
    struct world w;
    struct charter_ladders ladders;
    struct charter_decisions rows;
    world_found(&w);
    cr_assert_eq(
        codec_decode(&charter_ladders_desc, world_section(&w, SECTION_LADDERS).body, &w.a, &ladders, &w.err),
        ST_OK);
    cr_assert_eq(
        codec_decode(&charter_decisions_desc, world_section(&w, SECTION_DECISIONS).body, &w.a, &rows, &w.err),
        ST_OK);
    size_t n = 0;
    for (size_t i = 0; i < ladders.list.n; i++) {
        if (!span_eqs(ladders.list.v[i].name, "spare"))
            ladders.list.v[n++] = ladders.list.v[i];
    }
    cr_assert_eq(n + 1, ladders.list.n);
    ladders.list.n = n;
    for (size_t i = 0; i < rows.rows.n; i++) {
        if (span_eqs(rows.rows.v[i].name, "plan"))
            rows.rows.v[i].ladder = span_str("spare");
    }
    struct world_proposal p = {
        .section = SECTION_LADDERS, .body = encoded(&w, &charter_ladders_desc, &ladders), .base = 1};
    struct world_proposal q = {
        .section = SECTION_DECISIONS, .body = encoded(&w, &charter_decisions_desc, &rows), .base = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &q), V_OK);
    world_approve(&w, 1, council);
    world_approve(&w, 2, council);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_PHASE(&w, 2, PHASE_STALE);
    struct state_event ev = world_event(&w, 2, 0);
    cr_assert_eq(ev.type, EVENT_STALE);
    char words[256] = "";
    memcpy(words, ev.words.p, ev.words.n);
    cr_assert(strstr(words, "spare") != NULL, "words: %s", words);
    cr_assert_eq(world_section(&w, SECTION_DECISIONS).version, 1);
    world_free(&w);
}

/* A row amended while a decision under it is open: the decision keeps the row of its opening. */
Test(amend, GOV_R03_the_row_is_pinned)
{
    struct world w;
    struct charter_decisions rows;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK);
    cr_assert_eq(
        codec_decode(&charter_decisions_desc, world_section(&w, SECTION_DECISIONS).body, &w.a, &rows, &w.err),
        ST_OK);
    for (size_t i = 0; i < rows.rows.n; i++) {
        if (span_eqs(rows.rows.v[i].name, "terms"))
            rows.rows.v[i].approve.v[0].of.seat = span_str("quality");
    }
    struct world_proposal q = {
        .section = SECTION_DECISIONS, .body = encoded(&w, &charter_decisions_desc, &rows), .base = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &q), V_OK);
    world_approve(&w, 2, council);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/quality", 1, CHOICE_APPROVE), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/business-lead", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/quality", 3, CHOICE_APPROVE), V_OK);
    world_free(&w);
}

Test(amend, unsupported_rows_say_what)
{
    struct world w;
    world_found(&w);
    static const struct {
        const char *seat, *type, *words;
    } rows[] = {
        {"brand/finance", "scored", "above: by score"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EXPECT_VERDICT(&w, world_propose(&w, rows[i].seat, rows[i].type, NULL), V_NOT_SUPPORTED);
        EXPECT_WHY(&w, rows[i].words);
    }
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "nothing", NULL), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "plan", NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "scoped", NULL), V_NOT_PERMITTED);
    struct world_proposal p = {.scope = "ca"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "scoped", &p), V_OK);
    cr_assert_eq(world_decision(&w, 1).number, 1); /* refused ones took no number */
    world_free(&w);
}
