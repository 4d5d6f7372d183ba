#include <criterion/criterion.h>
#include "codec/codec.h"

Test(enums, text_and_back)
{
    for (size_t i = 0; i < choice_enum.n; i++) {
        uint32_t number = 0;
        const char *text = enum_text(&choice_enum, choice_enum.values[i].number);
        cr_assert_eq(text, choice_enum.values[i].text);
        cr_assert_eq(enum_parse(&choice_enum, span_str(text), &number), ST_OK);
        cr_assert_eq(number, choice_enum.values[i].number);
    }
    cr_assert_str_eq(enum_text(&choice_enum, CHOICE_VETO), "veto");
    cr_assert_null(enum_text(&choice_enum, 0));
    cr_assert_null(enum_text(&choice_enum, 6));
    uint32_t number = 77;
    cr_assert_eq(enum_parse(&choice_enum, span_str("vet"), &number), ST_NOTFOUND);
    cr_assert_eq(enum_parse(&choice_enum, span_str("veto "), &number), ST_NOTFOUND);
    cr_assert_eq(enum_parse(&choice_enum, span_of(NULL, 0), &number), ST_NOTFOUND);
    cr_assert_eq(number, 77, "outputs are untouched on failure");
}

Test(enums, kinds)
{
    cr_assert_eq(kind_desc(KIND_HOLDER), &holder_desc);
    cr_assert_eq(kind_desc(KIND_KEY), &key_desc);
    cr_assert_eq(kind_desc(KIND_PROPOSE), &propose_desc);
    cr_assert_eq(kind_desc(KIND_REVISE), &revise_desc);
    cr_assert_eq(kind_desc(KIND_BALLOT), &ballot_desc);
    cr_assert_eq(kind_desc(KIND_WITHDRAW), &withdraw_desc);
    cr_assert_eq(kind_desc(KIND_MOVE), &move_decision_desc);
    cr_assert_eq(kind_desc(KIND_NOTE), &note_desc);
    for (uint32_t kind = 0; kind < 1000; kind++) {
        const struct record_desc *d = kind_desc(kind);
        if (d != NULL)
            cr_assert(d->number == kind && enum_text(&kind_enum, kind) != NULL, "%u", (unsigned)kind);
    }
    cr_assert_null(kind_desc(0));
    cr_assert_null(kind_desc(255));
    cr_assert_null(kind_desc(256));
    cr_assert_null(kind_desc(UINT32_MAX));
}
