#include "plan.h"
#include "bad.h"

struct draw {
    uint64_t state;
};

static uint64_t next(struct draw *d)
{
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(struct draw *d, uint64_t n)
{
    return next(d) % n;
}

static uint64_t between(struct draw *d, uint64_t from, uint64_t to)
{
    return from + below(d, to - from + 1);
}

static void add(struct plan *p, uint64_t at, enum plan_fault_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
    if (p->n_faults == PLAN_FAULTS_MAX)
        return;
    size_t i = p->n_faults++;
    for (; i > 0 && p->faults[i - 1].at_ms > at; i--)
        p->faults[i] = p->faults[i - 1];
    p->faults[i] = (struct plan_fault){at, kind, a, b, c};
}

static uint64_t mask_of(struct draw *d, size_t n)
{
    uint64_t all = n >= 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
    return next(d) & all;
}

static size_t honest(const struct plan *p, struct draw *d, size_t n)
{
    uint64_t bad = plan_bad_mask(p);
    for (;;) {
        size_t i = below(d, n);
        if (((bad >> i) & 1) == 0)
            return i;
    }
}

/* Bad nodes up to f, each with a few ways of lying, a twin, or an odd machine. */
static void draw_bad(struct plan *p, struct draw *d, size_t n, size_t most)
{
    size_t want = most == 0 || below(d, 3) == 0 ? 0 : (size_t)between(d, 1, most);
    for (size_t k = 0; k < want && p->n_bad < PLAN_BAD_MAX; k++) {
        size_t i = below(d, n);
        if (((plan_bad_mask(p) >> i) & 1) != 0)
            continue;
        struct plan_bad b = {.node = i};
        uint64_t what = below(d, 8);
        if (what == 0)
            b.twin = true;
        for (size_t w = 0; what >= 2 && w < between(d, 1, 3); w++)
            b.ways |= (uint32_t)1 << below(d, BAD_WAYS);
        p->bad[p->n_bad++] = b;
    }
}

/* A machine of a bad node that was restored, copied or lost its journal. Its key is as good as stolen. */
static void draw_odd_machine(struct plan *p, struct draw *d, const struct plan_bad *b)
{
    uint64_t at = between(d, 1000, p->storm_ms / 2 + 1000), back = between(d, at + 1000, p->storm_ms + 2000);
    if (b->twin || b->ways != 0)
        return;
    if (below(d, 3) == 0) {
        add(p, back, FAULT_CLONE, b->node, 0, below(d, 2));
        return;
    }
    add(p, at, FAULT_BACKUP, b->node, 0, 0);
    add(p, back, FAULT_RESTORE, b->node, 0, below(d, 3));
}

static void draw_fault(struct plan *p, struct draw *d, size_t n, uint64_t at)
{
    size_t node = honest(p, d, n);
    uint64_t down = between(d, 300, 8000);
    switch (below(d, 26)) {
    case 0:
    case 1:
        add(p, at, FAULT_CRASH, node, down, 0);
        break;
    case 2:
        add(p, at, FAULT_CRASH_AT_WRITE, node, down, 0);
        break;
    case 3:
    case 4:
    case 5:
        add(p, at, FAULT_CRASH_AT_MOMENT, node, down, below(d, 14));
        break;
    case 6:
        add(p, at, FAULT_CRASH_ALONE, node, down, 0);
        break;
    case 7:
    case 8:
        add(p, at, FAULT_PARTITION, 0, 0, mask_of(d, n));
        add(p, at + between(d, 500, 12000), FAULT_HEAL, 0, 0, 0);
        break;
    case 9:
        add(p, at, FAULT_CUT, node, 0, mask_of(d, n));
        add(p, at + between(d, 500, 9000), FAULT_HEAL, 0, 0, 0);
        break;
    case 10:
    case 11:
        add(p, at, FAULT_REPLAY, 0, between(d, 5, 60), 0);
        break;
    case 12:
    case 13:
        add(p, at, FAULT_SLEEP, node, below(d, 2) == 0 ? between(d, 1000, 25000) : between(d, 31000, 90000), below(d, 2));
        break;
    case 14:
        add(p, at, FAULT_FULL, node, between(d, 200, 6000), 0);
        break;
    case 15:
        add(p, at, FAULT_DAMAGE, node, between(d, 500, 8000), 0);
        break;
    case 16:
        add(p, at, FAULT_FLOOD, node, between(d, 20, 60), 0);
        break;
    case 17:
    case 18:
        add(p, at, FAULT_LOCK_ALONE, node, between(d, 2000, 9000), below(d, 2));
        break;
    case 19:
    case 20:
    case 25:
        add(p, at, FAULT_LOCK_TURNS, 0, between(d, 9000, 30000), 0);
        break;
    case 21:
        add(p, at, FAULT_LOCK_MANY, 0, between(d, 2500, 9000), mask_of(d, n));
        break;
    default:
        add(p, at, FAULT_WITHHOLD, 0, between(d, 1, 3), mask_of(d, n));
        add(p, at + between(d, 1500, 7000), FAULT_DELIVER, 0, 0, 0);
        break;
    }
}

/* One clock at a time is off by more than its precision, of at most f with the bad nodes. */
static void draw_clocks(struct plan *p, struct draw *d, size_t n, size_t f)
{
    uint64_t at = between(d, 2000, 9000);
    while (p->n_bad < f && at < p->storm_ms) {
        uint64_t ms = between(d, 2000, 15000);
        int64_t jump = (int64_t)between(d, 1000, 200000) * (below(d, 2) == 0 ? 1 : -1);
        add(p, at, FAULT_JUMP, honest(p, d, n), ms, (uint64_t)jump);
        at += ms + between(d, 5000, 60000);
    }
}

static void draw_size(struct plan *p, struct draw *d)
{
    uint64_t what = below(d, 100);
    size_t n = what < 72 ? between(d, 4, 7) : what < 84 ? between(d, 2, 3) : what < 97 ? between(d, 8, 12) : between(d, 13, 30);
    p->witnesses = n > 3 ? between(d, 0, n / 3) : 0;
    p->partners = n - p->witnesses;
}

static void draw_world(struct plan *p, struct draw *d)
{
    size_t n = p->partners + p->witnesses;
    p->loss_percent = (unsigned)below(d, 11);
    p->duplicate_percent = (unsigned)below(d, 5);
    p->delay_ms = 2 + (unsigned)below(d, 8) * (unsigned)below(d, 25);
    p->clock_off_ms = 400;
    p->drift_ppm = below(d, 2) == 0 ? 0 : 200;
    p->storm_ms = n <= 7 ? between(d, 20000, 60000) : n <= 12 ? between(d, 12000, 24000) : between(d, 6000, 10000);
    p->calm_ms = n <= 7 ? between(d, 60000, 700000) : n <= 12 ? between(d, 5000, 60000) : 1000;
    p->pace_ms = (unsigned)between(d, 300, 2500);
    p->entries_max = n <= 12 ? 120 : 40;
}

/* A machine that was restored or copied comes back under fresh keys. */
static void draw_reborn(struct plan *p, struct draw *d)
{
    for (size_t i = 0, n = p->n_faults; i < n; i++) {
        const struct plan_fault *x = &p->faults[i];
        if (x->kind != FAULT_RESTORE && x->kind != FAULT_CLONE)
            continue;
        add(p, x->at_ms + between(d, 1000, 6000), FAULT_REKEY, x->a, 0, below(d, 2));
        return;
    }
}

/* What changes the alliance itself while all this goes on. By numbers of its own: nothing else in the plan differs. */
static void draw_members(struct plan *p, uint64_t seed, size_t n)
{
    struct draw d = {seed * UINT64_C(0x2545f4914f6cdd1d) + 1234567};
    uint64_t at = between(&d, 300, p->storm_ms / 4), changes = n > 12 ? 1 : between(&d, 1, 4);
    draw_reborn(p, &d);
    for (uint64_t k = 0; k < changes; k++, at += between(&d, 500, p->storm_ms / 2)) {
        uint64_t what = below(&d, 20), who = below(&d, n + p->newcomers);
        if (what < 7 && p->newcomers < PLAN_NEWCOMERS_MAX) {
            size_t newcomer = n + p->newcomers;
            p->witness[p->newcomers++] = below(&d, 4) == 0;
            add(p, at, FAULT_ADMIT, newcomer, 0, 0);
            if (below(&d, 2) == 0)
                add(p, at + between(&d, 2000, 20000), FAULT_CRASH_AT_MOMENT, newcomer, between(&d, 300, 4000), below(&d, 14));
            if (below(&d, 3) == 0)
                add(p, at + between(&d, 2000, 20000), FAULT_CRASH, newcomer, between(&d, 300, 8000), 0);
        } else if (what < 12) {
            add(p, at, FAULT_REKEY, who, 0, below(&d, 3) == 0);
        } else if (what < 14) {
            add(p, at, FAULT_REVOKE, who, 0, below(&d, 2) == 0 ? 0 : below(&d, 4));
        } else if (what < 17) {
            add(p, at, FAULT_REMOVE, who, 0, 0);
        } else {
            add(p, at, FAULT_HOLDER, who, 0, below(&d, 4));
        }
    }
}

void plan_draw(struct plan *p, uint64_t seed)
{
    struct draw d = {seed * UINT64_C(0x2545f4914f6cdd1d) + 99};
    *p = (struct plan){.seed = seed, .families = seed % 4 == 3 || seed % 4 == 0};
    draw_size(p, &d);
    draw_world(p, &d);
    size_t n = p->partners + p->witnesses, f = (n - 1) / 3;
    draw_bad(p, &d, n, f);
    for (size_t i = 0; i < p->n_bad; i++)
        draw_odd_machine(p, &d, &p->bad[i]);
    if (p->n_bad > 0 && p->bad[0].twin)
        for (uint64_t at = 1000; at < p->storm_ms; at += between(&d, 1000, 9000))
            add(p, at, FAULT_AUDIENCE, p->bad[0].node, 0, mask_of(&d, n));
    draw_clocks(p, &d, n, f);
    uint64_t busy = between(&d, 900, 5000);
    for (uint64_t at = between(&d, 500, 4000); at < p->storm_ms; at += between(&d, 200, 2 * busy))
        draw_fault(p, &d, n, at);
    if (below(&d, 3) == 0) /* lids shut, from a minute to a long weekend */
        add(p, p->storm_ms + 3000, FAULT_ALL_SLEEP, 0, below(&d, 2) == 0 ? between(&d, 60000, 3600000) : between(&d, 3600000, 259200000),
            below(&d, 2));
    if (seed % 2 == 1)
        draw_members(p, seed, n);
}

void plan_draw_over_f(struct plan *p, uint64_t seed)
{
    struct draw d = {seed * UINT64_C(0x2545f4914f6cdd1d) + 7};
    *p = (struct plan){.seed = seed, .over_f = true};
    size_t n = below(&d, 3) == 0 ? 7 : 4, f = (n - 1) / 3, side = (n - f) / 2;
    p->partners = n;
    draw_world(p, &d);
    p->storm_ms = 30000;
    p->calm_ms = 1000;
    /* Half of the honest nodes and all twins on the one side, the others on the other: each is a quorum. */
    uint64_t mask = ((uint64_t)1 << side) - 1;
    for (size_t i = 0; i <= f; i++)
        mask |= (uint64_t)1 << (n + i);
    for (size_t i = 0; i <= f; i++) {
        p->bad[i] = (struct plan_bad){.node = n - 1 - i, .twin = true};
        add(p, 1, FAULT_AUDIENCE, n - 1 - i, 0, mask);
    }
    p->n_bad = f + 1;
    add(p, 2, FAULT_PARTITION, 0, 0, mask);
    if (below(&d, 2) == 0) /* the honest ones meet while a height is open */
        add(p, 2 + between(&d, 3000, 20000), FAULT_HEAL, 0, 0, 0);
}

void plan_draw_moment(struct plan *p, uint64_t k)
{
    *p = (struct plan){.seed = 5, .partners = 4, .delay_ms = 8, .storm_ms = 7000, .pace_ms = 500, .entries_max = 12};
    add(p, 50, FAULT_CRASH_AT_MOMENT, k % 4, 1500, k / 4);
}

uint64_t plan_bad_mask(const struct plan *p)
{
    uint64_t m = 0;
    for (size_t i = 0; i < p->n_bad; i++)
        m |= (uint64_t)1 << p->bad[i].node;
    return m;
}

bool plan_changes_members(const struct plan *p)
{
    for (size_t i = 0; i < p->n_faults; i++)
        if (p->faults[i].kind >= FAULT_ADMIT)
            return true;
    return false;
}

uint64_t plan_over_ms(const struct plan *p)
{
    uint64_t over = p->storm_ms;
    for (size_t i = 0; i < p->n_faults; i++) {
        const struct plan_fault *x = &p->faults[i];
        bool lasts = x->kind == FAULT_SLEEP || x->kind == FAULT_ALL_SLEEP || x->kind == FAULT_FULL || x->kind == FAULT_DAMAGE ||
                     x->kind == FAULT_JUMP;
        uint64_t end = x->at_ms + (lasts ? x->b : 0) + 1;
        over = end > over ? end : over;
    }
    return over;
}

static void print_mask(uint64_t m, FILE *f)
{
    for (size_t i = 0; i < 64; i++)
        if (((m >> i) & 1) != 0)
            (void)fprintf(f, " %zu", i);
}

void plan_print_fault(const struct plan *p, const struct plan_fault *x, FILE *f)
{
    static const char *const words[] = {
#define FAULT(name, text) text,
        PLAN_FAULTS(FAULT)
#undef FAULT
    };
    (void)p;
    (void)fprintf(f, "  at %7" PRIu64 " ms  node %" PRIu64 ": %s  (b = %" PRIu64 ", c = %" PRId64 ":", x->at_ms, x->a,
                  words[x->kind], x->b, (int64_t)x->c);
    print_mask(x->kind == FAULT_JUMP ? 0 : x->c, f);
    (void)fprintf(f, ")\n");
}

void plan_print(const struct plan *p, FILE *f)
{
    (void)fprintf(f, "%zu partners and %zu witnesses; of 100 messages %u are lost and %u doubled; up to %u ms each way\n", p->partners,
                  p->witnesses, p->loss_percent, p->duplicate_percent, p->delay_ms);
    for (size_t i = 0; i < p->n_bad; i++) {
        const struct plan_bad *b = &p->bad[i];
        (void)fprintf(f, "  node %zu is bad:%s%s", b->node, b->twin ? " it has a twin" : "",
                      !b->twin && b->ways == 0 ? " its machine is not its own" : "");
        for (size_t w = 0; w < BAD_WAYS; w++)
            if (((b->ways >> w) & 1) != 0)
                (void)fprintf(f, " %s;", bad_words(w));
        (void)fprintf(f, "\n");
    }
    if (p->families)
        (void)fprintf(f, "  all record families\n");
    (void)fprintf(f, "  an entry every %u ms for %" PRIu64 " ms, then seldom for %" PRIu64 " ms\n", p->pace_ms, p->storm_ms, p->calm_ms);
    for (size_t i = 0; i < p->n_faults; i++)
        plan_print_fault(p, &p->faults[i], f);
}
