/* A model's sections, and what every part of the parser shares. */
#include <stdlib.h>

#include "base/utf8.h"
#include "engine/uvl/read_room.h"

void uvl_parse_next(struct parse *p)
{
    p->last_end = p->token.end;
    if (p->r->code) {
        p->token.kind = TOKEN_END;
        return;
    }
    p->token = uvl_lex_next(&p->lex);
    if (p->lex.crooked) {
        p->lex.crooked = false;
        uvl_read_fault(p->r, p->token.place, lex_mixed(&p->lex)
            ? "this line is at no level of those above: use either tabs or blanks for indentation, not both"
            : "this line is at no level of those above: indent it like its neighbours");
    }
}

bool uvl_parse_is(const struct parse *p, const char *word)
{
    return p->token.kind == TOKEN_NAME && slice_is(p->token.text, word);
}

bool uvl_parse_accept(struct parse *p, int kind)
{
    if (p->token.kind != kind)
        return false;
    uvl_parse_next(p);
    return true;
}

bool uvl_parse_unexpected(struct parse *p, const char *what)
{
    const struct token *t = &p->token;
    if (t->kind == TOKEN_WRONG)
        return uvl_read_fault(p->r, t->place, "%.*s", SLICE_ARG(t->text));
    if (t->kind == TOKEN_END || t->kind == TOKEN_NEWLINE)
        return uvl_read_fault(p->r, t->place, "the line ends where %s is due", what);
    if (t->kind == TOKEN_INDENT || t->kind == TOKEN_DEDENT)
        return uvl_read_fault(p->r, t->place, "the indentation changes where %s is due", what);
    struct slice is = slice_utf8_cut((struct slice){ p->lex.text.at + t->start, t->end - t->start }, 80);
    return uvl_read_fault(p->r, t->place, "%.*s stands where %s is due", SLICE_ARG(is), what);
}

bool uvl_parse_expect(struct parse *p, int kind, const char *what)
{
    return uvl_parse_accept(p, kind) || uvl_parse_unexpected(p, what);
}

bool uvl_parse_line_end(struct parse *p, const char *what)
{
    return p->token.kind == TOKEN_END || uvl_parse_expect(p, TOKEN_NEWLINE, what);
}

void uvl_parse_skip_line(struct parse *p)
{
    if (p->token.kind != TOKEN_INDENT && p->token.kind != TOKEN_DEDENT) {
        uvl_lex_skip_line(&p->lex, &p->token);
        uvl_parse_next(p);
    }
    uvl_parse_accept(p, TOKEN_NEWLINE);
}

void uvl_parse_skip_block(struct parse *p)
{
    for (uint32_t open = 1; open && p->token.kind != TOKEN_END;) {
        if (p->token.kind == TOKEN_INDENT)
            open++;
        else if (p->token.kind == TOKEN_DEDENT)
            open--;
        uvl_parse_next(p);
    }
}

bool uvl_parse_too_deep(struct parse *p)
{
    struct uvl_place place = p->token.place;
    if (!uvl_parse_accept(p, TOKEN_INDENT))
        return false;
    uvl_read_fault(p->r, place, "this line is indented deeper than its neighbours: put it at their level");
    uvl_parse_skip_block(p);
    return true;
}

bool uvl_parse_path(struct parse *p, struct slice *path, struct slice *last, bool *quoted, const char *what)
{
    bool quotes = false;
    struct slice all = { 0 }, one = { 0 };
    do {
        if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
            return uvl_parse_unexpected(p, what);
        quotes |= p->token.kind == TOKEN_QUOTED;
        one = p->token.text;
        all = all.len ? arena_printf(p->r->mem, "%.*s.%.*s", SLICE_ARG(all), SLICE_ARG(one)) : one;
        if (!uvl_read_memory(p->r, all.at))
            return false;
        uvl_parse_next(p);
    } while (uvl_parse_accept(p, '.'));
    *path = all;
    if (last)
        *last = one;
    if (quoted)
        *quoted = quotes;
    return true;
}

bool uvl_parse_number(struct parse *p, struct uvl_value *ret, const char *what)
{
    size_t start = p->token.start;
    bool minus = p->token.kind == '-';
    if (minus)
        uvl_parse_next(p);
    if ((p->token.kind != TOKEN_INTEGER && p->token.kind != TOKEN_REAL) || (minus && p->token.start != start + 1))
        return uvl_parse_unexpected(p, what);
    *ret = (struct uvl_value){ .kind = UVL_NUMBER, .is_integer = p->token.kind == TOKEN_INTEGER };
    ret->text = arena_copy(p->r->mem, (struct slice){ p->lex.text.at + start, p->token.end - start });
    if (!uvl_read_memory(p->r, ret->text.at))
        return false;
    ret->number = strtod(ret->text.at, NULL);
    if (ret->number > 1e300 || ret->number < -1e300)
        return uvl_read_fault(p->r, p->token.place, "this number is too large: write one below 1e300");
    uvl_parse_next(p);
    return true;
}

struct slice uvl_parse_full_name(struct parse *p, struct slice name)
{
    if (!p->prefix.len)
        return name;
    struct slice full = arena_printf(p->r->mem, "%.*s.%.*s", SLICE_ARG(p->prefix), SLICE_ARG(name));
    uvl_read_memory(p->r, full.at);
    return full;
}

static bool level_known(struct slice level)
{
    static const char *const known[] = {
        "Boolean", "Boolean.*", "Boolean.group-cardinality", "Arithmetic", "Arithmetic.*", "Arithmetic.feature-cardinality",
        "Arithmetic.aggregate-function", "Type", "Type.*", "Type.string-constraints",
        "Type.numeric-constraints", "Boolean.feature-cardinality", "Boolean.aggregate-function", "Boolean.string-constraints",
        "Arithmetic.group-cardinality", "Arithmetic.string-constraints", "Type.group-cardinality", "Type.feature-cardinality",
        "Type.aggregate-function",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(level, known[i]))
            return true;
    return false;
}

/* Levels are declared and not needed: uvl_model says what a model makes use of. */
static void include_lines(struct parse *p)
{
    while (p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END) {
        struct uvl_place place = p->token.place;
        size_t start = p->token.start;
        if (uvl_parse_too_deep(p))
            continue;
        while (p->token.kind != TOKEN_NEWLINE && p->token.kind != TOKEN_END && p->token.kind != TOKEN_WRONG)
            uvl_parse_next(p);
        struct slice level = { p->lex.text.at + start, p->last_end - start };
        if (p->token.kind == TOKEN_WRONG)
            uvl_parse_unexpected(p, "a language level");
        else if (!level_known(level))
            uvl_read_fault(p->r, place, "%.*s is no language level: write Boolean, Arithmetic or Type, or one of their minor levels",
                       SLICE_ARG(slice_utf8_cut(level, 80)));
        uvl_parse_skip_line(p);
    }
}

static void constraint_lines(struct parse *p)
{
    while (p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END)
        if (!uvl_parse_too_deep(p) &&
            (!uvl_parse_constraint(p, UVL_NONE) || !uvl_parse_line_end(p, "an operator or the end of the line")))
            uvl_parse_skip_line(p);
}

static void block(struct parse *p, void (*lines)(struct parse *))
{
    if (uvl_parse_accept(p, TOKEN_INDENT)) {
        lines(p);
        uvl_parse_accept(p, TOKEN_DEDENT);
    }
}

static bool namespace(struct parse *p)
{
    struct slice name;
    if (!uvl_parse_path(p, &name, NULL, NULL, "the model's name"))
        return false;
    if (!p->importer)
        p->r->m.name = name;
    return true;
}

static const struct {
    const char *word;
    void (*lines)(struct parse *);
} section[] = { { "namespace", NULL }, { "include", include_lines }, { "imports", uvl_parse_import_lines },
                { "features", uvl_parse_features }, { "constraints", constraint_lines } };
#define SECTIONS (sizeof section / sizeof *section)

static void one_section(struct parse *p, unsigned *seen)
{
    struct uvl_place place = p->token.place;
    unsigned i = 0;
    while (i < SECTIONS && !uvl_parse_is(p, section[i].word))
        i++;
    if (i == SECTIONS) {
        uvl_parse_unexpected(p, "namespace, include, imports, features or constraints at the start of a line");
        uvl_parse_skip_line(p);
        if (uvl_parse_accept(p, TOKEN_INDENT))
            uvl_parse_skip_block(p);
        return;
    }
    if (*seen & 1u << i)
        uvl_read_fault(p->r, place, "%s is here for the second time: put both under one", section[i].word);
    if (i == 2 && *seen & 1u << 3)
        uvl_read_fault(p->r, place, "imports stand behind the features: put them before");
    *seen |= 1u << i;
    uvl_parse_next(p);
    if ((!section[i].lines && !namespace(p)) || !uvl_parse_line_end(p, "the end of the line"))
        uvl_parse_skip_line(p);
    if (section[i].lines)
        block(p, section[i].lines);
}

void uvl_parse_file(struct parse *p)
{
    unsigned seen = 0;
    size_t flaw = utf8_find_flaw(p->lex.text), nul = slice_find(p->lex.text, 0);
    p->first = UVL_NONE;
    if (flaw < p->lex.text.len || nul < p->lex.text.len) {
        struct uvl_place place = { p->lex.place.file, 1, 1 };
        for (size_t i = 0; i < (flaw < nul ? flaw : nul); i++)
            place.line += p->lex.text.at[i] == '\n';
        uvl_read_fault(p->r, place, "this line holds a byte that is no UTF-8 text: save the file as UTF-8");
        return;
    }
    for (uvl_parse_next(p); p->token.kind != TOKEN_END;) {
        struct uvl_place place = p->token.place;
        if (uvl_parse_accept(p, TOKEN_INDENT)) {
            uvl_read_fault(p->r, place, "this line is indented and below no section: put it under features or constraints");
            uvl_parse_skip_block(p);
        } else if (!uvl_parse_accept(p, TOKEN_DEDENT)) {
            one_section(p, &seen);
        }
    }
    for (size_t i = 0; i < p->imports; i++)
        if (!p->import[i].used)
            uvl_read_warning(p->r, p->import[i].place, "the import %.*s is not used: refer to its root among the features, or "
                         "take it out", SLICE_ARG(slice_utf8_cut(p->import[i].alias, 120)));
}
