#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/client.h"
#include "app/commands.h"
#include "base/decimal.h"
#include "sys/file.h"
#include "text/json.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define MAPPING_MAX ((size_t)1 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

static int64_t number(struct json job, const char *key)
{
    int64_t value = 0;
    double real;
    if (!json_i64(json_get(job, key), &value) && json_double(json_get(job, key), &real))
        value = (int64_t)real;
    return value;
}

static void progress_print(struct json job)
{
    int64_t total = number(job, "bytesTotal"), done = number(job, "bytesDone"), left = number(job, "secondsLeft");
    fprintf(stderr, "\r%3d %%  %lld rows, %lld refused, %lld rows/s, %lld s left   ",
            total > 0 ? (int)(done * 100 / total) : 0, (long long)number(job, "rows"),
            (long long)number(job, "rejected"), (long long)number(job, "rowsPerSecond"), (long long)left);
}

static enum err_code job_end(struct json job, struct arena *mem, struct err *e)
{
    struct slice state = json_string(json_get(job, "state"), mem), text = json_string(json_get(job, "error"), mem);
    if (slice_is(state, "done"))
        return ERR_OK;
    return err_set(e, ERR_INVALID, 0, "%.*s", text.len ? (int)text.len : (int)state.len,
                   text.len ? text.at : state.at);
}

enum err_code job_wait(struct client *client, const char *path, bool quiet, struct arena *mem,
                       struct slice *ret, struct err *e)
{
    const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
    bool shown = !quiet && isatty(STDERR_FILENO);
    for (;;) {
        struct slice answer;
        TRY(client_call(client, "GET", path, SLICE(""), mem, &answer, e));
        AUTO(json_parser) parser = json_parser_new();
        struct json job;
        if (!parser)
            return NO_MEMORY(e);
        TRY(json_parse(parser, answer, &job, e));
        struct slice state = json_string(json_get(job, "state"), mem);
        if (shown)
            progress_print(job);
        if (!slice_is(state, "running") && !slice_is(state, "waiting")) {
            if (shown)
                fputc('\n', stderr);
            *ret = answer;
            return job_end(job, mem, e);
        }
        nanosleep(&pause, NULL);
    }
}

static enum err_code wish_json(const struct import_wish *wish, struct buf *body, struct err *e)
{
    char real[PATH_MAX];
    if (!realpath(wish->path, real))
        return err_set(e, ERR_NOT_FOUND, 0, "there is no file %s", wish->path);
    struct json_w w = json_w(body);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "path", real);
    json_w_kcstr(&w, "format", wish->format);
    if (wish->name)
        json_w_kcstr(&w, "name", wish->name);
    if (wish->mapping.len)
        json_w_kraw(&w, "mapping", wish->mapping);
    json_w_kbool(&w, "dryRun", wish->dry_run);
    json_w_ki64(&w, "shiftMs", wish->shift_ms);
    json_w_close(&w, '}');
    return buf_check(body, "the request", e);
}

/* The refused rows beside the file, where whoever mends it looks for them. */
static enum err_code rejects_save(struct client *client, const struct import_wish *wish, struct slice id,
                                  struct arena *mem, struct err *e)
{
    struct slice path = arena_printf(mem, "/api/v1/imports/%.*s/rejected", SLICE_ARG(id)), rows;
    struct slice file = wish->rejects ? slice_of(wish->rejects) : arena_printf(mem, "%s.rejected.csv", wish->path);
    if (!path.at || !file.at)
        return NO_MEMORY(e);
    TRY(client_call(client, "GET", path.at, SLICE(""), mem, &rows, e));
    TRY(file_write_atomic(file.at, rows, e));
    fprintf(stderr, "The refused rows are in %s\n", file.at);
    return ERR_OK;
}

static void sums_print(const struct import_wish *wish, struct json job)
{
    struct slice amount = json_raw(json_get(job, "amount"));
    printf("%s%s: %lld rows read, %lld imported, %lld there already, %lld refused; %lld facts; amount %.*s\n",
           wish->dry_run ? "dry run of " : "", wish->path, (long long)number(job, "rows"),
           (long long)number(job, "imported"), (long long)number(job, "duplicates"),
           (long long)number(job, "rejected"), (long long)number(job, "facts"), SLICE_ARG(amount));
}

enum err_code import_file(struct client *client, const struct import_wish *wish, struct err *e)
{
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    if (!mem)
        return NO_MEMORY(e);
    struct buf body = buf_make(MAPPING_MAX * 3);
    struct slice answer, last;
    enum err_code code = wish_json(wish, &body, e);
    if (!code)
        code = client_call(client, "POST", "/api/v1/imports", buf_slice(&body), mem, &answer, e);
    buf_drop(&body);
    TRY(code);
    AUTO(json_parser) parser = json_parser_new();
    struct json job;
    if (!parser)
        return NO_MEMORY(e);
    TRY(json_parse(parser, answer, &job, e));
    struct slice id = json_string(json_get(job, "id"), mem);
    struct slice path = arena_printf(mem, "/api/v1/imports/%.*s", SLICE_ARG(id));
    if (!path.at)
        return NO_MEMORY(e);
    TRY(job_wait(client, path.at, wish->quiet, mem, &last, e));
    TRY(json_parse(parser, last, &job, e));
    if (!wish->quiet)
        sums_print(wish, job);
    return number(job, "rejected") ? rejects_save(client, wish, id, mem, e) : ERR_OK;
}

/* The mapping as it goes into the request: one JSON value, checked here so that the flaw is named in the file. */
static enum err_code mapping_read(const char *path, struct arena *mem, struct slice *ret, struct err *e)
{
    struct slice text;
    struct json root;
    struct err flaw;
    AUTO(json_parser) parser = json_parser_new();
    if (!parser)
        return NO_MEMORY(e);
    TRY(file_read(path, MAPPING_MAX, mem, &text, e));
    if (json_parse(parser, text, &root, &flaw))
        return err_set(e, ERR_INVALID, flaw.pos, "%s is not JSON: byte %zu: %.90s", path, flaw.pos, flaw.text);
    *ret = json_raw(root);
    return ERR_OK;
}

/* Standard input as a file: an import is read twice when it is restarted, a pipe cannot be. */
static enum err_code stdin_spool(const struct settings *s, char path[PATH_MAX], struct err *e)
{
    char piece[65536];
    struct file_draft *draft = NULL;
    TRY(dir_make(setting(s, SETTING_data), e));
    snprintf(path, PATH_MAX, "%s/stdin-%ld", setting(s, SETTING_data), (long)getpid());
    TRY(file_draft_new(path, &draft, e));
    enum err_code code = ERR_OK;
    for (size_t n; !code && (n = fread(piece, 1, sizeof piece, stdin)) > 0;)
        code = file_draft_write(draft, piece, n, e);
    if (!code)
        code = file_draft_commit(&draft, e);
    file_draft_drop(&draft);
    return code;
}

static enum err_code one_file(const struct settings *s, struct client *client, struct import_wish wish,
                              struct err *e)
{
    char spooled[PATH_MAX];
    bool from_stdin = strcmp(wish.path, "-") == 0;
    if (from_stdin) {
        TRY(stdin_spool(s, spooled, e));
        wish.path = spooled;
        wish.rejects = wish.rejects ? wish.rejects : "stdin.rejected.csv";
        wish.name = wish.name ? wish.name : "standard input";
    }
    enum err_code code = import_file(client, &wish, e);
    if (from_stdin && file_remove(spooled, NULL)) {
        // a left-over file in the data folder: the next one has another name
    }
    return code;
}

enum err_code command_import(struct settings *s, struct err *e)
{
    const char *mapping = settings_option(s, "mapping");
    struct import_wish wish = { .format = settings_option(s, "as"), .name = settings_option(s, "name"),
                                .rejects = settings_option(s, "rejects"),
                                .dry_run = settings_flag(s, "dry-run") };
    TRY(settings_no_options(s, e));
    if (!wish.format)
        return err_set(e, ERR_INVALID, 0, "say --as online-retail, csv or ndjson");
    if (s->n_rest == 0)
        return err_set(e, ERR_INVALID, 0, "which FILE? see --help");
    AUTO(arena) mem = arena_new(MAPPING_MAX * 2);
    AUTO(client) client = NULL;
    if (!mem)
        return NO_MEMORY(e);
    if (mapping)
        TRY(mapping_read(mapping, mem, &wish.mapping, e));
    TRY(client_new(s, &client, e));
    for (int i = 0; i < s->n_rest; i++) {
        wish.path = s->rest[i];
        TRY(one_file(s, client, wish, e));
    }
    return ERR_OK;
}
