#include <criterion/criterion.h>
#include <stdarg.h>
#include "base/base.h"
#include "unit/consensus/story.h"

struct story {
    const char *id;
    uint32_t n;
    int32_t self;
    uint64_t height;
    struct consensus *core;
    struct consensus_actions actions;
    struct consensus_pol pol;
    char text[4096];
};

static _Alignas(16) uint8_t memory[2][1 << 20];

struct hash story_value(char letter)
{
    struct hash h = {{0}};
    if (letter != '-')
        memset(h.b, letter, sizeof h.b);
    return h;
}

static int32_t number(const char *word)
{
    cr_assert_not_null(word, "a number is missing");
    return (int32_t)strtol(word, NULL, 10);
}

static void say(struct story *s, const char *format, ...)
{
    size_t used = strlen(s->text);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + used, sizeof s->text - used, format, args);
    va_end(args);
    cr_assert(n >= 0 && (size_t)n < sizeof s->text - used, "story text too long");
}

static char letter_of(const struct hash *h)
{
    return hash_is_zero(h) ? '-' : (char)h->b[0];
}

static void say_snapshot(struct story *s, const struct consensus_snapshot *p)
{
    cr_assert_eq(p->height, s->height);
    if (p->locked_round == CONSENSUS_NONE && p->valid_round == CONSENSUS_NONE)
        return;
    say(s, " {%c@%d %c@%d}", letter_of(&p->locked_value), p->locked_round, letter_of(&p->valid_value),
        p->valid_round);
}

static void say_vote(struct story *s, const struct consensus_action *a)
{
    const struct consensus_vote *v = &a->vote;
    cr_assert_eq((int32_t)v->validator, s->self);
    cr_assert_eq(v->round, a->round);
    cr_assert_eq(v->nil, hash_is_zero(&v->value));
    cr_assert_eq(a->snapshot.round, a->round);
    if (v->type == VOTE_PRECOMMIT) {
        cr_assert_eq(a->snapshot.step, STEP_PRECOMMIT);
        cr_assert_eq(v->valid_round, -1);
        say(s, "precommit %d %c", v->round, letter_of(&v->value));
    } else {
        cr_assert_eq(v->type, VOTE_PREVOTE);
        cr_assert_eq(a->snapshot.step, STEP_PREVOTE);
        say(s, "prevote %d %c", v->round, letter_of(&v->value));
        if (v->valid_round != -1)
            say(s, " %d", v->valid_round);
    }
    say_snapshot(s, &a->snapshot);
}

static void say_action(struct story *s, const struct consensus_action *a)
{
    static const char *const timers[] = {"propose", "prevote", "precommit"};
    char value = letter_of(&a->value);
    cr_assert_eq(a->height, s->height);
    if (s->text[0] != 0)
        say(s, "; ");
    switch (a->type) {
    case ACT_BUILD:
        say(s, "build %d", a->round);
        break;
    case ACT_PROPOSE:
        cr_assert_eq(a->snapshot.proposed_round, a->round);
        cr_assert_eq(a->snapshot.step, STEP_PROPOSE);
        cr_assert_eq(a->pol != NULL, a->vote.valid_round >= 0);
        if (a->pol != NULL)
            cr_assert(consensus_pol_ok(a->pol, s->n, a->vote.valid_round, &a->vote.value));
        say(s, "propose %d %c %d", a->round, value, a->vote.valid_round);
        say_snapshot(s, &a->snapshot);
        break;
    case ACT_VOTE:
        say_vote(s, a);
        break;
    case ACT_KEEP_POL:
        say(s, "keep %d %c x%u", a->round, letter_of(&a->pol->votes[0].value), a->pol->n);
        break;
    case ACT_SCHEDULE_TIMEOUT:
        say(s, "timer %s %d", timers[a->timeout], a->round);
        break;
    case ACT_DECIDE:
        say(s, "decide %d %c", a->round, value);
        break;
    case ACT_FAULT:
        cr_assert_eq(a->first.validator, a->second.validator);
        cr_assert_eq(a->first.round, a->second.round);
        cr_assert_eq(a->first.type, a->second.type);
        say(s, "fault %u", a->first.validator);
        break;
    case ACT_FETCH:
        say(s, "fetch %d %c", a->round, value);
        break;
    case ACT_DIVERGED:
        say(s, "diverged %d %c", a->round, value);
        break;
    }
}

static void say_all(struct story *s)
{
    static const char *const outcomes[] = {"", "duplicate", "stale", "ahead", "conflict", "refused"};
    s->text[0] = 0;
    say(s, "%s", outcomes[s->actions.outcome]);
    for (uint32_t i = 0; i < s->actions.n; i++)
        say_action(s, &s->actions.v[i]);
    if (s->text[0] == 0)
        say(s, "-");
}

/* "pol 0,1,2 W": prevotes of those validators for value in round, each with valid round W; "W" may be "0/2"
 * to give the last one another. */
static const struct consensus_pol *read_pol(struct story *s, char *list, const char *w, int32_t round,
                                            char value)
{
    s->pol.n = 0;
    char *save = NULL;
    for (char *i = strtok_r(list, ",", &save); i != NULL; i = strtok_r(NULL, ",", &save))
        s->pol.votes[s->pol.n++] = (struct consensus_vote){.type = VOTE_PREVOTE,
                                                           .validator = (uint32_t)number(i),
                                                           .round = round,
                                                           .valid_round = number(w),
                                                           .value = story_value(value)};
    const char *other = strchr(w, '/');
    if (other != NULL)
        s->pol.votes[s->pol.n - 1].valid_round = number(other + 1);
    return &s->pol;
}

static void read_proposal(struct story *s, char **w, struct consensus_event *e)
{
    e->type = EV_PROPOSAL;
    int32_t round = number(w[1]);
    e->vote = (struct consensus_vote){.type = VOTE_PROPOSAL,
                                      .validator = (uint32_t)round % s->n,
                                      .round = round,
                                      .valid_round = number(w[3]),
                                      .value = story_value(w[2][0])};
    for (char **p = w + 4; *p != NULL; p++) {
        if (strcmp(*p, "untimely") == 0)
            e->judgement = JUDGED_UNTIMELY;
        else if (strcmp(*p, "invalid") == 0)
            e->judgement = JUDGED_INVALID;
        else if (strcmp(*p, "by") == 0)
            e->vote.validator = (uint32_t)number(*++p);
        else if (strcmp(*p, "pol") == 0) {
            e->pol = read_pol(s, p[1], p[2], e->vote.valid_round, w[2][0]);
            p += 2;
        } else
            cr_assert_fail("%s: unknown word %s", s->id, *p);
    }
}

static void read_vote(struct story *s, char **w, struct consensus_event *e)
{
    (void)s;
    e->type = EV_VOTE;
    e->vote = (struct consensus_vote){.type = strcmp(w[0], "prevote") == 0 ? VOTE_PREVOTE : VOTE_PRECOMMIT,
                                      .validator = (uint32_t)number(w[1]),
                                      .round = number(w[2]),
                                      .nil = w[3][0] == '-',
                                      .valid_round = w[4] == NULL ? -1 : number(w[4]),
                                      .value = story_value(w[3][0])};
}

static enum consensus_timeout read_timer(const char *word)
{
    if (strcmp(word, "propose") == 0)
        return TIMEOUT_PROPOSE;
    return strcmp(word, "prevote") == 0 ? TIMEOUT_PREVOTE : TIMEOUT_PRECOMMIT;
}

static void restore(struct story *s, char **w)
{
    struct consensus_snapshot p = {.height = s->height,
                                   .round = number(w[1]),
                                   .locked_round = number(w[3]),
                                   .locked_value = story_value(w[4][0]),
                                   .valid_round = number(w[5]),
                                   .valid_value = story_value(w[6][0]),
                                   .proposed_round = number(w[7])};
    p.step = strcmp(w[2], "propose") == 0   ? STEP_PROPOSE
             : strcmp(w[2], "prevote") == 0 ? STEP_PREVOTE
                                            : STEP_PRECOMMIT;
    const struct consensus_pol *pol = w[8] == NULL ? NULL : read_pol(s, w[9], w[10], p.valid_round, w[6][0]);
    s->core = consensus_init(memory[1], sizeof memory[1]);
    consensus_restore(s->core, s->n, s->self, &p, pol, &s->actions);
}

static void tell(struct story *s, char *event)
{
    char *w[16] = {0}, *save = NULL;
    size_t n = 0;
    for (char *p = strtok_r(event, " ", &save); p != NULL && n < 15; p = strtok_r(NULL, " ", &save))
        w[n++] = p;
    struct consensus_event e = {.height = s->height};
    if (strcmp(w[0], "restore") == 0) {
        restore(s, w);
        return;
    }
    if (strcmp(w[0], "wake") == 0) {
        e.type = EV_WAKE;
    } else if (strcmp(w[0], "prop") == 0) {
        read_proposal(s, w, &e);
    } else if (strcmp(w[0], "prevote") == 0 || strcmp(w[0], "precommit") == 0) {
        read_vote(s, w, &e);
    } else if (strcmp(w[0], "timer") == 0) {
        e.type = EV_TIMEOUT;
        e.timeout = read_timer(w[1]);
        e.round = number(w[2]);
    } else if (strcmp(w[0], "built") == 0) {
        e.type = EV_BUILT;
        e.round = number(w[1]);
        e.has_value = strcmp(w[2], "none") != 0;
        e.value = e.has_value ? story_value(w[2][0]) : (struct hash){{0}};
    } else if (strcmp(w[0], "cert") == 0) {
        e.type = EV_DECIDED;
        e.round = number(w[1]);
        e.value = story_value(w[2][0]);
    } else if (strcmp(w[0], "height") == 0) {
        e.type = EV_START_HEIGHT;
        e.height = s->height = (uint64_t)number(w[1]);
        e.n = s->n;
        e.self = s->self;
    } else
        cr_assert_fail("%s: unknown event %s", s->id, w[0]);
    consensus_step(s->core, &e, &s->actions);
}

void story_run(const char *id, uint32_t n, int32_t self, const char *const *lines)
{
    static struct story s;
    s = (struct story){.id = id, .n = n, .self = self, .height = STORY_HEIGHT};
    cr_assert_leq(consensus_size(), sizeof memory[0]);
    s.core = consensus_init(memory[0], sizeof memory[0]);
    struct consensus_event start = {.type = EV_START_HEIGHT, .height = STORY_HEIGHT, .n = n, .self = self};
    consensus_step(s.core, &start, &s.actions);
    cr_assert_eq(s.actions.n, 0);
    for (size_t i = 0; lines[i] != NULL; i++) {
        char line[256];
        cr_assert_lt(strlen(lines[i]), sizeof line);
        memcpy(line, lines[i], strlen(lines[i]) + 1);
        char *arrow = strstr(line, " => ");
        cr_assert_not_null(arrow, "%s: no arrow in \"%s\"", id, line);
        *arrow = 0;
        tell(&s, line);
        say_all(&s);
        const char *wrong = consensus_check(s.core);
        cr_assert_null(wrong, "%s: after \"%s\": %s", id, lines[i], wrong);
        cr_assert_str_eq(s.text, arrow + 4, "%s, line %zu: \"%s\" gave \"%s\"", id, i + 1, lines[i], s.text);
    }
}
