#include "audit/verdict.h"

/* Black on white, no colour that carries meaning, rows that do not break over pages. */
static const char style[] =
    "body{font:11pt/1.4 Georgia,serif;max-width:60em;margin:2em auto;padding:0 "
    "1em;color:#000;background:#fff}\n"
    "h1{font-size:1.5em;margin:0}h2{font-size:1.15em;margin:1.6em 0 .4em;border-bottom:1px solid "
    "#000;break-after:avoid}\n"
    "table{border-collapse:collapse;width:100%;font-size:.85em}thead{display:table-header-group}tr{break-"
    "inside:avoid}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2em .8em .2em 0;border-bottom:1px solid "
    "#ccc;overflow-wrap:anywhere}\n"
    "th.n,td.n{text-align:right}th{border-bottom:1px solid #000}\n"
    "dl{display:grid;grid-template-columns:max-content auto;gap:.15em 1.2em;margin:.5em "
    "0}dd{margin:0;overflow-wrap:anywhere}\n"
    "code{font:.9em/1.3 monospace}\n"
    "@page{size:A4;margin:18mm}@media print{body{margin:0;max-width:none;font-size:9.5pt}}\n";

static void line(const char *name, const char *value, FILE *f)
{
    (void)fputs("<dt>", f);
    html_put(name, f);
    (void)fputs("</dt><dd>", f);
    html_put(value, f);
    (void)fputs("</dd>\n", f);
}

static void heading(const char *text, FILE *f)
{
    (void)fputs("<h2>", f);
    html_put(text, f);
    (void)fputs("</h2>\n", f);
}

static void sheet_or(const struct sheet *t, const char *none, FILE *f)
{
    if (t->n > 0) {
        sheet_html(t, f);
        return;
    }
    (void)fputs("<p>", f);
    html_put(none, f);
    (void)fputs("</p>\n", f);
}

static void record_lines(const struct audit_record *r, FILE *f)
{
    const struct verify_report *q = r->r;
    const char *phases = "";
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (q->phases[i] != 0)
            phases = text_of(r->a, "%s%s%s %s", phases, phases[0] == 0 ? "" : ", ",
                             enum_text(&phase_enum, (uint32_t)i), grouped_text(r->a, q->phases[i]));
    (void)fputs("<dl>\n", f);
    line("Alliance", text_of(r->a, "%s", hex_of(&q->alliance).s), f);
    line("Founded", text_of(r->a, "%s", time_utc(q->founded_ms).s), f);
    line("Newest block", text_of(r->a, "%s, of %s", grouped_text(r->a, q->height), time_utc(q->last_ms).s),
         f);
    line("Tree", text_of(r->a, "%s leaves, root %s", grouped_text(r->a, q->size), hex_of(&q->root).s), f);
    line("State root", text_of(r->a, "%s", hex_of(&q->state_root).s), f);
    line("Signatures",
         text_of(r->a, "%s checked; %s certificates", grouped_text(r->a, q->signatures),
                 grouped_text(r->a, q->certificates)),
         f);
    line("Checkpoint",
         q->whole_checkpoint
             ? text_of(r->a, "%s leaves, cosigned by a quorum", grouped_text(r->a, q->checkpoint_size))
             : "none that a quorum cosigned",
         f);
    line("Decisions", phases[0] == 0 ? "none" : phases, f);
    line("Deadlines fired", grouped_text(r->a, q->timers), f);
    line(
        "Texts",
        text_of(r->a, "%s, and %s absent", grouped_text(r->a, q->prose), grouped_text(r->a, q->prose_absent)),
        f);
    (void)fputs("</dl>\n", f);
}

/* As far as the name in the first heading. */
static void begin(const char *title, const char *verdict, const char *name, FILE *f)
{
    (void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                "'unsafe-inline'\">\n<title>",
                f);
    html_put(title, f);
    html_put(name, f);
    (void)fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    html_put(verdict, f);
    html_put(name, f);
}

static void item(const char *text, FILE *f)
{
    (void)fputs("<li>", f);
    html_put(text, f);
    (void)fputs("</li>\n", f);
}

void page_part_write(const struct page_part *p, FILE *f)
{
    begin("Audit of ", p->lead, p->title, f);
    (void)fputs("</h1>\n<dl>\n", f);
    for (size_t i = 0; i < p->n_lines; i++)
        line(p->lines[i].name, p->lines[i].value, f);
    (void)fputs("</dl>\n", f);
    if (p->n_to_know > 0) {
        heading("To know besides", f);
        (void)fputs("<ul>\n", f);
        for (size_t i = 0; i < p->n_to_know; i++) {
            char text[600];
            (void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(p->to_know[i]));
            item(text, f);
        }
        (void)fputs("</ul>\n", f);
    }
    heading("Not checked", f);
    (void)fputs("<ul>\n", f);
    for (size_t i = 0; p->unchecked[i] != NULL; i++)
        item(p->unchecked[i], f);
    (void)fputs("</ul>\n</body>\n</html>\n", f);
}

void page_write(const struct audit_record *r, const struct verdict_words *w, FILE *f)
{
    struct sheet exceptions;
    const char *name = text_of(r->a, "%.*s", SPAN_FMT(r->r->name));
    findings_sheet(&w->findings, r->a, &exceptions);
    begin("Audit of ", "Verified: ", name, f);
    (void)fprintf(
        f, "</h1>\n<p>%s entries in %s blocks, and %s decisions executed again to the same roots.</p>\n",
        grouped_text(r->a, r->r->entries), grouped_text(r->a, r->r->blocks),
        grouped_text(r->a, r->r->decisions));
    record_lines(r, f);
    heading("Who signed, and who could have signed and did not", f);
    sheet_or(&w->signers, "No block after the founding has its successor yet.", f);
    (void)fputs(
        "<p>A certificate may hold more signatures than a quorum, and need not hold all that came.</p>\n", f);
    heading("Exceptions", f);
    (void)fputs("<p>", f);
    html_put(findings_summary(&w->findings, r->a), f);
    (void)fputs("</p>\n", f);
    if (exceptions.n > 0)
        sheet_html(&exceptions, f);
    heading("Keys, holders and nodes since the founding", f);
    sheet_or(&w->changes, "No change.", f);
    heading("Re-foundings", f);
    sheet_or(&w->epochs, "None.", f);
    heading("Not checked", f);
    (void)fputs("<ul>\n", f);
    for (size_t i = 0; i < w->n_unchecked; i++)
        item(w->unchecked[i], f);
    (void)fputs("</ul>\n</body>\n</html>\n", f);
}
