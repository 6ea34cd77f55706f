/* Makes the process it is preloaded into run out of memory on demand: tests only, glibc only.
 *
 *   LD_PRELOAD=…/liballoc_fault.so TENDERO_ALLOC_FAIL=SPEC program …
 *
 * SPEC    "k": call k of malloc, calloc and realloc fails; "k-m": calls k to m; "k-": from k on;
 *         "every:n" or "every:n:seed": one call in n, which ones depends on the seed.
 * Counts  calls from 1 on, over all threads, since the program's own code began. At a normal end
 *         "calls fired" is written to the file that TENDERO_ALLOC_REPORT names.
 * A wrong SPEC ends the process with 99: a test must not pass because nothing failed.
 * Not under a sanitizer, which brings its own allocator.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t bytes);

/* Written once before main, read by all. every 0: the range counts. */
static uint64_t first, last, every, seed;
static atomic_bool armed;
static atomic_uint_fast64_t calls, fired;

static bool strikes(void)
{
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return false;
    uint64_t call = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
    uint64_t mixed = (call ^ seed) * 0x9e3779b97f4a7c15u;  // Fibonacci hashing: spreads over the range
    bool strike = every ? (mixed >> 32) % every == 0 : call >= first && call <= last;
    if (!strike)
        return false;
    atomic_fetch_add_explicit(&fired, 1, memory_order_relaxed);
    errno = ENOMEM;
    return true;
}

/* A positive number at *text, which moves behind it; 0 when there is none. */
static uint64_t number(const char **text)
{
    char *end = NULL;
    uint64_t n = **text >= '0' && **text <= '9' ? strtoull(*text, &end, 10) : 0;
    if (end)
        *text = end;
    return n;
}

static bool spec_read(const char *spec)
{
    if (strncmp(spec, "every:", 6) == 0) {
        spec += 6;
        every = number(&spec);
        if (*spec == ':') {
            spec++;
            seed = number(&spec);
        }
        return every > 0 && *spec == '\0';
    }
    first = last = number(&spec);
    if (*spec == '-') {
        spec++;
        last = *spec ? number(&spec) : UINT64_MAX;
    }
    return first > 0 && last >= first && *spec == '\0';
}

__attribute__((constructor)) static void begin(void)
{
    const char *spec = getenv("TENDERO_ALLOC_FAIL");
    if (!spec)
        return;
    if (!spec_read(spec)) {
        static const char words[] = "TENDERO_ALLOC_FAIL: expected k, k-m, k-, every:n or every:n:seed\n";
        ssize_t told = write(2, words, sizeof words - 1);
        _exit(told < 0 ? 98 : 99);
    }
    atomic_store(&armed, true);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("TENDERO_ALLOC_REPORT");
    if (!atomic_exchange(&armed, false) || !path)
        return;
    FILE *report = fopen(path, "w");
    if (!report)
        return;
    fprintf(report, "%llu %llu\n", (unsigned long long)atomic_load(&calls),
            (unsigned long long)atomic_load(&fired));
    fclose(report);
}

void *malloc(size_t bytes)
{
    return strikes() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t size)
{
    return strikes() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *at, size_t bytes)
{
    return strikes() ? NULL : __libc_realloc(at, bytes);
}
