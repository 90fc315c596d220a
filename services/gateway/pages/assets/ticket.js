// SPDX-License-Identifier: MIT
// The order ticket: only the fields that the type of order needs, what it would cost as it is typed, and B and S.
// @ts-check
import { grouped, micros, moneyOf, nanos, price as priceText, product, sharesOf } from './decimals.js';

const form = /** @type {HTMLFormElement} */ (document.querySelector('[data-ticket]'));

const ticket = /** @type {HTMLElement} */ (form.closest('.ticket'));

/** @param {string} name */
const field = name => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
/** What was typed; thousands may be apart, as the pages write them. @param {string} name */
const typed = name => field(name).value.trim().replace(/^\d{1,3}(,\d{3})+(?![\d,])/, whole => whole.replaceAll(',', ''));
/** @param {string} name */
const isDecimal = name => /^\d{1,12}(\.\d{1,9})?$/.test(typed(name));
const isBuy = () => field('side').value === 'buy';

// What was typed outlives a session that ends: who comes back here from the login page finds it again, within the same window.
const KEPT = 'bourse.ticket';
const owner = [document.querySelector('.user')?.textContent, form.action].join(' ');

function keepFields() {
    const fields = [...new FormData(form)].filter(([name]) => field(name).type !== 'hidden');
    sessionStorage.setItem(KEPT, JSON.stringify({ owner, fields }));
}

function findFields() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');
    sessionStorage.removeItem(KEPT);
    if (kept.owner === owner && document.referrer !== '' && new URL(document.referrer).pathname === '/login')
        for (const [name, value] of kept.fields)
            field(name).value = value;
}

function showFields() {
    for (const part of form.querySelectorAll('[data-for]')) {
        const wanted = part instanceof HTMLElement && part.dataset.for?.split(' ').includes(field('type').value);
        const input = part.querySelector('input');
        part.toggleAttribute('hidden', !wanted);
        // What is not shown is not sent.
        if (input)
            input.disabled = !wanted;
    }
    for (const hint of form.querySelectorAll('.no-script'))
        hint.setAttribute('hidden', '');
}

/** What was typed into a field that the type of order has; empty where there is no price in it. @param {string} name */
const ownPrice = name => (!field(name).disabled && isDecimal(name) && micros(typed(name)) > 0n ? typed(name) : '');

/** What the market asks or bids; empty where it does neither. */
function marketPrice() {
    const quoted = document.querySelector(`[data-field="${isBuy() ? 'ask' : 'bid'}"]`);
    const text = quoted?.textContent?.replaceAll(',', '') ?? '';
    return /^\d+(\.\d+)?$/.test(text) && micros(text) > 0n ? text : '';
}

/** What an order would be filled at, and its limit where that is worse: an order whose limit the market is within is filled at the market's price. */
function prices() {
    const [limit, stop, market] = [ownPrice('limit_price'), ownPrice('stop_price'), marketPrice()];
    if (limit !== '' && stop === '' && market !== '' && (isBuy() ? micros(market) < micros(limit) : micros(market) > micros(limit)))
        return { price: market, limit };
    return { price: limit || stop || market, limit: '' };
}

/** What a place shows, without rounding; 0 where there is no such place. @param {string} place */
function exact(place) {
    const found = document.querySelector(place);
    return found instanceof HTMLElement && found.dataset.exact || '0';
}

/** What would be left, in words, and whether that is nothing. @param {bigint} most that a purchase comes to @param {bigint} amount that it probably does */
function rest(most, amount) {
    if (isBuy()) {
        const cash = micros(exact('[data-field="buying_power"]'));
        return most > cash ? { text: `${moneyOf(most - cash)} more than there is.`, isTooMuch: true }
            : { text: `${moneyOf(cash - amount)} would be left.`, isTooMuch: false };
    }
    const left = nanos(exact('[data-available]')) - nanos(typed('quantity'));
    return left < 0n ? { text: `${sharesOf(-left)} more than can be sold.`, isTooMuch: true }
        : { text: `${sharesOf(left)} shares would be left.`, isTooMuch: false };
}

/** Whole shares, as symbol_page.c works them out: of what there is, or what an order may come to. */
function showAffordable() {
    const place = /** @type {HTMLElement | null} */ (ticket.querySelector('[data-affordable]'));
    const ask = document.querySelector('[data-field="ask"]')?.textContent?.replaceAll(',', '') ?? '';
    if (!place || !/^\d+(\.\d+)?$/.test(ask) || micros(ask) === 0n)
        return;
    const cash = micros(exact('[data-field="buying_power"]'));
    const most = place.dataset.most ? micros(place.dataset.most) : cash;
    place.textContent = grouped(String((most < cash ? most : cash) / micros(ask)), 0);
}

/** As estimate.c works it out: in the ticket, and in the order's review. */
function showEstimate() {
    const { price, limit } = prices();
    const isKnown = isDecimal('quantity') && price !== '';
    const boxes = /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll('[data-estimate]'));
    for (const box of boxes)
        box.hidden = !isKnown;
    if (!isKnown)
        return;
    const amount = product(typed('quantity'), price);
    const atLimit = limit === '' ? amount : product(typed('quantity'), limit);
    const { text, isTooMuch } = rest(atLimit, amount);
    const bound = limit === '' ? '' : `, at ${isBuy() ? 'most' : 'least'} ${moneyOf(atLimit)}`;
    for (const box of boxes) {
        box.textContent = `${isBuy() ? 'Costs' : 'Brings'} about ${moneyOf(amount)} at ${priceText(price)}${bound}; ${text}`;
        box.classList.toggle('is-too-much', isTooMuch);
    }
}

/** What was chosen in a list, as it reads there. @param {string} name */
const chosen = name => /** @type {HTMLSelectElement} */ (form.elements.namedItem(name)).selectedOptions[0].text;

/** The prices that the type of order has, as they are called and were typed. */
function terms() {
    const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('[data-for] input'));
    return [...inputs].filter(input => !input.disabled && input.value !== '')
        .map(input => `${input.labels?.[0].firstChild?.textContent?.trim().toLowerCase()} ${input.value}`);
}

/** The order once more, before it is placed. @param {HTMLElement} review */
function showReview(review) {
    const title = /** @type {HTMLElement} */ (review.querySelector('h3'));
    title.textContent = `${isBuy() ? 'Buy' : 'Sell'} ${typed('quantity')} ${form.dataset.ticket}?`;
    const text = /** @type {HTMLElement} */ (review.querySelector('[data-terms]'));
    const closed = form.querySelector('[data-closed]:not([hidden])')?.textContent ?? '';
    text.textContent = `${[`${chosen('type')} order`, ...terms(), chosen('time_in_force').toLowerCase()].join(', ')}. ${closed}`;
    review.showPopover();
    review.querySelector('button')?.focus();
}

function update() {
    showFields();
    showEstimate();
}

/** @param {string} wanted */
function choose(wanted) {
    for (const side of form.querySelectorAll('input[name="side"]'))
        if (side instanceof HTMLInputElement)
            side.checked = side.value === wanted;
    if (getComputedStyle(ticket).position === 'fixed')
        location.hash = 'ticket';
    field('quantity').focus();
    update();
}

form.addEventListener('input', update);
// What is refused for what was typed is refused by the browser before this.
form.addEventListener('submit', event => {
    const review = document.getElementById('review');
    if (!review || !(event.submitter instanceof HTMLElement) || !('reviews' in event.submitter.dataset))
        return;
    event.preventDefault();
    showReview(review);
});
for (const change of ['bourse:quote', 'bourse:portfolio', 'bourse:parts'])
    addEventListener(change, () => {
        showEstimate();
        showAffordable();
    });
document.addEventListener('keydown', event => {
    const key = event.key.toLowerCase();
    const typing = event.target instanceof Element && event.target.closest('input, select, textarea');
    if (typing || event.ctrlKey || event.metaKey || event.altKey || (key !== 'b' && key !== 's'))
        return;
    event.preventDefault();
    choose(key === 'b' ? 'buy' : 'sell');
});
// On a phone: the buttons that bring the ticket up, and Esc to put it away.
for (const link of document.querySelectorAll('.trade-bar a'))
    link.addEventListener('click', event => {
        event.preventDefault();
        choose(/** @type {HTMLElement} */ (link).dataset.side ?? 'buy');
    });
document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && getComputedStyle(ticket).position === 'fixed')
        location.hash = 'ticket-closed';
});
// In another portfolio it is the same order.
const TYPED_MAX = 400;
for (const link of ticket.querySelectorAll('nav a'))
    link.addEventListener('click', () => {
        const address = new URL(/** @type {HTMLAnchorElement} */ (link).href);
        const fields = [...new FormData(form)].filter(([name, value]) => field(name).type !== 'hidden' && value !== '');
        const text = new URLSearchParams(/** @type {[string, string][]} */ (fields)).toString();
        if (field('quantity').value !== '' && text.length <= TYPED_MAX)
            address.searchParams.set('typed', text);
        /** @type {HTMLAnchorElement} */ (link).href = address.href;
    });
addEventListener('pagehide', keepFields);
findFields();
update();
