#include "offers/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW INT64_C(1795403305400)     // November 2026
#define MARCH INT64_C(1773532800000)   // March 2026
#define LAST_YEAR INT64_C(1764547200000)  // December 2025

static const struct {
    struct reason reason;
    const char *en, *es;
} golden[] = {
    { { REASON_BOUGHT_TOGETHER, 12, 2, MARCH, NOW, { "RED MUG", 7 }, { "Mugs", 4 } },
      "12 customers who bought RED MUG, which you bought twice, last in March, bought this too",
      "12 clientes que compraron RED MUG, que usted compró dos veces, la última vez en marzo, compraron también esto" },
    { { REASON_BOUGHT_TOGETHER, 1, 1, LAST_YEAR, NOW, { "RED MUG", 7 }, { NULL, 0 } },
      "1 customer who bought RED MUG, which you bought in December 2025, bought this too",
      "1 cliente que compró RED MUG, que usted compró en diciembre de 2025, compró también esto" },
    { { REASON_BOUGHT_TOGETHER, 3, 17, FACT_NO_TIME, NOW, { "JAR", 3 }, { NULL, 0 } },
      "3 customers who bought JAR, which you bought 17 times, bought this too",
      "3 clientes que compraron JAR, que usted compró 17 veces, compraron también esto" },
    { { REASON_VIEWED, 5, 0, FACT_NO_TIME, NOW, { "JAR", 3 }, { NULL, 0 } },
      "5 customers who bought JAR, which you looked at, bought this too",
      "5 clientes que compraron JAR, que usted miró, compraron también esto" },
    { { REASON_VIEWED, 1, 0, FACT_NO_TIME, NOW, { "JAR", 3 }, { NULL, 0 } },
      "1 customer who bought JAR, which you looked at, bought this too",
      "1 cliente que compró JAR, que usted miró, compró también esto" },
    { { REASON_POPULAR_IN_CATEGORY, 40, 0, FACT_NO_TIME, NOW, { NULL, 0 }, { "Mugs", 4 } },
      "popular lately in Mugs: part of 40 orders",
      "de lo más pedido últimamente en Mugs: está en 40 pedidos" },
    { { REASON_POPULAR, 1, 0, FACT_NO_TIME, NOW, { NULL, 0 }, { "Mugs", 4 } },
      "popular lately: part of 1 order", "de lo más pedido últimamente: está en 1 pedido" },
    { { REASON_BOUGHT_TOGETHER, 0, 2, MARCH, NOW, { "JAR", 3 }, { NULL, 0 } },
      "because you bought JAR twice, last in March", "porque usted compró JAR dos veces, la última vez en marzo" },
    { { REASON_VIEWED, 0, 0, FACT_NO_TIME, NOW, { "JAR", 3 }, { NULL, 0 } },
      "because you looked at JAR", "porque usted miró JAR" },
    { { REASON_SIMILAR_CUSTOMERS, 0, 1, MARCH, NOW, { "JAR", 3 }, { NULL, 0 } },
      "customers like you buy it; it goes with JAR", "clientes como usted lo compran; va con JAR" },
    { { REASON_SIMILAR_CUSTOMERS, 0, 0, FACT_NO_TIME, NOW, { NULL, 0 }, { NULL, 0 } },
      "customers like you buy it", "clientes como usted lo compran" },
    { { REASON_SIMILAR_ORDERS, 1, 0, FACT_NO_TIME, NOW, { "JAR", 3 }, { NULL, 0 } },
      "because you looked at JAR: part of 1 order like it", "porque usted miró JAR: está en 1 pedido parecido" },
    { { REASON_SIMILAR_ORDERS, 7, 1, MARCH, NOW, { "JAR", 3 }, { NULL, 0 } },
      "because you bought JAR: part of 7 orders like it", "porque usted compró JAR: está en 7 pedidos parecidos" },
    { { REASON_BOUGHT_AGAIN, 30, 2, MARCH, NOW, { "JAR", 3 }, { NULL, 0 } },
      "you bought it twice, last in March; those who buy it again do so after 30 days",
      "usted lo compró dos veces, la última vez en marzo; quienes repiten lo hacen a los 30 días" },
    { { REASON_NEW_LIKE, 0, 1, MARCH, NOW, { "JAR", 3 }, { NULL, 0 } },
      "new to almost everybody, like JAR, which you bought", "novedad para casi todos, parecido a JAR, que usted compró" },
    { { REASON_NEW_LIKE, 0, 0, FACT_NO_TIME, NOW, { "JAR", 3 }, { NULL, 0 } },
      "new to almost everybody, like JAR, which you looked at", "novedad para casi todos, parecido a JAR, que usted miró" },
};

static void sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct buf en = buf_make(0), es = buf_make(0);
        reason_text(&golden[i].reason, "en", &en);
        reason_text(&golden[i].reason, "es", &es);
        buf_addc(&en, 0);
        buf_addc(&es, 0);
        assert_string_equal(en.at, golden[i].en);
        assert_string_equal(es.at, golden[i].es);
        buf_drop(&en);
        buf_drop(&es);
    }
}

static void months(void **state)
{
    (void)state;
    char text[8];
    reason_month(MARCH, text);
    assert_string_equal(text, "2026-03");
    reason_month(LAST_YEAR, text);
    assert_string_equal(text, "2025-12");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sentences), cmocka_unit_test(months) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
