/* rekey: fresh keys for a node, and taking them over once they are on the record (NET-7).
 *
 * They wait in DIR/keys.next, which holds those that change: vote.key, cosign.key, log.key, node.key, and tls.key with
 * tls.crt. A node looks there when it starts, and when its organisation's line of the record changes. The identity that they
 * replace, which is node.key, tls.key and tls.crt, stays in DIR/keys.prev until a block after that one is final: the others may
 * not know the fresh one yet. */
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
/* Moves those that are named into place, one by one; cut short anywhere, the next call with the same height goes on. An old
 * vote key is destroyed first. height: the newest block that is here, which names them. No key of the directory is open. */
MUST_USE enum status rekey_take(const char *dir, struct span org, const struct node_keys *named, uint64_t height, struct err *err);

/* What a node can call as. */
enum rekey_identity {
    REKEY_IN_PLACE,
    REKEY_WAITING,  /* what waits, and what is in place for what does not */
    REKEY_PREVIOUS, /* what was in place until fresh keys were taken over */
    REKEY_IDENTITIES
};
/* ST_NOTFOUND: there is none, since neither a node key nor a certificate waits, or nothing previous is kept. */
MUST_USE enum status rekey_identity(const char *dir, struct span org, enum rekey_identity which, struct ed25519_key **ret_node,
                                    struct tlsid **ret_tls, struct err *err);
/* Is a previous identity kept, which the block of this height makes needless? Then it is destroyed. *ret_kept: it still is there. */
MUST_USE enum status rekey_forget(const char *dir, uint64_t height, bool *ret_kept, struct err *err);

#endif
