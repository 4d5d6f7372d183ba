/* report: readings added, countersigned, disputed, restated, committed, revealed. */
#include "charter/charter_model.h"
#include "charter/period.h"
#include "charter/scalar.h"
#include "cli/cli_report.h"
#include "crypto/hash.h"

enum { PAGE = 500 };

/* "K-7" or "7". */
bool cli_reading_id(const char *word, uint64_t *ret)
{
    if ((word[0] == 'K' || word[0] == 'k') && word[1] == '-')
        word += 2;
    return word[0] >= '0' && word[0] <= '9' && cli_decision(word, ret);
}

enum status cli_metric_of(struct cli *c, const char *name, struct charter_metric *ret)
{
    struct charter_metrics m = {0};
    struct charter_commitments promised = {0};
    bool is;
    enum status st = cli_in_force(c, SECTION_METRICS, &m, &is);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_COMMITMENTS, &promised, &is);
    if (st != ST_OK)
        return st;
    if (charter_all_metrics(&m.list, &promised, &c->a, &m.list) != ST_OK)
        return err_set(&c->err, ST_LIMIT, "out of room for the metrics");
    const struct charter_metric *d = charter_metric(&(struct charter){.metrics = &m}, span_str(name));
    if (d == NULL)
        return err_set(&c->err, ST_NOTFOUND,
                       "the charter has no metric or commitment %s; see: entente charter show metrics, entente charter show commitments", name);
    *ret = *d;
    return ST_OK;
}

static enum status reading_of(struct cli *c, uint64_t number, struct query_reading *ret)
{
    struct rpc_range q = {.from = number, .count = 1};
    struct query_readings r;
    enum status st = cli_ask(c, METHOD_readings, &q, &r);
    if (st != ST_OK)
        return st;
    if (r.list.n == 0 || r.list.v[0].reading.number != number)
        return err_set(&c->err, ST_NOTFOUND, "there is no reading K-%" PRIu64 "; see: entente report list",
                       number);
    *ret = r.list.v[0];
    return ST_OK;
}

/* The oldest reading of a metric that this organisation owes. */
static enum status oldest_owed(struct cli *c, const struct charter_metric *d, struct span org,
                               struct query_reading *ret)
{
    struct rpc_range q = {.from = 1, .count = PAGE};
    struct query_readings r = {.more = true};
    while (r.more) {
        enum status st = cli_ask(c, METHOD_readings, &q, &r);
        if (st != ST_OK)
            return st;
        for (size_t i = 0; i < r.list.n; i++) {
            const struct state_reading *x = &r.list.v[i].reading;
            q.from = x->number + 1;
            struct period p; /* a reading that is owed from before the metric's periods were amended has none now: it cannot be given */
            if (span_eq(x->metric, d->name) && span_eq(x->org, org) && period_of(&d->every, x->period, &p) == ST_OK &&
                p.from == x->period && (x->standing == READING_OWED || (d->sealed && x->standing == READING_COMMITTED))) {
                *ret = r.list.v[i];
                return ST_OK;
            }
        }
    }
    return err_set(&c->err, ST_USAGE,
                   "%.*s owes no reading of %.*s now; to say which period: --period 2026-03", SPAN_FMT(org),
                   SPAN_FMT(d->name));
}

struct span cli_own_org(const struct cli *c)
{
    const char *slash = c->seat == NULL ? NULL : strchr(c->seat, '/');
    return slash == NULL ? c->info.org : span_of(c->seat, (size_t)(slash - c->seat));
}

enum status cli_period_meant(struct cli *c, const struct charter_metric *d, uint64_t *ret_day,
                                struct period_text *ret_name)
{
    struct period typed, p;
    struct query_reading owed = {0};
    if (c->period == NULL && (c->forecast || c->baseline))
        return err_set(&c->err, ST_USAGE, "of which period? For instance --period 2026-03");
    if (c->period == NULL) {
        enum status st = oldest_owed(c, d, cli_own_org(c), &owed);
        if (st != ST_OK)
            return st;
        *ret_day = owed.reading.period;
        (void)snprintf(ret_name->s, sizeof ret_name->s, "%.*s", SPAN_FMT(owed.period));
        return ST_OK;
    }
    if (!period_parse(span_str(c->period), &typed))
        return err_set(&c->err, ST_USAGE,
                       "--period %s: expected a year 2026, quarter 2026-Q1, month 2026-03, week 2026-W10 or "
                       "day 2026-03-02",
                       c->period);
    bool day = typed.until - typed.from == 1;
    if (period_of(&d->every, typed.from, &p) != ST_OK ||
        (!day && (p.from != typed.from || p.until != typed.until)))
        return err_set(&c->err, ST_USAGE, "--period %s: %.*s has periods such as %s", c->period,
                       SPAN_FMT(d->name), period_name(&d->every, p.from).s);
    *ret_day = p.from;
    *ret_name = period_name(&d->every, p.from);
    return ST_OK;
}

static enum status value_given(struct cli *c, struct decimal *ret)
{
    if (c->value == NULL)
        return err_set(&c->err, ST_USAGE, "a value is needed: --value NUMBER, for instance 84.1");
    if (scalar_decimal(span_str(c->value), ret))
        return ST_OK;
    return err_set(&c->err, ST_USAGE,
                   "--value %s: expected a number with at most 9 digits after the point, for instance 84.1; "
                   "no unit, no commas",
                   c->value);
}

struct span_list cli_reporters(struct cli *c, const struct charter_metric *d)
{
    struct span_list l = {0, arena_array(&c->a, 1, sizeof(struct span))};
    struct span org = HAS(&d->from, charter_reporter_key_org) ? d->from.org : cli_own_org(c);
    struct span seat = HAS(&d->from, charter_reporter_key_seat) ? d->from.seat : span_str("alliance-manager");
    const char *text = charter_text(&c->a, "%.*s/%.*s", SPAN_FMT(org), SPAN_FMT(seat));
    l.v[l.n++] = span_str(text);
    return l;
}

int verb_report_add(struct cli *c)
{
    struct reading body = {.purpose = c->forecast   ? PURPOSE_FORECAST
                                      : c->baseline ? PURPOSE_BASELINE
                                                    : PURPOSE_ACTUAL};
    struct charter_metric d;
    struct cli_prose_list prose = {0};
    struct period_text name;
    if (c->n != 1 || (c->forecast && c->baseline))
        return cli_usage(c, "report add needs a metric of the charter, and at most one of --forecast and "
                            "--baseline: entente report add revenue --value 43.5");
    body.metric = span_str(c->words[0]);
    enum status st = value_given(c, &body.value);
    if (st == ST_OK)
        st = cli_metric_of(c, c->words[0], &d);
    if (st == ST_OK)
        st = cli_period_meant(c, &d, &body.period, &name);
    if (st == ST_OK)
        st = cli_text_given(c);
    if (st == ST_OK && c->text != NULL) {
        st = cli_detach(c, &prose, c->text, &body.text);
        SET_HAS(&body, reading_key_text);
    }
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &body.documents);
        SET_HAS(&body, reading_key_documents);
    }
    if (st != ST_OK)
        return cli_fail(c);
    struct span_list wanted = cli_reporters(c, &d);
    int code = cli_enter_only(c, &wanted, KIND_READING, &body, &prose);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf("%s of %s for %s is %s. %s\n", enum_text(&purpose_enum, body.purpose), c->words[0],
                     name.s, c->value,
                     body.purpose == PURPOSE_FORECAST ? "It is kept beside what comes."
                     : HAS(&d, charter_metric_key_check)
                         ? "It counts when the other side has countersigned it."
                         : "");
    return code;
}

/* --- Marks: what is signed was read here first --- */

/* The value in the entry's own bytes, which must be what the node says. */
static enum status check_version(struct cli *c, const struct query_reading *q, struct cli_leaf *ret)
{
    const struct state_reading *r = &q->reading;
    const struct reading_version *now = &r->now;
    struct reading reported;
    struct mark_reading restated;
    struct reveal_reading revealed;
    const struct decimal *value = NULL;
    char what[32];
    (void)snprintf(what, sizeof what, "K-%" PRIu64, r->number);
    enum status st = cli_prove(c, what, &now->digest, now->leaf, ret);
    if (st != ST_OK)
        return st;
    const struct entry *e = &ret->leaf.entry;
    bool ours = false;
    if (e->kind == KIND_READING) {
        st = codec_decode(&reading_desc, e->body, &c->a, &reported, &c->err);
        ours = st == ST_OK && span_eq(reported.metric, r->metric) && reported.period == r->period &&
               reported.purpose == r->purpose;
        value = &reported.value;
    } else if (e->kind == KIND_MARK) {
        st = codec_decode(&mark_reading_desc, e->body, &c->a, &restated, &c->err);
        ours = st == ST_OK && restated.reading.number == r->number && restated.act == MARK_RESTATE;
        value = &restated.value;
    } else if (e->kind ==
               KIND_REVEAL) { /* the node takes the mean of a histogram; the votes are in the entry */
        st = codec_decode(&reveal_reading_desc, e->body, &c->a, &revealed, &c->err);
        ours = st == ST_OK && span_eq(revealed.sealed.metric, r->metric) &&
               revealed.sealed.period == r->period && span_eq(revealed.sealed.org, r->org);
        value = ours && HAS(&revealed.sealed, sealed_value_key_value) ? &revealed.sealed.value : &now->value;
    }
    if (st != ST_OK)
        return st;
    if (!ours || value->mantissa != now->value.mantissa || value->scale != now->value.scale)
        return err_set(&c->err, ST_BADSIG,
                       "K-%" PRIu64
                       ": the entry on record does not say what the node says. Nothing was signed",
                       r->number);
    return ST_OK;
}

enum status cli_reading_read(struct cli *c, uint64_t number, struct query_reading *ret, struct cli_leaf *ret_leaf)
{
    enum status st = reading_of(c, number, ret);
    if (st == ST_OK && !HAS(&ret->reading, state_reading_key_now))
        st = err_set(&c->err, ST_USAGE, "K-%" PRIu64 " is %s: it has no value yet", number,
                     enum_text(&reading_standing_enum, ret->reading.standing));
    return st == ST_OK ? check_version(c, ret, ret_leaf) : st;
}

void cli_reading_describe(const struct query_reading *q, const struct cli_leaf *leaf, struct buf *b)
{
    const struct state_reading *r = &q->reading;
    buf_printf(b, "K-%" PRIu64 " %.*s of %.*s for %.*s, %s: ", r->number, SPAN_FMT(r->metric),
               SPAN_FMT(r->org), SPAN_FMT(q->period), enum_text(&purpose_enum, r->purpose));
    if (HAS(&r->now, reading_version_key_value))
        scalar_print_decimal(&r->now.value, b);
    else
        buf_printf(b, "no value: too few voices");
    buf_printf(b, "\n  %s by %.*s on %s, version %zu\n  sha256:%s\n", r->was.n > 0 ? "restated" : "reported",
               SPAN_FMT(r->now.seat), cli_time(r->now.at_ms).s, r->was.n + 1, hex_of(&r->now.digest).s);
    if (HAS(&r->now, reading_version_key_text)) {
        buf_printf(b, "  ");
        cli_indented(b, cli_find_prose(&leaf->prose, &r->now.text), "");
    }
}

static int mark(struct cli *c, enum mark_act act, const char *verb)
{
    struct mark_reading body = {.act = act};
    struct query_reading q;
    struct cli_leaf leaf;
    struct cli_prose_list prose = {0};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (c->n != 1 || !cli_reading_id(c->words[0], &body.reading.number))
        return cli_usage(c, "report %s needs a reading's id, for instance: entente report %s K-7", verb,
                         verb);
    enum status st = cli_reason(c);
    if (st == ST_OK && act != MARK_COUNTERSIGN && c->reason == NULL)
        return cli_usage(c, "report %s needs a reason: --reason TEXT or --reason-file FILE", verb);
    if (st == ST_OK && act == MARK_RESTATE) {
        st = value_given(c, &body.value);
        SET_HAS(&body, mark_reading_key_value);
    }
    if (st == ST_OK)
        st = cli_reading_read(c, body.reading.number, &q, &leaf);
    if (st == ST_OK && c->reason != NULL) {
        st = cli_detach(c, &prose, c->reason, &body.reason);
        SET_HAS(&body, mark_reading_key_reason);
    }
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &body.documents);
        SET_HAS(&body, mark_reading_key_documents);
    }
    if (st != ST_OK)
        return cli_fail(c);
    body.reading.digest = q.reading.now.digest;
    cli_reading_describe(&q, &leaf, &b);
    int code = act == MARK_RESTATE
                   ? EXIT_DONE
                   : cli_agree(c, &b, act == MARK_DISPUTE ? "Dispute it? [y/N] " : "Countersign it? [y/N] ");
    if (code == EXIT_DONE)
        code = cli_enter_only(c, act == MARK_RESTATE ? &q.reporters : &q.checkers, KIND_MARK, &body, &prose);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf(
            "K-%" PRIu64 " is %s.\n", body.reading.number,
            act == MARK_COUNTERSIGN ? "countersigned"
            : act == MARK_DISPUTE
                ? "disputed; its reporter is asked to restate it"
                : "restated; what it said before stays on record, and it is to be countersigned anew");
    return code;
}

int verb_report_countersign(struct cli *c)
{
    return mark(c, MARK_COUNTERSIGN, "countersign");
}

int verb_report_dispute(struct cli *c)
{
    return mark(c, MARK_DISPUTE, "dispute");
}

int verb_report_restate(struct cli *c)
{
    return mark(c, MARK_RESTATE, "restate");
}

/* --- Sealed --- */

/* Counts the lines 1 to 5 of a file. The answers stay here. */
static enum status count_answers(struct cli *c, uint64_t h[5])
{
    struct span text;
    enum status st = file_read(c->answers, 1 << 20, &c->a, &text, &c->err);
    size_t line = 1;
    for (size_t i = 0; st == ST_OK && i < text.n; i++) {
        uint8_t ch = text.p[i];
        bool alone = (i == 0 || text.p[i - 1] == '\n') && (i + 1 == text.n || text.p[i + 1] == '\n');
        if (ch == '\n')
            line++;
        else if (ch >= '1' && ch <= '5' && alone)
            h[ch - '1']++;
        else
            return err_set(&c->err, ST_USAGE,
                           "%s, line %zu: expected one answer a line, a number from 1 to 5", c->answers,
                           line);
    }
    return st;
}

/* "0,1,2,5,3", or one number of voices. */
static enum status read_voices(struct cli *c, uint64_t h[5], uint64_t *ret_few)
{
    const char *p = c->voices;
    uint64_t v[5];
    size_t n = 0;
    for (; n < 5; n++) {
        size_t digits = strspn(p, "0123456789");
        if (digits == 0 || digits > 6)
            break;
        v[n] = strtoull(p, NULL, 10);
        p += digits;
        if (*p != ',')
            break;
        p++;
    }
    if (*p == 0 && n == 0) {
        *ret_few = v[0];
        return ST_OK;
    }
    if (*p != 0 || n != 4)
        return err_set(
            &c->err, ST_USAGE,
            "--voices %s: expected how many said 1, 2, 3, 4 and 5, for instance 0,1,2,5,3; or, when "
            "too few answered to show more, their number alone",
            c->voices);
    memcpy(h, v, sizeof v);
    return ST_OK;
}

static enum status pulse(struct cli *c, const struct charter_metric *d, struct sealed_value *s)
{
    uint64_t *h = arena_array(&c->a, 5, sizeof *h), few = UINT64_MAX,
             least = d->least_voices > 3 ? d->least_voices : 3;
    if ((c->voices == NULL) == (c->answers == NULL) || c->value != NULL)
        return err_set(&c->err, ST_USAGE,
                       "%.*s is a pulse: give --answers FILE, or --voices with how many said 1, 2, 3, 4, 5",
                       SPAN_FMT(d->name));
    enum status st = c->answers != NULL ? count_answers(c, h) : read_voices(c, h, &few);
    if (st != ST_OK)
        return st;
    s->voices = few != UINT64_MAX ? few : h[0] + h[1] + h[2] + h[3] + h[4];
    SET_HAS(s, sealed_value_key_voices);
    if (few != UINT64_MAX && few >= least)
        return err_set(&c->err, ST_USAGE,
                       "--voices %s: with %" PRIu64 " voices or more, say how many said 1, 2, 3, 4, 5",
                       c->voices, least);
    if (s->voices < least) {
        (void)fprintf(stderr,
                      "%" PRIu64 " voices are too few to show what they said; only their number will be.\n",
                      s->voices);
        return ST_OK;
    }
    s->histogram = (struct uint_list){5, h};
    SET_HAS(s, sealed_value_key_histogram);
    return ST_OK;
}

enum status cli_seal(struct cli *c, const struct reveal_reading *r, struct hash *ret_digest)
{
    struct buf b CLEANUP(buf_deinit), file CLEANUP(buf_deinit);
    struct sha256 h;
    buf_init(&b, 4096);
    buf_init(&file, 4096);
    enum status st = codec_encode(&sealed_value_desc, &r->sealed, &b);
    if (st == ST_OK)
        st = codec_encode(&reveal_reading_desc, r, &file);
    if (st != ST_OK)
        return err_set(&c->err, st, "what is sealed cannot be encoded");
    sha256_init(&h);
    sha256_update(&h, span_hash(&r->salt));
    sha256_update(&h, buf_span(&b));
    sha256_final(&h, ret_digest);
    return file_write(c->out, buf_span(&file), 0600, false, &c->err);
}

int verb_report_commit(struct cli *c)
{
    struct reveal_reading r = {0};
    struct commit_reading body = {0};
    struct charter_metric d;
    struct period_text name;
    if (c->n != 1 || c->out == NULL)
        return cli_usage(
            c, "report commit needs a sealed metric, and -o FILE for what reveals it later: entente "
               "report commit trust --answers pulse.txt -o trust.sealed");
    enum status st = cli_metric_of(c, c->words[0], &d);
    if (st == ST_OK && !d.sealed)
        st = err_set(&c->err, ST_USAGE, "%s is not sealed; report it: entente report add %s --value NUMBER",
                     c->words[0], c->words[0]);
    if (st == ST_OK)
        st = cli_period_meant(c, &d, &body.period, &name);
    if (st != ST_OK)
        return cli_fail(c);
    struct span_list wanted = cli_reporters(c, &d);
    r.sealed = (struct sealed_value){.org = cli_own_org(c), .metric = d.name, .period = body.period};
    if (HAS(&d, charter_metric_key_least_voices)) {
        st = pulse(c, &d, &r.sealed);
    } else {
        st = value_given(c, &r.sealed.value);
        SET_HAS(&r.sealed, sealed_value_key_value);
    }
    rng_fill(&rng_system, r.salt.b, sizeof r.salt.b);
    body.metric = d.name;
    if (st == ST_OK)
        st = cli_seal(c, &r, &body.digest);
    if (st != ST_OK)
        return cli_fail(c);
    int code = cli_enter_only(c, &wanted, KIND_COMMIT, &body, NULL);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf("%s for %s is committed. Keep %s: without it nothing can be revealed. When all have "
                     "committed, or when it is due: entente report reveal %s\n",
                     c->words[0], name.s, c->out, c->out);
    return code;
}

int verb_report_reveal(struct cli *c)
{
    struct reveal_reading r;
    struct span bytes;
    struct charter_metric d;
    if (c->n != 1)
        return cli_usage(c, "report reveal needs the file that report commit wrote");
    enum status st = file_read(c->words[0], 65536, &c->a, &bytes, &c->err);
    if (st == ST_OK && codec_decode(&reveal_reading_desc, bytes, &c->a, &r, &c->err) != ST_OK)
        st = err_wrap(&c->err, ST_FORMAT, "%s is not what report commit wrote: ", c->words[0]);
    if (st == ST_OK)
        st = cli_metric_of(c, (const char *)arena_dup(&c->a, r.sealed.metric).p, &d);
    if (st != ST_OK)
        return cli_fail(c);
    struct span_list wanted = cli_reporters(c, &d);
    int code = cli_enter_only(c, &wanted, KIND_REVEAL, &r, NULL);
    if (code == EXIT_DONE && !c->json && c->save == NULL)
        (void)printf("%.*s for %s is revealed.\n", SPAN_FMT(d.name),
                     period_name(&d.every, r.sealed.period).s);
    return code;
}

/* --- Reading --- */

static void print_value(const struct reading_version *v)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 64);
    if (HAS(v, reading_version_key_value))
        scalar_print_decimal(&v->value, &b);
    else
        buf_printf(&b, "too few voices");
    (void)printf("%s", buf_cstr(&b));
}

static void print_line(const struct query_reading *q)
{
    const struct state_reading *r = &q->reading;
    (void)printf("K-%-5" PRIu64 " %-18.*s %-9.*s %-12.*s %-9s %s", r->number, SPAN_FMT(r->metric),
                 SPAN_FMT(q->period), SPAN_FMT(r->org), enum_text(&purpose_enum, r->purpose),
                 enum_text(&reading_standing_enum, r->standing));
    if (HAS(r, state_reading_key_now)) {
        (void)printf("  ");
        print_value(&r->now);
    }
    if (HAS(r, state_reading_key_late_ms))
        (void)printf("  late");
    if (HAS(r, state_reading_key_unmarked_ms))
        (void)printf("  unchecked when due");
    (void)printf("\n");
}

int verb_report_list(struct cli *c)
{
    struct query_readings all = {0};
    uint64_t from = c->from == NULL ? 1 : c->from_number;
    bool more = true;
    while (more && all.list.n < 1000) {
        struct rpc_range q = {.from = from, .count = PAGE};
        struct query_readings r;
        if (cli_ask(c, METHOD_readings, &q, &r) != ST_OK)
            return cli_fail(c);
        struct query_reading *v = arena_array(&c->a, all.list.n + r.list.n + 1, sizeof *v);
        if (all.list.n > 0)
            memcpy(v, all.list.v, all.list.n * sizeof *v);
        for (size_t i = 0; i < r.list.n; i++) {
            v[all.list.n + i] = r.list.v[i];
            from = r.list.v[i].reading.number + 1;
            if (!c->json)
                print_line(&r.list.v[i]);
        }
        all.list = (struct query_reading_list){all.list.n + r.list.n, v};
        all.more = more = r.more;
    }
    if (c->json)
        return cli_json(c, &query_readings_desc, &all);
    if (all.list.n == 0)
        (void)printf("No reading is owed or reported yet.\n");
    if (all.more)
        (void)printf("There are more: entente report list --from %" PRIu64 "\n", from);
    return EXIT_DONE;
}

static void print_version(struct cli *c, const struct reading_version *v, size_t i)
{
    struct cli_leaf leaf;
    (void)printf("  version %zu  ", i + 1);
    print_value(v);
    (void)printf("  by %.*s on %s (leaf %" PRIu64 ")\n", SPAN_FMT(v->seat), cli_time(v->at_ms).s, v->leaf);
    if (HAS(v, reading_version_key_text) &&
        cli_prove(c, "the reading", &v->digest, v->leaf, &leaf) == ST_OK) {
        (void)printf("    ");
        cli_prose(stdout, "    ", cli_find_prose(&leaf.prose, &v->text));
    }
    if (HAS(v, reading_version_key_mark))
        (void)printf("    %s by %.*s on %s (leaf %" PRIu64 ")\n",
                     v->mark.act == MARK_DISPUTE ? "disputed" : "countersigned", SPAN_FMT(v->mark.seat),
                     cli_time(v->mark.at_ms).s, v->mark.leaf);
}

static void print_seal(const struct state_reading *r)
{
    (void)printf("  committed by %.*s on %s: sha256:%s\n", SPAN_FMT(r->seal.seat), cli_time(r->seal.at_ms).s,
                 hex_of(&r->seal.digest).s);
    if (HAS(r, state_reading_key_opened_ms))
        (void)printf("  opened on %s\n", cli_time(r->opened_ms).s);
    if (HAS(&r->seal, reading_seal_key_voices))
        (void)printf("  %" PRIu64 " voices", r->seal.voices);
    for (size_t i = 0; HAS(&r->seal, reading_seal_key_histogram) && i < r->seal.histogram.n; i++)
        (void)printf("%s%" PRIu64 " said %zu", i == 0 ? ": " : ", ", r->seal.histogram.v[i], i + 1);
    if (HAS(&r->seal, reading_seal_key_voices))
        (void)printf("\n");
}

int verb_report_show(struct cli *c)
{
    uint64_t number;
    struct query_reading q;
    if (c->n != 1 || !cli_reading_id(c->words[0], &number))
        return cli_usage(c, "report show needs a reading's id, for instance: entente report show K-7");
    if (reading_of(c, number, &q) != ST_OK)
        return cli_fail(c);
    const struct state_reading *r = &q.reading;
    if (c->json)
        return cli_json(c, &query_reading_desc, &q);
    print_line(&q);
    if (HAS(r, state_reading_key_seal))
        print_seal(r);
    for (size_t i = 0; i < r->was.n; i++)
        print_version(c, &r->was.v[i], i);
    if (HAS(r, state_reading_key_now))
        print_version(c, &r->now, r->was.n);
    if (HAS(r, state_reading_key_late_ms))
        (void)printf("  late since %s\n", cli_time(r->late_ms).s);
    if (HAS(r, state_reading_key_due_ms))
        (void)printf("  due on %s\n", cli_time(r->due_ms).s);
    for (size_t i = 0; i < q.checkers.n; i++)
        (void)printf("%s%.*s%s", i == 0 ? "  checked by " : " or ", SPAN_FMT(q.checkers.v[i]),
                     i + 1 == q.checkers.n ? "\n" : "");
    return EXIT_DONE;
}
