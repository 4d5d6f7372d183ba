/* A pulse: a voice is given at one's own partner's node, and kept there; the reporter closes it, and commits to numbers. */
#include "charter/charter_model.h"
#include "cli/cli_report.h"
#include "crypto/sshsig.h"

/* Signs the statement and asks the node. */
static enum status ask(struct cli *c, const struct cli_signer *s, const struct pulse_voice *v, struct rpc_pulse_reply *ret)
{
    struct rpc_pulse q = {0};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1000);
    enum status st = codec_check(&pulse_voice_desc, v, &c->err);
    if (st == ST_OK)
        st = codec_encode(&pulse_voice_desc, v, &b);
    if (st == ST_OK)
        st = cli_sign(c, s, SSHSIG_PULSE, buf_span(&b), &q.signature);
    q.voice = buf_span(&b);
    return st == ST_OK ? cli_ask(c, METHOD_pulse, &q, ret) : st;
}

/* METRIC and PERIOD, of the words from `at` on. */
static enum status about(struct cli *c, size_t at, struct charter_metric *ret_d, struct pulse_voice *ret_v,
                         struct period_text *ret_name)
{
    struct pulse_voice v = {0};
    c->period = c->words[at + 1];
    enum status st = cli_metric_of(c, c->words[at], ret_d);
    if (st == ST_OK)
        st = cli_period_meant(c, ret_d, &v.period, ret_name);
    v.alliance = c->info.alliance;
    v.org = c->info.org;
    v.metric = ret_d->name;
    v.at_ms = clock_wall_ms(&clock_system);
    if (st == ST_OK)
        *ret_v = v;
    return st;
}

/* A period that was over before there was an alliance has nothing to be asked about. */
static enum status founded_by_then(struct cli *c, const struct charter_metric *d, const struct pulse_voice *v, const char *name)
{
    struct charter_alliance alliance = {0};
    struct period p;
    bool is;
    enum status st = cli_in_force(c, SECTION_ALLIANCE, &alliance, &is);
    if (st == ST_OK)
        st = period_of(&d->every, v->period, &p);
    if (st != ST_OK || (p.until + 1) * 86400000 > alliance.founded_ms) /* a day more: its days are local ones */
        return st;
    return err_set(&c->err, ST_USAGE, "%s was over when the alliance was founded, on %.10s: there was nothing to ask about", name,
                   time_utc(alliance.founded_ms).s);
}

int verb_pulse(struct cli *c)
{
    struct charter_metric d = {0};
    struct pulse_voice v;
    struct period_text name;
    struct rpc_pulse_reply r;
    struct cli_signer s;
    const char *score = c->n == 3 ? c->words[2] : "";
    if (c->n != 3 || score[0] < '1' || score[0] > '5' || score[1] != 0)
        return cli_usage(c, "pulse needs a metric, a period and a score of 1 (poor) to 5 (good): entente pulse trust 2026-Q3 4");
    enum status st = about(c, 0, &d, &v, &name);
    if (st == ST_OK)
        st = founded_by_then(c, &d, &v, name.s);
    if (st == ST_OK)
        st = cli_signer_open(c, &s);
    if (st != ST_OK)
        return cli_fail(c);
    v.score = (uint64_t)(score[0] - '0');
    SET_HAS(&v, pulse_voice_key_score);
    st = ask(c, &s, &v, &r);
    cli_signer_close(&s);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        (void)printf("{\"metric\":\"%s\",\"period\":\"%s\",\"changed\":%s}\n", c->words[0], name.s, r.changed ? "true" : "false");
    else
        (void)printf("Your voice on %s for %s is %s. It stays at this node, and never reaches the record; until it is closed you can "
                     "change it.\n", c->words[0], name.s, r.changed ? "changed" : "kept");
    return EXIT_DONE;
}

/* The numbers, sealed: a commitment on the record, and the file that reveals it. */
static int commit(struct cli *c, const struct charter_metric *d, const struct pulse_voice *v, const struct rpc_pulse_reply *r,
                  const char *period)
{
    struct reveal_reading reveal = {.sealed = {.org = v->org, .metric = d->name, .period = v->period, .voices = r->count}};
    struct commit_reading body = {.metric = d->name, .period = v->period};
    SET_HAS(&reveal.sealed, sealed_value_key_voices);
    if (HAS(r, rpc_pulse_reply_key_histogram)) {
        reveal.sealed.histogram = r->histogram;
        SET_HAS(&reveal.sealed, sealed_value_key_histogram);
    } else {
        (void)fprintf(stderr, "%" PRIu64 " voices are too few to show what they said; only their number will be.\n", r->count);
    }
    rng_fill(&rng_system, reveal.salt.b, sizeof reveal.salt.b);
    if (cli_seal(c, &reveal, &body.digest) != ST_OK)
        return cli_fail(c);
    struct span_list wanted = cli_reporters(c, d);
    int code = cli_enter_only(c, &wanted, KIND_COMMIT, &body, NULL);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf("%.*s for %s is closed with %" PRIu64 " voices, and committed. Keep %s: without it nothing can be revealed. When "
                     "all have committed, or when it is due: entente report reveal %s\n",
                     SPAN_FMT(d->name), period, r->count, c->out, c->out);
    return code;
}

int verb_pulse_close(struct cli *c)
{
    struct charter_metric d = {0};
    struct pulse_voice v;
    struct period_text name;
    struct rpc_pulse_reply r;
    struct cli_signer s;
    if (c->n != 2 || c->out == NULL)
        return cli_usage(c, "pulse close needs a metric, a period, and -o FILE for what reveals it later: entente pulse close trust "
                            "2026-Q3 -o trust.sealed");
    enum status st = about(c, 0, &d, &v, &name);
    if (st == ST_OK)
        st = cli_signer_open(c, &s);
    if (st != ST_OK)
        return cli_fail(c);
    st = ask(c, &s, &v, &r);
    cli_signer_close(&s);
    return st == ST_OK ? commit(c, &d, &v, &r, name.s) : cli_fail(c);
}
