#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/uvl/uvl.h"

static struct arena *mem;

static int set_up(void **state)
{
    (void)state;
    mem = arena_new((size_t)512 << 20);
    return mem ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

/* Models that others import. */
struct shelf {
    const char *file, *text;
};

static enum err_code read_shelf(void *self, struct slice file, struct arena *arena, struct slice *ret, struct err *e)
{
    for (const struct shelf *s = self; s->file; s++)
        if (slice_is(file, s->file)) {
            *ret = arena_copy(arena, slice_of(s->text));
            return ret->at ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory");
        }
    return err_set(e, ERR_NOT_FOUND, 0, "there is no such file");
}

static enum err_code read_from(const char *text, const struct shelf *shelf, struct uvl_model *m, struct err *e)
{
    struct uvl_reader reader = { read_shelf, (void *)shelf };
    *m = (struct uvl_model){ 0 };
    *e = (struct err){ 0 };
    return uvl_read(slice_of(text), SLICE("shop/m.uvl"), shelf ? &reader : NULL, mem, m, e);
}

static struct uvl_model read_well(const char *text)
{
    struct uvl_model m;
    struct err e;
    enum err_code code = read_from(text, NULL, &m, &e);
    if (code)
        print_message("%s\n", e.text);
    assert_int_equal(code, ERR_OK);
    return m;
}

static void check_text(const struct buf *out, const char *want)
{
    struct slice is = buf_slice(out);
    if (!slice_is(is, want))
        print_message("is:\n%.*s\nwant:\n%s\n", SLICE_ARG(is), want ? want : "nothing");
    assert_true(slice_is(is, want));
}

/* ---- printing, so that whole models can be compared ---- */
static void print_value(struct buf *out, const struct uvl_value *v);

static void print_map(struct buf *out, const struct uvl_attribute *a, uint32_t n)
{
    buf_printf(out, "{");
    for (uint32_t i = 0; i < n; i++) {
        buf_printf(out, "%s%.*s", i ? "," : "", SLICE_ARG(a[i].name));
        print_value(out, &a[i].value);
    }
    buf_printf(out, "}");
}

static void print_value(struct buf *out, const struct uvl_value *v)
{
    if (v->kind == UVL_TRUTH)
        buf_printf(out, v->truth ? ":yes" : ":no");
    else if (v->kind == UVL_NUMBER)
        buf_printf(out, ":%.*s=%g%s", SLICE_ARG(v->text), v->number, v->is_integer ? "i" : "");
    else if (v->kind == UVL_TEXT)
        buf_printf(out, ":'%.*s'", SLICE_ARG(v->text));
    else if (v->kind == UVL_MAP)
        print_map(out, v->map, v->n);
    else if (v->kind == UVL_LIST) {
        buf_printf(out, "[");
        for (uint32_t i = 0; i < v->n; i++)
            print_value(out, &v->list[i]);
        buf_printf(out, "]");
    }
}

static void print_expr(struct buf *out, const struct uvl_model *m, uint32_t i)
{
    static const char *const word[] = { "", ".", "", "'", "", "!", "&", "|", "=>", "<=>", "==", "!=", "<", "<=", ">", ">=",
                                        "+", "-", "*", "/", "sum", "avg", "len", "floor", "ceil" };
    const struct uvl_expr *x = &m->expr[i];
    if (x->op == UVL_OP_TRUTH) {
        buf_printf(out, x->truth ? "true" : "false");
    } else if (x->a == UVL_NONE) {
        buf_printf(out, "%s", x->op == UVL_OP_ATTRIBUTE ? "" : word[x->op]);
        if (x->feature != UVL_NONE)
            buf_printf(out, "<%.*s>", SLICE_ARG(m->feature[x->feature].name));
        buf_printf(out, "%s%.*s", x->op == UVL_OP_ATTRIBUTE ? "." : "", SLICE_ARG(x->text));
    } else {
        assert_true(x->a < i && (x->b == UVL_NONE || x->b < i));
        buf_printf(out, "(%s ", word[x->op]);
        print_expr(out, m, x->a);
        if (x->b != UVL_NONE) {
            buf_printf(out, " ");
            print_expr(out, m, x->b);
        }
        buf_printf(out, ")");
    }
}

static void print_feature(struct buf *out, const struct uvl_model *m, uint32_t i)
{
    static const char *const type[] = { "", "Integer ", "Real ", "String " };
    static const char *const kind[] = { "mandatory", "optional", "or", "alternative", "" };
    const struct uvl_feature *f = &m->feature[i];
    buf_printf(out, "%s%.*s%s", type[f->type], SLICE_ARG(f->name), f->abstract ? "!" : "");
    if (f->cloned)
        buf_printf(out, "#%u..%d", f->min, (int)f->max);
    if (f->attributes)
        print_map(out, f->attribute, f->attributes);
    for (uint32_t g = 0; g < f->groups; g++) {
        const struct uvl_group *group = &m->group[f->group[g]];
        assert_int_equal(group->of, i);
        buf_printf(out, " %s", kind[group->kind]);
        if (group->kind == UVL_CARDINALITY)
            buf_printf(out, "[%u..%d]", group->min, (int)group->max);
        buf_printf(out, "(");
        for (uint32_t c = 0; c < group->children; c++) {
            assert_int_equal(m->feature[group->child[c]].in, f->group[g]);
            assert_int_equal(m->feature[group->child[c]].parent, i);
            assert_true(group->child[c] > i);
            buf_printf(out, c ? ", " : "");
            print_feature(out, m, group->child[c]);
        }
        buf_printf(out, ")");
    }
}

static void print_model(struct buf *out, const struct uvl_model *m)
{
    if (m->features)
        print_feature(out, m, 0);
    for (uint32_t i = 0; i < m->constraints; i++) {
        const struct uvl_constraint *c = &m->constraint[i];
        buf_printf(out, "\n");
        if (c->of != UVL_NONE)
            buf_printf(out, "%.*s: ", SLICE_ARG(m->feature[c->of].name));
        print_expr(out, m, c->expr);
    }
}

static void check_model(const struct uvl_model *m, const char *want)
{
    struct buf out = buf_make((size_t)1 << 20);
    print_model(&out, m);
    check_text(&out, want);
    buf_drop(&out);
}

/* ---- what is read ---- */
static const char desk[] =
    "namespace office.desk // a desk to order\n"
    "include\n    Arithmetic.*\n    Type.string-constraints\n    Boolean.group-cardinality\n"
    "features\n"
    "    Desk {abstract, price 120.50, size {w 160, d 80, \"edge kind\" 'round'}, tags ['oak', -3, true, []]}\n"
    "        mandatory\n"
    "            Integer Height {constraint Height >= 65 & Height <= 125}\n"
    "            Legs cardinality [3..4] {abstract false}\n"
    "        [1..*]\n"
    "            \"Cable Duct\" {price .5}\n"
    "            Lamp\n"
    "                alternative /* one of them */\n"
    "                    Warm\n"
    "                    Cold\n"
    "        [2]\n"
    "            String Engraving\n"
    "            Real Slope\n"
    "        optional\n"
    "            Drawer {constraints [Drawer => Lamp, price > 3], price -4}\n"
    "constraints\n"
    "    Lamp => \"Desk\".size.w > 100\n"
    "    sum(price) + avg(price, Desk) < 900\n"
    "    Engraving => len(Engraving) <= 12 & Engraving != 'no'\n";

static void test_desk(void **state)
{
    (void)state;
    struct uvl_model m = read_well(desk);
    check_model(&m,
        "Desk!{abstract,price:120.50=120.5,size{w:160=160i,d:80=80i,edge kind:'round'},tags[:'oak':-3=-3i:yes[]]}"
        " mandatory(Integer Height, Legs#3..4{abstract:no}) [1..-1](Cable Duct{price:.5=0.5}, Lamp alternative(Warm, Cold))"
        " [2..2](String Engraving, Real Slope) optional(Drawer{price:-4=-4i})"
        "\nHeight: (& (>= <Height> 65) (<= <Height> 125))"
        "\nDrawer: (=> <Drawer> <Lamp>)"
        "\nDrawer: (> <Drawer>.price 3)"
        "\n(=> <Lamp> (> <Desk>.size.w 100))"
        "\n(< (+ sumprice avg<Desk>price) 900)"
        "\n(=> <Engraving> (& (<= (len <Engraving>) 12) (!= <Engraving> 'no)))");
    assert_int_equal(m.faults, 0);
    assert_true(slice_is(m.name, "office.desk") && m.arithmetic && m.typed);
    assert_int_equal(uvl_feature_find(&m, SLICE("Cable Duct")), 3);
    assert_int_equal(uvl_feature_find(&m, SLICE("Cable")), UVL_NONE);
    assert_int_equal(m.feature[3].place.line, 12);
    assert_int_equal(m.feature[3].place.column, 13);
    assert_true(uvl_attribute_find(&m.feature[0], SLICE("size.edge kind"))->kind == UVL_TEXT);
    assert_null(uvl_attribute_find(&m.feature[0], SLICE("size.w.x")));
    assert_null(uvl_attribute_find(&m.feature[0], SLICE("weight")));
    assert_true(slice_is(m.constraint[0].text, "Height >= 65 & Height <= 125"));
    assert_true(slice_is(m.constraint[3].text, "Lamp => \"Desk\".size.w > 100"));
    assert_int_equal(m.constraint[3].of, UVL_NONE);
}

/* The same model in other clothes: tabs, ends of lines, blank lines, comments, brackets over several lines. */
static void test_layout(void **state)
{
    static const char *const same[] = {
        "features\n  A\n    or\n      B {x 1, y [2, 3]}\n      C\nconstraints\n  B & C => A\n",
        "features\r\n\tA\r\n\t\tor\r\n\t\t\tB {x 1, y [2, 3]}\r\n\t\t\tC\r\nconstraints\r\n\tB & C => A",
        "\xEF\xBB\xBF" "features\r\tA\r\t\tor\r\t\t\tB {x 1, y [2, 3]}\r\t\t\tC\rconstraints\r\tB & C => A\r",
        "// c\n\nfeatures // c\n    A\n\t\tor /* d */\n\n// c\n            B {x 1, y [2,\n3]}\n\t\t\tC\n   \nconstraints\n /* e\n f */\n "
        "(B & /* g */\nC) => A // h",
        "constraints\n\tB&C=>A\nfeatures\n A \n      or\n       \"B\" {\n\n x 1\n,y[2,3]} \n       C\n/* no\n\nmore */",
        "namespace x\n\nfeatures\n\tA\n \t\tor /* c */\n\t\t\tB{x 1,\"y\"[2,3]}\n\t\t\tC\n\n\nconstraints\n\t(B)&(((C)))=>(A)\n\t",
    };
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct uvl_model m = read_well(same[i]);
        check_model(&m, "A or(B{x:1=1i,y[:2=2i:3=3i]}, C)\n(=> (& <B> <C>) <A>)");
        assert_int_equal(m.faults, 0);
    }
}

static void test_binding(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "A & B | A & B", "(| (& <A> <B>) (& <A> <B>))" },
        { "A | B => A <=> B => A => B", "(<=> (=> (| <A> <B>) <A>) (=> <B> (=> <A> <B>)))" },
        { "A <=> B <=> A", "(<=> (<=> <A> <B>) <A>)" },
        { "!A & !!B", "(& (! <A>) (! (! <B>)))" },
        { "!(A | B)", "(! (| <A> <B>))" },
        { "!N == 3 | A", "(| (! (== <N> 3)) <A>)" },
        { "N - 1 - 2 * 3 / 4 > 0", "(> (- (- <N> 1) (/ (* 2 3) 4)) 0)" },
        { "N-3 == -3", "(== (- <N> 3) -3)" },
        { "N - -3 == 0.25", "(== (- <N> -3) 0.25)" },
        { "(N-1)-(1) > 2", "(> (- (- <N> 1) 1) 2)" },
        { "A => (N + A.x) > 12", "(=> <A> (> (+ <N> <A>.x) 12))" },
        { "A => len(S)<10 & S=='x y'", "(=> <A> (& (< (len <S>) 10) (== <S> 'x y)))" },
        { "'a' == S", "(== 'a <S>)" },
        { "floor(A.x) + ceil ( N ) != 2", "(!= (+ (floor <A>.x) (ceil <N>)) 2)" },
        { "sum(x, A) <= avg(m.y)", "(<= sum<A>x avgm.y)" },
        { "sum(N) < 3", "(< sum<N> 3)" },
        { "A + B >= 1", "(>= (+ <A> <B>) 1)" },
        { "A == B", "(== <A> <B>)" },
        { "A.t", "<A>.t" },
        { "true => false | A", "(=> true (| false <A>))" },
        { "\"sum\" & A_#%?;\xC3\xA4\xC2\xA7 & 4WD", "(& (& <sum> <A_#%?;\xC3\xA4\xC2\xA7>) <4WD>)" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512], want[512];
        snprintf(text, sizeof text, "features\n R\n  or\n   A {x 1.5, t, m {y 2}}\n   B\n   Integer N\n   String S\n   \"sum\"\n"
                 "   A_#%%?;\xC3\xA4\xC2\xA7\n   4WD\n   123\nconstraints\n  %s\n", rows[i].text);
        snprintf(want, sizeof want, "\n%s", rows[i].want);
        struct uvl_model m = read_well(text);
        struct buf out = buf_make((size_t)1 << 20);
        buf_printf(&out, "\n");
        print_expr(&out, &m, m.constraint[0].expr);
        check_text(&out, want);
        buf_drop(&out);
        assert_int_equal(m.constraint[0].first, 0);
        assert_int_equal(m.constraint[0].expr, m.exprs - 1);
        assert_int_equal(m.faults, 0);
    }
}

static void test_parts(void **state)
{
    (void)state;
    struct uvl_model m = read_well("constraints\n");
    assert_int_equal(m.features + m.constraints, 0);
    assert_true(slice_is(m.name, "m"));
    m = read_well("features\nconstraints\n  2 > 1");
    assert_int_equal(m.constraints, 1);
    m = read_well("");
    assert_int_equal(m.features, 0);
    assert_int_equal(uvl_feature_find(&m, SLICE("A")), UVL_NONE);
    m = read_well("features\n  A");
    assert_true(m.features == 1 && !m.arithmetic && !m.typed);
    assert_true(m.feature[0].parent == UVL_NONE && m.feature[0].in == UVL_NONE && m.feature[0].min == 1);
}

/* ---- what is wrong ---- */
static void print_faults(struct buf *out, const struct uvl_model *m)
{
    for (uint32_t i = 0; i < m->faults; i++) {
        struct slice s = uvl_fault_text(m, &m->fault[i], mem);
        buf_printf(out, "%s%.*s\n", m->fault[i].warning ? "~" : "", SLICE_ARG(s));
    }
}

static void check_faults(const char *text, const struct shelf *shelf, const char *want)
{
    struct uvl_model m;
    struct err e;
    struct buf out = buf_make((size_t)1 << 20);
    enum err_code code = read_from(text, shelf, &m, &e);
    bool error = false;
    for (uint32_t i = 0; i < m.faults; i++)
        error |= !m.fault[i].warning;
    print_faults(&out, &m);
    check_text(&out, want);
    buf_drop(&out);
    assert_int_equal(code, error ? ERR_INVALID : ERR_OK);
    assert_true(!error || strncmp(e.text, "shop/", 5) == 0);
}

#define AT "shop/m.uvl:"
#define TREE "features\n R\n  or\n   A {x 1, w 'v', l [1], t true}\n   Beta\n   Integer N\n   String S\nconstraints\n "

static const struct {
    const char *text, *want;
} wrong[] = {
    { "features\n  A\n  or\n      B", AT "3:3: this group is at the level of the root: indent it below its feature\n" },
    { "features\n  A\n  B", AT "3:3: there is a second root: put it into a group below the first\n" },
    { "features\n  A\n    or\n        B\n      C",
      AT "5:7: this line is at no level of those above: indent it like its neighbours\n" },
    { "features\n  A\n\t\tor\n\t\t   B\n\t\t C",
      AT "5:4: this line is at no level of those above: use either tabs or blanks for indentation, not both\n" },
    { "features\n A\n  or\n   B\n    C\n", AT "5:5: C stands where a group (mandatory, optional, or, alternative, [m..n]) is due\n"
      AT "5:5: this group has no features: indent them below it, or take it out\n" },
    { "features\n A\n  or\n   B\n   B\n", AT "5:4: the feature B is already in line 4: give one of them another name\n" },
    { "features\n A\n  [4..2]\n   B\n", AT "3:3: the cardinality [4..2] begins above its end: write [2..4]\n" },
    { "features\n A\n  [3]\n   B\n   C\n",
      AT "3:3: this group needs 3 of its 2 features: lower the cardinality, or add features\n" },
    { "features\n A\n  [1..x]\n   B\n",
      AT "3:7: x stands where a whole number below 1000000 (as in [1..3] or [1..*]) is due\n" },
    { "features\n A\n  or\n", AT "3:3: this group has no features: indent them below it, or take it out\n" },
    { "features\n A cardinality [1..2]\n",
      AT "2:4: the root has a cardinality, and there is only one of it: take the cardinality out\n" },
    { "features\n A\n  mandatory\n   B cardinality [0..2]\n",
      "~" AT "4:6: a mandatory feature with cardinality [0..n] is read as [1..n]: write that, or make it optional\n" },
    { "features\n A\n  mandatory\n   B cardinality [0]\n",
      AT "4:6: there are no instances of a mandatory feature: make it optional, or write [1..n]\n" },
    { "features\n or\n  B\n", AT "2:2: or is a word of the language: indent it below its feature, or put the name in quotes\n" },
    { "features\n \"a.b\"\n", AT "2:2: a name holds a point, which parts names: leave it out\n" },
    { "features\n \"ab\n", AT "2:2: a name in quotes has no end on its line: close it with \"\n" },
    { "features\n A {x 'y}\n", AT "2:7: a text has no end on its line: close it with '\n" },
    { "features\n A {x 1, x 2}\n", AT "2:10: the attribute x is here for the second time: take one of them out\n" },
    { "features\n A {abstract 3}\n",
      AT "2:4: abstract is either there or not: write {abstract}, {abstract true} or {abstract false}\n" },
    { "features\n A {x 1\n  B\n", AT "3:3: B stands where a comma or } to close the attributes is due\n" },
    { "features\n \xC3\x84\xC3\xB6 {x =}\n", AT "2:8: = alone says nothing: write == or =>\n" },
    { "features\n A {x - 1}\n",
      AT "2:9: 1 stands where a value (true, false, a number, a 'text' in single quotes, a [list] or a {map}) is due\n" },
    { "features\n A /* c\n", AT "3:1: a comment /* has no end: close it with */\n" },
    { "features\n A\xFF\n", AT "2:1: this line holds a byte that is no UTF-8 text: save the file as UTF-8\n" },
    { "feature\n A\n", AT "1:1: feature stands where namespace, include, imports, features or constraints at the start of a line "
      "is due\n" },
    { "features\n A\nfeatures\n B cardinality [2]", AT "3:1: features is here for the second time: put both under one\n"
      AT "4:4: the root has a cardinality, and there is only one of it: take the cardinality out\n" },
    { "features\n A\nfeatures\n B", AT "3:1: features is here for the second time: put both under one\n" },
    { "features\n A\n  or\n   B\n    or\n     C\n     D\n      or\n       E\n     F\n   G\n      or\n", AT
      "12:7: this group has no features: indent them below it, or take it out\n" },
    { "features\n A\n  or\n   B\n  or\n   C\n  mandatory\n   D\nconstraints\n", "" },
    { "include\n Typ\n", AT "2:2: Typ is no language level: write Boolean, Arithmetic or Type, or one of their minor levels\n" },
    { "constraints\n 1 < 2\n   2 < 3\n",
      AT "3:4: this line is indented deeper than its neighbours: put it at their level\n" },
    { " features\n  A\n", AT "1:2: this line is indented and below no section: put it under features or constraints\n" },
    { TREE "A => Bta", AT "9:7: there is no feature Bta: is it Beta?\n" },
    { TREE "A => Wheelbarrow", AT "9:7: there is no feature Wheelbarrow: add it to the tree, or correct its name\n" },
    { TREE "S == \"two words\"", AT "9:7: there is no feature two words: add it to the tree, or write a text in 'single quotes'\n" },
    { TREE "A &", AT "9:5: the line ends where a feature, a number, a 'text', ! or ( is due\n" },
    { TREE "(A & Beta", AT "9:11: the line ends where an operator or ) to close the bracket is due\n" },
    { TREE "(A &\n  Beta\n N", AT "9:2: this ( is not closed before line 11: write its )\n" },
    { TREE "A & Beta)\n N == 'x'", AT "9:10: ) stands where an operator or the end of the line is due\n"
      AT "10:4: a number is compared with a text, which is never so: compare things of one kind\n" },
    { TREE "A Beta", AT "9:4: Beta stands where an operator or the end of the line is due\n" },
    { TREE "A -> Beta", AT "9:5: > stands where a feature, a number, a 'text', ! or ( is due\n" },
    { TREE "A = Beta", AT "9:4: = alone says nothing: write == or =>\n" },
    { TREE "A ^ Beta", AT "9:4: a character stands for nothing here: take it out, or put the name in quotes\n" },
    { TREE "S == 3", AT "9:4: a text is compared with a number, which is never so: compare things of one kind\n" },
    { TREE "A.w > 1", AT "9:6: a text is compared with a number, which is never so: compare things of one kind\n" },
    { TREE "S > 'a'", AT "9:4: texts are equal or not: compare with == or !=, or compare len()\n" },
    { TREE "1 < N < 3", AT "9:8: true or false is compared with a number, which is never so: compare things of one kind\n" },
    { TREE "S + 1 > 2",
      AT "9:2: this is a text, where arithmetic needs a number: take a feature or an attribute of that kind\n" },
    { TREE "len(N) > 2", AT "9:6: this is a number, where len() needs a text: take a feature or an attribute of that kind\n" },
    { TREE "A & A.x", AT "9:6: this is a number, where a logical operator needs true or false: compare it with something\n" },
    { TREE "A.l == 1", AT "9:6: a list or a map is compared with a number, which is never so: compare things of one kind\n" },
    { TREE "3", AT "9:2: this is a number, where a constraint needs true or false: compare it with something\n" },
    { TREE "sum(S) > 3", AT "9:2: S is a text, which cannot be added up: give the name of a number\n" },
    { TREE "sum(x, Btea) > 3", AT "9:2: there is no feature Btea: is it Beta?\n" },
    { TREE "sum(x 3) > 3", AT "9:8: 3 stands where a comma or ) to close the function is due\n" },
    { TREE "sum(wx) > 3", "~" AT "9:2: no feature has an attribute wx: add it in braces behind features\n" },
    { TREE "Beta.size == 3", "~" AT "9:2: the feature Beta has no attribute size: add it in braces behind the feature\n" },
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_faults(wrong[i].text, NULL, wrong[i].want);
}

/* After a fault the next line is read: all of them are told, in the order of the text. */
static void test_goes_on(void **state)
{
    struct uvl_model m;
    struct err e;
    (void)state;
    check_faults("features\n A {x ?}\n  or\n   B {\n   C\n   D\n  xor\n   E\nconstraints\n D & Z1\n D &\n B => ALong\n", NULL,
        AT "2:7: a character stands for nothing here: take it out, or put the name in quotes\n"
        AT "6:4: D stands where a value (true, false, a number, a 'text' in single quotes, a [list] or a {map}) is due\n"
        AT "7:3: xor stands where a group (mandatory, optional, or, alternative, [m..n]) is due\n"
        AT "10:2: there is no feature D: add it to the tree, or correct its name\n"
        AT "10:6: there is no feature Z1: add it to the tree, or correct its name\n"
        AT "11:5: the line ends where a feature, a number, a 'text', ! or ( is due\n"
        AT "12:7: there is no feature ALong: add it to the tree, or correct its name\n");
    struct buf out = buf_make((size_t)1 << 20);
    buf_printf(&out, "features\n A\n  mandatory\n");
    for (unsigned i = 0; i < 300; i++)
        buf_printf(&out, "   B%u cardinality [0..2]\n", i);
    buf_printf(&out, "constraints\n");
    for (unsigned i = 0; i < 300; i++)
        buf_printf(&out, " A => nothing%u\n", i);
    assert_int_equal(uvl_read(buf_slice(&out), SLICE("m.uvl"), NULL, mem, &m, &e), ERR_INVALID);
    assert_int_equal(m.faults, UVL_FAULTS_MAX);
    assert_string_equal(e.text, "m.uvl:305:7: there is no feature nothing0: add it to the tree, or correct its name");
    buf_drop(&out);
}

/* ---- imports ---- */
static void test_imports(void **state)
{
    static const struct shelf shelf[] = {
        { "shop/frame.uvl", "features\n Frame {price 3}\n  alternative\n   Steel\n   Wood {price 5}\nconstraints\n Wood.price > 4\n" },
        { "shop/parts/drive.uvl", "imports\n sub.motor as m\nfeatures\n Drive\n  optional\n   m.Motor cardinality [0..2] {watt 50}\n"
          "    or\n     Plug\nconstraints\n m.Quiet => Drive & Plug\n" },
        { "shop/parts/sub/motor.uvl", "features\n Motor {volt 24}\n  optional\n   Quiet\n" },
        { NULL, NULL },
    };
    struct uvl_model m;
    struct err e;
    (void)state;
    assert_int_equal(read_from("imports\n frame\n frame as back\n parts.drive as \"the drive\"\nfeatures\n Desk\n  mandatory\n"
                               "   frame.Frame\n   \"the drive\".Drive\n  optional\n   back.Frame {x 1}\nconstraints\n"
                               " back.Wood => \"the drive\".m.Quiet & frame.Frame.price == 3\n", shelf, &m, &e), ERR_OK);
    check_model(&m,
        "Desk mandatory(frame.Frame{price:3=3i} alternative(frame.Steel, frame.Wood{price:5=5i}), "
        "the drive.Drive optional(the drive.m.Motor#0..2{volt:24=24i,watt:50=50i} optional(the drive.m.Quiet) or(the drive.Plug)))"
        " optional(back.Frame{price:3=3i,x:1=1i} alternative(back.Steel, back.Wood{price:5=5i}))"
        "\n(> <frame.Wood>.price 4)"
        "\n(=> <the drive.m.Quiet> (& <the drive.Drive> <the drive.Plug>))"
        "\n(> <back.Wood>.price 4)"
        "\n(=> <back.Wood> (& <the drive.m.Quiet> (== <frame.Frame>.price 3)))");
    assert_int_equal(m.faults, 0);
    assert_int_equal(m.files, 4);
    uint32_t quiet = uvl_feature_find(&m, SLICE("the drive.m.Quiet"));
    assert_true(slice_is(m.file[m.feature[quiet].place.file], "shop/parts/sub/motor.uvl"));
    assert_int_equal(m.feature[quiet].place.line, 4);
}

static void test_import_faults(void **state)
{
    static const struct shelf shelf[] = {
        { "shop/a.uvl", "imports\n b\nfeatures\n A\n  or\n   b.B\n" },
        { "shop/b.uvl", "imports\n a\nfeatures\n B\n  or\n   a.A\n" },
        { "shop/m.uvl", "features\n M\n" },
        { "shop/many.uvl", "features\n Q cardinality [1..3]\n" },
        { "shop/wrong.uvl", "features\n W\n  or\n   Wheel\nconstraints\n Weell\n" },
        { NULL, NULL },
    };
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "imports\n a\nfeatures\n R\n  or\n   a.A\n",
          "shop/b.uvl:2:2: shop/a.uvl imports itself, at once or through others: take one of these imports out\n" },
        { "imports\n m\nfeatures\n R\n  or\n   m.M\n",
          AT "2:2: shop/m.uvl imports itself, at once or through others: take one of these imports out\n" },
        { "imports\n c\nfeatures\n R\n  or\n   c.C\n",
          AT "2:2: the import shop/c.uvl cannot be read (there is no such file): check its name and its folder\n" },
        { "imports\n wrong as w\nfeatures\n R\n  or\n   w.W\n",
          "shop/wrong.uvl:6:2: there is no feature Weell: is it Wheel?\n" },
        { "imports\n wrong\nfeatures\n R\n  or\n   wrong.Wheel\n",
          AT "6:4: wrong.Wheel is not the root of what is imported, which is wrong.W: refer to that\n"
          "shop/wrong.uvl:6:2: there is no feature Weell: is it Wheel?\n" },
        { "imports\n many\nfeatures\n R\n  or\n   many.Q\n",
          "shop/many.uvl:2:4: the root has a cardinality, and there is only one of it: take the cardinality out\n" },
        { "imports\n wrong\nfeatures\n R\n  or\n   wrog.W\n", "~" AT "2:2: the import wrong is not used: refer to its root among the "
          "features, or take it out\n" AT "6:4: no import is called wrog: is it wrong?\n" },
        { "features\n R\n  or\n   w.W\n", AT "4:4: no import is called w: write it under imports\n" },
        { "imports\n a\n b as a\nfeatures\n R\n", "~" AT "2:2: the import a is not used: refer to its root among the features, or take "
          "it out\n" AT "3:2: an import called a is already in line 2: write `as` and another name behind it\n" },
        { "imports\n \"/etc/a\"\n", AT "2:2: an import holds a slash: write folder.model for a model in a folder\n" },
        { "features\n R\nimports\n a\n", AT "3:1: imports stand behind the features: put them before\n"
          "~" AT "4:2: the import a is not used: refer to its root among the features, or take it out\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_faults(rows[i].text, shelf, rows[i].want);
    check_faults("imports\n a\nfeatures\n R\n  or\n   a.A\n", NULL,
                 AT "2:2: there is no other model to import here: put its features into this one\n");
}

/* ---- limits ---- */
static void test_long_chains(void **state)
{
    static const struct {
        const char *begin, *again, *end;
    } rows[] = { { "A", " & A", "" }, { "A", " => A", "" }, { "", "!", "A" }, { "1", " + 1", " > 2" } };
    const uint32_t n = 100000;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct uvl_model m;
        struct err e;
        struct buf out = buf_make((size_t)1 << 20);
        buf_printf(&out, "features\n A\nconstraints\n %s", rows[i].begin);
        for (uint32_t k = 0; k < n; k++)
            buf_printf(&out, "%s", rows[i].again);
        buf_printf(&out, "%s", rows[i].end);
        arena_reset(mem);
        assert_int_equal(uvl_read(buf_slice(&out), SLICE("m"), NULL, mem, &m, &e), ERR_OK);
        assert_true(m.exprs > n);
        buf_drop(&out);
    }
}

static void check_limit(const struct buf *text, const char *want)
{
    struct uvl_model m;
    struct err e = { 0 };
    assert_int_equal(uvl_read(buf_slice(text), SLICE("m"), NULL, mem, &m, &e), ERR_LIMIT);
    assert_string_equal(e.text, want);
}

static void test_depth(void **state)
{
    struct buf out = buf_make((size_t)1 << 20);
    (void)state;
    buf_printf(&out, "features\n");
    for (int i = 0; i <= UVL_DEPTH_MAX; i++)
        buf_printf(&out, "%*sF%d\n%*sor\n", 2 * i + 1, "", i, 2 * i + 2, "");
    check_limit(&out, "m:402:402: features are deeper than 200; make the tree flatter");
    buf_clear(&out);
    buf_printf(&out, "features\n A\nconstraints\n ");
    for (int i = 0; i <= UVL_DEPTH_MAX; i++)
        buf_printf(&out, "(");
    check_limit(&out, "m:4:202: brackets are deeper than 200; part the constraint");
    buf_clear(&out);
    buf_printf(&out, "features\n A {x ");
    for (int i = 0; i <= UVL_DEPTH_MAX; i++)
        buf_printf(&out, "[");
    check_limit(&out, "m:2:207: maps and lists are deeper than 200; make them flatter");
    buf_drop(&out);
}

/* Whatever memory there is, the model is read or ERR_LIMIT says why. */
static void test_memory(void **state)
{
    bool read = false;
    (void)state;
    for (size_t limit = 256; limit < 65536; limit += 256) {
        struct uvl_model m;
        struct err e = { 0 };
        struct arena *few = arena_new(limit);
        assert_non_null(few);
        enum err_code code = uvl_read(slice_of(desk), SLICE("m"), NULL, few, &m, &e);
        assert_true(code == ERR_OK || (code == ERR_LIMIT && !read && e.text[0]));
        read |= !code;
        arena_drop(&few);
    }
    assert_true(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_desk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_binding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_imports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_import_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_chains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
