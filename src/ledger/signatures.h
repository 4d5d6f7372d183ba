/* signatures: those of many leaves, checked on several threads: most of what an audit does, and a node that catches up.
 *
 * Each signature is checked by itself (SIG-4), so what is found depends on the leaf alone: not on the threads, nor on the
 * order in which they come to it. One thread makes all calls; the others are of this module, and touch nothing but leaves.
 * Without any it works too. */
#ifndef ENT_LEDGER_SIGNATURES_H
#define ENT_LEDGER_SIGNATURES_H

#include "codec/codec.h"

enum { SIGNATURE_THREADS_MAX = 15 };

struct signatures;
struct signature_bundle;

struct signature_found {
    struct hash leaf_hash; /* zero when it cannot be parsed */
    bool good;             /* it is an entry whose signature verifies */
};

/* threads: beside the caller's; at most SIGNATURE_THREADS_MAX, fewer when the system gives fewer. */
struct signatures *signatures_new(size_t threads);
void signatures_free(struct signatures *s); /* accepts NULL; no bundle is left */
/* Processors that may be used, but for the caller's own. */
size_t signatures_threads(void);

/* The threads begin with these leaves when they are done with the bundles before. The bytes are borrowed until
 * signatures_end. */
struct signature_bundle *signatures_begin(struct signatures *s, const struct span_list *leaves);
/* Works along until all of the bundle are known: as many as leaves, in their order; borrowed until signatures_end. */
const struct signature_found *signatures_wait(struct signatures *s, struct signature_bundle *b);
/* What is not known yet is not looked at any more. b may be NULL. */
void signatures_end(struct signatures *s, struct signature_bundle *b);

#endif
