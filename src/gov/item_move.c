/* Steps in an item's life (ITM-7 to ITM-11, ITM-15). Which step asks for what, when, and of whom is one
 * table. */
#include "gov/item.h"
#include "gov/warning.h"

enum { LINKS_MAX = 32 };

enum by {
    BY_OFFERED,   /* the seat that it is offered to */
    BY_OWNER,     /* the owner; of a conflict either side for claim */
    BY_OTHERS,    /* a seat of a partner, not of the owner's organisation; of a conflict the other side */
    BY_PARTNERS,  /* a seat of a partner; of a conflict a side */
    BY_LINKER,    /* a seat of a partner, or who opened it */
    BY_BASELINE,  /* the owner; of a request who opened it */
    BY_CONCERNED, /* the owner, who opened it, or a side */
    BY_MEDIATOR,
    BY_SIDE, /* a side that has not accepted yet */
};

#define BIT(name) (UINT64_C(1) << item_move_key_##name)
#define PHASE(p)  (1U << (p))
#define PHASES_ALL                                                                                           \
    (PHASE(ITEM_OPEN) | PHASE(ITEM_CLAIMED) | PHASE(ITEM_CLOSED) | PHASE(ITEM_ACCEPTED) |                    \
     PHASE(ITEM_MEDIATION))
static const struct step_row {
    enum item_step step;
    uint64_t must, may;
    unsigned phases;
    enum by by;
} steps[] = {
    {ITEM_STEP_TAKE, 0, BIT(text), PHASE(ITEM_OPEN) | PHASE(ITEM_ACCEPTED), BY_OFFERED},
    {ITEM_STEP_GIVE, BIT(to), BIT(text), PHASE(ITEM_OPEN) | PHASE(ITEM_ACCEPTED), BY_OWNER},
    {ITEM_STEP_CLAIM, 0, BIT(text) | BIT(documents), PHASE(ITEM_OPEN), BY_OWNER},
    {ITEM_STEP_VERIFY, 0, BIT(text) | BIT(documents), PHASE(ITEM_CLAIMED), BY_OTHERS},
    {ITEM_STEP_REOPEN, BIT(text), 0, PHASE(ITEM_CLAIMED) | PHASE(ITEM_CLOSED), BY_PARTNERS},
    {ITEM_STEP_LINK, BIT(link), BIT(text), PHASES_ALL, BY_LINKER},
    {ITEM_STEP_REBASE, BIT(due) | BIT(text), 0, PHASE(ITEM_OPEN), BY_BASELINE},
    {ITEM_STEP_REVIEW, BIT(likelihood) | BIT(impact), BIT(text) | BIT(indicators), PHASE(ITEM_OPEN) | PHASE(ITEM_ACCEPTED),
     BY_OWNER},
    {ITEM_STEP_ESCALATE, BIT(text), 0, PHASE(ITEM_OPEN) | PHASE(ITEM_CLAIMED), BY_CONCERNED},
    {ITEM_STEP_RECOMMEND, BIT(text), BIT(documents), PHASE(ITEM_MEDIATION), BY_MEDIATOR},
    {ITEM_STEP_ACCEPT, 0, BIT(text), PHASE(ITEM_MEDIATION), BY_SIDE},
    {ITEM_STEP_DECLINE, BIT(text), 0, PHASE(ITEM_MEDIATION), BY_SIDE},
};
static_assert(ARRAY_LEN(steps) == ITEM_STEP_DECLINE, "a row for every step, in the order of their numbers");

/* What a step must have, by the item's type. */
static uint64_t must_have(const struct step_row *row, enum item_type type)
{
    bool claim = row->step == ITEM_STEP_CLAIM, verify = row->step == ITEM_STEP_VERIFY;
    if (type == ITEM_CONFLICT && claim)
        return row->must | BIT(text);
    return type == ITEM_ASSUMPTION && (claim || verify) ? row->must | BIT(finding) : row->must;
}

static const char *key_name(unsigned key)
{
    for (size_t i = 0; i < item_move_desc.n; i++)
        if (item_move_desc.fields[i].key == key)
            return item_move_desc.fields[i].name;
    return "?";
}

/* An item on its way through one step. */
struct stepping {
    struct act *c;
    const struct item_move *r;
    const struct step_row *row;
    struct state_item it;
    struct item_id id;
    struct item_cause by;
    bool side; /* of a conflict, acting as one */
};

static enum status shape(struct stepping *s)
{
    const char *step = enum_text(&item_step_enum, s->r->step);
    uint64_t must = must_have(s->row, s->it.item.type), all = must | s->row->may | BIT(item) | BIT(step);
    for (unsigned key = 0; key < 64; key++)
        if (HAS(s->r, key) && (all >> key & 1) == 0)
            return act_refuse(s->c, V_MALFORMED, "item_move.%s: to %s %s has none", key_name(key), step,
                              s->id.s);
    for (unsigned key = 0; key < 64; key++) {
        if ((must >> key & 1) == 0 || HAS(s->r, key))
            continue;
        if (key == item_move_key_text)
            return act_refuse(s->c, V_REASON_NEEDED, "to %s %s needs a text that says how or why", step,
                              s->id.s);
        return act_refuse(s->c, V_INCOMPLETE, "to %s %s needs its %s", step, s->id.s,
                          key == item_move_key_finding ? "verdict: validated, falsified or inconclusive"
                                                       : key_name(key));
    }
    return ST_OK;
}

/* --- When --- */

static enum status not_now(struct stepping *s, const char *what)
{
    return act_refuse(s->c, V_NOT_NOW, "%s is %s: %s", s->id.s, enum_text(&item_phase_enum, s->it.phase),
                      what);
}

static enum status may_climb(struct stepping *s, struct err *err)
{
    struct view *v = &s->c->v;
    struct arena *a = s->c->g->arena;
    struct state_item_ladder l;
    uint64_t next;
    if (s->it.rung == 0)
        TRY(item_ladder_now(v, a, s->it.item.type == ITEM_CONFLICT, &l, err));
    else
        TRY(item_ladder_get(v, a, &s->it, &l, err));
    TRY(item_next_rung(v, a, &l, s->it.rung, &next, err));
    return next != 0 ? ST_OK : not_now(s, "its ladder has no further rung");
}

static enum status in_time(struct stepping *s, struct err *err)
{
    const struct state_item *it = &s->it;
    enum item_step step = s->r->step;
    bool conflict = it->item.type == ITEM_CONFLICT;
    if (step != ITEM_STEP_LINK)
        TRY(act_seen(s->c, it->changed_leaf, s->id.s));
    if (it->phase == ITEM_CLOSED && step != ITEM_STEP_LINK && step != ITEM_STEP_REOPEN)
        return act_refuse(s->c, V_CLOSED, "%s was closed at %s; it can be reopened", s->id.s,
                          time_utc(it->closed_ms).s);
    if ((s->row->phases & PHASE(it->phase)) == 0)
        return not_now(s, "that is not its next step");
    if (step == ITEM_STEP_TAKE && !HAS(it, state_item_key_offered))
        return not_now(s, "it is offered to nobody; its owner gives it first");
    if (step == ITEM_STEP_REOPEN && conflict && it->phase == ITEM_CLOSED)
        return not_now(s, "a conflict that has ended is not reopened; open a new one and link it");
    if (step == ITEM_STEP_REBASE && (conflict || !HAS(it, state_item_key_due_ms)))
        return not_now(s, "it has no due date");
    if (step == ITEM_STEP_REVIEW && it->item.type != ITEM_RISK)
        return not_now(s, "only risks are reviewed");
    if ((step == ITEM_STEP_ACCEPT || step == ITEM_STEP_DECLINE) && !HAS(it, state_item_key_recommended))
        return not_now(s, "the mediator has recommended nothing yet");
    return step == ITEM_STEP_ESCALATE ? may_climb(s, err) : ST_OK;
}

/* --- By whom --- */

static enum status forbidden(struct stepping *s, const char *who, struct span seat)
{
    return act_refuse(s->c, V_NOT_PERMITTED, "%s: %s %.*s does this, not %.*s", s->id.s, who, SPAN_FMT(seat),
                      SPAN_FMT(s->c->e->entry->seat));
}

/* The side that did not claim. */
static struct span other_side(const struct state_item *it)
{
    return span_eq(it->claimed_by, it->owner) ? it->item.against : it->owner;
}

static enum status partner_only(struct stepping *s, struct err *err)
{
    struct span seat = s->c->e->entry->seat;
    bool is = false;
    TRY(item_partner_seat(&s->c->v, s->c->g->arena, seat, &is, err));
    return is ? ST_OK : forbidden(s, "a seat of a", span_str("partner"));
}

static enum status of_others(struct stepping *s, struct err *err)
{
    struct span seat = s->c->e->entry->seat;
    TRY(partner_only(s, err));
    if (span_eq(state_seat_org(seat), state_seat_org(s->it.owner)))
        return forbidden(s, "a seat of another partner than", state_seat_org(s->it.owner));
    return ST_OK;
}

static enum status by_mediator(struct stepping *s, struct err *err)
{
    struct state_item_ladder l;
    TRY(item_ladder_get(&s->c->v, s->c->g->arena, &s->it, &l, err));
    struct span mediator = l.rungs.v[s->it.rung - 1].mediator;
    return span_eq(mediator, s->c->e->entry->seat) ? ST_OK : forbidden(s, "the mediator", mediator);
}

static bool opened_it(const struct state_item *it, struct span seat)
{
    return HAS(it, state_item_key_opened_by) && span_eq(it->opened_by, seat);
}

static enum status permitted(struct stepping *s, struct err *err)
{
    const struct state_item *it = &s->it;
    struct span seat = s->c->e->entry->seat;
    bool conflict = it->item.type == ITEM_CONFLICT, owner = span_eq(seat, it->owner);
    s->side = item_is_side(it, seat);
    switch (s->row->by) {
    case BY_OFFERED:
        return span_eq(seat, it->offered) ? ST_OK
                                          : forbidden(s, "the seat that it is offered to,", it->offered);
    case BY_OWNER:
        if (owner || (s->side && s->r->step == ITEM_STEP_CLAIM))
            return ST_OK;
        return forbidden(s, conflict && s->r->step == ITEM_STEP_CLAIM ? "a side, such as" : "its owner",
                         it->owner);
    case BY_OTHERS:
        if (!conflict)
            return of_others(s, err);
        return span_eq(seat, other_side(it)) ? ST_OK : forbidden(s, "the other side,", other_side(it));
    case BY_PARTNERS:
        if (!conflict)
            return partner_only(s, err);
        return s->side ? ST_OK : forbidden(s, "a side, such as", it->owner);
    case BY_LINKER:
        return opened_it(it, seat) ? ST_OK : partner_only(s, err);
    case BY_BASELINE:
        if (it->item.type == ITEM_REQUEST && HAS(it, state_item_key_opened_by))
            return opened_it(it, seat) ? ST_OK : forbidden(s, "who asked,", it->opened_by);
        return owner ? ST_OK : forbidden(s, "its owner", it->owner);
    case BY_CONCERNED:
        return owner || s->side || opened_it(it, seat) ? ST_OK : forbidden(s, "its owner", it->owner);
    case BY_MEDIATOR:
        return by_mediator(s, err);
    case BY_SIDE:
        if (s->side && !(HAS(it, state_item_key_accepts) && state_list_has(&it->accepts, seat)))
            return ST_OK;
        return forbidden(s, "a side that has not answered, of", state_seat_org(it->owner));
    }
    return err_set(err, ST_CORRUPT, "a step of an unknown kind");
}

/* --- What is done --- */

static void drop(struct state_item *it, uint64_t keys)
{
    it->has &= ~keys;
}
#define KEY(name) (UINT64_C(1) << state_item_key_##name)

static enum status take(struct stepping *s, struct err *err)
{
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_TAKEN};
    item_begin(s->c->g, it);
    it->owner = s->c->e->entry->seat;
    drop(it, KEY(offered) | KEY(offer_ms));
    if (it->item.type != ITEM_CONFLICT && !item_is_overdue(it) && !warning_is_on(it)) {
        it->rung = 0;
        drop(it, KEY(rung_ms));
    }
    return item_commit(s->c->g, it, &s->by, &ev, err);
}

static enum status give(struct stepping *s, struct err *err)
{
    struct span to = s->r->to;
    bool is = false;
    TRY(item_partner_seat(&s->c->v, s->c->g->arena, to, &is, err));
    if (!is)
        return act_refuse(s->c, V_NO_SUCH_OBJECT, "%.*s is no seat of a partner", SPAN_FMT(to));
    if (span_eq(to, s->it.owner))
        return act_refuse(s->c, V_NOT_PERMITTED, "%.*s owns %s already", SPAN_FMT(to), s->id.s);
    if (s->it.item.type == ITEM_CONFLICT && !span_eq(state_seat_org(to), state_seat_org(s->it.owner)))
        return act_refuse(s->c, V_NOT_PERMITTED, "a side of %s stays with %.*s", s->id.s,
                          SPAN_FMT(state_seat_org(s->it.owner)));
    return item_offer(s->c->g, &s->it, to, &s->by, err);
}

/* ITM-10: a gate opens with what the charter says, each shown by a link. */
static enum status gate_open(struct stepping *s, struct err *err)
{
    struct span_list missing;
    TRY(item_gate_missing(&s->c->v, s->c->g->arena, &s->it, &missing, err));
    if (missing.n == 0)
        return ST_OK;
    return act_refuse(s->c, V_INCOMPLETE, "%.*s opens with %.*s: link %s to what shows it",
                      SPAN_FMT(s->it.item.name), SPAN_FMT(missing.v[0]), s->id.s);
}

static enum status attested(struct stepping *s, struct err *err)
{
    const void *section;
    struct rights r;
    TRY(item_section(&s->c->v, s->c->g->arena, SECTION_COMPLIANCE, &section, err));
    const struct charter_compliance *compliance = section;
    for (size_t i = 0; compliance != NULL && i < compliance->list.n; i++) {
        const struct charter_control *k = &compliance->list.v[i];
        if (!span_eq(k->name, s->it.item.name))
            continue;
        TRY(rights_load(&s->c->v, s->c->g->arena, &r, err));
        if (!charter_selects(&r.charter, &k->attest, s->c->e->entry->seat))
            return act_refuse(s->c, V_NOT_PERMITTED,
                              "%.*s does not attest the control %.*s; give %s to a seat that does",
                              SPAN_FMT(s->c->e->entry->seat), SPAN_FMT(k->name), s->id.s);
        if (k->evidence == REQ_REQUIRED && !HAS(s->r, item_move_key_documents))
            return act_refuse(s->c, V_INCOMPLETE, "the control %.*s needs evidence: the digest of a document",
                              SPAN_FMT(k->name));
    }
    return ST_OK;
}

static void say_finding(const struct item_move *r, struct state_item_event *ev)
{
    if (!HAS(r, item_move_key_finding))
        return;
    ev->finding = r->finding;
    SET_HAS(ev, state_item_event_key_finding);
}

static enum status claim(struct stepping *s, struct err *err)
{
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_CLAIMED};
    if (it->item.type == ITEM_CHECK)
        TRY(attested(s, err));
    TRY(gate_open(s, err));
    item_begin(s->c->g, it);
    it->claimed_by = s->c->e->entry->seat;
    SET_HAS(it, state_item_key_claimed_by);
    it->claimed_ms = s->c->g->time_ms;
    SET_HAS(it, state_item_key_claimed_ms);
    drop(it, KEY(offered) | KEY(offer_ms));
    if (HAS(s->r, item_move_key_finding)) {
        it->finding = s->r->finding;
        SET_HAS(it, state_item_key_finding);
    }
    if (it->item.type != ITEM_CONFLICT)
        drop(it, KEY(rung_ms));
    it->phase = ITEM_CLAIMED;
    if (!item_type_row(it->item.type)->verified)
        item_close(s->c->g, it);
    say_finding(s->r, &ev);
    return item_commit(s->c->g, it, &s->by, &ev, err);
}

/* ITM-10: the verifier found otherwise. The conflict's number is the next one. */
static enum status disputed(struct stepping *s, struct err *err)
{
    struct gov *g = s->c->g;
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_DISPUTED};
    struct tkey k = tkey_text(span_str(enum_text(&item_type_enum, ITEM_CONFLICT)));
    struct state_counter n = {0};
    struct item_ref opened;
    struct item_link link = {.item = {.type = it->item.type, .number = it->number}};
    char words[64];
    SET_HAS(&link, item_link_key_item);
    enum status st = state_get(&s->c->v, g->arena, TABLE_META, &k, &state_counter_desc, &n, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    ev.other = (struct item_ref){.type = ITEM_CONFLICT, .number = n.value + 1};
    SET_HAS(&ev, state_item_event_key_other);
    say_finding(s->r, &ev);
    item_begin(g, it);
    drop(it, KEY(claimed_by) | KEY(claimed_ms) | KEY(finding));
    it->phase = ITEM_OPEN;
    TRY(item_commit(g, it, &s->by, &ev, err));
    (void)snprintf(words, sizeof words, "the verdict on %s is disputed", s->id.s);
    struct item_link *links = arena_array(g->arena, 1, sizeof *links);
    if (links == NULL)
        return err_set(err, ST_LIMIT, "out of room for a link");
    *links = link;
    struct item_opening o = {
        .item = {.type = ITEM_CONFLICT, .against = s->c->e->entry->seat, .links = {1, links}},
        .words = words,
        .owner = it->owner};
    SET_HAS(&o.item, item_key_against);
    SET_HAS(&o.item, item_key_links);
    return item_open_by_record(g, &o, &opened, err);
}

static enum status verify(struct stepping *s, struct err *err)
{
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_VERIFIED};
    if (HAS(s->r, item_move_key_finding) && s->r->finding != it->finding)
        return disputed(s, err);
    item_begin(s->c->g, it);
    it->verified_by = s->c->e->entry->seat;
    SET_HAS(it, state_item_key_verified_by);
    item_close(s->c->g, it);
    say_finding(s->r, &ev);
    TRY(item_commit(s->c->g, it, &s->by, &ev, err));
    if (it->item.type == ITEM_ASSUMPTION && it->finding == ASSUMED_FALSIFIED)
        return item_falsified(s->c->g, it, err);
    return it->item.type == ITEM_CHECK || it->item.type == ITEM_TRAINING ? item_recur(s->c->g, it, err) : ST_OK;
}

static enum status reopen(struct stepping *s, struct err *err)
{
    struct gov *g = s->c->g;
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_REOPENED};
    bool conflict = it->item.type == ITEM_CONFLICT, closed = it->phase == ITEM_CLOSED;
    if (closed)
        TRY(warning_room(s->c, it, err));
    item_begin(g, it);
    drop(it, KEY(claimed_by) | KEY(claimed_ms) | KEY(verified_by) | KEY(closed_ms) | KEY(finding) |
                 KEY(review_due_ms));
    it->phase = ITEM_OPEN;
    if (closed)
        it->rung = 0;
    if (closed && it->item.type == ITEM_RISK)
        TRY(item_set_review(g, it, err));
    if (it->rung > 0 && !conflict) {
        struct state_item_ladder l;
        TRY(item_ladder_get(&s->c->v, g->arena, it, &l, err));
        if (item_span_end(&s->c->v, g->arena, g->time_ms, &l.rungs.v[it->rung - 1].within, &it->rung_ms,
                          err) != ST_OK)
            return err_set(err, ST_CORRUPT, "a rung's time has no end");
        SET_HAS(it, state_item_key_rung_ms);
    }
    TRY(item_commit(g, it, &s->by, &ev, err));
    return closed ? warning_judge(g, it, err) : warning_resume(g, it, err);
}

static enum status link_item(struct stepping *s, struct err *err)
{
    struct gov *g = s->c->g;
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_LINKED, .link = s->r->link};
    struct item_ref self = {.type = it->item.type, .number = it->number};
    struct denial no;
    SET_HAS(&ev, state_item_event_key_link);
    for (size_t i = 0; i < it->links.n; i++)
        if (item_link_same(&it->links.v[i], &s->r->link))
            return act_refuse(s->c, V_DUPLICATE, "%s has this link already", s->id.s);
    if (it->links.n >= LINKS_MAX)
        return act_refuse(s->c, V_TOO_MANY, "%s has %d links already", s->id.s, LINKS_MAX);
    TRY(act_checked(s->c, item_link_sound(&s->c->v, g->arena, &self, &s->r->link, &no, err), &no));
    struct item_link *v = arena_array(g->arena, it->links.n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for links");
    if (it->links.n != 0)
        memcpy(v, it->links.v, it->links.n * sizeof *v);
    v[it->links.n] = s->r->link;
    item_begin(g, it);
    it->links = (struct item_link_list){it->links.n + 1, v};
    bool decision = HAS(&s->r->link, item_link_key_decision);
    struct tkey k = tkey_item_linked(s->r->link.decision, it->item.type, it->number);
    if (decision)
        overlay_put(g->state, TABLE_ITEM_LINKED, tkey_span(&k), span_of("", 0));
    TRY(item_commit(g, it, &s->by, &ev, err));
    bool falsified =
        it->item.type == ITEM_ASSUMPTION && it->phase == ITEM_CLOSED && it->finding == ASSUMED_FALSIFIED;
    return decision && falsified ? item_doubt(g, it, s->r->link.decision, err) : ST_OK;
}

static enum status rebase(struct stepping *s, struct err *err)
{
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_REBASED};
    uint64_t end;
    TRY(item_date_end(&s->c->v, s->c->g->arena, s->r->due, &end, err));
    if (end <= s->c->g->time_ms)
        return act_refuse(s->c, V_MALFORMED, "item_move.due: that day ended at %s; expected a day to come",
                          time_utc(end).s);
    item_begin(s->c->g, it);
    if (!HAS(it, state_item_key_first_due_ms)) {
        it->first_due_ms = it->due_ms;
        SET_HAS(it, state_item_key_first_due_ms);
        it->rebased = 0;
        SET_HAS(it, state_item_key_rebased);
    }
    it->due_ms = ev.until_ms = end;
    it->rebased++;
    if (warning_is_on(it)) { /* IND-7 */
        it->by_warning = true;
        SET_HAS(it, state_item_key_by_warning);
    } else {
        it->rung = 0;
        drop(it, KEY(rung_ms));
    }
    SET_HAS(&ev, state_item_event_key_until_ms);
    return item_commit(s->c->g, it, &s->by, &ev, err);
}

static enum status review(struct stepping *s, struct err *err)
{
    struct state_item *it = &s->it;
    struct state_item_event ev = {
        .type = ITEM_EVENT_REVIEWED, .likelihood = s->r->likelihood, .impact = s->r->impact};
    SET_HAS(&ev, state_item_event_key_likelihood);
    SET_HAS(&ev, state_item_event_key_impact);
    bool warnings = HAS(s->r, item_move_key_indicators);
    if (warnings)
        TRY(warning_sound(s->c, &s->r->indicators, it, err));
    item_begin(s->c->g, it);
    if (warnings)
        TRY(warning_set(s->c->g, it, &s->r->indicators, err));
    it->likelihood = s->r->likelihood;
    it->impact = s->r->impact;
    TRY(item_set_review(s->c->g, it, err));
    if (HAS(it, state_item_key_review_ms)) {
        ev.until_ms = it->review_ms;
        SET_HAS(&ev, state_item_event_key_until_ms);
    }
    TRY(item_commit(s->c->g, it, &s->by, &ev, err));
    return warnings ? warning_judge(s->c->g, it, err) : ST_OK;
}

/* --- Mediation (ITM-15) --- */

static enum status recommend(struct stepping *s, struct err *err)
{
    struct gov *g = s->c->g;
    struct state_item *it = &s->it;
    struct state_item_event ev = {.type = ITEM_EVENT_RECOMMENDED};
    struct state_item_ladder l;
    TRY(item_ladder_get(&s->c->v, g->arena, it, &l, err));
    const struct item_rung *rung = &l.rungs.v[it->rung - 1];
    item_begin(g, it);
    it->recommended = s->c->e->id;
    SET_HAS(it, state_item_key_recommended);
    drop(it, KEY(accepts));
    if (HAS(rung, item_rung_key_answer) &&
        item_span_end(&s->c->v, g->arena, g->time_ms, &rung->answer, &it->rung_ms, err) != ST_OK)
        return err_set(err, ST_CORRUPT, "the time to answer has no end");
    ev.until_ms = it->rung_ms;
    SET_HAS(&ev, state_item_event_key_until_ms);
    return item_commit(g, it, &s->by, &ev, err);
}

static enum status accept(struct stepping *s, struct err *err)
{
    struct gov *g = s->c->g;
    struct state_item *it = &s->it;
    struct span seat = s->c->e->entry->seat;
    struct state_item_event ev = {.type = ITEM_EVENT_ACCEPTED}, settled = {.type = ITEM_EVENT_SETTLED};
    struct span *v = arena_array(g->arena, 2, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the sides");
    size_t n = HAS(it, state_item_key_accepts) ? it->accepts.n : 0;
    ASSERT(n < 2);
    v[0] = n == 1 && span_cmp(it->accepts.v[0], seat) < 0 ? it->accepts.v[0] : seat;
    v[1] = n == 1 && span_eq(v[0], seat) ? it->accepts.v[0] : seat;
    item_begin(g, it);
    it->accepts = (struct span_list){n + 1, v};
    SET_HAS(it, state_item_key_accepts);
    TRY(item_commit(g, it, &s->by, &ev, err));
    if (n == 0)
        return ST_OK;
    item_begin(g, it);
    item_close(g, it);
    return item_commit(g, it, &s->by, &settled, err);
}

static enum status decline(struct stepping *s, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_DECLINED};
    item_begin(s->c->g, &s->it);
    TRY(item_commit(s->c->g, &s->it, &s->by, &ev, err));
    return item_default(s->c->g, &s->it, err);
}

static enum status carry_out(struct stepping *s, struct err *err)
{
    switch (s->r->step) {
    case ITEM_STEP_TAKE:
        return take(s, err);
    case ITEM_STEP_GIVE:
        return give(s, err);
    case ITEM_STEP_CLAIM:
        return claim(s, err);
    case ITEM_STEP_VERIFY:
        return verify(s, err);
    case ITEM_STEP_REOPEN:
        return reopen(s, err);
    case ITEM_STEP_LINK:
        return link_item(s, err);
    case ITEM_STEP_REBASE:
        return rebase(s, err);
    case ITEM_STEP_REVIEW:
        return review(s, err);
    case ITEM_STEP_ESCALATE:
        return item_climb(s->c->g, &s->it, &s->by, err);
    case ITEM_STEP_RECOMMEND:
        return recommend(s, err);
    case ITEM_STEP_ACCEPT:
        return accept(s, err);
    case ITEM_STEP_DECLINE:
        return decline(s, err);
    }
    return err_set(err, ST_CORRUPT, "a step of an unknown kind %d", (int)s->r->step);
}

enum status item_apply_move(struct act *c, const struct item_move *r, struct err *err)
{
    struct stepping s = {.c = c,
                         .r = r,
                         .row = &steps[r->step - 1],
                         .id = item_id(r->item.type, r->item.number),
                         .by = {.seat = c->e->entry->seat,
                                .id = c->e->id,
                                .text = HAS(r, item_move_key_text) ? &r->text : NULL}};
    enum status st = item_get(&c->v, c->g->arena, &r->item, &s.it, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no item %s", s.id.s);
    if (st != ST_OK)
        return st;
    ASSERT(s.row->step == r->step);
    TRY(shape(&s));
    TRY(in_time(&s, err));
    TRY(permitted(&s, err));
    return carry_out(&s, err);
}
