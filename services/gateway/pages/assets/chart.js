// SPDX-License-Identifier: MIT
// The candles that the server has drawn, with the level of the latest price on them; and the chart in their place (candles.js).
// @ts-check
import { drawCloser } from './closer.js';

const figure = drawCloser('[data-chart]', place => import('./candles.js').then(({ showCandles }) => showCandles(place)));

// The level of the latest price on the candles, at their edge for one beyond it.
addEventListener('bourse:quote', event => {
    const quote = /** @type {CustomEvent} */ (event).detail;
    const candles = figure()?.querySelector('.candles');
    if (!(candles instanceof HTMLElement) || quote.ticker !== figure()?.dataset.chart)
        return;
    const [highest, lowest] = [Number(candles.dataset.highest), Number(candles.dataset.lowest)];
    const depth = highest > lowest ? (highest - Number(quote.price)) / (highest - lowest) : 0.5;
    for (const level of candles.querySelectorAll('[data-level]'))
        level.setAttribute('y', `${100 * Math.min(Math.max(depth, 0), 1)}%`);
});
