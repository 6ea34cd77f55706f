#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "sys/random.h"

static void tokens_use_the_whole_alphabet(void **state)
{
    (void)state;
    char token[4097];
    int seen[256] = { 0 }, kinds = 0;
    memset(token, '!', sizeof token);
    random_token(token, 4096);
    assert_int_equal(strlen(token), 4096);
    for (size_t i = 0; i < 4096; i++) {
        assert_true(isalnum((unsigned char)token[i]));
        kinds += seen[(unsigned char)token[i]]++ == 0;
    }
    assert_int_equal(kinds, 62);  // one missing by chance: once in 10^27
    random_token(token, 0);
    assert_string_equal(token, "");
}

static void bytes_fill_exactly_and_differ(void **state)
{
    (void)state;
    unsigned char bytes[66], all_or[66] = { 0 };
    for (int turn = 0; turn < 64; turn++) {
        memset(bytes, 0, sizeof bytes);
        random_bytes(bytes + 1, 64);
        for (size_t i = 0; i < sizeof bytes; i++)
            all_or[i] |= bytes[i];
    }
    assert_int_equal(all_or[0] | all_or[65], 0);
    for (size_t i = 1; i <= 64; i++)
        assert_int_equal(all_or[i], 255);  // a bit stuck by chance: once in 10^16
    assert_true(random_u64() != random_u64());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_use_the_whole_alphabet),
        cmocka_unit_test(bytes_fill_exactly_and_differ),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
