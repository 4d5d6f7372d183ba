#include <criterion/criterion.h>
#include "cli/cli.h"

/* A misspelt option in the table would never be taken. */
Test(verbs, options_exist)
{
    for (size_t i = 0; i < cli_verbs_n; i++) {
        const char *p = cli_verbs[i].options;
        while (*p != 0) {
            size_t n = strcspn(p, " ");
            cr_assert(cli_is_option(span_of(p, n)), "%s: %s", cli_verbs[i].words, p);
            cr_assert_eq(p[n], ' ', "%s: each name is followed by a space", cli_verbs[i].words);
            p += n + 1;
        }
    }
}

Test(verbs, examples_begin_with_their_verb)
{
    for (size_t i = 0; i < cli_verbs_n; i++) {
        char want[64];
        int n = snprintf(want, sizeof want, "entente %s", cli_verbs[i].words);
        cr_assert_eq(strncmp(cli_verbs[i].example, want, (size_t)n), 0, "%s", cli_verbs[i].example);
    }
}

Test(verbs, found_by_one_word_or_two)
{
    int n = 0;
    char draft[] = "draft", alliance[] = "alliance", approve[] = "approve", nothing[] = "alliances";
    cr_assert_str_eq(cli_find_verb(2, (char *[]){alliance, draft}, &n)->words, "alliance draft");
    cr_assert_eq(n, 2);
    cr_assert_str_eq(cli_find_verb(1, (char *[]){approve}, &n)->words, "approve");
    cr_assert_eq(n, 1);
    cr_assert_null(cli_find_verb(1, (char *[]){alliance}, &n));
    cr_assert_null(cli_find_verb(2, (char *[]){nothing, draft}, &n));
}

Test(verbs, distance)
{
    cr_assert_eq(cli_distance("approve", "approve"), 0);
    cr_assert_eq(cli_distance("aprove", "approve"), 1);
    cr_assert_eq(cli_distance("", "abc"), 3);
    cr_assert_eq(cli_distance("kitten", "sitting"), 3); /* the textbook pair */
    cr_assert_eq(cli_distance("0123456789012345678901234567890123", "x"), SIZE_MAX);
}
