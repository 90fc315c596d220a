// SPDX-License-Identifier: MIT
// A chart by lightweight-charts of what a portfolio was worth, in place of the server's lines.
// @ts-check
import { moneyFormat, readApi, show } from './charts.js';
import { directionOf, micros, money, signedOf } from './decimals.js';
import { drawLines } from './lines.js';

/** @typedef {{ at: string, equity: string, invested: string }} Point */

/** @param {HTMLElement} figure @returns {Promise<Point[]>} */
const read = async ({ dataset: { equity: id = '', period = '' } }) =>
    (await readApi(`/api/v1/portfolios/${encodeURIComponent(id)}/equity-curve?period=${encodeURIComponent(period)}`)).points;

const time = (/** @type {Point} */ point) => Math.floor(Date.parse(point.at) / 1000);

/** What is said of a point: the equity, and the gain on what it would be without any. @param {string} equity @param {string} invested */
function words(equity, invested) {
    const gain = micros(equity) - micros(invested);
    return [{ value: Number(equity), said: money(equity) }, { value: Number(invested), said: signedOf(gain), style: directionOf(gain) }];
}

/** The values of both curves. @param {Point[]} all @returns {import('./lines.js').Value[][]} */
function valuesOf(all) {
    // A chart has one value a second.
    const points = all.filter((point, index) => index === all.length - 1 || time(point) !== time(all[index + 1]));
    return [0, 1].map(which => points.map(point => ({ time: time(point), ...words(point.equity, point.invested)[which] })));
}

/** @param {any} library @param {HTMLElement} box @param {Point[]} points @param {HTMLElement} figure @param {AbortSignal} gone */
function draw(library, box, points, figure, gone) {
    const [equity, invested] = valuesOf(points);
    const lines = drawLines(library, box, [{ label: 'Equity', values: equity, format: moneyFormat },
        { label: '', values: invested, format: moneyFormat, look: 'beside' }], 'intraday' in figure.dataset ? '5Min' : '1Day');
    addEventListener('bourse:measured', () => read(figure).then(all => {
        if (gone.aborted)
            return;
        lines.change(valuesOf(all));
        dispatchEvent(new Event('bourse:redrawn'));
    }, () => undefined), { signal: gone });
    addEventListener('bourse:portfolio', event => {
        const { id, total_value: worth, cash_balance: cash } = /** @type {CustomEvent} */ (event).detail;
        const last = invested.at(-1);
        // With other cash the whole comes anew.
        if (!last || id !== figure.dataset.equity || cash !== figure.dataset.cash)
            return;
        [equity, invested].forEach((values, which) => Object.assign(values[values.length - 1], words(worth, String(last.value))[which]));
        lines.first.update({ time: last.time, value: Number(worth) });
    }, { signal: gone });
    return lines;
}

/** Whether it is there; else the figure is as it was. @param {HTMLElement} figure */
export const showEquity = figure => show(figure, () => read(figure), (library, box, points, gone) => draw(library, box, points, figure, gone));
