/* Goal: what is owed as RFC 5545 says it: folded, escaped, in UTC, the same bytes each time. */
#include <criterion/criterion.h>
#include "cli/ics.h"

static struct span seats[] = {{(const uint8_t *)"brand/finance", 13}, {(const uint8_t *)"brand/sponsor", 13}};

static struct ics_event event(const char *title)
{
    return (struct ics_event){.key = span_str("decision.D-12.ballot"),
                              .title = span_str(title),
                              .id = span_str("D-12"),
                              .task = span_str("ballot"),
                              .type = span_str("spend"),
                              .words = span_str("a ballot is owed"),
                              .next = span_str("entente show D-12"),
                              .seats = {2, seats},
                              .deadline_ms = 1790000000999};
}

static const char *print(const struct ics_event *e, size_t n, struct buf *b)
{
    struct ics c = {.alliance = {{0xab}}, .stamp_ms = 1789000000000, .n = n, .v = e};
    buf_init(b, 1 << 20);
    ics_print(&c, b);
    cr_assert_eq(b->failed, ST_OK);
    return buf_cstr(b);
}

Test(ics, golden)
{
    struct buf b CLEANUP(buf_deinit);
    struct ics_event e = event("Summer; displays, USD 1.02 \\ case");
    cr_assert_str_eq(print(&e, 1, &b), "BEGIN:VCALENDAR\r\n"
                                       "VERSION:2.0\r\n"
                                       "PRODID:-//Entente//inbox//EN\r\n"
                                       "CALSCALE:GREGORIAN\r\n"
                                       "METHOD:PUBLISH\r\n"
                                       "BEGIN:VEVENT\r\n"
                                       "UID:decision.D-12.ballot@ab000000000000000000000000000000000000000000000000\r\n"
                                       " 00000000000000\r\n"
                                       "DTSTAMP:20260910T002640Z\r\n"
                                       "DTSTART:20260921T131320Z\r\n"
                                       "DTEND:20260921T141320Z\r\n"
                                       "SUMMARY:D-12 ballot: Summer\\; displays\\, USD 1.02 \\\\ case\r\n"
                                       "DESCRIPTION:a ballot is owed\\nby brand/finance or brand/sponsor\\nentente sh\r\n"
                                       " ow D-12\r\n"
                                       "CATEGORIES:spend\r\n"
                                       "TRANSP:TRANSPARENT\r\n"
                                       "END:VEVENT\r\n"
                                       "END:VCALENDAR\r\n");
}

Test(ics, empty_and_untitled)
{
    struct buf b CLEANUP(buf_deinit), c CLEANUP(buf_deinit);
    struct ics_event e = event("");
    cr_assert_null(strstr(print(NULL, 0, &b), "VEVENT"));
    cr_assert_not_null(strstr(print(&e, 1, &c), "\r\nSUMMARY:D-12 ballot\r\n"));
}

/* No line is over 75 octets, none is cut within a character, and unfolded they are what they were. */
Test(ics, folds_between_characters)
{
    for (size_t shift = 0; shift < 8; shift++) {
        struct buf b CLEANUP(buf_deinit);
        char title[400];
        int at = snprintf(title, sizeof title, "%.*s", (int)shift, "xxxxxxxx");
        for (size_t i = 0; i < 60; i++)
            at += snprintf(title + at, sizeof title - (size_t)at, "%s",
                           i % 3 == 0   ? "\xc3\xa4"
                           : i % 3 == 1 ? "\xe2\x82\xac"
                                        : "\xf0\x9f\x8d\x8f");
        struct ics_event e = event(title);
        const char *p = print(&e, 1, &b);
        char flat[20000];
        size_t n = 0;
        for (const char *line = p; *line != 0;) {
            const char *end = strstr(line, "\r\n");
            cr_assert_not_null(end);
            cr_assert_leq(end - line, 75);
            cr_assert_neq((uint8_t)line[0] & 0xc0, 0x80, "a line begins within a character");
            if (line[0] == ' ') {
                cr_assert_neq((uint8_t)line[1] & 0xc0, 0x80, "a line goes on within a character");
                line++;
            } else if (n > 0) {
                flat[n++] = '\n';
            }
            memcpy(flat + n, line, (size_t)(end - line));
            n += (size_t)(end - line);
            line = end + 2;
        }
        flat[n] = 0;
        char want[600];
        (void)snprintf(want, sizeof want, "\nSUMMARY:D-12 ballot: %s\n", title);
        cr_assert_not_null(strstr(flat, want));
    }
}
