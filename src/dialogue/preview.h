/* One message, rendered for one person, to be looked at. Nothing is sent here: sending needs a permission.
 *
 * A short letter: greeting by name, the proposal with its reason, a closing. HTML is escaped; the text part
 * carries the same words. Every slice is plain text of any origin.
 */
#ifndef TENDERO_DIALOGUE_PREVIEW_H
#define TENDERO_DIALOGUE_PREVIEW_H

#include "base/buf.h"

struct preview_input {
    const char *lang;             // "en" or "es"
    struct slice shop, name;      // name empty: a greeting without one
    struct slice product, reason; // title, and the sentence why
    struct slice price;           // "4.25 GBP"; empty: not shown
    struct slice url, image_url;  // http or https, else left out
};
struct preview {
    struct buf subject, html, text;
};
void preview_drop(struct preview *);
MUST_CHECK enum err_code preview_render(const struct preview_input *, struct preview *ret, struct err *e);

#endif
