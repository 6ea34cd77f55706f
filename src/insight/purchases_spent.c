/* Orders of a customer with their lines, for those who tell what of an order's value is of which product. */
#include "base/vec.h"
#include "insight/purchases_state.h"

static int32_t turned(int32_t quantity_milli)
{
    return quantity_milli >= 0 ? quantity_milli : quantity_milli == INT32_MIN ? INT32_MAX : -quantity_milli;
}

static bool add(const struct purchases *p, const struct order *order, const struct order *lines_of, struct spent *ret)
{
    if (!vec_need(ret->order, ret->order_cap, ret->orders + 1)
        || !vec_need(ret->line, ret->line_cap, ret->lines + lines_of->lines + 1))
        return false;
    ret->order[ret->orders++] = (struct spent_order){ order->value_micro, ret->lines, lines_of->lines };
    for (uint32_t i = 0; i < lines_of->lines; i++) {
        const struct line *line = &p->line[lines_of->first_line + i];
        ret->line[ret->lines++] = (struct spent_line){ line->product, turned(line->quantity_milli) };
    }
    return true;
}

/* NULL: it names none that is known. */
static const struct order *order_of(const struct purchases *p, uint32_t history, const struct order *refund)
{
    for (uint32_t at = refund->id_hash ? history_orders(p, history) : 0; at; at = p->order[at].next)
        if (!p->order[at].refund && p->order[at].id_hash == refund->id_hash && p->order[at].state == ORDER_LIVE)
            return &p->order[at];
    return NULL;
}

static bool add_history(const struct purchases *p, uint32_t history, int64_t since_ms, int64_t until_ms, struct spent *ret)
{
    bool ok = true;
    for (uint32_t at = history_orders(p, history); at && ok; at = p->order[at].next) {
        const struct order *one = &p->order[at], *order = one->refund ? order_of(p, history, one) : NULL;
        int64_t time_ms = order ? order->time_ms : one->time_ms;
        if (one->state == ORDER_LIVE && time_ms >= since_ms && one->time_ms < until_ms)
            ok = add(p, one, order && !one->lines ? order : one, ret);
    }
    return ok;
}

bool purchases_spent(const struct purchases *p, uint32_t root, int64_t since_ms, int64_t until_ms, struct spent *ret)
{
    struct histories histories;
    bool ok = true;
    histories_of(p, root, &histories);
    for (size_t h = 0; h < histories.n && ok; h++)
        ok = add_history(p, histories.of[h], since_ms, until_ms, ret);
    histories_free(&histories);
    return ok;
}

int64_t purchases_newest_ms(const struct purchases *p)
{
    return p->newest_ms;
}

void spent_clear(struct spent *s)
{
    free(s->order);
    free(s->line);
    *s = (struct spent){ 0 };
}
