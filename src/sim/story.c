/* What happened: the trace with its digest, and the story in words. */
#include "sim/internal.h"

void story_init(struct sim *s)
{
    sha256_init(&s->trace);
}

uint64_t story_sum(struct span bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ bytes.n;
    size_t i = 0;
    for (; i + 8 <= bytes.n; i += 8) {
        h = (h ^ load_u64(bytes.p + i)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    for (; i < bytes.n; i++)
        h = (h ^ bytes.p[i]) * UINT64_C(0x100000001b3);
    return h ^ (h >> 32);
}

/* One line of the trace. */
__attribute__((format(printf, 2, 0))) static void write_line(struct sim *s, const char *fmt, va_list ap, bool tell)
{
    char line[640];
    int n = snprintf(line, sizeof line, "%8" PRIu64 " ", s->now);
    (void)vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    sha256_update(&s->trace, span_str(line));
    if (s->o.trace)
        (void)printf("%s\n", line);
    if (tell && s->events.tell != NULL)
        s->events.tell(s->events.ctx, line);
}

void story_note(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(s, fmt, ap, false);
    va_end(ap);
}

void sim_tell(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(s, fmt, ap, true);
    va_end(ap);
}

void story_mark(struct sim *s, const uint64_t *v, size_t n)
{
    uint8_t b[8 * 8];
    ASSERT(n <= 8);
    for (size_t i = 0; i < n; i++)
        store_u64(b + 8 * i, v[i]);
    sha256_update(&s->trace, span_of(b, 8 * n));
}

void sim_fail(struct sim *s, enum sim_check check, const char *fmt, ...)
{
    if (s->check != SIM_FINE)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(s->failed, sizeof s->failed, fmt, ap);
    va_end(ap);
    s->check = check;
    sim_tell(s, "FAILED (%s): %s", sim_check_words(check), s->failed);
}

const char *sim_check_words(enum sim_check c)
{
    static const char *const words[] = {"fine",
#define CHECK(name, text) text,
                                        SIM_CHECKS(CHECK)
#undef CHECK
    };
    return words[c];
}

void sim_stats_add(struct sim_stats *sum, const struct sim_stats *more)
{
#define COUNT(name, words) sum->name += more->name;
    SIM_COUNTS(COUNT)
    SIM_FAULTS(COUNT)
#undef COUNT
}

/* Blocks are numbered as they are first voted for. */
static size_t block_name(struct sim *s, const struct hash *id)
{
    for (size_t i = s->n_names; i-- > 0;)
        if (hash_eq(&s->names[i], id))
            return i + 1;
    if (s->n_names < NAMES_MAX)
        s->names[s->n_names++] = *id;
    return s->n_names;
}

void story_vote(struct sim *s, const struct vote *v, char words[128])
{
    char what[32] = "nil", valid[40] = "";
    if (HAS(v, vote_key_value))
        (void)snprintf(what, sizeof what, "block %zu", block_name(s, &v->value));
    if (HAS(v, vote_key_valid_round))
        (void)snprintf(valid, sizeof valid, " (valid in round %" PRIu64 ")", v->valid_round);
    (void)snprintf(words, 128, "%s of round %" PRIu64 " at height %" PRIu64 " for %s%s",
                   enum_text(&vote_type_enum, v->type), v->round, v->height, what, valid);
}

struct hash sim_trace(const struct sim *s)
{
    struct sha256 copy = s->trace;
    struct hash h;
    sha256_final(&copy, &h);
    return h;
}
