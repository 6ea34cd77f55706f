/* Files and directories, with errors that name the path. */
#ifndef TENDERO_SYS_FILE_H
#define TENDERO_SYS_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Whole file into the arena; ERR_NOT_FOUND, ERR_LIMIT above limit_bytes, ERR_IO. */
MUST_CHECK enum err_code file_read(const char *path, size_t limit_bytes, struct arena *mem,
                                   struct slice *ret, struct err *e);
/* Writes beside the target, syncs, renames over it, syncs the directory: the old file or the new one
 * is there after a power cut, never a half. Mode 0600. */
MUST_CHECK enum err_code file_write_atomic(const char *path, struct slice content, struct err *e);
/* The same for content that is not in one piece: open, write any number of times, then commit or drop. */
struct file_draft;
MUST_CHECK enum err_code file_draft_new(const char *path, struct file_draft **ret, struct err *e);
MUST_CHECK enum err_code file_draft_write(struct file_draft *, const void *at, size_t len,
                                          struct err *e);
MUST_CHECK enum err_code file_draft_commit(struct file_draft **, struct err *e);
void file_draft_drop(struct file_draft **);  // removes the draft

/* Renames a file already synced, and syncs the directory of `to`: after a power cut it has one of both
 * names. Replaces what `to` was. */
MUST_CHECK enum err_code file_rename(const char *from, const char *to, struct err *e);
bool file_exists(const char *path);
/* Size in bytes, -1 when it is not there. */
int64_t file_size(const char *path);
/* mkdir -p, mode 0700 for what it makes. */
MUST_CHECK enum err_code dir_make(const char *path, struct err *e);
MUST_CHECK enum err_code file_remove(const char *path, struct err *e);  // absent is fine

/* An exclusive lock on a file (of the open file, not of the process), held until dropped or the process
 * ends. ERR_BUSY when it is held elsewhere, in this process too. The file stays when dropped. */
struct file_lock;
MUST_CHECK enum err_code file_lock_new(const char *path, struct file_lock **ret, struct err *e);
void file_lock_drop(struct file_lock **);

/* A line at a time from a plain or gzip file (told apart by its first bytes), "-" for standard input. */
struct line_file;
MUST_CHECK enum err_code line_file_new(const char *path, struct line_file **ret, struct err *e);
void line_file_drop(struct line_file **);
/* Raw bytes for streaming parsers: fills out, *n = 0 at the end. */
MUST_CHECK enum err_code line_file_read(struct line_file *, char *out, size_t cap, size_t *n,
                                        struct err *e);
/* Compressed bytes read so far and in all (0 when unknown): for progress. */
int64_t line_file_done_bytes(const struct line_file *);
int64_t line_file_total_bytes(const struct line_file *);

#endif
