/* tkey: keys of the governance tables (SPEC section 9, GOV-1). Integers big-endian, so that order in the
 * table is order by number; text comes last, as its bytes. */
#ifndef ENT_GOV_TKEY_H
#define ENT_GOV_TKEY_H

#include "base/base.h"

struct tkey {
    size_t n;
    uint8_t b[160];
};

static inline struct span tkey_span(const struct tkey *k)
{
    return span_of(k->b, k->n);
}

struct tkey tkey_text(struct span text); /* META, PARTY, SEAT, ASK, SUPPORT, and the 32 bytes of KEY */
struct tkey tkey_u64(uint64_t n);        /* DECISION, PINNED, NOTE, HALT, RECOVERY, METRIC, READING, OWING, CADENCE, SESSION, SESSION_LIVE, GRANT, GRANT_LIVE */
struct tkey tkey_section(uint64_t section);
struct tkey tkey_section_old(uint64_t section, uint64_t version);
struct tkey tkey_revision(uint64_t decision, uint64_t revision);
/* Prefix of all ballots of one tally. */
struct tkey tkey_tally(uint64_t decision, uint64_t revision, uint64_t rung);
struct tkey tkey_ballot(uint64_t decision, uint64_t revision, uint64_t rung, struct span seat);
struct tkey tkey_timer(uint64_t deadline_ms, uint64_t decision, uint8_t kind);
struct tkey tkey_event(uint64_t decision, uint64_t sequence);
struct tkey tkey_amending(uint64_t section, uint64_t decision);
struct tkey tkey_item(uint64_t type, uint64_t number); /* ITEM, ITEM_LIVE, ITEM_LADDER */
struct tkey tkey_item_event(uint64_t type, uint64_t number, uint64_t sequence);
struct tkey tkey_watch(struct span metric, uint64_t risk);
struct tkey tkey_item_linked(uint64_t decision, uint64_t type, uint64_t number);
struct tkey tkey_relied(uint64_t what, uint64_t number, uint64_t decision);
struct tkey tkey_trigger(uint64_t type, struct span name);
struct tkey tkey_input(uint64_t decision, uint64_t revision, uint64_t need);
struct tkey tkey_recused(uint64_t decision, struct span seat);
struct tkey tkey_receipt(uint64_t decision, uint64_t revision, struct span org);
struct tkey tkey_budget(uint64_t first_day, struct span name);
struct tkey tkey_sum(struct span type, struct span scope, struct span currency, uint64_t day);
/* Prefix of the readings of a metric for a purpose, of those for a period, and one of them. */
struct tkey tkey_readings(uint64_t metric, uint8_t purpose);
struct tkey tkey_readings_of(uint64_t metric, uint8_t purpose, uint64_t period);
struct tkey tkey_reading_of(uint64_t metric, uint8_t purpose, uint64_t period, struct span org);
struct tkey tkey_computed(uint64_t metric, uint64_t period);
struct tkey tkey_fault(uint64_t height, uint64_t round, uint8_t type, struct span org);
struct tkey tkey_derived(uint64_t grant, uint64_t derived); /* GRANT_DERIVED */
/* The first key of the audits that one organisation asked of another from a day on, and one of them. */
struct tkey tkey_audits(struct span by, struct span of, uint64_t day);
struct tkey tkey_audit(struct span by, struct span of, uint64_t day, uint64_t request);
/* The first key after this one. */
struct tkey tkey_after(struct span key);

static inline bool tkey_has_prefix(struct span key, struct span prefix)
{
    return key.n >= prefix.n && memcmp(key.p, prefix.p, prefix.n) == 0;
}

enum { TKEY_TIMER_LEN = 17, TKEY_TALLY_LEN = 11 };
/* Parts of a TIMER key. */
void tkey_timer_parts(struct span key, uint64_t *ret_deadline_ms, uint64_t *ret_decision, uint8_t *ret_kind);

#endif
