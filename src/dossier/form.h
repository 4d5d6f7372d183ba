/* form: what a dossier may hold. One table; loading, the check and the page for people all walk by it. */
#ifndef ENT_DOSSIER_FORM_H
#define ENT_DOSSIER_FORM_H

#include "charter/charter.h"

enum form_type {
    FORM_TEXT,    /* one text */
    FORM_YESNO,   /* yes, no */
    FORM_SCORE,   /* 1 to 5 */
    FORM_DAY,     /* 2026-11-30 */
    FORM_WORD,    /* one of words */
    FORM_ID,      /* an organisation */
    FORM_IDS,     /* a list of them */
    FORM_TEXTS,   /* a list of texts, or one */
    FORM_MAPPING, /* of */
    FORM_NAMED,   /* a mapping of names to of */
    FORM_CHARTER, /* a section of the charter: section */
};

struct form_key {
    const char *name;
    enum form_type type;
    const char *doc; /* what it says; the question, of a test's answer */
    const struct form *of;
    const char *const *words; /* FORM_WORD: ended by NULL */
    uint64_t section;         /* FORM_CHARTER */
    bool against;             /* an answer of the test: yes speaks against an alliance */
    const char *instead;      /* what a yes leads to then */
};

struct form {
    size_t n;
    const struct form_key *keys;
};

extern const struct form form_root, form_test, form_cautions, form_fit, form_candidate, form_finding;
extern const char *const form_areas[];

/* ST_FORMAT, ST_RANGE with the place. Parts may be missing, texts may be empty. */
MUST_USE enum status form_check(const struct yaml_node *root, const char *name, struct arena *a, struct err *err);

const struct yaml_node *form_get(const struct yaml_node *mapping, const char *key);
/* The text under a key; empty when it is not there. */
struct span form_text(const struct yaml_node *mapping, const char *key);
bool form_is(const struct yaml_node *mapping, const char *key, const char *text);

#endif
