/* The five-condition audience of engine/columns/rules_bench.c as SQLite answers it: CSV in, a table in memory, the best of
 * three counts. Prints JSON. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUERY                                                                                                          \
    "SELECT count(*) FROM t WHERE spend > 200 AND orders >= 3 AND country IN ('ES', 'PT') AND last_order >= '2026-09-01' " \
    "AND subscribed"

static void must(int code, sqlite3 *db)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void load(sqlite3 *db, const char *path)
{
    FILE *in = fopen(path, "r");
    char line[256];
    sqlite3_stmt *st;
    if (!in || !fgets(line, sizeof line, in))
        exit(1);
    must(sqlite3_exec(db, "CREATE TABLE t (spend REAL, orders INTEGER, country TEXT, last_order TEXT, "
                         "subscribed INTEGER); BEGIN",
                      NULL, NULL, NULL), db);
    must(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?, ?, ?, ?, ?)", -1, &st, NULL), db);
    while (fgets(line, sizeof line, in)) {
        char *rest = line, *cell[5];
        for (int i = 0; i < 5; i++)
            cell[i] = strsep(&rest, ",\n");
        sqlite3_bind_double(st, 1, atof(cell[0]));
        sqlite3_bind_int(st, 2, atoi(cell[1]));
        sqlite3_bind_text(st, 3, cell[2], -1, SQLITE_TRANSIENT);
        if (*cell[3])
            sqlite3_bind_text(st, 4, cell[3], -1, SQLITE_TRANSIENT);
        else
            sqlite3_bind_null(st, 4);
        sqlite3_bind_int(st, 5, cell[4][0] == 't');
        must(sqlite3_step(st), db);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), db);
    fclose(in);
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    double best = 1e12;
    long long customers = 0;
    if (argc < 2)
        return 2;
    must(sqlite3_open(":memory:", &db), db);
    load(db, argv[1]);
    must(sqlite3_prepare_v2(db, QUERY, -1, &st, NULL), db);
    for (int turn = 0; turn < 3; turn++) {
        double begin = now_ms();
        must(sqlite3_step(st), db);
        customers = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
        double took = now_ms() - begin;
        best = took < best ? took : best;
    }
    printf("{\"ms\": %.2f, \"customers\": %lld}\n", best, customers);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return 0;
}
