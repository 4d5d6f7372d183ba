#include "gov/triggers.h"
#include "gov/payout.h"
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

/* The newest item of the type that was opened since with that tag; type 0 of *ret: none. */
static enum status item_answers(const struct figures *f, enum item_type type, struct span tag, uint64_t since_ms, struct item_ref *ret,
                                struct err *err)
{
    uint64_t upto = UINT64_MAX;
    *ret = (struct item_ref){0};
    for (;;) {
        struct tkey at = tkey_item(type, upto);
        struct span key, value;
        struct state_item it;
        arena_reset(f->scratch);
        enum status st = view_prev(f->v, TABLE_ITEM, tkey_span(&at), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(err, st, "items cannot be read");
        TRY(codec_decode(&state_item_desc, value, f->scratch, &it, err));
        if (it.item.type != type || it.opened_ms < since_ms)
            return ST_OK;
        for (size_t i = 0; HAS(&it.item, item_key_tags) && i < it.item.tags.n; i++) {
            if (span_eq(it.item.tags.v[i], tag)) {
                *ret = (struct item_ref){.type = type, .number = it.number};
                return ST_OK;
            }
        }
        if (it.number == 0)
            return ST_OK;
        upto = it.number - 1;
    }
}

bool triggers_is_answered(const struct query_trigger *t)
{
    return HAS(t, query_trigger_key_decision) || HAS(t, query_trigger_key_item);
}

/* What answers one that holds: the row or item type that it opens. */
static enum status answer(const struct figures *f, struct query_trigger *t, struct err *err)
{
    uint32_t type;
    if (!t->holds || !HAS(t, query_trigger_key_opens))
        return ST_OK;
    if (charter_row(&f->metrics.rights.charter, t->opens) != NULL) {
        TRY(answered(f, t->opens, t->since_ms, &t->decision, err));
        if (t->decision != 0)
            SET_HAS(t, query_trigger_key_decision);
    } else if (enum_parse(&item_type_enum, t->opens, &type) == ST_OK) {
        TRY(item_answers(f, (enum item_type)type, t->name, t->since_ms, &t->item, err));
        if (t->item.number != 0)
            SET_HAS(t, query_trigger_key_item);
    }
    return ST_OK;
}

static enum status judge(const struct figures *f, enum trigger_type type, struct span name, const struct charter_predicate *when,
                         struct query_trigger *ret, struct err *err)
{
    struct predicate_facts facts = {.f = f, .missing = type == TRIGGER_INDICATOR ? MISSING_BREACHES : MISSING_SKIPPED};
    struct predicate_finding found;
    TRY(predicate_judge(&facts, when, &found, err));
    *ret = (struct query_trigger){
        .type = type, .name = name, .when = *when, .holds = found.holds, .known = found.known, .words = found.words};
    if (found.holds) {
        ret->since_ms = found.since_ms;
        SET_HAS(ret, query_trigger_key_since_ms);
    }
    return ST_OK;
}

static bool make_room(const struct figures *f, size_t n, struct watched_list *ret)
{
    *ret = (struct watched_list){0, arena_array(f->a, n + 1, sizeof *ret->v)};
    return ret->v != NULL;
}

static void opens(struct query_trigger *t, struct span row)
{
    t->opens = row;
    SET_HAS(t, query_trigger_key_opens);
}

static struct charter_selector_list only(struct charter_selector *s)
{
    return (struct charter_selector_list){1, s};
}

static enum status indicators(const struct figures *f, struct watched_list *ret, struct err *err)
{
    struct charter_risks *risks = arena_array(f->a, 1, sizeof *risks);
    bool there;
    if (risks == NULL)
        return query_full(err);
    TRY(section(f, SECTION_RISKS, &charter_risks_desc, &there, risks, err));
    if (!make_room(f, there ? risks->indicators.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < risks->indicators.n; i++) {
        const struct charter_indicator *k = &risks->indicators.v[i];
        TRY(judge(f, TRIGGER_INDICATOR, k->name, &k->when, &ret->v[ret->n++].t, err));
    }
    return ST_OK;
}

static enum status exits(const struct figures *f, struct watched_list *ret, struct err *err)
{
    struct charter_exit *exit = arena_array(f->a, 1, sizeof *exit);
    bool there;
    if (exit == NULL)
        return query_full(err);
    TRY(section(f, SECTION_EXIT, &charter_exit_desc, &there, exit, err));
    if (!make_room(f, there ? exit->triggers.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < exit->triggers.n; i++) {
        struct watched *w = &ret->v[ret->n++];
        TRY(judge(f, TRIGGER_EXIT, exit->triggers.v[i].name, &exit->triggers.v[i].when, &w->t, err));
        opens(&w->t, exit->on_trigger.opens);
        w->owners = only(&exit->on_trigger.owner);
        TRY(answer(f, &w->t, err));
    }
    return ST_OK;
}

/* A consequence has no name of its own. */
static struct span name_of(const struct charter_consequence *k)
{
    for (size_t i = 0; i < k->when.terms.n; i++)
        if (k->when.terms.v[i].type == COND_METRIC)
            return k->when.terms.v[i].name;
    return k->opens;
}

static enum status consequences(const struct figures *f, struct watched_list *ret, struct err *err)
{
    struct charter_consequences *all = arena_array(f->a, 1, sizeof *all);
    bool there;
    if (all == NULL)
        return query_full(err);
    TRY(section(f, SECTION_CONSEQUENCES, &charter_consequences_desc, &there, all, err));
    if (!make_room(f, there ? all->list.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < all->list.n; i++) {
        struct charter_consequence *k = &all->list.v[i];
        const struct charter_row *row = charter_row(&f->metrics.rights.charter, k->opens);
        struct watched *w = &ret->v[ret->n++];
        TRY(judge(f, TRIGGER_CONSEQUENCE, name_of(k), &k->when, &w->t, err));
        opens(&w->t, k->opens);
        if (HAS(k, charter_consequence_key_owner))
            w->owners = only(&k->owner);
        else if (row != NULL)
            w->owners = row->owner;
        TRY(answer(f, &w->t, err));
    }
    return ST_OK;
}

static enum status incentives(const struct figures *f, struct watched_list *ret, struct err *err)
{
    struct charter_incentives *all = arena_array(f->a, 1, sizeof *all);
    bool there;
    if (all == NULL)
        return query_full(err);
    TRY(section(f, SECTION_INCENTIVES, &charter_incentives_desc, &there, all, err));
    if (!make_room(f, there ? all->list.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < all->list.n; i++) {
        const struct charter_incentive *k = &all->list.v[i];
        struct query_trigger *t = &ret->v[ret->n++].t;
        TRY(judge(f, TRIGGER_INCENTIVE, k->name, &k->when, t, err));
        t->from = k->from;
        SET_HAS(t, query_trigger_key_from);
        if (t->holds)
            TRY(payout_of(f, k, t, err));
    }
    return ST_OK;
}

enum status triggers_judge(const struct figures *f, enum trigger_type type, struct watched_list *ret, struct err *err)
{
    switch (type) {
    case TRIGGER_INDICATOR:
        return indicators(f, ret, err);
    case TRIGGER_EXIT:
        return exits(f, ret, err);
    case TRIGGER_CONSEQUENCE:
        return consequences(f, ret, err);
    case TRIGGER_INCENTIVE:
        return incentives(f, ret, err);
    }
    return err_set(err, ST_RANGE, "conditions of an unknown kind %d", (int)type);
}
