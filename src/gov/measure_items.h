/* measure_items: what is computed from items on the record (docs/metrics.md). Reads only. Internal to gov. */
#ifndef ENT_GOV_MEASURE_ITEMS_H
#define ENT_GOV_MEASURE_ITEMS_H

#include "gov/figure.h"

bool measure_is_of_items(enum measure m);
/* One number of it over a time; *ret_has is false when there is nothing to compute it from. */
MUST_USE enum status measure_items(const struct figures *f, const struct charter_computed *c, uint64_t from_ms, uint64_t until_ms,
                                   bool *ret_has, struct decimal *ret_value, struct err *err);

#endif
