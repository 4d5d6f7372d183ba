/* pack_kept: what an earlier run of `entente pack` left behind, and can go on from. */
#ifndef ENT_CLI_PACK_KEPT_H
#define ENT_CLI_PACK_KEPT_H

#include "cli/cli.h"

/* The blocks of a pack that was cut off, as far as they hang together: of this alliance, each header naming the one before,
 * each block's leaves giving its header's root. The last whole one is not counted: the certificate that it came with need
 * not be the one that the next block fixes (PAK-3). */
struct pack_kept {
    uint64_t next;     /* the height to go on with; 0: nothing can be used, and a new file is begun */
    long end;          /* bytes of the file to keep */
    struct hash last;  /* id of the newest block counted */
};

/* Reads f from its beginning. ST_MISMATCH: it is of another alliance. ST_IO. What is cut off or damaged is left out. */
MUST_USE enum status pack_kept_read(struct cli *c, FILE *f, struct pack_kept *ret, struct err *err);

#endif
