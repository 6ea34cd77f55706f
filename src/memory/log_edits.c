#include "memory/log_edits.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"

void edits_drop(struct log_edits *ed)
{
    free(ed->slots);
    free(ed->wider);
    free(ed->pending);
    *ed = (struct log_edits){ 0 };
}

static struct fact_edit *slot_find(struct fact_edit *slots, size_t n_slots, int64_t seq)
{
    size_t at = hash_mix((uint64_t)seq) & (n_slots - 1);
    while (slots[at].seq && slots[at].seq != seq)
        at = (at + 1) & (n_slots - 1);
    return &slots[at];
}

static enum err_code wider_make(struct log_edits *ed, struct err *e)
{
    size_t need = (ed->n + ed->n_pending + 1) * 2, slots = 64;
    if (need <= ed->n_slots || (ed->wider && need <= ed->n_wider))
        return ERR_OK;
    while (slots < need * 2)
        slots *= 2;
    free(ed->wider);
    ed->n_wider = slots;
    ed->wider = calloc(slots, sizeof *ed->wider);
    return ed->wider ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for %zu edited facts", need / 2);
}

enum err_code edits_add(struct log_edits *ed, struct fact_edit edit, struct err *e)
{
    assert(edit.seq > 0);
    TRY(wider_make(ed, e));
    if (ed->n_pending == ed->cap_pending) {
        size_t cap = ed->cap_pending ? ed->cap_pending * 2 : 16;
        struct fact_edit *pending = realloc(ed->pending, cap * sizeof *pending);
        if (!pending)
            return err_set(e, ERR_LIMIT, 0, "no memory for %zu edits of one group", cap);
        ed->pending = pending;
        ed->cap_pending = cap;
    }
    ed->pending[ed->n_pending++] = edit;
    return ERR_OK;
}

static void edit_into(struct fact_edit *into, struct fact_edit edit)
{
    into->seq = edit.seq;
    into->corrected |= edit.corrected;
    into->deleted |= edit.deleted;
}

static void edits_widen(struct log_edits *ed)
{
    if (!ed->wider)
        return;
    for (size_t i = 0; i < ed->n_slots; i++)
        if (ed->slots[i].seq)
            *slot_find(ed->wider, ed->n_wider, ed->slots[i].seq) = ed->slots[i];
    free(ed->slots);
    ed->slots = ed->wider;
    ed->n_slots = ed->n_wider;
    ed->wider = NULL;
}

void edits_commit(struct log_edits *ed)
{
    if (!ed->n_pending)
        return;
    edits_widen(ed);
    for (size_t i = 0; i < ed->n_pending; i++) {
        struct fact_edit *slot = slot_find(ed->slots, ed->n_slots, ed->pending[i].seq);
        ed->n += slot->seq == 0;
        edit_into(slot, ed->pending[i]);
    }
    ed->n_pending = 0;
}

void edits_rollback(struct log_edits *ed)
{
    ed->n_pending = 0;
}

struct fact_edit edits_of(const struct log_edits *ed, int64_t seq, bool with_pending)
{
    struct fact_edit found = { 0 };
    if (ed->n)
        found = *slot_find(ed->slots, ed->n_slots, seq);
    for (size_t i = 0; with_pending && i < ed->n_pending; i++)
        if (ed->pending[i].seq == seq)
            edit_into(&found, ed->pending[i]);
    return found;
}
