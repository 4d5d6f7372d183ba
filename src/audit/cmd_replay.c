/* replay: the alliance as it stood at some time. */
#include "audit/cmd.h"
#include "charter/charter.h"
#include "crypto/sshpub.h"
#include "gov/item_id.h"
#include "gov/query_part.h"

struct replay {
    const struct cmd_args *args;
    uint64_t at_ms;
    uint64_t height, block_ms; /* of the newest block at that time, */
    bool began;                /* if there was one, */
    bool done;                 /* and the state after it is written: */
    struct arena a;
    struct buf text;
};

static enum status parties(struct replay *p, const struct view *v, struct err *err)
{
    struct query_parties q;
    struct query_rules rules;
    TRY(query_parties(v, &p->a, &q, err));
    TRY(query_rules(v, &p->a, &rules, err));
    buf_printf(&p->text, "rules        version %" PRIu64, rules.rules);
    if (HAS(&rules, query_rules_key_next))
        buf_printf(&p->text, ", version %" PRIu64 " decided", rules.next);
    buf_printf(&p->text, "\n\nORGANISATIONS\n");
    for (size_t i = 0; i < q.list.n; i++) {
        const struct query_party *o = &q.list.v[i];
        buf_printf(&p->text, "%-16.*s %-8s %-10s %s  %.*s\n", SPAN_FMT(o->org),
                   enum_text(&role_enum, o->party.role), enum_text(&standing_enum, o->standing),
                   o->votes ? "node votes     " : "node votes not ", SPAN_FMT(o->display));
    }
    return ST_OK;
}

/* The rows of the matrix, as the charter's file writes them. */
static enum status matrix(struct replay *p, const struct view *v, struct err *err)
{
    struct query_section q;
    struct charter_decisions d;
    TRY(query_section(v, SECTION_DECISIONS, &p->a, &q, err));
    TRY(charter_decode_section(SECTION_DECISIONS, q.section.body, &p->a, &d, err));
    buf_printf(&p->text,
               "\nMATRIX (charter section decisions, version %" PRIu64 ", in force since leaf %" PRIu64 ")\n",
               q.section.version, q.section.changed_leaf);
    return charter_print(&charter_decisions_desc, &d, &p->a, &p->text) == ST_OK
               ? ST_OK
               : err_set(err, ST_LIMIT, "the matrix is too long");
}

static enum status decisions(struct replay *p, const struct view *v, struct err *err)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    size_t n = 0;
    TRY(query_scan(v, TABLE_DECISION, &all, 0, &state_decision_desc, &p->a, &g, NULL, err));
    buf_printf(&p->text, "\nOPEN DECISIONS\n");
    for (size_t i = 0; i < g.n; i++) {
        const struct state_decision *d = &((const struct state_decision *)g.v)[i];
        struct query_readiness q;
        struct state_revision rev;
        struct tkey k = tkey_revision(d->number, d->revision);
        if (HAS(d, state_decision_key_closed_ms) && d->phase != PHASE_STALE)
            continue;
        TRY(state_need(v, &p->a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
        TRY(query_readiness(v, d->number, &p->a, &q, err));
        struct span title = record_text(v, rev.leaf, &d->title, &p->a);
        buf_printf(&p->text, "D-%" PRIu64 " %.*s, %s, rung %" PRIu64 ", revision %" PRIu64 ", by %.*s: %s\n",
                   d->number, SPAN_FMT(d->type), enum_text(&phase_enum, d->phase), d->rung, d->revision,
                   SPAN_FMT(d->mover), title.p == NULL ? "(text absent)" : text_line(&p->a, title));
        if (HAS(&q, query_readiness_key_deadline_ms))
            buf_printf(&p->text, "  until %s; silence: %.*s\n", time_utc(q.deadline_ms).s,
                       SPAN_FMT(q.silence));
        for (size_t m = 0; m < q.missing.n; m++)
            buf_printf(&p->text, "  missing: %.*s\n", SPAN_FMT(q.missing.v[m]));
        n++;
    }
    buf_printf(&p->text, "%s", n == 0 ? "none\n" : "");
    return ST_OK;
}

static enum status items(struct replay *p, const struct view *v, struct err *err)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    size_t n = 0;
    TRY(query_scan(v, TABLE_ITEM, &all, 0, &state_item_desc, &p->a, &g, NULL, err));
    buf_printf(&p->text, "\nOPEN ITEMS\n");
    for (size_t i = 0; i < g.n; i++) {
        const struct state_item *it = &((const struct state_item *)g.v)[i];
        if (it->phase == ITEM_CLOSED)
            continue;
        struct span title = HAS(it, state_item_key_words)
                                ? it->words
                                : record_text(v, it->opened_leaf, &it->item.title, &p->a);
        buf_printf(&p->text, "%s %s, %s, owned by %.*s", item_id(it->item.type, it->number).s,
                   enum_text(&item_type_enum, it->item.type), enum_text(&item_phase_enum, it->phase),
                   SPAN_FMT(it->owner));
        if (HAS(it, state_item_key_due_ms))
            buf_printf(&p->text, ", due %s", time_utc(it->due_ms).s);
        buf_printf(&p->text, ": %s\n", title.p == NULL ? "(text absent)" : text_line(&p->a, title));
        n++;
    }
    buf_printf(&p->text, "%s", n == 0 ? "none\n" : "");
    return ST_OK;
}

static enum status grants(struct replay *p, const struct view *v, struct err *err)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    size_t n = 0;
    TRY(query_scan(v, TABLE_GRANT, &all, 0, &state_grant_desc, &p->a, &g, NULL, err));
    buf_printf(&p->text, "\nGRANTS IN FORCE\n");
    for (size_t i = 0; i < g.n; i++) {
        const struct state_grant *s = &((const struct state_grant *)g.v)[i];
        if (s->standing != GRANT_IN_FORCE)
            continue;
        struct span title = record_text(v, s->granted.leaf, &s->title, &p->a);
        buf_printf(&p->text, "G-%" PRIu64 " %.*s, by %.*s to", s->number, SPAN_FMT(s->info_class),
                   SPAN_FMT(s->granted.seat));
        for (size_t k = 0; k < s->audience.n; k++)
            buf_printf(&p->text, "%s %.*s (%s)", k == 0 ? "" : ",", SPAN_FMT(s->audience.v[k].org),
                       enum_text(&holding_enum, s->audience.v[k].holding));
        buf_printf(&p->text, ", until %.10s: %s\n", time_utc(s->until * 86400000).s,
                   title.p == NULL ? "(text absent)" : text_line(&p->a, title));
        n++;
    }
    buf_printf(&p->text, "%s", n == 0 ? "none\n" : "");
    return ST_OK;
}

static enum status holders(struct replay *p, const struct view *v, struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey all = {0};
    TRY(query_scan(v, TABLE_SEAT, &all, 0, &state_seat_desc, &p->a, &g, &keys, err));
    buf_printf(&p->text, "\nHOLDERS\n");
    for (size_t i = 0; i < g.n; i++) {
        const struct state_seat *s = &((const struct state_seat *)g.v)[i];
        buf_printf(&p->text, "%-32.*s", SPAN_FMT(keys[i]));
        for (size_t k = 0; k < s->keys.n; k++)
            buf_printf(&p->text, " %s", sshpub_fingerprint(&s->keys.v[k]).s);
        buf_printf(&p->text, "%s (leaf %" PRIu64 ")\n", s->keys.n == 0 ? " empty" : "", s->changed_leaf);
        for (size_t k = 0; k < s->alternates.n; k++)
            buf_printf(&p->text, "%-32s alternate %.*s, %s to %s\n", "", SPAN_FMT(s->alternates.v[k].seat),
                       time_utc(s->alternates.v[k].from_ms).s, time_utc(s->alternates.v[k].until_ms).s);
    }
    return ST_OK;
}

static enum status pauses(struct replay *p, const struct view *v, struct err *err)
{
    struct query_recoveries q;
    TRY(query_recoveries(v, &p->a, &q, err));
    for (size_t i = 0; i < q.list.n; i++)
        buf_printf(&p->text, "%srecovery of %.*s announced by leaf %" PRIu64 ", due %s\n",
                   i == 0 ? "\nRECOVERIES\n" : "", SPAN_FMT(q.list.v[i].recovery.org), q.list.v[i].leaf,
                   time_utc(q.list.v[i].recovery.due_ms).s);
    return ST_OK;
}

/* The state of v, in words. */
static enum status write_state(struct replay *p, const struct view *v, struct err *err)
{
    p->done = true;
    TRY(parties(p, v, err));
    TRY(matrix(p, v, err));
    TRY(decisions(p, v, err));
    TRY(items(p, v, err));
    TRY(grants(p, v, err));
    TRY(holders(p, v, err));
    TRY(pauses(p, v, err));
    return p->text.failed == ST_OK ? ST_OK
                                   : err_set(err, p->text.failed, "the state is too long to be shown");
}

/* The state before the first block after that time; a view of the block's own writes ends too soon for
 * others. */
static enum status block(void *ctx, const struct verify_block *b, struct err *err)
{
    struct replay *p = ctx;
    uint64_t time_ms = b->block->record.time_ms;
    if (time_ms <= p->at_ms) {
        p->began = true;
        p->height = b->block->record.height;
        p->block_ms = time_ms;
    } else if (p->began && !p->done) {
        return write_state(p, b->before, err);
    }
    return ST_OK;
}

static int end(void *ctx, const struct audit_record *r, struct err *err)
{
    struct replay *p = ctx;
    if (!p->began)
        return cmd_usage(p->args->cmd, "--at %s: the alliance was founded only at %s", time_utc(p->at_ms).s,
                         time_utc(r->r->founded_ms).s);
    if (!p->done && write_state(p, r->v, err) != ST_OK)
        return EXIT_FAILED;
    (void)printf("alliance     %.*s  %s\nas of        %s: after block %" PRIu64 " of %s%s\n",
                 SPAN_FMT(r->r->name), hex_of(&r->r->alliance).s, time_utc(p->at_ms).s, p->height,
                 time_utc(p->block_ms).s, p->height == r->r->height ? ", the newest in the pack" : "");
    (void)fwrite(p->text.p, 1, p->text.n, stdout);
    return EXIT_DONE;
}

static int replay(const struct cmd_args *args)
{
    struct replay p = {.args = args};
    const char *at = cmd_value(args, "at");
    if (at == NULL || time_parse(span_str(at), &p.at_ms) != ST_OK)
        return cmd_usage(args->cmd,
                         "replay needs --at TIME: 2026-03-31 (its beginning) or 2026-03-31T12:00:00Z, UTC");
    arena_init(&p.a, 0);
    buf_init(&p.text, (size_t)1 << 30);
    struct cmd_pack what = {.ctx = &p, .block = block, .end = end};
    int code = cmd_read_pack(args, &what);
    buf_deinit(&p.text);
    arena_deinit(&p.a);
    return code;
}

static const struct cmd_option options[] = {CMD_EXPECT, {"at", "TIME", "ledger time, UTC"}};
const struct cmd cmd_replay = {
    "replay",
    "PACK",
    "alliance, matrix, open decisions and items, holders as they stood at some time",
    options,
    ARRAY_LEN(options),
    replay};
