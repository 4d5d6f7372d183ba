/* The blocks of proto themselves: a block that breaks the scheme's own rules is found here. */
#include <criterion/criterion.h>
#include "codec/bounds.h"
#include "codec/reader.h"
#include "unit/codec/all_records.h"

Test(desc, keys_ascend_and_fit)
{
    for (size_t i = 0; i < all_records_n; i++) {
        const struct record_desc *d = all_records[i];
        cr_assert_gt(d->n, 0, "%s", d->name);
        for (size_t k = 0; k < d->n; k++) {
            cr_assert_leq(d->fields[k].key, READER_KEY_MAX, "%s.%s", d->name, d->fields[k].name);
            if (k > 0)
                cr_assert_gt(d->fields[k].key, d->fields[k - 1].key, "%s.%s", d->name, d->fields[k].name);
        }
    }
}

Test(desc, names_are_used_once)
{
    for (size_t i = 0; i < all_records_n; i++)
        cr_assert_eq(all_records_find(all_records[i]->name), all_records[i], "%s", all_records[i]->name);
}

static bool is_sized(enum field_type type)
{
    return type == FT_BYTES || type == FT_TEXT || type == FT_MULTILINE || type == FT_PROSE ||
           bounds_shape(type) == SHAPE_LIST || bounds_shape(type) == SHAPE_SCALARS;
}

/* A size without an upper bound would refuse everything: 0 there is 0. */
Test(desc, sizes_are_bounded)
{
    for (size_t i = 0; i < all_records_n; i++)
        for (size_t k = 0; k < all_records[i]->n; k++) {
            const struct field_desc *f = &all_records[i]->fields[k];
            if (!is_sized(f->type))
                continue;
            cr_assert_geq(f->min, 0, "%s.%s", all_records[i]->name, f->name);
            cr_assert_gt(f->max, 0, "%s.%s", all_records[i]->name, f->name);
            cr_assert_leq(f->min, f->max, "%s.%s", all_records[i]->name, f->name);
            if (f->type == FT_PROSE)
                cr_assert_leq(f->max, LIMIT_PROSE_BYTES, "%s.%s", all_records[i]->name, f->name);
        }
}

Test(desc, number_bounds_allow_something)
{
    for (size_t i = 0; i < all_records_n; i++)
        for (size_t k = 0; k < all_records[i]->n; k++) {
            const struct field_desc *f = &all_records[i]->fields[k];
            if (f->type == FT_UINT || f->type == FT_TIME)
                cr_assert(f->min >= 0 && (f->max == 0 || f->min <= f->max), "%s.%s", all_records[i]->name,
                          f->name);
            if (f->type == FT_INT)
                cr_assert_leq(f->min, f->max, "%s.%s", all_records[i]->name, f->name);
            if (f->type != FT_ENUM)
                continue;
            size_t allowed = 0;
            for (size_t v = 0; v < f->en->n; v++) {
                uint32_t number = f->en->values[v].number;
                allowed += bounds_value(f, &number, NULL) == ST_OK ? 1 : 0;
            }
            cr_assert_gt(allowed, 0, "%s.%s", all_records[i]->name, f->name);
        }
}

/* Deepest nesting of each block on the wire, RAW content not counted. Parts come before what uses them. */
static unsigned depth_of(const struct record_desc *d, const unsigned *known)
{
    unsigned deepest = 1;
    for (size_t k = 0; k < d->n; k++) {
        const struct field_desc *f = &d->fields[k];
        unsigned depth = 1;
        if (bounds_shape(f->type) != SHAPE_VALUE || f->type == FT_DECIMAL)
            depth = 2;
        for (size_t i = 0; f->rec != NULL && i < all_records_n; i++)
            if (all_records[i] == f->rec)
                depth = known[i] + (f->type == FT_LIST ? 2 : 1);
        if (depth > deepest)
            deepest = depth;
    }
    return deepest;
}

/* ENC-6: an amendment is the deepest nesting there is: entry, propose, proposal, effect, and the section in
 * it. */
Test(desc, nothing_nests_too_deep)
{
    enum { AROUND_A_SECTION = 4 };
    unsigned known[512] = {0}, sections = 0;
    cr_assert_lt(all_records_n, ARRAY_LEN(known));
    for (size_t i = 0; i < all_records_n; i++) {
        known[i] = depth_of(all_records[i], known);
        bool section = strncmp(all_records[i]->name, "charter_", 8) == 0 && all_records[i]->number != 0;
        sections += section ? 1 : 0;
        unsigned around = section ? AROUND_A_SECTION : 0;
        cr_assert_leq(known[i] + around, LIMIT_NEST_DEPTH, "%s nests %u deep", all_records[i]->name,
                      known[i] + around);
    }
    cr_assert_eq(sections, 30, "every section is looked at, found %u", sections);
}
