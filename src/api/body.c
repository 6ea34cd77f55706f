/* Reading what a request says: members of its JSON, parameters of its path and query. */
#include <assert.h>

#include "api/api_room.h"

static bool absent(struct json value)
{
    return json_is(value, JSON_NONE) || json_is(value, JSON_NULL);
}

enum err_code body_text(struct call *call, struct json object, const char *name, bool required, size_t max,
                        struct slice *ret, struct err *e)
{
    struct json value = json_get(object, name);
    if (absent(value)) {
        if (required)
            return err_set(e, ERR_INVALID, 0, "/%s: is missing", name);
        *ret = (struct slice){ "", 0 };
        return ERR_OK;
    }
    if (!json_is(value, JSON_STRING))
        return err_set(e, ERR_INVALID, 0, "/%s: must be a text", name);
    struct slice text = json_string(value, call->mem);
    if (!text.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    if (text.len > max || (required && !slice_trim(text).len))
        return err_set(e, ERR_INVALID, 0, "/%s: must be a text of %d to %zu bytes", name, required ? 1 : 0,
                       max);
    if (memchr(text.at, 0, text.len))
        return err_set(e, ERR_INVALID, 0, "/%s: must not hold the character U+0000", name);
    *ret = text;
    return ERR_OK;
}

enum err_code body_texts(struct call *call, struct json object, const char *name, struct slice *en,
                         struct slice *es, struct err *e)
{
    struct json texts = json_get(object, name);
    *en = *es = (struct slice){ "", 0 };
    if (absent(texts))
        return ERR_OK;
    if (!json_is(texts, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "/%s: must be an object {\"en\": text, \"es\": text}", name);
    TRY(body_text(call, texts, "en", false, 200, en, e));
    return body_text(call, texts, "es", false, 200, es, e);
}

enum err_code body_i64(struct json object, const char *name, int64_t low, int64_t high, int64_t usual,
                       int64_t *ret, struct err *e)
{
    struct json value = json_get(object, name);
    int64_t number = usual;
    if (!absent(value) && (!json_i64(value, &number) || number < low || number > high))
        return err_set(e, ERR_INVALID, 0, "/%s: must be a whole number from %lld to %lld", name,
                       (long long)low, (long long)high);
    *ret = number;
    return ERR_OK;
}

enum err_code body_bool(struct json object, const char *name, bool usual, bool *ret, struct err *e)
{
    struct json value = json_get(object, name);
    bool flag = usual;
    if (!absent(value) && !json_bool(value, &flag))
        return err_set(e, ERR_INVALID, 0, "/%s: must be true or false", name);
    *ret = flag;
    return ERR_OK;
}

enum err_code body_only(struct call *call, struct json object, const char *names, struct err *e)
{
    for (struct json_iter it = json_iter(object); json_next(&it);) {
        struct slice key = json_string(it.key, call->mem), rest = slice_of(names);
        bool known = false;
        while (rest.len && !known)
            known = slice_eq(slice_cut(&rest, ' '), key);
        if (!known)
            return err_set(e, ERR_INVALID, 0, "/%.*s: is not known here; members are: %s",
                           SLICE_ARG(slice_utf8_cut(key, 40)), names);
    }
    return ERR_OK;
}

enum err_code body_customer(struct call *call, struct json object, const char *name, uint32_t *root,
                            struct err *e)
{
    struct json value = json_get(object, name);
    struct slice ref = json_text(value, call->mem);
    if (!ref.len)
        return err_set(e, ERR_INVALID, 0, "/%s: must name a customer, such as \"c42\"", name);
    return call_customer(call, ref, root, e);
}

enum err_code param_i64(struct call *call, size_t param, int64_t *ret, struct err *e)
{
    assert(param < CALL_PARAMS);
    int64_t number;
    if (!slice_i64(call->param[param], &number) || number < 1)
        return err_set(e, ERR_NOT_FOUND, 0, "its number must be a whole number from 1");
    *ret = number;
    return ERR_OK;
}

enum err_code query_after(struct call *call, int64_t *ret, struct err *e)
{
    int64_t after;
    TRY(call_query_i64(call, "after", 0, &after, e));
    if (after < 0)
        return err_set(e, ERR_INVALID, 0, "?after= must be the `next` of the page before");
    *ret = after;
    return ERR_OK;
}

enum err_code query_fact_type(struct call *call, struct slice *ret, struct err *e)
{
    struct slice type;
    enum fact_type known;
    TRY(call_query(call, "type", &type, e));
    if (type.len && !fact_type_parse(type, &known))
        return err_set(e, ERR_INVALID, 0, "?type= is no type of fact; they are track, identify, page, screen, "
                                          "group, alias, decision, merge, …");
    *ret = type;
    return ERR_OK;
}

enum err_code tx_call_source(struct tx *tx, struct call *call, uint32_t *ret, struct err *e)
{
    struct slice name = call->by, kind = slice_cut(&name, ':');
    return tx_source(tx, slice_is(kind, "key") && name.len ? name : SLICE("staff"), ret, e);
}
