/* Who belongs to whom: persons and the accounts that they act for, from the facts of memberships. */
#include "insight/population_room.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"

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
    struct membership_list *told = &p->told_memberships;
    if (!vec_need(told->at, told->cap, told->n + 1) || !population_mark(p, (uint32_t)account, false, fact->seq))
        return false;
    told->at[told->n++] = (struct membership){ fact->customer, (uint32_t)account, role.len ? hash64(role, 0) | 1 : 0,
                                               fact->seq, ended };
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

/* false: memory, what was told waits. */
static bool take_told(struct population *p)
{
    struct membership_list *list = &p->memberships;
    pthread_mutex_lock(&p->queue);
    struct membership_list *told = &p->told_memberships;
    bool ok = vec_need(list->at, list->cap, list->n + told->n);
    if (ok && told->n)
        memcpy(list->at + list->n, told->at, told->n * sizeof *list->at);
    list->n += ok ? told->n : 0;
    told->n = ok ? 0 : told->n;
    pthread_mutex_unlock(&p->queue);
    return ok;
}

static void settle(struct membership_list *list)
{
    size_t kept = 0;
    if (list->n)
        qsort(list->at, list->n, sizeof *list->at, by_pair);
    for (size_t i = 0, end; i < list->n; i = end) {
        for (end = i + 1; end < list->n && is_same_pair(&list->at[i], &list->at[end]);)
            end++;
        size_t n = keep_standing(list->at + i, end - i);
        memmove(list->at + kept, list->at + i, n * sizeof *list->at);
        kept += n;
    }
    list->n = kept;
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
    for (size_t i = 0; i < p->memberships.n; i++) {
        const struct membership *m = &p->memberships.at[i];
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
    if (!take_told(p))
        return no_memory(e);
    settle(&p->memberships);
    if (!vec_need(p->relation, p->relations_cap, p->memberships.n * 2 + 1))
        return no_memory(e);
    relate(p);
    return ERR_OK;
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
    struct slice is = k->dictionary.value[keep_held(k, row)].string;
    return slice_is(kind, "account") ? !slice_is(is, "person") : slice_eq(is, kind);
}

/* ---- in a snapshot; both locks are held ---- */
enum err_code related_save(const struct population *p, struct snapshot_out *out, struct err *e)
{
    const struct membership_list *stand = &p->memberships, *told = &p->told_memberships;
    const uint64_t n = stand->n + told->n;
    TRY(snapshot_put(out, &n, sizeof n, e));
    TRY(snapshot_put(out, stand->at, stand->n * sizeof *stand->at, e));
    return snapshot_put(out, told->at, told->n * sizeof *told->at, e);
}

enum err_code related_load(struct population *p, struct snapshot_in *in, struct err *e)
{
    struct membership_list *told = &p->told_memberships;
    uint64_t n;
    TRY(snapshot_get(in, &n, sizeof n, e));
    if (n > UINT32_MAX)
        return population_damaged(e);
    if (!vec_need(told->at, told->cap, n))
        return no_memory(e);
    if (n)
        TRY(snapshot_get(in, told->at, n * sizeof *told->at, e));
    told->n = n;
    return ERR_OK;
}
