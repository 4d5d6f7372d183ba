/* status: what can go wrong on this machine. Distinct from verdicts, which are part of the protocol. */
#ifndef ENT_BASE_STATUS_H
#define ENT_BASE_STATUS_H

enum status {
#define STATUS(name, number, text) ST_##name = number,
#include "status.def"
#undef STATUS
};

#define MUST_USE __attribute__((warn_unused_result))

/* Static strings: "NOSPACE", "no space left on the disk". Unknown values give "?". */
const char *status_name(enum status st);
const char *status_text(enum status st);

#endif
