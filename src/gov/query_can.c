/* May a seat do this now? The rules themselves are asked, on a copy of the state. */
#include "gov/course.h"
#include "gov/query_part.h"
#include "gov/rights.h"

/* The body of the kind that is tried. */
struct trial {
    enum kind kind;
    const void *body;
    struct span partner;
    union {
        struct propose propose;
        struct revise revise;
        struct ballot ballot;
        struct withdraw withdraw;
        struct move_decision move;
        struct decision_input input;
        struct grant grant;
    } u;
};

static enum status make_propose(const struct view *v, const struct query_can_what *what, struct arena *a,
                                struct trial *t, struct err *err)
{
    struct rights r;
    TRY(rights_load(v, a, &r, err));
    t->kind = KIND_PROPOSE;
    t->body = &t->u.propose;
    t->u.propose = (struct propose){.type = what->type, .proposal = {.effect = {.type = EFFECT_NONE}}};
    const struct charter_row *row = charter_row(&r.charter, what->type);
    if (row != NULL && HAS(row, charter_row_key_scope)) {
        t->u.propose.proposal.scope = row->scope;
        SET_HAS(&t->u.propose.proposal, proposal_key_scope);
    }
    return ST_OK;
}

/* Until tomorrow, and without consent: what could be shared by a decision is not permitted, and the words say so. */
static void make_grant(const struct query_can_what *what, uint64_t at_ms, struct trial *t)
{
    t->partner = what->partner;
    t->kind = KIND_GRANT;
    t->body = &t->u.grant;
    t->u.grant = (struct grant){
        .info_class = what->type, .audience = {1, &t->partner}, .until = at_ms / (24 * 3600 * 1000) + 1};
}

/* Reason and clause are there: what is asked is whether the seat may, not whether it gave them. */
static void make_ballot(const struct query_can_what *what, const struct matter *m, struct ref ref,
                        enum choice choice, struct trial *t)
{
    struct ballot *b = &t->u.ballot;
    t->kind = KIND_BALLOT;
    t->body = b;
    if (m->recommended != NULL)
        ref.digest = m->recommended->id;
    *b = (struct ballot){.decision = ref, .rung = m->d.rung, .choice = choice};
    SET_HAS(b, ballot_key_reason);
    if (choice == CHOICE_VETO) {
        b->clause = span_str("any");
        SET_HAS(b, ballot_key_clause);
    }
    if (what->principal.n != 0) {
        b->principal = what->principal;
        SET_HAS(b, ballot_key_principal);
    }
}

static void make_move(const struct matter *m, struct ref ref, enum move move, struct trial *t)
{
    t->kind = KIND_MOVE;
    t->body = &t->u.move;
    t->u.move = (struct move_decision){.decision = ref, .rung = m->d.rung, .move = move};
}

/* The proposal as it stands is what a revision or a recommendation is tried with. */
static enum status make_text(const struct view *v, const struct query_can_what *what, const struct matter *m,
                             struct ref ref, struct arena *a, struct trial *t, struct err *err)
{
    struct state_revision rev;
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    if (what->action == CAN_REVISE) {
        t->kind = KIND_REVISE;
        t->body = &t->u.revise;
        t->u.revise = (struct revise){.decision = ref, .proposal = rev.proposal};
        return ST_OK;
    }
    t->kind = KIND_INPUT;
    t->body = &t->u.input;
    t->u.input = (struct decision_input){.decision = ref, .settled = rev.proposal};
    SET_HAS(&t->u.input, decision_input_key_settled);
    return ST_OK;
}

static enum status make(const struct view *v, const struct query_can_what *what, const struct matter *m,
                        struct arena *a, struct trial *t, struct err *err)
{
    struct ref ref = {.number = what->decision, .digest = m->d.digest};
    switch (what->action) {
    case CAN_PROPOSE:
        return make_propose(v, what, a, t, err);
    case CAN_REVISE:
    case CAN_MEDIATE:
        return make_text(v, what, m, ref, a, t, err);
    case CAN_WITHDRAW:
        t->kind = KIND_WITHDRAW;
        t->body = &t->u.withdraw;
        t->u.withdraw = (struct withdraw){.decision = ref};
        return ST_OK;
    case CAN_APPROVE:
    case CAN_ACCEPT:
        make_ballot(what, m, ref, CHOICE_APPROVE, t);
        return ST_OK;
    case CAN_REJECT:
    case CAN_DECLINE:
        make_ballot(what, m, ref, CHOICE_REJECT, t);
        return ST_OK;
    case CAN_VETO:
        make_ballot(what, m, ref, CHOICE_VETO, t);
        return ST_OK;
    case CAN_ABSTAIN:
        make_ballot(what, m, ref, CHOICE_ABSTAIN, t);
        return ST_OK;
    case CAN_RECUSE:
        make_ballot(what, m, ref, CHOICE_RECUSE, t);
        return ST_OK;
    case CAN_ESCALATE:
        make_move(m, ref, MOVE_ESCALATE, t);
        return ST_OK;
    case CAN_PAUSE:
        make_move(m, ref, MOVE_PAUSE, t);
        return ST_OK;
    case CAN_RESUME:
        make_move(m, ref, MOVE_RESUME, t);
        return ST_OK;
    case CAN_SHARE:
        break; /* about no decision */
    }
    return err_set(err, ST_USAGE, "no such action");
}

/* What of the charter it goes by. */
static const char *clause_of(const struct query_can_what *what, const struct matter *m, struct arena *a)
{
    struct span type = what->action == CAN_PROPOSE ? what->type : m->d.type;
    switch (what->action) {
    case CAN_PROPOSE:
        return charter_text(a, "decisions.%.*s.owner", SPAN_FMT(type));
    case CAN_SHARE:
        return charter_text(a, "sharing.%.*s, decisions.data-sharing.owner", SPAN_FMT(what->type));
    case CAN_VETO:
        return charter_text(a, "decisions.%.*s.veto", SPAN_FMT(type));
    case CAN_REVISE:
    case CAN_WITHDRAW:
        return charter_text(a, "decisions.%.*s.owner (its mover: %.*s)", SPAN_FMT(type),
                            SPAN_FMT(m->d.mover));
    case CAN_ESCALATE:
    case CAN_MEDIATE:
    case CAN_ACCEPT:
    case CAN_DECLINE:
        return charter_text(a, "ladders.%.*s", SPAN_FMT(m->p.ladder));
    case CAN_PAUSE:
    case CAN_RESUME:
        return charter_text(a, "decisions.%.*s.owner, decisions.%.*s.approve", SPAN_FMT(type),
                            SPAN_FMT(type));
    case CAN_APPROVE:
    case CAN_REJECT:
    case CAN_ABSTAIN:
    case CAN_RECUSE:
        break;
    }
    if (m->d.rung > 0)
        return charter_text(a, "ladders.%.*s, rung %" PRIu64 " (%.*s)", SPAN_FMT(m->p.ladder), m->d.rung,
                            SPAN_FMT(course_rung_name(m, m->d.rung)));
    return charter_text(a, "decisions.%.*s.%s (%.*s)", SPAN_FMT(type), m->d.level > 0 ? "above" : "approve",
                        SPAN_FMT(course_rung_name(m, 0)));
}

static enum status no_history(void *ctx, uint64_t at_ms, uint64_t *ret_size, struct err *err)
{
    (void)ctx;
    (void)at_ms;
    (void)ret_size;
    return err_set(err, ST_UNSUPPORTED, "the history is not looked at here");
}

/* A proposal is refused for what it says only after its seat was found to be an owner. */
static bool owner_at_least(enum verdict v)
{
    return v == V_OK || v == V_INCOMPLETE || v == V_MALFORMED || v == V_BAD_EFFECT || v == V_TOO_MANY ||
           v == V_STALE_VERSION;
}

/* Some key that holds it; zeros, which hold nothing, when it is empty or not there. */
static enum status key_of(const struct view *v, struct arena *a, struct span seat, struct public_key *ret,
                          struct err *err)
{
    struct tkey k = tkey_text(seat);
    struct state_seat s;
    *ret = (struct public_key){.alg = SIG_ED25519};
    enum status st = state_get(v, a, TABLE_SEAT, &k, &state_seat_desc, &s, err);
    if (st == ST_OK && s.keys.n > 0)
        *ret = s.keys.v[0];
    return st == ST_NOTFOUND ? ST_OK : st;
}

static enum status encode(struct arena *a, const struct trial *t, struct span *ret, struct err *err)
{
    uint8_t *p = arena_alloc(a, LIMIT_ENTRY_BYTES + 1);
    if (p == NULL)
        return query_full(err);
    struct buf b = {.p = p, .cap = LIMIT_ENTRY_BYTES + 1, .limit = LIMIT_ENTRY_BYTES};
    TRY(codec_encode(kind_desc(t->kind), t->body, &b));
    *ret = buf_span(&b);
    return ST_OK;
}

enum status query_can(const struct view *v, const struct query_can_what *what, uint64_t at_ms,
                      struct arena *a, struct query_can *ret, struct err *err)
{
    struct overlay scratch;
    struct matter m = {0};
    struct trial t = {0};
    enum verdict verdict = V_MALFORMED;
    uint64_t next;
    enum status due = gov_next_deadline(v, &next);
    if (due == ST_OK && next <= at_ms) /* as no entry could be in a block now: GOV-T1 */
        return err_set(err, ST_BUSY,
                       "a deadline of %s is due and has not fired by then; what may be done is known once it has. If that does not come about: "
                       "entente node why",
                       time_utc(next).s);
    if (due != ST_OK && due != ST_END)
        return err_set(err, due, "deadlines cannot be read");
    if (what->action != CAN_PROPOSE && what->action != CAN_SHARE) {
        enum status st = matter_load(v, a, what->decision, &m, err);
        if (st == ST_NOTFOUND)
            return err_set(err, st, "there is no decision D-%" PRIu64, what->decision);
        TRY(st);
    }
    if (what->action == CAN_SHARE)
        make_grant(what, at_ms, &t);
    else
        TRY(make(v, what, &m, a, &t, err));
    overlay_init(&scratch, v, a);
    struct gov g = {.state = &scratch,
                    .arena = a,
                    .time_ms = at_ms,
                    .prev_time_ms = at_ms,
                    .height = what->height + 1,
                    .leaf = what->size,
                    .rules = what->rules,
                    .history = {NULL, no_history}};
    struct entry e = {.leaf = LEAF_ENTRY, .version = 1, .kind = t.kind, .seat = what->seat};
    e.basis.size = what->size;
    TRY(encode(a, &t, &e.body, err));
    struct gov_entry ge = {.entry = &e};
    TRY(key_of(v, a, what->seat, &ge.key, err));
    TRY(gov_apply(&g, &ge, &verdict, err));
    const char *clause = clause_of(what, &m, a), *words = charter_text(a, "%s", g.why);
    if (clause == NULL || words == NULL)
        return query_full(err);
    *ret = (struct query_can){.permitted =
                                  what->action == CAN_PROPOSE ? owner_at_least(verdict) : verdict == V_OK,
                              .verdict = verdict,
                              .words = span_str(words),
                              .clause = span_str(clause)};
    return ST_OK;
}
