#include <criterion/criterion.h>

#include "support.h"

/* Every refusal: an edit of the example, what the message is about, and its words. */
static const struct {
    const char *from, *to;
    const char *at; /* the text whose place the message gives; NULL: elsewhere */
    const char *message;
    enum status st;
} refused[] = {
    {"within: 10 bd}, {to: trustee", "within: 10 bx}, {to: trustee", "10 bx",
     "within: '10 bx' is not a span of time; expected a number and one of bd, d, h, min, s, months, such as "
     "10 bd",
     ST_FORMAT},
    {"sla: 15 bd, notice: 5 bd, above", "slа: 15 bd, notice: 5 bd, above", "slа",
     "commercial-terms: unknown key 'slа'; did you mean 'sla'?", ST_FORMAT},
    {"norms: [", "normz: [", "normz", "charter: unknown key 'normz'; did you mean 'norms'?", ST_FORMAT},
    {"  steering: {layer: executive", "  steering: {layer: execcutive", "execcutive",
     "layer: 'execcutive' is not one of its values; expected one of: executive, operational, working",
     ST_FORMAT},
    {"seats: [\"*/sponsor\"], ", "", "steering: {layer",
     "steering: 'seats' is missing: Seats that sit on it; no bodies. Ascending by fields.", ST_FORMAT},
    {"term: {from: 2026-01-01", "term: {from: 2026-02-30", "2026-02-30",
     "from: '2026-02-30' is not a date; expected YEAR-MONTH-DAY from 1970 to 2243-10-17, such as 2026-11-23",
     ST_FORMAT},
    {"term: {from: 2026-01-01", "term: {from: 2243-10-18", "2243-10-18",
     "from: '2243-10-18' is not a date; expected YEAR-MONTH-DAY from 1970 to 2243-10-17, such as 2026-11-23",
     ST_FORMAT},
    {"270 d before", "270 d", "270 d}",
     "renewal-opens: '270 d' is not a time before; expected a span and the word before, such as 180 d before",
     ST_FORMAT},
    {"EUR 200000.00: each", "EUR 200000: each", "EUR 200000: each",
     "above: 'EUR 200000' is not a threshold; expected an amount such as USD 250000.00 (with the currency's "
     "decimals), or score N",
     ST_FORMAT},
    {"utc: \"+01:00\"", "utc: \"+25:00\"", "+25:00",
     "utc: '+25:00' is not an offset from UTC; expected hours and minutes such as \"-05:00\", at most 14:00",
     ST_FORMAT},
    {"alliance: heart-monitoring", "alliance: &x heart-monitoring", NULL,
     "charter.yaml:4:14: anchors (&name) are not allowed; write the value out", ST_FORMAT},
    {"chair: rotates each quarter", "chair: *x", NULL, "aliases (*name) are not allowed", ST_FORMAT},
    {"alliance: heart-monitoring", "alliance: !!str heart-monitoring", NULL, "tags (!name) are not allowed",
     ST_FORMAT},
    {"conflicts: {first", "conflicts: {<<: {}, first", "<<: {}",
     "merge keys (<<) are not allowed; write the values out", ST_FORMAT},
    {"conflicts: {first: field-team", "conflicts: {first: field-team, first: council", "first: council",
     "the key 'first' is there already, at line ", ST_FORMAT},
    {"entente: 1", "entente: 2", "2\nalliance", "entente: 2 is out of range; expected 1 to 1", ST_RANGE},
    {"entente: 1\n", "entente: 1\nnonce: 00\n", "nonce: 00",
     "nonce: is drawn when the alliance is drafted; remove this line", ST_FORMAT},
    {"score 9: council", "score 26: council", "score 26", "escalate: 26 is out of range; expected 1 to 25",
     ST_RANGE},
    {"card: cards/maker.card", "card: ../maker.card", "../maker.card",
     "card: '../maker.card' is not a file of the charter; expected a name relative to the charter's "
     "directory, without ..",
     ST_FORMAT},
    {"card: cards/maker.card", "card: cards/maker.crd", "cards/maker.crd",
     "card: cards/maker.crd: there is no such file", ST_NOTFOUND},
    {"patients: 24000 by 2027-12-31", "patients: many by 2027-12-31", "many by",
     "patients: 'many by 2027-12-31' is not an outcome; expected an amount or a number, then by DATE, such "
     "as USD 1200.00 by 2027-06-30",
     ST_FORMAT},
    {"joint: amount > EUR 20000.00 or affects others",
     "joint: amount > EUR 20000.00 or affects others or term over",
     "amount > EUR 20000.00 or affects others or term over",
     "joint: 'amount > EUR 20000.00 or affects others or term over' is not a joint rule; expected yes, no, "
     "or a predicate such as amount > USD 25000.00 or affects others",
     ST_FORMAT},
    {"partner-seats: [sponsor, ", "partner-seats: [sponsor, sponsor, ", "[sponsor, sponsor",
     "partner-seats: 'sponsor' stands there twice", ST_FORMAT},
    {"act-first: true", "act-first: maybe", "maybe",
     "act-first: 'maybe' is not yes or no; expected true or false", ST_FORMAT},
    {"defaults: {calendar: joint, ", "defaults: {calender: joint, ", NULL, "'calendar' is missing",
     ST_FORMAT},
    {"better: up, due", "beter: up, due", "beter", "defaults: unknown key 'beter'; did you mean 'better'?",
     ST_FORMAT},
    {"weekend: [sat, sun]", "weekend: {sat: sun}", "{sat: sun}",
     "weekend: found a mapping; expected a list: [...]", ST_FORMAT},
    {"day-30:", "day-x:", "day-x",
     "launch: 'day-x' is not a day of the launch plan; expected day-N, such as day-30", ST_FORMAT},
    {"day-30:", "month-1:", NULL, "unknown key 'month-1'", ST_FORMAT},
    {"ladders:  ", "exit: {}\nladders: ", NULL, "the key 'exit' is there already", ST_FORMAT},
    {"bodies:\n", "bodys:\n", "bodys", "charter: unknown key 'bodys'; did you mean 'bodies'?", ST_FORMAT},
    {"late-after: 2 h", "late-after: 8 d", "8 d}",
     "late-after: 691200000 ms is out of range; expected 1000 to 604800000", ST_RANGE},
    {"percent of revenue", "per cent of revenue", NULL,
     "is not a payment; expected N percent of METRIC, or an amount such as USD 1200.00", ST_FORMAT},
    {"maker: 50, clinics: 15", "maker: 101, clinics: 15", "101",
     "percent: 101 is out of range; expected 1 to 100", ST_RANGE},
};

/* "charter.yaml:LINE:COLUMN: message", counted here from the text. */
static void expect_at(struct span text, const char *at, const char *message, size_t cap, char *ret_expected)
{
    const uint8_t *p = memmem(text.p, text.n, at, strlen(at));
    cr_assert_not_null(p, "the text does not hold '%s'", at);
    int line = 1, column = 1;
    for (const uint8_t *q = text.p; q < p; q++) {
        column = *q == '\n' ? 1 : column + 1;
        line += *q == '\n';
    }
    (void)snprintf(ret_expected, cap, "charter.yaml:%d:%d: %s", line, column, message);
}

Test(charter_load, each_refusal_says_where_what_and_what_instead)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter_source source = {0};
        struct err err = {0};
        struct span text = support_edit(&a, support_example(&a), refused[i].from, refused[i].to);
        enum status st = support_load(&a, text, &source, &err);
        cr_expect_eq(st, refused[i].st, "%zu: status %d, expected %d: %s", i, st, refused[i].st, err.text);
        char expected[1024];
        if (refused[i].at == NULL)
            (void)snprintf(expected, sizeof expected, "%s", refused[i].message);
        else
            expect_at(text, refused[i].at, refused[i].message, sizeof expected, expected);
        cr_expect_not_null(strstr(err.text, expected), "%zu: got '%s', expected '%s'", i, err.text, expected);
        cr_expect_null(source.root, "%zu: the output was touched", i);
    }
}

Test(charter_load, yaml_that_is_broken_is_located)
{
    static const struct {
        const char *text, *message;
    } broken[] = {
        {"", "charter.yaml:1:1: the file is empty"},
        {"entente: [1", "charter.yaml:"},
        {"a: 1\n--- \nb: 2\n", "a second document"},
        {"- a\n- b\n", "charter.yaml:1:1: charter: found a list; expected a mapping"},
        {"\x01\x02", "charter.yaml:"},
        {"a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", "nested deeper than 16"},
        {"entente: 1\nab\xff\xfe: 2\n", "charter.yaml:2:3: not UTF-8 text: byte 0xff"},
        {"%a \xcd\xcd}",
         "charter.yaml:1:4: not UTF-8 text: byte 0xcd"}, /* libfyaml never comes back from this one */
        {"%YAML 1.2\n\xcd\n", "charter.yaml:2:1: not UTF-8 text"},
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter_source source;
        struct err err = {0};
        enum status st = support_load(&a, span_str(broken[i].text), &source, &err);
        cr_expect(st == ST_FORMAT || st == ST_LIMIT, "%zu: status %d", i, st);
        cr_expect_not_null(strstr(err.text, broken[i].message), "%zu: got '%s', expected '%s'", i, err.text,
                           broken[i].message);
    }
}

Test(charter_load, a_missing_section_is_named)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source source;
    struct err err = {0};
    cr_expect_eq(support_load(&a, span_str("entente: 1\nalliance: a\norigin: b\n"), &source, &err),
                 ST_FORMAT);
    cr_expect_str_eq(err.text, "charter.yaml: section 'term' is missing: How long the alliance runs.");
    cr_expect_eq(support_load(&a, span_str("entente: 1\norigin: b\n"), &source, &err), ST_FORMAT);
    cr_expect_str_eq(
        err.text,
        "charter.yaml:1:1: charter: 'alliance' is missing: Name of the alliance. In the file: alliance.");
}

Test(charter_load, every_section_of_the_example_is_there_with_its_values)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter c = support_charter(&a, support_example(&a));
    for (uint64_t n = SECTION_ALLIANCE; n <= SECTION_EXIT; n++)
        cr_expect_not_null(charter_section_of(&c, n), "section %d", (int)n);
    cr_expect(span_eqs(c.alliance->name, "heart-monitoring"));
    cr_expect_eq(c.alliance->founded_ms, support_founding.founded_ms);
    cr_expect_eq(c.clock->precision_ms, 500);
    cr_expect_eq(c.clock->late_after_ms, 7200000);
    cr_expect_eq(c.clock->vote_ms, 1000, "a default");
    cr_expect_eq(c.term->from, 20454, "2026-01-01, by python: (date(2026,1,1)-date(1970,1,1)).days");
    cr_expect_eq(c.parties->list.n, 4);
    cr_expect(span_eqs(c.parties->list.v[0].org, "clinics"), "ascending");
    const struct charter_calendar *joint = charter_calendar(&c, span_str("joint"));
    cr_assert_not_null(joint);
    cr_expect_eq(joint->all_of.n, 2);
    cr_expect_eq(charter_calendar(&c, span_str("de"))->utc, 60);
    cr_expect_eq(charter_calendar(&c, span_str("nowhere")), NULL);
    const struct charter_row *r = charter_row(&c, span_str("commercial-terms"));
    cr_assert_not_null(r);
    cr_expect_eq(r->sla.n, 15);
    cr_expect_eq(r->sla.unit, UNIT_BD);
    cr_expect(span_eqs(r->calendar, "joint"), "merged from defaults");
    cr_expect_eq(r->min_read.n, 2, "merged from defaults");
    cr_expect_eq(r->above.v[0].when.terms.v[0].amount.minor, 20000000);
    cr_expect(span_eqs(r->above.v[0].approve.v[0].of.body, "steering"));
    const struct charter_row *own = charter_row(&c, span_str("clinical-claim"));
    cr_expect_eq(own->otherwise.type, ELSE_FINAL_SAY);
    cr_expect(span_eqs(own->otherwise.name, "clinics"));
    const struct charter_row *d = charter_row(&c, span_str("delivery-tradeoff"));
    cr_expect_eq(d->joint.mode, JOINT_WHEN);
    cr_expect_eq(d->joint.when.join, JOIN_OR);
    cr_expect_eq(d->joint.when.terms.v[1].type, COND_AFFECTS_OTHERS);
    cr_expect_eq(d->approve.v[0].who, WHO_AFFECTED);
    cr_expect_eq(d->silence, SILENCE_DEEMED);
    const struct charter_metric *m = charter_metric(&c, span_str("false-alarms"));
    cr_expect_eq(m->base.mantissa, 92);
    cr_expect_eq(m->base.scale, 1);
    cr_expect_eq(charter_metric(&c, span_str("revenue"))->base.scale, 0, "0.00 has scale 0");
    cr_expect_eq(c.launch->days.v[0].day, 30);
    cr_expect_eq(c.exit->survives.v[2].lasts.n, 730);
    cr_expect(span_eqs(c.exit->survives.v[2].what, "audit-right"));
}

Test(charter_load, order_in_the_file_does_not_matter_where_it_has_no_meaning)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source x, y;
    struct err err = {0};
    struct span text = support_example(&a);
    cr_assert_eq(support_load(&a, text, &x, &err), ST_OK, "%s", err.text);
    text = support_edit(&a, text, "borne: {maker: 50, clinics: 15, distributor: 35}",
                        "borne: {distributor: 35, maker: 50, clinics: 15}");
    text = support_edit(&a, text, "weekend: [sat, sun]", "weekend: [sun, sat]");
    text = support_edit(&a, text, "[each partner 1 of steering, each partner 1 of */finance]",
                        "[each partner 1 of */finance, each partner 1 of steering]");
    text = support_edit(&a, text, "every: month, to: [steering, council, readers]",
                        "to: [readers, steering, council], every: every month");
    cr_assert_eq(support_load(&a, text, &y, &err), ST_OK, "%s", err.text);
    cr_assert_eq(x.sections.n, y.sections.n);
    for (size_t i = 0; i < x.sections.n; i++)
        cr_expect(span_eq(x.sections.v[i].body, y.sections.v[i].body), "section %d",
                  (int)x.sections.v[i].number);
}

Test(charter_load, a_document_that_is_not_what_the_charter_says_is_refused)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source source;
    struct err err = {0};
    struct span text = support_edit(&a, support_example(&a), "file: agreements/cooperation-agreement.txt",
                                    "file: agreements/cooperation-agreement.txt, sha256: "
                                    "00000000000000000000000000000000000000000000000000000000000000aa");
    cr_expect_eq(support_load(&a, text, &source, &err), ST_MISMATCH);
    cr_expect_not_null(
        strstr(err.text, "charter.yaml:10:18: file: agreements/cooperation-agreement.txt has SHA-256 "), "%s",
        err.text);
    text =
        support_edit(&a, support_example(&a), "agreements/cooperation-agreement.txt", "agreements/lost.txt");
    cr_expect_eq(support_load(&a, text, &source, &err), ST_NOTFOUND);
    cr_expect_not_null(strstr(err.text, "agreements/lost.txt: there is no such file"), "%s", err.text);
}

Test(charter_load, a_section_is_loaded_alone_for_an_amendment)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_files files = support_files();
    struct charter_source whole;
    struct section s;
    struct err err = {0};
    cr_assert_eq(support_load(&a, support_example(&a), &whole, &err), ST_OK, "%s", err.text);
    struct span text =
        span_str("conflicts: {first: field-team, within: 5 bd, ladder: to-council, else: status quo}\n");
    cr_assert_eq(charter_load_section(text, "c.yaml", SECTION_CONFLICTS, &files, &a, &s, &err), ST_OK, "%s",
                 err.text);
    cr_expect(span_eq(s.body, whole.sections.v[SECTION_CONFLICTS - 1].body));
    cr_expect_eq(s.number, SECTION_CONFLICTS);
    cr_expect_eq(charter_load_section(text, "c.yaml", SECTION_NORMS, &files, &a, &s, &err), ST_NOTFOUND);
    cr_expect_str_eq(err.text, "c.yaml: it has no section 'norms'");
    cr_expect_eq(charter_load_section(text, "c.yaml", SECTION_ALLIANCE, &files, &a, &s, &err), ST_NOTFOUND);
}

/* Damaged files: any answer but a crash; what loads also decodes, can be checked, and prints to the same
 * bytes. */
Test(charter_load, damaged_files_are_refused_or_hold_together, .timeout = 60)
{
    static const char bytes[] = ":,{}[]\"'*&!#-\n \t0129abz/.<>=~%@`|\\\x01\x80\xff";
    uint64_t seed = 20261123;
    size_t loaded = 0;
    for (int round = 0; round < 400; round++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct span text = arena_dup(&a, support_example(&a));
        uint8_t *p = arena_alloc(&a, text.n);
        memcpy(p, text.p, text.n);
        for (int k = 0; k < 1 + round % 3; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            p[(seed >> 33) % text.n] = (uint8_t)bytes[(seed >> 20) % (sizeof bytes - 1)];
        }
        struct charter_source source, again;
        struct err err = {0};
        enum status st = support_load(&a, span_of(p, text.n), &source, &err);
        if (st != ST_OK) {
            cr_assert_eq(memcmp(err.text, "charter.yaml", 12), 0, "%s", err.text);
            continue;
        }
        struct charter c;
        struct check_findings f;
        struct buf b CLEANUP(buf_deinit);
        struct charter_files files = support_files();
        buf_init(&b, 1 << 20);
        cr_assert_eq(charter_decode(source.sections.v, source.sections.n, &a, &c, &err), ST_OK, "%s",
                     err.text);
        cr_assert_eq(check_charter(&c, &a, &f), ST_OK);
        for (uint64_t n = SECTION_ALLIANCE; n <= SECTION_EXIT; n++)
            if (charter_section_of(&c, n) != NULL)
                cr_assert_eq(charter_print(charter_section_desc(n), charter_section_of(&c, n), &a, &b),
                             ST_OK);
        cr_assert_eq(charter_load(buf_span(&b), "printed", NULL, &files, &a, &again, &err), ST_OK,
                     "round %d: %s", round, err.text);
        cr_assert_eq(again.sections.n, source.sections.n);
        for (size_t i = 0; i < again.sections.n; i++)
            cr_assert(span_eq(again.sections.v[i].body, source.sections.v[i].body), "round %d, section %zu",
                      round, i + 1);
        loaded++;
    }
    cr_expect_gt(loaded, 20);
    cr_expect_lt(loaded, 380);
}
