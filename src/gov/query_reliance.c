/* What decisions rest on and how that stands now, and what put them in doubt. */
#include "charter/charter_model.h"
#include "gov/decimal.h"
#include "gov/item.h"
#include "gov/query_part.h"
#include "gov/reading.h"
#include "gov/reliance.h"

static enum status say(struct query_reliance *q, const char *id, const char *words, struct err *err)
{
    if (id == NULL || words == NULL)
        return query_full(err);
    q->id = span_str(id);
    q->words = span_str(words);
    return ST_OK;
}

/* --- One of the three --- */

static const char *assumption_words(const struct state_item *it, struct arena *a)
{
    const char *finding = HAS(it, state_item_key_finding) ? enum_text(&assumed_enum, it->finding) : "";
    if (it->phase == ITEM_CLOSED)
        return charter_text(a, "%s, at %s", finding, time_utc(it->closed_ms).s);
    if (it->phase == ITEM_CLAIMED)
        return charter_text(a, "%s by %.*s, which another partner has yet to verify", finding, SPAN_FMT(it->claimed_by));
    return charter_text(a, "open; %.*s tests it%s%s", SPAN_FMT(it->owner), HAS(it, state_item_key_due_ms) ? " by " : "",
                        HAS(it, state_item_key_due_ms) ? time_utc(it->due_ms).s : "");
}

static enum status of_assumption(const struct view *v, uint64_t number, struct arena *a, struct query_reliance *q, struct err *err)
{
    struct item_ref ref = {.type = ITEM_ASSUMPTION, .number = number};
    struct state_item it;
    TRY(item_get(v, a, &ref, &it, err));
    q->stands = it.phase != ITEM_CLOSED || it.finding != ASSUMED_FALSIFIED;
    return say(q, charter_text(a, "%s", item_id(ref.type, number).s), assumption_words(&it, a), err);
}

static const char *value_text(const struct reading_version *x, struct arena *a)
{
    return HAS(x, reading_version_key_value) ? charter_text(a, "%s", decimal_text(&x->value).s) : "too few voices";
}

static const struct reading_version *version_read(const struct state_reading *r, const struct hash *digest)
{
    for (size_t i = 0; i < r->was.n; i++)
        if (hash_eq(&r->was.v[i].digest, digest))
            return &r->was.v[i];
    return &r->now;
}

static enum status of_reading(const struct view *v, const struct ref *read, struct arena *a, struct query_reliance *q, struct err *err)
{
    struct state_reading r;
    TRY(reading_get(v, a, read->number, &r, err));
    q->stands = hash_eq(&r.now.digest, &read->digest);
    const char *was = value_text(version_read(&r, &read->digest), a), *is = value_text(&r.now, a);
    const char *what = charter_text(a, "%.*s of %.*s", SPAN_FMT(r.metric), SPAN_FMT(r.org));
    if (was == NULL || is == NULL || what == NULL)
        return query_full(err);
    return say(q, charter_text(a, "K-%" PRIu64, r.number),
               q->stands ? charter_text(a, "%s: %s, %s; the version that was read is the current one", what, is,
                                        enum_text(&reading_standing_enum, r.standing))
                         : charter_text(a, "%s: restated since; the version that was read says %s, it says %s now, %s", what, was, is,
                                        enum_text(&reading_standing_enum, r.standing)),
               err);
}

/* Its section was replaced after the leaf of the text that names it; not by the decision itself. */
static enum status of_clause(const struct view *v, struct span clause, const struct state_decision *d, uint64_t leaf, struct arena *a,
                             struct query_reliance *q, struct err *err)
{
    struct state_section s;
    uint64_t number = reliance_section(clause);
    struct tkey k = tkey_section(number);
    enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    const char *id = charter_text(a, "%.*s", SPAN_FMT(clause)), *name = enum_text(&section_id_enum, (uint32_t)number);
    if (st == ST_NOTFOUND)
        return say(q, id, "the charter has no such section any more", err);
    bool amended = HAS(&s, state_section_key_decision) && s.decision != d->number && s.changed_leaf > leaf;
    q->stands = !amended;
    if (!amended)
        return say(q, id, charter_text(a, "section %s is as it was, version %" PRIu64, name, s.version), err);
    q->amended_by = s.decision;
    SET_HAS(q, query_reliance_key_amended_by);
    return say(q, id, charter_text(a, "section %s was amended since, by D-%" PRIu64 ": version %" PRIu64, name, s.decision, s.version), err);
}

/* Of one text, at that leaf; what is listed already is left out. */
static enum status of_text(const struct view *v, const struct state_decision *d, const struct proposal *p, uint64_t leaf,
                           const struct reliance_list *before, struct arena *a, struct query_reliance_list *ret, struct err *err)
{
    for (size_t i = 0; HAS(p, proposal_key_relies) && i < p->relies.n; i++) {
        const struct reliance *r = &p->relies.v[i];
        bool listed = false;
        for (size_t k = 0; k < before->n && !listed; k++)
            listed = reliance_same(r, &before->v[k]);
        if (listed)
            continue;
        struct query_reliance *q = &ret->v[ret->n++];
        *q = (struct query_reliance){0};
        if (HAS(r, reliance_key_assumption))
            TRY(of_assumption(v, r->assumption, a, q, err));
        else if (HAS(r, reliance_key_reading))
            TRY(of_reading(v, &r->reading, a, q, err));
        else
            TRY(of_clause(v, r->clause, d, leaf, a, q, err));
    }
    return ST_OK;
}

enum status query_reliances(const struct view *v, const struct matter *m, const struct state_revision *now, struct arena *a,
                            struct query_reliance_list *ret, struct err *err)
{
    enum { BOTH = 32 };
    const struct state_input *in = m->recommended;
    const struct reliance_list none = {0}, *current = HAS(&now->proposal, proposal_key_relies) ? &now->proposal.relies : &none;
    *ret = (struct query_reliance_list){0, arena_array(a, BOTH, sizeof *ret->v)};
    if (ret->v == NULL)
        return query_full(err);
    TRY(of_text(v, &m->d, &now->proposal, now->leaf, &none, a, ret, err));
    return in == NULL ? ST_OK : of_text(v, &m->d, &in->input.settled, in->leaf, current, a, ret, err);
}

/* --- In doubt --- */

/* The action that the record opened with an event, among the items linked to the decision; false: there is none. */
static enum status asked_with(const struct view *v, const struct state_event *e, const struct query_linked *l, struct arena *a,
                              struct state_item *ret, bool *ret_found, struct err *err)
{
    *ret_found = false;
    for (size_t i = 0; i < l->list.n && !*ret_found; i++) {
        const struct query_item_line *x = &l->list.v[i];
        if (x->item.type != ITEM_ACTION || x->leaf != e->leaf || !HAS(x, query_item_line_key_about) || x->about.n < e->words.n ||
            memcmp(x->about.p + x->about.n - e->words.n, e->words.p, e->words.n) != 0)
            continue;
        TRY(item_get(v, a, &x->item, ret, err));
        *ret_found = true;
    }
    return ST_OK;
}

enum status query_doubts(const struct view *v, const struct state_decision *d, const struct state_event_list *events, struct arena *a,
                         struct query_doubt_list *ret, struct err *err)
{
    struct query_grow g = {.size = sizeof(struct query_doubt)};
    struct query_linked linked = {0};
    for (size_t i = 0; i < events->n; i++) {
        const struct state_event *e = &events->v[i];
        struct state_item it;
        bool found;
        if (e->type != EVENT_DOUBTED)
            continue;
        if (g.n == 0)
            TRY(query_linked(v, d->number, a, &linked, err));
        struct query_doubt *q = query_grow_one(&g, a);
        if (q == NULL)
            return query_full(err);
        *q = (struct query_doubt){.words = e->words, .at_ms = e->at_ms};
        TRY(asked_with(v, e, &linked, a, &it, &found, err));
        if (!found)
            continue;
        q->action = it.number;
        q->owner = it.owner;
        q->open = it.phase != ITEM_CLOSED && !reliance_is_over(d);
        SET_HAS(q, query_doubt_key_action);
        SET_HAS(q, query_doubt_key_owner);
        if (HAS(&it, state_item_key_offered)) {
            q->offered = it.offered;
            SET_HAS(q, query_doubt_key_offered);
        }
    }
    *ret = (struct query_doubt_list){g.n, g.v};
    return ST_OK;
}
