/* nudge: a person reminds who is asked, at their own node. It is signed, so that nobody is reminded in another's name. */
#include <strings.h>
#include "cli/cli.h"
#include "crypto/sshsig.h"
#include "gov/query.h"

enum { TARGETS_MAX = 128 };

struct target {
    struct span org, asked; /* asked: or empty, all of it that are asked */
    struct span subject;    /* as the record writes it */
};

static bool is_of(struct span id, const char *typed)
{
    return id.n == strlen(typed) && strncasecmp((const char *)id.p, typed, id.n) == 0;
}

/* Is the subject asked of the organisation, or of that seat; and of another than the seat that asks? */
static enum status asked_of(struct cli *c, struct span org, struct span asked, struct span by, struct target *ret, bool *ret_is)
{
    struct rpc_inbox q = {.org = org};
    struct query_inbox in;
    struct query_owed_list owed;
    enum status st = cli_ask(c, METHOD_inbox, &q, &in);
    if (st == ST_OK)
        st = query_owed(&in, &c->a, &owed, &c->err);
    *ret_is = false;
    for (size_t i = 0; st == ST_OK && i < owed.n; i++)
        for (size_t k = 0; is_of(owed.v[i].id, c->words[0]) && k < owed.v[i].seats.n; k++) {
            struct span seat = owed.v[i].seats.v[k];
            if (asked.n != 0 ? !span_eq(seat, asked) : span_eq(seat, by))
                continue;
            *ret = (struct target){org, asked, owed.v[i].id};
            *ret_is = true;
        }
    return st;
}

/* Whom: the one named, or each organisation that is asked. */
static enum status targets(struct cli *c, struct span by, struct target *v, size_t *ret_n)
{
    struct query_parties parties;
    const char *named = c->n == 2 ? c->words[1] : NULL;
    struct span whom = span_str(named == NULL ? "" : named), asked = {NULL, 0};
    bool is, known = named == NULL;
    enum status st = cli_ask(c, METHOD_parties, NULL, &parties);
    if (named != NULL && strchr(named, '/') != NULL) {
        asked = whom;
        whom.n = (size_t)(strchr(named, '/') - named);
    }
    *ret_n = 0;
    for (size_t i = 0; st == ST_OK && i < parties.list.n && *ret_n < TARGETS_MAX; i++) {
        struct span org = parties.list.v[i].org;
        if (named != NULL && !span_eq(org, whom))
            continue;
        known = true;
        st = asked_of(c, org, asked, by, &v[*ret_n], &is);
        *ret_n += st == ST_OK && is;
    }
    if (st == ST_OK && !known)
        return err_set(&c->err, ST_NOTFOUND, "%.*s is not on the record; see: entente partner list", SPAN_FMT(whom));
    if (st == ST_OK && *ret_n == 0)
        return err_set(&c->err, ST_REFUSED, "%s asks nothing of %s now, so nobody is reminded. What is asked of whom: entente status",
                       c->words[0], named != NULL ? named : "anybody else");
    return st;
}

static enum status send(struct cli *c, const struct cli_signer *s, struct span by, const struct target *t, struct rpc_nudge_state *ret)
{
    struct nudge n = {.alliance = c->info.alliance, .seat = by, .subject = t->subject, .org = t->org, .asked = t->asked};
    struct rpc_nudge q = {0};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    n.at_ms = clock_wall_ms(&clock_system);
    if (t->asked.n != 0)
        SET_HAS(&n, nudge_key_asked);
    enum status st = codec_check(&nudge_desc, &n, &c->err);
    if (st == ST_OK)
        st = codec_encode(&nudge_desc, &n, &b);
    if (st == ST_OK)
        st = cli_sign(c, s, SSHSIG_NUDGE, buf_span(&b), &q.signature);
    q.nudge = buf_span(&b);
    return st == ST_OK ? cli_ask(c, METHOD_nudge, &q, ret) : st;
}

static void print_state(const struct rpc_nudge_state *r)
{
    struct span whom = HAS(r, rpc_nudge_state_key_asked) ? r->asked : r->org;
    if (r->state == NUDGE_DELIVERED)
        (void)printf("%.*s: delivered, for %.*s.\n", SPAN_FMT(r->subject), SPAN_FMT(whom));
    else if (r->state == NUDGE_WAITS)
        (void)printf("%.*s: waits here, for %.*s%s%.*s. It goes on by itself, until %s.\n", SPAN_FMT(r->subject), SPAN_FMT(whom),
                     HAS(r, rpc_nudge_state_key_words) ? "; their node says: " : ", whose node does not answer", SPAN_FMT(r->words),
                     cli_time(r->until_ms).s);
    else
        (void)printf("%.*s: not delivered, for %.*s: %.*s\n", SPAN_FMT(r->subject), SPAN_FMT(whom), SPAN_FMT(r->words));
}

static int code_of(enum nudge_state s)
{
    return s == NUDGE_DELIVERED ? EXIT_DONE : s == NUDGE_WAITS ? EXIT_PENDING : EXIT_FAILED;
}

/* One that was not taken does not keep the others from going out. */
static int send_all(struct cli *c, const struct cli_signer *s, struct span by, const struct target *v, size_t n)
{
    struct rpc_nudges_reply all = {.list = {0, arena_array(&c->a, n, sizeof *all.list.v)}};
    int code = EXIT_DONE;
    for (size_t i = 0; i < n; i++) {
        struct rpc_nudge_state *r = &all.list.v[all.list.n];
        int one = send(c, s, by, &v[i], r) == ST_OK ? code_of(r->state) : cli_fail(c);
        all.list.n += c->err.st == ST_OK;
        if (c->err.st == ST_OK && !c->json)
            print_state(r);
        code = code == EXIT_DONE || (code == EXIT_PENDING && one != EXIT_DONE) ? one : code;
        c->err = (struct err){.st = ST_OK};
    }
    if (c->json)
        (void)cli_json(c, &rpc_nudges_reply_desc, &all);
    return code;
}

int verb_nudge(struct cli *c)
{
    struct target v[TARGETS_MAX];
    struct cli_signer s;
    struct span by;
    size_t n = 0;
    if (c->n < 1 || c->n > 2)
        return cli_usage(c, "nudge needs what is asked, and may name of whom: entente nudge D-12 clinics");
    enum status st = cli_connect(c);
    if (st == ST_OK)
        st = cli_signer_open(c, &s);
    if (st != ST_OK)
        return cli_fail(c);
    st = cli_seat(c, &s, NULL, &by);
    if (st == ST_OK)
        st = targets(c, by, v, &n);
    c->err.st = st;
    int code = st == ST_OK ? send_all(c, &s, by, v, n) : cli_fail(c);
    cli_signer_close(&s);
    return code;
}

int verb_nudge_list(struct cli *c)
{
    struct rpc_nudges_reply r;
    if (cli_ask(c, METHOD_nudges, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_nudges_reply_desc, &r);
    if (r.list.n == 0)
        (void)printf("No nudge of what is still asked has gone out from this node.\n");
    for (size_t i = 0; i < r.list.n; i++) {
        (void)printf("%s by %.*s  ", cli_time(r.list.v[i].at_ms).s, SPAN_FMT(r.list.v[i].by));
        print_state(&r.list.v[i]);
    }
    return EXIT_DONE;
}
