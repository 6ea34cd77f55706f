/* schemas.json, compiled in by script/gen-schemas. */
#ifndef TENDERO_API_SCHEMAS_H
#define TENDERO_API_SCHEMAS_H

#include "base/slice.h"

struct slice api_schemas(void);

#endif
