/* measure: what is computed from decisions, readings and sessions on the record, never typed (docs/metrics.md): pace
 * per row and body, waiting per partner, breaches, rates. Reads only. Internal to gov. */
#ifndef ENT_GOV_MEASURE_H
#define ENT_GOV_MEASURE_H

#include "gov/figure.h"

/* All of it over decisions opened from from_ms on and before until_ms. */
MUST_USE enum status measure_record(const struct figures *f, uint64_t from_ms, uint64_t until_ms,
                                    struct query_record *ret, struct err *err);
/* Is it among what these rules compute? The trust gap is not: it is of readings (figure.h). */
bool measure_is_computed(enum measure m);
/* One number of it, for a metric of the charter; false when there is nothing to compute it from. */
MUST_USE enum status measure_value(const struct figures *f, enum measure m, uint64_t from_ms,
                                   uint64_t until_ms, bool *ret_has, struct decimal *ret_value,
                                   struct err *err);

#endif
