/* The inside of the conformance suite: one trial, and the cases that run in it. */
#ifndef TENDERO_IO_STORE_STORE_CONFORMANCE_CASE_H
#define TENDERO_IO_STORE_STORE_CONFORMANCE_CASE_H

#include "io/store/store_conformance.h"

/* One case at work on its own database. */
struct trial {
    const struct store_lab *lab;
    char url[STORE_LAB_URL];
    struct store *store;
    struct store_conn *write, *read;
    struct err e;
    char flaw[512];
};

struct trial_case {
    const char *name;
    bool (*run)(struct trial *);
    bool faults;  // needs lab->faults
};

/* Notes the place and returns false. */
bool trial_flaw(struct trial *, const char *file, int line, const char *what);
#define EXPECT(cond)                                                                               \
    do {                                                                                           \
        if (!(cond))                                                                               \
            return trial_flaw(t, __FILE__, __LINE__, #cond);                                       \
    } while (0)
#define EXPECT_OK(call) EXPECT((call) == ERR_OK)

/* Opens store, write and read; closes what is open. */
MUST_CHECK enum err_code trial_open(struct trial *);
void trial_close(struct trial *);

/* The one integer a query answers; NULL answers INT64_MIN. */
MUST_CHECK enum err_code one_i64(struct store_conn *, const char *sql, int64_t *ret, struct err *e);
#define NUMBERS_TABLE                                                                              \
    "CREATE TABLE numbers (id INTEGER PRIMARY KEY, pair INTEGER NOT NULL, note TEXT) {strict}"
/* Two rows in one transaction: (2n, n) and (2n + 1, -n), so that pairs sum to 0 when none is torn. */
MUST_CHECK enum err_code pair_commit(struct store_conn *, int64_t n, struct err *e);
/* No pair torn, and pairs 0 … n - 1 there, perhaps more. */
bool pairs_whole(struct trial *, struct store_conn *, int64_t n);

extern const struct trial_case value_cases[], stress_cases[];
extern const size_t n_value_cases, n_stress_cases;

#endif
