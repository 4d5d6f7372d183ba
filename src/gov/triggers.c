#include "gov/triggers.h"
#include "gov/item.h"
#include "gov/opened.h"
#include "gov/payout.h"
#include "gov/predicate.h"
#include "gov/trigger.h"

static bool has_tag(const struct opened *o, struct span tag)
{
    for (size_t i = 0; i < o->tags.n; i++)
        if (span_eq(o->tags.v[i], tag))
            return true;
    return false;
}

bool triggers_is_answered(const struct query_trigger *t)
{
    return HAS(t, query_trigger_key_decision) || HAS(t, query_trigger_key_item);
}

/* What answers one that holds: the newest decision of the row that it opens, or item of that type with its name as a tag, since. */
static enum status answer(const struct figures *f, struct query_trigger *t, struct err *err)
{
    struct opened_walk w;
    struct opened one;
    if (!HAS(t, query_trigger_key_opens) || opened_begin(f, t->opens, &w) != ST_OK)
        return ST_OK;
    enum status st;
    do
        st = opened_next(&w, t->since_ms, &one, err);
    while (st == ST_OK && w.items && !has_tag(&one, t->name));
    if (st != ST_OK)
        return st == ST_END ? ST_OK : st;
    if (w.items) {
        t->item = (struct item_ref){.type = w.type, .number = one.number};
        SET_HAS(t, query_trigger_key_item);
    } else {
        t->decision = one.number;
        SET_HAS(t, query_trigger_key_decision);
    }
    return ST_OK;
}

enum status triggers_judge(const struct figures *f, struct watched *w, struct err *err)
{
    struct query_trigger *t = &w->t;
    struct state_trigger row; /* of what the record judges itself */
    struct predicate_facts facts = {.f = f, .missing = t->type == TRIGGER_INDICATOR ? MISSING_BREACHES : MISSING_SKIPPED};
    struct predicate_finding found;
    TRY(predicate_judge(&facts, &t->when, &found, err));
    t->holds = found.holds;
    t->known = found.known;
    t->words = found.words;
    if (!found.holds)
        return ST_OK;
    enum status st = trigger_get(f->v, f->a, t->type, w->place.n != 0 ? w->place : t->name, &row, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    t->since_ms = found.since_ms;
    SET_HAS(t, query_trigger_key_since_ms);
    if (w->payment != NULL)
        return payout_of(f, w->payment, t, err);
    if (st == ST_OK && HAS(&row, state_trigger_key_asked)) {
        t->item = (struct item_ref){.type = ITEM_ACTION, .number = row.asked.v[0]};
        SET_HAS(t, query_trigger_key_item);
    }
    return answer(f, t, err);
}

static struct watched *add(struct watched_list *l, enum trigger_type type, struct span name, const struct charter_predicate *when)
{
    struct watched *w = &l->v[l->n++];
    *w = (struct watched){.t = {.type = type, .name = name, .when = *when}};
    return w;
}

static void asks(struct watched *w, struct span opens, struct charter_selector_list owners)
{
    w->t.opens = opens;
    SET_HAS(&w->t, query_trigger_key_opens);
    w->owners = owners;
}

static bool make_room(const struct figures *f, size_t n, struct watched_list *ret)
{
    *ret = (struct watched_list){0, arena_array(f->a, n + 1, sizeof *ret->v)};
    return ret->v != NULL;
}

static enum status indicators(const struct figures *f, struct watched_list *ret, struct err *err)
{
    const void *section;
    TRY(item_section(f->v, f->a, SECTION_RISKS, &section, err));
    const struct charter_risks *x = section;
    if (!make_room(f, x != NULL ? x->indicators.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; x != NULL && i < x->indicators.n; i++)
        (void)add(ret, TRIGGER_INDICATOR, x->indicators.v[i].name, &x->indicators.v[i].when);
    return ST_OK;
}

static enum status exits(const struct figures *f, struct watched_list *ret, struct err *err)
{
    const void *section;
    TRY(item_section(f->v, f->a, SECTION_EXIT, &section, err));
    const struct charter_exit *x = section;
    struct charter_selector *owner = arena_array(f->a, 1, sizeof *owner);
    if (!make_room(f, x != NULL ? x->triggers.n : 0, ret) || owner == NULL)
        return query_full(err);
    if (x != NULL)
        *owner = x->on_trigger.owner;
    for (size_t i = 0; x != NULL && i < x->triggers.n; i++)
        asks(add(ret, TRIGGER_EXIT, x->triggers.v[i].name, &x->triggers.v[i].when), x->on_trigger.opens,
             (struct charter_selector_list){1, owner});
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
    const void *section;
    TRY(item_section(f->v, f->a, SECTION_CONSEQUENCES, &section, err));
    const struct charter_consequences *x = section;
    if (!make_room(f, x != NULL ? x->list.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; x != NULL && i < x->list.n; i++) {
        struct charter_consequence *k = &x->list.v[i];
        const struct charter_row *row = charter_row(&f->metrics.rights.charter, k->opens);
        struct charter_selector_list owners = {0};
        if (HAS(k, charter_consequence_key_owner))
            owners = (struct charter_selector_list){1, &k->owner};
        else if (row != NULL)
            owners = row->owner;
        const char *place = charter_text(f->a, "%zu", i + 1);
        if (place == NULL)
            return query_full(err);
        struct watched *w = add(ret, TRIGGER_CONSEQUENCE, name_of(k), &k->when);
        w->place = span_str(place);
        asks(w, k->opens, owners);
    }
    return ST_OK;
}

static enum status incentives(const struct figures *f, struct watched_list *ret, struct err *err)
{
    const void *section;
    TRY(item_section(f->v, f->a, SECTION_INCENTIVES, &section, err));
    const struct charter_incentives *x = section;
    if (!make_room(f, x != NULL ? x->list.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; x != NULL && i < x->list.n; i++) {
        const struct charter_incentive *k = &x->list.v[i];
        struct watched *w = add(ret, TRIGGER_INCENTIVE, k->name, &k->when);
        w->payment = k;
        w->t.from = k->from;
        SET_HAS(&w->t, query_trigger_key_from);
    }
    return ST_OK;
}

enum status triggers_list(const struct figures *f, enum trigger_type type, struct watched_list *ret, struct err *err)
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
    case TRIGGER_RENEWAL: /* it has no condition but the day */
        return make_room(f, 0, ret) ? ST_OK : query_full(err);
    }
    return err_set(err, ST_RANGE, "conditions of an unknown kind %d", (int)type);
}
