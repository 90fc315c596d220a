// SPDX-License-Identifier: MIT
// The curves of a backtest with what was bought and sold on them. The tables below stay.
// @ts-check
import { frame, moneyFormat, percentFormat, setTimes, show } from './charts.js';
import { money, percent } from './decimals.js';
import { barTime } from './times.js';

/** @type {Map<string, Promise<any>>} */
const asked = new Map();

/** @param {string} id */
function read(id) {
    const known = asked.get(id) ?? fetch(`/api/v1/backtests/${encodeURIComponent(id)}`).then(reply => {
        if (!reply.ok)
            throw new Error(`backtest: ${reply.status}`);
        return reply.json();
    });
    asked.set(id, known);
    return known;
}

const MARKS_MAX = 60; // more of them are drawn small, or they hide the curve

const time = (/** @type {string} */ text) => Math.floor(Date.parse(text) / 1000);

/** @param {any} backtest @param {string} name */
const line = (backtest, name) => backtest.curve.filter((/** @type {any} */ point) => point[name] !== undefined)
    .map((/** @type {any} */ point) => ({ time: time(point.time), value: Number(point[name]) }));

/**
 * What a chart says of the points that have a value of the first name: those, each called as it is on the page.
 * @param {any} backtest @param {any} series @param {{ name: string, label: string, format: (text: string) => string }[]} values
 * @returns {import('./readout.js').Reading}
 */
function reading(backtest, series, values) {
    const known = backtest.curve.filter((/** @type {any} */ point) => point[values[0].name] !== undefined);
    const points = line(backtest, values[0].name);
    return {
        series,
        points,
        tell: index => [[barTime(points[index].time, backtest.timeframe), 'strong'], ...values.filter(({ name }) => known[index][name] !== undefined)
            .map(({ name, label, format }) => /** @type {[string]} */ ([`${label} ${format(known[index][name])}`]))],
    };
}

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
    const chart = library.createChart(box, frame);
    const benchmark = chart.addSeries(library.LineSeries, { lineWidth: 1, lineStyle: library.LineStyle.Dashed, lastValueVisible: false,
        priceLineVisible: false, priceFormat: moneyFormat });
    const equity = chart.addSeries(library.LineSeries, { lineWidth: 2, priceLineVisible: false, priceFormat: moneyFormat });
    const trades = library.createSeriesMarkers(equity, []);
    benchmark.setData(line(backtest, 'benchmark'));
    equity.setData(line(backtest, 'equity'));
    setTimes(chart, backtest.timeframe);
    chart.timeScale().fitContent();
    return {
        chart,
        reading: reading(backtest, equity, [{ name: 'equity', label: 'Equity', format: money }, { name: 'benchmark', label: 'Benchmark', format: money }]),
        paint: (/** @type {import('./charts.js').Colors} */ { muted, accent, up, down }) => {
            benchmark.applyOptions({ color: muted });
            equity.applyOptions({ color: accent });
            trades.setMarkers(markers(backtest, up, down));
        },
    };
}

/** @param {any} library @param {HTMLElement} box @param {any} backtest */
function drawDrawdown(library, box, backtest) {
    const chart = library.createChart(box, frame);
    const drawdown = chart.addSeries(library.BaselineSeries, { baseValue: { type: 'price', price: 0 }, lineWidth: 2, priceLineVisible: false,
        priceFormat: percentFormat });
    drawdown.setData(line(backtest, 'drawdown_percent'));
    setTimes(chart, backtest.timeframe);
    chart.timeScale().fitContent();
    return {
        chart,
        reading: reading(backtest, drawdown, [{ name: 'drawdown_percent', label: 'Drawdown', format: percent }]),
        paint: (/** @type {import('./charts.js').Colors} */ { down, downSoft }) => {
            drawdown.applyOptions({ bottomLineColor: down, topLineColor: down, bottomFillColor1: downSoft, bottomFillColor2: downSoft });
        },
    };
}

/** What is on the page and not drawn yet. */
function begin() {
    for (const figure of document.querySelectorAll('[data-backtest]')) {
        if (!(figure instanceof HTMLElement) || figure.dataset.drawn)
            continue;
        figure.dataset.drawn = 'true';
        show(figure, () => read(figure.dataset.backtest ?? ''), figure.dataset.curve === 'equity' ? drawEquity : drawDrawdown);
    }
}
begin();
addEventListener('bourse:parts', begin);
