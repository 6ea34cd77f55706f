/* The log for people: facts, corrections and deletions, what was refused. */
#include "api/api_room.h"
#include "memory/ingest.h"

#define NOTE_MAX 1000
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

struct page {
    struct slice type, event;
    int64_t before;
    size_t limit;
};

static enum err_code recent_write(struct call *call, const struct page *page, struct arena *mem,
                                  struct buf *out, struct err *e)
{
    size_t got, limit = page->limit;
    struct fact *facts = arena_array(mem, struct fact, limit + 1);
    if (!facts)
        return NO_MEMORY(e);
    TRY(log_recent(memory_log(call->rooms->memory), call->thread->read, page->before, page->type, page->event,
                   limit + 1, mem, facts, &got, e));
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < got && i < limit; i++)
        TRY(json_fact(call, &w, &facts[i], e));
    json_list_close(&w, got > limit ? facts[limit - 1].seq : 0);
    return ERR_OK;
}

enum err_code facts_list(struct call *call, struct err *e)
{
    struct page page;
    TRY(query_fact_type(call, &page.type, e));
    TRY(call_query(call, "event", &page.event, e));
    TRY(query_after(call, &page.before, e));
    TRY(call_query_limit(call, 50, &page.limit, e));
    AUTO(arena) mem = arena_new(LIMIT_PAGE_BYTES);
    if (!mem)
        return NO_MEMORY(e);
    struct buf *out = call_buf(call);
    memory_read_lock(call->rooms->memory);
    enum err_code code = recent_write(call, &page, mem, out, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return call_answer(call, 200, out, e);
}

static enum err_code answer_fact(struct call *call, int64_t seq, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    struct fact fact;
    memory_read_lock(memory);
    enum err_code code = log_get(memory_log(memory), call->thread->read, seq, call->mem, &fact, e);
    if (!code)
        code = json_fact(call, &w, &fact, e);
    memory_read_unlock(memory);
    TRY(code);
    return call_answer(call, 200, out, e);
}

enum err_code fact_get(struct call *call, struct err *e)
{
    int64_t seq;
    TRY(param_i64(call, 0, &seq, e));
    return answer_fact(call, seq, e);
}

struct edit {
    int64_t seq;
    struct slice patch, note;  // patch empty: a deletion
};

static enum err_code edit_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const struct edit *edit = arg;
    if (edit->patch.len)
        return tx_correct(tx, edit->seq, edit->patch, call->by, edit->note, e);
    return tx_delete_fact(tx, edit->seq, call->by, edit->note, e);
}

static enum err_code edit_done(struct call *call, void *arg, struct err *e)
{
    const struct edit *edit = arg;
    return answer_fact(call, edit->seq, e);
}

enum err_code fact_correct(struct call *call, struct err *e)
{
    struct json body;
    struct edit *edit = arena_one(call->mem, struct edit);
    if (!edit)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, &edit->seq, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "body note", e));
    TRY(body_text(call, body, "note", false, NOTE_MAX, &edit->note, e));
    if (!json_is(json_get(body, "body"), JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "/body: must be an object: the members to change, null removes one");
    edit->patch = json_raw(json_get(body, "body"));
    return call_write(call, (struct call_work){ edit_run, edit_done, edit, 1 }, e);
}

enum err_code fact_delete(struct call *call, struct err *e)
{
    struct edit *edit = arena_one(call->mem, struct edit);
    if (!edit)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, &edit->seq, e));
    TRY(call_query(call, "note", &edit->note, e));
    if (edit->note.len > NOTE_MAX)
        return err_set(e, ERR_INVALID, 0, "?note= may have %d bytes", NOTE_MAX);
    return call_write(call, (struct call_work){ edit_run, edit_done, edit, 1 }, e);
}

enum err_code rejections_list(struct call *call, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct rejection_row *rows;
    size_t limit, n;
    int64_t after;
    TRY(query_after(call, &after, e));
    TRY(call_query_limit(call, 50, &limit, e));
    TRY(ingest_rejections(call->thread->read, after, limit + 1, call->mem, &rows, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    memory_read_lock(memory);
    for (size_t i = 0; i < n && i < limit; i++) {
        json_w_open(&w, '{');
        json_w_ki64(&w, "id", rows[i].id);
        json_w_ktime(&w, "at", rows[i].at_ms);
        json_w_kstring(&w, "source", memory_source_name(memory, rows[i].source));
        json_w_texts(&w, "reason", slice_of(ingest_reason_text(rows[i].code, "en")),
                     slice_of(ingest_reason_text(rows[i].code, "es")));
        json_w_kstring(&w, "code", rows[i].code);
        json_w_kstring(&w, "body", rows[i].body);
        json_w_close(&w, '}');
    }
    memory_read_unlock(memory);
    json_list_close(&w, n > limit ? rows[limit - 1].id : 0);
    return call_answer(call, 200, out, e);
}
