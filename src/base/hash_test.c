#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"

/* Values that the reference program `xxhsum` prints: hashes are stored, so they must never change. */
static void equals_the_reference(void **state)
{
    (void)state;
    assert_true(hash64(SLICE(""), 0) == 0x2D06800538D394C2u);
    assert_true(hash64((struct slice){ NULL, 0 }, 0) == 0x2D06800538D394C2u);
    struct hash128 h = hash128(SLICE(""), 0);
    assert_true(h.high == 0x99AA06D3014798D8u && h.low == 0x6001C324468D497Fu);
}

static void depends_on_seed_and_every_byte(void **state)
{
    (void)state;
    char text[300] = { 0 };
    for (size_t n = 1; n < sizeof text; n += 13) {
        struct slice s = { text, n };
        uint64_t plain = hash64(s, 1);
        struct hash128 wide = hash128(s, 1);
        assert_true(plain != hash64(s, 2) && wide.low != hash128(s, 2).low);
        for (size_t i = 0; i < n; i += 5) {
            text[i] ^= 1;
            struct hash128 other = hash128(s, 1);
            assert_true(plain != hash64(s, 1) && (wide.low != other.low || wide.high != other.high));
            text[i] ^= 1;
        }
        assert_true(plain == hash64(s, 1));
    }
}

/* The inverse of each step undoes it, so no two keys share a mix. */
static uint64_t unmix(uint64_t x)
{
    x = x ^ (x >> 31) ^ (x >> 62);
    x *= 0x319642b2d24d8ec3u;
    x = x ^ (x >> 27) ^ (x >> 54);
    x *= 0x96de1b173f119089u;
    return x ^ (x >> 30) ^ (x >> 60);
}

static void mix_is_a_bijection(void **state)
{
    (void)state;
    assert_true(hash_mix(0) == 0);
    for (uint64_t i = 1; i; i <<= 1)
        for (uint64_t k = i - 3; k != i + 3; k++)
            assert_true(unmix(hash_mix(k)) == k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_reference),
        cmocka_unit_test(depends_on_seed_and_every_byte),
        cmocka_unit_test(mix_is_a_bijection),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
