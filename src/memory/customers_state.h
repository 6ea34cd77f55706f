/* What customers*.c hold in memory, and the overlay of the running transaction. Private to them.
 *
 * Base      what is committed: histories and links in chunks that never move, identifiers in a table.
 *           Readers see nothing else.
 * Overlay   new histories and links are written behind the committed counts, where no reader looks; changed
 *           histories are edited in copies; new identifiers go to a table of their own. Commit puts all
 *           of it into the base and cannot fail: each change has made room for it.
 * Links     evidence that two histories are one customer joins exactly these two, not the roots above
 *           them, also where another link joins them already: so what an unmerge leaves together is what
 *           the remaining evidence says. A customer is a connected part; its histories lie on a ring, and
 *           root, ring and sums are those of joining the standing links in order of id, the winner's root
 *           staying root. Undoing a link does that again for its customer alone (links_unmake).
 */
#ifndef TENDERO_MEMORY_CUSTOMERS_STATE_H
#define TENDERO_MEMORY_CUSTOMERS_STATE_H

#include <assert.h>

#include "base/limits.h"
#include "memory/customers.h"
#include "memory/identifier_table.h"

enum { HAS_EMAIL = 1, HAS_USER = 2 };  // history.has, history.joint; the larger is the better known

struct history {
    uint32_t root;       // the customer
    uint32_t next;       // ring through the customer's histories
    uint32_t seen_with;  // the first history with a userId met in one event with it; itself with its own
    uint32_t newest_link;  // + 1; 0: none
    int64_t created_ms, first_ms, last_ms;  // first, last: of facts; FACT_NO_TIME before the first
    uint16_t histories;  // root: on the ring
    uint8_t joint;       // root: `has` of all together
    uint8_t has;
    uint8_t kind;        // enum customer_kind
    uint8_t anonymous_ids, emails, phones;  // how many, 255 or more being 255
};
static_assert(sizeof(struct history) == 48, "a million customers cost 48 MB");

enum link_state { LINK_STANDS, LINK_UNDONE };

struct link {
    int64_t id;  // seq of the merge fact
    uint32_t winner, loser;
    uint32_t winner_next, loser_next;  // the next older link of each, + 1
    uint8_t state, automatic, alias;
};

#define HISTORY_CHUNK (1u << 16)
#define LINK_CHUNK (1u << 15)
#define HISTORY_CHUNKS (LIMIT_CUSTOMERS / HISTORY_CHUNK + 1)
#define LINK_CHUNKS 8192
#define IDENTIFIER_KINDS 128
#define IDENTIFIER_KIND_BYTES 64

struct edit {
    uint32_t id;
    struct history copy;
};

struct customers {
    uint64_t seed;
    /* Base. counts.* are the committed ones, tx.* what the transaction makes of them. */
    struct customers_counts {
        uint32_t histories, links, roots, known, kinds;
        int64_t suggestion;  // newest id
    } counts, tx;
    struct history *histories[HISTORY_CHUNKS];  // [0] of the first chunk is unused
    struct link *links[LINK_CHUNKS];
    struct identifier_table identifiers;
    struct identifier_table grown;  // replaces `identifiers` at the next commit, where it has slots
    char kinds[IDENTIFIER_KINDS][IDENTIFIER_KIND_BYTES];
    size_t chunk_bytes;

    /* Overlay. */
    struct identifier_table new_identifiers;
    struct edit *edits;
    size_t n_edits, cap_edits;
    struct identifier_table edit_index;  // history -> position in edits + 1
    uint32_t *undone;                    // committed links this transaction undoes
    size_t n_undone, cap_undone;
    struct arena *mem;  // scratch of the group
    bool ended;         // mem may be reset
};

/* ---- reading: COMMITTED is what readers see, IN_TX what the writer's transaction sees ---- */
enum view { COMMITTED, IN_TX };
const struct history *customers_history(const struct customers *, enum view, uint32_t id);
struct identifier_owner customers_owner(const struct customers *, enum view, struct slice kind,
                                        struct slice folded);
/* For readers. A history that the store shows a moment before memory does (between the commit and
 * customers_committed) has nothing in memory, NULL, and is a customer of its own for that moment. */
static inline const struct history *customers_shown(const struct customers *c, uint32_t id)
{
    assert(id > 0);
    return id <= c->counts.histories ? customers_history(c, COMMITTED, id) : NULL;
}
static inline uint32_t customers_next(const struct customers *c, uint32_t id)
{
    const struct history *h = customers_shown(c, id);
    return h ? h->next : id;
}
static inline struct link *customers_link(const struct customers *c, uint32_t index)
{
    return &c->links[index / LINK_CHUNK][index % LINK_CHUNK];
}
static inline bool history_exists(const struct customers *c, uint32_t id)
{
    return id > 0 && id <= c->tx.histories;
}

/* ---- the overlay. A change that fails (ERR_LIMIT) changes nothing; callers run their SQL first, so that
 * whatever fails, the transaction is rolled back and the overlay with it. ---- */
MUST_CHECK enum err_code customers_add_history(struct customers *, enum customer_kind, int64_t created_ms,
                                               uint32_t *ret, struct err *e);
/* Also replaces: an identifier that becomes shared. Counts it in its history when new. */
MUST_CHECK enum err_code customers_add_identifier(struct customers *, struct slice kind,
                                                  struct slice folded, uint32_t history, bool shared,
                                                  struct err *e);
/* At start, when nobody reads yet: counts an identifier in its history; the caller puts it in the table. */
MUST_CHECK enum err_code customers_load_identifier(struct customers *, struct slice kind, uint32_t history,
                                                   struct err *e);
/* Room for n more customers_edit; their results stay valid until the next reserve. */
MUST_CHECK enum err_code customers_reserve_edits(struct customers *, size_t n, struct err *e);
struct history *customers_edit(struct customers *, uint32_t id);
/* Scratch that is emptied when the group has ended; NULL when memory is exhausted. */
struct arena *customers_mem(struct customers *);
enum err_code customers_no_memory(struct err *e);

/* ---- links (links.c) ---- */
bool link_stands(const struct customers *, enum view, uint32_t index);
static inline uint32_t link_older(const struct link *l, uint32_t history)
{
    return l->winner == history ? l->winner_next : l->loser_next;
}
/* Of the links between two histories: does one stand that events gave, was such a one undone by somebody,
 * is one an alias (undone or not)? */
struct pair {
    bool evident, refused, alias;
};
struct pair links_pair(const struct customers *, enum view, uint32_t a, uint32_t b);
/* Index of a link by id; false when unknown. */
bool links_find(const struct customers *, int64_t id, uint32_t *index);
/* Joins; link.id is above every other. */
MUST_CHECK enum err_code links_make(struct customers *, struct link, struct err *e);
/* `reason` decides what the link means to later events. */
struct link link_of(int64_t id, uint32_t winner, uint32_t loser, struct slice reason);
MUST_CHECK enum err_code links_unmake(struct customers *, uint32_t index, struct err *e);

#endif
