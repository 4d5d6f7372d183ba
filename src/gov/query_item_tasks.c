/* What items ask of an organisation: what its seats own, are offered, verify, look at or answer. */
#include <stdlib.h>
#include "gov/query_part.h"
#include "charter/charter_model.h"
#include "gov/item.h"
#include "gov/keys.h"
#include "gov/warning.h"

enum { TASKS_MAX = 4096, SEATS_MAX = 64 };

struct asked {
    const struct view *v;
    struct arena *a;
    struct span org;
    const struct span_list *only; /* or NULL: all seats of it */
    struct span_list verifiers;   /* seats of it that may verify */
    struct state_item_ladder ladder; /* the last that was read, from these bytes */
    struct span ladder_bytes;
    struct query_grow tasks;
};

static bool wanted(const struct asked *in, struct span seat)
{
    return span_eq(state_seat_org(seat), in->org) && (in->only == NULL || state_list_has(in->only, seat));
}

/* until_ms 0: it has no deadline. */
static enum status add(struct asked *in, const struct state_item *it, enum item_task task,
                       struct span_list seats, uint64_t until_ms, const char *words, struct err *err)
{
    if (seats.n == 0 || in->tasks.n == TASKS_MAX)
        return ST_OK;
    struct query_item_task *t = query_grow_one(&in->tasks, in->a);
    struct span id = arena_dup(in->a, span_str(item_id(it->item.type, it->number).s));
    if (t == NULL || id.p == NULL || words == NULL)
        return query_full(err);
    *t = (struct query_item_task){.item = {.type = it->item.type, .number = it->number},
                                  .id = id,
                                  .task = task,
                                  .seats = seats,
                                  .deadline_ms = until_ms,
                                  .overdue = item_is_overdue(it),
                                  .words = span_str(words),
                                  .title = it->item.title,
                                  .leaf = it->opened_leaf,
                                  .about = it->words};
    if (until_ms != 0)
        SET_HAS(t, query_item_task_key_deadline_ms);
    if (HAS(it, state_item_key_words))
        SET_HAS(t, query_item_task_key_about);
    if (task == ITEM_TASK_HEED) {
        t->warned_ms = it->warned_ms;
        SET_HAS(t, query_item_task_key_warned_ms);
    }
    return ST_OK;
}

static enum status one_seat(struct asked *in, struct span seat, struct span_list *ret, struct err *err)
{
    *ret = (struct span_list){0, arena_array(in->a, 1, sizeof(struct span))};
    if (ret->v == NULL)
        return query_full(err);
    if (wanted(in, seat))
        ret->v[ret->n++] = seat;
    return ST_OK;
}

static enum status add_one(struct asked *in, const struct state_item *it, enum item_task task,
                           struct span seat, uint64_t until_ms, const char *words, struct err *err)
{
    struct span_list seats;
    TRY(one_seat(in, seat, &seats, err));
    return add(in, it, task, seats, until_ms, words, err);
}

/* Seats of the rung it stands on. */
static enum status look(struct asked *in, const struct state_item *it, const struct state_item_ladder *l,
                        struct err *err)
{
    const struct item_rung *r = &l->rungs.v[it->rung - 1];
    struct span on;
    TRY(warning_text(in->a, it, &on, err));
    for (size_t i = 0; i < r->partners.n; i++) {
        const struct span_list *all = &r->partners.v[i].seats;
        struct span_list seats = {0, arena_array(in->a, all->n + 1, sizeof(struct span))};
        if (seats.v == NULL)
            return query_full(err);
        for (size_t k = 0; k < all->n; k++)
            if (wanted(in, all->v[k]))
                seats.v[seats.n++] = all->v[k];
        if (seats.n == 0)
            continue;
        TRY(add(in, it, ITEM_TASK_LOOK, seats, HAS(it, state_item_key_rung_ms) ? it->rung_ms : 0,
                charter_text(in->a, "it has come to %.*s%s%.*s: its owner is %.*s", SPAN_FMT(r->to),
                             on.n > 0 ? " by an early warning, " : "", SPAN_FMT(on), SPAN_FMT(it->owner)),
                err));
    }
    return ST_OK;
}

static enum status mediation(struct asked *in, const struct state_item *it, const struct state_item_ladder *l,
                             struct err *err)
{
    const struct span sides[] = {it->owner, it->item.against};
    if (!HAS(it, state_item_key_recommended))
        return add_one(in, it, ITEM_TASK_MEDIATE, l->rungs.v[it->rung - 1].mediator, it->rung_ms,
                       "it is with the mediator: recommend", err);
    for (size_t i = 0; i < 2; i++)
        if (!HAS(it, state_item_key_accepts) || !state_list_has(&it->accepts, sides[i]))
            TRY(add_one(in, it, ITEM_TASK_ANSWER, sides[i], it->rung_ms,
                        "the mediator recommends: accept, or decline; silence declines", err));
    return ST_OK;
}

static enum status claimed(struct asked *in, const struct state_item *it, struct err *err)
{
    if (it->item.type == ITEM_CONFLICT)
        return add_one(in, it, ITEM_TASK_ANSWER,
                       span_eq(it->claimed_by, it->owner) ? it->item.against : it->owner,
                       HAS(it, state_item_key_rung_ms) ? it->rung_ms : 0,
                       "the other side says how it is settled: verify, or reopen", err);
    if (span_eq(state_seat_org(it->owner), in->org))
        return ST_OK;
    return add(in, it, ITEM_TASK_VERIFY, in->verifiers, 0,
               charter_text(in->a, "%.*s says that it is done: verify, or reopen", SPAN_FMT(it->claimed_by)),
               err);
}

/* The owner of a risk that warns. */
static enum status heed(struct asked *in, const struct state_item *it, struct err *err)
{
    struct span on;
    TRY(warning_text(in->a, it, &on, err));
    return add_one(in, it, ITEM_TASK_HEED, it->owner, HAS(it, state_item_key_due_ms) ? it->due_ms : 0,
                   charter_text(in->a, "an early warning is on: %.*s", SPAN_FMT(on)), err);
}

static enum status open_item(struct asked *in, const struct state_item *it, struct err *err)
{
    bool due = HAS(it, state_item_key_due_ms);
    if (it->item.type == ITEM_CONFLICT) {
        const char *words = "settle it: claim how, and the other side verifies";
        TRY(add_one(in, it, ITEM_TASK_DO, it->owner, it->rung_ms, words, err));
        return add_one(in, it, ITEM_TASK_DO, it->item.against, it->rung_ms, words, err);
    }
    if (warning_is_on(it))
        TRY(heed(in, it, err));
    if (HAS(it, state_item_key_review_due_ms))
        return add_one(in, it, ITEM_TASK_REVIEW, it->owner, it->review_ms, "its review is due", err);
    if (warning_is_on(it) && !item_is_overdue(it))
        return ST_OK;
    return add_one(in, it, ITEM_TASK_DO, it->owner, due ? it->due_ms : 0,
                   item_is_overdue(it) ? "it is overdue"
                   : due               ? "it is to be done"
                                       : "it is open",
                   err);
}

/* Most items climb the same ladder: it is decoded when it differs from that of the one before. */
static enum status ladder_of(struct asked *in, const struct state_item *it, struct err *err)
{
    struct tkey k = tkey_item(it->item.type, it->number);
    struct span bytes;
    enum status st = view_get(in->v, TABLE_ITEM_LADDER, tkey_span(&k), &bytes);
    if (st == ST_OK && in->ladder_bytes.n > 0 && span_eq(bytes, in->ladder_bytes))
        return ST_OK;
    TRY(item_ladder_get(in->v, in->a, it, &in->ladder, err));
    in->ladder_bytes = arena_dup(in->a, bytes);
    return ST_OK;
}

static enum status tasks_of(struct asked *in, const struct state_item *it, struct err *err)
{
    const struct state_item_ladder *l = &in->ladder;
    if (it->rung > 0)
        TRY(ladder_of(in, it, err));
    if (HAS(it, state_item_key_offered))
        TRY(add_one(in, it, ITEM_TASK_TAKE, it->offered, it->offer_ms,
                    charter_text(in->a, "%.*s offers it to you: take it, or it stays there and climbs",
                                 SPAN_FMT(it->owner)),
                    err));
    if (it->phase == ITEM_MEDIATION)
        return mediation(in, it, l, err);
    if (it->phase == ITEM_CLAIMED)
        TRY(claimed(in, it, err));
    if (it->phase == ITEM_OPEN)
        TRY(open_item(in, it, err));
    if (it->phase == ITEM_ACCEPTED && warning_is_on(it))
        TRY(heed(in, it, err));
    if (it->phase == ITEM_ACCEPTED && HAS(it, state_item_key_review_due_ms))
        TRY(add_one(in, it, ITEM_TASK_REVIEW, it->owner, it->review_ms, "its review is due", err));
    return it->rung > 0 && (it->phase == ITEM_OPEN || it->item.type == ITEM_CONFLICT) ? look(in, it, l, err)
                                                                                      : ST_OK;
}

/* Seats of a partner that may verify: all but its registrar, which does not judge. */
static enum status verifiers(struct asked *in, struct err *err)
{
    bool partner = false;
    in->verifiers = (struct span_list){0, arena_array(in->a, SEATS_MAX, sizeof(struct span))};
    if (in->verifiers.v == NULL)
        return query_full(err);
    TRY(item_partner_org(in->v, in->a, in->org, &partner, err));
    for (struct tkey from = keys_first_seat(in->org), at; partner && in->verifiers.n < SEATS_MAX;) {
        struct state_seat seat;
        enum status st = keys_next_seat(in->v, in->a, in->org, &from, &at, &seat, err);
        if (st == ST_END)
            break;
        TRY(st);
        struct span name = arena_dup(in->a, tkey_span(&at));
        if (name.p == NULL)
            return query_full(err);
        if (wanted(in, name) && !span_eqs(state_seat_name(name), "registrar") && seat.keys.n > 0)
            in->verifiers.v[in->verifiers.n++] = name;
    }
    return ST_OK;
}

static uint64_t order_of(const struct query_item_task *t)
{
    return HAS(t, query_item_task_key_deadline_ms) ? t->deadline_ms : UINT64_MAX;
}

static int compare(const void *x, const void *y)
{
    const struct query_item_task *a = x, *b = y;
    uint64_t d = order_of(a), e = order_of(b);
    if (d != e)
        return d < e ? -1 : 1;
    if (a->item.type != b->item.type)
        return a->item.type < b->item.type ? -1 : 1;
    if (a->item.number != b->item.number)
        return a->item.number < b->item.number ? -1 : 1;
    return (a->task > b->task) - (a->task < b->task);
}

enum status query_item_tasks(const struct view *v, struct span org, const struct span_list *only,
                             struct arena *a, struct query_item_task_list *ret, struct err *err)
{
    struct asked in = {
        .v = v, .a = a, .org = org, .only = only, .tasks = {.size = sizeof(struct query_item_task)}};
    TRY(verifiers(&in, err));
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        struct state_item it;
        enum status st = view_next(v, TABLE_ITEM_LIVE, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return err_set(err, st, "items cannot be read");
        from = tkey_after(key);
        struct item_ref ref = {.type = (enum item_type)key.p[0], .number = load_u64(key.p + 1)};
        TRY(item_get(v, a, &ref, &it, err));
        TRY(tasks_of(&in, &it, err));
    }
    if (in.tasks.n != 0)
        qsort(in.tasks.v, in.tasks.n, sizeof(struct query_item_task), compare);
    *ret = (struct query_item_task_list){in.tasks.n, in.tasks.v};
    return ST_OK;
}
