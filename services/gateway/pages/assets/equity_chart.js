// SPDX-License-Identifier: MIT
// A chart by lightweight-charts of what a portfolio was worth, in place of the server's lines.
// @ts-check
import { frame, moneyFormat, setTimes, show } from './charts.js';
import { directionOf, micros, money, signedOf } from './decimals.js';
import { barTime } from './times.js';

/** @typedef {{ time: number, value: number, equity: string, invested: string }} Point */

/** @param {HTMLElement} figure @returns {Promise<Point[]>} */
async function read({ dataset: { equity: id = '', period = '' } }) {
    const reply = await fetch(`/api/v1/portfolios/${encodeURIComponent(id)}/equity-curve?period=${encodeURIComponent(period)}`);
    if (!reply.ok)
        throw new Error(`equity-curve: ${reply.status}`);
    const { points } = await reply.json();
    return points.map((/** @type {{ at: string, equity: string, invested: string }} */ { at, equity, invested }) =>
        ({ time: Math.floor(Date.parse(at) / 1000), value: Number(equity), equity, invested }))
        // The chart has one value a second.
        .filter((/** @type {Point} */ point, /** @type {number} */ index, /** @type {Point[]} */ all) => point.time !== all[index + 1]?.time);
}

/** @param {any} library @param {HTMLElement} box @param {Point[]} points @param {HTMLElement} figure @param {AbortSignal} gone */
function draw(library, box, points, figure, gone) {
    const timeframe = 'intraday' in figure.dataset ? '5Min' : '1Day';
    const chart = library.createChart(box, frame);
    const invested = chart.addSeries(library.LineSeries, { lineWidth: 1, lineStyle: library.LineStyle.Dashed, lastValueVisible: false,
        priceLineVisible: false, priceFormat: moneyFormat });
    const equity = chart.addSeries(library.LineSeries, { lineWidth: 2, priceLineVisible: false, priceFormat: moneyFormat });
    invested.setData(points.map(point => ({ time: point.time, value: Number(point.invested) })));
    equity.setData(points.map(({ time, value }) => ({ time, value })));
    setTimes(chart, timeframe);
    chart.timeScale().fitContent();
    addEventListener('bourse:portfolio', event => {
        const portfolio = /** @type {CustomEvent} */ (event).detail;
        const last = points.at(-1);
        if (!last || portfolio.id !== figure.dataset.equity)
            return;
        Object.assign(last, { equity: portfolio.total_value, value: Number(portfolio.total_value) });
        equity.update({ time: last.time, value: last.value });
    }, { signal: gone });
    return {
        chart,
        reading: {
            series: equity,
            points,
            tell: (/** @type {number} */ index) => {
                const { time, equity: worth, invested: without } = points[index];
                const gain = micros(worth) - micros(without);
                return /** @type {[text: string, style?: string][]} */ ([[barTime(time, timeframe), 'strong'], [`Equity ${money(worth)}`],
                    [signedOf(gain), directionOf(gain)]]);
            },
        },
        paint: (/** @type {import('./charts.js').Colors} */ { muted, accent }) => {
            invested.applyOptions({ color: muted });
            equity.applyOptions({ color: accent });
        },
    };
}

/** Whether it is there; else the figure is as it was. @param {HTMLElement} figure */
export const showEquity = figure => show(figure, () => read(figure), (library, box, points, gone) => draw(library, box, points, figure, gone));
