/* cli_item: what the two files about items share. */
#ifndef ENT_CLI_CLI_ITEM_H
#define ENT_CLI_CLI_ITEM_H

#include "cli/cli.h"
#include "gov/item_id.h"

/* The type that the verb is about, and the verb of a type. */
enum item_type cli_item_type(const struct cli *c);
const char *cli_item_verb(enum item_type type);
/* The item as the node tells it, and the entry that opened it, proven: nobody signs about another one.
 * ST_BADSIG with words. */
MUST_USE enum status cli_item_fetch(struct cli *c, const struct item_ref *ref, struct query_item *q,
                                    struct span *ret_title);
int cli_item_list(struct cli *c);

/* item_search.c. Is --grep or --tag given? */
bool cli_item_searches(const struct cli *c);
/* Does the item have the tag, and the text in its title, its text, or what was written at its steps? *ret_absent counts texts
 * that are not here. */
MUST_USE enum status cli_item_matches(struct cli *c, const struct query_item_line *l, bool *ret_matches, uint64_t *ret_absent);

#endif
