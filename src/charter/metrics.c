/* What a partner promised to put in is a number like any other (MET-12). */
#include "charter/charter_model.h"

static struct span alliance_manager(struct span org, struct arena *a)
{
    static const char name[] = "/alliance-manager";
    uint8_t *p = arena_alloc(a, org.n + sizeof name - 1);
    if (p == NULL)
        return (struct span){NULL, 0};
    memcpy(p, org.p, org.n);
    memcpy(p + org.n, name, sizeof name - 1);
    return span_of(p, org.n + sizeof name - 1);
}

static struct charter_metric of_commitment(const struct charter_commitment *k, struct span seat)
{
    struct charter_metric d = {.name = k->name,
                               .group = GROUP_EXECUTION,
                               .view = VIEW_PROCESS,
                               .unit = k->unit,
                               .better = BETTER_UP,
                               .every = k->every,
                               .due = {.n = 8, .unit = UNIT_BD},
                               .from = {.org = k->by, .seat = span_str("alliance-manager")},
                               .check = seat,
                               .target = k->quantity};
    SET_HAS(&d, charter_metric_key_unit);
    SET_HAS(&d, charter_metric_key_from);
    SET_HAS(&d.from, charter_reporter_key_org);
    SET_HAS(&d.from, charter_reporter_key_seat);
    SET_HAS(&d, charter_metric_key_check);
    SET_HAS(&d, charter_metric_key_target);
    return d;
}

bool charter_is_commitment(const struct charter_metric *d)
{
    struct span org = d->from.org;
    return HAS(d, charter_metric_key_check) && HAS(d, charter_metric_key_from) && HAS(&d->from, charter_reporter_key_org) &&
           d->check.n > org.n && d->check.p[org.n] == '/' && memcmp(d->check.p, org.p, org.n) == 0;
}

enum status charter_all_metrics(const struct charter_metric_list *metrics, const struct charter_commitments *promised,
                                struct arena *a, struct charter_metric_list *ret)
{
    size_t n = 0, i = 0, promises = promised == NULL ? 0 : promised->list.n;
    struct charter_metric *all = arena_array(a, metrics->n + promises + 1, sizeof *all);
    if (all == NULL)
        return ST_LIMIT;
    for (size_t k = 0; k < promises; k++) {
        const struct charter_commitment *one = &promised->list.v[k];
        struct span seat = alliance_manager(one->by, a);
        if (seat.p == NULL)
            return ST_LIMIT;
        while (i < metrics->n && span_cmp(metrics->v[i].name, one->name) < 0)
            all[n++] = metrics->v[i++];
        if (i == metrics->n || !span_eq(metrics->v[i].name, one->name))
            all[n++] = of_commitment(one, seat);
    }
    while (i < metrics->n)
        all[n++] = metrics->v[i++];
    *ret = (struct charter_metric_list){n, all};
    return ST_OK;
}
