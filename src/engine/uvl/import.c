/* Imports: the lines that name them, and reading one where a feature refers to its root. */
#include "engine/uvl/read_room.h"

struct slice uvl_import_folder(struct slice file)
{
    while (file.len && file.at[file.len - 1] != '/')
        file.len--;
    return file;
}

static bool import_line(struct parse *p)
{
    struct reading *r = p->r;
    struct import i = { .place = p->token.place };
    if (!uvl_parse_path(p, &i.path, NULL, NULL, "the name of a model"))
        return false;
    i.alias = i.path;
    if (uvl_parse_is(p, "as")) {
        uvl_parse_next(p);
        if (!uvl_parse_path(p, &i.alias, NULL, NULL, "the name that the import goes by"))
            return false;
    }
    if (slice_find(i.path, '/') < i.path.len || slice_find(i.path, '\\') < i.path.len)
        return uvl_read_fault(r, i.place, "an import holds a slash: write folder.model for a model in a folder");
    for (size_t k = 0; k < p->imports; k++)
        if (slice_eq(p->import[k].alias, i.alias))
            return uvl_read_fault(r, i.place, "an import called %.*s is already in line %u: write `as` and another name behind it",
                              SLICE_ARG(slice_utf8_cut(i.alias, 80)), p->import[k].place.line);
    if (p->imports == UVL_IMPORTS_MAX) {
        uvl_read_limit(r, i.place, "the model has more than %d imports", UVL_IMPORTS_MAX);
        return false;
    }
    if (!uvl_read_memory(r, arena_need(r->mem, p->import, p->import_cap, p->imports + 1)))
        return false;
    p->import[p->imports++] = i;
    return uvl_parse_line_end(p, "`as` or the end of the line");
}

void uvl_parse_import_lines(struct parse *p)
{
    while (p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END)
        if (!uvl_parse_too_deep(p) && !import_line(p))
            uvl_parse_skip_line(p);
}

/* The file that an import means: points part folders. */
static struct slice import_path(struct parse *p, struct slice path)
{
    struct slice ret = arena_printf(p->r->mem, "%.*s%.*s.uvl", SLICE_ARG(p->folder), SLICE_ARG(path));
    if (uvl_read_memory(p->r, ret.at))
        for (size_t i = 0; i < path.len; i++)
            if (ret.at[p->folder.len + i] == '.')
                ((char *)ret.at)[p->folder.len + i] = '/';
    return ret;
}

/* The index of a file among those read, reading it if it is new. */
static bool open_file(struct parse *p, const struct import *i, struct slice path, uint32_t *ret)
{
    struct reading *r = p->r;
    struct uvl_model *m = &r->m;
    struct err why = { 0 };
    struct slice text = { 0 };
    for (*ret = 0; *ret < m->files; ++*ret)
        if (slice_eq(m->file[*ret], path))
            return true;
    if (!r->reader)
        return uvl_read_fault(r, i->place, "there is no other model to import here: put its features into this one");
    enum err_code code = r->reader->read(r->reader->self, path, r->mem, &text, &why);
    if (code == ERR_LIMIT) {
        uvl_read_limit(r, i->place, "the import cannot be read: %s", why.text);
        return false;
    }
    if (code)
        return uvl_read_fault(r, i->place, "the import %.*s cannot be read (%s): check its name and its folder",
                          SLICE_ARG(slice_utf8_cut(path, 120)), why.text);
    if (!uvl_read_memory(r, arena_need(r->mem, m->file, r->file_cap, m->files + 1) &&
                        arena_need(r->mem, r->text, r->text_cap, m->files + 1)))
        return false;
    text = arena_copy(r->mem, text);
    if (!uvl_read_memory(r, text.at))
        return false;
    m->file[m->files] = path;
    r->text[m->files++] = text;
    return true;
}

static bool is_circle(const struct parse *p, struct slice path)
{
    for (; p; p = p->importer)
        if (slice_eq(p->file, path))
            return true;
    return false;
}

static struct import *import_of(struct parse *p, struct slice alias)
{
    for (size_t i = 0; i < p->imports; i++)
        if (slice_eq(p->import[i].alias, alias))
            return &p->import[i];
    return NULL;
}

static struct slice alias_name(const void *p, uint32_t i)
{
    return ((const struct parse *)p)->import[i].alias;
}

static uint32_t no_import(struct parse *p, struct slice alias, struct uvl_place place)
{
    struct slice near = uvl_read_near(p->r, alias, 0, alias_name, p, (uint32_t)p->imports);
    struct slice is = slice_utf8_cut(alias, 80);
    if (near.len)
        uvl_read_fault(p->r, place, "no import is called %.*s: is it %.*s?", SLICE_ARG(is), SLICE_ARG(slice_utf8_cut(near, 80)));
    else
        uvl_read_fault(p->r, place, "no import is called %.*s: write it under imports", SLICE_ARG(is));
    return UVL_NONE;
}

uint32_t uvl_import_feature(struct parse *p, struct slice path, struct slice last, struct uvl_place place, uint32_t parent,
                        uint32_t group, uint32_t depth)
{
    struct reading *r = p->r;
    struct slice alias = { path.at, path.len - last.len - 1 };
    struct import *i = import_of(p, alias);
    uint32_t file = 0;
    if (!i)
        return no_import(p, alias, place);
    i->used = true;
    struct slice name = import_path(p, i->path);
    if (is_circle(p, name)) {
        uvl_read_fault(r, i->place, "%.*s imports itself, at once or through others: take one of these imports out",
                   SLICE_ARG(slice_utf8_cut(name, 120)));
        return UVL_NONE;
    }
    if (p->imports_open == UVL_DEPTH_MAX || r->imports++ == UVL_IMPORTS_MAX)
        uvl_read_limit(r, place, "models import more than %d others, or more than %d deep", UVL_IMPORTS_MAX, UVL_DEPTH_MAX);
    struct parse *sub = arena_one(r->mem, struct parse);
    if (r->code || !uvl_read_memory(r, sub) || !open_file(p, i, name, &file))
        return UVL_NONE;
    *sub = (struct parse){ .r = r, .file = name, .folder = uvl_import_folder(name), .prefix = uvl_parse_full_name(p, alias),
                           .at = parent, .in = group, .depth = depth, .imports_open = p->imports_open + 1, .importer = p };
    uvl_lex_start(&sub->lex, r->text[file], file);
    uvl_parse_file(sub);
    if (!r->code && (sub->first == UVL_NONE || !slice_eq(r->m.feature[sub->first].name, uvl_parse_full_name(p, path)))) {
        struct slice root = sub->first == UVL_NONE ? SLICE("not there") : r->m.feature[sub->first].name;
        uvl_read_fault(r, place, "%.*s is not the root of what is imported, which is %.*s: refer to that",
                   SLICE_ARG(slice_utf8_cut(path, 120)), SLICE_ARG(slice_utf8_cut(root, 120)));
    }
    return sub->first;
}
