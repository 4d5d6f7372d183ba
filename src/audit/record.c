#include "audit/record.h"
#include "audit/sheet.h"
#include "charter/scalar.h"
#include "crypto/sshpub.h"
#include "gov/item_id.h"
#include "gov/query_part.h"
#include "ledger/rows.h"

struct span record_text(const struct view *v, uint64_t leaf, const struct hash *digest, struct arena *a)
{
    struct pack_prose_list list;
    if (rows_prose(v, leaf, 1, a, &list, NULL) != ST_OK)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < list.n; i++) {
        struct hash h;
        leaf_prose_digest(&list.v[i].prose, &h);
        if (hash_eq(&h, digest))
            return list.v[i].prose.text;
    }
    return (struct span){NULL, 0};
}

const char *record_money(const struct money *m, struct arena *a)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 256);
    if (m->currency.n == 0)
        return "";
    scalar_print_money(m, &b);
    return text_of(a, "%s", buf_cstr(&b));
}

const struct audit_decision *record_decision(const struct audit_record *r, uint64_t number)
{
    return number == 0 || number > r->n_decisions ? NULL : &r->decisions[number - 1];
}

const char *record_marks(const struct audit_decision *d, struct arena *a)
{
    const struct {
        bool on;
        const char *name;
    } marks[] = {{d->vetoed, "vetoed"},         {d->defaulted, "defaulted"},       {d->deemed, "deemed"},
                 {d->acted_first, "act-first"}, {d->not_ratified, "not-ratified"}, {d->late, "late"}};
    const char *s = "";
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (marks[i].on)
            s = text_of(a, "%s%s%s", s, s[0] == 0 ? "" : " ", marks[i].name);
    return s;
}

/* --- Loading --- */

static void note_marks(struct audit_decision *d)
{
    for (size_t i = 0; i < d->events.n; i++) {
        const struct state_event *e = &d->events.v[i];
        bool by_itself = !HAS(e, state_event_key_seat);
        d->vetoed = d->vetoed || e->type == EVENT_VETOED;
        d->defaulted = d->defaulted || e->type == EVENT_DEFAULT;
        d->deemed = d->deemed || e->type == EVENT_DEEMED;
        d->acted_first = d->acted_first || e->type == EVENT_ACTED;
        d->not_ratified = d->not_ratified || e->type == EVENT_ENDED;
        d->late = d->late || e->type == EVENT_DEFAULT || e->type == EVENT_DEEMED ||
                  (e->type == EVENT_ESCALATED && by_itself);
    }
}

static int by_leaf(const void *x, const void *y)
{
    const struct audit_made *l = x, *r = y;
    return l->leaf < r->leaf ? -1 : l->leaf > r->leaf;
}

static void load_effects(struct audit_record *r)
{
    r->effects = arena_array(r->a, r->n_decisions + 1, sizeof *r->effects);
    for (size_t i = 0; i < r->n_decisions; i++) {
        const struct audit_decision *d = &r->decisions[i];
        for (size_t e = 0; e < d->events.n; e++)
            if (d->events.v[e].type == EVENT_EFFECTIVE) /* once at most */
                r->effects[r->n_effects++] = (struct audit_made){
                    .leaf = d->events.v[e].leaf, .id = text_of(r->a, "D-%" PRIu64, d->d.number)};
    }
    qsort(r->effects, r->n_effects, sizeof *r->effects, by_leaf);
}

static enum status load_decisions(struct audit_record *r, struct err *err)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    TRY(query_scan(r->v, TABLE_DECISION, &all, 0, &state_decision_desc, r->a, &g, NULL, err));
    r->n_decisions = g.n;
    r->decisions = arena_array(r->a, g.n + 1, sizeof *r->decisions);
    for (size_t i = 0; i < g.n; i++) {
        struct audit_decision *d = &r->decisions[i];
        struct query_grow events = {0};
        struct state_revision rev;
        d->d = ((const struct state_decision *)g.v)[i];
        struct tkey k = tkey_u64(d->d.number), at = tkey_revision(d->d.number, d->d.revision);
        ASSERT(d->d.number == i + 1);
        TRY(query_scan(r->v, TABLE_EVENT, &k, k.n, &state_event_desc, r->a, &events, NULL, err));
        d->events = (struct state_event_list){events.n, events.v};
        TRY(state_need(r->v, r->a, TABLE_REVISION, &at, &state_revision_desc, &rev, err));
        d->revision_leaf = rev.leaf;
        if (HAS(&rev.proposal, proposal_key_amount))
            d->amount = rev.proposal.amount;
        d->title = record_text(r->v, rev.leaf, &d->d.title, r->a);
        note_marks(d);
    }
    return ST_OK;
}

static enum status load_items(struct audit_record *r, struct err *err)
{
    struct query_grow g = {0}, events;
    struct tkey all = {0};
    TRY(query_scan(r->v, TABLE_ITEM, &all, 0, &state_item_desc, r->a, &g, NULL, err));
    r->items = arena_array(r->a, g.n + 1, sizeof *r->items);
    for (size_t i = 0; i < g.n; i++) {
        const struct state_item *it = &((const struct state_item *)g.v)[i];
        struct tkey k = tkey_item(it->item.type, it->number);
        events = (struct query_grow){0};
        TRY(query_scan(r->v, TABLE_ITEM_EVENT, &k, k.n, &state_item_event_desc, r->a, &events, NULL, err));
        bool late = false;
        for (size_t e = 0; e < events.n; e++) {
            enum item_event type = ((const struct state_item_event *)events.v)[e].type;
            late = late || type == ITEM_EVENT_OVERDUE || type == ITEM_EVENT_REVIEW_DUE ||
                   type == ITEM_EVENT_NOT_TAKEN;
        }
        r->items[r->n_items++] = (struct audit_made){
            it->opened_leaf, text_of(r->a, "%s", item_id(it->item.type, it->number).s), late};
    }
    qsort(r->items, r->n_items, sizeof *r->items, by_leaf);
    return ST_OK;
}

static enum status load_readings(struct audit_record *r, struct err *err)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    size_t room = 1;
    TRY(query_scan(r->v, TABLE_READING, &all, 0, &state_reading_desc, r->a, &g, NULL, err));
    const struct state_reading *v = g.v;
    for (size_t i = 0; i < g.n; i++)
        room += v[i].was.n + 2;
    r->readings = arena_array(r->a, room, sizeof *r->readings);
    for (size_t i = 0; i < g.n; i++) {
        struct audit_made m = {.id = text_of(r->a, "K-%" PRIu64, v[i].number),
                               .late = HAS(&v[i], state_reading_key_late_ms) ||
                                       HAS(&v[i], state_reading_key_unmarked_ms)};
        for (size_t k = 0; k < v[i].was.n; k++) {
            m.leaf = v[i].was.v[k].leaf;
            r->readings[r->n_readings++] = m;
        }
        if (HAS(&v[i], state_reading_key_now)) {
            m.leaf = v[i].now.leaf;
            r->readings[r->n_readings++] = m;
        }
        if (HAS(&v[i], state_reading_key_seal)) {
            m.leaf = v[i].seal.leaf;
            r->readings[r->n_readings++] = m;
        }
    }
    qsort(r->readings, r->n_readings, sizeof *r->readings, by_leaf);
    return ST_OK;
}

static enum status load_grants(struct audit_record *r, struct err *err)
{
    struct query_grow g = {0};
    struct tkey all = {0};
    TRY(query_scan(r->v, TABLE_GRANT, &all, 0, &state_grant_desc, r->a, &g, NULL, err));
    r->grants = arena_array(r->a, g.n + 1, sizeof *r->grants);
    for (size_t i = 0; i < g.n; i++) {
        const struct state_grant *s = &((const struct state_grant *)g.v)[i];
        r->grants[r->n_grants++] =
            (struct audit_made){.leaf = s->granted.leaf, .id = text_of(r->a, "G-%" PRIu64, s->number)};
    }
    return ST_OK;
}

static enum status load_blocks(struct audit_record *r, struct err *err)
{
    r->blocks = arena_array(r->a, r->r->height + 1, sizeof *r->blocks);
    for (uint64_t h = 0; h <= r->r->height; h++) {
        struct boundary at;
        size_t n;
        TRY(block_range(r->v, h, &r->blocks[h].first_leaf, &n, err));
        TRY(rows_boundary(r->v, r->blocks[h].first_leaf + n, false, &at, err));
        r->blocks[h].at_ms = at.time_ms;
    }
    return ST_OK;
}

uint64_t record_leaf_at(const struct audit_record *r, uint64_t at_ms)
{
    size_t from = 0, to = r->r->height;
    while (from < to) {
        size_t mid = (from + to) / 2;
        if (r->blocks[mid].at_ms < at_ms)
            from = mid + 1;
        else
            to = mid;
    }
    return r->blocks[from].first_leaf;
}

uint64_t record_time_at(const struct audit_record *r, uint64_t leaf)
{
    size_t from = 0, to = r->r->height;
    while (from < to) { /* the last block that begins at or before it */
        size_t mid = from + (to - from + 1) / 2;
        if (r->blocks[mid].first_leaf <= leaf)
            from = mid;
        else
            to = mid - 1;
    }
    return r->blocks[from].at_ms;
}

enum status record_load(struct audit_record *r, const struct view *v, const struct history *h,
                        const struct verify_report *report, struct arena *a, struct err *err)
{
    *r = (struct audit_record){.v = v, .h = h, .r = report, .a = a};
    TRY(load_blocks(r, err));
    TRY(load_decisions(r, err));
    load_effects(r);
    TRY(load_items(r, err));
    TRY(load_grants(r, err));
    return load_readings(r, err);
}

/* --- Entries --- */

static const struct audit_made *made_at(const struct audit_made *v, size_t n, uint64_t leaf)
{
    struct audit_made key = {.leaf = leaf};
    return n == 0 ? NULL : bsearch(&key, v, n, sizeof *v, by_leaf);
}

const char *record_cause(const struct audit_record *r, uint64_t leaf)
{
    struct span bytes;
    struct leaf entry;
    if (leaf < r->h->founding_leaves)
        return "founding";
    const struct audit_made *effect = made_at(r->effects, r->n_effects, leaf);
    bool timed =
        block_leaf(r->v, leaf, &bytes, NULL) != ST_OK || leaf_parse(bytes, r->a, &entry, NULL) != ST_OK;
    for (size_t i = 0; timed && i < r->h->n_events; i++) {
        const struct history_event *e = &r->h->events[i];
        if (e->leaf == leaf && (e->what == HISTORY_REFOUNDING || e->what == HISTORY_CARRIED_OUT))
            return e->what == HISTORY_REFOUNDING ? "re-founding" : e->words;
    }
    if (timed)
        return effect == NULL ? "time" : text_of(r->a, "%s took effect", effect->id);
    const char *by = text_of(r->a, "%s by %.*s", enum_text(&kind_enum, (uint32_t)entry.entry.kind),
                             SPAN_FMT(entry.entry.seat));
    bool direct = entry.entry.kind < KIND_PROPOSE; /* entries that set keys themselves */
    return direct || effect == NULL ? by : text_of(r->a, "%s took effect (%s)", effect->id, by);
}

static uint64_t opened_at(const struct audit_record *r, uint64_t leaf)
{
    size_t from = 0, to = r->n_decisions;
    while (from < to) { /* opened in the order of their numbers */
        size_t mid = (from + to) / 2;
        if (r->decisions[mid].d.opened_leaf < leaf)
            from = mid + 1;
        else
            to = mid;
    }
    return from < r->n_decisions && r->decisions[from].d.opened_leaf == leaf ? from + 1 : 0;
}

static const char *d_id(struct arena *a, uint64_t number)
{
    return text_of(a, "D-%" PRIu64, number);
}

static const char *titled(const struct audit_record *r, struct arena *a, uint64_t leaf,
                          const struct hash *digest, const char *before)
{
    struct span text = record_text(r->v, leaf, digest, a);
    return text_of(a, "%s: %s", before, text.p == NULL ? "(text absent)" : text_line(a, text));
}

static const char *keys_text(struct arena *a, const struct public_key_list *l)
{
    const char *s = l->n == 0 ? "no key" : "";
    for (size_t i = 0; i < l->n; i++)
        s = text_of(a, "%s%s%s", s, i == 0 ? "" : ", ", sshpub_fingerprint(&l->v[i]).s);
    return s;
}

static const char *reading_text(struct arena *a, struct span metric, const struct decimal *value)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 256);
    scalar_print_decimal(value, &b);
    return text_of(a, "%.*s %s", SPAN_FMT(metric), buf_cstr(&b));
}

static void about_decision(struct audit_entry *e, uint64_t number, struct arena *a, const char *what)
{
    e->decision = number;
    e->about = number == 0 ? "" : d_id(a, number);
    e->what = what;
}

static void describe_decision(const struct audit_record *r, struct arena *a, struct audit_entry *e)
{
    switch (e->parsed.entry.kind) {
    case KIND_PROPOSE: {
        const struct propose *p = e->body;
        about_decision(e, opened_at(r, e->leaf), a,
                       titled(r, a, e->leaf, &p->proposal.title, text_of(a, "%.*s", SPAN_FMT(p->type))));
        return;
    }
    case KIND_REVISE: {
        const struct revise *p = e->body;
        about_decision(e, p->decision.number, a, titled(r, a, e->leaf, &p->proposal.title, "revised"));
        return;
    }
    case KIND_BALLOT: {
        const struct ballot *p = e->body;
        const char *principal =
            HAS(p, ballot_key_principal) ? text_of(a, " for %.*s", SPAN_FMT(p->principal)) : "";
        const char *clause =
            HAS(p, ballot_key_clause) ? text_of(a, ", clause %.*s", SPAN_FMT(p->clause)) : "";
        about_decision(e, p->decision.number, a,
                       text_of(a, "%s%s%s", enum_text(&choice_enum, p->choice), principal, clause));
        return;
    }
    case KIND_WITHDRAW: {
        const struct withdraw *p = e->body;
        about_decision(e, p->decision.number, a, "withdrawn");
        return;
    }
    case KIND_MOVE: {
        const struct move_decision *p = e->body;
        about_decision(e, p->decision.number, a, enum_text(&move_enum, p->move));
        return;
    }
    case KIND_NOTE: {
        const struct note *p = e->body;
        about_decision(e, HAS(p, note_key_decision) ? p->decision.number : 0, a,
                       enum_text(&note_type_enum, p->type));
        return;
    }
    case KIND_INPUT: {
        const struct decision_input *p = e->body;
        about_decision(e, p->decision.number, a,
                       HAS(p, decision_input_key_need) ? enum_text(&input_type_enum, p->need.type)
                                                       : "recommendation");
        return;
    }
    case KIND_RECEIPT: {
        const struct receipt *p = e->body;
        about_decision(e, p->decision.number, a, "has seen the revision");
        return;
    }
    default:
        return;
    }
}

static void describe_item_or_reading(const struct audit_record *r, struct arena *a, struct audit_entry *e)
{
    const struct audit_made *m = NULL;
    switch (e->parsed.entry.kind) {
    case KIND_ITEM: {
        const struct item *p = e->body;
        m = made_at(r->items, r->n_items, e->leaf);
        e->what = titled(r, a, e->leaf, &p->title, enum_text(&item_type_enum, p->type));
        break;
    }
    case KIND_ITEM_MOVE: {
        const struct item_move *p = e->body;
        e->about = text_of(a, "%s", item_id(p->item.type, p->item.number).s);
        e->what = enum_text(&item_step_enum, p->step);
        return;
    }
    case KIND_READING: {
        const struct reading *p = e->body;
        m = made_at(r->readings, r->n_readings, e->leaf);
        e->what = reading_text(a, p->metric, &p->value);
        break;
    }
    case KIND_MARK: {
        const struct mark_reading *p = e->body;
        e->about = text_of(a, "K-%" PRIu64, p->reading.number);
        e->what = enum_text(&mark_act_enum, p->act);
        return;
    }
    case KIND_COMMIT: {
        const struct commit_reading *p = e->body;
        m = made_at(r->readings, r->n_readings, e->leaf);
        e->what = text_of(a, "%.*s committed", SPAN_FMT(p->metric));
        break;
    }
    case KIND_REVEAL: {
        const struct reveal_reading *p = e->body;
        m = made_at(r->readings, r->n_readings, e->leaf);
        e->what = text_of(a, "%.*s revealed", SPAN_FMT(p->sealed.metric));
        break;
    }
    default:
        break;
    }
    e->about = m == NULL ? "" : m->id;
}

static void describe_grant(const struct audit_record *r, struct arena *a, struct audit_entry *e)
{
    if (e->parsed.entry.kind == KIND_GRANT) {
        const struct grant *p = e->body;
        const struct audit_made *m = made_at(r->grants, r->n_grants, e->leaf);
        const char *to = "";
        for (size_t i = 0; i < p->audience.n; i++)
            to = text_of(a, "%s%s%.*s", to, i == 0 ? "" : ", ", SPAN_FMT(p->audience.v[i]));
        e->about = m == NULL ? "" : m->id;
        e->what = titled(r, a, e->leaf, &p->title, text_of(a, "%.*s to %s", SPAN_FMT(p->info_class), to));
    } else {
        const struct grant_move *p = e->body;
        e->about = text_of(a, "G-%" PRIu64, p->grant.number);
        e->what = HAS(p, grant_move_key_request) ? text_of(a, "audit by Q-%" PRIu64, p->request)
                                                 : enum_text(&grant_act_enum, p->act);
    }
}

static void describe_member(struct arena *a, struct audit_entry *e)
{
    switch (e->parsed.entry.kind) {
    case KIND_HOLDER: {
        const struct holder *p = e->body;
        e->about = text_of(a, "%.*s", SPAN_FMT(p->seat));
        e->what = text_of(a, "held by %s%s", keys_text(a, &p->keys),
                          HAS(p, holder_key_alternates) ? "; alternates set" : "");
        return;
    }
    case KIND_KEY: {
        const struct key *p = e->body;
        e->what = text_of(a, "revokes %s", sshpub_fingerprint(&p->key).s);
        return;
    }
    case KIND_READY:
        e->what = "its node may vote";
        return;
    case KIND_SUPPORT: {
        const struct support *p = e->body;
        e->what = text_of(a, "its node runs rules %" PRIu64, p->rules);
        return;
    }
    case KIND_FAULT: {
        const struct fault *p = e->body;
        e->what = text_of(a, "the node of %.*s signed two votes in one slot", SPAN_FMT(p->org));
        return;
    }
    case KIND_NODE:
        e->what = "replaces its node's keys, certificate or addresses";
        return;
    case KIND_RECOVER: {
        const struct recover *p = e->body;
        e->what = text_of(a, "announces a recovery of %.*s", SPAN_FMT(p->org));
        return;
    }
    case KIND_REGISTRAR: {
        const struct registrar *p = e->body;
        e->what = p->act == REGISTRAR_CANCEL ? "cancels a recovery"
                                             : text_of(a, "registrar held by %s", keys_text(a, &p->keys));
        return;
    }
    default:
        e->what = enum_text(&kind_enum, (uint32_t)e->parsed.entry.kind);
    }
}

static void describe(const struct audit_record *r, struct arena *a, struct audit_entry *e)
{
    uint64_t kind = e->parsed.entry.kind;
    e->about = "";
    if (kind >= KIND_PROPOSE && kind <= KIND_RECEIPT)
        describe_decision(r, a, e);
    else if (kind >= KIND_ITEM && kind <= KIND_REVEAL)
        describe_item_or_reading(r, a, e);
    else if (kind == KIND_GRANT || kind == KIND_GRANT_MOVE)
        describe_grant(r, a, e);
    else
        describe_member(a, e);
    if (e->what == NULL)
        e->what = enum_text(&kind_enum, (uint32_t)kind);
}

enum status record_next(const struct audit_record *r, struct audit_cursor *c, struct arena *a,
                        struct audit_entry *ret, struct err *err)
{
    while (c->i == c->n) {
        if (c->height == r->r->height)
            return ST_END;
        TRY(block_range(r->v, ++c->height, &c->first, &c->n, err));
        c->at_ms = r->blocks[c->height].at_ms;
        c->i = 1; /* behind the block record */
    }
    struct span bytes;
    *ret = (struct audit_entry){.leaf = c->first + c->i, .height = c->height, .at_ms = c->at_ms};
    c->i++;
    TRY(block_leaf(r->v, ret->leaf, &bytes, err));
    TRY(leaf_parse(arena_dup(a, bytes), a, &ret->parsed, err));
    const struct record_desc *d = kind_desc((uint32_t)ret->parsed.entry.kind);
    void *body = arena_alloc(a, d->size);
    TRY(codec_decode(d, ret->parsed.entry.body, a, body, err));
    ret->body = body;
    describe(r, a, ret);
    return ST_OK;
}
