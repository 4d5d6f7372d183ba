/* err: a located, complete message beside a status: what was wrong, where, what was expected, what to do next. */
#ifndef ENT_BASE_ERR_H
#define ENT_BASE_ERR_H

#include "base/status.h"

enum { ERR_TEXT_MAX = 1024 };

struct err {
    enum status st;
    const char *rule; /* of SPEC.md, when it is a rule that was broken and whoever found it knew: "ENC-2"; else NULL */
    char text[ERR_TEXT_MAX];
};

/* Sets both and returns st, so that callers write: return err_set(err, ST_FORMAT, "...", ...). err may be NULL.
 * A longer text is cut. */
__attribute__((format(printf, 3, 4))) enum status err_set(struct err *err, enum status st, const char *fmt, ...);
/* Puts a prefix before the text that is there ("cards/brand.card: "). Returns err->st, or st when err is NULL. */
__attribute__((format(printf, 3, 4))) enum status err_wrap(struct err *err, enum status st, const char *fmt, ...);
/* Names the rule beside the text that is there, until the next err_set; returns st:
 * return err_rule(err, "ENC-2", err_set(err, ST_FORMAT, "...", ...)). err may be NULL; rule is a literal. */
enum status err_rule(struct err *err, const char *rule, enum status st);

#endif
