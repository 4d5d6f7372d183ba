/* item_id: items by the ids that people use: R-7 (ITM-1). */
#ifndef ENT_GOV_ITEM_ID_H
#define ENT_GOV_ITEM_ID_H

#include "base/arena.h"
#include "codec/codec.h"

struct item_id {
    char s[32];
};
struct item_id item_id(enum item_type type, uint64_t number);
/* "R-7" or "r-7". False: no such id. */
bool item_id_parse(const char *text, struct item_ref *ret_ref);
/* An early warning's condition: "on-shelf < 80 for 2". NULL: the arena is full. */
const char *item_indicator_text(struct arena *a, const struct item_indicator *c);

#endif
