// SPDX-License-Identifier: MIT
// The market's state and the platform's time at the top of a page. They run on from what the page was made with, and from
// what the stream tells when the clock is set or the market opens or closes; by the reader's own clock only how much time has passed.
// @ts-check
import { dateTime, spanOf } from './times.js';

const strip = /** @type {HTMLElement} */ (document.querySelector('[data-clock]'));

/** A clock as the API has it, in milliseconds. @param {{ [name: string]: any }} told */
const read = told => ({
    now: Date.parse(told.now), speed: Number(told.speed), isOpen: told.is_open === true,
    nextOpen: Date.parse(told.next_open), nextClose: Date.parse(told.next_close), heard: Date.now(),
});

const { now, speed, open, nextOpen: next_open, nextClose: next_close } = strip.dataset;
let clock = read({ now, speed, next_open, next_close, is_open: open === 'true' });

/** @param {number} time of the platform: whether the market is open then. One around the clock opens as it closes. */
function isOpenAt(time) {
    const hasOpened = time >= clock.nextOpen;
    return clock.isOpen ? time < clock.nextClose || hasOpened : hasOpened && time < clock.nextClose;
}

/** As market_state.c writes it. @param {number} time @param {boolean} isOpen */
function labelOf(time, isOpen) {
    const left = (isOpen ? clock.nextClose : clock.nextOpen) - time;
    const span = left > 0 ? `, ${isOpen ? 'closes' : 'opens'} in ${spanOf(left)}` : '';
    return `${isOpen ? 'Open' : 'Closed'}${span}`;
}

/** @param {Element | null} place @param {string} text */
function write(place, text) {
    if (place && place.textContent !== text)
        place.textContent = text;
}

function show() {
    const time = clock.now + (Date.now() - clock.heard) * clock.speed;
    const isOpen = isOpenAt(time);
    const market = strip.querySelector('.market');
    market?.classList.toggle('is-open', isOpen);
    market?.classList.toggle('is-closed', !isOpen);
    write(strip.querySelector('[data-market]'), labelOf(time, isOpen));
    write(strip.querySelector('.clock time'), dateTime(time));
}

show();
setInterval(show, 1000);
addEventListener('bourse:clock', event => {
    clock = read(/** @type {CustomEvent} */ (event).detail);
    show();
});
