#include "charter/charter_model.h"

bool charter_is_partner(const struct charter *c, struct span org)
{
    const struct charter_party *p = charter_party(c, org);
    return p != NULL && p->role == ROLE_PARTNER;
}

enum status charter_partners(const struct charter *c, struct arena *a, struct span_list *ret_orgs)
{
    struct span_list l = {.v = arena_array(a, c->parties->list.n, sizeof *l.v)};
    if (l.v == NULL)
        return ST_LIMIT;
    for (size_t i = 0; i < c->parties->list.n; i++)
        if (c->parties->list.v[i].role == ROLE_PARTNER)
            l.v[l.n++] = c->parties->list.v[i].org;
    *ret_orgs = l;
    return ST_OK;
}

bool charter_split_seat(struct span seat, struct span *ret_org, struct span *ret_name)
{
    const uint8_t *slash = seat.n == 0 ? NULL : memchr(seat.p, '/', seat.n);
    if (slash == NULL)
        return false;
    size_t n = (size_t)(slash - seat.p);
    *ret_org = span_of(seat.p, n);
    *ret_name = span_of(slash + 1, seat.n - n - 1);
    return true;
}

static bool listed(const struct span_list *l, struct span v)
{
    for (size_t i = 0; i < l->n; i++)
        if (span_eq(l->v[i], v))
            return true;
    return false;
}

static bool party_has_seat(const struct charter *c, const struct charter_party *p, struct span name)
{
    if (p->role == ROLE_PARTNER && listed(&c->partner_seats->seats, name))
        return true;
    return HAS(p, charter_party_key_seats) && listed(&p->seats, name);
}

bool charter_has_seat(const struct charter *c, struct span org, struct span name)
{
    const struct charter_party *p = charter_party(c, org);
    return p != NULL && party_has_seat(c, p, name);
}

/* "org/name" in the arena; p is NULL when it is full. */
static struct span join_seat(struct arena *a, struct span org, struct span name)
{
    uint8_t *p = arena_alloc(a, org.n + name.n + 2);
    if (p == NULL)
        return (struct span){0};
    memcpy(p, org.p, org.n);
    p[org.n] = '/';
    memcpy(p + org.n + 1, name.p, name.n);
    return span_of(p, org.n + 1 + name.n);
}

/* A selector without a body against one seat. */
static bool seat_matches(const struct charter *c, const struct charter_selector *s,
                         const struct charter_party *p, struct span name)
{
    if (!HAS(s, charter_selector_key_seat) || !span_eq(s->seat, name))
        return false;
    if (HAS(s, charter_selector_key_org) ? !span_eq(s->org, p->org) : p->role != ROLE_PARTNER)
        return false;
    return party_has_seat(c, p, name);
}

static bool selects(const struct charter *c, const struct charter_selector *s, const struct charter_party *p,
                    struct span name)
{
    if (!HAS(s, charter_selector_key_body))
        return seat_matches(c, s, p, name);
    const struct charter_body *b = charter_body(c, s->body);
    for (size_t i = 0; b != NULL && i < b->seats.n; i++)
        if (seat_matches(c, &b->seats.v[i], p, name))
            return true;
    return false;
}

bool charter_selects(const struct charter *c, const struct charter_selector *s, struct span seat)
{
    struct span org, name;
    if (!charter_split_seat(seat, &org, &name))
        return false;
    const struct charter_party *p = charter_party(c, org);
    return p != NULL && selects(c, s, p, name);
}

bool charter_selects_any(const struct charter *c, const struct charter_selector_list *l, struct span seat)
{
    for (size_t i = 0; i < l->n; i++)
        if (charter_selects(c, &l->v[i], seat))
            return true;
    return false;
}

/* Names of a party's seats, ascending: the two lists merged. Without a list, counts. */
static size_t merge_names(const struct charter *c, const struct charter_party *p, struct span *v)
{
    static const struct span_list none;
    const struct span_list *x = p->role == ROLE_PARTNER ? &c->partner_seats->seats : &none;
    const struct span_list *y = HAS(p, charter_party_key_seats) ? &p->seats : &none;
    size_t i = 0, j = 0, n = 0;
    while (i < x->n || j < y->n) {
        int order = i == x->n ? 1 : j == y->n ? -1 : span_cmp(x->v[i], y->v[j]);
        if (v != NULL)
            v[n] = order <= 0 ? x->v[i] : y->v[j];
        n++;
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

static enum status names_of(const struct charter *c, const struct charter_party *p, struct arena *a,
                            struct span_list *ret_names)
{
    struct span_list l = {.n = merge_names(c, p, NULL)};
    l.v = arena_array(a, l.n, sizeof *l.v);
    if (l.v == NULL)
        return ST_LIMIT;
    (void)merge_names(c, p, l.v);
    *ret_names = l;
    return ST_OK;
}

/* Appends the seats of one party; s is NULL for all of them. */
static enum status append_seats(const struct charter *c, const struct charter_party *p,
                                const struct charter_selector *s, struct arena *a, struct span_list *l)
{
    struct span_list names;
    enum status st = names_of(c, p, a, &names);
    for (size_t i = 0; st == ST_OK && i < names.n; i++) {
        if (s != NULL && !selects(c, s, p, names.v[i]))
            continue;
        struct span seat = join_seat(a, p->org, names.v[i]);
        if (seat.p == NULL)
            return ST_LIMIT;
        l->v[l->n++] = seat;
    }
    return st;
}

enum status charter_seats_of(const struct charter *c, struct span org, struct arena *a,
                             struct span_list *ret_seats)
{
    static const struct charter_selector *const all = NULL;
    const struct charter_party *p = charter_party(c, org);
    if (p == NULL)
        return ST_NOTFOUND;
    struct span_list l = {.v = arena_array(a, merge_names(c, p, NULL), sizeof *l.v)};
    if (l.v == NULL)
        return ST_LIMIT;
    enum status st = append_seats(c, p, all, a, &l);
    if (st == ST_OK)
        *ret_seats = l;
    return st;
}

/* Seats sort as organisation, then name: '/' sorts before letters and digits, and '-' before '/' , so two
 * organisations of which one begins with the other need a last pass. */
static void sort_seats(struct span_list *l)
{
    for (size_t i = 1; i < l->n; i++) {
        struct span v = l->v[i];
        size_t j = i;
        for (; j > 0 && span_cmp(l->v[j - 1], v) > 0; j--)
            l->v[j] = l->v[j - 1];
        l->v[j] = v;
    }
}

enum status charter_select(const struct charter *c, const struct charter_selector *s, struct span org,
                           struct arena *a, struct span_list *ret_seats)
{
    size_t most = 0;
    for (size_t i = 0; i < c->parties->list.n; i++)
        most += merge_names(c, &c->parties->list.v[i], NULL);
    struct span_list l = {.v = arena_array(a, most, sizeof *l.v)};
    if (l.v == NULL)
        return ST_LIMIT;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < c->parties->list.n; i++)
        if (org.n == 0 || span_eq(org, c->parties->list.v[i].org))
            st = append_seats(c, &c->parties->list.v[i], s, a, &l);
    if (st != ST_OK)
        return st;
    sort_seats(&l);
    *ret_seats = l;
    return ST_OK;
}

enum status charter_select_any(const struct charter *c, const struct charter_selector_list *l, struct span org, struct arena *a,
                               struct span_list *ret_seats)
{
    struct span_list all = {0};
    for (size_t i = 0; i < l->n; i++) {
        struct span_list some;
        if (charter_select(c, &l->v[i], org, a, &some) != ST_OK)
            return ST_LIMIT;
        struct span *v = arena_array(a, all.n + some.n + 1, sizeof *v);
        if (v == NULL)
            return ST_LIMIT;
        size_t n = 0, x = 0, y = 0;
        while (x < all.n || y < some.n) {
            int o = x == all.n ? 1 : y == some.n ? -1 : span_cmp(all.v[x], some.v[y]);
            v[n++] = o <= 0 ? all.v[x] : some.v[y];
            x += o <= 0;
            y += o >= 0;
        }
        all = (struct span_list){n, v};
    }
    *ret_seats = all;
    return ST_OK;
}

size_t charter_count_seats(const struct charter *c, const struct charter_selector *s, struct span org)
{
    const struct charter_party *p = charter_party(c, org);
    if (p == NULL)
        return 0;
    static const struct span_list none;
    const struct span_list *lists[2] = {p->role == ROLE_PARTNER ? &c->partner_seats->seats : &none,
                                        HAS(p, charter_party_key_seats) ? &p->seats : &none};
    size_t n = 0;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            bool twice = k == 1 && listed(lists[0], lists[1]->v[i]);
            n += !twice && selects(c, s, p, lists[k]->v[i]);
        }
    return n;
}

bool charter_rung_mediates(const struct charter *c, const struct charter_rung *r)
{
    if (!HAS(&r->to, charter_selector_key_org))
        return false;
    const struct charter_party *p = charter_party(c, r->to.org);
    return p != NULL && p->role != ROLE_PARTNER;
}
