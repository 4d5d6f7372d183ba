#include <criterion/criterion.h>
#include "rests.h"
#include "charter/charter.h"
#include "crypto/hash.h"

static char text[131072];

static const char more[] =
    "conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}\n"
    "risks:\n"
    "  categories: [financial, operational]\n"
    "  sharing: {brand: 40, distributor: 40, maker: 20}\n"
    "  escalate: {score 10: council, score 15: steering}\n"
    "  review: {score 1: every quarter, score 10: every month}\n"
    "  indicators: {}\n"
    "thesis:\n"
    "  objective: one\n"
    "  why-not-build-or-buy: two\n"
    "  outcomes: {a: USD 5.00 by 2027-06-30}\n"
    "  contributions: {brand: mark, distributor: routes, maker: lines}\n"
    "  scope: {in: [bottles], out: [cafes], markets: [us]}\n"
    "  assumptions: {}\n"
    "  principles: [safety first]\n";

/* --- The charter --- */

static void insert(char *at, const char *lines)
{
    size_t n = strlen(lines), rest = strlen(at) + 1;
    cr_assert((size_t)(at - text) + rest + n < sizeof text);
    memmove(at + n, at, rest);
    memcpy(at, lines, n);
}

void rests_edit(const char *find, const char *put)
{
    char *at = strstr(text, find);
    cr_assert_not_null(at, "the charter has no %s", find);
    memmove(at, at + strlen(find), strlen(at + strlen(find)) + 1);
    insert(at, put);
}

static char *line_after(const char *find)
{
    char *at = strstr(text, find);
    cr_assert_not_null(at, "the charter has no %s", find);
    return strchr(at + 1, '\n') + 1;
}

void rests_add(const char *lines)
{
    insert(text + strlen(text), lines);
}

void rests_add_metric(const char *line)
{
    insert(line_after("  defaults: {better"), line);
}

void rests_add_row(const char *line)
{
    insert(line_after("  defaults: {calendar"), line);
}

void rests_begin(void)
{
    struct arena a;
    arena_init(&a, 0);
    (void)snprintf(text, sizeof text, "%s\n", world_charter(&a));
    arena_deinit(&a);
    rests_add(more);
    rests_add_metric(readings_metrics);
    rests_edit("sla: 15 bd, notice: 5 bd}\n  charter-core", "sla: 15 bd}\n  charter-core");
    rests_edit("sla: 30 bd, notice: 10 bd, abstain: blocks}\n  admission", "sla: 30 bd, abstain: blocks}\n  admission");
}

void rests_found(struct world *w)
{
    world_found_with(w, text);
}

static enum status any_digest(void *ctx, struct span path, struct hash *ret, struct err *err)
{
    (void)ctx;
    (void)err;
    sha256(path, ret);
    return ST_OK;
}

struct span rests_body(struct world *w, enum section_id id)
{
    struct charter_founding f = {.founded_ms = readings_ms("2026-03-02T08:00:00Z")};
    struct charter_files files = {NULL, any_digest, any_digest};
    struct charter_source src;
    enum status st = charter_load(arena_dup(&w->a, span_str(text)), "test.yaml", &f, &files, &w->a, &src, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < src.sections.n; i++)
        if (src.sections.v[i].number == id)
            return src.sections.v[i].body;
    cr_assert_fail("the charter has no section %d", (int)id);
    return (struct span){0};
}

void rests_refused(struct world *w, const char *why)
{
    cr_assert_eq(world_try(w, text, NULL), ST_REFUSED, "founded");
    cr_assert_not_null(strstr(w->err.text, why), "%s", w->err.text);
}

uint64_t rests_propose_amendment(struct world *w, enum section_id id, struct span body)
{
    struct world_proposal p = {.section = id, .body = body};
    struct state_section s;
    struct tkey k = tkey_section(id);
    if (state_get(&w->v, &w->a, TABLE_SECTION, &k, &state_section_desc, &s, &w->err) == ST_OK)
        p.base = s.version;
    bool core = id == SECTION_TERM || id == SECTION_EXIT || id == SECTION_PARTNER_SEATS;
    enum verdict v = core ? world_propose(w, "brand/sponsor", "charter-core", &p)
                          : world_propose(w, "brand/finance", "charter-policy", &p);
    EXPECT_VERDICT(w, v, V_OK);
    return w->last;
}

void rests_approve(struct world *w, uint64_t n, const char *seat_name)
{
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        struct state_party party = world_party(w, orgs[i]);
        char seat[64];
        (void)snprintf(seat, sizeof seat, "%s/%s", orgs[i], seat_name);
        if (party_standing(&party) != STANDING_LEFT)
            EXPECT_VERDICT(w, world_ballot(w, (const char *)arena_dup(&w->a, span_str(seat)).p, n, CHOICE_APPROVE), V_OK);
    }
}

uint64_t rests_amend(struct world *w, enum section_id id)
{
    uint64_t n = rests_propose_amendment(w, id, rests_body(w, id));
    rests_approve(w, n, span_eqs(world_decision(w, n).type, "charter-core") ? "sponsor" : "finance");
    EXPECT_PHASE(w, n, PHASE_EFFECTIVE);
    return n;
}

/* --- Proposals --- */

struct proposal rests_proposal(void)
{
    struct proposal p = {.effect = {.type = EFFECT_NONE}};
    memset(p.title.b, 7, sizeof p.title.b);
    return p;
}

static struct reliance *one_more(struct world *w, struct proposal *p)
{
    struct reliance *v = arena_array(&w->a, p->relies.n + 1, sizeof *v);
    if (p->relies.n != 0)
        memcpy(v, p->relies.v, p->relies.n * sizeof *v);
    p->relies.v = v;
    SET_HAS(p, proposal_key_relies);
    v[p->relies.n] = (struct reliance){0};
    return &v[p->relies.n++];
}

void rests_on_assumption(struct world *w, struct proposal *p, uint64_t n)
{
    struct reliance *r = one_more(w, p);
    r->assumption = n;
    SET_HAS(r, reliance_key_assumption);
}

void rests_on_reading(struct world *w, struct proposal *p, uint64_t n)
{
    struct state_reading row = {0};
    struct reliance *r = one_more(w, p);
    r->reading.number = n;
    if (reading_get(&w->v, &w->a, n, &row, &w->err) == ST_OK && HAS(&row, state_reading_key_now))
        r->reading.digest = row.now.digest;
    SET_HAS(r, reliance_key_reading);
}

void rests_on_clause(struct world *w, struct proposal *p, const char *clause)
{
    struct reliance *r = one_more(w, p);
    r->clause = span_str(clause);
    SET_HAS(r, reliance_key_clause);
}

void rests_until(struct proposal *p, const char *date)
{
    p->until = world_day(date);
    SET_HAS(p, proposal_key_until);
}

static struct ref ref_of(struct world *w, uint64_t n)
{
    return (struct ref){.number = n, .digest = world_decision(w, n).digest};
}

enum verdict rests_propose(struct world *w, const char *seat, const char *type, const struct proposal *p)
{
    struct propose r = {.type = span_str(type), .proposal = *p};
    enum verdict v = world_entry(w, seat, KIND_PROPOSE, &propose_desc, &r);
    w->last += v == V_OK;
    return v;
}

enum verdict rests_revise(struct world *w, const char *seat, uint64_t n, const struct proposal *p)
{
    struct revise r = {.decision = ref_of(w, n), .proposal = *p};
    return world_entry(w, seat, KIND_REVISE, &revise_desc, &r);
}

enum verdict rests_recommend(struct world *w, const char *seat, uint64_t n, const struct proposal *p)
{
    struct decision_input r = {.decision = ref_of(w, n), .settled = *p};
    SET_HAS(&r, decision_input_key_settled);
    return world_entry(w, seat, KIND_INPUT, &decision_input_desc, &r);
}

/* --- What came of it --- */

bool rests_relied(struct world *w, enum relied what, uint64_t number, uint64_t decision)
{
    struct tkey k = tkey_relied(what, number, decision);
    struct span none;
    return view_get(&w->v, TABLE_RELIED, tkey_span(&k), &none) == ST_OK;
}

size_t rests_relied_rows(struct world *w)
{
    size_t n = 0;
    struct span key, value;
    for (struct tkey from = {.n = 1}; view_next(&w->v, TABLE_RELIED, tkey_span(&from), &key, &value) == ST_OK; n++)
        from = tkey_after(key);
    return n;
}

size_t rests_events(struct world *w, uint64_t n, enum event_type type)
{
    size_t found = 0;
    uint64_t all = world_decision(w, n).events;
    for (uint64_t back = 0; back < all; back++)
        found += world_event(w, n, back).type == type;
    return found;
}

const char *rests_words(struct world *w, uint64_t n, enum event_type type)
{
    uint64_t all = world_decision(w, n).events;
    for (uint64_t back = 0; back < all; back++) {
        struct state_event ev = world_event(w, n, back);
        if (ev.type == type)
            return (const char *)arena_dup(&w->a, ev.words).p;
    }
    cr_assert_fail("D-%d has no event %s", (int)n, enum_text(&event_type_enum, type));
    return NULL;
}

uint64_t rests_items(struct world *w, enum item_type type)
{
    struct state_counter c = {0};
    struct tkey k = tkey_text(span_str(enum_text(&item_type_enum, type)));
    enum status st = state_get(&w->v, &w->a, TABLE_META, &k, &state_counter_desc, &c, &w->err);
    cr_assert(st == ST_OK || st == ST_NOTFOUND);
    return c.value;
}

struct state_item rests_action(struct world *w, uint64_t back)
{
    return world_item_of(w, ITEM_ACTION, rests_items(w, ITEM_ACTION) - back);
}

bool rests_links_clause(const struct state_item *it, const char *clause)
{
    for (size_t i = 0; i < it->links.n; i++)
        if (HAS(&it->links.v[i], item_link_key_clause) && span_eqs(it->links.v[i].clause, clause))
            return true;
    return false;
}

bool rests_links_decision(const struct state_item *it, uint64_t n)
{
    for (size_t i = 0; i < it->links.n; i++)
        if (HAS(&it->links.v[i], item_link_key_decision) && it->links.v[i].decision == n)
            return true;
    return false;
}

bool rests_links_item(const struct state_item *it, enum item_type type, uint64_t n)
{
    for (size_t i = 0; i < it->links.n; i++)
        if (HAS(&it->links.v[i], item_link_key_item) && it->links.v[i].item.type == type && it->links.v[i].item.number == n)
            return true;
    return false;
}

uint64_t rests_assume(struct world *w)
{
    EXPECT_VERDICT(w, world_item_new(w, "brand/quality", ITEM_ASSUMPTION, NULL), V_OK);
    return rests_items(w, ITEM_ASSUMPTION);
}

void rests_falsify(struct world *w, uint64_t n)
{
    struct world_step s = {.finding = ASSUMED_FALSIFIED};
    EXPECT_VERDICT(w, world_step(w, "brand/quality", ITEM_ASSUMPTION, n, ITEM_STEP_CLAIM, &s), V_OK);
    EXPECT_VERDICT(w, world_step(w, "maker/quality", ITEM_ASSUMPTION, n, ITEM_STEP_VERIFY, &s), V_OK);
}

uint64_t rests_month(struct world *w, const char *ended, const char *from, const char *value)
{
    AT(w, ended);
    EXPECT_VERDICT(w, readings_report(w, "distributor/finance", "revenue", PURPOSE_ACTUAL, from, value), V_OK);
    uint64_t n = readings_of(w, "revenue", PURPOSE_ACTUAL, from, "distributor").number;
    EXPECT_VERDICT(w, readings_mark(w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    return n;
}

void rests_leave(struct world *w, const char *org)
{
    struct world_proposal p = {.effect = &world_exit};
    char seat[64];
    (void)snprintf(seat, sizeof seat, "%s/sponsor", org);
    const char *sponsor = (const char *)arena_dup(&w->a, span_str(seat)).p;
    EXPECT_VERDICT(w, world_propose(w, sponsor, "exit", &p), V_OK);
    uint64_t n = w->last;
    EXPECT_VERDICT(w, world_ballot(w, sponsor, n, CHOICE_APPROVE), V_OK);
    struct state_decision d = world_decision(w, n);
    if (d.phase == PHASE_PASSED)
        world_at_ms(w, d.effective_ms);
    EXPECT_PHASE(w, n, PHASE_EFFECTIVE);
}

/* --- Triggers --- */

struct state_trigger rests_trigger(struct world *w, enum trigger_type type, const char *name)
{
    struct state_trigger t;
    cr_assert_eq(trigger_get(&w->v, &w->a, type, span_str(name), &t, &w->err), ST_OK, "no trigger %s", name);
    return t;
}

bool rests_holds(struct world *w, enum trigger_type type, const char *name)
{
    struct state_trigger t = rests_trigger(w, type, name);
    return HAS(&t, state_trigger_key_since_ms);
}

size_t rests_asked(struct world *w, enum trigger_type type, const char *name)
{
    struct state_trigger t = rests_trigger(w, type, name);
    return HAS(&t, state_trigger_key_asked) ? t.asked.n : 0;
}

/* Of the first consequence. */
bool rests_first_holds(struct world *w)
{
    return rests_holds(w, TRIGGER_CONSEQUENCE, "1");
}

uint64_t rests_actions(struct world *w)
{
    return rests_items(w, ITEM_ACTION);
}

void rests_issue(struct world *w)
{
    EXPECT_VERDICT(w, world_item_new(w, "brand/finance", ITEM_ISSUE, NULL), V_OK);
}

void rests_terms(struct world *w)
{
    EXPECT_VERDICT(w, world_propose(w, "brand/business-lead", "terms", NULL), V_OK);
}
