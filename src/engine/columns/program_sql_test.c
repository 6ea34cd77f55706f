/* Conditions as SQL: texts that can be read, and a real PostgreSQL that finds the rows that the columns find and says
 * of each what the interpreter says, for random conditions over random rows (TENDERO_SQL_CONDITIONS sets how many, 300
 * by default; each is asked about 5,000 rows). The server is the test's own: a cluster in a folder of its own, on a
 * socket there, gone at the end. */
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
#define BASE_CONDITIONS 300u     // conditions about one base
#define INTERPRETED 400u         // rows of a condition that the interpreter is asked about

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
static const struct value tiers[] = { { .kind = VALUE_STRING, .string = { "gold", 4 } },
                                      { .kind = VALUE_STRING, .string = { "silver", 6 } },
                                      { .kind = VALUE_STRING, .string = { "base", 4 } },
                                      { .kind = VALUE_BOOLEAN, .boolean = true } };
static const struct dictionary mixed_dictionary = { COUNT(tiers), tiers };
static const struct dictionary tier_dictionary = { COUNT(tiers) - 1, tiers };
static const struct column few[] = {
    { .name = { "spend", 5 }, .kind = COLUMN_NUMBER, .width = 8, .scale = 2 },
    { .name = { "pl\"an", 5 }, .kind = COLUMN_CODES, .width = 4, .dictionary = &plan_dictionary },
    { .name = { "known", 5 }, .kind = COLUMN_BOOLEAN },
    { .name = { "last order", 10 }, .kind = COLUMN_DATE, .width = 4 },
    { .name = { "visits", 6 }, .kind = COLUMN_NUMBER, .width = 8, .scale = 2 },
    { .name = { "seen at", 7 }, .kind = COLUMN_DATE_TIME, .width = 8 },
    { .name = { "tier", 4 }, .kind = COLUMN_CODES, .width = 4, .dictionary = &tier_dictionary },
    { .name = { "mixed", 5 }, .kind = COLUMN_CODES, .width = 4, .dictionary = &mixed_dictionary },
};
static const struct columns few_columns = { 0, COUNT(few), few };

static void prints_what_can_be_read(void **state)
{
    static const struct {
        const char *feel, *sql;
        bool exact;
    } cases[] = {
        { "spend > 10.5", "(\"spend\" >= '10.51'::numeric)", true },
        { "spend = null", "(\"spend\" IS NULL)", true },
        { "spend != null", "(\"spend\" IS NOT NULL)", true },
        { "spend = 5", "(\"spend\" IS NOT NULL AND (\"spend\" = '5'::numeric))", true },
        { "spend != 5", "(\"spend\" IS NULL OR (\"spend\" <= '4.99'::numeric OR \"spend\" >= '5.01'::numeric))", true },
        { "last order < @\"5900000-01-01\"", "(CASE WHEN \"last order\" IS NULL THEN NULL::boolean WHEN TRUE THEN TRUE "
          "WHEN FALSE THEN NULL ELSE FALSE END)", true },
        { "known", "(\"known\")", true },
        { "not(known)", "(\"known\" = FALSE)", true },
        { "known = true", "(\"known\" IS TRUE)", true },
        { "known != true", "(\"known\" IS NOT TRUE)", true },
        { "known = null", "(CASE WHEN \"known\" IS NULL THEN TRUE WHEN \"known\" THEN FALSE ELSE FALSE END)", true },
        { "last order < @\"2026-11-27\"", "(\"last order\" <= (DATE '1970-01-01' + (20783)))", true },
        { "seen at <= @\"2026-11-27T10:00:00Z\"", "(\"seen at\" < (((DATE '1970-01-01' + (20784))::timestamp + "
          "INTERVAL '36000001 milliseconds') AT TIME ZONE 'UTC'))", true },
        { "tier = \"gold\"", "(\"tier\" IS NOT NULL AND (\"tier\"::jsonb = ANY (ARRAY['\"gold\"']::jsonb[])))", true },
        { "tier != \"gold\"", "(\"tier\" IS NULL OR (\"tier\"::jsonb <> ALL (ARRAY['\"gold\"']::jsonb[])))", true },
        { "tier != null", "(\"tier\" IS NOT NULL)", true },
        { "mixed = \"gold\"", "(CASE WHEN \"mixed\" IS NULL THEN FALSE WHEN \"mixed\"::jsonb = ANY "
          "(ARRAY['\"gold\"']::jsonb[]) THEN TRUE WHEN \"mixed\"::jsonb = ANY (ARRAY['true']::jsonb[]) "
          "THEN NULL ELSE FALSE END)", true },
        { "tier < \"h\"", "(\"tier\"::jsonb <> ALL (ARRAY['\"silver\"']::jsonb[]))", true },
        { "spend = visits", "(\"spend\" IS NOT DISTINCT FROM \"visits\")", true },
        { "spend < visits and 1 < 2 and known", "((\"spend\" < \"visits\") AND (TRUE) AND (\"known\"))", true },
        { "spend < visits or known and spend > 1", "((\"spend\" < \"visits\") OR ((\"known\") AND "
          "(\"spend\" >= '1.01'::numeric)))", true },
        { "spend + visits > 3 and known", "((TRUE) AND (\"known\"))", false },
        { "not(spend + visits > 3 or known)", "(NOT ((FALSE) OR (\"known\")))", false },
        { "not(known and not(spend + visits > 3))", "(NOT ((\"known\") AND (NOT (TRUE))))", false },
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
    struct node *parsed = parse_condition(&few_columns, SLICE("spend = \"o'x\\\\\""), mem);
    struct node condition = *parsed;
    struct program *program;
    struct buf out = buf_make(1 << 16);
    struct err e;
    bool exact;
    condition.kid[0] = (struct node *)(uintptr_t)&name;
    assert_int_equal(program_new(&condition, &few_columns, NULL, NOW_MS, mem, &program, &e), ERR_OK);
    assert_int_equal(program_sql(program, &out, &exact, &e), ERR_OK);
    buf_addc(&out, 0);
    assert_string_equal(out.at, "(\"pl\"\"an\" IS NOT NULL AND (\"pl\"\"an\"::jsonb = ANY "
                                "(ARRAY[E'\"o''x\\\\\\\\\"']::jsonb[])))");
    buf_drop(&out);
}

static void refuses(struct slice name, const char *why)
{
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    const struct column c = { .name = name, .kind = COLUMN_BOOLEAN };
    const struct columns columns = { 0, 1, &c };
    const struct node node = { .kind = NODE_NAME, .name = name };
    struct program *program;
    struct buf out = buf_make(1 << 16);
    struct err e;
    bool exact = true;
    assert_int_equal(program_new(&node, &columns, NULL, NOW_MS, mem, &program, &e), ERR_OK);
    assert_int_equal(program_sql(program, &out, &exact, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, why));
    buf_drop(&out);
}

static void refuses_names_that_postgresql_has_not(void **state)
{
    (void)state;
    refuses(SLICE("a234567890123456789012345678901234567890123456789012345678901234"), "63 bytes");
    refuses(SLICE("a\0b"), "NUL");
    refuses(SLICE(""), "empty");
}

static void ends_at_the_limit_of_its_buffer(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    struct buf out = buf_make(40);
    struct err e;
    bool exact;
    assert_int_equal(program_sql(make(&few_columns, SLICE("spend > 1 and spend < visits"), mem), &out, &exact, &e),
                     ERR_LIMIT);
    buf_drop(&out);
}

/* ---- PostgreSQL ---- */
struct server {
    char dir[64], bin[200];
    FILE *keeper;                // while it is open the server may run
    bool runs;
};

/* As the user postgres where this is root: the server refuses root. In a session of its own, which what ends the test's
 * group leaves alone. */
static void as_user(const struct server *s, char *line, size_t size, const char *command)
{
    snprintf(line, size, "setsid -w %s sh -c 'cd %s && %s'",
             getuid() ? "" : "setpriv --reuid=postgres --regid=postgres --clear-groups", s->dir, command);
}

static int run_as_user(const struct server *s, const char *command)
{
    char line[3000];
    as_user(s, line, sizeof line, command);
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

/* Stops the server and clears its folder as soon as this process is gone, however it ends: the other end of a pipe.
 * "e": the server must not hold the pipe open. */
static bool keeper_start(struct server *s)
{
    char command[1000], line[3000];
    snprintf(command, sizeof command,
             "exec >/dev/null 2>&1; cat; %s/pg_ctl -D %s/data -m immediate stop; cd /; rm -rf %s",
             s->bin, s->dir, s->dir);
    as_user(s, line, sizeof line, command);
    s->keeper = popen(line, "we");
    return s->keeper != NULL;
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
    snprintf(command, sizeof command,
             "%s/initdb -D %s/data -U postgres -A trust -E UTF8 --locale=C --no-sync >%s/log 2>&1",
             s->bin, s->dir, s->dir);
    if (!keeper_start(s) || run_as_user(s, command))
        return -1;
    snprintf(command, sizeof command,
             "%s/pg_ctl -D %s/data -w -l %s/log -o \"-c listen_addresses= -k %s -c fsync=off\" start >/dev/null",
             s->bin, s->dir, s->dir, s->dir);
    s->runs = run_as_user(s, command) == 0;
    return s->runs ? 0 : -1;
}

/* Waits until the keeper has done its work. */
static int server_stop(void **state)
{
    struct server *s = *state;
    if (s->keeper)
        (void)pclose(s->keeper);
    return s->keeper && access(s->dir, F_OK) == 0 ? -1 : 0;
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

/* In whole numbers: an interval times a bigint goes by way of a double. A moment has microseconds, which do not
 * count. */
static void write_times(FILE *out, const struct columns *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct slice name = c->column[i].name;
        if (c->column[i].kind == COLUMN_DATE)
            fprintf(out, "ALTER TABLE base ALTER COLUMN \"%.*s\" TYPE date USING DATE '1970-01-01' + \"%.*s\";\n",
                    SLICE_ARG(name), SLICE_ARG(name));
        if (c->column[i].kind == COLUMN_DATE_TIME)
            fprintf(out, "ALTER TABLE base ALTER COLUMN \"%.*s\" TYPE timestamptz USING (DATE '1970-01-01'"
                    " + floor(\"%.*s\"::numeric / 86400000)::int) + INTERVAL '1 millisecond'"
                    " * (\"%.*s\" - 86400000 * floor(\"%.*s\"::numeric / 86400000)::bigint)"
                    " + INTERVAL '1 microsecond' * (id %% 1000);\n",
                    SLICE_ARG(name), SLICE_ARG(name), SLICE_ARG(name), SLICE_ARG(name));
    }
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
    } else if (c->kind == COLUMN_CODES && c->dictionary->json[column_raw(c, row)].len) {
        cell = c->dictionary->json[column_raw(c, row)];
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
    /* The harder of the two settings for what is quoted. */
    fputs("SET standard_conforming_strings = off; SET client_min_messages = warning;\n"
          "DROP TABLE IF EXISTS base; CREATE TABLE base (id int", out);
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
    char *text;
    const struct node *node;
    struct program *program;
    bool exact;
};
struct agreed {
    size_t columns, interpreter, exact;  // pairs of condition and row, pairs, conditions
};

/* A line each: t, f or n for each row, a blank, and how many a WHERE finds. */
static void write_conditions(FILE *out, const struct columns *c, struct asked *asked, size_t n, struct arena *mem)
{
    for (size_t i = 0; i < n; i++) {
        struct buf text = buf_make(1 << 16), sql = buf_make(1 << 20);
        struct err e;
        any_condition(&text, 3);
        buf_addc(&text, 0);  // buf_slice below leaves it out again
        asked[i].text = strdup(text.at);
        text.len--;
        asked[i].node = parse_condition(c, arena_copy(mem, buf_slice(&text)), mem);
        assert_int_equal(program_new(asked[i].node, c, NULL, NOW_MS, mem, &asked[i].program, &e), ERR_OK);
        assert_int_equal(program_sql(asked[i].program, &sql, &asked[i].exact, &e), ERR_OK);
        fprintf(out, "SELECT string_agg(left(coalesce((%.*s)::text, 'n'), 1), '' ORDER BY id) || ' ' ||\n"
                     "  (SELECT count(*) FROM base WHERE %.*s) FROM base;\n",
                SLICE_ARG(buf_slice(&sql)), SLICE_ARG(buf_slice(&sql)));
        buf_drop(&text);
        buf_drop(&sql);
    }
}

/* Every row against the columns, which know what is true; some against the interpreter, which knows three values. */
static void compare_line(const struct asked *asked, const char *line, const struct columns *c, struct arena *scratch,
                         struct agreed *agreed)
{
    static const char letter[] = { [VALUE_EQ_FALSE] = 'f', [VALUE_EQ_TRUE] = 't', [VALUE_EQ_NULL] = 'n' };
    uint64_t *bits = calloc(COLUMN_WORDS(ROWS), sizeof *bits);
    struct err e;
    size_t count = 0;
    if (strspn(line, "tfn") != c->rows)
        fail_msg("%s: PostgreSQL says %.200s", asked->text, line);
    assert_int_equal(program_run(asked->program, 0, c->rows, bits, scratch, NULL, &e), ERR_OK);
    for (size_t row = 0; row < c->rows; row++) {
        bool is = bits_has(bits, row), found = line[row] == 't';
        count += found;
        if (is != found && (asked->exact || is))
            fail_msg("%s, row %zu: columns say %d", asked->text, row, is);
    }
    assert_int_equal(strtoul(line + c->rows, NULL, 10), count);
    agreed->columns += c->rows;
    for (size_t k = 0; k < INTERPRETED && asked->exact; k++) {
        size_t row = any(c->rows);
        char is = letter[interpreter_says(c, asked->node, row, scratch)];
        if (is != line[row])
            fail_msg("%s, row %zu: the interpreter says %c, PostgreSQL %c", asked->text, row, is, line[row]);
        agreed->interpreter++;
    }
    agreed->exact += asked->exact;
    free(bits);
}

static void ask_server(const struct server *s, const struct columns *c, struct asked *asked, size_t n,
                       struct arena *mem, struct arena *scratch, struct agreed *agreed)
{
    char command[1000], name[100];
    size_t cap = 0;
    char *line = NULL;
    snprintf(name, sizeof name, "%s/script", s->dir);
    FILE *script = fopen(name, "w");
    assert_non_null(script);
    write_base(script, c, scratch);
    write_conditions(script, c, asked, n, mem);
    assert_int_equal(fclose(script), 0);
    snprintf(command, sizeof command,
             "PGTZ=UTC PGCLIENTENCODING=UTF8 %s/psql -XqAt -v ON_ERROR_STOP=1 -h %s -U postgres -d postgres -f %s 2>&1",
             s->bin, s->dir, name);
    FILE *answers = popen(command, "r");
    assert_non_null(answers);
    for (size_t i = 0; i < n; i++) {
        if (getline(&line, &cap, answers) < 0)
            fail_msg("PostgreSQL ended before %s", asked[i].text);
        compare_line(&asked[i], line, c, scratch, agreed);
    }
    free(line);
    assert_int_equal(pclose(answers), 0);
}

static void postgresql_finds_what_columns_find(void **state)
{
    struct server *s = *state;
    if (!s->runs) {
        print_message("no PostgreSQL in /usr/lib/postgresql: script/bootstrap --tests installs it\n");
        skip();
    }
    const char *wish = getenv("TENDERO_SQL_CONDITIONS");
    size_t wanted = wish ? strtoul(wish, NULL, 10) : 300;
    struct agreed agreed = { 0 };
    AUTO(arena) mem = arena_new((size_t)128 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    for (size_t done = 0; done < wanted; done += BASE_CONDITIONS) {
        size_t n = wanted - done < BASE_CONDITIONS ? wanted - done : BASE_CONDITIONS;
        struct asked asked[BASE_CONDITIONS];
        struct store store;
        store_fill(&store);
        const struct columns columns = { ROWS, COUNT(store.column), store.column };
        arena_reset(mem);
        ask_server(s, &columns, asked, n, mem, scratch, &agreed);
        for (size_t i = 0; i < n; i++)
            free(asked[i].text);
        store_clear(&store);
    }
    print_message("%zu pairs of condition and row agree with the columns, %zu with the interpreter's three values\n",
                  agreed.columns, agreed.interpreter);
    assert_true(agreed.exact > wanted / 3 && agreed.exact < wanted);  // both kinds have been seen
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_can_be_read),
        cmocka_unit_test(quotes_names_and_values),
        cmocka_unit_test(refuses_names_that_postgresql_has_not),
        cmocka_unit_test(ends_at_the_limit_of_its_buffer),
        cmocka_unit_test_setup_teardown(postgresql_finds_what_columns_find, server_start, server_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
