/* Rules over a base of ROWS customers (10,000,000, or the first argument): a five-condition audience against reading the
 * same bytes once, an event window, a decision table over all and for single decisions against the interpreter. One line
 * of JSON each, times in milliseconds of one thread: the best of three. The second argument is a file to write the base
 * to, as CSV, for the peers of bench/. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/columns/postings.h"
#include "engine/columns/program.h"
#include "engine/columns/table_program.h"
#include "engine/dmn/dmn.h"
#include "engine/feel/parse.h"

#define EVENTS_PER_ROW 7
#define TURNS 3
#define NOW_MS INT64_C(1796256000000)
#define TODAY 20790
#define AUDIENCE "spend > 200 and orders >= 3 and country in (\"ES\", \"PT\") and last order >= @\"2026-09-01\" and subscribed"

static size_t rows = 10000000;
static uint64_t seed = 42;

static uint32_t any(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 32) * below >> 32);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void check(enum err_code code, const struct err *e)
{
    if (!code)
        return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

/* ---- the base: spend 4 bytes, orders 1, country 1, last order 4, subscribed a bit, age 1; a bit of null for two ---- */
#define TEXT(t) { .kind = VALUE_STRING, .string = { t, sizeof t - 1 } }
static const struct value countries[] = { TEXT("ES"), TEXT("PT"), TEXT("FR"), TEXT("DE"), TEXT("IT"),
                                          TEXT("NL"), TEXT("GB"), TEXT("US"), TEXT("MX"), TEXT("AR") };
static const struct dictionary dictionary = { 10, countries };
static struct column column[6];
static struct columns columns_of(void)
{
    return (struct columns){ rows, 6, column };
}

static void *zeros(size_t bytes)
{
    void *at = calloc(1, bytes);
    if (!at)
        abort();
    return at;
}

static void make_base(void)
{
    size_t words = COLUMN_WORDS(rows), room = words * 64;
    int32_t *spend = zeros(room * 4), *last = zeros(room * 4);
    uint8_t *orders = zeros(room), *country = zeros(room), *age = zeros(room);
    uint64_t *subscribed = zeros(words * 8), *no_order = zeros(words * 8), *no_age = zeros(words * 8);
    for (size_t i = 0; i < rows; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        orders[i] = (uint8_t)(any(100) < 30 ? 0 : any(any(12) + 1) + 1);
        spend[i] = orders[i] ? (int32_t)(any(20000) * orders[i]) : 0;
        last[i] = TODAY - (int32_t)any(720);
        country[i] = (uint8_t)any(10);
        age[i] = (uint8_t)(18 + any(70));
        subscribed[i / 64] |= any(2) ? bit : 0;
        no_order[i / 64] |= orders[i] ? 0 : bit;
        no_age[i / 64] |= any(3) ? 0 : bit;
    }
    column[0] = (struct column){ { "spend", 5 }, COLUMN_NUMBER, 2, 4, spend, NULL, NULL };
    column[1] = (struct column){ { "orders", 6 }, COLUMN_NUMBER, 0, 1, orders, NULL, NULL };
    column[2] = (struct column){ { "country", 7 }, COLUMN_CODES, 0, 1, country, NULL, &dictionary };
    column[3] = (struct column){ { "last order", 10 }, COLUMN_DATE, 0, 4, last, no_order, NULL };
    column[4] = (struct column){ { "subscribed", 10 }, COLUMN_BOOLEAN, 0, 0, subscribed, NULL, NULL };
    column[5] = (struct column){ { "age", 3 }, COLUMN_NUMBER, 0, 1, age, no_age, NULL };
}

static void write_base(const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out)
        abort();
    fprintf(out, "spend,orders,country,last_order,subscribed\n");
    for (size_t i = 0; i < rows; i++) {
        fprintf(out, "%.2f,%d,%s,", (double)column_raw(&column[0], i) / 100, (int)column_raw(&column[1], i),
                countries[column_raw(&column[2], i)].string.at);
        char day[TEMPORAL_TEXT];
        struct date d;
        if (!column_is_null(&column[3], i) && date_of_days(column_raw(&column[3], i), &d))
            fprintf(out, "%.*s", SLICE_ARG(date_print(d, day)));
        fprintf(out, ",%s\n", column_raw(&column[4], i) ? "true" : "false");
    }
    fclose(out);
}

/* ---- (a) ---- */
static const struct node *parse(const char *text, struct arena *mem)
{
    struct slice names[6];
    const struct parse_options options = { names, 6 };
    struct node *node;
    struct diag flaw;
    struct err e;
    for (size_t i = 0; i < 6; i++)
        names[i] = column[i].name;
    check(feel_parse(slice_of(text), &options, mem, &node, &flaw, &e), &e);
    return node;
}

static uint64_t sum_bytes(const void *at, size_t bytes)
{
    const uint64_t *v = at;
    uint64_t sum[8] = { 0 };
    for (size_t i = 0; i + 8 <= bytes / 8; i += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += v[i + k];
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
}

static double read_once(size_t *bytes)
{
    double best = 1e9;
    *bytes = rows * 10 + rows / 8 * 2;
    for (int turn = 0; turn < TURNS; turn++) {
        double begin = now_ms();
        volatile uint64_t sum = 0;
        for (size_t i = 0; i < 5; i++)
            sum += sum_bytes(column[i].data, column[i].width ? rows * column[i].width : rows / 8);
        sum += sum_bytes(column[3].null, rows / 8);
        double took = now_ms() - begin;
        best = took < best ? took : best;
    }
    return best;
}

static void audience(struct arena *mem, struct arena *scratch)
{
    const struct columns columns = columns_of();
    struct program *program;
    struct err e;
    size_t bytes;
    uint64_t *bits = zeros(COLUMN_WORDS(rows) * 8);
    double best = 1e9, make = now_ms();
    check(program_new(parse(AUDIENCE, mem), &columns, NULL, NOW_MS, mem, &program, &e), &e);
    make = now_ms() - make;
    for (int turn = 0; turn < TURNS; turn++) {
        double begin = now_ms();
        check(program_run(program, 0, rows, bits, scratch, NULL, &e), &e);
        double took = now_ms() - begin;
        best = took < best ? took : best;
    }
    double once = read_once(&bytes);
    printf("{\"what\": \"audience\", \"rows\": %zu, \"customers\": %zu, \"ms\": %.2f, \"read_once_ms\": %.2f, \"bytes\": %zu, "
           "\"make_ms\": %.2f}\n", rows, bits_count(bits, rows), best, once, bytes, make);
    free(bits);
}

/* ---- (b) ---- */
static void window(void)
{
    struct postings *p = postings_new();
    uint16_t *times = zeros(COLUMN_WORDS(rows) * 64 * sizeof *times);
    size_t events = rows * EVENTS_PER_ROW;
    double best = 1e9;
    /* Five types of events; one of them is counted. Days as a shop that grows has them. */
    for (size_t i = 0; i < events / 5; i++)
        if (!postings_add(p, any((uint32_t)rows), TODAY - (int32_t)(any(720) * (uint64_t)any(1000) / 1000)))
            abort();
    size_t found = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        double begin = now_ms();
        memset(times, 0, rows * sizeof *times);
        postings_count(p, TODAY - 29, TODAY, times, rows);
        found = 0;
        for (size_t i = 0; i < rows; i++)
            found += times[i] >= 2;
        double took = now_ms() - begin;
        best = took < best ? took : best;
    }
    printf("{\"what\": \"window\", \"rows\": %zu, \"events\": %zu, \"of_type\": %zu, \"customers\": %zu, \"ms\": %.2f, "
           "\"bytes_per_event\": %.2f}\n", rows, events, postings_events(p), found, best,
           (double)postings_bytes(p) / (double)postings_events(p));
    free(times);
    postings_drop(&p);
}

/* ---- (c), (d) ---- */
static const struct table *make_table(size_t n_rules, size_t inputs, struct arena *mem)
{
    static const char *const names[] = { "spend", "orders", "country", "last order", "age" };
    static const char *const types[] = { "number", "number", "string", "date", "number" };
    const struct dmn_options options = { 0 };
    struct buf b = buf_make(0);
    struct dmn *dmn;
    const struct dmn_diag *diags;
    struct err e;
    buf_adds(&b, "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m' namespace='m'>"
                 "<decision name='d' id='d'><variable name='d'/><decisionTable hitPolicy='FIRST'>");
    for (size_t i = 0; i < inputs; i++)
        buf_printf(&b, "<input><inputExpression typeRef='%s'><text>%s</text></inputExpression></input>", types[i], names[i]);
    buf_adds(&b, "<output/>");
    for (size_t r = 0; r < n_rules; r++) {
        uint32_t low = any(1000), day = any(360);
        const char *const cells[] = {
            arena_printf(mem, "[%u..%u)", low, low + 200).at, arena_printf(mem, "&gt;= %u", any(6)).at,
            arena_printf(mem, "\"%s\", \"%s\"", countries[any(10)].string.at, countries[any(10)].string.at).at,
            arena_printf(mem, "&gt; date(2026, 11, 27) - duration(\"P%uD\")", day + 30).at,
            arena_printf(mem, "[%u..%u]", 18 + any(40), 50 + any(40)).at,
        };
        buf_adds(&b, "<rule>");
        for (size_t i = 0; i < inputs; i++)
            buf_printf(&b, "<inputEntry><text>%s</text></inputEntry>", any(4) ? cells[i] : "-");
        buf_printf(&b, "<outputEntry><text>%zu</text></outputEntry></rule>", r);
    }
    buf_adds(&b, "</decisionTable></decision></definitions>");
    check(dmn_load(buf_slice(&b), &options, mem, &dmn, &diags, &e), &e);
    buf_drop(&b);
    return dmn_table(dmn_find(dmn, DMN_DECISION, SLICE("d")));
}

/* The interpreter's time for one row, in nanoseconds, over some of them. */
static double interpreter_ns(const struct table *t, size_t n, struct arena *scratch)
{
    double begin = now_ms();
    for (size_t row = 0; row < n; row++) {
        struct value_entry entry[6];
        struct eval eval;
        struct err e;
        bool ok;
        arena_reset(scratch);
        for (size_t i = 0; i < 6; i++)
            entry[i] = (struct value_entry){ column[i].name, column_value(&column[i], row, scratch, &ok) };
        const struct feel_scope scope = { .n = 6, .entry = entry };
        eval_init(&eval, scratch, NULL, NOW_MS, &e);
        table_decide(&eval, t, &scope, NULL, NULL);
    }
    return (now_ms() - begin) * 1e6 / (double)n;
}

static void table_over_all(struct arena *mem, struct arena *scratch)
{
    const struct columns columns = columns_of();
    const struct table *t = make_table(100, 5, mem);
    struct table_program *p;
    struct err e;
    int32_t *rule = zeros(rows * sizeof *rule);
    double best = 1e9, make = now_ms();
    check(table_program_new(t, &columns, NULL, NOW_MS, mem, &p, &e), &e);
    make = now_ms() - make;
    for (int turn = 0; turn < TURNS; turn++) {
        double begin = now_ms();
        table_program_run(p, 0, rows, rule);
        double took = now_ms() - begin;
        best = took < best ? took : best;
    }
    size_t hit = 0, n = rows < 20000 ? rows : 20000;
    for (size_t i = 0; i < rows; i++)
        hit += rule[i] >= 0;
    printf("{\"what\": \"table\", \"rules\": 100, \"inputs\": 5, \"rows\": %zu, \"hit\": %zu, \"ms\": %.2f, "
           "\"rows_per_s\": %.0f, \"interpreter_rows_per_s\": %.0f, \"make_ms\": %.2f}\n", rows, hit, best,
           (double)rows / best * 1e3, 1e9 / interpreter_ns(t, n, scratch), make);
    free(rule);
}

static void single_decisions(struct arena *mem, struct arena *scratch)
{
    enum { CASES = 4096 };
    const struct table *t = make_table(10, 3, mem);
    struct value(*v)[3] = arena_calloc_n(mem, CASES, sizeof *v);
    struct table_program *p;
    struct err e;
    bool ok;
    int64_t sum = 0;
    check(table_program_new(t, NULL, NULL, NOW_MS, mem, &p, &e), &e);
    for (size_t k = 0; k < CASES; k++)
        for (size_t i = 0; i < 3; i++)
            v[k][i] = column_value(&column[i], k % rows, mem, &ok);
    double best = 1e9;
    for (int turn = 0; turn < TURNS; turn++) {
        double begin = now_ms();
        for (int again = 0; again < 100; again++)
            for (size_t k = 0; k < CASES; k++)
                sum += table_program_rule(p, v[k]);
        double took = now_ms() - begin;
        best = took < best ? took : best;
    }
    printf("{\"what\": \"single\", \"rules\": 10, \"inputs\": 3, \"per_s\": %.0f, \"interpreter_per_s\": %.0f, \"sum\": %lld}\n",
           CASES * 100 / best * 1e3, 1e9 / interpreter_ns(t, rows < 20000 ? rows : 20000, scratch), (long long)sum);
}

int main(int argc, char **argv)
{
    struct arena *mem = arena_new((size_t)256 << 20), *scratch = arena_new((size_t)64 << 20);
    if (argc > 1)
        rows = strtoul(argv[1], NULL, 10);
    make_base();
    if (argc > 2)
        write_base(argv[2]);
    audience(mem, scratch);
    window();
    table_over_all(mem, scratch);
    single_decisions(mem, scratch);
    arena_drop(&scratch);
    arena_drop(&mem);
    return 0;
}
