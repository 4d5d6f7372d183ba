#include <stdarg.h>
#include "base/base.h"

enum status err_set(struct err *err, enum status st, const char *fmt, ...)
{
    if (err == NULL)
        return st;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    err->st = st;
    err->rule = NULL;
    return st;
}

enum status err_rule(struct err *err, const char *rule, enum status st)
{
    if (err != NULL)
        err->rule = rule;
    return st;
}

enum status err_wrap(struct err *err, enum status st, const char *fmt, ...)
{
    if (err == NULL)
        return st;
    char was[ERR_TEXT_MAX];
    memcpy(was, err->text, sizeof was);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->text)
        (void)snprintf(err->text + n, sizeof err->text - (size_t)n, "%s", was);
    err->st = st;
    return st;
}

void assert_failed(const char *cond, const char *file, int line)
{
    (void)fprintf(stderr, "entente: internal error: %s at %s:%d\n", cond, file, line);
    abort();
}
