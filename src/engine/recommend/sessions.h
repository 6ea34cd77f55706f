/* What comes next in a visit: the recent visits most like this one, and what else was looked at in them.
 *
 * Source  VMIS-kNN: Kersbergen, Sprangers and Schelter 2022 (Serenade), after VS-kNN of Ludewig and Jannach 2018.
 * Model   an evolving session's latest L <= query_max distinct items that held sessions know, p = 1 the latest, weigh
 *             pi(p) = (L - p + 1) / L.
 *         Candidates are the m most recent sessions that share an item with it; r(n) is the sum of pi over what session n
 *         shares. Neighbours are the k with the greatest r, the more recent ones among equals. Then
 *             score(i) = log(H / h(i)) * sum over neighbours n with i of lambda(n) * r(n),
 *         lambda(n) = 1 - p / 10 for the latest item shared, 0 from p = 10 on; H sessions are held, h(i) of them with i.
 *         The latest SESSIONS_OWN_MAX distinct items of the evolving session itself are not proposed.
 * Exact   per item the numbers of its m most recent sessions are held, so the candidates are found by merging those lists
 *         from their new ends: no session is weighed twice and none that the formula wants is missed.
 * Fresh   a session counts from its sessions_add on; recency is the order in which they are added. When sessions_max are held,
 *         or places_max items in them, the oldest fall out.
 * Memory  8 bytes a session and 4 a place, made at once; 24 bytes an item; 4 to 16 bytes a place in use for the items' lists.
 *         sessions_bytes says how much it is. A thread's work: 12 bytes an item, 16 a candidate, and 13 KB.
 * Threads queries only read; an add wants to be alone.
 * Errors  ERR_INVALID an item that is not below items_max; ERR_LIMIT without memory: then the session is not held, but the
 *         oldest may have fallen out.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_SESSIONS_H
#define TENDERO_ENGINE_RECOMMEND_SESSIONS_H

#include "base/err.h"
#include "engine/recommend/scored.h"

#define SESSIONS_QUERY_MAX 32
#define SESSIONS_OWN_MAX 256
#define SESSIONS_BEST_MAX 100        // proposals of one answer

struct sessions_options {
    uint32_t sessions_max;           // held; 1,000,000; below 2^31
    uint32_t places_max;             // items of all of them; 8 times as many, at least length_max; below 2^31
    uint32_t items_max;
    uint32_t length_max;             // distinct items of a session that count: the latest; 50
    uint32_t m;                      // candidates; 500
    uint32_t k;                      // neighbours; 500
    uint32_t query_max;              // 5: few foretell the next item better, many the rest of a basket; <= SESSIONS_QUERY_MAX
};
struct sessions;
MUST_CHECK enum err_code sessions_new(struct sessions_options, struct sessions **ret, struct err *e);
void sessions_drop(struct sessions **);
/* A session that has ended, its items in the order they were met. One of fewer than two distinct items teaches nothing and is
 * left out. */
MUST_CHECK enum err_code sessions_add(struct sessions *, const uint32_t *item, size_t n, struct err *e);
uint32_t sessions_count(const struct sessions *);
/* h(i): sessions held with that item. */
uint32_t sessions_with(const struct sessions *, uint32_t item);
size_t sessions_bytes(const struct sessions *);

/* The proposals for an evolving session, its items in the order they were met; unknown ones are passed over.
 * best[n]: best first, ties by item number; `why`: the item of the session that added most to the score, the latest of equals;
 * `together`: neighbours with the item. n <= max <= SESSIONS_BEST_MAX. `work` belongs to the thread and is reused. */
struct sessions_work;
struct sessions_work *sessions_work_new(void);
void sessions_work_drop(struct sessions_work **);
MUST_CHECK enum err_code sessions_score(const struct sessions *, const uint32_t *item, size_t n_items,
                                        bool (*allowed)(void *arg, uint32_t item), void *arg, struct sessions_work *,
                                        struct scored *best, size_t max, size_t *n, struct err *e);

#endif
