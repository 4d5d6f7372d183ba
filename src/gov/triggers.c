#include "gov/triggers.h"
#include "gov/predicate.h"

/* A section that the charter may lack. */
static enum status section(const struct figures *f, enum section_id id, const struct record_desc *d,
                           bool *ret_there, void *ret, struct err *err)
{
    struct state_section s;
    struct tkey k = tkey_section(id);
    enum status st = state_get(f->v, f->a, TABLE_SECTION, &k, &state_section_desc, &s, err);
    *ret_there = st == ST_OK;
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    return codec_decode(d, s.body, f->a, ret, err);
}

enum status triggers_exit(const struct figures *f, bool *ret_there, struct charter_exit *ret, struct err *err)
{
    return section(f, SECTION_EXIT, &charter_exit_desc, ret_there, ret, err);
}

/* The newest decision of the row that was proposed since; 0 for none. */
static enum status answered(const struct figures *f, struct span row, uint64_t since_ms, uint64_t *ret_number,
                            struct err *err)
{
    struct tkey at = tkey_u64(UINT64_MAX);
    *ret_number = 0;
    for (;;) {
        struct span key, value;
        struct state_decision d;
        arena_reset(f->scratch);
        enum status st = view_prev(f->v, TABLE_DECISION, tkey_span(&at), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(err, st, "decisions cannot be read");
        TRY(codec_decode(&state_decision_desc, value, f->scratch, &d, err));
        if (d.opened_ms < since_ms)
            return ST_OK;
        if (span_eq(d.type, row)) {
            *ret_number = d.number;
            return ST_OK;
        }
        at = tkey_u64(d.number - 1);
    }
}

static enum status judge(const struct figures *f, enum trigger_type type, const struct charter_indicator *c,
                         struct query_trigger *ret, struct err *err)
{
    struct predicate_facts facts = {
        .f = f, .missing = type == TRIGGER_INDICATOR ? MISSING_BREACHES : MISSING_SKIPPED};
    struct predicate_finding found;
    TRY(predicate_judge(&facts, &c->when, &found, err));
    *ret = (struct query_trigger){.type = type,
                                  .name = c->name,
                                  .when = c->when,
                                  .holds = found.holds,
                                  .known = found.known,
                                  .words = found.words};
    if (found.holds) {
        ret->since_ms = found.since_ms;
        SET_HAS(ret, query_trigger_key_since_ms);
    }
    return ST_OK;
}

enum status triggers_judge(const struct figures *f, enum trigger_type type, struct query_trigger_list *ret,
                           struct err *err)
{
    struct charter_risks risks;
    struct charter_exit exit;
    struct charter_indicator_list none = {0}, *list = &none;
    bool there;
    if (type == TRIGGER_EXIT)
        TRY(triggers_exit(f, &there, &exit, err));
    else
        TRY(section(f, SECTION_RISKS, &charter_risks_desc, &there, &risks, err));
    if (there)
        list = type == TRIGGER_EXIT ? &exit.triggers : &risks.indicators;
    struct query_trigger_list l = {0, arena_array(f->a, list->n + 1, sizeof *l.v)};
    if (l.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < list->n; i++) {
        struct query_trigger *t = &l.v[l.n++];
        uint64_t decision;
        TRY(judge(f, type, &list->v[i], t, err));
        if (!t->holds || type != TRIGGER_EXIT)
            continue;
        TRY(answered(f, exit.on_trigger.opens, t->since_ms, &decision, err));
        if (decision != 0) {
            t->decision = decision;
            SET_HAS(t, query_trigger_key_decision);
        }
    }
    *ret = l;
    return ST_OK;
}
