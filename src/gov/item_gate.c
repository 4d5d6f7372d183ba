/* What a gate of the launch plan waits for (ITM-10). */
#include "gov/item.h"

/* Is there a link to an item of this type and name that is closed, with this finding (0: any)? */
static enum status linked_item(const struct view *v, struct arena *a, const struct state_item *it,
                               enum item_type type, struct span name, uint32_t finding, bool *ret_is,
                               struct err *err)
{
    *ret_is = false;
    for (size_t i = 0; i < it->links.n && !*ret_is; i++) {
        const struct item_link *l = &it->links.v[i];
        struct state_item other;
        if (!HAS(l, item_link_key_item) || l->item.type != type)
            continue;
        TRY(item_get(v, a, &l->item, &other, err));
        *ret_is = other.phase == ITEM_CLOSED && HAS(&other.item, item_key_name) &&
                  span_eq(other.item.name, name) &&
                  (finding == 0 || (HAS(&other, state_item_key_finding) && other.finding == finding));
    }
    return ST_OK;
}

static enum status linked_decision(const struct view *v, struct arena *a, const struct state_item *it,
                                   struct span type, bool *ret_is, struct err *err)
{
    *ret_is = false;
    for (size_t i = 0; i < it->links.n && !*ret_is; i++) {
        const struct item_link *l = &it->links.v[i];
        struct state_decision d;
        struct tkey k = tkey_u64(l->decision);
        if (!HAS(l, item_link_key_decision))
            continue;
        TRY(state_need(v, a, TABLE_DECISION, &k, &state_decision_desc, &d, err));
        *ret_is = d.phase == PHASE_EFFECTIVE && span_eq(d.type, type);
    }
    return ST_OK;
}

static enum status met(const struct view *v, struct arena *a, const struct state_item *it,
                       const struct charter_gate_need *n, bool *ret_is, struct err *err)
{
    if (n->state == GATE_VALIDATED)
        return linked_item(v, a, it, ITEM_ASSUMPTION, n->name, ASSUMED_VALIDATED, ret_is, err);
    if (n->state == GATE_ATTESTED)
        return linked_item(v, a, it, ITEM_CHECK, n->name, 0, ret_is, err);
    return linked_decision(v, a, it, n->name, ret_is, err);
}

static const struct charter_gate *gate_of(const struct charter_launch *launch, const struct state_item *it)
{
    bool has = it->item.type == ITEM_MILESTONE && HAS(&it->item, item_key_name);
    for (size_t i = 0; has && launch != NULL && i < launch->gates.n; i++)
        if (span_eq(launch->gates.v[i].name, it->item.name))
            return &launch->gates.v[i];
    return NULL;
}

enum status item_gate_missing(const struct view *v, struct arena *a, const struct state_item *it,
                              struct span_list *ret_missing, struct err *err)
{
    const void *section;
    struct span_list l = {0};
    TRY(item_section(v, a, SECTION_LAUNCH, &section, err));
    const struct charter_gate *gate = gate_of(section, it);
    if (gate != NULL && (l.v = arena_array(a, gate->opens_with.n, sizeof *l.v)) == NULL)
        return err_set(err, ST_LIMIT, "out of room for the needs of a gate");
    for (size_t i = 0; gate != NULL && i < gate->opens_with.n; i++) {
        const struct charter_gate_need *n = &gate->opens_with.v[i];
        bool is = false;
        TRY(met(v, a, it, n, &is, err));
        const char *words =
            is ? NULL : charter_text(a, "%.*s %s", SPAN_FMT(n->name), enum_text(&gate_state_enum, n->state));
        if (words != NULL)
            l.v[l.n++] = span_str(words);
        else if (!is)
            return err_set(err, ST_LIMIT, "out of room for the needs of a gate");
    }
    *ret_missing = l;
    return ST_OK;
}
