#include "engine/feel/ast.h"

#include <assert.h>

#include "engine/feel/lex.h"

/* How tight a node holds together: an operand of less than its place asks for stands in brackets. CLOSED is a place
 * that a bracket, a comma or the end of the text follows: there no known name can go on. */
enum hold {
    HOLD_CLOSED, HOLD_LOOSE, HOLD_OR, HOLD_AND, HOLD_COMPARE, HOLD_ADD, HOLD_MUL, HOLD_POW, HOLD_NEGATE, HOLD_TIGHT
};

static void print(const struct node *node, enum hold least, struct buf *out);

static const struct {
    const char *text;
    enum hold hold;
} ops[] = {
    [OP_OR] = { " or ", HOLD_OR },       [OP_AND] = { " and ", HOLD_AND },    [OP_EQ] = { " = ", HOLD_COMPARE },
    [OP_NE] = { " != ", HOLD_COMPARE },  [OP_LT] = { " < ", HOLD_COMPARE },   [OP_LE] = { " <= ", HOLD_COMPARE },
    [OP_GT] = { " > ", HOLD_COMPARE },   [OP_GE] = { " >= ", HOLD_COMPARE },  [OP_ADD] = { " + ", HOLD_ADD },
    [OP_SUB] = { " - ", HOLD_ADD },      [OP_MUL] = { " * ", HOLD_MUL },      [OP_DIV] = { " / ", HOLD_MUL },
    [OP_POW] = { " ** ", HOLD_POW },
};

static enum hold hold_of(const struct node *node)
{
    switch (node->kind) {
    case NODE_BINARY: return ops[node->op].hold;
    case NODE_BETWEEN:
    case NODE_IN: return HOLD_COMPARE;
    case NODE_NEGATE: return HOLD_NEGATE;
    case NODE_IF:
    case NODE_FOR:
    case NODE_SOME:
    case NODE_EVERY:
    case NODE_FUNCTION:
    case NODE_SPAN:
    case NODE_UNARY:
    case NODE_TESTS:
    /* What follows a type could be read as more of its name. */
    case NODE_INSTANCE: return HOLD_LOOSE;
    default: return HOLD_TIGHT;
    }
}

static void print_type(const struct type_node *type, struct buf *out)
{
    buf_add(out, type->name);
    if (type->bare)
        return;
    bool function = slice_is(type->name, "function");
    size_t n = type->n - function;
    buf_addc(out, '<');
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i ? ", " : "");
        if (type->member) {
            buf_add(out, type->member[i]);
            buf_adds(out, ": ");
        }
        print_type(type->kid[i], out);
    }
    buf_addc(out, '>');
    if (function) {
        buf_adds(out, "->");
        print_type(type->kid[n], out);
    }
}

/* A test of a list of them, or behind `in`: without the brackets that (< 5) has as a value. */
static void print_test(const struct node *node, enum hold least, struct buf *out)
{
    if (node->kind != NODE_UNARY) {
        print(node, least, out);
        return;
    }
    buf_adds(out, ops[node->op].text + 1);
    print(node->kid[0], HOLD_ADD, out);
}

static void print_tests(const struct node *node, size_t from, struct buf *out)
{
    for (size_t i = from; i < node->n; i++) {
        buf_adds(out, i > from ? ", " : "");
        print_test(node->kid[i], HOLD_CLOSED, out);
    }
}

static void print_all(const struct node *node, struct buf *out)
{
    for (uint32_t i = 0; i < node->n; i++) {
        buf_adds(out, i ? ", " : "");
        print(node->kid[i], HOLD_CLOSED, out);
    }
}

/* "not(a)" alone would be the negation of the tests. */
static bool is_call_of_not(const struct node *node)
{
    return node->kind == NODE_CALL && node->kid[0]->kind == NODE_NAME && slice_is(node->kid[0]->name, "not");
}

static void print_unary_tests(const struct node *node, struct buf *out)
{
    bool bracket = node->negated || (node->n == 1 && is_call_of_not(node->kid[0]));
    if (!node->n)
        buf_addc(out, '-');
    buf_adds(out, node->negated ? "not(" : bracket ? "(" : "");
    print_tests(node, 0, out);
    buf_adds(out, bracket ? ")" : "");
}

static void print_in(const struct node *node, struct buf *out)
{
    print(node->kid[0], HOLD_ADD, out);
    buf_adds(out, " in ");
    if (node->n == 2) {
        print_test(node->kid[1], HOLD_ADD, out);
        return;
    }
    buf_addc(out, '(');
    print_tests(node, 1, out);
    buf_addc(out, ')');
}

static void print_binary(const struct node *node, struct buf *out)
{
    /* A comparison of a comparison reads better in brackets, on both sides. */
    enum hold hold = ops[node->op].hold;
    print(node->kid[0], hold == HOLD_COMPARE ? HOLD_ADD : hold, out);
    buf_adds(out, ops[node->op].text);
    print(node->kid[1], hold + 1, out);
}

static void print_loop(const struct node *node, struct buf *out)
{
    static const char *const head[] = { [NODE_FOR] = "for ", [NODE_SOME] = "some ", [NODE_EVERY] = "every " };
    buf_adds(out, head[node->kind]);
    for (uint32_t i = 0; i < node->n_binding; i++) {
        buf_adds(out, i ? ", " : "");
        buf_add(out, node->binding[i].name);
        buf_adds(out, " in ");
        print(node->kid[i], HOLD_LOOSE, out);
    }
    buf_adds(out, node->kind == NODE_FOR ? " return " : " satisfies ");
    print(node->kid[node->n - 1], HOLD_LOOSE, out);
}

static void print_function(const struct node *node, struct buf *out)
{
    buf_adds(out, "function(");
    for (uint32_t i = 0; i < node->n_binding; i++) {
        buf_adds(out, i ? ", " : "");
        buf_add(out, node->binding[i].name);
        if (node->binding[i].type) {
            buf_adds(out, ": ");
            print_type(node->binding[i].type, out);
        }
    }
    buf_adds(out, node->external ? ") external " : ") ");
    print(node->kid[0], HOLD_LOOSE, out);
}

static void print_context(const struct node *node, struct buf *out)
{
    buf_addc(out, '{');
    for (uint32_t i = 0; i < node->n; i++) {
        struct slice name = node->binding[i].name;
        buf_adds(out, i ? ", " : "");
        if (lex_is_name(name))
            buf_add(out, name);
        else
            value_literal(value_string(name), out);
        buf_adds(out, ": ");
        print(node->kid[i], HOLD_CLOSED, out);
    }
    buf_addc(out, '}');
}

static void print_range(const struct node *node, struct buf *out)
{
    buf_addc(out, node->low_closed ? '[' : '(');
    print(node->kid[0], HOLD_LOOSE, out);
    buf_adds(out, "..");
    print(node->kid[1], HOLD_CLOSED, out);
    buf_addc(out, node->high_closed ? ']' : ')');
}

static void print_path(const struct node *node, struct buf *out)
{
    print(node->kid[0], HOLD_TIGHT, out);
    buf_addc(out, '.');
    buf_add(out, node->name);
}

/* In front of "(" or "[", which no name holds, a name needs no fence. */
static void print_subject(const struct node *node, struct buf *out)
{
    if (node->kind == NODE_NAME)
        buf_add(out, node->name);
    else if (node->kind == NODE_PATH)
        print_path(node, out);
    else
        print(node, HOLD_TIGHT, out);
}

static void print_call(const struct node *node, struct buf *out)
{
    print_subject(node->kid[0], out);
    buf_addc(out, '(');
    for (uint32_t i = 1; i < node->n; i++) {
        buf_adds(out, i > 1 ? ", " : "");
        if (node->named) {
            buf_add(out, node->binding[i - 1].name);
            buf_adds(out, ": ");
        }
        print(node->kid[i], HOLD_CLOSED, out);
    }
    buf_addc(out, ')');
}

static void print_if(const struct node *node, struct buf *out)
{
    static const char *const word[] = { "if ", " then ", " else " };
    for (uint32_t i = 0; i < 3; i++) {
        buf_adds(out, word[i]);
        print(node->kid[i], HOLD_LOOSE, out);
    }
}

static void print_pair(const struct node *node, enum hold least, const char *between, struct buf *out)
{
    print(node->kid[0], least, out);
    buf_adds(out, between);
    print(node->kid[1], least, out);
}

static void print_between(const struct node *node, struct buf *out)
{
    print_pair(node, HOLD_ADD, " between ", out);
    buf_adds(out, " and ");
    print(node->kid[2], HOLD_ADD, out);
}

static void print_instance(const struct node *node, struct buf *out)
{
    print(node->kid[0], HOLD_TIGHT, out);
    buf_adds(out, " instance of ");
    print_type(node->type, out);
}

static void print_filter(const struct node *node, struct buf *out)
{
    print_subject(node->kid[0], out);
    buf_addc(out, '[');
    print(node->kid[1], HOLD_CLOSED, out);
    buf_addc(out, ']');
}

static void print_bare(const struct node *node, struct buf *out)
{
    switch (node->kind) {
    case NODE_LITERAL: value_literal(node->value, out); break;
    case NODE_NAME: buf_add(out, node->name); break;
    case NODE_NEGATE:
        buf_addc(out, '-');
        print(node->kid[0], HOLD_NEGATE, out);
        break;
    case NODE_BINARY: print_binary(node, out); break;
    case NODE_BETWEEN: print_between(node, out); break;
    case NODE_IN: print_in(node, out); break;
    case NODE_INSTANCE: print_instance(node, out); break;
    case NODE_IF: print_if(node, out); break;
    case NODE_FOR:
    case NODE_SOME:
    case NODE_EVERY: print_loop(node, out); break;
    case NODE_SPAN: print_pair(node, HOLD_LOOSE, "..", out); break;
    case NODE_LIST:
        buf_addc(out, '[');
        print_all(node, out);
        buf_addc(out, ']');
        break;
    case NODE_CONTEXT: print_context(node, out); break;
    case NODE_RANGE: print_range(node, out); break;
    case NODE_UNARY:
        buf_addc(out, '(');
        print_test(node, HOLD_LOOSE, out);
        buf_addc(out, ')');
        break;
    case NODE_PATH: print_path(node, out); break;
    case NODE_FILTER: print_filter(node, out); break;
    case NODE_CALL: print_call(node, out); break;
    case NODE_FUNCTION: print_function(node, out); break;
    case NODE_TESTS: print_unary_tests(node, out); break;
    case NODE_FOREIGN: buf_adds(out, "(…)"); break;
    case NODE_KINDS: assert(!"a node has a kind");
    }
}

static void print(const struct node *node, enum hold least, struct buf *out)
{
    assert(node->kind < NODE_KINDS);
    bool bracket = node->kind != NODE_UNARY && ((node->fenced && least > HOLD_CLOSED) || hold_of(node) < least);
    buf_adds(out, bracket ? "(" : "");
    print_bare(node, out);
    buf_adds(out, bracket ? ")" : "");
}

void node_print(const struct node *node, struct buf *out)
{
    assert(node && out);
    print(node, HOLD_CLOSED, out);
}
