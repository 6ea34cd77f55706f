#include "text/json_check.h"

#include <simdjson.h>

#include <cstring>
#include <new>

/* Buffers grow by doubling and are kept between runs; a larger one than this is given back by the next
 * small text, so that one large request does not tie up memory for ever. */
static constexpr size_t KEEP_BYTES = size_t{ 4 } << 20;
static constexpr size_t FIRST_BYTES = size_t{ 16 } << 10;

/* At its first use simdjson lists its kernels and picks one, and ends the process when memory fails just
 * then. So that happens before main, where nothing can be lost. */
static const simdjson::error_code warmed = simdjson::dom::parser().allocate(FIRST_BYTES);

struct json_check {
    simdjson::dom::parser parser;
    simdjson::dom::document document;
    size_t depth_max;
    char *padded = nullptr;
    size_t cap = 0;
};

static bool make_room(json_check *check, size_t len)
{
    bool shrink = check->cap > KEEP_BYTES && len <= KEEP_BYTES / 4;
    if (check->cap && len <= check->cap && !shrink)
        return true;
    size_t cap = FIRST_BYTES;
    while (cap < len)
        cap *= 2;
    free(check->padded);
    check->cap = 0;
    check->padded = static_cast<char *>(malloc(cap + simdjson::SIMDJSON_PADDING));
    if (!check->padded || check->parser.allocate(cap, check->depth_max) != simdjson::SUCCESS
        || check->document.allocate(cap) != simdjson::SUCCESS)
        return false;
    check->cap = cap;
    return true;
}

extern "C" struct json_check *json_check_new(size_t depth_max)
{
    if (warmed != simdjson::SUCCESS)
        return nullptr;
    json_check *check = new (std::nothrow) json_check;
    if (check)
        check->depth_max = depth_max;
    return check;
}

extern "C" void json_check_free(struct json_check *check)
{
    if (!check)
        return;
    free(check->padded);
    delete check;
}

extern "C" const char *json_check_run(struct json_check *check, const char *text, size_t len,
                                      int *no_memory)
{
    *no_memory = 0;
    if (!make_room(check, len)) {
        *no_memory = 1;
        return "memory is exhausted";
    }
    if (len)
        memcpy(check->padded, text, len);
    memset(check->padded + len, 0, simdjson::SIMDJSON_PADDING);
    simdjson::dom::element root;
    simdjson::error_code code =
        check->parser.parse_into_document(check->document, check->padded, len, false).get(root);
    if (code == simdjson::SUCCESS)
        return nullptr;
    *no_memory = code == simdjson::MEMALLOC;
    return simdjson::error_message(code);
}

extern "C" const uint32_t *json_check_tokens(const struct json_check *check, size_t *n)
{
    *n = check->parser.implementation->n_structural_indexes;
    return check->parser.implementation->structural_indexes.get();
}
