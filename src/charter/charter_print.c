#include "charter/charter.h"
#include "charter/value.h"

/* What is still to be written, next first: fixed text, a value, or a whole record. The stack stands in for
 * recursion; a job is replaced by its parts, pushed in reverse. */
enum job_type { JOB_TEXT, JOB_KEY, JOB_VALUE, JOB_REST, JOB_RECORD, JOB_SPAN, JOB_NUMBER };

struct job {
    struct job *next;
    enum job_type type;
    const char *text;
    const struct record_desc *rec;
    const struct field_desc *field;
    const void *value; /* record */
    struct span span;
    uint64_t number;
};

struct print {
    struct arena *arena;
    struct buf *out;
    struct job *jobs, *free;
    bool full;
};

static void push(struct print *p, struct job job)
{
    struct job *j = p->free;
    if (j != NULL)
        p->free = j->next;
    else
        j = arena_alloc(p->arena, sizeof *j);
    if (j == NULL) {
        p->full = true;
        return;
    }
    *j = job;
    j->next = p->jobs;
    p->jobs = j;
}

static void push_text(struct print *p, const char *text)
{
    push(p, (struct job){.type = JOB_TEXT, .text = text});
}

/* May stand without quotes in a flow mapping: no indicator at its start, no comma, bracket, colon or hash
 * inside. */
static bool is_plain(struct span s)
{
    if (s.n == 0 || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
        return false;
    uint8_t c = s.p[0];
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
    bool minus = c == '-' && s.n > 1 && s.p[1] >= '0' && s.p[1] <= '9';
    if (!word && !minus)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        c = s.p[i];
        if (c < ' ' || strchr(",[]{}:#\"'\\&!|`", c) != NULL)
            return false;
    }
    return true;
}

/* TEXT holds no controls, so only the quote and the backslash need care. */
static void put_scalar(struct buf *out, struct span s)
{
    if (is_plain(s)) {
        buf_put_span(out, s);
        return;
    }
    buf_u8(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_u8(out, '\\');
        buf_u8(out, s.p[i]);
    }
    buf_u8(out, '"');
}

static void put_value(struct print *p, const struct record_desc *rec, const struct field_desc *f,
                      const void *member)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    value_print(rec, f, member, &b);
    p->full = p->full || b.failed != ST_OK;
    put_scalar(p->out, buf_span(&b));
}

/* [a, b, c] from span or number lists. */
static void push_spans(struct print *p, const struct span_list *l)
{
    push_text(p, "]");
    for (size_t i = l->n; i > 0; i--) {
        push(p, (struct job){.type = JOB_SPAN, .span = l->v[i - 1]});
        if (i > 1)
            push_text(p, ", ");
    }
    push_text(p, "[");
}

static void push_numbers(struct print *p, const struct job *j, const struct uint_list *l)
{
    push_text(p, "]");
    for (size_t i = l->n; i > 0; i--) {
        push(p, (struct job){.type = JOB_NUMBER, .rec = j->rec, .field = j->field, .number = l->v[i - 1]});
        if (i > 1)
            push_text(p, ", ");
    }
    push_text(p, "[");
}

/* Members of a keyed list, each "key: rest". top: one line each. */
static void push_members(struct print *p, const struct record_desc *rec, const struct shape_list *l, bool top)
{
    for (size_t i = l->n; i > 0; i--) {
        const void *m = shape_member(l, rec, i - 1);
        push_text(p, top ? "\n" : i < l->n ? ", " : "");
        push(p, (struct job){.type = JOB_REST, .rec = rec, .value = m});
        push_text(p, ": ");
        push(p, (struct job){.type = JOB_VALUE, .rec = rec, .field = &rec->fields[0], .value = m});
        if (top)
            push_text(p, "  ");
    }
}

static void push_list(struct print *p, const struct record_desc *rec, const struct shape_list *l)
{
    push_text(p, "]");
    for (size_t i = l->n; i > 0; i--) {
        push(p, (struct job){.type = JOB_RECORD, .rec = rec, .value = shape_member(l, rec, i - 1)});
        if (i > 1)
            push_text(p, ", ");
    }
    push_text(p, "[");
}

static void expand_value(struct print *p, const struct job *j)
{
    const struct field_desc *f = j->field;
    const void *member = shape_at(j->value, f);
    if (shape_of(j->rec, f)->form == FORM_DEFAULTS) {
        push_text(p, "}");
        push(p, (struct job){.type = JOB_SPAN, .span = *(const struct span *)member});
        push_text(p, ": ");
        push(p, (struct job){.type = JOB_SPAN, .span = span_str(f->name)});
        push_text(p, "{");
    } else if (value_is_text(j->rec, f)) {
        put_value(p, j->rec, f, member);
    } else if (f->type == FT_UINTS) {
        push_numbers(p, j, member);
    } else if (f->type == FT_REC) {
        push(p, (struct job){.type = JOB_RECORD, .rec = f->rec, .value = member});
    } else if (f->type != FT_LIST) {
        push_spans(p, member);
    } else if (shape_is_keyed(f->rec)) {
        push_text(p, "}");
        push_members(p, f->rec, member, false);
        push_text(p, "{");
    } else {
        push_list(p, f->rec, member);
    }
}

/* The fields of a record from the given one on, as "key: value" after each other. top: one line each. */
static void push_fields(struct print *p, const struct record_desc *rec, const void *value, size_t from,
                        bool top)
{
    bool later = false;
    for (size_t i = rec->n; i > from; i--) {
        const struct field_desc *f = &rec->fields[i - 1];
        if (!shape_has(value, f))
            continue;
        if (shape_of(rec, f)->form == FORM_SPREAD) {
            push_members(p, f->rec, shape_at(value, f), true);
            continue;
        }
        push_text(p, top ? "\n" : later ? ", " : "");
        push(p, (struct job){.type = JOB_VALUE, .rec = rec, .field = f, .value = value});
        push_text(p, ": ");
        push(p, (struct job){.type = JOB_KEY, .rec = rec, .field = f});
        if (top)
            push_text(p, "  ");
        later = true;
    }
}

static void expand_record(struct print *p, const struct job *j)
{
    const struct phrase *phrase = phrase_of(j->rec);
    if (phrase != NULL) {
        struct buf b CLEANUP(buf_deinit);
        buf_init(&b, 4096);
        phrase->print(j->value, &b);
        p->full = p->full || b.failed != ST_OK;
        put_scalar(p->out, buf_span(&b));
        return;
    }
    push_text(p, "}");
    push_fields(p, j->rec, j->value, shape_is_keyed(j->rec) ? 1 : 0, false);
    push_text(p, "{");
}

/* What stands after the key of a keyed record. */
static void expand_rest(struct print *p, const struct job *j)
{
    if (phrase_of(j->rec) == NULL && j->rec->n == 2)
        push(p,
             (struct job){.type = JOB_VALUE, .rec = j->rec, .field = &j->rec->fields[1], .value = j->value});
    else
        push(p, (struct job){.type = JOB_RECORD, .rec = j->rec, .value = j->value});
}

static void run(struct print *p)
{
    while (p->jobs != NULL && !p->full) {
        struct job j = *p->jobs;
        struct job *done = p->jobs;
        p->jobs = j.next;
        done->next = p->free;
        p->free = done;
        switch (j.type) {
        case JOB_TEXT:
            buf_printf(p->out, "%s", j.text);
            break;
        case JOB_KEY:
            buf_printf(p->out, "%s", shape_name(j.rec, j.field).s);
            break;
        case JOB_VALUE:
            expand_value(p, &j);
            break;
        case JOB_REST:
            expand_rest(p, &j);
            break;
        case JOB_RECORD:
            expand_record(p, &j);
            break;
        case JOB_SPAN:
            put_scalar(p->out, j.span);
            break;
        case JOB_NUMBER: {
            struct buf b CLEANUP(buf_deinit);
            buf_init(&b, 256);
            value_print_number(shape_of(j.rec, j.field)->form, j.number, &b);
            put_scalar(p->out, buf_span(&b));
            break;
        }
        }
    }
}

/* The alliance's own keys have no section key above them. */
static void push_alliance(struct print *p, const void *value)
{
    const struct record_desc *rec = &charter_alliance_desc;
    for (size_t i = rec->n; i > 0; i--) {
        push_text(p, "\n");
        push(p, (struct job){.type = JOB_VALUE, .rec = rec, .field = &rec->fields[i - 1], .value = value});
        push_text(p, ": ");
        push(p, (struct job){.type = JOB_KEY, .rec = rec, .field = &rec->fields[i - 1]});
    }
}

static void push_section(struct print *p, const struct record_desc *rec, const void *value)
{
    if (!shape_is_bare(rec)) {
        const struct job *before = p->jobs;
        push_fields(p, rec, value, 0, true);
        push_text(p, p->jobs == before ? " {}\n" : "\n"); /* an empty mapping has to be written */
        return;
    }
    const struct field_desc *f = &rec->fields[0];
    const struct shape_list *l = shape_at(value, f);
    if (f->type == FT_LIST && shape_is_keyed(f->rec) && l->n > 0) {
        push_members(p, f->rec, l, true);
        push_text(p, "\n");
        return;
    }
    push_text(p, "\n");
    push(p, (struct job){.type = JOB_VALUE, .rec = rec, .field = f, .value = value});
    push_text(p, " ");
}

enum status charter_print(const struct record_desc *section, const void *value, struct arena *a,
                          struct buf *b)
{
    struct print p = {.arena = a, .out = b};
    ASSERT(section->number != 0);
    if (section == &charter_alliance_desc) {
        push_alliance(&p, value);
    } else {
        push_section(&p, section, value);
        push_text(&p, ":");
        push_text(&p, enum_text(&section_id_enum, section->number));
    }
    run(&p);
    return p.full || b->failed != ST_OK ? ST_LIMIT : ST_OK;
}
