/* What every backend of the store must do, as one suite that any of them runs.
 *
 * Each case gets a fresh database from the lab, made with the shared SQL subset only. A flaw is one
 * sentence with the place in the suite. The faults run only where store_fault.h reaches the backend.
 */
#ifndef TENDERO_IO_STORE_STORE_CONFORMANCE_H
#define TENDERO_IO_STORE_STORE_CONFORMANCE_H

#include "io/store/store.h"

#define STORE_LAB_URL 512

/* A backend under test and where it keeps its trial databases. */
struct store_lab {
    void *ctx;
    bool (*fresh)(void *ctx, char url[STORE_LAB_URL]);     // names a new, empty database
    void (*remove)(void *ctx, const char *url);            // it is closed by then
    bool (*sound)(void *ctx, const char *url);             // the backend's own check of a closed one
    /* The path a backup of one database goes to, and the URL that then opens it. */
    bool (*backup)(void *ctx, char path[STORE_LAB_URL], char url[STORE_LAB_URL]);
    const char *vfs;  // options.vfs of every store opened
    bool faults;      // store_fault.h is installed and vfs meets it
};

/* flaw NULL: the case passed. */
typedef void store_lab_report(void *ctx, const char *name, const char *flaw);

/* The number of cases that failed. */
int store_conformance(const struct store_lab *lab, store_lab_report *report);

#endif
