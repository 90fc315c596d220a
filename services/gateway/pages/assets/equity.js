// SPDX-License-Identifier: MIT
// What a portfolio was worth: the lines that the server has drawn, whose end goes with the portfolio; and the chart in their
// place (equity_chart.js).
// @ts-check
import { drawCloser } from './closer.js';
import { renewParts } from './parts.js';

const WIDTH = 1000; // of the box that the lines are in
const HEIGHT = 240;
const AGAIN_MS = 15000; // between two that are asked for as a value is beyond the box
const MEASURED_MS = 300000; // between two values of a day

const figure = drawCloser('[data-equity]', place => import('./equity_chart.js').then(({ showEquity }) => showEquity(place)));
let askedAt = 0;

function askAgain() {
    if (document.hidden || Date.now() - askedAt < AGAIN_MS)
        return;
    askedAt = Date.now();
    renewParts('[data-part="curve"]').catch(() => undefined);
}

/** The end of the line at what the portfolio is worth now; beyond the box another one is asked for. @param {HTMLElement} place @param {number} value */
function moveEnd(place, value) {
    const line = place.querySelector('polyline:not(.is-other)');
    const [top, bottom] = [Number(place.dataset.top), Number(place.dataset.bottom)];
    if (!line)
        return;
    if (value <= top && value >= bottom && top > bottom) {
        const points = (line.getAttribute('points') ?? '').split(' ');
        line.setAttribute('points', [...points.slice(0, -1), `${WIDTH},${Math.round((top - value) / (top - bottom) * HEIGHT)}`].join(' '));
    } else {
        askAgain();
    }
}

setInterval(() => figure()?.hasAttribute('data-intraday') && askAgain(), MEASURED_MS);
addEventListener('bourse:portfolio', event => {
    const { id, total_value: value } = /** @type {CustomEvent} */ (event).detail;
    const place = figure();
    if (place && place.dataset.equity === id)
        moveEnd(place, Number(value));
});
