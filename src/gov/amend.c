#include "charter/charter_model.h"
#include "charter/check.h"
#include "gov/amend.h"

enum { WHY = 256, SECTIONS = 63 };

/* All sections in force, decoded. */
static enum status in_force(const struct view *v, struct arena *a, struct charter *ret, struct err *err)
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

static enum verdict say(char *why, enum verdict v, const char *fmt, const char *text)
{
    (void)snprintf(why, WHY, fmt, text);
    /* Kept in the history as a TEXT: plain characters only. */
    for (char *p = why; *p != 0; p++) {
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    }
    return v;
}

/* GOV-22: which rows amend what. V_OK when the row amends, or V_BAD_EFFECT; *ret_done when there is no more
 * to check. */
static enum verdict shape(struct span type, const struct effect *e, char *why, bool *ret_done)
{
    bool amender = span_eqs(type, "charter-core") || span_eqs(type, "charter-policy");
    bool section = HAS(e, effect_key_section), body = HAS(e, effect_key_body),
         base = HAS(e, effect_key_base_version);
    *ret_done = true;
    if (e->type == EFFECT_NONE) {
        if (section || body || base)
            return say(why, V_BAD_EFFECT, "%s", "an effect of none has no other parts");
        if (amender)
            return say(why, V_BAD_EFFECT, "%s",
                       "this row amends the charter: give the section and its new body");
        return V_OK;
    }
    if (!amender)
        return say(why, V_BAD_EFFECT, "%s", "only charter-core and charter-policy amend the charter");
    if (!section || !body)
        return say(why, V_BAD_EFFECT, "%s", "an amendment gives the section and its new body");
    if (e->section == SECTION_ALLIANCE)
        return say(why, V_BAD_EFFECT, "%s", "section alliance is what was founded; it never changes");
    if (e->section == SECTION_PARTIES || e->section == SECTION_PARTNER_SEATS)
        return say(why, V_NOT_SUPPORTED, "%s",
                   "sections parties and partner-seats change with members and seats, which these rules do "
                   "not carry out yet");
    *ret_done = false;
    return V_OK;
}

static enum status charter_sound(const struct view *v, struct arena *a, struct span type,
                                 const struct effect *e, enum verdict *ret, char *why, struct err *err)
{
    struct charter before, after;
    struct err bad = {0};
    TRY(in_force(v, a, &before, err));
    enum status st = charter_with(&before, e->section, e->body, a, &after, &bad);
    if (st == ST_OK)
        st = check_refuse(&after, a, &bad);
    if (st == ST_FORMAT || st == ST_RANGE) {
        *ret = say(why, V_CHARTER_INVALID, "%.240s", bad.text);
        return ST_OK;
    }
    if (st != ST_OK)
        return err_set(err, st, "%s", bad.text);
    bool core;
    const char *what = NULL;
    st = charter_touches_core(&before, &after, e->section, a, &core, &what);
    if (st != ST_OK)
        return err_set(err, st, "out of room for the core of the charter");
    if (core && !span_eqs(type, "charter-core"))
        *ret = say(why, V_BAD_EFFECT, "%.100s is core: only a charter-core decision changes it",
                   what == NULL ? "it" : what);
    else if (!core && !span_eqs(type, "charter-policy"))
        *ret = say(why, V_BAD_EFFECT, "%s", "nothing core changes: this is for charter-policy");
    else
        *ret = V_OK;
    return ST_OK;
}

enum status amend_check(const struct view *v, struct arena *a, struct span type, const struct effect *effect,
                        enum verdict *ret_verdict, char *why, struct err *err)
{
    bool done;
    why[0] = 0;
    enum verdict verdict = shape(type, effect, why, &done);
    if (done) {
        *ret_verdict = verdict;
        return ST_OK;
    }
    struct tkey k = tkey_section(effect->section);
    struct state_section now = {0};
    enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &now, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    uint64_t base = HAS(effect, effect_key_base_version) ? effect->base_version : 0;
    if (base != now.version) {
        char text[80];
        (void)snprintf(text, sizeof text, "%" PRIu64 ", the amendment was made from %" PRIu64, now.version,
                       base);
        *ret_verdict = say(why, V_STALE_VERSION, "the section is at version %s", text);
        return ST_OK;
    }
    if (st == ST_OK && span_eq(now.body, effect->body)) {
        *ret_verdict = say(why, V_BAD_EFFECT, "%s", "the amendment changes nothing");
        return ST_OK;
    }
    return charter_sound(v, a, type, effect, ret_verdict, why, err);
}

enum status amend_apply(struct gov *g, uint64_t decision, const struct effect *effect, uint64_t *ret_version,
                        struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = tkey_section(effect->section);
    struct state_section now = {0};
    enum status st = state_get(&v, g->arena, TABLE_SECTION, &k, &state_section_desc, &now, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_OK) {
        struct tkey old = tkey_section_old(effect->section, now.version);
        TRY(state_put(g, TABLE_SECTION_OLD, &old, &state_section_desc, &now, err));
    }
    struct state_section next = {
        .version = now.version + 1, .body = effect->body, .decision = decision, .changed_leaf = g->leaf};
    SET_HAS(&next, state_section_key_decision);
    TRY(state_put(g, TABLE_SECTION, &k, &state_section_desc, &next, err));
    *ret_version = next.version;
    return ST_OK;
}
