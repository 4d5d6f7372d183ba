/* decimal: arithmetic on quantities (mantissa * 10^-scale) with 128-bit intermediates and one rounding rule:
 * halves away from zero. */
#ifndef ENT_GOV_DECIMAL_H
#define ENT_GOV_DECIMAL_H

#include "codec/codec.h"

/* < 0, 0, > 0. */
int decimal_compare(const struct decimal *x, const struct decimal *y);
/* numerator / denominator to so many decimals (at most 9), without trailing zeros. A numerator above
 * 10^15 - 1 counts as that: it is beyond all sense, and must end nothing. */
struct decimal decimal_ratio(uint64_t numerator, uint64_t denominator, uint32_t scale);
/* Mean of n > 0 values, to the finest scale of them and at most 2 more decimals (9 in all); coarser when it
 * would not fit. */
struct decimal decimal_mean(const struct decimal *v, size_t n);
/* x - y, which is not below zero. False when it does not fit. */
bool decimal_difference(const struct decimal *x, const struct decimal *y, struct decimal *ret);
/* So many percent of x, in units of 10^-decimals (decimals at most 4), halves away from zero. False when it does not fit. */
bool decimal_percent(const struct decimal *x, const struct decimal *percent, uint32_t decimals, int64_t *ret);
struct decimal_text {
    char s[32];
};
/* "-12.50" as "-12.5". */
struct decimal_text decimal_text(const struct decimal *d);

#endif
