/* exceptions, access: what was out of the ordinary; who could act for whom, when. */
#include "audit/cmd.h"
#include "crypto/sshpub.h"

static int print_findings(void *ctx, const struct audit_record *r, struct err *err)
{
    const struct cmd_args *args = ctx;
    enum sheet_form form = SHEET_PLAIN;
    struct finding_list l;
    struct sheet t;
    (void)cmd_form(args, &form);
    if (findings_of(r, true, &l, err) != ST_OK)
        return EXIT_FAILED;
    findings_sheet(&l, r->a, &t);
    (void)fprintf(form == SHEET_PLAIN ? stdout : stderr, "%s\n", findings_summary(&l, r->a));
    sheet_print(&t, form, stdout);
    return EXIT_DONE;
}

static int run(const struct cmd_args *args, int (*end)(void *, const struct audit_record *, struct err *))
{
    struct cmd_args own = *args;
    struct cmd_pack what = {.ctx = &own, .end = end};
    enum sheet_form form;
    return cmd_form(args, &form) ? cmd_read_pack(args, &what)
                                 : cmd_usage(args->cmd, "--csv, --jsonl or --json: one of them");
}

static int exceptions(const struct cmd_args *args)
{
    return run(args, print_findings);
}

/* --- access --- */

static const struct sheet_column access_columns[] = {
    {"seat", false, false, false},     {"by", false, false, false},       {"from", false, false, false},
    {"from leaf", true, false, false}, {"to", false, false, false},       {"to leaf", true, false, false},
    {"set by", false, false, false},   {"ended by", false, false, false}, {"bounds", false, false, false}};

static void times(const struct audit_record *r, const char **row, uint64_t from_leaf, uint64_t from_ms,
                  uint64_t to_leaf, uint64_t to_ms)
{
    row[2] = text_of(r->a, "%s", time_utc(from_ms).s);
    row[3] = text_of(r->a, "%" PRIu64, from_leaf);
    row[6] = record_cause(r, from_leaf);
    if (to_leaf == UINT64_MAX)
        return;
    row[4] = text_of(r->a, "%s", time_utc(to_ms).s);
    row[5] = text_of(r->a, "%" PRIu64, to_leaf);
    row[7] = record_cause(r, to_leaf);
}

static const char *bounds(const struct audit_record *r, const struct alternate *x)
{
    const char *s = text_of(r->a, "%s to %s", time_utc(x->from_ms).s, time_utc(x->until_ms).s);
    for (size_t i = 0; i < x->types.n; i++)
        s = text_of(r->a, "%s%s%.*s", s, i == 0 ? "; " : " ", SPAN_FMT(x->types.v[i]));
    if (HAS(x, alternate_key_most))
        s = text_of(r->a, "%s; up to %s", s, record_money(&x->most, r->a));
    return s;
}

static int by_seat(const void *x, const void *y)
{
    const char *const *l = x, *const *r = y;
    int c = strcmp(l[0], r[0]);
    return c != 0 ? c : strcmp(l[2], r[2]);
}

static int print_access(void *ctx, const struct audit_record *r, struct err *err)
{
    const struct cmd_args *args = ctx;
    enum sheet_form form = SHEET_PLAIN;
    struct sheet t;
    (void)err;
    (void)cmd_form(args, &form);
    sheet_init(&t, access_columns, ARRAY_LEN(access_columns), r->a);
    for (size_t i = 0; i < r->h->n_holds; i++) {
        const struct hold *o = &r->h->holds[i];
        const char **row = sheet_row(&t);
        row[0] = text_of(r->a, "%.*s", SPAN_FMT(o->seat));
        row[1] = text_of(r->a, "%s", sshpub_fingerprint(&o->key).s);
        times(r, row, o->from_leaf, o->from_ms, o->to_leaf, o->to_ms);
    }
    for (size_t i = 0; i < r->h->n_stands; i++) {
        const struct stand *o = &r->h->stands[i];
        const char **row = sheet_row(&t);
        row[0] = text_of(r->a, "%.*s", SPAN_FMT(o->seat));
        row[1] = text_of(r->a, "alternate %.*s", SPAN_FMT(o->alternate.seat));
        times(r, row, o->from_leaf, o->from_ms, o->to_leaf, o->to_ms);
        row[8] = bounds(r, &o->alternate);
    }
    if (t.n > 0)
        qsort(t.cells, t.n, t.n_columns * sizeof *t.cells, by_seat);
    sheet_print(&t, form, stdout);
    return EXIT_DONE;
}

static int access_of(const struct cmd_args *args)
{
    return run(args, print_access);
}

static const struct cmd_option options[] = {CMD_EXPECT, CMD_CSV, CMD_JSONL, CMD_JSON};
const struct cmd cmd_exceptions = {
    "exceptions",       "PACK",    "what was out of the ordinary: counts, then a line each", options,
    ARRAY_LEN(options), exceptions};
const struct cmd cmd_access = {"access",
                               "PACK",
                               "who held which seat with which key, from when to when, set by whom",
                               options,
                               ARRAY_LEN(options),
                               access_of};
