#include <criterion/criterion.h>
#include "readings.h"
#include "charter/scalar.h"
#include "crypto/hash.h"

const char readings_metrics[] =
    "  revenue: {group: value, view: financial, unit: USD, every: month, from: distributor/finance, check: "
    "brand/finance, base: 41.0, target: 55.0}\n"
    "  uptime: {group: execution, view: process, unit: percent, every: week, due: 2 d, from: \"*/finance\", "
    "check: brand/finance, target: 94.0}\n"
    "  trust: {group: relationship, view: learning, unit: 1-5, every: quarter, sealed: true, from: each "
    "partner, least-voices: 3}\n"
    "  score: {group: relationship, view: learning, unit: x, every: month, sealed: true, from: "
    "\"*/sponsor\", check: maker/quality}\n"
    "  velocity: {group: execution, view: process, computed: decision-velocity, every: month}\n"
    "  shortfall: {group: execution, view: process, computed: resourcing-gap, every: month}\n";

void readings_found(struct world *w, const char *more)
{
    struct arena a;
    arena_init(&a, 0);
    char *base = world_charter(&a), *at = strstr(base, "metrics:\n");
    cr_assert_not_null(at);
    at = strchr(at + 10, '\n') + 1; /* behind the line defaults */
    size_t n = strlen(base) + strlen(readings_metrics) + (more == NULL ? 0 : strlen(more));
    char *text = arena_alloc(&a, n + 1);
    (void)snprintf(text, n + 1, "%.*s%s%s%s", (int)(at - base), base, readings_metrics, at, more == NULL ? "" : more);
    world_found_with(w, text);
    arena_deinit(&a);
}

uint64_t readings_ms(const char *time)
{
    uint64_t t;
    cr_assert_eq(time_parse(span_str(time), &t), ST_OK);
    return t;
}

uint64_t readings_day(const char *date)
{
    uint64_t ms;
    cr_assert_eq(time_parse(span_str(date), &ms), ST_OK);
    return ms / 86400000;
}

struct decimal readings_decimal(const char *text)
{
    struct decimal d;
    cr_assert(scalar_decimal(span_str(text), &d), "%s", text);
    return d;
}

bool readings_is(const struct decimal *d, const char *text)
{
    struct decimal want = readings_decimal(text);
    return d->mantissa == want.mantissa && d->scale == want.scale;
}

enum verdict readings_report(struct world *w, const char *seat, const char *metric, enum purpose purpose,
                             const char *period, const char *value)
{
    struct reading r = {.metric = span_str(metric),
                        .purpose = purpose,
                        .period = readings_day(period),
                        .value = readings_decimal(value)};
    return world_entry(w, seat, KIND_READING, &reading_desc, &r);
}

enum verdict readings_mark(struct world *w, const char *seat, uint64_t number, enum mark_act act,
                           const char *value)
{
    struct mark_reading r = {.reading = {.number = number}, .act = act};
    struct state_reading row;
    if (reading_get(&w->v, &w->a, number, &row, &w->err) == ST_OK && HAS(&row, state_reading_key_now))
        r.reading.digest = row.now.digest;
    if (value != NULL) {
        r.value = readings_decimal(value);
        SET_HAS(&r, mark_reading_key_value);
    }
    SET_HAS(&r, mark_reading_key_reason);
    return world_entry(w, seat, KIND_MARK, &mark_reading_desc, &r);
}

struct sealed_value readings_sealed(const char *org, const char *metric, const char *period,
                                    const char *value)
{
    struct sealed_value s = {
        .org = span_str(org), .metric = span_str(metric), .period = readings_day(period)};
    s.value = readings_decimal(value);
    SET_HAS(&s, sealed_value_key_value);
    return s;
}

struct sealed_value readings_pulse(struct world *w, const char *org, const char *metric, const char *period,
                                   uint64_t voices, const uint64_t histogram[5])
{
    struct sealed_value s = {
        .org = span_str(org), .metric = span_str(metric), .period = readings_day(period), .voices = voices};
    SET_HAS(&s, sealed_value_key_voices);
    if (histogram != NULL) {
        s.histogram = (struct uint_list){5, arena_array(&w->a, 5, sizeof(uint64_t))};
        memcpy(s.histogram.v, histogram, 5 * sizeof(uint64_t));
        SET_HAS(&s, sealed_value_key_histogram);
    }
    return s;
}

static struct hash salt(void)
{
    struct hash h;
    memset(h.b, 7, sizeof h.b);
    return h;
}

enum verdict readings_commit(struct world *w, const char *seat, const struct sealed_value *s)
{
    struct commit_reading r = {.metric = s->metric, .period = s->period};
    struct hash h = salt();
    struct sha256 c;
    sha256_init(&c);
    sha256_update(&c, span_hash(&h));
    sha256_update(&c, world_encoded(w, &sealed_value_desc, s));
    sha256_final(&c, &r.digest);
    return world_entry(w, seat, KIND_COMMIT, &commit_reading_desc, &r);
}

enum verdict readings_reveal(struct world *w, const char *seat, const struct sealed_value *s)
{
    struct reveal_reading r = {.salt = salt(), .sealed = *s};
    return world_entry(w, seat, KIND_REVEAL, &reveal_reading_desc, &r);
}

struct state_reading readings_get(struct world *w, uint64_t number)
{
    struct state_reading r;
    enum status st = reading_get(&w->v, &w->a, number, &r, &w->err);
    cr_assert_eq(st, ST_OK, "K-%d: %s", (int)number, status_name(st));
    return r;
}

struct state_reading readings_of(struct world *w, const char *metric, enum purpose purpose,
                                 const char *period, const char *org)
{
    uint64_t m, number;
    cr_assert_eq(metric_number(&w->v, &w->a, span_str(metric), &m, &w->err), ST_OK, "%s", metric);
    enum status st =
        reading_find(&w->v, &w->a, m, purpose, readings_day(period), span_str(org), &number, &w->err);
    cr_assert_eq(st, ST_OK, "%s %s %s: %s", metric, period, org, status_name(st));
    return readings_get(w, number);
}
