/* The whole house: every room opened in order, and closed in the opposite one. */
#ifndef TENDERO_APP_ROOMS_H
#define TENDERO_APP_ROOMS_H

#include "api/api.h"
#include "app/settings.h"
#include "sys/file.h"

struct rooms {
    const struct settings *settings;
    struct file_lock *lock;
    struct store *store;
    struct store_conn *read;
    struct memory *memory;
    struct purchases *purchases;
    struct counts *counts;
    struct catalogue *catalogue;
    struct people *people;
    struct population *population;
    struct valuation *valuation;
    struct likings *likings;
    struct investment *investment;
    struct customer_share *share;
    struct roster *roster;
    struct zone_files *zone_files;
    struct zones zones;
    struct recommendations *recommendations;
    struct staff *staff;
    struct pool *jobs;
    struct api *api;
    struct http_server *server;
    char socket[108];  // of this data folder
};

struct rooms_options {
    const char *listen;  // NULL: only the data folder's socket
    bool log_requests;
};

/* The socket of a data folder, where a running server listens for commands. false: the path is too long. */
bool rooms_socket(const struct settings *, char out[108]);
/* ERR_BUSY when another process has the data folder. */
MUST_CHECK enum err_code rooms_open(const struct settings *, struct rooms_options, struct rooms **ret,
                                    struct err *e);
/* Graceful: answers what runs, saves snapshots. */
void rooms_close(struct rooms **);

#endif
