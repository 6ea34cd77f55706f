/* Failures on demand, for tests: a SQLite VFS over the default one, and SQLite's allocator.
 *
 * store_fault_install makes both known to SQLite; nothing fails until a kind is armed. A store opened with
 * options.vfs = STORE_FAULT_VFS then meets them. The program does this only when TENDERO_FAULT is set, so
 * that end-to-end tests can break the real binary; without it none of this code runs.
 * Calls of a kind count from 1 since it was last armed, over all files and connections. A write that fails
 * leaves the first half of its bytes in the file, as a torn write does.
 * Threads  counters are atomic; arm and heal from one thread.
 */
#ifndef TENDERO_IO_STORE_STORE_FAULT_H
#define TENDERO_IO_STORE_STORE_FAULT_H

#include "base/err.h"
#include "base/slice.h"

#define STORE_FAULT_VFS "tendero-fault"
#define STORE_FAULT_FOREVER UINT64_MAX

enum store_fault_kind {
    STORE_FAULT_OPEN,
    STORE_FAULT_READ,
    STORE_FAULT_WRITE,     // answers "I/O error"
    STORE_FAULT_FULL,      // counts writes too, answers "disk full"
    STORE_FAULT_SYNC,
    STORE_FAULT_TRUNCATE,
    STORE_FAULT_ALLOC,     // SQLite's allocations only
    STORE_FAULT_POWER,     // counts writes, syncs, truncations; the first to fail ends all file access
    STORE_FAULT_KINDS
};

/* Before the first store is opened in the process (an assert); a second call does nothing. */
void store_fault_install(void);

/* Calls first … last of this kind fail; the count begins anew. */
void store_fault_arm(enum store_fault_kind kind, uint64_t first, uint64_t last);
void store_fault_heal(void);  // nothing fails any more; the counts stay
uint64_t store_fault_calls(enum store_fault_kind kind);
uint64_t store_fault_fired(enum store_fault_kind kind);
const char *store_fault_name(enum store_fault_kind kind);  // "write"

/* From now on remembers what every file opened holds for certain; then arm STORE_FAULT_POWER with `last`
 * STORE_FAULT_FOREVER. Once all is closed, store_fault_power_restore leaves in each file what a cut at
 * that call leaves (model: store_power.h), heals, and ends the remembering. One thread. */
void store_fault_power_on(void);
void store_fault_power_restore(uint64_t seed);

/* Arms what TENDERO_FAULT says: "write:123" (that call), "full:50-80", "sync:7-" (from then on), several
 * with commas between. Kinds: open read write full sync truncate alloc. ERR_INVALID with the place. */
MUST_CHECK enum err_code store_fault_arm_spec(struct slice spec, struct err *e);

#endif
