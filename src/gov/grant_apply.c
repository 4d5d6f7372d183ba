/* Something is shared (GRT-5). */
#include "gov/grant.h"
#include "gov/item.h"

struct granting {
    struct act *c;
    const struct grant *r;
    struct grant_terms terms;
    const struct charter_sharing_class *k;
    struct span org;
    struct effect consent;       /* with the grant's consent: what it lets */
    struct state_grant *sources; /* one for each of derived_from */
    uint64_t ends_ms;
};

static enum status seat_sound(struct granting *x, struct err *err)
{
    struct act *c = x->c;
    bool partner;
    struct span seat = c->e->entry->seat;
    TRY(item_partner_seat(&c->v, c->g->arena, seat, &partner, err));
    if (!partner)
        return act_refuse(c, V_NOT_PERMITTED, "what is shared is a partner's; %.*s is no seat of one", SPAN_FMT(seat));
    TRY(grant_terms_load(&c->v, c->g->arena, &x->terms, err));
    x->k = grant_class(&x->terms, x->r->info_class);
    if (x->k == NULL)
        return act_refuse(c, V_NO_SUCH_OBJECT,
                          "the charter has no class %.*s of what may be shared; see: entente share map",
                          SPAN_FMT(x->r->info_class));
    if (grant_may_grant(&x->terms, seat))
        return ST_OK;
    const char *who = grant_granters(&x->terms, c->g->arena, x->org);
    return act_refuse(c, V_NOT_PERMITTED, "%.*s does not share for %.*s; %s does", SPAN_FMT(seat), SPAN_FMT(x->org),
                      who == NULL ? "another seat" : who);
}

static enum status audience_sound(struct granting *x, struct err *err)
{
    struct act *c = x->c;
    const struct span_list *to = &x->r->audience;
    if (!state_list_ascends(to))
        return act_refuse(c, V_MALFORMED, "the partners that it is shared with do not ascend, or one is there twice");
    for (size_t i = 0; i < to->n; i++) {
        if (!charter_is_partner(&x->terms.rights.charter, to->v[i]))
            return act_refuse(c, V_NO_SUCH_OBJECT, "there is no partner %.*s to share with", SPAN_FMT(to->v[i]));
        if (span_eq(to->v[i], x->org))
            return act_refuse(c, V_MALFORMED, "%.*s is the partner that shares; it is in no audience of its own",
                              SPAN_FMT(x->org));
    }
    TRY(item_date_end(&c->v, c->g->arena, x->r->until, &x->ends_ms, err));
    if (x->ends_ms <= c->g->time_ms)
        return act_refuse(c, V_MALFORMED, "%.10s is over; a grant is until today or later",
                          time_utc(x->r->until * 86400000).s);
    return ST_OK;
}

/* What the class's line says of each of the audience. */
static enum status permitted(struct granting *x, struct err *err)
{
    struct act *c = x->c;
    const struct grant *r = x->r;
    bool consent = HAS(r, grant_key_consent);
    if (consent) {
        struct denial no;
        enum status st = grant_consent(&c->v, c->g->arena, &r->consent, r->info_class, r->until, &x->consent, &no, err);
        TRY(act_checked(c, st, &no));
    }
    for (size_t i = 0; i < r->audience.n; i++) {
        struct span org = r->audience.v[i];
        enum permission may = grant_may(x->k, org);
        if (may == MAY_CANNOT)
            return act_refuse(c, V_NOT_PERMITTED, "sharing.%.*s: it cannot be shared with %.*s", SPAN_FMT(r->info_class),
                              SPAN_FMT(org));
        if (may == MAY_COULD && !consent)
            return act_refuse(c, V_INCOMPLETE,
                              "sharing.%.*s: it could be shared with %.*s by a data-sharing decision; name the one it rests on",
                              SPAN_FMT(r->info_class), SPAN_FMT(org));
        if (may == MAY_COULD && !state_list_has(&x->consent.audience, org))
            return act_refuse(c, V_NOT_PERMITTED, "D-%" PRIu64 " does not let %.*s be shared with %.*s", r->consent.number,
                              SPAN_FMT(r->info_class), SPAN_FMT(org));
    }
    return ST_OK;
}

/* Reaches the grant nobody, and no day, that this source of it does not, but by its consent? */
static enum status within(struct granting *x, const struct state_grant *s)
{
    const struct grant *r = x->r;
    for (size_t i = 0; i < r->audience.n; i++) {
        struct span org = r->audience.v[i];
        const struct grant_holder *m = grant_member(s, org);
        if (!span_eq(grant_org(s), org) && (m == NULL || !grant_has(m)) && !state_list_has(&x->consent.audience, org))
            return act_refuse(x->c, V_NOT_PERMITTED,
                              "it is derived from G-%" PRIu64 ", which %.*s does not have; that needs a data-sharing decision",
                              s->number, SPAN_FMT(org));
    }
    if (r->until > s->until && !HAS(r, grant_key_consent))
        return act_refuse(x->c, V_NOT_PERMITTED,
                          "it is derived from G-%" PRIu64 ", which ends on %.10s; a later day needs a data-sharing decision",
                          s->number, time_utc(s->until * 86400000).s);
    return ST_OK;
}

static enum status source_sound(struct granting *x, const struct ref *ref, struct state_grant *s, struct err *err)
{
    struct act *c = x->c;
    enum status st = grant_get(&c->v, c->g->arena, ref->number, s, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no grant G-%" PRIu64 "; see: entente share list", ref->number);
    TRY(st);
    if (!hash_eq(&ref->digest, &s->id))
        return act_refuse(c, V_WRONG_REVISION, "G-%" PRIu64 " is another grant than the one read; look again", s->number);
    if (s->standing != GRANT_IN_FORCE)
        return act_refuse(c, V_NOT_NOW, "G-%" PRIu64 " is %s; nothing new is derived from it", s->number,
                          enum_text(&grant_standing_enum, s->standing));
    const struct grant_holder *own = grant_member(s, x->org);
    if (!span_eq(grant_org(s), x->org) && (own == NULL || !grant_has(own)))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s does not have G-%" PRIu64 "; it derives nothing from it", SPAN_FMT(x->org),
                          s->number);
    if (s->derived == GRANT_DERIVED_MAX)
        return act_refuse(c, V_TOO_MANY, "%d grants are derived from G-%" PRIu64 " already", GRANT_DERIVED_MAX, s->number);
    return within(x, s);
}

static enum status sources_sound(struct granting *x, struct err *err)
{
    const struct grant *r = x->r;
    if (!HAS(r, grant_key_derived_from))
        return ST_OK;
    x->sources = arena_array(x->c->g->arena, r->derived_from.n, sizeof *x->sources);
    if (x->sources == NULL)
        return err_set(err, ST_LIMIT, "out of room for what a grant is derived from");
    for (size_t i = 0; i < r->derived_from.n; i++) {
        const struct ref *ref = &r->derived_from.v[i];
        if (i > 0 && r->derived_from.v[i - 1].number >= ref->number)
            return act_refuse(x->c, V_MALFORMED, "the grants that it is derived from do not ascend at G-%" PRIu64, ref->number);
        TRY(source_sound(x, ref, &x->sources[i], err));
    }
    return ST_OK;
}

/* --- Written --- */

static enum status derive(struct granting *x, struct state_grant *s, struct err *err)
{
    struct gov *g = x->c->g;
    size_t n = x->sources == NULL ? 0 : x->r->derived_from.n;
    s->derived_from.v = arena_array(g->arena, n + 1, sizeof(uint64_t));
    if (s->derived_from.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for what a grant is derived from");
    for (size_t i = 0; i < n; i++) {
        struct state_grant *from = &x->sources[i];
        struct tkey k = tkey_derived(from->number, s->number);
        overlay_put(g->state, TABLE_GRANT_DERIVED, tkey_span(&k), span_of("", 0));
        grant_begin(g, from);
        from->derived++;
        TRY(grant_commit(g, from, err));
        s->derived_from.v[s->derived_from.n++] = from->number;
    }
    return ST_OK;
}

static void copy_given(const struct grant *r, struct state_grant *s)
{
    if (HAS(r, grant_key_content)) {
        s->content = r->content;
        SET_HAS(s, state_grant_key_content);
    }
    if (HAS(r, grant_key_consent)) {
        s->consent = r->consent;
        SET_HAS(s, state_grant_key_consent);
    }
    if (HAS(r, grant_key_scope)) {
        s->scope = r->scope;
        SET_HAS(s, state_grant_key_scope);
    }
}

static enum status put(struct granting *x, struct err *err)
{
    struct gov *g = x->c->g;
    const struct gov_entry *e = x->c->e;
    const struct grant *r = x->r;
    struct state_grant s = {.info_class = r->info_class,
                            .granted = {.seat = e->entry->seat, .key = e->key, .leaf = g->leaf, .at_ms = g->time_ms},
                            .id = e->id,
                            .title = r->title,
                            .purpose = r->purpose,
                            .until = r->until,
                            .until_ms = x->ends_ms,
                            .standing = GRANT_IN_FORCE,
                            .changed_leaf = g->leaf};
    copy_given(r, &s);
    s.audience.v = arena_array(g->arena, r->audience.n, sizeof *s.audience.v);
    if (s.audience.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for an audience");
    for (size_t i = 0; i < r->audience.n; i++)
        s.audience.v[s.audience.n++] = (struct grant_holder){.org = r->audience.v[i], .holding = HOLDING_OFFERED};
    TRY(state_count(g, "grant", &s.number, err));
    TRY(derive(x, &s, err));
    return grant_commit(g, &s, err);
}

enum status grant_apply_grant(struct act *c, const struct grant *r, struct err *err)
{
    struct granting x = {.c = c, .r = r, .org = state_seat_org(c->e->entry->seat)};
    TRY(seat_sound(&x, err));
    TRY(audience_sound(&x, err));
    TRY(permitted(&x, err));
    TRY(sources_sound(&x, err));
    return put(&x, err);
}
