#include "engine/uvl/read_room.h"

#define NEAR_WORK 50000000  // letters compared for remedies, in all

/* Which groups each feature has, and which features each group: both are in the order of the text. */
static bool link_tree(struct reading *r)
{
    struct uvl_model *m = &r->m;
    uint32_t *group = arena_array(r->mem, uint32_t, (size_t)m->groups + 1);
    uint32_t *child = arena_array(r->mem, uint32_t, (size_t)m->features + 1);
    if (!uvl_read_memory(r, group && child))
        return false;
    for (uint32_t i = 0; i < m->groups; i++)
        m->feature[m->group[i].of].groups++;
    for (uint32_t i = 0; i < m->features; i++)
        if (m->feature[i].in != UVL_NONE)
            m->group[m->feature[i].in].children++;
    for (uint32_t i = 0; i < m->features; i++) {
        m->feature[i].group = group;
        group += m->feature[i].groups;
        m->feature[i].groups = 0;
    }
    for (uint32_t i = 0; i < m->groups; i++) {
        struct uvl_feature *of = &m->feature[m->group[i].of];
        of->group[of->groups++] = i;
        m->group[i].child = child;
        child += m->group[i].children;
        m->group[i].children = 0;
    }
    for (uint32_t i = 0; i < m->features; i++)
        if (m->feature[i].in != UVL_NONE) {
            struct uvl_group *g = &m->group[m->feature[i].in];
            g->child[g->children++] = i;
        }
    return true;
}

/* Groups that nothing can fill: instances of a feature count once here, as it is the feature that is selected. */
static void check_groups(struct reading *r)
{
    for (uint32_t i = 0; i < r->m.groups; i++) {
        const struct uvl_group *g = &r->m.group[i];
        if (g->kind == UVL_CARDINALITY && g->min > g->children && g->children)
            uvl_read_fault(r, g->place, "this group needs %u of its %u features: lower the cardinality, or add features", g->min,
                       g->children);
    }
}

static struct slice base_name(struct slice file)
{
    size_t from = uvl_import_folder(file).len;
    struct slice name = { file.at + from, file.len - from };
    if (slice_ends(name, SLICE(".uvl")))
        name.len -= 4;
    return name;
}

static bool first_file(struct reading *r, struct slice text, struct slice file)
{
    struct uvl_model *m = &r->m;
    if (text.len > UINT32_MAX / 4)
        uvl_read_limit(r, (struct uvl_place){ 0, 1, 1 }, "the model is larger than 1 GB; part it");
    if (r->code || !uvl_read_memory(r, arena_need(r->mem, m->file, r->file_cap, 1) && arena_need(r->mem, r->text, r->text_cap, 1)))
        return false;
    m->file[0] = arena_copy(r->mem, file);
    r->text[0] = arena_copy(r->mem, text);
    m->fault = arena_array(r->mem, struct uvl_fault, UVL_FAULTS_MAX);
    m->files = 1;
    m->name = base_name(m->file[0]);
    return uvl_read_memory(r, m->file[0].at && r->text[0].at && m->fault);
}

static enum err_code verdict(struct reading *r)
{
    struct uvl_model *m = &r->m;
    uvl_read_faults_sort(m);
    uint32_t i = 0;
    while (i < m->faults && m->fault[i].warning)
        i++;
    if (i == m->faults)
        return ERR_OK;
    struct slice text = uvl_fault_text(m, &m->fault[i], r->mem);
    if (!uvl_read_memory(r, text.at))
        return r->code;
    return err_set(r->e, ERR_INVALID, m->fault[i].place.line, "%.*s", SLICE_ARG(slice_utf8_cut(text, sizeof r->e->text - 1)));
}

enum err_code uvl_read(struct slice text, struct slice file, const struct uvl_reader *reader, struct arena *mem,
                       struct uvl_model *ret, struct err *e)
{
    struct reading *r = arena_one(mem, struct reading);
    struct parse *p = arena_one(mem, struct parse);
    if (!r || !p)
        return err_set(e, ERR_LIMIT, 0, "there is no memory to read the model in");
    *r = (struct reading){ .mem = mem, .reader = reader, .near_left = NEAR_WORK, .e = e };
    if (!first_file(r, text, file))
        return r->code;
    *p = (struct parse){ .r = r, .file = r->m.file[0], .folder = uvl_import_folder(r->m.file[0]), .at = UVL_NONE, .in = UVL_NONE,
                         .depth = 1 };
    uvl_lex_start(&p->lex, r->text[0], 0);
    uvl_parse_file(p);
    if (!r->code && link_tree(r)) {
        check_groups(r);
        uvl_resolve(r);
    }
    enum err_code code = r->code ? r->code : verdict(r);
    if (code != ERR_LIMIT)
        *ret = r->m;
    return code;
}
