/* A customer's proposals, looked at, and a message made of one. Nothing is logged or sent. */
#include <assert.h>

#include "api/api_room.h"
#include "base/decimal.h"
#include "memory/traits.h"

static enum err_code decide_for(struct call *call, uint32_t root, size_t limit, struct decision *ret,
                                struct err *e)
{
    struct decide_query query = { .root = root, .limit = limit };
    return decide(call->thread->decider, &query, call->now_ms, ret, e);
}

enum err_code customer_proposals(struct call *call, struct err *e)
{
    struct decision decision;
    uint32_t root;
    int64_t limit;
    TRY(call_query_i64(call, "limit", 3, &limit, e));
    if (limit < 1 || limit > DECIDE_MAX)
        return err_set(e, ERR_INVALID, 0, "?limit= must be 1 to %d", DECIDE_MAX);
    TRY(call_customer(call, call->param[0], &root, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    memory_read_lock(call->rooms->memory);
    enum err_code code = decide_for(call, root, (size_t)limit, &decision, e);
    if (!code)
        decision_json(call->thread->decider, &decision, 0, &w);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return call_answer(call, 200, out, e);
}

struct message {
    struct slice language, product;  // as asked; empty: ours to choose
    const char *lang;
    struct buf row, reason;          // the product's JSON; the sentence why
    struct preview_input input;
    char price[48];
};

static void message_drop(struct message *message)
{
    buf_drop(&message->row);
    buf_drop(&message->reason);
}

/* What the customer speaks: the trait `language` or `locale`, else English. */
static enum err_code language_of(struct call *call, uint32_t root, const char **ret, struct err *e)
{
    struct trait *traits;
    size_t n;
    TRY(traits_of(call->rooms->memory, call->thread->read, root, call->mem, &traits, &n, e));
    *ret = "en";
    for (size_t i = 0; i < n; i++) {
        bool tells = slice_is(traits[i].name, "language") || slice_is(traits[i].name, "locale");
        if (tells && slice_starts(traits[i].chosen.value, SLICE("\"es")))
            *ret = "es";
    }
    return ERR_OK;
}

/* The proposal to write about: the one asked for, else the first. n == 0: nothing to propose. */
static size_t proposal_find(const struct call *call, const struct decision *decision, struct slice product)
{
    for (size_t i = 0; product.len && i < decision->n; i++)
        if (slice_eq(purchases_product_id(call->rooms->purchases, decision->of[i].product), product))
            return i;
    return product.len ? decision->n : 0;
}

static enum err_code copy_product(struct call *call, const struct product *product, struct message *m,
                                  struct err *e)
{
    struct json_w w = json_w(&m->row);
    json_product_row(&w, product);
    m->input.product = arena_copy(call->mem, product->title.len ? product->title : product->id);
    m->input.url = arena_copy(call->mem, product->url);
    m->input.image_url = arena_copy(call->mem, product->image_url);
    if (!m->input.product.at || !m->input.url.at || !m->input.image_url.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for the message");
    if (product->price_micro == PRICE_UNKNOWN)
        return ERR_OK;
    struct slice amount = micro_print(product->price_micro, m->price);
    struct slice text = arena_printf(call->mem, "%.*s %.*s", SLICE_ARG(amount),
                                     SLICE_ARG(call->rooms->currency));
    if (!text.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for the message");
    m->input.price = text;
    return ERR_OK;
}

/* All that needs the read lock. */
static enum err_code message_gather(struct call *call, uint32_t root, struct message *m, struct err *e)
{
    const struct api_options *rooms = call->rooms;
    struct decision decision;
    struct customer_face face;
    TRY(customers_face(memory_customers(rooms->memory), call->thread->read, root, call->mem, &face, e));
    m->input.name = face.name;
    if (m->language.len)
        m->lang = slice_is(m->language, "es") ? "es" : "en";
    else
        TRY(language_of(call, root, &m->lang, e));
    TRY(decide_for(call, root, DECIDE_MAX, &decision, e));
    size_t i = proposal_find(call, &decision, m->product);
    const struct product *product = i < decision.n ? catalogue_product(rooms->catalogue, decision.of[i].product)
                                                   : catalogue_find(rooms->catalogue, m->product);
    if (!product)
        return err_set(e, ERR_NOT_FOUND, 0, m->product.len ? "there is no such product in the catalogue"
                                                           : "there is nothing to propose to this customer");
    if (i < decision.n)
        proposal_why(call->thread->decider, &decision.of[i], m->lang, call->now_ms, &m->reason);
    return copy_product(call, product, m, e);
}

static void message_json(struct json_w *w, const struct message *m, const struct preview *preview)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "language", m->lang);
    json_w_kstring(w, "subject", buf_slice(&preview->subject));
    json_w_kstring(w, "html", buf_slice(&preview->html));
    json_w_kstring(w, "text", buf_slice(&preview->text));
    json_w_kraw(w, "product", buf_slice(&m->row));
    json_w_texts(w, "notice", SLICE("A preview: nothing has been sent."),
                 SLICE("Vista previa: no se ha enviado nada."));
    json_w_close(w, '}');
}

static enum err_code message_render(struct call *call, struct message *m, struct err *e)
{
    struct preview preview = { 0 };
    m->input.lang = m->lang;
    m->input.shop = call->rooms->shop;
    m->input.reason = buf_slice(&m->reason);
    TRY(buf_check(&m->row, "the product", e));
    TRY(buf_check(&m->reason, "the reason", e));
    TRY(preview_render(&m->input, &preview, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    message_json(&w, m, &preview);
    preview_drop(&preview);
    return call_answer(call, 200, out, e);
}

static enum err_code message_ask(struct call *call, struct message *m, struct err *e)
{
    struct json body;
    struct slice channel;
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "language product channel", e));
    TRY(body_text(call, body, "language", false, 2, &m->language, e));
    TRY(body_text(call, body, "product", false, 200, &m->product, e));
    TRY(body_text(call, body, "channel", false, 20, &channel, e));
    if (m->language.len && !slice_is(m->language, "en") && !slice_is(m->language, "es"))
        return err_set(e, ERR_INVALID, 0, "/language: is \"en\" or \"es\"");
    if (channel.len && !slice_is(channel, "email"))
        return err_set(e, ERR_INVALID, 0, "/channel: is \"email\", the only one so far");
    return ERR_OK;
}

enum err_code customer_message(struct call *call, struct err *e)
{
    uint32_t root;
    __attribute__((cleanup(message_drop))) struct message m = { .row = buf_make(65536),
                                                                .reason = buf_make(8192) };
    TRY(message_ask(call, &m, e));
    TRY(call_customer(call, call->param[0], &root, e));
    memory_read_lock(call->rooms->memory);
    enum err_code code = message_gather(call, root, &m, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return message_render(call, &m, e);
}
