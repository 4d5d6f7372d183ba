/* log, sample: lines of the record, all or drawn. */
#include "audit/cmd.h"
#include "audit/draw.h"
#include "audit/filter.h"
#include "crypto/sshpub.h"
#include "gov/state.h"
#include "ledger/rows.h"

/* First of both kinds: leaf. */
static const struct sheet_column entry_columns[] = {
    {"leaf", true, false, false},     {"time", false, false, false},  {"kind", false, false, false},
    {"seat", false, false, false},    {"about", false, false, false}, {"what", false, false, true},
    {"block", true, true, false},     {"entry", false, true, false},  {"key", false, true, false},
    {"leaf hash", false, true, false}};
static const struct sheet_column decision_columns[] = {
    {"leaf", true, false, false},    {"decision", false, false, false}, {"type", false, false, false},
    {"opened", false, false, false}, {"phase", false, false, false},    {"closed", false, false, false},
    {"mover", false, false, false},  {"amount", false, false, false},   {"marks", false, false, false},
    {"title", false, false, true},   {"revision", true, true, false},   {"digest", false, true, false}};

struct listing {
    const struct cmd_args *args;
    struct filter filter;
    enum sheet_form form;
    uint64_t n;       /* sample: how many */
    const char *seed; /* NULL: all lines */
};

static void entry_row(const struct audit_record *r, const struct audit_entry *e, struct sheet *t)
{
    struct public_key key = {.alg = e->parsed.signature.alg, .key = e->parsed.signature.key};
    const char **row = sheet_row(t);
    row[0] = text_of(r->a, "%" PRIu64, e->leaf);
    row[1] = text_of(r->a, "%s", time_utc(e->at_ms).s);
    row[2] = enum_text(&kind_enum, (uint32_t)e->parsed.entry.kind);
    row[3] = text_of(r->a, "%.*s", SPAN_FMT(e->parsed.entry.seat));
    row[4] = text_of(r->a, "%s", e->about);
    row[5] = text_of(r->a, "%s", e->what);
    row[6] = text_of(r->a, "%" PRIu64, e->height);
    row[7] = text_of(r->a, "%s", hex_of(&e->parsed.id).s);
    row[8] = text_of(r->a, "%s", sshpub_fingerprint(&key).s);
    row[9] = text_of(r->a, "%s", hex_of(&e->parsed.leaf_hash).s);
}

static enum status entries(const struct listing *l, const struct audit_record *r, struct sheet *t,
                           struct err *err)
{
    struct audit_cursor c = {0};
    struct arena scratch CLEANUP(arena_deinit);
    struct audit_entry e;
    enum status st;
    arena_init(&scratch, 0);
    sheet_init(t, entry_columns, ARRAY_LEN(entry_columns), r->a);
    while ((st = record_next(r, &c, &scratch, &e, err)) == ST_OK) {
        if (filter_entry(&l->filter, r, &e))
            entry_row(r, &e, t);
        arena_reset(&scratch);
    }
    return st == ST_END ? ST_OK : st;
}

static void decisions(const struct listing *l, const struct audit_record *r, struct sheet *t)
{
    sheet_init(t, decision_columns, ARRAY_LEN(decision_columns), r->a);
    for (size_t i = 0; i < r->n_decisions; i++) {
        const struct audit_decision *d = &r->decisions[i];
        if (!filter_decision(&l->filter, d))
            continue;
        const char **row = sheet_row(t);
        row[0] = text_of(r->a, "%" PRIu64, d->d.opened_leaf);
        row[1] = text_of(r->a, "D-%" PRIu64, d->d.number);
        row[2] = text_of(r->a, "%.*s", SPAN_FMT(d->d.type));
        row[3] = text_of(r->a, "%s", time_utc(d->d.opened_ms).s);
        row[4] = enum_text(&phase_enum, d->d.phase);
        row[5] =
            HAS(&d->d, state_decision_key_closed_ms) ? text_of(r->a, "%s", time_utc(d->d.closed_ms).s) : "";
        row[6] = text_of(r->a, "%.*s", SPAN_FMT(d->d.mover));
        row[7] = record_money(&d->amount, r->a);
        row[8] = record_marks(d, r->a);
        row[9] = d->title.p == NULL ? "(text absent)" : text_line(r->a, d->title);
        row[10] = text_of(r->a, "%" PRIu64, d->d.revision);
        row[11] = text_of(r->a, "%s", hex_of(&d->d.digest).s);
    }
}

/* Against the newest checkpoint that a quorum cosigned: as a command that checks it. */
static enum status print_proof(const struct audit_record *r, uint64_t index, struct err *err)
{
    struct tile_reader tiles = rows_tile_reader(r->v);
    struct rfc6962_proof proof;
    struct boundary at;
    struct span bytes;
    struct hash leaf;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (!r->r->whole_checkpoint || index >= r->r->checkpoint_size) {
        (void)printf("# leaf %" PRIu64 ": no checkpoint that a quorum cosigned covers it\n", index);
        return ST_OK;
    }
    TRY(rows_boundary(r->v, r->r->checkpoint_size, false, &at, err));
    TRY(block_leaf(r->v, index, &bytes, err));
    rfc6962_leaf(bytes, &leaf);
    TRY(tiles_inclusion(&tiles, index, at.size, &proof));
    TRY(rfc6962_verify_inclusion(&leaf, index, at.size, proof.v, proof.n, &at.root, err));
    buf_printf(&b, "entente-audit inclusion --leaf-hash ");
    base64_put(&b, span_hash(&leaf));
    buf_printf(&b, " --index %" PRIu64 " --size %" PRIu64 " --root ", index, at.size);
    base64_put(&b, span_hash(&at.root));
    buf_printf(&b, " --proof '");
    for (size_t i = 0; i < proof.n; i++) {
        buf_printf(&b, "%s", i == 0 ? "" : ",");
        base64_put(&b, span_hash(&proof.v[i]));
    }
    (void)printf("%s'\n", buf_cstr(&b));
    return ST_OK;
}

static enum status draw(const struct listing *l, const struct audit_record *r, const struct sheet *all,
                        struct sheet *ret, struct draw_line **ret_lines, struct err *err)
{
    struct draw_line *lines = arena_array(r->a, all->n + 1, sizeof *lines);
    for (size_t i = 0; i < all->n; i++) {
        lines[i].row = i;
        if (!cmd_number(sheet_at(all, i)[0], &lines[i].leaf))
            return err_set(err, ST_CORRUPT, "a line without a leaf");
    }
    draw_sort(l->seed, lines, all->n);
    sheet_init(ret, all->columns, all->n_columns, r->a);
    for (size_t i = 0; i < all->n && i < l->n; i++)
        memcpy(sheet_row(ret), sheet_at(all, lines[i].row), all->n_columns * sizeof(const char *));
    *ret_lines = lines;
    return ST_OK;
}

static int print_lines(void *ctx, const struct audit_record *r, struct err *err)
{
    struct listing *l = ctx;
    struct sheet all, drawn;
    struct draw_line *lines = NULL;
    if (filter_check(&l->filter, r, err) != ST_OK)
        return cmd_usage(l->args->cmd, "%s", err->text);
    if (l->filter.decisions)
        decisions(l, r, &all);
    else if (entries(l, r, &all, err) != ST_OK)
        return EXIT_FAILED;
    if (l->seed == NULL) {
        sheet_print(&all, l->form, stdout);
        return EXIT_DONE;
    }
    if (draw(l, r, &all, &drawn, &lines, err) != ST_OK)
        return EXIT_FAILED;
    FILE *head = l->form == SHEET_PLAIN ? stdout : stderr;
    (void)fprintf(head,
                  "population %zu %s, drawn %zu, seed %s\nfilter     %s\nrecord     %" PRIu64
                  " leaves, root %s\n",
                  all.n, l->filter.decisions ? "decisions" : "entries", drawn.n, l->seed,
                  filter_words(&l->filter, r, r->a), r->r->size, hex_of(&r->r->root).s);
    (void)fputs(
        "drawn by   smallest SHA-256(\"SEED:LEAF\"), without replacement (Rivest, arXiv:1808.10016)\n", head);
    sheet_print(&drawn, l->form, stdout);
    for (size_t i = 0; cmd_flag(l->args, "proofs") && i < drawn.n; i++)
        if (print_proof(r, lines[i].leaf, err) != ST_OK)
            return EXIT_FAILED;
    return EXIT_DONE;
}

static int run(const struct cmd_args *args, uint64_t n, const char *seed)
{
    struct listing l = {.args = args, .n = n, .seed = seed};
    struct err err;
    struct filter_text t = {.type = cmd_value(args, "type"),
                            .kind = cmd_value(args, "kind"),
                            .seat = cmd_value(args, "seat"),
                            .partner = cmd_value(args, "partner"),
                            .from = cmd_value(args, "from"),
                            .to = cmd_value(args, "to"),
                            .outcome = cmd_value(args, "outcome"),
                            .over = cmd_value(args, "amount-over"),
                            .vetoed = cmd_flag(args, "vetoed"),
                            .defaulted = cmd_flag(args, "defaulted"),
                            .deemed = cmd_flag(args, "deemed"),
                            .late = cmd_flag(args, "late")};
    struct arena own CLEANUP(arena_deinit);
    arena_init(&own, 0);
    if (!cmd_form(args, &l.form))
        return cmd_usage(args->cmd, "--csv, --jsonl or --json: one of them");
    if (filter_parse(&t, &own, &l.filter, &err) != ST_OK)
        return cmd_usage(args->cmd, "%s", err.text);
    struct cmd_pack what = {.ctx = &l, .end = print_lines};
    return cmd_read_pack(args, &what);
}

static int log_of(const struct cmd_args *args)
{
    return run(args, 0, NULL);
}

static int sample(const struct cmd_args *args)
{
    uint64_t n;
    const char *seed = cmd_value(args, "seed");
    if (!cmd_number(cmd_value(args, "n"), &n) || n == 0)
        return cmd_usage(args->cmd, "sample needs --n N: how many lines are drawn, at least 1");
    if (seed == NULL || seed[0] == 0 || strlen(seed) > 128)
        return cmd_usage(args->cmd,
                         "sample needs --seed TEXT, up to 128 bytes, chosen after the pack was made");
    return run(args, n, seed);
}

#define FILTERS                                                                                              \
    {"type", "TYPE", "decisions of this type, a row of the matrix; with --kind item: items of this type"},   \
        {"kind", "KIND", "entries of this kind: propose, ballot, holder, ..."},                              \
        {"seat", "SEAT", "entries signed for it; decisions that it moved or cast a ballot on"},              \
        {"partner", "ORG", "the same for all seats of an organisation"},                                     \
        {"from", "TIME", "ledger time, UTC: 2026-03-01 or 2026-03-01T12:00:00Z"},                            \
        {"to", "TIME", "before this time; of a date alone, to its end"},                                     \
        {"outcome", "PHASE",                                                                                 \
         "decisions that stand there: effective, rejected, 'default applied', open, ..."},                   \
        {"vetoed", NULL, "decisions that were vetoed"},                                                      \
        {"defaulted", NULL, "decisions to which a default was applied"},                                     \
        {"deemed", NULL, "decisions in which silence counted as approval"},                                  \
        {"late", NULL, "decisions that a deadline overtook; with --kind: items overdue, readings late"},     \
    {                                                                                                        \
        "amount-over", "MONEY", "decisions on more than this: 'EUR 1000.00'; other currencies are left out"  \
    }
static const struct cmd_option log_options[] = {CMD_EXPECT, FILTERS, CMD_CSV, CMD_JSONL, CMD_JSON};
const struct cmd cmd_log = {
    "log",
    "PACK",
    "the entries; or, when something is asked of decisions and no --kind, the decisions",
    log_options,
    ARRAY_LEN(log_options),
    log_of};
static const struct cmd_option sample_options[] = {
    CMD_EXPECT,
    {"n", "N", "how many lines"},
    {"seed", "TEXT", "what the draw depends on, besides the record"},
    FILTERS,
    {"proofs", NULL, "for each line a command that proves its leaf in the newest checkpoint"},
    CMD_CSV,
    CMD_JSONL,
    CMD_JSON};
const struct cmd cmd_sample = {"sample",
                               "PACK",
                               "lines of the log, drawn so that anybody can draw them again",
                               sample_options,
                               ARRAY_LEN(sample_options),
                               sample};
