#include <stdarg.h>
#include "base/base.h"

static log_sink g_sink;
static void *g_ctx;
static enum log_level g_least;

void log_set(log_sink sink, void *ctx, enum log_level least)
{
    g_sink = sink;
    g_ctx = ctx;
    g_least = least;
}

void log_put(enum log_level level, const char *fmt, ...)
{
    if (g_sink == NULL || level < g_least)
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    g_sink(g_ctx, level, text);
}
