#include "insight/purchases.h"

#include <assert.h>
#include <math.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"
#include "insight/purchases_state.h"
#include "sys/random.h"
#include "text/time.h"

#define TREND_EPOCH_MS INT64_C(1577836800000)  // 2020-01-01: 2^x stays within a double until 2104
#define TREND_HALF_MS (30.0 * (double)DAY_MS)
#define ORDER_VALUE_MAX (INT64_C(10000000000) * MICRO)  // either way; what is beyond is counted as this
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to remember purchases")

double purchases_weight(int64_t time_ms)
{
    return exp2((double)(time_ms - TREND_EPOCH_MS) / TREND_HALF_MS);
}

/* ---- what an order changes beside its row ---- */

/* The row of a day, made when missing; NULL without memory. Days mostly come in order: the search is short. */
static struct day_row *day_row(struct purchases *p, int32_t day)
{
    size_t at = p->days;
    while (at > 0 && p->day[at - 1].day > day)
        at--;
    if (at > 0 && p->day[at - 1].day == day)
        return &p->day[at - 1];
    if (!vec_need(p->day, p->day_cap, p->days + 1))
        return NULL;
    memmove(p->day + at + 1, p->day + at, (p->days - at) * sizeof *p->day);
    p->days++;
    p->day[at] = (struct day_row){ .day = day };
    return &p->day[at];
}

/* Adds (sign 1) or takes back (sign -1) what an order means for the shop. Its day exists when taking back. */
static bool order_count(struct purchases *p, const struct order *order, int sign)
{
    struct day_row *day = day_row(p, time_day(order->time_ms));
    if (!day)
        return false;
    amount_add(&day->revenue_micro, sign * order->value_micro);
    if (order->refund)
        return true;
    day->orders += (uint32_t)sign;
    double weight = purchases_weight(order->time_ms) * sign;
    for (uint32_t i = 0; i < order->lines; i++) {
        struct product_row *product = &p->product[p->line[order->first_line + i].product];
        product->orders += (uint32_t)sign;
        product->trend = fmax(0, product->trend + weight);
    }
    return true;
}

static void order_die(struct purchases *p, struct order *order)
{
    if (order->state == ORDER_DEAD)
        return;
    bool counted = order_count(p, order, -1);
    assert(counted);  // its day is there: it was made when the order came
    (void)counted;
    order->state = ORDER_DEAD;
}

static void summary_add(struct purchase_summary *sum, const struct order *order)
{
    amount_add(&sum->value_micro, order->value_micro);
    if (order->refund)
        return;
    bool first = sum->orders++ == 0;
    if (first || order->time_ms < sum->first_ms)
        sum->first_ms = order->time_ms;
    if (first || order->time_ms > sum->last_ms)
        sum->last_ms = order->time_ms;
}

/* Takes an order of a history out of everything; `by` has taken its place, or NULL. First and last cannot be taken
 * back: where this was one of them the chain is walked. */
static void order_kill(struct purchases *p, uint32_t history, struct order *order, const struct order *by)
{
    order_die(p, order);
    if (history == FACT_NOBODY)
        return;
    struct history_row *row = &p->history[history];
    bool first = order->time_ms == row->sum.first_ms && !(by && by->time_ms == order->time_ms),
         last = order->time_ms == row->sum.last_ms && !(by && by->time_ms == order->time_ms);
    if (!first && !last) {
        amount_add(&row->sum.value_micro, -order->value_micro);
        row->sum.orders--;
        return;
    }
    row->sum = (struct purchase_summary){ 0 };
    for (uint32_t at = row->orders; at; at = p->order[at].next)
        if (p->order[at].state == ORDER_LIVE)
            summary_add(&row->sum, &p->order[at]);
}

/* ---- finding an order by its id ---- */

static uint32_t *index_slot(struct purchases *p, uint64_t id_hash)
{
    assert(p->index_cap && id_hash);
    size_t at = id_hash & (p->index_cap - 1);
    while (p->index[at] && p->order[p->index[at]].id_hash != id_hash)
        at = (at + 1) & (p->index_cap - 1);
    return &p->index[at];
}

/* Room for `more` orders with ids; all rows so far are in it. */
static bool index_room(struct purchases *p, size_t more)
{
    size_t cap = p->index_cap ? p->index_cap : 64;
    while ((p->indexed + more) * 4 > cap * 3)
        cap *= 2;
    if (cap == p->index_cap)
        return true;
    uint32_t *old = p->index, *grown = calloc(cap, sizeof *grown);
    size_t old_cap = p->index_cap;
    if (!grown)
        return false;
    p->index = grown;
    p->index_cap = cap;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i])
            *index_slot(p, p->order[old[i]].id_hash) = old[i];
    free(old);
    return true;
}

static void index_put(struct purchases *p, uint32_t row)
{
    uint32_t *slot = index_slot(p, p->order[row].id_hash);
    p->indexed += *slot == 0;
    *slot = row;
}

/* The live order (no refund) of that id, 0 when there is none. */
static uint32_t order_find(struct purchases *p, uint64_t id_hash)
{
    uint32_t row = id_hash && p->index_cap ? *index_slot(p, id_hash) : 0;
    return row && p->order[row].state == ORDER_LIVE ? row : 0;
}

/* ---- reading an event ---- */

static bool micro_of(struct json v, int64_t *ret)
{
    struct slice raw = json_raw(v);
    if (json_is(v, JSON_STRING) && raw.len >= 2)  // some shops send "12.50"
        raw = (struct slice){ raw.at + 1, raw.len - 2 };
    else if (!json_is(v, JSON_NUMBER))
        return false;
    return micro_parse(raw, ret, NULL) == ERR_OK;
}

/* A number with more places than a micro (a converted currency): rounded, since it is an estimate anyway. */
bool event_amount(struct json v, int64_t *ret)
{
    double value;
    if (micro_of(v, ret))
        return true;
    if (!json_double(v, &value) || fabs(value) > 9e12)
        return false;
    *ret = (int64_t)llround(value * MICRO);
    return true;
}

static uint16_t source_of(const struct fact *fact)
{
    return fact->source <= UINT16_MAX ? (uint16_t)fact->source : 0;
}

static int32_t milli_of(int64_t micro)
{
    int64_t milli = micro / 1000;
    if (milli == 0 && micro != 0)
        milli = micro < 0 ? -1 : 1;
    return milli > INT32_MAX ? INT32_MAX : milli < -INT32_MAX ? -INT32_MAX : (int32_t)milli;
}

static uint32_t product_number(struct purchases *p, struct slice id)
{
    uint32_t number = words_add(&p->products, id);
    return number && vec_need(p->product, p->product_cap, (size_t)number + 1) ? number : 0;
}

struct slice event_product_id(struct json product, struct arena *mem)
{
    static const char *const names[] = { "product_id", "productId", "sku", "id" };
    struct slice id = { NULL, 0 };
    for (size_t i = 0; i < sizeof names / sizeof *names && !id.len; i++)
        id = slice_trim(json_text(json_get(product, names[i]), mem));
    return id.len <= LIMIT_PRODUCT_ID ? id : (struct slice){ NULL, 0 };
}

static bool line_push(struct purchases *p, struct order *order, uint32_t product, int32_t quantity_milli)
{
    if (!vec_need(p->line, p->line_cap, p->lines + 1))
        return false;
    p->line[p->lines++] = (struct line){ product, quantity_milli };
    order->lines++;
    return true;
}

static int64_t clamp(int64_t value_micro)
{
    return value_micro > ORDER_VALUE_MAX    ? ORDER_VALUE_MAX
           : value_micro < -ORDER_VALUE_MAX ? -ORDER_VALUE_MAX
                                            : value_micro;
}

/* Appends one product of an order as a line; sign -1 turns what was given back negative, however it is written. */
static enum err_code line_add(struct purchases *p, struct json product, int sign, struct order *order,
                              bool *priced, struct err *e)
{
    arena_reset(p->scratch);  // an id's own room: orders of a hundred thousand lines end too
    struct slice id = event_product_id(product, p->scratch);
    int64_t quantity = MICRO, price = 0, amount = 0;
    if (!event_amount(json_get(product, "quantity"), &quantity))
        quantity = MICRO;
    if (sign < 0 && quantity > 0)
        quantity = -quantity;
    if (event_amount(json_get(product, "price"), &price) && !micro_mul(price, quantity, &amount, NULL)) {
        *priced = true;
        order->value_micro = clamp(order->value_micro + clamp(amount));
    }
    if (!id.len)
        return ERR_OK;
    uint32_t number = product_number(p, id);
    if (!number || !line_push(p, order, number, milli_of(quantity)))
        return NO_MEMORY(e);
    return ERR_OK;
}

static enum err_code lines_add(struct purchases *p, struct json properties, int sign, struct order *order,
                               struct err *e)
{
    bool priced = false;
    order->first_line = (uint32_t)p->lines;
    struct json products = json_get(properties, "products");
    for (struct json_iter it = json_iter(products); json_is(products, JSON_ARRAY) && json_next(&it);)
        if (json_is(it.value, JSON_OBJECT))
            TRY(line_add(p, it.value, sign, order, &priced, e));
    static const char *const totals[] = { "revenue", "total", "value" };
    int64_t total = 0;
    for (size_t i = 0; i < sizeof totals / sizeof *totals && !priced; i++)
        if (event_amount(json_get(properties, totals[i]), &total)) {
            order->value_micro = clamp(sign < 0 && total > 0 ? -total : total);
            priced = true;
        }
    return ERR_OK;
}

/* ---- applying an event ---- */

static enum err_code order_push(struct purchases *p, uint32_t history, const struct order *order,
                                struct err *e)
{
    if (!vec_need(p->order, p->order_cap, p->orders + 2) || !index_room(p, 1))
        return NO_MEMORY(e);
    if (!order_count(p, order, 1))
        return NO_MEMORY(e);
    uint32_t row = (uint32_t)++p->orders;  // row 0 stays unused
    p->order[row] = *order;
    p->order[row].next = p->history[history].orders;
    p->history[history].orders = row;
    if (history != FACT_NOBODY)
        summary_add(&p->history[history].sum, order);
    if (order->id_hash && !order->refund)
        index_put(p, row);
    if (!order->refund && order->time_ms > p->newest_ms)
        p->newest_ms = order->time_ms;
    return ERR_OK;
}

/* An order_id counts within its history: two customers may have the same. */
static uint64_t order_hash(const struct purchases *p, uint32_t history, struct json properties)
{
    struct arena *mem = p->scratch;
    struct slice id = json_text(json_get(properties, "order_id"), mem);
    if (!id.len)
        id = json_text(json_get(properties, "orderId"), mem);
    if (!id.len)
        return 0;
    uint64_t hash = hash64(id, hash_mix(p->seed ^ history));
    return hash ? hash : 1;
}

static enum err_code apply_order(struct purchases *p, const struct fact *fact, struct json properties,
                                 struct err *e)
{
    struct order order = { .id_hash = order_hash(p, fact->customer, properties),
                           .time_ms = fact->timestamp_ms, .source = source_of(fact) };
    TRY(lines_add(p, properties, 1, &order, e));
    uint32_t before = order_find(p, order.id_hash);
    TRY(order_push(p, fact->customer, &order, e));
    if (before)
        order_kill(p, fact->customer, &p->order[before], &order);
    return ERR_OK;
}

static enum err_code apply_cancel(struct purchases *p, const struct fact *fact, struct json properties,
                                  struct err *e)
{
    (void)e;
    uint32_t row = order_find(p, order_hash(p, fact->customer, properties));
    if (row)
        order_kill(p, fact->customer, &p->order[row], NULL);
    return ERR_OK;
}

/* Adds to `refund` the opposite of an order. */
static bool lines_turn(struct purchases *p, uint32_t row, struct order *refund)
{
    const struct order of = p->order[row];
    for (uint32_t i = 0; i < of.lines; i++) {
        struct line line = p->line[of.first_line + i];
        if (!line_push(p, refund, line.product, -line.quantity_milli))
            return false;
    }
    refund->value_micro -= of.value_micro;
    return true;
}

/* A refund that names neither products nor an amount gives back what is left of the order: told twice, nothing. */
static enum err_code refund_rest(struct purchases *p, uint32_t history, uint32_t row, struct order *refund,
                                 struct err *e)
{
    bool done = lines_turn(p, row, refund);
    for (uint32_t at = p->history[history].orders; done && at && at != row; at = p->order[at].next)
        if (p->order[at].refund && p->order[at].id_hash == refund->id_hash && p->order[at].state == ORDER_LIVE)
            done = lines_turn(p, at, refund);
    return done ? ERR_OK : NO_MEMORY(e);
}

static enum err_code apply_refund(struct purchases *p, const struct fact *fact, struct json properties,
                                  struct err *e)
{
    struct order refund = { .id_hash = order_hash(p, fact->customer, properties), .refund = true,
                            .time_ms = fact->timestamp_ms };
    TRY(lines_add(p, properties, -1, &refund, e));
    uint32_t row = order_find(p, refund.id_hash);
    if (row && refund.lines == 0 && refund.value_micro == 0)
        TRY(refund_rest(p, fact->customer, row, &refund, e));
    return order_push(p, fact->customer, &refund, e);
}

static struct looked *looked_row(struct purchases *p, uint32_t history)
{
    if (p->history[history].looked)
        return &p->looked[p->history[history].looked];
    if (!vec_need(p->looked, p->looked_cap, p->lookeds + 2))
        return NULL;
    p->history[history].looked = (uint32_t)++p->lookeds;
    return &p->looked[p->lookeds];
}

static enum err_code apply_look(struct purchases *p, const struct fact *fact, struct json properties,
                                struct err *e)
{
    if (fact->customer == FACT_NOBODY)
        return ERR_OK;
    struct slice category = slice_trim(json_text(json_get(properties, "category"), p->scratch)),
                 id = event_product_id(properties, p->scratch);
    if (category.len > LIMIT_PRODUCT_ID)
        category.len = 0;
    uint32_t product = id.len ? product_number(p, id) : 0,
             group = category.len ? words_add(&p->categories, category) : 0;
    struct looked *looked = looked_row(p, fact->customer);
    if (!looked || (id.len && !product) || (category.len && !group))
        return NO_MEMORY(e);
    looked->at_ms = fact->timestamp_ms;
    if (group)
        looked->category = group;
    if (!product)
        return ERR_OK;
    size_t at = 0;
    while (at < LOOKED_PRODUCTS - 1 && looked->product[at] && looked->product[at] != product)
        at++;
    memmove(looked->product + 1, looked->product, at * sizeof *looked->product);
    looked->product[0] = product;
    return ERR_OK;
}

static const struct {
    const char *event;
    enum err_code (*apply)(struct purchases *, const struct fact *, struct json, struct err *);
} events[] = {
    { "Order Completed", apply_order },  { "Completed Order", apply_order },
    { "Order Updated", apply_order },    { "Order Refunded", apply_refund },
    { "Order Cancelled", apply_cancel }, { "Product Viewed", apply_look },
    { "Viewed Product", apply_look },    { "Product Added", apply_look },
    { "Added Product", apply_look },     { "Product List Viewed", apply_look },
};

/* What the shop has a number before anybody buys it, so that it can be proposed. */
static enum err_code goods_known(struct purchases *p, const struct fact *fact, struct err *e)
{
    struct json body;
    enum err_code code = json_parse(p->parser, fact->body, &body, e);
    if (code)
        return code == ERR_INVALID ? ERR_OK : code;
    arena_reset(p->scratch);
    struct slice id = event_product_id(json_get(body, "product"), p->scratch);
    return !id.len || product_number(p, id) ? ERR_OK : NO_MEMORY(e);
}

static enum err_code purchases_apply(void *self, const struct fact *fact, struct err *e)
{
    struct purchases *p = self;
    if (fact->type == FACT_CATALOGUE)
        return goods_known(p, fact, e);
    if (fact->type != FACT_TRACK)
        return ERR_OK;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (!slice_eq_nocase(fact->event, slice_of(events[i].event)))
            continue;
        struct json body;
        if (!vec_need(p->history, p->history_cap, (size_t)fact->customer + 1))
            return NO_MEMORY(e);
        enum err_code code = json_parse(p->parser, fact->body, &body, e);
        if (code)  // what no reader can read says nothing, for ever; without memory it is told again
            return code == ERR_INVALID ? ERR_OK : code;
        arena_reset(p->scratch);
        size_t lines = p->lines;
        code = events[i].apply(p, fact, json_get(body, "properties"), e);
        if (code)
            p->lines = lines;
        return code;
    }
    return ERR_OK;
}

/* The live row that a fact of nobody made; 0: none, or another has taken its place. Walks all of nobody's orders:
 * edits of till sales are rare. */
static enum err_code nobodys_row(struct purchases *p, const struct fact *was, uint32_t *ret, struct err *e)
{
    struct json body;
    bool refund = slice_eq_nocase(was->event, SLICE("Order Refunded"));
    enum err_code code = json_parse(p->parser, was->body, &body, e);
    *ret = 0;
    if (code)
        return code == ERR_INVALID ? ERR_OK : code;
    arena_reset(p->scratch);
    struct json properties = json_get(body, "properties");
    struct order like = { .id_hash = order_hash(p, FACT_NOBODY, properties) };
    size_t lines = p->lines;
    code = lines_add(p, properties, refund ? -1 : 1, &like, e);
    p->lines = lines;
    for (uint32_t at = p->history[FACT_NOBODY].orders; !code && at && !*ret; at = p->order[at].next) {
        const struct order *order = &p->order[at];
        if (order->state == ORDER_LIVE && order->refund == refund && order->id_hash == like.id_hash
            && order->time_ms == was->timestamp_ms && order->value_micro == like.value_micro
            && order->lines == like.lines)
            *ret = at;
    }
    return code;
}

/* A cancellation of nobody's is not taken back: what it cancelled is not kept. */
static enum err_code purchases_amend(void *self, const struct fact *was, const struct fact *now, struct err *e)
{
    struct purchases *p = self;
    uint32_t row = 0;
    if (was->type != FACT_TRACK || !p->history_cap)
        return ERR_OK;
    TRY(nobodys_row(p, was, &row, e));
    if (!row)
        return ERR_OK;
    if (now)
        TRY(purchases_apply(p, now, e));
    order_kill(p, FACT_NOBODY, &p->order[row], NULL);
    return ERR_OK;
}

static void purchases_forget(void *self, uint32_t customer)
{
    struct purchases *p = self;
    if (customer >= p->history_cap)
        return;
    for (uint32_t at = p->history[customer].orders; at; at = p->order[at].next)
        order_die(p, &p->order[at]);
    if (p->history[customer].looked)
        p->looked[p->history[customer].looked] = (struct looked){ 0 };
    p->history[customer] = (struct history_row){ .looked = p->history[customer].looked };
}

static void purchases_reset(void *self)
{
    struct purchases *p = self;
    struct purchases empty = { .memory = p->memory, .parser = p->parser, .scratch = p->scratch,
                               .seed = p->seed };
    words_drop(&p->products);
    words_drop(&p->categories);
    free(p->product);
    free(p->history);
    free(p->order);
    free(p->line);
    free(p->looked);
    free(p->day);
    free(p->index);
    *p = empty;
}

/* ---- snapshots: every array as it lies in memory, but the index ---- */

enum { SNAP_PRODUCT, SNAP_HISTORY, SNAP_ORDER, SNAP_LINE, SNAP_LOOKED, SNAP_DAY, SNAP_ARRAYS };

struct snap_array {
    void **at;
    size_t *cap;
    size_t rows, size;
};

static void snap_arrays(struct purchases *p, struct snap_array a[SNAP_ARRAYS])
{
    a[SNAP_PRODUCT] = (struct snap_array){ (void **)&p->product, &p->product_cap,
                                           p->products.count ? p->products.count + 1 : 0, sizeof *p->product };
    a[SNAP_HISTORY] = (struct snap_array){ (void **)&p->history, &p->history_cap, p->history_cap,
                                           sizeof *p->history };
    a[SNAP_ORDER] = (struct snap_array){ (void **)&p->order, &p->order_cap, p->orders ? p->orders + 1 : 0,
                                         sizeof *p->order };
    a[SNAP_LINE] = (struct snap_array){ (void **)&p->line, &p->line_cap, p->lines, sizeof *p->line };
    a[SNAP_LOOKED] = (struct snap_array){ (void **)&p->looked, &p->looked_cap,
                                          p->lookeds ? p->lookeds + 1 : 0, sizeof *p->looked };
    a[SNAP_DAY] = (struct snap_array){ (void **)&p->day, &p->day_cap, p->days, sizeof *p->day };
}

static enum err_code purchases_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct purchases *p = self;
    uint64_t head[SNAP_ARRAYS + 6] = { p->orders, p->lines, p->lookeds, p->days, (uint64_t)p->newest_ms,
                                       p->seed };
    struct snap_array a[SNAP_ARRAYS];
    snap_arrays(p, a);
    for (size_t i = 0; i < SNAP_ARRAYS; i++)
        head[6 + i] = a[i].rows;
    TRY(snapshot_put(out, head, sizeof head, e));
    TRY(words_save(&p->products, out, e));
    TRY(words_save(&p->categories, out, e));
    for (size_t i = 0; i < SNAP_ARRAYS; i++)
        TRY(snapshot_put(out, *a[i].at, a[i].rows * a[i].size, e));
    return ERR_OK;
}

static enum err_code purchases_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct purchases *p = self;
    uint64_t head[SNAP_ARRAYS + 6];
    purchases_reset(p);
    TRY(snapshot_get(in, head, sizeof head, e));
    TRY(words_load(&p->products, in, e));
    TRY(words_load(&p->categories, in, e));
    struct snap_array a[SNAP_ARRAYS];
    snap_arrays(p, a);
    for (size_t i = 0; i < SNAP_ARRAYS; i++) {
        if (head[6 + i] > UINT32_MAX || !vec_room(a[i].at, a[i].cap, head[6 + i], a[i].size))
            return NO_MEMORY(e);
        TRY(snapshot_get(in, *a[i].at, head[6 + i] * a[i].size, e));
    }
    p->orders = head[0];
    p->lines = head[1];
    p->lookeds = head[2];
    p->days = head[3];
    p->newest_ms = (int64_t)head[4];
    p->seed = head[5];
    if (!index_room(p, p->orders))
        return NO_MEMORY(e);
    for (uint32_t row = 1; row <= p->orders; row++)
        if (p->order[row].id_hash && !p->order[row].refund && p->order[row].state == ORDER_LIVE)
            index_put(p, row);
    return ERR_OK;
}

struct follower purchases_follower(struct purchases *p)
{
    return (struct follower){ .name = "purchases", .version = 4, .per_customer = true,
                              .apply = purchases_apply, .forget = purchases_forget, .amend = purchases_amend,
                              .reset = purchases_reset, .save = purchases_save, .load = purchases_load,
                              .self = p };
}

enum err_code purchases_new(struct memory *memory, struct purchases **ret, struct err *e)
{
    assert(memory && ret);
    struct purchases *p = calloc(1, sizeof *p);
    if (p) {
        p->memory = memory;
        p->seed = random_u64();
        p->parser = json_parser_new();
        p->scratch = arena_new((size_t)1 << 20);
    }
    if (!p || !p->parser || !p->scratch) {
        purchases_drop(&p);
        return NO_MEMORY(e);
    }
    *ret = p;
    return ERR_OK;
}

void purchases_drop(struct purchases **p)
{
    assert(p);
    if (!*p)
        return;
    purchases_reset(*p);
    json_parser_drop(&(*p)->parser);
    arena_drop(&(*p)->scratch);
    free(*p);
    *p = NULL;
}
