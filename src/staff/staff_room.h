/* Inside the staff room: what its files share. */
#ifndef TENDERO_STAFF_STAFF_ROOM_H
#define TENDERO_STAFF_STAFF_ROOM_H

#include <pthread.h>

#include "staff/staff.h"
#include "staff/throttle.h"

#define SECRET_HASH_HEX 64

struct key_entry {
    int64_t id, created_ms, last_used_ms, written_ms;  // written_ms: the last use that is in the store
    enum scope scope;
    char hash[SECRET_HASH_HEX + 1], name[SOURCE_NAME_MAX + 1], source[SOURCE_NAME_MAX + 1], hint[5];
};

/* A session's use that is not in the store yet. */
struct touch {
    char hash[SECRET_HASH_HEX + 1];
    int64_t at_ms;
};
#define TOUCHES_MAX 256

struct staff {
    pthread_mutex_t lock;  // guards all below
    struct store_conn *read;
    const struct sys_clock *clock;
    struct key_entry *key;
    size_t keys, keys_cap;
    struct throttle *throttle;
    struct touch touch[TOUCHES_MAX];  // sessions used since the last flush
    size_t touches;
};

/* SHA-256 of a secret in hex: secrets have 190 bits and more, so no salt and no stretching are needed. */
void secret_hash(struct slice secret, char hex[SECRET_HASH_HEX + 1]);
/* Both with the lock held; false: nothing to write. */
bool keys_flush_due(const struct staff *);
MUST_CHECK enum err_code keys_flush(struct staff *, struct store_conn *write, struct err *e);

#endif
