/* show, decisions, readiness, seats. */
#include "cli/cli.h"
#include "cli/reliance.h"
#include "charter/charter_model.h"
#include "crypto/sshpub.h"
#include "gov/query.h"
#include "gov/state.h"

struct cli_texts cli_texts_of(struct cli *c, const struct leaf *leaf, const struct rpc_leaf_reply *r)
{
    struct prose_list l = r->prose;
    cli_keep_prose(leaf, &l);
    return (struct cli_texts){l.n, l.v,
                              HAS(r, rpc_leaf_reply_key_erased)
                                  ? span_str(charter_text(&c->a, "(erased by D-%" PRIu64 ")", r->erased))
                                  : span_str("(text absent)")};
}

struct cli_texts cli_prose_at(struct cli *c, uint64_t leaf)
{
    struct rpc_leaf q = {.index = leaf};
    struct rpc_leaf_reply r;
    struct leaf entry;
    if (cli_ask(c, METHOD_leaf, &q, &r) != ST_OK || leaf_parse(r.leaf, &c->a, &entry, NULL) != ST_OK)
        return (struct cli_texts){0, NULL, span_str("(text absent)")};
    return cli_texts_of(c, &entry, &r);
}

struct span cli_title_at(struct cli *c, uint64_t leaf, const struct hash *digest)
{
    struct cli_texts l = cli_prose_at(c, leaf);
    return cli_find_prose(&l, digest);
}

static struct span reason_text(struct cli *c, uint64_t leaf, const struct hash *digest)
{
    return cli_title_at(c, leaf, digest);
}

static void print_event(struct cli *c, const struct state_event *e)
{
    (void)printf("  %s  %s", cli_time(e->at_ms).s, enum_text(&event_type_enum, e->type));
    if (HAS(e, state_event_key_choice))
        (void)printf(": %s", enum_text(&choice_enum, e->choice));
    if (HAS(e, state_event_key_to))
        (void)printf(" to %.*s", SPAN_FMT(e->to));
    if (e->type == EVENT_COUNTER || e->type == EVENT_COUNTERED || e->type == EVENT_SUPERSEDED)
        (void)printf("%s D-%" PRIu64, e->type == EVENT_COUNTER ? ":" : " by", e->other);
    if (HAS(e, state_event_key_seat))
        (void)printf(" by %.*s", SPAN_FMT(e->seat));
    else if (e->type == EVENT_ESCALATED || e->type == EVENT_RESUMED || e->type == EVENT_EXPIRED)
        (void)printf(", by itself");
    if (HAS(e, state_event_key_principal))
        (void)printf(" for %.*s", SPAN_FMT(e->principal));
    if (HAS(e, state_event_key_name))
        (void)printf(" %.*s", SPAN_FMT(e->name));
    if (HAS(e, state_event_key_until_ms) && e->until_ms != e->at_ms) /* without notice it ends as it begins */
        (void)printf(", until %s", cli_time(e->until_ms).s);
    if (HAS(e, state_event_key_outcome))
        (void)printf(": %s", enum_text(&last_resort_enum, e->outcome));
    if (HAS(e, state_event_key_clause))
        (void)printf(" on clause %.*s", SPAN_FMT(e->clause));
    if (e->type == EVENT_DOUBTED)
        (void)printf(": %.*s", SPAN_FMT(e->words));
    if (HAS(e, state_event_key_reason))
        (void)printf(": %.*s", SPAN_FMT(reason_text(c, e->leaf, &e->reason)));
    (void)printf("  (leaf %" PRIu64 ")\n", e->leaf);
}

static void print_events(struct cli *c, const struct query_decision *q)
{
    (void)printf("what happened\n");
    for (size_t i = 0; i < q->events.n; i++)
        print_event(c, &q->events.v[i]);
}

const char *cli_phase(enum phase p)
{
    return p == PHASE_MEDIATION ? "in mediation" : p == PHASE_DEFAULT ? "closed by its default" : enum_text(&phase_enum, p);
}

static bool is_asked(enum phase p)
{
    return p == PHASE_OPEN || p == PHASE_MEDIATION || p == PHASE_PAUSED || p == PHASE_STALE;
}

/* The last event of a type, if there is one. */
static void print_last(struct cli *c, const struct query_decision *q, enum event_type type)
{
    for (size_t i = q->events.n; i-- > 0;)
        if (q->events.v[i].type == type) {
            print_event(c, &q->events.v[i]);
            return;
        }
}

/* How it was closed, or passed: when, and by whom. */
static void print_end(struct cli *c, const struct query_decision *q)
{
    static const enum event_type ends[] = {
        [PHASE_PASSED] = EVENT_PASSED,       [PHASE_EFFECTIVE] = EVENT_EFFECTIVE, [PHASE_REJECTED] = EVENT_REJECTED,
        [PHASE_VETOED] = EVENT_VETOED,       [PHASE_WITHDRAWN] = EVENT_WITHDRAWN, [PHASE_DEFAULT] = EVENT_DEFAULT,
        [PHASE_LAPSED] = EVENT_LAPSED,       [PHASE_COUNTERED] = EVENT_COUNTERED,
        [PHASE_EXPIRED] = EVENT_EXPIRED,     [PHASE_SUPERSEDED] = EVENT_SUPERSEDED,
    };
    enum phase p = q->decision.phase;
    bool ended = p == PHASE_EXPIRED || p == PHASE_SUPERSEDED;
    if (p == PHASE_EFFECTIVE || ended)
        print_last(c, q, EVENT_PASSED);
    if (ended)
        print_last(c, q, EVENT_EFFECTIVE);
    if ((size_t)p < ARRAY_LEN(ends) && ends[p] != 0)
        print_last(c, q, ends[p]);
}

/* "maker/delivery-lead, for maker/quality": who signed is told from who is spoken for. */
static void print_approved(const struct query_decision *q, struct span seat)
{
    for (size_t i = 0; i < q->ballots.n; i++) {
        const struct query_ballot *b = &q->ballots.v[i];
        if (b->counts && span_eq(b->seat, seat) && HAS(&b->ballot, state_ballot_key_by))
            (void)printf("%.*s, for ", SPAN_FMT(b->ballot.by));
    }
    (void)printf("%.*s", SPAN_FMT(seat));
}

/* Is it what a partner's line says already? */
static bool said(const struct query_readiness *r, struct span missing)
{
    for (size_t i = 0; i < r->partners.n; i++) {
        const struct query_partner *p = &r->partners.v[i];
        size_t n = HAS(p, query_partner_key_words) ? p->words.n : 0;
        if (n > 0 && missing.n >= n && memcmp(missing.p + missing.n - n, p->words.p, n) == 0)
            return true;
    }
    return false;
}

static void print_acted(const struct query_decision *q)
{
    if (!HAS(&q->decision, state_decision_key_acted_ms) || q->decision.phase == PHASE_EFFECTIVE)
        return;
    if (is_asked(q->decision.phase))
        (void)printf("  acted first: in effect already, since %s; what is asked is to ratify it\n", cli_time(q->decision.acted_ms).s);
    else if (HAS(&q->decision, state_decision_key_closed_ms))
        (void)printf("  acted first: it was in effect from %s to %s\n", cli_time(q->decision.acted_ms).s,
                     cli_time(q->decision.closed_ms).s);
}

static void print_recommended(struct cli *c, const struct query_readiness *r)
{
    struct cli_leaf l;
    struct buf b CLEANUP(buf_deinit), in CLEANUP(buf_deinit);
    buf_init(&b, 1 << 21);
    buf_init(&in, 1 << 21);
    (void)printf("  the mediator recommends sha256:%s\n", hex_of(&r->recommended).s);
    if (cli_fetch_recommended(c, r, &l) != ST_OK) {
        (void)printf("    (%s)\n", c->err.text);
        return;
    }
    cli_render_proposal(c, &l.proposal, &l.prose, &b);
    cli_indented(&in, buf_span(&b), "    ");
    (void)fputs(buf_cstr(&in), stdout);
}

static void print_partner(const struct query_decision *q, const struct query_partner *p)
{
    bool silent = p->position == POSITION_OWES && !is_asked(q->decision.phase);
    bool words = HAS(p, query_partner_key_words) && !silent;
    (void)printf("  %-14.*s ", SPAN_FMT(p->org));
    (void)printf(words || p->approved.n > 0 ? "%-13s" : "%s", silent ? "did not vote" : enum_text(&position_enum, p->position));
    if (words)
        (void)printf(" %.*s", SPAN_FMT(p->words));
    for (size_t k = 0; !words && k < p->approved.n; k++) {
        (void)printf("%s", k == 0 ? " " : "; ");
        print_approved(q, p->approved.v[k]);
    }
    (void)printf("\n");
}

void cli_print_missing(const struct query_readiness *r)
{
    for (size_t i = 0; i < r->missing.n; i++)
        (void)printf("  %s %.*s\n", i == 0 ? "Missing:" : "        ", SPAN_FMT(r->missing.v[i]));
}

void cli_print_silence(const struct query_readiness *r)
{
    if (HAS(r, query_readiness_key_deadline_ms) && r->silence.n > 0)
        (void)printf(is_asked(r->phase) ? "  Silence: %.*s on %s.\n" : "  It %.*s on %s.\n", SPAN_FMT(r->silence),
                     cli_time(r->deadline_ms).s);
}

void cli_print_readiness(struct cli *c, const struct query_decision *q)
{
    const struct query_readiness *r = &q->readiness;
    bool asked = is_asked(r->phase);
    (void)printf("D-%" PRIu64 " %.*s is %s", r->decision, SPAN_FMT(r->type), cli_phase(r->phase));
    (void)printf(asked ? "; asked: %.*s" : "; asked was: %.*s", SPAN_FMT(r->to));
    if (r->asked > 0)
        (void)printf("; %s %" PRIu64 " of %" PRIu64 " partners", asked ? "has" : "had", r->approving, r->asked);
    (void)printf("\n");
    print_end(c, q);
    print_acted(q);
    for (size_t i = 0; i < r->partners.n; i++)
        print_partner(q, &r->partners.v[i]);
    for (size_t i = 0; i < r->missing.n; i++)
        if (!said(r, r->missing.v[i]))
            (void)printf("  %.*s\n", SPAN_FMT(r->missing.v[i]));
    for (size_t i = 0; i < r->veto.n; i++)
        (void)printf("  may veto, until %s: %.*s\n",
                     HAS(r, query_readiness_key_veto_until_ms) ? cli_time(r->veto_until_ms).s
                                                               : "it takes effect",
                     SPAN_FMT(r->veto.v[i]));
    if (HAS(r, query_readiness_key_receipts_until_ms)) {
        (void)printf("  silence may count as approval, of who has seen it by %s:",
                     cli_time(r->receipts_until_ms).s);
        for (size_t i = 0; i < r->receipts.n; i++)
            (void)printf("%s%.*s", i == 0 ? " " : ", ", SPAN_FMT(r->receipts.v[i]));
        (void)printf(r->receipts.n == 0 ? " none yet\n" : " so far\n");
    }
    if (HAS(r, query_readiness_key_recommended))
        print_recommended(c, r);
    if (HAS(r, query_readiness_key_deadline_ms) && r->silence.n > 0)
        (void)printf("  %s%.*s on %s\n", is_asked(r->phase) ? "silence: " : "", SPAN_FMT(r->silence),
                     cli_time(r->deadline_ms).s);
}

/* The approval of which partners is missing, once this seat approves: with none, and nothing else missing, it passes. */
static size_t missing_after(const struct query_readiness *r, struct span seat, struct buf *orgs, bool *ret_last)
{
    size_t missing = 0, spoken = 0;
    *ret_last = true;
    for (size_t i = 0; i < r->partners.n; i++) {
        const struct query_partner *p = &r->partners.v[i];
        bool acts = state_list_has(&p->could, seat);
        for (size_t k = 0; k < p->stand_ins.n; k++)
            acts = acts || span_eq(p->stand_ins.v[k].principal, seat);
        spoken += HAS(p, query_partner_key_words);
        if (p->position == POSITION_APPROVES || (p->position == POSITION_OWES && acts && p->approved.n + 1 >= p->count))
            continue;
        *ret_last = false;
        if (p->position == POSITION_OWES)
            buf_printf(orgs, "%s%.*s", missing++ == 0 ? "" : ", ", SPAN_FMT(p->org));
    }
    *ret_last = *ret_last && r->missing.n > 0 && r->missing.n <= spoken; /* more: inputs */
    return missing;
}

void cli_print_stakes(const struct query_decision *q, struct span seat, enum choice choice)
{
    const struct query_readiness *r = &q->readiness;
    struct buf orgs CLEANUP(buf_deinit);
    bool last, sums = HAS(&q->pinned, state_pinned_key_raises) || HAS(&q->pinned, state_pinned_key_beyond); /* GOV-61, GOV-62 */
    buf_init(&orgs, 1 << 16);
    print_acted(q);
    if (r->missing.n == 0)
        (void)printf("  D-%" PRIu64 " is %s; nothing is missing\n", r->decision, cli_phase(r->phase));
    cli_print_missing(r);
    size_t n = missing_after(r, seat, &orgs, &last);
    if (choice == CHOICE_APPROVE && r->phase == PHASE_OPEN && last)
        (void)printf("  Yes: you are last, it passes now%s%s.\n", q->pinned.notice.n > 0 ? " and its notice begins" : "",
                     sums ? ", unless its amount is too high for those asked" : "");
    else if (choice == CHOICE_APPROVE && r->phase == PHASE_OPEN && n > 0)
        (void)printf("  Yes: it waits for %s still.\n", buf_cstr(&orgs));
    cli_print_silence(r);
}

/* A revision that is void by now. */
static int show_old(struct cli *c, const struct cli_seen *s)
{
    struct cli_leaf old;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 21);
    if (cli_fetch_revision(c, &s->q, c->rev_number, &old) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &entry_desc, &old.leaf.entry);
    cli_render_proposal(c, &old.proposal, &old.prose, &b);
    (void)printf("D-%" PRIu64 " revision %" PRIu64 ", void: revision %" PRIu64 " is current\n%ssha256:%s\n",
                 s->q.decision.number, c->rev_number, s->q.decision.revision, buf_cstr(&b),
                 hex_of(&old.leaf.id).s);
    return EXIT_DONE;
}

int verb_show(struct cli *c)
{
    struct item_ref item;
    uint64_t number;
    struct cli_seen s;
    if (c->n == 1 && cli_is_item(c->words[0], &item))
        return cli_item_show(c, &item);
    if (c->n == 1 && (c->words[0][0] == 'S' || c->words[0][0] == 's') && c->words[0][1] == '-')
        return verb_meet_agenda(c);
    if (c->n != 1 || !cli_decision(c->words[0], &number))
        return cli_usage(c, "show needs the id of a decision, item or session, for instance: entente show D-12");
    if (cli_fetch(c, number, &s) != ST_OK)
        return cli_fail(c);
    if (c->rev_number != 0 && c->rev_number != s.q.decision.revision)
        return show_old(c, &s);
    if (c->at == NULL)
        cli_note_seen(c, number, s.q.decision.revision);
    if (c->json)
        return cli_json(c, &query_decision_desc, &s.q);
    cli_show_proposal(c, &s);
    if (s.q.decision.revision > 1)
        cli_print_revised(c, &s);
    cli_print_readiness(c, &s.q);
    print_events(c, &s.q);
    for (size_t i = 0; i < s.q.notes.n; i++) {
        (void)printf("note by %.*s: ", SPAN_FMT(s.q.notes.v[i].seat));
        if (HAS(&s.q.notes.v[i].note, note_key_text))
            cli_prose(stdout, "  ", cli_title_at(c, s.q.notes.v[i].leaf, &s.q.notes.v[i].note.text));
        if (HAS(&s.q.notes.v[i].note, note_key_document))
            cli_print_document(c, "  document ", &s.q.notes.v[i].note.document);
    }
    for (size_t i = 0; i < s.q.inputs.n; i++) {
        const struct decision_input *in = &s.q.inputs.v[i].input.input;
        for (size_t k = 0; HAS(in, decision_input_key_documents) && k < in->documents.n; k++)
            cli_print_document(c, "input document ", &in->documents.v[k]);
    }
    cli_print_linked(c, number);
    return EXIT_DONE;
}

int verb_readiness(struct cli *c)
{
    struct rpc_number q;
    struct query_readiness r;
    struct query_decision d;
    memset(&q, 0, sizeof q);
    if (c->n != 1 || !cli_decision(c->words[0], &q.number))
        return cli_usage(c, "readiness needs a decision's id, for instance: entente readiness D-12");
    if (c->json)
        return cli_ask(c, METHOD_readiness, &q, &r) == ST_OK ? cli_json(c, &query_readiness_desc, &r) : cli_fail(c);
    if (cli_ask(c, METHOD_decision, &q, &d) != ST_OK)
        return cli_fail(c);
    cli_print_readiness(c, &d);
    cli_print_reliance(&d.readiness);
    return EXIT_DONE;
}

int verb_decisions(struct cli *c)
{
    struct query_decisions all = {0};
    uint64_t from = c->from == NULL ? 1 : c->from_number;
    size_t columns = cli_columns(), room = columns == SIZE_MAX ? SIZE_MAX : columns > 60 ? columns - 47 : 13;
    for (;;) {
        struct rpc_range q = {.from = from, .count = 200};
        struct query_decisions r;
        if (cli_ask(c, METHOD_decisions, &q, &r) != ST_OK)
            return cli_fail(c);
        struct query_line *v = arena_array(&c->a, all.list.n + r.list.n, sizeof *v);
        if (all.list.n > 0)
            memcpy(v, all.list.v, all.list.n * sizeof *v);
        for (size_t i = 0; i < r.list.n; i++) {
            const struct query_line *l = &r.list.v[i];
            const char *mark;
            v[all.list.n + i] = *l;
            from = l->number + 1;
            if (c->json)
                continue;
            struct span title = cli_cut(cli_title_at(c, l->leaf, &l->title), room, &mark);
            (void)printf("D-%-5" PRIu64 " %-16s %-20.*s %.*s%s\n", l->number,
                         enum_text(&phase_enum, l->phase), SPAN_FMT(l->type), SPAN_FMT(title), mark);
        }
        all.list = (struct query_line_list){all.list.n + r.list.n, v};
        all.more = r.more;
        if (!r.more || all.list.n >= 1000)
            break;
    }
    return c->json ? cli_json(c, &query_decisions_desc, &all) : EXIT_DONE;
}

int verb_seats(struct cli *c)
{
    struct query_seats r;
    if (cli_ask(c, METHOD_seats, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_seats_desc, &r);
    for (size_t i = 0; i < r.list.n; i++) {
        (void)printf("%-32.*s", SPAN_FMT(r.list.v[i].seat));
        for (size_t k = 0; k < r.list.v[i].keys.n; k++)
            (void)printf(" %s", sshpub_fingerprint(&r.list.v[i].keys.v[k]).s);
        (void)printf("%s\n", r.list.v[i].keys.n == 0 ? " empty" : "");
    }
    return EXIT_DONE;
}
