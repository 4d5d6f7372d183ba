/* inbox, status: what is asked, and what time does. */
#include <unistd.h>
#include "charter/charter_model.h"
#include "cli/cli.h"
#include "cli/ics.h"
#include "gov/query.h"

/* Who is asked; the words before it end by themselves or as "... is owed". */
static void print_seats(struct span words, const struct span_list *seats)
{
    static const char owed[] = "is owed";
    size_t n = sizeof owed - 1;
    bool by = words.n >= n && memcmp(words.p + words.n - n, owed, n) == 0;
    for (size_t k = 0; k < seats->n; k++)
        (void)printf("%s%.*s", k > 0 ? " or " : by ? " by " : "; asked: ", SPAN_FMT(seats->v[k]));
}

static void print_task(struct cli *c, const struct query_task *t, uint64_t now)
{
    (void)printf("D-%" PRIu64 " %.*s: %.*s\n", t->decision, SPAN_FMT(t->type), SPAN_FMT(cli_title_at(c, t->leaf, &t->title)));
    (void)printf("        %.*s", SPAN_FMT(t->words));
    print_seats(t->words, &t->seats);
    if (HAS(t, query_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    const char *verb = t->task == TASK_ANSWER    ? "accept"
                       : t->task == TASK_MEDIATE ? "mediate"
                       : t->task == TASK_INPUT   ? "input"
                       : t->task == TASK_REBASE  ? "revise"
                                                 : "approve";
    (void)printf("\n        entente show D-%" PRIu64 " · entente %s D-%" PRIu64, t->decision, verb, t->decision);
    if (t->task == TASK_ANSWER)
        (void)printf(" · entente decline D-%" PRIu64, t->decision);
    (void)printf("\n");
}

/* What concerns the organisation itself: a recovery that is announced, a second seat that is asked. */
static void print_own_task(const struct query_own_task *t, uint64_t now)
{
    (void)printf("ATTENTION  %.*s", SPAN_FMT(t->words));
    for (size_t k = 0; k < t->seats.n; k++)
        (void)printf("%s%.*s", k == 0 ? "\n        by " : " or ", SPAN_FMT(t->seats.v[k]));
    if (HAS(t, query_own_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    if (HAS(t, query_own_task_key_decision))
        (void)printf("\n        entente show D-%" PRIu64 " · entente registrar replace NEW.pub\n",
                     t->decision);
    else
        (void)printf("\n        entente recovery list\n");
}

static void print_reading_task(struct cli *c, const struct query_reading_task *t, uint64_t now)
{
    if (HAS(t, query_reading_task_key_reading))
        (void)printf("K-%" PRIu64 " ", t->reading);
    (void)printf("%.*s%s", SPAN_FMT(t->words), HAS(t, query_reading_task_key_reading) && t->late ? " (late)" : "");
    for (size_t k = 0; k < t->seats.n; k++)
        (void)printf("%s%.*s", k == 0 ? "\n        by " : " or ", SPAN_FMT(t->seats.v[k]));
    if (HAS(t, query_reading_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    (void)printf("\n        %s\n", query_reading_next(t, &c->a));
}

/* A word from a person. */
static void print_nudges(const struct query_inbox *in)
{
    for (size_t i = 0; HAS(in, query_inbox_key_nudges) && i < in->nudges.n; i++) {
        const struct query_nudge *n = &in->nudges.v[i];
        for (size_t k = 0; k < n->seats.n; k++)
            (void)printf("%s%.*s", k == 0 ? "" : " or ", SPAN_FMT(n->seats.v[k]));
        (void)printf(" is asked by %.*s to look at %.*s, since %s\n        %.*s\n", SPAN_FMT(n->by), SPAN_FMT(n->id), cli_time(n->at_ms).s,
                     SPAN_FMT(n->next));
    }
}

/* As a calendar. What has no deadline has no place in one, and is counted. */
static int print_ics(struct cli *c, const struct query_inbox *in)
{
    struct rpc_boundary_reply at;
    struct query_owed_list owed;
    struct buf b CLEANUP(buf_deinit);
    size_t n = 0;
    buf_init(&b, 64 << 20);
    if (cli_ask(c, METHOD_boundary, NULL, &at) != ST_OK || query_owed(in, &c->a, &owed, &c->err) != ST_OK)
        return cli_fail(c);
    struct ics_event *v = arena_array(&c->a, owed.n + 1, sizeof *v);
    for (size_t i = 0; i < owed.n; i++) {
        const struct query_owed *o = &owed.v[i];
        if (!HAS(o, query_owed_key_deadline_ms))
            continue;
        v[n] = (struct ics_event){.key = o->key,
                                  .id = o->id,
                                  .task = o->task,
                                  .type = o->type,
                                  .words = o->words,
                                  .next = o->next,
                                  .seats = o->seats,
                                  .title = o->about,
                                  .deadline_ms = o->deadline_ms};
        if (HAS(o, query_owed_key_title))
            v[n].title = cli_title_at(c, o->leaf, &o->title);
        n++;
    }
    struct ics calendar = {.alliance = c->info.alliance, .stamp_ms = at.time_ms, .n = n, .v = v};
    ics_print(&calendar, &b);
    if (b.failed != ST_OK) {
        (void)err_set(&c->err, b.failed, "the calendar is too large");
        return cli_fail(c);
    }
    (void)fwrite(b.p, 1, b.n, stdout);
    if (n < owed.n)
        (void)fprintf(stderr, "Not in the calendar, since they have no deadline: %zu. They are in: entente inbox\n", owed.n - n);
    return EXIT_DONE;
}

/* A line of the inbox, wherever it is listed. */
struct due {
    enum { DUE_DECISION, DUE_ITEM, DUE_READING, DUE_SESSION, DUE_GRANT, DUE_AGAIN } kind;
    size_t at;
    uint64_t due_ms; /* 0: late, with no deadline left; UINT64_MAX: none */
};

static int compare_due(const void *x, const void *y)
{
    const struct due *a = x, *b = y;
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static size_t by_due(struct cli *c, const struct query_inbox *in, struct due **ret)
{
    size_t n = 0, most = in->list.n + in->items.n + in->readings.n + in->sessions.n + in->grants.n + in->again.n;
    struct due *v = arena_array(&c->a, most + 1, sizeof *v);
    for (size_t i = 0; i < in->list.n; i++)
        v[n++] = (struct due){DUE_DECISION, i, HAS(&in->list.v[i], query_task_key_deadline_ms) ? in->list.v[i].deadline_ms : UINT64_MAX};
    for (size_t i = 0; i < in->items.n; i++)
        v[n++] = (struct due){DUE_ITEM, i, HAS(&in->items.v[i], query_item_task_key_deadline_ms) ? in->items.v[i].deadline_ms : UINT64_MAX};
    for (size_t i = 0; i < in->readings.n; i++) {
        const struct query_reading_task *t = &in->readings.v[i];
        v[n++] = (struct due){DUE_READING, i, HAS(t, query_reading_task_key_deadline_ms) ? t->deadline_ms : t->late ? 0 : UINT64_MAX};
    }
    for (size_t i = 0; i < in->sessions.n; i++) {
        const struct query_session_task *t = &in->sessions.v[i];
        v[n++] = (struct due){DUE_SESSION, i, HAS(t, query_session_task_key_deadline_ms) ? t->deadline_ms : UINT64_MAX};
    }
    for (size_t i = 0; i < in->grants.n; i++) {
        const struct query_grant_task *t = &in->grants.v[i];
        v[n++] = (struct due){DUE_GRANT, i, HAS(t, query_grant_task_key_deadline_ms) ? t->deadline_ms : UINT64_MAX};
    }
    for (size_t i = 0; i < in->again.n; i++)
        v[n++] = (struct due){DUE_AGAIN, i, in->again.v[i].due_ms};
    qsort(v, n, sizeof *v, compare_due);
    *ret = v;
    return n;
}

static void print_all(struct cli *c, const struct query_inbox *in)
{
    struct due *v;
    uint64_t now = cli_now(c);
    size_t n = by_due(c, in, &v);
    for (size_t i = 0; i < n; i++) {
        (void)printf("%zu of %zu  ", i + 1, n);
        switch (v[i].kind) {
        case DUE_DECISION:
            print_task(c, &in->list.v[v[i].at], now);
            break;
        case DUE_ITEM:
            cli_print_item_task(c, &in->items.v[v[i].at], now);
            break;
        case DUE_READING:
            print_reading_task(c, &in->readings.v[v[i].at], now);
            break;
        case DUE_SESSION:
            cli_print_session_task(&in->sessions.v[v[i].at], now);
            break;
        case DUE_GRANT:
            cli_print_grant_task(&in->grants.v[v[i].at], now);
            break;
        case DUE_AGAIN:
            cli_print_again(&in->again.v[v[i].at], now);
            break;
        }
    }
}

enum status cli_has_seat(struct cli *c, struct span seat)
{
    struct query_seats s;
    enum status st = cli_ask(c, METHOD_seats, NULL, &s);
    for (size_t i = 0; st == ST_OK && i < s.list.n; i++)
        if (span_eq(s.list.v[i].seat, seat))
            return ST_OK;
    return st != ST_OK ? st : err_set(&c->err, ST_NOTFOUND, "the charter has no seat %.*s; see: entente seats", SPAN_FMT(seat));
}

int verb_inbox(struct cli *c)
{
    struct query_inbox in;
    struct span seat = span_str(c->seat == NULL ? "" : c->seat);
    struct span_list only = {1, &seat};
    if (c->ics && c->json)
        return cli_usage(c, "--ics and --json are two forms of the same; give one");
    if (cli_connect(c) != ST_OK)
        return cli_fail(c);
    struct rpc_inbox q = {.org = c->info.org};
    if (c->seat != NULL) {
        const char *slash = strchr(c->seat, '/');
        if (!text_is_seat(seat))
            return cli_usage(c, "--as %s: expected ORG/SEAT", c->seat);
        if (cli_has_seat(c, seat) != ST_OK)
            return cli_fail(c);
        q.org = span_of(c->seat, (size_t)(slash - c->seat));
        q.seats = only;
        SET_HAS(&q, rpc_inbox_key_seats);
    }
    if (cli_ask(c, METHOD_inbox, &q, &in) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_inbox_desc, &in);
    if (c->ics)
        return print_ics(c, &in);
    for (size_t i = 0; i < in.own.n; i++)
        print_own_task(&in.own.v[i], cli_now(c));
    print_nudges(&in);
    if (in.list.n + in.own.n + in.items.n + in.readings.n + in.sessions.n + in.grants.n + in.again.n == 0)
        (void)printf("Nothing is asked of %.*s.\n", SPAN_FMT(c->seat != NULL ? seat : c->info.org));
    print_all(c, &in);
    return EXIT_DONE;
}

enum { NEWS_SHOWN = 8, WEEK_MS = 7 * 86400000 };

static void print_happened(const struct query_news *n)
{
    if (n->happened.n == 0)
        return;
    (void)printf("Since %s, by itself:", cli_time(n->from_ms).s);
    size_t first = n->happened.n > NEWS_SHOWN ? n->happened.n - NEWS_SHOWN : 0;
    for (size_t i = first; i < n->happened.n; i++)
        (void)printf("%s %.*s %.*s", i == first ? "" : " ·", SPAN_FMT(n->happened.v[i].id), SPAN_FMT(n->happened.v[i].words));
    if (first > 0)
        (void)printf("; and %zu before that", first);
    (void)printf("\n");
}

static void print_coming(const struct query_news *n, uint64_t now)
{
    for (size_t i = 0; i < n->coming.n && i < NEWS_SHOWN; i++)
        (void)printf("%-10s %s (%s)  %.*s %.*s\n", i == 0 ? "This week" : "", cli_time(n->coming.v[i].at_ms).s,
                     cli_span(now, n->coming.v[i].at_ms).s, SPAN_FMT(n->coming.v[i].id), SPAN_FMT(n->coming.v[i].words));
    if (n->coming.n > NEWS_SHOWN)
        (void)printf("           and %zu more\n", n->coming.n - NEWS_SHOWN);
}

/* What time did since the last look of a person at a terminal (or --since; of an earlier time, in the week before it), and what
 * it will do within a week. tip_ms: of the newest block. */
static enum status ask_news(struct cli *c, uint64_t tip_ms, struct query_news *ret)
{
    uint64_t now = cli_now(c), last = c->at != NULL ? now - (now > WEEK_MS ? WEEK_MS : now) : cli_last_status(c);
    struct rpc_period q = {.from_ms = last != 0 ? last : tip_ms + 1 /* the first look */};
    if (c->since != NULL && time_parse(span_str(c->since), &q.from_ms) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--since %s: expected a time, for instance 2026-10-01T00:00:00Z", c->since);
    q.to_ms = (now > tip_ms ? now : tip_ms) + WEEK_MS;
    enum status st = cli_ask(c, METHOD_news, &q, ret);
    if (st == ST_OK && c->at == NULL && (c->paged || isatty(STDOUT_FILENO) == 1))
        cli_note_status(c, tip_ms + 1);
    return st;
}

/* What is owed, once for all that are alike. */
struct owed {
    const char *what;
    size_t n;
    uint64_t due_ms; /* the earliest; 0: late; UINT64_MAX: no deadline */
};

struct owed_list {
    size_t n;
    struct owed *v;
};

static void owe(struct owed_list *l, const char *what, bool has, uint64_t due_ms, bool late)
{
    uint64_t due = has ? due_ms : late ? 0 : UINT64_MAX;
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].what, what) == 0) {
            l->v[i].n++;
            if (due < l->v[i].due_ms)
                l->v[i].due_ms = due;
            return;
        }
    l->v[l->n++] = (struct owed){what, 1, due};
}

static int compare_owed(const void *x, const void *y)
{
    const struct owed *a = x, *b = y;
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    return strcmp(a->what, b->what);
}

static const char *task_verb(enum task_type t)
{
    switch (t) {
    case TASK_BALLOT:
        return "vote on";
    case TASK_REBASE:
        return "revise";
    case TASK_MEDIATE:
        return "recommend on";
    case TASK_INPUT:
        return "give input to";
    case TASK_ANSWER:
        return "answer on";
    case TASK_COUNTERSIGN:
        return "check";
    case TASK_TRIGGER:
        return "act on";
    case TASK_MEET:
        return "hold";
    case TASK_CONFIRM:
        return "confirm the record of";
    case TASK_RECORD:
        return "record anew";
    case TASK_RECOVERY:
    case TASK_SECOND:
    case TASK_RESEAT:
    case TASK_REPORT:
    case TASK_COMMIT:
    case TASK_REVEAL:
    case TASK_RESTATE:
        break;
    }
    return enum_text(&task_type_enum, t);
}

static const char *item_verb(enum item_task t)
{
    static const char *const verbs[] = {
        [ITEM_TASK_DO] = "do",         [ITEM_TASK_TAKE] = "take or leave", [ITEM_TASK_VERIFY] = "verify",
        [ITEM_TASK_REVIEW] = "review", [ITEM_TASK_LOOK] = "look at",       [ITEM_TASK_MEDIATE] = "recommend on",
        [ITEM_TASK_ANSWER] = "answer", [ITEM_TASK_HEED] = "act on the warning of",
    };
    return verbs[t];
}

static void list_owed(struct cli *c, const struct query_inbox *in, struct owed_list *l)
{
    l->v = arena_array(&c->a, in->list.n + in->items.n + in->readings.n + in->sessions.n + 1, sizeof *l->v);
    l->n = 0;
    for (size_t k = 0; k < in->list.n; k++) {
        const struct query_task *t = &in->list.v[k];
        owe(l, charter_text(&c->a, "%s D-%" PRIu64, task_verb(t->task), t->decision), HAS(t, query_task_key_deadline_ms),
            t->deadline_ms, false);
    }
    for (size_t k = 0; k < in->items.n; k++) {
        const struct query_item_task *t = &in->items.v[k];
        owe(l, charter_text(&c->a, "%s %.*s", item_verb(t->task), SPAN_FMT(t->id)), HAS(t, query_item_task_key_deadline_ms), t->deadline_ms,
            t->overdue && t->task == ITEM_TASK_DO);
    }
    for (size_t k = 0; k < in->readings.n; k++) {
        const struct query_reading_task *t = &in->readings.v[k];
        const char *of = t->task != TASK_TRIGGER ? "" : t->of == TRIGGER_EXIT ? "exit trigger " : "consequence ";
        owe(l, charter_text(&c->a, "%s %s%.*s", task_verb(t->task), of, SPAN_FMT(t->name)), HAS(t, query_reading_task_key_deadline_ms),
            t->deadline_ms, t->late);
    }
    for (size_t k = 0; k < in->sessions.n; k++) {
        const struct query_session_task *t = &in->sessions.v[k];
        owe(l, charter_text(&c->a, "%s S-%" PRIu64, task_verb(t->task), t->session), HAS(t, query_session_task_key_deadline_ms),
            t->deadline_ms, false);
    }
    qsort(l->v, l->n, sizeof *l->v, compare_owed);
}

static const char *owed_text(struct cli *c, const struct owed *o, uint64_t now)
{
    const char *times = o->n == 1 ? "" : charter_text(&c->a, ", %zu times", o->n);
    if (o->due_ms == UINT64_MAX)
        return charter_text(&c->a, "%s%s", o->what, times);
    if (o->due_ms == 0)
        return charter_text(&c->a, "%s%s%s late", o->what, times, o->n == 1 ? "" : ",");
    struct cli_text span = cli_span(now, o->due_ms);
    bool past = o->due_ms < now; /* "2 d ago" is 2 d late */
    int n = past ? (int)(strlen(span.s) - strlen(" ago")) : (int)strlen(span.s);
    return charter_text(&c->a, "%s%s%s %.*s%s", o->what, times, o->n == 1 ? "" : ", the first", n, span.s, past ? " late" : "");
}

enum { OWED_INDENT = 11 };

static void print_owed(struct cli *c, struct span org, bool us, const struct query_inbox *in)
{
    struct owed_list l;
    size_t columns = cli_columns(), at = OWED_INDENT;
    list_owed(c, in, &l);
    (void)printf("%-10s", us ? "We owe" : "They owe");
    if (!us)
        (void)printf(" %.*s:", SPAN_FMT(org));
    at += us ? 0 : org.n + 2;
    for (size_t k = 0; k < l.n; k++) {
        const char *text = owed_text(c, &l.v[k], cli_now(c));
        if (k > 0 && at + 3 + strlen(text) > columns) {
            (void)printf("\n%*s", OWED_INDENT - 1, "");
            at = OWED_INDENT;
        } else if (k > 0) {
            (void)printf(" ·");
            at += 3;
        }
        (void)printf(" %s", text);
        at += strlen(text);
    }
    if (l.n > 0 && in->grants.n + in->again.n > 0)
        (void)printf("\n%*s", OWED_INDENT - 1, "");
    cli_print_grants_owed(&in->grants, true);
    cli_print_again_owed(&in->again, in->grants.n == 0);
    (void)printf("%s\n", l.n + in->grants.n + in->again.n == 0 ? " nothing" : "");
    for (size_t k = 0; us && k < in->own.n; k++)
        print_own_task(&in->own.v[k], cli_now(c));
    if (us)
        print_nudges(in);
}

/* First what we owe. */
static enum status print_all_owed(struct cli *c)
{
    struct query_parties parties;
    struct query_inbox in;
    enum status st = cli_ask(c, METHOD_parties, NULL, &parties);
    for (int us = 1; us >= 0; us--)
        for (size_t i = 0; st == ST_OK && i < parties.list.n; i++) {
            struct rpc_inbox q = {.org = parties.list.v[i].org};
            if (parties.list.v[i].party.role == ROLE_PARTNER && span_eq(q.org, c->info.org) == (us == 1) &&
                cli_ask(c, METHOD_inbox, &q, &in) == ST_OK)
                print_owed(c, q.org, us == 1, &in);
        }
    return st;
}

/* {"news": ..., "owed": [{"org": ..., "inbox": ...}, ...]} */
static enum status status_at_json(struct cli *c, const struct query_news *news, struct buf *b)
{
    struct query_parties parties;
    struct query_inbox in;
    size_t n = 0;
    enum status st = cli_ask(c, METHOD_parties, NULL, &parties);
    buf_printf(b, "{\"news\":");
    if (st == ST_OK)
        st = cli_put_json(c, &query_news_desc, news, b);
    buf_printf(b, ",\"owed\":[");
    for (size_t i = 0; st == ST_OK && i < parties.list.n; i++) {
        struct rpc_inbox q = {.org = parties.list.v[i].org};
        if (parties.list.v[i].party.role != ROLE_PARTNER)
            continue;
        st = cli_ask(c, METHOD_inbox, &q, &in);
        buf_printf(b, "%s{\"org\":\"%.*s\",\"inbox\":", n++ == 0 ? "" : ",", SPAN_FMT(q.org));
        if (st == ST_OK)
            st = cli_put_json(c, &query_inbox_desc, &in, b);
        buf_printf(b, "}");
    }
    buf_printf(b, "]}");
    return st;
}

/* How the node was then is not on the record. */
static int status_at(struct cli *c)
{
    struct query_news news;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 64 << 20);
    enum status st = ask_news(c, c->as_of.time_ms, &news);
    if (st == ST_OK && c->json)
        st = status_at_json(c, &news, &b);
    if (st == ST_OK && b.failed != ST_OK)
        st = err_set(&c->err, b.failed, "the answer is too large to be shown");
    if (st == ST_OK && c->json) {
        cli_put_object(c, buf_cstr(&b));
        return EXIT_DONE;
    }
    if (st == ST_OK) {
        (void)printf("%.*s, at %.*s\n", SPAN_FMT(c->info.name), SPAN_FMT(c->info.org));
        print_happened(&news);
        st = print_all_owed(c);
    }
    if (st != ST_OK)
        return cli_fail(c);
    print_coming(&news, c->at_ms);
    return EXIT_DONE;
}

int verb_status(struct cli *c)
{
    struct rpc_status_reply s;
    struct query_news news;
    if (c->at != NULL)
        return status_at(c);
    if (cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    if (c->json) {
        (void)cli_json(c, &rpc_status_reply_desc, &s);
        return cli_health_exit(&s);
    }
    if (ask_news(c, s.time_ms, &news) != ST_OK)
        return cli_fail(c);
    (void)printf("%.*s, at %.*s: block %" PRIu64 " of %s, %" PRIu64 " of %" PRIu64 " nodes within reach\n",
                 SPAN_FMT(c->info.name), SPAN_FMT(c->info.org), s.height, cli_time(s.time_ms).s, s.connected,
                 s.validators);
    cli_print_health(&s);
    print_happened(&news);
    if (print_all_owed(c) != ST_OK)
        return cli_fail(c);
    print_coming(&news, cli_now(c));
    if (cli_print_regulars(c, cli_now(c)) != ST_OK)
        return cli_fail(c);
    if (s.outbox > 0)
        (void)printf("%" PRIu64 " signed entries wait here to become final.\n", s.outbox);
    return cli_health_exit(&s);
}
