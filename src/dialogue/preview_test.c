#include "dialogue/preview.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text_of(struct buf *b)
{
    buf_addc(b, 0);
    return b->at;
}

static void a_letter_in_both_languages(void **state)
{
    (void)state;
    static const struct {
        const char *lang, *greeting, *subject;
    } cases[] = { { "en", "Dear Ann", "Chosen for you: " }, { "es", "Hola, Ann", "Elegido para usted: " } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct preview_input in = { .lang = cases[i].lang, .shop = SLICE("Corner shop"), .name = SLICE("Ann"),
                                    .product = SLICE("WHITE MUG"), .reason = SLICE("because"),
                                    .price = SLICE("4.25 GBP"), .url = SLICE("https://shop.example/mug") };
        struct preview p;
        assert_int_equal(preview_render(&in, &p, NULL), ERR_OK);
        assert_non_null(strstr(text_of(&p.text), cases[i].greeting));
        assert_non_null(strstr(text_of(&p.html), cases[i].greeting));
        assert_non_null(strstr(p.html.at, "4.25 GBP"));
        assert_non_null(strstr(p.text.at, "https://shop.example/mug"));
        assert_non_null(strstr(text_of(&p.subject), cases[i].subject));
        preview_drop(&p);
    }
}

/* Whatever a shop or a customer wrote stays text. */
static void nothing_breaks_out(void **state)
{
    (void)state;
    struct preview_input in = { .lang = "en", .shop = SLICE("<b>"), .name = SLICE("<script>alert(1)</script>"),
                                .product = SLICE("\"><img src=x onerror=y>"), .reason = SLICE("a & b"),
                                .url = SLICE("javascript:alert(1)"),
                                .image_url = SLICE("https://x.example/\"onload=\"z") };
    struct preview p;
    assert_int_equal(preview_render(&in, &p, NULL), ERR_OK);
    char *html = text_of(&p.html);
    assert_null(strstr(html, "<script>"));
    assert_null(strstr(html, "<img src=x"));
    assert_null(strstr(html, "javascript:"));
    assert_null(strstr(html, "\"onload"));
    assert_non_null(strstr(html, "a &amp; b"));
    preview_drop(&p);
}

static void nobody_is_greeted_without_a_name(void **state)
{
    (void)state;
    struct preview_input in = { .lang = "en", .shop = SLICE("Shop"), .product = SLICE("MUG"),
                                .reason = SLICE("popular") };
    struct preview p;
    assert_int_equal(preview_render(&in, &p, NULL), ERR_OK);
    assert_non_null(strstr(text_of(&p.text), "Hello\n"));
    assert_null(strstr(p.text.at, "Price"));
    preview_drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_in_both_languages),
        cmocka_unit_test(nothing_breaks_out),
        cmocka_unit_test(nobody_is_greeted_without_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
