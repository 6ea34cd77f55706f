/* Which came after which: one pass over what a customer did, by time. */
#include "insight/event_ask_room.h"

/* One event, and nothing that must not be until the gap behind it ended. What is behind a moment is known from the end on. */
static bool is_lonely(const struct event_ask *a, const struct pair *p, size_t n)
{
    int64_t gap = a->question.gap_ms, next = INT64_MAX;  // what must not be, later than the moment
    for (size_t end = n, begin; end > 0; end = begin) {
        int64_t at = p[end - 1].key;
        bool is = false, ends = false;
        for (begin = end; begin > 0 && p[begin - 1].key == at; begin--) {
            is = is || p[begin - 1].step != WITHOUT;
            ends = ends || p[begin - 1].step == WITHOUT;
        }
        if (is && at <= a->question.by_ms - gap && (next == INT64_MAX || next - at > gap))
            return true;
        next = ends ? at : next;
    }
    return false;
}

/* For each step the latest moment that a sequence up to it ended at; INT64_MIN: there is none. */
struct reached {
    int64_t at[EVENT_STEPS_MAX];
};

static void reach_none(struct reached *r)
{
    for (size_t i = 0; i < EVENT_STEPS_MAX; i++)
        r->at[i] = INT64_MIN;
}

/* The first step of the same event. */
static size_t first_alike(const struct event_ask *a, size_t step)
{
    size_t i = 0;
    while (a->event[i] != a->event[step])
        i++;
    return i;
}

/* Steps from `step` on, as far as what happened at that moment goes: each of it is one step at most. */
static void reach_on(const struct event_ask *a, struct reached *r, size_t step, const size_t *there, int64_t at)
{
    size_t used[EVENT_STEPS_MAX] = { 0 };
    for (; step < a->question.n_events; step++) {
        size_t like = first_alike(a, step);
        if (++used[like] > there[like])
            return;
        r->at[step] = at;
    }
}

/* All of one moment, in whatever order it was told; true: the last step has been reached. */
static bool reach(const struct event_ask *a, struct reached *r, const struct pair *p, size_t n)
{
    const struct event_question *q = &a->question;
    const struct reached before = *r;
    size_t there[EVENT_STEPS_MAX] = { 0 };
    for (size_t i = 0; i < n; i++)
        if (p[i].step != WITHOUT)
            there[p[i].step]++;
    for (size_t s = 0; s < q->n_events; s++)
        if (s == 0 || (before.at[s - 1] != INT64_MIN && p->key - before.at[s - 1] <= q->gap_ms))
            reach_on(a, r, s, there, p->key);
    return r->at[q->n_events - 1] != INT64_MIN;
}

/* What must not be ends every sequence that began before its moment; those of the moment begin anew. */
static bool is_sequence(const struct event_ask *a, const struct pair *p, size_t n)
{
    struct reached r;
    reach_none(&r);
    for (size_t i = 0, end; i < n; i = end) {
        bool ends = false;
        for (end = i; end < n && p[end].key == p[i].key; end++)
            ends = ends || p[end].step == WITHOUT;
        if (reach(a, &r, p + i, end - i))
            return true;
        if (ends) {
            reach_none(&r);
            (void)reach(a, &r, p + i, end - i);
        }
    }
    return false;
}

int64_t sequence_found(const struct event_ask *a, const struct pair *p, size_t n)
{
    return a->question.n_events == 1 ? is_lonely(a, p, n) : is_sequence(a, p, n);
}
