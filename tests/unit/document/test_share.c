/* Goal: one organisation's documents fill no more than its share, and what no entry names a quarter (DOC-5). */
#include <criterion/criterion.h>
#include "../store/tmpdir.h"
#include "document/share.h"

enum { MOST = 4000, PARTNERS = 4 };

static struct hash digest_of(uint8_t i)
{
    struct hash h;
    memset(h.b, i, sizeof h.b);
    return h;
}

static void part(struct keep *k, uint8_t i, size_t n)
{
    static const uint8_t zeros[MOST];
    struct hash h = digest_of(i);
    struct err err;
    cr_assert_eq(keep_add(k, &h, MOST, 0, span_of(zeros, n), &err), ST_OK, "%s", err.text);
}

static enum status check(const struct keep *k, const struct named *n, uint8_t i, uint64_t size, struct err *err)
{
    struct hash h = digest_of(i);
    return share_check(k, n, &h, size, MOST, PARTNERS, err);
}

Test(share, doc5_an_organisation_fills_its_share_and_no_more)
{
    static const struct hash alliance = {{1}};
    struct tmpdir dir = tmpdir_make();
    struct keep_config cfg = {.dir = dir.path, .largest = MOST, .most = 10 * MOST, .disk = &keep_disk_system};
    struct keep *k;
    struct named *n;
    struct err err;
    char expected[300];
    cr_assert_eq(keep_open(&cfg, &k, &err), ST_OK);
    cr_assert_eq(named_open(tmpdir_file(&dir, "named"), &alliance, &n, &err), ST_OK);
    for (uint8_t i = 1; i <= 3; i++) {
        struct hash h = digest_of(i);
        cr_assert(named_add(n, &h, i, span_str(i == 3 ? "brand" : "flooder")));
    }
    part(k, 1, 700);
    cr_expect_eq(check(k, n, 2, 300, &err), ST_OK);
    cr_expect_eq(check(k, n, 2, 301, &err), ST_NOSPACE);
    (void)snprintf(expected, sizeof expected,
                   "no room for document %.16s... of 301 bytes: those that entries of flooder named take 700 of at most 1000 bytes here, "
                   "its share of documents-max (node.yaml)",
                   "0202020202020202");
    cr_expect_str_eq(err.text, expected);
    cr_expect_eq(check(k, n, 3, 1000, &err), ST_OK, "another's room is taken: %s", err.text);
    cr_expect_eq(check(k, n, 1, 1000, &err), ST_OK, "its own part counts twice: %s", err.text);
    part(k, 9, 600);
    cr_expect_eq(check(k, n, 8, 400, &err), ST_OK);
    cr_expect_eq(check(k, n, 8, 401, &err), ST_NOSPACE);
    cr_expect(strstr(err.text, "documents that no entry names yet take 600 of at most 1000 bytes here, a quarter of documents-max") != NULL,
              "%s", err.text);
    keep_close(k);
    named_close(n);
    tmpdir_remove(&dir);
}
