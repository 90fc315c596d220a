// SPDX-License-Identifier: MIT
// A chart by lightweight-charts in place of the candles that the server has drawn. The tables below stay.
// @ts-check

import { frame, moneyFormat, show } from './charts.js';

const time = (/** @type {string} */ text) => Math.floor(Date.parse(text) / 1000);

/** @param {HTMLElement} figure */
async function readBars(figure) {
    const { chart: ticker = '', timeframe = '', start = '' } = figure.dataset;
    const query = new URLSearchParams({ timeframe, limit: '400', sort: 'desc', adjustment: 'split' });
    if (start)
        query.set('start', start);
    const reply = await fetch(`/api/v1/bars/${encodeURIComponent(ticker)}?${query}`);
    if (!reply.ok)
        throw new Error(`bars: ${reply.status}`);
    return (await reply.json()).bars.reverse();
}

/** What the table beside the chart has of the reader's own fills, at the bars they are in. @param {number[]} times @param {string} up @param {string} down */
function fills(times, up, down) {
    return [...document.querySelectorAll('[data-fills] [data-side]')].map(row => {
        const at = time(row.querySelector('time')?.dateTime ?? '');
        const isBuy = /** @type {HTMLElement} */ (row).dataset.side === 'buy';
        return { time: times.filter(one => one <= at).at(-1) ?? times[0], position: isBuy ? 'belowBar' : 'aboveBar',
            shape: isBuy ? 'arrowUp' : 'arrowDown', color: isBuy ? up : down };
    }).sort((one, other) => one.time - other.time);
}

/** What the page has of the reader's own levels: prices that orders wait for, and what the position has cost. @param {any} library @param {import('./charts.js').Colors} colors */
const levels = (library, { up, down, muted }) => [...document.querySelectorAll('[data-part="levels"] data')]
    .map(level => /** @type {HTMLDataElement} */ (level))
    .map(({ value, dataset: { side }, textContent }) => ({ price: Number(value), title: textContent, lineWidth: 1, lineStyle: library.LineStyle.Dashed,
        color: side === 'buy' ? up : side === 'sell' ? down : muted }));

const SECONDS = { '1Min': 60, '5Min': 300, '15Min': 900, '1Hour': 3600, '1Day': 86400 };

/**
 * The last bar as a price that has come since makes it, or the one after it; nothing for a price of another day.
 * @param {{ time: number, open: number, high: number, low: number, close: number }} bar
 * @param {any} quote
 * @param {string} timeframe
 */
function grow(bar, quote, timeframe) {
    // Weeks and months are not of one length; the last one is the present one.
    const period = SECONDS[/** @type {keyof SECONDS} */ (timeframe)] ?? Infinity;
    const periods = Math.floor((time(quote.quoted_at) - bar.time) / period);
    const price = Number(quote.price);
    if (periods === 0)
        return { ...bar, high: Math.max(bar.high, price), low: Math.min(bar.low, price), close: price };
    if (periods > 0 && timeframe !== '1Day')
        return { time: bar.time + periods * period, open: price, high: price, low: price, close: price };
    return undefined;
}

/** @param {any} library @param {HTMLElement} box @param {any[]} bars @param {DOMStringMap} wanted @param {AbortSignal} gone */
function draw(library, box, bars, { chart: ticker, timeframe = '' }, gone) {
    const chart = library.createChart(box, frame);
    const candles = chart.addSeries(library.CandlestickSeries, { priceFormat: moneyFormat });
    const volume = chart.addSeries(library.HistogramSeries, { priceFormat: { type: 'volume' }, priceScaleId: '', lastValueVisible: false, priceLineVisible: false });
    const isIntraday = /Min|Hour/.test(timeframe);

    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    candles.priceScale().applyOptions({ scaleMargins: { top: 0.05, bottom: 0.22 } });
    chart.timeScale().applyOptions({ timeVisible: isIntraday });
    const shown = bars.map(bar => ({ time: time(bar.time), open: Number(bar.open), high: Number(bar.high),
        low: Number(bar.low), close: Number(bar.close) }));
    candles.setData(shown);
    let last = shown.at(-1);
    addEventListener('bourse:quote', event => {
        const quote = /** @type {CustomEvent} */ (event).detail;
        const grown = last && quote.ticker === ticker && !quote.stale && grow(last, quote, timeframe);
        if (grown) {
            last = grown;
            candles.update(grown);
        }
    }, { signal: gone });
    volume.setData(bars.map(bar => ({ time: time(bar.time), value: Number(bar.volume) })));
    chart.timeScale().fitContent();
    const own = library.createSeriesMarkers(candles, []);
    /** @type {any[]} */
    let lines = [];
    return {
        chart,
        paint: (/** @type {import('./charts.js').Colors} */ colors) => {
            const { up, down, line } = colors;
            lines.forEach(one => candles.removePriceLine(one));
            lines = levels(library, colors).map(one => candles.createPriceLine(one));
            candles.applyOptions({ upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down });
            volume.applyOptions({ color: line });
            own.setMarkers(fills(bars.map(bar => time(bar.time)), up, down));
        },
    };
}

/** Whether it is there; else the figure is as it was. @param {HTMLElement} figure */
export const showCandles = figure => show(figure, () => readBars(figure),
    (library, box, bars, gone) => draw(library, box, bars, figure.dataset, gone));
