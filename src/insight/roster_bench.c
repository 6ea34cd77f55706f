/* Keeping a thousand audiences: roster_bench DIR [CUSTOMERS [AUDIENCES [ROUNDS]]]
 *
 * DIR must be empty. Each customer has done seven things before; each round is 300,000 events of random customers (twenty
 * names, over the last days) told to the followers, then a pass. Times are CPU of the thread that follows and passes;
 * what the passes find is written to the disk by the writer's thread, and counted apart. A line of JSON at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "insight/condition.h"
#include "insight/roster.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "memory/documents.h"
#include "text/time.h"

#define NOW INT64_C(1795403305400)
#define QUESTIONS 4
#define GROUP 5000
#define EVENTS 300000
#define NAMES 20
#define BEFORE 7                 // events of a customer before the first pass

struct bench {
    struct store *store;
    struct memory *memory;
    struct purchases *purchases;
    struct people *people;
    struct population *population;
    struct roster *roster;
    uint32_t customers, audiences;
    uint64_t seed;
    int64_t seq;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum err_code open_rooms(struct bench *b, const char *dir, struct err *e)
{
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &b->store, e));
    TRY(migrate_store(b->store, migrations_all, migrations_count, NOW, e));
    TRY(memory_new(b->store, (struct memory_options){ .dir = dir, .clock = &sys_clock_real }, &b->memory, e));
    TRY(purchases_new(b->memory, &b->purchases, e));
    TRY(population_new(b->memory, NULL, &b->population, e));
    TRY(roster_new(b->memory, b->population, NULL, &b->roster, e));
    const struct follower followers[] = { purchases_follower(b->purchases), population_follower(b->population),
                                          population_events_follower(b->population),
                                          population_columns_follower(b->population), roster_follower(b->roster) };
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++)
        memory_follow(b->memory, &followers[i]);
    TRY(people_new(b->memory, b->purchases, &b->people, e));
    return memory_start(b->memory, e);
}

/* ---- making ---- */
struct making {
    struct command command;      // first
    uint32_t from, to;
};

static enum err_code make_newcomers(struct command *command, struct tx *tx, struct err *e)
{
    const struct making *n = (const struct making *)command;
    for (uint32_t i = n->from; i < n->to; i++) {
        char user[16];
        uint32_t history;
        snprintf(user, sizeof user, "u%u", i);
        struct who who = { .user_id = slice_of(user) };
        TRY(tx_resolve(tx, &who, 1, NOW - (int64_t)(hash_mix(i) % 1000) * DAY_MS, &history, e));
    }
    return ERR_OK;
}

/* Of four kinds: a window, a window and what they spent, never, and how long they have been here. */
static enum err_code make_audiences(struct command *command, struct tx *tx, struct err *e)
{
    static const char *const forms[] = {
        "event count(\"E%d\", @\"P%dD\") > %d",
        "event count(\"E%d\", @\"P%dD\") >= %d and orders > 0 and spend > 20 and tier != \"lost\"",
        "not(event count(\"E%d\", @\"P%dD\") > %d) and known",
        "event count(\"E%d\", @\"P%dD\") > %d and last event(\"E1\") > today() - @\"P10D\" and first seen < today()",
    };
    static const int days[] = { 7, 30, 90, 365 };
    const struct making *n = (const struct making *)command;
    for (uint32_t i = n->from; i < n->to; i++) {
        char name[16], text[200];
        int64_t id;
        snprintf(name, sizeof name, "A%u", i);
        snprintf(text, sizeof text, forms[i % 4], (int)(i / 4 % NAMES), days[i / 7 % 4], 1 + (int)(i / 16 % 5));
        TRY(tx_document_add(tx, AUDIENCE, slice_of(name), slice_of(text), SLICE(""), SLICE("bench"), &id, e));
    }
    return ERR_OK;
}

static enum err_code make(struct bench *b, enum err_code (*run)(struct command *, struct tx *, struct err *), uint32_t n,
                          struct err *e)
{
    for (uint32_t i = 0; i < n; i += GROUP) {
        struct making making = { { .run = run, .facts = GROUP }, i, i + GROUP < n ? i + GROUP : n };
        TRY(memory_run(b->memory, &making.command, e));
    }
    return ERR_OK;
}

/* ---- events ---- */
static enum err_code tell(struct bench *b, size_t n, int days, struct err *e)
{
    const struct follower population = population_follower(b->population);
    const struct follower events = population_events_follower(b->population);
    const struct follower columns = population_columns_follower(b->population), bought = purchases_follower(b->purchases);
    for (size_t i = 0; i < n; i++) {
        char name[8], body[160];
        uint64_t random = hash_mix(++b->seed);
        bool order = random % 16 == 0;
        snprintf(name, sizeof name, "E%u", (unsigned)(random >> 8) % NAMES);
        struct fact fact = { .type = FACT_TRACK, .seq = ++b->seq, .customer = 1 + (uint32_t)((random >> 20) % b->customers),
                             .event = order ? SLICE("Order Completed") : slice_of(name),
                             .timestamp_ms = NOW - (int64_t)((random >> 50) % (unsigned)days) * DAY_MS };
        snprintf(body, sizeof body, "{\"properties\":{\"screen\":\"s%u\",\"seconds\":%u}}", (unsigned)(random % 50),
                 (unsigned)(random >> 32) % 600);
        if (order)
            snprintf(body, sizeof body, "{\"properties\":{\"order_id\":\"o%llu\",\"products\":[{\"product_id\":\"p%u\","
                     "\"price\":%u}]}}", (unsigned long long)b->seq, (unsigned)(random % 5000), (unsigned)(random % 97));
        fact.body = slice_of(body);
        TRY(population.apply(population.self, &fact, e));
        TRY(events.apply(events.self, &fact, e));
        TRY(columns.apply(columns.self, &fact, e));
        if (order)
            TRY(bought.apply(bought.self, &fact, e));
    }
    return ERR_OK;
}

static enum err_code pass(struct bench *b, struct err *e)
{
    return roster_pass(b->roster, b->people, NOW, e);
}

static enum err_code changes(struct bench *b, int64_t *ret, struct err *e)
{
    struct store_conn *conn = NULL;
    struct store_stmt *st;
    bool row;
    enum err_code code = store_conn_new(b->store, STORE_READ, &conn, e);
    if (!code)
        code = store_prepare(conn, SLICE("SELECT count(*) FROM audience_changes"), &st, e);
    if (!code)
        code = store_step(st, &row, e);
    if (!code) {
        *ret = store_col_i64(st, 0);
        store_reset(st);
    }
    store_conn_drop(&conn);
    return code;
}

static void close_rooms(struct bench *b)
{
    memory_drop(&b->memory);     // snapshots are saved
    roster_drop(&b->roster);
    people_drop(&b->people);
    population_drop(&b->population);
    purchases_drop(&b->purchases);
    store_drop(&b->store);
}

/* Seconds until questions are answered, and until every audience's members are those of now. */
static enum err_code start_again(struct bench *b, const char *dir, double *answers, double *whole, struct err *e)
{
    int64_t began = clock_steady_ns();
    TRY(open_rooms(b, dir, e));
    TRY(people_refresh(b->people, NOW, e));
    TRY(population_refresh(b->population, b->people, NOW, e));
    *answers = (double)(clock_steady_ns() - began) / 1e9;
    TRY(pass(b, e));
    *whole = (double)(clock_steady_ns() - began) / 1e9;
    return ERR_OK;
}

/* Milliseconds of one thread until a condition that nobody asked before has its answer about everybody. */
static enum err_code ask_once(struct bench *b, const char *text, double *ret, struct err *e)
{
    const struct condition_world world = { .population = b->population, .now_ms = NOW };
    *ret = 1e9;
    for (int turn = 0; turn < 3; turn++) {
        AUTO(arena) mem = arena_new((size_t)4 << 30);
        AUTO(arena) scratch = arena_new((size_t)64 << 20);
        struct condition *condition;
        uint64_t *bits;
        if (!mem || !scratch)
            return err_set(e, ERR_LIMIT, 0, "no memory to ask");
        double began = cpu_seconds();
        population_lock(b->population);
        enum err_code code = condition_new(&world, slice_of(text), mem, &condition, e);
        if (!code)
            code = condition_run(condition, mem, scratch, NULL, &bits, e);
        population_unlock(b->population);
        TRY(code);
        double ms = (cpu_seconds() - began) * 1000;
        *ret = ms < *ret ? ms : *ret;
    }
    return ERR_OK;
}

static enum err_code ask_all(struct bench *b, double ms[QUESTIONS], struct err *e)
{
    static const char *const questions[QUESTIONS] = {
        "event count(\"E1\", @\"P90D\", seconds > 300 and screen = \"s7\") > 0",
        "event sum(\"E1\", seconds, @\"P90D\") > 600",
        "event distinct(\"Product Bought\", product) > 2",
        "event sequence([\"E1\", \"Order Completed\"], @\"P7D\", \"E2\")",
    };
    for (int i = 0; i < QUESTIONS; i++)
        TRY(ask_once(b, questions[i], &ms[i], e));
    return ERR_OK;
}

static enum err_code run(struct bench *b, const char *dir, int rounds, struct err *e)
{
    double ms[QUESTIONS];
    int64_t found;
    TRY(open_rooms(b, dir, e));
    TRY(make(b, make_newcomers, b->customers, e));
    TRY(make(b, make_audiences, b->audiences, e));
    TRY(tell(b, (size_t)b->customers * BEFORE, 400, e));
    TRY(people_refresh(b->people, NOW, e));
    double began = cpu_seconds();
    TRY(pass(b, e));
    double first = cpu_seconds() - began;
    double told = 0, passed = 0, best = 1e9;
    int64_t wall = clock_steady_ns();
    for (int i = 0; i < rounds; i++) {
        began = cpu_seconds();
        TRY(tell(b, EVENTS, 40, e));
        double middle = cpu_seconds();
        TRY(pass(b, e));
        double end = cpu_seconds();
        told += middle - began;
        passed += end - middle;
        best = end - middle < best ? end - middle : best;
    }
    double wall_s = (double)(clock_steady_ns() - wall) / 1e9;
    TRY(changes(b, &found, e));
    TRY(ask_all(b, ms, e));
    double bytes = (double)population_bytes(b->population), answers_s, whole_s;
    wall = clock_steady_ns();
    close_rooms(b);
    double stop_s = (double)(clock_steady_ns() - wall) / 1e9;
    TRY(start_again(b, dir, &answers_s, &whole_s, e));
    printf("{\"what\": \"roster\", \"customers\": %u, \"audiences\": %u, \"events\": %d, \"first_pass_s\": %.2f, "
           "\"events_per_s\": %.0f, \"best_events_per_s\": %.0f, \"wall_events_per_s\": %.0f, \"changes\": %lld, "
           "\"tell_ns\": %.0f, \"bytes_per_customer\": %.0f, \"stop_s\": %.2f, \"start_s\": %.2f, \"start_whole_s\": %.2f, "
           "\"where_ms\": %.1f, \"sum_ms\": %.1f, \"distinct_ms\": %.1f, \"sequence_ms\": %.1f}\n",
           b->customers, b->audiences, rounds * EVENTS, first, rounds * EVENTS / passed, EVENTS / best,
           rounds * EVENTS / wall_s, (long long)found, told * 1e9 / (rounds * EVENTS),
           bytes / b->customers, stop_s, answers_s, whole_s, ms[0], ms[1], ms[2], ms[3]);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct bench b = { .customers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000,
                       .audiences = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1000 };
    int rounds = argc > 4 ? atoi(argv[4]) : 5;
    if (argc < 2 || b.customers == 0 || rounds <= 0) {
        fprintf(stderr, "usage: roster_bench DIR [CUSTOMERS [AUDIENCES [ROUNDS]]]\n");
        return 2;
    }
    enum err_code code = run(&b, argv[1], rounds, &e);
    if (code)
        fprintf(stderr, "roster_bench: %s\n", e.text);
    close_rooms(&b);
    return code != ERR_OK;
}
