/* The baseline of the log: the very rows that a server stored, inserted straight into SQLite by one thread.
 *
 *   straight FROM.db TO.db GROUP ROWS
 *
 * Reads ROWS rows of FROM's fact tables into memory, then appends them to TO under new numbers: called in turns
 * with the server's own load, so that both files grow alike and meet the same disk and memory. With WAL,
 * synchronous=FULL and the page size of FROM, GROUP rows a transaction, into one table with its primary key and
 * nothing else: no deduplication, no customers, no JSON read. Prints {"rows", "group", "seconds", "per_second"}.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS 12

struct cell {
    int type, bytes;
    sqlite3_int64 number;
    char *text;
};

static void must(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "straight: %s\n", sqlite3_errmsg(db));
    exit(1);
}

/* Checkpoints come every 16 MB, as the server's do. */
static sqlite3 *open_db(const char *path, int page_bytes)
{
    sqlite3 *db = NULL;
    char sql[200];
    snprintf(sql, sizeof sql, "PRAGMA page_size=%d; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                              "PRAGMA wal_autocheckpoint=%d;", page_bytes, (16 << 20) / page_bytes);
    must(db, sqlite3_open(path, &db));
    must(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
    return db;
}

static sqlite3_int64 number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    must(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
    must(db, sqlite3_step(stmt));
    sqlite3_int64 number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return number;
}

static void cell_read(sqlite3_stmt *stmt, int column, struct cell *cell)
{
    cell->type = sqlite3_column_type(stmt, column);
    cell->number = sqlite3_column_int64(stmt, column);
    cell->bytes = 0;
    if (cell->type != SQLITE_TEXT)
        return;
    cell->bytes = sqlite3_column_bytes(stmt, column);
    cell->text = malloc((size_t)cell->bytes + 1);
    if (!cell->text)
        exit(1);
    memcpy(cell->text, sqlite3_column_text(stmt, column), (size_t)cell->bytes);
}

/* The next fact table in order; 0 when there is none. */
static size_t table_read(sqlite3 *db, const char *table, struct cell *rows, size_t n, size_t max)
{
    char sql[256];
    sqlite3_stmt *stmt;
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY seq", table);
    must(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
    if (sqlite3_column_count(stmt) != COLUMNS) {
        fprintf(stderr, "straight: %s has %d columns, not %d\n", table, sqlite3_column_count(stmt), COLUMNS);
        exit(1);
    }
    while (n < max && sqlite3_step(stmt) == SQLITE_ROW) {
        for (int c = 0; c < COLUMNS; c++)
            cell_read(stmt, c, &rows[n * COLUMNS + (size_t)c]);
        n++;
    }
    sqlite3_finalize(stmt);
    return n;
}

static size_t rows_read(const char *path, struct cell *rows, size_t max, int *page_bytes)
{
    sqlite3 *db = open_db(path, 4096);
    sqlite3_stmt *stmt;
    size_t n = 0;
    must(db, sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE name GLOB 'facts_[0-9]*' AND type = 'table'"
                                    " ORDER BY name", -1, &stmt, NULL));
    while (n < max && sqlite3_step(stmt) == SQLITE_ROW)
        n = table_read(db, (const char *)sqlite3_column_text(stmt, 0), rows, n, max);
    sqlite3_finalize(stmt);
    *page_bytes = (int)number_of(db, "PRAGMA page_size");
    sqlite3_close(db);
    return n;
}

static void row_insert(sqlite3 *db, sqlite3_stmt *stmt, const struct cell *row, size_t seq)
{
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)seq);
    for (int c = 1; c < COLUMNS; c++) {
        if (row[c].type == SQLITE_TEXT)
            sqlite3_bind_text(stmt, c + 1, row[c].text, row[c].bytes, SQLITE_STATIC);
        else if (row[c].type == SQLITE_NULL)
            sqlite3_bind_null(stmt, c + 1);
        else
            sqlite3_bind_int64(stmt, c + 1, row[c].number);
    }
    must(db, sqlite3_step(stmt));
    sqlite3_reset(stmt);
}

static void rows_insert(sqlite3 *db, const struct cell *rows, size_t n, size_t group)
{
    sqlite3_stmt *stmt;
    size_t before = (size_t)number_of(db, "SELECT COALESCE(MAX(seq), 0) FROM facts");
    must(db, sqlite3_prepare_v2(db, "INSERT INTO facts VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", -1, &stmt, NULL));
    for (size_t i = 0; i < n; i++) {
        if (i % group == 0)
            must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        row_insert(db, stmt, rows + i * COLUMNS, before + i + 1);
        if (i % group == group - 1 || i == n - 1)
            must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    sqlite3_finalize(stmt);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: straight FROM.db TO.db GROUP ROWS\n");
        return 2;
    }
    size_t group = strtoul(argv[3], NULL, 10), max = strtoul(argv[4], NULL, 10);
    struct cell *rows = calloc(max * COLUMNS, sizeof *rows);
    if (!rows || !group)
        return 1;
    int page_bytes;
    size_t n = rows_read(argv[1], rows, max, &page_bytes);
    if (!n)
        return 1;
    sqlite3 *db = open_db(argv[2], page_bytes);
    must(db, sqlite3_exec(db, "CREATE TABLE IF NOT EXISTS facts (seq INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h, i, j, k)",
                          NULL, NULL, NULL));
    double began = now_s();
    rows_insert(db, rows, n, group);
    double seconds = now_s() - began;
    sqlite3_close(db);
    printf("{\"rows\":%zu,\"group\":%zu,\"seconds\":%.3f,\"per_second\":%.0f}\n", n, group, seconds,
           (double)n / seconds);
    return 0;
}
