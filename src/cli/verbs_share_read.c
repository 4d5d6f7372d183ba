/* share list, show, map: who shares what with whom, and what became of it. */
#include "charter/scalar.h"
#include "cli/cli.h"

enum { PAGE = 500 };

/* "G-3" or "3". */
bool cli_grant_id(const char *word, uint64_t *ret)
{
    if ((word[0] == 'G' || word[0] == 'g') && word[1] == '-')
        word += 2;
    return word[0] >= '0' && word[0] <= '9' && cli_decision(word, ret);
}

enum status cli_grant_of(struct cli *c, uint64_t number, struct query_grant *ret)
{
    struct rpc_range q = {.from = number, .count = 1};
    struct query_grants r;
    enum status st = cli_ask(c, METHOD_grants, &q, &r);
    if (st != ST_OK)
        return st;
    if (r.list.n == 0 || r.list.v[0].grant.number != number)
        return err_set(&c->err, ST_NOTFOUND, "there is no grant G-%" PRIu64 "; see: entente share list", number);
    *ret = r.list.v[0];
    return ST_OK;
}

struct span cli_grant_org(const struct state_grant *s)
{
    const uint8_t *slash = memchr(s->granted.seat.p, '/', s->granted.seat.n);
    return span_of(s->granted.seat.p, slash == NULL ? 0 : (size_t)(slash - s->granted.seat.p));
}

/* Does the partner still hold something that is over? */
static bool owes_return(const struct state_grant *s, const struct grant_holder *m)
{
    return s->standing != GRANT_IN_FORCE && m->holding == HOLDING_RECEIVED;
}

static void print_head(struct cli *c, const struct query_grant *q)
{
    const struct state_grant *s = &q->grant;
    (void)printf("G-%-5" PRIu64 " %-9s %-16.*s %.*s ->", s->number, enum_text(&grant_standing_enum, s->standing),
                 SPAN_FMT(s->info_class), SPAN_FMT(cli_grant_org(s)));
    for (size_t i = 0; i < s->audience.n; i++) {
        const struct grant_holder *m = &s->audience.v[i];
        (void)printf("%s %.*s (%s%s)", i == 0 ? "" : ",", SPAN_FMT(m->org), enum_text(&holding_enum, m->holding),
                     owes_return(s, m) ? ", to be returned or destroyed" : "");
    }
    (void)printf("  until %.10s: %.*s\n", time_utc(s->until * 86400000).s,
                 SPAN_FMT(cli_title_at(c, s->granted.leaf, &s->title)));
    if (HAS(s, state_grant_key_doubted_by))
        (void)printf("        in doubt: G-%" PRIu64 ", which it is derived from, was revoked; D-%" PRIu64 " still lets it be\n",
                     s->doubted_by, s->consent.number);
    for (size_t i = 0; i < q->contrary.n; i++)
        (void)printf("        the charter in force no longer lets %.*s have it\n", SPAN_FMT(q->contrary.v[i]));
}

int verb_share_list(struct cli *c)
{
    struct rpc_range q = {.from = c->from_number, .count = PAGE};
    struct query_grants r = {.more = true};
    size_t shown = 0;
    if (c->n != 0)
        return cli_usage(c, "share list takes no %s; verbs: list, show, grant, receive, revoke, return, audit, map",
                         c->words[0]);
    while (r.more) {
        if (cli_ask(c, METHOD_grants, &q, &r) != ST_OK)
            return cli_fail(c);
        if (c->json)
            return cli_json(c, &query_grants_desc, &r);
        for (size_t i = 0; i < r.list.n; i++) {
            q.from = r.list.v[i].grant.number + 1;
            print_head(c, &r.list.v[i]);
        }
        shown += r.list.n;
    }
    if (shown == 0)
        (void)printf("Nothing was shared yet; what may be: entente share map\n");
    return EXIT_DONE;
}

static void print_mark(const char *words, const struct grant_mark *m)
{
    (void)printf("    %s by %.*s on %s (leaf %" PRIu64 ")\n", words, SPAN_FMT(m->seat), cli_time(m->at_ms).s, m->leaf);
}

static void print_reason(struct cli *c, const struct grant_mark *m)
{
    if (!HAS(m, grant_mark_key_text))
        return;
    (void)printf("      ");
    cli_prose(stdout, "      ", cli_title_at(c, m->leaf, &m->text));
}

static void print_members(struct cli *c, const struct state_grant *s)
{
    for (size_t i = 0; i < s->audience.n; i++) {
        const struct grant_holder *m = &s->audience.v[i];
        (void)printf("  %.*s: %s%s\n", SPAN_FMT(m->org), enum_text(&holding_enum, m->holding),
                     owes_return(s, m) ? ", to be returned or destroyed" : "");
        if (HAS(m, grant_holder_key_received)) {
            print_mark("received", &m->received);
            print_reason(c, &m->received);
        }
        if (HAS(m, grant_holder_key_settled)) {
            print_mark(m->holding == HOLDING_RETURNED ? "returned" : "destroyed", &m->settled);
            print_reason(c, &m->settled);
        }
        for (size_t k = 0; HAS(m, grant_holder_key_documents) && k < m->documents.n; k++)
            cli_print_document(c, "    document ", &m->documents.v[k]);
        if (HAS(m, grant_holder_key_left_ms))
            (void)printf("    left the alliance on %s; what became of its copy is not on the record\n",
                         cli_time(m->left_ms).s);
    }
}

static void print_basis(const struct state_grant *s)
{
    if (HAS(s, state_grant_key_content))
        (void)printf("  content   sha256:%s\n", hex_of(&s->content).s);
    else
        (void)printf("  content   a standing flow\n");
    if (HAS(s, state_grant_key_consent))
        (void)printf("  consent   D-%" PRIu64 "\n", s->consent.number);
    for (size_t i = 0; i < s->derived_from.n; i++)
        (void)printf("%s G-%" PRIu64 "%s", i == 0 ? "  derived from" : ",", s->derived_from.v[i],
                     i + 1 == s->derived_from.n ? "\n" : "");
    if (s->derived > 0)
        (void)printf("  %" PRIu64 " grants were derived from it\n", s->derived);
    if (HAS(s, state_grant_key_scope))
        (void)printf("  scope     %.*s\n", SPAN_FMT(s->scope));
}

static void print_end(struct cli *c, const struct state_grant *s)
{
    if (HAS(s, state_grant_key_revoked)) {
        print_mark("revoked", &s->revoked);
        print_reason(c, &s->revoked);
    }
    if (HAS(s, state_grant_key_because))
        (void)printf("    revoked on %s with G-%" PRIu64 ", which it is derived from\n", cli_time(s->ended_ms).s, s->because);
    else if (HAS(s, state_grant_key_ended_ms) && !HAS(s, state_grant_key_revoked))
        (void)printf("    %s on %s\n", enum_text(&grant_standing_enum, s->standing), cli_time(s->ended_ms).s);
    for (size_t i = 0; i < s->requests.n; i++)
        (void)printf("  audited by request Q-%" PRIu64 "\n", s->requests.v[i]);
}

int verb_share_show(struct cli *c)
{
    uint64_t number;
    struct query_grant q;
    if (c->n != 1 || !cli_grant_id(c->words[0], &number))
        return cli_usage(c, "share show needs a grant's id: entente share show G-3");
    if (cli_grant_of(c, number, &q) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_grant_desc, &q);
    const struct state_grant *s = &q.grant;
    print_head(c, &q);
    (void)printf("  purpose   ");
    cli_prose(stdout, "            ", cli_title_at(c, s->granted.leaf, &s->purpose));
    print_basis(s);
    print_mark("shared", &s->granted);
    print_members(c, s);
    print_end(c, s);
    (void)printf("  sha256:%s\n", hex_of(&s->id).s);
    return EXIT_DONE;
}

static void print_numbers(const char *words, const struct uint_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        (void)printf("%s G-%" PRIu64, i == 0 ? words : ",", l->v[i]);
}

int verb_share_map(struct cli *c)
{
    struct query_share_map r;
    if (c->n != 0)
        return cli_usage(c, "share map takes no %s", c->words[0]);
    if (cli_ask(c, METHOD_share_map, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_share_map_desc, &r);
    for (size_t i = 0; i < r.rows.n; i++) {
        const struct query_share_row *row = &r.rows.v[i];
        (void)printf("%.*s%s\n", SPAN_FMT(row->info_class), row->in_charter ? "" : " (no longer in the charter)");
        for (size_t k = 0; k < row->cells.n; k++) {
            const struct query_share_cell *cell = &row->cells.v[k];
            (void)printf("  %-16.*s %-6s", SPAN_FMT(cell->org), enum_text(&permission_enum, cell->may));
            print_numbers("  has", &cell->in_force);
            print_numbers("  still holds", &cell->holds);
            print_numbers("  shares", &cell->granted);
            (void)printf("\n");
        }
    }
    if (HAS(&r, query_share_map_key_audit_right))
        (void)printf("Who shares may audit, at most %" PRIu64 " times a %s: entente help share audit\n",
                     r.audit_right.at_most.n, enum_text(&period_unit_enum, r.audit_right.at_most.per));
    if (r.rows.n == 0)
        (void)printf("The charter has no section sharing: nothing may be shared on the record.\n");
    return EXIT_DONE;
}

void cli_print_grant_task(const struct query_grant_task *t, uint64_t now)
{
    (void)printf("G-%" PRIu64 " %.*s\n       ", t->grant, SPAN_FMT(t->words));
    for (size_t k = 0; k < t->seats.n; k++)
        (void)printf("%s %.*s", k == 0 ? " by" : " or", SPAN_FMT(t->seats.v[k]));
    if (HAS(t, query_grant_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    (void)printf("\n        entente share show G-%" PRIu64 " · entente share %s G-%" PRIu64 "%s\n", t->grant,
                 enum_text(&grant_act_enum, t->act), t->grant,
                 t->act == GRANT_ACT_RETURN ? " [--destroyed]" : " [--content FILE]");
}

/* "G-3 receive", in the line of an organisation. */
void cli_print_grants_owed(const struct query_grant_task_list *l, bool first)
{
    for (size_t i = 0; i < l->n; i++)
        (void)printf("%s G-%" PRIu64 " %s", first && i == 0 ? "" : " ·", l->v[i].grant,
                     enum_text(&grant_act_enum, l->v[i].act));
}
