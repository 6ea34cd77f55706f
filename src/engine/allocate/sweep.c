/* Customers decide at given prices: the loop over the whole base. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/allocate/allocate_room.h"

int64_t tally_used(const struct base *b, const struct tally *sum, unsigned limit)
{
    if (limit == OF_BUDGET)
        return sum->cost;
    int64_t used = 0;
    for (unsigned t = 0; t < b->p->treatments; t++)
        if (limit == OF_CONTACTS || b->p->channel[t] == limit - OF_CHANNEL)
            used += sum->count[t];
    return used;
}

void sum_add(const struct allocate_problem *p, struct tally *sum, size_t row, uint8_t choice, int times)
{
    if (choice == ALLOCATE_NOTHING)
        return;
    sum->value += times * (int64_t)p->value[choice * p->customers + row];
    sum->cost += times * (int64_t)p->cost[choice * p->customers + row];
    sum->count[choice] += times;
}

struct prices prices_of(const struct base *b, const double *worth)
{
    struct prices ret = { .money = worth[OF_BUDGET] };
    for (unsigned t = 0; t < b->p->treatments; t++)
        ret.of[t] = worth[OF_CONTACTS] + (b->p->channels ? worth[OF_CHANNEL + b->p->channel[t]] : 0);
    return ret;
}

bool cancelled(const struct base *b)
{
    return b->options->cancel && atomic_load_explicit(b->options->cancel, memory_order_relaxed);
}

unsigned threads_of(const struct base *b)
{
    size_t rows = b->p->customers / BLOCK + 1, threads = b->options->threads ? b->options->threads : 1;
    threads = threads < rows ? threads : rows;
    return threads < THREADS_MOST ? (unsigned)threads : THREADS_MOST;
}

void spread(unsigned parts, void *part, size_t size, void *(*run)(void *))
{
    pthread_t thread[THREADS_MOST];
    bool started[THREADS_MOST] = { false };
    assert(parts <= THREADS_MOST);
    for (unsigned i = 1; i < parts; i++)
        started[i] = pthread_create(&thread[i], NULL, run, (char *)part + i * size) == 0;
    for (unsigned i = 0; i < parts; i++)
        if (!started[i])             // the first part, and those for which there was no thread
            run((char *)part + i * size);
    for (unsigned i = 1; i < parts; i++)
        if (started[i])
            pthread_join(thread[i], NULL);
}

/* ---- one customer, or a block of them ---- */
static bool may_take(const struct allocate_problem *p, size_t row, uint8_t t, uint8_t held)
{
    int32_t cost = p->cost[t * p->customers + row];
    if (cost < 0)
        return false;
    if (held == HELD_FREE || held == t)
        return true;
    return held != ALLOCATE_NOTHING && cost <= p->cost[held * p->customers + row]
           && (!p->channels || p->channel[t] == p->channel[held]);
}

uint8_t choose(const struct base *b, const struct prices *at, size_t row, uint8_t held)
{
    const struct allocate_problem *p = b->p;
    uint8_t choice = ALLOCATE_NOTHING;
    double best = 0;
    for (uint8_t t = 0; t < p->treatments; t++) {
        size_t place = t * p->customers + row;
        double score = score_of(p->value[place], p->cost[place], at->money, at->of[t]);
        if (score > best && may_take(p, row, t, held)) {
            best = score;
            choice = t;
        }
    }
    return choice;
}

/* As choose() without a choice held. Choices are as wide as scores here, which lets the compiler do several at once. */
static void choose_block(const struct base *b, const struct prices *at, size_t row, size_t n, uint8_t *choice)
{
    const struct allocate_problem *p = b->p;
    double best[BLOCK] = { 0 };
    int64_t wide[BLOCK];
    assert(n <= BLOCK);
    for (size_t i = 0; i < n; i++)
        wide[i] = ALLOCATE_NOTHING;
    for (unsigned t = 0; t < p->treatments; t++) {
        const int32_t *restrict value = p->value + t * p->customers + row, *restrict cost = p->cost + t * p->customers + row;
        double money = at->money, price = at->of[t];
        for (size_t i = 0; i < n; i++) {
            double score = score_of(value[i], cost[i], money, price);
            bool better = (score > best[i]) & (cost[i] >= 0);
            best[i] = better ? score : best[i];
            wide[i] = better ? (int64_t)t : wide[i];
        }
    }
    for (size_t i = 0; i < n; i++)
        choice[i] = (uint8_t)wide[i];
}

static void decide(const struct base *b, const struct prices *at, size_t row, size_t n, const uint8_t *held, uint8_t *choice)
{
    if (!held)
        choose_block(b, at, row, n, choice);
    for (size_t i = 0; held && i < n; i++)
        choice[i] = choose(b, at, row + i, held[i]);
}

/* ---- all of them ---- */
struct part {
    const struct base *b;
    struct prices low, high;
    const uint8_t *held;
    uint8_t *choice;
    size_t from, to;
    struct sweep of;
    bool same, no_memory;            // same: the two prices are one
};

static bool swings_add(struct swings *s, struct swing one)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 1024;
        struct swing *of = realloc(s->of, cap * sizeof *of);
        if (!of)
            return false;
        *s = (struct swings){ of, s->n, cap };
    }
    s->of[s->n++] = one;
    return true;
}

static void *sweep_part(void *arg)
{
    struct part *part = arg;
    const struct allocate_problem *p = part->b->p;
    uint8_t low[BLOCK], high[BLOCK];
    for (size_t row = part->from; row < part->to && !part->no_memory && !cancelled(part->b); row += BLOCK) {
        size_t n = part->to - row < BLOCK ? part->to - row : BLOCK;
        const uint8_t *held = part->held ? part->held + row : NULL;
        decide(part->b, &part->low, row, n, held, low);
        if (part->same)
            memcpy(high, low, n);
        else
            decide(part->b, &part->high, row, n, held, high);
        for (size_t i = 0; i < n && !part->no_memory; i++) {
            sum_add(p, &part->of.high, row + i, high[i], 1);
            if (low[i] == high[i])
                continue;
            sum_add(p, &part->of.low, row + i, low[i], 1);     // less what is added for all below
            sum_add(p, &part->of.low, row + i, high[i], -1);
            part->no_memory = !swings_add(&part->of.swings, (struct swing){ (uint32_t)(row + i), low[i], high[i] });
        }
        memcpy(part->choice + row, high, n);
    }
    return NULL;
}

static void tally_join(struct tally *sum, const struct tally *more)
{
    sum->value += more->value;
    sum->cost += more->cost;
    for (unsigned t = 0; t < ALLOCATE_TREATMENTS; t++)
        sum->count[t] += more->count[t];
}

/* Those of all parts in one list: in the first part's. */
static bool swings_join(struct part *part, unsigned parts, struct swings *ret)
{
    size_t n = 0;
    for (unsigned i = 0; i < parts; i++)
        n += part[i].of.swings.n;
    *ret = part[0].of.swings;
    part[0].of.swings.of = NULL;
    if (n > ret->cap) {
        struct swing *of = realloc(ret->of, n * sizeof *of);
        if (!of)
            return false;
        ret->of = of;
        ret->cap = n;
    }
    for (unsigned i = 1; i < parts; i++) {
        if (part[i].of.swings.n)
            memcpy(ret->of + ret->n, part[i].of.swings.of, part[i].of.swings.n * sizeof *ret->of);
        ret->n += part[i].of.swings.n;
    }
    return true;
}

enum err_code sweep_all(struct base *b, const double *worth_low, const double *worth_high, const uint8_t *held, uint8_t *choice,
                        struct sweep *ret, struct err *e)
{
    struct part part[THREADS_MOST];
    unsigned parts = threads_of(b);
    size_t each = (b->p->customers / parts / BLOCK + 1) * BLOCK, at = 0;
    for (unsigned i = 0; i < parts; i++, at += each) {
        size_t from = at < b->p->customers ? at : b->p->customers;
        size_t to = b->p->customers - from < each || i + 1 == parts ? b->p->customers : from + each;
        part[i] = (struct part){ b, prices_of(b, worth_low), prices_of(b, worth_high), held, choice, from, to, { .low = { 0 } },
                                 memcmp(worth_low, worth_high, b->limits * sizeof *worth_low) == 0, false };
    }
    spread(parts, part, sizeof *part, sweep_part);
    *ret = (struct sweep){ .low = { 0 } };
    bool no_memory = !swings_join(part, parts, &ret->swings);
    for (unsigned i = 0; i < parts; i++) {
        tally_join(&ret->low, &part[i].of.low);
        tally_join(&ret->low, &part[i].of.high);
        tally_join(&ret->high, &part[i].of.high);
        no_memory |= part[i].no_memory;
        free(part[i].of.swings.of);
    }
    b->passes++;
    if (!no_memory && !cancelled(b))
        return ERR_OK;
    free(ret->swings.of);
    ret->swings.of = NULL;
    return no_memory ? err_set(e, ERR_LIMIT, 0, "no memory for the customers who waver")
                     : err_set(e, ERR_BUSY, 0, "cancelled while treatments were allocated");
}
