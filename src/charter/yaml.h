/* yaml: the strict part of YAML that charter and configuration files use. Every scalar is text; anchors,
 * aliases, tags, merge keys, duplicate keys and further documents are refused. Errors read "NAME:LINE:COLUMN:
 * ...". */
#ifndef ENT_CHARTER_YAML_H
#define ENT_CHARTER_YAML_H

#include "base/base.h"

enum yaml_type { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

enum { YAML_DEPTH_MAX = 16, YAML_NODES_MAX = 20000 };

struct yaml_node {
    enum yaml_type type;
    int line, column;               /* from 1 */
    struct span text;               /* scalar; for a mapping's value see key */
    const struct yaml_node *key;    /* of a value in a mapping */
    size_t n;                       /* members of a sequence, values of a mapping */
    struct yaml_node *first, *next; /* first member; next sibling */
};

/* Parses one document; name is for messages. The tree and its texts are in the arena. ST_FORMAT, ST_LIMIT. */
MUST_USE enum status yaml_parse(struct span bytes, const char *name, struct arena *a,
                                const struct yaml_node **ret_root, struct err *err);
/* Value of a key; NULL when it is not there or the node is no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, struct span key);
/* "text", "a list", "a mapping". */
const char *yaml_type_text(const struct yaml_node *n);

#endif
