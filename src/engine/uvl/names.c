#include "base/hash.h"
#include "engine/uvl/read_room.h"

/* The slot of a name, or the free one where it belongs. */
static uint32_t slot_of(const struct uvl_model *m, struct slice name)
{
    uint32_t mask = m->slots - 1, i = (uint32_t)hash64(name, 0) & mask;
    while (m->slot[i] && !slice_eq(m->feature[m->slot[i] - 1].name, name))
        i = (i + 1) & mask;
    return i;
}

static bool grow(struct reading *r)
{
    struct uvl_model *m = &r->m;
    uint32_t slots = m->slots ? 2 * m->slots : 64, *old = m->slot, n = m->slots;
    uint32_t *more = arena_array(r->mem, uint32_t, slots);
    if (!uvl_read_memory(r, more))
        return false;
    m->slot = more;
    m->slots = slots;
    for (uint32_t i = 0; i < n; i++)
        if (old[i])
            more[slot_of(m, m->feature[old[i] - 1].name)] = old[i];
    return true;
}

bool uvl_names_add(struct reading *r, uint32_t feature)
{
    struct uvl_model *m = &r->m;
    if (2 * (m->features + 1) > m->slots && !grow(r))
        return true;
    uint32_t at = slot_of(m, m->feature[feature].name);
    if (m->slot[at])
        return false;
    m->slot[at] = feature + 1;
    return true;
}

const struct uvl_value *uvl_names_attribute(const struct uvl_attribute *a, uint32_t n, struct slice path)
{
    for (;;) {
        struct slice name = slice_cut(&path, '.');
        uint32_t i = 0;
        while (i < n && !slice_eq(a[i].name, name))
            i++;
        if (i == n)
            return NULL;
        if (!path.len)
            return &a[i].value;
        if (a[i].value.kind != UVL_MAP)
            return NULL;
        n = a[i].value.n;
        a = a[i].value.map;
    }
}

uint32_t uvl_feature_find(const struct uvl_model *m, struct slice name)
{
    return m->slots ? m->slot[slot_of(m, name)] - 1 : UVL_NONE;
}

const struct uvl_value *uvl_attribute_find(const struct uvl_feature *f, struct slice path)
{
    return uvl_names_attribute(f->attribute, f->attributes, path);
}
