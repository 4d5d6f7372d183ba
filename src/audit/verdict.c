#include "audit/verdict.h"
#include "crypto/sshpub.h"
#include "gov/state.h"
#include "ledger/availability.h"

static const struct sheet_column signer_columns[] = {
    {"organisation", false, false, false}, {"could sign", true, false, false},
    {"signed", true, false, false},        {"did not", true, false, false},
    {"most in a row", true, false, false}, {"since", false, false, false},
    {"entries", true, false, false}};
static const struct sheet_column change_columns[] = {{"leaf", true, false, false},
                                                     {"time", false, false, false},
                                                     {"who", false, false, false},
                                                     {"what", false, false, false},
                                                     {"by", false, false, false}};
static const struct sheet_column epoch_columns[] = {
    {"leaf", true, false, false}, {"time", false, false, false}, {"what", false, false, false}};

const char *grouped_text(struct arena *a, uint64_t n)
{
    const char *digits = text_of(a, "%" PRIu64, n), *s = "";
    for (size_t len = strlen(digits), i = 0; i < len; i++)
        s = text_of(a, "%s%s%c", s, i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
    return s;
}

static uint64_t entries_of(const struct audit_record *r, struct span org)
{
    for (size_t i = 0; i < r->r->n_orgs; i++)
        if (span_eq(r->r->orgs[i].org, org))
            return r->r->orgs[i].entries;
    return 0;
}

/* Of the certificates of all blocks but the newest, as the nodes count them too. */
static enum status signers(const struct audit_record *r, struct sheet *t, struct err *err)
{
    struct query_availability q;
    TRY(availability(r->v, 0, UINT64_MAX, r->a, &q, err));
    sheet_init(t, signer_columns, ARRAY_LEN(signer_columns), r->a);
    for (size_t i = 0; i < q.list.n; i++) {
        const struct query_present *p = &q.list.v[i];
        const char **row = sheet_row(t);
        row[0] = text_of(r->a, "%.*s", SPAN_FMT(p->org));
        row[1] = text_of(r->a, "%" PRIu64, p->blocks);
        row[2] = text_of(r->a, "%" PRIu64, p->signed_blocks);
        row[3] = text_of(r->a, "%" PRIu64, p->blocks - p->signed_blocks);
        row[4] = text_of(r->a, "%" PRIu64, p->longest);
        row[5] = HAS(p, query_present_key_longest_from_ms)
                     ? text_of(r->a, "%s", time_utc(p->longest_from_ms).s)
                     : "";
        row[6] = text_of(r->a, "%" PRIu64, entries_of(r, p->org));
    }
    return ST_OK;
}

static void change(const struct audit_record *r, struct sheet *t, uint64_t leaf, uint64_t at_ms,
                   struct span who, const char *what)
{
    const char **row = sheet_row(t);
    row[0] = text_of(r->a, "%" PRIu64, leaf);
    row[1] = text_of(r->a, "%s", time_utc(at_ms).s);
    row[2] = text_of(r->a, "%.*s", SPAN_FMT(who));
    row[3] = what;
    row[4] = record_cause(r, leaf);
}

static int by_leaf(const void *x, const void *y)
{
    const char *const *l = x, *const *r = y;
    size_t nl = strlen(l[0]), nr = strlen(r[0]); /* decimal */
    int c = nl != nr ? (nl < nr ? -1 : 1) : strcmp(l[0], r[0]);
    if (c == 0)
        c = strcmp(l[2], r[2]);
    return c != 0 ? c : strcmp(l[3], r[3]);
}

static void changes(const struct audit_record *r, struct sheet *t)
{
    const struct history *h = r->h;
    sheet_init(t, change_columns, ARRAY_LEN(change_columns), r->a);
    for (size_t i = 0; i < h->n_holds; i++) {
        const struct hold *o = &h->holds[i];
        if (o->from_leaf >= h->founding_leaves)
            change(r, t, o->from_leaf, o->from_ms, o->seat,
                   text_of(r->a, "held by %s from now on", sshpub_fingerprint(&o->key).s));
        if (o->to_leaf != UINT64_MAX)
            change(r, t, o->to_leaf, o->to_ms, o->seat,
                   text_of(r->a, "no longer held by %s", sshpub_fingerprint(&o->key).s));
    }
    for (size_t i = 0; i < h->n_stands; i++) {
        const struct stand *o = &h->stands[i];
        const char *who = text_of(r->a, "%.*s", SPAN_FMT(o->alternate.seat));
        if (o->from_leaf >= h->founding_leaves)
            change(r, t, o->from_leaf, o->from_ms, o->seat,
                   text_of(r->a, "may be balloted for by %s, its alternate", who));
        if (o->to_leaf != UINT64_MAX)
            change(r, t, o->to_leaf, o->to_ms, o->seat, text_of(r->a, "no longer balloted for by %s", who));
    }
    for (size_t i = 0; i < h->n_events; i++) {
        const struct history_event *e = &h->events[i];
        if (e->what != HISTORY_REFOUNDING)
            change(r, t, e->leaf, e->at_ms, e->org, e->words);
    }
    if (t->n > 0)
        qsort(t->cells, t->n, t->n_columns * sizeof *t->cells, by_leaf);
}

static void epochs(const struct audit_record *r, struct sheet *t)
{
    sheet_init(t, epoch_columns, ARRAY_LEN(epoch_columns), r->a);
    for (size_t i = 0; i < r->h->n_events; i++) {
        const struct history_event *e = &r->h->events[i];
        if (e->what != HISTORY_REFOUNDING)
            continue;
        const char **row = sheet_row(t);
        row[0] = text_of(r->a, "%" PRIu64, e->leaf);
        row[1] = text_of(r->a, "%s", time_utc(e->at_ms).s);
        row[2] = e->words;
    }
}

static void unchecked(const struct audit_record *r, struct verdict_words *w)
{
    const struct verify_report *q = r->r;
    const char **to = w->unchecked;
    uint64_t documents = r->h->documents;
    to[w->n_unchecked++] = "That this is the newest record: compare the root with another partner's.";
    if (q->kept_size == 0)
        to[w->n_unchecked++] =
            "That this is the only history: keys that the nodes had once, and that were replaced since, could sign another "
            "one from then on, as whole as this. Only a checkpoint that was kept from then, or that another partner has, "
            "can tell (--checkpoint FILE).";
    else if (q->kept_size < q->size)
        to[w->n_unchecked++] = text_of(
            r->a, "That there is no other history of the last %" PRIu64 " leaves: the newest checkpoint that you gave is of %" PRIu64 ".",
            q->size - q->kept_size, q->kept_size);
    if (!q->whole_checkpoint)
        to[w->n_unchecked++] =
            "That anybody outside saw this tree: no checkpoint that a quorum cosigned is in the pack.";
    else if (q->checkpoint_size < q->size)
        to[w->n_unchecked++] = text_of(
            r->a, "The last %" PRIu64 " leaves against a checkpoint: they rest on their certificates alone.",
            q->size - q->checkpoint_size);
    if (q->by_refounding > 0)
        to[w->n_unchecked++] = "That no other block was final where an epoch ended without a certificate: "
                               "those who signed the re-founding vouch for it.";
    if (w->findings.texts > 0)
        to[w->n_unchecked++] =
            text_of(r->a, "What %" PRIu64 " absent texts said (entente-audit exceptions lists them).",
                    w->findings.texts);
    if (documents > 0)
        to[w->n_unchecked++] = text_of(
            r->a,
            "%" PRIu64
            " document%s: a pack holds none, only their SHA-256. Compare what you are shown with sha256sum.",
            documents, documents == 1 ? "" : "s");
    to[w->n_unchecked++] =
        "Who the people behind the keys are: the partners' registrars say so; ask them for their own list.";
    to[w->n_unchecked++] =
        "That ledger time was the true time: a quorum of nodes agreed on it, by their clocks.";
    to[w->n_unchecked++] = "That what people wrote or reported is true, and what they agreed on elsewhere.";
}

enum status verdict_of(const struct audit_record *r, bool each, struct verdict_words *ret, struct err *err)
{
    struct verdict_words w = {0};
    TRY(signers(r, &w.signers, err));
    TRY(findings_of(r, each, &w.findings, err));
    changes(r, &w.changes);
    epochs(r, &w.epochs);
    unchecked(r, &w);
    *ret = w;
    return ST_OK;
}
