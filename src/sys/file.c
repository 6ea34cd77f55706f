#include "sys/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/os_err.h"

#define DRAFT_SUFFIX ".draft"

static enum err_code write_all(int fd, const char *path, const char *at, size_t len, struct err *e)
{
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return os_err(e, "write", path);
        at += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err_code read_all(int fd, const char *path, size_t limit_bytes, struct arena *mem,
                              struct slice *ret, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return os_err(e, "read", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, 0, "%s is not a plain file", path);
    size_t size = (size_t)st.st_size;
    if (size > limit_bytes)
        return err_set(e, ERR_LIMIT, 0, "%s has %zu bytes, more than the %zu allowed", path, size,
                       limit_bytes);
    char *at = arena_alloc(mem, size + 1);
    if (!at)
        return err_set(e, ERR_LIMIT, 0, "no memory left for the %zu bytes of %s", size, path);
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, at + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return os_err(e, "read", path);
        if (n == 0)  // cut while we read it
            break;
        done += (size_t)n;
    }
    *ret = (struct slice){ at, done };
    return ERR_OK;
}

enum err_code file_read(const char *path, size_t limit_bytes, struct arena *mem, struct slice *ret,
                        struct err *e)
{
    assert(path && mem && ret);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hold us up
    if (fd < 0)
        return os_err(e, "open", path);
    enum err_code code = read_all(fd, path, limit_bytes, mem, ret, e);
    close(fd);
    return code;
}

struct file_draft {
    int fd;
    char *path;   // of the target
    char *draft;  // beside it
};

void file_draft_drop(struct file_draft **ref)
{
    assert(ref);
    struct file_draft *d = *ref;
    if (!d)
        return;
    if (d->fd >= 0) {
        close(d->fd);
        unlink(d->draft);
    }
    free(d->path);
    free(d->draft);
    free(d);
    *ref = NULL;
}

enum err_code file_draft_new(const char *path, struct file_draft **ret, struct err *e)
{
    assert(path && ret);
    AUTO(file_draft) d = calloc(1, sizeof *d);
    if (!d)
        return err_set(e, ERR_LIMIT, 0, "no memory left to write %s", path);
    d->fd = -1;
    d->path = strdup(path);
    size_t size = strlen(path) + sizeof DRAFT_SUFFIX;
    d->draft = malloc(size);
    if (!d->path || !d->draft)
        return err_set(e, ERR_LIMIT, 0, "no memory left to write %s", path);
    snprintf(d->draft, size, "%s" DRAFT_SUFFIX, path);
    d->fd = open(d->draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->fd < 0)
        return os_err(e, "create", d->draft);
    *ret = d;
    d = NULL;
    return ERR_OK;
}

enum err_code file_draft_write(struct file_draft *d, const void *at, size_t len, struct err *e)
{
    assert(d && d->fd >= 0);
    return write_all(d->fd, d->draft, at, len, e);
}

/* Makes the rename itself survive a power cut: the name stands in the directory, not in the file. */
static enum err_code sync_directory_of(const char *path, struct err *e)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof dir)
        return err_set(e, ERR_LIMIT, 0, "a path of %zu bytes is too long", n);
    memcpy(dir, path, n);
    dir[n] = 0;
    const char *name = n ? dir : slash ? "/" : ".";
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return os_err(e, "open", name);
    enum err_code code = fsync(fd) == 0 ? ERR_OK : os_err(e, "sync", name);
    close(fd);
    return code;
}

enum err_code file_rename(const char *from, const char *to, struct err *e)
{
    assert(from && to);
    if (rename(from, to) != 0)
        return os_err(e, "rename a draft to", to);
    return sync_directory_of(to, e);
}

enum err_code file_draft_commit(struct file_draft **ref, struct err *e)
{
    assert(ref && *ref);
    AUTO(file_draft) d = *ref;
    *ref = NULL;
    if (fsync(d->fd) != 0)
        return os_err(e, "sync", d->draft);
    TRY(file_rename(d->draft, d->path, e));
    close(d->fd);
    d->fd = -1;  // the draft is gone: nothing to remove
    return ERR_OK;
}

enum err_code file_write_atomic(const char *path, struct slice content, struct err *e)
{
    AUTO(file_draft) d = NULL;
    TRY(file_draft_new(path, &d, e));
    TRY(file_draft_write(d, content.at, content.len, e));
    return file_draft_commit(&d, e);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int64_t file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

enum err_code dir_make(const char *path, struct err *e)
{
    assert(path);
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (!len || len >= sizeof part)
        return err_set(e, ERR_INVALID, 0, "a directory's path has 1 to %d bytes", PATH_MAX - 1);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] && part[i] != '/')
            continue;
        char kept = part[i];
        part[i] = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return os_err(e, "make the directory", part);
        part[i] = kept;
    }
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else
        return ERR_OK;
    return os_err(e, "make the directory", path);
}

enum err_code file_remove(const char *path, struct err *e)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return ERR_OK;
    return os_err(e, "remove", path);
}

struct file_lock {
    int fd;
};

enum err_code file_lock_new(const char *path, struct file_lock **ret, struct err *e)
{
    assert(path && ret);
    AUTO(file_lock) lock = malloc(sizeof *lock);
    if (!lock)
        return err_set(e, ERR_LIMIT, 0, "no memory left to lock %s", path);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock->fd < 0)
        return os_err(e, "open", path);
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(lock->fd, F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            return os_err(e, "lock", path);
        return err_set(e, ERR_BUSY, 0, "another process holds %s", path);
    }
    *ret = lock;
    lock = NULL;
    return ERR_OK;
}

/* The file stays: removing it would let two processes lock two files of one name. */
void file_lock_drop(struct file_lock **lock)
{
    assert(lock);
    if (!*lock)
        return;
    if ((*lock)->fd >= 0)
        close((*lock)->fd);
    free(*lock);
    *lock = NULL;
}
