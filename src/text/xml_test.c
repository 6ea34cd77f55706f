#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/buf.h"
#include "text/xml.h"

static struct arena *mem;

static int set_up(void **state)
{
    (void)state;
    mem = arena_new((size_t)256 << 20);
    return mem ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

static struct xml *parse(const char *text)
{
    struct xml *x;
    struct err e;
    if (xml_parse(slice_of(text), mem, &x, &e))
        fail_msg("%s: %s", text, e.text);
    return x;
}

#define assert_slice(s, text) assert_true(slice_is((s), (text)))

static const char file[] =
    "<?xml version='1.0'?>\n"
    "<m:root xmlns:m='urn:m' xmlns='urn:default' a='1' m:a='2' empty=''>\n"
    "  before<first/>between<!-- not text --><second b='&lt;&#233;&amp;'>in<![CDATA[ <side> ]]></second> behind\n"
    "  <first n='2'>x</first>\n"
    "</m:root>\n";

static void reads_elements(void **state)
{
    (void)state;
    struct xml *root = parse(file), *first = xml_child(root, "first"), *second = xml_child(root, "second");
    assert_slice(root->ns, "urn:m");
    assert_slice(root->name, "root");
    assert_slice(xml_attribute(root, "a"), "1");
    assert_int_equal(root->attributes, 3);
    assert_slice(root->attribute[1].ns, "urn:m");
    assert_true(xml_attribute(root, "empty").at && !xml_attribute(root, "empty").len);
    assert_null(xml_attribute(root, "none").at);
    assert_slice(first->ns, "urn:default");
    assert_slice(second->text, "in <side> ");
    assert_slice(xml_attribute(second, "b"), "<\xC3\xA9&");
    assert_slice(slice_trim(root->text), "beforebetween behind");
    assert_ptr_equal(first->next, second);
    assert_slice(xml_attribute(xml_next(first, "first"), "n"), "2");
    assert_null(xml_next(second, "second"));
    assert_null(xml_child(root, "third"));
    assert_slice(xml_child_text(root, "second"), "in <side>");
    assert_ptr_equal(second->parent, root);
}

static void knows_places(void **state)
{
    (void)state;
    struct xml *root = parse(file), *first = root->first, *last = xml_next(first, "first");
    const struct { struct xml *x; const char *text; } of[] = {
        { first, "<first/>" }, { last, "<first n='2'>x</first>" },
        { first->next, "<second b='&lt;&#233;&amp;'>in<![CDATA[ <side> ]]></second>" },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        assert_slice(((struct slice){ file + of[i].x->begin, of[i].x->end - of[i].x->begin }), of[i].text);
    assert_int_equal(root->line, 2);
    assert_int_equal(root->column, 1);
    assert_int_equal(first->line, 3);
    assert_int_equal(first->column, 9);
    assert_int_equal(last->line, 4);
}

static void keeps_what_stands_between(void **state)
{
    (void)state;
    struct xml *root = parse("<?xml version='1.0'?><!--a--><?b c?><r xmlns='urn:d' xml:lang='es'>"
                             "1<?pi x?>2<!--3-->&#x34;&#53;<none xmlns=''/><![CDATA[]]]]><![CDATA[>6]]></r><?d?>");
    assert_slice(root->text, "1245]]>6");
    assert_slice(root->ns, "urn:d");
    assert_int_equal(root->first->ns.len, 0);
    assert_slice(root->attribute[0].ns, "http://www.w3.org/XML/1998/namespace");
    assert_null(xml_attribute(root, "lang").at);  // the one without namespace
    assert_null(root->next);
    assert_null(root->parent);
}

/* Bytes count in the file as it is stored, columns in characters. */
static void places_are_of_the_file(void **state)
{
    (void)state;
    static const char bom[] = "\xEF\xBB\xBF<a>\xC3\xA9<b/></a>";
    struct xml *root = parse(bom);
    assert_int_equal(root->begin, 3);
    assert_int_equal(root->end, sizeof bom - 1);
    assert_int_equal(root->first->begin, 8);
    assert_int_equal(root->first->end, 12);
    assert_int_equal(root->column, 1);
    assert_int_equal(root->first->column, 5);
    static const char utf16[] = "\xFE\xFF\0<\0a\0>\0\n\0<\0b\0/\0>\0<\0/\0a\0>";
    struct err e = { 0 };
    assert_int_equal(xml_parse((struct slice){ utf16, sizeof utf16 - 1 }, mem, &root, &e), ERR_OK);
    assert_int_equal(root->begin, 2);
    assert_int_equal(root->column, 1);
    assert_int_equal(root->first->begin, 10);
    assert_int_equal(root->first->end, 18);
    assert_int_equal(root->first->line, 2);
    assert_int_equal(root->first->column, 1);
    assert_int_equal(xml_parse(slice_of("<a>\n\xC3\xA9</b>"), mem, &root, &e), ERR_INVALID);
    assert_int_equal(e.pos, 8);
    assert_non_null(strstr(e.text, "line 2, column 4"));
}

static void refuses(void **state)
{
    (void)state;
    static const struct { const char *text, *why; } flaws[] = {
        { "", "no element" }, { "x", "line 1, column 1" }, { "<a>", "line 1" }, { "<a></b>", "line 1, column 6" },
        { "<a>\n<b>\n</a>", "line 3, column 3" }, { "<a b='1' b='2'/>", "duplicate" }, { "<n:a/>", "prefix" },
        { "<a>&none;</a>", "undefined entity" }, { "<a/><b/>", "line 1, column 5" }, { "<a>\x01</a>", "line 1" },
    };
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        struct xml *x = NULL;
        struct err e = { 0 };
        enum err_code code = xml_parse(slice_of(flaws[i].text), mem, &x, &e);
        if (code != ERR_INVALID || x || !strstr(e.text, flaws[i].why))
            fail_msg("'%s': %s", flaws[i].text, e.text);
    }
    static const char nul[] = "<a>\0</a>", behind[] = "<a/>\0";
    struct xml *x = NULL;
    assert_int_equal(xml_parse((struct slice){ nul, sizeof nul - 1 }, mem, &x, NULL), ERR_INVALID);
    assert_int_equal(xml_parse((struct slice){ behind, sizeof behind - 1 }, mem, &x, NULL), ERR_INVALID);
    assert_int_equal(xml_parse((struct slice){ NULL, 0 }, mem, &x, NULL), ERR_INVALID);
    assert_null(x);
}

static void cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t end = strlen(file) - 1;  // without the last line feed the file is still whole
    for (size_t len = 0; len < end; len++) {
        char *cut = malloc(len ? len : 1);
        struct xml *x;
        struct err e;
        memcpy(cut, file, len);
        assert_int_equal(xml_parse((struct slice){ cut, len }, mem, &x, &e), ERR_INVALID);
        free(cut);
    }
}

static void other_encodings(void **state)
{
    (void)state;
    static const char latin[] = "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>";
    static const char utf16[] = "\xFF\xFE<\0a\0>\0\xE9\0<\0/\0a\0>\0";
    struct xml *x;
    struct err e;
    assert_slice(parse(latin)->text, "\xC3\xA9");
    assert_slice(parse("\xEF\xBB\xBF<a>\xC3\xA9</a>")->text, "\xC3\xA9");
    assert_int_equal(xml_parse((struct slice){ utf16, sizeof utf16 - 1 }, mem, &x, &e), ERR_OK);
    assert_slice(x->text, "\xC3\xA9");
}

/* A thousand millions of laughs; a file of this machine. */
static void entities_stay_small(void **state)
{
    (void)state;
    struct buf bomb = buf_make(0);
    struct xml *x;
    struct err e = { 0 };
    buf_adds(&bomb, "<!DOCTYPE a [<!ENTITY l0 'lol'>");
    for (int i = 1; i < 10; i++) {
        buf_printf(&bomb, "<!ENTITY l%d '", i);
        for (int k = 0; k < 10; k++)
            buf_printf(&bomb, "&l%d;", i - 1);
        buf_adds(&bomb, "'>");
    }
    buf_adds(&bomb, "]><a>&l9;</a>");
    assert_int_equal(xml_parse(buf_slice(&bomb), mem, &x, &e), ERR_LIMIT);
    buf_drop(&bomb);
    static const char outside[] = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
    assert_int_equal(xml_parse(slice_of(outside), mem, &x, &e), ERR_OK);
    assert_int_equal(x->text.len, 0);
}

/* 14 MB of file would be let grow a hundredfold by expat: in texts of open elements, or in one attribute. */
static void long_files_grow_little(void **state)
{
    (void)state;
    for (int in_attribute = 0; in_attribute < 2; in_attribute++) {
        struct buf b = buf_make(XML_BYTES_MAX);
        buf_adds(&b, "<!DOCTYPE a [<!ENTITY e '");
        for (int i = 0; i < 2000; i++)
            buf_adds(&b, "0123456789");
        buf_adds(&b, "'>]><!--");
        for (int i = 0; i < 1400000; i++)
            buf_adds(&b, "0123456789");
        buf_adds(&b, in_attribute ? "--><a b='" : "--><a>");
        for (int i = 0; i < 4000; i++)
            buf_adds(&b, !in_attribute && i % 100 == 0 ? "<a>&e;" : "&e;");
        buf_adds(&b, in_attribute ? "'/>" : "</a>");
        struct xml *x;
        struct err e = { 0 };
        assert_false(b.failed);
        assert_int_equal(xml_parse(buf_slice(&b), mem, &x, &e), ERR_LIMIT);
        assert_non_null(strstr(e.text, "amplification"));
        buf_drop(&b);
    }
}

static void nested(struct buf *b, int depth)
{
    for (int i = 0; i < depth; i++)
        buf_adds(b, "<a>");
    for (int i = 0; i < depth; i++)
        buf_adds(b, "</a>");
}

static void has_limits(void **state)
{
    (void)state;
    struct xml *x;
    struct err e = { 0 };
    struct buf b = buf_make(0);
    nested(&b, 200);
    assert_int_equal(xml_parse(buf_slice(&b), mem, &x, &e), ERR_OK);
    buf_clear(&b);
    nested(&b, 201);
    assert_int_equal(xml_parse(buf_slice(&b), mem, &x, &e), ERR_LIMIT);
    assert_non_null(strstr(e.text, "200 deep"));
    for (int n = 999999; n <= 1000000; n++) {  // and the root
        AUTO(arena) large = arena_new((size_t)1 << 30);
        buf_clear(&b);
        buf_adds(&b, "<r>");
        for (int i = 0; i < n; i++)
            buf_adds(&b, "<a/>");
        buf_adds(&b, "</r>");
        assert_int_equal(xml_parse(buf_slice(&b), large, &x, &e), n < 1000000 ? ERR_OK : ERR_LIMIT);
    }
    assert_non_null(strstr(e.text, "1,000,000"));
    buf_drop(&b);
    assert_int_equal(xml_parse((struct slice){ file, XML_BYTES_MAX + 1u }, mem, &x, &e), ERR_LIMIT);
}

static void memory_runs_out(void **state)
{
    (void)state;
    enum err_code code = ERR_LIMIT;
    for (size_t limit = 16; code == ERR_LIMIT; limit += 16) {  // what an arena rounds to
        AUTO(arena) little = arena_new(limit);
        struct xml *x = NULL;
        struct err e = { 0 };
        code = xml_parse(slice_of(file), little, &x, &e);
        assert_true(!x == !!code);
        assert_true(code == ERR_OK || (code == ERR_LIMIT && e.text[0]));
        assert_true(limit < 1 << 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_stands_between, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places_are_of_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_encodings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entities_stay_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_files_grow_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
