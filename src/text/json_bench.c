/* JSON in and out, in MB a second of CPU time: a batch of 500 events as client libraries send them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "text/json.h"
#include "text/json_check.h"

#define EVENTS 500
#define ROUNDS 400

struct bench {
    struct slice text;
    char *copy;
    struct json_check *check;
    struct json_parser *parser;
    struct buf out;
};

static void write_event(struct json_w *w, int64_t i)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "type", "track");
    json_w_kcstr(w, "event", "Product Viewed");
    json_w_kcstr(w, "messageId", "node-next-1732395859000-7c2e4f3a-9d54-4a55-8c6d-3f0a2b1c");
    json_w_kcstr(w, "anonymousId", "5f0c2d9e-71b4-4c22-9f7a-0a6f8d1b9c3e");
    json_w_ktime(w, "timestamp", 1732395859000 + i);
    json_w_key(w, "properties");
    json_w_open(w, '{');
    json_w_ki64(w, "product_id", 22000 + i);
    json_w_kcstr(w, "name", "Caf\xC3\xA9 \"Extra\" mug, small");
    json_w_kdouble(w, "price", 2.55 + (double)i);
    json_w_kbool(w, "gift", i % 2 == 0);
    json_w_close(w, '}');
    json_w_key(w, "context");
    json_w_open(w, '{');
    json_w_kraw(w, "library", SLICE("{\"name\":\"analytics-node\",\"version\":\"2.1.3\"}"));
    json_w_kcstr(w, "userAgent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0");
    json_w_close(w, '}');
    json_w_close(w, '}');
}

static void write_batch(struct bench *b)
{
    buf_clear(&b->out);
    struct json_w w = json_w(&b->out);
    json_w_open(&w, '{');
    json_w_key(&w, "batch");
    json_w_open(&w, '[');
    for (int64_t i = 0; i < EVENTS; i++)
        write_event(&w, i);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
}

static void run_copy(struct bench *b)
{
    memcpy(b->copy, b->text.at, b->text.len);
    __asm__ volatile("" ::: "memory");
}

static void run_check(struct bench *b)
{
    int no_memory;
    if (json_check_run(b->check, b->text.at, b->text.len, &no_memory))
        abort();
}

static void run_parse(struct bench *b)
{
    struct json root;
    if (json_parse(b->parser, b->text, &root, NULL))
        abort();
}

static void run_fields(struct bench *b)
{
    struct json root;
    if (json_parse(b->parser, b->text, &root, NULL))
        abort();
    size_t bytes = 0;
    for (struct json_iter it = json_iter(json_get(root, "batch")); json_next(&it);)
        bytes += json_raw(json_get(it.value, "messageId")).len
                 + json_raw(json_get(json_get(it.value, "properties"), "price")).len;
    if (!bytes)
        abort();
}

static double mb_per_s(struct bench *b, void (*run)(struct bench *))
{
    run(b);
    clock_t begin = clock();
    for (int i = 0; i < ROUNDS; i++)
        run(b);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    return (double)b->text.len * ROUNDS / seconds / 1e6;
}

int main(void)
{
    struct bench b = { .out = buf_make(0), .check = json_check_new(64), .parser = json_parser_new() };
    write_batch(&b);
    struct buf kept = buf_make(0);
    buf_add(&kept, buf_slice(&b.out));
    b.text = buf_slice(&kept);
    b.copy = malloc(b.text.len);
    if (!b.check || !b.parser || !b.copy || kept.failed)
        return 1;
    static const struct {
        const char *name;
        void (*run)(struct bench *);
    } runs[] = { { "memcpy", run_copy },
                 { "json_check (simdjson alone)", run_check },
                 { "json_parse (with marks)", run_parse },
                 { "json_parse + two fields an event", run_fields },
                 { "writer", write_batch } };
    printf("%zu bytes, %d events\n", b.text.len, EVENTS);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        printf("%-34s %8.0f MB/s\n", runs[i].name, mb_per_s(&b, runs[i].run));
    free(b.copy);
    buf_drop(&kept);
    buf_drop(&b.out);
    json_check_free(b.check);
    json_parser_drop(&b.parser);
    return 0;
}
