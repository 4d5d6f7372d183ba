#include <criterion/criterion.h>
#include "unit/codec/all_records.h"

Test(reference, rows_of_a_record)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    codec_reference(&ballot_desc, &b);
    cr_assert_str_eq(
        buf_cstr(&b),
        "### ballot\n\nNumber 18. Casts or replaces a seat's ballot on a decision.\n\n"
        "| key | field | type | | bounds | meaning |\n|---|---|---|---|---|---|\n"
        "| 1 | `decision` | record [`ref`](#ref) | required |  | Decision voted on: number, and digest of "
        "the revision read. |\n"
        "| 2 | `rung` | unsigned integer | required | 0 to 15 | Rung of the ladder it stood on. |\n"
        "| 3 | `choice` | one of [`choice`](#choice) | required |  | What the seat says. |\n"
        "| 4 | `clause` | clause | optional |  | Charter clause a veto rests on. |\n"
        "| 5 | `reason` | digest of a detached text | optional | 1 to 4000 bytes | Why. Required to reject "
        "or veto. |\n"
        "| 6 | `principal` | seat | optional |  | Seat that this one ballots for, as its "
        "alternate or in its stead. |\n\n");
    buf_deinit(&b);
}

Test(reference, bounds_in_words)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    codec_reference(&section_desc, &b);
    codec_reference(&block_record_desc, &b);
    codec_reference(&ref_desc, &b);
    cr_assert_not_null(strstr(buf_cstr(&b), "| required | section | Always section. |"), "%s", buf_cstr(&b));
    cr_assert_not_null(strstr(buf_cstr(&b), "| required | block | Always block. |"));
    cr_assert_not_null(strstr(buf_cstr(&b), "| `number` | unsigned integer | required | at least 1 |"));
    cr_assert_not_null(
        strstr(buf_cstr(&b), "| list of [`validator`](#validator) | optional | 1 to 64 members |"));
    buf_deinit(&b);
}

Test(reference, enum_rows)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    codec_reference_enum(&registrar_act_enum, &b);
    cr_assert_str_eq(buf_cstr(&b), "### registrar_act\n\nWhat two seats do together.\n\n"
                                   "| number | text | meaning |\n|---|---|---|\n"
                                   "| 1 | `replace` | Set the registrar's keys. |\n"
                                   "| 2 | `cancel` | Cancel a recovery that is announced. |\n\n");
    buf_deinit(&b);
}

/* Each block gives a row of six cells per field. */
Test(reference, every_record)
{
    for (size_t i = 0; i < all_records_n; i++) {
        struct buf b;
        size_t bars = 0;
        buf_init(&b, 1 << 16);
        codec_reference(all_records[i], &b);
        cr_assert_eq(b.failed, ST_OK);
        for (size_t k = 1; k < b.n; k++)
            bars += b.p[k] == '|' && b.p[k - 1] != '\\' ? 1 : 0;
        cr_assert_eq(bars, 7 * (all_records[i]->n + 2), "%s", all_records[i]->name);
        cr_assert_null(strstr(buf_cstr(&b), "| ? "), "%s", all_records[i]->name);
        buf_deinit(&b);
    }
}
