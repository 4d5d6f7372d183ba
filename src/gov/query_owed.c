/* The inbox as one list, whatever kind each line is of: for reminders and calendars. */
#include <stdlib.h>
#include "charter/charter_model.h"
#include "crypto/hash.h"
#include "gov/item_id.h"
#include "gov/query_part.h"

const char *query_reading_next(const struct query_reading_task *t, struct arena *a)
{
    switch (t->task) {
    case TASK_REPORT:
        return charter_text(a, "entente report add %.*s --value NUMBER --period %.*s", SPAN_FMT(t->name),
                            SPAN_FMT(t->period));
    case TASK_COMMIT:
        return charter_text(a, "entente report commit %.*s --period %.*s -o %.*s.sealed", SPAN_FMT(t->name),
                            SPAN_FMT(t->period), SPAN_FMT(t->name));
    case TASK_REVEAL:
        return "entente report reveal FILE";
    case TASK_RESTATE:
        return charter_text(a, "entente report show K-%" PRIu64 " · entente report restate K-%" PRIu64, t->reading,
                            t->reading);
    case TASK_TRIGGER:
        if (enum_parse(&item_type_enum, t->opens, &(uint32_t){0}) == ST_OK)
            return charter_text(a, "entente scorecard · entente %.*s new --tags %.*s", SPAN_FMT(t->opens), SPAN_FMT(t->name));
        return charter_text(a, "entente scorecard · entente propose %.*s", SPAN_FMT(t->opens));
    case TASK_BALLOT:
    case TASK_REBASE:
    case TASK_MEDIATE:
    case TASK_INPUT:
    case TASK_RECOVERY:
    case TASK_SECOND:
    case TASK_RESEAT:
    case TASK_COUNTERSIGN:
    case TASK_ANSWER:
    case TASK_MEET:
    case TASK_CONFIRM:
    case TASK_RECORD:
        break;
    }
    return charter_text(a, "entente report countersign K-%" PRIu64 " · entente report dispute K-%" PRIu64, t->reading,
                        t->reading);
}

static struct span text(const char *s)
{
    return s == NULL ? (struct span){NULL, 0} : span_str(s); /* empty: the arena is full; add() says so */
}

/* Which of several inputs: they differ in words alone. */
static const char *short_digest(struct span words, struct arena *a)
{
    struct hash h;
    sha256(words, &h);
    return charter_text(a, "%02x%02x%02x%02x", h.b[0], h.b[1], h.b[2], h.b[3]);
}

static struct query_owed of_decision(const struct query_task *t, struct arena *a)
{
    const char *task = enum_text(&task_type_enum, t->task);
    struct query_owed o = {.edition = t->revision << 4 | t->rung,
                           .id = text(charter_text(a, "D-%" PRIu64, t->decision)),
                           .type = t->type,
                           .task = span_str(task),
                           .seats = t->seats,
                           .deadline_ms = t->deadline_ms,
                           .words = t->words,
                           .title = t->title,
                           .leaf = t->leaf,
                           .next = text(charter_text(a, "entente show D-%" PRIu64, t->decision))};
    o.key = text(t->task == TASK_INPUT
                     ? charter_text(a, "decision.D-%" PRIu64 ".%s.%s", t->decision, task, short_digest(t->words, a))
                     : charter_text(a, "decision.D-%" PRIu64 ".%s", t->decision, task));
    if (HAS(t, query_task_key_deadline_ms))
        SET_HAS(&o, query_owed_key_deadline_ms);
    SET_HAS(&o, query_owed_key_title);
    SET_HAS(&o, query_owed_key_leaf);
    return o;
}

static struct query_owed of_own(const struct query_own_task *t, struct arena *a)
{
    const char *task = enum_text(&task_type_enum, t->task);
    bool decision = HAS(t, query_own_task_key_decision);
    struct query_owed o = {.key = text(charter_text(a, "own.%" PRIu64 ".%s", t->leaf, task)),
                           .id = text(decision ? charter_text(a, "D-%" PRIu64, t->decision)
                                               : charter_text(a, "leaf %" PRIu64, t->leaf)),
                           .type = span_str("organisation"),
                           .task = span_str(task),
                           .seats = t->seats,
                           .deadline_ms = t->deadline_ms,
                           .words = t->words,
                           .next = text(decision ? charter_text(a, "entente show D-%" PRIu64, t->decision)
                                                 : "entente recovery list")};
    if (HAS(t, query_own_task_key_deadline_ms))
        SET_HAS(&o, query_owed_key_deadline_ms);
    return o;
}

static struct query_owed of_item(const struct query_item_task *t, struct arena *a)
{
    const char *task = enum_text(&item_task_enum, t->task);
    struct query_owed o = {.key = text(charter_text(a, "item.%.*s.%s", SPAN_FMT(t->id), task)),
                           .id = t->id,
                           .type = span_str(enum_text(&item_type_enum, t->item.type)),
                           .task = span_str(task),
                           .seats = t->seats,
                           .deadline_ms = t->deadline_ms,
                           .words = t->words,
                           .title = t->title,
                           .leaf = t->leaf,
                           .about = t->about,
                           .next = text(charter_text(a, "entente show %.*s", SPAN_FMT(t->id)))};
    if (HAS(t, query_item_task_key_deadline_ms))
        SET_HAS(&o, query_owed_key_deadline_ms);
    if (HAS(t, query_item_task_key_warned_ms))
        o.edition = t->warned_ms; /* another one fired: the owner is told again */
    if (HAS(t, query_item_task_key_about)) {
        SET_HAS(&o, query_owed_key_about);
    } else {
        SET_HAS(&o, query_owed_key_title);
        SET_HAS(&o, query_owed_key_leaf);
    }
    return o;
}

static struct query_owed of_reading(const struct query_reading_task *t, struct arena *a)
{
    const char *task = enum_text(&task_type_enum, t->task);
    bool trigger = t->task == TASK_TRIGGER;
    struct span id =
        trigger ? t->name : text(charter_text(a, "K-%" PRIu64, t->reading)); /* a control's checks are K-n too */
    const char *key = trigger && t->of == TRIGGER_CONSEQUENCE /* several may look at one metric */
                          ? charter_text(a, "consequence.%.*s.%.*s.%s", SPAN_FMT(id), SPAN_FMT(t->opens), task)
                          : charter_text(a, "%s.%.*s.%s", trigger ? "exit" : "reading", SPAN_FMT(id), task);
    struct query_owed o = {
        .key = text(key),
        .id = id,
        .type = span_str(trigger ? enum_text(&trigger_type_enum, t->of) : "reading"),
        .task = span_str(task),
        .seats = t->seats,
        .deadline_ms = t->deadline_ms,
        .words = t->words,
        .next = text(query_reading_next(t, a))};
    if (HAS(t, query_reading_task_key_deadline_ms))
        SET_HAS(&o, query_owed_key_deadline_ms);
    return o;
}

static struct query_owed of_session(const struct query_session_task *t, struct arena *a)
{
    const char *task = enum_text(&task_type_enum, t->task);
    struct query_owed o = {
        .key = text(charter_text(a, "session.S-%" PRIu64 ".%s", t->session, task)),
        .id = text(charter_text(a, "S-%" PRIu64, t->session)),
        .type = span_str("session"),
        .task = span_str(task),
        .seats = t->seats,
        .deadline_ms = t->deadline_ms,
        .words = t->words,
        .next = text(charter_text(a, "entente meet agenda S-%" PRIu64, t->session))};
    if (HAS(t, query_session_task_key_deadline_ms))
        SET_HAS(&o, query_owed_key_deadline_ms);
    return o;
}

static struct query_owed of_grant(const struct query_grant_task *t, struct arena *a)
{
    const char *act = enum_text(&grant_act_enum, t->act);
    struct query_owed o = {.key = text(charter_text(a, "grant.G-%" PRIu64 ".%s", t->grant, act)),
                           .id = text(charter_text(a, "G-%" PRIu64, t->grant)),
                           .type = span_str("grant"),
                           .task = span_str(act),
                           .seats = t->seats,
                           .deadline_ms = t->deadline_ms,
                           .words = t->words,
                           .next = text(charter_text(a, "entente share %s G-%" PRIu64, act, t->grant))};
    if (HAS(t, query_grant_task_key_deadline_ms))
        SET_HAS(&o, query_owed_key_deadline_ms);
    return o;
}

static struct query_owed of_again(const struct query_again *t, struct arena *a)
{
    bool course = t->type == AGAIN_COURSE;
    const char *what = enum_text(&again_type_enum, t->type);
    struct query_owed o = {.key = text(charter_text(a, "again.%s.%.*s%s%.*s", what, SPAN_FMT(t->name), course ? "." : "",
                                                    SPAN_FMT(course ? t->seats.v[0] : span_str("")))),
                           .edition = t->due_ms,
                           .id = text(charter_text(a, "%.*s", SPAN_FMT(t->name))),
                           .type = span_str(what),
                           .task = span_str(course ? "train" : "review"),
                           .seats = t->seats,
                           .deadline_ms = t->due_ms,
                           .words = t->words,
                           .next = t->next};
    SET_HAS(&o, query_owed_key_deadline_ms);
    return o;
}

static uint64_t order_of(const struct query_owed *o)
{
    return HAS(o, query_owed_key_deadline_ms) ? o->deadline_ms : UINT64_MAX;
}

static int compare(const void *x, const void *y)
{
    const struct query_owed *a = x, *b = y;
    uint64_t d = order_of(a), e = order_of(b);
    if (d != e)
        return d < e ? -1 : 1;
    return span_cmp(a->key, b->key);
}

/* Into the arena whatever is borrowed from the view. False: it is full. */
static bool own(struct query_owed *o, struct arena *a)
{
    struct span *const texts[] = {&o->key, &o->id, &o->type, &o->words, &o->about, &o->next};
    struct span *seats = arena_array(a, o->seats.n + 1, sizeof *seats);
    bool room = seats != NULL && o->key.n > 0 && o->id.n > 0 && o->next.n > 0;
    for (size_t i = 0; room && i < ARRAY_LEN(texts); i++) {
        struct span copy = texts[i]->n == 0 ? (struct span){NULL, 0} : arena_dup(a, *texts[i]);
        room = copy.n == texts[i]->n;
        *texts[i] = copy;
    }
    for (size_t i = 0; room && i < o->seats.n; i++) {
        seats[i] = arena_dup(a, o->seats.v[i]);
        room = seats[i].n > 0;
    }
    o->seats.v = seats;
    return room;
}

/* Two lines of one key would be one reminder: seats of both, first words. */
static void join(struct query_owed_list *l, struct arena *a)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct query_owed *o = n == 0 ? NULL : &l->v[n - 1];
        if (o == NULL || !span_eq(o->key, l->v[i].key) || o->edition != l->v[i].edition) {
            l->v[n++] = l->v[i];
            continue;
        }
        struct span *v = arena_array(a, o->seats.n + l->v[i].seats.n, sizeof *v);
        if (v == NULL)
            continue;
        memcpy(v, o->seats.v, o->seats.n * sizeof *v);
        struct span_list both = {o->seats.n, v};
        for (size_t k = 0; k < l->v[i].seats.n; k++)
            if (!state_list_has(&both, l->v[i].seats.v[k]))
                both.v[both.n++] = l->v[i].seats.v[k];
        o->seats = both;
    }
    l->n = n;
}

enum status query_owed(const struct query_inbox *in, struct arena *a, struct query_owed_list *ret, struct err *err)
{
    size_t most = in->list.n + in->own.n + in->items.n + in->readings.n + in->sessions.n + in->grants.n + in->again.n, k = 0;
    struct query_owed *v = arena_array(a, most + 1, sizeof *v);
    if (v == NULL)
        return query_full(err);
    for (size_t i = 0; i < in->own.n; i++)
        v[k++] = of_own(&in->own.v[i], a);
    for (size_t i = 0; i < in->list.n; i++)
        v[k++] = of_decision(&in->list.v[i], a);
    for (size_t i = 0; i < in->items.n; i++)
        v[k++] = of_item(&in->items.v[i], a);
    for (size_t i = 0; i < in->readings.n; i++)
        v[k++] = of_reading(&in->readings.v[i], a);
    for (size_t i = 0; i < in->sessions.n; i++)
        v[k++] = of_session(&in->sessions.v[i], a);
    for (size_t i = 0; i < in->grants.n; i++)
        v[k++] = of_grant(&in->grants.v[i], a);
    for (size_t i = 0; i < in->again.n; i++)
        v[k++] = of_again(&in->again.v[i], a);
    for (size_t i = 0; i < k; i++)
        if (!own(&v[i], a))
            return query_full(err);
    if (k != 0)
        qsort(v, k, sizeof *v, compare);
    struct query_owed_list l = {k, v};
    join(&l, a);
    *ret = l;
    return ST_OK;
}
