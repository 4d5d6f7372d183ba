/* A voice of a pulse, or its end: who may, and about what. The voices themselves: pulse.h. */
#include "charter/charter_model.h"
#include "charter/period.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "gov/query.h"
#include "node/internal.h"
#include "node/pulse.h"

enum { AHEAD_MS = 600000, LEAST_VOICES = 3, MS_PER_DAY = 86400000, PAGE = 1000 };

struct asking {
    struct node *n;
    const struct view *v;
    struct arena *a;
    struct err *err;
    struct pulse_voice voice;
    struct public_key key;
    struct charter_metric metric;
};

/* Signed, and for here. */
static enum status check_signed(struct asking *x, const struct rpc_pulse *asked)
{
    enum status st = codec_decode(&pulse_voice_desc, asked->voice, x->a, &x->voice, x->err);
    if (st != ST_OK)
        return st;
    x->key = (struct public_key){.alg = asked->signature.alg, .key = asked->signature.key};
    if (sshsig_verify(&asked->signature, SSHSIG_PULSE, asked->voice) != ST_OK)
        return err_set(x->err, ST_BADSIG, "the signature of the voice does not verify");
    if (!hash_eq(&x->voice.alliance, &x->n->alliance) || !span_eq(x->voice.org, x->n->cfg.partner))
        return err_set(x->err, ST_REFUSED, "this is the node of %.*s: it collects voices of %.*s alone; give yours at your own "
                       "partner's node", SPAN_FMT(x->n->cfg.partner), SPAN_FMT(x->n->cfg.partner));
    if (x->voice.at_ms > clock_wall_ms(&clock_system) + AHEAD_MS)
        return err_set(x->err, ST_REFUSED, "it is signed for %s, which is to come; is your clock right?",
                       time_utc(x->voice.at_ms).s);
    return ST_OK;
}

static enum status check_metric(struct asking *x)
{
    struct query_section now;
    struct charter_metrics all;
    struct period p;
    enum status st = query_section(x->v, SECTION_METRICS, x->a, &now, x->err);
    if (st == ST_OK)
        st = charter_decode_section(SECTION_METRICS, now.section.body, x->a, &all, x->err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    const struct charter_metric *d =
        st == ST_NOTFOUND ? NULL : charter_metric(&(struct charter){.metrics = &all}, x->voice.metric);
    if (d == NULL)
        return err_set(x->err, ST_NOTFOUND, "the charter has no metric %.*s; see: entente charter show metrics",
                       SPAN_FMT(x->voice.metric));
    if (!HAS(d, charter_metric_key_least_voices))
        return err_set(x->err, ST_REFUSED, "%.*s is no pulse: its metric has no least-voices; see: entente charter show metrics",
                       SPAN_FMT(d->name));
    if (period_of(&d->every, x->voice.period, &p) != ST_OK || p.from != x->voice.period)
        return err_set(x->err, ST_REFUSED, "no period of %.*s begins on that day", SPAN_FMT(d->name));
    if (p.from > clock_wall_ms(&clock_system) / MS_PER_DAY + 1) /* a day ahead of UTC, at most */
        return err_set(x->err, ST_REFUSED, "the period %s of %.*s has not begun yet", period_name(&d->every, p.from).s,
                       SPAN_FMT(d->name));
    x->metric = *d;
    return ST_OK;
}

/* The seat of our organisation that reports: MET-2. */
static bool reports(const struct asking *x, struct span org, struct span seat)
{
    const struct charter_reporter *from = &x->metric.from;
    if (!HAS(&x->metric, charter_metric_key_from) || (HAS(from, charter_reporter_key_org) && !span_eq(from->org, org)))
        return false;
    return HAS(from, charter_reporter_key_seat) ? span_eq(seat, from->seat) : span_eqs(seat, "alliance-manager");
}

/* Does the key hold a seat of ours; the reporting one? A revoked key holds none. */
static enum status seats_of_key(struct asking *x, bool *ret_any, bool *ret_reporter)
{
    struct query_seats all;
    enum status st = query_seats(x->v, x->a, &all, x->err);
    *ret_any = *ret_reporter = false;
    for (size_t i = 0; st == ST_OK && i < all.list.n; i++) {
        const struct query_seat *s = &all.list.v[i];
        struct span org, name;
        if (!charter_split_seat(s->seat, &org, &name) || !span_eq(org, x->n->cfg.partner))
            continue;
        for (size_t k = 0; k < s->keys.n; k++)
            if (s->keys.v[k].alg == x->key.alg && hash_eq(&s->keys.v[k].key, &x->key.key)) {
                *ret_any = true;
                *ret_reporter = *ret_reporter || reports(x, org, name);
            }
    }
    return st;
}

static enum status check_speaker(struct asking *x)
{
    bool seat, reporter, listed;
    enum status st = seats_of_key(x, &seat, &reporter);
    if (st == ST_OK && !seat) {
        st = pulse_may_speak(x->n->dir, &x->key, x->a, &listed, x->err);
        if (st == ST_OK && !listed)
            return err_set(x->err, ST_REFUSED,
                           "the key %s has no voice here: it holds no seat of %.*s, and the file `voices` in the node's directory "
                           "does not list it", sshpub_fingerprint(&x->key).s, SPAN_FMT(x->n->cfg.partner));
    }
    return st;
}

/* The reporter closes it, once its reading is owed: not before the period is over, and not after it was revealed. */
static enum status check_closer(struct asking *x)
{
    bool seat, reporter;
    enum status st = seats_of_key(x, &seat, &reporter);
    if (st == ST_OK && !reporter)
        return err_set(x->err, ST_REFUSED, "the key %s does not hold the seat that reports %.*s for %.*s; see: entente charter show metrics",
                       sshpub_fingerprint(&x->key).s, SPAN_FMT(x->metric.name), SPAN_FMT(x->n->cfg.partner));
    struct query_readings r = {.more = true};
    for (uint64_t from = 1; st == ST_OK && r.more;) {
        st = query_readings(x->v, from, PAGE, x->a, &r, x->err);
        for (size_t i = 0; st == ST_OK && i < r.list.n; i++) {
            const struct state_reading *k = &r.list.v[i].reading;
            from = k->number + 1;
            if (k->purpose != PURPOSE_ACTUAL || k->period != x->voice.period || !span_eq(k->metric, x->metric.name) ||
                !span_eq(k->org, x->n->cfg.partner))
                continue;
            if (k->standing == READING_OWED || k->standing == READING_COMMITTED)
                return ST_OK;
            return err_set(x->err, ST_REFUSED, "%.*s for %s is %s already", SPAN_FMT(x->metric.name),
                           period_name(&x->metric.every, k->period).s, enum_text(&reading_standing_enum, k->standing));
        }
    }
    return st != ST_OK ? st
                       : err_set(x->err, ST_REFUSED, "%.*s for %s is not owed yet: it is closed when the period is over",
                                 SPAN_FMT(x->metric.name), period_name(&x->metric.every, x->voice.period).s);
}

static enum status carry_out(struct asking *x, struct rpc_pulse_reply *ret)
{
    struct rpc_pulse_reply r = {.changed = false};
    struct pulse_box end;
    uint64_t least = x->metric.least_voices > LEAST_VOICES ? x->metric.least_voices : LEAST_VOICES;
    enum status st;
    if (HAS(&x->voice, pulse_voice_key_score)) {
        st = pulse_give(x->n->dir, x->metric.name, x->voice.period, &x->key.key, x->voice.score, x->voice.at_ms, x->a, &r.changed,
                        x->err);
    } else {
        st = pulse_close(x->n->dir, x->metric.name, x->voice.period, least, x->a, &end, x->err);
        if (st == ST_OK) {
            r.count = end.count;
            SET_HAS(&r, rpc_pulse_reply_key_count);
        }
        if (st == ST_OK && HAS(&end, pulse_box_key_histogram)) {
            r.histogram = end.histogram;
            SET_HAS(&r, rpc_pulse_reply_key_histogram);
        }
    }
    if (st == ST_OK)
        *ret = r;
    return st;
}

enum status ask_pulse(struct node *n, const struct view *v, const struct rpc_pulse *asked, struct arena *a,
                      struct rpc_pulse_reply *ret, struct err *err)
{
    struct asking x = {.n = n, .v = v, .a = a, .err = err};
    enum status st = check_signed(&x, asked);
    if (st == ST_OK)
        st = check_metric(&x);
    if (st == ST_OK)
        st = HAS(&x.voice, pulse_voice_key_score) ? check_speaker(&x) : check_closer(&x);
    if (st != ST_OK)
        return st;
    (void)pthread_mutex_lock(&n->pulse_lock);
    st = carry_out(&x, ret);
    (void)pthread_mutex_unlock(&n->pulse_lock);
    return st;
}
