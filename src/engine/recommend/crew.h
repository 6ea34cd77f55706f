/* Work on 0 .. n-1, shared out over threads that end with the call.
 *
 * Pieces of `grain` are taken as they come, so results must not depend on who does which piece: what a piece writes is its
 * own, and what only serves as scratch is the worker's (0 .. threads-1). Threads that cannot be had are done without.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_CREW_H
#define TENDERO_ENGINE_RECOMMEND_CREW_H

#include <stddef.h>

#define CREW_MAX 64

typedef void (*crew_work)(void *arg, unsigned worker, size_t begin, size_t end);
void crew_run(unsigned threads, size_t n, size_t grain, crew_work, void *arg);

#endif
