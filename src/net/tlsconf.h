/* tlsconf: TLS configurations for nng with the members' pinned certificates (NET-1). */
#ifndef ENT_NET_TLSCONF_H
#define ENT_NET_TLSCONF_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include "base/base.h"

/* Our certificate and key as nng reads them. */
struct tlsconf_own {
    char *cert_pem;
    char *key_pem; /* secret; wiped by deinit */
};

/* key_pem is copied without its public part: mbedTLS 2.28 then computes that part from the key, which fills
 * the table of multiples of the base point kept with the key. Left to the first handshakes, two at once would
 * free it under each other (ecp_mul_comb: grp->T). ST_BADKEY, ST_NOMEM. */
MUST_USE enum status tlsconf_own_init(struct tlsconf_own *own, struct span cert_der, const char *key_pem,
                                      struct err *err);
void tlsconf_own_deinit(struct tlsconf_own *own);

/* For one dialer: accepts that peer's certificate and no other; the server name is its common name. */
MUST_USE enum status tlsconf_dial(const struct tlsconf_own *own, struct span peer_der, const char *peer_org,
                                  nng_tls_config **ret_config, struct err *err);
/* For the listener: requires a client certificate, one of these. Members are added before it is used. */
MUST_USE enum status tlsconf_listen(const struct tlsconf_own *own, nng_tls_config **ret_config,
                                    struct err *err);
MUST_USE enum status tlsconf_add(nng_tls_config *config, struct span member_der, const char *member_org,
                                 struct err *err);

#endif
