/* status, inbox, show, decisions, readiness, log, charter, seats, node, pack, checkpoint, proof. */
#include <errno.h>
#include "charter/charter.h"
#include "charter/check.h"
#include "charter/scalar.h"
#include "cli/cli.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "ledger/leaf.h"
#include "merkle/note.h"
#include "pack/pack.h"

static struct prose_list prose_at(struct cli *c, uint64_t leaf)
{
    struct rpc_leaf q = {.index = leaf};
    struct rpc_leaf_reply r;
    struct leaf entry;
    if (cli_ask(c, METHOD_leaf, &q, &r) != ST_OK || leaf_parse(r.leaf, &c->a, &entry, NULL) != ST_OK)
        return (struct prose_list){0, NULL};
    cli_keep_prose(&entry, &r.prose);
    return r.prose;
}

static struct span title_at(struct cli *c, uint64_t leaf, const struct hash *digest)
{
    struct prose_list l = prose_at(c, leaf);
    return cli_find_prose(&l, digest);
}

static void print_task(struct cli *c, const struct query_task *t, uint64_t now, size_t i, size_t n)
{
    (void)printf("%zu of %zu  D-%" PRIu64 " %.*s: %.*s\n", i, n, t->decision, SPAN_FMT(t->type), SPAN_FMT(title_at(c, t->leaf, &t->title)));
    (void)printf("        %.*s", SPAN_FMT(t->words));
    for (size_t k = 0; k < t->seats.n; k++)
        (void)printf("%s%.*s", k == 0 ? " by " : " or ", SPAN_FMT(t->seats.v[k]));
    if (HAS(t, query_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    (void)printf("\n        entente show D-%" PRIu64 " · entente approve D-%" PRIu64 "\n", t->decision, t->decision);
}

int verb_inbox(struct cli *c)
{
    struct query_inbox in;
    struct span seat = span_str(c->seat == NULL ? "" : c->seat);
    struct span_list only = {1, &seat};
    if (cli_connect(c) != ST_OK)
        return cli_fail(c);
    struct rpc_inbox q = {.org = c->info.org};
    if (c->seat != NULL) {
        const char *slash = strchr(c->seat, '/');
        if (!text_is_seat(seat))
            return cli_usage(c, "--as %s: expected ORG/SEAT", c->seat);
        q.org = span_of(c->seat, (size_t)(slash - c->seat));
        q.seats = only;
        SET_HAS(&q, rpc_inbox_key_seats);
    }
    if (cli_ask(c, METHOD_inbox, &q, &in) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_inbox_desc, &in);
    if (in.list.n == 0)
        (void)printf("Nothing is asked of %.*s.\n", SPAN_FMT(c->seat != NULL ? seat : c->info.org));
    for (size_t i = 0; i < in.list.n; i++)
        print_task(c, &in.list.v[i], clock_wall_ms(&clock_system), i + 1, in.list.n);
    return EXIT_DONE;
}

static void print_health(const struct rpc_status_reply *s)
{
    if (HAS(s, rpc_status_reply_key_halted))
        (void)printf("This node has stopped signing: %.*s\nNothing is lost; %" PRIu64 " signed entries wait.\n", SPAN_FMT(s->halted), s->outbox);
    else if (s->syncing)
        (void)printf("This node catches up: at block %" PRIu64 ".\n", s->height);
    if (s->connected < s->quorum)
        (void)printf("No quorum: %" PRIu64 " of %" PRIu64 " nodes are within reach, %" PRIu64 " must sign. What you sign is kept and waits.\n", s->connected,
                     s->validators, s->quorum);
    if (s->validators < 4)
        (void)printf("With %" PRIu64 " nodes, any absence halts finality.\n", s->validators);
}

static int health_exit(const struct rpc_status_reply *s)
{
    return HAS(s, rpc_status_reply_key_halted) || s->syncing || s->connected < s->quorum ? EXIT_NODE : EXIT_DONE;
}

int verb_status(struct cli *c)
{
    struct rpc_status_reply s;
    struct query_parties parties;
    struct query_inbox in;
    if (cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    if (c->json) {
        (void)cli_json(c, &rpc_status_reply_desc, &s);
        return health_exit(&s);
    }
    uint64_t now = clock_wall_ms(&clock_system);
    if (cli_ask(c, METHOD_parties, NULL, &parties) != ST_OK)
        return cli_fail(c);
    (void)printf("%.*s, at %.*s: block %" PRIu64 " of %s, %" PRIu64 " of %" PRIu64 " nodes within reach\n", SPAN_FMT(c->info.name), SPAN_FMT(c->info.org),
                 s.height, cli_time(s.time_ms).s, s.connected, s.validators);
    print_health(&s);
    for (size_t i = 0; i < parties.list.n; i++) {
        struct span org = parties.list.v[i].org;
        bool us = span_eq(org, c->info.org);
        struct rpc_inbox q = {.org = org};
        if (parties.list.v[i].party.role != ROLE_PARTNER || cli_ask(c, METHOD_inbox, &q, &in) != ST_OK)
            continue;
        (void)printf("%-10s", us ? "We owe" : "They owe");
        if (!us)
            (void)printf(" %.*s:", SPAN_FMT(org));
        for (size_t k = 0; k < in.list.n; k++) {
            const struct query_task *t = &in.list.v[k];
            (void)printf("%s D-%" PRIu64 " %s", k == 0 ? "" : " ·", t->decision, enum_text(&task_type_enum, t->task));
            if (HAS(t, query_task_key_deadline_ms))
                (void)printf(" %s", cli_span(now, t->deadline_ms).s);
        }
        (void)printf("%s\n", in.list.n == 0 ? " nothing" : "");
    }
    if (s.outbox > 0)
        (void)printf("%" PRIu64 " signed entries wait here to become final.\n", s.outbox);
    return health_exit(&s);
}

static struct span reason_text(struct cli *c, uint64_t leaf, const struct hash *digest)
{
    return title_at(c, leaf, digest);
}

static void print_events(struct cli *c, const struct query_decision *q)
{
    (void)printf("what happened\n");
    for (size_t i = 0; i < q->events.n; i++) {
        const struct state_event *e = &q->events.v[i];
        (void)printf("  %s  %s", cli_time(e->at_ms).s, enum_text(&event_type_enum, e->type));
        if (HAS(e, state_event_key_choice))
            (void)printf(": %s", enum_text(&choice_enum, e->choice));
        if (HAS(e, state_event_key_to))
            (void)printf(" to %.*s", SPAN_FMT(e->to));
        if (HAS(e, state_event_key_seat))
            (void)printf(" by %.*s", SPAN_FMT(e->seat));
        else if (e->type == EVENT_ESCALATED)
            (void)printf(", by itself");
        if (HAS(e, state_event_key_until_ms))
            (void)printf(", until %s", cli_time(e->until_ms).s);
        if (HAS(e, state_event_key_outcome))
            (void)printf(": %s", enum_text(&last_resort_enum, e->outcome));
        if (HAS(e, state_event_key_reason))
            (void)printf(": %.*s", SPAN_FMT(reason_text(c, e->leaf, &e->reason)));
        (void)printf("  (leaf %" PRIu64 ")\n", e->leaf);
    }
}

static void print_readiness(const struct query_readiness *r)
{
    (void)printf("D-%" PRIu64 " %.*s is %s; asked: %.*s\n", r->decision, SPAN_FMT(r->type), enum_text(&phase_enum, r->phase), SPAN_FMT(r->to));
    for (size_t i = 0; i < r->partners.n; i++) {
        const struct query_partner *p = &r->partners.v[i];
        (void)printf("  %-14.*s %-13s", SPAN_FMT(p->org), enum_text(&position_enum, p->position));
        if (HAS(p, query_partner_key_words))
            (void)printf(" %.*s", SPAN_FMT(p->words));
        else
            for (size_t k = 0; k < p->approved.n; k++)
                (void)printf("%s%.*s", k == 0 ? " " : ", ", SPAN_FMT(p->approved.v[k]));
        (void)printf("\n");
    }
    for (size_t i = 0; r->partners.n == 0 && i < r->missing.n; i++)
        (void)printf("  %.*s\n", SPAN_FMT(r->missing.v[i]));
    for (size_t i = 0; i < r->veto.n; i++)
        (void)printf("  may veto: %.*s\n", SPAN_FMT(r->veto.v[i]));
    if (HAS(r, query_readiness_key_deadline_ms) && r->silence.n > 0)
        (void)printf("  %s%.*s on %s\n", r->phase == PHASE_PASSED ? "" : "silence: ", SPAN_FMT(r->silence), cli_time(r->deadline_ms).s);
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
    (void)printf("D-%" PRIu64 " revision %" PRIu64 ", void: revision %" PRIu64 " is current\n%ssha256:%s\n", s->q.decision.number, c->rev_number,
                 s->q.decision.revision, buf_cstr(&b), hex_of(&old.leaf.id).s);
    return EXIT_DONE;
}

int verb_show(struct cli *c)
{
    uint64_t number;
    struct cli_seen s;
    if (c->n != 1 || !cli_decision(c->words[0], &number))
        return cli_usage(c, "show needs a decision's id, for instance: entente show D-12");
    if (cli_fetch(c, number, &s) != ST_OK)
        return cli_fail(c);
    if (c->rev_number != 0 && c->rev_number != s.q.decision.revision)
        return show_old(c, &s);
    cli_note_seen(c, number, s.q.decision.revision);
    if (c->json)
        return cli_json(c, &query_decision_desc, &s.q);
    cli_show_proposal(c, &s);
    print_readiness(&s.q.readiness);
    print_events(c, &s.q);
    for (size_t i = 0; i < s.q.notes.n; i++) {
        (void)printf("note by %.*s: ", SPAN_FMT(s.q.notes.v[i].seat));
        cli_prose(stdout, "  ", title_at(c, s.q.notes.v[i].leaf, &s.q.notes.v[i].note.text));
    }
    return EXIT_DONE;
}

int verb_readiness(struct cli *c)
{
    struct rpc_number q;
    struct query_readiness r;
    memset(&q, 0, sizeof q);
    if (c->n != 1 || !cli_decision(c->words[0], &q.number))
        return cli_usage(c, "readiness needs a decision's id, for instance: entente readiness D-12");
    if (cli_ask(c, METHOD_readiness, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_readiness_desc, &r);
    print_readiness(&r);
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
            struct span title = cli_cut(title_at(c, l->leaf, &l->title), room, &mark);
            (void)printf("D-%-5" PRIu64 " %-16s %-20.*s %.*s%s\n", l->number, enum_text(&phase_enum, l->phase), SPAN_FMT(l->type), SPAN_FMT(title), mark);
        }
        all.list = (struct query_line_list){all.list.n + r.list.n, v};
        all.more = r.more;
        if (!r.more || all.list.n >= 1000)
            break;
    }
    return c->json ? cli_json(c, &query_decisions_desc, &all) : EXIT_DONE;
}

static void print_leaf(const struct rpc_log_line *l)
{
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    arena_init(&a, 1 << 20);
    (void)printf("%6" PRIu64 "  %s  block %-5" PRIu64 " ", l->index, cli_time(l->time_ms).s, l->height);
    if (leaf_parse(l->leaf, &a, &leaf, NULL) != ST_OK) {
        uint8_t type = l->leaf.n > 2 ? l->leaf.p[2] : 255;
        const char *name = enum_text(&leaf_type_enum, type);
        (void)printf("%s\n", name == NULL ? "?" : type == LEAF_BLOCK ? "block record" : name);
        return;
    }
    const char *kind = enum_text(&kind_enum, (uint32_t)leaf.entry.kind);
    (void)printf("%-9s %.*s  sha256:%.16s...", kind == NULL ? "?" : kind, SPAN_FMT(leaf.entry.seat), hex_of(&leaf.id).s);
    if (l->prose.n > 0) {
        (void)printf("  ");
        const char *mark;
        struct span text = cli_cut(l->prose.v[0].text, 60, &mark);
        (void)printf("%.*s%s\n", SPAN_FMT(text), mark);
    } else {
        (void)printf("\n");
    }
}

/* Each leaf as it is on the record, and an entry decoded too. */
static void print_log_json(struct cli *c, const struct rpc_log_reply *r, size_t *printed)
{
    for (size_t i = 0; i < r->list.n; i++) {
        struct arena a CLEANUP(arena_deinit);
        struct leaf leaf;
        struct buf b CLEANUP(buf_deinit), e CLEANUP(buf_deinit);
        arena_init(&a, 1 << 22);
        buf_init(&b, 1 << 22);
        buf_init(&e, 1 << 22);
        if (cli_put_json(c, &rpc_log_line_desc, &r->list.v[i], &b) != ST_OK)
            continue;
        bool entry = leaf_parse(r->list.v[i].leaf, &a, &leaf, NULL) == ST_OK && cli_put_json(c, &entry_desc, &leaf.entry, &e) == ST_OK;
        (void)printf("%s%.*s", (*printed)++ == 0 ? "[" : ",\n", (int)b.n - 1, buf_cstr(&b)); /* without its last brace */
        if (entry)
            (void)printf(",\"id\":\"%s\",\"entry\":%s", hex_of(&leaf.id).s, buf_cstr(&e));
        (void)printf("}");
    }
}

int verb_log(struct cli *c)
{
    struct rpc_boundary_reply at;
    size_t printed = 0;
    uint64_t limit = c->limit == NULL ? 50 : c->limit_number;
    if (cli_ask(c, METHOD_boundary, NULL, &at) != ST_OK)
        return cli_fail(c);
    uint64_t from = c->from != NULL ? c->from_number : at.size > limit ? at.size - limit : 0;
    while (limit > 0 && from < at.size) {
        struct rpc_range q = {.from = from, .count = limit > 1000 ? 1000 : limit};
        struct rpc_log_reply r;
        if (cli_ask(c, METHOD_log, &q, &r) != ST_OK)
            return cli_fail(c);
        if (r.list.n == 0)
            break;
        if (c->json)
            print_log_json(c, &r, &printed);
        for (size_t i = 0; !c->json && i < r.list.n; i++)
            print_leaf(&r.list.v[i]);
        from += r.list.n;
        limit -= r.list.n;
    }
    if (c->json)
        (void)printf("%s]\n", printed == 0 ? "[" : "");
    return EXIT_DONE;
}

static int print_section(struct cli *c, uint64_t number, const struct query_section *s)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (cli_section(c, number, s->section.body, &b) != ST_OK)
        return cli_fail(c);
    (void)fputs(buf_cstr(&b), stdout);
    return EXIT_DONE;
}

static bool section_is(const struct record_desc *d, const char *name)
{
    const char *s = d->name + strlen("charter_");
    size_t k = 0;
    while (s[k] != 0 && (s[k] == name[k] || (s[k] == '_' && name[k] == '-')))
        k++;
    return s[k] == 0 && name[k] == 0;
}

int verb_charter_show(struct cli *c)
{
    bool any = false;
    for (uint64_t i = 1; i < 64; i++) {
        const struct record_desc *d = charter_section_desc(i);
        struct rpc_number q = {.number = i};
        struct query_section s;
        if (d == NULL || (c->n == 1 && !section_is(d, c->words[0])))
            continue;
        enum status st = cli_ask(c, METHOD_section, &q, &s);
        if (st == ST_NOTFOUND)
            continue;
        if (st != ST_OK)
            return cli_fail(c);
        if (c->json) {
            (void)fputs(any ? "," : "[", stdout);
            (void)cli_json(c, &query_section_desc, &s);
            any = true;
            continue;
        }
        any = true;
        if (c->n == 1)
            (void)printf("# version %" PRIu64 "%s\n", s.section.version, HAS(&s.section, state_section_key_decision) ? ", made by a decision" : ", as founded");
        int code = print_section(c, i, &s);
        if (code != EXIT_DONE)
            return code;
    }
    if (any && c->json)
        (void)puts("]");
    return any ? EXIT_DONE : cli_usage(c, "the charter has no section %s", c->n == 1 ? c->words[0] : "");
}

static enum status any_card(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    (void)ctx, (void)err;
    sha256(path, ret_digest); /* cards need not be there yet for a check */
    return ST_OK;
}

int verb_charter_check(struct cli *c)
{
    struct span yaml;
    struct charter_source source;
    struct charter charter;
    struct check_findings found;
    if (c->n != 1)
        return cli_usage(c, "charter check needs one charter file");
    const char *slash = strrchr(c->words[0], '/');
    const char *dir = slash == NULL ? "." : (const char *)arena_dup(&c->a, span_of(c->words[0], (size_t)(slash - c->words[0]))).p;
    struct charter_files files = charter_files_in(dir);
    struct charter_founding founding = {.founded_ms = clock_wall_ms(&clock_system)};
    files.card = any_card;
    enum status st = file_read(c->words[0], CHARTER_FILE_MAX, &c->a, &yaml, &c->err);
    if (st == ST_OK)
        st = charter_load(yaml, c->words[0], &founding, &files, &c->a, &source, &c->err);
    if (st == ST_OK)
        st = charter_decode(source.sections.v, source.sections.n, &c->a, &charter, &c->err);
    if (st == ST_OK)
        st = check_charter(&charter, &c->a, &found);
    if (st != ST_OK)
        return cli_fail(c);
    for (size_t i = 0; i < found.n; i++) {
        int line, column;
        charter_locate(source.root, found.v[i].where, &line, &column);
        (void)fprintf(stderr, "%s:%d:%d: %s: %s: %s\n", c->words[0], line, column, found.v[i].refuses ? "refused" : "warning", found.v[i].where,
                      found.v[i].text);
    }
    if (c->json)
        (void)printf("{\"sections\":%zu,\"refusals\":%zu,\"warnings\":%zu}\n", source.sections.n, found.refusals, found.n - found.refusals);
    else
        (void)printf("%s: %zu sections, %zu refusals, %zu warnings\n", c->words[0], source.sections.n, found.refusals, found.n - found.refusals);
    return found.refusals == 0 ? EXIT_DONE : EXIT_FAILED;
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

int verb_node_status(struct cli *c)
{
    struct rpc_status_reply s;
    if (cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    if (c->json) {
        (void)cli_json(c, &rpc_status_reply_desc, &s);
        return health_exit(&s);
    }
    (void)printf("alliance    %.*s  %s\nnode        %.*s\nblock       %" PRIu64 "  %s\n            of %s\ntree        %" PRIu64 " leaves, root %s\n",
                 SPAN_FMT(c->info.name), hex_of(&c->info.alliance).s, SPAN_FMT(c->info.org), s.height, hex_of(&s.block).s, cli_time(s.time_ms).s, s.size,
                 hex_of(&s.root).s);
    (void)printf("state root  %s\nnodes       %" PRIu64 " of %" PRIu64 " within reach, %" PRIu64 " must sign\nwaiting     %" PRIu64 " accepted here, %" PRIu64
                 " known\ncheckpoint  %" PRIu64 " leaves cosigned by a quorum\n",
                 hex_of(&s.state_root).s, s.connected, s.validators, s.quorum, s.outbox, s.mempool, s.checkpoint);
    print_health(&s);
    return health_exit(&s);
}

int verb_node_peers(struct cli *c)
{
    struct rpc_peers_reply r;
    if (cli_ask(c, METHOD_peers, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_peers_reply_desc, &r);
    uint64_t now = clock_wall_ms(&clock_system);
    for (size_t i = 0; i < r.list.n; i++) {
        const struct rpc_peer *p = &r.list.v[i];
        (void)printf("%-14.*s %-6s %-10s %-22.*s in %" PRIu64 " out %" PRIu64 " B", SPAN_FMT(p->org), p->connected ? "up" : "DOWN",
                     cli_span(now, p->since_ms).s, SPAN_FMT(p->address), p->bytes_in, p->bytes_out);
        if (p->height > 0)
            (void)printf("  at block %" PRIu64, p->height - 1);
        if (p->dropped > 0)
            (void)printf("  %" PRIu64 " dropped", p->dropped);
        if (p->faults > 0)
            (void)printf("  %" PRIu64 " bad messages", p->faults);
        (void)printf("\n");
        if (!p->connected && HAS(p, rpc_peer_key_error))
            (void)printf("               %.*s\n", SPAN_FMT(p->error));
    }
    return EXIT_DONE;
}

int verb_node_why(struct cli *c)
{
    struct rpc_why_reply r;
    if (cli_ask(c, METHOD_why, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_why_reply_desc, &r);
    (void)printf("%.*s\n", SPAN_FMT(r.words));
    if (r.round < 0)
        return EXIT_DONE;
    (void)printf("height %" PRIu64 ", round %" PRId64 ", step %.*s for %" PRIu64 " s; proposer %.*s; prevotes %" PRIu64 ", precommits %" PRIu64 " of %" PRIu64
                 " needed\n",
                 r.height, r.round, SPAN_FMT(r.step), r.step_ms / 1000, SPAN_FMT(r.proposer), r.prevotes, r.precommits, r.needed);
    for (size_t i = 0; i < r.missing.n; i++)
        (void)printf("  %-14.*s %s since %s\n", SPAN_FMT(r.missing.v[i].org), r.missing.v[i].connected ? "within reach" : "absent",
                     r.missing.v[i].since_ms == 0 ? "this node started" : cli_time(r.missing.v[i].since_ms).s);
    return EXIT_DONE;
}

/* --- For auditors --- */

static enum status write_pack(struct cli *c, FILE *f, uint64_t *ret_blocks, uint64_t *ret_leaves)
{
    struct rpc_genesis_reply g;
    struct rpc_boundary_reply at;
    enum status st = cli_ask(c, METHOD_genesis, NULL, &g);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_boundary, NULL, &at);
    struct pack_head head = {.version = 1, .alliance = c->info.alliance, .genesis = g.file};
    if (st == ST_OK)
        st = pack_begin(f, &c->err);
    if (st == ST_OK)
        st = pack_put(f, &pack_head_desc, &head, &c->err);
    struct arena whole = c->a;
    for (uint64_t h = 0; st == ST_OK && h <= at.height; h++) {
        struct arena a CLEANUP(arena_deinit); /* one block at a time */
        struct pack_block b;
        struct rpc_number q = {.number = h};
        arena_init(&a, 0);
        st = client_ask(c->client, METHOD_block, &q, &a, &b, &c->err);
        if (st == ST_OK)
            st = pack_put(f, &pack_block_desc, &b, &c->err);
    }
    c->a = whole;
    struct pack_checkpoint note;
    if (st == ST_OK && cli_ask(c, METHOD_checkpoint, NULL, &note) == ST_OK) {
        const uint8_t *nl = memchr(note.note.p, '\n', note.note.n);
        uint64_t size = nl == NULL ? UINT64_MAX : strtoull((const char *)nl + 1, NULL, 10);
        if (size <= at.size) /* else it is of a block that came after this export began */
            st = pack_put(f, &pack_checkpoint_desc, &note, &c->err);
    }
    struct pack_end end = {.blocks = at.height + 1, .leaves = at.size, .root = at.root};
    if (st == ST_OK)
        st = pack_put(f, &pack_end_desc, &end, &c->err);
    *ret_blocks = end.blocks;
    *ret_leaves = end.leaves;
    return st;
}

int verb_pack(struct cli *c)
{
    char tmp[4096];
    uint64_t blocks, leaves;
    if (c->n != 1)
        return cli_usage(c, "pack needs the file to write");
    (void)snprintf(tmp, sizeof tmp, "%s.part", c->words[0]);
    FILE *f = fopen(tmp, "wb");
    char why[128];
    if (f == NULL) {
        (void)err_set(&c->err, ST_IO, "%s: cannot write: %s", tmp, strerror_r(errno, why, sizeof why));
        return cli_fail(c);
    }
    enum status st = write_pack(c, f, &blocks, &leaves);
    if (fclose(f) != 0 && st == ST_OK)
        st = err_set(&c->err, ST_NOSPACE, "%s: cannot be written to its end", tmp);
    if (st == ST_OK && rename(tmp, c->words[0]) != 0)
        st = err_set(&c->err, ST_IO, "%s: cannot be renamed to %s", tmp, c->words[0]);
    if (st != ST_OK) {
        (void)remove(tmp);
        return cli_fail(c);
    }
    if (c->json) {
        (void)printf("{\"blocks\":%" PRIu64 ",\"leaves\":%" PRIu64 ",\"alliance\":\"%s\"}\n", blocks, leaves, hex_of(&c->info.alliance).s);
        return EXIT_DONE;
    }
    (void)printf("%s: %" PRIu64 " blocks, %" PRIu64 " leaves. Check it: entente-audit verify %s --expect-alliance %s\n", c->words[0], blocks, leaves,
                 c->words[0], hex_of(&c->info.alliance).s);
    return EXIT_DONE;
}

int verb_checkpoint(struct cli *c)
{
    struct pack_checkpoint r;
    struct query_parties parties;
    if (cli_ask(c, METHOD_checkpoint, NULL, &r) != ST_OK || cli_ask(c, METHOD_parties, NULL, &parties) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &pack_checkpoint_desc, &r);
    if (c->out == NULL)
        (void)fwrite(r.note.p, 1, r.note.n, stdout);
    else if (file_write(c->out, r.note, 0644, true, &c->err) != ST_OK)
        return cli_fail(c);
    for (size_t i = 0; i < parties.list.n; i++) {
        const struct query_party *p = &parties.list.v[i];
        struct buf b CLEANUP(buf_deinit), key CLEANUP(buf_deinit);
        buf_init(&b, 2048);
        buf_init(&key, 2048);
        if (p->party.role == ROLE_OBSERVER)
            continue;
        buf_printf(&b, "%.*s/%.*s", SPAN_FMT(c->info.origin), SPAN_FMT(p->org));
        struct note_key k = note_key_make(buf_span(&b), NOTE_COSIGNATURE, &p->party.node.cosign);
        note_key_put(&k, &key);
        (void)fprintf(c->out == NULL ? stderr : stdout, "%s\n", buf_cstr(&key));
    }
    return EXIT_DONE;
}

int verb_proof(struct cli *c)
{
    struct rpc_leaf q = {0};
    struct rpc_leaf_reply r;
    struct hash h;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (c->n != 1 || strspn(c->words[0], "0123456789") != strlen(c->words[0]))
        return cli_usage(c, "proof needs the number of a leaf: entente log shows them");
    if (cli_number(c, "leaf", c->words[0], 0, INT64_MAX, &q.index) != ST_OK)
        return cli_fail(c);
    if (cli_ask(c, METHOD_leaf, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_leaf_reply_desc, &r);
    uint8_t zero = 0;
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, span_of(&zero, 1));
    sha256_update(&s, r.leaf);
    sha256_final(&s, &h);
    buf_printf(&b, "entente-audit inclusion --leaf-hash ");
    base64_put(&b, span_hash(&h));
    buf_printf(&b, " --index %" PRIu64 " --size %" PRIu64 " --root ", q.index, r.size);
    base64_put(&b, span_hash(&r.root));
    buf_printf(&b, " --proof ");
    for (size_t i = 0; i < r.proof.n; i++) {
        buf_printf(&b, "%s", i == 0 ? "" : ",");
        base64_put(&b, span_hash(&r.proof.v[i]));
    }
    (void)puts(buf_cstr(&b));
    return EXIT_DONE;
}
