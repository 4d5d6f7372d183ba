/* path: where in a record an error is: "certificate.sigs[3].org". */
#ifndef ENT_CODEC_PATH_H
#define ENT_CODEC_PATH_H

#include "base/base.h"

#define PATH_NO_INDEX SIZE_MAX
#define PATH_NO_BYTE  SIZE_MAX

struct path_part {
    const char *name; /* NULL ends the path */
    size_t index;     /* member of the list of that name, or PATH_NO_INDEX */
};

/* Puts "PATH: " before the text in err, and "at byte N: " after the path unless at is PATH_NO_BYTE. Returns
 * st. */
enum status path_wrap(const struct path_part *parts, size_t n, size_t at, enum status st, struct err *err);

#endif
