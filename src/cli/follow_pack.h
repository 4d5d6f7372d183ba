/* follow_pack: which nodes sign from the end of a whole record on, by verifying it. Across a re-founding no header tells: who may
 * sign one is in the state (REF-3, REF-6). */
#ifndef ENT_CLI_FOLLOW_PACK_H
#define ENT_CLI_FOLLOW_PACK_H

#include "base/base.h"
#include "cli/follow.h"

struct follow_pack {
    struct hash alliance;
    struct span origin;
    struct follow_set set; /* after the pack's newest block */
};

/* Verifies the pack as entente-audit does (SPEC section 10). expect: the alliance, or NULL. kept: the checkpoint seen before, and the
 * file that it is in, or NULL: the pack must be of its history (PAK-7). What ret has is in the arena. ST_BADSIG: it does not verify, err
 * says where and why; ST_IO and others. */
MUST_USE enum status follow_pack_read(const char *path, const struct hash *expect, const struct checkpoint *kept, const char *kept_file,
                                      struct arena *a, struct follow_pack *ret, struct err *err);

#endif
