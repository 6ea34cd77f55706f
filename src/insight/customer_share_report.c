/* What people are shown of a fit of the share of customer. */
#include <math.h>

#include "engine/feel/temporal.h"
#include "insight/customer_share_room.h"
#include "text/time.h"

static double cents(double money)
{
    return round(money * 100) / 100;
}

static void day(struct json_w *w, const char *key, int32_t at)
{
    char text[TIME_TEXT_MAX];
    json_w_kstring(w, key, time_print_date(at * DAY_MS, text));
}

static void groups(struct json_w *w, const struct share_found *found)
{
    static const char *const by[] = { [WALLET_BY_SIZE] = "none", [WALLET_BY_TREES] = "trees", [WALLET_BY_TOBIT] = "tobit",
                                      [WALLET_BY_GROUP] = "group" };
    json_w_key(w, "groups");
    json_w_open(w, '[');
    for (int i = 0; i < SHARE_GROUPS; i++) {
        const struct wallet_summary *s = &found->group[i];
        if (!s->customers)
            continue;
        json_w_open(w, '{');
        json_w_kcstr(w, "kind", share_group_name((enum share_group)i));
        json_w_ki64(w, "customers", (int64_t)s->customers);
        json_w_ki64(w, "declared", (int64_t)s->declared);
        json_w_kcstr(w, "by", by[s->by]);
        json_w_ki64(w, "trees", s->trees);
        json_w_kdouble(w, "shift", s->shift);
        json_w_kdouble(w, "spread", s->spread);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void unknown(struct json_w *w, const struct share_sums *s)
{
    json_w_key(w, "unknown");
    json_w_open(w, '[');
    for (int why = SHARE_KNOWN + 1; why < SHARE_WHYS; why++) {
        if (!s->why[why])
            continue;
        json_w_open(w, '{');
        json_w_kcstr(w, "why", share_why_name((enum share_why)why));
        json_w_ki64(w, "customers", (int64_t)s->why[why]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void norm(struct json_w *w, const struct share_norm *n)
{
    json_w_key(w, "norm");
    json_w_open(w, '{');
    json_w_ki64(w, "panel", (int64_t)n->panel);
    json_w_kdouble(w, "share", n->is ? n->norm.requirements : NAN);
    json_w_kdouble(w, "penetration", n->is ? n->norm.penetration : NAN);
    json_w_kdouble(w, "loyal", n->is ? n->norm.loyal : NAN);
    json_w_kdouble(w, "categoryPenetration", n->is ? n->penetration : NAN);
    if (n->is)
        json_w_knull(w, "whyNot");
    else
        json_w_kcstr(w, "whyNot", n->why_not);
    json_w_close(w, '}');
}

/* Sums are of those whose share is known; as if all erred to one side, the interval. */
static void category(struct json_w *w, const struct share_rows *r, const struct share_found *found)
{
    const struct share_sums *s = &found->sums;
    bool known = s->why[SHARE_KNOWN] > 0;
    json_w_open(w, '{');
    if (r->id[0])
        json_w_kcstr(w, "category", r->id);
    else
        json_w_knull(w, "category");
    json_w_ki64(w, "customers", (int64_t)s->customers);
    json_w_ki64(w, "known", (int64_t)s->why[SHARE_KNOWN]);
    json_w_kdouble(w, "own", cents(s->own_all));
    json_w_kdouble(w, "ownKnown", cents(s->own));
    const struct { const char *name; double is; } of[] = {
        { "wallet", cents(s->wallet) }, { "walletLow", cents(s->low) }, { "walletHigh", cents(s->high) },
        { "share", s->own / s->wallet }, { "shareLow", s->own / s->high }, { "shareHigh", s->own / s->low },
        { "reach", cents(s->wallet - s->own) }, { "reachLow", cents(s->low - s->own) },
        { "reachHigh", cents(s->high - s->own) },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        json_w_kdouble(w, of[i].name, known ? of[i].is : NAN);
    unknown(w, s);
    groups(w, found);
    norm(w, &found->norm);
    json_w_close(w, '}');
}

void share_report(const struct customer_share *c, const struct share_fit *fit, struct json_w *w)
{
    json_w_open(w, '{');
    json_w_ktime(w, "fittedAt", fit->fitted_ms);
    day(w, "from", zones_day(c->rooms.zones, fit->since_ms));
    day(w, "asOf", zones_day(c->rooms.zones, fit->until_ms - 1));
    json_w_ki64(w, "tookMs", fit->took_ms);
    json_w_ki64(w, "customers", (int64_t)fit->customers);
    json_w_kdouble(w, "unlined", cents(fit->unlined));
    json_w_ki64(w, "bytes", (int64_t)share_scores_bytes(fit->scores));
    json_w_key(w, "categories");
    json_w_open(w, '[');
    for (size_t i = 0; i < fit->scores->n; i++)
        category(w, &fit->scores->category[i], &fit->found[i]);
    json_w_close(w, ']');
    json_w_close(w, '}');
}
