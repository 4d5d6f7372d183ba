/* say: the particulars of a verdict, 256 bytes. Internal to ledger. */
#ifndef ENT_LEDGER_SAY_H
#define ENT_LEDGER_SAY_H

#include <stdarg.h>
#include "base/base.h"

__attribute__((format(printf, 2, 3))) static inline void say(char *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(why, 256, fmt, ap);
    va_end(ap);
}

#endif
