/* What each customer likes: favourite category, brand, hour, weekday and channel, and the level of price they buy at.
 *
 * Acts      lines bought that stand (purchases_lines), products put in the cart and looked at, each with its weight, half
 *           of it gone after 90 days (engine/recommend/tastes.h). Hours, weekdays and channels are those of orders that were
 *           not cancelled, also of what came back, and of looks. A channel is the source that told the fact.
 * Products  category and price as the catalogue has them; brands, and what it does not have, as events told them last: what
 *           an event said of a product stays when the event is taken back.
 * Levels    1 to 5: the fifth of the prices of its category that a product's is in; categories of fewer than LEVEL_PRICES
 *           products with a price have none.
 * Shop      what everybody does, of at most SHOP_SAMPLE customers evenly spread: shares of few acts lean on it. Made anew
 *           (likings_refresh) when a day begins, acts grew by a tenth, or the catalogue moved products or prices; the
 *           columns of everybody follow.
 * Days      are of the shop's zone; all that is said on a day is as of its end, so that it does not depend on when it is asked.
 * State     a follower of the log: the last LOOKS_MAX looks of a history, 16 bytes each, 4 bytes a history, and the products.
 *           Orders are those of purchases. Favourites are worked out when they are asked for.
 * Threads   any; a refresh at a time, it sees to that.
 */
#ifndef TENDERO_INSIGHT_LIKINGS_H
#define TENDERO_INSIGHT_LIKINGS_H

#include "base/arena.h"
#include "engine/recommend/tastes.h"
#include "insight/purchases.h"

#define LOOKS_MAX 40
#define LEVEL_PRICES 5
#define SHOP_SAMPLE 100000u
#define LIKING_HALF_LIFE_DAYS 90
#define LIKING_NONE UINT32_MAX
#define LIKING_SHOWN 32              // codes of an attribute at most

enum liking { LIKING_CATEGORY, LIKING_BRAND, LIKING_PRICE_LEVEL, LIKING_HOUR, LIKING_WEEKDAY, LIKING_CHANNEL, LIKINGS };
const char *liking_name(enum liking);  // "priceLevel"
extern const struct taste_limits liking_limits;

struct likings;
struct likings_shop;
struct zones;
/* zones->here is the zone of hours and days; NULL: UTC. */
MUST_CHECK enum err_code likings_new(struct memory *, struct purchases *, const struct zones *, struct likings **ret,
                                     struct err *e);
void likings_drop(struct likings **);
struct follower likings_follower(struct likings *);
size_t likings_memory_bytes(const struct likings *);
/* Another day may have begun. */
void likings_turn(struct likings *, int64_t now_ms);
bool likings_due(const struct likings *);
/* Makes the shop anew where it is due; takes the read lock itself and gives it back now and then. */
MUST_CHECK enum err_code likings_refresh(struct likings *, int64_t now_ms, struct err *e);

/* What is needed to tell, as it stands at a moment; to be given back. */
struct likings_view {
    struct likings *of;
    const struct likings_shop *shop;
};
struct likings_view likings_look(struct likings *);
void likings_leave(struct likings_view *);
/* Another one when people who did nothing may like something else. */
uint64_t likings_stamp(const struct likings_view *);
int32_t likings_today(const struct likings_view *);

/* Scratch of one thread. After likings_of it holds what was told of that customer. */
struct liking_act {
    int64_t time_ms;
    enum taste_event kind;
    uint32_t code[LIKINGS];          // LIKING_NONE: it says nothing of that
};
struct likings_work {
    struct taste taste[LIKINGS];
    struct liking_act *act;
    struct bought_line *line;
    struct bought_when *when;
    size_t n, cap, lines, lines_cap, whens, whens_cap;
};
void likings_work_clear(struct likings_work *);
struct customer_likings {
    struct taste_favourite of[LIKINGS];
    double price_level;              // their mean; NAN: unknown
};
/* Under memory's read lock. whole: also what is told of those who did too little to be known. Without memory nothing is. */
struct customer_likings likings_of(const struct likings_view *, struct likings_work *, uint32_t root, bool whole);
/* Of the last customer: the best codes of an attribute, max <= LIKING_SHOWN. */
struct liking_code {
    uint32_t code;
    double share, shop_share;
    uint32_t bought, bought_all, looked, looked_all;  // acts as they are, of this code and of any
    int64_t since_ms;                // the first of any
};
size_t likings_best(const struct likings_view *, const struct likings_work *, enum liking, struct liking_code *ret, size_t max);
/* The shop's own, best first; their share in shop_share only. */
size_t likings_of_shop(const struct likings_view *, enum liking, struct liking_code *ret, size_t max);
/* A category's id, a brand, "monday", a source's name; empty of hours and levels. Under the read lock, and until it is given
 * back. */
struct slice likings_word(const struct likings_view *, enum liking, uint32_t code);

#endif
