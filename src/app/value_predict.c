/* tendero value predict: of each customer, whether they still buy, how often they will, and what that is worth. */
#include "app/value.h"

#include <math.h>
#include <stdio.h>

#include "base/decimal.h"
#include "engine/clv/pareto_nbd_bayes.h"
#include "text/csv.h"

#define DAYS_MAX 36500
#define CHANCE .95               // that the purchases lie in their range

struct asked {
    struct score_horizon horizon;
    int64_t draws, seed;         // draws 0: the best parameters are taken for sure
};
/* What is printed of one customer. */
struct foretold {
    double alive, purchases, low, high, spend, value;
};

static enum err_code read_whole(struct settings *s, const char *option, int64_t most, int64_t *ret, struct err *e)
{
    const char *text = settings_option(s, option);
    if (text && (!slice_i64(slice_of(text), ret) || *ret < 1 || *ret > most))
        return err_set(e, ERR_INVALID, 0, "--%s is a whole number from 1 to %lld", option, (long long)most);
    return ERR_OK;
}

static enum err_code read_asked(struct settings *s, const struct ledger *l, const struct wish *wish, struct asked *ret,
                                struct err *e)
{
    const char *discount = settings_option(s, "discount");
    int64_t days = 365, micro = 0;
    struct err ignored;
    *ret = (struct asked){ .seed = 1 };
    TRY(read_whole(s, "days", DAYS_MAX, &days, e));
    TRY(read_whole(s, "draws", BAYES_DRAWS_MAX, &ret->draws, e));
    TRY(read_whole(s, "seed", INT64_MAX, &ret->seed, e));
    if (discount && (micro_parse(slice_of(discount), &micro, &ignored) || micro < 0 || micro > 10 * MICRO))
        return err_set(e, ERR_INVALID, 0, "--discount is what a year takes off, from 0 to 10: 0.1 for 10 %%");
    if (ret->draws && (strcmp(wish->kind->name, buying_kinds[KIND_PARETO_NBD].name) != 0 || l->covariates))
        return err_set(e, ERR_INVALID, 0, "--draws are of --model pareto-nbd without covariates");
    ret->horizon = (struct score_horizon){ (double)days, (double)micro / MICRO };
    return settings_no_options(s, e);
}

/* By the best parameters: who buys how often is uncertain, the parameters are not. */
static struct foretold foretell(const struct fitted *f, const struct history *h, struct score_horizon horizon)
{
    const struct score_model m = fitted_of(f, h->z);
    const struct buyer *b = &h->buyer;
    const struct score s = score_buyer(&m, b, h->spender.mean, horizon);
    const struct purchase_range range = kind_range(m.kind, m.at, b->repeats, b->last / m.per, b->watched / m.per,
                                                   horizon.days / m.unit, CHANCE);
    return (struct foretold){ s.alive, s.purchases, range.low, range.high, s.spend, s.value };
}

/* By draws of the parameters, too. */
static struct foretold draw(const struct fitted *f, const struct pareto_nbd_bayes *bayes, const struct history *h,
                            const struct asked *a, size_t i)
{
    const struct score_model m = fitted_of(f, NULL);
    const struct score s = score_buyer(&m, &h->buyer, h->spender.mean, a->horizon);
    const struct pareto_nbd_future will = pareto_nbd_bayes_of(bayes, h->buyer.repeats, h->buyer.last / f->per,
                                                              h->buyer.watched / f->per, a->horizon.days / f->unit,
                                                              (uint64_t)a->seed + i);
    double value = s.purchases > 0 ? s.value * will.purchases.mean / s.purchases : s.value;
    return (struct foretold){ will.alive.mean, will.purchases.mean, will.purchases.low, will.purchases.high, s.spend, value };
}

/* Numbers that are unknown are empty. */
static void print_number(double number, const char *end)
{
    if (isfinite(number))
        printf("%.6f%s", number, end);
    else
        printf("%s", end);
}

static void print_line(struct buf *out, struct slice customer, const struct foretold *f)
{
    double worth = f->purchases > 0 ? f->value / f->purchases : f->spend;
    buf_clear(out);
    csv_write(out, customer);
    printf("%.*s,", SLICE_ARG(buf_slice(out)));
    print_number(f->alive, ",");
    printf("%.6f,%.0f,%.0f,", f->purchases, f->low, f->high);
    print_number(f->spend, ",");
    print_number(f->value, ",");
    print_number(f->low * worth, ",");
    print_number(f->high * worth, "\n");
}

/* Those whom the covariates alone are known of: as of their first purchase on. */
static void print_strangers(const struct fitted *f, const struct ledger *l, struct score_horizon h, struct buf *out)
{
    for (size_t i = 0; i < l->n_covered; i++) {
        struct history stranger = { .customer = l->covered[i].customer, .z = l->covered[i].z };
        if (l->covered[i].bought)
            continue;
        struct foretold will = foretell(f, &stranger, h);
        will.alive = NAN;
        print_line(out, stranger.customer, &will);
    }
}

enum err_code value_predict(struct settings *s, const struct ledger *l, const struct wish *wish, struct buf *out, struct err *e)
{
    struct asked a;
    struct fitted f;
    struct pareto_nbd_bayes bayes = { .n = 0 };
    TRY(read_asked(s, l, wish, &a, e));
    TRY(fitted_buying(l, wish->kind, wish, false, &f, e));
    TRY(fitted_spending(l, &f, e));
    if (a.draws) {
        struct buyers buyers;
        TRY(ledger_gather(l, f.per, &buyers, e));
        enum err_code code = pareto_nbd_bayes_fit(&buyers, (uint64_t)a.seed, (size_t)a.draws, &bayes, &f.fit, e);
        buyers_drop(&buyers);
        TRY(code);
    }
    printf("customer,probability_alive,expected_purchases,purchases_low,purchases_high,expected_spend,value,value_low,value_high\n");
    for (size_t i = 0; i < l->customers; i++) {
        const struct history *h = &l->history[i];
        const struct foretold will = a.draws ? draw(&f, &bayes, h, &a, i) : foretell(&f, h, a.horizon);
        print_line(out, h->customer, &will);
    }
    pareto_nbd_bayes_drop(&bayes);
    print_strangers(&f, l, a.horizon, out);
    return ERR_OK;
}
