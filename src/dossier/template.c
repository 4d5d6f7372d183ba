#include "dossier/dossier.h"

/* The files of templates/, each as bytes: template_NAME, made when the build is configured. */
#include "dossier_templates.inc"

const struct dossier_template dossier_templates[DOSSIER_TEMPLATES] = {
    {"blank", "Every question, to be answered", {template_blank, sizeof template_blank}},
    {"example", "All of it filled in, as North may have before it met South", {template_example, sizeof template_example}},
};
