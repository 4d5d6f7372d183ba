/* rule: what the rules ask that a pack or a certificate can break, each in one line; proto/SPEC.md has them whole. */
#ifndef ENT_AUDIT_RULE_H
#define ENT_AUDIT_RULE_H

#include <stddef.h>

struct rule {
    const char *id, *meaning;
};
extern const struct rule rules[];
extern const size_t n_rules;

/* By id; "" when it is not among them. */
const char *rule_meaning(const char *id);

#endif
