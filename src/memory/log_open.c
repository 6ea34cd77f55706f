#include "memory/log_open.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"

#define UPPER_HALF UINT64_C(0xffffffff00000000)

enum err_code open_init(struct open_part *open, size_t cap, struct err *e)
{
    assert(cap > 0 && cap < UINT32_MAX / 2);
    size_t slots = 16;
    while (slots * 3 < cap * 4)
        slots *= 2;
    *open = (struct open_part){ .cap = cap, .slots = slots };
    open->rows = calloc(cap, sizeof *open->rows);
    open->by_customer = calloc(slots, sizeof *open->by_customer);
    open->by_message = calloc(slots, sizeof *open->by_message);
    if (open->rows && open->by_customer && open->by_message)
        return ERR_OK;
    open_drop(open);
    return err_set(e, ERR_LIMIT, 0, "no memory for the %zu rows of the log's open part", cap);
}

void open_drop(struct open_part *open)
{
    free(open->rows);
    free(open->by_customer);
    free(open->by_message);
    *open = (struct open_part){ 0 };
}

void open_clear(struct open_part *open)
{
    memset(open->by_customer, 0, open->slots * sizeof *open->by_customer);
    memset(open->by_message, 0, open->slots * sizeof *open->by_message);
    open->n = open->committed = 0;
}

/* Where the customer's newest row stands, or the free slot for it. */
static size_t customer_slot(const struct open_part *open, uint32_t customer)
{
    size_t at = hash_mix(customer) & (open->slots - 1);
    while (open->by_customer[at] && open->rows[open->by_customer[at] - 1].customer != customer)
        at = (at + 1) & (open->slots - 1);
    return at;
}

void open_add(struct open_part *open, struct open_row row)
{
    assert(open->n < open->cap);
    open->rows[open->n++] = row;
    if (!row.message_hash)
        return;
    size_t at = row.message_hash & (open->slots - 1);
    while (open->by_message[at])
        at = (at + 1) & (open->slots - 1);
    open->by_message[at] = (row.message_hash & UPPER_HALF) | open->n;
}

void open_commit(struct open_part *open)
{
    assert(open->committed <= open->n);
    for (size_t r = open->committed; r < open->n; r++) {
        struct open_row *row = &open->rows[r];
        if (!row->customer)
            continue;
        size_t at = customer_slot(open, row->customer);
        row->prev = open->by_customer[at];
        open->by_customer[at] = (uint32_t)r + 1;
    }
    open->committed = open->n;
}

void open_rollback(struct open_part *open)
{
    /* Newest first: each slot was empty before its own row came, so emptying it breaks no probe. */
    while (open->n > open->committed) {
        uint64_t hash = open->rows[open->n - 1].message_hash;
        if (hash) {
            size_t at = hash & (open->slots - 1);
            while ((uint32_t)open->by_message[at] != open->n)
                at = (at + 1) & (open->slots - 1);
            open->by_message[at] = 0;
        }
        open->n--;
    }
}

bool open_find_message(const struct open_part *open, uint64_t hash, size_t *cursor, size_t *row)
{
    assert(hash);
    for (;; ++*cursor) {
        uint64_t slot = open->by_message[(hash + *cursor) & (open->slots - 1)];
        if (!slot)
            return false;
        if ((slot ^ hash) & UPPER_HALF || open->rows[(uint32_t)slot - 1].message_hash != hash)
            continue;
        ++*cursor;
        *row = (uint32_t)slot - 1;
        return true;
    }
}

void open_prefetch_message(const struct open_part *open, uint64_t hash)
{
    __builtin_prefetch(&open->by_message[hash & (open->slots - 1)], 1);
}

uint32_t open_head(const struct open_part *open, uint32_t customer)
{
    assert(customer);
    return open->by_customer[customer_slot(open, customer)];
}

size_t open_bytes(const struct open_part *open)
{
    return open->n * sizeof *open->rows + open->slots * (sizeof *open->by_customer + sizeof *open->by_message);
}
