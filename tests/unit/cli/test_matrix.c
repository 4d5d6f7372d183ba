/* Goal: over the records of running nodes, the rows that were in force give the record itself, decision by decision; and rows that
 * nobody could fulfil give nothing of it. */
#include <criterion/criterion.h>
#include "cli/matrix.h"
#include "gov/state.h"

TestSuite(matrix, .timeout = 300);

static const char *const packs[] = {"decisions", "items", "readings"};

struct founding { /* the sections that a matrix replaces, as founded */
    struct arena a;
    struct section v[2];
    size_t n;
};

static enum status note_sections(void *ctx, const struct verify_block *b, struct err *err)
{
    struct founding *f = ctx;
    for (size_t i = 0; b->before == NULL && i < b->block->n_writes; i++) {
        const struct overlay_write *w = &b->block->writes[i];
        struct state_section s;
        if (w->table != TABLE_SECTION || (w->key.p[0] != SECTION_DECISIONS && w->key.p[0] != SECTION_LADDERS))
            continue;
        enum status st = codec_decode(&state_section_desc, arena_dup(&f->a, w->value), &f->a, &s, err);
        if (st != ST_OK)
            return st;
        f->v[f->n++] = (struct section){.number = w->key.p[0], .body = s.body};
    }
    return ST_OK;
}

static void verify(const char *name, const struct verify_watch *watch, struct arena *a)
{
    char path[500];
    struct verify_report report;
    struct verify_failure failure;
    struct err err;
    (void)snprintf(path, sizeof path, "%s/tests/verifier/packs/%s.pack", ENTENTE_SOURCE_DIR, name);
    FILE *f = fopen(path, "rbe");
    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(verify_pack(f, &(struct verify_how){.watch = watch}, a, &report, &failure, &err), ST_OK, "%s: %s %s", name, failure.why, err.text);
    (void)fclose(f);
}

static void replay(const char *name, const struct founding *f, struct matrix **ret)
{
    struct arena a;
    struct section_list l = {f->n, (struct section *)(uintptr_t)f->v};
    arena_init(&a, 0);
    *ret = matrix_new(&l);
    struct verify_watch w = matrix_watch(*ret);
    verify(name, &w, &a);
    arena_deinit(&a);
}

static void founding_of(const char *name, struct founding *f)
{
    struct arena a;
    arena_init(&a, 0);
    *f = (struct founding){.n = 0};
    arena_init(&f->a, 0);
    struct verify_watch w = {.ctx = f, .block = note_sections};
    verify(name, &w, &a);
    cr_assert_eq(f->n, 2, "%s: %zu sections", name, f->n);
    arena_deinit(&a);
}

Test(matrix, the_rows_in_force_give_the_record)
{
    size_t decisions = 0;
    for (size_t i = 0; i < ARRAY_LEN(packs); i++) {
        struct founding f;
        struct matrix *m;
        founding_of(packs[i], &f);
        replay(packs[i], &f, &m);
        const struct replay_report *r = matrix_report(m);
        for (size_t k = 0; k < r->list.n; k++)
            cr_expect_eq(r->list.v[k].became, REPLAYED_SAME, "%s: D-%d %.*s: %.*s", packs[i], (int)r->list.v[k].decision,
                         SPAN_FMT(r->list.v[k].type), SPAN_FMT(r->list.v[k].words));
        cr_assert_eq(r->same, r->list.n);
        decisions += r->list.n;
        struct err err;
        cr_assert_eq(codec_check(&replay_report_desc, r, &err), ST_OK, "%s", err.text);
        matrix_free(m);
        arena_deinit(&f.a);
    }
    cr_assert_geq(decisions, 10, "%zu decisions in the packs kept", decisions);
}

/* Nobody owns anything: nothing could have been proposed. */
Test(matrix, rows_that_nobody_owns)
{
    struct founding f;
    struct matrix *m;
    struct charter_decisions d;
    struct buf b CLEANUP(buf_deinit);
    struct err err;
    founding_of("decisions", &f);
    size_t at = f.v[0].number == SECTION_DECISIONS ? 0 : 1;
    cr_assert_eq(codec_decode(&charter_decisions_desc, f.v[at].body, &f.a, &d, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < d.rows.n; i++)
        d.rows.v[i].name = arena_dup(&f.a, span_str("zzz")); /* no row has its name any more */
    d.rows.n = 1;
    buf_init(&b, 1 << 20);
    cr_assert_eq(codec_encode(&charter_decisions_desc, &d, &b), ST_OK);
    f.v[at].body = buf_span(&b);
    replay("decisions", &f, &m);
    const struct replay_report *r = matrix_report(m);
    cr_assert_gt(r->list.n, 0);
    for (size_t k = 0; k < r->list.n; k++)
        cr_expect_eq(r->list.v[k].became, REPLAYED_REFUSED, "D-%d: %s", (int)r->list.v[k].decision,
                     enum_text(&replayed_enum, r->list.v[k].became));
    cr_assert_eq(r->same, 0);
    matrix_free(m);
    arena_deinit(&f.a);
}
