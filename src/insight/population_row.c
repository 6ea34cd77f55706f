/* What the shop computes of one customer, into their row. */
#include "insight/population_room.h"

#include <math.h>

#include "base/hash.h"
#include "engine/feel/value_json.h"

static bool put_day(const struct population *p, struct keep *k, size_t row, int64_t ms)
{
    if (ms != FACT_NO_TIME)
        return keep_raw(k, row, zones_day(p->zones, ms));
    keep_null(k, row);
    return true;
}

static bool put_text(struct keep *k, size_t row, struct slice text)
{
    if (text.len)
        return keep_code(k, row, text, value_string(text));
    keep_null(k, row);
    return true;
}

static bool put_word(struct keep *k, size_t row, const char *word)
{
    return put_text(k, row, slice_of(word));
}

/* Two places are enough of money and of orders, three of a chance: narrower columns. */
static int64_t rounded(double value, double places)
{
    double most = 9e12, is = value > most ? most : value < -most ? -most : value;
    return (int64_t)(round(is * places) / places * 1e6 + (is < 0 ? -0.5 : 0.5));
}

static bool put_number(struct keep *k, size_t row, double value, double places)
{
    if (!isnan(value))
        return keep_raw(k, row, rounded(value, places));
    keep_null(k, row);
    return true;
}

static bool put_value(struct population *p, size_t row, const struct customer_value *v)
{
    const double of[] = { v->worth.alive, v->worth.expected, v->worth.spend, v->worth.value, v->value_low, v->value_high };
    bool ok = true;
    for (size_t i = COMPUTED_ALIVE; i <= COMPUTED_LIFETIME_HIGH; i++) {
        bool none = !v->known || (i == COMPUTED_ALIVE && !v->bought);
        double value = none ? NAN : of[i - COMPUTED_ALIVE];
        ok = put_number(&p->computed[i], row, value, i == COMPUTED_ALIVE ? 1000 : 100) && ok;
    }
    return ok;
}

static bool put_liked(struct population *p, size_t row, const struct favourites *f)
{
    struct keep *k = p->computed;
    return put_text(&k[COMPUTED_FAVOURITE_CATEGORY], row, f->category)
           && put_number(&k[COMPUTED_FAVOURITE_CATEGORY_SHARE], row, f->category_share, 100)
           && put_text(&k[COMPUTED_FAVOURITE_BRAND], row, f->brand)
           && put_number(&k[COMPUTED_PRICE_LEVEL], row, f->price_level, 10)
           && put_number(&k[COMPUTED_FAVOURITE_HOUR], row, f->hour, 1)
           && put_text(&k[COMPUTED_FAVOURITE_WEEKDAY], row, f->weekday)
           && put_text(&k[COMPUTED_FAVOURITE_CHANNEL], row, f->channel);
}

/* What they spend within a year is known without a model. */
static bool put_investment(struct population *p, const struct seen *s)
{
    struct keep *k = p->computed;
    size_t row = s->row;
    bool ok = keep_raw(&k[COMPUTED_SPEND_YEAR], row, s->value.year_micro);
    if (s->invest.known)
        return ok && put_word(&k[COMPUTED_VALUE_TIER], row, tiers_name(s->invest.tier))
               && keep_raw(&k[COMPUTED_VALUE_TIER_SINCE], row, s->invest.since_day);
    keep_null(&k[COMPUTED_VALUE_TIER], row);
    keep_null(&k[COMPUTED_VALUE_TIER_SINCE], row);
    return ok;
}

static bool put_share(struct population *p, size_t row, const struct share_one *s)
{
    struct keep *share = &p->computed[COMPUTED_SHARE], *reach = &p->computed[COMPUTED_REACH];
    if (s->why == SHARE_NOT_FITTED)
        return true;
    keep_null(share, row);
    keep_null(reach, row);
    return s->why != SHARE_KNOWN || (keep_raw(share, row, rounded(share_of_wallet(s, s->wallet), 1000))
                                     && keep_raw(reach, row, rounded(share_reach(s), 100)));
}

bool population_put_computed(struct population *p, const struct seen *s)
{
    struct keep *k = p->computed;
    size_t row = s->row;
    return keep_raw(&k[COMPUTED_ORDERS], row, (int64_t)s->standing.bought.orders * 1000000)
           && keep_raw(&k[COMPUTED_SPEND], row, s->standing.bought.value_micro)
           && put_day(p, &k[COMPUTED_FIRST_ORDER], row, s->standing.bought.first_ms)
           && put_day(p, &k[COMPUTED_LAST_ORDER], row, s->standing.bought.last_ms)
           && put_day(p, &k[COMPUTED_FIRST_SEEN], row, s->first_ms)
           && put_day(p, &k[COMPUTED_LAST_SEEN], row, s->last_ms)
           && keep_raw(&k[COMPUTED_KNOWN], row, s->known)
           && put_word(&k[COMPUTED_TIER], row, tier_name(s->standing.tier))
           && put_word(&k[COMPUTED_KIND], row, customer_kind_name(s->kind)) && put_value(p, row, &s->value)
           && put_investment(p, s) && put_share(p, row, &s->share) && put_liked(p, row, &s->liked);
}

void population_clear_computed(struct population *p, size_t row)
{
    for (size_t i = 0; i < COMPUTED; i++)
        keep_null(&p->computed[i], row);
}

static uint64_t row_state(const struct population *p, uint32_t row)
{
    uint64_t state = 0;
    for (size_t i = COMPUTED_TIER; i < COMPUTED; i++) {
        const struct column column = keep_column(&p->computed[i]);
        state = hash_mix(state ^ (column_is_null(&column, row) ? UINT64_MAX : (uint64_t)keep_raw_at(&p->computed[i], row)));
    }
    return state;
}

bool population_put_standing(struct population *p, const struct seen *s, bool *changed)
{
    uint64_t before = row_state(p, s->row);
    bool ok = put_word(&p->computed[COMPUTED_TIER], s->row, tier_name(s->standing.tier)) && put_value(p, s->row, &s->value)
              && put_investment(p, s) && put_share(p, s->row, &s->share) && put_liked(p, s->row, &s->liked);
    *changed = row_state(p, s->row) != before;
    return ok;
}
