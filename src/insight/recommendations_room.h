/* Inside insight: what the files of the recommendations share. */
#ifndef TENDERO_INSIGHT_RECOMMENDATIONS_ROOM_H
#define TENDERO_INSIGHT_RECOMMENDATIONS_ROOM_H

#include "insight/recommendations.h"

#define NO_ITEM UINT32_MAX
#define DIMENSIONS_MAX 64u           // of iALS: more cost a decision too much
#define NEW_ITEMS 1024u              // that may come before the next fit
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the recommendations")

/* ---- everybody's purchases, copied once (recommendations_book.c) ---- */
struct book_line {
    int64_t time_ms;
    uint32_t item;
};
struct book {
    struct book_line *line;            // of customer c: line[start[c] .. start[c + 1]), oldest first
    size_t *start;
    uint32_t customers, items;
    int64_t oldest_ms, newest_ms;
};
MUST_CHECK enum err_code book_read(struct memory *, const struct purchases *, struct book *ret, struct err *e);
void book_drop(struct book *);
/* The distinct items of each customer within [since, until), the latest bought last. The rows of those who bought nothing are
 * empty, so that rows of two windows stand beside each other. */
struct window {
    uint32_t *item;
    uint64_t *start;                     // customers + 1
    uint32_t customers, items;
};
MUST_CHECK enum err_code window_make(const struct book *, int64_t since_ms, int64_t until_ms, struct window *ret, struct err *e);
void window_drop(struct window *);
/* Orders of the customer before that moment. */
uint32_t book_orders(const struct book *, uint32_t customer, int64_t until_ms);
/* The last order before that moment: at most max items, returns how many. */
size_t book_last_order(const struct book *, uint32_t customer, int64_t until_ms, uint32_t *item, size_t max);
/* ret[items]: the median days after which an item is bought again, by items that enough customers do so with; else 0. */
MUST_CHECK enum err_code book_again(const struct book *, uint16_t *ret, struct err *e);

/* ---- fitting (recommendations_fit.c) ---- */
struct fit_ask {
    const struct book *book;
    struct memory *memory;
    struct purchases *purchases;
    int64_t until_ms;                    // FACT_NO_TIME: all
    struct recommend_settings settings;
    const struct recommend_content *content;  // or NULL: it is not known what products are
    bool quick;                          // only what takes seconds
    const atomic_bool *cancel;           // or NULL
};
MUST_CHECK enum err_code proposers_fit(const struct fit_ask *, struct proposers **ret, struct err *e);
/* Neighbours by what products are (recommendations_content.c). */
MUST_CHECK enum err_code content_liken(const struct fit_ask *, const uint32_t *buyers, uint32_t items, struct neighbours **ret,
                                       struct err *e);
void proposers_drop(struct proposers **);
/* Of what was bought before that moment. */
MUST_CHECK enum err_code settings_tune(const struct fit_ask *, struct progress *, struct recommend_settings *ret, struct err *e);
struct recommend_settings settings_usual(void);
/* Orders before until_ms that `sessions` does not hold yet. */
MUST_CHECK enum err_code sessions_follow(struct proposers *, struct memory *, const struct purchases *, int64_t until_ms,
                                         struct err *e);
/* Most buyers first, ties by number. */
void trending_order(struct trending *, size_t n);
/* Rows without the empty ones, which borrow the window's items; free(start). */
struct purchase_rows window_rows(const struct window *);

/* ---- proposing (recommendations_propose.c) ---- */
#define POOL_MAX (RECOMMEND_LIST * PROPOSERS)
struct pool {
    uint32_t item[POOL_MAX], why[POOL_MAX], together[POOL_MAX];
    float score[PROPOSERS][POOL_MAX];    // NAN: not named by it
    float most[POOL_MAX];                // how much the proposer counts that named `by`
    uint8_t by[POOL_MAX];
    size_t n;
};
/* What the proposers with a weight name, each with its score. */
MUST_CHECK enum err_code recommend_gather(struct proposers *, const double weight[PROPOSERS], const struct recommend_basis *,
                                          const struct recommend_taste *, struct recommend_work *, const struct pool **ret,
                                          struct err *e);

/* ---- the proof (recommendations_proof.c) ---- */
struct proof_ask {
    struct fit_ask fit;
    const struct recommend_taste *taste;
    int64_t cutoff_ms;
    int days;
    bool tune;
    struct progress *progress;
};
MUST_CHECK enum err_code recommend_prove(const struct proof_ask *, struct recommend_proof *ret, struct err *e);
/* What is asked where nothing could be learnt. */
void weights_usual(double weight[PROPOSERS]);

/* ---- what is kept (recommendations_keep.c) ---- */
struct recommend_learnt {
    int64_t at_ms, took_ms;              // 0: never
    uint64_t orders;
    bool proven;                         // there were orders to prove it with
    struct recommend_proof proof;
};
struct recommend_note {
    char text[256];                      // for the log; empty: nothing
};
struct recommend_kept {
    struct recommend_learnt learnt;
    struct recommend_version past[RECOMMEND_VERSIONS];  // newest first
    size_t n;
    struct recommend_note note;
};
/* In one transaction of the writer. */
MUST_CHECK enum err_code recommend_keep(struct memory *, const struct recommend_version *, const struct recommend_learnt *,
                                        struct err *e);
/* What cannot be read is left out and noted. */
MUST_CHECK enum err_code recommend_kept(struct store_conn *, struct recommend_kept *ret, struct err *e);

#endif
