/* A mapping file is somebody's own: whatever its bytes, it is read whole or refused with a sentence. */
#include "intake/mapping.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What a member is: absent, a fixed text, or a column with a known type; its bytes can be read. */
static size_t read_member(const struct mapped *m)
{
    size_t sum = 0;
    const struct slice all[] = { m->name, m->fixed, m->from };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t k = 0; k < all[i].len; k++)
            sum += (unsigned char)all[i].at[k];
    require(m->type <= TYPE_JSON);
    require(!m->fixed.at || !m->from.at);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *mem = arena_new((size_t)4 << 20);
    require(mem);
    struct mapping map = { .n = SIZE_MAX };
    struct err e = { 0 };
    char *text = malloc(size + 1);  // ends where the bytes end, for the address sanitizer
    require(text);
    if (size)
        memcpy(text, data, size);
    enum err_code code = mapping_parse((struct slice){ text, size }, mem, &map, &e);
    free(text);  // all that was kept is in mem
    if (code) {
        require((code == ERR_INVALID || code == ERR_LIMIT) && e.text[0] && map.n == SIZE_MAX);
    } else if (!map.raw) {
        require(map.n <= MAPPED_MAX && map.as <= AS_PRODUCT);
        require(map.as == AS_PRODUCT || map.user_id.name.len || map.anonymous_id.name.len || map.email.name.len);
        const struct mapped *const singles[] = { &map.event, &map.timestamp, &map.message_id, &map.user_id,
                                                 &map.anonymous_id, &map.group_id, &map.email };
        for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
            read_member(singles[i]);
        for (size_t i = 0; i < map.n; i++)
            read_member(&map.members[i]);
    }
    arena_drop(&mem);
    return 0;
}
