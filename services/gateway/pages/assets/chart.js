// SPDX-License-Identifier: MIT
// Candles and volume in place of the line that the server has drawn. The table below stays.
// @ts-check

import { frame, moneyFormat, show, token } from './charts.js';

const figure = /** @type {HTMLElement} */ (document.querySelector('[data-chart]'));

async function readBars() {
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
        const at = Math.floor(Date.parse(row.querySelector('time')?.dateTime ?? '') / 1000);
        const isBuy = /** @type {HTMLElement} */ (row).dataset.side === 'buy';
        return { time: times.filter(one => one <= at).at(-1) ?? times[0], position: isBuy ? 'belowBar' : 'aboveBar',
            shape: isBuy ? 'arrowUp' : 'arrowDown', color: isBuy ? up : down };
    }).sort((one, other) => one.time - other.time);
}

/** @param {any} library @param {HTMLElement} box @param {any[]} bars */
function draw(library, box, bars) {
    const chart = library.createChart(box, frame);
    const candles = chart.addSeries(library.CandlestickSeries, { priceFormat: moneyFormat });
    const volume = chart.addSeries(library.HistogramSeries, { priceFormat: { type: 'volume' }, priceScaleId: '' });
    const isIntraday = /Min|Hour/.test(figure.dataset.timeframe ?? '');

    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    candles.priceScale().applyOptions({ scaleMargins: { top: 0.05, bottom: 0.22 } });
    chart.timeScale().applyOptions({ timeVisible: isIntraday, borderVisible: false });
    const time = (/** @type {string} */ text) => Math.floor(Date.parse(text) / 1000);
    candles.setData(bars.map(bar => ({ time: time(bar.time), open: Number(bar.open), high: Number(bar.high),
        low: Number(bar.low), close: Number(bar.close) })));
    volume.setData(bars.map(bar => ({ time: time(bar.time), value: Number(bar.volume) })));
    chart.timeScale().fitContent();
    const own = library.createSeriesMarkers(candles, []);
    return {
        chart,
        paint: () => {
            const [up, down] = [token(box, '--up'), token(box, '--down')];
            candles.applyOptions({ upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down });
            volume.applyOptions({ color: token(box, '--line') });
            own.setMarkers(fills(bars.map(bar => time(bar.time)), up, down));
        },
    };
}

show(figure, readBars, draw);
