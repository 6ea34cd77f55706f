#include "engine/dmn/sheet.h"

#include <assert.h>

#include "text/xml.h"

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for the table");
}

/* <name><text>…</text></name>, without the blanks around. */
static struct slice text_of(const struct xml *x, const char *name)
{
    const struct xml *child = xml_child(x, name);
    return child ? xml_child_text(child, "text") : SLICE("");
}

static struct slice or_empty(struct slice s)
{
    return s.at ? s : SLICE("");
}

static void read_columns(const struct xml *x, struct sheet *s)
{
    size_t i = 0;
    for (const struct xml *c = xml_child(x, "input"); c; c = xml_next(c, "input")) {
        const struct xml *expression = xml_child(c, "inputExpression");
        s->input[i++] = (struct sheet_input){
            .id = or_empty(xml_attribute(c, "id")), .label = or_empty(xml_attribute(c, "label")),
            .expression = text_of(c, "inputExpression"), .values = text_of(c, "inputValues"),
            .type = expression ? or_empty(xml_attribute(expression, "typeRef")) : SLICE("") };
    }
    i = 0;
    for (const struct xml *c = xml_child(x, "output"); c; c = xml_next(c, "output"))
        s->output[i++] = (struct sheet_output){
            .id = or_empty(xml_attribute(c, "id")), .name = or_empty(xml_attribute(c, "name")),
            .label = or_empty(xml_attribute(c, "label")), .type = or_empty(xml_attribute(c, "typeRef")),
            .values = text_of(c, "outputValues"), .otherwise = text_of(c, "defaultOutputEntry") };
}

static void read_rules(const struct xml *x, struct sheet *s)
{
    size_t r = 0;
    for (const struct xml *c = xml_child(x, "rule"); c; c = xml_next(c, "rule"), r++) {
        size_t i = 0, o = 0;
        s->rule_id[r] = or_empty(xml_attribute(c, "id"));
        s->note[r] = or_empty(text_of(c, "annotationEntry"));
        if (!s->note[r].len)
            s->note[r] = or_empty(xml_child_text(c, "description"));
        for (const struct xml *t = xml_child(c, "inputEntry"); t && i < s->n_inputs; t = xml_next(t, "inputEntry"))
            s->test[r * s->n_inputs + i++] = or_empty(xml_child_text(t, "text"));
        for (const struct xml *t = xml_child(c, "outputEntry"); t && o < s->n_outputs; t = xml_next(t, "outputEntry"))
            s->says[r * s->n_outputs + o++] = or_empty(xml_child_text(t, "text"));
    }
}

static bool read_sheet(const struct xml *decision, const struct xml *x, struct arena *mem, struct sheet *ret)
{
    struct sheet s = { .decision_id = or_empty(xml_attribute(decision, "id")),
                       .decision = or_empty(xml_attribute(decision, "name")),
                       .hit_policy = or_empty(xml_attribute(x, "hitPolicy")),
                       .aggregation = or_empty(xml_attribute(x, "aggregation")) };
    s.n_inputs = xml_count(x, "input");
    s.n_outputs = xml_count(x, "output");
    s.n_rules = xml_count(x, "rule");
    s.input = arena_array(mem, struct sheet_input, s.n_inputs + 1);
    s.output = arena_array(mem, struct sheet_output, s.n_outputs + 1);
    s.rule_id = arena_array(mem, struct slice, s.n_rules + 1);
    s.note = arena_array(mem, struct slice, s.n_rules + 1);
    s.test = arena_array(mem, struct slice, s.n_rules * s.n_inputs + 1);
    s.says = arena_array(mem, struct slice, s.n_rules * s.n_outputs + 1);
    if (!s.input || !s.output || !s.rule_id || !s.note || !s.test || !s.says)
        return false;
    read_columns(x, &s);
    read_rules(x, &s);
    *ret = s;
    return true;
}

static enum err_code read_root(struct slice file, struct arena *mem, struct xml **ret, struct err *e)
{
    TRY(xml_parse(file, mem, ret, e));
    if (slice_is((*ret)->name, "definitions"))
        return ERR_OK;
    return err_set(e, ERR_INVALID, 0, "this is no DMN file: its first element is '%.*s'", SLICE_ARG((*ret)->name));
}

enum err_code sheets_read(struct slice file, struct arena *mem, struct sheet **ret, size_t *n, struct err *e)
{
    struct xml *root;
    TRY(read_root(file, mem, &root, e));
    struct sheet *sheet = arena_array(mem, struct sheet, xml_count(root, "decision") + 1);
    size_t found = 0;
    if (!sheet)
        return no_memory(e);
    for (const struct xml *d = xml_child(root, "decision"); d; d = xml_next(d, "decision")) {
        const struct xml *x = xml_child(d, "decisionTable");
        if (x && !read_sheet(d, x, mem, &sheet[found++]))
            return no_memory(e);
    }
    *ret = sheet;
    *n = found;
    return ERR_OK;
}

/* ---- writing ---- */
struct writing {
    struct buf *out;
    struct slice prefix;         // "semantic:" of the elements of the file
};

static void escape(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.at[i]) {
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '&': buf_adds(out, "&amp;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        case '\n': buf_adds(out, "&#10;"); break;
        default: buf_addc(out, s.at[i]);
        }
}

static void open(struct writing *w, const char *name)
{
    buf_printf(w->out, "<%.*s%s", SLICE_ARG(w->prefix), name);
}

static void attribute(struct writing *w, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buf_printf(w->out, " %s=\"", name);
    escape(w->out, value);
    buf_addc(w->out, '"');
}

static void close(struct writing *w, const char *name)
{
    buf_printf(w->out, "</%.*s%s>", SLICE_ARG(w->prefix), name);
}

static void write_text(struct writing *w, struct slice text)
{
    open(w, "text");
    buf_addc(w->out, '>');
    escape(w->out, text);
    close(w, "text");
}

/* <name><text>…</text></name> */
static void write_entry(struct writing *w, const char *name, struct slice text)
{
    open(w, name);
    buf_addc(w->out, '>');
    write_text(w, text);
    close(w, name);
}

static void write_optional(struct writing *w, const char *name, struct slice text)
{
    if (text.len)
        write_entry(w, name, text);
}

static void write_input(struct writing *w, const struct sheet_input *i)
{
    buf_adds(w->out, "\n      ");
    open(w, "input");
    attribute(w, "id", i->id);
    attribute(w, "label", i->label);
    buf_addc(w->out, '>');
    open(w, "inputExpression");
    attribute(w, "typeRef", i->type);
    buf_addc(w->out, '>');
    write_text(w, i->expression);
    close(w, "inputExpression");
    write_optional(w, "inputValues", i->values);
    close(w, "input");
}

static void write_output(struct writing *w, const struct sheet_output *o)
{
    buf_adds(w->out, "\n      ");
    open(w, "output");
    attribute(w, "id", o->id);
    attribute(w, "label", o->label);
    attribute(w, "name", o->name);
    attribute(w, "typeRef", o->type);
    buf_addc(w->out, '>');
    write_optional(w, "outputValues", o->values);
    write_optional(w, "defaultOutputEntry", o->otherwise);
    close(w, "output");
}

static void write_rule(struct writing *w, const struct sheet *s, size_t r)
{
    buf_adds(w->out, "\n      ");
    open(w, "rule");
    attribute(w, "id", s->rule_id[r]);
    buf_addc(w->out, '>');
    for (size_t i = 0; i < s->n_inputs; i++)
        write_entry(w, "inputEntry", s->test[r * s->n_inputs + i]);
    for (size_t o = 0; o < s->n_outputs; o++)
        write_entry(w, "outputEntry", s->says[r * s->n_outputs + o]);
    write_optional(w, "annotationEntry", s->note[r]);
    close(w, "rule");
}

static void write_table(struct writing *w, const struct sheet *s, struct slice id)
{
    bool notes = false;
    open(w, "decisionTable");
    attribute(w, "id", id);
    attribute(w, "hitPolicy", s->hit_policy);
    attribute(w, "aggregation", s->aggregation);
    buf_addc(w->out, '>');
    for (size_t i = 0; i < s->n_inputs; i++)
        write_input(w, &s->input[i]);
    for (size_t o = 0; o < s->n_outputs; o++)
        write_output(w, &s->output[o]);
    for (size_t r = 0; r < s->n_rules; r++)
        notes = notes || s->note[r].len;
    if (notes) {
        buf_adds(w->out, "\n      ");
        open(w, "annotation");
        buf_adds(w->out, " name=\"note\"/>");
    }
    for (size_t r = 0; r < s->n_rules; r++)
        write_rule(w, s, r);
    buf_adds(w->out, "\n    ");
    close(w, "decisionTable");
}

/* What stands between '<' and the element's own name. */
static struct slice prefix_of(struct slice file, const struct xml *x)
{
    struct slice rest = { file.at + x->begin + 1, file.len - x->begin - 1 };
    size_t n = 0;
    while (n < rest.len && rest.at[n] != ':' && rest.at[n] != ' ' && rest.at[n] != '>' && rest.at[n] != '/')
        n++;
    return n < rest.len && rest.at[n] == ':' ? (struct slice){ rest.at, n + 1 } : SLICE("");
}

/* By id; a decision that nothing refers to may have none, and has its name. */
static const struct xml *find_table(const struct xml *root, const struct sheet *s)
{
    for (const struct xml *d = xml_child(root, "decision"); d; d = xml_next(d, "decision")) {
        bool is = slice_eq(or_empty(xml_attribute(d, "id")), s->decision_id)
                  && (s->decision_id.len || slice_eq(or_empty(xml_attribute(d, "name")), s->decision));
        if (is && xml_child(d, "decisionTable"))
            return xml_child(d, "decisionTable");
    }
    return NULL;
}

enum err_code sheet_write(struct slice file, const struct sheet *s, struct arena *mem, struct buf *out, struct err *e)
{
    struct xml *root;
    assert(s && out);
    TRY(read_root(file, mem, &root, e));
    const struct xml *x = find_table(root, s);
    if (!x)
        return err_set(e, ERR_NOT_FOUND, 0, "the model has no table of the decision '%.*s'", SLICE_ARG(s->decision_id));
    /* Places are bytes of the text only where the text is UTF-8. */
    if (x->end > file.len || file.at[x->begin] != '<')
        return err_set(e, ERR_INVALID, 0, "a model is edited in UTF-8: save it so first");
    struct writing w = { out, prefix_of(file, x) };
    buf_add(out, (struct slice){ file.at, x->begin });
    write_table(&w, s, or_empty(xml_attribute(x, "id")));
    buf_add(out, (struct slice){ file.at + x->end, file.len - x->end });
    return out->failed ? no_memory(e) : ERR_OK;
}

void sheet_new_file(struct slice name, const struct sheet_field *inputs, size_t n, struct slice output_type,
                    struct buf *out)
{
    struct writing w = { out, SLICE("") };
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\" id=\"model\"");
    attribute(&w, "name", name);
    buf_adds(out, " namespace=\"https://tendero.invalid/model\">\n");
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "  <inputData id=\"input%zu\"", i + 1);
        attribute(&w, "name", inputs[i].name);
        buf_adds(out, "><variable");
        attribute(&w, "name", inputs[i].name);
        attribute(&w, "typeRef", inputs[i].type);
        buf_adds(out, "/></inputData>\n");
    }
    buf_adds(out, "  <decision id=\"decision\"");
    attribute(&w, "name", name);
    buf_adds(out, ">\n    <variable");
    attribute(&w, "name", name);
    buf_adds(out, "/>\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "    <informationRequirement><requiredInput href=\"#input%zu\"/></informationRequirement>\n",
                   i + 1);
    buf_adds(out, "    <decisionTable id=\"table\" hitPolicy=\"FIRST\">");
    for (size_t i = 0; i < n; i++)
        write_input(&w, &(struct sheet_input){ .expression = inputs[i].name, .type = inputs[i].type });
    write_output(&w, &(struct sheet_output){ .type = output_type });
    buf_adds(out, "\n    </decisionTable>\n  </decision>\n</definitions>\n");
}
