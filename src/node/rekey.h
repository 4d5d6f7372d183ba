/* rekey: fresh keys for a node, and taking them over once they are on the record (NET-7).
 *
 * They wait in DIR/keys.next, which holds those that change: vote.key, cosign.key, log.key, node.key, and tls.key with
 * tls.crt. A node looks there when it starts, and when its organisation's line of the record changes. */
#ifndef ENT_NODE_REKEY_H
#define ENT_NODE_REKEY_H

#include "node/setup.h"

struct rekey {
    bool vote, tls;             /* neither: all five */
    bool again;                 /* those that wait are thrown away */
    struct span_list addresses; /* none: the listen address of node.yaml */
    const char *out;            /* the card */
};

/* Makes them, and the card that names them beside those that stay. Nothing of the running node changes. ST_EXISTS: fresh keys
 * wait already. */
MUST_USE enum status rekey_make(const char *dir, const struct rekey *what, struct arena *a, struct hash *ret_digest, struct err *err);

/* Is any of those that wait named, and not in place yet? ret_vote: the vote key is; ret_key is it then. */
MUST_USE enum status rekey_due(const char *dir, struct span org, const struct node_keys *named, bool *ret_due, bool *ret_vote,
                               struct hash *ret_key, struct err *err);
/* Moves those that are named into place, one by one; cut short anywhere, the next call goes on. An old vote key is destroyed
 * first. No key of the directory is open. */
MUST_USE enum status rekey_take(const char *dir, struct span org, const struct node_keys *named, struct err *err);

/* The node key and certificate that wait, or those in place for what does not. ST_NOTFOUND: neither of the two waits. */
MUST_USE enum status rekey_next_identity(const char *dir, struct span org, struct ed25519_key **ret_node, struct tlsid **ret_tls,
                                         struct err *err);

#endif
