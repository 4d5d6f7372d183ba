/* named: which documents the record names, in the order in which it does (DOC-1). In memory, and in a file beside the
 * documents, so that a start does not read the whole log again. The file follows from the record alone: without it, or from
 * where it is damaged on, it is made anew. */
#ifndef ENT_DOCUMENT_NAMED_H
#define ENT_DOCUMENT_NAMED_H

#include "base/base.h"

struct named;

struct named_doc {
    struct hash digest;
    uint64_t leaf;   /* the first that names it */
    struct span org; /* organisation of the seat that signed that one */
};

/* path: of the file; alliance: whose record. A file of another alliance is begun anew. ST_IO. */
MUST_USE enum status named_open(const char *path, const struct hash *alliance, struct named **ret_named, struct err *err);
void named_close(struct named *n); /* accepts NULL */

/* Leaves that were looked through: the next one to look at. */
uint64_t named_leaves(const struct named *n);
/* An entry names a document. False: it was named before. */
bool named_add(struct named *n, const struct hash *digest, uint64_t leaf, struct span org);
/* All leaves below this one were looked through. */
void named_upto(struct named *n, uint64_t leaves);
/* Writes what is new to the file; what could not be written is tried again with the next call. Not synced: it can be made
 * again. */
MUST_USE enum status named_flush(struct named *n, struct err *err);

size_t named_count(const struct named *n);
/* By the order in which they were named; NULL beyond the last. Borrowed until the next named_add. */
const struct named_doc *named_at(const struct named *n, size_t i);
const struct named_doc *named_find(const struct named *n, const struct hash *digest);

#endif
