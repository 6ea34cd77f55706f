#include "app/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sys/file.h"

struct place {
    char dir[64], file[96];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/tendero-settings-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->file, sizeof p->file, "%s/tendero.conf", p->dir);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    char command[96];
    unsetenv("TENDERO_LISTEN");
    unsetenv("TENDERO_SHOP_NAME");
    snprintf(command, sizeof command, "rm -rf %s", p->dir);
    int failed = system(command);
    free(p);
    return failed;
}

static enum err_code read_with(const struct place *p, const char *file, int n, const char *const *words,
                               struct settings *ret, struct err *e)
{
    char *argv[16] = { (char *)"serve", (char *)"--data", (char *)p->dir };
    if (file)
        assert_int_equal(file_write_atomic(p->file, slice_of(file), NULL), ERR_OK);
    for (int i = 0; i < n; i++)
        argv[3 + i] = (char *)words[i];
    return settings_read(3 + n, argv, ret, e);
}

/* Default, file, environment, option: the later wins, and the list says where each value is from. */
static void the_stronger_source_wins(void **state)
{
    struct place *p = *state;
    struct settings s;
    static const char file[] = "# my shop\n\nlisten = 127.0.0.1:1\nshop_name =  Corner shop \ncurrency=GBP\n";
    assert_int_equal(read_with(p, file, 0, NULL, &s, NULL), ERR_OK);
    assert_string_equal(setting(&s, SETTING_listen), "127.0.0.1:1");
    assert_string_equal(setting(&s, SETTING_shop_name), "Corner shop");
    assert_string_equal(s.of[SETTING_listen].from, "file");
    assert_string_equal(s.of[SETTING_threads].from, "default");
    assert_string_equal(s.of[SETTING_data].from, "option");
    settings_drop(&s);
    setenv("TENDERO_LISTEN", "127.0.0.1:2", 1);
    setenv("TENDERO_SHOP_NAME", "Environment", 1);
    const char *const words[] = { "--listen", "127.0.0.1:3", "operand" };
    assert_int_equal(read_with(p, NULL, 3, words, &s, NULL), ERR_OK);
    assert_string_equal(setting(&s, SETTING_listen), "127.0.0.1:3");
    assert_string_equal(setting(&s, SETTING_shop_name), "Environment");
    assert_string_equal(setting(&s, SETTING_currency), "GBP");
    assert_int_equal(s.n_rest, 1);
    assert_string_equal(s.rest[0], "operand");
    settings_drop(&s);
}

static void flaws_are_placed(void **state)
{
    struct place *p = *state;
    struct settings s;
    struct err e;
    assert_int_equal(read_with(p, "listen = a\nnonsense\n", 0, NULL, &s, &e), ERR_INVALID);
    assert_int_equal(e.pos, 2);
    assert_int_equal(read_with(p, "\n\nno_such_thing = 1\n", 0, NULL, &s, &e), ERR_INVALID);
    assert_int_equal(e.pos, 3);
    assert_non_null(strstr(e.text, "no_such_thing"));
    assert_int_equal(read_with(p, "listen = \xff\n", 0, NULL, &s, &e), ERR_INVALID);
    const char *const words[] = { "--config", "/nowhere/at/all" };
    assert_int_equal(read_with(p, "", 2, words, &s, &e), ERR_NOT_FOUND);
}

static void options_and_flags(void **state)
{
    struct place *p = *state;
    struct settings s;
    const char *const words[] = { "--customer=c1", "x", "--all", "--limit", "3", "--strange" };
    assert_int_equal(read_with(p, "", 6, words, &s, NULL), ERR_OK);
    assert_string_equal(settings_option(&s, "customer"), "c1");
    assert_null(settings_option(&s, "customer"));
    assert_string_equal(settings_option(&s, "limit"), "3");
    assert_true(settings_flag(&s, "all"));
    assert_false(settings_flag(&s, "all"));
    struct err e;
    assert_int_equal(settings_no_options(&s, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "--strange"));
    assert_int_equal(s.n_rest, 2);
    settings_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_stronger_source_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(flaws_are_placed, setup, teardown),
        cmocka_unit_test_setup_teardown(options_and_flags, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
