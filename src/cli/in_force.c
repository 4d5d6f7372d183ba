/* The charter in force, as the node tells it: a section, the scope of a row, the day on its calendar. */
#include "charter/calendar.h"
#include "charter/charter_model.h"
#include "cli/cli.h"

enum status cli_in_force(struct cli *c, uint64_t number, void *ret, bool *ret_is)
{
    struct rpc_number q = {.number = number};
    struct query_section now;
    enum status st = cli_ask(c, METHOD_section, &q, &now);
    *ret_is = st == ST_OK;
    if (st == ST_OK)
        st = charter_decode_section(number, now.section.body, &c->a, ret, &c->err);
    return st == ST_NOTFOUND ? ST_OK : st;
}

enum status cli_scope_of(struct cli *c, const char *row_name, struct span *ret)
{
    struct charter_decisions decisions = {0};
    struct charter charter = {.decisions = &decisions};
    bool is;
    enum status st = cli_in_force(c, SECTION_DECISIONS, &decisions, &is);
    const struct charter_row *row = st == ST_OK ? charter_row(&charter, span_str(row_name)) : NULL;
    *ret = row != NULL && HAS(row, charter_row_key_scope) ? row->scope : (struct span){NULL, 0};
    return st;
}

enum status cli_day_of(struct cli *c, uint64_t at_ms, uint64_t *ret_day)
{
    struct charter_calendars calendars = {0};
    struct charter_decisions decisions = {0};
    bool is;
    enum status st = cli_in_force(c, SECTION_CALENDARS, &calendars, &is);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_DECISIONS, &decisions, &is);
    if (st == ST_OK && calendar_day(&calendars, decisions.calendar, at_ms, ret_day) != ST_OK)
        return err_set(&c->err, ST_RANGE, "%s is no day of the charter's calendar %.*s", time_utc(at_ms).s, SPAN_FMT(decisions.calendar));
    return st;
}
