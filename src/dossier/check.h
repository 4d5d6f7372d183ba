/* check: what check.c and check_thesis.c share: findings as they are gathered. */
#ifndef ENT_DOSSIER_CHECK_H
#define ENT_DOSSIER_CHECK_H

#include "dossier/dossier.h"
#include "dossier/form.h"

struct finder {
    const struct dossier *d;
    struct arena *a;
    struct dossier_findings f;
    bool full; /* the arena is */
};

/* A finding at a node: at its key when it has one. where is a path, formatted; the text follows it. */
__attribute__((format(printf, 5, 6))) void finder_add(struct finder *f, enum dossier_grade grade,
                                                      const struct yaml_node *at, const char *where, const char *fmt, ...);
/* A path in the arena. */
__attribute__((format(printf, 2, 3))) const char *finder_where(struct finder *f, const char *fmt, ...);
/* Missing when there is no text under the key. Is it there? */
bool finder_needs(struct finder *f, const struct yaml_node *in, const char *where, const char *key, const char *what);
/* Is it a candidate that was chosen? */
bool finder_is_chosen(const struct dossier *d, struct span org);

/* Was it concluded that there shall be no alliance? Then partners and value need not be told. */
bool finder_ends_without(const struct dossier *d);

/* check_thesis.c: thesis, its risks, commitments. */
void check_thesis(struct finder *f);

#endif
