/* What the operating system refused, as one sentence. */
#ifndef TENDERO_SYS_OS_ERR_H
#define TENDERO_SYS_OS_ERR_H

#include "base/err.h"

/* "cannot `what` `path`: reason of errno"; ERR_NOT_FOUND for ENOENT, else ERR_IO. Call it before errno can
 * change. */
enum err_code os_err(struct err *e, const char *what, const char *path);

#endif
