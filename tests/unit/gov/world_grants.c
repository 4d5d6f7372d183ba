#include <criterion/criterion.h>
#include "world_grants.h"

static const char row[] =
    "  data-sharing: {owner: \"*/quality\", approve: each partner 1 of */finance, sla: 5 bd, veto: [maker/sponsor], notice: "
    "1 bd}\n";
static const char section[] = "sharing:\n"
                              "  plans: {brand: can, distributor: can, maker: can}\n"
                              "  prices: {brand: cannot, distributor: can, maker: could}\n"
                              "  formula: {brand: could, distributor: could, maker: can}\n"
                              "  audit-right: {by: each partner, of: each partner, answer: 10 bd, at-most: 2 a year}\n";

void world_found_sharing(struct world *w, bool with_row, bool sharing)
{
    struct arena a;
    arena_init(&a, 0);
    char *base = world_charter(&a), *at = strstr(base, "  terms: {");
    cr_assert_not_null(at);
    size_t n = strlen(base) + sizeof row + sizeof section;
    char *text = arena_alloc(&a, n);
    (void)snprintf(text, n, "%.*s%s%s%s", (int)(at - base), base, with_row ? row : "", at, sharing ? section : "");
    world_found_with(w, text);
    arena_deinit(&a);
}

void world_found_grants(struct world *w)
{
    world_found_sharing(w, true, true);
}

static struct span_list names(struct world *w, const char *const *to)
{
    struct span_list l = {0, arena_array(&w->a, 4, sizeof(struct span))};
    for (; to[l.n] != NULL; l.n++)
        l.v[l.n] = span_str(to[l.n]);
    return l;
}

struct grant world_grant(struct world *w, const char *info_class, const char *const *to, const char *until)
{
    return (struct grant){
        .info_class = span_str(info_class), .audience = names(w, to), .until = readings_day(until)};
}

void world_derive(struct world *w, struct grant *g, const uint64_t *from)
{
    g->derived_from.v = arena_array(&w->a, 16, sizeof *g->derived_from.v);
    for (; from[g->derived_from.n] != 0; g->derived_from.n++) {
        uint64_t number = from[g->derived_from.n];
        g->derived_from.v[g->derived_from.n] = (struct ref){.number = number, .digest = world_grant_of(w, number).id};
    }
    SET_HAS(g, grant_key_derived_from);
}

void world_rest(struct world *w, struct grant *g, uint64_t decision)
{
    g->consent = (struct ref){.number = decision, .digest = world_decision(w, decision).digest};
    SET_HAS(g, grant_key_consent);
}

enum verdict world_share(struct world *w, const char *seat, const struct grant *g)
{
    return world_entry(w, seat, KIND_GRANT, &grant_desc, g);
}

struct state_grant world_grant_of(struct world *w, uint64_t number)
{
    struct state_grant s;
    enum status st = grant_get(&w->v, &w->a, number, &s, &w->err);
    cr_assert_eq(st, ST_OK, "G-%d: %s", (int)number, status_name(st));
    return s;
}

struct grant_move world_grant_move(struct world *w, uint64_t number, enum grant_act act)
{
    struct state_grant s = world_grant_of(w, number);
    struct grant_move m = {.grant = {.number = number, .digest = s.id}, .act = act};
    if (act == GRANT_ACT_REVOKE)
        SET_HAS(&m, grant_move_key_text);
    if (act == GRANT_ACT_RECEIVE && HAS(&s, state_grant_key_content)) {
        m.content = s.content;
        SET_HAS(&m, grant_move_key_content);
    }
    return m;
}

enum verdict world_grant_act(struct world *w, const char *seat, uint64_t number, enum grant_act act)
{
    struct grant_move m = world_grant_move(w, number, act);
    return world_entry(w, seat, KIND_GRANT_MOVE, &grant_move_desc, &m);
}

struct effect world_consent(struct world *w, const char *info_class, const char *const *to, const char *until)
{
    struct effect e = {.type = EFFECT_SHARE,
                       .info_class = span_str(info_class),
                       .audience = names(w, to),
                       .until = readings_day(until)};
    SET_HAS(&e, effect_key_info_class);
    SET_HAS(&e, effect_key_audience);
    SET_HAS(&e, effect_key_until);
    return e;
}

uint64_t world_consented(struct world *w, const char *info_class, const char *const *to, const char *until)
{
    struct effect e = world_consent(w, info_class, to, until);
    struct world_proposal p = {.effect = &e};
    EXPECT_VERDICT(w, world_propose(w, "brand/quality", "data-sharing", &p), V_OK);
    world_approve(w, w->last, (const char *[]){"brand/finance", "distributor/finance", "maker/finance", NULL});
    world_at_ms(w, world_decision(w, w->last).effective_ms);
    EXPECT_PHASE(w, w->last, PHASE_EFFECTIVE);
    return w->last;
}

bool world_grant_live(struct world *w, uint64_t n)
{
    struct span value;
    struct tkey k = tkey_u64(n);
    return view_get(&w->v, TABLE_GRANT_LIVE, tkey_span(&k), &value) == ST_OK;
}

void world_plans(struct world *w)
{
    struct grant g = world_grant(w, "plans", TO("distributor", "maker"), "2026-06-30");
    memset(g.content.b, 5, sizeof g.content.b);
    SET_HAS(&g, grant_key_content);
    EXPECT_VERDICT(w, world_share(w, "brand/quality", &g), V_OK);
}
