/* /openapi.json: the route table and schemas.json as an OpenAPI 3.1 document. */
#include <assert.h>
#include <stdio.h>

#include "api/api_room.h"
#include "api/schemas.h"

#define CONTENT(type, schema) "\"content\":{\"" type "\":{\"schema\":" schema "}}"

static const char *method_word(enum http_method method)
{
    static const char *const words[] = { "get", "head", "post", "put", "patch", "delete", "options" };
    return words[method];
}

static void schema_ref(struct buf *out, struct slice name)
{
    buf_printf(out, "{\"$ref\":\"#/components/schemas/%.*s\"}", SLICE_ARG(name));
}

/* "Name", or "[Name]": a page of a list. */
static void schema_of(struct buf *out, const char *text)
{
    struct slice name = slice_of(text);
    if (text[0] != '[') {
        schema_ref(out, name);
        return;
    }
    buf_adds(out, "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":"
                  "\"array\",\"items\":");
    schema_ref(out, (struct slice){ name.at + 1, name.len - 2 });
    buf_adds(out, "},\"next\":{\"type\":[\"string\",\"null\"]},\"total\":{\"type\":\"integer\"}}}");
}

static void parameter(struct buf *out, struct slice name, const char *in, bool *comma)
{
    buf_printf(out, "%s{\"name\":\"%.*s\",\"in\":\"%s\",\"required\":%s,\"schema\":{\"type\":\"%s\"}}",
               *comma ? "," : "", SLICE_ARG(name), in, in[0] == 'p' ? "true" : "false",
               slice_is(name, "limit") || slice_is(name, "days") ? "integer" : "string");
    *comma = true;
}

static void parameters(struct buf *out, const struct route *route)
{
    bool comma = false;
    struct slice rest = slice_of(route->pattern), query = slice_of(route->query);
    buf_adds(out, "\"parameters\":[");
    while (slice_find(rest, '{') < rest.len) {
        slice_cut(&rest, '{');
        parameter(out, slice_cut(&rest, '}'), "path", &comma);
    }
    while (query.len)
        parameter(out, slice_cut(&query, ' '), "query", &comma);
    buf_addc(out, ']');
}

static void response(struct buf *out, const struct route *route)
{
    static const struct {
        const char *operation, *status, *type;
    } others[] = {
        { "live_get", "200", "text/event-stream" },     { "import_rejected", "200", "text/csv" },
        { "export_get", "200", "application/x-ndjson" }, { "metrics_get", "200", "application/openmetrics-text" },
        { "openapi_get", "200", "application/json" },
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!slice_is(slice_of(route->operation), others[i].operation))
            continue;
        buf_printf(out, "\"%s\":{\"description\":\"OK\",\"content\":{\"%s\":{}}}", others[i].status,
                   others[i].type);
        return;
    }
    if (!route->response[0]) {
        buf_adds(out, "\"204\":{\"description\":\"Done\"}");
        return;
    }
    buf_adds(out, "\"2XX\":{\"description\":\"OK\",\"content\":{\"application/json\":{\"schema\":");
    schema_of(out, route->response);
    buf_adds(out, "}}}");
}

static void operation(struct buf *out, const struct route *route)
{
    struct json_w w = json_w(out);
    buf_printf(out, "\"%s\":{\"operationId\":\"%s\",\"summary\":", method_word(route->method),
               route->operation);
    json_w_cstr(&w, route->summary);
    buf_addc(out, ',');
    parameters(out, route);
    if (route->request[0]) {
        buf_adds(out, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":");
        schema_of(out, route->request);
        buf_adds(out, "}}}");
    }
    buf_adds(out, ",\"responses\":{");
    response(out, route);
    buf_adds(out, ",\"default\":{\"description\":\"What is wrong\"," CONTENT("application/problem+json",
                  "{\"$ref\":\"#/components/schemas/Problem\"}") "}}");
    if (route->access == ACCESS_PUBLIC)
        buf_adds(out, ",\"security\":[]");
    buf_addc(out, '}');
}

/* The routes of one pattern, which stand in several places of the table, are one path item. */
static bool is_first(size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (slice_eq(slice_of(routes[i].pattern), slice_of(routes[at].pattern)))
            return false;
    return true;
}

static void paths(struct buf *out)
{
    for (size_t i = 0; i < routes_count; i++) {
        if (!is_first(i))
            continue;
        buf_printf(out, "%s\"%s\":{", i ? "," : "", routes[i].pattern);
        bool comma = false;
        for (size_t j = i; j < routes_count; j++) {
            if (!slice_eq(slice_of(routes[j].pattern), slice_of(routes[i].pattern)))
                continue;
            buf_adds(out, comma ? "," : "");
            operation(out, &routes[j]);
            comma = true;
        }
        buf_addc(out, '}');
    }
}

enum err_code openapi_make(struct buf *out, struct err *e)
{
    assert(out);
    buf_adds(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Tendero\",\"version\":\"1\",\"description\":"
                  "\"The shop's memory and its proposals. Events come in by the Segment tracking contract under "
                  "/v1, which is not described here.\",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":"
                  "\"Apache-2.0\"}},\"servers\":[{\"url\":\"/\"}],\"security\":[{\"session\":[]},{\"key\":[]}],"
                  "\"paths\":{");
    paths(out);
    buf_adds(out, "},\"components\":{\"securitySchemes\":{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\","
                  "\"name\":\"tendero_session\",\"description\":\"Unsafe methods also need the header "
                  "X-CSRF-Token.\"},\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\"schemas\":");
    buf_add(out, api_schemas());
    buf_adds(out, "}}");
    return buf_check(out, "the OpenAPI document", e);
}
