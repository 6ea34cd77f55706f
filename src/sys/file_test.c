#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>
#include <zlib.h>

#include "sys/file.h"

static char dir[64];
static struct arena *mem;

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tendero-file-test-XXXXXX");
    mem = arena_new(8u << 20);
    return mem && mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    arena_drop(&mem);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char paths[4][128];  // a few calls in one expression
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void put(const char *name, struct slice content)
{
    assert_int_equal(file_write_atomic(path_of(name), content, NULL), ERR_OK);
}

static void writes_and_reads(void **state)
{
    (void)state;
    struct slice got;
    struct stat st;
    put("a", SLICE("one\0two"));
    assert_int_equal(file_read(path_of("a"), 7, mem, &got, NULL), ERR_OK);
    assert_true(slice_eq(got, SLICE("one\0two")));
    assert_int_equal(stat(path_of("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    put("a", SLICE(""));
    assert_int_equal(file_read(path_of("a"), 7, mem, &got, NULL), ERR_OK);
    assert_int_equal(got.len, 0);
    assert_int_equal(file_size(path_of("a")), 0);
    assert_true(file_exists(path_of("a")));
    assert_int_equal(file_remove(path_of("a"), NULL), ERR_OK);
    assert_int_equal(file_remove(path_of("a"), NULL), ERR_OK);
    assert_false(file_exists(path_of("a")));
    assert_int_equal(file_size(path_of("a")), -1);
}

static void errors_name_the_path(void **state)
{
    (void)state;
    struct slice got = SLICE("untouched");
    struct err e;
    put("seven", SLICE("1234567"));
    assert_int_equal(file_read(path_of("none"), 9, mem, &got, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, path_of("none")));
    assert_int_equal(file_read(path_of("seven"), 6, mem, &got, &e), ERR_LIMIT);
    assert_non_null(strstr(e.text, path_of("seven")));
    assert_int_equal(file_read(dir, 9, mem, &got, &e), ERR_INVALID);
    AUTO(arena) small = arena_new(4);
    assert_int_equal(file_read(path_of("seven"), 9, small, &got, &e), ERR_LIMIT);
    assert_int_equal(file_write_atomic(path_of("no/such/place"), got, &e), ERR_NOT_FOUND);
    assert_int_equal(file_remove(dir, &e), ERR_IO);
    assert_non_null(strstr(e.text, dir));
    assert_true(slice_is(got, "untouched"));
}

/* Until the commit the old file stands; a dropped draft leaves nothing. */
static void drafts_are_all_or_nothing(void **state)
{
    (void)state;
    struct slice got;
    put("target", SLICE("old"));
    AUTO(file_draft) draft = NULL;
    assert_int_equal(file_draft_new(path_of("target"), &draft, NULL), ERR_OK);
    assert_int_equal(file_draft_write(draft, "ne", 2, NULL), ERR_OK);
    assert_int_equal(file_draft_write(draft, "w", 1, NULL), ERR_OK);
    assert_int_equal(file_read(path_of("target"), 9, mem, &got, NULL), ERR_OK);
    assert_true(slice_is(got, "old"));
    file_draft_drop(&draft);
    assert_null(draft);
    assert_false(file_exists(path_of("target.draft")));
    assert_int_equal(file_draft_new(path_of("target"), &draft, NULL), ERR_OK);
    assert_int_equal(file_draft_write(draft, "new", 3, NULL), ERR_OK);
    assert_int_equal(file_draft_commit(&draft, NULL), ERR_OK);
    assert_null(draft);
    assert_int_equal(file_read(path_of("target"), 9, mem, &got, NULL), ERR_OK);
    assert_true(slice_is(got, "new"));
    assert_false(file_exists(path_of("target.draft")));
}

/* A file-size limit stands for a full disk: the write fails, the old content stays. */
static void full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    static const char big[100000];
    struct rlimit before, small;
    struct slice got;
    struct err e;
    put("kept", SLICE("old"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 5000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err_code code = file_write_atomic(path_of("kept"), (struct slice){ big, sizeof big }, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, ERR_IO);
    assert_false(file_exists(path_of("kept.draft")));
    assert_int_equal(file_read(path_of("kept"), 9, mem, &got, NULL), ERR_OK);
    assert_true(slice_is(got, "old"));
}

static void makes_directories(void **state)
{
    (void)state;
    struct stat st;
    struct err e;
    assert_int_equal(dir_make(path_of("x/y//z/"), NULL), ERR_OK);
    assert_int_equal(dir_make(path_of("x/y/z"), NULL), ERR_OK);
    assert_int_equal(stat(path_of("x/y"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    put("plain", SLICE(""));
    assert_int_equal(dir_make(path_of("plain"), &e), ERR_IO);
    assert_int_equal(dir_make(path_of("plain/sub"), &e), ERR_IO);
    assert_int_equal(dir_make("", &e), ERR_INVALID);
}

static enum err_code lock_in_child(const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct file_lock *lock = NULL;
        _exit((int)file_lock_new(path, &lock, NULL));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum err_code)WEXITSTATUS(status);
}

static void locks_exclude(void **state)
{
    (void)state;
    struct err e;
    AUTO(file_lock) lock = NULL;
    AUTO(file_lock) second = NULL;
    assert_int_equal(file_lock_new(path_of("lock"), &lock, NULL), ERR_OK);
    assert_int_equal(file_lock_new(path_of("lock"), &second, &e), ERR_BUSY);
    assert_null(second);
    assert_int_equal(lock_in_child(path_of("lock")), ERR_BUSY);
    file_lock_drop(&lock);
    assert_int_equal(lock_in_child(path_of("lock")), ERR_OK);
    assert_int_equal(file_lock_new(path_of("lock"), &second, NULL), ERR_OK);  // the child is gone
}

/* Reads all through pieces of `cap` bytes. */
static enum err_code slurp(const char *path, size_t cap, struct buf *out, struct err *e)
{
    AUTO(line_file) f = NULL;
    TRY(line_file_new(path, &f, e));
    char *piece = malloc(cap);
    assert_non_null(piece);
    enum err_code code = ERR_OK;
    for (size_t n = 1; n && !code;) {
        n = 0;
        code = line_file_read(f, piece, cap, &n, e);
        buf_add(out, (struct slice){ piece, n });
    }
    if (!code && line_file_total_bytes(f))
        assert_int_equal(line_file_done_bytes(f), line_file_total_bytes(f));
    free(piece);
    return code;
}

static struct slice gzip(struct slice s)
{
    size_t cap = s.len + 1024;
    char *out = arena_alloc(mem, cap);
    z_stream z = { 0 };
    assert_non_null(out);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)s.at;
    z.avail_in = (uInt)s.len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return (struct slice){ out, cap - z.avail_out };
}

static struct slice sample(size_t len)
{
    char *at = arena_alloc(mem, len ? len : 1);
    assert_non_null(at);
    uint32_t seed = 1;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        at[i] = (char)(seed >> 28);  // little entropy: packs, but not to nothing
    }
    return (struct slice){ at, len };
}

static void reads_plain_and_gzip(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 2, 1000, 600000 }, caps[] = { 1, 7, 65536, 1000000 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct slice content = sample(sizes[i]);
        put("plain", content);
        put("packed", gzip(content));
        for (size_t k = sizes[i] > 1000 ? 2 : 0; k < sizeof caps / sizeof *caps; k++) {
            struct buf plain = buf_make(0), packed = buf_make(0);
            assert_int_equal(slurp(path_of("plain"), caps[k], &plain, NULL), ERR_OK);
            assert_int_equal(slurp(path_of("packed"), caps[k], &packed, NULL), ERR_OK);
            assert_true(slice_eq(buf_slice(&plain), content));
            assert_true(slice_eq(buf_slice(&packed), content));
            buf_drop(&plain);
            buf_drop(&packed);
        }
        arena_reset(mem);
    }
}

static void reads_joined_gzip_files(void **state)
{
    (void)state;
    struct buf both = buf_make(0), got = buf_make(0);
    buf_add(&both, gzip(SLICE("one,")));
    buf_add(&both, gzip(SLICE("")));
    buf_add(&both, gzip(SLICE("two")));
    put("joined", buf_slice(&both));
    assert_int_equal(slurp(path_of("joined"), 3, &got, NULL), ERR_OK);
    assert_true(slice_is(buf_slice(&got), "one,two"));
    buf_drop(&both);
    buf_drop(&got);
}

static void refuses_damaged_gzip(void **state)
{
    (void)state;
    struct slice packed = gzip(sample(2000));
    for (size_t cut = 2; cut < packed.len; cut += 97) {
        struct buf got = buf_make(0);
        struct err e;
        put("cut", (struct slice){ packed.at, cut });
        assert_int_equal(slurp(path_of("cut"), 4096, &got, &e), ERR_CORRUPT);
        assert_non_null(strstr(e.text, path_of("cut")));
        buf_drop(&got);
    }
    char *changed = arena_alloc(mem, packed.len);
    assert_non_null(changed);
    memcpy(changed, packed.at, packed.len);
    changed[packed.len - 6] ^= 1;  // in the checksum
    put("changed", (struct slice){ changed, packed.len });
    struct buf got = buf_make(0);
    assert_int_equal(slurp(path_of("changed"), 4096, &got, NULL), ERR_CORRUPT);
    buf_drop(&got);
}

/* Standard input from a pipe that hands over one byte at a time. */
static void reads_a_slow_pipe(void **state)
{
    (void)state;
    struct slice content = SLICE("a,b\n1,2\n"), packed = gzip(content);
    for (int turn = 0; turn < 2; turn++) {
        struct slice send = turn ? packed : content;
        int ends[2], kept = dup(STDIN_FILENO);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (size_t i = 0; i < send.len; i++) {
                if (write(ends[1], send.at + i, 1) != 1)
                    _exit(1);
                usleep(200);
            }
            _exit(0);
        }
        close(ends[1]);
        assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
        close(ends[0]);
        struct buf got = buf_make(0);
        enum err_code code = slurp("-", 4096, &got, NULL);
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        close(kept);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(code, ERR_OK);
        assert_true(slice_eq(buf_slice(&got), content));
        buf_drop(&got);
    }
}

static void streaming_errors(void **state)
{
    (void)state;
    AUTO(line_file) f = NULL;
    struct err e;
    assert_int_equal(line_file_new(path_of("nothing"), &f, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, path_of("nothing")));
    assert_int_equal(line_file_new(dir, &f, &e), ERR_INVALID);
    assert_null(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads),
        cmocka_unit_test(errors_name_the_path),
        cmocka_unit_test(drafts_are_all_or_nothing),
        cmocka_unit_test(full_disk_keeps_the_old_file),
        cmocka_unit_test(makes_directories),
        cmocka_unit_test(locks_exclude),
        cmocka_unit_test(reads_plain_and_gzip),
        cmocka_unit_test(reads_joined_gzip_files),
        cmocka_unit_test(refuses_damaged_gzip),
        cmocka_unit_test(reads_a_slow_pipe),
        cmocka_unit_test(streaming_errors),
    };
    return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
