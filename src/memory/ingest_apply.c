#include "memory/ingest_event.h"

#include <assert.h>

#include "memory/ingest_memory.h"

static enum err_code apply_observed(struct tx *tx, const struct ingest_event *event, struct err *e)
{
    const struct fact *f = &event->fact;
    if (!event->n_observed || f->customer == FACT_NOBODY ||
        ingest_state_told(memory_ingest(tx->memory), f->customer, event->observed, event->n_observed))
        return ERR_OK;
    return traits_set_list(tx, f->customer, event->observed, event->n_observed,
                           &(struct trait_origin){ .provenance = PROVENANCE_OBSERVED, .steady = true,
                                                   .source = f->source, .time_ms = f->timestamp_ms,
                                                   .fact = f->seq }, e);
}

static enum err_code apply_traits(struct tx *tx, const struct ingest_event *event, uint32_t about,
                                  struct err *e)
{
    const struct fact *f = &event->fact;
    if (!event->n_traits || about == FACT_NOBODY)
        return ERR_OK;
    return traits_set_list(tx, about, event->traits, event->n_traits,
                           &(struct trait_origin){ .provenance = PROVENANCE_DECLARED, .source = f->source,
                                                   .time_ms = f->timestamp_ms, .fact = f->seq }, e);
}

void ingest_prefetch(const struct tx *tx, const struct ingest_event *event)
{
    const struct who *who = &event->who;
    if (!event->own_id)
        log_prefetch(tx->log, event->fact.source, event->fact.message_id);
    if (who->user_id.len)
        customers_prefetch(tx->customers, SLICE("user_id"), who->user_id);
    if (who->anonymous_id.len)
        customers_prefetch(tx->customers, SLICE("anonymous_id"), who->anonymous_id);
}

enum err_code ingest_apply(struct tx *tx, struct ingest_event *event, bool *duplicate, struct err *e)
{
    struct fact *f = &event->fact;
    assert(!event->rejected && f->message_id.len);
    *duplicate = false;
    if (!event->own_id)
        TRY(log_known(tx->log, f->source, f->message_id, duplicate, e));
    if (*duplicate)
        return ERR_OK;
    f->customer = FACT_NOBODY;
    if (f->type == FACT_ALIAS)
        TRY(tx_alias(tx, &event->who, f->source, f->timestamp_ms, &f->customer, e));
    else
        TRY(tx_resolve(tx, &event->who, f->source, f->timestamp_ms, &f->customer, e));
    uint32_t about = f->customer;
    if (f->type == FACT_GROUP)
        TRY(tx_group(tx, f->customer, event->group_id, event->group_kind, event->role, f->source,
                     f->timestamp_ms, &about, e));
    if (f->customer == FACT_NOBODY)
        f->customer = about;  // a company that nobody speaks for tells of itself
    TRY(event->lent ? tx_append_lent(tx, f, e) : tx_append(tx, f, e));
    TRY(apply_traits(tx, event, about, e));
    return apply_observed(tx, event, e);
}

enum err_code tx_ingest(struct tx *tx, struct json json, bool nobody, uint32_t source, int64_t received_ms,
                        bool *duplicate, struct err *e)
{
    struct ingest_state *state = memory_ingest(tx->memory);
    struct arena *mem = ingest_state_group(state);
    struct ingest_event event;
    TRY(ingest_read(json, &(struct ingest_base){ 0 }, FACT_TYPES, nobody, mem, &event, e));
    if (event.rejected)
        return err_set(e, ERR_INVALID, 0, "%s", ingest_reason_text(slice_of(event.reason), "en"));
    struct ingest_envelope env = { .source = source, .received_ms = received_ms };
    TRY(ingest_complete(&event, &env, mem, e));
    TRY(ingest_apply(tx, &event, duplicate, e));
    ingest_state_count(state, *duplicate);
    return ERR_OK;
}
