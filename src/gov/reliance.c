#include "gov/reliance.h"
#include "charter/charter_model.h"
#include "codec/reader.h"
#include "gov/item.h"
#include "gov/reading.h"

/* What one amendment, falsification or restatement can put in doubt. */
enum { DEPENDENTS_MAX = 256, WORDS = 256 };

/* --- RELIED --- */

static struct tkey key_of(const struct reliance *r, uint64_t decision)
{
    if (HAS(r, reliance_key_assumption))
        return tkey_relied(RELIED_ASSUMPTION, r->assumption, decision);
    if (HAS(r, reliance_key_reading))
        return tkey_relied(RELIED_READING, r->reading.number, decision);
    return tkey_relied(RELIED_SECTION, reliance_section(r->clause), decision);
}

/* What the current revision rests on, then what was recommended for it; both can name the same. */
struct resting {
    struct reliance_list current, recommended;
};

static enum status resting_load(const struct view *v, struct arena *a, const struct state_decision *d, struct resting *ret,
                                struct err *err)
{
    struct state_revision rev;
    struct state_input in;
    struct tkey k = tkey_revision(d->number, d->revision);
    *ret = (struct resting){0};
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    if (HAS(&rev.proposal, proposal_key_relies))
        ret->current = rev.proposal.relies;
    k = tkey_input(d->number, d->revision, INPUT_RECOMMENDATION);
    enum status st = state_get(v, a, TABLE_INPUT, &k, &state_input_desc, &in, err);
    if (st == ST_OK && HAS(&in.input.settled, proposal_key_relies))
        ret->recommended = in.input.settled.relies;
    return st == ST_NOTFOUND ? ST_OK : st;
}

static void put_rows(struct gov *g, uint64_t decision, const struct reliance_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct tkey k = key_of(&l->v[i], decision);
        overlay_put(g->state, TABLE_RELIED, tkey_span(&k), span_of("", 0));
    }
}

static void del_rows(struct gov *g, uint64_t decision, const struct reliance_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct tkey k = key_of(&l->v[i], decision);
        overlay_del(g->state, TABLE_RELIED, tkey_span(&k));
    }
}

enum status reliance_unlist(struct gov *g, const struct state_decision *d, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct resting r;
    TRY(resting_load(&v, g->arena, d, &r, err));
    del_rows(g, d->number, &r.current);
    del_rows(g, d->number, &r.recommended);
    return ST_OK;
}

enum status reliance_list(struct gov *g, const struct state_decision *d, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct resting r;
    TRY(resting_load(&v, g->arena, d, &r, err));
    del_rows(g, d->number, &r.recommended);
    if (reliance_is_over(d)) {
        del_rows(g, d->number, &r.current);
        return ST_OK;
    }
    put_rows(g, d->number, &r.current);
    if (d->phase == PHASE_MEDIATION)
        put_rows(g, d->number, &r.recommended);
    return ST_OK;
}

/* Of what key is about, the first decision not below *from, which moves on behind it; ST_END. */
static enum status next_dependent(const struct view *v, enum relied what, uint64_t number, uint64_t *from, uint64_t *ret,
                                  struct err *err)
{
    struct tkey k = tkey_relied(what, number, *from);
    struct span key, value;
    enum status st = view_next(v, TABLE_RELIED, tkey_span(&k), &key, &value);
    if (st == ST_END || (st == ST_OK && memcmp(key.p, k.b, k.n - 8) != 0))
        return ST_END;
    if (st != ST_OK)
        return err_set(err, st, "what decisions rely on cannot be read");
    *ret = load_u64(key.p + key.n - 8);
    *from = *ret + 1;
    return ST_OK;
}

/* --- What may be relied on --- */

bool reliance_same(const struct reliance *x, const struct reliance *y)
{
    if (x->has != y->has)
        return false;
    if (HAS(x, reliance_key_assumption))
        return x->assumption == y->assumption;
    if (HAS(x, reliance_key_reading))
        return x->reading.number == y->reading.number && hash_eq(&x->reading.digest, &y->reading.digest);
    return span_eq(x->clause, y->clause);
}

uint64_t reliance_section(struct span clause)
{
    const uint8_t *dot = memchr(clause.p, '.', clause.n);
    struct span name = span_of(clause.p, dot == NULL ? clause.n : (size_t)(dot - clause.p));
    uint32_t number = 0;
    return enum_parse(&section_id_enum, name, &number) == ST_OK ? number : 0;
}

static enum status assumption_sound(struct act *c, uint64_t number, struct err *err)
{
    struct item_ref ref = {.type = ITEM_ASSUMPTION, .number = number};
    struct state_item it;
    enum status st = item_get(&c->v, c->g->arena, &ref, &it, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "relies on AS-%" PRIu64 ", and there is no such assumption; see: entente assume list",
                          number);
    TRY(st);
    if (it.phase == ITEM_CLOSED && HAS(&it, state_item_key_finding) && it.finding == ASSUMED_FALSIFIED)
        return act_refuse(c, V_NOT_PERMITTED, "relies on AS-%" PRIu64 ", which was falsified at %s", number,
                          time_utc(it.closed_ms).s);
    return ST_OK;
}

static enum status reading_sound(struct act *c, const struct ref *read, struct err *err)
{
    struct state_reading r;
    enum status st = reading_get(&c->v, c->g->arena, read->number, &r, err);
    if (st == ST_NOTFOUND || (st == ST_OK && !HAS(&r, state_reading_key_now)))
        return act_refuse(c, V_NO_SUCH_OBJECT, "relies on K-%" PRIu64 ", of which nothing is reported; see: entente report list",
                          read->number);
    TRY(st);
    if (!hash_eq(&r.now.digest, &read->digest))
        return act_refuse(c, V_WRONG_REVISION, "relies on a version of K-%" PRIu64 " that was restated; read it again", read->number);
    return ST_OK;
}

/* Sections that change with members alone, or never. */
static bool is_never_amended(uint64_t section)
{
    return section == SECTION_ALLIANCE || section == SECTION_PARTNER_SEATS || section == SECTION_PARTIES;
}

static enum status clause_sound(struct act *c, struct span clause, struct err *err)
{
    const void *section = NULL;
    uint64_t number = reliance_section(clause);
    if (number != 0)
        TRY(item_section(&c->v, c->g->arena, (enum section_id)number, &section, err));
    if (section == NULL)
        return act_refuse(c, V_NO_SUCH_OBJECT, "relies on %.*s, and the charter has no such section; see: entente charter show",
                          SPAN_FMT(clause));
    if (is_never_amended(number))
        return act_refuse(c, V_NOT_PERMITTED, "relies on %.*s: no amendment changes section %s, so nothing would put it in doubt",
                          SPAN_FMT(clause), enum_text(&section_id_enum, (uint32_t)number));
    return ST_OK;
}

static enum status room(struct act *c, const struct reliance *r, uint64_t decision, struct err *err)
{
    struct tkey k = key_of(r, 0);
    uint64_t from = 0, other;
    enum status st;
    for (int n = 0; (st = next_dependent(&c->v, (enum relied)k.b[0], load_u64(k.b + 1), &from, &other, err)) == ST_OK;) {
        n += other != decision;
        if (n == DEPENDENTS_MAX)
            return act_refuse(c, V_TOO_MANY, "%d decisions rely on the same already", DEPENDENTS_MAX);
    }
    return st == ST_END ? ST_OK : st;
}

enum status reliance_sound(struct act *c, uint64_t decision, const struct proposal *p, struct err *err)
{
    for (size_t i = 0; HAS(p, proposal_key_relies) && i < p->relies.n; i++) {
        const struct reliance *r = &p->relies.v[i];
        bool assumption = HAS(r, reliance_key_assumption), reading = HAS(r, reliance_key_reading);
        if ((int)assumption + (int)reading + (int)HAS(r, reliance_key_clause) != 1)
            return act_refuse(c, V_MALFORMED, "proposal.relies: each names an assumption, a reading or a clause: one of them");
        for (size_t k = 0; k < i; k++)
            if (reliance_same(&p->relies.v[k], r))
                return act_refuse(c, V_MALFORMED, "proposal.relies: the same twice");
        if (assumption)
            TRY(assumption_sound(c, r->assumption, err));
        else if (reading)
            TRY(reading_sound(c, &r->reading, err));
        else
            TRY(clause_sound(c, r->clause, err));
        TRY(room(c, r, decision, err));
    }
    return ST_OK;
}

/* --- In doubt --- */

bool reliance_is_over(const struct state_decision *d)
{
    switch (d->phase) {
    case PHASE_REJECTED:
    case PHASE_VETOED:
    case PHASE_WITHDRAWN:
    case PHASE_DEFAULT:
    case PHASE_LAPSED:
    case PHASE_COUNTERED:
    case PHASE_EXPIRED:
    case PHASE_SUPERSEDED:
        return true;
    case PHASE_OPEN:
    case PHASE_MEDIATION:
    case PHASE_PASSED:
    case PHASE_EFFECTIVE:
    case PHASE_STALE:
    case PHASE_PAUSED:
        return false;
    }
    return false;
}

enum status reliance_doubt(struct gov *g, uint64_t decision, const char *words, struct span owner,
                           const struct item_link *because, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_decision d;
    struct tkey k = tkey_u64(decision);
    char asks[WORDS];
    bool there = false, owns = false;
    size_t n = 0;
    TRY(state_need(&v, g->arena, TABLE_DECISION, &k, &state_decision_desc, &d, err));
    if (reliance_is_over(&d))
        return ST_OK;
    struct state_event ev = {.type = EVENT_DOUBTED, .words = span_str(words)};
    SET_HAS(&ev, state_event_key_words);
    TRY(state_add_event(g, &d, &ev, err));
    TRY(state_put_decision(g, &d, err));
    TRY(item_partner_seat(&v, g->arena, d.mover, &there, err));
    TRY(item_partner_seat(&v, g->arena, owner, &owns, err));
    if (!owns && !there)
        return ST_OK; /* nobody is left to see to it */
    (void)snprintf(asks, sizeof asks, "reaffirm, amend or supersede D-%" PRIu64 ": %s", decision, words);
    struct item_opening o = {
        .words = asks, .owner = owns ? owner : d.mover, .offered = there ? d.mover : (struct span){0}};
    struct item_link *links = arena_array(g->arena, 2, sizeof *links);
    if (links == NULL)
        return err_set(err, ST_LIMIT, "out of room for links");
    if (because != NULL)
        links[n++] = *because;
    links[n] = (struct item_link){.decision = decision};
    SET_HAS(&links[n], item_link_key_decision);
    o.item.links = (struct item_link_list){n + 1, links};
    return item_follow_up(g, &o, &(struct item_ref){0}, err);
}

static bool linked(const struct state_item *it, uint64_t decision)
{
    for (size_t i = 0; i < it->links.n; i++)
        if (HAS(&it->links.v[i], item_link_key_decision) && it->links.v[i].decision == decision)
            return true;
    return false;
}

enum status reliance_falsified(struct gov *g, const struct state_item *it, struct err *err)
{
    char words[WORDS];
    (void)snprintf(words, sizeof words, "%s was falsified", item_id(it->item.type, it->number).s);
    for (uint64_t from = 0;;) {
        struct view v = overlay_view(g->state);
        uint64_t decision;
        enum status st = next_dependent(&v, RELIED_ASSUMPTION, it->number, &from, &decision, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (!linked(it, decision))
            TRY(reliance_doubt(g, decision, words, it->owner, NULL, err));
    }
}

enum status reliance_restated(struct gov *g, uint64_t reading, struct span seat, struct err *err)
{
    char words[WORDS];
    (void)snprintf(words, sizeof words, "K-%" PRIu64 " was restated", reading);
    for (uint64_t from = 0;;) {
        struct view v = overlay_view(g->state);
        uint64_t decision;
        enum status st = next_dependent(&v, RELIED_READING, reading, &from, &decision, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        TRY(reliance_doubt(g, decision, words, seat, NULL, err));
    }
}

/* --- An amended clause (REL-4) --- */

/* The bytes of the value at the reader, which moves on behind it. */
static enum status value_at(struct reader *r, struct span *ret)
{
    size_t from = r->at;
    TRY(reader_skip(r, LIMIT_NEST_DEPTH));
    *ret = span_of(r->in.p + from, r->at - from);
    return ST_OK;
}

static bool is_named(const struct field_desc *f, struct span part)
{
    if (strlen(f->name) != part.n)
        return false;
    for (size_t i = 0; i < part.n; i++)
        if ((f->name[i] == '_' ? '-' : f->name[i]) != (char)part.p[i])
            return false;
    return true;
}

static const struct field_desc *field_of(const struct record_desc *d, int key)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->fields[i].key == key)
            return &d->fields[i];
    return NULL;
}

/* Of an encoded list of records, the first whose key 1 is this text; n 0: none. */
static enum status member(struct span list, struct span name, struct span *ret)
{
    struct reader r;
    struct read_value head, map, text;
    reader_init(&r, list, NULL);
    TRY(reader_expect(&r, READ_ARRAY, &head));
    for (uint64_t i = 0; i < head.number; i++) {
        struct span one;
        struct reader in;
        int key = -1;
        TRY(value_at(&r, &one));
        reader_init(&in, one, NULL);
        TRY(reader_expect(&in, READ_MAP, &map));
        if (map.number == 0)
            continue;
        TRY(reader_key(&in, &key));
        TRY(reader_next(&in, &text));
        if (key == 1 && text.type == READ_STR && span_eq(text.bytes, name)) {
            *ret = one;
            return ST_OK;
        }
    }
    return ST_OK;
}

static const struct field_desc *field_named(const struct record_desc *d, struct span part)
{
    for (size_t i = 0; i < d->n; i++)
        if (is_named(&d->fields[i], part))
            return &d->fields[i];
    return NULL;
}

/* What a part names in the body of a section, a key or a member of a list; n 0: nothing. */
static enum status named_in(const struct record_desc *d, struct span body, struct span part, struct span *ret)
{
    const struct field_desc *named = field_named(d, part);
    struct reader r;
    struct read_value map;
    int key = -1;
    reader_init(&r, body, NULL);
    *ret = (struct span){NULL, 0};
    TRY(reader_expect(&r, READ_MAP, &map));
    for (uint64_t i = 0; i < map.number; i++) {
        struct span value;
        TRY(reader_key(&r, &key));
        TRY(value_at(&r, &value));
        const struct field_desc *f = field_of(d, key);
        if (named != NULL && f == named)
            *ret = value;
        if (named == NULL && f != NULL && f->type == FT_LIST && ret->n == 0)
            TRY(member(value, part, ret));
    }
    return ST_OK;
}

/* Has it changed from one body to the other? */
static enum status clause_changed(uint64_t section, struct span before, struct span after, struct span clause, bool *ret,
                                  struct err *err)
{
    const struct record_desc *d = charter_section_desc(section);
    const uint8_t *dot = memchr(clause.p, '.', clause.n);
    struct span was = {NULL, 0}, is = {NULL, 0};
    *ret = true;
    if (dot == NULL)
        return ST_OK;
    struct span part = span_of(dot + 1, clause.n - (size_t)(dot + 1 - clause.p));
    dot = memchr(part.p, '.', part.n);
    if (dot != NULL)
        part.n = (size_t)(dot - part.p);
    if ((before.n != 0 && named_in(d, before, part, &was) != ST_OK) || named_in(d, after, part, &is) != ST_OK)
        return err_set(err, ST_CORRUPT, "section %s of the charter cannot be read", enum_text(&section_id_enum, (uint32_t)section));
    *ret = was.n == 0 || is.n == 0 || !span_eq(was, is);
    return ST_OK;
}

/* The first clause of a list that has changed; what ret has already is kept. */
static enum status first_changed(const struct reliance_list *l, uint64_t section, struct span before, struct span after,
                                 struct span *ret, struct err *err)
{
    for (size_t i = 0; i < l->n && ret->n == 0; i++) {
        bool changed = false;
        if (HAS(&l->v[i], reliance_key_clause) && reliance_section(l->v[i].clause) == section)
            TRY(clause_changed(section, before, after, l->v[i].clause, &changed, err));
        if (changed)
            *ret = l->v[i].clause;
    }
    return ST_OK;
}

static enum status changed_clause(struct gov *g, uint64_t decision, uint64_t section, struct span before, struct span after,
                                  struct span *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_decision d;
    struct resting r;
    struct tkey k = tkey_u64(decision);
    *ret = (struct span){NULL, 0};
    TRY(state_need(&v, g->arena, TABLE_DECISION, &k, &state_decision_desc, &d, err));
    TRY(resting_load(&v, g->arena, &d, &r, err));
    TRY(first_changed(&r.current, section, before, after, ret, err));
    return d.phase == PHASE_MEDIATION ? first_changed(&r.recommended, section, before, after, ret, err) : ST_OK;
}

enum status reliance_amended(struct gov *g, const struct state_decision *by, uint64_t section, uint64_t version, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_section old = {0}, now;
    struct tkey k = tkey_section(section);
    TRY(state_need(&v, g->arena, TABLE_SECTION, &k, &state_section_desc, &now, err));
    k = tkey_section_old(section, version - 1);
    enum status st = state_get(&v, g->arena, TABLE_SECTION_OLD, &k, &state_section_desc, &old, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    for (uint64_t from = 0;;) {
        uint64_t decision;
        struct span clause;
        char words[WORDS];
        v = overlay_view(g->state);
        st = next_dependent(&v, RELIED_SECTION, section, &from, &decision, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (decision == by->number)
            continue;
        TRY(changed_clause(g, decision, section, old.body, now.body, &clause, err));
        if (clause.n == 0)
            continue;
        (void)snprintf(words, sizeof words, "%.*s was amended by D-%" PRIu64, SPAN_FMT(clause), by->number);
        TRY(reliance_doubt(g, decision, words, by->mover, NULL, err));
    }
}
