#include "gov/opened.h"
#include "charter/calendar.h"

enum status opened_begin(const struct figures *f, struct span name, struct opened_walk *ret)
{
    uint32_t type = 0;
    bool row = charter_row(&f->metrics.rights.charter, name) != NULL;
    if (!row && enum_parse(&item_type_enum, name, &type) != ST_OK)
        return ST_NOTFOUND;
    *ret = (struct opened_walk){.f = f, .items = !row, .type = (enum item_type)type, .row = name, .upto = UINT64_MAX};
    return ST_OK;
}

/* One row of the table; *ret_is: it is of that type. */
static enum status read_one(const struct opened_walk *w, struct span value, struct opened *ret, bool *ret_is, struct err *err)
{
    if (w->items) {
        struct state_item it;
        TRY(codec_decode(&state_item_desc, value, w->f->scratch, &it, err));
        *ret = (struct opened){.number = it.number, .opened_ms = it.opened_ms};
        if (HAS(&it.item, item_key_tags))
            ret->tags = it.item.tags;
        *ret_is = it.item.type == w->type;
        return ST_OK;
    }
    struct state_decision d;
    TRY(codec_decode(&state_decision_desc, value, w->f->scratch, &d, err));
    *ret = (struct opened){.number = d.number, .opened_ms = d.opened_ms};
    *ret_is = span_eq(d.type, w->row);
    return ST_OK;
}

enum status opened_next(struct opened_walk *w, uint64_t since_ms, struct opened *ret, struct err *err)
{
    while (w->upto > 0) { /* numbers begin with 1 */
        struct tkey at = w->items ? tkey_item(w->type, w->upto) : tkey_u64(w->upto);
        struct span key, value;
        bool is;
        arena_reset(w->f->scratch);
        enum status st = view_prev(w->f->v, w->items ? TABLE_ITEM : TABLE_DECISION, tkey_span(&at), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_END : err_set(err, st, "%s cannot be read", w->items ? "items" : "decisions");
        TRY(read_one(w, value, ret, &is, err));
        if (ret->opened_ms < since_ms || (w->items && !is)) /* before the items of a type stand those of another */
            return ST_END;
        w->upto = ret->number - 1;
        if (is)
            return ST_OK;
    }
    return ST_END;
}

uint64_t opened_since(const struct figures *f, const struct charter_span *within)
{
    const struct charter *c = &f->metrics.rights.charter;
    uint64_t lo = 0, hi = f->now_ms + 1, end;
    bool beyond;
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        enum status st = calendar_deadline(c->calendars, c->decisions->calendar, mid, within, &end, &beyond);
        if (st == ST_RANGE || (st == ST_OK && end > f->now_ms)) /* past the year 9999: after now */
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}
