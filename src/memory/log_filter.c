#include "memory/log_filter.h"

#include <assert.h>
#include <stdlib.h>

void filter_init(struct log_filter *f, size_t part_rows)
{
    assert(part_rows > 0);
    size_t slots = 64;
    while (slots < part_rows * FILTER_BITS_PER_ROW)
        slots *= 2;
    *f = (struct log_filter){ .slots = slots };
}

void filter_drop(struct log_filter *f)
{
    for (size_t g = 0; g < f->n_groups; g++)
        free(f->groups[g].words);
    free(f->groups);
    *f = (struct log_filter){ 0 };
}

static uint64_t bit_of(size_t part)
{
    return UINT64_C(1) << (part % FILTER_GROUP);
}

static void part_clear(struct log_filter *f, size_t part)
{
    struct filter_group *group = &f->groups[part / FILTER_GROUP];
    for (size_t i = 0; i < f->slots; i++)
        group->words[i] &= ~bit_of(part);
}

enum err_code filter_open_part(struct log_filter *f, size_t part, struct err *e)
{
    size_t g = part / FILTER_GROUP;
    if (g >= f->n_groups) {
        struct filter_group *groups = realloc(f->groups, (g + 1) * sizeof *groups);
        if (!groups)
            return err_set(e, ERR_LIMIT, 0, "no memory for the log's filters");
        memset(groups + f->n_groups, 0, (g + 1 - f->n_groups) * sizeof *groups);
        f->groups = groups;
        f->n_groups = g + 1;
    }
    assert(!(f->groups[g].live & bit_of(part)));
    if (f->groups[g].words) {
        part_clear(f, part);
        return ERR_OK;
    }
    f->groups[g].words = calloc(f->slots, sizeof *f->groups[g].words);
    if (!f->groups[g].words)
        return err_set(e, ERR_LIMIT, 0, "no memory for the log's filters (%zu bytes)",
                       f->slots * sizeof *f->groups[g].words);
    return ERR_OK;
}

/* Slot i of a hash, by double hashing (Kirsch, Mitzenmacher 2006). */
static size_t slot_of(const struct log_filter *f, uint64_t hash, unsigned i)
{
    return (hash + i * ((hash >> 32) | 1)) & (f->slots - 1);
}

void filter_add(struct log_filter *f, size_t part, uint64_t hash)
{
    uint64_t *words = f->groups[part / FILTER_GROUP].words;
    assert(words);
    for (unsigned i = 0; i < FILTER_HASHES; i++)
        words[slot_of(f, hash, i)] |= bit_of(part);
}

void filter_set_live(struct log_filter *f, size_t part)
{
    assert(f->groups[part / FILTER_GROUP].words);
    f->groups[part / FILTER_GROUP].live |= bit_of(part);
}

void filter_expire(struct log_filter *f, size_t part)
{
    if (part / FILTER_GROUP >= f->n_groups)
        return;
    struct filter_group *group = &f->groups[part / FILTER_GROUP];
    group->live &= ~bit_of(part);
    if (!group->live) {
        free(group->words);
        group->words = NULL;
    }
}

uint64_t filter_probe(const struct log_filter *f, size_t g, uint64_t hash)
{
    assert(g < f->n_groups);
    const struct filter_group *group = &f->groups[g];
    uint64_t maybe = group->live;
    for (unsigned i = 0; i < FILTER_HASHES && maybe; i++)
        maybe &= group->words[slot_of(f, hash, i)];
    return maybe;
}

void filter_prefetch(const struct log_filter *f, size_t g, uint64_t hash)
{
    const struct filter_group *group = &f->groups[g];
    for (unsigned i = 0; i < FILTER_HASHES && group->live; i++)
        __builtin_prefetch(&group->words[slot_of(f, hash, i)]);
}

void filter_save(const struct log_filter *f, size_t part, struct buf *out)
{
    const uint64_t *words = f->groups[part / FILTER_GROUP].words;
    unsigned shift = part % FILTER_GROUP;
    assert(words);
    for (size_t i = 0; i < f->slots; i += 8) {
        unsigned byte = 0;
        for (unsigned b = 0; b < 8; b++)
            byte |= (unsigned)(words[i + b] >> shift & 1) << b;
        buf_addc(out, (char)byte);
    }
}

bool filter_load(struct log_filter *f, size_t part, struct slice bits)
{
    uint64_t *words = f->groups[part / FILTER_GROUP].words;
    assert(words);
    if (bits.len != f->slots / 8)
        return false;
    for (size_t i = 0; i < bits.len; i++)
        for (unsigned byte = (unsigned char)bits.at[i]; byte; byte &= byte - 1)
            words[i * 8 + (unsigned)__builtin_ctz(byte)] |= bit_of(part);
    return true;
}

size_t filter_bytes(const struct log_filter *f)
{
    size_t bytes = f->n_groups * sizeof *f->groups;
    for (size_t g = 0; g < f->n_groups; g++)
        bytes += f->groups[g].words ? f->slots * sizeof *f->groups[g].words : 0;
    return bytes;
}
