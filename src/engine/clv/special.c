#include "engine/clv/special.h"

#include <assert.h>
#include <math.h>
#include <threads.h>

#define TERMS_MAX 100000
#define ASYMPTOTIC 10.0          // from here on the expansion is exact to a double

double digamma(double x)
{
    assert(x > 0);
    double below = 0;
    for (; x < ASYMPTOTIC; x++)
        below += 1 / x;
    double y = 1 / (x * x);
    double tail = y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * 691.0 / 32760)))));
    return log(x) - 0.5 / x - tail - below;
}

double hypergeometric(double a, double b, double c, double z)
{
    assert(z >= 0 && z < 1);
    double term = 1, sum = 1;
    for (int n = 0; n < TERMS_MAX; n++) {
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if (fabs(term) <= 1e-16 * fabs(sum))
            break;
    }
    return sum;
}

static struct gauss rule;
static once_flag rule_once = ONCE_FLAG_INIT;

/* Newton's steps to each root of Legendre's polynomial, from Tricomi's guess. */
static void make_rule(void)
{
    enum { N = GAUSS_NODES };
    for (int i = 0; i < N; i++) {
        double x = cos(3.14159265358979323846 * (i + 0.75) / (N + 0.5)), slope = 1;
        for (int step = 0; step < 10; step++) {
            double before = 1, p = x;
            for (int k = 2; k <= N; k++) {
                double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
                before = p;
                p = next;
            }
            slope = N * (x * p - before) / (x * x - 1);
            x -= p / slope;
        }
        rule.node[i] = (1 - x) / 2;
        rule.weight[i] = 1 / ((1 - x * x) * slope * slope);
    }
}

const struct gauss *gauss(void)
{
    call_once(&rule_once, make_rule);
    return &rule;
}
