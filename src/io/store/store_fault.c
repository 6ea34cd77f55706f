#include "io/store/store_fault.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "io/store/store_power.h"

static const char *const kind_names[] = { "open", "read", "write", "full", "sync", "truncate", "alloc",
                                          "power" };
static_assert(sizeof kind_names / sizeof *kind_names == STORE_FAULT_KINDS, "a name for each kind");

/* first 0: not armed. */
static struct {
    atomic_uint_fast64_t first, last, calls, fired;
} faults[STORE_FAULT_KINDS];

static bool strikes(enum store_fault_kind kind)
{
    uint64_t call = atomic_fetch_add_explicit(&faults[kind].calls, 1, memory_order_relaxed) + 1;
    uint64_t first = atomic_load_explicit(&faults[kind].first, memory_order_relaxed);
    if (first == 0 || call < first
        || call > atomic_load_explicit(&faults[kind].last, memory_order_relaxed))
        return false;
    atomic_fetch_add_explicit(&faults[kind].fired, 1, memory_order_relaxed);
    return true;
}

/* ---- files: the default VFS's file lies behind ours in the memory SQLite gives ---- */

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real;
    const char *name;  // SQLite's, for as long as the file is open; NULL for a temporary file
    void *unused;      // keeps the real file behind it aligned
};
static_assert(sizeof(struct fault_file) % 16 == 0, "the real file behind it is aligned");

static sqlite3_vfs *real_vfs;
static sqlite3_mem_methods real_mem;
static atomic_bool power_watched;

/* The power has gone: the fault struck and is not healed. */
static bool power_gone(void)
{
    return atomic_load(&faults[STORE_FAULT_POWER].first) && atomic_load(&faults[STORE_FAULT_POWER].fired);
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    if (strikes(STORE_FAULT_READ) || power_gone())
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), out, len, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);
    if (strikes(STORE_FAULT_POWER))
        return SQLITE_IOERR_WRITE;
    bool full = strikes(STORE_FAULT_FULL);
    if (!strikes(STORE_FAULT_WRITE) && !full)
        return real->pMethods->xWrite(real, bytes, len, at);
    int rc = real->pMethods->xWrite(real, bytes, len / 2, at);
    return rc != SQLITE_OK ? rc : full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (strikes(STORE_FAULT_TRUNCATE) || strikes(STORE_FAULT_POWER))
        return SQLITE_IOERR_TRUNCATE;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    if (strikes(STORE_FAULT_SYNC) || strikes(STORE_FAULT_POWER))
        return SQLITE_IOERR_FSYNC;
    const char *name = ((struct fault_file *)file)->name;
    if (atomic_load(&power_watched) && name)
        power_synced(name);
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_reserved(sqlite3_file *file, int *reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, at);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

/* Version 2: shared memory for the WAL, but no mmap of the file, which would bypass reads. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
    (void)vfs;
    struct fault_file *file = (struct fault_file *)base;
    file->base.pMethods = NULL;  // nothing to close when this fails
    if (strikes(STORE_FAULT_OPEN) || power_gone())
        return SQLITE_CANTOPEN;
    if (atomic_load(&power_watched) && name)
        power_opened(name);
    file->name = name;
    file->real = (sqlite3_file *)(file + 1);
    int rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    if (file->real->pMethods)
        file->base.pMethods = &file_methods;
    return rc;
}

static int fault_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (power_gone())
        return SQLITE_IOERR_DELETE;
    if (atomic_load(&power_watched))
        power_deleted(name);
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

/* ---- allocations ---- */

static void *fault_malloc(int bytes)
{
    return strikes(STORE_FAULT_ALLOC) ? NULL : real_mem.xMalloc(bytes);
}

static void *fault_realloc(void *at, int bytes)
{
    return strikes(STORE_FAULT_ALLOC) ? NULL : real_mem.xRealloc(at, bytes);
}

/* ---- arming ---- */

static void install_once(void)
{
    int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_mem);
    assert(rc == SQLITE_OK);
    sqlite3_mem_methods mem = real_mem;
    mem.xMalloc = fault_malloc;
    mem.xRealloc = fault_realloc;
    rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &mem);
    assert(rc == SQLITE_OK);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // as sqlite.c does without faults

    real_vfs = sqlite3_vfs_find(NULL);
    assert(real_vfs);
    static sqlite3_vfs vfs;  // all but opening and deleting is the default's own
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = STORE_FAULT_VFS;
    vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    vfs.xOpen = fault_open;
    vfs.xDelete = fault_delete;
    rc = sqlite3_vfs_register(&vfs, 0);
    assert(rc == SQLITE_OK);
}

void store_fault_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_once);
}

void store_fault_arm(enum store_fault_kind kind, uint64_t first, uint64_t last)
{
    assert(first >= 1);
    assert(first <= last);
    atomic_store(&faults[kind].first, 0);
    atomic_store(&faults[kind].calls, 0);
    atomic_store(&faults[kind].fired, 0);
    atomic_store(&faults[kind].last, last);
    atomic_store(&faults[kind].first, first);
}

void store_fault_heal(void)
{
    for (size_t kind = 0; kind < STORE_FAULT_KINDS; kind++)
        atomic_store(&faults[kind].first, 0);
}

uint64_t store_fault_calls(enum store_fault_kind kind)
{
    return atomic_load(&faults[kind].calls);
}

uint64_t store_fault_fired(enum store_fault_kind kind)
{
    return atomic_load(&faults[kind].fired);
}

const char *store_fault_name(enum store_fault_kind kind)
{
    assert(kind < STORE_FAULT_KINDS);
    return kind_names[kind];
}

void store_fault_power_on(void)
{
    atomic_store(&power_watched, true);
}

void store_fault_power_restore(uint64_t seed)
{
    power_restore(seed);
    atomic_store(&power_watched, false);
    store_fault_heal();
}

/* By name; a power cut ends in a restore, which no running program can do. */
static bool kind_parse(struct slice name, enum store_fault_kind *ret)
{
    for (size_t kind = 0; kind < STORE_FAULT_POWER; kind++) {
        if (slice_is(name, kind_names[kind])) {
            *ret = (enum store_fault_kind)kind;
            return true;
        }
    }
    return false;
}

enum err_code store_fault_arm_spec(struct slice spec, struct err *e)
{
    struct slice rest = spec;
    while (rest.len) {
        size_t pos = spec.len - rest.len;
        struct slice range = slice_cut(&rest, ',');
        enum store_fault_kind kind;
        bool known = kind_parse(slice_cut(&range, ':'), &kind);
        bool open_end = slice_ends(range, SLICE("-"));
        bool one = slice_find(range, '-') == range.len;
        int64_t first = 0, last = INT64_MAX;
        bool numbers = slice_i64(slice_cut(&range, '-'), &first)
                       && (open_end || one || slice_i64(range, &last));
        if (one)
            last = first;
        if (!known || !numbers || first < 1 || last < first)
            return err_set(e, ERR_INVALID, pos, "TENDERO_FAULT at byte %zu: expected kind:first, "
                           "kind:first-last or kind:first-, kind one of open read write full sync "
                           "truncate alloc", pos);
        store_fault_arm(kind, (uint64_t)first, (uint64_t)last);
    }
    return ERR_OK;
}
