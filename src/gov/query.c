#include "gov/query_part.h"
#include "charter/charter_model.h"
#include "gov/course.h"
#include "gov/due.h"
#include "gov/item.h"
#include "gov/receipt.h"
#include "gov/stand_in.h"

enum { TASKS_MAX = 4096, LIST_MAX = 1000, STAND_IN_WORDS = 300 };

static enum status matter(const struct view *v, uint64_t number, struct arena *a, struct matter *ret,
                          struct err *err)
{
    enum status st = matter_load(v, a, number, ret, err);
    return st == ST_NOTFOUND ? err_set(err, st, "there is no decision D-%" PRIu64, number) : st;
}

/* --- Readiness --- */

static struct span_list seats_that(const struct tally *t, const struct tally_partner *p, struct arena *a,
                                   int choice)
{
    struct span_list l = {0, arena_array(a, p->partner->seats.n + 1, sizeof(struct span))};
    for (size_t i = 0; l.v != NULL && i < p->partner->seats.n; i++) {
        const struct state_ballot *b = tally_ballot_of(t, p->partner->seats.v[i]);
        if (b != NULL && (int)b->choice == choice)
            l.v[l.n++] = p->partner->seats.v[i];
    }
    return l;
}

/* Seats without a ballot: filled ones, or empty ones. */
static enum status silent_seats(const struct view *v, const struct tally *t, const struct tally_partner *p,
                                struct arena *a, struct query_partner *q, struct err *err)
{
    q->could.v = arena_array(a, p->partner->seats.n + 1, sizeof(struct span));
    q->empty.v = arena_array(a, p->partner->seats.n + 1, sizeof(struct span));
    if (q->could.v == NULL || q->empty.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < p->partner->seats.n; i++) {
        struct span seat = p->partner->seats.v[i];
        struct state_seat rec;
        struct tkey k = tkey_text(seat);
        if (tally_ballot_of(t, seat) != NULL || tally_recused(t, seat) != NULL)
            continue;
        enum status st = state_get(v, a, TABLE_SEAT, &k, &state_seat_desc, &rec, err);
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        struct span_list *l = st == ST_OK && rec.keys.n > 0 ? &q->could : &q->empty;
        l->v[l->n++] = seat;
    }
    return ST_OK;
}

/* Who may ballot for its silent seats: alternates, and those asked instead of recused ones. */
static enum status stand_ins(const struct view *v, const struct matter *m, const struct tally *t,
                             const struct tally_partner *p, struct arena *a, struct query_partner *q,
                             struct err *err)
{
    q->stand_ins.v = arena_array(a, p->partner->seats.n + 1, sizeof *q->stand_ins.v);
    if (q->stand_ins.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < p->partner->seats.n; i++) {
        struct span seat = p->partner->seats.v[i];
        const struct state_ballot *b = tally_ballot_of(t, seat);
        const struct state_recused *gone = tally_recused(t, seat);
        struct query_stand_in s = {.principal = seat, .recused = gone != NULL};
        if (gone != NULL)
            s.seats = gone->asked;
        else if (b == NULL)
            TRY(stand_in_covering(v, a, m, seat, STAND_IN_ANY_TIME, &s.seats, err));
        if (s.recused || s.seats.n > 0)
            q->stand_ins.v[q->stand_ins.n++] = s;
    }
    return ST_OK;
}

/* "; for brand/finance its alternate brand/quality", for each. */
static const char *stand_in_words(const struct query_partner *q, struct arena *a)
{
    const char *all = "";
    for (size_t i = 0; i < q->stand_ins.n; i++) {
        const struct query_stand_in *s = &q->stand_ins.v[i];
        if (!s->recused)
            all = charter_text(a, "%s; for %.*s its alternate %.*s", all, SPAN_FMT(s->principal),
                               SPAN_FMT(query_list_text(&s->seats, a)));
        else if (s->seats.n > 0)
            all = charter_text(a, "%s; %.*s recused itself: in its stead %.*s", all, SPAN_FMT(s->principal),
                               SPAN_FMT(query_list_text(&s->seats, a)));
        else
            all = charter_text(a, "%s; %.*s recused itself", all, SPAN_FMT(s->principal));
        if (all == NULL)
            return "";
        if (strlen(all) > STAND_IN_WORDS)
            return charter_text(a, "%.*s...", STAND_IN_WORDS, all);
    }
    return all;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static enum status partner_line(const struct view *v, const struct matter *m, const struct tally *t,
                                const struct tally_partner *p, struct arena *a, struct query_partner *q,
                                struct err *err)
{
    *q = (struct query_partner){
        .org = p->partner->org, .position = p->position, .count = p->term->count, .of = p->term->of};
    q->approved = seats_that(t, p, a, CHOICE_APPROVE);
    q->rejected = seats_that(t, p, a, CHOICE_REJECT);
    q->abstained = seats_that(t, p, a, CHOICE_ABSTAIN);
    TRY(silent_seats(v, t, p, a, q, err));
    TRY(stand_ins(v, m, t, p, a, q, err));
    const char *words = NULL, *others = stand_in_words(q, a);
    if (p->position == POSITION_OWES && q->could.n > 0)
        words =
            charter_text(a, "needs %" PRIu64 " seat%s of %.*s (has %zu of %" PRIu64 "); could act: %.*s%s",
                         q->count, plural(q->count), SPAN_FMT(q->org), q->approved.n, q->count,
                         SPAN_FMT(query_list_text(&q->could, a)), others);
    else if (p->position == POSITION_OWES && q->empty.n == 0)
        words = charter_text(a, "needs %" PRIu64 " seat%s of %.*s (has %zu of %" PRIu64 ")%s", q->count,
                             plural(q->count), SPAN_FMT(q->org), q->approved.n, q->count, others);
    else if (p->position == POSITION_OWES)
        words = charter_text(
            a,
            "needs %" PRIu64 " seat%s of %.*s, but those left are empty: %.*s; its registrar can fill them%s",
            q->count, plural(q->count), SPAN_FMT(q->org), SPAN_FMT(query_list_text(&q->empty, a)), others);
    else if (p->position == POSITION_REJECTS)
        words = charter_text(a, "%.*s rejects (%.*s)", SPAN_FMT(q->org),
                             SPAN_FMT(query_list_text(&q->rejected, a)));
    if (words != NULL) {
        q->words = span_str(words);
        SET_HAS(q, query_partner_key_words);
    }
    return ST_OK;
}

/* What happens if nobody speaks until the deadline. */
static struct span silence(const struct matter *m, const struct tally *t, const struct span_list *deemed,
                           struct arena *a)
{
    const char *s = "";
    const struct charter_else *o = &m->p.otherwise;
    uint64_t next = course_next_rung(m);
    if (m->d.phase == PHASE_PASSED)
        return span_str("takes effect");
    if (m->d.phase == PHASE_EFFECTIVE && HAS(&m->d, state_decision_key_until_ms))
        return span_str("expires");
    if (!course_is_undecided(&m->d))
        return span_str("");
    if (m->d.phase == PHASE_PAUSED)
        return span_str("it goes on");
    if (deemed->n > 0) {
        s = charter_text(a, "counts as approval of %.*s: it passes", SPAN_FMT(query_list_text(deemed, a)));
        return span_str(s == NULL ? "" : s);
    }
    if (!t->owes && !(t->met && !t->inputs) && m->d.phase == PHASE_OPEN)
        return span_str("rejected");
    if (next != 0)
        s = charter_text(a, "escalates by itself to %.*s", SPAN_FMT(course_rung_name(m, next)));
    else if (HAS(o, charter_else_key_name))
        s = charter_text(a, "the ladder ends: %s %.*s", enum_text(&last_resort_enum, o->type),
                         SPAN_FMT(o->name));
    else
        s = charter_text(a, "the ladder ends: %s", enum_text(&last_resort_enum, o->type));
    return s == NULL ? span_str("") : span_str(s);
}

/* An input that is still to be given, in words. */
static const char *need_words(const struct matter *m, const struct charter_need *need, struct arena *a)
{
    if (HAS(need, charter_need_key_seat))
        return charter_text(a, "needs to hear %.*s: it gives its consultation", SPAN_FMT(need->seat));
    const char *what = need->type == INPUT_IMPACT ? "an impact assessment" : "a due diligence report";
    return charter_text(a, "needs %s, from an owner: %.*s", what, SPAN_FMT(query_list_text(&m->p.owners, a)));
}

static enum status inputs_missing(const struct view *v, const struct matter *m, struct arena *a,
                                  struct span_list *missing, struct err *err)
{
    for (size_t i = 0; HAS(&m->p, state_pinned_key_needs) && i < m->p.needs.n; i++) {
        bool is;
        TRY(tally_needs(v, a, m, i, &is, err));
        const char *words = is ? need_words(m, &m->p.needs.v[i], a) : NULL;
        if (is && words == NULL)
            return query_full(err);
        if (is)
            missing->v[missing->n++] = span_str(words);
    }
    return ST_OK;
}

/* Partners asked, and those that approve wherever they are asked. */
static enum status count_partners(const struct tally *t, struct query_readiness *q, struct arena *a,
                                  struct err *err)
{
    struct span_list seen = {0, arena_array(a, t->n + 1, sizeof(struct span))};
    if (seen.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < t->n; i++) {
        struct span org = t->v[i].partner->org;
        if (state_list_has(&seen, org))
            continue;
        seen.v[seen.n++] = org;
        q->approving += tally_of_partner(t, org) == POSITION_APPROVES;
    }
    q->asked = seen.n;
    return ST_OK;
}

/* What the mediator recommends, and who has seen the revision. */
static enum status shown(const struct view *v, const struct matter *m, struct arena *a,
                         struct query_readiness *q, struct err *err)
{
    struct tkey prefix = tkey_revision(m->d.number, m->d.revision);
    if (m->recommended != NULL) {
        q->recommended = m->recommended->id;
        q->recommended_leaf = m->recommended->leaf;
        SET_HAS(q, query_readiness_key_recommended);
        SET_HAS(q, query_readiness_key_recommended_leaf);
    }
    if (!receipt_counts(&m->d))
        return ST_OK;
    struct query_grow g = {0};
    struct span *keys;
    TRY(query_scan(v, TABLE_RECEIPT, &prefix, prefix.n, &state_receipt_desc, a, &g, &keys, err));
    q->receipts_until_ms = m->d.receipts_until_ms;
    SET_HAS(q, query_readiness_key_receipts_until_ms);
    q->receipts.v = arena_array(a, g.n + 1, sizeof *q->receipts.v);
    if (q->receipts.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++)
        q->receipts.v[q->receipts.n++] = span_of(keys[i].p + prefix.n, keys[i].n - prefix.n);
    return ST_OK;
}

static enum status readiness_of(const struct view *v, const struct matter *m, struct arena *a,
                                struct query_readiness *q, struct err *err)
{
    struct tally t;
    uint64_t deadline;
    enum timer_kind kind;
    struct span_list deemed = {0};
    bool deems;
    TRY(tally_take(v, a, m, m->d.rung, &t, err));
    TRY(receipt_deems(v, a, m, &t, &deems, &deemed, err));
    if (!deems)
        deemed.n = 0;
    *q = (struct query_readiness){.decision = m->d.number,
                                  .type = m->d.type,
                                  .phase = m->d.phase,
                                  .revision = m->d.revision,
                                  .digest = m->d.digest,
                                  .rung = m->d.rung,
                                  .to = course_rung_name(m, m->d.rung),
                                  .ready = t.passes,
                                  .silence = silence(m, &t, &deemed, a)};
    TRY(count_partners(&t, q, a, err));
    TRY(shown(v, m, a, q, err));
    q->partners.v = arena_array(a, t.n + 1, sizeof *q->partners.v);
    size_t needs = HAS(&m->p, state_pinned_key_needs) ? m->p.needs.n : 0;
    q->missing.v = arena_array(a, t.n + needs + 2, sizeof *q->missing.v);
    if (q->partners.v == NULL || q->missing.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < t.n; i++) {
        struct query_partner *p = &q->partners.v[q->partners.n++];
        TRY(partner_line(v, m, &t, &t.v[i], a, p, err));
        if (course_is_undecided(&m->d) && HAS(p, query_partner_key_words))
            q->missing.v[q->missing.n++] = p->words;
    }
    if (m->d.phase == PHASE_MEDIATION && m->recommended == NULL) {
        const char *with = charter_text(a, "it is with %.*s, to recommend a text", SPAN_FMT(q->to));
        q->missing.v[q->missing.n++] = span_str(with == NULL ? "" : with);
    } else if (m->d.phase == PHASE_PAUSED)
        q->missing.v[q->missing.n++] = span_str("it is paused; a seat that may pause it may resume it");
    else if (m->d.phase == PHASE_OPEN && !t.met && q->missing.n == 0)
        q->missing.v[q->missing.n++] = span_str("too few partners approve");
    if (course_is_undecided(&m->d))
        TRY(inputs_missing(v, m, a, &q->missing, err));
    if (course_timer(&m->d, &deadline, &kind)) {
        q->deadline_ms = deadline;
        SET_HAS(q, query_readiness_key_deadline_ms);
    }
    if (course_is_live(&m->d))
        q->veto = m->p.veto;
    if (m->d.phase == PHASE_PASSED && HAS(&m->d, state_decision_key_effective_ms)) {
        q->veto_until_ms = m->d.effective_ms;
        SET_HAS(q, query_readiness_key_veto_until_ms);
    }
    return ST_OK;
}

static enum status rests(const struct view *v, const struct matter *m, const struct state_revision *now,
                         const struct state_event_list *events, struct arena *a, struct query_readiness *q, struct err *err)
{
    TRY(query_reliances(v, m, now, a, &q->relies, err));
    return query_doubts(v, &m->d, events, a, &q->doubts, err);
}

enum status query_readiness(const struct view *v, uint64_t number, struct arena *a,
                            struct query_readiness *ret, struct err *err)
{
    struct matter m;
    struct state_revision now;
    struct query_grow events = {0};
    struct tkey k = tkey_u64(number);
    TRY(matter(v, number, a, &m, err));
    TRY(query_scan(v, TABLE_EVENT, &k, 8, &state_event_desc, a, &events, NULL, err));
    k = tkey_revision(number, m.d.revision);
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &now, err));
    TRY(readiness_of(v, &m, a, ret, err));
    return rests(v, &m, &now, &(struct state_event_list){events.n, events.v}, a, ret, err);
}

enum status query_effective(const struct view *v, uint64_t number, uint64_t at_ms, struct arena *a,
                            uint64_t *ret_ms, struct err *err)
{
    struct matter m;
    TRY(matter(v, number, a, &m, err));
    return due_at(v, a, &m.p, at_ms, &m.p.notice, ret_ms, err);
}

/* --- One decision, whole --- */

/* Keys of BALLOT: u64 decision, u16 revision, u8 rung, seat. */
static enum status ballots_of(const struct view *v, const struct matter *m, struct arena *a,
                              struct query_ballot_list *ret, struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey k = tkey_tally(m->d.number, 0, 0);
    TRY(query_scan(v, TABLE_BALLOT, &k, 8, &state_ballot_desc, a, &g, &keys, err));
    const struct state_ballot *b = g.v;
    ret->v = arena_array(a, g.n + 1, sizeof *ret->v);
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++) {
        const uint8_t *p = keys[i].p;
        struct query_ballot *q = &ret->v[ret->n++];
        *q = (struct query_ballot){.revision = (uint64_t)p[8] << 8 | p[9],
                                   .rung = p[10],
                                   .seat = span_of(p + TKEY_TALLY_LEN, keys[i].n - TKEY_TALLY_LEN),
                                   .ballot = b[i]};
        q->counts = q->revision == m->d.revision && q->rung == m->d.rung;
    }
    return ST_OK;
}

static enum status notes_of(const struct view *v, const struct state_event_list *events, struct arena *a,
                            struct state_note_list *ret, struct err *err)
{
    ret->v = arena_array(a, events->n + 1, sizeof *ret->v);
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < events->n; i++) {
        if (events->v[i].type != EVENT_NOTE)
            continue;
        struct tkey k = tkey_u64(events->v[i].other);
        TRY(state_need(v, a, TABLE_NOTE, &k, &state_note_desc, &ret->v[ret->n++], err));
    }
    return ST_OK;
}

/* Keys of INPUT: u64 decision, u16 revision, u8 need. */
static enum status inputs_of(const struct view *v, const struct matter *m, struct arena *a,
                             struct query_input_list *ret, struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey k = tkey_u64(m->d.number);
    TRY(query_scan(v, TABLE_INPUT, &k, 8, &state_input_desc, a, &g, &keys, err));
    const struct state_input *in = g.v;
    ret->v = arena_array(a, g.n + 1, sizeof *ret->v);
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++) {
        struct query_input *q = &ret->v[ret->n++];
        *q = (struct query_input){.revision = (uint64_t)keys[i].p[8] << 8 | keys[i].p[9], .input = in[i]};
        q->counts = q->revision == m->d.revision;
    }
    return ST_OK;
}

enum status query_decision(const struct view *v, uint64_t number, struct arena *a, struct query_decision *ret,
                           struct err *err)
{
    struct matter m;
    struct query_decision q = {0};
    struct query_grow revisions = {0}, events = {0};
    struct tkey k = tkey_u64(number);
    TRY(matter(v, number, a, &m, err));
    q.decision = m.d;
    q.pinned = m.p;
    TRY(query_scan(v, TABLE_REVISION, &k, 8, &state_revision_desc, a, &revisions, NULL, err));
    TRY(query_scan(v, TABLE_EVENT, &k, 8, &state_event_desc, a, &events, NULL, err));
    q.revisions = (struct state_revision_list){revisions.n, revisions.v};
    q.events = (struct state_event_list){events.n, events.v};
    TRY(ballots_of(v, &m, a, &q.ballots, err));
    TRY(notes_of(v, &q.events, a, &q.notes, err));
    TRY(inputs_of(v, &m, a, &q.inputs, err));
    TRY(readiness_of(v, &m, a, &q.readiness, err));
    TRY(rests(v, &m, &q.revisions.v[q.revisions.n - 1], &q.events, a, &q.readiness, err));
    *ret = q;
    return ST_OK;
}

/* --- Lists --- */

static enum status revision_leaf(const struct view *v, const struct state_decision *d, struct arena *a,
                                 uint64_t *ret_leaf, struct err *err)
{
    struct state_revision rev;
    struct tkey k = tkey_revision(d->number, d->revision);
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    *ret_leaf = rev.leaf;
    return ST_OK;
}

static enum status line_of(const struct view *v, const struct state_decision *d, struct arena *a,
                           struct query_line *q, struct err *err)
{
    uint64_t deadline;
    enum timer_kind kind;
    *q = (struct query_line){.number = d->number,
                             .type = d->type,
                             .phase = d->phase,
                             .title = d->title,
                             .mover = d->mover,
                             .revision = d->revision,
                             .digest = d->digest,
                             .rung = d->rung,
                             .opened_ms = d->opened_ms,
                             .changed_leaf = d->changed_leaf};
    if (course_timer(d, &deadline, &kind)) {
        q->deadline_ms = deadline;
        SET_HAS(q, query_line_key_deadline_ms);
    }
    if (HAS(d, state_decision_key_effective_ms)) {
        q->effective_ms = d->effective_ms;
        SET_HAS(q, query_line_key_effective_ms);
    }
    if (HAS(d, state_decision_key_closed_ms)) {
        q->closed_ms = d->closed_ms;
        SET_HAS(q, query_line_key_closed_ms);
    }
    return revision_leaf(v, d, a, &q->leaf, err);
}

enum status query_decisions(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                            struct query_decisions *ret, struct err *err)
{
    struct query_decisions q = {0};
    struct query_grow g = {.size = sizeof(struct query_line)};
    struct span key, value;
    uint64_t most = count < LIST_MAX ? count : LIST_MAX;
    for (;;) {
        struct tkey k = tkey_u64(from);
        struct state_decision d;
        enum status st = view_next(v, TABLE_DECISION, tkey_span(&k), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return err_set(err, st, "decisions cannot be read");
        if (g.n == most) {
            q.more = true;
            break;
        }
        TRY(codec_decode(&state_decision_desc, arena_dup(a, value), a, &d, err));
        struct query_line *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        TRY(line_of(v, &d, a, line, err));
        from = d.number + 1;
    }
    q.list = (struct query_line_list){g.n, g.v};
    *ret = q;
    return ST_OK;
}

/* --- Inbox: what live decisions ask. They are found by their timers, so closed ones cost nothing. --- */

struct inbox {
    struct span org;
    const struct span_list *only;
    struct query_grow tasks;
};

static bool wanted(const struct inbox *in, struct span seat)
{
    if (!span_eq(state_seat_org(seat), in->org))
        return false;
    for (size_t i = 0; in->only != NULL && i < in->only->n; i++)
        if (span_eq(in->only->v[i], seat))
            return true;
    return in->only == NULL;
}

static enum status add_task(const struct view *v, struct inbox *in, const struct matter *m,
                            enum task_type type, struct span_list seats, const char *words, struct arena *a,
                            struct err *err)
{
    uint64_t deadline;
    enum timer_kind kind;
    struct query_task *t = seats.n == 0 || in->tasks.n == TASKS_MAX ? NULL : query_grow_one(&in->tasks, a);
    if (t == NULL)
        return ST_OK;
    *t = (struct query_task){.decision = m->d.number,
                             .type = m->d.type,
                             .task = type,
                             .title = m->d.title,
                             .revision = m->d.revision,
                             .digest = m->d.digest,
                             .rung = m->d.rung,
                             .seats = seats,
                             .words = span_str(words)};
    if (course_timer(&m->d, &deadline, &kind)) {
        t->deadline_ms = deadline;
        SET_HAS(t, query_task_key_deadline_ms);
    }
    return revision_leaf(v, &m->d, a, &t->leaf, err);
}

/* What it needs besides ballots: from the seat that is consulted, or from its owners. */
static enum status input_tasks(const struct view *v, struct inbox *in, const struct matter *m,
                               struct arena *a, struct err *err)
{
    for (size_t i = 0; HAS(&m->p, state_pinned_key_needs) && i < m->p.needs.n; i++) {
        const struct charter_need *need = &m->p.needs.v[i];
        struct span_list seats = {0, arena_array(a, m->p.owners.n + 1, sizeof(struct span))};
        bool missing;
        TRY(tally_needs(v, a, m, i, &missing, err));
        if (!missing)
            continue;
        const char *words = need_words(m, need, a);
        if (seats.v == NULL || words == NULL)
            return query_full(err);
        if (HAS(need, charter_need_key_seat) && wanted(in, need->seat))
            seats.v[seats.n++] = need->seat;
        for (size_t k = 0; !HAS(need, charter_need_key_seat) && k < m->p.owners.n; k++)
            if (wanted(in, m->p.owners.v[k]))
                seats.v[seats.n++] = m->p.owners.v[k];
        TRY(add_task(v, in, m, TASK_INPUT, seats, words, a, err));
    }
    return ST_OK;
}

static enum status tasks_of(const struct view *v, struct inbox *in, const struct matter *m, struct arena *a,
                            struct err *err)
{
    struct tally t;
    struct span_list seats = {0, arena_array(a, LIMIT_VALIDATORS * 4, sizeof(struct span))};
    if (seats.v == NULL)
        return query_full(err);
    if (m->d.phase == PHASE_STALE && wanted(in, m->d.mover)) {
        seats.v[seats.n++] = m->d.mover;
        return add_task(v, in, m, TASK_REBASE, seats,
                        "what it would change has changed: revise it, or it lapses", a, err);
    }
    if (m->d.phase == PHASE_MEDIATION && m->recommended == NULL &&
        wanted(in, course_rung_name(m, m->d.rung))) {
        seats.v[seats.n++] = course_rung_name(m, m->d.rung);
        return add_task(v, in, m, TASK_MEDIATE, seats, "it is with the mediator, to recommend a text", a,
                        err);
    }
    bool answer = m->d.phase == PHASE_MEDIATION && m->recommended != NULL;
    if (m->d.phase != PHASE_OPEN && !answer)
        return ST_OK;
    TRY(tally_take(v, a, m, m->d.rung, &t, err));
    for (size_t i = 0; i < t.n; i++) {
        if (t.v[i].position != POSITION_OWES)
            continue;
        for (size_t k = 0; k < t.v[i].partner->seats.n && seats.n < LIMIT_VALIDATORS * 4; k++) {
            struct span seat = t.v[i].partner->seats.v[k];
            const struct state_recused *gone = tally_recused(&t, seat);
            const struct state_ballot *b = tally_ballot_of(&t, seat);
            if (gone == NULL && wanted(in, seat) && b == NULL && !state_list_has(&seats, seat))
                seats.v[seats.n++] = seat;
            bool open = gone != NULL && (b == NULL || !HAS(b, state_ballot_key_by));
            for (size_t s = 0; open && s < gone->asked.n && seats.n < LIMIT_VALIDATORS * 4; s++)
                if (wanted(in, gone->asked.v[s]) && !state_list_has(&seats, gone->asked.v[s]))
                    seats.v[seats.n++] = gone->asked.v[s];
        }
    }
    TRY(add_task(v, in, m, answer ? TASK_ANSWER : TASK_BALLOT, seats,
                 answer ? "an answer to what the mediator recommends is owed; silence declines"
                        : "a ballot is owed",
                 a, err));
    return answer ? ST_OK : input_tasks(v, in, m, a, err);
}

enum status query_inbox(const struct view *v, struct span org, const struct span_list *seats, struct arena *a,
                        struct query_inbox *ret, struct err *err)
{
    struct inbox in = {.org = org, .only = seats, .tasks = {.size = sizeof(struct query_task)}};
    struct query_own_task_list own;
    struct span key, value, from = {NULL, 0};
    TRY(query_own_tasks(v, org, seats, a, &own, err));
    for (;;) {
        uint64_t deadline, number;
        uint8_t kind;
        struct matter m;
        enum status st = view_next(v, TABLE_TIMER, from, &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK || key.n != TKEY_TIMER_LEN)
            return err_set(err, st == ST_OK ? ST_CORRUPT : st, "deadlines cannot be read");
        uint8_t *next = arena_alloc(a, key.n + 1);
        if (next == NULL)
            return query_full(err);
        memcpy(next, key.p, key.n);
        from = span_of(next, key.n + 1);
        tkey_timer_parts(key, &deadline, &number, &kind);
        if (!state_timer_of_decision((enum timer_kind)kind))
            continue;
        TRY(matter(v, number, a, &m, err));
        TRY(tasks_of(v, &in, &m, a, err));
        TRY(query_reseat_task(v, &m, org, seats, a, &own, err));
    }
    struct query_inbox q = {.list = {in.tasks.n, in.tasks.v}, .more = in.tasks.n == TASKS_MAX, .own = own};
    TRY(query_item_tasks(v, org, seats, a, &q.items, err));
    TRY(query_session_tasks(v, org, seats, a, &q.sessions, err));
    TRY(query_grant_tasks(v, org, seats, a, &q.grants, err));
    *ret = q;
    return ST_OK;
}

/* --- Sections, halts --- */

enum status query_section(const struct view *v, uint64_t number, struct arena *a, struct query_section *ret,
                          struct err *err)
{
    struct query_section q = {.number = number, .current = true};
    if (number == 0 || number > 63)
        return err_set(err, ST_NOTFOUND, "there is no charter section %" PRIu64, number);
    struct tkey k = tkey_section(number);
    enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &q.section, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "this charter has no section %" PRIu64, number);
    if (st == ST_OK)
        *ret = q;
    return st;
}

enum status query_section_version(const struct view *v, uint64_t number, uint64_t version, struct arena *a,
                                  struct query_section *ret, struct err *err)
{
    struct query_section q;
    enum status st = query_section(v, number, a, &q, err);
    if (st != ST_OK || q.section.version == version) {
        if (st == ST_OK)
            *ret = q;
        return st;
    }
    q.current = false;
    struct tkey k = tkey_section_old(number, version);
    st = state_get(v, a, TABLE_SECTION_OLD, &k, &state_section_desc, &q.section, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "charter section %" PRIu64 " has no version %" PRIu64, number, version);
    if (st == ST_OK)
        *ret = q;
    return st;
}

enum status query_halts(const struct view *v, uint64_t from_ms, uint64_t count, struct arena *a,
                        struct query_halts *ret, struct err *err)
{
    struct query_grow g = {.size = sizeof(struct query_halt)};
    struct span key, value;
    while (g.n < count && g.n < LIST_MAX) {
        struct tkey k = tkey_u64(from_ms);
        enum status st = view_next(v, TABLE_HALT, tkey_span(&k), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK || key.n != 8)
            return err_set(err, st == ST_OK ? ST_CORRUPT : st, "halts cannot be read");
        struct query_halt *q = query_grow_one(&g, a);
        if (q == NULL)
            return query_full(err);
        *q = (struct query_halt){.at_ms = load_u64(key.p)};
        TRY(codec_decode(&state_halt_desc, arena_dup(a, value), a, &q->halt, err));
        from_ms = q->at_ms + 1;
    }
    *ret = (struct query_halts){.list = {g.n, g.v}};
    return ST_OK;
}
