#include "intake/mapping.h"

#include <assert.h>

#include "base/utf8.h"

static enum err_code type_parse(struct slice name, enum mapped_type *ret, struct err *e)
{
    static const char *const names[] = { "text", "number", "boolean", "date", "json" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!slice_is(name, names[i]))
            continue;
        *ret = (enum mapped_type)i;
        return ERR_OK;
    }
    return err_set(e, ERR_INVALID, 0, "mapping: a type is text, number, boolean, date or json");
}

static enum err_code keep(struct arena *mem, struct json v, struct slice *ret, struct err *e)
{
    struct slice text = json_string(v, mem);
    *ret = text.at ? arena_copy(mem, text) : text;
    return ret->at ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the mapping");
}

static enum err_code mapped_read(struct slice name, struct json v, struct arena *mem, struct mapped *ret,
                                 struct err *e)
{
    struct mapped m = { .name = arena_copy(mem, name) };
    if (!m.name.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for the mapping");
    if (json_is(v, JSON_STRING)) {
        TRY(keep(mem, v, &m.fixed, e));
    } else if (json_is(v, JSON_OBJECT) && json_is(json_get(v, "from"), JSON_STRING)) {
        TRY(keep(mem, json_get(v, "from"), &m.from, e));
        if (json_is(json_get(v, "type"), JSON_STRING))
            TRY(type_parse(json_string(json_get(v, "type"), mem), &m.type, e));
    } else {
        return err_set(e, ERR_INVALID, 0, "mapping: \"%.*s\" must be a text or {\"from\": \"a column\"}",
                       SLICE_ARG(name));
    }
    *ret = m;
    return ERR_OK;
}

static enum err_code members_read(struct json object, const char *what, struct arena *mem,
                                  struct mapping *map, struct err *e)
{
    if (json_is(object, JSON_NONE))
        return ERR_OK;
    if (!json_is(object, JSON_OBJECT) || json_count(object) > MAPPED_MAX)
        return err_set(e, ERR_INVALID, 0, "mapping: \"%s\" must be an object of at most %d members", what,
                       MAPPED_MAX);
    map->members = arena_array(mem, struct mapped, json_count(object) + 1);
    if (!map->members)
        return err_set(e, ERR_LIMIT, 0, "no memory for the mapping");
    for (struct json_iter it = json_iter(object); json_next(&it);)
        TRY(mapped_read(json_string(it.key, mem), it.value, mem, &map->members[map->n++], e));
    return ERR_OK;
}

static enum err_code mapping_read(struct json root, struct arena *mem, struct mapping *map, struct err *e)
{
    static const char *const kinds[] = { "event", "customer", "product" };
    static const char *const member_of[] = { "properties", "traits", "product" };
    struct slice as = json_string(json_get(root, "as"), mem), separator;
    size_t kind = 0;
    while (kind < 3 && !slice_is(as, kinds[kind]))
        kind++;
    if (kind == 3)
        return err_set(e, ERR_INVALID, 0, "mapping: \"as\" is \"event\", \"customer\" or \"product\"");
    map->as = (enum mapped_as)kind;
    separator = json_string(json_get(root, "separator"), mem);
    if (separator.len > 1)
        return err_set(e, ERR_INVALID, 0, "mapping: \"separator\" is one character");
    if (separator.len)
        map->separator = separator.at[0];
    const struct {
        const char *name;
        struct mapped *to;
    } singles[] = {
        { "event", &map->event },        { "timestamp", &map->timestamp },
        { "messageId", &map->message_id }, { "userId", &map->user_id },
        { "anonymousId", &map->anonymous_id }, { "groupId", &map->group_id }, { "email", &map->email },
    };
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        struct json v = json_get(root, singles[i].name);
        if (!json_is(v, JSON_NONE))
            TRY(mapped_read(slice_of(singles[i].name), v, mem, singles[i].to, e));
    }
    TRY(members_read(json_get(root, member_of[kind]), member_of[kind], mem, map, e));
    if (map->as == AS_EVENT && !map->event.name.len)
        return err_set(e, ERR_INVALID, 0, "mapping: an event needs \"event\", its name");
    bool who = map->user_id.name.len || map->anonymous_id.name.len || map->email.name.len;
    if (map->as != AS_PRODUCT && !who)
        return err_set(e, ERR_INVALID, 0, "mapping: say which column is \"userId\", \"anonymousId\" or \"email\"");
    return ERR_OK;
}

enum err_code mapping_parse(struct slice text, struct arena *mem, struct mapping *ret, struct err *e)
{
    assert(mem && ret);
    struct mapping map = { .separator = ',' };
    if (!slice_trim(text).len) {
        map.raw = true;
        *ret = map;
        return ERR_OK;
    }
    struct json_parser *parser = json_parser_new();
    struct json root;
    enum err_code code = parser ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the mapping");
    struct err flaw;
    if (!code && json_parse(parser, text, &root, &flaw))
        code = err_set(e, ERR_INVALID, flaw.pos, "the mapping is not JSON: byte %zu: %.90s", flaw.pos,
                       flaw.text);
    if (!code)
        code = mapping_read(root, mem, &map, e);
    json_parser_drop(&parser);
    if (!code)
        *ret = map;
    return code;
}
