/* support: the example that comes with the program, with one thing changed. */
#ifndef ENT_TEST_DOSSIER_SUPPORT_H
#define ENT_TEST_DOSSIER_SUPPORT_H

#include <criterion/criterion.h>

#include "dossier/dossier.h"

/* The example with the one place that has `from` reading `to`. */
struct span changed(struct arena *a, const char *from, const char *to);
/* Loads it as "d.yaml". */
enum status load(struct arena *a, struct span yaml, struct dossier *ret, struct err *err);
/* Its only finding, as entente prints it: "19:3: refused: test.verdict: ...". "" when there is none; all when there are
 * several, a line each. */
const char *findings(struct arena *a, const char *from, const char *to);

#endif
