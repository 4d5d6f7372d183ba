/* What a change of members would mean, before anybody signs for it: voting nodes and quorum, seats, open decisions. */
#include "cert/quorum.h"
#include "cli/cli.h"
#include "crypto/sshpub.h"
#include "ledger/genesis.h"

enum { SHOWN_MAX = 20 };

static bool votes(const struct query_party *p)
{
    return p->party.role != ROLE_OBSERVER && !HAS(&p->party, state_party_key_standing);
}

static const struct query_party *find(const struct query_parties *l, struct span org)
{
    for (size_t i = 0; i < l->list.n; i++)
        if (span_eq(l->list.v[i].org, org))
            return &l->list.v[i];
    return NULL;
}

static uint32_t count(const struct query_parties *l)
{
    uint32_t n = 0;
    for (size_t i = 0; i < l->list.n; i++)
        n += votes(&l->list.v[i]);
    return n;
}

/* "5 nodes vote, 4 must sign: 1 may be down". */
static void put_nodes(struct buf *b, uint32_t n)
{
    if (n == 0) {
        buf_printf(b, "no node votes: it is refused");
        return;
    }
    uint32_t q = quorum_of(n);
    buf_printf(b, "%" PRIu32 " node%s vote%s, %" PRIu32 " must sign: ", n, n == 1 ? "" : "s", n == 1 ? "s" : "", q);
    if (q == n)
        buf_printf(b, "any outage halts finality");
    else
        buf_printf(b, "%" PRIu32 " may be down", n - q);
}

static void put_change(struct buf *b, uint32_t before, uint32_t after)
{
    buf_printf(b, "nodes     now ");
    put_nodes(b, before);
    buf_printf(b, "\n          then ");
    put_nodes(b, after);
    buf_printf(b, "\n");
}

static void put_warning(struct buf *b, struct span org, uint32_t after)
{
    if (after > 0 && quorum_of(after) == after)
        buf_printf(b, "warning   without %.*s, %" PRIu32 " of %" PRIu32 " must sign: any outage halts finality\n", SPAN_FMT(org), after,
                   after);
}

static bool is_of(struct span seat, struct span org)
{
    return seat.n > org.n && seat.p[org.n] == '/' && memcmp(seat.p, org.p, org.n) == 0;
}

static void put_seats_left(struct cli *c, struct span org, struct buf *b)
{
    struct query_seats s;
    size_t n = 0;
    if (cli_ask(c, METHOD_seats, NULL, &s) != ST_OK)
        return;
    for (size_t i = 0; i < s.list.n; i++)
        if (is_of(s.list.v[i].seat, org) && s.list.v[i].keys.n > 0)
            buf_printf(b, "%s%.*s", n++ == 0 ? "seats     left empty: " : ", ", SPAN_FMT(s.list.v[i].seat));
    buf_printf(b, "%s", n == 0 ? "" : "\n");
}

static bool is_live(enum phase p)
{
    return p == PHASE_OPEN || p == PHASE_MEDIATION || p == PHASE_PASSED || p == PHASE_STALE;
}

/* Live decisions that concern it: for a leaving those that ask it, for an admission those on the charter's core. */
static bool concerns(struct cli *c, const struct query_line *l, struct span leaves)
{
    struct rpc_number q = {.number = l->number};
    struct query_readiness r;
    if (!is_live(l->phase))
        return false;
    if (leaves.n == 0)
        return span_eqs(l->type, "charter-core");
    if (cli_ask(c, METHOD_readiness, &q, &r) != ST_OK)
        return false;
    for (size_t i = 0; i < r.partners.n; i++)
        if (span_eq(r.partners.v[i].org, leaves))
            return true;
    return false;
}

static void put_decisions(struct cli *c, struct span leaves, const char *words, struct buf *b)
{
    uint64_t from = 1;
    size_t n = 0;
    struct query_decisions r = {.more = true};
    while (r.more) {
        struct rpc_range q = {.from = from, .count = 200};
        if (cli_ask(c, METHOD_decisions, &q, &r) != ST_OK)
            return;
        for (size_t i = 0; i < r.list.n; i++) {
            from = r.list.v[i].number + 1;
            if (!concerns(c, &r.list.v[i], leaves))
                continue;
            if (n++ < SHOWN_MAX)
                buf_printf(b, "%sD-%" PRIu64, n == 1 ? "decisions " : ", ", r.list.v[i].number);
        }
    }
    if (n > SHOWN_MAX)
        buf_printf(b, " and %zu more", n - SHOWN_MAX);
    buf_printf(b, n == 0 ? "decisions none that is open is touched\n" : ": %s\n", words);
}

static void put_leaving(struct cli *c, const struct query_parties *l, struct span org, struct buf *b)
{
    const struct query_party *p = find(l, org);
    if (p == NULL) {
        buf_printf(b, "warning   %.*s is not on the record\n", SPAN_FMT(org));
        return;
    }
    uint32_t before = count(l), after = before - votes(p);
    buf_printf(b, "leaves    %.*s, %s, for good: its name and keys never come back\n", SPAN_FMT(org), enum_text(&role_enum, p->party.role));
    put_change(b, before, after);
    put_warning(b, org, after);
    put_seats_left(c, org, b);
    put_decisions(c, org, "it is asked no more; those left with too few partners lapse", b);
    buf_printf(b, "copy      its node may fetch what is on the record up to the block that removes it, and nothing after\n");
}

static void put_admission(struct cli *c, const struct query_parties *l, const struct effect *e, struct buf *b)
{
    struct signed_card sc;
    struct card card;
    struct hash digest;
    struct err err;
    uint32_t before = count(l);
    bool node = e->party.role != ROLE_OBSERVER;
    buf_printf(b, "joins     %.*s (%.*s), %s\n", SPAN_FMT(e->party.org), SPAN_FMT(e->party.display), enum_text(&role_enum, e->party.role));
    if (genesis_check_card(e->card, &c->a, &sc, &card, &digest, &err) != ST_OK) {
        buf_printf(b, "warning   its card cannot be used: %s\n", err.text);
        return;
    }
    buf_printf(b, "card      sha256:%s\n          compare this with %.*s by another way than the file came\n", hex_of(&digest).s,
               SPAN_FMT(e->party.org));
    put_change(b, before, before + node);
    if (node)
        buf_printf(b, "          its node votes only after its own entry that it is ready\n");
    for (size_t i = 0; i < card.seats.n; i++)
        buf_printf(b, "%s%.*s/%.*s", i == 0 ? "seats     filled: " : ", ", SPAN_FMT(card.org), SPAN_FMT(card.seats.v[i].seat));
    buf_printf(b, "%s", card.seats.n == 0 ? "" : "\n");
    put_decisions(c, (struct span){NULL, 0}, "they are asked anew, with it", b);
}

static void put_upgrade(struct cli *c, uint64_t rules, struct buf *b)
{
    struct query_rules r;
    if (cli_ask(c, METHOD_rules, NULL, &r) != ST_OK)
        return;
    buf_printf(b, "rules     version %" PRIu64 " in force; version %" PRIu64 " once %" PRIu64 " of %zu nodes say that they have it\n", r.rules,
               rules, r.need, r.ready.n + r.missing.n);
    if (c->info.rules < rules)
        buf_printf(b, "warning   the node asked here has versions up to %" PRIu64 ": without a newer program it stops before that block\n",
                   c->info.rules);
    buf_printf(b, "          a node that lacks it then stops, says so, and goes on once it has it\n");
}

/* The others decide; it is no light thing to fill another's seat. */
static void put_reseat(const struct query_parties *l, const struct proposal *p, struct buf *b)
{
    size_t n = 0;
    buf_printf(b, "seat      %.*s/registrar, which says who holds the other seats of %.*s\n", SPAN_FMT(p->partner), SPAN_FMT(p->partner));
    for (size_t i = 0; i < l->list.n; i++) {
        const struct query_party *o = &l->list.v[i];
        if (o->party.role == ROLE_PARTNER && !span_eq(o->org, p->partner) && o->standing != STANDING_LEFT)
            buf_printf(b, "%s%.*s", n++ == 0 ? "asked     all others: " : ", ", SPAN_FMT(o->org));
    }
    buf_printf(b, "%snotice    at least 5 business days, in which two seats of %.*s, or its recovery key, can replace it first\n",
               n == 0 ? "" : "\n", SPAN_FMT(p->partner));
    for (size_t i = 0; i < p->effect.keys.n; i++)
        buf_printf(b, "key       %s\n", sshpub_fingerprint(&p->effect.keys.v[i]).s);
    buf_printf(b, "          hear from %.*s by another way that these are its people's\n", SPAN_FMT(p->partner));
}

void cli_preview(struct cli *c, const struct proposal *p, struct span mover, struct buf *b)
{
    struct query_parties l;
    const struct effect *e = &p->effect;
    const uint8_t *slash = mover.n == 0 ? NULL : memchr(mover.p, '/', mover.n);
    switch (e->type) {
    case EFFECT_NONE:
    case EFFECT_AMEND:
    case EFFECT_SHARE:
    case EFFECT_ACCEPT_RISK:
    case EFFECT_ERASE: /* what it says itself is all: nobody joins or leaves */
        return;
    case EFFECT_UPGRADE:
        put_upgrade(c, e->rules, b);
        return;
    case EFFECT_ADMIT:
        if (cli_ask(c, METHOD_parties, NULL, &l) == ST_OK)
            put_admission(c, &l, e, b);
        return;
    case EFFECT_REGISTRAR:
        if (cli_ask(c, METHOD_parties, NULL, &l) == ST_OK)
            put_reseat(&l, p, b);
        return;
    case EFFECT_REMOVE:
        if (cli_ask(c, METHOD_parties, NULL, &l) == ST_OK)
            put_leaving(c, &l, p->partner, b);
        return;
    case EFFECT_EXIT:
        if (cli_ask(c, METHOD_parties, NULL, &l) == ST_OK)
            put_leaving(c, &l, slash == NULL ? mover : span_of(mover.p, (size_t)(slash - mover.p)), b);
        return;
    }
}

void cli_preview_suspended(struct cli *c, struct span org, struct buf *b)
{
    struct query_parties l;
    if (cli_ask(c, METHOD_parties, NULL, &l) != ST_OK)
        return;
    const struct query_party *p = find(&l, org);
    if (p == NULL || !votes(p))
        return;
    uint32_t before = count(&l);
    buf_printf(b, "node      of %.*s stops voting at once, until its registrar has replaced it\n", SPAN_FMT(org));
    put_change(b, before, before - 1);
    put_warning(b, org, before - 1);
}

int cli_agree(struct cli *c, struct buf *b, const char *question)
{
    char answer[16];
    (void)fputs(buf_cstr(b), stderr);
    if (c->yes)
        return EXIT_DONE;
    if (!cli_prompt(question, answer, sizeof answer, false))
        return cli_usage(c, "not signed: nobody can be asked here. To answer beforehand: --yes");
    if (answer[0] == 'y' || answer[0] == 'Y')
        return EXIT_DONE;
    (void)fprintf(stderr, "Not signed.\n");
    return EXIT_FAILED;
}
