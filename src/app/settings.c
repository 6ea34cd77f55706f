#include "app/settings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "sys/file.h"

#define NAME_MAX_BYTES 64

static const struct api_setting defaults[SETTINGS] = {
#define SETTING(name, value, help_en, help_es) { #name, value, "default", help_en, help_es },
#include "app/settings.def"
#undef SETTING
};

static enum err_code put(struct settings *s, enum setting which, struct slice value, const char *from,
                         struct err *e)
{
    struct slice copy = arena_copy(s->mem, value);
    if (!copy.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for the settings");
    s->of[which].value = copy.at;
    s->of[which].from = from;
    return ERR_OK;
}

static int find(struct slice name)
{
    for (int i = 0; i < SETTINGS; i++)
        if (slice_is(name, defaults[i].name))
            return i;
    return -1;
}

/* ---- file ---- */

static enum err_code line_read(struct settings *s, struct slice line, size_t number, struct err *e)
{
    line = slice_trim(line);
    if (!line.len || line.at[0] == '#')
        return ERR_OK;
    if (slice_find(line, '=') == line.len)
        return err_set(e, ERR_INVALID, number, "settings file, line %zu: write name = value", number);
    struct slice value = line, name = slice_trim(slice_cut(&value, '='));
    int which = find(name);
    if (which < 0)
        return err_set(e, ERR_INVALID, number, "settings file, line %zu: there is no setting '%.*s'; 'tendero"
                       " settings' lists them", number, SLICE_ARG(name));
    return put(s, (enum setting)which, slice_trim(value), "file", e);
}

static enum err_code file_take(struct settings *s, const char *path, bool must, struct err *e)
{
    struct slice text;
    if (!must && !file_exists(path))
        return ERR_OK;
    TRY(file_read(path, 1 << 20, s->mem, &text, e));
    if (!utf8_valid(text))
        return err_set(e, ERR_INVALID, 0, "the settings file is not UTF-8");
    for (size_t number = 1; text.len; number++)
        TRY(line_read(s, slice_cut(&text, '\n'), number, e));
    return ERR_OK;
}

/* ---- environment and command line ---- */

static void env_name(const char *name, char out[NAME_MAX_BYTES])
{
    int n = snprintf(out, NAME_MAX_BYTES, "TENDERO_%s", name);
    assert(n > 0 && n < NAME_MAX_BYTES);
    for (char *c = out; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - ('a' - 'A'));
}

static void option_name(const char *name, char out[NAME_MAX_BYTES])
{
    int n = snprintf(out, NAME_MAX_BYTES, "%s", name);
    assert(n > 0 && n < NAME_MAX_BYTES);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = '-';
}

static void rest_remove(struct settings *s, int at, int n)
{
    for (int i = at; i + n < s->n_rest; i++)
        s->rest[i] = s->rest[i + n];
    s->n_rest -= n;
}

const char *settings_option(struct settings *s, const char *name)
{
    size_t len = strlen(name);
    for (int i = 0; i < s->n_rest; i++) {
        const char *word = s->rest[i];
        if (strcmp(word, "--") == 0)
            return NULL;
        if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, len) != 0)
            continue;
        if (word[2 + len] == '=') {
            rest_remove(s, i, 1);
            return word + 3 + len;
        }
        if (word[2 + len] == 0 && i + 1 < s->n_rest) {
            const char *value = s->rest[i + 1];
            rest_remove(s, i, 2);
            return value;
        }
    }
    return NULL;
}

bool settings_flag(struct settings *s, const char *name)
{
    for (int i = 0; i < s->n_rest; i++) {
        if (strncmp(s->rest[i], "--", 2) != 0 || strcmp(s->rest[i] + 2, name) != 0)
            continue;
        rest_remove(s, i, 1);
        return true;
    }
    return false;
}

enum err_code settings_no_options(const struct settings *s, struct err *e)
{
    for (int i = 0; i < s->n_rest; i++)
        if (strncmp(s->rest[i], "--", 2) == 0)
            return err_set(e, ERR_INVALID, (size_t)i, "there is no option %s here, or its value is missing;"
                           " see --help", s->rest[i]);
    return ERR_OK;
}

static enum err_code environment_take(struct settings *s, struct err *e)
{
    for (int i = 0; i < SETTINGS; i++) {
        char name[NAME_MAX_BYTES];
        env_name(defaults[i].name, name);
        const char *value = getenv(name);
        if (value)
            TRY(put(s, (enum setting)i, slice_of(value), "environment", e));
    }
    return ERR_OK;
}

static enum err_code options_take(struct settings *s, struct err *e)
{
    for (int i = 0; i < SETTINGS; i++) {
        char name[NAME_MAX_BYTES];
        option_name(defaults[i].name, name);
        const char *value;
        while ((value = settings_option(s, name)))
            TRY(put(s, (enum setting)i, slice_of(value), "option", e));
    }
    return ERR_OK;
}

static enum err_code rest_take(struct settings *s, int argc, char **argv, struct err *e)
{
    s->rest = arena_array(s->mem, const char *, (size_t)argc + 1);
    if (!s->rest)
        return err_set(e, ERR_LIMIT, 0, "no memory for the settings");
    for (int i = 1; i < argc; i++)
        s->rest[s->n_rest++] = argv[i];
    return ERR_OK;
}

/* Two rounds: the file's place depends on the stronger sources, and yields to them. */
static enum err_code sources_take(struct settings *s, struct err *e)
{
    const char *config = settings_option(s, "config");
    TRY(environment_take(s, e));
    TRY(options_take(s, e));
    struct api_setting stronger[SETTINGS];
    memcpy(stronger, s->of, sizeof stronger);
    memcpy(s->of, defaults, sizeof s->of);
    if (!config)
        config = getenv("TENDERO_CONFIG");
    char usual[4096];
    snprintf(usual, sizeof usual, "%s/tendero.conf", stronger[SETTING_data].value);
    TRY(file_take(s, config ? config : usual, config != NULL, e));
    for (int i = 0; i < SETTINGS; i++)
        if (strcmp(stronger[i].from, "default") != 0)
            s->of[i] = stronger[i];
    return ERR_OK;
}

enum err_code settings_read(int argc, char **argv, struct settings *ret, struct err *e)
{
    assert(ret);
    struct settings s = { .mem = arena_new((size_t)4 << 20) };
    if (!s.mem)
        return err_set(e, ERR_LIMIT, 0, "no memory for the settings");
    memcpy(s.of, defaults, sizeof s.of);
    enum err_code code = rest_take(&s, argc, argv, e);
    if (!code)
        code = sources_take(&s, e);
    if (code)
        settings_drop(&s);
    else
        *ret = s;
    return code;
}

void settings_drop(struct settings *s)
{
    arena_drop(&s->mem);
}

const char *setting(const struct settings *s, enum setting which)
{
    assert(which < SETTINGS);
    return s->of[which].value;
}
