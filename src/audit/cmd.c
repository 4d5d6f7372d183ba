#include "audit/cmd.h"
#include "audit/archive.h"
#include "audit/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "audit/rule.h"
#include "ledger/signatures.h"
#include "merkle/checkpoint.h"

size_t cmd_count(const struct cmd_args *args, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < args->n_given; i++)
        n += strcmp(args->given[i].option->name, name) == 0;
    return n;
}

const char *cmd_value(const struct cmd_args *args, const char *name)
{
    for (size_t i = args->n_given; i > 0; i--)
        if (strcmp(args->given[i - 1].option->name, name) == 0)
            return args->given[i - 1].value;
    return NULL;
}

bool cmd_flag(const struct cmd_args *args, const char *name)
{
    return cmd_value(args, name) != NULL;
}

void cmd_print_help(const struct cmd *c, FILE *f)
{
    (void)fprintf(f, "entente-audit %s%s%s%s\n%s\n", c->name, c->args[0] == 0 ? "" : " ", c->args,
                  c->n_options > 0 ? " [OPTIONS]" : "", c->doc);
    for (size_t i = 0; i < c->n_options; i++) {
        char name[64];
        const struct cmd_option *o = &c->options[i];
        (void)snprintf(name, sizeof name, "--%s%s%s", o->name, o->value == NULL ? "" : " ",
                       o->value == NULL ? "" : o->value);
        (void)fprintf(f, "  %-24s %s\n", name, o->doc);
    }
}

int cmd_usage(const struct cmd *c, const char *fmt, ...)
{
    va_list ap;
    (void)fputs("entente-audit: ", stderr);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputs("\n\n", stderr);
    cmd_print_help(c, stderr);
    return EXIT_USAGE;
}

int cmd_bad(const char *text)
{
    (void)fprintf(stderr, "NOT VERIFIED: %s\n", text);
    return EXIT_BAD;
}

bool cmd_number(const char *s, uint64_t *ret)
{
    char *end;
    if (s == NULL || s[0] < '0' || s[0] > '9')
        return false;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    if (errno != 0 || *end != 0)
        return false;
    *ret = v;
    return true;
}

bool cmd_form(const struct cmd_args *args, enum sheet_form *ret_form)
{
    bool csv = cmd_flag(args, "csv"), jsonl = cmd_flag(args, "jsonl"), json = cmd_flag(args, "json");
    if ((int)csv + (int)jsonl + (int)json > 1)
        return false;
    *ret_form = csv ? SHEET_CSV : jsonl ? SHEET_JSONL : json ? SHEET_JSON : SHEET_PLAIN;
    return true;
}

static void cannot(const char *path, const char *what)
{
    char why[128];
    (void)fprintf(stderr, "entente-audit: %s: cannot %s: %s\n", path, what,
                  strerror_r(errno, why, sizeof why));
}

FILE *cmd_create(const char *path)
{
    if (strcmp(path, "-") == 0)
        return stdout;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (f == NULL)
        cannot(path, "write");
    return f;
}

bool cmd_close(FILE *f, const char *path)
{
    bool good = fflush(f) == 0 && ferror(f) == 0;
    if (f != stdout) {
        struct stat st; /* what is no regular file (/dev/full, a pipe) has no length to cut */
        bool file = fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode);
        good = good && (!file || ftruncate(fileno(f), ftello(f)) == 0);
        good = fclose(f) == 0 && good;
    }
    if (!good)
        cannot(path, "write all of it");
    return good;
}

bool cmd_expected(const struct cmd_args *args, struct hash *ret_id, bool *ret_given)
{
    const char *expected = cmd_value(args, "expect-alliance");
    *ret_given = expected != NULL;
    if (expected == NULL || hex_to_hash(span_str(expected), ret_id) == ST_OK)
        return true;
    (void)cmd_usage(args->cmd, "--expect-alliance takes the alliance's id: 64 hex digits");
    return false;
}

void cmd_confine(void)
{
    const char *why = confine();
#if defined ENTENTE_NOT_CONFINED /* an instrumented build is for the tests, which look at all that is said */
    why = NULL;
#endif
    if (why != NULL)
        (void)fprintf(stderr, "entente-audit: it goes on, but is not confined: %s\n", why);
}

int cmd_failed(const struct verify_failure *f)
{
    (void)fprintf(stderr,
                  "NOT VERIFIED\nregion  %s, frame %" PRIu64 " (bytes %" PRIu64 " to %" PRIu64
                  " of the file)\nrecord  %s (bytes %" PRIu64 " to %" PRIu64 ")\nrule    %s: %s\nwhy     %s\n",
                  f->region, f->place.frame, f->place.offset, f->place.offset + f->place.bytes, f->record,
                  f->offset, f->offset + f->bytes, f->rule, rule_meaning(f->rule), f->why);
    return EXIT_BAD;
}

bool cmd_read_kept(const struct cmd_args *args, struct arena *a, struct verify_kept_list *ret)
{
    enum { KEPT_BYTES_MAX = 1 << 16 };
    *ret = (struct verify_kept_list){.v = arena_array(a, cmd_count(args, "checkpoint") + 1, sizeof *ret->v)};
    for (size_t i = 0; i < args->n_given; i++) {
        struct verify_kept *k = &ret->v[ret->n];
        struct span bytes;
        struct signed_note note;
        struct checkpoint c;
        struct err err;
        if (strcmp(args->given[i].option->name, "checkpoint") != 0)
            continue;
        k->path = args->given[i].value;
        if (file_read(k->path, KEPT_BYTES_MAX, a, &bytes, &err) != ST_OK) {
            (void)fprintf(stderr, "entente-audit: %s\n", err.text);
            return false;
        }
        if (note_parse(bytes, a, &note, &err) != ST_OK || checkpoint_parse(note.text, &c, &err) != ST_OK) {
            (void)fprintf(stderr, "entente-audit: %s: it is no checkpoint, as entente checkpoint -o writes one: %s\n",
                          k->path, err.text);
            return false;
        }
        k->origin = c.origin;
        k->size = c.size;
        k->root = c.root;
        ret->n++;
    }
    return true;
}

enum { PROGRESS_EVERY_MS = 500 };

struct progress {
    uint64_t total; /* bytes; 0: not known */
    uint64_t next_ms;
    bool shown;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void progress(void *ctx, uint64_t bytes, uint64_t blocks)
{
    struct progress *p = ctx;
    uint64_t now = now_ms();
    if (now < p->next_ms)
        return;
    p->next_ms = now + PROGRESS_EVERY_MS;
    p->shown = true;
    (void)fprintf(stderr, "\r%" PRIu64 " blocks, %.1f", blocks, (double)bytes / 1e6);
    if (p->total > 0)
        (void)fprintf(stderr, " of %.1f MB (%" PRIu64 "%%) ", (double)p->total / 1e6, bytes * 100 / p->total);
    else
        (void)fprintf(stderr, " MB ");
}

static void progress_done(const struct progress *p)
{
    if (p->shown)
        (void)fprintf(stderr, "\r\033[K");
}

/* How far it is, for who waits at a terminal; never into a file or a pipe. */
static void progress_begin(struct progress *p, FILE *f)
{
    struct stat st;
    *p = (struct progress){.next_ms = now_ms() + PROGRESS_EVERY_MS};
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        p->total = (uint64_t)st.st_size;
}

struct pack_run {
    const struct cmd_pack *what;
    struct history history;
    struct arena *a;
    struct progress *progress;
    int code;
    bool ended;
};

static enum status block(void *ctx, const struct verify_block *b, struct err *err)
{
    struct pack_run *r = ctx;
    enum status st = history_block(&r->history, b, err);
    return st == ST_OK && r->what->block != NULL ? r->what->block(r->what->ctx, b, err) : st;
}

static enum status end(void *ctx, const struct view *v, const struct verify_report *report, struct err *err)
{
    struct pack_run *r = ctx;
    struct audit_record record;
    progress_done(r->progress);
    r->progress->shown = false;
    enum status st = record_load(&record, v, &r->history, report, r->a, err);
    if (st != ST_OK)
        return st;
    if (!r->what->quiet)
        (void)fprintf(stderr,
                      "VERIFIED %" PRIu64 " entries, %" PRIu64 " blocks, %" PRIu64
                      " decisions re-executed; %s, to block %" PRIu64 " of %s\n",
                      report->entries, report->blocks, report->decisions, hex_of(&report->alliance).s,
                      report->height, time_utc(report->last_ms).s);
    r->ended = true;
    r->code = r->what->end(r->what->ctx, &record, err);
    return r->code == EXIT_FAILED ? ST_IO : ST_OK;
}

int cmd_read_pack(const struct cmd_args *args, const struct cmd_pack *what)
{
    const char *path = args->words[0];
    struct hash expect;
    bool expected;
    if (!cmd_expected(args, &expect, &expected))
        return EXIT_USAGE;
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (f == NULL) {
        cannot(path, "open");
        return EXIT_FAILED;
    }
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct progress shown;
    struct pack_run r = {.what = what, .a = &a, .progress = &shown};
    struct verify_report report;
    struct verify_failure failure;
    struct err err = {0};
    struct verify_watch watch = {&r, block, end};
    struct verify_kept_list kept;
    if (!cmd_read_kept(args, &a, &kept)) {
        if (f != stdin)
            (void)fclose(f);
        return EXIT_FAILED;
    }
    progress_begin(&shown, f);
    struct verify_how how = {.expect = expected ? &expect : NULL,
                             .threads = signatures_threads(), /* which reads a file of the system */
                             .has_file = true,
                             .file = archive_file(),
                             .kept = &kept,
                             .watch = &watch,
                             .progress = what->whole && isatty(STDERR_FILENO) == 1 ? progress : NULL,
                             .progress_ctx = &shown};
    cmd_confine();
    history_init(&r.history, &a);
    enum status st = verify_pack(f, &how, &a, &report, &failure, &err);
    progress_done(&shown);
    shown.shown = false;
    history_deinit(&r.history);
    if (f != stdin)
        (void)fclose(f);
    if (st == ST_OK)
        return cmd_close(stdout, "standard output") ? r.code : EXIT_FAILED;
    if (!r.ended && st == ST_BADSIG && failure.region[0] != 0) {
        if (what->failed != NULL)
            what->failed(what->ctx, &failure);
        return cmd_failed(&failure);
    }
    (void)fprintf(stderr, "entente-audit: %s: %s\n", path, err.text[0] != 0 ? err.text : status_text(st));
    return EXIT_FAILED;
}
