// SPDX-License-Identifier: MIT
// The money-weighted return. With u = ln(1 + rate) what is to be 0 is a sum of exponentials,
// f(u) = sum(amount * e^(u * days / unit)) - worth, which is smooth, and has at most as many roots
// as the signs of the payments change from one to the next. It is looked at on a grid, and where
// its sign changes the root is bracketed and found by halving: that always ends.
#include "analytics.h"

#include <math.h>

enum { GRID = 2048, HALVINGS = 64 };

#define RATE_LEAST (-0.9999)
#define RATE_MOST 1000.0

struct equation {
    const struct analytics_flow *flows;
    size_t count;
    double worth;
    double unit_days;
};

static double at(const struct equation *equation, double u)
{
    double sum = -equation->worth;

    for (size_t i = 0; i < equation->count; i++)
        sum += equation->flows[i].amount * exp(u * equation->flows[i].days / equation->unit_days);
    return sum;
}

static double halve(const struct equation *equation, double low, double high, double at_low)
{
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2;
        double at_middle = at(equation, middle);

        if (at_middle == 0)
            return middle;
        if ((at_middle < 0) == (at_low < 0))
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static bool has_money(const struct equation *equation)
{
    for (size_t i = 0; i < equation->count; i++) {
        if (equation->flows[i].amount != 0)
            return true;
    }
    return false;
}

static bool has_time(const struct equation *equation)
{
    for (size_t i = 0; i < equation->count; i++) {
        if (equation->flows[i].amount != 0 && equation->flows[i].days > 0)
            return true;
    }
    return false;
}

struct analytics_figure analytics_money_weighted(const struct analytics_flow *flows,
                                                 size_t count,
                                                 double worth,
                                                 double unit_days)
{
    struct equation equation = {flows, count, worth, unit_days};
    double low = log1p(RATE_LEAST);
    double step = (log1p(RATE_MOST) - low) / GRID;
    double at_low = 0;
    double root = 0;
    size_t roots = 0;

    if (!has_money(&equation))
        return analytics_unknown(ANALYTICS_NOTHING_INVESTED);
    if (unit_days <= 0 || !has_time(&equation))
        return analytics_unknown(ANALYTICS_NO_SOLUTION);
    at_low = at(&equation, low);
    for (int i = 1; i <= GRID; i++) {
        double u = low + step;
        double at_u = at(&equation, u);

        // A root that lies on the grid belongs to the step that ends there.
        if (at_u == 0 || (at_low != 0 && (at_u < 0) != (at_low < 0))) {
            root = at_u == 0 ? u : halve(&equation, low, u, at_low);
            roots++;
        }
        low = u;
        at_low = at_u;
    }
    if (roots != 1)
        return analytics_unknown(roots == 0 ? ANALYTICS_NO_SOLUTION : ANALYTICS_MANY_SOLUTIONS);
    return analytics_known(expm1(root));
}
