/* What everybody spent with us, category by category, and what they say they spend in all. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/vec.h"
#include "insight/customer_share_room.h"
#include "insight/purchases_state.h"
#include "text/time.h"

#define LOOK_STEP 16384              // customers between two looks at whether to go on
#define PRICE_ORDERS 500000          // that prices are learnt from
#define PRICE_ROUNDS 30
#define SELF_RELIABILITY .7F
#define OTHERS_RELIABILITY .5F
#define COUNTRIES_MAX 1000
#define NO_CATEGORY 0                // of a product; of a cell 0 is everything
#define SCRATCH ((size_t)16 << 20)

/* What a customer says they spend. */
struct said {
    uint32_t root, category;         // 0: everything
    float amount, reliability;
};
struct gathering {
    const struct customer_share_rooms *rooms;
    struct share_spend *ret;
    int64_t since_ms, until_ms;
    struct said *said;
    size_t n_said, said_cap, at_said;
    uint16_t *country;               // by row; 0: not known
    size_t rows;
    struct words countries;
    double *price;                   // by product
    uint32_t *category;              // by product
    uint32_t products;
    uint32_t *counted;               // by category: the last order that counts in it
    uint32_t orders;                 // looked at
    struct spent spent;              // of the customers looked at
    struct progress *progress;
    struct arena *mem;
    struct err *e;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for what customers spend");
}

/* ---- what is declared, and where they are: from the columns ---- */
/* The category that a trait's name speaks of; false: it is no wallet, or of a category that nobody knows. */
static bool wallet_of_name(struct population *p, struct slice name, uint32_t *category)
{
    const struct slice begin = SLICE("wallet(");
    *category = 0;
    if (slice_is(name, "wallet"))
        return true;
    if (name.len <= begin.len + 1 || memcmp(name.at, begin.at, begin.len) != 0 || name.at[name.len - 1] != ')')
        return false;
    *category = population_category_named(p, (struct slice){ name.at + begin.len, name.len - begin.len - 1 });
    return *category != 0;
}

static enum err_code add_said(struct gathering *g, const struct column *c, uint32_t category)
{
    const struct population *p = g->rooms->population;
    const uint64_t *customers = population_customers(p);
    const struct columns *columns = population_columns(p);
    const struct column *self = columns_find(columns, population_declared_name(c->name, g->mem));
    double unit = pow(10, -c->scale);
    for (size_t row = 1; row < columns->rows; row++) {
        if (!bits_has(customers, row) || column_is_null(c, row))
            continue;
        double amount = (double)column_raw(c, row) * unit;
        if (!(amount >= 0))
            continue;
        if (!vec_need(g->said, g->said_cap, g->n_said + 1))
            return no_memory(g->e);
        g->said[g->n_said++] = (struct said){ (uint32_t)row, category, (float)amount,
                                              self && column_raw(self, row) ? SELF_RELIABILITY : OTHERS_RELIABILITY };
    }
    return ERR_OK;
}

/* The text of a value, or of its member country. */
static struct slice country_of(struct value v)
{
    const struct value *member = v.kind == VALUE_CONTEXT ? value_member(v.context, SLICE("country")) : &v;
    return member && member->kind == VALUE_STRING ? member->string : (struct slice){ NULL, 0 };
}

/* Those that are not known yet, of a trait whose values are countries or addresses. */
static enum err_code add_countries(struct gathering *g, const struct column *c)
{
    uint16_t *of = c && c->kind == COLUMN_CODES ? calloc(c->dictionary->n + 1, sizeof *of) : NULL;
    if (!c || c->kind != COLUMN_CODES)
        return ERR_OK;
    if (!of)
        return no_memory(g->e);
    for (size_t code = 0; code < c->dictionary->n; code++) {
        struct slice name = country_of(c->dictionary->value[code]);
        uint32_t number = !name.len                            ? 0
                          : g->countries.count < COUNTRIES_MAX ? words_add(&g->countries, name)
                                                               : words_find(&g->countries, name);
        of[code] = (uint16_t)number;
    }
    for (size_t row = 1; row < g->rows; row++)
        if (!g->country[row] && !column_is_null(c, row))
            g->country[row] = of[column_raw(c, row)];
    free(of);
    return ERR_OK;
}

static int by_root(const void *a, const void *b)
{
    const struct said *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return (x->category > y->category) - (x->category < y->category);
}

static enum err_code read_columns(struct gathering *g)
{
    struct population *p = g->rooms->population;
    const struct columns *columns = population_columns(p);
    g->rows = columns->rows;
    g->country = calloc(g->rows + 1, sizeof *g->country);
    if (!g->country)
        return no_memory(g->e);
    TRY(add_countries(g, columns_find(columns, SLICE("country"))));
    TRY(add_countries(g, columns_find(columns, SLICE("address"))));
    uint32_t category;
    for (size_t i = 0; i < columns->n; i++)
        if (columns->column[i].kind == COLUMN_NUMBER && wallet_of_name(p, columns->column[i].name, &category))
            TRY(add_said(g, &columns->column[i], category));
    if (g->n_said)
        qsort(g->said, g->n_said, sizeof *g->said, by_root);
    g->ret->countries = (uint16_t)g->countries.count;
    return ERR_OK;
}

/* ---- everybody, in steps ---- */
typedef enum err_code look_at(struct gathering *, uint32_t root);

static enum err_code everybody(struct gathering *g, uint32_t every, look_at *look)
{
    const struct customers *customers = memory_customers(g->rooms->memory);
    enum err_code code = ERR_OK;
    memory_read_lock(g->rooms->memory);
    uint32_t count = customers_count(customers), seen = 0;
    for (uint32_t root = 1; root <= count && !code; root += every) {
        memory_read_turn(g->rooms->memory);
        if (++seen % LOOK_STEP == 0) {
            progress_set(g->progress, root, 3 * (int64_t)count);
            code = progress_check(g->progress, g->e);
        }
        if (!code && customers_is_root(customers, root))
            code = look(g, root);
    }
    memory_read_unlock(g->rooms->memory);
    return code;
}

/* ---- prices ---- */
static enum err_code add_orders(struct gathering *g, uint32_t root)
{
    return purchases_spent(g->rooms->purchases, root, g->since_ms, g->until_ms, &g->spent) ? ERR_OK : no_memory(g->e);
}

static double weight_of(const struct gathering *g, const struct spent_line *line)
{
    return line->product <= g->products ? line->quantity_milli * g->price[line->product] : 0;
}

static double weight_of_all(const struct gathering *g, const struct spent_order *order)
{
    double sum = 0;
    for (size_t i = 0; i < order->lines; i++)
        sum += weight_of(g, &g->spent.line[order->first_line + i]);
    return sum;
}

/* One round: each product's part of the orders' values, by the prices so far, into money; its quantities into sold. */
static void divide(const struct gathering *g, double *money, double *sold)
{
    for (size_t o = 0; o < g->spent.orders; o++) {
        const struct spent_order *order = &g->spent.order[o];
        double weight = weight_of_all(g, order);
        if (!(weight > 0) || order->value_micro <= 0)
            continue;
        for (size_t i = 0; i < order->lines; i++) {
            const struct spent_line *line = &g->spent.line[order->first_line + i];
            if (line->product > g->products)
                continue;
            money[line->product] += (double)order->value_micro * weight_of(g, line) / weight;
            sold[line->product] += line->quantity_milli;
        }
    }
}

/* Source: the multiplicative update of Richardson 1972 and Lucy 1974, which goes to the prices that are most likely. What was
 * not sold has the mean price. */
static enum err_code learn_prices(struct gathering *g)
{
    size_t n = (size_t)g->products + 1;
    double *money = malloc(n * sizeof *money), *sold = malloc(n * sizeof *sold);
    for (int round = 0; round < PRICE_ROUNDS && money && sold; round++) {
        double all_money = 0, all_sold = 0;
        memset(money, 0, n * sizeof *money);
        memset(sold, 0, n * sizeof *sold);
        divide(g, money, sold);
        for (size_t i = 0; i < n; i++) {
            all_money += money[i];
            all_sold += sold[i];
        }
        for (size_t i = 0; i < n && all_sold > 0; i++)
            g->price[i] = sold[i] > 0 ? money[i] / sold[i] : all_money / all_sold;
    }
    bool ok = money && sold;
    free(money);
    free(sold);
    return ok ? ERR_OK : no_memory(g->e);
}

static enum err_code make_prices(struct gathering *g)
{
    memory_read_lock(g->rooms->memory);
    const struct purchases *purchases = g->rooms->purchases;
    uint64_t orders = purchases_orders(purchases);
    g->products = purchases_products(purchases);
    g->price = malloc(((size_t)g->products + 1) * sizeof *g->price);
    g->category = calloc((size_t)g->products + 1, sizeof *g->category);
    for (uint32_t i = 0; i <= g->products && g->price && g->category; i++) {
        g->price[i] = 1;
        g->category[i] = i ? population_category_of(g->rooms->population, purchases_product_id(purchases, i)) : NO_CATEGORY;
    }
    memory_read_unlock(g->rooms->memory);
    if (!g->price || !g->category)
        return no_memory(g->e);
    TRY(everybody(g, (uint32_t)(orders / PRICE_ORDERS + 1), add_orders));
    TRY(learn_prices(g));
    spent_clear(&g->spent);          // of one customer from now on: less room
    return ERR_OK;
}

/* ---- one customer ---- */
static struct share_cell *cell_of(struct share_spend *s, size_t first, uint32_t category)
{
    for (size_t i = first; i < s->cells; i++)
        if (s->cell[i].category == category)
            return &s->cell[i];
    if (!vec_need(s->cell, s->cell_cap, s->cells + 1))
        return NULL;
    struct share_cell *cell = &s->cell[s->cells++];
    *cell = (struct share_cell){ .person = (uint32_t)s->persons, .category = category, .declared = NAN };
    return cell;
}

/* An order's value into the cells of its lines; first: that of everything. */
static bool add_order(struct gathering *g, size_t first, const struct spent_order *order)
{
    struct share_spend *s = g->ret;
    double value = (double)order->value_micro / MICRO, weight = weight_of_all(g, order);
    g->orders++;
    s->cell[first].own += (float)value;
    s->cell[first].orders += value > 0;
    s->unlined += weight > 0 ? 0 : value;
    for (size_t i = 0; i < order->lines && weight > 0; i++) {
        const struct spent_line *line = &g->spent.line[order->first_line + i];
        uint32_t category = line->product <= g->products ? g->category[line->product] : NO_CATEGORY;
        struct share_cell *cell = category != NO_CATEGORY ? cell_of(s, first, category) : NULL;
        if (category == NO_CATEGORY)
            continue;
        if (!cell)
            return false;
        cell->own += (float)(value * weight_of(g, line) / weight);
        cell->orders += value > 0 && g->counted[category] != g->orders;
        g->counted[category] = g->orders;
    }
    return true;
}

/* *spoke: they have said something. */
static bool add_declared(struct gathering *g, size_t first, uint32_t root, bool *spoke)
{
    *spoke = false;
    while (g->at_said < g->n_said && g->said[g->at_said].root < root)
        g->at_said++;
    for (; g->at_said < g->n_said && g->said[g->at_said].root == root; g->at_said++) {
        const struct said *said = &g->said[g->at_said];
        struct share_cell *cell = cell_of(g->ret, first, said->category);
        if (!cell)
            return false;
        cell->declared = said->amount;
        cell->reliability = said->reliability;
        *spoke = true;
    }
    return true;
}

static uint8_t group_of(enum customer_kind kind)
{
    return kind == KIND_COMPANY || kind == KIND_PARTNER ? GROUP_COMPANIES : GROUP_PERSONS;
}

/* What was given back counts against what it was bought with, no further. */
static void finish(struct gathering *g, struct share_person *person)
{
    struct share_spend *s = g->ret;
    double sum = 0;
    uint32_t orders = 0;
    for (size_t i = person->first; i < s->cells; i++) {
        struct share_cell *cell = &s->cell[i];
        cell->own = cell->own > 0 ? cell->own : 0;
        person->categories += cell->category != 0 && cell->own > 0;
    }
    for (size_t o = 0; o < g->spent.orders; o++) {
        double value = (double)g->spent.order[o].value_micro / MICRO;
        sum += value > 0 ? value : 0;
        orders += value > 0;
    }
    person->cells = (uint32_t)(s->cells - person->first);
    person->orders = orders;
    person->order_value = orders ? (float)(sum / orders) : NAN;
}

static enum err_code add_person(struct gathering *g, uint32_t root)
{
    const struct customers *customers = memory_customers(g->rooms->memory);
    struct share_spend *s = g->ret;
    size_t first = s->cells;
    bool spoke;
    g->spent.orders = g->spent.lines = 0;
    TRY(add_orders(g, root));
    if (!vec_need(s->person, s->person_cap, s->persons + 1) || !cell_of(s, first, 0) || !add_declared(g, first, root, &spoke))
        return no_memory(g->e);
    if (!g->spent.orders && !spoke) {
        s->cells = first;
        return ERR_OK;
    }
    for (size_t o = 0; o < g->spent.orders; o++)
        if (!add_order(g, first, &g->spent.order[o]))
            return no_memory(g->e);
    const struct purchase_summary bought = purchases_summary(g->rooms->purchases, root);
    struct share_person *person = &s->person[s->persons];
    *person = (struct share_person){ .root = root, .first = first, .group = group_of(customers_kind(customers, root)),
                                     .known = customers_is_known(customers, root),
                                     .country = root < g->rows ? g->country[root] : 0 };
    person->first_days = bought.orders ? (float)((double)(g->until_ms - bought.first_ms) / (double)DAY_MS) : NAN;
    finish(g, person);
    s->persons++;
    return ERR_OK;
}

static enum err_code make_counted(struct gathering *g)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i <= g->products; i++)
        most = g->category[i] > most ? g->category[i] : most;
    g->counted = calloc((size_t)most + 1, sizeof *g->counted);
    return g->counted ? ERR_OK : no_memory(g->e);
}

static enum err_code gather(struct gathering *g)
{
    struct population *p = g->rooms->population;
    population_lock(p);
    enum err_code code = read_columns(g);
    population_unlock(p);
    if (!code)
        code = make_prices(g);
    if (!code)
        code = make_counted(g);
    return code ? code : everybody(g, 1, add_person);
}

enum err_code share_spend_gather(const struct customer_share_rooms *rooms, int64_t since_ms, int64_t until_ms,
                                 struct progress *progress, struct share_spend *ret, struct err *e)
{
    assert(rooms && ret);
    AUTO(arena) mem = arena_new(SCRATCH);
    *ret = (struct share_spend){ 0 };
    struct gathering g = { .rooms = rooms, .ret = ret, .since_ms = since_ms, .until_ms = until_ms, .progress = progress,
                           .mem = mem, .e = e };
    enum err_code code = mem ? gather(&g) : no_memory(e);
    free(g.said);
    free(g.country);
    free(g.price);
    free(g.category);
    free(g.counted);
    words_drop(&g.countries);
    spent_clear(&g.spent);
    if (code)
        share_spend_clear(ret);
    return code;
}

void share_spend_clear(struct share_spend *s)
{
    free(s->person);
    free(s->cell);
    *s = (struct share_spend){ 0 };
}
