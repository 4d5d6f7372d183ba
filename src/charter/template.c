#include "charter/template.h"

#include "base/base.h"

/* The files of templates/, each as bytes: template_NAME, made when the build is configured. */
#include "charter_templates.inc"

const struct charter_template charter_templates[CHARTER_TEMPLATES] = {
    {"two-partners",
     "Two equal partners, and two neutral witnesses",
     {template_two_partners, sizeof template_two_partners}},
    {"consortium", "Four partners, and a neutral witness", {template_consortium, sizeof template_consortium}},
    {"brand-distribution",
     "A brand and a distributor, as the North American Coffee Partnership of 1994",
     {template_brand_distribution, sizeof template_brand_distribution}},
    {"research",
     "A public laboratory and a company, as NASA Ames and Google in 2005",
     {template_research, sizeof template_research}},
};

const struct charter_template *charter_template(const char *name)
{
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++)
        if (strcmp(charter_templates[i].name, name) == 0)
            return &charter_templates[i];
    return NULL;
}
