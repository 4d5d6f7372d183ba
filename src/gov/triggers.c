#include "gov/triggers.h"
#include "gov/payout.h"
#include "gov/predicate.h"

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
    if (!HAS(t, query_trigger_key_opens))
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

enum status triggers_judge(const struct figures *f, struct watched *w, struct err *err)
{
    struct query_trigger *t = &w->t;
    struct predicate_facts facts = {.f = f, .missing = t->type == TRIGGER_INDICATOR ? MISSING_BREACHES : MISSING_SKIPPED};
    struct predicate_finding found;
    TRY(predicate_judge(&facts, &t->when, &found, err));
    t->holds = found.holds;
    t->known = found.known;
    t->words = found.words;
    if (!found.holds)
        return ST_OK;
    t->since_ms = found.since_ms;
    SET_HAS(t, query_trigger_key_since_ms);
    return w->payment != NULL ? payout_of(f, w->payment, t, err) : answer(f, t, err);
}

/* A section of the charter, in the arena; NULL when it has none. */
static enum status section(const struct figures *f, enum section_id id, const struct record_desc *d, void *ret, bool *ret_there,
                           struct err *err)
{
    struct state_section s;
    struct tkey k = tkey_section(id);
    enum status st = state_get(f->v, f->a, TABLE_SECTION, &k, &state_section_desc, &s, err);
    *ret_there = st == ST_OK;
    if (ret == NULL)
        return query_full(err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    return codec_decode(d, s.body, f->a, ret, err);
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
    struct charter_risks *x = arena_array(f->a, 1, sizeof *x);
    bool there;
    TRY(section(f, SECTION_RISKS, &charter_risks_desc, x, &there, err));
    if (!make_room(f, there ? x->indicators.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < x->indicators.n; i++)
        (void)add(ret, TRIGGER_INDICATOR, x->indicators.v[i].name, &x->indicators.v[i].when);
    return ST_OK;
}

static enum status exits(const struct figures *f, struct watched_list *ret, struct err *err)
{
    struct charter_exit *x = arena_array(f->a, 1, sizeof *x);
    bool there;
    TRY(section(f, SECTION_EXIT, &charter_exit_desc, x, &there, err));
    if (!make_room(f, there ? x->triggers.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < x->triggers.n; i++)
        asks(add(ret, TRIGGER_EXIT, x->triggers.v[i].name, &x->triggers.v[i].when), x->on_trigger.opens,
             (struct charter_selector_list){1, &x->on_trigger.owner});
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
    struct charter_consequences *x = arena_array(f->a, 1, sizeof *x);
    bool there;
    TRY(section(f, SECTION_CONSEQUENCES, &charter_consequences_desc, x, &there, err));
    if (!make_room(f, there ? x->list.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < x->list.n; i++) {
        struct charter_consequence *k = &x->list.v[i];
        const struct charter_row *row = charter_row(&f->metrics.rights.charter, k->opens);
        struct charter_selector_list owners = {0};
        if (HAS(k, charter_consequence_key_owner))
            owners = (struct charter_selector_list){1, &k->owner};
        else if (row != NULL)
            owners = row->owner;
        asks(add(ret, TRIGGER_CONSEQUENCE, name_of(k), &k->when), k->opens, owners);
    }
    return ST_OK;
}

static enum status incentives(const struct figures *f, struct watched_list *ret, struct err *err)
{
    struct charter_incentives *x = arena_array(f->a, 1, sizeof *x);
    bool there;
    TRY(section(f, SECTION_INCENTIVES, &charter_incentives_desc, x, &there, err));
    if (!make_room(f, there ? x->list.n : 0, ret))
        return query_full(err);
    for (size_t i = 0; there && i < x->list.n; i++) {
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
    }
    return err_set(err, ST_RANGE, "conditions of an unknown kind %d", (int)type);
}
