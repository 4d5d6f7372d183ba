#include "gov/amend.h"
#include "charter/check.h"
#include "gov/metric.h"
#include "gov/refresh.h"
#include "gov/session.h"

enum { SECTIONS = 63 };

enum status amend_charter(const struct view *v, struct arena *a, struct charter *ret, struct err *err)
{
    struct section *s = arena_array(a, SECTIONS, sizeof *s);
    if (s == NULL)
        return err_set(err, ST_LIMIT, "out of room for the charter");
    size_t n = 0;
    for (struct tkey from = tkey_section(1);; from = tkey_section(s[n - 1].number + 1)) {
        struct span key, value;
        struct state_section sec;
        enum status st = view_next(v, TABLE_SECTION, tkey_span(&from), &key, &value);
        if (st == ST_END || n == SECTIONS)
            break;
        if (st != ST_OK)
            return st;
        TRY(codec_decode(&state_section_desc, value, a, &sec, err));
        s[n++] = (struct section){.leaf = LEAF_SECTION, .version = 1, .number = key.p[0], .body = sec.body};
    }
    return charter_decode(s, n, a, ret, err);
}

static enum status charter_sound(const struct view *v, struct arena *a, struct span type,
                                 const struct effect *e, struct denial *no, struct err *err)
{
    struct charter before, after;
    struct err bad = {0};
    TRY(amend_charter(v, a, &before, err));
    enum status st = charter_with(&before, e->section, e->body, a, &after, &bad);
    if (st == ST_OK)
        st = check_refuse(&after, a, &bad);
    if (st == ST_FORMAT || st == ST_RANGE)
        return denial_set(no, V_CHARTER_INVALID, "%.240s", bad.text);
    if (st != ST_OK)
        return err_set(err, st, "%s", bad.text);
    bool core;
    const char *what = NULL;
    st = charter_touches_core(&before, &after, e->section, a, &core, &what);
    if (st != ST_OK)
        return err_set(err, st, "out of room for the core of the charter");
    if (core && !span_eqs(type, "charter-core"))
        return denial_set(no, V_BAD_EFFECT, "%.100s is core: only a charter-core decision changes it",
                          what == NULL ? "it" : what);
    if (!core && !span_eqs(type, "charter-policy"))
        return denial_set(no, V_BAD_EFFECT, "nothing core changes: this is for charter-policy");
    return ST_OK;
}

enum status amend_check(const struct view *v, struct arena *a, struct span type, const struct effect *effect,
                        struct denial *no, struct err *err)
{
    if (effect->section == SECTION_ALLIANCE)
        return denial_set(no, V_BAD_EFFECT, "section alliance is what was founded; it never changes");
    if (effect->section == SECTION_PARTIES || effect->section == SECTION_PARTNER_SEATS)
        return denial_set(
            no, V_NOT_PERMITTED,
            "sections parties and partner-seats change with members: by a decision of the row admission");
    struct tkey k = tkey_section(effect->section);
    struct state_section now = {0};
    enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &now, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    uint64_t base = HAS(effect, effect_key_base_version) ? effect->base_version : 0;
    if (base != now.version)
        return denial_set(no, V_STALE_VERSION,
                          "the section is at version %" PRIu64 ", the amendment was made from %" PRIu64,
                          now.version, base);
    if (st == ST_OK && span_eq(now.body, effect->body))
        return denial_set(no, V_BAD_EFFECT, "the amendment changes nothing");
    return charter_sound(v, a, type, effect, no, err);
}

enum status amend_apply(struct gov *g, uint64_t decision, uint64_t section, struct span body,
                        uint64_t *ret_version, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = tkey_section(section);
    struct state_section now = {0};
    enum status st = state_get(&v, g->arena, TABLE_SECTION, &k, &state_section_desc, &now, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_OK) {
        struct tkey old = tkey_section_old(section, now.version);
        TRY(state_put(g, TABLE_SECTION_OLD, &old, &state_section_desc, &now, err));
    }
    struct state_section next = {
        .version = now.version + 1, .body = body, .decision = decision, .changed_leaf = g->leaf};
    SET_HAS(&next, state_section_key_decision);
    TRY(state_put(g, TABLE_SECTION, &k, &state_section_desc, &next, err));
    *ret_version = next.version;
    if (section == SECTION_METRICS || section == SECTION_COMMITMENTS)
        return metric_follow(g, err);
    if (section == SECTION_REFRESH)
        return refresh_follow(g, err);
    return section == SECTION_SESSIONS ? session_follow(g, err) : ST_OK;
}
