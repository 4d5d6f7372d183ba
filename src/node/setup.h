/* setup: ententd init and ententd card. */
#ifndef ENT_NODE_SETUP_H
#define ENT_NODE_SETUP_H

#include "codec/codec.h"
#include "crypto/nodekeys.h"
#include "crypto/tlsid.h"
#include "node/config.h"

/* Makes a node's directory: settings, keys, TLS identity. Nothing is left of it on failure but what was there. */
MUST_USE enum status setup_init(const char *dir, struct span partner, const char *listen, struct err *err);

struct setup_seat {
    struct span seat;
    const char *pub_path; /* an OpenSSH public key file, or a key file of entente */
};

struct setup_card {
    const struct setup_seat *seats; /* a seat given twice has two keys */
    size_t n_seats;
    const char *recovery_path; /* or NULL */
    struct span_list addresses; /* none: the listen address of node.yaml */
    const char *out;           /* or NULL: DIR/ORG.card */
};

/* Makes and signs the card of the node in dir, and writes it. */
MUST_USE enum status setup_make_card(const char *dir, const struct setup_card *what, struct arena *a, const char **ret_path,
                                     struct hash *ret_digest, struct err *err);
/* Signs a card of these keys, and writes it to path. */
MUST_USE enum status setup_sign_card(const struct config *cfg, const struct nodekeys *keys, const struct tlsid *tls,
                                     const struct setup_card *what, const char *path, struct arena *a, struct hash *ret_digest,
                                     struct err *err);
/* A readable account of a card file, to compare with its owner out of band. */
MUST_USE enum status setup_show_card(const char *path, struct buf *b, struct err *err);

#endif
