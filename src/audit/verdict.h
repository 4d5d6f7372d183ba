/* verdict: what verify says beyond yes: who signed and who could have and did not, every change of a key,
 * epochs, and what was not checked. In plain words; cmd_verify.c prints it, page.c writes it as a page. */
#ifndef ENT_AUDIT_VERDICT_H
#define ENT_AUDIT_VERDICT_H

#include "audit/findings.h"

enum { VERDICT_UNCHECKED_MAX = 12 };

struct verdict_words {
    struct sheet signers; /* organisation by organisation */
    struct sheet changes; /* of keys, holders and nodes since the founding, by leaf */
    struct sheet epochs;  /* re-foundings */
    const char *unchecked[VERDICT_UNCHECKED_MAX];
    size_t n_unchecked;
    struct finding_list findings;
};

/* In the record's arena. each: as findings_of. */
MUST_USE enum status verdict_of(const struct audit_record *r, bool each, struct verdict_words *ret, struct err *err);
/* "1,234,567" */
const char *grouped_text(struct arena *a, uint64_t n);

/* page.c: one HTML page, self-contained and without script; it prints well. */
void page_write(const struct audit_record *r, const struct verdict_words *w, FILE *f);
/* The same of a file that shows a part of a record: a heading, lines of a name and a value, two lists of sentences. */
struct page_line {
    const char *name, *value;
};
struct page_part {
    const char *title, *lead;
    const struct page_line *lines;
    size_t n_lines;
    const struct span *to_know;
    size_t n_to_know;
    const char *const *unchecked; /* NULL ends */
};
void page_part_write(const struct page_part *p, FILE *f);

#endif
