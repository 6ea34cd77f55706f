#include "memory/world_testing.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/store/migrations.h"

static void works(enum err_code code, const struct err *e)
{
    if (code)
        fail_msg("%s: %s", err_name(code), e->text);
}

void world_open(struct world *w)
{
    struct err e = { 0 };
    struct store_conn *write = NULL;
    struct store_options options = { .cache_bytes = 1 << 20, .vfs = w->vfs };
    int applied;
    works(store_open(slice_of(w->dir), options, &w->store, &e), &e);
    works(store_conn_new(w->store, STORE_WRITE, &write, &e), &e);
    works(migrate_run(write, migrations_all, migrations_count, clock_now_ms(&w->clock), &applied, &e), &e);
    store_conn_drop(&write);
    works(store_conn_new(w->store, STORE_READ, &w->read, &e), &e);
    struct memory_options memory = { .dir = w->dir, .clock = &w->clock };
    works(memory_new(w->store, memory, &w->memory, &e), &e);
    works(memory_start(w->memory, &e), &e);
    w->customers = memory_customers(w->memory);
}

void world_new(struct world *w, const char *vfs)
{
    *w = (struct world){ .clock = sys_clock_fixed(INT64_C(1750000000000)), .vfs = vfs };
    /* In memory where there is such a folder: what a disk does is tested elsewhere, and syncing is slow. */
    snprintf(w->dir, sizeof w->dir, "%s/tendero-world-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(w->dir));
    world_open(w);
}

void world_close(struct world *w)
{
    memory_drop(&w->memory);
    store_conn_drop(&w->read);
    store_drop(&w->store);
    w->customers = NULL;
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char inner[512];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner))
            remove_folder(inner);
    }
    closedir(dir);
    rmdir(path);
}

void world_drop(struct world *w)
{
    world_close(w);
    remove_folder(w->dir);
}

struct act {
    struct command command;
    world_act *act;
    void *arg;
};

static enum err_code run(struct command *command, struct tx *tx, struct err *e)
{
    struct act *act = (struct act *)command;
    return act->act(tx, act->arg, e);
}

static void done(struct command *command, enum err_code code, const struct err *e)
{
    (void)command, (void)code, (void)e;
}

enum err_code world_run(struct world *w, world_act *act, void *arg, struct err *e)
{
    struct act a = { .command = { .run = run, .done = done, .bytes = sizeof a, .facts = 1 },
                     .act = act, .arg = arg };
    return memory_run(w->memory, &a.command, e);
}

void world_do(struct world *w, world_act *act, void *arg)
{
    struct err e = { 0 };
    works(world_run(w, act, arg, &e), &e);
}
