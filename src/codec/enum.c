#include "codec/codec.h"

const char *enum_text(const struct enum_desc *e, uint32_t number)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->values[i].number == number)
            return e->values[i].text;
    return NULL;
}

enum status enum_parse(const struct enum_desc *e, struct span text, uint32_t *ret_number)
{
    for (size_t i = 0; i < e->n; i++)
        if (span_eqs(text, e->values[i].text)) {
            *ret_number = e->values[i].number;
            return ST_OK;
        }
    return ST_NOTFOUND;
}
