#include "text/json_merge.h"

#include <assert.h>

#include "text/json.h"

/* Of two equal keys the last counts: json_get finds it. */
static bool is_last(struct json object, struct slice key, struct json value)
{
    return json_get_slice(object, key).mark == value.mark;
}

static void merge(struct json_w *w, struct json target, struct json patch, struct arena *mem, bool *lost);

static void merge_members(struct json_w *w, struct json target, struct json patch, struct arena *mem,
                          bool *lost)
{
    for (struct json_iter it = json_iter(target); !*lost && json_next(&it);) {
        struct slice key = json_string(it.key, mem);
        struct json with = json_get_slice(patch, key);
        *lost |= !key.at;
        if (!is_last(target, key, it.value) || json_is(with, JSON_NULL))
            continue;
        json_w_key_slice(w, key);
        if (json_is(with, JSON_NONE))
            json_w_raw(w, json_raw(it.value));
        else
            merge(w, it.value, with, mem, lost);
    }
    for (struct json_iter it = json_iter(patch); !*lost && json_next(&it);) {
        struct slice key = json_string(it.key, mem);
        *lost |= !key.at;
        if (!is_last(patch, key, it.value) || json_is(it.value, JSON_NULL)
            || !json_is(json_get_slice(target, key), JSON_NONE))
            continue;
        json_w_key_slice(w, key);
        merge(w, (struct json){ 0 }, it.value, mem, lost);
    }
}

static void merge(struct json_w *w, struct json target, struct json patch, struct arena *mem, bool *lost)
{
    if (!json_is(patch, JSON_OBJECT)) {
        json_w_raw(w, json_raw(patch));
        return;
    }
    json_w_open(w, '{');
    merge_members(w, json_is(target, JSON_OBJECT) ? target : (struct json){ 0 }, patch, mem, lost);
    json_w_close(w, '}');
}

enum err_code json_merge(struct slice target, struct slice patch, struct arena *mem, struct slice *ret,
                         struct err *e)
{
    assert(mem && ret);
    AUTO(json_parser) target_parser = json_parser_new();
    AUTO(json_parser) patch_parser = json_parser_new();
    if (!target_parser || !patch_parser)
        return err_set(e, ERR_LIMIT, 0, "no memory to parse a merge patch");
    struct json into, with;
    TRY(json_parse(target_parser, target, &into, e));
    TRY(json_parse(patch_parser, patch, &with, e));
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    bool lost = false;
    merge(&w, into, with, mem, &lost);
    TRY(buf_check(&out, "a merged JSON text", e));
    struct slice merged = lost ? (struct slice){ 0 } : arena_copy(mem, buf_slice(&out));
    if (!merged.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for a merged JSON text");
    *ret = merged;
    return ERR_OK;
}
