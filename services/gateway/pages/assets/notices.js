// SPDX-License-Identifier: MIT
// Says what has become of the reader's own orders while a page is open, wherever on it they are listed. A page that is
// loaded after its form says that by itself.
// @ts-check
import { grouped, price } from './decimals.js';

const SHOWN_MAX = 3; // of a program that trades without a pause nobody reads more
const SHOWN_MS = 8000;

const place = document.createElement('div');
place.className = 'notices';
place.setAttribute('role', 'status');
document.body.append(place);

/** Empty for what nobody waits for, and for what was done by hand a moment ago. @param {any} order as the API has it */
function wordsOf({ status, side, quantity, filled_quantity: filled, average_fill_price: at, ticker }) {
    if (status === 'filled')
        return `${side === 'buy' ? 'Bought' : 'Sold'} ${grouped(filled, 0)} ${ticker} at ${price(at)}`;
    if (status === 'expired' || status === 'rejected')
        return `${status === 'expired' ? 'Expired' : 'Rejected'}: ${side} ${quantity ? `${grouped(quantity, 0)} ` : ''}${ticker}`;
    return '';
}

/** @param {any} order that has changed, as the API has it */
export function sayOrder(order) {
    const text = wordsOf(order);
    if (text === '')
        return;
    const notice = document.createElement('a');
    notice.href = `/orders/${order.id}`;
    notice.textContent = text;
    notice.classList.toggle('is-error', order.status !== 'filled');
    place.append(notice);
    while (place.children.length > SHOWN_MAX)
        place.firstElementChild?.remove();
    // Not from under somebody's hand.
    const leave = () => {
        if (notice.matches(':hover, :focus'))
            setTimeout(leave, SHOWN_MS);
        else
            notice.remove();
    };
    setTimeout(leave, SHOWN_MS);
}
