/* What an identifier says about who somebody is: folding, words that name nobody, role mailboxes, limits.
 *
 * Functions of their arguments. The lists are those that shops of the world's trackers run into: a
 * program's word for "no value" sent as an id, and mailboxes that a role reads, not a person.
 */
#ifndef TENDERO_MEMORY_IDENTITY_H
#define TENDERO_MEMORY_IDENTITY_H

#include "base/err.h"
#include "base/limits.h"
#include "base/slice.h"

/* The value as it is compared, in buf or a part of value: blanks around it off; e-mails in lower case
 * (ASCII); telephone numbers without the marks that part their digits, "00" before them as "+".
 * Empty: it names nobody ("null", "undefined", "0", "[object Object]", no '@' in an e-mail, no digit …).
 * ERR_LIMIT: longer than LIMIT_IDENTIFIER bytes. */
MUST_CHECK enum err_code identity_fold(struct slice kind, struct slice value, char buf[LIMIT_IDENTIFIER],
                                       struct slice *ret, struct err *e);
/* A folded e-mail whose part before '@' (and '+') names a role: "info", "ventas", "no-reply". */
bool identity_is_role_mailbox(struct slice email);
/* How many identifiers of a kind one history may have; the same number bounds what a new link joins. */
unsigned identity_limit(struct slice kind);
/* The kind under which a shared identifier has a history of its own: "anonymous_id" -> "device",
 * "email" -> "mailbox", "phone" -> "line". Other kinds are never shared: empty. */
struct slice identity_shared_kind(struct slice kind);

#endif
