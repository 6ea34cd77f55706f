#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "offers/offers_testing.h"

void stall_open(struct stall *s)
{
    shop_make(&s->shop);
    assert_int_equal(catalogue_new(s->shop.lab.memory, s->shop.lab.read, s->shop.purchases, &s->catalogue, NULL),
                     ERR_OK);
    struct follower follower = catalogue_follower(s->catalogue);
    memory_follow(s->shop.lab.memory, &follower);
    shop_begin(&s->shop);
}

void stall_close(struct stall *s)
{
    lab_stop(&s->shop.lab);
    catalogue_drop(&s->catalogue);
    shop_end(&s->shop);
}

int stall_setup(void **state)
{
    struct stall *s = calloc(1, sizeof *s);
    assert_non_null(s);
    stall_open(s);
    *state = s;
    return 0;
}

int stall_teardown(void **state)
{
    struct stall *s = *state;
    stall_close(s);
    shop_close(&s->shop);
    free(s);
    return 0;
}

struct put {
    const struct product *product;
    struct category category;
    struct slice id;
    bool changed;
};

static enum err_code put_product(void *arg, struct tx *tx, struct err *e)
{
    struct put *put = arg;
    return tx_product_put(tx, put->product, NULL, 0, SLICE("eva"), &put->changed, e);
}

static enum err_code put_category(void *arg, struct tx *tx, struct err *e)
{
    struct put *put = arg;
    return tx_category_put(tx, &put->category, SLICE("eva"), &put->changed, e);
}

static enum err_code remove_product(void *arg, struct tx *tx, struct err *e)
{
    return tx_product_remove(tx, ((struct put *)arg)->id, SLICE("eva"), e);
}

bool stall_put(struct stall *s, const struct product *product)
{
    struct put put = { .product = product };
    lab_must_run(&s->shop.lab, put_product, &put);
    return put.changed;
}

void stall_goods(struct stall *s, const char *id, const char *category)
{
    struct product product = { .id = slice_of(id), .title = slice_of(id), .category = slice_of(category),
                               .active = true, .price_micro = 2500000, .stock = STOCK_NOT_COUNTED };
    stall_put(s, &product);
}

void stall_remove(struct stall *s, const char *id)
{
    struct put put = { .id = slice_of(id) };
    lab_must_run(&s->shop.lab, remove_product, &put);
}

void stall_category(struct stall *s, const char *id, const char *en, const char *es)
{
    struct put put = { .category = { .id = slice_of(id), .name_en = slice_of(en), .name_es = slice_of(es) } };
    lab_must_run(&s->shop.lab, put_category, &put);
}
