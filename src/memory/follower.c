/* Followers: told of each fact in log order, live, at start, and again when they were behind. */
#include <assert.h>
#include <stdlib.h>

#include "memory/memory_state.h"
#include "text/json.h"

#define CATCH_UP_FACTS 4096
#define CATCH_UP_BYTES ((size_t)256 << 20)
#define RETRY_MS 1000  // a follower without memory is not told again with every group

/* ---- one fact ---- */

struct retelling {
    struct following *to;
};

static enum err_code retell(void *arg, const struct fact *fact, struct err *e)
{
    struct following *to = ((struct retelling *)arg)->to;
    return to->f.apply(to->f.self, fact, e);
}

/* The fact that a correction or deletion speaks of. */
static enum err_code edit_target(const struct fact *edit, int64_t *ret, struct err *e)
{
    AUTO(json_parser) parser = json_parser_new();
    struct json body;
    if (!parser)
        return err_set(e, ERR_LIMIT, 0, "no memory to follow a correction");
    TRY(json_parse(parser, edit->body, &body, e));
    if (!json_i64(json_get(body, "seq"), ret))
        return err_set(e, ERR_CORRUPT, 0, "fact %lld corrects no fact", (long long)edit->seq);
    return ERR_OK;
}

static bool is_edit(const struct fact *fact)
{
    return fact->type == FACT_CORRECTION || fact->type == FACT_DELETION;
}

static enum err_code tell_amended(struct memory *m, struct following *to, int64_t target, int64_t by_seq,
                                  struct arena *mem, struct err *e)
{
    struct fact was, now;
    if (!to->f.amend)
        return ERR_OK;
    TRY(log_get_at(m->log, m->conn, target, by_seq - 1, mem, &was, e));
    TRY(log_get_at(m->log, m->conn, target, by_seq, mem, &now, e));
    return was.deleted ? ERR_OK : to->f.amend(to->f.self, &was, now.deleted ? NULL : &now, e);
}

/* told_from: facts behind it have been told in their edited view already. */
static enum err_code tell_edit(struct memory *m, struct following *to, const struct fact *edit,
                               int64_t told_from, struct err *e)
{
    int64_t target;
    struct fact fact;
    TRY(edit_target(edit, &target, e));
    AUTO(arena) mem = arena_new(CATCH_UP_BYTES);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory to follow a correction");
    TRY(log_get(m->log, m->conn, target, mem, &fact, e));
    if (fact.customer == FACT_NOBODY)
        return tell_amended(m, to, target, edit->seq, mem, e);
    if (target > told_from)
        return to->f.apply(to->f.self, edit, e);
    to->f.forget(to->f.self, fact.customer);
    return log_history(m->log, m->conn, fact.customer, edit->seq, retell, &(struct retelling){ to }, e);
}

static enum err_code tell(struct memory *m, struct following *to, const struct fact *fact,
                          int64_t told_from, struct err *e)
{
    assert(fact->seq > to->position);
    enum err_code code = to->f.per_customer && is_edit(fact) ? tell_edit(m, to, fact, told_from, e)
                                                             : to->f.apply(to->f.self, fact, e);
    if (!code)
        to->position = fact->seq;
    return code;
}

void followers_tell_group(struct memory *m)
{
    for (size_t i = 0; i < m->n_following; i++) {
        struct following *to = &m->following[i];
        struct err e;
        for (size_t k = 0; k < m->group.n_facts; k++) {
            const struct fact *fact = &m->group.facts[k];
            /* One that is behind waits for followers_catch_up. */
            if (fact->seq != to->position + 1 || tell(m, to, fact, INT64_MAX, &e))
                break;
        }
    }
}

/* ---- from the log ---- */

/* A fact as this follower is to see it; *skip: it does not count. */
static enum err_code view(struct memory *m, struct following *to, const struct fact *raw, struct arena *mem,
                          struct fact *ret, bool *skip, struct err *e)
{
    *ret = *raw;
    *skip = false;
    if (!to->f.per_customer || raw->customer == FACT_NOBODY || !log_is_edited(m->log, raw->seq))
        return ERR_OK;
    TRY(log_get(m->log, m->conn, raw->seq, mem, ret, e));
    *skip = ret->deleted;
    return ERR_OK;
}

static enum err_code tell_from_log(struct memory *m, struct following *to, const struct fact *raw,
                                   struct arena *mem, int64_t told_from, struct err *e)
{
    struct fact fact;
    bool skip;
    if (raw->seq <= to->position)
        return ERR_OK;
    TRY(view(m, to, raw, mem, &fact, &skip, e));
    if (!skip)
        return tell(m, to, &fact, told_from, e);
    to->position = raw->seq;
    return ERR_OK;
}

/* Tells a follower all it lacks. */
static enum err_code catch_up(struct memory *m, struct following *to, struct err *e)
{
    AUTO(arena) mem = arena_new(CATCH_UP_BYTES);
    struct fact *facts = calloc(CATCH_UP_FACTS, sizeof *facts);
    int64_t told_from = to->position;
    size_t got = 1;
    enum err_code code = mem && facts ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory to read the log");
    while (!code && got && to->position < log_last_seq(m->log)) {
        arena_reset(mem);
        code = log_scan(m->log, m->conn, to->position, CATCH_UP_FACTS, true, mem, facts, &got, e);
        memory_write_lock(m);
        for (size_t i = 0; !code && i < got; i++)
            code = tell_from_log(m, to, &facts[i], mem, told_from, e);
        pthread_rwlock_unlock(&m->lock);
    }
    free(facts);
    return code;
}

void followers_catch_up(struct memory *m)
{
    bool failed = false;
    for (size_t i = 0; i < m->n_following && m->now_ms >= m->retry_ms; i++) {
        struct err e;
        if (m->following[i].position < log_last_seq(m->log))
            failed |= catch_up(m, &m->following[i], &e) != ERR_OK;
    }
    if (failed)
        m->retry_ms = m->now_ms + RETRY_MS;
}

enum err_code followers_start(struct memory *m, struct err *e)
{
    for (size_t i = 0; i < m->n_following; i++) {
        struct following *to = &m->following[i];
        enum err_code code = snapshot_load(m, to, e);
        if (code && code != ERR_NOT_FOUND && code != ERR_CORRUPT)
            return code;
        m->stats.replayed_at_start += log_last_seq(m->log) - to->position;
        TRY(catch_up(m, to, e));
    }
    return ERR_OK;
}

void memory_follow(struct memory *m, const struct follower *follower)
{
    assert(!m->started);
    assert(m->n_following < FOLLOWERS_MAX);
    assert(!follower->per_customer || follower->forget);
    m->following[m->n_following++] = (struct following){ .f = *follower };
}
