#include "unit/codec/all_records.h"

#define RECORD(r, number, doc) &r##_desc,
#define FIELD(r, key, name, T, min, max, doc)
#define OPT(r, key, name, T, min, max, doc)
#define END_RECORD(r)
const struct record_desc *const all_records[] = {
#include "codec/records_all.inc"
};
const size_t all_records_n = ARRAY_LEN(all_records);
#undef RECORD

/* The walkers read `has` as the first member. */
#define RECORD(r, number, doc) _Static_assert(offsetof(struct r, has) == 0, "has comes first");
#include "codec/records_all.inc"

const struct record_desc *all_records_find(const char *name)
{
    for (size_t i = 0; i < all_records_n; i++)
        if (strcmp(all_records[i]->name, name) == 0)
            return all_records[i];
    return NULL;
}
