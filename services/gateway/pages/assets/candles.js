// SPDX-License-Identifier: MIT
// A chart by lightweight-charts in place of the candles, or the line, that the server has drawn. The tables below stay.
// @ts-check

import { frame, moneyFormat, readApi, setTimes, show } from './charts.js';
import { direction, grouped, percent } from './decimals.js';
import { barTime } from './times.js';

const BARS_SHOWN = '2500'; // as on the server's chart

const time = (/** @type {string} */ text) => Math.floor(Date.parse(text) / 1000);

/** @param {HTMLElement} figure */
async function readBars(figure) {
    const { chart: ticker = '', timeframe = '', start = '' } = figure.dataset;
    const query = new URLSearchParams({ timeframe, limit: BARS_SHOWN, sort: 'desc', adjustment: 'split' });
    if (start)
        query.set('start', start);
    return (await readApi(`/api/v1/bars/${encodeURIComponent(ticker)}?${query}`)).bars.reverse();
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

const NARROW_PX = 560;

/** @typedef {{ time: number, open: number, high: number, low: number, close: number, volume?: number }} Bar */

const price = (/** @type {number} */ value) => grouped(value.toFixed(6), 2);

/** A bar in words, and what the price has changed by since the one before. @param {Bar} bar @param {Bar | undefined} before @param {string} timeframe */
function describe({ time: at, open, high, low, close, volume }, before, timeframe) {
    /** @type {[text: string, style?: string][]} */
    const words = [[barTime(at, timeframe), 'strong'],
        [`O ${price(open)}`], [`H ${price(high)}`], [`L ${price(low)}`], [`C ${price(close)}`]];
    if (before) {
        const change = (100 * (close / before.close - 1)).toFixed(4);
        words.push([percent(change), direction(change)]);
    }
    if (volume)
        words.push([`Volume ${grouped(String(volume), 0)}`]);
    return words;
}

const SECONDS = { '1Min': 60, '5Min': 300, '15Min': 900, '1Hour': 3600, '1Day': 86400 };

/**
 * The last bar as a price that has come since makes it, or the one after it; nothing for a price of another day.
 * @param {Bar} bar
 * @param {any} quote
 * @param {string} timeframe
 */
function grow(bar, quote, timeframe) {
    // Weeks and months are not of one length; the last one is the present one.
    const period = SECONDS[/** @type {keyof SECONDS} */ (timeframe)] ?? Infinity;
    const periods = Math.floor((time(quote.quoted_at) - bar.time) / period);
    const now = Number(quote.price);
    if (periods === 0)
        return { ...bar, high: Math.max(bar.high, now), low: Math.min(bar.low, now), close: now };
    if (periods > 0 && timeframe !== '1Day')
        return { time: bar.time + periods * period, open: now, high: now, low: now, close: now };
    return undefined;
}

/** @param {any} library @param {HTMLElement} box @param {any[]} bars @param {HTMLElement} figure @param {AbortSignal} gone */
function draw(library, box, bars, figure, gone) {
    const { chart: ticker, timeframe = '' } = figure.dataset;
    const chart = library.createChart(box, frame);
    const isLine = 'line' in figure.dataset;
    const prices = chart.addSeries(isLine ? library.LineSeries : library.CandlestickSeries, { priceFormat: moneyFormat });
    // What a series is given of a bar.
    const point = (/** @type {Bar} */ bar) => isLine ? { time: bar.time, value: bar.close } : bar;
    const volume = chart.addSeries(library.HistogramSeries, { priceFormat: { type: 'volume' }, priceScaleId: '', lastValueVisible: false, priceLineVisible: false });

    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    // Below what it says, which is two lines on a phone.
    prices.priceScale().applyOptions({ scaleMargins: { top: box.clientWidth < NARROW_PX ? 0.2 : 0.12, bottom: 0.22 } });
    setTimes(chart, timeframe);
    /** @type {Bar[]} */
    const shown = [];
    /** @param {any[]} read */
    const set = read => {
        shown.splice(0, shown.length, ...read.map(bar => ({ time: time(bar.time), open: Number(bar.open), high: Number(bar.high),
            low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) })));
        prices.setData(shown.map(point));
        volume.setData(shown.map(bar => ({ time: bar.time, value: bar.volume })));
    };
    set(bars);
    addEventListener('bourse:quote', event => {
        const quote = /** @type {CustomEvent} */ (event).detail;
        // Before it there may have been a time that nobody told of.
        if (quote.snapshot && quote.ticker === ticker)
            readBars(figure).then(read => gone.aborted || set(read), () => undefined);
        const last = shown.at(-1);
        const grown = last && quote.ticker === ticker && !quote.stale && grow(last, quote, timeframe);
        if (!grown)
            return;
        shown.splice(grown.time === last.time ? -1 : shown.length, 1, grown);
        prices.update(point(grown));
    }, { signal: gone });
    chart.timeScale().fitContent();
    const own = library.createSeriesMarkers(prices, []);
    /** @type {any[]} */
    let lines = [];
    return {
        chart,
        reading: {
            series: prices,
            points: shown,
            tell: (/** @type {number} */ index) => describe(shown[index], shown[index - 1], timeframe),
        },
        paint: (/** @type {import('./charts.js').Colors} */ colors) => {
            const { up, down, line, accent } = colors;
            lines.forEach(one => prices.removePriceLine(one));
            lines = levels(library, colors).map(one => prices.createPriceLine(one));
            prices.applyOptions(isLine ? { color: accent, lineWidth: 2 }
                : { upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down });
            volume.applyOptions({ color: line });
            own.setMarkers(fills(shown.map(bar => bar.time), up, down));
        },
    };
}

/** Whether it is there; else the figure is as it was. @param {HTMLElement} figure */
export const showCandles = figure => show(figure, () => readBars(figure),
    (library, box, bars, gone) => draw(library, box, bars, figure, gone));
