#include <criterion/criterion.h>

#include "support.h"

static struct check_findings check(struct arena *a, struct span text, struct charter_source *ret_source)
{
    struct charter c;
    struct check_findings f;
    struct err err = {0};
    cr_assert_eq(support_load(a, text, ret_source, &err), ST_OK, "%s", err.text);
    cr_assert_eq(charter_decode(ret_source->sections.v, ret_source->sections.n, a, &c, &err), ST_OK, "%s",
                 err.text);
    cr_assert_eq(check_charter(&c, a, &f), ST_OK);
    return f;
}

Test(check, the_example_can_work)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source source;
    struct check_findings f = check(&a, support_example(&a), &source);
    for (size_t i = 0; i < f.n; i++)
        cr_expect(!f.v[i].refuses, "%s: %s", f.v[i].where, f.v[i].text);
    cr_expect_eq(f.refusals, 0);
    struct charter c = support_charter(&a, support_example(&a));
    cr_expect_eq(check_refuse(&c, &a, NULL), ST_OK);
}

/* Each edit makes the example a charter that cannot work: where, and the words. */
static const struct {
    const char *from, *to, *where, *text;
} refused[] = {
    {"owner: council, approve: each partner 1 of council, agenda: council",
     "owner: counsel, approve: each partner 1 of council, agenda: council", "decisions.roadmap-change.owner",
     "no body is called counsel; expected one of section bodies"},
    {"approve: each partner 1 of */business-lead, sla: 15 bd",
     "approve: each partner 2 of */business-lead, sla: 15 bd", "decisions.commercial-terms.approve",
     "can never be met: clinics has 1 seat of */business-lead; 2 needed"},
    {"approve: each partner 1 of */security-legal", "approve: each partner 1 of clinics/security-legal",
     "decisions.data-sharing.approve",
     "can never be met: distributor has 0 seats of clinics/security-legal; 1 needed"},
    {"EUR 200000.00: each partner 1 of steering", "EUR 200000.00: each partner 2 of steering",
     "decisions.commercial-terms.above", "can never be met: clinics has 1 seat of steering; 2 needed"},
    {"veto: [clinics/quality, maker/quality]", "veto: [clinics/nobody]", "decisions.roadmap-change.veto",
     "clinics has no seat nobody; add it to partner-seats, or to seats of that party"},
    {"veto: [clinics/quality, maker/quality]", "veto: [trustee/mediator]", "decisions.roadmap-change.veto",
     "trustee is witness, not a partner"},
    {"maker/quality], notice: 2 bd", "maker/quality], notice: 0 bd", "decisions.roadmap-change.notice",
     "0 bd; a row with a veto needs a notice of at least 1 bd"},
    {"maker/quality], notice: 2 bd", "maker/quality], notice: 3 d", "decisions.roadmap-change.notice",
     "3 d; a row with a veto needs a notice of at least 1 bd"},
    {"ladder: to-council, silence", "ladder: to-nowhere, silence", "decisions.delivery-tradeoff.ladder",
     "no ladder is called to-nowhere"},
    {"defaults: {calendar: joint", "defaults: {calendar: fr", "decisions.defaults",
     "no calendar is called fr"},
    {"else: final say clinics", "else: final say trustee", "decisions.clinical-claim.else",
     "trustee is witness, not a partner"},
    {"else: exit trigger term-ends", "else: exit trigger never", "decisions.renewal.else",
     "no exit trigger is called never"},
    {"approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd",
     "approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd, else: exit trigger safety",
     "decisions.exit.else", "a cycle: the trigger opens exit, which again ends in a trigger"},
    {"[{to: steering, within: 10 bd}, {to: trustee/mediator, within: 10 bd, answer: 5 bd}]",
     "[{to: trustee/mediator, within: 10 bd, answer: 5 bd}, {to: steering, within: 10 bd}]",
     "ladders.standard", "rung 1 is mediation; after it comes the row's else, so it must be the last rung"},
    {"{to: trustee/mediator, within: 10 bd, answer: 5 bd}]", "{to: trustee/mediator, within: 10 bd}]",
     "ladders.standard", "rung 2 is mediation and needs answer"},
    {"{to: steering, within: 5 bd}, {to: trustee", "{to: council, within: 5 bd}, {to: trustee",
     "ladders.to-council", "a cycle: rung 2 leads to council again"},
    {"urgent: [{to: council, within: 1 bd}", "urgent: [{to: maker/quality, within: 1 bd}", "ladders.urgent",
     "rung 1 leads to maker/quality; expected a body"},
    {"urgent: [{to: council, within: 1 bd}", "urgent: [{to: council, within: 0 bd}", "ladders.urgent",
     "0 bd leaves no time"},
    {"seats: [\"*/sponsor\"]", "seats: [maker/sponsor]", "ladders.standard",
     "can never be met: clinics has 0 seats of steering; 1 needed"},
    {"seats: [\"*/sponsor\"]", "seats: [council]", "bodies.steering",
     "its seats name the body council; expected ORG/SEAT or */SEAT"},
    {"chair: maker/alliance-manager", "chair: maker/sponsor", "bodies.council",
     "its chair maker/sponsor has no seat on it"},
    {"seats: [\"*/sponsor\"]", "seats: [\"*/registrar\"]", "bodies.steering",
     "a registrar only sets holders of seats"},
    {"partner-seats: [sponsor, ", "partner-seats: [patron, ", "partner-seats",
     "clinics has no sponsor; every partner needs one"},
    {"security-legal, registrar]", "security-legal]", "partner-seats",
     "maker has no registrar; every partner needs one"},
    {"alliance-manager, business-lead, delivery-lead, finance", "business-lead, delivery-lead, finance",
     "partner-seats", "maker has no alliance-manager"},
    {"seats: [mediator, registrar]", "seats: [mediator]", "parties.trustee",
     "a witness needs the seat registrar; add it to its seats"},
    {"seats: [medical-lead]", "seats: [medical-lead, quality]", "parties.clinics",
     "every partner has quality already; leave it out here"},
    {"card: cards/maker.card", "card: cards/clinics.card", "parties.maker.card", "is the card of clinics"},
    {"  ch: {utc: \"+01:00\"", "  ch: {utc: \"+02:00\"", "calendars.joint",
     "ch and de differ in utc; joined calendars share one offset"},
    {"all-of: [de, ch]", "all-of: [de, fr]", "calendars.joint", "fr is not a calendar"},
    {"2027-12-26], listed-to: 2027-12-31}\n  ch", "2027-12-26], listed-to: 2027-12-25}\n  ch", "calendars.de",
     "a holiday lies beyond listed-to"},
    {"term: {from: 2026-01-01, to: 2029-12-31", "term: {from: 2030-01-01, to: 2029-12-31", "term",
     "it ends before it begins"},
    {"outcomes: {patients:", "outcomes: {patience:", "thesis.outcomes.patience",
     "no metric of that name measures it"},
    {"owner: clinics/medical-lead, test", "owner: maker/medical-lead, test", "thesis.assumptions.prescribing",
     "maker has no seat medical-lead"},
    {"check: maker/finance", "check: distributor/finance", "metrics.revenue",
     "distributor both reports and checks it"},
    {", from: distributor/finance, check: maker/finance", "", "metrics.revenue",
     "nobody reports it; expected from: ORG/SEAT or each partner, or computed"},
    {", check: maker/finance", "", "metrics.revenue", "nobody countersigns it"},
    {"computed: milestones-hit,", "computed: milestones-hit, from: maker/finance,", "metrics.milestones-hit",
     "is computed; then nobody reports, checks or seals it"},
    {"borne: {maker: 50, clinics: 15", "borne: {maker: 50, clinics: 25", "budgets.launch-2026",
     "the shares add up to 110 percent; expected 100"},
    {"most: EUR 400000.00", "most: USD 400000.00", "incentives.adoption-bonus",
     "most is in USD, the budget in EUR; nothing is converted"},
    {"when: patients >= 24000 and", "when: patience >= 24000 and", "incentives.adoption-bonus",
     "no metric is called patience"},
    {"opens: action, owner: maker/delivery-lead", "opens: act", "consequences",
     "act is neither a row of section decisions nor an item type"},
    {"[steering, council, readers]", "[steering, council, everybody]", "reports.scorecard",
     "no body is called everybody"},
    {"score 9: council", "score 9: board", "risks.escalate", "no body is called board"},
    {"opens-with: [adhesion validated", "opens-with: [cohesion validated", "launch.gate-second-market",
     "no assumption of the thesis is called cohesion"},
    {"safety: count safety-notice", "safety: count safety-note", "exit.triggers.safety",
     "safety-note is neither a row of section decisions nor an item type"},
    {"count safety-notice >= 3 in 365 d", "count safety-notice >= 3 in 3651 d", "exit.triggers.safety",
     "counts in 3651 d; expected ten years at most: 3650 d"},
    {"count safety-notice >= 3 in 365 d", "count safety-notice >= 3 in 121 months", "exit.triggers.safety",
     "counts in 121 months; expected ten years at most: 3650 d"},
    {"count safety-notice >= 3 in 365 d", "count safety-notice >= 3 in 120 months", NULL, NULL},
    {"on-trigger: {opens: exit", "on-trigger: {opens: action", "exit.on-trigger",
     "no row of section decisions is called action; a trigger opens a decision"},
    {"origin: heart-monitoring.example/ledger", "origin: https://heart.example", "origin",
     "expected a name without scheme"},
    {"  exception: {", "  exception: {silence: deemed consent, ", NULL, NULL}, /* allowed there */
    {"  admission: {", "  admission: {silence: deemed consent, ", "decisions.admission.silence",
     "silence never counts as consent here; expected escalate"},
    {"  removal: {owner: steering, approve: each other partner",
     "  removal: {owner: steering, approve: each partner", "decisions.removal",
     "so the one to be removed could block it"},
    {"  charter-policy: {owner: council, approve: each partner 1",
     "  charter-policy: {owner: council, approve: own partner 1", "decisions.charter-policy",
     "asks 'own partner'; expected each partner"},
    {"  renewal: {", "  renew: {", "decisions",
     "the row renewal is missing: every charter says how that is decided"},
};

Test(check, each_thing_that_can_never_work_is_refused_with_words)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter_source source;
        struct check_findings f =
            check(&a, support_edit(&a, support_example(&a), refused[i].from, refused[i].to), &source);
        if (refused[i].where == NULL) {
            cr_expect_eq(f.refusals, 0, "%zu: refused", i);
            continue;
        }
        bool found = false;
        for (size_t k = 0; k < f.n; k++)
            found = found || (f.v[k].refuses && strcmp(f.v[k].where, refused[i].where) == 0 &&
                              strstr(f.v[k].text, refused[i].text) != NULL);
        cr_expect(found, "%zu: expected %s: %s; first finding %s: %s", i, refused[i].where, refused[i].text,
                  f.n == 0 ? "-" : f.v[0].where, f.n == 0 ? "-" : f.v[0].text);
    }
}

/* Metrics and commitments are reported together: 128 at most. */
Test(check, more_metrics_than_are_judged)
{
    static const char defaults[] = "  defaults: {better: up, due: 8 bd}\n";
    static const size_t metrics[] = {40, 60};
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct buf b CLEANUP(buf_deinit), c CLEANUP(buf_deinit);
        buf_init(&b, CHARTER_FILE_MAX);
        buf_init(&c, CHARTER_FILE_MAX);
        buf_printf(&b, "commitments:\n");
        for (size_t k = 0; k < 60; k++)
            buf_printf(&b, "  hours-%zu: {by: clinics, unit: hours, quantity: 1}\n", k);
        buf_printf(&c, "%s", defaults);
        for (size_t k = 0; k < metrics[i]; k++)
            buf_printf(&c, "  sold-%zu: {group: value, view: financial, unit: EUR, every: month, from: distributor/finance, "
                           "check: maker/finance}\n", k);
        struct span text = support_edit(&a, support_example(&a), "commitments:\n", buf_cstr(&b));
        struct charter_source source;
        struct check_findings f = check(&a, support_edit(&a, text, defaults, buf_cstr(&c)), &source);
        cr_expect_eq(f.refusals, i, "%zu more metrics: %zu refused", metrics[i], f.refusals);
        for (size_t k = 0; k < f.n; k++)
            cr_expect(!f.v[k].refuses || (strcmp(f.v[k].where, "commitments") == 0 &&
                                          strstr(f.v[k].text, "metrics; expected 128 at most") != NULL),
                      "%s: %s", f.v[k].where, f.v[k].text);
    }
}

Test(check, what_is_fragile_is_warned_of)
{
    static const struct {
        const char *from, *to, *where, *text;
    } warned[] = {
        {"within: 1 bd}", "within: 30 min}", "ladders.urgent", "30 min is under an hour"},
        {"sla: 15 bd, notice: 5 bd, above", "sla: 59 s, notice: 5 bd, above",
         "decisions.commercial-terms.sla", "59 s is under an hour"},
        {"role: witness", "role: observer", "parties",
         "3 voting nodes: any absence halts finality; 1 neutral witness would let one be away"},
        {"min-read: 2 bd", "min-read: 12 bd", "decisions.exception.min-read", "longer than the row's sla"},
        {"2027-12-26], listed-to: 2027-12-31}\n  ch", "2027-12-26], listed-to: 2027-12-31}\n  ch",
         "calendars.de", "holidays are listed for a part of the term only"},
        {"late-deliveries: {group: execution, view: customer",
         "late-deliveries: {group: execution, view: process", "partner-seats",
         "*/security-legal approves alone for its partner in 1 row (data-sharing)"},
        {"value-lost: revenue < 6000000.00 for 3", "value-lost: revenue < 6000000.00 for 3 or amount > EUR 5.00", "exit.triggers.value-lost",
         "it looks at amount, which is of one proposal or risk alone: nothing opens by itself; those who look at the scorecard see it"},
        {"alarm-fatigue: false-alarms > 6 for 2", "alarm-fatigue: false-alarms > 6 for 2 and score 9", "risks.indicators.alarm-fatigue",
         "it looks at score, which is of one proposal or risk alone: nothing opens by itself"},
    };
    for (size_t i = 0; i < ARRAY_LEN(warned); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter_source source;
        struct check_findings f =
            check(&a, support_edit(&a, support_example(&a), warned[i].from, warned[i].to), &source);
        bool found = false;
        for (size_t k = 0; k < f.n; k++)
            found = found || (!f.v[k].refuses && strcmp(f.v[k].where, warned[i].where) == 0 &&
                              strstr(f.v[k].text, warned[i].text) != NULL);
        cr_expect(found, "%zu: expected %s: %s", i, warned[i].where, warned[i].text);
        cr_expect_eq(f.refusals, 0, "%zu: refused", i);
    }
}

Test(check, sixty_minutes_are_not_under_an_hour)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source source;
    struct check_findings f =
        check(&a, support_edit(&a, support_example(&a), "within: 1 bd}", "within: 60 min}"), &source);
    for (size_t k = 0; k < f.n; k++)
        cr_expect_null(strstr(f.v[k].text, "under an hour"), "%s", f.v[k].text);
}

Test(check, a_finding_is_located_in_the_file)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source source;
    struct span text = support_example(&a);
    (void)check(&a, text, &source);
    const uint8_t *row = memmem(text.p, text.n, "  clinical-claim: {", 19);
    cr_assert_not_null(row);
    const uint8_t *key = memmem(row, text.n - (size_t)(row - text.p), "else: final", 11);
    int want = 1, line, column;
    for (const uint8_t *q = text.p; q < row; q++)
        want += *q == '\n';
    charter_locate(source.root, "decisions.clinical-claim.else", &line, &column);
    cr_expect_eq(line, want);
    cr_expect_eq(column, (int)(key - row) + 1);
    charter_locate(source.root, "decisions.clinical-claim.nothing", &line, &column);
    cr_expect_eq(line, want);
    cr_expect_eq(column, 3);
    charter_locate(source.root, "nothing", &line, &column);
    cr_expect_eq(line, 3);
}

Test(check, the_first_refusal_is_the_error)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct err err = {0};
    struct span text =
        support_edit(&a, support_example(&a), "else: final say clinics", "else: final say trustee");
    struct charter c = support_charter(&a, text);
    cr_expect_eq(check_refuse(&c, &a, &err), ST_FORMAT);
    cr_expect_str_eq(err.text, "decisions.clinical-claim.else: trustee is witness, not a partner");
}
