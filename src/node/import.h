/* import: the blocks of a pack into a stopped node's directory, each checked and executed again (recovery/rebuild.h). For a
 * newcomer to an alliance whose nodes all have other keys than at the founding: it knows none of them by the founding alone. Also
 * for one that is far behind. */
#ifndef ENT_NODE_IMPORT_H
#define ENT_NODE_IMPORT_H

#include "recovery/rebuild.h"

/* Founds the store from DIR/alliance.genesis if there is none. at is told each height. ST_NOTFOUND: no such file, or no
 * alliance.genesis; ST_LOCKED: the node runs; else as rebuild_from_pack. Blocks that were taken before a failure stay. */
MUST_USE enum status import_pack(const char *dir, const char *pack, void (*at)(void *ctx, const char *where), void *ctx,
                                 struct arena *a, struct rebuild_result *ret_result, struct err *err);

#endif
