#include "io/http/listen.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/os_err.h"

/* "[::1]:80" to "::1" and "80". */
static bool split(const char *address, char host[256], char port[8])
{
    const char *colon = strrchr(address, ':');
    if (!colon || !colon[1] || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    size_t len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    } else if (memchr(address, ':', len))
        return false;
    if (len == 0 || len >= 256)
        return false;
    snprintf(host, 256, "%.*s", (int)len, address);
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static enum err_code cannot_listen(const char *address, int number, struct err *e)
{
    const char *remedy = number == EADDRINUSE      ? "; another program has this port, choose another"
                         : number == EACCES        ? "; ports below 1024 need rights, choose a higher one"
                         : number == EADDRNOTAVAIL ? "; this machine does not have that address"
                                                   : "";
    return err_set(e, ERR_IO, 0, "cannot listen on %s: %s%s", address, strerror(number), remedy);
}

static int port_of(int fd)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
        return 0;
    return ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((struct sockaddr_in *)&bound)->sin_port);
}

enum err_code listen_tcp(const char *address, int *ret_fd, int *ret_port, struct err *e)
{
    char host[256], port[8];
    if (!split(address, host, port))
        return err_set(e, ERR_INVALID, 0, "listen address '%s' is not HOST:PORT, such as 127.0.0.1:8080 "
                       "or [::1]:8080", address);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code)
        return err_set(e, ERR_INVALID, 0, "listen address '%s': %s", address, gai_strerror(code));
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    bool good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
                bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0;
    int number = errno;
    freeaddrinfo(found);
    if (!good) {
        if (fd >= 0)
            close(fd);
        return cannot_listen(address, number, e);
    }
    *ret_fd = fd;
    *ret_port = port_of(fd);
    return ERR_OK;
}

/* Makes way at `path`: nothing there, or a socket that nobody answers on, which is removed. */
static enum err_code stale_remove(const char *path, const struct sockaddr_un *address, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return ERR_OK;
    if (!S_ISSOCK(st.st_mode))
        return err_set(e, ERR_IO, 0, "%s is in the way and is no socket; move it away", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return os_err(e, "look at", path);
    int code = connect(fd, (const struct sockaddr *)address, sizeof *address);
    int number = errno;
    close(fd);
    if (code == 0 || number == EAGAIN)
        return err_set(e, ERR_BUSY, 0, "another server answers on %s; stop it first", path);
    if (number == ECONNREFUSED && unlink(path) != 0)
        return os_err(e, "remove the old socket", path);
    return ERR_OK;
}

enum err_code listen_unix(const char *path, int *ret_fd, struct err *e)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(e, ERR_LIMIT, 0, "the socket's path is longer than %zu bytes; use a data directory "
                       "with a shorter name", sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    TRY(stale_remove(path, &address, e));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The mode is set before bind: between bind and chmod anybody could connect. */
    bool good = fd >= 0 && fchmod(fd, 0600) == 0 &&
                bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                chmod(path, 0600) == 0 && listen(fd, SOMAXCONN) == 0;
    if (!good) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return cannot_listen(path, number, e);
    }
    *ret_fd = fd;
    return ERR_OK;
}
