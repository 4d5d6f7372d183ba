/* A proposed matrix over the record, before anybody votes on it. */
#include <errno.h>
#include "charter/difference.h"
#include "cli/cli.h"
#include "cli/matrix.h"

enum { SECTIONS_MAX = 64 };

/* What the record is replayed from: a pack that is there, or one that is made of the node's record. */
static enum status open_record(struct cli *c, FILE **ret_file)
{
    char why[128];
    uint64_t blocks, leaves;
    FILE *f = c->pack != NULL ? fopen(c->pack, "rbe") : tmpfile();
    if (f == NULL && c->pack != NULL)
        return err_set(&c->err, ST_IO, "%s: cannot be opened: %s", c->pack, strerror_r(errno, why, sizeof why));
    if (f == NULL)
        return err_set(&c->err, ST_IO, "no temporary file for the record: %s", strerror_r(errno, why, sizeof why));
    enum status st = c->pack != NULL ? ST_OK : cli_write_pack(c, f, 0, &blocks, &leaves);
    if (st == ST_OK && fseek(f, 0, SEEK_SET) != 0)
        st = err_set(&c->err, ST_IO, "the record cannot be read again");
    if (st != ST_OK)
        (void)fclose(f);
    else
        *ret_file = f;
    return st;
}

/* Sections that differ and are not looked at. */
static enum status say_differences(struct cli *c, const char *path, size_t *ret_looked_at)
{
    struct query_section of[SECTIONS_MAX] = {0};
    struct section_list now;
    struct charter_differences l;
    uint64_t last = 0;
    enum status st = cli_charter_in_force(c, of, &now);
    if (st == ST_OK)
        st = cli_charter_compare_file(c, path, &now, &l);
    if (st != ST_OK)
        return st;
    *ret_looked_at = 0;
    for (size_t i = 0; i < l.n; i++) {
        bool looked_at = l.v[i].section == SECTION_DECISIONS || l.v[i].section == SECTION_LADDERS;
        *ret_looked_at += looked_at;
        if (!looked_at && l.v[i].section != last)
            (void)fprintf(stderr, "Not looked at, though it differs from the charter in force: section %s\n",
                          enum_text(&section_id_enum, (uint32_t)l.v[i].section));
        last = l.v[i].section;
    }
    return ST_OK;
}

static void print_report(const struct replay_report *r, bool all)
{
    size_t n[REPLAYED_UNKNOWN + 1] = {0};
    for (size_t i = 0; i < r->list.n; i++) {
        const struct replay_case *x = &r->list.v[i];
        n[x->became]++;
        if (x->became == REPLAYED_SAME && !all)
            continue;
        (void)printf("D-%-5" PRIu64 " %-20.*s %-18s %.*s\n", x->decision, SPAN_FMT(x->type), enum_text(&replayed_enum, x->became),
                     SPAN_FMT(x->words));
    }
    (void)printf("Of %zu decisions %zu would be the same, %zu would have escalated, %zu would not have, %zu would have ended "
                 "otherwise, %zu would have been refused",
                 r->list.n, n[REPLAYED_SAME], n[REPLAYED_CLIMBS], n[REPLAYED_STAYS], n[REPLAYED_OTHERWISE], n[REPLAYED_REFUSED]);
    if (n[REPLAYED_UNKNOWN] > 0)
        (void)printf(", and of %zu it cannot be told", n[REPLAYED_UNKNOWN]);
    (void)printf(".\nAssumed: each decision by itself, all else as it was; the same ballots at the same times; receipts only where they "
                 "were asked for.\n");
}

static enum status replay(struct cli *c, struct matrix *m)
{
    FILE *f = NULL;
    struct verify_report report;
    struct verify_failure failure;
    struct verify_watch watch = matrix_watch(m);
    enum status st = open_record(c, &f);
    if (st != ST_OK)
        return st;
    struct verify_how how = {.expect = c->pack == NULL ? &c->info.alliance : NULL, .watch = &watch};
    st = verify_pack(f, &how, &c->a, &report, &failure, &c->err);
    (void)fclose(f);
    if (st == ST_BADSIG && failure.region[0] != 0)
        return err_set(&c->err, ST_BADSIG, "the record does not verify: %s: %s", failure.region, failure.why);
    return st;
}

int verb_charter_replay(struct cli *c)
{
    struct section_list proposed;
    size_t differences = 1;
    if (c->n != 1)
        return cli_usage(c, "charter replay needs a charter file, as `entente charter show` prints it, changed");
    size_t refusals = 0;
    enum status st = cli_charter_refusals(c, c->words[0], &refusals);
    if (st == ST_OK && refusals > 0) /* a part of it may be worth a look all the same */
        (void)fprintf(stderr,
                      "%s does not pass the charter check (above): %zu refusal%s. It could never be in force; what follows tells only "
                      "what its rows and ladders would do.\n",
                      c->words[0], refusals, refusals == 1 ? "" : "s");
    if (st == ST_OK)
        st = cli_charter_file(c, c->words[0], &proposed);
    if (st == ST_OK && c->pack == NULL)
        st = say_differences(c, c->words[0], &differences);
    if (st != ST_OK)
        return cli_fail(c);
    if (differences == 0)
        (void)fprintf(stderr, "Its rows and ladders are those in force.\n");
    struct matrix *m = matrix_new(&proposed);
    st = replay(c, m);
    int code = st != ST_OK ? cli_fail(c) : EXIT_DONE;
    if (st == ST_OK && c->json)
        code = cli_json(c, &replay_report_desc, matrix_report(m));
    else if (st == ST_OK)
        print_report(matrix_report(m), c->all);
    matrix_free(m);
    return code;
}
