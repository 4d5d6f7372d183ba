#include "gov/gov.h"

const char *verdict_name(enum verdict v)
{
    switch (v) {
#define VERDICT(name, number, exit_code, text)                                                               \
    case V_##name:                                                                                           \
        return #name;
#include "verdicts.def"
#undef VERDICT
    }
    return "?";
}

const char *verdict_text(enum verdict v)
{
    switch (v) {
#define VERDICT(name, number, exit_code, text)                                                               \
    case V_##name:                                                                                           \
        return text;
#include "verdicts.def"
#undef VERDICT
    }
    return "?";
}

int verdict_exit_code(enum verdict v)
{
    switch (v) {
#define VERDICT(name, number, exit_code, text)                                                               \
    case V_##name:                                                                                           \
        return exit_code;
#include "verdicts.def"
#undef VERDICT
    }
    return 1;
}
