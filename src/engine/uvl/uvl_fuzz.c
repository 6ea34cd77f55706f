/* Any text is read or refused with a sentence. What is read holds together: parents before children, operands before what
 * they are of, names found again. The text after a line of --- is a model that can be imported as "b". */
#include <stdlib.h>

#include "engine/uvl/uvl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static enum err_code read_other(void *self, struct slice file, struct arena *mem, struct slice *ret, struct err *e)
{
    (void)mem;
    if (!slice_is(file, "b.uvl"))
        return err_set(e, ERR_NOT_FOUND, 0, "there is no such file");
    *ret = *(const struct slice *)self;
    return ERR_OK;
}

static void check_tree(const struct uvl_model *m)
{
    uint32_t children = 0, groups = 0;
    for (uint32_t i = 0; i < m->features; i++) {
        const struct uvl_feature *f = &m->feature[i];
        expect(uvl_feature_find(m, f->name) == i && f->min <= f->max && (i == 0) == (f->parent == UVL_NONE));
        expect(i == 0 || (f->parent < i && m->group[f->in].of == f->parent));
        groups += f->groups;
    }
    for (uint32_t i = 0; i < m->groups; i++) {
        expect(m->group[i].children && m->group[i].min <= m->group[i].max);
        children += m->group[i].children;
    }
    expect(groups == m->groups && (!m->features || children == m->features - 1));
}

static void check_constraints(const struct uvl_model *m)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < m->constraints; i++) {
        const struct uvl_constraint *c = &m->constraint[i];
        expect(c->first == next && c->expr >= c->first && c->expr < m->exprs && c->text.len);
        for (uint32_t k = c->first; k <= c->expr; k++) {
            const struct uvl_expr *x = &m->expr[k];
            expect(x->a == UVL_NONE || (x->a >= c->first && x->a < k));
            expect(x->b == UVL_NONE || (x->b >= c->first && x->b < k));
            expect(x->op != UVL_OP_FEATURE || x->feature < m->features);
        }
        next = c->expr + 1;
    }
    expect(next == m->exprs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size }, other = { 0 };
    struct uvl_model m = { 0 };
    struct err e = { 0 };
    struct arena *mem = arena_new((size_t)16 << 20);
    expect(mem != NULL);
    for (size_t i = 0; i + 5 <= size; i++)
        if (memcmp(data + i, "\n---\n", 5) == 0) {
            text.len = i + 1;
            other = (struct slice){ (const char *)data + i + 5, size - i - 5 };
            break;
        }
    const struct uvl_reader reader = { read_other, &other };
    enum err_code code = uvl_read(text, SLICE("a.uvl"), &reader, mem, &m, &e);
    expect(code == ERR_OK || code == ERR_LIMIT || (code == ERR_INVALID && m.faults));
    expect(!code || e.text[0]);
    for (uint32_t i = 0; i < m.faults; i++)
        expect(m.fault[i].place.file < m.files && m.fault[i].place.line && m.fault[i].place.column && m.fault[i].text.len);
    if (!code) {
        check_tree(&m);
        check_constraints(&m);
    }
    arena_drop(&mem);
    return 0;
}
