#include <criterion/criterion.h>
#include "readings.h"
#include "world_items.h"

static const char more[] =
    "conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}\n"
    "risks:\n"
    "  categories: [financial, operational]\n"
    "  sharing: {brand: 40, distributor: 40, maker: 20}\n"
    "  escalate: {score 10: council, score 15: steering}\n"
    "  review: {score 1: every quarter, score 10: every month}\n"
    "  indicators: {}\n"
    "compliance: {food-safety: {attest: \"*/quality\", every: month, evidence: required}}\n"
    "launch:\n"
    "  day-30: [teams onboarded]\n"
    "  gate-national: {opens-with: [shelf-life validated, food-safety attested, mark decided], before: "
    "roll-out}\n"
    "thesis:\n"
    "  objective: one\n"
    "  why-not-build-or-buy: two\n"
    "  outcomes: {a: USD 5.00 by 2027-06-30}\n"
    "  contributions: {brand: mark, distributor: routes, maker: lines}\n"
    "  scope: {in: [bottles], out: [cafes], markets: [us]}\n"
    "  assumptions: {shelf-life: {owner: maker/quality, test: six months}}\n"
    "  principles: [safety first]\n";
static const char row[] = "  risk-acceptance: {owner: council, approve: each partner 1 of council, sla: 10 "
                          "bd, longest: 180 d, above: {score 15: "
                          "each partner 1 of steering}}\n";

void world_found_items(struct world *w)
{
    world_found_items_with(w, "");
}

void world_found_watched(struct world *w)
{
    world_found_items_with(w, readings_metrics);
}

void world_found_items_with(struct world *w, const char *lines)
{
    struct arena a;
    arena_init(&a, 0);
    char *base = world_charter(&a);
    char *metrics = strstr(base, "metrics:\n");
    char *first = strchr(strstr(metrics, "defaults:"), '\n') + 1;
    size_t n = strlen(base) + sizeof row + sizeof more + strlen(lines);
    char *text = arena_alloc(&a, n);
    cr_assert(metrics != NULL);
    (void)snprintf(text, n, "%.*s%s%.*s%s%s%s", (int)(metrics - base), base, row, (int)(first - metrics), metrics, lines, first, more);
    world_found_with(w, text);
    arena_deinit(&a);
}

struct item_indicator world_indicator(const char *metric, enum comparison op, const char *number, uint64_t periods)
{
    struct item_indicator x = {.metric = span_str(metric), .op = op, .number = readings_decimal(number), .periods = periods};
    if (periods > 1)
        SET_HAS(&x, item_indicator_key_periods);
    return x;
}

uint64_t world_day(const char *date)
{
    char t[32];
    uint64_t ms;
    (void)snprintf(t, sizeof t, "%sT00:00:00Z", date);
    cr_assert_eq(time_parse(span_str(t), &ms), ST_OK);
    return ms / 86400000;
}

struct item_link world_link_item(enum item_type type, uint64_t n)
{
    struct item_link l = {.item = {.type = type, .number = n}};
    SET_HAS(&l, item_link_key_item);
    return l;
}

struct item_link world_link_decision(uint64_t n)
{
    struct item_link l = {.decision = n};
    SET_HAS(&l, item_link_key_decision);
    return l;
}

static struct span or_else(const char *given, const char *otherwise)
{
    return span_str(given != NULL ? given : otherwise);
}

enum verdict world_item_new(struct world *w, const char *seat, enum item_type type,
                            const struct world_item *o)
{
    static const struct world_item plain;
    struct item r = {.type = type, .likelihood = 3, .impact = 4, .review = {.n = 1, .unit = PERIOD_WEEK}};
    o = o == NULL ? &plain : o;
    memset(r.title.b, 7, sizeof r.title.b);
    r.owner = or_else(o->owner, "maker/quality");
    r.against = or_else(o->against, "maker/finance");
    r.name = or_else(o->name, "food-safety");
    r.category = or_else(o->category, "operational");
    r.due = o->due != 0 ? o->due : world_day("2026-03-31");
    r.sharing.n = o->n_sharing;
    r.sharing.v = arena_array(&w->a, 4, sizeof *r.sharing.v);
    if (o->n_sharing > 0) {
        memcpy(r.sharing.v, o->sharing, o->n_sharing * sizeof *r.sharing.v);
    } else {
        r.sharing.n = 1;
        r.sharing.v[0] = (struct charter_share){.org = span_str("maker"), .percent = 100};
    }
    if (o->likelihood != 0) {
        r.likelihood = o->likelihood;
        r.impact = o->impact;
    }
    struct item_link link = o->link;
    r.links = (struct item_link_list){1, &link};
    r.has = (item_type_row(type)->must | o->with) & ~o->without;
    if (o->owner != NULL)
        SET_HAS(&r, item_key_owner);
    if (o->name != NULL)
        SET_HAS(&r, item_key_name);
    if (o->due != 0)
        SET_HAS(&r, item_key_due);
    if (o->link.has != 0)
        SET_HAS(&r, item_key_links);
    if (o->n_sharing > 0)
        SET_HAS(&r, item_key_sharing);
    struct span tag = or_else(o->tag, "");
    r.tags = (struct span_list){1, &tag};
    if (o->tag != NULL)
        SET_HAS(&r, item_key_tags);
    struct item_indicator warnings[16];
    for (size_t i = 0; i < o->n_indicators; i++)
        warnings[i] = o->indicators[i];
    r.indicators = (struct item_indicator_list){o->n_indicators, warnings};
    if (o->n_indicators > 0)
        SET_HAS(&r, item_key_indicators);
    return world_entry(w, seat, KIND_ITEM, &item_desc, &r);
}

enum verdict world_step(struct world *w, const char *seat, enum item_type type, uint64_t n,
                        enum item_step step, const struct world_step *o)
{
    static const struct world_step plain;
    struct hash document = {{1}};
    o = o == NULL ? &plain : o;
    struct item_move r = {.item = {.type = type, .number = n},
                          .step = step,
                          .due = o->due,
                          .link = o->link,
                          .finding = o->finding == 0 ? ASSUMED_VALIDATED : o->finding,
                          .likelihood = o->likelihood == 0 ? 1 : o->likelihood,
                          .impact = o->impact == 0 ? 1 : o->impact,
                          .documents = {1, &document}};
    r.to = or_else(o->to, "maker/quality");
    r.has = o->with;
    bool text = step == ITEM_STEP_REOPEN || step == ITEM_STEP_REBASE || step == ITEM_STEP_ESCALATE ||
                step == ITEM_STEP_RECOMMEND || step == ITEM_STEP_DECLINE;
    if (text || o->text)
        SET_HAS(&r, item_move_key_text);
    if (o->to != NULL)
        SET_HAS(&r, item_move_key_to);
    if (o->due != 0)
        SET_HAS(&r, item_move_key_due);
    if (o->link.has != 0)
        SET_HAS(&r, item_move_key_link);
    if (o->finding != 0)
        SET_HAS(&r, item_move_key_finding);
    if (o->likelihood != 0) {
        SET_HAS(&r, item_move_key_likelihood);
        SET_HAS(&r, item_move_key_impact);
    }
    if (o->document)
        SET_HAS(&r, item_move_key_documents);
    struct item_indicator warnings[16];
    for (size_t i = 0; i < o->n_indicators; i++)
        warnings[i] = o->indicators[i];
    r.indicators = (struct item_indicator_list){o->n_indicators, warnings};
    if (o->indicators != NULL)
        SET_HAS(&r, item_move_key_indicators);
    return world_entry(w, seat, KIND_ITEM_MOVE, &item_move_desc, &r);
}

struct state_item world_item_of(struct world *w, enum item_type type, uint64_t n)
{
    struct item_ref ref = {.type = type, .number = n};
    struct state_item it;
    enum status st = item_get(&w->v, &w->a, &ref, &it, &w->err);
    cr_assert_eq(st, ST_OK, "%s: %s", item_id(type, n).s, status_name(st));
    return it;
}

struct state_item_event world_item_event(struct world *w, enum item_type type, uint64_t n, uint64_t back)
{
    struct state_item it = world_item_of(w, type, n);
    struct state_item_event ev;
    struct tkey k = tkey_item_event(type, n, it.events - back);
    cr_assert_eq(state_get(&w->v, &w->a, TABLE_ITEM_EVENT, &k, &state_item_event_desc, &ev, &w->err), ST_OK);
    return ev;
}
