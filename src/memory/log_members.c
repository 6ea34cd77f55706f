#include "memory/log_members.h"

#include <assert.h>
#include <stdlib.h>

void members_drop(struct log_members *m)
{
    free(m->words);
    free(m->wider);
    *m = (struct log_members){ 0 };
}

enum err_code members_reserve(struct log_members *m, uint32_t largest, struct err *e)
{
    size_t need = (size_t)largest + 1;
    if (need <= m->n || (m->wider && need <= m->n_wider))
        return ERR_OK;
    free(m->wider);
    m->n_wider = need + need / 4;  // customers are numbered in order: room for those to come
    m->wider = calloc(m->n_wider, sizeof *m->wider);
    if (!m->wider)
        return err_set(e, ERR_LIMIT, 0, "no memory for the parts of %zu customers", need);
    return ERR_OK;
}

static void members_widen(struct log_members *m)
{
    if (!m->wider)
        return;
    if (m->n)
        memcpy(m->wider, m->words, m->n * sizeof *m->words);
    free(m->words);
    m->words = m->wider;
    m->n = m->n_wider;
    m->wider = NULL;
}

void members_set(struct log_members *m, size_t part, uint32_t customer)
{
    members_widen(m);
    assert(customer < m->n);
    m->words[customer] |= UINT64_C(1) << (part % 64);
}

void members_commit(struct log_members *m, size_t part, const struct open_part *open)
{
    for (size_t r = 0; r < open->committed; r++)
        members_set(m, part, open->rows[r].customer);
}

static void varint_add(struct buf *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_addc(out, (char)(value | 0x80));
    buf_addc(out, (char)value);
}

enum err_code members_save(const struct open_part *open, struct buf *out, struct err *e)
{
    uint32_t largest = 0;
    for (size_t r = 0; r < open->committed; r++)
        largest = open->rows[r].customer > largest ? open->rows[r].customer : largest;
    size_t n_words = (size_t)largest / 64 + 1;
    uint64_t *seen = calloc(n_words, sizeof *seen);  // a set that comes out sorted
    if (!seen)
        return err_set(e, ERR_LIMIT, 0, "no memory to list the customers of a part");
    for (size_t r = 0; r < open->committed; r++)
        seen[open->rows[r].customer / 64] |= UINT64_C(1) << (open->rows[r].customer % 64);
    uint32_t before = 0;
    for (size_t w = 0; w < n_words; w++) {
        for (uint64_t bits = seen[w]; bits; bits &= bits - 1) {
            uint32_t customer = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(bits));
            varint_add(out, customer - before);
            before = customer;
        }
    }
    free(seen);
    return buf_check(out, "the list of a part's customers", e);
}

bool members_each(struct slice list, void (*each)(void *arg, uint32_t customer), void *arg)
{
    uint64_t customer = 0, step = 0;
    unsigned shift = 0;
    for (size_t i = 0; i < list.len; i++) {
        unsigned char byte = (unsigned char)list.at[i];
        step |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if (byte & 0x80) {
            if (shift > 28)
                return false;
            continue;
        }
        customer += step;
        if (customer > UINT32_MAX)
            return false;
        each(arg, (uint32_t)customer);
        step = 0;
        shift = 0;
    }
    return shift == 0;
}
