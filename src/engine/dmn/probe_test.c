#include "engine/dmn/dmn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char model[] =
    "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m' namespace='m'>\n"
    "<itemDefinition name='tHome'><itemComponent name='city'><typeRef>string</typeRef></itemComponent></itemDefinition>\n"
    "<inputData name='age' id='i1'><variable name='age' typeRef='number'/></inputData>\n"
    "<inputData name='plan' id='i2'><variable name='plan' typeRef='string'/></inputData>\n"
    "<inputData name='home' id='i3'><variable name='home' typeRef='tHome'/></inputData>\n"
    "<businessKnowledgeModel name='twice' id='b'><variable name='twice'/><encapsulatedLogic><formalParameter name='x'/>"
    "<literalExpression><text>x * 2</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>\n"
    "<decision name='table' id='d1'><variable name='table' typeRef='string'/>"
    "<informationRequirement><requiredInput href='#i1'/></informationRequirement>"
    "<informationRequirement><requiredInput href='#i2'/></informationRequirement><decisionTable hitPolicy='FIRST'>\n"
    "<input><inputExpression><text>age + plan</text></inputExpression></input><output/>\n"
    "<rule><inputEntry><text>&gt; 5</text></inputEntry><outputEntry><text>upper case(plan)</text></outputEntry></rule>\n"
    "<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>\"x\" +\n 1</text></outputEntry></rule>\n"
    "</decisionTable></decision>\n"
    "<decision name='number' id='d2'><variable name='number' typeRef='number'/>"
    "<informationRequirement><requiredInput href='#i2'/></informationRequirement>"
    "<literalExpression><text>plan + \"!\"</text></literalExpression></decision>\n"
    "<decision name='called' id='d3'><variable name='called'/>"
    "<informationRequirement><requiredInput href='#i2'/></informationRequirement>"
    "<knowledgeRequirement><requiredKnowledge href='#b'/></knowledgeRequirement>"
    "<literalExpression><text>twice(plan)</text></literalExpression></decision>\n"
    "<decision name='whole' id='d4'><variable name='whole' typeRef='boolean'/>"
    "<informationRequirement><requiredInput href='#i3'/></informationRequirement>"
    "<literalExpression><text>home.city = \"Bilbao\"</text></literalExpression></decision>\n"
    "</definitions>\n";

static const struct {
    const char *element, *text;
    size_t line;
} wanted[] = {
    { "knowledge model 'twice'", "'*' has no meaning between a string and a number", 6 },
    { "decision 'table', input 1", "'+' has no meaning between a number and a string", 8 },
    { "decision 'table', rule 2, output 1", "'+' has no meaning between a string and a number", 10 },
    { "decision 'number'", "what this gives is never of the type that is declared", 13 },
};

static void all_texts_are_looked_at(void **state)
{
    const struct dmn_options options = { 0 };
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    const struct dmn_diag *diags, *found;
    struct dmn *dmn;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(dmn_load(slice_of(model), &options, mem, &dmn, &diags, &e), ERR_OK);
    assert_null(diags);
    assert_int_equal(dmn_probe(dmn, NULL, 0, mem, &found, &e), ERR_OK);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++, found = found->next) {
        if (!found)
            fail_msg("%s is not found", wanted[i].element);
        if (!slice_is(found->element, wanted[i].element) || strcmp(found->flaw.text, wanted[i].text) != 0
            || found->line != wanted[i].line)
            fail_msg("line %zu: %.*s: %s", found->line, SLICE_ARG(found->element), found->flaw.text);
    }
    if (found)
        fail_msg("line %zu: %.*s: %s", found->line, SLICE_ARG(found->element), found->flaw.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_texts_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
