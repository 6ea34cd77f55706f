/* A timeline that reads like a story: what each fact tells, in one sentence of plain text.
 *
 * The words come from outside (titles, names), so they are cut and go out as text: whoever shows them
 * escapes them for where they are shown.
 */
#include <assert.h>
#include <stdio.h>

#include "api/api_room.h"
#include "base/decimal.h"
#include "memory/permissions.h"

#define STORY_WORD 80   // bytes of a word from outside
#define STORY_LIST 6    // names of a list; more are counted

/* One sentence in the making; es: which of both languages. */
struct story {
    struct call *call;
    const struct fact *fact;
    struct json body, properties;
    bool es;
    struct buf *out;
};

static void say(struct story *s, const char *en, const char *es)
{
    buf_adds(s->out, s->es ? es : en);
}

static void say_word(struct story *s, struct slice word)
{
    struct slice cut = slice_utf8_cut(slice_trim(word), STORY_WORD);
    for (size_t i = 0; i < cut.len; i++)  // a sentence is one line
        buf_addc(s->out, (unsigned char)cut.at[i] < ' ' ? ' ' : cut.at[i]);
    if (cut.len < slice_trim(word).len)
        buf_adds(s->out, "…");
}

static struct slice text_of(struct story *s, struct json object, const char *name)
{
    return json_text(json_get(object, name), s->call->mem);
}

/* The first member that says something. */
static struct slice first_of(struct story *s, struct json object, const char *const *names)
{
    for (; *names; names++) {
        struct slice text = text_of(s, object, *names);
        if (slice_trim(text).len)
            return text;
    }
    return (struct slice){ "", 0 };
}

/* "£139.12", "12.50 SEK", "139,12 €" as the language writes it. */
static void say_amount(struct story *s, int64_t micro)
{
    static const struct {
        const char *code, *sign;
    } signs[] = { { "GBP", "£" }, { "EUR", "€" }, { "USD", "$" } };
    struct slice code = text_of(s, s->properties, "currency");
    if (!code.len)
        code = s->call->rooms->currency;
    const char *sign = NULL;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (slice_is(code, signs[i].code))
            sign = signs[i].sign;
    uint64_t size = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro, cents = (size + 5000) / 10000;
    if (micro < 0 && cents)
        buf_addc(s->out, '-');
    if (sign && !s->es)
        buf_adds(s->out, sign);
    buf_printf(s->out, "%llu%c%02u", (unsigned long long)(cents / 100), s->es ? ',' : '.',
               (unsigned)(cents % 100));
    if (sign && s->es)
        buf_printf(s->out, " %s", sign);
    else if (!sign && code.len) {
        buf_addc(s->out, ' ');
        say_word(s, code);
    }
}

static bool micro_of(struct story *s, struct json value, int64_t *ret)
{
    return (json_is(value, JSON_NUMBER) && !micro_parse(json_raw(value), ret, NULL))
           || (json_is(value, JSON_STRING) && !micro_parse(json_string(value, s->call->mem), ret, NULL));
}

/* As insight/purchases counts it: the lines, without them what the event says. */
static bool order_amount(struct story *s, int64_t *ret)
{
    int64_t sum = 0, price, quantity, line;
    struct json products = json_get(s->properties, "products");
    for (struct json_iter it = json_iter(products); json_next(&it);) {
        quantity = MICRO;
        if (!micro_of(s, json_get(it.value, "price"), &price))
            continue;
        micro_of(s, json_get(it.value, "quantity"), &quantity);
        if (micro_mul(price, quantity, &line, NULL) || __builtin_add_overflow(sum, line, &sum))
            return false;
    }
    *ret = sum;
    return json_count(products) > 0 || micro_of(s, json_get(s->properties, "revenue"), ret)
           || micro_of(s, json_get(s->properties, "total"), ret) || micro_of(s, json_get(s->properties, "value"), ret);
}

struct order_words {
    const char *en, *es, *bare_en, *bare_es;  // bare: of an order whose lines are not told
    bool back;  // the words say that it was given back: the amount needs no minus
};

static void say_order(struct story *s, const struct order_words *words)
{
    size_t n = json_count(json_get(s->properties, "products"));
    struct slice order = text_of(s, s->properties, "order_id");
    int64_t amount;
    say(s, n ? words->en : words->bare_en, n ? words->es : words->bare_es);
    if (n == 1)
        say(s, " one product", " un producto");
    else if (n)
        buf_printf(s->out, s->es ? " %zu productos" : " %zu products", n);
    if (order_amount(s, &amount)) {
        say(s, " for ", " por ");
        say_amount(s, amount < 0 && words->back ? -amount : amount);
    }
    if (order.len) {
        say(s, " (order ", " (pedido ");
        say_word(s, order);
        buf_addc(s->out, ')');
    }
}

static void say_cancelled(struct story *s)
{
    say(s, "Cancelled the order ", "Canceló el pedido ");
    say_word(s, text_of(s, s->properties, "order_id"));
}

static struct slice product_name(struct story *s)
{
    static const char *const names[] = { "name", "title", "product_id", "sku", NULL };
    return first_of(s, s->properties, names);
}

static void say_about_product(struct story *s, const char *en, const char *es, const char *en_end,
                              const char *es_end)
{
    struct slice name = product_name(s);
    say(s, en, es);
    if (name.len)
        say_word(s, name);
    else
        say(s, "a product", "un producto");
    say(s, en_end, es_end);
}

static void say_seen_list(struct story *s)
{
    static const char *const names[] = { "category", "list_id", NULL };
    say(s, "Looked through ", "Recorrió ");
    struct slice name = first_of(s, s->properties, names);
    if (name.len)
        say_word(s, name);
    else
        say(s, "a list of products", "una lista de productos");
}

static void say_searched(struct story *s)
{
    say(s, "Searched for “", "Buscó «");
    say_word(s, text_of(s, s->properties, "query"));
    say(s, "”", "»");
}

static void say_track(struct story *s)
{
    static const struct order_words ordered = { "Ordered", "Pidió", "Placed an order", "Hizo un pedido", false };
    static const struct order_words updated = { "Changed an order to", "Cambió un pedido a", "Changed an order",
                                          "Cambió un pedido", false };
    static const struct order_words refunded = { "Gave back", "Devolvió", "Gave back an order", "Devolvió un pedido",
                                                  true };
    struct slice event = s->fact->event;
    if (slice_is(event, "Order Completed"))
        say_order(s, &ordered);
    else if (slice_is(event, "Order Updated"))
        say_order(s, &updated);
    else if (slice_is(event, "Order Refunded"))
        say_order(s, &refunded);
    else if (slice_is(event, "Order Cancelled"))
        say_cancelled(s);
    else if (slice_is(event, "Product Viewed"))
        say_about_product(s, "Looked at ", "Miró ", "", "");
    else if (slice_is(event, "Product Added"))
        say_about_product(s, "Put ", "Puso ", " in the cart", " en el carrito");
    else if (slice_is(event, "Product Removed"))
        say_about_product(s, "Took ", "Quitó ", " out of the cart", " del carrito");
    else if (slice_is(event, "Product List Viewed"))
        say_seen_list(s);
    else if (slice_is(event, "Products Searched"))
        say_searched(s);
    else {
        say(s, "Did: ", "Hizo: ");
        say_word(s, event);
    }
}

/* Names of an object's members: "name, country and 3 more". */
static void say_keys(struct story *s, struct json object)
{
    size_t n = 0, all = json_count(object);
    for (struct json_iter it = json_iter(object); json_next(&it) && n < STORY_LIST; n++) {
        buf_adds(s->out, n ? ", " : "");
        say_word(s, json_string(it.key, s->call->mem));
    }
    if (all > n)
        buf_printf(s->out, s->es ? " y %zu más" : " and %zu more", all - n);
}

static void say_identify(struct story *s)
{
    struct json traits = json_get(s->body, "traits");
    if (!json_count(traits)) {
        say(s, "Was recognised", "Fue reconocido");
        return;
    }
    say(s, "Told us: ", "Nos dijo: ");
    say_keys(s, traits);
}

static void say_page(struct story *s, const char *en, const char *es)
{
    static const char *const names[] = { "title", "name", "path", "url", NULL };
    struct slice name = s->fact->event.len ? s->fact->event : first_of(s, s->properties, names);
    say(s, en, es);
    if (name.len) {
        buf_adds(s->out, ": ");
        say_word(s, name);
    }
}

static void say_group(struct story *s)
{
    struct slice name = text_of(s, json_get(s->body, "traits"), "name");
    say(s, "Belongs to ", "Pertenece a ");
    say_word(s, name.len ? name : text_of(s, s->body, "groupId"));
}

static void say_decision(struct story *s)
{
    struct json proposals = json_get(s->body, "proposals");
    say(s, "We proposed: ", "Propusimos: ");
    size_t n = 0, all = json_count(proposals);
    for (struct json_iter it = json_iter(proposals); json_next(&it) && n < STORY_LIST; n++) {
        buf_adds(s->out, n ? ", " : "");
        say_word(s, text_of(s, json_get(it.value, "product"), "title"));
    }
    if (!all)
        say(s, "nothing", "nada");
    else if (all > n)
        buf_printf(s->out, s->es ? " y %zu más" : " and %zu more", all - n);
}

static void say_merge(struct story *s)
{
    static const struct {
        const char *code, *en, *es;
    } reasons[] = {
        { "by_hand", "decided by a person", "lo decidió una persona" },
        { "identify", "both came in one event", "llegaron en un mismo evento" },
        { "alias", "the shop said so", "lo dijo la tienda" },
        { "email", "same e-mail", "mismo correo" },
        { "phone", "same telephone number", "mismo teléfono" },
    };
    struct slice reason = text_of(s, s->body, "reason");
    int64_t winner = 0;
    json_i64(json_get(s->body, "winner"), &winner);
    buf_printf(s->out, s->es ? "Se unió con c%lld" : "Was merged with c%lld", (long long)winner);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (slice_is(reason, reasons[i].code))
            buf_printf(s->out, ": %s", s->es ? reasons[i].es : reasons[i].en);
}

static void say_note(struct story *s)
{
    struct slice note = text_of(s, s->body, "note");
    if (!note.len)
        return;
    buf_adds(s->out, ": ");
    say_word(s, note);
}

static void say_edit(struct story *s)
{
    bool taken = s->fact->type == FACT_DELETION;
    buf_printf(s->out, s->es ? "El hecho %.*s fue %s" : "Fact %.*s was %s",
               SLICE_ARG(text_of(s, s->body, "seq")),
               taken ? (s->es ? "retirado" : "taken back") : (s->es ? "corregido" : "corrected"));
    say_note(s);
}

static void say_membership(struct story *s)
{
    bool ended = false;
    struct slice role = text_of(s, s->body, "role");
    json_bool(json_get(s->body, "ended"), &ended);
    buf_printf(s->out, ended ? (s->es ? "Ya no actúa para c%.*s" : "No longer acts for c%.*s")
                             : (s->es ? "Actúa para c%.*s" : "Acts for c%.*s"),
               SLICE_ARG(text_of(s, s->body, "account")));
    if (role.len && !ended) {
        say(s, " as ", " como ");
        say_word(s, role);
    }
}

static void say_permission(struct story *s)
{
    static const char *const words[CHANNELS][2] = {
        [CHANNEL_EMAIL] = { "by e-mail", "por correo" },   [CHANNEL_SMS] = { "by text message", "por SMS" },
        [CHANNEL_WHATSAPP] = { "by WhatsApp", "por WhatsApp" }, [CHANNEL_PUSH] = { "by push message", "por notificación" },
        [CHANNEL_PHONE] = { "by phone", "por teléfono" },  [CHANNEL_POST] = { "by post", "por correo postal" },
    };
    struct slice topic = text_of(s, s->properties, "topic"), until = text_of(s, s->properties, "until");
    enum channel channel;
    bool given = false;
    json_bool(json_get(s->properties, "given"), &given);
    say(s, given ? "May be contacted " : "Does not want to be contacted any more ", given ? "Permite que le contactemos "
                                                                                      : "Ya no quiere que le contactemos ");
    if (channel_parse(text_of(s, s->properties, "channel"), &channel))
        buf_adds(s->out, words[channel][s->es]);
    if (topic.len) {
        say(s, " about ", " sobre ");
        say_word(s, topic);
    }
    if (until.len) {
        say(s, " until ", " hasta el ");
        say_word(s, until);
    }
}

static void say_catalogue(struct story *s)
{
    struct json product = json_get(s->body, "product"), category = json_get(s->body, "category");
    if (json_is(product, JSON_OBJECT)) {
        say(s, "The catalogue has ", "El catálogo tiene ");
        say_word(s, text_of(s, product, "title"));
    } else if (json_is(category, JSON_OBJECT)) {
        say(s, "The catalogue has the category ", "El catálogo tiene la categoría ");
        say_word(s, text_of(s, category, "id"));
    } else {
        say(s, "Left the catalogue: ", "Salió del catálogo: ");
        say_word(s, text_of(s, s->body, "removed"));
    }
}

static void say_audience(struct story *s)
{
    bool in = false, of_somebody = json_bool(json_get(s->body, "in"), &in);
    if (!of_somebody)
        say(s, "Another version counts of the audience ", "Cuenta otra versión del público ");
    else if (in)
        say(s, "Came into the audience ", "Entró en el público ");
    else
        say(s, "Left the audience ", "Salió del público ");
    say_word(s, text_of(s, s->body, "name"));
}

/* By staff, or by a table of rules. */
static void say_trait(struct story *s)
{
    struct slice decision = text_of(s, s->body, "decision");
    if (decision.len) {
        say(s, "Decided by ", "Decidido por ");
        say_word(s, decision);
        buf_adds(s->out, ": ");
    } else {
        say(s, "We noted: ", "Anotamos: ");
    }
    say_keys(s, json_get(s->body, "traits"));
}

static void say_own(struct story *s)
{
    switch (s->fact->type) {
    case FACT_DECISION: say_decision(s); break;
    case FACT_MERGE: say_merge(s); break;
    case FACT_UNMERGE:
        buf_printf(s->out, s->es ? "Se deshizo la unión %.*s" : "The merge %.*s was undone",
                   SLICE_ARG(text_of(s, s->body, "merge")));
        break;
    case FACT_CORRECTION:
    case FACT_DELETION: say_edit(s); break;
    case FACT_TRAIT: say_trait(s); break;
    case FACT_MEMBERSHIP: say_membership(s); break;
    case FACT_PERMISSION: say_permission(s); break;
    case FACT_AUDIENCE: say_audience(s); break;
    default: say_catalogue(s); break;
    }
}

static void tell(struct story *s)
{
    switch (s->fact->type) {
    case FACT_TRACK: say_track(s); break;
    case FACT_IDENTIFY: say_identify(s); break;
    case FACT_PAGE: say_page(s, "Visited a page", "Visitó una página"); break;
    case FACT_SCREEN: say_page(s, "Opened a screen", "Abrió una pantalla"); break;
    case FACT_GROUP: say_group(s); break;
    case FACT_ALIAS:
        say(s, "Is the same as ", "Es lo mismo que ");
        say_word(s, text_of(s, s->body, "previousId"));
        break;
    default: say_own(s); break;
    }
}

void story_write(struct call *call, const struct fact *fact, struct json body, struct buf *en, struct buf *es)
{
    assert(call && fact && en && es);
    struct story story = { call, fact, body, json_get(body, "properties"), false, en };
    tell(&story);
    story.es = true;
    story.out = es;
    tell(&story);
}
