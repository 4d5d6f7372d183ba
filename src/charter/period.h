/* period: the recurring periods of a charter ("month", "2 weeks"), as local days (SPEC MET-1). */
#ifndef ENT_CHARTER_PERIOD_H
#define ENT_CHARTER_PERIOD_H

#include "base/time.h"
#include "codec/codec.h"

struct period {
    uint64_t from, until; /* first day, and first day after it; days since 1970-01-01 */
};

/* The period that holds this day. ST_RANGE when it begins before day 0 or ends after day 100,000. */
MUST_USE enum status period_of(const struct charter_period *every, uint64_t day, struct period *ret_period);
/* The one before; ST_RANGE as above. */
MUST_USE enum status period_before(const struct charter_period *every, uint64_t from,
                                   struct period *ret_period);

struct period_text {
    char s[32];
};
/* As people name it: "2026-03", "2026-Q1", "2026", "2026-W10"; else its first day, "2026-03-02". */
struct period_text period_name(const struct charter_period *every, uint64_t from);
/* What such a name means; "2026-03-02" means that day. False when it is none, or out of range. */
bool period_parse(struct span text, struct period *ret_period);

#endif
