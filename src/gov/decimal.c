#include "gov/decimal.h"

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

enum { SCALE_MAX = 9 };

static int64_t power(uint32_t n)
{
    int64_t p = 1;
    for (uint32_t i = 0; i < n; i++)
        p *= 10;
    return p;
}

/* x / d and what is left; by 32-bit limbs, so that no 128-bit division is called. */
static uwide divide(uwide x, uint32_t d, uint32_t *ret_rest)
{
    uwide q = 0;
    uint64_t rest = 0;
    for (int i = 3; i >= 0; i--) {
        uint64_t part = rest << 32 | (uint32_t)(x >> (32 * i));
        q = q << 32 | part / d;
        rest = part % d;
    }
    *ret_rest = (uint32_t)rest;
    return q;
}

static uwide quotient(uwide x, uint32_t d)
{
    uint32_t rest;
    return divide(x, d, &rest);
}

/* x / d, halves away from zero. */
static wide rounded(wide x, uint32_t d)
{
    uint32_t rest;
    bool negative = x < 0;
    uwide q = divide(negative ? (uwide)-x : (uwide)x, d, &rest);
    if (rest >= d - rest)
        q++;
    return negative ? -(wide)q : (wide)q;
}

static bool fits(wide x)
{
    return x <= INT64_MAX && x >= -(wide)INT64_MAX;
}

/* The shortest form: no trailing zeros; coarser, rounded, when it would not fit. */
static struct decimal made(wide mantissa, uint32_t scale)
{
    while (scale > 0 && !fits(mantissa)) {
        mantissa = rounded(mantissa, 10);
        scale--;
    }
    struct decimal d = {.mantissa = fits(mantissa) ? (int64_t)mantissa : INT64_MAX, .scale = scale};
    while (d.scale > 0 && d.mantissa % 10 == 0) {
        d.mantissa /= 10;
        d.scale--;
    }
    return d;
}

static wide at_scale(const struct decimal *d, uint32_t scale)
{
    return (wide)d->mantissa * power(scale - d->scale);
}

int decimal_compare(const struct decimal *x, const struct decimal *y)
{
    uint32_t scale = x->scale > y->scale ? x->scale : y->scale;
    wide a = at_scale(x, scale), b = at_scale(y, scale);
    return a < b ? -1 : a > b;
}

#define NUMERATOR_MOST UINT64_C(999999999999999)

struct decimal decimal_ratio(uint64_t numerator, uint64_t denominator, uint32_t scale)
{
    ASSERT(denominator > 0);
    ASSERT(scale <= SCALE_MAX);
    numerator = numerator < NUMERATOR_MOST ? numerator : NUMERATOR_MOST;
    /* By hand, digit by digit: the denominator may be wide. */
    uint64_t q = numerator / denominator, rest = numerator % denominator;
    wide mantissa = (wide)q;
    for (uint32_t i = 0; i < scale; i++) {
        rest *= 10;
        mantissa = mantissa * 10 + (wide)(rest / denominator);
        rest %= denominator;
    }
    if (rest >= denominator - rest)
        mantissa++;
    return made(mantissa, scale);
}

struct decimal decimal_mean(const struct decimal *v, size_t n)
{
    ASSERT(n > 0);
    ASSERT(n <= UINT32_MAX);
    uint32_t scale = 0;
    wide sum = 0;
    for (size_t i = 0; i < n; i++)
        scale = v[i].scale > scale ? v[i].scale : scale;
    if (n > 1)
        scale = scale + 2 < SCALE_MAX ? scale + 2 : SCALE_MAX;
    for (size_t i = 0; i < n; i++)
        sum += at_scale(&v[i], scale);
    return made(rounded(sum, (uint32_t)n), scale);
}

bool decimal_difference(const struct decimal *x, const struct decimal *y, struct decimal *ret)
{
    uint32_t scale = x->scale > y->scale ? x->scale : y->scale;
    wide d = at_scale(x, scale) - at_scale(y, scale);
    if (d < 0 || !fits(d))
        return false;
    *ret = made(d, scale);
    return true;
}

bool decimal_percent(const struct decimal *x, const struct decimal *percent, uint32_t decimals, int64_t *ret)
{
    wide product = (wide)x->mantissa * percent->mantissa;
    uint32_t scale = x->scale + percent->scale + 2;
    for (; scale < decimals; scale++)
        product *= 10;
    for (; scale > decimals + 1; scale--)
        product = product < 0 ? -(wide)quotient((uwide)-product, 10) : (wide)quotient((uwide)product, 10);
    if (scale > decimals) /* whether it is a half or more shows in the first digit that goes */
        product = rounded(product, 10);
    *ret = fits(product) ? (int64_t)product : 0;
    return fits(product);
}

struct decimal_text decimal_text(const struct decimal *d)
{
    struct decimal_text t;
    char digits[32];
    bool negative = d->mantissa < 0;
    uint64_t m = negative ? (uint64_t)0 - (uint64_t)d->mantissa : (uint64_t)d->mantissa;
    int n = snprintf(digits, sizeof digits, "%0*" PRIu64, (int)d->scale + 1, m);
    ASSERT(n > 0);
    size_t whole = (size_t)n - d->scale;
    (void)snprintf(t.s, sizeof t.s, "%s%.*s%s%s", negative ? "-" : "", (int)whole, digits,
                   d->scale > 0 ? "." : "", digits + whole);
    return t;
}
