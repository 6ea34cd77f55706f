/* The console's files, from one folder of the disk.
 *
 * A path maps to a file only by plain names: letters, digits, '.', '_', '-' between slashes, none beginning
 * with a dot; so nothing outside the folder can be named. The console's pages, and wrong links followed by a
 * person, get its index.html (the console routes by itself).
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "base/limits.h"
#include "sys/clock.h"
#include "sys/file.h"

#define PATH_BYTES 512
#define FILE_BYTES ((size_t)4 << 20)
/* Letters are looked at in a frame with srcdoc, which takes over this policy: they bring a <style> of their own
 * and pictures from anywhere, and may run nothing. */
#define POLICY SLICE("default-src 'self'; img-src 'self' data: https:; frame-src 'self'; "                    \
                     "style-src 'self' 'unsafe-inline'; script-src 'self'; frame-ancestors 'none'; "          \
                     "base-uri 'none'; object-src 'none'; form-action 'self'")

static const struct {
    const char *end, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },       { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },         { ".json", "application/json" },
    { ".svg", "image/svg+xml" },                   { ".png", "image/png" },
    { ".ico", "image/x-icon" },                    { ".woff2", "font/woff2" },
    { ".webmanifest", "application/manifest+json" }, { ".map", "application/json" },
    { ".txt", "text/plain; charset=utf-8" },
};

static struct slice type_of(struct slice path)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(path, slice_of(types[i].end)))
            return slice_of(types[i].type);
    return SLICE("application/octet-stream");
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
           || c == '-';
}

/* "/assets/app-1a2b.js": plain names only. */
static bool path_is_plain(struct slice path)
{
    bool begins = false;
    if (!slice_starts(path, SLICE("/")) || path.len > PATH_BYTES / 2)
        return false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];
        if (c == '/') {
            if (begins)
                return false;
            begins = true;
            continue;
        }
        if (!is_plain(c) || (begins && c == '.'))
            return false;
        begins = false;
    }
    return true;
}

static void answer(struct api *api, struct http_request *http, int status, struct slice type, struct slice body)
{
    int64_t duration_us = (clock_steady_ns() - http_received_ns(http)) / 1000;
    metrics_request(api->metrics, "/*", status, duration_us);
    if (api->options.log) {
        struct api_log_line line = { "GET", "/*", status, duration_us };
        api->options.log(api->options.log_arg, &line);
    }
    http_set_header(http, "Content-Security-Policy", POLICY);
    http_set_header(http, "Referrer-Policy", SLICE("same-origin"));
    http_reply(http, status, type, body);
}

static void refuse(struct api *api, struct http_request *http, int status, const char *why)
{
    struct buf out = buf_make(2048);
    struct err e = { 0 };
    enum err_code code = err_set(&e, status == 404 ? ERR_NOT_FOUND : ERR_INVALID, 0, "%s", why);
    problem_json(&out, code, status, &e);
    http_set_header(http, "Cache-Control", SLICE("no-store"));
    answer(api, http, status, SLICE("application/problem+json"), buf_slice(&out));
    buf_drop(&out);
}

/* What is in that header's list, unless refused there with q=0. */
static bool accepts(struct http_request *http, const char *header, struct slice what)
{
    struct slice rest = http_header(http, header);
    while (rest.len) {
        struct slice one = slice_cut(&rest, ','), name = slice_trim(slice_cut(&one, ';'));
        if (slice_eq_nocase(name, what))
            return !slice_is(slice_trim(one), "q=0");
    }
    return false;
}

/* Answers with console_dir/path, under that status, when it is there. */
static bool serve(struct api *api, struct http_request *http, int status, struct slice path)
{
    char name[PATH_BYTES];
    struct slice body;
    struct err e;
    struct arena *mem = http_arena(http);
    const char *dir = api->options.console_dir;
    int n = snprintf(name, sizeof name, "%s%.*s.gz", dir, SLICE_ARG(path));
    if (n < 0 || (size_t)n >= sizeof name)
        return false;
    bool packed = accepts(http, "Accept-Encoding", SLICE("gzip")) && file_size(name) > 0 && !file_read(name, FILE_BYTES, mem, &body, &e);
    name[n - 3] = 0;
    if (!packed && (file_size(name) < 0 || file_read(name, FILE_BYTES, mem, &body, &e)))
        return false;
    if (packed)
        http_set_header(http, "Content-Encoding", SLICE("gzip"));
    http_set_header(http, "Vary", SLICE("Accept-Encoding"));
    bool hashed = slice_starts(path, SLICE("/assets/"));  // their names change with their content
    http_set_header(http, "Cache-Control",
                    hashed ? SLICE("public, max-age=31536000, immutable") : SLICE("no-cache"));
    answer(api, http, status, type_of(path), body);
    return true;
}

static bool climbs(struct slice path)
{
    bool up = false;
    while (path.len && !up)
        up = slice_is(slice_cut(&path, '/'), "..");
    return up;
}

/* The console's own pages (console/src/app.tsx), which are one file: "/people/email:ann@example.com" is one. */
static bool is_page(struct slice path)
{
    static const char *const pages[] = {
        "people", "audiences", "value", "tiers", "share", "affinities", "recommendations", "models", "rules", "data", "results",
        "catalogue", "settings",
    };
    slice_cut(&path, '/');
    struct slice first = slice_cut(&path, '/');
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (slice_is(first, pages[i]))
            return true;
    return false;
}

/* A person who follows a wrong link gets the console, which says so in their language and shows the way back;
 * programs and whatever should have been a file get a problem. */
static bool is_lost_person(struct http_request *http, struct slice path)
{
    return accepts(http, "Accept", SLICE("text/html")) && !slice_starts(path, SLICE("/assets/"))
           && !slice_starts(path, SLICE("/v1/"));
}

/* 0: no page of the console */
static int page_status(struct http_request *http, struct slice path)
{
    if (climbs(path))
        return 0;
    return is_page(path) ? 200 : is_lost_person(http, path) ? 404 : 0;
}

static bool is_script(struct slice path)
{
    return slice_starts(path, SLICE("/analytics.js/v1/")) && slice_ends(path, SLICE("/analytics.min.js"));
}

void files_handle(struct api *api, struct http_request *http)
{
    struct slice path = http_path(http);
    if (http_method(http) != HTTP_GET && http_method(http) != HTTP_HEAD) {
        refuse(api, http, 405, "only GET and HEAD here; the API lies under /api/v1");
        return;
    }
    if (!api->options.console_dir) {
        refuse(api, http, 404, "this server has no console; the API lies under /api/v1");
        return;
    }
    if (is_script(path))
        path = SLICE("/analytics.min.js");
    if (slice_is(path, "/"))
        path = SLICE("/index.html");
    if (path_is_plain(path) && serve(api, http, 200, path))
        return;
    int status = page_status(http, path);
    if (status && serve(api, http, status, SLICE("/index.html")))
        return;
    refuse(api, http, 404, "there is no such file");
}
