/* What still fits: customers take a better choice where all limits allow, best value for its price first. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/allocate/allocate_room.h"

#define KEPT 32768                   // candidates of a round
#define ROUNDS 8

struct candidate {
    double rank;
    uint32_t row;
    uint8_t choice;
};
struct part {
    const struct base *b;
    const double *worth;
    const int64_t *room;
    const uint8_t *choice;
    size_t from, to, n;
    struct candidate *of;            // 2 * KEPT
    double rank_least;
};

static int by_rank(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool fits(const struct base *b, const int64_t *room, size_t row, uint8_t from, uint8_t to)
{
    for (unsigned l = 0; l < b->limits; l++)
        if (use_of(b->p, row, to, l) - use_of(b->p, row, from, l) > room[l])
            return false;
    return true;
}

/* Value that a change adds for each unit of value that it takes from others. */
static double rank_of(const struct part *part, size_t row, uint8_t from, uint8_t to)
{
    const struct allocate_problem *p = part->b->p;
    double gain = (double)p->value[to * p->customers + row], price = 0;
    if (from != ALLOCATE_NOTHING)
        gain -= (double)p->value[from * p->customers + row];
    for (unsigned l = 0; l < part->b->limits; l++)
        if (part->worth[l] > 0)
            price += part->worth[l] * (double)(use_of(p, row, to, l) - use_of(p, row, from, l));
    return gain <= 0 ? 0 : gain / fmax(price, 1e-9);
}

static void keep(struct part *part, struct candidate one)
{
    if (one.rank <= part->rank_least)
        return;
    part->of[part->n++] = one;
    if (part->n < (size_t)2 * KEPT)
        return;
    qsort(part->of, part->n, sizeof *part->of, by_rank);
    part->n = KEPT;
    part->rank_least = part->of[KEPT - 1].rank;
}

/* The best change for one customer. */
static struct candidate best_change(const struct part *part, size_t row)
{
    const struct allocate_problem *p = part->b->p;
    uint8_t own = part->choice[row];
    int32_t value = own == ALLOCATE_NOTHING ? 0 : p->value[own * p->customers + row];
    struct candidate best = { 0, (uint32_t)row, ALLOCATE_NOTHING };
    for (uint8_t t = 0; t < p->treatments; t++) {
        size_t place = t * p->customers + row;
        if (p->value[place] <= value || p->cost[place] < 0 || !fits(part->b, part->room, row, own, t))
            continue;
        double rank = rank_of(part, row, own, t);
        if (rank > best.rank)
            best = (struct candidate){ rank, (uint32_t)row, t };
    }
    return best;
}

/* Whether a change may fit, of many rows at once: most are asked no further. Customers without a treatment need a place in
 * the channel. */
static void may_change(const struct part *part, size_t row, size_t n, uint8_t *may)
{
    const struct allocate_problem *p = part->b->p;
    int32_t own_value[BLOCK], most[BLOCK], has[BLOCK], any[BLOCK] = { 0 };
    for (size_t i = 0; i < n; i++) {
        uint8_t own = part->choice[row + i];
        int64_t room = part->room[OF_BUDGET];
        has[i] = own != ALLOCATE_NOTHING;
        own_value[i] = has[i] ? p->value[own * p->customers + row + i] : 0;
        room = room < INT32_MAX && has[i] ? room + p->cost[own * p->customers + row + i] : room;
        most[i] = room < INT32_MAX ? (int32_t)room : INT32_MAX;
    }
    for (unsigned t = 0; t < p->treatments; t++) {
        const int32_t *restrict value = p->value + t * p->customers + row, *restrict cost = p->cost + t * p->customers + row;
        int32_t place = part->room[OF_CONTACTS] > 0 && (!p->channels || part->room[OF_CHANNEL + p->channel[t]] > 0);
        for (size_t i = 0; i < n; i++)
            any[i] |= (value[i] > own_value[i]) & (cost[i] >= 0) & (cost[i] <= most[i]) & (has[i] | place);
    }
    for (size_t i = 0; i < n; i++)
        may[i] = (uint8_t)any[i];
}

static void *look(void *arg)
{
    struct part *part = arg;
    uint8_t may[BLOCK];
    for (size_t row = part->from; row < part->to; row += BLOCK) {
        size_t n = part->to - row < BLOCK ? part->to - row : BLOCK;
        may_change(part, row, n, may);
        for (size_t i = 0; i < n; i++)
            if (may[i])
                keep(part, best_change(part, row + i));
    }
    return NULL;
}

static size_t take(const struct base *b, struct candidate *of, size_t n, int64_t *room, uint8_t *choice, struct tally *sum)
{
    size_t taken = 0;
    qsort(of, n, sizeof *of, by_rank);
    for (size_t i = 0; i < n && i < KEPT; i++) {  // each part's best KEPT are here: these are all customers' best
        size_t row = of[i].row;
        if (!fits(b, room, row, choice[row], of[i].choice))
            continue;
        for (unsigned l = 0; l < b->limits; l++)
            if (b->limit[l] != ALLOCATE_UNLIMITED)
                room[l] -= use_of(b->p, row, of[i].choice, l) - use_of(b->p, row, choice[row], l);
        sum_add(b->p, sum, row, choice[row], -1);
        sum_add(b->p, sum, row, of[i].choice, 1);
        choice[row] = of[i].choice;
        taken++;
    }
    return taken;
}

static size_t fill_round(struct base *b, const double *worth, uint8_t *choice, struct candidate *of, int64_t *room,
                         struct tally *sum)
{
    struct part part[THREADS_MOST];
    unsigned parts = threads_of(b);
    size_t each = b->p->customers / parts + 1, n = 0;
    for (unsigned i = 0; i < parts; i++) {
        size_t from = i * each < b->p->customers ? i * each : b->p->customers;
        size_t to = b->p->customers - from < each ? b->p->customers : from + each;
        part[i] = (struct part){ b, worth, room, choice, from, to, 0, of + (size_t)i * 2 * KEPT, 0 };
    }
    spread(parts, part, sizeof *part, look);
    b->passes++;
    for (unsigned i = 0; i < parts; i++) {
        memmove(of + n, part[i].of, part[i].n * sizeof *of);
        n += part[i].n;
    }
    return take(b, of, n, room, choice, sum);
}

enum err_code fill(struct base *b, const double *worth, uint8_t *choice, struct tally *sum, struct err *e)
{
    int64_t room[LIMITS_MOST];
    struct candidate *of = malloc(threads_of(b) * (size_t)2 * KEPT * sizeof *of);
    if (!of)
        return err_set(e, ERR_LIMIT, 0, "no memory for the customers who could get more");
    for (unsigned l = 0; l < b->limits; l++) {
        room[l] = b->limit[l] == ALLOCATE_UNLIMITED ? INT64_MAX : b->limit[l] - tally_used(b, sum, l);
        assert(room[l] >= 0);
    }
    for (int round = 0; round < ROUNDS && !cancelled(b); round++)
        if (!fill_round(b, worth, choice, of, room, sum))
            break;
    free(of);
    return ERR_OK;
}
