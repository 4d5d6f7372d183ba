#include "gov/supersede.h"
#include "charter/charter_model.h"
#include "gov/course.h"
#include "gov/effect.h"

enum status supersede_sound(struct act *c, struct span type, const struct proposal *p, struct err *err)
{
    struct matter old;
    struct state_revision rev;
    if (!HAS(p, proposal_key_supersedes))
        return ST_OK;
    if (p->effect.type != EFFECT_NONE)
        return act_refuse(c, V_MALFORMED, "proposal.supersedes: it has an effect of the kind %s; only a decision without one takes another's place",
                          enum_text(&effect_type_enum, p->effect.type));
    enum status st = matter_load(&c->v, c->g->arena, p->supersedes, &old, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64 " to supersede", p->supersedes);
    TRY(st);
    if (!span_eq(old.d.type, type))
        return act_refuse(c, V_NOT_PERMITTED, "D-%" PRIu64 " is of the row %.*s; only a decision of that row supersedes it", p->supersedes,
                          SPAN_FMT(old.d.type));
    struct tkey k = tkey_revision(old.d.number, old.d.revision);
    TRY(state_need(&c->v, c->g->arena, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    if (rev.proposal.effect.type != EFFECT_NONE)
        return act_refuse(c, V_NOT_PERMITTED, "D-%" PRIu64 " had an effect of its own (%s), so nothing takes its place", p->supersedes,
                          enum_text(&effect_type_enum, rev.proposal.effect.type));
    if (old.d.phase != PHASE_EFFECTIVE)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is %s; only what is in effect is superseded", p->supersedes,
                          enum_text(&phase_enum, old.d.phase));
    return ST_OK;
}

const char *supersede_hint(const struct state_decision *d)
{
    return d->phase == PHASE_EFFECTIVE && !effect_names(d->type) ? "; another decision of its row can take its place (--supersedes)" : "";
}

void supersede_describe(struct state_decision *d, const struct proposal *p)
{
    d->has &= ~(UINT64_C(1) << state_decision_key_supersedes);
    if (!HAS(p, proposal_key_supersedes))
        return;
    d->supersedes = p->supersedes;
    SET_HAS(d, state_decision_key_supersedes);
}

static enum status other_of(const struct view *v, struct arena *a, const struct state_decision *d, struct matter *ret, struct err *err)
{
    enum status st = matter_load(v, a, d->supersedes, ret, err);
    return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "D-%" PRIu64 " supersedes D-%" PRIu64 ", which is not there", d->number, d->supersedes)
                             : st;
}

enum status supersede_widen(const struct view *v, struct arena *a, struct matter *m, struct err *err)
{
    struct matter old;
    if (!HAS(&m->d, state_decision_key_supersedes))
        return ST_OK;
    TRY(other_of(v, a, &m->d, &old, err));
    uint64_t level = old.d.level < m->p.raises.n ? old.d.level : m->p.raises.n;
    m->d.level = m->d.level > level ? m->d.level : level;
    m->d.joint |= old.d.joint;
    return ST_OK;
}

enum status supersede_gone(const struct view *v, struct arena *a, const struct state_decision *d, const char **ret_words, struct err *err)
{
    struct matter old;
    *ret_words = NULL;
    if (!HAS(d, state_decision_key_supersedes) || HAS(d, state_decision_key_acted_ms))
        return ST_OK;
    TRY(other_of(v, a, d, &old, err));
    if (old.d.phase == PHASE_EFFECTIVE)
        return ST_OK;
    *ret_words = charter_text(a, "D-%" PRIu64 " is not in effect any more", d->supersedes);
    return *ret_words == NULL ? err_set(err, ST_LIMIT, "out of room for words") : ST_OK;
}

enum status supersede_apply(struct gov *g, const struct state_decision *d, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct matter old;
    if (!HAS(d, state_decision_key_supersedes))
        return ST_OK;
    TRY(other_of(&v, g->arena, d, &old, err));
    return old.d.phase == PHASE_EFFECTIVE ? course_close(g, &old, PHASE_SUPERSEDED, NULL, d->number, err) : ST_OK;
}
