#include "engine/clv/optimum.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define STEPS_MAX 500
#define HALVINGS_MAX 40
#define GAIN 1e-11               // of the value: a step that gives less leaves the rest to Newton
#define ROUGH_GAIN 1e-5          // of a look
#define CLIMB_GAIN 2e-4          // itself, of a climb: so little of a likelihood tells nothing
#define NEWTON_STEPS 6
#define NOTHING 1e-13
#define NEAR 1e-4                // a likelihood's gain: a hundredth of a standard error
#define RISE 1e-4                // of what the slope promises, that a step must give
#define FLAT 1e-6
#define DIFFERENCE 1e-5
#define STRIDE 2.0               // the longest step; variables are logarithms

/* A point, its value and the slope. */
struct point {
    double x[OPTIMUM_MAX], slope[OPTIMUM_MAX], value;
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static bool look(const struct surface *s, struct point *p)
{
    p->value = s->value(s->arg, p->x, p->slope);
    bool ok = isfinite(p->value);
    for (size_t i = 0; i < s->n && ok; i++)
        ok = isfinite(p->slope[i]);
    return ok;
}

static double steepest(const struct surface *s, const struct point *p)
{
    double most = 0;
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, fabs(p->slope[i]));
    return most;
}

static bool is_flat(const struct surface *s, const struct point *p)
{
    return steepest(s, p) <= FLAT * fmax(1, fabs(p->value)) * 1e-3;
}

/* Along the direction from p, as far as it rises enough; false: nowhere. */
static bool step_along(const struct surface *s, const struct point *p, const double *way, struct point *ret)
{
    double promised = dot(p->slope, way, s->n), longest = 0, length;
    for (size_t i = 0; i < s->n; i++)
        longest = fmax(longest, fabs(way[i]));
    length = longest > STRIDE ? STRIDE / longest : 1;
    for (int i = 0; i < HALVINGS_MAX && promised > 0; i++, length /= 2) {
        for (size_t k = 0; k < s->n; k++)
            ret->x[k] = p->x[k] + length * way[k];
        if (look(s, ret) && ret->value >= p->value + RISE * length * promised)
            return true;
    }
    return false;
}

/* ---- BFGS: h, the inverse of the curvature, learns from each step ---- */
static void no_curvature(size_t n, double width, double *h)
{
    memset(h, 0, n * n * sizeof *h);
    for (size_t i = 0; i < n; i++)
        h[i * n + i] = width;
}

static void multiply(const double *h, const double *v, size_t n, double *ret)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = dot(h + i * n, v, n);
}

/* fresh: h knows nothing yet, not even how wide the peak is (Nocedal and Wright, equation 6.20). */
static void learn(size_t n, double *h, bool fresh, const struct point *before, const struct point *after)
{
    double moved[OPTIMUM_MAX], bent[OPTIMUM_MAX], hb[OPTIMUM_MAX];
    for (size_t i = 0; i < n; i++) {
        moved[i] = after->x[i] - before->x[i];
        bent[i] = before->slope[i] - after->slope[i];
    }
    double both = dot(moved, bent, n);
    if (both <= 1e-12 * sqrt(dot(moved, moved, n) * dot(bent, bent, n)))
        return;                  // it does not bend downwards here
    if (fresh)
        no_curvature(n, both / dot(bent, bent, n), h);
    multiply(h, bent, n, hb);
    double scale = (1 + dot(bent, hb, n) / both) / both;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            h[i * n + k] += scale * moved[i] * moved[k] - (hb[i] * moved[k] + moved[i] * hb[k]) / both;
}

static double least_gain(enum optimum_depth depth, double value)
{
    return depth == OPTIMUM_CLIMB ? CLIMB_GAIN : fabs(value) * (depth == OPTIMUM_LOOK ? ROUGH_GAIN : GAIN);
}

static unsigned climb(const struct surface *s, const double *covariance, enum optimum_depth depth, struct point *p)
{
    double h[OPTIMUM_MAX * OPTIMUM_MAX], way[OPTIMUM_MAX];
    unsigned steps = 0;
    bool fresh = !covariance, gains = true;
    if (covariance)
        memcpy(h, covariance, s->n * s->n * sizeof *h);
    else
        no_curvature(s->n, 1, h);
    while (steps < STEPS_MAX && gains && !is_flat(s, p)) {
        struct point next;
        multiply(h, p->slope, s->n, way);
        if (fresh) {             // without curvature a step as long as the variables are
            double longest = steepest(s, p);
            for (size_t i = 0; i < s->n; i++)
                way[i] = p->slope[i] / longest * 0.1;
        }
        if (!step_along(s, p, way, &next)) {
            if (fresh)
                break;
            no_curvature(s->n, 1, h);
            fresh = true;
            continue;
        }
        learn(s->n, h, fresh, p, &next);
        gains = fresh || next.value - p->value > least_gain(depth, p->value);
        fresh = false;
        *p = next;
        steps++;
    }
    return steps;
}

/* ---- the second derivatives ---- */
static bool curvature(const struct surface *s, const struct point *p, double *ret)
{
    size_t n = s->n;
    for (size_t i = 0; i < n; i++) {
        struct point up = *p, down = *p;
        up.x[i] += DIFFERENCE;
        down.x[i] -= DIFFERENCE;
        if (!look(s, &up) || !look(s, &down))
            return false;
        for (size_t k = 0; k < n; k++)
            ret[i * n + k] = (down.slope[k] - up.slope[k]) / (2 * DIFFERENCE);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            ret[i * n + k] = ret[k * n + i] = (ret[i * n + k] + ret[k * n + i]) / 2;
    return true;
}

/* The inverse by Cholesky; false: it is not positive in every direction. */
static bool invert(const double *of, size_t n, double *ret)
{
    double l[OPTIMUM_MAX * OPTIMUM_MAX] = { 0 };
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            double rest = of[i * n + k] - dot(l + i * n, l + k * n, k);
            if (i == k && rest <= 0)
                return false;
            l[i * n + k] = i == k ? sqrt(rest) : rest / l[k * n + k];
        }
    for (size_t column = 0; column < n; column++) {
        double y[OPTIMUM_MAX];
        for (size_t i = 0; i < n; i++)
            y[i] = ((i == column) - dot(l + i * n, y, i)) / l[i * n + i];
        for (size_t i = n; i-- > 0;) {
            double rest = y[i];
            for (size_t k = i + 1; k < n; k++)
                rest -= l[k * n + i] * ret[k * n + column];
            ret[i * n + column] = rest / l[i * n + i];
        }
    }
    return true;
}

/* Steps with one curvature, which they hardly change; false: it does not bend downwards in every direction. far: they gain so
 * much that it did. */
static bool newton_steps(const struct surface *s, struct point *p, double *covariance, bool *far)
{
    double bend[OPTIMUM_MAX * OPTIMUM_MAX], way[OPTIMUM_MAX];
    *far = false;
    if (!curvature(s, p, bend) || !invert(bend, s->n, covariance))
        return false;
    for (int i = 0; i < NEWTON_STEPS; i++) {
        struct point next;
        multiply(covariance, p->slope, s->n, way);
        if (is_flat(s, p) || !step_along(s, p, way, &next))
            break;
        double gain = next.value - p->value;
        *far = *far || gain > NEAR;
        *p = next;
        if (gain <= NOTHING * fabs(p->value))
            break;
    }
    return true;
}

static bool newton(const struct surface *s, struct point *p, double *covariance)
{
    bool peaked = true, far = true;
    for (int i = 0; i < NEWTON_STEPS && far && peaked; i++)
        peaked = newton_steps(s, p, covariance, &far);
    return peaked;
}

bool optimum_find(const struct surface *s, const double *start, const double *covariance, enum optimum_depth depth,
                  struct optimum *ret)
{
    struct point p;
    assert(s->n > 0 && s->n <= OPTIMUM_MAX);
    *ret = (struct optimum){ .value = -INFINITY };
    memcpy(p.x, start, s->n * sizeof *p.x);
    if (!look(s, &p))
        return false;
    ret->steps = climb(s, covariance, depth, &p);
    ret->peaked = depth == OPTIMUM_PEAK && newton(s, &p, ret->covariance);
    memcpy(ret->x, p.x, s->n * sizeof *p.x);
    ret->value = p.value;
    ret->gradient = steepest(s, &p);
    ret->found = ret->gradient <= FLAT * fmax(1, fabs(p.value));
    return true;
}
