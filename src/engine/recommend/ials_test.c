#include "engine/recommend/ials.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "engine/recommend/recommend_testing.h"

#define DIMENSIONS 20           // no multiple of what loops are wide

static struct tastes shop;
static const struct ials_options usual = { .dimensions = DIMENSIONS, .epochs = 8, .alpha = .1f, .lambda = .02f, .nu = 1,
                                           .sigma = .1f, .seed = 5, .keep_buyers = true, .threads = 1 };

static struct ials *fit(const struct purchase_rows *rows, const struct ials_options *options)
{
    struct ials *model = NULL;
    assert_int_equal(ials_fit(rows, options, &model, NULL), ERR_OK);
    return model;
}

static void note_loss(void *arg, unsigned half_step, double loss)
{
    double *of = arg;
    of[half_step] = loss;
}

static void loss_falls_in_every_half_step(void **state)
{
    (void)state;
    for (uint32_t block = 0; block <= 16; block += 16) {
        double loss[16];
        struct ials_options o = usual;
        o.block = block;
        o.watch = note_loss;
        o.watch_arg = loss;
        struct ials *model = fit(&shop.train, &o);
        for (int half = 1; half < 16; half++)
            assert_true(loss[half] < loss[half - 1]);
        assert_true(loss[15] < .8 * loss[0]);
        ials_drop(&model);
    }
}

/* What is minimised, by plain loops over all pairs in double. */
static void loss_is_what_is_written(void **state)
{
    (void)state;
    double loss[16], want = 0;
    uint32_t of_item[SHOP_ITEMS] = { 0 };
    struct ials_options o = usual;
    o.watch = note_loss;
    o.watch_arg = loss;
    struct ials *model = fit(&shop.train, &o);
    uint32_t width = ials_width(DIMENSIONS);
    for (uint64_t at = 0; at < shop.train.start[SHOP_BUYERS]; at++)
        of_item[shop.train.item[at]]++;
    for (uint32_t b = 0; b < SHOP_BUYERS; b++) {
        const float *w = model->buyer + b * width;
        bool has[SHOP_ITEMS] = { 0 };
        double squared = 0;
        for (uint64_t at = shop.train.start[b]; at < shop.train.start[b + 1]; at++)
            has[shop.train.item[at]] = true;
        for (uint32_t k = 0; k < width; k++)
            squared += (double)w[k] * (double)w[k];
        want += .02 * ((double)(shop.train.start[b + 1] - shop.train.start[b]) + .1 * SHOP_ITEMS) * squared;
        for (uint32_t i = 0; i < SHOP_ITEMS; i++) {
            double score = 0;
            for (uint32_t k = 0; k < width; k++)
                score += (double)w[k] * (double)model->item[i * width + k];
            want += .1 * score * score + (has[i] ? (score - 1) * (score - 1) : 0);
        }
    }
    for (uint32_t i = 0; i < SHOP_ITEMS; i++)
        for (uint32_t k = 0; k < width; k++)
            want += .02 * (of_item[i] + .1 * SHOP_BUYERS) * pow((double)model->item[i * width + k], 2);
    assert_true(want < loss[15] && want > .98 * loss[15]);  // the buyers went one half step further
    ials_drop(&model);
}

static void fold_in_is_the_vector_of_the_fit(void **state)
{
    (void)state;
    struct ials *model = fit(&shop.train, &usual);
    struct ials_work *work = ials_work_new(DIMENSIONS);
    float *vector = ials_vector_new(DIMENSIONS);
    for (uint32_t b = 0; b < SHOP_BUYERS; b++) {
        uint64_t begin = shop.train.start[b], end = shop.train.start[b + 1];
        ials_fold_in(model, shop.train.item + begin, (size_t)(end - begin), vector, work);
        for (uint32_t k = 0; k < DIMENSIONS; k++)
            near(vector[k], model->buyer[b * ials_width(DIMENSIONS) + k], 1e-5);
    }
    free(vector);
    ials_work_drop(&work);
    ials_drop(&model);
}

/* By the hash of an item's name, its start is its own under any number. */
static void other_numbers_change_nothing(void **state)
{
    (void)state;
    static struct tastes turned;
    uint64_t key[SHOP_ITEMS], turned_key[SHOP_ITEMS];
    tastes_turn(&shop, &turned);
    for (uint32_t i = 0; i < SHOP_ITEMS; i++)
        turned_key[SHOP_ITEMS - 1 - i] = key[i] = hash_mix(i + 100);
    struct ials_options o = usual, turned_o = usual;
    o.item_key = key;
    turned_o.item_key = turned_key;
    struct ials *one = fit(&shop.train, &o), *two = fit(&turned.train, &turned_o);
    uint32_t width = ials_width(DIMENSIONS);
    for (uint32_t i = 0; i < SHOP_ITEMS; i++)
        for (uint32_t k = 0; k < width; k++)
            near(one->item[i * width + k], two->item[(SHOP_ITEMS - 1 - i) * width + k], 1e-3);
    ials_drop(&one);
    ials_drop(&two);
}

static void threads_change_nothing_at_all(void **state)
{
    (void)state;
    for (uint32_t block = 0; block <= 16; block += 16) {
        struct ials_options o = usual;
        o.block = block;
        struct ials *one = fit(&shop.train, &o);
        o.threads = 3;
        struct ials *three = fit(&shop.train, &o);
        assert_memory_equal(one->item, three->item, SHOP_ITEMS * ials_width(DIMENSIONS) * sizeof *one->item);
        ials_drop(&one);
        ials_drop(&three);
    }
}

/* Both ways end in the same place: the same loss, to a thousandth, when there is time. */
static void blocks_come_to_where_all_at_once_do(void **state)
{
    (void)state;
    double loss[2][120];
    for (int way = 0; way < 2; way++) {
        struct ials_options o = usual;
        o.dimensions = 40;
        o.epochs = 60;
        o.block = way ? 16 : 0;
        o.watch = note_loss;
        o.watch_arg = loss[way];
        struct ials *model = fit(&shop.train, &o);
        ials_drop(&model);
    }
    near(loss[1][119] / loss[0][119], 1, 1e-3);
}

/* The more steps a half step has, the nearer it comes to the exact one; few of them end in the same place, when there is time.
 * 40 dimensions are not as wide along their axes as beside them. */
static void steps_come_to_where_all_at_once_do(void **state)
{
    (void)state;
    double loss[120], last = 0, exact;
    struct ials_options o = usual;
    struct ials *model;
    o.dimensions = 40;
    o.watch = note_loss;
    o.watch_arg = loss;
    o.epochs = 1;
    model = fit(&shop.train, &o);
    exact = loss[1];
    ials_drop(&model);
    for (o.steps = 1; o.steps <= 16; o.steps *= 2) {
        model = fit(&shop.train, &o);
        ials_drop(&model);
        assert_true(loss[1] > exact * (1 - 1e-5));
        assert_true(o.steps == 1 || fabs(loss[1] - exact) <= fabs(last - exact) + 1e-5 * exact);
        last = loss[1];
    }
    near(last / exact, 1, 1e-4);
    o.epochs = 60;
    o.steps = 0;
    model = fit(&shop.train, &o);
    exact = loss[119];
    ials_drop(&model);
    o.steps = 3;
    model = fit(&shop.train, &o);
    for (int half = 1; half < 120; half++)
        assert_true(loss[half] <= loss[half - 1] * (1 + 1e-5));
    near(loss[119] / exact, 1, 1e-3);
    ials_drop(&model);
}

static void shares_sum_up_to_the_score(void **state)
{
    (void)state;
    struct ials *model = fit(&shop.train, &usual);
    struct ials_work *work = ials_work_new(DIMENSIONS);
    float *vector = ials_vector_new(DIMENSIONS), score[SHOP_ITEMS], share[5];
    const uint32_t bought[5] = { 0, 6, 12, 31, 90 };
    ials_fold_in(model, bought, 5, vector, work);
    ials_score(model, vector, score);
    for (uint32_t i = 0; i < SHOP_ITEMS; i++) {
        float sum = 0;
        ials_explain(model, bought, 5, i, share, work);
        for (int b = 0; b < 5; b++)
            sum += share[b];
        near(sum, score[i], 1e-4);
    }
    free(vector);
    ials_work_drop(&work);
    ials_drop(&model);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct ials *model = NULL;
    atomic_bool cancel = true;
    struct ials_options o = usual;
    const uint32_t item[] = { 9 };
    const uint64_t start[] = { 0, 1 };
    o.cancel = &cancel;
    assert_int_equal(ials_fit(&shop.train, &o, &model, NULL), ERR_BUSY);
    assert_int_equal(ials_fit(&(struct purchase_rows){ item, start, 1, 3 }, &usual, &model, NULL), ERR_INVALID);
    assert_null(model);
}

static int make(void **state)
{
    (void)state;
    tastes_make(&shop, 2);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_falls_in_every_half_step),
        cmocka_unit_test(loss_is_what_is_written),
        cmocka_unit_test(fold_in_is_the_vector_of_the_fit),
        cmocka_unit_test(other_numbers_change_nothing),
        cmocka_unit_test(threads_change_nothing_at_all),
        cmocka_unit_test(blocks_come_to_where_all_at_once_do),
        cmocka_unit_test(steps_come_to_where_all_at_once_do),
        cmocka_unit_test(shares_sum_up_to_the_score),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
