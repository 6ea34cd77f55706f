#include "memory/permissions.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "memory/customers_tx.h"
#include "text/json.h"
#include "text/time.h"

#define BODY_BYTES 16384
#define PAGE 200u
#define PAGE_BYTES ((size_t)16 << 20)
#define PAIRS_MAX 1000u              // channels with topics; beyond, what was said longest ago is left out

static const char *const names[CHANNELS] = {
    [CHANNEL_EMAIL] = "email", [CHANNEL_SMS] = "sms",     [CHANNEL_WHATSAPP] = "whatsapp",
    [CHANNEL_PUSH] = "push",   [CHANNEL_PHONE] = "phone", [CHANNEL_POST] = "post",
};

const char *channel_name(enum channel channel)
{
    assert((unsigned)channel < CHANNELS);
    return names[channel];
}

bool channel_parse(struct slice name, enum channel *ret)
{
    for (unsigned i = 0; i < CHANNELS; i++)
        if (slice_is(name, names[i])) {
            *ret = (enum channel)i;
            return true;
        }
    return false;
}

/* Written as we write days: such texts compare as their days do. */
static bool is_day(struct slice text)
{
    char printed[TIME_TEXT_MAX];
    struct err ignored;
    int64_t ms;
    return !time_parse(text, &ms, &ignored) && slice_eq(time_print_date(ms, printed), text);
}

enum err_code permission_check(const struct permission *p, struct err *e)
{
    if (p->topic.len > PERMISSION_TOPIC_MAX)
        return err_set(e, ERR_INVALID, 0, "/topic: may have %d bytes", PERMISSION_TOPIC_MAX);
    if (p->evidence.len > PERMISSION_EVIDENCE_MAX)
        return err_set(e, ERR_INVALID, 0, "/evidence: may have %d bytes", PERMISSION_EVIDENCE_MAX);
    if (p->until.len && !p->given)
        return err_set(e, ERR_INVALID, 0, "/until: a withdrawal has no end; leave it out");
    if (p->until.len && !is_day(p->until))
        return err_set(e, ERR_INVALID, 0, "/until: must be a day, such as 2027-06-30");
    return ERR_OK;
}

static void json_given(struct json_w *w, const struct permission *p)
{
    json_w_key(w, "properties");
    json_w_open(w, '{');
    json_w_kcstr(w, "channel", channel_name(p->channel));
    if (p->topic.len)
        json_w_kstring(w, "topic", p->topic);
    json_w_kbool(w, "given", p->given);
    if (p->until.len)
        json_w_kstring(w, "until", p->until);
    json_w_close(w, '}');
}

enum err_code tx_permission(struct tx *tx, uint32_t customer, const struct permission *p, int64_t timestamp_ms,
                            struct slice by, uint32_t source, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(BODY_BYTES);
    struct json_w w = json_w(&body);
    int64_t seq;
    TRY(permission_check(p, e));
    json_w_open(&w, '{');
    json_given(&w, p);
    if (p->evidence.len)
        json_w_kstring(&w, "evidence", p->evidence);
    json_w_kstring(&w, "by", by);
    json_w_close(&w, '}');
    return tx_note(tx, FACT_PERMISSION, customer, source, timestamp_ms, &body, &seq, e);
}

/* ---- reading ---- */
struct reading {
    struct json_parser *parser;
    struct arena *mem;               // of what is kept
    struct permission_said *said;
    size_t n;
    struct err *e;
};

static bool is_about(const struct permission *p, enum channel channel, struct slice topic)
{
    return p->channel == channel && slice_eq(p->topic, topic);
}

static bool allows_less(const struct permission *a, const struct permission *b)
{
    if (a->given != b->given)
        return !a->given;
    return a->until.len && (!b->until.len || slice_cmp(a->until, b->until) < 0);
}

/* Facts come newest first. NULL: what was said of it later is known. */
static struct permission_said *place_for(struct reading *r, const struct permission *p, int64_t time_ms)
{
    for (size_t i = 0; i < r->n; i++) {
        struct permission_said *said = &r->said[i];
        if (is_about(&said->permission, p->channel, p->topic))
            return said->time_ms == time_ms && allows_less(p, &said->permission) ? said : NULL;
    }
    return r->n < PAIRS_MAX ? &r->said[r->n++] : NULL;
}

static bool copy(struct arena *mem, struct slice *text)
{
    *text = arena_copy(mem, *text);
    return text->at != NULL;
}

/* One that has been corrected into nonsense says nothing. */
static bool read_body(struct json body, struct arena *mem, struct permission *ret)
{
    struct json said = json_get(body, "properties");
    *ret = (struct permission){ .topic = json_text(json_get(said, "topic"), mem),
                                .until = json_text(json_get(said, "until"), mem),
                                .evidence = json_text(json_get(body, "evidence"), mem) };
    return channel_parse(json_text(json_get(said, "channel"), mem), &ret->channel)
           && json_bool(json_get(said, "given"), &ret->given);
}

static enum err_code read_fact(struct reading *r, const struct fact *fact, struct arena *page)
{
    struct json body;
    struct permission p;
    TRY(json_parse(r->parser, fact->body, &body, r->e));
    if (!read_body(body, page, &p))
        return ERR_OK;
    struct permission_said *said = place_for(r, &p, fact->timestamp_ms);
    if (!said)
        return ERR_OK;
    *said = (struct permission_said){ p, json_text(json_get(body, "by"), page), fact->source, fact->timestamp_ms, fact->seq,
                                      false };
    bool ok = copy(r->mem, &said->permission.topic) && copy(r->mem, &said->permission.until)
              && copy(r->mem, &said->permission.evidence) && copy(r->mem, &said->by);
    return ok ? ERR_OK : err_set(r->e, ERR_LIMIT, 0, "no memory for permissions");
}

static enum err_code read_all(struct reading *r, const struct log *log, struct store_conn *conn, const uint32_t *histories,
                              size_t n)
{
    AUTO(arena) page = arena_new(PAGE_BYTES);
    struct fact *facts = arena_array(r->mem, struct fact, PAGE);
    struct log_query query = { .customers = histories, .n = n, .type = slice_of(fact_type_name(FACT_PERMISSION)),
                               .since_ms = FACT_NO_TIME, .until_ms = FACT_NO_TIME, .order = LOG_NEWEST, .limit = PAGE };
    if (!page || !facts)
        return err_set(r->e, ERR_LIMIT, 0, "no memory for permissions");
    for (size_t got = PAGE; got == PAGE;) {
        arena_reset(page);
        TRY(log_read(log, conn, &query, page, facts, &got, r->e));
        for (size_t i = 0; i < got; i++)
            TRY(read_fact(r, &facts[i], page));
        if (got) {
            query.after_ms = facts[got - 1].timestamp_ms;
            query.after_seq = facts[got - 1].seq;
        }
    }
    return ERR_OK;
}

static bool is_open(const struct permission *p, struct slice today)
{
    return p->given && (!p->until.len || slice_cmp(p->until, today) >= 0);
}

/* Of the topic itself and of its whole channel, what was said last. */
static bool holds(const struct permission_said *said, size_t n, const struct permission_said *of, struct slice today)
{
    bool is = is_open(&of->permission, today);
    int64_t time_ms = of->time_ms;
    for (size_t i = 0; i < n; i++) {
        const struct permission_said *whole = &said[i];
        if (whole == of || whole->permission.topic.len || whole->permission.channel != of->permission.channel)
            continue;
        bool open = is_open(&whole->permission, today);
        if (whole->time_ms > time_ms)
            is = open;
        else if (whole->time_ms == time_ms)
            is = is && open;
    }
    return is;
}

static int by_channel(const void *a, const void *b)
{
    const struct permission *x = &((const struct permission_said *)a)->permission;
    const struct permission *y = &((const struct permission_said *)b)->permission;
    return x->channel != y->channel ? (x->channel < y->channel ? -1 : 1) : slice_cmp(x->topic, y->topic);
}

enum err_code permissions_of(struct memory *memory, struct store_conn *conn, uint32_t root, int32_t today, struct arena *mem,
                             struct permission_said **ret, size_t *n, struct err *e)
{
    AUTO(json_parser) parser = json_parser_new();
    uint32_t histories[LIMIT_MERGE_LEAVES];
    char day[TIME_TEXT_MAX];
    struct reading r = { parser, mem, arena_array(mem, struct permission_said, PAIRS_MAX), 0, e };
    if (!parser || !r.said)
        return err_set(e, ERR_LIMIT, 0, "no memory for permissions");
    size_t leaves = customers_histories(memory_customers(memory), root, histories, LIMIT_MERGE_LEAVES);
    TRY(read_all(&r, memory_log(memory), conn, histories, leaves));
    struct slice now = time_print_date(today * DAY_MS, day);
    for (size_t i = 0; i < r.n; i++)
        r.said[i].holds = holds(r.said, r.n, &r.said[i], now);
    if (r.n)
        qsort(r.said, r.n, sizeof *r.said, by_channel);
    *ret = r.said;
    *n = r.n;
    return ERR_OK;
}
