/* Regular expressions as XPath knows them, for FEEL's matches, replace and split.
 *
 * Source   XPath and XQuery Functions and Operators 3.1, section 5.6, over XML Schema 1.1 part 2, appendix G.
 * Way      parsed strictly, rewritten for PCRE2 (UTF, UCP): what XPath does not have, PCRE2 never sees.
 * Flags    s . takes line ends too; m ^ and $ at each line; i letters of either case; x blanks are not meant;
 *          q nothing has a meaning.
 * Bounds   pattern length, nesting, PCRE2's match, depth and heap limits: a search ends, whatever the pattern.
 * Omitted  \p{IsName} knows the blocks of Unicode's planes 0 and 1 that are in use; others are an unknown name.
 */
#ifndef TENDERO_ENGINE_FEEL_REGEX_XPATH_H
#define TENDERO_ENGINE_FEEL_REGEX_XPATH_H

#include "base/buf.h"

#define REGEX_PATTERN_MAX (16u << 10)

struct regex_xpath;

/* NULL: no such pattern or flag, *why says what is wrong (static text). */
struct regex_xpath *regex_xpath_new(struct slice pattern, struct slice flags, const char **why);
void regex_xpath_drop(struct regex_xpath **);

enum regex_found { REGEX_NONE, REGEX_FOUND, REGEX_LIMIT };
/* The first match in subject (UTF-8) from the byte `from` on: [*start, *end). REGEX_LIMIT: given up. */
enum regex_found regex_xpath_find(struct regex_xpath *, struct slice subject, size_t from, size_t *start,
                                  size_t *end);
/* Bytes of group `group` in the match found last; empty where it took no part. */
struct slice regex_xpath_group(const struct regex_xpath *, struct slice subject, unsigned group);
/* fn:replace; false: *why says what is wrong. A pattern that the empty string matches is refused, as XPath does. */
bool regex_xpath_replace(struct regex_xpath *, struct slice subject, struct slice replacement, struct buf *out,
                         const char **why);

#endif
