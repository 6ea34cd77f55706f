#include "memory/traits_told.h"

#include <assert.h>

#include "base/limits.h"

#define PAGE 256
#define PEOPLE 500               // members asked for in one query
#define SCRATCH_BYTES (64u << 20)  // a page of the largest facts, twice over

struct reading {
    const struct told_query *q;
    enum err_code (*each)(void *, const struct told_by *, bool *, struct err *);
    void *arg;
    struct arena *mem;           // emptied after each page
    struct json_parser *parser;
    struct fact facts[PAGE];
    struct err *e;
};

static bool asked_for(const struct told_query *q, uint32_t history)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->histories[i] == history)
            return true;
    return false;
}

/* What comes from outside is declared, whatever it says of itself. */
static enum provenance provenance_of(const struct fact *fact, struct json body, struct arena *mem)
{
    bool inferred = fact->type == FACT_TRAIT && slice_is(json_text(json_get(body, "provenance"), mem), "inferred");
    return inferred ? PROVENANCE_INFERRED : PROVENANCE_DECLARED;
}

static enum err_code tell(struct reading *r, const struct fact *fact, bool *enough)
{
    struct json body;
    struct told_by told = { .fact = fact, .about = fact->customer };
    struct trait_in *traits = NULL;
    TRY(json_parse(r->parser, fact->body, &body, r->e));
    if (fact->type == FACT_GROUP) {
        struct identifier id = { SLICE("group_id"), json_text(json_get(body, "groupId"), r->mem) };
        told.about = customers_find(r->q->customers, id);
        if (told.about == 0 || !asked_for(r->q, told.about))
            return ERR_OK;
    }
    TRY(traits_of_body(body, r->mem, &traits, &told.n, r->e));
    told.provenance = provenance_of(fact, body, r->mem);
    told.traits = traits;
    return told.n ? r->each(r->arg, &told, enough, r->e) : ERR_OK;
}

static enum err_code read_type(struct reading *r, enum fact_type type, const uint32_t *customers, size_t n)
{
    struct log_query query = { .customers = customers, .n = n, .type = slice_of(fact_type_name(type)),
                               .since_ms = FACT_NO_TIME, .until_ms = FACT_NO_TIME, .order = r->q->order,
                               .limit = PAGE };
    size_t got = PAGE;
    for (bool enough = false; got == PAGE && !enough;) {
        arena_reset(r->mem);
        TRY(log_read(r->q->log, r->q->conn, &query, r->mem, r->facts, &got, r->e));
        for (size_t i = 0; i < got && !enough; i++)
            TRY(tell(r, &r->facts[i], &enough));
        if (got) {
            query.after_ms = r->facts[got - 1].timestamp_ms;
            query.after_seq = r->facts[got - 1].seq;
        }
    }
    return ERR_OK;
}

/* A group fact lies with the person who sent it, or with the account itself where nobody did. */
static enum err_code read_account(struct reading *r, uint32_t account)
{
    uint32_t people[PEOPLE];
    size_t n = 0;
    people[n++] = account;
    uint32_t last = 0;
    for (bool row = true; row;) {
        struct store_stmt *st;
        TRY(store_prepare(r->q->conn, SLICE("SELECT DISTINCT person FROM memberships WHERE account = $1 "
                                            "AND person > $2 ORDER BY person LIMIT $3"), &st, r->e));
        store_bind_i64(st, 1, account);
        store_bind_i64(st, 2, last);
        store_bind_i64(st, 3, PEOPLE - 1);
        for (row = true; row && n < PEOPLE;) {
            TRY(store_step(st, &row, r->e));
            if (row)
                people[n++] = last = (uint32_t)store_col_i64(st, 0);
        }
        store_reset(st);
        if (n)
            TRY(read_type(r, FACT_GROUP, people, n));
        n = 0;
    }
    return ERR_OK;
}

static enum err_code read_all(struct reading *r)
{
    const struct told_query *q = r->q;
    TRY(read_type(r, FACT_IDENTIFY, q->histories, q->n));
    TRY(read_type(r, FACT_TRAIT, q->histories, q->n));
    for (size_t i = 0; i < q->n; i++)
        if (customers_kind(q->customers, q->histories[i]) != KIND_PERSON)
            TRY(read_account(r, q->histories[i]));
    return ERR_OK;
}

enum err_code traits_told(const struct told_query *q,
                          enum err_code (*each)(void *, const struct told_by *, bool *, struct err *),
                          void *arg, struct err *e)
{
    assert(q && q->n && each);
    struct arena *mem = arena_new(SCRATCH_BYTES);
    struct json_parser *parser = json_parser_new();
    enum err_code code;
    struct reading *r = mem && parser ? arena_one(mem, struct reading) : NULL;
    struct arena *pages = r ? arena_new(SCRATCH_BYTES) : NULL;
    if (pages) {
        *r = (struct reading){ .q = q, .each = each, .arg = arg, .mem = pages, .parser = parser, .e = e };
        code = read_all(r);
    } else {
        code = err_set(e, ERR_LIMIT, 0, "not enough memory to read a customer's facts");
    }
    arena_drop(&pages);
    arena_drop(&mem);
    json_parser_drop(&parser);
    return code;
}
