#include "codec/codec.h"

/* For each block of records.def a type is named after its number, and for each kind of enums.def that type is
 * used: a kind without a block does not compile. */
#define RECORD(r, number, doc) typedef const struct record_desc *kind_body_##number;
#define FIELD(r, key, name, T, min, max, doc)
#define OPT(r, key, name, T, min, max, doc)
#define END_RECORD(r)
#include "records.def"
#undef RECORD

/* enums.def holds other enumerations too: SECOND gives 1 for kind, whose IS_KIND_kind is a macro of two
 * parts, and 0 for any other. */
#define IS_KIND_kind       ~, 1
#define SECOND_(a, b, ...) b
#define SECOND(...)        SECOND_(__VA_ARGS__)
#define NEEDS_BODY_0(number)
#define NEEDS_BODY_1(number)     _Static_assert(sizeof(kind_body_##number) != 0, "the kind has a block");
#define NEEDS_BODY__(is, number) NEEDS_BODY_##is(number)
#define NEEDS_BODY_(is, number)  NEEDS_BODY__(is, number)
#define ENUM_BEGIN(e, doc)
#define VALUE(e, id, number, text, doc) NEEDS_BODY_(SECOND(IS_KIND_##e, 0, 0), number)
#define ENUM_END(e)
#include "enums.def"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END

/* Blocks without a number are parts of others; they get a case above all kinds. A number used twice is a case
 * used twice, which does not compile. */
enum { KIND_LIMIT = 256 };

enum block {
#define RECORD(r, number, doc) BLOCK_##r,
#include "records.def"
#undef RECORD
};

const struct record_desc *kind_desc(uint32_t kind)
{
    if (kind == 0 || kind >= KIND_LIMIT)
        return NULL;
    switch (kind) {
#define RECORD(r, number, doc)                                                                               \
    case (number) != 0 ? (number):                                                                           \
        KIND_LIMIT + (uint32_t)BLOCK_##r : return &r##_desc;
#include "records.def"
    default:
        return NULL;
    }
}
