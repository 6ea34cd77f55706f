/* For tests of this room: closeness, and shoppers who are made up. Needs cmocka's headers before it. */
#ifndef TENDERO_ENGINE_SHARE_SHARE_TESTING_H
#define TENDERO_ENGINE_SHARE_SHARE_TESTING_H

#include "engine/share/draw.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Fails where they are further apart. */
void near(double is, double want, double by);

#endif
