#include "engine/recommend/crew.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct crew {
    crew_work work;
    void *arg;
    size_t n, grain;
    atomic_size_t next;
};
struct hand {
    struct crew *crew;
    pthread_t thread;
    unsigned worker;
};

static void *work_on(void *arg)
{
    struct hand *hand = arg;
    struct crew *crew = hand->crew;
    for (;;) {
        size_t begin = atomic_fetch_add_explicit(&crew->next, crew->grain, memory_order_relaxed);
        if (begin >= crew->n)
            return NULL;
        size_t end = crew->n - begin > crew->grain ? begin + crew->grain : crew->n;
        crew->work(crew->arg, hand->worker, begin, end);
    }
}

void crew_run(unsigned threads, size_t n, size_t grain, crew_work work, void *arg)
{
    assert(threads > 0 && threads <= CREW_MAX && grain > 0);
    struct crew crew = { .work = work, .arg = arg, .n = n, .grain = grain };
    struct hand hands[CREW_MAX];
    unsigned begun = 0;
    for (unsigned t = 0; t + 1 < threads && (t + 1) * grain < n; t++) {
        hands[begun] = (struct hand){ .crew = &crew, .worker = begun + 1 };
        if (pthread_create(&hands[begun].thread, NULL, work_on, &hands[begun]) == 0)
            begun++;
    }
    work_on(&(struct hand){ .crew = &crew });
    for (unsigned t = 0; t < begun; t++)
        pthread_join(hands[t].thread, NULL);
}
