/* Commands speak with the server of their data folder through its socket; where none runs, they open the rooms
 * themselves for as long as they need them. Either way the same routes answer.
 */
#ifndef TENDERO_APP_CLIENT_H
#define TENDERO_APP_CLIENT_H

#include "app/settings.h"
#include "io/http/http_client.h"

struct client;
MUST_CHECK enum err_code client_new(const struct settings *, struct client **ret, struct err *e);
void client_drop(struct client **);
/* Before answers that hold tiers or proposals: where no server runs, what one does in its first seconds is done
 * now (tiers fitted, the model of neighbours made). */
MUST_CHECK enum err_code client_refresh(struct client *, struct err *e);

/* One call; an answer that is no 2xx becomes an error with the problem's words. body: JSON or empty. The answer's
 * body is in mem. */
MUST_CHECK enum err_code client_call(struct client *, const char *method, const char *path, struct slice body,
                                     struct arena *mem, struct slice *ret, struct err *e);
/* The answer's body goes to standard output as it comes. */
MUST_CHECK enum err_code client_stream(struct client *, const char *path, struct err *e);

#endif
