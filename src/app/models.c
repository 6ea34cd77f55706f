#include "app/models.h"

#include <assert.h>
#include <dirent.h>
#include <libgen.h>
#include <stdlib.h>

#include "sys/file.h"
#include "text/xml.h"

#define MODELS_BYTES ((size_t)1 << 30)

struct loaded {
    struct slice path, ns;
    struct model_file file;
    bool busy;                // it is being read: whoever imports it then would import itself; or that failed
    struct loaded *next;
};
struct models {
    struct arena *mem;
    const struct zones *zones;
    struct loaded *first;
};

/* Which model asks. */
struct importer {
    struct models *models;
    struct slice folder;
};

static enum err_code load(struct models *, struct slice path, struct loaded **ret, struct err *e);

enum err_code models_new(const struct zones *zones, struct models **ret, struct err *e)
{
    struct models *models = calloc(1, sizeof *models);
    if (models) {
        models->zones = zones;
        models->mem = arena_new(MODELS_BYTES);
    }
    *ret = models;
    return models && models->mem ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory");
}

void models_drop(struct models **models)
{
    if (!*models)
        return;
    arena_drop(&(*models)->mem);
    free(*models);
    *models = NULL;
}

/* The namespace that a file's definitions have; empty: it is no such file. */
static struct slice namespace_of(struct models *models, const char *path)
{
    AUTO(arena) scratch = arena_new((size_t)256 << 20);
    struct slice text;
    struct xml *root;
    struct err err;
    if (!scratch || file_read(path, XML_BYTES_MAX, scratch, &text, &err) || xml_parse(text, scratch, &root, &err))
        return (struct slice){ NULL, 0 };
    return arena_copy(models->mem, xml_attribute(root, "namespace"));
}

static const struct dmn *load_if(struct models *models, const char *path, struct slice ns)
{
    struct loaded *loaded;
    struct err err;
    if (!slice_eq(namespace_of(models, path), ns) || load(models, slice_of(path), &loaded, &err))
        return NULL;
    return loaded->file.model;
}

static const struct dmn *find_import(void *arg, struct slice ns, struct slice location)
{
    const struct importer *importer = arg;
    struct models *models = importer->models;
    (void)location;  // mostly a name that the file had on the machine of who wrote it
    for (struct loaded *l = models->first; l; l = l->next)
        if (slice_eq(l->ns, ns))
            return l->busy ? NULL : l->file.model;
    DIR *dir = opendir(importer->folder.at);
    const struct dmn *found = NULL;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && !found; entry = readdir(dir)) {
        if (!slice_ends(slice_of(entry->d_name), SLICE(".dmn")))
            continue;
        struct slice path = arena_printf(models->mem, "%s/%s", importer->folder.at, entry->d_name);
        found = path.at ? load_if(models, path.at, ns) : NULL;
    }
    if (dir)
        closedir(dir);
    return found;
}

static enum err_code load_new(struct models *models, struct loaded *loaded, struct err *e)
{
    struct importer *importer = arena_one(models->mem, struct importer);
    struct slice folder = arena_copy(models->mem, loaded->path), text;
    struct dmn *dmn;
    if (!importer || !folder.at)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    *importer = (struct importer){ models, slice_of(dirname((char *)(uintptr_t)folder.at)) };
    const struct dmn_options options = { models->zones, find_import, importer };
    TRY(file_read(loaded->path.at, XML_BYTES_MAX, models->mem, &text, e));
    TRY(dmn_load(text, &options, models->mem, &dmn, &loaded->file.diags, e));
    loaded->file.model = dmn;
    return ERR_OK;
}

static enum err_code load(struct models *models, struct slice path, struct loaded **ret, struct err *e)
{
    for (struct loaded *l = models->first; l; l = l->next)
        if (slice_eq(l->path, path)) {
            if (l->busy)
                return err_set(e, ERR_INVALID, 0, "%s could not be loaded, or imports itself", l->path.at);
            *ret = l;
            return ERR_OK;
        }
    struct loaded *loaded = arena_one(models->mem, struct loaded);
    if (!loaded)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    *loaded = (struct loaded){ .path = arena_copy(models->mem, path), .busy = true };
    if (!loaded->path.at)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    loaded->ns = namespace_of(models, loaded->path.at);
    loaded->next = models->first;
    models->first = loaded;
    TRY(load_new(models, loaded, e));
    loaded->busy = false;
    *ret = loaded;
    return ERR_OK;
}

enum err_code models_load(struct models *models, const char *path, struct model_file *ret, struct err *e)
{
    struct loaded *loaded;
    TRY(load(models, slice_of(path), &loaded, e));
    *ret = loaded->file;
    return ERR_OK;
}
