/* A whole server for tests: real store, memory, rooms and HTTP on a free port, and a plain client.
 *
 * Each request is a connection of its own. Errors that a test does not expect fail it where they happen.
 * Needs cmocka's headers before it.
 */
#ifndef TENDERO_API_API_TESTING_H
#define TENDERO_API_API_TESTING_H

#include "api/api.h"
#include "text/json.h"

#define SHOP_ANSWERS 64

struct shop {
    char dir[64], console[96], socket[96];
    struct sys_clock clock;  // moves only when a test moves it
    struct store *store;
    struct store_conn *read;
    struct api_options rooms;
    struct api *api;
    struct http_server *server;
    struct arena *mem;
    struct json_parser *parser[SHOP_ANSWERS];  // of the newest answers: their JSON lives that long
    unsigned answers;
    char key_write[64], key_read[64], key_admin[64];
};

#define SHOP_NOW INT64_C(1795403305400)  // 2026-11-23T03:08:25.400Z

void shop_open(struct shop *);
void shop_close(struct shop *);

struct answer {
    int status;
    struct slice head, body;  // until shop_close; chunks joined
    struct json json;         // of a JSON body
};
/* headers: lines with "\r\n" each, or "". body NULL: none. */
struct answer ask(struct shop *, const char *method, const char *target, const char *headers, const char *body);
struct answer ask_bytes(struct shop *, const char *method, const char *target, const char *headers,
                        struct slice body);
/* With the admin key; fails the test unless it answers `status`. */
struct answer ask_ok(struct shop *, int status, const char *method, const char *target, const char *body);
/* By the unix socket, as the command line does: JSON, no key. */
struct answer ask_local(struct shop *, const char *method, const char *target, const char *body);
/* Ends the server and the api and starts them again over the same memory. */
void shop_restart(struct shop *);
/* Sends an event by the write key and expects 200. */
void send_event(struct shop *, const char *path, const char *body);
struct slice header_of(struct answer, const char *name);
/* "items.0.name" of an answer. */
struct json at(struct json, const char *path);
void expect_text(struct json, const char *path, const char *want);
void expect_number(struct json, const char *path, double want);

#endif
