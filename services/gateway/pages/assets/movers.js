// SPDX-License-Identifier: MIT
// The movers are those of the moment in which the page was made: once one of the gainers falls or one of the losers rises, as
// after a new session has begun, they are asked for anew.
// @ts-check
import { direction } from './decimals.js';
import { makeRenewer } from './parts.js';

const askAgain = makeRenewer('[data-movers]');

addEventListener('bourse:quote', event => {
    const { ticker, change } = /** @type {CustomEvent} */ (event).detail;
    const way = direction(change ?? '0');
    const isOfOthers = document.querySelector(`[data-movers]:not([data-movers=""], [data-movers="${way}"]) [data-quote="${CSS.escape(ticker)}"]`);
    const hasNone = document.querySelector(`[data-movers="${way}"] .empty`);
    if (isOfOthers || hasNone)
        askAgain();
});
