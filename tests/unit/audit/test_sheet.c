/* Lines with columns, in each form, to the byte. */
#include <criterion/criterion.h>
#include "audit/sheet.h"

static const struct sheet_column columns[] = {
    {"leaf", true, false, false}, {"seat", false, false, false}, {"digest", false, true, false}, {"title", false, false, true}};
static struct arena a;
static struct sheet s;

static void setup(void)
{
    arena_init(&a, 0);
    sheet_init(&s, columns, ARRAY_LEN(columns), &a);
}

static void teardown(void)
{
    arena_deinit(&a);
}

TestSuite(sheet, .init = setup, .fini = teardown);

static void row(const char *leaf, const char *seat, const char *digest, const char *title)
{
    const char **r = sheet_row(&s);
    r[0] = leaf;
    r[1] = seat;
    r[2] = digest;
    r[3] = title;
}

static void prints(void (*print)(FILE *f), const char *expected)
{
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    print(f);
    cr_assert_eq(fclose(f), 0);
    cr_assert_str_eq(p, expected);
    free(p);
}

static void plain(FILE *f)
{
    sheet_print(&s, SHEET_PLAIN, f);
}

static void csv(FILE *f)
{
    sheet_print(&s, SHEET_CSV, f);
}

static void jsonl(FILE *f)
{
    sheet_print(&s, SHEET_JSONL, f);
}

static void json(FILE *f)
{
    sheet_print(&s, SHEET_JSON, f);
}

static void html(FILE *f)
{
    sheet_html(&s, f);
}

Test(sheet, plain_is_aligned_by_characters_and_leaves_out_what_is_wide)
{
    row("7", "brand/finance", "ab", "Späti");
    row("1204", "maker/qa", "cd", "x");
    prints(plain, "leaf  seat           title\n   7  brand/finance  Späti\n1204  maker/qa       x\n");
}

Test(sheet, no_rows_are_no_lines_but_csv_keeps_its_names)
{
    prints(plain, "");
    prints(jsonl, "");
    prints(json, "[]\n");
    prints(csv, "leaf,seat,digest,title\n");
}

Test(sheet, csv_quotes_and_no_spreadsheet_takes_a_title_for_a_formula)
{
    row("7", "a/b", "ab", "a, \"b\"");
    row("8", "a/b", "", "=HYPERLINK(\"x\")");
    row("9", "a/b", "", "-1");
    row("10", "=a/b", "", "1-1");
    prints(csv, "leaf,seat,digest,title\n7,a/b,ab,\"a, \"\"b\"\"\"\n8,a/b,,\"'=HYPERLINK(\"\"x\"\")\"\n9,a/b,,\"'-1\"\n10,=a/b,,1-1\n");
}

Test(sheet, json_lines_escape_and_leave_out_what_is_empty)
{
    row("7", "a/b", "", "a \"b\" \\ \n");
    prints(jsonl, "{\"leaf\":7,\"seat\":\"a/b\",\"title\":\"a \\\"b\\\" \\\\ \\u000a\"}\n");
}

Test(sheet, json_is_one_list)
{
    row("7", "a/b", "", "x");
    row("8", "", "", "");
    prints(json, "[{\"leaf\":7,\"seat\":\"a/b\",\"title\":\"x\"},\n{\"leaf\":8}]\n");
}

Test(sheet, html_escapes)
{
    row("7", "a/b", "", "<script>&\"");
    prints(html, "<table>\n<thead><tr><th class=\"n\">leaf</th><th>seat</th><th>title</th></tr></thead>\n<tbody>\n"
                 "<tr><td class=\"n\">7</td><td>a/b</td><td>&lt;script&gt;&amp;&quot;</td></tr>\n</tbody>\n</table>\n");
}

Test(sheet, rows_stay_when_it_grows)
{
    for (size_t i = 0; i < 1000; i++)
        row(text_of(&a, "%zu", i), "", "", "");
    for (size_t i = 0; i < 1000; i++)
        cr_assert_str_eq(sheet_at(&s, i)[0], text_of(&a, "%zu", i));
}

Test(sheet, a_text_becomes_one_line)
{
    cr_assert_str_eq(text_line(&a, span_str("a\nb\tc")), "a b c");
}
