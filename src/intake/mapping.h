/* A mapping file: which column or member of a row is what. docs/IMPORT.md shows it by example.
 *
 *   { "as": "event" | "customer" | "product", "separator": ";",
 *     "event": "Order Completed", "timestamp": {"from": "date"}, "messageId": {"from": "id"},
 *     "userId": {"from": "customer"}, "anonymousId": …, "groupId": …, "email": …,
 *     "properties": { "plan": {"from": "plan", "type": "text"} },   // of an event
 *     "traits":     { "age": {"from": "age", "type": "number"} },   // of a customer
 *     "product":    { "id": {"from": "sku"}, "title": …, "price": …, "stock": …, "category": … } }
 *
 * A text stands for itself; {"from": NAME} is the column of that name (CSV) or the member (NDJSON, or a JSON
 * pointer "/a/b"). type: "text" (usual), "number", "boolean", "date", "json" (NDJSON: as it is there).
 */
#ifndef TENDERO_INTAKE_MAPPING_H
#define TENDERO_INTAKE_MAPPING_H

#include "base/arena.h"
#include "base/err.h"
#include "text/json.h"

enum mapped_as { AS_EVENT, AS_CUSTOMER, AS_PRODUCT };
enum mapped_type { TYPE_TEXT, TYPE_NUMBER, TYPE_BOOLEAN, TYPE_DATE, TYPE_JSON };

struct mapped {
    struct slice name;   // of the member it becomes
    struct slice fixed;  // the text it always is; at NULL: taken from the row
    struct slice from;
    enum mapped_type type;
};

#define MAPPED_MAX 200
struct mapping {
    enum mapped_as as;
    char separator;
    struct mapped event, timestamp, message_id, user_id, anonymous_id, group_id, email;  // name empty: absent
    struct mapped *members;  // of properties, traits or product
    size_t n;
    bool raw;  // no mapping was given: each NDJSON line is an event as a client would send it
};
/* Slices in mem. ERR_INVALID with the member's name and the remedy. Empty text: raw. */
MUST_CHECK enum err_code mapping_parse(struct slice text, struct arena *mem, struct mapping *ret,
                                       struct err *e);

#endif
