/* json_words: an answer as JSON has digests where people wrote texts; this puts the texts beside them. */
#ifndef ENT_CLI_JSON_WORDS_H
#define ENT_CLI_JSON_WORDS_H

#include "cli/cli.h"

/* Copies the JSON into b. Behind each digest of a text that the node has comes the text, under the digest's key with _text behind
 * it: "title":"9c16...","title_text":"Sensor price". Texts that are absent or erased have no such key. Of an item, what happened
 * has the documents that its entry names: "leaf":366,"documents":["5f70..."]. Asks the node for the leaves that the answer names
 * as leaf and opened_leaf. */
void cli_json_words(struct cli *c, const struct record_desc *d, struct span json, struct buf *b);
/* A string of JSON, with its quotes. */
void cli_put_string(struct span s, struct buf *b);

#endif
