#include "engine/feel/ast.h"

#include <assert.h>

void diag_place(struct slice text, size_t at, size_t *line, size_t *column)
{
    assert(line && column);
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        if (text.at[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text.at[i] & 0xC0) != 0x80) {
            ++*column;  // bytes inside a character do not count
        }
    }
}

bool node_is_not(const struct node *node)
{
    return node->kind == NODE_CALL && !node->named && node->n == 2 && node->kid[0]->kind == NODE_NAME
           && slice_is(node->kid[0]->name, "not");
}
