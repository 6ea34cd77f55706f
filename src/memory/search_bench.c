/* How fast people are found: search_bench DIR [CUSTOMERS]
 *
 * DIR must be empty. Each customer comes by an identify with name, e-mail and company; then each kind of
 * query is asked many times with other words.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "io/store/migrations.h"
#include "memory/ingest.h"
#include "memory/search.h"

#define BATCH 500
#define ROUNDS 300

static const char *const syllables[] = { "an", "bel", "car", "do", "el", "fer", "gar", "hel", "in", "jo", "ka",
                                         "lu", "mar", "na", "ol", "per", "qui", "ro", "san", "ti", "ur", "vi" };
#define SYLLABLES (sizeof syllables / sizeof *syllables)

/* 484 first names, 10,648 last names. */
static void print_first(struct buf *out, uint64_t x)
{
    buf_printf(out, "%s%s", syllables[x % SYLLABLES], syllables[x / SYLLABLES % SYLLABLES]);
}

static void print_last(struct buf *out, uint64_t x)
{
    x = hash_mix(x);
    buf_printf(out, "%s%s%s", syllables[x % SYLLABLES], syllables[x / SYLLABLES % SYLLABLES],
               syllables[x / SYLLABLES / SYLLABLES % SYLLABLES]);
}

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_steady_ns() - start_ns) / 1e9;
}

static void landed(struct command *command, enum err_code code, const struct err *e)
{
    struct ingest_batch *batch = ingest_of(command);
    if (code) {
        fprintf(stderr, "search_bench: %s\n", e->text);
        exit(1);
    }
    ingest_drop(&batch);
}

static void print_batch(struct buf *body, int64_t from)
{
    buf_clear(body);
    buf_adds(body, "{\"batch\":[");
    for (int64_t i = from; i < from + BATCH; i++) {
        buf_printf(body, "%s{\"type\":\"identify\",\"userId\":\"c%lld\",\"messageId\":\"m%lld\",\"traits\":{\"name\":\"",
                   i > from ? "," : "", (long long)i, (long long)i);
        print_first(body, hash_mix((uint64_t)i));
        buf_addc(body, ' ');
        print_last(body, (uint64_t)i);
        buf_printf(body, "\",\"email\":\"c%lld@example.com\",\"company\":\"", (long long)i);
        print_last(body, (uint64_t)i / 50);
        buf_adds(body, "\"}}");
    }
    buf_adds(body, "]}");
}

static enum err_code fill(struct memory *m, int64_t customers, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(0);
    AUTO(json_parser) parser = json_parser_new();
    if (!parser)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    int64_t start = clock_steady_ns();
    for (int64_t i = 0; i < customers;) {
        struct ingest_batch *batch = NULL;
        struct slice key;
        print_batch(&body, i);
        TRY(ingest_parse(parser, INGEST_BATCH, buf_slice(&body), &batch, &key, e));
        ingest_prepare(batch, (struct ingest_envelope){ .source = 1, .received_ms = clock_now_ms(&sys_clock_real) },
                       landed, NULL);
        i += BATCH;
        if (i % (20 * BATCH) == 0)
            TRY(memory_run(m, ingest_command(batch), e));
        else
            TRY(memory_submit(m, ingest_command(batch), e));
    }
    printf("%lld customers: %.0f identifies/s\n", (long long)customers, (double)customers / seconds_since(start));
    return ERR_OK;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void make_query(struct buf *q, int kind, uint64_t x, int64_t customers)
{
    buf_clear(q);
    int64_t i = (int64_t)(x % (uint64_t)customers);
    switch (kind) {
    case 0: buf_printf(q, "c%lld", (long long)i); break;
    case 1: buf_addc(q, syllables[x % SYLLABLES][0]); break;
    case 2: print_first(q, x); break;
    case 3: print_last(q, x); break;
    case 4: print_first(q, hash_mix((uint64_t)i)); buf_addc(q, ' '); print_last(q, (uint64_t)i); break;
    case 5: buf_adds(q, syllables[x % SYLLABLES]); buf_addc(q, ' '); buf_adds(q, syllables[x / 99 % SYLLABLES]); break;
    default: buf_printf(q, "c%lld@exa", (long long)i); break;
    }
}

static enum err_code ask(struct memory *m, struct store_conn *conn, int64_t customers, struct err *e)
{
    static const char *const kinds[] = { "exact id", "one letter", "first name", "last name", "full name",
                                         "two short prefixes", "e-mail as typed" };
    __attribute__((cleanup(buf_drop))) struct buf q = buf_make(0);
    AUTO(arena) mem = arena_new(64u << 20);
    for (int kind = 0; mem && kind < 7; kind++) {
        double ms[ROUNDS];
        size_t found = 0;
        for (int i = 0; i < ROUNDS; i++) {
            uint32_t roots[50];
            size_t n;
            make_query(&q, kind, hash_mix((uint64_t)i * 77 + 5), customers);
            arena_reset(mem);
            int64_t start = clock_steady_ns();
            memory_read_lock(m);
            enum err_code code = customers_search(m, conn, buf_slice(&q), mem, roots, 50, &n, e);
            memory_read_unlock(m);
            TRY(code);
            ms[i] = seconds_since(start) * 1e3;
            found += n;
        }
        qsort(ms, ROUNDS, sizeof *ms, by_time);
        printf("%-20s p50 %6.2f ms  p99 %6.2f ms, %.1f found\n", kinds[kind], ms[ROUNDS / 2], ms[ROUNDS * 99 / 100],
               (double)found / ROUNDS);
    }
    return mem ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory");
}

static enum err_code bench(const char *dir, int64_t customers, struct err *e)
{
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    AUTO(memory) m = NULL;
    int applied;
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &store, e));
    TRY(store_conn_new(store, STORE_WRITE, &conn, e));
    TRY(migrate_run(conn, migrations_all, migrations_count, 0, &applied, e));
    store_conn_drop(&conn);
    TRY(memory_new(store, (struct memory_options){ .dir = dir, .clock = &sys_clock_real }, &m, e));
    TRY(memory_start(m, e));
    TRY(fill(m, customers, e));
    TRY(store_conn_new(store, STORE_READ, &conn, e));
    enum err_code code = ask(m, conn, customers, e);
    store_conn_drop(&conn);
    memory_drop(&m);
    return code;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: search_bench DIR [CUSTOMERS]\n");
        return 2;
    }
    if (bench(argv[1], argc > 2 ? atoll(argv[2]) : 1000000, &e)) {
        fprintf(stderr, "search_bench: %s\n", e.text);
        return 1;
    }
    return 0;
}
