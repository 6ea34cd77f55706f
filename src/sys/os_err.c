#include "sys/os_err.h"

#include <errno.h>
#include <string.h>

enum err_code os_err(struct err *e, const char *what, const char *path)
{
    int why = errno;
    char text[96];
    return err_set(e, why == ENOENT ? ERR_NOT_FOUND : ERR_IO, 0, "cannot %s %s: %s", what, path,
                   strerror_r(why, text, sizeof text));
}
