// SPDX-License-Identifier: MIT
// The market's state and the platform's time at the top of a page. They run on from what the page was made with, and from
// what the stream tells when the clock is set or the market opens or closes; by the reader's own clock only how much time has passed.
// @ts-check
import { dateTime, spanOf } from './times.js';

const ASK_MS = 2000; // after the last time that is known, or what the stream tells of it would be asked for
const ANSWER_MS_MAX = 10000;
/** @param {Document} page */
const stripOf = page => /** @type {HTMLElement | null} */ (page.querySelector('[data-clock]'));
const strip = stripOf(document);

/** A clock as the API has it, in milliseconds. @param {{ [name: string]: any }} told @param {number} heard */
const read = (told, heard) => ({
    now: Date.parse(told.now), speed: Number(told.speed), isOpen: told.is_open === true,
    nextOpen: Date.parse(told.next_open), nextClose: Date.parse(told.next_close), heard,
});

/** As a page has it. @param {Document} page @param {number} heard */
function readPage(page, heard) {
    const { now, speed, open, nextOpen: next_open, nextClose: next_close } = stripOf(page)?.dataset ?? {};
    return read({ now, speed, next_open, next_close, is_open: open === 'true' }, heard);
}

/** How long ago the page was made, as far as it can know. */
function age() {
    const [load] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
    return performance.now() - (load?.responseStart ?? 0);
}

let clock = readPage(document, Date.now() - age());
let asks = 0; // for the clock, under way

/** @param {number} time of the platform: whether the market is open then. One around the clock opens as it closes. */
function isOpenAt(time) {
    const hasOpened = time >= clock.nextOpen;
    return clock.isOpen ? time < clock.nextClose || hasOpened : hasOpened && time < clock.nextClose;
}

/** As market_state.c writes it. @param {number} time @param {boolean} isOpen */
function labelOf(time, isOpen) {
    if (isOpen && clock.nextOpen === clock.nextClose)
        return 'Open around the clock';
    const left = (isOpen ? clock.nextClose : clock.nextOpen) - time;
    const span = left > 0 ? `, ${isOpen ? 'closes' : 'opens'} in ${spanOf(left)}` : '';
    return `${isOpen ? 'Open' : 'Closed'}${span}`;
}

/** As market_state.c writes it. */
const paceOf = () => (clock.speed === 1 ? '' : clock.speed === 0 ? 'Clock stopped' : `${clock.speed}× speed`);

/** @param {Element | null | undefined} place @param {string} text */
function write(place, text) {
    if (place && place.textContent !== text)
        place.textContent = text;
}

/** Goes on by another clock than before. @param {any} told as the API has it */
export function setClock(told) {
    clock = read(told, Date.now());
    show();
}

/** The same, from a page that was made this moment. @param {Document} page */
export function setClockAsOn(page) {
    clock = readPage(page, Date.now());
    show();
}

/** What comes after the open and the close that are known. All who look on do not ask at once. */
function askSoon() {
    asks ||= window.setTimeout(async () => {
        try {
            const reply = document.hidden ? undefined : await fetch('/api/v1/clock', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
            if (reply?.ok)
                setClock(await reply.json());
        } catch {
            // Nobody answers: it is asked again.
        } finally {
            asks = 0;
        }
    }, ASK_MS * (1 + 2 * Math.random()));
}

/** What is said to who places an order while the market is closed. @param {boolean} isOpen */
function showClosed(isOpen) {
    for (const notice of document.querySelectorAll('[data-closed]')) {
        notice.toggleAttribute('hidden', isOpen);
        if (Number.isFinite(clock.nextOpen))
            write(notice.querySelector('time'), dateTime(clock.nextOpen));
    }
}

function show() {
    const time = clock.now + (Date.now() - clock.heard) * clock.speed;
    const isOpen = isOpenAt(time);
    const place = strip?.querySelector('.clock time');
    const market = strip?.querySelector('.market');
    market?.classList.toggle('is-open', isOpen);
    market?.classList.toggle('is-closed', !isOpen);
    write(strip?.querySelector('[data-market]'), labelOf(time, isOpen));
    write(place, dateTime(time));
    // On paper: of what goes with the time.
    if (document.querySelector('[data-stream][data-state="live"]:not([hidden])'))
        write(document.querySelector('[data-as-of]'), dateTime(time));
    place?.setAttribute('datetime', new Date(time).toISOString());
    const pace = strip?.querySelector('[data-pace]');
    write(pace, paceOf());
    pace?.toggleAttribute('hidden', clock.speed === 1);
    showClosed(isOpen);
    if (clock.speed > 0 && time >= clock.nextOpen && time >= clock.nextClose)
        askSoon();
}

if (strip) {
    show();
    setInterval(show, 1000);
}
