/* Sockets that wait for clients: a TCP address or a unix socket. Errors name the address and the remedy. */
#ifndef TENDERO_IO_HTTP_LISTEN_H
#define TENDERO_IO_HTTP_LISTEN_H

#include "base/err.h"

/* "127.0.0.1:8080", "[::1]:0", "localhost:8080"; non-blocking, closed on exec. */
MUST_CHECK enum err_code listen_tcp(const char *address, int *ret_fd, int *ret_port, struct err *e);
/* Mode 0600. A socket file that nobody answers on is replaced; ERR_BUSY when somebody does. */
MUST_CHECK enum err_code listen_unix(const char *path, int *ret_fd, struct err *e);

#endif
