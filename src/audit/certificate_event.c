/* What an event says against what the signed entry says, and where the events lead (CER-9, CER-10). */
#include "audit/certificate_parts.h"

static enum status body(struct check *c, const struct leaf *leaf, const struct record_desc *d, void *ret)
{
    struct err err;
    if (codec_decode(d, arena_dup(c->chain.a, leaf->entry.body), c->chain.a, ret, &err) != ST_OK)
        return chain_refuse(&c->chain, "block", "ENT-3: the body of a %s: %s", d->name, err.text);
    return ST_OK;
}

/* The decision that an entry is about, and the digest that it names. ST_NOTFOUND: its kind is about none. */
static enum status about(struct check *c, const struct leaf *leaf, struct ref *ret_ref)
{
    union {
        struct revise revise;
        struct ballot ballot;
        struct withdraw withdraw;
        struct move_decision move;
        struct note note;
        struct decision_input input;
        struct receipt receipt;
    } u;
    static const struct {
        enum kind kind;
        const struct record_desc *d;
    } kinds[] = {{KIND_REVISE, &revise_desc},     {KIND_BALLOT, &ballot_desc},
                 {KIND_WITHDRAW, &withdraw_desc}, {KIND_MOVE, &move_decision_desc},
                 {KIND_NOTE, &note_desc},         {KIND_INPUT, &decision_input_desc},
                 {KIND_RECEIPT, &receipt_desc}};
    const struct record_desc *d = NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].kind == (enum kind)leaf->entry.kind)
            d = kinds[i].d;
    if (d == NULL)
        return ST_NOTFOUND;
    enum status st = body(c, leaf, d, &u);
    if (st != ST_OK)
        return st;
    switch (leaf->entry.kind) {
    case KIND_REVISE:
        *ret_ref = u.revise.decision;
        break;
    case KIND_BALLOT:
        *ret_ref = u.ballot.decision;
        break;
    case KIND_WITHDRAW:
        *ret_ref = u.withdraw.decision;
        break;
    case KIND_MOVE:
        *ret_ref = u.move.decision;
        break;
    case KIND_INPUT:
        *ret_ref = u.input.decision;
        break;
    case KIND_RECEIPT:
        *ret_ref = u.receipt.decision;
        break;
    default:
        if (!HAS(&u.note, note_key_decision))
            return ST_NOTFOUND;
        *ret_ref = u.note.decision;
    }
    return ST_OK;
}

static bool same_hash(bool has_a, const struct hash *a, bool has_b, const struct hash *b)
{
    return has_a == has_b && (!has_a || hash_eq(a, b));
}

static bool same_text(bool has_a, struct span a, bool has_b, struct span b)
{
    return has_a == has_b && (!has_a || span_eq(a, b));
}

/* A ballot: what the event repeats of it. */
static enum status ballot_event(struct check *c, const struct state_event *ev, const struct leaf *leaf)
{
    struct ballot b;
    enum status st = body(c, leaf, &ballot_desc, &b);
    if (st != ST_OK)
        return st;
    if (ev->type == EVENT_VETOED ? b.choice != CHOICE_VETO
                                 : !HAS(ev, state_event_key_choice) || ev->choice != b.choice)
        return chain_refuse(&c->chain, "block", "CER-10: leaf %" PRIu64 " says %s; its event says otherwise",
                            ev->leaf, enum_text(&choice_enum, b.choice));
    if (!same_hash(HAS(ev, state_event_key_reason), &ev->reason, HAS(&b, ballot_key_reason), &b.reason) ||
        !same_text(HAS(ev, state_event_key_clause), ev->clause, HAS(&b, ballot_key_clause), b.clause) ||
        (ev->type == EVENT_BALLOT && !same_text(HAS(ev, state_event_key_principal), ev->principal,
                                                HAS(&b, ballot_key_principal), b.principal)))
        return chain_refuse(&c->chain, "block",
                            "CER-10: the event of leaf %" PRIu64
                            " gives another reason, clause or seat than the ballot",
                            ev->leaf);
    if (ev->type == EVENT_BALLOT && b.rung != ev->rung)
        return chain_refuse(&c->chain, "block",
                            "CER-10: leaf %" PRIu64 " is a ballot on rung %" PRIu64
                            "; its event is on rung %" PRIu64,
                            ev->leaf, b.rung, ev->rung);
    return ST_OK;
}

/* The kind of entry that an event of this type needs; 0: any that is about the decision. */
static uint64_t kind_of_event(enum event_type type)
{
    switch ((int)type) {
    case EVENT_OPENED:
    case EVENT_ACTED:
    case EVENT_COUNTER:
        return KIND_PROPOSE;
    case EVENT_BALLOT:
    case EVENT_VETOED:
        return KIND_BALLOT;
    case EVENT_REVISED:
        return KIND_REVISE;
    case EVENT_WITHDRAWN:
        return KIND_WITHDRAW;
    case EVENT_NOTE:
        return KIND_NOTE;
    case EVENT_INPUT:
    case EVENT_RECOMMENDED:
        return KIND_INPUT;
    case EVENT_RECEIPT:
        return KIND_RECEIPT;
    case EVENT_PAUSE_ASKED:
    case EVENT_PAUSED:
        return KIND_MOVE;
    default:
        return 0;
    }
}

/* A revision is made: its digest, and what it proposes, from here on. */
static enum status new_revision(struct check *c, const struct state_event *ev, const struct leaf *leaf)
{
    struct propose propose;
    struct revise revise;
    struct decision_input input;
    enum status st;
    switch ((int)ev->type) {
    case EVENT_OPENED:
        st = body(c, leaf, &propose_desc, &propose);
        if (st == ST_OK && !span_eq(propose.type, c->r->decision.type))
            st = chain_refuse(&c->chain, "block", "CER-9: it was opened as a %.*s; its row says %.*s",
                              SPAN_FMT(propose.type), SPAN_FMT(c->r->decision.type));
        if (st == ST_OK)
            c->r->proposal = propose.proposal;
        break;
    case EVENT_REVISED:
        st = body(c, leaf, &revise_desc, &revise);
        if (st == ST_OK)
            c->r->proposal = revise.proposal;
        break;
    default: /* recommended: put forward, in force as a revision once settled */
        st = body(c, leaf, &decision_input_desc, &input);
        if (st == ST_OK && !HAS(&input, decision_input_key_settled))
            st = chain_refuse(&c->chain, "block", "CER-10: leaf %" PRIu64 " recommends nothing", ev->leaf);
        if (st != ST_OK)
            return st;
        c->recommended = leaf->id;
        c->recommends = input.settled;
        c->has_recommended = true;
        return ST_OK;
    }
    c->digest = leaf->id;
    c->has_recommended = false;
    return st;
}

/* The phase that an event leaves behind. */
static void set_phase(struct check *c, enum event_type type)
{
    static const struct {
        enum event_type type;
        enum phase phase;
        bool either;
    } ends[] = {{EVENT_OPENED, PHASE_OPEN, false},         {EVENT_REVISED, PHASE_OPEN, true},
                {EVENT_ESCALATED, PHASE_OPEN, true},       {EVENT_RESUMED, PHASE_OPEN, false},
                {EVENT_BEYOND, PHASE_OPEN, false},         {EVENT_PASSED, PHASE_PASSED, false},
                {EVENT_EFFECTIVE, PHASE_EFFECTIVE, false}, {EVENT_REJECTED, PHASE_REJECTED, false},
                {EVENT_VETOED, PHASE_VETOED, false},       {EVENT_WITHDRAWN, PHASE_WITHDRAWN, false},
                {EVENT_DEFAULT, PHASE_DEFAULT, false},     {EVENT_STALE, PHASE_STALE, false},
                {EVENT_LAPSED, PHASE_LAPSED, false},       {EVENT_COUNTERED, PHASE_COUNTERED, false},
                {EVENT_PAUSED, PHASE_PAUSED, false},       {EVENT_EXPIRED, PHASE_EXPIRED, false},
                {EVENT_SUPERSEDED, PHASE_SUPERSEDED, false}};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (ends[i].type == type) {
            c->phase = ends[i].phase;
            c->either = ends[i].either;
        }
    }
}

/* CER-10: a ballot names the revision, or the recommendation, that stood when it was cast. */
static enum status names_revision(struct check *c, const struct state_event *ev, const struct ref *ref)
{
    if (ref->number != c->decision)
        return chain_refuse(&c->chain, "block",
                            "CER-10: leaf %" PRIu64 " is about D-%" PRIu64 ", not D-%" PRIu64, ev->leaf,
                            ref->number, c->decision);
    if (ev->type == EVENT_NOTE || ev->type == EVENT_REVISED || hash_eq(&ref->digest, &c->digest) ||
        (c->has_recommended && hash_eq(&ref->digest, &c->recommended)))
        return ST_OK;
    return chain_refuse(&c->chain, "block",
                        "CER-10: leaf %" PRIu64
                        " names revision %s; the one that the events lead to is %s: a revision is missing",
                        ev->leaf, hex_of(&ref->digest).s, hex_of(&c->digest).s);
}

enum status certificate_take_event(struct check *c, const struct state_event *ev, const struct leaf *leaf)
{
    enum status st = ST_OK;
    uint64_t kind = kind_of_event(ev->type);
    if ((c->r->n_events == 1) != (ev->type == EVENT_OPENED))
        return chain_refuse(&c->chain, "block", "CER-9: event %zu is \"%s\"", c->r->n_events,
                            enum_text(&event_type_enum, ev->type));
    if (leaf == NULL && kind != 0)
        return chain_refuse(&c->chain, "block", "CER-10: event %zu, \"%s\", is by no entry", c->r->n_events,
                            enum_text(&event_type_enum, ev->type));
    if (leaf != NULL && kind != 0 && leaf->entry.kind != kind)
        return chain_refuse(&c->chain, "block", "CER-10: event %zu, \"%s\", is by an entry of kind %" PRIu64,
                            c->r->n_events, enum_text(&event_type_enum, ev->type), leaf->entry.kind);
    if (leaf != NULL && leaf->entry.kind != KIND_PROPOSE) {
        struct ref ref;
        st = about(c, leaf, &ref);
        if (st == ST_NOTFOUND)
            return chain_refuse(&c->chain, "block", "CER-10: leaf %" PRIu64 " is about no decision",
                                ev->leaf);
        if (st == ST_OK && !c->r->events[c->r->n_events - 1].same_entry)
            st = names_revision(c, ev, &ref);
    }
    if (st == ST_OK && leaf != NULL && (ev->type == EVENT_BALLOT || ev->type == EVENT_VETOED))
        st = ballot_event(c, ev, leaf);
    if (st == ST_OK && leaf != NULL &&
        (ev->type == EVENT_OPENED || ev->type == EVENT_REVISED || ev->type == EVENT_RECOMMENDED))
        st = new_revision(c, ev, leaf);
    if (st == ST_OK && ev->type == EVENT_SETTLED) { /* GOV-55 */
        c->digest = c->recommended;
        c->r->proposal = c->recommends;
        c->has_recommended = false;
    }
    set_phase(c, ev->type);
    return st;
}

static struct span text_here(const struct check *c, const struct hash *digest)
{
    for (const struct check_text *t = c->texts; t != NULL; t = t->next)
        if (hash_eq(&t->digest, digest))
            return t->text;
    return (struct span){NULL, 0};
}

enum status certificate_outcome(struct check *c)
{
    const struct state_decision *d = &c->r->decision;
    if (c->r->n_events != d->events)
        return chain_refuse(&c->chain, "end",
                            "CER-9: %zu events are shown; the decision's row counts %" PRIu64
                            ": the last ones are missing",
                            c->r->n_events, d->events);
    const struct state_event *first = &c->r->events[0].event, *last = &c->r->events[c->r->n_events - 1].event;
    if (d->opened_leaf != first->leaf || d->opened_ms != first->at_ms || !span_eq(d->mover, first->seat))
        return chain_refuse(&c->chain, "end",
                            "CER-9: the decision's row names another opening than the first event");
    if (!hash_eq(&d->digest, &c->digest) || d->revision != last->revision)
        return chain_refuse(&c->chain, "end",
                            "CER-9: the decision's row has revision %s; the events lead to %s",
                            hex_of(&d->digest).s, hex_of(&c->digest).s);
    if (d->phase != c->phase && !(c->either && d->phase == PHASE_MEDIATION))
        return chain_refuse(&c->chain, "end", "CER-9: the decision's row says %s; the events lead to %s",
                            enum_text(&phase_enum, d->phase), enum_text(&phase_enum, c->phase));
    c->r->title = text_here(c, &c->r->proposal.title);
    if (HAS(&c->r->proposal, proposal_key_text))
        c->r->text = text_here(c, &c->r->proposal.text);
    return ST_OK;
}
