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
    buf_drop(&b);
    assert_int_equal(xml_parse((struct slice){ file, XML_BYTES_MAX + 1u }, mem, &x, &e), ERR_LIMIT);
}

static void memory_runs_out(void **state)
{
    (void)state;
    enum err_code code = ERR_LIMIT;
    for (size_t limit = 64; code == ERR_LIMIT; limit += 64) {
        AUTO(arena) little = arena_new(limit);
        struct xml *x;
        struct err e = { 0 };
        code = xml_parse(slice_of(file), little, &x, &e);
        assert_true(code == ERR_OK || (code == ERR_LIMIT && e.text[0]));
        assert_true(limit < 1 << 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_encodings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entities_stay_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
