#include "memory/ingest_event.h"

#include <assert.h>
#include <stdio.h>

#include "base/limits.h"
#include "sys/random.h"
#include "text/time.h"

#define MERGED_BYTES (2 * LIMIT_EVENT_BYTES)

/* The members of an event that mean something here; the last of twins counts, as everywhere. */
enum slot { S_TYPE, S_USER, S_ANONYMOUS, S_MESSAGE, S_EVENT, S_NAME, S_TIME, S_ORIGINAL, S_SENT, S_CONTEXT,
            S_INTEGRATIONS, S_TRAITS, S_GROUP, S_PREVIOUS, S_WRITE_KEY, SLOTS };

static const struct slice keys[SLOTS] = {
    [S_TYPE] = { "type", 4 }, [S_USER] = { "userId", 6 }, [S_ANONYMOUS] = { "anonymousId", 11 },
    [S_MESSAGE] = { "messageId", 9 }, [S_EVENT] = { "event", 5 }, [S_NAME] = { "name", 4 },
    [S_TIME] = { "timestamp", 9 }, [S_ORIGINAL] = { "originalTimestamp", 17 }, [S_SENT] = { "sentAt", 6 },
    [S_CONTEXT] = { "context", 7 }, [S_INTEGRATIONS] = { "integrations", 12 }, [S_TRAITS] = { "traits", 6 },
    [S_GROUP] = { "groupId", 7 }, [S_PREVIOUS] = { "previousId", 10 }, [S_WRITE_KEY] = { "writeKey", 8 },
};

struct reader {
    struct json at[SLOTS];
    const struct ingest_base *base;
    struct arena *mem;
    struct ingest_event *event;
    struct err *e;
};

static void read_slots(struct json item, struct reader *r)
{
    for (struct json_iter it = json_iter(item); json_next(&it);) {
        struct slice key = json_string(it.key, r->mem);
        for (size_t s = 0; s < SLOTS; s++)
            if (slice_eq(key, keys[s])) {
                r->at[s] = it.value;
                break;
            }
    }
}

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "a batch needs more memory than a request may use");
}

static enum err_code reject(struct reader *r, const char *code)
{
    r->event->rejected = true;
    r->event->reason = code;
    return ERR_OK;
}

static bool is_plain(struct slice text, size_t max)
{
    if (text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return false;
    return true;
}

/* Strings as they are, numbers by their digits, anything else as if absent. */
static enum err_code read_text(struct reader *r, struct json v, size_t max, const char *bad, struct slice *ret)
{
    struct slice text = json_text(v, r->mem);
    if (!text.at && json_is(v, JSON_STRING))
        return no_memory(r->e);
    if (!is_plain(text, max))
        return reject(r, bad);
    *ret = text;
    return ERR_OK;
}

static bool is_email(struct slice s)
{
    size_t at = slice_find(s, '@');
    if (at == 0 || at + 1 >= s.len || !is_plain(s, LIMIT_IDENTIFIER))
        return false;
    return slice_find(s, ' ') == s.len &&
           slice_find((struct slice){ s.at + at + 1, s.len - at - 1 }, '@') == s.len - at - 1;
}

static bool is_phone(struct slice s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] >= '0' && s.at[i] <= '9')
            digits++;
        else if (!strchr("+ ().-/", s.at[i]))
            return false;
    }
    return digits >= 6 && digits <= 18;
}

/* E-mail and phone identify where Segment's identity resolution reads them: in the traits of an identify,
 * else in context.traits. A company's (group) are the company's. */
static void read_contact(struct reader *r)
{
    struct json traits = r->event->fact.type == FACT_IDENTIFY ? r->at[S_TRAITS] : (struct json){ 0 };
    struct json context = json_get(r->at[S_CONTEXT], "traits");
    struct json email = json_get(traits, "email"), phone = json_get(traits, "phone");
    struct slice e = slice_trim(json_string(email.mark ? email : json_get(context, "email"), r->mem));
    struct slice p = slice_trim(json_text(phone.mark ? phone : json_get(context, "phone"), r->mem));
    if (is_email(e))
        r->event->who.email = e;
    if (is_phone(p))
        r->event->who.phone = p;
}

/* context.externalIds: [{id, type, collection, encoding}] */
static enum err_code read_external(struct reader *r)
{
    struct json list = json_get(r->at[S_CONTEXT], "externalIds");
    if (!json_is(list, JSON_ARRAY) || json_count(list) == 0)
        return ERR_OK;
    enum { EXTERNAL_MAX = 8 };
    struct identifier *ids = arena_array(r->mem, struct identifier, EXTERNAL_MAX);
    if (!ids)
        return no_memory(r->e);
    size_t n = 0;
    for (struct json_iter it = json_iter(list); n < EXTERNAL_MAX && json_next(&it);) {
        struct slice kind = json_string(json_get(it.value, "type"), r->mem);
        struct slice value = json_text(json_get(it.value, "id"), r->mem);
        if (kind.len && value.len && is_plain(kind, LIMIT_MESSAGE_ID) && is_plain(value, LIMIT_IDENTIFIER))
            ids[n++] = (struct identifier){ kind, value };
    }
    r->event->who.external = ids;
    r->event->who.n_external = n;
    return ERR_OK;
}

static enum err_code read_who(struct reader *r, bool nobody)
{
    struct who *who = &r->event->who;
    TRY(read_text(r, r->at[S_USER], LIMIT_IDENTIFIER, "bad_id", &who->user_id));
    TRY(read_text(r, r->at[S_ANONYMOUS], LIMIT_IDENTIFIER, "bad_id", &who->anonymous_id));
    TRY(read_text(r, r->at[S_PREVIOUS], LIMIT_IDENTIFIER, "bad_id", &who->previous_id));
    TRY(read_text(r, r->at[S_GROUP], LIMIT_IDENTIFIER, "bad_id", &r->event->group_id));
    read_contact(r);
    TRY(read_external(r));
    if (r->event->rejected)
        return ERR_OK;
    enum fact_type type = r->event->fact.type;
    if (type == FACT_ALIAS && (!who->previous_id.len || !who->user_id.len))
        return reject(r, "no_previous_id");
    if (type == FACT_GROUP && !r->event->group_id.len)
        return reject(r, "no_group_id");
    bool named = who->user_id.len || who->anonymous_id.len;
    if (!named && !(nobody && type != FACT_IDENTIFY) && !(nobody && (who->email.len || who->n_external)))
        return reject(r, "no_id");
    if (type != FACT_ALIAS)
        who->previous_id = (struct slice){ 0 };
    return ERR_OK;
}

static void read_time(struct reader *r, struct json v, int64_t *ret)
{
    *ret = FACT_NO_TIME;
    if (!v.mark || json_is(v, JSON_NULL))
        return;
    if (time_parse(json_text(v, r->mem), ret, NULL)) {
        *ret = FACT_NO_TIME;
        r->event->reason = "bad_time";
    }
}

static enum err_code read_message_id(struct reader *r, bool *unusable)
{
    struct slice id = { 0 };
    TRY(read_text(r, r->at[S_MESSAGE], LIMIT_MESSAGE_ID, "bad_message_id", &id));
    r->event->fact.message_id = id;
    r->event->own_id = id.len == 0;
    *unusable = id.len == 0 && r->at[S_MESSAGE].mark;
    return ERR_OK;
}

static enum err_code read_name(struct reader *r)
{
    enum fact_type type = r->event->fact.type;
    if (type == FACT_TRACK) {
        TRY(read_text(r, r->at[S_EVENT], LIMIT_EVENT_NAME, "bad_event", &r->event->fact.event));
        if (!r->event->fact.event.len && !r->event->rejected)
            return reject(r, "no_event");
    }
    if (type == FACT_PAGE || type == FACT_SCREEN)
        return read_text(r, r->at[S_NAME], LIMIT_EVENT_NAME, "bad_event", &r->event->fact.event);
    return ERR_OK;
}

static enum err_code read_traits(struct reader *r)
{
    struct ingest_event *event = r->event;
    bool cut = false;
    if (event->fact.type == FACT_IDENTIFY || event->fact.type == FACT_GROUP)
        TRY(trait_list(r->at[S_TRAITS], r->mem, &event->traits, &event->n_traits, &cut, r->e));
    if (cut && !event->reason)
        event->reason = "traits_cut";
    if (event->fact.type == FACT_GROUP) {
        struct slice kind = json_string(json_get(r->at[S_TRAITS], "kind"), r->mem);
        if (!customer_kind_parse(kind, &event->group_kind) || event->group_kind == KIND_PERSON)
            event->group_kind = KIND_COMPANY;
        event->role = json_string(json_get(r->at[S_TRAITS], "role"), r->mem);
        if (!is_plain(event->role, LIMIT_TRAIT_NAME))
            event->role = (struct slice){ 0 };
    }
    static const char *const told[] = { "locale", "timezone" };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct json v = json_get(r->at[S_CONTEXT], told[i]);
        if (json_is(v, JSON_STRING) && json_raw(v).len > 2 && json_raw(v).len <= LIMIT_TRAIT_NAME)
            event->observed[event->n_observed++] = (struct trait_in){ slice_of(told[i]), json_raw(v) };
    }
    return ERR_OK;
}

/* Browsers do not know their address, and servers should not lend theirs: dialogue.md section 5, 10. */
static void read_direct(struct reader *r)
{
    struct json context = r->at[S_CONTEXT], base = r->base->context;
    struct json library = json_get(context, "library");
    if (!library.mark)
        library = json_get(base, "library");
    bool direct = false;
    if (!json_bool(json_get(context, "direct"), &direct))
        direct = json_bool(json_get(base, "direct"), &direct) && direct;
    if (!direct && !slice_starts(json_string(json_get(library, "name"), r->mem), SLICE("analytics.js")))
        return;
    r->event->wants_ip = !json_get(context, "ip").mark && !json_get(base, "ip").mark;
    r->event->wants_agent = !json_get(context, "userAgent").mark && !json_get(base, "userAgent").mark;
}

static enum err_code read_type(struct reader *r, enum fact_type type)
{
    r->event->fact.type = type;
    if (type == FACT_TYPES && (!fact_type_parse(json_string(r->at[S_TYPE], r->mem), &r->event->fact.type) ||
                               r->event->fact.type > FACT_ALIAS)) {
        r->event->fact.type = FACT_TRACK;
        return reject(r, "unknown_type");
    }
    return ERR_OK;
}

static enum err_code read_parts(struct reader *r, bool nobody, bool *drop_message_id)
{
    TRY(read_message_id(r, drop_message_id));
    if (!r->event->rejected)
        TRY(read_name(r));
    if (!r->event->rejected)
        TRY(read_who(r, nobody));
    if (r->event->rejected)
        return ERR_OK;
    read_time(r, r->at[S_TIME].mark ? r->at[S_TIME] : r->at[S_ORIGINAL], &r->event->fact.original_ms);
    read_time(r, r->at[S_SENT].mark ? r->at[S_SENT] : r->base->sent_at, &r->event->fact.sent_ms);
    TRY(read_traits(r));
    read_direct(r);
    return ERR_OK;
}

enum err_code ingest_read(struct json item, const struct ingest_base *base, enum fact_type type, bool nobody,
                          struct arena *mem, struct ingest_event *ret, struct err *e)
{
    assert(type <= FACT_ALIAS || type == FACT_TYPES);
    *ret = (struct ingest_event){ .fact = { .type = type == FACT_TYPES ? FACT_TRACK : type,
                                            .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME,
                                            .body = json_raw(item) } };
    struct reader r = { .base = base, .mem = mem, .event = ret, .e = e };
    if (!json_is(item, JSON_OBJECT))
        return reject(&r, "not_an_object");
    read_slots(item, &r);
    bool drop_message_id = false;
    TRY(read_type(&r, type));
    // only our importers may send facts of nobody
    size_t most = nobody ? LIMIT_IMPORT_EVENT_BYTES : LIMIT_EVENT_BYTES;
    if (!ret->rejected && ret->fact.body.len > most)
        TRY(reject(&r, "too_large"));
    if (!ret->rejected)
        TRY(read_parts(&r, nobody, &drop_message_id));
    struct ingest_body_job job = { item, r.at[S_CONTEXT], r.at[S_INTEGRATIONS], base,
                                   r.at[S_WRITE_KEY].mark != NULL, drop_message_id };
    TRY(ingest_body(&job, mem, ret, e));
    /* A batch's context is stored with each event: a small body must not become a large log. */
    return ret->fact.body.len > MERGED_BYTES && !ret->rejected ? reject(&r, "too_large") : ERR_OK;
}

/* ---- what the request knows ---- */

/* RFC 9562 version 7: in the order of time, so that the log's indexes grow at their end. */
static struct slice message_id(int64_t now_ms, struct arena *mem)
{
    uint64_t r[2];
    random_bytes(r, sizeof r);
    uint64_t ms = (uint64_t)now_ms & 0xFFFFFFFFFFFFu;
    return arena_printf(mem, "%08llx-%04llx-7%03llx-%04llx-%012llx", (unsigned long long)(ms >> 16),
                        (unsigned long long)(ms & 0xFFFF), (unsigned long long)(r[0] & 0xFFF),
                        (unsigned long long)(0x8000 | ((r[0] >> 16) & 0x3FFF)),
                        (unsigned long long)(r[1] & 0xFFFFFFFFFFFFu));
}

static void place_times(struct ingest_event *event, int64_t received_ms)
{
    struct fact *f = &event->fact;
    f->received_ms = received_ms;
    f->timestamp_ms = f->original_ms;
    if (f->original_ms == FACT_NO_TIME)
        f->timestamp_ms = received_ms;
    else if (f->sent_ms != FACT_NO_TIME)
        f->timestamp_ms = received_ms - (f->sent_ms - f->original_ms);
    if (f->timestamp_ms > received_ms)
        f->timestamp_ms = received_ms;
    if (f->timestamp_ms < time_of_civil(1, 1, 1)) {  // clocks that are thousands of years apart
        f->timestamp_ms = received_ms;
        event->reason = "bad_time";
    }
}

static void add_members(struct json_w *w, bool ip, bool agent, const struct ingest_envelope *env)
{
    if (ip)
        json_w_kstring(w, "ip", env->ip);
    if (agent)
        json_w_kstring(w, "userAgent", env->user_agent);
}

/* The body with a messageId in front and ip and userAgent inside its context. */
static enum err_code splice(struct ingest_event *event, const struct ingest_envelope *env, bool ip, bool agent,
                            struct arena *mem, struct err *e)
{
    struct slice body = event->fact.body;
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(2 * (size_t)LIMIT_HTTP_BODY);
    struct json_w w = json_w(&out);
    json_w_open(&w, '{');
    if (event->own_id)
        json_w_kstring(&w, "messageId", event->fact.message_id);
    bool context = (ip || agent) && event->context_at == 0;
    if (context) {
        json_w_key(&w, "context");
        json_w_open(&w, '{');
        add_members(&w, ip, agent, env);
        json_w_close(&w, '}');
    }
    struct slice rest = slice_trim((struct slice){ body.at + 1, body.len - 1 });
    if (rest.at[0] != '}' && (event->own_id || context))
        buf_addc(&out, ',');
    size_t cut = event->context_at && (ip || agent) ? event->context_at - (size_t)(rest.at - body.at) : 0;
    buf_add(&out, (struct slice){ rest.at, cut });
    if (cut) {
        struct json_w inner = json_w(&out);
        add_members(&inner, ip, agent, env);
        if (!event->context_empty)
            buf_addc(&out, ',');
    }
    buf_add(&out, (struct slice){ rest.at + cut, rest.len - cut });
    TRY(buf_check(&out, "an event's body", e));
    event->fact.body = arena_copy(mem, buf_slice(&out));
    return event->fact.body.at ? ERR_OK : no_memory(e);
}

enum err_code ingest_complete(struct ingest_event *event, const struct ingest_envelope *env,
                              struct arena *mem, struct err *e)
{
    event->fact.source = env->source;
    place_times(event, env->received_ms);
    if (event->rejected)
        return ERR_OK;
    bool ip = event->wants_ip && env->ip.len, agent = event->wants_agent && env->user_agent.len;
    if (!event->own_id && !ip && !agent)
        return ERR_OK;
    if (event->own_id) {
        event->fact.message_id = message_id(env->received_ms, mem);
        if (!event->fact.message_id.at)
            return no_memory(e);
    }
    return splice(event, env, ip, agent, mem, e);
}
