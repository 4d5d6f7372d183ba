/* ics: what is owed, as an iCalendar object (RFC 5545): each deadline an event of its last hour, in UTC. Lines end with CR LF and
 * are folded at 75 octets, never within a character. The same record gives the same bytes. */
#ifndef ENT_CLI_ICS_H
#define ENT_CLI_ICS_H

#include "codec/codec.h"

struct ics_event {
    struct span key;   /* what is owed: with the alliance's id, the event's UID */
    struct span title; /* empty: none */
    struct span id, task, type, words, next;
    struct span_list seats;
    uint64_t deadline_ms;
};

struct ics {
    struct hash alliance;
    uint64_t stamp_ms; /* ledger time of the newest block */
    size_t n;
    const struct ics_event *v;
};

/* ST_LIMIT or ST_NOMEM are kept in b. */
void ics_print(const struct ics *c, struct buf *b);

#endif
