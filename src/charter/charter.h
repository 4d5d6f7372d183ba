/* charter: from the charter file that people write to canonical sections, and back. The only place where
 * charter YAML is read; after the founding there are sections alone. */
#ifndef ENT_CHARTER_CHARTER_H
#define ENT_CHARTER_CHARTER_H

#include "charter/charter_model.h"
#include "charter/yaml.h"

enum { CHARTER_FILE_MAX = 1048576 };

/* How names of files in the charter become digests. Both may block on the disk. A path is relative, without
 * "..". */
struct charter_files {
    void *ctx;
    /* Digest of a card: SHA-256 of the bytes of `card` (GEN-1). ST_NOTFOUND when there is no such file. */
    enum status (*card)(void *ctx, struct span path, struct hash *ret_digest, struct err *err);
    /* SHA-256 of a document. ST_NOTFOUND likewise. */
    enum status (*document)(void *ctx, struct span path, struct hash *ret_digest, struct err *err);
};

/* Relative, and within the charter's directory: no empty part, no "." or "..". */
bool charter_files_path_ok(struct span path);

/* Files in a directory of this machine: the one that holds the charter. ctx points to a C string, its path.
 */
struct charter_files charter_files_in(const char *directory);

/* What the file does not hold when an alliance is drafted. */
struct charter_founding {
    struct hash nonce;
    uint64_t founded_ms;
};

struct charter_source {
    const struct yaml_node *root;
    struct section_list sections; /* ascending by number; bodies are canonical */
};

/* Loads a charter. name is for messages. founding: NULL when the file itself has nonce and founded (a printed
 * charter); else the file must not have them. Everything returned is in the arena or borrowed from yaml.
 * ST_FORMAT, ST_RANGE, ST_LIMIT, ST_NOTFOUND (a card or document); the message is
 * "NAME:LINE:COLUMN: KEY: what was found; what was expected". */
MUST_USE enum status charter_load(struct span yaml, const char *name, const struct charter_founding *founding,
                                  const struct charter_files *files, struct arena *a,
                                  struct charter_source *ret_source, struct err *err);

/* Loads one section from a file that holds it, alone or among others: for an amendment. Not the alliance's
 * own keys. ST_NOTFOUND: the file does not have it; else as charter_load. */
MUST_USE enum status charter_load_section(struct span yaml, const char *name, uint64_t number,
                                          const struct charter_files *files, struct arena *a,
                                          struct section *ret_section, struct err *err);

/* The same from the section's own node in any file's tree: what stands under its key. */
MUST_USE enum status charter_load_node(const struct yaml_node *node, const char *name, uint64_t number,
                                       const struct charter_files *files, struct arena *a,
                                       struct section *ret_section, struct err *err);

/* Where a finding of the check stands: line and column of the longest known part of a path such as
 * "decisions.spend.approve". */
void charter_locate(const struct yaml_node *root, const char *path, int *ret_line, int *ret_column);

/* Writes a section as it stands in a charter file. The texts of the section are borrowed. ST_LIMIT: buf or
 * arena. */
MUST_USE enum status charter_print(const struct record_desc *section, const void *value, struct arena *a,
                                   struct buf *b);

#endif
