/* Reading one customer: identifiers, face, and what people write to mean somebody. */
#include "base/limits.h"
#include "memory/customers_state.h"
#include "memory/identity.h"

static struct identifier_owner owner_of(const struct customers *c, struct slice kind, struct slice value)
{
    char buf[LIMIT_IDENTIFIER];
    struct slice folded;
    if (identity_fold(kind, value, buf, &folded, NULL) || folded.len == 0)
        return (struct identifier_owner){ 0, false };
    return customers_owner(c, COMMITTED, kind, folded);
}

uint32_t customers_find(const struct customers *c, struct identifier id)
{
    struct identifier_owner owner = owner_of(c, id.kind, id.value);
    struct slice alone = identity_shared_kind(id.kind);
    if (owner.history || alone.len == 0)
        return owner.history;
    return owner_of(c, alone, id.value).history;  // a role mailbox
}
