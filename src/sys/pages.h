/* Zeroed memory for large tables that are read at random: in huge pages where the system gives them.
 *
 * A lookup in a table of 64 MB misses the processor's map of small pages each time; under a hypervisor that
 * costs as much as the cache miss itself (memory/customers_bench: 1.3 us to resolve an event without huge
 * pages, 0.9 us with them).
 * Small tables come from the ordinary heap.
 */
#ifndef TENDERO_SYS_PAGES_H
#define TENDERO_SYS_PAGES_H

#include <stddef.h>

void *pages_new(size_t bytes);              // NULL when memory is exhausted
void pages_drop(void *at, size_t bytes);    // bytes as in pages_new; NULL is fine

#endif
