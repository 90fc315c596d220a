// SPDX-License-Identifier: MIT
// The curves of a backtest with what was bought and sold on them. The tables below stay.
// @ts-check
import { moneyFormat, percentFormat, readApiOnce, show } from './charts.js';
import { money, percent } from './decimals.js';
import { drawLines } from './lines.js';

const MARKS_MAX = 60; // more of them are drawn small, or they hide the curve

const time = (/** @type {string} */ text) => Math.floor(Date.parse(text) / 1000);

/**
 * The points that have a value of that name.
 * @param {any} backtest @param {string} name @param {(text: string) => string} say
 */
const values = (backtest, name, say) => backtest.curve.filter((/** @type {any} */ point) => point[name] !== undefined)
    .map((/** @type {any} */ point) => ({ time: time(point.time), value: Number(point[name]), said: say(point[name]) }));

/** @param {any} backtest @param {string} up @param {string} down */
function markers(backtest, up, down) {
    const filled = (backtest.orders ?? [])
        .filter((/** @type {any} */ order) => order.ended_at && Number(order.filled_quantity) > 0);
    const size = filled.length > MARKS_MAX ? 0.5 : 1;
    return filled
        .map((/** @type {any} */ order) => ({
            time: time(order.ended_at), position: order.side === 'buy' ? 'belowBar' : 'aboveBar',
            shape: order.side === 'buy' ? 'arrowUp' : 'arrowDown', color: order.side === 'buy' ? up : down, size,
        }))
        .sort((/** @type {any} */ one, /** @type {any} */ other) => one.time - other.time);
}

/** @param {any} library @param {HTMLElement} box @param {any} backtest */
function drawEquity(library, box, backtest) {
    const lines = drawLines(library, box, [{ label: 'Equity', values: values(backtest, 'equity', money), format: moneyFormat },
        { label: 'Benchmark', values: values(backtest, 'benchmark', money), format: moneyFormat, look: 'beside' }], backtest.timeframe);
    const trades = library.createSeriesMarkers(lines.first, []);
    return {
        ...lines,
        paint: (/** @type {import('./charts.js').Colors} */ colors) => {
            lines.paint(colors);
            trades.setMarkers(markers(backtest, colors.up, colors.down));
        },
    };
}

/** @param {any} library @param {HTMLElement} box @param {any} backtest */
const drawDrawdown = (library, box, backtest) => drawLines(library, box, [{ label: 'Drawdown',
    values: values(backtest, 'drawdown_percent', percent), format: percentFormat, look: 'below' }], backtest.timeframe);

/** What is on the page and not drawn yet. */
function begin() {
    for (const figure of document.querySelectorAll('[data-backtest]')) {
        if (!(figure instanceof HTMLElement) || figure.dataset.drawn)
            continue;
        figure.dataset.drawn = 'true';
        show(figure, () => readApiOnce(`/api/v1/backtests/${encodeURIComponent(figure.dataset.backtest ?? '')}`),
            figure.dataset.curve === 'equity' ? drawEquity : drawDrawdown);
    }
}
begin();
addEventListener('bourse:parts', begin);
