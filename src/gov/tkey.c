#include "gov/tkey.h"

static void put(struct tkey *k, uint64_t v, size_t bytes)
{
    ASSERT(k->n + bytes <= sizeof k->b);
    for (size_t i = 0; i < bytes; i++)
        k->b[k->n + i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    k->n += bytes;
}

static void put_span(struct tkey *k, struct span s)
{
    ASSERT(k->n + s.n <= sizeof k->b);
    if (s.n != 0)
        memcpy(k->b + k->n, s.p, s.n);
    k->n += s.n;
}

struct tkey tkey_text(struct span text)
{
    struct tkey k = {0};
    put_span(&k, text);
    return k;
}

struct tkey tkey_u64(uint64_t n)
{
    struct tkey k = {0};
    put(&k, n, 8);
    return k;
}

struct tkey tkey_section(uint64_t section)
{
    struct tkey k = {0};
    put(&k, section, 1);
    return k;
}

struct tkey tkey_section_old(uint64_t section, uint64_t version)
{
    struct tkey k = tkey_section(section);
    put(&k, version, 4);
    return k;
}

struct tkey tkey_revision(uint64_t decision, uint64_t revision)
{
    struct tkey k = tkey_u64(decision);
    put(&k, revision, 2);
    return k;
}

struct tkey tkey_tally(uint64_t decision, uint64_t revision, uint64_t rung)
{
    struct tkey k = tkey_revision(decision, revision);
    put(&k, rung, 1);
    return k;
}

struct tkey tkey_ballot(uint64_t decision, uint64_t revision, uint64_t rung, struct span seat)
{
    struct tkey k = tkey_tally(decision, revision, rung);
    put_span(&k, seat);
    return k;
}

struct tkey tkey_timer(uint64_t deadline_ms, uint64_t decision, uint8_t kind)
{
    struct tkey k = tkey_u64(deadline_ms);
    put(&k, decision, 8);
    put(&k, kind, 1);
    return k;
}

struct tkey tkey_event(uint64_t decision, uint64_t sequence)
{
    struct tkey k = tkey_u64(decision);
    put(&k, sequence, 4);
    return k;
}

struct tkey tkey_amending(uint64_t section, uint64_t decision)
{
    struct tkey k = tkey_section(section);
    put(&k, decision, 8);
    return k;
}

struct tkey tkey_item(uint64_t type, uint64_t number)
{
    struct tkey k = {0};
    put(&k, type, 1);
    put(&k, number, 8);
    return k;
}

struct tkey tkey_item_event(uint64_t type, uint64_t number, uint64_t sequence)
{
    struct tkey k = tkey_item(type, number);
    put(&k, sequence, 4);
    return k;
}

struct tkey tkey_watch(struct span metric, uint64_t risk)
{
    struct tkey k = {0};
    put(&k, metric.n, 1);
    put_span(&k, metric);
    put(&k, risk, 8);
    return k;
}

struct tkey tkey_item_linked(uint64_t decision, uint64_t type, uint64_t number)
{
    struct tkey k = tkey_u64(decision);
    put(&k, type, 1);
    put(&k, number, 8);
    return k;
}

struct tkey tkey_input(uint64_t decision, uint64_t revision, uint64_t need)
{
    struct tkey k = tkey_revision(decision, revision);
    put(&k, need, 1);
    return k;
}

struct tkey tkey_recused(uint64_t decision, struct span seat)
{
    struct tkey k = tkey_u64(decision);
    put_span(&k, seat);
    return k;
}

struct tkey tkey_receipt(uint64_t decision, uint64_t revision, struct span org)
{
    struct tkey k = tkey_revision(decision, revision);
    put_span(&k, org);
    return k;
}

struct tkey tkey_budget(uint64_t first_day, struct span name)
{
    struct tkey k = {0};
    put(&k, first_day, 4);
    put_span(&k, name);
    return k;
}

struct tkey tkey_sum(struct span type, struct span scope, struct span currency, uint64_t day)
{
    struct tkey k = {0};
    put(&k, type.n, 1);
    put_span(&k, type);
    put(&k, scope.n, 1);
    put_span(&k, scope);
    put_span(&k, currency);
    put(&k, day, 4);
    return k;
}

struct tkey tkey_readings(uint64_t metric, uint8_t purpose)
{
    struct tkey k = tkey_u64(metric);
    put(&k, purpose, 1);
    return k;
}

struct tkey tkey_readings_of(uint64_t metric, uint8_t purpose, uint64_t period)
{
    struct tkey k = tkey_readings(metric, purpose);
    put(&k, period, 4);
    return k;
}

struct tkey tkey_reading_of(uint64_t metric, uint8_t purpose, uint64_t period, struct span org)
{
    struct tkey k = tkey_readings_of(metric, purpose, period);
    put_span(&k, org);
    return k;
}

struct tkey tkey_computed(uint64_t metric, uint64_t period)
{
    struct tkey k = tkey_u64(metric);
    put(&k, period, 4);
    return k;
}

struct tkey tkey_fault(uint64_t height, uint64_t round, uint8_t type, struct span org)
{
    struct tkey k = tkey_u64(height);
    put(&k, round, 4);
    put(&k, type, 1);
    put_span(&k, org);
    return k;
}

struct tkey tkey_relied(uint64_t what, uint64_t number, uint64_t decision)
{
    struct tkey k = {0};
    put(&k, what, 1);
    put(&k, number, 8);
    put(&k, decision, 8);
    return k;
}

struct tkey tkey_trigger(uint64_t type, struct span name)
{
    struct tkey k = {0};
    put(&k, type, 1);
    put_span(&k, name);
    return k;
}

struct tkey tkey_derived(uint64_t grant, uint64_t derived)
{
    struct tkey k = tkey_u64(grant);
    put(&k, derived, 8);
    return k;
}

struct tkey tkey_audits(struct span by, struct span of, uint64_t day)
{
    struct tkey k = {0};
    put(&k, by.n, 1);
    put_span(&k, by);
    put(&k, of.n, 1);
    put_span(&k, of);
    put(&k, day, 4);
    return k;
}

struct tkey tkey_audit(struct span by, struct span of, uint64_t day, uint64_t request)
{
    struct tkey k = tkey_audits(by, of, day);
    put(&k, request, 8);
    return k;
}

struct tkey tkey_after(struct span key)
{
    struct tkey k = tkey_text(key);
    put(&k, 0, 1);
    return k;
}

void tkey_timer_parts(struct span key, uint64_t *ret_deadline_ms, uint64_t *ret_decision, uint8_t *ret_kind)
{
    ASSERT(key.n == TKEY_TIMER_LEN);
    *ret_deadline_ms = load_u64(key.p);
    *ret_decision = load_u64(key.p + 8);
    *ret_kind = key.p[16];
}
