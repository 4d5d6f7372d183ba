/* log: the only global state. Programs set a sink; libraries below replica do not log. */
#ifndef ENT_BASE_LOG_H
#define ENT_BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Thread-safe if the sink is. text has no newline. */
typedef void (*log_sink)(void *ctx, enum log_level level, const char *text);
/* NULL turns logging off (the default). */
void log_set(log_sink sink, void *ctx, enum log_level least);
__attribute__((format(printf, 2, 3))) void log_put(enum log_level level, const char *fmt, ...);

#endif
