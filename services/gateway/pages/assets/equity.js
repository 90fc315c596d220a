// SPDX-License-Identifier: MIT
// What a portfolio was worth: the lines that the server has drawn, whose end goes with the portfolio; and the chart in their
// place (equity_chart.js). Either is had anew as time goes on, and when something was bought, sold, paid in or taken out.
// @ts-check
import { drawCloser } from './closer.js';
import { makeRenewer } from './parts.js';

const HEIGHT = 240; // of the box that the lines are in
const MEASURED_MS = 300000; // between two values of a day

const figure = drawCloser('[data-equity]', place => import('./equity_chart.js').then(({ showEquity }) => showEquity(place)));
const askAgain = makeRenewer('[data-part="curve"]');
const askAgainAbove = makeRenewer('[data-part="curve-gain"], [data-part="curve-extremes"]');

/** The end of the line at what the portfolio is worth now; beyond the box another one is asked for. @param {HTMLElement} place @param {number} value */
function moveEnd(place, value) {
    const line = place.querySelector('polyline:not(.is-other)');
    const [top, bottom] = [Number(place.dataset.top), Number(place.dataset.bottom)];
    if (value > top || value < bottom) {
        askAgain();
    } else if (line && top > bottom) {
        const points = (line.getAttribute('points') ?? '').split(' ');
        const [edge] = (points.pop() ?? '').split(',');
        line.setAttribute('points', [...points, `${edge},${Math.round((top - value) / (top - bottom) * HEIGHT)}`].join(' '));
    }
}

// A chart in its place is told of what was measured since, for it stays as somebody has moved it; what is said above it is had anew.
setInterval(() => {
    if (document.hidden)
        return;
    if (!figure()?.querySelector('.chart-live')) {
        askAgain();
        return;
    }
    dispatchEvent(new Event('bourse:measured'));
    askAgainAbove();
}, MEASURED_MS);
document.addEventListener('visibilitychange', askAgain);
addEventListener('bourse:portfolio', event => {
    const { id, cash_balance: cash, total_value: value } = /** @type {CustomEvent} */ (event).detail;
    const place = figure();
    if (!place || place.dataset.equity !== id)
        return;
    if (place.dataset.cash !== cash)
        askAgain();
    else if (place.querySelector('svg'))
        moveEnd(place, Number(value));
});
