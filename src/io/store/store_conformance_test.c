/* The conformance suite on SQLite. */
#include "io/store/store_conformance.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/store/store_fault.h"

struct folder {
    char root[64];
    int n;
};

static bool fresh(void *ctx, char url[STORE_LAB_URL])
{
    struct folder *folder = ctx;
    snprintf(url, STORE_LAB_URL, "%s/%d", folder->root, ++folder->n);
    return true;
}

static bool backup(void *ctx, char path[STORE_LAB_URL], char url[STORE_LAB_URL])
{
    if (!fresh(ctx, url) || mkdir(url, 0700) != 0)
        return false;
    return snprintf(path, STORE_LAB_URL, "%s/tendero.db", url) < STORE_LAB_URL;
}

static void remove_database(void *ctx, const char *url)
{
    (void)ctx;
    static const char *const names[] = { "", "-wal", "-shm", "-journal", ".part" };
    char path[STORE_LAB_URL + 32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/tendero.db%s", url, names[i]);
        unlink(path);
    }
    rmdir(url);  // fails, and shows in the root, when something unexpected lies there
}

static bool sound(void *ctx, const char *url)
{
    (void)ctx;
    char path[STORE_LAB_URL + 32];
    snprintf(path, sizeof path, "%s/tendero.db", url);
    sqlite3 *db = NULL;
    sqlite3_stmt *check = NULL;
    bool fine = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
                && sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL) == SQLITE_OK
                && sqlite3_step(check) == SQLITE_ROW
                && slice_is(slice_of((const char *)sqlite3_column_text(check, 0)), "ok");
    sqlite3_finalize(check);
    sqlite3_close(db);
    return fine;
}

static void report(void *ctx, const char *name, const char *flaw)
{
    (void)ctx;
    print_message("%s %s%s%s\n", flaw ? "FAILED" : "  fine", name, flaw ? ": " : "", flaw ? flaw : "");
}

static void sqlite_conforms(void **state)
{
    struct folder folder = { .n = 0 };
    /* In memory where that exists: thousands of databases are made, and what is tested is the order of
     * writes, not the disk's own word. */
    snprintf(folder.root, sizeof folder.root, "%s/tendero-store-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder.root));
    struct store_lab lab = { &folder, fresh, remove_database, sound, backup, STORE_FAULT_VFS, true };
    (void)state;
    assert_int_equal(store_conformance(&lab, report), 0);
    assert_int_equal(rmdir(folder.root), 0);  // nothing was left behind
}

int main(void)
{
    store_fault_install();
    const struct CMUnitTest tests[] = { cmocka_unit_test(sqlite_conforms) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
