#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "text/fold.h"

static struct arena *mem;

static int setup(void **state)
{
    (void)state;
    mem = arena_new(1u << 20);
    return mem ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

static const struct {
    const char *text, *folded, *words;
} cases[] = {
    { "", "", "" },
    { "Jos\xC3\xA9 P\xC3\x89REZ", "jose perez", "jose/perez/" },
    { "JOSE\xCC\x81", "jose", "jose/" },                                     // a mark of its own
    { "Stra\xC3\x9F""e", "strasse", "strasse/" },
    { "\xEF\xAC\x81n", "fin", "fin/" },                                     // fi ligature
    { "\xEF\xBC\xA1\xEF\xBC\x91", "a1", "a1/" },                            // fullwidth A1
    { "\xC5\xB9\xC3\xB3\xC5\x82w", "zo\xC5\x82w", "zo\xC5\x82w/" },            // a stroke is no mark
    { "\xCE\xA3\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82",
      "\xCF\x83\xCE\xB9\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x83",
      "\xCF\x83\xCE\xB9\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x83/" },
    { "ann.smith-lee_9@example.com", "ann.smith-lee_9@example.com", "ann/smith/lee/9/example/com/" },
    { "a\xFF" "b\xC3", "a b ", "a/b/" },
    { "  --  ", "  --  ", "" },
    { "\xE6\x97\xA5\xE6\x9C\xAC 5", "\xE6\x97\xA5\xE6\x9C\xAC 5", "\xE6\x97\xA5\xE6\x9C\xAC/5/" },
    { "\xF0\x9F\x98\x80x", "\xF0\x9F\x98\x80x", "x/" },
};

static void folds_and_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice folded = fold_text(slice_of(cases[i].text), mem), rest = folded, word;
        assert_true(slice_is(folded, cases[i].folded));
        char words[128] = "";
        while (fold_word(&rest, &word)) {
            strncat(words, word.at, word.len);
            strcat(words, "/");
        }
        assert_string_equal(words, cases[i].words);
        assert_int_equal(rest.len, 0);
    }
}

/* Whatever the point: the result is UTF-8, and folding it again changes nothing. */
static void every_point_folds_for_good(void **state)
{
    (void)state;
    for (uint32_t point = 1; point <= 0x10FFFF; point++) {
        char text[4];
        if (point >= 0xD800 && point <= 0xDFFF)
            continue;
        struct slice once = fold_text((struct slice){ text, utf8_put(point, text) }, mem);
        struct slice twice = fold_text(once, mem);
        if (!once.at || !utf8_valid(once) || !slice_eq(once, twice))
            fail_msg("U+%04X: '%.*s' then '%.*s'", point, SLICE_ARG(once), SLICE_ARG(twice));
        arena_reset(mem);
    }
}

static void says_when_memory_ends(void **state)
{
    (void)state;
    AUTO(arena) small = arena_new(16);
    assert_null(fold_text(SLICE("0123456789abcdef"), small).at);
    assert_true(slice_is(fold_text(SLICE("ABC"), small), "abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_and_cuts),
        cmocka_unit_test(every_point_folds_for_good),
        cmocka_unit_test(says_when_memory_ends),
    };
    return cmocka_run_group_tests_name("fold", tests, setup, teardown);
}
