/* Conditions as SQL: texts that can be read, and a real PostgreSQL that finds the rows that the columns find, for random
 * conditions over random rows (TENDERO_SQL_CONDITIONS sets how many, 300 by default; each is asked about 5,000 rows). The
 * server is the test's own: a cluster in a folder of its own, on a socket there, gone at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/columns/program_sql.h"
#include "engine/columns/program_testing.h"
#include "engine/feel/value_json.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static struct program *make(const struct columns *c, struct slice text, struct arena *mem)
{
    struct program *program;
    struct err e;
    if (program_new(parse_condition(c, text, mem), c, NULL, NOW_MS, mem, &program, &e))
        fail_msg("%s", e.text);
    return program;
}

/* ---- texts ---- */
static const struct value plans[] = { { .kind = VALUE_STRING, .string = { "o'x\\", 4 } },
                                      { .kind = VALUE_STRING, .string = { "gold", 4 } },
                                      { .kind = VALUE_STRING, .string = { "a\0b", 3 } } };
static const struct dictionary plan_dictionary = { COUNT(plans), plans };
static const struct column few[] = {
    { .name = { "spend", 5 }, .kind = COLUMN_NUMBER, .width = 8, .scale = 2 },
    { .name = { "pl\"an", 5 }, .kind = COLUMN_CODES, .width = 4, .dictionary = &plan_dictionary },
    { .name = { "known", 5 }, .kind = COLUMN_BOOLEAN },
    { .name = { "last order", 10 }, .kind = COLUMN_DATE, .width = 4 },
    { .name = { "visits", 6 }, .kind = COLUMN_NUMBER, .width = 8, .scale = 2 },
};
static const struct columns few_columns = { 0, COUNT(few), few };

static void prints_what_can_be_read(void **state)
{
    static const struct {
        const char *feel, *sql;
        bool exact;
    } cases[] = {
        { "spend > 10.5", "(CASE WHEN \"spend\" IS NULL THEN NULL::boolean WHEN \"spend\" >= '10.51'::numeric THEN TRUE ELSE "
          "FALSE END)", true },
        { "spend = null", "(CASE WHEN \"spend\" IS NULL THEN TRUE WHEN FALSE THEN TRUE ELSE FALSE END)", true },
        { "not(known)", "(CASE WHEN \"known\" IS NULL THEN NULL::boolean WHEN \"known\" THEN FALSE ELSE TRUE END)", true },
        { "last order < @\"2026-11-27\"", "(CASE WHEN \"last order\" IS NULL THEN NULL::boolean WHEN \"last order\" <= "
          "(DATE '1970-01-01' + (20783)) THEN TRUE ELSE FALSE END)", true },
        { "spend = visits", "(\"spend\" IS NOT DISTINCT FROM \"visits\")", true },
        { "spend < visits and 1 < 2", "((\"spend\" < \"visits\") AND (TRUE))", true },
        { "spend + visits > 3 and known", "((TRUE) AND (CASE WHEN \"known\" IS NULL THEN NULL::boolean WHEN \"known\" "
          "THEN TRUE ELSE FALSE END))", false },
        { "not(spend + visits > 3 or known)", "(NOT ((FALSE) OR (CASE WHEN \"known\" IS NULL THEN NULL::boolean "
          "WHEN \"known\" THEN TRUE ELSE FALSE END)))", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena) mem = arena_new((size_t)1 << 20);
        struct buf out = buf_make(1 << 16);
        struct err e;
        bool exact;
        assert_int_equal(program_sql(make(&few_columns, slice_of(cases[i].feel), mem), &out, &exact, &e), ERR_OK);
        buf_addc(&out, 0);
        assert_string_equal(out.at, cases[i].sql);
        assert_int_equal(exact, cases[i].exact);
        buf_drop(&out);
    }
}

/* Nothing that a name or a value holds ends its quotes; what PostgreSQL cannot hold is left out. */
static void quotes_names_and_values(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    const struct node name = { .kind = NODE_NAME, .name = few[1].name };
    struct node null = { .kind = NODE_NAME }, *parsed = parse_condition(&few_columns, SLICE("spend != null"), mem);
    struct node condition = *parsed;
    struct program *program;
    struct buf out = buf_make(1 << 16);
    struct err e;
    bool exact;
    (void)null;
    condition.kid[0] = (struct node *)(uintptr_t)&name;
    assert_int_equal(program_new(&condition, &few_columns, NULL, NOW_MS, mem, &program, &e), ERR_OK);
    assert_int_equal(program_sql(program, &out, &exact, &e), ERR_OK);
    buf_addc(&out, 0);
    assert_string_equal(out.at, "(CASE WHEN \"pl\"\"an\" IS NULL THEN FALSE WHEN \"pl\"\"an\"::jsonb = ANY "
                                "(ARRAY['\"o''x\\\\\"', '\"gold\"']::jsonb[]) "
                                "THEN TRUE ELSE FALSE END)");
    buf_drop(&out);
}

static void refuses_names_that_would_be_cut(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    static const struct column c = { .name = { "a234567890123456789012345678901234567890123456789012345678901234", 64 },
                                     .kind = COLUMN_BOOLEAN };
    const struct columns columns = { 0, 1, &c };
    struct buf out = buf_make(1 << 16);
    struct err e;
    bool exact;
    assert_int_equal(program_sql(make(&columns, c.name, mem), &out, &exact, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "63 bytes"));
    buf_drop(&out);
}

/* ---- PostgreSQL ---- */
struct server {
    char dir[64], bin[200], script[64];
    bool runs;
};

/* As the user postgres where this is root: the server refuses root. */
static int as_user(const struct server *s, const char *command)
{
    char line[3000];
    snprintf(line, sizeof line, "%s sh -c 'cd %s && %s'",
             getuid() ? "" : "setpriv --reuid=postgres --regid=postgres --clear-groups", s->dir, command);
    return system(line);
}

static bool find_programs(struct server *s)
{
    glob_t found;
    bool is = glob("/usr/lib/postgresql/*/bin/pg_ctl", 0, NULL, &found) == 0;
    if (is) {
        snprintf(s->bin, sizeof s->bin, "%s", found.gl_pathv[found.gl_pathc - 1]);
        *strrchr(s->bin, '/') = 0;
        globfree(&found);
    }
    return is && (getuid() || getpwnam("postgres"));
}

static int server_start(void **state)
{
    static struct server server;
    struct server *s = &server;
    char command[2000];
    *state = s;
    strcpy(s->dir, "/tmp/tendero-pg-XXXXXX");
    if (!find_programs(s) || !mkdtemp(s->dir))
        return 0;
    const struct passwd *user = getpwnam("postgres");
    if (getuid() == 0 && (chmod(s->dir, 0755) || chown(s->dir, user->pw_uid, user->pw_gid)))
        return -1;
    snprintf(command, sizeof command, "%s/initdb -D %s/data -U postgres -A trust -E UTF8 --locale=C --no-sync >%s/log 2>&1",
             s->bin, s->dir, s->dir);
    if (as_user(s, command))
        return -1;
    snprintf(command, sizeof command,
             "%s/pg_ctl -D %s/data -w -l %s/log -o \"-c listen_addresses= -k %s -c fsync=off\" start >/dev/null", s->bin, s->dir, s->dir, s->dir);
    s->runs = as_user(s, command) == 0;
    return s->runs ? 0 : -1;
}

static int server_stop(void **state)
{
    struct server *s = *state;
    char command[1000];
    if (s->script[0])
        (void)remove(s->script);
    if (s->runs) {
        snprintf(command, sizeof command, "%s/pg_ctl -D %s/data -m immediate stop >/dev/null", s->bin, s->dir);
        (void)as_user(s, command);
    }
    snprintf(command, sizeof command, "rm -rf %s/*", s->dir);
    (void)as_user(s, command);
    return s->dir[0] && rmdir(s->dir) != 0;
}

/* Days and milliseconds come as numbers: text of PostgreSQL knows no year 0. */
static bool is_time(const struct column *c)
{
    return c->kind == COLUMN_DATE || c->kind == COLUMN_DATE_TIME;
}

static const char *type_of(const struct column *c)
{
    static const char *const types[] = { [COLUMN_BOOLEAN] = "boolean", [COLUMN_NUMBER] = "numeric", [COLUMN_CODES] = "jsonb",
                                         [COLUMN_DATE] = "int", [COLUMN_DATE_TIME] = "bigint" };
    return types[c->kind];
}

static void write_times(FILE *out, const struct columns *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (is_time(&c->column[i]))
            fprintf(out, "ALTER TABLE base ALTER COLUMN \"%.*s\" TYPE %s \"%.*s\";\n", SLICE_ARG(c->column[i].name),
                    c->column[i].kind == COLUMN_DATE
                    ? "date USING DATE '1970-01-01' +"
                    : "timestamptz USING TIMESTAMPTZ 'epoch' + INTERVAL '1 millisecond' *",
                    SLICE_ARG(c->column[i].name));
}

/* As COPY reads it: a backslash doubles. */
static void print_cell(FILE *out, const struct column *c, size_t row, struct arena *mem)
{
    bool ok;
    arena_reset(mem);
    struct value v = column_value(c, row, mem, &ok);
    struct buf text = buf_make(1 << 12);
    struct json_w w = json_w(&text);
    value_to_json(v, &w);
    struct slice cell = buf_slice(&text);
    if (value_is_null(v)) {
        cell = SLICE("\\N");
    } else if (is_time(c)) {
        buf_clear(&text);
        buf_printf(&text, "%lld", (long long)column_raw(c, row));
        cell = buf_slice(&text);
    }
    for (size_t i = 0; i < cell.len; i++)
        fprintf(out, "%s%c", cell.at[i] == '\\' && !value_is_null(v) ? "\\" : "", cell.at[i]);
    buf_drop(&text);
}

static void write_base(FILE *out, const struct columns *c, struct arena *mem)
{
    fputs("SET client_min_messages = warning; CREATE TABLE base (id int", out);
    for (size_t i = 0; i < c->n; i++)
        fprintf(out, ", \"%.*s\" %s", SLICE_ARG(c->column[i].name), type_of(&c->column[i]));
    fputs(");\nCOPY base FROM stdin;\n", out);
    for (size_t row = 0; row < c->rows; row++) {
        fprintf(out, "%zu", row);
        for (size_t i = 0; i < c->n; i++) {
            fputc('\t', out);
            print_cell(out, &c->column[i], row, mem);
        }
        fputc('\n', out);
    }
    fputs("\\.\n", out);
    write_times(out, c);
}

struct asked {
    const char *text;
    struct program *program;
    bool exact;
};

static void write_conditions(FILE *out, const struct columns *c, struct asked *asked, size_t n, struct arena *mem)
{
    for (size_t i = 0; i < n; i++) {
        struct buf text = buf_make(1 << 16), sql = buf_make(1 << 20);
        struct err e;
        any_condition(&text, 3);
        struct slice condition = arena_copy(mem, buf_slice(&text));
        asked[i].text = condition.at;
        asked[i].program = make(c, condition, mem);
        assert_int_equal(program_sql(asked[i].program, &sql, &asked[i].exact, &e), ERR_OK);
        fprintf(out, "SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM base WHERE %.*s;\n",
                SLICE_ARG(buf_slice(&sql)));
        buf_drop(&text);
        buf_drop(&sql);
    }
}

/* A line of ids against the bits of the columns. */
static void compare_line(const struct asked *asked, const char *line, size_t rows, struct arena *scratch)
{
    uint64_t *bits = calloc(COLUMN_WORDS(ROWS), sizeof *bits), *found = calloc(COLUMN_WORDS(ROWS), sizeof *found);
    struct err e;
    char *end;
    assert_int_equal(program_run(asked->program, 0, rows, bits, scratch, NULL, &e), ERR_OK);
    for (const char *at = line; *at && *at != '\n'; at = *end == ' ' ? end + 1 : end) {
        size_t row = strtoul(at, &end, 10);
        if (end == at)
            fail_msg("%s: PostgreSQL says %.200s", asked->text, line);
        found[row / 64] |= UINT64_C(1) << row % 64;
    }
    for (size_t row = 0; row < rows; row++)
        if (bits_has(bits, row) != bits_has(found, row) && (asked->exact || bits_has(bits, row)))
            fail_msg("%s, row %zu: columns say %d", asked->text, row, bits_has(bits, row));
    free(bits);
    free(found);
}

static void ask_server(struct server *s, const struct columns *c, struct asked *asked, size_t n, struct arena *mem,
                       struct arena *scratch)
{
    char command[1000];
    size_t cap = 0;
    char *line = NULL;
    strcpy(s->script, "/tmp/tendero-sql-XXXXXX");
    FILE *script = fdopen(mkstemp(s->script), "w");
    assert_non_null(script);
    write_base(script, c, scratch);
    write_conditions(script, c, asked, n, mem);
    assert_int_equal(fclose(script), 0);
    snprintf(command, sizeof command,
             "PGTZ=UTC %s/psql -X -q -A -t -v ON_ERROR_STOP=1 -h %s -U postgres -d postgres -f %s 2>&1", s->bin, s->dir,
             s->script);
    FILE *answers = popen(command, "r");
    assert_non_null(answers);
    for (size_t i = 0; i < n; i++) {
        if (getline(&line, &cap, answers) < 0)
            fail_msg("PostgreSQL ended before %s", asked[i].text);
        compare_line(&asked[i], line, c->rows, scratch);
    }
    free(line);
    assert_int_equal(pclose(answers), 0);
}

static void postgresql_finds_what_columns_find(void **state)
{
    struct server *s = *state;
    if (!s->runs)
        skip();  // PostgreSQL is not installed here: script/bootstrap --tests does it
    const char *wish = getenv("TENDERO_SQL_CONDITIONS");
    size_t n = wish ? strtoul(wish, NULL, 10) : 300, exact = 0;
    struct store store;
    AUTO(arena) mem = arena_new((size_t)512 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    struct asked *asked = calloc(n, sizeof *asked);
    store_fill(&store);
    const struct columns columns = { ROWS, COUNT(store.column), store.column };
    ask_server(s, &columns, asked, n, mem, scratch);
    for (size_t i = 0; i < n; i++)
        exact += asked[i].exact;
    assert_true(exact > n / 3 && exact < n);  // both kinds have been seen
    store_clear(&store);
    free(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_can_be_read),
        cmocka_unit_test(quotes_names_and_values),
        cmocka_unit_test(refuses_names_that_would_be_cut),
        cmocka_unit_test_setup_teardown(postgresql_finds_what_columns_find, server_start, server_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
