/* Models as files: a head, the model's parts, rows and names, and a checksum of all of it. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/recommend.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "sys/file.h"

#define MAGIC "TNDRRECO"
#define VERSION 1
#define NAMES_MAX ((size_t)16 << 30)

struct head {
    char magic[8];
    uint32_t version, users;
    struct recommender_shape shape;
    uint64_t purchases, names_bytes;
    uint64_t sum;               // of what stands before it
};
static_assert(sizeof(struct head) == 80, "the head has no gaps: it is written as it is");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little endian");

/* Of a model with its names: all that is written between the head and the checksum. */
#define PARTS (RECOMMENDER_PARTS + 3)
static size_t parts_of(const struct recommender *model, const struct baskets *train, const struct buf *names,
                       struct recommender_part part[PARTS])
{
    size_t n = recommender_parts(model, part);
    part[n++] = (struct recommender_part){ train->start, ((size_t)train->rows.buyers + 1) * sizeof *train->start };
    part[n++] = (struct recommender_part){ train->item, (size_t)train->start[train->rows.buyers] * sizeof *train->item };
    part[n++] = (struct recommender_part){ names->at, names->len };
    return n;
}

static uint64_t head_sum(const struct head *h)
{
    return hash64((struct slice){ (const char *)h, offsetof(struct head, sum) }, 0);
}

/* Each part's hash is the seed of the next one's. */
static uint64_t sum_on(uint64_t sum, struct recommender_part part)
{
    return hash64((struct slice){ part.at, part.bytes }, sum);
}

static void pack_names(const struct names *names, struct buf *out)
{
    for (size_t i = 0; i < names->n; i++) {
        uint32_t len = (uint32_t)names->of[i].len;
        buf_add(out, (struct slice){ (const char *)&len, sizeof len });
        buf_add(out, names->of[i]);
    }
}

static enum err_code write_all(struct file_draft *draft, struct head *head, const struct recommender_part *part, size_t n,
                               struct err *e)
{
    uint64_t sum = head->sum = head_sum(head);
    TRY(file_draft_write(draft, head, sizeof *head, e));
    for (size_t i = 0; i < n; i++) {
        sum = sum_on(sum, part[i]);
        if (part[i].bytes)
            TRY(file_draft_write(draft, part[i].at, part[i].bytes, e));
    }
    return file_draft_write(draft, &sum, sizeof sum, e);
}

enum err_code stored_write(const char *path, const struct recommender *model, const struct ledgers *l, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf names = buf_make(NAMES_MAX);
    AUTO(file_draft) draft = NULL;
    struct recommender_part part[PARTS];
    pack_names(&l->items, &names);
    pack_names(&l->users, &names);
    TRY(buf_check(&names, "the model's names", e));
    size_t n = parts_of(model, &l->train, &names, part);
    struct head head = { .version = VERSION, .users = (uint32_t)l->users.n, .shape = recommender_shape(model),
                         .purchases = l->train.start[l->users.n], .names_bytes = names.len };
    memcpy(head.magic, MAGIC, sizeof head.magic);
    TRY(file_draft_new(path, &draft, e));
    TRY(write_all(draft, &head, part, n, e));
    return file_draft_commit(&draft, e);
}

/* ---- read ---- */
static enum err_code damaged(const char *path, struct err *e)
{
    return err_set(e, ERR_CORRUPT, 0, "%s is damaged: it is not as it was written; train it again", path);
}

static enum err_code head_read(FILE *file, const char *path, struct head *h, struct err *e)
{
    if (fread(h, sizeof *h, 1, file) != 1 || memcmp(h->magic, MAGIC, sizeof h->magic) != 0)
        return err_set(e, ERR_CORRUPT, 0, "%s is no model of 'tendero recommend train'", path);
    if (h->version != VERSION)
        return err_set(e, ERR_CORRUPT, 0, "%s is of version %u, and this program reads %d: train it again", path, h->version,
                       VERSION);
    return h->sum == head_sum(h) ? ERR_OK : damaged(path, e);
}

static bool names_unpack(struct names *names, size_t n, struct slice *rest)
{
    uint32_t len, number;
    for (size_t i = 0; i < n; i++) {
        if (rest->len < sizeof len)
            return false;
        memcpy(&len, rest->at, sizeof len);
        *rest = (struct slice){ rest->at + sizeof len, rest->len - sizeof len };
        if (len > rest->len || !names_add(names, (struct slice){ rest->at, len }, &number) || number != i)
            return false;
        *rest = (struct slice){ rest->at + len, rest->len - len };
    }
    return true;
}

static bool rows_are_fit(const struct purchase_rows *rows, uint64_t purchases)
{
    bool ok = rows->start[0] == 0 && rows->start[rows->buyers] == purchases;
    for (uint32_t u = 0; ok && u < rows->buyers; u++)
        ok = rows->start[u] <= rows->start[u + 1];
    for (uint64_t at = 0; ok && at < purchases; at++)
        ok = rows->item[at] < rows->items;
    return ok;
}

/* Room for what the head announces, which its sum vouches for. */
static enum err_code room_make(const struct head *h, struct stored *s, struct buf *names, struct err *e)
{
    TRY(recommender_new(&h->shape, &s->model, e));
    TRY(ledgers_new(&s->ledgers, e));
    struct baskets *train = &s->ledgers->train;
    train->start = calloc((size_t)h->users + 1, sizeof *train->start);
    train->item = calloc(h->purchases + 1, sizeof *train->item);
    if (!train->start || !train->item || !buf_reserve(names, h->names_bytes))
        return err_set(e, ERR_LIMIT, 0, "no memory for the model");
    names->len = h->names_bytes;
    train->start[h->users] = h->purchases;  // as parts_of expects it
    train->rows = (struct purchase_rows){ train->item, train->start, h->users, h->shape.items };
    return ERR_OK;
}

static enum err_code parts_read(FILE *file, const char *path, const struct head *h, struct stored *s, struct buf *names,
                                struct err *e)
{
    struct recommender_part part[PARTS];
    uint64_t sum = h->sum, stored_sum;
    size_t n = parts_of(s->model, &s->ledgers->train, names, part);
    for (size_t i = 0; i < n; i++) {
        if (fread(part[i].at, 1, part[i].bytes, file) != part[i].bytes)
            return damaged(path, e);
        sum = sum_on(sum, part[i]);
    }
    struct slice rest = buf_slice(names);
    if (fread(&stored_sum, sizeof stored_sum, 1, file) != 1 || stored_sum != sum || fgetc(file) != EOF)
        return damaged(path, e);
    TRY(recommender_check(s->model, e));
    if (!names_unpack(&s->ledgers->items, h->shape.items, &rest) || !names_unpack(&s->ledgers->users, h->users, &rest) ||
        !rows_are_fit(&s->ledgers->train.rows, h->purchases))
        return damaged(path, e);
    return ERR_OK;
}

enum err_code stored_read(const char *path, struct stored *ret, struct err *e)
{
    struct head head;
    FILE *file = fopen(path, "r");
    __attribute__((cleanup(buf_drop))) struct buf names = buf_make(NAMES_MAX);
    if (!file)
        return err_set(e, ERR_IO, 0, "%s cannot be read", path);
    *ret = (struct stored){ NULL, NULL };
    enum err_code code = head_read(file, path, &head, e);
    if (!code)
        code = room_make(&head, ret, &names, e);
    if (!code)
        code = parts_read(file, path, &head, ret, &names, e);
    fclose(file);
    if (code)
        stored_drop(ret);
    return code;
}

void stored_drop(struct stored *s)
{
    recommender_drop(&s->model);
    ledgers_drop(&s->ledgers);
}
