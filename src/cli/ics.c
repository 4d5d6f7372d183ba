#include "cli/ics.h"

enum { FOLD = 75, HOUR_MS = 3600000 };

/* RFC 5545, 3.1: a long line goes on after CR LF and a space, which counts. */
static void fold(struct buf *b, struct span line)
{
    size_t room = FOLD;
    for (size_t at = 0; at < line.n;) {
        size_t n = 1;
        while (at + n < line.n && (line.p[at + n] & 0xc0) == 0x80) /* the rest of the character */
            n++;
        if (n > room) {
            buf_put_span(b, span_str("\r\n "));
            room = FOLD - 1;
        }
        buf_put(b, line.p + at, n);
        room -= n;
        at += n;
    }
    buf_put_span(b, span_str("\r\n"));
}

/* 3.3.11: backslash, semicolon, comma and newline. */
static void escape(struct buf *b, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '\n') {
            buf_put_span(b, span_str("\\n"));
        } else if (c == '\\' || c == ';' || c == ',') {
            buf_u8(b, '\\');
            buf_u8(b, c);
        } else {
            buf_u8(b, c < 0x20 || c == 0x7f ? ' ' : c);
        }
    }
}

/* 3.3.5, form 2. */
static void time_line(struct buf *b, const char *name, uint64_t ms)
{
    struct time_text t = time_utc(ms); /* 2026-11-23T09:15:06.123Z */
    char line[64];
    (void)snprintf(line, sizeof line, "%s:%.4s%.2s%.5s%.2s%.2sZ", name, t.s, t.s + 5, t.s + 8, t.s + 14, t.s + 17);
    fold(b, span_str(line));
}

static void event(const struct ics *c, const struct ics_event *e, struct buf *b)
{
    struct buf line CLEANUP(buf_deinit);
    buf_init(&line, 1 << 20);
    fold(b, span_str("BEGIN:VEVENT"));
    buf_put_span(&line, span_str("UID:"));
    escape(&line, e->key);
    buf_u8(&line, '@');
    hex_put(&line, span_hash(&c->alliance));
    fold(b, buf_span(&line));
    time_line(b, "DTSTAMP", c->stamp_ms);
    time_line(b, "DTSTART", e->deadline_ms > HOUR_MS ? e->deadline_ms - HOUR_MS : 0);
    time_line(b, "DTEND", e->deadline_ms);
    buf_reset(&line);
    buf_put_span(&line, span_str("SUMMARY:"));
    escape(&line, e->id);
    buf_u8(&line, ' ');
    escape(&line, e->task);
    if (e->title.n > 0) {
        buf_put_span(&line, span_str(": "));
        escape(&line, e->title);
    }
    fold(b, buf_span(&line));
    buf_reset(&line);
    buf_put_span(&line, span_str("DESCRIPTION:"));
    escape(&line, e->words);
    for (size_t i = 0; i < e->seats.n; i++) {
        buf_put_span(&line, span_str(i == 0 ? "\\nby " : " or "));
        escape(&line, e->seats.v[i]);
    }
    buf_put_span(&line, span_str("\\n"));
    escape(&line, e->next);
    fold(b, buf_span(&line));
    buf_reset(&line);
    buf_put_span(&line, span_str("CATEGORIES:"));
    escape(&line, e->type);
    fold(b, buf_span(&line));
    fold(b, span_str("TRANSP:TRANSPARENT")); /* it makes nobody busy */
    fold(b, span_str("END:VEVENT"));
}

void ics_print(const struct ics *c, struct buf *b)
{
    fold(b, span_str("BEGIN:VCALENDAR"));
    fold(b, span_str("VERSION:2.0"));
    fold(b, span_str("PRODID:-//Entente//inbox//EN"));
    fold(b, span_str("CALSCALE:GREGORIAN"));
    fold(b, span_str("METHOD:PUBLISH"));
    for (size_t i = 0; i < c->n; i++)
        event(c, &c->v[i], b);
    fold(b, span_str("END:VCALENDAR"));
}
