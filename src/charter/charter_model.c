#include <stdarg.h>

#include "charter/charter_model.h"
#include "charter/part.h"

/* Each section: descriptor, where its pointer is, whether every charter has it. */
static const struct {
    const struct record_desc *desc;
    size_t offset;
    bool required;
} sections[] = {
#define SECTION(name, required)                                                                              \
    {                                                                                                        \
        &charter_##name##_desc, offsetof(struct charter, name), required                                     \
    }
    SECTION(alliance, true),    SECTION(core, true),          SECTION(clock, true),
    SECTION(term, true),        SECTION(agreements, false),   SECTION(partner_seats, true),
    SECTION(parties, true),     SECTION(calendars, true),     SECTION(thesis, false),
    SECTION(boundaries, false), SECTION(commitments, false),  SECTION(bodies, true),
    SECTION(ladders, true),     SECTION(decisions, true),     SECTION(conflicts, false),
    SECTION(sessions, false),   SECTION(metrics, false),      SECTION(budgets, false),
    SECTION(incentives, false), SECTION(consequences, false), SECTION(reports, false),
    SECTION(risks, false),      SECTION(sharing, false),      SECTION(compliance, false),
    SECTION(launch, false),     SECTION(procedures, false),   SECTION(glossary, false),
    SECTION(norms, false),      SECTION(refresh, false),      SECTION(exit, false),
#undef SECTION
};
static_assert(ARRAY_LEN(sections) == SECTION_EXIT, "a row for every section, in the order of their numbers");
static_assert(sizeof(struct charter) == ARRAY_LEN(sections) * sizeof(void *), "a member for every section");

const struct record_desc *charter_section_desc(uint64_t number)
{
    return number < 1 || number > ARRAY_LEN(sections) ? NULL : sections[number - 1].desc;
}

bool charter_section_required(uint64_t number)
{
    return number >= 1 && number <= ARRAY_LEN(sections) && sections[number - 1].required;
}

const void *charter_section_of(const struct charter *c, uint64_t number)
{
    if (charter_section_desc(number) == NULL)
        return NULL;
    const void *p;
    memcpy(&p, (const uint8_t *)c + sections[number - 1].offset, sizeof p);
    return p;
}

static void set_section(struct charter *c, uint64_t number, const void *p)
{
    memcpy((uint8_t *)c + sections[number - 1].offset, &p, sizeof p);
}

enum status charter_decode_section(uint64_t number, struct span body, struct arena *a, void *ret_value,
                                   struct err *err)
{
    const struct record_desc *d = charter_section_desc(number);
    if (d == NULL)
        return err_set(err, ST_FORMAT, "no charter section has the number %" PRIu64, number);
    if (body.n > LIMIT_SECTION_BYTES)
        return err_set(err, ST_FORMAT, "%s: %zu bytes; a section has at most %d", d->name, body.n,
                       LIMIT_SECTION_BYTES);
    void *value = arena_alloc(a, d->size);
    if (value == NULL)
        return err_set(err, ST_LIMIT, "%s: too large", d->name);
    enum status st = codec_decode(d, body, a, value, err);
    if (st == ST_OK)
        st = part_check(d, value, a, err);
    if (st == ST_OK)
        st = shape_check_order(d, value, a, err);
    if (st == ST_OK)
        memcpy(ret_value, value, d->size);
    return st;
}

static enum status decode_into(struct charter *c, uint64_t number, struct span body, struct arena *a,
                               struct err *err)
{
    const struct record_desc *d = charter_section_desc(number);
    if (d == NULL)
        return err_set(err, ST_FORMAT, "no charter section has the number %" PRIu64, number);
    void *value = arena_alloc(a, d->size);
    if (value == NULL)
        return err_set(err, ST_LIMIT, "%s: too large", d->name);
    enum status st = charter_decode_section(number, body, a, value, err);
    if (st == ST_OK)
        set_section(c, number, value);
    return st;
}

enum status charter_decode(const struct section *list, size_t n, struct arena *a, struct charter *ret_charter,
                           struct err *err)
{
    struct charter c = {0};
    for (size_t i = 0; i < n; i++) {
        if (charter_section_of(&c, list[i].number) != NULL)
            return err_set(err, ST_FORMAT, "%s is there twice", charter_section_desc(list[i].number)->name);
        enum status st = decode_into(&c, list[i].number, list[i].body, a, err);
        if (st != ST_OK)
            return st;
    }
    for (uint64_t number = 1; number <= ARRAY_LEN(sections); number++)
        if (charter_section_required(number) && charter_section_of(&c, number) == NULL)
            return err_set(err, ST_FORMAT, "%s is missing", charter_section_desc(number)->name);
    *ret_charter = c;
    return ST_OK;
}

enum status charter_with(const struct charter *c, uint64_t number, struct span body, struct arena *a,
                         struct charter *ret_charter, struct err *err)
{
    struct charter copy = *c;
    enum status st = decode_into(&copy, number, body, a, err);
    if (st == ST_OK)
        *ret_charter = copy;
    return st;
}

/* Lists of named records start with the name, right after `has`; checked below for each. */
struct named {
    uint64_t has;
    struct span name;
};

static const void *find(const void *v, size_t n, size_t size, struct span name)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct named *m = (const void *)((const uint8_t *)v + mid * size);
        int c = span_cmp(m->name, name);
        if (c == 0)
            return m;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

#define FIND(section, member, name)                                                                          \
    ((section) == NULL ? NULL                                                                                \
                       : find((section)->member.v, (section)->member.n, sizeof *(section)->member.v, name))
#define NAME_IS_FIRST(record, field)                                                                         \
    static_assert(offsetof(struct record, field) == offsetof(struct named, name), #record)
NAME_IS_FIRST(charter_party, org);
NAME_IS_FIRST(charter_calendar, name);
NAME_IS_FIRST(charter_body, name);
NAME_IS_FIRST(charter_ladder, name);
NAME_IS_FIRST(charter_row, name);
NAME_IS_FIRST(charter_metric, name);
NAME_IS_FIRST(charter_budget, name);
NAME_IS_FIRST(charter_indicator, name);

const struct charter_party *charter_party(const struct charter *c, struct span org)
{
    return FIND(c->parties, list, org);
}

const struct charter_calendar *charter_calendar(const struct charter *c, struct span name)
{
    return FIND(c->calendars, list, name);
}

const struct charter_body *charter_body(const struct charter *c, struct span name)
{
    return FIND(c->bodies, list, name);
}

const struct charter_ladder *charter_ladder(const struct charter *c, struct span name)
{
    return FIND(c->ladders, list, name);
}

const struct charter_row *charter_row(const struct charter *c, struct span type)
{
    return FIND(c->decisions, rows, type);
}

const struct charter_metric *charter_metric(const struct charter *c, struct span name)
{
    return FIND(c->metrics, list, name);
}

const struct charter_budget *charter_budget(const struct charter *c, struct span name)
{
    return FIND(c->budgets, list, name);
}

const struct charter_indicator *charter_trigger(const struct charter *c, struct span name)
{
    return FIND(c->exit, triggers, name);
}

const char *charter_text(struct arena *a, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return NULL;
    return (const char *)arena_dup(a, span_str(text)).p;
}

uint32_t charter_currency_decimals(struct span currency)
{
    static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND ";
    for (size_t i = 0; i + 3 < sizeof none; i += 4)
        if (memcmp(none + i, currency.p, 3) == 0)
            return 0;
    for (size_t i = 0; i + 3 < sizeof three; i += 4)
        if (memcmp(three + i, currency.p, 3) == 0)
            return 3;
    return 2;
}
