/* Settings: defaults, then the file, then the environment, then the command line; the later wins.
 *
 * The file is DATA/tendero.conf, or what --config or TENDERO_CONFIG name: lines `name = value`, # comments.
 */
#ifndef TENDERO_APP_SETTINGS_H
#define TENDERO_APP_SETTINGS_H

#include "api/api.h"
#include "base/arena.h"

enum setting {
#define SETTING(name, value, help_en, help_es) SETTING_##name,
#include "app/settings.def"
#undef SETTING
    SETTINGS
};

struct settings {
    struct arena *mem;
    struct api_setting of[SETTINGS];
    /* What stands on the command line behind the options that are settings; in order. */
    const char **rest;
    int n_rest;
};

/* Reads all sources. argv[0] is skipped. Options that are no settings stay in rest: commands read them by
 * settings_option and settings_flag. ERR_INVALID names the file's line or the variable. */
MUST_CHECK enum err_code settings_read(int argc, char **argv, struct settings *ret, struct err *e);
void settings_drop(struct settings *);
const char *setting(const struct settings *, enum setting);

/* "--name VALUE" or "--name=VALUE" in rest, taken out; NULL when it is not there. */
const char *settings_option(struct settings *, const char *name);
/* "--name", taken out. */
bool settings_flag(struct settings *, const char *name);
/* What is left must be operands: ERR_INVALID names the first unknown option. */
MUST_CHECK enum err_code settings_no_options(const struct settings *, struct err *e);

#endif
