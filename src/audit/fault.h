/* fault: which rule a signature or a certificate breaks, when checking said only that it is not good. Both verifiers name
 * the same one (SPEC, PAK-8). */
#ifndef ENT_AUDIT_FAULT_H
#define ENT_AUDIT_FAULT_H

#include "cert/refounding.h"
#include "crypto/sshsig.h"

/* Of a signature record that does not verify: "SIG-4", when its key, scalar or R is refused as such; "SIG-5", by a hardware
 * key otherwise; "SIG-1", when it is not by that key over those bytes. */
const char *fault_of_signature(const struct signature *s);
/* Of a certificate's bytes that do not verify: "ENC-13", when it decodes and its signatures do not ascend; else NULL. */
const char *fault_of_certificate(struct span bytes);
/* Is it a certificate of this block by this set (CRT-1)? NULL: it is. Else the region that is at fault: "certificate", or
 * "header" when it is a good one of another header; why begins with the rule. */
const char *fault_in_certificate(struct span bytes, const struct hash *alliance, const struct block_record *rec, const struct hash *block,
                                 const struct validator_set *set, struct arena *a, struct certificate *ret, struct err *why);
/* A refounding's signatures ascend by seat and key, none twice. */
bool fault_ascends(const struct refounding_info *r);

#endif
