/* support: the example charter, edited as text, loaded, decoded and checked. Cards are made up: their digest
 * is the SHA-256 of their name. */
#ifndef ENT_TEST_CHARTER_SUPPORT_H
#define ENT_TEST_CHARTER_SUPPORT_H

#include "charter/charter.h"
#include "charter/check.h"

#define EXAMPLE_NAME "heart-monitoring.charter.yaml"

struct edit {
    const char *from, *to; /* the first place where from stands; NULL ends a list of edits */
};

struct span support_example(struct arena *a);
/* The text with from replaced by to; stops the test when from is not there. */
struct span support_edit(struct arena *a, struct span text, const char *from, const char *to);
struct charter_files support_files(void);
extern const struct charter_founding support_founding;
/* Loads with support_files and support_founding. */
enum status support_load(struct arena *a, struct span text, struct charter_source *ret, struct err *err);
/* Loads and decodes; stops the test on failure. */
struct charter support_charter(struct arena *a, struct span text);

#endif
