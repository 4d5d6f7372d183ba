/* dossier: a file from before the alliance. Its form is form.h's; docs/dossier.md says how it is used. */
#ifndef ENT_DOSSIER_DOSSIER_H
#define ENT_DOSSIER_DOSSIER_H

#include "charter/charter.h"

enum { DOSSIER_FILE_MAX = 1048576, DOSSIER_FINDINGS_MAX = 256, DOSSIER_SCORE_MAX = 5 };

struct dossier {
    const char *name; /* of the file, for messages */
    const struct yaml_node *root;
    struct span_list partners; /* whose dossier it is, as written */
    const struct charter_thesis *thesis;           /* NULL: it has none */
    const struct charter_commitments *commitments; /* likewise */
    struct section thesis_section, commitments_section; /* in canonical form, when they are there */
};

/* Reads a file; parts may be missing, for it is written over weeks. Everything is in the arena or borrowed from yaml.
 * ST_FORMAT, ST_RANGE, ST_LIMIT: "NAME:LINE:COLUMN: KEY: what was found; what was expected". */
MUST_USE enum status dossier_load(struct span yaml, const char *name, struct arena *a, struct dossier *ret_dossier,
                                  struct err *err);

enum dossier_grade {
    DOSSIER_WARNS,      /* worth a second look */
    DOSSIER_MISSING,    /* still to be filled in */
    DOSSIER_CONTRADICTS /* two parts do not go together */
};
extern const char *const dossier_grade_text[];

struct dossier_finding {
    enum dossier_grade grade;
    int line, column;
    const char *where; /* "shortlist.south.fit.cultural" */
    const char *text;
};

struct dossier_findings {
    size_t n, warnings; /* n - warnings stand in the way of a signature */
    struct dossier_finding *v; /* in the order of the form; at most DOSSIER_FINDINGS_MAX */
};

/* Texts are in the arena. ST_LIMIT: the arena is full. */
MUST_USE enum status dossier_check(const struct dossier *d, struct arena *a, struct dossier_findings *ret_findings);

/* What the answers of the test say, whatever verdict was written. */
struct dossier_verdict {
    const char *verdict; /* "alliance", "joint venture", "build", "buy", "not yet"; NULL: an answer is missing */
    struct span why[16]; /* names of the answers that led to it: "build"; none for an alliance */
    size_t n;
};
struct dossier_verdict dossier_verdict(const struct dossier *d);

/* The fit of a candidate of the shortlist. */
struct dossier_fit {
    uint64_t total;   /* of the scores that are there */
    size_t scored;    /* of form_dimensions_n */
    size_t red_flags;
};
struct dossier_fit dossier_fit(const struct yaml_node *candidate);

/* For people, and as JSON with the verdict, totals and findings. ST_LIMIT: b is full. */
MUST_USE enum status dossier_show(const struct dossier *d, struct buf *b);
MUST_USE enum status dossier_json(const struct dossier *d, const struct dossier_findings *f, struct buf *b);

/* Forms to start from, compiled in. */
struct dossier_template {
    const char *name, *what;
    struct span yaml;
};
enum { DOSSIER_TEMPLATES = 2 };
extern const struct dossier_template dossier_templates[DOSSIER_TEMPLATES];

#endif
