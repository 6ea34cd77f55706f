/* What number_parse accepts prints as a text that reads as the same number; the operations keep their promises for
 * any two numbers. The input is two texts with a blank between. */
#include <stdlib.h>

#include "engine/feel/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void check_print(struct number n)
{
    char out[NUMBER_TEXT];
    struct number again = { 0 };
    struct slice text = number_print(n, out);
    expect(text.len < NUMBER_TEXT);
    expect(number_parse(text, &again));
    expect(number_cmp(n, again) == 0);
}

static void check_round(struct number n, int scale)
{
    struct number below, above, near;
    expect(number_round(n, scale, ROUND_FLOOR, &below) && number_round(n, scale, ROUND_CEILING, &above));
    expect(number_cmp(below, n) <= 0 && number_cmp(n, above) <= 0);
    for (int way = ROUND_HALF_EVEN; way <= ROUND_CEILING; way++) {
        expect(number_round(n, scale, (enum number_rounding)way, &near));
        expect(number_cmp(near, below) == 0 || number_cmp(near, above) == 0);
        check_print(near);
    }
}

static void check_pair(struct number a, struct number b)
{
    bool (*const operations[])(struct number, struct number, struct number *) = {
        number_add, number_sub, number_mul, number_div, number_pow, number_modulo,
    };
    struct number ret;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (operations[i](a, b, &ret))
            check_print(ret);
    if (number_modulo(a, b, &ret))
        expect(number_sign(ret) * number_sign(b) >= 0 && number_cmp(number_abs(ret), number_abs(b)) <= 0);
    expect(number_cmp(a, b) == -number_cmp(b, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = { (const char *)data, size };
    struct slice left = slice_cut(&rest, ' ');
    struct number a, b, ret;
    int64_t whole;
    if (!number_parse(left, &a))
        return 0;
    check_print(a);
    if (number_to_i64(a, &whole))
        expect(number_cmp(a, number_of(whole)) == 0 && number_is_integer(a));
    for (int scale = -3; scale <= 3; scale++)
        check_round(a, scale);
    check_round(a, -6111);
    check_round(a, 6176);
    if (number_sqrt(a, &ret))
        check_print(ret);
    if (number_parse(rest, &b))
        check_pair(a, b);
    return 0;
}
