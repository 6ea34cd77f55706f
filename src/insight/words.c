#include "insight/words.h"

#include <assert.h>

#include "base/hash.h"
#include "base/vec.h"
#include "sys/random.h"

void words_drop(struct words *words)
{
    free(words->bytes);
    free(words->end);
    free(words->slot);
    *words = (struct words){ 0 };
}

struct slice words_text(const struct words *words, uint32_t number)
{
    if (number == 0 || number > words->count)
        return (struct slice){ NULL, 0 };
    uint32_t begin = words->end[number - 1];
    return (struct slice){ words->bytes + begin, words->end[number] - begin };
}

static size_t slot_of(const struct words *words, struct slice word)
{
    assert(words->slots);
    size_t at = hash64(word, words->seed) & (words->slots - 1);
    while (words->slot[at] && !slice_eq(words_text(words, words->slot[at]), word))
        at = (at + 1) & (words->slots - 1);
    return at;
}

uint32_t words_find(const struct words *words, struct slice word)
{
    return words->slots ? words->slot[slot_of(words, word)] : 0;
}

/* A table with room for `count` words at load 1/2, filled with those there are. */
static bool slots_room(struct words *words, size_t count)
{
    size_t slots = words->slots ? words->slots : 64;
    while (slots < count * 2)
        slots *= 2;
    if (slots == words->slots)
        return true;
    uint32_t *slot = calloc(slots, sizeof *slot);
    if (!slot)
        return false;
    if (!words->slots)
        words->seed = random_u64();
    free(words->slot);
    words->slot = slot;
    words->slots = slots;
    for (uint32_t number = 1; number <= words->count; number++)
        slot[slot_of(words, words_text(words, number))] = number;
    return true;
}

uint32_t words_add(struct words *words, struct slice word)
{
    uint32_t known = words_find(words, word);
    if (known)
        return known;
    if (!slots_room(words, (size_t)words->count + 2))
        return 0;
    if (words->bytes_len + word.len > UINT32_MAX
        || !vec_need(words->bytes, words->bytes_cap, words->bytes_len + word.len + 1)
        || !vec_need(words->end, words->end_cap, (size_t)words->count + 2))
        return 0;
    if (word.len)
        memcpy(words->bytes + words->bytes_len, word.at, word.len);
    words->bytes_len += word.len;
    words->end[++words->count] = (uint32_t)words->bytes_len;
    words->slot[slot_of(words, word)] = words->count;
    return words->count;
}

size_t words_memory_bytes(const struct words *words)
{
    return words->bytes_cap + words->end_cap * sizeof *words->end + words->slots * sizeof *words->slot;
}

enum err_code words_save(const struct words *words, struct snapshot_out *out, struct err *e)
{
    uint64_t head[2] = { words->count, words->bytes_len };
    TRY(snapshot_put(out, head, sizeof head, e));
    TRY(snapshot_put(out, words->end, words->count ? (words->count + 1) * sizeof *words->end : 0, e));
    return snapshot_put(out, words->bytes, words->bytes_len, e);
}

enum err_code words_load(struct words *words, struct snapshot_in *in, struct err *e)
{
    uint64_t head[2];
    TRY(snapshot_get(in, head, sizeof head, e));
    words_drop(words);
    if (head[0] >= UINT32_MAX || head[1] >= UINT32_MAX || !vec_need(words->end, words->end_cap, head[0] + 1)
        || !vec_need(words->bytes, words->bytes_cap, head[1] + 1))
        return err_set(e, ERR_LIMIT, 0, "no memory for a dictionary of %llu words",
                       (unsigned long long)head[0]);
    TRY(snapshot_get(in, words->end, head[0] ? (head[0] + 1) * sizeof *words->end : 0, e));
    TRY(snapshot_get(in, words->bytes, head[1], e));
    uint32_t before = 0;
    for (uint64_t i = 1; i <= head[0]; i++) {
        if (words->end[i] < before || words->end[i] > head[1])
            return err_set(e, ERR_CORRUPT, 0, "word %llu of a snapshot is out of place", (unsigned long long)i);
        before = words->end[i];
    }
    words->bytes_len = head[1];
    words->count = (uint32_t)head[0];
    return slots_room(words, (size_t)words->count + 2)
               ? ERR_OK
               : err_set(e, ERR_LIMIT, 0, "no memory for a dictionary of %u words", words->count);
}
