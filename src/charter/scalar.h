/* scalar: single values as a charter file writes them, read and printed. Each parse takes the whole text and
 * leaves its output untouched when it returns false; each print writes what parse reads back to the same
 * value. */
#ifndef ENT_CHARTER_SCALAR_H
#define ENT_CHARTER_SCALAR_H

#include "codec/codec.h"

/* A text cut at spaces. n is 0 for an empty text, and over the capacity when there are more. */
enum { SCALAR_WORDS_MAX = 24 };
struct words {
    size_t n;
    struct span v[SCALAR_WORDS_MAX];
};
struct words scalar_words(struct span text);
/* Words i to j-1 with what stood between them. */
struct span scalar_join(const struct words *w, size_t i, size_t j);
static inline bool scalar_word_is(const struct words *w, size_t i, const char *s)
{
    return i < w->n && span_eqs(w->v[i], s);
}

bool scalar_uint(struct span text, uint64_t *ret_v);
/* 12, -3.50: at most 9 digits after the point; trailing zeros are dropped (ENC-11). */
bool scalar_decimal(struct span text, struct decimal *ret_d);
void scalar_print_decimal(const struct decimal *d, struct buf *b);
/* 2026-11-23 to days since 1970-01-01, at most TIME_DAY_MAX. */
bool scalar_date(struct span text, uint64_t *ret_days);
void scalar_print_date(uint64_t days, struct buf *b);
/* "USD 250000.00": exactly the decimals of the currency (ISO 4217). */
bool scalar_money(struct span text, struct arena *a, struct money *ret_m);
void scalar_print_money(const struct money *m, struct buf *b);
/* "10 bd". */
bool scalar_span(struct span text, struct charter_span *ret_span);
void scalar_print_span(const struct charter_span *s, struct buf *b);
/* "month", "every month", "365 d", "2 weeks". */
bool scalar_period(struct span text, struct charter_period *ret_p);
void scalar_print_period(const struct charter_period *p, struct buf *b);
/* "500 ms", "1 h", "2 d": exact spans in milliseconds. */
bool scalar_ms(struct span text, uint64_t *ret_ms);
void scalar_print_ms(uint64_t ms, struct buf *b);
/* "-05:00" to minutes. */
bool scalar_offset(struct span text, int64_t *ret_minutes);
void scalar_print_offset(int64_t minutes, struct buf *b);

#endif
