#include "dossier/form.h"
#include "support.h"

static void finds(const char *from, const char *to, const char *expected)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    cr_expect_str_eq(findings(&a, from, to), expected);
}

Test(check, the_verdict_follows_from_the_answers)
{
    finds("build:         {answer: no", "build:         {answer: yes",
          "19:3: refused: test.verdict: 'alliance', but the answers say build: build; an alliance needs other answers, or for a "
          "caution a mitigation");
    finds("joint-venture: {answer: no", "joint-venture: {answer: yes",
          "19:3: refused: test.verdict: 'alliance', but the answers say joint venture: joint-venture; an alliance needs other "
          "answers, or for a caution a mitigation");
    finds("shared-value:  {answer: yes", "shared-value:  {answer: no",
          "19:3: refused: test.verdict: 'alliance', but the answers say not yet: shared-value; an alliance needs other answers, "
          "or for a caution a mitigation");
    finds("crown-jewels: {applies: no", "crown-jewels: {applies: yes",
          "19:3: refused: test.verdict: 'alliance', but the answers say not yet: crown-jewels; an alliance needs other answers, "
          "or for a caution a mitigation");
    finds("  verdict: alliance\n", "  verdict: buy\n",
          "19:3: refused: test.verdict: 'buy', but no answer speaks against an alliance; change the verdict, or the answer that "
          "should");
    finds("  verdict: alliance\n", "  verdict:\n",
          "19:3: missing: test.verdict: what was concluded: alliance, joint venture, build, buy or not yet");
}

/* An answer against it is enough before all are given; and an open one is not an answer. */
Test(check, a_verdict_before_all_answers)
{
    finds("commitment:    {answer: yes", "commitment:    {answer: ",
          "11:19: missing: test.commitment.answer: Will both give people, money and a sponsor for 12 to 18 months?");
    struct arena a CLEANUP(arena_deinit);
    struct dossier d;
    struct err err = {0};
    arena_init(&a, 0);
    cr_assert_eq(load(&a, changed(&a, "buy:           {answer: no", "buy:           {answer: yes"), &d, &err), ST_OK);
    struct dossier_verdict v = dossier_verdict(&d);
    cr_expect_str_eq(v.verdict, "buy");
    cr_expect_eq(v.n, 1);
    cr_expect(span_eqs(v.why[0], "buy"));
}

Test(check, answers_and_scores_have_reasons)
{
    finds("{answer: no, because: No company of the right size is for sale}", "{answer: no}",
          "13:3: missing: test.buy.because: an answer without a reason; say why");
    finds("capability: {score: 5, because: Has the technicians and the parts}", "capability: {score: 5}",
          "33:7: missing: shortlist.south.fit.capability.because: a score without a reason; say why");
    finds("      capability: {score: 5, because: Has the technicians and the parts}\n", "",
          "31:5: missing: shortlist.south.fit.capability: a score of 1 to 5, and why");
    finds("    because: Would do for one market\n", "", "41:3: missing: shortlist.east.because: a standing without a reason; say why");
}

Test(check, red_flags_have_mitigations)
{
    finds(", mitigation: Certificate before the second market; until then names of customers stay with us", "",
          "37:84: refused: shortlist.south.fit.compliance: a red flag without a mitigation; say what is done about it, or drop "
          "the candidate");
    finds(", mitigation: An audit is booked for March 2027; until then only order numbers are exchanged", "",
          "69:113: refused: diligence.no-certificate: a red flag without a mitigation; say what is done about it, or drop the "
          "candidate");
    finds("cultural:   {score: 4, because: Two joint trial weeks went well}",
          "cultural:   {score: 4, because: Two joint trial weeks went well, mitigation: More of them}",
          "36:72: warning: shortlist.south.fit.cultural: a mitigation of no red flag");
    finds(", mitigation: Routes change by agreement and not before March", "",
          "93:3: missing: risks.lost-technicians.mitigation: a risk without a mitigation; say what is done about it");
}

Test(check, the_shortlist)
{
    finds("    standing: chosen\n", "    standing: dropped\n",
          "28:1: refused: shortlist: the verdict is 'alliance', and no candidate is chosen\n"
          "81:5: refused: thesis.contributions: 'south' brings something, and is neither chosen nor whose dossier this is\n"
          "88:5: refused: thesis.assumptions.capacity: its owner's organisation 'south' is neither chosen nor whose dossier this "
          "is\n"
          "97:3: refused: commitments.technicians: 'south' is neither chosen nor whose dossier this is");
    finds("leadership: {score: 5,", "leadership: {score: 1,", "");
    finds("strategic:  {score: 3, because: One market only}\n      capability: {score: 4,",
          "strategic:  {score: 5, because: One market only}\n      capability: {score: 5,", "");
    finds("about: south, area: ip,", "about: north, area: ip,",
          "68:18: refused: diligence.report-forms: 'north' is not on the shortlist\n"
          "66:1: missing: diligence: south is chosen, and no finding is about its ip; say also when nothing was found");
}

Test(check, a_better_candidate_on_the_reserve)
{
    struct arena a CLEANUP(arena_deinit);
    struct dossier d;
    struct dossier_findings f;
    struct err err = {0};
    arena_init(&a, 0);
    /* south would keep 29; east gains three dimensions: 2 + 2 + 3 more */
    cr_assert_eq(load(&a,
                      changed(&a,
                              "strategic:  {score: 3, because: One market only}\n"
                              "      capability: {score: 4, because: \"Technicians, no parts\"}\n"
                              "      economic:   {score: 3, because: Asks for a price per visit and no share}\n"
                              "      operating:  {score: 4, because: Plans daily as we do}",
                              "strategic:  {score: 5, because: x}\n"
                              "      capability: {score: 5, because: x}\n"
                              "      economic:   {score: 5, because: x}\n"
                              "      operating:  {score: 5, because: x}"),
                      &d, &err),
                 ST_OK);
    cr_assert_eq(dossier_check(&d, &a, &f), ST_OK);
    cr_assert_eq(f.n, 1);
    cr_expect_eq(f.warnings, 1);
    cr_expect_str_eq(f.v[0].text, "chosen with a total of 29, while east on the reserve has 30");
    struct dossier_fit west = dossier_fit(form_get(form_get(d.root, "shortlist"), "west"));
    cr_expect_eq(west.total, 20);
    cr_expect_eq(west.scored, 7);
    cr_expect_eq(west.red_flags, 1);
}

Test(check, the_thesis)
{
    finds("    south: \"technicians, spare parts, and the schedule of visits\"\n", "",
          "79:3: missing: thesis.contributions: what south brings");
    finds("by 2028-05-31", "by 2029-05-31",
          "78:5: warning: thesis.outcomes.first-visit-fixed: not 12 to 18 months after the day of the dossier");
    finds("sign a letter of intent}", "sign a letter of intent, due: 120 d}",
          "87:5: warning: thesis.assumptions.demand: due after 120 d; assumptions are validated within 90");
    finds("  principles: [safety first, the customer hears one answer, one set of numbers]\n", "",
          "73:1: missing: thesis.principles: what decides when two goods collide, first things first");
    finds("from: south, to: north}", "from: south, to: south}",
          "26:5: refused: discovery.value-streams.visits: from 'south' to itself; a value stream goes to another organisation");
}

/* Where it ends without an alliance, partners and value need not be told. */
Test(check, a_short_one)
{
    struct arena a CLEANUP(arena_deinit);
    struct dossier d;
    struct dossier_findings f;
    struct err err = {0};
    arena_init(&a, 0);
    struct span whole = changed(&a, "build:         {answer: no", "build:         {answer: yes");
    const uint8_t *end = memmem(whole.p, whole.n, "\nshortlist:", 11);
    struct span cut = arena_dup(&a, span_of(whole.p, (size_t)(end - whole.p)));
    uint8_t *verdict = memmem(cut.p, cut.n, "verdict: alliance", 17);
    memcpy(verdict, "verdict: build   ", 17);
    cr_assert_eq(load(&a, cut, &d, &err), ST_OK, "%s", err.text);
    cr_assert_eq(dossier_check(&d, &a, &f), ST_OK);
    for (size_t i = 0; i < f.n; i++)
        cr_expect_str_eq(f.v[i].where, "risks", "%s: %s", f.v[i].where, f.v[i].text);
    cr_expect_eq(f.n, 0);
}
