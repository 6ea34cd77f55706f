#include "memory/fact.h"

#include <assert.h>

static const char *const names[] = {
    [FACT_TRACK] = "track",           [FACT_IDENTIFY] = "identify",     [FACT_PAGE] = "page",
    [FACT_SCREEN] = "screen",         [FACT_GROUP] = "group",           [FACT_ALIAS] = "alias",
    [FACT_DECISION] = "decision",     [FACT_MERGE] = "merge",           [FACT_UNMERGE] = "unmerge",
    [FACT_CORRECTION] = "correction", [FACT_DELETION] = "deletion",     [FACT_TRAIT] = "trait",
    [FACT_MEMBERSHIP] = "membership", [FACT_CATALOGUE] = "catalogue",   [FACT_PERMISSION] = "permission",
    [FACT_AUDIENCE] = "audience",
};
static_assert(sizeof names / sizeof *names == FACT_TYPES, "every type has a name");

const char *fact_type_name(enum fact_type type)
{
    assert((unsigned)type < FACT_TYPES);
    return names[type];
}

bool fact_type_parse(struct slice name, enum fact_type *ret)
{
    assert(ret);
    for (unsigned i = 0; i < FACT_TYPES; i++) {
        if (slice_is(name, names[i])) {
            *ret = (enum fact_type)i;
            return true;
        }
    }
    return false;
}
