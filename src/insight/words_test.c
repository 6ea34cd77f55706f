#include "insight/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct slice numbered(int i, char out[32])
{
    return (struct slice){ out, (size_t)snprintf(out, 32, "%s%d", i % 3 ? "word-" : "w", i) };
}

static void numbers_and_back(void **state)
{
    (void)state;
    struct words words = { 0 };
    char text[32];
    assert_int_equal(words_find(&words, SLICE("w0")), 0);
    assert_int_equal(words_text(&words, 0).len, 0);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++)
            assert_int_equal(words_add(&words, numbered(i, text)), i + 1);
    assert_int_equal(words.count, 5000);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(words_find(&words, numbered(i, text)), i + 1);
        assert_true(slice_eq(words_text(&words, (uint32_t)i + 1), numbered(i, text)));
    }
    assert_int_equal(words_find(&words, SLICE("w1")), 0);
    assert_int_equal(words_text(&words, 5001).len, 0);
    assert_true(words_memory_bytes(&words) > 5000 * 6);
    words_drop(&words);
    assert_int_equal(words.count, 0);
    words_drop(&words);
}

static void any_bytes_are_a_word(void **state)
{
    (void)state;
    struct words words = { 0 };
    const struct slice odd[] = { SLICE(""), SLICE("\0"), SLICE("\0\0"), SLICE("\xff"), SLICE("a\0b"), SLICE("a") };
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(words_add(&words, odd[i]), i + 1);
    for (uint32_t i = 0; i < 6; i++)
        assert_true(words_find(&words, odd[i]) == i + 1 && slice_eq(words_text(&words, i + 1), odd[i]));
    words_drop(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(numbers_and_back), cmocka_unit_test(any_bytes_are_a_word) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
