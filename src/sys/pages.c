#include "sys/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE (4u << 20)  // two huge pages

void *pages_new(size_t bytes)
{
    if (bytes < LARGE)
        return calloc(1, bytes);
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(at, bytes, MADV_HUGEPAGE);  // a wish: refused, the small pages serve
#endif
    return at;
}

void pages_drop(void *at, size_t bytes)
{
    if (bytes < LARGE)
        free(at);
    else if (at)
        munmap(at, bytes);
}
