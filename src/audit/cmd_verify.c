/* verify: the whole verdict on a pack. */
#include <jansson.h>
#include "audit/certificate.h"
#include "audit/cmd.h"
#include "audit/range.h"
#include "audit/rule.h"
#include "audit/verdict.h"

static void print_counts(const struct audit_record *rec)
{
    const struct verify_report *r = rec->r;
    struct arena *a = rec->a;
    (void)printf("VERIFIED %s entries, %s blocks, %s decisions re-executed; %s detached texts, %s absent\n",
                 grouped_text(a, r->entries), grouped_text(a, r->blocks), grouped_text(a, r->decisions),
                 grouped_text(a, r->prose), grouped_text(a, r->prose_absent));
    (void)printf("alliance     %.*s  %s\n", SPAN_FMT(r->name), hex_of(&r->alliance).s);
    (void)printf("founded      %s   newest block %" PRIu64 " of %s\n", time_utc(r->founded_ms).s, r->height,
                 time_utc(r->last_ms).s);
    (void)printf("tree         %s leaves, root %s\n", grouped_text(a, r->size), hex_of(&r->root).s);
    (void)printf("state root   %s\n", hex_of(&r->state_root).s);
    (void)printf("signatures   %s checked; %s certificates; %s deadlines fired\n",
                 grouped_text(a, r->signatures), grouped_text(a, r->certificates),
                 grouped_text(a, r->timers));
    if (r->refoundings > 0)
        (void)printf(
            "epochs       %s begun by refounding, signed by the registrar and another seat of every "
            "partner%s\n",
            grouped_text(a, r->refoundings),
            r->by_refounding > 0
                ? "; the last block of an epoch has no certificate, only prevotes and these signatures"
                : "");
    if (r->whole_checkpoint)
        (void)printf("checkpoint   %s leaves, cosigned by a quorum\n", grouped_text(a, r->checkpoint_size));
    else
        (void)printf("checkpoint   none that a quorum cosigned (%s read): the newest blocks rest on their "
                     "certificates alone\n",
                     grouped_text(a, r->checkpoints));
    if (r->kept_size > 0)
        (void)printf("kept         the checkpoint you gave, of %s leaves, is of this history\n", grouped_text(a, r->kept_size));
    (void)printf("decisions   ");
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (r->phases[i] != 0)
            (void)printf(" %s %s ", enum_text(&phase_enum, (uint32_t)i), grouped_text(a, r->phases[i]));
    (void)printf("%s\n", r->decisions == 0 ? " none" : "");
}

static void print_members(const struct audit_record *rec)
{
    const struct verify_report *r = rec->r;
    uint64_t members = 0;
    for (size_t i = 0; i < MEMBER_CHANGES; i++)
        members += r->members.counts[i];
    if (members == 0)
        return;
    (void)printf("members     ");
    for (size_t i = 0; i < MEMBER_CHANGES; i++)
        if (r->members.counts[i] > 0)
            (void)printf(" %s %s ", member_change_text[i], grouped_text(rec->a, r->members.counts[i]));
    (void)printf("\n");
    for (size_t i = 0; i < r->members.n_lines; i++) {
        const struct member_line *l = &r->members.lines[i];
        (void)printf("  block %-8" PRIu64 " %s  %.*s: %s\n", l->height, time_utc(l->time_ms).s,
                     SPAN_FMT(l->org), member_change_text[l->change]);
    }
    if (members > r->members.n_lines)
        (void)printf("  and %s more\n", grouped_text(rec->a, members - r->members.n_lines));
}

/* They are few, and each accuses a partner: not only counted. */
static void print_faults(const struct audit_record *r, const struct finding_list *l)
{
    struct finding_list faults = {0};
    struct sheet t;
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == FINDING_FAULT && faults.n++ == 0)
            faults.v = &l->v[i]; /* those of a kind stand together */
    if (faults.n == 0)
        return;
    findings_sheet(&faults, r->a, &t);
    (void)printf("\nFault proofs: votes that only the accused node's key can have signed (entente-audit log --kind fault --jsonl has their entries):\n");
    sheet_print(&t, SHEET_PLAIN, stdout);
}

static void print_report(const struct audit_record *r, const struct verdict_words *w)
{
    print_counts(r);
    (void)printf("exceptions   %s\n", findings_summary(&w->findings, r->a));
    print_members(r);
    print_faults(r, &w->findings);
    (void)printf("\nWho signed, and who could have signed and did not (a certificate may hold more than a "
                 "quorum, and need not hold all that came):\n");
    sheet_print(&w->signers, SHEET_PLAIN, stdout);
    (void)printf("\nKeys, holders and nodes since the founding: %s\n", w->changes.n == 0 ? "no change" : "");
    sheet_print(&w->changes, SHEET_PLAIN, stdout);
    if (w->epochs.n > 0) {
        (void)printf("\nRe-foundings:\n");
        sheet_print(&w->epochs, SHEET_PLAIN, stdout);
    }
    (void)printf("\nNot checked:\n");
    for (size_t i = 0; i < w->n_unchecked; i++)
        (void)printf("  %s\n", w->unchecked[i]);
}

static json_t *json_hash(const struct hash *h)
{
    return json_string(hex_of(h).s);
}

static json_t *json_exceptions(const struct finding_list *l)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->n; i++) {
        const struct finding *f = &l->v[i];
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:s,s:s,s:s}", "exception", finding_text[f->kind], "leaf", (json_int_t)f->leaf,
                                              "time_ms", (json_int_t)f->at_ms, "id", f->id, "seat", f->seat, "what", f->words));
    }
    return list;
}

static void print_json(const struct verify_report *r, const struct verdict_words *w)
{
    json_t *orgs = json_array(), *phases = json_object();
    for (size_t i = 0; i < r->n_orgs; i++)
        json_array_append_new(orgs, json_pack("{s:s%,s:I,s:I,s:I}", "org", (const char *)r->orgs[i].org.p,
                                              r->orgs[i].org.n, "signed", (json_int_t)r->orgs[i].blocks,
                                              "could_sign", (json_int_t)r->orgs[i].could, "entries",
                                              (json_int_t)r->orgs[i].entries));
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (r->phases[i] != 0)
            json_object_set_new(phases, enum_text(&phase_enum, (uint32_t)i),
                                json_integer((json_int_t)r->phases[i]));
    json_t *members = json_array();
    for (size_t i = 0; i < r->members.n_lines; i++) {
        const struct member_line *l = &r->members.lines[i];
        json_array_append_new(members, json_pack("{s:s%,s:s,s:I,s:I}", "org", (const char *)l->org.p,
                                                 l->org.n, "what", member_change_text[l->change], "height",
                                                 (json_int_t)l->height, "time_ms", (json_int_t)l->time_ms));
    }
    json_t *unchecked = json_array();
    for (size_t i = 0; i < w->n_unchecked; i++)
        json_array_append_new(unchecked, json_string(w->unchecked[i]));
    json_t *o =
        json_pack("{s:b,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:I,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:o}", "verified", 1,
                  "alliance", json_hash(&r->alliance), "root", json_hash(&r->root), "state_root",
                  json_hash(&r->state_root), "entries", (json_int_t)r->entries, "blocks",
                  (json_int_t)r->blocks, "size", (json_int_t)r->size, "decisions", (json_int_t)r->decisions,
                  "signatures", (json_int_t)r->signatures, "texts", (json_int_t)r->prose, "texts_absent",
                  (json_int_t)r->prose_absent, "checkpoints", (json_int_t)r->checkpoints, "quorum_checkpoint",
                  (int)r->whole_checkpoint, "deadlines_fired", (json_int_t)r->timers, "phases", phases,
                  "organisations", orgs, "members", members, "not_checked", unchecked, "documents",
                  (json_int_t)w->findings.documents, "texts_erased", (json_int_t)w->findings.erased, "texts_left",
                  (json_int_t)w->findings.left, "exceptions", json_exceptions(&w->findings));
    cmd_dump(o);
}

void cmd_dump(json_t *o)
{
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)puts(text == NULL ? "{}" : text);
    free(text);
    json_decref(o);
}

static void print_failure(void *ctx, const struct verify_failure *f)
{
    (void)ctx;
    json_t *o = json_pack("{s:b,s:s,s:I,s:I,s:I,s:s,s:I,s:I,s:s,s:s,s:s}", "verified", 0, "region", f->region, "frame",
                          (json_int_t)f->place.frame, "offset", (json_int_t)f->place.offset, "bytes",
                          (json_int_t)f->place.bytes, "record", f->record, "record_offset", (json_int_t)f->offset,
                          "record_bytes", (json_int_t)f->bytes, "rule", f->rule, "meaning", rule_meaning(f->rule), "why",
                          f->why);
    cmd_dump(o);
}

int cmd_failed_json(const struct verify_failure *f)
{
    print_failure(NULL, f);
    return cmd_failed(f);
}

/* Is the file one that shows a part of a record? They are told apart by their first byte. Then it is checked. */
static bool part_of_record(const struct cmd_args *args, int *ret_code)
{
    const char *path = args->words[0];
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (f == NULL) /* who reads it as a pack says why */
        return false;
    bool certificate = certificate_is(f), range = range_is(f);
    if (certificate || range)
        *ret_code = certificate ? cmd_certificate(args, f) : cmd_range(args, f);
    if (f != stdin)
        (void)fclose(f);
    return certificate || range;
}

struct verifying {
    const struct cmd_args *args;
    const char *html; /* path, or NULL */
    FILE *page;
};

static int end(void *ctx, const struct audit_record *r, struct err *err)
{
    struct verifying *v = ctx;
    struct verdict_words w;
    if (verdict_of(r, v->html != NULL, &w, err) != ST_OK)
        return EXIT_FAILED;
    if (cmd_flag(v->args, "json"))
        print_json(r->r, &w);
    else if (v->html == NULL || v->page != stdout)
        print_report(r, &w);
    if (v->html == NULL)
        return EXIT_DONE;
    FILE *f = v->page;
    v->page = NULL;
    page_write(r, &w, f);
    return cmd_close(f, v->html) ? EXIT_DONE : (err_set(err, ST_IO, "the page is not whole"), EXIT_FAILED);
}

static int verify(const struct cmd_args *args)
{
    struct verifying v = {.args = args, .html = cmd_value(args, "html")};
    int part;
    if (part_of_record(args, &part))
        return part;
    if (v.html != NULL && strcmp(v.html, "-") == 0 && cmd_flag(args, "json"))
        return cmd_usage(args->cmd, "--json and --html - both go to standard output");
    if (v.html != NULL && (v.page = cmd_create(v.html)) == NULL)
        return EXIT_FAILED;
    struct cmd_pack what = {
        .ctx = &v, .end = end, .failed = cmd_flag(args, "json") ? print_failure : NULL, .quiet = true, .whole = true};
    int code = cmd_read_pack(args, &what);
    if (v.page != NULL && v.page != stdout)
        (void)fclose(v.page);
    return code;
}

static const struct cmd_option options[] = {
    CMD_EXPECT,
    CMD_KEPT,
    {"json", NULL, "the verdict as one JSON object"},
    {"html", "FILE", "the report as one page, besides; - for that alone"}};
const struct cmd cmd_verify = {
    "verify",           "FILE", "is it whole, signed, agreed, and what the rules give?", options,
    ARRAY_LEN(options), verify};
