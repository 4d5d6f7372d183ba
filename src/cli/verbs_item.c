/* Items: risk, issue, conflict, milestone and the other types share one grammar: TYPE new|take|...|list|show.
 */
#include "charter/predicate.h"
#include "charter/scalar.h"
#include "cli/cli_item.h"
#include "gov/item.h"

/* The verb of each type. */
static const struct {
    const char *verb;
    enum item_type type;
} types[] = {
    {"risk", ITEM_RISK},
    {"issue", ITEM_ISSUE},
    {"conflict", ITEM_CONFLICT},
    {"milestone", ITEM_MILESTONE},
    {"action", ITEM_ACTION},
    {"assume", ITEM_ASSUMPTION},
    {"finding", ITEM_FINDING},
    {"comply", ITEM_CHECK},
    {"lesson", ITEM_LESSON},
    {"request", ITEM_REQUEST},
    {"opportunity", ITEM_OPPORTUNITY},
    {"pilot", ITEM_PILOT},
    {"training", ITEM_TRAINING},
    {"feedback", ITEM_FEEDBACK},
};

enum item_type cli_item_type(const struct cli *c)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(c->verb->words, types[i].verb) == 0)
            return types[i].type;
    ASSERT(false);
    return ITEM_RISK;
}

const char *cli_item_verb(enum item_type type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].type == type)
            return types[i].verb;
    return "?";
}

bool cli_is_item(const char *word, struct item_ref *ret_ref)
{
    return item_id_parse(word, ret_ref);
}

/* --- What was typed --- */

static enum status date(struct cli *c, const char *option, const char *text, uint64_t *ret)
{
    if (scalar_date(span_str(text), ret))
        return ST_OK;
    return err_set(&c->err, ST_USAGE, "%s %s: expected a date, for instance 2026-03-31", option, text);
}

static enum status seat(struct cli *c, const char *option, const char *text, struct span *ret)
{
    *ret = span_str(text);
    if (text_is_seat(*ret))
        return ST_OK;
    return err_set(&c->err, ST_USAGE, "%s %s: expected ORG/SEAT, for instance brand/finance", option, text);
}

static enum status parse_link(struct cli *c, struct span text, struct item_link *ret)
{
    const char *s = (const char *)arena_dup(&c->a, text).p;
    struct item_link l = {0};
    if (item_id_parse(s, &l.item)) {
        SET_HAS(&l, item_link_key_item);
    } else if ((s[0] == 'D' || s[0] == 'd') && s[1] == '-' && cli_decision(s, &l.decision)) {
        SET_HAS(&l, item_link_key_decision);
    } else {
        l.clause = text;
        SET_HAS(&l, item_link_key_clause);
    }
    *ret = l;
    if (codec_check(&item_link_desc, ret, &c->err) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--link %s: expected a decision (D-12), an item (R-7) or a clause", s);
    if (!HAS(&l, item_link_key_clause))
        return ST_OK;
    enum status st = cli_clause_exists(c, text);
    return st == ST_NOTFOUND ? err_wrap(&c->err, ST_USAGE, "--link: ") : st;
}

static enum status parse_links(struct cli *c, struct item_link_list *ret)
{
    struct span_list words;
    cli_split(c, c->link, &words);
    ret->v = arena_array(&c->a, words.n + 1, sizeof *ret->v);
    for (ret->n = 0; ret->n < words.n; ret->n++) {
        enum status st = parse_link(c, words.v[ret->n], &ret->v[ret->n]);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

/* "brand=40,maker=60" */
static enum status parse_shares(struct cli *c, struct charter_share_list *ret)
{
    struct span_list words;
    cli_split(c, c->share, &words);
    ret->v = arena_array(&c->a, words.n + 1, sizeof *ret->v);
    for (ret->n = 0; ret->n < words.n; ret->n++) {
        struct span w = words.v[ret->n];
        const uint8_t *is = memchr(w.p, '=', w.n);
        size_t n = is == NULL ? w.n : (size_t)(is - w.p);
        struct charter_share *s = &ret->v[ret->n];
        *s = (struct charter_share){.org = span_of(w.p, n)};
        if (is == NULL || !scalar_uint(span_of(is + 1, w.n - n - 1), &s->percent) || !text_is_id(s->org) ||
            s->percent == 0 || s->percent > 100)
            return err_set(&c->err, ST_USAGE, "--share %.*s: expected ORG=PERCENT, for instance brand=40",
                           SPAN_FMT(w));
    }
    return ST_OK;
}

/* The charter's early warnings; none without a section risks. */
static enum status charter_warnings(struct cli *c, struct charter_risks *ret)
{
    bool is;
    *ret = (struct charter_risks){0};
    return cli_in_force(c, SECTION_RISKS, ret, &is);
}

static enum status parse_warning(struct cli *c, struct span word, const struct charter_risks *risks,
                                 struct item_indicator *ret)
{
    struct charter_predicate p;
    while (word.n > 0 && word.p[0] == ' ')
        word = span_of(word.p + 1, word.n - 1);
    bool known = text_is_id(word);
    if (known) {
        known = false;
        for (size_t i = 0; i < risks->indicators.n && !known; i++) {
            known = span_eq(risks->indicators.v[i].name, word);
            p = risks->indicators.v[i].when;
        }
        if (!known)
            return err_set(&c->err, ST_USAGE,
                           "--warns %.*s: the charter's section risks has no such early warning; expected one of "
                           "its names, or a condition on a metric, for instance \"on-shelf < 80 for 2\"",
                           SPAN_FMT(word));
    } else if (!predicate_parse(word, &c->a, &p)) {
        return err_set(&c->err, ST_USAGE,
                       "--warns %.*s: expected a condition on a metric, for instance \"on-shelf < 80 for 2\"",
                       SPAN_FMT(word));
    }
    const struct charter_term_of *t = p.terms.v;
    if (p.terms.n != 1 || t->type != COND_METRIC)
        return err_set(&c->err, ST_USAGE,
                       "--warns %.*s: a risk is warned of by conditions on one metric each; give those that it "
                       "is made of, for instance \"on-shelf < 80 for 2\"",
                       SPAN_FMT(word));
    *ret = (struct item_indicator){.metric = t->name, .op = t->op, .number = t->number, .periods = t->periods};
    if (HAS(t, charter_term_of_key_periods))
        SET_HAS(ret, item_indicator_key_periods);
    return ST_OK;
}

/* --warns; "none": an empty list. */
static enum status parse_warnings(struct cli *c, struct item_indicator_list *ret)
{
    struct span_list words = {0};
    struct charter_risks risks;
    enum status st = charter_warnings(c, &risks);
    if (st != ST_OK)
        return st;
    if (strcmp(c->warns, "none") != 0)
        cli_split(c, c->warns, &words);
    ret->v = arena_array(&c->a, words.n + 1, sizeof *ret->v);
    for (ret->n = 0; ret->n < words.n; ret->n++) {
        st = parse_warning(c, words.v[ret->n], &risks, &ret->v[ret->n]);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status parse_finding(struct cli *c, enum assumed *ret)
{
    uint32_t number;
    if (enum_parse(&assumed_enum, span_str(c->finding), &number) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--verdict %s: expected validated, falsified or inconclusive",
                       c->finding);
    *ret = (enum assumed)number;
    return ST_OK;
}

/* --text, --text-file, --reason or --reason-file: the one text of a step. */
static enum status one_text(struct cli *c, const char **ret)
{
    enum status st = cli_text_given(c);
    if (st == ST_OK)
        st = cli_reason(c);
    if (st == ST_OK && c->text != NULL && c->reason != NULL)
        return err_set(&c->err, ST_USAGE, "--text and --reason: one of them");
    *ret = c->text != NULL ? c->text : c->reason;
    return st;
}

/* --- What it says afterwards --- */

static void print_outcome(struct cli *c, const struct query_item *q)
{
    const struct cli_outcome *o = &c->outcome;
    if (c->json) {
        (void)printf("{\"entry\": \"%s\", \"state\": \"%s\", \"leaf\": %" PRIu64
                     ", \"item\": \"%.*s\", \"phase\": \"%s\"}\n",
                     hex_of(&o->id).s, enum_text(&rpc_state_enum, o->entry.state), o->entry.leaf,
                     SPAN_FMT(q->id), enum_text(&item_phase_enum, q->item.phase));
        return;
    }
    (void)printf("%.*s is %s.%s%.*s\n", SPAN_FMT(q->id), enum_text(&item_phase_enum, q->item.phase),
                 q->owed.n > 0 ? " " : "", SPAN_FMT(q->owed));
}

static int after(struct cli *c, const struct item_ref *ref)
{
    struct query_item q;
    if (c->save != NULL) {
        if (c->json)
            cli_print_outcome(c, 0, NULL);
        return EXIT_DONE;
    }
    if (cli_ask(c, METHOD_item, ref, &q) != ST_OK)
        return cli_fail(c);
    print_outcome(c, &q);
    return EXIT_DONE;
}

/* The item that an entry opened: the one of its leaf. By pages. */
static bool opened_at(struct cli *c, enum item_type type, uint64_t leaf, struct item_ref *ret)
{
    for (uint64_t from = 1;;) {
        struct rpc_items q = {.type = type, .from = from, .count = 1000, .live = false};
        struct query_items r;
        if (cli_ask(c, METHOD_items, &q, &r) != ST_OK)
            return false;
        for (size_t i = 0; i < r.list.n; i++) {
            from = r.list.v[i].item.number + 1;
            if (r.list.v[i].leaf == leaf && !HAS(&r.list.v[i], query_item_line_key_about)) {
                *ret = r.list.v[i].item;
                return true;
            }
        }
        if (!r.more)
            return false;
    }
}

/* --- new --- */

static enum status fill_risk(struct cli *c, struct item *r)
{
    enum status st = ST_OK;
    if (c->category != NULL) {
        r->category = span_str(c->category);
        SET_HAS(r, item_key_category);
    }
    if (c->likelihood != NULL) {
        st = cli_number(c, "--likelihood", c->likelihood, 1, 5, &r->likelihood);
        SET_HAS(r, item_key_likelihood);
    }
    if (st == ST_OK && c->impact != NULL) {
        st = cli_number(c, "--impact", c->impact, 1, 5, &r->impact);
        SET_HAS(r, item_key_impact);
    }
    if (st == ST_OK && c->share != NULL) {
        st = parse_shares(c, &r->sharing);
        SET_HAS(r, item_key_sharing);
    }
    if (st == ST_OK && c->every != NULL) {
        if (!scalar_period(span_str(c->every), &r->review))
            return err_set(&c->err, ST_USAGE,
                           "--every %s: expected a period, for instance month or \"2 weeks\"", c->every);
        SET_HAS(r, item_key_review);
    }
    if (st == ST_OK && c->warns != NULL) {
        st = parse_warnings(c, &r->indicators);
        if (st == ST_OK && r->indicators.n > 0)
            SET_HAS(r, item_key_indicators);
    }
    return st;
}

static enum status fill_parts(struct cli *c, struct item *r)
{
    enum status st = ST_OK;
    if (c->owner != NULL) {
        st = seat(c, "--owner", c->owner, &r->owner);
        SET_HAS(r, item_key_owner);
    }
    if (st == ST_OK && c->against != NULL) {
        st = seat(c, "--against", c->against, &r->against);
        SET_HAS(r, item_key_against);
    }
    if (st == ST_OK && c->due != NULL) {
        st = date(c, "--due", c->due, &r->due);
        SET_HAS(r, item_key_due);
    }
    if (st == ST_OK && c->link != NULL) {
        st = parse_links(c, &r->links);
        SET_HAS(r, item_key_links);
    }
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &r->documents);
        SET_HAS(r, item_key_documents);
    }
    if (c->tags != NULL) {
        cli_split(c, c->tags, &r->tags);
        SET_HAS(r, item_key_tags);
    }
    if (c->scope != NULL) {
        r->scope = span_str(c->scope);
        SET_HAS(r, item_key_scope);
    }
    if (c->about != NULL) {
        r->name = span_str(c->about);
        SET_HAS(r, item_key_name);
    }
    return st;
}

/* Parts of an item that not every type has, as they are typed. */
static const struct {
    unsigned key;
    const char *option, *value;
} parts[] = {
    {item_key_category, "--category", "NAME"}, {item_key_likelihood, "--likelihood", "1-5"}, {item_key_impact, "--impact", "1-5"},
    {item_key_against, "--against", "ORG/SEAT"}, {item_key_name, "--about", "NAME"},         {item_key_owner, "--owner", "ORG/SEAT"},
    {item_key_due, "--due", "DATE"},             {item_key_sharing, "--share", "ORG=N,..."},    {item_key_review, "--every", "PERIOD"},
    {item_key_indicators, "--warns", "CONDITION,..."},
};

void cli_item_needs(const char *verb, char *ret, size_t cap)
{
    size_t n = 0;
    ret[0] = 0;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        for (size_t k = 0; strcmp(types[i].verb, verb) == 0 && k < ARRAY_LEN(parts); k++)
            if ((item_type_row(types[i].type)->must >> parts[k].key & 1) != 0 && n < cap)
                n += (size_t)snprintf(ret + n, cap - n, " %s %s", parts[k].option, parts[k].value);
}

/* What the type must have, and what it cannot, by the options; the record would name its fields. */
static enum status check_parts(struct cli *c, const struct item *r)
{
    const struct item_type_row *row = item_type_row(r->type);
    char needs[200];
    cli_item_needs(c->verb->words, needs, sizeof needs);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        bool given = HAS(r, parts[i].key);
        if (!given && (row->must >> parts[i].key & 1) != 0)
            return err_set(&c->err, ST_USAGE, "a new %s needs %s %s; it needs at least: entente %s new --title TEXT%s",
                           enum_text(&item_type_enum, r->type), parts[i].option, parts[i].value, c->verb->words, needs);
        if (given && !item_key_allowed(row, parts[i].key))
            return err_set(&c->err, ST_USAGE, "a new %s takes no %s", enum_text(&item_type_enum, r->type), parts[i].option);
    }
    return ST_OK;
}

/* The categories are the charter's, which the node has at hand. */
static enum status check_category(struct cli *c, const struct item *r)
{
    struct charter_risks risks;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 800);
    if (!HAS(r, item_key_category) || charter_warnings(c, &risks) != ST_OK || risks.categories.n == 0)
        return ST_OK;
    for (size_t i = 0; i < risks.categories.n; i++) {
        if (span_eq(risks.categories.v[i], r->category))
            return ST_OK;
        buf_printf(&b, "%s%.*s", i == 0 ? "" : ", ", SPAN_FMT(risks.categories.v[i]));
    }
    return err_set(&c->err, ST_USAGE, "--category %s: the charter has no such category of risks; expected one of: %s", c->category, buf_cstr(&b));
}

static int item_new(struct cli *c)
{
    enum item_type type = cli_item_type(c);
    struct item r = {.type = type};
    struct cli_prose_list prose = {0};
    struct item_ref ref;
    uint64_t leaf = 0;
    if (c->title == NULL)
        return cli_usage(c, "a new %s needs a title: entente %s new --title TEXT",
                         enum_text(&item_type_enum, type), c->verb->words);
    enum status st = text_check(span_str(c->title), false, &c->err);
    if (st != ST_OK)
        err_wrap(&c->err, ST_USAGE, "--title: ");
    if (st == ST_OK)
        st = cli_text_given(c);
    if (st == ST_OK)
        st = cli_connect(c);
    if (st == ST_OK)
        st = cli_detach(c, &prose, c->title, &r.title);
    if (st == ST_OK && c->text != NULL) {
        st = cli_detach(c, &prose, c->text, &r.text);
        SET_HAS(&r, item_key_text);
    }
    if (st == ST_OK)
        st = fill_risk(c, &r);
    if (st == ST_OK)
        st = fill_parts(c, &r);
    if (st == ST_OK)
        st = check_parts(c, &r);
    if (st == ST_OK)
        st = check_category(c, &r);
    if (st != ST_OK)
        return cli_fail(c);
    int code = cli_enter_as(c, NULL, KIND_ITEM, &r, &prose, &leaf);
    if (code != EXIT_DONE)
        return code;
    if (c->save != NULL || !opened_at(c, type, leaf, &ref)) {
        if (c->json)
            cli_print_outcome(c, 0, NULL);
        return EXIT_DONE;
    }
    return after(c, &ref);
}

/* --- Steps --- */

/* The item as the node tells it, and the entry that opened it, proven: nobody signs about another one. */
enum status cli_item_fetch(struct cli *c, const struct item_ref *ref, struct query_item *q,
                           struct span *ret_title)
{
    enum status st = cli_ask(c, METHOD_item, ref, q);
    struct cli_leaf leaf;
    struct item body;
    if (st != ST_OK)
        return st;
    struct item_id id = item_id(ref->type, ref->number);
    if (q->item.item.type != ref->type || q->item.number != ref->number)
        return err_set(&c->err, ST_BADSIG, "%s: the node's answer is about another item. Nothing was signed",
                       id.s);
    *ret_title = HAS(&q->item, state_item_key_words) ? q->item.words : span_str("");
    if (!HAS(&q->item, state_item_key_id))
        return ST_OK; /* the record opened it: there is no entry */
    st = cli_prove(c, id.s, &q->item.id, q->item.opened_leaf, &leaf);
    if (st == ST_OK && (leaf.leaf.entry.kind != KIND_ITEM ||
                        codec_decode(&item_desc, leaf.leaf.entry.body, &c->a, &body, NULL) != ST_OK ||
                        body.type != ref->type || !hash_eq(&body.title, &q->item.item.title)))
        return err_set(&c->err, ST_BADSIG,
                       "%s: the entry given for it opens another item. Nothing was signed", id.s);
    if (st == ST_OK)
        *ret_title = cli_find_prose(&leaf.prose, &body.title);
    return st;
}

static enum status need_id(struct cli *c, size_t words, struct item_ref *ret)
{
    enum item_type type = cli_item_type(c);
    if (c->n < 2 || c->n > words || !item_id_parse(c->words[1], ret))
        return err_set(&c->err, ST_USAGE, "%s %s needs the id of an item, for instance: entente %s %s %s",
                       c->verb->words, c->words[0], c->verb->words, c->words[0], item_id(type, 7).s);
    if (ret->type != type)
        return err_set(&c->err, ST_USAGE, "%s is no %s: entente %s %s %s", c->words[1],
                       enum_text(&item_type_enum, type), cli_item_verb(ret->type), c->words[0], c->words[1]);
    return ST_OK;
}

/* What goes with the step, besides the text. */
static enum status fill_step(struct cli *c, struct item_move *r)
{
    enum status st = ST_OK;
    const char *third = c->n > 2 ? c->words[2] : NULL;
    if (r->step == ITEM_STEP_GIVE) {
        if (third == NULL)
            return err_set(&c->err, ST_USAGE,
                           "give needs the seat that it is offered to: entente %s give %s ORG/SEAT",
                           c->verb->words, c->words[1]);
        SET_HAS(r, item_move_key_to);
        return seat(c, "give", third, &r->to);
    }
    if (r->step == ITEM_STEP_LINK) {
        if (third == NULL)
            return err_set(&c->err, ST_USAGE, "link needs the other end: entente %s link %s D-12",
                           c->verb->words, c->words[1]);
        SET_HAS(r, item_move_key_link);
        return parse_link(c, span_str(third), &r->link);
    }
    if (third != NULL)
        return err_set(&c->err, ST_USAGE, "%s takes no %s", c->words[0], third);
    if (c->due != NULL) {
        st = date(c, "--due", c->due, &r->due);
        SET_HAS(r, item_move_key_due);
    }
    if (st == ST_OK && c->finding != NULL) {
        st = parse_finding(c, &r->finding);
        SET_HAS(r, item_move_key_finding);
    }
    if (st == ST_OK && c->likelihood != NULL) {
        st = cli_number(c, "--likelihood", c->likelihood, 1, 5, &r->likelihood);
        SET_HAS(r, item_move_key_likelihood);
    }
    if (st == ST_OK && c->impact != NULL) {
        st = cli_number(c, "--impact", c->impact, 1, 5, &r->impact);
        SET_HAS(r, item_move_key_impact);
    }
    if (st == ST_OK && c->warns != NULL) {
        st = parse_warnings(c, &r->indicators);
        SET_HAS(r, item_move_key_indicators);
    }
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &r->documents);
        SET_HAS(r, item_move_key_documents);
    }
    return st;
}

/* Seats that may do it, to choose among those that the key holds; NULL: any. */
static const struct span_list *who(const struct query_item *q, enum item_step step, struct span_list *l,
                                   struct span v[2])
{
    const struct state_item *it = &q->item;
    l->v = v;
    l->n = 1;
    v[0] = it->owner;
    if (step == ITEM_STEP_TAKE && HAS(it, state_item_key_offered))
        v[0] = it->offered;
    else if (it->item.type == ITEM_CONFLICT && step != ITEM_STEP_RECOMMEND && step != ITEM_STEP_LINK)
        v[l->n++] = it->item.against;
    else if (step != ITEM_STEP_GIVE && step != ITEM_STEP_CLAIM && step != ITEM_STEP_REVIEW)
        return NULL;
    return l;
}

static int step_on(struct cli *c, const struct item_ref *ref, enum item_step step)
{
    struct item_move r = {.item = *ref, .step = step};
    struct cli_prose_list prose = {0};
    struct query_item q;
    struct span_list seats;
    struct span two[2], title;
    const char *text = NULL;
    enum status st = fill_step(c, &r);
    if (st == ST_OK)
        st = one_text(c, &text);
    if (st == ST_OK)
        st = cli_item_fetch(c, ref, &q, &title);
    if (st == ST_OK && text != NULL) {
        st = cli_detach(c, &prose, text, &r.text);
        SET_HAS(&r, item_move_key_text);
    }
    if (st != ST_OK)
        return cli_fail(c);
    if (!c->json)
        (void)printf("%.*s: %.*s\n", SPAN_FMT(q.id), SPAN_FMT(title));
    int code = cli_enter_as(c, who(&q, step, &seats, two), KIND_ITEM_MOVE, &r, &prose, NULL);
    return code == EXIT_DONE ? after(c, ref) : code;
}

int cli_item_escalate(struct cli *c, const struct item_ref *ref)
{
    if (c->reason == NULL && c->reason_file == NULL)
        return cli_usage(c, "to escalate needs a reason: --reason TEXT");
    c->n = 1;
    return step_on(c, ref, ITEM_STEP_ESCALATE);
}

/* --- A decision that accepts a risk --- */

enum status cli_item_effect(struct cli *c, struct effect *e)
{
    struct item_ref ref;
    struct query_item q;
    struct span title;
    if (c->risk == NULL || c->accept_until == NULL || !item_id_parse(c->risk, &ref) || ref.type != ITEM_RISK)
        return err_set(
            &c->err, ST_USAGE,
            "a risk is accepted with --risk R-7 --accept-until 2026-06-30: the risk, and the last day");
    *e = (struct effect){.type = EFFECT_ACCEPT_RISK, .risk = ref.number};
    enum status st = date(c, "--accept-until", c->accept_until, &e->until);
    if (st == ST_OK)
        st = cli_item_fetch(c, &ref, &q, &title);
    if (st != ST_OK)
        return st;
    e->score = q.score;
    SET_HAS(e, effect_key_risk);
    SET_HAS(e, effect_key_until);
    SET_HAS(e, effect_key_score);
    return ST_OK;
}

int verb_item(struct cli *c)
{
    const char *word = c->n == 0 ? "" : c->words[0];
    struct item_ref ref;
    uint32_t step;
    if (strcmp(word, "list") == 0)
        return cli_item_list(c);
    if (cli_item_searches(c))
        return cli_usage(c, "--grep and --tag go with: entente %s list", c->verb->words);
    if (c->at != NULL && strcmp(word, "show") != 0)
        return cli_usage(c, "entente %s %s acts now; --at TIME is for questions alone: entente %s list, entente %s show",
                         c->verb->words, word, c->verb->words, c->verb->words);
    if (strcmp(word, "new") == 0 && c->n == 1)
        return item_new(c);
    bool is_show = strcmp(word, "show") == 0;
    if (!is_show && (enum_parse(&item_step_enum, span_str(word), &step) != ST_OK))
        return cli_usage(c, "%s %s: expected one of %s; see: entente help %s", c->verb->words, word,
                         c->verb->args, c->verb->words);
    if (need_id(c, is_show ? 2 : 3, &ref) != ST_OK)
        return cli_fail(c);
    return is_show ? cli_item_show(c, &ref) : step_on(c, &ref, (enum item_step)step);
}
