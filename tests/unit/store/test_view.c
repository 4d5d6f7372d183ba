#include <criterion/criterion.h>
#include "store/view.h"

TestSuite(view, .timeout = 20);

Test(view, knows_the_tables_of_the_state_root)
{
    static const uint8_t in[] = {TABLE_PARTY,    TABLE_SEAT,    TABLE_KEY,     TABLE_SECTION,
                                 TABLE_DECISION, TABLE_RECUSED, TABLE_BUDGET,  TABLE_ITEM,
                                 TABLE_METRIC,   TABLE_READING, TABLE_CADENCE, TABLE_SESSION, TABLE_GRANT, TABLE_COMPUTED};
    size_t n = 0;
    for (unsigned t = 0; t < 256; t++)
        n += table_in_state_root((uint8_t)t);
    cr_assert_eq(n, ARRAY_LEN(in));
    for (size_t i = 0; i < ARRAY_LEN(in); i++)
        cr_assert(table_in_state_root(in[i]));
}

Test(view, names_tables_and_only_tables)
{
    cr_assert_str_eq(table_name(TABLE_DECISION), "DECISION");
    cr_assert_str_eq(table_name(TABLE_REFUSED), "REFUSED");
    cr_assert_null(table_name(0));
    cr_assert_null(table_name(TABLE_GOV_MAX));
    cr_assert_null(table_name(TABLE_MAX + 1));
    cr_assert_null(table_name(255));
}
