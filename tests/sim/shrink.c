#include "shrink.h"

enum { STORY_LINES_MAX = 100, SHRINK_WRONG_MAX = 640 };

struct shrink {
    struct plan best;
    enum sim_check check;
    char wrong[SHRINK_WRONG_MAX]; /* what the first run said */
    size_t runs, most;
};

/* The same words, with other numbers and names of nodes: one check can fail for several causes. */
static bool same_words(const char *x, const char *y)
{
    for (; *x != 0 || *y != 0; x++, y++) {
        x += strspn(x, "0123456789");
        y += strspn(y, "0123456789");
        if (*x != *y)
            return false;
        if (*x == 0)
            break;
    }
    return true;
}

/* Does it still fail? Then it is the best one. */
static bool try_plan(struct shrink *s, const struct plan *p)
{
    static struct run_result res;
    struct run_options o = {.story = NULL};
    if (s->runs >= s->most)
        return false;
    s->runs++;
    (void)run_plan(p, &o, &res);
    if (res.check != s->check || (s->wrong[0] != 0 && !same_words(res.wrong, s->wrong)))
        return false;
    if (s->wrong[0] == 0)
        (void)snprintf(s->wrong, sizeof s->wrong, "%s", res.wrong);
    s->best = *p;
    if (res.ms < s->best.storm_ms) { /* nothing after the failure matters */
        s->best.storm_ms = res.ms + 1;
        s->best.calm_ms = 0;
    }
    while (s->best.n_faults > 0 && s->best.faults[s->best.n_faults - 1].at_ms > res.ms)
        s->best.n_faults--;
    return true;
}

/* Leaves out n faults from `from` on. */
static bool try_without(struct shrink *s, size_t from, size_t n)
{
    struct plan p = s->best;
    if (from >= p.n_faults)
        return false;
    n = from + n > p.n_faults ? p.n_faults - from : n;
    memmove(&p.faults[from], &p.faults[from + n], (p.n_faults - from - n) * sizeof p.faults[0]);
    p.n_faults -= n;
    return try_plan(s, &p);
}

static void drop_faults(struct shrink *s)
{
    for (size_t n = s->best.n_faults; n > 0; n /= 2)
        for (size_t from = 0; from < s->best.n_faults;)
            if (!try_without(s, from, n))
                from += n;
}

/* Each of these makes the world simpler; whatever still fails is kept. */
static void simplify(struct shrink *s)
{
    struct plan p;
    for (size_t i = 0; i < 9; i++) {
        p = s->best;
        unsigned *const percents[] = {&p.loss_percent, &p.duplicate_percent, &p.drift_ppm, &p.clock_off_ms};
        if (i < 4)
            *percents[i] = 0;
        else if (i == 4)
            p.delay_ms = 5;
        else if (i == 5)
            p.calm_ms = 0;
        else if (i == 6)
            p.entries_max /= 4;
        else if (i == 7)
            p.pace_ms *= 3;
        else
            p.storm_ms /= 2;
        (void)try_plan(s, &p);
    }
    for (size_t i = 0; i < s->best.n_bad;) {
        p = s->best;
        p.bad[i] = p.bad[--p.n_bad];
        if (!try_plan(s, &p))
            i++;
    }
    for (size_t i = 0; i < s->best.n_bad; i++)
        for (size_t w = 0; w < BAD_WAYS; w++) {
            p = s->best;
            p.bad[i].ways &= ~((uint32_t)1 << w);
            if (p.bad[i].ways != s->best.bad[i].ways)
                (void)try_plan(s, &p);
        }
}

size_t shrink_plan(struct plan *p, enum sim_check check, size_t runs)
{
    struct shrink s = {.best = *p, .check = check, .most = runs};
    (void)try_plan(&s, p);
    for (size_t before = SIZE_MAX; s.best.n_faults < before && s.runs < s.most;) {
        before = s.best.n_faults;
        drop_faults(&s);
        simplify(&s);
    }
    *p = s.best;
    return s.runs;
}

/* Where the newest height began: the line that says first that the one before is final. */
static const char *newest_height(const char *text)
{
    const char *from = text;
    unsigned long newest = 0;
    for (const char *at = text; at != NULL && *at != 0; at = strchr(at, '\n'), at += at != NULL) {
        char line[160];
        size_t n = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)n, at);
        const char *words = strstr(line, " has height ");
        unsigned long height = words == NULL ? 0 : strtoul(words + 12, NULL, 10);
        if (height > newest) {
            newest = height;
            from = at;
        }
    }
    return from;
}

size_t shrink_tell(const struct plan *p, FILE *f)
{
    static struct run_result res;
    char *text = NULL;
    size_t n = 0, lines = 0;
    struct run_options o = {.story = open_memstream(&text, &n)};
    ASSERT(o.story != NULL);
    plan_print(p, f);
    (void)run_plan(p, &o, &res);
    (void)fclose(o.story);
    const char *from = text + n, *newest = newest_height(text);
    while (from > newest && lines <= STORY_LINES_MAX)
        lines += *--from == '\n' && from + 1 < text + n;
    from += *from == '\n';
    (void)fprintf(f, "%s%s%s\n", from > text ? "  ...\n" : "", from, res.wrong);
    lines = 0;
    for (const char *c = from; *c != 0; c++)
        lines += *c == '\n';
    free(text);
    return lines;
}
