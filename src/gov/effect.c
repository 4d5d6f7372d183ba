#include "gov/effect.h"
#include "gov/amend.h"
#include "gov/erase.h"
#include "gov/grant.h"
#include "gov/item.h"
#include "gov/members.h"
#include "gov/reseat.h"
#include "gov/upgrade.h"

/* Rows that have an effect, and the keys of `effect` that go with it besides the type. One that is optional may be
 * none instead. */
static const struct {
    const char *row;
    enum effect_type type;
    uint64_t must, may;
    const char *words;
    bool optional;
} rows[] = {
#define BIT(name) (UINT64_C(1) << effect_key_##name)
    {"charter-core", EFFECT_AMEND, BIT(section) | BIT(body), BIT(base_version),
     "this row amends the charter: give the section and its new body", false},
    {"charter-policy", EFFECT_AMEND, BIT(section) | BIT(body), BIT(base_version),
     "this row amends the charter: give the section and its new body", false},
    {"admission", EFFECT_ADMIT, BIT(party) | BIT(card), 0,
     "this row admits an organisation: give its line of the section parties, and its signed card", false},
    {"admission", EFFECT_REGISTRAR, BIT(keys) | BIT(instead_of), 0,
     "the others replace a partner's registrar: give the keys that hold the seat then, and those that do "
     "now", false},
    {"removal", EFFECT_REMOVE, 0, 0,
     "this row removes the organisation that the proposal names as its partner", false},
    {"exit", EFFECT_EXIT, 0, 0, "this row lets the mover's own organisation leave; nothing else is given", false},
    {"upgrade", EFFECT_UPGRADE, BIT(rules), 0, "this row upgrades the rules: give their version", false},
    {"risk-acceptance", EFFECT_ACCEPT_RISK, BIT(risk) | BIT(until) | BIT(score), 0,
     "this row accepts a risk: give its number, the score that is accepted, and until when", false},
    {"erasure", EFFECT_ERASE, BIT(leaves), 0, "this row erases texts: give the entries whose texts go", false},
    {"data-sharing", EFFECT_SHARE, BIT(info_class) | BIT(audience) | BIT(until), 0,
     "this row lets a class be shared: give the class, the partners and the last day, or no effect", true},
};

bool effect_has(struct span type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (span_eqs(type, rows[i].row) && !rows[i].optional)
            return true;
    }
    return false;
}

bool effect_names(struct span type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (span_eqs(type, rows[i].row))
            return true;
    }
    return false;
}

/* GOV-22: the row's own effect, with its own keys. */
static enum status shape(struct span type, const struct effect *e, struct denial *no)
{
    uint64_t given = e->has & ~BIT(type);
    size_t i = ARRAY_LEN(rows);
    for (size_t k = ARRAY_LEN(rows); k-- > 0;) { /* the row's line for this effect, else its first */
        if (span_eqs(type, rows[k].row) && (i == ARRAY_LEN(rows) || rows[i].type != e->type))
            i = k;
    }
    if (i == ARRAY_LEN(rows) && e->type != EFFECT_NONE)
        return denial_set(no, V_BAD_EFFECT, "%.*s decisions have no effect of the kind %s; expected none",
                          SPAN_FMT(type), enum_text(&effect_type_enum, e->type));
    if (i == ARRAY_LEN(rows) || (rows[i].optional && e->type == EFFECT_NONE))
        return given == 0 ? ST_OK : denial_set(no, V_BAD_EFFECT, "an effect of none has no other parts");
    if (e->type != rows[i].type || (given & rows[i].must) != rows[i].must ||
        (given & ~(rows[i].must | rows[i].may)) != 0)
        return denial_set(no, V_BAD_EFFECT, "%s", rows[i].words);
    return ST_OK;
}
#undef BIT

enum status effect_check(const struct view *v, struct arena *a, uint64_t now_ms,
                         const struct state_decision *d, const struct effect *e, struct denial *no,
                         struct err *err)
{
    struct span org;
    TRY(shape(d->type, e, no));
    switch (e->type) {
    case EFFECT_NONE:
        return ST_OK;
    case EFFECT_AMEND:
        return amend_check(v, a, d->type, e, no, err);
    case EFFECT_ADMIT:
        return members_check_admit(v, a, e, no, err);
    case EFFECT_REMOVE:
    case EFFECT_EXIT:
        if (e->type == EFFECT_EXIT && HAS(d, state_decision_key_partner))
            return denial_set(no, V_BAD_EFFECT,
                              "an exit is of the mover's own organisation; it names no partner");
        if (!effect_leaver(d, e, &org))
            return denial_set(no, V_NO_SUCH_OBJECT,
                              "a removal names the organisation that leaves, as its partner");
        return members_check_leave(v, a, org, no, err);
    case EFFECT_UPGRADE:
        return upgrade_check(v, a, e->rules, no, err);
    case EFFECT_REGISTRAR:
        return reseat_check(v, a, d, e, no, err);
    case EFFECT_SHARE:
        return grant_check_share(v, a, now_ms, e, no, err);
    case EFFECT_ACCEPT_RISK:
        return item_check_accept(v, a, now_ms, e, no, err);
    case EFFECT_ERASE:
        return erase_check(d, e, no);
    }
    return err_set(err, ST_CORRUPT, "an effect of an unknown kind %d", (int)e->type);
}

uint64_t effect_section(const struct effect *e)
{
    if (e->type == EFFECT_ADMIT)
        return SECTION_PARTIES;
    return e->type == EFFECT_AMEND ? e->section : 0;
}

bool effect_leaver(const struct state_decision *d, const struct effect *e, struct span *ret_org)
{
    if (e->type == EFFECT_EXIT)
        *ret_org = state_seat_org(d->mover);
    else if (e->type == EFFECT_REMOVE && HAS(d, state_decision_key_partner))
        *ret_org = d->partner;
    else
        return false;
    return true;
}

enum status effect_apply(struct gov *g, const struct state_decision *d, const struct effect *e,
                         uint64_t *ret_version, struct err *err)
{
    *ret_version = 0;
    switch (e->type) {
    case EFFECT_NONE:
    case EFFECT_REMOVE:
    case EFFECT_EXIT:
    case EFFECT_SHARE:
        return ST_OK;
    case EFFECT_AMEND:
        return amend_apply(g, d->number, e->section, e->body, ret_version, err);
    case EFFECT_ADMIT:
        return members_admit(g, d->number, e, ret_version, err);
    case EFFECT_UPGRADE:
        return upgrade_decide(g, e->rules, err);
    case EFFECT_REGISTRAR:
        return reseat_apply(g, d->partner, &e->keys, err);
    case EFFECT_ACCEPT_RISK:
        return item_accept(g, d->number, e, err);
    case EFFECT_ERASE:
        return erase_apply(g, d->number, e, err);
    }
    return err_set(err, ST_CORRUPT, "an effect of an unknown kind %d", (int)e->type);
}
