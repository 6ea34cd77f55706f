/* What the files of `tendero recommend` share: who bought what, by the names that the files have for them; and stored models.
 *
 * Order   buyers and items are numbered in the order of their names: by value where all of them are whole numbers, bytewise
 *         otherwise. So ties are broken in the same way wherever a name stands in a file.
 */
#ifndef TENDERO_APP_RECOMMEND_H
#define TENDERO_APP_RECOMMEND_H

#include "app/settings.h"
#include "engine/recommend/recommender.h"

struct names {
    struct arena *mem;
    struct slice *of;
    size_t n, cap;
    uint32_t *slot;             // open addressing: number + 1, or 0
    size_t slots;
};
#define NAMES_NONE UINT32_MAX
uint32_t names_find(const struct names *, struct slice name);

/* Rows with what they point to; items rise in a row, and each is there once. */
struct baskets {
    struct purchase_rows rows;
    uint32_t *item;
    uint64_t *start;
};

struct ledgers {
    struct names users, items;
    struct baskets train, test;
    uint64_t twice;             // lines that said what another line had said
};
void ledgers_drop(struct ledgers **);
/* Both files (test may be NULL): the columns user and item, others are passed over; - is standard input. Both have all users
 * and items of either. ERR_INVALID: the line, what is wrong, what would be right. */
MUST_CHECK enum err_code ledgers_read(const char *train, const char *test, struct ledgers **ret, struct err *e);
/* A hash of each item's name; free() it. */
uint64_t *ledgers_item_keys(const struct ledgers *);

/* A model with the names and rows that it was fitted to: docs/RECOMMEND.md describes the file. */
struct stored {
    struct recommender *model;
    struct ledgers *ledgers;
};
void stored_drop(struct stored *);
MUST_CHECK enum err_code stored_write(const char *path, const struct recommender *, const struct ledgers *, struct err *e);
/* ERR_CORRUPT: not such a file, of another version, or not as it was written. */
MUST_CHECK enum err_code stored_read(const char *path, struct stored *ret, struct err *e);
/* The rows and names, empty: for stored_read. */
MUST_CHECK enum err_code ledgers_new(struct ledgers **ret, struct err *e);
/* A csv_source that reads a FILE. */
enum err_code purchases_read_more(void *file, char *out, size_t cap, size_t *n, struct err *e);
/* false: no memory. */
bool names_add(struct names *, struct slice name, uint32_t *ret);

/* MovieLens' files, parted by a hash of user and item, as docs/RECOMMEND.md says. */
MUST_CHECK enum err_code command_recommend_split(struct settings *, struct err *e);

#endif
