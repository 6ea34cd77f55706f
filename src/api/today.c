/* What came in, and how the shop grows. */
#include "api/api_room.h"
#include "base/limits.h"
#include "memory/ingest.h"
#include "text/time.h"

#define DAYS_USUAL 30
#define DAYS_MAX 400
#define SOURCES_SHOWN 100

struct day {
    uint32_t received, rejected, customers, orders;
    int64_t revenue_micro;
};

struct today {
    int32_t first, last;  // days since 1970
    struct day *day;      // [last - first + 1]
    struct count_source source[SOURCES_SHOWN];
    size_t n_sources;
    struct slice *source_name;
    uint32_t customers, known;
    int64_t facts, products;
    struct tier_row tiers[TIERS];
    struct ingest_totals totals;
};

static struct day *day_of(struct today *t, int32_t day)
{
    return day >= t->first && day <= t->last ? &t->day[day - t->first] : NULL;
}

static void gather_memory(struct call *call, struct today *t, struct count_day *counted, struct day_row *sold)
{
    const struct api_options *rooms = call->rooms;
    size_t max = (size_t)(t->last - t->first) + 1;
    size_t n = counts_days(rooms->counts, t->first, counted, max);
    for (size_t i = 0; i < n; i++) {
        struct day *day = day_of(t, counted[i].day);
        if (day) {
            day->received = counted[i].received;
            day->customers = counted[i].new_histories;
        }
    }
    n = purchases_days(rooms->purchases, t->first, sold, max);
    for (size_t i = 0; i < n; i++) {
        struct day *day = day_of(t, sold[i].day);
        if (day) {
            day->orders = sold[i].orders;
            day->revenue_micro = sold[i].revenue_micro;
        }
    }
    t->n_sources = counts_sources(rooms->counts, t->last, t->source, SOURCES_SHOWN);
    for (size_t i = 0; i < t->n_sources; i++)
        t->source_name[i] = memory_source_name(rooms->memory, t->source[i].source);
    const struct customers *customers = memory_customers(rooms->memory);
    t->customers = customers_roots(customers);
    t->known = customers_known(customers);
    t->facts = log_last_seq(memory_log(rooms->memory));
    t->products = catalogue_count(rooms->catalogue);
}

static enum err_code gather(struct call *call, struct today *t, struct err *e)
{
    const struct api_options *rooms = call->rooms;
    size_t max = (size_t)(t->last - t->first) + 1, n;
    struct count_day *counted = arena_array(call->mem, struct count_day, max);
    struct day_row *sold = arena_array(call->mem, struct day_row, max);
    struct rejection_day *refused = arena_array(call->mem, struct rejection_day, max);
    t->day = arena_array(call->mem, struct day, max);
    t->source_name = arena_array(call->mem, struct slice, SOURCES_SHOWN);
    if (!counted || !sold || !refused || !t->day || !t->source_name)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    memory_read_lock(rooms->memory);
    gather_memory(call, t, counted, sold);
    memory_read_unlock(rooms->memory);
    people_tiers(rooms->people, t->tiers);
    t->totals = ingest_totals(rooms->memory);
    TRY(ingest_rejection_days(call->thread->read, t->first, refused, max, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct day *day = day_of(t, refused[i].day);
        if (day)
            day->rejected = refused[i].rejected;
    }
    return ERR_OK;
}

static void day_name(struct json_w *w, int32_t day)
{
    char text[TIME_TEXT_MAX];
    json_w_kstring(w, "day", time_print_date(day * DAY_MS, text));
}

static void tips_member(struct json_w *w, const struct today *t)
{
    struct {
        bool show;
        const char *en, *es;
    } tips[] = {
        { !t->facts, "Bring in your past orders: Data, Imports.",
          "Traiga sus pedidos anteriores: Datos, Importaciones." },
        { t->facts > 0 && !t->n_sources, "Connect your shop: make a write key under Data.",
          "Conecte su tienda: cree una clave de escritura en Datos." },
        { t->facts > 0 && !t->products, "The catalogue is empty, so nothing can be proposed yet.",
          "El catálogo está vacío: aún no se puede proponer nada." },
        { t->day[t->last - t->first].rejected > 0, "Some events were refused today; Data says why.",
          "Hoy se rechazaron algunos eventos; Datos dice por qué." },
    };
    json_w_key(w, "tips");
    json_w_open(w, '[');
    for (size_t i = 0; i < sizeof tips / sizeof *tips; i++) {
        if (!tips[i].show)
            continue;
        json_w_open(w, '{');
        json_w_kcstr(w, "en", tips[i].en);
        json_w_kcstr(w, "es", tips[i].es);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void days_member(struct json_w *w, const struct today *t)
{
    json_w_key(w, "days");
    json_w_open(w, '[');
    for (int32_t d = t->first; d <= t->last; d++) {
        const struct day *day = &t->day[d - t->first];
        json_w_open(w, '{');
        day_name(w, d);
        json_w_ki64(w, "received", day->received);
        json_w_ki64(w, "rejected", day->rejected);
        json_w_ki64(w, "newCustomers", day->customers);
        json_w_ki64(w, "orders", day->orders);
        json_w_kmicro(w, "revenue", day->revenue_micro);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void lists_members(struct json_w *w, const struct today *t)
{
    json_w_key(w, "tiers");
    json_w_open(w, '[');
    for (int i = 0; i < TIERS; i++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "tier", tier_name(t->tiers[i].tier));
        json_w_ki64(w, "customers", t->tiers[i].customers);
        json_w_kmicro(w, "value", t->tiers[i].value_micro);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    days_member(w, t);
    json_w_key(w, "sources");
    json_w_open(w, '[');
    for (size_t i = 0; i < t->n_sources; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "name", t->source_name[i]);
        json_w_ktime(w, "lastSeenAt", t->source[i].last_seen_ms);
        json_w_ki64(w, "today", t->source[i].today);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void today_json(struct json_w *w, const struct today *t)
{
    const struct day *now = &t->day[t->last - t->first];
    json_w_open(w, '{');
    day_name(w, t->last);
    json_w_ki64(w, "received", now->received);
    json_w_ki64(w, "duplicates", (int64_t)t->totals.duplicates);  // since start: they leave no trace
    json_w_ki64(w, "rejected", now->rejected);
    json_w_ki64(w, "newCustomers", now->customers);
    json_w_ki64(w, "orders", now->orders);
    json_w_kmicro(w, "revenue", now->revenue_micro);
    json_w_ki64(w, "customers", t->customers);
    json_w_ki64(w, "known", t->known);
    json_w_ki64(w, "facts", t->facts);
    json_w_ki64(w, "products", t->products);
    lists_members(w, t);
    tips_member(w, t);
    json_w_close(w, '}');
}

enum err_code today_get(struct call *call, struct err *e)
{
    int64_t days;
    TRY(call_query_i64(call, "days", DAYS_USUAL, &days, e));
    if (days < 1 || days > DAYS_MAX)
        return err_set(e, ERR_INVALID, 0, "?days= must be 1 to %d", DAYS_MAX);
    struct today *t = arena_one(call->mem, struct today);
    if (!t)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    t->last = time_day(call->now_ms);
    t->first = t->last - (int32_t)days + 1;
    TRY(gather(call, t, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    today_json(&w, t);
    return call_answer(call, 200, out, e);
}

enum err_code settings_list(struct call *call, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < call->rooms->n_settings; i++) {
        const struct api_setting *setting = &call->rooms->settings[i];
        json_w_open(&w, '{');
        json_w_kcstr(&w, "name", setting->name);
        json_w_kcstr(&w, "value", setting->value);
        json_w_kcstr(&w, "from", setting->from);
        json_w_texts(&w, "help", slice_of(setting->help_en), slice_of(setting->help_es));
        json_w_close(&w, '}');
    }
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}
