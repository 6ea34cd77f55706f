#include "text/xml.h"

#define XML_DTD  // expat.h declares the bound on entities only to those who say that the library reads DTDs
#include <assert.h>
#include <expat.h>

#include "base/buf.h"

#define DEPTH_MAX 200
#define ELEMENTS_MAX 1000000
/* Entities may make a file longer by this factor once it passes expat's 8 MB. Expat's own 100 would let 16 MB of file
 * fill 1.4 GB of text buffers and attributes, none of it counted by the arena; DMN needs no entities at all. */
#define AMPLIFICATION_MAX 4.0f
#define SEPARATOR '\x01'  // no character of XML 1.0: it can stand in no name

struct reading {
    XML_Parser parser;
    struct arena *mem;
    struct xml *root, *at;
    struct xml *last[DEPTH_MAX + 2];  // the youngest child of each open element
    struct buf text[DEPTH_MAX + 2];
    size_t depth, elements;
    bool bom;                         // the file begins with one, which expat counts as a column
    enum err_code code;               // why it was stopped
    const char *why;
};

static void stop(struct reading *r, enum err_code code, const char *why)
{
    if (r->code)
        return;
    r->code = code;
    r->why = why;
    XML_StopParser(r->parser, XML_FALSE);
}

static struct slice keep(struct reading *r, const char *at, size_t len)
{
    struct slice s = arena_copy(r->mem, (struct slice){ at, len });
    if (!s.at)
        stop(r, ERR_LIMIT, "it needs more memory than it may have");
    return s;
}

/* expat joins namespace and name by the separator; no namespace, no separator. */
static void keep_name(struct reading *r, const char *text, struct slice *ns, struct slice *name)
{
    const char *cut = strchr(text, SEPARATOR);
    *ns = cut ? keep(r, text, (size_t)(cut - text)) : (struct slice){ NULL, 0 };
    *name = cut ? keep(r, cut + 1, strlen(cut + 1)) : keep(r, text, strlen(text));
}

static void keep_attributes(struct reading *r, struct xml *x, const char **attribute)
{
    size_t n = 0;
    while (attribute[2 * n])
        n++;
    x->attribute = arena_array(r->mem, struct xml_attribute, n ? n : 1);
    if (!x->attribute) {
        stop(r, ERR_LIMIT, "it needs more memory than it may have");
        return;
    }
    x->attributes = n;
    for (size_t i = 0; i < n && !r->code; i++) {
        struct xml_attribute *a = &x->attribute[i];
        keep_name(r, attribute[2 * i], &a->ns, &a->name);
        a->value = keep(r, attribute[2 * i + 1], strlen(attribute[2 * i + 1]));
    }
}

static void link_child(struct reading *r, struct xml *x)
{
    x->parent = r->at;
    if (!r->at)
        r->root = x;
    else if (r->last[r->depth])
        r->last[r->depth]->next = x;
    else
        r->at->first = x;
    r->last[r->depth] = x;
}

static size_t column(const struct reading *r)
{
    size_t before = XML_GetCurrentColumnNumber(r->parser);
    bool counts_bom = r->bom && before && XML_GetCurrentLineNumber(r->parser) == 1;
    return before + (counts_bom ? 0 : 1);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attribute)
{
    struct reading *r = arg;
    struct xml *x = arena_one(r->mem, struct xml);
    if (r->code)
        return;
    if (r->depth >= DEPTH_MAX || ++r->elements > ELEMENTS_MAX) {
        stop(r, ERR_LIMIT, r->depth >= DEPTH_MAX ? "its elements are nested more than 200 deep"
                                                 : "it has more than 1,000,000 elements");
        return;
    }
    if (!x) {
        stop(r, ERR_LIMIT, "it needs more memory than it may have");
        return;
    }
    x->line = XML_GetCurrentLineNumber(r->parser);
    x->column = column(r);
    x->begin = (size_t)XML_GetCurrentByteIndex(r->parser);
    /* An empty element has one event's bytes for begin and end. */
    x->end = x->begin + (size_t)XML_GetCurrentByteCount(r->parser);
    keep_name(r, name, &x->ns, &x->name);
    keep_attributes(r, x, attribute);
    link_child(r, x);
    r->at = x;
    r->depth++;
    r->last[r->depth] = NULL;
    r->text[r->depth] = buf_make(XML_BYTES_MAX);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    struct reading *r = arg;
    (void)name;
    if (r->code)
        return;
    assert(r->depth > 0 && r->at);
    struct buf *text = &r->text[r->depth];
    if (text->failed)
        stop(r, ERR_LIMIT, "it needs more memory than it may have");
    r->at->text = keep(r, text->at ? text->at : "", text->len);
    buf_drop(text);
    size_t end = (size_t)XML_GetCurrentByteIndex(r->parser) + (size_t)XML_GetCurrentByteCount(r->parser);
    if (end > r->at->end)
        r->at->end = end;
    r->at = r->at->parent;
    r->depth--;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
    struct reading *r = arg;
    if (!r->code)
        buf_add(&r->text[r->depth], (struct slice){ text, (size_t)len });
}

static enum err_code parsed(struct reading *r, struct slice file, struct err *e)
{
    size_t line, pos;
    enum XML_Status status = XML_Parse(r->parser, file.at ? file.at : "", (int)file.len, XML_TRUE);
    if (status == XML_STATUS_OK && !r->code)
        return ERR_OK;
    line = XML_GetCurrentLineNumber(r->parser);
    pos = XML_GetCurrentByteIndex(r->parser) < 0 ? 0 : (size_t)XML_GetCurrentByteIndex(r->parser);
    if (r->code)
        return err_set(e, r->code, pos, "line %zu of the XML: %s", line, r->why);
    enum XML_Error error = XML_GetErrorCode(r->parser);
    bool limit = error == XML_ERROR_NO_MEMORY || error == XML_ERROR_AMPLIFICATION_LIMIT_BREACH;
    return err_set(e, limit ? ERR_LIMIT : ERR_INVALID, pos, "line %zu, column %zu of the XML: %s", line,
                   column(r), XML_ErrorString(error));
}

enum err_code xml_parse(struct slice file, struct arena *mem, struct xml **ret, struct err *e)
{
    assert(mem && ret);
    if (file.len > XML_BYTES_MAX)
        return err_set(e, ERR_LIMIT, XML_BYTES_MAX, "XML has at most %u bytes", XML_BYTES_MAX);
    struct reading *r = arena_one(mem, struct reading);
    if (!r)
        return err_set(e, ERR_LIMIT, 0, "the XML needs more memory than it may have");
    r->mem = mem;
    r->bom = slice_starts(file, SLICE("\xEF\xBB\xBF")) || slice_starts(file, SLICE("\xFF\xFE"))
          || slice_starts(file, SLICE("\xFE\xFF"));
    r->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (!r->parser)
        return err_set(e, ERR_LIMIT, 0, "the XML needs more memory than there is");
    XML_Bool bounded = XML_SetBillionLaughsAttackProtectionMaximumAmplification(r->parser, AMPLIFICATION_MAX);
    assert(bounded);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    enum err_code code = parsed(r, file, e);
    for (; r->depth > 0; r->depth--)
        buf_drop(&r->text[r->depth]);
    XML_ParserFree(r->parser);
    if (!code)
        *ret = r->root;
    return code;
}

struct slice xml_attribute(const struct xml *x, const char *name)
{
    for (size_t i = 0; i < x->attributes; i++)
        if (x->attribute[i].ns.len == 0 && slice_is(x->attribute[i].name, name))
            return x->attribute[i].value;
    return (struct slice){ NULL, 0 };
}

static struct xml *named(struct xml *x, const char *name)
{
    while (x && !slice_is(x->name, name))
        x = x->next;
    return x;
}

struct xml *xml_child(const struct xml *x, const char *name)
{
    return named(x->first, name);
}

struct xml *xml_next(const struct xml *from, const char *name)
{
    return named(from->next, name);
}

struct slice xml_child_text(const struct xml *x, const char *name)
{
    const struct xml *child = xml_child(x, name);
    return child ? slice_trim(child->text) : (struct slice){ NULL, 0 };
}

size_t xml_count(const struct xml *x, const char *name)
{
    size_t n = 0;
    for (const struct xml *c = xml_child(x, name); c; c = xml_next(c, name))
        n++;
    return n;
}
