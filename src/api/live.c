/* What comes in, as it comes: a stream of server-sent events. Source: WHATWG HTML, section 9.2. */
#include "api/api_room.h"
#include "memory/ingest.h"
#include "sys/clock.h"

#define LIVE_STEP 64           // events of one piece
#define LIVE_INTERVAL_MS 250
#define LIVE_SHOWN_FIRST 100   // of those that came before
#define LIVE_QUIET_NS (INT64_C(15) * 1000000000)  // a comment this often keeps proxies from closing

struct live_stream {
    struct memory *memory;
    int64_t after, spoke_ns;
};

static void event_json(struct memory *memory, const struct live_event *event, struct buf *out)
{
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_ktime(&w, "at", event->at_ms);
    json_w_kstring(&w, "source", memory_source_name(memory, event->source));
    json_w_kcstr(&w, "type", fact_type_name(event->type));
    json_ktext_or_null(&w, "event", slice_of(event->event));
    json_w_kstring(&w, "messageId", slice_of(event->message_id));
    json_id(&w, "customer",
            event->customer ? customers_root(memory_customers(memory), event->customer) : FACT_NOBODY);
    static const char *const outcomes[] = { "accepted", "duplicate", "rejected" };
    json_w_kcstr(&w, "outcome", outcomes[event->outcome]);
    struct slice reason = slice_of(event->reason);
    if (reason.len)
        json_w_texts(&w, "reason", slice_of(ingest_reason_text(reason, "en")),
                     slice_of(ingest_reason_text(reason, "es")));
    else
        json_w_knull(&w, "reason");
    json_w_close(&w, '}');
}

static enum err_code live_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    struct live_stream *stream = arg;
    struct live_event events[LIVE_STEP];
    size_t n = ingest_live(stream->memory, stream->after, events, LIVE_STEP);
    int64_t now_ns = clock_steady_ns();
    (void)e;
    *more = true;
    if (!n && now_ns - stream->spoke_ns >= LIVE_QUIET_NS)
        buf_adds(out, ": quiet\n\n");
    if (n || out->len)
        stream->spoke_ns = now_ns;
    memory_read_lock(stream->memory);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "id: %lld\ndata: ", (long long)events[i].id);
        event_json(stream->memory, &events[i], out);
        buf_adds(out, "\n\n");
        stream->after = events[i].id;
    }
    memory_read_unlock(stream->memory);
    return ERR_OK;
}

static void live_end(void *arg)
{
    (void)arg;  // lies in the request's arena
}

/* Where a reader begins who has seen nothing: a little before now. */
static int64_t live_start(struct memory *memory)
{
    struct live_event events[LIVE_STEP];
    int64_t last = 0;
    for (size_t n; (n = ingest_live(memory, last, events, LIVE_STEP)) > 0;)
        last = events[n - 1].id;
    return last > LIVE_SHOWN_FIRST ? last - LIVE_SHOWN_FIRST : 0;
}

enum err_code live_get(struct call *call, struct err *e)
{
    struct live_stream *stream = arena_one(call->mem, struct live_stream);
    if (!stream)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    stream->memory = call->rooms->memory;
    stream->spoke_ns = clock_steady_ns();
    if (!slice_i64(http_header(call->http, "Last-Event-ID"), &stream->after))
        stream->after = live_start(stream->memory);
    struct http_stream live = { live_next, live_end, stream };
    call_end(call, 200);
    http_set_header(call->http, "Cache-Control", SLICE("no-store"));
    http_reply_live(call->http, SLICE("text/event-stream"), LIVE_INTERVAL_MS, live);
    return ERR_OK;
}
