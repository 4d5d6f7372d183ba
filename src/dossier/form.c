#include "dossier/form.h"

#include <stdarg.h>

#include "charter/nearest.h"
#include "charter/scalar.h"

#define KEYS(list) {ARRAY_LEN(list), list}

static const struct form_key answer_keys[] = {
    {.name = "answer", .type = FORM_YESNO, .doc = "yes or no"},
    {.name = "because", .type = FORM_TEXT, .doc = "why"},
};
static const struct form form_answer = KEYS(answer_keys);

static const struct form_key caution_keys[] = {
    {.name = "applies", .type = FORM_YESNO, .doc = "yes or no"},
    {.name = "because", .type = FORM_TEXT, .doc = "why"},
    {.name = "mitigation", .type = FORM_TEXT, .doc = "what is done about it, when it applies"},
};
static const struct form form_caution = KEYS(caution_keys);

static const struct form_key cautions_keys[] = {
    {.name = "disguised-contract", .type = FORM_MAPPING, .of = &form_caution,
     .doc = "Would one side really be a supplier that is told what to do?"},
    {.name = "one-sided", .type = FORM_MAPPING, .of = &form_caution,
     .doc = "Would one side depend on it, and the other hardly notice its end?"},
    {.name = "crown-jewels", .type = FORM_MAPPING, .of = &form_caution,
     .doc = "Would a side have to hand over what it lives from?"},
};
const struct form form_cautions = KEYS(cautions_keys);

static const char *const verdict_words[] = {"alliance", "joint venture", "build", "buy", "not yet", NULL};
static const struct form_key test_keys[] = {
    {.name = "shared-value", .type = FORM_MAPPING, .of = &form_answer,
     .doc = "Does each side gain from what the other gains, beyond a price?"},
    {.name = "complementary", .type = FORM_MAPPING, .of = &form_answer,
     .doc = "Does each side bring what the other lacks?"},
    {.name = "independent", .type = FORM_MAPPING, .of = &form_answer,
     .doc = "Can both stay independent, with other business of their own?"},
    {.name = "commitment", .type = FORM_MAPPING, .of = &form_answer,
     .doc = "Will both give people, money and a sponsor for 12 to 18 months?"},
    {.name = "build", .type = FORM_MAPPING, .of = &form_answer, .against = true, .instead = "build",
     .doc = "Could it be built alone, in time and at a bearable cost?"},
    {.name = "buy", .type = FORM_MAPPING, .of = &form_answer, .against = true, .instead = "buy",
     .doc = "Could it be bought, from a supplier or with a company?"},
    {.name = "joint-venture", .type = FORM_MAPPING, .of = &form_answer, .against = true, .instead = "joint venture",
     .doc = "Does it need a company of its own, with shared equity, staff or assets?"},
    {.name = "cautions", .type = FORM_MAPPING, .of = &form_cautions, .doc = "three cautions"},
    {.name = "verdict", .type = FORM_WORD, .words = verdict_words, .doc = "what was concluded"},
};
const struct form form_test = KEYS(test_keys);

static const struct form_key stream_keys[] = {
    {.name = "value", .type = FORM_TEXT, .doc = "what value, and for whom"},
    {.name = "from", .type = FORM_ID, .doc = "the organisation that it comes from"},
    {.name = "to", .type = FORM_ID, .doc = "the organisation that it goes to"},
};
static const struct form form_stream = KEYS(stream_keys);

static const struct form_key discovery_keys[] = {
    {.name = "goals", .type = FORM_TEXTS, .doc = "what is to be reached"},
    {.name = "constraints", .type = FORM_TEXTS, .doc = "what binds us: contracts, law, money, time"},
    {.name = "value-streams", .type = FORM_NAMED, .of = &form_stream, .doc = "who would give what to whom"},
};
static const struct form form_discovery = KEYS(discovery_keys);

static const struct form_key score_keys[] = {
    {.name = "score", .type = FORM_SCORE, .doc = "1 (poor) to 5 (good)"},
    {.name = "because", .type = FORM_TEXT, .doc = "why"},
    {.name = "red-flag", .type = FORM_TEXT, .doc = "what could end it"},
    {.name = "mitigation", .type = FORM_TEXT, .doc = "what is done about the red flag"},
};
static const struct form form_score = KEYS(score_keys);

static const struct form_key fit_keys[] = {
    {.name = "strategic", .type = FORM_MAPPING, .of = &form_score, .doc = "Strategic"},
    {.name = "capability", .type = FORM_MAPPING, .of = &form_score, .doc = "Capability complementarity"},
    {.name = "economic", .type = FORM_MAPPING, .of = &form_score, .doc = "Economic symmetry"},
    {.name = "operating", .type = FORM_MAPPING, .of = &form_score, .doc = "Operating"},
    {.name = "cultural", .type = FORM_MAPPING, .of = &form_score, .doc = "Cultural"},
    {.name = "compliance", .type = FORM_MAPPING, .of = &form_score, .doc = "Compliance and security"},
    {.name = "leadership", .type = FORM_MAPPING, .of = &form_score, .doc = "Leadership sponsorship"},
};
const struct form form_fit = KEYS(fit_keys);

static const char *const standing_words[] = {"chosen", "reserve", "dropped", NULL};
static const struct form_key candidate_keys[] = {
    {.name = "name", .type = FORM_TEXT, .doc = "its name for people"},
    {.name = "fit", .type = FORM_MAPPING, .of = &form_fit, .doc = "the scorecard"},
    {.name = "standing", .type = FORM_WORD, .words = standing_words, .doc = "chosen, reserve or dropped"},
    {.name = "because", .type = FORM_TEXT, .doc = "why"},
};
const struct form form_candidate = KEYS(candidate_keys);

const char *const form_areas[] = {"data-sharing",      "ip", "compliance and security", "delivery capacity",
                                  "points of failure", NULL};
static const struct form_key finding_keys[] = {
    {.name = "about", .type = FORM_ID, .doc = "the organisation that was looked at"},
    {.name = "area", .type = FORM_WORD, .words = form_areas, .doc = "what was looked at"},
    {.name = "found", .type = FORM_TEXT, .doc = "what was found"},
    {.name = "red-flag", .type = FORM_YESNO, .doc = "could it end the alliance?"},
    {.name = "mitigation", .type = FORM_TEXT, .doc = "what is done about it"},
};
const struct form form_finding = KEYS(finding_keys);

static const struct form_key risk_keys[] = {
    {.name = "risk", .type = FORM_TEXT, .doc = "what may go wrong"},
    {.name = "mitigation", .type = FORM_TEXT, .doc = "what is done about it"},
};
static const struct form form_risk = KEYS(risk_keys);

static const struct form_key root_keys[] = {
    {.name = "dossier", .type = FORM_WORD, .words = (const char *const[]){"1", NULL}, .doc = "version of the form: 1"},
    {.name = "partners", .type = FORM_IDS, .doc = "the organisations whose dossier it is"},
    {.name = "as-of", .type = FORM_DAY, .doc = "the day on which it was true"},
    {.name = "test", .type = FORM_MAPPING, .of = &form_test, .doc = "alliance or not"},
    {.name = "discovery", .type = FORM_MAPPING, .of = &form_discovery, .doc = "what was explored"},
    {.name = "shortlist", .type = FORM_NAMED, .of = &form_candidate, .doc = "candidates"},
    {.name = "diligence", .type = FORM_NAMED, .of = &form_finding, .doc = "findings of due diligence"},
    {.name = "thesis", .type = FORM_CHARTER, .section = SECTION_THESIS, .doc = "the value thesis"},
    {.name = "risks", .type = FORM_NAMED, .of = &form_risk, .doc = "risks of the thesis, and mitigations"},
    {.name = "commitments", .type = FORM_CHARTER, .section = SECTION_COMMITMENTS, .doc = "what each puts in"},
};
const struct form form_root = KEYS(root_keys);

const struct yaml_node *form_get(const struct yaml_node *mapping, const char *key)
{
    return yaml_get(mapping, span_str(key));
}

struct span form_text(const struct yaml_node *mapping, const char *key)
{
    const struct yaml_node *v = form_get(mapping, key);
    return v == NULL || v->type != YAML_SCALAR ? span_str("") : v->text;
}

bool form_is(const struct yaml_node *mapping, const char *key, const char *text)
{
    return span_eqs(form_text(mapping, key), text);
}

/* --- Loading --- */

/* A node that is still to be looked at; a list stands in for recursion. */
struct job {
    struct job *next;
    const struct yaml_node *node;
    const struct form_key *key;
};

struct check {
    const char *name;
    struct arena *arena;
    struct err *err;
    struct job *jobs;
};

__attribute__((format(printf, 4, 5))) static enum status refuse(const struct check *c, const struct yaml_node *n,
                                                                const char *key, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(c->err, ST_FORMAT, "%s:%d:%d: %s: %s", c->name, n->line, n->column, key, text);
}

static enum status push(struct check *c, const struct yaml_node *node, const struct form_key *key)
{
    struct job *j = arena_alloc(c->arena, sizeof *j);
    if (j == NULL)
        return err_set(c->err, ST_LIMIT, "%s: the dossier is too large", c->name);
    *j = (struct job){c->jobs, node, key};
    c->jobs = j;
    return ST_OK;
}

static const struct form_key *key_named(const struct form *f, struct span name)
{
    for (size_t i = 0; i < f->n; i++)
        if (span_eqs(name, f->keys[i].name))
            return &f->keys[i];
    return NULL;
}

static enum status refuse_unknown(const struct check *c, const struct form *f, const struct yaml_node *key, const char *in)
{
    struct nearest near = {.wanted = key->text, .distance = NEAREST_NONE};
    char all[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < f->n; i++) {
        nearest_consider(&near, f->keys[i].name);
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", f->keys[i].name);
    }
    if (text_check(key->text, false, NULL) != ST_OK || key->text.n > 120)
        return refuse(c, key, in, "a key that is not printable; expected one of: %s", all);
    if (memchr(key->text.p, ' ', key->text.n) != NULL) /* of a sentence, as a rule */
        return refuse(c, key, in, "unknown key '%.*s'; a text with a comma in it stands in quotes: \"one, two\"",
                      SPAN_FMT(key->text));
    if (nearest_is_close(&near))
        return refuse(c, key, in, "unknown key '%.*s'; did you mean '%s'?", SPAN_FMT(key->text), near.name);
    return refuse(c, key, in, "unknown key '%.*s'; expected one of: %s", SPAN_FMT(key->text), all);
}

static enum status check_mapping(struct check *c, const struct yaml_node *n, const struct form *f, const char *in)
{
    enum status st = ST_OK;
    for (const struct yaml_node *v = n->first; st == ST_OK && v != NULL; v = v->next) {
        const struct form_key *k = key_named(f, v->key->text);
        st = k == NULL ? refuse_unknown(c, f, v->key, in) : push(c, v, k);
    }
    return st;
}

/* Names of a mapping, each with a mapping of its own. */
static enum status check_named(struct check *c, const struct yaml_node *n, const struct form_key *k)
{
    enum status st = ST_OK;
    for (const struct yaml_node *v = n->first; st == ST_OK && v != NULL; v = v->next) {
        struct form_key *of = arena_alloc(c->arena, sizeof *of);
        if (of == NULL)
            return err_set(c->err, ST_LIMIT, "%s: the dossier is too large", c->name);
        if (!text_is_id(v->key->text))
            return refuse(c, v->key, k->name, "expected a name of a-z, 0-9 and -, beginning with a letter");
        *of = (struct form_key){.type = FORM_MAPPING, .of = k->of, .doc = k->doc};
        of->name = (const char *)arena_dup(c->arena, v->key->text).p;
        st = push(c, v, of);
    }
    return st;
}

static enum status check_text(const struct check *c, const struct yaml_node *n, const struct form_key *k)
{
    struct err why = {0};
    if (n->text.n > 1000)
        return refuse(c, n, k->name, "a text of %zu bytes; expected at most 1000", n->text.n);
    return text_check(n->text, true, &why) == ST_OK ? ST_OK : refuse(c, n, k->name, "%s", why.text);
}

static enum status check_word(const struct check *c, const struct yaml_node *n, const struct form_key *k)
{
    char all[300] = "";
    size_t used = 0;
    for (size_t i = 0; k->words[i] != NULL; i++) {
        if (span_eqs(n->text, k->words[i]))
            return ST_OK;
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", k->words[i]);
    }
    bool clean = text_check(n->text, false, NULL) == ST_OK && n->text.n <= 120;
    return refuse(c, n, k->name, "'%.*s'; expected one of: %s", clean ? (int)n->text.n : 0, (const char *)n->text.p, all);
}

static enum status check_scalar(const struct check *c, const struct yaml_node *n, const struct form_key *k)
{
    static const char *const yes_no[] = {"yes", "no", NULL}, *const scores[] = {"1", "2", "3", "4", "5", NULL};
    struct form_key as = *k;
    uint64_t day;
    if (n->text.n == 0) /* still to be filled in */
        return ST_OK;
    switch (k->type) {
    case FORM_YESNO:
        as.words = yes_no;
        return check_word(c, n, &as);
    case FORM_SCORE:
        as.words = scores;
        return check_word(c, n, &as);
    case FORM_WORD:
        return check_word(c, n, k);
    case FORM_DAY:
        return scalar_date(n->text, &day) ? ST_OK : refuse(c, n, k->name, "expected a date, for instance 2026-11-30");
    case FORM_ID:
    case FORM_IDS:
        return text_is_id(n->text) ? ST_OK
                                   : refuse(c, n, k->name, "expected an organisation's id: a-z, 0-9 and -, as on its card");
    case FORM_TEXT:
    case FORM_TEXTS:
        return check_text(c, n, k);
    case FORM_MAPPING:
    case FORM_NAMED:
    case FORM_CHARTER:
        break;
    }
    ASSERT(!"a mapping is no scalar");
    return ST_OK;
}

static enum status check_node(struct check *c, const struct yaml_node *n, const struct form_key *k)
{
    bool mapping = k->type == FORM_MAPPING || k->type == FORM_NAMED;
    bool list = k->type == FORM_IDS || k->type == FORM_TEXTS;
    if (k->type == FORM_CHARTER) /* by the charter's loader */
        return ST_OK;
    if (mapping && n->type == YAML_SCALAR && n->text.n == 0)
        return ST_OK;
    if (n->type == YAML_SEQUENCE && list) {
        enum status st = ST_OK;
        for (const struct yaml_node *v = n->first; st == ST_OK && v != NULL; v = v->next)
            st = v->type == YAML_SCALAR ? check_scalar(c, v, k)
                                        : refuse(c, v, k->name, "found %s; expected one value", yaml_type_text(v));
        return st;
    }
    if (n->type != (mapping ? YAML_MAPPING : YAML_SCALAR))
        return refuse(c, n, k->name, "found %s; expected %s (%s)", yaml_type_text(n),
                      mapping ? "a mapping: {key: value}" : list ? "a list: [...]" : "one value", k->doc == NULL ? k->name : k->doc);
    if (!mapping)
        return check_scalar(c, n, k);
    return k->type == FORM_MAPPING ? check_mapping(c, n, k->of, k->name) : check_named(c, n, k);
}

enum status form_check(const struct yaml_node *root, const char *name, struct arena *a, struct err *err)
{
    static const struct form_key whole = {.name = "dossier", .type = FORM_MAPPING, .of = &form_root, .doc = "a dossier"};
    struct check c = {.name = name, .arena = a, .err = err};
    if (root->type != YAML_MAPPING || form_get(root, "dossier") == NULL)
        return err_set(err, ST_FORMAT,
                       "%s:%d:%d: this is no dossier: it does not begin with 'dossier: 1'; see: entente dossier template",
                       name, root->line, root->column);
    enum status st = push(&c, root, &whole);
    while (st == ST_OK && c.jobs != NULL) {
        const struct job *j = c.jobs;
        c.jobs = j->next;
        st = check_node(&c, j->node, j->key);
    }
    return st;
}
