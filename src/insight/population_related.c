/* Who belongs to whom: persons and the accounts that they act for, from the facts of memberships. */
#include "insight/population_room.h"

#include "base/hash.h"
#include "base/limits.h"
#include "insight/vec.h"

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for who belongs to whom");
}

bool related_told(struct population *p, const struct fact *fact)
{
    struct json body;
    struct err ignored;
    int64_t account = 0;
    bool ended = false;
    AUTO(arena) mem = arena_new(LIMIT_EVENT_BYTES);
    if (!mem)
        return false;
    if (json_parse(p->parser, fact->body, &body, &ignored) || !json_i64(json_get(body, "account"), &account) || account <= 0
        || account > LIMIT_CUSTOMERS)
        return true;  // cannot be: it was valid when it was stored
    json_bool(json_get(body, "ended"), &ended);
    struct slice role = json_string(json_get(body, "role"), mem);
    if (!vec_need(p->membership, p->memberships_cap, p->n_memberships + 1)
        || !population_mark(p, (uint32_t)account, false, fact->seq))
        return false;
    p->membership[p->n_memberships++] = (struct membership){ fact->customer, (uint32_t)account,
                                                             role.len ? hash64(role, 0) | 1 : 0, fact->seq, ended };
    p->memberships_told = true;
    return true;
}

/* ---- those that stand ---- */
static int by_pair(const void *a, const void *b)
{
    const struct membership *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->account != y->account)
        return x->account < y->account ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool is_same_pair(const struct membership *a, const struct membership *b)
{
    return a->person == b->person && a->account == b->account;
}

/* One pair's, in the order of the log: which roles stand at the end, at its beginning. */
static size_t keep_standing(struct membership *m, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct membership is = m[i];
        size_t left = 0;
        for (size_t k = 0; k < kept; k++)  // the same role begins anew, or ends; without a role all of them end
            if (is.role && m[k].role != is.role)
                m[left++] = m[k];
        kept = left;
        if (!is.ended)
            m[kept++] = is;
    }
    return kept;
}

static void settle(struct population *p)
{
    size_t kept = 0;
    if (p->n_memberships)
        qsort(p->membership, p->n_memberships, sizeof *p->membership, by_pair);
    for (size_t i = 0, end; i < p->n_memberships; i = end) {
        for (end = i + 1; end < p->n_memberships && is_same_pair(&p->membership[i], &p->membership[end]);)
            end++;
        size_t n = keep_standing(p->membership + i, end - i);
        memmove(p->membership + kept, p->membership + i, n * sizeof *p->membership);
        kept += n;
    }
    p->n_memberships = kept;
    p->memberships_told = false;
}

static int by_ends(const void *a, const void *b)
{
    const struct population_relation *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* Each customer with each that they belong to, once. */
static void relate(struct population *p)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < p->n_memberships; i++) {
        const struct membership *m = &p->membership[i];
        if (m->person >= p->rows || m->account >= p->rows)
            continue;
        uint32_t person = p->root[m->person], account = p->root[m->account];
        p->relation[n++] = (struct population_relation){ person, account };
        p->relation[n++] = (struct population_relation){ account, person };
    }
    if (n)
        qsort(p->relation, n, sizeof *p->relation, by_ends);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_ends(&p->relation[i], &p->relation[i - 1]) != 0)
            p->relation[kept++] = p->relation[i];
    p->n_relations = kept;
}

enum err_code related_fill(struct population *p, struct err *e)
{
    pthread_mutex_lock(&p->queue);
    settle(p);
    bool ok = vec_need(p->relation, p->relations_cap, p->n_memberships * 2 + 1);
    if (ok)
        relate(p);
    pthread_mutex_unlock(&p->queue);
    return ok ? ERR_OK : no_memory(e);
}

/* ---- asked ---- */
const struct population_relation *population_relations(const struct population *p, size_t *n)
{
    *n = p->n_relations;
    return p->relation;
}

const struct population_relation *population_related(const struct population *p, uint32_t root, size_t *n)
{
    return p->relation + pairs_find(p->relation, p->n_relations, root, n);
}

bool population_is_kind(const struct population *p, size_t row, struct slice kind)
{
    const struct keep *k = &p->computed[COMPUTED_KIND];
    if (row >= p->rows || bits_has(k->null, row))
        return false;
    struct slice is = k->dictionary.value[((const uint32_t *)k->data)[row]].string;
    return slice_is(kind, "account") ? !slice_is(is, "person") : slice_eq(is, kind);
}

/* ---- in a snapshot; the queue's lock is held ---- */
enum err_code related_save(const struct population *p, struct snapshot_out *out, struct err *e)
{
    const uint64_t n = p->n_memberships;
    TRY(snapshot_put(out, &n, sizeof n, e));
    return snapshot_put(out, p->membership, n * sizeof *p->membership, e);
}

enum err_code related_load(struct population *p, struct snapshot_in *in, struct err *e)
{
    uint64_t n;
    TRY(snapshot_get(in, &n, sizeof n, e));
    if (n > UINT32_MAX)
        return population_damaged(e);
    if (!vec_need(p->membership, p->memberships_cap, n))
        return no_memory(e);
    if (n)
        TRY(snapshot_get(in, p->membership, n * sizeof *p->membership, e));
    p->n_memberships = n;
    return ERR_OK;
}
