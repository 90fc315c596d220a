// SPDX-License-Identifier: MIT
// What a portfolio consists of goes with its prices: a class is worth what the positions of its symbols are, which live.js
// keeps beside them. Other symbols come with the part itself, after a trade.
// @ts-check
import { micros, moneyOf, percentOf } from './decimals.js';

/** What the shares of some symbols are worth; nothing while that is not known of all. @param {string} id of the portfolio @param {string[]} tickers */
function worthOf(id, tickers) {
    let sum = 0n;
    for (const ticker of tickers) {
        const holding = document.querySelector(`[data-of="${CSS.escape(id)}"][data-holding="${CSS.escape(ticker)}"]`);
        const { worth } = /** @type {HTMLElement | null} */ (holding)?.dataset ?? {};
        if (worth === undefined)
            return undefined;
        sum += BigInt(worth);
    }
    return sum;
}

/** @param {HTMLElement} row @param {bigint} worth @param {bigint} total above 0 */
function show(row, worth, total) {
    const [value, weight] = row.querySelectorAll('td');
    value.textContent = moneyOf(worth);
    weight.textContent = `${moneyOf(percentOf(worth, total))}%`;
    row.querySelector('rect')?.setAttribute('width', String(worth * 100n / total));
}

addEventListener('bourse:portfolio', event => {
    const { id, cash_balance: cash, total_value: value } = /** @type {CustomEvent} */ (event).detail;
    const total = micros(value);
    if (total <= 0n)
        return;
    for (const row of document.querySelectorAll(`[data-composition="${CSS.escape(id)}"] [data-class]`)) {
        const { class: tickers = '' } = /** @type {HTMLElement} */ (row).dataset;
        const worth = row.hasAttribute('data-is-cash') ? micros(cash) : worthOf(id, tickers.trim().split(' '));
        if (worth !== undefined)
            show(/** @type {HTMLElement} */ (row), worth, total);
    }
});
