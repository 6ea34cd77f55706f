/* tendero feel, tendero dmn: rules from the command line, without a server and without data (dmn_base.c: with them). */
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/models.h"
#include "engine/columns/table_check.h"
#include "engine/dmn/tck.h"
#include "engine/feel/parse.h"
#include "engine/feel/value_json.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/zone.h"
#include "text/xml.h"

#define MEM_BYTES ((size_t)1 << 30)
#define INPUT_MAX ((size_t)256 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

/* What every command of this file needs. */
struct desk {
    struct arena *mem, *scratch;
    struct zone_files *files;
    struct zones zones;
    struct models *models;
    int64_t now_ms;
};

static void desk_drop(struct desk **desk)
{
    if (!*desk)
        return;
    models_drop(&(*desk)->models);
    zone_files_drop(&(*desk)->files);
    arena_drop(&(*desk)->scratch);
    arena_drop(&(*desk)->mem);
    free(*desk);
    *desk = NULL;
}

static enum err_code desk_new(struct desk **ret, struct err *e)
{
    struct desk *desk = *ret = calloc(1, sizeof *desk);
    if (!desk || !(desk->mem = arena_new(MEM_BYTES)) || !(desk->scratch = arena_new(MEM_BYTES)))
        return NO_MEMORY(e);
    TRY(zone_files_new(NULL, &desk->files, e));
    desk->zones = (struct zones){ zone_offset, desk->files };
    desk->now_ms = clock_now_ms(&sys_clock_real);
    return models_new(&desk->zones, &desk->models, e);
}

static enum err_code operand(const struct settings *s, int at, const char *what, const char **ret, struct err *e)
{
    if (at >= s->n_rest)
        return err_set(e, ERR_INVALID, 0, "%s is missing; see --help", what);
    *ret = s->rest[at];
    return ERR_OK;
}

/* --input: JSON itself, - for standard input, or a file of it. */
static enum err_code read_input(const char *input, struct arena *mem, struct slice *ret, struct err *e)
{
    struct slice text = slice_trim(slice_of(input ? input : "{}"));
    if (text.len && text.at[0] == '{') {
        *ret = text;
        return ERR_OK;
    }
    return file_read(slice_is(text, "-") ? "/dev/stdin" : input, INPUT_MAX, mem, ret, e);
}

static enum err_code value_of_text(struct slice text, struct json_parser *parser, struct arena *mem,
                                   struct value *ret, struct err *e)
{
    struct json root;
    bool ok;
    TRY(json_parse(parser, text, &root, e));
    if (!json_is(root, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "the input is an object of names and values");
    *ret = value_of_json(root, mem, &ok);
    return ok ? ERR_OK : NO_MEMORY(e);
}

static void print_value(struct value v)
{
    struct buf out = buf_make(MEM_BYTES);
    struct json_w w = json_w(&out);
    value_to_json(v, &w);
    buf_addc(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    buf_drop(&out);
}

/* ---- feel ---- */

/* Names of a value's members, deep inside: those that may stand behind a point. */
static void add_names(struct value v, struct slice *names, size_t *n, size_t max)
{
    for (size_t i = 0; v.kind == VALUE_LIST && i < v.list->n; i++)
        add_names(v.list->item[i], names, n, max);
    for (size_t i = 0; v.kind == VALUE_CONTEXT && i < v.context->n; i++) {
        bool known = *n >= max;
        for (size_t k = 0; k < *n && !known; k++)
            known = slice_eq(names[k], v.context->entry[i].name);
        if (!known)
            names[(*n)++] = v.context->entry[i].name;
        add_names(v.context->entry[i].value, names, n, max);
    }
}

static void print_note(void *arg, uint32_t at, const char *text)
{
    const struct slice *expression = arg;
    size_t line, column;
    diag_place(*expression, at, &line, &column);
    fprintf(stderr, "line %zu, column %zu: null, since %s\n", line, column, text);
}

static enum err_code evaluate(struct desk *desk, struct slice text, struct value input, struct err *e)
{
    enum { NAMES_MAX = 1000 };
    struct slice names[NAMES_MAX];
    struct parse_options options = { names, 0 };
    struct node *node;
    struct diag flaw = { 0 };
    struct eval eval;
    struct value v;
    add_names(input, names, &options.n_names, NAMES_MAX);
    enum err_code code = feel_parse(text, &options, desk->mem, &node, &flaw, e);
    if (code == ERR_INVALID) {
        size_t line, column;
        diag_place(text, flaw.at, &line, &column);
        return err_set(e, code, flaw.at, "line %zu, column %zu: %s", line, column, flaw.text);
    }
    TRY(code);
    eval_init(&eval, desk->mem, &desk->zones, desk->now_ms, e);
    eval.note = print_note;
    eval.note_arg = &text;
    const struct feel_scope scope = { .context = input.context };
    TRY(feel_eval(&eval, node, &scope, &v));
    print_value(v);
    return ERR_OK;
}

enum err_code command_feel(struct settings *s, struct err *e)
{
    const char *text = NULL, *input = settings_option(s, "input");
    struct slice json;
    struct value v;
    TRY(settings_no_options(s, e));
    TRY(operand(s, 0, "the EXPRESSION", &text, e));
    AUTO(desk) desk = NULL;
    TRY(desk_new(&desk, e));
    AUTO(json_parser) parser = json_parser_new();
    if (!parser)
        return NO_MEMORY(e);
    TRY(read_input(input, desk->mem, &json, e));
    TRY(value_of_text(json, parser, desk->mem, &v, e));
    return evaluate(desk, slice_of(text), v, e);
}

/* ---- dmn check, dmn eval ---- */

static size_t print_diags(FILE *out, const char *path, const struct dmn_diag *diag)
{
    size_t n = 0;
    for (; diag; diag = diag->next, n++)
        fprintf(out, "%s:%zu:%zu: %.*s: %s\n", path, diag->line, diag->column, SLICE_ARG(diag->element),
                diag->flaw.text);
    return n;
}

/* Gaps, overlaps and the like of a decision's table; how many. */
static enum err_code print_findings(struct desk *desk, const char *path, const struct dmn_element *element, size_t *n,
                                    struct err *e)
{
    const struct table *table = dmn_table(element);
    struct table_check check;
    if (!table)
        return ERR_OK;
    TRY(table_check(table, &desk->zones, desk->mem, &check, e));
    for (const struct finding *f = check.first; f; f = f->next)
        printf("%s: table of '%.*s': %.*s\n", path, SLICE_ARG(element->name), SLICE_ARG(f->text));
    if (check.left_out)
        printf("%s: table of '%.*s': %zu rule%s with a test that is more than comparison with constants; gaps are not "
               "looked for\n", path, SLICE_ARG(element->name), check.left_out, check.left_out == 1 ? "" : "s");
    if (check.cut)
        printf("%s: table of '%.*s': there may be more\n", path, SLICE_ARG(element->name));
    *n += check.n;
    return ERR_OK;
}

static enum err_code dmn_check(struct desk *desk, const char *path, bool strict, struct err *e)
{
    struct model_file file;
    size_t decisions = 0, findings = 0;
    TRY(models_load(desk->models, path, &file, e));
    size_t flaws = print_diags(stdout, path, file.diags);
    const struct dmn_element *element;
    for (size_t i = 0; (element = dmn_element(file.model, i)); i++) {
        decisions += element->kind == DMN_DECISION;
        if (element->kind != DMN_DECISION && element->kind != DMN_KNOWLEDGE)
            continue;
        TRY(print_findings(desk, path, element, &findings, e));
    }
    const struct dmn_diag *unfit;
    TRY(dmn_probe(file.model, &desk->zones, desk->now_ms, desk->mem, &unfit, e));
    findings += print_diags(stdout, path, unfit);
    if (flaws || (strict && findings))
        return err_set(e, ERR_INVALID, 0, "%s has %zu flaw%s and %zu finding%s", path, flaws, flaws == 1 ? "" : "s",
                       findings, findings == 1 ? "" : "s");
    printf("%s: %zu decision%s, no flaw, %zu finding%s\n", path, decisions, decisions == 1 ? "" : "s", findings,
           findings == 1 ? "" : "s");
    return ERR_OK;
}

static enum err_code decide_all(struct desk *desk, const struct dmn *model, struct eval *eval,
                                const struct value_context *inputs, struct value *ret)
{
    size_t n = 0;
    const struct dmn_element *element;
    while (dmn_element(model, n))
        n++;
    struct value_entry *entry = arena_array(desk->scratch, struct value_entry, n + 1);
    bool ok = entry != NULL;
    n = 0;
    for (size_t i = 0; ok && (element = dmn_element(model, i)); i++) {
        if (element->kind != DMN_DECISION)
            continue;
        entry[n].name = element->name;
        TRY(dmn_decide(model, element, inputs, eval, &entry[n++].value));
    }
    if (ok)
        *ret = value_context(desk->scratch, entry, n, &ok);
    return ok ? ERR_OK : ERR_LIMIT;
}

/* One case: a line of JSON to a line of JSON. decision NULL: all of them, as an object. */
static enum err_code decide_line(struct desk *desk, const struct dmn *model, const struct dmn_element *decision,
                                 struct json_parser *parser, struct slice line, struct err *e)
{
    struct value inputs, v;
    struct eval eval;
    arena_reset(desk->scratch);
    TRY(value_of_text(line, parser, desk->scratch, &inputs, e));
    TRY(dmn_inputs(model, inputs, &desk->zones, desk->scratch, &inputs, e));
    eval_init(&eval, desk->scratch, &desk->zones, desk->now_ms, e);
    if (decision)
        TRY(dmn_decide(model, decision, inputs.context, &eval, &v));
    else
        TRY(decide_all(desk, model, &eval, inputs.context, &v));
    print_value(v);
    return ERR_OK;
}

static enum err_code decide_lines(struct desk *desk, const struct dmn *model, const struct dmn_element *decision,
                                  struct slice text, struct err *e)
{
    AUTO(json_parser) parser = json_parser_new();
    size_t n = 0;
    if (!parser)
        return NO_MEMORY(e);
    /* One object over several lines is one case too. */
    struct json root;
    struct err ignored;
    if (json_parse(parser, text, &root, &ignored) == ERR_OK)
        return decide_line(desk, model, decision, parser, text, e);
    while (text.len) {
        struct slice line = slice_trim(slice_cut(&text, '\n'));
        n++;
        if (!line.len)
            continue;
        struct err err;
        enum err_code code = decide_line(desk, model, decision, parser, line, &err);
        if (code)
            return err_set(e, code, err.pos, "input line %zu: %s", n, err.text);
    }
    return ERR_OK;
}

static enum err_code dmn_eval(struct desk *desk, const char *path, const char *name, const char *input, struct err *e)
{
    struct model_file file;
    struct slice text;
    TRY(models_load(desk->models, path, &file, e));
    print_diags(stderr, path, file.diags);
    const struct dmn_element *decision = name ? dmn_find(file.model, DMN_DECISION, slice_of(name)) : NULL;
    if (name && !decision)
        return err_set(e, ERR_NOT_FOUND, 0, "%s has no decision '%s'", path, name);
    TRY(read_input(input, desk->mem, &text, e));
    return decide_lines(desk, file.model, decision, text, e);
}

/* ---- dmn tck ---- */

struct tally {
    size_t passed, failed;
    const char *folder;
};

static void count_case(void *arg, const struct tck_case *is)
{
    struct tally *tally = arg;
    tally->passed += is->passed;
    tally->failed += !is->passed;
    if (!is->passed)
        printf("  %s, case %.*s: %.*s\n", tally->folder, SLICE_ARG(is->id), SLICE_ARG(is->why));
}

static enum err_code tck_file(struct desk *desk, const char *folder, const char *path, struct tally *tally,
                              struct err *e)
{
    struct tck tck = { .zones = &desk->zones, .now_ms = desk->now_ms, .scratch = desk->scratch, .done = count_case,
                       .arg = tally };
    struct model_file model = { 0 };
    struct slice text, name;
    struct err err = { .code = ERR_OK };
    arena_reset(desk->mem);
    TRY(file_read(path, XML_BYTES_MAX, desk->mem, &text, e));
    if (tck_model_name(text, desk->mem, &name, &err))
        return ERR_OK;  // other XML
    struct slice model_path = arena_printf(desk->mem, "%s/%.*s", folder, SLICE_ARG(name));
    if (!model_path.at)
        return NO_MEMORY(e);
    if (models_load(desk->models, model_path.at, &model, &err))
        printf("  %s: %s\n", model_path.at, err.text);
    tck.model = model.model;
    return tck_run(&tck, text, e);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Cases of the folder itself, then its folders. */
static enum err_code tck_folder(struct desk *desk, const char *folder, unsigned depth, struct tally *all,
                                struct err *e)
{
    enum { PATH_BYTES = 4096, DEPTH_MAX = 16 };
    struct dirent **entry;
    struct tally own = { .folder = folder };
    struct stat is;
    enum err_code code = ERR_OK;
    int n = depth < DEPTH_MAX ? scandir(folder, &entry, shown, by_name) : 0;
    if (n < 0)
        return err_set(e, ERR_NOT_FOUND, 0, "%s is no folder that can be read", folder);
    for (int i = 0; i < n; i++) {
        char path[PATH_BYTES];
        int len = snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        bool fits = len > 0 && len < PATH_BYTES && stat(path, &is) == 0 && !code;
        if (fits && S_ISDIR(is.st_mode))
            code = tck_folder(desk, path, depth + 1, all, e);
        else if (fits && slice_ends(slice_of(path), SLICE(".xml")))
            code = tck_file(desk, folder, path, &own, e);
        free(entry[i]);
    }
    if (depth < DEPTH_MAX)
        free(entry);
    if (own.passed + own.failed)
        printf("%s %zu/%zu\n", folder, own.passed, own.passed + own.failed);
    all->passed += own.passed;
    all->failed += own.failed;
    return code;
}

static enum err_code dmn_tck(struct desk *desk, const char *folder, struct err *e)
{
    struct tally all = { 0 };
    TRY(tck_folder(desk, folder, 0, &all, e));
    printf("%zu passed, %zu failed\n", all.passed, all.failed);
    return ERR_OK;
}

enum err_code command_dmn(struct settings *s, struct err *e)
{
    if (s->n_rest > 0 && strcmp(s->rest[0], "base") == 0)
        return command_dmn_base(s, e);
    const char *what = NULL, *path = NULL, *decision = settings_option(s, "decision"),
               *input = settings_option(s, "input");
    bool strict = settings_flag(s, "strict");
    TRY(settings_no_options(s, e));
    TRY(operand(s, 0, "check, eval, base or tck", &what, e));
    AUTO(desk) desk = NULL;
    TRY(desk_new(&desk, e));
    if (strcmp(what, "check") == 0) {
        TRY(operand(s, 1, "the FILE", &path, e));
        return dmn_check(desk, path, strict, e);
    }
    if (strcmp(what, "eval") == 0) {
        TRY(operand(s, 1, "the FILE", &path, e));
        return dmn_eval(desk, path, decision, input, e);
    }
    if (strcmp(what, "tck") == 0) {
        TRY(operand(s, 1, "the DIR of test cases", &path, e));
        return dmn_tck(desk, path, e);
    }
    return err_set(e, ERR_INVALID, 0, "'%s': say check, eval, base or tck", what);
}
