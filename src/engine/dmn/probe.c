/* Types that do not fit, in all texts of a model. */
#include "engine/dmn/dmn_room.h"

#include <stdio.h>

#include "engine/feel/probe.h"

#define RUN_BYTES ((size_t)16 << 20)
#define RUN_STEPS UINT64_C(200000)       // of one decision with one set of samples
#define STEPS UINT64_C(20000000)         // of all of them

struct probing {
    const struct dmn *dmn;
    struct probe *probe;
    struct probe_name *name;
    size_t n;
    const struct zones *zones;
    int64_t now_ms;
    uint64_t steps;                      // left
    struct arena *mem, *run;
    struct dmn_diag *first, **last;
    struct err *e;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory to look for types that do not fit");
}

static enum err_code sample_inputs(struct probing *p)
{
    struct value literal[PROBE_LITERALS];
    size_t literals = 0;
    p->name = arena_array(p->mem, struct probe_name, p->dmn->n_elements + 1);
    if (!p->name)
        return no_memory(p->e);
    for (size_t i = 0; i < p->dmn->n_texts; i++)
        literals = probe_literals(p->dmn->text[i].node, literal, literals, PROBE_LITERALS);
    for (size_t i = 0; i < p->dmn->n_elements; i++) {
        const struct dmn_element *element = &p->dmn->element[i]->is;
        if (element->kind != DMN_INPUT)
            continue;
        struct probe_name *name = &p->name[p->n++];
        name->name = element->name;
        if (!probe_samples(element->type, literal, literals, p->mem, name))
            return no_memory(p->e);
    }
    return ERR_OK;
}

/* A run that goes beyond its limits tells what it saw until then. */
static enum err_code decide(struct probing *p, const struct dmn_element *decision, unsigned run)
{
    struct eval eval;
    struct err limit;
    struct value v;
    arena_reset(p->run);
    const struct value_context *inputs = probe_inputs(p->name, p->n, run, p->run);
    if (!inputs)
        return no_memory(p->e);
    eval_init(&eval, p->run, p->zones, p->now_ms, &limit);
    eval.steps = p->steps < RUN_STEPS ? p->steps : RUN_STEPS;
    uint64_t before = eval.steps;
    probe_watch(p->probe, &eval);
    (void)!dmn_decide(p->dmn, decision, inputs, &eval, &v);
    p->steps -= before - eval.steps;
    return ERR_OK;
}

static enum err_code decide_all(struct probing *p)
{
    for (unsigned run = 0; run < PROBE_RUNS; run++)
        for (size_t i = 0; i < p->dmn->n_elements; i++)
            if (p->dmn->element[i]->is.kind == DMN_DECISION)
                TRY(decide(p, &p->dmn->element[i]->is, run));
    return ERR_OK;
}

/* What a test compares the table's check knows. */
static bool is_told(const struct dmn_text *text, const struct node *node)
{
    if (!text->tests)
        return true;
    bool compares = node->kind == NODE_BINARY && node->op >= OP_EQ && node->op <= OP_GE;
    return !compares && node->kind != NODE_IN && node->kind != NODE_BETWEEN;
}

static enum err_code tell(struct probing *p, const struct dmn_text *text, size_t at, const char *said)
{
    struct dmn_diag *diag = arena_one(p->mem, struct dmn_diag);
    size_t line, column;
    if (!diag)
        return no_memory(p->e);
    diag_place(text->xml->text, at, &line, &column);
    diag->element = text->element;
    diag->line = text->xml->line + line - 1;
    diag->column = line > 1 ? column : text->xml->column;
    diag->flaw.at = at;
    snprintf(diag->flaw.text, sizeof diag->flaw.text, "%s", said);
    *p->last = diag;
    p->last = &diag->next;
    return ERR_OK;
}

static enum err_code tell_text(struct probing *p, const struct dmn_text *text)
{
    for (const struct node *node = NULL; (node = probe_next(p->probe, text->node, node));)
        if (is_told(text, node))
            TRY(tell(p, text, probe_at(node), probe_said(p->probe, node)));
    if (text->typed && probe_said(p->probe, text->typed))
        return tell(p, text, text->node->at, "what this gives is never of the type that is declared");
    return ERR_OK;
}

static enum err_code probe_all(struct probing *p)
{
    TRY(sample_inputs(p));
    TRY(decide_all(p));
    for (size_t i = 0; i < p->dmn->n_texts; i++)
        TRY(tell_text(p, &p->dmn->text[i]));
    return ERR_OK;
}

enum err_code dmn_probe(const struct dmn *dmn, const struct zones *zones, int64_t now_ms, struct arena *mem,
                        const struct dmn_diag **ret, struct err *e)
{
    AUTO(arena) run = arena_new(RUN_BYTES);
    AUTO(probe) probe = NULL;
    struct probing p = { .dmn = dmn, .zones = zones, .now_ms = now_ms, .steps = STEPS, .mem = mem, .run = run, .e = e };
    if (!run)
        return no_memory(e);
    TRY(probe_new(&probe, e));
    p.probe = probe;
    p.last = &p.first;
    TRY(probe_all(&p));
    *ret = p.first;
    return ERR_OK;
}
