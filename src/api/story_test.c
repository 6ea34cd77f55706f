/* The sentences of the timeline, in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api_room.h"

static const struct {
    enum fact_type type;
    const char *event, *body, *en, *es;
} cases[] = {
    { FACT_TRACK, "Order Completed",
      "{\"properties\":{\"order_id\":\"536365\",\"currency\":\"GBP\",\"products\":[{\"price\":139.12}]}}",
      "Ordered one product for £139.12 (order 536365)", "Pidió un producto por 139,12 £ (pedido 536365)" },
    { FACT_TRACK, "Order Completed", "{\"properties\":{\"products\":[{\"price\":\"2.5\",\"quantity\":\"3\"},{}]}}",
      "Ordered 2 products for 7.50 SEK", "Pidió 2 productos por 7,50 SEK" },
    { FACT_TRACK, "Order Completed", "{\"properties\":{\"revenue\":9.999}}", "Placed an order for 10.00 SEK",
      "Hizo un pedido por 10,00 SEK" },
    { FACT_TRACK, "Order Completed", "{}", "Placed an order", "Hizo un pedido" },
    { FACT_TRACK, "Order Refunded",
      "{\"properties\":{\"order_id\":\"C1\",\"currency\":\"EUR\",\"products\":[{\"price\":2,\"quantity\":-1}]}}",
      "Gave back one product for €2.00 (order C1)", "Devolvió un producto por 2,00 € (pedido C1)" },
    { FACT_TRACK, "Order Completed",
      "{\"properties\":{\"products\":[{\"price\":9000000000000,\"quantity\":9000000000000}]}}",
      "Ordered one product", "Pidió un producto" },
    { FACT_TRACK, "Order Cancelled", "{\"properties\":{\"order_id\":7}}", "Cancelled the order 7",
      "Canceló el pedido 7" },
    { FACT_TRACK, "Product Viewed", "{\"properties\":{\"name\":\"WHITE MUG\",\"product_id\":\"m\"}}",
      "Looked at WHITE MUG", "Miró WHITE MUG" },
    { FACT_TRACK, "Product Viewed", "{\"properties\":3}", "Looked at a product", "Miró un producto" },
    { FACT_TRACK, "Product Added", "{\"properties\":{\"sku\":\"m-1\"}}", "Put m-1 in the cart",
      "Puso m-1 en el carrito" },
    { FACT_TRACK, "Products Searched", "{\"properties\":{\"query\":\"tea\\npot\"}}", "Searched for “tea pot”",
      "Buscó «tea pot»" },
    { FACT_TRACK, "Signed Up", "{}", "Did: Signed Up", "Hizo: Signed Up" },
    { FACT_IDENTIFY, "", "{\"traits\":{\"name\":\"Ann\",\"country\":\"ES\"}}", "Told us: name, country",
      "Nos dijo: name, country" },
    { FACT_IDENTIFY, "", "{\"traits\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1}}",
      "Told us: a, b, c, d, e, f and 2 more", "Nos dijo: a, b, c, d, e, f y 2 más" },
    { FACT_IDENTIFY, "", "{}", "Was recognised", "Fue reconocido" },
    { FACT_PAGE, "Home", "{}", "Visited a page: Home", "Visitó una página: Home" },
    { FACT_PAGE, "", "{\"properties\":{\"path\":\"/tea\"}}", "Visited a page: /tea", "Visitó una página: /tea" },
    { FACT_SCREEN, "", "{}", "Opened a screen", "Abrió una pantalla" },
    { FACT_GROUP, "", "{\"groupId\":\"g1\",\"traits\":{\"name\":\"Abel Ltd\"}}", "Belongs to Abel Ltd",
      "Pertenece a Abel Ltd" },
    { FACT_ALIAS, "", "{\"previousId\":\"old\"}", "Is the same as old", "Es lo mismo que old" },
    { FACT_DECISION, "", "{\"proposals\":[{\"product\":{\"title\":\"TEA\"}},{\"product\":{\"title\":\"POT\"}}]}",
      "We proposed: TEA, POT", "Propusimos: TEA, POT" },
    { FACT_DECISION, "", "{\"proposals\":[]}", "We proposed: nothing", "Propusimos: nada" },
    { FACT_MERGE, "", "{\"winner\":17,\"loser\":3,\"reason\":\"email\"}", "Was merged with c17: same e-mail",
      "Se unió con c17: mismo correo" },
    { FACT_UNMERGE, "", "{\"merge\":55}", "The merge 55 was undone", "Se deshizo la unión 55" },
    { FACT_CORRECTION, "", "{\"seq\":9,\"note\":\"a typing error\"}", "Fact 9 was corrected: a typing error",
      "El hecho 9 fue corregido: a typing error" },
    { FACT_DELETION, "", "{\"seq\":9}", "Fact 9 was taken back", "El hecho 9 fue retirado" },
    { FACT_TRAIT, "", "{\"traits\":{\"vip\":true}}", "We noted: vip", "Anotamos: vip" },
    { FACT_AUDIENCE, "", "{\"audience\":3,\"name\":\"Big\",\"in\":true}", "Came into the audience Big",
      "Entró en el público Big" },
    { FACT_AUDIENCE, "", "{\"audience\":3,\"name\":\"Big\",\"in\":false}", "Left the audience Big",
      "Salió del público Big" },
    { FACT_AUDIENCE, "", "{\"audience\":3,\"name\":\"Big\",\"version\":2,\"customers\":7}",
      "Another version counts of the audience Big", "Cuenta otra versión del público Big" },
    { FACT_TRAIT, "", "{\"traits\":{\"gift\":\"cake\"},\"provenance\":\"inferred\",\"decision\":\"Gift\"}",
      "Decided by Gift: gift", "Decidido por Gift: gift" },
    { FACT_MEMBERSHIP, "", "{\"account\":5,\"role\":\"buyer\"}", "Acts for c5 as buyer", "Actúa para c5 como buyer" },
    { FACT_MEMBERSHIP, "", "{\"account\":5,\"ended\":true}", "No longer acts for c5", "Ya no actúa para c5" },
    { FACT_PERMISSION, "", "{\"properties\":{\"channel\":\"email\",\"given\":true,\"topic\":\"news\",\"until\":\"2027-06-30\"}}",
      "May be contacted by e-mail about news until 2027-06-30", "Permite que le contactemos por correo sobre news hasta el "
      "2027-06-30" },
    { FACT_PERMISSION, "", "{\"properties\":{\"channel\":\"sms\",\"given\":false}}",
      "Does not want to be contacted any more by text message", "Ya no quiere que le contactemos por SMS" },
    { FACT_CATALOGUE, "", "{\"product\":{\"title\":\"TEA\"}}", "The catalogue has TEA", "El catálogo tiene TEA" },
    { FACT_CATALOGUE, "", "{\"removed\":\"tea\"}", "Left the catalogue: tea", "Salió del catálogo: tea" },
};

static void each_fact_is_a_sentence(void **state)
{
    (void)state;
    struct api_options rooms = { .currency = SLICE("SEK") };
    struct call call = { .rooms = &rooms, .mem = arena_new(1 << 20) };
    AUTO(json_parser) parser = json_parser_new();
    assert_true(call.mem && parser);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf en = buf_make(4096), es = buf_make(4096);
        struct fact fact = { .type = cases[i].type, .event = slice_of(cases[i].event) };
        struct json body;
        struct err e;
        assert_int_equal(json_parse(parser, slice_of(cases[i].body), &body, &e), ERR_OK);
        story_write(&call, &fact, body, &en, &es);
        if (!slice_is(buf_slice(&en), cases[i].en) || !slice_is(buf_slice(&es), cases[i].es))
            fail_msg("%s: %.*s / %.*s", cases[i].en, SLICE_ARG(buf_slice(&en)), SLICE_ARG(buf_slice(&es)));
        buf_drop(&en);
        buf_drop(&es);
    }
    arena_drop(&call.mem);
}

/* Words from outside are cut where a character ends, and stay what they are: text. */
static void long_words_are_cut(void **state)
{
    (void)state;
    char name[400] = "";
    for (size_t i = 0; i < 60; i++)
        memcpy(name + i * 3, "€", 4);
    struct api_options rooms = { 0 };
    struct call call = { .rooms = &rooms, .mem = arena_new(1 << 20) };
    struct buf en = buf_make(4096), es = buf_make(4096);
    struct fact fact = { .type = FACT_TRACK, .event = slice_of(name) };
    story_write(&call, &fact, (struct json){ 0 }, &en, &es);
    assert_int_equal(en.len, strlen("Did: ") + 26 * 3 + strlen("…"));
    buf_drop(&en);
    buf_drop(&es);
    arena_drop(&call.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_fact_is_a_sentence),
                                        cmocka_unit_test(long_words_are_cut) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
