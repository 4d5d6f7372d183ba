#include "gov/trigger.h"
#include "gov/condition.h"
#include "gov/item.h"

enum { WORDS = 160 };

static const char *const moments[] = {"term/1", "term/2"};
enum moment { RENEWAL_OPENS = 1, TERM_ENDS = 2 };

static enum status put(struct gov *g, enum trigger_type type, struct span name, const struct state_trigger *t, struct err *err)
{
    struct tkey k = tkey_trigger(type, name);
    return state_put(g, TABLE_TRIGGER, &k, &state_trigger_desc, t, err);
}

enum status trigger_get(const struct view *v, struct arena *a, enum trigger_type type, struct span name, struct state_trigger *ret,
                        struct err *err)
{
    struct tkey k = tkey_trigger(type, name);
    return state_get(v, a, TABLE_TRIGGER, &k, &state_trigger_desc, ret, err);
}

/* --- It asks (TRG-5) --- */

struct asking {
    struct gov *g;
    const struct conditions *l;
    const struct trigger_condition *c;
    uint64_t *numbers;
    size_t n;
};

static const char *words_of(const struct asking *x)
{
    const struct trigger_condition *c = x->c;
    bool row = charter_row(&x->l->f.metrics.rights.charter, c->opens) != NULL;
    struct arena *a = x->g->arena;
    switch (c->type) {
    case TRIGGER_INDICATOR:
        return charter_text(a, "early warning %.*s holds", SPAN_FMT(c->name));
    case TRIGGER_EXIT:
        return charter_text(a, "exit trigger %.*s holds: propose %.*s, or say why not", SPAN_FMT(c->name), SPAN_FMT(c->opens));
    case TRIGGER_CONSEQUENCE:
        if (!row && span_eqs(c->opens, "action"))
            return charter_text(a, "consequence %.*s holds: act on it", SPAN_FMT(c->name));
        return charter_text(a, "consequence %.*s holds: %s %.*s, or say why not", SPAN_FMT(c->name), row ? "propose" : "open",
                            SPAN_FMT(c->opens));
    case TRIGGER_RENEWAL:
        return charter_text(a, "the term ends on %.10s: propose %.*s, or say why not", time_utc(x->l->term.to * 86400000).s,
                            SPAN_FMT(c->opens));
    case TRIGGER_INCENTIVE:
        break;
    }
    return NULL;
}

static const char *clause_of(const struct asking *x)
{
    switch (x->c->type) {
    case TRIGGER_INDICATOR:
        return charter_text(x->g->arena, "risks.indicators.%.*s", SPAN_FMT(x->c->name));
    case TRIGGER_EXIT:
        return charter_text(x->g->arena, "exit.triggers.%.*s", SPAN_FMT(x->c->name));
    case TRIGGER_CONSEQUENCE:
        return "consequences";
    case TRIGGER_RENEWAL:
    case TRIGGER_INCENTIVE:
        break;
    }
    return "term";
}

static enum status ask(struct asking *x, struct span owner, struct err *err)
{
    struct item_link *link = arena_array(x->g->arena, 1, sizeof *link);
    const char *words = words_of(x), *clause = clause_of(x);
    struct item_ref opened;
    if (link == NULL || words == NULL || clause == NULL)
        return err_set(err, ST_LIMIT, "out of room for what a trigger asks");
    *link = (struct item_link){.clause = span_str(clause)};
    SET_HAS(link, item_link_key_clause);
    struct item_opening o = {.item = {.links = {1, link}}, .words = words, .owner = owner};
    if (x->c->type == TRIGGER_RENEWAL)
        o.due_ms = x->l->term_ends_ms;
    TRY(item_follow_up(x->g, &o, &opened, err));
    x->numbers[x->n++] = opened.number;
    return ST_OK;
}

static enum status ask_all(struct asking *x, struct err *err)
{
    const struct charter_party_list *parties = &x->l->f.metrics.rights.charter.parties->list;
    struct span_list warned;
    struct span owner;
    x->numbers = arena_array(x->g->arena, parties->n + 1, sizeof *x->numbers);
    if (x->numbers == NULL)
        return err_set(err, ST_LIMIT, "out of room for what a trigger asks");
    if (x->c->type == TRIGGER_INDICATOR) {
        TRY(condition_warned(x->l, x->c, &warned, err));
        for (size_t i = 0; i < warned.n; i++)
            TRY(ask(x, warned.v[i], err));
        return ST_OK;
    }
    for (size_t i = 0; i < parties->n; i++) {
        TRY(condition_owner(x->l, x->c, parties->v[i].org, &owner, err));
        if (owner.n != 0)
            TRY(ask(x, owner, err));
    }
    return ST_OK;
}

/* --- Judged (TRG-4) --- */

static enum status judge(struct gov *g, const struct conditions *l, const struct trigger_condition *c,
                         const struct condition_without *without, struct err *err)
{
    struct state_trigger t;
    enum reached r;
    TRY(trigger_get(l->f.v, g->arena, c->type, c->name, &t, err));
    TRY(condition_judge(l, c, without, &r, err));
    bool on = HAS(&t, state_trigger_key_since_ms);
    if (r == REACHED_HOLDS && !on) {
        struct asking x = {.g = g, .l = l, .c = c};
        TRY(ask_all(&x, err));
        t.since_ms = g->time_ms;
        SET_HAS(&t, state_trigger_key_since_ms);
        t.asked = (struct uint_list){x.n, x.numbers};
        if (x.n > 0)
            SET_HAS(&t, state_trigger_key_asked);
        return put(g, c->type, c->name, &t, err);
    }
    if (r != REACHED_FAILS || !on)
        return ST_OK;
    t.has &= ~(UINT64_C(1) << state_trigger_key_since_ms | UINT64_C(1) << state_trigger_key_asked);
    return put(g, c->type, c->name, &t, err);
}

/* The next row not before *from, which moves on behind it; ST_END. */
static enum status next_trigger(struct gov *g, struct tkey *from, struct tkey *ret_key, struct state_trigger *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct span key, value;
    TRY(view_next(&v, TABLE_TRIGGER, tkey_span(from), &key, &value));
    *ret_key = tkey_text(key);
    *from = tkey_after(key);
    return codec_decode(&state_trigger_desc, value, g->arena, ret, err);
}

/* --- Answered --- */

static enum status answer(struct gov *g, uint64_t action, uint64_t decision, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct item_ref ref = {.type = ITEM_ACTION, .number = action};
    struct state_item_event ev = {.type = ITEM_EVENT_ANSWERED, .decision = decision};
    struct state_item it;
    SET_HAS(&ev, state_item_event_key_decision);
    enum status st = item_get(&v, g->arena, &ref, &it, err);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_CORRUPT, "a trigger has asked with A-%" PRIu64 ", which is not there", action);
    TRY(st);
    if (it.phase == ITEM_CLOSED)
        return ST_OK;
    item_begin(g, &it);
    item_close(g, &it);
    return item_commit(g, &it, NULL, &ev, err);
}

static enum status answered(struct gov *g, const struct state_decision *d, struct err *err)
{
    for (struct tkey from = {.n = 1};;) {
        struct state_trigger t;
        struct tkey at;
        enum status st = next_trigger(g, &from, &at, &t, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (!HAS(&t, state_trigger_key_asked) || !HAS(&t, state_trigger_key_opens) || !span_eq(t.opens, d->type))
            continue;
        for (size_t i = 0; i < t.asked.n; i++)
            TRY(answer(g, t.asked.v[i], d->number, err));
        t.has &= ~(UINT64_C(1) << state_trigger_key_asked);
        TRY(state_put(g, TABLE_TRIGGER, &at, &state_trigger_desc, &t, err));
    }
}

/* What has happened. */
struct happened {
    enum condition_about about;
    struct span name; /* of the metric, or the row or type */
    uint64_t number;  /* of what was opened; else 0 */
    bool item;        /* it is an item: counted when no row has the name of its type */
};

/* A row that has the name of an item type is what is counted under it (TRG-1). */
static bool is_of_a_row(const struct conditions *l, const struct happened *h)
{
    return h->item && charter_row(&l->f.metrics.rights.charter, h->name) != NULL;
}

/* Does a row look at it? Only then the charter is read. */
static bool looks_at(const struct state_trigger *t, enum trigger_type type, const struct happened *h)
{
    if (type == TRIGGER_RENEWAL)
        return h->about == ABOUT_TERM || h->about == ABOUT_RENEWAL;
    return condition_looks_at(&t->when, h->about, h->name);
}

static enum status judge_those(struct gov *g, const struct happened *h, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct conditions l = {0};
    struct arena scratch = {0};
    struct condition_without but = {h->name, h->number};
    enum status st = ST_OK;
    for (struct tkey from = {.n = 1}; st == ST_OK;) {
        struct span key, value;
        struct state_trigger t;
        st = view_next(&v, TABLE_TRIGGER, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            break;
        from = tkey_after(key);
        enum trigger_type type = (enum trigger_type)key.p[0];
        struct span name = arena_dup(g->arena, span_of(key.p + 1, key.n - 1));
        st = codec_decode(&state_trigger_desc, value, g->arena, &t, err);
        if (st != ST_OK || !looks_at(&t, type, h))
            continue;
        if (l.f.v == NULL)
            st = conditions_load(&v, g->arena, &scratch, g->time_ms, &l, err);
        if (st == ST_OK && is_of_a_row(&l, h))
            break;
        const struct trigger_condition *c = st == ST_OK ? conditions_find(&l, type, name) : NULL;
        if (st == ST_OK && c == NULL)
            st = err_set(err, ST_CORRUPT, "a trigger %.*s is kept that the charter does not have", SPAN_FMT(name));
        if (st == ST_OK && h->number != 0)
            st = judge(g, &l, c, &but, err);
        if (st == ST_OK)
            st = judge(g, &l, c, NULL, err);
    }
    arena_deinit(&scratch);
    return st == ST_END ? ST_OK : st;
}

enum status trigger_judge_metric(struct gov *g, struct span metric, struct err *err)
{
    struct happened h = {.about = ABOUT_METRIC, .name = metric};
    return judge_those(g, &h, err);
}

enum status trigger_decided(struct gov *g, const struct state_decision *d, struct err *err)
{
    struct happened h = {.about = ABOUT_COUNT, .name = d->type, .number = d->number};
    TRY(judge_those(g, &h, err));
    return answered(g, d, err);
}

enum status trigger_opened(struct gov *g, const struct state_item *it, struct err *err)
{
    struct happened h = {
        .about = ABOUT_COUNT, .name = span_str(enum_text(&item_type_enum, it->item.type)), .number = it->number, .item = true};
    return judge_those(g, &h, err);
}

enum status trigger_fire(struct gov *g, uint64_t number, struct err *err)
{
    struct happened h = {.about = number == RENEWAL_OPENS ? ABOUT_RENEWAL : ABOUT_TERM};
    if (number != RENEWAL_OPENS && number != TERM_ENDS)
        return err_set(err, ST_CORRUPT, "a timer of the term with number %" PRIu64, number);
    TRY(state_move_moment(g, moments[number - 1], TIMER_TERM, number, 0, err));
    return judge_those(g, &h, err);
}

/* --- Following the charter (TRG-2) --- */

static enum status follow_term(struct gov *g, const struct conditions *l, struct err *err)
{
    uint64_t at[] = {l->renewal_opens_ms, l->term_ends_ms};
    for (uint64_t i = 0; i < ARRAY_LEN(at); i++)
        TRY(state_move_moment(g, moments[i], TIMER_TERM, i + 1, at[i] > g->time_ms ? at[i] : 0, err));
    return ST_OK;
}

static enum status drop_missing(struct gov *g, const struct conditions *l, struct err *err)
{
    for (struct tkey from = {.n = 1};;) {
        struct state_trigger t;
        struct tkey at;
        enum status st = next_trigger(g, &from, &at, &t, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        const struct trigger_condition *c = conditions_find(l, (enum trigger_type)at.b[0], span_of(at.b + 1, at.n - 1));
        if (c == NULL || !condition_is(c, &t, g->arena))
            overlay_del(g->state, TABLE_TRIGGER, tkey_span(&at));
    }
}

static enum status add_new(struct gov *g, const struct conditions *l, const struct trigger_condition *c, struct err *err)
{
    struct state_trigger t = {0};
    enum status st = trigger_get(l->f.v, g->arena, c->type, c->name, &t, err);
    if (st != ST_NOTFOUND)
        return st;
    if (c->when != NULL) {
        t.when = *c->when;
        SET_HAS(&t, state_trigger_key_when);
    }
    if (c->opens.n != 0) {
        t.opens = c->opens;
        SET_HAS(&t, state_trigger_key_opens);
    }
    TRY(put(g, c->type, c->name, &t, err));
    return judge(g, l, c, NULL, err);
}

enum status trigger_follow(struct gov *g, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct arena scratch = {0};
    struct conditions l;
    enum status st = conditions_load(&v, g->arena, &scratch, g->time_ms, &l, err);
    if (st == ST_OK)
        st = follow_term(g, &l, err);
    if (st == ST_OK)
        st = drop_missing(g, &l, err);
    for (size_t i = 0; st == ST_OK && i < l.n; i++)
        st = add_new(g, &l, &l.v[i], err);
    arena_deinit(&scratch);
    struct happened h = {.about = ABOUT_TERM};
    return st == ST_OK ? judge_those(g, &h, err) : st;
}

/* --- For gov_check --- */

enum status trigger_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err)
{
    struct conditions l;
    size_t n = 0, timers = 0;
    TRY(conditions_load(v, a, NULL, 0, &l, err));
    for (struct tkey from = {.n = 1};; n++) {
        struct span key, value;
        struct state_trigger t;
        enum status st = view_next(v, TABLE_TRIGGER, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        TRY(st);
        from = tkey_after(key);
        struct span name = span_of(key.p + 1, key.n - 1);
        TRY(codec_decode(&state_trigger_desc, value, a, &t, err));
        const struct trigger_condition *c = conditions_find(&l, (enum trigger_type)key.p[0], name);
        if (c == NULL || !condition_is(c, &t, a))
            return err_set(err, ST_CORRUPT, "trigger %.*s is not what the charter says", SPAN_FMT(name));
        if (HAS(&t, state_trigger_key_asked) && !HAS(&t, state_trigger_key_since_ms))
            return err_set(err, ST_CORRUPT, "trigger %.*s asks, and does not hold", SPAN_FMT(name));
    }
    if (n != l.n)
        return err_set(err, ST_CORRUPT, "%zu triggers are kept, the charter has %zu", n, l.n);
    for (uint64_t i = 0; i < ARRAY_LEN(moments); i++) {
        uint64_t at;
        struct span value;
        TRY(state_get_moment(v, a, moments[i], &at, err));
        struct tkey k = tkey_timer(at, i + 1, TIMER_TERM);
        if (at != 0 && view_get(v, TABLE_TIMER, tkey_span(&k), &value) != ST_OK)
            return err_set(err, ST_CORRUPT, "%s has no timer", moments[i]);
        timers += at != 0;
    }
    *ret_timers = timers;
    return ST_OK;
}
