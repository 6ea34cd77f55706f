/* What the files of the share of customer share. Private to customer_share*.c. */
#ifndef TENDERO_INSIGHT_CUSTOMER_SHARE_ROOM_H
#define TENDERO_INSIGHT_CUSTOMER_SHARE_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/share/dirichlet.h"
#include "engine/share/wallet.h"
#include "insight/customer_share.h"
#include "text/json.h"

/* Customers of a category by root. */
struct share_rows {
    char *id;                        // owned; "": everything
    size_t n, known;
    uint32_t *root, *by_reach;       // by_reach: places of those that are known
    float *own, *wallet, *low, *high, *potential, *declared;
    uint8_t *why;
};
struct share_scores {
    _Atomic unsigned holders;
    int64_t fit;
    size_t n;
    struct share_rows category[SHARE_CATEGORIES + 1];
};

enum share_group { GROUP_PERSONS, GROUP_COMPANIES, SHARE_GROUPS };
const char *share_group_name(enum share_group);
/* Sums of those whose share is known, but the counts. */
struct share_sums {
    uint64_t customers, why[SHARE_WHYS];
    double own_all, own, wallet, low, high;
};
struct share_norm {
    bool is;
    char why_not[160];
    uint64_t panel;
    double penetration;              // of the category, and of us in it
    struct dirichlet_norm norm;
};
struct share_found {
    struct share_sums sums;
    struct wallet_summary group[SHARE_GROUPS];
    struct share_norm norm;
};
struct share_fit {
    int64_t fitted_ms, took_ms, since_ms, until_ms;
    uint64_t customers;              // who bought or declared
    double unlined;                  // own spend in orders without lines
    struct share_found found[SHARE_CATEGORIES + 1];
    struct share_scores *scores;     // owned
};
struct customer_share {
    struct customer_share_rooms rooms;
    pthread_mutex_t fitting;         // one at a time
    pthread_mutex_t lock;            // guards all below
    struct share_scores *scores;     // holds it once
    int64_t fitted_ms;               // of this start; 0: never
    uint64_t fitted_orders;
};

/* customer_share_fit.c; what it made is dropped with share_fit_clear. */
MUST_CHECK enum err_code share_fit_make(struct customer_share *, int64_t now_ms, struct progress *, struct share_fit *ret,
                                        struct err *e);
void share_fit_clear(struct share_fit *);
/* customer_share_spend.c: everybody's own spend by category. */
struct share_person {
    uint32_t root, orders, categories, cells;  // cells: how many are theirs
    size_t first;                    // of them
    float first_days, order_value;
    uint16_t country;
    uint8_t group;
    bool known;
};
struct share_cell {
    uint32_t person, category, orders;  // category: the population's number; 0: everything
    float own, declared, reliability;   // declared NAN: nothing
};
struct share_spend {
    struct share_person *person;
    struct share_cell *cell;         // by person, everything first
    size_t persons, cells, person_cap, cell_cap;
    uint16_t countries;              // 0: none is known
    double unlined;
};
MUST_CHECK enum err_code share_spend_gather(const struct customer_share_rooms *, int64_t since_ms, int64_t until_ms,
                                            struct progress *, struct share_spend *ret, struct err *e);
void share_spend_clear(struct share_spend *);
/* customer_share_report.c */
void share_report(const struct customer_share *, const struct share_fit *, struct json_w *);

#endif
