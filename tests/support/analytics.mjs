// SPDX-License-Identifier: MIT
// analytics: the figures of a portfolio once more, from their formulas and from nothing of the services'.
//
// A day is {start, deposits, withdrawals, end}: numbers of dollars. What is not defined is null.

const sum = values => values.reduce((total, value) => total + value, 0);
export const mean = values => sum(values) / values.length;

export function covariance(ones, others) {
    const [a, b] = [mean(ones), mean(others)];
    return sum(ones.map((one, at) => (one - a) * (others[at] - b))) / (ones.length - 1);
}

const deviation = values => Math.sqrt(covariance(values, values));

// The return of a day; null for one with nothing invested, NaN for one that is not defined.
export function dayReturn({ start, deposits, withdrawals, end }) {
    const [before, after] = [start + deposits, end + withdrawals];
    if (before === 0 && after === 0)
        return null;
    return before <= 0 || after <= 0 ? NaN : after / before - 1;
}

export function returnsOf(days) {
    return days.map(dayReturn).filter(one => one !== null);
}

export const timeWeighted = days => returnsOf(days).reduce((growth, one) => growth * (1 + one), 1) - 1;

export function simple(days) {
    const put = days[0].start + sum(days.map(day => day.deposits));
    return put > 0 ? (days.at(-1).end + sum(days.map(day => day.withdrawals)) - put) / put : null;
}

// Newton's method from several beginnings; the root that has no other beside it.
export function moneyWeighted(flows, worth, unit) {
    const value = rate => sum(flows.map(({ amount, days }) => amount * (1 + rate) ** (days / unit))) - worth;
    const slope = rate => sum(flows.map(({ amount, days }) => amount * days / unit * (1 + rate) ** (days / unit - 1)));
    const roots = [];
    for (const first of [-0.9, -0.5, -0.1, 0, 0.05, 0.5, 2, 10]) {
        let rate = first;
        for (let step = 0; step < 200 && rate > -1; step++)
            rate -= value(rate) / slope(rate);
        if (rate > -0.9999 && rate < 1000 && Math.abs(value(rate)) < 1e-6 * (Math.abs(worth) + 1) &&
            !roots.some(root => Math.abs(root - rate) < 1e-7 * (1 + Math.abs(rate))))
            roots.push(rate);
    }
    return roots.length === 1 ? roots[0] : null;
}

export const volatility = (returns, year) => returns.length < 2 ? null : deviation(returns) * Math.sqrt(year);

export function sharpe(returns, year) {
    const spread = returns.length < 2 ? 0 : deviation(returns);
    return spread > 1e-15 ? mean(returns) / spread * Math.sqrt(year) : null;
}

export function sortino(returns, year) {
    const below = Math.sqrt(mean(returns.map(one => Math.min(one, 0) ** 2)));
    return returns.length > 1 && below > 0 ? mean(returns) * year / (below * Math.sqrt(year)) : null;
}

export const total = returns => returns.reduce((growth, one) => growth * (1 + one), 1) - 1;

// The 5th percentile of the returns, and the mean of those that are not above it.
export function valueAtRisk(returns) {
    const sorted = [...returns].sort((one, other) => one - other);
    const place = (sorted.length - 1) / 20;
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return sorted.length < 20 ? null : below + (above - below) * (place % 1);
}

export function expectedShortfall(returns) {
    const limit = valueAtRisk(returns);
    return limit === null ? null : mean(returns.filter(one => one <= limit));
}

// What a figure is of the last so many returns.
export const rolling = (figure, returns, window, ...rest) =>
    returns.length < window ? null : figure(returns.slice(-window), ...rest);

export function maximumDrawdown(returns) {
    let [growth, highest, deepest] = [1, 1, 0];
    for (const one of returns) {
        growth *= 1 + one;
        highest = Math.max(highest, growth);
        deepest = Math.min(deepest, growth / highest - 1);
    }
    return deepest;
}

export function beta(returns, benchmark) {
    const variance = returns.length < 2 ? 0 : covariance(benchmark, benchmark);
    return variance > 1e-30 ? covariance(returns, benchmark) / variance : null;
}

export function alpha(returns, benchmark, year) {
    const slope = beta(returns, benchmark);
    return slope === null ? null : (1 + mean(returns) - slope * mean(benchmark)) ** year - 1;
}
