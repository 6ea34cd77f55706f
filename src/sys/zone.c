#include "sys/zone.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sys/file.h"
#include "sys/zone_room.h"

#define FILE_BYTES_MAX ((size_t)256 << 10)
#define NAME_MAX_BYTES 64
#define BUCKETS 256

struct kept {
    char name[NAME_MAX_BYTES + 1];
    struct zone_table table;
    struct kept *next;
};
struct zone_files {
    char directory[1024];
    pthread_mutex_t lock;            // around the buckets; what hangs there is never changed
    struct kept *bucket[BUCKETS];
};

enum err_code zone_files_new(const char *directory, struct zone_files **ret, struct err *e)
{
    assert(ret);
    const char *set = getenv("TZDIR");
    struct zone_files *z = calloc(1, sizeof *z);
    if (!z)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    if (!directory)
        directory = set && *set ? set : "/usr/share/zoneinfo";
    int n = snprintf(z->directory, sizeof z->directory, "%s", directory);
    if (n < 0 || (size_t)n >= sizeof z->directory) {
        free(z);
        return err_set(e, ERR_INVALID, 0, "the folder of time zones has too long a name");
    }
    pthread_mutex_init(&z->lock, NULL);
    *ret = z;
    return ERR_OK;
}

void zone_files_drop(struct zone_files **zones)
{
    struct zone_files *z = *zones;
    if (!z)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct kept *k = z->bucket[i], *next; k; k = next) {
            next = k->next;
            zone_table_clear(&k->table);
            free(k);
        }
    pthread_mutex_destroy(&z->lock);
    free(z);
    *zones = NULL;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
           || c == '+' || c == '/';
}

/* No way out of the folder: there is no '.' in a name, and no '/' at its ends. */
static bool name_valid(struct slice name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || name.at[0] == '/' || name.at[name.len - 1] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!name_char(name.at[i]))
            return false;
    return true;
}

static struct kept *read_zone(const struct zone_files *z, struct slice name)
{
    char path[sizeof z->directory + NAME_MAX_BYTES + 2];
    struct kept *kept = NULL;
    struct slice bytes;
    struct err e;
    AUTO(arena) mem = arena_new(2 * FILE_BYTES_MAX);
    snprintf(path, sizeof path, "%s/%.*s", z->directory, SLICE_ARG(name));
    if (!mem || file_read(path, FILE_BYTES_MAX, mem, &bytes, &e) || !(kept = calloc(1, sizeof *kept)))
        return NULL;
    if (!zone_table_read(bytes, &kept->table)) {
        free(kept);
        return NULL;
    }
    memcpy(kept->name, name.at, name.len);
    return kept;
}

/* Names that are no zone are not kept: there is no end of them. */
static const struct kept *find_zone(struct zone_files *z, struct slice name)
{
    if (!name_valid(name))
        return NULL;
    struct kept **bucket = &z->bucket[hash64(name, 0) % BUCKETS];
    pthread_mutex_lock(&z->lock);
    struct kept *k = *bucket;
    while (k && !slice_is(name, k->name))
        k = k->next;
    if (!k && (k = read_zone(z, name))) {
        k->next = *bucket;
        *bucket = k;
    }
    pthread_mutex_unlock(&z->lock);
    return k;
}

bool zone_offset(void *zone_files, struct slice name, int64_t second, bool local, int32_t *ret)
{
    assert(zone_files && ret);
    const struct kept *k = find_zone(zone_files, name);
    if (k)
        *ret = local ? zone_table_local(&k->table, second) : zone_table_offset(&k->table, second);
    return k != NULL;
}
