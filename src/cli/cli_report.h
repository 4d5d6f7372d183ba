/* cli_report: what verbs_report.c and verbs_pulse.c share. */
#ifndef ENT_CLI_CLI_REPORT_H
#define ENT_CLI_CLI_REPORT_H

#include "charter/period.h"
#include "cli/cli.h"

/* "K-7" or "7". */
MUST_USE bool cli_reading_id(const char *word, uint64_t *ret);
/* A reading that has a value, and the entry of its current version, proven to say what the node says. ST_NOTFOUND, ST_USAGE, ST_BADSIG
 * with words. */
MUST_USE enum status cli_reading_read(struct cli *c, uint64_t number, struct query_reading *ret, struct cli_leaf *ret_leaf);
/* That version, in lines: value, who reported it, digest. */
void cli_reading_describe(const struct query_reading *q, const struct cli_leaf *leaf, struct buf *b);
/* A metric of the charter in force; ST_NOTFOUND with words. */
MUST_USE enum status cli_metric_of(struct cli *c, const char *name, struct charter_metric *ret);
/* The organisation that reports: of --as, else the node's own. */
struct span cli_own_org(const struct cli *c);
/* --period, or the oldest that is owed: its first day, and what people call it. */
MUST_USE enum status cli_period_meant(struct cli *c, const struct charter_metric *d, uint64_t *ret_day,
                                      struct period_text *ret_name);
/* The seat that reports, for a key that holds several. */
struct span_list cli_reporters(struct cli *c, const struct charter_metric *d);
/* The digest to commit to, and, into the file of -o, what reveals it. */
MUST_USE enum status cli_seal(struct cli *c, const struct reveal_reading *r, struct hash *ret_digest);

#endif
