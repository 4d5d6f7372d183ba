#include "store/view.h"

struct table_row {
    const char *name;
    bool in_state_root;
};

static const struct table_row rows[TABLE_MAX + 1] = {
#define TABLE(name, number, in_state_root, doc) [number] = {#name, (in_state_root) != 0},
#include "tables.def"
#undef TABLE
};

bool table_in_state_root(uint8_t table)
{
    return table <= TABLE_MAX && rows[table].in_state_root;
}

const char *table_name(uint8_t table)
{
    return table <= TABLE_MAX ? rows[table].name : NULL;
}
