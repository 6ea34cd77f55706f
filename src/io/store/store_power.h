/* Power cuts for store_fault.c: what each file holds for certain, and what may be lost.
 *
 * Model  a sync makes a file's content certain; of what was written since, each sector of 512 bytes is
 *        kept or lost by itself (a lost one beyond the old end reads as zeros, or shortens the file).
 *        Making and deleting files counts as certain at once.
 * For tests on one thread, with small files: a sync copies the whole file.
 */
#ifndef TENDERO_IO_STORE_STORE_POWER_H
#define TENDERO_IO_STORE_STORE_POWER_H

#include <stdint.h>

void power_opened(const char *path);   // what lies there before the first open is certain
void power_synced(const char *path);
void power_deleted(const char *path);
/* Writes to every file what a cut leaves of it, by the seed, and forgets all files. */
void power_restore(uint64_t seed);

#endif
