// SPDX-License-Identifier: MIT
// The candles that the server has drawn, with the level of the latest price on them; and for who points at them a chart
// that can be asked and moved in their place (candles.js). Most readers do not, and to draw it would keep a telephone busy
// for half a second.
// @ts-check

const figure = /** @type {HTMLElement} */ (document.querySelector('[data-chart]'));

/** The level of the latest price on the candles, at their edge for one beyond it. @param {any} quote */
function showLevel(quote) {
    const [highest, lowest] = [Number(figure.dataset.highest), Number(figure.dataset.lowest)];
    const depth = highest > lowest ? (highest - Number(quote.price)) / (highest - lowest) : 0.5;
    for (const level of figure.querySelectorAll('[data-level]'))
        level.setAttribute('y', `${100 * Math.min(Math.max(depth, 0), 1)}%`);
}

let isWanted = false;

async function begin() {
    if (isWanted)
        return;
    isWanted = true;
    isWanted = await import('./candles.js').then(({ showCandles }) => showCandles(figure), () => false);
}

// A finger that only moves the page does not want it; a pointer may be there already.
figure.addEventListener('pointerenter', event => event.pointerType !== 'touch' && begin());
figure.addEventListener('click', begin);
if (figure.matches(':hover'))
    begin();
addEventListener('bourse:quote', event => {
    const quote = /** @type {CustomEvent} */ (event).detail;
    if (quote.ticker === figure.dataset.chart)
        showLevel(quote);
});
