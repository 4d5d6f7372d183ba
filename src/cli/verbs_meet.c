/* meet: sessions called, listed, recorded, confirmed, contested; their agenda. */
#include "charter/charter_model.h"
#include "charter/scalar.h"
#include "cli/cli.h"
#include "crypto/hash.h"

enum { PAGE = 500 };

/* "S-3" or "3". */
static bool session_id(const char *word, uint64_t *ret)
{
    if ((word[0] == 'S' || word[0] == 's') && word[1] == '-')
        word += 2;
    return word[0] >= '0' && word[0] <= '9' && cli_decision(word, ret);
}

static enum status date(struct cli *c, const char *option, const char *text, uint64_t *ret)
{
    if (scalar_date(span_str(text), ret))
        return ST_OK;
    return err_set(&c->err, ST_USAGE, "%s %s: expected a date, for instance 2026-03-31", option, text);
}

static enum status session_of(struct cli *c, uint64_t number, struct query_session *ret)
{
    struct rpc_range q = {.from = number, .count = 1};
    struct query_sessions r;
    enum status st = cli_ask(c, METHOD_sessions, &q, &r);
    if (st != ST_OK)
        return st;
    if (r.list.n == 0 || r.list.v[0].session.number != number)
        return err_set(&c->err, ST_NOTFOUND, "there is no session S-%" PRIu64 "; see: entente meet list",
                       number);
    *ret = r.list.v[0];
    return ST_OK;
}

/* --- Shown --- */

static void print_record(struct cli *c, const struct state_session *s)
{
    if (!HAS(s, state_session_key_now))
        return;
    (void)printf("  held on %.10s, recorded by %.*s; %s\n  present", time_utc(s->now.held * 86400000).s,
                 SPAN_FMT(s->now.seat), s->now.quorate ? "quorate" : "not quorate: a partner was missing");
    for (size_t i = 0; i < s->now.present.n; i++)
        (void)printf("%s %.*s", i == 0 ? "" : ",", SPAN_FMT(s->now.present.v[i]));
    (void)printf("\n");
    if (HAS(&s->now, session_version_key_document))
        cli_print_document(c, "  minutes ", &s->now.document);
    for (size_t i = 0; HAS(&s->now, session_version_key_decisions) && i < s->now.decisions.n; i++)
        (void)printf("%s D-%" PRIu64 "%s", i == 0 ? "  decided" : ",", s->now.decisions.v[i],
                     i + 1 == s->now.decisions.n ? "\n" : "");
}

static void print_head(const struct query_session *q, uint64_t now)
{
    const struct state_session *s = &q->session;
    (void)printf("S-%-5" PRIu64 " %-11s %-20s %-14.*s %-10.*s", s->number,
                 enum_text(&session_standing_enum, s->standing), enum_text(&session_type_enum, s->type),
                 SPAN_FMT(s->body), SPAN_FMT(q->when));
    if (HAS(s, state_session_key_due_ms))
        (void)printf(" %s %s (%s)", s->standing == SESSION_OPEN ? "until" : "stands on", cli_time(s->due_ms).s,
                     cli_span(now, s->due_ms).s);
    if (HAS(s, state_session_key_missed_ms) && s->standing != SESSION_MISSED)
        (void)printf(" recorded late");
    if (!HAS(s, state_session_key_cadence) && !HAS(s, state_session_key_called_by))
        (void)printf(" opened by itself: the charter fell due for review");
    (void)printf("\n");
}

int verb_meet_list(struct cli *c)
{
    struct rpc_range q = {.from = c->from_number, .count = PAGE};
    struct query_sessions r = {.more = true};
    size_t shown = 0;
    if (c->n != 0)
        return cli_usage(c, "meet list takes no %s", c->words[0]);
    while (r.more) {
        if (cli_ask(c, METHOD_sessions, &q, &r) != ST_OK)
            return cli_fail(c);
        if (c->json)
            return cli_json(c, &query_sessions_desc, &r);
        for (size_t i = 0; i < r.list.n; i++) {
            q.from = r.list.v[i].session.number + 1;
            print_head(&r.list.v[i], cli_now(c));
        }
        shown += r.list.n;
    }
    if (shown == 0)
        (void)printf("No session has opened yet; the cadence: entente charter show sessions\n");
    return EXIT_DONE;
}

/* The session that is missed first, of those that are open. */
static enum status soonest(struct cli *c, uint64_t *ret)
{
    struct rpc_range q = {.from = 1, .count = PAGE};
    struct query_sessions r = {.more = true};
    uint64_t due_ms = UINT64_MAX;
    while (r.more) {
        enum status st = cli_ask(c, METHOD_sessions, &q, &r);
        if (st != ST_OK)
            return st;
        for (size_t i = 0; i < r.list.n; i++) {
            const struct state_session *s = &r.list.v[i].session;
            q.from = s->number + 1;
            if (s->standing == SESSION_OPEN && s->due_ms < due_ms) {
                due_ms = s->due_ms;
                *ret = s->number;
            }
        }
    }
    return due_ms != UINT64_MAX
               ? ST_OK
               : err_set(&c->err, ST_NOTFOUND, "no session is open; those that were: entente meet list");
}

int verb_meet_agenda(struct cli *c)
{
    struct rpc_number q = {0};
    struct query_agenda r;
    if (c->n > 1 || (c->n == 1 && !session_id(c->words[0], &q.number)))
        return cli_usage(c, "meet agenda takes a session's id, or nothing for the one that is due first: "
                            "entente meet agenda S-3");
    if (c->n == 0 && soonest(c, &q.number) != ST_OK)
        return cli_fail(c);
    if (cli_ask(c, METHOD_agenda, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_agenda_desc, &r);
    uint64_t now = cli_now(c);
    print_head(&r.session, now);
    print_record(c, &r.session.session);
    for (size_t i = 0; i < r.list.n; i++) {
        const struct query_agenda_line *l = &r.list.v[i];
        (void)printf("  %-9s %-6.*s", enum_text(&agenda_part_enum, l->part), SPAN_FMT(l->id));
        if (HAS(l, query_agenda_line_key_title))
            (void)printf(" %.*s:", SPAN_FMT(cli_title_at(c, l->leaf, &l->title)));
        (void)printf(" %.*s", SPAN_FMT(l->words));
        if (HAS(l, query_agenda_line_key_deadline_ms))
            (void)printf(", until %s (%s)", cli_time(l->deadline_ms).s, cli_span(now, l->deadline_ms).s);
        (void)printf("\n");
    }
    if (r.list.n == 0)
        (void)printf("  Nothing is before %.*s.\n", SPAN_FMT(r.session.session.body));
    return EXIT_DONE;
}

void cli_print_session_task(const struct query_session_task *t, uint64_t now)
{
    (void)printf("S-%" PRIu64 " %.*s\n       ", t->session, SPAN_FMT(t->words));
    for (size_t k = 0; k < t->seats.n; k++)
        (void)printf("%s %.*s", k == 0 ? " by" : " or", SPAN_FMT(t->seats.v[k]));
    if (HAS(t, query_session_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    if (t->task == TASK_CONFIRM)
        (void)printf("\n        entente meet confirm S-%" PRIu64 " · entente meet contest S-%" PRIu64 "\n",
                     t->session, t->session);
    else
        (void)printf("\n        entente meet agenda S-%" PRIu64 " · entente meet record S-%" PRIu64 "\n",
                     t->session, t->session);
}

/* --- Signed --- */

static enum status type_named(struct cli *c, const char *word, enum session_type *ret)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 10);
    for (uint32_t t = SESSION_STAND_UP; t <= SESSION_AUDIT_VISIT; t++) {
        const char *name = enum_text(&session_type_enum, t);
        if (strcmp(name, word) == 0) {
            *ret = (enum session_type)t;
            return ST_OK;
        }
        buf_printf(&b, "%s%s", t == SESSION_STAND_UP ? "" : ", ", name);
    }
    return err_set(&c->err, ST_USAGE, "%s is no type of session; expected one of: %.*s", word,
                   SPAN_FMT(buf_span(&b)));
}

int verb_meet_call(struct cli *c)
{
    struct session body = {0};
    struct cli_prose_list prose = {0};
    if (c->n != 1 || c->body == NULL || c->on == NULL)
        return cli_usage(c, "meet call needs a type, a body and a day: entente meet call after-action-review "
                            "--body council --on 2026-03-31");
    body.body = span_str(c->body);
    enum status st = type_named(c, c->words[0], &body.type);
    if (st == ST_OK)
        st = date(c, "--on", c->on, &body.on);
    if (st == ST_OK && c->title != NULL) {
        st = cli_detach(c, &prose, c->title, &body.title);
        SET_HAS(&body, session_key_title);
    }
    if (st != ST_OK)
        return cli_fail(c);
    int code = cli_enter_only(c, NULL, KIND_SESSION, &body, &prose);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf("%s of %s is called for %s. Its agenda: entente meet list\n", c->words[0], c->body,
                     c->on);
    return code;
}

/* "D-3,D-4". */
static enum status decisions_given(struct cli *c, struct uint_list *ret)
{
    struct span_list words;
    cli_split(c, c->decision, &words);
    *ret = (struct uint_list){0, arena_array(&c->a, words.n + 1, sizeof(uint64_t))};
    for (size_t i = 0; i < words.n; i++) {
        const char *word = charter_text(&c->a, "%.*s", SPAN_FMT(words.v[i]));
        uint64_t n;
        if (word == NULL || !cli_decision(word, &n))
            return err_set(&c->err, ST_USAGE, "--decision %.*s: expected decisions, for instance D-3,D-4",
                           SPAN_FMT(words.v[i]));
        size_t at = ret->n++;
        for (; at > 0 && ret->v[at - 1] > n; at--)
            ret->v[at] = ret->v[at - 1];
        ret->v[at] = n;
    }
    return ST_OK;
}

/* --minutes: the SHA-256 of the file, which stays here; --attach: and the node keeps it. */
static enum status minutes_given(struct cli *c, struct minutes *m)
{
    struct span text;
    if (c->attach != NULL) {
        SET_HAS(m, minutes_key_document);
        return c->minutes != NULL ? err_set(&c->err, ST_USAGE, "--minutes and --attach: the minutes are one file, named by one of them")
                                  : cli_attach(c, c->attach, &m->document);
    }
    enum status st = file_read(c->minutes, 64 << 20, &c->a, &text, &c->err);
    if (st == ST_OK) {
        sha256(text, &m->document);
        SET_HAS(m, minutes_key_document);
    }
    return st;
}

static enum status record_given(struct cli *c, struct minutes *m, struct cli_prose_list *prose)
{
    SET_HAS(m, minutes_key_held);
    cli_split(c, c->present, &m->present);
    SET_HAS(m, minutes_key_present);
    enum status st = c->held != NULL ? date(c, "--held", c->held, &m->held) : cli_day_of(c, clock_wall_ms(&clock_system), &m->held);
    if (st == ST_OK && (c->minutes != NULL || c->attach != NULL))
        st = minutes_given(c, m);
    if (st == ST_OK && c->decision != NULL) {
        st = decisions_given(c, &m->decisions);
        SET_HAS(m, minutes_key_decisions);
    }
    if (st == ST_OK)
        st = cli_text_given(c);
    if (st == ST_OK && c->text != NULL) {
        st = cli_detach(c, prose, c->text, &m->text);
        SET_HAS(m, minutes_key_text);
    }
    return st;
}

static void read_version(const struct state_session *s, struct minutes *m)
{
    if (!HAS(s, state_session_key_now))
        return;
    m->version = s->now.digest;
    SET_HAS(m, minutes_key_version);
}

int verb_meet_record(struct cli *c)
{
    struct minutes m = {.act = SESSION_ACT_RECORD};
    struct query_session q;
    struct cli_prose_list prose = {0};
    if (c->n != 1 || !session_id(c->words[0], &m.session) || c->present == NULL)
        return cli_usage(c, "meet record needs a session's id and who was there: entente meet record S-3 "
                            "--minutes minutes.pdf --present brand/finance,maker/quality");
    enum status st = record_given(c, &m, &prose);
    if (st == ST_OK)
        st = session_of(c, m.session, &q);
    if (st != ST_OK)
        return cli_fail(c);
    read_version(&q.session, &m);
    int code = cli_enter_only(c, &q.recorders, KIND_MINUTES, &m, &prose);
    if (code != EXIT_DONE || c->json || c->save != NULL)
        return code;
    if (session_of(c, m.session, &q) != ST_OK)
        return cli_fail(c);
    (void)printf("S-%" PRIu64 " is %s, %s. It stands when a seat of another partner confirms it, or "
                 "uncontested on %s.\n",
                 m.session, enum_text(&session_standing_enum, q.session.standing),
                 q.session.now.quorate ? "quorate" : "not quorate", cli_time(q.session.due_ms).s);
    return code;
}

static bool same_seats(const struct span_list *x, const struct span_list *y)
{
    bool same = x->n == y->n;
    for (size_t i = 0; same && i < x->n; i++)
        same = span_eq(x->v[i], y->v[i]);
    return same;
}

static bool same_decisions(const struct session_version *now, const struct minutes *m)
{
    size_t there = HAS(now, session_version_key_decisions) ? now->decisions.n : 0, said = HAS(m, minutes_key_decisions) ? m->decisions.n : 0;
    bool same = there == said;
    for (size_t i = 0; same && i < said; i++)
        same = now->decisions.v[i] == m->decisions.v[i];
    return same;
}

/* Both absent, or the same. */
static bool same_hash(bool there, const struct hash *x, bool said, const struct hash *y)
{
    return there == said && (!there || hash_eq(x, y));
}

/* The record in the entry's own bytes, which must be what the node says: all of it that is shown, but whether the session was
 * quorate, which takes the charter. */
static enum status check_record(struct cli *c, const struct state_session *s, struct cli_leaf *ret)
{
    char what[32];
    struct minutes m;
    const struct session_version *now = &s->now;
    (void)snprintf(what, sizeof what, "S-%" PRIu64, s->number);
    enum status st = cli_prove(c, what, &now->digest, now->leaf, ret);
    if (st != ST_OK)
        return st;
    const struct entry *e = &ret->leaf.entry;
    st = e->kind == KIND_MINUTES ? codec_decode(&minutes_desc, e->body, &c->a, &m, &c->err) : ST_FORMAT;
    if (st == ST_OK && m.session == s->number && m.act == SESSION_ACT_RECORD && m.held == now->held && span_eq(e->seat, now->seat) &&
        same_seats(&m.present, &now->present) && same_decisions(now, &m) &&
        same_hash(HAS(now, session_version_key_document), &now->document, HAS(&m, minutes_key_document), &m.document) &&
        same_hash(HAS(now, session_version_key_text), &now->text, HAS(&m, minutes_key_text), &m.text))
        return ST_OK;
    return err_set(&c->err, ST_BADSIG,
                   "S-%" PRIu64 ": the entry on record does not say what the node says. Nothing was signed",
                   s->number);
}

static void describe(const struct query_session *q, const struct cli_leaf *leaf, struct buf *b)
{
    const struct session_version *now = &q->session.now;
    buf_printf(b, "S-%" PRIu64 " %s of %.*s, held on %.10s, %s\n  present", q->session.number,
               enum_text(&session_type_enum, q->session.type), SPAN_FMT(q->session.body),
               time_utc(now->held * 86400000).s, now->quorate ? "quorate" : "not quorate");
    for (size_t i = 0; i < now->present.n; i++)
        buf_printf(b, "%s %.*s", i == 0 ? "" : ",", SPAN_FMT(now->present.v[i]));
    if (HAS(now, session_version_key_document))
        buf_printf(b, "\n  minutes sha256:%s", hex_of(&now->document).s);
    for (size_t i = 0; HAS(now, session_version_key_decisions) && i < now->decisions.n; i++)
        buf_printf(b, "%s D-%" PRIu64, i == 0 ? "\n  decided" : ",", now->decisions.v[i]);
    buf_printf(b, "\n  recorded by %.*s on %s\n  sha256:%s\n", SPAN_FMT(now->seat), cli_time(now->at_ms).s,
               hex_of(&now->digest).s);
    if (HAS(now, session_version_key_text)) {
        buf_printf(b, "  ");
        cli_indented(b, cli_find_prose(&leaf->prose, &now->text), "");
    }
}

static int mark(struct cli *c, enum session_act act)
{
    const char *verb = enum_text(&session_act_enum, act);
    struct minutes m = {.act = act};
    struct query_session q;
    struct cli_leaf leaf;
    struct cli_prose_list prose = {0};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (c->n != 1 || !session_id(c->words[0], &m.session))
        return cli_usage(c, "meet %s needs a session's id: entente meet %s S-3", verb, verb);
    enum status st = cli_reason(c);
    if (st == ST_OK && act == SESSION_ACT_CONTEST && c->reason == NULL)
        return cli_usage(c, "to contest needs a reason: --reason TEXT or --reason-file FILE");
    if (st == ST_OK)
        st = session_of(c, m.session, &q);
    if (st == ST_OK && !HAS(&q.session, state_session_key_now))
        st = err_set(&c->err, ST_USAGE, "S-%" PRIu64 " is %s: nothing is recorded of it", m.session,
                     enum_text(&session_standing_enum, q.session.standing));
    if (st == ST_OK)
        st = check_record(c, &q.session, &leaf);
    if (st == ST_OK && c->reason != NULL) {
        st = cli_detach(c, &prose, c->reason, &m.text);
        SET_HAS(&m, minutes_key_text);
    }
    if (st != ST_OK)
        return cli_fail(c);
    read_version(&q.session, &m);
    describe(&q, &leaf, &b);
    int code = cli_agree(c, &b, act == SESSION_ACT_CONFIRM ? "Confirm it? [y/N] " : "Contest it? [y/N] ");
    if (code == EXIT_DONE)
        code = cli_enter_only(c, NULL, KIND_MINUTES, &m, &prose);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf(
            "S-%" PRIu64 " is %s.\n", m.session,
            act == SESSION_ACT_CONFIRM
                ? "confirmed: its record stands"
                : "contested; a seat of its body records it anew, and what it says now stays on record");
    return code;
}

int verb_meet_confirm(struct cli *c)
{
    return mark(c, SESSION_ACT_CONFIRM);
}

int verb_meet_contest(struct cli *c)
{
    return mark(c, SESSION_ACT_CONTEST);
}
