// SPDX-License-Identifier: MIT
// What a portfolio consists of goes with its prices: a class is worth what the positions of its symbols are, which live.js
// keeps beside them. Other symbols and other numbers of shares come with the part itself, after a trade.
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
        sum += micros(worth);
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

/** @param {HTMLElement} section @param {bigint[]} worths of all classes @param {bigint} total */
function showConcentration(section, worths, total) {
    const place = section.querySelector('[data-concentration]');
    if (place)
        place.textContent = worths.reduce((sum, worth) => sum + (Number(worth) / Number(total)) ** 2, 0).toFixed(2);
}

addEventListener('bourse:portfolio', event => {
    const { id, cash_balance: cash, total_value: value } = /** @type {CustomEvent} */ (event).detail;
    const section = /** @type {HTMLElement | null} */ (document.querySelector(`[data-composition="${CSS.escape(id)}"]`));
    const total = micros(value);
    // Positions that are behind, as somebody is using them, have other numbers of shares.
    if (!section || total <= 0n || document.querySelector('[data-part="positions"][data-is-behind]'))
        return;
    const rows = /** @type {HTMLElement[]} */ ([...section.querySelectorAll('[data-class]')]);
    const worths = rows.map(row => (row.hasAttribute('data-is-cash') ? micros(cash) : worthOf(id, (row.dataset.class ?? '').trim().split(' '))));
    rows.forEach((row, index) => worths[index] !== undefined && show(row, worths[index], total));
    if (!worths.includes(undefined))
        showConcentration(section, /** @type {bigint[]} */ (worths), total);
});
