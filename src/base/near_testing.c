#include "base/near_testing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void near(double is, double want, double by)
{
    if (!(fabs(is - want) <= by))
        fail_msg("%.10g, not %.10g", is, want);
}
