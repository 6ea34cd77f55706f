#include "insight/allocations.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MONEY 1e6                    // micro
#define UNITS_MOST (INT32_MAX / 2)
#define TEXTS_BYTES ((size_t)1 << 20)
#define THREADS 2
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the allocation")

/* ---- customers by treatments ---- */
struct allocation_table {
    size_t n;                        // customers, one a row
    uint32_t *root;
    uint8_t *tier;
    double *lifetime;
    int64_t unit_micro;
    int32_t *value, *cost;           // a column for each treatment
};

void allocation_table_drop(struct allocation_table **table)
{
    struct allocation_table *t = *table;
    if (!t)
        return;
    free(t->root);
    free(t->tier);
    free(t->lifetime);
    free(t->value);
    free(t->cost);
    free(t);
    *table = NULL;
}

/* Of each code of the column, its tier; -1: none. */
static void tiers_of_codes(const struct column *c, int tier[TIERS_COUNT])
{
    for (size_t code = 0; code < TIERS_COUNT; code++) {
        struct slice name = code < c->dictionary->n ? c->dictionary->value[code].string : (struct slice){ "", 0 };
        tier[code] = tiers_parse(name.at, name.len);
    }
}

static enum err_code add_customers(struct allocation_table *t, const struct population *p, struct err *e)
{
    const struct columns *columns = population_columns(p);
    const struct column *tier = columns_find(columns, SLICE("value tier"));
    const struct column *value = columns_find(columns, SLICE("lifetime value"));
    const uint64_t *customers = population_customers(p);
    size_t most = population_customers_count(p);
    int of_code[TIERS_COUNT];
    assert(tier && value);
    t->root = malloc((most + 1) * sizeof *t->root);
    t->tier = malloc(most + 1);
    t->lifetime = malloc((most + 1) * sizeof *t->lifetime);
    if (!t->root || !t->tier || !t->lifetime)
        return NO_MEMORY(e);
    tiers_of_codes(tier, of_code);
    double scale = pow(10, value->scale);
    for (size_t row = 1; row < columns->rows; row++) {
        if (!bits_has(customers, row) || column_is_null(tier, row) || column_is_null(value, row))
            continue;
        int is = of_code[column_raw(tier, row)];
        assert(is >= 0 && t->n < most);
        t->root[t->n] = (uint32_t)row;
        t->tier[t->n] = (uint8_t)is;
        t->lifetime[t->n++] = (double)column_raw(value, row) / scale;
    }
    return t->n ? ERR_OK : err_set(e, ERR_CONFLICT, 0, "nobody is in a value tier yet: POST /api/v1/tiers/fits first");
}

static double gain_micro(const struct allocation_treatment *of, enum tiers_tier tier, double lifetime)
{
    return of->effect[tier] * lifetime * MONEY;
}

static void choose_unit(struct allocation_table *t, const struct allocation_ask *ask)
{
    double most = 0;
    for (unsigned k = 0; k < ask->treatments; k++) {
        most = fmax(most, (double)ask->treatment[k].cost_micro);
        for (size_t i = 0; i < t->n; i++)
            most = fmax(most, gain_micro(&ask->treatment[k], t->tier[i], t->lifetime[i]));
    }
    for (t->unit_micro = 1; most / (double)t->unit_micro > UNITS_MOST;)
        t->unit_micro *= 10;
}

static int32_t units(double micro, int64_t unit_micro)
{
    return (int32_t)fmax(fmin(round(micro / (double)unit_micro), UNITS_MOST), 0);
}

static void fill_treatment(struct allocation_table *t, const struct allocation_ask *ask, unsigned k)
{
    const struct allocation_treatment *of = &ask->treatment[k];
    int32_t *value = t->value + k * t->n, *cost = t->cost + k * t->n;
    int32_t price = (int32_t)((of->cost_micro + t->unit_micro - 1) / t->unit_micro);
    for (size_t i = 0; i < t->n; i++) {
        bool may = (!of->who || bits_has(of->who, t->root[i])) && ask->plan[t->tier[i]].plan.contacts_per_month > 0;
        value[i] = units(gain_micro(of, t->tier[i], t->lifetime[i]), t->unit_micro);
        cost[i] = may ? price : -1;
    }
}

enum err_code allocation_gather(const struct population *p, const struct allocation_ask *ask, struct allocation_table **ret,
                                struct err *e)
{
    assert(p && ask && ask->treatments && ask->treatments <= ALLOCATE_TREATMENTS && ask->channels <= ALLOCATE_CHANNELS);
    struct allocation_table *t = calloc(1, sizeof *t);
    if (!t)
        return NO_MEMORY(e);
    enum err_code code = add_customers(t, p, e);
    if (!code) {
        t->value = malloc(t->n * ask->treatments * sizeof *t->value);
        t->cost = malloc(t->n * ask->treatments * sizeof *t->cost);
        code = t->value && t->cost ? ERR_OK : NO_MEMORY(e);
    }
    if (code) {
        allocation_table_drop(&t);
        return code;
    }
    choose_unit(t, ask);
    for (unsigned k = 0; k < ask->treatments; k++)
        fill_treatment(t, ask, k);
    *ret = t;
    return ERR_OK;
}

/* ---- the answer ---- */
void allocated_drop(struct allocated **allocated)
{
    struct allocated *a = *allocated;
    if (!a)
        return;
    free(a->choice);
    arena_drop(&a->mem);
    free(a);
    *allocated = NULL;
}

static bool copy_text(struct allocated *a, struct slice *text)
{
    *text = arena_copy(a->mem, *text);
    return text->at != NULL;
}

static bool copy_ask(struct allocated *a, const struct allocation_ask *ask, struct slice by)
{
    a->mem = arena_new(TEXTS_BYTES);
    a->ask = *ask;
    a->by = by;
    bool ok = a->mem && copy_text(a, &a->by);
    for (unsigned k = 0; k < ask->treatments && ok; k++) {
        a->ask.treatment[k].who = NULL;
        ok = copy_text(a, &a->ask.treatment[k].name);
    }
    for (unsigned c = 0; c < ask->channels && ok; c++)
        ok = copy_text(a, &a->ask.channel[c].name);
    return ok;
}

static int by_treatment(const void *a, const void *b)
{
    const struct allocation_choice *x = a, *y = b;
    if (x->treatment != y->treatment)
        return x->treatment < y->treatment ? -1 : 1;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return (x->root > y->root) - (x->root < y->root);
}

static enum err_code list_choices(const struct allocation_table *t, const uint8_t *choice, struct allocated *a, struct err *e)
{
    size_t n = 0;
    a->choice = malloc(((size_t)a->answer.contacts + 1) * sizeof *a->choice);
    if (!a->choice)
        return NO_MEMORY(e);
    for (size_t i = 0; i < t->n; i++) {
        a->tier[t->tier[i]]++;
        if (choice[i] == ALLOCATE_NOTHING)
            continue;
        int32_t value = t->value[choice[i] * t->n + i];
        struct allocation_sum *sum = &a->sum[choice[i]][t->tier[i]];
        sum->customers++;
        sum->value += value;
        assert(n < (size_t)a->answer.contacts);
        a->choice[n++] = (struct allocation_choice){ t->root[i], choice[i], t->tier[i], value };
    }
    qsort(a->choice, n, sizeof *a->choice, by_treatment);
    for (unsigned k = 0; k < a->ask.treatments; k++)
        a->begin[k + 1] = a->begin[k] + (size_t)a->answer.chosen[k];
    assert(a->begin[a->ask.treatments] == n);
    return ERR_OK;
}

static enum err_code solve(const struct allocation_table *t, const atomic_bool *cancel, struct allocated *a, struct err *e)
{
    const struct allocation_ask *ask = &a->ask;
    uint8_t channel[ALLOCATE_TREATMENTS];
    int64_t capacity[ALLOCATE_CHANNELS];
    for (unsigned k = 0; k < ask->treatments; k++)
        channel[k] = ask->treatment[k].channel;
    for (unsigned c = 0; c < ask->channels; c++)
        capacity[c] = ask->channel[c].capacity;
    const struct allocate_problem problem = {
        .customers = t->n, .treatments = ask->treatments, .channels = ask->channels, .value = t->value, .cost = t->cost,
        .channel = ask->channels ? channel : NULL, .capacity = ask->channels ? capacity : NULL, .contacts = ask->contacts,
        .budget = ask->budget_micro == ALLOCATE_UNLIMITED ? ALLOCATE_UNLIMITED : ask->budget_micro / t->unit_micro,
    };
    const struct allocate_options options = { .threads = THREADS, .cancel = cancel };
    uint8_t *choice = malloc(t->n);
    enum err_code code = choice ? allocate(&problem, &options, choice, &a->answer, e) : NO_MEMORY(e);
    if (!code)
        code = list_choices(t, choice, a, e);
    free(choice);
    return code;
}

enum err_code allocation_solve(const struct allocation_table *t, const struct allocation_ask *ask, int64_t now_ms,
                               struct slice by, const atomic_bool *cancel, struct allocated **ret, struct err *e)
{
    assert(t && ask && ret);
    struct allocated *a = calloc(1, sizeof *a);
    if (!a || !copy_ask(a, ask, by)) {
        allocated_drop(&a);
        return NO_MEMORY(e);
    }
    a->at_ms = now_ms;
    a->unit_micro = t->unit_micro;
    a->people = t->n;
    enum err_code code = solve(t, cancel, a, e);
    if (code)
        allocated_drop(&a);
    else
        *ret = a;
    return code;
}

/* ---- the last few ---- */
struct allocations {
    pthread_mutex_t lock;            // guards what follows
    int64_t last_id;
    struct allocated *kept[ALLOCATIONS_KEPT];  // the newest first
};

enum err_code allocations_new(struct allocations **ret, struct err *e)
{
    struct allocations *a = calloc(1, sizeof *a);
    if (!a)
        return NO_MEMORY(e);
    pthread_mutex_init(&a->lock, NULL);
    *ret = a;
    return ERR_OK;
}

void allocations_drop(struct allocations **allocations)
{
    struct allocations *a = *allocations;
    if (!a)
        return;
    for (size_t i = 0; i < ALLOCATIONS_KEPT; i++)
        allocated_drop(&a->kept[i]);
    pthread_mutex_destroy(&a->lock);
    free(a);
    *allocations = NULL;
}

int64_t allocations_keep(struct allocations *a, struct allocated *one)
{
    pthread_mutex_lock(&a->lock);
    int64_t id = one->id = ++a->last_id;
    allocated_drop(&a->kept[ALLOCATIONS_KEPT - 1]);
    memmove(&a->kept[1], &a->kept[0], (ALLOCATIONS_KEPT - 1) * sizeof a->kept[0]);
    a->kept[0] = one;
    pthread_mutex_unlock(&a->lock);
    return id;
}

void allocations_lock(struct allocations *a)
{
    pthread_mutex_lock(&a->lock);
}

void allocations_unlock(struct allocations *a)
{
    pthread_mutex_unlock(&a->lock);
}

const struct allocated *allocations_find(const struct allocations *a, int64_t id)
{
    for (size_t i = 0; i < ALLOCATIONS_KEPT && a->kept[i]; i++)
        if (a->kept[i]->id == id)
            return a->kept[i];
    return NULL;
}

const struct allocated *allocations_at(const struct allocations *a, size_t at)
{
    return at < ALLOCATIONS_KEPT ? a->kept[at] : NULL;
}
