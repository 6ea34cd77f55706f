/* CSV in, in MB and records a second of CPU time: order lines, bare and with every field in quotes. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "text/csv.h"

#define RECORDS 200000
#define ROUNDS 5

struct bytes {
    struct slice all;
    size_t at;
};

static enum err_code source(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    (void)e;
    struct bytes *b = arg;
    *n = b->all.len - b->at < cap ? b->all.len - b->at : cap;
    memcpy(out, b->all.at + b->at, *n);
    b->at += *n;
    return ERR_OK;
}

static void drain(struct slice all)
{
    static char out[256 << 10];
    struct bytes b = { all, 0 };
    for (size_t n = 1; n;)
        if (source(&b, out, sizeof out, &n, NULL))
            abort();
    __asm__ volatile("" ::: "memory");
}

static void read_all(struct slice all)
{
    struct bytes b = { all, 0 };
    struct csv *csv = NULL;
    struct csv_record record;
    bool more = true;
    size_t records = 0;
    if (csv_new(source, &b, ',', &csv, NULL))
        abort();
    while (csv_next(csv, &record, &more, NULL) == ERR_OK && more)
        records++;
    if (records != RECORDS)
        abort();
    csv_drop(&csv);
}

static void report(const char *name, struct slice all, void (*run)(struct slice))
{
    clock_t begin = clock();
    for (int i = 0; i < ROUNDS; i++)
        run(all);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    printf("%-22s %8.0f MB/s %12.0f records/s\n", name, (double)all.len * ROUNDS / seconds / 1e6,
           RECORDS * ROUNDS / seconds);
}

int main(void)
{
    struct buf bare = buf_make(0), quoted = buf_make(0);
    for (int i = 0; i < RECORDS; i++) {
        buf_printf(&bare, "%d,85123A,WHITE HANGING HEART T-LIGHT HOLDER,%d,2010-12-01 08:26:00,2.55,"
                          "17850,United Kingdom\r\n", 536365 + i / 20, i % 12);
        buf_printf(&quoted, "\"%d\",\"85123A\",\"HEART \"\"T-LIGHT\"\", WHITE\",\"%d\","
                            "\"2010-12-01 08:26:00\",\"2.55\",\"17850\",\"United Kingdom\"\r\n",
                   536365 + i / 20, i % 12);
    }
    if (bare.failed || quoted.failed)
        return 1;
    report("copy", buf_slice(&bare), drain);
    report("bare", buf_slice(&bare), read_all);
    report("quoted", buf_slice(&quoted), read_all);
    buf_drop(&bare);
    buf_drop(&quoted);
    return 0;
}
