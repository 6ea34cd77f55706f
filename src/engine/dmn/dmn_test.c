#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/dmn/dmn.h"
#include "engine/dmn/table.h"
#include "engine/feel/parse.h"
#include "engine/feel/value_json.h"

#define HEAD "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m' namespace='urn:m' id='m'>"
#define TAIL "</definitions>"
#define INPUT(name, type) "<inputData name='" name "' id='" name "'><variable name='" name "' typeRef='" type "'/></inputData>"
#define NEEDS(name) "<informationRequirement><requiredInput href='#" name "'/></informationRequirement>"
#define NEEDS_DECISION(name) "<informationRequirement><requiredDecision href='#" name "'/></informationRequirement>"
#define KNOWS(name) "<knowledgeRequirement><requiredKnowledge href='#" name "'/></knowledgeRequirement>"
#define FEEL(text) "<literalExpression><text>" text "</text></literalExpression>"
#define DECISION(name, inside) "<decision name='" name "' id='" name "'><variable name='" name "'/>" inside "</decision>"

static struct arena *mem;

static int set_up(void **state)
{
    (void)state;
    mem = arena_new((size_t)64 << 20);
    return mem ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

static const struct dmn_options none = { 0 };

static struct dmn *load_with(const char *file, const struct dmn_options *options, const struct dmn_diag **diags)
{
    struct dmn *dmn;
    struct err e = { 0 };
    if (dmn_load(slice_of(file), options, mem, &dmn, diags, &e))
        fail_msg("%s", e.text);
    return dmn;
}

static struct dmn *load(const char *file)
{
    const struct dmn_diag *diags;
    struct dmn *dmn = load_with(file, &none, &diags);
    if (diags)
        fail_msg("%zu: %.*s: %s", diags->line, SLICE_ARG(diags->element), diags->flaw.text);
    return dmn;
}

static struct value feel(const char *text)
{
    const struct parse_options options = { 0 };
    struct node *node;
    struct diag flaw;
    struct err e;
    struct eval eval;
    struct value v;
    if (feel_parse(slice_of(text), &options, mem, &node, &flaw, &e))
        fail_msg("%s: %s", text, flaw.text);
    eval_init(&eval, mem, NULL, 0, &e);
    assert_int_equal(feel_eval(&eval, node, NULL, &v), ERR_OK);
    return v;
}

static const char *show(struct value v)
{
    struct buf out = buf_make(1 << 16);
    value_literal(v, &out);
    struct slice text = arena_copy(mem, buf_slice(&out));
    buf_drop(&out);
    return text.at;
}

static void decides(const struct dmn *dmn, const char *decision, const char *inputs, const char *want)
{
    struct eval eval;
    struct err e;
    struct value v;
    const struct dmn_element *element = dmn_find(dmn, DMN_DECISION, slice_of(decision));
    assert_non_null(element);
    eval_init(&eval, mem, NULL, 0, &e);
    assert_int_equal(dmn_decide(dmn, element, feel(inputs).context, &eval, &v), ERR_OK);
    const char *got = show(v);
    if (strcmp(got, want) != 0)
        fail_msg("%s of %s: %s, not %s", decision, inputs, got, want);
}

/* The table of one text input and two rules that both may hit. */
static const char *table(const char *policy, const char *values)
{
    return arena_printf(mem, HEAD INPUT("x", "number")
        "<decision name='d' id='d'><variable name='d'/>" NEEDS("x") "<decisionTable %s>"
        "<input><inputExpression><text>x</text></inputExpression></input>"
        "<output><outputValues><text>%s</text></outputValues></output>"
        "<rule><inputEntry><text>&gt; 10</text></inputEntry><outputEntry><text>\"low\"</text></outputEntry></rule>"
        "<rule><inputEntry><text>&gt; 5</text></inputEntry><outputEntry><text>\"high\"</text></outputEntry></rule>"
        "<rule><inputEntry><text>&gt; 20</text></inputEntry><outputEntry><text>\"high\"</text></outputEntry></rule>"
        "</decisionTable></decision>" TAIL, policy, values).at;
}

static void hit_policies(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *x6, *x12, *x30;
    } cases[] = {
        { "", "\"high\"", "null", "null" },
        { "hitPolicy='UNIQUE'", "\"high\"", "null", "null" },
        { "hitPolicy='ANY'", "\"high\"", "null", "null" },
        { "hitPolicy='FIRST'", "\"high\"", "\"low\"", "\"low\"" },
        { "hitPolicy='PRIORITY'", "\"high\"", "\"high\"", "\"high\"" },
        { "hitPolicy='RULE ORDER'", "[\"high\"]", "[\"low\", \"high\"]", "[\"low\", \"high\", \"high\"]" },
        { "hitPolicy='OUTPUT ORDER'", "[\"high\"]", "[\"high\", \"low\"]", "[\"high\", \"high\", \"low\"]" },
        { "hitPolicy='COLLECT'", "[\"high\"]", "[\"low\", \"high\"]", "[\"low\", \"high\", \"high\"]" },
        { "hitPolicy='COLLECT' aggregation='COUNT'", "1", "2", "3" },
        { "hitPolicy='COLLECT' aggregation='MIN'", "\"high\"", "\"high\"", "\"high\"" },
        { "hitPolicy='COLLECT' aggregation='MAX'", "\"high\"", "\"low\"", "\"low\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dmn *dmn = load(table(cases[i].policy, "\"high\", \"low\""));
        decides(dmn, "d", "{x: 6}", cases[i].x6);
        decides(dmn, "d", "{x: 12}", cases[i].x12);
        decides(dmn, "d", "{x: 30}", cases[i].x30);
        decides(dmn, "d", "{x: 1}", strstr(cases[i].policy, "COUNT") ? "0" : "null");
        decides(dmn, "d", "{}", strstr(cases[i].policy, "COUNT") ? "0" : "null");
    }
}

static void boxes(void **state)
{
    (void)state;
    const struct dmn *dmn = load(HEAD INPUT("x", "number")
        DECISION("context", NEEDS("x") "<context><contextEntry><variable name='twice x'/>" FEEL("x * 2") "</contextEntry>"
                 "<contextEntry>" FEEL("twice x + 1") "</contextEntry></context>")
        DECISION("list", "<list>" FEEL("1") FEEL("[2]") "</list>")
        DECISION("relation", NEEDS("x") "<relation><column name='x'/><column name='y'/><row>" FEEL("1") FEEL("x")
                 "</row></relation>")
        DECISION("if", NEEDS("x") "<conditional><if>" FEEL("x = 1") "</if><then>" FEEL("\"one\"") "</then><else>"
                 FEEL("\"more\"") "</else></conditional>")
        DECISION("filter", "<filter><in>" FEEL("[1, 2, 3]") "</in><match>" FEEL("item &gt; 1") "</match></filter>")
        DECISION("for", "<for iteratorVariable='i'><in>" FEEL("[1..3]") "</in><return>" FEEL("i * i") "</return></for>")
        DECISION("some", "<some iteratorVariable='i'><in>" FEEL("[1, 2]") "</in><satisfies>" FEEL("i = 2")
                 "</satisfies></some>")
        DECISION("every", "<every iteratorVariable='i'><in>" FEEL("[1, 2]") "</in><satisfies>" FEEL("i = 2")
                 "</satisfies></every>")
        DECISION("call", KNOWS("add up") "<invocation>" FEEL("add up") "<binding><parameter name='b'/>" FEEL("2")
                 "</binding><binding><parameter name='a'/>" FEEL("40") "</binding></invocation>")
        "<businessKnowledgeModel name='add up' id='add up'><variable name='add up'/><encapsulatedLogic>"
        "<formalParameter name='a' typeRef='number'/><formalParameter name='b' typeRef='number'/>" FEEL("a + b")
        "</encapsulatedLogic></businessKnowledgeModel>" TAIL);
    decides(dmn, "context", "{x: 20}", "41");
    decides(dmn, "list", "{}", "[1, [2]]");
    decides(dmn, "relation", "{x: 7}", "[{x: 1, y: 7}]");
    decides(dmn, "if", "{x: 1}", "\"one\"");
    decides(dmn, "if", "{}", "\"more\"");
    decides(dmn, "filter", "{}", "[2, 3]");
    decides(dmn, "for", "{}", "[1, 4, 9]");
    decides(dmn, "some", "{}", "true");
    decides(dmn, "every", "{}", "false");
    decides(dmn, "call", "{}", "42");
}

static void types(void **state)
{
    (void)state;
    const struct dmn *dmn = load(HEAD
        "<itemDefinition name='tTier'><typeRef>string</typeRef><allowedValues><text>\"gold\", \"silver\"</text>"
        "</allowedValues></itemDefinition>"
        "<itemDefinition name='tPerson'><itemComponent name='name'><typeRef>string</typeRef></itemComponent>"
        "<itemComponent name='friends' isCollection='true'><typeRef>tPerson</typeRef></itemComponent></itemDefinition>"
        INPUT("tier", "tTier") INPUT("person", "tPerson") INPUT("day", "date")
        DECISION("tier is", NEEDS("tier") FEEL("tier"))
        DECISION("friend", NEEDS("person") FEEL("person.friends[1].name"))
        DECISION("kind", NEEDS("person") FEEL("person instance of tPerson")) TAIL);
    decides(dmn, "tier is", "{tier: \"gold\"}", "\"gold\"");
    decides(dmn, "tier is", "{tier: \"lead\"}", "null");
    decides(dmn, "tier is", "{tier: [\"gold\"]}", "\"gold\"");
    decides(dmn, "friend", "{person: {name: \"Ann\", friends: [{name: \"Bea\", friends: []}]}}", "\"Bea\"");
    decides(dmn, "friend", "{person: {name: \"Ann\", friends: [{name: 1, friends: []}]}}", "null");
    decides(dmn, "kind", "{person: {name: \"Ann\", friends: []}}", "true");
}

static void services(void **state)
{
    (void)state;
    const struct dmn *dmn = load(HEAD INPUT("x", "number")
        DECISION("y", NEEDS("x") FEEL("x + 1")) DECISION("z", NEEDS_DECISION("y") FEEL("y * 10"))
        DECISION("asks", KNOWS("s") FEEL("s(4, 5)"))
        "<decisionService name='s' id='s'><variable name='s'/><outputDecision href='#z'/><inputDecision href='#y'/>"
        "<inputData href='#x'/></decisionService>" TAIL);
    decides(dmn, "z", "{x: 1}", "20");
    decides(dmn, "asks", "{x: 1}", "50");
    struct eval eval;
    struct err e;
    struct value v;
    eval_init(&eval, mem, NULL, 0, &e);
    const struct dmn_element *s = dmn_find(dmn, DMN_SERVICE, SLICE("s"));
    assert_int_equal(dmn_invoke(dmn, s, feel("{y: 7}").context, &eval, &v), ERR_OK);
    assert_string_equal(show(v), "70");
}

static const struct dmn *imported(void *arg, struct slice ns, struct slice location)
{
    (void)location;
    return slice_is(ns, "urn:other") ? arg : NULL;
}

static void imports(void **state)
{
    (void)state;
    struct dmn *other = load("<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' name='o' "
        "namespace='urn:other' id='o'>" INPUT("who", "string") DECISION("hello", NEEDS("who") FEEL("\"Hello \" + who"))
        TAIL);
    const struct dmn_options options = { NULL, imported, other };
    const struct dmn_diag *diags;
    const struct dmn *dmn = load_with(HEAD "<import name='the other' namespace='urn:other'/>"
        "<decision name='d' id='d'><variable name='d'/><informationRequirement><requiredDecision href='urn:other#hello'/>"
        "</informationRequirement>" FEEL("the other.hello + \"!\"") "</decision>" TAIL, &options, &diags);
    assert_null(diags);
    decides(dmn, "d", "{the other: {who: \"Ann\"}}", "\"Hello Ann!\"");
    decides(dmn, "d", "{who: \"Bob\"}", "\"Hello Bob!\"");
}

static const struct {
    const char *file, *element, *text;
    size_t line;
} flaws[] = {
    { HEAD "\n" DECISION("d", "\n" FEEL("1 +\n* 2")) TAIL, "decision 'd'", "expression", 4 },
    { HEAD DECISION("d", NEEDS("nobody") FEEL("1")) TAIL, "decision 'd'", "nobody", 1 },
    { HEAD INPUT("x", "tNone") TAIL, "input 'x'", "tNone", 1 },
    { HEAD "<itemDefinition name='a'><typeRef>a</typeRef></itemDefinition>" TAIL, "type 'a'", "itself", 1 },
    { HEAD DECISION("a", NEEDS_DECISION("b") FEEL("b")) DECISION("b", NEEDS_DECISION("a") FEEL("a")) TAIL,
      "decision 'a'", "lead back", 1 },
    { HEAD DECISION("d", "<decisionTable hitPolicy='BEST'><output/></decisionTable>") TAIL, "decision 'd'", "BEST", 1 },
    { HEAD DECISION("d", "<decisionTable><output/><rule/></decisionTable>") TAIL, "rule 1", "tests", 1 },
    { HEAD DECISION("d", "<decisionTable><input><inputExpression><text>1</text></inputExpression></input><output/><rule>"
      "<inputEntry><text>[1..</text></inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable>") TAIL,
      "rule 1, input 1", "", 1 },
    { HEAD INPUT("order value", "number") DECISION("d", NEEDS("order value") FEEL("1 +\n order valeu")) TAIL, "decision 'd'",
      "'order value' is", 2 },
    { HEAD "<import name='i' namespace='urn:none'/>" TAIL, "import", "urn:none", 1 },
    { HEAD DECISION("d", "<conditional><if>" FEEL("true") "</if></conditional>") TAIL, "decision 'd'", "then", 1 },
    { HEAD DECISION("d", "<literalExpression expressionLanguage='JavaScript'><text>1</text></literalExpression>") TAIL,
      "decision 'd'", "JavaScript", 1 },
};

static void flaws_have_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        const struct dmn_diag *diag;
        load_with(flaws[i].file, &none, &diag);
        if (!diag)
            fail_msg("no flaw in %s", flaws[i].file);
        struct slice element = arena_copy(mem, diag->element);
        if (!strstr(element.at, flaws[i].element) || !strstr(diag->flaw.text, flaws[i].text)
            || diag->line != flaws[i].line)
            fail_msg("%zu: %s: %s", diag->line, element.at, diag->flaw.text);
    }
}

static void other_files_are_refused(void **state)
{
    (void)state;
    static const char *const files[] = { "", "<a/>", "<definitions xmlns='urn:bpmn'/>", HEAD, "{}" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct dmn *dmn = NULL;
        const struct dmn_diag *diags;
        struct err e;
        assert_int_equal(dmn_load(slice_of(files[i]), &none, mem, &dmn, &diags, &e), ERR_INVALID);
        assert_null(dmn);
        assert_true(e.text[0]);
    }
}

/* Too little memory, whatever of it is missing, is ERR_LIMIT. */
static void memory_runs_out(void **state)
{
    (void)state;
    const char *file = table("hitPolicy='FIRST'", "\"high\", \"low\"");
    bool loaded = false;
    for (size_t limit = 512; !loaded; limit += 512) {
        AUTO(arena) little = arena_new(limit);
        struct dmn *dmn;
        const struct dmn_diag *diags;
        struct err e = { 0 };
        enum err_code code = dmn_load(slice_of(file), &none, little, &dmn, &diags, &e);
        assert_true(code == ERR_OK || (code == ERR_LIMIT && e.text[0]));
        loaded = code == ERR_OK;
        assert_true(limit < ((size_t)16 << 20));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hit_policies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(boxes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(services, set_up, tear_down),
        cmocka_unit_test_setup_teardown(imports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flaws_have_their_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
