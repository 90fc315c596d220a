// SPDX-License-Identifier: MIT
// Prices, orders and portfolios as they change, from /api/v1/stream (docs/streams.md). What a page shows of orders
// and positions is asked for again as a page, so that there is one place that writes it.
// @ts-check
import { direction, money, percent, price, signed } from './decimals.js';
import { renewParts, showState } from './parts.js';

const TICKERS_MAX = 150;
const WAIT_MS_MAX = 30000;
const ORDER_PARTS = '[data-part]:not([data-renew])'; // what orders change on a page
const ARROWS = { up: '▲', down: '▼', flat: '' };

let wait = 1000;

function topics() {
    const quotes = new Set([...document.querySelectorAll('[data-quote]')]
        .map(one => /** @type {HTMLElement} */ (one).dataset.quote ?? ''));
    const own = [...document.querySelectorAll('[data-portfolio]')]
        .map(one => `portfolio:${/** @type {HTMLElement} */ (one).dataset.portfolio}`);
    const orders = document.querySelector(ORDER_PARTS) ? ['orders'] : [];
    return [...own, ...orders, ...[...quotes].slice(0, TICKERS_MAX).map(ticker => `quotes:${ticker}`)];
}

/** Writes a value with its arrow and colour. @param {Element} place @param {string} text @param {string} way */
function write(place, text, way) {
    const arrow = place.querySelector('.arrow');
    const small = place.querySelector('small');
    for (const node of [...place.childNodes])
        if (node.nodeType === Node.TEXT_NODE)
            node.remove();
    if (arrow)
        arrow.textContent = ARROWS[/** @type {keyof ARROWS} */ (way)] ?? '';
    if (small)
        small.before(text);
    else
        place.append(text);
    if (way) {
        place.classList.remove('up', 'down', 'flat');
        place.classList.add(way);
    }
}

/** @param {any} quote */
function texts(quote) {
    const way = quote.change === undefined ? '' : direction(quote.change);
    return {
        price: [price(quote.price), ''], bid: [price(quote.bid), ''], ask: [price(quote.ask), ''],
        high: quote.high && [price(quote.high), ''], low: quote.low && [price(quote.low), ''],
        change: quote.change && [signed(quote.change), way],
        change_percent: quote.change_percent && [percent(quote.change_percent), way],
        change_both: quote.change_percent && [`${signed(quote.change)} (${percent(quote.change_percent)})`, way],
    };
}

/** @param {Element} place @param {string} before @param {string} after */
function flash(place, before, after) {
    const [from, to] = [before, after].map(text => Number(text.replace(/[^\d.]/g, '')));
    place.classList.remove('tick-up', 'tick-down');
    if (from === to || Number.isNaN(from))
        return;
    void (/** @type {HTMLElement} */ (place).offsetWidth); // begins the animation anew
    place.classList.add(to > from ? 'tick-up' : 'tick-down');
}

/** @param {any} quote */
function showQuote(quote) {
    const shown = texts(quote);
    for (const place of document.querySelectorAll(`[data-quote="${CSS.escape(quote.ticker)}"]`)) {
        const name = /** @type {HTMLElement} */ (place).dataset.field ?? '';
        const pair = shown[/** @type {keyof typeof shown} */ (name)];
        if (!pair)
            continue;
        const before = place.textContent ?? '';
        write(place, pair[0], pair[1]);
        place.classList.toggle('is-stale', quote.stale === true);
        if (name === 'price' && !quote.snapshot)
            flash(place, before, pair[0]);
    }
    dispatchEvent(new Event('bourse:quote'));
}

/** @param {any} portfolio */
function showPortfolio(portfolio) {
    for (const place of document.querySelectorAll(`[data-portfolio="${CSS.escape(portfolio.id)}"] [data-field]`)) {
        const name = /** @type {HTMLElement} */ (place).dataset.field ?? '';
        const value = portfolio[name];
        if (value === undefined)
            continue;
        const isChange = name === 'day_change' || name.endsWith('_pl');
        write(place, isChange ? signed(value) : money(value), isChange ? direction(value) : '');
    }
}

let pending = 0;
let hasGap = false; // since the page was made there was a time that nobody told of
function renewSoon() {
    clearTimeout(pending);
    pending = window.setTimeout(() => renewParts(ORDER_PARTS).catch(() => undefined), 250);
}

function listen() {
    const source = new EventSource(`/api/v1/stream?topics=${encodeURIComponent(topics().join(','))}`);

    source.addEventListener('open', () => {
        wait = 1000;
        showState('live', 'Live');
    });
    source.addEventListener('quote', event => showQuote(JSON.parse(event.data)));
    source.addEventListener('portfolio', event => showPortfolio(JSON.parse(event.data).portfolio));
    source.addEventListener('order', renewSoon);
    // The first one is what the page shows already.
    source.addEventListener('orders', () => {
        if (hasGap)
            renewSoon();
        hasGap = true;
    });
    source.onerror = () => {
        source.close();
        hasGap = true;
        showState('waiting', 'Reconnecting');
        for (const place of document.querySelectorAll('[data-quote]'))
            place.classList.add('is-stale');
        setTimeout(listen, wait * (0.5 + Math.random() / 2));
        wait = Math.min(wait * 2, WAIT_MS_MAX);
    };
    addEventListener('pagehide', () => source.close(), { once: true });
}

if (topics().length > 0)
    listen();
addEventListener('pageshow', event => {
    if (event.persisted)
        location.reload();
});
