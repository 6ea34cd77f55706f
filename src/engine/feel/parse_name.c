#include "engine/feel/names.h"
#include "engine/feel/parse_room.h"

#include <assert.h>
#include <stdio.h>

static bool begins_with_keyword(struct slice name)
{
    return lex_keyword(name, 0) != KEY_NONE;
}

enum err_code parse_know(struct parse *p, struct slice name)
{
    /* What cannot stand in a text is no name of it: "a(b" of a file would hide a call. */
    if (!lex_is_name(name) || begins_with_keyword(name))
        return ERR_OK;
    if (!arena_need(p->mem, p->known, p->cap_known, p->n_known + 1))
        return parse_no_room(p);
    p->known[p->n_known++] = name;
    return ERR_OK;
}

static size_t longest_known(const struct parse *p, size_t at)
{
    size_t best = at;
    for (size_t i = 0; i < p->n_known; i++) {
        struct slice name = p->known[i];
        if (name.at[0] != p->text.at[at])
            continue;
        size_t end = lex_known(p->text, at, name);
        best = end > best ? end : best;
    }
    return best;
}

/* Behind the words up to the next keyword or sign. */
static size_t run_end(struct slice text, size_t at)
{
    size_t end = lex_word(text, at);
    for (;;) {
        size_t next = lex_skip(text, end), word = lex_word(text, next);
        if (word == next || lex_keyword(text, next) != KEY_NONE)
            return end;
        end = word;
    }
}

/* Would a longer known name take what may follow the name? */
static bool goes_on(const struct parse *p, struct slice name)
{
    for (size_t i = 0; i < p->n_known; i++) {
        struct slice known = p->known[i];
        if (known.len <= name.len || known.at[0] != name.at[0] || !slice_starts(known, name))
            continue;
        size_t rest = lex_blanks(known, name.len);
        if (lex_is_sign(known.at[rest]) || (rest > name.len && lex_keyword(known, rest) != KEY_NONE))
            return true;
    }
    return false;
}

enum err_code parse_fold(struct parse *p, size_t at, size_t end, struct slice *ret)
{
    struct slice name = lex_fold(p->text, at, end, p->mem);
    if (!name.at)
        return parse_no_room(p);
    *ret = name;
    return ERR_OK;
}

enum err_code parse_name(struct parse *p, struct slice *ret, bool *fenced)
{
    size_t at = p->token.at;
    assert(p->token.kind == TOKEN_WORD);
    size_t known = longest_known(p, at), run = run_end(p->text, at);
    /* A word behind a name can only belong to it: nothing else of the grammar could stand there. */
    TRY(parse_fold(p, at, known >= run ? known : run, ret));
    *fenced = goes_on(p, *ret);
    p->token = lex_token(p->text, known >= run ? known : run);
    if (known < run) {
        p->unknown = *ret;
        p->unknown_next = p->token.at;
    }
    return ERR_OK;
}

enum err_code parse_new_name(struct parse *p, bool to_keyword, const char *what, struct slice *ret)
{
    size_t at = p->token.at;
    size_t end = p->token.kind == TOKEN_WORD ? lex_raw_name(p->text, at, to_keyword) : at;
    if (end == at)
        return parse_expected(p, what);
    TRY(parse_fold(p, at, end, ret));
    p->token = lex_token(p->text, end);
    return ERR_OK;
}

void parse_hint(struct parse *p)
{
    if (!p->unknown.len || p->unknown_next != p->token.at)
        return;
    struct slice nearest = feel_near_name(p->unknown, p->known, p->n_known);
    size_t len = strlen(p->flaw.text);
    if (nearest.len)
        snprintf(p->flaw.text + len, sizeof p->flaw.text - len, "; '%.*s' is not known, '%.*s' is",
                 SLICE_ARG(p->unknown), SLICE_ARG(nearest));
}
