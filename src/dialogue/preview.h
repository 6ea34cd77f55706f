/* One message, rendered for one person, to be looked at. Nothing is sent here: sending needs a permission.
 *
 * The template is a short letter in the customer's language (trait `language` or locale, else the one asked
 * for): greeting by name, the proposal with its reason, a closing. HTML is escaped by context; the text part
 * carries the same words.
 */
#ifndef TENDERO_DIALOGUE_PREVIEW_H
#define TENDERO_DIALOGUE_PREVIEW_H

#include "base/buf.h"
#include "offers/decide.h"

struct preview_input {
    const char *lang;                 // "en" or "es"
    struct slice shop, name;          // name empty: a greeting without one
    struct slice product, reason;     // title, and the sentence why
    int64_t price_micro;              // PRICE_UNKNOWN: not shown
    struct slice currency, url, image_url;
};
struct preview { struct buf subject, html, text; };
void preview_drop(struct preview *);
MUST_CHECK enum err_code preview_render(const struct preview_input *, struct preview *ret, struct err *e);

#endif
