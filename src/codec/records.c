#include "codec/records.h"

#define ENUM_BEGIN(e, doc) static const struct enum_value e##_values[] = {
#define VALUE(e, id, number, text, doc) {number, text, doc},
#define ENUM_END(e) };
#include "codec/enums_all.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END

#define ENUM_BEGIN(e, doc) const struct enum_desc e##_enum = {#e, doc, e##_values, ARRAY_LEN(e##_values)};
#define VALUE(e, id, number, text, doc)
#define ENUM_END(e)
#include "codec/enums_all.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END

/* Expands FTYPE_x to its three parts, and puts them in place. */
#define FIELD_ROW(...) FIELD_ROW_(__VA_ARGS__)
#define FIELD_ROW_(r, key, opt, name, doc, min, max, type, rec, en)                                          \
    {key, opt, type, #name, doc, min, max, offsetof(struct r, name), rec, en},

#define RECORD(r, number, doc) static const struct field_desc r##_fields[] = {
#define FIELD(r, key, name, T, min, max, doc) FIELD_ROW(r, key, false, name, doc, min, max, FTYPE_##T)
#define OPT(r, key, name, T, min, max, doc) FIELD_ROW(r, key, true, name, doc, min, max, FTYPE_##T)
#define END_RECORD(r) };
#include "codec/records_all.inc"
#undef RECORD
#undef FIELD
#undef OPT
#undef END_RECORD

#define RECORD(r, number, doc)                                                                               \
    const struct record_desc r##_desc = {#r, doc, number, sizeof(struct r), r##_fields, ARRAY_LEN(r##_fields)};
#define FIELD(r, key, name, T, min, max, doc)
#define OPT(r, key, name, T, min, max, doc)
#define END_RECORD(r)
#include "codec/records_all.inc"
