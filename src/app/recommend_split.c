/* tendero recommend split: what is held back of MovieLens' ratings, without a random number. */
#include <stdio.h>
#include <stdlib.h>

#include "app/recommend.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "text/csv.h"

#define STEP UINT64_C(0x9e3779b97f4a7c15)
#define PEEK 512
#define EVERY 5

struct split {
    FILE *from, *train, *test;
    size_t place[3];            // user, item, rating
    int64_t least_micro;
    uint64_t lines, n_train, n_test;
};
static const char *const column_names[3][3] = { { "user", "userId", "user_id" }, { "item", "movieId", "item_id" },
                                                { "rating", "rating", "rating" } };

/* Vigna's splitmix64, its first number when user * 2^32 + item is the state. */
static bool is_test(uint32_t user, uint32_t item)
{
    return hash_mix(((uint64_t)user << 32 | item) + STEP) % EVERY == 0;
}

/* u.data has tabs, ratings.dat two colons, which are one field more to a reader of one, ratings.csv commas. */
static char separator_of(FILE *file)
{
    char bytes[PEEK];
    struct slice peek = { bytes, fread(bytes, 1, sizeof bytes, file) };
    rewind(file);
    peek.len = slice_find(peek, '\n');
    return slice_find(peek, '\t') < peek.len ? '\t' : slice_find(peek, ',') < peek.len ? ',' : ':';
}

static bool read_number(struct slice text, uint32_t *ret)
{
    int64_t number;
    if (!slice_i64(slice_trim(text), &number) || number < 0 || number > UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

/* The places of the columns: by name, or the first three where the first line is a rating. */
static enum err_code read_header(const struct csv_record *r, char separator, struct split *s, bool *is_rating, struct err *e)
{
    uint32_t number;
    *is_rating = read_number(r->field[0], &number);
    for (size_t c = 0; c < 3; c++) {
        s->place[c] = *is_rating ? c * (separator == ':' ? 2 : 1) : SIZE_MAX;
        for (size_t i = 0; !*is_rating && i < r->fields; i++)
            for (size_t name = 0; name < 3; name++)
                if (slice_eq_nocase(slice_trim(r->field[i]), slice_of(column_names[c][name])))
                    s->place[c] = i;
        if (s->place[c] >= r->fields)
            return err_set(e, ERR_INVALID, 1, "line 1: there is no column '%s'; u.data, ratings.dat and ratings.csv are read",
                           column_names[c][0]);
    }
    return ERR_OK;
}

static enum err_code split_line(const struct csv_record *r, struct split *s, struct err *e)
{
    struct slice field[3];
    struct err ignored;
    uint32_t user, item;
    int64_t micro;
    for (size_t c = 0; c < 3; c++)
        field[c] = s->place[c] < r->fields ? slice_trim(r->field[s->place[c]]) : (struct slice){ NULL, 0 };
    if (!read_number(field[0], &user) || !read_number(field[1], &item))
        return err_set(e, ERR_INVALID, (size_t)r->line, "line %lld: user and item are whole numbers below 4294967296",
                       (long long)r->line);
    if (micro_parse(field[2], &micro, &ignored))
        return err_set(e, ERR_INVALID, (size_t)r->line, "line %lld: the rating is no number, such as 4.5", (long long)r->line);
    if (micro < s->least_micro)
        return ERR_OK;
    bool test = is_test(user, item);
    s->n_test += test;
    s->n_train += !test;
    fprintf(test ? s->test : s->train, "%u,%u\n", user, item);
    return ERR_OK;
}

static enum err_code split_lines(struct split *s, struct err *e)
{
    AUTO(csv) csv = NULL;
    char separator = separator_of(s->from);
    bool more = true;
    TRY(csv_new(purchases_read_more, s->from, separator, &csv, e));
    fprintf(s->train, "user,item\n");
    fprintf(s->test, "user,item\n");
    for (;; s->lines++) {
        struct csv_record r;
        bool is_rating = true;
        TRY(csv_next(csv, &r, &more, e));
        if (!more)
            return s->lines ? ERR_OK : err_set(e, ERR_INVALID, 0, "the file is empty; each of its lines is a rating");
        if (!s->lines)
            TRY(read_header(&r, separator, s, &is_rating, e));
        if (is_rating)
            TRY(split_line(&r, s, e));
    }
}

static enum err_code file_close(FILE *file, const char *path, struct err *e)
{
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? err_set(e, ERR_IO, 0, "%s cannot be written", path) : ERR_OK;
}

static enum err_code file_open(const char *path, const char *how, FILE **ret, struct err *e)
{
    *ret = fopen(path, how);
    return *ret ? ERR_OK : err_set(e, ERR_IO, 0, "%s cannot be %s", path, *how == 'r' ? "read" : "written");
}

enum err_code command_recommend_split(struct settings *settings, struct err *e)
{
    const char *from = settings_option(settings, "ratings"), *train = settings_option(settings, "train"),
               *test = settings_option(settings, "test"), *least = settings_option(settings, "least");
    struct split s = { .least_micro = 4000000 };
    struct err ignored;
    if (!from || !train || !test)
        return err_set(e, ERR_INVALID, 0, "split needs --ratings FILE, --train FILE and --test FILE");
    if (least && micro_parse(slice_of(least), &s.least_micro, &ignored))
        return err_set(e, ERR_INVALID, 0, "--least is the lowest rating that counts, such as 4");
    TRY(settings_no_options(settings, e));
    enum err_code code = file_open(from, "r", &s.from, e);
    if (!code)
        code = file_open(train, "w", &s.train, e);
    if (!code)
        code = file_open(test, "w", &s.test, e);
    if (!code)
        code = split_lines(&s, e);
    if (s.from)
        fclose(s.from);
    enum err_code closed = s.train ? file_close(s.train, train, code ? NULL : e) : ERR_OK;
    code = code ? code : closed;
    closed = s.test ? file_close(s.test, test, code ? NULL : e) : ERR_OK;
    code = code ? code : closed;
    if (!code)
        printf("{\"lines\":%llu,\"train\":%llu,\"test\":%llu}\n", (unsigned long long)s.lines, (unsigned long long)s.n_train,
               (unsigned long long)s.n_test);
    return code;
}
