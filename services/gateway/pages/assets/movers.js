// SPDX-License-Identifier: MIT
// The movers are those of the moment in which the page was made: once one of the gainers falls or one of the losers rises, as
// after a new session has begun, they are asked for anew.
// @ts-check
import { direction } from './decimals.js';
import { renewParts } from './parts.js';

const AGAIN_MS = 15000; // between two times

let askedAt = 0;
let pending = 0; // what waits to be asked for

function askAgain() {
    if (pending !== 0 || document.hidden)
        return;
    pending = window.setTimeout(async () => {
        askedAt = Date.now();
        // Where they cannot be had they are asked for with the next price.
        await renewParts('[data-movers]').catch(() => undefined);
        pending = 0;
    }, Math.max(askedAt + AGAIN_MS - Date.now(), 0));
}

addEventListener('bourse:quote', event => {
    const { ticker, change } = /** @type {CustomEvent} */ (event).detail;
    const way = direction(change ?? '0');
    const isOfOthers = document.querySelector(`[data-movers]:not([data-movers=""], [data-movers="${way}"]) [data-quote="${CSS.escape(ticker)}"]`);
    const hasNone = document.querySelector(`[data-movers="${way}"] .empty`);
    if (isOfOthers || hasNone)
        askAgain();
});
