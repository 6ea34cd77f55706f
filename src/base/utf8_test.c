#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/utf8.h"

static bool is_surrogate(uint32_t point)
{
    return point >= 0xD800 && point <= 0xDFFF;
}

static void every_point_is_read_back(void **state)
{
    (void)state;
    size_t bytes = 1;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        char text[8];
        if (is_surrogate(point))
            continue;
        size_t n = utf8_put(point, text);
        bytes = point == 0x80 || point == 0x800 || point == 0x10000 ? bytes + 1 : bytes;
        assert_int_equal(n, bytes);
        assert_int_equal(utf8_step((struct slice){ text, n }), n);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(utf8_step((struct slice){ text, cut }), 0);
        text[n] = (char)0x80;
        assert_int_equal(utf8_step((struct slice){ text, n + 1 }), n);
        assert_int_equal(utf8_find_flaw((struct slice){ text, n + 1 }), n);
    }
}

/* Among all texts of two and of three bytes just the well-formed ones pass: as many as there are. */
static void nothing_else_is_accepted(void **state)
{
    (void)state;
    size_t two = 0, three = 0, four = 0;
    for (uint32_t i = 0; i < 1u << 24; i++) {
        const char text[3] = { (char)(i >> 16), (char)(i >> 8), (char)i };
        three += utf8_step((struct slice){ text, 3 }) == 3;
        two += (i & 0xFF) == 0 && utf8_step((struct slice){ text, 2 }) == 2;
        const char long_text[4] = { (char)(0xF0 | i >> 20), (char)(i >> 12), (char)(i >> 4),
                                    (char)(0x80 | (i & 0xF)) };
        four += utf8_step((struct slice){ long_text, 4 }) == 4;
    }
    assert_int_equal(two, 0x800 - 0x80);
    assert_int_equal(three, 0x10000 - 0x800 - 0x800);
    assert_int_equal(four, (0x110000 - 0x10000) / 64 * 16);  // the last byte took 16 of its 64 values
}

static void finds_the_first_flaw(void **state)
{
    (void)state;
    char text[40];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        text[at] = (char)0xFF;
        struct slice s = { text, sizeof text };
        assert_int_equal(utf8_find_flaw(s), at);
        assert_false(utf8_valid(s));
        assert_true(utf8_valid((struct slice){ text, at }));
    }
    assert_true(utf8_valid((struct slice){ NULL, 0 }));
    assert_true(utf8_valid(SLICE(UTF8_REPLACEMENT "\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_is_read_back),
        cmocka_unit_test(nothing_else_is_accepted),
        cmocka_unit_test(finds_the_first_flaw),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
