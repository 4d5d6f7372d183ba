/* config: DIR/node.yaml, a node's own settings. Every key is explained in the file that `ententd init` writes. */
#ifndef ENT_NODE_CONFIG_H
#define ENT_NODE_CONFIG_H

#include "base/base.h"

struct config_peer {
    struct span org;
    struct span address;
};

struct config {
    struct span partner;      /* own organisation */
    const char *listen;       /* host:port, or NULL: it only dials out */
    const char *socket;       /* path of the local socket */
    bool socket_group;        /* the socket's group may ask too */
    uint64_t map_bytes;       /* how far the store may grow */
    uint64_t low_water_bytes; /* stop voting below so much free space */
    const char *notify;       /* command for reminders, or NULL */
    uint64_t document_bytes;  /* a document may have so many */
    uint64_t documents_bytes; /* and all of them here */
    enum log_level log;
    struct config_peer *peers; /* addresses that differ from the cards' */
    size_t n_peers;
};

/* Text of a new node.yaml. */
void config_write(struct span partner, const char *listen, struct buf *b);
/* Reads DIR/node.yaml. ST_NOTFOUND: DIR is no node's directory; ST_FORMAT: "node.yaml:LINE:COLUMN: ..." with what was
 * expected; unknown keys are refused. Everything returned is in the arena. */
MUST_USE enum status config_load(const char *dir, struct arena *a, struct config *ret_config, struct err *err);

#endif
