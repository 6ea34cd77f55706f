#include "io/store/store_power.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum { FILES_MOST = 8, SECTOR = 512 };

struct content {
    char *at;
    size_t len;
};

static struct {
    char *path;
    struct content certain;
} files[FILES_MOST];

/* Of tests: what cannot be read or written here is a broken test machine, not a case to handle. */
static struct content content_read(const char *path)
{
    struct content c = { NULL, 0 };
    FILE *file = fopen(path, "rb");
    if (!file)
        return c;  // not there: nothing is certain
    int sought = fseek(file, 0, SEEK_END);
    long size = ftell(file);
    assert(sought == 0 && size >= 0);
    rewind(file);
    c.len = (size_t)size;
    c.at = malloc(c.len + 1);
    assert(c.at);
    size_t got = fread(c.at, 1, c.len, file);
    assert(got == c.len);
    fclose(file);
    return c;
}

static void content_write(const char *path, struct content c)
{
    FILE *file = fopen(path, "wb");
    assert(file);
    size_t put = fwrite(c.at, 1, c.len, file);
    int closed = fclose(file);
    assert(put == c.len && closed == 0);
}

/* Index of the file, or FILES_MOST. */
static size_t file_find(const char *path)
{
    size_t i = 0;
    while (i < FILES_MOST && !(files[i].path && strcmp(files[i].path, path) == 0))
        i++;
    return i;
}

void power_opened(const char *path)
{
    if (file_find(path) < FILES_MOST)
        return;
    size_t i = 0;
    while (i < FILES_MOST && files[i].path)
        i++;
    assert(i < FILES_MOST);
    files[i].path = strdup(path);
    assert(files[i].path);
    files[i].certain = content_read(path);
}

void power_synced(const char *path)
{
    size_t i = file_find(path);
    assert(i < FILES_MOST);
    free(files[i].certain.at);
    files[i].certain = content_read(path);
}

void power_deleted(const char *path)
{
    size_t i = file_find(path);
    if (i == FILES_MOST)
        return;
    free(files[i].certain.at);
    free(files[i].path);
    memset(&files[i], 0, sizeof files[i]);
}

/* The certain content with those sectors of the newest that the cut happened to keep. */
static struct content content_mix(struct content old, struct content new, uint64_t seed)
{
    size_t room = (old.len > new.len ? old.len : new.len) + 1;
    struct content mix = { calloc(1, room), old.len };
    assert(mix.at);
    if (old.len)
        memcpy(mix.at, old.at, old.len);
    for (size_t at = 0; at < new.len; at += SECTOR) {
        if (hash_mix(seed + at) & 1)
            continue;  // lost
        size_t len = new.len - at < SECTOR ? new.len - at : SECTOR;
        memcpy(mix.at + at, new.at + at, len);
        if (mix.len < at + len)
            mix.len = at + len;
    }
    if (new.len < old.len && hash_mix(seed) & 2)
        mix.len = new.len;  // a truncation that got through
    return mix;
}

void power_restore(uint64_t seed)
{
    for (size_t i = 0; i < FILES_MOST; i++) {
        if (!files[i].path)
            continue;
        if (access(files[i].path, F_OK) == 0) {
            struct content new = content_read(files[i].path);
            struct content mix = content_mix(files[i].certain, new, hash_mix(seed * FILES_MOST + i));
            content_write(files[i].path, mix);
            free(new.at);
            free(mix.at);
        }
        power_deleted(files[i].path);
    }
}
