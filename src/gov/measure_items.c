#include "gov/measure_items.h"
#include "gov/decimal.h"

static const uint64_t day_ms = 86400000;

/* What the measures look at of one item. */
struct item_fact {
    enum item_type type;
    uint64_t opened_ms, closed_ms, claimed_ms, due_ms; /* due: by the original baseline; 0: not so, or none */
    struct span_list tags;
};

bool measure_is_of_items(enum measure m)
{
    return m == MEASURE_MILESTONES_HIT || m == MEASURE_ISSUE_CYCLE_TIME || m == MEASURE_CONFLICTS || m == MEASURE_ITEMS_TAGGED;
}

static enum status fact_of(const struct figures *f, const struct state_item *it, struct query_grow *facts, struct err *err)
{
    struct item_fact *x = query_grow_one(facts, f->a);
    if (x == NULL)
        return query_full(err);
    *x = (struct item_fact){.type = it->item.type, .opened_ms = it->opened_ms};
    if (HAS(it, state_item_key_closed_ms))
        x->closed_ms = it->closed_ms;
    if (HAS(it, state_item_key_claimed_ms))
        x->claimed_ms = it->claimed_ms;
    if (HAS(it, state_item_key_first_due_ms))
        x->due_ms = it->first_due_ms;
    else if (HAS(it, state_item_key_due_ms))
        x->due_ms = it->due_ms;
    if (!HAS(&it->item, item_key_tags))
        return ST_OK;
    x->tags.v = arena_array(f->a, it->item.tags.n, sizeof *x->tags.v);
    for (size_t i = 0; x->tags.v != NULL && i < it->item.tags.n; i++)
        x->tags.v[x->tags.n++] = arena_dup(f->a, it->item.tags.v[i]);
    return x->tags.n == it->item.tags.n ? ST_OK : query_full(err);
}

/* Types whose items are counted, whatever tags they have. */
static bool is_counted(enum item_type type)
{
    return type == ITEM_MILESTONE || type == ITEM_ISSUE || type == ITEM_CONFLICT;
}

/* Could the row of an item have a tag that a metric of the charter asks for? Most have none of its bytes, and need not be
 * decoded. */
static bool may_be_tagged(const struct figures *f, struct span row)
{
    const struct charter_metric_list *l = &f->metrics.section.list;
    for (size_t i = 0; i < l->n; i++) {
        const struct charter_computed *c = &l->v[i].computed;
        if (HAS(&l->v[i], charter_metric_key_computed) && HAS(c, charter_computed_key_tag) &&
            memmem(row.p, row.n, c->tag.p, c->tag.n) != NULL)
            return true;
    }
    return false;
}

/* The items of a type are read once for a question, however many numbers it asks for. */
static enum status load(const struct figures *f, enum item_type type, struct err *err)
{
    struct tkey from = tkey_item(type, 0);
    if ((f->items->read >> type & 1) != 0)
        return ST_OK;
    f->items->facts.size = sizeof(struct item_fact);
    for (;;) {
        struct span key, value;
        struct state_item it;
        arena_reset(f->scratch);
        enum status st = view_next(f->v, TABLE_ITEM, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && key.p[0] != type))
            break;
        if (st != ST_OK)
            return err_set(err, st, "items cannot be read");
        from = tkey_after(key);
        if (!is_counted(type) && !may_be_tagged(f, value))
            continue;
        TRY(codec_decode(&state_item_desc, value, f->scratch, &it, err));
        TRY(fact_of(f, &it, &f->items->facts, err));
    }
    f->items->read |= UINT64_C(1) << type;
    return ST_OK;
}

static enum status load_for(const struct figures *f, enum measure m, struct err *err)
{
    if (m == MEASURE_MILESTONES_HIT)
        return load(f, ITEM_MILESTONE, err);
    if (m == MEASURE_ISSUE_CYCLE_TIME)
        return load(f, ITEM_ISSUE, err);
    if (m == MEASURE_CONFLICTS)
        return load(f, ITEM_CONFLICT, err);
    for (uint32_t i = 0; i < item_type_enum.n; i++)
        TRY(load(f, (enum item_type)item_type_enum.values[i].number, err));
    return ST_OK;
}

static bool has_tag(const struct item_fact *x, struct span tag)
{
    for (size_t i = 0; i < x->tags.n; i++)
        if (span_eq(x->tags.v[i], tag))
            return true;
    return false;
}

/* MSR-5 */
enum status measure_items(const struct figures *f, const struct charter_computed *c, uint64_t from_ms, uint64_t until_ms,
                          bool *ret_has, struct decimal *ret_value, struct err *err)
{
    uint64_t due = 0, hit = 0, closed = 0, open_ms = 0, conflicts = 0, tagged = 0;
    TRY(load_for(f, c->measure, err));
    const struct item_fact *v = f->items->facts.v;
    for (size_t i = 0; i < f->items->facts.n; i++) {
        bool is_due = v[i].due_ms > from_ms && v[i].due_ms <= until_ms;
        bool is_closed = v[i].closed_ms >= from_ms && v[i].closed_ms < until_ms && v[i].closed_ms != 0;
        if (v[i].type == ITEM_MILESTONE && is_due) {
            due++;
            hit += v[i].closed_ms != 0 && v[i].claimed_ms <= v[i].due_ms;
        }
        if (v[i].type == ITEM_ISSUE && is_closed) {
            closed++;
            open_ms += v[i].closed_ms - v[i].opened_ms;
        }
        conflicts += v[i].type == ITEM_CONFLICT && v[i].opened_ms >= from_ms && v[i].opened_ms < until_ms;
        tagged += is_closed && HAS(c, charter_computed_key_tag) && has_tag(&v[i], c->tag);
    }
    *ret_has = c->measure == MEASURE_MILESTONES_HIT ? due > 0 : c->measure == MEASURE_ISSUE_CYCLE_TIME ? closed > 0 : true;
    if (!*ret_has)
        return ST_OK;
    if (c->measure == MEASURE_MILESTONES_HIT)
        *ret_value = decimal_ratio(hit * 100, due, 2);
    else if (c->measure == MEASURE_ISSUE_CYCLE_TIME)
        *ret_value = decimal_ratio(open_ms, closed * day_ms, 2);
    else
        *ret_value = (struct decimal){.mantissa = (int64_t)(c->measure == MEASURE_CONFLICTS ? conflicts : tagged)};
    return ST_OK;
}
