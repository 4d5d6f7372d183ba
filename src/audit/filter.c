#include "audit/filter.h"
#include "audit/sheet.h"
#include "charter/scalar.h"
#include "gov/query_part.h"

static const uint64_t DAY_MS = 86400000;

/* A date alone means its beginning, or with end the end of that day. */
static enum status time_of(const char *name, const char *text, bool end, uint64_t *ret, struct err *err)
{
    if (text == NULL)
        return ST_OK;
    if (time_parse(span_str(text), ret) != ST_OK)
        return err_set(err, ST_USAGE, "--%s %s: a time is 2026-03-31 or 2026-03-31T12:00:00Z (UTC)", name,
                       text);
    if (end && strlen(text) == 10)
        *ret += DAY_MS;
    return ST_OK;
}

static enum status one_of(const char *name, const struct enum_desc *e, const char *text, uint32_t *ret,
                          struct err *err)
{
    char all[512] = "";
    size_t n = 0;
    if (text == NULL || enum_parse(e, span_str(text), ret) == ST_OK)
        return ST_OK;
    for (size_t i = 0; i < e->n && n < sizeof all; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : ", ", e->values[i].text);
    return err_set(err, ST_USAGE, "--%s %s: there is no such %s; they are: %s", name, text, name, all);
}

enum status filter_parse(const struct filter_text *t, struct arena *a, struct filter *ret, struct err *err)
{
    struct filter f = {.to_ms = UINT64_MAX,
                       .vetoed = t->vetoed,
                       .defaulted = t->defaulted,
                       .deemed = t->deemed,
                       .late = t->late};
    f.type = t->type == NULL ? f.type : span_str(t->type);
    f.seat = t->seat == NULL ? f.seat : span_str(t->seat);
    f.partner = t->partner == NULL ? f.partner : span_str(t->partner);
    TRY(time_of("from", t->from, false, &f.from_ms, err));
    TRY(time_of("to", t->to, true, &f.to_ms, err));
    TRY(one_of("kind", &kind_enum, t->kind, &f.kind, err));
    TRY(one_of("outcome", &phase_enum, t->outcome, &f.outcome, err));
    if (t->over != NULL && !scalar_money(span_str(t->over), a, &f.over))
        return err_set(err, ST_USAGE,
                       "--amount-over '%s': an amount is a currency and a number with its decimals, such as "
                       "'EUR 1000.00'",
                       t->over);
    if (f.seat.n > 0 && !text_is_seat(f.seat))
        return err_set(err, ST_USAGE,
                       "--seat %s: no seat is written so; it is ORGANISATION/SEAT, such as brand/finance",
                       t->seat);
    if (f.partner.n > 0 && !text_is_id(f.partner))
        return err_set(err, ST_USAGE, "--partner %s: no organisation is written so; an id is a-z, 0-9 and -",
                       t->partner);
    if (f.from_ms >= f.to_ms && t->from == NULL)
        return err_set(err, ST_USAGE, "--to %s: nothing is before that", t->to);
    if (f.from_ms >= f.to_ms)
        return err_set(err, ST_USAGE, "--from %s is not before --to %s", t->from, t->to);
    f.decisions = f.kind == 0 && (f.type.n > 0 || f.outcome != 0 || f.vetoed || f.defaulted || f.deemed ||
                                  f.late || f.over.currency.n > 0);
    *ret = f;
    return ST_OK;
}

static bool known_type(const struct filter *f, const struct audit_record *r)
{
    uint32_t number;
    for (size_t i = 0; i < r->n_decisions; i++)
        if (span_eq(r->decisions[i].d.type, f->type))
            return true;
    return enum_parse(&item_type_enum, f->type, &number) == ST_OK && !f->decisions;
}

enum status filter_check(const struct filter *f, const struct audit_record *r, struct err *err)
{
    struct state_seat seat;
    struct state_party party;
    struct tkey k = tkey_text(f->partner);
    if (f->type.n > 0 && !known_type(f, r)) {
        const char *all = "";
        for (size_t i = 0; i < r->n_decisions; i++) {
            bool before = false;
            for (size_t j = 0; j < i; j++)
                before = before || span_eq(r->decisions[j].d.type, r->decisions[i].d.type);
            if (!before)
                all =
                    text_of(r->a, "%s%s%.*s", all, all[0] == 0 ? "" : ", ", SPAN_FMT(r->decisions[i].d.type));
        }
        return err_set(err, ST_USAGE, "--type %.*s: no decision of this record has that type; there are: %s",
                       SPAN_FMT(f->type), all[0] == 0 ? "none" : all);
    }
    if (f->partner.n > 0 && (f->partner.n > 63 ||
                             state_get(r->v, r->a, TABLE_PARTY, &k, &state_party_desc, &party, err) != ST_OK))
        return err_set(err, ST_USAGE, "--partner %.*s: no such organisation is on the record",
                       SPAN_FMT(f->partner));
    if (f->seat.n == 0 || span_eqs(state_seat_name(f->seat), "node"))
        return ST_OK;
    if (f->seat.n <= 127) {
        k = tkey_text(f->seat);
        if (state_get(r->v, r->a, TABLE_SEAT, &k, &state_seat_desc, &seat, err) == ST_OK)
            return ST_OK;
    }
    return err_set(err, ST_USAGE,
                   "--seat %.*s: no such seat is on the record; a seat is written brand/finance",
                   SPAN_FMT(f->seat));
}

static bool of_decision(const struct filter *f, const struct audit_decision *d)
{
    return (f->type.n == 0 || span_eq(d->d.type, f->type)) && (f->outcome == 0 || d->d.phase == f->outcome) &&
           (!f->vetoed || d->vetoed) && (!f->defaulted || d->defaulted) && (!f->deemed || d->deemed) &&
           (!f->late || d->late) &&
           (f->over.currency.n == 0 ||
            (span_eq(d->amount.currency, f->over.currency) && d->amount.minor > f->over.minor));
}

static bool is_by(const struct filter *f, struct span seat)
{
    return (f->seat.n == 0 || span_eq(seat, f->seat)) &&
           (f->partner.n == 0 || span_eq(state_seat_org(seat), f->partner));
}

bool filter_decision(const struct filter *f, const struct audit_decision *d)
{
    bool by = is_by(f, d->d.mover);
    for (size_t i = 0; !by && i < d->events.n; i++) {
        const struct state_event *e = &d->events.v[i];
        by = e->type == EVENT_BALLOT &&
             (is_by(f, e->seat) || (HAS(e, state_event_key_principal) && is_by(f, e->principal)));
    }
    return by && of_decision(f, d) && f->from_ms <= d->d.opened_ms && d->d.opened_ms < f->to_ms;
}

static const struct audit_made *made_of(const struct audit_made *v, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].id, id) == 0)
            return &v[i];
    return NULL;
}

/* Of an entry about a decision, what is asked of decisions is asked of that one. Of one about an item or a
 * reading, type and lateness are. */
static bool about(const struct filter *f, const struct audit_record *r, const struct audit_entry *e)
{
    const struct audit_decision *d = record_decision(r, e->decision);
    if (d != NULL)
        return of_decision(f, d);
    if (f->outcome != 0 || f->vetoed || f->defaulted || f->deemed || f->over.currency.n > 0)
        return false;
    bool item = e->parsed.entry.kind == KIND_ITEM ||
                e->parsed.entry.kind == KIND_ITEM_MOVE; /* K-2 may be a check or a reading */
    const struct audit_made *m =
        item ? made_of(r->items, r->n_items, e->about) : made_of(r->readings, r->n_readings, e->about);
    if (f->late && (m == NULL || !m->late))
        return false;
    if (f->type.n == 0)
        return true;
    if (e->parsed.entry.kind == KIND_ITEM)
        return span_eqs(f->type, enum_text(&item_type_enum, ((const struct item *)e->body)->type));
    if (e->parsed.entry.kind == KIND_ITEM_MOVE)
        return span_eqs(f->type, enum_text(&item_type_enum, ((const struct item_move *)e->body)->item.type));
    return false;
}

bool filter_entry(const struct filter *f, const struct audit_record *r, const struct audit_entry *e)
{
    return (f->kind == 0 || e->parsed.entry.kind == f->kind) && is_by(f, e->parsed.entry.seat) &&
           f->from_ms <= e->at_ms && e->at_ms < f->to_ms && about(f, r, e);
}

const char *filter_words(const struct filter *f, const struct audit_record *r, struct arena *a)
{
    const struct {
        const char *name, *value;
    } parts[] = {{"type", f->type.n == 0 ? NULL : text_of(a, "%.*s", SPAN_FMT(f->type))},
                 {"kind", f->kind == 0 ? NULL : enum_text(&kind_enum, f->kind)},
                 {"seat", f->seat.n == 0 ? NULL : text_of(a, "%.*s", SPAN_FMT(f->seat))},
                 {"partner", f->partner.n == 0 ? NULL : text_of(a, "%.*s", SPAN_FMT(f->partner))},
                 {"outcome", f->outcome == 0 ? NULL : enum_text(&phase_enum, f->outcome)},
                 {"amount over", f->over.currency.n == 0 ? NULL : record_money(&f->over, a)},
                 {"vetoed", f->vetoed ? "" : NULL},
                 {"defaulted", f->defaulted ? "" : NULL},
                 {"deemed", f->deemed ? "" : NULL},
                 {"late", f->late ? "" : NULL}};
    const char *s = "";
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i].value != NULL)
            s = text_of(a, "%s%s%s%s%s", s, s[0] == 0 ? "" : ", ", parts[i].name,
                        parts[i].value[0] == 0 ? "" : " ", parts[i].value);
    uint64_t from = f->from_ms > r->r->founded_ms ? f->from_ms : r->r->founded_ms;
    bool open = f->to_ms > r->r->last_ms;
    return text_of(a, "%s; from %s%s, %s %s", s[0] == 0 ? "none" : s, time_utc(from).s,
                   from == f->from_ms ? "" : " (founding)", open ? "to" : "before",
                   open ? text_of(a, "%s (newest block)", time_utc(r->r->last_ms).s)
                        : text_of(a, "%s", time_utc(f->to_ms).s));
}
