#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "engine/dmn/dmn.h"
#include "engine/dmn/sheet.h"

static const char file[] =
    "<?xml version=\"1.0\"?>\n<!-- kept -->\n"
    "<d:definitions xmlns:d='https://www.omg.org/spec/DMN/20230324/MODEL/' xmlns:di='urn:di' name='m' namespace='m'>\n"
    "<d:inputData id='i' name='x'/>\n"
    "<d:decision id='dec' name='D'><d:variable name='D'/><d:informationRequirement><d:requiredInput href='#i'/>"
    "</d:informationRequirement><d:decisionTable id='t' hitPolicy='FIRST'>"
    "<d:input id='c1' label='The x'><d:inputExpression typeRef='number'><d:text>x</d:text></d:inputExpression></d:input>"
    "<d:output id='o1' typeRef='string'><d:defaultOutputEntry><d:text>\"none\"</d:text></d:defaultOutputEntry></d:output>"
    "<d:rule id='r1'><d:inputEntry><d:text>&lt; 5</d:text></d:inputEntry><d:outputEntry><d:text>\"a &amp; b\"</d:text></d:outputEntry>"
    "<d:annotationEntry><d:text>why</d:text></d:annotationEntry></d:rule>"
    "</d:decisionTable></d:decision>\n<di:layout x='1'/>\n</d:definitions>\n";

static struct arena *mem;

static int set_up(void **state)
{
    (void)state;
    mem = arena_new((size_t)16 << 20);
    return mem ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

static struct sheet read_one(struct slice text)
{
    struct sheet *s;
    size_t n;
    struct err e = { 0 };
    if (sheets_read(text, mem, &s, &n, &e))
        fail_msg("%s", e.text);
    assert_int_equal(n, 1);
    return s[0];
}

static struct slice written(struct slice text, const struct sheet *s)
{
    struct buf out = buf_make(0);
    struct err e = { 0 };
    if (sheet_write(text, s, mem, &out, &e))
        fail_msg("%s", e.text);
    struct slice copy = arena_copy(mem, buf_slice(&out));
    buf_drop(&out);
    return copy;
}

static const char *decide(struct slice text, const char *inputs_x)
{
    const struct dmn_options options = { 0 };
    struct dmn *dmn;
    const struct dmn_diag *diags;
    struct err e = { 0 };
    struct number x;
    struct eval eval;
    struct value v;
    struct buf out = buf_make(0);
    if (dmn_load(text, &options, mem, &dmn, &diags, &e) || diags)
        fail_msg("%s", diags ? diags->flaw.text : e.text);
    assert_true(number_parse(slice_of(inputs_x), &x));
    const struct value_entry entry = { SLICE("x"), value_number(x) };
    const struct value_context inputs = { 1, &entry };
    eval_init(&eval, mem, NULL, 0, &e);
    assert_int_equal(dmn_decide(dmn, dmn_element(dmn, 1), &inputs, &eval, &v), ERR_OK);
    value_literal(v, &out);
    struct slice said = arena_copy(mem, buf_slice(&out));
    buf_drop(&out);
    return said.at;
}

static void is_read(void **state)
{
    (void)state;
    struct sheet s = read_one(slice_of(file));
    assert_true(slice_is(s.decision, "D") && slice_is(s.hit_policy, "FIRST"));
    assert_true(s.n_inputs == 1 && s.n_outputs == 1 && s.n_rules == 1);
    assert_true(slice_is(s.input[0].label, "The x") && slice_is(s.input[0].expression, "x"));
    assert_true(slice_is(s.test[0], "< 5") && slice_is(s.says[0], "\"a & b\"") && slice_is(s.note[0], "why"));
    assert_true(slice_is(s.output[0].otherwise, "\"none\""));
}

static void is_written_in_place(void **state)
{
    (void)state;
    struct sheet s = read_one(slice_of(file));
    struct slice again = written(slice_of(file), &s);
    assert_true(strstr(again.at, "<!-- kept -->") && strstr(again.at, "<di:layout x='1'/>"));
    struct sheet t = read_one(again);
    assert_true(slice_is(t.test[0], "< 5") && slice_is(t.says[0], "\"a & b\"") && slice_is(t.note[0], "why"));
    assert_true(slice_is(t.rule_id[0], "r1") && slice_is(t.input[0].id, "c1"));
    assert_string_equal(decide(again, "3"), "\"a & b\"");
    assert_string_equal(decide(again, "7"), "\"none\"");
    /* Another rule before it. */
    struct slice id[] = { SLICE("r0"), s.rule_id[0] }, note[] = { SLICE(""), s.note[0] },
                 test[] = { SLICE("[1..2]"), s.test[0] }, says[] = { SLICE("\"first\""), s.says[0] };
    s.n_rules = 2;
    s.rule_id = id, s.note = note, s.test = test, s.says = says;
    assert_string_equal(decide(written(again, &s), "2"), "\"first\"");
    s.decision_id = SLICE("nobody");
    struct buf out = buf_make(0);
    struct err e;
    assert_int_equal(sheet_write(again, &s, mem, &out, &e), ERR_NOT_FOUND);
    buf_drop(&out);
}

static void a_new_file_loads(void **state)
{
    (void)state;
    const struct sheet_field fields[] = { { SLICE("x"), SLICE("number") } };
    struct buf out = buf_make(0);
    sheet_new_file(SLICE("Discount & more"), fields, 1, SLICE("number"), &out);
    struct sheet s = read_one(buf_slice(&out));
    assert_true(slice_is(s.decision, "Discount & more") && s.n_rules == 0);
    assert_string_equal(decide(buf_slice(&out), "1"), "null");
    buf_drop(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_written_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_file_loads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
