/* What the files of decision models share. Private to models.c and model_*.c.
 *
 * A request is about a model, perhaps with a table as it is being edited in place of the saved one of its decision.
 */
#ifndef TENDERO_API_MODEL_ASK_H
#define TENDERO_API_MODEL_ASK_H

#include "api/api_room.h"
#include "engine/columns/columns.h"
#include "engine/dmn/dmn.h"
#include "engine/dmn/sheet.h"
#include "memory/documents.h"

#define MODEL "model"                    // the kind of document
#define MODEL_WORK_BYTES ((size_t)1 << 30)
#define MODEL_FIELDS_MAX 64              // inputs, and outputs, of a table
#define DECISION_NAME_MAX 500

struct model_asked {
    int64_t id;
    struct document_row row;
    struct sheet sheet;
    bool has_sheet, is_new;
    struct slice xml;                    // the model's, with that table in it
    struct slice json;                   // the answer
    struct slice name, note, decision;
    struct json input;
    uint32_t root;                       // of the customer it is tried on; 0: none
};
/* with_id: the model of the path is read. */
MUST_CHECK enum err_code model_asked_new(struct call *, bool with_id, struct model_asked **ret, struct err *e);
/* The body's member "table", where there is one. */
MUST_CHECK enum err_code model_asked_table(struct call *, struct json body, struct model_asked *, struct err *e);
/* Makes xml of row and sheet. On a thread of the pool, as all below. */
MUST_CHECK enum err_code model_asked_xml(struct call *, struct model_asked *, struct err *e);

/* What write writes is the answer: call_slow's second half is model_answered. */
typedef enum err_code (*model_write)(struct call *, struct model_asked *, struct arena *mem, struct buf *out,
                                     struct err *);
MUST_CHECK enum err_code model_answer(struct call *, struct model_asked *, model_write, struct arena *mem,
                                      struct err *e);
MUST_CHECK enum err_code model_answered(struct call *, void *asked, struct err *e);
/* The model's page: elements, tables, flaws, findings. */
MUST_CHECK enum err_code model_page_run(struct call *, void *asked, struct err *e);

/* model_decide.c: what the columns know of a customer, by their names. Under the population's lock. */
MUST_CHECK enum err_code model_customer_inputs(const struct columns *, uint32_t root, struct arena *mem,
                                               struct value *ret, struct err *e);

/* model_sheet.c */
void json_sheet(struct json_w *, const struct sheet *);
/* Its flaws begin with "/table". */
MUST_CHECK enum err_code sheet_of_json(struct call *, struct json table, struct sheet *ret, struct err *e);
/* The member's inputs of a new model. field: MODEL_FIELDS_MAX. */
MUST_CHECK enum err_code sheet_fields_of_json(struct call *, struct json body, struct sheet_field *field, size_t *n,
                                              struct err *e);

#endif
