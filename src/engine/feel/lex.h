/* FEEL's characters and tokens. Private to the parser.
 *
 * Source   DMN 1.5, grammar rules 27 to 36 and 61 to 69.
 * State    none: a token is read from a place in the text. What a name is the parser decides, since that
 *          depends on the names in scope; a token is a single word of it.
 */
#ifndef TENDERO_ENGINE_FEEL_LEX_H
#define TENDERO_ENGINE_FEEL_LEX_H

#include "base/arena.h"
#include "base/err.h"

enum token_kind {
    TOKEN_END, TOKEN_BAD, TOKEN_WORD, TOKEN_NUMBER, TOKEN_STRING,
    TOKEN_LEFT, TOKEN_RIGHT,                          // ( )
    TOKEN_LEFT_SQUARE, TOKEN_RIGHT_SQUARE, TOKEN_LEFT_CURLY, TOKEN_RIGHT_CURLY,
    TOKEN_COMMA, TOKEN_COLON, TOKEN_AT, TOKEN_DOT, TOKEN_DOTS,
    TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE,
    TOKEN_ADD, TOKEN_SUB, TOKEN_MUL, TOKEN_DIV, TOKEN_POW
};
/* Words that no name begins with, and that end the run of words of an unknown name. */
enum keyword {
    KEY_NONE, KEY_AND, KEY_BETWEEN, KEY_ELSE, KEY_EVERY, KEY_FALSE, KEY_FOR, KEY_FUNCTION, KEY_IF, KEY_IN,
    KEY_INSTANCE_OF, KEY_NULL, KEY_OR, KEY_RETURN, KEY_SATISFIES, KEY_SOME, KEY_THEN, KEY_TRUE
};

struct token {
    enum token_kind kind;
    enum keyword key;        // of a TOKEN_WORD; "instance of" is one token
    size_t at, end;
    const char *why;         // of a TOKEN_BAD
};

/* The token at or behind `at`, blanks and comments passed over. The text is valid UTF-8. */
struct token lex_token(struct slice text, size_t at);
/* Behind blanks and comments; a comment without end is not passed. */
size_t lex_skip(struct slice text, size_t at);
/* Behind blanks alone. */
size_t lex_blanks(struct slice text, size_t at);
/* Behind the characters of a word's inside (letters, digits, ' …), `at` itself where there are none. */
size_t lex_word(struct slice text, size_t at);
bool lex_starts_name(struct slice text, size_t at);
enum keyword lex_keyword(struct slice text, size_t at);

/* Where `name`, with single blanks, ends in the text from `at` on; `at` itself where it is not. */
size_t lex_known(struct slice text, size_t at, struct slice name);
/* Where the raw name from `at` on ends: words and the signs . / - + *, up to anything else,
 * or to a keyword. */
size_t lex_raw_name(struct slice text, size_t at, bool to_keyword);
/* May the name stand in a text without quotes? */
bool lex_is_name(struct slice name);
/* One of . / - + * */
bool lex_is_sign(char);
/* text[at, end) with single blanks for blanks and comments; .at is NULL when mem is exhausted. */
struct slice lex_fold(struct slice text, size_t at, size_t end, struct arena *mem);

/* What a string token means. ERR_INVALID: *flaw_at and *why say what is wrong. */
MUST_CHECK enum err_code lex_string(struct slice text, struct token, struct arena *mem, struct slice *ret,
                                    size_t *flaw_at, const char **why);

#endif
