/* Snapshots: what a follower holds, as a file, so that a start needs only the facts after it.
 *
 * Layout   header (magic, layout, follower's version, database, position), then chunks of at most
 *          CHUNK_BYTES, each behind its length and its hash; an empty chunk ends the file. The hash is
 *          seeded with the header, the database's secret and the chunk's number, so that a chunk of another
 *          place or database, a changed header or a torn end is seen.
 * Use      one that is damaged, of another version, or ahead of the log (an older database was restored)
 *          is removed, and the follower is told everything again.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "memory/memory_state.h"
#include "sys/file.h"

#define CHUNK_BYTES (1u << 16)
#define SNAPSHOT_MAGIC UINT64_C(0x50414e5352444e54)  // "TNDRSNAP" in a little-endian file
#define SNAPSHOT_LAYOUT 1u
#define SNAPSHOT_EVERY (INT64_C(1) << 20)

struct snapshot_header {
    uint64_t magic;
    uint32_t layout, version;
    uint64_t database;
    int64_t position;
};
struct chunk_header {
    uint64_t len, hash;
};
static_assert(sizeof(struct snapshot_header) == 32 && sizeof(struct chunk_header) == 16, "no padding");

struct snapshot_out {
    struct file_draft *draft;
    uint64_t seed, chunk;
    size_t len;
    char bytes[CHUNK_BYTES];
};
struct snapshot_in {
    struct line_file *file;
    uint64_t seed, chunk;
    size_t len, at;
    char bytes[CHUNK_BYTES];
};

static void path_of(const struct memory *m, const struct following *to, struct buf *ret)
{
    *ret = buf_make(4096);
    buf_printf(ret, "%s/%s.snap", m->snapshots, to->f.name);
    buf_addc(ret, 0);
}

static uint64_t seed_of(const struct memory *m, const struct snapshot_header *head)
{
    return hash64((struct slice){ (const char *)head, sizeof *head }, m->seed);
}

/* ---- out ---- */

static enum err_code chunk_write(struct snapshot_out *out, struct err *e)
{
    struct chunk_header head = { out->len, hash64((struct slice){ out->bytes, out->len },
                                                  out->seed + out->chunk++) };
    TRY(file_draft_write(out->draft, &head, sizeof head, e));
    TRY(file_draft_write(out->draft, out->bytes, out->len, e));
    out->len = 0;
    return ERR_OK;
}

enum err_code snapshot_put(struct snapshot_out *out, const void *at, size_t len, struct err *e)
{
    const char *from = at;
    while (len) {
        size_t n = CHUNK_BYTES - out->len < len ? CHUNK_BYTES - out->len : len;
        memcpy(out->bytes + out->len, from, n);
        out->len += n;
        from += n;
        len -= n;
        if (out->len == CHUNK_BYTES)
            TRY(chunk_write(out, e));
    }
    return ERR_OK;
}

/* Under the read lock: what the follower holds, into the draft. */
static enum err_code snapshot_write(struct memory *m, struct following *to, struct snapshot_out *out,
                                    int64_t *position, struct err *e)
{
    *position = to->position;
    struct snapshot_header head = { SNAPSHOT_MAGIC, SNAPSHOT_LAYOUT, to->f.version,
                                    hash_mix(m->seed), to->position };
    out->seed = seed_of(m, &head);
    TRY(file_draft_write(out->draft, &head, sizeof head, e));
    TRY(to->f.save(to->f.self, out, e));
    if (out->len)
        TRY(chunk_write(out, e));
    return chunk_write(out, e);
}

static enum err_code snapshot_save(struct memory *m, struct following *to, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf path;
    path_of(m, to, &path);
    TRY(buf_check(&path, "a snapshot's path", e));
    struct snapshot_out *out = calloc(1, sizeof *out);
    if (!out)
        return err_set(e, ERR_LIMIT, 0, "no memory to save a snapshot");
    int64_t position = 0;
    enum err_code code = file_draft_new(path.at, &out->draft, e);
    if (!code) {
        memory_read_lock(m);
        code = snapshot_write(m, to, out, &position, e);
        memory_read_unlock(m);
    }
    if (!code)
        code = file_draft_commit(&out->draft, e);
    file_draft_drop(&out->draft);
    free(out);
    if (!code)
        to->saved = position;
    return code;
}

enum err_code snapshots_save(struct memory *m, bool at_stop, struct err *e)
{
    enum err_code first = ERR_OK;  // one that cannot be saved does not keep the others from it
    for (size_t i = 0; i < m->n_following; i++) {
        struct err own;
        memory_read_lock(m);
        bool newer = m->following[i].position > m->following[i].saved;
        memory_read_unlock(m);
        bool wanted = newer && (at_stop || !m->following[i].f.large);
        enum err_code code = wanted ? snapshot_save(m, &m->following[i], &own) : ERR_OK;
        if (code && !first) {
            first = code;
            *e = own;
        }
    }
    return first;
}

/* ---- in ---- */

static enum err_code read_exactly(struct snapshot_in *in, void *at, size_t len, struct err *e)
{
    char *to = at;
    while (len) {
        size_t n;
        TRY(line_file_read(in->file, to, len, &n, e));
        if (!n)
            return err_set(e, ERR_CORRUPT, 0, "a snapshot ends too early");
        to += n;
        len -= n;
    }
    return ERR_OK;
}

static enum err_code chunk_read(struct snapshot_in *in, struct err *e)
{
    struct chunk_header head;
    TRY(read_exactly(in, &head, sizeof head, e));
    if (head.len > CHUNK_BYTES)
        return err_set(e, ERR_CORRUPT, in->chunk, "a snapshot is damaged");
    TRY(read_exactly(in, in->bytes, head.len, e));
    if (hash64((struct slice){ in->bytes, head.len }, in->seed + in->chunk) != head.hash)
        return err_set(e, ERR_CORRUPT, in->chunk, "a snapshot is damaged");
    in->chunk++;
    in->len = head.len;
    in->at = 0;
    return ERR_OK;
}

enum err_code snapshot_get(struct snapshot_in *in, void *at, size_t len, struct err *e)
{
    char *to = at;
    while (len) {
        if (in->at == in->len)
            TRY(chunk_read(in, e));
        if (!in->len)
            return err_set(e, ERR_CORRUPT, in->chunk, "a snapshot holds less than asked for");
        size_t n = in->len - in->at < len ? in->len - in->at : len;
        memcpy(to, in->bytes + in->at, n);
        in->at += n;
        to += n;
        len -= n;
    }
    return ERR_OK;
}

static enum err_code snapshot_read(struct memory *m, struct following *to, struct snapshot_in *in,
                                   struct err *e)
{
    struct snapshot_header head;
    TRY(read_exactly(in, &head, sizeof head, e));
    if (head.magic != SNAPSHOT_MAGIC || head.layout != SNAPSHOT_LAYOUT || head.version != to->f.version
        || head.database != hash_mix(m->seed))
        return err_set(e, ERR_CORRUPT, 0, "a snapshot is of another version or database");
    if (head.position < 0 || head.position > log_last_seq(m->log))
        return err_set(e, ERR_CORRUPT, 0, "a snapshot is ahead of the log");
    in->seed = seed_of(m, &head);
    TRY(to->f.load(to->f.self, in, e));
    if (in->at == in->len)
        TRY(chunk_read(in, e));
    if (in->len)
        return err_set(e, ERR_CORRUPT, 0, "a snapshot holds more than asked for");
    to->position = to->saved = head.position;
    return ERR_OK;
}

enum err_code snapshot_load(struct memory *m, struct following *to, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf path;
    path_of(m, to, &path);
    TRY(buf_check(&path, "a snapshot's path", e));
    struct snapshot_in *in = calloc(1, sizeof *in);
    if (!in)
        return err_set(e, ERR_LIMIT, 0, "no memory to load a snapshot");
    enum err_code code = file_exists(path.at) ? line_file_new(path.at, &in->file, e)
                                              : err_set(e, ERR_NOT_FOUND, 0, "there is no snapshot");
    if (!code)
        code = snapshot_read(m, to, in, e);
    if (code) {
        to->f.reset(to->f.self);
        to->position = to->saved = 0;
    }
    if (code == ERR_CORRUPT) {  // it must not come back when the log has grown past its position
        enum err_code removed = file_remove(path.at, e);
        code = removed ? removed : code;
    }
    line_file_drop(&in->file);
    free(in);
    return code;
}

/* ---- the thread ---- */

void *snapshotter_main(void *memory)
{
    struct memory *m = memory;
    pthread_mutex_lock(&m->snapshot_lock);
    for (;;) {
        while (!m->snapshot_due && !m->snapshot_end)
            pthread_cond_wait(&m->snapshot_wanted, &m->snapshot_lock);
        if (m->snapshot_end)
            break;
        pthread_mutex_unlock(&m->snapshot_lock);
        struct err e;
        enum err_code code = snapshots_save(m, false, &e);
        (void)code;  // a snapshot only saves time at the next start; a full disk is told by the writer
        pthread_mutex_lock(&m->snapshot_lock);
        m->snapshot_due = false;
    }
    pthread_mutex_unlock(&m->snapshot_lock);
    return NULL;
}

void snapshots_want_if_due(struct memory *m)
{
    int64_t every = m->options.snapshot_every ? m->options.snapshot_every : SNAPSHOT_EVERY;
    if (log_last_seq(m->log) - m->snapshot_asked < every)
        return;
    m->snapshot_asked = log_last_seq(m->log);
    pthread_mutex_lock(&m->snapshot_lock);
    m->snapshot_due = true;
    pthread_cond_signal(&m->snapshot_wanted);
    pthread_mutex_unlock(&m->snapshot_lock);
}
