#include <criterion/criterion.h>

#include "support.h"

/* Every numbered record of charter.def is a section of the model, under the name the file uses. */
Test(charter_model, every_section_of_the_def_is_known)
{
    static const struct record_desc *const all[] = {
#define RECORD(r, number, doc) &r##_desc,
#define FIELD(r, key, name, T, min, max, doc)
#define OPT(r, key, name, T, min, max, doc)
#define END_RECORD(r)
#include "charter.def"
#undef RECORD
#undef FIELD
#undef OPT
#undef END_RECORD
    };
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->number == 0)
            continue;
        found++;
        cr_expect_eq(charter_section_desc(all[i]->number), all[i], "%s", all[i]->name);
        char name[64];
        (void)snprintf(name, sizeof name, "charter_%s", enum_text(&section_id_enum, all[i]->number));
        for (char *p = name; *p != 0; p++)
            if (*p == '-')
                *p = '_';
        cr_expect_str_eq(name, all[i]->name);
    }
    cr_expect_eq(found, SECTION_EXIT);
    cr_expect_null(charter_section_desc(0));
    cr_expect_null(charter_section_desc(SECTION_EXIT + 1));
}

static struct charter_selector body_of(const char *name)
{
    struct charter_selector s = {.body = span_str(name)};
    SET_HAS(&s, charter_selector_key_body);
    return s;
}

static struct charter_selector seats_of(const char *org, const char *seat)
{
    struct charter_selector s = {.seat = span_str(seat)};
    SET_HAS(&s, charter_selector_key_seat);
    if (org != NULL) {
        s.org = span_str(org);
        SET_HAS(&s, charter_selector_key_org);
    }
    return s;
}

static void expect_seats(struct arena *a, const struct charter *c, struct charter_selector s, const char *org,
                         const char *expected)
{
    struct span_list l;
    char text[512] = "";
    cr_assert_eq(charter_select(c, &s, span_str(org), a, &l), ST_OK);
    for (size_t i = 0; i < l.n; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i == 0 ? "" : " ",
                       SPAN_FMT(l.v[i]));
    cr_expect_str_eq(text, expected);
    for (size_t i = 0; i < l.n; i++)
        cr_expect(charter_selects(c, &s, l.v[i]), "%.*s", SPAN_FMT(l.v[i]));
    if (*org != 0)
        cr_expect_eq(charter_count_seats(c, &s, span_str(org)), l.n);
}

Test(charter_model, selectors_expand_to_seats)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter c = support_charter(&a, support_example(&a));
    expect_seats(&a, &c, body_of("steering"), "", "clinics/sponsor distributor/sponsor maker/sponsor");
    expect_seats(&a, &c, body_of("council"), "maker", "maker/alliance-manager maker/finance maker/quality");
    expect_seats(&a, &c, body_of("field-team"), "clinics",
                 "clinics/business-lead clinics/delivery-lead clinics/medical-lead");
    expect_seats(&a, &c, seats_of(NULL, "finance"), "", "clinics/finance distributor/finance maker/finance");
    expect_seats(&a, &c, seats_of(NULL, "medical-lead"), "", "clinics/medical-lead");
    expect_seats(&a, &c, seats_of(NULL, "mediator"), "", ""); /* of partners only */
    expect_seats(&a, &c, seats_of("trustee", "mediator"), "", "trustee/mediator");
    expect_seats(&a, &c, seats_of("trustee", "finance"), "", "");
    expect_seats(&a, &c, body_of("nowhere"), "", "");
    struct charter_selector s = body_of("steering");
    cr_expect(!charter_selects(&c, &s, span_str("trustee/sponsor")));
    cr_expect(!charter_selects(&c, &s, span_str("sponsor")));
    cr_expect(charter_has_seat(&c, span_str("clinics"), span_str("medical-lead")));
    cr_expect(!charter_has_seat(&c, span_str("maker"), span_str("medical-lead")));
    struct span_list seats;
    cr_assert_eq(charter_seats_of(&c, span_str("trustee"), &a, &seats), ST_OK);
    cr_expect_eq(seats.n, 2);
    cr_expect_eq(charter_seats_of(&c, span_str("nobody"), &a, &seats), ST_NOTFOUND);
    struct span_list partners;
    cr_assert_eq(charter_partners(&c, &a, &partners), ST_OK);
    cr_expect_eq(partners.n, 3);
    cr_expect(charter_rung_mediates(&c, &charter_ladder(&c, span_str("standard"))->rungs.v[1]));
    cr_expect(!charter_rung_mediates(&c, &charter_ladder(&c, span_str("standard"))->rungs.v[0]));
}

/* A section encoded again after a change, then decoded: refused with these words. */
static void expect_refused(struct arena *a, const struct record_desc *d, const void *value, const char *words)
{
    struct buf b CLEANUP(buf_deinit);
    struct err err = {0};
    buf_init(&b, LIMIT_SECTION_BYTES);
    cr_assert_eq(codec_encode(d, value, &b), ST_OK);
    void *ret = arena_alloc(a, d->size);
    cr_expect_eq(charter_decode_section(d->number, buf_span(&b), a, ret, &err), ST_FORMAT);
    cr_expect_str_eq(err.text, words);
}

Test(charter_model, ENC_13_lists_out_of_order_are_refused)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter c = support_charter(&a, support_example(&a));
    struct charter_body *v = c.bodies->list.v, first = v[0];
    v[0] = v[1];
    v[1] = first;
    expect_refused(&a, &charter_bodies_desc, c.bodies,
                   "charter_bodies.list: not in ascending order, or a member twice");
    v[1] = v[0];
    expect_refused(&a, &charter_bodies_desc, c.bodies,
                   "charter_bodies.list: not in ascending order, or a member twice");
    uint64_t *n = c.core->sections.v, x = n[0];
    n[0] = n[1];
    n[1] = x;
    expect_refused(&a, &charter_core_desc, c.core,
                   "charter_core.sections: not in ascending order, or a member twice");
    struct charter_approval *w = c.decisions->rows.v[1].approve.v, y = w[0];
    cr_assert_eq(c.decisions->rows.v[1].approve.n, 2, "capital");
    w[0] = w[1];
    w[1] = y;
    expect_refused(&a, &charter_decisions_desc, c.decisions,
                   "charter_row.approve: not in ascending order, or a member twice");
}

Test(charter_model, parts_that_no_file_could_express_are_refused)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter c = support_charter(&a, support_example(&a));
    struct charter_row *row = &c.decisions->rows.v[0];
    struct charter_selector kept = row->owner.v[0];
    row->owner.v[0].seat = span_str("finance");
    SET_HAS(&row->owner.v[0], charter_selector_key_seat);
    expect_refused(
        &a, &charter_decisions_desc, c.decisions,
        "charter_decisions: a charter_selector names a body, or a seat with or without its organisation");
    row->owner.v[0] = kept;
    row->otherwise.type = ELSE_FINAL_SAY;
    expect_refused(&a, &charter_decisions_desc, c.decisions,
                   "charter_decisions: a charter_else has a name unless it is status quo");
    row->otherwise.type = ELSE_STATUS_QUO;
    row->joint.mode = JOINT_WHEN;
    expect_refused(&a, &charter_decisions_desc, c.decisions,
                   "charter_decisions: a charter_joint has a predicate when it is `when`, else none");
    struct charter_term_of *t = c.exit->triggers.v[0].when.terms.v;
    t->has &= ~(uint64_t)(1u << charter_term_of_key_op);
    expect_refused(&a, &charter_exit_desc, c.exit,
                   "charter_exit: a charter_term_of has other members than its type takes");
    struct charter_calendar *k = &c.calendars->list.v[2];
    SET_HAS(k, charter_calendar_key_utc);
    expect_refused(&a, &charter_calendars_desc, c.calendars,
                   "charter_calendars: a charter_calendar has utc, weekend, holidays and listed-to, or joins "
                   "others by all-of");
}

Test(charter_model, a_charter_is_decoded_whole_or_not_at_all)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_source s;
    struct charter c = {0};
    struct err err = {0};
    cr_assert_eq(support_load(&a, support_example(&a), &s, &err), ST_OK, "%s", err.text);
    cr_expect_eq(charter_decode(s.sections.v, 13, &a, &c, &err), ST_FORMAT);
    cr_expect_str_eq(err.text, "charter_decisions is missing");
    cr_expect_null(c.alliance, "untouched");
    struct section twice[2] = {s.sections.v[3], s.sections.v[3]};
    cr_expect_eq(charter_decode(twice, 2, &a, &c, &err), ST_FORMAT);
    cr_expect_str_eq(err.text, "charter_term is there twice");
    struct section odd = {.number = 31, .body = s.sections.v[3].body};
    cr_expect_eq(charter_decode(&odd, 1, &a, &c, &err), ST_FORMAT);
    cr_expect_str_eq(err.text, "no charter section has the number 31");
    struct arena small CLEANUP(arena_deinit);
    arena_init(&small, 3000);
    cr_expect_eq(charter_decode(s.sections.v, s.sections.n, &small, &c, &err), ST_LIMIT);
}

static bool holds(const struct span_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eqs(l->v[i], name))
            return true;
    return false;
}

Test(charter_model, core_is_what_the_core_rows_refer_to)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter c = support_charter(&a, support_example(&a));
    struct charter_core_set s;
    cr_assert_eq(charter_core_of(&c, &a, &s), ST_OK);
    cr_expect_eq(s.rows.n, 6);
    cr_expect(holds(&s.bodies, "steering"));
    cr_expect(holds(&s.bodies, "council"), "charter-policy refers to it");
    cr_expect(!holds(&s.bodies, "field-team"));
    cr_expect(holds(&s.ladders, "standard"));
    cr_expect(!holds(&s.ladders, "urgent"));
    cr_expect_eq(s.calendars.n, 3, "joint and its members");
    const uint64_t whole = 1u << SECTION_ALLIANCE | 1u << SECTION_CORE | 1u << SECTION_TERM |
                           1u << SECTION_AGREEMENTS | 1u << SECTION_PARTNER_SEATS | 1u << SECTION_PARTIES |
                           1u << SECTION_THESIS | 1u << SECTION_BOUNDARIES | 1u << SECTION_COMMITMENTS |
                           1u << SECTION_SHARING | 1u << SECTION_EXIT;
    cr_expect_eq(s.sections, whole);
}

Test(charter_model, an_amendment_that_touches_core_is_seen)
{
    static const struct {
        uint64_t section;
        const char *from, *to, *what; /* NULL: policy */
    } amendments[] = {
        {SECTION_BODIES, "*/delivery-lead\", clinics/medical-lead]", "*/delivery-lead\"]", NULL},
        {SECTION_BODIES, "\"*/finance\", \"*/quality\"]", "\"*/finance\"]", "body council"},
        {SECTION_BODIES, "chair: rotates each quarter", "chair: rotates each month", "body steering"},
        {SECTION_LADDERS, "urgent: [{to: council, within: 1 bd}", "urgent: [{to: council, within: 2 bd}",
         NULL},
        {SECTION_LADDERS, "standard: [{to: steering, within: 10 bd}",
         "standard: [{to: steering, within: 11 bd}", "ladder standard"},
        {SECTION_DECISIONS, "sla: 15 bd, notice: 5 bd, above", "sla: 14 bd, notice: 5 bd, above", NULL},
        {SECTION_DECISIONS, "charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd",
         "charter-core: {owner: steering, approve: each partner 1 of steering, sla: 3 bd",
         "row charter-core"},
        {SECTION_CALENDARS, "2026-10-03, ", "", "calendar de"},
        {SECTION_CORE, "core: [term, ", "core: [", "section core"},
        {SECTION_TERM, "to: 2029-12-31, renewal", "to: 2030-12-31, renewal", "section term"},
        {SECTION_SHARING, "signal-data: {maker: could", "signal-data: {maker: can", "section sharing"},
        {SECTION_NORMS, "bad news within one business day", "bad news at once", NULL},
        {SECTION_METRICS, "target: 24000}", "target: 25000}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(amendments); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter_source s;
        struct charter before = support_charter(&a, support_example(&a)), after;
        struct err err = {0};
        struct span text = support_edit(&a, support_example(&a), amendments[i].from, amendments[i].to);
        cr_assert_eq(support_load(&a, text, &s, &err), ST_OK, "%zu: %s", i, err.text);
        cr_assert_eq(charter_with(&before, amendments[i].section,
                                  s.sections.v[amendments[i].section - 1].body, &a, &after, &err),
                     ST_OK, "%s", err.text);
        bool touches = false;
        const char *what = NULL;
        cr_assert_eq(charter_touches_core(&before, &after, amendments[i].section, &a, &touches, &what),
                     ST_OK);
        cr_expect_eq(touches, amendments[i].what != NULL, "%zu", i);
        if (amendments[i].what != NULL && what != NULL)
            cr_expect_str_eq(what, amendments[i].what);
    }
}

/* Sixty rows of the richest kind fit a section. */
Test(charter_model, sixty_decision_rows_fit_a_section)
{
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    struct span text = support_example(&a);
    for (int i = 0; i < 60; i++)
        buf_printf(&b,
                   "  a-row-with-a-long-name-%02d: {owner: [council, \"*/finance\"], approve: [each partner "
                   "1 of council, each partner 1 of */finance], agenda: council, "
                   "sla: 10 bd, joint: amount > EUR 20000.00 or affects others, needs: [impact, "
                   "clinics/medical-lead], veto: [clinics/quality, maker/quality], "
                   "notice: 2 bd, budget: required, longest: 90 d, above: {EUR 200000.00: each partner 1 of "
                   "steering, score 15: each partner 1 of steering}}\n",
                   i);
    text = support_edit(&a, text, "  swiss-listing: {", (buf_printf(&b, "  swiss-listing: {"), buf_cstr(&b)));
    struct charter_source s;
    struct err err = {0};
    cr_assert_eq(support_load(&a, text, &s, &err), ST_OK, "%s", err.text);
    cr_expect_lt(s.sections.v[SECTION_DECISIONS - 1].body.n, LIMIT_SECTION_BYTES);
}

/* Damaged sections: refused, or decoded to something the check can look at. */
Test(charter_model, damaged_sections_never_harm, .timeout = 60)
{
    uint64_t seed = 7;
    size_t decoded = 0;
    struct arena keep CLEANUP(arena_deinit);
    arena_init(&keep, 0);
    struct charter_source s;
    struct err err = {0};
    cr_assert_eq(support_load(&keep, support_example(&keep), &s, &err), ST_OK, "%s", err.text);
    struct charter whole;
    cr_assert_eq(charter_decode(s.sections.v, s.sections.n, &keep, &whole, &err), ST_OK);
    for (int round = 0; round < 6000; round++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        const struct section *x = &s.sections.v[(size_t)round % s.sections.n];
        uint8_t *p = arena_alloc(&a, x->body.n);
        memcpy(p, x->body.p, x->body.n);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (seed >> 33) % x->body.n;
        p[at] = (uint8_t)(round % 2 == 0 ? p[at] ^ (1u << ((seed >> 20) & 7)) : p[at] + 1u);
        struct charter c;
        struct check_findings f;
        bool touches;
        if (charter_with(&whole, x->number, span_of(p, x->body.n), &a, &c, &err) != ST_OK)
            continue;
        decoded++;
        cr_assert_eq(check_charter(&c, &a, &f), ST_OK);
        cr_assert_eq(charter_touches_core(&whole, &c, x->number, &a, &touches, NULL), ST_OK);
    }
    cr_expect_gt(decoded, 300);
}
