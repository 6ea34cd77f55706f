/* For tests of this room: shoppers who are made up. */
#ifndef TENDERO_ENGINE_SHARE_SHARE_TESTING_H
#define TENDERO_ENGINE_SHARE_SHARE_TESTING_H

#include "base/near_testing.h"
#include "engine/share/draw.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

#endif
