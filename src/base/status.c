#include "base/status.h"

const char *status_name(enum status st)
{
    switch (st) {
#define STATUS(name, number, text)                                                                           \
    case ST_##name:                                                                                          \
        return #name;
#include "status.def"
#undef STATUS
    }
    return "?";
}

const char *status_text(enum status st)
{
    switch (st) {
#define STATUS(name, number, text)                                                                           \
    case ST_##name:                                                                                          \
        return text;
#include "status.def"
#undef STATUS
    }
    return "?";
}
