/* can, receipt, mediate, accept, decline, seat alternate, budgets, waiting; and who may ballot for whom. */
#include "charter/scalar.h"
#include "cli/cli.h"
#include "cli/reliance.h"

static int need_id(struct cli *c, uint64_t *ret_number, const char *verb)
{
    if (c->n != 1 || !cli_decision(c->words[0], ret_number))
        return cli_usage(c, "%s needs a decision's id, for instance: entente %s D-12", verb, verb);
    return EXIT_DONE;
}

static enum status money(struct cli *c, const char *option, const char *text, struct money *ret)
{
    if (scalar_money(span_str(text), &c->a, ret))
        return ST_OK;
    return err_set(
        &c->err, ST_USAGE,
        "%s %s: expected a currency and an amount with its decimals, for instance \"USD 180000.00\"", option,
        text);
}

enum status cli_money(struct cli *c, struct proposal *p)
{
    enum status st = ST_OK;
    if (c->amount != NULL) {
        st = money(c, "--amount", c->amount, &p->amount);
        SET_HAS(p, proposal_key_amount);
    }
    if (st == ST_OK && c->charge != NULL) {
        st = money(c, "--charge", c->charge, &p->charge);
        SET_HAS(p, proposal_key_charge);
    }
    if (c->budget != NULL) {
        p->budget = span_str(c->budget);
        SET_HAS(p, proposal_key_budget);
    }
    if (c->rate != NULL) {
        p->rate = span_str(c->rate);
        SET_HAS(p, proposal_key_rate);
    }
    return st;
}

/* --- For whom a seat ballots --- */

enum { COULD_MAX = 4096 };

static void add_all(struct span_list *to, const struct span_list *from)
{
    for (size_t i = 0; i < from->n && to->n < COULD_MAX; i++)
        to->v[to->n++] = from->v[i];
}

void cli_could_ballot(struct cli *c, const struct query_readiness *r, struct span_list *ret)
{
    *ret = (struct span_list){0, arena_array(&c->a, COULD_MAX, sizeof(struct span))};
    for (size_t i = 0; i < r->partners.n; i++) {
        const struct query_partner *p = &r->partners.v[i];
        add_all(ret, &p->could);
        add_all(ret, &p->approved);
        add_all(ret, &p->rejected);
        add_all(ret, &p->abstained);
        for (size_t k = 0; k < p->stand_ins.n; k++)
            add_all(ret, &p->stand_ins.v[k].seats);
    }
}

static bool has(const struct span_list *l, struct span s)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i], s))
            return true;
    return false;
}

enum status cli_principal(struct cli *c, const struct query_readiness *r, struct span seat, struct ballot *b)
{
    size_t n = 0;
    bool own = false;
    if (c->principal != NULL) {
        b->principal = span_str(c->principal);
        SET_HAS(b, ballot_key_principal);
        if (!text_is_seat(b->principal))
            return err_set(&c->err, ST_USAGE, "--for %s: expected ORG/SEAT, for instance brand/finance",
                           c->principal);
        return ST_OK;
    }
    for (size_t i = 0; i < r->partners.n; i++) {
        const struct query_partner *p = &r->partners.v[i];
        own = own || has(&p->could, seat) || has(&p->approved, seat) || has(&p->rejected, seat) ||
              has(&p->abstained, seat);
        for (size_t k = 0; k < p->stand_ins.n; k++) {
            if (!has(&p->stand_ins.v[k].seats, seat))
                continue;
            if (n > 0 && span_eq(b->principal, p->stand_ins.v[k].principal))
                continue;
            b->principal = p->stand_ins.v[k].principal;
            n++;
        }
    }
    if (own || n == 0)
        return ST_OK;
    if (n > 1)
        return err_set(&c->err, ST_USAGE,
                       "%.*s may ballot for several seats here. Say for which: --for ORG/SEAT",
                       SPAN_FMT(seat));
    SET_HAS(b, ballot_key_principal);
    return ST_OK;
}

/* --- can --- */

static bool action_of(const char *word, enum can_action *ret)
{
    for (enum can_action i = CAN_PROPOSE; i <= CAN_SHARE; i++) {
        if (strcmp(word, enum_text(&can_action_enum, i)) != 0)
            continue;
        *ret = i;
        return true;
    }
    return false;
}

int verb_can(struct cli *c)
{
    struct rpc_can q = {0};
    struct query_can r;
    uint64_t number;
    if (c->n < 3 || !text_is_seat(span_str(c->words[0])) || !action_of(c->words[1], &q.action) ||
        c->n != (q.action == CAN_SHARE ? 4 : 3))
        return cli_usage(c,
                         "can needs a seat, an action and a decision, or a type to propose, or a class and a partner to share "
                         "with: entente can brand/finance approve D-12. Actions: propose, revise, withdraw, approve, reject, "
                         "veto, abstain, recuse, escalate, pause, resume, mediate, accept, decline, share");
    q.seat = span_str(c->words[0]);
    if (q.action == CAN_SHARE) {
        q.type = span_str(c->words[2]);
        q.partner = span_str(c->words[3]);
        SET_HAS(&q, rpc_can_key_type);
        SET_HAS(&q, rpc_can_key_partner);
        if (!text_is_id(q.type) || !text_is_id(q.partner))
            return cli_usage(c, "can ... share needs a class and a partner: entente share map");
    } else if (q.action == CAN_PROPOSE) {
        q.type = span_str(c->words[2]);
        SET_HAS(&q, rpc_can_key_type);
        if (!text_is_id(q.type))
            return cli_usage(c, "can ... propose needs a type of decision: entente charter show decisions");
    } else {
        if (!cli_decision(c->words[2], &number))
            return cli_usage(c, "%s: expected a decision's id, for instance D-12", c->words[2]);
        q.decision = number;
        SET_HAS(&q, rpc_can_key_decision);
    }
    if (c->principal != NULL) {
        q.principal = span_str(c->principal);
        SET_HAS(&q, rpc_can_key_principal);
    }
    if (cli_ask(c, METHOD_can, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json) {
        (void)cli_json(c, &query_can_desc, &r);
        return r.permitted ? EXIT_DONE : EXIT_FORBIDDEN;
    }
    (void)printf("%s  %s %s %s%s%s%s%s: by %.*s\n", r.permitted ? "yes" : "no", c->words[0], c->words[1],
                 c->words[2], c->n == 4 ? " with " : "", c->n == 4 ? c->words[3] : "",
                 c->principal == NULL ? "" : " for ", c->principal == NULL ? "" : c->principal, SPAN_FMT(r.clause));
    if (!r.permitted)
        (void)printf("    %.*s\n", SPAN_FMT(r.words));
    return r.permitted ? EXIT_DONE : EXIT_FORBIDDEN;
}

/* --- Receipt, mediation --- */

/* After it is final, or saved. */
static int entered(struct cli *c, int code, uint64_t number)
{
    if (code != EXIT_DONE)
        return code;
    if (c->save == NULL)
        cli_say_outcome(c, number);
    else if (c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

int verb_receipt(struct cli *c)
{
    uint64_t number;
    struct cli_seen s;
    struct cli_signer signer;
    struct receipt body;
    struct span seat;
    if (need_id(c, &number, "receipt") != EXIT_DONE)
        return EXIT_USAGE;
    if (cli_fetch(c, number, &s) != ST_OK || cli_signer_open(c, &signer) != ST_OK)
        return cli_fail(c);
    body = (struct receipt){.decision = {.number = number, .digest = s.q.decision.digest}};
    int code = cli_seat(c, &signer, NULL, &seat) == ST_OK
                   ? cli_enter(c, &signer, seat, KIND_RECEIPT, &body, NULL, NULL)
                   : cli_fail(c);
    cli_signer_close(&signer);
    return entered(c, code, number);
}

int verb_mediate(struct cli *c)
{
    uint64_t number;
    struct cli_seen s;
    struct cli_signer signer;
    struct cli_prose_list prose = {0};
    struct decision_input body = {0};
    struct span seat;
    bool members;
    if (need_id(c, &number, "mediate") != EXIT_DONE)
        return EXIT_USAGE;
    if (cli_reason(c) != ST_OK || cli_fetch(c, number, &s) != ST_OK)
        return cli_fail(c);
    const char *type = (const char *)arena_dup(&c->a, s.q.decision.type).p;
    body.decision = (struct ref){.number = number, .digest = s.q.decision.digest};
    SET_HAS(&body, decision_input_key_settled);
    enum status st = cli_member_title(c, type);
    if (st == ST_OK)
        st = cli_fill_proposal(c, type, &s.leaf.proposal, &body.settled, &prose);
    if (st == ST_OK)
        st = cli_member_effect(c, type, &body.settled, &members);
    if (st == ST_OK && c->reason != NULL) {
        st = cli_detach(c, &prose, c->reason, &body.text);
        SET_HAS(&body, decision_input_key_text);
    }
    if (st == ST_OK)
        st = cli_signer_open(c, &signer);
    if (st != ST_OK)
        return cli_fail(c);
    int code = cli_seat(c, &signer, NULL, &seat) == ST_OK
                   ? cli_enter(c, &signer, seat, KIND_INPUT, &body, &prose, NULL)
                   : cli_fail(c);
    cli_signer_close(&signer);
    return entered(c, code, number);
}

/* What is accepted or declined is shown from its bytes, beside what was proposed. */
static void show_recommended(struct cli *c, const struct cli_seen *s, const struct cli_leaf *settled)
{
    struct buf before CLEANUP(buf_deinit), after CLEANUP(buf_deinit), diff CLEANUP(buf_deinit);
    buf_init(&before, 1 << 21);
    buf_init(&after, 1 << 21);
    buf_init(&diff, 1 << 22);
    cli_render_proposal(c, &s->leaf.proposal, &s->leaf.prose, &before);
    cli_render_proposal(c, &settled->proposal, &settled->prose, &after);
    cli_diff(buf_span(&before), buf_span(&after), &diff);
    (void)printf("D-%" PRIu64 " %.*s: the mediator recommends\n%s%s%ssha256:%s\n", s->q.decision.number,
                 SPAN_FMT(s->q.decision.type), buf_cstr(&after),
                 diff.n > 0 ? "against what was proposed:\n" : "", diff.n > 0 ? buf_cstr(&diff) : "",
                 hex_of(&settled->leaf.id).s);
}

static int answer(struct cli *c, const char *verb, enum choice choice)
{
    uint64_t number;
    struct cli_seen s;
    struct cli_leaf settled;
    struct cli_signer signer;
    struct cli_prose_list prose = {0};
    struct span seat;
    struct span_list could;
    if (need_id(c, &number, verb) != EXIT_DONE)
        return EXIT_USAGE;
    if (cli_reason(c) != ST_OK)
        return cli_fail(c);
    if (choice == CHOICE_REJECT && c->reason == NULL)
        return cli_usage(c, "to decline needs a reason: --reason TEXT");
    if (cli_fetch(c, number, &s) != ST_OK || cli_fetch_recommended(c, &s.q.readiness, &settled) != ST_OK ||
        cli_signer_open(c, &signer) != ST_OK)
        return cli_fail(c);
    struct ballot b = {.decision = {.number = number, .digest = settled.leaf.id},
                       .rung = s.q.decision.rung,
                       .choice = choice};
    cli_could_ballot(c, &s.q.readiness, &could);
    enum status st = cli_seat(c, &signer, &could, &seat);
    if (st == ST_OK)
        st = cli_principal(c, &s.q.readiness, seat, &b);
    if (st == ST_OK && c->reason != NULL) {
        st = cli_detach(c, &prose, c->reason, &b.reason);
        SET_HAS(&b, ballot_key_reason);
    }
    int code = EXIT_DONE;
    if (st != ST_OK) {
        code = cli_fail(c);
    } else {
        if (!c->json) {
            show_recommended(c, &s, &settled);
            cli_print_reliance(&s.q.readiness);
        }
        code = cli_confirmed(c, &settled.leaf.id, seat, &b);
        if (code == EXIT_DONE)
            code = cli_enter(c, &signer, seat, KIND_BALLOT, &b, &prose, NULL);
    }
    cli_signer_close(&signer);
    return entered(c, code, number);
}

int verb_accept(struct cli *c)
{
    return answer(c, "accept", CHOICE_APPROVE);
}

int verb_decline(struct cli *c)
{
    return answer(c, "decline", CHOICE_REJECT);
}

/* --- Alternates --- */

static enum status alternate_of(struct cli *c, struct alternate *ret)
{
    *ret = (struct alternate){.seat = span_str(c->by)};
    if (!text_is_seat(ret->seat))
        return err_set(&c->err, ST_USAGE, "--by %s: expected ORG/SEAT, for instance brand/quality", c->by);
    if (c->since == NULL || time_parse(span_str(c->since), &ret->from_ms) != ST_OK || c->until == NULL ||
        time_parse(span_str(c->until), &ret->until_ms) != ST_OK)
        return err_set(
            &c->err, ST_USAGE,
            "an alternate has dates: --since TIME --until TIME, for instance 2026-07-01T00:00:00Z");
    if (c->types != NULL) {
        cli_split(c, c->types, &ret->types);
        SET_HAS(ret, alternate_key_types);
    }
    if (c->amount == NULL)
        return ST_OK;
    SET_HAS(ret, alternate_key_most);
    return money(c, "--amount", c->amount, &ret->most);
}

/* The holders stay as they are: they are read, and signed again with the alternate. */
static enum status holders_of(struct cli *c, struct span seat, struct public_key_list *ret)
{
    struct query_seats seats;
    enum status st = cli_ask(c, METHOD_seats, NULL, &seats);
    for (size_t i = 0; st == ST_OK && i < seats.list.n; i++) {
        if (!span_eq(seats.list.v[i].seat, seat))
            continue;
        *ret = seats.list.v[i].keys;
        return ST_OK;
    }
    return st != ST_OK ? st : err_set(&c->err, ST_NOTFOUND, "the charter has no seat %.*s", SPAN_FMT(seat));
}

int verb_seat_alternate(struct cli *c)
{
    struct holder body = {0};
    struct alternate one;
    struct cli_signer s;
    struct span seat;
    if (c->n != 1 || !text_is_seat(span_str(c->words[0])))
        return cli_usage(c, "seat alternate needs the seat that is balloted for, ORG/SEAT");
    body.seat = span_str(c->words[0]);
    SET_HAS(&body, holder_key_alternates);
    if (c->by != NULL) {
        if (alternate_of(c, &one) != ST_OK)
            return cli_fail(c);
        body.alternates = (struct alternate_list){1, &one};
    }
    if (holders_of(c, body.seat, &body.keys) != ST_OK || cli_signer_open(c, &s) != ST_OK)
        return cli_fail(c);
    int code = cli_seat(c, &s, NULL, &seat) == ST_OK ? cli_enter(c, &s, seat, KIND_HOLDER, &body, NULL, NULL)
                                                     : cli_fail(c);
    cli_signer_close(&s);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

/* --- Money and time --- */

static struct cli_text amount_like(const struct money *of, int64_t minor)
{
    struct money m = {.minor = minor, .currency = of->currency};
    return cli_amount(&m);
}

int verb_budgets(struct cli *c)
{
    struct query_budgets r;
    if (cli_ask(c, METHOD_budgets, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_budgets_desc, &r);
    if (r.list.n == 0)
        (void)printf("The charter has no budgets.\n");
    for (size_t i = 0; i < r.list.n; i++) {
        const struct query_budget *b = &r.list.v[i];
        int64_t left = b->amount.minor - (int64_t)(b->reserved + b->spent);
        (void)printf("%-20.*s %s: spent %s, reserved %s, left %s; beyond it %.*s decides\n", SPAN_FMT(b->name),
                     cli_amount(&b->amount).s, amount_like(&b->amount, (int64_t)b->spent).s, amount_like(&b->amount, (int64_t)b->reserved).s,
                     amount_like(&b->amount, left).s, SPAN_FMT(b->beyond));
    }
    return EXIT_DONE;
}

/* "2 d 3 h" of business days. */
static void print_wait(const char *what, struct span whom, uint64_t ms)
{
    (void)printf("  %-9s %-16.*s %" PRIu64 " d %" PRIu64 " h %" PRIu64 " min\n", what, SPAN_FMT(whom),
                 ms / 86400000, ms / 3600000 % 24, ms / 60000 % 60);
}

int verb_waiting(struct cli *c)
{
    struct rpc_number q = {0};
    struct query_waiting r;
    if (need_id(c, &q.number, "waiting") != EXIT_DONE)
        return EXIT_USAGE;
    if (cli_ask(c, METHOD_waiting, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_waiting_desc, &r);
    (void)printf("D-%" PRIu64 ", in business days of 24 h; partners wait at the same time\n", r.decision);
    for (size_t i = 0; i < r.partners.n; i++)
        print_wait("owed by", r.partners.v[i].org, r.partners.v[i].owed_ms);
    print_wait("mediator", span_str(""), r.mediation_ms);
    print_wait("paused", span_str(""), r.pause_ms);
    print_wait("halts", span_str(""), r.halt_ms);
    print_wait("notice", span_str(""), r.notice_ms);
    return EXIT_DONE;
}
