/* What the charter in force says about sharing, and the decisions that it rests on (GRT-2 to GRT-4). */
#include "gov/grant.h"
#include "gov/item.h"
#include "gov/tally.h"

enum status grant_terms_load(const struct view *v, struct arena *a, struct grant_terms *ret, struct err *err)
{
    const void *section;
    TRY(rights_load(v, a, &ret->rights, err));
    TRY(item_section(v, a, SECTION_SHARING, &section, err));
    ret->sharing = section;
    return ST_OK;
}

const struct charter_sharing_class *grant_class(const struct grant_terms *t, struct span name)
{
    for (size_t i = 0; t->sharing != NULL && i < t->sharing->classes.n; i++)
        if (span_eq(t->sharing->classes.v[i].name, name))
            return &t->sharing->classes.v[i];
    return NULL;
}

enum permission grant_may(const struct charter_sharing_class *k, struct span org)
{
    for (size_t i = 0; i < k->with.n; i++)
        if (span_eq(k->with.v[i].org, org))
            return k->with.v[i].may;
    return MAY_CANNOT;
}

/* The owners of the row data-sharing, when it has one of this organisation. */
static const struct charter_selector_list *owners(const struct grant_terms *t, struct span org)
{
    const struct charter *c = &t->rights.charter;
    const struct charter_row *row = charter_row(c, span_str("data-sharing"));
    for (size_t i = 0; row != NULL && i < row->owner.n; i++)
        if (charter_count_seats(c, &row->owner.v[i], org) > 0)
            return &row->owner;
    return NULL;
}

bool grant_may_grant(const struct grant_terms *t, struct span seat)
{
    const struct charter_selector_list *l = owners(t, state_seat_org(seat));
    if (l != NULL)
        return charter_selects_any(&t->rights.charter, l, seat);
    struct span name = state_seat_name(seat);
    return span_eqs(name, "sponsor") || span_eqs(name, "alliance-manager");
}

const char *grant_granters(const struct grant_terms *t, struct arena *a, struct span org)
{
    const struct charter_selector_list *l = owners(t, org);
    const char *words = l == NULL ? charter_text(a, "%.*s/sponsor or %.*s/alliance-manager", SPAN_FMT(org), SPAN_FMT(org))
                                  : "";
    for (size_t i = 0; l != NULL && words != NULL && i < l->n; i++) {
        struct span_list seats;
        if (charter_select(&t->rights.charter, &l->v[i], org, a, &seats) != ST_OK)
            return NULL;
        for (size_t k = 0; words != NULL && k < seats.n; k++)
            words = charter_text(a, "%s%s%.*s", words, words[0] == 0 ? "" : " or ", SPAN_FMT(seats.v[k]));
    }
    return words;
}

/* --- A decision that lets a class be shared --- */

static enum status no_class(struct denial *no, struct span name)
{
    return denial_set(no, V_NO_SUCH_OBJECT, "the charter has no class %.*s of what may be shared; see: entente share map",
                      SPAN_FMT(name));
}

enum status grant_check_share(const struct view *v, struct arena *a, uint64_t now_ms, const struct effect *e,
                              struct denial *no, struct err *err)
{
    struct grant_terms t;
    uint64_t ends;
    TRY(grant_terms_load(v, a, &t, err));
    const struct charter_sharing_class *k = grant_class(&t, e->info_class);
    if (k == NULL)
        return no_class(no, e->info_class);
    if (!state_list_ascends(&e->audience))
        return denial_set(no, V_MALFORMED, "the partners that it may be shared with do not ascend, or one is there twice");
    for (size_t i = 0; i < e->audience.n; i++) {
        struct span org = e->audience.v[i];
        if (!charter_is_partner(&t.rights.charter, org))
            return denial_set(no, V_NO_SUCH_OBJECT, "there is no partner %.*s", SPAN_FMT(org));
        if (grant_may(k, org) == MAY_CANNOT)
            return denial_set(no, V_NOT_PERMITTED, "sharing.%.*s: cannot be shared with %.*s; the charter must be amended first",
                              SPAN_FMT(e->info_class), SPAN_FMT(org));
    }
    TRY(item_date_end(v, a, e->until, &ends, err));
    if (ends <= now_ms)
        return denial_set(no, V_BAD_EFFECT, "%.10s is over; what may be shared is shared until a day to come",
                          time_utc(e->until * 86400000).s);
    return ST_OK;
}

enum status grant_consent(const struct view *v, struct arena *a, const struct ref *consent, struct span info_class,
                          uint64_t until, struct effect *ret, struct denial *no, struct err *err)
{
    struct matter m;
    struct state_revision rev;
    uint64_t n = consent->number;
    enum status st = matter_load(v, a, n, &m, err);
    if (st == ST_NOTFOUND)
        return denial_set(no, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64 " to rest on", n);
    TRY(st);
    struct tkey k = tkey_revision(n, m.d.revision);
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    const struct effect *e = &rev.proposal.effect;
    if (!span_eqs(m.d.type, "data-sharing") || e->type != EFFECT_SHARE)
        return denial_set(no, V_NOT_PERMITTED,
                          "D-%" PRIu64 " is no consent: one of the row data-sharing is, that names class, partners and day", n);
    if (!hash_eq(&consent->digest, &m.d.digest))
        return denial_set(no, V_WRONG_REVISION, "D-%" PRIu64 " has another revision than the one read; look again", n);
    if (m.d.phase != PHASE_EFFECTIVE)
        return denial_set(no, V_NOT_NOW, "D-%" PRIu64 " is %s; a grant rests on a decision in effect", n,
                          enum_text(&phase_enum, m.d.phase));
    if (!span_eq(e->info_class, info_class))
        return denial_set(no, V_NOT_PERMITTED, "D-%" PRIu64 " is about %.*s, not about %.*s", n, SPAN_FMT(e->info_class),
                          SPAN_FMT(info_class));
    if (until > e->until)
        return denial_set(no, V_NOT_PERMITTED, "D-%" PRIu64 " lets it be shared until %.10s, not until %.10s", n,
                          time_utc(e->until * 86400000).s, time_utc(until * 86400000).s);
    *ret = *e;
    return ST_OK;
}
