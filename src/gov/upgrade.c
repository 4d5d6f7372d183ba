#include "gov/upgrade.h"
#include "cert/quorum.h"
#include "gov/act.h"
#include "gov/party.h"

static const char in_force[] = "rules", decided[] = "rules-next";

/* 0 when there is none. */
static enum status counter(const struct view *v, struct arena *a, const char *name, uint64_t *ret,
                           struct err *err)
{
    struct state_counter c = {0};
    struct tkey k = tkey_text(span_str(name));
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &c, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    *ret = c.value;
    return ST_OK;
}

static enum status put_counter(struct gov *g, const char *name, uint64_t value, struct err *err)
{
    struct tkey k = tkey_text(span_str(name));
    struct state_counter c = {.value = value};
    return state_put(g, TABLE_META, &k, &state_counter_desc, &c, err);
}

static enum status rules_of(const struct view *v, struct arena *a, uint64_t *ret, struct err *err)
{
    TRY(counter(v, a, in_force, ret, err));
    if (*ret == 0)
        *ret = 1;
    return ST_OK;
}

enum status gov_rules(const struct view *v, uint32_t *ret_rules, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    uint64_t rules;
    TRY(rules_of(v, &a, &rules, err));
    if (rules > UINT32_MAX)
        return err_set(err, ST_CORRUPT, "rules version %" PRIu64 " cannot be", rules);
    *ret_rules = (uint32_t)rules;
    return ST_OK;
}

enum status upgrade_check(const struct view *v, struct arena *a, uint64_t rules, struct denial *no,
                          struct err *err)
{
    uint64_t now, next;
    TRY(rules_of(v, a, &now, err));
    TRY(counter(v, a, decided, &next, err));
    uint64_t want = (next != 0 ? next : now) + 1;
    if (rules == want && rules <= UINT32_MAX)
        return ST_OK;
    return denial_set(no, V_BAD_EFFECT,
                      "an upgrade leads to rules version %" PRIu64 ", the next one, not to %" PRIu64, want,
                      rules);
}

enum status upgrade_decide(struct gov *g, uint64_t rules, struct err *err)
{
    TRY(put_counter(g, decided, rules, err));
    return upgrade_settle(g, err);
}

static enum status supports(const struct view *v, struct arena *a, struct span org, uint64_t *ret_rules,
                            struct err *err)
{
    struct state_support s = {0};
    struct tkey k = tkey_text(org);
    enum status st = state_get(v, a, TABLE_SUPPORT, &k, &state_support_desc, &s, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    *ret_rules = s.rules;
    return ST_OK;
}

enum status upgrade_settle(struct gov *g, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t next;
    uint32_t n = 0, ready = 0;
    TRY(counter(&v, g->arena, decided, &next, err));
    if (next == 0)
        return ST_OK;
    for (struct tkey from = party_first();;) {
        struct span org;
        struct state_party p;
        uint64_t rules;
        enum status st = party_next(&v, g->arena, &from, &org, &p, err);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        if (!party_votes(&p))
            continue;
        TRY(supports(&v, g->arena, org, &rules, err));
        n++;
        ready += rules >= next;
    }
    if (n == 0 || ready < quorum_of(n))
        return ST_OK;
    struct tkey k = tkey_text(span_str(decided));
    overlay_del(g->state, TABLE_META, tkey_span(&k));
    return put_counter(g, in_force, next, err);
}

enum status upgrade_apply_support(struct act *c, const struct support *r, struct err *err)
{
    struct span org = state_seat_org(c->e->entry->seat);
    uint64_t now, before;
    TRY(rules_of(&c->v, c->g->arena, &now, err));
    if (r->rules <= now)
        return act_refuse(c, V_NOT_NOW, "rules version %" PRIu64 " is in force already", now);
    TRY(supports(&c->v, c->g->arena, org, &before, err));
    if (r->rules <= before)
        return act_refuse(c, V_DUPLICATE, "%.*s said so before: it runs rules up to version %" PRIu64,
                          SPAN_FMT(org), before);
    struct state_support s = {.rules = r->rules, .leaf = c->g->leaf};
    struct tkey k = tkey_text(org);
    TRY(state_put(c->g, TABLE_SUPPORT, &k, &state_support_desc, &s, err));
    return upgrade_settle(c->g, err);
}
