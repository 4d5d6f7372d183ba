/* records: the structs, enums and descriptors made from the .def files of proto/, which are the documentation. */
#ifndef ENT_CODEC_RECORDS_H
#define ENT_CODEC_RECORDS_H

#include "codec/desc.h"

#define ENUM_BEGIN(e, doc) enum e {
#define VALUE(e, id, number, text, doc) id = number,
#define ENUM_END(e) };
#include "codec/enums_all.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END

#define ENUM_BEGIN(e, doc) extern const struct enum_desc e##_enum;
#define VALUE(e, id, number, text, doc)
#define ENUM_END(e)
#include "codec/enums_all.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END

#define RECORD(r, number, doc) struct r { uint64_t has;
#define FIELD(r, key, name, T, min, max, doc) CTYPE_##T name;
#define OPT(r, key, name, T, min, max, doc) CTYPE_##T name;
#define END_RECORD(r) }; struct r##_list { size_t n; struct r *v; };
#include "codec/records_all.inc"
#undef RECORD
#undef FIELD
#undef OPT
#undef END_RECORD

/* r_desc, and the key of each field as r_key_name. */
#define RECORD(r, number, doc) extern const struct record_desc r##_desc; enum { r##_number_ = number,
#define FIELD(r, key, name, T, min, max, doc) r##_key_##name = key,
#define OPT(r, key, name, T, min, max, doc) r##_key_##name = key,
#define END_RECORD(r) };
#include "codec/records_all.inc"
#undef RECORD
#undef FIELD
#undef OPT
#undef END_RECORD

enum limit {
#define LIMIT(name, value, doc) LIMIT_##name = value,
#include "limits.def"
#undef LIMIT
};

#endif
