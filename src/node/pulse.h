/* pulse: the voices behind a pulse while they are collected: DIR/pulse/METRIC-PERIOD, a file of this node alone, mode 0600.
 * Closing it replaces the file by numbers. Calls on one directory come one at a time. */
#ifndef ENT_NODE_PULSE_H
#define ENT_NODE_PULSE_H

#include "codec/codec.h"

/* Keeps the key's voice; ret_changed: it had one, which this replaces. ST_REFUSED with words: it is closed, a voice of this key
 * signed later is there already, or there are too many. ST_CORRUPT: the file is damaged. */
MUST_USE enum status pulse_give(const char *dir, struct span metric, uint64_t period, const struct hash *key, uint64_t score,
                                uint64_t at_ms, struct arena *a, bool *ret_changed, struct err *err);
/* Closes it for good: what remains is how many voices there were and, with at least `least`, how many said what. The same again
 * when it is closed already. ret: in the arena. */
MUST_USE enum status pulse_close(const char *dir, struct span metric, uint64_t period, uint64_t least, struct arena *a,
                                 struct pulse_box *ret, struct err *err);
/* Is the key in DIR/voices, public keys in OpenSSH's form, one a line? Then it has a voice without a seat. No such file: no.
 * ST_FORMAT: "DIR/voices:LINE: ...". */
MUST_USE enum status pulse_may_speak(const char *dir, const struct public_key *key, struct arena *a, bool *ret_may,
                                     struct err *err);

#endif
