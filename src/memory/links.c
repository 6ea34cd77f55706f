/* Links between histories, and the customers that they make: customers_state.h has the model. */
#include <stdlib.h>

#include "base/limits.h"
#include "memory/customers_state.h"

struct link link_of(int64_t id, uint32_t winner, uint32_t loser, struct slice reason)
{
    bool automatic = slice_is(reason, "identify") || slice_is(reason, "email") || slice_is(reason, "phone");
    return (struct link){ .id = id, .winner = winner, .loser = loser, .state = LINK_STANDS,
                          .automatic = automatic, .alias = slice_is(reason, "alias") };
}

bool link_stands(const struct customers *c, enum view view, uint32_t index)
{
    if (customers_link(c, index)->state == LINK_UNDONE)
        return false;
    for (size_t i = 0; view == IN_TX && i < c->n_undone; i++) {
        if (c->undone[i] == index)
            return false;
    }
    return true;
}

/* Walks the links of both in step, so that the cost is that of the one that has fewer. */
struct pair links_pair(const struct customers *c, enum view view, uint32_t a, uint32_t b)
{
    struct pair pair = { 0 };
    uint32_t of_a = customers_history(c, view, a)->newest_link;
    uint32_t of_b = customers_history(c, view, b)->newest_link;
    bool by_a = true;
    for (uint32_t i = of_a, j = of_b; i && j;) {
        i = link_older(customers_link(c, i - 1), a);
        j = link_older(customers_link(c, j - 1), b);
        by_a = !i;
    }
    uint32_t self = by_a ? a : b, other = by_a ? b : a;
    for (uint32_t at = by_a ? of_a : of_b; at;) {
        const struct link *l = customers_link(c, at - 1);
        if (l->winner == other || l->loser == other) {
            bool stands = link_stands(c, view, at - 1);
            pair.evident |= stands && (l->automatic || l->alias);
            pair.refused |= !stands && l->automatic;
            pair.alias |= l->alias;
        }
        at = link_older(l, self);
    }
    return pair;
}

bool links_find(const struct customers *c, int64_t id, uint32_t *index)
{
    uint32_t low = 0, high = c->tx.links;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (customers_link(c, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == c->tx.links || customers_link(c, low)->id != id)
        return false;
    *index = low;
    return true;
}

/* Joins the customers of both ends; those that are changed can be edited without more memory. */
static void join(struct customers *c, uint32_t winner, uint32_t loser)
{
    uint32_t into = customers_history(c, IN_TX, winner)->root;
    uint32_t from = customers_history(c, IN_TX, loser)->root;
    if (into == from)
        return;
    struct history *a = customers_edit(c, into), *b = customers_edit(c, from);
    c->tx.roots--;
    c->tx.known -= a->joint && b->joint;
    a->joint |= b->joint;
    assert(a->histories + b->histories <= UINT16_MAX);
    a->histories = (uint16_t)(a->histories + b->histories);
    uint32_t at = from;
    do {
        struct history *h = customers_edit(c, at);
        h->root = into;
        at = h->next;
    } while (at != from);
    uint32_t next = a->next;
    a->next = b->next;
    b->next = next;
}

static enum err_code reserve_join(struct customers *c, const struct link *l, struct err *e)
{
    uint32_t from = customers_history(c, IN_TX, l->loser)->root;
    return customers_reserve_edits(c, customers_history(c, IN_TX, from)->histories + 3u, e);
}

static enum err_code append(struct customers *c, struct link l, struct err *e)
{
    assert(l.winner != l.loser);
    uint32_t index = c->tx.links;
    assert(index == 0 || customers_link(c, index - 1)->id < l.id);
    if (index / LINK_CHUNK >= LINK_CHUNKS)
        return err_set(e, ERR_LIMIT, 0, "a shop has at most %u merges", LINK_CHUNK * LINK_CHUNKS);
    struct link **chunk = &c->links[index / LINK_CHUNK];
    if (!*chunk) {
        *chunk = malloc(LINK_CHUNK * sizeof **chunk);
        if (!*chunk)
            return customers_no_memory(e);
        c->chunk_bytes += LINK_CHUNK * sizeof **chunk;
    }
    struct history *winner = customers_edit(c, l.winner), *loser = customers_edit(c, l.loser);
    l.winner_next = winner->newest_link;
    l.loser_next = loser->newest_link;
    winner->newest_link = loser->newest_link = index + 1;
    *customers_link(c, index) = l;
    c->tx.links++;
    return ERR_OK;
}

enum err_code links_make(struct customers *c, struct link l, struct err *e)
{
    TRY(reserve_join(c, &l, e));
    TRY(append(c, l, e));
    if (l.state == LINK_STANDS)
        join(c, l.winner, l.loser);
    return ERR_OK;
}

static int compare_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The standing links inside a customer, in order; each is found from its winner's side. */
static size_t links_inside(const struct customers *c, const uint32_t *members, size_t n, uint32_t *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = customers_history(c, IN_TX, members[i])->newest_link;
        while (at) {
            const struct link *l = customers_link(c, at - 1);
            if (l->winner == members[i] && link_stands(c, IN_TX, at - 1)) {
                if (ret)
                    ret[found] = at - 1;
                found++;
            }
            at = link_older(l, members[i]);
        }
    }
    if (ret)
        qsort(ret, found, sizeof *ret, compare_index);
    return found;
}

static void part(struct customers *c, const uint32_t *members, size_t n, uint32_t root)
{
    c->tx.known -= customers_history(c, IN_TX, root)->joint != 0;
    c->tx.roots += (uint32_t)n - 1;
    for (size_t i = 0; i < n; i++) {
        struct history *h = customers_edit(c, members[i]);
        h->root = h->next = members[i];
        h->histories = 1;
        h->joint = h->has;
        c->tx.known += h->joint != 0;
    }
}

static enum err_code undo(struct customers *c, uint32_t index, struct err *e)
{
    if (index >= c->counts.links) {  // of this transaction: nobody else sees it
        customers_link(c, index)->state = LINK_UNDONE;
        return ERR_OK;
    }
    if (c->n_undone == c->cap_undone) {
        size_t cap = c->cap_undone ? c->cap_undone * 2 : 16;
        uint32_t *grown = realloc(c->undone, cap * sizeof *grown);
        if (!grown)
            return customers_no_memory(e);
        c->undone = grown;
        c->cap_undone = cap;
    }
    c->undone[c->n_undone++] = index;
    return ERR_OK;
}

enum err_code links_unmake(struct customers *c, uint32_t index, struct err *e)
{
    assert(link_stands(c, IN_TX, index));
    struct arena *mem = customers_mem(c);
    uint32_t root = customers_history(c, IN_TX, customers_link(c, index)->winner)->root, at = root;
    size_t n = customers_history(c, IN_TX, root)->histories;
    uint32_t *members = mem ? arena_array(mem, uint32_t, n) : NULL;
    if (!members)
        return customers_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        members[i] = at;
        at = customers_history(c, IN_TX, at)->next;
    }
    assert(at == root);
    uint32_t *inside = arena_array(mem, uint32_t, links_inside(c, members, n, NULL));
    if (!inside)
        return customers_no_memory(e);
    TRY(customers_reserve_edits(c, n, e));
    TRY(undo(c, index, e));
    part(c, members, n, root);
    size_t standing = links_inside(c, members, n, inside);
    for (size_t i = 0; i < standing; i++)
        join(c, customers_link(c, inside[i])->winner, customers_link(c, inside[i])->loser);
    return ERR_OK;
}
