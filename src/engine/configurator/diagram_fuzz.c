/* Any bytes as DIMACS: they are refused, or compile within a budget to a diagram that answers. Any bytes as the arrays of a
 * diagram whose head and checksum are right: they are refused, or answer without harm. */
#include "engine/configurator/diagram_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void ask_all(const struct diagram *d, const uint8_t *data, size_t size)
{
    size_t rows = diagram_about(d).variables + (size_t)1;
    struct diagram_work *w = diagram_work_new(d);
    int8_t *chosen = calloc(rows, 1), *solution = calloc(rows, 1);
    int64_t *weight = calloc(rows, sizeof *weight);
    struct diagram_bounds all, (*each)[2] = calloc(rows, sizeof *each);
    uint8_t *domain = calloc(rows, 1);
    double count, *share = calloc(rows, sizeof *share);
    require(w && chosen && solution && weight && each && domain && share);
    for (size_t v = 1; v < rows && size; v++) {
        chosen[v] = (int8_t)(data[v % size] % 8 == 1 ? 1 : data[v % size] % 8 == 2 ? -1 : 0);
        weight[v] = data[v % size];
    }
    bool is_possible = diagram_domains(d, chosen, w, domain);
    require(diagram_totals(d, chosen, weight, w, &all, each) == is_possible);
    for (size_t v = 1; v < rows; v++)
        require((each[v][0].least != DIAGRAM_NEVER) == ((domain[v] & 1) != 0));
    require(diagram_peaks(d, chosen, weight, w, &all, each) == is_possible);
    require(diagram_best(d, chosen, weight, w, solution) == is_possible);
    require(diagram_draw(d, chosen, size, w, solution) == is_possible);
    diagram_count(d, chosen, w, &count, share);
    require((count > 0) == is_possible && (diagram_shares(d, chosen, w, share) >= 0) == is_possible);
    char *exact = diagram_count_exact(d, chosen);
    require(exact && (strcmp(exact, "0") != 0) == is_possible);
    free(exact);
    free(share);
    free(domain);
    free(each);
    free(weight);
    free(solution);
    free(chosen);
    diagram_work_drop(&w);
}

static void read_as_clauses(const uint8_t *data, size_t size)
{
    const struct diagram_budget budget = { .seconds = .1, .nodes = 5000, .bytes = 4 << 20 };
    struct err e = { 0 };
    AUTO(clauses) c = NULL;
    AUTO(diagram) d = NULL;
    enum err_code code = clauses_read_dimacs((struct slice){ (const char *)data, size }, &c, &e);
    require(code == ERR_OK || ((code == ERR_INVALID || code == ERR_LIMIT) && e.text[0]));
    if (code || c->variables > 3000)
        return;
    code = diagram_make(c, &budget, &d, &e);
    require(code == ERR_OK || (code == ERR_LIMIT && e.text[0]));
    if (!code)
        ask_all(d, data, size);
}

/* The first bytes say how many there are of all; what follows fills the arrays, small numbers so that they may fit. */
static void read_as_diagram(const uint8_t *data, size_t size)
{
    if (size < 4)
        return;
    struct diagram_head head = { .magic = DIAGRAM_MAGIC, .version = DIAGRAM_VERSION, .variables = data[0] % 16u,
                                 .classes = data[1] % 16u, .nodes = data[2] % 32u, .edges = data[3] % 64u };
    struct diagram_layout at = diagram_layout(head.variables, head.nodes, head.edges);
    uint32_t *block = aligned_alloc(64, at.bytes);
    struct err e = { 0 };
    AUTO(diagram) sealed = NULL;
    AUTO(diagram) d = NULL;
    require(block != NULL);
    head.bytes = at.bytes;
    memset(block, 0, at.bytes);
    memcpy(block, &head, sizeof head);
    for (size_t i = at.of / 4, next = 4; i < at.bytes / 4 && next < size; i++)
        block[i] = data[next++];
    require(diagram_seal(block, &sealed, &e) == ERR_OK);
    enum err_code code = diagram_map(diagram_bytes(sealed), &d, &e);
    require(code == ERR_OK || (code == ERR_CORRUPT && e.text[0]));
    if (!code)
        ask_all(d, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as_clauses(data, size);
    read_as_diagram(data, size);
    return 0;
}
