#include "support.h"

static const char *page(struct arena *a, const char *from, const char *to)
{
    struct buf b CLEANUP(buf_deinit);
    struct dossier d;
    struct err err = {0};
    buf_init(&b, 1 << 20);
    cr_assert_eq(load(a, changed(a, from, to), &d, &err), ST_OK, "%s", err.text);
    cr_assert_eq(dossier_show(&d, &b), ST_OK);
    return (const char *)arena_dup(a, span_str(buf_cstr(&b))).p;
}

static void has(const char *text, const char *line)
{
    cr_expect_not_null(strstr(text, line), "no '%s' in:\n%s", line, text);
}

Test(show, verdict_and_why)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    has(page(&a, "dossier: 1", "dossier: 1"), "\n  verdict: alliance; the answers say: alliance\n");
    has(page(&a, "build:         {answer: no", "build:         {answer: yes"),
        "\n  verdict: alliance; the answers say: build, because of build\n");
    has(page(&a, "build:         {answer: no", "build:         {answer: "),
        "\n  verdict: alliance; the answers say: nothing yet, not all are given\n");
}

Test(show, candidates_side_by_side)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    const char *p = page(&a, "cultural:   {score: 3,", "cultural:   {score: ,");
    has(p, "                             south          east           west          \n");
    has(p, "  Cultural                   4              ?              2             \n");
    has(p, "  Compliance and security    3 red flag     5              4             \n");
    has(p, "  Total                      29 of 35       21 of 35       20 of 35      \n");
    has(p, "  Red flags                  1              0              1             \n");
    has(p, "  Standing                   chosen         reserve        dropped       \n");
    has(p, "no-certificate): No certificate for information security  RED FLAG\n    met by: An audit is booked");
}
