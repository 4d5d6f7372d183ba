#include "codec/path.h"

enum { PATH_TEXT_MAX = 512 };

enum status path_wrap(const struct path_part *parts, size_t n, size_t at, enum status st, struct err *err)
{
    char text[PATH_TEXT_MAX];
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < n && parts[i].name != NULL && used < sizeof text; i++) {
        int k = parts[i].index == PATH_NO_INDEX
                    ? snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ".", parts[i].name)
                    : snprintf(text + used, sizeof text - used, "%s%s[%zu]", i == 0 ? "" : ".", parts[i].name,
                               parts[i].index);
        ASSERT(k >= 0);
        used += (size_t)k;
    }
    if (at == PATH_NO_BYTE)
        return err_wrap(err, st, "%s: ", text);
    return err_wrap(err, st, "%s: at byte %zu: ", text, at);
}
