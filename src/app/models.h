/* DMN files of a folder, each loaded once: a model that another imports is found by its namespace among the files
 * beside it.
 */
#ifndef TENDERO_APP_MODELS_H
#define TENDERO_APP_MODELS_H

#include "engine/dmn/dmn.h"

struct models;
struct model_file {
    const struct dmn *model;
    const struct dmn_diag *diags;
};
MUST_CHECK enum err_code models_new(const struct zones *, struct models **ret, struct err *e);
void models_drop(struct models **);
/* What is answered lives as long as models. */
MUST_CHECK enum err_code models_load(struct models *, const char *path, struct model_file *ret, struct err *e);

#endif
