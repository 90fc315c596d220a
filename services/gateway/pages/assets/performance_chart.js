// SPDX-License-Identifier: MIT
// Charts by lightweight-charts of a portfolio's days, in place of the server's lines.
// @ts-check
import { moneyFormat, percentFormat, readApiOnce, show } from './charts.js';
import { money, percent } from './decimals.js';
import { drawLines } from './lines.js';

/** The days that the page is about, asked for once by all of its charts. @param {HTMLElement} figure */
function read(figure) {
    const { performance: id = '', ...rest } = /** @type {HTMLElement} */ (figure.closest('[data-performance]')).dataset;
    const query = new URLSearchParams();
    for (const name of ['period', 'benchmark', 'rolling'])
        if (rest[name])
            query.set(name, rest[name]);
    return readApiOnce(`/api/v1/portfolios/${encodeURIComponent(id)}/performance?${query}`);
}

/** @param {any[]} days @param {string} name @param {(value: number) => number} drawn as it is drawn @param {(text: string) => string} say */
const values = (days, name, drawn, say) => days.filter(day => day[name] !== undefined).map(day => {
    const value = drawn(Number(day[name]));
    return { time: Math.floor(Date.parse(day.date) / 1000), value, said: say(value.toFixed(6)) };
});

const asGrowth = (/** @type {number} */ ratio) => 100 * (ratio - 1);
const asPercent = (/** @type {number} */ ratio) => 100 * ratio;
const asIs = (/** @type {number} */ value) => value;
const share = (/** @type {string} */ text) => `${money(text)}%`;

/** What each chart shows, the curve first that it is about. @type {{ [name: string]: (days: any[], benchmark: string) => import('./lines.js').Curve[] }} */
const charts = {
    growth: (days, benchmark) => [
        { label: 'Growth', values: values(days, 'growth', asGrowth, percent), format: percentFormat },
        { label: benchmark, values: values(days, 'benchmark_growth', asGrowth, percent), format: percentFormat, look: 'beside' }],
    equity: days => [
        { label: 'Equity', values: values(days, 'equity', asIs, money), format: moneyFormat },
        { label: 'Net deposits', values: values(days, 'invested', asIs, money), format: moneyFormat, look: 'beside' }],
    drawdown: days => [{ label: 'Drawdown', values: values(days, 'drawdown', asPercent, percent), format: percentFormat, look: 'below' }],
    volatility: days => [{ label: 'Volatility', values: values(days, 'rolling_volatility', asPercent, share), format: percentFormat }],
};

/** Whether it is there; else the figure is as it was. @param {HTMLElement} figure */
export const showSeries = figure => show(figure, () => read(figure), (library, box, { series, benchmark }) =>
    drawLines(library, box, charts[figure.dataset.series ?? ''](series, benchmark ?? ''), '1Day'));
