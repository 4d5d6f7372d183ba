/* Prints docs/reference.md: every record, message, charter section and enumeration, from its one declaration. */
#include <stdio.h>
#include "codec/codec.h"

int main(void)
{
    struct buf b;
    buf_init(&b, 4 << 20);
    buf_printf(&b, "# Reference\nEvery record, message, charter section and enumeration, as declared in `proto/*.def`. This page is made by "
                   "`build/bin/reference`; a test keeps it up to date.\n\n");
#define ENUM_BEGIN(e, doc) codec_reference_enum(&e##_enum, &b);
#define VALUE(e, id, number, text, doc)
#define ENUM_END(e)
#include "codec/enums_all.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END
#define RECORD(r, number, doc) codec_reference(&r##_desc, &b);
#define FIELD(r, key, name, T, min, max, doc)
#define OPT(r, key, name, T, min, max, doc)
#define END_RECORD(r)
#include "codec/records_all.inc"
    if (b.failed != ST_OK)
        return 1;
    (void)fputs(buf_cstr(&b), stdout);
    buf_deinit(&b);
    return 0;
}
