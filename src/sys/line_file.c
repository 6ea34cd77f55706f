/* The streaming reader of file.h: plain or gzip, a file or standard input. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "sys/file.h"
#include "sys/os_err.h"

#define INPUT_BYTES ((size_t)128 << 10)
#define GZIP_WINDOW (15 + 16)  // zlib's way to say: the largest window, gzip header only

struct line_file {
    int fd;
    char *path;
    int64_t done, total;
    bool gzip, started;  // started: the first bytes have been looked at
    bool inside;         // gzip: a member has begun and not ended
    bool eof;
    z_stream z;
    unsigned char in[INPUT_BYTES];
    size_t in_at, in_len;
};

void line_file_drop(struct line_file **ref)
{
    assert(ref);
    struct line_file *f = *ref;
    if (!f)
        return;
    if (f->gzip)
        inflateEnd(&f->z);
    if (f->fd > STDIN_FILENO)
        close(f->fd);
    free(f->path);
    free(f);
    *ref = NULL;
}

enum err_code line_file_new(const char *path, struct line_file **ret, struct err *e)
{
    assert(path && ret);
    bool standard = strcmp(path, "-") == 0;
    AUTO(line_file) f = calloc(1, sizeof *f);
    if (!f)
        return err_set(e, ERR_LIMIT, 0, "no memory left to read %s", path);
    f->fd = -1;
    f->path = strdup(standard ? "standard input" : path);
    if (!f->path)
        return err_set(e, ERR_LIMIT, 0, "no memory left to read %s", path);
    f->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        return os_err(e, "open", f->path);
    if (S_ISDIR(st.st_mode))
        return err_set(e, ERR_INVALID, 0, "%s is a directory, not a file", path);
    f->total = S_ISREG(st.st_mode) ? st.st_size : 0;
    *ret = f;
    f = NULL;
    return ERR_OK;
}

/* At most `cap` bytes from the system; 0 bytes only at the end. */
static enum err_code read_some(struct line_file *f, void *out, size_t cap, size_t *n, struct err *e)
{
    ssize_t got;
    do
        got = read(f->fd, out, cap);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return os_err(e, "read", f->path);
    f->done += got;
    f->eof = got == 0;
    *n = (size_t)got;
    return ERR_OK;
}

static enum err_code refill(struct line_file *f, struct err *e)
{
    f->in_at = 0;
    return read_some(f, f->in, sizeof f->in, &f->in_len, e);
}

/* Looks at the first two bytes; a pipe may hand them over one at a time. */
static enum err_code start(struct line_file *f, struct err *e)
{
    f->started = true;
    while (f->in_len < 2 && !f->eof) {
        size_t n = 0;
        TRY(read_some(f, f->in + f->in_len, sizeof f->in - f->in_len, &n, e));
        f->in_len += n;
    }
    if (f->in_len < 2 || f->in[0] != 0x1F || f->in[1] != 0x8B)
        return ERR_OK;
    if (inflateInit2(&f->z, GZIP_WINDOW) != Z_OK)
        return err_set(e, ERR_LIMIT, 0, "no memory left to unpack %s", f->path);
    f->gzip = true;
    return ERR_OK;
}

/* One step of unpacking; several gzip members behind each other read as one file. */
static enum err_code inflate_step(struct line_file *f, struct err *e)
{
    f->z.next_in = f->in + f->in_at;
    f->z.avail_in = (uInt)(f->in_len - f->in_at);
    f->inside = true;
    int rc = inflate(&f->z, Z_NO_FLUSH);
    f->in_at = f->in_len - f->z.avail_in;
    if (rc == Z_STREAM_END) {
        f->inside = false;
        rc = inflateReset(&f->z);
    }
    if (rc == Z_MEM_ERROR)
        return err_set(e, ERR_LIMIT, 0, "no memory left to unpack %s", f->path);
    if (rc != Z_OK && rc != Z_BUF_ERROR)
        return err_set(e, ERR_CORRUPT, (size_t)f->done,
                       "%s is damaged: gzip data invalid before its byte %lld", f->path,
                       (long long)f->done);
    return ERR_OK;
}

static enum err_code read_gzip(struct line_file *f, char *out, size_t cap, size_t *n, struct err *e)
{
    uInt room = cap > (1u << 30) ? 1u << 30 : (uInt)cap;
    f->z.next_out = (Bytef *)out;
    f->z.avail_out = room;
    while (f->z.avail_out == room) {
        if (f->in_at == f->in_len && !f->eof)
            TRY(refill(f, e));
        if (f->in_at == f->in_len) {
            if (f->inside)
                return err_set(e, ERR_CORRUPT, (size_t)f->done,
                               "%s ends in the middle of its gzip data", f->path);
            break;
        }
        TRY(inflate_step(f, e));
    }
    *n = room - f->z.avail_out;
    return ERR_OK;
}

enum err_code line_file_read(struct line_file *f, char *out, size_t cap, size_t *n, struct err *e)
{
    assert(f && out && n);
    assert(cap > 0);
    if (!f->started)
        TRY(start(f, e));
    if (f->gzip)
        return read_gzip(f, out, cap, n, e);
    if (f->in_at < f->in_len) {  // what `start` has read
        size_t some = f->in_len - f->in_at < cap ? f->in_len - f->in_at : cap;
        memcpy(out, f->in + f->in_at, some);
        f->in_at += some;
        *n = some;
        return ERR_OK;
    }
    return read_some(f, out, cap, n, e);
}

int64_t line_file_done_bytes(const struct line_file *f)
{
    return f->done;
}

int64_t line_file_total_bytes(const struct line_file *f)
{
    return f->total;
}
