/* propose, ballots, revise, withdraw, escalate, comment. */
#include "charter/charter.h"
#include "cli/cli.h"
#include "cli/reliance.h"

static int need_id(struct cli *c, uint64_t *ret_number, const char *verb)
{
    if (c->n != 1 || !cli_decision(c->words[0], ret_number))
        return cli_usage(c, "%s needs a decision's id, for instance: entente %s D-12", verb, verb);
    return EXIT_DONE;
}

/* Section numbers by the name that the charter file uses. */
static uint64_t section_number(const char *name)
{
    for (uint64_t i = 1; i < 64; i++) {
        const struct record_desc *d = charter_section_desc(i);
        if (d == NULL)
            continue;
        const char *s = d->name + strlen("charter_");
        size_t k = 0;
        while (s[k] != 0 && (s[k] == name[k] || (s[k] == '_' && name[k] == '-')))
            k++;
        if (s[k] == 0 && name[k] == 0)
            return i;
    }
    return 0;
}

/* The amended section's new body, from a whole charter file as `charter show` prints it. */
static enum status amend(struct cli *c, struct effect *e)
{
    struct span yaml;
    struct charter_source source;
    struct query_section now;
    const char *slash = c->file == NULL ? NULL : strrchr(c->file, '/');
    const char *dir =
        slash == NULL ? "." : (const char *)arena_dup(&c->a, span_of(c->file, (size_t)(slash - c->file))).p;
    uint64_t number = section_number(c->amend);
    if (number == 0)
        return err_set(&c->err, ST_USAGE,
                       "--amend %s: the charter has no such section; see: entente charter show", c->amend);
    if (c->file == NULL)
        return err_set(
            &c->err, ST_USAGE,
            "--amend needs --file FILE: the whole charter as `entente charter show` prints it, changed");
    enum status st = file_read(c->file, CHARTER_FILE_MAX, &c->a, &yaml, &c->err);
    struct charter_files files = charter_files_in(dir);
    if (st == ST_OK)
        st = charter_load(yaml, c->file, NULL, &files, &c->a, &source, &c->err);
    struct rpc_number q = {.number = number};
    if (st == ST_OK)
        st = cli_ask(c, METHOD_section, &q, &now);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < source.sections.n; i++) {
        if (source.sections.v[i].number != number)
            continue;
        if (span_eq(source.sections.v[i].body, now.section.body))
            return err_set(&c->err, ST_USAGE, "%s: its section %s is the one in force already", c->file,
                           c->amend);
        *e = (struct effect){.type = EFFECT_AMEND,
                             .section = number,
                             .base_version = now.section.version,
                             .body = source.sections.v[i].body};
        SET_HAS(e, effect_key_section);
        SET_HAS(e, effect_key_base_version);
        SET_HAS(e, effect_key_body);
        return ST_OK;
    }
    return err_set(&c->err, ST_USAGE, "%s has no section %s", c->file, c->amend);
}

static int compare_spans(const void *x, const void *y)
{
    return span_cmp(*(const struct span *)x, *(const struct span *)y);
}

void cli_split(struct cli *c, const char *list, struct span_list *ret)
{
    ret->v = arena_array(&c->a, strlen(list) + 1, sizeof *ret->v);
    ret->n = 0;
    while (*list != 0) {
        size_t n = strcspn(list, ",");
        ret->v[ret->n++] = span_of(list, n);
        list += n + (list[n] == ',');
    }
    qsort(ret->v, ret->n, sizeof *ret->v, compare_spans);
}

/* --text, or what --text-file holds, into text; NULL when neither is given. */
enum status cli_text_given(struct cli *c)
{
    if (c->text_file == NULL)
        return ST_OK;
    if (c->text != NULL)
        return err_set(&c->err, ST_USAGE, "--text and --text-file: one of them");
    return cli_text_file(c, c->text_file, &c->text);
}

/* The scope that is given; that of the text before; else the one that the row is limited to. */
static enum status fill_scope(struct cli *c, const char *type, const struct proposal *before, struct proposal *p)
{
    enum status st = ST_OK;
    if (c->scope != NULL)
        p->scope = span_str(c->scope);
    else if (before != NULL && HAS(before, proposal_key_scope))
        p->scope = before->scope;
    else if (before == NULL)
        st = cli_scope_of(c, type, &p->scope);
    if (p->scope.n != 0)
        SET_HAS(p, proposal_key_scope);
    return st;
}

/* What is proposed, but for effects on members. */
enum status cli_fill_proposal(struct cli *c, const char *type, const struct proposal *before, struct proposal *p,
                              struct cli_prose_list *prose)
{
    enum status st = ST_OK;
    p->effect.type = EFFECT_NONE;
    if (c->title == NULL)
        return err_set(&c->err, ST_USAGE, "a title is needed: --title TEXT (one line, at most 200 bytes)");
    st = text_check(span_str(c->title), false, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, ST_USAGE, "--title: ");
    st = cli_detach(c, prose, c->title, &p->title);
    if (st == ST_OK)
        st = cli_text_given(c);
    if (st == ST_OK && c->text != NULL) {
        st = cli_detach(c, prose, c->text, &p->text);
        SET_HAS(p, proposal_key_text);
    }
    if (st == ST_OK)
        st = cli_money(c, p);
    if (st == ST_OK && c->affects != NULL) {
        cli_split(c, c->affects, &p->affected);
        SET_HAS(p, proposal_key_affected);
    }
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &p->documents);
        SET_HAS(p, proposal_key_documents);
    }
    if (st == ST_OK && c->partner != NULL) {
        p->partner = span_str(c->partner);
        SET_HAS(p, proposal_key_partner);
    }
    if (st == ST_OK)
        st = fill_scope(c, type, before, p);
    if (st == ST_OK && c->amend != NULL)
        st = amend(c, &p->effect);
    if (st == ST_OK && (c->risk != NULL || c->accept_until != NULL))
        st = cli_item_effect(c, &p->effect);
    if (st == ST_OK && (c->info_class != NULL || c->with != NULL || (c->until != NULL && strcmp(type, "data-sharing") == 0)))
        st = cli_share_effect(c, &p->effect);
    if (st == ST_OK && c->erase != NULL)
        st = cli_erase_effect(c, &p->effect);
    return st == ST_OK ? cli_fill_reliance(c, before, p) : st;
}

/* After it is final: the number it got, and where it stands. */
void cli_say_outcome(struct cli *c, uint64_t number)
{
    struct rpc_number q = {.number = number};
    struct query_readiness r;
    if (cli_ask(c, METHOD_readiness, &q, &r) != ST_OK)
        return;
    if (c->json) {
        cli_print_outcome(c, number, enum_text(&phase_enum, r.phase));
        return;
    }
    (void)printf("D-%" PRIu64 " is %s.\n", number, cli_phase(r.phase));
    cli_print_missing(&r);
    cli_print_silence(&r);
}

/* The decision that an entry opened: the one whose first revision is its leaf. Newest first, by pages. */
static uint64_t decision_at(struct cli *c, uint64_t leaf)
{
    uint64_t from = 1, found = 0;
    for (;;) {
        struct rpc_range q = {.from = from, .count = 1000};
        struct query_decisions r;
        if (cli_ask(c, METHOD_decisions, &q, &r) != ST_OK)
            return 0;
        for (size_t i = 0; i < r.list.n; i++) {
            if (r.list.v[i].leaf == leaf)
                found = r.list.v[i].number;
            from = r.list.v[i].number + 1;
        }
        if (!r.more || found != 0)
            return found;
    }
}

/* Who joins or leaves is not signed unseen. exit was confirmed by its name already. */
static int preview_and_ask(struct cli *c, const struct proposal *p, struct span seat)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    cli_preview(c, p, seat, &b);
    if (p->effect.type == EFFECT_EXIT)
        c->yes = true;
    return cli_agree(c, &b, "Propose this? [y/N] ");
}

int verb_propose(struct cli *c)
{
    struct propose body = {0};
    struct cli_prose_list prose = {0};
    struct cli_signer s;
    struct span seat;
    uint64_t leaf = 0, number;
    struct cli_seen other;
    bool members;
    if (c->n != 1 || !text_is_id(span_str(c->words[0])))
        return cli_usage(c, "propose needs the type of decision, a row of the charter's matrix: entente "
                            "charter show decisions");
    body.type = span_str(c->words[0]);
    if ((span_eqs(body.type, "charter-core") || span_eqs(body.type, "exit")) &&
        (c->confirm == NULL || strcmp(c->confirm, c->words[0]) != 0))
        return cli_usage(c, "%s goes to the core of the alliance: repeat its name with --confirm %s",
                         c->words[0], c->words[0]);
    if (cli_member_title(c, c->words[0]) != ST_OK || cli_fill_proposal(c, c->words[0], NULL, &body.proposal, &prose) != ST_OK ||
        cli_member_effect(c, c->words[0], &body.proposal, &members) != ST_OK)
        return cli_fail(c);
    if (c->counter != NULL) {
        if (!cli_decision(c->counter, &number))
            return cli_usage(c, "--counter takes a decision's id, for instance D-12");
        if (cli_fetch(c, number, &other) != ST_OK)
            return cli_fail(c);
        body.counters = (struct ref){.number = number, .digest = other.q.decision.digest};
        SET_HAS(&body, propose_key_counters);
    }
    if (cli_signer_open(c, &s) != ST_OK)
        return cli_fail(c);
    int code = cli_seat(c, &s, NULL, &seat) == ST_OK ? EXIT_DONE : cli_fail(c);
    if (code == EXIT_DONE && members)
        code = preview_and_ask(c, &body.proposal, seat);
    if (code == EXIT_DONE)
        code = cli_enter(c, &s, seat, KIND_PROPOSE, &body, &prose, &leaf);
    cli_signer_close(&s);
    if (code == EXIT_DONE && c->save != NULL && c->json)
        cli_print_outcome(c, 0, NULL);
    if (code != EXIT_DONE || c->save != NULL)
        return code;
    number = decision_at(c, leaf);
    if (number == 0)
        return code;
    cli_note_seen(c, number, 1);
    cli_say_outcome(c, number);
    return code;
}

static void show_details(struct cli *c, const struct cli_seen *s)
{
    char id[32];
    const char *words[] = {id};
    (void)snprintf(id, sizeof id, "D-%" PRIu64, s->q.decision.number);
    if (s->leaf.proposal.effect.type == EFFECT_AMEND) {
        const char **typed = c->words;
        size_t n = c->n;
        c->words = words;
        c->n = 1;
        (void)verb_charter_diff(c);
        c->words = typed;
        c->n = n;
    } else {
        cli_show_proposal(c, s);
    }
    cli_print_revised(c, s);
}

/* s: what can be looked at again before the answer; NULL: nothing. */
static int confirmed(struct cli *c, const struct hash *digest, struct span seat, const struct ballot *b, const struct cli_seen *s)
{
    char answer[64], question[700], principal[160] = "";
    if (HAS(b, ballot_key_principal))
        (void)snprintf(principal, sizeof principal, " for %.*s", SPAN_FMT(b->principal));
    if (b->choice == CHOICE_VETO || c->yes) /* the caller checked --confirm */
        return EXIT_DONE;
    (void)snprintf(question, sizeof question, "%s as %.*s%s  sha256:%s? [%s] ", enum_text(&choice_enum, b->choice),
                   SPAN_FMT(seat), principal, hex_of(digest).s, s == NULL ? "y/N" : "y/N/r/d");
    for (;;) {
        (void)fflush(stdout);
        if (!cli_prompt(question, answer, sizeof answer, false))
            return cli_usage(c, "not signed: nobody can be asked here. To answer beforehand: --yes");
        switch (answer[0]) {
        case 'y':
        case 'Y':
            return EXIT_DONE;
        case 0:
        case 'n':
        case 'N':
            (void)fprintf(stderr, "Not signed.\n");
            return EXIT_FAILED;
        case 'r':
        case 'R':
            if (s != NULL) {
                cli_print_readiness(c, &s->q);
                continue;
            }
            break;
        case 'd':
        case 'D':
            if (s != NULL) {
                show_details(c, s);
                continue;
            }
            break;
        default:
            break;
        }
        (void)fprintf(stderr, s == NULL ? "y signs it, n does not.\n"
                                        : "y signs it, n does not; r shows who has said what, d shows what is proposed.\n");
    }
}

int cli_confirmed(struct cli *c, const struct hash *digest, struct span seat, const struct ballot *b)
{
    return confirmed(c, digest, seat, b, NULL);
}

/* The same again would change nothing. */
static int say_already(struct cli *c, uint64_t number, enum phase phase, const struct query_ballot *was)
{
    struct rpc_entry q = {.id = was->ballot.id};
    struct rpc_status_reply s;
    if (!c->json) {
        (void)printf("%.*s said \"%s\" on D-%" PRIu64 " already, on %s (leaf %" PRIu64 "). Nothing was signed.\n",
                     SPAN_FMT(HAS(&was->ballot, state_ballot_key_by) ? was->ballot.by : was->seat),
                     enum_text(&choice_enum, was->ballot.choice), number, cli_time(was->ballot.at_ms).s, was->ballot.leaf);
        return EXIT_DONE;
    }
    c->outcome = (struct cli_outcome){.id = was->ballot.id};
    if (cli_ask(c, METHOD_entry, &q, &c->outcome.entry) != ST_OK || cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    c->outcome.nodes = s.validators;
    c->outcome.known = true;
    cli_print_outcome(c, number, enum_text(&phase_enum, phase));
    return EXIT_DONE;
}

static int cast_one(struct cli *c, uint64_t number, enum choice choice)
{
    struct cli_seen s;
    struct cli_signer signer;
    struct cli_prose_list prose = {0};
    struct span seat;
    if (cli_reason(c) != ST_OK || cli_fetch(c, number, &s) != ST_OK)
        return cli_fail(c);
    uint64_t rev = s.q.decision.revision, seen = cli_last_seen(c, number), asked = c->rev_number;
    if (asked != 0 && asked != rev) {
        (void)fprintf(stderr, "Not signed: D-%" PRIu64 " stands at revision %" PRIu64 ", not %" PRIu64 ".\n",
                      number, rev, asked);
        return EXIT_CHANGED;
    }
    if (asked == 0 && seen != 0 && seen < rev && seen <= s.q.revisions.n)
        return cli_say_changed(c, &s, seen);
    struct ballot b = {.decision = {.number = number, .digest = s.q.decision.digest},
                       .rung = s.q.decision.rung,
                       .choice = choice};
    if (cli_signer_open(c, &signer) != ST_OK)
        return cli_fail(c);
    struct span_list could;
    cli_could_ballot(c, &s.q.readiness, &could);
    enum status st = cli_seat(c, &signer, choice == CHOICE_VETO ? &s.q.pinned.veto : &could, &seat);
    if (st == ST_OK && choice != CHOICE_VETO && choice != CHOICE_RECUSE)
        st = cli_principal(c, &s.q.readiness, seat, &b);
    if (st == ST_OK && c->reason != NULL) {
        st = cli_detach(c, &prose, c->reason, &b.reason);
        SET_HAS(&b, ballot_key_reason);
    }
    if (st == ST_OK && c->clause != NULL && (st = cli_clause_exists(c, span_str(c->clause))) == ST_NOTFOUND)
        st = err_wrap(&c->err, ST_USAGE, "--clause: ");
    if (c->clause != NULL) {
        b.clause = span_str(c->clause);
        SET_HAS(&b, ballot_key_clause);
    }
    int code = EXIT_DONE;
    const struct query_ballot *was = st == ST_OK && c->save == NULL ? cli_said_already(c, &s.q, &signer, seat, &b) : NULL;
    if (was != NULL) {
        cli_signer_close(&signer);
        return say_already(c, number, s.q.decision.phase, was);
    }
    if (st != ST_OK) {
        code = cli_fail(c);
    } else {
        if (!c->json) {
            cli_show_proposal(c, &s);
            cli_print_stakes(&s.q, HAS(&b, ballot_key_principal) ? b.principal : seat, choice);
        }
        code = confirmed(c, &s.q.decision.digest, seat, &b, &s);
        if (code == EXIT_DONE)
            code = cli_enter(c, &signer, seat, KIND_BALLOT, &b, &prose, NULL);
    }
    cli_signer_close(&signer);
    if (code == EXIT_DONE) {
        cli_note_seen(c, number, rev);
        if (c->save == NULL)
            cli_say_outcome(c, number);
        else if (c->json)
            cli_print_outcome(c, number, enum_text(&phase_enum, s.q.decision.phase));
    }
    return code;
}

/* Without an id: each thing asked of the seat, or of the organisation, is shown and asked about. */
static int walk(struct cli *c)
{
    struct query_inbox in;
    struct span seat = span_str(c->seat == NULL ? "" : c->seat);
    char answer[8];
    size_t asked = 0, ballots = 0;
    if (c->yes || c->save != NULL || c->json)
        return cli_usage(c, "without an id, approve walks the inbox and asks; with --yes, --save or --json "
                            "it needs an id: entente approve D-12");
    if (c->seat != NULL && !text_is_seat(seat))
        return cli_usage(c, "--as %s: expected ORG/SEAT, for instance brand/finance", c->seat);
    if (cli_connect(c) != ST_OK)
        return cli_fail(c);
    struct rpc_inbox q = {.org = c->info.org};
    if (c->seat != NULL) {
        if (cli_has_seat(c, seat) != ST_OK)
            return cli_fail(c);
        q.org = span_of(c->seat, strcspn(c->seat, "/"));
        q.seats = (struct span_list){1, &seat};
        SET_HAS(&q, rpc_inbox_key_seats);
    }
    if (cli_ask(c, METHOD_inbox, &q, &in) != ST_OK)
        return cli_fail(c);
    for (size_t i = 0; i < in.list.n; i++)
        ballots += in.list.v[i].task == TASK_BALLOT;
    for (size_t i = 0; i < in.list.n; i++) {
        uint64_t number = in.list.v[i].decision;
        if (in.list.v[i].task != TASK_BALLOT)
            continue;
        (void)printf("%s%zu of %zu  ", asked == 0 ? "" : "\n", asked + 1, ballots);
        asked++;
        (void)fflush(stdout);
        int code = cast_one(c, number, CHOICE_APPROVE);
        if (code == EXIT_DONE)
            continue;
        if (asked == ballots || code == EXIT_USAGE)
            return code;
        (void)snprintf(answer, sizeof answer, "n");
        if (!cli_prompt("Go on to the next? [y/N] ", answer, sizeof answer, false) ||
            (answer[0] != 'y' && answer[0] != 'Y'))
            return code;
    }
    if (asked == 0)
        (void)printf("Nothing is asked of %.*s.\n", SPAN_FMT(c->seat != NULL ? seat : c->info.org));
    return EXIT_DONE;
}

int verb_approve(struct cli *c)
{
    uint64_t number;
    if (c->n == 0)
        return walk(c);
    return need_id(c, &number, "approve") != EXIT_DONE ? EXIT_USAGE : cast_one(c, number, CHOICE_APPROVE);
}

int verb_reject(struct cli *c)
{
    uint64_t number;
    if (need_id(c, &number, "reject") != EXIT_DONE)
        return EXIT_USAGE;
    char line[1000] = "";
    if (c->reason == NULL && c->reason_file == NULL &&
        cli_prompt("A rejection needs a reason: ", line, sizeof line, false) && line[0] != 0)
        c->reason = (const char *)arena_dup(&c->a, span_str(line)).p;
    if (c->reason == NULL && c->reason_file == NULL)
        return cli_usage(c, "a rejection needs a reason: --reason TEXT");
    return cast_one(c, number, CHOICE_REJECT);
}

int verb_veto(struct cli *c)
{
    uint64_t number, again = 0;
    if (need_id(c, &number, "veto") != EXIT_DONE)
        return EXIT_USAGE;
    if ((c->reason == NULL && c->reason_file == NULL) || c->clause == NULL)
        return cli_usage(
            c, "a veto needs a reason and the charter clause it rests on: --reason TEXT --clause CLAUSE");
    char line[64] = "";
    if (c->confirm == NULL &&
        cli_prompt("A veto is final for this proposal. Type its id to go on: ", line, sizeof line, false))
        c->confirm = (const char *)arena_dup(&c->a, span_str(line)).p;
    if (c->confirm == NULL || !cli_decision(c->confirm, &again) || again != number)
        return cli_usage(c, "a veto is final for this proposal: repeat its id with --confirm D-%" PRIu64,
                         number);
    return cast_one(c, number, CHOICE_VETO);
}

int verb_abstain(struct cli *c)
{
    uint64_t number;
    return need_id(c, &number, "abstain") != EXIT_DONE ? EXIT_USAGE : cast_one(c, number, CHOICE_ABSTAIN);
}

int verb_recuse(struct cli *c)
{
    uint64_t number;
    return need_id(c, &number, "recuse") != EXIT_DONE ? EXIT_USAGE : cast_one(c, number, CHOICE_RECUSE);
}

/* revise, withdraw, escalate, pause and resume share this: fetch, key, seat, sign. */
static int act_on(struct cli *c, const char *verb, enum kind kind, enum move how)
{
    uint64_t number;
    struct cli_seen s;
    struct cli_signer signer;
    struct cli_prose_list prose = {0};
    struct revise revise = {0};
    struct withdraw withdraw = {0};
    struct move_decision move = {.move = how};
    const void *body = kind == KIND_REVISE     ? (const void *)&revise
                       : kind == KIND_WITHDRAW ? (const void *)&withdraw
                                               : &move;
    struct span seat;
    if (need_id(c, &number, verb) != EXIT_DONE)
        return EXIT_USAGE;
    if (cli_reason(c) != ST_OK)
        return cli_fail(c);
    if (kind == KIND_MOVE && c->reason == NULL)
        return cli_usage(c, "to %s needs a reason: --reason TEXT", verb);
    if (cli_fetch(c, number, &s) != ST_OK || cli_signer_open(c, &signer) != ST_OK)
        return cli_fail(c);
    struct ref ref = {.number = number, .digest = s.q.decision.digest};
    revise.decision = withdraw.decision = move.decision = ref;
    move.rung = s.q.decision.rung;
    enum status st = ST_OK;
    if (c->reason != NULL) {
        struct hash h;
        st = cli_detach(c, &prose, c->reason, &h);
        revise.reason = withdraw.reason = move.reason = h;
        SET_HAS(&revise, revise_key_reason);
        SET_HAS(&withdraw, withdraw_key_reason);
    }
    if (st == ST_OK && kind == KIND_REVISE) {
        bool members;
        const char *type = (const char *)arena_dup(&c->a, s.q.decision.type).p;
        st = cli_member_title(c, type);
        if (st == ST_OK)
            st = cli_fill_proposal(c, type, &s.leaf.proposal, &revise.proposal, &prose);
        if (st == ST_OK)
            st = cli_member_effect(c, type, &revise.proposal, &members);
    }
    struct span_list mover = {1, &s.q.decision.mover};
    if (st == ST_OK)
        st = cli_seat(c, &signer, kind == KIND_MOVE ? NULL : &mover, &seat);
    int code = st == ST_OK ? cli_enter(c, &signer, seat, kind, body, &prose, NULL) : cli_fail(c);
    cli_signer_close(&signer);
    if (code == EXIT_DONE && c->save == NULL) {
        cli_note_seen(c, number, s.q.decision.revision + (kind == KIND_REVISE));
        cli_say_outcome(c, number);
    } else if (code == EXIT_DONE && c->json) {
        cli_print_outcome(c, number, enum_text(&phase_enum, s.q.decision.phase));
    }
    return code;
}

int verb_revise(struct cli *c)
{
    return act_on(c, "revise", KIND_REVISE, MOVE_ESCALATE);
}

int verb_withdraw(struct cli *c)
{
    return act_on(c, "withdraw", KIND_WITHDRAW, MOVE_ESCALATE);
}

int verb_escalate(struct cli *c)
{
    struct item_ref item;
    if (c->n == 1 && cli_is_item(c->words[0], &item))
        return cli_item_escalate(c, &item);
    return act_on(c, "escalate", KIND_MOVE, MOVE_ESCALATE);
}

int verb_pause(struct cli *c)
{
    return act_on(c, "pause", KIND_MOVE, MOVE_PAUSE);
}

int verb_resume(struct cli *c)
{
    return act_on(c, "resume", KIND_MOVE, MOVE_RESUME);
}

/* A comment with a document is evidence. It names one. */
static enum status evidence(struct cli *c, struct note *body)
{
    struct hash_list l;
    enum status st = cli_documents(c, &l);
    if (st != ST_OK)
        return st;
    if (l.n != 1)
        return err_set(&c->err, ST_USAGE, "a comment names one document; give each its own");
    body->type = NOTE_EVIDENCE;
    body->document = l.v[0];
    SET_HAS(body, note_key_document);
    return ST_OK;
}

int verb_comment(struct cli *c)
{
    uint64_t number = 0;
    struct cli_seen s;
    struct cli_signer signer;
    struct cli_prose_list prose = {0};
    struct note body = {.type = NOTE_COMMENT};
    struct span seat;
    if (c->n > 1 || (c->n == 1 && !cli_decision(c->words[0], &number)) ||
        (c->text == NULL) == (c->text_file == NULL))
        return cli_usage(c, "comment takes a decision's id, or none, and --text TEXT or --text-file FILE");
    if (cli_text_given(c) != ST_OK)
        return cli_fail(c);
    if (number != 0) {
        if (cli_fetch(c, number, &s) != ST_OK)
            return cli_fail(c);
        body.decision = (struct ref){.number = number, .digest = s.q.decision.digest};
        SET_HAS(&body, note_key_decision);
    }
    enum status st = cli_detach(c, &prose, c->text, &body.text);
    SET_HAS(&body, note_key_text);
    if (st == ST_OK && cli_names_documents(c))
        st = evidence(c, &body);
    if (st == ST_OK)
        st = cli_signer_open(c, &signer);
    if (st != ST_OK)
        return cli_fail(c);
    st = cli_seat(c, &signer, NULL, &seat);
    int code = st == ST_OK ? cli_enter(c, &signer, seat, KIND_NOTE, &body, &prose, NULL) : cli_fail(c);
    cli_signer_close(&signer);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

/* "impact", "diligence", or the seat that was consulted. */
static bool parse_need(struct charter_need *ret, const char *text)
{
    *ret = (struct charter_need){.type = strcmp(text, "impact") == 0      ? INPUT_IMPACT
                                         : strcmp(text, "diligence") == 0 ? INPUT_DILIGENCE
                                                                          : INPUT_CONSULT};
    if (ret->type != INPUT_CONSULT)
        return true;
    ret->seat = span_str(text);
    SET_HAS(ret, charter_need_key_seat);
    return text_is_seat(ret->seat);
}

int verb_input(struct cli *c)
{
    uint64_t number;
    struct cli_seen s;
    struct cli_signer signer;
    struct cli_prose_list prose = {0};
    struct decision_input body = {0};
    struct span seat;
    if (need_id(c, &number, "input") != EXIT_DONE)
        return EXIT_USAGE;
    if (c->need == NULL || !parse_need(&body.need, c->need))
        return cli_usage(c, "input needs --need: impact, diligence, or the seat that was consulted");
    if (c->text == NULL && c->text_file == NULL && !cli_names_documents(c))
        return cli_usage(c, "input needs what is given: --text TEXT, --text-file FILE, --document FILE or --attach FILE");
    enum status st = cli_text_given(c);
    if (st == ST_OK && c->text != NULL) {
        st = cli_detach(c, &prose, c->text, &body.text);
        SET_HAS(&body, decision_input_key_text);
    }
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &body.documents);
        SET_HAS(&body, decision_input_key_documents);
    }
    if (st == ST_OK)
        st = cli_fetch(c, number, &s);
    if (st == ST_OK)
        st = cli_signer_open(c, &signer);
    if (st != ST_OK)
        return cli_fail(c);
    body.decision = (struct ref){.number = number, .digest = s.q.decision.digest};
    SET_HAS(&body, decision_input_key_need);
    struct span_list consulted = {1, &body.need.seat};
    st = cli_seat(c, &signer, body.need.type == INPUT_CONSULT ? &consulted : NULL, &seat);
    int code = st == ST_OK ? cli_enter(c, &signer, seat, KIND_INPUT, &body, &prose, NULL) : cli_fail(c);
    cli_signer_close(&signer);
    if (code == EXIT_DONE && c->save == NULL)
        cli_say_outcome(c, number);
    else if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, number, enum_text(&phase_enum, s.q.decision.phase));
    return code;
}
