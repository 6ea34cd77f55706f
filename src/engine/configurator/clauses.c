#include "engine/configurator/clauses.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

/* Text that is read, and the line that it is in. */
struct reader {
    struct slice rest;
    size_t line;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the clauses do not fit in memory");
}

void clauses_drop(struct clauses **clauses)
{
    struct clauses *c = *clauses;
    if (!c)
        return;
    free(c->literal);
    free(c->start);
    free(c->of);
    free(c);
    *clauses = NULL;
}

enum err_code clauses_new(uint32_t own, struct clauses **ret, struct err *e)
{
    if (own > CLAUSES_VARIABLES)
        return err_set(e, ERR_LIMIT, own, "%u variables are more than %d", own, CLAUSES_VARIABLES);
    AUTO(clauses) c = calloc(1, sizeof *c);
    if (!c || !vec_need(c->start, c->start_cap, 1))
        return no_memory(e);
    c->start[0] = 0;
    c->own = c->variables = own;
    *ret = c;
    c = NULL;
    return ERR_OK;
}

int32_t clauses_helper(struct clauses *c)
{
    return c->variables < CLAUSES_VARIABLES ? (int32_t)++c->variables : 0;
}

static int by_variable(const void *left, const void *right)
{
    int32_t x = *(const int32_t *)left, y = *(const int32_t *)right;
    int32_t a = abs(x), b = abs(y);
    return a != b ? (a > b) - (a < b) : (x > y) - (x < y);
}

/* How many are left of n sorted ones when each is there once; SIZE_MAX: one of them is always true. */
static size_t once(int32_t *literal, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && literal[kept - 1] == -literal[i])
            return SIZE_MAX;
        if (!kept || literal[kept - 1] != literal[i])
            literal[kept++] = literal[i];
    }
    return kept;
}

enum err_code clauses_add(struct clauses *c, uint32_t rule, const int32_t *literal, size_t n, struct err *e)
{
    if (n > CLAUSES_LITERALS - c->literals)
        return err_set(e, ERR_LIMIT, c->clauses, "the clauses have more than %u literals", CLAUSES_LITERALS);
    if (!vec_need(c->literal, c->literal_cap, c->literals + n + 1) ||
        !vec_need(c->start, c->start_cap, c->clauses + (size_t)2) ||
        !vec_need(c->of, c->of_cap, c->clauses + (size_t)1))
        return no_memory(e);
    int32_t *own = c->literal + c->literals;
    for (size_t i = 0; i < n; i++) {
        assert(literal[i] && (uint32_t)abs(literal[i]) <= c->variables);
        own[i] = literal[i];
    }
    qsort(own, n, sizeof *own, by_variable);
    size_t kept = once(own, n);
    if (kept == SIZE_MAX)
        return ERR_OK;
    c->literals += kept;
    c->of[c->clauses++] = rule;
    c->start[c->clauses] = (uint32_t)c->literals;
    return ERR_OK;
}

/* The next word of the line, empty at its end. */
static struct slice word(struct slice *line)
{
    size_t n = 0;
    while (line->len && (*line->at == ' ' || *line->at == '\t' || *line->at == '\r'))
        line->at++, line->len--;
    while (n < line->len && line->at[n] != ' ' && line->at[n] != '\t' && line->at[n] != '\r')
        n++;
    struct slice ret = { line->at, n };
    line->at += n;
    line->len -= n;
    return ret;
}

/* The next line that is no comment; false at the end, which a % is too. */
static bool line_next(struct reader *r, struct slice *line)
{
    while (r->rest.len) {
        *line = slice_cut(&r->rest, '\n');
        r->line++;
        struct slice rest = *line, first = word(&rest);
        if (slice_is(first, "%"))
            return false;
        if (first.len && *first.at != 'c')
            return true;
    }
    return false;
}

static enum err_code read_head(struct reader *r, struct clauses **ret, int64_t *clauses, struct err *e)
{
    struct slice line;
    int64_t variables;
    if (!line_next(r, &line) || !slice_is(word(&line), "p") || !slice_is(word(&line), "cnf") ||
        !slice_i64(word(&line), &variables) || !slice_i64(word(&line), clauses) || word(&line).len || variables < 0 ||
        *clauses < 0)
        return err_set(e, ERR_INVALID, r->line, "DIMACS begins with a line such as \"p cnf 3 2\"");
    if (variables > CLAUSES_VARIABLES)
        return err_set(e, ERR_LIMIT, r->line, "%lld variables are more than %d", (long long)variables, CLAUSES_VARIABLES);
    return clauses_new((uint32_t)variables, ret, e);
}

/* The literals of a clause that is being read. */
struct pending {
    int32_t *literal;
    size_t n, cap;
};

static enum err_code read_line(struct clauses *c, struct slice line, size_t number, uint32_t *rule, struct pending *p,
                               struct err *e)
{
    for (struct slice text = word(&line); text.len; text = word(&line)) {
        int64_t literal;
        if (!slice_i64(text, &literal) || literal < -(int64_t)c->variables || literal > (int64_t)c->variables)
            return err_set(e, ERR_INVALID, number, "line %zu: '%.*s' is no literal of %u variables", number,
                           SLICE_ARG(slice_utf8_cut(text, 40)), c->variables);
        if (literal) {
            if (!vec_need(p->literal, p->cap, p->n + 1))
                return no_memory(e);
            p->literal[p->n++] = (int32_t)literal;
            continue;
        }
        TRY(clauses_add(c, (*rule)++, p->literal, p->n, e));
        p->n = 0;
    }
    return ERR_OK;
}

enum err_code clauses_read_dimacs(struct slice text, struct clauses **ret, struct err *e)
{
    struct reader r = { text, 0 };
    struct slice line;
    int64_t promised = 0;
    uint32_t rule = 0;
    AUTO(clauses) c = NULL;
    TRY(read_head(&r, &c, &promised, e));
    struct pending pending = { NULL, 0, 0 };
    enum err_code code = ERR_OK;
    while (!code && line_next(&r, &line))
        code = read_line(c, line, r.line, &rule, &pending, e);
    free(pending.literal);
    TRY(code);
    if (pending.n)
        return err_set(e, ERR_INVALID, r.line, "line %zu: the last clause does not end with 0", r.line);
    if (promised != rule)
        return err_set(e, ERR_INVALID, r.line, "line %zu: there are %u clauses where %lld were promised", r.line, rule,
                       (long long)promised);
    *ret = c;
    c = NULL;
    return ERR_OK;
}
