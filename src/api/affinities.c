/* What customers like: the shop's distribution of each attribute, and one customer's with reasons. */
#include <math.h>
#include <stdlib.h>

#include "api/audience_ask.h"
#include "insight/likings.h"
#include "offers/reason.h"
#include "text/time.h"

#define BEST_SHOWN 5u
#define LEVELS 5
#define HOURS 24

static const struct { const char *column, *en, *es; } attributes[LIKINGS] = {
    [LIKING_CATEGORY] = { "favourite category", "Category", "Categoría" },
    [LIKING_BRAND] = { "favourite brand", "Brand", "Marca" },
    [LIKING_PRICE_LEVEL] = { "price level", "Price level", "Nivel de precio" },
    [LIKING_HOUR] = { "favourite hour", "Hour of the day", "Hora del día" },
    [LIKING_WEEKDAY] = { "favourite weekday", "Day of the week", "Día de la semana" },
    [LIKING_CHANNEL] = { "favourite channel", "Channel", "Canal" },
};

/* ---- a value in words ---- */
struct worded {
    struct slice value, en, es;      // value: as the condition has it, without quotes
};

/* Hours and levels are numbers. */
static bool is_number(enum liking liking)
{
    return liking == LIKING_HOUR || liking == LIKING_PRICE_LEVEL;
}

static struct worded word_number(struct arena *mem, enum liking liking, uint32_t code)
{
    struct worded w = { .value = arena_printf(mem, "%u", code) };
    w.en = w.es = liking == LIKING_HOUR ? arena_printf(mem, "%02u:00–%02u:00", code, (code + 1) % HOURS) : w.value;
    return w;
}

static const struct { const char *en, *es; } weekdays[] = {
    { "monday", "lunes" },  { "tuesday", "martes" },  { "wednesday", "miércoles" }, { "thursday", "jueves" },
    { "friday", "viernes" }, { "saturday", "sábado" }, { "sunday", "domingo" },
};
#define WEEKDAYS (sizeof weekdays / sizeof *weekdays)

/* WEEKDAYS: it is none. */
static size_t weekday_place(struct slice name)
{
    size_t at = 0;
    while (at < WEEKDAYS && !slice_is(name, weekdays[at].en))
        at++;
    return at;
}

/* Under memory's read lock; value is copied. */
static struct worded word_text(const struct api_options *rooms, struct arena *mem, enum liking liking, struct slice value)
{
    struct worded w = { .value = arena_copy(mem, value) };
    w.en = w.es = w.value;
    if (liking == LIKING_CATEGORY) {
        w.en = arena_copy(mem, catalogue_category_name(rooms->catalogue, value, "en"));
        w.es = arena_copy(mem, catalogue_category_name(rooms->catalogue, value, "es"));
    } else if (liking == LIKING_WEEKDAY && weekday_place(value) < WEEKDAYS) {
        w.en = arena_printf(mem, "%c%.*s", value.at[0] - 'a' + 'A', (int)value.len - 1, value.at + 1);
        w.es = slice_of(weekdays[weekday_place(value)].es);
    }
    return w;
}

static struct worded word_code(const struct api_options *rooms, struct arena *mem, const struct likings_view *view,
                               enum liking liking, uint32_t code)
{
    return is_number(liking) ? word_number(mem, liking, code)
                             : word_text(rooms, mem, liking, likings_word(view, liking, code));
}

static void json_condition(struct json_w *w, enum liking liking, struct slice value)
{
    struct buf out = buf_make(1 << 12);
    const char *column = attributes[liking].column;
    int64_t level;
    if (liking != LIKING_PRICE_LEVEL || !slice_i64(value, &level)) {
        buf_printf(&out, "%s = ", column);
        if (is_number(liking))
            buf_add(&out, value);
        else
            value_literal(value_string(value), &out);
    } else {                         // the level that is nearest
        if (level > 1)
            buf_printf(&out, "%s >= %d.5%s", column, (int)level - 1, level < LEVELS ? " and " : "");
        if (level < LEVELS)
            buf_printf(&out, "%s < %d.5", column, (int)level);
    }
    json_w_kstring(w, "condition", buf_slice(&out));
    buf_drop(&out);
}

static void json_attribute(struct json_w *w, enum liking liking)
{
    json_w_kcstr(w, "name", liking_name(liking));
    json_w_kcstr(w, "column", attributes[liking].column);
    json_w_texts(w, "label", slice_of(attributes[liking].en), slice_of(attributes[liking].es));
}

static void json_worded(struct json_w *w, enum liking liking, const struct worded *worded)
{
    json_w_kstring(w, "value", worded->value);
    json_w_texts(w, "label", worded->en, worded->es);
    json_condition(w, liking, worded->value);
}

static void json_as_of(struct json_w *w, const struct likings_view *view)
{
    char text[TIME_TEXT_MAX];
    json_w_kstring(w, "asOf", time_print_date(likings_today(view) * DAY_MS, text));
    json_w_ki64(w, "halfLifeDays", LIKING_HALF_LIFE_DAYS);
}

/* ---- the shop ---- */
struct bar {
    struct worded is;
    uint32_t code;                   // of numbers
    double share;
    int64_t customers;
};
struct chart {
    struct bar *bar;
    size_t n;
    int64_t known;
};
struct shop_likings {
    bool ready;
    int64_t customers;
    struct chart chart[LIKINGS];     // as the columns have it, and then with shares
    struct slice json;
};

/* The place of a row's value among the bars: its code, or the nearest whole number. */
static size_t bar_of(const struct column *c, size_t row)
{
    double raw = (double)column_raw(c, row);
    return c->kind == COLUMN_CODES ? (size_t)raw : (size_t)(raw / pow(10, c->scale) + .5);
}

static bool count_column(const struct column *c, const uint64_t *customers, size_t rows, struct arena *mem, enum liking liking,
                         struct chart *ret)
{
    bool codes = c->kind == COLUMN_CODES;
    ret->n = codes ? c->dictionary->n : HOURS;
    ret->bar = arena_array(mem, struct bar, ret->n + LIKING_SHOWN);
    for (size_t i = 0; ret->bar && i < ret->n; i++) {
        ret->bar[i].code = (uint32_t)i;
        ret->bar[i].is = codes ? (struct worded){ .value = arena_copy(mem, c->dictionary->value[i].string) }
                               : word_number(mem, liking, (uint32_t)i);
        if (!ret->bar[i].is.value.at)
            return false;
    }
    for (size_t row = 0; ret->bar && row < rows; row++)
        if (bits_has(customers, row) && !column_is_null(c, row) && bar_of(c, row) < ret->n) {
            ret->bar[bar_of(c, row)].customers++;
            ret->known++;
        }
    return ret->bar != NULL;
}

static enum err_code count_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct shop_likings *s = arg;
    const struct population *p = call->rooms->population;
    s->ready = true;
    s->customers = (int64_t)population_customers_count(p);
    for (enum liking k = 0; k < LIKINGS; k++) {
        const struct column *c = columns_find(population_columns(p), slice_of(attributes[k].column));
        if (c && !count_column(c, population_customers(p), ask_rows(a), call->mem, k, &s->chart[k]))
            return NO_MEMORY(e);
    }
    return ERR_OK;
}

/* Shares to the bars; a value that is nobody's favourite has a bar, too. Under memory's read lock. */
static void add_shares(struct call *call, const struct likings_view *view, enum liking liking, struct chart *chart)
{
    struct liking_code best[LIKING_SHOWN];
    size_t n = chart->bar ? likings_of_shop(view, liking, best, LIKING_SHOWN) : 0, counted = chart->n;
    for (size_t i = 0; i < n; i++) {
        struct worded is = word_code(call->rooms, call->mem, view, liking, best[i].code);
        size_t at = 0;
        while (at < counted && !slice_eq(chart->bar[at].is.value, is.value))
            at++;
        if (at == counted)
            chart->bar[at = chart->n++] = (struct bar){ .code = best[i].code };
        chart->bar[at].is = is;
        chart->bar[at].share = best[i].share;
    }
    for (size_t i = 0; i < counted && !is_number(liking); i++)
        chart->bar[i].is = word_text(call->rooms, call->mem, liking, chart->bar[i].is.value);
}

static int most_first(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;
    if (x->customers != y->customers)
        return x->customers > y->customers ? -1 : 1;
    if (x->share > y->share || x->share < y->share)
        return x->share > y->share ? -1 : 1;
    return slice_cmp(x->is.value, y->is.value);
}

static int in_turn(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;
    size_t day = weekday_place(x->is.value), other = weekday_place(y->is.value);
    if (day != other)
        return day < other ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

static void json_chart(struct json_w *w, enum liking liking, struct chart *chart)
{
    bool in_order = is_number(liking) || liking == LIKING_WEEKDAY;
    size_t kept = 0, shown;
    for (size_t i = 0; i < chart->n; i++)
        if (chart->bar[i].customers || chart->bar[i].share > 0)
            chart->bar[kept++] = chart->bar[i];
    qsort(chart->bar, kept, sizeof *chart->bar, in_order ? in_turn : most_first);
    shown = kept < LIKING_SHOWN ? kept : LIKING_SHOWN;
    json_w_open(w, '{');
    json_attribute(w, liking);
    json_w_ki64(w, "known", chart->known);
    json_w_key(w, "values");
    json_w_open(w, '[');
    for (size_t i = 0; i < shown; i++) {
        json_w_open(w, '{');
        json_worded(w, liking, &chart->bar[i].is);
        json_w_kdouble(w, "share", chart->bar[i].share);
        json_w_ki64(w, "customers", chart->bar[i].customers);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_ki64(w, "more", (int64_t)(kept - shown));
    json_w_close(w, '}');
}

static void json_shop(struct call *call, struct shop_likings *s, const struct likings_view *view, struct buf *out)
{
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_kbool(&w, "ready", s->ready);
    json_w_ki64(&w, "progress", population_progress(call->rooms->population));
    json_as_of(&w, view);
    json_w_ki64(&w, "customers", s->customers);
    json_w_kdouble(&w, "evidenceNeeded", liking_limits.evidence);
    json_w_kdouble(&w, "sureNeeded", liking_limits.sure);
    json_w_key(&w, "attributes");
    json_w_open(&w, '[');
    for (enum liking k = 0; k < LIKINGS && s->ready; k++)
        json_chart(&w, k, &s->chart[k]);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
}

static enum err_code shop_run(struct call *call, void *arg, struct err *e)
{
    struct shop_likings *s = arg;
    enum err_code code = ask_population(call, count_locked, s, e);
    if (code && code != ERR_BUSY)
        return code;
    struct likings_view view = likings_look(call->rooms->likings);
    memory_read_lock(call->rooms->memory);
    for (enum liking k = 0; k < LIKINGS; k++)
        add_shares(call, &view, k, &s->chart[k]);
    memory_read_unlock(call->rooms->memory);
    struct buf out = buf_make(0);
    json_shop(call, s, &view, &out);
    likings_leave(&view);
    return call_keep(call, ERR_OK, &out, &s->json, e);
}

static enum err_code shop_done(struct call *call, void *arg, struct err *e)
{
    const struct shop_likings *s = arg;
    struct buf *out = call_buf(call);
    buf_add(out, s->json);
    return call_answer(call, 200, out, e);
}

enum err_code affinities_get(struct call *call, struct err *e)
{
    struct shop_likings *s = arena_array(call->mem, struct shop_likings, 1);
    if (!s)
        return NO_MEMORY(e);
    return call_slow(call, (struct call_slow){ shop_run, shop_done, s }, e);
}

/* ---- one customer ---- */
struct liked {
    struct taste_favourite is;
    double mean;                     // of price levels; NAN: unknown
    struct liking_code best[BEST_SHOWN];
    struct worded word[BEST_SHOWN];
    size_t n;
};
struct one_likings {
    uint32_t root;
    struct likings_view view;
    struct liked of[LIKINGS];
};

/* Under memory's read lock. */
static void look_at_one(struct call *call, struct one_likings *one, struct likings_work *work)
{
    struct customer_likings is = likings_of(&one->view, work, one->root, true);
    for (enum liking k = 0; k < LIKINGS; k++) {
        struct liked *of = &one->of[k];
        of->is = is.of[k];
        of->mean = k == LIKING_PRICE_LEVEL ? is.price_level : NAN;
        of->n = likings_best(&one->view, work, k, of->best, BEST_SHOWN);
        for (size_t i = 0; i < of->n; i++)
            of->word[i] = word_code(call->rooms, call->mem, &one->view, k, of->best[i].code);
    }
}

static bool is_known(enum liking liking, const struct liked *of)
{
    return liking == LIKING_PRICE_LEVEL ? !isnan(of->mean) : of->is.known;
}

/* "7 of 9 products bought are of Lighting": of orders where there are any, else of looks. */
static void counted(const struct liked *of, enum liking liking, bool es, struct buf *out)
{
    static const struct { const char *en, *es; } bought[LIKINGS] = {
        [LIKING_CATEGORY] = { "products bought are of", "productos comprados son de" },
        [LIKING_BRAND] = { "products bought are of", "productos comprados son de" },
        [LIKING_PRICE_LEVEL] = { "products bought are of level", "productos comprados son del nivel" },
        [LIKING_HOUR] = { "orders came in the hour", "pedidos llegaron en la franja" },
        [LIKING_WEEKDAY] = { "orders came on a", "pedidos llegaron en" },
        [LIKING_CHANNEL] = { "orders came by", "pedidos llegaron por" },
    }, looked[LIKINGS] = {
        [LIKING_CATEGORY] = { "looks were at", "visitas fueron a" },
        [LIKING_BRAND] = { "looks were at", "visitas fueron a" },
        [LIKING_PRICE_LEVEL] = { "looks were at level", "visitas fueron al nivel" },
        [LIKING_HOUR] = { "looks were in the hour", "visitas fueron en la franja" },
        [LIKING_WEEKDAY] = { "looks were on a", "visitas fueron en" },
        [LIKING_CHANNEL] = { "looks came by", "visitas llegaron por" },
    };
    const struct liking_code *best = &of->best[0];
    bool any = best->bought_all > 0;
    struct slice name = es ? of->word[0].es : of->word[0].en;
    buf_printf(out, es ? "%u de %u " : "%u of %u ", any ? best->bought : best->looked, any ? best->bought_all : best->looked_all);
    buf_adds(out, any ? (es ? bought[liking].es : bought[liking].en) : es ? looked[liking].es : looked[liking].en);
    buf_printf(out, " %.*s", SLICE_ARG(name));
}

/* With one decimal, as the language writes it. */
static void decimal(double value, bool es, struct buf *out)
{
    int tenths = (int)round(value * 10);
    buf_printf(out, "%d%c%d", tenths / 10, es ? ',' : '.', tenths % 10);
}

static void why(const struct one_likings *one, enum liking liking, bool es, struct buf *out)
{
    const struct liked *of = &one->of[liking];
    if (!of->n) {
        buf_adds(out, es ? "Todavía no se sabe nada." : "Nothing is known yet.");
        return;
    }
    if (is_known(liking, of) && liking == LIKING_PRICE_LEVEL) {
        buf_adds(out, es ? "De media, nivel " : "Level ");
        decimal(of->mean, es, out);
        buf_adds(out, es ? " de 5; " : " of 5 on average; ");
    }
    counted(of, liking, es, out);
    buf_adds(out, es ? " desde " : " since ");
    reason_month_name(of->best[0].since_ms, likings_today(&one->view) * DAY_MS, es ? "es" : "en", out);
    buf_addc(out, '.');
    if (is_known(liking, of))
        return;
    if (of->is.evidence < liking_limits.evidence) {
        buf_adds(out, es ? " Aún es poco: vale como " : " Too little yet: it is worth ");
        decimal(fmin(of->is.evidence, liking_limits.evidence - .1), es, out);
        buf_printf(out, es ? " compras recientes y hacen falta %.0f." : " recent purchases of the %.0f it takes.",
                   liking_limits.evidence);
    } else {
        buf_printf(out, es ? " No hay un favorito claro: solo va por delante con una probabilidad del %.0f %%."
                           : " No clear favourite: it is really ahead with a chance of %.0f %% only.", 100 * of->is.sure);
    }
}

static void json_liked(struct json_w *w, const struct one_likings *one, enum liking liking)
{
    const struct liked *of = &one->of[liking];
    json_w_open(w, '{');
    json_attribute(w, liking);
    json_w_kbool(w, "known", is_known(liking, of));
    json_w_kdouble(w, "mean", of->mean);
    json_w_kdouble(w, "evidence", of->is.evidence);
    json_w_kdouble(w, "sure", of->is.sure);
    json_w_ki64(w, "bought", of->n ? of->best[0].bought_all : 0);
    json_w_ki64(w, "looked", of->n ? of->best[0].looked_all : 0);
    json_ktime_or_null(w, "since", of->n ? of->best[0].since_ms : FACT_NO_TIME);
    json_w_key(w, "values");
    json_w_open(w, '[');
    for (size_t i = 0; i < of->n; i++) {
        json_w_open(w, '{');
        json_worded(w, liking, &of->word[i]);
        json_w_kdouble(w, "share", of->best[i].share);
        json_w_kdouble(w, "shopShare", of->best[i].shop_share);
        json_w_ki64(w, "bought", of->best[i].bought);
        json_w_ki64(w, "looked", of->best[i].looked);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    struct buf text[2] = { buf_make(1000), buf_make(1000) };
    for (int es = 0; es < 2; es++)
        why(one, liking, es, &text[es]);
    json_w_texts(w, "why", buf_slice(&text[0]), buf_slice(&text[1]));
    buf_drop(&text[0]);
    buf_drop(&text[1]);
    json_w_close(w, '}');
}

enum err_code customer_affinities_get(struct call *call, struct err *e)
{
    struct one_likings *one = arena_array(call->mem, struct one_likings, 1);
    struct likings_work work = { 0 };
    if (!one)
        return NO_MEMORY(e);
    TRY(call_customer(call, call->param[0], &one->root, e));
    one->view = likings_look(call->rooms->likings);
    memory_read_lock(call->rooms->memory);
    look_at_one(call, one, &work);
    memory_read_unlock(call->rooms->memory);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_id(&w, "customer", one->root);
    json_as_of(&w, &one->view);
    json_w_key(&w, "attributes");
    json_w_open(&w, '[');
    for (enum liking k = 0; k < LIKINGS; k++)
        json_liked(&w, one, k);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    likings_leave(&one->view);
    likings_work_clear(&work);
    return call_answer(call, 200, out, e);
}
