/* How fast models compile and answer: diagram_bench [FILE.cnf], or made-up models of 50 to 14,000 options.
 *
 * A click is a random choice that is still possible, then the domains of all options, the bounds of the total with each, and the
 * shares; a session is up to 40 clicks. CPU of one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/configurator/diagram.h"
#include "engine/configurator/made_up_testing.h"

#define CLICKS 1000
#define SESSION 40

enum question { DOMAINS, TOTALS, PEAKS, SHARES, BEST, DRAWN, CLICK, QUESTIONS };
static const char *const question_name[QUESTIONS] = { "domains", "totals", "peaks", "shares", "best", "draw", "click" };

struct session {
    const struct diagram *d;
    struct diagram_work *work;
    int8_t *chosen, *solution;
    int64_t *weight;
    uint8_t *domain;
    double *share;
    struct diagram_bounds (*bounds)[2];
    double *took[QUESTIONS];
    uint64_t seed;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ask(struct session *s, enum question q)
{
    struct diagram_bounds all;
    if (q == DOMAINS || q == CLICK)
        diagram_domains(s->d, s->chosen, s->work, s->domain);
    if (q == TOTALS || q == CLICK)
        diagram_totals(s->d, s->chosen, s->weight, s->work, &all, s->bounds);
    if (q == PEAKS)
        diagram_peaks(s->d, s->chosen, s->weight, s->work, &all, s->bounds);
    if (q == SHARES || q == CLICK)
        diagram_shares(s->d, s->chosen, s->work, s->share);
    if (q == BEST)
        diagram_best(s->d, s->chosen, s->weight, s->work, s->solution);
    if (q == DRAWN)
        diagram_draw(s->d, s->chosen, s->seed, s->work, s->solution);
}

/* One option more that is open still; where there is none the session begins anew. */
static void choose(struct session *s, uint32_t variables, int click)
{
    uint32_t v = 1 + any_below(&s->seed, variables);
    if (click % SESSION == 0)
        memset(s->chosen, 0, variables + (size_t)1);
    diagram_domains(s->d, s->chosen, s->work, s->domain);
    for (uint32_t tries = 0; s->domain[v] != 3 && tries < variables; tries++)
        v = v % variables + 1;
    if (s->domain[v] == 3)
        s->chosen[v] = any_below(&s->seed, 10) < 6 ? 1 : -1;
}

static int ascending(const void *left, const void *right)
{
    double x = *(const double *)left, y = *(const double *)right;
    return (x > y) - (x < y);
}

static bool session_init(struct session *s, const struct diagram *d)
{
    size_t rows = diagram_about(d).variables + (size_t)1;
    *s = (struct session){ .d = d, .work = diagram_work_new(d), .chosen = calloc(rows, 1), .solution = calloc(rows, 1),
                           .weight = calloc(rows, sizeof *s->weight), .domain = calloc(rows, 1),
                           .share = calloc(rows, sizeof *s->share), .bounds = calloc(rows, sizeof *s->bounds) };
    bool ok = s->work && s->chosen && s->solution && s->weight && s->domain && s->share && s->bounds;
    for (int q = 0; q < QUESTIONS; q++)
        ok &= (s->took[q] = calloc(CLICKS, sizeof **s->took)) != NULL;
    for (size_t v = 1; ok && v < rows; v++)
        s->weight[v] = any_below(&s->seed, 50000);
    return ok;
}

static void session_drop(struct session *s)
{
    diagram_work_drop(&s->work);
    for (int q = 0; q < QUESTIONS; q++)
        free(s->took[q]);
    free(s->chosen);
    free(s->solution);
    free(s->weight);
    free(s->domain);
    free(s->share);
    free(s->bounds);
}

static bool measure_clicks(const struct diagram *d)
{
    struct session s;
    bool ok = session_init(&s, d);
    for (int click = 0; click < CLICKS && ok; click++) {
        choose(&s, diagram_about(d).variables, click);
        for (enum question q = 0; q < QUESTIONS; q++) {
            double began = cpu_seconds();
            ask(&s, q);
            s.took[q][click] = cpu_seconds() - began;
        }
    }
    for (enum question q = 0; q < QUESTIONS && ok; q++) {
        double sum = 0;
        for (int click = 0; click < CLICKS; click++)
            sum += s.took[q][click];
        qsort(s.took[q], CLICKS, sizeof **s.took, ascending);
        printf("  %-8s %9.1f us, 99 of 100 below %9.1f us, %8.0f/s\n", question_name[q], s.took[q][CLICKS / 2] * 1e6,
               s.took[q][CLICKS * 99 / 100] * 1e6, CLICKS / sum);
    }
    session_drop(&s);
    return ok;
}

static bool measure(const char *name, const struct clauses *c)
{
    AUTO(diagram) d = NULL;
    struct err e = { 0 };
    printf("%s: %u variables, %u clauses\n", name, c->variables, c->clauses);
    if (diagram_make(c, NULL, &d, &e)) {
        printf("  %s\n", e.text);
        return false;
    }
    struct diagram_about a = diagram_about(d);
    int8_t *chosen = calloc(a.variables + (size_t)1, 1);
    double began = cpu_seconds();
    char *exact = chosen ? diagram_count_exact(d, chosen) : NULL;
    double counted = cpu_seconds() - began;
    printf("  compiled in %.3f s: %u nodes, %zu edges, %zu kB, width %u, %.0f decisions, %.0f cache hits; count of %zu digits in "
           "%.2f ms\n", a.seconds, a.nodes, a.edges, a.bytes / 1000, a.width, (double)a.decisions, (double)a.cache_hits,
           exact ? strlen(exact) : 0, counted * 1e3);
    printf("  solutions %s\n", exact ? exact : "?");
    free(exact);
    free(chosen);
    return diagram_is_void(d) || measure_clicks(d);
}

static struct clauses *clauses_of_file(const char *path)
{
    AUTO(clauses) c = NULL;
    struct err e = { 0 };
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    size_t cap = 0;
    ssize_t len = file ? getdelim(&bytes, &cap, 0, file) : -1;
    if (len < 0 || clauses_read_dimacs((struct slice){ bytes, (size_t)len }, &c, &e))
        fprintf(stderr, "%s: %s\n", path, len < 0 ? "cannot be read" : e.text);
    free(bytes);
    if (file)
        fclose(file);
    struct clauses *ret = c;
    c = NULL;
    return ret;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = { 50, 500, 2500, 14000 };
    bool ok = true;
    for (int i = 1; i < argc; i++) {
        AUTO(clauses) c = clauses_of_file(argv[i]);
        ok &= c && measure(argv[i], c);
    }
    for (size_t i = 0; argc == 1 && i < sizeof sizes / sizeof *sizes; i++) {
        AUTO(clauses) c = any_model(sizes[i], 12, 1);
        ok &= c && measure("made up", c);
    }
    return ok ? 0 : 1;
}
