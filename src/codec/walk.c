#include "codec/bounds.h"
#include "codec/path.h"
#include "codec/walk.h"

enum { STATE_BEGIN, STATE_FIELDS, STATE_NESTED, STATE_LEAVE };

void walk_init(struct walk *w, const struct record_desc *d, const void *rec)
{
    w->frame[0] = (struct walk_frame){.d = d, .rec = rec, .depth = 1};
    w->n = 1;
    w->state = STATE_BEGIN;
    w->field = NULL;
    w->member = NULL;
}

const struct walk_frame *walk_top(const struct walk *w)
{
    ASSERT(w->n > 0);
    return &w->frame[w->n - 1];
}

static bool present(const struct walk_frame *f, const struct field_desc *field)
{
    uint64_t has;
    memcpy(&has, f->rec, sizeof has); /* the first member of every struct (records.h) */
    return !field->optional || (has >> field->key & 1) != 0;
}

size_t walk_pairs(const struct walk *w)
{
    const struct walk_frame *f = walk_top(w);
    size_t n = 0;
    for (size_t i = 0; i < f->d->n; i++)
        n += present(f, &f->d->fields[i]) ? 1 : 0;
    return n;
}

static void push(struct walk *w, const struct record_desc *d, const void *rec, size_t n, unsigned depth)
{
    ASSERT(w->n < WALK_FRAMES); /* no block nests deeper (tests/unit/codec/test_desc.c) */
    w->frame[w->n++] = (struct walk_frame){.d = d, .rec = rec, .n = n, .depth = depth};
    w->state = STATE_BEGIN;
}

bool walk_enter(struct walk *w, const struct record_desc *d, const void *rec)
{
    unsigned depth = walk_top(w)->depth + 1;
    if (w->n == WALK_FRAMES || depth > LIMIT_NEST_DEPTH)
        return false;
    push(w, d, rec, 0, depth);
    return true;
}

static enum walk_event next_field(struct walk *w)
{
    struct walk_frame *f = &w->frame[w->n - 1];
    while (f->next < f->d->n && !present(f, &f->d->fields[f->next]))
        f->next++;
    if (f->next == f->d->n) {
        w->state = STATE_LEAVE;
        w->field = NULL;
        return WALK_END;
    }
    w->field = &f->d->fields[f->next++];
    w->member = f->rec + w->field->offset;
    w->state = w->field->type == FT_REC || w->field->type == FT_LIST ? STATE_NESTED : STATE_FIELDS;
    return WALK_FIELD;
}

static void next_frame(struct walk *w)
{
    const struct field_desc *field = w->field;
    unsigned depth = w->frame[w->n - 1].depth;
    w->field = NULL;
    if (field->type == FT_REC)
        push(w, field->rec, w->member, 0, depth + 1);
    else
        push(w, field->rec, bounds_list_v(w->member), bounds_list_n(w->member), depth + 2);
}

/* The top record ended: true when its list goes on. */
static bool next_member(struct walk *w)
{
    struct walk_frame *f = &w->frame[w->n - 1];
    if (f->i + 1 >= f->n)
        return false;
    f->i++;
    f->rec += f->d->size;
    f->next = 0;
    w->state = STATE_FIELDS;
    return true;
}

enum walk_event walk_next(struct walk *w)
{
    if (w->n == 0)
        return WALK_DONE;
    switch (w->state) {
    case STATE_NESTED:
        if (w->field->type == FT_LIST && bounds_list_n(w->member) == 0) {
            w->state = STATE_FIELDS;
            w->field = NULL;
            return WALK_LIST_END;
        }
        next_frame(w);
        w->state = STATE_FIELDS;
        return WALK_BEGIN;
    case STATE_BEGIN:
        w->state = STATE_FIELDS;
        w->field = NULL;
        return WALK_BEGIN;
    case STATE_LEAVE: {
        if (next_member(w))
            return WALK_BEGIN;
        bool listed = w->frame[w->n - 1].n != 0;
        w->n--;
        w->state = STATE_FIELDS;
        if (listed)
            return WALK_LIST_END;
        return w->n == 0 ? WALK_DONE : next_field(w);
    }
    default:
        return next_field(w);
    }
}

enum status walk_fail(const struct walk *w, size_t item, enum status st, struct err *err)
{
    struct path_part part[WALK_FRAMES + 1];
    size_t n = 0;
    if (err == NULL)
        return st;
    part[n++] = (struct path_part){w->frame[0].d->name, PATH_NO_INDEX};
    for (size_t k = 1; k < w->n; k++) {
        const struct walk_frame *up = &w->frame[k - 1];
        size_t index = w->frame[k].n == 0 ? PATH_NO_INDEX : w->frame[k].i;
        part[n++] = (struct path_part){up->d->fields[up->next - 1].name, index};
    }
    if (w->field != NULL)
        part[n++] = (struct path_part){w->field->name, item};
    return path_wrap(part, n, PATH_NO_BYTE, st, err);
}
