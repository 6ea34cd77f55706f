#include "api/problem.h"

#include <assert.h>

#include "text/json.h"

#define RETRY_MAX_S 300  // the longest wait that Segment's clients honour

static const struct {
    int status, retry_s;
    const char *title, *remedy;
} problems[] = {
    [ERR_OK] = { 200, 0, "", NULL },
    [ERR_INVALID] = { 400, 0, "The request is not right", NULL },
    [ERR_NOT_FOUND] = { 404, 0, "There is no such thing", NULL },
    [ERR_CONFLICT] = { 409, 0, "The present state forbids it", NULL },
    [ERR_DENIED] = { 401, 0, "You may not do this", "Log in, or send a key with the right scope." },
    [ERR_LIMIT] = { 413, 0, "That is too much at once", "Send it in smaller pieces." },
    [ERR_BUSY] = { 429, 1, "Too busy just now", "Try again after the seconds in Retry-After." },
    [ERR_IO] = { 503, 5, "The disk or the network refuses",
                 "Nothing was lost. See /readyz for the reason, mend it, and send the request again." },
    [ERR_CORRUPT] = { 500, 0, "Stored data is damaged", "Restore the newest backup and tell the operator." },
};

int problem_status(enum err_code code)
{
    assert((size_t)code < sizeof problems / sizeof *problems);
    return problems[code].status;
}

int problem_retry_s(enum err_code code, const struct err *e)
{
    if (code == ERR_BUSY && e && e->pos > 1)
        return e->pos > RETRY_MAX_S ? RETRY_MAX_S : (int)e->pos;
    return problems[code].retry_s;
}

void problem_json(struct buf *out, enum err_code code, int status, const struct err *e)
{
    assert((size_t)code < sizeof problems / sizeof *problems);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    char type[48] = "/problems/";
    strncat(type, err_name(code), sizeof type - strlen(type) - 1);
    json_w_kcstr(&w, "type", type);
    json_w_kcstr(&w, "title", problems[code].title);
    json_w_ki64(&w, "status", status);
    json_w_kcstr(&w, "detail", e && e->text[0] ? e->text : problems[code].title);
    struct slice pointer = slice_of(e ? e->text : "");  // "/limit: must be …" speaks of a member
    size_t end = slice_find(pointer, ':');
    if (slice_starts(pointer, SLICE("/")) && end < pointer.len)
        json_w_kstring(&w, "pointer", (struct slice){ pointer.at, end });
    if (problems[code].remedy)
        json_w_kcstr(&w, "remedy", problems[code].remedy);
    json_w_close(&w, '}');
}
