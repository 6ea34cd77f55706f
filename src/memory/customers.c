#include "memory/customers.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "memory/customers_state.h"

#define SCRATCH_BYTES (64u << 20)  // of one group: members and links of the customers it parts
#define EDITS_KEPT 1024          // a new group starts with no more than this

static const char *const kind_names[] = {
    [KIND_PERSON] = "person",
    [KIND_COMPANY] = "company",
    [KIND_HOUSEHOLD] = "household",
    [KIND_PARTNER] = "partner",
};

const char *customer_kind_name(enum customer_kind kind)
{
    assert((size_t)kind < sizeof kind_names / sizeof *kind_names);
    return kind_names[kind];
}

bool customer_kind_parse(struct slice name, enum customer_kind *ret)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++) {
        if (slice_is(name, kind_names[i])) {
            *ret = (enum customer_kind)i;
            return true;
        }
    }
    return false;
}

enum err_code customers_no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the machine has no memory left for more customers");
}

/* ---- the overlay's copies ---- */

static struct identifier_key edit_key(uint32_t id)
{
    return (struct identifier_key){ hash_mix(id), id };
}

static struct history *base_history(const struct customers *c, uint32_t id)
{
    return &c->histories[id / HISTORY_CHUNK][id % HISTORY_CHUNK];
}

const struct history *customers_history(const struct customers *c, enum view view, uint32_t id)
{
    assert(id > 0 && id <= (view == IN_TX ? c->tx.histories : c->counts.histories));
    if (view == IN_TX && id <= c->counts.histories && c->n_edits) {
        uint32_t at = identifier_table_find(&c->edit_index, edit_key(id)).history;
        if (at)
            return &c->edits[at - 1].copy;
    }
    return base_history(c, id);
}

enum err_code customers_reserve_edits(struct customers *c, size_t n, struct err *e)
{
    size_t need = c->n_edits + n;
    if (need > c->cap_edits) {
        size_t cap = c->cap_edits ? c->cap_edits : 64;
        while (cap < need)
            cap *= 2;
        struct edit *edits = realloc(c->edits, cap * sizeof *edits);
        if (!edits)
            return customers_no_memory(e);
        c->edits = edits;
        c->cap_edits = cap;
    }
    if (!identifier_table_has_room(&c->edit_index, need)) {
        struct identifier_table grown = { NULL, 0, 0 };
        if (!identifier_table_copy(&c->edit_index, need * 2, &grown))
            return customers_no_memory(e);
        identifier_table_drop(&c->edit_index);
        c->edit_index = grown;
    }
    return ERR_OK;
}

struct history *customers_edit(struct customers *c, uint32_t id)
{
    assert(id > 0 && id <= c->tx.histories);
    if (id > c->counts.histories)
        return base_history(c, id);
    uint32_t at = identifier_table_find(&c->edit_index, edit_key(id)).history;
    if (!at) {
        assert(c->n_edits < c->cap_edits);
        c->edits[c->n_edits] = (struct edit){ id, *base_history(c, id) };
        at = (uint32_t)++c->n_edits;
        identifier_table_put(&c->edit_index, edit_key(id), (struct identifier_owner){ at, false });
    }
    return &c->edits[at - 1].copy;
}

struct arena *customers_mem(struct customers *c)
{
    if (!c->mem)
        c->mem = arena_new(SCRATCH_BYTES);
    else if (c->ended)
        arena_reset(c->mem);
    c->ended = false;
    return c->mem;
}

/* ---- adding ---- */

enum err_code customers_add_history(struct customers *c, enum customer_kind kind, int64_t created_ms,
                                    uint32_t *ret, struct err *e)
{
    uint32_t id = c->tx.histories + 1;
    if (id > LIMIT_CUSTOMERS)
        return err_set(e, ERR_LIMIT, 0, "a shop has at most %d customers", LIMIT_CUSTOMERS);
    struct history **chunk = &c->histories[id / HISTORY_CHUNK];
    if (!*chunk) {
        *chunk = malloc(HISTORY_CHUNK * sizeof **chunk);
        if (!*chunk)
            return customers_no_memory(e);
        c->chunk_bytes += HISTORY_CHUNK * sizeof **chunk;
    }
    c->tx.histories = id;
    c->tx.roots++;
    *base_history(c, id) = (struct history){
        .root = id, .next = id, .histories = 1, .kind = (uint8_t)kind, .created_ms = created_ms,
        .first_ms = FACT_NO_TIME, .last_ms = FACT_NO_TIME,
    };
    *ret = id;
    return ERR_OK;
}

static enum err_code reserve_identifiers(struct customers *c, struct err *e)
{
    if (!identifier_table_has_room(&c->new_identifiers, c->new_identifiers.n + 1)) {
        struct identifier_table grown = { NULL, 0, 0 };
        if (!identifier_table_copy(&c->new_identifiers, c->new_identifiers.cap, &grown))
            return customers_no_memory(e);
        identifier_table_drop(&c->new_identifiers);
        c->new_identifiers = grown;
    }
    size_t need = c->identifiers.n + c->new_identifiers.n + 1;
    const struct identifier_table *base = c->grown.slots ? &c->grown : &c->identifiers;
    if (identifier_table_has_room(base, need))
        return ERR_OK;
    identifier_table_drop(&c->grown);
    if (!identifier_table_copy(&c->identifiers, need, &c->grown))
        return customers_no_memory(e);
    return ERR_OK;
}

static enum err_code kind_learn(struct customers *c, struct slice kind, struct err *e)
{
    for (uint32_t i = 0; i < c->tx.kinds; i++) {
        if (slice_is(kind, c->kinds[i]))
            return ERR_OK;
    }
    if (kind.len == 0 || kind.len >= IDENTIFIER_KIND_BYTES)
        return err_set(e, ERR_INVALID, 0, "the kind of an identifier is a word of 1 to %d bytes",
                       IDENTIFIER_KIND_BYTES - 1);
    if (c->tx.kinds == IDENTIFIER_KINDS)
        return err_set(e, ERR_LIMIT, 0, "a shop has at most %d kinds of identifiers: use one of those "
                       "that exist", IDENTIFIER_KINDS);
    char *to = c->kinds[c->tx.kinds];
    memcpy(to, kind.at, kind.len);
    to[kind.len] = '\0';
    c->tx.kinds++;
    return ERR_OK;
}

/* Flags of a history that gains an identifier, and of its customer. */
static void count_identifier(struct customers *c, struct slice kind, uint32_t id)
{
    struct history *h = customers_edit(c, id), *root = customers_edit(c, h->root);
    uint8_t *count = slice_is(kind, "anonymous_id") ? &h->anonymous_ids
                   : slice_is(kind, "email")        ? &h->emails
                   : slice_is(kind, "phone")        ? &h->phones
                                                    : NULL;
    if (count && *count < UINT8_MAX)
        ++*count;
    uint8_t has = slice_is(kind, "user_id") ? HAS_USER : slice_is(kind, "email") ? HAS_EMAIL : 0;
    if (has && !root->joint)
        c->tx.known++;
    h->has |= has;
    root->joint |= has;
    if (has == HAS_USER)
        h->seen_with = id;
}

enum err_code customers_add_identifier(struct customers *c, struct slice kind, struct slice folded,
                                       uint32_t history, bool shared, struct err *e)
{
    TRY(kind_learn(c, kind, e));
    TRY(reserve_identifiers(c, e));
    TRY(customers_reserve_edits(c, 2, e));
    if (!customers_owner(c, IN_TX, kind, folded).history)
        count_identifier(c, kind, history);
    identifier_table_put(&c->new_identifiers, identifier_key(kind, folded, c->seed),
                         (struct identifier_owner){ history, shared });
    return ERR_OK;
}

enum err_code customers_load_identifier(struct customers *c, struct slice kind, uint32_t history,
                                        struct err *e)
{
    assert(c->counts.histories == 0);
    TRY(kind_learn(c, kind, e));
    count_identifier(c, kind, history);
    return ERR_OK;
}

struct identifier_owner customers_owner(const struct customers *c, enum view view, struct slice kind,
                                        struct slice folded)
{
    struct identifier_key key = identifier_key(kind, folded, c->seed);
    if (view == IN_TX && c->new_identifiers.n) {
        struct identifier_owner fresh = identifier_table_find(&c->new_identifiers, key);
        if (fresh.history)
            return fresh;
    }
    return identifier_table_find(&c->identifiers, key);
}

void customers_prefetch(const struct customers *c, struct slice kind, struct slice value)
{
    identifier_table_prefetch(&c->identifiers, identifier_key(kind, value, c->seed));
}

/* ---- the end of a group ---- */

static void overlay_forget(struct customers *c)
{
    identifier_table_clear(&c->new_identifiers);
    identifier_table_clear(&c->edit_index);
    c->n_edits = 0;
    if (c->cap_edits > EDITS_KEPT) {
        free(c->edits);
        c->edits = NULL;
        c->cap_edits = 0;
    }
    c->n_undone = 0;
    c->ended = true;
}

void customers_committed(struct customers *c)
{
    if (c->grown.slots) {
        identifier_table_drop(&c->identifiers);
        c->identifiers = c->grown;
        c->grown = (struct identifier_table){ NULL, 0, 0 };
    }
    for (size_t i = 0; c->new_identifiers.n && i < c->new_identifiers.cap; i++) {
        const struct identifier_slot *s = &c->new_identifiers.slots[i];
        if (s->owner)
            identifier_table_put(&c->identifiers, (struct identifier_key){ s->low, s->high },
                                 (struct identifier_owner){ s->owner >> 1, s->owner & 1 });
    }
    for (size_t i = 0; i < c->n_edits; i++)
        *base_history(c, c->edits[i].id) = c->edits[i].copy;
    for (size_t i = 0; i < c->n_undone; i++)
        customers_link(c, c->undone[i])->state = LINK_UNDONE;
    c->counts = c->tx;
    overlay_forget(c);
}

void customers_rolled_back(struct customers *c)
{
    c->tx = c->counts;
    overlay_forget(c);
}

void customers_drop(struct customers **customers)
{
    struct customers *c = *customers;
    if (!c)
        return;
    for (size_t i = 0; i < HISTORY_CHUNKS; i++)
        free(c->histories[i]);
    for (size_t i = 0; i < LINK_CHUNKS; i++)
        free(c->links[i]);
    identifier_table_drop(&c->identifiers);
    identifier_table_drop(&c->grown);
    identifier_table_drop(&c->new_identifiers);
    identifier_table_drop(&c->edit_index);
    free(c->edits);
    free(c->undone);
    arena_drop(&c->mem);
    free(c);
    *customers = NULL;
}

/* ---- readers ---- */

size_t customers_memory_bytes(const struct customers *c)
{
    size_t slots = c->identifiers.cap + c->grown.cap + c->new_identifiers.cap + c->edit_index.cap;
    return sizeof *c + c->chunk_bytes + slots * sizeof *c->identifiers.slots
         + c->cap_edits * sizeof *c->edits + c->cap_undone * sizeof *c->undone;
}

uint32_t customers_count(const struct customers *c)
{
    return c->counts.histories;
}

uint32_t customers_roots(const struct customers *c)
{
    return c->counts.roots;
}

uint32_t customers_known(const struct customers *c)
{
    return c->counts.known;
}

uint32_t customers_root(const struct customers *c, uint32_t history)
{
    const struct history *h = customers_shown(c, history);
    return h ? h->root : history;
}

bool customers_is_root(const struct customers *c, uint32_t history)
{
    return customers_root(c, history) == history;
}

bool customers_is_known(const struct customers *c, uint32_t root)
{
    const struct history *h = customers_shown(c, customers_root(c, root));
    return h && h->joint != 0;
}

enum customer_kind customers_kind(const struct customers *c, uint32_t history)
{
    const struct history *h = customers_shown(c, history);
    return h ? (enum customer_kind)h->kind : KIND_PERSON;
}

size_t customers_histories(const struct customers *c, uint32_t history, uint32_t *ret, size_t max)
{
    uint32_t root = customers_root(c, history), at = root;
    size_t n = 0;
    do {
        if (n < max)
            ret[n] = at;
        n++;
        at = customers_next(c, at);
    } while (at != root);
    return n;
}

int64_t customers_first_seen_ms(const struct customers *c, uint32_t root)
{
    uint32_t at = root;
    int64_t first = INT64_MAX;
    do {
        const struct history *h = customers_shown(c, at);
        if (!h)
            return FACT_NO_TIME;
        int64_t own = h->first_ms != FACT_NO_TIME ? h->first_ms : h->created_ms;
        first = own < first ? own : first;
        at = h->next;
    } while (at != root);
    return first;
}

int64_t customers_last_seen_ms(const struct customers *c, uint32_t root)
{
    uint32_t at = root;
    int64_t last = INT64_MIN;
    do {
        const struct history *h = customers_shown(c, at);
        if (!h)
            return FACT_NO_TIME;
        int64_t own = h->last_ms != FACT_NO_TIME ? h->last_ms : h->created_ms;
        last = own > last ? own : last;
        at = h->next;
    } while (at != root);
    return last;
}
