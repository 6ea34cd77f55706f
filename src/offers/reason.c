#include "offers/reason.h"

#include <assert.h>
#include <stdio.h>

#include "text/time.h"

enum lang { EN, ES, LANGS };

static const char *const months[LANGS][12] = {
    { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November", "December" },
    { "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
      "noviembre", "diciembre" },
};

static enum lang lang_of(const char *lang)
{
    return lang[0] == 'e' && lang[1] == 's' ? ES : EN;
}

void reason_month(int64_t ms, char out[8])
{
    int32_t month = time_month(ms);
    unsigned year = (unsigned)(month / 100) % 10000, of_year = (unsigned)(month % 100) % 13;
    snprintf(out, 8, "%04u-%02u", year, of_year);
}

void reason_month_name(int64_t ms, int64_t now_ms, const char *lang, struct buf *out)
{
    int32_t then = time_month(ms), now = time_month(now_ms);
    buf_adds(out, months[lang_of(lang)][then % 100 - 1]);
    if (then / 100 != now / 100)
        buf_printf(out, lang_of(lang) == ES ? " de %d" : " %d", (int)(then / 100));
}

/* "in March", "last in March 2025" */
static void when_text(const struct reason *r, enum lang lang, struct buf *out)
{
    if (r->because_ms == FACT_NO_TIME)
        return;
    if (r->times > 1)
        buf_adds(out, lang == ES ? ", la última vez" : ", last");
    buf_adds(out, lang == ES ? " en " : " in ");
    reason_month_name(r->because_ms, r->now_ms, lang == ES ? "es" : "en", out);
}

static void times_text(uint32_t times, enum lang lang, struct buf *out)
{
    if (times == 2)
        buf_adds(out, lang == ES ? " dos veces" : " twice");
    else if (times > 2)
        buf_printf(out, lang == ES ? " %u veces" : " %u times", times);
}

static void together_text(const struct reason *r, enum lang lang, struct buf *out)
{
    bool one = r->count == 1;
    if (lang == ES) {
        buf_printf(out, one ? "%u cliente que compró %.*s, que usted compró"
                            : "%u clientes que compraron %.*s, que usted compró", r->count,
                   SLICE_ARG(r->because));
        times_text(r->times, lang, out);
        when_text(r, lang, out);
        buf_adds(out, one ? ", compró también esto" : ", compraron también esto");
        return;
    }
    buf_printf(out, one ? "%u customer who bought %.*s, which you bought"
                        : "%u customers who bought %.*s, which you bought", r->count,
               SLICE_ARG(r->because));
    times_text(r->times, lang, out);
    when_text(r, lang, out);
    buf_adds(out, ", bought this too");
}

static void viewed_text(const struct reason *r, enum lang lang, struct buf *out)
{
    bool one = r->count == 1;
    if (lang == ES)
        buf_printf(out, one ? "%u cliente que compró %.*s, que usted miró, compró también esto"
                            : "%u clientes que compraron %.*s, que usted miró, compraron también esto",
                   r->count, SLICE_ARG(r->because));
    else
        buf_printf(out, "%u %s who bought %.*s, which you looked at, bought this too", r->count,
                   one ? "customer" : "customers", SLICE_ARG(r->because));
}

/* Nobody counted who bought both. */
static void goes_with_text(const struct reason *r, enum lang lang, struct buf *out)
{
    bool viewed = r->code == REASON_VIEWED;
    if (lang == ES)
        buf_printf(out, viewed ? "porque usted miró %.*s" : "porque usted compró %.*s", SLICE_ARG(r->because));
    else
        buf_printf(out, viewed ? "because you looked at %.*s" : "because you bought %.*s", SLICE_ARG(r->because));
    if (viewed)
        return;
    times_text(r->times, lang, out);
    when_text(r, lang, out);
}

static void customers_text(const struct reason *r, enum lang lang, struct buf *out)
{
    buf_adds(out, lang == ES ? "clientes como usted lo compran" : "customers like you buy it");
    if (r->because.len)
        buf_printf(out, lang == ES ? "; va con %.*s" : "; it goes with %.*s", SLICE_ARG(r->because));
}

static void orders_text(const struct reason *r, enum lang lang, struct buf *out)
{
    bool viewed = r->times == 0, one = r->count == 1;
    if (lang == ES)
        buf_printf(out, viewed ? "porque usted miró %.*s: está en %u %s" : "porque usted compró %.*s: está en %u %s",
                   SLICE_ARG(r->because), r->count, one ? "pedido parecido" : "pedidos parecidos");
    else
        buf_printf(out, viewed ? "because you looked at %.*s: part of %u %s" : "because you bought %.*s: part of %u %s",
                   SLICE_ARG(r->because), r->count, one ? "order like it" : "orders like it");
}

static void again_text(const struct reason *r, enum lang lang, struct buf *out)
{
    bool one = r->count == 1;
    buf_adds(out, lang == ES ? "usted lo compró" : "you bought it");
    times_text(r->times, lang, out);
    when_text(r, lang, out);
    buf_printf(out, lang == ES ? "; quienes repiten lo hacen a los %u %s" : "; those who buy it again do so after %u %s",
               r->count, lang == ES ? (one ? "día" : "días") : one ? "day" : "days");
}

/* times: of what it is like; 0: it was looked at. */
static void new_text(const struct reason *r, enum lang lang, struct buf *out)
{
    if (lang == ES)
        buf_printf(out, "novedad para casi todos, parecido a %.*s, que usted %s", SLICE_ARG(r->because),
                   r->times ? "compró" : "miró");
    else
        buf_printf(out, "new to almost everybody, like %.*s, which you %s", SLICE_ARG(r->because),
                   r->times ? "bought" : "looked at");
}

static void popular_text(const struct reason *r, enum lang lang, struct buf *out)
{
    buf_adds(out, lang == ES ? "de lo más pedido últimamente" : "popular lately");
    if (r->code == REASON_POPULAR_IN_CATEGORY && r->category.len)
        buf_printf(out, lang == ES ? " en %.*s" : " in %.*s", SLICE_ARG(r->category));
    if (lang == ES)
        buf_printf(out, ": está en %u %s", r->count, r->count == 1 ? "pedido" : "pedidos");
    else
        buf_printf(out, ": part of %u %s", r->count, r->count == 1 ? "order" : "orders");
}

void reason_text(const struct reason *r, const char *lang, struct buf *out)
{
    assert(r && lang && out);
    enum lang l = lang_of(lang);
    switch (r->code) {
    case REASON_BOUGHT_TOGETHER:
    case REASON_VIEWED:
        (!r->count ? goes_with_text : r->code == REASON_VIEWED ? viewed_text : together_text)(r, l, out);
        break;
    case REASON_SIMILAR_CUSTOMERS:
        customers_text(r, l, out);
        break;
    case REASON_SIMILAR_ORDERS:
        orders_text(r, l, out);
        break;
    case REASON_BOUGHT_AGAIN:
        again_text(r, l, out);
        break;
    case REASON_NEW_LIKE:
        new_text(r, l, out);
        break;
    case REASON_POPULAR_IN_CATEGORY:
    case REASON_POPULAR:
    case REASONS:
        popular_text(r, l, out);
        break;
    }
}
