#include "audit/findings.h"
#include "crypto/sshpub.h"
#include "gov/due.h"
#include "gov/item_id.h"
#include "gov/query.h"
#include "gov/query_part.h"

const char *const finding_text[FINDING_KINDS] = {
    [FINDING_DEEMED] = "deemed",
    [FINDING_DEFAULT] = "default",
    [FINDING_ESCALATED] = "escalated",
    [FINDING_ACT_FIRST] = "act-first",
    [FINDING_ALTERNATE] = "alternate acted",
    [FINDING_INSTEAD] = "acted for a recused seat",
    [FINDING_NEW_KEY] = "key changed < 5 bd before a ballot",
    [FINDING_SUSPECT] = "signed by a suspect key",
    [FINDING_HALT] = "halt",
    [FINDING_LATE] = "late",
    [FINDING_WARNED] = "early warning",
    [FINDING_REFOUNDING] = "re-founding",
    [FINDING_RECOVERY] = "recovery",
    [FINDING_REGISTRAR] = "registrar replaced",
    [FINDING_TAKEOVER] = "node replaced",
    [FINDING_REVOKED] = "key revoked",
    [FINDING_SUSPENDED] = "node suspended",
    [FINDING_FAULT] = "fault proof",
    [FINDING_ERASED] = "texts erased",
    [FINDING_LEFT] = "erased text in the pack",
    [FINDING_TEXT] = "text absent",
    [FINDING_DOCUMENT] = "document not in the pack",
};
static_assert(FINDING_NEW_KEY_BD == 5, "said in finding_text, and in docs/audit.md");

struct search {
    const struct audit_record *r;
    struct finding_list *l;
    struct arena *a;
    struct err *err;
};

static struct finding *add(struct search *s, enum finding_kind kind, uint64_t leaf, uint64_t at_ms,
                           const char *words)
{
    struct finding_list *l = s->l;
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
        struct finding *v = arena_array(s->a, cap, sizeof *v);
        ASSERT(v != NULL);
        if (l->n > 0)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    struct finding *f = &l->v[l->n++];
    *f = (struct finding){.kind = kind, .leaf = leaf, .at_ms = at_ms, .id = "", .seat = "", .words = words};
    return f;
}

static const char *str(struct search *s, struct span text)
{
    return text_of(s->a, "%.*s", SPAN_FMT(text));
}

const char *duration_text(struct arena *a, uint64_t ms)
{
    uint64_t s = ms / 1000, d = s / 86400, h = s / 3600 % 24, m = s / 60 % 60;
    if (d > 0)
        return text_of(a, h > 0 ? "%" PRIu64 " d %" PRIu64 " h" : "%" PRIu64 " d", d, h);
    if (h > 0)
        return text_of(a, m > 0 ? "%" PRIu64 " h %" PRIu64 " min" : "%" PRIu64 " h", h, m);
    return m > 0 ? text_of(a, "%" PRIu64 " min", m) : text_of(a, "%" PRIu64 " s", s % 60);
}

/* --- Decisions --- */

static const struct hold *hold_of(const struct history *h, struct span seat, const struct hash *key,
                                  uint64_t leaf)
{
    for (size_t i = h->n_holds; i > 0; i--) {
        const struct hold *o = &h->holds[i - 1];
        if (hash_eq(&o->key.key, key) && span_eq(o->seat, seat) && o->from_leaf < leaf && leaf <= o->to_leaf)
            return o;
    }
    return NULL;
}

static const struct stand *stand_of(const struct history *h, struct span principal, struct span by,
                                    uint64_t leaf)
{
    for (size_t i = h->n_stands; i > 0; i--) {
        const struct stand *o = &h->stands[i - 1];
        if (span_eq(o->alternate.seat, by) && span_eq(o->seat, principal) && o->from_leaf < leaf &&
            leaf <= o->to_leaf)
            return o;
    }
    return NULL;
}

/* Is it new at at_ms, on the decision's calendar? */
static enum status is_new(struct search *s, uint64_t number, uint64_t from_leaf, uint64_t from_ms,
                          uint64_t at_ms, bool *ret_new)
{
    struct state_pinned p;
    struct tkey k = tkey_u64(number);
    struct charter_span five = {.n = FINDING_NEW_KEY_BD, .unit = UNIT_BD};
    uint64_t until;
    *ret_new = false;
    if (from_leaf < s->r->h->founding_leaves)
        return ST_OK;
    TRY(state_need(s->r->v, s->a, TABLE_PINNED, &k, &state_pinned_desc, &p, s->err));
    TRY(due_at(s->r->v, s->a, &p, from_ms, &five, &until, s->err));
    *ret_new = at_ms < until;
    return ST_OK;
}

static struct finding *of_decision(struct search *s, const struct audit_decision *d,
                                   const struct state_event *e, enum finding_kind kind, const char *words)
{
    struct finding *f =
        add(s, kind, e->leaf, e->at_ms, text_of(s->a, "%.*s: %s", SPAN_FMT(d->d.type), words));
    f->id = text_of(s->a, "D-%" PRIu64, d->d.number);
    f->seat = HAS(e, state_event_key_seat) ? str(s, e->seat) : "";
    return f;
}

static bool was_recused(const struct audit_decision *d, struct span seat, uint64_t leaf)
{
    for (size_t i = 0; i < d->events.n; i++) {
        const struct state_event *e = &d->events.v[i];
        if (e->type == EVENT_BALLOT && e->leaf <= leaf && e->choice == CHOICE_RECUSE &&
            span_eq(e->seat, seat))
            return true;
    }
    return false;
}

static enum status ballot(struct search *s, const struct audit_decision *d, const struct state_event *e)
{
    struct span bytes;
    struct leaf leaf;
    bool new;
    TRY(block_leaf(s->r->v, e->leaf, &bytes, s->err));
    TRY(leaf_parse(bytes, s->a, &leaf, s->err));
    const struct hold *o = hold_of(s->r->h, e->seat, &leaf.signature.key, e->leaf);
    struct public_key key = {.alg = leaf.signature.alg, .key = leaf.signature.key};
    if (o != NULL) {
        TRY(is_new(s, d->d.number, o->from_leaf, o->from_ms, e->at_ms, &new));
        if (new)
            of_decision(s, d, e, FINDING_NEW_KEY,
                        text_of(s->a, "%s, by %s, set by leaf %" PRIu64 " at %s (%s)",
                                enum_text(&choice_enum, e->choice), sshpub_fingerprint(&key).s, o->from_leaf,
                                time_utc(o->from_ms).s, record_cause(s->r, o->from_leaf)));
    }
    if (!HAS(e, state_event_key_principal))
        return ST_OK;
    bool instead = was_recused(d, e->principal, e->leaf);
    of_decision(s, d, e, instead ? FINDING_INSTEAD : FINDING_ALTERNATE,
                text_of(s->a, "%s for %.*s%s", enum_text(&choice_enum, e->choice), SPAN_FMT(e->principal),
                        instead ? ", which recused itself" : ""));
    const struct stand *t = instead ? NULL : stand_of(s->r->h, e->principal, e->seat, e->leaf);
    if (t == NULL)
        return ST_OK;
    TRY(is_new(s, d->d.number, t->from_leaf, t->from_ms, e->at_ms, &new));
    if (new)
        of_decision(s, d, e, FINDING_NEW_KEY,
                    text_of(s->a, "%s for %.*s, whose alternate it became by leaf %" PRIu64 " at %s",
                            enum_text(&choice_enum, e->choice), SPAN_FMT(e->principal), t->from_leaf,
                            time_utc(t->from_ms).s));
    return ST_OK;
}

static const char *outcome_text(struct search *s, enum last_resort outcome, struct span name)
{
    return text_of(s->a, "%s%s%.*s", enum_text(&last_resort_enum, outcome), name.n == 0 ? "" : " ",
                   SPAN_FMT(name));
}

static enum status one_event(struct search *s, const struct audit_decision *d, const struct state_event *e)
{
    switch ((int)e->type) { /* others are nothing out of the ordinary */
    case EVENT_DEEMED:
        of_decision(s, d, e, FINDING_DEEMED,
                    text_of(s->a, "the silence of %.*s counted as approval", SPAN_FMT(e->name)));
        return ST_OK;
    case EVENT_DEFAULT:
        of_decision(
            s, d, e, FINDING_DEFAULT,
            outcome_text(s, e->outcome, HAS(e, state_event_key_name) ? e->name : (struct span){NULL, 0}));
        return ST_OK;
    case EVENT_ESCALATED:
        of_decision(
            s, d, e, FINDING_ESCALATED,
            text_of(s->a, "to %.*s%s", SPAN_FMT(e->to), HAS(e, state_event_key_seat) ? "" : ", by itself"));
        return ST_OK;
    case EVENT_BEYOND:
        of_decision(s, d, e, FINDING_ESCALATED, text_of(s->a, "beyond its budget, to %.*s", SPAN_FMT(e->to)));
        return ST_OK;
    case EVENT_ACTED: {
        bool stands = d->d.phase == PHASE_EFFECTIVE || d->d.phase == PHASE_PASSED || d->d.phase == PHASE_EXPIRED ||
                      d->d.phase == PHASE_SUPERSEDED;
        of_decision(s, d, e, FINDING_ACT_FIRST,
                    d->not_ratified ? "not ratified"
                    : stands        ? "ratified"
                                    : "not ratified yet")
            ->amount = stands;
        return ST_OK;
    }
    case EVENT_BALLOT:
        return ballot(s, d, e);
    default:
        return ST_OK;
    }
}

/* --- Items and readings --- */

static void item_event(struct search *s, const struct state_item *it, const struct state_item_event *e)
{
    const char *words = NULL;
    enum finding_kind kind = FINDING_LATE;
    if (e->type == ITEM_EVENT_OVERDUE)
        words = "overdue";
    else if (e->type == ITEM_EVENT_REVIEW_DUE)
        words = "its review fell due";
    else if (e->type == ITEM_EVENT_NOT_TAKEN)
        words = "not taken by who it was offered to";
    else if (e->type == ITEM_EVENT_ESCALATED) {
        kind = FINDING_ESCALATED;
        words = text_of(s->a, "to %.*s%s", SPAN_FMT(e->to),
                        HAS(e, state_item_event_key_seat) ? "" : ", by itself");
    } else if (e->type == ITEM_EVENT_WARNED) {
        kind = FINDING_WARNED;
        words = text_of(s->a, "%s, by K-%" PRIu64, item_indicator_text(s->a, &e->indicator), e->reading);
    } else if (e->type == ITEM_EVENT_DEFAULT) {
        kind = FINDING_DEFAULT;
        words =
            outcome_text(s, e->outcome, HAS(e, state_item_event_key_name) ? e->name : (struct span){NULL, 0});
    } else {
        return;
    }
    struct finding *f = add(s, kind, e->leaf, e->at_ms,
                            text_of(s->a, "%s: %s", enum_text(&item_type_enum, it->item.type), words));
    f->id = text_of(s->a, "%s", item_id(it->item.type, it->number).s);
    f->seat = HAS(e, state_item_event_key_seat) ? str(s, e->seat) : str(s, it->owner);
}

static enum status items(struct search *s)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    TRY(query_scan(s->r->v, TABLE_ITEM, &all, 0, &state_item_desc, s->a, &g, NULL, s->err));
    for (size_t i = 0; i < g.n; i++) {
        const struct state_item *it = &((const struct state_item *)g.v)[i];
        struct tkey k = tkey_item(it->item.type, it->number);
        struct query_grow events = {0};
        TRY(query_scan(s->r->v, TABLE_ITEM_EVENT, &k, k.n, &state_item_event_desc, s->a, &events, NULL,
                       s->err));
        for (size_t e = 0; e < events.n; e++)
            item_event(s, it, &((const struct state_item_event *)events.v)[e]);
    }
    return ST_OK;
}

static void late_reading(struct search *s, const struct state_reading *k, uint64_t at_ms, const char *what)
{
    struct finding *f =
        add(s, FINDING_LATE, record_leaf_at(s->r, at_ms), at_ms,
            text_of(s->a, "reading of %.*s by %.*s: %s", SPAN_FMT(k->metric), SPAN_FMT(k->org), what));
    f->id = text_of(s->a, "K-%" PRIu64, k->number);
}

static enum status readings(struct search *s)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    TRY(query_scan(s->r->v, TABLE_READING, &all, 0, &state_reading_desc, s->a, &g, NULL, s->err));
    for (size_t i = 0; i < g.n; i++) {
        const struct state_reading *k = &((const struct state_reading *)g.v)[i];
        if (HAS(k, state_reading_key_late_ms))
            late_reading(s, k, k->late_ms, "not reported, committed or revealed when it was due");
        if (HAS(k, state_reading_key_unmarked_ms))
            late_reading(s, k, k->unmarked_ms,
                         "not countersigned, or its dispute not answered, when that was due");
    }
    return ST_OK;
}

/* --- Halts, keys, organisations, texts --- */

static enum status halts(struct search *s)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey all = {0};
    TRY(query_scan(s->r->v, TABLE_HALT, &all, 0, &state_halt_desc, s->a, &g, &keys, s->err));
    for (size_t i = 0; i < g.n; i++) {
        const struct state_halt *h = &((const struct state_halt *)g.v)[i];
        uint64_t at = load_u64(keys[i].p);
        struct finding *f =
            add(s, FINDING_HALT, record_leaf_at(s->r, at), at,
                text_of(s->a, "no block for %s, since %s; %" PRIu64 " deadline%s of silence moved",
                        duration_text(s->a, at - h->from_ms), time_utc(h->from_ms).s, h->moved,
                        h->moved == 1 ? "" : "s"));
        f->amount = at - h->from_ms;
    }
    return ST_OK;
}

static void from_history(struct search *s)
{
    static const enum finding_kind kinds[HISTORY_WHATS] = {[HISTORY_REFOUNDING] = FINDING_REFOUNDING,
                                                           [HISTORY_ANNOUNCED] = FINDING_RECOVERY,
                                                           [HISTORY_CARRIED_OUT] = FINDING_RECOVERY,
                                                           [HISTORY_CANCELLED] = FINDING_RECOVERY,
                                                           [HISTORY_REGISTRAR] = FINDING_REGISTRAR,
                                                           [HISTORY_NODE] = FINDING_TAKEOVER,
                                                           [HISTORY_REVOKED] = FINDING_REVOKED,
                                                           [HISTORY_FAULT] = FINDING_FAULT,
                                                           [HISTORY_JOINED] = FINDING_KINDS,
                                                           [HISTORY_READY] = FINDING_KINDS,
                                                           [HISTORY_SUSPENDED] = FINDING_SUSPENDED,
                                                           [HISTORY_LEFT] = FINDING_KINDS};
    for (size_t i = 0; i < s->r->h->n_events; i++) {
        const struct history_event *e = &s->r->h->events[i];
        if (kinds[e->what] == FINDING_KINDS)
            continue;
        struct finding *f = add(s, kinds[e->what], e->leaf, e->at_ms, e->words);
        if ((e->what == HISTORY_REGISTRAR || e->what == HISTORY_REVOKED) &&
            e->seat.n == 0) /* no entry did it */
            f->words = text_of(s->a, "%s: %s", e->words, record_cause(s->r, e->leaf));
        f->id = str(s, e->org);
        f->seat = str(s, e->seat);
    }
}

static void one_gap(struct search *s, enum finding_kind kind, const struct history_gap *g, const struct leaf *leaf, const char *words)
{
    struct finding *f = add(s, kind, g->leaf, record_time_at(s->r, g->leaf), words);
    f->seat = str(s, leaf->entry.seat);
    f->id = str(s, state_seat_org(leaf->entry.seat));
}

/* How many texts of an entry are absent. The gaps ascend. */
static size_t absent_of(const struct search *s, uint64_t leaf)
{
    const struct history *h = s->r->h;
    size_t lo = 0, hi = h->n_gaps;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (h->gaps[mid].leaf < leaf)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < h->n_gaps && h->gaps[lo].leaf == leaf ? h->gaps[lo].absent : 0;
}

static enum status one_erased(struct search *s, uint64_t index, const struct state_erased *e, struct arena *scratch)
{
    struct span bytes;
    struct leaf leaf;
    size_t named, absent = absent_of(s, index);
    TRY(block_leaf(s->r->v, index, &bytes, s->err));
    if (leaf_parse(bytes, scratch, &leaf, NULL) != ST_OK) /* a block record: it has no texts */
        return ST_OK;
    TRY(leaf_count_prose(&leaf, &named, s->err));
    const char *kind = enum_text(&kind_enum, (uint32_t)leaf.entry.kind), *id = text_of(s->a, "D-%" PRIu64, e->decision);
    s->l->erased += absent;
    s->l->texts -= absent;
    s->l->left += named - absent;
    for (int there = 0; there <= 1; there++) {
        size_t n = there ? named - absent : absent;
        if (n == 0)
            continue;
        struct finding *f = add(s, there ? FINDING_LEFT : FINDING_ERASED, index, e->at_ms,
                                text_of(s->a, there ? "%zu of %zu texts of this %s still there, though %s erased them"
                                                    : "%zu of %zu texts of this %s, by %s", n, named, kind, id));
        f->id = id;
        f->seat = str(s, leaf.entry.seat);
    }
    return ST_OK;
}

/* ERA-4. */
static enum status erased(struct search *s)
{
    struct arena scratch CLEANUP(arena_deinit);
    struct tkey from = tkey_u64(0);
    struct span key, value;
    enum status st;
    arena_init(&scratch, 0);
    while ((st = view_next(s->r->v, TABLE_ERASED, tkey_span(&from), &key, &value)) == ST_OK) {
        struct state_erased e;
        arena_reset(&scratch);
        from = tkey_after(key);
        TRY(codec_decode(&state_erased_desc, arena_dup(&scratch, value), &scratch, &e, s->err));
        TRY(one_erased(s, load_u64(key.p), &e, &scratch));
    }
    return st == ST_END ? ST_OK : err_set(s->err, st, "what was erased cannot be read");
}

/* A line each for what an entry names and the pack does not have. */
static enum status gaps(struct search *s)
{
    struct arena scratch CLEANUP(arena_deinit);
    arena_init(&scratch, 0);
    for (size_t i = 0; i < s->r->h->n_gaps; i++) {
        const struct history_gap *g = &s->r->h->gaps[i];
        struct span bytes;
        struct leaf leaf;
        arena_reset(&scratch);
        TRY(block_leaf(s->r->v, g->leaf, &bytes, s->err));
        TRY(leaf_parse(bytes, &scratch, &leaf, s->err));
        const char *kind = enum_text(&kind_enum, (uint32_t)leaf.entry.kind);
        struct state_erased e;
        enum status gone = query_erased(s->r->v, &scratch, g->leaf, &e, s->err);
        if (gone != ST_OK && gone != ST_NOTFOUND)
            return gone;
        if (g->absent > 0 && gone == ST_NOTFOUND)
            one_gap(s, FINDING_TEXT, g, &leaf,
                    text_of(s->a, "%u of %u texts of this %s absent", (unsigned)g->absent, (unsigned)g->texts, kind));
        if (g->documents > 0)
            one_gap(s, FINDING_DOCUMENT, g, &leaf,
                    text_of(s->a, "%" PRIu32 " document%s named by this %s", g->documents, g->documents == 1 ? "" : "s", kind));
    }
    return ST_OK;
}

/* Entries by keys that were later said to be suspect from before then. */
static enum status suspects(struct search *s)
{
    struct audit_cursor c = {0};
    struct arena scratch CLEANUP(arena_deinit);
    enum status st = ST_OK;
    size_t any = 0;
    arena_init(&scratch, 0);
    for (size_t i = 0; i < s->r->h->n_events; i++)
        any += s->r->h->events[i].what == HISTORY_REVOKED && s->r->h->events[i].since_ms != 0;
    while (any > 0) {
        struct audit_entry e;
        arena_reset(&scratch);
        st = record_next(s->r, &c, &scratch, &e, s->err);
        if (st != ST_OK)
            break;
        for (size_t i = 0; i < s->r->h->n_events; i++) {
            const struct history_event *h = &s->r->h->events[i];
            if (h->what != HISTORY_REVOKED || h->since_ms == 0 || e.at_ms < h->since_ms ||
                !hash_eq(&h->key.key, &e.parsed.signature.key))
                continue;
            struct finding *f = add(s, FINDING_SUSPECT, e.leaf, e.at_ms,
                                    text_of(s->a, "%s, by %s, suspect since %s",
                                            enum_text(&kind_enum, (uint32_t)e.parsed.entry.kind),
                                            sshpub_fingerprint(&h->key).s, time_utc(h->since_ms).s));
            f->id = text_of(s->a, "%s", e.about);
            f->seat = str(s, e.parsed.entry.seat);
        }
    }
    return st == ST_END ? ST_OK : st;
}

static int compare(const void *x, const void *y)
{
    const struct finding *l = x, *r = y;
    if (l->kind != r->kind)
        return l->kind < r->kind ? -1 : 1;
    if (l->leaf != r->leaf)
        return l->leaf < r->leaf ? -1 : 1;
    int c = strcmp(l->id, r->id);
    return c != 0 ? c : strcmp(l->words, r->words);
}

enum status findings_of(const struct audit_record *r, bool each, struct finding_list *ret, struct err *err)
{
    struct finding_list l = {.texts = r->h->absent, .documents = r->h->documents};
    struct search s = {.r = r, .l = &l, .a = r->a, .err = err};
    for (size_t i = 0; i < r->n_decisions; i++)
        for (size_t e = 0; e < r->decisions[i].events.n; e++)
            TRY(one_event(&s, &r->decisions[i], &r->decisions[i].events.v[e]));
    TRY(items(&s));
    TRY(readings(&s));
    TRY(halts(&s));
    from_history(&s);
    TRY(suspects(&s));
    TRY(erased(&s));
    if (each)
        TRY(gaps(&s));
    if (l.n > 0)
        qsort(l.v, l.n, sizeof *l.v, compare);
    *ret = l;
    return ST_OK;
}

const char *findings_summary(const struct finding_list *l, struct arena *a)
{
    const char *all = "";
    for (size_t i = 0, n; i < l->n; i += n) {
        enum finding_kind kind = l->v[i].kind;
        uint64_t amount = 0;
        for (n = 0; i + n < l->n && l->v[i + n].kind == kind; n++)
            amount += l->v[i + n].amount;
        const char *more = "";
        if (kind == FINDING_HALT)
            more = text_of(a, " (%s)", duration_text(a, amount));
        else if (kind == FINDING_ACT_FIRST)
            more = text_of(a, " (%" PRIu64 " ratified)", amount);
        if (kind == FINDING_ERASED || kind == FINDING_LEFT)
            all = text_of(a, "%s%s%s %" PRIu64, all, all[0] == 0 ? "" : " · ", finding_text[kind],
                          kind == FINDING_ERASED ? l->erased : l->left);
        else if (kind != FINDING_TEXT && kind != FINDING_DOCUMENT) /* counted below, listed or not */
            all = text_of(a, "%s%s%s %zu%s", all, all[0] == 0 ? "" : " · ", finding_text[kind], n, more);
    }
    if (l->texts > 0)
        all = text_of(a, "%s%s%s %" PRIu64, all, all[0] == 0 ? "" : " · ", finding_text[FINDING_TEXT], l->texts);
    if (l->documents > 0)
        all = text_of(a, "%s%s%s %" PRIu64, all, all[0] == 0 ? "" : " · ", finding_text[FINDING_DOCUMENT], l->documents);
    return all[0] == 0 ? "no exceptions" : all;
}

void findings_sheet(const struct finding_list *l, struct arena *a, struct sheet *ret)
{
    static const struct sheet_column columns[] = {{"exception", .number = false}, {"leaf", .number = true},
                                                  {"time", .number = false},      {"id", .number = false},
                                                  {"seat", .number = false},      {"what", .number = false}};
    sheet_init(ret, columns, ARRAY_LEN(columns), a);
    for (size_t i = 0; i < l->n; i++) {
        const struct finding *f = &l->v[i];
        const char **row = sheet_row(ret);
        row[0] = finding_text[f->kind];
        row[1] = text_of(a, "%" PRIu64, f->leaf);
        row[2] = text_of(a, "%s", time_utc(f->at_ms).s);
        row[3] = f->id;
        row[4] = f->seat;
        row[5] = f->words;
    }
}
