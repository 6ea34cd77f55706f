/* Any bytes as a request: a clean refusal, or events whose bodies are valid JSON that carries their own
 * messageId, no writeKey, and nothing beyond the limits. */
#include <stdlib.h>

#include "base/limits.h"
#include "memory/ingest_event.h"

#define MEMORY ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void never(struct command *command, enum err_code code, const struct err *e)
{
    (void)command;
    (void)code;
    (void)e;
    abort();  // nothing is submitted
}

static const struct ingest_envelope env = { 1, INT64_C(1795403305400), { "203.0.113.9", 11 }, { "U\"A", 3 } };

static void whole(struct json_parser *parser, enum ingest_call call, struct slice body)
{
    struct ingest_batch *batch = NULL;
    struct slice key;
    struct err e = { ERR_OK, 0, "" };
    enum err_code code = ingest_parse(parser, call, body, &batch, &key, &e);
    require((code == ERR_OK) == (batch != NULL));
    if (code) {
        require(e.text[0]);
        return;
    }
    ingest_prepare(batch, env, never, NULL);
    require(ingest_command(batch)->facts <= LIMIT_BATCH_EVENTS + 1);
    ingest_drop(&batch);
}

static void one(struct json_parser *parser, struct json root, bool nobody, struct arena *mem)
{
    struct ingest_event event;
    struct json stored;
    struct ingest_base base = { json_get(root, "context"), json_get(root, "integrations"),
                                json_get(root, "sentAt") };
    struct json item = json_is(json_get(root, "item"), JSON_NONE) ? root : json_get(root, "item");
    require(ingest_read(item, &base, FACT_TYPES, nobody, mem, &event, NULL) == ERR_OK);
    require(ingest_complete(&event, &env, mem, NULL) == ERR_OK);
    require(json_parse(parser, event.fact.body, &stored, NULL) == ERR_OK);
    if (event.rejected) {
        require(event.reason);
        return;
    }
    require(event.fact.message_id.len > 0 && event.fact.message_id.len <= LIMIT_MESSAGE_ID);
    require(slice_eq(json_text(json_get(stored, "messageId"), mem), event.fact.message_id));
    require(json_is(json_get(stored, "writeKey"), JSON_NONE));
    require(event.fact.timestamp_ms <= env.received_ms && event.fact.event.len <= LIMIT_EVENT_NAME);
    require(event.n_traits <= LIMIT_TRAITS_PER_FACT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_parser *parser, *second;
    if (!parser) {
        parser = json_parser_new();
        second = json_parser_new();
    }
    require(parser && second);
    if (size < 1)
        return 0;
    struct slice body = { (const char *)data + 1, size - 1 };
    whole(parser, (enum ingest_call)(data[0] % (INGEST_BATCH + 1)), body);
    struct json root;
    if (json_parse(parser, body, &root, NULL))
        return 0;
    struct arena *mem = arena_new(MEMORY);
    require(mem);
    one(second, root, data[0] & 128, mem);
    arena_drop(&mem);
    return 0;
}
