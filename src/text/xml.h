/* XML read into a tree of elements, by expat: namespaces resolved, no external entities, entity expansion bounded.
 *
 * Memory   all in mem; slices live as long as it.
 * Errors   ERR_INVALID with line and column in the text and e->pos the byte; ERR_LIMIT beyond 16 MB, 200 levels,
 *          1,000,000 elements, or what expat refuses as an expansion attack.
 */
#ifndef TENDERO_TEXT_XML_H
#define TENDERO_TEXT_XML_H

#include "base/arena.h"
#include "base/err.h"

#define XML_BYTES_MAX (16u << 20)

struct xml_attribute {
    struct slice ns, name, value;    // ns empty: of the element's own
};
struct xml {
    struct slice ns, name;           // local name
    struct xml_attribute *attribute;
    size_t attributes;
    struct slice text;               // all character data directly inside, joined
    struct xml *first, *next;        // first child element, next sibling
    struct xml *parent;
    size_t line, column;             // from 1
    size_t begin, end;               // bytes of the whole element in the file: what is not understood can be kept
};

MUST_CHECK enum err_code xml_parse(struct slice file, struct arena *mem, struct xml **ret, struct err *e);
/* The attribute without namespace of that name; empty when it is absent (at NULL) or empty (at not NULL). */
struct slice xml_attribute(const struct xml *, const char *name);
/* First child, or next sibling after `from`, with that local name, whatever its namespace; NULL: none. */
struct xml *xml_child(const struct xml *, const char *name);
struct xml *xml_next(const struct xml *from, const char *name);
size_t xml_count(const struct xml *, const char *name);      // children of that local name
/* Text of the child of that name, trimmed; empty when there is none. */
struct slice xml_child_text(const struct xml *, const char *name);

#endif
