/* Whether it lives, whether it can keep what it is sent, and its figures. */
#include "api/api_room.h"
#include "memory/ingest.h"

enum err_code health_get(struct call *call, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "status", "ok");
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

enum err_code ready_get(struct call *call, struct err *e)
{
    struct memory_stats stats = memory_stats(call->rooms->memory);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_kbool(&w, "ready", stats.writable);
    json_w_kcstr(&w, "reason", stats.writable ? NULL : stats.trouble);
    json_w_close(&w, '}');
    return call_answer(call, stats.writable ? 200 : 503, out, e);
}

static void memory_samples(struct call *call, struct buf *out)
{
    const struct api_options *rooms = call->rooms;
    struct memory_stats stats = memory_stats(rooms->memory);
    struct ingest_totals totals = ingest_totals(rooms->memory);
    memory_read_lock(rooms->memory);
    const struct customers *customers = memory_customers(rooms->memory);
    uint32_t roots = customers_roots(customers), known = customers_known(customers);
    int64_t products = catalogue_count(rooms->catalogue);
    size_t bytes = customers_memory_bytes(customers) + log_memory_bytes(memory_log(rooms->memory))
                   + purchases_memory_bytes(rooms->purchases);
    memory_read_unlock(rooms->memory);
    metrics_sample(out, "events_accepted", "counter", "Events kept since start.", (double)totals.accepted);
    metrics_sample(out, "events_duplicate", "counter", "Events that were known already.",
                   (double)totals.duplicates);
    metrics_sample(out, "events_rejected", "counter", "Events refused.", (double)totals.rejected);
    metrics_sample(out, "facts", "gauge", "Facts in the log.", (double)stats.facts);
    metrics_sample(out, "commits", "counter", "Group commits since start.", (double)stats.groups);
    metrics_sample(out, "commit_last_seconds", "gauge", "Duration of the last group commit.",
                   (double)stats.last_commit_us / 1e6);
    metrics_sample(out, "queue_bytes", "gauge", "Memory of commands that wait for the disk.",
                   (double)stats.queue_bytes);
    metrics_sample(out, "writable", "gauge", "1 when the last commit succeeded.", stats.writable ? 1 : 0);
    metrics_sample(out, "customers", "gauge", "Customers.", roots);
    metrics_sample(out, "customers_known", "gauge", "Customers with a user id or e-mail.", known);
    metrics_sample(out, "products", "gauge", "Products in the catalogue.", (double)products);
    metrics_sample(out, "memory_state_bytes", "gauge", "Memory of the log's, customers' and purchases' state.",
                   (double)bytes);
}

enum err_code metrics_get(struct call *call, struct err *e)
{
    struct buf *out = call_buf(call);
    memory_samples(call, out);
    metrics_requests_text(call->api->metrics, out);
    buf_adds(out, "# EOF\n");
    TRY(buf_check(out, "the metrics", e));
    call_raw(call, 200, SLICE("application/openmetrics-text; version=1.0.0; charset=utf-8"), buf_slice(out));
    return ERR_OK;
}
