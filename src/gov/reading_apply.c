/* Entries about readings: reported, countersigned, disputed, restated, committed, revealed (MET-6 to MET-9).
 */
#include "crypto/hash.h"
#include "gov/act.h"
#include "gov/reading.h"
#include "gov/reliance.h"

enum { VERSIONS_BEFORE = 15, LEAST_VOICES = 3 };

/* The metric at hand, and who reports it. */
struct at_hand {
    struct metrics m;
    const struct charter_metric *d;
    uint64_t number;
    struct state_metric row;
};

static enum status load(struct act *c, struct span name, struct at_hand *h, struct err *err)
{
    TRY(metrics_load(&c->v, c->g->arena, &h->m, err));
    h->d = metrics_find(&h->m, name);
    if (h->d == NULL)
        return act_refuse(c, V_NO_SUCH_OBJECT,
                          "the charter has no metric %.*s; see: entente charter show metrics",
                          SPAN_FMT(name));
    if (HAS(h->d, charter_metric_key_computed))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is computed from the record; nobody reports it",
                          SPAN_FMT(name));
    TRY(metric_number(&c->v, c->g->arena, name, &h->number, err));
    return metric_get(&c->v, c->g->arena, h->number, &h->row, err);
}

static const char *listed(struct act *c, const struct span_list *l)
{
    const char *s = "nobody";
    for (size_t i = 0; i < l->n; i++)
        s = i == 0 ? charter_text(c->g->arena, "%.*s", SPAN_FMT(l->v[0]))
                   : charter_text(c->g->arena, "%.100s or %.*s", s, SPAN_FMT(l->v[i]));
    return s == NULL ? "another seat" : s;
}

static enum status by_reporter(struct act *c, const struct at_hand *h, struct err *err)
{
    struct span_list seats;
    TRY(metric_reporters(&h->m, h->d, c->g->arena, &seats, err));
    if (state_list_has(&seats, c->e->entry->seat))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED, "%.*s is reported by %s, not by %.*s", SPAN_FMT(h->d->name),
                      listed(c, &seats), SPAN_FMT(c->e->entry->seat));
}

/* Is it the first day of a period, and is that over at the time of the block? */
static enum status period_sound(struct act *c, const struct at_hand *h, uint64_t from, struct period *ret_p,
                                bool *ret_over, struct err *err)
{
    uint64_t ends;
    struct period p;
    if (period_of(&h->row.every, from, &p) != ST_OK)
        return act_refuse(c, V_MALFORMED, "no period of %.*s begins on day %" PRIu64, SPAN_FMT(h->d->name),
                          from);
    if (p.from != from)
        return act_refuse(c, V_MALFORMED, "no period of %.*s begins on %.10s; that day is in %s, from %.10s",
                          SPAN_FMT(h->d->name), time_utc(from * 86400000).s,
                          period_name(&h->row.every, p.from).s, time_utc(p.from * 86400000).s);
    TRY(metric_ends(&h->m, &p, &ends, err));
    *ret_p = p;
    *ret_over = ends <= c->g->time_ms;
    return ST_OK;
}

static enum status not_over(struct act *c, const struct at_hand *h, const struct period *p, struct err *err)
{
    uint64_t ends;
    TRY(metric_ends(&h->m, p, &ends, err));
    return act_refuse(c, V_NOT_NOW, "%s of %.*s is not over; it ends at %s",
                      period_name(&h->row.every, p->from).s, SPAN_FMT(h->d->name), time_utc(ends).s);
}

static struct reading_version version_by(const struct act *c, const struct decimal *value,
                                         const struct hash *text)
{
    struct reading_version v = {.digest = c->e->id,
                                .seat = c->e->entry->seat,
                                .key = c->e->key,
                                .leaf = c->g->leaf,
                                .at_ms = c->g->time_ms};
    if (value != NULL) {
        v.value = *value;
        SET_HAS(&v, reading_version_key_value);
    }
    if (text != NULL) {
        v.text = *text;
        SET_HAS(&v, reading_version_key_text);
    }
    return v;
}

/* The other side is to say something, unless it is a forecast: then nothing is owed. */
static enum status await_other(struct act *c, const struct at_hand *h, struct state_reading *r,
                               struct err *err)
{
    uint64_t due;
    r->changed_leaf = c->g->leaf;
    if (r->purpose == PURPOSE_FORECAST)
        return reading_settle(c->g, r, err);
    TRY(metric_due(&h->m, h->d, c->g->time_ms, &due, err));
    return reading_await(c->g, r, due, err);
}

/* --- Reported --- */

static enum status purpose_sound(struct act *c, const struct at_hand *h, const struct reading *r,
                                 struct period *ret_p, struct err *err)
{
    bool over;
    TRY(period_sound(c, h, r->period, ret_p, &over, err));
    if (r->purpose == PURPOSE_FORECAST && over)
        return act_refuse(c, V_NOT_NOW, "%s of %.*s is over; a forecast is of a period that is not",
                          period_name(&h->row.every, r->period).s, SPAN_FMT(h->d->name));
    if (r->purpose != PURPOSE_FORECAST && !over)
        return not_over(c, h, ret_p, err);
    return ST_OK;
}

/* MET-6 */
enum status reading_apply_report(struct act *c, const struct reading *r, struct err *err)
{
    struct at_hand h;
    struct period p;
    uint64_t number;
    TRY(load(c, r->metric, &h, err));
    if (h.d->sealed)
        return act_refuse(c, V_NOT_PERMITTED,
                          "%.*s is sealed: it is committed first, and revealed when all have committed",
                          SPAN_FMT(r->metric));
    TRY(by_reporter(c, &h, err));
    TRY(purpose_sound(c, &h, r, &p, err));
    struct span org = state_seat_org(c->e->entry->seat);
    struct state_reading row = {
        .metric = r->metric, .purpose = r->purpose, .period = p.from, .until = p.until, .org = org};
    enum status st = reading_find(&c->v, c->g->arena, h.number, r->purpose, r->period, org, &number, err);
    bool fresh = st == ST_NOTFOUND;
    if (!fresh) {
        TRY(st);
        TRY(reading_get(&c->v, c->g->arena, number, &row, err));
        TRY(act_seen(c, row.changed_leaf, "the reading"));
        if (row.standing != READING_OWED)
            return act_refuse(c, V_NOT_NOW, "K-%" PRIu64 " says it already, and is %s; restate it", number,
                              enum_text(&reading_standing_enum, row.standing));
    }
    row.standing = READING_REPORTED;
    row.now = version_by(c, &r->value, HAS(r, reading_key_text) ? &r->text : NULL);
    SET_HAS(&row, state_reading_key_now);
    if (fresh)
        TRY(reading_new(c->g, h.number, &row, err));
    TRY(await_other(c, &h, &row, err));
    return reading_judged(c->g, &row, err);
}

/* --- Marked --- */

static enum status may_restate(struct act *c, const struct mark_reading *r, const struct at_hand *h,
                               const struct state_reading *row, struct err *err)
{
    struct span_list seats;
    if (HAS(row, state_reading_key_seal))
        return act_refuse(c, V_NOT_PERMITTED, "K-%" PRIu64 " was sealed: what was committed stands",
                          row->number);
    TRY(metric_reporters(&h->m, h->d, c->g->arena, &seats, err));
    if (!state_list_has(&seats, c->e->entry->seat) || !span_eq(state_seat_org(c->e->entry->seat), row->org))
        return act_refuse(c, V_NOT_PERMITTED, "only the reporter of %.*s restates K-%" PRIu64,
                          SPAN_FMT(row->org), row->number);
    if (!HAS(r, mark_reading_key_value))
        return act_refuse(c, V_INCOMPLETE, "a restatement gives the value that holds now");
    if (!HAS(r, mark_reading_key_reason))
        return act_refuse(c, V_REASON_NEEDED, "a restatement says why the value changed");
    if (row->was.n == VERSIONS_BEFORE)
        return act_refuse(c, V_TOO_MANY, "K-%" PRIu64 " was restated %d times already", row->number,
                          VERSIONS_BEFORE);
    return ST_OK;
}

static enum status may_mark(struct act *c, const struct mark_reading *r, const struct at_hand *h,
                            const struct state_reading *row, struct err *err)
{
    struct span_list seats;
    if (HAS(r, mark_reading_key_value))
        return act_refuse(c, V_MALFORMED, "a value is for a restatement; this is to %s",
                          enum_text(&mark_act_enum, r->act));
    TRY(metric_countersigners(&h->m, h->d, row->org, c->g->arena, &seats, err));
    if (!state_list_has(&seats, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED, "K-%" PRIu64 " of %.*s is checked by %s, not by %.*s",
                          row->number, SPAN_FMT(row->org), listed(c, &seats), SPAN_FMT(c->e->entry->seat));
    enum reading_standing same = r->act == MARK_DISPUTE ? READING_DISPUTED : READING_COUNTERSIGNED;
    if (row->standing == same)
        return act_refuse(c, V_NOT_NOW, "K-%" PRIu64 " is %s already", row->number,
                          enum_text(&reading_standing_enum, row->standing));
    if (r->act == MARK_DISPUTE && !HAS(r, mark_reading_key_reason))
        return act_refuse(c, V_REASON_NEEDED, "a dispute says what is wrong with the value");
    return ST_OK;
}

static enum status restate(struct act *c, const struct mark_reading *r, const struct at_hand *h,
                           struct state_reading *row, struct err *err)
{
    struct reading_version *was = arena_array(c->g->arena, row->was.n + 1, sizeof *was);
    if (was == NULL)
        return err_set(err, ST_LIMIT, "out of room for the versions of a reading");
    if (row->was.n > 0)
        memcpy(was, row->was.v, row->was.n * sizeof *was);
    was[row->was.n] = row->now;
    row->was = (struct reading_version_list){row->was.n + 1, was};
    row->now = version_by(c, &r->value, &r->reason);
    row->standing = READING_REPORTED;
    return await_other(c, h, row, err);
}

static enum status mark(struct act *c, const struct mark_reading *r, const struct at_hand *h,
                        struct state_reading *row, struct err *err)
{
    struct reading_mark m = {.act = r->act,
                             .seat = c->e->entry->seat,
                             .key = c->e->key,
                             .leaf = c->g->leaf,
                             .at_ms = c->g->time_ms};
    if (HAS(r, mark_reading_key_reason)) {
        m.reason = r->reason;
        SET_HAS(&m, reading_mark_key_reason);
    }
    row->now.mark = m;
    SET_HAS(&row->now, reading_version_key_mark);
    if (r->act == MARK_DISPUTE) {
        row->standing = READING_DISPUTED;
        return await_other(c, h, row, err);
    }
    row->standing = READING_COUNTERSIGNED;
    row->changed_leaf = c->g->leaf;
    return reading_settle(c->g, row, err);
}

/* Is it restated, and not with the value that it had? */
static bool says_else(const struct mark_reading *r, const struct state_reading *row)
{
    if (r->act != MARK_RESTATE)
        return false;
    const struct reading_version *was = &row->was.v[row->was.n - 1];
    return !HAS(was, reading_version_key_value) || was->value.mantissa != r->value.mantissa || was->value.scale != r->value.scale;
}

/* MET-7 */
enum status reading_apply_mark(struct act *c, const struct mark_reading *r, struct err *err)
{
    struct state_reading row;
    struct at_hand h;
    enum status st = reading_get(&c->v, c->g->arena, r->reading.number, &row, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_NOTFOUND || !HAS(&row, state_reading_key_now))
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no reading K-%" PRIu64 " with a value",
                          r->reading.number);
    TRY(act_seen(c, row.changed_leaf, "the reading"));
    if (!hash_eq(&row.now.digest, &r->reading.digest))
        return act_refuse(c, V_WRONG_REVISION, "K-%" PRIu64 " was restated; look at what it says now",
                          row.number);
    TRY(metrics_load(&c->v, c->g->arena, &h.m, err));
    h.d = metrics_find(&h.m, row.metric);
    if (row.standing == READING_DROPPED || h.d == NULL || !HAS(h.d, charter_metric_key_from))
        return act_refuse(c, V_NOT_NOW, "%.*s is reported no more; K-%" PRIu64 " stays as it is",
                          SPAN_FMT(row.metric), row.number);
    if (r->act == MARK_RESTATE) {
        TRY(may_restate(c, r, &h, &row, err));
        TRY(restate(c, r, &h, &row, err));
    } else {
        TRY(may_mark(c, r, &h, &row, err));
        TRY(mark(c, r, &h, &row, err));
    }
    TRY(reading_judged(c->g, &row, err));
    return says_else(r, &row) ? reliance_restated(c->g, row.number, c->e->entry->seat, err) : ST_OK;
}

/* --- Sealed --- */

static enum status find_sealed(struct act *c, const struct at_hand *h, uint64_t period,
                               struct state_reading *row, struct err *err)
{
    uint64_t number;
    struct span org = state_seat_org(c->e->entry->seat);
    enum status st = reading_find(&c->v, c->g->arena, h->number, PURPOSE_ACTUAL, period, org, &number, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "no reading of %.*s is owed by %.*s for %s",
                          SPAN_FMT(h->d->name), SPAN_FMT(org), period_name(&h->row.every, period).s);
    TRY(st);
    TRY(reading_get(&c->v, c->g->arena, number, row, err));
    return act_seen(c, row->changed_leaf, "the reading");
}

/* MET-8 */
enum status reading_apply_commit(struct act *c, const struct commit_reading *r, struct err *err)
{
    struct at_hand h;
    struct period p;
    struct state_reading row;
    bool over, all;
    TRY(load(c, r->metric, &h, err));
    if (!h.d->sealed)
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is not sealed; report it", SPAN_FMT(r->metric));
    TRY(by_reporter(c, &h, err));
    TRY(period_sound(c, &h, r->period, &p, &over, err));
    if (!over)
        return not_over(c, &h, &p, err);
    TRY(find_sealed(c, &h, r->period, &row, err));
    if (row.standing != READING_OWED && row.standing != READING_COMMITTED)
        return act_refuse(c, V_NOT_NOW, "K-%" PRIu64 " is %s; its period is open, and nothing is committed",
                          row.number, enum_text(&reading_standing_enum, row.standing));
    row.standing = READING_COMMITTED;
    row.seal = (struct reading_seal){.digest = r->digest,
                                     .seat = c->e->entry->seat,
                                     .key = c->e->key,
                                     .leaf = c->g->leaf,
                                     .at_ms = c->g->time_ms};
    SET_HAS(&row, state_reading_key_seal);
    row.changed_leaf = c->g->leaf;
    TRY(reading_put(c->g, &row, err));
    TRY(reading_all_committed(c->g, h.number, r->period, &all, err));
    if (all)
        TRY(reading_open(c->g, &h.m, h.d, h.number, r->period, err));
    return reading_judged(c->g, &row, err);
}

/* Sum of i * h(i) over voices, to two decimals, halves away from zero. */
static struct decimal mean_of(const struct uint_list *histogram, uint64_t voices)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < histogram->n; i++)
        sum += (i + 1) * histogram->v[i];
    struct decimal d = {.mantissa = (int64_t)((sum * 100 * 2 + voices) / (2 * voices)), .scale = 2};
    while (d.scale > 0 && d.mantissa % 10 == 0) {
        d.mantissa /= 10;
        d.scale--;
    }
    return d;
}

static enum status pulse_sound(struct act *c, const struct sealed_value *s, uint64_t least)
{
    uint64_t sum = 0;
    bool histogram = HAS(s, sealed_value_key_histogram);
    if (HAS(s, sealed_value_key_value) || !HAS(s, sealed_value_key_voices))
        return act_refuse(c, V_MALFORMED, "%.*s is a pulse: how many answered, and what, not a value",
                          SPAN_FMT(s->metric));
    if (s->voices < least) {
        if (!histogram)
            return ST_OK;
        return act_refuse(c, V_MALFORMED,
                          "with fewer than %" PRIu64 " voices only their number is shown; this has %" PRIu64,
                          least, s->voices);
    }
    for (size_t i = 0; histogram && i < s->histogram.n; i++) {
        if (s->histogram.v[i] > s->voices)
            return act_refuse(c, V_MALFORMED, "the histogram has more answers than voices");
        sum += s->histogram.v[i];
    }
    if (!histogram || sum != s->voices)
        return act_refuse(c, V_MALFORMED, "the histogram holds %" PRIu64 " answers, of %" PRIu64 " voices",
                          sum, s->voices);
    return ST_OK;
}

static enum status shown_sound(struct act *c, const struct at_hand *h, const struct sealed_value *s)
{
    if (HAS(h->d, charter_metric_key_least_voices))
        return pulse_sound(c, s, h->d->least_voices > LEAST_VOICES ? h->d->least_voices : LEAST_VOICES);
    if (HAS(s, sealed_value_key_value) && !HAS(s, sealed_value_key_voices) &&
        !HAS(s, sealed_value_key_histogram))
        return ST_OK;
    return act_refuse(c, V_MALFORMED, "%.*s is one value, not a pulse of voices", SPAN_FMT(h->d->name));
}

static enum status as_committed(struct act *c, const struct reveal_reading *r,
                                const struct state_reading *row, struct err *err)
{
    uint8_t small[512];
    struct buf b = {.p = small, .cap = sizeof small, .limit = sizeof small - 1};
    struct hash digest;
    struct sha256 h;
    enum status st = codec_encode(&sealed_value_desc, &r->sealed, &b);
    if (st != ST_OK)
        return err_set(err, st, "what is revealed cannot be encoded again");
    sha256_init(&h);
    sha256_update(&h, span_hash(&r->salt));
    sha256_update(&h, buf_span(&b));
    sha256_final(&h, &digest);
    if (hash_eq(&digest, &row->seal.digest))
        return ST_OK;
    return act_refuse(c, V_NOT_COMMITTED,
                      "K-%" PRIu64 ": salt and value give %.16s..., committed was %.16s...", row->number,
                      hex_of(&digest).s, hex_of(&row->seal.digest).s);
}

static void show(const struct act *c, const struct sealed_value *s, struct state_reading *row)
{
    struct decimal mean;
    const struct decimal *value = HAS(s, sealed_value_key_value) ? &s->value : NULL;
    if (HAS(s, sealed_value_key_voices)) {
        row->seal.voices = s->voices;
        SET_HAS(&row->seal, reading_seal_key_voices);
    }
    if (HAS(s, sealed_value_key_histogram)) {
        row->seal.histogram = s->histogram;
        SET_HAS(&row->seal, reading_seal_key_histogram);
        mean = mean_of(&s->histogram, s->voices);
        value = &mean;
    }
    row->now = version_by(c, value, NULL);
    SET_HAS(row, state_reading_key_now);
    row->standing = READING_REVEALED;
    row->changed_leaf = c->g->leaf;
}

/* MET-9 */
enum status reading_apply_reveal(struct act *c, const struct reveal_reading *r, struct err *err)
{
    struct at_hand h;
    struct state_reading row;
    struct span_list checkers;
    TRY(load(c, r->sealed.metric, &h, err));
    TRY(by_reporter(c, &h, err));
    if (!span_eq(r->sealed.org, state_seat_org(c->e->entry->seat)))
        return act_refuse(c, V_NOT_PERMITTED, "what is sealed is of %.*s; %.*s cannot reveal it",
                          SPAN_FMT(r->sealed.org), SPAN_FMT(c->e->entry->seat));
    TRY(find_sealed(c, &h, r->sealed.period, &row, err));
    if (row.standing == READING_OWED || row.standing == READING_COMMITTED)
        return act_refuse(c, V_NOT_NOW,
                          "%s of %.*s is not open yet: it opens when all have committed, or when it is due",
                          period_name(&h.row.every, row.period).s, SPAN_FMT(row.metric));
    if (row.standing != READING_OPENED)
        return act_refuse(c, V_NOT_NOW, "K-%" PRIu64 " is %s; there is nothing to reveal", row.number,
                          enum_text(&reading_standing_enum, row.standing));
    TRY(shown_sound(c, &h, &r->sealed));
    TRY(as_committed(c, r, &row, err));
    show(c, &r->sealed, &row);
    TRY(metric_countersigners(&h.m, h.d, row.org, c->g->arena, &checkers, err));
    if (checkers.n > 0)
        TRY(await_other(c, &h, &row, err));
    else
        TRY(reading_settle(c->g, &row, err));
    return reading_judged(c->g, &row, err);
}
