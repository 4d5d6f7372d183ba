/* What a proposal rests on and its last day: read from what was typed, kept from one revision to the next, shown. */
#include "cli/reliance.h"
#include "charter/scalar.h"
#include "cli/cli_item.h"
#include "cli/cli_report.h"

enum { RELIES_MAX = 16 }; /* proposal.relies */

/* --- What was typed --- */

static enum status rely_on_reading(struct cli *c, const char *word, struct reliance *ret)
{
    struct query_reading q;
    struct cli_leaf leaf;
    struct buf b CLEANUP(buf_deinit);
    uint64_t number;
    buf_init(&b, 1 << 20);
    if (!cli_reading_id(word, &number))
        return err_set(&c->err, ST_USAGE, "--relies-on %s: expected a reading by its number, for instance K-7", word);
    enum status st = cli_reading_read(c, number, &q, &leaf);
    if (st != ST_OK)
        return err_wrap(&c->err, st, "--relies-on: ");
    ret->reading = (struct ref){.number = number, .digest = q.reading.now.digest};
    SET_HAS(ret, reliance_key_reading);
    cli_reading_describe(&q, &leaf, &b);
    (void)fprintf(stderr, "It rests on this version:\n%s", buf_cstr(&b));
    return ST_OK;
}

static enum status rely_on_clause(struct cli *c, struct span clause, struct reliance *ret)
{
    ret->clause = clause;
    SET_HAS(ret, reliance_key_clause);
    if (codec_check(&reliance_desc, ret, &c->err) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--relies-on %.*s: expected an assumption (AS-3), a reading (K-7) or a clause (thesis.scope)",
                       SPAN_FMT(clause));
    enum status st = cli_clause_exists(c, clause);
    return st == ST_NOTFOUND ? err_wrap(&c->err, ST_USAGE, "--relies-on: ") : st;
}

static enum status rely_on(struct cli *c, struct span typed, struct reliance *ret)
{
    const char *word = (const char *)arena_dup(&c->a, typed).p;
    struct item_ref item;
    uint64_t decision;
    *ret = (struct reliance){0};
    if ((word[0] == 'K' || word[0] == 'k') && word[1] == '-')
        return rely_on_reading(c, word, ret);
    bool is_item = item_id_parse(word, &item);
    if (is_item && item.type == ITEM_ASSUMPTION) {
        ret->assumption = item.number;
        SET_HAS(ret, reliance_key_assumption);
        return ST_OK;
    }
    if (is_item || ((word[0] == 'D' || word[0] == 'd') && word[1] == '-' && cli_decision(word, &decision)))
        return err_set(&c->err, ST_USAGE,
                       "--relies-on %s: that is %s%s; expected an assumption (AS-3), a reading (K-7) or a clause (thesis.scope)", word,
                       is_item ? "an item of the type " : "a decision", is_item ? enum_text(&item_type_enum, item.type) : "");
    return rely_on_clause(c, typed, ret);
}

static enum status parse_relies(struct cli *c, struct proposal *p)
{
    struct span_list words;
    if (strcmp(c->relies_on, "none") == 0)
        return ST_OK;
    cli_split(c, c->relies_on, &words);
    if (words.n == 0 || words.n > RELIES_MAX)
        return err_set(&c->err, ST_USAGE, "--relies-on \"%s\": it names %zu; expected 1 to %d, such as AS-3,K-7,thesis.scope", c->relies_on,
                       words.n, RELIES_MAX);
    p->relies = (struct reliance_list){0, arena_array(&c->a, words.n, sizeof *p->relies.v)};
    for (size_t i = 0; i < words.n; i++) {
        if (i > 0 && span_eq(words.v[i - 1], words.v[i]))
            return err_set(&c->err, ST_USAGE, "--relies-on %s: %.*s is named twice", c->relies_on, SPAN_FMT(words.v[i]));
        enum status st = rely_on(c, words.v[i], &p->relies.v[p->relies.n++]);
        if (st != ST_OK)
            return st;
    }
    SET_HAS(p, proposal_key_relies);
    return ST_OK;
}

static enum status parse_until(struct cli *c, struct proposal *p)
{
    if (strcmp(c->until, "none") == 0)
        return ST_OK;
    if (!scalar_date(span_str(c->until), &p->until))
        return err_set(&c->err, ST_USAGE, "--until %s: expected a date, the decision's last day, for instance 2026-06-30", c->until);
    if (p->effect.type == EFFECT_ACCEPT_RISK)
        return err_set(&c->err, ST_USAGE, "--until %s: the last day on which a risk is accepted is given with --accept-until", c->until);
    SET_HAS(p, proposal_key_until);
    return ST_OK;
}

static enum status parse_supersedes(struct cli *c, struct proposal *p)
{
    if (!cli_decision(c->supersedes, &p->supersedes))
        return err_set(&c->err, ST_USAGE, "--supersedes %s: expected the id of a decision in effect, for instance D-12", c->supersedes);
    SET_HAS(p, proposal_key_supersedes);
    return ST_OK;
}

/* --- From one revision to the next --- */

static void say_kept(const struct proposal *p, bool relies, bool until)
{
    struct buf b CLEANUP(buf_deinit), in CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    buf_init(&in, 1 << 16);
    struct proposal kept = {.relies = p->relies, .until = p->until};
    if (relies)
        SET_HAS(&kept, proposal_key_relies);
    if (until)
        SET_HAS(&kept, proposal_key_until);
    cli_put_reliance(&kept, &b);
    cli_indented(&in, buf_span(&b), "  ");
    (void)fprintf(stderr, "Kept from the revision before; to drop it: %s%s%s\n%s", relies ? "--relies-on none" : "",
                  relies && until ? ", " : "", until ? "--until none" : "", buf_cstr(&in));
}

static void keep(struct cli *c, const struct proposal *before, struct proposal *p)
{
    bool relies = c->relies_on == NULL && HAS(before, proposal_key_relies);
    bool until = c->until == NULL && HAS(before, proposal_key_until);
    if (relies) {
        p->relies = before->relies;
        SET_HAS(p, proposal_key_relies);
    }
    if (until) {
        p->until = before->until;
        SET_HAS(p, proposal_key_until);
    }
    if (HAS(before, proposal_key_supersedes)) { /* no revision changes it */
        p->supersedes = before->supersedes;
        SET_HAS(p, proposal_key_supersedes);
    }
    if (relies || until)
        say_kept(p, relies, until);
}

enum status cli_fill_reliance(struct cli *c, const struct proposal *before, struct proposal *p)
{
    enum status st = c->relies_on == NULL ? ST_OK : parse_relies(c, p);
    if (st == ST_OK && c->until != NULL && p->effect.type != EFFECT_SHARE) /* there it is the effect's */
        st = parse_until(c, p);
    if (st == ST_OK && c->supersedes != NULL)
        st = parse_supersedes(c, p);
    if (st == ST_OK && before != NULL)
        keep(c, before, p);
    return st;
}

/* --- Shown --- */

static void put_one(const struct reliance *r, struct buf *b)
{
    if (HAS(r, reliance_key_assumption))
        buf_printf(b, "rests on  %s\n", item_id(ITEM_ASSUMPTION, r->assumption).s);
    else if (HAS(r, reliance_key_reading))
        buf_printf(b, "rests on  K-%" PRIu64 ", its version sha256:%s\n", r->reading.number, hex_of(&r->reading.digest).s);
    else
        buf_printf(b, "rests on  %.*s\n", SPAN_FMT(r->clause));
}

void cli_put_reliance(const struct proposal *p, struct buf *b)
{
    if (HAS(p, proposal_key_supersedes))
        buf_printf(b, "replaces  D-%" PRIu64 "\n", p->supersedes);
    for (size_t i = 0; HAS(p, proposal_key_relies) && i < p->relies.n; i++)
        put_one(&p->relies.v[i], b);
    if (HAS(p, proposal_key_until)) {
        buf_printf(b, "until     ");
        scalar_print_date(p->until, b);
        buf_printf(b, ", then it expires\n");
    }
}

static void print_doubt(const struct query_doubt *d)
{
    (void)printf("  %s %s: %.*s", d->open ? "IN DOUBT since" : "was in doubt from", cli_time(d->at_ms).s, SPAN_FMT(d->words));
    if (!HAS(d, query_doubt_key_action)) {
        (void)printf("\n");
        return;
    }
    if (!d->open) {
        (void)printf("; what was asked: entente action show A-%" PRIu64 "\n", d->action);
        return;
    }
    (void)printf("\n    A-%" PRIu64 " asks %.*s to reaffirm, amend or supersede it%s%.*s: entente action show A-%" PRIu64 "\n", d->action,
                 SPAN_FMT(HAS(d, query_doubt_key_offered) ? d->offered : d->owner),
                 HAS(d, query_doubt_key_offered) ? "; until it takes that, it is owned by " : "",
                 SPAN_FMT(HAS(d, query_doubt_key_offered) ? d->owner : span_str("")), d->action);
}

void cli_print_reliance(const struct query_readiness *q)
{
    for (size_t i = 0; i < q->relies.n; i++) {
        const struct query_reliance *r = &q->relies.v[i];
        (void)printf("  %.*s %s: %.*s\n", SPAN_FMT(r->id), r->stands ? "stands" : "NO LONGER STANDS", SPAN_FMT(r->words));
    }
    for (size_t i = 0; i < q->doubts.n; i++)
        print_doubt(&q->doubts.v[i]);
}
