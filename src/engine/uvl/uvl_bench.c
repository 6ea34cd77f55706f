/* How long reading takes: uvl_bench FILE... — the best of some turns in CPU milliseconds, and the memory of the model with all
 * that was needed on the way. What is wrong with a file is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/uvl/uvl.h"

#define TURNS 5
#define FILE_MAX ((size_t)64 << 20)

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void read_one(const char *path, struct slice text)
{
    struct arena *mem = arena_new((size_t)1 << 30);
    struct uvl_model m = { 0 };
    struct err e = { 0 };
    double best = 0;
    for (int turn = 0; mem && turn < TURNS; turn++) {
        arena_reset(mem);
        double start = cpu_ms();
        if (uvl_read(text, slice_of(path), NULL, mem, &m, &e) == ERR_LIMIT)
            printf("%s\n", e.text);
        double ms = cpu_ms() - start;
        best = turn && best < ms ? best : ms;
    }
    printf("%-60s %8zu bytes %7u features %7u constraints %9.3f ms %6.1f MB\n", path, text.len, m.features, m.constraints, best,
           mem ? (double)arena_used(mem) / 1e6 : 0.);
    for (uint32_t i = 0; i < m.faults; i++) {
        struct slice s = uvl_fault_text(&m, &m.fault[i], mem);
        printf("  %s%.*s\n", m.fault[i].warning ? "warning: " : "", SLICE_ARG(s));
    }
    arena_drop(&mem);
}

int main(int argc, char **argv)
{
    char *at = malloc(FILE_MAX);
    for (int i = 1; at && i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f) {
            perror(argv[i]);
            continue;
        }
        struct slice text = { at, fread(at, 1, FILE_MAX, f) };
        fclose(f);
        read_one(argv[i], text);
    }
    free(at);
    return 0;
}
