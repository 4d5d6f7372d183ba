/* err: a located, complete message beside a status: what was wrong, where, what was expected, what to do next. */
#ifndef ENT_BASE_ERR_H
#define ENT_BASE_ERR_H

#include "base/status.h"

enum { ERR_TEXT_MAX = 1024 };

struct err {
    enum status st;
    char text[ERR_TEXT_MAX];
};

/* Sets both and returns st, so that callers write: return err_set(err, ST_FORMAT, "...", ...). err may be NULL.
 * A longer text is cut. */
__attribute__((format(printf, 3, 4))) enum status err_set(struct err *err, enum status st, const char *fmt, ...);
/* Puts a prefix before the text that is there ("cards/brand.card: "). Returns err->st, or st when err is NULL. */
__attribute__((format(printf, 3, 4))) enum status err_wrap(struct err *err, enum status st, const char *fmt, ...);

#endif
