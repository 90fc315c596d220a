// SPDX-License-Identifier: MIT
// The candles that the server has drawn, with the level of the latest price on them; and for who points at them a chart
// that can be asked and moved in their place (candles.js). Most readers do not, and to draw it would keep a telephone busy
// for half a second.
// @ts-check

/** @type {HTMLElement | null} */
let figure = null;

/** The level of the latest price on the candles, at their edge for one beyond it. @param {any} quote */
function showLevel(quote) {
    const candles = figure?.querySelector('.candles');
    if (!(candles instanceof HTMLElement) || quote.ticker !== figure?.dataset.chart)
        return;
    const [highest, lowest] = [Number(candles.dataset.highest), Number(candles.dataset.lowest)];
    const depth = highest > lowest ? (highest - Number(quote.price)) / (highest - lowest) : 0.5;
    for (const level of candles.querySelectorAll('[data-level]'))
        level.setAttribute('y', `${100 * Math.min(Math.max(depth, 0), 1)}%`);
}

let isWanted = false; // somebody has looked closer, and so does with what is chosen afterwards
/** @type {HTMLElement | null} */
let begun = null;

async function begin() {
    const place = figure;
    isWanted = true;
    if (!place || begun === place)
        return;
    begun = place;
    const isThere = await import('./candles.js').then(({ showCandles }) => showCandles(place), () => false);
    if (!isThere && begun === place)
        begun = null;
}

/** The one that the page has now: another one after another range. */
function find() {
    const found = /** @type {HTMLElement | null} */ (document.querySelector('[data-chart]'));
    if (found === figure)
        return;
    figure = found;
    // A finger that only moves the page does not want it; a pointer may be there already.
    figure?.addEventListener('pointerenter', event => event.pointerType !== 'touch' && begin());
    figure?.addEventListener('click', begin); // by keyboard at its button
    if (isWanted || figure?.matches(':hover'))
        begin();
}

find();
addEventListener('bourse:parts', find);
addEventListener('bourse:quote', event => showLevel(/** @type {CustomEvent} */ (event).detail));
