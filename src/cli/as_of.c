/* --at TIME: a question of the record, as it stood then. */
#include "cli/cli.h"

enum status cli_at_parse(struct cli *c)
{
    if (c->at == NULL)
        return ST_OK;
    if (time_parse(span_str(c->at), &c->at_ms) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--at %s: expected a time in UTC, 2026-03-31T12:00:00Z, or a day, 2026-03-31, which is its beginning",
                       c->at);
    c->at_ms += c->at_ms == 0; /* 0 is now */
    return ST_OK;
}

enum status cli_at_begin(struct cli *c)
{
    if (c->at == NULL)
        return ST_OK;
    if (c->ics)
        return err_set(&c->err, ST_USAGE, "--ics and --at: a calendar is of what is asked now; give one of them");
    enum status st = cli_ask(c, METHOD_boundary, NULL, &c->as_of);
    if (st == ST_USAGE)
        return err_wrap(&c->err, st, "--at %s: ", c->at);
    if (st == ST_OK && !c->json)
        (void)printf("As of %s: the record up to block %" PRIu64 " of %s, %" PRIu64 " leaves\n", cli_time(c->at_ms).s, c->as_of.height,
                     cli_time(c->as_of.time_ms).s, c->as_of.size);
    return st;
}

uint64_t cli_now(const struct cli *c)
{
    return c->at != NULL ? c->at_ms : clock_wall_ms(&clock_system);
}

static void put_as_of(const struct cli *c)
{
    (void)printf("\"as_of\":{\"at_ms\":\"%s\",\"height\":%" PRIu64 ",\"time_ms\":\"%s\",\"size\":%" PRIu64 "}", time_utc(c->at_ms).s,
                 c->as_of.height, time_utc(c->as_of.time_ms).s, c->as_of.size);
}

void cli_put_object(const struct cli *c, const char *object)
{
    if (c->at == NULL) {
        (void)puts(object);
        return;
    }
    (void)putchar('{');
    put_as_of(c);
    (void)printf("%s%s\n", strcmp(object, "{}") == 0 ? "" : ",", object + 1);
}

void cli_begin_list(const struct cli *c)
{
    if (c->at == NULL)
        return;
    (void)putchar('{');
    put_as_of(c);
    (void)printf(",\"list\":");
}

void cli_end_list(const struct cli *c)
{
    if (c->at != NULL)
        (void)puts("}");
}
